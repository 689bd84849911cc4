"""The local app in the reader's first language: its answers and its script. Its views are in test_german_home.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from apps import App, copied, fill, serving_home, words
from serving import Server


@pytest.fixture(scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app of a reader of German and English, with a page of today."""
    with pytest.MonkeyPatch.context() as patch, Server() as server:
        master = fill(tmp_path_factory.mktemp("german") / "home", patch, server)
        home = copied(master, tmp_path_factory.mktemp("own") / "home", patch)
        settings = home.folder / "newsfeed.toml"
        said = settings.read_text() if settings.exists() else ""
        settings.write_text(
            said.replace('languages = ["en"]', 'languages = ["de", "en"]')
            if "languages" in said
            else f'languages = ["de", "en"]\n{said}'
        )
        assert home.run("digest", "--rebuild", "--no-refresh", "--no-open") == 0
        with serving_home(home) as app:
            yield app


def test_what_is_done_is_answered_in_the_readers_language(german: App) -> None:
    ref = german.ref("Central bank")
    for fields, said in (
        ({"do": "keep"}, "Gemerkt: "),
        ({"do": "note", "note": "x"}, "Ihre Notiz ist gespeichert."),
        ({"do": "unkeep"}, "Nicht mehr gemerkt: "),
        ({"do": "like"}, "zählt ab der nächsten Seite mehr."),
        ({"do": "unlike"}, "zählt ab der nächsten Seite wie zuvor."),
        ({"do": "dislike"}, "zählt ab der nächsten Seite weniger."),
    ):
        answer = german.post("/mark", {"item": ref, **fields}, x_live="1")
        assert said in unquote(answer.headers["X-Said"])
        assert "Mehr" in words(answer)
    german.post("/mark", {"item": ref, "do": "unlike"})


def test_the_script_speaks_it_too_and_is_told_apart_from_the_english_one(german: App) -> None:
    address = re.search(r'src="(/app\.js\?v=\w+)"', german.get("/kept").text)
    assert address
    script = german.get(address[1]).text
    assert "Vorlesen" in script
    assert "Read aloud" not in script
    settings = Path(german.home.folder / "newsfeed.toml")
    before = settings.read_text()
    try:
        settings.write_text(before.replace('["de", "en"]', '["en"]'))
        other = re.search(r'src="(/app\.js\?v=\w+)"', german.get("/kept").text)
    finally:
        settings.write_text(before)
    assert other
    assert other[1] != address[1]
