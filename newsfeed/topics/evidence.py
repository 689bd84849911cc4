"""The evidence for and against a topic, its weights, and the terms that decided.

All is in log-odds (Platt: a logistic function of the evidence is the probability). The weights carry the constants:
`fitting` fits them on our own seeds, `train` shifts them where the reader's folders say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from newsfeed.model import WORLD, Term

from . import linear
from .lexicon import Lexicon, Matches
from .shipped_lexicon import implied
from .vocabulary import bare

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Topics that take from the whole of life: they speak against no other.
BROAD = frozenset({WORLD})


class Scales(msgspec.Struct, frozen=True, kw_only=True):
    """The weight of each kind of evidence, in log-odds per unit. The defaults judge by the lexicon alone.

    The lexicon's score of a text is divided by a power of its length, for long texts hit more entries by chance.
    """

    base: float = -2.6  # where an item without any evidence stands
    lexicon: float = 1.15  # a point of the lexicon's score
    rivals: float = 0.3  # a point of the best other topic's score, against this one
    other: float = 0.6  # a point of the lexicon's score for `other`, against every topic
    model: float = 0.0  # the model's log-odds
    length: float = 0.5  # power of the length
    usual: float = 25.0  # words of a text whose score stands as it is
    shortest: float = 15.0


def by_length(raw: NDArray[np.float64], length: NDArray[np.float64], scales: Scales) -> NDArray[np.float64]:
    """Lexicon scores (documents by topics) made comparable between texts of `length` words."""
    import numpy as np

    longer = (np.maximum(length, scales.shortest) / scales.usual) ** scales.length
    return raw / longer[:, None]


def strongest_rivals(score: NDArray[np.float64], order: Sequence[str]) -> NDArray[np.float64]:
    """For each topic the best score of those that speak against it: all but itself, its kin, BROAD ones and `other`."""
    import numpy as np

    found = np.zeros_like(score)
    for column, topic in enumerate(order[:-1]):
        others = [
            n
            for n, name in enumerate(order[:-1])
            if n != column and name not in BROAD and not kin(name, topic)
        ]
        if others:
            found[:, column] = np.maximum(score[:, others].max(axis=1), 0.0)
    return found


def kin(one: str, two: str) -> bool:
    """Whether one topic is mostly also the other."""
    return implied().get(one, ("", 0.0))[0] == two or implied().get(two, ("", 0.0))[0] == one


def sigmoid(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logistic function, safe for any size."""
    import numpy as np

    return 1.0 / (1.0 + np.exp(-np.clip(z, -30.0, 30.0)))


def logit(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds of a probability, cut at one in a million."""
    import numpy as np

    safe = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(safe) - np.log1p(-safe)


MOST_TERMS = 6  # that are told of a topic
LEAST_TERM = 0.1  # log-odds below which a term decides nothing


class Evidence(NamedTuple):
    """All evidence, by document (rows) and topic (columns)."""

    lexicon: NDArray[np.float64]  # the lexicon's raw scores
    model: NDArray[np.float64]  # the model's log-odds
    judged: NDArray[np.bool_]  # by the lexicon: it knows the language
    english: NDArray[np.bool_]
    length: NDArray[np.float64]  # words
    known: NDArray[np.float64]  # share of words that the model knows
    matches: Matches
    scored: linear.Scored


class Explainer:
    """Names the terms of one lexicon and one model; an entry and a feature of the same words are one term."""

    def __init__(self, lexicon: Lexicon, model: linear.Linear) -> None:
        self._model = model
        self._names = list(lexicon.names)
        self._term: NDArray[np.int64] | None = None  # of each feature; worked out when first asked
        self._heaviest: NDArray[np.float32]

    def _prepare(self) -> NDArray[np.int64]:
        import numpy as np

        model = self._model
        place = {name: number for number, name in enumerate(self._names)}
        same = []
        for feature in range(model.keys.size):
            name = bare(model.name(feature))
            number = place.get(name)
            if number is None:
                number = place[name] = len(self._names)
                self._names.append(name)
            same.append(number)
        self._heaviest = np.abs(model.weights).max(axis=1, initial=0.0)
        self._term = np.array(same, np.int64)
        return self._term

    def terms(
        self, evidence: Evidence, scales: Scales, wanted: NDArray[np.bool_]
    ) -> dict[int, tuple[Term, ...]]:
        """The terms that moved each wanted topic most, in log-odds, heaviest first.

        `wanted` is documents by topics; keys are document * topics + topic.
        """
        import numpy as np

        term_of = self._prepare() if self._term is None else self._term
        matches, scored = evidence.matches, evidence.scored
        many = wanted.shape[1]
        # A score that was scaled: its terms share what is left of it.
        share = np.divide(
            scales.lexicon * by_length(evidence.lexicon, evidence.length, scales),
            evidence.lexicon,
            out=np.zeros_like(evidence.lexicon),
            where=(np.abs(evidence.lexicon) > 1e-9) & evidence.judged[:, None],
        )
        kept = wanted[matches.document, matches.topic]
        document, topic = matches.document[kept], matches.topic[kept]
        keys = [document * many + topic]
        terms = [matches.term[kept]]
        weights = [matches.weight[kept] * share[document, topic]]
        heavy = np.flatnonzero(scales.model * scored.value * self._heaviest[scored.feature] >= LEAST_TERM)
        if heavy.size:
            feature, document = scored.feature[heavy], scored.document[heavy]
            value = (scales.model * scored.value[heavy]).astype(np.float32)
            said = value[:, None] * self._model.weights[feature]
            row, topic = np.nonzero((np.abs(said) >= LEAST_TERM) & wanted[document])
            keys.append(document[row] * many + topic)
            terms.append(term_of[feature[row]])
            weights.append(said[row, topic].astype(np.float64))
        every = max(len(self._names), 1)
        unique, place = np.unique(np.concatenate(keys) * every + np.concatenate(terms), return_inverse=True)
        weight = np.bincount(place, weights=np.concatenate(weights), minlength=unique.size)
        unique, weight = unique[np.abs(weight) >= LEAST_TERM], weight[np.abs(weight) >= LEAST_TERM]
        key, term = np.divmod(unique, every)
        order = np.lexsort((-np.abs(weight), key))
        key, term, weight = key[order], term[order], weight[order].round(3)
        starts = np.flatnonzero(np.diff(key, prepend=-1))
        ends = np.append(starts, key.size)[1:]
        rank = np.arange(key.size) - np.repeat(starts, ends - starts)
        top = rank < MOST_TERMS
        made = [
            Term(term=self._names[number], weight=value)
            for number, value in zip(term[top].tolist(), weight[top].tolist(), strict=True)
        ]
        sizes = np.minimum(ends - starts, MOST_TERMS)
        last = np.cumsum(sizes)
        bounds = zip(key[starts].tolist(), (last - sizes).tolist(), last.tolist(), strict=True)
        return {at: tuple(made[first:end]) for at, first, end in bounds}
