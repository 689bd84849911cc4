"""Teaching by hand: one's own topics, corrections and undoing them, and the message when nothing can be taught."""

from __future__ import annotations

from pathlib import Path

import homes
import pytest
from homes import Entry, TestHome
from serving import Server

OWN = """
[topics.logistics]
words = ["freight", "container ship", "last mile"]
examples = ["Port congestion eases as carriers add ships"]
share = 0.1
label = "On the move"
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> TestHome:
    made = homes.make(tmp_path / "home", monkeypatch, [server.port])
    entries = [
        Entry("Work starts on the western freight corridor", "Crews will lay the first rails in May.", 2),
        Entry("Bank shares slip as yields climb", "Lenders lost two per cent in early trading.", 3),
        Entry(
            "Parliament votes on the budget",
            "Ministers expect a narrow majority tonight, and the opposition wants another reading.",
            4,
        ),
    ]
    made.list(homes.opml(("News", "Paper", server.feed("/paper", homes.rss("Paper", entries)))))
    return made


def topics_of(home: TestHome, words: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The lines of `why` that list topics with their terms."""
    capsys.readouterr()
    assert home.run("why", words) == 0
    return capsys.readouterr().out


def test_a_topic_written_by_hand_is_felt_without_asking_a_feed(
    home: TestHome, capsys: pytest.CaptureFixture[str]
) -> None:
    assert home.run("digest", "--no-open") == 0
    settings = home.folder / "newsfeed.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + OWN, encoding="utf-8")
    assert home.run("digest", "--no-open", "--rebuild", "--no-refresh") == 0
    assert "On the move" in home.page()
    said = topics_of(home, "freight corridor", capsys)
    assert "Stands for" in said
    assert any(line.startswith("On the move") and "freight +" in line for line in said.splitlines())


def test_each_correction_of_an_item_is_taken_back_by_itself(
    home: TestHome, capsys: pytest.CaptureFixture[str]
) -> None:
    home.run("refresh")
    capsys.readouterr()
    steps = [
        (("correct", "Bank shares", "sales"), "finance → finance, sales"),
        (("correct", "Bank shares", "-finance"), "finance, sales → sales"),
        (("undo",), "sales → finance, sales"),
        (("undo",), "finance, sales → finance"),
    ]
    for words, change in steps:
        assert home.run("topics", *words) == 0
        assert f"Bank shares slip as yields climb: {change}" in capsys.readouterr().out
    assert home.run("topics", "undo") == 2
    assert "there is none to take back" in capsys.readouterr().err


def test_what_was_found_right_is_a_confirmation(home: TestHome, capsys: pytest.CaptureFixture[str]) -> None:
    home.run("refresh")
    home.run("topics", "correct", "Bank shares", "finance")
    assert "climb: finance, confirmed" in capsys.readouterr().out
    home.run("topics", "status")
    assert "Your confirmation changed" in capsys.readouterr().out
    home.run("topics", "correct", "Parliament", "science")
    home.run("topics", "status")
    assert "Your 1 correction and 1 confirmation changed" in capsys.readouterr().out


def test_nothing_fetched_is_no_page_and_no_good_health(
    home: TestHome, capsys: pytest.CaptureFixture[str]
) -> None:
    assert home.run("digest", "--no-open", "--no-refresh") == 2
    assert "nothing was fetched yet" in capsys.readouterr().err
    assert not (home.folder / "site" / "index.html").exists()
    home.run("doctor")
    assert "1 of 1 not asked yet" in capsys.readouterr().out


def test_a_page_that_never_was_is_an_error_and_no_traceback(
    home: TestHome, capsys: pytest.CaptureFixture[str]
) -> None:
    home.run("digest", "--no-open")
    capsys.readouterr()
    for name, cause in (
        ("2026-13-45#4", "no such date"),
        ("2026-03-01#1", "no such edition"),
        ("99", "1 to 3"),
    ):
        assert home.run("why", name) == 2
        assert cause in capsys.readouterr().err
