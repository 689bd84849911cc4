"""The choice keeps its invariants on any morning; ties are made common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import quota
from newsfeed.edition import constants as c
from newsfeed.edition.choose import Choice, Chooser, choose
from newsfeed.edition.objective import Morning, Rules, debt, weights

# Few distinct values, so that ties are the rule.
WORTH = st.sampled_from([0.0, 0.1, 0.15, 0.2, 0.2, 0.4, 0.8])
MINUTES = st.sampled_from([0.15, 0.2, 0.2, 0.3, 0.5, 1.2])


def morning(rows: list[tuple[int, int, float, float, tuple[float, ...], int, int]], topics: int) -> Morning:
    """Rows of (story, source, worth, minutes, parts, outlets, hour)."""
    parts = np.array([row[4] for row in rows], dtype=np.float64).reshape(len(rows), topics)
    return Morning(
        ids=np.arange(1, len(rows) + 1, dtype=np.int64),
        stories=np.array([row[0] for row in rows], dtype=np.int64),
        affairs=np.array([row[0] for row in rows], dtype=np.int64),
        sources=np.array([row[1] for row in rows], dtype=np.int64),
        published=np.array([row[6] * 3600.0 for row in rows], dtype=np.float64),
        minutes=np.array([row[3] for row in rows], dtype=np.float64),
        line_minutes=np.array([row[3] * 0.25 for row in rows], dtype=np.float64),
        score=np.array([row[2] for row in rows], dtype=np.float64),
        parts=parts,
        stands=parts >= 0.5,
        main=np.where(parts.max(axis=1, initial=0.0) >= 0.5, parts.argmax(axis=1), -1).astype(np.int64),
        outlets=np.array([row[5] for row in rows], dtype=np.int64),
        pickable=np.ones(len(rows), dtype=np.bool_),
        off_path=np.zeros(len(rows), dtype=np.bool_),
        heard=np.zeros(len(rows), dtype=np.bool_),
        events=np.zeros(len(rows), dtype=np.bool_),
    )


def value(morning: Morning, rules: Rules, rows: Sequence[int]) -> float:
    """F of a set of rows, from its definition (sums in id order); the incremental gains must agree with it."""
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


@st.composite
def mornings(draw: st.DrawFn, most: int = 24) -> tuple[Morning, Rules]:
    topics = draw(st.integers(1, 4))
    part = st.sampled_from([(0.0, 1.0), (0.0, 0.6), (0.5, 0.5), (0.2, 0.2)])

    of_story: dict[int, tuple[float, ...]] = {}  # topics belong to a story, whoever tells it

    def row(number: int) -> tuple[int, int, float, float, tuple[float, ...], int, int]:
        low, high = draw(part)
        parts = [0.0] * topics
        parts[draw(st.integers(0, topics - 1))] = high
        if low:
            parts[draw(st.integers(0, topics - 1))] = low
        story = draw(st.integers(0, max(1, number // 2)))
        mine = of_story.setdefault(story, tuple(parts))
        return (
            story,
            draw(st.integers(0, 4)),
            draw(WORTH),
            draw(MINUTES),
            mine,
            draw(st.sampled_from([1, 1, 2, 4, 9])),
            draw(st.integers(0, 2)),
        )

    made = morning([row(n) for n in range(draw(st.integers(0, most)))], topics)
    shares = [draw(st.sampled_from([0.4, 0.2, 0.2, 0.0])) for _ in range(topics)]
    if not any(shares):
        shares[0] = 1.0
    debts = [draw(st.sampled_from([0.0, 0.0, 1.0, 3.0])) for _ in range(topics)]
    rules = Rules(
        budget=draw(st.sampled_from([0.0, 0.3, 1.0, 2.0, 3.0])),
        most=draw(st.sampled_from([0, 3, 16])),
        weights=weights([s / sum(shares) for s in shares], debts),
        voices=np.array([draw(st.sampled_from([1.0, 1.0, 3.0])) for _ in range(5)]),
        floor_order=tuple(sorted(range(topics), key=lambda t: (-debts[t], -shares[t], t))),
        must_read=draw(st.sampled_from([(), (), (0,), (1, 2)])),
        lines=draw(st.sampled_from([0.0, 0.08, 0.15])),
        place_lines=draw(st.booleans()),
    )
    return made, padded(rules)


def padded(rules: Rules) -> Rules:
    return replace(rules, caps=np.full(5, c.SOURCE_CAP), most_of=np.full(5, -1, dtype=np.int64))


def told(choice: Choice) -> list[int]:
    return [pick.row for pick in choice.picks] + list(choice.places) + list(choice.big)


def picked_ids(choice: Choice) -> list[int]:
    return [int(choice.morning.ids[pick.row]) for pick in choice.picks]


Check = Callable[[tuple[Morning, Rules], Choice], None]
ALWAYS: list[Check] = []


def always(check: Check) -> Check:
    """A property of every choice. All are checked on the same mornings and the choice of each, because making those takes most of the time."""
    ALWAYS.append(check)
    return check


@settings(max_examples=250)  # rare: minutes set aside for lines that were not needed in the end
@given(mornings())
def test_a_choice_keeps_what_it_promises(given: tuple[Morning, Rules]) -> None:
    choice = choose(*given)
    for check in ALWAYS:
        check(given, choice)


@always
def minutes_and_number_of_picks_hold_lines_included(given: tuple[Morning, Rules], choice: Choice) -> None:
    m, rules = choice.morning, given[1]
    spent = sum(m.minutes[p.row] for p in choice.picks)
    spent += sum(m.line_minutes[r] for r in (*choice.places, *choice.big, *choice.spare))
    assert spent <= rules.budget + 1e-9
    assert spent == pytest.approx(choice.spent)
    assert len(choice.picks) <= rules.most


@always
def no_story_is_told_twice(given: tuple[Morning, Rules], choice: Choice) -> None:
    stories = [int(choice.morning.stories[row]) for row in told(choice)]
    assert len(stories) == len(set(stories))


@always
def a_topic_without_a_share_never_moves_the_floor_nor_gets_a_line(
    given: tuple[Morning, Rules], choice: Choice
) -> None:
    for pick in choice.picks:
        if pick.by == "floor":
            assert given[1].weights[pick.topic] > 0
    for row in choice.places:
        assert any(w > 0 for w, s in zip(given[1].weights, choice.morning.stands[row], strict=True) if s)


@always
def nothing_good_that_fits_is_left_out(given: tuple[Morning, Rules], choice: Choice) -> None:
    m, rules = choice.morning, given[1]
    if len(choice.picks) >= rules.most:
        return
    seen = {int(m.stories[row]) for row in told(choice)}
    for row in range(len(m.ids)):
        if int(m.stories[row]) not in seen and m.score[row] >= rules.good:
            assert m.minutes[row] > choice.left - 1e-9  # it would not fit in the minutes left


@always
def every_topic_has_its_place_when_one_good_story_of_each_fits_the_floor(
    given: tuple[Morning, Rules], _choice: Choice
) -> None:
    m, rules = given[0].sorted(), replace(given[1], lines=0.0, place_lines=False, must_read=(), most=99)
    good = (m.score >= rules.good)[:, None] & m.stands
    active = [t for t in range(m.parts.shape[1]) if rules.weights[t] > 0 and good[:, t].any()]
    cheapest = sum(float(m.minutes[good[:, t]].min()) for t in active)
    if cheapest > rules.floor * rules.budget:
        return
    choice = choose(m, rules)
    covered = {t for pick in choice.picks for t in np.flatnonzero(choice.morning.stands[pick.row])}
    # A story that is the cheapest of two topics can be told only once, but then it stands for both.
    assert set(active) <= covered


@always
def every_topic_with_a_good_story_is_told_when_its_lines_fit(
    given: tuple[Morning, Rules], _choice: Choice
) -> None:
    m, rules = given[0].sorted(), replace(given[1], lines=0.0, place_lines=True)
    good = (m.score >= rules.good)[:, None] & m.stands
    active = [t for t in range(m.parts.shape[1]) if rules.weights[t] > 0 and good[:, t].any()]
    if sum(float(m.line_minutes[good[:, t]].max()) for t in active) > rules.budget:
        return
    choice = choose(m, rules)
    covered = {t for row in told(choice) for t in np.flatnonzero(choice.morning.stands[row])}
    assert set(active) <= covered


@always
def a_source_is_above_its_share_only_by_its_first_its_must_and_when_nothing_else_fitted(
    given: tuple[Morning, Rules], choice: Choice
) -> None:
    m = choice.morning
    minutes = np.zeros(5)
    number = np.zeros(5, dtype=int)
    for pick in choice.picks:
        source = m.sources[pick.row]
        minutes[source] += m.minutes[pick.row]
        number[source] += 1
        if pick.by in {"fill", "off path"} and number[source] > 1:
            assert minutes[source] <= c.SOURCE_CAP * given[1].budget + 1e-9


@given(mornings(most=12), st.data())
def test_the_objective_is_monotone_and_submodular(given: tuple[Morning, Rules], data: st.DataObject) -> None:
    m, rules = given[0].sorted(), given[1]
    if len(m.ids) < 2:
        return
    rows = st.integers(0, len(m.ids) - 1)
    small = set(data.draw(st.lists(rows, max_size=4)))
    large = small | {data.draw(rows)}
    extra = data.draw(rows)
    if extra in large:
        return

    def gain(of: set[int]) -> float:
        return value(m, rules, [*of, extra]) - value(m, rules, [*of])

    assert gain(large) >= -1e-12
    assert gain(small) >= gain(large) - 1e-12


@always
def gains_add_up_to_the_objective_from_its_definition(given: tuple[Morning, Rules], choice: Choice) -> None:
    total = value(choice.morning, given[1], [pick.row for pick in choice.picks])
    assert choice.value == pytest.approx(total, abs=1e-9)
    assert sum(pick.gain for pick in choice.picks) == pytest.approx(total, abs=1e-9)
    for pick in choice.picks:
        assert pick.gain == pytest.approx(pick.topic_gain + pick.score_gain + pick.voice_gain, abs=1e-12)


@given(mornings(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_changes_nothing(given: tuple[Morning, Rules], random: object) -> None:
    m, rules = given
    order = list(range(len(m.ids)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = Morning(**{name: getattr(m, name)[order] for name in m.__dataclass_fields__})
    one, other = choose(m, rules), choose(shuffled, rules)
    assert picked_ids(one) == picked_ids(other)
    assert [p.gain for p in one.picks] == [p.gain for p in other.picks]
    assert (one.places, one.big, one.value) == (other.places, other.big, other.value)


@always
def more_minutes_never_tell_of_fewer_topics(given: tuple[Morning, Rules], _choice: Choice) -> None:
    m, rules = given[0], replace(given[1], must_read=(), place_lines=True, most=99)

    good = {t for t in range(len(rules.weights)) if (m.stands[:, t] & (m.score >= rules.good)).any()}

    def topics(budget: float) -> int:
        choice = choose(m, replace(rules, budget=budget))
        covered = {t for row in told(choice) for t in np.flatnonzero(choice.morning.stands[row])}
        return len({t for t in covered & good if rules.weights[t] > 0})

    # This holds for topics with something good: a line is set aside for each of them. A story that is
    # only above the line may lose its place to one for which only the larger budget has room.
    assert topics(3.0) >= topics(2.0)


@always
def a_must_read_source_is_read(given: tuple[Morning, Rules], _choice: Choice) -> None:
    m, rules = given[0].sorted(), replace(given[1], must_read=(1,), place_lines=False, most=16)
    rows = [r for r in range(len(m.ids)) if m.sources[r] == 1]
    choice = choose(m, rules)
    if any(m.minutes[r] <= rules.must * rules.budget for r in rows):
        assert any(choice.morning.sources[pick.row] == 1 for pick in choice.picks)


@given(st.lists(st.sampled_from([0.0, 0.1, 0.4, 1.0]), max_size=30), st.sampled_from([0.05, 0.4, 1.0]))
def test_debt_stays_within_its_bounds_and_silence_raises_it(got: list[float], share: float) -> None:
    owed = 0.0
    for part in got:
        before, owed = owed, debt(owed, share, part)
        assert 0.0 <= owed <= c.DEBT_MOST
        if part == 0.0:
            assert owed >= before
    assert debt(2.0, 0.0, 0.0) == 0.0


@always
def a_worse_later_dearer_copy_changes_nothing(given: tuple[Morning, Rules], choice: Choice) -> None:
    m, rules = given[0].sorted(), given[1]
    if not len(m.ids):
        return

    def with_copy(name: str) -> object:
        values = getattr(m, name)
        extra = values[:1].copy()
        if name == "ids":
            extra[0] = 10_000
        if name == "published":
            extra[0] = -1.0
        if name == "minutes":
            extra[0] += 0.1
        return np.concatenate([values, extra])

    copied = Morning(**{name: with_copy(name) for name in m.__dataclass_fields__})  # type: ignore[arg-type]
    assert picked_ids(choice) == picked_ids(choose(copied, rules))


@always
def doubling_all_minutes_changes_nothing(given: tuple[Morning, Rules], choice: Choice) -> None:
    m, rules = given
    double = replace(m, minutes=m.minutes * 2, line_minutes=m.line_minutes * 2)
    assert picked_ids(choice) == picked_ids(choose(double, replace(rules, budget=rules.budget * 2)))


@settings(max_examples=60)
@given(mornings(most=9))
def test_the_fill_is_at_least_half_of_the_best(given: tuple[Morning, Rules]) -> None:
    # What three sources tell is taken before the fill, whatever it adds; here there is nothing of that kind.
    m = replace(given[0].sorted(), outlets=np.ones(len(given[0].ids), dtype=np.int64))
    rules = replace(given[1], lines=0.0, place_lines=False, must_read=(), floor=0.0, most=99, caps=np.ones(5))
    choice = choose(m, rules)
    good = [r for r in range(len(m.ids)) if m.score[r] >= rules.good]
    best = 0.0
    for size in range(len(good) + 1):
        for rows in combinations(good, size):
            fits = sum(m.minutes[r] for r in rows) <= rules.budget + 1e-12
            if fits and len({int(m.stories[r]) for r in rows}) == size:
                best = max(best, value(m, rules, rows))
    assert choice.value >= best / 2 - 1e-9


def test_empty_and_single_mornings_are_fine() -> None:
    rules = padded(Rules(budget=3, most=9, weights=np.ones(1), voices=np.ones(5), floor_order=(0,)))
    assert choose(morning([], 1), rules).picks == ()
    one = choose(morning([(0, 0, 0.4, 0.3, (1.0,), 1, 0)], 1), rules)
    assert [pick.by for pick in one.picks] == ["floor"]
    dear = choose(morning([(0, 0, 0.4, 9.0, (1.0,), 1, 0)], 1), rules)
    assert dear.picks == ()
    assert len(dear.places) == 1 or dear.left == 3


def test_a_cap_of_picks_is_never_lifted() -> None:
    rows = [(n, 0, 0.4, 0.2, (1.0,), 1, 0) for n in range(8)]
    rules = padded(Rules(budget=3, most=9, weights=np.ones(1), voices=np.ones(5), floor_order=(0,)))
    assert len(choose(morning(rows, 1), rules).picks) == 8
    capped = replace(rules, most_of=np.array([2, -1, -1, -1, -1]))
    assert len(choose(morning(rows, 1), capped).picks) == 2


@always
def the_baseline_keeps_budget_and_stories_too(given: tuple[Morning, Rules], _choice: Choice) -> None:
    m, rules = given[0].sorted(), given[1]
    rows = quota.choose(m, list(rules.weights), rules.budget, rules.most)
    assert sum(m.minutes[r] for r in rows) <= rules.budget + 1e-9
    assert len({int(m.stories[r]) for r in rows}) == len(rows) <= max(rules.most, 0)


def test_the_chooser_gives_back_no_more_minutes_than_it_set_aside() -> None:
    rows = [(0, 0, 0.8, 0.3, (0.5, 0.5), 1, 0), (1, 1, 0.2, 0.3, (1.0, 0.0), 1, 0)]
    rules = padded(
        Rules(budget=1, most=9, weights=np.array([0.5, 0.5]), voices=np.ones(5), floor_order=(0, 1))
    )
    chooser = Chooser(morning(rows, 2).sorted(), rules, 1.0)
    none = np.zeros(2, dtype=np.bool_)
    assert chooser.reserved(none) == pytest.approx(0.075)  # one story is the line of both topics
    assert np.max(chooser.released(none)) <= chooser.reserved(none)


def test_a_pick_that_covers_a_topic_may_use_the_minutes_kept_for_its_line() -> None:
    """The minutes set aside for a topic's line are given back as soon as a pick tells of that topic: nothing else would
    fit here."""
    row = (0, 0, 0.8, 0.5, (1.0,), 1, 6)
    m = morning([row], 1)
    rules = Rules(budget=0.5, most=3, weights=np.ones(1), voices=np.ones(1), floor=0.0, floor_order=(0,))
    chosen = choose(m, rules)
    assert [pick.row for pick in chosen.picks] == [0]
    assert chosen.places == ()


def test_a_page_short_of_places_takes_the_better_story_that_is_longer() -> None:
    """With three places and minutes for many more, places are scarce, not minutes."""
    rows = [(n, n, 0.4, 0.2, (0.9,), 1, n) for n in range(1, 4)]
    rows += [(n, n, 0.49, 0.3, (0.9,), 1, n) for n in range(4, 7)]
    rules = Rules(
        budget=5.0, most=3, weights=weights([1.0], [0.0]), voices=np.ones(9), caps=np.ones(9), lines=0.0
    )
    found = choose(morning(rows, 1), rules)
    assert sorted(int(found.morning.stories[pick.row]) for pick in found.picks) == [4, 5, 6]
