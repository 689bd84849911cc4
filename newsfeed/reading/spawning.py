"""Starting the processes that read. A process takes as long to load as its parent, so where a run will surely need some
they are started first, before the parent loads anything else, and taken later."""

from __future__ import annotations

import os
import subprocess
import sys

# -P and -I would lose an editable installation's path on some systems; the environment is cut instead.
_INHERITED = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "SYSTEMROOT",
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
)
_SET = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}
_ahead: list[subprocess.Popen[bytes]] = []


def cores() -> int:
    """How many processes read where nobody asked for a number: one a core."""
    return os.cpu_count() or 1


def start_ahead(count: int) -> None:
    """Start so many, for `take`."""
    _ahead.extend(_started() for _ in range(count))


def take() -> subprocess.Popen[bytes]:
    """A process that was started ahead, or a new one. It reads from its standard input until that closes."""
    return _ahead.pop(0) if _ahead else _started()


def end_ahead() -> None:
    """End those that nobody took."""
    while _ahead:
        with _ahead.pop() as process:
            process.kill()


def _started() -> subprocess.Popen[bytes]:
    environment = {name: value for name in _INHERITED if (value := os.environ.get(name)) is not None}
    return subprocess.Popen(
        [sys.executable, "-c", "from newsfeed.reading.parsers import work; work()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment | _SET,
    )
