"""Which items of a document are new, which are edits, and which are old ones in another coat.

Publishers change guids, add tracking parameters, move to another domain or list an item twice. An item that two marks
(link, title, date) show to be a stored one *is* that one, whatever its identity says now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from newsfeed import text
from newsfeed.model import Item, KnownItem, Parsed

OLD = timedelta(hours=72)
OLD_OF_SLOW = timedelta(days=7)  # for feeds that bring less than an item a week
LATE = timedelta(days=7)  # an item dated so long before our last look was added to the past
_FIRST_WORDS = 200  # characters of a lead in which a recording or a note names its day
UNDATED = 3  # of the first undated items, so many count as new
SLOW = 1 / 7  # items a day


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
            for mark in _marks(old.link, old.title, old.published):
                self._by.setdefault(mark, []).append(old)

    def find(self, item: Item) -> KnownItem | None:
        """The stored item that this one is, each given out once; None if there is none or it can't be told which."""
        for mark in _marks(item.link, item.title, item.published):
            fitting = [old for old in self._by.get(mark, ()) if old.identity not in self._given]
            if len(fitting) > 1:
                fitting = [old for old in fitting if old.hash == item.hash][:1]
            # The weakest pair, title and place, does not stand against two different dates.
            if mark[0] == "place":
                fitting = [old for old in fitting if not (old.published and item.published)]
            if len(fitting) == 1:
                self._given.add(fitting[0].identity)
                return fitting[0]
        return None


def _marks(link: str, title: str, published: datetime | None) -> list[tuple[str, object]]:
    """Pairs of marks, strongest first. One alone proves nothing: sites reuse links, titles and dates."""
    name = " ".join(title.casefold().split())
    marks: list[tuple[str, object]] = []
    if link and name:
        marks.append(("link", (link, name)))
    if link and published:
        marks.append(("day", (link, published)))
    if name and published:
        marks.append(("moment", (name, published)))
    if link and name:
        parts = urlsplit(link)
        marks.append(("place", (parts.netloc.removeprefix("www."), parts.path.rstrip("/"), name)))
    return marks


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
    marks, told = Marks(()), set()
    if any(item.identity not in by_identity for item in parsed.items):
        # An item that still stands in the document under its own identity can't be another one as well.
        marks = Marks(old for old in known if old.identity not in present)
        # What the document says under a known identity; the same once more under another one is a twin of it.
        told = {_twin(old) for old in known if old.identity in unchanged}
        told |= {_twin(item) for item in parsed.items if item.identity in by_identity}
    new: dict[str, Item] = {}
    changed: dict[str, Item] = {}
    recognised = bool(parsed.known)
    for item in parsed.items:
        old = by_identity.get(item.identity)
        if old is None:
            twin = _twin(item)
            if item.identity in new or (twin is not None and twin in told):
                continue
            told.add(twin)
            old = marks.find(item)
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


def _twin(item: Item | KnownItem) -> tuple[str, str, datetime | None] | None:
    """What makes two items of one document the same thing said twice."""
    return (item.link, item.title, item.published) if item.link and item.title else None


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
