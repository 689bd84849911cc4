"""The editions for programs: digest.json, and the JSON Feed of their stories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from newsfeed.model import Edition, Line, Pick, Span
from newsfeed.render.safe import instant, language, visible, web

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
        "heading": visible(edition.heading),
        "promise": visible(edition.promise),
        "revised": visible(edition.revised),
        "note": visible(edition.note),
        "minutes": edition.minutes,
        "budget_minutes": edition.budget_minutes,
        "short": [
            {"label": visible(s.label), "text": visible(s.text), "place": s.href} for s in edition.short
        ],
        "picks": [_pick(p) for section in edition.sections for p in section.picks],
        "since": [_pick(p) for p in edition.since.picks] if edition.since else [],
        "since_note": visible(edition.since_note),
        "long_read": _pick(edition.long_read) if edition.long_read else None,
        "lines": [_line(line) for line in edition.lines],
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
                "title": visible(f.title),
                "url": f.url,
                "ok": f.ok,
                "cause": f.cause,
                "repair": f.repair,
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
        "foot": ["".join(visible(s.text) for s in row) for row in edition.foot],
        "previous": edition.previous.isoformat() if edition.previous else None,
        "templates": edition.templates,
    }


def _pick(p: Pick) -> dict[str, Any]:
    return {
        "n": p.n,
        "item": p.ref,
        "id": p.item,
        "story": p.story,
        "title": visible(p.title),
        "link": web(p.link),
        "source": visible(p.source),
        "author": visible(p.author),
        "kind": p.kind,
        "lang": p.lang,
        "published": _time(p.published),
        "when": visible(p.when),
        "topics": [{"topic": s.topic, "p": s.p} for s in p.topics],
        "topic": p.topic,
        "minutes": p.minutes,
        "reason": visible(p.reason),
        "reason_shown": p.reason_shown,
        "note": visible(p.note),
        "lead": visible(p.lead),
        "others": [visible(s.text) for s in p.others],
        "links": [_span(s) for s in (*p.others, *p.discussions)],
        "earlier": [visible(line) for line in p.earlier],
        "section": p.section,
        "account": dict(p.account),
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "item": line.ref,
        "id": line.item,
        "story": line.story,
        "title": visible(line.title),
        "link": web(line.link),
        "source": visible(line.source),
        "topic": line.topic,
        "note": visible(line.note),
        "outlets": line.outlets,
        "minutes": line.minutes,
        "account": dict(line.account),
    }


def _span(s: Span) -> dict[str, str]:
    return {"text": visible(s.text), "link": web(s.href)}


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
        for p in _told(edition)
    ]
    return document


def _told(edition: Edition) -> list[Pick]:
    picks = [p for section in edition.sections for p in section.picks]
    picks += edition.since.picks if edition.since else ()
    return [*picks, edition.long_read] if edition.long_read else picks


def _story(edition: Edition, p: Pick, place: str, site_url: str) -> dict[str, Any]:
    labels: Mapping[str, str] = {t.name: t.label for t in edition.topics}
    item: dict[str, Any] = {
        "id": f"tag:{tag_authority(site_url)},2026:{edition.date.isoformat()}/{p.ref or place}",
        "title": visible(p.title),
        "content_text": visible(p.lead or p.title),
        "date_published": instant(p.published or edition.built),
    }
    if site_url:
        item["url"] = f"{archive_url(edition, site_url)}#{place}"
    if link := web(p.link):
        item["external_url"] = link
    if p.source:
        item["authors"] = [{"name": visible(p.source)}]
    if tags := [visible(labels.get(s.topic, s.topic)) for s in p.topics if s.p >= 0.5]:
        item["tags"] = tags
    if lang := language(p.lang):
        item["language"] = lang
    item["_newsfeed"] = {
        "about": "https://www.jsonfeed.org/version/1.1/#extensions",
        "edition": edition.date.isoformat(),
        "n": p.n,
        "section": p.section,
        "minutes": p.minutes,
        "reason": visible(p.reason),
    }
    return item
