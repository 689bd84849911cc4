"""What newsfeed remembers: one database. Records of `model` go in, records come out.

    lock        one newsfeed at a time in a home
    store       `Store`: every method is one transaction
    database    a database while it is open: made, migrated or refused, its transactions, the day's look at it
    dialect     what each database does in its own way; `sqlite` does it for SQLite
    schema      the tables, as they are today; `migrations` leads there from what they were
    feeds       the list, the state of each feed, and keeping what one answer brought
    items       reading and finding items
    tags        topics of items, the reader's corrections and marks
    kept        what the reader keeps with a note, and what they passed on
    stories     which items tell the same event
    editions    what was printed, and the account of earlier days
    pool        all that the choice of an edition may look at
    notes       small facts: the last good list, days done, the outbox of mails, key and value
    care        checks, forgetting by age, a clock that was wrong

Importing this package loads no database library; naming `Store` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsfeed.store.records import Applied, Holdings, MailState, SyncReport
    from newsfeed.store.store import Store

__all__ = ["Applied", "Holdings", "MailState", "Store", "SyncReport"]


def __getattr__(name: str) -> object:
    if name == "Store":
        from newsfeed.store.store import Store

        return Store
    if name in __all__:
        from newsfeed.store import records

        return getattr(records, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
