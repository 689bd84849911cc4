"""A whole team on one machine, to try it: PostgreSQL, a worker, the web page and two readers, until it is stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from newsfeed import config, opml
from newsfeed.errors import StoreError
from newsfeed.pipeline.reports import Clock
from newsfeed.team import founding
from newsfeed.team.connections import EDITION, Place, find
from newsfeed.team.local_postgres import LocalPostgres
from newsfeed.team.readers import Readers
from newsfeed.team.site import at_port, load_site
from newsfeed.team.stores import ReaderStore
from newsfeed.team.team_lists import AdminLists

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
