"""What is done with a file before it is used: made, brought up to date, or refused untouched."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Connection, Engine

from newsfeed.errors import NewerStoreError, StoreError
from newsfeed.store import migrations, notes, schema, sqlite, words

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
        _refuse_others(path, head.revision)
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


def _refuse_others(path: Path, version: int) -> None:
    """Raise where this newsfeed can't read tables of that version."""
    if version > migrations.VERSION:
        raise NewerStoreError(
            str(path),
            f"a newer newsfeed wrote it (its form is {version}, this newsfeed knows {migrations.VERSION})",
            "Install the newer newsfeed again; nothing was changed.",
        )
    if 0 < version < migrations.FIRST:
        raise StoreError(
            str(path),
            f"a newsfeed from before the first release wrote it (its form is {version})",
            "Open it once with the newsfeed of November 2026, then with this one; or move it away and begin anew.",
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
    _refuse_others(path, now_at)
    if empty:
        _create(connection)
    elif now_at == 0:
        raise StoreError(
            str(path),
            "this database belongs to another program",
            "Put its newest copy in its place: newsfeed restore. Or name another file.",
        )
    elif now_at < migrations.VERSION:
        _migrate(connection, path)


def _create(connection: Connection) -> None:
    with sqlite.write(connection):
        if not sqlite.is_empty(connection):
            return  # another newsfeed was quicker
        schema.metadata.create_all(connection)
        sqlite.create_search(connection)
        sqlite.set_revision(connection, migrations.VERSION)
        notes.put(connection, "words", words.VERSION)
    sqlite.settle(connection)


def _migrate(connection: Connection, path: Path) -> None:
    """Copy the file and bring it up to date, while who else opens it waits for its turn."""
    with sqlite.write(connection):
        version = sqlite.revision(connection)
        if version == migrations.VERSION:
            return  # another newsfeed was quicker
        sqlite.copy(path, path.with_name(f"{path.stem}-before-{migrations.VERSION:04}.db"))
        migrations.migrate(connection, version)
        sqlite.set_revision(connection, migrations.VERSION)
    sqlite.settle(connection)
