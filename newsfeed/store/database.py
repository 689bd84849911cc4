"""One database file as long as it is open: made or brought up to date, looked over once a day, read and written in
turn, let go."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine

from newsfeed.store import care, notes, opening, sqlite, words


class Database:
    """An open database with its one connection.

    What is done within `_reading` or `_writing` is one transaction: when a writing one returns, its change is on the
    disk; when it raises, nothing changed. All raise `StoreError` when the database can't be read or written, with the
    cause and a repair. A lock lets threads take turns; several processes may each have one file open: readers never
    wait, writers wait up to five seconds for each other.
    """

    def __init__(self, path: Path, engine: Engine, connection: Connection) -> None:
        self.path = path
        self._engine = engine
        self._connection = connection
        self._turn = threading.RLock()

    @classmethod
    def open(cls, place: Path | str, *, now: datetime) -> Self:
        """Open the database at a path or `sqlite:///` URL; it is made, migrated (after a copy) or checked as needed.

        Raises:
            SettingsError: the URL is that of another database.
            NewerStoreError: a newer newsfeed wrote it; it was left untouched.
            StoreError: it can't be used.
        """
        path = sqlite.path_of(place)
        store = cls(path, *opening.connect(path))
        try:
            store._begin_the_day(now)
        except BaseException:
            store.close()
            raise
        return store

    def _begin_the_day(self, now: datetime) -> None:
        with self._reading() as c:
            checked = notes.moment(c, "checked")
            fresh = checked is not None and checked <= now < checked + care.CHECK_EVERY
            if fresh and notes.get(c, "words") == words.VERSION and not care.clock_was_ahead(c, now):
                return
        with self._writing() as c:
            care.check(c, self.path, now)
            care.mend_search(c)
            care.mend_clock(c, now)

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

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._turn, sqlite.in_words(self.path), sqlite.read(self._connection) as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._turn, sqlite.in_words(self.path), sqlite.write(self._connection) as connection:
            yield connection
