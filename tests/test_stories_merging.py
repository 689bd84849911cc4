"""Groups are merged best first, whatever the order in which rows are worked out."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from newsfeed.stories.merging import Cluster, Table, link
from newsfeed.stories.similarity import Floats, Ints, Pairs

LEAST = 0.4  # of the mean similarity of two groups that merge


def ratio(table: Table, a: Any, b: Ints, similarity: Floats) -> Floats:
    passed: Floats = similarity / (table.size[a] * table.size[b]) / LEAST
    return passed


def groups(many: int, apart: Sequence[tuple[int, int]]) -> list[Cluster]:
    made = [Cluster(n, [n], 0.0, 0.0, {n}, evidence=1.0) for n in range(many)]
    for some, other in apart:
        made[some].apart.add(other)
        made[other].apart.add(some)
    return made


def one_by_one(left: dict[int, Cluster], sums: dict[tuple[int, int], float]) -> list[list[int]]:
    """The same, each time from all pairs of items."""

    def mean(a: int, b: int) -> float:
        pairs = [tuple(sorted((m, n))) for m in left[a].members for n in left[b].members]
        return sum(sums.get(pair, 0.0) for pair in pairs) / len(pairs)  # type: ignore[call-overload]

    while True:
        able = [
            (-round(mean(a, b), 9), a, b)
            for a in left
            for b in left
            if a < b and mean(a, b) >= LEAST and left[a].apart.isdisjoint(left[b].members)
        ]
        if not able:
            return sorted(sorted(group.members) for group in left.values())
        _, a, b = min(able)
        left[a].take(left.pop(b))


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("share", [0.15, 0.5, 1.0])
def test_groups_merge_as_if_all_pairs_were_compared_each_time(seed: int, share: float) -> None:
    dice = random.Random(f"{seed}/{share}")
    many = dice.randrange(2, 14)
    pairs = [(a, b) for a in range(many) for b in range(a + 1, many) if dice.random() < share]
    # Sixteenths are exact, so equal means are equal however they were summed.
    sums = {pair: dice.randrange(1, 17) / 16 for pair in pairs}
    apart = [pair for pair in pairs if dice.random() < 0.1]
    made = groups(many, apart)
    told = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    sums_told = Pairs(told[:, 0], told[:, 1], np.array(list(sums.values())))
    left = link(made, sums_told, Table(made, lambda _: 1.0), ratio)
    found = sorted(sorted(group.members) for group in left)
    assert found == one_by_one(dict(enumerate(groups(many, apart))), sums)
