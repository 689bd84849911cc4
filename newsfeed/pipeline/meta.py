"""The small facts that the verbs keep in the store: every key, with the type of its value, in one list."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Generic, TypeVar

import msgspec

from newsfeed.model import Record
from newsfeed.store import Store
from newsfeed.topics.retrain import Trained

T = TypeVar("T")


class Fact(Record, Generic[T], frozen=True):
    """A key and the type of its value. Where there is one of each of many (feeds, days), all their keys begin so."""

    name: str
    kind: type[T]


class MailTrouble(Record, frozen=True, kw_only=True):
    """The failed tries of one morning's mail, kept until one succeeds."""

    date: date
    tries: int
    settings: str  # what was tried with; with others a new try is made at once
    text: str
    repair: str = ""
    next_try: datetime | None = None  # None: not before its owner has done something


PREPARED = Fact("prepared", date)  # the day whose page was made ahead of its hour
NOTICED = Fact("noticed", date)  # the day whose notice went out, or was about to
DAY_OF_CARE = Fact("day of care", date)  # when old items were last forgotten
MAIL_TROUBLE = Fact("mail trouble", MailTrouble)
TOLD_OF_LIMIT = Fact("told of the starter's limit", str)
BEHIND = Fact("feed behind ", str)  # of a website's address: where its feed was found
PROPOSAL = Fact("proposal for ", str)  # of a feed's address: what a page in its place named
ARTICLES = Fact("articles asked ", str)  # of a day: the items whose articles were read, with commas
TAGGED_BY = Fact("topics tagged by", str)  # the settings and values that the tags were made with
TRAINED = Fact("topics trained", Trained)  # what the weights in force were made of
TRAINING_FAILED = Fact("topics training failed", str)  # the day and the cause; a failure rests for a day
# By item: why a correction was asked for, how many others it changed, and the reader's earlier words.
ANSWERS = Fact("topics answers", dict[str, str])
MOVED = Fact("topics moved", dict[str, str])
EARLIER = Fact("topics said earlier", dict[str, str])
# By item: its value before the reader's word on it, and why it was asked.
SAID = Fact("value said", dict[int, tuple[float, str]])


def read(store: Store, key: Fact[T], of: str = "") -> T | None:
    """What is kept under a key, of one of many where each has its own; None where nothing is."""
    text = store.get_meta(key.name + of)
    return None if text is None else _read(text, key)


def read_all(store: Store, key: Fact[T]) -> dict[str, T]:
    """What is kept under a key, of each of many."""
    return {of: _read(text, key) for of, text in store.metas(key.name).items()}


def keep(store: Store, key: Fact[T], value: T | None, of: str = "") -> None:
    """Keep a value under a key, of one of many where each has its own; None takes it away."""
    store.set_meta(key.name + of, None if value is None else _written(value))


# Texts and days stand as they are, all else as JSON.


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
