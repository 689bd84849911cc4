"""The edition: score, choice, places, reasons and ledger. Pure: it depends on its arguments only.

- `build`: the edition of a day, from a pool that `weigh` may have weighed before
- `since`: what a later refresh adds to it; `remember`: what the next ones must know
- `visible_text`: the words that the budget counts; `why`: the arithmetic behind an item

The way through a build: `filtering` (one scored story each, a cause for all else) → `preparing` (rows, rules, facts) →
`choose` (arrays in, rows out) → `layout` (places, numbers, reasons, leads) → `outcomes`, `frame` (words around it) →
counted by `printed`, fitted by `building` until the minutes hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from newsfeed.lazy import loader

if TYPE_CHECKING:
    from newsfeed.edition.arithmetic import WhyRow, is_told, why
    from newsfeed.edition.building import build, since, weigh
    from newsfeed.edition.earlier import remember
    from newsfeed.edition.frame import is_weekly
    from newsfeed.edition.outcomes import is_full
    from newsfeed.edition.preparing import Weighed
    from newsfeed.edition.printed import explained, told_in_words, visible_text

__getattr__ = loader(
    __name__,
    {
        "arithmetic": "WhyRow is_told why",
        "building": "build since weigh",
        "earlier": "remember",
        "frame": "is_weekly",
        "outcomes": "is_full",
        "preparing": "Weighed",
        "printed": "explained told_in_words visible_text",
    },
)
