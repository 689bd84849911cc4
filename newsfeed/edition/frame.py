"""What surrounds the stories: promise, note and foot, why a topic is quiet, and the weekly account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from newsfeed import text
from newsfeed.breadth.account import breadth
from newsfeed.breadth.measures import (
    ADVERTS,
    ALL_SHOWN,
    AT_CAP,
    BEFORE,
    FAILING,
    FULL,
    LONG_READ,
    MUTED,
    NO_ROOM,
    NO_SOURCE,
    NOT_GOOD,
    NOT_READ,
    NOTHING_NEW,
    OTHER_LANGUAGES,
    SOME_FAIL,
    TOLD_ELSEWHERE,
    TOO_OLD,
)
from newsfeed.edition import constants as c
from newsfeed.edition.earlier import remember
from newsfeed.edition.words import minutes
from newsfeed.model import (
    WEEKDAYS,
    Breadth,
    Day,
    Edition,
    FeedFacts,
    FeedReport,
    LedgerEntry,
    Pool,
    Settings,
    Span,
    Suggestion,
    TopicAccount,
    ledger,
    summary,
)
from newsfeed.text import first_words
from newsfeed.text.spoken import count, joined, say, told, weekday, whole

if TYPE_CHECKING:
    from newsfeed.edition.preparing import (
        Prepared,  # imports numpy, which a report alone doesn't need
    )

THE_END = "That’s all for today."


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

    A day is quiet if half or more of the minutes are left and nothing good was left out.
    """
    said = []
    reports = pool.reports
    if not pool.feeds and not reports:
        return say("Your list has no feeds yet: add some to feeds.opml.")
    if reports and not any(report.ok for report in reports):
        causes = {say(report.cause, **report.values) for report in reports if report.cause}
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
    """One sentence on the topics without a story, and the largest story left out: (title, outlets, link)."""
    thin = [topic for topic in topics if topic.why_thin]
    spans: list[Span] = []
    if thin:
        by_cause: dict[str, list[str]] = {}
        for topic in thin[: c.NAMED_TOPICS]:
            by_cause.setdefault(topic.why_thin, []).append(topic.label)
        named = "; ".join(f"{joined(labels)} ({say(cause)})" for cause, labels in by_cause.items())
        more = say("; {n} more", n=len(thin) - c.NAMED_TOPICS) if len(thin) > c.NAMED_TOPICS else ""
        spans.append(Span(text=say("Quiet today: {named}{more}.", named=named, more=more)))
    elif topics:
        spans.append(Span(text=say("Every topic had something worth your time.")))
    if untold is not None:
        title, outlets, link = untold
        left_out = say("Left out, though {n} sources told it: ", n=outlets)
        spans.append(Span(text=f"{' ' if spans else ''}{left_out}"))
        spans.append(Span(text=first_words(title, c.BIG_WORDS), href=link))
    return tuple(spans)


def answer(picks: int) -> tuple[Span, ...]:
    """How to ask why a story is there and how to say no to one; nothing where there is none."""
    if not picks:
        return ()
    asked = say("Why is a story here? newsfeed why {n}. Not for you? newsfeed dislike {n}.", n=min(picks, 4))
    return (Span(text=asked),)


def is_incomplete(reports: Sequence[FeedReport], now: datetime) -> bool:
    """Whether more than half of the sources failed, not counting those that have failed for days."""
    limit = timedelta(days=c.FAILED_DAYS)
    failing = [r for r in reports if not r.ok and not (r.failing_since and now - r.failing_since >= limit)]
    return len(failing) > sum(r.ok for r in reports)


def needs_owner(report: FeedReport, now: datetime) -> bool:
    """Whether a failing feed is mentioned: at once if only the reader can fix it or it is a must-read, else after two days."""
    if report.ok:
        return False
    if report.must_read or report.needs_owner:
        return True
    return report.failing_since is not None and now - report.failing_since >= timedelta(days=c.FAILED_DAYS)


def feeds(reports: Sequence[FeedReport], now: datetime) -> tuple[Span, ...]:
    """One sentence on the feeds that need the reader: three by name with their repair, then "+4 more"; a quiet one
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
        f"{text.clean_line(report.title, c.NAME_CHARACTERS)}{f' ({why})' if (why := _trouble(report)) else ''}"
        for report in waiting[: c.NAMED_FEEDS]
    ]
    more = say(", +{n} more", n=len(waiting) - c.NAMED_FEEDS) if len(waiting) > c.NAMED_FEEDS else ""
    start = (
        say("One feed could not be read: ")
        if len(waiting) == 1
        else say("{n} feeds could not be read: ", n=len(waiting))
    )
    return (Span(text=f"{start}{', '.join(named)}{more}."),)


def _trouble(report: FeedReport) -> str:
    """What is wrong with a feed and what to do about it, to stand in brackets."""
    return told(report.values, report.cause, report.repair).rstrip(".")


def rows(*lines: tuple[Span, ...]) -> tuple[tuple[Span, ...], ...]:
    """The foot: its end first, then what there is to say."""
    return ((Span(text=say(THE_END)),), *(line for line in lines if line))


# Why a topic is quiet, by the cause of its item that came nearest to the page.
_SAID: Mapping[str, str] = MappingProxyType(
    {
        ledger.CAPPED: AT_CAP,
        ledger.BELOW: NOT_GOOD,
        ledger.LONG: LONG_READ,
        ledger.SHOWN: TOLD_ELSEWHERE,
        ledger.LINE: TOLD_ELSEWHERE,
        ledger.SAME: TOLD_ELSEWHERE,
        ledger.HAD: ALL_SHOWN,
        ledger.LANGUAGE: OTHER_LANGUAGES,
        ledger.MUTED: MUTED,
        ledger.OLD: TOO_OLD,
        ledger.ADVERT: ADVERTS,
    }
)


def by_topic(prepared: Prepared, entries: Sequence[LedgerEntry]) -> dict[str | None, list[LedgerEntry]]:
    """The ledger's lines by the topics that the items have by their own tags; under None those without, whose language is
    not supported."""
    found: dict[str | None, list[LedgerEntry]] = {}
    for entry in entries:
        own = prepared.topics_of(entry.item)
        for topic in own:
            if topic is not None:
                found.setdefault(topic, []).append(entry)
        if not own and entry.cause == ledger.LANGUAGE:
            found.setdefault(None, []).append(entry)
    return found


def why(prepared: Prepared, topic: str, ledger_of: Mapping[str | None, Sequence[LedgerEntry]]) -> str:
    """Why a topic has neither pick nor line: from the ledger's causes of its items (see `by_topic`; those whose language is
    not supported count for the topics of their sources), or from the state of its sources."""
    sources = _sources(prepared, topic)
    foreign = (one for one in ledger_of.get(None, ()) if prepared.candidates[one.item].item.feed in sources)
    own = [*ledger_of.get(topic, ()), *foreign]
    causes = {entry.cause for entry in own}
    if ledger.ROOM in causes:
        full = all(entry.full for entry in own if entry.cause == ledger.ROOM)
        return FULL if full else NO_ROOM
    return next((said for cause, said in _SAID.items() if cause in causes), "") or _of_sources(
        prepared, sources
    )


def _of_sources(prepared: Prepared, sources: Set[int]) -> str:
    """Why a topic had no items, from the state of its sources."""
    reports = prepared.pool.reports
    unread = {report.feed for report in reports if report.unread}
    failing = {report.feed for report in reports if not report.ok} | unread
    if not sources:
        if 2 * len(unread) > len(reports):
            return NOT_READ
        # A source of which nothing is known yet may be one.
        return NO_SOURCE if _are_known(prepared.pool.feeds, unread) else NOTHING_NEW
    if sources <= unread:
        return NOT_READ
    if sources <= failing:
        return FAILING
    if sources & failing:
        return SOME_FAIL
    return BEFORE if sources & prepared.pool.before.keys() else NOTHING_NEW


def _are_known(feeds: Sequence[FeedFacts], unread: Set[int]) -> bool:
    """Whether it is known of every source that could be read what it tells of."""
    return all(feed.judged or feed.topic_mix for feed in feeds if feed.feed not in unread)


def _sources(prepared: Prepared, topic: str) -> frozenset[int]:
    """The sources that supply a topic, or stand in a folder of its name."""
    names = {topic, prepared.ask.label(topic).casefold()}
    return frozenset(
        feed.feed
        for feed in prepared.pool.feeds
        if sum(mix for name, mix in feed.topic_mix.items() if prepared.ask.under.get(name) == topic)
        >= c.SUPPLIES
        or names & {folder.casefold() for folder in feed.folders}
    )


def is_weekly(settings: Settings, date: Day) -> bool:
    """Whether this is the weekday of the weekly account."""
    return settings.edition.breadth_day.strip().casefold() == WEEKDAYS[date.weekday()]


def weekly(prepared: Prepared, edition: Edition) -> Breadth | None:
    """The account of breadth with today's edition in it, on the reader's weekday and after a week of history."""
    if not is_weekly(prepared.settings, prepared.date):
        return None
    history = prepared.pool.history
    today = msgspec.structs.replace(
        history,
        days={**history.days, prepared.date: summary(edition)},
        shown=(*(s for s in history.shown if s.date != prepared.date), *remember(edition, prepared.pool)),
    )
    account = breadth(today, prepared.settings, days=30, until=prepared.date)
    if not account.headline:
        return None
    remedy = tuple(one for one in account.remedies[:1] if one)
    return msgspec.structs.replace(account, findings=account.findings[:1], remedies=remedy)


def suggested(prepared: Prepared) -> tuple[Suggestion, ...]:
    """The people to suggest today, on the reader's weekday, each with the reason in words."""
    if not is_weekly(prepared.settings, prepared.date):
        return ()
    return tuple(msgspec.structs.replace(one, said=_suggests(one)) for one in prepared.pool.suggested)


def _suggests(one: Suggestion) -> str:
    """ "passed on 4 times by Ada, Bo and 2 more, on Science"."""
    more = len(one.by) - c.NAMED_BY
    by = ", ".join(one.by[: c.NAMED_BY]) + (say(" and {n} more", n=more) if more > 0 else "")
    on = say(", on {topics}", topics=joined([say(topic) for topic in one.topics])) if one.topics else ""
    return say("passed on {times} by {by}{on}", times=count(one.times, "time"), by=by, on=on)
