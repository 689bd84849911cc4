"""Which of a story's items stands for it: the one nearest to the others that says what happened."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from statistics import median

from newsfeed.model import StoredItem

REAL_LEAD = 12  # words; a shorter one tells too little under a headline
LONG_TITLE = 110  # signs
MANY = 4  # tellings
EARLY = timedelta(hours=2)  # who is so close behind the first tells it as early
ASIDE = 0.6  # of the usual nearness to the other tellings; what is further off tells a side of the story
MIDDLE = 0.85  # of the nearest telling's nearness; of four tellings and more one so near to the others tells it all
AS_NEAR = 0.03  # less near by no more than this counts as near as the nearest
RUNNING = re.compile(
    r"\b(?:live|latest|updates?)\s*[:–—|]|\blive (?:blog|updates?|coverage)\b|\bas it happened\b",
    re.IGNORECASE,
)
# What stands beside an event: pictures, films, a page that is kept up to date, a service to the reader, what people say.
BESIDE = re.compile(
    r"^(?:watch|video|listen|podcast|gallery|photos?|pictures|in (?:pictures|photos)|live|opinion|analysis|explainer|"
    r"fact[- ]check|quiz|reactions?|how to (?:watch|follow|stream)|what (?:we know|to know)|bilder|fotos|kommentar|"
    r"en (?:images|direct)|avis|análisis|galería)\b|"
    r"\b(?:in (?:pictures|photos)|photo gallery|what we know|what to know|how to watch|reactions? to|reacts? to|"
    r"live (?:updates?|blog|coverage|stream)|as it happened|in bildern|en images|en imágenes|im liveticker|en direct)\b",
    re.IGNORECASE,
)
STATE = timedelta(hours=6)  # how long an event of many tellings stays as it was told
KINDS = {"article": 0, "release": 0, "mail": 1, "video": 1, "episode": 1, "question": 2, "post": 3}


def moment(item: StoredItem) -> datetime:
    """When an item tells its event: when it was published, else when we saw it."""
    return item.item.published or item.first_seen


def best(
    inside: Sequence[StoredItem],
    paywalled: Set[int],
    nearness: Mapping[int, float] | None = None,
    events: Set[int] = frozenset(),
) -> StoredItem:
    """The head: an article before a post, with a real lead, that says what happened, of the story's middle, open before
    paywalled, a clean title, of the newest state that others share, the earliest.

    `events` are items (by id) that by their words report an event. `nearness` gives for items (by id) how near they are to the others of the story, 0..1 (`Terms.nearness`). An
    original comes before its copies by being earlier. What differs less than two hours counts as equally
    early, and then, of four tellings and more, the one that is nearest to the others goes first, else the one that
    says more under its title.
    """
    first, last = min(moment(i) for i in inside), max(moment(i) for i in inside)
    near = nearness or {}
    usual = median(near.values()) if len(near) > 2 else 0.0
    nearest = max(near.values()) if len(near) >= MANY else 0.0
    least = max(ASIDE * usual, MIDDLE * nearest)

    def rank(item: StoredItem) -> tuple[object, ...]:
        said = item.item.lead or item.item.text
        words = len(said.split())
        behind = moment(item) - first
        return (
            KINDS.get(item.item.kind, 1),
            words < REAL_LEAD,
            BESIDE.search(item.item.title) is not None,
            near.get(item.id, usual) < least,
            item.feed in paywalled,
            not clean_title(item.item.title),
            item.id not in events,
            (last - moment(item)) // STATE if nearest else 0,
            behind > EARLY,
            timedelta() if behind <= EARLY else behind,
            near.get(item.id, 0.0) < nearest - AS_NEAR,
            words < 2 * REAL_LEAD,
            behind,
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
