"""The representative of a story: the item most central to what its items say now."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta

from newsfeed.model import StoredItem

REAL_LEAD = 12  # words; a shorter lead tells too little under a headline
LONG_TITLE = 110  # signs
# What follows was chosen on three sets: by reading the headlines of the 52 stories of three items or more on two days
# (rss-2026, rss-2026-08-16; beside the rule before 33 changed, some 28 for the better by one reader; half or twice as
# much of FADING changes two), and by the grades of seven mornings (VALUE 0, .3, .6, 1: first three 2.45, 2.45, 2.52, 2.52).
FADING = timedelta(hours=6)  # after which an item's weight for what its story says now is half
VALUE = 0.6  # weight of three points of news value, compared with being the most central item
RUNNING = re.compile(
    r"\b(?:live|latest|updates?)\s*[:–—|]|\blive (?:blog|updates?|coverage)\b|\bas it happened\b",
    re.IGNORECASE,
)
# Accompaniments of an event: pictures, films, live pages, service for readers, reactions.
BESIDE = re.compile(
    r"^(?:watch|video|listen|podcast|gallery|photos?|pictures|in (?:pictures|photos)|live|opinion|analysis|explainer|"
    r"fact[- ]check|quiz|reactions?|how to (?:watch|follow|stream)|what (?:we know|to know)|bilder|fotos|kommentar|"
    r"en (?:images|direct)|avis|análisis|galería)\b|"
    r"\b(?:in (?:pictures|photos)|photo gallery|what we know|what to know|how to watch|reactions? to|reacts? to|"
    r"live (?:updates?|blog|coverage|stream)|as it happened|in bildern|en images|en imágenes|im liveticker|en direct)\b",
    re.IGNORECASE,
)
KINDS = {"article": 0, "release": 0, "mail": 1, "video": 1, "episode": 1, "question": 2, "post": 3}


def moment(item: StoredItem) -> datetime:
    """The time of an item: when it was published, else when we first saw it."""
    return item.item.published or item.first_seen


def weights(inside: Sequence[StoredItem]) -> list[float]:
    """The weight of each item for what the story says now: half for each FADING before the last item."""
    last = max(moment(i) for i in inside)
    return [0.5 ** ((last - moment(i)) / FADING) for i in inside]


def best(
    inside: Sequence[StoredItem],
    paywalled: Set[int],
    centrality: Mapping[int, float] | None = None,
    values: Mapping[int, float] | None = None,
) -> StoredItem:
    """The representative of a story: an article before a post, with a real lead, that says what happened, open before
    paywalled, with a clean title; of those the most central and newsworthy; break ties by time.

    Args:
        centrality: how near each item (by id) is to what the others say now (`Terms.centrality` with `weights`).
        values: news value of items (by id), 0..3.
    """
    near, value = centrality or {}, values or {}
    most = max(near.values(), default=0.0) or 1.0

    def rank(item: StoredItem) -> tuple[object, ...]:
        score = near.get(item.id, 0.0) / most + VALUE * value.get(item.id, 0.0) / 3
        return (
            KINDS.get(item.item.kind, 1),
            len((item.item.lead or item.item.text).split()) < REAL_LEAD,
            BESIDE.search(item.item.title) is not None,
            item.feed in paywalled,
            not clean_title(item.item.title),
            -round(score, 1),
            moment(item),
            item.id,
        )

    return min(inside, key=rank)


def clean_title(title: str) -> bool:
    """Whether a title reads as one line of a page: not empty, shouted, cut short, over long, dressed up or that of a
    page that is kept up to date."""
    letters = [c for c in title if c.isalpha()]
    shouted = len(letters) > 8 and sum(c.isupper() for c in letters) > 0.7 * len(letters)
    cut = title.rstrip().endswith(("...", "…"))
    dressed = title.lstrip()[:1] in "[(#@|*" or "!!" in title or "??" in title
    running = RUNNING.search(title) is not None
    return bool(letters) and not (shouted or cut or dressed or running) and len(title) <= LONG_TITLE
