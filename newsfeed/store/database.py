"""One database as long as it is open: made, migrated or refused, looked over once a day, read and written in turn."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import Connection, Engine

from newsfeed.errors import NewerStoreError, StoreError
from newsfeed.store import care_queries, meta_table, schema, search_queries
from newsfeed.store.dialect import Dialect, Transaction, dialect_of

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class Database:
    """An open database with its one connection.

    What is done within `_reading` or `_writing` is one transaction: when a writing one returns, its change is on the
    disk; when it raises, nothing changed. All raise `StoreError` when the database can't be read or written, with the
    cause and a repair. A lock lets threads take turns; several processes may each have one file open: readers never
    wait, writers wait up to five seconds for each other.
    """

    def __init__(self, dialect: Dialect, engine: Engine, connection: Connection) -> None:
        self._dialect = dialect
        self._engine = engine
        self._connection = connection
        self._turn = threading.RLock()
        self._found: dict[str, tuple[object, Any]] = {}
        self._finding: dict[str, threading.RLock] = {}

    @classmethod
    def open(cls, place: Path | str | Dialect, *, now: datetime) -> Self:
        """Open the database at a path or an address; it is made, migrated (after a copy) or checked as needed.

        Raises:
            SettingsError: no dialect knows the address.
            NewerStoreError: a newer newsfeed wrote it; it was left untouched.
            StoreError: it can't be used.
        """
        dialect = place if isinstance(place, Dialect) else dialect_of(place)
        store = cls(dialect, *_connect(dialect))
        try:
            store._begin_the_day(now)
        except BaseException:
            store.close()
            raise
        return store

    def _begin_the_day(self, now: datetime) -> None:
        with self._reading() as db:
            if not care_queries.is_due(db, now):
                return
        with self._writing() as db:
            care_queries.check(db, self._dialect.place, now)
            care_queries.repair_search(db)
            care_queries.repair_clock(db, now)

    def close(self) -> None:
        """Let the database go. Harmless when done twice."""
        with self._turn:
            self._connection.close()
            self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def while_unchanged(self, name: str, key: object, find: Callable[[], T]) -> T:
        """What `find` gives; what it gave last under this name, while `key` is the same and nobody wrote since.

        Whoever asks for the same meanwhile waits for the one who looks.
        """
        with self._finding.setdefault(name, threading.RLock()):
            # Asked before looking: what somebody writes meanwhile makes the next one look again.
            with self._reading() as db:
                changes = db.changes()
            known = self._found.get(name)
            if known is not None and changes is not None and known[0] == (changes, key):
                found: T = known[1]
                return found
            self._found.pop(name, None)
            made = find()
            if changes is not None:
                self._found[name] = ((changes, key), made)
            return made

    @contextmanager
    def _reading(self) -> Iterator[Transaction]:
        with self._turn, self._dialect.in_words(), self._dialect.read(self._connection) as db:
            yield db

    @contextmanager
    def _writing(self) -> Iterator[Transaction]:
        with self._turn, self._dialect.in_words(), self._dialect.write(self._connection) as db:
            yield db


# ------------------------------------------------------------------------- verbs


def reads(query: Callable[Concatenate[Transaction, P], R]) -> Callable[Concatenate[Database, P], R]:
    """The verb of a database that runs a query in a transaction that only reads."""

    @functools.wraps(query)
    def verb(database: Database, /, *args: P.args, **more: P.kwargs) -> R:
        with database._reading() as db:
            return query(db, *args, **more)

    return verb


def writes(query: Callable[Concatenate[Transaction, P], R]) -> Callable[Concatenate[Database, P], R]:
    """The verb of a database that runs a query in a transaction that may write."""

    @functools.wraps(query)
    def verb(database: Database, /, *args: P.args, **more: P.kwargs) -> R:
        with database._writing() as db:
            return query(db, *args, **more)

    return verb


# ------------------------------------------------------------------------- opening


def _connect(dialect: Dialect) -> tuple[Engine, Connection]:
    """A connection to an up-to-date database, made or migrated where that is needed."""
    _refuse_others(dialect, dialect.glance())
    dialect.prepare()
    with dialect.in_words():
        engine, connection = dialect.connect()
        try:
            _bring_up_to_date(dialect, connection)
        except BaseException:
            connection.close()
            engine.dispose()
            raise
    return engine, connection


def _refuse_others(dialect: Dialect, version: int) -> None:
    """Raise where this newsfeed can't read tables of that version."""
    if version > schema.VERSION:
        raise NewerStoreError(
            dialect.place,
            f"a newer newsfeed wrote it (its form is {version}, this newsfeed knows {schema.VERSION})",
            "Install the newer newsfeed again; nothing was changed.",
        )
    if 0 < version < schema.FIRST:
        raise StoreError(
            dialect.place,
            f"a newsfeed from before the first release wrote it (its form is {version})",
            "Open it once with the newsfeed of November 2026, then with this one; or move it away and begin anew.",
        )


def _bring_up_to_date(dialect: Dialect, connection: Connection) -> None:
    with dialect.read(connection) as db:
        version, empty = db.version(), db.is_empty()
    _refuse_others(dialect, version)
    if empty:
        _create(dialect, connection)
    elif version == 0:
        raise StoreError(
            dialect.place,
            "this database belongs to another program",
            "Put its newest copy in its place: newsfeed restore. Or name another file.",
        )
    elif version < schema.VERSION:
        _migrate(dialect, connection)


def _create(dialect: Dialect, connection: Connection) -> None:
    with dialect.write(connection) as db:
        if not db.is_empty():
            return  # another newsfeed was quicker
        schema.metadata.create_all(connection)
        db.create_search()
        db.set_version(schema.VERSION)
        meta_table.put(db, care_queries.WORDS, search_queries.VERSION)
    dialect.settle(connection)


def _migrate(dialect: Dialect, connection: Connection) -> None:
    """Copy the database and bring it up to date, while who else opens it waits for its turn."""
    with dialect.write(connection) as db:
        version = db.version()
        if version == schema.VERSION:
            return  # another newsfeed was quicker
        dialect.copy_before(schema.VERSION)
        schema.migrate(connection, version)
        db.set_version(schema.VERSION)
    dialect.settle(connection)
