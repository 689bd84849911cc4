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
ENOUGH = 50_000  # pairs of texts; in a flood of like ones those after them are not compared
COPIED = 0.15  # of the weight of what a text says; who says less that the other doesn't is a copy with cuts


class Forms:
    """Compares items of a window by how they are worded."""

    def __init__(self, items: Sequence[StoredItem], terms: Terms) -> None:
        self._items = items
        self._terms = terms
        self._openings: dict[int, list[str]] = {}
        self._texts: dict[int, set[int]] = {}
        self._alike: dict[tuple[int, int], float] = {}

    @property
    def tired(self) -> bool:
        """Whether so many texts were compared that no more are."""
        return len(self._alike) >= ENOUGH

    def has(self, item: int) -> bool:
        """Whether the item says enough under its title to have a form."""
        return len(self._opening(item)) >= SHORT

    def alike(self, some: int, other: int) -> float:
        """How far two texts open in the same words in the same order, 0..1; 0 where one is too short."""
        pair = (min(some, other), max(some, other))
        if pair not in self._alike:
            if self.tired:
                return 0.0
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
        if item not in self._texts:
            said = self._items[item].item.text or self._items[item].item.lead
            words = WORD.findall(said[:TEXT_SIGNS])
            self._texts[item] = {t for word in words for t in self._terms.of_word(word)}
        return self._texts[item]

    def _opening(self, item: int) -> list[str]:
        if item not in self._openings:
            said = self._items[item].item.text or self._items[item].item.lead
            self._openings[item] = [w.lower() for w in WORD.findall(said[:TEXT_SIGNS])[:OPENING]]
        return self._openings[item]


def common(some: Sequence[str], others: Sequence[str]) -> int:
    """The length of the longest series of words that both have in this order, with others between or not.

    One row of the usual table is the bits of a number here: a bit is 0 where the series grows.
    """
    places: dict[str, int] = {}
    for n, word in enumerate(some):
        places[word] = places.get(word, 0) | 1 << n
    whole = row = (1 << len(some)) - 1
    for word in others:
        met = row & places.get(word, 0)
        row = (row + met | row - met) & whole
    return len(some) - row.bit_count()
