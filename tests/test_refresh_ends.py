"""A refresh ends by itself whatever goes wrong, keeps what it could read, and leaves no process behind."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from homes import NOON, Entry, TestHome, make, rss
from serving import Exchange, Server

from newsfeed.errors import StoreError
from newsfeed.model import Cause, Request, Response, Subscription
from newsfeed.pipeline.morning import pull
from newsfeed.reading.parsers import Parsers
from newsfeed.store import Store, feeds_queries

LISTED = '<opml version="2.0"><body>{}</body></opml>'


def listed(server: Server, count: int) -> str:
    outlines = (
        f'<outline type="rss" text="Paper {n}" xmlUrl="{server.url(f"/{n}.xml")}"/>' for n in range(count)
    )
    return LISTED.format("".join(outlines))


def papers(server: Server, count: int, *, words: int = 10, items: int = 3) -> None:
    for n in range(count):
        entries = [Entry(f"Report {k} of harbour {n}", "Ships came and went. " * words) for k in range(items)]
        server.feed(f"/{n}.xml", rss(f"Paper {n}", entries, base=f"https://p{n}.example"))


@pytest.fixture
def home(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestHome:
    return make(tmp_path / "home", monkeypatch, [server.port])


def stored(home: TestHome) -> dict[str, int]:
    """The number of stored items by the name of their feed."""
    with Store.open(home.folder / ".newsfeed" / "newsfeed.db", now=NOON) as store:
        return {s.name: len(store.known(s.feed)) for s in store.states()}


def test_a_disk_that_fills_up_ends_the_run_with_its_cause(home: TestHome, server: Server) -> None:
    papers(server, 4, words=300, items=60)
    home.list(listed(server, 4))
    done = subprocess.run(
        [sys.executable, "-m", "newsfeed", "--home", home.folder, "refresh"],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY)),
    )
    assert done.returncode == 2
    assert "disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    assert home.run("refresh", "--force") == 0, "the home is free again, and the next run repairs itself"
    assert set(stored(home).values()) == {60}


def test_one_feed_that_cannot_be_kept_costs_no_other(
    home: TestHome, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    papers(server, 5)
    home.list(listed(server, 5))
    apply = feeds_queries.apply_all

    def refuse(db: Any, updates: Any, now: datetime) -> Any:
        if any(update.state.name == "Paper 2" for update in updates):
            raise StoreError("newsfeed.db", "the disk is full", "Free some space.")
        return apply(db, updates, now)

    monkeypatch.setattr(feeds_queries, "apply_all", refuse)
    assert home.run("refresh") == 2
    assert "the disk is full" in capsys.readouterr().err
    assert stored(home) == {f"Paper {n}": 0 if n == 2 else 3 for n in range(5)}


def test_one_update_that_provokes_an_error_is_taken_out_of_its_batch(
    home: TestHome, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    papers(server, 5)
    home.list(listed(server, 5))
    apply = feeds_queries.apply_all

    def stumble(db: Any, updates: Any, now: datetime) -> Any:
        done = apply(db, updates, now)
        if any(update.state.name == "Paper 3" for update in updates):
            raise ZeroDivisionError  # after its rows were written
        return done

    monkeypatch.setattr(feeds_queries, "apply_all", stumble)
    assert home.run("refresh") == 1
    assert "Paper 3" in capsys.readouterr().err
    assert stored(home) == {f"Paper {n}": 0 if n == 3 else 3 for n in range(5)}


def test_an_unforeseen_error_is_the_failure_of_its_feed(
    home: TestHome, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    papers(server, 4)
    home.list(listed(server, 4))
    decide = pull.changes.decide

    def stumble(state: Any, *rest: Any) -> Any:
        if state.name == "Paper 1":
            raise ZeroDivisionError("a secret may stand here")
        return decide(state, *rest)

    monkeypatch.setattr(pull.changes, "decide", stumble)
    assert home.run("refresh") == 1
    said = capsys.readouterr().err
    assert "Paper 1" in said
    assert "ZeroDivisionError" in said
    assert "secret" not in said
    assert stored(home) == {f"Paper {n}": 0 if n == 1 else 3 for n in range(4)}


def test_a_run_that_takes_too_long_leaves_the_rest_for_the_next_one(
    home: TestHome, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    papers(server, 3)
    server.play("/1.xml", lambda exchange: exchange.hang())
    home.list(listed(server, 3))
    monkeypatch.setattr(pull, "_longest", lambda feeds, settings: 5.0)
    assert home.run("refresh") == 1
    kept = stored(home)
    assert (kept["Paper 0"], kept["Paper 1"], kept["Paper 2"]) == (3, 0, 3)
    server.reply("/1.xml", body=rss("Paper 1", [Entry("At last")]))
    assert home.run("refresh", "--feed", "Paper 1", "--force") == 0


def test_a_closed_pool_refuses() -> None:
    url = "https://feeds.example/feed.xml"
    answer = Response(request=Request(url=url), url=url, body=b"<rss/>")
    now = datetime(2026, 3, 18, tzinfo=UTC)

    async def go() -> None:
        async with Parsers(1, 20) as parsers:
            late = asyncio.create_task(parsers.parse(answer, Subscription(url=url), {}, now))
            await asyncio.sleep(0)  # while its worker is being started
        with pytest.raises(RuntimeError, match="closed"):
            await late
        with pytest.raises(RuntimeError, match="closed"):
            await parsers.parse(answer, Subscription(url=url), {}, now)
        assert parsers.workers == ()

    asyncio.run(go())


SLOW_ITEM = (
    "<item><title>x</title>" + "".join(f"<category>c{n}</category>" for n in range(60_000)) + "</item>"
)


def children(pid: int) -> list[int]:
    """The processes of a group except its first."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != pid:
            try:
                if os.getpgid(int(entry.name)) == pid:
                    found.append(int(entry.name))
            except ProcessLookupError:
                continue
    return found


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes in /proc")
@pytest.mark.parametrize("moment", ["asking", "reading", "starting"])
def test_ctrl_c_ends_with_one_sentence_and_leaves_nothing_behind(
    home: TestHome, server: Server, moment: str
) -> None:
    papers(server, 3)
    if moment != "reading":  # and the start is not over before the signal comes, however fast it is
        server.play("/2.xml", lambda exchange: exchange.hang())
    elif moment == "reading":
        server.reply(
            "/2.xml", body=rss("Paper 2", []).replace(b"</channel>", SLOW_ITEM.encode() + b"</channel>")
        )
    home.list(listed(server, 3))
    process = subprocess.Popen(
        [sys.executable, "-m", "newsfeed", "--home", home.folder, "refresh"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    with process:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            asked = {seen.path for seen in server.seen}
            if moment == "starting" or ("/2.xml" in asked and children(process.pid)):
                break
            time.sleep(0.02)
        time.sleep(1.0)
        os.killpg(process.pid, signal.SIGINT)
        assert process.stderr is not None
        said = process.stderr.read()
        assert process.wait(300) == 130, said
    assert "Traceback" not in said
    assert "Stopped." in said
    until = time.monotonic() + 10
    while children(process.pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert children(process.pid) == []
    server.feed("/2.xml", rss("Paper 2", [Entry("At last")]))
    assert home.run("refresh", "--force") == 0, "the home is not locked"


def test_a_feed_that_is_gone_for_good_is_asked_again_only_by_its_name(home: TestHome, server: Server) -> None:
    papers(server, 2)
    home.list(listed(server, 2))
    server.reply("/0.xml", 410)
    home.run("refresh")
    asked = len(server.asked("/0.xml"))
    home.at(NOON + timedelta(hours=9))
    home.run("refresh", "--force")
    assert len(server.asked("/0.xml")) == asked
    assert len(server.asked("/1.xml")) > 1
    home.run("refresh", "--feed", "Paper 0")
    assert len(server.asked("/0.xml")) == asked + 1


@pytest.mark.parametrize("after", ["after lunch", "", "-5", "soon;q=1"])
def test_who_asks_us_to_come_less_often_is_left_alone_even_by_force(
    home: TestHome, server: Server, after: str
) -> None:
    papers(server, 2)
    home.list(listed(server, 2))
    server.reply("/0.xml", 429, [("Retry-After", after)])
    for _ in range(2):
        home.run("refresh", "--force")
    assert len(server.asked("/0.xml")) == 1
    assert len(server.asked("/1.xml")) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="many hosts: all of 127.0.0.0/8")
def test_many_hosts_that_say_nothing_keep_no_healthy_feed_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the first refresh, when no feed is known to fail: silent hosts answer only after every healthy feed was asked."""
    for seconds in ("CONNECT_SECONDS", "READ_SECONDS"):
        monkeypatch.setattr(f"newsfeed.fetch.client.{seconds}", 300.0)
    with Server(host="0.0.0.0") as server:
        home = make(tmp_path / "home", monkeypatch)
        (home.folder / "newsfeed.toml").write_text(
            'timezone = "UTC"\n[fetch]\nconnections = 5\ntimeout = 300\n'
        )
        monkeypatch.setenv("NEWSFEED_FETCH__ALLOW_PRIVATE", f"127.0.0.0/8:{server.port}")
        papers(server, 10)

        async def silent(exchange: Exchange) -> None:
            while len({seen.path for seen in server.seen if seen.path.endswith(".xml")}) < 10:
                await asyncio.sleep(0.05)
            await exchange.reply(404)

        server.play("/silent", silent)
        places = [f"127.6.0.{n}:{server.port}/silent" for n in range(1, 151)]
        places += [f"127.8.0.{n + 1}:{server.port}/{n}.xml" for n in range(10)]
        home.list(
            LISTED.format("".join(f'<outline type="rss" text="{p}" xmlUrl="http://{p}"/>' for p in places))
        )
        assert home.run("refresh", "--fetch-only") == 1
        with Store.open(home.folder / ".newsfeed" / "newsfeed.db", now=NOON) as store:
            states = store.states()
    causes = {s.failure.cause if s.failure else "" for s in states if "silent" in s.name}
    assert causes == {Cause.NOT_FOUND}, "none had to end for others to be asked"
    assert sum(s.first_good is not None for s in states) == 10
