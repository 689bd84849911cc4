"""`newsfeed run` as a process of its own: stopped, killed with a mail under way, started again."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import homes
import pytest
from mailserver import MailServer
from running import Running, entries, prepare
from serving import Server, slow

pytestmark = [pytest.mark.live]


def test_a_stop_ends_it_in_time_and_in_order(tmp_path: Path, server: Server) -> None:
    with MailServer() as mail:
        home = prepare(tmp_path, server, mail)
        running = Running(home, [server.port])
        assert running.until(running.heard("sent.")), running.said
        began = time.monotonic()
        assert running.end(signal.SIGTERM, 40) == 0
        assert time.monotonic() - began < 20
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
        assert running.end(signal.SIGTERM, 40) == 0
        assert time.monotonic() - began < 20
        server.feed("/0", body)
        again = Running(home, [server.port])
        assert again.until(again.heard("sent.")), again.said
        assert again.end(signal.SIGTERM) == 0
        assert len(mail.taken) == 1


def test_killed_between_the_mail_and_its_note_it_is_shown_and_not_sent_again(
    tmp_path: Path, server: Server
) -> None:
    """The one gap in "at most once": the server has the mail, but that was not noted yet."""
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
        # Until it reports that it is running (on a busy machine seconds after its start), a signal only kills it.
        assert third.until(third.heard("newsfeed runs")), third.said
        assert not third.until(third.heard("Mail of"), seconds=4)
        assert third.end(signal.SIGTERM) == 0
        assert len(mail.taken) == 1
