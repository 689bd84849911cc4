"""Dates as people write them, for what has no date of its own: in a title, an address, a first sentence."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

from newsfeed.text.months import WEEKDAYS, beginning, month, month_pattern

_MONTH = rf"{month_pattern('en', 'de')}\b\.?"
_DAY = r"\d{1,2}(?:st|nd|rd|th|\.)?"
_YEAR = r"(?:19|20)\d\d"
_WEEKDAY = rf"(?:\b(?:{'|'.join(map(beginning, WEEKDAYS))})\b\.?,?\s+)?"
_DAY_OF_MONTH = rf"{_WEEKDAY}(?:\b{_DAY}(?:\s+of)?\s+{_MONTH}|\b{_MONTH}\s+{_DAY})"
_YEAR_FIRST = rf"\b{_YEAR}[-/.]\d{{1,2}}[-/.]\d{{1,2}}\b"
# A day with or without its weekday and year: "Mon 4 June, 2012", "May 26th", "05-30-2012", "2012/5/30".
WRITTEN = rf"{_DAY_OF_MONTH}(?:,?\s*'?(?:19|20)?\d\d)?\b|\b\d{{1,2}}[-/.]\s?\d{{1,2}}[-/.]\s?(?:19|20)?\d\d\b|{_YEAR_FIRST}"
_WHOLE = re.compile(
    rf"{_DAY_OF_MONTH},?\s+{_YEAR}\b|\b\d{{1,2}}[-/.]\s?\d{{1,2}}[-/.]\s?{_YEAR}\b|{_YEAR_FIRST}",
    re.IGNORECASE,
)
_HAS_YEAR = re.compile(_YEAR)
_READ = re.compile(
    rf"\b(?P<d1>\d{{1,2}})(?:st|nd|rd|th|\.)?(?:\s+of)?\s+(?P<m1>{_MONTH}),?\s+(?P<y1>{_YEAR})\b"
    rf"|\b(?P<m2>{_MONTH})\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th|\.)?,?\s+(?P<y2>{_YEAR})\b"
    rf"|\b(?P<y3>{_YEAR})[-/.](?P<m3>\d{{1,2}})[-/.](?P<d3>\d{{1,2}})\b"
    rf"|\b(?P<a>\d{{1,2}})[-/.]\s?(?P<b>\d{{1,2}})[-/.]\s?(?P<y4>{_YEAR})\b"
    rf"|/(?P<y5>{_YEAR})/(?P<m5>\d{{1,2}})/",
    re.IGNORECASE,
)


def undated(text: str) -> str:
    """A text without the days that it names with their year."""
    return _WHOLE.sub(" ", text) if _HAS_YEAR.search(text) else text


def latest_day(text: str) -> date | None:
    """The latest day with its year that a text names, None for none.

    Where day and month can't be told apart ("5/6/2012") it is the later of both; an address that names a month
    ("/2012/05/") stands for its last day.
    """
    found = [day for match in _READ.finditer(text) if (day := _day(match)) is not None]
    return max(found, default=None)


def _day(match: re.Match[str]) -> date | None:
    part: dict[str, str] = match.groupdict()
    readings: list[tuple[int | str, int | str, int | str]]
    if part["y1"] or part["y2"]:
        readings = [(part["y1"] or part["y2"], month(part["m1"] or part["m2"]), part["d1"] or part["d2"])]
    elif part["y3"]:
        readings = [(part["y3"], part["m3"], part["d3"])]
    elif part["y4"]:
        readings = [(part["y4"], part["a"], part["b"]), (part["y4"], part["b"], part["a"])]
    else:
        year, number = int(part["y5"]), int(part["m5"])
        readings = [(year, number, monthrange(year, number)[1])] if 1 <= number <= 12 else []
    days = []
    for reading in readings:
        try:
            days.append(date(*map(int, reading)))
        except ValueError:
            continue
    return max(days, default=None)
