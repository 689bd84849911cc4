"""Sign-ins under way: what was asked of a browser or a provider, to be answered once and soon."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from newsfeed.errors import NewsfeedError
from newsfeed.pipeline.reports import Clock
from newsfeed.team.connections import DOOR, Place, connect
from newsfeed.team.readers import hashed

LASTS = timedelta(minutes=10)
OF_ONE_ADDRESS = 100  # that are begun and not answered; a whole company may come from one
OF_ALL = 10_000


class TooManyError(NewsfeedError):
    """More sign-ins are begun than people can have meant."""


class Attempts:
    """Kept in the database, so that any process may take the answer; each is gone once it was taken."""

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
