"""What an edition is built from, and what later editions need to know of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from newsfeed.model.edition import Edition, FeedReport, Line, Pick, Suggestion, Untold
from newsfeed.model.feeds import Options, Record
from newsfeed.model.items import StoredItem, Story, Tagging


class FeedFacts(Record, frozen=True, kw_only=True):
    """A feed as the edition sees it."""

    feed: int
    title: str
    url: str
    html_url: str = ""
    folders: tuple[str, ...] = ()
    options: Options = Options()
    shows: tuple[
        str, ...
    ] = ()  # names before the running numbers of its titles, as `text.show_names` finds them
    social: bool = False
    speaks: bool = True  # it has candidates: by such sources the usual topics and values are told
    items_a_day: float = 0.0
    last_shown: date | None = None
    previous_post: datetime | None = None  # its newest item before the time that this edition covers
    topic_mix: Mapping[str, float] = {}  # share of its items by topic, 90 days
    value: float = 0.0  # mean news value of its `judged` items in 90 days, without the reader's thumbs
    judged: int = 0
    likes: Mapping[str, tuple[int, int]] = {}  # topic -> (liked or opened, shown)
    dislikes: Mapping[str, int] = {}  # topic -> thumbs down
    engagement: tuple[int, ...] = ()  # scores of its last 400 items, sorted


class Candidate(Record, frozen=True, kw_only=True):
    """One item that could stand in an edition."""

    item: StoredItem
    tagging: Tagging
    story: int
    liked: int = 0  # the reader's thumb: -1, 0, 1
    lead_to_come: bool = False  # its article may still be fetched for a better lead


class Shown(Record, frozen=True, kw_only=True):
    """A story that an earlier edition showed."""

    story: int
    date: date
    item: int
    feed: int
    section: str
    outlets: int
    minutes: float
    topic: str = ""  # the topic it was shown under
    topics: Mapping[str, float] = {}
    items: tuple[int, ...] = ()  # the story's items at the time
    sentence: str = ""  # its headline then
    lead: str = ""  # the rest of what the page said: lead and note
    affair: int = 0  # the affair of its story as known today; 0: unknown


class Told(Record, frozen=True, kw_only=True):
    """A story of several feeds as it is known today, whether or not an edition showed it."""

    story: int
    title: str
    first: datetime
    feeds: tuple[int, ...]
    topics: tuple[str, ...] = ()  # the topics of any of its items
    lang: str = ""  # of its title


class TopicSummary(Record, frozen=True, kw_only=True):
    """A topic's part in one edition."""

    minutes: float = 0.0
    told: int = 0  # picks and lines
    good: int = 0  # stories good enough for a place
    debt: float = 0.0
    why: str = ""  # why it has neither pick nor line
    # Stories that the reader liked or opened, and all of them; only of pages on which the reader gave any sign
    signs: tuple[int, int] = (0, 0)


class EditionSummary(Record, frozen=True, kw_only=True):
    """What later editions need of one, so that they needn't read it whole."""

    topics: Mapping[str, TopicSummary] = {}
    big: tuple[int, int] = (0, 0)  # stories with enough outlets to be big: told, all
    untold: tuple[Untold, ...] = ()  # the largest big stories that were not told
    voices: Mapping[str, float] = {}  # feed title -> minutes
    seldom: tuple[int, ...] = ()  # feeds that seldom publish but did before this edition


class History(Record, frozen=True, kw_only=True):
    """What earlier editions showed, oldest first."""

    days: Mapping[date, EditionSummary] = {}
    shown: tuple[Shown, ...] = ()
    # Only where the reader labels sources: who told what, and all sources that are listed or told of it
    told: tuple[Told, ...] = ()
    sources: tuple[FeedFacts, ...] = ()
    declined: tuple[str, ...] = ()  # remedies that the reader declined


class Pool(Record, frozen=True, kw_only=True):
    """Everything that the choice of an edition may use."""

    candidates: tuple[Candidate, ...] = ()
    stories: tuple[Story, ...] = ()
    feeds: tuple[FeedFacts, ...] = ()
    reports: tuple[FeedReport, ...] = ()
    history: History = History()
    suggested: tuple[Suggestion, ...] = ()  # people that the reader may want to follow
    since: datetime | None = None  # when the previous date's edition was built; None on the first day
    before: Mapping[int, int] = {}  # by feed: its items since then that are from before the reader subscribed


def picks(edition: Edition) -> list[Pick]:
    """Every numbered story of an edition's page."""
    since = edition.since.picks if edition.since else ()
    last = [edition.long_read] if edition.long_read else []
    return [*(p for s in edition.sections for p in s.picks), *since, *last]


def told(edition: Edition) -> Iterator[Pick | Line]:
    """Every pick and line within the minutes; the long read stands outside them."""
    for section in (*edition.sections, *((edition.since,) if edition.since else ())):
        yield from section.picks
    yield from edition.lines


def summary(edition: Edition) -> EditionSummary:
    """The summary of an edition, before the reader gave any sign."""
    voices: dict[str, float] = {}
    for one in told(edition):
        voices[one.source] = voices.get(one.source, 0.0) + one.minutes
    return EditionSummary(
        topics={
            topic.name: TopicSummary(
                minutes=topic.minutes,
                told=topic.picks + topic.lines,
                good=topic.good,
                debt=topic.debt,
                why=topic.why_thin,
            )
            for topic in edition.topics
        },
        big=(edition.big_told, edition.big_all),
        untold=edition.untold,
        voices=voices,
        seldom=edition.seldom,
    )
