"""The objective of a choice, and what it is taken over: the rows of a morning and the rules of the reader.

    F(S) = sum_t w_t ln(1 + M_t(S) / (kappa w_t)) + beta sum_i v_i + gamma sum_o u_o (1 - prod_{i of o} (1 - v_i))
    M_t(S) = sum_i p_i(t) v_i          w_t = r_t (1 + eta D_t) / sum_k r_k (1 + eta D_k)

F is monotone and submodular. The logarithm's slope makes the first story of a small topic as wanted as that of the
core topic, and equalises M_t / w_t in the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from newsfeed.edition import constants as c

Floats: TypeAlias = npt.NDArray[np.float64]


Ints: TypeAlias = npt.NDArray[np.int64]


Bools: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Morning:
    """The candidates of a morning, one row each. Minutes are those of a pick or, in `line_minutes`, of a line."""

    ids: Ints
    stories: Ints
    affairs: Ints
    sources: Ints
    published: Floats  # seconds; newer goes first among equals
    minutes: Floats
    line_minutes: Floats
    score: Floats  # v, 0..1
    parts: Floats  # p_i(t), n x T
    stands: Bools  # n x T: what the story counts as one of
    main: Ints  # the topic that it stands for first; -1 for none
    outlets: Ints
    pickable: Bools  # False: may only be told in a line
    off_path: Bools  # may be today's step off the path
    heard: Bools  # is to be heard or watched, not read

    def sorted(self) -> Morning:
        """Rows newest first, then by id, so that the order of the input changes nothing."""
        return self.rows(np.lexsort((self.ids, -self.published)))

    def open_after(self, rows: Sequence[int]) -> Bools:
        """Rows that may still be taken after these: no story twice, and of an affair only so many."""
        full = [a for a, many in Counter(self.affairs[list(rows)].tolist()).items() if many >= c.AFFAIR_PICKS]
        free: Bools = ~np.isin(self.stories, self.stories[list(rows)]) & ~np.isin(self.affairs, full)
        return free

    def rows(self, order: Ints) -> Morning:
        """These rows in this order."""
        return Morning(**{name: getattr(self, name)[order] for name in self.__dataclass_fields__})


@dataclass(frozen=True)
class Rules:
    """What the choice has to keep to. Sources are numbered 0.. as in `Morning.sources`."""

    budget: float
    most: int
    weights: Floats  # w_t, adding up to 1
    voices: Floats  # u_o
    kappa: float = c.KAPPA["balanced"]
    beta: float = c.BETA
    gamma: float = c.GAMMA["balanced"]
    good: float = c.GOOD
    line: float = c.LINE
    floor: float = c.FLOOR["balanced"]
    must: float = c.MUST
    lines: float = 0.08
    floor_order: tuple[int, ...] = ()  # topics by debt, then share, then name
    must_read: tuple[int, ...] = ()  # sources, in the reader's order
    caps: Floats | None = None  # of the whole budget, a source; None: SOURCE_CAP for all
    most_of: Ints | None = None  # picks a source; -1: no limit
    most_heard: int = 1_000
    place_lines: bool = True  # a line for each topic that gets no pick
    whole: float = 0.0  # the minutes that shares are taken of; 0: the budget


def value(morning: Morning, rules: Rules, rows: Sequence[int]) -> float:
    """F of a set of rows, from its definition (sums in id order); what the incremental gains must agree with."""
    ordered = sorted(rows, key=lambda r: int(morning.ids[r]))
    total = 0.0
    for t, w in enumerate(rules.weights):
        if w > 0:
            mass = sum(float(morning.parts[r, t] * morning.score[r]) for r in ordered)
            total += float(w * np.log1p(mass / (rules.kappa * w)))
    total += rules.beta * sum(float(morning.score[r]) for r in ordered)
    quiet: dict[int, float] = {}
    for r in ordered:
        source = int(morning.sources[r])
        quiet[source] = quiet.get(source, 1.0) * (1 - float(morning.score[r]))
    return total + rules.gamma * sum(float(rules.voices[o]) * (1 - q) for o, q in sorted(quiet.items()))


def weights(shares: Sequence[float], debts: Sequence[float]) -> Floats:
    """w_t: the asked shares, raised by what each topic is owed."""
    raised = np.array([r * (1 + c.ETA * d) for r, d in zip(shares, debts, strict=True)], dtype=np.float64)
    total = raised.sum()
    return raised / total if total > 0 else raised


def debt(before: float, share: float, got: float) -> float:
    """What a topic is owed after an edition: clip(.75 D + (asked - got) / asked, 0, 3); 0 for a muted topic."""
    if share <= 0:
        return 0.0
    return min(c.DEBT_MOST, max(0.0, c.DEBT_KEEPS * before + (share - got) / share))
