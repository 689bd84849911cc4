"""Sessions of readers' browsers: an opaque token in a cookie, of which the database stores a hash.

A session ends when it was not used for the idle time, or when it is as old as the setting lets it be.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from newsfeed.errors import NewsfeedError
from newsfeed.model import Record
from newsfeed.pipeline.reports import Clock
from newsfeed.team.connections import DOOR, Place, connect
from newsfeed.team.readers import COLUMNS, Reader, hashed, reader_of
from newsfeed.team.site import SessionSetting

NOTED = timedelta(minutes=5)  # between two notes that a session was used


class ReaderSession(Record, frozen=True, kw_only=True):
    """A reader who is signed in."""

    reader: Reader
    by: str  # how: "oidc", "passkey", "proxy", "invitation"
    token: str

    @property
    def form(self) -> str:
        """What each form of this session carries."""
        return form_token(self.token)


def form_token(token: str) -> str:
    """The token in forms, derived from the session's token without revealing it."""
    return hmac.new(token.encode(), b"form", "sha256").hexdigest()[:43]


class Sessions:
    """All sessions; any process knows them."""

    def __init__(self, place: Place, clock: Clock, setting: SessionSetting) -> None:
        self._place = place
        self._clock = clock
        self._setting = setting

    def begin(self, reader: Reader, by: str, former: str = "") -> ReaderSession:
        """A new session, never one that the browser sent, which is ended."""
        token, now = secrets.token_urlsafe(32), self._clock()
        with connect(self._place, DOOR) as c:
            c.execute("delete from reader.session where until < %s or hash = %s", (now, hashed(former)))
            c.execute(
                "insert into reader.session (hash, reader, made, until, data) values (%s, %s, %s, %s, %s)",
                (hashed(token), reader.id, now, self._until(now, now), json.dumps({"by": by})),
            )
            c.execute("update reader.reader set seen = %s where reader = %s", (now, reader.id))
        return ReaderSession(reader=reader, by=by, token=token)

    def find(self, token: str) -> ReaderSession | None:
        """The session of a token while it lasts; it lasts longer by that."""
        now = self._clock()
        with connect(self._place, DOOR) as c:
            row: Any = c.execute(
                f"select {COLUMNS}, s.made, s.until, s.data from reader.session s join reader.reader r using (reader)"
                " where s.hash = %s and s.until > %s",
                (hashed(token), now),
            ).fetchone()
            if row is None:
                return None
            *_, made, until, data = row
            if made + self._setting.lifetime <= now:
                return None
            if (later := self._until(made, now)) - until > NOTED:
                c.execute("update reader.session set until = %s where hash = %s", (later, hashed(token)))
                c.execute("update reader.reader set seen = %s where reader = %s", (now, row[0]))
        return ReaderSession(reader=reader_of(row), by=data.get("by", ""), token=token)

    def end(self, token: str) -> None:
        """Sign out."""
        with connect(self._place, DOOR) as c:
            c.execute("delete from reader.session where hash = %s", (hashed(token),))

    def end_all(self, reader: Reader) -> None:
        """Sign out everywhere."""
        with connect(self._place, DOOR) as c:
            c.execute("delete from reader.session where reader = %s", (reader.id,))

    def count(self, reader: Reader) -> int:
        """In how many browsers a reader is signed in."""
        with connect(self._place, DOOR) as c:
            row = c.execute(
                "select count(*) from reader.session where reader = %s and until > %s",
                (reader.id, self._clock()),
            ).fetchone()
        return int(row[0]) if row else 0

    def _until(self, made: Any, now: Any) -> Any:
        return min(now + self._setting.idle, made + self._setting.lifetime)


LASTS = timedelta(minutes=10)  # enough for a second factor; a promise of SECURITY.md
OF_ONE_ADDRESS = 100  # unanswered sign-ins from one address; a whole company may share one
OF_ALL = 10_000  # bounds the table; far more people than sign in within ten minutes


class TooManyError(NewsfeedError):
    """More sign-ins were begun than people can have intended."""


class Attempts:
    """Sign-ins under way, stored in the database so that any process can handle the answer; each can be taken once."""

    def __init__(self, place: Place, clock: Clock) -> None:
        self._place = place
        self._clock = clock

    def begin(self, kind: str, browser: str, address: str, data: Mapping[str, Any]) -> str:
        """Keep what is asked of a browser at an address; gives the token that the answer must bring.

        Raises:
            TooManyError: that address, or all together, began too many that nobody answered.
        """
        token, now = secrets.token_urlsafe(32), self._clock()
        kept = json.dumps({"kind": kind, "browser": hashed(browser), "from": hashed(address), **data})
        with connect(self._place, DOOR) as c:
            c.execute("delete from reader.attempt where until < %s", (now,))
            open_ = c.execute(
                "select count(*), count(*) filter (where data->>'from' = %s) from reader.attempt",
                (hashed(address),),
            ).fetchone()
            assert open_ is not None
            if open_[0] >= OF_ALL or open_[1] >= OF_ONE_ADDRESS:
                raise TooManyError("", "Too many sign-ins were begun here.", "Try again in ten minutes.")
            c.execute("insert into reader.attempt values (%s, %s, %s)", (hashed(token), now + LASTS, kept))
        return token

    def take(self, kind: str, browser: str, token: str) -> dict[str, Any] | None:
        """What was kept under a token; None where it was taken, is too old, or belongs to another browser."""
        with connect(self._place, DOOR) as c:
            row = c.execute(
                "delete from reader.attempt where hash = %s returning until, data", (hashed(token),)
            ).fetchone()
        if row is None or row[0] <= self._clock():
            return None
        data: dict[str, Any] = row[1]
        return data if data["kind"] == kind and browser and data["browser"] == hashed(browser) else None
