"""The edition: score, choice, places, reasons and ledger. Pure: it depends on its arguments only.

- `build`: the edition of a day, from a pool that `weigh` may have weighed before
- `since`: what a later refresh adds to it; `remember`: what the next ones must know
- `visible_text`: the words that the budget counts; `why`: the arithmetic behind an item

The way through a build: `filtering` (one scored story each, a cause for all else) → `preparing` (rows, rules, facts) →
`choose` (arrays in, rows out) → `layout` (places, numbers, reasons, leads) → `outcomes`, `frame` (words around it) →
counted by `printed`, fitted by `building` until the minutes hold.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsfeed.edition.arithmetic import WhyRow, is_told, why
    from newsfeed.edition.building import build, since, weigh
    from newsfeed.edition.earlier import remember
    from newsfeed.edition.frame import is_weekly
    from newsfeed.edition.outcomes import is_full
    from newsfeed.edition.preparing import Weighed
    from newsfeed.edition.printed import explained, told_in_words, visible_text

# Each name is loaded from its module on first use, because most runs need few of them.
_PLACES = {
    "build": "building",
    "weigh": "building",
    "Weighed": "preparing",
    "remember": "earlier",
    "is_weekly": "frame",
    "visible_text": "printed",
    "since": "building",
    "explained": "printed",
    "told_in_words": "printed",
    "is_full": "outcomes",
    "WhyRow": "arithmetic",
    "is_told": "arithmetic",
    "why": "arithmetic",
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = found
    return found
