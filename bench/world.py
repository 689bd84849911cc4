"""A made-up world of feeds for `bench/selection.py`: 60 sources, 8 topics, stories that several outlets tell.

Rates: 6 busy sources (35 to 110 items a day), 18 middling (2 to 9), 36 quiet (one in 1.5 to 10 days); topics with
60, 14, 9, 7, 4, 3, 2 and 1 % of the stream; stories in up to 16 outlets; 95 % of a story's items are recognised as
such; 6 % of items are tagged wrongly; half of the engagement is unknown. Quiet sources are better on average.
What the reader would really gain (`Post.true`) is known here, and hidden from every selector.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TOPICS = ("core", "two", "three", "four", "five", "six", "seven", "eight")
STREAM = (0.60, 0.14, 0.09, 0.07, 0.04, 0.03, 0.02, 0.01)
BUSY, MIDDLING, QUIET = 6, 18, 36
MISTAKES = 0.06
RECOGNISED = 0.95


@dataclass(frozen=True)
class Source:
    """A feed: its rate, its topics, and how good it is."""

    number: int
    rate: float  # items a day
    mix: np.ndarray
    quality: float
    quiet: bool


@dataclass(frozen=True)
class Post:
    """One item: what selectors may see, and (true_*) what they may not."""

    id: int
    source: int
    hour: float  # since the start of the world
    story: int  # as detected
    tagged: tuple[float, ...]  # probability of each topic
    engagement: float  # percentile within its source, .5 where unknown
    minutes: float
    true_story: int
    true_topic: int
    true_quality: float


@dataclass(frozen=True)
class World:
    """Everything published in `days` days."""

    sources: tuple[Source, ...]
    posts: tuple[Post, ...]  # by time
    outlets: dict[int, int]  # true story -> outlets that tell it in the end


def make(seed: int, days: int, *, flood: int | None = None) -> World:
    """The world of a random seed. `flood` names a topic that three busy sources switch to in the middle third."""
    rng = np.random.default_rng(seed)
    sources = _sources(rng)
    rates = np.array([s.rate for s in sources])
    posts: list[Post] = []
    outlets: dict[int, int] = {}
    story = 0
    for day in range(days):
        weekday = 0.62 if day % 7 in (5, 6) else 1.0
        stream = np.array(STREAM)
        if flood is not None and days / 3 <= day < 2 * days / 3:
            stream[flood] += 0.5
            stream /= stream.sum()
        counts = rng.poisson(rates * weekday * rng.uniform(0.85, 1.2))
        waiting = {n: int(k) for n, k in enumerate(counts) if k}
        # The items of shared stories are among those that their outlets publish anyway.
        for _ in range(rng.poisson(26 * weekday)):
            topic = int(rng.choice(len(TOPICS), p=stream))
            size = int(min(16, 2 + rng.geometric(0.26) - 1))
            chance = np.array(
                [k**1.8 * (0.3 + s.mix[topic]) if (k := waiting.get(s.number, 0)) else 0.0 for s in sources]
            )
            able = int((chance > 0).sum())
            if able < 2:
                continue
            tellers = rng.choice(len(sources), size=min(size, able), replace=False, p=chance / chance.sum())
            story += 1
            begin = day * 24 + rng.uniform(0, 24)
            quality = float(np.clip(rng.normal(0.45 + 0.03 * size, 0.22), 0, 1))
            outlets[story] = len(tellers)
            length = _length(rng)
            for place, number in enumerate(tellers):
                hour = begin + (0.0 if place == 0 else float(rng.exponential(5.0)))
                posts.append(_post(rng, sources[int(number)], hour, story, topic, quality, length))
                waiting[int(number)] -= 1
                if not waiting[int(number)]:
                    del waiting[int(number)]
        for number, left in waiting.items():
            source = sources[number]
            mix = source.mix if flood is None or number > 2 else source.mix * stream / np.array(STREAM)
            for _ in range(left):
                topic = int(rng.choice(len(TOPICS), p=mix / mix.sum()))
                story += 1
                outlets[story] = 1
                quality = float(np.clip(rng.normal(source.quality, 0.34), 0, 1))
                posts.append(
                    _post(rng, source, day * 24 + rng.uniform(0, 24), story, topic, quality, _length(rng))
                )
    posts.sort(key=lambda post: (post.hour, post.true_story, post.source))
    numbered = tuple(_numbered(posts))
    return World(sources, numbered, outlets)


def true_worth(post: Post, outlets: int) -> float:
    """A reader's gain from an item, 0..1, by how many outlets told it and how good it is."""
    return 0.2 * min(1.0, np.log2(max(1, outlets)) / 3) + 0.8 * post.true_quality


def _sources(rng: np.random.Generator) -> tuple[Source, ...]:
    made = []
    for number in range(BUSY + MIDDLING + QUIET):
        if number < BUSY:
            rate, quality, own = rng.uniform(35, 110), 0.34, 0.0
        elif number < BUSY + MIDDLING:
            rate, quality, own = rng.uniform(2, 9), 0.40, 0.55
        else:
            rate, quality, own = 1 / rng.uniform(1.5, 10), 0.46, 0.8
        mix = rng.dirichlet(np.array(STREAM) * 40 + 0.02)
        if own:
            home = int(rng.choice(len(TOPICS), p=_spread()))
            mix = (1 - own) * mix
            mix[home] += own
        made.append(
            Source(
                number,
                float(rate),
                mix,
                float(np.clip(rng.normal(quality, 0.06), 0, 1)),
                number >= BUSY + MIDDLING,
            )
        )
    return tuple(made)


def _spread() -> np.ndarray:
    """Main topics of smaller sources: every topic has some sources, large topics have more."""
    spread = np.array(STREAM) ** 0.35
    return spread / spread.sum()


def _post(
    rng: np.random.Generator,
    source: Source,
    hour: float,
    story: int,
    topic: int,
    quality: float,
    length: float,
) -> Post:
    told = topic
    if rng.random() < MISTAKES:
        told = int(rng.choice([t for t in range(len(TOPICS)) if t != topic]))
    tagged = [0.02] * len(TOPICS)
    tagged[told] = float(rng.uniform(0.55, 0.97))
    if told != topic:
        tagged[topic] = float(rng.uniform(0.1, 0.45))
    own = float(np.clip(quality + rng.normal(0, 0.08), 0, 1))
    known = rng.random() < 0.5
    engagement = (
        float(np.clip(0.5 + (own - source.quality) * 1.4 + rng.normal(0, 0.22), 0, 1)) if known else 0.5
    )
    usual = 0.685 if source.quiet else 0.58  # sources that publish seldom write longer items
    minutes = float(np.clip(length * rng.lognormal(np.log(usual), 0.25), 0.15, 2.0))
    return Post(0, source.number, hour, story, tuple(tagged), engagement, minutes, story, topic, own)


def _length(rng: np.random.Generator) -> float:
    """A factor for how much there is to tell about a story."""
    return float(rng.lognormal(0.0, 0.14))


def _numbered(posts: list[Post]) -> list[Post]:
    rng = np.random.default_rng(len(posts))
    split = 1_000_000
    made = []
    for number, post in enumerate(posts, start=1):
        story = post.true_story
        if rng.random() > RECOGNISED:
            split += 1
            story = split
        made.append(
            Post(
                number,
                post.source,
                post.hour,
                story,
                post.tagged,
                post.engagement,
                post.minutes,
                post.true_story,
                post.true_topic,
                post.true_quality,
            )
        )
    return made
