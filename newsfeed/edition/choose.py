"""The choice: which stories stand in an edition, as arrays in and rows out.

The objective (`objective`) is made as large as it goes under a hard budget of minutes and a number of picks, one
item a story. Passes: must-read sources, one story for each topic (the floor), off the path, the best use of the
minutes (greedy with gain / minutes^k for k = 1, 1/2, 0, each closed by Greedy+Max, arXiv 1910.05646), and a
relaxation of the source caps when nothing else fits. A topic with a good story that gets no pick keeps its best
story as a line: the minutes of these lines are set aside from the start and given back as soon as a pick covers the
topic. Big stories that were left out get lines from a share of the minutes, after which all passes run once more.
Where minutes are left in the end (the page has its number of picks, or nothing else fits), lines tell what waits
above the line, the worthiest first.

Everything is deterministic: arrays are in order of (newer first, smaller id), ties within 1e-12 go to the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from newsfeed.edition import constants as c
from newsfeed.edition import lines
from newsfeed.edition.objective import Bools, Floats, Ints, Morning, Rules


@dataclass(frozen=True)
class Chosen:
    """One pick: its row, the pass that took it, its gain with its terms, and what came second."""

    row: int
    by: str  # "must", "floor", "told widely", "off path", "fill", "over cap"
    gain: float
    topic_gain: float
    worth_gain: float
    voice_gain: float
    topic: int  # the one that the floor took it for, else its strongest; -1 none
    rivals: int = 0  # how many others stood for the same place
    runner_up: int = -1  # row
    runner_gain: float = 0.0
    before: tuple[float, ...] = ()  # M_t when it was taken


@dataclass(frozen=True)
class Choice:
    """What was chosen. Rows are those of `morning`."""

    morning: Morning
    picks: tuple[Chosen, ...]
    places: tuple[int, ...]  # rows told in a line, because their topic has no pick
    big: tuple[int, ...]  # rows told in a line, because they are big
    spare: tuple[int, ...]  # rows told in a line, because minutes were left
    value: float  # F
    spent: float  # minutes of picks and lines
    left: float
    most: int  # picks that were allowed
    minutes_of: Floats  # picked minutes by source
    picks_of: Ints


@dataclass
class _State:
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

    def copy(self) -> _State:
        return _State(
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


class Chooser:
    """The passes over one morning. Holds what they share; `choose` is the way in."""

    def __init__(self, morning: Morning, rules: Rules, budget: float) -> None:
        self.m = morning
        self.r = rules
        self.budget = budget
        self.whole = rules.whole or rules.budget
        self.pv = np.ascontiguousarray((morning.parts * morning.worth[:, None]).T)  # topics x rows
        sources = len(rules.voices)
        self.caps = rules.caps if rules.caps is not None else np.full(sources, c.SOURCE_CAP)
        self.most_of = rules.most_of if rules.most_of is not None else np.full(sources, -1, dtype=np.int64)
        self.good = morning.worth >= rules.good
        self.worthy = morning.worth >= rules.line
        self.good_for = morning.stands & self.good[:, None]
        self.voice = rules.gamma * rules.voices[morning.sources] * morning.worth
        self.plain = rules.beta * morning.worth
        self.cap_of = self.caps[morning.sources] * self.whole
        self.most_of_row = self.most_of[morning.sources]
        self.limited = bool((self.most_of >= 0).any())
        self.stands = morning.stands.astype(np.float64)
        self._place_lines()

    # ------------------------------------------------------------------ lines set aside

    def _place_lines(self) -> None:
        """The row that would tell each topic in a line, and its minutes."""
        topics = self.m.parts.shape[1]
        self.line_row = np.full(topics, -1, dtype=np.int64)
        if self.r.place_lines:
            for t in range(topics):
                if self.r.weights[t] > 0:
                    rows = np.flatnonzero(self.good_for[:, t])
                    own = rows[self.m.main[rows] == t]
                    rows = own if len(own) else rows
                    if len(rows):
                        self.line_row[t] = rows[_first_best(self.m.worth[rows])]
        # Where the minutes don't even hold a line for every topic, the first in the reader's order go first.
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
        """Minutes that each row would give back by covering topics; never more than it really would."""
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

    def start(self) -> _State:
        topics = self.m.parts.shape[1]
        state = _State(
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

    def _column(self, state: _State, t: int) -> None:
        w = self.r.weights[t]
        if w > 0:
            state.gains[t] = w * np.log1p(self.pv[t] / (self.r.kappa * w + state.mass[t]))

    def gain(self, state: _State) -> Floats:
        """F(S + i) - F(S) for every row."""
        voiced: Floats = self.voice * state.quiet[self.m.sources]
        total: Floats = state.gains.sum(axis=0) + self.plain + voiced
        return total

    def room(self, state: _State) -> Floats | float:
        """Minutes that each row could take: what is left, less the lines set aside, more those it gives back."""
        left = self.budget - state.spent - self.reserved(state.covered)
        return left + self.released(state.covered)

    def fits(self, state: _State, *, caps: bool = True) -> Bools:
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

    def under_cap(self, state: _State) -> Bools:
        """Rows whose source may have them: a source's first item, or a later one within its share."""
        within = state.by_source[self.m.sources] + self.m.minutes <= self.cap_of + c.TIE
        allowed: Bools = (state.count_by_source[self.m.sources] == 0) | within
        return allowed

    def take(self, state: _State, row: int, by: str, gains: Floats, rivals: Ints, topic: int = -1) -> None:
        """Add a row to the picks; `rivals` are the rows that stood for the same place."""
        source = int(self.m.sources[row])
        voiced = float(self.voice[row] * state.quiet[source])
        others = rivals[self.m.stories[rivals] != self.m.stories[row]]
        second = int(others[_first_best(gains[others])]) if len(others) else -1
        if topic < 0:
            topic = int(self.m.main[row])
        state.picks.append(
            Chosen(
                row=row,
                by=by,
                gain=float(gains[row]),
                topic_gain=float(state.gains[:, row].sum()),
                worth_gain=float(self.plain[row]),
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
        state.quiet[source] *= 1 - self.m.worth[row]
        state.free &= self.m.open_after([pick.row for pick in state.picks])
        state.spent += float(self.m.minutes[row])
        state.by_source[source] += self.m.minutes[row]
        state.count_by_source[source] += 1
        state.heard += int(self.m.heard[row])
        state.covered |= self.m.stands[row]
        for t in np.flatnonzero(self.pv[:, row] > 0):
            self._column(state, int(t))

    # ------------------------------------------------------------------ passes

    def must(self, state: _State) -> None:
        """The best of each must-read source while they take no more than half of the minutes."""
        for source in self.r.must_read:
            rows = np.flatnonzero(
                self.fits(state)
                & (self.m.sources == source)
                & (state.spent + self.m.minutes <= self.r.must * self.whole + c.TIE)
            )
            if len(rows):
                row = int(rows[_first_best(self.m.worth[rows])])
                self.take(state, row, "must", self.gain(state), rows)

    def floor(self, state: _State) -> None:
        """One story for each topic that has a good one, as many topics as their cheapest ones fit in the floor."""
        within = min(self.r.floor * self.whole, self.budget)
        for caps in (True, False):
            while True:
                fits = self.fits(state, caps=caps)
                cheapest: dict[int, float] = {}
                used = state.spent
                for t in self.r.floor_order:
                    if state.covered[t] or self.r.weights[t] <= 0:
                        continue
                    rows = np.flatnonzero(fits & self.good_for[:, t])
                    if not len(rows):
                        continue
                    cost = float(self.m.minutes[rows].min())
                    if used + cost <= within + c.TIE and len(state.picks) + len(cheapest) < self.r.most:
                        cheapest[t] = cost
                        used += cost
                if not cheapest:
                    break
                topic = next(iter(cheapest))
                spare = within - state.spent - (sum(cheapest.values()) - cheapest[topic])
                rows = np.flatnonzero(
                    fits & self.good_for[:, topic] & (self.m.minutes <= max(spare, cheapest[topic]) + c.TIE)
                )
                # A story that has the topic as its first goes before one that only touches it.
                own = rows[self.m.main[rows] == topic]
                rows = own if len(own) else rows
                gains = self.gain(state)
                row = int(rows[_first_best(gains[rows] / np.sqrt(self.m.minutes[rows]))])
                self.take(state, row, "floor", gains, rows, topic)

    def told_widely(self, state: _State) -> None:
        """What three sources or more tell has its place, the worthiest first, until seven tenths of the minutes are spent."""
        while True:
            rows = np.flatnonzero(
                self.fits(state)
                & self.worthy
                & (self.m.outlets >= c.TOLD_BY)
                & (state.spent + self.m.minutes <= c.WIDELY * self.whole + c.TIE)
            )
            if not len(rows):
                return
            self.take(
                state, int(rows[_first_best(self.m.worth[rows])]), "told widely", self.gain(state), rows
            )

    def off_path(self, state: _State) -> None:
        """The best story of what was shown least."""
        rows = np.flatnonzero(self.fits(state) & self.good & self.m.off_path)
        if len(rows) and not any(self.m.off_path[pick.row] for pick in state.picks):
            self.take(state, int(rows[_first_best(self.m.worth[rows])]), "off path", self.gain(state), rows)

    def fill(self, begun: _State) -> _State:
        """The best of three greedy runs, each closed by its best single item; most topics first, then value."""
        best: _State | None = None
        for power in (1.0, 0.5, 0.0):
            state = self.greedy(begun.copy(), power)
            if best is None or _better(state, best):
                best = state
        assert best is not None
        return best

    def greedy(self, state: _State, power: float) -> _State:
        """Take the largest gain / minutes^power until nothing fits; then try each prefix with its best single."""
        price = self.m.minutes**power
        closings: list[tuple[int, int]] = []
        best_value, best_prefix, best_row = -1.0, -1, -1
        begun = state.copy()
        while True:
            rows = np.flatnonzero(self.fits(state) & self.worthy)
            if not len(rows):
                break
            gains = self.gain(state)
            single = int(rows[_first_best(gains[rows])])
            if state.value + gains[single] > best_value + c.TIE:
                best_value, best_prefix, best_row = state.value + float(gains[single]), len(closings), single
            row = int(rows[_first_best(gains[rows] / price[rows])])
            closings.append((row, single))
            self.take(state, row, "fill", gains, rows)
        if best_row >= 0 and best_value > state.value + 1e-9:
            state = begun
            for row in (*(row for row, _ in closings[:best_prefix]), best_row):
                self.take(
                    state, row, "fill", self.gain(state), np.flatnonzero(self.fits(state) & self.worthy)
                )
            return self.greedy(state, power)
        return state

    def over_cap(self, state: _State) -> None:
        """Caps give way only where no other source's story fits."""
        while True:
            rows = np.flatnonzero(self.fits(state, caps=False) & self.worthy)
            if not len(rows):
                return
            gains = self.gain(state)
            row = int(rows[_first_best(gains[rows] / self.m.minutes[rows])])
            self.take(state, row, "over cap", gains, rows)

    def run(self) -> _State:
        """All passes."""
        state = self.start()
        self.must(state)
        self.floor(state)
        self.told_widely(state)
        self.off_path(state)
        state = self.fill(state)
        self.over_cap(state)
        return state

    # ------------------------------------------------------------------ lines

    def big_rows(self, state: _State, minutes: float, told: Sequence[int] = ()) -> list[int]:
        """Big stories without a place that fit in so many minutes of lines; `told` are rows that have a line."""
        big = np.flatnonzero(self.m.outlets >= c.BIG)
        return lines.fitting(self.m, big, self._told(state, (*self.places(state), *told)), minutes)

    def spare_rows(self, state: _State, minutes: float, told: Sequence[int]) -> list[int]:
        """Stories above the line that fit in so many minutes of lines when no pick fits any more, by worth."""
        waiting = np.flatnonzero(self.worthy)
        return lines.fitting(self.m, waiting, self._told(state, told), minutes, by_outlets=False)

    def _told(self, state: _State, rows: Sequence[int]) -> set[int]:
        """Stories that are picked, or told by these rows."""
        return {int(self.m.stories[row]) for row in (*(pick.row for pick in state.picks), *rows)}

    def places(self, state: _State) -> tuple[int, ...]:
        """Rows of the lines for topics that got no pick."""
        picked = {int(self.m.stories[p.row]) for p in state.picks}
        rows = {
            int(row)
            for row, covered in zip(self.line_row, state.covered, strict=True)
            if row >= 0 and not covered
        }
        return tuple(sorted(r for r in rows if int(self.m.stories[r]) not in picked))


def choose(morning: Morning, rules: Rules) -> Choice:
    """Choose the picks and lines of a morning; see the module's text.

    Picks and lines together never take more than `rules.budget` minutes.
    """
    whole = morning.sorted()
    # What is below the line is never chosen but for a must-read source, nor told but as a big story.
    kept = np.flatnonzero(
        (whole.worth >= rules.line)
        | (whole.outlets >= c.BIG)
        | np.isin(whole.sources, np.array(rules.must_read, dtype=np.int64))
    )
    morning = whole.rows(kept)
    chooser = Chooser(morning, rules, rules.budget)
    state = chooser.run()
    share = rules.lines * (rules.whole or rules.budget)
    big: list[int] = []
    if share > 0 and (wanted := chooser.big_rows(state, share)):
        set_aside = lines.minutes_of(morning, wanted)
        if state.spent + chooser.reserved(state.covered) + set_aside > rules.budget + c.TIE:
            chooser = Chooser(morning, rules, max(0.0, rules.budget - set_aside))
            state = chooser.run()
        left = rules.budget - state.spent - chooser.reserved(state.covered)
        big = chooser.big_rows(state, min(left, share))
        # What the lines did not need after all goes back to the picks.
        chooser.budget = rules.budget - lines.minutes_of(morning, big)
        state.free &= ~np.isin(morning.stories, morning.stories[big])
        state = chooser.fill(state)
        chooser.over_cap(state)
        left = rules.budget - state.spent - chooser.reserved(state.covered) - lines.minutes_of(morning, big)
        big += chooser.big_rows(state, min(left, share - lines.minutes_of(morning, big)), big)
    places = chooser.places(state)
    told = [*places, *big]
    left = rules.budget - state.spent - lines.minutes_of(morning, told)
    # Who wants no lines gets none.
    spare = chooser.spare_rows(state, left, told) if rules.lines > 0 else []
    spent = state.spent + lines.minutes_of(morning, [*told, *spare])
    return Choice(
        morning=whole,
        picks=tuple(
            replace(
                pick,
                row=int(kept[pick.row]),
                runner_up=int(kept[pick.runner_up]) if pick.runner_up >= 0 else -1,
            )
            for pick in state.picks
        ),
        places=tuple(int(kept[r]) for r in places),
        big=tuple(int(kept[r]) for r in big),
        spare=tuple(int(kept[r]) for r in spare),
        value=state.value,
        spent=spent,
        left=max(0.0, rules.budget - spent),
        most=rules.most,
        minutes_of=state.by_source,
        picks_of=state.count_by_source,
    )


def _first_best(scores: Floats) -> int:
    """Index of the first score within a hair of the largest."""
    best = scores.max()
    return int((scores >= best - c.TIE).argmax())


def _better(one: _State, other: _State) -> bool:
    topics, others = int(one.covered.sum()), int(other.covered.sum())
    return topics > others or (topics == others and one.value > other.value + c.TIE)
