"""Small facts by key, and the last list that could be read."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import delete, func, select

from newsfeed.store.dialect import Transaction
from newsfeed.store.records import Fact
from newsfeed.store.schema import last_list, meta

T = TypeVar("T")


def get(db: Transaction, key: str) -> str | None:
    """The text that is kept under a key; None where nothing is."""
    value: str | None = db.execute(select(meta.c.value).where(meta.c.key == key)).scalar()
    return value


def beginning(db: Transaction, prefix: str) -> dict[str, str]:
    """The texts of all keys that begin so, by what follows in them."""
    query = select(meta.c.key, meta.c.value).where(func.substr(meta.c.key, 1, len(prefix)) == prefix)
    return {key.removeprefix(prefix): value for key, value in db.execute(query).all()}


def put(db: Transaction, key: str, value: str | None) -> None:
    """Keep a text under a key; None takes it away."""
    if value is None:
        db.execute(delete(meta).where(meta.c.key == key))
    else:
        db.upsert(meta, [{"key": key, "value": value}])


def fact(db: Transaction, key: Fact[T], of: str = "") -> T | None:
    """What is kept under a key, of one of many where each has its own; None where nothing is."""
    text = get(db, key.name + of)
    return None if text is None else _read(text, key)


def facts(db: Transaction, key: Fact[T]) -> dict[str, T]:
    """What is kept under a key, of each of many."""
    return {of: _read(text, key) for of, text in beginning(db, key.name).items()}


def keep_fact(db: Transaction, key: Fact[T], value: T | None, of: str = "") -> None:
    """Keep a value under a key, of one of many where each has its own; None takes it away."""
    put(db, key.name + of, None if value is None else _write(value))


# Texts and moments stand as they are, all else as JSON.


def _write(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, date):  # or a moment, which is one, too
        return value.isoformat()
    return msgspec.json.encode(value).decode()


def _read(text: str, key: Fact[T]) -> T:
    kind: Any = key.kind
    if kind is str:
        found: Any = text
    elif kind in {date, datetime}:
        found = kind.fromisoformat(text)
    else:
        found = msgspec.json.decode(text, type=kind)
    return found  # type: ignore[no-any-return]


# ------------------------------------------------------------------------- the last good list


def save_list(db: Transaction, data: bytes) -> None:
    """Keep the bytes of a list that could be read, for the day when it can't."""
    if read_list(db) != data:
        db.upsert(last_list, [{"id": 1, "data": data}])


def read_list(db: Transaction) -> bytes | None:
    """The last list that could be read; None before there was one."""
    data: bytes | None = db.execute(select(last_list.c.data)).scalar()
    return data
