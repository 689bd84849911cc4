"""The team's database as a home's store speaks with it: who asks is a role that owns nothing, for one reader at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self, TypeAlias

from newsfeed.store.dialect import Transaction
from newsfeed.store.postgres import Postgres, PostgresTransaction
from newsfeed.team.connections import Place

# The dialect's own types stay in the store: a connection and a table.
Connection: TypeAlias = Any
Table: TypeAlias = Any


class TopicNames(dict[int, str]):
    """The names of the topics of packed taggings by their numbers, read when one is met that isn't known yet."""

    _connection: Connection

    def asked_by(self, connection: Connection) -> Self:
        """These, read by this connection from now on."""
        self._connection = connection
        return self

    def __missing__(self, number: int) -> str:
        self.update(
            map(tuple, self._connection.exec_driver_sql("select number, name from shared.topic").all())
        )
        if number not in self:
            raise KeyError(number)
        return self[number]


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
        self._topics = TopicNames()

    @contextmanager
    def read(self, connection: Connection) -> Iterator[Transaction]:
        with connection.begin():
            connection.exec_driver_sql("set transaction isolation level repeatable read read only")
            self._say_who(connection)
            yield TeamTransaction(connection, self._topics.asked_by(connection))

    @contextmanager
    def write(self, connection: Connection) -> Iterator[Transaction]:
        with connection.begin():
            self._say_who(connection)
            if self.reader is not None:
                # A home has one writer at a time, and so has a reader.
                connection.exec_driver_sql("select pg_advisory_xact_lock(1, %s)", (self.reader,))
            yield TeamTransaction(connection, self._topics.asked_by(connection))

    def _say_who(self, connection: Connection) -> None:
        if self.reader is not None:
            connection.exec_driver_sql("select set_config('newsfeed.reader', %s, true)", (str(self.reader),))
