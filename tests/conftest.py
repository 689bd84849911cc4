"""Options and fixtures that more than one test uses."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from postgres import Cluster
from postgres import postgres as postgres  # noqa: PLC0414 - a fixture
from serving import Server

if TYPE_CHECKING:
    from apps import App
    from homes import TestHome
    from teams import TestTeam

MEMORY = Path("/dev/shm")
ROOM = 4_000_000_000  # bytes; a whole run needs half of it

# Test homes are in memory: otherwise each of their thousands of transactions would wait for a disk.
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# Where Python is told to keep no bytecode, each process that a test starts would compile all of newsfeed anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# As the command does: the thousands of collected tests would be gone through again and again.
gc.set_threshold(150_000, 20, 20)

# A busy machine is no failure. `make fuzz` tries ten times as many examples wherever a test names no number.
settings.register_profile("untimed", deadline=None, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=500)
settings.load_profile("untimed")


def pytest_xdist_auto_num_workers() -> int:
    """Two workers a core: half of the time a test waits for another process, a browser or a deadline. Three bring nothing."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_finish() -> None:
    gc.freeze()  # tests that were collected stay to the end


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden", action="store_true", help="write the golden files anew instead of comparing them"
    )


@pytest.fixture
def rewrite_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written anew."""
    return bool(request.config.getoption("--golden"))


@pytest.fixture
def server() -> Iterator[Server]:
    """A web server on loopback, empty at first."""
    with Server() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test with its stores in SQLite, and again in PostgreSQL; gives which."""
    import stored

    if request.param == "postgres":
        cluster: Cluster = request.getfixturevalue("postgres")
        monkeypatch.setattr(stored, "place", stored.in_postgres(cluster))
    return str(request.param)


@pytest.fixture
def team(postgres: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestTeam]:
    """A team without readers, in a database of its own."""
    import teams

    made = teams.make(postgres, tmp_path / "team", monkeypatch)
    yield made
    made.close()


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestHome, Server]]:
    """A home with today's page, to be copied, and the server of its three feeds."""
    import apps

    with pytest.MonkeyPatch.context() as monkeypatch, Server() as running:
        yield apps.fill(tmp_path_factory.mktemp("master") / "home", monkeypatch, running), running


@pytest.fixture
def app(master: tuple[TestHome, Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """The local app of a copy of that home."""
    import apps

    with apps.serving_home(apps.copied(master[0], tmp_path / "home", monkeypatch)) as running:
        yield running


@pytest.fixture(scope="module")
def still(master: tuple[TestHome, Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The same app, shared by all tests of a module that change nothing: starting and stopping it takes half a second."""
    import apps

    with pytest.MonkeyPatch.context() as monkeypatch:
        home = apps.copied(master[0], tmp_path_factory.mktemp("still") / "home", monkeypatch)
        with apps.serving_home(home) as running:
            yield running
