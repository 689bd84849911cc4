"""TF-IDF over single words and pairs, as arithmetic on word numbers.

A feature is a stem or two stems that follow each other once function words are dropped. Counts in the title
are doubled, damped by 1 + ln, weighed by inverse document frequency, and each document has length one. Training
and tagging share this code, so that a feature can't mean two things.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .lexicon import TITLE_WEIGHT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: What a word can be instead of a stem's number.
UNKNOWN = -1
GAP = -2  # between texts
SKIPPED = -3  # a function word


class Counts(NamedTuple):
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
) -> Counts:
    """Count single stems and pairs; `size` is the number of stems there are.

    With `known` (sorted keys) only those features are counted, and `Counts.key` is their place in it.
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
    return Counts(
        unique // space,
        unique % space,
        np.bincount(place, weights=weights, minlength=unique.size).astype(np.float64),
    )


def strangers(stems: NDArray[np.int64], document: NDArray[np.int64], documents: int) -> NDArray[np.float64]:
    """How many words of each document are no known stem."""
    import numpy as np

    return np.bincount(document[stems == UNKNOWN], minlength=documents).astype(np.float64)


def values(
    counts: Counts, idf: NDArray[np.float32], documents: int, unknown: NDArray[np.float64]
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
