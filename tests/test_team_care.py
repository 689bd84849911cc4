"""A team's database over time: set up again, newer and older versions, copied and restored."""

from __future__ import annotations

import asyncio
import shutil
import signal
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import homes
import pytest
from homes import Entry, rss
from postgres import Cluster, cluster
from serving import Server
from teams import TestTeam, make, wait_for

from newsfeed.errors import BusyError, NewerStoreError, StoreError
from newsfeed.team import connections, founding, tables, workers
from newsfeed.team.connections import Place
from newsfeed.team.fetching import Fetching

MORNING = homes.NOON - timedelta(minutes=55)
TOKEN = "k7Qx93vLw02Zp5"


def a_morning(team: TestTeam, server: Server) -> None:
    """One reader with a shared and a private feed, and today's edition."""
    team.allow(server.place)
    shared = server.feed("/a.xml", rss("A", [Entry("The moon has a new crater", "It was seen in May.")]))
    private = server.feed(
        f"/{TOKEN}/b.xml", rss("B", [Entry("A letter for Ada", "It is hers.")], base="https://b.example")
    )
    team.add("ada", f"World {shared}", f"Mine {private}")
    team.at(MORNING)
    team.work()


def test_founding_a_team_again_keeps_all_of_it(team: TestTeam, server: Server) -> None:
    a_morning(team, server)
    passwords = team.place.passwords.read_bytes()
    assert team.run("init", "--database", team.url) == 0
    assert team.place.passwords.read_bytes() == passwords
    team.at(MORNING + timedelta(days=1))
    team.work()
    assert team.count("reader.edition") == 2


@pytest.mark.parametrize("kind", ["team.pgpass", "team.key", "../team.toml"])
def test_what_opens_the_database_is_its_owners_alone(team: TestTeam, kind: str) -> None:
    team.run("init", "--database", team.url)
    assert (team.place.inner / kind).resolve().stat().st_mode & 0o077 == 0


def test_tables_of_another_version_are_refused_in_a_sentence(team: TestTeam) -> None:
    team.rows("update shared.team set version = version + 1")
    with pytest.raises(NewerStoreError, match="a newer newsfeed wrote it"):
        founding.check(team.place)
    with pytest.raises(NewerStoreError, match="nothing was changed"):
        founding.found(team.folder, team.url, team.moment)
    team.rows("update shared.team set version = 0")
    with pytest.raises(StoreError, match="Run newsfeed team init once"):
        founding.check(team.place)
    assert team.run("worker", "--once") == 2


def test_tables_change_only_when_workers_of_the_older_version_are_gone(
    team: TestTeam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "VERSION", tables.VERSION + 1)
    team.rows("insert into procrastinate.procrastinate_workers (last_heartbeat) values (now())")
    with pytest.raises(BusyError, match="1 workers of the older version are at work"):
        founding.found(team.folder, team.url, team.moment)
    team.rows("update procrastinate.procrastinate_workers set last_heartbeat = now() - interval '5 minutes'")
    founding.found(team.folder, team.url, team.moment)
    founding.check(team.place)


def test_tables_of_the_first_version_become_todays_with_all_that_lies_in_them(
    team: TestTeam, server: Server
) -> None:
    a_morning(team, server)
    # As the first version left it: no topic numbers, taggings as JSON, lists read whenever somebody looked.
    team.rows("drop policy read_again on reader.team_list")
    team.rows("revoke all on reader.team_list from newsfeed_worker_edition")
    team.rows("drop table shared.topic")
    score = '[{"topic":"science","p":0.9,"terms":[{"term":"moon","weight":2.0}],"parts":{"model":1.5}}]'
    news = '{"value":2.5,"kind":"event","sure":0.5,"terms":[{"term":"crater","weight":0.2}],"thumbs":0.0}'
    team.rows("update shared.tagging set scores = %s, news = %s", score, news)
    team.rows("update shared.team set version = 1")
    assert team.run("worker", "--once") == 2
    assert team.run("init", "--database", team.url) == 0
    ada = team.readers.named("ada")
    with team.store(ada) as store:
        numbers = [i.id for i in store.window(MORNING - timedelta(days=9))]
        before = store.taggings(numbers)
    assert {s.topic for t in before.values() for s in t.scores} == {"science"}
    server.feed(
        "/a.xml",
        rss(
            "A",
            [
                Entry("A second crater on the moon", "In June."),
                Entry("The moon has a new crater", "It was seen in May."),
            ],
        ),
    )
    team.at(MORNING + timedelta(days=1))
    team.work()
    assert team.count("reader.edition") == 2
    assert team.count("shared.tagging", "scores like '#%%'") == 1
    assert team.count("shared.tagging", "scores like '[%%'") == len(numbers)


def test_a_copy_of_the_database_and_of_the_folder_is_the_whole_team(
    team: TestTeam, server: Server, postgres: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_morning(team, server)
    name = team.url.rpartition("/")[2].partition("?")[0]
    file = postgres.folder / f"{name}.dump"
    where = ["-h", str(postgres.folder), "-U", postgres.user]
    postgres.run("pg_dump", *where, "-Fc", "-f", str(file), name)
    restored = postgres.new_database()
    postgres.run("pg_restore", *where, "-d", restored.rpartition("/")[2].partition("?")[0], str(file))
    shutil.copytree(team.folder, tmp_path / "copy")
    connections.write(Place(folder=tmp_path / "copy", database=restored))
    copy = TestTeam(tmp_path / "copy", restored, monkeypatch)
    copy.at(MORNING + timedelta(days=1))
    ada = copy.readers.named("ada")
    with copy.store(ada) as store, team.store(team.readers.named("ada")) as old:
        assert store.latest_edition() == old.latest_edition()
        assert [s.subscription for s in store.states()] == [s.subscription for s in old.states()]
        assert any(TOKEN in s.subscription.url for s in store.states())
    with copy.store(None) as store:
        assert store.states() == []  # the policies were copied too
    copy.work()
    assert copy.count("reader.edition") == 2
    assert team.count("reader.edition") == 1
    copy.close()


def test_status_says_how_late_it_is_and_when_to_do_something(
    team: TestTeam, capsys: pytest.CaptureFixture[str]
) -> None:
    assert team.run("status") == 0
    team.add("ada", "World http://127.0.0.1:9/a.xml")
    team.rows("update shared.feed set next_due = %s", (homes.NOON - timedelta(hours=3)).replace(tzinfo=None))
    team.at(homes.NOON)
    assert team.run("status") == 1
    said = capsys.readouterr().out
    assert "1 feed, 1 due in 1 bucket" in said
    assert "3 h late" in said
    assert "Start another worker" in said


@pytest.mark.parametrize(
    "words",
    [("worker",), pytest.param(("worker", "fetch"), marks=pytest.mark.slow), ("web", "--port", "0")],
)
def test_who_is_started_before_the_database_waits_for_it_and_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    with contextmanager(cluster)() as database:
        team = make(database, tmp_path / "team", monkeypatch)
        database.stop("fast")
        with team.process(*words) as started, team.process(*words) as other:
            try:
                assert started.stdout is not None
                assert other.stdout is not None
                for one in (other, started):
                    said = one.stdout.readline()  # type: ignore[union-attr]
                    assert "can't be reached" in said
                    assert "Waiting for it; Ctrl-C ends that." in said
                told = [said]
                # It ends on request even while it waits.
                other.send_signal(signal.SIGINT)
                other.wait(300)
                assert "Traceback" not in other.stdout.read()
                assert started.poll() is None
                database.start()
                if words[0] == "web":
                    while "Readers come to" not in (line := started.stdout.readline()):
                        assert line, told
                        told.append(line)
                else:
                    wait_for(lambda: team.count("procrastinate.procrastinate_workers") > 0)
                started.send_signal(signal.SIGTERM)
                assert started.wait(300) in {0, -signal.SIGTERM}
                # Another cause is told, such as that it is starting up; none twice.
                told += [line for line in started.stdout if "Waiting" in line]
                assert len(told) == len(set(told))
            finally:
                started.kill()
                other.kill()
                team.close()


def test_jobs_that_failed_for_good_are_forgotten_after_a_week(team: TestTeam) -> None:
    for name, status, days in (("old", "failed", 8), ("new", "failed", 2), ("begun", "doing", 8)):
        team.rows(
            "with job as (insert into procrastinate.procrastinate_jobs (task_name, queue_name, status, attempts, args)"
            f" values ('{name}', 'edition', '{status}', 9, '{{}}') returning id)"
            f" insert into procrastinate.procrastinate_events (job_id, type, at) select id, 'failed', now() - interval '{days} days' from job"
        )
    # Its changes leave an event of now.
    team.rows("delete from procrastinate.procrastinate_events where at > now() - interval '1 day'")

    async def work() -> None:
        fetching = Fetching(team.place, team.desk().machine, team.clock, "test")
        async with workers.fetch_app(fetching, workers.Pace()).open_async() as app:
            await app.configure_task("forget jobs").defer_async(timestamp=0)
            await app.run_worker_async(queues=["understand"], wait=False, install_signal_handlers=False)

    asyncio.run(work())
    left = "select task_name from procrastinate.procrastinate_jobs where task_name in ('old', 'new', 'begun') order by 1"
    assert team.rows(left) == [("begun",), ("new",)]
