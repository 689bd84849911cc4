"""The health of each feed, for the page, the mail, `newsfeed feeds check` and `newsfeed feeds repair`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from newsfeed.feeds import changes, rhythm
from newsfeed.feeds.health import FeedHealth, HealthState, judged, report, without_network
from newsfeed.feeds.rhythm import Silence
from newsfeed.fetch import redact
from newsfeed.model import FeedReport, FeedState, Pool
from newsfeed.pipeline.home import Home
from newsfeed.store import Store

WINDOW = 90  # days over which a feed's items are compared with what was shown of them


def reports(home: Home, store: Store, pool: Pool | None = None) -> tuple[FeedReport, ...]:
    """One report per feed, in the order of the list."""
    new = Counter(candidate.item.feed for candidate in (pool.candidates if pool else ()))
    now = home.clock()
    states = store.states()
    offline = without_network(states)
    return tuple(
        report(
            s,
            redact(s.subscription.url),
            new[s.feed],
            _silence(store, s, now),
            now,
            offline=s.feed in offline,
        )
        for s in states
    )


def _silence(store: Store, state: FeedState, now: datetime) -> Silence:
    """A feed's silence; its items are only read if it can be silent at all."""
    quiet_since = state.last_changed
    if quiet_since is not None and now - quiet_since < timedelta(days=rhythm.SILENT_FROM):
        return Silence()
    if state.first_good is None or state.failure is not None:
        return Silence()
    days = Counter(k.published.date() for k in store.known(state.feed) if k.published is not None)
    return _by_days(store, state, now, list(days.items()))


def _by_days(store: Store, state: FeedState, now: datetime, days: Sequence[tuple[date, int]]) -> Silence:
    """The silence of a feed with these numbers of items by day."""
    if sum(number for _, number in days) > rhythm.FEWEST_GAPS:
        return rhythm.silence([_midnight(day) for day, _ in days], now)
    # For a feed without dates, the days on which we found something show its rhythm.
    brought = store.daily_counts((now - timedelta(days=4 * WINDOW)).date()).get(state.feed, {})
    return rhythm.silence([_midnight(day) for day in brought], now)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def examine(home: Home, store: Store) -> tuple[FeedHealth, ...]:
    """The health of every feed, in the order of the list."""
    now = home.clock()
    history = store.history(home.today + timedelta(days=1), WINDOW)
    shown = Counter(s.feed for s in history.shown)
    thumbs = store.likes({s.item for s in history.shown})
    liked = Counter(s.feed for s in history.shown if thumbs.get(s.item, 0) > 0)
    daily = store.daily_counts((now - timedelta(days=WINDOW)).date())
    found = []
    states = store.states()
    days = store.published_days()
    offline = without_network(states)
    for state in states:
        silent = _by_days(store, state, now, days.get(state.feed, ())) if state.first_good else Silence()
        if state.failure is not None:
            silent = Silence(usual=silent.usual)
        health = FeedHealth(
            report=report(
                state, redact(state.subscription.url), 0, silent, now, offline=state.feed in offline
            ),
            state=HealthState.WELL,
            sentence="",
            folder="/".join(state.subscription.folders),
            items_a_week=round(state.items_a_day * 7, 2),
            usual_days=silent.usual,
            brought=sum(daily.get(state.feed, {}).values()),
            shown=shown[state.feed],
            liked=liked[state.feed],
            moved_to=redact(to, state.subscription.url) if (to := changes.offered_move(state)) else "",
        )
        found.append(judged(health, state, len(history.days)))
    return tuple(found)
