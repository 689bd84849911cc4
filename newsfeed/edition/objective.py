"""The objective of the choice, and its inputs: the rows of a morning and the rules of the reader.

    F(S) = sum_t w_t ln(1 + M_t(S) / (kappa w_t)) + beta sum_i v_i + gamma sum_o u_o (1 - prod_{i of o} (1 - v_i))
    M_t(S) = sum_i p_i(t) v_i          w_t = r_t (1 + eta D_t) / sum_k r_k (1 + eta D_k)

F is monotone and submodular. The logarithm makes the first story of a small topic as valuable as that of the core
topic, and in the end evens out M_t / w_t.

For each contender (a row of the arrays) this module computes what it would add to a page under construction, what it would
cost, and whether it still fits. The minutes of a line for each topic with a good story are set aside from the start; a pick that covers the topic gives
them back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
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
    stands: Bools  # n x T: the topics that the story counts for
    main: Ints  # its main topic; -1 for none
    outlets: Ints
    pickable: Bools  # False: it may only get a line
    off_path: Bools  # may be today's step off the path
    heard: Bools  # is to be heard or watched, not read
    events: Bools  # says what happened

    def sorted(self) -> Morning:
        """Rows newest first, then by id, so that the order of the input changes nothing."""
        return self.rows(np.lexsort((self.ids, -self.published)))

    def open_after(self, rows: Sequence[int]) -> Bools:
        """Rows that the last of these leaves open: no story is taken twice, and of an affair only so many."""
        free: Bools = self.stories != self.stories[rows[-1]]
        of_it = self.affairs == self.affairs[rows[-1]]
        if np.count_nonzero(of_it[list(rows)]) >= c.AFFAIR_PICKS:
            free &= ~of_it
        return free

    def rows(self, order: Ints) -> Morning:
        """These rows in this order."""
        return Morning(**{name: getattr(self, name)[order] for name in self.__dataclass_fields__})


@dataclass(frozen=True)
class Rules:
    """The rules of the choice. Sources are numbered 0.. as in `Morning.sources`."""

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
    caps: Floats | None = None  # the most of the budget per source; None: SOURCE_CAP for all
    most_of: Ints | None = None  # picks a source; -1: no limit
    most_heard: int = 1_000
    place_lines: bool = True  # a line for each topic that gets no pick
    whole: float = 0.0  # the minutes that shares refer to; 0: the budget


def weights(shares: Sequence[float], debts: Sequence[float]) -> Floats:
    """w_t: the shares asked for, raised by what each topic is owed."""
    raised = np.array([r * (1 + c.ETA * d) for r, d in zip(shares, debts, strict=True)], dtype=np.float64)
    total = raised.sum()
    return raised / total if total > 0 else raised


def debt(before: float, share: float, got: float) -> float:
    """What a topic is owed after an edition: clip(.75 D + (asked - got) / asked, 0, 3); 0 for a muted topic."""
    if share <= 0:
        return 0.0
    return min(c.DEBT_MOST, max(0.0, c.DEBT_KEEPS * before + (share - got) / share))


@dataclass(frozen=True)
class Chosen:
    """One pick: its row, the pass that took it, its gain with its terms, and what came second."""

    row: int
    by: str  # "must", "floor", "told widely", "off path", "fill", "over cap"
    gain: float
    topic_gain: float
    score_gain: float
    voice_gain: float
    topic: int  # the topic that the floor took it for, else its strongest; -1 for none
    rivals: int = 0  # how many others could have had the place
    runner_up: int = -1  # row
    runner_gain: float = 0.0
    before: tuple[float, ...] = ()  # M_t when it was taken


@dataclass
class State:
    """A set of picks under construction."""

    gains: Floats  # topic gains by topic and row, kept current topic by topic
    mass: Floats  # M_t
    quiet: Floats  # prod (1 - v) by source
    free: Bools  # rows that may still be taken: one item a story
    by_source: Floats
    count_by_source: Ints
    covered: Bools
    spent: float = 0.0
    heard: int = 0
    picks: list[Chosen] = field(default_factory=list)
    value: float = 0.0

    def copy(self) -> State:
        return State(
            self.gains.copy(),
            self.mass.copy(),
            self.quiet.copy(),
            self.free.copy(),
            self.by_source.copy(),
            self.count_by_source.copy(),
            self.covered.copy(),
            self.spent,
            self.heard,
            list(self.picks),
            self.value,
        )


class Gains:
    """What each row of a morning would add to a page, and whether it still fits. Holds no page of its own."""

    def __init__(self, morning: Morning, rules: Rules, budget: float) -> None:
        self.m = morning
        self.r = rules
        self.budget = budget
        self.whole = rules.whole or rules.budget
        self.pv = np.ascontiguousarray((morning.parts * morning.score[:, None]).T)  # topics x rows
        sources = len(rules.voices)
        self.caps = rules.caps if rules.caps is not None else np.full(sources, c.SOURCE_CAP)
        self.most_of = rules.most_of if rules.most_of is not None else np.full(sources, -1, dtype=np.int64)
        self.good = morning.score >= rules.good
        self.worthy = morning.score >= rules.line
        self.good_for = morning.stands & self.good[:, None]
        self.voice = rules.gamma * rules.voices[morning.sources] * morning.score
        self.plain = rules.beta * morning.score
        self.cap_of = self.caps[morning.sources] * self.whole
        self.most_of_row = self.most_of[morning.sources]
        self.limited = bool((self.most_of >= 0).any())
        self.stands = morning.stands.astype(np.float64)
        self._place_lines()

    # ------------------------------------------------------------------ lines set aside

    def _place_lines(self) -> None:
        """The row that would be the line of each topic, and its minutes."""
        topics = self.m.parts.shape[1]
        self.line_row = np.full(topics, -1, dtype=np.int64)
        if self.r.place_lines:
            for t in range(topics):
                if self.r.weights[t] > 0:
                    rows = np.flatnonzero(self.good_for[:, t])
                    own = rows[self.m.main[rows] == t]
                    rows = own if len(own) else rows
                    if len(rows):
                        self.line_row[t] = rows[first_best(self.m.score[rows])]
        # If the minutes don't hold a line for every topic, the first topics in the reader's order get theirs.
        used, kept = 0.0, set()
        for t in self.r.floor_order or range(topics):
            row = int(self.line_row[t])
            if row >= 0 and row not in kept:
                if used + self.m.line_minutes[row] > self.budget + c.TIE:
                    self.line_row[t] = -1
                    continue
                used += float(self.m.line_minutes[row])
                kept.add(row)

    def reserved(self, covered: Bools) -> float:
        """Minutes set aside for the lines of topics that are not covered."""
        rows = {int(r) for r, done in zip(self.line_row, covered, strict=True) if r >= 0 and not done}
        return float(sum(self.m.line_minutes[r] for r in sorted(rows)))

    def released(self, covered: Bools) -> Floats | float:
        """Minutes of lines that each row would give back by covering topics; never an overestimate."""
        back = np.zeros(len(self.line_row))
        waiting = [t for t, row in enumerate(self.line_row) if row >= 0 and not covered[t]]
        for t in waiting:
            if sum(self.line_row[k] == self.line_row[t] for k in waiting) == 1:
                back[t] = self.m.line_minutes[self.line_row[t]]
        if not back.any():
            return 0.0
        given: Floats = self.stands @ back
        return given

    # ------------------------------------------------------------------ gains

    def start(self) -> State:
        topics = self.m.parts.shape[1]
        state = State(
            gains=np.zeros_like(self.pv),
            mass=np.zeros(topics),
            quiet=np.ones(len(self.caps)),
            free=self.m.pickable.copy(),
            by_source=np.zeros(len(self.caps)),
            count_by_source=np.zeros(len(self.caps), dtype=np.int64),
            covered=np.zeros(topics, dtype=np.bool_),
        )
        for t in range(topics):
            self._column(state, t)
        return state

    def _column(self, state: State, t: int) -> None:
        w = self.r.weights[t]
        if w > 0:
            state.gains[t] = w * np.log1p(self.pv[t] / (self.r.kappa * w + state.mass[t]))

    def gain(self, state: State) -> Floats:
        """F(S + i) - F(S) for every row."""
        total: Floats = state.gains.sum(axis=0) + self.plain + self.voiced(state)
        return total

    def voiced(self, state: State) -> Floats:
        """What each row would add by its source's voice: less once the source stands on the page."""
        found: Floats = self.voice * state.quiet[self.m.sources]
        return found

    def room(self, state: State) -> Floats | float:
        """Minutes that each row could take: what is left, less the lines set aside, more those it gives back."""
        left = self.budget - state.spent - self.reserved(state.covered)
        return left + self.released(state.covered)

    def fits(self, state: State, *, caps: bool = True) -> Bools:
        """Rows that could be taken now."""
        if len(state.picks) >= self.r.most:
            return np.zeros(len(self.m.ids), dtype=np.bool_)
        ok = np.ones(len(self.m.ids), dtype=np.bool_)
        if state.heard >= self.r.most_heard:
            ok &= ~self.m.heard
        ok &= state.free & (self.m.minutes <= self.room(state) + c.TIE)
        if self.limited:
            ok &= (self.most_of_row < 0) | (state.count_by_source[self.m.sources] < self.most_of_row)
        if caps:
            ok &= self.under_cap(state)
        return ok

    def under_cap(self, state: State) -> Bools:
        """Rows that the caps of their sources permit: a source's first item, or a later one within its share."""
        within = state.by_source[self.m.sources] + self.m.minutes <= self.cap_of + c.TIE
        allowed: Bools = (state.count_by_source[self.m.sources] == 0) | within
        return allowed

    def take(self, state: State, row: int, by: str, gains: Floats, rivals: Ints, topic: int = -1) -> None:
        """Add a row to the picks, or the event that it explains; `rivals` are the other rows that could have had the
        place."""
        if by != "must":
            row = self.event_behind(state, row)
        source = int(self.m.sources[row])
        voiced = float(self.voice[row] * state.quiet[source])
        others = rivals[self.m.stories[rivals] != self.m.stories[row]]
        second = int(others[first_best(gains[others])]) if len(others) else -1
        if topic < 0:
            topic = int(self.m.main[row])
        state.picks.append(
            Chosen(
                row=row,
                by=by,
                gain=float(gains[row]),
                topic_gain=float(state.gains[:, row].sum()),
                score_gain=float(self.plain[row]),
                voice_gain=voiced,
                topic=topic,
                rivals=len(others),
                runner_up=second,
                runner_gain=float(gains[second]) if second >= 0 else 0.0,
                before=tuple(float(mass) for mass in state.mass),
            )
        )
        state.value += float(gains[row])
        state.mass += self.pv[:, row]
        state.quiet[source] *= 1 - self.m.score[row]
        state.free &= self.m.open_after([pick.row for pick in state.picks])
        state.spent += float(self.m.minutes[row])
        state.by_source[source] += self.m.minutes[row]
        state.count_by_source[source] += 1
        state.heard += int(self.m.heard[row])
        state.covered |= self.m.stands[row]
        for t in np.flatnonzero(self.pv[:, row] > 0):
            self._column(state, int(t))

    def event_behind(self, state: State, row: int) -> int:
        """What happened goes before what explains it: the best event of a text's affair that is good and fits, else the
        row itself."""
        if self.m.events[row]:
            return row
        rows = np.flatnonzero(
            self.m.events & self.good & (self.m.affairs == self.m.affairs[row]) & self.fits(state)
        )
        return int(rows[first_best(self.m.score[rows])]) if len(rows) else row

    # ------------------------------------------------------------------ lines for topics

    def places(self, state: State) -> tuple[int, ...]:
        """Rows of the lines for topics that got no pick."""
        picked = {int(self.m.stories[p.row]) for p in state.picks}
        rows = {
            int(row)
            for row, covered in zip(self.line_row, state.covered, strict=True)
            if row >= 0 and not covered
        }
        return tuple(sorted(r for r in rows if int(self.m.stories[r]) not in picked))


def first_best(scores: Floats) -> int:
    """Index of the first score that equals the largest but for rounding."""
    best = scores.max()
    return int((scores >= best - c.TIE).argmax())
