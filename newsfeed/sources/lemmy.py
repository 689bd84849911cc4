"""Lemmy and PieFed: communities and people by either version of the API, or RSS if neither answers."""

from __future__ import annotations

import html
import re
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote as escaped
from urllib.parse import unquote

import msgspec

from newsfeed.lazy import expression
from newsfeed.model import Failure, FeedState, Request, Response, Subscription
from newsfeed.sources import posts
from newsfeed.sources.posts import Json, count, get, rows, text
from newsfeed.sources.source import (
    Answer,
    Draft,
    Source,
    as_feed,
    is_shut,
    is_taken,
    parts_of,
    says,
    validated,
)
from newsfeed.text import safe_url, times
from newsfeed.text.encodings import looks_like_json
from newsfeed.text.outline_options import options

KIND = "lemmy"

_AT_ONCE = 50  # the most that `limit` of Lemmy takes
_PATH = expression(r"/(c|u)/([\w.-]+)(?:@([\w.-]+\.[\w-]+))?/?")
_WAYS = ("", "v4", "rss", "page")  # the ways to ask for a feed, one after the other


class _Place(NamedTuple):
    server: str
    sort: str  # "c" for a community, "u" for a person
    name: str  # with "@host" for one of another server

    @property
    def host(self) -> str:
        return posts.host_of(self.server)


class Lemmy(Source):
    """Lemmy and PieFed."""

    kind = KIND

    def claims(self, subscription: Subscription) -> bool:
        """Addresses that end in /c/name or /u/name."""
        return _place(subscription) is not None

    def request(self, state: FeedState) -> Request:
        """The newest posts, by the way in which this server is known to answer."""
        place = _place(state.subscription)
        way = state.cursor.get("way", "")
        if place is None or way == "page":
            return as_feed(state)
        server = posts.service(state.subscription, place.server)
        name = escaped(place.name, safe="@")
        if way == "rss":
            url = f"{server}/feeds/{place.sort}/{name}.xml?sort=New"
        elif place.sort == "c":
            url = f"{server}/api/{way or 'v3'}/post/list?community_name={name}&sort=New&limit={_AT_ONCE}"
        elif way == "v4":
            url = f"{server}/api/v4/person/content?type_=Posts&username={name}&limit={_AT_ONCE}"
        else:
            url = f"{server}/api/v3/user?username={name}&sort=New&limit={_AT_ONCE}"
        asked = Request(
            url=url,
            feed=state.feed,
            source=KIND,
            accept="application/json, application/rss+xml;q=0.8",
        )
        return validated(asked, state)

    def again(self, state: FeedState, failure: Failure) -> FeedState | None:
        """The next way to try: the newer API, RSS, the page itself."""
        if not is_shut(failure):
            return None
        place = _WAYS.index(way) if (way := state.cursor.get("way", "")) in _WAYS else 0
        if place + 1 >= len(_WAYS):
            return None
        return msgspec.structs.replace(state, cursor={**state.cursor, "way": _WAYS[place + 1]})

    def portable(self, state: FeedState) -> str:
        """The RSS of a community or person, where this is Lemmy at all."""
        place = _place(state.subscription)
        if place is None or state.cursor.get("way") == "page":
            return state.subscription.url
        return f"{place.server}/feeds/{place.sort}/{place.name}.xml?sort=New"

    def parse(self, response: Response, subscription: Subscription, now: datetime) -> Answer | None:
        """Posts from either version of the API, RSS, or a plain page."""
        place = _place(subscription)
        if place is None or not looks_like_json(response.body):
            return None
        found = posts.read_json(response)
        if isinstance(found, Failure):
            return found
        views = get(found, "posts") if isinstance(get(found, "posts"), list) else get(found, "items")
        if not isinstance(views, list):
            return posts.not_a_feed("The answer holds no posts.", response)
        adult = options(subscription.options).adult
        drafts = [d for view in rows(views) if (d := _draft(view, adult)) is not None]
        first = next(iter(rows(views)), None)
        owner = get(first, "community" if place.sort == "c" else "creator")
        title = text(owner, "title") or text(owner, "display_name") or place.name
        path = f"{place.server}/{place.sort}/{place.name}"
        return posts.settle(drafts, subscription, title=f"{title} ({place.host})", html_url=path)


def _place(subscription: Subscription) -> _Place | None:
    parts = parts_of(subscription.url)
    host = (parts.hostname or "").lower()
    if parts.scheme not in {"http", "https"} or is_taken(host):
        return None
    path = unquote(parts.path)
    if says(subscription, KIND):
        path = re.sub(r"^/feeds(/[cu]/.+)\.xml$", r"\1", path)
    found = _PATH.fullmatch(path)
    if not found:
        return None
    name = f"{found[2]}@{found[3]}" if found[3] else found[2]
    return _Place(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", found[1], name)


def _draft(view: Json, adult: bool) -> Draft | None:
    post, creator = get(view, "post"), get(view, "creator")
    identity = text(post, "ap_id") or text(post, "url")
    if not identity or any(get(post, flag) is True for flag in ("deleted", "removed", "featured_community")):
        return None
    if get(post, "nsfw") is True and not adult:
        return None
    discussion, url = safe_url(text(post, "ap_id")), text(post, "url")
    host = posts.host_of(discussion)
    elsewhere = posts.leads_elsewhere(url, host) and "/pictrs/" not in url
    link = url if elsewhere else discussion
    person = text(creator, "actor_id") or text(creator, "ap_id")
    name = text(creator, "name")
    counts = get(view, "counts") or post
    return Draft(
        guid=identity,
        link=link,
        base=discussion,
        discussion=discussion,
        discussion_label="Lemmy",
        title=text(post, "name"),
        body=markdown(text(post, "body")),
        author=f"{name}@{posts.host_of(person)}" if posts.host_of(person) else name,
        published=times.from_text(text(post, "published") or text(post, "published_at")),
        updated=times.from_text(text(post, "updated") or text(post, "updated_at")),
        kind="" if elsewhere else "post",
        score=_score(counts),
        comments=count(counts, "comments"),
        picture=text(post, "alt_text"),
    )


def _score(counts: Json) -> int | None:
    """Points, which may be negative."""
    value = get(counts, "score")
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53 else None


_LINK = expression(r"!?\[([^\[\]]{0,300})\]\((https?://[^\s()]{1,1000})(?:\s+\"[^\"]{0,200}\")?\)")
_MARKS = expression(r"(\*\*|__|~~|`)(?=\S)(.{1,500}?)(?<=\S)\1")
_LINE_MARKS = expression(r"^(?:#{1,6}\s+|>\s?|[-*+]\s+|\d{1,3}[.)]\s+|:::.*$|---+$)")


def markdown(written: str) -> str:
    """Markdown as plain HTML: paragraphs, links and quotes; other markup is removed."""
    out = []
    for block in re.split(r"\n[ \t]*\n", written.replace("\r", "")[:60_000]):
        quoted = block.lstrip().startswith(">")
        lines = [html.escape(_LINE_MARKS.sub("", line.strip()), quote=False) for line in block.split("\n")]
        said = "<br>".join(line for line in lines if line)
        said = _LINK.sub(_linked, said)
        said = _MARKS.sub(r"\2", said)
        if said:
            out.append(f"<blockquote><p>{said}</p></blockquote>" if quoted else f"<p>{said}</p>")
    return "".join(out)


def _linked(match: re.Match[str]) -> str:
    """A link; pictures are removed, because their captions are not text."""
    if match.group(0).startswith("!"):
        return ""
    return f'<a href="{match.group(2).replace(chr(34), "%22")}">{match.group(1)}</a>'


source = Lemmy()
