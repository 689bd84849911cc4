"""The linear models over TF-IDF, what they and the lexicon say for and against a topic, and the terms that decided.

A feature is a stem, or two stems that follow each other once function words are dropped. Its counts are doubled in the
title, damped by 1 + ln and weighted by inverse document frequency; each document is scaled to length one. Training and
tagging share this code, so a feature cannot mean two things. Scoring needs numpy alone.

Everything is in log-odds (Platt: a logistic function of the evidence is the probability). The weights carry the constants:
`fitting` fits them on our own seeds, `train` shifts them where the reader's folders say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from newsfeed.model import WORLD, Term

from .batches import Reading
from .lexicon import TITLE_WEIGHT, Lexicon, Matches
from .topic_files import implied
from .vocabulary import SKIPPED, UNKNOWN, bare

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class FeatureCounts(NamedTuple):
    """Features found in a batch: parallel arrays sorted by document, then key."""

    document: NDArray[np.int64]
    key: NDArray[np.int64]
    times: NDArray[np.float64]


def pair_key(first: NDArray[np.int64], second: NDArray[np.int64], stems: int) -> NDArray[np.int64]:
    """The number of a pair of stems; a single stem's number is its own."""
    return (first + 1) * stems + second


def count(
    stems: NDArray[np.int64],
    document: NDArray[np.int64],
    in_title: NDArray[np.bool_],
    size: int,
    known: NDArray[np.int64] | None = None,
) -> FeatureCounts:
    """Count single stems and pairs; `size` is the number of stems there are.

    With `known` (sorted keys) only those features are counted, and `FeatureCounts.key` is their place in it.
    """
    import numpy as np

    kept = stems != SKIPPED
    stems, document, in_title = stems[kept], document[kept], in_title[kept]
    weight = np.where(in_title, TITLE_WEIGHT, 1.0)
    single = stems >= 0
    pair = single[:-1] & single[1:]
    keys = np.concatenate([stems[single], pair_key(stems[:-1][pair], stems[1:][pair], size)])
    documents = np.concatenate([document[single], document[:-1][pair]])
    weights = np.concatenate([weight[single], weight[:-1][pair]])
    if known is not None:
        if not known.size:
            keys, documents, weights = keys[:0], documents[:0], weights[:0]
        else:
            place = np.minimum(np.searchsorted(known, keys), known.size - 1)
            hit = known[place] == keys
            keys, documents, weights = place[hit], documents[hit], weights[hit]
        space = max(known.size, 1)
    else:
        space = (size + 1) * max(size, 1)
    if documents.size and (int(documents.max()) + 1) > (2**62) // max(space, 1):
        raise OverflowError("too many documents for one batch")
    combined = documents * space + keys
    unique, place = np.unique(combined, return_inverse=True)
    return FeatureCounts(
        unique // space,
        unique % space,
        np.bincount(place, weights=weights, minlength=unique.size).astype(np.float64),
    )


def strangers(stems: NDArray[np.int64], document: NDArray[np.int64], documents: int) -> NDArray[np.float64]:
    """How many words of each document are not a known stem."""
    import numpy as np

    return np.bincount(document[stems == UNKNOWN], minlength=documents).astype(np.float64)


def values(
    counts: FeatureCounts, idf: NDArray[np.float32], documents: int, unknown: NDArray[np.float64]
) -> NDArray[np.float64]:
    """TF-IDF values of counted features (keys are columns), each document scaled to length one.

    `unknown` words of each document count for its length as rare ones would: of a text that is mostly strange, the
    few words known say less.
    """
    import numpy as np

    found: NDArray[np.float64] = (1.0 + np.log(counts.times)) * idf[counts.key]
    rare = float(idf.max(initial=1.0))
    norm = np.sqrt(
        np.bincount(counts.document, weights=found * found, minlength=documents) + unknown * rare * rare
    )
    norm[norm == 0] = 1.0
    return found / norm[counts.document]


class Linear(NamedTuple):
    """`weights[k, t]` is what feature `keys[k]` says for topic t, in log-odds at value 1."""

    topics: tuple[str, ...]
    stems: tuple[str, ...]
    keys: NDArray[np.int64]  # sorted; of single stems and pairs (`features.pair_key`)
    idf: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]  # of English texts, and of those in other languages

    def name(self, feature: int) -> str:
        """A feature as words."""
        first, second = divmod(int(self.keys[feature]), max(len(self.stems), 1))
        return f"{self.stems[first - 1]} {self.stems[second]}" if first else self.stems[second]


class Scored(NamedTuple):
    """Log-odds of every document and topic, and the features behind them, sorted by document."""

    score: NDArray[np.float64]
    document: NDArray[np.int64]
    feature: NDArray[np.int64]
    value: NDArray[np.float64]


def empty(topics: Sequence[str]) -> Linear:
    """An empty model, which gives zero for everything."""
    import numpy as np

    many = len(topics)
    return Linear(
        tuple(topics),
        (),
        np.zeros(0, np.int64),
        np.zeros(0, np.float32),
        np.zeros((0, many), np.float32),
        np.zeros((2, many), np.float32),
    )


def score(model: Linear, reading: Reading) -> Scored:
    """The model's log-odds for a batch."""
    import numpy as np

    found = count(reading.stem, reading.document, reading.in_title, len(model.stems), model.keys)
    unknown = strangers(reading.stem, reading.document, reading.documents)
    value = values(found, model.idf, reading.documents, unknown)
    many = len(model.topics)
    total = np.zeros((reading.documents, many))
    if value.size:
        said = value[:, None].astype(np.float32) * model.weights[found.key]
        starts = np.flatnonzero(np.diff(found.document, prepend=-1))
        total[found.document[starts]] = np.add.reduceat(said, starts, axis=0)
    return Scored(total + model.bias[(~reading.english).astype(np.int64)], found.document, found.key, value)


def arrays(model: Linear) -> dict[str, NDArray[Any]]:
    """The model as plain arrays for `weights.pack`."""
    import numpy as np

    return {
        "stems": np.frombuffer("\n".join(model.stems).encode(), np.uint8),
        "keys": model.keys,
        "idf": model.idf,
        "weights": model.weights,
        "bias": model.bias,
    }


def from_arrays(topics: Sequence[str], found: dict[str, NDArray[Any]]) -> Linear:
    """The model from the arrays of `weights.unpack`."""
    import numpy as np

    text = found["stems"].tobytes().decode()
    return Linear(
        tuple(topics),
        tuple(text.split("\n")) if text else (),
        found["keys"].astype(np.int64),
        found["idf"].astype(np.float32),
        found["weights"].astype(np.float32),
        np.vstack([found["bias"]] * (2 // np.atleast_2d(found["bias"]).shape[0])).astype(np.float32),
    )


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
    scored: Scored


class Explainer:
    """Names the terms of one lexicon and one model; an entry and a feature of the same words are one term."""

    def __init__(self, lexicon: Lexicon, model: Linear) -> None:
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
