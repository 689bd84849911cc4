"""What asking the feeds brought: one record a feed, what changed in the list, and both in short words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from newsfeed.model import Failure, Problem, Record

_NAMED = 4
_NUMBERS = {1: "one", 2: "two", 3: "three"}


class FeedOutcome(StrEnum):
    """How asking one feed ended."""

    NEW = "new"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    WAITING = "waiting"  # not asked: too soon, or it told us when to come back


class FeedResult(Record, frozen=True, kw_only=True):
    """One feed's part of a refresh."""

    feed: int
    name: str
    url: str
    outcome: FeedOutcome
    new: int = 0
    changed: int = 0
    before: int = 0  # of the new ones, those published before the reader subscribed
    failure: Failure | None = None
    wait_until: datetime | None = None
    seconds: float = 0.0
    on_page: int = 0  # its picks and lines on today's page
    added: bool = False  # first refresh since it came into the list
    back: bool = False  # it was there before: its history goes on


class ListChange(Record, frozen=True, kw_only=True):
    """What changed in feeds.opml since the last refresh, and what is wrong with it."""

    added: tuple[str, ...] = ()  # those that are back among them
    back: tuple[str, ...] = ()  # those that were there before: their history goes on
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    unreadable: str = ""  # why the last good list is in force instead


def plan_words(change: ListChange, results: Sequence[FeedResult] = ()) -> str:
    """What changed in the list, in short: "+2 −1 ~1, one duplicate, one unreachable"; "" where nothing did."""
    counts = (("+", change.added), ("−", change.removed), ("~", change.changed))
    plan = " ".join(f"{sign}{len(these)}" for sign, these in counts if these)
    doubles = sum(p.harmless for p in change.problems)
    rest = len(change.problems) - doubles
    unreachable = sum(r.added and r.failure is not None for r in results) if change.added else 0
    parts = [plan] if plan else []
    for number, one, many in (
        (doubles, "duplicate", "duplicates"),
        (rest, "problem", "problems"),
        (unreachable, "unreachable", "unreachable"),
    ):
        if number:
            parts.append(f"{_NUMBERS.get(number, str(number))} {one if number == 1 else many}")
    return ", ".join(parts)


def named_changes(change: ListChange) -> str:
    """Which feeds a change is about: " (new: A, B; back: C; gone: D; changed: E)"; "" where nothing changed."""
    new = tuple(name for name in change.added if name not in change.back)
    said = []
    for word, these in (
        ("new", new),
        ("back", change.back),
        ("gone", change.removed),
        ("changed", change.changed),
    ):
        if these:
            more = f" and {len(these) - _NAMED} more" if len(these) > _NAMED else ""
            said.append(f"{word}: {', '.join(these[:_NAMED])}{more}")
    return f" ({'; '.join(said)})" if said else ""
