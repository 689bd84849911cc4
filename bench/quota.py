"""Quota per minute: a serious rival of `choose`, kept as the baseline of benches and tests.

Each topic fills its share of the minutes with the best score per minute, one item per story; what is left goes to the best
score per minute of any topic. No floor, no lines, no debt.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from newsfeed.edition.objective import Morning


def choose(morning: Morning, shares: Sequence[float], budget: float, most: int) -> tuple[int, ...]:
    """The rows of the sorted `morning` that the quota takes, in order."""
    m = morning.sorted()
    if not len(m.ids):
        return ()
    topic = np.where(m.parts.sum(axis=1) > 0, m.parts.argmax(axis=1), -1)
    per_minute = m.score / m.minutes
    order = np.lexsort((np.arange(len(m.ids)), -per_minute))
    taken: list[int] = []
    told: set[int] = set()
    left = {t: share * budget for t, share in enumerate(shares)}
    spent = 0.0
    for within_quota in (True, False):
        for row in map(int, order):
            story, cost, t = int(m.stories[row]), float(m.minutes[row]), int(topic[row])
            if not m.pickable[row] or story in told or len(taken) >= most or m.score[row] <= 0:
                continue
            if spent + cost > budget + 1e-12:
                continue
            if within_quota and left.get(t, 0.0) + 1e-12 < cost:
                continue
            left[t] = left.get(t, 0.0) - cost
            taken.append(row)
            told.add(story)
            spent += cost
    return tuple(taken)
