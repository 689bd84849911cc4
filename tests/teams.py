"""Teams for tests: a database of their own in a real PostgreSQL, real feeds on loopback, readers with lists."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import homes
import psycopg
import pytest
from postgres import Cluster

from newsfeed import config
from newsfeed.cli.app import run
from newsfeed.model import Subscription
from newsfeed.team import connections, founding
from newsfeed.team.connections import WEB, Place
from newsfeed.team.desk import Desk
from newsfeed.team.readers import Reader, Readers
from newsfeed.team.stores import ReaderStore

EVENING = homes.NOON - timedelta(hours=12)  # before the morning of the tests


def wait_for(
    what: Callable[[], bool], seconds: float = 240, instead: Callable[[], object] = lambda: ""
) -> None:
    """Wait until a condition holds; if it never does, `instead` describes what there is."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"waited too long: {instead()}"
        time.sleep(0.3)


@dataclass
class TestTeam:
    """A team in a temporary folder, with the command line and a clock that stands still."""

    __test__ = False
    folder: Path
    url: str
    monkeypatch: pytest.MonkeyPatch
    moment: datetime = EVENING
    environment: dict[str, str] = field(default_factory=dict)
    _admin: psycopg.Connection[Any] | None = None

    @property
    def place(self) -> Place:
        return connections.find(self.folder)

    @property
    def readers(self) -> Readers:
        return Readers(self.place, self.clock)

    def clock(self) -> datetime:
        return self.moment

    def at(self, moment: datetime) -> None:
        """Set the clock, for commands too."""
        self.moment = moment
        self.set("NEWSFEED_CLOCK", moment.isoformat())

    def set(self, name: str, value: str) -> None:
        self.environment[name] = value
        self.monkeypatch.setenv(name, value)

    def allow(self, *places: str) -> None:
        """Allow feeds at these ports of this machine."""
        self.set("NEWSFEED_FETCH__ALLOW_PRIVATE", ",".join(places))
        self.set("NEWSFEED_FETCH__WORKERS", "1")

    def run(self, *words: str) -> int:
        """Run one command of the team; gives its exit code."""
        return run(["--home", str(self.folder), "team", *words])

    def process(self, *words: str, **more: Any) -> subprocess.Popen[str]:
        """Run one command as a process of its own."""
        command = [sys.executable, "-m", "newsfeed", "--home", str(self.folder), "team", *words]
        environment = {**os.environ, **self.environment}
        return subprocess.Popen(
            command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more
        )

    def work(self, kind: str = "all") -> str:
        """Do in this process what a worker does until nothing is due; gives what it said."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            assert self.run("worker", kind, "--once") == 0, said.getvalue()
        return said.getvalue()

    def add(
        self, name: str, *feeds: str, settings: str = 'timezone = "Europe/Berlin"\n', mail: str = ""
    ) -> Reader:
        """A reader who follows feeds: "Folder address"."""
        reader = self.readers.add(name, settings=settings, mail=mail)
        self.follow(reader, *feeds)
        return reader

    def follow(self, reader: Reader, *feeds: str) -> None:
        """Make these feeds a reader's list."""
        listed = [
            Subscription(url=url, title=f"Feed {n}", folders=(folder,))
            for n, (folder, url) in enumerate(feed.split(" ") for feed in feeds)
        ]
        with self.store(reader) as store:
            store.sync(listed, self.moment)

    def store(self, reader: Reader | None, role: str = WEB) -> ReaderStore:
        """The store of a reader."""
        return ReaderStore.connect(self.place, role, reader.id if reader else None)

    def desk(self) -> Desk:
        machine = config.load(self.folder)
        return Desk(self.place, machine, self.clock, password=lambda: config.mail_password(machine))

    def rows(self, query: str, *values: Any) -> list[Any]:
        """What the database's own superuser sees."""
        if self._admin is None or self._admin.closed:
            self._admin = psycopg.connect(self.url, autocommit=True)
        found = self._admin.execute(query, values or None)
        return found.fetchall() if found.description else []

    def close(self) -> None:
        if self._admin is not None:
            self._admin.close()
            self._admin = None

    def count(self, table: str, where: str = "true") -> int:
        return int(self.rows(f"select count(*) from {table} where {where}")[0][0])


def make(cluster: Cluster, folder: Path, monkeypatch: pytest.MonkeyPatch) -> TestTeam:
    """A new team: the first of a cluster is created, all others are copies of its empty database."""
    template = folder_of_template(cluster)
    cluster.made += 1
    url = cluster.create(f"t{cluster.made}", "team")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".newsfeed").mkdir(mode=0o700, exist_ok=True)
    for file in ("team.key", "team.pgpass"):
        (folder / ".newsfeed" / file).write_bytes((template / ".newsfeed" / file).read_bytes())
        (folder / ".newsfeed" / file).chmod(0o600)
    connections.write(Place(folder=folder, database=url))
    team = TestTeam(folder, url, monkeypatch)
    team.at(EVENING)
    homes.read_here(monkeypatch)
    return team


def folder_of_template(cluster: Cluster) -> Path:
    """The folder of the empty team from which all others are copied."""
    folder = Path(f"{cluster.folder}-team")
    if not folder.exists():
        founding.found(folder, cluster.create("team"), EVENING)
    return folder
