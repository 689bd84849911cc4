"""Real answers of the networks (if their collection is beside the checkout), each read into the right items."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newsfeed import reading, sources
from newsfeed.model import Failure, FeedState, Item, Parsed, Request, Response, Subscription

SOCIAL = Path(__file__).parents[1] / ".." / "shared" / "social"
NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
pytestmark = pytest.mark.skipif(
    not SOCIAL.is_dir(), reason="the collection of real answers is not beside the checkout"
)
CHANNEL = "UC" + "x" * 22
EVERYTHING = {"boosts": "yes", "replies": "yes"}


def answers(name: str) -> list[Any]:
    """The answer of a recorded exchange, or of several."""
    found = json.loads((SOCIAL / name).read_bytes())
    exchanges = found if isinstance(found, list) else [found]
    return [e["response"]["json"] if isinstance(e, dict) and "response" in e else e for e in exchanges]


def read(
    url: str, found: Any, *, options: Mapping[str, str] | None = None, kind: str = "", cursor: str = "1"
) -> Parsed | Failure:
    body = found if isinstance(found, bytes) else json.dumps(found).encode()
    subscription = Subscription(url=url, kind=kind, options=options or {})
    state = FeedState(
        subscription=subscription, cursor={"id": cursor, "did": "did:plc:x", "channel": CHANNEL}
    )
    request = sources.find(subscription).request(state)
    assert isinstance(request, Request)
    response = Response(request=request, url=request.url, body=body)
    return reading.read(response, subscription, {}, NOW)


def items(url: str, found: Any, **options: Any) -> tuple[Item, ...]:
    parsed = read(url, found, **options)
    assert isinstance(parsed, Parsed), parsed
    assert not any("Untitled" in i.title for i in parsed.items)
    assert all(i.title and i.identity for i in parsed.items)
    return parsed.items


def saved(name: str) -> bytes:
    return (SOCIAL / name).read_bytes()


ACCOUNT = "@ada@social.example"


def test_mastodon_pages() -> None:
    pages = answers("mastodon_account_statuses_pages.json")
    every = [i for page in pages for i in items(ACCOUNT, page, options=EVERYTHING)]
    assert len(every) == sum(map(len, pages))
    assert every[0].title == "Toot number 9!"
    assert every[0].author == "John Lennon"
    assert every[0].discussion_label == "Mastodon"


def test_mastodon_timelines() -> None:
    home = items(
        "https://social.example/home",
        answers("mastodon_home_timeline.json")[0],
        kind="mastodon",
        options=EVERYTHING,
    )
    listed = items(
        "https://social.example/lists/6",
        answers("mastodon_list_timeline.json")[0],
        kind="mastodon",
        options=EVERYTHING,
    )
    assert "it's cool guy" in [i.title for i in home]
    assert any(i.title == "Poll: four twenty / sixty-nine" for i in listed)
    (tagged,) = items("#hoot@social.example", answers("mastodon_tag_timeline.json")[0])
    assert tagged.tags == ("hoot",)


def test_mastodon_boost_is_the_others_post_with_the_boosters_name() -> None:
    (boost,) = items(ACCOUNT, answers("mastodon_reblog.json"), options=EVERYTHING)
    assert boost.via == ("John Lennon",)
    assert boost.text == "Toot!"
    assert items(ACCOUNT, answers("mastodon_reblog.json")) == (), "boosts are not asked for"


def test_mastodon_warning_hides_its_text() -> None:
    (hidden,) = items(ACCOUNT, answers("mastodon_content_warning.json"))
    assert hidden.title == "CW: Content warning"
    assert "Toot" not in f"{hidden.title}{hidden.text}{hidden.html}{hidden.lead}"


def test_mastodon_replies_stay_out_unless_asked_for() -> None:
    assert items(ACCOUNT, answers("mastodon_reply.json")) == ()
    assert len(items(ACCOUNT, answers("mastodon_reply.json"), options=EVERYTHING)) == 1


def test_mastodon_card_is_what_to_read() -> None:
    (shared,) = items(ACCOUNT, answers("mastodon_status_card.json"))
    assert shared.link.startswith("https://www.theguardian.com/money/2019/dec/07/")
    assert shared.discussion == "https://mastodon.social/@Gargron/103270115826048975"
    (other,) = items(ACCOUNT, answers("mastodon_card_status.json"), options=EVERYTHING)
    assert other.discussion
    assert other.link != other.discussion


def test_mastodon_pictures_are_no_text() -> None:
    (pictures,) = items(ACCOUNT, answers("mastodon_status_images.json"))
    assert pictures.title == pictures.text == "LOL check this out"
    bare = {"content": "", "media_attachments": answers("mastodon_media_attachments.json")[0:1]}
    status = answers("mastodon_status_images.json")[0] | bare
    (photo,) = items(ACCOUNT, [status])
    assert photo.title == "Photo: test media description"
    assert photo.text == ""


def test_mastodon_refusal_is_no_timeline() -> None:
    assert isinstance(
        read("https://social.example/home", answers("mastodon_error_401.json")[0], kind="mastodon"), Failure
    )
    assert isinstance(read(ACCOUNT, answers("mastodon_instance_v2.json")[0]), Failure)


def test_mastodon_rss_of_tags_and_accounts() -> None:
    tagged = items("https://social.example/tags/x.rss", saved("mastodon_tag.rss"))
    assert len({i.identity for i in tagged}) == len(tagged) == 4
    assert all(i.kind == "post" and i.discussion_label == "Mastodon" for i in tagged)
    untitled = items("https://front-end.social/@chriscoyier.rss", saved("microposts_untitled.xml"))
    assert all(i.link.startswith("https://chriscoyier.net/") for i in untitled)


def test_bluesky_author_feed() -> None:
    every = items(
        "https://bsky.app/profile/dan.test", json.loads(saved("bsky_author_feed.json")), options=EVERYTHING
    )
    assert any(i.via for i in every)
    own = items("https://bsky.app/profile/dan.test", json.loads(saved("bsky_author_feed.json")))
    assert not any(i.via for i in own)
    assert len(own) < len(every)


def test_bluesky_real_posts() -> None:
    found = items(
        "https://bsky.app/profile/a.example/feed/x",
        json.loads(saved("bsky_posts_external_real.json")),
        options=EVERYTHING,
    )
    by_title = {i.title: i for i in found}
    assert (
        by_title["I Have Solved The Male Mental Health Crisis"].page
        == "https://www.youtube.com/watch?v=vhwXLodMum4"
    )
    assert not any("tenor.com" in i.link for i in found)
    assert by_title["Day one. Jumping in."].score


@pytest.mark.parametrize("name", ["bsky_post_gallery.json", "bsky_post_video.json"])
def test_bluesky_media_posts(name: str) -> None:
    (post,) = items("did:plc:abc", {"feed": [{"post": json.loads(saved(name))}]})
    assert post.text in {"gallery", "video"}
    assert "alt" not in post.text


def test_bluesky_rss() -> None:
    found = items("https://bsky.app/profile/patrickwyman.bsky.social/rss", saved("bsky_profile.rss"))
    assert [i.kind for i in found] == ["post"] * 3
    assert found[2].link == "https://example.com/2025/08/a-long-article"
    assert "field seen from above" not in f"{found[2].title}{found[2].text}"


def test_reddit_listings() -> None:
    best = items("https://oauth.reddit.com/best", json.loads(saved("reddit_best.json")))
    assert best
    assert all(i.discussion_label == "Reddit" for i in best)
    own = items("u/spladug", json.loads(saved("reddit_user_submitted.json")))
    assert any(i.link.startswith("http://www.redditblog.com/") and i.discussion for i in own)
    feed = items("r/homelab", saved("reddit_subreddit.atom"))
    assert len(feed) > 20
    assert len({i.identity for i in feed}) == len(feed)


def test_hacker_news() -> None:
    page = "https://news.ycombinator.com/"
    stories = items(page, json.loads(saved("hn_algolia_stories.json")))
    assert [(i.score, i.comments) for i in stories] == [(111, 71), (25, 16)]
    assert stories[1].kind == "post"
    comments = items(
        "https://news.ycombinator.com/threads?id=x", json.loads(saved("hn_algolia_comments.json"))
    )
    assert all(i.title.startswith("On: ") for i in comments)
    assert items(page, json.loads(saved("hn_algolia_item.json")))[0].score == 11
    firebase = [v for k, v in json.loads(saved("hn_firebase.json")).items() if "/item/" in k]
    told = items(page, [*firebase, None])
    assert "Ask HN: The Arc Effect" in [i.title for i in told]
    job = next(i for i in told if "Flash Engineer" in i.title)
    assert job.link.startswith(page), "an empty address is none"
    (mirrored,) = items("https://hnrss.org/frontpage", saved("hnrss_frontpage.rss"))
    assert (mirrored.score, mirrored.comments) == (111, 71)


def test_lemmy_in_both_versions_gives_equal_items() -> None:
    place = "https://lemmy.example/c/music"
    third, fourth = (items(place, json.loads(saved(f"lemmy_posts_{v}.json"))) for v in ("v3", "v4"))
    same = {i.identity: i for i in third}
    assert fourth
    assert all(same[i.identity] == i for i in fourth)
    feed = items("https://lemmy.example/feeds/c/x.xml", saved("lemmy_community.rss"))
    assert feed[0].score == 361


def test_videos_releases_questions_and_shows() -> None:
    assert all(
        i.kind == "video"
        for i in items(f"https://www.youtube.com/channel/{CHANNEL}", saved("youtube_channel.atom"))
    )
    assert (
        items(f"https://www.youtube.com/channel/{CHANNEL}", saved("youtube_channel_media.atom"))[0].lang
        == "de"
    )
    releases = items("https://github.com/gulpjs/gulp", saved("github_releases.atom"))
    assert releases[0].title == "gulp v3.9.0"
    assert releases[0].link == "https://github.com/gulpjs/gulp/releases/tag/v3.9.0"
    questions = items(
        "https://stackoverflow.com/questions/tagged/kubernetes", saved("stackoverflow_tag.atom")
    )
    assert all(i.kind == "question" for i in questions)
    show = read(
        "https://podcasts.apple.com/us/podcast/go-time/id1120964487", saved("podcast_apple_lookup.json")
    )
    assert isinstance(show, Parsed)
    assert show.next
    assert show.next.url == "https://changelog.com/gotime/feed"
    assert show.next.from_feed, "an address out of an answer has no exceptions"


def test_channels_and_letters() -> None:
    news, photo = items("https://t.me/examplechannel", saved("telegram_channel.html"))
    assert news.title == "Rates stay where they are"
    assert (news.link, news.discussion) == ("https://example.com/rates", "https://t.me/examplechannel/101")
    assert (photo.title, photo.via) == ("Photo by Other", ("Example Channel & Co",))
    mail = {"uid": "1", "raw": base64.b64encode(saved("newsletter.eml")).decode()}
    (letter,) = items("imaps://mail.example/INBOX", {"validity": "1", "uid": "1", "mails": [mail]})
    assert (letter.title, letter.author, letter.text) == ("HTML", "Example Letter", "This is an HTML email.")


def test_x_with_a_number_a_day() -> None:
    found = items(
        "https://x.com/XDevelopers",
        json.loads(saved("x_v2_user_tweets.json")),
        options={"daily-posts": "20", **EVERYTHING},
    )
    assert found[0].link == "https://example.com/devs-in-the-details"
    assert found[1].via == ("X Developers",) or found[1].via
    assert not any("t.co/" in i.text for i in found)


@pytest.mark.parametrize(("name", "url"), [("medium_tag.rss", "https://medium.com/tag/x"), ("substack.rss", "https://ada.substack.com"),
                                           ("tumblr_blog.rss", "https://ada.tumblr.com"), ("nitter_user.rss", "https://nitter.example/ada/rss")])  # fmt: skip
def test_hosted_feeds(name: str, url: str) -> None:
    found = items(url, saved(name))
    assert found
    assert not any("source=rss" in i.link for i in found)
