"""Two weeks of mornings by the command line against a real server: the ledger, the account of breadth, what-if, why,
replay and a long absence, as a reader meets them."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import homes
import pytest
from homes import NOON, Entry, TestHome
from serving import Server

from newsfeed.cli.command import now
from newsfeed.model import Edition
from newsfeed.model.ledger import CAUSES
from newsfeed.store import Store

pytestmark = [pytest.mark.live, pytest.mark.slow]

DAYS = 10  # Wednesday 18 to Friday 27 March
FRIDAY = date(2026, 3, 27)

SUBJECTS = {
    "Chips": ["A chip maker", "The cloud provider", "An open source project", "A startup for robots", "The browser team"],
    "Money": ["The central bank", "A pension fund", "The stock exchange", "A lender in Milan", "The treasury"],
    "Lab": ["Physicists", "A team of biologists", "Astronomers", "Chemists", "Geneticists"],
    "State": ["The senate", "A regulator", "The court of appeal", "The ministry", "Parliament"],
}  # fmt: skip
DEEDS = {
    "Chips": ["ships a faster processor for servers", "rewrites its compiler for old hardware", "cuts the price of GPU hours", "patches a kernel bug after a year", "moves its database to new storage"],
    "Money": ["raises interest rates as inflation returns", "sells bonds worth ten billions", "warns of losses on property loans", "reports earnings above forecasts", "buys shares after the selloff"],
    "Lab": ["measure a neutrino with new precision", "describe how cells repair DNA", "find water vapour around a distant planet", "grow crystals that store hydrogen", "publish a study on ageing proteins"],
    "State": ["passes a privacy bill after long debate", "fines a data broker under the new law", "votes to limit lobbying by lawmakers", "delays the election reform", "blocks a merger of two grid operators"],
}  # fmt: skip
BIG = [
    "Earthquake damages the port of Valparaíso",
    "Explosion at refinery halts fuel exports of Algeria",
    "Typhoon Marla forces Manila to evacuate suburbs",
    "Cyberattack stops trains across northern Italy",
    "Collapse of Lindqvist Bank shakes Stockholm",
    "Volcano Katla closes the airspace of Iceland",
    "Strike of pilots grounds every flight of Iberia",
    "Dam failure floods the valley of Omo",
    "Blackout leaves Buenos Aires without metro",
    "Assassination attempt on the premier of Moldova fails",
]


def entries(outlet: int, day: int) -> list[Entry]:
    """An outlet's items in the hours before NOON of a day; times are relative to NOON of the first day."""
    kind = list(SUBJECTS)[outlet % 4]
    made = []
    for n in range(4):
        subject = SUBJECTS[kind][(outlet // 4 * 2 + n + day) % 5]
        deed = DEEDS[kind][(n * 2 + day * 3 + outlet // 4) % 5]
        made.append(
            Entry(
                f"{subject} {deed}, part {day * 8 + outlet} of {n + 2}",
                f"{subject} {deed}, it was said on day {day}. Whoever followed the matter for {n + outlet} years expected it.",
                hours=3.0 + n - 24 * day,
                link=f"https://outlet{outlet}.example/{day}-{n}",
            )
        )
    if outlet < 6:
        made.append(
            Entry(
                f"{BIG[day]}",
                f"{BIG[day]}. Authorities counted the damage through the night, reporter {outlet} writes from the scene.",
                hours=2.0 + outlet * 0.2 - 24 * day,
                link=f"https://outlet{outlet}.example/big-{day}",
            )
        )
    return made


def serve(server: Server, day: int) -> list[tuple[str, str, str]]:
    """Serve eight outlets with the items of the three days up to `day`; gives their outlines."""
    outlines = []
    for outlet in range(8):
        # The last one publishes once in five days.
        days = [d for d in range(max(0, day - 2), day + 1) if outlet < 7 or d % 5 == 2]
        mine = [one for d in days for one in entries(outlet, d)]
        body = homes.rss(f"Outlet {outlet}", mine, base=f"https://outlet{outlet}.example")
        outlines.append(("News", f"Outlet {outlet}", server.feed(f"/{outlet}", body)))
    return outlines


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Iterator[TestHome]:
    """A home after ten consecutive mornings. Tests may read it but not change it."""
    with pytest.MonkeyPatch.context() as patch:
        home = homes.make(tmp_path_factory.mktemp("weeks") / "home", patch, [server.port])
        home.list(homes.opml(*serve(server, 0)))
        for day in range(DAYS):
            serve(server, day)
            home.at(NOON + timedelta(days=day))
            with contextlib.redirect_stdout(io.StringIO()):
                assert home.run("digest", "--no-open", "--minutes", "2") == 0
        yield home


@pytest.fixture(autouse=True)
def last_morning(past: TestHome) -> None:
    """Every test starts at the time of the last morning, whatever clock the previous test left."""
    past.at(NOON + timedelta(days=DAYS - 1))


@pytest.fixture
def copied(past: TestHome, tmp_path: Path) -> TestHome:
    """A copy of that home, to be changed."""
    folder = tmp_path / "home"
    shutil.copytree(past.folder, folder)
    return TestHome(folder, past.monkeypatch)


def editions(home: TestHome) -> list[Edition]:
    with Store.open(home.folder / ".newsfeed" / "newsfeed.db", now=now()) as store:
        found = [store.edition(day) for day in store.editions()]
    return [one for one in found if one is not None]


def content(home: TestHome) -> list[str]:
    """The whole database, and every file of the site with its time."""
    with contextlib.closing(sqlite3.connect(home.folder / ".newsfeed" / "newsfeed.db")) as connection:
        tables = [
            r[0] for r in connection.execute("select name from sqlite_master where type = 'table' order by 1")
        ]
        # The index of words is made from items and can't be read row by row.
        rows = [
            f"{table} {row}"
            for table in tables
            if not table.startswith("search")
            for row in connection.execute(f"select * from {table} order by 1")
        ]
    files = sorted((home.folder / "site").rglob("*"))
    return [*rows, *(f"{file} {file.stat().st_mtime_ns}" for file in files)]


def as_json(home: TestHome, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    assert home.run(*words, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_every_fetched_item_enters_the_ledger_and_is_told_once(past: TestHome) -> None:
    with contextlib.closing(sqlite3.connect(past.folder / ".newsfeed" / "newsfeed.db")) as connection:
        fetched = {row[0] for row in connection.execute("select id from item")}
    entered: set[int] = set()
    told: list[int] = []
    for made in editions(past):
        own = [entry.item for entry in made.ledger]
        assert len(own) == len(set(own))
        assert sum(made.counts.values()) == len(own)
        assert {entry.cause for entry in made.ledger} <= set(CAUSES)
        entered |= set(own)
        told += [p.item for s in made.sections for p in s.picks] + [line.item for line in made.lines]
    assert entered == fetched
    assert len(told) == len(set(told))


def test_the_account_stands_in_the_edition_on_friday_only_and_within_the_minutes(past: TestHome) -> None:
    for made in editions(past):
        assert made.minutes <= 2.0
        assert (made.breadth is not None) == (made.date == FRIDAY)
    friday = editions(past)[-1].breadth
    assert friday is not None
    assert friday.headline.startswith("Informed in ")
    assert len(friday.findings) == 1
    assert len(friday.remedies) <= 1
    assert '<figure class="breadth">' in past.page()


def test_the_account_names_what_had_no_place(past: TestHome, capsys: pytest.CaptureFixture[str]) -> None:
    told = as_json(past, capsys, "breadth")
    assert told["numbers"]["editions"] == DAYS
    assert told["numbers"]["big stories"] >= DAYS
    assert all(row["picks"].count(None) == 30 - DAYS for row in told["rows"])
    assert past.run("breadth") == 0
    said = capsys.readouterr().out
    assert said.startswith("Informed in ")
    assert all(len(line) <= 80 or not line.startswith(" ") for line in said.splitlines())


def test_what_if_touches_nothing_and_sets_both_side_by_side(
    past: TestHome, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(past)
    same = as_json(past, capsys, "simulate", "--minutes", "2")["mornings"]
    assert len(same) == DAYS
    # The old page is not what would be printed today (tags were learned since), but no change was asked for here.
    assert not any(m["came"] or m["went"] for m in same)
    assert all(m["learned"] or m["stories"][0] == m["stories"][1] for m in same)
    more = as_json(past, capsys, "simulate", "--days", "3", "--minutes", "4", "--share", "finance=0.5")
    assert len(more["mornings"]) == 3
    for morning in more["mornings"]:
        assert morning["minutes"][1] <= 4.0
        assert morning["stories"][1] >= morning["stories"][0]
    assert more["would"]["finance"] > more["was"]["finance"]
    monkeypatch.setenv("NEWSFEED_EDITION__LINES", "0")  # otherwise waiting stories would be shown as lines
    assert past.run("simulate", "--days", "3", "--minutes", "9", "--max-items", "3") == 0
    assert "before its minutes were used" in " ".join(capsys.readouterr().out.split())
    assert content(past) == before


@pytest.mark.parametrize(
    "words",
    [
        ["--share", "finance"],
        ["--share", "finance=2"],
        ["--share", "finance=nan"],
        ["--share", "cooking=0.2"],
        ["--share", "finance=0.9", "--share", "sales=0.9"],
        ["--minutes", "0"],
        ["--minutes", "nan"],
        ["--days", "0"],
        ["--max-items", "0"],
    ],
)
def test_what_if_refuses_what_it_can_not_mean(
    past: TestHome, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert past.run("simulate", *words) == 2
    assert capsys.readouterr().err


def test_a_day_without_an_edition_is_told_with_its_neighbours(
    past: TestHome, capsys: pytest.CaptureFixture[str]
) -> None:
    days = [one.date for one in editions(past)]
    early = days[0] - timedelta(days=3)
    capsys.readouterr()
    assert past.run("digest", "--date", str(early)) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert f"There are editions from {days[0]} to {days[-1]}; the nearest: {days[0]}." in said
    assert past.run("why", f"{early}#1") == 2
    assert f"There are editions from {days[0]} to {days[-1]}." in " ".join(capsys.readouterr().err.split())


def test_why_answers_for_every_cause_there_is(past: TestHome, capsys: pytest.CaptureFixture[str]) -> None:
    newest = editions(past)[-1]
    causes = {entry.cause: entry for entry in newest.ledger}
    assert {"shown", "same story"} < set(causes)
    for cause, entry in causes.items():
        told = as_json(past, capsys, "why", entry.ref)
        rows = {row["name"]: row for row in told["rows"]}
        assert rows["On the page"]["value"].startswith(
            "no" if cause not in ("shown", "line", "long read") else ("story", "one line", "the long read")
        )
        if entry.detail:
            assert rows["Because"]["value"] == entry.detail
    assert past.run("why", f"{newest.date}#1") == 0
    assert past.run("why", newest.sections[0].picks[0].link) == 0
    several = next(p for s in newest.sections for p in s.picks if p.others)
    capsys.readouterr()
    rows = {row["name"]: row for row in as_json(past, capsys, "why", several.ref)["rows"]}
    assert re.match(r"by (they share a page|[\w’'.,-]+, )", rows["One story with"]["note"])
    # In a pipe, a table is complete and no wider than its content.
    assert past.run("why", several.ref) == 0
    assert all(line == line.rstrip() for line in capsys.readouterr().out.splitlines())
    capsys.readouterr()
    assert past.run("why", "part") == 2
    said = capsys.readouterr().err
    assert "fits " in said
    assert len(said.splitlines()) > 5


def test_why_answers_by_the_edition_that_judged_an_item_last(
    past: TestHome, capsys: pytest.CaptureFixture[str]
) -> None:
    made = editions(past)
    later = {entry.item for one in made[3:] for entry in one.ledger}
    causes = {entry.cause: entry for entry in made[2].ledger if entry.item not in later}
    assert {"shown", "same story"} < set(causes)
    for cause, entry in causes.items():
        told = as_json(past, capsys, "why", entry.ref)
        assert told["verdict"].startswith(f"By the edition of {made[2].date}")
        rows = {row["name"]: row for row in told["rows"]}
        assert (rows["On the page"]["value"] == "no") == (cause not in ("shown", "line", "long read"))
        if cause in ("shown", "line", "same story", "over the budget", "below the line"):
            assert {"Score", "Freshness", "Told by", "Engagement"} <= set(rows), cause


def test_an_absence_gives_one_edition_of_the_same_minutes(copied: TestHome, server: Server) -> None:
    known = {pick.title for one in editions(copied) for section in one.sections for pick in section.picks}
    for outlet in range(8):
        mine = [one for day in range(10) for one in afterwards(outlet, day)]
        server.feed(f"/{outlet}", homes.rss(f"Outlet {outlet}", mine, base=f"https://outlet{outlet}.example"))
    copied.at(NOON + timedelta(days=DAYS + 9))
    assert copied.run("digest", "--no-open", "--minutes", "2") == 0
    made = editions(copied)[-1]
    assert made.date == date(2026, 4, 6)
    assert made.minutes <= 2.0
    assert made.note.startswith("Your last page was 10 days ago")
    assert not known & {pick.title for section in made.sections for pick in section.picks}
    assert len(editions(copied)) == DAYS + 1
    # One ledger for the whole span, each item once; those from before the subscription are counted.
    assert len({entry.item for entry in made.ledger}) == len(made.ledger)
    assert len(made.ledger) + sum(made.before.values()) >= 8 * 4 * 10


def afterwards(outlet: int, day: int) -> list[Entry]:
    """An outlet's items on one of the ten days after the last morning."""
    return [
        Entry(
            one.title.replace("part", "chapter"),
            one.text,
            hours=one.hours - 24 * DAYS,
            link=f"{one.link}-later",
        )
        for one in entries(outlet, day)
        if one.title not in BIG
    ]
