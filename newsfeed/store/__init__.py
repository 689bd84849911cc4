"""The store: one database. Records of `model` go in, records come out.

    store              `Store`: an open database (created, migrated or refused); all verbs, each one transaction
    dialect            what differs between databases; `sqlite` and `postgres` implement it
    schema             the current tables, and the migrations from earlier ones
    records            records that only the store returns; conversion between records and rows
    feeds_queries      the list, the state of each feed, and storing what one answer brought
    items_queries      reading items, their topics and news value, their stories
    search_queries     finding items by their words
    reader_queries     corrections, thumbs, kept items, items passed on
    editions_queries   editions, mails sent, the history of earlier days
    pool_queries       everything that the choice of an edition may use
    meta_table         small facts by key, the last good list
    care_queries       checks, deleting old items, repairs after a wrong clock
    lock               one newsfeed at a time in a home

Importing this package loads no database library; using `Store` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from newsfeed.lazy import loader

if TYPE_CHECKING:
    from newsfeed.store.records import Applied, Headline, Holdings, MailState, SyncReport
    from newsfeed.store.store import Store

__all__ = ["Applied", "Headline", "Holdings", "MailState", "Store", "SyncReport"]


__getattr__ = loader(
    __name__, {"records": "Applied Headline Holdings MailState SyncReport", "store": "Store"}
)
