"""Social sources on loopback, with the real fetch room and store: nothing is lost, nothing comes twice."""

from __future__ import annotations

import html
import json
from datetime import timedelta
from pathlib import Path

import homes
import pytest
from fakes.networks import (
    START,
    Bluesky,
    HackerNews,
    Mastodon,
    Network,
    at,
    hit,
    reddit_entry,
    reddit_feed,
    status,
    telegram_page,
    view,
)
from faults import said
from serving import Server
from stored import of_feed

from newsfeed.model import Cause, FetchSetting, Settings
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning.pull import pull
from newsfeed.pipeline.reports import RefreshOptions, RefreshReport
from newsfeed.store import Store

NOW = START + timedelta(hours=12)


@pytest.fixture
def workers() -> None:
    """For tests that let documents be read in processes of their own."""


@pytest.fixture(autouse=True)
def reading(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read documents in this process: each refresh would start a worker."""
    if "workers" not in request.fixturenames:
        homes.read_here(monkeypatch)


class Reader:
    """A reader's home with a list of social sources, refreshed by hand."""

    def __init__(
        self, folder: Path, server: Server, outlines: list[str], secrets: dict[str, str] | None = None
    ) -> None:
        self.now = NOW
        settings = Settings(
            home=str(folder),
            fetch=FetchSetting(
                allow_private=(server.place,), timeout=30, patience=0, manual_floor=0, workers=1
            ),
        )
        self.home = Home(folder, settings, lambda: self.now)
        self.secrets = secrets or {}
        lines = "".join(outlines)
        (folder / "feeds.opml").write_text(
            f'<opml version="2.0"><body><outline text="Social">{lines}</outline></body></opml>',
            encoding="utf-8",
        )

    def refresh(self) -> RefreshReport:
        with self.home.open_store() as store:
            done = pull(self.home, store, RefreshOptions(fetch_only=True, force=True, secrets=self.secrets))
        self.now += timedelta(hours=1)
        return done

    def titles(self, feed: int = 1) -> list[str]:
        with self.home.open_store() as store:
            return sorted(s.item.title for s in of_feed(store, feed))

    def items(self, feed: int = 1) -> dict[str, object]:
        with self.home.open_store() as store:
            return {s.item.title: s.item for s in of_feed(store, feed)}

    def store(self) -> Store:
        return self.home.open_store()


def outline(url: str, server: Server, **options: str) -> str:
    more = "".join(
        f' newsfeed-{name.replace("_", "-")}="{html.escape(value)}"' for name, value in options.items()
    )
    return f'<outline text="x" xmlUrl="{html.escape(url)}" newsfeed-api="{server.url("")}"{more}/>'


# --------------------------------------------------------------------------- Mastodon


@pytest.mark.usefixtures("workers")
def test_mastodon_nothing_is_stored_twice_and_nothing_is_lost_between_looks(
    tmp_path: Path, server: Server
) -> None:
    network = Mastodon(server)
    network.statuses = [status(n) for n in range(30)]
    reader = Reader(tmp_path, server, [outline("@ada@social.example", server)])
    first = reader.refresh()
    assert first.results[0].new == 30
    assert "/api/v1/accounts/42/statuses?limit=40&exclude_reblogs=true&exclude_replies=true" in network.asked
    assert reader.refresh().results[0].new == 0
    # More than one page arrived between two requests: the gap is filled from where we stopped.
    network.statuses += [status(n) for n in range(30, 150)]
    assert reader.refresh().results[0].new == 120
    assert reader.refresh().results[0].new == 0
    assert len(reader.titles()) == 150


def test_mastodon_a_walk_that_breaks_off_goes_on_the_next_time(tmp_path: Path, server: Server) -> None:
    network = Mastodon(server)
    network.statuses = [status(0)]
    reader = Reader(tmp_path, server, [outline("@ada@social.example", server)])
    reader.refresh()
    network.statuses += [status(n) for n in range(1, 130)]
    network.refuse = [None, None, (500, (), b"")]  # the newest page, one page of the gap, then a failure
    assert reader.refresh().results[0].new == 80
    assert reader.refresh().results[0].new == 49
    assert reader.refresh().results[0].new == 0
    assert len(reader.titles()) == 130


def test_mastodon_more_between_two_looks_than_a_refresh_may_ask_comes_over_several(
    tmp_path: Path, server: Server
) -> None:
    network = Mastodon(server)
    network.statuses = [status(0)]
    reader = Reader(tmp_path, server, [outline("#tides@social.example", server)])
    reader.refresh()
    network.statuses += [status(n) for n in range(1, 400)]
    for _ in range(3):
        reader.refresh()
    assert len(reader.titles()) == 400


def test_mastodon_an_account_that_got_another_number_is_looked_up_anew(
    tmp_path: Path, server: Server
) -> None:
    network = Mastodon(server)
    network.statuses = [status(n) for n in range(3)]
    reader = Reader(tmp_path, server, [outline("@ada@social.example", server)])
    reader.refresh()
    network.move("77")
    network.statuses.append(status(3))
    done = reader.refresh()
    assert done.results[0].failure is None
    assert done.results[0].new == 1


def test_mastodon_deleted_posts_stay_read_and_edits_are_changes(tmp_path: Path, server: Server) -> None:
    network = Mastodon(server)
    network.statuses = [status(n) for n in range(4)]
    reader = Reader(tmp_path, server, [outline("@ada@social.example", server)])
    reader.refresh()
    del network.statuses[1]
    network.statuses[0]["content"] = "<p>The gauge was read wrongly; the right figure is four.</p>"
    network.statuses[2]["favourites_count"] = 40
    done = reader.refresh().results[0]
    assert (done.new, done.changed) == (0, 1)
    assert len(reader.titles()) == 4
    with reader.store() as store:
        scores = {s.item.identity.rpartition("/")[2]: s.item.score for s in of_feed(store, 1)}
    assert scores["3"] == 40, "counts are kept up without an edit"


def test_mastodon_home_needs_a_token_and_says_which(tmp_path: Path, server: Server) -> None:
    network = Mastodon(server, token="s3cret-token")
    network.statuses = [status(1)]
    home = [outline("https://social.example/home", server, source="mastodon")]
    failure = Reader(tmp_path, server, home).refresh().results[0].failure
    assert failure
    assert failure.cause == Cause.LOGIN
    assert "Your Mastodon home needs a token" in said(failure)
    assert '[secrets."' in said(failure)
    assert failure.needs_owner
    assert network.asked == [], "without a token nothing is asked"


def test_mastodon_home_is_read_with_the_token_and_a_wrong_one_is_told(tmp_path: Path, server: Server) -> None:
    network = Mastodon(server, token="s3cret-token")
    network.statuses = [
        status(1),
        status(2, content="", reblog=status(0, account=person_of("cy")), account=person_of("ada")),
        status(3, content="", reblog=status(0, account=person_of("cy")), account=person_of("dee")),
        status(4, visibility="private"),
    ]
    home = [outline("https://social.example/home", server, source="mastodon")]
    reader = Reader(tmp_path, server, home, {"127.0.0.1": "s3cret-token"})
    assert reader.refresh().results[0].new == 2
    with reader.store() as store:
        (boosted,) = [s.item for s in of_feed(store, 1) if s.item.via]
    assert sorted(boosted.via) == ["ada", "dee"]
    wrong = Reader(tmp_path, server, home, {"127.0.0.1": "another"}).refresh().results[0].failure
    assert wrong
    assert wrong.cause == Cause.LOGIN
    assert "does not accept your token" in wrong.text
    assert "another" not in f"{wrong.text}{wrong.repair}{wrong.url}"


def person_of(name: str) -> dict[str, object]:
    return {
        "id": name,
        "acct": name,
        "username": name,
        "display_name": "",
        "url": f"https://social.example/@{name}",
    }


def test_a_server_that_is_no_mastodon_is_read_by_rss_then_as_a_page(tmp_path: Path, server: Server) -> None:
    rss = b"<rss version='2.0'><channel><title>Ada</title><link>https://x.example/@ada</link><item><guid>https://x.example/@ada/1</guid><link>https://x.example/@ada/1</link><description>&lt;p&gt;From the feed, not the interface.&lt;/p&gt;</description></item></channel></rss>"
    server.feed("/@ada.rss", rss)
    reader = Reader(tmp_path, server, [outline("@ada@social.example", server)])
    assert reader.refresh().results[0].new == 1
    assert reader.refresh().results[0].new == 0
    assert [s.path for s in server.seen].count("/api/v1/accounts/lookup?acct=ada") == 1, (
        "what works is remembered"
    )


# --------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("header", "value", "minutes"),
    [
        ("Retry-After", "600", 10),
        ("X-RateLimit-Reset", (NOW + timedelta(minutes=20)).isoformat(), 20),  # Mastodon
        ("X-Rate-Limit-Reset", str(int((NOW + timedelta(minutes=15)).timestamp())), 15),  # X
        ("X-RateLimit-Reset", "90", 1.5),  # Reddit
    ],
)
def test_each_way_of_asking_for_patience_is_honoured_and_what_is_there_stays(
    tmp_path: Path, server: Server, header: str, value: str, minutes: float
) -> None:
    network = HackerNews(server)
    network.hits = [hit(n) for n in range(1, 4)]
    reader = Reader(tmp_path, server, [outline("https://news.ycombinator.com/", server)])
    reader.refresh()
    reader.now = NOW
    network.refuse = [(429, [(header, value)], b"{}")]
    failure = reader.refresh().results[0].failure
    assert failure
    assert failure.cause == Cause.THROTTLED
    assert failure.retry_at == NOW + timedelta(minutes=minutes)
    assert len(reader.titles()) == 3
    reader.now = NOW + timedelta(seconds=30)
    assert reader.refresh().results[0].wait_until == NOW + timedelta(minutes=minutes), "not even by hand"


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"hits": "none"}',
        b'{"hits": [null, 7, {"objectID": {"x": 1}}, {"objectID": "1e9"}]}',
        b'[{"id": 1, "title": ["x"], "time": "soon", "url": {"a": 1}}]',
        b'{"hits": [{"objectID": "5", "title": "\\ud800 lone", "points": 1e400, "url": "javascript:alert(1)"}]}',
        b"<html><script>alert(1)</script></html>",
        b"\x00\x01\x02",
    ],
)
def test_hostile_answers_cost_nothing_but_themselves(tmp_path: Path, server: Server, body: bytes) -> None:
    network = HackerNews(server)
    network.hits = [hit(1)]
    reader = Reader(tmp_path, server, [outline("https://news.ycombinator.com/", server)])
    reader.refresh()
    network.refuse = [(200, (), body)]
    reader.refresh()
    with reader.store() as store:
        links = [s.item.link for s in of_feed(store, 1)]
    assert "https://harbour.example/part-1" in links
    assert not any(link.startswith("javascript") for link in links)
    assert reader.refresh().results[0].failure is None


# --------------------------------------------------------------------------- Bluesky


def test_bluesky_pages_until_what_was_seen(tmp_path: Path, server: Server) -> None:
    network = Bluesky(server)
    network.views = [view(n) for n in range(5)]
    reader = Reader(tmp_path, server, [outline("https://bsky.app/profile/bo.example", server)])
    assert reader.refresh().results[0].new == 5
    assert reader.refresh().results[0].new == 0
    network.views += [view(n) for n in range(5, 23)]
    assert reader.refresh().results[0].new == 18
    network.views += [view(n) for n in range(23, 35)]
    network.refuse = [None, (503, (), b"")]
    assert reader.refresh().results[0].new == 5
    assert reader.refresh().results[0].new == 7, "the walk that broke off is walked again"
    assert len(reader.titles()) == 35


def test_bluesky_follows_an_author_whose_handle_changes(tmp_path: Path, server: Server) -> None:
    network = Bluesky(server)
    network.views = [view(1)]
    reader = Reader(tmp_path, server, [outline("https://bsky.app/profile/bo.example", server)])
    reader.refresh()
    network.handle = "bo-quist.example"
    network.views.append(view(2))
    done = reader.refresh().results[0]
    assert done.failure is None
    assert done.new == 1


def test_bluesky_a_custom_feed_is_found_by_its_owner(tmp_path: Path, server: Server) -> None:
    network = Bluesky(server)
    network.views = [view(n) for n in range(4)]
    reader = Reader(tmp_path, server, [outline("https://bsky.app/profile/bo.example/feed/boats", server)])
    assert reader.refresh().results[0].new == 4
    assert any("did%3Aplc" in asked and "boats" in asked for asked in network.asked)
    assert reader.refresh().results[0].new == 0


def test_bluesky_home_logs_in_once_and_shows_the_password_to_nobody(tmp_path: Path, server: Server) -> None:
    network = Bluesky(server)
    network.views = [view(n) for n in range(3)]
    network.serve("/xrpc/app.bsky.feed.getTimeline", network._author)
    network.serve(
        "/xrpc/com.atproto.server.createSession",
        lambda _query: (200, (), b'{"accessJwt":"tok.en","refreshJwt":"r","did":"did:plc:me"}'),
    )
    home = [outline("https://bsky.app/", server, source="bluesky")]
    reader = Reader(tmp_path, server, home, {"127.0.0.1": "me.example:app-pass-word"})
    assert reader.refresh().results[0].new == 3
    assert [a.partition("?")[0].rpartition(".")[2] for a in network.asked] == ["createSession", "getTimeline"]
    assert network.tokens == ["", "Bearer tok.en"]
    assert json.loads(server.seen[0].body) == {"identifier": "me.example", "password": "app-pass-word"}
    network.refuse = [(401, (), b'{"error":"AuthenticationRequired"}')]
    failure = reader.refresh().results[0].failure
    assert failure
    assert failure.cause == Cause.LOGIN
    assert "app-pass-word" not in repr(failure)


# --------------------------------------------------------------------------- the others


def test_reddit_subreddits_share_one_request_and_take_their_own_posts(tmp_path: Path, server: Server) -> None:
    entries = [
        reddit_entry(n, "boats" if n % 2 else "tides", f"https://press.example/{n}") for n in range(10)
    ]
    server.reply(
        "/r/boats+tides/.rss", 200, [("Content-Type", "application/atom+xml")], reddit_feed(*entries)
    )
    reader = Reader(
        tmp_path, server, [outline("r/boats", server), outline("https://old.reddit.com/r/Tides", server)]
    )
    done = reader.refresh()
    assert [r.new for r in done.results] == [5, 5]
    assert [s.path for s in server.seen] == ["/r/boats+tides/.rss?limit=100"]
    assert [r.new for r in reader.refresh().results] == [0, 0]
    assert all(title.endswith("of boats") for title in reader.titles(1))
    assert all(title.endswith("of tides") for title in reader.titles(2))


def test_reddit_one_closed_subreddit_does_not_shut_out_the_others(tmp_path: Path, server: Server) -> None:
    server.reply("/r/boats+gone/.rss", 404)
    server.reply("/r/boats/.rss", 200, [], reddit_feed(reddit_entry(1, "boats")))
    server.reply("/r/gone/.rss", 404)
    reader = Reader(tmp_path, server, [outline("r/boats", server), outline("r/gone", server)])
    good, bad = reader.refresh().results
    assert good.new == 1
    assert bad.failure
    assert "/r/gone" in said(bad.failure)


def test_telegram_goes_back_to_what_was_seen(tmp_path: Path, server: Server) -> None:
    pages = {"": telegram_page(*[(n, f"Message number {n} from the harbour.") for n in range(1, 21)])}
    network = Network(server)
    network.serve(
        "/s/harbour", lambda query: (200, [("Content-Type", "text/html")], pages[query.get("before", "")])
    )
    reader = Reader(tmp_path, server, [outline("t.me/harbour", server)])
    assert reader.refresh().results[0].new == 20
    pages[""] = telegram_page(*[(n, f"Message number {n} from the harbour.") for n in range(41, 61)])
    pages["41"] = telegram_page(*[(n, f"Message number {n} from the harbour.") for n in range(21, 41)])
    assert reader.refresh().results[0].new == 40
    assert reader.refresh().results[0].new == 0


def test_telegram_says_when_a_channel_has_no_preview(tmp_path: Path, server: Server) -> None:
    server.reply("/s/harbour", 200, [("Content-Type", "text/html")], b"<html><body>Join us</body></html>")
    failure = Reader(tmp_path, server, [outline("t.me/harbour", server)]).refresh().results[0].failure
    assert failure
    assert "shows no preview" in said(failure)


def test_youtube_finds_a_channel_by_its_handle_and_keeps_it(tmp_path: Path, server: Server) -> None:
    channel = "UC" + "a" * 22
    server.reply(
        "/@boats",
        200,
        [("Content-Type", "text/html")],
        f'<script>{{"externalId":"{channel}"}}</script>'.encode(),
    )
    entry = f"<entry><id>yt:video:abc</id><title>How a lock works</title><link rel='alternate' href='https://www.youtube.com/watch?v=abc'/><author><name>Boats</name></author><published>{at(3)}</published></entry>"
    server.feed(
        "/feeds/videos.xml",
        f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Videos</title>{entry}</feed>".encode(),
    )
    reader = Reader(tmp_path, server, [outline("https://www.youtube.com/@boats", server)])
    assert reader.refresh().results[0].new == 1
    assert reader.refresh().results[0].new == 0
    paths = [s.path for s in server.seen]
    assert paths.count("/@boats") == 1
    assert f"/feeds/videos.xml?playlist_id=UULF{channel[2:]}" in paths


def test_x_tells_its_price_and_stops_at_the_number_of_the_day(tmp_path: Path, server: Server) -> None:
    network = Network(server)
    tweets = [
        {
            "id": str(n),
            "text": f"Tide {n} is in, and the ferry is late again.",
            "author_id": "9",
            "created_at": at(n),
        }
        for n in range(1, 21)
    ]
    network.serve("/2/users/by/username/boats", lambda _q: (200, (), b'{"data":{"id":"9","name":"Boats"}}'))
    network.serve(
        "/2/users/9/tweets",
        lambda q: (200, (), json.dumps({"data": tweets[-int(q["max_results"]) :], "meta": {}}).encode()),
    )
    told = Reader(tmp_path, server, [outline("https://x.com/boats", server)]).refresh().results[0].failure
    assert told
    assert "US$0.005" in said(told)
    assert "US$3.11 a month" in said(told)
    assert network.asked == []
    secrets = {"127.0.0.1": "bearer-of-x"}
    reader = Reader(tmp_path, server, [outline("https://x.com/boats", server, daily_posts="10")], secrets)
    assert reader.refresh().results[0].new == 10
    waiting = reader.refresh().results[0]
    assert waiting.wait_until
    assert waiting.wait_until.isoformat() == "2026-11-24T00:00:00+00:00"
    assert len(network.asked) == 2


def test_closed_networks_say_what_is_possible_and_the_rest_goes_on(tmp_path: Path, server: Server) -> None:
    network = HackerNews(server)
    network.hits = [hit(1)]
    closed = [
        "https://www.linkedin.com/in/ada",
        "https://www.threads.net/@ada",
        "https://www.facebook.com/ada",
    ]
    done = Reader(
        tmp_path,
        server,
        [*(outline(url, server) for url in closed), outline("https://news.ycombinator.com/", server)],
    ).refresh()
    failures = [r.failure for r in done.results if r.failure]
    assert len(failures) == 3
    assert all(f.cause == Cause.UNSUPPORTED and f.repair and f.needs_owner for f in failures)
    assert sum(r.new for r in done.results) == 1


def test_reddit_by_its_own_interface_trades_the_key_for_a_token(tmp_path: Path, server: Server) -> None:
    network = Network(server)
    post = {
        "name": "t3_a",
        "title": "A lock",
        "permalink": "/r/boats/comments/a/lock/",
        "url": "https://press.example/lock",
        "author": "dee",
        "created_utc": START.timestamp(),
        "score": 12,
        "num_comments": 3,
    }
    listing = {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": post}]}}
    network.serve("/api/v1/access_token", lambda _query: (200, (), b'{"access_token":"shortlived"}'))
    network.serve("/r/boats/new", lambda _query: (200, (), json.dumps(listing).encode()))
    boats = [outline("https://oauth.reddit.com/r/boats/new", server)]
    reader = Reader(tmp_path, server, boats, {"127.0.0.1": "client:secret"})
    assert reader.refresh().results[0].new == 1
    assert network.tokens == ["Basic Y2xpZW50OnNlY3JldA==", "Bearer shortlived"]
    assert server.seen[0].body == b"grant_type=client_credentials"
    network.refuse = [(401, (), b"{}")]
    failure = reader.refresh().results[0].failure
    assert failure
    assert failure.cause == Cause.LOGIN
    assert "client-id:client-secret" in said(failure)
    assert "secret" not in failure.text


def test_a_login_is_never_sent_in_clear_to_the_public_net(tmp_path: Path, server: Server) -> None:
    outlines = [
        '<outline text="x" type="bluesky" htmlUrl="https://bsky.app/" newsfeed-api="http://elsewhere.example"/>'
    ]
    reader = Reader(
        tmp_path, server, outlines, {"elsewhere.example": "me:s3cr3t", "bsky.social": "me:s3cr3t"}
    )
    failure = reader.refresh().results[0].failure
    assert failure
    assert failure.cause == Cause.LOGIN
    assert "not encrypted" in said(failure)
    assert "s3cr3t" not in repr(failure)
    assert server.seen == []
