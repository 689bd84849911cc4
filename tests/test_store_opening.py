"""Opening a store: made fast, private, migrated after a copy, refused untouched where it is not ours."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from newsfeed.store import Store, opening, schema, sqlite

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)


def form(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Tables, columns, keys and indexes of a database, as far as they matter."""
    with sqlite3.connect(path) as raw:
        names = [
            r[0]
            for r in raw.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'index') ORDER BY name"
            )
        ]
        found: dict[str, list[tuple[object, ...]]] = {}
        for name in names:
            found[name] = [tuple(r[1:]) for r in raw.execute(f"PRAGMA table_info('{name}')")]
            found[name] += sorted(tuple(r[2:]) for r in raw.execute(f"PRAGMA foreign_key_list('{name}')"))
            found[name] += [tuple(r[1:]) for r in raw.execute(f"PRAGMA index_xinfo('{name}')")]
        found["autoincrement"] = sorted(
            r for r in raw.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")
        )
        found["version"] = raw.execute("SELECT version_num FROM alembic_version").fetchall()
        found["search"] = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'search'").fetchall()
    raw.close()
    return found


def migrated(path: Path, target: str = "head") -> None:
    """A database made by the migrations alone."""
    engine, connection = sqlite.connect(path)
    with sqlite.write(connection):
        opening.upgrade(connection, target)
        sqlite.set_revision(connection, schema.REVISION if target == "head" else int(target))
    connection.close()
    engine.dispose()


def test_the_migrations_lead_to_the_tables_of_today(tmp_path: Path) -> None:
    Store.open(tmp_path / "made.db", now=NOW).close()
    migrated(tmp_path / "migrated.db")
    assert form(tmp_path / "made.db") == form(tmp_path / "migrated.db")
