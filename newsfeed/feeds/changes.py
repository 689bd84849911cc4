"""What an answer changes of a feed: what we knew, plus what came back, plus the time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec

from newsfeed.feeds import matching, rhythm
from newsfeed.feeds.rhythm import settled
from newsfeed.model import (
    Cause,
    Failure,
    FeedState,
    FeedUpdate,
    Item,
    KnownItem,
    NotModified,
    Parsed,
    Response,
)
from newsfeed.text import detect_language, plausible_language

MOVE_DAYS = 3  # reads on so many days must have shown the same permanent move
MOVES_KEPT = 8
TOO_MANY = 429
BELIEVED = timedelta(days=8)  # for so long "nothing new" may be all that a server says
WHOLE = "whole answer"  # the day of the last one, in a feed's cursor
TITLES_HEARD = 20  # stored ones, that say in which language a feed is which never said so
replace = msgspec.structs.replace


def decide(
    state: FeedState,
    answer: Response | NotModified | Failure,
    parsed: Parsed | Failure | None,
    known: Sequence[KnownItem],
    now: datetime,
    jitter: float,
) -> FeedUpdate:
    """What one outcome changes.

    Args:
        state: the feed until now.
        answer: what came back.
        parsed: what a `Response` was read as; None for the other outcomes.
        known: the feed's stored items. Not needed unless there is a `Parsed`.
        now: aware, UTC.
        jitter: 0 to 1, at random; spreads the feeds' times.

    Raises:
        ValueError: a response without a reading.
    """
    state = settled(state, now)
    if isinstance(answer, Failure):
        return _failed(state, answer, now, jitter)
    if isinstance(answer, NotModified):
        return _unchanged(state, answer, now, jitter)
    if isinstance(parsed, Failure):
        # The validators of an answer that could not be read are not kept, so that the next one comes whole again.
        return _failed(state, parsed, now, jitter)
    if parsed is None:
        raise ValueError("a response without a reading decides nothing")
    return _read(state, answer, parsed, known, now, jitter)


def with_fresh_validators(state: FeedState, now: datetime) -> FeedState:
    """The state with which to ask: without validators where the server has answered to them with nothing but
    "nothing new" for more than a week. A server that says so whatever there is would silence the feed for good."""
    whole = state.cursor.get(WHOLE, "")
    if not (state.etag or state.last_modified) or whole > (now - BELIEVED).date().isoformat():
        return state
    return replace(state, etag="", last_modified="")


def offered_move(state: FeedState) -> str:
    """Where the feed has moved for good, once its readable answers have shown it on three days; else ""."""
    days = state.moved_seen
    enough = len(days) >= MOVE_DAYS and max(days) - min(days) >= timedelta(days=MOVE_DAYS - 1)
    return state.moved_to if state.moved_to and enough else ""


def _failed(state: FeedState, failure: Failure, now: datetime, jitter: float) -> FeedUpdate:
    if failure.cause == Cause.NO_NETWORK:
        # Not the feed's fault, and no reason to make its owner wait once the network is back.
        soon = now + rhythm.OFFLINE_RETRY
        return FeedUpdate(state=replace(state, next_due=soon), failure=failure)
    retry_at = rhythm.believable(failure.retry_at, now)
    if failure.cause == Cause.THROTTLED and not failure.status:
        # The host's pace put it off before it was asked: it has neither failed nor been tried.
        until = retry_at or now + rhythm.OFFLINE_RETRY
        return FeedUpdate(state=replace(state, next_due=until, not_before=until), failure=failure)
    failures = state.failures + 1
    due = rhythm.retry(now, failures, jitter)
    return FeedUpdate(
        state=replace(
            state,
            last_tried=now,
            failures=failures,
            failing_since=state.failing_since or now,
            failure=failure,
            next_due=due if retry_at is None else max(due, retry_at),
            # Who was asked to come less often, and not told when, waits by its own measure, even by hand.
            not_before=due if retry_at is None and failure.status == TOO_MANY else retry_at,
            gone=failure.cause == Cause.GONE,
        ),
        failure=failure,
    )


def _good(
    state: FeedState, answer: Response | NotModified, rate: float, now: datetime, jitter: float
) -> FeedState:
    """What every good answer means for the feed, new items or not. `state` holds the feed's own wishes already."""
    moved_to, moved_seen = _moved(state, answer.permanent_url, now.date())
    return replace(
        state,
        etag=answer.etag,
        last_modified=answer.last_modified,
        last_tried=now,
        last_good=now,
        first_good=state.first_good or now,
        failures=0,
        failing_since=None,
        failure=None,
        gone=False,
        not_before=None,
        items_a_day=rate,
        moved_to=moved_to,
        moved_seen=moved_seen,
        next_due=rhythm.next_due(
            now,
            rate,
            jitter,
            ttl_minutes=state.ttl_minutes,
            skip_hours=state.skip_hours,
            headers=answer.headers,
        ),
    )


def _unchanged(state: FeedState, answer: NotModified, now: datetime, jitter: float) -> FeedUpdate:
    rate = rhythm.slowed(state.items_a_day, state.last_changed, now)
    if not (state.etag or state.last_modified):  # it came whole, and was the same
        state = replace(state, cursor={**state.cursor, WHOLE: now.date().isoformat()})
    return FeedUpdate(state=_good(state, answer, rate, now, jitter))


def _read(
    state: FeedState,
    answer: Response,
    parsed: Parsed,
    known: Sequence[KnownItem],
    now: datetime,
    jitter: float,
) -> FeedUpdate:
    moments = [*(item.published for item in parsed.items), *(old.published for old in known)]
    dates = [moment for moment in moments if moment is not None]
    dated = rhythm.items_a_day(dates, now)
    found = matching.sort(
        parsed,
        known,
        first=state.first_good is None,
        rate=dated or 0.0,
        last_good=state.last_good,
        now=now,
    )
    language = parsed.language or state.language
    if dated is None:
        dated = rhythm.counted(state.items_a_day, len(found.new), state.last_good, now)
    state = replace(
        state,
        body_hash=answer.body_hash if parsed.complete else "",
        title=parsed.title or state.title,
        html_url=parsed.html_url or state.html_url,
        language=language,
        ttl_minutes=parsed.ttl_minutes,
        skip_hours=parsed.skip_hours,
        last_changed=now if found.new or found.changed else state.last_changed,
    )
    state = _good(state, answer, dated, now, jitter)
    remembered = {**state.cursor, **parsed.cursor}
    if answer.etag or answer.last_modified:
        remembered[WHOLE] = now.date().isoformat()
    state = replace(
        state,
        cursor={name: value for name, value in remembered.items() if value},
        not_before=rhythm.believable(parsed.not_before, now),
    )
    return FeedUpdate(
        # What broke off must come whole next time: its validators would say "nothing new" to the missing rest.
        state=state if parsed.complete else replace(state, etag="", last_modified=""),
        new=_spoken(found.new, language, known),
        changed=_spoken(found.changed, language, known),
        before=found.before,
        counts=parsed.counts,
    )


def _spoken(items: tuple[Item, ...], language: str, known: Sequence[KnownItem]) -> tuple[Item, ...]:
    """Items too short to tell their language are in that of the feed, as it said or as its stored titles do."""
    if all(item.lang for item in items):
        return items
    usual = plausible_language(language) or detect_language(
        "\n".join(old.title for old in known[-TITLES_HEARD:])
    )
    return tuple(item if item.lang else replace(item, lang=usual) for item in items)


def _moved(state: FeedState, target: str, today: date) -> tuple[str, tuple[date, ...]]:
    """The permanent move as it stands after one more good answer."""
    if not target:
        return "", ()
    if target != state.moved_to:
        return target, (today,)
    seen = tuple(sorted({*state.moved_seen, today}))
    # The first day is kept whatever comes after: it shows for how long the move has stood.
    return target, seen if len(seen) <= MOVES_KEPT else (seen[0], *seen[1 - MOVES_KEPT :])
