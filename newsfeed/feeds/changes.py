"""What an answer changes about a feed, from the state before, the answer and the time; and which of its items are new.

Publishers change guids, add tracking parameters, move to another domain or list an item twice. An item that agrees
with a stored one in two of page, title and date *is* that item, even under a new identity. Conversely, the next issue of
a briefing that keeps its identity is a new item.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from newsfeed import text
from newsfeed.feeds import rhythm
from newsfeed.feeds.rhythm import Moment, settled
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

# A long weekend: on the first request, older items count as from before the subscription
OLD = timedelta(hours=72)
OLD_OF_SLOW = timedelta(days=7)  # the same for feeds with less than an item a week
LATE = timedelta(days=7)  # an item dated so long before our last request was added retroactively
_FIRST_WORDS = 200  # characters of a lead in which the date of a recording or note is looked for
UNDATED = 3  # of the first undated items, so many count as new
SLOW = 1 / 7  # items a day
ISSUE = timedelta(hours=18)  # the next issue of a daily briefing comes at least so much later
LEAST_MOVED = 3  # titles that document and store must share to conclude that a site moved


class Sorted(msgspec.Struct, frozen=True):
    """The items of one document, sorted into new, changed and known."""

    new: tuple[Item, ...] = ()
    changed: tuple[Item, ...] = ()
    before: tuple[str, ...] = ()


class Marks:
    """Stored items by the marks (page, title, date) that outlive their identity."""

    def __init__(self, known: Iterable[KnownItem]) -> None:
        self._by: dict[tuple[str, object], list[KnownItem]] = {}
        self._given: set[str] = set()
        for old in known:
            for mark in _marks(old.page, old.title, old.published):
                self._by.setdefault(mark, []).append(old)

    def find(self, item: Item) -> KnownItem | None:
        """The stored item that equals this one; each is returned once; None if there is none, or more than one fits."""
        for mark in _marks(item.page, item.title, item.published) if self._by else ():
            fitting = [
                old
                for old in self._by.get(mark, ())
                if old.identity not in self._given and not _is_next_issue(item, old)
            ]
            if len(fitting) > 1:
                fitting = [old for old in fitting if old.hash == item.hash][:1]
            # The weakest pair, title and place, is not enough if the dates differ.
            if mark[0] == "place":
                fitting = [old for old in fitting if not (old.published and item.published)]
            elif mark[0] == "date":
                fitting = [old for old in fitting if _lost_its_hour(old.published, item.published)]
            if len(fitting) == 1:
                self._given.add(fitting[0].identity)
                return fitting[0]
        return None


def _marks(page: str, title: str, published: datetime | None) -> list[tuple[str, object]]:
    """Pairs of marks, strongest first. One alone proves nothing: sites reuse links, titles and dates."""
    name = _name(title)
    place = _WEB.sub("", page)  # the same page under both schemes, with www. and without
    marks: list[tuple[str, object]] = []
    if place and name:
        marks.append(("page", (place, name)))
    if place and published:
        marks.append(("day", (place, published)))
    if name and published:
        marks.append(("moment", (name, published)))
    if place and name:
        marks.append(("place", (re.split(r"[?#]", place, maxsplit=1)[0], name)))
    if name and published:
        marks.append(("date", (name, published.date())))
    return marks


_WEB = re.compile(r"^https?://(?:www\.)?")


def _name(title: str) -> str:
    return " ".join(title.casefold().split())


def _lost_its_hour(one: datetime | None, other: datetime | None) -> bool:
    """Whether two moments may be the same, one of them written without its hour."""
    if one is None or other is None:
        return False
    return abs(one - other) < timedelta(days=1) and any(
        m.hour == m.minute == m.second == 0 for m in (one, other)
    )


def _is_next_issue(item: Item, old: KnownItem) -> bool:
    """Whether an item shares only the identity with a stored one: it is a day later, with hardly a word in common."""
    if item.published is None or old.published is None or item.published - old.published < ISSUE:
        return False
    if item.lead and old.lead:
        return not text.alike(item.lead, old.lead)
    return not text.alike(item.title, old.title)  # items that were old on the first request have no lead


def _issues(known: Iterable[KnownItem]) -> dict[str, KnownItem]:
    """By identity, the latest issue stored under it; issues after the first have their day appended to it."""
    found: dict[str, KnownItem] = {}
    for old in known:
        base = _ISSUE.sub("", old.identity)
        latest = found.get(base)
        if latest is None or (latest.published or _NEVER) < (old.published or _NEVER):
            found[base] = old
    return found


_ISSUE = re.compile(r"\n\d{4}-\d\d-\d\d$")
_NEVER = datetime.min.replace(tzinfo=UTC)


def _of_moved_site(parsed: Parsed, known: Sequence[KnownItem]) -> dict[str, KnownItem]:
    """By title, the stored items of a site that moved: none of the document's items is known, but most titles are."""
    titles = Counter(_name(old.title) for old in known)
    held = {name: old for old in known if (name := _name(old.title)) and titles[name] == 1 and " " in name}
    present = Counter(_name(item.title) for item in parsed.items)
    same = {name: held[name] for name, often in present.items() if often == 1 and name in held}
    return same if len(same) >= LEAST_MOVED and 2 * len(same) >= len(parsed.items) else {}


def sort(
    parsed: Parsed,
    known: Sequence[KnownItem],
    *,
    first: bool,
    rate: float,
    last_good: datetime | None,
    now: datetime,
) -> Sorted:
    """Tell new, changed and known items of a document apart.

    Args:
        first: whether this is the feed's first good answer since it was subscribed to.
        rate: items a day.
        last_good: the last look before this one.
    """
    unchanged = frozenset(parsed.known)
    present = unchanged | {item.identity for item in parsed.items}
    by_identity = {old.identity: old for old in known}
    issues = _issues(known)
    marks, listed = Marks(()), set()
    if any(item.identity not in by_identity for item in parsed.items):
        # A stored item that is still in the document under its own identity can't be another item as well.
        marks = Marks(old for old in known if old.identity not in present)
        # Items listed under a known identity; a copy under another identity is the same item.
        listed = {_content(old) for old in known if old.identity in unchanged}
        listed |= {_content(item) for item in parsed.items if item.identity in by_identity}
    moved = {}
    if not unchanged and not any(item.identity in by_identity for item in parsed.items):
        moved = _of_moved_site(parsed, known)
    new: dict[str, Item] = {}
    changed: dict[str, Item] = {}
    recognised = bool(parsed.known)
    for item in parsed.items:
        old = issues.get(item.identity)
        if old is not None and old.hash != item.hash and item.published and _is_next_issue(item, old):
            recognised = True
            issue = f"{item.identity}\n{item.published:%Y-%m-%d}"
            if issue not in by_identity:
                new[issue] = msgspec.structs.replace(item, identity=issue)
            continue
        if old is None:
            content = _content(item)
            if item.identity in new or (content is not None and content in listed):
                continue
            listed.add(content)
            old = marks.find(item) or (moved.pop(_name(item.title), None) if moved else None)
        if old is None:
            new[item.identity] = item
            continue
        recognised = True
        if old.hash != item.hash and old.identity not in changed:
            changed[old.identity] = msgspec.structs.replace(item, identity=old.identity)
    # Items are known, yet none of them is in the document: after a relaunch everything looks new.
    start = first or (bool(known) and not recognised)
    return Sorted(
        new=tuple(new.values()),
        changed=tuple(changed.values()),
        before=_before(new.values(), start=start, rate=rate, last_good=last_good, now=now),
    )


def _content(item: Item | KnownItem) -> tuple[str, str, datetime | None] | None:
    """The key that is equal if a document lists one item twice."""
    return (item.page, item.title, item.published) if item.page and item.title else None


def _before(
    new: Iterable[Item], *, start: bool, rate: float, last_good: datetime | None, now: datetime
) -> tuple[str, ...]:
    """The identities of items that we see for the first time but that are too old to be news."""
    oldest = now - (OLD_OF_SLOW if 0 < rate < SLOW else OLD)
    looked = min(last_good, now) if last_good else now
    undated = 0
    before = []
    for item in new:
        moment = item.published or item.updated
        if moment is None and _tells_of_old(item, oldest.date(), start=start):
            old = True
        elif moment is None:
            undated += 1
            old = start and undated > UNDATED
        elif start:
            old = moment < oldest
        else:
            old = moment < looked - LATE
        if old:
            before.append(item.identity)
    return tuple(before)


def _tells_of_old(item: Item, oldest: date, *, start: bool) -> bool:
    """Whether an undated item itself says that it is from before `oldest`: in its title or address, and at the start of
    a subscription, when all that a feed ever had comes at once, in its first words too."""
    said = f"{item.title}\n{item.link}" + (f"\n{item.lead[:_FIRST_WORDS]}" if start else "")
    day = text.latest_day(said)
    return day is not None and day < oldest


MOVE_DAYS = 3  # days on which answers must have shown the same permanent move
MOVES_KEPT = 8  # days
TOO_MANY = 429  # RFC 6585
BELIEVED = timedelta(days=8)  # how long a server may answer only "nothing new"
WHOLE = "whole answer"  # the day of the last one, in a feed's cursor
TITLES_HEARD = 20  # stored titles used to detect the language of a feed that declares none
replace = msgspec.structs.replace


def decide(
    state: FeedState,
    answer: Response | NotModified | Failure,
    parsed: Parsed | Failure | None,
    known: Sequence[KnownItem],
    at: Moment,
) -> FeedUpdate:
    """What the outcome of one request changes.

    Args:
        state: the feed until now.
        answer: what came back.
        parsed: what was read from a `Response`; None for the other outcomes.
        known: the feed's stored items. Not needed unless there is a `Parsed`.
        at: when it came.

    Raises:
        ValueError: a response without a reading.
    """
    state = settled(state, at.now)
    if isinstance(answer, Failure):
        return _failed(state, answer, at)
    if isinstance(answer, NotModified):
        return _unchanged(state, answer, at)
    if isinstance(parsed, Failure):
        # The validators of an answer that could not be read are not kept, so that the next one comes whole again.
        return _failed(state, parsed, at)
    if parsed is None:
        raise ValueError("a response without a reading decides nothing")
    return _read(state, answer, parsed, known, at)


def with_fresh_validators(state: FeedState, now: datetime) -> FeedState:
    """The state to ask with: without validators if the server has answered them only with "nothing new" for more than a
    week, because some servers always answer so, which would silence the feed for good."""
    whole = state.cursor.get(WHOLE, "")
    if not (state.etag or state.last_modified) or whole > (now - BELIEVED).date().isoformat():
        return state
    return replace(state, etag="", last_modified="")


def offered_move(state: FeedState) -> str:
    """The address that the feed has moved to permanently, once readable answers have shown that on three days; else ""."""
    days = state.moved_seen
    enough = len(days) >= MOVE_DAYS and max(days) - min(days) >= timedelta(days=MOVE_DAYS - 1)
    return state.moved_to if state.moved_to and enough else ""


def _failed(state: FeedState, failure: Failure, at: Moment) -> FeedUpdate:
    now = at.now
    if failure.cause == Cause.NO_NETWORK:
        # Not the feed's fault, and no reason to wait once the network is back.
        soon = now + rhythm.OFFLINE_RETRY
        return FeedUpdate(state=replace(state, next_due=soon), failure=failure)
    retry_at = rhythm.believable(failure.retry_at, now)
    if failure.cause == Cause.THROTTLED and not failure.status:
        # It was postponed by the rate limiter: it neither failed nor was tried.
        until = retry_at or now + rhythm.OFFLINE_RETRY
        return FeedUpdate(state=replace(state, next_due=until, not_before=until), failure=failure)
    state = replace(state, failures=state.failures + 1)
    due = rhythm.retry(state, at)
    return FeedUpdate(
        state=replace(
            state,
            last_tried=now,
            failing_since=state.failing_since or now,
            failure=failure,
            next_due=due if retry_at is None else max(due, retry_at),
            # Asked to come less often without a time given, we choose our own, which manual refreshes respect too.
            not_before=due if retry_at is None and failure.status == TOO_MANY else retry_at,
            gone=failure.cause == Cause.GONE,
        ),
        failure=failure,
    )


def _good(state: FeedState, answer: Response | NotModified, rate: float, at: Moment) -> FeedState:
    """The state after any good answer, with new items or not. `state` already holds the feed's own requests."""
    now = at.now
    moved_to, moved_seen = _moved(state, answer.permanent_url, at.day)
    state = replace(
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
    )
    return replace(state, next_due=rhythm.next_due(state, at, answer.headers))


def _unchanged(state: FeedState, answer: NotModified, at: Moment) -> FeedUpdate:
    rate = rhythm.slowed(state.items_a_day, state.last_changed, at.now)
    if not (state.etag or state.last_modified):  # a whole body, identical to the last one
        state = replace(state, cursor={**state.cursor, WHOLE: at.now.date().isoformat()})
    return FeedUpdate(state=_good(state, answer, rate, at))


def _read(
    state: FeedState,
    answer: Response,
    parsed: Parsed,
    known: Sequence[KnownItem],
    at: Moment,
) -> FeedUpdate:
    now = at.now
    moments = [*(item.published for item in parsed.items), *(old.published for old in known)]
    dates = [moment for moment in moments if moment is not None]
    dated = rhythm.items_a_day(dates, now)
    found = sort(
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
    state = _good(state, answer, dated, at)
    remembered = {**state.cursor, **parsed.cursor}
    if answer.etag or answer.last_modified:
        remembered[WHOLE] = now.date().isoformat()
    state = replace(
        state,
        cursor={name: value for name, value in remembered.items() if value},
        not_before=rhythm.believable(parsed.not_before, now),
    )
    return FeedUpdate(
        # A document that was cut off must be requested without validators, which would hide the missing rest.
        state=state if parsed.complete else replace(state, etag="", last_modified=""),
        new=_spoken(found.new, language, known),
        changed=_spoken(found.changed, language, known),
        before=found.before,
        counts=parsed.counts,
    )


def _spoken(items: tuple[Item, ...], language: str, known: Sequence[KnownItem]) -> tuple[Item, ...]:
    """Items too short for their language to be detected get the feed's, as declared or as detected in its stored titles."""
    if all(item.lang for item in items):
        return items
    usual = plausible_language(language) or detect_language(
        "\n".join(old.title for old in known[-TITLES_HEARD:])
    )
    return tuple(item if item.lang else replace(item, lang=usual) for item in items)


def _moved(state: FeedState, target: str, today: date) -> tuple[str, tuple[date, ...]]:
    """The state of a permanent move after one more good answer."""
    if not target:
        return "", ()
    if target != state.moved_to:
        return target, (today,)
    seen = tuple(sorted({*state.moved_seen, today}))
    # The first day is always kept, as it shows how long the move has lasted.
    return target, seen if len(seen) <= MOVES_KEPT else (seen[0], *seen[1 - MOVES_KEPT :])
