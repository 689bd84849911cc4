"""Pull: ask the feeds, keep what is new, tag and group it.

The list is read, and every feed to be asked gets one task that does everything (ask, read, decide, store), so a slow
or hostile feed delays no other. The database is used between awaits, from this one thread, unless results are written
aside.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from newsfeed import sources
from newsfeed.errors import NewsfeedError, NotFoundError, StoreError
from newsfeed.feeds import changes, rhythm
from newsfeed.feeds.health import FeedOutcome, FeedResult, no_network
from newsfeed.fetch import keys_of, redact, repeats, secrets_of, without_keys
from newsfeed.model import (
    ASKED_AGAIN,
    PUT_OFF,
    Cause,
    Failure,
    FeedState,
    FeedUpdate,
    FetchSetting,
    Item,
    NotModified,
    Parsed,
    Response,
)
from newsfeed.pipeline import meta
from newsfeed.pipeline.home import Home, log_change, take_list
from newsfeed.pipeline.morning import ask as asking
from newsfeed.pipeline.morning import understand
from newsfeed.pipeline.morning.ask import AskedFeed, Asker, together
from newsfeed.pipeline.reports import Clock, Progress, RefreshOptions, RefreshReport
from newsfeed.pipeline.signs import RecordedProgress
from newsfeed.reading.parsers import Parsers
from newsfeed.store import Applied, Store

if TYPE_CHECKING:
    from newsfeed.fetch import Fetcher

T = TypeVar("T")

RECENT = timedelta(minutes=2)  # requests of earlier runs that may matter to a host's spacing
REQUESTS = 5  # requests of one feed that may each take their full time before a run is given up
MUCH = 500  # new items after which the search index is optimised


def pull(
    home: Home, store: Store, options: RefreshOptions | None = None, progress: Progress | None = None
) -> RefreshReport:
    """Ask the feeds, keep and understand what is new.

    Raises:
        NotFoundError, ListError: there is no usable list, and never was one.
    """
    options = options or RefreshOptions()
    progress = RecordedProgress(home, progress or Progress())
    started, begun = home.clock(), time.monotonic()
    taken = take_list(home, store, started)
    listed = store.states()
    states = [s for s in listed if not options.only or _named(s, options.only)]
    if options.only and not states:
        raise NotFoundError(
            ", ".join(redact(w) if "://" in w else w for w in options.only),
            "is no feed of the list",
            "See newsfeed feeds list.",
        )
    ask, waiting = rhythm.select(
        states,
        started,
        floor=home.settings.fetch.manual_floor,
        due=options.due,
        force=options.force,
        named=bool(options.only),
    )
    progress.start(len(ask))
    results = asyncio.run(_ask(home, store, options, ask, listed, progress))
    for state, until in waiting:
        result = _result(state, FeedOutcome.WAITING, state.failure)
        results.append(msgspec.structs.replace(result, wait_until=until))
    urls = {s.feed: s.subscription.url for s in listed}
    results = [
        msgspec.structs.replace(r, added=True, back=urls[r.feed] in taken.former)
        if urls[r.feed] in taken.added
        else r
        for r in results
    ]
    log_change(home, taken.change, results, started)
    understood = understand.Understood()
    if not options.fetch_only:
        understood = understand.understand(home, store, choosing=options.choosing, progress=progress)
        _care(home, store, sum(r.new for r in results))
    return RefreshReport(
        started=started,
        seconds=time.monotonic() - begun,
        results=tuple(sorted(results, key=lambda r: (r.name.casefold(), r.feed))),
        list=taken.change,
        no_network=no_network(results),
        tagged=understood.tagged,
        stories=understood.stories,
    )


def _care(home: Home, store: Store, new: int) -> None:
    """Maintenance of the database: optimising after many writes, deleting old items daily, a weekly copy."""
    now = home.clock()
    if new >= MUCH:
        store.tidy()
    today = now.date()
    if meta.read(store, meta.DAY_OF_CARE) != today:
        store.prune(now, items=home.settings.keep.items, bodies=home.settings.keep.bodies)
        meta.keep(store, meta.DAY_OF_CARE, today)
    store.backup(now)


def _named(state: FeedState, words: Sequence[str]) -> bool:
    return any(w.casefold() in state.name.casefold() or w in state.subscription.url for w in words)


def _result(state: FeedState, outcome: FeedOutcome, failure: Failure | None = None) -> FeedResult:
    url = redact(state.subscription.url)
    return FeedResult(feed=state.feed, name=state.name, url=url, outcome=outcome, failure=failure)


def _failed(state: FeedState, cause: Cause, text: str, repair: str, **values: str) -> FeedResult:
    """A failure that is not stored: the next run asks that feed as if nothing had happened."""
    failure = Failure(
        cause=cause, text=text, repair=repair, values=values, url=redact(state.subscription.url)
    )
    return _result(state, FeedOutcome.FAILED, failure)


async def _ask(
    home: Home,
    store: Store,
    options: RefreshOptions,
    states: Sequence[FeedState],
    listed: Sequence[FeedState],
    progress: Progress,
) -> list[FeedResult]:
    settings = home.settings.fetch
    workers = options.workers or settings.workers
    async with Parsers(workers, settings.parse_seconds, put_off=True) as parsers:
        # A feed that was never read will have something to read.
        await parsers.begin(sum(state.first_good is None and not state.failures for state in states))
        from newsfeed.fetch import Fetcher  # imports httpx, which a run without requests doesn't need

        async with Fetcher(settings, now=home.clock, secrets=dict(options.secrets)) as fetcher:
            return await ask_all(home, store, options, states, listed, fetcher, parsers, progress)


async def ask_all(
    home: Home,
    store: Store,
    options: RefreshOptions,
    states: Sequence[FeedState],
    near: Sequence[FeedState],
    fetcher: Fetcher,
    parsers: Parsers,
    progress: Progress,
    *,
    aside: bool = False,
) -> list[FeedResult]:
    """Ask these feeds and keep what each brings; `near` may have been asked so lately that their hosts want a pause.

    `aside`: results are written in threads, so that a database that has to be waited for holds up no request.
    """
    settings = home.settings.fetch
    results: dict[int, FeedResult] = {}
    broken: list[StoreError] = []
    resume(fetcher, near, home.clock())
    run = _Run(home, store, options, fetcher, parsers, states, aside=aside)

    async def one(state: FeedState) -> None:
        async with fetcher.lanes:  # answers that wait for a reader cost memory
            if broken:
                return  # nothing more can be stored, so nothing more is asked
            progress.asking(state.name)
            try:
                result = await run.one(state)
            except StoreError as error:
                broken.append(error)
                return
            except NewsfeedError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever one feed provokes is that feed's failure
                result = _failed(
                    state,
                    Cause.BROKEN_FEED,
                    "Its answer could not be dealt with ({name}).",
                    "This is a fault of newsfeed; please report it. Other feeds are not touched by it.",
                    name=type(error).__name__,
                )
        results[state.feed] = result
        progress.done(result)

    try:
        async with asyncio.timeout(_longest(len(states), settings)), together() as tasks:
            for state in rhythm.interleaved(states):
                tasks.create_task(one(state))
    except TimeoutError:
        late = "The run took so long that this feed was left for the next one."
        for state in states:
            if state.feed not in results:
                results[state.feed] = _failed(state, Cause.TIMEOUT, late, ASKED_AGAIN)
    finally:
        if not broken:
            await run.keep()
    if broken:
        raise broken[0]
    return list(results.values())


def resume(fetcher: Fetcher, near: Sequence[FeedState], now: datetime) -> None:
    """Tell a fetcher of feeds that may have been asked so lately that their hosts want a pause."""
    for known in near:
        if known.last_tried is not None and now - known.last_tried < RECENT:
            fetcher.resume(sources.rewritten(known.subscription) or known.subscription.url, known.last_tried)


def _longest(feeds: int, settings: FetchSetting) -> float:
    """Seconds after which a run of so many feeds ends, whatever hangs: all of them one after the other in as many
    lanes as there are connections, each as slow as it may be."""
    slowest = settings.timeout + settings.patience + settings.parse_seconds
    return slowest * REQUESTS * (1 + feeds / max(settings.connections, 1))


def _without_keys(item: Item, keys: frozenset[str]) -> Item:
    """An item whose words tell no key that was sent to its server; its links may, or they would open nothing."""
    if item.text == PUT_OFF:  # written as the source wrote it, it may spell a key otherwise
        from newsfeed.text import bodies

        item = bodies.read(item)
    told = {name: getattr(item, name) for name in ("title", "author", "lead", "text", "html")}
    return msgspec.structs.replace(item, **{name: without_keys(words, keys) for name, words in told.items()})


class _Keeper:
    """Writes the results of many feeds together: a transaction costs as much for one feed as for many.

    Feeds that had nothing new wait for a few hundred: one that a crash forgets is asked again, no more. Those that had
    something wait for each other a moment, and count as done when they are on the disk.
    """

    UNCHANGED = 200
    CHANGED = 8
    WAIT = 0.1  # seconds

    def __init__(self, store: Store, clock: Clock, *, aside: bool) -> None:
        self._store = store
        self._clock = clock
        self._aside = aside
        self._states: list[FeedState] = []
        self._changes: list[tuple[FeedUpdate, asyncio.Future[Applied]]] = []
        self._writing: set[asyncio.Task[None]] = set()

    async def unchanged(self, state: FeedState) -> None:
        """Keep a state soon."""
        self._states.append(state)
        if len(self._states) >= self.UNCHANGED:
            await self._keep_states()

    async def apply(self, change: FeedUpdate) -> Applied:
        """Keep an update together with others; returns when it is on the disk.

        Raises:
            StoreError: the database can't be written.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Applied] = loop.create_future()
        self._changes.append((change, done))
        if len(self._changes) >= self.CHANGED:
            self._begin()
        elif len(self._changes) == 1:
            loop.call_later(self.WAIT, self._begin)
        return await done

    async def all(self) -> None:
        """Write all that waits."""
        while self._changes or self._writing:
            self._begin()
            await asyncio.gather(*self._writing)
        await self._keep_states()

    def _begin(self) -> None:
        task = asyncio.get_running_loop().create_task(self._keep_changes())
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, verb: Callable[..., T], *values: object) -> T:
        return await asyncio.to_thread(verb, *values) if self._aside else verb(*values)

    async def _keep_states(self) -> None:
        states, self._states = self._states, []
        if states:
            await self._write(self._store.apply_unchanged, states)

    async def _keep_changes(self) -> None:
        waiting, self._changes = self._changes, []
        if not waiting:
            return
        results: Sequence[Applied | Exception]
        try:
            results = await self._write(
                self._store.apply_all, [change for change, _ in waiting], self._clock()
            )
        except StoreError as error:
            results = [error] * len(waiting)
        for (_, done), result in zip(waiting, results, strict=True):
            if done.done():
                continue  # its run was ended
            if isinstance(result, Exception):
                done.set_exception(result)
            else:
                done.set_result(result)


class _Run:
    """What the feeds of one run share: the fetcher, the reading processes, and data read from the store once.

    Feeds that had nothing new are kept a few hundred at a time: one that a crash forgets is asked again, no more.
    """

    def __init__(
        self,
        home: Home,
        store: Store,
        options: RefreshOptions,
        fetcher: Fetcher,
        parsers: Parsers,
        states: Sequence[FeedState],
        *,
        aside: bool,
    ) -> None:
        self._home, self._store, self._options = home, store, options
        self._fetcher, self._parsers = fetcher, parsers
        self._asker = Asker(fetcher, parsers, feeds=states)
        self._behind = meta.read_all(store, meta.BEHIND)
        self._proposals = meta.read_all(store, meta.PROPOSAL)
        self._keeper = _Keeper(store, home.clock, aside=aside)
        self._zone = ZoneInfo(home.settings.timezone)

    async def keep(self) -> None:
        """Write what waits."""
        await self._keeper.all()

    async def one(self, state: FeedState) -> FeedResult:
        """Ask one feed, decide what its answer changes, and keep that."""
        begun = time.monotonic()
        home, store, url = self._home, self._store, state.subscription.url
        # Asked only where there is something to read; who was never read has nothing.
        known = cache(lambda: store.known(state.feed) if state.last_good else [])
        asked = await self._asked(changes.with_fresh_validators(state, home.clock()), known)
        state, answer, parsed = asked.state, asked.answer, asked.parsed
        sent = secrets_of(url, *self._options.secrets.values())
        if isinstance(parsed, Parsed) and (repeats(parsed.title, sent) or repeats(parsed.html_url, sent)):
            # The name of a feed is shown and handed on; one that repeats what was sent to its server must not be.
            parsed = msgspec.structs.replace(parsed, title="", html_url="")
        if isinstance(parsed, Parsed) and (keys := keys_of(url, *self._options.secrets.values())):
            items = tuple(_without_keys(item, keys) for item in parsed.items)
            parsed = msgspec.structs.replace(parsed, items=items)
        held = known() if isinstance(parsed, Parsed) else ()
        jitter = random.random()  # noqa: S311 - nothing secret depends on it
        at = rhythm.Moment(now=home.clock(), zone=self._zone, jitter=jitter)
        decided = changes.decide(state, answer, parsed, held, at)
        applied = Applied()
        if isinstance(answer, NotModified):
            await self._keeper.unchanged(decided.state)
        else:
            applied = await self._keeper.apply(decided)
        outcome = FeedOutcome.NEW if applied.new else FeedOutcome.UNCHANGED
        return msgspec.structs.replace(
            _result(decided.state, FeedOutcome.FAILED if decided.failure else outcome, decided.failure),
            new=len(applied.new),
            changed=len(applied.changed),
            before=len(decided.before),
            seconds=time.monotonic() - begun,
        )

    async def _asked(self, state: FeedState, known: asking.Held) -> AskedFeed:
        """What a feed answers; where a page stands in its place, what the feed behind that answers, if there is one."""
        home, store, url = self._home, self._store, state.subscription.url
        # A website in the list: once found, its feed is asked instead.
        behind = self._behind.get(url, "")
        if behind:
            self._fetcher.listed(state.feed, url)
        asked = await self._asker.ask(
            state,
            lambda: {k.identity: k.hash for k in known()},
            home.clock(),
            force=self._options.force,
            url=behind,
        )
        proposal = ""
        if state.first_good is not None or behind:
            asked, proposal = await asking.instead(
                self._fetcher, self._parsers, asked, known, home.clock(), found=behind
            )
        elif (
            isinstance(asked.answer, Response)
            and isinstance(asked.parsed, Failure)
            and asking.is_page(asked.answer)
            and (
                feed := await asking.behind(
                    self._fetcher, self._parsers, asked.answer, home.clock(), guess=not state.failures
                )
            )
        ):
            if not feed.moved:
                meta.keep(store, meta.BEHIND, feed.subscription.url, url)
            answer = asking.as_moved(feed.answer) if feed.moved else feed.answer
            asked = msgspec.structs.replace(asked, answer=answer, parsed=feed.parsed)
        # What a page in the feed's place named is stored for the reader to judge, and deleted once the feed works again.
        if proposal != self._proposals.get(url, "") and (proposal or asked.failure is None):
            meta.keep(store, meta.PROPOSAL, proposal or None, url)
        return asked
