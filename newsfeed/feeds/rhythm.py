"""A feed's rhythm: when to ask it again, which feeds to ask now, and whether one has fallen silent."""

from __future__ import annotations

import itertools
import math
import re
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec

from newsfeed.model import FeedState, Record
from newsfeed.text.spoken import say
from newsfeed.text.times import of_header

SHORTEST = timedelta(minutes=15)  # between two requests: four an hour burden nobody
# A little under a day: a feed that is asked once a day must be due again at the same hour of the next morning.
LONGEST = timedelta(hours=22)
UNKNOWN = timedelta(hours=6)  # the interval of a feed whose rhythm is unknown
FIRST_RETRY = timedelta(hours=1)  # doubled with each failure in a row
OFFLINE_RETRY = timedelta(minutes=10)  # if the network was missing
TRUSTED = timedelta(hours=48)  # a stored time further ahead was written under a wrong clock
NEWEST = 20  # dates from which the rhythm is computed
FEWEST = 3  # fewer dates show no rhythm
FASTEST = 500.0  # items a day; more is not a rhythm
MISSED = 3.0  # expected items that did not come: the feed has slowed down
MEMORY = 0.7  # weight of the old rhythm, if it is only known by counting
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,12})", re.IGNORECASE)
SILENT_DAYS = 24  # the newest days with something new
FEWEST_GAPS = 3  # fewer days show no rhythm
SILENT_GAPS = 2.5  # usual gaps
SILENT_LONGEST = 1.25  # of the longest gap there was
SILENT_FROM = 2.0  # days; a feed is not silent before that


class Moment(Record, frozen=True, kw_only=True):
    """When an answer came, and what else decides about times."""

    now: datetime
    zone: ZoneInfo  # whose days and hours count: the reader's; in a team, where feeds are shared, that of its settings
    jitter: float  # 0 to 1, at random; keeps feeds from being asked all at once

    @property
    def day(self) -> date:
        """The day in that zone."""
        return self.now.astimezone(self.zone).date()


def items_a_day(dates: Iterable[datetime], now: datetime) -> float | None:
    """How many items a day a feed publishes, from the dates of its items; None if they don't show it.

    The newest twenty count, each of them from its date until now, so that silence counts too. Of the rates that the
    newest three, four, … show, the highest holds: one old item pinned to the document says nothing of its rhythm.
    """
    all_past = [d.replace(second=0, microsecond=0) for d in dates if d <= now]
    past = sorted(set(all_past), reverse=True)[:NEWEST]
    if not past or len(past) == 1 < len(all_past):  # one date for all items is the document's, not theirs
        return None
    rates = [n / max((now - date) / timedelta(days=1), 1 / 24) for n, date in enumerate(past, 1)]
    return min(max(rates[min(FEWEST, len(rates)) - 1 :]), FASTEST)


def counted(old: float, new: int, since: datetime | None, now: datetime) -> float:
    """The rhythm of a feed without dates: what came since the last look, smoothed."""
    if since is None or now <= since:
        return old
    seen = min(new / max((now - since) / timedelta(days=1), 1 / 24), FASTEST)
    return seen if old == 0 else MEMORY * old + (1 - MEMORY) * seen


def slowed(rate: float, last_changed: datetime | None, now: datetime) -> float:
    """The rhythm of a feed that has had nothing for longer than expected."""
    if last_changed is None or now <= last_changed:
        return rate
    silent = (now - last_changed) / timedelta(days=1)
    return MISSED / silent if silent * rate > MISSED else rate


def interval(rate: float) -> timedelta:
    """Half the mean time between two items: 48 a day and more every 15 minutes, one a day every 12 hours."""
    if rate <= 0:
        return UNKNOWN
    hours = min(12 / max(rate, 1e-6), LONGEST / timedelta(hours=1))
    return max(timedelta(hours=hours), SHORTEST)


def freshness(headers: Mapping[str, str], now: datetime) -> timedelta:
    """For how long the server calls its answer fresh (RFC 9111: max-age less Age, else Expires less Date)."""
    control = headers.get("cache-control", "")
    if re.search(r"no-cache|no-store", control, re.IGNORECASE):
        return timedelta(0)
    if found := _MAX_AGE.search(control):
        age = headers.get("age", "").strip()
        spent = int(age[:12]) if age.isascii() and age.isdigit() else 0
        return timedelta(seconds=min(max(int(found[1]) - spent, 0), 10**9))
    expires = of_header(headers.get("expires", ""))
    if expires is None:
        return timedelta(0)
    return max(expires - (of_header(headers.get("date", "")) or now), timedelta(0))


def next_due(state: FeedState, at: Moment, headers: Mapping[str, str] | None = None) -> datetime:
    """When to ask a feed again after a good answer with these headers.

    The rhythm decides, give or take a tenth, but never before the time that the feed (ttl) or its
    server (Cache-Control, Expires) names, unless that is over 22 hours; and not in an hour that the feed excludes.
    """
    wanted = interval(state.items_a_day) * (0.9 + 0.2 * at.jitter)
    ttl = timedelta(minutes=min(max(state.ttl_minutes, 0), 10**6))
    floor = max(ttl, freshness(headers or {}, at.now))
    return _outside(at.now + min(max(wanted, floor, SHORTEST), LONGEST), state.skip_hours, at.jitter)


def retry(state: FeedState, at: Moment) -> datetime:
    """When to ask a feed again after its failures in a row: 1, 2, 4, … hours, less up to a quarter, at most 22."""
    delay = FIRST_RETRY * (1 << min(max(state.failures - 1, 0), 10))
    return at.now + min(delay, LONGEST) * (0.75 + 0.25 * at.jitter)


def believable(moment: datetime | None, now: datetime) -> datetime | None:
    """A stored waiting time, or None if the clock must have been wrong when it was stored."""
    return None if moment is None or moment > now + TRUSTED else moment


def _outside(moment: datetime, hours: Collection[int], jitter: float) -> datetime:
    excluded = {h % 24 for h in hours}
    if len(excluded) >= 24:
        return moment
    moment = moment.astimezone(UTC)
    if moment.hour in excluded:
        while moment.hour in excluded:
            moment += timedelta(hours=1)
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(minutes=15 * jitter)
    return moment


def settled(state: FeedState, now: datetime) -> FeedState:
    """A stored state without times that only a wrong clock can have written.

    No time to wait for is ever stored more than a day ahead; one that lies more than 48 hours ahead was written under
    a clock that has since been set back, and must not silence the feed until then.
    """

    def past(moment: datetime | None) -> datetime | None:
        return now if moment is not None and moment > now else moment

    return msgspec.structs.replace(
        state,
        next_due=believable(state.next_due, now),
        not_before=believable(state.not_before, now),
        last_tried=past(state.last_tried),
        last_good=past(state.last_good),
        last_changed=past(state.last_changed),
        first_good=past(state.first_good),
        failing_since=past(state.failing_since),
    )


def select(
    states: Sequence[FeedState], now: datetime, *, floor: int, due: bool, force: bool, named: bool
) -> tuple[list[FeedState], list[tuple[FeedState, datetime]]]:
    """Which of these feeds to ask now; and those that have to wait although they are wanted, each with the time.

    Args:
        floor: for so many seconds after a request, a feed is not asked again by hand.
        due: ask only those whose time has come; the rest is not wanted.
        force: ask also those that were asked just now.
        named: the reader named these feeds: only then is one asked that answered that it is gone.
    """
    ask: list[FeedState] = []
    waiting: list[tuple[FeedState, datetime]] = []
    for state in (settled(s, now) for s in states if named or not s.gone):
        until = held_until(state, now, timedelta(0) if due or force else timedelta(seconds=floor))
        if until is not None:
            waiting.append((state, until))
        elif not due or state.next_due is None or state.next_due <= now:
            ask.append(state)
    return ask, waiting


def held_until(state: FeedState, now: datetime, floor: timedelta) -> datetime | None:
    """Until when a feed must not be asked, whoever wants it: the time that its server named, or `floor` after the last
    request; None if it may be asked now."""
    if state.not_before and state.not_before > now:
        return state.not_before
    if state.last_tried and state.last_tried <= now < state.last_tried + floor:
        return state.last_tried + floor
    return None


def interleaved(states: Sequence[FeedState]) -> list[FeedState]:
    """Feeds in an order that alternates between hosts, so that many feeds of one host, which wait for each other, don't
    delay others; those that failed last time come last. What stands together in the list may be dead together, so it is dealt out."""
    turn: dict[str, int] = {}
    places = []
    for number, state in enumerate(states):
        host = urlsplit(state.subscription.url).netloc
        turn[host] = turn.get(host, -1) + 1
        dealt = zlib.crc32(host.encode("utf-8", "replace"))
        places.append((state.failures > 0, turn[host], dealt, number))
    return [states[number] for *_, number in sorted(places)]


class Silence(Record, frozen=True, kw_only=True):
    """How long a feed has been silent, and how long is usual for it, in days."""

    days: int = 0  # days; 0 while it is within its rhythm
    usual: float = 0.0  # usual days between two days with something new; 0 if there is no rhythm yet


def silence(moments: Iterable[datetime], now: datetime) -> Silence:
    """The silence of a feed whose items came at `moments`.

    It is silent from 2.5 of its usual (median) gaps on, and not before 1¼ of the longest gap it ever left, nor
    before two days.
    """
    days = sorted({m.date() for m in moments if m <= now}, reverse=True)[:SILENT_DAYS]
    gaps = [(newer - older).days for newer, older in itertools.pairwise(days)]
    if len(gaps) < FEWEST_GAPS:
        return Silence()
    from statistics import median  # brings decimal and fractions, which a refresh without news does without

    usual = float(median(gaps))
    allowed = max(SILENT_GAPS * usual, SILENT_LONGEST * max(gaps), SILENT_FROM)
    silent = (now.date() - days[0]).days
    return Silence(days=silent if silent > allowed else 0, usual=usual)


def every(days: float) -> str:
    """A gap in words: "daily", "every 3 days", "weekly", "every 4 weeks"."""
    if days < 1.5:
        return say("daily")
    if 6 <= days <= 8:
        return say("weekly")
    if days < 14:
        return say("every {n} days", n=math.floor(days + 0.5))
    return say("every {n} weeks", n=math.floor(days / 7 + 0.5))
