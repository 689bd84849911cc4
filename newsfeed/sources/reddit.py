"""Reddit: subreddits, users and searches by RSS, several subreddits in one request; or by the API with a key.

The host allows about one request a minute, so subreddits with the same sort order are requested together, and each
feed takes its own posts from the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

import msgspec

from newsfeed.lazy import expression
from newsfeed.model import Cause, Failure, FeedState, Request, Response, Subscription
from newsfeed.sources import posts
from newsfeed.sources.posts import Json, count, get, rows, text
from newsfeed.sources.source import (
    REDDIT_OWN,
    Answer,
    Draft,
    Drafts,
    Source,
    hosts_of,
    lies_at,
    parts_of,
    validated,
)
from newsfeed.text import clean_line, times
from newsfeed.text.encodings import looks_like_json
from newsfeed.text.outline_options import options

KIND = "reddit"

WWW = "https://www.reddit.com"
OAUTH = "oauth.reddit.com"
_TOGETHER = 8  # subreddits in one request; its hundred posts are shared among them
_BARE = expression(r"/?(r|u|user)/([\w+-]{1,200})/?")
_SUBREDDIT = expression(
    r"/r/([\w+-]{1,200})(?:/(new|hot|top|rising|best|controversial))?/?(?:\.rss|\.json)?/?"
)
_OTHER = expression(
    r"/(?:(?:u|user)/[\w-]{1,60}(?:/(?:submitted|m/[\w-]+|overview|comments|saved|upvoted))?|search|r/\w+/search"
    r"|r/\w+/comments/\w+(?:/[^/]*)?|domain/[\w.-]+|me/[mf]/[\w-]+|best|new|hot|top|rising)?/?(?:\.rss|\.json)?/?"
)


class _Place(NamedTuple):
    """What an outline names, as a path and a query of Reddit."""

    path: str  # without ".rss"
    query: str = ""
    subreddits: tuple[str, ...] = ()  # lower case
    order: str = ""  # "new", "top", …
    oauth: bool = False


class Reddit(Source):
    """Reddit."""

    kind = KIND

    def claims(self, subscription: Subscription) -> bool:
        """`r/name`, `u/name` and addresses of reddit.com."""
        return _place(subscription) is not None

    def request(self, state: FeedState) -> Request:
        """The listing as RSS, at most a hundred posts; by the API if the outline names its host."""
        place = _place(state.subscription) or _Place("")
        asked = _ask(state.subscription, place, state.feed)
        return validated(asked, state)

    def again(self, state: FeedState, failure: Failure) -> FeedState | None:
        """By itself, if another subreddit may have made the joint request fail."""
        place = _place(state.subscription)
        if place is None or not place.subreddits or state.cursor.get("alone"):
            return None
        if failure.cause not in {Cause.NOT_FOUND, Cause.GONE}:
            return None
        return msgspec.structs.replace(state, cursor={**state.cursor, "alone": "yes"})

    def explain(self, state: FeedState, failure: Failure) -> Failure:
        """Failures, worded for Reddit."""
        place = _place(state.subscription) or _Place("")
        if place.oauth and failure.cause == Cause.LOGIN:
            return posts.wants_secret(
                failure,
                OAUTH,
                "Reddit's own interface needs a token of yours for {host}.",
                'Add [secrets."{host}"] to newsfeed.toml with env or file; its value is client-id:client-secret of a key that you own; without one, use www.reddit.com.',
                'Correct the value behind [secrets."{host}"]; its value is client-id:client-secret of a key that you own; without one, use www.reddit.com.',
            )
        if failure.cause == Cause.LOGIN and failure.status == 403:
            return msgspec.structs.replace(
                failure,
                text="Reddit does not let this reader in (403): the subreddit is private, or Reddit shuts this network out.",
                repair="For a private one, use the address of your own feed from reddit.com/prefs/feeds.",
            )
        if failure.cause in {Cause.NOT_FOUND, Cause.GONE}:
            return posts.reworded(
                failure,
                "Reddit has nothing at {path}.",
                "It may be banned or spelled otherwise: look it up on reddit.com, then correct feeds.opml.",
                path=place.path,
            )
        return failure

    def join(self, states: Iterable[FeedState]) -> Mapping[int, Request]:
        """One request for the subreddits with the same sort order; feeds with their own tokens are requested separately."""
        groups: dict[tuple[str, str, str], list[tuple[FeedState, _Place]]] = {}
        for state in states:
            place = _place(state.subscription)
            if place is None or not place.subreddits or place.oauth or state.cursor.get("alone"):
                continue
            query = {name: value for name, value in parse_qsl(place.query) if name != "limit"}
            if {"feed", "user"} & query.keys():
                continue
            key = (posts.service(state.subscription, WWW), place.order, urlencode(sorted(query.items())))
            groups.setdefault(key, []).append((state, place))
        found: dict[int, Request] = {}
        for (_, order, query_), members in groups.items():
            for start in range(0, len(members), _TOGETHER):
                some = members[start : start + _TOGETHER]
                names = tuple(dict.fromkeys(n for _, place in some for n in place.subreddits))
                if len(some) < 2:
                    continue
                first, _ = some[0]
                path = f"/r/{'+'.join(names)}{f'/{order}' if order else ''}"
                shared = _ask(first.subscription, _Place(path, query_, names, order), first.feed)
                found |= {state.feed: shared for state, _ in some}
        return found

    def portable(self, state: FeedState) -> str:
        """The same listing as RSS."""
        place = _place(state.subscription) or _Place("")
        if place.oauth:
            return state.subscription.url
        return f"{WWW}{place.path}/.rss{'?' + place.query if place.query else ''}"

    def parse(self, response: Response, subscription: Subscription, now: datetime) -> Answer | None:
        """The posts of a listing in either format; of a joint one, only those of the feed's subreddits."""
        place = _place(subscription) or _Place("")
        if looks_like_json(response.body):
            found = posts.read_json(response)
            if isinstance(found, Failure):
                return found
            return _listing(found, response, subscription, place)
        return None

    def refine(self, drafts: Drafts, response: Response, subscription: Subscription) -> Drafts:
        """The posts of a joint listing that are of the feed's subreddits."""
        place = _place(subscription) or _Place("")
        wanted = set(place.subreddits)
        own = [
            draft
            for draft in drafts.entries
            if not wanted or (name := _subreddit(draft.discussion or draft.link)) in wanted or not name
        ]
        if len(wanted) == 1 and len(own) < len(drafts.entries):
            drafts.title = f"r/{_spelled(subscription, place)}"
            drafts.html_url = f"{WWW}{place.path}/"
        drafts.entries = own
        return drafts


def _place(subscription: Subscription) -> _Place | None:
    url = subscription.url.strip()
    if bare := _BARE.fullmatch(url):
        if bare[1] == "r":
            return _Place(f"/r/{bare[2]}", "", tuple(bare[2].lower().split("+")))
        return _Place(f"/user/{bare[2]}/submitted")
    parts = parts_of(url)
    host = (parts.hostname or "").lower()
    if not lies_at(host, *hosts_of(KIND)):
        return None
    oauth = host == OAUTH
    if found := _SUBREDDIT.fullmatch(parts.path):
        order = found[2] or ""
        return _Place(
            f"/r/{found[1]}{f'/{order}' if order else ''}", parts.query, tuple(found[1].lower().split("+")), order, oauth
        )  # fmt: skip
    if not _OTHER.fullmatch(parts.path):
        return None
    path = re.sub(r"/?\.(?:rss|json)/?$", "", parts.path).rstrip("/")
    path = re.sub(r"^/u/", "/user/", path)
    if re.fullmatch(r"/user/[\w-]+", path):
        path += "/submitted"
    return _Place(path, parts.query, oauth=oauth)


def _ask(subscription: Subscription, place: _Place, feed: int) -> Request:
    query = dict(parse_qsl(place.query, keep_blank_values=True))
    if place.oauth:
        server = posts.service(subscription, f"https://{OAUTH}")
        query |= {"limit": "100", "raw_json": "1"}
        return Request(
            url=f"{server}{place.path}?{urlencode(query)}",
            feed=feed,
            source=KIND,
            accept="application/json",
            credential=posts.host_of(server),
            login="reddit",
        )
    server = posts.service(subscription, WWW)
    if place.subreddits:
        query.setdefault("limit", "100" if len(place.subreddits) > 1 else "50")
    path = f"{place.path}/.rss" if place.path != "/search" else "/search.rss"
    return Request(
        url=f"{server}{path}{'?' + urlencode(query) if query else ''}",
        feed=feed,
        source=KIND,
        accept="application/atom+xml, application/xml;q=0.9, */*;q=0.1",
    )


def _subreddit(url: str) -> str:
    found = re.match(r"https?://[^/]+/r/([^/]+)/comments/", url)
    return found[1].lower() if found else ""


def _spelled(subscription: Subscription, place: _Place) -> str:
    return clean_line(place.path.split("/")[2]) if place.path.count("/") > 1 else subscription.title


def _listing(
    found: Json,
    response: Response,
    subscription: Subscription,
    place: _Place,
) -> Drafts | Failure:
    listing = found[0] if isinstance(found, list) and found else found
    if text(listing, "kind") != "Listing":
        return posts.not_a_feed("The answer is no listing of Reddit.", response)
    adult = options(subscription.options).adult
    drafts = []
    for child in rows(listing, "data", "children"):
        data = get(child, "data")
        sort = text(child, "kind")
        if (
            sort not in {"t1", "t3"}
            or get(data, "stickied") is True
            or (get(data, "over_18") is True and not adult)
        ):
            continue
        draft = _post(data) if sort == "t3" else _comment(data)
        if draft:
            drafts.append(draft)
    title = f"r/{_spelled(subscription, place)}" if place.subreddits else ""
    return posts.settle(drafts, subscription, title=title, html_url=f"{WWW}{place.path}/")


def _post(data: Json) -> Draft | None:
    permalink, url = text(data, "permalink"), text(data, "url")
    if not permalink.startswith("/"):
        return None
    discussion = f"{WWW}{permalink}"
    host = posts.host_of(url)
    own = get(data, "is_self") is True or lies_at(host, *REDDIT_OWN)
    link = discussion if own or not posts.leads_elsewhere(url, "www.reddit.com") else url
    markup = text(data, "selftext_html")
    return Draft(
        guid=text(data, "name") or discussion,
        link=link,
        base=discussion,
        discussion=discussion,
        discussion_label="Reddit",
        title=text(data, "title"),
        body=_unescaped(markup) if get(data, "spoiler") is not True else "",
        author=f"u/{text(data, 'author')}",
        published=times.from_text(str(count(data, "created_utc") or "")),
        kind="post" if link == discussion else "",
        tags=[flair] if (flair := text(data, "link_flair_text")) else [],
        score=count(data, "score"),
        comments=count(data, "num_comments"),
    )


def _comment(data: Json) -> Draft | None:
    """A comment in a user's listing: its text, under the title of the post it is about."""
    permalink = text(data, "permalink")
    url = f"{WWW}{permalink}" if permalink.startswith("/") else text(data, "link_permalink")
    if not url or not text(data, "name"):
        return None
    return Draft(
        guid=text(data, "name"),
        link=url,
        base=url,
        discussion=url,
        discussion_label="Reddit",
        title=f"On: {title}" if (title := text(data, "link_title")) else "",
        body=_unescaped(text(data, "body_html")),
        author=f"u/{text(data, 'author')}",
        published=times.from_text(str(count(data, "created_utc") or "")),
        kind="post",
        score=count(data, "score"),
    )


def _unescaped(markup: str) -> str:
    """HTML that is escaped twice, as without `raw_json`."""
    import html

    return html.unescape(markup) if markup.lstrip().startswith("&lt;") else markup


source = Reddit()
