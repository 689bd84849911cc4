"""Reading and finding items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from newsfeed.errors import NotFoundError
from newsfeed.model import StoredItem
from newsfeed.store import rows, schema
from newsfeed.store.dialect import Transaction, chunks
from newsfeed.store.schema import item

Body = Literal["none", "text", "all"]  # of an item: nothing, the beginning of its text, text and HTML whole
SHORT = 2000  # characters of text in the light version


def selected(how: Body = "none") -> Select[Any]:
    """A query for items with as much of their bodies as is asked for; read its rows by `read`."""
    if how == "none":
        return select(*rows.ITEM_COLUMNS)
    if how == "text":
        return select(*rows.ITEM_COLUMNS, func.substr(schema.body.c.text, 1, SHORT)).outerjoin_from(
            item, schema.body
        )
    return select(*rows.ITEM_COLUMNS, schema.body.c.text, schema.body.c.html).outerjoin_from(
        item, schema.body
    )


_WIDTH = len(rows.ITEM_COLUMNS)


def read(row: Sequence[Any], how: Body = "none") -> StoredItem:
    """The item in a row of `selected`."""
    if how == "none":
        return rows.stored_item(row)
    if how == "text":
        return rows.stored_item(row, row[_WIDTH] or "")
    return rows.stored_item(row, row[_WIDTH] or "", row[_WIDTH + 1] or "")


def items(db: Transaction, ids: Iterable[int], body: Body = "all") -> list[StoredItem]:
    """The items with these numbers, in their order; what is forgotten is left out.

    `body`: "all" brings text and HTML, "text" the first 2,000 characters of text, "none" neither.
    """
    wanted = list(dict.fromkeys(ids))
    found = {row[0]: read(row, body) for row in db.rows_in(selected(body), item.c.id, wanted)}
    return [found[n] for n in wanted if n in found]


def item_of(db: Transaction, number: int) -> StoredItem:
    """The item with this number, whole.

    Raises:
        NotFoundError: there is none, or it is forgotten.
    """
    found = items(db, [number])
    if not found:
        raise NotFoundError(f"item {number}", "there is no such item, or it is too old to be kept")
    return found[0]


def window(
    db: Transaction, since: datetime, until: datetime | None = None, body: Body = "none"
) -> list[StoredItem]:
    """Items that came from `since` on, or were published since; before `until`. Oldest number first.

    What was published before the reader subscribed counts by its date only.
    """
    query = selected(body).where(_within(since, until)).order_by(item.c.id)
    return [read(row, body) for row in db.execute(query).all()]


def feeds_of_window(db: Transaction, since: datetime) -> dict[int, tuple[int, str]]:
    """The items of `window` by number, each with its feed and language alone."""
    query = select(item.c.id, item.c.feed, item.c.lang).where(_within(since, None)).order_by(item.c.id)
    return {number: (feed, lang) for number, feed, lang in db.execute(query).all()}


def count_window(db: Transaction, since: datetime) -> int:
    """How many items `window` would give."""
    return db.execute(select(func.count()).select_from(item).where(_within(since, None))).scalar_one()


def _within(since: datetime, until: datetime | None) -> ColumnElement[bool]:
    # Nothing is published after it was seen, so that one index finds both.
    begun = and_(item.c.first_seen >= since, or_(item.c.before.is_(False), item.c.published >= since))
    return begun if until is None else and_(begun, func.coalesce(item.c.published, item.c.first_seen) < until)


def newest(db: Transaction, feeds: Iterable[int], limit: int, first: int) -> list[int]:
    """The numbers of the newest items of each of these feeds, at the most `limit` of each, from number `first` on."""
    place = func.row_number().over(partition_by=item.c.feed, order_by=item.c.id.desc()).label("place")
    found: list[int] = []
    for some in chunks(feeds):
        of = select(item.c.id, place).where(item.c.feed.in_(some), item.c.id >= first).subquery()
        found += db.execute(select(of.c.id).where(of.c.place <= limit)).scalars()
    return found
