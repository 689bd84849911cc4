"""Articles: which pages are read for picks with a thin lead, what robots.txt allows, what counts as one site."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import homes
import pytest
from homes import NOON, Entry
from serving import Server, fixed

from newsfeed.model import Failure, FeedState, Parsed, Response, Subscription
from newsfeed.reading import read
from newsfeed.sources import webpages

BODY = """<!doctype html><html lang="en"><head><title>Harbour</title></head><body>
<nav><a href="/">Home</a> <a href="/about">About us</a></nav>
<article><h1>Harbour reopens after storm</h1>
<p>The harbour reopened on Monday after engineers cleared two sunken barges from the main channel.</p>
<p>Forty ships had waited outside for nine days, and the port authority expects the queue to be gone by Friday.
Insurers put the damage at thirty million, most of it to cranes that stood in the wind.</p>
<p>Dock workers agreed to longer shifts for two weeks, for a bonus that both sides called fair.</p>
</article><footer>Subscribe to our newsletter! Cookie settings.</footer></body></html>"""


def test_a_page_gives_its_text_and_nothing_of_its_frame() -> None:
    subscription = Subscription(url="https://port.example/harbour", title="Harbour reopens after storm")
    asked = webpages.article.request(FeedState(subscription=subscription))
    response = Response(request=asked, url=asked.url, body=BODY.encode(), content_type="text/html")
    parsed = read(response, subscription, {}, NOON)
    assert isinstance(parsed, Parsed)
    item = parsed.items[0]
    assert item.lead.startswith("The harbour reopened on Monday")
    assert "Cookie" not in item.text
    assert 50 < item.words < 100


def test_a_page_without_an_article_is_a_failure() -> None:
    subscription = Subscription(url="https://port.example/")
    asked = webpages.article.request(FeedState(subscription=subscription))
    response = Response(
        request=asked, url=asked.url, body=b"<html><p>Log in</p></html>", content_type="text/html"
    )
    assert isinstance(read(response, subscription, {}, NOON), Failure)


def test_robots_rules_are_kept() -> None:
    rules = b"User-agent: *\nDisallow: /private\n"
    assert webpages.allowed(rules, "https://a.example/story")
    assert not webpages.allowed(rules, "https://a.example/private/story")
    assert webpages.allowed(b"", "https://a.example/story")
    assert webpages.robots_url("https://a.example:8443/x?y") == "https://a.example:8443/robots.txt"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://www.bbc.co.uk/news/1", "https://feeds.bbc.co.uk/rss", True),
        ("https://a.co.uk/1", "https://b.co.uk/rss", False),
        ("https://x.example.com/1", "https://example.com/feed", True),
        ("http://127.0.0.1:80/a", "http://127.0.0.1:80/feed", True),
        ("https://evil.example/1", "https://example.org/feed", False),
    ],
)
def test_a_site_ends_where_the_public_suffix_list_says(one: str, other: str, same: bool) -> None:
    assert webpages.same_site(one, other) is same


def test_a_thin_pick_gets_the_first_sentences_of_its_article(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server() as server:
        home = homes.make(tmp_path / "home", monkeypatch, [server.port])
        thin = Entry(
            "Harbour reopens after storm hits bank and trade", "The port is open.", link=server.url("/story")
        )
        closed = Entry(
            "Central bank lifts interest rates as inflation stays",
            "Rates are up.",
            link=server.url("/private/2"),
        )
        server.feed("/feed", homes.rss("Port News", [thin, closed], base=server.url("")))
        page = server.play("/story", fixed(200, [("Content-Type", "text/html")], BODY.encode()))
        server.play("/private/2", fixed(200, [("Content-Type", "text/html")], BODY.encode()))
        server.play(
            "/robots.txt",
            fixed(200, [("Content-Type", "text/plain")], b"User-agent: *\nDisallow: /private\n"),
        )
        home.list(homes.opml(("Finance", "Port News", server.url("/feed"))))
        assert home.run("digest", "--no-open") == 0
        leads = {p["title"]: p["lead"] for p in home.digest()["picks"]}
        assert any(lead.startswith("The harbour reopened on Monday") for lead in leads.values()), leads
        assert len(server.asked("/story")) == 1
        assert not server.asked("/private/2")
        assert page.endswith("/story")
        # Off means off: no page is requested.
        monkeypatch.setenv("NEWSFEED_EDITION__READ_ARTICLES", "off")
        first = home.digest()["picks"]
        home.run("digest", "--no-open", "--no-refresh", "--rebuild")
        assert home.digest()["picks"] == first, "read from the store again, the same is chosen"
        home.at(NOON + timedelta(minutes=5))
        home.run("digest", "--no-open", "--rebuild")
        assert len(server.asked("/story")) == 1


def test_a_headline_without_a_lead_gets_its_chance_by_its_article(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server() as server:
        home = homes.make(tmp_path / "home", monkeypatch, [server.port])
        told = [
            Entry(f"Central bank of the {n} islands leaves its interest rates alone", hours=n)
            for n in range(2, 40)
        ]
        bare = Entry(
            "Central bank halves its key rate after storm shuts the largest harbour",
            "",
            hours=14,
            link=server.url("/story"),
        )
        server.feed("/feed", homes.rss("Port News", [*told, bare], base="https://outlet.example"))
        server.play("/story", fixed(200, [("Content-Type", "text/html")], BODY.encode()))
        home.list(homes.opml(("Finance", "Port News", server.url("/feed"))))
        assert home.run("digest", "--no-open") == 0
        assert len(server.asked("/story")) == 1


def harbours(server: Server, paths: list[str]) -> list[Entry]:
    """Stories of one thin sentence each, unlike one another, and the addresses of their articles."""
    titles = (
        "Central bank leaves interest rates alone as inflation slows",
        "Shares of shipping lines fall after quarterly earnings miss forecasts",
        "Pension funds buy government bonds at the highest yields in a decade",
        "Insurer lifts its dividend as claims for storms come in below plan",
        "Currency traders bet on a weaker franc before the budget",
    )
    return [
        Entry(
            titles[n],
            f"Number {n} was told of at the meeting in the old hall by the quay.",
            hours=2 + n,
            link=server.url(path),
        )
        for n, path in enumerate(paths)
    ]


def test_a_site_is_asked_for_its_rules_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server() as server:
        home = homes.make(tmp_path / "home", monkeypatch, [server.port])
        paths = [f"/story/{n}" for n in range(4)]
        for path in paths:
            server.play(path, fixed(200, [("Content-Type", "text/html")], BODY.encode()))
        # An empty file forbids nothing.
        server.play("/robots.txt", fixed(200, [("Content-Type", "text/plain")], b""))
        server.feed("/feed", homes.rss("Port News", harbours(server, paths), base=server.url("")))
        home.list(homes.opml(("Finance", "Port News", server.url("/feed"))))
        assert home.run("digest", "--no-open") == 0
        assert [len(server.asked(path)) for path in paths] == [1, 1, 1, 1]
        assert len(server.asked("/robots.txt")) == 1


def test_a_redirect_is_asked_only_where_the_reader_and_the_site_allow_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server() as server:
        home = homes.make(tmp_path / "home", monkeypatch, [server.port])
        monkeypatch.setenv(
            "NEWSFEED_FETCH__ALLOW_PRIVATE", f"127.0.0.1:{server.port},localhost:{server.port}"
        )
        away = server.url("/away").replace("127.0.0.1", "localhost")
        leads = {"/to-elsewhere": away, "/to-private": "/private/1", "/to-open": "/open", "/round": "/round"}
        for path, target in leads.items():
            server.play(path, fixed(302, [("Location", target)], b""))
        for path in ("/away", "/private/1", "/open"):
            server.play(path, fixed(200, [("Content-Type", "text/html")], BODY.encode()))
        server.play(
            "/robots.txt",
            fixed(200, [("Content-Type", "text/plain")], b"User-agent: *\nDisallow: /private/\n"),
        )
        server.feed("/feed", homes.rss("Port News", harbours(server, list(leads)), base=server.url("")))
        home.list(homes.opml(("Finance", "Port News", server.url("/feed"))))
        assert home.run("digest", "--no-open") == 0
        assert all(server.asked(path) for path in leads)
        assert not server.asked("/away")
        assert not server.asked("/private/1")
        assert len(server.asked("/open")) == 1
        found = [p["lead"] for p in home.digest()["picks"]]
        assert sum(lead.startswith("The harbour reopened on Monday") for lead in found) == 1
        assert sum(lead.startswith("Number ") for lead in found) == 3
