"""What speaks for and against a topic, and the terms that decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from newsfeed.model import Term

from . import linear
from .combine import Scales, squash
from .languages import bare
from .lexicon import Lexicon, Matches

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_TERMS = 6
LEAST_TERM = 0.1  # log-odds below which a term decides nothing


class Evidence(NamedTuple):
    """All that speaks for and against, by document (rows) and topic (columns)."""

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
        # A score that was cut or scaled: its terms share what is left of it.
        share = np.divide(
            scales.lexicon * squash(evidence.lexicon, evidence.length, scales),
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
