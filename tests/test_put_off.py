"""Texts that a first refresh puts off: read later they are what they would have been at once, and never come out unread."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from homes import make, opml
from msgspec.structs import replace
from serving import Server
from stored import NOW, feeds, item, opened, search_is_sound, update

from newsfeed import reading
from newsfeed.model import PUT_OFF, Item, Parsed, Request, Response, Subscription
from newsfeed.pipeline.catch_up import catch_up
from newsfeed.text import bodies

LATER = datetime(2036, 1, 1, tzinfo=UTC)  # when every document of today has nothing new
URL = "https://garden.example/feed"


def read(
    body: bytes, known: Mapping[str, str] | None = None, *, now: datetime = LATER, put_off: bool = True
) -> Parsed:
    response = Response(request=Request(url=URL, source="syndication"), url=URL, body=body)
    found = reading.read(response, Subscription(url=URL), known or {}, now, put_off=put_off)
    assert isinstance(found, Parsed)
    return found


def now_read(one: Item) -> Item:
    """An item whose text was put off, once it is read."""
    return bodies.read(one) if one.text == PUT_OFF else one


def feed(*texts: str, newest: datetime = NOW - timedelta(days=900)) -> bytes:
    entries = "".join(
        f"<item><guid>g{n}</guid><title>Bed number {n}</title><link>https://garden.example/{n}</link>"
        f"<pubDate>{newest - timedelta(days=n):%a, %d %b %Y %H:%M:%S GMT}</pubDate>"
        f"<description><![CDATA[{text}]]></description></item>"
        for n, text in enumerate(texts)
    )
    return f"<rss version='2.0'><channel><title>Garden</title>{entries}</channel></rss>".encode()


def documents() -> list[Path]:
    here = Path(__file__).parent / "data" / "sources"
    shared = Path(__file__).parents[2] / "shared" / "feeds"
    return [path for folder in (here, shared) for path in sorted(folder.rglob("*")) if path.is_file()]


def test_what_is_read_later_is_what_would_have_been_read_at_once() -> None:
    put_off = 0
    for path in documents():
        response = Response(request=Request(url=URL, source="syndication"), url=URL, body=path.read_bytes())
        at_once, later = (
            reading.read(response, Subscription(url=URL), {}, LATER, put_off=wanted)
            for wanted in (False, True)
        )
        if isinstance(at_once, Parsed) and isinstance(later, Parsed):
            put_off += sum(one.text == PUT_OFF for one in later.items)
            assert replace(later, items=tuple(map(now_read, later.items))) == at_once, path.name
            again = read(response.body, {one.identity: one.hash for one in later.items})
            assert not again.items, path.name
    assert put_off > 10


def test_nothing_is_put_off_beside_what_may_be_shown() -> None:
    document = feed("<p>Peas.</p>", "<p>Beans.</p>", newest=NOW - timedelta(hours=2))
    assert all(one.text != PUT_OFF for one in read(document, now=NOW).items)
    assert all(one.text == PUT_OFF for one in read(document, now=NOW + timedelta(days=30)).items)


def test_what_comes_new_beside_old_texts_is_understood_by_all_of_them() -> None:
    slogan = "<p>Grow with us, the garden letter of Bogliaco.</p>"
    old = feed(*(f"<p>In bed {n} the peas came up on Monday, after much rain.</p>{slogan}" for n in range(6)))
    known = {one.identity: one.hash for one in read(old, now=NOW).items}
    assert all(value.startswith(PUT_OFF) for value in known.values())
    new = old.replace(
        b"<item>",
        b"<item><guid>new</guid><title>The first bean</title><link>https://garden.example/new</link>"
        + f"<pubDate>{NOW - timedelta(hours=1):%a, %d %b %Y %H:%M:%S GMT}</pubDate>".encode()
        + f"<description><![CDATA[{slogan}<p>A bean came up beside the gate, a week early.</p>]]></description></item><item>".encode(),
        1,
    )
    found = read(new, known, now=NOW)
    assert [one.identity for one in found.items] == ["new"]
    assert len(found.known) == 6
    assert found.items[0].lead == "A bean came up beside the gate, a week early."


@pytest.mark.usefixtures("either")  # SQLite and PostgreSQL
def test_the_store_gives_out_read_texts_and_enters_them_into_the_search_index(tmp_path: Path) -> None:
    hostile = "<p onclick='steal()'>Slugs<script>steal()</script> ate the <b>lettuce</b>.</p>"
    brought = read(feed(hostile, "<p>Peas.</p>")).items
    with opened(tmp_path) as store:
        (state,) = feeds(store)
        numbers = store.apply(update(state, brought, before=[i.identity for i in brought]), NOW).new
        first = store.items(numbers)[0].item
        assert (first.text, first.html) == ("Slugs ate the lettuce.", "<p>Slugs ate the <b>lettuce</b>.</p>")
        assert store.items(numbers, "text")[0].item.text == "Slugs ate the lettuce."
        assert store.items(numbers, "none")[0].item.text == ""
        assert store.find("https://garden.example/0")[0].item.html == first.html
        assert not store.search("lettuce"), "not in the index yet"
        assert {i.id for i in store.search("number")} == set(numbers)
        assert store.count_put_off() == 2
        catch_up(store)
        assert store.count_put_off() == 0
        assert [i.item.text for i in store.search("lettuce")] == [first.text]
        assert store.items(numbers)[0].item.words == first.words == 4
        assert search_is_sound(store)
        assert not store.apply(update(state, map(now_read, brought)), NOW).changed, "the same, read at once"
        store.prune(NOW + timedelta(days=1))
        store.prune(NOW + timedelta(days=2), items=1, bodies=1)
        assert store.items(numbers) == []
        assert search_is_sound(store)


@pytest.mark.usefixtures("either")  # SQLite and PostgreSQL
def test_texts_that_are_never_read_are_forgotten_as_others_are(tmp_path: Path) -> None:
    brought = read(feed("<p>Peas.</p>", "<p>Beans.</p>")).items
    with opened(tmp_path) as store:
        (state,) = feeds(store)
        numbers = store.apply(update(state, brought, before=[i.identity for i in brought]), NOW).new
        store.prune(NOW + timedelta(days=2), bodies=1)
        assert [(i.item.title, i.item.text) for i in store.items(numbers)] == [
            ("Bed number 0", ""),
            ("Bed number 1", ""),
        ]
        assert store.get_meta("texts put off") is None, "nobody looks for any again"
        assert {i.id for i in store.search("bed")} == set(numbers)
        assert search_is_sound(store)


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize(
    ("text", "edited"), [("<p>Peas.<img src='/pixel?2'></p>", False), ("<p>Beans.</p>", True)]
)
def test_an_edit_is_told_from_other_markup_by_the_text(tmp_path: Path, text: str, edited: bool) -> None:
    before = read(feed("<p>Peas.<img src='/pixel?1'></p>")).items
    with opened(tmp_path) as store:
        (state,) = feeds(store)
        (number,) = store.apply(update(state, before, before=[i.identity for i in before]), NOW).new
        found = read(feed(text), {i.identity: i.hash for i in before})
        store.apply(update(state, found.items), NOW + timedelta(hours=1))
        with store._reading() as db:
            [when] = db.connection.exec_driver_sql(f"SELECT edited FROM item WHERE id = {number}").one()
        assert (when is not None) == edited
        assert store.items([number])[0].item.text == found.items[0].text
        assert search_is_sound(store)


@pytest.mark.usefixtures("either")  # SQLite and PostgreSQL
def test_an_item_is_not_put_off_again_once_it_was_read(tmp_path: Path) -> None:
    brought = read(feed("<p>Peas.</p>")).items
    with opened(tmp_path) as store:
        (state,) = feeds(store)
        (number,) = store.apply(update(state, map(now_read, brought)), NOW).new
        assert not store.apply(update(state, brought), NOW).changed
        assert store.items([number], "stored")[0].item.text == "Peas."


@pytest.mark.usefixtures("either")  # SQLite and PostgreSQL
def test_a_half_character_and_a_nul_are_stored(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        (state,) = feeds(store)
        odd = item("1", text=PUT_OFF, html=bodies.put_off("<p>a\0b</p>", "", URL))
        (number,) = store.apply(update(state, [odd]), NOW).new
        assert store.items([number])[0].item.text in {"ab", "a b"}
        with pytest.raises(UnicodeEncodeError):
            bodies.put_off("\ud83d", "", "")


def test_a_key_that_a_server_spells_otherwise_is_not_kept(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make(tmp_path / "home", monkeypatch, [server.port])
    key = "k3y-of-the-garden-7731"
    server.feed("/feed", feed("<p>Your token is k3y&#45;of&#45;the-g&#x61;rden-7731.</p>"))
    home.list(opml(("Tech", "Garden", server.url(f"/feed?token={key}"))))
    assert home.run("refresh") == 0
    with closing(sqlite3.connect(home.folder / ".newsfeed" / "newsfeed.db")) as raw:
        [(title, text, html)] = raw.execute("SELECT title, text, html FROM item JOIN body ON item = id")
    assert title == "Bed number 0"
    assert text.startswith("Your token is")
    assert not any(key in bodies.as_meant(unescape(kept)) for kept in (text, html))


def test_a_first_refresh_of_old_feeds_is_searched_whole_a_moment_later(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = make(tmp_path / "home", monkeypatch, [server.port])
    server.feed("/feed", feed("<p>Slugs ate the lettuce.</p>", "<p>Peas.</p>"))
    home.list(opml(("Tech", "Garden", server.url("/feed"))))
    assert home.run("refresh") == 0
    with closing(sqlite3.connect(home.folder / ".newsfeed" / "newsfeed.db")) as raw:
        assert raw.execute("SELECT count(*) FROM body WHERE text = ?", (PUT_OFF,)).fetchone() == (2,)
    capsys.readouterr()
    assert home.run("search", "lettuce") == 0
    assert "Slugs ate the lettuce." in capsys.readouterr().out
    assert home.run("refresh", "--force") == 0
    assert "0 new items" in capsys.readouterr().out
