"""What an edition is built from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from newsfeed.model.base import Record
from newsfeed.model.edition import FeedReport, Suggestion, Untold
from newsfeed.model.items import StoredItem
from newsfeed.model.topics import Story, Tagging


class FeedFacts(Record, frozen=True, kw_only=True):
    """A feed as the edition sees it."""

    feed: int
    title: str
    url: str
    html_url: str = ""
    folders: tuple[str, ...] = ()
    options: Mapping[str, str] = {}
    shows: tuple[
        str, ...
    ] = ()  # names before the running numbers of its titles, as `text.show_names` finds them
    social: bool = False
    items_a_day: float = 0.0
    last_shown: date | None = None
    previous_post: datetime | None = None  # its newest item before this span
    topic_mix: Mapping[str, float] = {}  # share of its items by topic, 90 days
    value: float = 0.0  # mean news value of its items of 90 days, `judged` of them, the reader's thumbs aside
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
    lead_to_come: bool = False  # its article may be read before the page is printed


class Shown(Record, frozen=True, kw_only=True):
    """A story that an earlier edition showed."""

    story: int
    date: date
    item: int
    feed: int
    section: str
    outlets: int
    minutes: float
    topic: str = ""  # the one it was told under
    topics: Mapping[str, float] = {}
    items: tuple[int, ...] = ()  # the story's items at that time
    sentence: str = ""  # its headline then
    lead: str = ""  # and what else the page said of it: lead and note
    affair: int = 0  # of its story, as it is known today; 0: not known


class Told(Record, frozen=True, kw_only=True):
    """A story that several feeds told, as it is known today, whether or not an edition showed it."""

    story: int
    title: str
    first: datetime
    feeds: tuple[int, ...]
    topics: tuple[str, ...] = ()  # those that any of its items has
    lang: str = ""  # of its title


class History(Record, frozen=True, kw_only=True):
    """What earlier editions did, newest last."""

    shown: tuple[Shown, ...] = ()
    days: tuple[date, ...] = ()  # dates of earlier editions
    debts: Mapping[str, float] = {}
    minutes: Mapping[str, Mapping[str, float]] = {}  # ISO date -> topic -> minutes
    picks: Mapping[str, Mapping[str, int]] = {}  # ISO date -> topic -> picks and lines
    big: Mapping[str, tuple[int, int]] = {}  # ISO date -> (stories with >= 4 outlets told, all of them)
    untold: Mapping[str, tuple[Untold, ...]] = {}  # ISO date -> the largest of those that were not
    good: Mapping[str, Mapping[str, int]] = {}  # ISO date -> topic -> good stories there were
    thin: Mapping[str, Mapping[str, str]] = {}  # ISO date -> topic without a pick or line -> why
    voices: Mapping[str, Mapping[str, float]] = {}  # ISO date -> feed title -> minutes
    seldom: Mapping[
        str, tuple[int, ...]
    ] = {}  # ISO date -> feeds that write seldom, and did before this edition
    # ISO date -> topic -> (stories liked or opened, all of them); of pages on which the reader gave any sign
    signs: Mapping[str, Mapping[str, tuple[int, int]]] = {}
    # Only where the reader labels sources: who told what, and all sources that are listed or told of it
    told: tuple[Told, ...] = ()
    sources: tuple[FeedFacts, ...] = ()
    declined: tuple[str, ...] = ()  # remedies that the reader said no to


class Pool(Record, frozen=True, kw_only=True):
    """Everything that the choice of an edition may look at."""

    candidates: tuple[Candidate, ...] = ()
    stories: tuple[Story, ...] = ()
    feeds: tuple[FeedFacts, ...] = ()
    reports: tuple[FeedReport, ...] = ()
    history: History = History()
    suggested: tuple[Suggestion, ...] = ()  # voices that the reader may want to follow
    since: datetime | None = None  # the last other date's edition; None on the first day
