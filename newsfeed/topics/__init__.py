"""Topics: tagging that is local, explained, correctable and measured.

    load(weights, topics) -> Tagger             weights None: those that ship with the package
    Tagger.tag(documents) -> list[Tagging]
    train(documents, folders, corrections, topics) -> bytes

Import the rest from its modules: `corrections`, `accuracy`. numpy is loaded on first use, scikit-learn only
for training.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from newsfeed.model import TopicSetting

from .documents import OTHER, THRESHOLD, TOPICS, Document, FeedPrior, Label

if TYPE_CHECKING:
    from .tagger import Tagger


def load(weights: bytes | None, topics: Mapping[str, TopicSetting]) -> Tagger:
    """A tagger from trained weights, or (None) from those that ship with the package.

    `topics` are all the reader's topics by name; empty means the default ones. Raises WeightsError for bytes
    that are no weights of ours.
    """
    from . import tagger

    return tagger.load(weights, topics)
