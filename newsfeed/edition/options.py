"""What the reader wrote beside a feed in the list (`newsfeed-must-read`, `newsfeed-mute`, …), read once."""

from __future__ import annotations

import re
from dataclasses import dataclass

from newsfeed import text
from newsfeed.edition import constants as c
from newsfeed.model import FeedFacts


@dataclass(frozen=True)
class Options:
    """A feed's options as the edition understands them; what can't be understood changes nothing."""

    must_read: bool = False
    muted: bool = False
    muted_words: tuple[str, ...] = ()
    weight: float = 1.0
    cap: float = c.SOURCE_CAP  # share of the minutes for its second and later picks
    most: int = -1  # picks; -1: no limit
    paywall: bool = False
    labels: tuple[str, ...] = ()  # what the reader calls its kind: an owner, a country, a leaning


def options(feed: FeedFacts | None) -> Options:
    """Read a feed's options.

    `mute` is yes, or words that mute only this feed's items, with commas. `weight` multiplies worth (.25 to 4).
    `cap` is a share ("30%") or a number of picks ("2"). `label` is one label or several, with commas.
    """
    given = feed.options if feed is not None else {}
    mute = given.get("mute", "").strip()
    whole = text.is_yes(mute)
    words = () if whole or text.is_no(mute) else _listed(mute)
    cap, most = c.SOURCE_CAP, -1
    if match := re.fullmatch(r"\s*(\d{1,3})\s*(%?)\s*", given.get("cap", "")):
        number = int(match.group(1))
        if match.group(2):
            cap = min(1.0, number / 100)
        else:
            most = number
    return Options(
        must_read=text.is_yes(given.get("must-read", "")),
        muted=whole,
        muted_words=words,
        weight=_weight(given.get("weight", "")),
        cap=cap,
        most=most,
        paywall=text.is_yes(given.get("paywall", "")),
        labels=_listed(given.get("label", "")),
    )


def _listed(value: str) -> tuple[str, ...]:
    return tuple(" ".join(word.split()) for word in re.split("[,;]", value) if word.strip())


def _weight(value: str) -> float:
    try:
        number = float(value.strip() or "1")
    except ValueError:
        return 1.0
    return min(4.0, max(0.25, number)) if number == number else 1.0
