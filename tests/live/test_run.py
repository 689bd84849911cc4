"""`newsfeed run` as a process of its own: stopped, killed at random moments, started again.

Acknowledged is what the process printed before it was killed: what it said of a feed, the edition it called made, the
mail it called sent.
Nothing of that may be lost, nothing may be doubled, and the page is whole at every moment. The one window that there
is (a mail handed over but not noted) must show as uncertain and never as a second mail.

NEWSFEED_CRASHES sets the number of kills (`make crash`: 100).
"""

from __future__ import annotations

import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from email import policy
from email.parser import BytesParser
from pathlib import Path

import homes
import pytest
from homes import Entry
from mailserver import MailServer
from serving import Server, slow

from newsfeed.model import PAGE_END

pytestmark = [pytest.mark.live]
ROUNDS = int(os.environ.get("NEWSFEED_CRASHES", "15"))
WORDS = ["market", "bank", "software", "law", "study", "brand", "team", "quota", "chip", "climate"]


def entries(feed: int, wave: int) -> list[Entry]:
    """What a feed brings by its nth wave: each wave adds four to the last."""
    return [
        Entry(
            f"{WORDS[(feed + n) % 10].capitalize()} story {feed}-{n} about {WORDS[n % 10]} number {n * 7919 + feed}",
            f"Report {n} on the {WORDS[n % 7]} tells of {WORDS[feed % 7]} in a sentence that is long enough to read.",
            hours=-24 * 365,  # dated "now" by the clamp: the processes here live by the real clock
        )
        for n in range(4 * (wave + 1))
    ]


class Running:
    """A `newsfeed run` process in a home, on a clock that each start may set."""

    def __init__(self, home: Path, ports: list[int], *, at: datetime | None = None) -> None:
        environment = {
            **os.environ,
            "NEWSFEED_FETCH__ALLOW_PRIVATE": ",".join(f"127.0.0.1:{p}" for p in ports),
            "PYTHONUNBUFFERED": "1",
        }
        for name in ("NEWSFEED_CLOCK", "NEWSFEED_CRASHES"):
            environment.pop(name, None)
        if at is not None:
            environment["NEWSFEED_CLOCK"] = at.isoformat()
        self.said: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "newsfeed", "--home", str(home), "run"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.said.append(line.rstrip())

    def until(self, seen: Callable[[], bool], seconds: float = 40) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._process.poll() is None:
            if seen():
                return True
            time.sleep(0.02)
        return seen()

    def heard(self, words: str) -> Callable[[], bool]:
        return lambda: any(words in line for line in self.said)

    def end(self, number: signal.Signals, seconds: float = 20) -> int:
        self._process.send_signal(number)
        code = self._process.wait(seconds)
        self._reader.join(10)
        assert self._process.stdout
        self._process.stdout.close()
        return code


def prepare(tmp_path: Path, server: Server, mail: MailServer, feeds: int = 6) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    (home / "newsfeed.toml").write_text(
        'timezone = "UTC"\n[schedule]\nhour = "00:00"\n[fetch]\nworkers = 1\nmanual_floor = 0\n[mail]\n'
        f'to = "me@example.org"\nhost = "127.0.0.1"\nport = {mail.port}\nsecurity = "none"\nempty_days = true\n'
    )
    urls = [(f"/{n}", f"Feed {n}") for n in range(feeds)]
    for n, (path, title) in enumerate(urls):
        server.feed(path, homes.rss(title, entries(n, 0)))
    (home / "feeds.opml").write_text(homes.opml(*(("News", title, server.url(path)) for path, title in urls)))
    return home


def whole(page: Path) -> bool:
    return not page.exists() or page.read_text(encoding="utf-8").rstrip().endswith(PAGE_END)


def test_a_stop_ends_it_in_time_and_in_order(tmp_path: Path, server: Server) -> None:
    with MailServer() as mail:
        home = prepare(tmp_path, server, mail)
        running = Running(home, [server.port])
        assert running.until(running.heard("sent.")), running.said
        began = time.monotonic()
        assert running.end(signal.SIGTERM) == 0
        assert time.monotonic() - began < 10
        assert running.said[-1] == "newsfeed ends."
        assert not (home / ".newsfeed" / "heartbeat.json").exists()
        assert len(mail.taken) == 1


def test_a_stop_in_the_middle_of_a_slow_feed(tmp_path: Path, server: Server) -> None:
    with MailServer() as mail:
        home = prepare(tmp_path, server, mail, feeds=3)
        body = homes.rss("Feed 0", entries(0, 0))

        async def quick(exchange: object) -> None:
            await exchange.reply(200, [("Content-Type", "application/rss+xml")], body)  # type: ignore[attr-defined]

        server.play("/0", slow(25, quick))
        running = Running(home, [server.port])
        assert running.until(lambda: bool(server.asked("/0")))
        time.sleep(0.5)
        began = time.monotonic()
        assert running.end(signal.SIGTERM) == 0
        assert time.monotonic() - began < 10
        server.feed("/0", body)
        again = Running(home, [server.port])
        assert again.until(again.heard("sent.")), again.said
        assert again.end(signal.SIGTERM) == 0
        assert len(mail.taken) == 1


def test_killed_between_the_mail_and_its_note_it_is_shown_and_not_sent_again(
    tmp_path: Path, server: Server
) -> None:
    """The one window: the server has the mail, nobody has noted it."""
    with MailServer("pause") as mail:
        home = prepare(tmp_path, server, mail, feeds=2)
        first = Running(home, [server.port])
        assert first.until(lambda: bool(mail.taken)), first.said
        first.end(signal.SIGKILL)
        mail.how = "accept"
        again = Running(home, [server.port])
        assert again.until(again.heard("uncertain")), again.said
        assert again.end(signal.SIGTERM) == 0
        third = Running(home, [server.port])
        assert not third.until(third.heard("Mail of"), seconds=4)
        assert third.end(signal.SIGTERM) == 0
        assert len(mail.taken) == 1


@pytest.mark.slow
def test_killed_at_random_moments_nothing_is_lost_and_nothing_doubled(tmp_path: Path, server: Server) -> None:
    rng = random.Random(20261122)
    sent: Counter[str] = Counter()
    acknowledged_pages: set[date] = set()
    acknowledged_mails: set[date] = set()
    acknowledged_items: Counter[str] = Counter()
    with MailServer() as mail:
        home = prepare(tmp_path, server, mail)
        days: set[date] = set()
        day = 0
        for round_number in range(ROUNDS):
            today = datetime(2026, 12, 1, 8, 0, tzinfo=UTC).timestamp() + 86_400 * day
            at = datetime.fromtimestamp(today, UTC)
            days.add(at.date())
            for n in range(6):
                server.feed(f"/{n}", homes.rss(f"Feed {n}", entries(n, min(day, 30))))
            running = Running(home, [server.port], at=at)
            # Most kills fall into the second in which a morning is made; some into its start, some after it.
            running.until(running.heard("newsfeed runs for"))
            running.until(running.heard("sent"), seconds=rng.choice([0.3, 1.0, 2.0, 3.0, 5.0]) * rng.random())
            if rng.random() < 0.25:
                running.until(running.heard("sent"), seconds=30)
            running.end(signal.SIGKILL)
            assert whole(home / "site" / "index.html"), f"round {round_number}"
            for line in running.said:
                if heard := re.match(r"(Feed \d): (\d+) new\.", line):
                    acknowledged_items[heard[1]] += int(heard[2])
                if made := re.match(r"(\d{4}-\d\d-\d\d): page (made|drawn)", line):
                    acknowledged_pages.add(date.fromisoformat(made[1]))
                if told := re.match(r"Mail of (\d{4}-\d\d-\d\d): sent", line):
                    acknowledged_mails.add(date.fromisoformat(told[1]))
            if rng.random() < 0.6 or any("sent" in line for line in running.said):
                day += 1  # else the same morning is taken up again
        # The last word: one calm run that takes up whatever is left.
        at = datetime.fromtimestamp(datetime(2026, 12, 1, 8, 0, tzinfo=UTC).timestamp() + 86_400 * day, UTC)
        calm = Running(home, [server.port], at=at)
        assert calm.until(lambda: calm.heard("sent")() or calm.heard("uncertain")()), calm.said
        assert calm.end(signal.SIGTERM) == 0
        for data in mail.taken:
            message = BytesParser(policy=policy.default).parsebytes(data)
            sent[message["Message-ID"]] += 1
    assert max(sent.values()) == 1, "a mail went out twice"
    mailed = {
        date.fromisoformat(m[1]) for name in sent if (m := re.match(r"<digest-(\d{4}-\d\d-\d\d)", name))
    }
    assert acknowledged_mails <= mailed
    with sqlite3.connect(home / ".newsfeed" / "newsfeed.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        kept = {date.fromisoformat(row[0]) for row in database.execute("SELECT date FROM edition")}
        assert acknowledged_pages <= kept
        stored = dict(
            database.execute(
                "SELECT feed.title, count(*) FROM item JOIN feed ON feed.id = item.feed GROUP BY feed.title"
            )
        )
        assert acknowledged_items, "no feed was ever acknowledged before a kill"
        assert all(stored[name] >= number for name, number in acknowledged_items.items())
        doubled = database.execute(
            "SELECT feed, identity, count(*) FROM item GROUP BY feed, identity HAVING count(*) > 1"
        ).fetchall()
        assert doubled == []
        again = "SELECT item FROM shown GROUP BY item HAVING count(DISTINCT date) > 1"
        assert database.execute(again).fetchall() == [], "what one morning showed came as new on another"
        outbox = {date.fromisoformat(r[0]): r[1] for r in database.execute("SELECT date, state FROM mail")}
    database.close()
    assert {d for d, state in outbox.items() if state == "sent"} <= mailed
    # What went out but is not noted as sent is noted as uncertain, or was never looked at again.
    assert all(outbox[d] in {"sent", "uncertain", "claimed"} for d in mailed)
    assert whole(home / "site" / "index.html")
    print(f"{ROUNDS} kills, {len(days)} mornings, {len(mail.taken)} mails, outbox {Counter(outbox.values())}")  # noqa: T201
