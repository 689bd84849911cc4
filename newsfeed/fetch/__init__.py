"""The only network: every request to the web goes through `Fetcher`.

For all of them: only checked addresses, honest headers, no cookies, hard limits of time and size, rate limits per host,
and results that are values. httpx is loaded on first use of a name from here.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from newsfeed.lazy import loader

if TYPE_CHECKING:
    from newsfeed.fetch.client import Fetcher
    from newsfeed.fetch.failures import keys_of, redact, repeats, secrets_of, without_keys

# httpx imports its own command line, which is half of its loading time, but works without it.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

__all__ = ["Fetcher", "keys_of", "redact", "repeats", "secrets_of", "without_keys"]


__getattr__ = loader(
    __name__, {"client": "Fetcher", "failures": "keys_of redact repeats secrets_of without_keys"}
)
