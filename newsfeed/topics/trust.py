"""How far to believe a folder: misfiled feeds are found by what their items say.

A reader's folders name the topic of most of their feeds, and are wrong for one in ten to one in three. Each
feed's folder is believed as far as its items, judged without it, speak for that topic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .combine import sigmoid

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RIGHT = 0.8  # folders that are right, before any item is read
PURE = 0.85  # items of a rightly filed feed that have its folder's topic
TEMPER = 0.6  # items of one feed resemble each other: each counts for less than a witness of its own
MOST = 1.2  # log-odds that one item can say

GAIN = 4.0  # log-odds between having a topic in a feed of it (.88) and anywhere (.12)
LOSS = 1.0  # and what the folder takes from each other topic


def trust(folder: NDArray[np.int64], feed: NDArray[np.int64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    """How probably each document's folder is right, from the documents of its whole feed.

    `folder` is the topic's column that the folder names (-1 for none), `feed` a number a feed, `p` each
    document's probabilities judged without its folder. Bayes: under a right folder an item has the topic
    with probability PURE, under a wrong one it looks like any other item.
    """
    import numpy as np

    found = np.zeros(folder.size)
    labelled = np.flatnonzero(folder >= 0)
    if not labelled.size:
        return found
    share = p / np.maximum(p.sum(axis=1, keepdims=True), 1e-9)
    usual = np.maximum(share.mean(axis=0), 1e-3)
    column = folder[labelled]
    ratio = PURE * share[labelled, column] / usual[column] + (1 - PURE)
    said = TEMPER * np.clip(np.log(ratio), -MOST, MOST)
    # A feed may stand in two folders: each pair of feed and folder is judged by itself.
    _, place = np.unique(feed[labelled] * (p.shape[1] + 1) + column, return_inverse=True)
    total = np.bincount(place, weights=said)
    odds = np.log(RIGHT / (1 - RIGHT)) + total[place]
    found[labelled] = sigmoid(odds)
    return found


def believe(
    z: NDArray[np.float64], folder: NDArray[np.int64], trusted: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Probabilities of topics (columns) once the folder is heard: a mixture of right and wrong folder."""
    import numpy as np

    plain = sigmoid(z)
    shift = np.full_like(z, -LOSS)
    labelled = folder >= 0
    shift[labelled, folder[labelled]] = GAIN
    believed = trusted[:, None] * sigmoid(z + shift) + (1 - trusted[:, None]) * plain
    return np.where(labelled[:, None], believed, plain)
