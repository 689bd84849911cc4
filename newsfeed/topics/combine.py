"""From evidence to probabilities: how lexicon, model, feed and "other" are weighed against each other.

All is in log-odds (Platt: a logistic function of the evidence is the probability). The constants belong to the
weights: `calibrate` fits them on our own seed examples, `train` shifts them where the reader's folders say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Topics that are mostly also another one: P(parent | topic). Joined by noisy-or.
IMPLIES: Mapping[str, tuple[str, float]] = {"ai": ("technology", 0.85), "security": ("technology", 0.75)}


class Scales(msgspec.Struct, frozen=True, kw_only=True):
    """How much each kind of evidence says, in log-odds a unit.

    `base` is where an item without any evidence stands; `offset` what each topic adds to it.
    """

    base: float = -2.6
    lexicon: float = 1.15  # a point of the lexicon's score
    model: float = 0.5
    other: float = 0.6  # a point of the lexicon's score for `other`, against every topic
    other_model: float = 0.25
    lexicon_most: float = 5.0  # a score is cut here: more of the same says no more
    lexicon_least: float = -3.0
    offset: Mapping[str, float] = {}


def squash(score: NDArray[np.float64], scales: Scales) -> NDArray[np.float64]:
    """A lexicon score, cut at both ends."""
    import numpy as np

    return np.clip(score, scales.lexicon_least, scales.lexicon_most)


def sigmoid(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logistic function, safe for any size."""
    import numpy as np

    return 1.0 / (1.0 + np.exp(-np.clip(z, -30.0, 30.0)))


def logit(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds of a probability, cut at one in a million."""
    import numpy as np

    safe = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(safe) - np.log1p(-safe)
