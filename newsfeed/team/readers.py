"""Readers, their credentials and invitations.

    readers = Readers(place, clock)
    ada = readers.add("ada", mail="ada@example.org")
    token = readers.invite(ada)                    # goes into a link, is kept as a hash only
    readers.accepted(token)                        # -> ada, once
    readers.add_credential(ada, "oidc", key_of(issuer, subject))
    readers.by_credential("oidc", key_of(issuer, subject))      # -> ada

All of this uses the sign-in role, which sees nothing of what anybody reads.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from newsfeed import config
from newsfeed.errors import NotFoundError, SettingsError
from newsfeed.model import Record, Settings
from newsfeed.pipeline.days import coming
from newsfeed.pipeline.reports import Clock
from newsfeed.team.connections import DOOR, Place, connect

NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # sorts after every real moment


def next_hour(zone: str, hour: str, days: Collection[str], after: datetime) -> datetime:
    """The next time after `after` at which the hour of a day with an edition comes, in UTC; `NEVER` without any."""
    return coming(after, zone, hour, days) or NEVER


NAME = re.compile(r"[\w][\w.@+-]{0,63}")
INVITED = timedelta(days=7)  # includes a weekend and a short absence


class Reader(Record, frozen=True, kw_only=True):
    """A reader of the team."""

    id: int
    name: str  # short, unique: what the admin types
    mail: str = ""
    settings: str = ""  # the text of their newsfeed.toml
    admin: bool = False
    shows_lists: bool = False
    made: datetime
    seen: datetime


class Credential(Record, frozen=True, kw_only=True):
    """One way to identify a reader: kind "oidc", "proxy" or "passkey", with the data it needs."""

    kind: str
    key: str
    data: Mapping[str, Any] = {}
    made: datetime
    used: datetime | None = None


COLUMNS = "r.reader, r.name, r.mail, r.settings, r.admin, r.shows_lists, r.made, r.seen"


def reader_of(row: Any) -> Reader:
    """The reader in a row that begins with `COLUMNS`."""
    return Reader(**dict(zip(Reader.__struct_fields__, row[:8], strict=True)))


def hashed(token: str) -> str:
    """The hash of a token, which is all that is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


class Readers:
    """The readers of a team; every method is one transaction.

    Raises:
        StoreError: the database can't be reached.
    """

    def __init__(self, place: Place, clock: Clock) -> None:
        self.place = place
        self.clock = clock

    def _one(self, query: str, values: Any) -> Reader | None:
        with connect(self.place, DOOR) as c:
            row = c.execute(query, values).fetchone()
        return reader_of(row) if row else None

    # --------------------------------------------------------------------- readers

    def add(self, name: str, *, mail: str = "", settings: str = "", admin: bool = False) -> Reader:
        """A new reader.

        Raises:
            SettingsError: the name is taken or can't be one, or the settings can't be read.
        """
        if not NAME.fullmatch(name):
            raise SettingsError(
                name, "is no name for a reader", "Use letters, digits and . @ + - _, at most 64."
            )
        found = self.settings(settings)
        now = self.clock()
        with connect(self.place, DOOR) as c:
            row = c.execute(
                "insert into reader.reader as r (name, mail, settings, admin, made, seen) values (%s, %s, %s, %s, %s, %s)"
                f" on conflict (name) do nothing returning {COLUMNS}",
                (name, mail, settings, admin, now, now),
            ).fetchone()
            if row is None:
                raise SettingsError(name, "there is a reader of that name", "Choose another name.")
            _set_morning(c, row[0], found, now)
        return reader_of(row)

    def settings(self, text: str) -> Settings:
        """A reader's settings, read; the machine's and the network's are not theirs to set.

        Raises:
            SettingsError: they can't be read.
        """
        return config.parse(text, {}, home=self.place.folder)

    def all(self) -> list[Reader]:
        """Every reader, by name."""
        with connect(self.place, DOOR) as c:
            return [
                reader_of(row) for row in c.execute(f"select {COLUMNS} from reader.reader r order by r.name")
            ]

    def named(self, name: str) -> Reader:
        """The reader of that name or mail address.

        Raises:
            NotFoundError: there is none.
        """
        found = self._one(
            f"select {COLUMNS} from reader.reader r where r.name = %s or (r.mail = %s and r.mail <> '')"
            " order by r.name <> %s limit 1",
            (name, name, name),
        )
        if found is None:
            raise NotFoundError(name, "there is no such reader", "newsfeed team readers names them.")
        return found

    def change(
        self,
        reader: Reader,
        *,
        mail: str | None = None,
        settings: str | None = None,
        admin: bool | None = None,
        shows_lists: bool | None = None,
    ) -> Reader:
        """The reader with some of it changed; their next morning follows their hour and zone.

        Raises:
            SettingsError: the settings can't be read.
        """
        text = reader.settings if settings is None else settings
        found = self.settings(text)
        with connect(self.place, DOOR) as c:
            row = c.execute(
                "update reader.reader r set mail = coalesce(%s, mail), settings = %s, admin = coalesce(%s, admin),"
                f" shows_lists = coalesce(%s, shows_lists) where r.reader = %s returning {COLUMNS}",
                (mail, text, admin, shows_lists, reader.id),
            ).fetchone()
            if row is None:
                raise NotFoundError(reader.name, "this reader was removed", "")
            if settings is not None:
                _set_morning(c, reader.id, found, self.clock())
        return reader_of(row)

    def remove(self, reader: Reader) -> None:
        """Delete a reader with every row that is theirs; feeds that nobody else follows are not asked any more."""
        with connect(self.place, DOOR) as c:
            private = c.execute("select reader.private_feeds_of(%s)", (reader.id,)).fetchall()
            c.execute("delete from reader.reader where reader = %s", (reader.id,))
            c.execute("select reader.drop_private_feeds(%s)", ([row[0] for row in private],))

    # --------------------------------------------------------------------- invitations

    def invite(self, reader: Reader, *, lasts: timedelta = INVITED) -> str:
        """A token that lets its bearer in as this reader, once."""
        token, now = secrets.token_urlsafe(32), self.clock()
        with connect(self.place, DOOR) as c:
            c.execute(
                "insert into reader.invitation values (%s, %s, %s, %s)",
                (hashed(token), reader.id, now, now + lasts),
            )
        return token

    def invited(self, token: str) -> Reader | None:
        """The reader whom a valid invitation is for, without using it up."""
        return self._one(
            f"select {COLUMNS} from reader.invitation i join reader.reader r using (reader)"
            " where i.hash = %s and i.used is null and i.until > %s",
            (hashed(token), self.clock()),
        )

    def accepted(self, token: str) -> Reader | None:
        """The reader whom an invitation is for, using it up; None if it is no longer valid."""
        return self._one(
            f"update reader.invitation i set used = %s from reader.reader r where i.reader = r.reader"
            f" and i.hash = %s and i.used is null and i.until > %s returning {COLUMNS}",
            (self.clock(), hashed(token), self.clock()),
        )

    # --------------------------------------------------------------------- credentials

    def add_credential(
        self, reader: Reader, kind: str, key: str, data: Mapping[str, Any] | None = None
    ) -> None:
        """Add a credential of a reader.

        Raises:
            SettingsError: it is another reader's.
        """
        with connect(self.place, DOOR) as c:
            row = c.execute(
                "insert into reader.credential as k (reader, kind, key, data, made) values (%s, %s, %s, %s, %s)"
                " on conflict (kind, key) do update set data = excluded.data where k.reader = excluded.reader returning 1",
                (reader.id, kind, key, json.dumps(dict(data or {})), self.clock()),
            ).fetchone()
        if row is None:
            raise SettingsError(f"this {kind}", "belongs to another reader", "Sign in as that one.")

    def by_credential(self, kind: str, key: str) -> tuple[Reader, Credential] | None:
        """The reader with this credential, and the data stored with it."""
        with connect(self.place, DOOR) as c:
            row = c.execute(
                f"select {COLUMNS}, k.kind, k.key, k.data, k.made, k.used from reader.credential k"
                " join reader.reader r using (reader) where k.kind = %s and k.key = %s",
                (kind, key),
            ).fetchone()
        return (reader_of(row), _credential(row[8:])) if row else None

    def credentials(self, reader: Reader) -> list[Credential]:
        """All credentials of a reader."""
        with connect(self.place, DOOR) as c:
            rows = c.execute(
                "select kind, key, data, made, used from reader.credential where reader = %s order by made",
                (reader.id,),
            ).fetchall()
        return [_credential(row) for row in rows]

    def used_credential(self, kind: str, key: str, data: Mapping[str, Any] | None = None) -> None:
        """Store that a credential was used, and what that changed (a passkey's counter)."""
        with connect(self.place, DOOR) as c:
            c.execute(
                "update reader.credential set used = %s, data = coalesce(%s, data) where kind = %s and key = %s",
                (self.clock(), json.dumps(dict(data)) if data is not None else None, kind, key),
            )

    def drop_credential(self, reader: Reader, kind: str, key: str) -> None:
        """Remove a credential."""
        with connect(self.place, DOOR) as c:
            c.execute(
                "delete from reader.credential where reader = %s and kind = %s and key = %s",
                (reader.id, kind, key),
            )


def _set_morning(c: Any, reader: int, settings: Settings, now: datetime) -> None:
    zone, hour, days = settings.timezone, settings.schedule.hour, settings.schedule.days
    c.execute(
        "insert into shared.morning values (%s, %s, %s, %s, %s) on conflict (reader) do update"
        " set at = excluded.at, zone = excluded.zone, hour = excluded.hour, days = excluded.days",
        (reader, next_hour(zone, hour, days, now), zone, hour, list(days)),
    )


def _credential(row: Any) -> Credential:
    return Credential(**dict(zip(Credential.__struct_fields__, row, strict=True)))


def key_of(*parts: str) -> str:
    """One key of several parts, none of which can be mistaken for another's end."""
    return json.dumps(parts)
