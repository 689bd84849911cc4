"""TF-IDF over words and pairs, and the linear models over it.

A feature is a stem, or two stems that follow each other once function words are dropped. FeatureCounts in the title are
doubled, damped by 1 + ln and weighed by inverse document frequency, and each document has length one. Training
and tagging share this code, so that a feature can't mean two things. Scoring needs numpy alone; `fitting` fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .batches import Reading
from .lexicon import TITLE_WEIGHT
from .vocabulary import SKIPPED, UNKNOWN

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
