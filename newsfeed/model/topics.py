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


class NewsValue(Record, frozen=True, kw_only=True):
    """What an item is worth to know, and what sort of text it is, each with what decided.

    `value` is the expected grade: 3 must know, 2 worth a place, 1 filler, 0 strike. `kind` is the likeliest of
    `KINDS` with its probability `sure`. `terms` are the words that moved the value most, in points; `thumbs` is what
    the reader's thumbs added, within `value`.
    """

    value: float
    kind: str = "other"
    sure: float = 0.0
    terms: tuple[Term, ...] = ()
    thumbs: float = 0.0


#: The kinds of text, as graders spell them.
KINDS = (
    "event",
    "analysis",
    "research",
    "howto",
    "opinion",
    "personal",
    "promo",
    "release",
    "talk",
    "question",
    "housekeeping",
    "entertainment",
    "other",
)


class Tagging(Record, frozen=True, kw_only=True):
    """The topics of one item, most probable first, its news value, and whether it is news at all.

    `scores` holds every topic with p of .05 or more; an item *has* a topic from p .5 on. `news` is None for an
    item that was tagged before there were news values.
    """

    item: int
    scores: tuple[TopicScore, ...] = ()
    not_news: str = ""  # "" or the kind: "deal", "sponsored", "quiz", …
    news: NewsValue | None = None


class Correction(Record, frozen=True, kw_only=True):
    """The reader's word on one item: its topics, all of them."""

    item: int
    topics: tuple[str, ...]
    made: datetime
    previous: tuple[str, ...] = ()


class Story(Record, frozen=True, kw_only=True):
    """Items about one event. `representative` stands for it; `items` are in order of publication.

    Stories of one occasion (a budget day, a takeover and its reactions) have one `affair`: the number of its first
    story; 0: its own.
    """

    id: int
    representative: int
    items: tuple[int, ...]
    first: datetime
    last: datetime
    affair: int = 0
