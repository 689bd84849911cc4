"""Why a topic is thin today, and what an edition says once a week: the account of breadth, voices to follow."""

from __future__ import annotations

import msgspec

from newsfeed.edition import constants as c
from newsfeed.edition import ledger
from newsfeed.edition.account import breadth
from newsfeed.edition.after import remember
from newsfeed.edition.desk import Desk
from newsfeed.edition.quiet import (
    ALL_SHOWN,
    FAILING,
    NO_ROOM,
    NO_SOURCE,
    NOT_GOOD,
    NOTHING_NEW,
    OTHER_LANGUAGES,
    TOLD_ELSEWHERE,
)
from newsfeed.edition.wording import WEEKDAYS, count, joined
from newsfeed.model import Breadth, Candidate, Day, Edition, Line, Pick, Settings, Suggestion

_NAMED = 2  # of those who passed a voice on
_SUPPLIES = 0.15  # of a source's items: then it is one of the topic's sources


def why(desk: Desk, topic: str) -> str:
    """Why a topic has neither pick nor line."""
    good = [t for t in desk.articles if topic in t.topics.stands]
    if any(t.worth.value >= c.GOOD for t in good):
        return NO_ROOM
    if good:
        return NOT_GOOD
    if any(topic in topics for topics in desk.sifted.had.values()):
        return ALL_SHOWN
    if any(_has(teller, topic, desk) for telling in desk.articles for teller in telling.tellers):
        return TOLD_ELSEWHERE
    if not desk.articles and any(cause == ledger.LANGUAGE for cause, _ in desk.sifted.causes.values()):
        return OTHER_LANGUAGES
    sources = [
        feed.feed
        for feed in desk.pool.feeds
        if sum(mix for name, mix in feed.topic_mix.items() if desk.ask.under.get(name) == topic) >= _SUPPLIES
        or topic in {folder.casefold() for folder in feed.folders}
        or desk.ask.label(topic).casefold() in {folder.casefold() for folder in feed.folders}
    ]
    if not sources:
        return NO_SOURCE if any(feed.topic_mix for feed in desk.pool.feeds) else NOTHING_NEW
    failing = {report.feed for report in desk.pool.reports if not report.ok}
    return FAILING if all(number in failing for number in sources) else NOTHING_NEW


def _has(candidate: Candidate, topic: str, desk: Desk) -> bool:
    """Whether an item was tagged with a topic, though its story stands for others."""
    scores = candidate.tagging.scores
    return any(score.p >= c.STANDS and desk.ask.under.get(score.topic) == topic for score in scores)


def is_weekly(settings: Settings, date: Day) -> bool:
    """Whether this is the day of the week on which the page says more than the news."""
    return settings.edition.breadth_day.strip().casefold() == WEEKDAYS[date.weekday()].casefold()


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
    by = ", ".join(one.by[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"passed on {count(one.times, 'time')} by {by}{f', on {joined(one.topics)}' if one.topics else ''}"
