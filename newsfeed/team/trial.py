"""A whole team on one machine, to try it: PostgreSQL, a worker, the web page and two readers, until it is stopped."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import quote

from newsfeed import config, opml
from newsfeed.errors import SettingsError, StoreError
from newsfeed.pipeline.reports import Clock
from newsfeed.team import founding
from newsfeed.team.connections import EDITION, Place, find
from newsfeed.team.readers import Readers
from newsfeed.team.site import at_port, load_site
from newsfeed.team.stores import ReaderStore
from newsfeed.team.team_lists import AdminLists

PLACES = (Path("/usr/lib/postgresql"), Path("/usr/local/pgsql"), Path("/opt/homebrew/opt/postgresql"))
LONGEST = 90  # letters of a folder in which a socket may lie: the system allows about a hundred for all of it
OWN_USER = "postgres"  # who runs it for root: PostgreSQL refuses root
DATABASE = "newsfeed"


def programs() -> Path | None:
    """The folder of PostgreSQL's programs, the newest first."""
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).resolve().parent
    there = [p for place in PLACES for p in (*place.glob("*/bin/pg_ctl"), *place.glob("bin/pg_ctl"))]
    there.sort(key=lambda p: [int(part) if part.isdigit() else 0 for part in p.parts])
    return there[-1].parent if there else None


def _reachable(folder: Path) -> Path:
    """The folder, or for root one of the user who runs it, where that user can't come to this one."""
    if os.geteuid() != 0:
        return folder
    for parent in folder.parents:
        if parent.exists() and not _may_enter(parent):
            home = Path(pwd.getpwnam(OWN_USER).pw_dir)
            return home / f"newsfeed-{zlib.crc32(os.fsencode(folder)):08x}"
    return folder


def _may_enter(folder: Path) -> bool:
    owner, there = pwd.getpwnam(OWN_USER), folder.stat()
    if there.st_uid == owner.pw_uid:
        return bool(there.st_mode & stat.S_IXUSR)
    if there.st_gid in os.getgrouplist(OWN_USER, owner.pw_gid):
        return bool(there.st_mode & stat.S_IXGRP)
    return bool(there.st_mode & stat.S_IXOTH)


class LocalPostgres:
    """One in a folder; made when it is first started.

    Raises:
        SettingsError: PostgreSQL is not installed.
        StoreError: it can't be made or started there.
    """

    def __init__(self, folder: Path) -> None:
        found = programs()
        if found is None:
            raise SettingsError(
                "PostgreSQL",
                "is not installed here",
                "Debian: apt-get install postgresql; macOS: brew install postgresql",
            )
        self._programs = found
        self.folder = folder = _reachable(folder)
        self._data = folder / "data"
        short = len(str(folder)) <= LONGEST
        self._socket = folder if short else Path(tempfile.mkdtemp(prefix="newsfeed-"))

    @property
    def url(self) -> str:
        """The address of its database, as a user that may do everything."""
        return f"postgresql://{OWN_USER}@/{DATABASE}?host={quote(str(self._socket), safe='')}"

    def start(self) -> None:
        """Run it; it is made where it is missing."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in {self.folder, self._socket}:
            folder.chmod(0o700)
            if os.geteuid() == 0:
                owner = pwd.getpwnam(OWN_USER)
                os.chown(folder, owner.pw_uid, owner.pw_gid)
        if not (self._data / "PG_VERSION").exists():
            # Everybody who reaches the socket is let in: that is who owns the folder.
            self._run("initdb", "-D", str(self._data), "-U", OWN_USER, "-A", "trust", "-E", "UTF8")
        if self._run("pg_ctl", "-D", str(self._data), "status", check=False) == 0:
            self.stop()  # left over from a run that was killed
        options = f"-c listen_addresses='' -c unix_socket_directories='{self._socket}'"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-l", log, "-o", options, "-w", "-t", "60", "start")
        self._run("createdb", "-h", str(self._socket), "-U", OWN_USER, DATABASE, check=False)

    def stop(self) -> None:
        """End it; all that was done stays."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "fast", "-w", "stop", check=False)

    def _run(self, program: str, *words: str, check: bool = True) -> int:
        command = [str(self._programs / program), *words]
        if os.geteuid() == 0:
            command = ["runuser", "-u", OWN_USER, "--", *command]
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own programs
            command, capture_output=True, text=True, check=False, cwd="/", timeout=120, errors="replace"
        )
        if check and done.returncode:
            said = next(reversed((done.stderr or done.stdout).strip().splitlines()), "no cause is known")
            raise StoreError(
                str(self.folder),
                f"PostgreSQL can't be run there ({program}: {said})",
                f"{self.folder / 'log'} says more; run it as a plain user, in a folder of your own.",
            )
        return done.returncode


READERS = ("ada", "bob")  # the first one is the admin
PATIENCE = 30.0  # seconds that a process has to end by itself


def try_team(folder: Path, clock: Clock, *, port: int, told: Callable[[str], None]) -> None:
    """Run it until SIGINT or SIGTERM.

    Raises:
        SettingsError: PostgreSQL is not installed.
        StoreError: it can't be run in that folder, or one of the processes ended.
    """
    folder.mkdir(parents=True, exist_ok=True)
    database = LocalPostgres(folder.absolute() / "postgres")
    told(f"Starting PostgreSQL in {database.folder} …")
    with _stopped_by_signals():
        database.start()
        running: list[subprocess.Popen[bytes]] = []
        try:
            founding.found(folder, database.url, clock())
            place = find(folder)
            links = _people(place, clock, port)
            log = place.inner / "worker.log"
            with log.open("ab") as file:
                running.append(_command(folder, "worker", told=file))
            running.append(_command(folder, "web", "--port", str(port)))
            told(f"A worker and the web page run; the readers' links, each good once:\n{chr(10).join(links)}")
            told("Feeds are asked within a minute. Ctrl-C ends all of it; what was done stays.")
            while all(one.poll() is None for one in running):
                time.sleep(0.3)
            raise StoreError(
                str(folder), "the worker or the web page ended by itself", f"See above, and {log}."
            )
        except KeyboardInterrupt:
            told("Ending …")
        finally:
            _end(running)
            database.stop()


def _people(place: Place, clock: Clock, port: int) -> list[str]:
    """Two readers with the starter list, which the team can follow too; gives a link for each."""
    readers = Readers(place, clock)
    listed = place.folder / "feeds.opml"
    data = listed.read_bytes() if listed.exists() else config.starter()
    if not readers.all():
        for name in READERS:
            reader = readers.add(
                name, admin=name == READERS[0], settings=f'timezone = "{config.detect_timezone()}"\n'
            )
            with ReaderStore.connect(place, EDITION, reader.id) as store:
                store.sync(opml.parse(data).subscriptions, clock())
        AdminLists(place, config.load(place.folder), clock).add("Starter list", data=data)
    site = at_port(load_site(place), port).site
    return [f"  {r.name}: {site}/invited/{readers.invite(r)}" for r in readers.all() if r.name in READERS]


def _command(folder: Path, *words: str, told: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    # In a session of its own: Ctrl-C in the terminal is for us, who end the others in their order.
    command = [sys.executable, "-m", "newsfeed", "--home", str(folder), "team", *words]
    return subprocess.Popen(command, start_new_session=True, stdout=told, stderr=told)  # noqa: S603 - ourselves


def _end(running: list[subprocess.Popen[bytes]]) -> None:
    for one in running:
        one.terminate()
    for one in running:
        try:
            one.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            one.kill()
            one.wait()


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Let SIGTERM end it as Ctrl-C does, and Ctrl-C where whoever started it in the background had that ignored."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
