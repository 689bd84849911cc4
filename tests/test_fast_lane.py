"""The fast lane gives the same as feedparser, field by field, or leaves the document to it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newsfeed import reading
from newsfeed.model import Failure, Parsed, Request, Response, Subscription
from newsfeed.reading import wellformed, xml_documents

NOW = datetime(2026, 3, 18, 8, tzinfo=UTC)
DATA = Path(__file__).parent / "data"
SHARED = Path(__file__).parents[2] / "shared"


def documents(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".xml", ".rss", ".atom", ".rdf"}:
            yield path


def read(body: bytes) -> Parsed | Failure:
    url = "https://saved.example/feeds/feed.xml"
    response = Response(request=Request(url=url, source="syndication"), url=url, body=body)
    return reading.read(response, Subscription(url=url), {}, NOW)


def both_ways(body: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any, bool]:
    """A document read with the fast lane and without it, and whether the fast lane took it."""
    took: list[bool] = []
    own = wellformed.read

    def watched(text: str) -> Any:
        found = own(text)
        took.append(found is not None)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(wellformed, "read", watched)
        fast = read(body)
    with monkeypatch.context() as patch:
        patch.setattr(wellformed, "read", lambda text: None)
        slow = read(body)
    return fast, slow, any(took)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["feeds", "bugs", "hostile"])
def test_saved_documents_are_read_alike_and_most_take_the_lane(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = SHARED / place
    if not folder.is_dir():
        pytest.skip("the saved documents are not here")
    well = took = 0
    for path in documents(folder):
        body = path.read_bytes()
        fast, slow, lane = both_ways(body, monkeypatch)
        assert fast == slow, path
        found = xml_documents.read(body)
        if not isinstance(found, Failure) and not found.problems:
            well += 1
            took += lane
    if place == "feeds":
        assert took >= 0.85 * well, f"{took} of {well}"


def test_own_documents_are_read_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    for path in documents(DATA):
        fast, slow, _ = both_ways(path.read_bytes(), monkeypatch)
        assert fast == slow, path


SPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "dc": "http://purl.org/dc/elements/1.1/",
        "dcterms": "http://purl.org/dc/terms/",
        "content": "http://purl.org/rss/1.0/modules/content/",
        "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
        "media": "http://search.yahoo.com/mrss/",
        "slash": "http://purl.org/rss/1.0/modules/slash/",
        "sy": "http://purl.org/rss/1.0/modules/syndication/",
        "thr": "http://purl.org/syndication/thread/1.0",
        "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
        "re": "http://purl.org/atompub/rank/1.0",
        "own": "urn:own",
    }.items()
)
RSS_NAMES = (
    "title link guid description pubDate author category comments dc:creator dc:date dc:title dc:description dc:subject "
    "content:encoded itunes:author itunes:summary itunes:subtitle itunes:duration itunes:keywords itunes:owner "
    "media:content media:group media:thumbnail media:title media:description media:category media:keywords "
    "slash:comments thr:total sy:updatePeriod enclosure source feedburner:origLink re:rank language ttl image own:field "
    "managingEditor webMaster lastBuildDate dcterms:issued dcterms:modified dc:language"
)
ATOM_NAMES = (
    "title link id summary content published updated author contributor category rights source subtitle dc:creator "
    "media:group media:content media:title thr:total feedburner:origLink modified issued created icon own:field"
)
RSS, ATOM = RSS_NAMES.split(), ATOM_NAMES.split()
TEXTS = (
    "",
    "Plain words",
    "a &amp; b",
    "&lt;p&gt;Hi &amp;amp; you&lt;/p&gt;",
    "<![CDATA[<b>bold</b> text]]>",
    "ada@example.org (Ada Lovelace)",
    "Ada &lt;a@b.example&gt;",
    "http://example.org/a?b=1&amp;c=2",
    "http:///example.org/x",
    "/rel/path",
    "Ünïcödé “q”",
    "Ã¼ber",
    "1 &lt; 2 &amp;copy; x",
    "2026-03-17T10:00:00Z",
    "Tue, 17 Mar 2026 10:00:00 GMT",
    "a, b ,c",
    "12",
    "<!-- hidden -->  spaced  ",
)
ATTRIBUTES: dict[str, dict[str, tuple[str, ...]]] = {
    "link": {
        "href": ("http://e.example/1", "/x", "mailto:a"),
        "rel": ("alternate", "self", "enclosure", "Alternate", "via"),
        "type": ("text/html", "application/atom+xml", "HTML", "audio/mpeg"),
    },
    "guid": {"isPermaLink": ("true", "false", "False")},
    "category": {"term": ("T", "t2"), "scheme": ("s",), "label": ("L",), "domain": ("d",)},
    "enclosure": {"url": ("http://e.example/m.mp3", "/p.jpg"), "type": ("audio/mpeg",), "length": ("10",)},
    "content": {"type": ("html", "text", "text/plain", "xhtml"), "url": ("http://e.example/m.mp3",)},
    "title": {"type": ("html", "text", "plain", "HTML")},
    "summary": {"type": ("html", "text", "text/html")},
    "thumbnail": {"url": ("/p.jpg",)},
}
EVERYWHERE = {"xml:lang": ("de", "en_US", ""), "xml:base": ("http://base.example/d/", "/q"), "own": ("x",)}


class Maker:
    """Makes random documents from everything that the fast lane knows, and more."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def element(self, name: str, atom: bool, depth: int = 0) -> str:
        draw = self.random
        local = name.rpartition(":")[2]
        given = [
            f' {key}="{draw.choice(values)}"'
            for key, values in ATTRIBUTES.get(local, {}).items()
            if draw.random() < 0.4
        ]
        given += [
            f' {key}="{draw.choice(values)}"' for key, values in EVERYWHERE.items() if draw.random() < 0.04
        ]
        body = draw.choice(TEXTS)
        if (atom and local in {"author", "contributor"}) or name == "itunes:owner":
            prefix = "itunes:" if name == "itunes:owner" else ""
            parts = draw.sample(["name", "email"], draw.randint(0, 2))
            body = "".join(f"<{prefix}{p}>{draw.choice(TEXTS)}</{prefix}{p}>" for p in parts)
        elif name == "media:group" and depth < 2:
            names = [n for n in RSS if n.startswith("media:")]
            body = "".join(
                self.element(draw.choice(names), atom, depth + 1) for _ in range(draw.randint(0, 3))
            )
        elif name == "image" or (atom and name == "source"):
            body = "<title>Other</title><link>http://other.example/</link>"
        return f"<{name}{''.join(given)}>{body}</{name}>"

    def document(self) -> str:
        draw = self.random
        root = draw.choice(["", ' xml:lang="en-us"', ' xml:base="http://base.example/"'])

        def some(most: int, atom: bool = False) -> str:
            names = ATOM if atom else RSS
            return "".join(self.element(draw.choice(names), atom) for _ in range(draw.randint(0, most)))

        kind = draw.choice(["rss", "atom", "rdf"])
        if kind == "rss":
            items = "".join(f"<item>{some(9)}</item>" for _ in range(draw.randint(0, 4)))
            return f'<rss version="2.0" {SPACES}{root}><channel>{some(6)}{items}{some(1)}</channel></rss>'
        if kind == "atom":
            items = "".join(f"<entry>{some(9, atom=True)}</entry>" for _ in range(draw.randint(0, 4)))
            return (
                f'<feed xmlns="http://www.w3.org/2005/Atom" {SPACES}{root}>{some(6, atom=True)}{items}</feed>'
            )
        items = "".join(f'<item rdf:about="http://r.example/{n}">{some(8)}</item>' for n in range(3))
        spaces = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
        return f"<rdf:RDF {spaces} {SPACES}{root}><channel>{some(6)}</channel>{items}</rdf:RDF>"


@pytest.mark.parametrize("seed", range(4))
def test_made_documents_are_read_alike(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    maker = Maker(seed)
    took = 0
    for _ in range(100):
        text = maker.document()
        fast, slow, lane = both_ways(text.encode(), monkeypatch)
        assert fast == slow, re.sub(r'xmlns:\w+="[^"]*"', "", text)
        took += lane
    assert took > 20


@pytest.mark.parametrize(
    "body",
    [
        "<rss><channel><title>A</title><item><title>One <b>bold</b></title></item></channel></rss>",
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title type="xhtml"><b>x</b></title></entry></feed>',
        "<rss><channel><item><title>cut",
        "<rss><channel>" + "<a:b xmlns:a='urn:a'>" * 40 + "</a:b>" * 40 + "</channel></rss>",
        '<!DOCTYPE rss [<!ENTITY e "x">]><rss><channel><item><title>&e;</title></item></channel></rss>',
        "<opml><body/></opml>",
    ],
)
def test_in_doubt_it_leaves_a_document_to_feedparser(body: str) -> None:
    assert wellformed.read(body) is None
