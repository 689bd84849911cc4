"""Hostile feeds are as harmless in a team as in a single home: the same items and failures, nothing else on the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from html.parser import HTMLParser
from pathlib import Path

import homes
import pytest
from homes import Entry, rss
from serving import Play, Server, document, in_turn
from stored import of_feed
from teams import TestTeam

from newsfeed.store import Store
from newsfeed.team.desk import config_of, home_of, page

SAMPLE = Path(__file__).parents[2] / "shared" / "hostile"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SAMPLE.is_dir(), reason="the hostile sample is not beside the checkout"),
]
THEIR_DAY = "Fri, 02 Jan 2026 03:04:05 GMT"
ACTING = {
    "script",
    "style",
    "link",
    "meta",
    "base",
    "iframe",
    "frame",
    "object",
    "embed",
    "form",
    "svg",
    "math",
}
HARMLESS = "The harbour of the old town opens again"


def plays() -> Iterator[tuple[str, Play]]:
    """A path for each feed of the sample and its answer; for a sequence, one answer after another."""
    today = format_datetime(homes.NOON - timedelta(hours=3))
    for line in (SAMPLE / "xss.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        yield (
            f"/{case['id']}",
            document(case["feed"].replace(THEIR_DAY, today).encode(), case["content_type"]),
        )
    kinds = dict(
        line.split("\t")[:2]
        for line in (SAMPLE / "feeds" / "MANIFEST.tsv").read_text(encoding="utf-8").splitlines()[1:]
    )
    for name, kind in kinds.items():
        if "-b." not in name:
            later = name.replace("-a.", "-b.")
            yield (
                f"/{name}",
                in_turn(*(document((SAMPLE / "feeds" / one).read_bytes(), kind) for one in (name, later))),
            )


Kept = dict[str, tuple[list[tuple[str, str, str]], bool]]


def kept(store: Store) -> Kept:
    """By feed: the titles, links and texts of its items, and whether its last reading failed."""
    found: Kept = {}
    for state in store.states():
        told = sorted((i.item.title, i.item.link, i.item.lead) for i in of_feed(store, state.feed)[:100])
        found[state.subscription.url.rpartition("/")[2]] = (told, state.failure is not None)
    return found


class Alive(HTMLParser):
    """What is active on a page: elements by name, attributes that run something, addresses outside the web."""

    def __init__(self, drawn: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.running: list[str] = []
        self.feed(drawn)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        for name, value in attrs:
            scheme = (value or "").partition(":")[0].strip().lower()
            if name.startswith("on") or name == "srcdoc" or scheme in {"javascript", "data", "vbscript"}:
                self.running.append(f"{tag} {name}={value}")


def drawn(team: TestTeam, name: str) -> str:
    reader, desk = team.readers.named(name), team.desk()
    desk.one(reader.id)
    home = home_of(team.place, reader, desk.machine, config_of(team.place, reader), team.clock)
    with desk.store.of(reader.id) as store:
        return page(home, store).decode()


def test_the_hostile_sample_is_kept_as_by_a_single_home(
    team: TestTeam, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harmless = server.feed("/harmless", rss("Harbour", [Entry(HARMLESS, "It was closed for a year.", 3)]))
    paths = {path for path, _ in plays()}
    home = homes.make(tmp_path / "home", monkeypatch, [server.port], workers=True)
    home.list(homes.opml(*(("News", f"Feed {n}", server.url(p)) for n, p in enumerate(sorted(paths)))))
    team.allow(server.place)
    team.add("bob", f"News {harmless}")
    team.add("ada", f"News {harmless}", *(f"News {server.url(path)}" for path in sorted(paths)))
    asked: list[set[str]] = []
    for asks in (home.run, lambda *_: team.work("fetch")):
        server.seen.clear()
        for path, play in plays():
            server.play(path, play)
        for again in (0, 1):
            home.at(homes.NOON + timedelta(hours=again))
            team.at(homes.NOON + timedelta(hours=again))
            team.rows("update shared.feed set next_due = null, not_before = null")
            asks("refresh")
        asked.append({seen.path for seen in server.seen})
    database = home.folder / ".newsfeed" / "newsfeed.db"
    with Store.open(database, now=team.moment) as one, team.store(team.readers.named("ada")) as shared:
        wanted, found = kept(one), kept(shared)
    found.pop("harmless")
    assert found == wanted
    assert asked[1] == asked[0] | {"/harmless"}  # and no address from a feed
    least = {
        line.split("\t")[0]: int(line.split("\t")[3])
        for line in (SAMPLE / "feeds" / "MANIFEST.tsv").read_text(encoding="utf-8").splitlines()[1:]
    }
    assert all(len(found[name][0]) >= many for name, many in least.items() if name in found)
    theirs, plain = drawn(team, "ada"), Alive(drawn(team, "bob"))
    assert "Control item" in theirs
    hostile = Alive(theirs)
    assert hostile.running == plain.running == []
    assert hostile.elements & ACTING == plain.elements & ACTING
