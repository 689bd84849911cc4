"""What if: past mornings by other settings, a new feed on last week's pages, today's page chosen anew.

Nothing is changed by any of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from newsfeed import breadth, edition
from newsfeed.breadth.measures import effective
from newsfeed.errors import NotFoundError, SettingsError
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
    Settings,
    StoredItem,
    Subscription,
    ledger,
    picks,
)
from newsfeed.pipeline.home import Home, topic_named, with_minutes
from newsfeed.pipeline.morning import digest, understand
from newsfeed.pipeline.subscriptions import add
from newsfeed.pipeline.subscriptions import edit as editing
from newsfeed.store import Store
from newsfeed.text.outline_options import options
from newsfeed.text.spoken import say, topic_labels

_A_STORY = 0.2  # minutes
MORNINGS = 7  # a week, so that each weekday counts once
SHOWN = 8  # items of a preview
FRESH = timedelta(days=3)  # what is older has lost two thirds of its score
# Of what waited for a place, those of the highest news value, and of all items of a morning some: an estimate, a
# little kind to the new feed (four of five feeds were placed as among all 16,000: bench/RESULTS.md, The app).
RIVALS = 200  # that waited
USUAL = 150  # of all
AGES = 600  # seconds in which news doesn't age enough to change a choice; in hours it does


class OtherMorning(Record, frozen=True, kw_only=True):
    """One past morning: what was chosen, and what would have been.

    Pairs are (was, would be). `came` and `went` are the titles that only the changed settings add and remove: both
    sides of it are chosen by what is known today, so that what was learned since changes neither.
    """

    date: Day
    was: Mapping[str, float]  # minutes by topic
    would: Mapping[str, float]
    stories: tuple[int, int]
    minutes: tuple[float, float]
    untold: tuple[int, int]  # stories that four or more outlets told, without a place
    full: tuple[bool, bool]  # minutes were left, but `max_items` was reached
    came: tuple[str, ...]
    went: tuple[str, ...]
    learned: bool  # the reader's own settings would choose other stories today, too


class Simulated(Record, frozen=True, kw_only=True):
    """All mornings, and the totals: minutes by topic, and the effective number of topics."""

    mornings: tuple[OtherMorning, ...]
    was: Mapping[str, float]
    would: Mapping[str, float]
    topics: tuple[float, float]
    labels: Mapping[str, str]
    max_items: int | None
    scaled: str = ""  # what became of shares that don't add up to the whole


def changed(settings: Settings, *, shares: Mapping[str, float], max_items: int | None = None) -> Settings:
    """The settings with changed shares (topics named as on the page or in the settings) and a changed number of stories.

    Raises:
        SettingsError: a share is for no topic, or they add up to more than 1.
    """
    topics = dict(settings.topics)
    for given, share in shares.items():
        name = topic_named(settings, given)
        if not name:
            raise SettingsError(
                "--share",
                say("{given} is no topic", given=repr(given)),
                say("Topics: {names}.", names=", ".join(topics)),
            )
        topics[name] = msgspec.structs.replace(topics[name], share=share)
    # As in newsfeed.toml, so that what was tried can be written there.
    total = sum(
        topic.share for name, topic in topics.items() if topic.share and name != settings.edition.core
    )
    if total > 1:
        raise SettingsError(
            "--share",
            say("the shares add up to {total}", total=f"{total:g}"),
            "Together they may be 1 at the most.",
        )
    made = msgspec.structs.replace(settings, topics=topics)
    if max_items is None:
        return made
    return msgspec.structs.replace(made, edition=msgspec.structs.replace(made.edition, max_items=max_items))


@dataclass(frozen=True)
class Basis:
    """What one past morning was chosen from, and what the reader's own settings would choose of it today."""

    was: Edition
    weighed: edition.Weighed
    own: Settings
    again: Edition


def _built(on: edition.Weighed, settings: Settings) -> Edition:
    """The edition of a morning with these settings."""
    return edition.build(on.pool, settings, date=on.date, now=on.now, weighed=on)


def basis(home: Home, store: Store, stored: Edition) -> Basis:
    """What stays the same while different settings are tried on a morning."""
    weighed = digest.weighed_then(home, store, stored)
    own = with_minutes(home.settings, stored.budget_minutes)

    key = (stored.date, stored.built, home.settings)
    again = store.while_unchanged("chosen again", key, lambda: _built(weighed, own))
    return Basis(was=stored, weighed=weighed, own=own, again=again)


def beside(on: Basis, settings: Settings, minutes: float | None = None) -> OtherMorning:
    """One morning with other settings; without `minutes` it keeps its own."""
    was = on.was
    other = with_minutes(settings, was.budget_minutes if minutes is None else minutes)
    would = on.again if other == on.own else _built(on.weighed, other)
    return _beside(was, on.again, would)


def simulate(
    home: Home, store: Store, settings: Settings, *, days: int, minutes: float | None = None
) -> Simulated:
    """Choose the last `days` stored editions again with `settings`, each from what was stored when it was built and
    after the editions that were really printed before it.

    Items that were cleaned away since can't take part; tags are those of today.

    Args:
        minutes: the budget of each morning; without it each keeps its own.

    Raises:
        NotFoundError: there is no stored edition.
    """
    dates = store.editions()[-days:]
    if not dates:
        raise NotFoundError("simulate", "there is no stored edition yet", "Run newsfeed digest first.")
    mornings = []
    for date in dates:
        stored = store.edition(date)
        if stored is None:
            continue
        mornings.append(beside(basis(home, store, stored), settings, minutes))
    was, would_be = _sum(m.was for m in mornings), _sum(m.would for m in mornings)
    return Simulated(
        mornings=tuple(mornings),
        was=was,
        would=would_be,
        topics=(effective(_shares(was)), effective(_shares(would_be))),
        labels=topic_labels(settings.topics),
        max_items=settings.edition.max_items,
        scaled=breadth.scaled(settings),
    )


def _beside(was: Edition, again: Edition, would: Edition) -> OtherMorning:
    printed, control, after = _titles(was), _titles(again), _titles(would)
    return OtherMorning(
        date=was.date,
        was={t.name: t.minutes for t in was.topics},
        would={t.name: t.minutes for t in would.topics},
        stories=(len(printed), len(after)),
        minutes=(was.minutes, would.minutes),
        untold=(was.big_all - was.big_told, would.big_all - would.big_told),
        full=(_is_full(was), _is_full(would)),
        came=tuple(title for item, title in after.items() if item not in control),
        went=tuple(title for item, title in control.items() if item not in after),
        learned=printed.keys() != control.keys(),
    )


def _is_full(one: Edition) -> bool:
    return edition.is_full(one) and one.budget_minutes - one.minutes >= _A_STORY


def _titles(one: Edition) -> dict[int, str]:
    """What stands in the minutes, by item: stories may have been joined and renumbered since."""
    return {p.item: p.title for s in one.sections for p in s.picks} | {
        line.item: line.title for line in one.lines
    }


def _shares(minutes: Mapping[str, float]) -> dict[str, float]:
    total = sum(minutes.values())
    return {name: spent / total for name, spent in minutes.items()} if total > 0 else {}


def _sum(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = defaultdict(float)
    for part in parts:
        for name, minutes in part.items():
            total[name] += minutes
    return total


class TriedFeed(Record, frozen=True, kw_only=True):
    """A feed that was found behind an address: what it holds, and where it would have stood."""

    wanted: Subscription  # as the list would hold it
    url: str  # redacted
    title: str
    items: tuple[tuple[str, datetime | None], ...]
    count: int
    pages: tuple[tuple[Day, str], ...]  # what it would have put on the last pages
    mornings: int
    unlisted: str  # why no page would have them, if their language isn't listed
    edit: editing.Edit


def try_feed(
    home: Home, store: Store, address: str, *, folder: str, title: str, secrets: dict[str, str]
) -> TriedFeed:
    """Find the feed behind an address and look at it; the list stays as it is.

    Raises:
        NotFoundError: there is none, or it is in the list already.
        ListError: feeds.opml can't be edited as it stands.
    """
    subscription, parsed = add.find(home, address, folder=folder, title=title, secrets=secrets)
    pages, mornings = would_have(home, store, subscription, parsed)
    unlisted = add.unlisted_language(home, parsed.items)
    newest = sorted(parsed.items, key=lambda i: -(i.published.timestamp() if i.published else 0))
    return TriedFeed(
        wanted=subscription,
        url=redact(subscription.url),
        title=editing.name_of(subscription),
        items=tuple((i.title or i.lead[:120], i.published) for i in newest[:SHOWN]),
        count=len(parsed.items),
        pages=tuple(pages),
        mornings=mornings,
        unlisted=add.unlisted_words(unlisted) if unlisted else "",
        edit=editing.change(home, editing.added(subscription)),
    )


def would_have(
    home: Home, store: Store, subscription: Subscription, parsed: Parsed
) -> tuple[list[tuple[Day, str]], int]:
    """What a feed would have added to last week's pages, each chosen again with its items; and the number of pages."""
    dated = [i for i in parsed.items if i.published is not None]
    state = FeedState(subscription=subscription)
    stored = [_stored(n, item) for n, item in enumerate(dated, 1)]
    tagger = understand.load_model(home, store).tagger
    tagged = {t.item: t for t in tagger.tag([understand.document(i, state) for i in stored])}
    facts = FeedFacts(
        feed=-1,
        title=subscription.title or subscription.url,
        url=subscription.url,
        html_url=subscription.html_url,
        folders=subscription.folders,
        options=options(subscription.options),
        items_a_day=len(dated) / max(1.0, _days(dated)),
    )
    found: list[tuple[Day, str]] = []
    seen: set[int] = set()
    dates = store.editions()[-MORNINGS - 1 :]
    asked = dates[-MORNINGS:]
    earlier: datetime | None = None  # when the morning before was built
    sources: Sequence[FeedFacts] = ()  # a week changes them little
    for date in dates:
        was = store.edition(date)
        if was is None:
            continue
        since = earlier or was.built - timedelta(days=1)
        earlier = was.built
        new = [
            Candidate(item=i, tagging=tagged[i.id], story=i.id)
            for i in stored
            if i.id not in seen and since < (i.item.published or was.built) <= was.built
        ]
        if date not in asked or not new:  # a morning is weighed again only for something that came
            continue
        pool = digest.pool_then(store, was, _rivals(store, was), sources)
        sources = pool.feeds
        pool = msgspec.structs.replace(pool, candidates=(*pool.candidates, *new), feeds=(*pool.feeds, facts))
        again = edition.build(pool, with_minutes(home.settings, was.budget_minutes), date=date, now=was.built)
        for number, title in _all_titles(again).items():
            if number < 0:
                seen.add(number)
                found.append((date, title))
    return found, len(asked)


def _rivals(store: Store, was: Edition) -> set[int]:
    """What of a morning may compete with a new feed's items for a place: what the page told, what came next to it, and
    what else is worth most; and some of the rest, by which a morning is judged as a whole."""
    told = {pick.item for pick in picks(was)} | {line.item for line in was.lines}
    told |= {was.long_read.item} if was.long_read else set()
    seconds = {
        p.account.gain.runner_up.ref for p in picks(was) if p.account.gain and p.account.gain.runner_up
    }
    told |= {entry.item for entry in was.ledger if entry.ref in seconds}
    waited = [entry.item for entry in was.ledger if entry.cause in {ledger.ROOM, ledger.CAPPED}]
    values = store.values(was.built - FRESH)
    waited.sort(key=lambda item: (-values.get(item, 0.0), item))
    usual = [entry.item for entry in was.ledger][:: max(1, len(was.ledger) // USUAL)]
    found = {*told, *waited[:RIVALS], *usual}
    return found | {item for story in store.stories_of(found) for item in story.items}


def _stored(number: int, item: Item) -> StoredItem:
    # Negative numbers, which no stored item has.
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


def _all_titles(one: Edition) -> dict[int, str]:
    return {p.item: p.title for p in picks(one)} | {line.item: line.title for line in one.lines}


class Rebuilt(Record, frozen=True, kw_only=True):
    """What a rebuild of today's page would change."""

    came: tuple[str, ...]
    went: tuple[str, ...]
    moved: tuple[tuple[str, str, str], ...]  # title, from, to: headings


def try_rebuild(home: Home, store: Store) -> Rebuilt:
    """Choose today's page anew beside the one that stands; nothing is changed.

    Raises:
        NotFoundError: today has no page yet.
    """
    day = home.today
    was = store.edition(day)
    if was is None:
        raise NotFoundError("today's page", "there is none yet", "Build it first.")
    # News doesn't age so much meanwhile that a choice would be another.
    now = datetime.fromtimestamp(home.clock().timestamp() // AGES * AGES, UTC)
    key = (day, was.built, home.settings, now)

    def weigh(before: edition.Weighed | None = None) -> edition.Weighed:
        pool = digest.pool_for(home, store, day, seen=now)
        return edition.weigh(pool, home.settings, date=day, now=now, before=before)

    def choose() -> Edition:
        return _built(store.while_unchanged("weighed now", key, weigh, weigh), home.settings)

    would = store.while_unchanged("rebuilt", key, choose)
    before, after = _all_titles(was), _all_titles(would)
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
