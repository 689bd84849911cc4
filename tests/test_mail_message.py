"""The edition as a mail: only what mail programs can show, the same stories as HTML and text, and nothing injected by a
feed."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

import editions
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsfeed.model import Edition, Section, Span
from newsfeed.render import Templates, safe
from newsfeed.render import mail_message as room

TEMPLATES = Templates()
MORNINGS = ["full_day", "refreshed_day", "quiet_day", "first_day", "all_failing", "no_list", "one_item",
            "hostile", "heavy_day", "crowd"]  # fmt: skip
SITE = "https://me.example/news"


def morning(name: str) -> Edition:
    made: Edition = getattr(editions, name)()
    return made


class Reader(HTMLParser):
    """Elements with their attributes, visible words, and links of a mail's HTML."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(html)
        assert not self._open, f"unclosed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names))
        found = {name: value or "" for name, value in attrs}
        self.elements.append((tag, found))
        if tag not in self.VOID:
            self._open.append((tag, "display:none" in found.get("style", "") or tag in {"style", "title"}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if not any(hidden for _, hidden in self._open):
            self.words.append(data)

    @property
    def visible(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [a for t, a in self.elements if t == tag]


@pytest.mark.parametrize("name", MORNINGS)
def test_only_what_every_mail_program_shows(name: str) -> None:
    """digest for caniemail: no flex, grid, variables, images, SVG, remote things; nothing rests on a style sheet."""
    html = TEMPLATES.message(morning(name), SITE).html
    page = Reader(html)
    allowed = {"html", "head", "meta", "title", "style", "body", "div", "table", "tr", "td", "h1", "h2", "h3",
               "p", "a", "b", "span", "br", "blockquote"}  # fmt: skip
    assert {tag for tag, _ in page.elements} <= allowed
    (table,) = page.all("table")
    assert table["width"] == "600"
    assert table["role"] == "presentation"
    assert "max-width:600px" in table["style"]
    properties = {
        part.split(":", 1)[0].strip()
        for _, attributes in page.elements
        for part in attributes.get("style", "").split(";")
        if part.strip()
    }
    assert properties <= {
        "margin", "margin-top", "margin-bottom", "padding", "color", "background-color", "border-top",
        "border-collapse", "font-family", "font-size", "font-weight", "font-style", "line-height",
        "text-decoration", "width", "max-width", "word-break", "overflow-wrap", "display", "max-height",
        "overflow", "mso-hide", "mso-line-height-rule",
    }  # fmt: skip
    styles = " ".join(a.get("style", "") for _, a in page.elements)
    assert not re.search(r"var\(|calc\(|url\(|\brem\b|\d(em|ch|vw|vh)\b|flex|grid|float|position", styles)
    for tag, attributes in page.elements:
        if tag in {"td", "h1", "h2", "h3", "p", "a", "blockquote"}:
            assert attributes.get("style"), f"<{tag}> rests on a style sheet"
        if tag in {"h1", "h2", "h3", "p", "blockquote"}:
            assert re.search(r"font-size:\d+px", attributes["style"])
            assert "font-family" in attributes["style"]
            assert attributes["style"].startswith("margin:0;")
        assert "padding" not in attributes.get("style", "") or tag in {"td", "body"}, "Outlook: cells only"
    head = html[: html.index("<body")]
    assert html.count("<style>") == head.count("<style>") == 1
    sheet = head[head.index("<style>") : head.index("</style>")]
    assert len(sheet) < 2_000
    assert not re.search(r"display|width|padding|font|margin", sheet), "the sheet only changes colours"
    loading = {"src", "srcset", "background", "poster", "data", "action"}
    assert not [a for _, attributes in page.elements for a in attributes if a in loading]
    assert "<!--" not in html


@pytest.mark.parametrize("name", MORNINGS)
def test_links_lead_to_the_web_and_nowhere_else(name: str) -> None:
    for site in ("", SITE, "http://127.0.0.1:8808", "file:///home/me/site"):
        written = TEMPLATES.message(morning(name), site)
        links = [a["href"] for a in Reader(written.html).all("a")] + re.findall(r"<(\S+:\S+)>", written.text)
        for link in links:
            assert re.match(r"https?://[^/@\s]+(/|$)", link), link
            assert "127.0.0.1" not in link
        assert bool(written.page_url) == (site == SITE)


@pytest.mark.parametrize("name", ["full_day", "refreshed_day", "heavy_day", "quiet_day", "one_item"])
def test_both_parts_tell_the_same_stories_in_the_order_of_the_page(name: str) -> None:
    edition = morning(name)
    written = TEMPLATES.message(edition)
    html, text = Reader(written.html).visible, " ".join(written.text.split())
    since = edition.since.picks if edition.since else ()
    told = [*since, *(p for s in edition.sections for p in s.picks)]
    titles = [p.title or p.lead for p in told]
    if edition.long_read:
        titles.append(edition.long_read.title)
    titles += [line.title for line in edition.lines]
    for part in (html, text):
        places = [part.index(" ".join(title.split())) for title in titles]
        last = part.index("That’s all for today.")
        if len(set(titles)) == len(titles):
            firsts = []
            start = part.index(titles[0]) if edition.short else 0
            for title in titles:
                start = part.index(title, start)
                firsts.append(start)
            assert firsts == sorted(firsts)
        assert max(places) < last
        assert edition.promise in part
        for pick in told:
            if pick.lead and pick.title:
                assert " ".join(pick.lead.split()) in part
    for report in edition.feeds:
        if not report.ok:
            assert report.title in html
            assert report.title in text


@pytest.mark.parametrize("name", MORNINGS)
def test_the_text_keeps_to_its_columns(name: str) -> None:
    text = TEMPLATES.message(morning(name), SITE).text
    for line in text.splitlines():
        unbreakable = len(line.split()) <= 2 or re.fullmatch(r"\s*<\S+>", line)
        assert safe.columns(line) <= safe.COLUMNS or unbreakable, line
    assert "&amp;" not in text.replace("&amp;amp; twice", "")
    assert "\n\n\n" not in text
    assert "None" not in text


def test_the_address_of_each_story_stands_on_a_line_of_its_own() -> None:
    edition = morning("full_day")
    lines = [line.strip() for line in TEMPLATES.message(edition).text.splitlines()]
    for section in edition.sections:
        for pick in section.picks:
            assert f"<{pick.link}>" in lines


def test_feed_text_stays_text() -> None:
    written = TEMPLATES.message(morning("hostile"), SITE)
    page = Reader(written.html)
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert tag not in {"script", "img"}
    assert "\u202e" not in written.html + written.text + written.subject + written.preview
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]", written.subject + written.preview)


def with_titles(*titles: str) -> Edition:
    picks = tuple(editions.pick(n, "top", title, "Source") for n, title in enumerate(titles, 1))
    return msgspec.structs.replace(
        editions.one_item(), sections=(Section(key="top", heading="Top", picks=picks),)
    )


def test_the_subject_names_two_stories_and_the_date() -> None:
    assert (
        room.subject(with_titles("ECB holds rates", "Rust 2.0", "More"))
        == "ECB holds rates; Rust 2.0 · Sun 22 Nov"
    )
    assert room.subject(with_titles()) == "1 story from 1 source · 1 min · Sun 22 Nov"
    assert (
        room.subject(editions.all_failing()) == "No source could be read: there was no network… · Sun 22 Nov"
    )
    long = room.subject(editions.full_day())
    assert len(long) <= 60
    assert long == "Harbour cities switch…; Appeal court lets… · Sun 22 Nov"


@given(st.lists(st.text(max_size=90), max_size=4))
def test_no_headline_breaks_the_subject(titles: list[str]) -> None:
    edition = with_titles(*titles)
    for line in (room.subject(edition), room.preview(edition)):
        assert line == " ".join(line.split())
        assert "=?" not in line
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", line)
    assert len(room.subject(edition)) <= 60 + 2
    assert len(room.preview(edition)) <= room.PREVIEW


def test_the_preview_goes_on_where_the_subject_ends() -> None:
    written = TEMPLATES.message(editions.full_day())
    assert written.preview.startswith("Three pension funds stop paying")
    first = re.search(r"<body.*?>\s*<div[^>]*display:none[^>]*>(.*?)</div>", written.html, re.DOTALL)
    assert first
    assert first.group(1) == written.preview.replace("&", "&amp;")


def crowded(picks: int, lead: int) -> Edition:
    """An edition far beyond any budget, in a script of three bytes a letter."""
    many = tuple(
        editions.pick(n, "top", f"第{n}条 " + "漢" * 40, "源", "字" * lead,
                      others=tuple(Span(text="別の源", href="https://o.example/x") for _ in range(4)))
        for n in range(1, picks + 1)
    )  # fmt: skip
    return msgspec.structs.replace(
        editions.full_day(), sections=(Section(key="top", heading="Top", picks=many),), lang="ja"
    )


@pytest.mark.parametrize(("picks", "lead"), [(40, 400), (200, 60), (100, 900)])
def test_a_mail_too_large_loses_its_tail_and_says_so(picks: int, lead: int) -> None:
    edition = crowded(picks, lead)
    written = TEMPLATES.message(edition, SITE)
    assert written.html_bytes <= room.LIMIT
    assert written.html_bytes > room.LIMIT * 0.85, "no more is cut than must be"
    assert "第1条" in written.html
    assert written.left_out > 0
    assert f"+{written.left_out} more on the page" in written.html
    assert f"+{written.left_out} more on the page" in written.text
    assert "That’s all for today." in written.html, "the end and the feeds' health are never cut"


def test_what_came_since_stands_first_and_is_cut_last() -> None:
    edition = editions.refreshed_day()
    assert edition.since
    crowd = crowded(70, 900).sections[0].picks
    written = TEMPLATES.message(
        msgspec.structs.replace(edition, since=msgspec.structs.replace(edition.since, picks=crowd)), SITE
    )
    assert room.LIMIT * 0.85 < written.html_bytes <= room.LIMIT
    assert "第1条" in written.html


def test_cuts_take_the_tail_first() -> None:
    edition = editions.full_day()
    sizes = []
    for cuts in range(60):
        shown = room.shortened(edition, cuts)
        sizes.append(len(room._message(TEMPLATES, edition, shown, "", "").html))
    # "+n more on the page" needs room itself, but never more than a few bytes beyond what one cut saves.
    assert all(later <= earlier + 300 for earlier, later in pairwise(sizes))
    assert room.shortened(edition, 1).lines == edition.lines[:-1]
    assert room.shortened(edition, 3).long_read == edition.long_read
    assert room.shortened(edition, 4).long_read is None
    assert room.shortened(edition, 4).sections == edition.sections


def test_real_mornings_are_far_below_the_limit() -> None:
    assert TEMPLATES.message(editions.heavy_day(), SITE).html_bytes < 60_000


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        ("https://me.example/news", True),
        ("http://192.168.1.7/news", True),
        ("http://127.0.0.1:8808/", False),
        ("http://127.1/", False),
        ("http://2130706433/", False),
        ("http://[::1]/", False),
        ("http://localhost/", False),
        ("http://app.localhost/", False),
        ("http://0.0.0.0/", False),
        ("file:///home/me/site/index.html", False),
        ("", False),
    ],
)
def test_where_links_of_a_mail_may_lead(address: str, fine: bool) -> None:
    assert bool(safe.public(address)) is fine


def test_what_a_refresh_did_not_find_is_no_news_for_a_mail() -> None:
    said = "Nothing since 06:30 is worth your minutes."
    message = Templates().message(msgspec.structs.replace(editions.full_day(), since_note=said))
    assert said not in message.text
    assert said not in message.html
