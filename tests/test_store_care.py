"""Deleting old items, copies, checks, and what happens when the disk, another process or a power cut interferes."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import textwrap
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from stored import (
    DAY,
    HOUR,
    NOW,
    TODAY,
    edition,
    feeds,
    item,
    keep,
    of_feed,
    opened,
    search_is_sound,
    shown,
    titles,
    update,
)

from newsfeed.errors import StoreError
from newsfeed.model import Correction, Story, Tagging, TopicScore
from newsfeed.store import Store, sqlite


def sound(store: Store) -> bool:
    """Whether database and search index are consistent, each in itself and with each other."""
    if not search_is_sound(store):
        return False
    with store._reading() as db:
        if db.connection.dialect.name != "sqlite":
            return True  # a server checks itself
        orphans = db.connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        return db.connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok" and not orphans


# ------------------------------------------------------------------------- forgetting


@pytest.mark.usefixtures("either")
def test_items_and_texts_go_by_age_but_editions_stay(tmp_path: Path) -> None:
    with opened(tmp_path, NOW) as store:
        old, taught = keep(store, item("old", "Mammoths", "in the ice"), item("taught"), now=NOW - 401 * DAY)
        (stripped,) = keep(
            store, item("stripped", "Bears", "in the snow", lead="Bears."), now=NOW - 121 * DAY
        )
        (fresh,) = keep(store, item("fresh", "Foxes", "in the park"))
        store.save_stories(
            [Story(id=0, representative=old, items=(old,), first=NOW - 401 * DAY, last=NOW - 401 * DAY)]
        )
        store.save_taggings([Tagging(item=old, scores=(TopicScore(topic="science", p=0.9),))], "m")
        store.correct(Correction(item=taught, topics=("sales",), made=NOW))
        store.like(old, 1, NOW)
        store.record(edition(TODAY - 401 * DAY), [shown(old, TODAY - 401 * DAY)])
        assert store.prune(NOW) == (1, 1)
        assert [i.item.identity for i in store.items([old, taught, stripped, fresh])] == [
            "taught",
            "stripped",
            "fresh",
        ]
        assert store.search("mammoths") == store.search("snow") == []
        assert titles(store.search("bears")) == ["Bears"]
        assert titles(store.search("park")) == ["Foxes"]
        assert store.item(stripped).item.text == ""
        assert store.stories_of([old]) == []
        assert store.counts().stories == 0
        assert store.edition(TODAY - 401 * DAY) is not None
        assert [s.item for s in store.history(TODAY, 999).shown] == [old]
        assert list(store.daily_counts(TODAY - 999 * DAY)[1].values()) == [2, 1, 1]
        assert store.prune(NOW) == (0, 0)
        assert sound(store)


@pytest.mark.usefixtures("either")
def test_what_was_forgotten_is_not_new_when_the_feed_still_lists_it(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        olds = [item("dated", published=NOW - 420 * DAY), item("undated", published=None)]
        keep(store, *olds, now=NOW - 401 * DAY)
        store.prune(NOW)
        assert store.counts().items == 0
        assert keep(store, *olds, item("new"), name="a") == [3]
        assert keep(store, *olds, name="b") != [], "another feed's items are its own"


@pytest.mark.usefixtures("either")
def test_the_number_of_a_forgotten_item_is_not_given_again(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        keep(store, item("1"), item("2"), now=NOW - 500 * DAY)
        assert store.prune(NOW) == (2, 0)
        assert keep(store, item("3")) == [3]


@pytest.mark.usefixtures("either")
def test_a_clock_that_jumped_ahead_forgets_nothing_for_a_week(tmp_path: Path) -> None:
    ahead = NOW + 5 * 365 * DAY
    with opened(tmp_path) as store:
        keep(store, item("1"))
        assert store.prune(NOW) == (0, 0)
        assert store.prune(ahead) == (0, 0)
        assert store.prune(ahead + 6 * DAY) == (0, 0)
        # The clock is right again, and later the years have really passed.
        assert store.prune(NOW + DAY) == (0, 0)
        assert store.prune(ahead) == (0, 0)
        assert store.prune(ahead + 8 * DAY) == (1, 0)


# ------------------------------------------------------------------------- copies and checks


def test_a_copy_is_made_each_week_and_four_are_kept(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        (kept,) = keep(store, item("1"))
        assert store.backup(NOW) is None, "what was only fetched can be fetched again"
        store.correct(Correction(item=kept, topics=("sales",), made=NOW))
        made = [store.backup(NOW + n * DAY) for n in range(50)]
        assert [n for n, path in enumerate(made) if path] == [0, 7, 14, 21, 28, 35, 42, 49]
        assert store.backup(NOW + 50 * DAY, force=True) is not None
    folder = tmp_path / "backups"
    assert len(list(folder.iterdir())) == sqlite.COPIES
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(p.stat().st_mode & 0o777 == 0o600 for p in folder.iterdir())
    with Store.open(max(folder.iterdir()), now=NOW) as copy:
        assert copy.counts().items == 1
        assert sound(copy)


def test_a_copy_that_cannot_be_made_leaves_nothing_half(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        (tmp_path / "backups").write_text("in the way")
        with pytest.raises(StoreError, match="can't be copied"):
            store.backup(NOW, force=True)
        keep(store, item("1"))


@pytest.mark.usefixtures("either")
def test_the_file_is_checked_once_a_day(tmp_path: Path) -> None:
    checked = []
    for now in (NOW, NOW + HOUR, NOW + 2 * DAY, NOW):
        with opened(tmp_path, now) as store:
            checked.append(store.get_meta("checked"))
    *_, later, again = checked
    assert checked[:3] == [NOW.isoformat(), NOW.isoformat(), (NOW + 2 * DAY).isoformat()]
    assert (later, again) == ((NOW + 2 * DAY).isoformat(), NOW.isoformat()), (
        "a check of the future doesn't count"
    )


@pytest.mark.usefixtures("either")
def test_tidying_keeps_everything(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        for n in range(30):
            keep(store, item(str(n), f"Number {n} of thirty"))
        before = [i.id for i in store.search("thirty")]
        store.tidy()
        assert [i.id for i in store.search("thirty")] == before
        assert len(before) == 30
        assert sound(store)


# ------------------------------------------------------------------------- the disk, others, threads


def test_a_full_disk_is_told_in_words_and_nothing_is_half_kept(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        (state,) = feeds(store)
        keep(store, item("1"))
        with store._reading() as db:
            pages = db.connection.exec_driver_sql("PRAGMA page_count").scalar()
            db.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        big = update(state, [item(f"big{n}", text="x" * 50_000) for n in range(20)], etag='"big"')
        with pytest.raises(StoreError) as caught:
            store.apply(big, NOW)
        assert "disk is full" in caught.value.cause
        assert "Free some space" in caught.value.repair
        assert store.states()[0].etag == ""
        assert [k.identity for k in store.known(state.feed)] == ["1"]
        with store._reading() as db:
            db.connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        assert len(store.apply(big, NOW).new) == 20
        assert sound(store)


def test_who_waits_too_long_for_another_writer_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    with opened(tmp_path) as store, opened(tmp_path) as other:
        (state,) = feeds(store)
        with other._writing():
            with pytest.raises(StoreError, match="another newsfeed is writing"):
                store.apply(update(state, [item("1")]), NOW)
            assert store.states() == [state], "who only reads need not wait"
        assert store.apply(update(state, [item("1")]), NOW).new == (1,)


def test_a_database_that_may_not_be_written_is_told_in_words(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        (state,) = feeds(store)
        with store._reading() as db:
            db.connection.exec_driver_sql("PRAGMA query_only = ON")
        with pytest.raises(StoreError, match="can't be written to"):
            store.apply(update(state, [item("1")]), NOW)


@pytest.mark.usefixtures("either")
def test_threads_take_their_turns(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        states = feeds(store, *"abcdef")
        threads = [
            threading.Thread(
                target=lambda state=state: [store.apply(update(state, [item(str(n))]), NOW) for n in range(5)]
            )
            for state in states
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.counts().items == 30


CHILD = textwrap.dedent(
    """
    import sys, time
    from datetime import timedelta
    from pathlib import Path
    from stored import NOW, item, opened, update

    store = opened(Path(sys.argv[1]))
    mine = next(s for s in store.states() if s.name == sys.argv[2])
    n = int(mine.etag or 0)
    while True:
        n += 1
        new = [item(f"{n}.{k}", f"Story {n} {k}", "words " * 200) for k in range(3)]
        store.apply(update(mine, new, etag=str(n)), NOW)
        print(n, flush=True)
        time.sleep(float(sys.argv[3]))
    """
)


def child(folder: Path, name: str, pause: float = 0.0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), name, f"{pause}"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent,
    )


def whole(store: Store, name: str, acknowledged: int) -> int:
    """Check that a feed's validator matches its items and nothing acknowledged is lost; gives the number of the last
    answer."""
    state = next(s for s in store.states() if s.name == name)
    reached = int(state.etag or 0)
    assert reached >= acknowledged
    expected = {f"{n}.{k}" for n in range(1, reached + 1) for k in range(3)}
    items = of_feed(store, state.feed, "all")
    assert {i.item.identity for i in items} == expected
    assert len(items) == len(expected)
    assert all(i.item.text for i in items)
    if reached:
        assert len(store.search(f"story {reached}", 9)) >= 3
    return reached


def test_kill_9_loses_nothing_acknowledged_and_doubles_nothing(tmp_path: Path) -> None:
    rounds = int(os.environ.get("NEWSFEED_CRASHES", "4"))  # more of them: `make crash`
    dice = random.Random(20261122 + rounds)
    with opened(tmp_path) as store:
        feeds(store, "a")
    acknowledged = 0
    for _ in range(rounds):
        process = child(tmp_path, "a")
        assert process.stdout is not None
        acknowledged = int(process.stdout.readline())
        time.sleep(dice.uniform(0, 0.25))
        process.kill()
        acknowledged = max([acknowledged, *(int(line) for line in process.stdout if line.endswith("\n"))])
        process.wait()
        process.stdout.close()
        with opened(tmp_path, NOW + 2 * DAY) as store:
            whole(store, "a", acknowledged)
            assert sound(store)
    assert acknowledged > 4


def test_two_processes_write_side_by_side(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        feeds(store, "a", "b")
        # On a busy machine, two writers that never pause may keep each other out for longer than either waits.
        processes = {name: child(tmp_path, name, pause=0.02) for name in ("a", "b")}
        acknowledged = {}
        for name, process in processes.items():
            assert process.stdout is not None
            for _ in range(8):
                acknowledged[name] = int(process.stdout.readline())
        for process in processes.values():
            process.terminate()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
        assert all(whole(store, name, n) >= 8 for name, n in acknowledged.items())
        assert sound(store)


def test_days_of_care_in_one_transaction_each(tmp_path: Path) -> None:
    """A check that finds damage changes nothing, not even the note that a check was made."""
    with opened(tmp_path) as store:
        keep(store, item("1"))
        with store._writing() as db:
            db.connection.exec_driver_sql(
                "UPDATE meta SET value = '2020-01-01T00:00:00+00:00' WHERE key = 'checked'"
            )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sqlite.SqliteTransaction, "faults", lambda db: ["row 3 missing from index"])
            with pytest.raises(StoreError, match="row 3 missing"):
                store.quick_check(NOW)
        assert (store.get_meta("checked") or "").startswith("2020")
        store.quick_check(NOW + timedelta(days=1))
