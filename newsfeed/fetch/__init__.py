"""The only network: every request to the web goes through `Fetcher`.

What it holds for all of them: only checked addresses, honest headers, no cookies, hard limits of time and size, the
hosts' own pace, and outcomes that are values. httpx is loaded when the first name is asked for here.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsfeed.fetch.client import Fetcher
    from newsfeed.fetch.failures import redact, repeats, secrets_of

# httpx has a command line of its own, which is half of what takes so long to load; it does without where it can't be had.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

__all__ = ["Fetcher", "redact", "repeats", "secrets_of"]


def __getattr__(name: str) -> object:
    if name == "Fetcher":
        from newsfeed.fetch.client import Fetcher

        return Fetcher
    if name in __all__:
        from newsfeed.fetch import failures

        return getattr(failures, name)
    raise AttributeError(name)
