"""How posts become items: titles, threads, boosts, warnings, facets, quotes, times, and which posts are left out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fakes.networks import DID, START, at, hit, status, view

from newsfeed import reading, sources
from newsfeed.model import Failure, FeedState, Item, Parsed, Request, Response, Subscription
from newsfeed.sources.bluesky import marked_up
from newsfeed.sources.lemmy import markdown
from newsfeed.sources.posts import tidy

NOW = START + timedelta(days=1)
ADA = "@ada@social.example"
BO = "https://bsky.app/profile/bo.example"


def read(url: str, found: Any, known: dict[str, str] | None = None, **options: str) -> Parsed | Failure:
    subscription = Subscription(url=url, options={k.replace("_", "-"): v for k, v in options.items()})
    request = sources.find(subscription).request(FeedState(subscription=subscription, cursor={"id": "1"}))
    assert isinstance(request, Request)
    body = found if isinstance(found, bytes) else json.dumps(found).encode()
    response = Response(request=request, url=request.url, body=body)
    return reading.read(response, subscription, known or {}, NOW)


def items(url: str, found: Any, known: dict[str, str] | None = None, **options: str) -> tuple[Item, ...]:
    parsed = read(url, found, known, **options)
    assert isinstance(parsed, Parsed), parsed
    return parsed.items


def toot(**more: Any) -> Item:
    (item,) = items(ADA, [status(1, **more)])
    return item


def skeet(text: str = "", **more: Any) -> Item:
    (item,) = items(BO, {"feed": [view(1, text, **more)]})
    return item


# --------------------------------------------------------------------------- titles and texts


def test_a_long_post_is_called_by_its_first_sentence() -> None:
    post = toot(
        text="<p>The old pier by the harbour has a new gauge. It reads the tide each minute and tells the harbour office.</p>"
    )
    assert post.title == "The old pier by the harbour has a new gauge."
    assert post.kind == "post"
    assert post.discussion_label == "Mastodon"
    assert post.lead.startswith("It reads the tide each minute")


def test_a_post_that_is_little_more_than_a_link_is_called_like_what_it_links_to() -> None:
    card = {
        "url": "https://press.example/gauge?utm_source=x",
        "title": "How tides are measured",
        "type": "link",
    }
    post = toot(
        text='<p>Worth it: <a href="https://press.example/gauge?utm_source=x">press.example/gauge</a></p>',
        card=card,
    )
    assert post.title == "How tides are measured"
    assert post.link == "https://press.example/gauge"
    assert post.discussion == "https://social.example/@ada/1"
    said = "<p>Three years of readings show that the pier sinks by a millimetre a year, faster than we thought.</p>"
    assert toot(text=said, card=card).title.startswith("Three years of readings")


def test_links_are_read_whole_and_hashtags_after_the_end_are_tags() -> None:
    text = (
        '<p>Read this, <span class="h-card"><a href="https://social.example/@bo" class="u-url mention">@<span>bo</span></a></span>: '
        '<a href="https://press.example/a-long/path"><span class="invisible">https://</span>'
        '<span class="ellipsis">press.example/a-lo</span><span class="invisible">ng/path</span></a> on '
        '<a href="https://social.example/tags/tides" class="mention hashtag" rel="tag">#<span>tides</span></a> today</p>'
        '<p><a href="https://social.example/tags/pier" class="mention hashtag">#<span>pier</span></a> #gauge</p>'
    )
    post = toot(text=text, tags=[{"name": "tides"}, {"name": "pier"}])
    assert post.link == "https://press.example/a-long/path"
    assert "press.example/a-lo…" in post.text
    assert post.text.endswith("on #tides today")
    assert post.tags == ("tides", "pier")


@pytest.mark.parametrize(
    ("markup", "left"),
    [
        ("<p>Done. #a #b</p>", "<p>Done.</p>"),
        ("<p>#a #b</p>", ""),
        ("<p>Issue #12 is closed</p>", "<p>Issue #12 is closed</p>"),
        ("<p>One &#39;word&#39;</p>", "<p>One &#39;word&#39;</p>"),
        ("<p>C# is a language</p>", "<p>C# is a language</p>"),
        (
            '<p>New cranes for <a href="https://s.example/tags/pier" class="hashtag">#<span>pier</span></a> <br>#gauge #tide</p>',
            '<p>New cranes for <a href="https://s.example/tags/pier" class="hashtag">#<span>pier</span></a></p>',
        ),
        ("<p>Ready to go with #gauge<br>#pier</p>", "<p>Ready to go with #gauge</p>"),
    ],
)
def test_only_hashtags_at_the_end_go(markup: str, left: str) -> None:
    assert tidy(markup) == left


def test_pictures_polls_and_warnings() -> None:
    picture = {"type": "image", "url": "https://files.example/1.jpg", "description": "A pier in fog"}
    assert toot(text="<p></p>", content="", media_attachments=[picture]).title == "Photo: A pier in fog"
    assert toot(content="", media_attachments=[picture | {"description": None}]).title == "Photo by Ada Lind"
    with_words = toot(text="<p>Fog this morning, so no ferry.</p>", media_attachments=[picture])
    assert "pier" not in f"{with_words.title}{with_words.text}{with_words.html}"
    poll = {"options": [{"title": "Ebb", "votes_count": 3}, {"title": "Flood"}]}
    assert (
        toot(text="<p>Which tide is better for swimming out?</p>", poll=poll).title
        == "Which tide is better for swimming out?"
    )
    assert toot(content="", poll=poll).title == "Poll: Ebb / Flood"
    hidden = toot(
        text="<p>The keeper did it.</p>",
        spoiler_text="the end of the book",
        card={"url": "https://press.example/x", "title": "Keeper"},
    )
    assert hidden.title == "CW: the end of the book"
    assert (
        "keeper" not in json.dumps([hidden.title, hidden.text, hidden.html, hidden.lead, hidden.link]).lower()
    )
    assert toot(sensitive=True).text, "sensitive without a warning hides media only"


def test_names_lose_the_emoji_of_their_server() -> None:
    assert toot(account=status(1)["account"] | {"display_name": "Ada :blobcat: Lind"}).author == "Ada Lind"


# --------------------------------------------------------------------------- threads, boosts, replies


def own_reply(number: int, to: int, text: str) -> dict[str, Any]:
    first = status(1)
    return status(
        number, text, in_reply_to_id=str(10_000 + to), in_reply_to_account_id=first["account"]["id"]
    )


def test_a_thread_of_one_author_is_one_item() -> None:
    chain = [
        own_reply(3, 2, "<p>Third: and so we dug.</p>"),
        own_reply(2, 1, "<p>Second: the sand came back.</p>"),
        status(1, "<p>First: a short history of our harbour.</p>"),
    ]
    (thread,) = items(ADA, chain)
    assert thread.title == "First: a short history of our harbour."
    assert thread.text.index("Second") < thread.text.index("Third")
    assert thread.discussion == "" or thread.discussion.endswith("/1")
    assert thread.identity.endswith("/statuses/1")
    assert thread.published == START + timedelta(minutes=3)


def test_answers_to_others_stay_out_unless_asked_for() -> None:
    answer = status(5, in_reply_to_id="99", in_reply_to_account_id="someone")
    assert items(ADA, [answer]) == ()
    assert len(items(ADA, [answer], replies="yes")) == 1


def test_a_post_that_two_passed_on_is_one_item_with_both_names() -> None:
    inner = status(1, account=status(1)["account"] | {"id": "cy", "display_name": "Cy"})
    boosts = [
        status(n, content="", reblog=inner, account={"id": w, "display_name": w})
        for n, w in ((8, "Bo"), (9, "Dee"))
    ]
    (boost,) = items(ADA, boosts, boosts="yes")
    assert boost.via == ("Bo", "Dee")
    assert boost.author == "Cy"
    assert boost.identity == inner["uri"]


def test_private_posts_never_reach_the_page() -> None:
    assert items(ADA, [status(1, visibility="private"), status(2, visibility="direct")]) == ()


def test_a_quote_shows_only_with_its_authors_consent() -> None:
    quoted = status(7, "<p>The gauge is wrong.</p>", account=status(1)["account"] | {"display_name": "Cy"})
    shown = toot(
        text="<p>See what Cy says of our gauge.</p>", quote={"state": "accepted", "quoted_status": quoted}
    )
    assert "The gauge is wrong." in shown.text
    withheld = toot(
        text="<p>See what Cy says of our gauge.</p>", quote={"state": "revoked", "quoted_status": quoted}
    )
    assert "The gauge is wrong." not in withheld.text


def test_points_below_the_readers_line_stay_out() -> None:
    found = [hit(n) for n in range(1, 11)]
    assert len(items("https://news.ycombinator.com/", {"hits": found}, min_points="50")) == 6


def test_counts_of_known_items_are_kept_up() -> None:
    first = items("https://news.ycombinator.com/", {"hits": [hit(1)]})
    known = {i.identity: i.hash for i in first}
    parsed = read("https://news.ycombinator.com/", {"hits": [hit(1, points=400, num_comments=90)]}, known)
    assert isinstance(parsed, Parsed)
    assert parsed.items == ()
    assert [(c.score, c.comments) for c in parsed.counts] == [(400, 90)]


# --------------------------------------------------------------------------- Bluesky


def facet(start: int, end: int, **feature: str) -> dict[str, Any]:
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


def link(start: int, end: int, uri: str) -> dict[str, Any]:
    return facet(start, end, **{"$type": "app.bsky.richtext.facet#link", "uri": uri})


def test_facets_count_bytes_not_letters() -> None:
    text = "Größe 🌊 siehe pier.example/x…"
    start = len("Größe 🌊 siehe ".encode())
    markup, first, _ = marked_up(text, [link(start, len(text.encode()), "https://pier.example/xyz")])
    assert markup == '<p>Größe 🌊 siehe <a href="https://pier.example/xyz">pier.example/x…</a></p>'
    assert first == "https://pier.example/xyz"


@pytest.mark.parametrize("span", [(1, 3), (0, 999), (5, 2), (-4, 3), (0, 3)])
def test_facets_that_overlap_lie_outside_or_cut_letters_are_passed_over(span: tuple[int, int]) -> None:
    text = "äöü und <b>fett</b>"
    good = link(0, 2, "https://pier.example/a")
    markup, _, _ = marked_up(text, [good, link(*span, "https://pier.example/b")])
    assert "&lt;b&gt;fett&lt;/b&gt;" in markup
    assert markup.replace('<a href="https://pier.example/a">', "").count("äöü und") <= 1
    assert markup.count("<a ") == markup.count("</a>") <= 2


def test_facets_never_link_to_what_is_no_web_address() -> None:
    markup, first, _ = marked_up("click", [link(0, 5, "javascript:alert(1)")])
    assert markup == "<p>click</p>"
    assert first == ""


def test_a_card_is_the_article_and_a_gif_is_none() -> None:
    def embed(uri: str) -> dict[str, Any]:
        return {
            "$type": "app.bsky.embed.external#view",
            "external": {"uri": uri, "title": "On boats", "description": "d"},
        }

    post = skeet("Look:", embed=embed("https://press.example/boats"))
    assert (post.title, post.link) == ("On boats", "https://press.example/boats")
    assert post.discussion == f"{BO}/post/3k000001"
    gif = skeet("Ha, boats and more boats", embed=embed("https://media.tenor.com/x.gif"))
    assert gif.link == f"{BO}/post/3k000001"


def test_galleries_videos_and_pictures_give_captions_to_titles_only_where_nothing_else_is() -> None:
    gallery = {
        "$type": "app.bsky.embed.gallery#view",
        "items": [{"alt": "A red boat"}, {"alt": "A blue boat"}],
    }
    assert items(BO, {"feed": [view(1, " ", embed=gallery)]})[0].title == "Photo: A red boat"
    told = skeet("Two boats came in with the evening tide.", embed=gallery)
    assert "red boat" not in f"{told.title}{told.text}"


@pytest.mark.parametrize("sort", ["viewNotFound", "viewBlocked", "viewDetached"])
def test_a_quote_that_is_gone_is_not_shown(sort: str) -> None:
    embed = {
        "$type": "app.bsky.embed.record#view",
        "record": {"$type": f"app.bsky.embed.record#{sort}", "uri": "at://x/y/z"},
    }
    assert skeet("What do you say to this one?", embed=embed).text == "What do you say to this one?"


def test_reposts_stand_at_their_own_time_and_clocks_of_clients_are_not_believed() -> None:
    reason = {
        "$type": "app.bsky.feed.defs#reasonRepost",
        "by": {"displayName": "Bo", "handle": "bo.example"},
        "indexedAt": at(90),
    }
    other = {"did": "did:plc:other", "handle": "cy.example", "displayName": "Cy"}
    (boost,) = items(BO, {"feed": [view(1, author=other, reason=reason)]}, boosts="yes")
    assert boost.published == START + timedelta(minutes=90)
    assert boost.via == ("Bo",)
    assert items(BO, {"feed": [view(1, author=other, reason=reason)]}) == ()
    early = skeet("Boats at dawn, and not a soul on the pier.", record={"createdAt": "1970-01-01T00:00:00Z"})
    assert early.published == START + timedelta(minutes=1)
    late = skeet("Boats at dawn, and not a soul on the pier.", record={"createdAt": "2031-01-01T00:00:00Z"})
    assert late.published == START + timedelta(minutes=1)


def test_labels_and_authors_who_ask_not_to_be_shown_to_strangers_are_respected() -> None:
    assert items(BO, {"feed": [view(1, labels=[{"val": "!hide"}]), view(2, labels=[{"val": "porn"}])]}) == ()
    shy = {"did": DID, "handle": "bo.example", "labels": [{"val": "!no-unauthenticated"}]}
    said = read(BO, {"feed": [view(1, author=shy)]})
    assert isinstance(said, Failure)
    assert "without an account" in said.text
    assert "app password" in said.repair


def test_a_handle_that_is_none_gives_way_to_the_did() -> None:
    post = skeet(author={"did": DID, "handle": "handle.invalid", "displayName": "Bo"})
    assert post.link == f"https://bsky.app/profile/{DID}/post/3k000001"


# --------------------------------------------------------------------------- the others


def test_comments_of_a_listing_stand_under_what_they_speak_of() -> None:
    post = {
        "kind": "t3",
        "data": {
            "name": "t3_a",
            "title": "A lock",
            "permalink": "/r/boats/comments/a/lock/",
            "url": "https://press.example/lock",
            "author": "dee",
            "created_utc": 1.7e9,
            "score": 5,
        },
    }
    comment = {
        "kind": "t1",
        "data": {
            "name": "t1_b",
            "link_title": "A lock",
            "permalink": "/r/boats/comments/a/lock/b/",
            "body_html": "&lt;p&gt;It leaks.&lt;/p&gt;",
            "author": "dee",
            "created_utc": 1.7e9,
        },
    }
    stuck = {"kind": "t3", "data": post["data"] | {"name": "t3_s", "stickied": True}}
    adult = {"kind": "t3", "data": post["data"] | {"name": "t3_n", "over_18": True}}
    found = items(
        "u/dee", {"kind": "Listing", "data": {"children": [post, comment, stuck, adult, {"kind": "more"}]}}
    )
    assert [(i.identity, i.title) for i in found] == [("t3_a", "A lock"), ("t1_b", "On: A lock")]
    assert found[0].link == "https://press.example/lock"
    assert found[1].text == "It leaks."


def test_markdown_becomes_plain_html() -> None:
    written = "# Head\n\nSome **bold** and [a link](https://press.example/x) ![caption](https://pics.example/1.png)\n\n> quoted <script>x</script>"
    made = markdown(written)
    assert '<a href="https://press.example/x">a link</a>' in made
    assert "caption" not in made
    assert "<blockquote><p>quoted &lt;script&gt;" in made
    assert "**" not in made


def test_a_text_story_and_an_empty_address_lead_to_the_discussion() -> None:
    found = items(
        "https://news.ycombinator.com/",
        {"hits": [hit(1, url=""), hit(2, url=None, story_text="<p>Ask away.</p>")]},
    )
    assert all(i.link.startswith("https://news.ycombinator.com/item?id=") and i.kind == "post" for i in found)
    assert {i.discussion_label for i in found} == {"Hacker News"}


def test_shorts_stay_out() -> None:
    channel = "UC" + "x" * 22
    entries = "".join(
        f'<entry><id>yt:video:{n}</id><title>Video {n}</title><link rel="alternate" href="https://www.youtube.com/{path}"/>'
        f"<published>{at(n)}</published></entry>"
        for n, path in ((1, "watch?v=abcdefg1"), (2, "shorts/abcdefg2"))
    )
    feed = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Boats</title>{entries}</feed>".encode()
    place = f"https://www.youtube.com/channel/{channel}"
    assert [i.title for i in items(place, feed)] == ["Video 1"]
    assert len(items(place, feed, shorts="yes")) == 2


@pytest.mark.parametrize(
    "url",
    [ADA, BO, "https://news.ycombinator.com/", "https://lemmy.example/c/x", "u/ada", "https://t.me/harbour"],
)
@pytest.mark.parametrize(
    "body",
    [b"{}", b"[]", b"null", b'{"error":"no"}', b'{"feed":{"a":1},"hits":7,"posts":null,"kind":"Listing"}',
     b"[[[[[[]]]]]]", b'[{"id":{"x":1},"content":5,"account":"a","reblog":[1]}]', b'{"feed":[{"post":{"uri":5,"record":[]}},null,3]}',
     b'{"posts":[{"post":{"ap_id":["x"]}}]}', b"<html></html>", b"\xff\xfe\x00", b"{" * 50_000],
)  # fmt: skip
def test_no_answer_makes_a_source_stumble(url: str, body: bytes) -> None:
    found = read(url, body)
    assert isinstance(found, Parsed | Failure)
    if isinstance(found, Parsed):
        assert all(i.link.startswith(("http://", "https://")) or not i.link for i in found.items)


def test_times_are_aware() -> None:
    assert toot().published == datetime(2026, 11, 23, 6, 1, tzinfo=UTC)
