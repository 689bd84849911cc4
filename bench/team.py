"""What a team costs: one PostgreSQL, worker processes, generated feeds on loopback, and readers who follow some of them.

    python bench/team.py --keep DIR [follow sweep day hour beside] [--seconds 540] [--feeds 1000] [--readers 100] [--follow 60]
    python bench/team.py --speedup [--feeds 400] [--share .2]   # what a second worker brings where each has .2 of a core

Stages: the readers follow (each `--follow` feeds at random); a first sweep of all feeds, with what is tagged and grouped
after it; a day of due feeds by a clock that runs so much faster that it takes `--minutes`, in which every twentieth feed
gains an item each hour; the readers' hour, all in one zone; a refresh of `--beside` of the feeds in a single home.

Each stage goes on where it was left, and is left after `--seconds`: run the same command until it says that all is done
(exit code 3 while it isn't). What it took so far stands in DIR/figures.json. CPU is that of the workers with their reading
processes, and apart from it that of PostgreSQL, which is one of its own, durable. The workers are the real ones with
another clock.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import psycopg
from corpus import ITEMS, Corpus
from postgres import Cluster, cluster

from newsfeed import config
from newsfeed.model import Subscription
from newsfeed.pipeline.reports import Clock
from newsfeed.team import connections, founding, sweeps, workers
from newsfeed.team.connections import FETCH, WEB
from newsfeed.team.desk import Desk
from newsfeed.team.fetching import Fetching, Tagged
from newsfeed.team.readers import Readers
from newsfeed.team.stores import ReaderStore
from newsfeed.team.trial import programs

BEGIN = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)
AT_ONCE = 6  # readers who make their lists
FOLDERS = ("Technology", "Finance", "Science", "Policy", "Marketing")
STAGES = ("follow", "sweep", "day", "hour", "beside")
NOT_DONE = 3
LANES = 12  # buckets that a worker sweeps at a time; most of a sweep is waiting
BUSY = "select count(*) from procrastinate.procrastinate_jobs where status in ('todo', 'doing') and queue_name in ('sweep', 'understand')"


class Team:
    """The measured team, with its feeds and its PostgreSQL."""

    def __init__(self, folder: Path, url: str, corpus: Corpus, postgres: Postgres) -> None:
        self.folder, self.url, self.corpus, self.postgres = folder, url, corpus, postgres
        self.environment = {**os.environ, "NEWSFEED_FETCH__ALLOW_PRIVATE": ",".join(corpus.allowed)}

    def started(self, kind: str, speed: float, at: datetime, many: int) -> list[subprocess.Popen[bytes]]:
        """This many workers, whose clock shows `at` now and runs so many times faster."""
        words = ["--serve", str(self.folder), kind, str(time.time()), str(speed), at.isoformat()]
        command = [sys.executable, __file__, *words]
        return [
            subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL, start_new_session=True)
            for _ in range(many)
        ]

    def asked(self, feeds: int) -> float:
        """When this many feeds had been asked, by our clock."""
        while self.count("select count(*) from shared.feed where last_good is not null") < feeds:
            time.sleep(0.1)
        return time.perf_counter()

    def count(self, query: str) -> int:
        with psycopg.connect(self.url) as c:
            row = c.execute(query).fetchone()
        assert row is not None
        return int(row[0])

    def size(self) -> int:
        """The database's size in megabytes."""
        with psycopg.connect(self.url, autocommit=True) as c:
            c.execute("checkpoint")
        return self.count("select pg_database_size(current_database())") // 1_000_000


class Postgres:
    """The CPU seconds of all of a server's processes, including ended ones."""

    def __init__(self, data: Path) -> None:
        self._main = int((data / "postmaster.pid").read_text(encoding="utf-8").split()[0])

    def cpu(self) -> float:
        """CPU seconds so far; 0 if the system has no /proc."""
        ticks = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                of = path.read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:
                continue  # it ended meanwhile; its time is counted by the main process
            own = int(path.parent.name) == self._main
            if own or int(of[1]) == self._main:
                ticks += sum(map(int, of[11 : 15 if own else 13]))
        return ticks / os.sysconf("SC_CLK_TCK")


class Figures(dict[str, dict[str, Any]]):
    """What each stage has taken so far, kept in a file; "done" marks finished ones."""

    def __init__(self, path: Path) -> None:
        super().__init__(json.loads(path.read_text()) if path.exists() else {})
        self._path = path

    def add(self, stage: str, **values: float) -> None:
        """Add to a stage's figures."""
        of = self.setdefault(stage, {})
        for name, value in values.items():
            of[name] = round(of.get(name, 0) + value, 2)
        self.keep()

    def set(self, stage: str, **values: Any) -> None:
        self.setdefault(stage, {}).update(values)
        self.keep()

    def keep(self) -> None:
        self._path.write_text(json.dumps(self, indent=1))


@contextmanager
def measured(team: Team, figures: Figures, stage: str) -> Iterator[None]:
    """Add the wall time, the CPU time of child processes that end in the block, and PostgreSQL's."""
    used, before, begun = (
        resource.getrusage(resource.RUSAGE_CHILDREN),
        team.postgres.cpu(),
        time.perf_counter(),
    )
    try:
        yield
    finally:
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
        figures.add(
            stage,
            wall=time.perf_counter() - begun,
            cpu=cpu,
            postgres=team.postgres.cpu() - before,
            sittings=1,
        )


@contextmanager
def working(running: Sequence[subprocess.Popen[bytes]]) -> Iterator[None]:
    """Workers, which are stopped and waited for at the end, so that their CPU time is counted."""
    try:
        yield
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.wait()


def until(
    done: Callable[[], bool], running: Sequence[subprocess.Popen[bytes]], end: float, pause: float = 2.0
) -> bool:
    """Wait until it is done; gives whether that happened in time."""
    while not done():
        if time.monotonic() > end:
            return False
        if any(one.poll() is not None for one in running):
            raise SystemExit("a worker ended")
        time.sleep(pause)
    return True


# ------------------------------------------------------------------------- where it lies


@contextmanager
def kept_team(options: argparse.Namespace, figures: Figures) -> Iterator[Team]:
    """The team of a folder, with its PostgreSQL and its feeds as they were left."""
    keep: Path = options.keep
    found = programs()
    assert found is not None, "PostgreSQL is not installed here"
    (keep / "postgres").mkdir(exist_ok=True)
    server = Cluster(keep / "postgres", found, durable=True)
    fresh = not server.data.exists()
    if fresh:
        server.make()
    server.start()
    url = server.url("team")
    if fresh:
        server.run("createdb", "-h", str(server.folder), "-U", server.user, "team")
    state = figures.get("feeds", {})
    try:
        with Corpus(
            options.feeds,
            now=BEGIN,
            latency=options.latency,
            items=options.items,
            lifelike=True,
            port=state.get("port", 0),
            ahead=False,
        ) as corpus:
            for _ in range(state.get("changes", 0)):
                corpus.change(0.05)
            corpus.answers()
            figures.set("feeds", port=corpus.port, changes=state.get("changes", 0))
            if fresh:
                founding.found(keep / "team", url, BEGIN)
            yield Team(keep / "team", url, corpus, Postgres(server.data))
    finally:
        server.stop("fast")


@contextmanager
def a_team(feeds: int, latency: float | tuple[float, float], items: int = ITEMS) -> Iterator[Team]:
    """A team that is removed afterwards."""
    servers = cluster(durable=True)
    server = next(servers)
    try:
        with (
            Corpus(feeds, now=BEGIN, latency=latency, items=items, lifelike=True) as corpus,
            tempfile.TemporaryDirectory() as folder,
        ):
            url = server.new_database()
            founding.found(Path(folder), url, BEGIN)
            yield Team(Path(folder), url, corpus, Postgres(server.data))
    finally:
        servers.close()


# ------------------------------------------------------------------------- stages; each gives whether it is done


def follow(team: Team, readers: int, each: int) -> None:
    """Readers with lists."""
    place = connections.find(team.folder)
    people, urls = Readers(place, lambda: BEGIN), team.corpus.urls
    there = {one.name for one in people.all()}

    def some(first: int) -> None:
        with ReaderStore.connect(place, WEB) as store:
            for n in range(first, readers, AT_ONCE):
                if f"reader{n}" in there:
                    continue
                chance = random.Random(n)
                mine = [urls[n * each % len(urls)], *chance.sample(urls, min(each, len(urls)))]
                listed = [
                    Subscription(
                        url=url, title=f"Outlet {url.rpartition('/')[2]}", folders=(chance.choice(FOLDERS),)
                    )
                    for url in sorted(set(mine))
                ]
                with store.of(people.add(f"reader{n}").id):
                    store.sync(listed, BEGIN)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(some, range(AT_ONCE)))


def stage_follow(team: Team, figures: Figures, options: argparse.Namespace, end: float) -> bool:
    with measured(team, figures, "follow"):
        follow(team, options.readers, options.follow)
    feeds = team.count("select count(*) from shared.feed where listed")
    figures.set("follow", readers=options.readers, feeds=feeds, megabytes=team.size())
    return True


def stage_sweep(team: Team, figures: Figures, options: argparse.Namespace, end: float) -> bool:
    feeds = team.count("select count(*) from shared.feed where listed")

    def swept() -> bool:
        # Unreachable feeds are asked again after an hour, by a clock that stands still here.
        asked = team.count("select count(*) from shared.feed where last_tried is not null")
        figures.set("sweep", asked=asked)
        if asked == feeds and "swept_after" not in figures["sweep"]:
            figures.set("sweep", swept_after=round(time.perf_counter() - begun + before, 1))
        return asked == feeds and team.count(BUSY) == 0

    with measured(team, figures, "sweep"):
        before, begun = figures["sweep"].get("wall", 0.0) if "sweep" in figures else 0.0, time.perf_counter()
        running = team.started("fetch", 0, BEGIN, options.workers)
        with working(running):
            done = until(swept, running, end)
    items, stories = (
        team.count("select count(*) from shared.item"),
        team.count("select count(*) from shared.story"),
    )
    told = team.count("select count(*) from shared.member")
    answers = sum(team.corpus.answers().values())
    figures.add("sweep", answers=answers)
    failed = team.count("select count(*) from shared.feed where failures > 0")
    figures.set("sweep", items=items, grouped=told, stories=stories, failed=failed, megabytes=team.size())
    return done


def stage_day(team: Team, figures: Figures, options: argparse.Namespace, end: float) -> bool:
    """This many hours in so many minutes, with workers that run all the time."""
    speed = options.hours * 60 / options.minutes
    place = connections.find(team.folder)
    of = figures.setdefault("day", {})
    hour, late, due = of.get("hours", 0), of.get("late", []), of.get("due", [])
    before = team.size()
    with measured(team, figures, "day"):
        real, first = time.time(), BEGIN + timedelta(hours=hour)
        running = team.started("fetch", speed, first, options.workers)
        clock = accelerated(real, speed, first)
        with working(running):
            while hour < options.hours and time.monotonic() + 3600 / speed < end:
                hour += 1

                def over(at: datetime = BEGIN + timedelta(hours=hour)) -> bool:
                    with connections.connect(place, FETCH) as c:
                        found = sweeps.backlog(c, clock())
                    late.append(round(found.late / timedelta(minutes=1)))
                    due.append(found.due)
                    return clock() >= at

                until(over, running, end + 3600, min(2.0, 600 / speed))
                team.corpus.change(0.05)
                state = figures["feeds"]
                figures.set("feeds", changes=state["changes"] + 1)
    answers = team.corpus.answers()
    figures.add("day", requests=sum(answers.values()), new=answers.get(200, 0), grown=team.size() - before)
    figures.set(
        "day",
        hours=hour,
        speed=speed,
        late=late,
        due=due,
        items=team.count("select count(*) from shared.item"),
    )
    return hour >= options.hours


def accelerated(real: float, speed: float, at: datetime) -> Clock:
    """A clock that showed `at` at the time `real` and runs so many times faster."""
    return lambda: at + timedelta(seconds=(time.time() - real) * speed)


class TimedFetching(Fetching):
    """Fetching that records the CPU time of its tagging and grouping."""

    def _timed(self, name: str, work: Callable[[], Any]) -> Any:
        before = time.thread_time()
        try:
            return work()
        finally:
            with (self.place.folder / "parts.jsonl").open("a") as out:
                out.write(json.dumps({name: round(time.thread_time() - before, 3)}) + "\n")

    def tag(self, *, shown: bool = True) -> Tagged:
        found: Tagged = self._timed("tag", lambda: super(TimedFetching, self).tag(shown=shown))
        return found

    def group(self, language: str) -> None:
        self._timed("group", lambda: super(TimedFetching, self).group(language))


def parts(folder: Path) -> dict[str, float]:
    """CPU seconds of tagging and of grouping so far."""
    total: dict[str, float] = {}
    path = folder / "parts.jsonl"
    for line in path.read_text().splitlines() if path.exists() else ():
        for name, value in json.loads(line).items():
            total[name] = round(total.get(name, 0) + value, 2)
    return total


def serve(folder: Path, kind: str, real: float, speed: float, at: datetime) -> None:
    """A worker with an accelerated clock, until it is stopped."""
    gc.set_threshold(150_000, 20, 20)  # like the command
    place, clock, machine = connections.find(folder), accelerated(real, speed, at), config.load(folder)
    fetching = TimedFetching(place, machine, clock, workers.name()) if kind == "fetch" else None
    desk = Desk(place, machine, clock, password=lambda: "") if kind == "edition" else None
    pace = workers.Pace(cron="* * * * * */2")

    async def work() -> None:
        probe = asyncio.create_task(probed(folder))
        try:
            await workers.run(fetching=fetching, desk=desk, pace=pace, sweeps=LANES)
        finally:
            probe.cancel()

    asyncio.run(work())


PROBED = 0.02  # seconds between two looks at how late the loop is


async def probed(folder: Path) -> None:
    """Keep how late a worker's loop was each time that it should have run, until it is cancelled: milliseconds."""
    loop, late = asyncio.get_running_loop(), []
    try:
        while True:
            due = loop.time() + PROBED
            await asyncio.sleep(PROBED)
            late.append(round(1000 * (loop.time() - due), 1))
    finally:
        with (folder / "late.jsonl").open("a") as out:
            out.write(json.dumps(late) + "\n")


def lateness_of_loops(folder: Path) -> str:
    """How late the loops were as a rule, in one look of a hundred, and at the most."""
    path = folder / "late.jsonl"
    if not path.exists():
        return ""
    late = sorted(one for line in path.read_text().splitlines() for one in json.loads(line))
    path.unlink()
    middle, high = late[len(late) // 2], late[len(late) * 99 // 100]
    return f"{middle:.0f} ms as a rule, {high:.0f} in one of a hundred, {late[-1]:.0f} at most"


def stage_hour(team: Team, figures: Figures, options: argparse.Namespace, end: float) -> bool:
    morning = (BEGIN + timedelta(hours=options.hours)).replace(hour=6, minute=31)
    registered = "select count(*) from procrastinate.procrastinate_workers where last_heartbeat > now() - interval '5 seconds'"
    if "idle" not in figures.get("hour", {}):
        with measured(team, figures, "start"):
            running = team.started("edition", 0, BEGIN, 1)
            with working(running):
                until(lambda: team.count(registered) > 0, running, end, 0.5)
        figures.set("hour", idle=figures["start"]["cpu"])
    size, many = team.size(), "select count(*) from reader.edition"
    before = team.count(many)
    with measured(team, figures, "hour"):
        running = team.started("edition", 0, morning, options.workers)
        with working(running):
            done = until(lambda: team.count(many) == options.readers, running, end)
    figures.add("hour", editions=team.count(many) - before, grown=team.size() - size)
    with psycopg.connect(team.url) as c:
        rows = c.execute("select data from reader.edition order by reader").fetchall()
    ledgers = [len(json.loads(zlib.decompress(row[0]))["ledger"]) for row in rows[::10]]
    long = [len(row[0]) / 1000 for row in rows]
    figures.set(
        "hour",
        candidates=round(sum(ledgers) / max(len(ledgers), 1)),
        most=max(ledgers, default=0),
        kilobytes_deflated=round(sum(long) / max(len(long), 1), 1),
    )
    return done


def stage_beside(team: Team, figures: Figures, options: argparse.Namespace, end: float) -> bool:
    """A single home with the same feeds."""
    feeds = min(options.feeds, options.beside)
    with tempfile.TemporaryDirectory() as folder:
        outlines = "".join(
            f'<outline type="rss" text="{n}" xmlUrl="{u}"/>' for n, u in enumerate(team.corpus.urls[:feeds])
        )
        (Path(folder) / "feeds.opml").write_text(
            f'<opml version="2.0"><body>{outlines}</body></opml>', encoding="utf-8"
        )
        command = [sys.executable, "-m", "newsfeed", "--home", folder, "refresh"]
        with measured(team, figures, "beside"):
            environment = {**team.environment, "NEWSFEED_CLOCK": BEGIN.isoformat()}
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
    figures.set("beside", feeds=feeds)
    return True


# ------------------------------------------------------------------------- what is told


def told(figures: Figures) -> None:
    """The figures of each stage, for a table."""
    for stage in STAGES:
        of = figures.get(stage)
        if not of:
            continue
        line = f"{stage}: {of.get('wall', 0):.0f} s, {of.get('cpu', 0):.1f} s of CPU, PostgreSQL's own {of.get('postgres', 0):.1f}"
        if "loops" in of:
            line += f"; loops late by {of['loops']}"
        if stage == "follow":
            line += f"; {of['readers']} readers follow {of['feeds']} feeds, {of['megabytes']} MB"
        if stage == "sweep":
            each, own = of["cpu"] / max(of["asked"], 1), of["postgres"] / max(of["asked"], 1)
            line += (
                f"; {of['asked']} feeds ({of.get('failed', 0)} not reached), {of['items']} items, {of['grouped']} of them in {of['stories']} stories;"
                f" {1000 * each:.1f} ms a feed with tagging and grouping, of PostgreSQL {1000 * own:.1f};"
                f" all asked after {of.get('swept_after')} s; {of['megabytes']} MB; {of.get('parts')}"
            )
        if stage == "day":
            many, late = max(of["requests"], 1), sorted(of["late"]) or [0]
            line += (
                f"; {of['hours']} hours at {of['speed']:.0f} times their speed: {of['requests']} requests, {of['new']} with something new;"
                f" {many / of['wall']:.1f} a second; {1000 * of['cpu'] / many:.1f} ms each, of PostgreSQL {1000 * of['postgres'] / many:.1f};"
                f" late by {late[len(late) // 2]} minutes of that day as a rule, {late[-1]} at most, {max(of['due'], default=0)} due at most;"
                f" grown by {of['grown']:.0f} MB to {of['items']} items; {of.get('parts')}"
            )
        if stage == "hour":
            many = max(of["editions"], 1)
            each = (of["cpu"] - of["idle"] * of["sittings"] * of["workers"]) / many
            line += (
                f"; {of['editions']:.0f} editions, {many / of['wall']:.2f} a second; {each:.3f} s of CPU an edition without the"
                f" workers' starts ({of['idle']:.1f} s each), PostgreSQL's own {of['postgres'] / many:.3f}; {of['candidates']} candidates"
                f" ({of['most']} at most); {1000 * of['grown'] / many:.0f} KB an edition, {of['kilobytes_deflated']} of them the edition"
            )
        if stage == "beside":
            line += f"; {of['feeds']} feeds in a single home, {1000 * of['cpu'] / of['feeds']:.1f} ms a feed"
        print(line, flush=True)


def run_stages(options: argparse.Namespace) -> int:
    options.keep.mkdir(parents=True, exist_ok=True)
    options.keep.chmod(0o755)  # the user who runs PostgreSQL must be able to enter it
    figures, end = Figures(options.keep / "figures.json"), time.monotonic() + options.seconds
    stages = {name: globals()[f"stage_{name}"] for name in STAGES}
    with kept_team(options, figures) as team:
        for name in options.stages or STAGES:
            if figures.get(name, {}).get("done"):
                continue
            if time.monotonic() > end - 30:
                break
            before = parts(team.folder)
            figures.setdefault(name, {})["workers"] = options.workers
            done = stages[name](team, figures, options, end)
            took = {k: round(v - before.get(k, 0), 2) for k, v in parts(team.folder).items()}
            sums = figures[name].get("parts", {})
            figures.set(name, done=done, parts={k: round(sums.get(k, 0) + v, 2) for k, v in took.items()})
            if loops := lateness_of_loops(team.folder):
                figures.set(name, loops=loops)
            if not done:
                break
    told(figures)
    return 0 if all(figures.get(name, {}).get("done") for name in options.stages or STAGES) else NOT_DONE


class Slices:
    """Lets each of some processes, with its children, run only in a fixed part of each tenth of a second, never two of
    them at once: what a second one brings is then no matter of how many cores there are."""

    EACH = 0.1

    def __init__(self, share: float, many: int) -> None:
        self._share, self._many = share, many
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def hold(self, one: subprocess.Popen[bytes]) -> None:
        """One that leads a session of its own."""
        ahead = len(self._threads) * self.EACH / self._many
        self._threads.append(threading.Thread(target=self._hold, args=(one.pid, ahead)))
        self._threads[-1].start()

    def _hold(self, group: int, ahead: float) -> None:
        begun = time.monotonic() + ahead
        with suppress(ProcessLookupError):
            for n in itertools.count():
                for sign, at in (
                    (signal.SIGCONT, n * self.EACH),
                    (signal.SIGSTOP, (n + self._share) * self.EACH),
                ):
                    self._over.wait(max(0.0, begun + at - time.monotonic()))
                    os.killpg(group, signal.SIGCONT if self._over.is_set() else sign)
                if self._over.is_set():
                    return

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


def speedup(options: argparse.Namespace) -> None:
    """The first sweep by one worker and by two, each held to a fixed part of a core; answers come after .05 to .3 s."""
    walls = {}
    for many in (1, 2):
        with a_team(options.feeds, (0.05, 0.3), 3) as team:
            follow(team, 1, options.feeds)
            team.environment["NEWSFEED_FETCH__WORKERS"] = "1"
            slices = Slices(options.share, many)
            running = team.started("fetch", 0, BEGIN, many)
            with working(running):
                while team.count("select count(*) from procrastinate.procrastinate_workers") < many:
                    time.sleep(0.05)
                for one in running:
                    slices.hold(one)
                first, last = team.asked(options.feeds // 10), team.asked(options.feeds)
                walls[many] = last - first
                slices.end()
        print(
            f"{many} workers, each {options.share:.0%} of a core: from a tenth of {options.feeds} feeds to the last"
            f" {last - first:.1f} s",
            flush=True,
        )
    print(f"a second worker gives {walls[1] / walls[2]:.2f} times as much")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stages", nargs="*", choices=[*STAGES, []], default=[])
    parser.add_argument("--keep", type=Path, help="folder of the simulation")
    parser.add_argument(
        "--seconds", type=float, default=540, help="after which it is left, to be gone on with"
    )
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--readers", type=int, default=100)
    parser.add_argument("--follow", type=int, default=60)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--latency", type=float, default=0.1)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--minutes", type=float, default=20, help="that those hours take")
    parser.add_argument("--items", type=int, default=ITEMS, help="of a feed, to begin with")
    parser.add_argument("--beside", type=int, default=500, help="feeds of the single home beside it")
    parser.add_argument("--speedup", action="store_true")
    parser.add_argument("--share", type=float, default=0.2, help="of a core that each worker has then")
    parser.add_argument("--serve", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        folder, kind, real, speed, at = options.serve
        serve(Path(folder), kind, float(real), float(speed), datetime.fromisoformat(at))
        return 0
    if options.speedup:
        speedup(options)
        return 0
    if options.keep is None:
        parser.error("--keep DIR, where the simulation lies")
    options.keep = options.keep.absolute()
    return run_stages(options)


if __name__ == "__main__":
    sys.exit(main())
