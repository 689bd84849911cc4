"""What the reader keeps, and to whom they passed it on."""

from __future__ import annotations

from datetime import datetime

from newsfeed.model.base import Record


class Kept(Record, frozen=True, kw_only=True):
    """An item that the reader kept, with all that is shown of it: it outlives the item itself."""

    item: int
    ref: str
    kept: datetime
    title: str
    link: str = ""
    source: str = ""
    lead: str = ""
    note: str = ""  # the reader's own words
    private: bool = False  # from a mailbox or a feed behind a secret: it is never shared
    lang: str = ""


class Passed(Record, frozen=True, kw_only=True):
    """Once that an item was passed on to a person of the settings."""

    person: str
    item: int
    at: datetime
