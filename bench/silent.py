"""How much silent hosts delay healthy feeds: when the last of 50 healthy feeds is stored, with and without 120 hosts that accept
a connection and never answer; and with one of them among 100 feeds.

    python bench/silent.py [--runs 3] [--healthy 50] [--silent 120]

Real refreshes in a process of their own, alternately without and with the silent: a first one, when nobody is known to
fail, and a second. All hosts are addresses of loopback (Linux: 127.0.0.0/8), each a host of its own. Wall time suffers
from whatever else the machine does, so the table also says how many healthy feeds were still unasked when the first
silent request ended: 0 means that no healthy feed waited for a silent one.
"""

from __future__ import annotations

import argparse
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from statistics import median

COMMAND = [sys.executable, "-m", "newsfeed"]
ITEM = "<item><title>Feed {n} reports on matter {i}</title><link>https://f{n}.example/{i}</link><pubDate>{when}</pubDate></item>"


def document(n: int) -> bytes:
    """A feed of 20 items."""
    began = datetime.now(UTC)
    items = (ITEM.format(n=n, i=i, when=format_datetime(began - timedelta(hours=i + 1))) for i in range(20))
    return f'<rss version="2.0"><channel><title>Feed {n}</title>{"".join(items)}</channel></rss>'.encode()


@dataclass
class Hosts:
    """One server on all of loopback that never answers paths beginning with /silent."""

    listener: socket.socket = field(
        default_factory=lambda: socket.create_server(("0.0.0.0", 0), backlog=1_000)
    )
    asked: list[float] = field(default_factory=list)  # when healthy feeds were requested
    ended: list[float] = field(default_factory=list)  # when silent requests were given up

    def __post_init__(self) -> None:
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def _accept(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            while line := lines.readline():
                while lines.readline().strip():
                    pass
                path = line.split()[1].decode()
                if path.startswith("/silent"):
                    with suppress(OSError):
                        lines.read()
                    self.ended.append(time.monotonic())
                    return
                self.asked.append(time.monotonic())
                body = document(int(path[1:]))
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(body)
                    + body
                )


def with_items(database: Path, since: str) -> int:
    """How many feeds were read successfully since then."""
    if not database.exists():
        return 0
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)) as connection:
        try:
            found = connection.execute("SELECT count(*) FROM feed WHERE last_good >= ?", (since,)).fetchone()
        except sqlite3.OperationalError:  # the tables are still being created
            return 0
    return int(found[0])


def refresh(hosts: Hosts, home: Path, healthy: int) -> tuple[float, int]:
    """Seconds until the last healthy feed was stored, and how many were unasked when the first silent request ended."""
    hosts.asked.clear()
    hosts.ended.clear()
    env = {k: v for k, v in os.environ.items() if not k.startswith("NEWSFEED_")}
    env["NEWSFEED_FETCH__ALLOW_PRIVATE"] = f"127.0.0.0/8:{hosts.port}"
    began, last, stored = time.monotonic(), 0.0, 0
    since = datetime.now(UTC).isoformat(sep=" ")[:19]
    with subprocess.Popen(
        [*COMMAND, "--home", str(home), "refresh", "--force", "--fetch-only"],
        env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        while stored < healthy and process.poll() is None:
            if (now_stored := with_items(home / ".newsfeed" / "newsfeed.db", since)) > stored:
                stored, last = now_stored, time.monotonic() - began
            time.sleep(0.05)
    if stored < healthy and with_items(home / ".newsfeed" / "newsfeed.db", since) < healthy:
        raise SystemExit(f"Only {stored} of {healthy} healthy feeds were stored.")
    unasked = sum(moment > min(hosts.ended) for moment in hosts.asked) if hosts.ended else 0
    return last, unasked
    return last, unasked


def prepare(hosts: Hosts, home: Path, healthy: int, silent: int) -> Path:
    """A home whose list begins with the silent hosts."""
    home.mkdir()
    places = [f"127.66.{n // 250}.{n % 250 + 1}:{hosts.port}/silent" for n in range(silent)]
    places += [f"127.88.{n // 250}.{n % 250 + 1}:{hosts.port}/{n}" for n in range(healthy)]
    lines = "".join(f'<outline type="rss" text="{p}" xmlUrl="http://{p}"/>' for p in places)
    (home / "feeds.opml").write_text(f'<opml version="2.0"><body>{lines}</body></opml>')
    (home / "newsfeed.toml").write_text('timezone = "UTC"\n')
    return home


def compare(healthy: int, silent: int, runs: int) -> None:
    """Print the seconds of each run without and with silent hosts, and the median difference."""
    hosts, rows = Hosts(), []
    for n in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            homes = [prepare(hosts, Path(folder) / name, healthy, k) for name, k in (("a", 0), ("b", silent))]
            for which in ("first", "second"):
                without, _ = refresh(hosts, homes[0], healthy)
                beside, unasked = refresh(hosts, homes[1], healthy)
                rows.append((which, without, beside))
                print(
                    f"{healthy:>4} healthy {silent:>4} silent  run {n + 1} {which:<7} {without:>7.2f} {beside:>7.2f} {beside - without:>+7.2f}  unasked {unasked}",
                    flush=True,
                )
    for which in ("first", "second"):
        own = [(without, beside) for name, without, beside in rows if name == which]
        later, times = median(b - w for w, b in own), median(b / w for w, b in own)
        print(f"{healthy:>4} healthy {silent:>4} silent  median {which:<7} {later:+.2f} s, x {times:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--healthy", type=int, default=50)
    parser.add_argument("--silent", type=int, default=120)
    given = parser.parse_args()
    compare(given.healthy, given.silent, given.runs)
    compare(99, 1, given.runs)
