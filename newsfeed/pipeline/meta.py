"""Small facts that the verbs keep in the store: one list of all keys, each with the type of its value."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Generic, TypeVar

import msgspec

from newsfeed.model import Record
from newsfeed.store import Store
from newsfeed.topics.retrain import Trained

T = TypeVar("T")


class Fact(Record, Generic[T], frozen=True):
    """A key and the type of its value. For facts about one of many (a feed, a day), `name` is the prefix of the key."""

    name: str
    kind: type[T]


class MailTrouble(Record, frozen=True, kw_only=True):
    """The failed attempts at one morning's mail, kept until one succeeds."""

    date: date
    tries: int
    settings: str  # the settings tried; after a change, a new attempt is made at once
    text: str
    repair: str = ""
    next_try: datetime | None = None  # None: not before the reader has done something


PREPARED = Fact("prepared", date)  # the day whose page was made ahead of its hour
NOTICED = Fact("noticed", date)  # the day whose notice was sent, or was about to be
DAY_OF_CARE = Fact("day of care", date)  # when old items were last deleted
MAIL_TROUBLE = Fact("mail trouble", MailTrouble)
TOLD_OF_LIMIT = Fact("told of the starter's limit", str)
BEHIND = Fact("feed behind ", str)  # by a website's address: where its feed was found
PROPOSAL = Fact("proposal for ", str)  # by a feed's address: the feed named by a page found there instead
ARTICLES = Fact("articles asked ", str)  # by day: the items whose articles were read, separated by commas
TAGGED_BY = Fact("topics tagged by", str)  # the settings and weights that the tags were made with
TRAINED = Fact("topics trained", Trained)  # what the weights in force were made of
# The day and the cause; training isn't tried again for a day
TRAINING_FAILED = Fact("topics training failed", str)
# By item: why a correction was asked for, how many others it changed, and the reader's earlier words.
ANSWERS = Fact("topics answers", dict[str, str])
MOVED = Fact("topics moved", dict[str, str])
EARLIER = Fact("topics said earlier", dict[str, str])
# By item: its value before the reader's thumb, and why it was asked for.
SAID = Fact("value said", dict[int, tuple[float, str]])


def read(store: Store, key: Fact[T], of: str = "") -> T | None:
    """The value of a key, for one of many if `of` is given; None if there is none."""
    text = store.get_meta(key.name + of)
    return None if text is None else _read(text, key)


def read_all(store: Store, key: Fact[T]) -> dict[str, T]:
    """The values of a key by what they are about."""
    return {of: _read(text, key) for of, text in store.metas(key.name).items()}


def keep(store: Store, key: Fact[T], value: T | None, of: str = "") -> None:
    """Store a value under a key, for one of many if `of` is given; None removes it."""
    store.set_meta(key.name + of, None if value is None else _written(value))


# Texts and days are stored as they are, everything else as JSON.


def _written(value: object) -> str:
    if isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, date) else msgspec.json.encode(value).decode()


def _read(text: str, key: Fact[T]) -> T:
    kind: Any = key.kind
    if kind is str:
        found: Any = text
    else:
        found = date.fromisoformat(text) if kind is date else msgspec.json.decode(text, type=kind)
    return found  # type: ignore[no-any-return]
