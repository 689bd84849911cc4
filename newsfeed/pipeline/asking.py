"""One feed's way through the network: its request, its pages, and another way where the first one is closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from newsfeed import sources
from newsfeed.model import Failure, FeedState, NotModified, Parsed, Record, Request, Response
from newsfeed.reading.parsers import Parsers

if TYPE_CHECKING:
    from newsfeed.fetch import Fetcher

PAGES = 5  # follow-up requests of one feed in one refresh
WAYS = 4  # that are tried for one feed in one refresh
Known = Callable[[], Mapping[str, str]]


@asynccontextmanager
async def together() -> AsyncIterator[asyncio.TaskGroup]:
    """Tasks of which none outlives this block: when one of them raises, the others are cancelled and waited for, and
    its very error is raised, out of its group."""
    try:
        async with asyncio.TaskGroup() as tasks:
            yield tasks
    except BaseExceptionGroup as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        raise error from None


class Asked(Record, frozen=True, kw_only=True):
    """What asking one feed brought. `state` is the one it was asked with."""

    state: FeedState
    answer: Response | NotModified | Failure
    parsed: Parsed | Failure | None = None

    @property
    def failure(self) -> Failure | None:
        """Why there is nothing, if there is nothing."""
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
    ) -> Asked:
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
    ) -> Asked:
        joined = None if alone or url else self._joined.get(state.feed)
        request = joined or sources.find(state.subscription).request(state)
        if isinstance(request, Failure):
            return Asked(state=state, answer=request)
        if url:
            # A page named it once, so it is asked as an address out of a feed.
            request = msgspec.structs.replace(request, url=url, from_feed=True)
        if force:
            request = msgspec.structs.replace(request, etag="", last_modified="", body_hash="")
        answer = await (self._once_for_all(request) if joined else self._fetcher.get(request))
        if not isinstance(answer, Response):
            return Asked(state=state, answer=answer)
        return Asked(state=state, answer=answer, parsed=await self._read(state, answer, known(), now))

    async def _once_for_all(self, request: Request) -> Response | NotModified | Failure:
        """The answer to a request that several feeds share."""
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
            whole, parsed = _joined(whole, page), page
        return whole


def _joined(first: Parsed, second: Parsed) -> Parsed:
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
        memory={**first.memory, **second.memory},
        step=first.step and second.step,
        complete=first.complete and second.complete,
        not_before=second.not_before or first.not_before,
        next=None,
    )
