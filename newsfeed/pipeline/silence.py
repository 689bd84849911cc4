"""Whether a feed has fallen silent, judged by its own rhythm. Pure.

A rhythm is what the gaps between the days on which a feed wrote show: a daily that pauses at weekends, a weekly, a
blog of three posts a year. No number of days is long or short by itself.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from datetime import date, datetime
from statistics import median

from newsfeed.model import Record

DAYS_LOOKED_AT = 24  # the newest days with something new
FEWEST_GAPS = 3  # fewer are no rhythm
PATIENCE = 2.5  # usual gaps
LONGEST_KEPT = 1.25  # of the longest gap there was
SHORTEST = 2.0  # days; nobody is silent sooner


class Silence(Record, frozen=True, kw_only=True):
    """How long a feed has been silent, and how long is usual for it, in days."""

    days: int = 0  # 0 while it is within its rhythm
    usual: float = 0.0  # between two days with something new; 0 where there is no rhythm yet


def judge(moments: Iterable[datetime], now: datetime) -> Silence:
    """The silence of a feed whose items came at `moments`.

    It is silent from 2.5 of its usual (median) gaps on, and not before 1¼ of the longest gap it ever left, nor
    before two days.
    """
    days = sorted({m.date() for m in moments if m <= now}, reverse=True)[:DAYS_LOOKED_AT]
    gaps = _gaps(days)
    if len(gaps) < FEWEST_GAPS:
        return Silence()
    usual = float(median(gaps))
    allowed = max(PATIENCE * usual, LONGEST_KEPT * max(gaps), SHORTEST)
    silent = (now.date() - days[0]).days
    return Silence(days=silent if silent > allowed else 0, usual=usual)


def _gaps(days: list[date]) -> list[int]:
    return [(newer - older).days for newer, older in itertools.pairwise(days)]


def every(days: float) -> str:
    """A gap in words: "daily", "every 3 days", "weekly", "every 4 weeks"."""
    if days < 1.5:
        return "daily"
    if 6 <= days <= 8:
        return "weekly"
    if days < 14:
        return f"every {math.floor(days + 0.5)} days"
    return f"every {math.floor(days / 7 + 0.5)} weeks"
