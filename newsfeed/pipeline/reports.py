"""What the verbs tell their caller: records for a terminal, a log or a program to print."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum

from newsfeed.model import Failure, Problem, Record

Clock = Callable[[], datetime]


class Outcome(StrEnum):
    """How asking one feed ended."""

    NEW = "new"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    WAITING = "waiting"  # not asked: too soon, or it told us when to come back


class FeedResult(Record, frozen=True, kw_only=True):
    """One feed's part of a refresh."""

    feed: int
    name: str
    url: str
    outcome: Outcome
    new: int = 0
    changed: int = 0
    before: int = 0  # of the new ones, those published before the reader subscribed
    failure: Failure | None = None
    wait_until: datetime | None = None
    seconds: float = 0.0
    on_page: int = 0  # its picks and lines on today's page
    added: bool = False  # first refresh since it came into the list
    back: bool = False  # it was there before: its history goes on


class ListChange(Record, frozen=True, kw_only=True):
    """What changed in feeds.opml since the last refresh, and what is wrong with it."""

    added: tuple[str, ...] = ()  # those that are back among them
    back: tuple[str, ...] = ()  # those that were there before: their history goes on
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    unreadable: str = ""  # why the last good list is in force instead


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

    def count(self, outcome: Outcome) -> int:
        """How many feeds ended that way."""
        return sum(r.outcome == outcome for r in self.results)

    @property
    def answered(self) -> int:
        """Feeds that gave a readable answer, new or not."""
        return self.count(Outcome.NEW) + self.count(Outcome.UNCHANGED)


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
