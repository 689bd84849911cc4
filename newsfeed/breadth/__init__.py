"""The account of breadth: what the reader asked of topics and sources, and what they got over weeks. Pure.

- `asked`: shares of topics, options of sources
- `account`: findings and remedies over the last days; `measures`: the figures behind it
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from newsfeed.lazy import loader

if TYPE_CHECKING:
    from newsfeed.breadth.account import breadth
    from newsfeed.breadth.asked import scaled

__getattr__ = loader(
    __name__,
    {
        "account": "breadth",
        "asked": "scaled",
    },
)
