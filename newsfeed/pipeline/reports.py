"""What the verbs tell their caller: records for a terminal, a log or a program to print."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from newsfeed.feeds.health import FeedOutcome, FeedResult, ListChange
from newsfeed.model import Record

Clock = Callable[[], datetime]


class RefreshOptions(Record, frozen=True, kw_only=True):
    """What is wished of a refresh; without any wish every feed is asked now."""

    only: tuple[str, ...] = ()  # names or addresses: feeds are asked that hold one of them in theirs
    due: bool = False  # only feeds whose time has come
    force: bool = False  # also past the manual floor, and without validators; never past a Retry-After
    fetch_only: bool = False  # leave tagging and grouping for later
    choosing: bool = False  # a page is about to be chosen: learn and tag all that its choice asks for
    workers: int = 0  # reading processes; 0 takes the setting
    secrets: Mapping[str, str] = {}


class RefreshReport(Record, frozen=True, kw_only=True):
    """A refresh, whole."""

    started: datetime
    seconds: float
    results: tuple[FeedResult, ...] = ()
    list: ListChange = ListChange()
    no_network: bool = False
    tagged: int = 0
    stories: int = 0
    since: int = 0  # picks that the refresh added to today's page
    page: str = ""  # today's page, if there is one
    page_note: str = ""

    def count(self, outcome: FeedOutcome) -> int:
        """How many feeds ended that way."""
        return sum(r.outcome == outcome for r in self.results)

    @property
    def answered(self) -> int:
        """Feeds that gave a readable answer, new or not."""
        return self.count(FeedOutcome.NEW) + self.count(FeedOutcome.UNCHANGED)


class DigestReport(Record, frozen=True, kw_only=True):
    """An edition, built or drawn again."""

    page: str
    date: str
    heading: str
    promise: str
    built: bool  # False: drawn again from the stored edition
    picks: int = 0
    lines: int = 0
    minutes: float = 0.0
    note: str = ""
    published: str = ""  # where the pages were mirrored to, and what that means
    counts: Mapping[str, int] = {}
    refresh: RefreshReport | None = None
    list: ListChange = ListChange()  # what changed in the list, where no feed was asked
    edition_note: str = ""
    hints: tuple[str, ...] = ()  # where a setting does something else than it says


class Progress:
    """Where a long verb tells how far it is. This one is silent; `cli` has one that draws."""

    def start(self, total: int) -> None:
        """`total` feeds will be asked."""

    def asking(self, name: str) -> None:
        """The feed of that name is being asked now."""

    def done(self, result: FeedResult) -> None:
        """One feed has ended."""

    def step(self, text: str) -> None:
        """A step after the feeds, in words: "tagging 312 items"."""
