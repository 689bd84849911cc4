"""Times, numbers and lists in words, in the language of the page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from msgspec.structs import asdict

from newsfeed.model import Labels
from newsfeed.text.spoken import count, decimal, heading, say, short_date, short_day, short_weekday

__all__ = ["count", "heading", "say", "short_day"]


def when(moment: datetime | None, now: datetime, zone: tzinfo) -> str:
    """ "07:10" for today, "Sat 18:05" within six days, else "12 Nov", with the year if it is another one."""
    if moment is None:
        return ""
    local, here = moment.astimezone(zone), now.astimezone(zone)
    if local > here:
        local = here
    days = (here.date() - local.date()).days
    if days == 0:
        return f"{local:%H:%M}"
    if days <= 6:
        return f"{short_weekday(local)} {local:%H:%M}"
    written = short_date(local)
    return written if local.year == here.year else f"{written} {local.year}"


def clock(moment: datetime, zone: tzinfo) -> str:
    """ "06:30" in the reader's zone."""
    return f"{moment.astimezone(zone):%H:%M}"


def fixed_words() -> Labels:
    """The fixed words around an edition's own, in the language spoken."""
    return Labels(**{name: say(words) for name, words in asdict(Labels()).items()})


def joined(words: Sequence[str], last: str = "") -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last or say('and')} {words[-1]}"


def minutes(value: float) -> str:
    """ "5 min"; anything at all is at least one."""
    return say("{n} min", n=max(1, round(value)))


def amount(value: float) -> str:
    """A number of minutes as a person would say it: 0.6, 1.2, 12."""
    return decimal(value, 1 if value < 10 else 0)


def apart(one: float, other: float, digits: int = 2) -> tuple[str, str]:
    """Two numbers that are compared, with as many digits as it takes to tell them apart: 0.079 and 0.080."""
    for more in range(digits, digits + 4):
        told = decimal(one, more), decimal(other, more)
        if told[0] != told[1]:
            return told
    return decimal(one, digits), decimal(other, digits)


def percent(share: float) -> str:
    """ "20 %"."""
    return f"{round(share * 100)} %"


_NO_NEWS = {
    "crude": "gore or bad language",
    "deal": "an offer",
    "event": "an invitation",
    "giveaway": "a prize draw",
    "guide": "a list of what to buy or watch",
    "horoscope": "a horoscope",
    "job": "a job advert",
    "live": "a page that is kept up to date; what happened is told elsewhere",
    "notice": "a notice of the site",
    "promotion": "its maker’s own advert",
    "puzzle": "a puzzle",
    "quiz": "a quiz",
    "rerun": "told before, by its own words",
    "sponsored": "paid for by a sponsor",
    "thread": "an open thread",
    "watch": "where to watch or listen",
}


def no_news(kind: str) -> str:
    """What kind of no news an item is, in a person's words."""
    return say(_NO_NEWS.get(kind, kind))
