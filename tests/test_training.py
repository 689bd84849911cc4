"""Training in a child process: when it is due, what a failure leaves, and how it is reported."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import homes
import pytest
from homes import NOON, Entry, TestHome
from serving import Server
from words import says

from newsfeed.cli.command import Context
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning import understand
from newsfeed.topics.documents import ENOUGH

SUBJECTS = ("bank shares", "parliament", "the telescope", "cloud contracts", "sales quotas", "an ad campaign")
VERBS = (
    "rose",
    "was debated",
    "surprised everyone",
    "were split",
    "slipped again",
    "took effect",
    "was delayed",
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> TestHome:
    """A home whose items were fetched but not yet tagged and grouped."""
    made = homes.make(tmp_path / "home", monkeypatch, [server.port])
    outlines = []
    for feed in range(4):
        entries = [
            Entry(
                f"{SUBJECTS[(feed + n) % 6].capitalize()} {VERBS[n % 7]}, report {feed}-{n}", hours=1 + n / 10
            )
            for n in range(ENOUGH // 4 + 5)
        ]
        outlines.append(
            ("News", f"Paper {feed}", server.feed(f"/{feed}", homes.rss(f"Paper {feed}", entries)))
        )
    made.list(homes.opml(*outlines))
    assert made.run("refresh", "--fetch-only") == 0
    return made


def current(home: TestHome) -> Home:
    return Context(home.folder).home()


@pytest.mark.slow
def test_it_trains_when_due_and_not_again(home: TestHome) -> None:
    with current(home).open_store() as store:
        assert understand.train_if_due(current(home), store) == "not trained yet"
        weights = current(home).model_path.read_bytes()
        note = understand.last_training(store)
        assert note is not None
        assert (note.items, note.corrections) == (len(store.window(NOON - timedelta(days=60))), 0)
        assert understand.train_if_due(current(home), store) == ""
        assert current(home).model_path.read_bytes() == weights
        current(home).model_path.unlink()  # derived data: it is made again
        assert understand.train_if_due(current(home), store) == "not trained yet"
        assert current(home).model_path.read_bytes() == weights


@pytest.mark.slow
def test_a_failure_leaves_the_weights_rests_for_a_day_and_is_told(
    home: TestHome, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with current(home).open_store() as store:
        understand.train_if_due(current(home), store)
    weights = current(home).model_path.read_bytes()
    assert home.run("topics", "correct", "report 0-39", "sales", "-finance") == 0
    patience = understand.TRAINING_SECONDS
    monkeypatch.setattr(
        understand, "TRAINING_SECONDS", 0.01
    )  # the child is killed before it can say anything
    home.at(NOON + timedelta(days=1))
    with current(home).open_store() as store:
        assert understand.train_if_due(current(home), store) == ""
        assert current(home).model_path.read_bytes() == weights
        monkeypatch.setattr(understand, "TRAINING_SECONDS", patience)
        assert understand.train_if_due(current(home), store) == "", "once a day is enough"
    capsys.readouterr()
    home.run("doctor")
    told = capsys.readouterr().out
    assert says(told, "Topics", "2026-03-19 failed", "TimeoutExpired")
    assert "newsfeed topics train" in told
    assert home.run("topics", "train") == 0
    capsys.readouterr()
    home.run("doctor")
    assert "Topics: trained on 2026-03-19" in capsys.readouterr().out
