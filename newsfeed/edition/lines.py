"""Lines: stories told in one line each, by the rows of a morning."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from newsfeed.edition import constants as c
from newsfeed.edition.objective import Ints, Morning


def fitting(
    morning: Morning, rows: Ints, taken: Collection[int], minutes: float, most: int | None = None
) -> list[int]:
    """Those of `rows` that fit in so many minutes as lines, at most so many: most outlets first, then worth.

    One line a story; stories in `taken` get none.
    """
    seen = set(taken)
    found: list[int] = []
    for row in sorted(map(int, rows), key=lambda r: (-morning.outlets[r], -morning.worth[r], r)):
        story = int(morning.stories[row])
        if story in seen or morning.line_minutes[row] > minutes + c.TIE:
            continue
        if most is not None and len(found) >= most:
            break
        seen.add(story)
        found.append(row)
        minutes -= float(morning.line_minutes[row])
    return found


def minutes_of(morning: Morning, rows: Sequence[int]) -> float:
    """Minutes that these rows take as lines."""
    return sum(float(morning.line_minutes[row]) for row in rows)
