"""The editions for programs: digest.json, the JSON Feed of their stories, and the Atom feed of editions (RFC 4287)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import msgspec

from newsfeed.model import Edition, Line, Pick, picks
from newsfeed.model.accounts import flat
from newsfeed.render.safe import Drawing, instant, language, visible, web
from newsfeed.text.spoken import say

ATOM = "http://www.w3.org/2005/Atom"
XML = "http://www.w3.org/XML/1998/namespace"
FEED_EDITIONS = 14  # the newest editions, as many as feeds carry
FEED_TITLE = "Newsfeed"


def tag_authority(site_url: str) -> str:
    """Who names our tag: URIs (RFC 4151): the site's own host, or a name that is nobody's."""
    return urlsplit(site_url).hostname or "newsfeed.localhost"


def archive_url(edition: Edition, site_url: str) -> str:
    """The public address of an edition's page, "" without a public site."""
    return f"{site_url}archive/{edition.date:%Y/%m/%d}.html" if site_url else ""


def digest(edition: Edition) -> dict[str, Any]:
    """The edition as digest.json: everything on the page, and every number behind it."""
    return {
        "date": edition.date.isoformat(),
        "zone": edition.zone,
        "built": instant(edition.built),
        "heading": edition.heading,
        "promise": edition.promise,
        "revised": edition.revised,
        "note": edition.note,
        "minutes": edition.minutes,
        "budget_minutes": edition.budget_minutes,
        "short": [{"label": s.label, "text": s.text, "place": s.href} for s in edition.short],
        "picks": [_pick(p) for section in edition.sections for p in section.picks],
        "since": [_pick(p) for p in edition.since.picks] if edition.since else [],
        "since_note": edition.since_note,
        "long_read": _pick(edition.long_read) if edition.long_read else None,
        "lines": [_fields(line) for line in edition.lines],
        "ledger": dict(edition.counts),
        "topics": {
            t.name: {
                "label": t.label,
                "share": t.share,
                "minutes": t.minutes,
                "picks": t.picks,
                "lines": t.lines,
                "good": t.good,
                "debt": t.debt,
                "why_thin": t.why_thin,
            }
            for t in edition.topics
        },
        "feeds": [
            {
                "title": f.title,
                "url": f.url,
                "ok": f.ok,
                "cause": say(f.cause, **f.values),
                "repair": say(f.repair, **f.values),
                "items_new": f.items_new,
                "needs_owner": f.needs_owner,
                "silent_days": f.silent_days,
                "failing_since": _time(f.failing_since),
                "last_good": _time(f.last_good),
                "next_try": _time(f.next_try),
            }
            for f in edition.feeds
        ],
        "big_stories": {"told": edition.big_told, "all": edition.big_all},
        "foot": ["".join(s.text for s in row) for row in edition.foot],
        "previous": edition.previous.isoformat() if edition.previous else None,
        "templates": edition.templates,
    }


# Fields of a pick or line that are for us only, or told in another field.
_WITHIN = {"feed", "tellers", "quiet", "news", "discussions"}
_NAMES = {"ref": "item", "item": "id"}  # programs know an item by its short id


def _fields(told: Pick | Line) -> dict[str, Any]:
    """The fields of a pick or line by their names in digest.json."""
    named = {
        _NAMES.get(name, name): getattr(told, name) for name in told.__struct_fields__ if name not in _WITHIN
    }
    return {**named, "link": web(told.link), "account": flat(told.account)}


def _pick(p: Pick) -> dict[str, Any]:
    return {
        **_fields(p),
        "title": p.title or p.lead,  # a person's post has only its words
        "published": _time(p.published),
        "topics": [{"topic": s.topic, "p": s.p} for s in p.topics],
        "others": [s.text for s in p.others],
        "links": [{"text": s.text, "link": web(s.href)} for s in (*p.others, *p.discussions)],
    }


def _time(moment: datetime | None) -> str | None:
    return instant(moment) if moment else None


def stories(editions: Sequence[Edition], site_url: str) -> dict[str, Any]:
    """The JSON Feed (version 1.1): one item for every pick of the newest editions, newest first.

    `external_url` is the article; `url`, the pick's place on its page, is there only with a public `site_url`.
    """
    document: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": FEED_TITLE,
        "description": "The stories of each morning's edition.",
        "language": language(editions[0].lang) or "en",
    }
    if site_url:
        document |= {"home_page_url": site_url, "feed_url": site_url + "feed.json"}
    document["items"] = [
        _story(edition, p, f"s{p.n}" if p is not edition.long_read else "long-read", site_url)
        for edition in editions[:FEED_EDITIONS]
        for p in picks(edition)
    ]
    return document


def _story(edition: Edition, p: Pick, place: str, site_url: str) -> dict[str, Any]:
    labels: Mapping[str, str] = {t.name: t.label for t in edition.topics}
    item: dict[str, Any] = {
        "id": f"tag:{tag_authority(site_url)},2026:{edition.date.isoformat()}/{p.ref or place}",
        "content_text": p.lead or p.title,
        "date_published": instant(p.published or edition.built),
    }
    if p.title:
        item["title"] = p.title
    if site_url:
        item["url"] = f"{archive_url(edition, site_url)}#{place}"
    if link := web(p.link):
        item["external_url"] = link
    if p.source:
        item["authors"] = [{"name": p.source}]
    if tags := [labels.get(s.topic, s.topic) for s in p.topics if s.p >= 0.5]:
        item["tags"] = tags
    if lang := language(p.lang):
        item["language"] = lang
    item["_newsfeed"] = {
        "edition": edition.date.isoformat(),
        "n": p.n,
        "section": p.section,
        "minutes": p.minutes,
        "reason": p.reason,
    }
    return item


def as_json(document: object) -> bytes:
    """A document as UTF-8 JSON that a person can read; no text in it holds an unprintable character."""
    return msgspec.json.format(msgspec.json.encode(_clean(document)), indent=1) + b"\n"


def _clean(value: Any) -> Any:
    """`value` with its texts cleaned; numbers that JSON doesn't know (infinite, not a number) become null."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {visible(str(key)): _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    return value


def feed(templates: Drawing, editions: Sequence[Edition], site_url: str) -> bytes:
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


def content(templates: Drawing, edition: Edition, site_url: str) -> str:
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
