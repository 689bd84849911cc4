"""Workers killed at any moment: nothing is lost or doubled, and at most one mail is sent."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import homes
import psycopg
import pytest
from homes import Entry, rss
from mailserver import MailServer
from postgres import Cluster, cluster
from serving import Exchange, Server
from teams import TestTeam, make, wait_for

from newsfeed.team.workers import END

# Removed from the environment: workers refuse unknown settings.
KILLS = int(os.environ.pop("NEWSFEED_KILLS", "15"))
SEED = os.environ.pop("NEWSFEED_SEED", "18")
READERS = 24
FEEDS = 24
PACE = ("--cron", "* * * * * */2", "--heartbeat", "0.5", "--lease", "3")
# They come every two seconds; on a busy machine one is always waiting.
LOOKS = ("look for due feeds", "look for due readers", "read lists")
MORNING = homes.NOON - timedelta(minutes=55)


@contextmanager
def workers(team: TestTeam, *kinds: str, pace: Sequence[str] = PACE) -> Iterator[list[subprocess.Popen[str]]]:
    """Worker processes, which are ended afterwards."""
    running = [start(team, kind, pace) for kind in kinds]
    try:
        yield running
    finally:
        for one in running:
            one.kill()
        for one in running:
            one.communicate()


def start(team: TestTeam, kind: str, pace: Sequence[str] = PACE) -> subprocess.Popen[str]:
    return team.process("worker", kind, *pace)


def mail_settings(team: TestTeam, server: MailServer) -> None:
    (team.folder / "newsfeed.toml").write_text(
        '[mail]\nto = "team@example.org"\nsender = "news@example.org"\nhost = "127.0.0.1"\n'
        f'port = {server.port}\nsecurity = "none"\n',
        encoding="utf-8",
    )


def many_feeds(servers: list[Server]) -> list[str]:
    feeds = []
    for n in range(FEEDS):
        entries = [
            Entry(f"Number {n}: the {word} of town {n} opens", f"It took {n} years to build.", 3 + n % 7)
            for word in ("bridge", "school", "theatre")
        ]
        feeds.append(
            servers[n % len(servers)].feed(
                f"/{n}.xml", rss(f"Feed {n}", entries, base=f"https://f{n}.example")
            )
        )
    return feeds


def what_is_left(team: TestTeam) -> list[object]:
    """What was not done, and what blocks it."""
    return [
        team.rows(
            "select id, bucket, last_good, next_due, leased_by, leased_until > now(), extra from shared.feed"
            " where last_good is null"
        ),
        team.rows(
            "select task_name, status, attempts, lock, worker_id, scheduled_at, args from procrastinate.procrastinate_jobs"
        ),
        team.rows("select id, now() - last_heartbeat from procrastinate.procrastinate_workers"),
    ]


@pytest.mark.slow
def test_workers_killed_at_random_lose_and_double_nothing(team: TestTeam) -> None:
    rng = random.Random(SEED)
    with ExitStack() as stack:
        servers = [stack.enter_context(Server()) for _ in range(4)]
        post = stack.enter_context(MailServer())
        team.allow(*(server.place for server in servers))
        mail_settings(team, post)
        feeds = many_feeds(servers)
        for n in range(READERS):
            mine = rng.sample(feeds, 8)
            team.add(f"reader{n}", *(f"Towns {url}" for url in mine), mail=f"reader{n}@example.org")
        team.at(MORNING)
        kinds = ["all", "fetch", "edition"]
        running = stack.enter_context(workers(team, *kinds))
        for _ in range(KILLS):
            time.sleep(rng.uniform(0.5, 4.0))
            place = rng.randrange(len(running))
            running[place].send_signal(signal.SIGKILL)
            running[place].communicate()
            running[place] = start(team, kinds[place])
        wait_for(lambda: team.count("shared.item") == 3 * FEEDS, instead=lambda: what_is_left(team))
        wait_for(lambda: team.count("reader.edition") == READERS, instead=lambda: what_is_left(team))
        wait_for(lambda: not team.count("shared.morning", "owed"))
        wait_for(
            lambda: (
                not team.count(
                    "procrastinate.procrastinate_jobs",
                    f"status in ('todo', 'doing') and queue_name <> 'builtin' and task_name not in {LOOKS}",
                )
            )
        )
    assert team.count("shared.feed", "last_good is not null") == FEEDS
    assert team.count("shared.member") == 3 * FEEDS
    assert team.rows("select reader, story from reader.shown group by 1, 2 having count(*) > 1") == []
    got = Counter(str(message_from_bytes(data)["To"]) for data in post.taken)
    assert max(got.values(), default=0) <= 1, got
    states = dict(team.rows("select r.mail, m.state from reader.mail m join reader.reader r using (reader)"))
    sent = {address for address, state in states.items() if state == "sent"}
    assert sent <= got.keys()
    assert {address for address, state in states.items() if state not in {"sent", "uncertain"}} == set()
    assert set(got) <= states.keys()


def restart(team: TestTeam, database: Cluster, rng: random.Random, working: int) -> None:
    """Restart a database twice, as soon as this many workers are at work."""
    alive = "last_heartbeat > now() - interval '5 seconds'"
    wait_for(lambda: team.count("procrastinate.procrastinate_workers", alive) >= working)
    team.close()
    for _ in range(2):
        time.sleep(rng.uniform(1.0, 4.0))
        database.stop("immediate")
        database.start()


@pytest.mark.slow
def test_a_database_that_restarts_under_load_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random("restarts")
    with ExitStack() as stack:
        servers = [stack.enter_context(Server()) for _ in range(4)]
        database = stack.enter_context(contextmanager(cluster)())
        team = make(database, tmp_path / "team", monkeypatch)
        stack.callback(team.close)
        team.allow(*(server.place for server in servers))
        feeds = many_feeds(servers)
        for n in range(8):
            team.add(f"reader{n}", *(f"Towns {url}" for url in rng.sample(feeds, 8)))
        wanted = team.count("shared.feed", "listed")
        team.close()
        team.at(MORNING)
        # Feeds first: an edition whose feeds were never read is postponed, and the clock stands still.
        running = [*stack.enter_context(workers(team, "fetch", "fetch"))]
        restart(team, database, rng, len(running))
        wait_for(lambda: team.count("shared.item") == 3 * wanted)
        running += stack.enter_context(workers(team, "edition", "edition"))
        restart(team, database, rng, len(running))
        wait_for(lambda: team.count("reader.edition") == 8)
        wait_for(lambda: not team.count("shared.morning", "owed"))
        assert [one.poll() for one in running] == [None] * 4
        assert team.count("shared.feed", "last_good is not null") == wanted


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_asked_to_stop_ends_well(team: TestTeam, how: signal.Signals) -> None:
    team.at(MORNING)
    with workers(team, "all") as (one,):
        wait_for(lambda: team.count("procrastinate.procrastinate_workers") == 2)
        one.send_signal(how)
        assert one.wait(30) == 0
    assert team.count("procrastinate.procrastinate_workers") == 0


STUCK = {  # what a worker is doing -> the table that it needs but never gets, and the task
    "understand": ("shared.tagging", "understand"),
    "group": ("shared.story", "group"),
    "editions": ("reader.edition", "editions"),
}


@pytest.mark.slow
@pytest.mark.parametrize("at", STUCK)
def test_a_worker_that_is_stuck_in_its_work_ends_when_it_is_asked_to(team: TestTeam, at: str) -> None:
    table, task = STUCK[at]
    with Server() as server:
        team.allow(server.place)
        team.add("ada", f"Towns {many_feeds([server])[0]}")
        team.at(MORNING)
        if at != "understand":
            team.work("fetch")
        if at == "group":
            team.rows("delete from shared.member")
            team.rows("update shared.feed set next_due = null")
        with (
            psycopg.connect(team.url) as held,
            workers(team, "edition" if at == "editions" else "fetch") as (one,),
        ):
            held.execute(f"lock table {table} in access exclusive mode")
            server.feed(
                "/0.xml", rss("Feed 0", [Entry("One more", "It is new.", 0)], base="https://f0.example")
            )
            doing = f"task_name = '{task}' and status = 'doing'"
            wait_for(lambda: team.count("procrastinate.procrastinate_jobs", doing) == 1)
            wait_for(lambda: team.count("pg_locks", "not granted") > 0)
            began = time.monotonic()
            one.send_signal(signal.SIGTERM)
            one.wait(60)
            assert time.monotonic() - began < END + 20  # on a busy machine
        # Nothing is lost: the job is waiting, or its reader is still owed an edition.
        back = team.count("procrastinate.procrastinate_jobs", f"task_name = '{task}' and status = 'todo'")
        assert back == 1
    assert team.count("shared.feed", "leased_until is not null") == 0


@pytest.mark.slow
def test_a_sweep_that_is_broken_off_gives_its_feeds_back(team: TestTeam) -> None:
    with Server() as server:
        team.allow(server.place)
        team.add("ada", f"Towns {server.play('/slow.xml', Exchange.hang)}")
        team.at(MORNING)
        with workers(team, "fetch") as (one,):
            wait_for(lambda: team.count("shared.feed", "leased_until is not null") == 1)
            one.send_signal(signal.SIGTERM)
            assert one.wait(60) == 0
    assert team.count("shared.feed", "leased_until is not null") == 0
    assert team.count("procrastinate.procrastinate_workers") == 0


@pytest.mark.slow
def test_a_job_that_fails_while_the_same_one_waits_holds_nothing_up(team: TestTeam) -> None:
    with Server() as server:
        team.allow(server.place)
        team.add("ada", f"Towns {many_feeds([server])[0]}")
        team.at(MORNING)
        jobs = "procrastinate.procrastinate_jobs"
        living = (
            *PACE[:2],
            "--heartbeat",
            "60",
        )  # otherwise the worker counts as dead, and others take its jobs
        with workers(team, "fetch", pace=living), psycopg.connect(team.url) as held:
            held.execute("lock table shared.tagging in access exclusive mode")
            wait_for(lambda: team.count(jobs, "task_name = 'understand' and status = 'doing'") == 1)
            wait_for(lambda: team.count("pg_locks", "not granted") > 0)
            team.rows("set search_path to procrastinate")
            team.rows(
                f"insert into {jobs} (queue_name, task_name, lock, queueing_lock)"
                " values ('understand', 'understand', 'understand', 'understand') on conflict do nothing"
            )
            team.rows("select pg_cancel_backend(pid) from pg_locks where not granted")
            wait_for(lambda: team.count("pg_locks", "not granted") == 0)
            held.rollback()
            wait_for(lambda: team.count("shared.tagging") == 3, 60, instead=lambda: what_is_left(team))
            wait_for(lambda: team.count(jobs, "task_name = 'understand'") == 0)
