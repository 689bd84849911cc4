"""Try before it counts: a feed on last week's pages, and today's page chosen anew. Nothing is changed by it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from newsfeed import edition, opml
from newsfeed.errors import NotFoundError
from newsfeed.fetch import redact
from newsfeed.model import (
    Candidate,
    Day,
    Edition,
    FeedFacts,
    FeedState,
    Item,
    Parsed,
    Record,
    StoredItem,
    Subscription,
)
from newsfeed.pipeline import digest, editing, feeds, simulate, tagging
from newsfeed.pipeline.explain import picks
from newsfeed.pipeline.home import Home, with_minutes
from newsfeed.store import Store

MORNINGS = 7
SHOWN = 8  # items of a preview


class Tried(Record, frozen=True, kw_only=True):
    """A feed that was found behind an address: what it holds, and where it would have stood."""

    wanted: Subscription  # as the list would hold it
    url: str  # redacted
    title: str
    items: tuple[tuple[str, datetime | None], ...]
    count: int
    pages: tuple[tuple[Day, str], ...]  # what it would have put on the last pages
    mornings: int
    edit: editing.Edit


def feed(
    home: Home, store: Store, address: str, *, folder: str, title: str, secrets: dict[str, str]
) -> Tried:
    """Find the feed behind an address and look at it; the list stays as it is.

    Raises:
        NotFoundError: there is none, or it is in the list already.
        ListError: feeds.opml can't be edited as it stands.
    """
    address = feeds.spelt(address)
    wanted, parsed = asyncio.run(feeds.find(home, address, secrets))
    listed = opml.parse(home.read_list()).subscriptions
    if there := next(
        (s for s in listed if opml.key(s.url) in {opml.key(wanted.url), opml.key(address)}), None
    ):
        raise NotFoundError(there.title or redact(there.url), "is in your list already", "")
    subscription = msgspec.structs.replace(
        wanted,
        title=title or wanted.title or parsed.title,
        folders=editing.folders_of(folder),
        html_url=wanted.html_url or parsed.html_url,
        kind=wanted.kind or "rss",
    )
    pages, mornings = would_have(home, store, subscription, parsed)
    newest = sorted(parsed.items, key=lambda i: -(i.published.timestamp() if i.published else 0))
    return Tried(
        wanted=subscription,
        url=redact(subscription.url),
        title=subscription.title or redact(subscription.url),
        items=tuple((i.title or i.lead[:120], i.published) for i in newest[:SHOWN]),
        count=len(parsed.items),
        pages=tuple(pages),
        mornings=mornings,
        edit=editing.change(home, editing.added(subscription)),
    )


def would_have(
    home: Home, store: Store, subscription: Subscription, parsed: Parsed
) -> tuple[list[tuple[Day, str]], int]:
    """What a feed would have put on the pages of the last week, each chosen again with its items; and of how many."""
    dated = [i for i in parsed.items if i.published is not None]
    state = FeedState(subscription=subscription)
    stored = [_stored(n, item) for n, item in enumerate(dated, 1)]
    tagger = tagging.load_model(home, store).tagger
    tagged = {t.item: t for t in tagger.tag([tagging.document(i, state) for i in stored])}
    facts = FeedFacts(
        feed=-1,
        title=subscription.title or subscription.url,
        url=subscription.url,
        html_url=subscription.html_url,
        folders=subscription.folders,
        options=subscription.options,
        items_a_day=len(dated) / max(1.0, _days(dated)),
    )
    found: list[tuple[Day, str]] = []
    seen: set[int] = set()
    dates = store.editions()[-MORNINGS:]
    for date in dates:
        was = store.edition(date)
        if was is None:
            continue
        pool = simulate.then(store, was)
        since = pool.since or was.built - timedelta(days=1)
        new = [
            Candidate(item=i, tagging=tagged[i.id], story=i.id)
            for i in stored
            if i.id not in seen and since < (i.item.published or was.built) <= was.built
        ]
        pool = msgspec.structs.replace(pool, candidates=(*pool.candidates, *new), feeds=(*pool.feeds, facts))
        again = edition.build(pool, with_minutes(home.settings, was.budget_minutes), date=date, now=was.built)
        for number, title in _titles(again).items():
            if number < 0:
                seen.add(number)
                found.append((date, title))
    return found, len(dates)


def _stored(number: int, item: Item) -> StoredItem:
    # Numbers below zero: no item of the store is meant.
    return StoredItem(
        id=-number,
        ref=f"new{number}",
        feed=-1,
        item=item,
        first_seen=item.published or datetime.min.replace(tzinfo=UTC),
    )


def _days(items: Sequence[Item]) -> float:
    moments = [i.published for i in items if i.published is not None]
    return (max(moments) - min(moments)).total_seconds() / 86_400 if moments else 1.0


def _titles(one: Edition) -> dict[int, str]:
    return {p.item: p.title for p in picks(one)} | {line.item: line.title for line in one.lines}


class Rebuilt(Record, frozen=True, kw_only=True):
    """What a rebuild of today's page would change."""

    came: tuple[str, ...]
    went: tuple[str, ...]
    moved: tuple[tuple[str, str, str], ...]  # title, from, to: headings


def rebuild(home: Home, store: Store) -> Rebuilt:
    """Choose today's page anew beside the one that stands; nothing is changed.

    Raises:
        NotFoundError: today has no page yet.
    """
    day = digest.today(home)
    was = store.edition(day)
    if was is None:
        raise NotFoundError("today's page", "there is none yet", "Build it first.")
    would = edition.build(digest.pool_for(home, store, day), home.settings, date=day, now=home.clock())
    before, after = _titles(was), _titles(would)
    places = [{p.item: s.heading for s in one.sections for p in s.picks} for one in (was, would)]
    return Rebuilt(
        came=tuple(t for n, t in after.items() if n not in before),
        went=tuple(t for n, t in before.items() if n not in after),
        moved=tuple(
            (after[n], places[0][n], place)
            for n, place in places[1].items()
            if n in places[0] and places[0][n] != place
        ),
    )
