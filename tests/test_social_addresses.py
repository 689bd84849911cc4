"""Pasted addresses of profiles, tags, channels and shows: recognised, rewritten, and left alone where they are feeds."""

from __future__ import annotations

import pytest

from newsfeed import sources
from newsfeed.model import Failure, FeedState, Request, Subscription

CHANNEL = "UC" + "x" * 22


def asked(url: str, kind: str = "", **options: str) -> Request:
    subscription = Subscription(
        url=url, kind=kind, options={k.replace("_", "-"): v for k, v in options.items()}
    )
    request = sources.find(subscription).request(FeedState(subscription=subscription))
    assert isinstance(request, Request), request
    return request


@pytest.mark.parametrize(
    ("url", "kind", "start"),
    [
        ("@ada@social.example", "mastodon", "https://social.example/api/v1/accounts/lookup?acct=ada"),
        ("acct:ada@social.example", "mastodon", "https://social.example/api/v1/accounts/lookup?acct=ada"),
        ("#tides@social.example", "mastodon", "https://social.example/api/v1/timelines/tag/tides?"),
        ("https://social.example/@ada", "mastodon", "https://social.example/api/v1/accounts/lookup?acct=ada"),
        ("https://social.example/@ada/with_replies", "mastodon", "https://social.example/api/v1/accounts/lookup"),
        ("https://social.example/@ada@other.example", "mastodon", "https://other.example/api/v1/accounts/lookup?acct=ada"),
        ("https://social.example/users/ada", "mastodon", "https://social.example/api/v1/accounts/lookup?acct=ada"),
        ("https://social.example/web/@ada", "mastodon", "https://social.example/api/v1/accounts/lookup?acct=ada"),
        ("https://social.example/tags/tides", "mastodon", "https://social.example/api/v1/timelines/tag/tides?"),
        ("https://bsky.app/profile/bo.example", "bluesky", "https://public.api.bsky.app/xrpc/app.bsky.feed.getAuthorFeed?actor=bo.example"),
        ("https://bsky.app/profile/bo.example/rss", "bluesky", "https://public.api.bsky.app/xrpc/app.bsky.feed.getAuthorFeed?actor=bo.example"),
        ("https://bsky.app/profile/did:plc:abc", "bluesky", "https://public.api.bsky.app/xrpc/app.bsky.feed.getAuthorFeed?actor=did%3Aplc%3Aabc"),
        ("did:plc:abc", "bluesky", "https://public.api.bsky.app/xrpc/app.bsky.feed.getAuthorFeed?actor=did%3Aplc%3Aabc"),
        ("at://bo.example", "bluesky", "https://public.api.bsky.app/xrpc/app.bsky.feed.getAuthorFeed?actor=bo.example"),
        ("https://bsky.app/profile/bo.example/feed/boats", "bluesky", "https://public.api.bsky.app/xrpc/com.atproto.identity.resolveHandle?handle=bo.example"),
        ("at://did:plc:abc/app.bsky.feed.generator/boats", "bluesky", "https://public.api.bsky.app/xrpc/app.bsky.feed.getFeed?feed=at%3A%2F%2Fdid%3Aplc%3Aabc%2Fapp.bsky.feed.generator%2Fboats"),
        ("https://bsky.app/profile/did:plc:abc/lists/3kab", "bluesky", "https://public.api.bsky.app/xrpc/app.bsky.feed.getListFeed?list=at%3A%2F%2Fdid%3Aplc%3Aabc%2Fapp.bsky.graph.list%2F3kab"),
        ("https://bsky.app/search?q=tides", "bluesky", "https://bsky.social/xrpc/app.bsky.feed.searchPosts?q=tides"),
        ("r/python", "reddit", "https://www.reddit.com/r/python/.rss"),
        ("/r/python", "reddit", "https://www.reddit.com/r/python/.rss"),
        ("u/ada", "reddit", "https://www.reddit.com/user/ada/submitted/.rss"),
        ("https://old.reddit.com/r/python/top/?t=week", "reddit", "https://www.reddit.com/r/python/top/.rss?t=week"),
        ("https://reddit.com/u/ada", "reddit", "https://www.reddit.com/user/ada/submitted/.rss"),
        ("https://www.reddit.com/user/ada/m/boats", "reddit", "https://www.reddit.com/user/ada/m/boats/.rss"),
        ("https://oauth.reddit.com/r/python/new", "reddit", "https://oauth.reddit.com/r/python/new?limit=100"),
        ("https://news.ycombinator.com", "hackernews", "https://hn.algolia.com/api/v1/search?tags=front_page"),
        ("https://news.ycombinator.com/newest", "hackernews", "https://hn.algolia.com/api/v1/search_by_date?tags=story"),
        ("https://news.ycombinator.com/user?id=ada", "hackernews", "https://hn.algolia.com/api/v1/search_by_date?tags=story%2Cauthor_ada"),
        ("https://hn.algolia.com/?q=tides", "hackernews", "https://hn.algolia.com/api/v1/search_by_date?tags=story"),
        ("https://lemmy.example/c/boats@other.example", "lemmy", "https://lemmy.example/api/v3/post/list?community_name=boats@other.example"),
        ("https://lemmy.example/u/ada", "lemmy", "https://lemmy.example/api/v3/user?username=ada"),
        (f"https://www.youtube.com/channel/{CHANNEL}", "youtube", f"https://www.youtube.com/feeds/videos.xml?playlist_id=UULF{'x' * 22}"),
        (f"https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}", "youtube", "https://www.youtube.com/feeds/videos.xml?playlist_id=UULF"),
        ("https://m.youtube.com/@boats", "youtube", "https://www.youtube.com/@boats"),
        ("https://youtube.com/c/boats", "youtube", "https://www.youtube.com/c/boats"),
        ("https://www.youtube.com/playlist?list=PL0123456789", "youtube", "https://www.youtube.com/feeds/videos.xml?playlist_id=PL0123456789"),
        ("https://github.com/ada/tides", "github", "https://github.com/ada/tides/releases.atom"),
        ("https://github.com/ada/tides/releases", "github", "https://github.com/ada/tides/releases.atom"),
        ("https://github.com/ada/tides/commits/main", "github", "https://github.com/ada/tides/commits/main.atom"),
        ("https://github.com/ada", "github", "https://github.com/ada.atom"),
        ("https://stackoverflow.com/questions/tagged/python+asyncio", "stackexchange", "https://stackoverflow.com/feeds/tag?tagnames=python%20asyncio"),
        ("https://boats.stackexchange.com/", "stackexchange", "https://boats.stackexchange.com/feeds"),
        ("https://t.me/harbour", "telegram", "https://t.me/s/harbour"),
        ("https://t.me/s/harbour", "telegram", "https://t.me/s/harbour"),
        ("https://medium.com/@ada", "hosted", "https://medium.com/feed/@ada"),
        ("https://ada.medium.com/", "hosted", "https://ada.medium.com/feed"),
        ("https://medium.com/tag/tides", "hosted", "https://medium.com/feed/tag/tides"),
        ("https://ada.substack.com", "hosted", "https://ada.substack.com/feed"),
        ("https://open.substack.com/pub/ada", "hosted", "https://ada.substack.com/feed"),
        ("https://dev.to/ada", "hosted", "https://dev.to/feed/ada"),
        ("https://ada.tumblr.com", "hosted", "https://ada.tumblr.com/rss"),
        ("https://www.tumblr.com/ada", "hosted", "https://ada.tumblr.com/rss"),
        ("https://podcasts.apple.com/us/podcast/tides/id1234567890", "hosted", "https://itunes.apple.com/lookup?id=1234567890"),
        ("imaps://mail.example/Letters?from=a@b.example", "mailbox", "imaps://mail.example/Letters?from=a@b.example"),
    ],
)  # fmt: skip
def test_an_address_is_recognised_and_asked_where_its_feed_lies(url: str, kind: str, start: str) -> None:
    assert sources.find(Subscription(url=url)).kind == kind
    request = asked(url)
    assert request.url.startswith(start)
    assert bool(sources.rewritten(Subscription(url=url))) == (request.url != url)


@pytest.mark.parametrize(
    "url",
    [
        "https://social.example/@ada.rss",
        "https://social.example/tags/tides.rss",
        "https://blog.example/tags/tides?page=2",
        "https://blog.example/about",
        "https://social.example/@ada/113500000000000001",
        "https://hnrss.org/frontpage?points=100",
        "https://github.com/ada/tides/releases.atom",
        "https://github.com/features",
        "https://stackoverflow.com/feeds/tag?tagnames=python",
        "https://medium.com/feed/@ada",
        "https://ada.substack.com/feed",
        "https://dev.to/feed/ada",
        "https://www.youtube.com/watch?v=abc",
        "https://bsky.app/profile/bo.example/post/3kab",
        "https://lemmy.example/feeds/c/boats.xml",
        "https://news.ycombinator.com/item?id=1",
        "https://nitter.example/ada/rss",
    ],
)
def test_feeds_and_other_pages_stay_what_they_are(url: str) -> None:
    assert sources.find(Subscription(url=url)).kind == "syndication"
    assert sources.rewritten(Subscription(url=url)) == ""


def test_the_outline_says_what_an_address_alone_does_not() -> None:
    home = asked("https://social.example/home", kind="mastodon")
    assert home.url == "https://social.example/api/v1/timelines/home?limit=40"
    assert home.credential == "social.example"
    listed = asked("https://social.example/lists/12", source="mastodon")
    assert listed.url == "https://social.example/api/v1/timelines/list/12?limit=40"
    assert asked("https://social.example/@ada.rss", source="mastodon").source == "mastodon"
    assert asked("https://social.example/@ada.rss", boosts="yes").source == "mastodon"
    bluesky = asked("https://bsky.app/", kind="bluesky")
    assert bluesky.url.startswith("https://bsky.social/xrpc/app.bsky.feed.getTimeline")
    assert (bluesky.credential, bluesky.login) == ("bsky.social", "atproto")
    assert "min-points" not in asked("https://news.ycombinator.com/newest", min_points="50").url
    assert "points%3E%3D50" in asked("https://news.ycombinator.com/newest", min_points="50").url
    assert "channel_id=" in asked(f"https://www.youtube.com/channel/{CHANNEL}", shorts="yes").url


def test_another_server_of_a_network_never_gets_the_secret_of_the_usual_one() -> None:
    moved = asked("https://bsky.app/", kind="bluesky", api="https://elsewhere.example")
    assert moved.url.startswith("https://elsewhere.example/")
    assert moved.credential == "elsewhere.example"
    assert (
        asked("https://social.example/home", kind="mastodon", api="https://elsewhere.example").credential
        == "elsewhere.example"
    )
    assert asked("https://news.ycombinator.com/", api="javascript:alert(1)").url.startswith(
        "https://hn.algolia.com/"
    )


@pytest.mark.parametrize("url", ["https://www.linkedin.com/in/ada", "https://threads.net/@ada", "https://www.threads.com/@ada",
                                 "https://facebook.com/ada", "https://www.instagram.com/ada/", "https://x.com/ada"])  # fmt: skip
def test_closed_networks_are_not_asked(url: str) -> None:
    subscription = Subscription(url=url)
    said = sources.find(subscription).request(FeedState(subscription=subscription))
    assert isinstance(said, Failure)
    assert said.text
    assert said.repair


@pytest.mark.parametrize(
    ("url", "listed", "kind"),
    [
        ("@ada@social.example", "https://social.example/@ada.rss", "mastodon"),
        ("#tides@social.example", "https://social.example/tags/tides.rss", "mastodon"),
        ("https://bsky.app/profile/bo.example", "https://bsky.app/profile/bo.example/rss", "bluesky"),
        ("r/python", "https://www.reddit.com/r/python/.rss", "reddit"),
        ("https://news.ycombinator.com/", "https://hnrss.org/frontpage", "hackernews"),
        ("https://news.ycombinator.com/user?id=ada", "https://hnrss.org/submitted?id=ada", "hackernews"),
        ("https://lemmy.example/c/boats", "https://lemmy.example/feeds/c/boats.xml?sort=New", "lemmy"),
        ("https://github.com/ada/tides", "https://github.com/ada/tides/releases.atom", "syndication"),
        ("https://ada.substack.com", "https://ada.substack.com/feed", "syndication"),
        (f"https://www.youtube.com/channel/{CHANNEL}", f"https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}", "youtube"),
    ],
)  # fmt: skip
def test_what_is_written_into_the_list_can_be_read_by_other_readers_and_by_us_as_before(
    url: str, listed: str, kind: str
) -> None:
    written = sources.portable(FeedState(subscription=Subscription(url=url)))
    assert written.url == listed
    assert sources.find(written).kind == kind


def test_what_has_no_feed_is_listed_by_its_page_and_kind() -> None:
    written = sources.portable(FeedState(subscription=Subscription(url="https://t.me/harbour")))
    assert (written.url, written.html_url, written.kind) == (
        "https://t.me/harbour",
        "https://t.me/harbour",
        "telegram",
    )
