"""Why a topic is thin today, and what an edition says once a week: the account of breadth, voices to follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from types import MappingProxyType

import msgspec

from newsfeed.edition import constants as c
from newsfeed.edition import ledger
from newsfeed.edition.account import breadth
from newsfeed.edition.after import remember
from newsfeed.edition.desk import Desk
from newsfeed.edition.quiet import (
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
from newsfeed.edition.verdicts import is_for_number
from newsfeed.edition.wording import count, joined, say
from newsfeed.model import WEEKDAYS, Breadth, Day, Edition, LedgerEntry, Line, Pick, Settings, Suggestion

_NAMED = 2  # of those who passed a voice on
_SUPPLIES = 0.15  # of a source's items: then it is one of the topic's sources

# What a topic's quiet is called, by the cause that brought one of its items nearest to the page.
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
        ledger.BEFORE: BEFORE,
    }
)


def why(desk: Desk, topic: str, entries: Sequence[LedgerEntry]) -> str:
    """Why a topic has neither pick nor line: what the ledger says of its items, or what is known of its sources."""
    sources = _sources(desk, topic)
    own = [entry for entry in entries if _is_of(desk, topic, sources, entry)]
    causes = {entry.cause for entry in own}
    if ledger.ROOM in causes:
        full = all(is_for_number(entry) for entry in own if entry.cause == ledger.ROOM)
        return FULL if full else NO_ROOM
    return next((said for cause, said in _SAID.items() if cause in causes), "") or _of_sources(desk, sources)


def _of_sources(desk: Desk, sources: Set[int]) -> str:
    """Why nothing came of a topic, by the sources it has."""
    reports = desk.pool.reports
    unread = {report.feed for report in reports if report.unread}
    failing = {report.feed for report in reports if not report.ok} | unread
    if not sources:
        if 2 * len(unread) > len(reports):
            return NOT_READ
        return NO_SOURCE if any(feed.topic_mix for feed in desk.pool.feeds) else NOTHING_NEW
    if sources <= unread:
        return NOT_READ
    if sources <= failing:
        return FAILING
    return SOME_FAIL if sources & failing else NOTHING_NEW


def _sources(desk: Desk, topic: str) -> frozenset[int]:
    """The sources that supply a topic, or stand in a folder of its name."""
    names = {topic, desk.ask.label(topic).casefold()}
    return frozenset(
        feed.feed
        for feed in desk.pool.feeds
        if sum(mix for name, mix in feed.topic_mix.items() if desk.ask.under.get(name) == topic) >= _SUPPLIES
        or names & {folder.casefold() for folder in feed.folders}
    )


def _is_of(desk: Desk, topic: str, sources: Set[int], entry: LedgerEntry) -> bool:
    """Whether an item is of a topic: by its own tags; one in a language that nothing is known of, by its source."""
    one = desk.candidates[entry.item]
    own = {desk.ask.under.get(score.topic) for score in one.tagging.scores if score.p >= c.STANDS}
    if topic in own:
        return True
    return not own and entry.cause == ledger.LANGUAGE and one.item.feed in sources


def is_weekly(settings: Settings, date: Day) -> bool:
    """Whether this is the day of the week on which the page says more than the news."""
    return settings.edition.breadth_day.strip().casefold() == WEEKDAYS[date.weekday()]


def weekly(desk: Desk, edition: Edition) -> Breadth | None:
    """The account of breadth with today's edition in it, on the reader's weekday and after a week of history."""
    if not is_weekly(desk.settings, desk.date):
        return None
    history, topics = desk.pool.history, edition.topics
    key = desk.date.isoformat()
    voices: dict[str, float] = {}
    told: list[Pick | Line] = [pick for section in edition.sections for pick in section.picks]
    for one in (*told, *edition.lines):
        voices[one.source] = voices.get(one.source, 0.0) + one.minutes
    today = msgspec.structs.replace(
        history,
        shown=(*(s for s in history.shown if s.date != desk.date), *remember(edition, desk.pool)),
        days=(*(d for d in history.days if d != desk.date), desk.date),
        minutes={**history.minutes, key: {t.name: t.minutes for t in topics}},
        picks={**history.picks, key: {t.name: t.picks + t.lines for t in topics}},
        big={**history.big, key: (edition.big_told, edition.big_all)},
        untold={**history.untold, key: edition.untold},
        good={**history.good, key: {t.name: t.good for t in topics}},
        thin={**history.thin, key: {t.name: t.why_thin for t in topics if t.why_thin}},
        voices={**history.voices, key: voices},
        seldom={**history.seldom, key: edition.seldom},
        debts={t.name: t.debt for t in topics},
    )
    account = breadth(today, desk.settings, days=30, until=desk.date)
    if not account.headline:
        return None
    remedy = tuple(one for one in account.remedies[:1] if one)
    return msgspec.structs.replace(account, findings=account.findings[:1], remedies=remedy)


def suggested(desk: Desk) -> tuple[Suggestion, ...]:
    """The voices to suggest today, on the reader's weekday, each with its reason in words."""
    if not is_weekly(desk.settings, desk.date):
        return ()
    return tuple(msgspec.structs.replace(one, said=_suggests(one)) for one in desk.pool.suggested)


def _suggests(one: Suggestion) -> str:
    """ "passed on 4 times by Ada, Bo and 2 more, on Science"."""
    more = len(one.by) - _NAMED
    by = ", ".join(one.by[:_NAMED]) + (say(" and {n} more", n=more) if more > 0 else "")
    on = say(", on {topics}", topics=joined(one.topics)) if one.topics else ""
    return say("passed on {times} by {by}{on}", times=count(one.times, "time"), by=by, on=on)
