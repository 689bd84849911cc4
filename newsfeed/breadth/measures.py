"""The figures of the account of breadth.

Effective topics N1 = exp(-sum X ln X) and N2 = 1 / sum X^2 (Hill numbers) of the minutes by topic; balance
100 (1 - sqrt(JSD_2(X, asked))); big stories told; voices, exp of the entropy of minutes by source; the trend, N1 of
the last seven days against the window.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from newsfeed.breadth.asked import Asked
from newsfeed.model import Day, EditionSummary, History


def shares_of(history: History, ask: Asked, days: Iterable[Day]) -> dict[str, float]:
    """X_t: each topic's part of the minutes of these days; all 0 when nothing was told."""
    minutes = dict.fromkeys(ask.names, 0.0)
    for day in days:
        for topic, of_day in sorted(history.days[day].topics.items()):
            home = ask.under.get(topic, "")
            if home in minutes:
                minutes[home] += of_day.minutes
    total = sum(minutes.values())
    return {name: minutes[name] / total if total > 0 else 0.0 for name in ask.names}


def effective(shares: Mapping[str, float]) -> float:
    """N1, the number of equally told topics that would be as diverse; 0 when nothing was told."""
    entropy = -sum(x * math.log(x) for x in shares.values() if x > 0)
    return math.exp(entropy) if any(x > 0 for x in shares.values()) else 0.0


def divergence(one: Sequence[float], other: Sequence[float]) -> float:
    """Square root of the Jensen-Shannon divergence to base 2: 0 the same, 1 nothing in common."""
    total = 0.0
    for p, q in zip(one, other, strict=True):
        middle = (p + q) / 2
        total += (p * math.log2(p / middle) if p > 0 else 0.0) + (q * math.log2(q / middle) if q > 0 else 0.0)
    return math.sqrt(max(0.0, total / 2))


def numbers_of(
    history: History, ask: Asked, held: Sequence[Day], got: Mapping[str, float], recent: Mapping[str, float]
) -> tuple[dict[str, float], str]:
    """All measures, and the name of the source that was heard most."""
    editions = [history.days[day] for day in held]
    squares = sum(x * x for x in got.values())
    coverage = []
    for one in editions:
        active = [name for name in ask.names if good_under(one, ask, name) > 0]
        if active:
            coverage.append(sum(told_under(one, ask, name) > 0 for name in active) / len(active))
    voices: dict[str, float] = {}
    for one in editions:
        for source, minutes in sorted(one.voices.items()):
            voices[source] = voices.get(source, 0.0) + minutes
    heard = sum(voices.values())
    parts = {source: minutes / heard for source, minutes in voices.items()} if heard > 0 else {}
    seldom = {feed for one in editions for feed in one.seldom}
    topics = effective(got)
    numbers = {
        "editions": float(len(held)),
        "topics": topics,
        "topics at least": 1 / squares if squares > 0 else 0.0,
        "evenness": topics / len(ask.names),
        "balance": 100 * (1 - divergence([got[n] for n in ask.names], [ask.shares[n] for n in ask.names]))
        if squares > 0
        else 0.0,
        "coverage": sum(coverage) / len(coverage) if coverage else 1.0,
        "big told": float(sum(one.big[0] for one in editions)),
        "big stories": float(sum(one.big[1] for one in editions)),
        "voices": effective(parts),
        "largest voice": max(parts.values(), default=0.0),
        "quiet sources": float(len(seldom)),
        "quiet sources heard": float(len(seldom & {s.feed for s in history.shown if s.date in set(held)})),
        "topics this week": effective(recent),
    }
    return numbers, min(parts, key=lambda source: (-parts[source], source)) if parts else ""


def told_under(one: EditionSummary, ask: Asked, name: str) -> int:
    """Picks and lines of a topic in one edition, its sub-topics included."""
    return sum(topic.told for key, topic in one.topics.items() if ask.under.get(key) == name)


def good_under(one: EditionSummary, ask: Asked, name: str) -> int:
    """Good stories of a topic in one edition, its sub-topics included."""
    return sum(topic.good for key, topic in one.topics.items() if ask.under.get(key) == name)


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
