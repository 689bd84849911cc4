"""How each feed fares, for the page, the mail, `newsfeed feeds check` and `newsfeed feeds repair`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from newsfeed import text, update
from newsfeed.fetch import redact
from newsfeed.model import ASKED_AGAIN, Cause, Failure, FeedReport, FeedState, Pool, Record
from newsfeed.pipeline import silence
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.silence import Silence
from newsfeed.store import Store

WINDOW = 90  # days over which what a feed brought is compared with what was shown of it
LOW_SIGNAL_ITEMS = 40  # items, none of them shown …
LOW_SIGNAL_EDITIONS = 10  # … in so many editions
UNREACHED = frozenset({Cause.NAME, Cause.NO_NETWORK})
FEW = 3  # feeds; names of so many that can't be found, and of no other, are a missing network
LAST_RUN = timedelta(minutes=10)  # before the newest try: the feeds asked in one run
LONG_FAILED = timedelta(days=2)  # after which waiting alone is no advice any more


class State(StrEnum):
    """How a feed is, worst first."""

    GONE = "gone"
    FAILING = "failing"
    MOVED = "moved"
    SILENT = "silent"
    LOW_SIGNAL = "low signal"
    UNASKED = "not asked yet"
    WELL = "well"


class FeedHealth(Record, frozen=True, kw_only=True):
    """All that is known of how one feed fares."""

    report: FeedReport
    state: State
    sentence: str  # what is to be said of it; "" when all is well
    folder: str = ""
    items_a_week: float = 0.0
    usual_days: float = 0.0  # between two days with something new
    brought: int = 0  # items in the last 90 days
    shown: int = 0  # stories of it in the editions of these days
    liked: int = 0  # and how many of them had a thumb up
    moved_to: str = ""  # redacted; where it has moved for good


def reports(home: Home, store: Store, pool: Pool | None = None) -> tuple[FeedReport, ...]:
    """One report a feed, in the order of the list."""
    new = Counter(candidate.item.feed for candidate in (pool.candidates if pool else ()))
    now = home.clock()
    states = store.states()
    offline = without_network(states)
    return tuple(
        report(s, new[s.feed], _silence(store, s, now), now, offline=s.feed in offline) for s in states
    )


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
    state: FeedState, items_new: int, silent: Silence, now: datetime, *, offline: bool = False
) -> FeedReport:
    """One feed's state in the words of a report; `offline`: not it failed but the network."""
    failure = state.failure
    if failure is not None and offline:
        failure = msgspec.structs.replace(
            failure,
            text="The network was missing.",
            repair="Connect, then: newsfeed refresh.",
            needs_owner=False,
        )
    return FeedReport(
        feed=state.feed,
        title=state.name,
        url=redact(state.subscription.url),
        ok=failure is None and not state.gone,
        cause=failure.text if failure else "Its server says that it is gone for good." if state.gone else "",
        repair=_repair(state, failure, now),
        items_new=items_new,
        failing_since=state.failing_since,
        last_good=state.last_good,
        next_try=None if state.gone else state.next_due,
        needs_owner=bool(failure and failure.needs_owner) or state.gone,
        must_read=text.is_yes(state.subscription.options.get("must-read", "")),
        silent_days=silent.days,
        unread=state.first_good is None,
    )


def _repair(state: FeedState, failure: Failure | None, now: datetime) -> str:
    """What to do about a feed. Of one that has failed for days there is more to say than that it is asked again."""
    if failure is None:
        return "Take it out: newsfeed feeds repair." if state.gone else ""
    if failure.repair not in {"", ASKED_AGAIN}:
        return failure.repair
    failed = now - state.failing_since if state.failing_since else timedelta(0)
    if failed < LONG_FAILED:
        return ASKED_AGAIN
    return (
        f"It has failed for {failed.days} days and is asked again by itself; "
        "if its site is gone too, take it out: newsfeed feeds remove."
    )


def _silence(store: Store, state: FeedState, now: datetime) -> Silence:
    """A feed's silence; its items are only looked at when it may be silent at all."""
    quiet_since = state.last_changed
    if quiet_since is not None and now - quiet_since < timedelta(days=silence.SHORTEST):
        return Silence()
    if state.first_good is None or state.failure is not None:
        return Silence()
    return _judged(store, state, now)


def _judged(store: Store, state: FeedState, now: datetime) -> Silence:
    days = Counter(k.published.date() for k in store.known(state.feed) if k.published is not None)
    return _by_days(store, state, now, list(days.items()))


def _by_days(store: Store, state: FeedState, now: datetime, days: Sequence[tuple[date, int]]) -> Silence:
    """The silence of a feed with so many items of each day."""
    if sum(number for _, number in days) > silence.FEWEST_GAPS:
        return silence.judge([_midnight(day) for day, _ in days], now)
    # A feed without dates shows its rhythm by the days on which we found something.
    brought = store.tallies((now - timedelta(days=4 * WINDOW)).date()).get(state.feed, {})
    return silence.judge([_midnight(day) for day in brought], now)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def examine(home: Home, store: Store) -> tuple[FeedHealth, ...]:
    """Every feed of the list, in its order, with all that is known of how it fares."""
    now = home.clock()
    today = now.astimezone(ZoneInfo(home.settings.timezone)).date()
    history = store.history(today + timedelta(days=1), WINDOW)
    shown = Counter(s.feed for s in history.shown)
    thumbs = store.likes({s.item for s in history.shown})
    liked = Counter(s.feed for s in history.shown if thumbs.get(s.item, 0) > 0)
    tallies = store.tallies((now - timedelta(days=WINDOW)).date())
    found = []
    states = store.states()
    days = store.published_days()
    offline = without_network(states)
    for state in states:
        silent = _by_days(store, state, now, days.get(state.feed, ())) if state.first_good else Silence()
        if state.failure is not None:
            silent = Silence(usual=silent.usual)
        health = FeedHealth(
            report=report(state, 0, silent, now, offline=state.feed in offline),
            state=State.WELL,
            sentence="",
            folder="/".join(state.subscription.folders),
            items_a_week=round(state.items_a_day * 7, 2),
            usual_days=silent.usual,
            brought=sum(tallies.get(state.feed, {}).values()),
            shown=shown[state.feed],
            liked=liked[state.feed],
            moved_to=redact(to, state.subscription.url) if (to := update.offered_move(state)) else "",
        )
        found.append(_judge(health, state, len(history.days)))
    return tuple(found)


def _judge(health: FeedHealth, state: FeedState, editions: int) -> FeedHealth:
    """The worst that can be said of a feed, in one sentence."""
    told = health.report
    kind, sentence = State.WELL, ""
    if state.gone:
        kind, sentence = State.GONE, f"{told.cause} {told.repair}"
    elif not told.ok:
        kind, sentence = State.FAILING, f"{told.cause} {told.repair}"
    elif health.moved_to:
        kind = State.MOVED
        sentence = f"It has moved to {health.moved_to}. Take over its new address: newsfeed feeds repair."
    elif state.last_tried is None:
        kind, sentence = State.UNASKED, "It has not been asked yet: newsfeed refresh."
    elif told.silent_days:
        kind = State.SILENT
        usual = silence.every(health.usual_days)
        sentence = f"Silent for {told.silent_days} days; it used to write {usual}."
    elif health.brought >= LOW_SIGNAL_ITEMS and not health.shown and editions >= LOW_SIGNAL_EDITIONS:
        kind = State.LOW_SIGNAL
        sentence = (
            f"None of its {health.brought} items was shown in {editions} editions. "
            'Give it more weight (newsfeed-weight="1.5"), or take it out.'
        )
    return msgspec.structs.replace(health, state=kind, sentence=sentence.strip())


def worst_first(found: Sequence[FeedHealth]) -> list[FeedHealth]:
    """Those of which there is something to say, worst first, by name."""
    order = list(State)
    said = [h for h in found if h.state != State.WELL]
    return sorted(
        said, key=lambda h: (order.index(h.state), not h.report.must_read, h.report.title.casefold())
    )
