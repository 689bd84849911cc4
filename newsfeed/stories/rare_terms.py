"""By what an item's story may be found among many: its rarest terms, and its pages and recordings.

A clue is a number. Who keeps the clues of all items can tell which of them share some with new items, so that
`join` needs to look at those only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import log
from zlib import crc32

import numpy as np

from newsfeed.model import StoredItem
from newsfeed.stories.near_duplicate import meeting_places
from newsfeed.stories.words import TEXT_SIGNS, TEXT_WORDS, TEXTS, Vocabulary, common

RAREST = 16  # terms of an item that are kept
SHARED = 2  # of them in common make an item worth comparing
ENOUGH = 0.08  # of the weight of the new item's terms


def clues_of(items: Sequence[StoredItem]) -> dict[int, frozenset[int]]:
    """The clues of each item, by its number; those of pages are odd."""
    vocabulary = Vocabulary()
    texts = [f"{i.item.title} {(i.item.text or i.item.lead)[:TEXT_SIGNS]}" for i in items]
    read = vocabulary.read(texts, TEXT_WORDS)
    number = np.array([2 * crc32(term.encode()) for term in vocabulary.numbers], dtype=np.int64)
    order = np.lexsort((number[read.term], common(vocabulary.numbers)[read.term], read.text))
    text, clue = read.text[order], number[read.term[order]]
    new = (np.diff(text, prepend=-1) != 0) | (np.diff(clue, prepend=-1) != 0)
    text, clue = text[new], clue[new]
    first = np.searchsorted(text, np.arange(len(items) + 1)).tolist()
    told: list[int] = clue.tolist()
    return {
        item.id: frozenset(told[begin : min(begin + RAREST, end)])
        | {2 * crc32(place.encode()) + 1 for place in meeting_places(item)}
        for item, begin, end in zip(items, first, first[1:], strict=False)
    }


def sharing(
    new: Mapping[int, frozenset[int]], having: Mapping[int, Sequence[int]]
) -> dict[int, frozenset[int]]:
    """For each new item the others, new ones too, that it may tell one event with, of those that have (`having`) each
    clue: they share a page, or more than one term, and enough of what its terms weigh."""
    of: dict[int, list[int]] = {clue: list(others) for clue, others in having.items()}
    for number, some in new.items():
        for clue in some:
            of.setdefault(clue, []).append(number)
    weight = {clue: log(TEXTS / len(others)) ** 2 for clue, others in of.items()}
    found = {}
    for number, some in new.items():
        shared: dict[int, list[float]] = defaultdict(list)
        page: set[int] = set()
        for clue in some:
            if clue % 2:
                page.update(of[clue])
            elif len(of[clue]) > 1:
                for other in of[clue]:
                    shared[other].append(weight[clue])
        least = ENOUGH * sum(weight[clue] for clue in some if not clue % 2)
        alike = {n for n, terms in shared.items() if len(terms) >= SHARED and sum(terms) >= least}
        found[number] = frozenset(page | alike) - {number}
    return found
