"""What a refresh costs: generated feeds from a local server, with the real command in separate processes.

    python bench/refresh.py [--feeds 100 1000] [--latency 0.175] [--reader ENV/bin/python]

Three phases: `first` (empty store), `unchanged` (every answer 304), `5 %` (every twentieth feed gained one item).
For each: wall seconds, CPU seconds of the whole process tree, peak memory of its largest process, answers by status,
items stored, items tagged. `fetch only` is the same without sorting and grouping, which is what other readers do.
With --reader, the same is measured for `reader update --no-scheduled` of that environment (PyPI: reader[cli]).
"""

from __future__ import annotations

import argparse
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from corpus import Corpus

READER_ADD = """
import sys
from reader import make_reader
reader = make_reader(sys.argv[1])
for url in sys.stdin.read().split():
    reader.add_feed(url)
"""


@dataclass(frozen=True)
class Cost:
    """One command's cost."""

    wall: float
    cpu: float
    memory: float  # MB, of the largest process


def run(command: list[str], env: Mapping[str, str]) -> Cost:
    """Run a command until it ends; it must succeed."""
    code = (
        "import os, resource, subprocess, sys, time\n"
        "begun = time.perf_counter()\n"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)\n"
        "wall = time.perf_counter() - begun\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(wall, used.ru_utime + used.ru_stime, used.ru_maxrss)\n"
        "sys.stderr.buffer.write(done.stdout)\n"
        "sys.exit(done.returncode)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command], capture_output=True, text=True, env=dict(env), check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr[-3000:]}")
    wall, cpu, memory = (float(x) for x in done.stdout.split())
    # Linux counts in KB, macOS in bytes.
    return Cost(wall, cpu, memory / (1024 if sys.platform != "darwin" else 1024 * 1024))


def count(database: Path, table: str) -> int:
    if not database.exists():
        return 0
    with sqlite3.connect(database) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def show(what: str, phase: str, cost: Cost, corpus: Corpus, items: int, tagged: int | None) -> None:
    answers = " ".join(f"{n}x{status}" for status, n in sorted(corpus.answers().items()))
    said = "-" if tagged is None else str(tagged)
    print(
        f"{what:<12}{phase:<11}{cost.wall:>8.2f}{cost.cpu:>8.2f}{cost.memory:>8.0f}{items:>9}{said:>9}  {answers}",
        flush=True,
    )


def home(folder: Path, corpus: Corpus) -> tuple[list[str], dict[str, str]]:
    """Make a home that follows the corpus; gives the command that calls newsfeed there, and its environment."""
    outlines = "".join(
        f'<outline type="rss" text="Outlet {n}" xmlUrl="{escape(u)}"/>' for n, u in enumerate(corpus.urls)
    )
    (folder / "feeds.opml").write_text(
        f'<opml version="2.0"><body>{outlines}</body></opml>', encoding="utf-8"
    )
    env = {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "",  # bytecode is kept, as on a reader's machine, instead of compiled at every start
        "NEWSFEED_FETCH__ALLOW_PRIVATE": ",".join(corpus.allowed),
        "NEWSFEED_FETCH__MANUAL_FLOOR": "0",
        "NO_COLOR": "1",
    }
    return [sys.executable, "-m", "newsfeed", "--home", str(folder)], env


def ours(folder: Path, corpus: Corpus, *, fetch_only: bool, quiet: bool = False) -> None:
    """Three refreshes of a fresh home; `quiet` only warms up."""
    what = "fetch only" if fetch_only else "refresh"
    command, env = home(folder, corpus)
    command += ["refresh", *["--fetch-only"][: int(fetch_only)]]
    database = folder / ".newsfeed" / "newsfeed.db"
    for phase in ("first", "unchanged", "5 %"):
        if phase == "5 %":
            corpus.change(0.05)
        corpus.answers()
        cost = run(command, env)
        if not quiet:
            show(what, phase, cost, corpus, count(database, "item"), count(database, "tagging"))


def reader(python: str, folder: Path, corpus: Corpus) -> None:
    """The same three refreshes with lemon24/reader."""
    database = folder / "reader.db"
    subprocess.run(
        [python, "-c", READER_ADD, str(database)], input="\n".join(corpus.urls), text=True, check=True
    )
    command = [python, "-m", "reader", "--db", str(database), "update", "--no-scheduled", "--workers", "4"]
    for phase in ("first", "unchanged", "5 %"):
        if phase == "5 %":
            corpus.change(0.05)
        corpus.answers()
        cost = run(command, os.environ)
        show("reader", phase, cost, corpus, count(database, "entries"), None)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--feeds", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--fetch-only", action="store_true", help="leave out sorting and grouping")
    parser.add_argument("--reader", default="", help="the Python of an environment with reader[cli]")
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 4096), hard), hard))
    with tempfile.TemporaryDirectory() as folder, Corpus(2, now=datetime.now(UTC)) as corpus:
        ours(Path(folder), corpus, fetch_only=False, quiet=True)
    for feeds in options.feeds:
        print(
            f"\n{feeds} feeds, {options.latency:g} s latency, {datetime.now(UTC):%Y-%m-%d}, load {os.getloadavg()[0]:.1f}"
        )
        print(
            f"{'what':<12}{'phase':<11}{'wall s':>8}{'CPU s':>8}{'MB':>8}{'items':>9}{'tagged':>9}  answers"
        )
        whole = [] if options.fetch_only else ["refresh"]
        for kind in (*whole, "fetch only", *["reader"][: int(bool(options.reader))]):
            with (
                tempfile.TemporaryDirectory() as folder,
                Corpus(feeds, now=datetime.now(UTC), latency=options.latency) as corpus,
            ):
                if kind == "reader":
                    reader(options.reader, Path(folder), corpus)
                else:
                    ours(Path(folder), corpus, fetch_only=kind == "fetch only")
        time.sleep(0.5)
    if not options.reader:
        print("\nWithout --reader nothing is compared: make an environment with `pip install reader[cli]`.")


if __name__ == "__main__":
    main()
