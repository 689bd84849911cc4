"""The choice: which stories stand in an edition, as arrays in and rows out.

The objective (`objective`) is maximised under a hard budget of minutes and a number of picks, one item a story.
Passes: must-read sources, one story for each topic (the floor), off the path, the best use of the minutes (greedy
with gain / minutes^k for k = 1, 1/2, 0, each closed by Greedy+Max, arXiv 1910.05646; or a broader page that is nearly
as good), and a relaxation of the source caps when nothing else fits. A topic with a good story that gets no pick
keeps its best story as a line: the minutes of these lines are set aside from the start and given back as soon as a
pick covers the topic. Big stories that were left out get lines from a share of the minutes, after which all passes
run once more. Where minutes are left in the end (the page has its number of picks, or nothing else fits), lines tell
what waits above the line, the worthiest first.

The choice is deterministic: arrays are in order of (newer first, smaller id), ties within 1e-12 go to the first.

Lines: stories told in one line each, by the rows of a morning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from newsfeed.edition import constants as c
from newsfeed.edition.objective import Chosen, Floats, Gains, Ints, Morning, Rules, State, first_best


@dataclass(frozen=True)
class Choice:
    """The rows of `morning` that were chosen."""

    morning: Morning
    picks: tuple[Chosen, ...]
    places: tuple[int, ...]  # rows told in a line, because their topic has no pick
    big: tuple[int, ...]  # rows told in a line, because they are big
    spare: tuple[int, ...]  # rows told in a line, because minutes were left
    value: float  # F
    spent: float  # minutes of picks and lines together
    left: float
    most: int  # picks that were allowed
    minutes_of: Floats  # picked minutes by source
    picks_of: Ints


class Chooser(Gains):
    """The passes over one morning; `choose` is the way in."""

    def must(self, state: State) -> None:
        """The best of each must-read source, as long as they take at most half of the minutes."""
        for source in self.r.must_read:
            rows = np.flatnonzero(
                self.fits(state)
                & (self.m.sources == source)
                & (state.spent + self.m.minutes <= self.r.must * self.whole + c.TIE)
            )
            if len(rows):
                row = int(rows[first_best(self.m.score[rows])])
                self.take(state, row, "must", self.gain(state), rows)

    def floor(self, state: State) -> None:
        """One story for each topic that has a good one, for as many topics as fit in the floor by their cheapest stories."""
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
                # A story mainly about the topic goes before one that only touches it.
                own = rows[self.m.main[rows] == topic]
                rows = own if len(own) else rows
                gains = self.gain(state)
                row = int(rows[first_best(gains[rows] / np.sqrt(self.m.minutes[rows]))])
                self.take(state, row, "floor", gains, rows, topic)

    def told_widely(self, state: State) -> None:
        """Stories of three or more outlets, best first, until seven tenths of the minutes are spent."""
        while True:
            rows = np.flatnonzero(
                self.fits(state)
                & self.worthy
                & (self.m.outlets >= c.TOLD_BY)
                & (state.spent + self.m.minutes <= c.WIDELY * self.whole + c.TIE)
            )
            if not len(rows):
                return
            self.take(state, int(rows[first_best(self.m.score[rows])]), "told widely", self.gain(state), rows)

    def off_path(self, state: State) -> None:
        """The best story of the topic that was shown least."""
        rows = np.flatnonzero(self.fits(state) & self.good & self.m.off_path)
        if len(rows) and not any(self.m.off_path[pick.row] for pick in state.picks):
            self.take(state, int(rows[first_best(self.m.score[rows])]), "off path", self.gain(state), rows)

    def fill(self, begun: State) -> State:
        """The best of three greedy runs, each closed by its best single item; most topics first, then value. A broader
        page that is nearly as good goes before it."""
        best: State | None = None
        for power in (1.0, 0.5, 0.0):
            state = self.greedy(begun.copy(), power)
            if best is None or _better(state, best):
                best = state
        assert best is not None
        broad = self.broad(begun.copy())
        return broad if broad.covered.sum() >= best.covered.sum() else best

    def price(self, state: State) -> Floats:
        """What each row takes of all that is left: of the minutes, and of the places on the page."""
        minutes = max(self.budget - state.spent - self.reserved(state.covered), c.LEAST_MINUTES)
        return self.m.minutes / minutes + 1 / max(self.r.most - len(state.picks), 1)

    def broad(self, state: State) -> State:
        """Take the largest gain for its price in minutes and places; but of what is nearly as good, what adds most to
        topics and voices. What is exceptional gives its place to nothing."""
        while True:
            rows = np.flatnonzero(self.fits(state) & self.worthy)
            if not len(rows):
                return state
            gains = self.gain(state)
            price = self.price(state)
            row = int(rows[first_best(gains[rows] / price[rows])])
            best = self.m.score[row]
            if best < c.EXCEPTIONAL:
                near = rows[self.m.score[rows] >= best - c.NEARLY]
                breadth = state.gains.sum(axis=0) + c.SILENT * self.voiced(state)
                row = int(near[first_best(breadth[near] / price[near])])
            self.take(state, row, "fill", gains, rows)

    def greedy(self, state: State, power: float) -> State:
        """Take the largest gain / minutes^power until nothing fits; then try each prefix with its best single addition."""
        price = self.m.minutes**power
        closings: list[tuple[int, int]] = []
        best_value, best_prefix, best_row = -1.0, -1, -1
        begun = state.copy()
        while True:
            rows = np.flatnonzero(self.fits(state) & self.worthy)
            if not len(rows):
                break
            gains = self.gain(state)
            single = int(rows[first_best(gains[rows])])
            if state.value + gains[single] > best_value + c.TIE:
                best_value, best_prefix, best_row = state.value + float(gains[single]), len(closings), single
            row = int(rows[first_best(gains[rows] / price[rows])])
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

    def over_cap(self, state: State) -> None:
        """Go over the caps of sources, but only if no other source's story fits."""
        while True:
            rows = np.flatnonzero(self.fits(state, caps=False) & self.worthy)
            if not len(rows):
                return
            gains = self.gain(state)
            row = int(rows[first_best(gains[rows] / self.m.minutes[rows])])
            self.take(state, row, "over cap", gains, rows)

    def run(self) -> State:
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

    def big_rows(self, state: State, minutes: float, told: Sequence[int] = ()) -> list[int]:
        """Big stories without a place that fit in so many minutes of lines; `told` are rows that have a line."""
        big = np.flatnonzero(self.m.outlets >= c.BIG)
        return fitting(self.m, big, self._shown(state, (*self.places(state), *told)), minutes)

    def spare_rows(self, state: State, minutes: float, told: Sequence[int]) -> list[int]:
        """Stories above the line that fit in so many minutes of lines when no pick fits any more, by score."""
        waiting = np.flatnonzero(self.worthy)
        return fitting(self.m, waiting, self._shown(state, told), minutes, by_outlets=False)

    def _shown(self, state: State, rows: Sequence[int]) -> list[int]:
        """The rows of the picks, and these."""
        return [*(pick.row for pick in state.picks), *rows]


def choose(morning: Morning, rules: Rules) -> Choice:
    """Choose the picks and lines of a morning; see the module's text.

    Picks and lines together never take more than `rules.budget` minutes.
    """
    whole = morning.sorted()
    # Stories below the threshold are chosen only for a must-read source, and get a line only if they are big.
    kept = np.flatnonzero(
        (whole.score >= rules.line)
        | (whole.outlets >= c.BIG)
        | np.isin(whole.sources, np.array(rules.must_read, dtype=np.int64))
    )
    morning = whole.rows(kept)
    chooser = Chooser(morning, rules, rules.budget)
    state = chooser.run()
    share = rules.lines * (rules.whole or rules.budget)
    big: list[int] = []
    if share > 0 and (wanted := chooser.big_rows(state, share)):
        set_aside = minutes_of(morning, wanted)
        if state.spent + chooser.reserved(state.covered) + set_aside > rules.budget + c.TIE:
            chooser = Chooser(morning, rules, max(0.0, rules.budget - set_aside))
            state = chooser.run()
        left = rules.budget - state.spent - chooser.reserved(state.covered)
        big = chooser.big_rows(state, min(left, share))
        # Minutes that the lines did not need go back to the picks.
        chooser.budget = rules.budget - minutes_of(morning, big)
        state.free &= ~np.isin(morning.stories, morning.stories[big])
        state = chooser.fill(state)
        chooser.over_cap(state)
        left = rules.budget - state.spent - chooser.reserved(state.covered) - minutes_of(morning, big)
        big += chooser.big_rows(state, min(left, share - minutes_of(morning, big)), big)
    places = chooser.places(state)
    told = [*places, *big]
    left = rules.budget - state.spent - minutes_of(morning, told)
    # The reader may want no lines.
    spare = chooser.spare_rows(state, left, told) if rules.lines > 0 else []
    spent = state.spent + minutes_of(morning, [*told, *spare])
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


def fitting(
    morning: Morning, rows: Ints, shown: Sequence[int], minutes: float, *, by_outlets: bool = True
) -> list[int]:
    """Those of `rows` that fit in so many minutes as lines: by outlets, then score, or by score alone.

    One line a story, and none for stories of the rows `shown`. By score alone, at most AFFAIR_PICKS of one affair are told.
    """
    seen = {int(morning.stories[row]) for row in shown}
    of_affair = Counter(int(morning.affairs[row]) for row in shown)
    found: list[int] = []
    for row in sorted(
        map(int, rows), key=lambda r: (-morning.outlets[r] if by_outlets else 0, -morning.score[r], r)
    ):
        story = int(morning.stories[row])
        affair = int(morning.affairs[row])
        if story in seen or morning.line_minutes[row] > minutes + c.TIE:
            continue
        if of_affair[affair] >= c.AFFAIR_PICKS and not by_outlets:
            continue
        seen.add(story)
        of_affair[affair] += 1
        found.append(row)
        minutes -= float(morning.line_minutes[row])
    return found


def minutes_of(morning: Morning, rows: Sequence[int]) -> float:
    """Minutes that these rows take as lines."""
    return sum(float(morning.line_minutes[row]) for row in rows)


def _better(one: State, other: State) -> bool:
    topics, others = int(one.covered.sum()), int(other.covered.sum())
    return topics > others or (topics == others and one.value > other.value + c.TIE)
