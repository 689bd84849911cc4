"""A home's store over the team's tables, for one reader at a time.

It is `Store` itself with another dialect: it uses a role that owns no table, and each transaction names its reader. By
row-level security and views, the tables are then that reader's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Self, TypeVar

import msgspec

from newsfeed.errors import NotFoundError
from newsfeed.model import Edition, FeedState, LedgerEntry, Shown, Subscription, Tagging, TopicScore
from newsfeed.store import Store, editions_queries
from newsfeed.store.dialect import Transaction
from newsfeed.store.records import SyncReport
from newsfeed.team import private_feeds, sweeps
from newsfeed.team.connections import Place, TeamDialect
from newsfeed.team.private_feeds import Seal
from newsfeed.team.readers import COLUMNS, Reader, reader_of

T = TypeVar("T")


class ReaderStore(Store):
    """One reader's part of the team's database at a time: see `working_for`."""

    _dialect: TeamDialect
    _seal: Seal
    _listed: list[FeedState] | None = None  # the reader's feeds, while all is of one moment

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

    def while_unchanged(
        self, name: str, key: object, find: Callable[[], T], again: Callable[[T], T] | None = None
    ) -> T:
        """As in a home; a result cached for one reader is never given to another, nor reused for one (`again`)."""
        return super().while_unchanged(name, (self._dialect.reader, key), find)

    @contextmanager
    def of(self, reader: int) -> Iterator[Self]:
        """This store as a reader's, within the block."""
        assert self._listed is None, "what is viewed in one transaction is one reader's"
        before, self._dialect.reader = self._dialect.reader, reader
        try:
            yield self
        finally:
            self._dialect.reader = before

    @contextmanager
    def viewing(self) -> Iterator[None]:
        """Read all within the block in one transaction, what the reader follows once; nothing may be written meanwhile."""
        with self._turn, self._dialect.in_words(), self._dialect.viewing(self._connection):
            self._listed = self.states()
            try:
                yield
            finally:
                self._listed = None

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
        """Store that the reader's morning is done."""
        with self._writing() as db:
            _do(db, "update shared.morning set owed = false where reader = %s", (self._dialect.reader,))

    def was_here(self, now: datetime) -> None:
        """Store that the reader was active: feeds of readers who are away for a month are not asked."""
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
            # One list at a time enters the pool: two with the same feeds would wait for each other's.
            _do(db, "set local lock_timeout = '60s'")
            _do(db, "select pg_advisory_xact_lock(4)")
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
        if listed and self._listed is not None:
            return [*self._listed]
        return self._addressed(super().states(listed=listed))

    def state(self, feed: int) -> FeedState:
        return self._addressed([super().state(feed)])[0]

    def states_of(self, numbers: Iterable[int], *, listed: bool = False) -> list[FeedState]:
        if listed and self._listed is not None:
            wanted = set(numbers)
            return sorted((s for s in self._listed if s.feed in wanted), key=lambda s: s.feed)
        return self._addressed(super().states_of(numbers, listed=listed))

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
        """Store an edition if there is none of its date; returns whether it did."""
        with self._writing() as db:
            if _one(db, "select count(*) from reader.edition where date = %s", (edition.date,))[0]:
                return False
            editions_queries.record(db, _without_titles(edition), shown)
            return True

    def record(self, edition: Edition, shown: Sequence[Shown]) -> None:
        super().record(_without_titles(edition), shown)

    def edition(self, date: date, *, whole: bool = True) -> Edition | None:
        return self._with_titles(super().edition(date, whole=whole))

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


class JudgingStore(ReaderStore):
    """A store whose taggings are for one reader and one answer or edition only."""

    @classmethod
    def connect(cls, place: Place, role: str, reader: int | None = None) -> Self:
        store = super().connect(place, role, reader)
        store.forget()
        return store

    @contextmanager
    def of(self, reader: int) -> Iterator[Self]:
        """As a reader store's; nothing that was judged for one reader is left for another."""
        self.forget()
        with super().of(reader):
            yield self
        self.forget()

    def forget(self) -> None:
        """Let go what was judged for an answer."""
        self._judged: dict[int, Tagging] = {}

    def save_taggings(self, taggings: Sequence[Tagging], model: str) -> None:
        self._judged |= {t.item: t for t in taggings}

    def tagged(self, numbers: Iterable[int]) -> set[int]:
        wanted = set(numbers)
        return super().tagged(wanted) | (self._judged.keys() & wanted)

    def explained(self, numbers: Iterable[int]) -> set[int]:
        # The pool keeps numbers alone: what decided is worked out for this reader.
        return self._judged.keys() & set(numbers)

    def taggings(self, numbers: Iterable[int], *, why: bool = True) -> dict[int, Tagging]:
        wanted = set(numbers)
        found = super().taggings(wanted, why=why) | {n: t for n, t in self._judged.items() if n in wanted}
        if len(wanted) > 50:
            return found
        said = {c.item: c.topics for c in self.corrections() if c.item in found}
        return found | {item: _as_said(found[item], topics) for item, topics in said.items()}


def _as_said(tagging: Tagging, topics: Sequence[str]) -> Tagging:
    """A tagging with the reader's correction applied."""
    known = {s.topic: s for s in tagging.scores}
    scores = [
        *(msgspec.structs.replace(known.get(t, TopicScore(topic=t, p=1.0)), p=1.0) for t in topics),
        *(msgspec.structs.replace(s, p=min(s.p, 0.49)) for s in tagging.scores if s.topic not in topics),
    ]
    return msgspec.structs.replace(tagging, scores=tuple(scores))
