"""What social networks have in common: reading untrusted JSON field by field, posts as drafts, joining threads.

A post points to something: what it shares is the item's link, the post itself its discussion. Each network has its own
module for its terms and uses these functions.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import msgspec

from newsfeed.lazy import expression
from newsfeed.model import UNENCRYPTED, Cause, Failure, Response, Subscription
from newsfeed.sources.source import BODY_LIMIT, Draft, Drafts, language_of, parts_of
from newsfeed.text import canonical_url, clean_line, plain_text, safe_url
from newsfeed.text.encodings import decode, looks_like_json
from newsfeed.text.links import LIMIT
from newsfeed.text.outline_options import options

MOSTLY_LINK = 8  # own words; a post with fewer takes the title of what it links to
QUOTED = 600  # characters of a quoted post
_SURROGATES = expression("[\ud800-\udfff]")
_LARGEST = 2**53  # RFC 8259, section 6: whole numbers that every reader of JSON keeps exactly

Json = Any  # an untrusted document: the type of every field is checked before use


def service(subscription: Subscription, usual: str) -> str:
    """The address of a network's API: the outline's `newsfeed-api`, else the usual one.

    Other servers offer the same API. A credential is never sent there, only to the host it was set for.
    """
    return options(subscription.options).api or usual.rstrip("/")


def read_json(response: Response) -> Json:
    """The JSON document of an answer, or a `Failure` if there is none."""
    if not looks_like_json(response.body):
        return Failure(
            cause=Cause.NOT_A_FEED,
            text="The answer is not what this network's interface gives.",
            repair="Open the profile in a browser; if it is there, try again later.",
            status=response.status,
        )
    text, _ = decode(response.body[:BODY_LIMIT])
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return Failure(
            cause=Cause.BROKEN_FEED,
            text="The answer begins like JSON but can't be read as such.",
            status=response.status,
        )


def get(found: Json, *path: str | int) -> Json:
    """The value at the end of a path of names and positions; None if the path ends early."""
    for part in path:
        if isinstance(part, str) and isinstance(found, dict):
            found = found.get(part)
        elif isinstance(part, int) and isinstance(found, list) and -len(found) <= part < len(found):
            found = found[part]
        else:
            return None
    return found


def text(found: Json, *path: str | int) -> str:
    """A string field; whole numbers are accepted as such, lone surrogates are replaced, "" for all else."""
    value = get(found, *path)
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATES.sub("\ufffd", value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**30 else ""
    return ""


def count(found: Json, *path: str | int) -> int | None:
    """A whole number from 0 on, None for all else."""
    value = get(found, *path)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LARGEST:
        return None
    return int(value)


def total(*counts: int | None) -> int | None:
    """The sum of the known counts; None if none is known."""
    known = [c for c in counts if c is not None]
    return sum(known) if known else None


def rows(found: Json, *path: str | int) -> list[dict[str, Json]]:
    """The records of a list; anything else in it is skipped."""
    value = get(found, *path)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def failed(text: str, repair: str = "", *, cause: Cause = Cause.LOGIN, **values: str) -> Failure:
    """A failure that the reader can do something about."""
    return Failure(cause=cause, text=text, repair=repair, needs_owner=True, values=values)


def not_a_feed(text: str, response: Response) -> Failure:
    """The failure of an answer that holds something else than was asked for."""
    return Failure(cause=Cause.NOT_A_FEED, text=text, status=response.status)


def reworded(
    failure: Failure, text: str, repair: str, *, cause: Cause | None = None, **values: str
) -> Failure:
    """A failure in words that fit the network, about which the reader can do something."""
    return msgspec.structs.replace(
        failure, cause=cause or failure.cause, text=text, repair=repair, values=values, needs_owner=True
    )


def wants_secret(failure: Failure, host: str, needs: str, add: str, correct: str) -> Failure:
    """The failure of a missing or refused login, with the table of newsfeed.toml that would help: `needs` says that there
    is none, `add` and `correct` what to do in either case."""
    if failure.status in {401, 403}:
        said = "{host} does not accept your token ({status})."
        return reworded(failure, said, correct, host=host, status=str(failure.status))
    if failure.text == UNENCRYPTED:
        return failure
    return reworded(failure, needs, add, cause=Cause.LOGIN, host=host)


_HIDDEN = expression(r"<span class=\"invisible\">[^<]{0,2000}</span>")
_ELLIPSIS = expression(r"<span class=\"ellipsis\">([^<]{0,2000})</span>")
_TAG = r"<a\s[^>]{0,600}>\s*(?:<span>)?[#＃](?:<span>)?[^<]{0,100}(?:</span>)?\s*</a>"
_LAST_TAGS = expression(
    rf"(?:(?:<br\s*/?>|\s|&nbsp;)*(?:{_TAG}|(?<![\w&])[#＃][^\s<#＃]{{1,60}})(?=\s|<|$))+(?:\s|<br\s*/?>)*(</p>)?\s*$",
    re.IGNORECASE,
)
# A tag after such a word belongs to the sentence: "load balancers for #kubernetes".
_HOLDS_ON = expression(
    r"\b(?:a|an|about|and|at|by|for|from|in|into|is|my|of|on|or|our|the|to|using|via|with|your)(?:\s|&nbsp;)*$",
    re.IGNORECASE,
)
_LINE_END = expression(r"<br\s*/?>|</p>|$", re.IGNORECASE)
_EMPTY = expression(r"<p>(?:\s|<br\s*/?>|&nbsp;)*</p>", re.IGNORECASE)
_EMOJI = expression(r"\s*:[a-zA-Z0-9_]{2,40}:")
_ANCHOR = expression(r"<a\s([^>]{0,2000})>(.{0,600}?)</a>", re.IGNORECASE | re.DOTALL)
_HREF = expression(rf"""href\s*=\s*["']([^"']{{1,{LIMIT}}})["']""", re.IGNORECASE)
_OWN_PLACE = expression(r"""class\s*=\s*["'][^"']*\b(?:mention|hashtag)\b""", re.IGNORECASE)


def tidy(markup: str) -> str:
    """A post's HTML as it is displayed: shortened addresses without their hidden ends, no hashtags after the last word."""
    markup = _ELLIPSIS.sub(r"\1…", _HIDDEN.sub("", markup[:100_000]))
    head, tail = markup[:-6_000], markup[-6_000:]
    return _EMPTY.sub("", head + _LAST_TAGS.sub(_without_tags, tail))


def _without_tags(match: re.Match[str]) -> str:
    kept = ""
    if _HOLDS_ON.search(match.string, max(0, match.start() - 20), match.start()):
        end = _LINE_END.search(match.group())
        kept = match.group()[: end.start()].rstrip() if end else ""
    return kept + (match.group(1) or "")


def paragraphs(plain: str) -> str:
    """Plain text as HTML: empty lines separate paragraphs."""
    parts = re.split(r"\n[ \t]*\n", plain.strip())
    return "".join(f"<p>{escape(p.strip()).replace(chr(10), '<br>')}</p>" for p in parts if p.strip())


def body_of(markup: str) -> Any:
    """The body of a page or a mail as a tree of elements; None if it is not HTML."""
    from lxml import etree
    from lxml import html as trees

    parser = trees.HTMLParser(no_network=True, huge_tree=False, encoding="utf-8", remove_comments=True)
    try:
        root = trees.fromstring(markup.replace("\x00", "").encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError):
        return None
    bodies = root.xpath("//body")
    return bodies[0] if isinstance(bodies, list) and bodies else root


def escape(plain: str) -> str:
    """Plain text for HTML."""
    return html.escape(plain, quote=True)


def name(plain: str) -> str:
    """A person's name in one line, without the :emoji: that their server would draw."""
    return clean_line(_EMOJI.sub("", plain).strip() or plain.strip(), 80)


def shared_link(markup: str, own_host: str) -> str:
    """The first link of a post that leads to something other than a person, a tag or the network itself."""
    for attributes, label in _ANCHOR.findall(markup[:60_000]):
        found = _HREF.search(attributes)
        if not found or _OWN_PLACE.search(attributes) or re.match(r"\s*(?:<span>)?[#＃@]", label):
            continue
        address = html.unescape(found.group(1))
        if leads_elsewhere(address, own_host):
            return address
    return ""


def leads_elsewhere(address: str, own_host: str) -> bool:
    """Whether a link leads to the web outside of the network: not to a picture, a post or a profile of it."""
    url = safe_url(address)
    host = host_of(url)
    if not host or host == own_host.lower():
        return False
    if re.search(r"\.(?:png|jpe?g|gif|webp|avif|svg)$", urlsplit(url).path, re.IGNORECASE):
        return False
    return host not in {"media.tenor.com", "tenor.com", "giphy.com", "media.giphy.com"}


_HOST = expression(
    r"https?://([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?=[/?#]|\Z)"
)  # nearly always; faster than parsing the address


@lru_cache(maxsize=256)
def host_of(url: str) -> str:
    """The host of an address in lower case, "" where it has none."""
    plain = _HOST.match(url)
    return plain[1] if plain else parts_of(url).hostname or ""


def own_words(markup: str) -> int:
    """How many words a post has beside its links, tags and names."""
    plain = plain_text(_ANCHOR.sub(" ", markup))
    plain = re.sub(r"https?://\S+|[#@]\S+|\b[\w-]+\.[a-z]{2,6}/\S*", " ", plain)
    return len(re.findall(r"\w[\w'’-]*", plain))


def card_title(title: str, markup: str) -> str:
    """The title of the linked page if the post is little more than that link; else ""."""
    return clean_line(title) if title.strip() and own_words(markup) < MOSTLY_LINK else ""


def picture(captions: Sequence[str]) -> str:
    """The first caption of the pictures of a post."""
    return next((c.strip() for c in captions if c.strip()), "")


def photo_title(markup: str, captions: Sequence[str], author: str) -> str:
    """The title of a post that is nothing but pictures without captions; "" for any other."""
    bare = captions and author and not picture(captions) and not own_words(markup)
    return f"Photo by {author}" if bare else ""


def quote(author: str, url: str, said: str) -> str:
    """A quoted post as HTML, with a link to it."""
    plain = clean_line(said, QUOTED)
    link = f'<a href="{escape(url)}">{escape(author)}</a>' if url else escape(author)
    return f"<blockquote><p>{escape(plain)}</p><p>— {link}</p></blockquote>" if plain else ""


@dataclass(slots=True)
class Post:
    """A draft, with what links it to others of a thread."""

    draft: Draft
    id: str
    author: str  # an id; only posts of one author are joined
    parent: str = ""  # id of the post that it answers, "" for none


def join(posts: Sequence[Post]) -> list[Draft]:
    """Threads of one author as one draft each: the first post's id and link, the newest time, all texts in order.

    A post shared by several people is one draft with all their names. The order is that of first appearance.
    """
    merged: dict[str, Post] = {}
    for post in posts:
        first = merged.get(post.id)
        if first is None:
            merged[post.id] = post
        else:
            first.draft.via = tuple(dict.fromkeys((*first.draft.via, *post.draft.via)))
    joined: dict[str, list[Post]] = {}
    for post in merged.values():
        joined.setdefault(_root(post, merged).id, []).append(post)
    drafts = []
    for root, thread in joined.items():
        first = merged[root]
        rest = sorted((p for p in thread if p is not first), key=_moment)
        drafts.append(_thread(first.draft, [p.draft for p in rest]))
    return drafts


def _root(post: Post, posts: Mapping[str, Post]) -> Post:
    seen = {post.id}
    while (
        (above := posts.get(post.parent)) is not None and above.author == post.author and above.id not in seen
    ):
        seen.add(above.id)
        post = above
    return post


def _moment(post: Post) -> float:
    return post.draft.published.timestamp() if post.draft.published else 0.0


def _thread(first: Draft, rest: Sequence[Draft]) -> Draft:
    if not rest or first.warning:
        return first
    for draft in rest:
        if draft.warning:
            continue
        first.body += draft.body
        if first.link == first.discussion and draft.link != draft.discussion:
            first.link = draft.link
        first.tags += draft.tags
        first.enclosures += draft.enclosures
        if draft.published and (first.published is None or draft.published > first.published):
            first.published = draft.published
    return first


def settle(
    drafts: Iterable[Draft], subscription: Subscription, *, title: str = "", html_url: str = ""
) -> Drafts:
    """The drafts of an answer, without those with fewer points than the outline's `newsfeed-min-points`, and without
    posts behind a content warning."""
    least = options(subscription.options).min_points
    kept = [d for d in drafts if not least or d.score is None or d.score >= least]
    for draft in kept:
        if draft.warning:
            draft.title = draft.body = draft.summary = draft.picture = ""
            draft.link = draft.discussion or draft.link
    return Drafts(
        kept,
        title=clean_line(title, 120),
        home=html_url,
        html_url=canonical_url(html_url),
        language=language_of(subscription, ""),
    )
