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


# RFC 822 as feeds write it: weekday, seconds and zone may be missing, years may have two digits.
_RFC822 = re.compile(
    r"^(?:[a-z]{2,10}\.?,?\s+)?(\d{1,2})[\s-]+([a-z]{3,9})\.?,?[\s-]+(\d{4}|\d{2})(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?"
    r"\s*(?:(?:GMT|UTC)?([+-]\d{2}:?\d{2})|([a-z]{1,5})?)(?:\s*\([^)]{0,40}\))?)?$",
    re.IGNORECASE,
)
_MONTHS = {
    m: i + 1
    for i, m in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    )
}
_ZONES = {  # hours east of Greenwich; where a name has several meanings, the one that feeds mean
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "west": 1, "bst": 1, "ist": 5.5, "cet": 1, "mez": 1, "cest": 2,
    "mesz": 2, "sast": 2, "eet": 2, "eest": 3, "msk": 3, "gst": 4, "pkt": 5, "wib": 7, "ict": 7, "hkt": 8, "sgt": 8,
    "awst": 8, "jst": 9, "kst": 9, "acst": 9.5, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13, "brt": -3, "art": -3,
    "adt": -3, "ast": -4, "edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8,
    "akdt": -8, "akst": -9, "hst": -10,
}  # fmt: skip


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
        year, month, day, hour, minute, second = (int(v) for v in value[:6])
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def from_text(value: object) -> datetime | None:
    """ISO 8601, RFC 822, or seconds or milliseconds since 1970; None for anything else, and for days that aren't."""
    if isinstance(value, bool):
        return None
    text = str(value).strip() if isinstance(value, str | int | float) else ""
    if len(text) > 80:
        return None
    if _EPOCH.match(text):
        seconds = float(text)
        return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, tz=UTC)
    if match := _ISO.match(text):
        year, month, day, hour, minute, second, zone = match.groups()
        return _moment((year, month, day, hour, minute, second), _hours(zone or ""))
    if match := _RFC822.match(text):
        day, name, year, hour, minute, second, offset, zone = match.groups()
        month = _MONTHS.get(name[:3].lower())
        if month is None:
            return None
        full = year if len(year) == 4 else f"{'19' if int(year) >= 70 else '20'}{year}"
        return _moment((full, str(month), day, hour, minute, second), _hours(offset or zone or ""))
    return None


def _hours(zone: str) -> float | None:
    """Hours east of Greenwich of "+02:00", "CEST" or ""; None for what is no zone. Unknown names are Greenwich."""
    offset = re.match(r"([+-])(\d{2}):?(\d{2})$", zone)
    if offset:
        hours = int(offset.group(2)) + int(offset.group(3)) / 60
        return None if hours > 15 else hours if offset.group(1) == "+" else -hours
    return _ZONES.get(zone.lower(), 0)


def _moment(parts: tuple[str | None, ...], east: float | None) -> datetime | None:
    if east is None:
        return None
    year, month, day, hour, minute, second = (int(p or 0) for p in parts)
    try:
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC) - timedelta(hours=east)
    except (ValueError, OverflowError):
        return None


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
