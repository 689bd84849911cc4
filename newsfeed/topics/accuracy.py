"""How good the tags are, measured on the reader's answers to a few questions, with confidence intervals.

Only random questions measure without bias: unasked corrections are about errors, and questions asked because the tagger
was unsure are harder than the rest. If there are too few random answers, the interval shows it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from math import sqrt
from typing import NamedTuple

from newsfeed.model import Record, Tagging

from .documents import THRESHOLD

USEFUL, RANDOM = "useful", "random"
Z95 = 1.959964  # of the normal distribution, between -z and z of which 95 % lie


class Interval(NamedTuple):
    """A share with the bounds between which it lies with 95 % confidence; 0 of 0 is unknown: 0 to 1."""

    share: float
    low: float
    high: float
    of: int


def wilson(hits: int, of: int) -> Interval:
    """Wilson's score interval of a share (Wilson 1927): honest for few answers and for shares near 0 and 1."""
    if of == 0:
        return Interval(0.0, 0.0, 1.0, 0)
    share, z = hits / of, Z95
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half), of)


class Judged(Record, frozen=True, kw_only=True):
    """One item that the reader judged: the tagger's topics, the true ones, and why it was asked.

    `asked` is "random", "useful", or "" for a correction that the reader made unasked.
    """

    item: int
    said: tuple[str, ...]
    true: tuple[str, ...]
    asked: str = ""


class TopicAccuracy(NamedTuple):
    """One topic as measured: of what was tagged so, how much is right; of what is so, how much was tagged."""

    topic: str
    precision: Interval
    recall: Interval
    corrections: int  # answers that took the topic away or gave it


class Accuracy(NamedTuple):
    """All topics; `biased` when it rests on unasked corrections or useful questions as well."""

    topics: tuple[TopicAccuracy, ...]
    answers: int
    biased: bool
    untagged: Interval  # share of judged items without a topic, by the tagger


FEWEST = 20  # random answers from which on they alone are counted


def measure(judged: Sequence[Judged], topics: Iterable[str]) -> Accuracy:
    """Precision and recall by topic, from random answers alone once there are 20 of them."""
    chance = [one for one in judged if one.asked == RANDOM]
    biased = len(chance) < FEWEST
    used = judged if biased else chance
    found = []
    for topic in topics:
        said = [one for one in used if topic in one.said]
        true = [one for one in used if topic in one.true]
        both = sum(topic in one.true for one in said)
        changed = sum((topic in one.said) != (topic in one.true) for one in judged)
        found.append(TopicAccuracy(topic, wilson(both, len(said)), wilson(both, len(true)), changed))
    untagged = wilson(sum(not one.said for one in used), len(used))
    return Accuracy(tuple(found), len(used), biased and bool(used), untagged)


def trend(before: Interval, after: Interval) -> str:
    """A change in words; one within both intervals doesn't count as a change."""
    if not before.of or not after.of or (before.low <= after.share <= before.high):
        return "no measurable change yet"
    difference = round(100 * (after.share - before.share))
    return f"{'better' if difference > 0 else 'worse'} by {abs(difference)} points"


def has(tagging: Tagging) -> frozenset[str]:
    """The topics that an item has."""
    return frozenset(score.topic for score in tagging.scores if score.p >= THRESHOLD)


def changed(before: Sequence[Tagging], after: Sequence[Tagging]) -> tuple[int, ...]:
    """The items whose topics differ between two taggings."""
    then = {tagging.item: has(tagging) for tagging in before}
    return tuple(tagging.item for tagging in after if then.get(tagging.item, frozenset()) != has(tagging))


def changed_sentence(corrections: int, items: int, confirmations: int = 0) -> str:
    """ "Your 3 corrections changed 11 items." What was found right is no correction, but moves what is like it."""
    named = [
        f"{many} {name}{'' if many == 1 else 's'}"
        for many, name in ((corrections, "correction"), (confirmations, "confirmation"))
        if many
    ]
    yours = f"Your {named[0].removeprefix('1 ')}" if len(named) == 1 else f"Your {' and '.join(named)}"
    return f"{yours} changed {items} item{'' if items == 1 else 's'}."


class Question(NamedTuple):
    """An item to ask about, and why."""

    item: int
    asked: str


def unsureness(tagging: Tagging) -> float:
    """How near an item is to the threshold in its most doubtful topic: 1 at it, 0 where all is clear."""
    return max((1 - 2 * abs(score.p - THRESHOLD) for score in tagging.scores), default=0.0)


def questions(
    taggings: Sequence[Tagging],
    feed_of: Callable[[int], str],
    answered: Collection[int],
    *,
    seed: int,
    asked_topics: Mapping[str, int] | None = None,
) -> list[Question]:
    """The day's questions: two useful ones and one at random.

    Useful: the most doubtful items, at most one a feed and one a topic, topics that were asked about least first
    (`asked_topics`: earlier questions by topic). Random: any item, so that what is measured on it is
    true of all. `seed` is the day's, so that the same day asks the same.
    """
    open_ = sorted((t for t in taggings if t.item not in answered and not t.not_news), key=lambda t: t.item)
    if not open_:
        return []
    picker = random.Random(seed)  # noqa: S311 - a draw, no secret
    drawn = picker.sample(open_, 1)
    taken = {tagging.item for tagging in drawn}
    earlier = Counter(asked_topics or {})
    found: list[Question] = []
    feeds: set[str] = set()
    topics: set[str] = set()
    doubtful = sorted(open_, key=lambda t: (-round(unsureness(t), 6), t.item))
    for _ in range(2):
        best: tuple[float, int, str] | None = None
        for tagging in doubtful:
            doubt = unsureness(tagging)
            if doubt <= 0 or (best and doubt <= best[0]):
                break
            topic = min(tagging.scores, key=lambda score: abs(score.p - THRESHOLD)).topic
            if tagging.item in taken or topic in topics or feed_of(tagging.item) in feeds:
                continue
            score = doubt / (1 + 0.5 * earlier[topic])
            if best is None or score > best[0]:
                best = (score, tagging.item, topic)
        if best is None:
            break
        found.append(Question(best[1], USEFUL))
        taken.add(best[1])
        topics.add(best[2])
        feeds.add(feed_of(best[1]))
    return [*found, *(Question(tagging.item, RANDOM) for tagging in drawn)]
