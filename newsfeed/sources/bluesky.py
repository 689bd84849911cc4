"""Bluesky: authors, custom feeds and lists without a login; the home timeline and searches with an app password.

Once known, an author's DID is stored, because handles change. Texts are marked up by facets, whose positions are
in bytes of UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple
from urllib.parse import parse_qs, unquote
from urllib.parse import quote as escaped

import msgspec

from newsfeed.model import Cause, Failure, FeedState, Parsed, Request, Response, Subscription
from newsfeed.sources import posts
from newsfeed.sources.posts import Json, Post, count, get, rows, text
from newsfeed.sources.source import (
    Answer,
    Draft,
    Source,
    hosts_of,
    parts_of,
    read_context,
    says,
    validated,
    write_context,
)
from newsfeed.text import safe_url, times
from newsfeed.text.encodings import looks_like_json
from newsfeed.text.outline_options import options

KIND = "bluesky"

OPEN = "https://public.api.bsky.app"  # the API without a login
CLOSED = "https://bsky.social"  # the API with a login
HANDLE = r"(?:[a-zA-Z0-9-]+\.)+[a-zA-Z][a-zA-Z0-9-]*"
HIDDEN = {"!hide", "!warn", "porn", "sexual", "nudity", "graphic-media"}  # labels of posts that are left out
STRANGERS = "!no-unauthenticated"  # set by people who don't want to be shown to visitors without an account
_PAGE = 100  # app.bsky.feed.getAuthorFeed: the most that `limit` takes
_PAGES = 5  # older pages in one refresh; a source that writes more between two looks loses its oldest posts
_ACTOR = rf"(?:did:[a-z]+:[\w.:%-]+|{HANDLE})"
_PROFILE = re.compile(rf"/profile/(@?{_ACTOR})(?:/(rss|feed|lists?)(?:/([\w.~:-]+))?)?/?")
_AT = re.compile(rf"at://({_ACTOR})(?:/(app\.bsky\.(?:feed\.generator|graph\.list))/([\w.~:-]+))?/?")
_SORTS: Mapping[str, Literal["feed", "list"]] = {
    "feed": "feed", "list": "list", "lists": "list", "app.bsky.feed.generator": "feed", "app.bsky.graph.list": "list",
}  # fmt: skip


class _Place(NamedTuple):
    """What an outline names."""

    sort: Literal["author", "feed", "list", "home", "search"]
    actor: str = ""
    key: str = ""  # of a feed or list; the words of a search

    @property
    def closed(self) -> bool:
        """Whether only an account with a login may see it."""
        return self.sort in {"home", "search"}


class _Look(NamedTuple):
    """One look at what an outline names, over as many pages as it takes."""

    subscription: Subscription
    place: _Place
    feed: int
    actor: str  # the DID where it is known, else the handle
    until: str = ""  # the newest post of the last look that was whole
    newest: str = ""  # the newest post of this one so far
    page: int = 0

    def request(self, cursor: str = "") -> Request:
        """The page behind `cursor`; without one the newest."""
        place = self.place
        server = posts.service(self.subscription, CLOSED if place.closed else OPEN)
        after = f"&cursor={escaped(cursor)}" if cursor else ""
        return Request(
            url=f"{server}/xrpc/{self._call()}limit={_PAGE}{after}",
            feed=self.feed,
            source=KIND,
            page=self.page,
            accept="application/json",
            credential=posts.host_of(server) if place.closed else "",
            login="atproto" if place.closed else "",
            context=write_context(until=self.until, newest=self.newest, actor=self.actor),
        )

    def _call(self) -> str:
        """The method of the API with its own parameters, ready for more."""
        actor, key = self.actor, self.place.key
        match self.place.sort:
            case "author":
                replies = options(self.subscription.options).replies
                choice = "posts_with_replies" if replies else "posts_and_author_threads"
                return f"app.bsky.feed.getAuthorFeed?actor={escaped(actor)}&filter={choice}&"
            case "feed":
                uri = f"at://{actor}/app.bsky.feed.generator/{key}"
                return f"app.bsky.feed.getFeed?feed={escaped(uri, safe='')}&"
            case "list":
                uri = f"at://{actor}/app.bsky.graph.list/{key}"
                return f"app.bsky.feed.getListFeed?list={escaped(uri, safe='')}&"
            case "search":
                return f"app.bsky.feed.searchPosts?q={escaped(key)}&sort=latest&"
            case "home":
                return "app.bsky.feed.getTimeline?"

    def resolve(self) -> Request:
        """Ask for the DID behind the handle."""
        call = f"com.atproto.identity.resolveHandle?handle={escaped(self.actor)}"
        return Request(
            url=f"{posts.service(self.subscription, OPEN)}/xrpc/{call}",
            feed=self.feed,
            source=KIND,
            accept="application/json",
            context=write_context(step="resolve", until=self.until),
        )


class Bluesky(Source):
    """Bluesky."""

    kind = KIND

    def claims(self, subscription: Subscription) -> bool:
        """Addresses of bsky.app, `at://` and DIDs."""
        return _named(subscription) is not None

    def request(self, state: FeedState) -> Request:
        """The feed; or, for a custom feed or list with a handle, first the DID behind it."""
        place = _place(state.subscription)
        did = state.cursor.get("did", "") or (place.actor if place.actor.startswith("did:") else "")
        look = _Look(state.subscription, place, state.feed, did or place.actor, state.cursor.get("until", ""))
        if place.sort in {"feed", "list"} and not did:
            return look.resolve()
        return look.request() if state.cursor.get("gap") else validated(look.request(), state)

    def again(self, state: FeedState, failure: Failure) -> FeedState | None:
        """Look the handle up again if its DID is no longer known."""
        gone = failure.cause in {Cause.NOT_FOUND, Cause.GONE} or failure.status == 400
        if gone and state.cursor.get("did") and _place(state.subscription).sort == "author":
            cursor = {name: value for name, value in state.cursor.items() if name != "did"}
            return msgspec.structs.replace(state, cursor=cursor)
        return None

    def explain(self, state: FeedState, failure: Failure) -> Failure:
        """Failures, worded for Bluesky."""
        place = _place(state.subscription)
        if failure.cause == Cause.LOGIN and place.closed:
            return posts.wants_secret(
                failure,
                posts.host_of(posts.service(state.subscription, CLOSED)),
                "Your Bluesky home needs a token of yours for {host}."
                if place.sort == "home"
                else "A search on Bluesky needs a token of yours for {host}.",
                'Add [secrets."{host}"] to newsfeed.toml with env or file; its value is handle:app-password, made in Bluesky under Settings, App passwords.',
                'Correct the value behind [secrets."{host}"]; its value is handle:app-password, made in Bluesky under Settings, App passwords.',
            )
        if failure.status in {400, 404}:
            said = {"author": "Bluesky knows nobody called {name}.", "list": "Bluesky knows no such list."}
            return posts.reworded(
                failure,
                said.get(place.sort, "Bluesky knows no such feed."),
                "The handle may have changed: look it up on bsky.app and correct the address in feeds.opml.",
                cause=Cause.NOT_FOUND,
                name=place.actor,
            )
        return failure

    def portable(self, state: FeedState) -> str:
        """The RSS of an author; nothing else has one."""
        place = _named(state.subscription)
        return f"https://bsky.app/profile/{place.actor}/rss" if place and place.sort == "author" else ""

    def parse(self, response: Response, subscription: Subscription, now: datetime) -> Answer | None:
        """The posts of a feed, or the DID of a handle; RSS if that came instead."""
        if not looks_like_json(response.body):
            return None
        found = posts.read_json(response)
        if isinstance(found, Failure):
            return found
        asked, context, place = response.request, read_context(response.request), _place(subscription)
        look = _Look(
            subscription, place, asked.feed, context.get("actor", place.actor),
            context.get("until", ""), context.get("newest", ""), asked.page + 1,
        )  # fmt: skip
        if context.get("step") == "resolve":
            return _resolved(text(found, "did"), look, response.status)
        views = _views(found)
        if views is None:
            return posts.not_a_feed("The answer is no feed of Bluesky.", response)
        shy = [STRANGERS in labels_of(author) for author in _authors(views)]
        if place.sort == "author" and shy and all(shy):
            return posts.failed(
                "Its author asks not to be shown to people without an account.",
                "Follow them on Bluesky and add https://bsky.app/ of type bluesky, your home, with an app password.",
            )
        made = [p for v in views if (p := _post(v, place, subscription)) is not None]
        title, home = _title(views, place)
        drafts = posts.settle(posts.join(made), subscription, title=title, html_url=home)
        drafts.next, drafts.cursor = _walk(views, text(found, "cursor"), look)
        if did := _did_of_author(views, place):
            drafts.cursor = {**drafts.cursor, "did": did}
        return drafts


def _place(subscription: Subscription) -> _Place:
    """What an outline names; one that this source was given by its type alone names an author."""
    return _named(subscription) or _Place("author")


def _named(subscription: Subscription) -> _Place | None:
    """What an outline names; None if nothing of Bluesky."""
    url = subscription.url.strip()
    if url.startswith("did:"):
        return _Place("author", url) if re.fullmatch(_ACTOR, url) else None
    if found := _AT.fullmatch(url):
        return _Place(_SORTS[found[2]] if found[2] else "author", found[1], found[3] or "")
    parts = parts_of(url)
    host = (parts.hostname or "").removeprefix("www.")
    if host not in hosts_of(KIND) and not says(subscription, KIND):
        return None
    if found := _PROFILE.fullmatch(unquote(parts.path)):
        actor, key = found[1].removeprefix("@"), found[3] or ""
        return _Place(_SORTS.get(found[2], "author") if key else "author", actor, key)
    if parts.path.rstrip("/") == "/search" and (words := parse_qs(parts.query).get("q")):
        return _Place("search", key=words[0])
    return _Place("home") if parts.path.rstrip("/") in {"", "/following"} else None


def _resolved(did: str, look: _Look, status: int) -> Answer:
    """What to ask now that a handle's DID is known."""
    if not re.fullmatch(r"did:[a-z]+:[\w.:%-]{1,300}", did):
        return Failure(cause=Cause.NOT_FOUND, text="There is no such handle.", status=status)
    return Parsed(cursor={"did": did}, next=look._replace(actor=did).request(), step=True)


def _views(found: Json) -> list[dict[str, Json]] | None:
    """The posts of an answer as feeds have them; None if it has none. A search has bare posts."""
    if isinstance(get(found, "feed"), list):
        return rows(found, "feed")
    return (
        [{"post": post} for post in rows(found, "posts")] if isinstance(get(found, "posts"), list) else None
    )


def _walk(views: list[dict[str, Json]], cursor: str, look: _Look) -> tuple[Request | None, Mapping[str, str]]:
    """The request for the next older page, as long as nothing on this page was there last time; and what to remember.

    Only when the walk has come back to what was seen then is the new mark kept, so that one that broke off is walked
    again. Custom feeds and searches, which are no sequence in time, are read one page deep.
    """
    moments = [
        m
        for v in views
        if (m := moment_of(v)) is not None and not text(v, "reason", "$type").endswith("#Pin")
    ]
    until = times.from_text(look.until)
    newest = max(look.newest, max(moments).isoformat() if moments else "")
    older = cursor and moments and until is not None and min(moments) > until
    if not older or look.place.sort in {"feed", "search"} or look.page > _PAGES:
        return None, {"until": newest, "gap": ""}
    return look._replace(newest=newest).request(cursor), {"gap": "yes"}


def _authors(views: list[dict[str, Json]]) -> list[Json]:
    """The authors of the posts that nobody passed on."""
    return [get(view, "post", "author") for view in views if not get(view, "reason")]


def _did_of_author(views: list[dict[str, Json]], place: _Place) -> str:
    """The DID behind the handle of an author; "" for other places and where no post has it."""
    same = (a for a in _authors(views) if text(a, "handle").lower() == place.actor.lower())
    return text(next(same, None), "did") if place.sort == "author" else ""


def _title(views: list[dict[str, Json]], place: _Place) -> tuple[str, str]:
    """The title of a place, and its address on the web."""
    profile = f"https://bsky.app/profile/{place.actor}"
    match place.sort:
        case "author":
            authors = _authors(views)
            return (name_of(authors[0]) if authors and authors[0] else f"@{place.actor}"), profile
        case "feed":
            return f"{place.key} by {place.actor}", f"{profile}/feed/{place.key}"
        case "list":
            return f"{place.key} by {place.actor}", f"{profile}/lists/{place.key}"
        case "search":
            return f"Bluesky: {place.key}", f"https://bsky.app/search?q={escaped(place.key)}"
        case "home":
            return "Bluesky home", "https://bsky.app/"


def _post(view: dict[str, Json], place: _Place, subscription: Subscription) -> Post | None:
    post, reason = get(view, "post"), get(view, "reason")
    author, record = get(post, "author"), get(post, "record")
    uri, did = text(post, "uri"), text(author, "did")
    if not uri or not isinstance(record, dict):
        return None
    if (labels_of(post) | labels_of(author)) & HIDDEN:
        return None
    if not place.closed and STRANGERS in labels_of(author):
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
    languages, named = get(record, "langs"), get(record, "tags")
    tags += [tag for tag in named if isinstance(tag, str)] if isinstance(named, list) else []
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
        tags=tags,
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
