"""Weights to a tagger: ours, the reader's, or those that ship with the package."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files

import msgspec

from newsfeed.model import TopicSetting

from . import linear, value
from .combine import Scales
from .languages import languages
from .lexicon import READER_WEIGHT, Lexicon, shipped, with_reader
from .records import OTHER, TOPICS, FeedPrior
from .tagger import Tagger
from .weights import unpack
from .words import MARK, STOP, surface, words

#: Words of an example title say less of a new topic than words that the reader chose.
EXAMPLE_WEIGHT = 0.6

#: A publisher's own category or section says much, but sections are wide.
MARK_WEIGHT = 1.5


def cold_weights() -> bytes | None:
    """The weights that ship with the package; None before `make model` has made them."""
    file = files(__package__).joinpath("data", "model.weights")
    return file.read_bytes() if file.is_file() else None


def topics_or_default(topics: Mapping[str, TopicSetting]) -> Mapping[str, TopicSetting]:
    """The reader's topics; the default ones where none are given."""
    return topics or {topic: TopicSetting() for topic in TOPICS}


def columns(topics: Mapping[str, TopicSetting]) -> tuple[str, ...]:
    """All topics that are computed: the default ones, the reader's own, `other`.

    Topics that the reader dropped are still computed: they keep their items out of the ones that are left.
    """
    return (*TOPICS, *(topic for topic in topics if topic not in TOPICS and topic != OTHER), OTHER)


@cache
def _shipped() -> dict[str, dict[str, float]]:
    return shipped()


def compiled(topics: Mapping[str, TopicSetting]) -> Lexicon:
    """The lexicon with the reader's words; the example titles of a new topic lend it their words."""
    return _compiled(msgspec.json.encode(topics))


@lru_cache(maxsize=4)
def _compiled(settings: bytes) -> Lexicon:
    topics = msgspec.json.decode(settings, type=dict[str, TopicSetting])
    merged = with_reader(_shipped(), topics)
    own = with_reader({}, topics)
    for topic in (*TOPICS, OTHER):
        merged.setdefault(topic, {})[f"{MARK}{topic}"] = MARK_WEIGHT
    for topic, setting in topics.items():
        if topic not in TOPICS:
            for entry, weight in _of_examples(setting.examples).items():
                merged[topic].setdefault(entry, weight)
                own[topic].setdefault(entry, weight)
    # Words of the reader's own count in whatever language they are met.
    others = {
        code: {
            topic: {**terms.get(topic, {}), f"{MARK}{topic}": MARK_WEIGHT, **own.get(topic, {})}
            for topic in merged
        }
        for code, terms in {code: shipped(code) for code in languages()}.items()
    }
    return Lexicon(merged, columns(topics), others)


def _of_examples(examples: Sequence[str]) -> dict[str, float]:
    """Words (and pairs of words) of example titles with a weight each; what several share weighs more."""
    found: dict[str, float] = {}
    for title in examples:
        kept = [surface(word) for word in words(title)]
        known = [word for word in kept if word not in STOP and not word[0].isdigit() and len(word) > 2]
        pairs = [f"{a} {b}" for a, b in itertools.pairwise(kept) if a in known and b in known]
        for entry in {*known, *pairs}:
            found[entry] = min(found.get(entry, 0.0) + EXAMPLE_WEIGHT, READER_WEIGHT)
    return found


def load(weights: bytes | None, topics: Mapping[str, TopicSetting]) -> Tagger:
    """A tagger from trained weights, or (None) from those that ship with the package.

    `topics` are all the reader's topics by name; empty means the default ones. Topics that the weights don't
    know yet work from their words and examples. Raises WeightsError for bytes that are no weights of ours.
    """
    topics = topics_or_default(topics)
    data = weights if weights is not None else cold_weights()
    if data is None:
        lexicon = compiled(topics)
        return Tagger(lexicon, linear.empty(lexicon.topics), Scales(), topics, {}, value=value.shipped())
    head, arrays = unpack(data)
    lexicon = compiled(topics)
    model = _widen(linear.from_arrays(head["topics"], arrays), lexicon.topics)
    scales = msgspec.convert(head["scales"], Scales)
    priors = msgspec.convert(head.get("priors", {}), dict[str, FeedPrior])
    learned = msgspec.convert(head.get("learned", []), list[int | str])
    return Tagger(lexicon, model, scales, topics, priors, learned, value.shipped())


def _widen(model: linear.Linear, topics: tuple[str, ...]) -> linear.Linear:
    """The model with the columns wanted; topics that it was not trained for say nothing."""
    import numpy as np

    if model.topics == topics:
        return model
    weights = np.zeros((model.weights.shape[0], len(topics)), np.float32)
    bias = np.zeros((2, len(topics)), np.float32)
    for number, topic in enumerate(topics):
        if topic in model.topics:
            weights[:, number] = model.weights[:, model.topics.index(topic)]
            bias[:, number] = model.bias[:, model.topics.index(topic)]
    return model._replace(topics=topics, weights=weights, bias=bias)
