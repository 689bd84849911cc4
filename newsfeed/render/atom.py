"""The Atom feed (RFC 4287): one entry for every edition, with its stories as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from newsfeed.model import Edition
from newsfeed.render.documents import FEED_EDITIONS, FEED_TITLE, archive_url, tag_authority
from newsfeed.render.safe import instant, language, visible

if TYPE_CHECKING:
    from newsfeed.render.templates import Templates

ATOM = "http://www.w3.org/2005/Atom"
XML = "http://www.w3.org/XML/1998/namespace"


def feed(templates: Templates, editions: Sequence[Edition], site_url: str) -> bytes:
    """digest.xml: the newest editions, newest first. Links are there only with a public `site_url`."""
    authority = tag_authority(site_url)
    ET.register_namespace("", ATOM)
    root = ET.Element(f"{{{ATOM}}}feed", {f"{{{XML}}}lang": language(editions[0].lang) or "en"})
    _add(root, "title", FEED_TITLE)
    _add(root, "subtitle", "One finishable page a morning")
    _add(root, "id", f"tag:{authority},2026:editions")
    _add(root, "updated", instant(max(edition.built for edition in editions)))
    _add(_add(root, "author"), "name", FEED_TITLE)
    if site_url:
        _add(root, "link", rel="self", type="application/atom+xml", href=site_url + "digest.xml")
        _add(root, "link", rel="alternate", type="text/html", href=site_url)
    for edition in editions[:FEED_EDITIONS]:
        entry = _add(root, "entry")
        _add(entry, "title", f"{edition.heading} {edition.date.year}")
        _add(entry, "id", f"tag:{authority},2026:digest/{edition.date.isoformat()}")
        _add(entry, "updated", instant(edition.built))
        if site_url:
            _add(entry, "link", rel="alternate", type="text/html", href=archive_url(edition, site_url))
        _add(entry, "summary", " · ".join(filter(None, [edition.promise, edition.note])), type="text")
        _add(entry, "content", content(templates, edition, site_url), type="html")
    ET.indent(root, "")
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def content(templates: Templates, edition: Edition, site_url: str) -> str:
    """An edition's stories as a piece of HTML for feed readers: plain markup, no styles, no relative links."""
    return templates.fill(
        "feed_entry.html",
        edition=edition,
        lang=language(edition.lang) or "en",
        root=site_url or None,
        page=archive_url(edition, site_url),
    )


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    if text:
        element.text = visible(text)
    return element
