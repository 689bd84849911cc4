"""The base of all kinds of sources: how to request a subscription, and how its answer becomes drafts of items; the table of
networks with their hosts; and the person whose profile or post an address is.

A network is a subclass of `Source` in a module of its own, and its line in `NETWORKS`. Every method has a default, that
of a plain feed; a network overrides what is different. `reading` makes items of the drafts.
"""

from __future__ import annotations

import html
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from newsfeed.lazy import expression
from newsfeed.model import (
    Cause,
    Enclosure,
    Failure,
    FeedState,
    Parsed,
    Problem,
    Record,
    Request,
    Response,
    Subscription,
)
from newsfeed.text import clean_line
from newsfeed.text.outline_options import options

_JSON_FIRST = "application/feed+json, application/json;q=0.9, application/atom+xml;q=0.8, application/rss+xml;q=0.8, */*;q=0.1"
FEED = "syndication"  # the kind of plain feeds: RSS, Atom, JSON Feed
BODY_LIMIT = 10_000_000  # bytes of an answer that are read


@dataclass(slots=True)
class Draft:
    """An entry as its source gives it. `body` and `summary` are HTML; plain text is escaped before it gets here."""

    guid: str = ""
    link: str = ""
    base: str = ""
    discussion: str = ""
    discussion_label: str = ""
    title: str = ""
    summary: str = ""
    body: str = ""
    author: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    language: str = ""
    kind: str = ""
    tags: list[str] = field(default_factory=list)
    enclosures: list[Enclosure] = field(default_factory=list)
    score: int | None = None
    comments: int | None = None
    via: tuple[str, ...] = ()
    warning: str = ""  # a content warning; posts with one are not shown
    picture: str = ""  # what a picture shows, if there is nothing else


@dataclass(slots=True)
class Drafts:
    """The entries of one answer, and what it says about the feed."""

    entries: list[Draft]
    title: str = ""
    home: str = ""  # the page that the feed belongs to
    html_url: str = ""  # the same, as it is stored
    language: str = ""
    ttl_minutes: int = 0
    skip_hours: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()
    cursor: Mapping[str, str] | None = None  # the source's new cursor; None: unchanged
    next: Request | None = None  # the request for the next page
    not_before: datetime | None = None


# An intermediate step (such as the id of an account) is returned as `Parsed`.
Answer = Drafts | Parsed | Failure


class Source(ABC):
    """A kind of source."""

    kind = ""  # as in `Request.source`

    @abstractmethod
    def claims(self, subscription: Subscription) -> bool:
        """Whether this kind reads a subscription, judged by its address, type and options."""

    def request(self, state: FeedState) -> Request | Failure:
        """The request for a feed, or why there is none."""
        return as_feed(state)

    def join(self, states: Iterable[FeedState]) -> Mapping[int, Request]:
        """By feed, the requests that serve several feeds at once, for a host that allows few requests."""
        return {}

    def again(self, state: FeedState, failure: Failure) -> FeedState | None:
        """The state to ask with in another way after a failure; None if there is no other way."""
        return None

    def explain(self, state: FeedState, failure: Failure) -> Failure:
        """A failure in words that fit the network, with what the reader can do."""
        return failure

    def portable(self, state: FeedState) -> str:
        """An address that other feed readers can fetch; "" if there is none."""
        asked = self.request(state)
        return asked.url if isinstance(asked, Request) and asked.source == FEED else ""

    def parse(self, response: Response, subscription: Subscription, now: datetime) -> Answer | None:
        """The contents of an answer; None if it is a plain feed."""
        return None

    def refine(self, drafts: Drafts, response: Response, subscription: Subscription) -> Drafts:
        """The entries of a plain feed, adjusted to this network."""
        return drafts


def as_feed(state: FeedState, url: str = "") -> Request:
    """A feed's address (or `url`) with its validators, read as a plain feed."""
    return validated(Request(url=url or state.subscription.url, feed=state.feed, source=FEED), state)


def validated(request: Request, state: FeedState) -> Request:
    """A request that asks only for what is new since the last answer."""
    return msgspec.structs.replace(
        request, etag=state.etag, last_modified=state.last_modified, body_hash=state.body_hash
    )


def language_of(subscription: Subscription, declared: str) -> str:
    """The declared language of a feed's items: as the reader set it, else as the feed declares it."""
    return options(subscription.options).language or clean_line(declared, 20)


def says(subscription: Subscription, kind: str) -> bool:
    """Whether an outline itself says that it is of a kind."""
    return kind in {subscription.kind.lower(), options(subscription.options).source.lower()}


def parts_of(url: str) -> SplitResult:
    """The parts of an address; without a host if it can't be parsed."""
    try:
        return urlsplit(url.strip())
    except ValueError:
        return urlsplit("")


def host_and_path(url: str) -> tuple[str, str]:
    """Host (without "www.") and path of an address."""
    parts = parts_of(url)
    return (parts.hostname or "").removeprefix("www."), parts.path


def write_context(**facts: str) -> str:
    """Context that a request passes on to the parsing of its own answer."""
    return json.dumps({name: value for name, value in facts.items() if value})


def read_context(request: Request) -> dict[str, str]:
    """What `write_context` wrote; {} if it is invalid."""
    try:
        found = json.loads(request.context or "{}")
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def is_shut(failure: Failure) -> bool:
    """Whether an API refuses us, so that another way to the same posts should be tried."""
    return failure.status in {400, 405, 406, 422, 501} or failure.cause in {
        Cause.NOT_FOUND,
        Cause.GONE,
        Cause.LOGIN,
        Cause.NOT_A_FEED,
        Cause.BROKEN_FEED,
    }


class Syndication(Source):
    """Plain feeds (RSS, Atom, JSON Feed), and everything that no other kind claims; whether it is a feed shows in the
    answer."""

    kind = FEED

    def claims(self, subscription: Subscription) -> bool:
        return True

    def request(self, state: FeedState) -> Request:
        asked = as_feed(state)
        return msgspec.structs.replace(asked, accept=_JSON_FIRST) if _is_json(state.subscription) else asked


def _is_json(subscription: Subscription) -> bool:
    """Whether the outline says so, or the end of its address."""
    if subscription.kind.lower() in {"json", "jsonfeed"}:
        return True
    return parts_of(subscription.url).path.lower().endswith((".json", ".jsonfeed"))


plain = Syndication()


class Network(NamedTuple):
    """A kind of source: the hosts that no other network may claim, and its module, if that doesn't have its name."""

    kind: str
    hosts: tuple[str, ...] = ()
    place: str = ""


# In the order in which they may claim a subscription. The last one claims everything.
NETWORKS = (
    Network("mailbox"),
    Network("x", ("x.com", "twitter.com")),
    Network("unsupported", ("linkedin.com", "lnkd.in", "threads.net", "threads.com", "facebook.com", "fb.com", "instagram.com", "tiktok.com"), "hosted.unsupported"),
    Network("bluesky", ("bsky.app", "main.bsky.dev")),
    Network("reddit", ("reddit.com",)),
    Network("hackernews", ("news.ycombinator.com", "hn.algolia.com")),
    Network("youtube", ("youtube.com",)),
    Network("github", ("github.com",), "hosted.github"),
    Network("stackexchange", ("stackexchange.com", "stackoverflow.com", "superuser.com", "serverfault.com", "askubuntu.com", "stackapps.com", "mathoverflow.net"), "hosted.stackexchange"),
    Network("telegram", ("t.me", "telegram.me", "telegram.dog")),
    Network("hosted", ("medium.com", "substack.com", "dev.to", "tumblr.com", "podcasts.apple.com", "itunes.apple.com")),
    Network("lemmy"),
    Network("mastodon"),
    Network("syndication", place="source.plain"),
)  # fmt: skip
# Sites without a module whose addresses look like those of Mastodon or Lemmy.
_LOOKALIKES = (
    "boosty.to", "discourse.org", "flipboard.com", "hackernoon.com", "note.com", "npmjs.com", "odysee.com",
    "rumble.com", "soundcloud.com", "steemit.com", "vimeo.com",
)  # fmt: skip


# Content there is a post of Reddit itself, not something that it links to.
REDDIT_OWN = ("reddit.com", "redd.it", "redditmedia.com", "imgur.com", "gfycat.com")


def hosts_of(kind: str) -> tuple[str, ...]:
    """The hosts of a network."""
    return next((network.hosts for network in NETWORKS if network.kind == kind), ())


def lies_at(host: str, *names: str) -> bool:
    """Whether a host is one of these or a subdomain of one."""
    for name in names:
        if host.endswith(name) and (len(host) == len(name) or host[-len(name) - 1] == "."):
            return True
    return False


def is_taken(host: str) -> bool:
    """Whether a host belongs to one network, and so isn't a server of a network with many servers."""
    return lies_at(host, *_LOOKALIKES, *(name for network in NETWORKS for name in network.hosts))


_HREF = expression(r"""<a\s[^>]{0,600}?href=["'](https?://[^"']{4,600})["']""", re.IGNORECASE)
_FEDIVERSE = expression(
    r"/(?:web/)?(?:@|users/)([A-Za-z0-9_][\w.-]{0,60}?)(?:@([\w-]+(?:\.[\w-]+)+))?(?:\.rss)?(?:/(?:statuses/)?(\d{5,25}))?/?"
)
_BLUESKY = expression(r"/profile/((?:did:[a-z]+:[\w.:%-]+)|(?:[\w-]+\.)+[\w-]+)(?:/(?:rss|post/(\w+)))?/?")
_BARE = expression(r"@?([\w.-]+)@((?:[\w-]+\.)+[\w-]+)")


class Voice(Record, frozen=True, kw_only=True):
    """A person on a network: `key` is the same for all their addresses."""

    key: str  # "@ada@social.example", "bsky:bo.example"
    profile: str
    post: bool = False  # whether the address was that of a post


def voice(address: str) -> Voice | None:
    """Whose profile or post an address is; None for everything else."""
    address = address.strip()
    if bare := _BARE.fullmatch(address.removeprefix("acct:")):
        name, host = bare[1], bare[2].lower()
        return Voice(key=f"@{name.lower()}@{host}", profile=f"https://{host}/@{name}")
    if address.startswith(("did:", "at://did:")):
        did = address.removeprefix("at://").split("/")[0]
        return Voice(key=f"bsky:{did}", profile=f"https://bsky.app/profile/{did}")
    parts = parts_of(address)
    host = (parts.hostname or "").lower().removeprefix("www.")
    path = unquote(parts.path)
    if host == "bsky.app":
        found = _BLUESKY.fullmatch(path)
        if not found:
            return None
        actor = found[1].lower() if not found[1].startswith("did:") else found[1]
        return Voice(key=f"bsky:{actor}", profile=f"https://bsky.app/profile/{actor}", post=bool(found[2]))
    if not host or is_taken(host):
        return None
    found = _FEDIVERSE.fullmatch(path)
    if not found:
        return None
    home = (found[2] or host).lower()
    return Voice(
        key=f"@{found[1].lower()}@{home}", profile=f"https://{home}/@{found[1]}", post=bool(found[3])
    )


def linked(markup: str) -> Iterator[tuple[Voice, str]]:
    """The people whose posts a text links to, each with that address. Mentions of a name don't count."""
    for href in _HREF.findall(markup[:60_000]):
        address = html.unescape(href)
        found = voice(address)
        if found is not None and found.post:
            yield found, address
