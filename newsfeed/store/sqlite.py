"""SQLite: setting up a connection, the search index, copies, checks, and explanations of its errors."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import URL, Connection, DateTime, Engine, Integer, Table, create_engine, event, text
from sqlalchemy import Dialect as Compiler
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import StaticPool

from newsfeed.errors import SettingsError, StoreError
from newsfeed.store.dialect import Dialect, Hits, Term, Transaction, connected
from newsfeed.store.schema import Utc

BUSY_SECONDS = 5.0  # far longer than any of our transactions lasts
APPLICATION = 0x4E574644  # "NWFD" in the header's application id: this file is ours
FOLDER = ".newsfeed"
COPIES = 4  # as the README promises: a month of weekly ones
MAGIC = b"SQLite format 3\x00"
RESTORE = "Put its newest copy in its place: newsfeed restore."
_SHARED_DISKS = re.compile(r"nfs4?|cifs|smb3|smbfs|afs|davfs|fuse\.(sshfs|s3fs|rclone)")

# ------------------------------------------------------------------------- where it lies


def path_of(place: Path | str) -> Path:
    """The file that a path or a `sqlite:///` URL names.

    Raises:
        SettingsError: it names none.
    """
    if isinstance(place, Path):
        return place
    scheme, found, rest = place.partition("://")
    if not found:
        return Path(place).expanduser()
    if scheme not in {"sqlite", "sqlite+pysqlite"} or not rest.strip("/"):
        raise SettingsError(
            "database",
            f"{place!r} names no file",
            'Write "sqlite:///folder/newsfeed.db".',
        )
    # As everywhere with SQLAlchemy: three slashes before a relative path, four before an absolute one.
    return Path(rest.removeprefix("/")).expanduser()


class Header(msgspec.Struct, frozen=True):
    """The header of a database file, read without opening the database."""

    exists: bool = False
    database: bool = False  # an SQLite file, ours or not
    application: int = 0
    revision: int = 0


def header(path: Path) -> Header:
    """Read the file's own header: no lock, no journal, nothing written. See sqlite.org/fileformat.html §1.3.

    Raises:
        StoreError: the file can't be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except FileNotFoundError:
        return Header()
    except OSError as error:
        raise StoreError(
            str(path),
            f"the database can't be read ({error.strerror})",
            "Fix the permissions of the file and its folder.",
        ) from error
    if not head:
        return Header()
    if len(head) < 100 or not head.startswith(MAGIC):
        return Header(exists=True)
    return Header(
        exists=True,
        database=True,
        application=int.from_bytes(head[68:72], "big"),
        revision=int.from_bytes(head[60:64], "big"),
    )


def on_shared_disk(path: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """The kind of the network file system that `path` lies on, or "" (also where the system doesn't tell)."""
    try:
        table = mounts.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    where = path.resolve()
    best, kind = -1, ""
    for row in table.splitlines():
        fields = row.split(" ")
        if len(fields) < 3:
            continue
        point = Path(fields[1].replace("\\040", " "))
        if len(point.parts) >= best and where.is_relative_to(point):
            best, kind = len(point.parts), fields[2]
    return kind if _SHARED_DISKS.fullmatch(kind) else ""


# ------------------------------------------------------------------------- moments


def moment_to_text(value: datetime | None) -> str | None:
    """A moment as stored in SQLite: UTC, to the microsecond, in a form that sorts and that its date functions read."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a moment without a time zone")
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat(" ", "microseconds")[:26]


def text_to_moment(text: str | None) -> datetime | None:
    """The moment that `moment_to_text` wrote."""
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


class _Moment(DateTime):
    """`Utc` in SQLite, which has no moments of its own: written and read in one step, as the very text that SQLAlchemy
    would write. A refresh binds some hundred thousand of them."""

    def bind_processor(self, dialect: Compiler) -> Callable[[Any], Any]:
        return moment_to_text

    def result_processor(self, dialect: Compiler, coltype: object) -> Callable[[Any], Any]:
        return text_to_moment


# ------------------------------------------------------------------------- a transaction
#
# The search index stores no text and no positions, only which item has which word (FTS5 "contentless", detail=none): a
# third of the size and half the time of a full one. In return, removing an entry needs its exact words again.

SEARCH = """\
CREATE VIRTUAL TABLE search USING fts5(
  words, content = '', detail = none, columnsize = 0,
  tokenize = "unicode61 remove_diacritics 2 categories 'L* N* M* Co'"
)"""
# Each transaction leaves a small index of its own. To join them is `tidy`'s work, once a refresh: done within every
# transaction, as is the default, it took a quarter of the time that keeping a feed takes.
HITS = text("SELECT rowid AS item FROM search WHERE search MATCH :query AND rowid >= :first")
MERGING = (("automerge", 0), ("crisismerge", 1200))


class SqliteTransaction(Transaction):
    """A transaction of SQLite."""

    def _insert(self, table: Table) -> Any:
        return insert(table)

    def insert_rows(
        self, table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]], *, new: bool = True
    ) -> None:
        # Of tens of thousands of rows SQLAlchemy's processing of each value costs as much as SQLite's own work.
        columns = ", ".join(f'"{table.c[name].name}"' for name in names)
        values = [tuple([moment_to_text(v) if isinstance(v, datetime) else v for v in row]) for row in rows]
        if values:
            statement = f'INSERT INTO "{table.name}" ({columns}) VALUES ({", ".join("?" * len(names))})'  # noqa: S608
            self.connection.exec_driver_sql(statement + ("" if new else " ON CONFLICT DO NOTHING"), values)

    def new_numbers(self, table: Table, count: int) -> Sequence[int]:
        query = "SELECT seq FROM sqlite_sequence WHERE name = ?"
        last = int(self.connection.exec_driver_sql(query, (table.name,)).scalar() or 0)
        return range(last + 1, last + 1 + count)

    def create_search(self) -> None:
        self.connection.exec_driver_sql("DROP TABLE IF EXISTS search")
        self.connection.exec_driver_sql(SEARCH)
        for name, value in MERGING:
            self.connection.exec_driver_sql("INSERT INTO search (search, rank) VALUES (?, ?)", (name, value))

    def add_to_search(self, entries: Sequence[tuple[int, str]]) -> None:
        if entries:
            self.connection.exec_driver_sql("INSERT INTO search (rowid, words) VALUES (?, ?)", list(entries))

    def drop_from_search(self, entries: Sequence[tuple[int, str]]) -> None:
        if entries:
            self.connection.exec_driver_sql(
                "INSERT INTO search (search, rowid, words) VALUES ('delete', ?, ?)",
                [tuple(entry) for entry in entries],
            )

    def hits(self, terms: Sequence[Term], first: int = 0) -> Hits | None:
        # Quoted, so that nothing typed is read as an operator.
        query = " ".join(f'"{word}"*' if begins else f'"{word}"' for word, begins in terms)
        return HITS.columns(item=Integer).bindparams(query=query, first=first)

    def found(self, query: Any) -> list[int]:
        try:
            return super().found(query)
        except OperationalError as error:
            # A character younger than this SQLite's tables splits a word in two, and this index knows no phrases.
            if "fts5" in str(error.orig):
                return []
            raise

    def changes(self) -> tuple[int, int] | None:
        both = "SELECT total_changes(), data_version FROM pragma_data_version"
        return next((ours, others) for ours, others in self.connection.exec_driver_sql(both))

    def version(self) -> int:
        return int(self.connection.exec_driver_sql("PRAGMA user_version").scalar_one())

    def set_version(self, number: int) -> None:
        self.connection.exec_driver_sql(f"PRAGMA user_version = {int(number)}")
        self.connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION}")

    def is_empty(self) -> bool:
        return not self.connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()

    def faults(self) -> list[str]:
        found = [str(row[0]) for row in self.connection.exec_driver_sql("PRAGMA quick_check(5)")]
        return [] if found == ["ok"] else found

    def tidy(self) -> None:
        # Join the small pieces of the search index, let the planner look at the tables.
        self.connection.exec_driver_sql("INSERT INTO search (search) VALUES ('optimize')")
        self.connection.exec_driver_sql("PRAGMA analysis_limit = 400")
        self.connection.exec_driver_sql("PRAGMA optimize")

    def size(self) -> int:
        pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"  # no journal
        return int(self.connection.exec_driver_sql(pages).scalar_one())


# ------------------------------------------------------------------------- errors

# A write or a growing file refused by the system: in practice a full disk, a quota or a limit of the file's size.
_UNWRITTEN = {sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_TRUNCATE, sqlite3.SQLITE_IOERR_SHMSIZE}
# Primary result code (sqlite.org/rescode.html) -> cause, repair.
_WORDS = {
    sqlite3.SQLITE_FULL: (
        "the disk is full, or no more may be written to it; nothing of this step was kept",
        "Free some space (or look at the quota) and run it again.",
    ),
    sqlite3.SQLITE_BUSY: (
        f"another newsfeed is writing to it, and didn't end within {BUSY_SECONDS:.0f} seconds",
        "Try again when it is done.",
    ),
    sqlite3.SQLITE_LOCKED: ("another newsfeed is using it", "Try again when it is done."),
    sqlite3.SQLITE_READONLY: ("it can't be written to", "Make the file and its folder writable for you."),
    sqlite3.SQLITE_PERM: ("it can't be opened for writing", "Make the file and its folder writable for you."),
    sqlite3.SQLITE_CANTOPEN: (
        "it can't be opened",
        "Check that its folder exists and that you may write there.",
    ),
    sqlite3.SQLITE_CORRUPT: ("it is damaged", RESTORE),
    sqlite3.SQLITE_NOTADB: ("it is not a database of newsfeed", f"{RESTORE} Or move that file away."),
    sqlite3.SQLITE_IOERR: (
        "the disk failed to read or write it",
        "Check the disk and its free space, then run it again.",
    ),
}


def explained(error: DBAPIError | sqlite3.Error, place: str) -> StoreError:
    """The `StoreError` for an error of the library."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", 0)
    if code in _UNWRITTEN:
        code = sqlite3.SQLITE_FULL
    words, repair = _WORDS.get(
        code & 0xFF, (f"the database refused: {cause}", "This is a fault of newsfeed; please report it.")
    )
    return StoreError(place, words, repair)


# ------------------------------------------------------------------------- the file


def copy(path: Path, target: Path) -> None:
    """A whole, compact copy of the database at `path`, private, in place only when it is complete.

    It has a connection of its own, and so shows what was committed, whatever else is under way.

    Raises:
        StoreError: the copy can't be written; nothing of it is left.
    """
    partial = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as source:
                source.execute("VACUUM INTO ?", (str(partial),))
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            str(target),
            f"the database can't be copied there ({error.strerror})",
            "Check that folder and its free space.",
        ) from error


def _private(path: Path) -> None:
    """Create a database's folder (0700) and file (0600), or take the rights of others away from them."""
    folder = path.parent
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
    elif folder.name == FOLDER and folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


PRAGMAS = (
    "page_size = 8192",  # of a new file; a whole item fits, and a third less space is lost than at 4096
    f"busy_timeout = {int(BUSY_SECONDS * 1000)}",
    "trusted_schema = OFF",
    "foreign_keys = ON",
    "journal_mode = WAL",
    "synchronous = FULL",
    "wal_autocheckpoint = 8000",  # 64 MB: to move the journal into the file waits for the disk
    "cache_size = -16000",
    "temp_store = MEMORY",
    "secure_delete = OFF",
    "journal_size_limit = 16000000",
)


def _set_up(raw: Any, record: object) -> None:
    cursor = raw.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.info.get("begin", "BEGIN"))


class Sqlite(Dialect):
    """A database in one SQLite file."""

    defers = True

    def __init__(self, place: Path | str) -> None:
        self.path = path_of(place)
        self.place = str(self.path)

    def glance(self) -> int:
        head = header(self.path)
        if head.exists and not head.database:
            raise StoreError(self.place, "this is no database", f"{RESTORE} Or move that file away.")
        # The version alone decides only for our own files.
        if head.database and head.application not in {0, APPLICATION}:
            other = "this database belongs to another program"
            raise StoreError(self.place, other, f"{RESTORE} Or name another file.")
        return head.revision if head.application == APPLICATION else 0

    def prepare(self) -> None:
        """Create the folder (0700) and the file (0600) before anything is written. SQLite gives its journal the file's own mode."""
        if kind := on_shared_disk(self.path.parent):
            raise StoreError(
                self.place,
                f"it lies on a network disk ({kind}), where a database is not safe",
                'Keep it on a local disk: database = "sqlite:////home/you/.newsfeed/newsfeed.db".',
            )
        try:
            _private(self.path)
        except OSError as error:
            raise StoreError(
                self.place,
                f"it can't be made ({error.strerror})",
                "Make its folder writable, and check the free space.",
            ) from error

    def connect(self) -> tuple[Engine, Connection]:
        """SQLite's own driver would begin transactions by itself, and late; that is switched off (`isolation_level`), and
        `write` and `read` begin them."""
        engine = create_engine(
            URL.create("sqlite", database=str(self.path)),
            connect_args={
                "isolation_level": None,
                "check_same_thread": False,
                "timeout": BUSY_SECONDS,
                "cached_statements": 256,
            },
            poolclass=StaticPool,
        )
        engine.dialect.colspecs = {**engine.dialect.colspecs, Utc: _Moment}
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
        return engine, connected(engine)

    @contextmanager
    def read(self, connection: Connection) -> Iterator[Transaction]:
        connection.info["begin"] = "BEGIN"
        with connection.begin():
            yield SqliteTransaction(connection)

    @contextmanager
    def write(self, connection: Connection, *, lasting: bool = True) -> Iterator[Transaction]:
        # The write lock is taken at the beginning, so that no transaction fails half way.
        connection.info["begin"] = "BEGIN IMMEDIATE"
        # The journal keeps its order: FULL syncs all that came before, too.
        level = "FULL" if lasting else "NORMAL"
        if connection.info.get("synchronous", "FULL") != level:
            connection.connection.cursor().execute(f"PRAGMA synchronous = {level}")
            connection.info["synchronous"] = level
        with connection.begin():
            yield SqliteTransaction(connection)

    @contextmanager
    def in_words(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            raise explained(error, self.place) from error

    def settle(self, connection: Connection) -> None:
        # Everything is moved from the journal into the file, so that its header is up to date.
        with closing(connection.connection.cursor()) as raw:  # outside any transaction
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def copy_before(self, version: int) -> None:
        copy(self.path, self.path.with_name(f"{self.path.stem}-before-{version:04}.db"))

    def backup(self, now: datetime) -> Path:
        """In `backups` beside it."""
        folder = self.path.parent / "backups"
        target = folder / f"{self.path.stem}-{now:%Y-%m-%d}.db"
        copy(self.path, target)
        for old in sorted(folder.glob(f"{self.path.stem}-*.db"))[:-COPIES]:
            old.unlink()
        return target


DIALECT = Sqlite
