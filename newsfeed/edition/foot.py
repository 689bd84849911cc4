"""The sentences around the stories: the promise on top, what is said first, and the four lines of the foot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from newsfeed import text
from newsfeed.edition import constants as c
from newsfeed.edition import ledger
from newsfeed.edition.telling import first_words
from newsfeed.edition.wording import count, joined, minutes, say
from newsfeed.model import Day, FeedReport, Pool, Span, TopicAccount
from newsfeed.text.spoken import weekday, whole

THE_END = "That’s all for today."
_FAILED_DAYS = 2
_NAMED_FEEDS = 3
_NAMED_TOPICS = 8
_NAME_CHARACTERS = 40
_BIG_WORDS = 12


# What became of items, in the words of one sentence; the ledger's page lists the same numbers under the same causes.
_LEFT_OUT: Mapping[str, str] = MappingProxyType(
    {
        ledger.SAME: "told the same",
        ledger.HAD: "you had",
        ledger.BELOW: "not worth your minutes",
        ledger.ROOM: "no room",
        ledger.CAPPED: "over their source’s share",
        ledger.OLD: "too old",
        ledger.ADVERT: "adverts or the like",
        ledger.MUTED: "muted",
        ledger.LANGUAGE: "in other languages",
        ledger.BEFORE: "from before you subscribed",
    }
)

_ONE = {"adverts or the like": "advert or the like"}


def promise(stories: int, sources: int, taken: float) -> str:
    """ "14 stories from 38 sources · 5 min"."""
    if not stories:
        return (
            say("Nothing new from {sources}", sources=count(sources, "source"))
            if sources
            else say("No sources yet")
        )
    return say(
        "{stories} from {sources} · {minutes}",
        stories=count(stories, "story", "stories"),
        sources=count(sources, "source"),
        minutes=minutes(taken),
    )


def note(
    pool: Pool,
    counts: Mapping[str, int],
    *,
    stories: int,
    taken: float,
    budget: float,
    expired: int,
    date: Day,
    now: datetime,
) -> str:
    """What must be said before anything else, in at most two sentences: failure, first day, absence, quiet day.

    A day is quiet when half of the minutes and more are left, and nothing worth them was left out.
    """
    said = []
    reports = pool.reports
    if not pool.feeds and not reports:
        return say("Your list has no feeds yet: add some to feeds.opml.")
    if reports and not any(report.ok for report in reports):
        causes = {report.cause for report in reports if report.cause}
        why = f": {causes.pop().rstrip('.')}" if len(causes) == 1 else ""
        said.append(
            say("Your only source could not be read today{why}.", why=why)
            if len(reports) == 1
            else say("None of your {n} sources could be read today{why}.", n=whole(len(reports)), why=why)
        )
    elif is_incomplete(reports, now):
        well = sum(report.ok for report in reports)
        said.append(say("Only {well} of your {n} sources could be read.", well=well, n=whole(len(reports))))
    earlier = [day for day in pool.history.days if day < date]
    if earlier and (gap := (date - max(earlier)).days) > 1:
        stale = say("; {items} went stale meanwhile", items=count(expired, "item")) if expired else ""
        said.append(
            say("Your last page was on {weekday}{stale}.", weekday=weekday(max(earlier)), stale=stale)
            if gap < 7
            else say("Your last page was {n} days ago{stale}.", n=gap, stale=stale)
        )
    left_out = counts.get(ledger.ROOM, 0) + counts.get(ledger.CAPPED, 0)
    few = stories <= budget * c.PICKS_A_MINUTE / 2
    if stories and few and taken < budget / 2 and not left_out and not said:
        said.append(say("Quiet day: {stories}.", stories=count(stories, "story", "stories")))
    return " ".join(said[:2])


def read_for_you(counts: Mapping[str, int]) -> tuple[Span, ...]:
    """ "312 read for you: 41 told the same, 9 you had, 180 not worth your minutes, 68 no room."."""
    total = sum(counts.values())
    if not total:
        return (Span(text=say("Nothing new was there to read."), href="ledger.html"),)
    parts = []
    for cause, words in _LEFT_OUT.items():
        if number := counts.get(cause, 0):
            told = say(_ONE.get(words, words) if number == 1 else words)
            parts.append(f"{whole(number)} {told}")
    rest = f": {', '.join(parts)}." if parts else "."
    return (Span(text=say("{n} read for you", n=whole(total)), href="ledger.html"), Span(text=rest))


def quiet(topics: Sequence[TopicAccount], untold: tuple[str, int, str] | None) -> tuple[Span, ...]:
    """One sentence on the topics that have nothing, and the largest story left out: (title, outlets, link)."""
    thin = [topic for topic in topics if topic.why_thin]
    spans: list[Span] = []
    if thin:
        by_cause: dict[str, list[str]] = {}
        for topic in thin[:_NAMED_TOPICS]:
            by_cause.setdefault(topic.why_thin, []).append(topic.label)
        named = "; ".join(f"{joined(labels)} ({say(cause)})" for cause, labels in by_cause.items())
        more = say("; {n} more", n=len(thin) - _NAMED_TOPICS) if len(thin) > _NAMED_TOPICS else ""
        spans.append(Span(text=say("Quiet today: {named}{more}.", named=named, more=more)))
    elif topics:
        spans.append(Span(text=say("Every topic had something worth your time.")))
    if untold is not None:
        title, outlets, link = untold
        left_out = say("Left out, though {n} sources told it: ", n=outlets)
        spans.append(Span(text=f"{' ' if spans else ''}{left_out}"))
        spans.append(Span(text=first_words(title, _BIG_WORDS), href=link))
    return tuple(spans)


def answer(picks: int) -> tuple[Span, ...]:
    """How to ask why a story is there and how to say no to one; nothing where there is none."""
    if not picks:
        return ()
    asked = say("Why is a story here? newsfeed why {n}. Not for you? newsfeed dislike {n}.", n=min(picks, 4))
    return (Span(text=asked),)


def is_incomplete(reports: Sequence[FeedReport], now: datetime) -> bool:
    """Whether more than half of the sources failed; those that have failed for days say nothing of this morning."""
    limit = timedelta(days=_FAILED_DAYS)
    failing = [r for r in reports if not r.ok and not (r.failing_since and now - r.failing_since >= limit)]
    return len(failing) > sum(r.ok for r in reports)


def needs_owner(report: FeedReport, now: datetime) -> bool:
    """Whether a failing feed is worth a word: at once if only its owner can mend it or must have it, else after
    two failed days."""
    if report.ok:
        return False
    if report.must_read or report.needs_owner:
        return True
    return report.failing_since is not None and now - report.failing_since >= timedelta(days=_FAILED_DAYS)


def feeds(reports: Sequence[FeedReport], now: datetime) -> tuple[Span, ...]:
    """One sentence on the feeds that need their owner: three by name with their repair, then "+4 more"; a quiet one
    when all is well."""
    waiting = sorted(
        (report for report in reports if needs_owner(report, now)),
        key=lambda report: (
            not report.must_read,
            not report.needs_owner,
            report.title.casefold(),
            report.feed,
        ),
    )
    if not waiting:
        return (Span(text=say("All feeds are well.")),) if reports and all(r.ok for r in reports) else ()
    named = [
        f"{text.clean_line(report.title, _NAME_CHARACTERS)}{f' ({told})' if (told := _trouble(report)) else ''}"
        for report in waiting[:_NAMED_FEEDS]
    ]
    more = say(", +{n} more", n=len(waiting) - _NAMED_FEEDS) if len(waiting) > _NAMED_FEEDS else ""
    start = (
        say("One feed could not be read: ")
        if len(waiting) == 1
        else say("{n} feeds could not be read: ", n=len(waiting))
    )
    return (Span(text=f"{start}{', '.join(named)}{more}."),)


def _trouble(report: FeedReport) -> str:
    """What is wrong with a feed and what to do about it, to stand in brackets."""
    return " ".join(part for part in (report.cause, report.repair) if part).rstrip(".")


def rows(*lines: tuple[Span, ...]) -> tuple[tuple[Span, ...], ...]:
    """The foot: its end first, then what there is to say."""
    return ((Span(text=say(THE_END)),), *(line for line in lines if line))
