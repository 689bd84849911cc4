"""The account of breadth: what the reader asked of topics and sources, and what they got over weeks. Pure.

- `asked`: shares of topics, options of sources
- `account`: findings and remedies over the last days; `measures`: the figures behind it
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsfeed.breadth.account import breadth
    from newsfeed.breadth.asked import scaled

# Each name is loaded from its module on first use, because most runs need few of them.
_PLACES = {"breadth": "account", "scaled": "asked"}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    return found
