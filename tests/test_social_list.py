"""Profiles added by the command line: as feeds that every reader can use, with a note how they are read, or refused with
an explanation."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.networks import START, Mastodon, status
from homes import TestHome, make, opml
from serving import Server

from newsfeed import opml as lists
from newsfeed import sources
from newsfeed.pipeline.subscriptions import add


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> TestHome:
    made = make(tmp_path / "home", monkeypatch, [server.port])
    made.at(START)
    made.list(opml(("News", "Paper", "https://paper.example/feed")))
    return made


def listed(home: TestHome) -> list[tuple[str, str, str]]:
    found = lists.parse((home.folder / "feeds.opml").read_bytes()).subscriptions
    return [(s.title, s.url, sources.find(s).kind) for s in found]


def test_a_profile_is_added_as_its_rss_and_still_read_by_the_interface(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    network = Mastodon(server)
    network.statuses = [status(n) for n in range(1, 4)]
    assert home.run("feeds", "add", server.url("/@ada"), "--folder", "Social") == 0
    assert "added: Ada Lind" in capsys.readouterr().out.replace("\n", " ")
    assert listed(home)[1] == ("Ada Lind", server.url("/@ada.rss"), "mastodon")
    assert home.run("feeds", "add", server.url("/@ada")) == 2, "it is there already"
    capsys.readouterr()
    home.run("feeds", "check")
    said = " ".join(capsys.readouterr().out.split())
    assert "Ada Lind is read as mastodon, from http://127.0.0.1" in said


def test_a_community_is_added_by_whichever_way_its_server_answers(home: TestHome, server: Server) -> None:
    body = b'{"items":[{"post":{"ap_id":"https://lemmy.example/post/1","name":"A boat","published_at":"2026-11-22T06:00:00Z","score":4},"creator":{"name":"dee"},"community":{"title":"Boats"}}],"next_page":null}'
    server.reply("/api/v4/post/list", 200, [("Content-Type", "application/json")], body)
    assert home.run("feeds", "add", server.url("/c/boats")) == 0
    title, url, kind = listed(home)[1]
    assert title.startswith("Boats")
    assert (url, kind) == (server.url("/feeds/c/boats.xml?sort=New"), "lemmy")
    assert [s.path.partition("?")[0] for s in server.seen] == ["/api/v3/post/list", "/api/v4/post/list"]


def test_a_page_that_only_looks_like_a_profile_is_read_as_a_page(home: TestHome, server: Server) -> None:
    page = b'<html><head><link rel="alternate" type="application/rss+xml" href="/blog.xml"></head><body>hi</body></html>'
    server.reply("/@ada", 200, [("Content-Type", "text/html")], page)
    server.feed(
        "/blog.xml",
        b"<rss version='2.0'><channel><title>Ada's blog</title><item><title>One</title><link>https://a.example/1</link></item></channel></rss>",
    )
    assert home.run("feeds", "add", server.url("/@ada")) == 0
    assert listed(home)[1] == ("Ada's blog", server.url("/blog.xml"), "syndication")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://www.linkedin.com/in/ada", "LinkedIn lets no program read"),
        ("https://www.threads.net/@ada", "followed from Mastodon"),
        ("https://x.com/ada", "US$0.005"),
    ],
)
def test_what_can_not_be_added_is_refused_with_what_can_be_done(
    home: TestHome, capsys: pytest.CaptureFixture[str], address: str, words: str
) -> None:
    assert home.run("feeds", "add", address) == 2
    assert words in " ".join(capsys.readouterr().err.split())
    assert len(listed(home)) == 1


def test_a_token_is_never_printed_or_exported(
    home: TestHome, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "tok-5ecret-0123456789"
    network = Mastodon(server, token=secret)
    network.statuses = [status(1)]
    with (home.folder / "newsfeed.toml").open("a") as settings:
        settings.write('[secrets."127.0.0.1"]\nenv = "NEWSFEED_SECRET_SOCIAL"\n')
    home.list(
        f'<opml version="2.0"><body><outline type="mastodon" text="Home" htmlUrl="{server.url("/home")}"/></body></opml>'
    )
    monkeypatch.setenv("NEWSFEED_SECRET_SOCIAL", secret)
    assert home.run("refresh") == 0
    assert network.tokens[-1] == f"Bearer {secret}"
    monkeypatch.setenv("NEWSFEED_SECRET_SOCIAL", secret + "-wrong")
    for words in (
        ["refresh", "--force"],
        ["feeds", "check"],
        ["feeds", "list"],
        ["feeds", "export"],
        ["digest"],
    ):
        home.run(*words)
    said = capsys.readouterr()
    assert secret not in said.out + said.err
    for path in home.folder.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path


@pytest.mark.parametrize(
    "address",
    ["r/harbour", "/u/ada", "user/ada", "@ada@social.example", "#tide@social.example", "@ada", "did:plc:abc", "acct:ada@social.example",
     "imaps://mail.example/INBOX", "at://did:plc:abc", "http://pier.example/"],
)  # fmt: skip
def test_what_a_network_knows_keeps_its_spelling(address: str) -> None:
    assert add.spelt(address) == address


@pytest.mark.parametrize(
    "address", ["pier.example", "pier.example/feed.xml", "x.com/ada", "localhost:8080/feed", "t.me/pier"]
)
def test_a_bare_address_is_one_of_the_web(address: str) -> None:
    assert add.spelt(address) == f"https://{address}"
