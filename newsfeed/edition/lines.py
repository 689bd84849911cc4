"""Lines: stories told in one line each, by the rows of a morning."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from newsfeed.edition import constants as c
from newsfeed.edition.objective import Ints, Morning


def fitting(
    morning: Morning, rows: Ints, taken: Collection[int], minutes: float, *, by_outlets: bool = True
) -> list[int]:
    """Those of `rows` that fit in so many minutes as lines: by outlets, then worth, or by worth alone.

    One line a story; stories in `taken` get none.
    """
    seen = set(taken)
    found: list[int] = []
    for row in sorted(
        map(int, rows), key=lambda r: (-morning.outlets[r] if by_outlets else 0, -morning.worth[r], r)
    ):
        story = int(morning.stories[row])
        if story in seen or morning.line_minutes[row] > minutes + c.TIE:
            continue
        seen.add(story)
        found.append(row)
        minutes -= float(morning.line_minutes[row])
    return found


def minutes_of(morning: Morning, rows: Sequence[int]) -> float:
    """Minutes that these rows take as lines."""
    return sum(float(morning.line_minutes[row]) for row in rows)
