"""Merge groups, best first: average linkage over sparse sums of similarity.

Groups are rows of arrays, in the order of their age. Each row has the sums of similarity with the others that it shares
any with. When a group has grown, all its ratios are worked out at once, and its row is sorted; the queue holds the best
of each row only. So a flood of items that are all alike costs its pairs once, and a row's length for every merge.

A pair stands in the row of whichever group changed last: a row is dropped whole when its group changes, and an entry
is skipped when the other group has changed since.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from newsfeed.stories.similarity import Floats, Ints, Pairs, firsts

# In place of its last step, for a group that was merged into another: later than any, so that no offer to it holds.
GONE = 1 << 62


@dataclass(slots=True)
class Cluster:
    """Items that form one story so far. `key` is its number, `start` and `end` in hours."""

    key: int
    members: list[int]
    start: float
    end: float
    outlets: set[int]
    evidence: float = 0.0
    inner: float = 0.0  # the sum of the similarity of each two of its items
    apart: set[int] = field(default_factory=set)
    taken: list[int] = field(default_factory=list)  # numbers of the groups merged into it

    def take(self, other: Cluster, similarity: float = 0.0) -> None:
        self.members += other.members
        self.taken += [other.key, *other.taken]
        self.start, self.end = min(self.start, other.start), max(self.end, other.end)
        self.outlets |= other.outlets
        self.evidence += other.evidence
        self.inner += other.inner + similarity
        self.apart |= other.apart


class Table:
    """What a ratio is worked out from, by the place of a group."""

    def __init__(self, groups: Sequence[Cluster], own: Callable[[Cluster], float]) -> None:
        """`own`: how alike a group's items are with each other, as the ratio asks for it."""
        self._own = own
        many = len(groups)
        self.size, self.told, self.own = np.zeros(many), np.zeros(many), np.zeros(many)
        self.start, self.end = np.zeros(many), np.zeros(many)
        self.outlet: Ints = np.zeros(many, dtype=np.int64)  # the only one of a group; else -1
        for place, group in enumerate(groups):
            self.put(place, group)

    def put(self, place: int, group: Cluster) -> None:
        self.size[place] = len(group.members)
        self.told[place] = group.evidence / len(group.members) or 1.0
        # A group without terms is similar to none.
        self.own[place] = self._own(group) if group.evidence else np.inf
        self.start[place], self.end[place] = group.start, group.end
        self.outlet[place] = next(iter(group.outlets)) if len(group.outlets) == 1 else -1


# The ratio of one or more groups to others, by their places and their sums of similarity.
Ratio = Callable[[Table, Any, Ints, Floats], Floats]


def link(groups: Sequence[Cluster], sums: Pairs, table: Table, ratio: Ratio) -> list[Cluster]:
    """Merge groups, best first, as long as the ratio of some is 1 or more; of two the older takes the other. Returns
    those that are left.

    Args:
        groups: by age.
        sums: the summed similarity of each two, by their places.
    """
    rows = _Rows(len(groups), sums)
    root = np.arange(len(groups))
    changed = [0] * len(groups)
    offers: list[tuple[list[int], list[float]] | None] = [None] * len(groups)
    queue: list[tuple[float, int, int, int, int, int]] = []

    def offer(own: int, place: int) -> None:
        """Queue the best pair of a row, from a place on, whose other group stands as it did."""
        others, ratios = offers[own] or ([], [])
        for n in range(place, len(others)):
            if changed[others[n]] <= changed[own]:
                low, high = sorted((own, others[n]))
                heapq.heappush(queue, (-ratios[n], low, high, own, changed[own], n))
                return

    passed = ratio(table, sums.some, sums.other, sums.value)
    good = np.flatnonzero(passed >= 1.0)
    good = good[np.lexsort((sums.other[good], -passed[good], sums.some[good]))]
    begin = firsts(sums.some[good])
    for first, end in zip(begin.tolist(), [*begin[1:].tolist(), len(good)], strict=False):
        inside = good[first:end]
        own = int(sums.some[inside[0]])
        offers[own] = sums.other[inside].tolist(), passed[inside].tolist()
        offer(own, 0)
    step = 0
    while queue:
        _, low, high, own, when, place = heapq.heappop(queue)
        if changed[own] != when:
            continue
        if changed[low + high - own] > when or not groups[low].apart.isdisjoint(groups[high].members):
            offer(own, place + 1)
            continue
        step += 1
        others, added, similarity = rows.merge(low, high, root)
        groups[low].take(groups[high], similarity)
        table.put(low, groups[low])
        changed[low], changed[high] = step, GONE
        offers[high] = None
        passed = ratio(table, low, others, added)
        good = np.flatnonzero(passed >= 1.0)
        good = good[np.argsort(-passed[good], kind="stable")]
        offers[low] = others[good].tolist(), passed[good].tolist()
        offer(low, 0)
    return [group for group, last in zip(groups, changed, strict=True) if last != GONE]


class _Rows:
    """For each group the others that it shares similarity with, and the sums; places of merged groups are brought up to
    date when a row is read."""

    def __init__(self, many: int, sums: Pairs) -> None:
        own = np.concatenate([sums.some, sums.other])
        order = np.argsort(own, kind="stable")
        others = np.concatenate([sums.other, sums.some])[order]
        added = np.concatenate([sums.value, sums.value])[order]
        start = np.searchsorted(own[order], np.arange(many + 1)).tolist()
        self._rows = [(others[a:b], added[a:b]) for a, b in pairwise(start)]

    def merge(self, low: int, high: int, root: Ints) -> tuple[Ints, Floats, float]:
        """Merge one row into another: its others, with the sums, and what the two shared. `root` has the group that
        each is part of now."""
        (some, mine), (other, theirs) = self._rows[low], self._rows[high]
        within = float(mine[root[some] == high].sum())
        root[root == high] = low
        key = root[np.concatenate([some, other])]
        order = np.argsort(key, kind="stable")
        key = key[order]
        first = firsts(key)
        key, added = key[first], np.add.reduceat(np.concatenate([mine, theirs])[order], first)
        keep = key != low
        self._rows[low] = key, added = key[keep], added[keep]
        self._rows[high] = key[:0], added[:0]
        return key, added, within
