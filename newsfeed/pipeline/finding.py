"""The feed behind a website: what its page names, then the usual places."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from newsfeed import sources
from newsfeed.fetch import Fetcher
from newsfeed.model import Failure, FeedState, Parsed, Response, Subscription
from newsfeed.parsing import Parsers
from newsfeed.sources import discover

TRIES = 8  # addresses asked at the most


def is_page(answer: Response) -> bool:
    """Whether an answer that is no feed may be a website's page."""
    return "html" in answer.content_type or answer.body[:1_000].lstrip().lower().startswith(
        (b"<!doctype html", b"<html")
    )


async def behind(
    fetcher: Fetcher, parsers: Parsers, page: Response, now: datetime
) -> tuple[Subscription, Response, Parsed] | None:
    """The first readable feed that belongs to a page, with its answer; None where there is none."""
    tried = {page.url, page.request.url}
    places: Sequence[str] = (*discover.candidates(page.body, page.url), *discover.guesses(page.url))
    for url in [p for p in dict.fromkeys(places) if p not in tried][:TRIES]:
        subscription = Subscription(url=url)
        request = sources.find(subscription).request(FeedState(subscription=subscription))
        if isinstance(request, Failure):
            continue
        answer = await fetcher.get(request)
        if not isinstance(answer, Response):
            continue
        parsed = await parsers.parse(answer, subscription, {}, now)
        if isinstance(parsed, Parsed):
            return subscription, answer, parsed
    return None
