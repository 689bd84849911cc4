"""Pull: ask the feeds, keep what is new, tag and group it.

The list is read, every feed that is to be asked gets one task, and each task goes the whole way by itself
(ask, read, decide, keep), so a slow or evil feed holds up nobody. The database is only touched between awaits,
from this one thread.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from newsfeed import sources
from newsfeed.errors import NewsfeedError, NotFoundError, StoreError
from newsfeed.feeds import changes
from newsfeed.feeds.health import no_network
from newsfeed.feeds.results import FeedOutcome, FeedResult
from newsfeed.feeds.rhythm import interleaved, select
from newsfeed.fetch import redact, repeats, secrets_of
from newsfeed.model import ASKED_AGAIN, Cause, Failure, FeedState, FetchSetting, NotModified, Parsed, Response
from newsfeed.pipeline.home import Home, log_change, take_list
from newsfeed.pipeline.morning import ask as asking
from newsfeed.pipeline.morning import understand
from newsfeed.pipeline.morning.ask import Asker, together
from newsfeed.pipeline.reports import Progress, RefreshReport
from newsfeed.pipeline.signs import RecordedProgress
from newsfeed.reading.parsers import Parsers
from newsfeed.store import Applied, Store

if TYPE_CHECKING:
    from newsfeed.fetch import Fetcher

RECENT = timedelta(minutes=2)  # requests of earlier runs that may matter to a host's spacing
REQUESTS = 5  # of one feed that may each take their whole time before a run is given up
BEHIND = "feed behind "  # and a website's address: the note in the store of where its feed was found
MUCH = 500  # new items after which the search index is put in order


def pull(
    home: Home,
    store: Store,
    *,
    only: Sequence[str] = (),
    due: bool = False,
    force: bool = False,
    fetch_only: bool = False,
    choosing: bool = False,
    workers: int = 0,
    secrets: dict[str, str] | None = None,
    progress: Progress | None = None,
) -> RefreshReport:
    """Ask every feed now (`due`: only those whose time has come), keep and understand what is new.

    Args:
        only: names or addresses; a feed is asked when one of them is part of its name or address.
        force: also past the manual floor, and without validators. Never past a Retry-After.
        fetch_only: leave tagging and grouping for later.
        choosing: a page is about to be chosen: learn and tag all that its choice asks for.
        workers: parsing processes; 0 takes the setting.

    Raises:
        NotFoundError, ListError: there is no usable list, and never was one.
    """
    progress = RecordedProgress(home, progress or Progress())
    started = home.clock()
    begun = time.monotonic()
    taken = take_list(home, store, started)
    change, listed_states = taken.change, store.states()
    states = [s for s in listed_states if not only or _named(s, only)]
    if only and not states:
        raise NotFoundError(
            ", ".join(redact(w) if "://" in w else w for w in only),
            "is no feed of the list",
            "See newsfeed feeds list.",
        )
    ask, waiting = select(
        states, started, floor=home.settings.fetch.manual_floor, due=due, force=force, named=bool(only)
    )
    progress.start(len(ask))
    results = asyncio.run(
        _pull(
            home,
            store,
            ask,
            listed_states,
            force=force,
            workers=workers,
            secrets=secrets or {},
            progress=progress,
        )
    )
    added = {
        s.feed: s.subscription.url in taken.former for s in listed_states if s.subscription.url in taken.added
    }
    results = [_mark_added(r, added) for r in (*results, *(_waiting(*one) for one in waiting))]
    log_change(home, change, results, started)
    report = RefreshReport(
        started=started,
        seconds=time.monotonic() - begun,
        results=tuple(sorted(results, key=lambda r: (r.name.casefold(), r.feed))),
        list=change,
        no_network=no_network(results),
    )
    if fetch_only:
        return report
    understood = understand.understand(home, store, choosing=choosing, progress=progress)
    _care(home, store, sum(r.new for r in results))
    return RefreshReport(
        started=started,
        seconds=time.monotonic() - begun,
        results=report.results,
        list=change,
        no_network=report.no_network,
        tagged=understood.tagged,
        stories=understood.stories,
    )


def _care(home: Home, store: Store, new: int) -> None:
    """What the database needs now and then: order after much was written, forgetting once a day, a weekly copy."""
    now = home.clock()
    if new >= MUCH:
        store.tidy()
    today = now.date().isoformat()
    if store.get_meta("day of care") != today:
        store.prune(now, items=home.settings.keep.items, bodies=home.settings.keep.bodies)
        store.set_meta("day of care", today)
    store.backup(now)


def _named(state: FeedState, words: Sequence[str]) -> bool:
    return any(w.casefold() in state.name.casefold() or w in state.subscription.url for w in words)


def _waiting(state: FeedState, until: datetime) -> FeedResult:
    return FeedResult(
        feed=state.feed,
        name=state.name,
        url=redact(state.subscription.url),
        outcome=FeedOutcome.WAITING,
        failure=state.failure,
        wait_until=until,
    )


def _mark_added(result: FeedResult, added: Mapping[int, bool]) -> FeedResult:
    """`added` tells of each feed that came into the list whether it was there before."""
    if result.feed not in added:
        return result
    return msgspec.structs.replace(result, added=True, back=added[result.feed])


async def _pull(
    home: Home,
    store: Store,
    states: Sequence[FeedState],
    listed: Sequence[FeedState],
    *,
    force: bool,
    workers: int,
    secrets: dict[str, str],
    progress: Progress,
) -> list[FeedResult]:
    from newsfeed.fetch import Fetcher  # with httpx, which a run that asks nobody does without

    settings = home.settings.fetch
    # As many feeds are under way as there may be connections, and as many again whose hosts are silent: answers that
    # wait for a reader cost memory.
    turns = asyncio.Semaphore(2 * settings.connections)
    results: dict[int, FeedResult] = {}
    broken: list[StoreError] = []
    memory = _Memory(store)
    async with (
        Fetcher(settings, now=home.clock, secrets=secrets) as fetcher,
        Parsers(workers or settings.workers, settings.parse_seconds) as parsers,
    ):
        asker = Asker(fetcher, parsers, feeds=states)
        for known in listed:
            if known.last_tried is not None and home.clock() - known.last_tried < RECENT:
                fetcher.resume(
                    sources.rewritten(known.subscription) or known.subscription.url, known.last_tried
                )

        async def one(state: FeedState) -> None:
            async with turns:
                if broken:
                    return  # nothing more can be kept, so nothing more is asked
                progress.asking(state.name)
                try:
                    sent = secrets_of(state.subscription.url, *secrets.values())
                    result = await _one(
                        home, store, memory, fetcher, parsers, asker, state, sent, force=force
                    )
                except StoreError as error:
                    broken.append(error)
                    return
                except NewsfeedError:
                    raise
                except Exception as error:  # noqa: BLE001 - whatever one feed provokes is that feed's failure
                    result = _unkept(state, error)
            results[state.feed] = result
            progress.done(result)

        try:
            async with asyncio.timeout(_longest(len(states), settings)), together() as tasks:
                for state in interleaved(states):
                    tasks.create_task(one(state))
        except TimeoutError:
            for state in states:
                if state.feed not in results:
                    results[state.feed] = _put_off(state)
        finally:
            if not broken:
                memory.keep()
    if broken:
        raise broken[0]
    return list(results.values())


class _Memory:
    """What a run reads of the store at its start for all feeds at once, and writes of them together.

    Feeds that had nothing new are kept a few hundred at a time: one that a crash forgets is asked again, no more.
    """

    TOGETHER = 200

    def __init__(self, store: Store) -> None:
        self._store = store
        self._states: list[FeedState] = []
        self.behind = store.metas(BEHIND)
        self.proposals = store.metas(asking.PROPOSAL)

    def unchanged(self, state: FeedState) -> None:
        """Keep a state soon."""
        self._states.append(state)
        if len(self._states) >= self.TOGETHER:
            self.keep()

    def keep(self) -> None:
        """Write what waits."""
        states, self._states = self._states, []
        self._store.apply_unchanged(states)


def _longest(feeds: int, settings: FetchSetting) -> float:
    """Seconds after which a run of so many feeds ends, whatever hangs: all of them one after the other in as many
    lanes as there are connections, each as slow as it may be."""
    slowest = settings.timeout + settings.patience + settings.parse_seconds
    return slowest * REQUESTS * (1 + feeds / max(settings.connections, 1))


def _unkept(state: FeedState, error: Exception) -> FeedResult:
    failure = Failure(
        cause=Cause.BROKEN_FEED,
        text=f"Its answer could not be dealt with ({type(error).__name__}).",
        repair="This is a fault of newsfeed; please report it. Other feeds are not touched by it.",
        url=redact(state.subscription.url),
    )
    return FeedResult(
        feed=state.feed, name=state.name, url=failure.url, outcome=FeedOutcome.FAILED, failure=failure
    )


def _put_off(state: FeedState) -> FeedResult:
    failure = Failure(
        cause=Cause.TIMEOUT,
        text="The run took so long that this feed was left for the next one.",
        repair=ASKED_AGAIN,
        url=redact(state.subscription.url),
    )
    return FeedResult(
        feed=state.feed, name=state.name, url=failure.url, outcome=FeedOutcome.FAILED, failure=failure
    )


async def _one(
    home: Home,
    store: Store,
    memory: _Memory,
    fetcher: Fetcher,
    parsers: Parsers,
    asker: Asker,
    state: FeedState,
    sent: frozenset[str],
    *,
    force: bool,
) -> FeedResult:
    begun = time.monotonic()
    known = cache(lambda: store.known(state.feed))  # asked only where there is something to read
    state = changes.with_fresh_validators(state, home.clock())
    # A website in the list: its feed, once found, is asked in its place.
    behind = memory.behind.get(state.subscription.url, "")
    if behind:
        fetcher.listed(state.feed, state.subscription.url)
    asked = await asker.ask(
        state, lambda: {k.identity: k.hash for k in known()}, home.clock(), force=force, url=behind
    )
    proposal = ""
    if state.first_good is not None or behind:
        found = await asking.instead(fetcher, parsers, asked, known, home.clock(), found=behind)
        asked, proposal = found.asked, found.proposal
    elif (
        isinstance(asked.answer, Response)
        and isinstance(asked.parsed, Failure)
        and asking.is_page(asked.answer)
        and (
            feed := await asking.behind(
                fetcher, parsers, asked.answer, home.clock(), guess=not state.failures
            )
        )
    ):
        if not feed.moved:
            store.set_meta(f"{BEHIND}{state.subscription.url}", feed.subscription.url)
        told = asking.as_moved(feed.answer) if feed.moved else feed.answer
        asked = msgspec.structs.replace(asked, answer=told, parsed=feed.parsed)
    before = memory.proposals.get(state.subscription.url, "")
    asking.keep_proposal(store, state, proposal, before, failed=asked.failure is not None)
    state, answer, parsed = asked.state, asked.answer, asked.parsed
    if isinstance(parsed, Parsed) and (repeats(parsed.title, sent) or repeats(parsed.html_url, sent)):
        # The name of a feed is shown and handed on; one that repeats what was sent to its server must not be.
        parsed = msgspec.structs.replace(parsed, title="", html_url="")
    # The jitter keeps feeds from falling into step; no secret and no choice hangs on it.
    jitter = random.random()  # noqa: S311
    held = known() if isinstance(parsed, Parsed) else ()
    decided = changes.decide(state, answer, parsed, held, home.clock(), jitter)
    if isinstance(answer, NotModified):
        memory.unchanged(decided.state)
        applied = Applied()
    else:
        applied = store.apply(decided, home.clock())
    failure = decided.failure
    outcome = (
        FeedOutcome.FAILED
        if failure
        else FeedOutcome.UNCHANGED
        if isinstance(answer, NotModified) or not applied.new
        else FeedOutcome.NEW
    )
    return FeedResult(
        feed=state.feed,
        name=decided.state.name,
        url=redact(state.subscription.url),
        outcome=outcome,
        new=len(applied.new),
        changed=len(applied.changed),
        before=len(decided.before),
        failure=failure,
        seconds=time.monotonic() - begun,
    )
