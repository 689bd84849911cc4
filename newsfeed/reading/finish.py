"""Turning drafts, the entries as sources give them, into items: cleaned, capped, dated, identified.

Every kind of source ends here, so that items mean the same wherever they come from.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from html import unescape

import msgspec

from newsfeed.model import PUT_OFF, Counts, Enclosure, Item, Parsed, Problem
from newsfeed.reading.openings import (
    Entry,
    length_told,
    made_title,
    mark_cuts,
    neighbours,
    no_title,
    opening_of,
    settle_languages,
)
from newsfeed.sources.source import Draft, Drafts
from newsfeed.text import (
    alike,
    bodies,
    canonical_url,
    clean_html,
    clean_line,
    count_words,
    link_url,
    plausible_language,
    safe_url,
    strip_inline,
    unmangle,
)
from newsfeed.text.bodies import as_meant, digest, hash_of
from newsfeed.text.markup import HTML_LIMIT, text_of
from newsfeed.text.times import sane
from newsfeed.text.titles import show_names

AUTHOR = 200  # characters
TAG, TAGS = 50, 20  # characters, and how many
ITEMS = 500  # of one answer
ENCLOSURES = 10  # of one entry
# On the first request; a day more than `feeds.changes` allows for items of slow feeds
NEVER_SHOWN = timedelta(days=8)


def finish(found: Drafts, known: Mapping[str, str], now: datetime, *, put_off: bool = False) -> Parsed:
    """Items of drafts, in document order.

    Unchanged ones (by `known`) are only named. Duplicates within the answer are dropped; of more than 500 the newest
    are kept. A bad draft costs that draft only, and is counted. `put_off`: texts of a document that has nothing new are
    left as they came (see `text.bodies`).
    """
    problems = list(found.problems)
    drafts, home = found.entries, found.home
    if len(drafts) > ITEMS:
        problems.append(Problem(text=f"{len(drafts)} items in one document: the newest {ITEMS} were read."))
        newest = sorted(range(len(drafts)), key=lambda i: _moment(drafts[i], now), reverse=True)[:ITEMS]
        drafts = [drafts[i] for i in sorted(newest)]
    _open_what_is_meant(drafts, home)
    drafts = _newest_states(drafts, home, now)
    ambiguous = _ambiguous(drafts)
    dates = _dates(drafts, now)
    # If items are stored, an old one may be one of these under a new identity, or late.
    past = {key for key, date in dates.items() if date is not None and date < now - NEVER_SHOWN and not known}
    leads = len(past) < len(drafts)
    put_off = put_off and not leads
    unread = _unread(drafts, ambiguous) if put_off or any(h[:1] == PUT_OFF for h in known.values()) else {}
    same = {key for key, entry in unread.items() if known.get(entry.identity) == entry.hash}
    if not put_off and len(same) < len(drafts):
        unread = {}  # what is new is understood by the texts around it
    entries: list[Entry] = []
    texts: list[str] = []
    openings: list[str] = []
    unchanged: list[str] = []
    counts: list[Counts] = []
    seen: set[str] = set()
    empty = 0
    for draft in drafts:
        entry = unread.get(id(draft)) or _entry(draft, ambiguous, leads=leads)
        if entry is None:
            empty += 1
        elif entry.identity not in seen:
            seen.add(entry.identity)
            entry.position = len(texts)
            entry.summary_text = text_of(entry.summary) if entry.summary else ""
            texts.append(f"{entry.summary_text}\n{entry.text}" if entry.summary else entry.text)
            openings.append(f"{entry.title}. {_begun(entry) if entry.text == PUT_OFF else entry.text[:80]}")
            if id(draft) in same or known.get(entry.identity) == entry.hash:
                unchanged.append(entry.identity)
                if (fares := _counts(draft, entry.identity)) is not None:
                    counts.append(fares)
            else:
                entries.append(entry)
    if empty:
        problems.append(Problem(text=f"{empty} of {len(drafts)} items hold nothing to read or to open."))
    for entry in entries:
        entry.past = id(entry.draft) in past
    common = settle_languages(entries, openings, plausible_language(found.language))
    mark_cuts(entries)
    items = tuple(
        _item(entry, now, dates[id(entry.draft)], neighbours(texts, entry.position)) for entry in entries
    )
    cursor = found.cursor
    if cursor is None:
        shows = show_names([draft.title for draft in drafts])
        cursor = {"shows": "".join(f"{show}\n" for show in shows)}  # one may have no name
    return Parsed(
        items=items,
        known=tuple(unchanged),
        title=found.title,
        html_url=found.html_url,
        language=found.language or common,
        ttl_minutes=found.ttl_minutes,
        skip_hours=found.skip_hours,
        problems=tuple(problems),
        counts=tuple(counts),
        cursor=cursor,
        next=found.next,
        not_before=found.not_before,
    )


def _dates(drafts: Sequence[Draft], now: datetime) -> dict[int, datetime | None]:
    """When each draft was published. Where a document dates any of its entries, one without a date is as old as the
    older of its dated neighbours: a feed that tells time doesn't forget it for the newest."""
    own = [sane(draft.published, now) or sane(draft.updated, now) for draft in drafts]
    found: dict[int, datetime | None] = {}
    for step in (1, -1):
        last: datetime | None = None
        for draft, date in list(zip(drafts, own, strict=True))[::step]:
            last = date or last
            known = found.get(id(draft))
            found[id(draft)] = min(last, known) if last and known else last or known
    return found


def _counts(draft: Draft, identity: str) -> Counts | None:
    """The current counts of a known entry; None if it has none."""
    if draft.score is None and draft.comments is None and not draft.via:
        return None
    return Counts(identity=identity, score=draft.score, comments=draft.comments, via=draft.via)


def _moment(draft: Draft, now: datetime) -> float:
    moment = sane(draft.published, now) or sane(draft.updated, now)
    return moment.timestamp() if moment else 0.0


_FILE = re.compile(r"\.(?:mp3|m4a|m4b|ogg|oga|opus|wav|aac|flac|mp4|m4v|mov|webm)$", re.IGNORECASE)


def _open_what_is_meant(drafts: list[Draft], home: str) -> None:
    """Give each entry a link of its own.

    A link that all entries share, or the site's home, opens none of them: the guid may, or the file. A link to a
    sound or a video is an enclosure, and the page about it, if there is one, the link.
    """
    links = [canonical_url(d.link, d.base) for d in drafts]
    counts = Counter(links)
    for draft, link in zip(drafts, links, strict=True):
        path = link.split("?", 1)[0]
        if _FILE.search(path):
            if not draft.enclosures:
                sort = "video" if re.search(r"(?:mp4|m4v|mov|webm)$", path, re.IGNORECASE) else "audio"
                draft.enclosures.append(Enclosure(url=safe_url(draft.link, draft.base), type=f"{sort}/*"))
            if safe_url(draft.discussion, draft.base) and not draft.discussion_label:
                draft.link, draft.discussion = draft.discussion, ""
        elif (
            link
            and not draft.discussion_label  # posts may well share one article
            and "#" not in draft.link
            and ((counts[link] > 1 and len(drafts) > 1) or link == canonical_url(home))
        ):
            same = {d.guid for d, other in zip(drafts, links, strict=True) if other == link}
            if len(same) < counts[link] and link != canonical_url(home):
                continue  # the same entry twice
            own = canonical_url(draft.guid)
            if own and own != link and counts[own] == 0:
                draft.link = draft.guid
            elif draft.enclosures:
                draft.link = draft.enclosures[0].url
        elif not link and draft.enclosures and not draft.discussion_label:
            draft.link = draft.enclosures[0].url


_STATES = 4  # versions of one entry in a document; a guid shared by more is a placeholder
_STATE = re.compile(r"#\d{1,4}$")  # the count of its edits that a publisher adds to an entry's guid


def _newest_states(drafts: list[Draft], home: str, now: datetime) -> list[Draft]:
    """The entries without earlier versions, each in the place of its first version.

    Two entries are states of one if they have one guid, but for the count of its edits, or none, and one page, and their
    words are mostly the same. What shares only a guid or a page is not.
    """
    states: dict[tuple[str, str], list[int]] = {}
    for n, draft in enumerate(drafts):
        page = canonical_url(draft.link, draft.base)
        if page and page != canonical_url(home) and "#" not in draft.link:
            states.setdefault((_STATE.sub("", draft.guid), page), []).append(n)
    kept: dict[int, Draft] = dict(enumerate(drafts))
    for places in states.values():
        if len(places) > _STATES:
            continue
        first = places[0]
        for other in places[1:]:
            if alike(
                f"{drafts[first].title} {drafts[first].body}", f"{drafts[other].title} {drafts[other].body}"
            ):
                kept[first] = max(kept[first], kept.pop(other), key=lambda d: _moment(d, now))
    return list(kept.values())


def _ambiguous(drafts: list[Draft]) -> frozenset[str]:
    """Guids and links shared by several different entries of one document, which therefore identify none.

    A link without its fragment is ambiguous where each entry is a place in one page.
    """
    found: dict[str, set[str]] = {}
    for draft in drafts:
        if draft.guid:
            found.setdefault(draft.guid, set()).add(f"{draft.link}\n{draft.title or draft.body[:200]}")
        if _STATE.search(draft.guid):
            found.setdefault(_STATE.sub("", draft.guid), set()).add(draft.guid)
        elif not draft.guid and draft.link:
            found.setdefault(_shared(draft), set()).add(draft.title or draft.body[:200])
        if "#" in draft.link:
            found.setdefault(canonical_url(draft.link, draft.base), set()).add(draft.link)
    return frozenset(name for name, entries in found.items() if len(entries) > 1)


def _shared(draft: Draft) -> str:
    """The name under which the link of an entry without a guid is ambiguous."""
    return f"link {safe_url(draft.link, draft.base)}"


def _entry(draft: Draft, ambiguous: frozenset[str], *, leads: bool) -> Entry | None:
    """The entry of a draft; None for one with nothing to read or open. Unless any of the document needs a lead, of summary
    and body only one is cleaned."""
    base, page = _base(draft), _page(draft, ambiguous)
    if leads:
        body = clean_html(as_meant(draft.body), base)
        summary = clean_html(as_meant(draft.summary), base) if draft.summary else ""
        if not body or body == summary:
            body, summary = summary or body, ""
        text = text_of(body)[:HTML_LIMIT]
    else:
        (body, text), summary = bodies.cleaned(draft.body, draft.summary, base), ""
    title = _title(draft)
    made = title or made_title(draft, text, page)
    if not made:
        return None
    discussion = _discussion(draft, page)
    return Entry(
        draft=draft,
        identity=_identity(draft, page or discussion, made, text, ambiguous),
        link=link_url(draft.link, draft.base),
        page=page,
        discussion=discussion,
        title=made,
        made=not title,
        summary=summary,
        body=body,
        text=text,
        hash=hash_of(made, text, page),
    )


def _unread(drafts: Iterable[Draft], ambiguous: frozenset[str]) -> dict[int, Entry]:
    """Entries with their texts put off, by the id of their draft; without those that need their text for anything else:
    a title, an identity, the kind and length of a recording."""
    found = {}
    for draft in drafts:
        base, page, title = _base(draft), _page(draft, ambiguous), _title(draft)
        size = len(draft.body) + len(draft.summary)
        if not (title and page) or draft.enclosures or draft.kind or draft.warning or size > HTML_LIMIT:
            continue
        try:
            body = bodies.put_off(draft.body, draft.summary, base)
        except UnicodeEncodeError:
            continue
        discussion = _discussion(draft, page)
        found[id(draft)] = Entry(
            draft=draft,
            identity=_identity(draft, page, title, "", ambiguous),
            link=link_url(draft.link, draft.base),
            page=page,
            discussion=discussion,
            title=title,
            made=False,
            summary="",
            body=body,
            text=PUT_OFF,
            hash=f"{PUT_OFF}{digest(title, body, page)}",
        )
    return found


_TAG = re.compile(r"<[^<>]*>")


def _begun(entry: Entry) -> str:
    """The first words of a text that is put off, to tell its language by."""
    return unescape(_TAG.sub(" ", (entry.draft.body or entry.draft.summary)[:500]))[:80]


def _base(draft: Draft) -> str:
    return safe_url(draft.base) or safe_url(draft.link)


def _page(draft: Draft, ambiguous: frozenset[str]) -> str:
    page = canonical_url(draft.link, draft.base)
    return safe_url(draft.link, draft.base) if page in ambiguous else page


def _title(draft: Draft) -> str:
    """The title that a draft has itself, "" if it has none."""
    title = clean_line(as_meant(strip_inline(draft.title)))
    return "" if no_title(title) else title


def _item(entry: Entry, now: datetime, published: datetime | None, others: list[str]) -> Item:
    draft, lang = entry.draft, entry.language
    opening = "" if draft.warning or entry.past else opening_of(entry, lang, others)
    words = count_words(entry.text)  # none, where the text is put off
    kind = draft.kind or _kind(draft, not entry.made, words)
    enclosures = tuple(_enclosures(draft.enclosures, draft.base))
    if kind in {"episode", "video"} and enclosures and not any(one.seconds for one in enclosures):
        seconds = length_told(entry.title, entry.text)
        enclosures = (msgspec.structs.replace(enclosures[0], seconds=seconds), *enclosures[1:])
    updated = sane(draft.updated, now)
    return Item(
        identity=entry.identity,
        link=entry.link,
        page=entry.page,
        discussion=entry.discussion,
        discussion_label=(draft.discussion_label or _site(entry.discussion))
        if entry.discussion or draft.kind == "post"
        else "",
        title=entry.title,
        author=clean_line(unmangle(strip_inline(draft.author)), AUTHOR),
        published=published,
        updated=updated if updated and published and updated > published else None,
        lang=lang,
        lead=opening,
        text=entry.text,
        html=entry.body,
        words=words,
        kind=kind,
        enclosures=enclosures,
        tags=tuple(_tags(draft.tags)),
        score=draft.score,
        comments=draft.comments,
        via=draft.via,
        hash=entry.hash,
    )


def _identity(draft: Draft, link: str, title: str, text: str, ambiguous: frozenset[str]) -> str:
    """The guid, else the link, else the content; long ones by their digest. A guid that is an address loses what
    trackers put into it, but for the fragment, which may be all that tells two entries apart; one that only counts
    the edits of a page goes too."""
    guid = clean_line(draft.guid, 1_000)
    if draft.guid in ambiguous or (not guid and _shared(draft) in ambiguous):
        found = digest(guid, link, title)
    elif guid:
        address = canonical_url(guid)
        counted = (
            _STATE.search(guid) and "#" not in draft.link and _STATE.sub("", draft.guid) not in ambiguous
        )
        fragment = "" if counted else guid.partition("#")[2]
        found = (f"{address}#{fragment}" if fragment else address) if address else guid
    else:
        found = link or digest(title, text[:2_000])
    return found if len(found) <= 500 else digest(found)


def _discussion(draft: Draft, page: str) -> str:
    """The address of an entry's discussion, unless that is only the end of its own page."""
    discussion = safe_url(draft.discussion, draft.base)
    if not discussion or canonical_url(discussion) == page:
        return ""
    if not draft.discussion_label and discussion.rpartition("#")[2].startswith(
        ("comment", "respond", "disqus")
    ):
        return ""
    return discussion


def _kind(draft: Draft, titled: bool, words: int) -> str:
    types = {e.type.split("/")[0] for e in draft.enclosures}
    if "audio" in types and words < 600:
        return "episode"
    if "video" in types and words < 300:
        return "video"
    if any(e.seconds for e in draft.enclosures) and words < 600:
        return "episode"
    return "article" if titled else "post"


def _site(url: str) -> str:
    return re.sub(r"^https?://(?:www\.)?([^/:?#]+).*$", r"\1", url)


def _tags(tags: Iterable[str]) -> Iterable[str]:
    seen: set[str] = set()
    for tag in tags:
        name = clean_line(unmangle(strip_inline(tag)), TAG).strip("#")
        if name and name.casefold() not in seen and not name.startswith(("http:", "https:")):
            seen.add(name.casefold())
            yield name
        if len(seen) >= TAGS:
            return


_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|avif)$", re.IGNORECASE)


def _enclosures(found: Iterable[Enclosure], base: str) -> Iterable[Enclosure]:
    seen: set[str] = set()
    for enclosure in found:
        url = safe_url(enclosure.url, base)
        if enclosure.type.lower().startswith("image") or _PICTURE.search(url.split("?", 1)[0]):
            continue
        if url and url not in seen and len(seen) < ENCLOSURES:
            seen.add(url)
            yield Enclosure(
                url=url,
                type=clean_line(enclosure.type, 80).lower(),
                bytes=enclosure.bytes,
                seconds=enclosure.seconds,
            )
