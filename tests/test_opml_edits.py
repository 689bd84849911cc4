"""Edits of a list in place, merging, export, and the differences between two readings."""

from __future__ import annotations

import difflib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsfeed import opml
from newsfeed.errors import ListError, NotFoundError, SettingsError
from newsfeed.model import Folder, Subscription, SubscriptionList
from newsfeed.opml.scan import scan

DATA = Path(__file__).parent / "data" / "opml"
SHARED = Path(__file__).parents[2] / "shared"
NEW = Subscription(url="https://new.example/feed", title="New & “shiny”", folders=("World", "Europe"))
NESTED = (DATA / "nested.opml").read_bytes()
HARBOUR = "https://harbour.example/rss"
QUOTED = "https://quoted.example/feed?a=1&b=2"
BAKERS = "https://bakers.example/atom.xml"
EDITABLE = sorted(
    p
    for p in DATA.glob("*.opml")
    if not any(d.structural for d in scan(p.read_text("utf-8", "replace")).damages)
)


def diff(old: bytes, new: bytes, codec: str = "utf-8") -> list[str]:
    """The changed lines, with their signs; line endings are kept."""
    lines = difflib.unified_diff(
        old.decode(codec).splitlines(keepends=True), new.decode(codec).splitlines(keepends=True), n=0
    )
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def same(one: Subscription, other: Subscription) -> bool:
    return msgspec.structs.replace(one, line=0) == msgspec.structs.replace(other, line=0)


# ------------------------------------------------------------- add


def test_a_new_outline_stands_behind_its_neighbours_and_their_comments() -> None:
    assert diff(NESTED, opml.add(NESTED, NEW)) == [
        '+        <outline type="rss" text="New &amp; “shiny”" xmlUrl="https://new.example/feed"/>\n'
    ]
    lines = opml.add(NESTED, NEW).decode().splitlines()
    assert lines[12].endswith("<!-- a daily -->")
    assert "new.example" in lines[13]


def test_missing_folders_are_made() -> None:
    new = msgspec.structs.replace(NEW, title="New", folders=("World", "Asia", "Japan"), options={"cap": "2"})
    assert diff(NESTED, opml.add(NESTED, new)) == [
        '+      <outline text="Asia">\n',
        '+        <outline text="Japan">\n',
        '+          <outline type="rss" text="New" xmlUrl="https://new.example/feed" newsfeed-cap="2"/>\n',
        "+        </outline>\n",
        "+      </outline>\n",
    ]


def test_folders_are_found_in_any_case_and_an_empty_one_is_opened() -> None:
    new = msgspec.structs.replace(NEW, title="New", folders=("world", "ELSEWHERE"))
    assert diff(NESTED, opml.add(NESTED, new)) == [
        '-      <outline text="Elsewhere"/>\n',
        '+      <outline text="Elsewhere">\n',
        '+        <outline type="rss" text="New" xmlUrl="https://new.example/feed"/>\n',
        "+      </outline>\n",
    ]


def test_line_ends_mark_and_manners_are_kept() -> None:
    old = (DATA / "mark-crlf.opml").read_bytes()
    new = opml.add(old, Subscription(url="https://blanc.example/feed", title="Blanc", folders=("Café",)))
    assert new.startswith(b"\xef\xbb\xbf<?xml")
    line = '\t\t\t<outline type="rss" text="Blanc" xmlUrl="https://blanc.example/feed" />\r\n'
    assert line.encode() in new
    assert new.replace(line.encode(), b"") == old


def test_another_encoding_is_kept_and_what_it_lacks_is_escaped() -> None:
    old = (DATA / "windows-1251.opml").read_bytes()
    new = opml.add(old, Subscription(url="https://jp.example/", title="Вечер 夜", folders=("Новости",)))
    assert diff(old, new, "cp1251") == [
        '+    <outline type="rss" text="Вечер &#22812;" xmlUrl="https://jp.example/"/>\n'
    ]
    assert opml.parse(new).subscriptions[-1].title == "Вечер 夜"


def test_a_letter_that_an_encoding_would_change_is_escaped() -> None:
    old = (DATA / "shift-jis.opml").read_bytes()
    new = opml.add(old, Subscription(url="https://cent.example/", title="5¢ ソ"))
    assert opml.parse(new).subscriptions[-1].title == "5¢ ソ"


def test_damaged_letters_move_with_their_outline() -> None:
    old = '<opml><outline text="F"/><outline text="Grüße '.encode() + b'\xff" url="a.example"/></opml>'
    moved = opml.move(old, "a.example", ("F",))
    assert (
        moved
        == '<opml><outline text="F"><outline text="Grüße '.encode()
        + b'\xff" url="a.example"/></outline></opml>'
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<opml><body/></opml>", "<opml><body>{}</body></opml>"),
        ("<opml/>", "<opml><body>{}</body></opml>"),
        ("<opml></opml>", "<opml><body>{}</body></opml>"),
        ("<opml>\n</opml>\n", "<opml>\n  <body>\n    {}\n  </body>\n</opml>\n"),
        ("<opml>\n<body></body>\n</opml>", "<opml>\n<body>\n  {}\n</body>\n</opml>"),
        ("<opml>\n<body>\n</body>\n</opml>", "<opml>\n<body>\n  {}\n</body>\n</opml>"),
        (
            "<opml>\n <body>\n  <!-- nothing yet -->\n </body>\n</opml>",
            "<opml>\n <body>\n  <!-- nothing yet -->\n   {}\n </body>\n</opml>",
        ),
        (
            '<opml><body>\n<outline text="a" xmlUrl="http://a.example/"/></body></opml>\n',
            '<opml><body>\n<outline text="a" xmlUrl="http://a.example/"/>\n{}\n</body></opml>\n',
        ),
        (
            '<opml>\r\t<outline text="a" xmlUrl="http://a.example/"/>\r</opml>',
            '<opml>\r\t<outline text="a" xmlUrl="http://a.example/"/>\r\t{}\r</opml>',
        ),
    ],
)
def test_lists_of_every_shape_can_be_added_to(old: str, new: str) -> None:
    tag = '<outline text="b" xmlUrl="http://b.example/"/>'
    assert opml.add(old.encode(), Subscription(url="http://b.example/", title="b")).decode() == new.format(
        tag
    )


def test_what_is_there_is_not_added_again() -> None:
    there = Subscription(url="HTTPS://Harbour.example/rss/", title="Again")
    assert opml.add(NESTED, there) == NESTED


def test_a_bad_address_is_not_added() -> None:
    with pytest.raises(SettingsError, match="javascript:"):
        opml.add(NESTED, Subscription(url="javascript:alert(1)"))


# ------------------------------------------------------------- remove, move


def test_an_outline_goes_with_its_line_and_the_comment_behind_it() -> None:
    assert diff(NESTED, opml.remove(NESTED, QUOTED)) == [
        "-        <outline text='Quoted \"Daily\"' type='rss' xmlUrl='https://quoted.example/feed?a=1&amp;b=2'/> <!-- a daily -->\n"
    ]


def test_an_outline_of_several_lines_goes_whole() -> None:
    removed = diff(NESTED, opml.remove(NESTED, BAKERS))
    assert len(removed) == 5
    assert all(line.startswith("-") for line in removed)


def test_every_listing_of_an_address_goes_and_the_feeds_in_it_stay() -> None:
    old = (DATA / "duplicates.opml").read_bytes()
    assert [s.title for s in opml.parse(opml.remove(old, "one.example/feed")).subscriptions] == [
        "Another page"
    ]
    social = (DATA / "social.opml").read_bytes()
    new = opml.remove(social, "https://outer.example/feed")
    assert diff(social, new) == [
        '-      <outline text="Feed with feeds" xmlUrl="https://outer.example/feed">\n',
        "-      </outline>\n",
    ]


def test_in_a_line_with_others_only_the_outline_goes() -> None:
    old = b'<opml><outline url="a.example"/><outline url="b.example"/></opml>'
    assert opml.remove(old, "https://a.example") == b'<opml><outline url="b.example"/></opml>'


def test_what_is_not_there_is_said() -> None:
    for edit in (
        lambda: opml.remove(NESTED, "https://none.example/"),
        lambda: opml.move(NESTED, "https://none.example/", ()),
        lambda: opml.set_url(NESTED, "https://none.example/", "https://new.example/"),
        lambda: opml.set_option(NESTED, "https://none.example/", "cap", "1"),
    ):
        with pytest.raises(NotFoundError):
            edit()


def test_a_moved_outline_keeps_its_attributes_and_comment() -> None:
    tag = "<outline text='Quoted \"Daily\"' type='rss' xmlUrl='https://quoted.example/feed?a=1&amp;b=2'/> <!-- a daily -->\n"
    assert diff(NESTED, opml.move(NESTED, QUOTED, ())) == [f"-        {tag}", f"+    {tag}"]
    old = f'        {tag}      </outline>\n      <outline text="Elsewhere"/>\n'
    new = f'      </outline>\n      <outline text="Elsewhere">\n        {tag}      </outline>\n'
    assert opml.move(NESTED, QUOTED, ("World", "Elsewhere")).decode() == NESTED.decode().replace(old, new)


def test_a_moved_outline_of_several_lines_keeps_its_shape() -> None:
    new = opml.move(NESTED, BAKERS, ("New",)).decode()
    assert (
        '    <outline text="New">\n'
        '      <outline text="Bakers\' blog"\n'
        '               type="rss"\n'
        '               xmlUrl="https://bakers.example/atom.xml"\n'
        '               htmlUrl="https://bakers.example/"\n'
        "      />\n"
        "    </outline>\n"
    ) in new


def test_a_value_of_several_lines_moves_as_it_is() -> None:
    old = (
        '<opml>\n  <body>\n    <outline text="A"\n      url="a.example" description="one\n    two"/>\n'
        '    <outline text="F"/>\n  </body>\n</opml>\n'
    )
    new = opml.move(old.encode(), "a.example", ("F",)).decode()
    assert new == (
        '<opml>\n  <body>\n    <outline text="F">\n      <outline text="A"\n        url="a.example" description="one\n'
        '    two"/>\n    </outline>\n  </body>\n</opml>\n'
    )


def test_what_is_listed_twice_is_moved_once() -> None:
    old = (DATA / "duplicates.opml").read_bytes()
    found = opml.parse(opml.move(old, "https://one.example/feed", ("C",)))
    assert [(s.title, s.folders) for s in found.subscriptions] == [
        ("Another page", ("B",)),
        ("First", ("C",)),
    ]
    assert found.problems == ()


def test_the_more_frequent_line_end_is_used() -> None:
    old = b'<opml>\n<body>\r\n<outline text="A" url="a.example"/>\r\n</body>\r\n</opml>'
    assert opml.add(old, NEW).count(b"\r\n") == 8


def test_moving_to_where_it_is_changes_nothing() -> None:
    assert opml.move(NESTED, HARBOUR, ("world", "europe")) == NESTED


def test_a_folder_inside_a_feed_is_no_place_to_move_to() -> None:
    old = b'<opml><outline text="A" url="a.example"><outline text="F"/></outline></opml>'
    new = opml.move(old, "a.example", ("F",))
    assert (
        new
        == b'<opml><outline text="F"><outline text="A" url="a.example"><outline text="F"/></outline></outline></opml>'
    )


# ------------------------------------------------------------- addresses and options


def test_an_address_is_replaced_where_it_stands() -> None:
    assert diff(NESTED, opml.set_url(NESTED, QUOTED, "https://its.example/?it's=1&b=2")) == [
        "-        <outline text='Quoted \"Daily\"' type='rss' xmlUrl='https://quoted.example/feed?a=1&amp;b=2'/> <!-- a daily -->\n",
        "+        <outline text='Quoted \"Daily\"' type='rss' xmlUrl='https://its.example/?it&#39;s=1&amp;b=2'/> <!-- a daily -->\n",
    ]
    bare = b"<opml><outline url=a.example></outline></opml>"
    assert (
        opml.set_url(bare, "a.example", "b.example")
        == b'<opml><outline url="https://b.example"></outline></opml>'
    )
    with pytest.raises(SettingsError):
        opml.set_url(NESTED, HARBOUR, "file:///etc/passwd")


def test_options_are_set_changed_and_taken_away() -> None:
    marked = opml.set_option(NESTED, HARBOUR, "mute", 'golf, "polo" & <b>')
    assert diff(NESTED, marked)[1].endswith(
        'description="Ships &amp; tides" newsfeed-mute="golf, &quot;polo&quot; &amp; &lt;b&gt;"/>\n'
    )
    assert opml.parse(marked).subscriptions[0].options == {"mute": 'golf, "polo" & <b>'}
    assert opml.set_option(marked, HARBOUR, "mute", None) == NESTED
    foreign = (DATA / "options.opml").read_bytes()
    assert diff(foreign, opml.set_option(foreign, "https://two.example/feed", "replies", "yes"))[1].endswith(
        'br:replies="yes" Newsfeed-Cap="3"/>\n'
    )
    with pytest.raises(SettingsError):
        opml.set_option(NESTED, HARBOUR, 'x="1" onload', "1")


# ------------------------------------------------------------- damaged lists


def test_harmless_damage_is_left_as_it_is() -> None:
    for name in ("ampersands.opml", "hostile.opml", "says-utf-8.opml", "says-latin-1.opml"):
        old = (DATA / name).read_bytes()
        new = opml.add(old, Subscription(url="https://new.example/feed", title="New"))
        added = diff(old, new, "latin-1")
        assert len(added) == 1, name
        assert opml.remove(new, "https://new.example/feed") == old


@pytest.mark.parametrize("name", ["cut.opml", "lost-tag.opml"])
def test_a_list_whose_structure_is_damaged_must_be_mended_first(name: str) -> None:
    old = (DATA / name).read_bytes()
    with pytest.raises(ListError) as caught:
        opml.add(old, NEW)
    assert caught.value.line in {4, 6}
    assert f"fix line {caught.value.line} first" in caught.value.repair
    assert "<outline text=" in caught.value.cause


def test_an_edit_that_would_change_a_guess_is_not_made() -> None:
    old = (
        b'<opml><body>\n<outline text="One" x&mlUrl="https://one.example/"/>\n'
        b'<outline text="Two" xmlUrl="https://two.example/"/>\n>  <outline text="Three" xmlUrl="https://three.example/"/>\n'
        b"</body></opml>"
    )
    assert len(opml.parse(old).subscriptions) == 2
    with pytest.raises(ListError, match="fix line 2 first"):
        opml.move(old, "https://two.example/", ("Zed",))


def test_a_list_with_bytes_that_fit_nowhere_keeps_them_or_is_not_edited() -> None:
    old = '<opml><outline text="Grüße aus Köln'.encode() + b'\xff" url="a.example"/></opml>'
    assert opml.set_url(old, "a.example", "https://b.example") == old.replace(
        b"a.example", b"https://b.example"
    )
    odd = '\ufeff<opml><outline text="x" url="a.example"/></opml>'.encode("utf-16-le") + b"\x00"
    with pytest.raises(ListError, match="Save it as UTF-8"):
        opml.set_url(odd, "a.example", "b.example")


# ------------------------------------------------------------- merge, write


def test_merging_keeps_folders_and_knows_what_is_there() -> None:
    other = (DATA / "spellings.opml").read_bytes()
    first, report = opml.merge(NESTED, opml.parse(other))
    assert len(report.added) == 9
    assert report.present == ()
    again, report = opml.merge(first, opml.parse(NESTED))
    assert again == first
    assert [s.title for s in report.present] == ["Harbour Post", 'Quoted "Daily"', "Bakers' blog"]
    into, report = opml.merge(b"<opml><body/></opml>", opml.parse(NESTED))
    assert [s.folders for s in opml.parse(into).subscriptions] == [("World", "Europe")] * 2 + [()]


def test_merging_brings_unknown_attributes_with_their_namespaces() -> None:
    other = opml.parse((DATA / "options.opml").read_bytes())
    merged, _ = opml.merge(b'<opml version="2.0"><body/></opml>', other)
    found = opml.parse(merged)
    assert found.problems == ()
    assert found.namespaces == other.namespaces
    assert [dict(s.options) for s in found.subscriptions] == [dict(s.options) for s in other.subscriptions]
    assert found.subscriptions[0].attributes == other.subscriptions[0].attributes
    clash = b'<opml version="2.0" xmlns:frss="https://else.example/"><body/></opml>'
    merged, _ = opml.merge(clash, other)
    assert b'xmlns:frss="https://freshrss.example/ns" frss:cssFullContent="article"' in merged


FOLDERS = b"""<opml version="2.0" xmlns:x="urn:x"><body>
  <outline title="Tech" x:colour="red" isOpen="true"><outline text="A" xmlUrl="https://a.example/feed"/>
    <outline text="Empty" title="Nothing yet"/></outline>
  <outline text="Mine"><outline text="A again" note="n" xmlUrl="http://a.example/feed"/></outline>
  <outline text="Mine"><outline text="A once more" xmlUrl="http://a.example/feed/"/></outline>
</body></opml>"""


def bare(folders: tuple[Folder, ...]) -> list[tuple[tuple[str, ...], dict[str, str]]]:
    """Folders without their lines."""
    return [(f.path, dict(f.attributes)) for f in folders]


def test_folders_keep_their_attributes_even_empty_ones_and_a_feed_stays_in_each_of_its_folders() -> None:
    found = opml.parse(FOLDERS)
    assert [f.path for f in found.folders] == [("Tech",), ("Tech", "Empty"), ("Mine",)]
    assert [s.folders for s in found.doubles] == [("Mine",)], "once a folder"
    again = opml.parse(opml.write(found))
    assert bare(again.folders) == bare(found.folders)
    assert [(s.folders, s.attributes["note"]) for s in again.doubles] == [(("Mine",), "n")]
    merged, report = opml.merge(b'<opml version="2.0">\n  <body/>\n</opml>\n', found)
    assert len(report.added) == 1
    here = opml.parse(merged)
    assert bare(here.folders) == bare(found.folders)
    assert [s.folders for s in here.doubles] == [("Mine",)]
    assert here.subscriptions[0].categories == ("Mine",)
    assert opml.merge(merged, found)[0] == merged


def test_merging_makes_no_folder_for_feeds_that_are_there_already() -> None:
    mine = b'<opml version="2.0">\n  <body>\n    <outline text="A" xmlUrl="https://a.example/feed"/>\n  </body>\n</opml>\n'
    other = opml.parse(
        b'<opml><body><outline text="T"><outline xmlUrl="https://a.example/feed"/></outline></body></opml>'
    )
    assert opml.merge(mine, other)[0] == mine


def test_merging_beyond_the_limits_is_refused() -> None:
    many = tuple(Subscription(url=f"https://{n}.example/") for n in range(10_000))
    with pytest.raises(ListError, match="more than 10,000 outlines"):
        opml.merge(NESTED, SubscriptionList(subscriptions=many))


def test_an_exported_list_is_plain_and_whole() -> None:
    listed = SubscriptionList(
        title="Mine & yours",
        subscriptions=(
            Subscription(
                url="https://a.example/feed", title="A <b>", folders=("F", "G"), options={"cap": "2"}
            ),
            Subscription(url="https://b.example/@b", html_url="https://b.example/@b", kind="mastodon"),
            Subscription(
                url="https://c.example/", title="C", folders=("F",), attributes={"x:y": "1", "q r": "2"}
            ),
        ),
    )
    assert (
        opml.write(listed).decode()
        == (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<opml version="2.0">\n'
            "  <head>\n"
            "    <title>Mine &amp; yours</title>\n"
            "  </head>\n"
            "  <body>\n"
            '    <outline text="F">\n'
            '      <outline text="G">\n'
            '        <outline type="rss" text="A &lt;b&gt;" title="A &lt;b&gt;" xmlUrl="https://a.example/feed" newsfeed-cap="2"/>\n'
            "      </outline>\n"
            '      <outline type="rss" text="C" title="C" xmlUrl="https://c.example/" x-y="1"/>\n'
            "    </outline>\n"
            '    <outline text="https://b.example/@b" title="https://b.example/@b" type="mastodon" htmlUrl="https://b.example/@b"/>\n'
            "  </body>\n"
            "</opml>\n"
        )
        or opml.parse(opml.write(listed)).problems == ()
    )


# U+034F is printable but invisible: reading removes it from a title, so it can't come back as written.
PLAIN = st.text(
    st.characters(blacklist_categories=["C", "Z"], blacklist_characters="\u034f"), min_size=1, max_size=10
)
NAMED = PLAIN.map(lambda t: f"n{t}").map(lambda t: t.replace("&", "+"))
SUBSCRIPTIONS = st.lists(
    st.builds(
        Subscription,
        url=st.integers(0, 10**6).map(lambda n: f"https://h{n}.example/feed?a={n}&b=2"),
        title=NAMED,
        folders=st.lists(st.sampled_from(["A", "B & C", "Ü", 'D"']), max_size=3).map(tuple),
        categories=st.lists(st.sampled_from(["x/y", "z"]), unique=True, max_size=2).map(tuple),
        html_url=st.sampled_from(["", "https://site.example/?a&b"]),
        kind=st.sampled_from(["rss", "mastodon"]),
        options=st.dictionaries(st.sampled_from(["mute", "language", "source"]), st.just("de"), max_size=2),
        attributes=st.dictionaries(st.sampled_from(["description", "x-y", "f:z"]), PLAIN, max_size=2),
    ),
    max_size=8,
    unique_by=lambda s: s.url,
).map(tuple)


@settings(max_examples=100, deadline=None)
@given(SUBSCRIPTIONS, PLAIN.map(lambda t: f"n{t}".replace("&", "+")))
def test_what_is_written_is_read_back(subscriptions: tuple[Subscription, ...], title: str) -> None:
    listed = SubscriptionList(
        subscriptions=subscriptions, title=title, namespaces={"f": "https://f.example/ns"}
    )
    found = opml.parse(opml.write(listed))
    assert found.problems == ()
    assert found.title == title
    # Folders collect their feeds, so the order may change; nothing else does.
    by_url = {s.url: s for s in found.subscriptions}
    assert len(by_url) == len(subscriptions)
    assert all(same(s, by_url[s.url]) for s in subscriptions)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(EDITABLE), SUBSCRIPTIONS.filter(bool), st.data())
def test_edits_undo_each_other(
    path: Path, subscriptions: tuple[Subscription, ...], data: st.DataObject
) -> None:
    old = path.read_bytes()
    before = opml.parse(old)
    new, report = opml.merge(old, SubscriptionList(subscriptions=subscriptions))
    assert len(opml.parse(new).subscriptions) == len(before.subscriptions) + len(report.added)
    assert [d for d in opml.parse(new).problems if "twice" not in d.text and not d.line] == []
    chosen = data.draw(st.sampled_from(report.added)) if report.added else None
    if chosen:
        moved = opml.move(new, chosen.url, ("Quite", "new"))
        found = next(s for s in opml.parse(moved).subscriptions if opml.key(s.url) == opml.key(chosen.url))
        assert found.folders == ("Quite", "new")
        assert found.title == chosen.title
    for subscription in report.added:
        new = opml.remove(new, subscription.url)
    after = opml.parse(new)
    assert len(after.subscriptions) == len(before.subscriptions)
    assert all(same(a, b) for a, b in zip(after.subscriptions, before.subscriptions, strict=True))
    # Everything that was there is still there, in its order; folders that were created may remain.
    remaining = iter(new)
    assert all(byte in remaining for byte in b"".join(old.split()))


@pytest.mark.parametrize("path", EDITABLE, ids=lambda p: p.stem)
def test_adding_and_removing_in_a_folder_that_is_there_restores_every_byte(path: Path) -> None:
    old = path.read_bytes()
    for folders in {s.folders for s in opml.parse(old).subscriptions}:
        new = opml.add(old, Subscription(url="https://new.example/feed", title="N", folders=folders))
        assert new != old
        assert opml.remove(new, "https://new.example/feed") == old


# ------------------------------------------------------------- comparing


def test_a_cut_list_takes_nothing_away() -> None:
    old = opml.parse(NESTED)
    cut = opml.parse(NESTED[: NESTED.index(b"Quoted")])
    kept = opml.in_force(old, cut)
    assert {s.url for s in kept.subscriptions} == {HARBOUR, QUOTED, BAKERS}
    assert kept.problems == cut.problems
    whole = opml.parse(opml.remove(NESTED, QUOTED))
    assert opml.in_force(old, whole) == whole


# ------------------------------------------------------------- real lists

needs_lists = pytest.mark.skipif(
    not (SHARED / "opml").is_dir(), reason="the folder of real subscription lists is not beside the checkout"
)


@needs_lists
@pytest.mark.parametrize(
    "path", sorted((SHARED / "opml").glob("*.opml")) if SHARED.is_dir() else [], ids=lambda p: p.stem
)
def test_real_lists_go_in_and_out_without_losing_an_outline_or_attribute(path: Path) -> None:
    found = opml.parse(path.read_bytes())
    imported, report = opml.merge(b'<opml version="2.0">\n  <body/>\n</opml>\n', found)
    assert len(report.added) == len(found.subscriptions)
    exported = opml.parse(opml.write(opml.parse(imported)))
    assert exported.problems == ()
    assert {f.path for f in exported.folders} == {f.path for f in found.folders}
    assert bare(opml.parse(opml.write(found)).folders) == bare(found.folders)
    by_url = {s.url: s for s in exported.subscriptions}
    for subscription in found.subscriptions:
        back = by_url[subscription.url]
        name = subscription.title or subscription.url
        kind = subscription.kind or "rss"
        assert same(msgspec.structs.replace(subscription, title=name, kind=kind), back)


@needs_lists
@pytest.mark.parametrize(
    "path", sorted((SHARED / "opml").glob("*.opml")) if SHARED.is_dir() else [], ids=lambda p: p.stem
)
def test_real_lists_are_edited_without_touching_the_rest(path: Path) -> None:
    old = path.read_bytes()
    first = opml.parse(old).subscriptions[0]
    new = opml.add(old, msgspec.structs.replace(NEW, folders=first.folders))
    assert opml.remove(new, NEW.url) == old
    marked = opml.set_option(old, first.url, "weight", "2")
    assert opml.set_option(marked, first.url, "weight", None) == old
