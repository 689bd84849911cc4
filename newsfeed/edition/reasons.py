"""The one sentence that says why a story is there. It is stored for every pick, with the numbers behind it, and
printed only when it is news in itself."""

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


def news(telling: Telling, facts: Facts, *, first_of_topic: bool) -> str:
    """The reason that is news in itself, "" if there is none."""
    if telling.options.must_read:
        return say("you marked it must-read")
    unseen = facts.unseen if first_of_topic and facts.label and telling.back is None else None
    if unseen is not None and unseen >= c.UNSEEN_DAYS:
        return say("first {label} story in {n} days", label=facts.label, n=unseen)
    if telling.outlets >= c.TOLD_BY:
        return _told(telling)
    if telling.shared_by >= c.SHARED_BY:
        return say("shared by {n} you follow", n=telling.shared_by)
    if facts.quiet is not None and facts.quiet >= c.QUIET_DAYS:
        return say("a quiet source speaks, its first post in {n} days", n=facts.quiet)
    return ""


def tellers(telling: Telling, said: str, pick: Pick) -> str:
    """What stands before the other tellers of a pick: its reason, where that is their number; "" for the usual word."""
    return told_by(telling.outlets) if pick.others and said == _told(telling) else ""


def _told(telling: Telling) -> str:
    return say("told by {n} of your sources", n=telling.outlets)


def reason(
    telling: Telling, facts: Facts, *, by: str, rivals: int, minutes: float, source: str, first_of_topic: bool
) -> tuple[str, bool]:
    """The sentence, and whether the page prints it.

    Args:
        by: the pass that took it; `rivals`: how many others stood for the same place.
    """
    if said := news(telling, facts, first_of_topic=first_of_topic):
        return said, True
    if telling.back is not None:
        return say("day {n} of a story that you know, with something new", n=telling.back.day), False
    label = facts.label or say("any topic")
    if by == "floor":
        if rivals == 0:
            return say("the only {label} story today", label=label), False
        return say("first choice among {n} {label} stories today", n=rivals + 1, label=label), False
    if by == "off path":
        return say("you were shown least of {label} in two weeks", label=label), False
    if by == "people":
        return say("a post worth its minute from someone you follow"), False
    if by == "over cap":
        return say("nothing else was new: more from {source}", source=source), False
    if telling.outlets >= 2:
        return say(
            "{label}: {sources} of yours carry it", label=label, sources=count(telling.outlets, "source")
        ), False
    if facts.debt > 0.5:
        return say("{label} has been short this week", label=label), False
    return say("next best use of {minutes} minutes: {label}", minutes=amount(minutes), label=label), False


def days_before(feed: FeedFacts | None, today: date) -> float:
    """u_o of the objective: 1 + min(days since the source was shown, 28) / 14; 3 if it never was."""
    if feed is None or feed.last_shown is None:
        return 1 + c.VOICE_DAYS / 14
    return 1 + min(max(0, (today - feed.last_shown).days), c.VOICE_DAYS) / 14
