"""Platt calibration: evidence to probabilities that mean what they say.

The line is fitted on hand-labelled examples that the judging model has not seen (cross-fitted), over all topics
together: single topics have too few examples for a threshold of their own that would hold elsewhere (measured:
thresholds by topic did not carry over from our seeds to other data; one common line did). Where the reader's
folders give a topic feeds enough, `thresholds` moves its line as far as they agree that it should move.
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


#: Feeds that a topic must have in trusted folders before its threshold is tuned by them.
LEAST_FEEDS = 2
MOST_SHIFT = 0.6  # log-odds that a topic's threshold can move
RESAMPLES = 40
FLAT = 0.002  # thresholds whose F1 differ by less are as good as each other
# What the resampled feeds don't show of the doubt: a variance for every topic, and one that falls with the feeds.
DOUBT, DOUBT_OF_A_FEED = 0.1, 2.0

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


def threshold(
    z: NDArray[np.float64],
    truth: NDArray[np.bool_],
    weights: NDArray[np.float64],
    feed: NDArray[np.int64],
    *,
    seed: int = 0,
) -> float:
    """The log-odds from which one topic is best told, 0 where the documents don't agree on another.

    `z` are its log-odds by document, `truth` whether the document's folder names the topic, `weights` how far the
    folder is trusted, `feed` a number a feed. The threshold of best F1 is taken over resampled feeds (bootstrap:
    documents of one feed are no independent witnesses) and drawn to 0 the more, the more it varies between them.
    """
    import numpy as np

    _, of = np.unique(feed, return_inverse=True)
    feeds = int(of.max(initial=-1)) + 1
    if np.unique(feed[truth]).size < LEAST_FEEDS:
        return 0.0
    grid = np.linspace(-2.0, 2.0, 41)
    told = z[:, None] >= grid
    order = np.argsort(of, kind="stable")
    starts = np.flatnonzero(np.diff(of[order], prepend=-1))
    told_weight = weights[order, None] * told[order]
    named = np.add.reduceat(told_weight, starts, axis=0)
    hits = np.add.reduceat(told_weight * truth[order, None], starts, axis=0)
    wanted = np.bincount(of, weights=weights * truth, minlength=feeds)
    times = np.random.default_rng(seed).multinomial(feeds, np.full(feeds, 1 / feeds), size=RESAMPLES)
    f1 = 2 * (times @ hits) / np.maximum(times @ named + (times @ wanted)[:, None], 1e-9)
    good = f1 >= f1.max(axis=1, keepdims=True) - FLAT
    best = (good * grid).sum(axis=1) / good.sum(axis=1)
    mean = float(best.mean())
    doubt = float(best.var(ddof=1)) + DOUBT + DOUBT_OF_A_FEED / np.unique(feed[truth]).size
    return float(np.clip(mean * mean**2 / (mean**2 + doubt), -MOST_SHIFT, MOST_SHIFT))
