"""What the reader asked of topics and sources, and the thresholds from which the account of breadth reports something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from newsfeed.model import FeedFacts, Options, Settings
from newsfeed.text.spoken import joined, percent, say, topic_labels

STANDS: Final = 0.5  # a story stands for a topic from this probability on
BIG: Final = 4  # a story is big from this number of outlets on
SOURCE_CAP: Final = Options().cap

SUPPLY_LEAST: Final = 3  # good stories of a topic in a month: with fewer its sources are at fault
DELIVERY_LEAST: Final = 10  # with so many good stories, less than half of its share is due to the choice
SINGLE_VOICE: Final = 0.6  # of a topic's minutes from one source
ONE_SIDE: Final = 0.7  # if this part of a big story's outlets share a label, it is told from one side
ONE_SIDE_LEAST: Final = 5  # big stories whose outlets have labels; fewer may be chance
# Without likes and clicks, nothing can be said of what is read. With 20 of them the overall rate has a relative error
# of 22 % (1 / sqrt 20), so half of that rate, which a topic is compared with, differs from it for certain.
UNREAD_SIGNS: Final = 20
UNREAD_SURE: Final = 0.95  # the usual level of a one-sided test

TITLE_WORDS = 10  # of a headline in a finding
NAMED = 3  # stories that a finding names
LEAST = 0.02  # the least share of a topic that isn't muted, however much the others were given
PLAIN = "news"  # the topic used when the reader has none
_SAME = 0.005  # of the minutes; smaller differences are never printed


@dataclass(frozen=True)
class Asked:
    """The active topics in the reader's order, core first.

    `under` maps every known topic to the active one that it is counted for; a muted topic maps to "".
    Shares add up to 1.
    """

    names: tuple[str, ...]
    labels: Mapping[str, str]
    shares: Mapping[str, float]
    under: Mapping[str, str]
    core: str
    dropped: frozenset[str] = frozenset()  # topics that the reader wants nothing of
    written: Mapping[str, str] = field(default_factory=dict)  # labels as settings have them

    def label(self, topic: str) -> str:
        """What the page calls a topic."""
        return self.labels.get(topic, topic.capitalize())


def asked(settings: Settings) -> Asked:
    """Resolve the topics' settings.

    A topic without a share takes an equal part of what the others leave; the core topic takes `core_share`.
    A sub-topic without a share of its own is counted for its parent, unless it is the core topic. Shares that don't
    add up to 1 are scaled; `scaled` tells the reader so.
    """
    topics = settings.topics
    labels = topic_labels(topics)
    under: dict[str, str] = {}
    for name, topic in topics.items():
        parent = topics.get(topic.parent)
        if topic.share is not None:
            under[name] = name if topic.share > 0 else ""
        elif parent is not None and name != settings.edition.core:
            under[name] = "" if parent.share == 0 else topic.parent
        else:
            under[name] = name
    active = [name for name in topics if under[name] == name]
    if not active:
        return Asked(
            names=(PLAIN,),
            labels={**labels, PLAIN: say("News")},
            shares={PLAIN: 1.0},
            under={**under, PLAIN: PLAIN},
            core=PLAIN,
        )
    kept = {topics[name].parent for name in active}
    dropped = frozenset(name for name in topics if not under[name] and name not in kept)
    core = settings.edition.core if settings.edition.core in active else active[0]
    names = (core, *(name for name in active if name != core))
    given = _given(settings, names)
    open_names = [name for name in names if name not in given]
    left = max(0.0, 1.0 - sum(given.values()))
    if open_names:
        # A topic that isn't muted must get something, however much the others were given.
        each = max(left / len(open_names), LEAST)
        given.update(dict.fromkeys(open_names, each))
    total = sum(given[name] for name in names)
    shares = (
        {name: given[name] / total for name in names} if total > 0 else dict.fromkeys(names, 1 / len(names))
    )
    written = {name: topic.label or name.capitalize() for name, topic in topics.items()}
    return Asked(
        names=names, labels=labels, shares=shares, under=under, core=core, dropped=dropped, written=written
    )


def _given(settings: Settings, names: tuple[str, ...]) -> dict[str, float]:
    """The shares that the reader's settings name, the core topic's among them."""
    given = {name: share for name in names if (share := settings.topics[name].share) is not None}
    if settings.edition.core in names:
        given.setdefault(settings.edition.core, settings.edition.core_share)
    return given


def scaled(settings: Settings) -> str:
    """How shares that don't add up to 1 were scaled, in a sentence; "" if each topic has the share that was written."""
    ask = asked(settings)
    if ask.names == (PLAIN,):
        return ""
    given = _given(settings, ask.names)
    changed = [name for name in ask.names if name in given and abs(ask.shares[name] - given[name]) > _SAME]
    if not changed:
        return ""
    others = [name for name in ask.names if name not in given]
    total = sum(given.values())
    core = (
        say(", with {share} for the core topic", share=percent(given[ask.core])) if ask.core in given else ""
    )
    least = (
        say(", which leaves less than {share} for each other topic", share=percent(LEAST))
        if others and total <= 1
        else ""
    )
    became = joined(
        [
            say(
                "{label} has {share} instead of {asked}",
                label=ask.label(name),
                share=percent(ask.shares[name]),
                asked=percent(given[name]),
            )
            for name in changed
        ]
    )
    return say(
        "The shares add up to {total}{core}{least}: so {became}.",
        total=percent(total),
        core=core,
        least=least,
        became=became,
    )


def outlet(feed: FeedFacts | None, number: int) -> str:
    """The outlet of a feed: the host of its site, without www."""
    for address in (feed.html_url, feed.url) if feed else ():
        if host := _site(address):
            return host
    return f"feed {number}"


@lru_cache(maxsize=4_096)
def _site(address: str) -> str:
    return (urlsplit(address).hostname or "").removeprefix("www.")
