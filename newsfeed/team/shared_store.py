"""The shared store of a fetch worker: a home's store with every feed that anybody follows."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from newsfeed.errors import BusyError
from newsfeed.model import FeedState, FeedUpdate, StoredItem, Story, Tagging
from newsfeed.pipeline.morning import articles
from newsfeed.store import Store, items_queries, records
from newsfeed.store.dialect import Transaction
from newsfeed.store.items_queries import Body
from newsfeed.store.records import Applied
from newsfeed.team import private_feeds
from newsfeed.team.connections import FETCH, Place, TeamDialect
from newsfeed.team.private_feeds import Seal, Sealed

if TYPE_CHECKING:
    import psycopg

TAGGED, GROUPED = 90, 8  # days in which items are tagged, for the habits of feeds, and may join a story
# An item's language as it is grouped: a region makes no other one.
_LANGUAGE = "lower(split_part(i.lang, '-', 1))"
_LATELY = "i.first_seen > (select max(first_seen) from shared.item) - %s * interval '1 day'"
# Nothing of a private feed is grouped with what others read.
_UNGROUPED = """i.before = false and not exists (select from shared.member m where m.item = i.id)
  and not exists (select from shared.feed f where f.id = i.feed and f.owner is not null)"""
THIN_ONES = 25  # articles of a bucket that are read at a time, as many as of a home's morning
# What stands on a page comes from the upper part of what there is; its articles are worth a request, others are not.
WORTH_READING = 0.75  # quantile of the news values of three days
PORTION = 4_000  # items that are grouped at a time, each compared with what shares its clues


class SharedStore(Store):
    """The shared store of a fetch worker. The real addresses of private feeds are in memory only."""

    _seal: Seal

    @classmethod
    def connect(cls, place: Place) -> Self:
        """Open it; nothing is made or migrated.

        Raises:
            StoreError: it can't be reached.
        """
        dialect = TeamDialect(place, FETCH)
        with dialect.in_words():
            store = cls(dialect, *dialect.connect())
        store._seal = Seal(place)
        store._addresses = {}
        store._pages = {}
        store._fresh = []
        store.writer = store
        return store

    writer: SharedStore  # whose connection keeps what feeds answered: reading never waits for it

    stopping: threading.Event | None = None  # once it is set, nothing else is found to be done
    _addresses: dict[int, str]  # of the private feeds that are being asked
    _fresh: list[int]  # items that were tagged here
    _language: str | None = None  # of what is to be grouped; None: any
    _pages: dict[int, set[int]]  # the items that were put into stories, by the clues of their pages

    def leased(self, numbers: Sequence[int]) -> tuple[list[FeedState], list[tuple[FeedState, Sealed]]]:
        """The states of these feeds: those that all may share, and the private ones with what goes with them."""
        states = self.states_of(numbers)
        with self._reading() as db:
            rows = db.connection.exec_driver_sql(
                "select id, sealed from shared.feed where id = any(%s) and owner is not null",
                (list(numbers),),
            ).all()
        sealed = {number: private_feeds.opened(self._seal, data) for number, data in rows}
        self._addresses |= {number: one.url for number, one in sealed.items()}
        return (
            [s for s in states if s.feed not in sealed],
            [
                (private_feeds.with_address(s, sealed[s.feed].url), sealed[s.feed])
                for s in states
                if s.feed in sealed
            ],
        )

    def released(self, numbers: Sequence[int]) -> None:
        """Drop the addresses of feeds whose requests are done."""
        for number in numbers:
            self._addresses.pop(number, None)

    def apply_all(self, changes: Sequence[FeedUpdate], now: datetime) -> list[Applied | Exception]:
        private = self._addresses
        stored = [private_feeds.storable_update(c) if c.state.feed in private else c for c in changes]
        if self.writer is not self:
            return self.writer.apply_all(stored, now)
        return super().apply_all(stored, now)

    def apply_unchanged(self, states: Sequence[FeedState]) -> None:
        private = self._addresses
        stored = [private_feeds.storable(s) if s.feed in private else s for s in states]
        if self.writer is not self:
            self.writer.apply_unchanged(stored)
        else:
            super().apply_unchanged(stored)

    @contextmanager
    def driver(self) -> Iterator[psycopg.Connection[Any]]:
        """One transaction as the driver has it, for `sweeps`."""
        with self._writing() as db:
            driver: Any = db.connection.connection.driver_connection
            yield driver

    def set_meta(self, key: str, value: str | None) -> None:
        # Facts stored under a private feed's address would reveal it.
        if not any(key.endswith(address) for address in self._addresses.values()):
            super().set_meta(key, value)

    # Only the last days are looked through for what is to be done, by their index: a pool holds a year of them.

    def untagged(self, limit: int = 1000, *, shown: bool = True) -> list[StoredItem]:
        lacking = "not exists (select from shared.tagging t where t.item = i.id)"
        return self._lately(f"i.before = {not shown} and {lacking}", TAGGED, limit)

    def ungrouped(self) -> list[StoredItem]:
        return self._lately(_UNGROUPED, GROUPED, PORTION, self._language)

    def having(self, clues: Iterable[int], first: int) -> dict[int, list[int]]:
        # All that ever was grouped here left its clues; where there are none, there is nothing to be joined.
        return super().having(clues, first) or {}

    def languages(self) -> list[str]:
        """The languages of the items that no story has yet; "" where it isn't known."""
        with self._reading() as db:
            rows = db.connection.exec_driver_sql(
                f"select distinct {_LANGUAGE} from shared.item i where {_UNGROUPED} and {_LATELY}", (GROUPED,)
            ).all()
        return sorted(row[0] for row in rows)

    @contextmanager
    def of_language(self, language: str) -> Iterator[None]:
        """What is ungrouped is that of one language, within the block."""
        self._language = language
        try:
            yield
        finally:
            self._language = None

    def save_stories(
        self, changed: Sequence[Story], clues: Mapping[int, Set[int]] | None = None, first: int = 0
    ) -> list[int]:
        numbers = super().save_stories(changed, clues, first)
        for item, some in (clues or {}).items():
            for clue in some:
                if clue % 2:
                    self._pages.setdefault(clue, set()).add(item)
        return numbers

    @contextmanager
    def alone(self, work: str) -> Iterator[None]:
        """Within the block no other worker is at this work: jobs of a worker that seems dead are given to another.

        Raises:
            BusyError: another one was, for too long.
        """
        with self._reading() as db:
            db.connection.exec_driver_sql("select pg_advisory_lock(3, hashtext(%s))", (work,))
        try:
            yield
        finally:
            with self._reading() as db:
                db.connection.exec_driver_sql("select pg_advisory_unlock(3, hashtext(%s))", (work,))

    def thin_ones(self) -> dict[int, list[int]]:
        """Of the items that were tagged here those whose articles are worth a request, by the bucket of their feeds: what
        their feed says is thin, and its news value is among the upper ones. Nothing of a private feed."""
        with self._reading() as db:
            rows = db.connection.exec_driver_sql(
                "select f.bucket, i.id, i.lead, i.kind from shared.item i join shared.feed f on f.id = i.feed"
                " join shared.tagging t on t.item = i.id"
                " where i.id = any(%s) and not i.before and f.owner is null and i.link <> '' and t.value >="
                " (select percentile_cont(%s) within group (order by o.value) from shared.item n join shared.tagging o"
                " on o.item = n.id where n.first_seen > (select max(first_seen) from shared.item) - interval '3 days')"
                " order by t.value desc, i.id",
                (self._fresh, WORTH_READING),
            ).all()
        self._fresh.clear()
        found: dict[int, list[int]] = {}
        for bucket, item, lead, kind in rows:
            if articles.is_thin(lead, kind) and len(some := found.setdefault(bucket, [])) < THIN_ONES:
                some.append(item)
        return {bucket: some for bucket, some in found.items() if some}

    def part_from_other_languages(self) -> int:
        """Take those items out of their stories that this store put there and that share a page with one of another
        language in another story; gives how many."""
        with self._writing() as db:
            rows = db.connection.exec_driver_sql(
                f"select c.clue, c.item, {_LANGUAGE}, m.story from shared.clue c join shared.item i on i.id = c.item"
                " join shared.member m on m.item = c.item where c.clue = any(%s)",
                (sorted(self._pages),),
            ).all()
            of: dict[int, dict[int, tuple[str, int]]] = {}
            for clue, item, language, story in rows:
                of.setdefault(clue, {})[item] = (language, story)
            parted = sorted(
                {
                    item
                    for clue, having in of.items()
                    for item in self._pages[clue] & having.keys()
                    for language, story in having.values()
                    if having[item][0] == self._language != language and story != having[item][1]
                }
            )
            self._pages.clear()
            db.connection.exec_driver_sql("delete from shared.member where item = any(%s)", (parted,))
        return len(parted)

    def _lately(self, where: str, days: int, limit: int, language: str | None = None) -> list[StoredItem]:
        """So many items of the last days, oldest first.

        Raises:
            BusyError: this worker was asked to stop.
        """
        if self.stopping is not None and self.stopping.is_set():
            raise BusyError("what is new", "This worker was asked to stop", "Another one goes on.")
        with self._reading() as db:
            rows = db.connection.exec_driver_sql(
                f"select i.id from shared.item i where {where} and {_LATELY} and coalesce({_LANGUAGE} = %s, true)"
                " order by i.first_seen, i.id limit %s",
                (days, language, limit),
            ).all()
        return self.items(sorted(row[0] for row in rows), body="text")

    def window(self, since: datetime, body: Body = "none") -> list[StoredItem]:
        # What has no story yet is of a later portion, and nothing of a private feed ever gets one.
        with self._reading() as db:
            rows = db.connection.exec_driver_sql(
                "select i.id from shared.item i join shared.member m on m.item = i.id"
                " where i.first_seen >= %s order by i.id",
                (since,),
            ).all()
        return self.items([row[0] for row in rows], body=body)

    def _private(self) -> set[int]:
        with self._reading() as db:
            found = db.connection.exec_driver_sql("select id from shared.feed where owner is not null")
            return {row[0] for row in found}

    def save_taggings(self, taggings: Sequence[Tagging], model: str) -> None:
        # The pool keeps numbers; the words that decided are worked out for who asks.
        self._fresh += [t.item for t in taggings]
        with self._writing() as db:
            numbers = _topic_numbers(db, {s.topic for t in taggings for s in t.scores})
            items_queries.save_written(
                db,
                taggings,
                model,
                lambda t: (records.pack_scores(t.scores, numbers), records.pack_news(t.news)),
            )


def _topic_numbers(db: Transaction, names: set[str]) -> dict[str, int]:
    """The numbers of topics, by name; new ones get the next. A number is never given again."""
    rows = db.connection.exec_driver_sql("select name, number from shared.topic").all()
    known: dict[str, int] = dict(map(tuple, rows))
    if names <= known.keys():
        return known
    for name in sorted(names - known.keys()):
        db.connection.exec_driver_sql(
            "insert into shared.topic (name) values (%s) on conflict do nothing", (name,)
        )
    return _topic_numbers(db, names)
