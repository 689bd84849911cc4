"""What became of a mail that was handed over."""

from __future__ import annotations

from enum import StrEnum

from newsfeed.model import Record


class Outcome(StrEnum):
    """How handing over a mail ended."""

    SENT = "sent"
    LATER = "later"  # surely not taken; another time it may be
    REFUSED = "refused"  # surely not taken, and it won't be before its owner does something
    UNCERTAIN = "uncertain"  # handed over whole, but the answer never came


class Dispatch(Record, frozen=True, kw_only=True):
    """How it ended, in one sentence, and what to do. Neither holds an address or a password."""

    outcome: Outcome
    text: str
    repair: str = ""
