"""From a page to a feed: only if there is none yet, only by the rules for addresses from others, the best of several."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from homes import NOON, Entry, TestHome, make, rss
from serving import Headers, Server, document

from newsfeed.store import Store

HTML = "text/html"


@pytest.fixture
def home(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestHome:
    return make(tmp_path / "home", monkeypatch, [server.port])


def page(server: Server, path: str, head: str = "", body: str = "", headers: Headers = ()) -> str:
    text = f"<!doctype html><html><head><title>Harbour</title>{head}</head><body>{body}</body></html>"
    return server.play(path, document(text.encode(), HTML, headers))


def feed(server: Server, path: str, name: str, count: int = 3, *, hours: float = 3.0, base: str = "") -> str:
    entries = [Entry(f"{name} writes {n}", hours=hours + n) for n in range(count)]
    return server.feed(path, rss(name, entries, base=base or f"https://{name.lower()}.example"))


def announce(href: str, title: str = "") -> str:
    return f'<link rel="alternate" type="application/rss+xml" title="{title}" href="{href}">'


def forward(target: str) -> str:
    return f'<meta http-equiv="refresh" content="0; url={target}">'


def listed(home: TestHome, *urls: str) -> None:
    lines = "".join(f'<outline type="rss" text="Harbour {n}" xmlUrl="{url}"/>' for n, url in enumerate(urls))
    home.list(f'<opml version="2.0"><body>{lines}</body></opml>')


def titles(home: TestHome) -> list[str]:
    with Store.open(home.folder / ".newsfeed" / "newsfeed.db", now=NOON) as store:
        return sorted(k.title for s in store.states() for k in store.known(s.feed))


def failure(home: TestHome, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    capsys.readouterr()
    home.run("refresh", "--force", "--json", *more)
    [result] = json.loads(capsys.readouterr().out)["results"]
    return str((result.get("failure") or {}).get("text", ""))


OLD = ["Harbour writes 0", "Harbour writes 1", "Harbour writes 2"]


# ----------------------------------------------------------------------- a known feed


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (announce("/offers.rss"), ""),
        ("", '<a href="/offers.rss">RSS of our offers</a>'),
        (announce("/comments.rss", "Comments") + announce("/offers.rss"), ""),
        ('<link rel="alternate" type="application/feed+json" href="/offers.rss">', "for sale"),
    ],
)
def test_a_known_feed_is_not_replaced_by_what_a_page_names(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str], head: str, body: str
) -> None:
    listed(home, feed(server, "/news", "Harbour"))
    assert home.run("refresh") == 0
    page(server, "/news", head, body)
    feed(server, "/offers.rss", "Offers")
    feed(server, "/comments.rss", "Comments")
    for _ in range(2):
        assert "web page stands in this feed's place" in failure(home, capsys)
        assert titles(home) == OLD
    assert not server.asked("/offers.rss")
    assert home.run("feeds", "repair") == 1
    shown = capsys.readouterr().out
    assert "/offers.rss" in shown
    assert "may be another feed" in shown
    assert "/offers.rss" not in (home.folder / "feeds.opml").read_text(), "a proposal changes nothing"
    feed(server, "/news", "Harbour")
    assert failure(home, capsys) == ""
    home.run("feeds", "repair")
    assert "offers" not in capsys.readouterr().out, "once the feed is well the proposal is void"


@pytest.mark.parametrize(
    "text",
    [
        "<title>Just a moment</title>Checking your browser before you go on",
        "<title>503 Backend unavailable</title>",
        "<title>Wartung</title>Bis morgen",
        '<title>Sign in</title><form><input type="password"></form>',
        '<meta http-equiv="refresh" content="5; url=/news?token=81">One moment',
    ],
)
def test_a_page_in_a_known_feeds_place_costs_one_request(home: TestHome, server: Server, text: str) -> None:
    listed(home, feed(server, "/news", "Harbour"))
    home.run("refresh")
    server.play("/news", document(f"<!doctype html><html>{text}</html>".encode(), HTML))
    before = len(server.seen)
    home.run("refresh", "--force")
    assert len(server.seen) == before + 1
    assert titles(home) == OLD


@pytest.mark.parametrize("target", ["/moved.xml", "moved.xml", "'/moved.xml'"])
def test_a_page_of_the_same_site_that_forwards_is_followed_and_offered_as_a_move(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    listed(home, feed(server, "/news", "Harbour"))
    home.run("refresh")
    page(server, "/news", forward(target))
    entries = [Entry("New at the new place"), Entry("Another one")]
    for day in range(1, 5):
        server.feed("/moved.xml", rss("Harbour", entries[: 1 + day // 3]))
        home.at(NOON + timedelta(days=day))
        assert failure(home, capsys) == ""
    assert titles(home) == ["Another one", *OLD, "New at the new place"]
    home.run("feeds", "repair")
    assert "has moved to" in capsys.readouterr().out


def test_a_page_that_forwards_elsewhere_needs_items_that_we_know(
    home: TestHome,
    server: Server,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Server() as other:
        home = make(tmp_path / "two", monkeypatch, [server.port])
        monkeypatch.setenv("NEWSFEED_FETCH__ALLOW_PRIVATE", f"127.0.0.1:{server.port},127.0.0.1:{other.port}")
        listed(home, feed(server, "/news", "Harbour"))
        home.run("refresh")
        page(server, "/news", forward(other.url("/offers.rss")))
        feed(other, "/offers.rss", "Offers")
        assert "web page" in failure(home, capsys)
        assert not other.seen, "a page gains no exception for another place of the owner's"
        assert titles(home) == OLD


# ----------------------------------------------------------------------- private places


@pytest.mark.parametrize(
    "names",
    [
        announce("{}"),
        '<a href="{}">RSS</a>',
        forward("{}"),
        '<base href="{}"><link rel="alternate" type="application/atom+xml" href="feed">',
    ],
)
def test_a_page_can_not_make_us_ask_the_owners_private_places(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: str
) -> None:
    with Server() as private:
        home = make(tmp_path / "home", monkeypatch, [server.port, private.port])
        feed(private, "/wake", "Private")
        listed(home, page(server, "/", names.format(private.url("/wake?all"))), private.url("/own.xml"))
        feed(private, "/own.xml", "Own")
        home.run("refresh")
        assert {seen.path for seen in private.seen} == {"/own.xml"}
        assert home.run("feeds", "add", server.url("/")) == 2
        assert {seen.path for seen in private.seen} == {"/own.xml"}


def test_a_page_of_the_owners_own_place_may_name_a_feed_there(home: TestHome, server: Server) -> None:
    listed(home, page(server, "/", announce("/own.xml")))
    feed(server, "/own.xml", "Own")
    for _ in range(2):
        assert home.run("refresh", "--force") == 0
        assert titles(home) == ["Own writes 0", "Own writes 1", "Own writes 2"]
    assert len(server.asked("/")) == 1, "its feed, once found, is asked in its place"


GERMAN = [
    Entry("Der Hafen bekommt einen zweiten Kran", "Die Stadt verdoppelt, was der Hafen heben kann.", 1),
    Entry("Die Fähre fährt wieder nach Norden", "Nach dem Sturm ist die Verbindung wieder offen.", 2),
    Entry("Warum der Leuchtturm dunkel bleibt", "Es fehlt das Geld für neue Lampen und für die Wärter.", 3),
]


@pytest.mark.parametrize(
    ("languages", "warned"),
    [('languages = ["en"]\n', True), ('languages = ["en", "de"]\n', False), ("", False)],
)
def test_adding_a_feed_says_if_no_page_would_have_its_language(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str], languages: str, warned: bool
) -> None:
    listed(home)
    settings = home.folder / "newsfeed.toml"
    settings.write_text(languages + (settings.read_text() if settings.exists() else ""))
    server.feed("/kurier.xml", rss("Hafenkurier", GERMAN, base="https://kurier.example"))
    assert home.run("feeds", "add", server.url("/kurier.xml")) == 0
    said = capsys.readouterr().out
    assert ("“de”" in said and "newsfeed.toml" in said) == warned
    assert "Hafenkurier" in said


# ----------------------------------------------------------------------- which of several


def added(home: TestHome, server: Server, path: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The path of the feed that is added when a page is given."""
    listed(home)
    assert home.run("feeds", "add", server.url(path)) == 0, capsys.readouterr().err
    said = capsys.readouterr().out
    return said.partition(server.url(""))[2].partition(")")[0].partition(",")[0]


@pytest.mark.parametrize(
    ("path", "head", "body", "expected"),
    [
        ("/2024/la-mer/", announce("/2024/la-mer/feed/") + announce("/feed/"), "", "/feed/"),
        ("/der-hafen/", announce("/der-hafen/feed/", "Hafen » Antworten") + announce("/feed/"), "", "/feed/"),
        ("/a/b.html", announce("/a/b.html/rss", "b") + announce("/feed/"), "", "/feed/"),
        ("/blog/", announce("/blog/feed/") + announce("/feed/"), "", "/blog/feed/"),
        ("/about/", announce("/about/feed/"), "", "/about/feed/"),
        ("/", announce("/empty.xml") + announce("/feed/"), "", "/feed/"),
        ("/", announce("/ended.xml") + announce("/feed/"), "", "/feed/"),
        ("/", announce("/empty.xml") + announce("/ended.xml"), "", "/ended.xml"),
        ("/", announce("/answers.xml") + announce("/feed/"), "", "/feed/"),
        ("/", '<link rel="alternate" type="application/rss+xml" href="feed:{}/feed/">', "", "/feed/"),
        ("/", "", '<a href="/all/latest">RSS</a>', "/all/latest"),
        ("/", "", '<a href="/all/latest" title="Atom feed">Follow us</a>', "/all/latest"),
        ("/", "", '<a href="/all/latest"><img src="/i/rss-orange.png" alt=""></a>', "/all/latest"),
        ("/", "", '<a href="/all/latest" class="icon fa-rss"></a> <a href="/feedback">Feedback</a>', "/all/latest"),
        ("/start", forward("/"), "", "/feed/"),
        ("/start", forward("/feed/"), "", "/feed/"),
    ],
)  # fmt: skip
def test_the_feed_of_a_site_is_its_living_one(
    home: TestHome,
    server: Server,
    capsys: pytest.CaptureFixture[str],
    path: str,
    head: str,
    body: str,
    expected: str,
) -> None:
    for place in ("/feed/", "/blog/feed/", "/about/feed/", "/all/latest"):
        feed(server, place, "Living")
    for place in ("/2024/la-mer/feed/", "/der-hafen/feed/", "/a/b.html/rss"):
        feed(server, place, "Comments", 1)
    feed(server, "/empty.xml", "Empty", 0)
    feed(server, "/ended.xml", "Ended", hours=24 * 1_500)
    answers = [Entry(f"Answer {n}", link=f"https://a.example/story#comment-{n}") for n in range(3)]
    server.feed("/answers.xml", rss("Story", answers))
    if path == "/start":
        page(server, "/", announce("/feed/"))
    page(server, path, head.replace("{}", server.url("")), body)
    assert added(home, server, path, capsys) == expected


@pytest.mark.parametrize(
    "value",
    [
        '</all.xml>; rel="alternate"; type="application/rss+xml"',
        '</style.css>; rel=preload; as=style, </all.xml>; type="application/atom+xml"; rel=alternate; title="a, b; c"',
        '<{}/all.xml>;rel="feed"',
        "</wp-json/>; rel='https://api.w.org/', </all.xml>; rel=alternate; type=application/feed+json",
    ],
)
def test_a_link_header_announces_like_the_element(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    feed(server, "/all.xml", "Living")
    page(server, "/", headers=[("Link", value.format(server.url("")))])
    assert added(home, server, "/", capsys) == "/all.xml"
