"""Days that have an edition, and mornings that were missed. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from newsfeed.model import Day

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MISSED_SHOWN = 31  # days that are looked back for missed mornings
_DAY = timedelta(days=1)


def wanted(day: Day, days: Collection[str]) -> bool:
    """Whether a local day has an edition, by the names of the weekdays that have one."""
    return WEEKDAYS[day.weekday()] in days


def missed(today: Day, days: Collection[str], done: Collection[Day]) -> tuple[Day, ...]:
    """The wanted days between the last one done and today; none before there ever was one."""
    earlier = [day for day in done if day < today]
    if not earlier:
        return ()
    day = max(*earlier, today - MISSED_SHOWN * _DAY) + _DAY
    gap = []
    while day < today:
        if wanted(day, days):
            gap.append(day)
        day += _DAY
    return tuple(gap)
