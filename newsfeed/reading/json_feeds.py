"""JSON Feed 1.0 and 1.1 (jsonfeed.org), RSS in JSON, and the plain JSON lists of entries that some sites offer as feeds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from newsfeed.model import Cause, Enclosure, Failure, Problem, Response, Subscription
from newsfeed.reading.platforms import adapt
from newsfeed.sources.source import BODY_LIMIT, Draft, Drafts, language_of
from newsfeed.text import clean_line, safe_url, times, unmangle
from newsfeed.text.encodings import decode

_SURROGATES = re.compile("[\ud800-\udfff]")
_ENTRIES = ("items", "entries", "elements", "posts", "articles")


def read(response: Response, subscription: Subscription) -> Drafts | Failure:
    """The entries of a JSON document, each checked field by field."""
    text, _ = decode(response.body[:BODY_LIMIT])
    try:
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return Failure(
            cause=Cause.BROKEN_FEED,
            text="The document begins like JSON but can't be read as such.",
            repair="Nothing to do if it passes; otherwise tell the feed's owner.",
            status=response.status,
        )
    feed, entries = _shape(data)
    if entries is None:
        return Failure(
            cause=Cause.NOT_A_FEED,
            text="This is JSON, but no JSON Feed: it has no list of items.",
            repair="Look for the feed's address on the site.",
            needs_owner=True,
            status=response.status,
        )
    base = safe_url(_text(feed.get("feed_url"))) or response.url
    home = safe_url(_text(feed.get("home_page_url")) or _text(feed.get("link")), base)
    title = clean_line(unmangle(_text(feed.get("title"))))
    author = _author(feed)
    drafts, bad = [], 0
    for entry in entries:
        draft = _draft(entry, home or base, author)
        if draft is None:
            bad += 1
        else:
            if draft.discussion and not draft.discussion_label:
                draft.discussion_label = clean_line(title, 30)
            drafts.append(adapt(draft, home, title))
    problems: tuple[Problem, ...] = ()
    if bad:
        told = f"{bad} of {len(entries)} items aren't what JSON Feed asks for: they were left out."
        problems = (Problem(text=told),)
    language = language_of(subscription, _text(feed.get("language")))
    return Drafts(drafts, title=title, home=home, html_url=home, language=language, problems=problems)


def _shape(data: object) -> tuple[dict[str, Any], list[Any] | None]:
    """The feed's own fields and its entries, wherever they are in the document."""
    if isinstance(data, list):
        good = [e for e in data if isinstance(e, dict)]
        return {}, data if good and any(_text(e.get("url")) or _text(e.get("link")) for e in good) else None
    if not isinstance(data, dict):
        return {}, None
    if isinstance(rss := data.get("rss"), dict) and isinstance(channel := rss.get("channel"), dict):
        entries = channel.get("item", [])
        return channel, entries if isinstance(entries, list) else [entries]
    for name in _ENTRIES:
        entries = data.get(name)
        if isinstance(entries, dict) and entries and all(isinstance(e, dict) for e in entries.values()):
            entries = list(entries.values())  # a list of PHP's that has lost one of its numbers
        if isinstance(entries, list):
            return data, entries
    return data, None


def _text(value: object) -> str:
    """A string field; numbers are accepted as such, for ids are often numbers. Lone surrogates are replaced."""
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATES.sub("\ufffd", value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, dict):  # RSS in JSON: {"isPermaLink": false, "#value": "…"}
        return _text(value.get("#value") or value.get("$t") or value.get("content") or "")
    return ""


def _author(entry: Mapping[str, Any]) -> str:
    people = entry.get("authors")
    candidates = people if isinstance(people, list) else [entry.get("author")]
    names = [_text(p.get("name")) if isinstance(p, dict) else _text(p) for p in candidates]
    return ", ".join(name for name in names if name)


def _draft(entry: object, base: str, author: str) -> Draft | None:
    if not isinstance(entry, dict):
        return None
    url, external = _text(entry.get("url")), _text(entry.get("external_url"))
    identity = _text(entry.get("id")) or _text(entry.get("guid"))
    link = external or url or _text(entry.get("link")) or safe_url(identity)
    markup = (
        _text(entry.get("content_html"))
        or _text(entry.get("content:encoded"))
        or _text(entry.get("description"))
    )
    plain = _text(entry.get("content_text")) or _text(entry.get("contents"))
    draft = Draft(
        guid=identity,
        link=link,
        base=base,
        discussion=_text(entry.get("comments")) or (url if external and url != external else ""),
        title=_text(entry.get("title")),
        summary=_text(entry.get("summary")),
        body=markup or _escape(plain),
        author=_author(entry) or author,
        published=times.from_text(entry.get("date_published"))
        or times.from_text(entry.get("pubDate"))
        or times.from_text(entry.get("retrieved")),
        updated=times.from_text(entry.get("date_modified")),
        language=_text(entry.get("language")),
        tags=[_text(t) for t in entry["tags"]] if isinstance(entry.get("tags"), list) else [],
        enclosures=list(_attachments(entry.get("attachments"))),
    )
    if not (draft.title or draft.body or draft.summary or draft.link):
        return None
    if not draft.guid and not draft.link and not draft.title and not draft.body:
        return None
    return draft


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _attachments(found: object) -> Iterator[Enclosure]:
    for part in found if isinstance(found, list) else []:
        if isinstance(part, dict) and _text(part.get("url")):
            size, seconds = part.get("size_in_bytes"), part.get("duration_in_seconds")
            yield Enclosure(
                url=_text(part.get("url")),
                type=_text(part.get("mime_type")),
                bytes=size if isinstance(size, int) and 0 <= size < 2**62 else 0,
                seconds=times.duration(seconds),
            )
