"""What if: past mornings chosen again with other settings, side by side with what was. Touches nothing."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from newsfeed import edition
from newsfeed.errors import NotFoundError, SettingsError
from newsfeed.model import Day, Edition, Pick, Record, Settings
from newsfeed.pipeline.home import Home
from newsfeed.store import Store


class Morning(Record, frozen=True, kw_only=True):
    """One past morning: what was, and what would have been. Minutes by topic; titles that came and went."""

    date: Day
    was: Mapping[str, float]
    would: Mapping[str, float]
    stories: tuple[int, int]
    minutes: tuple[float, float]
    came: tuple[str, ...]
    went: tuple[str, ...]


class Simulated(Record, frozen=True, kw_only=True):
    """All mornings, and their sum."""

    mornings: tuple[Morning, ...]
    was: Mapping[str, float]
    would: Mapping[str, float]
    labels: Mapping[str, str]


def changed(settings: Settings, *, minutes: float | None, shares: Mapping[str, float]) -> Settings:
    """Settings with another budget and other shares.

    Raises:
        SettingsError: a share names no topic.
    """
    topics = dict(settings.topics)
    for name, share in shares.items():
        if name not in topics:
            raise SettingsError("--share", f"{name!r} is no topic", f"Topics: {', '.join(topics)}.")
        topics[name] = msgspec.structs.replace(topics[name], share=share)
    made = msgspec.structs.replace(settings, topics=topics)
    if minutes is not None:
        made = msgspec.structs.replace(made, edition=msgspec.structs.replace(made.edition, minutes=minutes))
    return made


def simulate(home: Home, store: Store, settings: Settings, *, days: int) -> Simulated:
    """Choose the last `days` stored editions again by `settings`, each from what was at hand when it was built.

    Items that were cleaned away since can't take part.

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
        pool = store.pool(date, stored.built)
        then = tuple(c for c in pool.candidates if c.item.first_seen <= stored.built)
        again = edition.build(
            msgspec.structs.replace(pool, candidates=then), settings, date=date, now=stored.built
        )
        mornings.append(_beside(stored, again))
    return Simulated(
        mornings=tuple(mornings),
        was=_sum([m.was for m in mornings]),
        would=_sum([m.would for m in mornings]),
        labels={name: topic.label or name for name, topic in settings.topics.items()},
    )


def _beside(was: Edition, would: Edition) -> Morning:
    before, after = _titles(was), _titles(would)
    return Morning(
        date=was.date,
        was={t.name: t.minutes for t in was.topics},
        would={t.name: t.minutes for t in would.topics},
        stories=(len(before), len(after)),
        minutes=(was.minutes, would.minutes),
        came=tuple(title for ref, title in after.items() if ref not in before),
        went=tuple(title for ref, title in before.items() if ref not in after),
    )


def _titles(one: Edition) -> dict[int, str]:
    picks: list[Pick] = [p for s in one.sections for p in s.picks]
    return {p.story: p.title for p in picks} | {line.story: line.title for line in one.lines}


def _sum(parts: list[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for part in parts:
        for name, minutes in part.items():
            total[name] = total.get(name, 0.0) + minutes
    return total
