"""What the reader asked of each topic: which topics stand for themselves, their labels and shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from newsfeed.model import Settings

PLAIN = "news"  # stands in where the reader has no topics at all


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

    def label(self, topic: str) -> str:
        """What the page calls a topic."""
        return self.labels.get(topic, topic.capitalize())


def asked(settings: Settings) -> Asked:
    """Resolve the topics' settings.

    A topic without a share takes an equal part of what the others leave; the core topic takes `core_share`.
    A sub-topic without a share of its own is counted for its parent, unless it is the core topic. Shares of more than 1 in all are scaled.
    """
    topics = settings.topics
    labels = {name: topic.label or name.capitalize() for name, topic in topics.items()}
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
            labels={**labels, PLAIN: "News"},
            shares={PLAIN: 1.0},
            under={**under, PLAIN: PLAIN},
            core=PLAIN,
        )
    kept = {topics[name].parent for name in active}
    dropped = frozenset(name for name in topics if not under[name] and name not in kept)
    core = settings.edition.core if settings.edition.core in active else active[0]
    names = (core, *(name for name in active if name != core))
    given: dict[str, float] = {}
    for name in names:
        share = topics[name].share
        if share is None and name == core and settings.edition.core == core:
            share = settings.edition.core_share
        if share is not None:
            given[name] = share
    open_names = [name for name in names if name not in given]
    left = max(0.0, 1.0 - sum(given.values()))
    if open_names:
        # Nobody who was not muted may be left with nothing, however much the others were given.
        each = max(left / len(open_names), 0.02)
        given.update(dict.fromkeys(open_names, each))
    total = sum(given[name] for name in names)
    shares = (
        {name: given[name] / total for name in names} if total > 0 else dict.fromkeys(names, 1 / len(names))
    )
    return Asked(names=names, labels=labels, shares=shares, under=under, core=core, dropped=dropped)
