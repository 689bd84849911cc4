"""The options beside a feed in the list (`newsfeed-must-read="yes"`); this is the only place that parses them.

An invalid value has no effect, and `mistake` reports it when the list is read; both use the same patterns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple

import msgspec

from newsfeed.model import Options
from newsfeed.text.links import safe_url
from newsfeed.text.spoken import say

_YES = frozenset({"1", "yes", "on", "true", "always"})
_NO = frozenset({"0", "no", "off", "false", "never", "none"})
_YES_OR_NO = ("|".join(sorted(_YES | _NO)), "yes or no")
_LISTED = (r"(?=.*[^\s,;]).*", "words with commas between")
_WHOLE_NUMBER = (r"\d{1,6}", "a whole number")


class Option(NamedTuple):
    """One option: what it does, the pattern of its values, and the pattern in words."""

    meaning: str
    pattern: str
    values: str


OPTIONS: Mapping[str, Option] = {
    "must-read": Option("its items come first, and a failure of it is told at once", *_YES_OR_NO),
    "mute": Option("nothing of it is shown, or nothing with these words", _LISTED[0], "yes, or words with commas between"),
    "weight": Option("its items count for more or less", r"\d*\.?\d+", "a number from 0.25 to 4"),
    "cap": Option("the most that an edition takes from it", r"\d{1,3} ?%?", "a number of picks, or a share as in 30%"),
    "paywall": Option("its articles are for subscribers", *_YES_OR_NO),
    "label": Option("what you call its kind (owner, country, leaning): the account of breadth weighs them", *_LISTED),
    "language": Option("the language its items are in, whatever it says", r"[A-Za-z]{2,3}(?:[-_]\w{2,8})?", "a code as in de"),
    "boosts": Option("posts of others that an account passes on are items too", *_YES_OR_NO),
    "replies": Option("an account's answers to others are items too", *_YES_OR_NO),
    "min-points": Option("posts with fewer points are left out", *_WHOLE_NUMBER),
    "source": Option("the kind of source to read it as", r"[a-z][a-z0-9-]*", "a word as in mastodon"),
    "shorts": Option("short videos of a channel are items too", *_YES_OR_NO),
    "adult": Option("posts marked as not safe for work are items too", *_YES_OR_NO),
    "split": Option("a newsletter that is a list of links is split into its items", *_YES_OR_NO),
    "daily-posts": Option("the most posts of X that are read a day; each costs money", *_WHOLE_NUMBER),
    "api": Option("where the network's interface is asked, if elsewhere", r"https?://\S+", "an address with https://"),
}  # fmt: skip
# Options that only the edition uses: in a team these are personal; feeds that differ in others are not shared.
_OF_THE_EDITION = frozenset({"must-read", "mute", "weight", "cap", "paywall", "label"})


def of_the_feed(written: Mapping[str, str]) -> dict[str, str]:
    """The options that decide how a feed is asked and read."""
    return {name: value for name, value in written.items() if name not in _OF_THE_EDITION}


_BOUNDS: Mapping[str, tuple[float, float]] = {
    "weight": (0.25, 4),
    "cap": (0, 100),
}  # `cap` as a share, in percent


def options(written: Mapping[str, str]) -> Options:
    """The options of an outline, given by their names without the prefix."""
    return _options(tuple(sorted(written.items()))) if written else _NONE


_NONE = Options()


@lru_cache(maxsize=4_096)  # called for every post of a feed; most lists have few different ones
def _options(written: tuple[tuple[str, str], ...]) -> Options:
    found: dict[str, object] = {}
    for name, value in ((name, value.strip()) for name, value in written):
        if not _readable(name, value):
            continue
        match name:
            case "mute":
                found["muted"] = is_yes(value)
                found["muted_words"] = () if is_yes(value) or is_no(value) else _listed(value)
            case "label":
                found["labels"] = _listed(value)
            case "weight":
                found["weight"] = _bounded(name, float(value))
            case "cap" if value.endswith("%"):
                found["cap"] = _bounded(name, float(value.rstrip("% "))) / 100
            case "cap":
                found["most"] = int(value)
            case "min-points" | "daily-posts":
                found[_field(name)] = int(value)
            case "api":
                found["api"] = safe_url(value).rstrip("/")
            case "language" | "source":
                found[name] = value
            case _:
                found[_field(name)] = is_yes(value)
    return msgspec.convert(found, Options)


def _readable(name: str, value: str) -> bool:
    return (
        name in OPTIONS and re.fullmatch(OPTIONS[name].pattern, value, re.IGNORECASE | re.ASCII) is not None
    )


def _field(name: str) -> str:
    return name.replace("-", "_")


def _bounded(name: str, number: float) -> float:
    low, high = _BOUNDS[name]
    return min(high, max(low, number))


def _listed(value: str) -> tuple[str, ...]:
    return tuple(" ".join(word.split()) for word in re.split("[,;]", value) if word.strip())


def is_yes(written: str) -> bool:
    """Whether a value means yes, ignoring case and surrounding spaces."""
    return written.strip().casefold() in _YES


def is_no(written: str) -> bool:
    """Whether a value means no; an empty one does."""
    return written.strip().casefold() in _NO | {""}


def mistake(name: str, value: str) -> tuple[str, str] | None:
    """What is wrong with an option and how to fix it; None if nothing is."""
    if name not in OPTIONS:
        return say("newsfeed-{name} is no option", name=name[:40]), _meant(name)
    if not _readable(name, value.strip()):
        return say("newsfeed-{name} has a value that can't be read", name=name), _written(name)
    if name in _BOUNDS and (name != "cap" or "%" in value):
        number = float(value.rstrip("% "))
        if (taken := _bounded(name, number)) != number:
            said = f"{taken:g}{'%' if name == 'cap' else ''}"
            return say(
                "newsfeed-{name} is out of bounds, so {taken} is taken", name=name, taken=said
            ), _written(name)
    return None


def misspelt(attribute: str) -> tuple[str, str] | None:
    """What is wrong with an attribute that looks like an option of ours and is none, as `newsfeed_mute`; None for
    any other."""
    looks = re.match(r"newsfeed(?![-:])[^a-z0-9]*(?=.)", attribute, re.IGNORECASE)
    return (
        (say("{name} is no option", name=attribute[:50]), _meant(attribute[looks.end() :].lower()))
        if looks
        else None
    )


def _meant(name: str) -> str:
    near = get_close_matches(name, OPTIONS, n=1)
    return (
        say("Did you mean newsfeed-{name}?", name=near[0])
        if near
        else say("There are: {names}.", names=", ".join(OPTIONS))
    )


def _written(name: str) -> str:
    return say("Write {values}.", values=say(OPTIONS[name].values))
