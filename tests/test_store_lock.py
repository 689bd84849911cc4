"""The lock of a home: one process at a time, the other is told who has it; it is freed when its holder ends, however
that ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsfeed.errors import BusyError, StoreError
from newsfeed.store.lock import Lock

CHILD = """
import sys, time
from pathlib import Path
from newsfeed.store.lock import Lock
with Lock(Path(sys.argv[1]), "refresh"):
    print("held", flush=True)
    time.sleep(60)
"""


def holding(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_is_told_who_holds_it_and_kill_9_frees_it(tmp_path: Path) -> None:
    path = tmp_path / ".newsfeed" / "lock"
    process = holding(path)
    try:
        with pytest.raises(BusyError) as caught, Lock(path, "digest"):
            pass
        assert re.search(rf"refresh \(process {process.pid}, since (\S+ )?\d\d:\d\d\)", str(caught.value))
        holder = Lock(path, "status").holder()
        assert holder is not None
        assert (holder.pid, holder.label) == (process.pid, "refresh")
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    with Lock(path, "digest"):
        pass


def test_a_lock_is_free_again_after_its_block(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    since = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
    with Lock(path, "digest", since=since) as held:
        holder = Lock(path, "x").holder()
        assert holder is not None
        assert (holder.pid, holder.since, holder.label) == (
            os.getpid(),
            "2026-11-22T06:30:00+00:00",
            "digest",
        )
        with pytest.raises(BusyError, match=r"since 2026-11-22 \d\d:30"), Lock(path, "again"):
            pass
        with pytest.raises(BusyError, match="this process holds the lock already"), held:
            pass
    assert Lock(path, "x").holder() is None
    with pytest.raises(ValueError, match="out"), held:
        raise ValueError("out")
    with held:
        pass
    assert path.stat().st_mode & 0o777 == 0o600
    assert Lock(tmp_path / "none", "x").holder() is None


def test_what_stands_in_the_file_decides_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text('{"pid": 1, "since": "", "label": "left behind"}')
    assert Lock(path, "x").holder() is None
    with Lock(path, "digest"):
        path.write_text("odd")
        with pytest.raises(BusyError, match="another newsfeed is at work here"), Lock(path, "x"):
            pass
        holder = Lock(path, "x").holder()
        assert holder is not None
        assert holder.pid == 0


def test_a_lock_that_cannot_be_made_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file")
    with pytest.raises(StoreError, match="can't be made"), Lock(tmp_path / "folder" / "lock", "x"):
        pass


def test_a_lock_is_held_though_a_full_disk_takes_no_word_of_who_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with (
        Lock(tmp_path / "lock", "digest"),
        pytest.raises(BusyError, match="another newsfeed is at work here"),
        Lock(tmp_path / "lock", "x"),
    ):
        pass
    assert Lock(tmp_path / "lock", "x").holder() is None
