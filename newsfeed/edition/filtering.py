"""From the pool to what may be in an edition: one scored contender per story, and a cause for every other item.

Repetitions are left out here too: the older of a series, the other half of a show, near-duplicates that the grouping
into stories has missed. Stories of one affair share a few places, unless the affair dominates the day.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from newsfeed import text
from newsfeed.breadth.asked import Asked
from newsfeed.edition import constants as c
from newsfeed.edition import earlier
from newsfeed.edition.contenders import Contender, Scorer
from newsfeed.edition.score import age_hours, freshness, half_life
from newsfeed.edition.words import apart, no_news
from newsfeed.model import Candidate, FeedFacts, Options, Pool, Settings, Shown, Story, ledger
from newsfeed.text import words_pattern
from newsfeed.text.spoken import say, short_day

_WORD = re.compile(r"\w{3,}")
_FIGURE = re.compile(r"\w*\d\w*")
_NUMBER = re.compile(r"\d{1,18}")
_LIVE = "live"
_ADDRESS = re.compile(r"(?:https?://)?[\w-]+(?:\.[\w-]+)+(?:/\S*)?")  # the title of an item without words


@dataclass(frozen=True)
class Filtered:
    """Contenders in order of their ids, and (cause, detail) by item for everything that can't be shown."""

    contenders: tuple[Contender, ...]
    causes: Mapping[int, tuple[str, str]]
    feeds: Mapping[int, FeedFacts]
    had: Mapping[int, tuple[str, ...]]  # topics of stories that were shown before, by story
    expired: int  # items that went stale before they could be shown
    refused: Mapping[int, tuple[str, str] | None]
    scorer: Scorer
    scored: Mapping[int, Contender]  # by story, before any was left out for another
    stories: Mapping[int, Story]


def filtered(
    pool: Pool, settings: Settings, ask: Asked, *, date: date, now: datetime, before: Filtered | None = None
) -> Filtered:
    """Score the pool. Every candidate ends up in exactly one contender's `tellers` or in `causes`.

    `before` is an earlier result for the same morning and settings: it is reused for items that have not changed.
    """
    feeds = {feed.feed: feed for feed in pool.feeds}
    chosen = {number: feed.options for number, feed in feeds.items()}
    mute = words_pattern(settings.muted)
    feed_mutes = {number: words_pattern(o.muted_words) for number, o in chosen.items() if o.muted_words}
    languages = {language.casefold()[:2] for language in settings.languages}
    causes: dict[int, tuple[str, str]] = {}
    groups: dict[int, list[Candidate]] = {}
    refused: dict[int, tuple[str, str] | None] = {}
    known = before.refused if before and before.scorer.chosen == chosen else {}
    for candidate in sorted(pool.candidates, key=lambda one: one.item.id):
        stored = candidate.item
        own = chosen.get(stored.feed, Options())
        if before and stored.id in known and before.scorer.seen[stored.id] is candidate:
            cause = known[stored.id]
        else:
            cause = _refused(candidate, own, (mute, feed_mutes.get(stored.feed)), languages, now)
        refused[stored.id] = cause
        if cause is not None:
            causes[stored.id] = cause
        else:
            groups.setdefault(candidate.story or -stored.id, []).append(candidate)

    for key, group in groups.items():
        # A live page is news only if nobody else reports the event.
        told = [
            one
            for one in group
            if one.tagging.not_news != _LIVE or chosen.get(one.item.feed, Options()).must_read
        ]
        if told and len(told) < len(group):
            groups[key] = told
            causes |= {one.item.id: (ledger.ADVERT, no_news(_LIVE)) for one in group if one not in told}
    stories = {story.id: story for story in pool.stories}
    shown = earlier.by_story(pool.history, groups)
    of_affair = numbers(pool)
    by_affair = shown_by_affair(pool.history.shown)
    scorer = Scorer(pool, ask, feeds, chosen, now, before.scorer if before else None)
    as_before = scorer.as_before(before.scorer) if before else None
    scored: dict[int, Contender] = {}
    had: dict[int, tuple[str, ...]] = {}
    for key in sorted(groups):
        group = groups[key]
        past = shown.get(key) or shown_before(by_affair, key, of_affair)
        if before and as_before and not past and (made := before.scored.get(key)):
            unchanged = made.tellers == tuple(group) and stories.get(key) == before.stories.get(key)
            if unchanged and not made.back and as_before(made):
                scored[key] = made
                continue
        outlets, shared = scorer.tellers(group)
        back = None
        if past:
            back = earlier.returning(past, group, outlets, feeds, date)
            if back is None and (key in shown or not earlier.says_new(past, group)):
                last = past[-1]
                for one in group:
                    causes[one.item.id] = (ledger.HAD, say("shown on {day}", day=short_day(last.date)))
                had[key] = scorer.topics(group).stands
                continue
        affair = of_affair.get(key, key)
        contender = scorer.contender(key, group, stories.get(key), outlets, shared, back, affair)
        if contender.topic == "" and contender.topics.stands == () and scorer.muted(group):
            for one in group:
                causes[one.item.id] = (ledger.MUTED, say("you gave its topic no share"))
            continue
        scored[key] = contender
    contenders, older = newest(marked(scored.values(), of_affair), feeds)
    causes |= older
    expired = sum(
        causes[one.item.id][0] == ledger.OLD
        for one in pool.candidates
        if one.item.id in causes and (pool.since is None or one.item.first_seen > pool.since)
    )
    return Filtered(tuple(contenders), causes, feeds, had, expired, refused, scorer, scored, stories)


def _refused(
    candidate: Candidate,
    own: Options,
    mutes: tuple[re.Pattern[str] | None, re.Pattern[str] | None],
    languages: set[str],
    now: datetime,
) -> tuple[str, str] | None:
    """Why an item can't be shown whatever its score; None if it may."""
    stored, item = candidate.item, candidate.item.item
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


def newest(
    contenders: Sequence[Contender], feeds: Mapping[int, FeedFacts]
) -> tuple[list[Contender], dict[int, tuple[str, str]]]:
    """Contenders in id order, without what a newer one of its source stands for; and causes for what is left out.

    Headlines of one source that differ by a date or a counting figure only ("Version 10.1 released", "Version 10.0
    released"), or not at all ("Daily insights" twice), are a series: the newest says where it stands now. So are the
    halves of one show, and two reports of one event within a night. What others tell too is news by itself.
    """
    lone = [one for one in contenders if not one.post and len(one.tellers) == 1]
    causes: dict[int, tuple[str, str]] = {}
    for ones, why in (
        *((ones, "“{headline}” is newer and of one series with it") for ones in _series(lone, feeds)),
        *((ones, "“{headline}” is newer and tells of the same") for ones in _reports(lone)),
    ):
        left = [one for one in ones if one.id not in causes]
        if not left:
            continue
        first = max(left, key=_moment)
        title = text.clean_line(first.representative.item.item.title, 80)
        for one in left:
            if one is not first:
                causes[one.id] = (ledger.SAME, say(why, headline=title))
    return sorted((t for t in contenders if t.id not in causes), key=lambda one: one.id), causes


def _series(lone: Sequence[Contender], feeds: Mapping[int, FeedFacts]) -> Iterator[Sequence[Contender]]:
    series: dict[tuple[int, str], list[Contender]] = {}
    for one in lone:
        stored = one.representative.item
        shows = feeds[stored.feed].shows if stored.feed in feeds else ()
        found = text.of_show(stored.item.title, shows) if shows else None
        if found and found.half:
            series.setdefault((stored.feed, f"{found.show} {found.number}"), []).append(one)
        elif not found and (named := text.series_name(stored.item.title)):
            series.setdefault((stored.feed, named), []).append(one)
    yield from series.values()


def _reports(lone: Sequence[Contender]) -> Iterator[Sequence[Contender]]:
    by_feed: dict[int, list[Contender]] = {}
    for one in lone:
        by_feed.setdefault(one.representative.item.feed, []).append(one)
    for ones in by_feed.values():
        told = sorted(((*_moment(one), one) for one in ones), key=lambda t: t[:3])
        words = [text.weighty(one.representative.item.item.title) for *_, one in told]
        often = Counter(chain.from_iterable(words))
        words = [frozenset(word for word in told_in if often[word] < c.OFTEN) for told_in in words]
        having: dict[
            str, list[int]
        ] = {}  # by word: places of the titles so far, since two that share none are apart
        for later, title in enumerate(words):
            near = {n for word in title for n in having.get(word, ())}
            for word in title:
                having.setdefault(word, []).append(later)
            for before_it in sorted(near, reverse=True):
                if told[later][0] - told[before_it][0] > timedelta(hours=c.NIGHT_HOURS):
                    break
                # Different figures mean different events: alarms, scores, quarters.
                some, others = told[before_it][1], told[later][1]
                if text.say_the_same(words[before_it], title) and (
                    not some or not others or {*some} & {*others}
                ):
                    yield told[before_it][-1], told[later][-1]


def _moment(one: Contender) -> tuple[datetime, tuple[int, ...], int]:
    """Sort key by time; of undated items in a series, a higher number is newer."""
    stored = one.representative.item
    figures = tuple(int(figure) for figure in _NUMBER.findall(stored.item.title))
    return stored.item.published or stored.first_seen, figures, -one.id


def near_duplicates(texts: Mapping[int, str]) -> list[tuple[int, int]]:
    """Pairs of keys (smaller first) whose texts say the same in nearly the same words and in the same figures: two
    releases or two episodes told by one template are different news."""
    found = [(key, _counted(texts[key])) for key in sorted(texts)]
    found = [(key, words) for key, words in found if len(words.many) >= c.ALIKE_LEAST]
    pairs = []
    for place, (one, mine) in enumerate(found):
        for other, its in found[place + 1 :]:
            if mine.figures != its.figures:
                continue
            shared = sum(n * its.many[word] for word, n in mine.many.items() if word in its.many)
            if shared >= c.ALIKE * mine.length * its.length:
                pairs.append((one, other))
    return pairs


class _Counted(NamedTuple):
    many: Mapping[str, int]  # of each word
    length: float
    figures: frozenset[str]


@lru_cache(
    maxsize=4_096
)  # what could be on a page is compared again with each try at its minutes, and for the next reader
def _counted(words: str) -> _Counted:
    many = Counter(word.casefold() for word in _WORD.findall(words))
    return _Counted(
        dict(many), math.sqrt(sum(n * n for n in many.values())), frozenset(_FIGURE.findall(words))
    )


def numbers(pool: Pool) -> dict[int, int]:
    """The affair of each story."""
    return {story.id: story.affair or story.id for story in pool.stories}


def marked(contenders: Iterable[Contender], affairs: Mapping[int, int]) -> list[Contender]:
    """The contenders with their affairs. At most AFFAIR_PICKS of one affair may be picked, unless it dominates the day."""
    told = list(contenders)
    of = {one.story: affairs.get(one.story, one.story) for one in told}
    day = _of_the_day(told, of)
    many = Counter(of.values())
    return [
        replace(one, affair=one.story, of_day=many[of[one.story]])
        if of[one.story] in day and many[of[one.story]] > c.AFFAIR_PICKS
        else one
        for one in told
    ]


def _of_the_day(told: Sequence[Contender], of: Mapping[int, int]) -> set[int]:
    """The affairs that at least half of the morning's outlets of general news tell."""
    tellers = {one.story: {teller.item.feed for teller in one.tellers} for one in told if not one.post}
    shared = Counter(feed for feeds in tellers.values() if len(feeds) > 1 for feed in feeds)
    general = {feed for feed, many in shared.items() if many >= c.GENERAL}
    if len(general) < c.DAY_LEAST:
        return set()
    tell: dict[int, set[int]] = defaultdict(set)
    for story, feeds in tellers.items():
        tell[of[story]] |= feeds & general
    return {a for a, feeds in tell.items() if len(feeds) >= max(c.TOLD_BY, c.DAY_SHARE * len(general))}


def shown_by_affair(shown: Iterable[Shown]) -> dict[int, tuple[Shown, ...]]:
    """What earlier editions showed of each affair, oldest first."""
    found: dict[int, list[Shown]] = defaultdict(list)
    for one in sorted(shown, key=lambda one: (one.date, one.item)):
        found[one.affair].append(one)
    return {affair: tuple(past) for affair, past in found.items()}


def shown_before(
    shown: Mapping[int, tuple[Shown, ...]], story: int, affairs: Mapping[int, int]
) -> tuple[Shown, ...]:
    """What earlier editions showed of a story's affair, oldest first."""
    return shown.get(affairs.get(story, story), ())
