"""How each feed fares, for the page, the mail and `newsfeed feeds check`."""

from __future__ import annotations

from datetime import datetime

from newsfeed.fetch import redact
from newsfeed.model import FeedReport, FeedState, Pool
from newsfeed.pipeline.home import Home
from newsfeed.store import Store


def reports(home: Home, store: Store, pool: Pool | None = None) -> tuple[FeedReport, ...]:
    """One report a feed, in the order of the list."""
    new: dict[int, int] = {}
    for candidate in pool.candidates if pool else ():
        new[candidate.item.feed] = new.get(candidate.item.feed, 0) + 1
    return tuple(report(home, state, new.get(state.feed, 0)) for state in store.states())


def report(home: Home, state: FeedState, items_new: int) -> FeedReport:
    """One feed's state in the words of a report."""
    failure = state.failure
    return FeedReport(
        feed=state.feed,
        title=state.name,
        url=redact(state.subscription.url),
        ok=failure is None and not state.gone,
        cause=failure.text if failure else "",
        repair=failure.repair if failure else "",
        items_new=items_new,
        failing_since=state.failing_since,
        last_good=state.last_good,
        next_try=state.next_due,
        needs_owner=bool(failure and failure.needs_owner),
        must_read=state.subscription.options.get("must-read", "") in {"yes", "true", "1"},
        silent_days=silent_days(state, home.clock()),
    )


def silent_days(state: FeedState, now: datetime) -> int:
    """Days of silence beyond the feed's own rhythm; 0 while it is within it."""
    if state.last_changed is None or state.items_a_day <= 0:
        return 0
    usual = max(3 / state.items_a_day, 2.0)  # three of its usual gaps, and never less than two days
    silent = (now - state.last_changed).total_seconds() / 86_400
    return int(silent) if silent > usual else 0
