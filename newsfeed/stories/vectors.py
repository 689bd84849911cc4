"""Groups of items as vectors of terms, and the pairs of groups that are alike.

A term weighs (1 + ln count) · ln((groups + texts) / (groups with it + texts with it)), where the texts are those of
`background`. Counting groups rather than items keeps a
big story's own words telling: thirty tellings of one event make its names no commoner. An item's vector has
length 1; a group's is the sum of its items', so the cosine of two groups is that of their centroids, and is
exact however they grew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsfeed.model import StoredItem
from newsfeed.stories import background
from newsfeed.stories.words import TEXT_SIGNS, TEXT_WORDS, TITLE_WEIGHT, WORD, Vocabulary
from newsfeed.text import undated

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

EDGE = 0.05  # pairs less alike are taken as unlike
PAIRS = 3_000_000  # kept at the most, so that a flood of like texts costs no more memory than a large window
LARGE = 5_000  # groups from which on words in more than COMMON of them are left out of the search for pairs:
COMMON = 0.10  # they weigh little and cost most
FEED_FROM = 8  # items of a feed in the window, from which its boilerplate can be told
FEED_SHARE = 0.8  # a term in more of them is boilerplate
ENOUGH = 0.5  # likeness of two tellings; more of it makes a copy, not a telling nearer to the story's middle
COMPARED = 100  # tellings of one story that are compared in pairs
FEW = 3  # terms; an item with fewer is judged by its links only


def sums(where: Ints, weights: Floats, many: int) -> Floats:
    """The sum of the weights at each place, 0 … many - 1."""
    return np.bincount(where, weights=weights, minlength=many).astype(np.float64, copy=False)


def firsts(key: Ints) -> Ints:
    """Where each run of equal keys begins."""
    return np.flatnonzero(np.diff(key, prepend=-1))


class Terms:
    """The terms of all items of a window, as one sparse table sorted by item."""

    def __init__(
        self,
        items: Sequence[StoredItem],
        outlets: Mapping[int, str],
        untitled: Collection[int] = (),
        untold: Collection[int] = (),
    ) -> None:
        """Read the items; the titles of those in `untitled` (places) and the texts of those in `untold` say nothing
        of their contents."""
        vocabulary = Vocabulary()
        bare = set(untitled)
        feeds, feed = np.unique(np.array([i.feed for i in items], dtype=np.int64), return_inverse=True)
        names = [" ".join(WORD.findall(outlets.get(n, ""))) for n in feeds.tolist()]
        own = vocabulary.read([f"{name} {name.replace(' ', '')}" for name in names])
        # The day that a programme's title bears is no part of what it tells.
        titles = vocabulary.read(["" if n in bare else undated(i.item.title) for n, i in enumerate(items)])
        mute = set(untold)
        texts = vocabulary.read(
            ["" if n in mute else (i.item.text or i.item.lead)[:TEXT_SIGNS] for n, i in enumerate(items)],
            TEXT_WORDS,
        )
        self.items = len(items)
        self.terms = max(1, len(vocabulary.numbers))
        own_key = own.text * self.terms + own.term
        of_an_outlet = np.zeros(self.terms, dtype=bool)
        of_an_outlet[own.term] = True
        keys = []
        for read in (titles, texts):
            keep = np.ones(len(read.term), dtype=bool)
            named = np.flatnonzero(of_an_outlet[read.term])
            keep[named] = ~np.isin(feed[read.text[named]] * self.terms + read.term[named], own_key)
            keys.append(read.text[keep] * self.terms + read.term[keep])
        self._title: Ints = keys[0] % self.terms
        self._title_start: Ints = np.searchsorted(keys[0] // self.terms, np.arange(self.items + 1))
        # The lowest bit says whether a word stands in a title, so that sorting needs no second array.
        key = np.sort(np.concatenate([2 * keys[0] + 1, 2 * keys[1]]))
        weight = np.where(key & 1, TITLE_WEIGHT, 1.0)
        key >>= 1
        first = firsts(key)
        key = key[first]
        self.row: Ints = key // self.terms
        self.term: Ints = key % self.terms
        self.count: Floats = np.add.reduceat(weight, first) if len(first) else weight
        self._drop_boilerplate(np.array([i.feed for i in items], dtype=np.int64))
        self.evidence: Floats = sums(self.row, self.count, self.items)
        few = np.bincount(self.row, minlength=self.items) < FEW
        self._keep(~few[self.row])
        self._start: Ints = np.searchsorted(self.row, np.arange(self.items + 1))
        self._frequency: Ints = np.bincount(self.term, minlength=self.terms)
        # Terms that are no names.
        self.ordinary = {t for read in (own, titles, texts) for t in read.ordinary.tolist()}
        self._vocabulary = vocabulary
        self._texts, counts = background.shipped()
        self._common: Ints = np.zeros(self.terms, dtype=np.int64)
        for term, number in vocabulary.numbers.items():
            self._common[number] = counts.get(term, 0)
        self._rarity: list[float] = self._rarities(np.arange(self.terms)).tolist()

    def all(self, item: int) -> set[int]:
        """All terms of an item."""
        return set(self.term[self._start[item] : self._start[item + 1]].tolist())

    def title(self, item: int) -> tuple[set[int], set[int]]:
        """The terms of an item's title: its names (see `names`), and the rest."""
        terms = self._of_title(item)
        return terms - self.ordinary, terms & self.ordinary

    def of_title(self, item: int) -> set[int]:
        """The terms of an item's title that tell something, where the item does."""
        return self.all(item) & self._of_title(item)

    def _of_title(self, item: int) -> set[int]:
        return set(self._title[self._title_start[item] : self._title_start[item + 1]].tolist())

    def of_word(self, word: str) -> list[int]:
        """The terms of one word as written, if any item was read with it."""
        return self._vocabulary.terms(word)

    def weight(self, terms: Set[int]) -> float:
        """How much some terms tell, by their rarity among the items."""
        return sum(self._rarity[t] for t in sorted(terms))

    def names(self, item: int) -> set[int]:
        """Terms of an item that stand for one person, place, thing or figure.

        A name is what this window never writes in small letters; where titles alone are told, and those in
        capitals, it holds more than names.
        """
        return self.all(item) - self.ordinary

    def nearness(self, members: Sequence[int]) -> list[float]:
        """How near each of a story's items is to the others: its mean cosine with them, each at most ENOUGH;
        0 where there are fewer than three.

        Of more than COMPARED items the first ones are compared; the rest are taken to be as near as those.
        """
        some = members[:COMPARED]
        if len(some) < 3:
            return [0.0] * len(members)
        parts = [slice(self._start[m], self._start[m + 1]) for m in some]
        terms, place = np.unique(np.concatenate([self.term[p] for p in parts]), return_inverse=True)
        table = np.zeros((len(some), max(1, len(terms))))
        row = np.repeat(np.arange(len(some)), [p.stop - p.start for p in parts])
        rarity = self._rarities(terms)
        table[row, place] = (1 + np.log(np.concatenate([self.count[p] for p in parts]))) * rarity[place]
        table /= np.maximum(np.sqrt((table * table).sum(axis=1, keepdims=True)), 1e-12)
        alike = np.minimum(table @ table.T, ENOUGH)
        np.fill_diagonal(alike, 0.0)
        found: list[float] = (alike.sum(axis=1) / (len(some) - 1)).round(9).tolist()
        return found + [sum(found) / len(found)] * (len(members) - len(some))

    def _rarities(self, terms: Ints) -> Floats:
        known = self._frequency[terms] + self._common[terms]
        found: Floats = np.log((self._texts + self.items) / np.maximum(known, 1))
        return found

    def _drop_boilerplate(self, feed: Ints) -> None:
        """Take out what stands in nearly all items of one feed: slogans, bylines, the name of a column."""
        if not len(self.row):
            return
        feeds, index, size = np.unique(feed, return_inverse=True, return_counts=True)
        # What stands in few items is no boilerplate of any feed, and most words do.
        enough = np.bincount(self.term, minlength=self.terms) > FEED_SHARE * FEED_FROM
        asked = ((size >= FEED_FROM) & (feeds != 0))[index[self.row]] & enough[self.term]
        key = index[self.row] * self.terms + self.term
        distinct, told = np.unique(key[asked], return_counts=True)
        spoiled = distinct[told > FEED_SHARE * size[distinct // self.terms]]
        if len(spoiled):
            self._keep(~np.isin(key, spoiled))

    def _keep(self, keep: NDArray[np.bool_]) -> None:
        self.row, self.term, self.count = self.row[keep], self.term[keep], self.count[keep]

    def groups(self, group: Ints, many: int) -> Groups:
        """The vectors of groups; `group` gives each item's, 0 … many - 1."""
        key = group[self.row] * self.terms + self.term
        order = np.argsort(key, kind="stable")
        key = key[order]
        first = firsts(key)
        distinct = key[first]
        frequency = np.bincount(distinct % self.terms, minlength=self.terms)
        idf = np.log((self._texts + many) / np.maximum(frequency + self._common, 1))
        weight = (1 + np.log(self.count)) * idf[self.term]
        length = np.sqrt(sums(self.row, weight * weight, self.items))
        unit = (weight / np.maximum(length[self.row], 1e-12))[order]
        total = np.add.reduceat(unit, first) if len(first) else unit
        return Groups(distinct // self.terms, distinct % self.terms, total, many, self.terms)


class Groups:
    """Vectors of groups, sorted by group."""

    def __init__(self, row: Ints, term: Ints, weight: Floats, many: int, terms: int) -> None:
        self.many = many
        self.weight = weight
        self.term = term
        self.norm: Floats = np.sqrt(sums(row, weight * weight, many))
        self.start: Ints = np.searchsorted(row, np.arange(many + 1))
        by_term = np.argsort(term, kind="stable")
        self._rows: Ints = row[by_term]
        self._weights: Floats = weight[by_term]
        self._from: Ints = np.searchsorted(term[by_term], np.arange(terms + 1))

    def alike(self, only: Collection[int], until: int) -> dict[int, dict[int, float]]:
        """Products of the vectors of pairs with a group of `only`, where their cosine is EDGE or more.

        Groups from the number `until` on are never part of a pair.
        """
        found: dict[int, dict[int, float]] = defaultdict(dict)
        wanted = set(only)
        asked = np.zeros(self.many, dtype=bool)
        asked[list(wanted)] = True
        norm = np.maximum(self.norm, 1e-12)
        begins: list[int] = self._from.tolist()
        most = max(1, PAIRS // max(1, len(wanted)))
        common = self._common()
        for n in sorted(wanted):
            a, b = int(self.start[n]), int(self.start[n + 1])
            if a == b:
                continue
            term, weight = self.term[a:b], self.weight[a:b]
            if common is not None:
                telling = ~common[term]
                term, weight = term[telling], weight[telling]
                if not len(term):
                    continue
            products = self._products(term.tolist(), weight, begins)
            near = np.flatnonzero(products[:until] >= EDGE * norm[n] * norm[:until])
            # A pair of two that are both asked for is found once, from its lower number.
            near = near[(near > n) | ~asked[near]]
            if len(near) > most:
                # The most alike, and of equals the oldest.
                near = np.sort(near[np.argsort(-products[near] / norm[near], kind="stable")[:most]])
            mine: dict[Any, float] = found[n]
            for m, product in zip(near.tolist(), products[near].tolist(), strict=True):
                if m != n:
                    mine[m] = product
                    found[m][n] = product
        return found

    def _common(self) -> NDArray[np.bool_] | None:
        """Which terms a large window has in so many groups that they tell nothing apart; None in a small one."""
        if self.many <= LARGE:
            return None
        return np.diff(self._from) > COMMON * self.many

    def _products(self, terms: list[int], weights: Floats, begins: list[int]) -> Floats:
        parts = [slice(begins[t], begins[t + 1]) for t in terms]
        where = np.concatenate([self._rows[p] for p in parts])
        what = np.concatenate([self._weights[p] for p in parts])
        what *= np.repeat(weights, [p.stop - p.start for p in parts])
        return sums(where, what, self.many)
