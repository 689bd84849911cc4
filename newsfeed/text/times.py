"""Times as feeds write them -> aware UTC datetimes, or None if they make no sense."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newsfeed.lazy import expression
from newsfeed.text import dates

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # before the web
AHEAD = timedelta(days=1)  # allowance for wrong zones and clocks; later moments can't be times of publication

# The formats of nearly all feeds: RFC 822, whose months are English in whatever language a feed is, and RFC 3339.
_MAIL = expression(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ((?:19|20)\d\d) "
    r"(\d\d):(\d\d):(\d\d) (?:GMT|UTC|([+-])(\d\d)(\d\d))",
    re.ASCII,
)
_NET = expression(
    r"((?:19|20)\d\d)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)
_MONTHS = {name[:3]: number for number, name in enumerate(dates.MONTHS, 1)}
_EPOCH = expression(r"^@?(\d{9,10}(?:\.\d+)?)$|^@?(\d{12,13})$|^@?(\d{15,16})$|^@?(\d{18,19})$")
_DOT_NET = expression(r"^/Date\((\d{9,13})(?:[+-]\d{4})?\)/$")
_WEEK = expression(r"^((?:19|20)\d\d)-?W([0-5]\d)-?([1-7])(?=$|[T\s])", re.ASCII)  # ISO 8601, section 4.1.4
_COMPACT = expression(
    r"^((?:19|20)\d\d)(0[1-9]|1[0-2])([0-3]\d)(?:T?([0-2]\d)([0-5]\d)([0-5]\d)?)?(?=Z?$|[+-])", re.IGNORECASE
)
_ERAS = {"令和": 2018, "平成": 1988, "民國": 1911, "民国": 1911}
_ERA = expression(rf"({'|'.join(_ERAS)})\s*(\d{{1,3}})\s*年")
# A day of the Persian calendar, which WordPress writes where a plug-in translates its dates: "6 آذر 1403".
_PERSIAN = expression(rf"(\d{{1,2}})\s+({'|'.join(dates.PERSIAN_MONTHS)})،?\s+(1[34]\d\d)(?!\d)")
_IN_PERSIA = range(1368, 1440)  # 1989 to 2061; from 1440 on it may be an Islamic year, of 2018 and later
_BUDDHIST = 543  # calendars with other years, by their difference
_CJK = str.maketrans(
    {"年": "-", "月": "-", "년": "-", "월": "-", "日": " ", "일": " ", "時": ":", "时": ":", "시": ":", "−": "-"}
)  # fmt: skip
# The clock, with what tells the half of the day before or behind it.
_CLOCK = expression(
    r"(?P<early>\b[ap]\.?\s?m\b\.?|午前|午後|上午|下午|오전|오후)?\s*(?<!\d)(?P<h>\d{1,2})\s*(?:[:h]|(?<=\d)\.(?=\d\d(?:\s|$|\.\d\d|[ap]\.?m)))\s*"
    r"(?P<m>\d{2}|(?<=:)\d(?!\d))(?:[:.](?P<s>\d{1,2}))?(?:[.,]\d+)?"
    r"\s*(?P<late>(?:[apπμ]\.?\s?[mμ]|[vn]m|sa|ch|ptg|pg|[صم])\b\.?)?(?:uhr\b)?",
    re.IGNORECASE,
)
_BARE_HOUR = expression(
    r"\b(?P<h>\d{1,2})\s*(?:(?P<late>[ap]\.?\s?m\b\.?)|uhr\b|h\b|:(?!\d)|(?<=\d[\sT]\d\d)(?=Z$))(?P<early>)(?P<m>)(?P<s>)",
    re.IGNORECASE,
)
_OFFSET = expression(
    r"\s*\(?(?:GMT|UTC|Z)?\s*([+-]\d{1,2}(?::?\d{2})?)(?![\d/.-])(?:\s*\([^)]*\))?", re.IGNORECASE
)
_PLACE = expression(r"\s*[\[(]?([A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_-]+){1,2})\b[\])]?")
_LONG_ZONE = expression(r"\s*\(?((?:[A-Z][a-z]+\s){1,3})Time\b\)?")
_SHORT_ZONE = expression(r"\s*\(?([^\W\d_]{1,5})\b\)?")
_LOST_PLUS = expression(r"\s*(\d\d:?\d\d)")  # a "+" that became a space
_AFTERNOON = frozenset(["pm", "μμ", "nm", "ch", "ptg", "م", "午後", "下午", "오후"])
_DATE = expression(rf"{dates.WORD}|\d+")
_TOLD = 80  # characters of a date
_FURTHEST = timedelta(hours=15)  # the largest offset of a zone from UTC
_ZONES = {  # hours east of Greenwich; where a name has several meanings, the one that feeds mean
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "west": 1, "bst": 1, "ist": 5.5, "cet": 1, "mez": 1, "cest": 2,
    "mesz": 2, "wat": 1, "sast": 2, "cat": 2, "eet": 2, "eest": 3, "msk": 3, "мск": 3, "eat": 3, "trt": 3, "idt": 3,
    "irst": 3.5, "gst": 4, "pkt": 5, "npt": 5.75, "mmt": 6.5, "wib": 7, "ict": 7, "hkt": 8, "sgt": 8, "myt": 8, "pht": 8,
    "wita": 8, "awst": 8, "jst": 9, "kst": 9, "wit": 9, "acst": 9.5, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13, "brt": -3, "art": -3, "uyt": -3, "clst": -3, "clt": -4, "cot": -5, "pet": -5, "nst": -3.5, "ndt": -2.5,
    "adt": -3, "ast": -4, "edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8,
    "akdt": -8, "akst": -9, "hst": -10,
}  # fmt: skip
_ZONES_OF_A_LANGUAGE = {
    ("cst", "zh"): 8,
    ("ist", "he"): 2,
    ("ist", "ga"): 1,
    ("bst", "bn"): 6,
    ("ast", "ar"): 3,
}

_PLACES = {
    "et": "America/New_York",
    "ct": "America/Chicago",
    "mt": "America/Denver",
    "pt": "America/Los_Angeles",
}
_AMERICAN = frozenset(
    ["et", "ct", "mt", "pt", "est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt", "akst", "akdt", "hst"]
)


def sane(moment: datetime | None, now: datetime) -> datetime | None:
    """The moment, if an item can have been published then.

    None before 1990 and more than a day ahead of `now`; what is less than a day ahead becomes `now`, so that no
    item sorts above one fetched at this minute.
    """
    if moment is None or moment < EARLIEST or moment > now + AHEAD:
        return None
    return min(moment, now)


def of_header(value: str) -> datetime | None:
    """The moment that a header of HTTP names, as RFC 9110 or ISO 8601 writes it; None for anything else."""
    if not 8 <= len(value) <= 64:
        return None
    try:
        moment = datetime.fromisoformat(value) if value[:4].isdigit() else parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def from_text(value: object, language: str = "") -> datetime | None:
    """The moment that a feed writes: ISO 8601, RFC 822, seconds or milliseconds since 1970, or a day in words or
    numbers, in any of the languages that `text.dates` knows; None for anything else, and for days that aren't.

    `language`, as the feed declares it, decides where words or the order of numbers mean different days elsewhere.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and len(value) <= _TOLD and (usual := _usual(value)):
        return usual
    return _by_rules(" ".join(str(value).split()) if isinstance(value, str | int | float) else "", language)


def _by_rules(text: str, language: str) -> datetime | None:
    if not text or len(text) > _TOLD:
        return None
    text = _DOT_NET.sub(r"\1", text)
    if (epoch := _EPOCH.match(text)) and not _COMPACT.match(text):
        thousands = 1000 ** (epoch.lastindex - 1 if epoch.lastindex else 0)  # of a second: milli, micro, nano
        return datetime.fromtimestamp(float(text.removeprefix("@")) / thousands, tz=UTC)
    with contextlib.suppress(ValueError):  # the 54th week
        text = _WEEK.sub(
            lambda m: str(datetime.fromisocalendar(int(m[1]), int(m[2]), int(m[3])).date()), text
        )
    if not text.isascii():
        with contextlib.suppress(UnicodeError):
            text = text.encode("cp1252").decode()  # UTF-8 that was read as Latin: "fÃ©vr."
        text = "".join(str(unicodedata.digit(c, c)) if c.isdigit() else c for c in text)
        text = _PERSIAN.sub(_of_persia, text)
        text = _ERA.sub(lambda m: f"{_ERAS[m[1]] + int(m[2])}年", text).translate(_CJK)
    text = _COMPACT.sub(lambda m: f"{m[1]}-{m[2]}-{m[3]} {m[4] or '00'}:{m[5] or '00'}:{m[6] or '00'} ", text)
    text = re.sub(r"(?<=\d)T(?=\d)", " ", text, flags=re.IGNORECASE)
    clock = _clock(text)
    before, behind = (text[: clock.start()], text[clock.end() :]) if clock else (text, "")
    if clock and (lost := _LOST_PLUS.fullmatch(behind)) and _day(before, language, american=False):
        zone, behind = f"+{lost[1]}", ""
    else:
        zone, behind = _zone(behind, language) if clock else ("", behind)
    day = _day(f"{before} {behind}", language, american=_is_american(clock, zone, language))
    if day is None:
        return None
    hour, minute, second = (int(clock[name] or 0) for name in "hms") if clock else (0, 0, 0)
    half = re.sub(r"[.\s]", "", clock["early"] or clock["late"] or "").casefold() if clock else ""
    if half and hour <= 12:
        hour = hour % 12 + (12 if half in _AFTERNOON else 0)
    midnight = timedelta(days=1) if (hour, minute, second) == (24, 0, 0) else timedelta()
    try:
        moment = datetime(*day, 0 if midnight else hour, minute, min(second, 59), tzinfo=UTC) + midnight
        return _at_greenwich(moment, zone, language)
    except (ValueError, OverflowError):
        return None


def _of_persia(match: re.Match[str]) -> str:
    day, month, year = int(match[1]), dates.PERSIAN_MONTHS.index(match[2]) + 1, int(match[3])
    try:
        return str(dates.from_persian(year, month, day))
    except ValueError:
        return ""


def _usual(text: str) -> datetime | None:
    """The moment of a time in the usual formats; None for others, whose parsing takes twenty times as long."""
    if match := _MAIL.fullmatch(text):
        day, name, year, hour, minute, second, sign, east, more = match.groups()
        month = _MONTHS[name]
    elif match := _NET.fullmatch(text):
        year, named, day, hour, minute, second, sign, east, more = match.groups()
        month = int(named)
    else:
        return None
    try:
        moment = datetime(
            int(year), month, int(day), int(hour), int(minute), min(int(second), 59), tzinfo=UTC
        )
        if not sign:
            return moment
        offset = timedelta(hours=int(east), minutes=int(more))
        return None if offset > _FURTHEST else moment - offset if sign == "+" else moment + offset
    except (ValueError, OverflowError):
        return None


def _clock(text: str) -> re.Match[str] | None:
    """The position of the hour. "26.11.2024" is not an hour, "08.00" after it is."""
    for match in _CLOCK.finditer(text):
        before = text[: match.start("h")].rstrip()
        if (
            ":" in match.group()
            or "h" in match.group().lower()
            or (match["late"] and not re.search(r"\d\.$", before))
            or re.search(r"\d{4}(?:\.?[^\w.]+)?$|\d{4}\D.*[^\d.]$", before)
        ):
            return match
    return _BARE_HOUR.search(text)


def _zone(behind: str, language: str) -> tuple[str, str]:
    """The time zone after the hour, "" for none, and the rest of the text."""
    if match := _OFFSET.match(behind) or _PLACE.match(behind):
        return match[1], behind[match.end() :]
    if match := _LONG_ZONE.match(behind):
        return "".join(word[0] for word in f"{match[1]}Time".split()).lower(), behind[match.end() :]
    if (match := _SHORT_ZONE.match(behind)) and not dates.month(match[1], language):
        return match[1].lower(), behind[match.end() :]
    return "", behind


def _is_american(clock: re.Match[str] | None, zone: str, language: str) -> bool:
    """Whether 5/6 means the sixth of May."""
    if language:
        tag = language.lower().replace("_", "-")
        return tag in {"en", "en-us", "es-us", "en-ph", "fil"}
    return True if clock is None else bool(clock["late"]) or zone in _AMERICAN or not zone


def _day(text: str, language: str, *, american: bool) -> tuple[int, int, int] | None:
    """Year, month and day of a date without its hour."""
    tokens = _DATE.findall(text if text.isascii() else dates.spelled(text))
    numbers = [n for n, token in enumerate(tokens) if token.isdigit()]
    found = [tokens[n] for n in numbers]
    named = [n for n, token in enumerate(tokens) if not token.isdigit() and dates.month(token, language)]
    # "mar" may be a Tuesday: the month is what stands between two numbers, or else last.
    named = [n for n in named if {n - 1, n + 1} <= set(numbers)] or named
    if named and len(found) == 2:
        month = dates.month(tokens[named[-1]], language)
        day, year = found if len(found[0]) <= 2 else found[::-1]
        return _whole(year, month, day)
    if named or len(found) != 3:
        return None
    first, second, third = found
    if len(first) == 4:
        return _whole(first, int(second), third)
    months_first = int(second) > 12 or (american and "/" in text and int(first) <= 12)
    return _whole(third, int(first), second) if months_first else _whole(third, int(second), first)


def _whole(year: str, month: int, day: str) -> tuple[int, int, int] | None:
    if len(year) not in {2, 4} or len(day) > 2:
        return None
    number = int(year if len(year) == 4 else f"{'19' if int(year) >= 70 else '20'}{year}")
    if number in _IN_PERSIA:
        with contextlib.suppress(ValueError):
            there = dates.from_persian(number, month, int(day))
            return there.year, there.month, there.day
        return None
    return number - (_BUDDHIST if number > 2400 else 0), month, int(day)


def _at_greenwich(moment: datetime, zone: str, language: str) -> datetime | None:
    """The UTC moment of a local time in a zone: "+02:00", "CEST", "America/Lima"; unknown names count as UTC."""
    if offset := re.fullmatch(r"([+-])(\d{1,2}):?(\d{2})?", zone):
        east = int(offset[2]) + int(offset[3] or 0) / 60
        return (
            None
            if timedelta(hours=east) > _FURTHEST
            else moment - timedelta(hours=east if offset[1] == "+" else -east)
        )
    place = zone if "/" in zone else _PLACES.get(zone, "")
    if place:
        try:
            return moment.replace(tzinfo=ZoneInfo(place)).astimezone(UTC)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return moment
    east = _ZONES_OF_A_LANGUAGE.get((zone, language[:2].lower()), _ZONES.get(zone, 0))
    return moment - timedelta(hours=east)


def duration(value: object) -> int:
    """Seconds of "3600", "62:03", "1:02:03", "PT1H2M", "45 min"; 0 where unknown or above two days."""
    if not value:
        return 0
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
