"""Computing in advance: what takes seconds in a large home is computed in the background, and again after a change."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

KEPT_READY = 180.0  # seconds after somebody asked
CALM = 1.5  # seconds without a change before computing again, because changes come in series


class Ahead:
    """One thread that computes what the reader will soon ask for; the store caches the results."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._wanted: dict[str, tuple[Callable[[], object], float]] = {}  # and until when it is kept ready
        self._next: dict[str, Callable[[], object]] = {}
        self._thread: threading.Thread | None = None
        self._not_before = 0.0
        self._closed = False

    def want(self, name: str, find: Callable[[], object], *, once: bool = False) -> None:
        """Compute this now and, unless `once`, again after every change for a while."""
        with self._turn:
            if not once:
                self._wanted[name] = (find, time.monotonic() + KEPT_READY)
            self._not_before = 0.0
            self._begin({name: find})

    def again(self) -> None:
        """After a change: compute again what was wanted lately."""
        with self._turn:
            now = time.monotonic()
            self._not_before = now + CALM
            self._wanted = {name: one for name, one in self._wanted.items() if one[1] > now}
            self._begin({name: find for name, (find, _) in self._wanted.items()})

    def wait(self, seconds: float) -> bool:
        """Wait until everything is computed, at most so long; returns whether it is."""
        with self._turn:
            return self._turn.wait_for(lambda: self._thread is None, seconds)

    def close(self, seconds: float) -> None:
        """Start nothing more, and let the current work end."""
        with self._turn:
            self._closed = True
            self._next.clear()
            self._turn.notify_all()
        self.wait(seconds)

    def _begin(self, found: dict[str, Callable[[], object]]) -> None:
        if self._closed or not found:
            return
        self._next = found | self._next  # what is asked for now goes before what waits
        self._turn.notify_all()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="ahead", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._turn:
                while self._next and (left := self._not_before - time.monotonic()) > 0:
                    self._turn.wait(left)
                if not self._next:
                    self._thread = None
                    self._turn.notify_all()
                    return
                find = self._next.pop(next(iter(self._next)))
            # Errors are reported when the result is asked for.
            with suppress(Exception):
                find()
