"""One post of Bluesky as a draft: facets counted in bytes, cards, pictures, quotes, labels and times."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import quote as escaped

from newsfeed.sources import posts, times
from newsfeed.sources.entries import Draft
from newsfeed.sources.posts import Json, count, get, rows, text
from newsfeed.text import safe_url

HANDLE = r"(?:[a-zA-Z0-9-]+\.)+[a-zA-Z][a-zA-Z0-9-]*"
HIDDEN = {"!hide", "!warn", "porn", "sexual", "nudity", "graphic-media"}  # posts with these are left out
STRANGERS = "!no-unauthenticated"  # its owner asks not to be shown to people without an account


def name(author: Json) -> str:
    """What an author is called: their name without emoji, else their handle."""
    return posts.name(text(author, "displayName")) or f"@{text(author, 'handle')}"


def labels(owner: Json) -> set[str]:
    """The moderation labels of a post or an account that are in force."""
    return {text(label, "val") for label in rows(owner, "labels") if not get(label, "neg")}


def moment(view: Json) -> datetime | None:
    """When a view belongs in its feed: a repost by its own time, a post by the earlier of what its author's clock and
    the network say, for the clock of a client may say anything."""
    reason = get(view, "reason")
    if text(reason, "$type").endswith("#reasonRepost") and (
        when := times.from_text(text(reason, "indexedAt"))
    ):
        return when
    written = times.from_text(text(view, "post", "record", "createdAt"))
    indexed = times.from_text(text(view, "post", "indexedAt"))
    known = [m for m in (written, indexed) if m is not None and m >= times.EARLIEST]
    return min(known) if known else None


def draft(post: Json) -> Draft:
    """A post as a draft: its text marked up, its card or first link as what to read."""
    author, record = get(post, "author"), get(post, "record")
    url = address(text(post, "uri"), text(author, "handle"))
    embed = get(post, "embed")
    media = get(embed, "media") if text(embed, "$type").endswith("recordWithMedia#view") else embed
    markup, first_link, tags = marked_up(text(record, "text"), rows(record, "facets"))
    external = get(media, "external")
    target = text(external, "uri")
    title = ""
    if target and posts.leads_elsewhere(target, "bsky.app"):
        title = posts.card_title(text(external, "title"), markup)
    else:
        target = first_link
    captions = [text(image, "alt") for name in ("images", "items") for image in rows(media, name)]
    if text(media, "$type").endswith("video#view"):
        captions.append(text(media, "alt"))
    languages = get(record, "langs")
    return Draft(
        guid=text(post, "uri"),
        link=target or url,
        base=url,
        discussion=url,
        discussion_label="Bluesky",
        title=title or posts.photo_title(markup + _quoted(embed), captions, name(author)),
        body=posts.tidy(markup) + _quoted(embed),
        author=name(author),
        language=text(languages, 0) if isinstance(languages, list) and len(languages) == 1 else "",
        kind="post",
        tags=[*tags, *(t for t in (get(record, "tags") or []) if isinstance(t, str))]
        if isinstance(get(record, "tags"), list | None)
        else tags,
        score=posts.total(count(post, "likeCount"), count(post, "repostCount"), count(post, "quoteCount")),
        comments=count(post, "replyCount"),
        picture=posts.picture(captions),
    )


def address(uri: str, handle: str) -> str:
    """Where a post may be read on the web. A handle that is none any more gives way to the DID."""
    found = re.fullmatch(r"at://([^/]+)/[^/]+/([^/]+)", uri)
    if not found:
        return ""
    usable = handle if re.fullmatch(HANDLE, handle) and handle != "handle.invalid" else found[1]
    return f"https://bsky.app/profile/{usable}/post/{found[2]}"


def marked_up(plain: str, facets: list[dict[str, Json]]) -> tuple[str, str, list[str]]:
    """A post's text as HTML with its links, the first link that leads out of the network, and its tags.

    Facets name bytes of the text's UTF-8. Those that overlap, lie outside or cut a letter are passed over.
    """
    data = plain.encode("utf-8", "replace")
    spans = []
    for facet in facets:
        start, end = count(facet, "index", "byteStart"), count(facet, "index", "byteEnd")
        if start is None or end is None or not start < end <= len(data):
            continue
        spans += [(start, end, feature) for feature in rows(facet, "features")]
    out: list[str] = []
    first, tags, place = "", [], 0
    for start, end, feature in sorted(spans, key=lambda span: span[:2]):
        if start < place:
            continue
        try:
            before, shown = data[place:start].decode(), data[start:end].decode()
        except UnicodeDecodeError:
            continue
        sort = text(feature, "$type").rpartition("#")[2]
        label = posts.escape(shown)
        if sort == "link" and (target := safe_url(text(feature, "uri"))):
            label = f'<a href="{posts.escape(target)}">{label}</a>'
            if not first and posts.leads_elsewhere(target, "bsky.app"):
                first = target
        elif sort == "mention" and (did := text(feature, "did")).startswith("did:"):
            label = f'<a href="https://bsky.app/profile/{posts.escape(did)}">{label}</a>'
        elif sort == "tag" and (tag := text(feature, "tag")):
            label = f'<a href="https://bsky.app/hashtag/{escaped(tag)}">{label}</a>'
            tags.append(tag)
        out += [posts.escape(before), label]
        place = end
    out.append(posts.escape(data[place:].decode("utf-8", "replace")))
    parts = re.split(r"\n[ \t]*\n", "".join(out).strip())
    return "".join(f"<p>{p.replace(chr(10), '<br>')}</p>" for p in parts if p.strip()), first, tags


def _quoted(embed: Json) -> str:
    """The post that a post quotes, where it is there and may be shown."""
    record = get(embed, "record")
    if text(embed, "$type").endswith("recordWithMedia#view"):
        record = get(record, "record")
    if not text(record, "$type").endswith("#viewRecord") or (labels(record) & HIDDEN):
        return ""
    author = get(record, "author")
    if STRANGERS in labels(author):
        return ""
    url = address(text(record, "uri"), text(author, "handle"))
    return posts.quote(name(author), url, text(record, "value", "text"))
