"""The attributes of our own that an outline may have, `newsfeed-…`, and how mistakes in them are told.

A mistake is told, never punished: the option is handed on as it is written, and who reads it decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import NamedTuple

_YES_OR_NO = (r"yes|no|true|false|on|off|1|0", "yes or no")


class Option(NamedTuple):
    """One option: what it does, the pattern of its values, and the same in words."""

    meaning: str
    pattern: str
    values: str


OPTIONS: Mapping[str, Option] = {
    "must-read": Option("its items come first, and a failure of it is told at once", *_YES_OR_NO),
    "mute": Option("nothing of it is shown, or nothing with these words", r"\S.*", "yes, or words with commas between"),
    "weight": Option("its items count for more or less", r"\d*\.?\d+", "a number from 0.25 to 4"),
    "cap": Option("the most that an edition takes from it", r"\d{1,3} ?%?", "a number of picks, or a share as in 30%"),
    "paywall": Option("its articles are for subscribers", *_YES_OR_NO),
    "label": Option("what you call its kind (owner, country, leaning): the account of breadth weighs them", r"(?=.*[^\s,;]).*", "words with commas between"),
    "language": Option("the language its items are in, whatever it says", r"[A-Za-z]{2,3}(?:[-_]\w{2,8})?", "a code as in de"),
    "boosts": Option("posts of others that an account passes on are items too", *_YES_OR_NO),
    "replies": Option("an account's answers to others are items too", *_YES_OR_NO),
    "min-points": Option("posts with fewer points are left out", r"\d{1,6}", "a whole number"),
    "source": Option("the kind of source to read it as", r"[a-z][a-z0-9-]*", "a word as in mastodon"),
    "shorts": Option("short videos of a channel are items too", *_YES_OR_NO),
    "adult": Option("posts marked as not safe for work are items too", *_YES_OR_NO),
    "split": Option("a letter that is a list of links is split into its items", *_YES_OR_NO),
    "daily-posts": Option("the most posts of X that are read a day; each costs money", r"\d{1,5}", "a whole number"),
    "api": Option("where the network's interface is asked, if elsewhere", r"https?://\S+", "an address with https://"),
}  # fmt: skip

BOUNDS: Mapping[str, tuple[float, float]] = {"weight": (0.25, 4), "cap": (0, 100)}


def mistake(name: str, value: str) -> tuple[str, str] | None:
    """What is wrong with an option and how to mend it; None where nothing is."""
    known = OPTIONS.get(name)
    if known is None:
        near = get_close_matches(name, OPTIONS, n=1)
        repair = f"Did you mean newsfeed-{near[0]}?" if near else f"There are: {', '.join(OPTIONS)}."
        return f"newsfeed-{name[:40]} is no option", repair
    if re.fullmatch(known.pattern, value.strip(), re.IGNORECASE):
        return _beyond(name, value)
    return f"newsfeed-{name} has a value that can't be read", f"Write {known.values}."


def _beyond(name: str, value: str) -> tuple[str, str] | None:
    """What is wrong with a number that can be read but isn't taken as it is; None where nothing is."""
    if name not in BOUNDS or (name == "cap" and "%" not in value):
        return None
    low, high = BOUNDS[name]
    number = float(value.rstrip("% "))
    if low <= number <= high:
        return None
    taken = f"{low if number < low else high:g}{'%' if name == 'cap' else ''}"
    return f"newsfeed-{name} is out of bounds, so {taken} is taken", f"Write {OPTIONS[name].values}."


def misspelt(attribute: str) -> tuple[str, str] | None:
    """What is wrong with an attribute that looks like an option of ours and is none, as `newsfeed_mute`; None for
    any other."""
    looks = re.match(r"newsfeed(?![-:])[^a-z0-9]*(?=.)", attribute, re.IGNORECASE)
    if looks is None:
        return None
    near = get_close_matches(attribute[looks.end() :].lower(), OPTIONS, n=1)
    repair = f"Did you mean newsfeed-{near[0]}?" if near else f"There are: {', '.join(OPTIONS)}."
    return f"{attribute[:50]} is no option", repair
