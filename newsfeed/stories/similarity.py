"""The similarity of items: the cosine of their terms, and the part of it that is more than a shared name.

A term of an item weighs (1 + ln count) · ln((items + texts) / (items with it + texts with it)), where the texts are
those of `terms.common`: a word common in news at large weighs little even if the window has it only twice. An
item's vector has length 1; a group's is the sum of its items', so that what is counted for a group is exact however
it grew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from newsfeed.model import StoredItem
from newsfeed.stories.terms import STOP, TEXT_SIGNS, TEXT_WORDS, TITLE_WEIGHT, WORD, Vocabulary, rarity
from newsfeed.text import undated

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

PAIRS = 3_000_000  # the most pairs kept, so that a flood of similar texts takes no more memory than a large window
AT_ONCE = 250_000  # terms that vectors share, and numbers of a table of their pairs, are worked on at once: some 10 MB
LARGE = 5_000  # items from which on words in more than COMMON of them are left out of the search for pairs:
COMMON = 0.10  # they weigh little and cost most
FEED_FROM = 8  # items of a feed in the window, from which its boilerplate can be told
FEED_SHARE = 0.8  # a term in more of them is boilerplate
COMPARED = 100  # items of one story that are compared in pairs
NAME = 2  # terms of a name: what so many add to a similarity may be no more than one person or firm in two events
# A term joins less, the less alike pairs are that share it (`Terms.weigh`): chosen with each set left out, see RESULTS.
COHESION = 0.07  # how alike, without a term, two items are that have it because of one event
PSEUDO_PAIRS = 2  # pairs of that similarity that each term begins with
LEAST = 0.5  # of a term's weight, squared, stays however little it joins
EXACT = 1e-9  # of a sum, within which two ways to reckon it agree
WHO = 4  # terms that say who and where: what they add is no common occasion of two stories
# Two events told in one form of words: of 56 invented pairs 40 are joined without comparing it and 4 with it. No set of stories
# gains or loses by it (RESULTS, 29 November): it parts 9 of 460 pairs of like texts on one event, and 45 of 51 on two.
OPENING = 30  # words of a text, in which its form shows
FEWEST = 4  # function words; with fewer a text has no form
FORM = 0.7  # of the function words of one opening are in the other in the same order: one form
# Of the weight of what each text tells, that the other item does not: one form tells of two events
APART = 0.25
FORMS = 50_000  # pairs whose wording is compared; in a flood of like texts those after them are not


def sums(where: Ints, weights: Floats, many: int) -> Floats:
    """The sum of the weights at each place, 0 … many - 1."""
    return np.bincount(where, weights=weights, minlength=many).astype(np.float64, copy=False)


def firsts(key: Ints) -> Ints:
    """Where each run of equal keys begins."""
    return np.flatnonzero(np.diff(key, prepend=-1))


class Pairs(NamedTuple):
    """Pairs of places, the lower first, each pair once, and what is known of each."""

    some: Ints
    other: Ints
    value: Floats

    @classmethod
    def together(cls, parts: Sequence[Pairs]) -> Pairs:
        """All pairs of some parts, in order."""
        none = cls(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))
        return cls(*(np.concatenate(column) for column in zip(none, *parts, strict=True)))

    def kept(self, which: Any) -> Pairs:
        """Some of them."""
        return Pairs(self.some[which], self.other[which], self.value[which])

    def beside(self, others: Pairs) -> Pairs:
        """These and the others that are not among them."""
        found = Pairs.together([self, others])
        many = found.other.max(initial=0) + 1
        return found.kept(np.unique(found.some * many + found.other, return_index=True)[1])

    def summed_by(self, group: Ints, count: int) -> Pairs:
        """For every two of `count` groups the sum over the pairs of places between them; `group` has the group of each
        place, -1 for none. Pairs within a group are left out."""
        some, other = group[self.some], group[self.other]
        keep = (some != other) & (some >= 0) & (other >= 0)
        key = (np.minimum(some, other) * count + np.maximum(some, other))[keep]
        order = np.argsort(key, kind="stable")
        key, value = key[order], self.value[keep][order]
        first = firsts(key)
        key = key[first]
        return Pairs(key // count, key % count, np.add.reduceat(value, first) if len(first) else value)


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
        # The date in a programme's title is not part of its contents.
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
        # The lowest bit marks words of titles, so that sorting needs no second array.
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
        told = np.bincount(self.term, minlength=self.terms)
        self._rarity: Floats = rarity(told, self.items, vocabulary.numbers)
        self.weight: Floats = (1 + np.log(self.count)) * self._rarity[self.term]
        self.weight = self._of_length_1(self.weight)
        self.joining: Floats = self.weight
        self._start: Ints = np.searchsorted(self.row, np.arange(self.items + 1))

    def _drop_boilerplate(self, feed: Ints) -> None:
        """Remove what is in nearly all items of one feed: slogans, bylines, the name of a column."""
        if not len(self.row):
            return
        feeds, index, size = np.unique(feed, return_inverse=True, return_counts=True)
        # A term in few items can't be boilerplate, and most terms are in few.
        enough = np.bincount(self.term, minlength=self.terms) > FEED_SHARE * FEED_FROM
        asked = ((size >= FEED_FROM) & (feeds != 0))[index[self.row]] & enough[self.term]
        key = index[self.row] * self.terms + self.term
        distinct, told = np.unique(key[asked], return_counts=True)
        spoiled = distinct[told > FEED_SHARE * size[distinct // self.terms]]
        if len(spoiled):
            self._keep(~np.isin(key, spoiled))

    def _keep(self, keep: NDArray[np.bool_]) -> None:
        self.row, self.term, self.count = self.row[keep], self.term[keep], self.count[keep]

    def weigh(self, asked: Set[int]) -> None:
        """Let each term join items as far as those that share it are alike otherwise, by pairs with an item of `asked`.

        A term of one event is met with the same other terms; a person or a company of many events, a word that is
        in fashion, with others each time, however rare it is at large.
        """
        vectors = Vectors(self.row, self.term, self.weight, self.items, self.terms)
        alike, pairs = vectors.cohesion(asked)
        cohesion = (alike + PSEUDO_PAIRS * COHESION) / (pairs + PSEUDO_PAIRS)
        share = np.sqrt(np.clip(cohesion / COHESION, LEAST, 1.0))
        self.joining = self._of_length_1(self.weight * share[self.term])

    def _of_length_1(self, weight: Floats) -> Floats:
        length = np.sqrt(sums(self.row, weight**2, self.items))
        found: Floats = weight / np.maximum(length[self.row], 1e-12)
        return found

    def vectors(self) -> Vectors:
        """The vectors of the items, for joining."""
        return Vectors(self.row, self.term, self.joining, self.items, self.terms)

    def groups(self, group: Ints, many: int) -> Vectors:
        """The vectors of groups, for joining; `group` has the group of each item, 0 … many - 1."""
        key = group[self.row] * self.terms + self.term
        order = np.argsort(key, kind="stable")
        key = key[order]
        first = firsts(key)
        total = np.add.reduceat(self.joining[order], first) if len(first) else self.joining
        return Vectors(key[first] // self.terms, key[first] % self.terms, total, many, self.terms)

    def apart(self, some: int, other: int) -> float:
        """Which share of what an item's text tells (by the rarity of its terms) the other item doesn't; the lesser
        of the two shares, so that a copy with cuts or under another title is not apart."""
        return min(self._own(some, other), self._own(other, some))

    def _own(self, some: int, other: int) -> float:
        here, there = (slice(self._start[n], self._start[n + 1]) for n in (some, other))
        told = self.term[here][self.count[here] != TITLE_WEIGHT]
        rarity = self._rarity[told]
        return float(rarity[~np.isin(told, self.term[there])].sum() / max(rarity.sum(), 1e-12))

    def inner(self, members: Sequence[int]) -> float:
        """The sum over each two of some items of their cosine without what the strongest terms add.

        Of more than COMPARED items the first ones are compared; the others are taken to be as alike as those.
        """
        some = members[:COMPARED]
        table = self._table(some, self.joining)
        alike = table @ table.T
        for n in range(len(some)):
            alike[n] -= np.sort(table * table[n], axis=1)[:, -NAME:].sum(axis=1)
        np.fill_diagonal(alike, 0.0)
        pairs = len(members) * (len(members) - 1) / (len(some) * (len(some) - 1))
        return float(alike.sum()) / 2 * pairs

    def _table(self, members: Sequence[int], weight: Floats) -> Floats:
        """The vectors of some items of these weights, with a column for each term that they have."""
        parts = [slice(self._start[m], self._start[m + 1]) for m in members]
        terms, place = np.unique(np.concatenate([self.term[p] for p in parts]), return_inverse=True)
        table = np.zeros((len(members), max(1, len(terms))))
        row = np.repeat(np.arange(len(members)), [p.stop - p.start for p in parts])
        table[row, place] = np.concatenate([weight[p] for p in parts])
        return table

    def centrality(self, members: Sequence[int], weights: Sequence[float]) -> list[float]:
        """How near each of a story's items is to the others: its weighted mean cosine with them; 0 where
        there are fewer than three items.

        Of more than COMPARED items the last ones are compared; the rest have 0.
        """
        some, share = members[-COMPARED:], np.array(weights[-COMPARED:])
        if len(some) < 3:
            return [0.0] * len(members)
        table = self._table(some, self.weight)
        alike = table @ table.T
        np.fill_diagonal(alike, 0.0)
        found: list[float] = ((alike @ share) / (share.sum() - share)).round(9).tolist()
        return [0.0] * (len(members) - len(some)) + found


class Shared(NamedTuple):
    """What some vectors have in common with others: for each of their terms in turn, each vector that has it too."""

    rows: Ints  # these vectors
    terms: Ints  # of each, one vector after the other
    sizes: Ints  # how many others have each of these
    pair: Ints  # the number of a pair: its vector's place in `rows` times the number of all, and the other's number
    product: Floats  # what the term adds to the product of the pair


class Vectors:
    """Vectors of items or of groups, sorted by their numbers."""

    def __init__(self, row: Ints, term: Ints, weight: Floats, many: int, terms: int) -> None:
        self.many = many
        self.terms = terms
        self.row = row
        self.term = term
        self.weight = weight
        self.norm: Floats = np.sqrt(sums(row, weight * weight, many))
        self._told: Ints = np.bincount(term, minlength=terms)

    def alike(
        self, asked: Set[int], least: float, *, named: float = 1.0, weighty: Set[int] = frozenset()
    ) -> Pairs:
        """Products of pairs with a vector of `asked`, where by their lengths they are `least` or more.

        Args:
            named: how much of what the strongest terms add, as many as a name has, is counted.
            weighty: pairs of two of these have to reach `least` without all that WHO terms add.
        """
        heavy = self._marked(weighty)
        norm = np.maximum(self.norm, 1e-12)
        most = max(1, PAIRS // max(1, len(asked)))
        found = []
        for shared in self._shared(self._marked(asked), self.weight):
            rows, many = shared.rows, self.many
            bound = (least * norm[rows][:, None] * norm).ravel()
            strict = (heavy[rows][:, None] & heavy).ravel() if weighty else None
            near, products = self._near(shared, bound, named, strict)
            row, other = np.divmod(near, many)
            if len(near) > most:
                # Of each vector the most alike, and of equals the oldest.
                order = np.lexsort((-products / norm[other], row))
                begin = firsts(row)
                rank = np.arange(len(row)) - np.repeat(begin, np.diff(begin, append=len(row)))
                best = np.sort(order[rank < most])
                row, other, products = row[best], other[best], products[best]
            row = rows[row]
            found.append(Pairs(np.minimum(row, other), np.maximum(row, other), products))
        return Pairs.together(found)

    def cohesion(self, asked: Set[int]) -> tuple[Floats, Floats]:
        """For each term, how alike the pairs that share it are without it, summed, and how many pairs those are.

        Pairs have a vector of `asked`; those of two such vectors count twice.
        """
        wanted = self._marked(asked)
        pairs = sums(self.term, wanted[self.row] * (self._told[self.term] - 1.0), self.terms)
        summed = np.zeros(self.terms)
        for shared in self._shared(wanted, self.weight * (1.0 + wanted[self.row])):
            products = sums(shared.pair, shared.product, len(shared.rows) * self.many)
            begin = np.cumsum(shared.sizes) - shared.sizes
            rest = np.add.reduceat(products[shared.pair] - shared.product, begin)
            summed += sums(shared.terms, rest, self.terms)
        return summed, pairs

    def _marked(self, some: Set[int]) -> NDArray[np.bool_]:
        marks = np.zeros(self.many, dtype=bool)
        marks[list(some)] = True
        return marks

    def _shared(self, asked: NDArray[np.bool_], weight: Floats) -> Iterator[Shared]:
        """What the vectors asked for share with others, of some at a time; a pair of two of them is the lower one's.

        `weight` is that of the others.
        """
        # Of each term those asked for come first, so that the others of each are what stands behind its own place.
        order = np.argsort(2 * self.term + ~asked[self.row], kind="stable")
        rows, weights = self.row[order], weight[order]
        behind = np.empty_like(order)
        behind[order] = np.arange(1, len(order) + 1)
        sizes = np.cumsum(self._told)[self.term] - behind
        wanted = asked[self.row] & (sizes > 0)
        if self.many > LARGE:  # where common words tell nothing apart
            wanted &= (self._told <= COMMON * self.many)[self.term]
        entry = np.flatnonzero(wanted)
        begin = firsts(self.row[entry])
        cost = np.add.reduceat(sizes[entry], begin) + self.many if len(entry) else begin
        for own in np.split(entry, begin[firsts(np.cumsum(cost) // AT_ONCE)][1:]):
            row, many = self.row[own], sizes[own]
            first = firsts(row)
            place = np.repeat(np.arange(len(first)), np.diff(first, append=len(row)))
            end = np.cumsum(many)
            at = np.arange(many.sum()) + np.repeat(behind[own] - end + many, many)
            pair = rows[at] + np.repeat(place * self.many, many)
            product = weights[at] * np.repeat(self.weight[own], many)
            yield Shared(row[first], self.term[own], many, pair, product)

    def _near(
        self, shared: Shared, least: Floats, named: float, strict: NDArray[np.bool_] | None
    ) -> tuple[Ints, Floats]:
        """The pairs that have a product of `least`, and that product; those that are `strict` without all that WHO terms
        add."""
        pair, what = shared.pair, shared.product
        products = sums(pair, what, len(least))
        passed = products >= least
        near = np.flatnonzero(passed)
        if named == 1:
            return near, products[near]
        # The strongest of several terms add at least their part of the sum, which leaves most pairs too little.
        among = np.flatnonzero(passed[pair])
        pair, what = pair[among], what[among]
        several = np.maximum(np.bincount(pair, minlength=len(least))[near], NAME)
        passed[near] = products[near] * (1 - (1 - named) * NAME / several) >= least[near] * (1 - EXACT)
        near = np.flatnonzero(passed)
        among = np.flatnonzero(passed[pair])
        pair, what = pair[among], what[among]
        order = np.lexsort((what, pair))
        what = what[order]
        first = firsts(pair[order])
        end = np.append(first, len(what))[1:]
        found = whole = products[near]
        for back in range(1, (NAME if strict is None else WHO) + 1):
            whole = whole - np.where(end - back >= first, what[np.maximum(end - back, 0)], 0.0)
            if back == NAME:
                found = named * found + (1 - named) * whole
        kept = found >= least[near]
        if strict is not None:
            kept &= ~strict[near] | (whole >= least[near])
        return near[kept], found[kept]


class Forms:
    """Compares the function words of items: regular reports have templates ("Firefighters were called to a … in … on …").

    Two events of one sort are reported in one template with different contents; one event in different wordings with the
    same contents, or copied.
    """

    def __init__(self, items: Sequence[StoredItem], terms: Terms) -> None:
        self._items = items
        self._terms = terms
        self._frames: dict[int, list[str]] = {}
        self._compared = 0

    def part(self, alike: Pairs, least: float) -> Pairs:
        """The pairs without those, `least` alike or more, that report two events in one template."""
        near = np.flatnonzero(alike.value >= least)
        keep = np.ones(len(alike.some), dtype=bool)
        for place, some, other in zip(
            near.tolist(), alike.some[near].tolist(), alike.other[near].tolist(), strict=True
        ):
            if self._compared >= FORMS:
                break
            keep[place] = not self._two(some, other)
        return alike.kept(keep)

    def _two(self, some: int, other: int) -> bool:
        one, two = self._frame(some), self._frame(other)
        least = min(len(one), len(two))
        if least < FEWEST:
            return False
        self._compared += 1
        return in_order(one, two) >= FORM * least and self._terms.apart(some, other) >= APART

    def _frame(self, item: int) -> list[str]:
        if item not in self._frames:
            said = self._items[item].item.text or self._items[item].item.lead
            opening = WORD.findall(said[:TEXT_SIGNS].lower())[:OPENING]
            self._frames[item] = [word for word in opening if word in STOP]
        return self._frames[item]


def in_order(some: Sequence[str], others: Sequence[str]) -> int:
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
