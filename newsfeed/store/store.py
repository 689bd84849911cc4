"""`Store`, through which all data is read and written. Opening it creates, migrates or refuses the database; each verb is
a query in a transaction."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import Connection, Engine

from newsfeed.errors import NewerStoreError, StoreError
from newsfeed.model import FeedFacts, FeedState, FeedUpdate, Pool, StoredItem
from newsfeed.store import (
    care_queries,
    editions_queries,
    feeds_queries,
    items_queries,
    meta_table,
    pool_queries,
    put_off_queries,
    reader_queries,
    schema,
    search_queries,
)
from newsfeed.store.dialect import Dialect, Transaction, dialect_of
from newsfeed.store.records import Applied

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


def _verb(
    query: Callable[Concatenate[Transaction, P], R],
    begun: Callable[[Store], AbstractContextManager[Transaction]],
) -> Callable[Concatenate[Store, P], R]:
    """The verb of the store that runs a query in a transaction so begun."""

    @functools.wraps(query)
    def verb(store: Store, /, *args: P.args, **more: P.kwargs) -> R:
        with begun(store) as db:
            return query(db, *args, **more)

    return verb


def reads(query: Callable[Concatenate[Transaction, P], R]) -> Callable[Concatenate[Store, P], R]:
    """The verb that runs a query in a transaction that only reads."""
    return _verb(query, lambda store: store._reading())


def writes(query: Callable[Concatenate[Transaction, P], R]) -> Callable[Concatenate[Store, P], R]:
    """The verb that runs a query in a transaction that may write."""
    return _verb(query, lambda store: store._writing())


def writes_aside(query: Callable[Concatenate[Transaction, P], R]) -> Callable[Concatenate[Store, P], R]:
    """The same for kept items: no edition depends on them, so results cached by `while_unchanged` remain valid."""
    return _verb(query, lambda store: store._counting("aside"))


def writes_signs(query: Callable[Concatenate[Transaction, P], R]) -> Callable[Concatenate[Store, P], R]:
    """The same for what the reader says of items, and what is learned of it: neither items nor stories are touched, so
    that `pool` needn't read them again."""
    return _verb(query, lambda store: store._counting("signs"))


class Store:
    """An open database with its single connection. Any thread may call any verb.

    What is done within `_reading` or `_writing` is one transaction: when a writing one returns, its change is on the
    disk; when it raises, nothing changed. All raise `StoreError` when the database can't be read or written, with the
    cause and a repair. A lock lets threads take turns; several processes may each have one file open: readers never
    wait, writers wait up to five seconds for each other.
    """

    def __init__(self, dialect: Dialect, engine: Engine, connection: Connection) -> None:
        self._dialect = dialect
        self.copied_by = dialect.copied_by  # the program that copies the database, where `backup` doesn't
        self._engine = engine
        self._connection = connection
        self._turn = threading.RLock()
        self._found: dict[str, tuple[object, Any]] = {}
        self._finding: dict[str, threading.RLock] = {}
        # Of the changes of ours, those of `writes_aside` and `writes_signs`.
        self._counts = {"aside": 0, "signs": 0}
        self._pools: dict[tuple[date, datetime], tuple[object, Pool]] = {}
        self._deferring: set[int] = set()  # threads within a block of `together`

    @classmethod
    def open(cls, place: Path | str | Dialect, *, now: datetime) -> Self:
        """Open the database at a path or an address; it is made, migrated (after a copy) or checked as needed.

        Raises:
            SettingsError: no dialect knows the address.
            NewerStoreError: a newer newsfeed wrote it; it was left untouched.
            StoreError: it can't be used.
        """
        dialect = place if isinstance(place, Dialect) else dialect_of(place)
        store = cls(dialect, *_connect(dialect))
        try:
            store._begin_the_day(now)
        except BaseException:
            store.close()
            raise
        return store

    def _begin_the_day(self, now: datetime) -> None:
        with self._reading() as db:
            if not care_queries.is_due(db, now):
                return
        with self._writing() as db:
            care_queries.check(db, self._dialect.place, now)
            care_queries.repair_search(db)
            care_queries.repair_clock(db, now)

    def close(self) -> None:
        """Close the database. Harmless when done twice."""
        with self._turn:
            self._connection.close()
            self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def while_unchanged(
        self, name: str, key: object, find: Callable[[], T], again: Callable[[T], T] | None = None
    ) -> T:
        """The result of `find`, kept under `name` until `key` is another one or somebody writes to the database.

        What `writes_aside` writes doesn't count, so `find` must not depend on it. `again`, if given, replaces `find` where
        there is a result that is out of date, and gets that. While one thread finds a result, others that ask for it wait.
        """
        with self._finding.setdefault(name, threading.RLock()):
            # Read before computing: a write in the meantime makes the next call compute again.
            with self._reading() as db:
                counted = db.changes()
                changes = counted and (counted[0] - self._counts["aside"], counted[1])
            known = self._found.get(name)
            if known is not None and changes is not None and known[0] == (changes, key):
                found: T = known[1]
                return found
            self._found.pop(name, None)
            made = find() if known is None or again is None else again(known[1])
            if changes is not None:
                self._found[name] = ((changes, key), made)
            return made

    @contextmanager
    def _reading(self) -> Iterator[Transaction]:
        with self._turn, self._dialect.in_words(), self._dialect.read(self._connection) as db:
            yield db

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written within the block is on the disk when the block ends: one wait for the disk, not one for each.
        Should the power fail before that, all of it may be lost."""
        own = threading.get_ident()
        if not self._dialect.defers or own in self._deferring:
            yield
            return
        self._deferring.add(own)
        try:
            yield
        finally:
            self._deferring.discard(own)
            with self._writing() as db:
                db.set_version(db.version())  # whatever is written last takes all before it to the disk

    @contextmanager
    def _writing(self, *, lasting: bool = True) -> Iterator[Transaction]:
        lasting = lasting and threading.get_ident() not in self._deferring
        with (
            self._turn,
            self._dialect.in_words(),
            self._dialect.write(self._connection, lasting=lasting) as db,
        ):
            yield db

    @contextmanager
    def _counting(self, part: str) -> Iterator[Transaction]:
        """A transaction that may write, and whose changes are counted apart."""
        with self._writing() as db:
            before = db.changes()
            yield db
            after = db.changes()
            if before is not None and after is not None:
                self._counts[part] += after[0] - before[0]

    # ------------------------------------------------------------------------- verbs

    # the list and its feeds
    sync = writes(feeds_queries.sync)
    state = reads(feeds_queries.state)
    states_of = reads(feeds_queries.states_of)
    due = reads(feeds_queries.due)
    known = reads(feeds_queries.known)
    apply = writes(feeds_queries.apply)
    apply_unchanged = writes(feeds_queries.apply_unchanged)
    daily_counts = reads(feeds_queries.daily_counts)
    published_days = reads(feeds_queries.published_days)
    spoken = reads(feeds_queries.spoken)
    save_list = writes(meta_table.save_list)
    last_list = reads(meta_table.read_list)

    # items
    items = reads(items_queries.items)
    item = reads(items_queries.item_of)
    window = reads(items_queries.window)
    feeds_of_window = reads(items_queries.feeds_of_window)
    headlines = reads(items_queries.headlines)
    count_window = reads(items_queries.count_window)
    newest = reads(items_queries.newest)
    find = reads(search_queries.find)
    search = reads(search_queries.search)
    sharing = reads(search_queries.sharing)
    enrich = writes(feeds_queries.enrich)
    count_put_off = reads(put_off_queries.count)
    read_put_off = writes(put_off_queries.read_some)

    # topics and news value
    untagged = reads(items_queries.untagged)
    tagged_otherwise = reads(items_queries.tagged_otherwise)
    taggings = reads(items_queries.taggings)
    tagged = reads(items_queries.tagged)
    explained = reads(items_queries.tagged)  # which of these have a tagging with the words that decided
    values = reads(items_queries.values)
    values_of = reads(items_queries.values_of)
    save_taggings = writes_signs(items_queries.save_taggings)

    # stories
    ungrouped = reads(items_queries.ungrouped)
    stories = reads(items_queries.stories)
    stories_of = reads(items_queries.stories_of)
    stories_of_affairs = reads(items_queries.stories_of_affairs)
    members = reads(items_queries.members)
    first_since = reads(items_queries.first_since)
    having = reads(items_queries.having)
    save_stories = writes(items_queries.save_stories)

    # what the reader did
    correct = writes_signs(reader_queries.correct)
    corrections = reads(reader_queries.corrections)
    undo_correction = writes_signs(reader_queries.undo_correction)
    like = writes_signs(reader_queries.like)
    opened = writes_signs(reader_queries.opened)
    likes = reads(reader_queries.likes)
    thumbs = reads(reader_queries.thumbs)
    keep = writes_aside(reader_queries.keep)
    let_go = writes_aside(reader_queries.let_go)
    kept = reads(reader_queries.kept)
    pass_on = writes_aside(reader_queries.pass_on)
    passed = reads(reader_queries.passed)
    decline = writes(reader_queries.decline)
    declined = reads(reader_queries.declined)

    # editions, days, mails
    history = reads(editions_queries.history)
    record = writes(editions_queries.record)
    edition = reads(editions_queries.edition_of)
    editions = reads(editions_queries.editions)
    latest_edition = reads(editions_queries.latest_edition)
    done = reads(editions_queries.done)
    days_done = reads(editions_queries.days_done)
    mark_done = writes(editions_queries.mark_done)
    claim_mail = writes(editions_queries.claim_mail)
    mark_mail = writes(editions_queries.mark_mail)
    mails = reads(editions_queries.mails)
    doubt_claims = writes(editions_queries.doubt_claims)

    # small facts and care
    get_meta = reads(meta_table.get)
    metas = reads(meta_table.beginning)
    set_meta = writes_signs(meta_table.put)
    counts = reads(care_queries.counts)
    prune = writes(care_queries.prune)
    tidy = writes(care_queries.tidy)

    def pool(
        self,
        local: date,
        now: datetime,
        since: datetime | None = None,
        *,
        again: bool = False,
        only: Collection[int] | None = None,
        sources: Sequence[FeedFacts] = (),
    ) -> Pool:
        """Everything for the edition of a local day, see `pool_queries.pool`. With `again`, for who asks repeatedly, as to show
        what a thumb would change, the last two are kept: if since then only the reader's signs were written (see
        `writes_signs`), only what these can change is read anew."""
        known = None if again else self._habits(local, now)
        with self._reading() as db:
            counted = db.changes() if again and only is None else None
            if counted is None:
                return pool_queries.pool(db, local, now, since, only, sources, known)
            stamp = (counted[0] - sum(self._counts.values()), counted[1])
            before = self._pools.pop((local, now), None)
            made = (
                pool_queries.after_signs(db, before[1], local, now)
                if before is not None and before[0] == stamp
                else pool_queries.pool(db, local, now)
            )
            self._pools = {**dict(list(self._pools.items())[-1:]), (local, now): (stamp, made)}
            return made

    def unheard(self, local: date, now: datetime, limit: int) -> list[StoredItem]:
        """Items without topics by which the sources are judged that have candidates for that day, the newest first."""
        return self.items(self._habits(local, now).unheard[:limit], "text")

    def _habits(self, local: date, now: datetime) -> pool_queries.Habits:
        find = reads(pool_queries.habits)  # two steps of a morning ask for them
        return self.while_unchanged("habits", (local, now), lambda: find(self, now, local))

    def states(self, *, listed: bool = True) -> list[FeedState]:
        """The feeds of the list in its order; with `listed` False, those that were taken out. A morning asks for them
        at each of its steps, and few of these write."""
        find = reads(feeds_queries.states)
        return [*self.while_unchanged(f"states {listed}", None, lambda: find(self, listed=listed))]

    def apply_all(self, changes: Sequence[FeedUpdate], now: datetime) -> list[Applied | Exception]:
        """`apply` several updates in one transaction, which costs the disk as much as one. Where one of them can't be
        kept, each is kept in its own, and the exception stands in the place of its result.

        They may be lost if the power fails in the next seconds: the feeds are then asked again as if they had not been.
        """
        try:
            with self._writing(lasting=False) as db:
                return [*feeds_queries.apply_all(db, changes, now)]
        except Exception as error:  # noqa: BLE001 - whatever one feed's update provokes is that feed's failure
            if len(changes) == 1:
                return [error]
        return [result for change in changes for result in self.apply_all([change], now)]

    def quick_check(self, now: datetime) -> None:
        """Check the whole database.

        Raises:
            StoreError: it is damaged.
        """
        with self._writing() as db:
            care_queries.check(db, self._dialect.place, now)

    def backup(self, now: datetime, *, force: bool = False) -> Path | None:
        """Copy the database when a week has passed since the last time; the last four copies are kept. None: not yet."""
        with self._turn, self._dialect.in_words():
            with self._reading() as db:
                if not force and not care_queries.copy_is_due(db, now):
                    return None
            made = self._dialect.backup(now)
            with self._writing() as db:
                meta_table.put(db, care_queries.COPIED, now.isoformat())
            return made


# ------------------------------------------------------------------------- opening


def _connect(dialect: Dialect) -> tuple[Engine, Connection]:
    """A connection to an up-to-date database, created or migrated if needed."""
    _refuse_others(dialect, dialect.glance())
    dialect.prepare()
    with dialect.in_words():
        engine, connection = dialect.connect()
        try:
            _bring_up_to_date(dialect, connection)
        except BaseException:
            connection.close()
            engine.dispose()
            raise
    return engine, connection


def _refuse_others(dialect: Dialect, version: int) -> None:
    """Raise if this newsfeed can't read tables of that version."""
    if version > schema.VERSION:
        raise NewerStoreError(
            dialect.place,
            f"a newer newsfeed wrote it (its form is {version}, this newsfeed knows {schema.VERSION})",
            "Install the newer newsfeed again; nothing was changed.",
        )
    if 0 < version < schema.FIRST:
        raise StoreError(
            dialect.place,
            f"a newsfeed from before the first release wrote it (its form is {version})",
            "Open it once with the newsfeed of November 2026, then with this one; or move it away and begin anew.",
        )


def _bring_up_to_date(dialect: Dialect, connection: Connection) -> None:
    with dialect.read(connection) as db:
        version, empty = db.version(), db.is_empty()
    _refuse_others(dialect, version)
    if empty:
        _create(dialect, connection)
    elif version == 0:
        raise StoreError(
            dialect.place,
            "this database belongs to another program",
            "Put its newest copy in its place: newsfeed restore. Or name another file.",
        )
    elif version < schema.VERSION:
        _migrate(dialect, connection)


def _create(dialect: Dialect, connection: Connection) -> None:
    with dialect.write(connection) as db:
        if not db.is_empty():
            return  # another newsfeed was quicker
        schema.metadata.create_all(connection)
        db.create_search()
        db.set_version(schema.VERSION)
        meta_table.put(db, care_queries.WORDS, search_queries.VERSION)
    dialect.settle(connection)


def _migrate(dialect: Dialect, connection: Connection) -> None:
    """Copy the database and migrate it, while others who open it wait."""
    with dialect.write(connection) as db:
        version = db.version()
        if version == schema.VERSION:
            return  # another newsfeed was quicker
        dialect.copy_before(schema.VERSION)
        schema.migrate(connection, version)
        db.set_version(schema.VERSION)
    dialect.settle(connection)
