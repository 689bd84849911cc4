"""The small facts that the verbs keep in the store's table `meta`: every key, in one list."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

import msgspec

from newsfeed.store import Store

Value = TypeVar("Value")


class Fact(StrEnum):
    """A key of `meta`. One that ends in a space is followed by what the fact is about."""

    PREPARED = "prepared"  # the day whose page was made ahead of its hour
    NOTICED = "noticed"  # the day whose notice went out, or was about to
    DAY_OF_CARE = "day of care"  # when old items were last forgotten
    ARTICLES = "articles asked "  # and a date: the items whose articles were read that morning
    BEHIND = "feed behind "  # and a website's address: where its feed was found
    PROPOSAL = "proposal for "  # and a feed's address: what a page in its place named
    MAIL_TROUBLE = "mail trouble"  # the failed tries of one morning's mail
    TOLD_OF_LIMIT = "told of the starter's limit"
    TAGGED_BY = "topics tagged by"  # the settings and values that the tags were made with
    TRAINED = "topics trained"  # what the weights in force were made of
    TRAINING_FAILED = "topics training failed"  # the day and the cause; a failure rests for a day
    MOVED = "topics moved"  # by item: how many others its correction changed
    ANSWERS = "topics answers"  # by item: why it was asked for
    EARLIER = "topics said earlier"  # by item: the reader's earlier words, taken back one by one
    SAID = "value said"  # by item: its value before the reader's word on it, and why it was asked


def read_fact(store: Store, fact: Fact, kind: type[Value]) -> Value | None:
    """A fact that is kept as JSON; None where it isn't kept."""
    kept = store.get_meta(fact)
    return msgspec.json.decode(kept, type=kind) if kept else None


def write_fact(store: Store, fact: Fact, value: object) -> None:
    """Keep a fact as JSON."""
    store.set_meta(fact, msgspec.json.encode(value).decode())
