"""One newsfeed at a time in a home, and in the database that several machines may share.

The lock is the kernel's (flock on an open file), so it ends with its holder in any case, kill -9 included. The content
of the file only tells others who holds it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import msgspec

from newsfeed.errors import BusyError, StoreError


class Holder(msgspec.Struct, frozen=True):
    """Who holds a lock, since when, and doing what."""

    pid: int
    since: str  # as the holder's clock said, ISO 8601 in UTC
    label: str


class Lock:
    """Holds `path` while in its `with` block; `label` ("refresh", "digest") tells others what goes on.

    With the address of a `database` elsewhere, the right to work in that is held too.

    Raises:
        BusyError: another process holds it; the sentence names that one.
        StoreError: the file can't be made or locked.
    """

    def __init__(self, path: Path, label: str, *, since: datetime | None = None, database: str = "") -> None:
        self.path = path
        self.label = label
        self._since = since
        self._file: int | None = None
        self._database = database
        self._beyond = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Take the lock now or raise; never waits."""
        if self._file is not None:
            raise BusyError(str(self.path), "this process holds the lock already")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                str(self.path), f"the lock can't be made ({error.strerror})", "Fix the folder's permissions."
            ) from error
        try:
            self._take(file)
        except BlockingIOError:
            os.close(file)
            raise self._busy() from None
        except OSError as error:
            os.close(file)
            raise StoreError(
                str(self.path),
                f"the lock can't be taken ({error.strerror})",
                "Keep the home on a local disk, not on a network share.",
            ) from error
        try:
            self._hold_beyond()
        except BaseException:
            os.close(file)
            raise
        since = self._since or datetime.now(UTC)
        holder = Holder(
            pid=os.getpid(), since=since.astimezone(UTC).isoformat(timespec="seconds"), label=self.label
        )
        with contextlib.suppress(
            OSError
        ):  # on a full disk the holder's name is missing, but the lock is held
            os.ftruncate(file, 0)
            os.pwrite(file, msgspec.json.encode(holder), 0)
        self._file = file
        return self

    def _take(self, file: int) -> None:
        # `holder` looks by holding the lock for an instant; a second try tells that from a real holder.
        for pause in (0.02, 0.05, None):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if pause is None:
                    raise
                time.sleep(pause)
            else:
                return

    def _hold_beyond(self) -> None:
        if self._database:
            from newsfeed.store.dialect import dialect_of

            self._beyond.enter_context(dialect_of(self._database).hold(self.label))

    def __exit__(self, *_: object) -> None:
        assert self._file is not None
        self._beyond.close()
        # The file stays: if it were removed, two others could lock two different files of the same name.
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, 0)
        os.close(self._file)
        self._file = None

    def holder(self) -> Holder | None:
        """The holder, as named in the file; None if nobody holds it."""
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return self._read() or Holder(pid=0, since="", label="")
        except OSError:
            return None
        finally:
            os.close(file)
        return None

    def _read(self) -> Holder | None:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Holder)
        except (OSError, msgspec.DecodeError):
            return None

    def _busy(self) -> BusyError:
        holder = self._read()
        if holder is None:
            who = "another newsfeed is at work here"
        else:
            who = f"another newsfeed is at work here: {holder.label} (process {holder.pid}{_since(holder.since)})"
        return BusyError("", who, "Try again when it is done.")


def _since(written: str) -> str:
    """ ", since 06:30" in this machine's zone, with the date if it isn't today; "" if the time can't be read."""
    try:
        moment = datetime.fromisoformat(written).astimezone()
    except ValueError:
        return ""
    today = moment.date() == datetime.now(UTC).astimezone().date()
    return f", since {moment:%H:%M}" if today else f", since {moment:%Y-%m-%d %H:%M}"
