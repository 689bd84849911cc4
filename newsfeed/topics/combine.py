"""From evidence to probabilities: how lexicon, model, feed and "other" are weighed against each other.

All is in log-odds (Platt: a logistic function of the evidence is the probability). The constants belong to the
weights: `calibrate` fits them on our own seed examples, `train` shifts them where the reader's folders say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from .records import WORLD

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Topics that are mostly also another one: P(parent | topic). Joined by noisy-or.
IMPLIES: Mapping[str, tuple[str, float]] = {"ai": ("technology", 0.85), "security": ("technology", 0.75)}

#: Topics that take from the whole of life: they speak against no other.
BROAD = frozenset({WORLD})


class Scales(msgspec.Struct, frozen=True, kw_only=True):
    """How much each kind of evidence says, in log-odds a unit. The defaults judge by the lexicon alone.

    The lexicon's score of a text is divided by a power of its length, for long texts hit more entries by
    chance, and cut at both ends, for more of the same says no more.
    """

    base: float = -2.6  # where an item without any evidence stands
    lexicon: float = 1.15  # a point of the lexicon's score
    rivals: float = 0.3  # a point of the best other topic's score, against this one
    other: float = 0.6  # a point of the lexicon's score for `other`, against every topic
    model: float = 0.0  # the model's log-odds
    length: float = 0.5  # power of the length
    usual: float = 25.0  # words of a text whose score stands as it is
    shortest: float = 15.0
    most: float = 8.0
    least: float = -3.0
    offset: Mapping[str, float] = {}  # what each topic adds to `base`


def squash(raw: NDArray[np.float64], length: NDArray[np.float64], scales: Scales) -> NDArray[np.float64]:
    """Lexicon scores (documents by topics) made comparable between texts of `length` words, and cut."""
    import numpy as np

    longer = (np.maximum(length, scales.shortest) / scales.usual) ** scales.length
    return np.clip(raw / longer[:, None], scales.least, scales.most)


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
    return IMPLIES.get(one, ("", 0.0))[0] == two or IMPLIES.get(two, ("", 0.0))[0] == one


def sigmoid(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logistic function, safe for any size."""
    import numpy as np

    return 1.0 / (1.0 + np.exp(-np.clip(z, -30.0, 30.0)))


def logit(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds of a probability, cut at one in a million."""
    import numpy as np

    safe = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(safe) - np.log1p(-safe)
