"""Stories of one occasion share the page's places."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
from test_edition_choice import morning

from newsfeed.edition import affairs
from newsfeed.edition.objective import Morning
from newsfeed.model import Shown


def day(*rows: tuple[int, int]) -> Morning:
    """Rows of (story, affair)."""
    made = morning([(story, 0, 0.5, 0.2, (1.0,), 1, 0) for story, _ in rows], 1)
    return replace(made, affairs=np.array([affair for _, affair in rows], dtype=np.int64))


def test_an_affair_closes_after_two_picks_and_no_story_is_taken_twice() -> None:
    m = day((1, 1), (2, 1), (3, 1), (4, 4), (4, 4), (6, 6))
    assert m.open_after([0]).tolist() == [False, True, True, True, True, True]
    assert m.open_after([0, 1]).tolist() == [False, False, False, True, True, True]
    assert m.open_after([0, 1, 3]).tolist() == [False, False, False, False, False, True]


def test_what_was_shown_of_an_affair_is_found_by_its_stories_of_today() -> None:
    def shown(story: int, affair: int, on: int) -> Shown:
        return Shown(story=story, affair=affair, date=date(2026, 11, on), item=story, feed=1, section="picks", outlets=2, minutes=0.2)  # fmt: skip

    past = [shown(3, 3, 21), shown(2, 2, 20), shown(5, 3, 20)]
    assert [one.story for one in affairs.before(past, 9, {9: 3})] == [5, 3]
    assert [one.story for one in affairs.before(past, 2, {})] == [2]
    assert affairs.before([shown(7, 0, 20)], 9, {9: 3}) == ()
