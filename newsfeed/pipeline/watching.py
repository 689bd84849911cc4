"""How far a refresh is, for whoever looks on from another process: a small file of lines in the home.

Whoever works writes it, one line of JSON for each thing that happens; the home's lock says whether it is still at
work. The file of the last work stays until the next one begins.
"""

from __future__ import annotations

import contextlib
import time

import msgspec

from newsfeed.model import Record
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.reports import FeedResult, Outcome, Progress
from newsfeed.store.lock import Holder

FILE = "progress.jsonl"


class Sign(Record, frozen=True, kw_only=True):
    """One thing that happened: so many feeds will be asked, one is asked, one has ended, or a later step."""

    run: int = 0  # of the first one: which work this is
    total: int | None = None
    asking: str = ""
    done: str = ""
    outcome: Outcome | None = None
    new: int = 0
    trouble: str = ""
    step: str = ""


class Told(Progress):
    """Progress that is handed on to another one and written to the home's file; a full disk stops nothing."""

    def __init__(self, home: Home, other: Progress) -> None:
        self._other = other
        self._path = home.inner / FILE
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
        trouble = f"{failure.text} {failure.repair}".strip() if failure else ""
        self._write(Sign(done=result.name, outcome=result.outcome, new=result.new, trouble=trouble))
        self._other.done(result)

    def step(self, text: str) -> None:
        self._write(Sign(step=text))
        self._other.step(text)


def signs(home: Home, after: int = 0) -> list[Sign]:
    """What happened in the work that goes on, or went on last, without the first `after` things."""
    try:
        lines = (home.inner / FILE).read_bytes().split(b"\n")[:-1]  # the last one may be half written
    except OSError:
        return []
    return [msgspec.json.decode(line, type=Sign) for line in lines[after:]]


def worker(home: Home) -> Holder | None:
    """Who is at work in this home, if anybody is."""
    return home.lock("look").holder()
