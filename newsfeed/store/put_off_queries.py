"""Texts that a first refresh stored as they came: cleaned and entered into the search index when there is time for it."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select, update

from newsfeed.model import PUT_OFF
from newsfeed.store import items_queries, meta_table, search_queries
from newsfeed.store.dialect import Transaction
from newsfeed.store.schema import body, item

_SOME = "texts put off"  # whether there are any: to look for them reads every text

_BODY = (
    update(body)
    .where(body.c.item == bindparam("number"))
    .values(text=bindparam("text"), html=bindparam("html"))
)
_ITEM = (
    update(item)
    .where(item.c.id == bindparam("number"))
    .values(words=bindparam("words"), hash=bindparam("hash"))
)


def note(db: Transaction) -> None:
    """Remember that there are texts that were put off."""
    meta_table.put(db, _SOME, "yes")


def note_end(db: Transaction) -> None:
    """Forget that, once the last of them was deleted."""
    if meta_table.get(db, _SOME) is not None and not count(db):
        meta_table.put(db, _SOME, None)


def count(db: Transaction) -> int:
    """How many items are known by their titles only."""
    if meta_table.get(db, _SOME) is None:
        return 0
    query = select(func.count()).select_from(body).where(body.c.text == PUT_OFF)
    return int(db.execute(query).scalar_one())


def read_some(db: Transaction, most: int) -> int:
    """Clean so many of them, the newest first; returns how many there were."""
    query = select(body.c.item).where(body.c.text == PUT_OFF).order_by(body.c.item.desc()).limit(most)
    numbers = list(db.execute(query).scalars())
    if len(numbers) < most:
        meta_table.put(db, _SOME, None)
    if not numbers:
        return 0
    before = items_queries.items(db, numbers, "stored")
    now = [(i.id, i.item) for i in items_queries.items(db, numbers, "all")]
    db.execute(_BODY, [{"number": n, "text": i.text, "html": i.html} for n, i in now])
    db.execute(_ITEM, [{"number": n, "words": i.words, "hash": i.hash} for n, i in now])
    db.drop_from_search([(i.id, search_queries.entry(i.item)) for i in before])
    db.add_to_search([(number, search_queries.entry(one)) for number, one in now])
    return len(numbers)
