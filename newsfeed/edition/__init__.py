"""The edition: worth, choice, places, reasons, ledger and the account of breadth. Pure; nothing is read but its
arguments.

- `build`: the edition of a day; `since`: what a later refresh adds to it; `remember`: what the next ones must know
- `visible_text`: the words that the budget counts; `why`: the arithmetic behind an item
- `breadth`: the account over weeks
- `scaled`: what became of shares that add up to more or less than the whole
- `ledger.CAUSES`: every way that an item can go

The way through a build: `sift` (one telling a story, weighed, a cause for all else) → `desk` (rows, rules, facts) → `choose`
(arrays in, rows out) → `page` (places, numbers, reasons, leads) → `verdicts`, `foot` (words around it) → counted by
`printed`, mended by `building` until the minutes hold.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsfeed.edition.account import breadth, effective
    from newsfeed.edition.after import remember, since
    from newsfeed.edition.asked import scaled
    from newsfeed.edition.building import build
    from newsfeed.edition.explain import WhyRow, is_told, why
    from newsfeed.edition.ledger import CAUSES
    from newsfeed.edition.printed import visible_text
    from newsfeed.edition.sift import words_pattern
    from newsfeed.edition.thin import is_weekly
    from newsfeed.edition.verdicts import is_full

# Each name is loaded from its module when it is first asked for: most runs need few of them.
_PLACES = {
    name: module
    for module, names in {
        "account": "breadth effective",
        "after": "remember since",
        "asked": "scaled",
        "building": "build",
        "explain": "WhyRow is_told why",
        "ledger": "CAUSES",
        "printed": "visible_text",
        "sift": "words_pattern",
        "thin": "is_weekly",
        "verdicts": "is_full",
    }.items()
    for name in names.split()
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    return found


__all__ = [
    "CAUSES",
    "WhyRow",
    "breadth",
    "build",
    "effective",
    "is_full",
    "is_told",
    "is_weekly",
    "remember",
    "scaled",
    "since",
    "visible_text",
    "why",
    "words_pattern",
]
