"""Topics of items, and stories."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from newsfeed.model.base import Record


class Term(Record, frozen=True, kw_only=True):
    """A word or phrase that decided for (positive weight) or against a topic."""

    term: str
    weight: float


class TopicScore(Record, frozen=True, kw_only=True):
    """How sure we are that an item belongs to a topic, and which terms and parts decided.

    `parts` split the log-odds by origin: "lexicon", "model", "source", "folder", "corrections".
    """

    topic: str
    p: float
    terms: tuple[Term, ...] = ()
    parts: Mapping[str, float] = {}


class Tagging(Record, frozen=True, kw_only=True):
    """The topics of one item, most probable first, and whether it is news at all.

    `scores` holds every topic with p of .05 or more; an item *has* a topic from p .5 on.
    """

    item: int
    scores: tuple[TopicScore, ...] = ()
    not_news: str = ""  # "" or the kind: "deal", "sponsored", "quiz", …


class Correction(Record, frozen=True, kw_only=True):
    """The reader's word on one item: its topics, all of them."""

    item: int
    topics: tuple[str, ...]
    made: datetime
    previous: tuple[str, ...] = ()


class Story(Record, frozen=True, kw_only=True):
    """Items about one event. `head` is its best telling; `items` are in order of publication."""

    id: int
    head: int
    items: tuple[int, ...]
    first: datetime
    last: datetime
