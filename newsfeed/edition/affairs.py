"""Affairs: stories of one occasion share the page's places, unless the occasion is the day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from newsfeed.edition import constants as c
from newsfeed.edition.weighing import Telling
from newsfeed.model import Pool, Shown


def numbers(pool: Pool) -> dict[int, int]:
    """The affair of each story."""
    return {story.id: story.affair or story.id for story in pool.stories}


def marked(tellings: Iterable[Telling], affairs: Mapping[int, int]) -> list[Telling]:
    """The tellings with their affairs. AFFAIR_PICKS share one; where it is the day each story is its own."""
    told = list(tellings)
    of = {one.story: affairs.get(one.story, one.story) for one in told}
    day = _of_the_day(told, of)
    many = Counter(of.values())
    return [
        replace(one, affair=one.story, of_day=many[of[one.story]])
        if of[one.story] in day and many[of[one.story]] > c.AFFAIR_PICKS
        else replace(one, affair=of[one.story])
        for one in told
    ]


def _of_the_day(told: Sequence[Telling], of: Mapping[int, int]) -> set[int]:
    """The affairs that at least half of the morning's outlets of general news tell."""
    tellers = {one.story: {teller.item.feed for teller in one.tellers} for one in told if not one.post}
    shared = Counter(feed for feeds in tellers.values() if len(feeds) > 1 for feed in feeds)
    general = {feed for feed, many in shared.items() if many >= c.GENERAL}
    if len(general) < c.DAY_LEAST:
        return set()
    tell: dict[int, set[int]] = defaultdict(set)
    for story, feeds in tellers.items():
        tell[of[story]] |= feeds & general
    return {a for a, feeds in tell.items() if len(feeds) >= c.DAY_SHARE * len(general)}


def before(shown: Iterable[Shown], story: int, affairs: Mapping[int, int]) -> tuple[Shown, ...]:
    """What earlier editions showed of a story's affair, oldest first."""
    affair = affairs.get(story, story)
    past = (one for one in shown if one.affair == affair)
    return tuple(sorted(past, key=lambda one: (one.date, one.item)))
