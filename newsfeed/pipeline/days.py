"""Which days have an edition: those that the reader wants, those that are done, those that were missed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from newsfeed.model import WEEKDAYS, Day
from newsfeed.store import Store

MISSED_SHOWN = 31  # days that are looked back for missed mornings
_DAY = timedelta(days=1)  # of the calendar


def wanted(day: Day, days: Collection[str]) -> bool:
    """Whether a local day has an edition, by the names of the weekdays that have one."""
    return WEEKDAYS[day.weekday()] in days


def missed(today: Day, days: Collection[str], done: Collection[Day]) -> tuple[Day, ...]:
    """The wanted days between the last one done and today; none before there ever was one."""
    gap: list[Day] = []
    for n in range(1, MISSED_SHOWN):
        if (day := today - n * _DAY) in done:
            return tuple(reversed(gap))
        if wanted(day, days):
            gap.append(day)
    return tuple(reversed(gap)) if any(day < today for day in done) else ()


def days_done(store: Store, today: Day) -> frozenset[Day]:
    """The days whose edition is done, as far as a schedule asks.

    A day before today counts as done when it has an edition at all, even one that was made by hand.
    """
    earlier = {day for day in store.editions() if day < today}
    return frozenset(store.days_done(today - MISSED_SHOWN * _DAY) | earlier)
