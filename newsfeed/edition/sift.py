"""From the pool to what may stand in an edition: one telling a story, and a cause for everything else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from newsfeed import text
from newsfeed.edition import affairs, ledger, memory, series
from newsfeed.edition import constants as c
from newsfeed.edition.asked import Asked
from newsfeed.edition.options import Options, options
from newsfeed.edition.weighing import Scales, Telling
from newsfeed.edition.wording import apart, no_news, say, short_day
from newsfeed.edition.worth import (
    age_hours,
    freshness,
    half_life,
)
from newsfeed.model import Candidate, FeedFacts, Pool, Settings

_LIVE = "live"
_ADDRESS = re.compile(
    r"(?:https?://)?[\w-]+(?:\.[\w-]+)+(?:/\S*)?"
)  # made the title of an item without words


@dataclass(frozen=True)
class Sifted:
    """Tellings in id order, and (cause, detail) by item for all that can't be shown."""

    tellings: tuple[Telling, ...]
    causes: Mapping[int, tuple[str, str]]
    feeds: Mapping[int, FeedFacts]
    had: Mapping[int, tuple[str, ...]]  # topics of stories that were shown before, by story
    expired: int  # items that went stale before they could be shown


def sift(pool: Pool, settings: Settings, ask: Asked, *, date: date, now: datetime) -> Sifted:
    """Weigh the pool. Every candidate ends in exactly one telling's `tellers` or in `causes`."""
    feeds = {feed.feed: feed for feed in pool.feeds}
    chosen = {number: options(feed) for number, feed in feeds.items()}
    mute = words_pattern(settings.muted)
    feed_mutes = {number: words_pattern(o.muted_words) for number, o in chosen.items() if o.muted_words}
    languages = {language.casefold()[:2] for language in settings.languages}
    causes: dict[int, tuple[str, str]] = {}
    groups: dict[int, list[Candidate]] = {}
    for candidate in sorted(pool.candidates, key=lambda one: one.item.id):
        stored = candidate.item
        own = chosen.get(stored.feed, Options())
        cause = _refused(candidate, own, (mute, feed_mutes.get(stored.feed)), languages, now)
        if cause is not None:
            causes[stored.id] = cause
        else:
            groups.setdefault(candidate.story or -stored.id, []).append(candidate)

    for key, group in groups.items():
        # A page that is kept up to date is news where nobody else tells of it.
        told = [
            one
            for one in group
            if one.tagging.not_news != _LIVE or chosen.get(one.item.feed, Options()).must_read
        ]
        if told and len(told) < len(group):
            groups[key] = told
            causes |= {one.item.id: (ledger.ADVERT, no_news(_LIVE)) for one in group if one not in told}
    stories = {story.id: story for story in pool.stories}
    shown = memory.by_story(pool.history, groups)
    of_affair = affairs.numbers(pool)
    weigh = Scales(pool, ask, feeds, chosen, now)
    tellings: list[Telling] = []
    had: dict[int, tuple[str, ...]] = {}
    for key in sorted(groups):
        group = groups[key]
        outlets, shared = weigh.tellers(group)
        back = None
        if past := shown.get(key) or affairs.before(pool.history.shown, key, of_affair):
            back = memory.returning(past, group, outlets, feeds, date)
            if back is None and (key in shown or not memory.says_new(past, group)):
                last = past[-1]
                for one in group:
                    causes[one.item.id] = (ledger.HAD, say("shown on {day}", day=short_day(last.date)))
                had[key] = weigh.topics(group).stands
                continue
        telling = weigh.telling(key, group, stories.get(key), outlets, shared, back)
        if telling.topic == "" and telling.topics.stands == () and weigh.muted(group):
            for one in group:
                causes[one.item.id] = (ledger.MUTED, say("you gave its topic no share"))
            continue
        tellings.append(telling)
    tellings, older = series.newest(affairs.marked(tellings, of_affair), feeds)
    causes |= older
    expired = sum(
        causes[one.item.id][0] == ledger.OLD
        for one in pool.candidates
        if one.item.id in causes and (pool.since is None or one.item.first_seen > pool.since)
    )
    return Sifted(tuple(tellings), causes, feeds, had, expired)


def words_pattern(words: Sequence[str]) -> re.Pattern[str] | None:
    """What finds any of these words, as words; None for none."""
    given = sorted({word.strip() for word in words if word.strip()})
    if not given:
        return None
    return re.compile(r"(?<!\w)(?:" + "|".join(re.escape(word) for word in given) + r")(?!\w)", re.IGNORECASE)


def _refused(
    candidate: Candidate,
    own: Options,
    mutes: tuple[re.Pattern[str] | None, re.Pattern[str] | None],
    languages: set[str],
    now: datetime,
) -> tuple[str, str] | None:
    """Why an item can't be shown whatever its worth; None if it may."""
    stored, item = candidate.item, candidate.item.item
    if stored.before:
        return ledger.BEFORE, say("published before you subscribed")
    if own.muted:
        return ledger.MUTED, say("you muted its source")
    for pattern in mutes:
        if pattern is not None and (match := pattern.search(f"{item.title}\n{item.lead}")):
            return ledger.MUTED, say("you muted “{word}”", word=match.group())
    language = item.lang.casefold()[:2]
    if language and languages and language not in languages:
        return ledger.LANGUAGE, say("written in “{language}”, which you don’t list", language=language)
    if candidate.tagging.not_news not in {"", _LIVE} and not own.must_read:
        return ledger.ADVERT, no_news(candidate.tagging.not_news)
    if not item.lead.strip() and (not item.title.strip() or _ADDRESS.fullmatch(item.title.strip())):
        return ledger.BELOW, say("neither headline nor text")
    year = text.of_earlier_year(item.title, (item.published or stored.first_seen).year)
    if year is not None and not own.must_read:
        return ledger.OLD, say("its headline says that it is of {year}", year=year)
    kind = candidate.tagging.news.kind if candidate.tagging.news else ""
    fresh = freshness(age_hours(item.published, stored.first_seen, now), half_life(kind))
    if fresh < c.STALE:
        left, needed = apart(fresh, c.STALE)
        return ledger.OLD, say(
            "{left} of its freshness is left, {needed} is needed", left=left, needed=needed
        )
    return None
