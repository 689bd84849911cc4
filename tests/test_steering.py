"""How the reader steers whole mornings: thumbs, attributes of the list, and what is said about them."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import homes
import pytest
from homes import NOON, Entry, TestHome
from serving import Server
from words import says

FINANCE = (
    "Central bank leaves interest rates alone as inflation slows",
    "Shares of shipping lines fall after quarterly earnings miss forecasts",
    "Pension funds buy government bonds at the highest yields in a decade",
    "Insurer lifts its dividend as claims for storms come in below plan",
    "Currency traders bet on a weaker franc before the budget",
)
SCIENCE = (
    "Astronomers find a planet around a dwarf star near the southern cross",
    "Geneticists read the genome of a whale that died before the ice age",
    "Physicists weigh the neutrino with a detector under the mountain",
    "Fossil of an early mammal shows that it nursed its young",
    "Chemists grow crystals that turn sunlight into heat without metal",
)


def lead(number: int) -> str:
    names = ("Amber", "Birch", "Cedar", "Dove", "Ember")
    name = names[number]
    return f"{name} rangers counted {number + 3} boats near the {name.lower()} quay. Nobody else was there."


def why(home: TestHome, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """The rows of `newsfeed why --json` by name."""
    capsys.readouterr()
    assert home.run("why", "--json", *words) == 0
    return {row["name"]: row for row in json.loads(capsys.readouterr().out)["rows"]}


def test_a_thumb_moves_worth_inside_its_topic_and_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server() as server:
        home = homes.make(tmp_path / "home", monkeypatch, [server.port])
        first = [Entry(t[n], lead(n), hours=3) for n in range(2) for t in (FINANCE, SCIENCE)]
        server.feed("/feed", homes.rss("Both", first, base="https://both.example"))
        home.list(homes.opml(("News", "Both", server.url("/feed"))))
        assert home.run("digest", "--no-open") == 0
        number = next(p["n"] for p in home.digest()["picks"] if p["topic"] == "finance")
        home.at(NOON + timedelta(days=1))
        later = [Entry(t[n], lead(n), hours=-20) for n in range(2, 5) for t in (FINANCE, SCIENCE)]
        server.feed("/feed", homes.rss("Both", [*later, *first], base="https://both.example"))
        monkeypatch.setenv("NEWSFEED_EDITION__MAX_ITEMS", "2")
        monkeypatch.setenv("NEWSFEED_EDITION__LINES", "0")
        assert home.run("digest", "--no-open") == 0
        page = home.digest()
        printed = {one["title"] for one in (*page["picks"], *page["lines"])}
        unseen = [next(title for title in t[2:] if title not in printed) for t in (FINANCE, SCIENCE)]

        def worths() -> list[float]:
            return [float(why(home, capsys, title)["Score"]["value"]) for title in unseen]

        shares = {name: topic["share"] for name, topic in page["topics"].items()}
        before = worths()
        assert home.run("like", f"2026-03-18#{number}") == 0
        said = capsys.readouterr().out
        assert "under Finance counts for more" in said
        ref = said.split("(")[-1].split(")")[0]
        up = worths()
        assert home.run("dislike", f"2026-03-18#{number}") == 0
        down = worths()
        assert down[0] < before[0] < up[0]
        assert before[1] == up[1] == down[1]
        assert home.run("dislike", "--undo", ref) == 0
        assert worths() == before
        assert home.run("digest", "--no-open", "--no-refresh", "--rebuild") == 0
        assert {name: topic["share"] for name, topic in home.digest()["topics"].items()} == shares


def test_a_thumb_that_can_not_be_set_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server() as server:
        home = homes.make(tmp_path / "home", monkeypatch, [server.port])
        server.feed("/feed", homes.rss("One", [Entry(FINANCE[0])], base="https://one.example"))
        home.list(homes.opml(("News", "One", server.url("/feed"))))
        assert home.run("digest", "--no-open") == 0
        capsys.readouterr()
        assert home.run("like", "2026-03-18#9") == 2
        assert "no such number" in capsys.readouterr().err
        assert home.run("like", "--undo", "1") == 2
        assert "has no thumb to take back" in capsys.readouterr().err


def test_why_tells_what_an_earlier_edition_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server() as server:
        home = homes.make(tmp_path / "home", monkeypatch, [server.port])
        monkeypatch.setenv("NEWSFEED_MUTED", "whale")
        server.feed(
            "/feed",
            homes.rss(
                "Both", [Entry(FINANCE[0], lead(0)), Entry(SCIENCE[1], lead(1))], base="https://both.example"
            ),
        )
        home.list(homes.opml(("News", "Both", server.url("/feed"))))
        assert home.run("digest", "--no-open") == 0
        home.at(NOON + timedelta(days=2))
        assert home.run("digest", "--no-open") == 0
        assert why(home, capsys, SCIENCE[1])["Because"]["value"] == "you muted “whale”"
        assert why(home, capsys, FINANCE[0])["On the page"]["value"] == "story 1"
        capsys.readouterr()
        assert home.run("why", SCIENCE[1]) == 0
        assert "By the edition of 2026-03-18" in capsys.readouterr().out


def test_what_a_setting_does_otherwise_than_it_says_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server() as server:
        home = homes.make(tmp_path / "home", monkeypatch, [server.port])
        entries = [Entry(t[n], lead(n), hours=2 + n) for n in range(5) for t in (FINANCE, SCIENCE)]
        server.feed("/feed", homes.rss("Both", entries, base="https://both.example"))
        home.list(homes.opml(("News", "Both", server.url("/feed"))))
        assert home.run("digest", "--no-open") == 0
        said = capsys.readouterr().out
        assert "add up" not in said
        assert "max_items" not in said
        (home.folder / "newsfeed.toml").write_text(
            "[topics.finance]\nshare = 0.9\n[edition]\nmax_items = 2\nlines = 0\n"
        )
        assert home.run("digest", "--no-open", "--rebuild", "--no-refresh") == 0
        said = " ".join(capsys.readouterr().out.split())
        assert says(said, "shares add up to 130 %", "40 % for the core topic", "Technology has 28 %")
        assert "The page has its 2 stories (max_items) after" in said
        home.run("doctor", "--json")
        found = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
        assert found["Settings"]["state"] == "warning"
        assert home.run("simulate", "--share", "finance=0.2") == 0
        assert "add up" not in capsys.readouterr().out
        assert home.run("simulate", "--share", "finance=0.8") == 0
        assert "The shares add up to 120 %" in " ".join(capsys.readouterr().out.split())


def test_other_minutes_for_a_page_that_stands_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server() as server:
        home = homes.make(tmp_path / "home", monkeypatch, [server.port])
        entries = [Entry(title, lead(n), hours=3) for n, title in enumerate(FINANCE)]
        server.feed("/feed", homes.rss("Money", entries, base="https://money.example"))
        home.list(homes.opml(("News", "Money", server.url("/feed"))))
        assert home.run("digest", "--no-open") == 0
        said = "Today's page stands as it was built, for 5 minutes: add --rebuild to choose anew for 9."
        for more, told in (([], False), (["--minutes", "9"], True), (["--minutes", "9", "--rebuild"], False)):
            capsys.readouterr()
            assert home.run("digest", "--no-open", "--no-refresh", *more) == 0
            assert (said in " ".join("".join(capsys.readouterr()).split())) is told


def test_a_remedy_is_proposed_until_the_reader_says_no(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server() as server:
        home = homes.make(tmp_path / "home", monkeypatch, [server.port])
        server.feed("/feed", homes.rss("One", [Entry(FINANCE[0], lead(0))], base="https://one.example"))
        home.list(homes.opml(("News", "One", server.url("/feed"))))
        assert home.run("digest", "--no-open") == 0
    for day in range(1, 7):
        home.at(NOON + timedelta(days=day))
        assert home.run("digest", "--no-open", "--no-refresh") == 0
    settings = (home.folder / "newsfeed.toml").read_bytes()

    def remedies() -> list[str]:
        capsys.readouterr()
        assert home.run("breadth", "--json") == 0
        return [one for one in json.loads(capsys.readouterr().out)["remedies"] if one]

    before = remedies()
    assert home.run("breadth") == 0
    number = re.search(r"(\d+)[.)] Add a source for Sales\.", capsys.readouterr().out)
    assert number is not None
    assert home.run("breadth", "--no", "99") == 2
    assert home.run("breadth", "--no", number[1]) == 0
    assert remedies() == [one for one in before if one != "Add a source for Sales."] != before
    home.at(NOON + timedelta(days=7))
    assert home.run("digest", "--no-open", "--no-refresh") == 0
    assert "Add a source for Sales." not in remedies()
    assert (home.folder / "newsfeed.toml").read_bytes() == settings
