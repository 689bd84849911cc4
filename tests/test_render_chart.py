"""The chart of breadth: what is drawn for which numbers, and the text beside it."""

from __future__ import annotations

from datetime import date

from words import says

from newsfeed.model import Breadth, BreadthRow
from newsfeed.render.pages import drawing, usual


def breadth(*picks: int | None, silence: int = 0) -> Breadth:
    row = BreadthRow(topic="policy", label="Policy", asked=0.2, got=0.1, picks=picks, silence=silence)
    return Breadth(days=(date(2026, 11, 22),) * len(picks), rows=(row,), headline="x")


def test_sides_follow_the_number_of_stories() -> None:
    drawn = drawing(breadth(0, 1, 2, 3, 4, 9))
    assert drawn.width == 60
    assert drawn.rows[0].squares == (
        "M13.5 3.5h3v3h-3zM22.5 2.5h5v5h-5zM31.5 1.5h7v7h-7zM40.5 0.5h9v9h-9zM50.5 0.5h9v9h-9z"
    )
    assert drawn.rows[0].gaps == ""


def test_days_without_an_edition_are_dashes_not_zeros() -> None:
    row = drawing(breadth(None, 2, None, 0)).rows[0]
    assert row.gaps.count("M") == 2
    assert row.squares.count("M") == 1
    assert usual((None, 2, None, 0)) == 2


def test_figure_compares_with_the_usual() -> None:
    assert drawing(breadth(1, 1, 3)).rows[0].today == "3 ▲ usual 1"
    assert drawing(breadth(2, 1, 0)).rows[0].today == "0 ▼ usual 1.5"
    assert drawing(breadth(1, 1)).rows[0].today == "1 usual 1"
    assert drawing(breadth(4)).rows[0].today == "4"
    assert drawing(breadth(4, None)).rows[0].today == "no edition"


def test_row_is_told_in_words() -> None:
    told = drawing(breadth(1, 0, 0, 3, silence=2)).rows[0].words
    assert says(told, "Policy", "4 stories in 4 days", "3 on the last day", "usually 0", "silence 2 days")
    assert drawing(breadth(1)).rows[0].words == "Policy: 1 story in 1 day, 1 on the last day"


def test_nothing_is_drawn_of_nothing() -> None:
    assert drawing(Breadth()).rows == ()
    assert drawing(Breadth()).outline == ""
    assert drawing(breadth()).rows[0].squares == ""
