"""What the reader's thumbs add to news values: a bounded shift, learned on their own machine.

Kernel ridge regression on the residuals: how far each judgement was from the reader's thumb. Two items are alike as
their words are (the cosine of the value model's features) and, a little, by their source. Solved once for the few
hundred thumbs there are, it is one more weight a word and a source, so that judging costs nothing more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from .documents import THRESHOLD, Document

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .linear import Scored

MOST = 0.7  # grades that thumbs move any item
MOST_UNTOUCHED = 0.2  # and an item of a source that has no thumb
UP, DOWN = 2.5, 0.5  # the grade that a thumb means
LEAST = 0.2  # a thumb says so much even of what was judged as it wishes
RIDGE = 1.0  # the similarity of an item with itself: one thumb moves its like by half of what it says
SAME_SOURCE = (
    0.3  # "What else tells it" in bench/RESULTS.md: similarity of two items of one feed that share no word
)
MOST_THUMBS = 500  # the newest are learned from


class Thumb(NamedTuple):
    """The reader's thumb on a document: up, or down."""

    document: Document
    up: bool


class Personal:
    """The shift that a reader's thumbs make, as weights of words and sources in each topic."""

    def __init__(
        self,
        sources: dict[str, NDArray[np.float64]],
        features: NDArray[np.float64],
        own: dict[int | str, float],
    ) -> None:
        self._sources = sources
        self._features = features
        self._own = own

    def shift(
        self, scored: Scored, documents: Sequence[Document], profiles: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """What thumbs add to the value of each document of a batch, in grades; `profiles` as `profile` makes them."""
        import numpy as np

        said = np.zeros(len(documents))
        for topic in np.flatnonzero(profiles.any(axis=0) & self._features.any(axis=0)):
            weights = scored.value * self._features[scored.feature, topic]
            told = np.bincount(scored.document, weights=weights, minlength=len(documents))
            said += profiles[:, topic] * told
        most = np.full(len(documents), MOST_UNTOUCHED)
        for row, document in enumerate(documents):
            source = self._sources.get(document.feed)
            if source is not None:
                said[row] += profiles[row] @ source
                most[row] = MOST
        found: NDArray[np.float64] = np.clip(said, -most, most)
        for row, document in enumerate(documents):
            if document.id in self._own:
                found[row] = self._own[document.id]  # the reader's own word on it
        return found


def profile(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """The topics that documents have, as rows of length one; the last column is of those that have none."""
    import numpy as np

    has = (p >= THRESHOLD).astype(np.float64)
    whole = np.column_stack([has, ~has.any(axis=1)])
    found: NDArray[np.float64] = whole / np.sqrt(whole.sum(axis=1, keepdims=True))
    return found


def learn(
    thumbs: Sequence[Thumb],
    scored: Scored,
    judged: NDArray[np.float64],
    profiles: NDArray[np.float64],
    features: int,
) -> Personal:
    """What thumbs say beyond the model.

    Args:
        scored: their documents' words by the model of news value, which has so many `features`.
        judged: the grades that it gives them.
        profiles: their topics.
    """
    import numpy as np

    documents = [thumb.document for thumb in thumbs]
    wanted = np.array([UP if thumb.up else DOWN for thumb in thumbs])
    least = np.array([LEAST if thumb.up else -LEAST for thumb in thumbs])
    residual = np.where(least > 0, np.maximum(wanted - judged, least), np.minimum(wanted - judged, least))
    words, place = np.unique(scored.feature, return_inverse=True)
    rows = np.zeros((len(thumbs), words.size))
    rows[scored.document, place] = scored.value
    feeds = np.array([document.feed for document in documents])
    same = (feeds[:, None] == feeds[None, :]) & (feeds != "")[:, None]
    alike = (rows @ rows.T + SAME_SOURCE * same) * (profiles @ profiles.T)
    pull = np.linalg.solve(alike + RIDGE * np.eye(len(thumbs)), residual)
    told = profiles * pull[:, None]
    said = np.zeros((features, profiles.shape[1]))
    said[words] = rows.T @ told
    sources = {
        feed: SAME_SOURCE * told[feeds == feed].sum(axis=0) for feed in sorted(set(feeds.tolist())) if feed
    }
    own = {
        document.id: float(np.clip(way, -MOST, MOST))
        for document, way in zip(documents, residual, strict=True)
    }
    return Personal(sources, said, own)


def name(thumbs: Sequence[tuple[int, int]]) -> str:
    """A name for thumbs by item; another one means that items are to be judged anew."""
    return hashlib.sha256(repr(sorted(thumbs[:MOST_THUMBS])).encode()).hexdigest()[:16] if thumbs else ""
