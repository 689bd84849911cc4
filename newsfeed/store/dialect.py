"""What differs between databases. A dialect is one module that implements these two classes; everything else in this room
is portable SQLAlchemy and gets a `Transaction`.

A database is one module and its line in `DATABASES`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Delete, Engine, Select, Table, TextualSelect, select
from sqlalchemy import Dialect as Compiler
from sqlalchemy.util import LRUCache

from newsfeed.errors import SettingsError

Term = tuple[str, bool]  # a word that is searched, and whether it is only the beginning of one
CHUNK = 5000  # values in one IN (…)
Hits = TextualSelect
Row = Mapping[str, Any]
_STATEMENTS: dict[tuple[object, ...], Any] = {}
_COMPILERS: dict[tuple[object, ...], Compiler] = {}  # by database and its version
_COMPILED: LRUCache[Any, Any] = LRUCache(1_000)  # more than there are statements for both databases


def chunks(values: Iterable[int]) -> Iterator[list[int]]:
    """Numbers in lists that one statement can take."""
    whole = list(values)
    for start in range(0, len(whole), CHUNK):
        yield whole[start : start + CHUNK]


class Transaction(ABC):
    """One transaction: portable statements by `execute`, others by a method each."""

    def __init__(self, connection: Connection, topics: Mapping[int, str] | None = None) -> None:
        self.connection = connection
        self.execute = connection.execute
        self.topics = {} if topics is None else topics  # names of topics by number, where taggings are packed

    # --------------------------------------------------------------------- rows

    def rows_in(self, query: Select[Any], column: ColumnElement[Any], values: Iterable[int]) -> list[Any]:
        """The rows of a query in which a column is one of these numbers, of any count."""
        found: list[Any] = []
        for some in chunks(values):
            found += self.execute(query.where(column.in_(some))).all()
        return found

    def numbers_in(self, query: Select[Any], column: ColumnElement[Any], values: Iterable[int]) -> set[int]:
        """The same of a query for one number, as a set."""
        return {row[0] for row in self.rows_in(query, column, values)}

    def delete_in(self, statement: Delete, column: ColumnElement[Any], values: Iterable[int]) -> None:
        """DELETE where a column is one of these numbers, however many."""
        for some in chunks(values):
            self.execute(statement.where(column.in_(some)))

    @abstractmethod
    def _insert(self, table: Table) -> Any:
        """The dialect's own INSERT, which knows ON CONFLICT."""

    def _conflict(self, table: Table) -> dict[str, Any]:
        """The primary key as named after ON CONFLICT."""
        return {"index_elements": [c.name for c in table.primary_key.columns]}

    def upsert(self, table: Table, rows: Sequence[Row], update: Iterable[str] | None = None) -> None:
        """INSERT rows; if a primary key exists, set `update` (default: every other column) instead."""
        if not rows:
            return
        keys = table.primary_key.columns
        names = [c.name for c in table.columns if c.name not in keys] if update is None else [*update]

        def make() -> Any:
            statement = self._insert(table)
            if not names:
                return statement.on_conflict_do_nothing(**self._conflict(table))
            changes = {name: statement.excluded[name] for name in names}
            return statement.on_conflict_do_update(**self._conflict(table), set_=changes)

        self.execute(self._once(make, "upsert", table, *names), rows)

    def add_up(self, table: Table, column: str, row: Row) -> None:
        """INSERT a row; if its primary key exists, add to `column` instead."""

        def make() -> Any:
            statement = self._insert(table)
            total = table.c[column] + statement.excluded[column]
            return statement.on_conflict_do_update(**self._conflict(table), set_={column: total})

        self.execute(self._once(make, "add up", table, column), row)

    def _once(self, make: Callable[[], Any], *key: object) -> Any:
        """A statement that is built once: to build one costs as much as to run it."""
        key = (type(self), *key)
        if key not in _STATEMENTS:
            _STATEMENTS[key] = make()
        return _STATEMENTS[key]

    @abstractmethod
    def insert_rows(
        self, table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]], *, new: bool = True
    ) -> None:
        """INSERT many rows, their values in the order of `names`, in the fastest way; where they may not all be `new`,
        those whose primary key exists are left out."""

    @abstractmethod
    def new_numbers(self, table: Table, count: int) -> Sequence[int]:
        """New numbers of a table, never used before nor given to others, in a writing transaction."""

    # --------------------------------------------------------------------- full text

    @abstractmethod
    def create_search(self) -> None:
        """Make the search index, empty; an earlier one is dropped."""

    @abstractmethod
    def add_to_search(self, entries: Sequence[tuple[int, str]]) -> None:
        """Enter items by number with their words."""

    @abstractmethod
    def drop_from_search(self, entries: Sequence[tuple[int, str]]) -> None:
        """Take items out; the words must be those that were entered."""

    @abstractmethod
    def hits(self, terms: Sequence[Term], first: int = 0) -> Hits | None:
        """A query for the numbers, from `first` on, of the items that have all these terms, to be a part of another one;
        None if they can't be searched for."""

    def found(self, query: Any) -> list[int]:
        """The numbers that a query made of `hits` finds."""
        return list(self.execute(query).scalars())

    def search(self, terms: Sequence[Term], limit: int, first: int = 0) -> list[int]:
        """Numbers of the items that have all these terms, newest first, from number `first` on."""
        hits = self.hits(terms, first)
        if hits is None:
            return []
        number = hits.subquery("hits").c.item
        return self.found(select(number).order_by(number.desc()).limit(limit))

    # --------------------------------------------------------------------- the whole database

    def changes(self) -> tuple[int, int] | None:
        """How much this connection changed, and a number that changes whenever another one writes; None if the database
        doesn't know."""
        return None

    @abstractmethod
    def version(self) -> int:
        """The version of its tables; 0 if there are none of ours."""

    @abstractmethod
    def set_version(self, number: int) -> None:
        """Store the version, and mark the database as ours."""

    @abstractmethod
    def is_empty(self) -> bool:
        """Whether it holds no table at all."""

    @abstractmethod
    def faults(self) -> list[str]:
        """The errors that a complete check finds; empty if there are none."""

    @abstractmethod
    def tidy(self) -> None:
        """Optimise after a refresh, so that everything stays fast."""

    @abstractmethod
    def size(self) -> int:
        """Bytes of the database."""


class Dialect(ABC):
    """One database: where it is, how it is opened, what its errors mean."""

    place: str  # as errors name it, without any secret

    @abstractmethod
    def glance(self) -> int:
        """The version of the tables, read without changing anything; 0 if that isn't possible.

        Raises:
            StoreError: it is no database, or another program's.
        """

    copied_by = ""  # the program that copies it, where `backup` doesn't
    defers = False  # whether what is not `lasting` is any cheaper

    @abstractmethod
    def prepare(self) -> None:
        """Make the place for it, for its owner only.

        Raises:
            StoreError: it can't be there.
        """

    @abstractmethod
    def connect(self) -> tuple[Engine, Connection]:
        """One connection, set up for safety: when a transaction returns, its change is on the disk."""

    @abstractmethod
    def read(self, connection: Connection) -> AbstractContextManager[Transaction]:
        """A transaction that only reads: one consistent view, without blocking others."""

    @abstractmethod
    def write(self, connection: Connection, *, lasting: bool = True) -> AbstractContextManager[Transaction]:
        """A transaction that may write, one at a time; others wait for some seconds.

        Not `lasting`: it is on the disk with the next one that is, at the latest. Should the power fail before that, the
        database is as if neither it nor what came after it had happened.
        """

    @abstractmethod
    def in_words(self) -> AbstractContextManager[None]:
        """Turns the library's errors into `StoreError`s with a cause and a repair."""

    def hold(self, label: str) -> AbstractContextManager[None]:
        """The right to work in this home, against others who share the database but not the folder with its lock.

        Raises:
            BusyError: another one has it.
        """
        return nullcontext()

    @abstractmethod
    def settle(self, connection: Connection) -> None:
        """Steps after the tables were created or migrated, outside a transaction."""

    @abstractmethod
    def copy_before(self, version: int) -> None:
        """Copy the database before it is migrated to a version; within a writing transaction."""

    @abstractmethod
    def backup(self, now: datetime) -> Path | None:
        """A whole copy, private, in place only when it is complete; the last four are kept. None where the database is
        copied by programs of its own.

        Raises:
            StoreError: it can't be written; nothing of it is left.
        """


def connected(engine: Engine) -> Connection:
    """A connection of an engine; the engine is disposed of if there is none.

    It shares with all others of its kind what statements were compiled to, because that takes longer than most of them and
    many stores are opened in one process: by the app, by a team for each reader.
    """
    try:
        connection = engine.connect()
    except BaseException:
        engine.dispose()
        raise
    own = engine.dialect
    engine.dialect = connection.dialect = _COMPILERS.setdefault((own.name, own.server_version_info), own)
    return connection.execution_options(compiled_cache=_COMPILED)


class Known(NamedTuple):
    """Where the dialect of a database is, the library that it alone may import, and an address as an example."""

    module: str
    driver: str
    example: str


# By the scheme of the address. The architecture tests read this table too.
DATABASES = {
    "sqlite": Known("newsfeed.store.sqlite", "sqlite3", "sqlite:///folder/newsfeed.db"),
    "postgresql": Known("newsfeed.store.postgres", "psycopg", "postgresql://user@host/database"),
}


def dialect_of(place: Path | str) -> Dialect:
    """The dialect for a path or an address.

    Raises:
        SettingsError: no dialect knows the address.
    """
    scheme, found, _ = str(place).partition("://")
    name = "sqlite" if isinstance(place, Path) or not found else scheme.partition("+")[0]
    if name not in DATABASES:
        examples = " or ".join(f'"{known.example}"' for known in DATABASES.values())
        raise SettingsError(
            "database",
            f"{scheme}:// names no database that newsfeed knows",
            f"Write {examples}, or remove the setting.",
        )
    made: Dialect = import_module(DATABASES[name].module).DIALECT(place)
    return made
