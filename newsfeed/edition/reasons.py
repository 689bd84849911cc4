"""The one sentence that says why a story is there. It is stored for every pick, with the numbers behind it, and
its short form ends the quiet line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from newsfeed.edition import constants as c
from newsfeed.edition.telling import told_by
from newsfeed.edition.weighing import Telling
from newsfeed.edition.wording import amount, count, say
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
        return Reason(say("you marked it must-read"), say("your must-read"), news=True)
    unseen = facts.unseen if first_of_topic and facts.label and telling.back is None else None
    if unseen is not None and unseen >= c.UNSEEN_DAYS:
        said = say("first {label} story in {n} days", label=facts.label, n=unseen)
        return Reason(said, say("{label} after {n} days", label=facts.label, n=unseen), news=True)
    if telling.of_day:
        said = say("one of {n} stories of the day’s affair", n=telling.of_day)
        return Reason(said, say("the day’s affair"), news=True)
    if telling.outlets >= c.TOLD_BY:
        said = say("told by {n} of your sources", n=telling.outlets)
        return Reason(said, count(telling.outlets, "source"), news=True, counted=True)
    if telling.shared_by >= c.SHARED_BY:
        said = say("shared by {n} you follow", n=telling.shared_by)
        return Reason(said, say("shared by {n}", n=telling.shared_by), news=True)
    if facts.quiet is not None and facts.quiet >= c.QUIET_DAYS:
        said = say("a quiet source speaks, its first post in {n} days", n=facts.quiet)
        return Reason(said, say("a quiet source speaks"), news=True)
    return None


def reason(
    telling: Telling, facts: Facts, *, by: str, rivals: int, minutes: float, source: str, first_of_topic: bool
) -> Reason:
    """Why a story has its place.

    Args:
        by: the pass that took it; `rivals`: how many others stood for the same place.
    """
    if told := news(telling, facts, first_of_topic=first_of_topic):
        return told
    if telling.back is not None:
        # The note says which day it is, and what is new.
        said = say("day {n} of a story that you know, with something new", n=telling.back.day)
        return Reason(said, "")
    label = facts.label or say("any topic")
    if by == "floor" and rivals == 0:
        return Reason(
            say("the only {label} story today", label=label), say("only {label} story", label=label)
        )
    if by == "floor":
        said = say("first choice among {n} {label} stories today", n=rivals + 1, label=label)
        return Reason(said, say("best {label} story", label=label))
    if by == "off path":
        return Reason(
            say("you were shown least of {label} in two weeks", label=label), ""
        )  # the note says so
    if by == "people":
        return Reason(say("a post worth its minute from someone you follow"), "")
    if by == "over cap":
        said = say("nothing else was new: more from {source}", source=source)
        return Reason(said, say("nothing else was new"))
    if telling.outlets >= 2:
        sources = count(telling.outlets, "source")
        return Reason(say("{label}: {sources} of yours carry it", label=label, sources=sources), sources)
    if telling.grade >= c.MUST_KNOW:
        said = say("{label}: news that you should know, by its words", label=label)
        return Reason(said, say("must know"))
    if telling.grade >= c.STRONG:
        return Reason(say("{label}: news of weight, by its words", label=label), say("news of weight"))
    if facts.debt > 0.5:
        return Reason(
            say("{label} has been short this week", label=label), say("more {label} was due", label=label)
        )
    said = say("next best use of {minutes} minutes: {label}", minutes=amount(minutes), label=label)
    return Reason(said, say("next best {label}", label=facts.label).strip())


def days_before(feed: FeedFacts | None, today: date) -> float:
    """u_o of the objective: 1 + min(days since the source was shown, 28) / 14; 3 if it never was."""
    if feed is None or feed.last_shown is None:
        return 1 + c.VOICE_DAYS / 14
    return 1 + min(max(0, (today - feed.last_shown).days), c.VOICE_DAYS) / 14
