"""The reader's actions: corrections of topics, thumbs, opened, kept and passed-on items, declined proposals."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy import delete, insert, select

from newsfeed.errors import NotFoundError
from newsfeed.model import Correction, Kept, Passed
from newsfeed.store import items_queries, meta_table, schema
from newsfeed.store.dialect import Transaction
from newsfeed.store.schema import correction, item, mark

_TEXTS = msgspec.json.Decoder(tuple[str, ...])
_ENCODER = msgspec.json.Encoder()

# ------------------------------------------------------------------------- corrections


def correct(db: Transaction, word: Correction) -> None:
    """Store the reader's correction of an item; it replaces an earlier one.

    Raises:
        NotFoundError: there is no such item.
    """
    items_queries.item_of(db, word.item)
    topics, previous = (_ENCODER.encode(names).decode() for names in (word.topics, word.previous))
    db.upsert(correction, [{"item": word.item, "topics": topics, "previous": previous, "made": word.made}])


def corrections(db: Transaction) -> list[Correction]:
    """All of the reader's corrections, oldest first."""
    query = select(correction).order_by(correction.c.made, correction.c.item)
    return [
        Correction(
            item=r.item, topics=_TEXTS.decode(r.topics), previous=_TEXTS.decode(r.previous), made=r.made
        )
        for r in db.execute(query).all()
    ]


def undo_correction(db: Transaction, number: int | None = None) -> Correction | None:
    """Undo the correction of one item, or without a number the last one; returns the correction."""
    made = [c for c in corrections(db) if number is None or c.item == number]
    if not made:
        return None
    db.execute(delete(correction).where(correction.c.item == made[-1].item))
    return made[-1]


# ------------------------------------------------------------------------- marks


def like(db: Transaction, number: int, value: int, now: datetime) -> None:
    """Store the reader's thumb: 1 up, -1 down, 0 taken back.

    Raises:
        NotFoundError: there is no such item.
        ValueError: another value.
    """
    if value not in {-1, 0, 1}:
        raise ValueError(f"a thumb is -1, 0 or 1, not {value}")
    _exists(db, number)
    db.upsert(mark, [{"item": number, "liked": value, "liked_at": now}], ["liked", "liked_at"])


def opened(db: Transaction, number: int, now: datetime) -> None:
    """Store that the reader opened an item; only the first time counts.

    Raises:
        NotFoundError: there is no such item.
    """
    _exists(db, number)
    before = db.execute(select(mark.c.opened_at).where(mark.c.item == number)).scalar()
    if before is None:
        db.upsert(mark, [{"item": number, "opened_at": now}], ["opened_at"])


def likes(db: Transaction, numbers: Iterable[int] | None = None) -> dict[int, int]:
    """The reader's thumbs on these items, where there is one; on all without `numbers`."""
    query = select(mark.c.item, mark.c.liked).where(mark.c.liked != 0)
    rows = db.execute(query).all() if numbers is None else db.rows_in(query, mark.c.item, numbers)
    return {r[0]: r[1] for r in rows}


def thumbs(db: Transaction, limit: int) -> list[tuple[int, int]]:
    """The reader's newest thumbs (item, 1 or -1), newest first; of items that are forgotten too."""
    query = select(mark.c.item, mark.c.liked).where(mark.c.liked != 0)
    rows = db.execute(query.order_by(mark.c.liked_at.desc(), mark.c.item).limit(limit))
    return [(r[0], r[1]) for r in rows]


def _exists(db: Transaction, number: int) -> None:
    if db.execute(select(item.c.id).where(item.c.id == number)).first() is None:
        raise NotFoundError(f"item {number}", "there is no such item, or it is too old to be kept")


# ------------------------------------------------------------------------- kept and passed on


def keep(db: Transaction, one: Kept) -> None:
    """Keep an item; if it is kept already, only its note changes to that of `one`."""
    row = {name: getattr(one, name) for name in Kept.__struct_fields__}
    db.upsert(schema.kept, [row], ["note", "private"])


def let_go(db: Transaction, item: int) -> None:
    """Keep an item no longer; harmless if it isn't kept."""
    db.execute(delete(schema.kept).where(schema.kept.c.item == item))


def kept(db: Transaction, since: datetime | None = None, ids: Iterable[int] | None = None) -> list[Kept]:
    """What is kept, newest first: all, since a moment, or of these items (a page of them)."""
    query = select(schema.kept).order_by(schema.kept.c.kept.desc(), schema.kept.c.item.desc())
    if since is not None:
        query = query.where(schema.kept.c.kept >= since)
    if ids is not None:
        query = query.where(schema.kept.c.item.in_(list(ids)))
    return [Kept(**row._mapping) for row in db.execute(query)]


def pass_on(db: Transaction, one: Passed) -> None:
    """Store that an item was passed on; only the first time per person and item counts."""
    there = select(schema.passed.c.id).where(
        schema.passed.c.person == one.person, schema.passed.c.item == one.item
    )
    if db.execute(there).first() is None:
        db.execute(insert(schema.passed).values(person=one.person, item=one.item, at=one.at))


def passed(db: Transaction, since: datetime) -> list[Passed]:
    """What was passed on from `since` on, oldest first."""
    query = select(schema.passed).where(schema.passed.c.at >= since).order_by(schema.passed.c.at)
    return [Passed(person=r.person, item=r.item, at=r.at) for r in db.execute(query)]


# ------------------------------------------------------------------------- declined

DECLINED = "declined"


def declined(db: Transaction) -> tuple[str, ...]:
    """Proposals that the reader declined, oldest first."""
    return _TEXTS.decode(meta_table.get(db, DECLINED) or "[]")


def decline(db: Transaction, proposal: str) -> None:
    """Store that the reader declined a proposal, for ever."""
    said = dict.fromkeys((*declined(db), proposal))
    meta_table.put(db, DECLINED, _ENCODER.encode(list(said)).decode())
