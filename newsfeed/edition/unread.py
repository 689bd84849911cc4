"""Topics that are on the page and hardly ever liked or opened: told as it is, since a share moves by the reader's hand
only."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

from newsfeed.edition import constants as c
from newsfeed.edition.asked import Asked
from newsfeed.edition.wording import count, percent
from newsfeed.model import Day, History

_NAMED = 3  # topics, the surest first


def unread(
    history: History, ask: Asked, held: Iterable[Day], *, apart: Collection[str] = ()
) -> list[tuple[str, str]]:
    """What is hardly read, and what could be done about it; nothing while the reader gives too few signs to tell.

    Once the reader said no to that, neither is told again: it says nothing that the reader doesn't know. Of the topics
    in `apart` nothing is said.
    """
    liked = dict.fromkeys(ask.names, 0)
    told = dict.fromkeys(ask.names, 0)
    for day in held:
        for topic, (good, number) in history.signs.get(day.isoformat(), {}).items():
            home = ask.under.get(topic, "")
            if home in liked:
                liked[home] += good
                told[home] += number
    signs, stories = sum(liked.values()), sum(told.values())
    if signs < c.UNREAD_SIGNS:
        return []
    rate = signs / stories
    sure = {
        name: beta_below(rate / 2, 1 + liked[name], 3 + told[name] - liked[name])
        for name in ask.names
        if name not in apart
    }
    found = []
    for name in sorted((name for name in sure if sure[name] > c.UNREAD_SURE), key=lambda name: -sure[name]):
        label = ask.label(name)
        proposal = f"{label} keeps its share; lower it if you want less of it."
        if proposal not in history.declined:
            many = f"{liked[name] or 'none'} of {count(told[name], 'story', 'stories')}"
            found.append((f"You liked or opened {many} under {label}, and {percent(rate)} of all.", proposal))
    return found[:_NAMED]


def beta_below(x: float, a: int, b: int) -> float:
    """P(X < x) for X of the distribution Beta(a, b) with whole a and b.

    It is the chance of a or more hits in a + b - 1 throws with the chance x each.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    throws = a + b - 1
    fewer = (
        math.exp(
            math.lgamma(throws + 1)
            - math.lgamma(hits + 1)
            - math.lgamma(throws - hits + 1)
            + hits * math.log(x)
            + (throws - hits) * math.log1p(-x)
        )
        for hits in range(a)
    )
    return min(1.0, max(0.0, 1 - math.fsum(fewer)))
