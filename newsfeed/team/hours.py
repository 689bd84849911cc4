"""When a reader's next morning is. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from newsfeed.pipeline.morning.routine import wanted

NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def next_hour(zone: str, hour: str, days: Collection[str], after: datetime) -> datetime:
    """The next time after `after` at which the hour of a local day with an edition comes, in UTC; `NEVER` without any.

    An hour that is skipped that night comes as much later as the clocks are put forward.
    """
    here = ZoneInfo(zone)
    today = after.astimezone(here).date()
    for n in range(9):
        day = today + timedelta(days=n)
        moment = datetime.combine(day, time.fromisoformat(hour), here).astimezone(UTC)
        if moment > after and wanted(day, days):
            return moment
    return NEVER
