"""Reading and finding items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from newsfeed.errors import NotFoundError
from newsfeed.model import StoredItem
from newsfeed.store import rows, words
from newsfeed.store.dialect import Transaction
from newsfeed.store.schema import body, item, item_topic
from newsfeed.text import canonical_url

Body = Literal["none", "text", "all"]  # of an item: nothing, the beginning of its text, text and HTML whole
SHORT = 2000  # characters of text in the light version
CHUNK = 5000  # values in one IN (…)
LOOKED_AT = 400  # newest hits of a search that are weighed
_EVERY = 1_000_000  # hits, where most of them may not fit what the search is narrowed down to


def chunks(values: Iterable[int]) -> Iterator[list[int]]:
    """Numbers in lists that a statement can take."""
    whole = list(values)
    for start in range(0, len(whole), CHUNK):
        yield whole[start : start + CHUNK]


def selected(how: Body = "none") -> Select[Any]:
    """A query for items with as much of their bodies as is asked for; read its rows by `read`."""
    if how == "none":
        return select(*rows.ITEM_COLUMNS)
    if how == "text":
        return select(*rows.ITEM_COLUMNS, func.substr(body.c.text, 1, SHORT)).outerjoin_from(item, body)
    return select(*rows.ITEM_COLUMNS, body.c.text, body.c.html).outerjoin_from(item, body)


_WIDTH = len(rows.ITEM_COLUMNS)


def read(row: Sequence[Any], how: Body = "none") -> StoredItem:
    """The item in a row of `selected`."""
    if how == "none":
        return rows.stored_item(row)
    if how == "text":
        return rows.stored_item(row, row[_WIDTH] or "")
    return rows.stored_item(row, row[_WIDTH] or "", row[_WIDTH + 1] or "")


def items(db: Transaction, numbers: Iterable[int], how: Body = "all") -> list[StoredItem]:
    """The items with these numbers, in their order; what is forgotten is left out."""
    wanted = list(dict.fromkeys(numbers))
    found = {
        row[0]: read(row, how)
        for some in chunks(wanted)
        for row in db.execute(selected(how).where(item.c.id.in_(some)))
    }
    return [found[n] for n in wanted if n in found]


def one(db: Transaction, number: int) -> StoredItem:
    """The item with this number, whole.

    Raises:
        NotFoundError: there is none, or it is forgotten.
    """
    found = items(db, [number])
    if not found:
        raise NotFoundError(f"item {number}", "there is no such item, or it is too old to be kept")
    return found[0]


def window(
    db: Transaction, since: datetime, until: datetime | None = None, how: Body = "none"
) -> list[StoredItem]:
    """Items that came from `since` on, or were published since; before `until`. Oldest number first.

    What was published before the reader subscribed counts by its date only.
    """
    query = selected(how).where(_within(since, until)).order_by(item.c.id)
    return [read(row, how) for row in db.execute(query).all()]


def count_window(db: Transaction, since: datetime) -> int:
    """How many items `window` would give."""
    return db.execute(select(func.count()).select_from(item).where(_within(since, None))).scalar_one()


def _within(since: datetime, until: datetime | None) -> ColumnElement[bool]:
    # Nothing is published after it was seen, so that one index finds both.
    begun = and_(item.c.first_seen >= since, or_(item.c.before.is_(False), item.c.published >= since))
    return begun if until is None else and_(begun, func.coalesce(item.c.published, item.c.first_seen) < until)


def of_feed(db: Transaction, number: int, limit: int = 50, how: Body = "none") -> list[StoredItem]:
    """The newest items of one feed, newest first."""
    query = selected(how).where(item.c.feed == number).order_by(item.c.id.desc()).limit(limit)
    return [read(row, how) for row in db.execute(query).all()]


def newest(db: Transaction, feeds: Iterable[int], limit: int, first: int) -> list[int]:
    """The numbers of the newest items of each of these feeds, at the most `limit` of each, from number `first` on."""
    place = func.row_number().over(partition_by=item.c.feed, order_by=item.c.id.desc()).label("place")
    found: list[int] = []
    for some in chunks(feeds):
        of = select(item.c.id, place).where(item.c.feed.in_(some), item.c.id >= first).subquery()
        found += db.execute(select(of.c.id).where(of.c.place <= limit)).scalars()
    return found


# ------------------------------------------------------------------------- finding


def find(db: Transaction, name: str, limit: int = 20) -> list[StoredItem]:
    """What a person may mean by `name`: a short name, a link, an address of a feed's item, or words of a title.

    The first kind that fits decides. Empty when nothing does; more than one when the name is not clear.
    """
    name = name.strip()
    if not name:
        return []
    found = _by_ref(db, name) or _by_link(db, name)
    if found or "://" in name:
        return found
    hits = search(db, name, limit)
    titled = [i for i in hits if words.holds(name, i.item.title)]
    exact = [i for i in titled if words.folded(i.item.title).casefold() == words.folded(name).casefold()]
    return exact or titled


def _by_ref(db: Transaction, name: str) -> list[StoredItem]:
    return _whole(db, item.c.ref == name.removeprefix("#").lower())


def _by_link(db: Transaction, name: str) -> list[StoredItem]:
    if "://" not in name:
        return []
    base = name.partition("#")[0]
    spellings = {name, base, base.rstrip("/"), base.rstrip("/") + "/"}
    found = _whole(db, or_(item.c.link.in_(spellings), item.c.page == (canonical_url(name) or name)))
    return found or _whole(db, item.c.discussion.in_(spellings))


def _whole(db: Transaction, condition: ColumnElement[bool]) -> list[StoredItem]:
    query = selected("all").where(condition).order_by(item.c.id.desc())
    return [read(row, "all") for row in db.execute(query).all()]


class Narrowed(NamedTuple):
    """What a search is narrowed down to."""

    feeds: Sequence[int] | None = None
    topic: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same for a query."""
        found: list[ColumnElement[bool]] = []
        moment = func.coalesce(item.c.published, item.c.first_seen)
        if self.feeds is not None:
            found.append(item.c.feed.in_(self.feeds))
        if self.topic:
            found.append(item.c.id.in_(select(item_topic.c.item).where(item_topic.c.topic == self.topic)))
        if self.since is not None:
            found += [item.c.first_seen >= self.since, moment >= self.since]  # an index finds the first
        if self.until is not None:
            found.append(moment < self.until)
        return found


def search(
    db: Transaction, wanted: str, limit: int = 50, narrowed: Narrowed | None = None
) -> list[StoredItem]:
    """Items with all these words (or words that begin so): those that have them in the title first, then newest first."""
    terms = words.terms(wanted)
    conditions = narrowed.conditions() if narrowed else []
    if limit <= 0 or not (terms or conditions):
        return []
    if not terms:
        newest = select(item.c.id).where(*conditions).order_by(item.c.id.desc()).limit(limit)
        return items(db, [r[0] for r in db.execute(newest)], "text")
    numbers = db.search(terms, _EVERY if conditions else max(LOOKED_AT, limit))
    if conditions:
        fitting = set()
        for some in chunks(numbers):
            kept = select(item.c.id).where(item.c.id.in_(some), *conditions)
            fitting |= {r[0] for r in db.execute(kept)}
            if len(fitting) >= max(LOOKED_AT, limit):
                break
        numbers = [n for n in numbers if n in fitting]
    hits: Sequence[StoredItem] = items(db, numbers, "text")
    if any(c >= "\u3000" for c in wanted):
        # The index knows pairs of letters only; whether they stand together, the text itself tells.
        hits = [i for i in hits if words.holds(wanted, words.plain(i.item))]
    titled = [i for i in hits if words.holds(wanted, i.item.title)]
    in_title = {i.id for i in titled}
    return [*titled, *(i for i in hits if i.id not in in_title)][:limit]


def make_search_anew(db: Transaction) -> int:
    """Fill the search index from the items themselves; gives how many there are."""
    db.create_search()
    count = 0
    numbers = [r[0] for r in db.execute(select(item.c.id).order_by(item.c.id))]
    for some in chunks(numbers):
        whole = items(db, some, "all")
        db.add_to_search([(i.id, words.entry(i.item)) for i in whole])
        count += len(whole)
    return count


def enrich(db: Transaction, number: int, lead: str, length: int) -> None:
    """Give an item another lead and length (in words)."""
    was = one(db, number).item
    db.execute(item.update().where(item.c.id == number).values(lead=lead, words=length))
    now = one(db, number).item
    if words.entry(was) != words.entry(now):
        db.drop_from_search([(number, words.entry(was))])
        db.add_to_search([(number, words.entry(now))])
