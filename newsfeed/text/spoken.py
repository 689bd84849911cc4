"""The page's own words in the reader's language.

Sources are English and marked in one way: `say("told by {n} of your sources", n=4)`. Their
translations are in `words/<code>.toml`: `[phrases]` by the English phrase, `[nouns]` with their plurals by the English
singular, `[dates]` and `[numbers]`. A phrase that is missing there stays English. The current language is set
once, where an edition is built or drawn: `with speaking("de"): …`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from newsfeed.text.dates import MONTHS, WEEKDAYS

if TYPE_CHECKING:
    from newsfeed.model import TopicSetting

ENGLISH = "en"


class _Words(NamedTuple):
    code: str
    phrases: Mapping[str, str]
    nouns: Mapping[str, Sequence[str]]
    weekdays: Sequence[str] = WEEKDAYS
    months: Sequence[str] = MONTHS
    heading: str = "{weekday} {day} {month}"
    short_day: str = "{weekday:.3} {day} {month:.3}"
    short_weekday: int = 3  # letters
    short_date: str = "{day} {month:.3}"
    thousands: str = ","
    decimal: str = "."


_ENGLISH = _Words(ENGLISH, {}, {})
_spoken: ContextVar[_Words] = ContextVar("spoken", default=_ENGLISH)


@cache
def languages() -> frozenset[str]:
    """The languages that the page is available in, by code."""
    written = files(__package__).joinpath("words").iterdir()
    return frozenset({ENGLISH, *(p.name.removesuffix(".toml") for p in written if p.name.endswith(".toml"))})


def first_spoken(wanted: Sequence[str]) -> str:
    """The language of the page for a reader of these languages: their first, if there is a translation."""
    code = wanted[0].casefold()[:2] if wanted else ENGLISH
    return code if code in languages() else ENGLISH


@cache
def _words(code: str) -> _Words:
    if code == ENGLISH or code not in languages():
        return _ENGLISH
    table = tomllib.loads(files(__package__).joinpath("words", f"{code}.toml").read_text(encoding="utf-8"))
    return _Words(code, table["phrases"], table["nouns"], **table["dates"], **table["numbers"])


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Set the current language until the end of the block."""
    token = _spoken.set(_words(code.casefold()[:2]))
    try:
        yield
    finally:
        _spoken.reset(token)


def language() -> str:
    """The code of the current language."""
    return _spoken.get().code


def say(phrase: str, /, **values: object) -> str:
    """A phrase with its values, in the current language."""
    told = _spoken.get().phrases.get(phrase, phrase)
    return told.format(**values) if values else told


def told(values: Mapping[str, str], *phrases: str) -> str:
    """Several phrases with shared values, such as a failure and its repair, one after the other."""
    return " ".join(say(phrase, **values) for phrase in phrases if phrase)


def count(number: int, one: str, many: str = "") -> str:
    """ "1 story", "14 stories", "1,204 stories"."""
    nouns = _spoken.get().nouns.get(one, (one, many or one + "s"))
    return f"{whole(number)} {nouns[number != 1]}"


def whole(number: int) -> str:
    """ "1,204"."""
    return f"{number:,}".replace(",", _spoken.get().thousands)


def decimal(value: float, digits: int) -> str:
    """ "0.6"."""
    return f"{value:.{digits}f}".replace(".", _spoken.get().decimal)


def signed(value: float, digits: int) -> str:
    """ "+0.6"."""
    return f"{value:+.{digits}f}".replace(".", _spoken.get().decimal)


def general(value: float) -> str:
    """A number with no more digits than it needs: "0.5"."""
    return f"{value:g}".replace(".", _spoken.get().decimal)


def percent(share: float) -> str:
    """ "20 %"."""
    return f"{round(share * 100)} %"


def joined(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {say('and')} {words[-1]}"


def topic_labels(topics: Mapping[str, TopicSetting]) -> dict[str, str]:
    """What each topic is called: as the reader wrote it, or ours in the current language."""
    return {name: _label(name, topic.label) for name, topic in topics.items()}


def _label(name: str, label: str) -> str:
    usual = label.casefold() in {"", name.casefold()}
    return say(label or name.capitalize()) if usual else label


def weekday(day: date) -> str:
    """ "Sunday"."""
    return _spoken.get().weekdays[day.weekday()]


def short_weekday(day: date) -> str:
    """ "Sun"."""
    return weekday(day)[: _spoken.get().short_weekday]


def month(number: int) -> str:
    """ "November" for 11."""
    return _spoken.get().months[number - 1]


def heading(day: date) -> str:
    """ "Sunday 22 November"."""
    return _dated(_spoken.get().heading, day)


def short_day(day: date) -> str:
    """ "Thu 19 Nov"."""
    return _dated(_spoken.get().short_day, day)


def short_date(day: date) -> str:
    """ "19 Nov"."""
    return _dated(_spoken.get().short_date, day)


def _dated(pattern: str, day: date) -> str:
    return pattern.format(weekday=weekday(day), day=day.day, month=month(day.month))
