"""Platt calibration: evidence to probabilities that mean what they say.

Fitted on hand-labelled examples that the judging model has not seen (cross-fitted), over all topics together:
single topics have too few examples for a threshold of their own that would hold elsewhere (measured: thresholds
by topic did not carry over from our seeds to other data; one common line did).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .combine import Scales, sigmoid

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Line(NamedTuple):
    """Log-odds = model * (the model's) + lexicon * (the lexicon's) + intercept."""

    model: float
    lexicon: float
    intercept: float

    def __call__(self, learned: NDArray[np.float64], lexical: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = self.model * learned + self.lexicon * lexical + self.intercept
        return found

    def scales(self) -> Scales:
        """The weighing of a tagger that judges by this line."""
        alone = Scales()
        return Scales(
            base=self.lexicon * alone.base + self.intercept,
            lexicon=self.lexicon * alone.lexicon,
            rivals=self.lexicon * alone.rivals,
            other=self.lexicon * alone.other,
            model=self.model,
        )


#: Slope and intercept where nothing can be fitted; also what a fit is drawn to, as by a few dozen examples.
USUAL = (1.6, 2.5)
PULL = 20.0


def line(share: float, slope: float, intercept: float) -> Line:
    """The line of a model that has a share of the judgement, the lexicon having the rest."""
    return Line(slope * share, slope * (1 - share), intercept)


def fit(
    learned: NDArray[np.float64],
    lexical: NDArray[np.float64],
    truth: NDArray[np.float64],
    weights: NDArray[np.float64],
    share: float,
) -> Line:
    """The line with the given share that makes `truth` (1, 0; .5 is left out) most likely.

    Logistic regression by Newton's method. Arrays are documents by topics; `weights` one a document. The share is
    given, not fitted: on examples of ours the model is a stranger, on the reader's own items it is not.
    """
    import numpy as np

    told = np.abs(truth - 0.5) > 0.4
    y = (truth[told] > 0.5).astype(float)
    if y.sum() < PULL:
        return line(share, *USUAL)
    w = np.broadcast_to(weights[:, None], truth.shape)[told]
    mixed = share * learned[told] + (1 - share) * lexical[told]
    x = np.stack([mixed, np.ones(y.size)], axis=1)
    prior = np.array(USUAL)
    at = prior.copy()
    for _ in range(25):
        p = sigmoid(x @ at)
        gradient = x.T @ (w * (p - y)) + PULL * (at - prior)
        curvature = (x * (w * p * (1 - p))[:, None]).T @ x + PULL * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        at -= step
        if np.abs(step).max() < 1e-6:
            break
    return line(share, max(float(at[0]), 0.3), float(at[1]))
