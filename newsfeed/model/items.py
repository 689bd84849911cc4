"""Items: as published, as stored, and as kept by the reader; their topics, news value and stories."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from newsfeed.model.feeds import Failure, FeedState, Problem, Record, Request

#: Stands in `Item.text` for a text that is put off: `html` then is what `text.bodies.put_off` wrote. No cleaned text has
#: this character, SUB, which stands for what can't be shown.
PUT_OFF = "\x1a"


class Enclosure(Record, frozen=True, kw_only=True):
    """A file that comes with an item: an episode, a video."""

    url: str
    type: str = ""
    bytes: int = 0
    seconds: int = 0


class Item(Record, frozen=True, kw_only=True):
    """One entry as its source published it, cleaned. What newsfeed made of it is stored elsewhere.

    `html` has passed the sanitiser; every other text is plain. `lead` is what may stand under the headline.
    """

    identity: str  # stable within its feed
    link: str = ""  # as given; what to read
    page: str = ""  # canonical; by which links are compared, never opened
    discussion: str = ""
    discussion_label: str = ""  # "Hacker News", "Reddit", "Mastodon"
    title: str = ""
    author: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    lang: str = ""  # ISO 639-1, "" when unknown
    lead: str = ""
    text: str = ""  # whole; in the pool of an edition only its first 2,000 characters
    html: str = ""
    words: int = (
        0  # of the whole text, or of the article if that was read; by `text.WORDS_A_MINUTE`, its minutes
    )
    kind: str = "article"  # article, post, video, episode, release, question, mail
    enclosures: tuple[Enclosure, ...] = ()
    tags: tuple[str, ...] = ()
    score: int | None = None
    comments: int | None = None
    via: tuple[str, ...] = ()  # who boosted it
    hash: str = ""  # of what a reader would notice; a change of it is an edit


class Counts(Record, frozen=True, kw_only=True):
    """Counts of an item that change without being an edit. None and () mean unknown."""

    identity: str
    score: int | None = None
    comments: int | None = None
    via: tuple[str, ...] = ()  # who boosted it, to be added to those known


class Parsed(Record, frozen=True, kw_only=True):
    """A readable answer: facts about the feed, its items, and perhaps the next page to request.

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
    complete: bool = True  # False: the document was cut off, so the whole is requested again
    next: Request | None = None
    step: bool = False  # it held no items but led to them (`next`); a failure there counts as the feed's
    cursor: Mapping[str, str] = {}  # what changes in `FeedState.cursor`; "" forgets
    counts: tuple[Counts, ...] = ()  # of known items that are otherwise unchanged
    not_before: datetime | None = None  # not to be asked sooner, not even manually


class KnownItem(Record, frozen=True, kw_only=True):
    """What is needed to recognise a stored item when it comes again, perhaps under another guid."""

    identity: str
    hash: str
    page: str = ""
    title: str = ""
    published: datetime | None = None
    lead: str = ""


class FeedUpdate(Record, frozen=True, kw_only=True):
    """What one answer changes; the store writes it in one transaction.

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


class Kept(Record, frozen=True, kw_only=True):
    """An item that the reader kept, with everything that is shown of it, since it outlives the stored item."""

    item: int
    ref: str
    kept: datetime
    title: str
    link: str = ""
    source: str = ""
    lead: str = ""
    note: str = ""  # the reader's own words
    private: bool = False  # from a mailbox or a feed behind a secret: it is never shared
    lang: str = ""


class Passed(Record, frozen=True, kw_only=True):
    """One time that an item was passed on to a person named in the settings."""

    person: str
    item: int
    at: datetime


class Term(Record, frozen=True, kw_only=True):
    """A word or phrase that decided for (positive weight) or against a topic."""

    term: str
    weight: float


class TopicScore(Record, frozen=True, kw_only=True):
    """The probability that an item belongs to a topic, and which terms and parts decided.

    `parts` split the log-odds by origin: "lexicon", "model", "source", "folder", "corrections".
    """

    topic: str
    p: float
    terms: tuple[Term, ...] = ()
    parts: Mapping[str, float] = {}


class NewsValue(Record, frozen=True, kw_only=True):
    """How much an item is worth knowing, and what kind of text it is, each with the terms that decided.

    `value` is the expected grade: 3 must know, 2 worth a place, 1 filler, 0 strike. `kind` is one of
    `KINDS` with its probability `sure`: the likeliest of those that tell no news (`NO_NEWS`) where all of these together
    are more probable than not, else the likeliest of the others. `terms` are the words that moved the value most, in points; `thumbs` is what
    the reader's thumbs added, within `value`.
    """

    value: float
    kind: str = "other"
    sure: float = 0.0
    terms: tuple[Term, ...] = ()
    thumbs: float = 0.0


#: The kinds of text, as graders spell them.
KINDS = (
    "event",
    "analysis",
    "research",
    "howto",
    "opinion",
    "personal",
    "promo",
    "release",
    "talk",
    "question",
    "housekeeping",
    "entertainment",
    "other",
)
#: Of these, the kinds that tell no news.
NO_NEWS = frozenset(
    {"howto", "release", "promo", "talk", "personal", "question", "housekeeping", "entertainment"}
)


class Tagging(Record, frozen=True, kw_only=True):
    """The topics of one item, most probable first, its news value, and whether it is news at all.

    `scores` holds every topic with p of .05 or more; an item *has* a topic from p .5 on. `news` is None for an
    item that was tagged before there were news values.
    """

    item: int
    scores: tuple[TopicScore, ...] = ()
    not_news: str = ""  # "" or the kind: "deal", "sponsored", "quiz", …
    news: NewsValue | None = None


class Correction(Record, frozen=True, kw_only=True):
    """The reader's word on one item: its topics, all of them."""

    item: int
    topics: tuple[str, ...]
    made: datetime
    previous: tuple[str, ...] = ()


class Story(Record, frozen=True, kw_only=True):
    """Items about one event. `representative` stands for it; `items` are in order of publication.

    Stories of one occasion (a budget day, a takeover and its reactions) have one `affair`: the number of its first
    story; 0: its own.
    """

    id: int
    representative: int
    items: tuple[int, ...]
    first: datetime
    last: datetime
    affair: int = 0
