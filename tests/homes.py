"""Homes and feeds for whole mornings, written by the tests and served by a real server on loopback."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from newsfeed.cli.app import run
from newsfeed.model import Failure
from newsfeed.reading import parsers, spawning

NOON = datetime(2026, 3, 18, 6, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Entry:
    """One item of a test feed."""

    title: str
    text: str = (
        "A sentence that says what happened. Another one that says why it matters to whoever reads it."
    )
    hours: float = 3.0  # before NOON
    link: str = ""


def rss(title: str, entries: Sequence[Entry], *, base: str = "https://outlet.example") -> bytes:
    """An RSS 2.0 document."""
    items = []
    for n, entry in enumerate(entries):
        link = entry.link or f"{base}/{abs(hash_of(entry.title))}-{n}"
        when = format_datetime(NOON - timedelta(hours=entry.hours))
        items.append(
            f"<item><title>{html.escape(entry.title)}</title><link>{link}</link><guid>{link}</guid>"
            f"<pubDate>{when}</pubDate><description>{html.escape(entry.text)}</description></item>"
        )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>{html.escape(title)}</title>'
        f"<link>{base}</link><description>d</description>{''.join(items)}</channel></rss>"
    ).encode()


def hash_of(text: str) -> int:
    """A small number for a text, the same in every process."""
    return int.from_bytes(text.encode()[:6], "big") % 10_000_019


def opml(*outlines: tuple[str, str, str]) -> str:
    """A list of (folder, title, url)."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        "<head><title>t</title></head>",
        "<body>",
    ]
    for folder, title, url in outlines:
        lines += [
            f'<outline text="{folder}">',
            f'  <outline type="rss" text="{title}" xmlUrl="{url}"/>',
            "</outline>",
        ]
    return "\n".join([*lines, "</body>", "</opml>", ""])


@dataclass(frozen=True)
class TestHome:
    """A home in a temporary folder, and its command line."""

    __test__ = False
    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def at(self, moment: datetime) -> None:
        """Set the clock."""
        self.monkeypatch.setenv("NEWSFEED_CLOCK", moment.isoformat())

    def run(self, *words: str) -> int:
        """Run one command; gives its exit code."""
        return run(["--home", str(self.folder), *words])

    def list(self, text: str) -> None:
        """Write feeds.opml."""
        (self.folder / "feeds.opml").write_text(text, encoding="utf-8")

    def page(self) -> str:
        return (self.folder / "site" / "index.html").read_text(encoding="utf-8")

    def digest(self) -> Any:
        """digest.json of the newest edition."""
        return json.loads((self.folder / "site" / "digest.json").read_bytes())


class Reading:
    """Reads documents in this process, as a worker does in its own, which takes a third of a second to start. It has no
    deadline and no memory limit; tests of those let workers run."""

    alive = True

    async def ask(self, message: bytes, _deadline: float) -> parsers._Answer | Failure | None:
        answer = parsers._answer(msgspec.msgpack.decode(message, type=parsers._Job))
        return msgspec.msgpack.decode(msgspec.msgpack.encode(answer), type=parsers._Answer)

    async def kill(self) -> None:
        self.alive = False

    stop = kill


async def _reading() -> Reading:
    return Reading()


def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read documents in this process."""
    monkeypatch.setattr(parsers._Worker, "start", _reading)
    monkeypatch.setattr(spawning, "start_ahead", lambda _count: None)


def make(
    folder: Path, monkeypatch: pytest.MonkeyPatch, ports: Sequence[int] = (), *, workers: bool = False
) -> TestHome:
    """An empty home whose settings allow the given ports of this machine; with `workers`, documents are read in
    processes of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "newsfeed.toml").write_text('timezone = "Europe/Berlin"\n', encoding="utf-8")
    monkeypatch.setenv("NEWSFEED_FETCH__ALLOW_PRIVATE", ",".join(f"127.0.0.1:{port}" for port in ports))
    monkeypatch.setenv("NEWSFEED_FETCH__WORKERS", "1")
    if not workers:
        read_here(monkeypatch)
    home = TestHome(folder, monkeypatch)
    home.at(NOON)
    return home
