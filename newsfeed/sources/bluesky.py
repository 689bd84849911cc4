"""Bluesky: authors, custom feeds and lists without a login; the home timeline and searches with an app password.

Once known, an author's DID is stored, because handles change. Texts are marked up by facets, whose positions are
in bytes of UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qs, unquote
from urllib.parse import quote as escaped

import msgspec

from newsfeed.model import Cause, Failure, FeedState, Parsed, Request, Response, Subscription
from newsfeed.sources import posts
from newsfeed.sources.posts import Json, Post, count, get, rows, text
from newsfeed.sources.registry import hosts_of
from newsfeed.sources.source import (
    Answer,
    Draft,
    Source,
    parts_of,
    read_context,
    says,
    validated,
    write_context,
)
from newsfeed.text import safe_url, times
from newsfeed.text.encodings import looks_like_json
from newsfeed.text.options import options

KIND = "bluesky"

OPEN = "https://public.api.bsky.app"  # the API without a login
CLOSED = "https://bsky.social"  # the API with a login
HANDLE = r"(?:[a-zA-Z0-9-]+\.)+[a-zA-Z][a-zA-Z0-9-]*"
# Posts with these labels are left out.
HIDDEN = {"!hide", "!warn", "porn", "sexual", "nudity", "graphic-media"}
STRANGERS = "!no-unauthenticated"  # set by people who don't want to be shown to visitors without an account
_PAGE = 100  # app.bsky.feed.getAuthorFeed: the most that `limit` takes
_ACTOR = rf"(?:did:[a-z]+:[\w.:%-]+|{HANDLE})"
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


class Bluesky(Source):
    """Bluesky."""

    kind = KIND

    def claims(self, subscription: Subscription) -> bool:
        """Addresses of bsky.app, `at://` and DIDs."""
        return _place(subscription) is not None

    def request(self, state: FeedState) -> Request:
        """The feed; or, for a custom feed or list with a handle, first the DID behind it."""
        place = _place(state.subscription) or _Place("author")
        did = state.cursor.get("did", "") or (place.actor if place.actor.startswith("did:") else "")
        if place.sort in {"feed", "list"} and not did:
            return Request(
                url=f"{_server(state.subscription)}/xrpc/com.atproto.identity.resolveHandle?handle={escaped(place.actor)}",
                feed=state.feed,
                source=KIND,
                accept="application/json",
                context=write_context(step="resolve", until=state.cursor.get("until", "")),
            )
        asked = _ask(
            state.subscription, place, did or place.actor, state.feed, until=state.cursor.get("until", "")
        )
        if state.cursor.get("gap"):
            return asked
        return validated(asked, state)

    def again(self, state: FeedState, failure: Failure) -> FeedState | None:
        """Look the handle up again if its DID is no longer known."""
        gone = failure.cause in {Cause.NOT_FOUND, Cause.GONE} or failure.status == 400
        if gone and state.cursor.get("did") and (_place(state.subscription) or _Place("")).sort == "author":
            cursor = {name: value for name, value in state.cursor.items() if name != "did"}
            return msgspec.structs.replace(state, cursor=cursor)
        return None

    def explain(self, state: FeedState, failure: Failure) -> Failure:
        """Failures, worded for Bluesky."""
        place = _place(state.subscription) or _Place("author")
        if failure.cause == Cause.LOGIN and place.sort in {"home", "search"}:
            return posts.wants_secret(
                failure,
                posts.host_of(_server(state.subscription, CLOSED)),
                "Your Bluesky home needs a token of yours for {host}."
                if place.sort == "home"
                else "A search on Bluesky needs a token of yours for {host}.",
                'Add [secrets."{host}"] to newsfeed.toml with env or file; its value is handle:app-password, made in Bluesky under Settings, App passwords.',
                'Correct the value behind [secrets."{host}"]; its value is handle:app-password, made in Bluesky under Settings, App passwords.',
            )
        if failure.status in {400, 404}:
            said = {"author": "Bluesky knows nobody called {name}.", "list": "Bluesky knows no such list."}
            return msgspec.structs.replace(
                failure,
                cause=Cause.NOT_FOUND,
                text=said.get(place.sort, "Bluesky knows no such feed."),
                values={"name": place.actor},
                repair="The handle may have changed: look it up on bsky.app and correct the address in feeds.opml.",
                needs_owner=True,
            )
        return failure

    def portable(self, state: FeedState) -> str:
        """The RSS of an author; nothing else has one."""
        place = _place(state.subscription) or _Place("")
        return f"https://bsky.app/profile/{place.actor}/rss" if place.sort == "author" else ""

    def parse(self, response: Response, subscription: Subscription, now: datetime) -> Answer | None:
        """The posts of a feed, or the DID of a handle; RSS if that came instead."""
        if not looks_like_json(response.body):
            return None
        found = posts.read_json(response)
        if isinstance(found, Failure):
            return found
        place = _place(subscription) or _Place("author")
        context = read_context(response.request)
        feed, page = response.request.feed, response.request.page + 1
        if context.get("step") == "resolve":
            did = text(found, "did")
            if not re.fullmatch(r"did:[a-z]+:[\w.:%-]{1,300}", did):
                return Failure(cause=Cause.NOT_FOUND, text="There is no such handle.", status=response.status)
            following = _ask(subscription, place, did, feed, until=context.get("until", ""), page=page)
            return Parsed(cursor={"did": did}, next=following, step=True)
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
        drafts = posts.settle(posts.join(made), subscription, title=title, html_url=home)
        drafts.next, cursor = _walk(views, found, context, subscription, place, feed, page)
        if place.sort == "author" and (did := _did_of_author(views, place)):
            cursor = {**cursor, "did": did}
        drafts.cursor = cursor
        return drafts


def _place(subscription: Subscription) -> _Place | None:
    url = subscription.url.strip()
    if url.startswith("did:"):
        return _Place("author", url) if re.fullmatch(_ACTOR, url) else None
    if found := _AT.fullmatch(url):
        sort = "feed" if (found[2] or "").endswith("generator") else "list" if found[2] else "author"
        return _Place(sort, found[1], found[3] or "")
    parts = parts_of(url)
    host = (parts.hostname or "").removeprefix("www.")
    if host not in hosts_of(KIND) and not says(subscription, KIND):
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
        replies = options(subscription.options).replies
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
        source=KIND,
        page=page,
        accept="application/json",
        credential=posts.host_of(server) if closed else "",
        login="atproto" if closed else "",
        context=write_context(until=until, newest=newest, actor=actor),
    )


def _walk(
    views: list[dict[str, Json]],
    found: Json,
    context: Mapping[str, str],
    subscription: Subscription,
    place: _Place,
    feed: int,
    page: int,
) -> tuple[Request | None, Mapping[str, str]]:
    """The next older page, as long as nothing on this page was there last time.

    Only when the walk has come back to what was seen then is the new mark kept, so that one that broke off is walked
    again. Feeds that are no sequence in time (custom ones) are read one page deep.
    """
    moments = [
        m for v in views if (m := moment_of(v)) is not None and text(v, "reason", "$type")[-4:] != "#Pin"
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
    shy = [a for a in authors if STRANGERS in labels_of(a)]
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
        return (name_of(author) if author else f"@{place.actor}"), home
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
    if (labels_of(post) | labels_of(author)) & HIDDEN:
        return None
    if place.sort not in {"home", "search"} and STRANGERS in labels_of(author):
        return None
    via: tuple[str, ...] = ()
    if text(reason, "$type").endswith("#reasonRepost"):
        boosts = options(subscription.options).boosts
        if not (place.sort != "author" if boosts is None else boosts):
            return None
        via = (name_of(get(reason, "by")),)
    parent = text(record, "reply", "parent", "uri")
    root = text(record, "reply", "root", "uri")
    own = parent.startswith(f"at://{did}/") and (not root or root.startswith(f"at://{did}/"))
    if parent and not own and not via and not options(subscription.options).replies:
        return None
    draft = draft_of(post)
    draft.published, draft.via = moment_of(view), via
    return Post(draft=draft, id=uri, author=did, parent=parent if own and not via else "")


def name_of(author: Json) -> str:
    """The name of an author: without emoji, else the handle."""
    return posts.name(text(author, "displayName")) or f"@{text(author, 'handle')}"


def labels_of(owner: Json) -> set[str]:
    """The moderation labels of a post or an account that are in force."""
    return {text(label, "val") for label in rows(owner, "labels") if not get(label, "neg")}


def moment_of(view: Json) -> datetime | None:
    """The time of a post in its feed: of a repost, its own time; else the earlier of the author's and the network's time,
    because an author's clock may be wrong."""
    reason = get(view, "reason")
    if text(reason, "$type").endswith("#reasonRepost") and (
        when := times.from_text(text(reason, "indexedAt"))
    ):
        return when
    written = times.from_text(text(view, "post", "record", "createdAt"))
    indexed = times.from_text(text(view, "post", "indexedAt"))
    known = [m for m in (written, indexed) if m is not None and m >= times.EARLIEST]
    return min(known) if known else None


def draft_of(post: Json) -> Draft:
    """A post as a draft: its text marked up, its card or first link as what to read."""
    author, record = get(post, "author"), get(post, "record")
    url = address_of(text(post, "uri"), text(author, "handle"))
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
        title=title or posts.photo_title(markup + _quoted(embed), captions, name_of(author)),
        body=posts.tidy(markup) + _quoted(embed),
        author=name_of(author),
        language=text(languages, 0) if isinstance(languages, list) and len(languages) == 1 else "",
        kind="post",
        tags=[*tags, *(t for t in (get(record, "tags") or []) if isinstance(t, str))]
        if isinstance(get(record, "tags"), list | None)
        else tags,
        score=posts.total(count(post, "likeCount"), count(post, "repostCount"), count(post, "quoteCount")),
        comments=count(post, "replyCount"),
        picture=posts.picture(captions),
    )


def address_of(uri: str, handle: str) -> str:
    """The web address of a post; with the DID if the handle is no longer valid."""
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
    """The post that a post quotes, if it exists and may be shown."""
    record = get(embed, "record")
    if text(embed, "$type").endswith("recordWithMedia#view"):
        record = get(record, "record")
    if not text(record, "$type").endswith("#viewRecord") or (labels_of(record) & HIDDEN):
        return ""
    author = get(record, "author")
    if STRANGERS in labels_of(author):
        return ""
    url = address_of(text(record, "uri"), text(author, "handle"))
    return posts.quote(name_of(author), url, text(record, "value", "text"))


source = Bluesky()
