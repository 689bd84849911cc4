"""The edition: everything that a page prints."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from newsfeed.model.feeds import Day, Record
from newsfeed.model.items import TopicScore


class Span(Record, frozen=True, kw_only=True):
    """A piece of a printed sentence; with `href` it is a link (to the web, `#place`, or a file of the site)."""

    text: str
    href: str = ""


class QuietPart(Record, frozen=True, kw_only=True):
    """One part of a pick's quiet line, between two dots: its role, and its text, in part links.

    `role` is "source", "when", "others", "discussion", "reason" or "note".
    """

    role: str
    spans: tuple[Span, ...]


class Score(Record, frozen=True, kw_only=True):
    """A score with its parts, each already weighted: `value` = `freshness` x their sum x `weight` x `penalty`."""

    value: float = 0.0
    freshness: float = 0.0
    news: float = 0.0
    outlets: float = 0.0
    interest: float = 0.0
    engagement: float = 0.0
    weight: float = 1.0
    penalty: float = 1.0  # factor below 1 for a badly told story (see `Account.flaws`)
    age: float = 0.0  # hours
    half_life: float = 0.0  # hours
    thumbs: float = 0.0  # what the reader's thumbs added to the news value, in grades
    # Counts as good although the reader's thumbs lowered it, so that a topic keeps its place
    held: bool = False


class RunnerUp(Record, frozen=True, kw_only=True):
    """The story that would have been taken instead of a pick."""

    ref: str
    title: str = ""
    gain: float = 0.0
    minutes: float = 0.0


class Gain(Record, frozen=True, kw_only=True):
    """What a pick added to the page when it was chosen, with all numbers that this was computed from."""

    total: float = 0.0
    topic: float = 0.0
    score: float = 0.0
    voice: float = 0.0
    minutes: float = 0.0
    rivals: int = 0  # other stories that could have had this place
    kappa: float = 0.0
    weights: Mapping[str, float] = {}  # by topic of the story
    told: Mapping[str, float] = {}  # by topic: what the page had of it before this pick
    runner_up: RunnerUp | None = None


class Account(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every number behind a choice. Unknown fields are refused, by which the store recognises accounts in the older form."""

    by: str = ""  # the pass of the choice that took it
    score: Score = Score()
    grade: float = 0.0  # the news value, 0..3
    record: float = 0.0  # the part of it that comes from the source's record
    kind: str = ""
    terms: str = ""  # the words that decided the news value
    outlets: int = 1
    liking: str = ""  # the grounds for the reader's interest, in words
    flaws: str = ""  # why its score is lowered, in words
    topics: Mapping[str, float] = {}
    topic: str = ""  # the topic it was chosen for, if the reader gave that a share
    share: float = 0.0
    debt: float = 0.0
    gain: Gain | None = None
    length: float = 0.0  # of a long read, in minutes


class Pick(Record, frozen=True, kw_only=True):
    """A story shown in full, with every visible word as it is printed."""

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
    others: tuple[Span, ...] = ()  # other outlets that told it
    tellers: str = ""  # what precedes them, if their number is the reason: "told by 4:"
    discussions: tuple[Span, ...] = ()  # "Hacker News 412"
    reason: str = ""  # always there
    reason_shown: bool = False  # whether it is news in itself
    why: str = ""  # the reason in at most four words, at the end of the quiet line
    note: str = ""  # "day 3, new: the ruling", "off your path", "22 min, when you have them"
    quiet: tuple[QuietPart, ...] = ()  # the line under the lead as it is printed: `printed.quiet_line`
    earlier: tuple[str, ...] = ()  # up to three dated lines about the story's earlier days
    topics: tuple[TopicScore, ...] = ()
    topic: str = ""  # the topic it was chosen for
    minutes: float = 0.0
    news: str = ""  # part of the note: what is new in a story that an earlier page had
    account: Account = Account()


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
    account: Account = Account()


class ShortLine(Record, frozen=True, kw_only=True):
    """A topic that the page tells of, printed above the stories as a link to the first of them; `text` is its headline.

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
    """The fixed words that the page prints around the edition's own text; they count towards the minutes too."""

    tellers: str = "also"  # stands before the other outlets of a story
    lines: str = "Also"  # heading of the one-line stories
    long_read: str = "Long read"  # heading of the long read, or listen; its note follows in it
    breadth: str = "Breadth"  # heading of the weekly account
    suggested: str = "Worth following"  # heading of the voices that are suggested once a week


class TopicAccount(Record, frozen=True, kw_only=True):
    """What a topic got in this edition."""

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
    """The health of a feed, for the page, the mail and digest.json."""

    feed: int
    title: str
    url: str
    ok: bool = True
    cause: str = ""  # a phrase, as in `Failure`
    repair: str = ""  # a phrase
    values: Mapping[str, str] = {}  # what stands for their {names}
    items_new: int = 0
    failing_since: datetime | None = None
    last_good: datetime | None = None
    next_try: datetime | None = None
    needs_owner: bool = False
    must_read: bool = False
    silent_days: int = 0  # days beyond its own rhythm
    unread: bool = False  # it was never read successfully


class LedgerEntry(Record, frozen=True, kw_only=True):
    """Where one fetched item went."""

    item: int
    ref: str
    title: str
    link: str
    source: str
    cause: str  # a key of `ledger.CAUSES`
    detail: str = ""
    full: bool = False  # there was no room because the page had reached its number of stories


class BreadthRow(Record, frozen=True, kw_only=True):
    """One topic over the days of the account; None stands for a day without an edition."""

    topic: str
    label: str
    asked: float
    got: float
    picks: tuple[int | None, ...] = ()
    silence: int = 0  # longest run of days without it
    finding: str = ""  # its blind spot; if the topic is also thin, the same sentence says so
    thin: str = ""  # how often it had nothing, and why
    remedy: str = ""  # the one step that would fix the blind spot, else the thinness


ACCOUNT_DAYS = 7  # editions before breadth is reported: a week has each kind of morning once


class Breadth(Record, frozen=True, kw_only=True):
    """The account of breadth over a window of days."""

    days: tuple[date, ...] = ()
    rows: tuple[BreadthRow, ...] = ()
    headline: str = ""  # "Informed in 6.1 of 8 topics"
    findings: tuple[str, ...] = ()  # problems first
    remedies: tuple[str, ...] = ()  # of the first findings, one each, in their order; "" for none
    numbers: Mapping[str, float] = {}


class Untold(Record, frozen=True, kw_only=True):
    """A big story that had no place."""

    title: str
    outlets: int
    link: str = ""


class SuggestedPost(Record, frozen=True, kw_only=True):
    """One post of a suggested voice."""

    title: str
    link: str


class Suggestion(Record, frozen=True, kw_only=True):
    """A person worth following, with the evidence for it."""

    name: str
    profile: str
    by: tuple[str, ...]  # who passed them on, quoted or linked them
    times: int
    topics: tuple[str, ...]  # labels
    posts: tuple[SuggestedPost, ...]
    outline: str  # the line for feeds.opml
    said: str = ""  # why, as the page prints it


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
    breadth: Breadth | None = None  # printed in the edition once a week
    suggested: tuple[Suggestion, ...] = ()  # people suggested at the end of People, once a week
    foot: tuple[tuple[Span, ...], ...] = ()
    topics: tuple[TopicAccount, ...] = ()
    feeds: tuple[FeedReport, ...] = ()
    ledger: tuple[LedgerEntry, ...] = ()
    counts: Mapping[str, int] = {}  # ledger by cause, and what is from before the reader subscribed
    before: Mapping[str, int] = {}  # the latter by source
    later: int = 0  # how many items in the ledger arrived after the page and its foot were built
    previous: Day | None = None
    big_told: int = 0  # stories with >= 4 outlets that stand here as a pick or a line
    big_all: int = 0  # and all of them
    untold: tuple[Untold, ...] = ()  # the largest of the others
    seldom: tuple[int, ...] = ()  # feeds that seldom publish but did since the last edition
    templates: str = ""  # hash of the templates that drew the archive file
    labels: Labels = Labels()
