"""The one sentence that says why a story is there. It is stored for every pick, with the numbers behind it, and
its short form ends the quiet line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from newsfeed.edition import constants as c
from newsfeed.edition.telling import told_by
from newsfeed.edition.weighing import Telling
from newsfeed.edition.wording import amount, count
from newsfeed.model import FeedFacts, Pick


@dataclass(frozen=True)
class Facts:
    """What a reason may speak of, beside the telling itself."""

    label: str  # of the topic
    unseen: int | None  # days since the topic was on a page; None: history can't tell
    quiet: int | None  # days since the source's post before this one
    debt: float  # owed to the topic before this edition


def quiet_days(telling: Telling, feed: FeedFacts | None, known_days: int) -> int | None:
    """Days between this item and its source's one before; None where either is unknown or the reader's own history
    is shorter than that."""
    item = telling.candidate.item
    moment = item.item.published or item.first_seen
    if feed is None or feed.previous_post is None or feed.previous_post >= moment:
        return None
    days = (moment - feed.previous_post).days
    return days if days <= known_days else None


@dataclass(frozen=True)
class Reason:
    """Why a story is there: a checkable sentence, and the same in at most four words."""

    sentence: str
    short: str
    news: bool = False  # it is news in itself
    counted: bool = False  # it is the number of tellers

    def before(self, pick: Pick, outlets: int) -> str:
        """What stands before the other tellers of a pick where their number is the reason; "" for the usual word."""
        return told_by(outlets) if self.counted and pick.others else ""


def news(telling: Telling, facts: Facts, *, first_of_topic: bool) -> Reason | None:
    """The reason that is news in itself, None if there is none."""
    if telling.options.must_read:
        return Reason("you marked it must-read", "your must-read", news=True)
    unseen = facts.unseen if first_of_topic and facts.label and telling.back is None else None
    if unseen is not None and unseen >= c.UNSEEN_DAYS:
        return Reason(
            f"first {facts.label} story in {unseen} days", f"{facts.label} after {unseen} days", news=True
        )
    if telling.of_day:
        said = f"one of {telling.of_day} stories of the day’s affair"
        return Reason(said, "the day’s affair", news=True)
    if telling.outlets >= c.TOLD_BY:
        return Reason(
            f"told by {telling.outlets} of your sources",
            f"{telling.outlets} sources",
            news=True,
            counted=True,
        )
    if telling.shared_by >= c.SHARED_BY:
        return Reason(
            f"shared by {telling.shared_by} you follow", f"shared by {telling.shared_by}", news=True
        )
    if facts.quiet is not None and facts.quiet >= c.QUIET_DAYS:
        said = f"a quiet source speaks, its first post in {facts.quiet} days"
        return Reason(said, "a quiet source speaks", news=True)
    return None


def reason(
    telling: Telling, facts: Facts, *, by: str, rivals: int, minutes: float, source: str, first_of_topic: bool
) -> Reason:
    """Why a story has its place.

    Args:
        by: the pass that took it; `rivals`: how many others stood for the same place.
    """
    if said := news(telling, facts, first_of_topic=first_of_topic):
        return said
    if telling.back is not None:
        # The note says which day it is, and what is new.
        return Reason(f"day {telling.back.day} of a story that you know, with something new", "")
    label = facts.label or "any topic"
    if by == "floor" and rivals == 0:
        return Reason(f"the only {label} story today", f"only {label} story")
    if by == "floor":
        return Reason(f"first choice among {rivals + 1} {label} stories today", f"best {label} story")
    if by == "off path":
        return Reason(f"you were shown least of {label} in two weeks", "")  # the note says so
    if by == "people":
        return Reason("a post worth its minute from someone you follow", "")
    if by == "over cap":
        return Reason(f"nothing else was new: more from {source}", "nothing else was new")
    if telling.outlets >= 2:
        return Reason(f"{label}: {count(telling.outlets, 'source')} of yours carry it", "2 sources")
    if telling.grade >= c.MUST_KNOW:
        return Reason(f"{label}: news that you should know, by its words", "must know")
    if telling.grade >= c.STRONG:
        return Reason(f"{label}: news of weight, by its words", "news of weight")
    if facts.debt > 0.5:
        return Reason(f"{label} has been short this week", f"more {label} was due")
    return Reason(f"next best use of {amount(minutes)} minutes: {label}", f"next best {facts.label}".strip())


def days_before(feed: FeedFacts | None, today: date) -> float:
    """u_o of the objective: 1 + min(days since the source was shown, 28) / 14; 3 if it never was."""
    if feed is None or feed.last_shown is None:
        return 1 + c.VOICE_DAYS / 14
    return 1 + min(max(0, (today - feed.last_shown).days), c.VOICE_DAYS) / 14
