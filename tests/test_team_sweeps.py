"""Which feeds are due, which worker has them, and which wait when sweeps are late; whose hour has come, and that it
comes once."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import homes
import pytest
from homes import Entry, rss
from mailserver import MailServer
from serving import Server, document, slow
from teams import TestTeam

from newsfeed.model import Subscription
from newsfeed.team import sweeps, workers
from newsfeed.team.connections import FETCH, connect
from newsfeed.team.fetching import Fetching
from newsfeed.team.readers import NEVER, next_hour
from newsfeed.team.tables import BUCKETS

MORNING = homes.NOON - timedelta(minutes=55)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.news.example.co.uk/x", "https://b.news.example.co.uk/y", True),
        ("https://feeds.bbci.example.com/1", "http://example.com/2", True),
        ("http://127.0.0.1:8001/a", "http://127.0.0.1:8002/a", False),
        ("https://ada.github.io/feed.xml", "https://bob.github.io/feed.xml", False),
    ],
)
def test_a_bucket_is_that_of_the_registrable_domain(one: str, other: str, same: bool) -> None:
    first, second = (sweeps.bucket(Subscription(url=url)) for url in (one, other))
    assert (first == second) is same
    assert 0 <= first < BUCKETS


def test_what_one_worker_claimed_no_other_gets_until_its_lease_is_over(team: TestTeam) -> None:
    team.add("ada", *(f"World http://127.0.0.1:9/{n}.xml" for n in range(5)))
    with connect(team.place, FETCH) as c:
        (bucket,) = sweeps.due_buckets(c, team.moment)
        first = sweeps.claim(c, bucket, "one", team.moment)
    with connect(team.place, FETCH) as c:
        assert len(first) == 5
        assert sweeps.claim(c, bucket, "two", team.moment) == []
        assert sweeps.due_buckets(c, team.moment) == []
        sweeps.release(c, "two", first)
        assert sweeps.claim(c, bucket, "two", team.moment) == []
    team.rows("update shared.feed set leased_until = now() - interval '1 second' where id = %s", first[0])
    with connect(team.place, FETCH) as c:
        assert sweeps.claim(c, bucket, "two", team.moment) == [first[0]]
        sweeps.release(c, "one", first)
        assert sweeps.claim(c, bucket, "three", team.moment) == first[1:]


def test_claims_at_the_same_moment_share_nothing(team: TestTeam) -> None:
    team.add("ada", *(f"World http://127.0.0.1:9/{n}.xml" for n in range(40)))
    (bucket,) = {row[0] for row in team.rows("select bucket from shared.feed")}

    def claim(n: int) -> list[int]:
        with connect(team.place, FETCH) as c:
            return sweeps.claim(c, bucket, str(n), team.moment)

    with ThreadPoolExecutor(8) as pool:
        claimed = [number for some in pool.map(claim, range(8)) for number in some]
    assert sorted(claimed) == sorted({row[0] for row in team.rows("select id from shared.feed")})


def test_rare_feeds_wait_longer_when_the_sweeps_are_late(team: TestTeam) -> None:
    team.add("ada", "World http://127.0.0.1:1/busy.xml", "World http://127.0.0.1:2/rare.xml")
    busy, rare = (row[0] for row in team.rows("select bucket from shared.feed order by url"))
    team.rows("update shared.feed set items_a_day = case when url like '%%busy%%' then 9 else 0.1 end")

    def due(behind: timedelta) -> set[int]:
        team.rows("update shared.feed set next_due = %s", (homes.NOON - behind).replace(tzinfo=None))
        with connect(team.place, FETCH) as c:
            return set(sweeps.due_buckets(c, homes.NOON, sweeps.lateness(c, homes.NOON)))

    assert due(timedelta(minutes=1)) == {busy, rare}
    assert due(timedelta(hours=2)) == {
        busy,
        rare,
    }  # less than twice the delay of the busy feeds has passed …
    team.rows(
        "update shared.feed set next_due = %s where url like '%%rare%%'",
        (homes.NOON - timedelta(hours=1)).replace(tzinfo=None),
    )
    with connect(team.place, FETCH) as c:
        assert sweeps.lateness(c, homes.NOON) == timedelta(hours=2)
        assert set(sweeps.due_buckets(c, homes.NOON, timedelta(hours=2))) == {busy}
        assert sweeps.backlog(c, homes.NOON).late == timedelta(hours=2)


def test_feeds_of_who_is_away_for_a_month_rest_until_they_are_back(team: TestTeam) -> None:
    ada = team.add("ada", "World http://127.0.0.1:1/a.xml", "World http://127.0.0.1:2/both.xml")
    bob = team.add("bob", "World http://127.0.0.1:2/both.xml")
    away = datetime.now(UTC) + timedelta(days=31)

    def due() -> int:
        with connect(team.place, FETCH) as c:
            return len(sweeps.due_buckets(c, away))

    assert due() == 0
    with team.store(bob) as store:
        store.was_here(away)
    assert due() == 1
    with team.store(ada) as store:
        store.was_here(away)
    assert due() == 2


@pytest.mark.parametrize(
    ("zone", "hour", "after", "due"),
    [
        ("Europe/Berlin", "06:30", "2026-03-18T05:29:00", "2026-03-18T05:30:00"),
        ("Europe/Berlin", "06:30", "2026-03-18T05:30:00", "2026-03-19T05:30:00"),
        ("America/New_York", "06:30", "2026-03-20T11:00:00", "2026-03-23T10:30:00"),  # over the weekend
        ("Asia/Kolkata", "07:15", "2026-03-18T00:00:00", "2026-03-18T01:45:00"),
        ("Europe/Berlin", "02:30", "2026-03-27T12:00:00", "2026-03-30T00:30:00"),
    ],
)
def test_the_next_hour_is_that_of_the_next_day_with_an_edition(
    zone: str, hour: str, after: str, due: str
) -> None:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert next_hour(zone, hour, DAYS, moment) == datetime.fromisoformat(due).replace(tzinfo=UTC)
    assert next_hour(zone, hour, (), moment) == NEVER


def a_mail_server(team: TestTeam, post: MailServer) -> None:
    (team.folder / "newsfeed.toml").write_text(
        f'[mail]\nto = "team@example.org"\nhost = "127.0.0.1"\nsecurity = "none"\nport = {post.port}\n',
        encoding="utf-8",
    )


def test_one_edition_and_one_mail_whoever_else_is_at_it(team: TestTeam, server: Server) -> None:
    with MailServer() as post:
        a_mail_server(team, post)
        team.allow(server.place)
        url = server.feed(
            "/a.xml",
            rss(
                "A",
                [Entry("Bank of England raises rates to 4 percent", "Seven of nine members voted for it.")],
            ),
        )
        ada = team.add("ada", f"World {url}", mail="ada@example.org")
        team.at(MORNING)
        team.work("fetch")
        desks = [team.desk() for _ in range(4)]

        def serve(n: int) -> None:
            for _ in range(3):
                desks[n].serve([ada.id])

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(serve, range(4)))
        for desk in desks:
            desk.close()
        assert team.rows("select state from reader.mail") == [("sent",)]
        assert len(post.taken) == 1
    assert team.count("reader.edition") == 1


def give_up(team: TestTeam) -> None:
    """As if all jobs had used up their retries."""
    team.rows("set search_path = procrastinate")
    team.rows("delete from procrastinate_jobs")
    team.rows("reset search_path")


def test_a_morning_is_owed_until_something_could_be_read_and_its_mail_went_out(
    team: TestTeam, server: Server
) -> None:
    with MailServer(how="greylist") as post:
        a_mail_server(team, post)
        team.allow(server.place)
        url = server.reply("/a.xml", 500)
        ada = team.add("ada", f"World {url}", mail="ada@example.org")
        nobody = team.add("nobody")
        team.at(MORNING)
        team.work()
        assert team.rows("select reader, owed from shared.morning order by 1") == [
            (ada.id, True),
            (nobody.id, False),
        ]
        assert team.count("reader.edition") == 0
        server.feed(
            "/a.xml",
            rss(
                "A",
                [Entry("Bank of England raises rates to 4 percent", "Seven of nine members voted for it.")],
            ),
        )
        team.rows("update shared.feed set next_due = null, not_before = null")
        give_up(team)
        team.at(MORNING + timedelta(minutes=31))
        team.work()
        assert team.count("reader.edition") == 1
        assert team.count("shared.morning", "owed") == 1  # the mail server said: later
        give_up(team)
        team.at(MORNING + timedelta(minutes=70))
        team.work()
        assert len(post.taken) == 1
    assert team.count("reader.edition") == 1
    assert team.count("shared.morning", "owed") == 0


def test_a_worker_tells_what_fails_in_a_sentence(team: TestTeam, server: Server) -> None:
    team.allow(server.place)
    team.add("ada", f"World {server.reply('/a.xml', 500)}")
    team.at(MORNING)
    team.work()
    # Tried for the last time: who gives up says so.
    team.rows("update procrastinate.procrastinate_jobs set attempts = 9, scheduled_at = null")
    said = team.process("worker", "edition", "--once").communicate(timeout=120)[0]
    assert "not one of its feeds could be read" in said
    assert "Traceback" not in said


def test_options_that_change_what_is_read_make_another_feed(team: TestTeam) -> None:
    url = "https://social.example/@ada"
    plain = Subscription(url=url, title="Ada", options={"weight": "2"})
    boosts = Subscription(url=url, title="Ada and others", options={"boosts": "yes", "must-read": "yes"})
    for name, wanted in (("ada", plain), ("bob", boosts), ("eve", plain)):
        with team.store(team.readers.add(name)) as store:
            store.sync([wanted], team.moment)
            assert store.sync([wanted], team.moment).kept == 1
            (state,) = store.states()
            assert state.subscription == wanted
    assert sorted(team.rows("select followers from shared.feed")) == [(1,), (2,)]


def test_a_job_sweeps_at_most_500_feeds_of_a_bucket_and_is_never_put_off(team: TestTeam) -> None:
    team.add("ada", *(f"World http://127.0.0.1:9/{n}.xml" for n in range(sweeps.CLAIMED + 7)))
    fetching = Fetching(team.place, team.desk().machine, team.clock, "test")

    async def look() -> int:
        async with fetching, workers.fetch_app(fetching, workers.Pace()).open_async() as app:
            return await workers.defer_sweeps(app, fetching)

    assert asyncio.run(look()) == 1
    ((lock, queueing, when, args),) = team.rows(
        "select lock, queueing_lock, scheduled_at, args from procrastinate.procrastinate_jobs"
    )
    assert lock == queueing == f"bucket {args['bucket']}"
    assert when is None
    with connect(team.place, FETCH) as c:
        assert len(sweeps.claim(c, args["bucket"], "one", team.moment)) == 500
        assert len(sweeps.claim(c, args["bucket"], "two", team.moment)) == 7


def test_two_that_look_at_once_make_one_job_for_each_bucket(team: TestTeam) -> None:
    machine = team.desk().machine
    fetching = Fetching(team.place, machine, team.clock, "test")

    async def look() -> tuple[int, int]:
        async with workers.fetch_app(fetching, workers.Pace()).open_async() as app:

            def due() -> list[int]:  # another round is quicker, after this one asked what is waiting
                job = app.configure_task("sweep", lock="bucket 2", queueing_lock="bucket 2")
                asyncio.run_coroutine_threadsafe(job.defer_async(bucket=2), loop).result()
                return [1, 2, 3]

            loop = asyncio.get_running_loop()
            fetching.due_buckets = due  # type: ignore[method-assign]
            first = await workers.defer_sweeps(app, fetching)
            fetching.due_buckets = lambda: [1, 2, 3, 4]  # type: ignore[method-assign]
            return first, await workers.defer_sweeps(app, fetching)

    assert asyncio.run(look()) == (2, 1)
    assert team.count("procrastinate.procrastinate_jobs") == 4


def test_a_database_that_has_to_be_waited_for_holds_up_no_request(team: TestTeam, server: Server) -> None:
    body = rss("A", [Entry("The bridge opens", "It took nine years to build.", 3)])
    team.allow(server.place)
    team.add("ada", f"World {server.play('/a.xml', slow(1, document(body)))}")
    (bucket,) = {row[0] for row in team.rows("select bucket from shared.feed where listed")}
    late: list[float] = []

    def hold() -> int:  # as a list that comes in does, for as long as it takes
        with connect(team.place, FETCH) as other:
            other.execute("select from shared.feed for update")
            time.sleep(3)
            return team.count("shared.item")

    async def sweep() -> tuple[int, int]:
        async def probe() -> None:
            while True:
                due = loop.time() + 0.02
                await asyncio.sleep(0.02)
                late.append(loop.time() - due)

        loop = asyncio.get_running_loop()
        async with Fetching(team.place, team.desk().machine, team.clock, "test") as fetching:
            asked = asyncio.create_task(fetching.sweep(bucket))
            while not team.count("shared.feed", "leased_by <> ''"):
                await asyncio.sleep(0.01)
            probing = asyncio.create_task(probe())
            held = await asyncio.to_thread(hold)
            found = await asked
            probing.cancel()
            return held, found

    assert asyncio.run(sweep()) == (0, 1)
    assert team.count("shared.item") == 1
    assert max(late) < 1.5
    assert team.count("shared.feed", "leased_by <> ''") == 0
