"""The local app's Sources: a list of any length, and what a browser hands over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape, unescape
from pathlib import Path

import msgspec
import pytest
from apps import App, copied, fill, key, serving_home, words
from homes import TestHome, opml
from serving import Server

from newsfeed.cli.command import Context


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestHome]:
    with pytest.MonkeyPatch.context() as monkeypatch, Server() as server:
        yield fill(tmp_path_factory.mktemp("master") / "home", monkeypatch, server)


@pytest.fixture
def app(master: TestHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    with serving_home(copied(master, tmp_path / "home", monkeypatch)) as running:
        yield running


# ------------------------------------------------------------------------- a long list


@pytest.fixture
def long(app: App) -> App:
    """The app over a list of 900 feeds in 12 folders."""
    feeds = [
        (f"Folder {n % 12} & co", f"Outlet {n} of a rather long name", f"https://outlet{n}.example/feed")
        for n in range(900)
    ]
    (app.home.folder / "feeds.opml").write_text(opml(*feeds))
    return app


def test_a_long_list_is_shown_folder_by_folder(long: App) -> None:
    whole = long.get("/sources")
    assert len(whole.content) < 60_000
    assert "900 feeds" in words(whole)
    links = [unescape(link) for link in re.findall(r'href="(/sources\?folder=[^"]*)"', whole.text)]
    assert len(links) == 12
    seen = set()
    for link in links:
        part = long.get(link)
        assert len(part.content) < 60_000
        seen |= set(re.findall(r"Outlet (\d+) of", part.text))
    assert len(seen) == 900


@pytest.mark.parametrize("asked", ["folder=All", "q=outlet"])
def test_a_long_folder_goes_page_by_page_and_a_name_is_found(app: App, asked: str) -> None:
    feeds = [("All", f"Outlet {n}", f"https://outlet{n}.example/feed") for n in range(500)]
    (app.home.folder / "feeds.opml").write_text(opml(*feeds, ("", "Alone", "https://alone.example/feed")))
    address, seen = f"/sources?{asked}", list[str]()
    while address:
        part = app.get(address)
        assert len(part.content) < 60_000
        seen += re.findall(r"<bdi>Outlet (\d+)</bdi>", part.text)
        more = re.search(r'href="([^"]*)">Next ones<', part.text)
        address = unescape(more[1]) if more else ""
    assert seen == [str(n) for n in range(500)]
    assert re.findall(r"<bdi>(Outlet \d+)</bdi>", app.get("/sources?q=outlet+77").text) == ["Outlet 77"]
    assert "Alone" in app.get("/sources?folder=").text
    assert "Outlet" not in app.get("/sources?folder=").text
    assert "No source is called so" in words(app.get("/sources?q=nobody"))
    for odd in ("-1", "x", "9" * 30, "٣"):
        assert app.get(f"/sources?folder=All&from={odd}").status_code == 200


def test_what_fails_or_moved_is_shown_apart_and_repaired_after_a_look(app: App) -> None:
    with Context(app.home.folder).home().open_store() as store:
        sick, gone, *_ = store.states()
        store.apply_unchanged(
            [
                msgspec.structs.replace(sick, moved_to="https://new.example/feed", failures=3),
                msgspec.structs.replace(gone, gone=True),
            ]
        )
    before = (app.home.folder / "feeds.opml").read_text()
    assert "to look at" in words(app.get("/sources"))
    look = app.get("/sources?look=1")
    assert gone.name in look.text
    shown = app.post("/sources/change", {"do": "repair"})
    assert f"{gone.name} is gone for good" in words(shown)
    assert (app.home.folder / "feeds.opml").read_text() == before
    app.post("/sources/change", {"do": "repair", "confirm": "yes"})
    after = (app.home.folder / "feeds.opml").read_text()
    assert gone.subscription.url not in after
    app.post("/sources/undo", {})
    assert (app.home.folder / "feeds.opml").read_text() == before


def test_a_source_tells_how_it_fares_and_what_it_brought(app: App) -> None:
    with Context(app.home.folder).home().open_store() as store:
        bank = next(s for s in store.states() if s.name == "Bank")
    shown = words(app.get(f"/sources/one?feed={key(bank.subscription.url)}"))
    assert "on your pages in 90 days" in shown
    assert "(3 in 4 weeks)" in shown
    assert "Central bank holds interest rates" in shown


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("web+feed:https://a.example/feed", "https://a.example/feed"),
        ("web+feed://a.example/feed.xml", "https://a.example/feed.xml"),
        ("https://a.example/?x=1&y=2", "https://a.example/?x=1&y=2"),
    ],
)
def test_what_a_browser_hands_over_is_filled_in(app: App, given: str, address: str) -> None:
    shown = app.client.get(app.base + "/sources/add", params={"url": given}).text
    assert f'name="url" value="{escape(address)}"' in shown


def test_in_a_long_list_a_source_is_named_in_words(long: App) -> None:
    for path in ("/search?q=bank", "/rules", "/rules?kind=source&what=Outlet+77+of"):
        shown = long.get(path)
        assert shown.status_code == 200
        assert len(shown.content) < 60_000
        assert "Outlet 899" not in shown.text
    assert "Mute: Outlet 77 of a rather long name" in words(long.get("/rules?kind=source&what=Outlet+77+of"))
    several = long.get("/rules?kind=source&what=outlet+7")
    assert several.status_code == 404
    assert "Outlet 70 of" in words(several)
    assert "is no source" in words(long.get("/search?source=nobody"))
