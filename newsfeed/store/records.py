"""What the store takes and answers beyond the records of `model`."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from newsfeed.model import Record


class SyncReport(Record, frozen=True, kw_only=True):
    """What became of the list: the addresses that came, went, changed their outline, and how many stayed."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    kept: int = 0


class Applied(Record, frozen=True, kw_only=True):
    """What one feed's answer brought: numbers of the items that are new, and of those that changed."""

    new: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()


class Holdings(Record, frozen=True, kw_only=True):
    """How much there is."""

    feeds: int = 0  # in the list
    items: int = 0
    bodies: int = 0
    untagged: int = 0
    stories: int = 0
    editions: int = 0
    bytes: int = 0  # of the database file


class MailState(StrEnum):
    """Where the mail of one day to one recipient stands."""

    CLAIMED = "claimed"  # somebody is about to send it, or died doing so
    SENT = "sent"
    UNCERTAIN = "uncertain"  # perhaps accepted, perhaps not: never sent again unasked
    FAILED = "failed"  # surely not accepted: may be claimed again


class Mail(Record, frozen=True, kw_only=True):
    """A row of the outbox. `recipient` is a hash, never an address."""

    date: date
    recipient: str
    state: MailState
    claimed: datetime
    settled: datetime | None = None
    note: str = ""
