"""Commands as processes of their own, in a home that sends mail: to be stopped or killed, and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import homes
from homes import Entry
from mailserver import MailServer
from serving import Server

from newsfeed.model import PAGE_END

WORDS = ["market", "bank", "software", "law", "study", "brand", "team", "quota", "chip", "climate"]


def entries(feed: int, wave: int) -> list[Entry]:
    """A feed's document at its nth wave: each wave adds four items to the one before."""
    return [
        Entry(
            f"{WORDS[(feed + n) % 10].capitalize()} story {feed}-{n} about {WORDS[n % 10]} number {n * 7919 + feed}",
            f"Report {n} on the {WORDS[n % 7]} tells of {WORDS[feed % 7]} in a sentence that is long enough to read.",
            hours=-24 * 365,  # clamped to "now", because the processes here use the real clock
        )
        for n in range(4 * (wave + 1))
    ]


class Running:
    """A command in a home as a process, `run` by default, with a clock that each start may set."""

    def __init__(
        self, home: Path, ports: list[int], *, words: Sequence[str] = ("run",), at: datetime | None = None
    ) -> None:
        environment = {
            **os.environ,
            "NEWSFEED_FETCH__ALLOW_PRIVATE": ",".join(f"127.0.0.1:{p}" for p in ports),
            "NEWSFEED_FETCH__WORKERS": "1",
            "PYTHONUNBUFFERED": "1",
        }
        for name in ("NEWSFEED_CLOCK", "NEWSFEED_CRASHES"):
            environment.pop(name, None)
        if at is not None:
            environment["NEWSFEED_CLOCK"] = at.isoformat()
        self.said: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "newsfeed", "--home", str(home), *words],
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

    def until(self, seen: Callable[[], bool], seconds: float = 120) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._process.poll() is None:
            if seen():
                return True
            time.sleep(0.02)
        return seen()

    def heard(self, words: str) -> Callable[[], bool]:
        return lambda: any(words in line for line in self.said)

    def wait(self, seconds: float = 120) -> int:
        """Wait for it to end by itself."""
        return self._ended(seconds)

    def end(self, number: signal.Signals, seconds: float = 60) -> int:
        self._process.send_signal(number)
        return self._ended(seconds)

    def _ended(self, seconds: float) -> int:
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
