"""Times as feeds write them -> aware UTC datetimes, or None where they say nothing sensible."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # the web is younger
AHEAD = timedelta(
    days=1
)  # zones and clocks that are wrong; what lies further ahead is no time of publication

_EPOCH = re.compile(r"^\d{9,10}(?:\.\d+)?$|^\d{12,13}$")
_ISO = re.compile(
    r"^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*(Z|[+-]\d{2}:?\d{2}|UTC|GMT)?)?$",
    re.IGNORECASE,
)


def sane(moment: datetime | None, now: datetime) -> datetime | None:
    """The moment if an item can have been published then.

    None before 1990 and more than a day ahead of `now`; what is less than a day ahead becomes `now`, so that no
    item sorts above one fetched at this minute.
    """
    if moment is None or moment < EARLIEST or moment > now + AHEAD:
        return None
    return min(moment, now)


def from_struct(value: object) -> datetime | None:
    """feedparser's `*_parsed`, which is UTC."""
    if not isinstance(value, tuple | time.struct_time) or len(value) < 6:
        return None
    try:
        return datetime(*(int(v) for v in value[:5]), min(int(value[5]), 59), tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def from_text(value: object) -> datetime | None:
    """ISO 8601, or seconds or milliseconds since 1970, as JSON and careless feeds give it."""
    if isinstance(value, bool):
        return None
    text = str(value).strip() if isinstance(value, str | int | float) else ""
    if _EPOCH.match(text):
        seconds = float(text)
        return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, tz=UTC)
    match = _ISO.match(text)
    if not match:
        return None
    year, month, day, hour, minute, second, zone = match.groups()
    try:
        moment = datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            min(int(second or 0), 59),
            tzinfo=UTC,
        )
    except ValueError:
        return None
    offset = re.match(r"([+-])(\d{2}):?(\d{2})", zone or "")
    if offset:
        shift = timedelta(hours=int(offset.group(2)), minutes=int(offset.group(3)))
        if shift > timedelta(hours=15):
            return None
        try:
            moment += -shift if offset.group(1) == "+" else shift
        except OverflowError:
            return None
    return moment


def duration(value: object) -> int:
    """Seconds of "3600", "62:03", "1:02:03", "PT1H2M", "45 min"; 0 where unknown or above two days."""
    text = str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    seconds = 0
    if re.fullmatch(r"\d{1,7}(?:\.\d+)?", text):
        seconds = int(float(text))
    elif match := re.fullmatch(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2})(?:\.\d+)?", text):
        seconds = int(match.group(1) or 0) * 3600 + int(match.group(2)) * 60 + int(match.group(3))
    elif match := re.fullmatch(
        r"(?:PT)?\s*(?:(\d{1,3})\s*h(?:ours?|rs?)?)?\s*(?:(\d{1,4})\s*m(?:in(?:ute)?s?)?)?\s*(?:(\d{1,5})\s*s(?:ec(?:ond)?s?)?)?\.?",
        text,
        re.IGNORECASE,
    ):
        seconds = sum(int(g or 0) * f for g, f in zip(match.groups(), (3600, 60, 1), strict=True))
    return seconds if 0 < seconds <= 172_800 else 0
