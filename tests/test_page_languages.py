"""The page's own words in the reader's first language."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import homes
import pytest
from homes import Entry, TestHome, opml, rss
from serving import Server

from newsfeed.edition import build, visible_text, why
from newsfeed.model import Edition, FeedReport
from newsfeed.render import Templates
from newsfeed.text import spoken
from newsfeed.topics.value import act_columns
from tests import editions
from tests.pools import NOW, TODAY, candidate, feed, pool, remembered, settings

ROOT = Path(__file__).parents[1]
WORDS = sorted((ROOT / "newsfeed" / "text" / "words").glob("*.toml"))
GERMAN = tomllib.loads((ROOT / "newsfeed" / "text" / "words" / "de.toml").read_text(encoding="utf-8"))
TITLE = "Hafen Nummer {n} öffnet seine Tore"


def morning(kind: str) -> Edition:
    names = [("technology", 1), ("finance", 2), ("science", 3), ("policy", 4)]
    items = [
        candidate(n, 1 + n % 7, title=TITLE.format(n=n), lead="Größere Schiffe dürfen nun passieren.", lang="de", topic=names[n % 4][0])
        for n in range(1, {"full": 30, "quiet": 3, "first": 4, "empty": 1}[kind])
    ]  # fmt: skip
    told = [
        candidate(900 + n, 10 + n, story=900, title=TITLE.format(n="900"), lang="de", lead="")
        for n in range(5)
    ]
    days = () if kind == "first" else (TODAY - timedelta(days=4),)
    reports = (
        FeedReport(
            feed=1, title="Anzeiger", url="https://a.example/feed", ok=False, cause="", needs_owner=True
        ),
        FeedReport(feed=2, title="Bote", url="https://b.example/feed"),
    )
    made = pool(
        [*items, *(told if kind == "full" else [])],
        [feed(n, title=f"Blatt {n}") for n in range(1, 16)],
        history=remembered(days=days),
        reports=reports if kind == "full" else None,
    )
    return build(made, settings(languages=("de", "en")), date=TODAY, now=NOW)


def plain(html: bytes) -> str:
    """The parts of a page that are seen or read aloud."""
    shown = re.sub(rb"<style>.*?</style>|<!--.*?-->|<meta[^>]*>", b"", html, flags=re.DOTALL)
    spoken_aloud = b" ".join(re.findall(rb'(?:aria-label|title)="([^"]*)"', shown))
    return (re.sub(rb"<[^>]*>", b" ", shown) + b" " + spoken_aloud).decode()


def english_in(text: str) -> list[str]:
    """The little English words, and our own phrases, in a text."""
    little = {"the", "and", "of", "from", "with", "your", "you", "today", "story", "stories", "sources", "source", "also",
              "read", "more", "all", "nothing", "that", "were", "for", "ledger", "breadth", "editions"}  # fmt: skip
    return sorted(set(re.findall(r"[a-z]+", text.lower())) & little)


@pytest.mark.parametrize("kind", ["full", "quiet", "first", "empty"])
def test_a_german_page_has_no_english_words(kind: str) -> None:
    edition = morning(kind)
    assert edition.lang == "de"
    assert english_in(visible_text(edition)) == []
    pages = Templates().site(edition, None, recent=())
    assert english_in(plain(pages["index.html"])) == []
    assert english_in(plain(pages["archive/index.html"])) == []
    assert english_in(plain(pages["ledger.html"])) == []
    assert b'<html lang="de">' in pages["index.html"]


def test_dates_numbers_and_plurals_are_german() -> None:
    edition = morning("full")
    assert (
        edition.heading
        == f"{GERMAN['dates']['weekdays'][TODAY.weekday()]}, {TODAY.day}. "
        + (GERMAN["dates"]["months"][TODAY.month - 1])
    )
    assert re.fullmatch(r"\d+ Meldungen aus \d+ Quellen? · \d Min\.", edition.promise), edition.promise
    with spoken.speaking("de"):
        assert spoken.count(1, "story", "stories") == "1 Meldung"
        assert spoken.count(1204, "source") == "1.204 Quellen"
        assert spoken.decimal(0.62, 1) == "0,6"
        assert spoken.short_day(date(2026, 3, 1)) == "So, 1. Mär"
    assert spoken.count(1204, "source") == "1,204 sources"


def test_a_mail_is_german_too() -> None:
    message = Templates().message(morning("full"))
    assert message.lang == "de"
    assert english_in(plain(message.html.encode())) == []
    assert english_in(re.sub(r"newsfeed mail off", "", message.text)) == []


def test_minutes_are_counted_on_the_words_that_stand_there() -> None:
    for kind in ("full", "first"):
        edition = morning(kind)
        assert edition.minutes <= edition.budget_minutes


def test_why_is_german_too() -> None:
    edition = morning("full")
    some = [entry.item for entry in edition.ledger]
    assert some
    for item in some:
        for row in why(edition, item):
            assert english_in(f"{row.name} {row.value} {row.note}") == [], row
    assert {row.name for item in some for row in why(edition, item)} >= {"Auf der Seite", "Wert", "Frische"}


def test_the_sentence_over_why_is_german_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bridge = "Hafenbrücke bricht ein, drei Schiffe sitzen fest"
    entries = [
        Entry(bridge, "Am Dienstag brach die Hafenbrücke ein. Drei Schiffe sitzen im Hafen fest."),
        Entry("Zinsen bleiben bei zwei Prozent", "Die Bank lässt die Zinsen stehen.", hours=4),
        Entry("Ein Bericht aus dem Archiv", "Er ist alt.", hours=24 * 30),
    ]
    with Server() as server:
        home = homes.make(tmp_path / "home", monkeypatch, [server.port])
        (home.folder / "newsfeed.toml").write_text('timezone = "Europe/Berlin"\nlanguages = ["de"]\n')
        for name in ("eins", "zwei"):
            server.feed(f"/{name}", rss(name.capitalize(), entries[: 3 if name == "eins" else 1],
                                        base=f"https://{name}.example"))  # fmt: skip
        home.list(opml(("Welt", "Eins", server.url("/eins")), ("Welt", "Zwei", server.url("/zwei"))))
        assert home.run("refresh") == 0
        verdicts = [_why(home, capsys, "Zinsen bleiben")]
        assert home.run("digest", "--no-open", "--no-refresh") == 0
        verdicts += [_why(home, capsys, words) for words in ("1", "Zinsen bleiben", "Ein Bericht aus")]
        server.feed("/zwei", rss("Zwei", [Entry("Spätes vom Hafen", hours=0)], base="https://zwei.example"))
        assert home.run("refresh", "--fetch-only", "--force") == 0
        verdicts.append(_why(home, capsys, "Spätes vom"))
    assert [v["verdict"].split()[0] for v in verdicts] == ["Es", "Nach", "Nach", "Es", "Die"]
    for found in verdicts:
        assert english_in(found["verdict"]) == []
        assert [r for r in found.get("rows", []) if english_in(" ".join(r.values()))] == []


def _why(home: TestHome, capsys: pytest.CaptureFixture[str], words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert home.run("why", words, "--json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_language_that_the_page_cannot_speak_leaves_it_english() -> None:
    made = build(pool([candidate(1)]), settings(languages=("sv",)), date=TODAY, now=NOW)
    assert made.lang == "en"
    assert "from 1 source" in made.promise


def test_a_german_page_leaves_the_next_one_alone() -> None:
    morning("quiet")
    english = Templates().site(editions.full_day(), None, recent=())["index.html"]
    assert b">To the stories<" in english


# ------------------------------------------------------------------------------------------------ the files


def phrases() -> set[str]:
    """Every phrase that the code and the templates say."""
    found: set[str] = set()
    for path in (ROOT / "newsfeed").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    for path in (ROOT / "templates").rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'say\("([^"]+)"', text))
        for listed in re.findall(r"const phrases = (\[.*\]);", text):
            found |= set(json.loads(listed))
    return found


@pytest.mark.parametrize("path", WORDS, ids=lambda p: p.stem)
def test_no_phrase_is_left_over_and_all_keep_their_names(path: Path) -> None:
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    said = phrases() | {*act_columns()}
    assert [phrase for phrase in table["phrases"] if phrase not in said] == []
    names = re.compile(r"\{\w+\}")
    wrong = [a for a, b in table["phrases"].items() if sorted(names.findall(a)) != sorted(names.findall(b))]
    assert wrong == []
    assert all(len(forms) == 2 for forms in table["nouns"].values())
