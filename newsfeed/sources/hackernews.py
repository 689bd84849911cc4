"""Hacker News by Algolia: a page of stories with points and comments, which the site's own feed lacks, in one request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode

from newsfeed.model import Failure, FeedState, Request, Response, Subscription
from newsfeed.sources import posts
from newsfeed.sources.posts import Json, count, get, rows, text
from newsfeed.sources.source import Answer, Draft, Source, parts_of, says, validated
from newsfeed.text import times
from newsfeed.text.encodings import looks_like_json
from newsfeed.text.outline_options import options

KIND = "hackernews"

ALGOLIA = "https://hn.algolia.com"
HOME = "https://news.ycombinator.com"
_AT_ONCE = 100  # stories; hn.algolia.com gives up to 1,000
_LOOK_BACK = timedelta(days=2)  # points come late: stories of the last days are requested again
_PAGES = {
    "": "front_page", "/": "front_page", "/news": "front_page", "/front": "front_page", "/newest": "story",
    "/best": "story", "/ask": "ask_hn", "/show": "show_hn", "/shownew": "show_hn", "/jobs": "job", "/rss": "front_page",
}  # fmt: skip
# The same pages at hnrss.org.
_MIRRORED = {"frontpage": "front_page", "newest": "story", "ask": "ask_hn", "show": "show_hn", "jobs": "job"}
_LEAST = {"/best": 200}  # points, unless the outline names another number


class _Place(NamedTuple):
    """The parameters of a request to Algolia."""

    tags: str
    title: str
    home: str
    words: str = ""
    least: int = 0


class HackerNews(Source):
    """Hacker News by Algolia."""

    kind = KIND

    def claims(self, subscription: Subscription) -> bool:
        """Pages of news.ycombinator.com and searches of hn.algolia.com."""
        return _place(subscription) is not None

    def request(self, state: FeedState) -> Request:
        """One page of up to a hundred stories."""
        place = _place(state.subscription) or _Place("front_page", "", "")
        server = posts.service(state.subscription, ALGOLIA)
        query: dict[str, str | int] = {"tags": place.tags, "hitsPerPage": _AT_ONCE}
        call = "search"
        if place.tags != "front_page":
            call = "search_by_date"
            limits = []
            if state.last_good and "author_" not in place.tags:
                limits.append(
                    f"created_at_i>{int((state.last_good - _LOOK_BACK).timestamp()) // 3600 * 3600}"
                )
            if least := _least(state.subscription, place):
                limits.append(f"points>={least}")
            if limits:
                query["numericFilters"] = ",".join(limits)
        if place.words:
            query["query"] = place.words
        asked = Request(
            url=f"{server}/api/v1/{call}?{urlencode(query)}",
            feed=state.feed,
            source=KIND,
            accept="application/json",
        )
        return validated(asked, state)

    def portable(self, state: FeedState) -> str:
        """A feed with about the same stories, kept by hnrss.org."""
        place = _place(state.subscription) or _Place("", "", "")
        least = _least(state.subscription, place)
        query = {"q": place.words} if place.words else {}
        query |= {"points": str(least)} if least else {}
        path = next((page for page, tags in _MIRRORED.items() if tags == place.tags), "newest")
        if found := re.fullmatch(r"(story|comment),author_(.+)", place.tags):
            path, query = ("submitted" if found[1] == "story" else "threads"), {"id": found[2]}
        return f"https://hnrss.org/{path}{'?' + urlencode(query) if query else ''}"

    def parse(self, response: Response, subscription: Subscription, now: datetime) -> Answer | None:
        """Stories and comments of Algolia, or items as the network's own interface gives them; RSS where that came."""
        if not looks_like_json(response.body):
            return None
        found = posts.read_json(response)
        if isinstance(found, Failure):
            return found
        if isinstance(get(found, "hits"), list):
            entries = rows(found, "hits")
        elif isinstance(found, list):
            entries = rows(found)
        elif text(found, "id"):
            entries = [found]
        else:
            return posts.not_a_feed("The answer holds no stories.", response)
        place = _place(subscription) or _Place("", "Hacker News", HOME)
        drafts = [d for entry in entries if (d := _draft(entry)) is not None]
        found = posts.settle(drafts, subscription, title=place.title, html_url=place.home)
        # Order and counts change every minute; once an hour is enough for a morning page.
        found.ttl_minutes = 60 if place.tags == "front_page" else 0
        return found


def _place(subscription: Subscription) -> _Place | None:
    parts = parts_of(subscription.url)
    host = (parts.hostname or "").removeprefix("www.")
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if host == "news.ycombinator.com":
        if parts.path in {"/user", "/submitted", "/threads"} and (person := _person(parts.path[1:], query)):
            return person
        if tags := _PAGES.get(parts.path):
            name = "Hacker News" if tags == "front_page" else f"Hacker News, {parts.path.strip('/')}"
            return _Place(tags, name, f"{HOME}{parts.path or '/'}", least=_LEAST.get(parts.path, 0))
    if host == "hnrss.org" and says(subscription, KIND):
        return _mirrored(parts.path.strip("/"), query)
    if host == "hn.algolia.com" and parts.path in {"", "/"} and query.get("q", query.get("query")):
        words = query.get("q") or query["query"]
        return _Place("story", f"Hacker News: {words}", subscription.url.strip(), words)
    return None


def _person(page: str, query: Mapping[str, str]) -> _Place | None:
    """The stories of a person, or their comments on the page "threads"; None without a name."""
    who = query.get("id", "")
    sort = "comment" if page == "threads" else "story"
    found = re.fullmatch(r"[\w-]{1,30}", who)
    return (
        _Place(f"{sort},author_{who}", f"{who} on Hacker News", f"{HOME}/{page}?id={who}") if found else None
    )


def _mirrored(page: str, query: Mapping[str, str]) -> _Place | None:
    """The same stories as a feed of hnrss.org, which other readers take in our place."""
    least = int(query["points"]) if re.fullmatch(r"\d{1,6}", query.get("points", "")) else 0
    if page in {"submitted", "threads"} and (person := _person(page, query)):
        return person
    tags = _MIRRORED.get(page, "")
    words = query.get("q", "")
    name = (
        f"Hacker News: {words}"
        if words
        else "Hacker News"
        if tags == "front_page"
        else f"Hacker News, {page}"
    )
    return _Place(tags, name, f"{HOME}/", words, least) if tags else None


def _draft(entry: dict[str, Json]) -> Draft | None:
    number = text(entry, "objectID") or text(entry, "id")
    sort = text(entry, "type") or _sort(get(entry, "_tags"))
    gone = get(entry, "dead") is True or get(entry, "deleted") is True
    if gone or not number.isdigit() or sort == "pollopt":
        return None
    discussion = f"{HOME}/item?id={number}"
    comment = sort == "comment" or (not text(entry, "title") and bool(text(entry, "comment_text")))
    title = text(entry, "title")
    if comment and (about := text(entry, "story_title")):
        title = f"On: {about}"
    url = text(entry, "url")
    link = url if url and not comment and posts.host_of(url) != "news.ycombinator.com" else discussion
    return Draft(
        guid=discussion,
        link=link,
        base=HOME,
        discussion=discussion,
        discussion_label="Hacker News",
        title=title,
        body=text(entry, "comment_text") or text(entry, "story_text") or text(entry, "text"),
        author=text(entry, "author") or text(entry, "by"),
        published=times.from_text(
            text(entry, "created_at_i") or text(entry, "time") or text(entry, "created_at")
        ),
        kind="post" if link == discussion else "",
        score=None if comment else _first(count(entry, "points"), count(entry, "score")),
        comments=_first(count(entry, "num_comments"), count(entry, "descendants")),
    )


def _sort(tags: Json) -> str:
    known = ("comment", "story", "job", "poll", "pollopt")
    return next((sort for sort in known if isinstance(tags, list) and sort in tags), "")


def _first(*counts: int | None) -> int | None:
    return next((c for c in counts if c is not None), None)


def _least(subscription: Subscription, place: _Place) -> int:
    """The fewest points of a story that is requested."""
    least = options(subscription.options).min_points
    return place.least if least is None else least


source = HackerNews()
