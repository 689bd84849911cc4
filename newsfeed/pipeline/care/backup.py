"""Copies of the database: made by hand at any time, and put back in its place."""

from __future__ import annotations

import shutil
from pathlib import Path

from newsfeed import deliver
from newsfeed.errors import NotFoundError, SettingsError
from newsfeed.pipeline.home import Home, Store


def backup(home: Home, store: Store) -> Path:
    """A whole copy of the database, made now.

    Raises:
        SettingsError: the database is one that programs of its own copy.
        StoreError: it can't be written.
    """
    made = store.backup(home.clock(), force=True)
    if made is None:
        raise SettingsError("database", "newsfeed makes no copies of it", "Copy it by pg_dump.")
    return made


def restore(home: Home, file: Path | None = None) -> tuple[Path, Path | None]:
    """Put a copy (default: the newest) in the database's place. What stood there is kept beside it.

    Gives the copy, and where the former database lies now.

    Raises:
        NotFoundError: there is no copy.
        SettingsError: the database lies elsewhere, by the setting `database`.
        StoreError: the copy itself can't be used; nothing was changed.
    """
    if home.elsewhere:
        raise SettingsError("database", "names a database of your own", "Put a copy in its place by hand.")
    copies = sorted((home.inner / "backups").glob(f"{home.database.stem}-*.db"))
    chosen = file or (copies[-1] if copies else None)
    if chosen is None or not chosen.is_file():
        raise NotFoundError(
            str(chosen or home.inner / "backups"),
            "there is no copy",
            "Copies are made weekly by newsfeed run, and by newsfeed backup.",
        )
    trial = home.inner / "restored.db"
    try:
        shutil.copyfile(chosen, trial)
        trial.chmod(0o600)
        with Store.open(trial, now=home.clock()) as store:
            store.quick_check(home.clock())
        data = trial.read_bytes()
    finally:
        for suffix in ("", "-wal", "-shm"):
            trial.with_name(trial.name + suffix).unlink(missing_ok=True)
    former = None
    if home.database.exists():
        former = home.database.with_suffix(".db.former")
        home.database.replace(former)
    for suffix in ("-wal", "-shm"):
        path = home.database.with_name(home.database.name + suffix)
        if path.exists():
            path.replace(home.database.with_name(home.database.name + ".former" + suffix))
    deliver.write(home.database, data, mode=0o600)
    return chosen, former
