"""The chart of breadth: topics by days, one row of squares a topic, the side of a square by its number of stories.

Squares by size, not by colour, so that the chart holds on paper, in the dark and for the colour-blind; every number
that it shows also stands beside it as text or in its table.
"""

from __future__ import annotations

from statistics import median

from newsfeed.model import Breadth, BreadthRow, Record
from newsfeed.text.spoken import count, general, say

CELL = 10  # units a day and a row
_SIDES = (0, 3, 5, 7, 9)  # by number of stories; 4 and more are the largest


class Row(Record, frozen=True, kw_only=True):
    """One topic as drawn: SVG paths, the figure beside them, and the row in words."""

    label: str
    squares: str
    gaps: str  # days without an edition: a dash, not a zero
    today: str
    words: str


class Drawing(Record, frozen=True, kw_only=True):
    """All rows of a chart, their width in units and the outline of the last day's column."""

    rows: tuple[Row, ...]
    width: int
    outline: str


def drawing(breadth: Breadth) -> Drawing:
    """The rows of `breadth` as SVG paths in a box of `width` by 10 units each."""
    days = max((len(row.picks) for row in breadth.rows), default=0)
    return Drawing(
        rows=tuple(_row(row, days) for row in breadth.rows),
        width=max(days, 1) * CELL,
        outline=f"M{(days - 1) * CELL + 0.4:g} .4h9.2v9.2h-9.2z" if days else "",
    )


def usual(picks: tuple[int | None, ...]) -> float | None:
    """The median of the days before the last one that had an edition; None if there were none."""
    before = [n for n in picks[:-1] if n is not None]
    return median(before) if before else None


def _row(row: BreadthRow, days: int) -> Row:
    squares, gaps = [], []
    for column, number in enumerate(row.picks, start=days - len(row.picks)):
        if number is None:
            gaps.append(f"M{column * CELL + 3} 5h4v.6h-4z")
        elif number > 0:
            side = _SIDES[min(number, len(_SIDES) - 1)]
            corner = (CELL - side) / 2
            squares.append(f"M{column * CELL + corner:g} {corner:g}h{side}v{side}h-{side}z")
    today = row.picks[-1] if row.picks else None
    normal = usual(row.picks)
    return Row(
        label=row.label,
        squares="".join(squares),
        gaps="".join(gaps),
        today=_figure(today, normal),
        words=_words(row, today, normal),
    )


def _figure(today: int | None, normal: float | None) -> str:
    """The figure at the row's end: "4 ▲ usual 2"."""
    if today is None:
        return say("no edition")
    if normal is None:
        return f"{today}"
    mark = "▲ " if today > normal else "▼ " if today < normal else ""
    return f"{today} {mark}{say('usual {n}', n=general(normal))}"


def _words(row: BreadthRow, today: int | None, normal: float | None) -> str:
    told = sum(n for n in row.picks if n)
    words = [
        say(
            "{label}: {stories} in {days}",
            label=row.label,
            stories=count(told, "story", "stories"),
            days=count(len(row.picks), "day"),
        )
    ]
    if today is not None:
        words.append(say(", {n} on the last day", n=today))
    if normal is not None:
        words.append(say(", usually {n}", n=general(normal)))
    if row.silence > 1:
        words.append(say("; longest silence {days}", days=count(row.silence, "day")))
    return "".join(words)
