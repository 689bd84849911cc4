"""A PostgreSQL of one's own in a folder, on a socket that nobody else reaches: to try a team on one machine."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import zlib
from pathlib import Path
from urllib.parse import quote

from newsfeed.errors import SettingsError, StoreError

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
