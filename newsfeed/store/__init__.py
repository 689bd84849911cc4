"""What newsfeed remembers: one database. Records of `model` go in, records come out.

    store              `Store`: a database while it is open, made, migrated or refused; all verbs, each one transaction
    dialect            what each database does in its own way; `sqlite` does it for SQLite
    schema             the tables as they are today, and what leads there from earlier ones
    records            what the store answers beyond `model`; records into rows and back
    feeds_queries      the list, the state of each feed, and keeping what one answer brought
    items_queries      reading items, their topics and news value, their stories
    search_queries     finding items by their words
    reader_queries     corrections, thumbs, what is kept and passed on
    editions_queries   what was printed and sent, the account of earlier days
    pool_queries       all that the choice of an edition may look at
    meta_table         small facts by key, the last good list
    care_queries       checks, forgetting by age, a clock that was wrong
    lock               one newsfeed at a time in a home

Importing this package loads no database library; naming `Store` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsfeed.store.records import Applied, Headline, Holdings, MailState, SyncReport
    from newsfeed.store.store import Store

__all__ = ["Applied", "Headline", "Holdings", "MailState", "Store", "SyncReport"]


def __getattr__(name: str) -> object:
    if name == "Store":
        from newsfeed.store.store import Store

        return Store
    if name in __all__:
        from newsfeed.store import records

        return getattr(records, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
