"""Files are replaced whole or not at all, by real files, real links and a real full disk."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from newsfeed import deliver
from newsfeed.deliver import files
from newsfeed.errors import DeliveryError
from newsfeed.model import PAGE_END

PAGE = f"<!doctype html>\n<title>x</title>\n{PAGE_END}\n".encode()
ROOT = os.geteuid() == 0


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_write_makes_file_and_folders_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "page.html"
    deliver.write(path, b"one")
    assert path.read_bytes() == b"one"
    assert mode(path) == 0o600
    assert mode(path.parent) == mode(tmp_path / "a") == 0o700
    assert names(path.parent) == ["page.html"]


def test_write_replaces_and_keeps_the_rights_of_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "feeds.opml"
    path.write_bytes(b"old")
    path.chmod(0o644)
    inode = path.stat().st_ino
    deliver.write(path, b"new")
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o644
    assert path.stat().st_ino != inode  # a new file replaces it; the old one is never half overwritten


def test_rights_are_granted_as_far_as_the_umask_goes(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        deliver.write(tmp_path / "open" / "a", b"", mode=0o664)
        os.umask(0o077)
        deliver.write(tmp_path / "closed" / "a", b"", mode=0o664)
    finally:
        os.umask(old)
    assert mode(tmp_path / "open" / "a") == 0o644
    assert mode(tmp_path / "open") == 0o755
    assert mode(tmp_path / "closed" / "a") == 0o600
    assert mode(tmp_path / "closed") == 0o700


def test_a_linked_file_is_replaced_where_it_lies(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "feeds.opml"
    deliver.write(real, b"old")
    link = tmp_path / "feeds.opml"
    link.symlink_to(real)
    deliver.write(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_a_loop_of_links_is_said(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(DeliveryError):
        deliver.write(tmp_path / "a", b"x")


def test_something_else_in_its_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "page.html").mkdir()
    with pytest.raises(DeliveryError, match="something else stands in its place"):
        deliver.write(tmp_path / "page.html", b"x")
    (tmp_path / "file").write_bytes(b"kept")
    with pytest.raises(DeliveryError, match="something else stands in its place"):
        deliver.write(tmp_path / "file" / "page.html", b"x")
    assert names(tmp_path) == ["file", "page.html"]
    assert (tmp_path / "file").read_bytes() == b"kept"


@pytest.mark.skipif(ROOT, reason="root may write everywhere")
def test_missing_rights_are_said(tmp_path: Path) -> None:
    path = tmp_path / "site" / "page.html"
    deliver.write(path, b"old")
    path.parent.chmod(0o500)
    try:
        with pytest.raises(DeliveryError, match="may not be written"):
            deliver.write(path, b"new")
    finally:
        path.parent.chmod(0o700)
    assert path.read_bytes() == b"old"


def test_a_full_disk_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    """The child may write files of at most 4,096 bytes, which stops it as a full disk would."""
    path = tmp_path / "page.html"
    path.write_bytes(b"old")
    code = (
        "import resource, signal, sys; from pathlib import Path; from newsfeed import deliver\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "deliver.write(Path(sys.argv[1]), b'x' * 100_000)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "DeliveryError" in done.stderr
    assert "The old file is unchanged." in done.stderr
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["page.html"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_no_space_is_said_with_what_to_do() -> None:
    try:
        Path("/dev/full").write_bytes(b"x")
    except OSError as error:
        said = files._delivery_error(Path("/home/me/site/index.html"), error)
    assert said.cause == "the disk is full"
    assert said.repair.startswith("Free some space")
    assert "index.html" in said.subject


def test_site_is_written_index_last_and_only_where_it_changed(tmp_path: Path) -> None:
    files = {"index.html": PAGE, "archive/2026/11/22.html": PAGE, "digest.json": b"{}", "zz.html": PAGE}
    assert deliver.write_site(tmp_path, files) == (
        "archive/2026/11/22.html",
        "digest.json",
        "zz.html",
        "index.html",
    )
    before = {name: (tmp_path / name).stat().st_ino for name in files}
    assert deliver.write_site(tmp_path, files) == ()
    assert {name: (tmp_path / name).stat().st_ino for name in files} == before
    changed = files | {"digest.json": b"[]", "index.html": PAGE.replace(b"x", b"y")}
    assert deliver.write_site(tmp_path, changed) == ("digest.json", "index.html")
    assert {mode(tmp_path / name) for name in files} == {0o600}


def test_site_may_be_readable_for_others(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        deliver.write_site(tmp_path / "site", {"a/x.html": PAGE})
        assert mode(tmp_path / "site" / "a" / "x.html") == 0o600
        deliver.write_site(tmp_path / "site", {"a/x.html": PAGE}, mode=0o644)
    finally:
        os.umask(old)
    assert mode(tmp_path / "site" / "a" / "x.html") == 0o644


def test_a_page_without_its_end_stops_everything_before_it_begins(tmp_path: Path) -> None:
    deliver.write_site(tmp_path, {"index.html": PAGE})
    with pytest.raises(DeliveryError, match="is not whole"):
        deliver.write_site(tmp_path, {"a.html": PAGE, "index.html": PAGE[:-20]})
    assert names(tmp_path) == ["index.html"]
    assert (tmp_path / "index.html").read_bytes() == PAGE


@pytest.mark.parametrize("name", ["../x.html", "/x.html", "a/../../x.html", "a\\x.html", "", "./x.html"])
def test_names_stay_inside_the_site(tmp_path: Path, name: str) -> None:
    with pytest.raises(DeliveryError, match="no name of a file"):
        deliver.write_site(tmp_path / "site", {name: PAGE})
    assert names(tmp_path) == []


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    left = tmp_path / "archive" / f".22.html.abc{files._SUFFIX}"
    left.parent.mkdir()
    left.write_bytes(b"half")
    deliver.write_site(tmp_path, {"index.html": PAGE})
    assert not left.exists()


def test_index_is_whole_at_every_moment_while_it_is_replaced(tmp_path: Path) -> None:
    pages = [b"<p>" + bytes([65 + n]) * 200_000 + f"\n{PAGE_END}\n".encode() for n in range(2)]
    deliver.write_site(tmp_path, {"index.html": pages[0]})
    stop = threading.Event()
    wrong = []

    def read() -> None:
        while not stop.is_set():
            if (tmp_path / "index.html").read_bytes() not in pages:
                wrong.append(1)

    reader = threading.Thread(target=read)
    reader.start()
    for n in range(30):
        deliver.write_site(tmp_path, {"index.html": pages[(n + 1) % 2]})
    stop.set()
    reader.join()
    assert wrong == []


def test_kill_minus_nine_leaves_the_old_page_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    code = (
        "import itertools, sys; from pathlib import Path; from newsfeed import deliver; from newsfeed.model import PAGE_END\n"
        "for n in itertools.count():\n"
        " deliver.write_site(Path(sys.argv[1]), {'index.html': (str(n % 10) * 300_000 + PAGE_END).encode()})\n"
        " print(n, flush=True)\n"
    )
    for _ in range(5):
        child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
        assert child.stdout
        child.stdout.readline()
        time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        data = path.read_bytes()
        assert data.endswith(PAGE_END.encode())
        assert len(set(data[:300_000])) == 1
    deliver.write_site(tmp_path, {"index.html": PAGE})
    assert names(tmp_path) == ["index.html"]
