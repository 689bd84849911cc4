"""Documents that are not XML: an error costs only the place where it is, and no item gets another one's words."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from words import says

from newsfeed.model import Failure, Parsed
from newsfeed.reading.xml_documents import XmlDocument, read
from newsfeed.text import clean_html
from tests.test_sources import item, parsed, rss
from tests.test_sources import read as read_any


def entry(n: int, description: str, *, title: str = "") -> str:
    return (
        f"<item><title>{title or f'Weir {n} &amp; lock'}</title><link>https://weir.example/n?a={n}&amp;b=2</link>"
        f'<guid isPermaLink="false">w{n}</guid><description>{description}</description></item>'
    )


def between(broken: str) -> str:
    """A document with intact entries around a broken one."""
    return rss(
        entry(1, "&lt;p&gt;One &amp;amp; all.&lt;/p&gt;")
        + broken
        + entry(3, "&lt;p&gt;Three &lt;b&gt;gates&lt;/b&gt; &amp;amp; a weir.&lt;/p&gt;")
        + entry(4, "<![CDATA[<p>Four & more.</p>]]>")
    )


BROKEN = {
    "a void tag": entry(2, "Two<br>gates<hr>here"),
    "list entries without an end": entry(2, "<ul><li>Two<li>gates</ul> here"),
    "an end without a start": entry(2, "Two gates</b> here"),
    "tags that overlap": entry(2, "<b>Two <i>gates</b></i> here"),
    "an attribute without quotes": entry(2, "Two <a href=https://x.example/>gates</a> here"),
    "a bare sign": entry(2, "Two gates here, 2 < 3"),
    "no end of the field": entry(2, "Two gates here").replace("</description>", ""),
    "no end of the title": entry(2, "Two gates here").replace("</title>", ""),
    "no end of the entry": entry(2, "Two gates here").replace("</item>", ""),
    "no end of CDATA": entry(2, "<![CDATA[<p>Two gates here</p>"),
    "CDATA within CDATA": entry(2, "<![CDATA[Two <![CDATA[gates]]> here<br>]]>"),
    "an end in another case": entry(2, "Two gates here").replace("</description>", "</Description>"),
    "a prefix that nobody declared": entry(2, "Two gates here<x:thing>.</x:thing>"),
    "a comment without an end": entry(2, "Two gates here").replace("<guid", "<!-- <guid"),
    "CDATA in small letters": entry(2, "<![cdata[Two gates here]]>"),
    "CDATA with spaces": entry(2, "<! [ CDATA [Two gates here]]>"),
    "CDATA that lacks a bracket": entry(2, "<![CDATA[Two gates here]>"),
    "halves of a character": entry(2, "Two gates here &#55357;&#56832;"),
    "a tag between the fields": entry(2, "Two gates here").replace("<guid", "<br><guid"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_one_bad_place_costs_that_place(what: str) -> None:
    items = parsed(between(BROKEN[what])).items
    assert [i.identity for i in items] == ["w1", "w2", "w3", "w4"]
    one, two, three, four = items
    for n, found in ((1, one), (3, three), (4, four)):
        assert found.title == f"Weir {n} & lock"
        assert found.link == f"https://weir.example/n?a={n}&b=2"
    assert one.html == "<p>One &amp; all.</p>"
    assert three.html == "<p>Three <b>gates</b> &amp; a weir.</p>"
    assert four.text == "Four & more."
    assert two.title.startswith("Weir 2")
    assert "gates" in two.text
    assert not {"One", "Three", "Four"} & set(two.text.split())


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Level < 3 m at the weir, flow > 9", "Level < 3 m at the weir, flow > 9"),
        ('<a href="https://x.example/">Gate 2: closed</a>', "Gate 2: closed"),
        ("Gate <b>two<b> is open", "Gate two is open"),
        ("Tide & wind", "Tide & wind"),
        ("Ebb&nbsp;&amp; flow <br/>< 2", "Ebb & flow < 2"),
    ],
)
def test_signs_and_markup_in_a_broken_title_are_read_as_meant(title: str, shown: str) -> None:
    found = parsed(between(entry(2, "Gates.", title=title))).items[1]
    assert found.title == shown


def test_atom_is_mended_as_atom() -> None:
    feed = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Weirs</title>'
        '<entry><id>urn:1</id><title>Less < more</title><link href="https://weir.example/1"/>'
        '<content type="xhtml"><div>One<br>gate</div></content></entry>'
        '<entry><id>urn:2</id><title>Two &amp; more</title><link href="https://weir.example/2"/>'
        '<content type="html">&lt;p&gt;Two&lt;/p&gt;</content></entry></feed>'
    )
    one, two = parsed(feed).items
    assert (one.title, one.text, one.link) == ("Less < more", "One gate", "https://weir.example/1")
    assert (two.title, two.text) == ("Two & more", "Two")


def test_mending_takes_time_in_proportion() -> None:
    for piece in ("<b>x", "<a '", '<a "', "<item>", "<item><title>", "</b>", "<![CDATA[", "<a b='", "<!--"):
        start = time.process_time()
        read(rss(piece * (100_000 // len(piece))).encode())
        assert time.process_time() - start < 4, piece


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["<b>", "</b>", "<br>", "<item>", "</item>", "<![CDATA[", "]]>", "<title>", "</title>", "&", "<"]
        )
        | st.text(alphabet="ab<>&\"'/=! ", max_size=6),
        max_size=12,
    ).map("".join)
)
def test_any_soup_leaves_the_first_entry_as_it_was(soup: str) -> None:
    document = read(rss(entry(1, "One.") + f"<item><description>{soup}</description></item>").encode())
    assert isinstance(document, XmlDocument)
    found = parsed(rss(entry(1, "One.") + f"<item><description>{soup}</description></item>"))
    assert isinstance(found, Parsed)
    assert found.items[0].text == "One."


@pytest.mark.parametrize("halves", ["&#55357;&#56832;", "&#xD83D;&#xDE00;", "&#xd83d;&#56832;"])
def test_the_halves_of_a_character_are_one(halves: str) -> None:
    for written in (halves, halves.replace("&", "&amp;"), f"<![CDATA[{halves}]]>"):
        (only,) = parsed(rss(entry(1, f"Two gates {written}", title=f"Gates {written}"))).items
        assert (only.title, only.text) == ("Gates \U0001f600", "Two gates \U0001f600")


@pytest.mark.parametrize("typed", ["&#X2019;", "&#x2019;", "&#8217;", "&rsquo;"])
def test_references_in_any_spelling_are_read(typed: str) -> None:
    assert parsed(between(entry(2, "Gates.", title=f"It{typed}s open"))).items[1].title == "It’s open"


def test_what_is_typed_in_a_plain_text_of_atom_is_shown_as_typed() -> None:
    feed = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><id>urn:1</id>'
        '<title type="text">Why &lt;i&gt;emphasis&lt;/i&gt; &amp; more</title>'
        "<content type='text'>Use &lt;em&gt;gates&lt;/em&gt;, not &lt;script&gt;shout()&lt;/script&gt;.</content></entry>"
        '<entry><id>urn:2</id><title type="html">An &lt;i&gt;open&lt;/i&gt; gate</title>'
        "<content>Use &lt;em&gt;gates&lt;/em&gt;.</content></entry></feed>"
    )
    one, two = parsed(feed).items
    assert one.title == "Why <i>emphasis</i> & more"
    assert one.text == "Use <em>gates</em>, not <script>shout()</script>."
    assert "<script" not in one.html
    assert (two.title, two.text) == ("An open gate", "Use gates.")


@pytest.mark.parametrize("prefix", ["", "r:", "rss:"])
def test_rss_1_1_with_and_without_a_prefix(prefix: str) -> None:
    declared = f"xmlns{':' if prefix else ''}{prefix.rstrip(':')}"
    feed = (
        f'<{prefix}Channel {declared}="http://purl.org/net/rss1.1#" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        f'rdf:about="https://weir.example/feed"><{prefix}title>Weirs</{prefix}title><{prefix}link>https://weir.example/</{prefix}link>'
        f'<{prefix}items rdf:parseType="Collection"><{prefix}item rdf:about="https://weir.example/1">'
        f"<{prefix}title>One gate</{prefix}title><{prefix}link>https://weir.example/1</{prefix}link></{prefix}item>"
        f"</{prefix}items></{prefix}Channel>"
    )
    found = parsed(feed)
    assert found.title == "Weirs"
    assert [(i.title, i.link) for i in found.items] == [("One gate", "https://weir.example/1")]


@pytest.mark.parametrize("words", ["新年", "Hi", "👍", "是", "42"])
def test_a_post_of_two_letters_is_one(words: str) -> None:
    found = parsed(rss(f"<item><description>{words}</description></item>")).items
    assert [(i.title, i.text) for i in found] == [(words, words)]


@pytest.mark.parametrize(
    "spaced", ["http://search.yahoo.com/\u00a0mrss/", " urn:a", "urn:a b", "urn:a\u2003b c\n"]
)
def test_a_namespace_with_white_space_in_its_name_costs_nothing(spaced: str) -> None:
    for feed in (
        between(entry(2, "Gates.")).replace("<rss ", f'<rss xmlns:m="{spaced}" ', 1),
        between(entry(2, f'Gates.</description><m:x xmlns:m="{spaced}">y</m:x><description>')),
    ):
        assert len(parsed(feed).items) >= 3


@pytest.mark.parametrize("host", ["\x7f", "xn--0", "a\u00adb..example", "xn--\u00fc.example", "-.\u200b"])
def test_a_link_to_a_host_that_is_none_costs_its_link_only(host: str) -> None:
    feed = between(entry(2, '&lt;p>Gates &lt;a href="/x">x&lt;/a>.&lt;/p>')).replace(
        "<channel>", f"<channel><link>https://{host}/</link>", 1
    )
    assert len(parsed(feed).items) >= 3
    assert clean_html("<p><a href='/x'>Gates</a></p>", f"https://{host}/").count("Gates") == 1


@pytest.mark.parametrize(
    ("written", "author"),
    [
        ("jane@studio.technology (Jane Roe)", "Jane Roe"),
        ("jane@paper.example (Jane Roe)", "Jane Roe"),
        ("Jane Roe &lt;jane@paper.photography&gt;", "Jane Roe"),
        ("jane@paper.academy", ""),
        ("mailto:jane@paper.example", ""),
        ("(Jane Roe)", "Jane Roe"),
        ("@jane@social.example", "@jane@social.example"),
        ("Jane (Paper) Roe", "Jane (Paper) Roe"),
    ],
)
def test_a_person_is_named_without_their_address_whatever_its_end(written: str, author: str) -> None:
    [found] = parsed(rss(item(f"<author>{written}</author>"))).items
    assert found.author == author


@pytest.mark.parametrize("name", ["items", "entries", "posts"])
def test_a_list_that_became_an_object_is_a_list(name: str) -> None:
    """PHP writes {"0": …, "2": …} for a list from which an element was removed."""
    entries = {n: {"id": n, "title": f"Title {n}", "url": f"https://garden.example/{n}"} for n in ("0", "2")}
    found = parsed(json.dumps({"title": "Garden", name: entries}), content_type="application/json")
    assert [i.title for i in found.items] == ["Title 0", "Title 2"]


ENTRIES = [
    {"id": "w1", "url": "https://weir.example/1", "title": "Weir 1", "content_text": "It's open: {a}, [b]"},
    {"id": "w2", "url": "https://weir.example/2", "title": "Weir 2", "authors": [{"name": "Ada"}]},
    {"id": "w3", "url": "https://weir.example/3", "title": "Weir 3, // no comment", "tags": ["a", "b"]},
]
JSON = json.dumps(
    {"version": "https://jsonfeed.org/version/1.1", "title": "Weir", "items": ENTRIES}, indent=1
)
LOOSE_JSON = {
    "a comma after the last entry": JSON.replace("  }\n ]", "  },\n ]"),
    "a comma after the last field": JSON.replace('"Ada"\n', '"Ada",\n'),
    "a comma before a comment": JSON.replace("  }\n ]", "  }, // the end\n ]"),
    "comments": JSON.replace('"items"', '/* a, */ // b\n "items"'),
    "a comment first": "// made by hand\n" + JSON,
    "two marks of byte order": "\ufeff\ufeff" + JSON,
    "an escape that is none": JSON.replace("It's", "It\\'s"),
    "a call around it": f"show({JSON});",
    "a guard against scripts": ")]}',\n" + JSON,
    "something behind it": JSON + "\n<!-- made in 3 ms -->",
    "one more object around it": f'{{"data": {JSON}}}',
}


@pytest.mark.parametrize("what", LOOSE_JSON)
def test_json_as_people_write_it_is_read(what: str) -> None:
    found = parsed(LOOSE_JSON[what])
    assert [i.title for i in found.items] == ["Weir 1", "Weir 2", "Weir 3, // no comment"]
    assert found.items[0].text == "It's open: {a}, [b]"
    assert found.title == "Weir"


@pytest.mark.parametrize(
    ("broken", "left"),
    [
        (JSON.replace('"Weir 2"', '"Weir "2""'), ["Weir 1", "Weir 3, // no comment"]),
        (JSON.replace('"Weir 1",', '"Weir 1"'), ["Weir 2", "Weir 3, // no comment"]),
        (JSON.replace('"id": "w2"', '"id": undefined'), ["Weir 1", "Weir 3, // no comment"]),
        (JSON[: JSON.index('"w3"') + 9], ["Weir 1", "Weir 2"]),
        (JSON[: JSON.index('"Ada"') + 2], ["Weir 1"]),
        (json.dumps(ENTRIES)[:-60], ["Weir 1", "Weir 2"]),
    ],
)
def test_one_bad_entry_of_json_costs_that_entry(broken: str, left: list[str]) -> None:
    found = parsed(broken)
    assert [i.title for i in found.items] == left
    (problem,) = found.problems
    assert says(problem.text, "not well-formed JSON", "read all the same")


@pytest.mark.parametrize("unit", ['"', "/*", "{", '{"id":', ",", "\\", '{"id":"', "[{"])
def test_mending_json_takes_time_in_proportion(unit: str) -> None:
    begun = time.process_time()
    read_any(JSON[:-8] + unit * 200_000)
    assert time.process_time() - begun < 10


def test_the_lists_of_wordpress_are_read() -> None:
    post = {
        "id": 5,
        "date_gmt": "2026-11-20T08:00:00",
        "link": "https://weir.example/5",
        "title": {"rendered": "Weir &amp; lock"},
        "excerpt": {"rendered": "<p>In short.</p>"},
        "content": {"rendered": "<p>Two gates of the weir were opened.</p>"},
        "tags": [3, 4],
    }
    (only,) = parsed(json.dumps([post])).items
    assert (only.title, only.link) == ("Weir & lock", "https://weir.example/5")
    assert only.text == "Two gates of the weir were opened."
    assert only.published is not None


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Two gates open &hell", "Two gates open…"),
        ("Two gates open &amp;#82", "Two gates open…"),
        ("<![CDATA[Two gates open&rsqu]]>", "Two gates open…"),
        ("Two gates open &amp;#x20", "Two gates open…"),
        ("Two gates of Rock &amp;roll", "Two gates of Rock &roll"),
        ("Two gates at AT&amp;T", "Two gates at AT&T"),
        ("Caf&amp;#233", "Café"),
        ("&lt;![CDATA[Two gates]]&gt;", "Two gates"),
        ("<![CDATA[<![CDATA[Two gates]]]]><![CDATA[>]]>", "Two gates"),
        ("<![CDATA[<![CDATA[Two gates]]>]]>", "Two gates"),
        ("What &lt;![CDATA[ means", "What <![CDATA[ means"),
    ],
)
def test_what_cutting_and_wrapping_leave_in_a_title_goes(title: str, shown: str) -> None:
    assert parsed(rss(entry(1, "Text.", title=title))).items[0].title == shown


@pytest.mark.parametrize("torn", ["&hell", "&#82", "&#8", "&nbs", "&mdas", "&ldqu"])
def test_a_text_cut_within_a_reference_ends_with_an_ellipsis(torn: str) -> None:
    for written in (f"<![CDATA[The gates and the {torn}]]>", f"<![CDATA[<p>The gates and the {torn}</p>]]>"):
        assert parsed(rss(entry(1, written))).items[0].text == "The gates and the…"


def test_what_has_nothing_but_a_file_opens_it() -> None:
    file = '<enclosure url="https://weir.example/talks/the-old-weir.mp3" type="audio/mpeg" length="9"/>'
    bare, named, linked = parsed(
        rss(
            f"<item>{file}</item>"
            f'<item><title>A talk</title><guid isPermaLink="false">t2</guid>{file.replace("old", "new")}</item>'
            f"<item><title>A page</title><link>https://weir.example/3</link>{file}</item>"
        )
    ).items
    assert (bare.title, bare.link) == ("The old weir", "https://weir.example/talks/the-old-weir.mp3")
    assert (named.title, named.link) == ("A talk", "https://weir.example/talks/the-new-weir.mp3")
    assert (named.identity, linked.link) == ("t2", "https://weir.example/3")


@pytest.mark.parametrize("begin", ['&lt;?xml version="1.0"?&gt;', "&lt;rss"])
def test_a_feed_that_a_page_shows_as_text_is_read(begin: str) -> None:
    shown = rss(entry(1, "&lt;p&gt;Two &amp;amp; three.&lt;/p&gt;"), prolog='<?xml version="1.0"?>')
    if begin == "&lt;rss":
        shown = shown.partition("?>")[2]
    shown = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    page = f'<html><head></head><body><pre style="white-space: pre-wrap">{shown}</pre></body></html>'
    assert [(i.title, i.text) for i in parsed(page).items] == [("Weir 1 & lock", "Two & three.")]
    about = page.replace("<pre", "<p>How to write a feed:</p><pre>code</pre><p").replace(
        "</pre></body>", "</p></body>"
    )
    assert isinstance(read_any(about), Failure)
