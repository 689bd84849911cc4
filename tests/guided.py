"""The targets of test_fuzz.py, guided by the code that each input reaches: atheris (libFuzzer) at the edges of the parsers.

    python tests/guided.py [TARGET ...]   # NEWSFEED_FUZZ seconds together; all targets where none is named

atheris is no dependency of the project: `make fuzz-atheris` says how to get it.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DATA = Path(__file__).parent / "data"
TOGETHER = float(os.environ.get("NEWSFEED_FUZZ", "1200"))
TEXTS = ("texts", "addresses", "dates")
LARGEST = 20_000  # bytes of one input


def one(name: str, seconds: float) -> None:
    """Run one target until its time is up or it fails; libFuzzer ends the process either way."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["newsfeed"]):
        targets = importlib.import_module("test_fuzz")
    target = targets.TARGETS[name][0]

    def read(data: bytes) -> None:
        given = data.decode("utf-8", "surrogateescape") if name in TEXTS else data
        began = time.process_time()
        target(given)
        assert time.process_time() - began < targets.LONGEST

    with tempfile.TemporaryDirectory() as found:
        known = DATA / ("opml" if name == "lists" else "sources")
        options = [
            f"-max_total_time={int(seconds)}",
            f"-max_len={LARGEST}",
            "-print_final_stats=1",
            "-verbosity=0",
        ]
        atheris.Setup([sys.argv[0], *options, found, str(known)], read)
        atheris.Fuzz()


def main(names: list[str]) -> int:
    names = names or list(importlib.import_module("test_fuzz").TARGETS)
    failed = []
    for name in names:
        done = subprocess.run(
            [sys.executable, __file__, "--one", name, str(TOGETHER / len(names))],
            check=False,
            capture_output=True,
            text=True,
        )
        told = [line for line in done.stderr.splitlines() if "number_of_executed_units" in line]
        print(f"{name:14} {'well' if done.returncode == 0 else 'FAILED'} {' '.join(told)}", flush=True)  # noqa: T201
        if done.returncode:
            failed.append(name)
            print(done.stdout[-3_000:], done.stderr[-3_000:], sep="\n", flush=True)  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], float(sys.argv[3]))
    else:
        sys.exit(main(sys.argv[1:]))
