"""Ask one feed: its request and follow-up pages, a second way if the first is closed, and the feed behind a web page.

A page comes from outside, so the addresses it names are requested under the rules for addresses from feeds: no
exceptions for private hosts, no credentials. A feed is only looked for where none was ever read: once a feed is known,
a page in its place changes nothing by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import msgspec

from newsfeed import sources
from newsfeed.model import (
    Cause,
    Failure,
    FeedState,
    KnownItem,
    NotModified,
    Parsed,
    Record,
    Request,
    Response,
    Subscription,
)
from newsfeed.reading.parsers import Parsers
from newsfeed.sources import FEED, webpages

if TYPE_CHECKING:
    from newsfeed.fetch import Fetcher

PAGES = 5  # follow-up requests of one feed in one refresh
WAYS = 4  # that are tried for one feed in one refresh
Known = Callable[[], Mapping[str, str]]  # identities and hashes of a feed's stored items
Held = Callable[[], Sequence[KnownItem]]
TRIES = 8  # the most addresses that are asked
FORWARDS = 2  # pages that forward to one another
ENDED = timedelta(days=400)  # since its newest item: a feed that has ended
Answer = TypeVar("Answer", Response, NotModified)
LOST = frozenset({Cause.NOT_FOUND, Cause.GONE})


@asynccontextmanager
async def together() -> AsyncIterator[asyncio.TaskGroup]:
    """Tasks that all end with this block: when one raises, the others are cancelled and awaited, and its error is raised
    itself, not in an exception group."""
    try:
        async with asyncio.TaskGroup() as tasks:
            yield tasks
    except BaseExceptionGroup as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        raise error from None


class AskedFeed(Record, frozen=True, kw_only=True):
    """The result of asking one feed. `state` is the feed's state before."""

    state: FeedState
    answer: Response | NotModified | Failure
    parsed: Parsed | Failure | None = None

    @property
    def failure(self) -> Failure | None:
        """The failure, if it failed."""
        return next((f for f in (self.answer, self.parsed) if isinstance(f, Failure)), None)


class Asker:
    """Asks feeds for one run.

    Args:
        feeds: those that this run will ask, so that feeds of a host that allows few requests share them.
    """

    def __init__(self, fetcher: Fetcher, parsers: Parsers, *, feeds: Sequence[FeedState] = ()) -> None:
        self._fetcher = fetcher
        self._parsers = parsers
        self._joined = sources.join(feeds)
        self._shared: dict[str, asyncio.Task[Response | NotModified | Failure]] = {}

    async def ask(
        self, state: FeedState, known: Known, now: datetime, *, force: bool = False, url: str = ""
    ) -> AskedFeed:
        """Ask one feed and read what comes.

        Args:
            known: gives identities and hashes of its stored items; asked when there is something to read.
            force: without validators.
            url: asked in place of the feed's own address.
        """
        asked = await self._once(state, known, now, force=force, url=url)
        for _ in range(WAYS - 1):
            failure = asked.failure
            source = sources.find(asked.state.subscription)
            other = source.again(asked.state, failure) if failure and not url else None
            if other is None:
                break
            asked = await self._once(other, known, now, force=True, alone=True)
        failure = asked.failure
        if failure is None:
            return asked
        told = sources.find(asked.state.subscription).explain(asked.state, failure)
        if isinstance(asked.answer, Failure):
            return msgspec.structs.replace(asked, answer=told)
        return msgspec.structs.replace(asked, parsed=told)

    async def _once(
        self,
        state: FeedState,
        known: Known,
        now: datetime,
        *,
        force: bool,
        url: str = "",
        alone: bool = False,
    ) -> AskedFeed:
        joined = None if alone or url else self._joined.get(state.feed)
        request = joined or sources.find(state.subscription).request(state)
        if isinstance(request, Failure):
            return AskedFeed(state=state, answer=request)
        if url:
            # A page named it once, so it is asked as an address out of a feed.
            request = msgspec.structs.replace(request, url=url, from_feed=True)
        if force:
            request = msgspec.structs.replace(request, etag="", last_modified="", body_hash="")
        answer = await (self._once_for_all(request) if joined else self._fetcher.get(request))
        if not isinstance(answer, Response):
            return AskedFeed(state=state, answer=answer)
        return AskedFeed(state=state, answer=answer, parsed=await self._read(state, answer, known(), now))

    async def _once_for_all(self, request: Request) -> Response | NotModified | Failure:
        """The answer to a request shared by several feeds, sent only once."""
        task = self._shared.get(request.url)
        if task is None:
            task = self._shared[request.url] = asyncio.create_task(self._fetcher.get(request))
        return await asyncio.shield(task)

    async def _read(
        self, state: FeedState, answer: Response, known: Mapping[str, str], now: datetime
    ) -> Parsed | Failure:
        """Read an answer and the pages that follow it.

        A page that fails ends the paging, not the reading; but where nothing was read yet, its failure is the feed's.
        """
        parsed = await self._parsers.parse(answer, state.subscription, known, now)
        whole = parsed
        for _ in range(PAGES):
            if isinstance(parsed, Failure) or isinstance(whole, Failure) or parsed.next is None:
                break
            following = await self._fetcher.get(parsed.next)
            page: Parsed | Failure
            if isinstance(following, Response):
                page = await self._parsers.parse(following, state.subscription, known, now)
            elif isinstance(following, Failure):
                page = following
            else:
                page = Parsed()
            if isinstance(page, Failure):
                if whole.step:
                    return page
                return msgspec.structs.replace(whole, not_before=page.retry_at, next=None)
            whole, parsed = _with_page(whole, page), page
        return whole


def _with_page(first: Parsed, second: Parsed) -> Parsed:
    seen = {item.identity for item in first.items}
    return msgspec.structs.replace(
        first,
        items=first.items + tuple(i for i in second.items if i.identity not in seen),
        known=first.known + second.known,
        counts=first.counts + second.counts,
        title=first.title or second.title,
        html_url=first.html_url or second.html_url,
        language=first.language or second.language,
        problems=first.problems + second.problems,
        cursor={**first.cursor, **second.cursor},
        step=first.step and second.step,
        complete=first.complete and second.complete,
        not_before=second.not_before or first.not_before,
        next=None,
    )


class FoundFeed(Record, frozen=True, kw_only=True):
    """A feed that was found behind a page."""

    subscription: Subscription
    answer: Response
    parsed: Parsed
    moved: bool = False  # the page forwards to it like a redirect


def is_page(answer: Response) -> bool:
    """Whether an answer that is not a feed may be a web page."""
    return "html" in answer.content_type or answer.body[:1_000].lstrip().lower().startswith(
        (b"<!doctype html", b"<html")
    )


async def behind(
    fetcher: Fetcher, parsers: Parsers, page: Response, now: datetime, *, guess: bool = True
) -> FoundFeed | None:
    """The best readable feed that belongs to a page, with its answer; None where there is none.

    Of several, one that holds items and lives goes before one that has ended, holds answers, or is empty. The page's
    own request must have been answered before: what lies at its very place may be asked.
    """
    feed = page.request.feed
    for _ in range(FORWARDS):
        target = webpages.forwards(page.body, page.url, page.headers.get("refresh", ""))
        if not target or target in {page.url, page.request.url}:
            break
        tried = await _try(fetcher, parsers, target, feed, now)
        if isinstance(tried, FoundFeed):
            return msgspec.structs.replace(tried, moved=True)
        if tried is None or not is_page(tried):
            break
        page = tried
    best: tuple[int, FoundFeed] | None = None
    asked = {page.url, page.request.url}
    named = webpages.candidates(page.body, page.url, page.headers.get("link", ""))
    places: Sequence[str] = (*named, *(webpages.guesses(page.url) if guess else ()))
    for url in [p for p in dict.fromkeys(places) if p not in asked][:TRIES]:
        tried = await _try(fetcher, parsers, url, feed, now)
        if not isinstance(tried, FoundFeed):
            continue
        rank = _rank(tried.parsed, page.url, now)
        if not rank:
            return tried
        if best is None or rank < best[0]:
            best = (rank, tried)
    return best[1] if best else None


def as_moved(answer: Answer) -> Answer:
    """A feed's answer as that of the page which forwards to it: a permanent move. What the feed's server says of its
    state is of no use to the page, which is asked again the next time."""
    moved = answer.permanent_url or answer.request.url
    return msgspec.structs.replace(answer, etag="", last_modified="", permanent_url=moved)


async def _try(
    fetcher: Fetcher, parsers: Parsers, url: str, feed: int, now: datetime
) -> FoundFeed | Response | None:
    """What is at an address that a page names: a feed, something else, or nothing that can be read."""
    subscription = Subscription(url=url)
    request = sources.find(subscription).request(FeedState(subscription=subscription))
    if isinstance(request, Failure):
        return None
    answer = await fetcher.get(
        msgspec.structs.replace(request, feed=feed, from_feed=True, credential="", login="")
    )
    if not isinstance(answer, Response):
        return None
    parsed = await parsers.parse(answer, subscription, {}, now)
    if isinstance(parsed, Parsed):
        return FoundFeed(subscription=subscription, answer=answer, parsed=parsed)
    return answer


def _rank(parsed: Parsed, page: str, now: datetime) -> int:
    """0 for a feed that lives; more for one that has ended, holds answers to one page, or is empty."""
    if not parsed.items and not parsed.step:
        return 3
    links = {item.link.partition("#")[0] for item in parsed.items}
    answers = all("#" in item.link for item in parsed.items) and len(links) == 1
    if parsed.items and (answers or links == {page}):
        return 2
    dates = [item.published for item in parsed.items if item.published is not None]
    return 1 if dates and max(dates) < now - ENDED else 0


# --------------------------------------------------------------------------- where a feed is known


async def instead(
    fetcher: Fetcher,
    parsers: Parsers,
    asked: AskedFeed,
    known: Held,
    now: datetime,
    *,
    found: str = "",
) -> tuple[AskedFeed, str]:
    """What comes of a known feed's answer where that may be a page in the feed's place, and an address to propose.

    A page that forwards within its own site is followed like a redirect, and so is one that forwards to a feed with
    items that we have. Whatever else a page names is a proposal to the owner; nothing of it is asked or kept.

    Args:
        known: gives the feed's stored items.
        found: where the feed of a website was found once, in place of the address in the list.
    """
    state, failure = asked.state, asked.failure
    if failure is None or sources.find(state.subscription).kind != FEED:
        return asked, ""
    page = asked.answer
    if found and failure.cause in LOST:
        page = await fetcher.get(Request(url=state.subscription.url, feed=state.feed, accept="text/html"))
    if not isinstance(page, Response) or not is_page(page) or isinstance(asked.parsed, Parsed):
        return asked, ""
    here = {page.url, page.request.url, found}
    target = webpages.forwards(page.body, page.url, page.headers.get("refresh", ""))
    if not target or target in here:
        named = webpages.candidates(page.body, page.url, page.headers.get("link", ""))
        proposal = next((url for url in named if url not in here), "")
        return (
            _proposed(
                asked,
                "A web page stands in this feed's place; it names another feed, which was not taken for it.",
                proposal,
            )
            if proposal
            else (asked, "")
        )
    own = webpages.site(target) == webpages.site(page.url)
    answer = await fetcher.get(
        Request(url=target, feed=state.feed, body_hash=state.body_hash, from_feed=True)
    )
    if isinstance(answer, NotModified):  # identical to what is stored
        return msgspec.structs.replace(asked, answer=as_moved(answer), parsed=None), ""
    if isinstance(answer, Response):
        held = known()
        hashes = {k.identity: k.hash for k in held}
        parsed = await parsers.parse(answer, state.subscription, hashes, now)
        if isinstance(parsed, Parsed) and (own or _shares(parsed, held)):
            return msgspec.structs.replace(asked, answer=as_moved(answer), parsed=parsed), ""
        if isinstance(parsed, Parsed):
            return _proposed(
                asked,
                "A web page stands in this feed's place; it forwards to another feed, which was not taken for it.",
                target,
            )
    return asked, ""


def _proposed(asked: AskedFeed, text: str, proposal: str) -> tuple[AskedFeed, str]:
    failure = Failure(
        cause=Cause.NOT_A_FEED,
        text=text,
        repair="If that is the feed's new address, take it over: newsfeed feeds repair shows the change and asks.",
        needs_owner=True,
    )
    field = "answer" if isinstance(asked.answer, Failure) else "parsed"
    return msgspec.structs.replace(asked, **{field: failure}), proposal


def _shares(parsed: Parsed, known: Sequence[KnownItem]) -> bool:
    if parsed.known:
        return True
    identities = {k.identity for k in known}
    pages = {k.page for k in known if k.page}
    return any(item.identity in identities or item.page in pages for item in parsed.items)
