"""What a team costs: one PostgreSQL, worker processes, generated feeds on loopback, readers who follow some of them.

    python bench/team.py [--feeds 1000] [--readers 100] [--follow 60] [--workers 2] [--latency 0.1] [--hours 24]
    python bench/team.py --speedup [--feeds 200]     # what a second worker brings while the machine is not the limit

Phases: the readers follow (each `--follow` feeds at random); a first sweep of all feeds; a day of due feeds, an hour a
step, in which every twentieth feed gains an item each hour; then the readers' hour, all in one zone. Workers are the
real command (`team worker --once`), with the clock set. The PostgreSQL is one of its own, durable, gone afterwards.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import psycopg
from corpus import ITEMS, Corpus
from postgres import cluster

from newsfeed.model import Subscription
from newsfeed.team import connections, founding
from newsfeed.team.connections import WEB
from newsfeed.team.readers import Readers
from newsfeed.team.stores import ReaderStore

BEGIN = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)
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
            Corpus(feeds, now=BEGIN, latency=latency, items=items) as corpus,
            tempfile.TemporaryDirectory() as folder,
        ):
            yield Team(Path(folder), server.new_database(), corpus.allowed), corpus
    finally:
        servers.close()


def follow(team: Team, corpus: Corpus, readers: int, each: int) -> float:
    """Readers with lists; gives the seconds."""
    chance = random.Random(1)
    begun = time.perf_counter()
    place = connections.find(team.folder)
    people = Readers(place, lambda: BEGIN)
    with ReaderStore.connect(place, WEB) as store:
        for n in range(readers):
            reader = people.add(f"reader{n}")
            urls = [
                corpus.urls[n * each % len(corpus.urls)],
                *chance.sample(corpus.urls, min(each, len(corpus.urls))),
            ]
            listed = [
                Subscription(
                    url=url, title=f"Outlet {url.rpartition('/')[2]}", folders=(chance.choice(FOLDERS),)
                )
                for url in dict.fromkeys(urls)
            ]
            with store.of(reader.id):
                store.sync(listed, BEGIN)
    return time.perf_counter() - begun


def a_day(options: argparse.Namespace) -> None:
    with a_team(options.feeds, options.latency) as (team, corpus):
        seconds = follow(team, corpus, options.readers, options.follow)
        (followed,) = team.ask("select count(*) from shared.feed where listed")
        print(f"{options.readers} readers follow {followed} feeds: {seconds:.1f} s; {team.size()} MB")
        idle = team.work("edition", BEGIN, 1)
        first = team.work("fetch", BEGIN, options.workers)
        asked, items, stories = team.ask(
            "select (select count(*) from shared.feed where last_good is not null), (select count(*) from shared.item),"
            " (select count(*) from shared.story)"
        )
        answers = corpus.answers()
        print(
            f"first sweep: {asked} feeds, {items} items, {stories} stories: {first}; {int(str(asked)) / first.wall:.1f} feeds/s,"
            f" {1000 * first.cpu / max(int(str(asked)), 1):.0f} ms of CPU a feed; answers {answers}; {team.size()} MB"
        )
        size, day, requests = team.size(), Cost(0, 0), 0
        late: list[float] = []
        for hour in range(1, options.hours + 1):
            corpus.change(0.05)
            now = BEGIN + timedelta(hours=hour)
            (waiting,) = team.ask(
                f"select coalesce(extract(epoch from timestamp '{now:%Y-%m-%d %H:%M}' - min(next_due)), 0) from shared.feed"
                f" where listed and next_due <= timestamp '{now:%Y-%m-%d %H:%M}'"
            )
            step = team.work("fetch", now, options.workers)
            late.append(float(str(waiting)) / 60)
            requests += sum(corpus.answers().values())
            day = Cost(day.wall + step.wall, day.cpu + step.cpu)
        if options.hours:
            grown = team.size() - size
            print(
                f"{options.hours} hours in steps of one: {requests} requests in {day}; {requests / day.wall:.1f} requests/s,"
                f" {1000 * day.cpu / max(requests, 1):.0f} ms of CPU a request (the workers' starts are in it);"
                f" due at most {max(late):.0f} minutes before its step; grown by {grown} MB"
            )
        morning = max(BEGIN + timedelta(hours=options.hours + 1), BEGIN.replace(hour=6, minute=31))
        size = team.size()
        made = team.work("edition", morning, options.workers)
        (editions,) = team.ask("select count(*) from reader.edition")
        count = max(int(str(editions)), 1)
        print(
            f"the hour: {editions} editions in {made}; {count / made.wall:.2f} editions/s,"
            f" {max(made.cpu - options.workers * idle.cpu, 0) / count:.3f} s of CPU an edition without the workers' starts"
            f" ({idle.cpu:.1f} s each); {1000 * (team.size() - size) / count:.0f} KB an edition"
        )
        candidates = team.ask("select avg(length(data)), max(length(data)) from reader.edition")
        print(
            f"stored edition: {float(str(candidates[0])) / 1000:.1f} KB deflated on average, {float(str(candidates[1])) / 1000:.1f} at most"
        )


def speedup(options: argparse.Namespace) -> None:
    """The first sweep by one worker and by two, each held back by its lanes and the latency, not by the machine."""
    walls = {}
    for workers in (1, 2):
        with a_team(options.feeds, options.latency) as (team, corpus):
            follow(team, corpus, 1, options.feeds)
            running = team.started("fetch", BEGIN, workers, "--sweeps", "1")
            first, last = team.asked(1), team.asked(options.feeds)
            walls[workers] = last - first
            print(
                f"{workers} workers: from the first of {options.feeds} feeds to the last {last - first:.1f} s"
            )
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
    parser.add_argument("--speedup", action="store_true")
    options = parser.parse_args()
    (speedup if options.speedup else a_day)(options)


if __name__ == "__main__":
    main()
