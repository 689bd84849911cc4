"""PostgreSQL: setting up a connection, the search table, and explanations of its errors. Needs the extra `postgres`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Delete,
    Engine,
    Integer,
    Select,
    Table,
    any_,
    create_engine,
    event,
    literal,
    make_url,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from newsfeed.errors import BusyError, SettingsError, StoreError
from newsfeed.store.dialect import Dialect, Hits, Term, Transaction, connected

BUSY_SECONDS = 5  # far longer than any of our transactions lasts
WRITING = 0x4E574644  # "NWFD": the advisory lock for writing
WORKING = 0x4E574645  # and for working in a home
# With the schema, as several homes may lie in one database.
_WAIT_TO_WRITE = "SELECT pg_advisory_xact_lock(%s, hashtext(current_schema()))"
_TRY_TO_WORK = "SELECT pg_try_advisory_lock(%s, hashtext(current_schema()))"
_WHO_WORKS = """\
SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid)
WHERE locktype = 'advisory' AND granted AND classid = %s
  AND objid::bigint = hashtext(current_schema())::bigint & 4294967295"""
LONGEST = 500  # characters of a word; a tsvector takes 2,046 bytes

# ------------------------------------------------------------------------- words


_ACCENTS = re.compile("([a-z])[\u0300-\u036f]+")  # in other scripts they make different letters: й is not и


@cache
def _word() -> re.Pattern[str]:
    """Letters, digits and the marks that belong to them, as the words of a search are cut."""
    marks = "".join(c for c in map(chr, range(0x300, 0x20000)) if unicodedata.category(c)[0] == "M")
    return re.compile(f"(?:[^\\W_]|[{marks}])+")


def lexemes(words: str) -> list[str]:
    """The words of a text without accents, each once."""
    words = words.lower()
    if words.isascii():
        found = re.findall("[a-z0-9]+", words)
    else:
        bare = _ACCENTS.sub(r"\1", unicodedata.normalize("NFD", words))
        found = _word().findall(unicodedata.normalize("NFC", bare))
    return sorted({word[:LONGEST] for word in found})


# ------------------------------------------------------------------------- a transaction


def _among(column: ColumnElement[Any], values: Iterable[int]) -> ColumnElement[bool]:
    return column == any_(literal(list(values), ARRAY(column.type)))


class PostgresTransaction(Transaction):
    """A transaction of PostgreSQL."""

    # A list is passed as one value: written out as IN (…), a thousand numbers cost more than the search itself.

    def rows_in(self, query: Select[Any], column: ColumnElement[Any], values: Iterable[int]) -> list[Any]:
        return list(self.execute(query.where(_among(column, values))).all())

    def delete_in(self, statement: Delete, column: ColumnElement[Any], values: Iterable[int]) -> None:
        self.execute(statement.where(_among(column, values)))

    def _insert(self, table: Table) -> Any:
        return insert(table)

    def insert_rows(
        self, table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]], *, new: bool = True
    ) -> None:
        statement = insert(table)
        if rows:
            self.execute(
                statement if new else statement.on_conflict_do_nothing(),
                [dict(zip(names, row, strict=True)) for row in rows],
            )

    def new_numbers(self, table: Table, count: int) -> Sequence[int]:
        query = text("SELECT nextval(CAST(:sequence AS regclass)) FROM generate_series(1, :count)")
        return list(self.execute(query, {"sequence": f"{table.name}_id_seq", "count": count}).scalars())

    def create_search(self) -> None:
        self.execute(text("DROP TABLE IF EXISTS search"))
        self.execute(text("CREATE TABLE search (item integer PRIMARY KEY, words tsvector NOT NULL)"))
        self.execute(text("CREATE INDEX ix_search_words ON search USING gin (words)"))

    def add_to_search(self, entries: Sequence[tuple[int, str]]) -> None:
        if entries:
            self.execute(
                text(
                    "INSERT INTO search (item, words) VALUES (:item, array_to_tsvector(CAST(:words AS text[]))) "
                    "ON CONFLICT (item) DO UPDATE SET words = excluded.words"
                ),
                [{"item": number, "words": lexemes(words)} for number, words in entries],
            )

    def drop_from_search(self, entries: Sequence[tuple[int, str]]) -> None:
        if entries:
            numbers = [number for number, _ in entries]
            self.execute(text("DELETE FROM search WHERE item = ANY(:numbers)"), {"numbers": numbers})

    def hits(self, terms: Sequence[Term], first: int = 0) -> Hits | None:
        # Quoted, so that nothing typed is read as an operator.
        asked = [f"'{word}'{':*' if begins else ''}" for term, begins in terms for word in lexemes(term)]
        if not asked:
            return None
        query = text("SELECT item FROM search WHERE words @@ CAST(:query AS tsquery) AND item >= :first")
        return query.columns(item=Integer).bindparams(query=" & ".join(asked), first=first)

    def version(self) -> int:
        if self.execute(text("SELECT to_regclass('newsfeed_version')")).scalar() is None:
            return 0
        return int(self.execute(text("SELECT version FROM newsfeed_version")).scalar_one())

    def set_version(self, number: int) -> None:
        self.execute(text("CREATE TABLE IF NOT EXISTS newsfeed_version (version integer NOT NULL)"))
        self.execute(text("DELETE FROM newsfeed_version"))
        self.execute(text("INSERT INTO newsfeed_version VALUES (:number)"), {"number": number})

    def is_empty(self) -> bool:
        query = "SELECT NOT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema())"
        return bool(self.execute(text(query)).scalar_one())

    def faults(self) -> list[str]:
        return []  # PostgreSQL looks after its files itself

    def tidy(self) -> None:
        pass  # autovacuum does

    def size(self) -> int:
        return int(self.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


# ------------------------------------------------------------------------- the database


class Postgres(Dialect):
    """A database of a PostgreSQL server."""

    copied_by = "pg_dump"

    def __init__(self, place: Path | str) -> None:
        try:
            given = make_url(str(place))
        except (ArgumentError, ValueError):
            raise SettingsError(
                "database",
                "this address of a database can't be read",
                'Write it so: "postgresql://user@host/database".',
            ) from None
        self._url = given.set(drivername="postgresql+psycopg")
        host = given.host or given.query.get("host") or ""
        self.place = URL.create("postgresql", host=str(host), database=given.database).render_as_string()

    def glance(self) -> int:
        return 0  # only who is connected can tell

    def prepare(self) -> None:
        """Check for the library. The server's administrator creates the database."""
        if find_spec("psycopg") is None:
            raise SettingsError(
                "database",
                "PostgreSQL needs a library that is not installed",
                "Install newsfeed with it, in its clone: pip install '.[postgres]'.",
            )

    def connect(self) -> tuple[Engine, Connection]:
        """One connection; if the server closed it, the next transaction opens a new one."""
        engine = create_engine(self._url, poolclass=NullPool)

        @event.listens_for(engine, "connect")
        def set_up(raw: Any, record: object) -> None:
            raw.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
            raw.commit()

        return engine, connected(engine)

    @contextmanager
    def read(self, connection: Connection) -> Iterator[Transaction]:
        with connection.begin():
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield PostgresTransaction(connection)

    @contextmanager
    def write(self, connection: Connection, *, lasting: bool = True) -> Iterator[Transaction]:
        with connection.begin():
            if not lasting:
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            connection.exec_driver_sql(_WAIT_TO_WRITE, (WRITING,))
            yield PostgresTransaction(connection)

    @contextmanager
    def in_words(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise explained(error, self.place) from error

    @contextmanager
    def hold(self, label: str) -> Iterator[None]:
        """An advisory lock on its own connection, which ends with its holder in any case."""
        with self.in_words():
            engine, connection = self.connect()
            try:
                autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
                name = f"newsfeed {label}"[:60]
                autocommit.exec_driver_sql("SELECT set_config('application_name', %s, false)", (name,))
                if not autocommit.exec_driver_sql(_TRY_TO_WORK, (WORKING,)).scalar():
                    found = autocommit.exec_driver_sql(_WHO_WORKS, (WORKING,))
                    who = str(found.scalar() or "newsfeed").removeprefix("newsfeed ")
                    raise BusyError(
                        "",
                        f"another newsfeed is at work in this database: {who}",
                        "Try again when it is done.",
                    )
                yield
            finally:
                connection.close()
                engine.dispose()

    def settle(self, connection: Connection) -> None:
        pass

    def copy_before(self, version: int) -> None:
        pass  # the tables change in one transaction

    def backup(self, now: datetime) -> None:
        """None: `pg_dump` copies it."""


DIALECT = Postgres

# ------------------------------------------------------------------------- errors

_UNREACHED = (
    "it can't be reached",
    "Check that PostgreSQL runs, and the address in the setting `database`.",
)
# SQLSTATE or its class (postgresql.org/docs/current/errcodes-appendix.html) -> cause, repair.
_WORDS = {
    "08": _UNREACHED,
    "28": (
        "it refused the user or the password",
        "Check both in the setting `database`, or in your .pgpass file.",
    ),
    "3D000": ("there is no such database", "Make it: createdb, or ask who looks after the server."),
    "42501": ("this user may not do that there", "Make the database its own: ALTER DATABASE … OWNER TO …"),
    "53100": (
        "its disk is full; nothing of this step was kept",
        "Free some space on the server and run it again.",
    ),
    "53": ("it has no room for one more now", "Try again in a while, or raise its limits."),
    "55P03": (
        f"another newsfeed is writing to it, and didn't end within {BUSY_SECONDS} seconds",
        "Try again when it is done.",
    ),
    "57P": ("it ended the connection", "Try again when it runs."),
    "25006": ("it can't be written to", "Name a server that takes writes, not a copy of one."),
    "XX": ("it is damaged", "Ask who looks after the server to restore it."),
}


def explained(error: DBAPIError, place: str) -> StoreError:
    """The `StoreError` for an error of the library. What the server says about rows is left out, since they may hold secrets."""
    cause: Any = error.orig
    state = getattr(cause, "sqlstate", None) or ""
    for length in (5, 3, 2):
        if state[:length] in _WORDS:
            return StoreError(place, *_WORDS[state[:length]])
    if not state:
        # If a login is refused, the server says why in one line, which names host, user and database, never the password.
        said = str(cause).strip().partition("\n")[0].rpartition("failed: ")[2]
        return StoreError(place, f"it can't be reached ({said})", _UNREACHED[1])
    said = getattr(cause.diag, "message_primary", None) or state
    return StoreError(
        place, f"the database refused: {said}", "This is a fault of newsfeed; please report it."
    )
