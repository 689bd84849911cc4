"""Leads worth reading: for picks whose feed gives one thin sentence, the linked article is read.

Picks only, at most 25 a morning, through the same fetch room, with robots.txt respected and, by default, only on
the feed's own site. Whatever fails leaves the feed's own text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from newsfeed import edition
from newsfeed.edition.constants import LEAD_LEAST
from newsfeed.model import (
    Candidate,
    Edition,
    Failure,
    FeedState,
    Item,
    Parsed,
    Pick,
    Pool,
    Request,
    Response,
    StoredItem,
    Subscription,
    picks,
)
from newsfeed.pipeline import meta
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning.ask import together
from newsfeed.reading.parsers import Parsers
from newsfeed.sources import webpages
from newsfeed.store import Store
from newsfeed.text import count_words

if TYPE_CHECKING:
    from newsfeed.fetch import Fetcher

THIN = 200  # characters of a lead below which the article is asked for
MOST = 25  # articles a morning
EMPTY = frozenset({200, 204})  # statuses (RFC 9110) of a robots.txt without a rule
HOPS = 4  # addresses asked for one article: its own, and where that redirects to
NOT_ARTICLES = frozenset({"post", "video", "episode", "release"})


def improve(
    home: Home, store: Store, built: Edition, weighed: edition.Weighed, secrets: dict[str, str]
) -> Pool | None:
    """Read the articles of an edition's thin picks and keep their leads; returns its pool with these, None if no lead is
    better now. `weighed` is what the edition was chosen from.

    What has no lead at all would seldom be picked. So those are read too that would be, if only they had one.
    """
    pool = weighed.pool
    if home.settings.edition.read_articles == "off":
        return None
    asked = {int(n) for n in (meta.read(store, meta.ARTICLES, str(built.date)) or "").split(",") if n}
    if len(asked) >= MOST:
        return None
    states = {s.feed: s for s in store.states()}
    drafts = [built]
    if hoped := {
        one.item.id
        for one in pool.candidates
        if count_words(one.item.item.lead) < LEAD_LEAST
        and one.item.item.kind not in NOT_ARTICLES
        and one.item.id not in asked
        and _may(home, one.item.item.link, states.get(one.item.feed))
    }:
        candidates = tuple(
            msgspec.structs.replace(one, lead_to_come=True) if one.item.id in hoped else one
            for one in pool.candidates
        )
        drafts.append(rebuilt(home, msgspec.structs.replace(pool, candidates=candidates), built, weighed))
    wanted: dict[int, Pick] = {}
    for draft in drafts:
        for p in picks(draft):
            if is_thin(p.lead, p.kind) and p.item not in asked and _may(home, p.link, states.get(p.feed)):
                wanted.setdefault(p.item, p)
    chosen = list(wanted.values())[: MOST - len(asked)]
    if not chosen:
        return None
    items = {i.id: i for i in store.items([p.item for p in chosen])}
    found = asyncio.run(_read(home, [items[p.item] for p in chosen if p.item in items], states, secrets))
    numbers = ",".join(str(n) for n in sorted(asked | {p.item for p in chosen}))
    meta.keep(store, meta.ARTICLES, numbers, str(built.date))
    better = {item.id: read for item, read in found if len(read.lead) > len(item.item.lead)}
    for number, read in better.items():
        store.enrich(number, lead=read.lead, words=read.words)
    candidates = tuple(
        _enriched(one, better[one.item.id]) if one.item.id in better else one for one in pool.candidates
    )
    return msgspec.structs.replace(pool, candidates=candidates) if better else None


def rebuilt(home: Home, pool: Pool, built: Edition, before: edition.Weighed) -> Edition:
    """An edition chosen anew from a pool in which some leads are others than `before`."""
    settings, date, now = home.settings, built.date, built.built
    weighed = edition.weigh(pool, settings, date=date, now=now, before=before)
    return edition.build(pool, settings, date=date, now=now, weighed=weighed)


def _enriched(one: Candidate, read: Item) -> Candidate:
    """A candidate as it is read from the store again."""
    item = msgspec.structs.replace(one.item.item, lead=read.lead, words=read.words)
    return msgspec.structs.replace(one, item=msgspec.structs.replace(one.item, item=item))


def is_thin(lead: str, kind: str) -> bool:
    """Whether the article behind it would say more than its feed does."""
    return len(lead) < THIN and kind not in NOT_ARTICLES


def _may(home: Home, link: str, state: FeedState | None) -> bool:
    if state is None or not link:
        return False
    if home.settings.edition.read_articles == "all":
        return True
    own = [state.subscription.url, state.subscription.html_url, state.html_url]
    return any(webpages.same_site(link, url) for url in own if url)


async def _read(
    home: Home, items: Sequence[StoredItem], states: dict[int, FeedState], secrets: dict[str, str]
) -> list[tuple[StoredItem, Item]]:
    from newsfeed.fetch import Fetcher  # with httpx

    settings = home.settings.fetch
    async with (
        Fetcher(settings, now=home.clock, secrets=secrets) as fetcher,
        Parsers(settings.workers, settings.parse_seconds) as parsers,
    ):
        return await read(home, fetcher, parsers, items, states, lambda url, state: _may(home, url, state))


async def read(
    home: Home,
    fetcher: Fetcher,
    parsers: Parsers,
    items: Sequence[StoredItem],
    states: dict[int, FeedState],
    may: Callable[[str, FeedState | None], bool],
) -> list[tuple[StoredItem, Item]]:
    """The articles of items, those that could be read; `may` tells whether an address may be asked for a feed's item."""
    robots: dict[str, asyncio.Task[bytes]] = {}
    for state in states.values():
        fetcher.listed(state.feed, state.subscription.url)

    async def rules(url: str, feed: int) -> bytes:
        """The site's robots.txt; nothing where there is none, all refused where it can't be asked for now."""
        answer = await fetcher.get(
            Request(url=url, source=webpages.ARTICLE, accept="text/plain", from_feed=True, feed=feed)
        )
        if isinstance(answer, Response):
            return answer.body
        # An empty one forbids nothing, and is a failure only for who waits for a feed.
        nothing = isinstance(answer, Failure) and (answer.status in EMPTY or 400 <= answer.status < 500)
        return b"" if nothing else b"User-agent: *\nDisallow: /"

    async def allowed(url: str, feed: int) -> bool:
        """Whether the reader and the site let us read that address; a site's rules are asked for once."""
        if not may(url, states.get(feed)):
            return False
        place = webpages.robots_url(url)
        if place not in robots:
            robots[place] = asyncio.ensure_future(rules(place, feed))
        return webpages.allowed(await robots[place], url)

    async def one(item: StoredItem) -> tuple[StoredItem, Item] | None:
        url = item.item.link
        for _ in range(HOPS):
            if not await allowed(url, item.feed):
                return None
            subscription = Subscription(url=url, title=item.item.title)
            asked = webpages.article.request(FeedState(subscription=subscription))
            answer = await fetcher.get(msgspec.structs.replace(asked, from_feed=True, feed=item.feed))
            if isinstance(answer, Response):
                parsed = await parsers.parse(answer, subscription, {}, home.clock())
                return (item, parsed.items[0]) if isinstance(parsed, Parsed) and parsed.items else None
            if not isinstance(answer, Failure) or not answer.leads_to:
                return None
            url = answer.leads_to
        return None

    async with together() as tasks:
        found = [tasks.create_task(one(item)) for item in items]
    return [pair for task in found if (pair := task.result()) is not None]
