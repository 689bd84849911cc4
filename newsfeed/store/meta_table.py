"""Small facts, stored as texts by key; and the last list that could be read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select

from newsfeed.store.dialect import Transaction
from newsfeed.store.schema import last_list, meta


def get(db: Transaction, key: str) -> str | None:
    """The text of a key; None if there is none."""
    value: str | None = db.execute(select(meta.c.value).where(meta.c.key == key)).scalar()
    return value


def beginning(db: Transaction, prefix: str) -> dict[str, str]:
    """The texts of all keys with this beginning, by the rest of the key."""
    query = select(meta.c.key, meta.c.value).where(func.substr(meta.c.key, 1, len(prefix)) == prefix)
    return {key.removeprefix(prefix): value for key, value in db.execute(query).all()}


def put(db: Transaction, key: str, value: str | None) -> None:
    """Store a text under a key; None removes it."""
    if value is None:
        db.execute(delete(meta).where(meta.c.key == key))
    else:
        db.upsert(meta, [{"key": key, "value": value}])


def moment(db: Transaction, key: str) -> datetime | None:
    """The moment of a key; None if there is none."""
    value = get(db, key)
    return datetime.fromisoformat(value) if value else None


# ------------------------------------------------------------------------- the last good list


def save_list(db: Transaction, data: bytes) -> None:
    """Store the bytes of a list that could be read, in case it can't be one day."""
    if read_list(db) != data:
        db.upsert(last_list, [{"id": 1, "data": data}])


def read_list(db: Transaction) -> bytes | None:
    """The last list that could be read; None before there was one."""
    data: bytes | None = db.execute(select(last_list.c.data)).scalar()
    return data
