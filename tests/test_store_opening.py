"""Opening a store: created fast and private, copied before it is migrated, refused untouched if it is not ours."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection
from stored import NOW, item, keep, opened, titles, update

from newsfeed.errors import NewerStoreError, SettingsError, StoreError
from newsfeed.store import MailState, Store, schema, sqlite
from newsfeed.store.dialect import Transaction


def form(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Tables, columns, keys and indexes of a database, normalised for comparison."""
    raw = sqlite3.connect(path)
    names = [
        r[0]
        for r in raw.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'index') ORDER BY name")
    ]
    found: dict[str, list[tuple[object, ...]]] = {}
    for name in names:
        columns = raw.execute(f"PRAGMA table_info('{name}')").fetchall()
        found[name] = [
            (r[1], r[2].replace("BIGINT", "INTEGER"), *r[3:]) for r in columns
        ]  # SQLite does not distinguish them
        found[name] += sorted(tuple(r[2:]) for r in raw.execute(f"PRAGMA foreign_key_list('{name}')"))
        found[name] += [tuple(r[1:]) for r in raw.execute(f"PRAGMA index_xinfo('{name}')")]
    found["autoincrement"] = sorted(
        raw.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")
    )
    found["version"] = raw.execute("PRAGMA user_version").fetchall()
    found["search"] = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'search'").fetchall()
    found["merging"] = raw.execute("SELECT k, v FROM search_config ORDER BY k").fetchall()
    raw.close()
    return found


def everything(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir()}


def saved_home(path: Path) -> None:
    """The database as newsfeed wrote it when Alembic still migrated it."""
    raw = sqlite3.connect(path)
    raw.executescript((Path(__file__).parent / "data" / "home_0007.sql").read_text(encoding="utf-8"))
    raw.close()


def rows_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, except the time of the last check."""
    raw = sqlite3.connect(path)
    found = {
        name: sorted(raw.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)
        for name in sorted(schema.metadata.tables)
    }
    raw.close()
    found["meta"] = [row for row in found["meta"] if row[0] != "checked"]
    return found


def test_a_home_that_alembic_kept_opens_with_every_row(tmp_path: Path) -> None:
    path = tmp_path / "newsfeed.db"
    saved_home(path)
    before = rows_of(path)
    assert all(before.values()), "every table has rows"
    with opened(tmp_path) as store:
        assert rows_of(path) == before
        assert [s.name for s in store.states()] == ["Halbrook Gazette", "Valley Post", "Lab Notes"]
        assert [s.name for s in store.states(listed=False)] == ["Closed Weekly"]
        assert titles(store.search("dam Halbrook")) == [
            "Households return to Halbrook after dam wall is made safe",
            "River dam at Halbrook closed after cracks are found in its lower wall",
            "Halbrook river dam closed: engineers find cracks in lower wall",
        ]
        [dam] = [s for s in store.stories_of([1]) if len(s.items) > 1]
        assert len(store.members(dam.id)) == len(dam.items)
        assert [c.topics for c in store.corrections()] == [("technology",)]
        assert [k.note for k in store.kept()] == ["For the talk on Friday"]
        assert sorted(n for _, n in store.thumbs(9)) == [-1, 1]
        assert [m.state for m in store.mails()] == [MailState.SENT, MailState.CLAIMED]
        assert store.declined() == ("outlet:Closed Weekly",)
        days = store.editions()
        assert [d.isoformat() for d in days] == ["2026-03-18", "2026-03-19"]
        for day in days:
            printed = store.edition(day)
            assert printed is not None
            assert printed.date == day
        assert len(store.history(days[-1] + timedelta(days=1)).shown) == 5
        assert store.pool(days[-1], NOW).feeds


def test_a_home_that_alembic_kept_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "newsfeed.db"
    saved_home(path)
    next_day, later = (datetime(2026, month, 20, 7, tzinfo=UTC) for month in (3, 4))
    raw = sqlite3.connect(path)
    [forgotten] = [row[0] for row in raw.execute("SELECT identity FROM former")]
    raw.close()
    with opened(tmp_path, next_day) as store:
        state = store.states()[0]
        [number] = store.apply(update(state, [item("fresh", "Dam wall is inspected again")]), next_day).new
        assert number == 11, "numbers go on after the highest ever given"
        assert titles(store.search("inspected")) == ["Dam wall is inspected again"]
        again = item(forgotten, published=next_day - timedelta(days=400))
        assert store.apply(update(state, [again]), next_day).new == (), "what was forgotten isn't new"
        assert store.prune(later, items=20, bodies=10)[0] > 0
        assert titles(store.search("inspected")) == []
    with opened(tmp_path, later) as store:
        store.quick_check(later)


def test_the_migrations_lead_to_the_tables_of_today(tmp_path: Path) -> None:
    Store.open(tmp_path / "made.db", now=NOW).close()
    saved_home(tmp_path / "migrated.db")
    Store.open(tmp_path / "migrated.db", now=NOW).close()
    assert form(tmp_path / "made.db") == form(tmp_path / "migrated.db")


def test_a_migrated_database_is_copied_before(tmp_path: Path) -> None:
    path = tmp_path / "newsfeed.db"
    saved_home(path)
    before = rows_of(path)
    opened(tmp_path).close()
    assert sqlite.header(path).revision == schema.VERSION
    copy = tmp_path / f"newsfeed-before-{schema.VERSION:04}.db"
    assert sqlite.header(copy).revision == 7
    assert copy.stat().st_mode & 0o777 == 0o600
    assert rows_of(copy) == before
    copied = copy.stat().st_mtime_ns
    opened(tmp_path).close()
    assert copy.stat().st_mtime_ns == copied, "once only"


def test_a_migration_that_fails_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "newsfeed.db"
    saved_home(path)
    before = form(path)

    def fails(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE half (done TEXT)")
        connection.exec_driver_sql("CREATE TABLE item (mine TEXT)")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, fails))
    with pytest.raises(StoreError):
        opened(tmp_path)
    assert form(path) == before
    monkeypatch.undo()
    opened(tmp_path).close()
    assert sqlite.header(path).revision == schema.VERSION


@pytest.mark.parametrize("version", [1, 3, 6])
def test_a_database_from_before_the_first_release_is_left_untouched(tmp_path: Path, version: int) -> None:
    path = tmp_path / "newsfeed.db"
    saved_home(path)
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA user_version = {version}")
    raw.close()
    before = everything(tmp_path)
    with pytest.raises(StoreError, match="before the first release") as caught:
        opened(tmp_path)
    assert not isinstance(caught.value, NewerStoreError)
    assert "move it away" in caught.value.repair
    assert everything(tmp_path) == before


def test_a_newer_database_is_left_untouched(tmp_path: Path) -> None:
    path = tmp_path / "newsfeed.db"
    opened(tmp_path).close()
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    raw.close()
    before = everything(tmp_path)
    with pytest.raises(NewerStoreError, match="a newer newsfeed wrote it"):
        opened(tmp_path)
    assert everything(tmp_path) == before
    assert set(before) == {"newsfeed.db"}


def test_a_newer_database_whose_number_is_still_in_the_journal_is_refused_too(tmp_path: Path) -> None:
    """The state after a crash between the newer version's migration and its checkpoint."""
    path = tmp_path / "newsfeed.db"
    opened(tmp_path).close()
    child = (
        "import os, sqlite3, sys\n"
        "raw = sqlite3.connect(sys.argv[1])\n"
        "raw.execute('PRAGMA user_version = 99')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", child, str(path)], check=False)
    assert sqlite.header(path).revision == schema.VERSION
    with pytest.raises(NewerStoreError):
        opened(tmp_path)


@pytest.mark.parametrize("content", [b"hello, this is a letter, not a database" * 9, b"short"])
def test_what_is_no_database_is_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "newsfeed.db").write_bytes(content)
    before = everything(tmp_path)
    with pytest.raises(StoreError, match="no database"):
        opened(tmp_path)
    assert everything(tmp_path) == before


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    raw = sqlite3.connect(tmp_path / "newsfeed.db")
    raw.execute("CREATE TABLE letters (body TEXT)")
    raw.commit()
    raw.close()
    with pytest.raises(StoreError, match="another program"):
        opened(tmp_path)
    raw = sqlite3.connect(tmp_path / "newsfeed.db")
    assert [r[0] for r in raw.execute("SELECT name FROM sqlite_master")] == ["letters"]
    raw.close()


def test_an_empty_file_is_made_a_database(tmp_path: Path) -> None:
    (tmp_path / "newsfeed.db").touch()
    with opened(tmp_path) as store:
        assert store.counts().items == 0


def test_another_database_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        Store.open("mysql+pymysql://me:secret@x/y", now=NOW)
    assert "mysql+pymysql://" in caught.value.cause
    assert "secret" not in str(caught.value)
    with pytest.raises(SettingsError, match="names no file"):
        Store.open("sqlite://", now=NOW)
    with Store.open(f"sqlite:///{tmp_path}/by-url.db", now=NOW):
        assert (tmp_path / "by-url.db").exists()


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    home = tmp_path / ".newsfeed"
    home.mkdir(mode=0o755)
    with opened(home) as store:
        keep(store)
        assert {p.name: oct(p.stat().st_mode & 0o777) for p in home.iterdir()} == dict.fromkeys(
            ("newsfeed.db", "newsfeed.db-wal", "newsfeed.db-shm"), "0o600"
        )
    assert home.stat().st_mode & 0o777 == 0o700
    (home / "newsfeed.db").chmod(0o644)
    opened(home).close()
    assert (home / "newsfeed.db").stat().st_mode & 0o777 == 0o600
    opened(tmp_path / "new" / "folder").close()
    assert (tmp_path / "new" / "folder").stat().st_mode & 0o777 == 0o700
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    opened(shared).close()
    assert shared.stat().st_mode & 0o777 == 0o755, "a folder that isn't ours keeps its mode"


def test_the_database_library_is_loaded_with_the_store_only() -> None:
    code = "import sys, newsfeed.store, newsfeed.store.lock; print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_every_connection_is_set_up_for_safety(tmp_path: Path) -> None:
    with opened(tmp_path) as store, store._reading() as db:
        settings = {
            name: db.connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "trusted_schema")
        }
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
        "trusted_schema": 0,
    }


OPENING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from newsfeed.store import Store
print("ready", flush=True)
sys.stdin.readline()
Store.open(Path(sys.argv[1]), now=datetime.now(UTC)).close()
print("opened")
"""


def starters(path: Path, count: int) -> list[subprocess.Popen[str]]:
    """Processes that open a database when told to; all are ready when this returns."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    children = [
        subprocess.Popen([sys.executable, "-c", OPENING, str(path)], text=True, **pipes) for _ in range(count)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    return children


@pytest.mark.parametrize("old", [False, True], ids=["make", "migrate"])
def test_several_processes_may_make_or_migrate_the_same_database_at_once(tmp_path: Path, old: bool) -> None:
    path = tmp_path / "newsfeed.db"
    if old:
        saved_home(path)
    children = starters(path, 4)
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    ends = [child.communicate(timeout=600) for child in children]
    assert [out for out, _ in ends] == ["opened\n"] * 4, ends
    assert sqlite.header(path).revision == schema.VERSION
    assert not list(tmp_path.glob("*.part"))


def test_a_migration_that_is_killed_is_done_the_next_time(tmp_path: Path) -> None:
    dice = random.Random(20261128)
    for n in range(4):
        path = tmp_path / str(n) / "newsfeed.db"
        path.parent.mkdir()
        saved_home(path)
        before = rows_of(path)
        [child] = starters(path, 1)
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
        time.sleep(dice.uniform(0.2, 0.7))
        child.kill()
        child.communicate()
        opened(path.parent).close()
        assert rows_of(path) == before
        assert sqlite.header(path).revision == schema.VERSION


def test_a_network_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    share = tmp_path / "a share"
    (share / "deep").mkdir(parents=True)
    spelled = str(share).replace(" ", "\\040")
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nserver:/x {spelled} nfs4 rw 0 0\n\nodd\n")
    assert sqlite.on_shared_disk(share / "deep", mounts) == "nfs4"
    assert sqlite.on_shared_disk(tmp_path, mounts) == ""
    assert sqlite.on_shared_disk(tmp_path, tmp_path / "none") == ""
    monkeypatch.setattr(sqlite, "on_shared_disk", lambda path: "nfs4")
    with pytest.raises(StoreError, match="network disk"):
        opened(tmp_path / "there")
    assert not (tmp_path / "there").exists()


def test_a_folder_in_the_way_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "newsfeed.db").mkdir()
    with pytest.raises(StoreError) as caught:
        opened(tmp_path)
    assert caught.value.repair


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_may_not_be_written_is_told_in_words(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="can't be made"):
            opened(tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_a_damaged_database_is_told_once_a_day(tmp_path: Path) -> None:
    path = tmp_path / "newsfeed.db"
    with opened(tmp_path) as store:
        keep(store)
    data = bytearray(path.read_bytes())
    for place in range(8192 * 3, len(data), 4096):
        data[place : place + 64] = b"\xff" * 64
    path.write_bytes(bytes(data))
    with pytest.raises(StoreError, match="damaged"):
        opened(tmp_path, NOW + timedelta(days=2))


def test_only_what_a_feed_can_bring_again_does_without_the_disk(tmp_path: Path) -> None:
    def level(db: Transaction) -> int:
        return int(db.connection.exec_driver_sql("PRAGMA synchronous").scalar_one())

    with opened(tmp_path) as store:
        with store._writing(lasting=False) as db:
            assert level(db) == 1
        with pytest.raises(ZeroDivisionError), store._writing(lasting=False):
            raise ZeroDivisionError
        with store._writing() as db:
            assert level(db) == 2, "what the reader says is on the disk when a command says so"


def test_what_is_written_together_waits_for_the_disk_once_and_is_on_it_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = []
    execute = sqlite.SqliteTransaction.set_version

    def noted(db: sqlite.SqliteTransaction, number: int) -> None:
        levels.append(db.connection.exec_driver_sql("PRAGMA synchronous").scalar_one())
        execute(db, number)

    with opened(tmp_path) as store:
        monkeypatch.setattr(sqlite.SqliteTransaction, "set_version", noted)
        with store.together(), store.together():
            with store._writing() as db:
                assert db.connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 1
            other = threading.Thread(target=store.set_meta, args=("by", "another"))
            other.start()
            other.join()
            assert store._connection.info["synchronous"] == "FULL", "another thread's word is not put off"
        assert levels == [2]
