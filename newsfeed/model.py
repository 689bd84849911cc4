"""The words of newsfeed, as frozen records handed from room to room.

One word for one thing, everywhere: see the table in CONTRIBUTING.md. Records do no work; whoever has one can
trust it not to change. All times are timezone-aware and in UTC; days (`date`) are the reader's local days.
Every record can be written as JSON and read back by msgspec without loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from urllib.parse import urlsplit

import msgspec

Day = date  # a local day of the reader
PAGE_END = "<!-- end of page -->"  # the last words of every page; a file without them is not whole


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of all records: frozen, named fields, written as JSON without its defaults."""


# --------------------------------------------------------------------------- the list: feeds.opml


class Problem(Record, frozen=True, kw_only=True):
    """Something that is wrong with an outline, a document or a setting, in words for its owner."""

    text: str
    line: int = 0  # 1-based; 0 where there is none
    repair: str = ""


class Subscription(Record, frozen=True, kw_only=True):
    """One outline of `feeds.opml`.

    `options` are the reader's own attributes without their `newsfeed-` prefix ("must-read", "mute", "weight",
    "cap", "paywall", "language", "boosts", …), as written.
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


class SubscriptionList(Record, frozen=True, kw_only=True):
    """A subscription list as read: what is good of it, and what is wrong with the rest."""

    subscriptions: tuple[Subscription, ...] = ()
    problems: tuple[Problem, ...] = ()
    title: str = ""
    namespaces: Mapping[str, str] = {}  # prefix of attributes -> what it stands for
    complete: bool = True  # False where the text ends early: what is missing was not taken out by its owner


# --------------------------------------------------------------------------- feeds and the way out


class FeedState(Record, frozen=True, kw_only=True):
    """All that we know of one feed over time. `feed` is its number in the store, 0 before it has one."""

    subscription: Subscription
    feed: int = 0
    title: str = ""  # as the feed names itself; the subscription's own title goes before it
    html_url: str = ""
    language: str = ""
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    next_due: datetime | None = None
    not_before: datetime | None = None  # Retry-After and the like: even a manual refresh waits for it
    last_tried: datetime | None = None
    last_good: datetime | None = None  # last answer that was a readable feed or "not modified"
    last_changed: datetime | None = None
    first_good: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0  # in a row
    failure: Failure | None = None  # the last one, while it lasts
    items_a_day: float = 0.0
    ttl_minutes: int = 0  # as the feed's last readable document asks
    skip_hours: tuple[int, ...] = ()  # UTC
    moved_to: str = ""  # where permanent redirects lead, while they do
    moved_seen: tuple[date, ...] = ()  # the days on which they did
    gone: bool = False  # 410
    memory: Mapping[
        str, str
    ] = {}  # what its source keeps for itself: an id behind a name, how far it has read

    @property
    def name(self) -> str:
        """What the reader calls this feed; its host where nobody named it, since an address may hold a secret."""
        return (
            self.subscription.title or self.title or urlsplit(self.subscription.url).netloc.rpartition("@")[2]
        )


class Request(Record, frozen=True, kw_only=True):
    """One thing to ask of the network. Only `fetch` sends it."""

    url: str
    feed: int = 0
    source: str = "syndication"  # the kind that reads the answer
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    accept: str = ""
    credential: str = ""  # a name; `fetch` attaches the value after the host check
    login: str = ""  # how the credential becomes a token, where it is none itself: "atproto", "reddit"
    page: int = 0  # 0 for the first, n for the nth follow-up
    context: str = ""  # what a source hands to the reading of its own answer (JSON)
    from_feed: bool = False  # the address stands in a feed, not in the owner's list: no exceptions for it


class Response(Record, frozen=True, kw_only=True):
    """A new answer with a body."""

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
    permanent_url: str = ""  # where 301/308 lead, if every hop was permanent
    seconds: float = 0.0


class NotModified(Record, frozen=True, kw_only=True):
    """Nothing new: a 304, or a body that is byte for byte the last one."""

    request: Request
    headers: Mapping[str, str] = {}
    etag: str = ""
    last_modified: str = ""
    permanent_url: str = ""
    seconds: float = 0.0


class Cause(StrEnum):
    """Why a feed failed, by what its owner or we would do about it."""

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


class Failure(Record, frozen=True, kw_only=True):
    """A feed that gave nothing this time. A value, never raised."""

    cause: Cause
    text: str  # one sentence for the owner, without secrets
    repair: str = ""  # one sentence: what to do; empty when waiting is all there is to do
    url: str = ""  # redacted
    status: int = 0
    retry_at: datetime | None = None
    needs_owner: bool = False
    permanent_url: str = ""
    seconds: float = 0.0


# --------------------------------------------------------------------------- items


class Enclosure(Record, frozen=True, kw_only=True):
    """A file that comes with an item: an episode, a video."""

    url: str
    type: str = ""
    bytes: int = 0
    seconds: int = 0


class Item(Record, frozen=True, kw_only=True):
    """One entry as its source published it, cleaned. What we did with it is kept elsewhere.

    `html` has passed the sanitiser; every other text is plain. `lead` is what may stand under the headline.
    """

    identity: str  # stable within its feed
    link: str = ""  # canonical; what to read
    discussion: str = ""
    discussion_label: str = ""  # "Hacker News", "Reddit", "Mastodon"
    title: str = ""
    author: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    lang: str = ""  # ISO 639-1, "" when unknown
    lead: str = ""
    text: str = ""
    html: str = ""
    words: int = 0
    kind: str = "article"  # article, post, video, episode, release, question, mail
    enclosures: tuple[Enclosure, ...] = ()
    tags: tuple[str, ...] = ()
    score: int | None = None
    comments: int | None = None
    via: tuple[str, ...] = ()  # who boosted it
    hash: str = ""  # of what a reader would notice; a change of it is an edit


class Counts(Record, frozen=True, kw_only=True):
    """How an item fares by now: what changes without being an edit. None and () say nothing."""

    identity: str
    score: int | None = None
    comments: int | None = None
    via: tuple[str, ...] = ()  # who boosted it, to be added to those before


class Parsed(Record, frozen=True, kw_only=True):
    """A readable answer: facts of the feed, its items, and perhaps the next page to ask for.

    `items` holds new and changed items whole; `known` the identities of unchanged ones, in document order.
    """

    items: tuple[Item, ...] = ()
    known: tuple[str, ...] = ()
    title: str = ""
    html_url: str = ""
    language: str = ""
    ttl_minutes: int = 0
    skip_hours: tuple[int, ...] = ()  # UTC
    problems: tuple[Problem, ...] = ()
    complete: bool = True  # False: the document broke off, so it is asked for whole again
    next: Request | None = None
    step: bool = False  # it held no items but the way to them (`next`); a failure there is the feed's
    memory: Mapping[str, str] = {}  # what changes in `FeedState.memory`; "" forgets
    counts: tuple[Counts, ...] = ()  # of items that are known and else unchanged
    not_before: datetime | None = None  # ask no sooner, not even by hand


class KnownItem(Record, frozen=True, kw_only=True):
    """What must be known of a stored item to recognise it when it comes again, perhaps under another guid."""

    identity: str
    hash: str
    link: str = ""
    title: str = ""
    published: datetime | None = None


class FeedUpdate(Record, frozen=True, kw_only=True):
    """What one outcome changes: kept by the store in one transaction.

    `before` are the identities among `new` that came "before you subscribed".
    """

    state: FeedState
    new: tuple[Item, ...] = ()
    changed: tuple[Item, ...] = ()
    before: tuple[str, ...] = ()
    counts: tuple[Counts, ...] = ()
    failure: Failure | None = None


class StoredItem(Record, frozen=True, kw_only=True):
    """An item with its place in the store."""

    id: int
    ref: str  # short, stable name for people and files
    feed: int
    item: Item
    first_seen: datetime
    before: bool = False  # published before the reader subscribed


# --------------------------------------------------------------------------- topics and stories


class Term(Record, frozen=True, kw_only=True):
    """A word or phrase that decided for (positive weight) or against a topic."""

    term: str
    weight: float


class TopicScore(Record, frozen=True, kw_only=True):
    """How sure we are that an item belongs to a topic, and which terms and parts decided.

    `parts` split the log-odds by origin: "lexicon", "model", "source", "folder", "corrections".
    """

    topic: str
    p: float
    terms: tuple[Term, ...] = ()
    parts: Mapping[str, float] = {}


class Tagging(Record, frozen=True, kw_only=True):
    """The topics of one item, most probable first, and whether it is news at all.

    `scores` holds every topic with p of .05 or more; an item *has* a topic from p .5 on.
    """

    item: int
    scores: tuple[TopicScore, ...] = ()
    not_news: str = ""  # "" or the kind: "deal", "sponsored", "quiz", …


class Correction(Record, frozen=True, kw_only=True):
    """The reader's word on one item: its topics, all of them."""

    item: int
    topics: tuple[str, ...]
    made: datetime
    previous: tuple[str, ...] = ()


class Story(Record, frozen=True, kw_only=True):
    """Items about one event. `head` is its best telling; `items` are in order of publication."""

    id: int
    head: int
    items: tuple[int, ...]
    first: datetime
    last: datetime


# --------------------------------------------------------------------------- what an edition is built from


class FeedFacts(Record, frozen=True, kw_only=True):
    """A feed as the edition sees it."""

    feed: int
    title: str
    url: str
    html_url: str = ""
    folders: tuple[str, ...] = ()
    options: Mapping[str, str] = {}
    social: bool = False
    items_a_day: float = 0.0
    last_shown: date | None = None
    previous_post: datetime | None = None  # its newest item before this span
    topic_mix: Mapping[str, float] = {}  # share of its items by topic, 90 days
    likes: Mapping[str, tuple[int, int]] = {}  # topic -> (liked or opened, shown)
    engagement: tuple[int, ...] = ()  # scores of its last 400 items, sorted


class Candidate(Record, frozen=True, kw_only=True):
    """One item that could stand in an edition."""

    item: StoredItem
    tagging: Tagging
    story: int
    liked: int = 0  # the reader's thumb: -1, 0, 1


class Shown(Record, frozen=True, kw_only=True):
    """A story that an earlier edition showed."""

    story: int
    date: date
    item: int
    feed: int
    section: str
    outlets: int
    minutes: float
    topics: Mapping[str, float] = {}
    items: tuple[int, ...] = ()  # the story's items at that time
    sentence: str = ""  # its headline then


class History(Record, frozen=True, kw_only=True):
    """What earlier editions did, newest last."""

    shown: tuple[Shown, ...] = ()
    days: tuple[date, ...] = ()  # dates of earlier editions
    debts: Mapping[str, float] = {}
    minutes: Mapping[str, Mapping[str, float]] = {}  # ISO date -> topic -> minutes
    picks: Mapping[str, Mapping[str, int]] = {}  # ISO date -> topic -> picks and lines
    big: Mapping[str, tuple[int, int]] = {}  # ISO date -> (stories with >= 4 outlets told, all of them)
    good: Mapping[str, Mapping[str, int]] = {}  # ISO date -> topic -> good stories there were
    voices: Mapping[str, Mapping[str, float]] = {}  # ISO date -> feed title -> minutes


class Pool(Record, frozen=True, kw_only=True):
    """Everything that the choice of an edition may look at."""

    candidates: tuple[Candidate, ...] = ()
    stories: tuple[Story, ...] = ()
    feeds: tuple[FeedFacts, ...] = ()
    reports: tuple[FeedReport, ...] = ()
    history: History = History()
    since: datetime | None = None  # the last other date's edition; None on the first day


# --------------------------------------------------------------------------- the edition


class Span(Record, frozen=True, kw_only=True):
    """A piece of a printed sentence; with `href` it is a link (to the web, `#place`, or a file of the site)."""

    text: str
    href: str = ""


class Pick(Record, frozen=True, kw_only=True):
    """A story shown in full. Every visible word of it stands here as it is printed."""

    n: int
    item: int
    ref: str
    story: int
    section: str
    title: str
    link: str
    source: str
    feed: int
    lead: str = ""
    lang: str = ""
    kind: str = "article"
    author: str = ""
    published: datetime | None = None
    when: str = ""  # "07:10", "Sat 18:05"
    others: tuple[Span, ...] = ()  # other tellers
    discussions: tuple[Span, ...] = ()  # "Hacker News 412"
    reason: str = ""  # always there
    reason_shown: bool = False  # whether it is news in itself
    note: str = ""  # "day 3, new: the ruling", "off your path", "22 min, when you have them"
    earlier: tuple[str, ...] = ()  # at most three dated lines of the story's earlier days
    topics: tuple[TopicScore, ...] = ()
    topic: str = ""  # the one it stands for
    minutes: float = 0.0
    account: Mapping[str, float | str] = {}  # every number behind the choice


class Line(Record, frozen=True, kw_only=True):
    """A big story told in one line."""

    title: str
    link: str
    source: str
    topic: str
    item: int
    ref: str
    story: int
    feed: int = 0
    note: str = ""  # "5 sources"
    lang: str = ""
    outlets: int = 1
    minutes: float = 0.0
    account: Mapping[str, float | str] = {}


class ShortLine(Record, frozen=True, kw_only=True):
    """One line of "In short": the topic's label and the first words of its first headline.

    Places on the page that an `href` may name: `#s4` (pick 4), `#l-REF` (a line), `#h-KEY` (a section),
    `#long-read`, `#also`, `#since`.
    """

    label: str
    text: str
    href: str


class Section(Record, frozen=True, kw_only=True):
    """A heading and its picks. `key` is "top", a topic's name, "people" or "since"."""

    key: str
    heading: str
    picks: tuple[Pick, ...] = ()


class Labels(Record, frozen=True, kw_only=True):
    """The few fixed words that the page prints around an edition's own; they count as read like all others."""

    tellers: str = "also"  # before the other tellers of a story
    lines: str = "Also"  # heading of the one-line stories
    long_read: str = "Long read"  # heading of the long read; its note follows in the same heading
    breadth: str = "Breadth"  # heading of the weekly account


class TopicAccount(Record, frozen=True, kw_only=True):
    """How a topic fared in this edition."""

    name: str
    label: str
    share: float  # asked, 0..1
    minutes: float = 0.0
    picks: int = 0
    lines: int = 0
    good: int = 0  # stories good enough for a place
    debt: float = 0.0  # after this edition
    why_thin: str = ""


class FeedReport(Record, frozen=True, kw_only=True):
    """How a feed fared, for the page, the mail and digest.json."""

    feed: int
    title: str
    url: str
    ok: bool = True
    cause: str = ""
    repair: str = ""
    items_new: int = 0
    failing_since: datetime | None = None
    last_good: datetime | None = None
    next_try: datetime | None = None
    needs_owner: bool = False
    must_read: bool = False
    silent_days: int = 0  # beyond its own rhythm


class LedgerEntry(Record, frozen=True, kw_only=True):
    """Where one fetched item went."""

    item: int
    ref: str
    title: str
    link: str
    source: str
    cause: str  # a key of `edition.ledger.CAUSES`
    detail: str = ""


class BreadthRow(Record, frozen=True, kw_only=True):
    """One topic over the days of the account; None is a day without an edition."""

    topic: str
    label: str
    asked: float
    got: float
    picks: tuple[int | None, ...] = ()
    silence: int = 0  # longest run of days without it
    finding: str = ""
    remedy: str = ""


class Breadth(Record, frozen=True, kw_only=True):
    """The account of breadth over a window of days."""

    days: tuple[date, ...] = ()
    rows: tuple[BreadthRow, ...] = ()
    headline: str = ""  # "Informed in 6.1 of 8 topics"
    findings: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    numbers: Mapping[str, float] = {}


class Edition(Record, frozen=True, kw_only=True):
    """One morning's digest as a value: all that the page, the mail and the feeds print.

    Rendering it twice with the same templates gives the same bytes.
    """

    date: date
    zone: str
    built: datetime
    heading: str  # "Sunday 22 November"
    promise: str  # "14 stories from 38 sources · 5 min"
    minutes: float
    budget_minutes: float
    lang: str = "en"
    revised: str = ""  # "revised 09:10"
    note: str = ""  # quiet day, first day, everything failed: said first
    short: tuple[ShortLine, ...] = ()
    sections: tuple[Section, ...] = ()
    lines: tuple[Line, ...] = ()
    long_read: Pick | None = None
    since: Section | None = None  # what a refresh found after the edition was built
    since_note: str = ""
    breadth: Breadth | None = None  # in the edition itself, once a week
    foot: tuple[tuple[Span, ...], ...] = ()
    topics: tuple[TopicAccount, ...] = ()
    feeds: tuple[FeedReport, ...] = ()
    ledger: tuple[LedgerEntry, ...] = ()
    counts: Mapping[str, int] = {}  # ledger by cause
    previous: Day | None = None
    big_told: int = 0  # stories with >= 4 outlets that stand here as a pick or a line
    big_all: int = 0  # and all of them
    templates: str = ""  # hash of the templates that drew the archive file
    labels: Labels = Labels()


# --------------------------------------------------------------------------- settings: newsfeed.toml


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the settings' records: like `Record`, but an unknown key is an error."""


class TopicSetting(Setting, frozen=True, kw_only=True):
    """One of the reader's subjects. `share` 0 mutes it; None takes an equal part of what is left."""

    label: str = ""
    share: float | None = None
    words: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    parent: str = ""  # shown under that topic unless it has a share of its own


class EditionSetting(Setting, frozen=True, kw_only=True):
    """What an edition may take and how it is weighed."""

    minutes: float = 5.0
    max_items: int = 16
    core: str = "technology"
    core_share: float = 0.4
    breadth: str = "balanced"  # depth, balanced, breadth
    voices: str = "balanced"  # few, balanced, many
    lines: float = 0.08  # share of the minutes for one-line stories
    long_read: bool = True
    off_path: bool = True
    read_articles: str = "same-site"  # off, same-site, all
    breadth_day: str = "friday"  # or "never"
    people: int = 3


class FetchSetting(Setting, frozen=True, kw_only=True):
    """How the network is asked."""

    connections: int = 100
    per_host: int = 4
    timeout: float = 30.0
    patience: float = 140.0  # seconds that a feed waits for its turn at a host that wants spacing
    max_bytes: int = 10_000_000
    manual_floor: int = 60
    allow_private: tuple[str, ...] = ()  # "127.0.0.1:8808", "127.0.0.0/25:8808"
    ports: tuple[int, ...] = (80, 443, 8080, 8443)
    contact: str = ""  # in the User-Agent, if wished
    parse_seconds: float = 10.0
    workers: int = 0  # 0: one a core


class KeepSetting(Setting, frozen=True, kw_only=True):
    """How long things are kept, in days."""

    database: str = ""  # an URL; only SQLite for now
    items: int = 400
    bodies: int = 120


class SecretSetting(Setting, frozen=True, kw_only=True):
    """Where a secret lies: an environment variable's name, a file only its owner can read, or the system's keyring."""

    env: str = ""
    file: str = ""
    keyring: str = ""  # the user name that it is kept under, for the service "newsfeed"


class ScheduleSetting(Setting, frozen=True, kw_only=True):
    """When the edition is handed out, in the reader's zone."""

    hour: str = "06:30"
    days: tuple[str, ...] = (
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    )
    ahead: int = 20  # minutes before the hour in which feeds are asked and the page is made


class MailSetting(Setting, frozen=True, kw_only=True):
    """How the edition goes out by mail. Without `to` there is none."""

    to: str = ""
    sender: str = ""  # the address it comes from; as `to` where it is empty
    sender_name: str = "newsfeed"
    by: str = "smtp"  # smtp, sendmail, maildir, eml
    host: str = ""
    port: int = 0  # 0: 587 for starttls, 465 for tls
    security: str = "starttls"  # starttls, tls; none for a server on this machine
    user: str = ""  # as the sender's address where it is empty
    password: SecretSetting = SecretSetting()
    path: str = ""  # the sendmail program, the maildir, or the folder of .eml files
    empty_days: bool = False
    thread: bool = False  # all mornings in one conversation
    timeout: float = 30.0  # seconds for each answer of the server


class PublishSetting(Setting, frozen=True, kw_only=True):
    """Where the pages are mirrored to, and the address at which they are then found."""

    folder: str = ""
    site_url: str = ""


class Settings(Setting, frozen=True, kw_only=True):
    """All that the reader decides. `home` is where everything lies."""

    home: str = "."
    timezone: str = "UTC"
    languages: tuple[str, ...] = ("en",)
    muted: tuple[str, ...] = ()
    topics: Mapping[str, TopicSetting] = {}
    edition: EditionSetting = EditionSetting()
    fetch: FetchSetting = FetchSetting()
    keep: KeepSetting = KeepSetting()
    schedule: ScheduleSetting = ScheduleSetting()
    mail: MailSetting = MailSetting()
    publish: PublishSetting = PublishSetting()
    secrets: Mapping[str, SecretSetting] = {}  # host -> where its secret lies
