"""Mastodon and compatible servers: accounts, hashtags, lists and the home timeline by the public API.

The API has boosts, cards, counts and polls, which RSS lacks. A server without the API is asked for RSS, and a
page that only looked like a profile is read as a page.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote as escaped
from urllib.parse import unquote

import msgspec

from newsfeed.lazy import expression
from newsfeed.model import Cause, Failure, FeedState, Parsed, Request, Response, Subscription
from newsfeed.sources import posts
from newsfeed.sources.posts import Json, Post, count, get, rows, text
from newsfeed.sources.source import (
    Answer,
    Draft,
    Drafts,
    Source,
    as_feed,
    is_shut,
    is_taken,
    parts_of,
    read_context,
    says,
    validated,
    write_context,
)
from newsfeed.text import plain_text, safe_url, times
from newsfeed.text.encodings import looks_like_json
from newsfeed.text.outline_options import options

KIND = "mastodon"

_PAGE = 40  # posts per request, the most that a server gives
_BARE = expression(r"(?:acct:(?://)?)?@?([\w.-]+)@([\w-]+(?:\.[\w-]+)+)")
_BARE_TAG = expression(r"#(\w+)@([\w-]+(?:\.[\w-]+)+)")
_ACCOUNT = expression(
    r"/(?:web/)?(?:@|users/)([\w.-]+?)(?:@([\w.-]+\.[\w-]+))?(?:/(with_replies|media|tagged/[^/]+))?/?(\.rss)?"
)
_TAG = expression(r"/(?:web/)?(?:tags|timelines/tag)/([^/?#.]+)/?(\.rss)?")
_LIST = expression(r"/(?:web/)?(?:lists|timelines/list)/(\d+)/?")
_HOME = expression(r"/(?:web/)?(?:home|timelines/home)/?|/?")


class _Place(NamedTuple):
    """What an outline names. `sort` is "account", "tag", "list" or "home"."""

    server: str  # scheme and host
    sort: str
    name: str = ""
    replies: bool = False
    sure: bool = False  # only Mastodon is written so

    @property
    def host(self) -> str:
        return posts.host_of(self.server)


class Mastodon(Source):
    """Mastodon and compatible servers."""

    kind = KIND

    def claims(self, subscription: Subscription) -> bool:
        """Profiles, `@user@host` and `#tag@host`; tags, lists and home where the outline says Mastodon."""
        return _place(subscription) is not None

    def request(self, state: FeedState) -> Request:
        """The timeline; or, for an account whose id is unknown, a look-up."""
        place = _place(state.subscription)
        way = state.cursor.get("way", "")
        if place is None or way == "page":
            return as_feed(state)
        asking = _Asking(state.subscription, place, state.feed)
        if way == "rss":
            return asking.request(_rss(place, state.subscription), state)
        if place.sort == "account" and not state.cursor.get("id"):
            server = posts.service(state.subscription, place.server)
            return Request(
                url=f"{server}/api/v1/accounts/lookup?acct={escaped(place.name)}",
                feed=state.feed,
                source=KIND,
                accept="application/json",
                context=write_context(step="lookup", seen=state.cursor.get("seen", "")),
            )
        return asking.request(asking.timeline(state.cursor.get("id", "")), state)

    def again(self, state: FeedState, failure: Failure) -> FeedState | None:
        """First look the account up again if its id is no longer known, then try RSS, then the page itself."""
        place, way = _place(state.subscription), state.cursor.get("way", "")
        if place is None or place.sort in {"list", "home"} or not is_shut(failure):
            return None
        cursor = {name: value for name, value in state.cursor.items() if name not in {"id", "way"}}
        if not way and state.cursor.get("id") and failure.cause in {Cause.NOT_FOUND, Cause.GONE}:
            return msgspec.structs.replace(state, cursor=cursor)
        if not way:
            return msgspec.structs.replace(state, cursor={**cursor, "way": "rss"})
        if way == "rss" and not place.sure and state.subscription.url.startswith("http"):
            return msgspec.structs.replace(state, cursor={**cursor, "way": "page"})
        return None

    def explain(self, state: FeedState, failure: Failure) -> Failure:
        """Failures, worded for Mastodon."""
        place = _place(state.subscription)
        if place is None:
            return failure
        if place.sort in {"list", "home"}:
            if failure.cause == Cause.LOGIN:
                return posts.wants_secret(
                    failure,
                    place.host,
                    "This Mastodon list needs a token of yours for {host}."
                    if place.sort == "list"
                    else "Your Mastodon home needs a token of yours for {host}.",
                    'Add [secrets."{host}"] to newsfeed.toml with env or file; make the token there under Preferences, Development, with read:statuses and read:lists.',
                    'Correct the value behind [secrets."{host}"]; make the token there under Preferences, Development, with read:statuses and read:lists.',
                )
            if failure.status == 206:
                return msgspec.structs.replace(
                    failure,
                    text="{host} is putting your home timeline together; it comes later.",
                    repair="",
                    values={"host": place.host},
                )
        if failure.cause == Cause.LOGIN and place.sure:
            return posts.reworded(
                failure,
                "{host} shows this only to its own members.",
                "Follow it from an account of yours there and add {server}/home of type mastodon.",
                host=place.host,
                server=place.server,
            )
        if failure.cause in {Cause.NOT_FOUND, Cause.GONE} and place.sort == "account" and place.sure:
            return posts.reworded(
                failure,
                "{host} knows no account @{name}.",
                "Look whether it moved: its old profile names the new one. Then change the address in feeds.opml.",
                host=place.host,
                name=place.name,
            )
        return failure

    def portable(self, state: FeedState) -> str:
        """The RSS of an account or tag; lists and home have none."""
        place = _place(state.subscription)
        if place is None or place.sort in {"list", "home"} or state.cursor.get("way") == "page":
            return "" if place and place.sort in {"list", "home"} else state.subscription.url
        return _rss(place, state.subscription)

    def parse(self, response: Response, subscription: Subscription, now: datetime) -> Answer | None:
        """The statuses of a timeline, or the id of an account, or what came instead."""
        place = _place(subscription)
        if place is None or not looks_like_json(response.body):
            return None
        found = posts.read_json(response)
        if isinstance(found, Failure):
            return found
        context = read_context(response.request)
        asking = _Asking(subscription, place, response.request.feed)
        if context.get("step") == "lookup":
            return _account(found, asking, context, response)
        if not isinstance(found, list):
            return _refusal(found, response)
        return _timeline(found, asking, context, response)


def _place(subscription: Subscription) -> _Place | None:
    url = subscription.url.strip()
    if bare := _BARE_TAG.fullmatch(url):
        return _Place(f"https://{bare[2].lower()}", "tag", bare[1], sure=True)
    if (bare := _BARE.fullmatch(url)) and (url.startswith(("@", "acct:"))):
        return _Place(f"https://{bare[2].lower()}", "account", bare[1], sure=True)
    parts = parts_of(url)
    host = (parts.hostname or "").lower()
    if parts.scheme not in {"http", "https"} or is_taken(host):
        return None
    server = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    path, said = unquote(parts.path), says(subscription, KIND)
    wishes = {"boosts", "replies", "min-points"} & subscription.options.keys()
    if (found := _ACCOUNT.fullmatch(path)) and (said or wishes or not found[4]):
        replies = found[3] == "with_replies"
        server = f"https://{found[2].lower()}" if found[2] else server
        return _Place(server, "account", found[1], replies, said)
    if (found := _TAG.fullmatch(path)) and (said or (not found[2] and not parts.query)):
        return _Place(server, "tag", found[1], sure=said)
    if (found := _LIST.fullmatch(path)) and said:
        return _Place(server, "list", found[1], sure=True)
    if _HOME.fullmatch(path) and said:
        return _Place(server, "home", sure=True)
    return None


def _rss(place: _Place, subscription: Subscription) -> str:
    server = posts.service(subscription, place.server)
    if place.sort == "tag":
        return f"{server}/tags/{escaped(place.name)}.rss"
    return f"{server}/@{escaped(place.name)}{'/with_replies' if place.replies else ''}.rss"


class _Asking(NamedTuple):
    """The parameters of a request for a timeline."""

    subscription: Subscription
    place: _Place
    feed: int

    def timeline(self, account: str) -> str:
        server, place = posts.service(self.subscription, self.place.server), self.place
        if place.sort == "tag":
            return f"{server}/api/v1/timelines/tag/{escaped(place.name)}?limit={_PAGE}"
        if place.sort == "list":
            return f"{server}/api/v1/timelines/list/{place.name}?limit={_PAGE}"
        if place.sort == "home":
            return f"{server}/api/v1/timelines/home?limit={_PAGE}"
        choice = "" if options(self.subscription.options).boosts else "&exclude_reblogs=true"
        choice += "" if _replies(self.subscription, place) else "&exclude_replies=true"
        return f"{server}/api/v1/accounts/{escaped(account)}/statuses?limit={_PAGE}{choice}"

    def request(self, url: str, state: FeedState) -> Request:
        asked = self.page(url, seen=state.cursor.get("seen", ""), base=url)
        asked = msgspec.structs.replace(asked, accept="application/json, application/rss+xml;q=0.8")
        # Without validators, or what was not read to the end would be "nothing new"
        return asked if state.cursor.get("gap") else validated(asked, state)

    def page(self, url: str, number: int = 0, **context: str) -> Request:
        """One page of the timeline. Lists and home need the reader's login; everything else is requested without."""
        closed = self.place.sort in {"list", "home"}
        return Request(
            url=url,
            feed=self.feed,
            source=KIND,
            page=number,
            accept="application/json",
            credential=posts.host_of(posts.service(self.subscription, self.place.server)) if closed else "",
            context=write_context(**context),
        )


def _replies(subscription: Subscription, place: _Place) -> bool:
    return place.replies or options(subscription.options).replies


def _refusal(found: Json, response: Response) -> Failure:
    if isinstance(found, dict) and not text(found, "error") and text(found, "content"):
        return Failure(cause=Cause.NOT_A_FEED, text="This is one post, not a timeline.", needs_owner=True)
    return posts.not_a_feed("The answer is no timeline of Mastodon.", response)


def _account(
    found: Json, asking: _Asking, context: Mapping[str, str], response: Response
) -> Parsed | Failure:
    account = text(found, "id")
    if not account:
        return Failure(cause=Cause.NOT_FOUND, text="There is no such account.", status=response.status)
    url = asking.timeline(account)
    return Parsed(
        title=name_of(found) or f"@{asking.place.name}@{asking.place.host}",
        html_url=safe_url(text(found, "url")),
        cursor={"id": account, "way": ""},
        next=asking.page(url, response.request.page + 1, seen=context.get("seen", ""), base=url),
        step=True,
    )


def _timeline(
    found: list[Json],
    asking: _Asking,
    context: Mapping[str, str],
    response: Response,
) -> Drafts:
    told = [s for s in found if isinstance(s, dict)]
    place, subscription = asking.place, asking.subscription
    made = [p for s in told if (p := _post(s, asking)) is not None]
    title, home = _title(told, place), place.server
    if place.sort == "account":
        home = next((text(s, "account", "url") for s in told if text(s, "account", "url")), "")
    elif place.sort == "tag":
        home = f"{place.server}/tags/{place.name}"
    drafts = posts.settle(posts.join(made), subscription, title=title, html_url=home)
    drafts.next, drafts.cursor = _walk(
        [text(s, "id") for s in told if text(s, "id")], asking, context, response
    )
    return drafts


def _walk(
    ids: list[str], asking: _Asking, context: Mapping[str, str], response: Response
) -> tuple[Request | None, Mapping[str, str]]:
    """Which page to request next, and what to remember, so that no post between two refreshes is lost.

    The newest page is asked for first. Where it does not reach back to what was seen last, the posts between are
    walked forward from there (`min_id`); what has been reached is remembered page by page, so that a walk that breaks
    off goes on there the next time.
    """
    seen, floor, top = context.get("seen", ""), context.get("floor", ""), context.get("top", "")
    base = context.get("base", "")
    if not ids:
        return None, {"seen": top, "gap": ""} if top else {"gap": ""}
    newest, oldest = max(ids, key=_order), min(ids, key=_order)
    if not floor:
        full = len(ids) >= _PAGE or 'rel="next"' in response.headers.get("link", "")
        if not seen or not full or _order(oldest) <= _order(seen) or not base:
            return None, {"seen": newest, "gap": ""}
        floor, top, reached = oldest, newest, seen
    elif _order(newest) >= _order(floor) or _order(newest) <= _order(seen):
        return None, {"seen": top, "gap": ""}
    else:
        reached = newest
    place = f"{base}&min_id={escaped(reached)}"
    following = asking.page(place, response.request.page + 1, seen=reached, floor=floor, top=top, base=base)
    return following, {"seen": reached, "gap": "yes"}


def _order(number: str) -> tuple[int, str]:
    """Ids are opaque; they compare by length, then as text."""
    return len(number), number


def _title(told: list[Json], place: _Place) -> str:
    if place.sort == "tag":
        return f"#{place.name} on {place.host}"
    if place.sort in {"list", "home"}:
        return f"Mastodon {place.sort}, {place.host}"
    return next((name_of(s["account"]) for s in told if isinstance(s.get("account"), dict)), "")


def _post(status: Json, asking: _Asking) -> Post | None:
    """One status; None for those left out: private ones, answers to others, boosts if not wanted."""
    place, subscription = asking.place, asking.subscription
    via: tuple[str, ...] = ()
    published = times.from_text(text(status, "created_at"))
    inner = get(status, "reblog")
    if isinstance(inner, dict):
        if place.sort == "account" and not options(subscription.options).boosts:
            return None
        if place.sort in {"list", "home"} and options(subscription.options).boosts is False:
            return None
        via = (name_of(get(status, "account")),)
        status = inner
    if text(status, "visibility") not in {"", "public", "unlisted"}:
        return None
    author = text(status, "account", "id")
    parent, answered = text(status, "in_reply_to_id"), text(status, "in_reply_to_account_id")
    if parent and answered != author and not via and not _replies(subscription, place):
        return None
    draft = draft_of(status, place.host)
    draft.published, draft.via = published, via
    identity = draft.guid or text(status, "id")
    if not identity:
        return None
    post = Post(draft=draft, id=text(status, "id") or identity, author=author)
    if answered == author and not via:
        post.parent = parent
    return post


def name_of(account: Json) -> str:
    """The name of an account: without emoji, else the handle."""
    return posts.name(text(account, "display_name")) or text(account, "username") or text(account, "acct")


def draft_of(status: Json, home: str) -> Draft:
    """A status as a draft; `home` is the server it was asked of."""
    url = safe_url(text(status, "url")) or safe_url(text(status, "uri"))
    account, host = get(status, "account"), posts.host_of(url) or home
    markup = posts.tidy(text(status, "content"))
    card = get(status, "card")
    target = text(card, "url")
    if not (target and posts.leads_elsewhere(target, host)):
        target = posts.shared_link(text(status, "content"), host)
    title = posts.card_title(text(card, "title"), markup) if target == text(card, "url") else ""
    options = [text(o, "title") for o in rows(status, "poll", "options")]
    if options:
        markup += "<ul>" + "".join(f"<li>{posts.escape(o)}</li>" for o in options) + "</ul>"
        title = title or (
            "" if posts.own_words(markup) > len(options) * 3 else f"Poll: {' / '.join(options)}"
        )
    pictures = [text(m, "description") for m in rows(status, "media_attachments")]
    title = title or posts.photo_title(markup, pictures, name_of(account))
    return Draft(
        guid=text(status, "uri") or url,
        link=target or url,
        base=url,
        discussion=url,
        discussion_label="Mastodon",
        title=title,
        body=markup + _quoted(get(status, "quote")),
        author=name_of(account) or text(account, "acct"),
        updated=times.from_text(text(status, "edited_at")),
        language=text(status, "language"),
        kind="post",
        tags=[text(t, "name") for t in rows(status, "tags")],
        score=posts.total(
            count(status, "favourites_count"), count(status, "reblogs_count"), count(status, "quotes_count")
        ),
        comments=count(status, "replies_count"),
        warning=text(status, "spoiler_text").strip(),
        picture=posts.picture(pictures),
    )


def _quoted(quote: Json) -> str:
    """A quoted status, if its author agreed and it is still there."""
    inner = get(quote, "quoted_status")
    if text(quote, "state") != "accepted" or not isinstance(inner, dict) or text(inner, "spoiler_text"):
        return ""
    if text(inner, "visibility") not in {"", "public", "unlisted"}:
        return ""
    said = plain_text(posts.tidy(text(inner, "content")))
    return posts.quote(name_of(get(inner, "account")), safe_url(text(inner, "url")), said)


source = Mastodon()
