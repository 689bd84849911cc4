"""A home's store over the team's tables: of the whole pool, or of one reader at a time.

Both are `Store` itself, with another dialect: who asks is a role that owns nothing, and each transaction of a
reader's store says whose it is. The tables behind the names are then that reader's, by row-level security and views.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Self, TypeAlias, TypeVar

import msgspec

from newsfeed.errors import NotFoundError
from newsfeed.model import Edition, FeedState, FeedUpdate, LedgerEntry, Shown, StoredItem, Subscription
from newsfeed.store import Store, editions_queries
from newsfeed.store.dialect import Transaction
from newsfeed.store.items_queries import Body
from newsfeed.store.postgres import Postgres, PostgresTransaction
from newsfeed.store.records import Applied, SyncReport
from newsfeed.team import private_feeds, sweeps
from newsfeed.team.connections import FETCH, Place
from newsfeed.team.keys import Seal
from newsfeed.team.private_feeds import Sealed
from newsfeed.team.readers import COLUMNS, Reader, reader_of

# The dialect's own types stay in the store: a connection and a table.
Connection: TypeAlias = Any
Table: TypeAlias = Any
T = TypeVar("T")


class TeamTransaction(PostgresTransaction):
    """A transaction in the team's database."""

    def _conflict(self, table: Table) -> dict[str, Any]:
        # By the name of the key, which is one of the reader's too in the reader's tables.
        return {"constraint": f"pk_{table.name}"}


class TeamDialect(Postgres):
    """The team's database as one role sees it, for one reader at a time where that is a role of readers."""

    def __init__(self, place: Place, role: str) -> None:
        super().__init__(place.url(role))
        self.reader: int | None = None

    @contextmanager
    def read(self, connection: Connection) -> Iterator[Transaction]:
        with connection.begin():
            connection.exec_driver_sql("set transaction isolation level repeatable read read only")
            self._say_who(connection)
            yield TeamTransaction(connection)

    @contextmanager
    def write(self, connection: Connection) -> Iterator[Transaction]:
        with connection.begin():
            self._say_who(connection)
            if self.reader is not None:
                # A home has one writer at a time, and so has a reader.
                connection.exec_driver_sql("select pg_advisory_xact_lock(1, %s)", (self.reader,))
            yield TeamTransaction(connection)

    def _say_who(self, connection: Connection) -> None:
        if self.reader is not None:
            connection.exec_driver_sql("select set_config('newsfeed.reader', %s, true)", (str(self.reader),))


TAGGED, GROUPED = 90, 8  # days in which items are tagged, for the habits of feeds, and may join a story
PORTION = 4_000  # items that are grouped at a time, each compared with what shares its clues


class SharedStore(Store):
    """The shared pool, as a fetch worker sees it. Private feeds have their true addresses in memory only."""

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
        return store

    _addresses: dict[int, str]  # of the private feeds that are being asked

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
        """Forget the addresses of feeds that are asked no more."""
        for number in numbers:
            self._addresses.pop(number, None)

    def apply_all(self, changes: Sequence[FeedUpdate], now: datetime) -> list[Applied | Exception]:
        private = self._addresses
        stored = [private_feeds.storable_update(c) if c.state.feed in private else c for c in changes]
        return super().apply_all(stored, now)

    def apply_unchanged(self, states: Sequence[FeedState]) -> None:
        private = self._addresses
        super().apply_unchanged([private_feeds.storable(s) if s.feed in private else s for s in states])

    def set_meta(self, key: str, value: str | None) -> None:
        # What is noted of a private feed by its address would tell it.
        if not any(key.endswith(address) for address in self._addresses.values()):
            super().set_meta(key, value)

    # Only the last days are looked through for what is to be done, by their index: a pool holds a year of them.

    def untagged(self, limit: int = 1000, *, shown: bool = True) -> list[StoredItem]:
        lacking = "not exists (select from shared.tagging t where t.item = i.id)"
        return self._lately(f"i.before = {not shown} and {lacking}", TAGGED, limit)

    def ungrouped(self) -> list[StoredItem]:
        lacking = "not exists (select from shared.member m where m.item = i.id)"
        private = self._private()
        found = self._lately(f"i.before = false and {lacking}", GROUPED, PORTION)
        return [one for one in found if one.feed not in private]

    def _lately(self, where: str, days: int, limit: int) -> list[StoredItem]:
        """So many items of the last days, oldest first."""
        with self._reading() as db:
            rows = db.connection.exec_driver_sql(
                f"select i.id from shared.item i where {where} and i.first_seen >"
                " (select max(first_seen) from shared.item) - %s * interval '1 day'"
                " order by i.first_seen, i.id limit %s",
                (days, limit),
            ).all()
        return self.items(sorted(row[0] for row in rows), body="text")

    # Nothing of a private feed is grouped with what others read.

    def window(self, since: datetime, until: datetime | None = None, body: Body = "none") -> list[StoredItem]:
        private = self._private()
        return [one for one in super().window(since, until, body) if one.feed not in private]

    def _private(self) -> set[int]:
        with self._reading() as db:
            found = db.connection.exec_driver_sql("select id from shared.feed where owner is not null")
            return {row[0] for row in found}


class ReaderStore(Store):
    """One reader's part of the team's database at a time: see `working_for`."""

    _dialect: TeamDialect
    _seal: Seal

    @classmethod
    def connect(cls, place: Place, role: str, reader: int | None = None) -> Self:
        """Open it for a reader, or for whom `working_for` names; nothing is made or migrated.

        Raises:
            StoreError: it can't be reached.
        """
        dialect = TeamDialect(place, role)
        dialect.reader = reader
        with dialect.in_words():
            store = cls(dialect, *dialect.connect())
        store._seal = Seal(place)
        return store

    def while_unchanged(self, name: str, key: object, find: Callable[[], T]) -> T:
        """As a home's; what was found for one reader is never given to another."""
        return super().while_unchanged(name, (self._dialect.reader, key), find)

    @contextmanager
    def of(self, reader: int) -> Iterator[Self]:
        """This store as a reader's, within the block."""
        before, self._dialect.reader = self._dialect.reader, reader
        try:
            yield self
        finally:
            self._dialect.reader = before

    @contextmanager
    def working_for(self, number: int) -> Iterator[Reader | None]:
        """This store as a reader's, whose only worker we are within the block; None where another one is.

        Raises:
            NotFoundError: there is no such reader.
        """
        with self.of(number):
            if not self._hold(number):
                yield None
                return
            try:
                yield self.reader()
            finally:
                self._let_go(number)

    def _hold(self, number: int) -> bool:
        with self._reading() as db:
            return bool(_one(db, "select pg_try_advisory_lock(2, %s)", (number,))[0])

    def _let_go(self, number: int) -> None:
        with self._reading() as db:
            _one(db, "select pg_advisory_unlock(2, %s)", (number,))

    def served(self) -> None:
        """Note that the reader's morning is done."""
        with self._writing() as db:
            _do(db, "update shared.morning set owed = false where reader = %s", (self._dialect.reader,))

    def was_here(self, now: datetime) -> None:
        """Note that the reader's feeds are wanted: those of readers who are away for a month rest."""
        with self._writing() as db:
            _do(db, "update reader.reader set seen = %s", (now,))
            _do(db, "select reader.was_here(%s)", (now,))

    def reader(self) -> Reader:
        """Whose store this is now.

        Raises:
            NotFoundError: nobody's.
        """
        with self._reading() as db:
            row = db.connection.exec_driver_sql(f"select {COLUMNS} from reader.reader r").first()
        if row is None:
            raise NotFoundError("the reader", "is not here any more", "newsfeed team readers names them.")
        return reader_of(row)

    # --------------------------------------------------------------------- the list

    def sync(self, subscriptions: Iterable[Subscription], now: datetime) -> SyncReport:
        """Make the reader's list what `subscriptions` says; feeds that nobody else has come into the pool.

        What is taken out keeps its history; back again, only its last days count as new.
        """
        with self._writing() as db:
            secrets = self._secrets(db)
            wanted: dict[str, tuple[int, Subscription]] = {}
            for place, subscription in reversed(list(enumerate(subscriptions))):
                private = private_feeds.is_private(subscription, secrets)
                name = self._name(subscription.url) if private else sweeps.key_of(subscription)
                wanted[name] = (place, subscription)
            have = {
                row[1]: row
                for row in db.connection.exec_driver_sql(
                    "select id, url, outline, place, listed from reader.feed"
                )
            }
            report: dict[str, list[str]] = {"added": [], "removed": [], "changed": []}
            kept = 0
            for name, (place, subscription) in sorted(wanted.items(), key=lambda entry: entry[1][0]):
                url, row = subscription.url, have.get(name)
                private = name.startswith(private_feeds.PREFIX)
                text = sweeps.outline(msgspec.structs.replace(subscription, url=name if private else url))
                if row is None or private:
                    number = self._feed_at(db, name, subscription, secrets, now)
                if row is None:
                    _do(
                        db,
                        "insert into reader.subscription (feed, outline, place, since) values (%s, %s, %s, %s)",
                        (number, text, place, now),
                    )
                    report["added"].append(url)
                    continue
                _do(
                    db,
                    "update reader.subscription set outline = %s, place = %s, listed = true, until = null,"
                    " since = case when listed then since else %s end where feed = %s",
                    (text, place, now, row[0]),
                )
                if not row[4]:
                    report["added"].append(url)
                elif _said(row[2]) != _said(text):
                    report["changed"].append(url)
                else:
                    kept += 1
            for name, row in have.items():
                if row[4] and name not in wanted:
                    _do(
                        db,
                        "update reader.subscription set listed = false, until = %s where feed = %s",
                        (now, row[0]),
                    )
                    report["removed"].append(name)
        return SyncReport(**{word: tuple(urls) for word, urls in report.items()}, kept=kept)

    def _name(self, url: str) -> str:
        return private_feeds.name_of(self._seal, self._dialect.reader or 0, url)

    def _feed_at(
        self,
        db: Transaction,
        name: str,
        subscription: Subscription,
        secrets: Mapping[str, str],
        now: datetime,
    ) -> int:
        """The number of a feed in the pool, which it enters if it wasn't there."""
        private = name.startswith(private_feeds.PREFIX)
        shared = sweeps.shared_part(subscription)
        what = sweeps.outline(msgspec.structs.replace(shared, url=name) if private else shared)
        sealed = private_feeds.close(self._seal, subscription, secrets) if private else None
        values = (name, what, sweeps.bucket(subscription), now, private, sealed)
        return int(_one(db, "select reader.feed_at(%s, %s, %s, %s::timestamp, %s, %s)", values)[0])

    # --------------------------------------------------------------------- private feeds and secrets

    def states(self, *, listed: bool = True) -> list[FeedState]:
        return self._addressed(super().states(listed=listed))

    def state(self, feed: int) -> FeedState:
        return self._addressed([super().state(feed)])[0]

    def _addressed(self, states: list[FeedState]) -> list[FeedState]:
        """These states with the true addresses of private feeds."""
        numbers = [s.feed for s in states if s.subscription.url.startswith(private_feeds.PREFIX)]
        if not numbers:
            return states
        with self._reading() as db:
            rows = db.connection.exec_driver_sql("select * from reader.sealed_of(%s)", (numbers,)).all()
        urls = {number: private_feeds.opened(self._seal, data).url for number, data in rows}
        return [private_feeds.with_address(s, urls[s.feed]) if s.feed in urls else s for s in states]

    def _secrets(self, db: Transaction) -> dict[str, str]:
        rows = db.connection.exec_driver_sql("select host, data from reader.secret").all()
        return {host: self._seal.open(data) for host, data in rows}

    def keep_secret(self, host: str, value: str | None) -> None:
        """Keep the reader's secret for a host, sealed; None takes it away. It goes with feeds at the next `sync`."""
        with self._writing() as db:
            _do(db, "delete from reader.secret where host = %s", (host.lower(),))
            if value is not None:
                sealed = self._seal.close(value)
                _do(db, "insert into reader.secret (host, data) values (%s, %s)", (host.lower(), sealed))

    def secret_hosts(self) -> list[str]:
        """The hosts that the reader has a secret for; what it is, nobody is told."""
        with self._reading() as db:
            found = db.connection.exec_driver_sql("select host from reader.secret order by host")
            return [row[0] for row in found]

    # --------------------------------------------------------------------- editions

    def record_once(self, edition: Edition, shown: Sequence[Shown]) -> bool:
        """Keep an edition if there is none of its date; gives whether it did."""
        with self._writing() as db:
            if _one(db, "select count(*) from reader.edition where date = %s", (edition.date,))[0]:
                return False
            editions_queries.record(db, _without_titles(edition), shown)
            return True

    def record(self, edition: Edition, shown: Sequence[Shown]) -> None:
        super().record(_without_titles(edition), shown)

    def edition(self, date: date) -> Edition | None:
        return self._with_titles(super().edition(date))

    def latest_edition(self) -> Edition | None:
        return self._with_titles(super().latest_edition())

    def _with_titles(self, edition: Edition | None) -> Edition | None:
        """The edition with what its ledger's items are called now; of forgotten ones only where they went is known."""
        if edition is None or not edition.ledger:
            return edition
        names = {s.feed: s.name for s in (*self.states(), *self.states(listed=False))}
        items = {i.id: i for i in self.items({e.item for e in edition.ledger}, body="none")}
        return msgspec.structs.replace(
            edition,
            ledger=tuple(
                msgspec.structs.replace(
                    e,
                    ref=i.ref,
                    title=i.item.title or i.item.link,
                    link=i.item.link,
                    source=names.get(i.feed, ""),
                )
                if (i := items.get(e.item)) is not None
                else e
                for e in edition.ledger
            ),
        )


def _without_titles(edition: Edition) -> Edition:
    """An edition whose ledger refers to items instead of naming them: it is most of an edition otherwise."""
    return msgspec.structs.replace(
        edition,
        ledger=tuple(
            LedgerEntry(item=e.item, ref="", title="", link="", source="", cause=e.cause, detail=e.detail)
            for e in edition.ledger
        ),
    )


def _said(text: str) -> Subscription:
    """What an outline says, wherever it stands in its file."""
    return msgspec.structs.replace(msgspec.json.decode(text, type=Subscription), line=0)


def _do(db: Transaction, query: str, values: Any = ()) -> None:
    db.connection.exec_driver_sql(query, values)


def _one(db: Transaction, query: str, values: Any = ()) -> Any:
    return db.connection.exec_driver_sql(query, values).one()
