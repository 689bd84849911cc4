"""Which items of a document are new, which are edits, and which are known items under a new identity.

Publishers change guids, add tracking parameters, move to another domain or list an item twice. An item that two marks
(page, title, date) show to be a stored one *is* that one, whatever its identity says now. The other way round, the next
issue of a briefing that keeps its identity is an item of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from newsfeed import text
from newsfeed.model import Item, KnownItem, Parsed

OLD = timedelta(hours=72)
OLD_OF_SLOW = timedelta(days=7)  # for feeds that bring less than an item a week
LATE = timedelta(days=7)  # an item dated so long before our last look was added to the past
_FIRST_WORDS = 200  # characters of a lead in which a recording or a note names its day
UNDATED = 3  # of the first undated items, so many count as new
SLOW = 1 / 7  # items a day
ISSUE = timedelta(hours=18)  # so much later at least comes the next issue of a daily briefing
LEAST_MOVED = 3  # titles that a document and the store must share for a site to have moved


class Sorted(msgspec.Struct, frozen=True):
    """The items of one document, sorted out."""

    new: tuple[Item, ...] = ()
    changed: tuple[Item, ...] = ()
    before: tuple[str, ...] = ()


class Marks:
    """Stored items by the marks that outlive their identity."""

    def __init__(self, known: Iterable[KnownItem]) -> None:
        self._by: dict[tuple[str, object], list[KnownItem]] = {}
        self._given: set[str] = set()
        for old in known:
            for mark in _marks(old.page, old.title, old.published):
                self._by.setdefault(mark, []).append(old)

    def find(self, item: Item) -> KnownItem | None:
        """The stored item that this one is, each given out once; None if there is none or it can't be told which."""
        for mark in _marks(item.page, item.title, item.published):
            fitting = [
                old
                for old in self._by.get(mark, ())
                if old.identity not in self._given and not _is_next_issue(item, old)
            ]
            if len(fitting) > 1:
                fitting = [old for old in fitting if old.hash == item.hash][:1]
            # The weakest pair, title and place, does not stand against two different dates.
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
    """Whether two moments may be one that was once written without its hour."""
    if one is None or other is None:
        return False
    return abs(one - other) < timedelta(days=1) and any(
        m.hour == m.minute == m.second == 0 for m in (one, other)
    )


def _is_next_issue(item: Item, old: KnownItem) -> bool:
    """Whether an item shares only the identity of a stored one: it came a day later, with hardly a word in common."""
    if item.published is None or old.published is None or item.published - old.published < ISSUE:
        return False
    if item.lead and old.lead:
        return not text.alike(item.lead, old.lead)
    return not text.alike(item.title, old.title)  # what was old at the first look has no lead


def _issues(known: Iterable[KnownItem]) -> dict[str, KnownItem]:
    """By identity the latest issue that is stored under it: those after the first have their day behind it."""
    found: dict[str, KnownItem] = {}
    for old in known:
        base = _ISSUE.sub("", old.identity)
        latest = found.get(base)
        if latest is None or (latest.published or _NEVER) < (old.published or _NEVER):
            found[base] = old
    return found


_ISSUE = re.compile(r"\n\d{4}-\d\d-\d\d$")
_NEVER = datetime.min.replace(tzinfo=UTC)


def _moved(parsed: Parsed, known: Sequence[KnownItem]) -> dict[str, KnownItem]:
    """By title the stored items of a site that moved: none of its items is known, but most titles are."""
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
        # An item that still stands in the document under its own identity can't be another one as well.
        marks = Marks(old for old in known if old.identity not in present)
        # What the document lists under a known identity; the same once more under another one is the same item.
        listed = {_content(old) for old in known if old.identity in unchanged}
        listed |= {_content(item) for item in parsed.items if item.identity in by_identity}
    moved = {}
    if not unchanged and not any(item.identity in by_identity for item in parsed.items):
        moved = _moved(parsed, known)
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
            old = marks.find(item) or moved.pop(_name(item.title), None)
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
    """What two items of one document share when it lists one item twice."""
    return (item.page, item.title, item.published) if item.page and item.title else None


def _before(
    new: Iterable[Item], *, start: bool, rate: float, last_good: datetime | None, now: datetime
) -> tuple[str, ...]:
    """The identities of items that are new to us but no news."""
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
    """Whether an undated item says itself that it is of before `oldest`: in its title or address, and at the start of
    a subscription, when all that a feed ever had comes at once, in its first words too."""
    said = f"{item.title}\n{item.link}" + (f"\n{item.lead[:_FIRST_WORDS]}" if start else "")
    day = text.latest_day(said)
    return day is not None and day < oldest
