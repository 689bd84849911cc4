"""One bad morning: every fault of servers and documents at once, beside fifty healthy feeds; a secret in each address."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import serving
from faults import BASIC, DOCUMENTS, ECHOES, FAULTS, KEY, SLOW, echo
from homes import NOON, Entry, rss
from serving import Server

pytestmark = [
    pytest.mark.live,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="a host for each fault: all of 127.0.0.0/8"),
]
HEALTHY = 50
MINUTES = 4  # for very slow machines; the run has its own limit long before
MAY_FAIL = "may fail"

# Where a secret may be: in the query, before the host, in the path; or it is a token for the host, sent as a header.
FORMS = (
    'xmlUrl="http://{place}/{n}?key={key}"',
    'xmlUrl="http://ada:{key}@{place}/{n}"',
    'xmlUrl="http://{place}/{n}/a9b8c7d6e5{key}"',
    'xmlUrl="https://social{n}.example/home" newsfeed-source="mastodon" newsfeed-api="http://{place}"',
)
HOME = "/api/v1/timelines/home"


class Morning:
    """The home, and the output of each command."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.said = ""
        self._environment = environment

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "newsfeed", "--home", str(self.folder), *words],
            check=False,
            capture_output=True,
            text=True,
            env=self._environment,
            timeout=60 * MINUTES,
        )
        self.said += done.stdout + done.stderr
        return done


@pytest.fixture(scope="module")
def wanted() -> dict[str, str]:
    """Every bad feed by its name, with the cause that must be reported; "" if it is read."""
    causes = {name: fault.cause or "" for name, fault in FAULTS.items()}
    causes |= {f"document: {name}": document.cause or "" for name, document in DOCUMENTS.items()}
    causes |= dict.fromkeys((f"slow: {name}" for name in SLOW), MAY_FAIL)
    return causes | dict.fromkeys((f"echo: {name} {form}" for name in ECHOES for form in range(4)), MAY_FAIL)


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory, wanted: dict[str, str]) -> Iterator[Morning]:
    """A home after one refresh and one digest of all these feeds."""
    plays = [fault.play for fault in FAULTS.values()]
    plays += [
        serving.fixed(200, [("Content-Type", document.content_type)], document.body)
        for document in DOCUMENTS.values()
    ]
    plays += [serving.fixed(200, [("Content-Type", "text/xml")], body) for body in SLOW.values()]
    plays += [echo(kind) for kind in ECHOES for _ in FORMS]
    folder = tmp_path_factory.mktemp("home")
    homes: dict[str, serving.Play] = {}

    async def by_host(exchange: serving.Exchange) -> None:
        await homes[exchange.seen.headers["host"]](exchange)

    with Server(host="0.0.0.0") as server:
        server.play(HOME, by_host)
        outlines, places, tokens = [], [], ""
        for n, (name, play) in enumerate(zip(wanted, plays, strict=True)):
            host = f"127.7.{n // 200}.{n % 200 + 1}"
            places.append(f"{host}:{server.port}")
            form = n % (3 if name.startswith(("document: ", "slow: ")) else 4)
            if form == 3:
                homes[places[-1]] = play
                tokens += f'[secrets."{host}"]\nenv = "NEWSFEED_SECRET_HOST"\n'
            server.play(f"/{n}", play)
            server.play(f"/{n}/a9b8c7d6e5{KEY}", play)
            address = FORMS[form].format(place=places[-1], key=KEY, n=n)
            outlines.append(f'<outline type="rss" text="{name}" {address}/>')
        for n in range(HEALTHY):
            places.append(f"127.8.0.{n + 1}:{server.port}")
            entries = [Entry(f"Harbour {n} opens its gate {k}") for k in range(3)]
            server.feed(f"/healthy/{n}", rss(f"Healthy {n}", entries, base=f"https://healthy{n}.example"))
            address = f"http://{places[-1]}/healthy/{n}"
            outlines.insert(2 * n, f'<outline type="rss" text="Healthy {n}" xmlUrl="{address}"/>')
        (folder / "newsfeed.toml").write_text(
            f'timezone = "UTC"\n[fetch]\ntimeout = 3\nparse_seconds = 3\nmanual_floor = 0\n{tokens}'
        )
        (folder / "feeds.opml").write_text(f'<opml version="2.0"><body>{"".join(outlines)}</body></opml>')
        environment = {
            **os.environ,
            "NEWSFEED_CLOCK": NOON.isoformat(),
            "NEWSFEED_FETCH__ALLOW_PRIVATE": ",".join(places),
            "NEWSFEED_SECRET_HOST": KEY,
        }
        made = Morning(folder, environment)
        assert made.run("digest", "--no-open").returncode == 1, made.said[-2000:]
        made.run("refresh", "--force", "--json")
        sent = {seen.headers.get("authorization", "") for seen in server.seen}
        assert {f"Bearer {KEY}", f"Basic {BASIC}"} <= sent, "the secrets were at stake"
        yield made


def test_every_healthy_feed_is_stored(morning: Morning) -> None:
    with sqlite3.connect(morning.folder / ".newsfeed" / "newsfeed.db") as database:
        stored = dict(
            database.execute(
                "SELECT feed.title, count(*) FROM item JOIN feed ON feed.id = item.feed GROUP BY feed.id"
            )
        )
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
    assert {name: stored.get(name) for name in (f"Healthy {n}" for n in range(HEALTHY))} == {
        f"Healthy {n}": 3 for n in range(HEALTHY)
    }


def test_every_fault_is_named_with_its_cause(morning: Morning, wanted: dict[str, str]) -> None:
    failing = {f["title"]: f for f in json.loads(morning.run("feeds", "check", "--json").stdout)["failing"]}
    silent = {name for name, cause in wanted.items() if cause and cause != MAY_FAIL and name not in failing}
    assert silent == set()
    assert {name: told for name, told in failing.items() if name.startswith("Healthy")} == {}
    for name, cause in wanted.items():
        if not cause and name.startswith("document: "):
            assert name not in failing, failing[name]
    assert all(
        f["cause"].endswith((".", "?", "!")) and (f["repair"] or f["next_try"]) for f in failing.values()
    )


def test_the_page_is_whole_and_names_the_failed(morning: Morning) -> None:
    page = (morning.folder / "site" / "index.html").read_text(encoding="utf-8")
    assert "Harbour" in page
    assert "<script" not in page
    assert "javascript:" not in page


def test_no_secret_stands_anywhere(morning: Morning) -> None:
    for words in (
        ("feeds", "check"),
        ("feeds", "list"),
        ("feeds", "list", "--json"),
        ("feeds", "repair"),
        ("doctor",),
        ("items",),
        ("why", "Harbour"),
        ("mail", "--eml", str(morning.folder / "letter.eml")),
        ("breadth",),
        ("people",),
        ("--json",),
        (),
    ):
        morning.run(*words)
    secrets = [KEY, KEY.lower(), BASIC]
    assert [line for line in morning.said.splitlines() if any(secret in line for secret in secrets)] == []
    assert "Traceback" not in morning.said
    found = {
        path.relative_to(morning.folder).as_posix()
        for path in morning.folder.rglob("*")
        if path.is_file() and any(secret.encode() in path.read_bytes() for secret in secrets)
    }
    # The list is the reader's own; the database, readable by its owner only, needs the addresses.
    own = {"feeds.opml", "feeds.opml.bak", ".newsfeed/newsfeed.db", ".newsfeed/newsfeed.db-wal"}
    assert {name for name in found if name not in own and not name.startswith(".newsfeed/backups/")} == set()
    wide = [p for p in (morning.folder / ".newsfeed").rglob("*") if p.is_file() and p.stat().st_mode & 0o077]
    assert wide == []
