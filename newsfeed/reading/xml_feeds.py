"""RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, RDF, podcasts: everything that feedparser reads, with the same result.

Plain well-formed documents take the fast lane of `wellformed`, all others go to feedparser itself.

The only module that imports feedparser. It gets bytes, never an address or a path; its own sanitiser and link
resolver are off, for `text.clean_html` does both, once and with bounded time.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from newsfeed.model import Cause, Enclosure, Failure, Response, Subscription
from newsfeed.reading import wellformed, xml_documents
from newsfeed.reading.platforms import adapt
from newsfeed.sources.source import Draft, Drafts, language_of
from newsfeed.text import clean_line, safe_url, strip_inline, times, unmangle

# feedparser takes the caption of a picture for the title and the text of the entry that shows it. Under these
# names it keeps them apart. Attributes would make it drop the text.
_MEDIA = re.compile(r"<(/?)media:(title|description)\b[^<>]*?(/?)>", re.IGNORECASE)
# Atom says when a text is plain: what looks like a tag was typed. feedparser gives that type to texts of none as well.
_TYPED = re.compile(r"(<(?:\w+:)?(?:title|summary|content)\b[^<>]*?\stype=([\"']))text(?=\2)", re.IGNORECASE)
_LITERAL = "text/literal"
# feedparser splits the names of elements at white space, also at that within the name of a namespace, and fails.
_SPACED = re.compile(r"""(xmlns(?<=\sxmlns)(?::[\w.-]+)?\s*=\s*["'])([^"'<>]*\s[^"'<>]*)(["'])""")
_SKIP_HOURS = re.compile(r"<skipHours>(.{0,2000}?)</skipHours>", re.IGNORECASE | re.DOTALL)
_HOUR = re.compile(r"<hour>\s*(\d{1,2})\s*</hour>", re.IGNORECASE)
_PERIODS = {"hourly": 60, "daily": 1_440, "weekly": 10_080, "monthly": 43_200, "yearly": 525_600}
_LONGEST_TTL = 7 * 1_440  # minutes; the LONGEST pause of `feeds.rhythm` is shorter still


def read(response: Response, subscription: Subscription) -> Drafts | Failure:
    """The entries of a feed of any common format, or what came instead of one."""
    document = xml_documents.read(response.body, response.content_type, response.status)
    if isinstance(document, Failure):
        return document
    found = _read(document.text)
    feed, entries = found["feed"], found["entries"]
    if not entries and not found["version"] and not dict.get(feed, "title"):
        return Failure(
            cause=Cause.BROKEN_FEED,
            text="The document looks like a feed but nothing of it can be read.",
            repair="Nothing to do if it passes; otherwise tell the feed's owner.",
            status=response.status,
        )
    home = _feed_link(feed, response.url)
    title = clean_line(unmangle(strip_inline(_string(feed, "title"))))
    author = _clean_author(_string(feed, "author"))
    atom = str(found["version"]).startswith("atom")
    # Feeds lie at carriers: what is relative in one belongs to the site that it names. Atom says otherwise, on that site.
    base = response.url if not home or (atom and _host(home) == _host(response.url)) else home
    language = language_of(subscription, _string(feed, "language"))
    drafts = [adapt(_draft(entry, base, home, atom, language), home, title) for entry in entries]
    single = author if author and not any(d.author for d in drafts) and len(author) < 80 else ""
    for draft in drafts:
        draft.author = draft.author or single
    return Drafts(
        drafts,
        title=title,
        home=home,
        html_url=home,
        language=language,
        ttl_minutes=_ttl(feed),
        skip_hours=_skip_hours(document.text),
        problems=document.problems,
    )


def _read(text: str) -> dict[str, Any]:
    text = prepared(text)
    return wellformed.read(text) or _feedparser(text)


def prepared(text: str) -> str:
    """A document changed so that feedparser mistakes no caption for a title and no typed tag for markup, and splits no name."""
    lower = text.lower()  # searching for words is much faster than for patterns
    if "media:title" in lower or "media:description" in lower:
        text = _MEDIA.sub(lambda m: f"<{m.group(1)}media:alt{m.group(2).lower()}{m.group(3)}>", text)
    if '="text"' in lower or "='text'" in lower:
        text = _TYPED.sub(rf"\1{_LITERAL}", text)
    return _SPACED.sub(lambda m: m[1] + "".join(m[2].split()) + m[3], text)


def _feedparser(text: str) -> dict[str, Any]:
    import feedparser

    data = b"<?xml version='1.0' encoding='utf-8'?>\n" + text.encode("utf-8", "replace")
    found: dict[str, Any] = feedparser.parse(
        data,
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    return found


def _string(found: dict[str, Any], name: str) -> str:
    """A field as text, without feedparser's own `get`, which substitutes other fields for missing ones."""
    value = dict.get(found, name)
    return value if isinstance(value, str) else ""


def _links(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [link for link in dict.get(found, "links") or [] if isinstance(link, dict)]


def _feed_link(feed: dict[str, Any], url: str) -> str:
    for link in _links(feed):
        page = "xml" not in str(link.get("type", "html")).replace("xhtml+xml", "")
        address = safe_url(str(link.get("href", "")), url)
        if page and address and link.get("rel", "alternate") == "alternate":
            return address
    return safe_url(_string(feed, "link"), url)


def _draft(entry: dict[str, Any], base: str, home: str, atom: bool, language: str) -> Draft:
    own = _base(entry) or base
    summary, body = _bodies(entry)
    enclosures = list(_enclosures(entry))
    draft = Draft(
        guid=_string(entry, "id"),
        link=_link(entry),
        base=own if safe_url(own) else home,
        discussion=_string(entry, "comments"),
        title=_title(entry, atom),
        summary=summary,
        body=body,
        author=_author(entry),
        published=_time(entry, "published", language) or _time(entry, "created", language),
        updated=_time(entry, "updated", language),
        language=_entry_language(entry),
        tags=[str(tag.get("label") or tag.get("term") or "") for tag in dict.get(entry, "tags") or []],
        enclosures=enclosures,
        picture=_string(entry, "media_altdescription") or _string(entry, "media_alttitle"),
    )
    count = dict.get(entry, "slash_comments") or dict.get(entry, "thr_total")
    if isinstance(count, str) and count.isdigit() and len(count) < 9:
        draft.comments = int(count)
    rank = dict.get(entry, "re_rank") or dict.get(entry, "rank")
    if isinstance(rank, str) and re.fullmatch(r"-?\d{1,8}", rank.strip()):
        draft.score = int(rank)
    return draft


def _base(entry: dict[str, Any]) -> str:
    for part in _parts(entry):
        if found := str(part.get("base") or ""):
            return found
    return ""


def _parts(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in dict.get(entry, "content") or []:
        if isinstance(part, dict):
            yield part
    detail = dict.get(entry, "summary_detail")
    if isinstance(detail, dict):
        yield detail


def _entry_language(entry: dict[str, Any]) -> str:
    declared = {str(part.get("language") or "") for part in _parts(entry)} - {""}
    return declared.pop() if len(declared) == 1 else _string(entry, "language")


def _title(entry: dict[str, Any], atom: bool) -> str:
    title = _string(entry, "title")
    detail = dict.get(entry, "title_detail")
    if isinstance(detail, dict) and detail.get("type") == _LITERAL:
        return _escaped(title)
    # Without a type it should be plain too: then "<" is a sign, not a tag, unless it is closed like one.
    plain = atom and isinstance(detail, dict) and detail.get("type") == "text/plain"
    if plain and "<" in title and not re.search(r"</\w+\s*>|&lt;", title):
        return html.escape(title, quote=False)
    return title


def _link(entry: dict[str, Any]) -> str:
    links = _links(entry)
    if safe_url(origin := _string(entry, "feedburner_origlink") or _string(entry, "pheedo_origlink")):
        return origin
    for link in links:
        if (
            link.get("rel", "alternate") == "alternate"
            and "html" in str(link.get("type", "html"))
            and link.get("href")
        ):
            return str(link["href"])
    if found := _string(entry, "link"):
        return found
    for link in links:
        if link.get("rel", "alternate") in {"alternate", "via", "related", "self"} and link.get("href"):
            return str(link["href"])
    # feedparser forgets whether it is a permalink where a link stands empty beside it
    guid = _string(entry, "id")
    return guid if safe_url(guid) or guid.startswith("/") else ""


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _author(entry: dict[str, Any]) -> str:
    people = dict.get(entry, "authors") or []
    whole = _string(entry, "author")
    if len(people) == 1 and "@" in whole:
        return _clean_author(
            whole
        )  # feedparser cuts an address after four letters of its last part: ".tech|nology"
    named = [_clean_author(str(p.get("name") or "")) for p in people if isinstance(p, dict)]
    names = [name for name in dict.fromkeys(named) if name]
    if not names:
        return _clean_author(whole)
    return ", ".join(names[:4]) + (" and others" if len(names) > 4 else "")


_ADDRESS = re.compile(r"(?:mailto:)?[\w.+-]{1,64}@[\w.-]{1,200}(?:\?\S*)?")
_NOBODY = frozenset(
    ["admin", "administrator", "editor", "author", "unknown", "none", "null", "noreply", "webmaster", "root"]
)


def _clean_author(text: str) -> str:
    """A person's name without their address: "a@b.example (Ada)", "Ada <a@b.example>"; "" if nothing is left."""
    text = text.strip()
    if "@" in text and not text.startswith("@"):
        text = _ADDRESS.sub("", text[:500])
        text = re.sub(r"[(<]\s*[)>]", "", text).strip(" ,;")
    text = re.sub(r"^\(([^()]*)\)$", r"\1", text).strip()
    return "" if text.lower().strip("()") in _NOBODY else text


def _time(entry: dict[str, Any], name: str, language: str) -> datetime | None:
    return times.from_text(_string(entry, name), language)


def _bodies(entry: dict[str, Any]) -> tuple[str, str]:
    """Summary and text: of all that the entry holds, the longest is the text, the first other one the summary."""
    detail = dict.get(entry, "summary_detail")
    found = [_markup(part) for part in dict.get(entry, "content") or [] if isinstance(part, dict)]
    summary = _markup(detail) if isinstance(detail, dict) else _string(entry, "summary")
    texts = [t for t in (summary, *found, _string(entry, "subtitle")) if t.strip()]
    if not texts:
        return "", _escaped(_string(entry, "media_altdescription")) if dict.get(
            entry, "media_thumbnail"
        ) is not None else ""
    body = max(texts, key=len)
    return next((t for t in texts if t != body), ""), body


def _markup(part: dict[str, Any]) -> str:
    value = str(part.get("value") or "")
    if part.get("type") == _LITERAL:
        # In paragraphs, so that typed tags aren't mistaken for HTML that was escaped twice.
        return (
            "".join(f"<p>{_escaped(block)}</p>" for block in re.split(r"\n\s*\n", value))
            if "<" in value
            else value
        )
    if part.get("type") == "text/plain" and "<" in value and not re.search(r"</\w+>|<br", value):
        return _escaped(value)
    return value


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _enclosures(entry: dict[str, Any]) -> Iterator[Enclosure]:
    seconds = times.duration(dict.get(entry, "itunes_duration"))
    for link in _links(entry):
        if link.get("rel") != "enclosure" or not link.get("href"):
            continue
        kind_ = str(link.get("type") or "") or _guessed(str(link["href"]))
        length = str(link.get("length") or "")
        audible = kind_.startswith(("audio", "video"))
        yield Enclosure(
            url=str(link["href"]),
            type=kind_,
            bytes=int(length) if length.isdigit() and len(length) < 13 else 0,
            seconds=seconds if audible else 0,
        )
    for part in dict.get(entry, "media_content") or []:
        if not isinstance(part, dict) or not part.get("url"):
            continue
        kind_ = str(part.get("type") or "") or _guessed(str(part["url"])) or str(part.get("medium") or "")
        if kind_.startswith(("audio", "video")):
            yield Enclosure(
                url=str(part["url"]), type=kind_, seconds=times.duration(part.get("duration")) or seconds
            )


def _guessed(url: str) -> str:
    ending = re.search(r"\.(mp3|m4a|ogg|oga|opus|wav|aac|mp4|m4v|mov|webm)(?:[?#]|$)", url, re.IGNORECASE)
    if not ending:
        return ""
    name = ending.group(1).lower()
    return (
        f"video/{name}"
        if name in {"mp4", "m4v", "mov", "webm"}
        else "audio/mpeg"
        if name == "mp3"
        else f"audio/{name}"
    )


def _ttl(feed: dict[str, Any]) -> int:
    """Minutes between two requests, as the feed asks for, at most a week; 0 if it doesn't."""
    ttl = _string(feed, "ttl").strip()
    if ttl.isdigit() and len(ttl) < 8:
        return min(int(ttl), _LONGEST_TTL)
    period = _PERIODS.get(_string(feed, "sy_updateperiod").strip().lower(), 0)
    often = _string(feed, "sy_updatefrequency").strip()
    times_ = int(often) if often.isdigit() and int(often[:6]) > 0 else 1
    return min(period // times_, _LONGEST_TTL)


def _skip_hours(text: str) -> tuple[int, ...]:
    found = _SKIP_HOURS.search(text[:50_000])
    hours = {int(h) % 24 for h in _HOUR.findall(found.group(1))} if found else set()
    return tuple(sorted(hours)) if len(hours) < 24 else ()
