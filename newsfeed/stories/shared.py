"""What two tellings of one story have in common, for a person who asks why they are one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from newsfeed.model import StoredItem
from newsfeed.stories import background
from newsfeed.stories.links import same_page
from newsfeed.stories.words import TEXT_SIGNS, TEXT_WORDS, WORD, word_terms


class Shared(NamedTuple):
    """With which telling an item has most in common: whether they share a page or recording, and words, rarest first."""

    other: StoredItem
    page: bool
    words: tuple[str, ...]


def nearest(item: StoredItem, others: Sequence[StoredItem]) -> Shared | None:
    """The telling that an item has most in common with; None where there is no other."""
    found = [_between(item, other) for other in others if other.id != item.id]
    return max(found, key=lambda one: (one.page, len(one.words), -one.other.id), default=None)


def _between(item: StoredItem, other: StoredItem) -> Shared:
    known = background.shipped().counts
    mine, theirs = _terms(item), _terms(other)
    terms = sorted((term for term in mine if term in theirs), key=lambda term: known.get(term, 0))
    return Shared(other, bool(same_page([item, other])), tuple(mine[term] for term in terms))


def _terms(item: StoredItem) -> dict[str, str]:
    """The terms of what is compared of an item, each with the word that it was first written as."""
    text = (item.item.text or item.item.lead)[:TEXT_SIGNS]
    found: dict[str, str] = {}
    for word in (*WORD.findall(item.item.title), *WORD.findall(text)[:TEXT_WORDS]):
        for term in word_terms(word):
            found.setdefault(term, word.removesuffix("’s").removesuffix("'s"))
    return found
