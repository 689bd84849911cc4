"""Signs of life: small files in the home that tell other processes who runs, where the app listens, how far work is.

The file of a refresh holds one line of JSON for each thing that happens; it stays until the next work begins, and the
home's lock says whether somebody is still at work.
"""

from __future__ import annotations

import contextlib
import time
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from newsfeed import deliver
from newsfeed.feeds.health import FeedOutcome, FeedResult
from newsfeed.model import Day, Failure, Record
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.reports import Progress
from newsfeed.store.lock import Holder

STALE = timedelta(minutes=5)  # without a beat, a process that stays is dead
# without a look, nobody calls `newsfeed run --once` any more; cron does every 10 minutes
STALE_ONCE = timedelta(hours=1)
_PLACE = "web.json"
LOCAL = "127.0.0.1"
PROGRESS = "progress.jsonl"


class Beat(Record, frozen=True, kw_only=True):
    """One beat."""

    pid: int
    at: datetime
    started: datetime
    next: datetime | None = None
    doing: str = ""
    missed: tuple[Day, ...] = ()
    once: bool = False  # left by one look (`run --once`), not by a process that stays

    def alive(self, now: datetime) -> bool:
        """Whether it was written lately; a beat from the future was written before the clock was set back."""
        return abs(now - self.at) < (STALE_ONCE if self.once else STALE)


def _beat_path(home: Home) -> Path:
    """Where the beat is written."""
    return home.inner / "heartbeat.json"


def write_beat(home: Home, beat: Beat) -> None:
    """Write a beat.

    Raises:
        DeliveryError: the disk doesn't take it.
    """
    deliver.write(_beat_path(home), msgspec.json.encode(beat), mode=0o600)


def read_beat(home: Home) -> Beat | None:
    """The last beat; None where there never was one, or it was taken away when its process ended properly."""
    try:
        return msgspec.json.decode(_beat_path(home).read_bytes(), type=Beat)
    except (OSError, msgspec.DecodeError):
        return None


def stop_beat(home: Home) -> None:
    """Take the beat away: its process ends as it should."""
    _beat_path(home).unlink(missing_ok=True)


class AppPlace(Record, frozen=True, kw_only=True):
    """An address and a port."""

    address: str
    port: int

    @property
    def url(self) -> str:
        """Its address in a browser, without the key."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"http://{host}:{self.port}/"

    @property
    def shared(self) -> bool:
        """Whether others on the network can reach it."""
        return self.address != LOCAL


def app_place(home: Home) -> AppPlace | None:
    """Where the app of this home listens now; None where it doesn't."""
    if home.serve_lock().holder() is None:
        return None
    try:
        return msgspec.json.decode((home.inner / _PLACE).read_bytes(), type=AppPlace)
    except (OSError, msgspec.DecodeError):
        return None


def note_place(home: Home, place: AppPlace | None) -> None:
    """Write down where it listens, or with None that it has ended.

    Raises:
        DeliveryError: the disk doesn't take it.
    """
    if place is None:
        (home.inner / _PLACE).unlink(missing_ok=True)
    else:
        deliver.write(home.inner / _PLACE, msgspec.json.encode(place), mode=0o600)


class Sign(Record, frozen=True, kw_only=True):
    """One thing that happened: so many feeds will be asked, one is asked, one has ended, or a later step."""

    run: int = 0  # of the first one: which work this is
    total: int | None = None
    asking: str = ""
    done: str = ""
    outcome: FeedOutcome | None = None
    new: int = 0
    failure: Failure | None = None
    step: str = ""  # a phrase


class RecordedProgress(Progress):
    """Progress that is handed on to another one and written to the home's file; a full disk stops nothing."""

    def __init__(self, home: Home, other: Progress) -> None:
        self._other = other
        self._path = home.inner / PROGRESS
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
            self._path.touch(mode=0o600)

    def _write(self, sign: Sign) -> None:
        with contextlib.suppress(OSError), self._path.open("ab") as file:
            file.write(msgspec.json.encode(sign) + b"\n")

    def start(self, total: int) -> None:
        self._write(Sign(run=time.time_ns(), total=total))
        self._other.start(total)

    def asking(self, name: str) -> None:
        self._other.asking(name)

    def done(self, result: FeedResult) -> None:
        failure = result.failure
        self._write(Sign(done=result.name, outcome=result.outcome, new=result.new, failure=failure))
        self._other.done(result)

    def step(self, text: str) -> None:
        self._write(Sign(step=text))
        self._other.step(text)


def progress_signs(home: Home) -> list[Sign]:
    """What happened in the work that goes on, or went on last."""
    try:
        lines = (home.inner / PROGRESS).read_bytes().split(b"\n")[:-1]  # the last one may be half written
    except OSError:
        return []
    return [msgspec.json.decode(line, type=Sign) for line in lines]


def worker(home: Home) -> Holder | None:
    """Who is at work in this home, if anybody is."""
    return home.lock("look").holder()
