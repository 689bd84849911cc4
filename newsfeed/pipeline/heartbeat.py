"""The sign of life of `newsfeed run` and `run --once`: a small file that says who runs, since when, and what is next."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from newsfeed import deliver
from newsfeed.model import Day, Record
from newsfeed.pipeline.home import Home

STALE = timedelta(minutes=5)  # without a beat, a process that stays is dead
STALE_ONCE = timedelta(
    hours=1
)  # without a look, nobody calls `newsfeed run --once` any more; cron does every 10 minutes


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


def path(home: Home) -> Path:
    """Where the beat is written."""
    return home.inner / "heartbeat.json"


def write(home: Home, beat: Beat) -> None:
    """Write a beat.

    Raises:
        DeliveryError: the disk doesn't take it.
    """
    deliver.write(path(home), msgspec.json.encode(beat), mode=0o600)


def read(home: Home) -> Beat | None:
    """The last beat; None where there never was one, or it was taken away when its process ended properly."""
    try:
        return msgspec.json.decode(path(home).read_bytes(), type=Beat)
    except (OSError, msgspec.DecodeError):
        return None


def stop(home: Home) -> None:
    """Take the beat away: its process ends as it should."""
    path(home).unlink(missing_ok=True)
