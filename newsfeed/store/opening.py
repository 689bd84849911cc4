"""What is done with a file before it is used: made, brought up to date, or refused untouched.

A fresh database is made from `schema` at once; Alembic is loaded only when there is something to migrate.
"""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Connection, Engine

from newsfeed.errors import NewerStoreError, StoreError
from newsfeed.store import notes, schema, sqlite, words

FOLDER = ".newsfeed"


def connect(path: Path) -> tuple[Engine, Connection]:
    """A connection to an up-to-date database at `path`, made or migrated where that is needed.

    Raises:
        NewerStoreError: a newer newsfeed wrote it; nothing was touched.
        StoreError: it can't be used.
    """
    head = sqlite.header(path)
    if head.exists and not head.database:
        raise StoreError(
            str(path),
            "this is no database",
            "Put its newest copy in its place: newsfeed restore. Or move that file away.",
        )
    # The number alone decides only for files of ours.
    if head.database and head.application not in {0, sqlite.APPLICATION}:
        raise StoreError(
            str(path),
            "this database belongs to another program",
            "Put its newest copy in its place: newsfeed restore. Or name another file.",
        )
    if head.application == sqlite.APPLICATION:
        _refuse_newer(path, head.revision)
    if kind := sqlite.on_shared_disk(path.parent):
        raise StoreError(
            str(path),
            f"it lies on a network disk ({kind}), where a database is not safe",
            'Keep it on a local disk: [keep] database = "sqlite:////home/you/.newsfeed/newsfeed.db".',
        )
    _make_private(path)
    with sqlite.in_words(path):
        engine, connection = sqlite.connect(path)
        try:
            _bring_up_to_date(connection, path)
        except BaseException:
            connection.close()
            engine.dispose()
            raise
    return engine, connection


def _refuse_newer(path: Path, revision: int) -> None:
    if revision > schema.REVISION:
        raise NewerStoreError(
            str(path),
            f"a newer newsfeed wrote it (its form is {revision}, this newsfeed knows {schema.REVISION})",
            "Install the newer newsfeed again; nothing was changed.",
        )


def _make_private(path: Path) -> None:
    """Folder 0700 and file 0600, before anything stands in them. SQLite gives its journal the file's own mode."""
    folder = path.parent
    try:
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True)
        elif folder.name == FOLDER and folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise StoreError(
            str(path),
            f"it can't be made ({error.strerror})",
            "Make its folder writable, and check the free space.",
        ) from error


def _bring_up_to_date(connection: Connection, path: Path) -> None:
    with sqlite.read(connection):
        now_at, empty = sqlite.revision(connection), sqlite.is_empty(connection)
    _refuse_newer(path, now_at)
    if empty:
        _create(connection)
    elif now_at == 0:
        raise StoreError(
            str(path),
            "this database belongs to another program",
            "Put its newest copy in its place: newsfeed restore. Or name another file.",
        )
    elif now_at < schema.REVISION:
        _migrate(connection, path, now_at)


def _create(connection: Connection) -> None:
    with sqlite.write(connection):
        if not sqlite.is_empty(connection):
            return  # another newsfeed was quicker
        create_tables(connection)
        stamp(connection)
    sqlite.settle(connection)


def create_tables(connection: Connection) -> None:
    """All tables as they are today, with Alembic's own, in the current transaction."""
    schema.metadata.create_all(connection)
    sqlite.create_search(connection)
    connection.exec_driver_sql(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    connection.exec_driver_sql(
        "INSERT INTO alembic_version (version_num) VALUES (?)", (f"{schema.REVISION:04}",)
    )


def stamp(connection: Connection) -> None:
    """Note that the database is as `schema` says."""
    sqlite.set_revision(connection, schema.REVISION)
    notes.put(connection, "words", words.VERSION)


def _migrate(connection: Connection, path: Path, now_at: int) -> None:
    sqlite.copy_to(connection, path.with_name(f"{path.stem}-before-{schema.REVISION:04}.db"))
    with sqlite.write(connection):
        if sqlite.revision(connection) == schema.REVISION:
            return  # another newsfeed was quicker
        upgrade(connection)
        sqlite.set_revision(connection, schema.REVISION)
    sqlite.settle(connection)


def upgrade(connection: Connection, target: str = "head") -> None:
    """Run the migrations that are missing, in the current transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, target)
