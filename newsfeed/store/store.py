"""`Store`: the one door to what is kept. Each verb is a query of its subject, run as one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from newsfeed.model import FeedUpdate
from newsfeed.store import (
    care_queries,
    editions_queries,
    feeds_queries,
    history_queries,
    items_queries,
    meta_table,
    pool_queries,
    reader_queries,
    search_queries,
    stories_queries,
    tagging_queries,
)
from newsfeed.store.database import Database, reads, writes
from newsfeed.store.records import Applied


class Store(Database):
    """What one home remembers. Any thread may call any verb."""

    # the list and its feeds
    sync = writes(feeds_queries.sync)
    states = reads(feeds_queries.states)
    state = reads(feeds_queries.state)
    states_of = reads(feeds_queries.states_of)
    due = reads(feeds_queries.due)
    known = reads(feeds_queries.known)
    apply = writes(feeds_queries.apply)
    apply_unchanged = writes(feeds_queries.apply_unchanged)
    daily_counts = reads(feeds_queries.daily_counts)
    published_days = reads(feeds_queries.published_days)
    save_list = writes(meta_table.save_list)
    last_list = reads(meta_table.read_list)

    # items
    items = reads(items_queries.items)
    item = reads(items_queries.item_of)
    window = reads(items_queries.window)
    feeds_of_window = reads(items_queries.feeds_of_window)
    count_window = reads(items_queries.count_window)
    newest = reads(items_queries.newest)
    find = reads(search_queries.find)
    search = reads(search_queries.search)
    enrich = writes(feeds_queries.enrich)

    # topics and news value
    untagged = reads(tagging_queries.untagged)
    tagged_otherwise = reads(tagging_queries.tagged_otherwise)
    taggings = reads(tagging_queries.taggings)
    tagged = reads(tagging_queries.tagged)
    values = reads(tagging_queries.values)
    save_taggings = writes(tagging_queries.save_taggings)

    # stories
    ungrouped = reads(stories_queries.ungrouped)
    stories = reads(stories_queries.stories)
    stories_of = reads(stories_queries.stories_of)
    stories_of_affairs = reads(stories_queries.stories_of_affairs)
    members = reads(stories_queries.members)
    first_since = reads(stories_queries.first_since)
    having = reads(stories_queries.having)
    save_stories = writes(stories_queries.save_stories)

    # what the reader did
    correct = writes(reader_queries.correct)
    corrections = reads(reader_queries.corrections)
    undo_correction = writes(reader_queries.undo_correction)
    like = writes(reader_queries.like)
    opened = writes(reader_queries.opened)
    likes = reads(reader_queries.likes)
    thumbs = reads(reader_queries.thumbs)
    keep = writes(reader_queries.keep)
    let_go = writes(reader_queries.let_go)
    kept = reads(reader_queries.kept)
    pass_on = writes(reader_queries.pass_on)
    passed = reads(reader_queries.passed)
    decline = writes(reader_queries.decline)
    declined = reads(reader_queries.declined)

    # editions, days, mails
    pool = reads(pool_queries.pool)
    history = reads(history_queries.history)
    record = writes(editions_queries.record)
    edition = reads(editions_queries.edition_of)
    editions = reads(editions_queries.editions)
    latest_edition = reads(editions_queries.latest_edition)
    done = reads(editions_queries.done)
    mark_done = writes(editions_queries.mark_done)
    claim_mail = writes(editions_queries.claim_mail)
    mark_mail = writes(editions_queries.mark_mail)
    mails = reads(editions_queries.mails)
    doubt_claims = writes(editions_queries.doubt_claims)

    # small facts and care
    get_meta = reads(meta_table.get)
    metas = reads(meta_table.beginning)
    set_meta = writes(meta_table.put)
    counts = reads(care_queries.counts)
    prune = writes(care_queries.prune)
    tidy = writes(care_queries.tidy)

    def apply_all(self, changes: Sequence[FeedUpdate], now: datetime) -> list[Applied | Exception]:
        """`apply` several updates in one transaction, which costs the disk as much as one. Where one of them can't be
        kept, each is kept in its own, and the exception stands in the place of its result."""
        try:
            with self._writing() as db:
                return [feeds_queries.apply(db, change, now) for change in changes]
        except Exception as error:  # noqa: BLE001 - whatever one feed's update provokes is that feed's failure
            if len(changes) == 1:
                return [error]
        return [result for change in changes for result in self.apply_all([change], now)]

    def quick_check(self, now: datetime, *, force: bool = True) -> bool:
        """Look over the whole database; without `force` only when that was not done for a day. Gives whether it did.

        Raises:
            StoreError: it is damaged.
        """
        with self._writing() as db:
            return care_queries.check(db, self._dialect.place, now, force=force)

    def backup(self, now: datetime, *, force: bool = False) -> Path | None:
        """Copy the database when a week has passed since the last time; the last four copies are kept.

        Gives the copy, or None when it was not yet time.
        """
        with self._turn, self._dialect.in_words():
            with self._reading() as db:
                if not force and not care_queries.copy_is_due(db, now):
                    return None
            made = self._dialect.backup(now)
            with self._writing() as db:
                meta_table.put(db, care_queries.COPIED, now.isoformat())
            return made
