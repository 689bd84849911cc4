"""What two tellings have in common: their form of words, their contents, or no more than who acts.

Beats have forms: "Firefighters were called to …", "… raised $… in a Series B round led by …". Two events of one
beat are told in one form with other contents; one event is told in other forms with the same contents, or copied.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from newsfeed.model import StoredItem
from newsfeed.stories.vectors import Terms
from newsfeed.stories.words import TEXT_SIGNS, WORD

OPENING = 30  # words of a text, in which its form shows
SHORT = 8  # words; a shorter text has none
COPIED = 0.15  # of the weight of what a text says; who says less that the other doesn't is a copy with cuts


class Forms:
    """Compares items of a window by how they are worded."""

    def __init__(self, items: Sequence[StoredItem], terms: Terms) -> None:
        self._items = items
        self._terms = terms
        self._openings: dict[int, list[str]] = {}
        self._alike: dict[tuple[int, int], float] = {}

    def has(self, item: int) -> bool:
        """Whether the item says enough under its title to have a form."""
        return len(self._opening(item)) >= SHORT

    def alike(self, some: int, other: int) -> float:
        """How far two texts open in the same words in the same order, 0..1; 0 where one is too short."""
        pair = (min(some, other), max(some, other))
        if pair not in self._alike:
            one, two = self._opening(some), self._opening(other)
            least = min(len(one), len(two))
            self._alike[pair] = common(one, two) / least if least >= SHORT else 0.0
        return self._alike[pair]

    def own(self, item: int, told: Set[int]) -> float:
        """Which share (by weight) of an item's title is not among the terms that others told."""
        mine = self._terms.of_title(item)
        return self._terms.weight(mine - told) / self._terms.weight(mine) if mine else 0.0

    def by_name(self, some: int, other: int) -> float:
        """Which share (by weight) of what two items have in common is names and figures."""
        shared = self._terms.all(some) & self._terms.all(other)
        return (
            self._terms.weight(shared - self._terms.ordinary) / self._terms.weight(shared) if shared else 0.0
        )

    def copied(self, some: int, other: int) -> bool:
        """Whether one text says next to nothing that the other item doesn't, and they name nothing apart."""
        here, there = self._terms.all(some), self._terms.all(other)
        one, two = here & self._text(some), there & self._text(other)
        if not one or not two:
            return False
        apart, aside = one - there, two - here
        least = min(
            self._terms.weight(apart) / self._terms.weight(one),
            self._terms.weight(aside) / self._terms.weight(two),
        )
        return least <= COPIED and (apart <= self._terms.ordinary or aside <= self._terms.ordinary)

    def actors(self, members: Iterable[int], names: Set[int]) -> int:
        """How many different persons, places or things some names stand for, as items write them: what is written
        side by side is one ("Mei Tanaka")."""
        found: list[set[int]] = []
        for member in members:
            item = self._items[member].item
            for text in (item.title, (item.text or item.lead)[:TEXT_SIGNS]):
                run: set[int] = set()
                for word in [*WORD.findall(text), ""]:
                    terms = self._terms.of_word(word)
                    if terms and names >= set(terms):
                        run.update(terms)
                    elif run:
                        beside = [r for r in found if not r.isdisjoint(run)]
                        found = [r for r in found if r.isdisjoint(run)]
                        found.append(run.union(*beside))
                        run = set()
        return len(found)

    def _text(self, item: int) -> set[int]:
        """The terms of an item's text, whether its title has them too or not."""
        said = self._items[item].item.text or self._items[item].item.lead
        return {t for word in WORD.findall(said[:TEXT_SIGNS]) for t in self._terms.of_word(word)}

    def _opening(self, item: int) -> list[str]:
        if item not in self._openings:
            said = self._items[item].item.text or self._items[item].item.lead
            self._openings[item] = [w.lower() for w in WORD.findall(said[:TEXT_SIGNS])[:OPENING]]
        return self._openings[item]


def common(some: Sequence[str], others: Sequence[str]) -> int:
    """The length of the longest series of words that both have in this order, with others between or not."""
    best = [0] * (len(others) + 1)
    for word in some:
        before = 0
        for n, other in enumerate(others, start=1):
            here = best[n]
            if word == other:
                best[n] = before + 1
            elif best[n - 1] > here:
                best[n] = best[n - 1]
            before = here
    return best[-1]
