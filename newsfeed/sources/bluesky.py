"""Bluesky: authors, custom feeds and lists without a login; the home timeline and searches with an app password.

An author is kept by their DID once it is known, for handles change. Texts are marked up by facets, whose places are
counted in bytes of UTF-8.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit
from urllib.parse import quote as escaped

import msgspec

from newsfeed.model import Cause, Failure, FeedState, Parsed, Request, Response, Subscription
from newsfeed.sources import document, posts, records, times
from newsfeed.sources.posts import Json, Post, get, rows, text

kind = "bluesky"

OPEN = "https://public.api.bsky.app"  # what strangers may read
CLOSED = "https://bsky.social"  # where accounts log in
_PAGE = 100
_ACTOR = rf"(?:did:[a-z]+:[\w.:%-]+|{records.HANDLE})"
_PROFILE = re.compile(rf"/profile/(@?{_ACTOR})(?:/(rss|feed|lists?)(?:/([\w.~:-]+))?)?/?")
_AT = re.compile(rf"at://({_ACTOR})(?:/(app\.bsky\.(?:feed\.generator|graph\.list))/([\w.~:-]+))?/?")
_COLLECTIONS = {
    "feed": "app.bsky.feed.generator",
    "lists": "app.bsky.graph.list",
    "list": "app.bsky.graph.list",
}


class _Place(NamedTuple):
    """What an outline names. `sort` is "author", "feed", "list", "home" or "search"."""

    sort: str
    actor: str = ""
    key: str = ""  # of a feed or list; the words of a search


def claims(subscription: Subscription) -> bool:
    """Addresses of bsky.app, `at://` and DIDs."""
    return _place(subscription) is not None


def _place(subscription: Subscription) -> _Place | None:
    url = subscription.url.strip()
    if url.startswith("did:"):
        return _Place("author", url) if re.fullmatch(_ACTOR, url) else None
    if found := _AT.fullmatch(url):
        sort = "feed" if (found[2] or "").endswith("generator") else "list" if found[2] else "author"
        return _Place(sort, found[1], found[3] or "")
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return None
    said = "bluesky" in {subscription.kind.lower(), subscription.options.get("source", "").lower()}
    if host not in {"bsky.app", "main.bsky.dev"} and not said:
        return None
    if found := _PROFILE.fullmatch(unquote(parts.path)):
        sort = {"feed": "feed", "lists": "list", "list": "list"}.get(found[2] or "", "author")
        actor = found[1].removeprefix("@")
        return _Place(sort if found[3] else "author", actor, found[3] or "")
    if parts.path.rstrip("/") == "/search" and (words := parse_qs(parts.query).get("q")):
        return _Place("search", key=words[0])
    if parts.path.rstrip("/") in {"", "/following"}:
        return _Place("home")
    return None


# --------------------------------------------------------------------------- asking


def request(state: FeedState) -> Request:
    """The feed; for a custom feed or list by a handle, whose it is."""
    place = _place(state.subscription) or _Place("author")
    did = state.memory.get("did", "") or (place.actor if place.actor.startswith("did:") else "")
    if place.sort in {"feed", "list"} and not did:
        return Request(
            url=f"{_server(state.subscription)}/xrpc/com.atproto.identity.resolveHandle?handle={escaped(place.actor)}",
            feed=state.feed,
            source=kind,
            accept="application/json",
            context=_context(step="resolve", until=state.memory.get("until", "")),
        )
    asked = _ask(
        state.subscription, place, did or place.actor, state.feed, until=state.memory.get("until", "")
    )
    if state.memory.get("gap"):
        return asked
    return msgspec.structs.replace(
        asked, etag=state.etag, last_modified=state.last_modified, body_hash=state.body_hash
    )


def _server(subscription: Subscription, usual: str = OPEN) -> str:
    return posts.service(subscription, usual)


def _ask(
    subscription: Subscription, place: _Place, actor: str, feed: int, *, until: str = "", cursor: str = "",
    newest: str = "", page: int = 0,
) -> Request:  # fmt: skip
    closed = place.sort in {"home", "search"}
    server = _server(subscription, CLOSED if closed else OPEN)
    limit = f"limit={_PAGE}"
    if place.sort == "author":
        replies = posts.yes(subscription, "replies")
        choice = "posts_with_replies" if replies else "posts_and_author_threads"
        call = f"app.bsky.feed.getAuthorFeed?actor={escaped(actor)}&filter={choice}&{limit}"
    elif place.sort == "feed":
        uri = f"at://{actor}/{_COLLECTIONS['feed']}/{place.key}"
        call = f"app.bsky.feed.getFeed?feed={escaped(uri, safe='')}&{limit}"
    elif place.sort == "list":
        uri = f"at://{actor}/{_COLLECTIONS['lists']}/{place.key}"
        call = f"app.bsky.feed.getListFeed?list={escaped(uri, safe='')}&{limit}"
    elif place.sort == "search":
        call = f"app.bsky.feed.searchPosts?q={escaped(place.key)}&sort=latest&{limit}"
    else:
        call = f"app.bsky.feed.getTimeline?{limit}"
    return Request(
        url=f"{server}/xrpc/{call}{f'&cursor={escaped(cursor)}' if cursor else ''}",
        feed=feed,
        source=kind,
        page=page,
        accept="application/json",
        credential=posts.host_of(server) if closed else "",
        login="atproto" if closed else "",
        context=_context(until=until, newest=newest, actor=actor),
    )


def _context(**facts: str) -> str:
    return json.dumps({name: value for name, value in facts.items() if value})


def portable(state: FeedState) -> str:
    """The RSS of an author; nothing else has one."""
    place = _place(state.subscription) or _Place("")
    return f"https://bsky.app/profile/{place.actor}/rss" if place.sort == "author" else ""


def again(state: FeedState, failure: Failure) -> FeedState | None:
    """By the handle anew, where its DID is not known any more."""
    gone = failure.cause in {Cause.NOT_FOUND, Cause.GONE} or failure.status == 400
    if gone and state.memory.get("did") and (_place(state.subscription) or _Place("")).sort == "author":
        memory = {name: value for name, value in state.memory.items() if name != "did"}
        return msgspec.structs.replace(state, memory=memory)
    return None


def explain(state: FeedState, failure: Failure) -> Failure:
    """Failures in Bluesky's terms."""
    place = _place(state.subscription) or _Place("author")
    if failure.cause == Cause.LOGIN and place.sort in {"home", "search"}:
        what = "Your Bluesky home" if place.sort == "home" else "A search on Bluesky"
        how = "its value is handle:app-password, made in Bluesky under Settings, App passwords."
        host = posts.host_of(_server(state.subscription, CLOSED))
        return posts.wants_secret(failure, host, what, how)
    if failure.status in {400, 404}:
        what = {"author": f"nobody called {place.actor}", "list": "no such list"}.get(
            place.sort, "no such feed"
        )
        return msgspec.structs.replace(
            failure,
            cause=Cause.NOT_FOUND,
            text=f"Bluesky knows {what}.",
            repair="The handle may have changed: look it up on bsky.app and mend the address in feeds.opml.",
            needs_owner=True,
        )
    return failure


# --------------------------------------------------------------------------- reading


def parse(
    response: Response, subscription: Subscription, known: Mapping[str, str], now: datetime
) -> Parsed | Failure:
    """Posts of a feed, or who a handle is; RSS where that came instead."""
    if not document.looks_like_json(response.body):
        from newsfeed.sources import syndication

        return syndication.parse(response, subscription, known, now)
    found = posts.read_json(response)
    if isinstance(found, Failure):
        return found
    place = _place(subscription) or _Place("author")
    try:
        context = {str(k): str(v) for k, v in json.loads(response.request.context or "{}").items()}
    except (ValueError, AttributeError):
        context = {}
    feed, page = response.request.feed, response.request.page + 1
    if context.get("step") == "resolve":
        did = text(found, "did")
        if not re.fullmatch(r"did:[a-z]+:[\w.:%-]{1,300}", did):
            return Failure(cause=Cause.NOT_FOUND, text="There is no such handle.", status=response.status)
        following = _ask(subscription, place, did, feed, until=context.get("until", ""), page=page)
        return Parsed(memory={"did": did}, next=following, step=True)
    views = rows(found, "feed") if isinstance(get(found, "feed"), list) else None
    if views is None and isinstance(get(found, "posts"), list):
        views = [{"post": post} for post in rows(found, "posts")]
    if views is None:
        return Failure(
            cause=Cause.NOT_A_FEED, text="The answer is no feed of Bluesky.", status=response.status
        )
    if place.sort in {"author", "feed", "list"} and _asks_strangers_away(views, place):
        return posts.failed(
            "Its author asks not to be shown to people without an account.",
            "Follow them on Bluesky and add https://bsky.app/ of type bluesky, your home, with an app password.",
        )
    made = [p for v in views if (p := _post(v, place, subscription)) is not None]
    title, home = _title(views, place)
    parsed = posts.settle(posts.join(made), subscription, known, now, title=title, html_url=home)
    following_page, memory = _walk(views, found, context, subscription, place, feed, page)
    if place.sort == "author" and (did := _did_of_author(views, place)):
        memory = {**memory, "did": did}
    return msgspec.structs.replace(parsed, next=following_page, memory=memory)


def _walk(
    views: list[dict[str, Json]],
    found: Json,
    context: Mapping[str, str],
    subscription: Subscription,
    place: _Place,
    feed: int,
    page: int,
) -> tuple[Request | None, Mapping[str, str]]:
    """The next older page while nothing on this one was there at the last look.

    Only when the walk has come back to what was seen then is the new mark kept, so that one that broke off is walked
    again. Feeds that are no sequence in time (custom ones) are read one page deep.
    """
    moments = [
        m for v in views if (m := records.moment(v)) is not None and text(v, "reason", "$type")[-4:] != "#Pin"
    ]
    until, newest = times.from_text(context.get("until", "")), context.get("newest", "")
    top = max(moments).isoformat() if moments else ""
    newest = max(newest, top)
    cursor = text(found, "cursor")
    ended = (
        not cursor
        or not moments
        or until is None
        or min(moments) <= until
        or place.sort in {"feed", "search"}
    )
    if ended or page > _PAGES:
        return None, {"until": newest, "gap": ""}
    actor = context.get("actor", place.actor)
    following = _ask(
        subscription,
        place,
        actor,
        feed,
        until=context.get("until", ""),
        cursor=cursor,
        newest=newest,
        page=page,
    )
    return following, {"gap": "yes"}


_PAGES = 5  # older pages in one refresh; a source that writes more between two looks loses its oldest posts


def _asks_strangers_away(views: list[dict[str, Json]], place: _Place) -> bool:
    authors = [get(v, "post", "author") for v in views if not get(v, "reason")]
    shy = [a for a in authors if records.STRANGERS in records.labels(a)]
    return place.sort == "author" and bool(shy) and len(shy) == len(authors)


def _did_of_author(views: list[dict[str, Json]], place: _Place) -> str:
    for view in views:
        author = get(view, "post", "author")
        if not get(view, "reason") and text(author, "handle").lower() == place.actor.lower():
            return text(author, "did")
    return ""


def _title(views: list[dict[str, Json]], place: _Place) -> tuple[str, str]:
    if place.sort == "author":
        home = f"https://bsky.app/profile/{place.actor}"
        author = next((get(v, "post", "author") for v in views if not get(v, "reason")), None)
        return (records.name(author) if author else f"@{place.actor}"), home
    if place.sort in {"feed", "list"}:
        path = "feed" if place.sort == "feed" else "lists"
        return f"{place.key} by {place.actor}", f"https://bsky.app/profile/{place.actor}/{path}/{place.key}"
    if place.sort == "search":
        return f"Bluesky: {place.key}", f"https://bsky.app/search?q={escaped(place.key)}"
    return "Bluesky home", "https://bsky.app/"


def _post(view: dict[str, Json], place: _Place, subscription: Subscription) -> Post | None:
    post, reason = get(view, "post"), get(view, "reason")
    author, record = get(post, "author"), get(post, "record")
    uri, did = text(post, "uri"), text(author, "did")
    if not uri or not isinstance(record, dict):
        return None
    if (records.labels(post) | records.labels(author)) & records.HIDDEN:
        return None
    if place.sort not in {"home", "search"} and records.STRANGERS in records.labels(author):
        return None
    via: tuple[str, ...] = ()
    if text(reason, "$type").endswith("#reasonRepost"):
        if not posts.yes(subscription, "boosts", place.sort != "author"):
            return None
        via = (records.name(get(reason, "by")),)
    parent = text(record, "reply", "parent", "uri")
    root = text(record, "reply", "root", "uri")
    own = parent.startswith(f"at://{did}/") and (not root or root.startswith(f"at://{did}/"))
    if parent and not own and not via and not posts.yes(subscription, "replies"):
        return None
    draft = records.draft(post)
    draft.published, draft.via = records.moment(view), via
    return Post(draft=draft, id=uri, author=did, parent=parent if own and not via else "")
