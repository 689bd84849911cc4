"""The health of feeds: the results of a refresh and changes of the list in short words; what is wrong with a feed, why, and
what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

import msgspec

from newsfeed.feeds import rhythm
from newsfeed.feeds.rhythm import Silence
from newsfeed.model import ASKED_AGAIN, Cause, Failure, FeedReport, FeedState, Problem, Record
from newsfeed.text import spoken
from newsfeed.text.outline_options import options
from newsfeed.text.spoken import say

_NAMED = 4  # feeds of each kind of change
_NUMBERS = {1: "one", 2: "two", 3: "three"}


class FeedOutcome(StrEnum):
    """How asking one feed ended."""

    NEW = "new"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    WAITING = "waiting"  # not asked: too soon, or the server said when to come back


class FeedResult(Record, frozen=True, kw_only=True):
    """One feed's part of a refresh."""

    feed: int
    name: str
    url: str
    outcome: FeedOutcome
    new: int = 0
    changed: int = 0
    before: int = 0  # of the new ones, those published before the reader subscribed
    failure: Failure | None = None
    wait_until: datetime | None = None
    seconds: float = 0.0
    on_page: int = 0  # its number of picks and lines on today's page
    added: bool = False  # first refresh since it came into the list
    back: bool = False  # it was in the list before: its history continues


class ListChange(Record, frozen=True, kw_only=True):
    """What changed in feeds.opml since the last refresh, and what is wrong with it."""

    added: tuple[str, ...] = ()  # including those that are back
    back: tuple[str, ...] = ()  # those that were in the list before: their history continues
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    unreadable: str = ""  # why the last good list is used instead


def plan_words(change: ListChange, results: Sequence[FeedResult] = ()) -> str:
    """What changed in the list, in short: "+2 −1 ~1, one duplicate, one unreachable"; "" where nothing did."""
    counts = (("+", change.added), ("−", change.removed), ("~", change.changed))
    plan = " ".join(f"{sign}{len(these)}" for sign, these in counts if these)
    doubles = sum(p.harmless for p in change.problems)
    rest = len(change.problems) - doubles
    unreachable = sum(r.added and r.failure is not None for r in results) if change.added else 0
    parts = [plan] if plan else []
    for number, one, many in (
        (doubles, "duplicate", "duplicates"),
        (rest, "problem", "problems"),
        (unreachable, "unreachable", "unreachable"),
    ):
        if number:
            parts.append(f"{_NUMBERS.get(number, str(number))} {one if number == 1 else many}")
    return ", ".join(parts)


def named_changes(change: ListChange) -> str:
    """Which feeds a change is about: " (new: A, B; back: C; gone: D; changed: E)"; "" where nothing changed."""
    new = tuple(name for name in change.added if name not in change.back)
    said = []
    for word, these in (
        ("new", new),
        ("back", change.back),
        ("gone", change.removed),
        ("changed", change.changed),
    ):
        if these:
            more = f" and {len(these) - _NAMED} more" if len(these) > _NAMED else ""
            said.append(f"{word}: {', '.join(these[:_NAMED])}{more}")
    return f" ({'; '.join(said)})" if said else ""


NEARLY = 0.1  # up to this part of the sources read counts as nothing
MOSTLY = 0.8  # from this part of the failures on, a cause counts as the cause of all
# After so long a failing source says nothing about this morning, and advice to wait is no longer enough.
LONG_FAILING = timedelta(days=2)
LATELY = timedelta(hours=1)  # a source read so recently counts as read without being asked again
TOGETHER = 3  # the fewest failures of one cause that are reported together
_CONNECTION = "Check the connection."
_PORTAL = "If this network has a login page, open any page in a browser and sign in."
_GATEWAY = "A proxy or gateway between this machine and the web may be at fault."
_NO_FEED = ("what answered was no feed, as with a login page of the network", _PORTAL)
# Why many sources failed at once, as the end of a sentence, and what to do about it.
_WORDS: Mapping[Cause, tuple[str, str]] = MappingProxyType(
    {
        Cause.NO_NETWORK: ("there is no network connection", _CONNECTION),
        Cause.NAME: ("no name could be looked up", _CONNECTION),
        Cause.CONNECT: ("connections are refused or broken off", _CONNECTION),
        Cause.TIMEOUT: ("no server answered in time", _CONNECTION),
        Cause.TLS: (
            "no certificate could be trusted",
            "Check this machine’s date and time, and whether a proxy reads along.",
        ),
        Cause.REFUSED_ADDRESS: ("the addresses lead into the local network", _PORTAL),
        Cause.REDIRECT: ("the servers only lead elsewhere", _PORTAL),
        Cause.HTTP: ("the servers answered with an error", _GATEWAY),
        Cause.NOT_FOUND: ("the servers say that there is no such page", _GATEWAY),
        Cause.GONE: ("the servers say that the page is gone", _GATEWAY),
        Cause.LOGIN: ("the servers ask for a login", _GATEWAY),
        Cause.THROTTLED: ("the servers ask to wait", _GATEWAY),
        Cause.NOT_A_FEED: _NO_FEED,
        Cause.BROKEN_FEED: _NO_FEED,
        Cause.ENCODING: _NO_FEED,
        Cause.TOO_SLOW: ("reading them took too long", "This machine may be very busy: try again later."),
        Cause.TOO_LARGE: ("the answers are too large", "Look at each: `newsfeed feeds check`."),
        Cause.UNSUPPORTED: (
            "newsfeed can’t read what stands there",
            "Look at each: `newsfeed feeds check`.",
        ),
        Cause.ADDRESS: ("their addresses are none", "Correct each xmlUrl in feeds.opml."),
    }
)
LOW_SIGNAL_ITEMS = 40  # items, none of them shown …
LOW_SIGNAL_EDITIONS = 10  # … in so many editions
UNREACHED = frozenset({Cause.NAME, Cause.NO_NETWORK})
FEW = 3  # if at least so many hosts, and all of them, can't be resolved, the network is missing
LAST_RUN = timedelta(minutes=10)  # feeds asked within so long before the newest request belong to one run


class HealthState(StrEnum):
    """The states of a feed's health, worst first."""

    GONE = "gone"
    FAILING = "failing"
    MOVED = "moved"
    SILENT = "silent"
    LOW_SIGNAL = "low signal"
    UNASKED = "not asked yet"
    WELL = "well"


class FeedHealth(Record, frozen=True, kw_only=True):
    """Everything known about the health of one feed."""

    report: FeedReport
    state: HealthState
    sentence: str  # the sentence about it; "" when all is well
    folder: str = ""
    items_a_week: float = 0.0
    usual_days: float = 0.0  # between two days with something new
    brought: int = 0  # items in the last 90 days
    shown: int = 0  # stories of it in the editions of these days
    liked: int = 0  # how many of these got a thumb up
    moved_to: str = ""  # where it has permanently moved to, without secrets


def without_network(states: Sequence[FeedState]) -> frozenset[int]:
    """The feeds that failed when the whole network was missing: of a run's feeds none was reached, not even by name.

    What then is said of each feed for itself ("take it out") would be wrong.
    """
    tried = [(s.last_tried, s) for s in states if s.last_tried is not None]
    if not tried:
        return frozenset()
    last = max(moment for moment, _ in tried) - LAST_RUN
    run = [s for moment, s in tried if moment >= last]
    unreached = [s for s in run if s.failure is not None and s.failure.cause in UNREACHED]
    certain = any(s.failure is not None and s.failure.cause == Cause.NO_NETWORK for s in unreached)
    if len(unreached) < len(run) or not (certain or len(run) >= FEW):
        return frozenset()
    return frozenset(s.feed for s in unreached)


def report(
    state: FeedState, url: str, items_new: int, silent: Silence, now: datetime, *, offline: bool = False
) -> FeedReport:
    """One feed's state in the words of a report.

    Args:
        url: its address without secrets.
        offline: the network failed, not the feed.
    """
    failure = state.failure
    if failure is not None and offline:
        failure = msgspec.structs.replace(
            failure,
            text="The network was missing.",
            repair="Connect, then: newsfeed refresh.",
            values={},
            needs_owner=False,
        )
    return FeedReport(
        feed=state.feed,
        title=state.name,
        url=url,
        ok=failure is None and not state.gone,
        cause=failure.text if failure else "Its server says that it is gone for good." if state.gone else "",
        repair=_repair(state, failure, now),
        values={**failure.values, "days": str(_failing(state, now).days)} if failure else {},
        items_new=items_new,
        failing_since=state.failing_since,
        last_good=state.last_good,
        next_try=None if state.gone else state.next_due,
        needs_owner=bool(failure and failure.needs_owner) or state.gone,
        must_read=options(state.subscription.options).must_read,
        silent_days=silent.days,
        unread=state.first_good is None,
    )


def _repair(state: FeedState, failure: Failure | None, now: datetime) -> str:
    """What to do about a feed. For one that has failed for days, "it will be asked again" is not enough."""
    if failure is None:
        return "Take it out: newsfeed feeds repair." if state.gone else ""
    if failure.repair not in {"", ASKED_AGAIN}:
        return failure.repair
    if _failing(state, now) < LONG_FAILING:
        return ASKED_AGAIN
    return (
        "It has failed for {days} days and is asked again by itself; "
        "if its site is gone too, take it out: newsfeed feeds remove."
    )


def _failing(state: FeedState, now: datetime) -> timedelta:
    return now - state.failing_since if state.failing_since else timedelta(0)


def judged(health: FeedHealth, state: FeedState, editions: int) -> FeedHealth:
    """The worst problem of a feed, in one sentence in the current language."""
    told = health.report
    kind, sentence = HealthState.WELL, ""
    if state.gone:
        kind, sentence = HealthState.GONE, spoken.told(told.values, told.cause, told.repair)
    elif not told.ok:
        kind, sentence = HealthState.FAILING, spoken.told(told.values, told.cause, told.repair)
    elif health.moved_to:
        kind = HealthState.MOVED
        sentence = say(
            "It has moved to {address}. Take over its new address: newsfeed feeds repair.",
            address=health.moved_to,
        )
    elif state.last_tried is None:
        kind, sentence = HealthState.UNASKED, say("It has not been asked yet: newsfeed refresh.")
    elif told.silent_days:
        kind = HealthState.SILENT
        usual = rhythm.every(health.usual_days)
        sentence = say(
            "Silent for {days} days; it used to write {usual}.", days=told.silent_days, usual=usual
        )
    elif health.brought >= LOW_SIGNAL_ITEMS and not health.shown and editions >= LOW_SIGNAL_EDITIONS:
        kind = HealthState.LOW_SIGNAL
        sentence = say(
            "None of its {n} items was shown in {editions} editions. "
            'Give it more weight (newsfeed-weight="1.5"), or take it out.',
            n=health.brought,
            editions=editions,
        )
    return msgspec.structs.replace(health, state=kind, sentence=sentence.strip())


def worst_first(found: Sequence[FeedHealth]) -> list[FeedHealth]:
    """The feeds with a problem, worst first, then by name."""
    order = list(HealthState)
    said = [h for h in found if h.state != HealthState.WELL]
    return sorted(
        said, key=lambda h: (order.index(h.state), not h.report.must_read, h.report.title.casefold())
    )


class Outage(Record, frozen=True, kw_only=True):
    """A morning on which (nearly) nothing could be read."""

    said: str  # "none of your 45 sources could be read: connections are refused or broken off"; in the language spoken
    repair: str


def outage(results: Sequence[FeedResult], states: Collection[FeedReport], now: datetime) -> Outage | None:
    """Whether a refresh of the whole list shows that sources can't be reached; None if enough of them answered.

    A feed that was asked too recently to be asked again counts by its last answer. One that has failed for days counts
    only if nothing else was asked.
    """
    failing_since = {s.feed: s.failing_since for s in states}
    failed = {r.feed: r.failure for r in results if r.failure is not None}
    read = [r for r in results if r.failure is None and _was_read(r, states, now)]
    recent = {
        feed: why for feed, why in failed.items() if now - (failing_since.get(feed) or now) < LONG_FAILING
    }
    if not failed or len(read) > NEARLY * (len(read) + len(recent)):
        return None
    clause, repair = shared_cause([*(recent or failed).values()])
    number = len(read) + len(failed)
    if read:
        said = say(
            "only {well} of your {n} sources could be read: {why}",
            well=len(read),
            n=spoken.whole(number),
            why=clause,
        )
    elif number == 1:
        said = say("your only source could not be read: {why}", why=clause)
    else:
        said = say("none of your {n} sources could be read: {why}", n=spoken.whole(number), why=clause)
    return Outage(said=said, repair=say(repair))


def _was_read(result: FeedResult, states: Collection[FeedReport], now: datetime) -> bool:
    if result.outcome != FeedOutcome.WAITING:
        return True
    last = next((s.last_good for s in states if s.feed == result.feed), None)
    return last is not None and now - last <= LATELY


def shared_cause(failures: Sequence[Failure]) -> tuple[str, str]:
    """Why many feeds failed, as the end of a sentence in the current language, and the phrase of what to do: the only cause,
    or the most frequent ones with their numbers."""
    # Names that failed before it was clear that no network is there have its cause.
    missing = any(f.cause is Cause.NO_NETWORK for f in failures)
    kinds = Counter(
        _WORDS[Cause.NO_NETWORK if missing and f.cause in UNREACHED else f.cause] for f in failures
    )
    (words, repair), most = kinds.most_common(1)[0]
    if most < MOSTLY * len(failures):
        named = [f"{say(clause)} ({number})" for (clause, _), number in kinds.most_common(3)]
        return spoken.joined(named), repair
    statuses = {f.status for f in failures if _WORDS[f.cause][0] == words}
    status = statuses.pop() if len(statuses) == 1 else 0
    return (f"{say(words)} ({status})" if status >= 400 else say(words)), repair


def by_cause(results: Sequence[FeedResult]) -> tuple[list[tuple[str, list[FeedResult]]], list[FeedResult]]:
    """The failures of a refresh: those with a shared cause, with a sentence on it, and the others."""
    groups: dict[tuple[str, int], list[FeedResult]] = {}
    for result in results:
        if result.failure is not None:
            groups.setdefault((_WORDS[result.failure.cause][0], result.failure.status), []).append(result)
    together, alone = [], []
    for ones in groups.values():
        if len(ones) < TOGETHER:
            alone += ones
            continue
        failures = [one.failure for one in ones if one.failure is not None]
        clause, repair = shared_cause(failures)
        if len({(f.repair, *f.values.items()) if "{" in f.repair else f.repair for f in failures}) == 1:
            repair = failures[0].repair
        elif 2 * len(ones) <= len(results):
            repair = "What to do about each: `newsfeed feeds check`."
        said = say("{n} feeds could not be read: {why}.", n=len(ones), why=clause)
        together.append((f"{said} {say(repair, **failures[0].values)}".rstrip(), ones))
    return together, alone


def no_network(results: Sequence[FeedResult]) -> bool:
    """Whether a refresh reached nobody because the network was missing."""
    causes = [r.failure.cause if r.failure else None for r in results if r.outcome != FeedOutcome.WAITING]
    if not causes or any(cause not in UNREACHED for cause in causes):
        return False
    # If no host can be resolved, the network is missing too, unless there are very few hosts.
    return Cause.NO_NETWORK in causes or len(causes) >= FEW
