"""The kinds of sources: each feed is read as its author meant it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from newsfeed import reading, sources
from newsfeed.model import Cause, Failure, FeedState, Item, Parsed, Request, Response, Subscription
from newsfeed.text import encodings, times

DATA = Path(__file__).parent / "data" / "sources"
SHARED = Path(__file__).parents[1] / ".." / "shared"
NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
URL = "https://feeds.example/feed.xml"


def read(
    body: bytes | str, *, url: str = URL, content_type: str = "", known: dict[str, str] | None = None
) -> Parsed | Failure:
    data = body.encode() if isinstance(body, str) else body
    subscription = Subscription(url=url)
    answer = Response(request=Request(url=url), url=url, body=data, content_type=content_type)
    return reading.read(answer, subscription, known or {}, NOW)


def parsed(body: bytes | str, **options: str) -> Parsed:
    found = read(body, **options)  # type: ignore[arg-type]
    assert isinstance(found, Parsed), found
    return found


def saved(name: str, **options: str) -> tuple[Item, ...]:
    return parsed((DATA / name).read_bytes(), **options).items


def rss(items: str, *, head: str = "", prolog: str = '<?xml version="1.0" encoding="utf-8"?>') -> str:
    return (
        f'{prolog}<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<channel><title>Garden</title><link>https://garden.example/</link>{head}{items}</channel></rss>"
    )


def item(
    body: str = "", *, title: str = "A title", link: str = "https://garden.example/a", guid: str = ""
) -> str:
    named = f'<guid isPermaLink="false">{guid}</guid>' if guid else ""
    return f"<item><title>{title}</title><link>{link}</link>{named}{body}</item>"


# --------------------------------------------------------------------------- kinds


def test_every_network_has_its_module() -> None:
    for network in sources.NETWORKS:
        assert sources.by_kind(network.kind).kind == network.kind


def test_the_last_kind_claims_everything_and_unknown_names_lead_to_it() -> None:
    assert sources.find(Subscription(url="https://anything.example/")).kind == "syndication"
    assert sources.find(Subscription(url="https://anything.example/feed.json")).kind == "syndication"
    assert sources.by_kind("no such kind").kind == "syndication"


def test_a_request_carries_the_validators() -> None:
    state = FeedState(
        subscription=Subscription(url=URL), feed=7, etag='"a"', last_modified="x", body_hash="h"
    )
    asked = sources.find(state.subscription).request(state)
    assert (asked.url, asked.feed, asked.source) == (URL, 7, "syndication")
    assert (asked.etag, asked.last_modified, asked.body_hash) == ('"a"', "x", "h")
    assert asked.accept == "", "any format of feeds"


# --------------------------------------------------------------------------- formats


def test_atom_with_relative_links_and_xhtml() -> None:
    first, second = saved("atom.xml")
    assert first.title == "Kompost & Frost"
    assert first.link == "https://notes.example/blog/2026/kompost"
    assert first.lang == "de"
    assert first.lead.startswith("Der Kompost ist seit dem Frost kalt, aber nicht verloren. Mit etwas Laub")
    assert 'src="https://notes.example/blog/bild.jpg"' in first.html
    assert 'href="https://notes.example/warum"' in first.html
    assert first.published == datetime(2026, 11, 22, 17, 30, 2, tzinfo=UTC)
    assert first.updated == datetime(2026, 11, 22, 19, 30, 2, tzinfo=UTC)
    assert first.author == "Ada Beet"
    assert second.title == "Vec<T> im Garten"
    assert second.published == datetime(2026, 11, 21, 18, 30, 2, tzinfo=UTC)


def test_rdf() -> None:
    found = parsed((DATA / "news.rdf").read_bytes())
    (only,) = found.items
    assert only.title == "Märkte öffnen früher"
    assert only.lang == "de"
    assert only.published == datetime(2026, 11, 22, 19, 54, 12, tzinfo=UTC)
    assert found.html_url == "https://news.example/"


def test_podcast() -> None:
    found = parsed((DATA / "podcast.xml").read_bytes())
    twelve, eleven = found.items
    assert twelve.kind == eleven.kind == "episode"
    assert twelve.enclosures[0].seconds == 47 * 60 + 5
    assert eleven.enclosures[0].seconds == 3725
    assert twelve.enclosures[0].bytes == 22_657_262
    assert twelve.published == datetime(2026, 11, 20, 5, tzinfo=UTC)
    assert twelve.lead == (
        "Soil is alive, and Carla has counted what lives in hers. She tells us what a handful holds and why it matters."
    )
    # Both link to the show's home page, which is the page of neither.
    assert twelve.link == "https://files.example/12.mp3"
    assert found.ttl_minutes == 120
    assert found.skip_hours == (1, 2)
    assert found.language == "en-gb"


def test_json_feed_item_by_item() -> None:
    found = parsed((DATA / "feed.json").read_bytes(), url="https://notes.example/feed.json")
    fence, linked, kettle = found.items
    assert fence.link == "https://notes.example/fence"
    assert fence.tags == ("fence", "hedgehogs")
    assert fence.author == "Ada Beet"
    assert (linked.link, linked.discussion) == ("https://other.example/paper", "https://notes.example/linked")
    assert linked.discussion_label == "Garden Notes"
    assert linked.identity == "2"
    assert kettle.title == "The kettle froze. That is all I have to say about the weather this week."
    assert kettle.lead == ""
    assert kettle.published == linked.published  # undated, so as old as its neighbour
    assert kettle.kind == "episode"
    assert kettle.enclosures[0].seconds == 65
    assert "2 of 5 items" in found.problems[0].text


def test_json_is_read_whatever_the_address_says_and_xml_too() -> None:
    assert len(parsed((DATA / "feed.json").read_bytes()).items) == 3
    assert len(parsed((DATA / "atom.xml").read_bytes(), url="https://notes.example/feed.json").items) == 2


def test_rss_in_json_and_a_bare_list() -> None:
    entries = [{"title": "One thing", "link": "https://a.example/1", "guid": {"#value": "g1"}}]
    assert parsed(json.dumps({"rss": {"channel": {"title": "C", "item": entries}}})).items[0].identity == "g1"
    assert parsed(json.dumps(entries)).items[0].link == "https://a.example/1"


def test_lone_surrogates_are_replaced() -> None:
    (only,) = parsed(
        '{"version": "https://jsonfeed.org/version/1", "items": [{"id": "a", "title": "q\\udc00"}]}'
    ).items
    assert only.title == "q\ufffd"
    only.title.encode()


# --------------------------------------------------------------------------- platforms


def test_mastodon_shows_the_post_never_the_caption() -> None:
    post, hidden = saved("mastodon.xml")
    assert post.kind == "post"
    assert (
        post.title
        == "The greenhouse sensors now write their own log, and the tomatoes are better kept for it."
    )
    assert "grey box" not in post.text
    assert "garden.example/sens…" in post.text
    assert "#garden" not in post.text
    assert post.tags == ("garden",)
    assert post.author == "@ada@social.example"
    assert hidden.title == "CW: spiders"
    assert hidden.lead == ""


def test_bluesky_has_no_titles() -> None:
    (post,) = saved("bluesky.xml")
    assert post.title == "Frost came a week early this year."
    assert post.lead == "We lost the basil and nothing else."
    assert "quote post" not in post.text
    assert post.published == datetime(2026, 11, 22, 16, 33, tzinfo=UTC)
    assert post.author == "ada.garden.example"


def test_reddit_links_to_the_article() -> None:
    article, own = saved("reddit.xml")
    assert article.link == "https://garden.example/soil"
    assert article.discussion == "https://www.reddit.com/r/gardening/comments/1abcd/soil/"
    assert article.discussion_label == "Reddit"
    assert article.text == ""
    assert article.author == "u/ada"
    assert own.kind == "post"
    assert own.link == "https://www.reddit.com/r/gardening/comments/1abce/compost/"
    assert own.discussion == ""
    assert "submitted by" not in own.text
    assert own.lead.startswith("My compost has stopped warming up")


def test_lemmy_and_hnrss_keep_article_discussion_and_counts_apart() -> None:
    (lemmy,) = saved("lemmy.xml")
    assert (lemmy.link, lemmy.discussion) == (
        "https://apples.example/map",
        "https://lemmy.example/post/9036399",
    )
    assert (lemmy.score, lemmy.comments, lemmy.author) == (361, 47, "ada")
    assert lemmy.lead.startswith("Volunteers have drawn")
    (news,) = saved("hnrss.xml")
    assert (news.link, news.discussion) == (
        "https://clocks.example/water",
        "https://news.ycombinator.com/item?id=88630001",
    )
    assert (news.score, news.comments, news.discussion_label) == (111, 71, "Hacker News")
    assert news.text == ""


def test_youtube_views_are_no_edit() -> None:
    text = (DATA / "youtube.xml").read_text()
    (few,) = parsed(text.replace("VIEWS", "7")).items
    (many,) = parsed(text.replace("VIEWS", "70000").replace("2026-11-23T15", "2026-11-24T05")).items
    assert few.kind == "video"
    assert few.lead == "We cut the old apple tree back while the sap is low, and explain every cut."
    assert few.hash == many.hash
    assert few.updated is None
    again = read(text.replace("VIEWS", "9"), known={few.identity: few.hash})
    assert isinstance(again, Parsed)
    assert (again.items, again.known) == ((), ("yt:video:oiBPyTi7lvM",))


def test_github_releases_say_of_what_and_link_absolutely() -> None:
    (release,) = saved("github.xml", url="https://github.com/ada/sensorlog/releases.atom")
    assert release.kind == "release"
    assert release.title == "sensorlog v3.9.0"
    assert release.link == "https://github.com/ada/sensorlog/releases/tag/v3.9.0"
    assert 'href="https://github.com/ada/sensorlog/issues/7"' in release.html


# --------------------------------------------------------------------------- identity


def test_identity_is_guid_then_link_then_content() -> None:
    by_guid, by_link, by_content = parsed(
        rss(
            item(guid="g-1")
            + item(link="https://garden.example/b?utm_source=rss", title="B")
            + "<item><title>C</title><description>Only words, and no link at all.</description></item>"
        )
    ).items
    assert by_guid.identity == "g-1"
    assert by_link.identity == "https://garden.example/b"
    assert len(by_content.identity) == 32


def test_a_second_reading_names_everything_and_returns_nothing() -> None:
    for path in sorted(DATA.iterdir()):
        first = parsed(path.read_bytes())
        again = read(path.read_bytes(), known={i.identity: i.hash for i in first.items})
        assert isinstance(again, Parsed)
        assert again.items == ()
        assert again.known == tuple(i.identity for i in first.items)


def test_an_edit_changes_the_hash_a_new_picture_address_does_not() -> None:
    def only(text: str) -> Item:
        return parsed(rss(item(f"<description>{text}</description>", guid="g"))).items[0]

    before = only('The fence stands. &lt;img src="https://i.example/1?sig=a"&gt; 3 comments')
    assert (
        only('The fence stands. &lt;img src="https://i.example/1?sig=b"&gt; 4 comments').hash == before.hash
    )
    assert only("The fence fell.").hash != before.hash


def test_a_link_that_several_entries_share_identifies_none_of_them() -> None:
    def entries(*titles: str) -> list[str]:
        written = "".join(
            f"<item><title>{t}</title><link>https://h.example/news</link></item>" for t in titles
        )
        return [found.identity for found in parsed(rss(written)).items]

    told = entries("Fares rise", "Storm closes the port", "Gulls return")
    assert len(set(told)) == 3
    assert entries("Gulls return", "Council votes", "Fares rise")[::2] == told[::-2], (
        "whatever stands beside them"
    )
    assert entries("Fares rise", "Fares rise") == ["https://h.example/news"], "one entry, listed twice"
    assert len(entries("The port's fares rise sharply", "The port's fares rise sharply again")) == 1, (
        "two states"
    )


def test_entries_that_share_a_page_or_a_guid_are_not_lost() -> None:
    found = parsed(
        rss(
            item(title="Morning", link="https://garden.example/day#1", guid="https://garden.example/day#1")
            + item(title="Noon", link="https://garden.example/day#2", guid="https://garden.example/day#2")
            + item(title="One", link="https://garden.example/1", guid="same")
            + item(title="Two", link="https://garden.example/2", guid="same")
            + item(title="One", link="https://garden.example/1", guid="same")
        )
    )
    assert [i.title for i in found.items] == ["Morning", "Noon", "One", "Two"]
    assert found.items[0].link == "https://garden.example/day#1"
    assert len({i.identity for i in found.items}) == 4


def state_of(n: int, title: str, at: str, *, page: str = "https://garden.example/storm") -> str:
    return item(
        f"<description>{title}, they say.</description><pubDate>{at}</pubDate>",
        title=title,
        link=page,
        guid=f"{page}#{n}",
    )


EARLIER = state_of(0, "Storm closes the garden gates", "Mon, 23 Nov 2026 08:00:00 GMT")
LATER = state_of(3, "Gates of the garden open after the storm", "Mon, 23 Nov 2026 12:00:00 GMT")


def test_an_edit_that_the_guid_counts_is_the_same_item() -> None:
    one, two = (parsed(rss(state)).items[0] for state in (EARLIER, LATER))
    assert one.identity == two.identity
    assert one.hash != two.hash


@pytest.mark.parametrize("both", [EARLIER + LATER, LATER + EARLIER])
def test_of_two_states_of_a_story_in_one_document_the_newest_stays(both: str) -> None:
    assert [i.title for i in parsed(rss(both)).items] == ["Gates of the garden open after the storm"]
    kept = both.replace("#0", "").replace("#3", "")
    assert [i.title for i in parsed(rss(kept)).items] == ["Gates of the garden open after the storm"]


def test_different_stories_of_one_page_stay_apart() -> None:
    places = state_of(1, "Roses bloom again", "Mon, 23 Nov 2026 08:00:00 GMT") + state_of(
        2, "Frost comes early", "Mon, 23 Nov 2026 09:00:00 GMT"
    )
    assert len(parsed(rss(places)).items) == 2


def test_of_many_items_the_newest_stay() -> None:
    entries = "".join(
        item(
            f"<pubDate>{1 + n % 28:02} Oct 2026 10:00:00 GMT</pubDate>",
            title=f"Item {n}",
            link=f"https://garden.example/{n}",
        )
        for n in range(560)
    )
    found = parsed(rss(entries))
    assert len(found.items) == 500
    assert "newest 500" in found.problems[0].text
    assert min(i.published for i in found.items if i.published) > datetime(2026, 10, 1, 12, tzinfo=UTC)


# --------------------------------------------------------------------------- titles, times, languages


@pytest.mark.parametrize(
    ("title", "body", "made"),
    [
        ("", "A fox sat on the wall this morning. It left at nine.", "A fox sat on the wall this morning."),
        ("undefined", "A fox sat on the wall this morning.", "A fox sat on the wall this morning."),
        ("Untitled", "A fox sat on the wall this morning.", "A fox sat on the wall this morning."),
        ("", "@bob@x.example Well said, and well meant! #garden #fox", "Well said, and well meant!"),
        ("", "See https://a.example/long", "See"),
        ("", "", "An old wall and a fox"),
    ],
)
def test_untitled_entries_get_a_title_of_their_own_words(title: str, body: str, made: str) -> None:
    link = "https://garden.example/2026/an-old-wall-and-a-fox"
    (only,) = parsed(rss(item(f"<description>{body}</description>", title=title, link=link))).items
    assert only.title == made
    assert only.title.lower() != "untitled"


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("Fri, 02 Jan 2026 10:00:00 CEST", datetime(2026, 1, 2, 8, tzinfo=UTC)),
        ("2 Jan 26 10:00 EST", datetime(2026, 1, 2, 15, tzinfo=UTC)),
        ("2026-01-02T10:00:00.123-0330", datetime(2026, 1, 2, 13, 30, tzinfo=UTC)),
        ("1767348000", datetime(2026, 1, 2, 10, tzinfo=UTC)),
        ("Sat, 05 Jul 2087 00:00:00 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Tue, 31 Nov 2025 10:00:00 GMT", None),
        ("0000-00-00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_times(written: str, read_as: datetime | None) -> None:
    (only,) = parsed(rss(item(f"<pubDate>{written}</pubDate>"))).items
    assert only.published == read_as


def test_a_clock_that_runs_ahead_is_set_to_now() -> None:
    (only,) = parsed(rss(item("<pubDate>Tue, 24 Nov 2026 18:00:00 GMT</pubDate>"))).items
    assert only.published == NOW


def test_durations() -> None:
    assert [times.duration(v) for v in ("3600", "62:03", "1:02:03", "PT1H2M3S", "45 min", "soon", -1, True)] == [
        3600, 3723, 3723, 3723, 2700, 0, 0, 0,
    ]  # fmt: skip


GERMAN = (
    "Die Stadt hat am Montag beschlossen, dass der alte Garten hinter dem Rathaus für alle geöffnet wird. "
    "Bisher war er nur mit einem Schlüssel zu erreichen, den nicht jeder hatte."
)


def test_a_text_speaks_for_its_language_against_its_feed() -> None:
    head = "<language>en-US</language>"
    german, short = parsed(
        rss(
            item(f"<description>{GERMAN}</description>")
            + item(title="Kurz", link="https://garden.example/b"),
            head=head,
        )
    ).items
    assert german.lang == "de"
    assert short.lang == "de"
    (english,) = parsed(rss(item(title="Apples"), head=head)).items
    assert english.lang == "en"


# --------------------------------------------------------------------------- what feeds do wrong


GERMAN_JSON = """{"version": "https://jsonfeed.org/version/1.1", "title": "A", "language": "en",
"items": [{"id": "1", "title": "Bericht", "url": "https://a.example/1"}]}"""
BARELY = """<item><title>Bericht</title><guid>9</guid><link>https://a.example/9</link></item>"""
CLEARLY = """<item><title>Der Rat wird den alten Garten am Montag öffnen</title><guid>1</guid>
<description>Es ist nicht zu spät für die Äpfel, sagen die Nachbarn des Hauses.</description></item>"""
FOREIGN = """<item><title>The council will open the old garden on Monday</title><guid>2</guid>
<description>It is not too late for the apples, say the neighbours of the house.</description></item>"""


def test_a_new_item_is_read_in_the_company_of_those_that_are_known() -> None:
    first = parsed(rss(CLEARLY))
    known = {item.identity: item.hash for item in first.items}
    again = read(rss(BARELY + CLEARLY), known=known)
    assert isinstance(again, Parsed)
    assert [(item.title, item.lang) for item in again.items] == [("Bericht", "de")]


@pytest.mark.parametrize(
    ("body", "option", "langs"),
    [
        (rss(BARELY, head="<language>en-us</language>"), "de", ["de"]),
        (rss(BARELY), "de-AT", ["de"]),
        (rss(FOREIGN, head="<language>en</language>"), "de", ["en"]),
        (GERMAN_JSON, "de", ["de"]),
    ],
)  # fmt: skip
def test_the_readers_word_for_a_feeds_language(body: str, option: str, langs: list[str]) -> None:
    subscription = Subscription(url=URL, options={"language": option})
    answer = Response(request=Request(url=URL), url=URL, body=body.encode())
    found = reading.read(answer, subscription, {}, NOW)
    assert isinstance(found, Parsed)
    assert [item.lang for item in found.items] == langs


def test_links_that_are_none() -> None:
    links = ["javascript:alert(1)", "file:///etc/passwd", "https://user:pw@garden.example/c?x=1&amp;y=2"]
    found = parsed(
        rss("".join(item(link=link, guid=f"g{n}", title=f"T{n}") for n, link in enumerate(links)))
    ).items
    assert [i.link for i in found] == ["", "", "https://garden.example/c?x=1&y=2"]


def test_scripts_never_arrive() -> None:
    (only,) = parsed(
        rss(
            item(
                "<description>&lt;p onclick='x()'&gt;Safe &lt;script&gt;alert(1)&lt;/script&gt;"
                "&lt;a href='JaVaScript:alert(1)'&gt;words&lt;/a&gt;&lt;iframe src='//x'&gt;&lt;/iframe&gt;&lt;/p&gt;</description>",
                title="&lt;script&gt;alert(1)&lt;/script&gt;Breaking&#13;&#10;Bcc: x@y.example",
            )
        )
    ).items
    assert only.title == "Breaking Bcc: x@y.example"
    for dangerous in ("script", "onclick", "iframe", "alert"):
        assert dangerous not in only.html.lower()
    assert "words" in only.html


def test_entities_of_a_document_yield_a_few_plain_words_at_most() -> None:
    prolog = (
        '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY site "Garden News"><!ENTITY leak SYSTEM "file:///etc/hosts">'
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    )
    (only,) = parsed(rss(item(title="From &site;: &leak;&b;caf&eacute; &unknown;"), prolog=prolog)).items
    assert only.title == "From Garden News: café &unknown;"


def test_a_prolog_without_end_is_refused() -> None:
    prolog = "<!DOCTYPE rss [" + "".join(f'<!ENTITY e{n} "x">' for n in range(6_000)) + "]>"
    found = read(rss(item(), prolog=prolog))
    assert isinstance(found, Failure)
    assert found.cause == Cause.BROKEN_FEED
    assert len(parsed(rss(item(), prolog="\n" * 100_000)).items) == 1


def test_bare_ampersands_and_controls_are_mended_and_told_with_their_line() -> None:
    found = parsed(rss("\n\n" + item("<description>a \x0b b</description>", title="R&D & more")))
    assert found.items[0].title == "R&D & more"
    assert found.problems[0].line == 3


def test_a_document_that_is_cut_off_keeps_its_whole_items() -> None:
    text = rss(item(guid="1") + item(guid="2", title="Second") + item(guid="3", title="Third"))
    found = parsed(text[: text.index("Third") + 2])
    assert [i.title for i in found.items] == ["A title", "Second"]
    assert "cut off" in found.problems[0].text


def test_mismatched_tags_are_survived() -> None:
    found = parsed(
        rss(item("<description>words</descriptio>") + item(title="B", link="https://garden.example/b"))
    )
    assert any(i.title == "B" for i in found.items)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "iso8859-15"])
def test_encodings(codec: str) -> None:
    declared = {"utf-8-sig": "utf-8", "iso8859-15": "iso-8859-15", "cp1252": "iso-8859-1"}.get(codec, codec)
    text = rss(item(title="Málaga “feria” ist schön"), prolog=f'<?xml version="1.0" encoding="{declared}"?>')
    if codec == "iso8859-15":
        text = text.replace("“feria”", "feria €").replace("”", "")
    (only,) = parsed(text.encode(codec)).items
    assert only.title.startswith("Málaga ")
    assert only.title.endswith("schön")
    assert "�" not in only.title


def test_undeclared_and_wrongly_declared_encodings() -> None:
    title = "Perturbé par l’été"
    for prolog in (
        "",
        '<?xml version="1.0" encoding="utf-8"?>',
        '<?xml version="1.0" encoding="unicode_escape"?>',
    ):
        assert parsed(rss(item(title=title), prolog=prolog).encode("cp1252")).items[0].title == title
    # The server's charset is wrong: the text is clearly UTF-8.
    assert parsed(rss(item(title=title)), content_type="text/xml; charset=iso-8859-1").items[0].title == title
    russian = rss(item(title="Новости сада"), prolog='<?xml version="1.0"?>').encode("cp1251")
    assert parsed(russian, content_type="text/xml; charset=windows-1251").items[0].title == "Новости сада"


FOREIGN = {
    "big5": ("港口城市的新橋今天通車", "市長在儀式上第一個走過大橋。"),
    "gb18030": ("港口城市的新桥今天通车", "市长在仪式上第一个走过大桥。"),
    "euc_jp": ("港町の新しい橋が開通した", "市長が式典で最初に橋を渡った。"),
    "shift_jis": ("港町の新しい橋が開通した", "市長が式典で最初に橋を渡った。"),
    "euc_kr": ("항구 도시의 새로운 다리가 열렸다", "시장은 개통식에서 처음으로 다리를 건넜다."),
    "cp1251": ("В портовом городе открыли мост", "Мэр первым прошёл по нему на церемонии."),
    "koi8_r": ("В портовом городе открыли мост", "Мэр первым прошёл по нему на церемонии."),
    "cp1253": ("Άνοιξε η νέα γέφυρα στο λιμάνι", "Ο δήμαρχος πέρασε πρώτος τη γέφυρα."),
    "cp1255": ("גשר חדש נפתח בעיר הנמל", "ראש העיר חצה ראשון את הגשר בטקס."),
    "cp1256": ("افتتاح جسر جديد في مدينة الميناء", "عبر العمدة الجسر أولا في حفل الافتتاح."),
    "tis-620": ("สะพานใหม่เปิดในเมืองท่า", "นายกเทศมนตรีเดินข้ามสะพานเป็นคนแรก"),
}


@pytest.mark.parametrize(
    "said", ["", '<?xml version="1.0" encoding="utf-8"?>', '<?xml version="1.0" encoding="iso-8859-1"?>']
)
@pytest.mark.parametrize("codec", FOREIGN)
def test_an_encoding_that_nobody_names_is_told_by_its_bytes(codec: str, said: str) -> None:
    title, text = FOREIGN[codec]
    body = f"<description>{text}</description>"
    entries = "".join(item(body, title=f"{title} {n}", link=f"https://garden.example/{n}") for n in range(6))
    read = parsed(rss(entries, prolog=said).encode(codec))
    assert [one.title for one in read.items] == [f"{title} {n}" for n in range(6)]
    assert read.items[0].text == text


def test_damage_in_utf_8_is_no_other_encoding() -> None:
    title = FOREIGN["cp1251"][0]
    entries = "".join(item(title=f"{title} {n}", link=f"https://garden.example/{n}") for n in range(6))
    whole = rss(entries).encode()
    at = whole.index(title.encode()) + 10
    assert parsed(whole[:at] + b"\xc3\xff" + whole[at:]).items[1].title == f"{title} 1"


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("begin", ["", "\n", " \n\n", "<!-- kept -->"])
def test_wide_characters_without_a_mark_are_told_by_their_zeros(codec: str, begin: str) -> None:
    title = "Málaga “feria” ist schön"
    assert parsed((begin + rss(item(title=title))).encode(codec)).items[0].title == title
    entries = json.dumps({"version": "1", "items": [{"id": "1", "title": title}]}, ensure_ascii=False)
    assert parsed(entries.encode(codec)).items[0].title == title


def test_double_encoded_text_is_put_right() -> None:
    (only,) = parsed(rss(item(title="Don’t worry – it’s fine".encode().decode("cp1252")))).items
    assert only.title == "Don’t worry – it’s fine"


def test_python_codecs_are_not_encodings() -> None:
    assert encodings.decode(b'<?xml version="1.0" encoding="zip"?><rss>\\u0041</rss>')[0].endswith(
        "<rss>\\u0041</rss>"
    )


@pytest.mark.parametrize(
    ("body", "cause", "words"),
    [
        ("", Cause.NOT_A_FEED, "empty"),
        ("  \n ", Cause.NOT_A_FEED, "empty"),
        (
            "<!doctype html><html><head><title>Ada's garden</title></head><p>hi",
            Cause.NOT_A_FEED,
            "web page, not",
        ),
        ("<html><title>502 Bad Gateway</title></html>", Cause.NOT_A_FEED, "error page"),
        (
            "<html><title>Just a moment...</title><script src=/cdn-cgi/challenge-platform></script>",
            Cause.NOT_A_FEED,
            "challenge",
        ),
        ("<html><title>Making sure you&#39;re not a bot!</title></html>", Cause.NOT_A_FEED, "challenge"),
        ("<html><title>Attention Required! | Cloudflare</title></html>", Cause.NOT_A_FEED, "challenge"),
        ("<html><form><input type='password'></form></html>", Cause.LOGIN, "login"),
        ("<opml><body><outline xmlUrl='x'/></body></opml>", Cause.NOT_A_FEED, "OPML"),
        ("<urlset><url/></urlset>", Cause.NOT_A_FEED, "site map"),
        ("<note><to>x</to></note>", Cause.NOT_A_FEED, "XML, but no feed"),
        ("just words", Cause.NOT_A_FEED, "neither"),
        ('{"error": "not found"}', Cause.NOT_A_FEED, "no JSON Feed"),
        ('{"items": [', Cause.BROKEN_FEED, "JSON"),
        ("[" * 100_000, Cause.BROKEN_FEED, "JSON"),
    ],
)
def test_what_is_no_feed_is_said_in_words(body: str, cause: Cause, words: str) -> None:
    found = read(body)
    assert isinstance(found, Failure)
    assert found.cause == cause
    assert words in found.text
    assert found.repair


def test_a_page_about_feeds_is_no_feed() -> None:
    found = read(
        "<html><body><p>Write <code><rss version='2.0'><channel></channel></rss></code></p></body></html>"
    )
    assert isinstance(found, Failure)


def test_an_empty_feed_is_a_feed() -> None:
    assert parsed(rss("")).items == ()


def test_fields_are_capped() -> None:
    (only,) = parsed(
        rss(
            item(
                f"<author>{'a.' * 40_000}</author><description>{'word ' * 100_000}</description>"
                + "".join(f"<category>{'t' * 80}{n}</category>" for n in range(60)),
                title="t" * 5_000,
                guid="g" * 5_000,
            )
        )
    ).items
    assert len(only.title) <= 300
    assert len(only.author) <= 200
    assert len(only.tags) <= 20
    assert len(only.text) <= 200_000
    assert len(only.identity) <= 500


# --------------------------------------------------------------------------- real feeds, where they lie at hand


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the saved feeds in ../shared")
def test_every_saved_feed_is_read_whole() -> None:
    paths = [p for p in sorted((SHARED / "feeds").rglob("*")) if p.suffix in {".xml", ".json"}]
    for path in paths[::4]:  # a quarter of them: bench/parse_report.py reads all
        found = parsed(path.read_bytes())
        assert found.items, path
        for one in found.items:
            assert one.title, path
            assert one.title.lower() != "untitled"
            assert "<p>" not in one.lead
            assert not one.lead.endswith(("…", "[...]")), (path, one.lead)
            assert one.lead == "" or len(one.lead) >= 10, (path, one.lead)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the hostile sample in ../shared")
def test_hostile_feeds_are_within_their_bounds() -> None:
    folder = SHARED / "hostile" / "feeds"
    for line in (folder / "MANIFEST.tsv").read_text().splitlines()[1:]:
        name, _, _, least, most, *_ = line.split("\t")
        found = read((folder / name).read_bytes())
        count = len(found.items) if isinstance(found, Parsed) else 0
        assert int(least) <= count <= int(most), name


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the hostile sample in ../shared")
def test_hostile_payloads_never_arrive_alive() -> None:
    for line in (SHARED / "hostile" / "xss.jsonl").read_text().splitlines():
        case = json.loads(line)
        found = parsed(case["feed"], content_type=case["content_type"])
        assert any(i.title == "Control item" for i in found.items), case["id"]
        for one in found.items:
            assert one.link == "" or one.link.startswith(("http://", "https://")), case["id"]
            assert one.discussion == "" or one.discussion.startswith(("http://", "https://")), case["id"]
            assert "\n" not in one.title + one.author, case["id"]
            for enclosure in one.enclosures:
                assert enclosure.url.startswith(("http://", "https://")), case["id"]
            low = one.html.lower()
            for dangerous in (
                "<script",
                "javascript:",
                "<iframe",
                "<svg",
                "<form",
                "<style",
                " on",
                "srcdoc",
                "<object",
            ):
                assert dangerous not in low or (dangerous == " on" and "<" not in low), (
                    case["id"],
                    dangerous,
                    one.html,
                )


def test_what_every_entry_says_is_no_lead() -> None:
    stories = [
        "The council opened the old garden on Monday.",
        "A fox was seen on the northern wall again.",
        "Rain has filled all nine barrels since Tuesday.",
        "The last apples were picked before the frost.",
    ]
    entries = "".join(
        item(
            f"<description>Garden Notes Weekly: {story} Music for this programme was composed by Carla Root.</description>",
            title=f"Week {n}",
            link=f"https://garden.example/{n}",
        )
        for n, story in enumerate(stories)
    )
    assert [i.lead for i in parsed(rss(entries)).items] == stories


# --------------------------------------------------------------------------- the past of a feed


SAID = "The council voted on Tuesday to close the old bridge until its pillars are repaired."


@pytest.mark.parametrize(
    ("days", "known", "lead"),
    [
        (1, {}, SAID),
        (6.9, {}, SAID),  # may still be news of a slow feed
        (9, {}, ""),
        (400, {}, ""),
        (9, {"other": "h"}, SAID),  # may be a known item under a new identity
    ],
)
def test_what_a_feed_published_long_before_the_first_look_gets_no_lead(
    days: float, known: dict[str, str], lead: str
) -> None:
    when = format_datetime(NOW - timedelta(days=days))
    body = f"<pubDate>{when}</pubDate><description>{SAID}</description>"
    found = read(rss(item(body, guid="1") + item(SAID, title="No date", guid="2")), known=known)
    assert isinstance(found, Parsed)
    assert found.items[0].lead == lead
    assert found.items[0].text == SAID


@pytest.mark.parametrize(
    ("reference", "title"),
    [
        ("&#xD800;", "Bridge \ufffd closed"),
        ("&#57343;", "Bridge \ufffd closed"),
        ("&#x110000;", "Bridge \ufffd closed"),
        ("&#0;", "Bridge closed"),
        ("&#x1F;", "Bridge closed"),
        ("&#x1F309;", "Bridge \U0001f309 closed"),
    ],
)
@pytest.mark.parametrize("rest", ["", "<p>never closed", "&nosuch;"])
def test_a_reference_to_no_character_costs_that_character_only(reference: str, title: str, rest: str) -> None:
    (found,) = parsed(
        rss(item(f"<description>{SAID}</description>{rest}", title=f"Bridge {reference} closed"))
    ).items
    assert found.title == title
    assert found.text.startswith(SAID)
