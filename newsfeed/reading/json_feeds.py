"""JSON Feed 1.0 and 1.1 (jsonfeed.org), RSS in JSON, and the plain JSON lists of entries that some sites offer as feeds."""

from __future__ import annotations

import contextlib
import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from newsfeed.model import Cause, Enclosure, Failure, Problem, Response, Subscription
from newsfeed.reading.platforms import adapt
from newsfeed.sources.source import BODY_LIMIT, Draft, Drafts, language_of
from newsfeed.text import clean_line, safe_url, times, unmangle
from newsfeed.text.encodings import BEFORE_JSON, decode

_SURROGATES = re.compile("[\ud800-\udfff]")
_ENTRIES = ("items", "entries", "elements", "posts", "articles")
_DATES = ("date_published", "pubDate", "retrieved", "date_gmt", "date")
_TRIES = 2_000  # entries of a broken document that are looked at


def read(response: Response, subscription: Subscription) -> Drafts | Failure:
    """The entries of a JSON document, each checked field by field."""
    text, _ = decode(response.body[:BODY_LIMIT])
    data, broken = _decoded(text)
    if data is None:
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
    problems = [broken] if broken else []
    if bad:
        told = f"{bad} of {len(entries)} items aren't what JSON Feed asks for: they were left out."
        problems.append(Problem(text=told))
    language = language_of(subscription, _text(feed.get("language")))
    return Drafts(drafts, title=title, home=home, html_url=home, language=language, problems=tuple(problems))


_DECODER = json.JSONDecoder(strict=False)
# Strings, and what is none of JSON: comments, commas before an end.
_LOOSE = re.compile(
    r"""("[^"\\]*(?:\\.[^"\\]*)*(?:"|\Z))|/\*(?:.*?\*/|.*)|//[^\n]*|,(?=\s*[}\]])""", re.DOTALL
)
_NO_ESCAPE = re.compile(r"\\(?:u(?![0-9a-fA-F]{4})|([^\"\\/bfnrtu]))")
_LIST = re.compile(
    rf"""(?:"(?:{"|".join((*_ENTRIES, "item"))})"\s*:|^)\s*\[\s*(?=\{{\s*("[^"]{{1,40}}")\s*:)"""
)


def _decoded(text: str) -> tuple[object, Problem | None]:
    """The data of a JSON document, and what is wrong with it; None for the data if nothing can be read.

    Comments, commas too many and what stands around the document are passed over. Where it is broken or cut off, what
    is whole of its entries is kept.
    """
    before = BEFORE_JSON.match(text)
    text = text[before.end() :] if before else text
    try:
        return _DECODER.decode(text.strip()), None
    except RecursionError:
        return None, None
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 0
    problem = Problem(text="The document is not well-formed JSON; it was read all the same.", line=line)
    for _ in range(2):  # a comma may stand before a comment
        text = _LOOSE.sub(_strict, text)
    try:
        return _DECODER.raw_decode(text)[0], problem
    except (ValueError, RecursionError):
        return _whole_entries(text), problem


def _strict(match: re.Match[str]) -> str:
    return _NO_ESCAPE.sub(lambda m: m[1] or "", match[1]) if match[1] else ""


def _whole_entries(text: str) -> dict[str, Any] | None:
    """The fields before a list of entries, and each of its entries that can be read; None if there are none."""
    found = _LIST.search(text)
    if not found:
        return None
    try:
        feed = _DECODER.decode(f'{text[: found.start()]}"items":[]}}')
    except (ValueError, RecursionError):
        feed = {}
    # The entries of one document begin alike, which those within them don't.
    start = re.compile(rf"\}}\s*,?\s*(?=\{{\s*{re.escape(found[1])}\s*:)")
    entries, at = [], found.end()
    for _ in range(_TRIES):
        with contextlib.suppress(ValueError, RecursionError):
            entry, end = _DECODER.raw_decode(text, at)
            entries.append(entry)
            at = end - 1
        following = start.search(text, at)
        if not following:
            break
        at = following.end()
    return {**feed, "items": entries} if entries else None


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
        if entries is None and name in data and "version" in data:
            return data, []  # how some software writes an empty list
        if isinstance(entries, dict) and entries and all(isinstance(e, dict) for e in entries.values()):
            entries = list(entries.values())  # a list of PHP's that has lost one of its numbers
        if isinstance(entries, list):
            return data, entries
    inner = data.get("feed") or data.get("data")
    return _shape(inner) if isinstance(inner, dict) and inner is not data else (data, None)


def _text(value: object) -> str:
    """A string field; numbers are accepted as such, for ids are often numbers. Lone surrogates are replaced."""
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATES.sub("\ufffd", value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(
        value, dict
    ):  # RSS in JSON: {"isPermaLink": false, "#value": "…"}; WordPress: {"rendered": "…"}
        names = ("#value", "$t", "rendered", "content")
        return _text(next((value[name] for name in names if value.get(name)), ""))
    return ""


def _author(entry: Mapping[str, Any]) -> str:
    people = entry.get("authors")
    candidates = people if isinstance(people, list) else [people or entry.get("author")]
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
        or _text(entry.get("content"))
    )
    plain = _text(entry.get("content_text")) or _text(entry.get("contents"))
    draft = Draft(
        guid=identity,
        link=link,
        base=base,
        discussion=_text(entry.get("comments")) or (url if external and url != external else ""),
        title=_text(entry.get("title")),
        summary=_text(entry.get("summary")) or _text(entry.get("excerpt")),
        body=markup or html.escape(plain, quote=False),
        author=_author(entry) or author,
        published=next(filter(None, (times.from_text(entry.get(name)) for name in _DATES)), None),
        updated=times.from_text(entry.get("date_modified")),
        language=_text(entry.get("language")),
        tags=_tags(entry.get("tags")),
        enclosures=list(_attachments(entry.get("attachments"))),
    )
    if not (draft.title or draft.body or draft.summary or draft.link):
        return None
    if not draft.guid and not draft.link and not draft.title and not draft.body:
        return None
    return draft


def _tags(found: object) -> list[str]:
    return [_text(t) for t in (found if isinstance(found, list) else _text(found).split(","))]


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
