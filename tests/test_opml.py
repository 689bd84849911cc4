"""feeds.opml and lists of other readers: what is read from them, and how problems are reported."""

from __future__ import annotations

import csv
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from words import says

from newsfeed import opml, text
from newsfeed.errors import ListError
from newsfeed.model import Options, Problem, Subscription, SubscriptionList
from newsfeed.opml.scan import Outline, scan
from newsfeed.text.outline_options import OPTIONS, mistake, options

DATA = Path(__file__).parent / "data" / "opml"
SHARED = Path(__file__).parents[2] / "shared"

needs_lists = pytest.mark.skipif(
    not (SHARED / "opml").is_dir(), reason="the folder of real subscription lists is not beside the checkout"
)


def read(name: str) -> SubscriptionList:
    return opml.parse((DATA / name).read_bytes())


def read_or_refused(data: bytes) -> SubscriptionList | str:
    """What is read from `data`, or the repair that its error names."""
    try:
        return opml.parse(data)
    except ListError as error:
        return error.repair


def titles(found: SubscriptionList) -> list[str]:
    return [s.title for s in found.subscriptions]


def urls(found: SubscriptionList) -> list[str]:
    return [s.url for s in found.subscriptions]


def told(found: SubscriptionList) -> list[tuple[int, str]]:
    return [(p.line, p.text) for p in found.problems]


def test_folders_attributes_and_lines_are_read() -> None:
    found = read("nested.opml")
    assert found.title == "Morning & evening"
    assert found.problems == ()
    assert found.subscriptions == (
        Subscription(
            url="https://harbour.example/rss",
            title="Harbour Post",
            folders=("World", "Europe"),
            html_url="https://harbour.example/",
            kind="rss",
            attributes={"version": "RSS", "description": "Ships & tides"},
            line=12,
        ),
        Subscription(
            url="https://quoted.example/feed?a=1&b=2",
            title='Quoted "Daily"',
            folders=("World", "Europe"),
            kind="rss",
            line=13,
        ),
        Subscription(
            url="https://bakers.example/atom.xml",
            title="Bakers' blog",
            html_url="https://bakers.example/",
            kind="rss",
            line=18,
        ),
    )


def test_every_spelling_of_an_address_is_known() -> None:
    found = read("spellings.opml")
    assert found.problems == ()
    assert urls(found) == [
        "https://one.example/feed",
        "https://two.example/feed",
        "https://three.example/feed",
        "https://four.example/feed",
        "https://five.example/feed",
        "http://six.example/feed",
        "https://seven.example/feed",
        "https://eight.example/feed",
        "https://nine.example/feed",
    ]
    assert titles(found)[0] == "By title only"
    assert titles(found)[4] == ""
    assert titles(found)[8] == "Spaces in it"


def test_categories_are_split_at_commas_and_keep_their_levels() -> None:
    assert [s.categories for s in read("categories.opml").subscriptions] == [
        ("Science/Physics", "Work"),
        ("Finance", "Policy"),
        (),
    ]


def test_options_lose_their_prefix_and_ours_goes_first() -> None:
    one, two = read("options.opml").subscriptions
    assert one.options == {"must-read": "yes", "mute": 'golf, "polo"', "weight": "1.5"}
    assert one.attributes == {"frss:cssFullContent": "article"}
    assert two.options == {"boosts": "yes", "replies": "no", "cap": "3"}


def test_mistakes_in_options_are_told_and_the_options_handed_on() -> None:
    found = opml.parse(
        b'<opml><outline text="A" url="a.example" newsfeed-wieght="2"/>\n'
        b'<outline text="B" url="b.example" newsfeed-weight="heavy" newsfeed-cap="30%" newsfeed-mute="a, b"/>\n'
        b'<outline text="C" url="c.example" newsfeed-colour="red" br:colour="red" newsfeed-must-read="Yes"/></opml>'
    )
    assert [dict(s.options) for s in found.subscriptions] == [
        {"wieght": "2"},
        {"weight": "heavy", "cap": "30%", "mute": "a, b"},
        {"colour": "red", "must-read": "Yes"},
    ]
    assert [(p.line, p.text, p.repair) for p in found.problems[:2]] == [
        (1, "“A”: newsfeed-wieght is no option.", "Did you mean newsfeed-weight?"),
        (2, "“B”: newsfeed-weight has a value that can't be read.", "Write a number from 0.25 to 4."),
    ]
    assert found.problems[2].repair.startswith("There are: must-read, mute, ")


@pytest.mark.parametrize(
    ("attribute", "text", "repair"),
    [
        ('newsfeed-weight="9"', "newsfeed-weight is out of bounds, so 4 is taken", "a number from 0.25 to 4"),
        ('newsfeed-weight="0"', "newsfeed-weight is out of bounds, so 0.25 is taken", "a number from 0.25"),
        ('newsfeed-cap="200%"', "newsfeed-cap is out of bounds, so 100% is taken", "a share as in 30%"),
        ('newsfeed_mute="yes"', "newsfeed_mute is no option", "Did you mean newsfeed-mute?"),
        ('NewsfeedMustRead="yes"', "NewsfeedMustRead is no option", "Did you mean newsfeed-must-read?"),
        ('newsfeed-mail="yes"', "newsfeed-mail is no option", "There are: must-read"),
        ('newsfeed-lable="UK"', "newsfeed-lable is no option", "Did you mean newsfeed-label?"),
        (
            'newsfeed-label=" , "',
            "newsfeed-label has a value that can't be read",
            "words with commas between",
        ),
        ('newsfeed-label="UK, left"', "", ""),
        ('newsfeed-cap="200"', "", ""),
        ('newsfeed-cap="100 %" newsfeed-weight=".25" newsfeed-mute="golf"', "", ""),
        ('newsfeed:mute="yes" news="1" newsfeed="1"', "", ""),
    ],
)
def test_what_has_no_effect_as_it_is_written_is_told(attribute: str, text: str, repair: str) -> None:
    found = opml.parse(f'<opml>\n<outline text="A" url="a.example" {attribute}/></opml>'.encode())
    assert [(p.line, p.text) for p in found.problems] == ([(2, f"“A”: {text}.")] if text else [])
    assert all(repair in p.repair for p in found.problems)


def test_social_addresses_stay_as_they_are_written() -> None:
    found = read("social.opml")
    assert urls(found) == [
        "https://social.example/@ada",
        "@ada@social.example",
        "#python@social.example",
        "r/sales",
        "at://did:plc:abc123/app.bsky.feed.generator/science",
        "did:plc:abc123",
        "imaps://mail.example/Newsletters",
        "https://page.example/",
        "https://init.example/feed",
        "https://outer.example/feed",
        "https://inner.example/feed",
    ]
    assert found.subscriptions[0].kind == "mastodon"
    # A folder may have a page; a feed is not a folder for feeds inside it; an outline marked as a comment is no feed.
    assert [s.folders for s in found.subscriptions[-3:]] == [
        ("Social", "Folder with a page"),
        ("Social",),
        ("Social",),
    ]
    assert told(found) == [(13, "“A list” points to another list, which is not fetched.")]


@pytest.mark.parametrize(
    ("name", "title", "note"),
    [
        ("windows-1251.opml", "Утро", ""),
        ("utf-16.opml", "Größe 大きさ", ""),
        ("mark-crlf.opml", "Noir", ""),
        ("shift-jis.opml", "表示ソ", ""),
        ("says-latin-1.opml", "Zürich – heute", "It says that it is in iso-8859-1, but it is in UTF-8."),
        (
            "says-utf-8.opml",
            "Zürich “heute”",
            "It says that it is in utf-8, but it is not. It was read as windows-1252.",
        ),
    ],
)
def test_encodings_are_read_as_they_are(name: str, title: str, note: str) -> None:
    found = read(name)
    assert titles(found) == [title]
    assert [p.text for p in found.problems] == ([note] if note else [])


@pytest.mark.parametrize(
    ("codec", "marked"),
    [
        ("utf-8", True),
        ("utf-8", False),
        ("utf-16-le", True),
        ("utf-16-le", False),
        ("utf-16-be", True),
        ("utf-16-be", False),
        ("utf-32-le", True),
        ("utf-32-be", True),
    ],
)
def test_wide_encodings_are_known_by_mark_or_by_their_zeros(codec: str, marked: bool) -> None:
    text = (
        "\ufeff" if marked else ""
    ) + '<?xml version="1.0"?><opml><outline text="é" url="a.example"/></opml>'
    assert titles(opml.parse(text.encode(codec))) == ["é"]


def test_codecs_of_python_are_never_used() -> None:
    text = (
        rb'<?xml version="1.0" encoding="unicode_escape"?><opml><outline text="\x41" url="a.example"/></opml>'
    )
    assert titles(opml.parse(text)) == [r"\x41"]


def test_bare_ampersands_are_recovered_and_told_with_their_lines() -> None:
    found = read("ampersands.opml")
    assert found.title == "This & That"
    assert titles(found) == ["Fish & Chips", "Café & “Bar” &bogus;", "AT&T"]
    assert found.subscriptions[0].url == "https://fish.example/feed?a=1&b=2&copy=3"
    assert found.problems[0] == Problem(
        text="A bare “&” was read as it stands (lines 3, 6).", line=3, repair="Write &amp; instead."
    )


def test_quotes_and_brackets_in_values_are_recovered() -> None:
    found = read("quotes.opml")
    assert titles(found) == ['The "best" of it', "Markup", "Bare", "5 < 6 > 4", "Twice"]
    assert urls(found) == [f"https://{n}.example/feed" for n in ("best", "markup")] + [
        "https://bare.example/feed",
        "https://less.example/feed",
        "https://twice.example/feed",
    ]
    assert (3, "A quote inside a value was read as it stands (lines 3, 4).") in told(found)


def test_a_tag_that_never_ends_costs_its_outline_only() -> None:
    found = read("lost-tag.opml")
    assert titles(found) == ["Before", "After"]
    assert found.complete
    assert told(found) == [(4, "An outline can't be read and is left out.")]


def test_a_missing_quote_does_not_swallow_the_next_attribute() -> None:
    found = opml.parse(b'<opml><outline text="Open xmlUrl="https://a.example/"/></opml>')
    assert (titles(found), urls(found)) == (["Open"], ["https://a.example/"])


def test_missing_and_superfluous_end_tags_move_nobody_out_of_the_list() -> None:
    found = opml.parse(
        b'<opml><body>\n<outline text="A">\n<outline text="1" xmlUrl="https://1.example/"/>\n'
        b'</outline>\n</outline>\n<outline text="B">\n<outline text="2" xmlUrl="https://2.example/"/>\n</body></opml>'
    )
    assert [s.folders for s in found.subscriptions] == [("A",), ("B",)]
    assert told(found) == [
        (5, "An end tag has no start and was passed over."),
        (6, "An end tag is missing; where it belongs was guessed."),
    ]
    assert found.complete


def test_a_cut_list_is_read_as_far_as_it_goes_and_known_as_cut() -> None:
    found = read("cut.opml")
    assert titles(found) == ["Whole"]
    assert not found.complete
    assert told(found) == [(6, "The list ends inside a tag: what stood behind is missing.")]


def test_wherever_a_list_is_cut_it_is_known_as_cut_or_not_read() -> None:
    data = (DATA / "nested.opml").read_bytes().rstrip()
    whole = set(urls(opml.parse(data)))
    for end in range(len(data)):
        try:
            found = opml.parse(data[:end])
        except ListError:
            continue
        assert not found.complete, data[:end][-40:]
        assert set(urls(found)) <= whole


def test_duplicates_are_kept_once_and_told_with_both_lines() -> None:
    found = read("duplicates.opml")
    assert titles(found) == ["First", "Another page"]
    assert [(p.line, p.repair, p.harmless) for p in found.problems] == [
        (7, "Delete line 7.", True),
        (8, "Delete line 8.", True),
    ]
    again, other = (p.text for p in found.problems)
    assert says(again, "“Again”", "listed twice", "line 4 and line 7")
    assert says(other, "“Other spelling”", "listed twice", "line 4 and line 8")


def test_hostile_outlines_cost_themselves_only() -> None:
    found = read("hostile.opml")
    assert titles(found) == ["&file;&b;", "<script>alert(1)</script>Two"]
    assert [s.html_url for s in found.subscriptions] == ["", ""]
    refused = {line: text for line, text in told(found) if line in range(9, 15)}
    named = {
        9: ("“Script”", "“javascript:”", "never read"),
        10: ("“Local”", "“file:”", "never read"),
        11: ("“Program”", "“exec:”", "never read"),
        12: ("“Relative”", "no web address"),
        13: ("“No host”", "without a proper host"),
        14: ("“Nothing”", "no address"),
    }
    assert refused.keys() == named.keys()
    assert all(says(refused[line], *parts) for line, parts in named.items()), refused
    assert all(p.repair for p in found.problems)


@pytest.mark.parametrize(
    "url",
    [
        "data:text/html,x",
        "vbscript:x",
        "ftp://a.example/feed",
        "mailto:a@a.example",
        "C:\\feeds\\a.xml",
        "../a.xml",
        "http://[::1",
        "https://two words.example/",
        "https://a.example:99999/",
        "https://a.ex\u202eample/",
        "JaVaScRiPt:alert(1)",
        "feed:javascript:alert(1)",
        "feed:file:///etc/passwd",
        "https://a.example/" + "x" * 2048,
        "query:all:unread",
        '"|ls"',
    ],
)
def test_other_addresses_are_refused_with_a_repair(url: str) -> None:
    found = opml.parse(
        opml.write(SubscriptionList(subscriptions=(Subscription(url=url), Subscription(url="a.example"))))
    )
    assert urls(found) == ["https://a.example"]
    (problem,) = found.problems
    assert (problem.line, bool(problem.repair)) == (7, True)


def test_deep_folders_are_read_without_recursion() -> None:
    depth = 9_000
    data = (
        b"<opml><body>"
        + b'<outline text="d">' * depth
        + b'<outline text="Feed" xmlUrl="https://deep.example/"/>'
        + b"</outline>" * depth
        + b"</body></opml>"
    )
    found = opml.parse(data)
    assert titles(found) == ["Feed"]
    assert len(found.subscriptions[0].folders) == 50
    (problem,) = found.problems
    assert says(problem.text, "more than 50 deep")


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "it is empty"),
        (b"\xef\xbb\xbf \n", "it is empty"),
        (b"<!DOCTYPE html><html><body>Hello</body></html>", "it is a web page, not a list of feeds"),
        (b"<rss version='2.0'><channel/></rss>", "it is a feed, not a list of feeds"),
        (b'{"feeds": []}', "it is no list of feeds (OPML)"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "it is no list of feeds (OPML)"),
        (b"<opml><!--" + b"x" * 5_000_000 + b"--></opml>", "it holds 5.0 MB, more than a list"),
        (b"<opml>" + b"<outline/>" * 10_001 + b"</opml>", "it holds more than 10,000 outlines"),
        (b"<opml>" + b"<a/>" * 100_001 + b"</opml>", "it holds more than 100,000 tags"),
        (b"<opml><outline " + b"a='b' " * 65 + b"/></opml>", "it has a tag with more than 64 attributes"),
        (b"<opml>" + b"< " * 10_001 + b"</opml>", "it is damaged in more than 10,000 places"),
    ],
    ids=[
        "empty",
        "blank",
        "page",
        "feed",
        "json",
        "png",
        "large",
        "outlines",
        "tags",
        "attributes",
        "damages",
    ],
)
def test_what_is_no_list_is_said_with_a_repair(data: bytes, cause: str) -> None:
    with pytest.raises(ListError) as caught:
        opml.parse(data, "mine.opml")
    assert caught.value.subject == "mine.opml"
    assert caught.value.cause.startswith(cause)
    assert caught.value.repair


def test_a_list_that_breaks_before_its_first_feed_names_line_and_column_and_shows_the_line() -> None:
    with pytest.raises(ListError) as caught:
        opml.parse(b'<opml>\n  <body>\n    <outline text="A & B" xmlUrl="https://a.exa')
    assert (caught.value.line, caught.value.column) == (3, 5)
    assert "line 3, column 5" in str(caught.value)
    assert '<outline text="A & B" xmlUrl="https://a.exa' in str(caught.value)


def test_an_empty_list_is_a_list() -> None:
    assert opml.parse(b'<opml version="2.0"><body/></opml>') == SubscriptionList()


@pytest.mark.parametrize(
    "data",
    [
        b"<opml>" + b'<outline text="' * 9_000,
        b'<opml><outline text="' + b'" ' * 400_000,
        b'<opml><outline text="' + b"&" * 800_000 + b'"/>',
        b"<opml>" + b"</" * 400_000,
        b"<!DOCTYPE opml [" + b'<!ENTITY a "b">' * 50_000,
        b"<opml><outline " + b"a " * 300_000,
        b"<!D[<outline/>" * 60_000,
        b'<opml><b ">' * 9_000,
        b"<opml>" + b"<outline " + b'text="y ' * 100_000,
        b"<opml><outline" + b" " * 800_000,
        b'<opml><outline text="' + b"\turl" * 200_000 + b"/>",
    ],
)
def test_the_time_to_read_a_hostile_list_is_bounded(data: bytes) -> None:
    # No time is measured here: a scan that backtracks would take minutes for each of these.
    assert read_or_refused(data)


# ------------------------------------------------------------- beside an XML parser

XML_TEXT = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\ufffe\uffff\ufeff"), max_size=12
)
NAMES = st.sampled_from(["text", "title", "type", "xmlUrl", "x-y", "_a.b", "größe"])
SPACES = st.sampled_from([" ", "\n", "\t", "\r\n  "])


@st.composite
def outline(draw: st.DrawFn, depth: int = 0) -> str:
    pairs = draw(st.dictionaries(NAMES, XML_TEXT, max_size=4))
    tag = "<outline"
    for name, value in pairs.items():
        quote = draw(st.sampled_from("\"'"))
        escaped = value.replace("&", "&amp;").replace("<", "&lt;")
        escaped = escaped.replace(quote, "&quot;" if quote == '"' else "&#39;")
        if draw(st.booleans()):
            escaped += draw(st.sampled_from(["&#x41;", "&#10;", "&gt;", "a\nb", "\t", ">"]))
        equals = draw(st.sampled_from(["=", " = ", "\n="]))
        tag += f"{draw(SPACES)}{name}{equals}{quote}{escaped}{quote}"
    inside = "".join(draw(st.lists(st.one_of(outline(depth + 1), FILLING), max_size=3))) if depth < 3 else ""
    closing = draw(st.sampled_from(["", " ", "\n"]))
    return (
        f"{tag}{closing}/>" if not inside and draw(st.booleans()) else f"{tag}{closing}>{inside}</outline >"
    )


FILLING = st.sampled_from(
    [
        "\n",
        "text",
        "<!-- <outline/> > -->",
        "<![CDATA[ <outline text='x'/> & ]]>",
        "<?php <outline/> ?>",
        "<b a='1'>x</b>",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(outline(), FILLING), max_size=4), st.sampled_from(["", "<!DOCTYPE opml [<!--]>-->]>"])
)
def test_well_formed_lists_are_scanned_as_an_xml_parser_reads_them(parts: list[str], doctype: str) -> None:
    text = f"{doctype}<opml><body>{''.join(parts)}</body></opml>"
    scanned = scan(text)
    assert scanned.damages == []
    assert scanned.cut == -1
    expected = list(ET.fromstring(text).iter("outline"))
    assert [{a.name: a.value for a in o.attributes} for o in scanned.outlines] == [e.attrib for e in expected]

    def shape(o: Outline) -> list[object]:
        return [shape(c) for c in o.children]

    def expected_shape(e: ET.Element) -> list[object]:
        return [expected_shape(c) for c in e.findall("outline")]

    body = ET.fromstring(text).find("body")
    assert body is not None
    tops = [shape(o) for o in scanned.outlines if o.parent is None]
    assert tops == [expected_shape(e) for e in body.findall("outline")] or body.find("b/outline") is not None
    for o in scanned.outlines:
        assert text[o.start : o.end].startswith("<outline")
        assert text[o.start : o.end].endswith("/>" if o.empty else "</outline >")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_damage_raises_anything_but_a_list_error(data: st.DataObject) -> None:
    base = (DATA / data.draw(st.sampled_from(sorted(p.name for p in DATA.glob("*.opml"))))).read_bytes()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(base)))
        junk = data.draw(
            st.one_of(
                st.binary(max_size=4),
                st.sampled_from([b"<", b'"', b"&", b"/>", b"</outline>", b"<!--", b"\0"]),
            )
        )
        base = base[:at] + junk + base[at + data.draw(st.integers(0, 6)) :]
    found = read_or_refused(base)
    assert found
    problems = found.problems if isinstance(found, SubscriptionList) else ()
    assert msgspec.json.decode(msgspec.json.encode(found), type=SubscriptionList | str) == found
    assert all(p.text and (p.repair or not p.line) for p in problems)


# ------------------------------------------------------------- real lists


def manifest(folder: Path) -> list[dict[str, str]]:
    with (folder / "MANIFEST.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@needs_lists
def test_every_real_list_is_read_without_losing_a_feed() -> None:
    for row in manifest(SHARED / "opml"):
        data = (SHARED / "opml" / row["file"]).read_bytes()
        found = opml.parse(data)
        twice = sum("is listed twice" in p.text for p in found.problems)
        # For damaged files the manifest has the count of a recovering parser; here every address counts.
        written = len(re.findall(rb"\bxmlUrl\s*=\s*[\"']", data))
        assert len(found.subscriptions) + twice == written >= int(row["feeds"]), row["file"]
        assert found.complete
        assert not any("left out" in p.text for p in found.problems), row["file"]


@pytest.mark.skipif(
    not (SHARED / "hostile" / "opml").is_dir(), reason="the hostile sample is not beside the checkout"
)
def test_the_hostile_sample_is_read_as_its_manifest_asks() -> None:
    for row in manifest(SHARED / "hostile" / "opml"):
        try:
            found = opml.parse((SHARED / "hostile" / "opml" / row["file"]).read_bytes())
            count = len(found.subscriptions)
        except ListError:
            count = 0
        assert int(row["feeds_min"]) <= count <= int(row["feeds_max"]), row["file"]


def outlines(*rows: str) -> bytes:
    return f'<opml version="2.0"><head/><body>{"".join(rows)}</body></opml>'.encode()


def feed_at(url: str) -> str:
    return f'<outline type="rss" text="Feed" xmlUrl="{url.replace("&", "&amp;")}"/>'


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://weir.example/rss?ref=a", "https://weir.example/rss?ref=b"),
        ("https://weir.example/rss?utm_source=a", "https://weir.example/rss?utm_source=b"),
        ("https://m.weir.example/rss", "https://weir.example/rss"),
        ("https://weir.example/rss?source=rss-1", "https://weir.example/rss"),
        ("https://weir.example/amp/", "https://weir.example/"),
        ("https://www.google.com/url?url=https://weir.example/rss", "https://weir.example/rss"),
    ],
)
def test_what_differs_in_host_path_or_query_is_another_feed(one: str, other: str) -> None:
    found = opml.parse(outlines(feed_at(one), feed_at(other)))
    assert [s.url for s in found.subscriptions] == [one, other]
    assert found.problems == ()


def test_a_name_that_begins_with_a_byte_of_no_letter_is_not_written() -> None:
    found = opml.parse(
        b'<opml><body><outline \x80\xc3\x80text="Noir" text="A" xmlUrl="https://a.example/"/></body></opml>'
    )
    assert urls(opml.parse(opml.write(found))) == ["https://a.example/"]


def test_an_address_that_was_escaped_twice_is_read_once_more() -> None:
    found = opml.parse(
        b'<opml><body><outline text="A" xmlUrl="https://a.example/f?b=1&amp;amp;c=2"/></body></opml>'
    )
    assert urls(found) == ["https://a.example/f?b=1&c=2"]


def test_scheme_and_last_slash_are_spellings_of_one_feed() -> None:
    found = opml.parse(outlines(feed_at("http://Weir.example/rss/"), feed_at("https://weir.example/rss")))
    assert len(found.subscriptions) == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_several_places_one_in_a_folder_goes_before_the_root(order: tuple[int, int]) -> None:
    places = (
        feed_at("https://weir.example/rss"),
        f'<outline text="Water">{feed_at("https://weir.example/rss")}</outline>',
    )
    found = opml.parse(outlines(*(places[n] for n in order)))
    assert [(s.url, s.folders) for s in found.subscriptions] == [("https://weir.example/rss", ("Water",))]
    assert found.problems[0].text.startswith("“Feed” is listed twice, in line ")
    merged, report = opml.merge(outlines(), found)
    assert len(report.added) == 1
    assert [s.folders for s in opml.parse(merged).subscriptions] == [("Water",)]


def test_a_feed_in_two_folders_keeps_both_as_hints() -> None:
    one = feed_at("https://weir.example/rss")
    found = opml.parse(
        outlines(
            one,
            f'<outline text="Water">{one}</outline><outline text="Trade"><outline text="Ports">{one}</outline></outline>',
        )
    )
    (feed,) = found.subscriptions
    assert (feed.folders, feed.categories) == (("Water",), ("Trade/Ports",))
    again = opml.parse(opml.merge(outlines(), found)[0])
    assert (again.subscriptions[0].folders, again.subscriptions[0].categories) == (
        ("Water",),
        ("Trade/Ports",),
    )
    assert [s.folders for s in again.doubles] == [("Trade", "Ports")]


@pytest.mark.parametrize("written", [" yes ", "Yes", "ON", "true", "1", "always"])
def test_a_yes_beside_a_feed_means_the_same_to_the_choice_and_to_the_health_report(written: str) -> None:
    assert text.is_yes(written)
    assert options({"must-read": written}).must_read
    assert not text.is_yes("no")
    assert not text.is_yes("")


@pytest.mark.parametrize("name", sorted(OPTIONS))
@pytest.mark.parametrize(
    "value",
    ["yes", " Always ", "NEVER", "none", "ja", "2", "0.5", "-1", "1e3", "30%", "30 %", "nan", "de", "German!", "de_AT",
     "https://social.example/", "mastodon", "ports, trade", " , ", ""],
)  # fmt: skip
def test_an_option_is_told_as_unreadable_just_where_it_changes_nothing(name: str, value: str) -> None:
    """The room that honours an option and the report of problems read it by the same rule."""
    wrong = mistake(name, value)
    unread = wrong is not None and "can't be read" in wrong[0]
    if unread:
        assert options({name: value}) == Options()
    elif wrong is None and not text.is_no(value) and value.strip() != "0":
        # "split" is on by default, and the number written may be the network's own default.
        assert options({name: value}) != Options() or name == "split"


def test_what_is_written_stays_as_it_is_written() -> None:
    listed = b'<opml><outline text="A" xmlUrl="https://a.example/" newsfeed-mute=" Yes" newsfeed-cap="007"/></opml>'
    (feed,) = opml.parse(listed).subscriptions
    assert dict(feed.options) == {"mute": "Yes", "cap": "007"}
    assert options(feed.options) == Options(muted=True, most=7)
