"""A real PostgreSQL for tests: one cluster per test process, on a socket in a temporary folder, and one database per test.

    def test_something(postgres: Cluster) -> None:
        url = postgres.new_database()          # postgresql://postgres@/t1?host=/tmp/…

Skipped with a sentence where PostgreSQL's programs are not installed. `initdb` refuses root, so that root lets the
user `postgres` run it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from newsfeed.team.trial import programs

# No test data needs to survive a power cut.
FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
    "autovacuum=off",  # it would start a process for each of many short-lived databases
    "max_wal_size=64MB",
    "min_wal_size=32MB",
)


@dataclass
class Cluster:
    """A running server."""

    folder: Path
    bin: Path
    user: str = "postgres"
    durable: bool = False  # unless the test itself kills the server
    made: int = field(default=0, repr=False)
    shared: str = ""

    def run(self, program: str, *words: str, check: bool = True) -> str:
        """Run one of PostgreSQL's programs as the user that owns the cluster."""
        command = [str(self.bin / program), *words]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/tmp", timeout=600)
        if check and done.returncode:
            raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")
        return done.stdout

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def make(self) -> None:
        """Create the cluster, empty."""
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self.run("initdb", "-D", str(self.data), "-U", self.user, "-A", "trust", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        options = ["-c listen_addresses=''", f"-k {self.folder}"]
        if not self.durable:
            options += [f"-c {one}" for one in FAST]
        log = str(self.folder / "log")
        self.run(
            "pg_ctl", "-D", str(self.data), "-l", log, "-o", " ".join(options), "-w", "-t", "300", "start"
        )

    def stop(self, how: str = "immediate") -> None:
        self.run("pg_ctl", "-D", str(self.data), "-m", how, "-w", "stop", check=False)

    def url(self, database: str, user: str = "") -> str:
        """The address of a database, as libpq reads it."""
        return f"postgresql://{user or self.user}@/{database}?host={quote(str(self.folder), safe='')}"

    def shared_database(self) -> str:
        """The address of one database for tests that use their own schemas in it."""
        self.shared = self.shared or self.new_database()
        return self.shared

    def new_database(self) -> str:
        """A new, empty database; gives its address."""
        self.made += 1
        return self.create(f"t{self.made}")

    def create(self, name: str, template: str = "template1") -> str:
        """A new database, a copy of another that nobody is connected to; gives its address."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"create database {name} template {template}")
        return self.url(name)


def cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """A running cluster, removed afterwards; the test is skipped if PostgreSQL is missing."""
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed here (Debian: apt-get install postgresql)")
    # In memory like the tests' homes: each of a hundred databases is three hundred files, to be written and removed.
    folder = Path(tempfile.mkdtemp(prefix="nf-pg-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))
    server = Cluster(folder, found, durable=durable)
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.stop()
        for made in (folder, Path(f"{folder}-team")):  # the second is of `teams`
            shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """The cluster of this test process."""
    yield from cluster()
