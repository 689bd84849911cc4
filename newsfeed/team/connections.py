"""Where the team's database is, and connections to it in one of the roles, none of which owns a table."""

from __future__ import annotations

import secrets
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias
from urllib.parse import quote

from newsfeed import config
from newsfeed.errors import NotFoundError, SettingsError, StoreError
from newsfeed.model import Record
from newsfeed.store.dialect import Transaction
from newsfeed.store.postgres import Postgres, PostgresTransaction

if TYPE_CHECKING:
    import psycopg

FILE = "team.toml"
PASSWORDS = "team.pgpass"

OWNER = "newsfeed_owner"  # owns everything, logs in nowhere
FETCH = "newsfeed_worker_fetch"  # the shared pool, nothing of any reader
EDITION = "newsfeed_worker_edition"  # one reader at a time
WEB = "newsfeed_web"  # one reader at a time
DOOR = "newsfeed_door"  # identities: readers, credentials, invitations, sessions; nothing of what they read
LOGINS = (FETCH, EDITION, WEB, DOOR)

# Each role sees the tables of a home under their own names: first a reader's views, or the shared tables themselves.
PATHS = {FETCH: "shared,procrastinate"}
USUAL_PATH = "reader,shared,procrastinate"


class Place(Record, frozen=True, kw_only=True):
    """A team's folder and its database."""

    folder: Path
    database: str  # as libpq reads it, without user and password of the roles

    @property
    def inner(self) -> Path:
        return self.folder / ".newsfeed"

    @property
    def passwords(self) -> Path:
        return self.inner / PASSWORDS

    def conninfo(self, role: str, **more: Any) -> str:
        """How libpq connects as a role."""
        from psycopg.conninfo import make_conninfo

        if self.passwords.exists():
            more.setdefault("passfile", str(self.passwords))
        path = PATHS.get(role, USUAL_PATH)
        return make_conninfo(
            self.database, user=role, options=f"-c search_path={path} -c timezone=UTC", **more
        )

    def url(self, role: str, **more: Any) -> str:
        """The same as an address, as the store's dialect takes it."""
        from psycopg.conninfo import conninfo_to_dict

        words = {k: str(v) for k, v in conninfo_to_dict(self.conninfo(role, **more)).items() if v is not None}
        database = words.pop("dbname", "")
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in sorted(words.items()))
        return f"postgresql+psycopg:///{quote(database, safe='')}?{query}"


def address(url: str) -> str:
    """A database's address as libpq reads it: SQLAlchemy's form names a driver too.

    Raises:
        SettingsError: it is that of another database.
    """
    scheme, _, rest = url.partition("://")
    if scheme.partition("+")[0] not in {"postgresql", "postgres"} or not rest:
        raise SettingsError(
            "database", "a team needs PostgreSQL", 'Write it like "postgresql://host/newsfeed".'
        )
    return f"postgresql://{rest}"


def find(folder: Path) -> Place:
    """The team whose folder this is.

    Raises:
        NotFoundError: there is none.
        SettingsError: its file can't be read.
    """
    path = folder / FILE
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return Place(folder=folder.absolute(), database=address(str(data["database"])))
    except FileNotFoundError:
        raise NotFoundError(
            str(path), "no team lives here", "Run newsfeed team init --database postgresql://…"
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError) as error:
        raise SettingsError(
            str(path), f"can't be read ({error})", 'It holds one line: database = "postgresql://…"'
        ) from error


def write(place: Place) -> None:
    """Write the database's address into team.toml, readable by its owner only, since it may hold a password. The rest stays.

    Raises:
        SettingsError: the file is no TOML.
    """
    place.inner.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = place.folder / FILE
    path.touch(mode=0o600)
    before = path.read_text(encoding="utf-8")
    path.write_text(config.edited(before, {("database",): place.database}), encoding="utf-8")


def make_passwords(place: Place) -> dict[str, str]:
    """A password for each role, kept in a file that only its owner reads; those that are there stay."""
    have = {}
    if place.passwords.exists():
        for line in place.passwords.read_text(encoding="utf-8").splitlines():
            *_, role, password = line.split(":")
            have[role] = password
    made = {role: have.get(role) or secrets.token_urlsafe(24) for role in LOGINS}
    place.inner.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.passwords.touch(mode=0o600)
    place.passwords.write_text("".join(f"*:*:*:{r}:{p}\n" for r, p in made.items()), encoding="utf-8")
    return made


class UnreachableError(StoreError):
    """The database does not answer now."""


@contextmanager
def in_words(place: str = "the team's database") -> Iterator[None]:
    """Turn the driver's errors into a `StoreError` with a cause and a repair.

    Raises:
        StoreError: in place of any error of the database.
    """
    import psycopg

    try:
        yield
    except psycopg.OperationalError as error:
        raise UnreachableError(
            place,
            f"it can't be reached ({_first_line(error)})",
            "Start PostgreSQL, or fix the address in team.toml.",
        ) from error
    except psycopg.Error as error:
        raise StoreError(
            place, f"it refused: {_first_line(error)}", "newsfeed team status says what is wrong."
        ) from error


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]


@contextmanager
def connect(place: Place, role: str, reader: int | None = None) -> Iterator[psycopg.Connection[Any]]:
    """One transaction as a role, for one reader if that is said; committed unless something is raised.

    Raises:
        StoreError: the database can't be reached or refuses.
    """
    import psycopg

    with in_words(), psycopg.connect(place.conninfo(role)) as connection:
        if reader is not None:
            connection.execute("select set_config('newsfeed.reader', %s, true)", (str(reader),))
        yield connection


# The dialect's own types stay in the store: a connection and a table.
Connection: TypeAlias = Any
Table: TypeAlias = Any


class TopicNames(dict[int, str]):
    """The names of topics in packed taggings by their numbers, read again when an unknown number occurs."""

    _connection: Connection

    def asked_by(self, connection: Connection) -> Self:
        """These, read by this connection from now on."""
        self._connection = connection
        return self

    def __missing__(self, number: int) -> str:
        self.update(
            map(tuple, self._connection.exec_driver_sql("select number, name from shared.topic").all())
        )
        if number not in self:
            raise KeyError(number)
        return self[number]


class TeamTransaction(PostgresTransaction):
    """A transaction in the team's database."""

    def _conflict(self, table: Table) -> dict[str, Any]:
        # By the name of the key, which is one of the reader's too in the reader's tables.
        return {"constraint": f"pk_{table.name}"}


class TeamDialect(Postgres):
    """The team's database as one role sees it; for readers' roles, one reader at a time."""

    def __init__(self, place: Place, role: str) -> None:
        super().__init__(place.url(role))
        self.reader: int | None = None
        self._view: TeamTransaction | None = None
        self._topics = TopicNames()

    @contextmanager
    def viewing(self, connection: Connection) -> Iterator[None]:
        """Read all within the block in one transaction; nothing may be written meanwhile."""
        with self.read(connection) as view:
            self._view = view
            try:
                yield
            finally:
                self._view = None

    @contextmanager
    def read(self, connection: Connection) -> Iterator[TeamTransaction]:
        if self._view is not None:
            yield self._view
            return
        with connection.begin():
            connection.exec_driver_sql("set transaction isolation level repeatable read read only")
            self._say_who(connection)
            yield TeamTransaction(connection, self._topics.asked_by(connection))

    @contextmanager
    def write(self, connection: Connection, *, lasting: bool = True) -> Iterator[Transaction]:
        # Always lasting: other processes act on what one has written.
        with connection.begin():
            self._say_who(connection)
            if self.reader is not None:
                # A home has one writer at a time, and so has a reader.
                connection.exec_driver_sql("select pg_advisory_xact_lock(1, %s)", (self.reader,))
            yield TeamTransaction(connection, self._topics.asked_by(connection))

    def _say_who(self, connection: Connection) -> None:
        if self.reader is not None:
            connection.exec_driver_sql("select set_config('newsfeed.reader', %s, true)", (str(self.reader),))
