"""`Record`, the base of all records; subscriptions as feeds.opml has them, feeds, requests and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from urllib.parse import urlsplit

import msgspec

Day = date  # a local day of the reader
PAGE_END = "<!-- end of page -->"  # the end of every page; a file without it is incomplete


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of all records: frozen, named fields, written as JSON without its defaults."""


class Problem(Record, frozen=True, kw_only=True):
    """Something wrong with an outline, a document or a setting, in words for the reader."""

    text: str
    line: int = 0  # 1-based; 0 where there is none
    repair: str = ""
    harmless: bool = False  # reported, but nothing is lost: for example a feed listed twice


class Options(Record, frozen=True, kw_only=True):
    """The options written beside a feed in the list, as `text.options` understands them."""

    must_read: bool = False
    muted: bool = False
    muted_words: tuple[str, ...] = ()  # only items with one of these are muted
    weight: float = 1.0  # multiplies scores
    cap: float = 0.20  # of the minutes, for its second and later picks (bench/RESULTS.md, SOURCE_CAP)
    most: int = -1  # the most picks; -1: no limit
    paywall: bool = False
    labels: tuple[str, ...] = ()  # what the reader calls its kind: an owner, a country, a leaning
    language: str = ""
    source: str = ""  # the source kind to read it as
    api: str = ""
    boosts: bool | None = None  # None: the usual for such an address
    replies: bool = False
    min_points: int | None = None
    shorts: bool = False
    adult: bool = False
    split: bool = True
    daily_posts: int = 0


class Subscription(Record, frozen=True, kw_only=True):
    """One outline of `feeds.opml`.

    `options` are the reader's own attributes without their `newsfeed-` prefix, as written, so that they can be
    stored and written again; `text.options` reads them.
    """

    url: str
    title: str = ""
    folders: tuple[str, ...] = ()  # outermost first
    categories: tuple[str, ...] = ()
    html_url: str = ""
    kind: str = ""  # the outline's `type` attribute
    options: Mapping[str, str] = {}
    attributes: Mapping[str, str] = {}  # the outline's other attributes as written, kept for other readers
    line: int = 0


class Folder(Record, frozen=True, kw_only=True):
    """A folder of a list, with or without feeds."""

    path: tuple[str, ...]  # outermost first, its own name last
    attributes: Mapping[str, str] = {}  # all but its name, as written
    line: int = 0


class SubscriptionList(Record, frozen=True, kw_only=True):
    """A subscription list as read: its usable subscriptions, and what is wrong with the rest."""

    subscriptions: tuple[Subscription, ...] = ()
    doubles: tuple[Subscription, ...] = ()  # listed again in another folder; the first listing counts
    folders: tuple[Folder, ...] = ()
    problems: tuple[Problem, ...] = ()
    title: str = ""
    namespaces: Mapping[str, str] = {}  # namespace prefix -> namespace
    complete: bool = True  # False if the text ends early: what is missing was not removed by the reader


class FeedState(Record, frozen=True, kw_only=True):
    """Everything known about one feed over time. `feed` is its number in the store, 0 before it has one."""

    subscription: Subscription
    feed: int = 0
    title: str = ""  # the feed's own title; the subscription's title takes precedence
    html_url: str = ""
    language: str = ""
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    next_due: datetime | None = None
    # From Retry-After and the like; even a manual refresh waits until then
    not_before: datetime | None = None
    last_tried: datetime | None = None
    last_good: datetime | None = None  # last answer that was a readable feed or "not modified"
    last_changed: datetime | None = None
    first_good: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0  # in a row
    failure: Failure | None = None  # the current failure, if there is one
    items_a_day: float = 0.0
    ttl_minutes: int = 0  # as requested in the feed's last readable document
    skip_hours: tuple[int, ...] = ()  # UTC
    moved_to: str = ""  # where permanent redirects currently lead
    moved_seen: tuple[date, ...] = ()  # the days on which they did
    gone: bool = False  # 410
    # The source's cursor: how far it has read, an id behind a name. The database calls it by its old name.
    cursor: Mapping[str, str] = msgspec.field(default_factory=dict, name="memory")

    @property
    def name(self) -> str:
        """The feed's name; its host if it has none, since the whole address may hold a secret."""
        return (
            self.subscription.title or self.title or urlsplit(self.subscription.url).netloc.rpartition("@")[2]
        )


class Request(Record, frozen=True, kw_only=True):
    """A request to the network. Only `fetch` sends it."""

    url: str
    feed: int = 0
    source: str = "syndication"  # the source kind that reads the answer
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    accept: str = ""  # "": any format of feeds
    credential: str = ""  # a name; `fetch` attaches the value after the host check
    login: str = ""  # how the credential is exchanged for a token, if it isn't one: "atproto", "reddit"
    page: int = 0  # 0 for the first, n for the nth follow-up
    context: str = ""  # what a source needs to read its own answer (JSON)
    follow: bool = True  # False: a redirect is a failure that says where it leads
    from_feed: bool = False  # the address comes from a feed, not from the reader's list: the exceptions for private hosts don't apply


class Response(Record, frozen=True, kw_only=True):
    """An answer with a new body."""

    request: Request
    url: str  # after redirects
    body: bytes
    status: int = 200
    content_type: str = ""  # whole header, charset included
    headers: Mapping[
        str, str
    ] = {}  # lower-case names: cache-control, expires, link, retry-after, x-ratelimit-*
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    permanent_url: str = ""  # where 301/308 lead, provided every hop was permanent
    seconds: float = 0.0


class NotModified(Record, frozen=True, kw_only=True):
    """Nothing new: a 304, or a body identical to the last one."""

    request: Request
    headers: Mapping[str, str] = {}
    etag: str = ""
    last_modified: str = ""
    permanent_url: str = ""
    seconds: float = 0.0


class Cause(StrEnum):
    """Why a feed failed, divided by what the reader or newsfeed should do about it."""

    NO_NETWORK = "no network"
    NAME = "name not found"
    REFUSED_ADDRESS = "address refused"
    CONNECT = "no connection"
    TLS = "certificate"
    TIMEOUT = "timeout"
    HTTP = "http error"
    NOT_FOUND = "not found"
    LOGIN = "login needed"
    GONE = "gone"
    THROTTLED = "throttled"
    TOO_LARGE = "too large"
    REDIRECT = "bad redirect"
    ENCODING = "bad coding"
    NOT_A_FEED = "not a feed"
    BROKEN_FEED = "broken feed"
    TOO_SLOW = "too slow to read"
    UNSUPPORTED = "not supported"
    ADDRESS = "bad address"


# The repair of a failure that will probably pass by itself.
ASKED_AGAIN = "Nothing to do: it is asked again by itself."

# Failures that a source may reword in its network's own terms.
UNAUTHORIZED = "This source needs a token for {host}, and there is none."
UNENCRYPTED = "The token for {host} is not sent, because this address is not encrypted."


class Failure(Record, frozen=True, kw_only=True):
    """A feed could not be read this time. A value, never raised.

    It is in no particular language: `text` and `repair` are phrases, `values` fill in their {names}; who shows it puts
    them in the reader's language (`text.spoken.say`). One stored before there were values has its sentences whole.
    """

    cause: Cause
    text: str  # one sentence for the reader, without secrets
    repair: str = ""  # one sentence: what to do; empty when waiting is all there is to do
    values: Mapping[str, str] = {}
    url: str = ""  # redacted
    status: int = 0
    retry_at: datetime | None = None
    needs_owner: bool = False
    permanent_url: str = ""
    leads_to: str = ""  # where a redirect leads that was not followed
    seconds: float = 0.0
