"""Output for programs: one line of JSON per item."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from newsfeed import sources
from newsfeed.model import Failure, FeedState, Item, Parsed, Problem, Request, Response, Subscription
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning import tag
from newsfeed.reading.parsers import Parsers
from newsfeed.store import Store
from newsfeed.topics import THRESHOLD


def read_answer(body: bytes, url: str, now: datetime) -> Parsed | Failure:
    """Read one saved answer as the source that its URL belongs to, within the limits of a feed's reading."""
    subscription = Subscription(url=url or "https://feed.invalid/")
    response = Response(
        request=Request(url=subscription.url, source=sources.find(subscription).kind),
        url=subscription.url,
        body=body,
        body_hash=hashlib.sha256(body).hexdigest(),
    )

    async def read() -> Parsed | Failure:
        async with Parsers(1) as parsers:
            return await parsers.parse(response, subscription, {}, now)

    return asyncio.run(read())


def item_line(item: Item) -> bytes:
    """An item as one line of JSON, with keys that programs may rely on."""
    return msgspec.json.encode(_fields(item))


def _fields(item: Item) -> dict[str, object]:
    return {
        "id": item.identity,
        "link": item.link,
        "discussion": item.discussion,
        "title": item.title,
        "author": item.author,
        "published": item.published,
        "updated": item.updated,
        "lang": item.lang,
        "lead": item.lead,
        "text": item.text,
        "html": item.html,
        "words": item.words,
        "enclosures": [
            {"url": e.url, "type": e.type, "bytes": e.bytes, "seconds": e.seconds} for e in item.enclosures
        ],
        "tags": list(item.tags),
        "kind": item.kind,
        "score": item.score,
        "comments": item.comments,
    }


def stored_lines(
    home: Home, store: Store, *, words: str, feed: str, days: float, limit: int
) -> Iterator[bytes]:
    """Stored items, newest first, each with its short id, feed, topics and story."""
    since = home.clock() - timedelta(days=days)
    found = store.search(words, limit=limit) if words else store.window(since, body="all")
    names = {s.feed: s for s in store.states()}
    chosen = [i for i in found if i.first_seen >= since and _matches(names.get(i.feed), feed)]
    chosen.sort(key=lambda i: (i.item.published or i.first_seen, i.id), reverse=True)
    tag.tag_asked(home, store, chosen[:limit])
    taggings = store.taggings([i.id for i in chosen[:limit]])
    for stored in chosen[:limit]:
        said = taggings.get(stored.id)
        yield msgspec.json.encode(
            {
                "ref": stored.ref,
                "feed": names[stored.feed].name if stored.feed in names else "",
                "first_seen": stored.first_seen,
                "topics": [{"topic": s.topic, "p": round(s.p, 3)} for s in said.scores if s.p >= THRESHOLD]
                if said
                else [],
                "not_news": said.not_news if said else "",
                **_fields(stored.item),
            }
        )


def _matches(state: FeedState | None, feed: str) -> bool:
    return not feed or (
        state is not None and (feed.casefold() in state.name.casefold() or feed in state.subscription.url)
    )


def tag_lines(
    items: Sequence[bytes], folders: Sequence[bytes], corrections: Sequence[bytes], threshold: float
) -> tuple[Sequence[str], Sequence[Problem]]:
    """`newsfeed tag`: the lines to print, and what was wrong with the lines read."""
    from newsfeed.topics import tag_pipe

    done = tag_pipe.tag(items, folders, corrections, threshold=threshold)
    return done.lines, done.problems


def group_lines(items: Sequence[bytes]) -> tuple[Sequence[str], Sequence[Problem]]:
    """`newsfeed group`: the lines to print, and what was wrong with the lines read."""
    from newsfeed.stories import group_pipe

    return group_pipe.group_lines(items)
