"""What if: past mornings chosen again with other settings, side by side with what was. Touches nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from newsfeed import edition
from newsfeed.errors import NotFoundError, SettingsError
from newsfeed.model import Day, Edition, Pool, Record, Settings
from newsfeed.pipeline.home import Home, with_minutes
from newsfeed.store import Store

_A_STORY = 0.2  # minutes


class Morning(Record, frozen=True, kw_only=True):
    """One past morning: what was, and what would have been.

    Pairs are (was, would be). `came` and `went` are the titles that the changed settings alone bring and cost: both
    sides of it are chosen by what is known today, so that what was learned since changes neither.
    """

    date: Day
    was: Mapping[str, float]  # minutes by topic
    would: Mapping[str, float]
    stories: tuple[int, int]
    minutes: tuple[float, float]
    untold: tuple[int, int]  # stories that four or more outlets told, without a place
    full: tuple[bool, bool]  # no room for another story, though there were minutes: `max_items` was reached
    came: tuple[str, ...]
    went: tuple[str, ...]
    learned: bool  # the reader's own settings, too, would choose other stories today


class Simulated(Record, frozen=True, kw_only=True):
    """All mornings, and their sum: minutes by topic, and the number of topics that were effectively told of."""

    mornings: tuple[Morning, ...]
    was: Mapping[str, float]
    would: Mapping[str, float]
    topics: tuple[float, float]
    labels: Mapping[str, str]
    max_items: int | None
    scaled: str = ""  # what became of shares that don't add up to the whole


def changed(settings: Settings, *, shares: Mapping[str, float], max_items: int | None = None) -> Settings:
    """Settings with other shares, topics named as on the page or in the settings, and another number of stories.

    Raises:
        SettingsError: a share names no topic, or all of them are more than there is.
    """
    topics = dict(settings.topics)
    names = {topic.label.casefold(): name for name, topic in topics.items() if topic.label}
    names |= {name.casefold(): name for name in topics}
    for given, share in shares.items():
        name = names.get(given.casefold())
        if name is None:
            raise SettingsError("--share", f"{given!r} is no topic", f"Topics: {', '.join(topics)}.")
        topics[name] = msgspec.structs.replace(topics[name], share=share)
    # As in newsfeed.toml, so that what was tried can be written there.
    total = sum(
        topic.share for name, topic in topics.items() if topic.share and name != settings.edition.core
    )
    if total > 1:
        raise SettingsError(
            "--share", f"the shares add up to {total:g}", "Together they may be 1 at the most."
        )
    made = msgspec.structs.replace(settings, topics=topics)
    if max_items is None:
        return made
    return msgspec.structs.replace(made, edition=msgspec.structs.replace(made.edition, max_items=max_items))


class Basis(Record, frozen=True, kw_only=True):
    """What one past morning was chosen from, and what the reader's own settings would choose of it today."""

    was: Edition
    pool: Pool
    own: Settings
    again: Edition


def basis(home: Home, store: Store, stored: Edition) -> Basis:
    """What stands still while settings are tried on a morning."""
    pool = then(store, stored)
    own = with_minutes(home.settings, stored.budget_minutes)
    return Basis(
        was=stored,
        pool=pool,
        own=own,
        again=edition.build(pool, own, date=stored.date, now=stored.built),
    )


def beside(on: Basis, settings: Settings, minutes: float | None = None) -> Morning:
    """One morning by other settings; without `minutes` it keeps its own."""
    was = on.was
    other = with_minutes(settings, was.budget_minutes if minutes is None else minutes)
    would = on.again if other == on.own else edition.build(on.pool, other, date=was.date, now=was.built)
    return _beside(was, on.again, would)


def simulate(
    home: Home, store: Store, settings: Settings, *, days: int, minutes: float | None = None
) -> Simulated:
    """Choose the last `days` stored editions again by `settings`, each from what was at hand when it was built and
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
        topics=(edition.effective(_shares(was)), edition.effective(_shares(would_be))),
        labels={name: topic.label or name for name, topic in settings.topics.items()},
        max_items=settings.edition.max_items,
        scaled=edition.scaled(settings),
    )


def then(store: Store, stored: Edition) -> Pool:
    """What that morning was chosen from: nothing that came later, neither as an item nor as a story's new teller."""
    pool = store.pool(stored.date, stored.built)
    candidates = tuple(c for c in pool.candidates if c.item.first_seen <= stored.built)
    last = max((c.item.id for c in candidates), default=0)  # items are numbered as they come
    stories = (
        msgspec.structs.replace(one, items=tuple(n for n in one.items if n <= last)) for one in pool.stories
    )
    return msgspec.structs.replace(
        pool, candidates=candidates, stories=tuple(one for one in stories if one.items), reports=stored.feeds
    )


def _beside(was: Edition, again: Edition, would: Edition) -> Morning:
    printed, control, after = _titles(was), _titles(again), _titles(would)
    return Morning(
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
    picks = [p for s in one.sections for p in s.picks]
    return {p.item: p.title for p in picks} | {line.item: line.title for line in one.lines}


def _shares(minutes: Mapping[str, float]) -> dict[str, float]:
    total = sum(minutes.values())
    return {name: spent / total for name, spent in minutes.items()} if total > 0 else {}


def _sum(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for part in parts:
        for name, minutes in part.items():
            total[name] = total.get(name, 0.0) + minutes
    return total
