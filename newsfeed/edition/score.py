"""The score of a story this morning, and which topics it stands for.

The score is 2^(-age / half-life) times the sum of four parts (news value, outlets, interest, engagement), within 0..1.
The half-life follows the kind of text: an event ages in days, research in a week. Story topics are the mean over the
story's items of the tagger's probability times the square root of the source's own topic mix, normalised: it keeps the
mistakes of a large topic from outnumbering the true items of a small one.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from newsfeed.edition import constants as c
from newsfeed.model import FeedFacts, Score


def half_life(kind: str) -> float:
    """Hours after which a text of this kind has half its freshness."""
    return c.HALF_LIFE_OF_IDEAS if kind in c.IDEAS else c.HALF_LIFE_OF_EVENTS


def freshness(age_hours: float, half_life: float) -> float:
    """2^(-age / half-life); 1 for dates in the future."""
    return math.exp2(-max(0.0, age_hours) / half_life)


def percentile(score: int | None, known: Sequence[int]) -> float:
    """The percentile of a score among its source's last ones (sorted), 0..1; .5 if there are too few."""
    if score is None or len(known) < c.ENGAGEMENT_LEAST:
        return 0.5
    return (bisect_left(known, score) + bisect_right(known, score)) / (2 * len(known))


def interest(
    likes: tuple[int, int],
    topic_likes: tuple[int, int],
    liked: int = 0,
    *,
    dislikes: int = 0,
    topic_dislikes: int = 0,
) -> float:
    """The reader's interest in this source within this topic, 0..1; .5 before any sign.

    The ratio is of what was liked to what is usual in the topic, (liked + 2) / (usual x shown + disliked + 2): at
    the rate that is expected before anything is known it is that of the design note. A thumb down takes back what a
    thumb up gives. Where thumbs are few a source hardly falls for having been shown: silence says little.

    Args:
        likes: (liked or opened, shown) of this source in the topic.
        topic_likes: the same over all sources of the topic, so that interest never moves between topics.
        liked: the reader's thumb on the item itself, -1, 0 or 1, which decides alone.
        dislikes: thumbs down for this source in the topic; `topic_dislikes`: for all sources of it.
    """
    if liked:
        return 1.0 if liked > 0 else 0.0
    clicks, shown = topic_likes
    if not clicks and not topic_dislikes:
        return 0.5
    usual = (clicks + c.INTEREST_SHRINK * c.INTEREST_RATE) / (shown + c.INTEREST_SHRINK)
    opened, offered = likes
    ratio = (opened + c.INTEREST_BEGUN) / (usual * offered + dislikes + c.INTEREST_BEGUN)
    return min(1.0, max(0.0, 0.5 + 0.5 * math.tanh(math.log(ratio))))


def score(
    *,
    news: float,
    age_hours: float,
    half_life: float,
    outlets: int,
    interest: float = 0.5,
    engagement: float = 0.5,
    weight: float = 1.0,
    penalty: float = 1.0,
    thumbs: float = 0.0,
) -> Score:
    """Score of an item; `news` is its value in grades (0..3), `weight` the reader's own for its feed, `penalty` below 1
    where it is told badly. Interest and engagement (0..1) take away as much below a half as they add above it. What is
    good stays good however many thumbs are against it, or a topic would lose its place by them: `thumbs` is their part
    of `news`, and interest rests on what the reader did."""
    fresh = freshness(age_hours, half_life)
    known = c.NEWS_WEIGHT * news / 3
    told = c.OUTLETS_WEIGHT * min(1.0, math.log2(max(1, outlets)) / 3)
    liking = c.INTEREST_WEIGHT * (2 * interest - 1)
    engaged = c.ENGAGEMENT_WEIGHT * (2 * engagement - 1)
    scale = fresh * weight * penalty
    value = scale * (known + told + liking + engaged)
    against = c.NEWS_WEIGHT * min(0.0, thumbs) / 3 + min(0.0, liking)
    held = value < c.GOOD <= value - scale * against
    value = c.GOOD if held else min(1.0, max(0.0, value))
    return Score(
        value=value,
        freshness=fresh,
        news=known,
        outlets=told,
        interest=liking,
        engagement=engaged,
        weight=weight,
        penalty=penalty,
        age=age_hours,
        half_life=half_life,
        thumbs=thumbs,
        held=held,
    )


def records(feeds: Sequence[FeedFacts]) -> dict[int, float]:
    """By source: what the source's record adds to the grade of each of its items, in grades."""
    total = sum(feed.judged for feed in feeds)
    if not total:
        return {}
    # Rounded, so that what is learned of one source moves the grades of no other by a hair.
    mean = round(math.fsum(feed.value * feed.judged for feed in feeds) / total, 3)
    drawn = {feed.feed: feed.judged / (feed.judged + c.RECORD_PSEUDO_ITEMS) for feed in feeds}
    return {feed.feed: c.RECORD * drawn[feed.feed] * (feed.value - mean) for feed in feeds}


DROPPED = ""  # stands for all topics with the share 0


def fold(
    scores: Mapping[str, float], under: Mapping[str, str], dropped: Collection[str] = ()
) -> dict[str, float]:
    """Probabilities of the active topics: a sub-topic counts for its parent. Those of dropped topics count for
    `DROPPED`, so that a story about such a one isn't taken for one about whatever else it touches."""
    folded: dict[str, float] = {}
    for topic in sorted(scores):
        if topic in dropped:
            folded[DROPPED] = max(folded.get(DROPPED, 0.0), scores[topic])
        elif target := under.get(topic):
            folded[target] = max(folded.get(target, 0.0), scores[topic])
    return folded


def source_mix(
    feed: FeedFacts | None, names: Sequence[str], under: Mapping[str, str], overall: Mapping[str, float]
) -> dict[str, float]:
    """A source's topic mix over the active topics, drawn to the overall mix by four pseudo-items."""
    own: dict[str, float] = {}
    if feed is not None:
        for topic in sorted(feed.topic_mix):
            target = under.get(topic, "")
            if target:
                own[target] = own.get(target, 0.0) + feed.topic_mix[topic]
    items = max(0.0, (feed.items_a_day if feed else 0.0) * 90.0) if own else 0.0
    mixed = {
        t: (own.get(t, 0.0) * items + overall.get(t, 0.0) * c.SOURCE_PSEUDO_ITEMS)
        / (items + c.SOURCE_PSEUDO_ITEMS)
        for t in names
    }
    total = sum(mixed.values())
    return {t: mixed[t] / total if total > 0 else 1 / len(names) for t in names}


def overall_mix(
    feeds: Sequence[FeedFacts], names: Sequence[str], under: Mapping[str, str]
) -> dict[str, float]:
    """The mix of all sources together, by their items; even where nothing is known."""
    mix = dict.fromkeys(names, 0.0)
    for feed in sorted(feeds, key=lambda f: f.feed):
        for topic in sorted(feed.topic_mix):
            target = under.get(topic, "")
            if target in mix:
                mix[target] += feed.topic_mix[topic] * max(feed.items_a_day, 1 / 90)
    total = sum(mix.values())
    if total <= 0:
        return dict.fromkeys(names, 1 / len(names))
    # A tenth is spread evenly, so that no topic has the probability zero.
    return {t: 0.9 * mix[t] / total + 0.1 / len(names) for t in names}


@dataclass(frozen=True)
class StoryTopics:
    """`parts` weigh the story over the topics (they add up to its best mean probability); `stands` are its own."""

    parts: Mapping[str, float]
    stands: tuple[str, ...]


def story_topics(
    told: Sequence[tuple[Mapping[str, float], Mapping[str, float]]], names: Sequence[str]
) -> StoryTopics:
    """Topics of a story from its items, each given as (folded probabilities, its source's mix).

    A story stands for a topic from half of its weight on, and for a second one where the tagger is rather sure of it
    too and a fair part of the weight is its own (a bridge: told once, counted for both).
    """
    if not told:
        return StoryTopics({}, ())
    many = len(names)
    probable = {t for p, _ in told for t, one in p.items() if one > 0}
    names = [t for t in names if t in probable]  # the others weigh nothing, and a story has few
    plain, drawn = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0.0)
    for p, mix in told:
        for t in names:
            if (one := p.get(t, 0.0)) > 0:
                plain[t] += one
                drawn[t] += one * math.sqrt(mix.get(t, 0.0))
    for sums in (plain, drawn):
        for t in names:
            sums[t] /= len(told)
    unwanted = sum(p.get(DROPPED, 0.0) for p, _ in told) / len(told)
    total = sum(drawn.values()) + unwanted / math.sqrt(many)
    best = max(plain.values(), default=0.0)
    if total <= 0 or best <= 0:
        return StoryTopics({}, ())
    even = {t: drawn[t] / total for t in names}
    parts = {t: even[t] * best for t in names if even[t] * best >= c.FAINT}
    if best < c.STANDS or is_of_dropped(unwanted, best):
        return StoryTopics(parts, ())
    order = sorted(names, key=even.__getitem__, reverse=True)  # of the same weight, as the reader named them
    # The source's topic mix may decide between topics that the tagger considers probable, not add one.
    first = next(t for t in order if plain[t] >= c.STANDS)
    second = [t for t in order if t != first and plain[t] >= c.SECOND and even[t] >= c.BRIDGE][:1]
    # If both are probable and the tagger is clearly surer of one, that goes before the source's topic mix.
    surer = bool(second) and log_odds(plain[second[0]]) >= log_odds(plain[first]) + c.SURER
    return StoryTopics(parts, (*second, first) if surer else (first, *second))


def is_of_dropped(unwanted: float, wanted: float) -> bool:
    """Whether a story is more probably about a dropped topic than about a wanted one."""
    return unwanted >= c.STANDS and log_odds(unwanted) >= log_odds(wanted) + c.SURER


def log_odds(p: float) -> float:
    """The log-odds of a probability: .97 and .999 are as far apart as .5 and .97. Bounded near 0 and 1."""
    kept = min(max(p, c.CERTAIN), 1 - c.CERTAIN)
    return math.log(kept / (1 - kept))


def age_hours(published: datetime | None, first_seen: datetime, now: datetime) -> float:
    """Age of an item: since it was published, or first seen where that lies in the future; an undated one is taken
    as a day older than it was found."""
    moment = published if published is not None and published <= now else first_seen
    undated = c.UNDATED_HOURS if published is None else 0.0
    return max(0.0, (now - moment).total_seconds() / 3600) + undated
