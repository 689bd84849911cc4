"""When to train anew."""

from __future__ import annotations

from datetime import datetime, timedelta

from newsfeed.model import Record

FIRST_ITEMS = 150  # own items from which on training beats the shipped weights
MANY_CORRECTIONS = 10  # trained on at once
SETTLE = timedelta(hours=20)  # fewer corrections wait till the next day
STALE = timedelta(days=7)
GROWN = 1.3  # so many times the items of last time


class Trained(Record, frozen=True, kw_only=True):
    """What the weights in force were made of. `inputs` is a hash of folders and topic settings."""

    at: datetime
    items: int
    corrections: int
    inputs: str


def due(last: Trained | None, *, now: datetime, items: int, corrections: int, inputs: str) -> str:
    """Why training is due, in words, or "" when it is not.

    `items` and `corrections` are all there are now; `inputs` hashes folders and topic settings as they are now.
    """
    if last is None:
        if corrections or items >= FIRST_ITEMS:
            return "not trained yet"
        return ""
    if inputs != last.inputs:
        return "folders or topics changed"
    new = corrections - last.corrections
    age = now - last.at
    if abs(new) >= MANY_CORRECTIONS:
        return f"{abs(new)} corrections since"
    if new and age >= SETTLE:
        return f"{abs(new)} correction{'s' if abs(new) > 1 else ''} since"
    if items >= GROWN * last.items and items - last.items >= FIRST_ITEMS and age >= SETTLE:
        return f"{items - last.items} items since"
    if age >= STALE and items > last.items:
        return f"last trained {age.days} days ago"
    return ""
