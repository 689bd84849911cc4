"""Killed at random moments, on a disk that fills up, by a clock that jumps: nothing is lost and nothing doubled.

Acknowledged is what a command printed before it was killed: what it said of a feed, the edition it called made, the
mail it called sent; and all that a command did that ended by itself. The page is whole at every moment. The one window
that there is (a mail handed over but not noted) must show as uncertain and never as a second mail.

NEWSFEED_CRASHES sets the number of kills (`make crash`: 200); a command that ended before its kill is no kill.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from email import policy
from email.parser import BytesParser
from pathlib import Path

import homes
import pytest
from homes import NOON, Entry, opml, rss
from lxml import etree
from mailserver import MailServer
from running import Running, entries, prepare, whole
from serving import Server

pytestmark = [pytest.mark.live, pytest.mark.slow]
ROUNDS = int(os.environ.get("NEWSFEED_CRASHES", "15"))
START = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
WAVES = 30  # of items; later mornings bring nothing new
COMMANDS = (
    ("run",),
    ("refresh",),
    ("digest", "--no-open"),
    ("run",),
    ("mail",),
    ("digest", "--no-refresh", "--rebuild", "--no-open"),
)


def sound(site: Path) -> None:
    """Every file that is there is whole."""
    for page in site.rglob("*.html"):
        assert whole(page), page
    for name in ("digest.json", "feed.json"):
        if (site / name).exists():
            json.loads((site / name).read_bytes())
    if (site / "digest.xml").exists():
        etree.parse(site / "digest.xml")


class Told:
    """What was acknowledged before a kill."""

    def __init__(self) -> None:
        self.items: Counter[str] = Counter()
        self.pages: set[date] = set()
        self.mails: set[date] = set()

    def hear(self, said: list[str]) -> None:
        for line in said:
            if heard := re.match(r"(Feed \d): (\d+) new\.", line):
                self.items[heard[1]] += int(heard[2])
            if made := re.match(r"(\d{4}-\d\d-\d\d): page (made|drawn)", line):
                self.pages.add(date.fromisoformat(made[1]))
            if sent := re.match(r"Mail of (\d{4}-\d\d-\d\d): sent", line):
                self.mails.add(date.fromisoformat(sent[1]))


def test_killed_at_random_moments_nothing_is_lost_and_nothing_doubled(tmp_path: Path, server: Server) -> None:
    rng = random.Random(20261122)
    told, day, killed = Told(), 0, Counter[str]()
    with MailServer() as mail:
        home = prepare(tmp_path, server, mail)
        began = time.monotonic()
        first = Running(home, [server.port], words=("digest", "--no-open"), at=START - timedelta(days=1))
        assert first.wait() == 0, first.said
        whole_command = time.monotonic() - began  # on this machine, at the real time
        for number in itertools.count():
            if killed.total() >= ROUNDS:
                break
            at = START + timedelta(days=day)
            for n in range(6):
                server.feed(f"/{n}", homes.rss(f"Feed {n}", entries(n, min(day + 1, WAVES))))
            words = COMMANDS[number % len(COMMANDS)]
            running = Running(home, [server.port], words=words, at=at)
            if words == ("run",):
                running.until(running.heard("newsfeed runs for"))
                running.until(running.heard("sent"), seconds=whole_command * rng.uniform(0, 2))
            else:
                running.until(lambda: False, seconds=whole_command * rng.uniform(0, 1.1))
            ended = running.end(signal.SIGKILL) >= 0
            killed[words[0]] += not ended
            told.hear(running.said)
            if ended and words[0] == "digest":
                told.pages.add(at.date())
            sound(home / "site")
            if rng.random() < 0.5 or any("sent" in line for line in running.said):
                day += 1  # otherwise the same morning is resumed
        # At the end, one undisturbed run that resumes whatever is left.
        at = START + timedelta(days=day)
        calm = Running(home, [server.port], at=at)
        assert calm.until(lambda: calm.heard("sent")() or calm.heard("uncertain")(), 120), calm.said
        assert calm.end(signal.SIGTERM) == 0
        names = [BytesParser(policy=policy.default).parsebytes(data)["Message-ID"] for data in mail.taken]
    assert len(names) == len(set(names)), "a mail went out twice"
    mailed = {date.fromisoformat(m[1]) for n in names if (m := re.match(r"<digest-(\d{4}-\d\d-\d\d)", n))}
    assert told.mails <= mailed
    assert killed["run"], "nothing was ever killed"
    with sqlite3.connect(home / ".newsfeed" / "newsfeed.db") as database:
        check_database(database, told, mailed)
    database.close()
    sound(home / "site")
    print(f"{killed} kills, {day + 1} mornings, {len(names)} mails")  # noqa: T201


def check_database(database: sqlite3.Connection, told: Told, mailed: set[date]) -> None:
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    kept = {date.fromisoformat(row[0]) for row in database.execute("SELECT date FROM edition")}
    assert told.pages <= kept
    counted = "SELECT feed.title, count(*) FROM item JOIN feed ON feed.id = item.feed GROUP BY feed.title"
    stored = dict(database.execute(counted))
    assert all(stored[name] >= number for name, number in told.items.items())
    assert set(stored.values()) == {max(stored.values())}, "no feed's validators outran its items"
    doubled = "SELECT feed, identity FROM item GROUP BY feed, identity HAVING count(*) > 1"
    assert database.execute(doubled).fetchall() == []
    again = "SELECT item FROM shown GROUP BY item HAVING count(DISTINCT date) > 1"
    assert database.execute(again).fetchall() == [], "what one morning showed came as new on another"
    untagged = "SELECT count(*) FROM shown WHERE item NOT IN (SELECT item FROM tagging)"
    assert database.execute(untagged).fetchone() == (0,)
    outbox = {date.fromisoformat(r[0]): r[1] for r in database.execute("SELECT date, state FROM mail")}
    assert {d for d, state in outbox.items() if state == "sent"} <= mailed
    # A mail that was sent but not noted as sent is noted as uncertain, or was never resumed.
    assert all(outbox[d] in {"sent", "uncertain", "claimed"} for d in mailed)


# Bytes that one file may have, which stops the writer like a disk that is full: from the very first write (a database,
# its journal) over the growing database to the pages.
@pytest.mark.parametrize("room", [0, 1_000, 33_000, 70_000, 150_000, 300_000, 700_000])
def test_a_disk_that_is_full_at_any_write_costs_nothing_that_was_there(
    tmp_path: Path, server: Server, room: int
) -> None:
    home = homes_of(tmp_path, server, 3)
    command = [sys.executable, "-m", "newsfeed", "--home", str(home), "digest", "--no-open"]
    environment = {**os.environ, "NEWSFEED_FETCH__ALLOW_PRIVATE": server.place}
    environment["NEWSFEED_CLOCK"] = (NOON - timedelta(days=1)).isoformat()
    assert subprocess.run(command, check=False, env=environment, capture_output=True).returncode == 0
    before = {path: path.read_bytes() for path in (home / "site").rglob("*") if path.is_file()}
    for n in range(3):
        server.feed(f"/{n}", rss(f"Feed {n}", [*old(n), *new(n)], base=f"https://p{n}.example"))
    environment["NEWSFEED_CLOCK"] = NOON.isoformat()
    full = subprocess.run(
        command,
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY)),
    )
    assert "Traceback" not in full.stderr, full.stderr
    if full.returncode:
        assert full.returncode == 2, full.stderr
        assert re.search(r"disk is full|larger than (a|the) file may be|too large|free space", full.stderr), (
            full.stderr
        )
        assert (home / "site" / "index.html").read_bytes() == before[home / "site" / "index.html"]
    sound(home / "site")
    after = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
    assert after.returncode == 0, after.stderr
    sound(home / "site")
    assert not list(home.rglob("*.part")), "nothing half is left"
    with sqlite3.connect(home / ".newsfeed" / "newsfeed.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert set(database.execute("SELECT count(*) FROM item GROUP BY feed")) == {(46,)}
        assert database.execute("SELECT count(*) FROM edition").fetchone() == (2,)
    database.close()


def old(feed: int) -> list[Entry]:
    return [
        Entry(f"Harbour {feed} opened gate {n}", hours=30 + n, link=f"https://p{feed}.example/{n}")
        for n in range(6)
    ]


def new(feed: int) -> list[Entry]:
    long = "Ships of every kind came through the gate and went out again. " * 60
    return [
        Entry(f"Report {n} of port {feed}", long, hours=2, link=f"https://p{feed}.example/new/{n}")
        for n in range(40)
    ]


def homes_of(tmp_path: Path, server: Server, feeds: int) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    (home / "newsfeed.toml").write_text('timezone = "UTC"\n[fetch]\nworkers = 1\nmanual_floor = 0\n')
    for n in range(feeds):
        server.feed(f"/{n}", rss(f"Feed {n}", old(n), base=f"https://p{n}.example"))
    (home / "feeds.opml").write_text(
        opml(*(("News", f"Feed {n}", server.url(f"/{n}")) for n in range(feeds)))
    )
    return home


@pytest.mark.parametrize("step", [timedelta(days=5 * 365), timedelta(days=-5 * 365), timedelta(hours=-25)])
def test_a_clock_that_steps_and_comes_back_loses_pins_and_doubles_nothing(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, step: timedelta
) -> None:
    home = homes.make(tmp_path / "home", monkeypatch, [server.port])
    home.list(opml(("News", "Feed", server.url("/feed"))))

    def morning(at: datetime, *titles: str) -> None:
        home.at(at)
        entries = [Entry(t, hours=3 - 12 * n, link=f"https://p.example/{n}") for n, t in enumerate(titles)]
        server.feed("/feed", rss("Feed", entries, base="https://p.example"))
        assert home.run("digest", "--no-open") == 0

    first = "The harbour opens a second gate", "Miners of the north end their strike"
    later = "A comet is seen over the southern hills", "Bakers agree on the price of rye"
    morning(NOON, *first)
    morning(NOON + step, *first, later[0])
    asked = len(server.asked("/feed"))
    morning(NOON + timedelta(days=1), *first, *later)
    assert len(server.asked("/feed")) > asked, "it is asked again at once"
    assert later[1] in home.page()
    with sqlite3.connect(home.folder / ".newsfeed" / "newsfeed.db") as database:
        assert database.execute("SELECT count(*), count(DISTINCT identity) FROM item").fetchone() == (4, 4)
        days = [row[0] for row in database.execute("SELECT date FROM edition")]
        assert len(days) == len(set(days))
        shown = database.execute("SELECT item FROM shown GROUP BY item HAVING count(DISTINCT date) > 1")
        assert shown.fetchall() == []
    database.close()
