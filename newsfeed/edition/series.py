"""What one source tells again: the next of a series, the other half of a show, a second report of one event."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain

from newsfeed import text
from newsfeed.edition import ledger
from newsfeed.edition.weighing import Telling
from newsfeed.edition.wording import say
from newsfeed.model import FeedFacts

_NUMBER = re.compile(r"\d{1,18}")
_OFTEN = 3  # titles of a source with a word that says nothing of which event
_NIGHT = timedelta(hours=18)  # within which a source reports on one event twice


def newest(
    tellings: Sequence[Telling], feeds: Mapping[int, FeedFacts]
) -> tuple[list[Telling], dict[int, tuple[str, str]]]:
    """Tellings in id order, without what a newer one of its source stands for; and causes for what is left out.

    Headlines of one source that differ by a date or a counting figure only ("Version 10.1 released", "Version 10.0
    released"), or not at all ("Daily insights" twice), are a series: the newest says where it stands now. So are the
    halves of one show, and two reports of one event within a night. What others tell too is news by itself.
    """
    lone = [one for one in tellings if not one.post and len(one.tellers) == 1]
    causes: dict[int, tuple[str, str]] = {}
    for ones, why in (
        *((ones, "“{headline}” is newer and of one series with it") for ones in _series(lone, feeds)),
        *((ones, "“{headline}” is newer and tells of the same") for ones in _reports(lone)),
    ):
        left = [one for one in ones if one.id not in causes]
        if not left:
            continue
        first = max(left, key=_moment)
        title = text.clean_line(first.candidate.item.item.title, 80)
        for one in left:
            if one is not first:
                causes[one.id] = (ledger.SAME, say(why, headline=title))
    return sorted((t for t in tellings if t.id not in causes), key=lambda one: one.id), causes


def _series(lone: Sequence[Telling], feeds: Mapping[int, FeedFacts]) -> Iterator[Sequence[Telling]]:
    series: dict[tuple[int, str], list[Telling]] = {}
    for one in lone:
        stored = one.candidate.item
        shows = feeds[stored.feed].shows if stored.feed in feeds else ()
        found = text.of_show(stored.item.title, shows) if shows else None
        if found and found.half:
            series.setdefault((stored.feed, f"{found.show} {found.number}"), []).append(one)
        elif not found and (named := text.series_name(stored.item.title)):
            series.setdefault((stored.feed, named), []).append(one)
    yield from series.values()


def _reports(lone: Sequence[Telling]) -> Iterator[Sequence[Telling]]:
    by_feed: dict[int, list[Telling]] = {}
    for one in lone:
        by_feed.setdefault(one.candidate.item.feed, []).append(one)
    for ones in by_feed.values():
        told = sorted(((*_moment(one), one) for one in ones), key=lambda t: t[:3])
        words = [text.weighty(one.candidate.item.item.title) for *_, one in told]
        often = Counter(chain.from_iterable(words))
        words = [frozenset(word for word in title if often[word] < _OFTEN) for title in words]
        for later in range(len(told)):
            for earlier in range(later - 1, -1, -1):
                if told[later][0] - told[earlier][0] > _NIGHT:
                    break
                # Figures that differ are other events: alarms, scores, quarters.
                some, others = told[earlier][1], told[later][1]
                if text.say_the_same(words[earlier], words[later]) and (
                    not some or not others or {*some} & {*others}
                ):
                    yield told[earlier][-1], told[later][-1]


def _moment(one: Telling) -> tuple[datetime, tuple[int, ...], int]:
    """When it was told; undated ones of a series are as new as their figures are high."""
    stored = one.candidate.item
    figures = tuple(int(figure) for figure in _NUMBER.findall(stored.item.title))
    return stored.item.published or stored.first_seen, figures, -one.id
