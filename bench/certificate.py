"""An upper bound on the objective of a choice, to show how close to the best it came.

F has a concave extension: topics as they are, a source's voice as 1 - exp(sum x ln(1 - v)). Frank-Wolfe steps over
the relaxed problem (one item a story in all, the minutes, nothing else) give at every point x the bound
G(x) + max_s <grad G(x), s - x>, whose linear part is bounded from above by the Lagrangian of the knapsack. Floor,
caps and the number of picks are left out, so that the ratio states their price too.
"""

from __future__ import annotations

import numpy as np

from newsfeed.edition.objective import Morning, Rules


def bound(morning: Morning, rules: Rules, steps: int = 80) -> float:
    """A bound: no choice of this morning within `rules.budget` has a larger F."""
    rows = np.flatnonzero(morning.pickable & (morning.minutes <= rules.budget) & (morning.score > 0))
    if not len(rows):
        return 0.0
    score = np.minimum(morning.score[rows], 0.999)
    minutes, sources = morning.minutes[rows], morning.sources[rows]
    _, stories = np.unique(morning.stories[rows], return_inverse=True)
    mass = morning.parts[rows] * morning.score[rows][:, None]
    silent = np.log1p(-score)
    w = rules.weights
    point = np.zeros(len(rows))
    best = np.inf
    for step in range(steps):
        quiet = np.exp(np.bincount(sources, point * silent, minlength=len(rules.voices)))
        told = point @ mass
        value = (
            float(sum(w[t] * np.log1p(told[t] / (rules.kappa * w[t])) for t in range(len(w)) if w[t] > 0))
            + rules.beta * float(point @ score)
            + rules.gamma * float(rules.voices @ (1 - quiet))
        )
        slope = mass @ np.where(w > 0, w / np.maximum(rules.kappa * w + told, 1e-12), 0.0)
        slope = slope + rules.beta * score + rules.gamma * rules.voices[sources] * quiet[sources] * -silent
        linear, vertex = _knapsack(slope, minutes, stories, rules.budget)
        best = min(best, value - float(slope @ point) + linear)
        point += 2 / (step + 2) * (vertex - point)
    return best


def _knapsack(
    gains: np.ndarray, minutes: np.ndarray, stories: np.ndarray, budget: float
) -> tuple[float, np.ndarray]:
    """An upper bound of the best linear gain, and a feasible point that comes close to it."""

    def chosen(price: float) -> tuple[np.ndarray, float, float]:
        net = gains - price * minutes
        order = np.lexsort((-net, stories))
        first = np.ones(len(order), dtype=bool)
        first[1:] = stories[order][1:] != stories[order][:-1]
        heads = order[first]
        heads = heads[net[heads] > 0]
        return heads, float(net[heads].sum()) + price * budget, float(minutes[heads].sum())

    low, high = 0.0, float((gains / minutes).max())
    heads, least, used = chosen(0.0)
    if used > budget:
        for _ in range(40):
            middle = (low + high) / 2
            _, above, used = chosen(middle)
            least = min(least, above)
            low, high = (middle, high) if used > budget else (low, middle)
        heads, above, used = chosen(high)
        least = min(least, above)
    point = np.zeros(len(gains))
    point[heads] = 1.0
    # The remaining minutes go to a fraction of the next best, so that the steps move along the boundary.
    left = budget - used
    for row in np.argsort(-gains / minutes):
        if left <= 0:
            break
        if not point[stories == stories[row]].any():
            part = min(1.0, left / minutes[row])
            point[row] = part
            left -= part * minutes[row]
    return least, point
