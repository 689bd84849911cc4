"""From the tables of earlier newsfeeds to those of today.

The tables have one version number. A new database is made from `schema` at once; an older one goes through the
migrations that it lacks, in order. Whoever changes a table in `schema` adds a function at the end of `MIGRATIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

FIRST = 7  # the oldest version that can be opened


def _drop_alembic(connection: Connection) -> None:
    """The version number is kept by the database itself; before, it stood in a table of Alembic's too."""
    connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")


#: Each leads from the version before to the next, the first of them from `FIRST`.
MIGRATIONS: Sequence[Callable[[Connection], None]] = (_drop_alembic,)
VERSION = FIRST + len(MIGRATIONS)


def migrate(connection: Connection, version: int) -> None:
    """Bring the tables of `version` up to date, in the current transaction."""
    for step in MIGRATIONS[version - FIRST :]:
        step(connection)
