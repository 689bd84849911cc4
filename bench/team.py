"""What a team costs: one PostgreSQL, worker processes, generated feeds on loopback, readers who follow some of them.

    python bench/team.py [--feeds 1000] [--readers 100] [--follow 60] [--workers 2] [--latency 0.1] [--items 30] [--hours 24 --minutes 20]
    python bench/team.py --speedup [--feeds 200]     # what a second worker brings while the machine is not the limit

Phases: the readers follow (each `--follow` feeds at random); a first sweep of all feeds; a day of due feeds by a clock
that runs so much faster that it takes `--minutes`, in which every twentieth feed gains an item each hour; then the
readers' hour, all in one zone; then a refresh of `--beside` of the feeds in a single home. First sweep and hour are the
real command (`team worker --once`), the day is the same worker with another clock. CPU is that of the workers with
their reading processes, and apart from it that of PostgreSQL, which is one of its own, durable, gone afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import psycopg
from corpus import ITEMS, Corpus
from postgres import cluster

from newsfeed import config
from newsfeed.model import Subscription
from newsfeed.pipeline.reports import Clock
from newsfeed.team import connections, founding, sweeps, workers
from newsfeed.team.connections import FETCH, WEB
from newsfeed.team.fetching import Fetching
from newsfeed.team.readers import Readers
from newsfeed.team.stores import ReaderStore

BEGIN = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)
AT_ONCE = 6  # readers who make their lists
RARE = (
    0.15  # of the words, without which each two texts share most of theirs and grouping compares all with all
)
FOLDERS = ("Technology", "Finance", "Science", "Policy", "Marketing")


@dataclass
class Cost:
    """What some processes took."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:.1f} s, {self.cpu:.1f} s of CPU"


class Team:
    """The team under measurement."""

    def __init__(self, folder: Path, url: str, allowed: Sequence[str]) -> None:
        self.folder, self.url = folder, url
        self.environment = {**os.environ, "NEWSFEED_FETCH__ALLOW_PRIVATE": ",".join(allowed)}
        founding.found(folder, url, BEGIN)

    def work(self, kind: str, at: datetime, workers: int, *more: str) -> Cost:
        """So many workers until nothing is due."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.perf_counter()
        running = self.started(kind, at, workers, *more)
        for one in running:
            if one.wait():
                raise SystemExit(f"a worker ended with {one.returncode}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Cost(time.perf_counter() - begun, used)

    def started(self, kind: str, at: datetime, workers: int, *more: str) -> list[subprocess.Popen[bytes]]:
        environment = {**self.environment, "NEWSFEED_CLOCK": at.isoformat()}
        command = [
            sys.executable,
            "-m",
            "newsfeed",
            "--home",
            str(self.folder),
            "team",
            "worker",
            kind,
            "--once",
        ]
        return [
            subprocess.Popen([*command, *more], env=environment, stdout=subprocess.DEVNULL)
            for _ in range(workers)
        ]

    def asked(self, feeds: int) -> float:
        """When so many feeds had been asked, on our clock."""
        while int(str(self.ask("select count(*) from shared.feed where last_good is not null")[0])) < feeds:
            time.sleep(0.1)
        return time.perf_counter()

    def ask(self, query: str) -> tuple[object, ...]:
        with psycopg.connect(self.url) as c:
            row = c.execute(query).fetchone()
        assert row is not None
        return row

    def size(self) -> int:
        """Megabytes of the database."""
        with psycopg.connect(self.url, autocommit=True) as c:
            c.execute("checkpoint")
        return int(str(self.ask("select pg_database_size(current_database())")[0])) // 1_000_000


@contextmanager
def a_team(feeds: int, latency: float, items: int = ITEMS):
    servers = cluster(durable=True)
    server = next(servers)
    try:
        with (
            Corpus(feeds, now=BEGIN, latency=latency, items=items, rare=RARE) as corpus,
            tempfile.TemporaryDirectory() as folder,
        ):
            yield Team(Path(folder), server.new_database(), corpus.allowed), corpus, Postgres(server.data)
    finally:
        servers.close()


def follow(team: Team, corpus: Corpus, readers: int, each: int) -> float:
    """Readers with lists; gives the seconds."""
    begun = time.perf_counter()
    place = connections.find(team.folder)
    people = Readers(place, lambda: BEGIN)

    def some(first: int) -> None:
        with ReaderStore.connect(place, WEB) as store:
            for n in range(first, readers, AT_ONCE):
                chance = random.Random(n)
                urls = [
                    corpus.urls[n * each % len(corpus.urls)],
                    *chance.sample(corpus.urls, min(each, len(corpus.urls))),
                ]
                listed = [
                    Subscription(
                        url=url, title=f"Outlet {url.rpartition('/')[2]}", folders=(chance.choice(FOLDERS),)
                    )
                    for url in sorted(set(urls))
                ]
                with store.of(people.add(f"reader{n}").id):
                    store.sync(listed, BEGIN)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(some, range(AT_ONCE)))
    return time.perf_counter() - begun


class Postgres:
    """The CPU of all of a server's processes, those that ended too."""

    def __init__(self, data: Path) -> None:
        self._main = int((data / "postmaster.pid").read_text(encoding="utf-8").split()[0])

    def cpu(self) -> float:
        """Seconds so far; 0 where the system has no /proc."""
        ticks = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                of = path.read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:
                continue  # it ended meanwhile; the main process has its time
            own = int(path.parent.name) == self._main
            if own or int(of[1]) == self._main:
                ticks += sum(map(int, of[11 : 15 if own else 13]))
        return ticks / os.sysconf("SC_CLK_TCK")


def say(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S}  {text}", flush=True)


def first_sweep(team: Team, corpus: Corpus, postgres: Postgres, options: argparse.Namespace) -> None:
    before = postgres.cpu()
    first = team.work("fetch", BEGIN, options.workers)
    asked, items, stories = (
        int(str(n))
        for n in team.ask(
            "select (select count(*) from shared.feed where last_good is not null), (select count(*) from shared.item),"
            " (select count(*) from shared.story)"
        )
    )
    say(
        f"first sweep: {asked} feeds, {items} items, {stories} stories: {first}; {asked / first.wall:.1f} feeds/s,"
        f" {1000 * first.cpu / max(asked, 1):.0f} ms of CPU a feed, PostgreSQL's own {1000 * (postgres.cpu() - before) / max(asked, 1):.0f};"
        f" answers {corpus.answers()}; {team.size()} MB"
    )


def accelerated_day(team: Team, corpus: Corpus, postgres: Postgres, options: argparse.Namespace) -> None:
    """So many hours, each as many times faster as they take minutes, by workers that run all the while."""
    speed = options.hours * 60 / options.minutes
    size, before = team.size(), postgres.cpu()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun, real = time.perf_counter(), time.time()
    place = connections.find(team.folder)
    running = [
        subprocess.Popen(
            [sys.executable, __file__, "--serve", str(team.folder), str(real), str(speed)],
            env=team.environment,
            stdout=subprocess.DEVNULL,
        )
        for _ in range(options.workers)
    ]
    late: list[float] = []
    due: list[int] = []
    for hour in range(1, options.hours + 1):
        while time.time() < real + hour * 3600 / speed:
            time.sleep(min(2.0, 600 / speed))
            if any(one.poll() is not None for one in running):
                raise SystemExit("a worker ended")
            with connections.connect(place, FETCH) as c:
                found = sweeps.backlog(c, accelerated(real, speed)())
            late.append(found.late / timedelta(minutes=1))
            due.append(found.due)
        corpus.change(0.05)
    for one in running:
        one.terminate()
    for one in running:
        one.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    day = Cost(time.perf_counter() - begun, cpu)
    answers = corpus.answers()
    requests = max(sum(answers.values()), 1)
    grown = team.size() - size
    late.sort()
    say(
        f"{options.hours} hours at {speed:.0f} times their speed by {options.workers} workers: {requests} requests {answers} in {day};"
        f" {requests / day.wall:.1f} requests/s, {1000 * day.cpu / requests:.1f} ms of CPU a request, PostgreSQL's own"
        f" {1000 * (postgres.cpu() - before) / requests:.1f}; late by {late[len(late) // 2]:.0f} minutes of that day as a rule,"
        f" {late[-1]:.0f} at most ({late[-1] * 60 / speed:.1f} s of ours), {max(due)} due at most; grown by {grown} MB"
    )


def accelerated(real: float, speed: float) -> Clock:
    """A clock that was at `BEGIN` at the moment `real` and runs so many times faster."""
    return lambda: BEGIN + timedelta(seconds=(time.time() - real) * speed)


def serve(folder: Path, real: float, speed: float) -> None:
    """A fetch worker by an accelerated clock, until it is stopped."""
    place, clock = connections.find(folder), accelerated(real, speed)
    fetching = Fetching(place, config.load(folder), clock, workers.name())
    asyncio.run(workers.run(fetching=fetching, desk=None, pace=workers.Pace(cron="* * * * * *")))


def the_hour(team: Team, postgres: Postgres, options: argparse.Namespace, idle: Cost) -> None:
    morning = (BEGIN + timedelta(hours=options.hours)).replace(hour=6, minute=31)
    size, before = team.size(), postgres.cpu()
    made = team.work("edition", morning, options.workers)
    (editions,) = team.ask("select count(*) from reader.edition")
    count = max(int(str(editions)), 1)
    say(
        f"the hour: {editions} editions in {made}; {count / made.wall:.2f} editions/s,"
        f" {max(made.cpu - options.workers * idle.cpu, 0) / count:.3f} s of CPU an edition without the workers' starts"
        f" ({idle.cpu:.1f} s each), PostgreSQL's own {(postgres.cpu() - before) / count:.3f};"
        f" {1000 * (team.size() - size) / count:.0f} KB an edition"
    )
    with psycopg.connect(team.url) as c:
        rows = c.execute("select data from reader.edition order by reader limit 50").fetchall()
    many = [len(json.loads(zlib.decompress(row[0]))["ledger"]) for row in rows]
    long = [len(row[0]) / 1000 for row in rows]
    say(
        f"stored edition: {sum(long) / len(long):.1f} KB deflated, of {sum(many) / len(many):.0f} candidates ({max(many)} at most)"
    )


def beside(options: argparse.Namespace) -> None:
    """The single home, from the same feeds."""
    feeds = min(options.feeds, options.beside)
    with (
        Corpus(feeds, now=BEGIN, latency=options.latency, items=options.items, rare=RARE) as corpus,
        tempfile.TemporaryDirectory() as folder,
    ):
        outlines = "".join(
            f'<outline type="rss" text="{n}" xmlUrl="{u}"/>' for n, u in enumerate(corpus.urls)
        )
        (Path(folder) / "feeds.opml").write_text(
            f'<opml version="2.0"><body>{outlines}</body></opml>', encoding="utf-8"
        )
        environment = {
            **os.environ,
            "NEWSFEED_FETCH__ALLOW_PRIVATE": ",".join(corpus.allowed),
            "NEWSFEED_CLOCK": BEGIN.isoformat(),
        }
        command = [sys.executable, "-m", "newsfeed", "--home", folder, "refresh"]
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
        after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - begun
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        say(
            f"the single home: {feeds} feeds in {Cost(wall, cpu)}; {feeds / wall:.1f} feeds/s, {1000 * cpu / feeds:.0f} ms of CPU a feed"
        )


def a_day(options: argparse.Namespace) -> None:
    with a_team(options.feeds, options.latency, options.items) as (team, corpus, postgres):
        before = postgres.cpu()
        seconds = follow(team, corpus, options.readers, options.follow)
        (followed,) = team.ask("select count(*) from shared.feed where listed")
        say(
            f"{options.readers} readers follow {followed} feeds: {seconds:.1f} s, PostgreSQL's own {postgres.cpu() - before:.1f}; {team.size()} MB"
        )
        idle = team.work("edition", BEGIN, 1)
        first_sweep(team, corpus, postgres, options)
        if options.hours:
            accelerated_day(team, corpus, postgres, options)
        the_hour(team, postgres, options, idle)
    if options.beside:
        beside(options)


def speedup(options: argparse.Namespace) -> None:
    """The first sweep by one worker and by two, each held back by its lanes and the latency, not by the machine."""
    walls = {}
    for many in (1, 2):
        with a_team(options.feeds, options.latency) as (team, corpus, _):
            follow(team, corpus, 1, options.feeds)
            running = team.started("fetch", BEGIN, many, "--sweeps", "1")
            first, last = team.asked(1), team.asked(options.feeds)
            walls[many] = last - first
            print(f"{many} workers: from the first of {options.feeds} feeds to the last {last - first:.1f} s")
            for one in running:
                one.wait()
    print(f"a second worker gives {walls[1] / walls[2]:.2f} times as much")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--readers", type=int, default=100)
    parser.add_argument("--follow", type=int, default=60)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--latency", type=float, default=0.1)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--minutes", type=float, default=20, help="that those hours take")
    parser.add_argument("--items", type=int, default=ITEMS, help="of a feed, to begin with")
    parser.add_argument("--beside", type=int, default=500, help="feeds of the single home beside it; 0: none")
    parser.add_argument("--speedup", action="store_true")
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        folder, real, speed = options.serve
        serve(Path(folder), float(real), float(speed))
        return
    (speedup if options.speedup else a_day)(options)


if __name__ == "__main__":
    main()
