"""Stories of one occasion share places on the page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import msgspec
import numpy as np
from pools import NOW, TODAY, candidate, pool, remembered, settings
from test_edition_choice import morning

from newsfeed.edition import build, filtering
from newsfeed.edition.choose import choose
from newsfeed.edition.objective import Morning, Rules
from newsfeed.model import Edition, Pool, Shown


def day(*rows: tuple[int, int]) -> Morning:
    """Rows of (story, affair)."""
    made = morning([(story, 0, 0.5, 0.2, (1.0,), 1, 0) for story, _ in rows], 1)
    return replace(made, affairs=np.array([affair for _, affair in rows], dtype=np.int64))


def test_an_affair_closes_after_two_picks_and_no_story_is_taken_twice() -> None:
    m = day((1, 1), (2, 1), (3, 1), (4, 4), (4, 4), (6, 6))
    assert m.open_after([0]).tolist() == [False, True, True, True, True, True]
    assert m.open_after([0, 1]).tolist() == [False, False, False, True, True, True]
    assert m.open_after([0, 1, 3]).tolist() == [True, True, True, False, False, True]


def test_what_was_shown_of_an_affair_is_found_by_its_stories_of_today() -> None:
    def shown(story: int, affair: int, on: int) -> Shown:
        return Shown(story=story, affair=affair, date=date(2026, 11, on), item=story, feed=1, section="picks", outlets=2, minutes=0.2)  # fmt: skip

    past = [shown(3, 3, 21), shown(2, 2, 20), shown(5, 3, 20)]
    assert [one.story for one in filtering.shown_before(filtering.shown_by_affair(past), 9, {9: 3})] == [5, 3]
    assert [one.story for one in filtering.shown_before(filtering.shown_by_affair(past), 2, {})] == [2]
    assert filtering.shown_before(filtering.shown_by_affair([shown(7, 0, 20)]), 9, {9: 3}) == ()


def test_what_happened_goes_before_what_explains_it() -> None:
    rows = [(1, 0, 0.8, 0.2, (1.0,), 1, 0), (2, 1, 0.6, 0.2, (1.0,), 1, 0), (3, 2, 0.5, 0.2, (1.0,), 1, 0)]
    made = replace(morning(rows, 1), affairs=np.array([1, 1, 3], dtype=np.int64))
    rules = Rules(budget=0.2, most=1, weights=np.ones(1), voices=np.ones(3), lines=0.0, place_lines=False)

    def first(events: list[bool]) -> int:
        chosen = choose(replace(made, events=np.array(events)), rules)
        return int(chosen.morning.stories[chosen.picks[0].row])

    assert first([False, False, False]) == 1
    assert first([True, True, True]) == 1
    assert first([False, True, True]) == 2
    assert first([False, False, True]) == 1


SAID = ("Fuel duty frozen", "Pension age raised to 69", "Second homes taxed twice", "Rail fares capped")
OTHERS = ("Court halts merger", "Volcano closes airport", "Chip maker opens plant", "River floods valley", "Bank names chief")  # fmt: skip


def budget_day(tellers: int) -> Pool:
    """Four stories of one budget, told by this many of eight outlets, and five others told by all of them."""
    told = [(story, title, tellers) for story, title in enumerate(SAID, start=1)]
    told += [(story, title, 8) for story, title in enumerate(OTHERS, start=11)]
    items = [
        candidate(100 * story + outlet, outlet, story=story, title=f"{title} says paper {outlet}")
        for story, title, many in told
        for outlet in range(1, many + 1)
    ]
    made = pool(items)
    linked = tuple(
        msgspec.structs.replace(one, affair=1) if one.id in {2, 3, 4} else one for one in made.stories
    )
    return msgspec.structs.replace(made, stories=linked)


def of_the_budget(made: Edition) -> list[str]:
    picks = [pick for section in made.sections for pick in section.picks]
    return [pick.reason for pick in picks if any(said in pick.title for said in SAID)]


def test_one_affair_takes_two_picks_unless_it_is_the_day() -> None:
    few = build(budget_day(2), settings(), date=TODAY, now=NOW)
    assert len(of_the_budget(few)) <= 2
    all_tell = build(budget_day(8), settings(), date=TODAY, now=NOW)
    assert len(of_the_budget(all_tell)) == 4
    assert "one of 4 stories of the day’s affair" in of_the_budget(all_tell)


def test_lines_tell_no_more_of_an_affair_than_two_stories_but_big_ones() -> None:
    def told(outlets: int) -> int:
        page = build(budget_day(outlets), settings(8.0), date=TODAY, now=NOW)
        return len(of_the_budget(page)) + sum(any(said in line.title for said in SAID) for line in page.lines)

    assert told(1) == told(2) == 2
    assert told(4) == 4  # what three sources and more tell is never left out


def test_what_two_of_four_outlets_tell_is_not_the_day() -> None:
    made = budget_day(8)
    of_four = tuple(one for one in made.candidates if one.item.feed <= (2 if one.story < 10 else 4))
    inside = {one.item.id for one in of_four}
    stories = tuple(
        msgspec.structs.replace(one, items=tuple(i for i in one.items if i in inside)) for one in made.stories
    )
    told = build(
        msgspec.structs.replace(made, candidates=of_four, stories=stories), settings(), date=TODAY, now=NOW
    )
    assert len(of_the_budget(told)) == 2
    assert not any("the day’s affair" in reason for reason in of_the_budget(told))


def test_the_next_story_of_an_affair_that_was_shown_says_its_day_and_the_same_again_is_not_told() -> None:
    made = budget_day(8)
    shown = Shown(story=1, affair=1, date=date(2026, 11, 20), item=101, feed=1, section="picks", outlets=8, minutes=0.2, sentence="Fuel duty frozen says paper 1")  # fmt: skip
    history = remembered(made.history, shown=(shown,), days=(date(2026, 11, 20),))
    later = build(msgspec.structs.replace(made, history=history), settings(), date=TODAY, now=NOW)
    picks = [pick for section in later.sections for pick in section.picks]
    assert not any(SAID[0] in pick.title for pick in picks)
    (pension,) = (pick for pick in picks if SAID[1] in pick.title)
    assert pension.note.startswith("day 3")
