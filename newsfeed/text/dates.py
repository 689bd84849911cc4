"""Dates as people write them, for what has no date of its own: in a title, an address, a first sentence."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?"
_TH = r"(?:st|nd|rd|th)?"
# A day with or without its weekday and year: "Mon 4 June, 2012", "May 26th", "05-30-2012", "2012/5/30".
WRITTEN = (
    rf"(?:\b{_WEEKDAY},?\s+)?(?:\b\d{{1,2}}{_TH}(?:\s+of)?\s+{_MONTH}|\b{_MONTH}\s+\d{{1,2}}{_TH})"
    r"(?:,?\s*'?(?:19|20)?\d\d)?\b"
    r"|\b\d{1,2}[-/.]\s?\d{1,2}[-/.]\s?(?:19|20)?\d\d\b|\b(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}\b"
)
_WHOLE = re.compile(
    rf"(?:\b{_WEEKDAY},?\s+)?(?:\b\d{{1,2}}{_TH}(?:\s+of)?\s+{_MONTH}|\b{_MONTH}\s+\d{{1,2}}{_TH}),?\s+(?:19|20)\d\d\b"
    r"|\b\d{1,2}[-/.]\s?\d{1,2}[-/.]\s?(?:19|20)\d\d\b|\b(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_WITH_YEAR = re.compile(
    rf"\b(?P<d1>\d{{1,2}}){_TH}(?:\s+of)?\s+(?P<m1>{_MONTH}),?\s+(?P<y1>(?:19|20)\d\d)\b"
    rf"|\b(?P<m2>{_MONTH})\s+(?P<d2>\d{{1,2}}){_TH},?\s+(?P<y2>(?:19|20)\d\d)\b"
    r"|\b(?P<y3>(?:19|20)\d\d)[-/.](?P<m3>\d{1,2})[-/.](?P<d3>\d{1,2})\b"
    r"|\b(?P<a>\d{1,2})[-/.]\s?(?P<b>\d{1,2})[-/.]\s?(?P<y4>(?:19|20)\d\d)\b"
    r"|/(?P<y5>(?:19|20)\d\d)/(?P<m5>\d{1,2})/",
    re.IGNORECASE,
)


def undated(text: str) -> str:
    """A text without the days that it names with their year."""
    return _WHOLE.sub(" ", text) if _YEAR.search(text) else text


def latest_day(text: str) -> date | None:
    """The latest day with its year that a text names, None for none.

    Where day and month can't be told apart ("5/6/2012") it is the later of both; an address that names a month
    ("/2012/05/") stands for its last day.
    """
    found = [day for match in _WITH_YEAR.finditer(text) if (day := _day(match)) is not None]
    return max(found, default=None)


def _day(match: re.Match[str]) -> date | None:
    part: dict[str, str] = match.groupdict()
    readings: list[tuple[int | str, int | str, int | str]]
    if part["y1"] or part["y2"]:
        name = (part["m1"] or part["m2"])[:3].casefold()
        readings = [(part["y1"] or part["y2"], _MONTHS.index(name) + 1, part["d1"] or part["d2"])]
    elif part["y3"]:
        readings = [(part["y3"], part["m3"], part["d3"])]
    elif part["y4"]:
        readings = [(part["y4"], part["a"], part["b"]), (part["y4"], part["b"], part["a"])]
    else:
        of, month = int(part["y5"]), int(part["m5"])
        readings = [(of, month, monthrange(of, month)[1])] if 1 <= month <= 12 else []
    days = []
    for reading in readings:
        try:
            days.append(date(*map(int, reading)))
        except ValueError:
            continue
    return max(days, default=None)
