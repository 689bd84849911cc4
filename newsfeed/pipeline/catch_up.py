"""Catch up on texts that a first refresh put off: a little after a page is out, when somebody searches, when a home moves."""

from __future__ import annotations

import time

from newsfeed.store import Store

AT_ONCE = 300  # texts that are read in one transaction, for which others who write wait


def catch_up(store: Store, seconds: float = 2.0) -> None:
    """Read texts that a first refresh put off, the newest first, for so long."""
    left, end = store.count_put_off(), time.monotonic() + seconds
    while left > 0 and time.monotonic() < end:
        left -= store.read_put_off(AT_ONCE) or left
