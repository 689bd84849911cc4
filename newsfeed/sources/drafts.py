"""A draft is an entry in a source's own words; `finish` makes an item of it: cleaned, capped, dated, identified.

Every kind of source ends here, so that an item means the same wherever it comes from.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from newsfeed.model import Enclosure, Item, Parsed, Problem
from newsfeed.sources.times import sane
from newsfeed.text import (
    canonical_url,
    clean_html,
    clean_line,
    count_words,
    cut_sentences,
    detect_language,
    lead,
    plausible_language,
    prose_text,
    safe_url,
    sentences,
    strip_inline,
    unmangle,
)
from newsfeed.text.language import agrees
from newsfeed.text.markup import text_of

TITLE = 300
AUTHOR = 200
TAG, TAGS = 50, 20
TEXT = 200_000
ITEMS = 500  # of one answer
ENCLOSURES = 10
_MADE_TITLE = 80
_LEAST_SUMMARY = 60  # characters; a shorter summary says less than the text does


@dataclass(slots=True)
class Draft:
    """An entry before it is an item. `bodies` are its texts, HTML or plain (`False`), the shortest form first."""

    guid: str = ""
    link: str = ""
    base: str = ""
    discussion: str = ""
    discussion_label: str = ""
    title: str = ""
    summary: str = ""
    body: str = ""
    author: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    language: str = ""
    kind: str = ""
    tags: list[str] = field(default_factory=list)
    enclosures: list[Enclosure] = field(default_factory=list)
    score: int | None = None
    comments: int | None = None
    via: tuple[str, ...] = ()
    warning: str = ""  # a content warning: what it covers is not shown
    picture: str = ""  # what a picture shows, where that is all there is


def finish(
    drafts: Iterable[Draft], known: Mapping[str, str], now: datetime, *, language: str = "", name: str = ""
) -> Parsed:
    """Items of drafts, in document order. `language` is what the feed declares, `name` its title.

    Unchanged ones (by `known`) are only named. Doubles within the answer are dropped; of more than 500 the newest
    stay. A bad draft costs that draft only, and is counted.
    """
    problems: list[Problem] = []
    drafts = list(drafts)
    if len(drafts) > ITEMS:
        problems.append(Problem(text=f"{len(drafts)} items in one document: the newest {ITEMS} were read."))
        dated = sorted(range(len(drafts)), key=lambda i: _moment(drafts[i], now), reverse=True)
        chosen = set(dated[:ITEMS])
        drafts = [d for i, d in enumerate(drafts) if i in chosen]
    items: list[Item] = []
    unchanged: list[str] = []
    seen: set[str] = set()
    empty = 0
    for draft in drafts:
        item = _finish(draft, known, now, language, name)
        if item is None:
            empty += 1
            continue
        if item.identity in seen:
            continue
        seen.add(item.identity)
        if known.get(item.identity) == item.hash:
            unchanged.append(item.identity)
        else:
            items.append(item)
    if empty:
        problems.append(Problem(text=f"{empty} of {len(drafts)} items hold nothing to read or to open."))
    return Parsed(items=tuple(items), known=tuple(unchanged), language=language, problems=tuple(problems))


def _moment(draft: Draft, now: datetime) -> float:
    moment = sane(draft.published, now) or sane(draft.updated, now)
    return moment.timestamp() if moment else 0.0


def _finish(draft: Draft, known: Mapping[str, str], now: datetime, declared: str, name: str) -> Item | None:
    base = safe_url(draft.base) or safe_url(draft.link)
    link = canonical_url(draft.link, draft.base)
    body = clean_html(unmangle(draft.body), base)
    summary = clean_html(unmangle(draft.summary), base) if draft.summary else ""
    if not body:
        body, summary = summary, ""
    text = text_of(body)[:TEXT]
    title = clean_line(unmangle(strip_inline(draft.title)), TITLE)
    if _no_title(title):
        title = ""
    made = title or _made_title(draft, text, link)
    if not (made or link) or not (title or text or link):
        return None
    discussion = safe_url(draft.discussion, draft.base)
    identity = _identity(draft, link or discussion, made, text)
    digest = _hash(made, text, link)
    if known.get(identity) == digest:
        return Item(identity=identity, hash=digest)
    lang = _language(f"{made}\n{text}", plausible_language(draft.language) or plausible_language(declared))
    hidden = bool(draft.warning)
    opening = "" if hidden else _lead(summary, body, made if title else "", lang)
    if not title and opening and _said(made, opening):
        opening = _rest(opening, made, lang)
    words = count_words(text)
    published = sane(draft.published, now)
    updated = sane(draft.updated, now)
    return Item(
        identity=identity,
        link=link,
        discussion=discussion if canonical_url(discussion) != link or not link else "",
        discussion_label=draft.discussion_label if discussion and canonical_url(discussion) != link else "",
        title=made,
        author=clean_line(unmangle(strip_inline(draft.author)), AUTHOR),
        published=published or updated,
        updated=updated if updated and published and updated > published else None,
        lang=lang,
        lead=opening,
        text=text,
        html=body,
        words=words,
        kind=draft.kind or _kind(draft, bool(title), words),
        enclosures=tuple(_enclosures(draft.enclosures, draft.base)),
        tags=tuple(_tags(draft.tags)),
        score=draft.score,
        comments=draft.comments,
        via=draft.via,
        hash=digest,
    )


def _identity(draft: Draft, link: str, title: str, text: str) -> str:
    """The guid, else the link, else the content; long ones by their digest."""
    guid = clean_line(draft.guid, 1_000)
    if guid:
        found = canonical_url(guid) or guid
    else:
        found = link or _digest(title, text[:2_000])
    return found if len(found) <= 500 else _digest(found)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


_COUNTS = re.compile(r"\d[\d.,]*\s*(?:points?|comments?|views?|likes?|replies|shares?|upvotes?|boosts?)\b", re.IGNORECASE)


def _hash(title: str, text: str, link: str) -> str:
    """Of what a reader would notice: letters and digits of title and text, and where the link leads."""
    words = re.sub(r"\W+", " ", _COUNTS.sub("", f"{title}\n{text}")).casefold().strip()
    return _digest(words, link)


_PLACEHOLDERS = frozenset(
    ["untitled", "(untitled)", "no title", "(no title)", "[no title]", "ohne titel", "sans titre", "sin título", "none", "null", "-", "."]
)


def _no_title(title: str) -> bool:
    return title.casefold() in _PLACEHOLDERS or not any(c.isalnum() for c in title)


def _made_title(draft: Draft, text: str, link: str) -> str:
    """A title for a post without one: its first sentence without addresses, mentions and trailing hashtags."""
    if draft.warning:
        return clean_line(f"CW: {draft.warning}", 110)
    plain = re.sub(r"https?://\S+|\b[\w.-]+\.[a-z]{2,6}/\S*", "", text)
    plain = re.sub(r"^(?:\s*[@.]@?[\w.@-]+)+\s+", "", plain)
    for line in plain.split("\n"):
        line = re.sub(r"(?:\s*[#＃][\w-]+)+\s*$", "", line).strip(" -–—:|·•")
        if sum(c.isalnum() for c in line) < 3:
            continue
        first = sentences(line)[0]
        return clean_line(first if len(first) <= 110 else cut_title(first), 110)
    if draft.picture:
        return clean_line(f"Photo: {draft.picture}", 110)
    words = re.sub(r"^.*/", "", link.split("?", 1)[0].rstrip("/"))
    words = re.sub(r"\.\w{2,5}$", "", words)
    readable = re.sub(r"[-_+]+|%20", " ", words).strip()
    if readable.count(" ") >= 2 and not re.search(r"\d{5,}|[0-9a-f]{12,}", readable):
        return clean_line(readable[:1].upper() + readable[1:], 110)
    return clean_line(re.sub(r"^https?://(?:www\.)?", "", link), 110)


def cut_title(text: str) -> str:
    """About 80 characters of a long first sentence, ended at a word."""
    return clean_line(text, _MADE_TITLE)


def _said(title: str, opening: str) -> bool:
    return opening.startswith(title.rstrip("…"))


def _rest(opening: str, title: str, lang: str) -> str:
    """The opening without the sentence that became the title; whole, if the title is only a part of it."""
    if title.endswith("…"):
        return opening
    rest = opening[len(title) :].strip()
    return rest if count_words(rest) >= 5 else ""


def _lead(summary: str, body: str, title: str, lang: str) -> str:
    """From the summary if it says enough and isn't the title again, else from the text."""
    if summary:
        opening = lead(prose_text(summary), title, lang=lang)
        if len(opening) >= _LEAST_SUMMARY or (opening and not body):
            return opening
    told = lead(prose_text(body), title, lang=lang)
    if summary and opening and len(told) < len(opening):
        return opening
    return told


def _language(text: str, declared: str) -> str:
    """What the feed declares, unless a long enough text says otherwise."""
    if declared and agrees(text, declared):
        return declared
    return detect_language(text) or declared


def _kind(draft: Draft, titled: bool, words: int) -> str:
    types = {e.type.split("/")[0] for e in draft.enclosures}
    if "audio" in types and words < 600:
        return "episode"
    if "video" in types and words < 300:
        return "video"
    if any(e.seconds for e in draft.enclosures) and words < 600:
        return "episode"
    return "article" if titled else "post"


def _tags(tags: Iterable[str]) -> Iterable[str]:
    seen: set[str] = set()
    for tag in tags:
        name = clean_line(unmangle(strip_inline(tag)), TAG).strip("#")
        if name and name.casefold() not in seen and not name.startswith(("http:", "https:")):
            seen.add(name.casefold())
            yield name
        if len(seen) >= TAGS:
            return


def _enclosures(found: Iterable[Enclosure], base: str) -> Iterable[Enclosure]:
    seen: set[str] = set()
    for enclosure in found:
        url = safe_url(enclosure.url, base)
        if url and url not in seen and len(seen) < ENCLOSURES:
            seen.add(url)
            yield Enclosure(
                url=url, type=clean_line(enclosure.type, 80).lower(), bytes=enclosure.bytes, seconds=enclosure.seconds
            )


def within(text: str, words: int) -> str:
    """Re-exported for kinds that cut their own texts."""
    return cut_sentences(text, words)
