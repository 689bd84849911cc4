"""Which days have an edition, which were missed, and what is due now.

A day is a local date of the reader, and its edition is made once, because the date is the key. An hour that comes
twice or not at all when clocks change, a step of the clock or a journey across the date line makes no second edition
and skips none.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from newsfeed.model import WEEKDAYS, Day, Record
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


class Act(StrEnum):
    """What there is to do."""

    WAIT = "wait"
    PREPARE = "prepare"  # ask the feeds and make the page, so that it is there at the hour
    DELIVER = "deliver"  # at the hour: make what is missing, send the mail, note the day as done


class Due(Record, frozen=True, kw_only=True):
    """What is due, for which day, and when to ask again."""

    act: Act
    day: Day  # the reader's local date now
    next: datetime | None  # UTC: when the next act begins; None without days to deliver on
    missed: tuple[Day, ...] = ()  # mornings that passed without an edition since the last one that was done


def due(
    now: datetime,
    zone: str,
    hour: str,
    days: Collection[str],
    done: Collection[Day],
    prepared: Collection[Day] = (),
    ahead: timedelta = timedelta(0),
) -> Due:
    """What to do at `now`.

    Args:
        now: aware.
        zone: the reader's, by its IANA name.
        hour: "06:30", local.
        days: names of the weekdays that have an edition.
        done: local dates whose edition is done, in whatever zone that was.
        prepared: local dates whose page was made in its time ahead of the hour.
        ahead: how long before the hour that is; never before midnight of its day.
    """
    here = ZoneInfo(zone)
    today = now.astimezone(here).date()
    if today in done or not wanted(today, days):
        act = Act.WAIT
    elif now >= moment(today, hour, here):
        act = Act.DELIVER
    elif today not in prepared and now >= opening(today, hour, here, ahead):
        act = Act.PREPARE
    else:
        act = Act.WAIT
    return Due(
        act=act,
        day=today,
        next=coming(now, zone, hour, days, done, prepared, ahead),
        missed=missed(today, days, done),
    )


@lru_cache(maxsize=64)  # of the same few days at each look
def moment(day: Day, hour: str, zone: ZoneInfo) -> datetime:
    """The moment of an hour on a local day, in UTC.

    An hour that is skipped when clocks go forward comes that much later; of an hour that comes twice, the first counts.
    """
    return datetime.combine(day, time.fromisoformat(hour), zone).astimezone(UTC)


def opening(day: Day, hour: str, zone: ZoneInfo, ahead: timedelta) -> datetime:
    """When preparing a local day begins, in UTC: `ahead` of its hour, but not before the day itself."""
    return max(moment(day, hour, zone) - ahead, moment(day, "00:00", zone))


def coming(
    now: datetime,
    zone: str,
    hour: str,
    days: Collection[str],
    done: Collection[Day] = (),
    prepared: Collection[Day] = (),
    ahead: timedelta = timedelta(0),
) -> datetime | None:
    """The next moment after `now` at which something becomes due; None without days to deliver on."""
    here = ZoneInfo(zone)
    today = now.astimezone(here).date()
    for n in range(8):
        day = today + n * _DAY
        if day in done or not wanted(day, days):
            continue
        moments = [moment(day, hour, here)]
        if day not in prepared:
            moments.append(opening(day, hour, here, ahead))
        if later := [m for m in moments if m > now]:
            return min(later)
    return None
