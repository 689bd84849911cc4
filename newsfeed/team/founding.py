"""`team init`: create roles, schemas and tables with an admin's rights, or bring them up to date."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsfeed.errors import BusyError, StoreError
from newsfeed.store import Store
from newsfeed.store.postgres import Postgres
from newsfeed.team import connections, private_feeds, tables
from newsfeed.team.connections import OWNER, Place

if TYPE_CHECKING:
    import psycopg

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between two tries to reach a database that does not answer
SILENT = 60  # seconds without a heartbeat after which a worker is taken for dead


def found(folder: Path, database: str, now: datetime) -> list[str]:
    """Make or renew the team of a folder in the database at an address, whose user may create roles and schemas.

    What is there stays; a second time brings the tables up to date. Returns sentences on what was done.

    Raises:
        SettingsError: the address is not PostgreSQL's.
        StoreError: the database can't be reached, is not ours, or its user may not do this.
        BusyError: workers of an older version are at work on the tables that would change.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place = Place(folder=folder.absolute(), database=connections.address(database))
    said = []
    with connections.in_words(), _admin(place) as c:
        before = tables.version(c)
        tables.refuse_newer(before)
        if before and before < tables.VERSION:
            _refuse_workers(c)
        tables.make_roles(c, connections.make_passwords(place))
        tables.make_schemas(c)
    with Store.open(Postgres(_owner_url(place, "shared")), now=now):
        pass
    with connections.in_words(), _owner(place, "procrastinate") as c:
        there = c.execute("select to_regclass('procrastinate.procrastinate_jobs')").fetchone()
        if there is None or there[0] is None:
            from procrastinate.schema import SchemaManager

            c.execute(SchemaManager.get_schema())
    with connections.in_words(), _owner(place, "shared") as c:
        if not before:
            tables.create(c)
            said.append("Made the schemas shared, reader and procrastinate.")
        else:
            tables.migrate(c, before)
            said.append("The tables are up to date.")
    private_feeds.make_key(place)
    connections.write(place)
    said.append(
        f"Wrote {connections.FILE}, the roles' passwords and the key of the feeds' secrets; keep copies."
    )
    return said


def check(place: Place) -> None:
    """Check that the tables have this newsfeed's version, before anything uses them.

    Raises:
        NewerStoreError: a newer newsfeed made them.
        StoreError: an older one did, or they aren't there.
    """
    with connections.connect(place, connections.DOOR) as c:
        there = tables.version(c)
    tables.refuse_newer(there)
    if there < tables.VERSION:
        raise StoreError(
            "the team's database",
            f"its form is {there}, this newsfeed works with {tables.VERSION}",
            "Run newsfeed team init once.",
        )


def wait_for(place: Place, told: Callable[[str], None], *, pause: float = FIRST_PAUSE) -> None:
    """See that the tables are there and of this newsfeed's form, as soon as the database answers: each try waits twice
    as long as the one before, a minute at most. What keeps it from answering is told when it is another thing.

    Raises:
        StoreError: the tables are of another form.
    """
    said = ""
    while True:
        try:
            return check(place)
        except connections.UnreachableError as error:
            if said != error.cause:
                said = error.cause
                told(f"{error.subject}: {error.cause}. Waiting for it; Ctrl-C ends that.")
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _admin(place: Place) -> psycopg.Connection[Any]:
    import psycopg

    return psycopg.connect(place.database)


def _owner(place: Place, path: str) -> psycopg.Connection[Any]:
    """As the admin, in the role that owns the tables."""
    import psycopg

    return psycopg.connect(place.database, options=_owners_options(path))


def _owners_options(path: str) -> str:
    return f"-c role={OWNER} -c search_path={path} -c timezone=UTC"


def _owner_url(place: Place, path: str) -> str:
    from urllib.parse import quote

    sign = "&" if "?" in place.database else "?"
    rest = place.database.partition("://")[2]
    return f"postgresql+psycopg://{rest}{sign}options={quote(_owners_options(path), safe='')}"


def _refuse_workers(c: psycopg.Connection[Any]) -> None:
    """Raise while workers are alive: those of an older version would write tables that change under them.

    Raises:
        BusyError: some are.
    """
    row = c.execute(
        "select count(*) from procrastinate.procrastinate_workers where last_heartbeat > now() - %s * interval '1 second'",
        (SILENT,),
    ).fetchone()
    if row and row[0]:
        raise BusyError(
            "the team",
            f"{row[0]} workers of the older version are at work",
            "Stop them (they finish what they do), then run newsfeed team init again.",
        )
