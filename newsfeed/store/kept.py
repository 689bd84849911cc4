"""What the reader kept with a note, and what they passed on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, insert, select

from newsfeed.model import Kept, Passed
from newsfeed.store.dialect import Transaction
from newsfeed.store.schema import kept, passed


def keep(db: Transaction, one: Kept) -> None:
    """Keep an item; kept before, it stays where it is in time, and takes the note of `one`."""
    row = {name: getattr(one, name) for name in Kept.__struct_fields__}
    db.upsert(kept, [row], ["note", "private"])


def let_go(db: Transaction, item: int) -> None:
    """Keep an item no longer; harmless where it isn't kept."""
    db.execute(delete(kept).where(kept.c.item == item))


def all_kept(
    db: Transaction, since: datetime | None = None, numbers: Iterable[int] | None = None
) -> list[Kept]:
    """What is kept, newest first: all, since a moment, or of these items (a page of them)."""
    query = select(kept).order_by(kept.c.kept.desc(), kept.c.item.desc())
    if since is not None:
        query = query.where(kept.c.kept >= since)
    if numbers is not None:
        query = query.where(kept.c.item.in_(list(numbers)))
    return [Kept(**row._mapping) for row in db.execute(query)]


def pass_on(db: Transaction, one: Passed) -> None:
    """Note that an item was passed on; the first time of a person and an item counts."""
    there = select(passed.c.id).where(passed.c.person == one.person, passed.c.item == one.item)
    if db.execute(there).first() is None:
        db.execute(insert(passed).values(person=one.person, item=one.item, at=one.at))


def all_passed(db: Transaction, since: datetime) -> list[Passed]:
    """What was passed on from `since` on, oldest first."""
    query = select(passed).where(passed.c.at >= since).order_by(passed.c.at)
    return [Passed(person=r.person, item=r.item, at=r.at) for r in db.execute(query)]
