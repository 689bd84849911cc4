"""One side: big stories that mostly sources of one label told, and what only the sources of another carry.

A label is the reader's own word beside a source in the list: an owner, a country, a leaning. Without two of them, or
with too few tellers that have one, nothing is said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from newsfeed.breadth import bounds as c
from newsfeed.breadth.asked import PLAIN, Asked, Options, options, outlet
from newsfeed.model import Day, FeedFacts, History, Settings, Told
from newsfeed.text import first_words, words_pattern
from newsfeed.text.spoken import count, joined, short_day

_NAMED = 3  # stories that another label's sources told alone


_TITLE_WORDS = 10


def one_side(history: History, settings: Settings, ask: Asked, held: Sequence[Day]) -> list[tuple[str, str]]:
    """What is told from one side, with the step that would change it, and what only another side told, without one."""
    view = _View(history.sources)
    if not view.sides:
        return []
    stories = {one.story: one for one in history.told}
    days = set(held)
    big = {s.story for s in history.shown if s.date in days and s.outlets >= c.BIG}
    told = {number: view.tellers(stories[number]) for number in sorted(big) if number in stories}
    judged = {number: tellers for number, tellers in told.items() if _can_tell(tellers)}
    sided = Counter(label for tellers in judged.values() for label in view.mostly(tellers))
    if len(judged) < c.ONE_SIDE_LEAST or not sided:
        return []
    label = max(view.names, key=lambda one: sided[one])  # the first written of several
    number = sided[label]
    if number * 2 <= len(judged):
        return []
    name = view.names[label]
    whole = number == len(judged)
    if len(judged) == len(big):
        part = f"All {number} of your" if whole else f"{number} of your {len(big)}"
        said = f"{part} big stories were told mostly by sources you labelled “{name}”."
    else:
        # Of the others nobody knows: too few of their tellers have a label.
        part = f"All {number}" if whole else f"{number} of {len(judged)}"
        said = f"{part} big stories whose sources you labelled were told mostly by “{name}”."
    found = [(said, f"Add a source that isn’t “{name}” for the big stories.")]
    others = _others(history, settings, ask, held, view, label)
    return [*found, (others, "")] if others else found


class _View:
    """The sources as outlets with labels. Labels are the same whatever their case; `names` has each as first written."""

    def __init__(self, sources: Iterable[FeedFacts]) -> None:
        self.feeds = {feed.feed: feed for feed in sources}
        self.options: Mapping[int, Options] = {number: options(feed) for number, feed in self.feeds.items()}
        self.names: dict[str, str] = {}
        labelled = []
        for own in self.options.values():
            for label in own.labels:
                self.names.setdefault(label.casefold(), label)
            if own.labels:
                labelled.append(_folded(own))
        # What every labelled source is has no other side.
        self.sides = set(self.names) - frozenset.intersection(*labelled) if labelled else set()

    def tellers(self, story: Told) -> tuple[frozenset[str], ...]:
        """The labels of each outlet that told a story; feeds of one site are one."""
        outlets: dict[str, frozenset[str]] = {}
        for number in story.feeds:
            feed = self.feeds.get(number)
            if feed is not None and not feed.social and not self.options[number].muted:
                key = outlet(feed, number)
                outlets[key] = outlets.get(key, frozenset()) | _folded(self.options[number])
        return tuple(outlets.values())

    def mostly(self, tellers: Sequence[frozenset[str]]) -> list[str]:
        """The labels that so many of a story's tellers share that it is told from that side."""
        shared = Counter(label for labels in tellers for label in labels)
        return [
            label
            for label, number in shared.items()
            if label in self.sides and number >= c.ONE_SIDE * len(tellers)
        ]

    def mutes(self, story: Told) -> bool:
        """Whether its headline has a word that the reader muted beside one of its tellers."""
        own = [self.options[number].muted_words for number in story.feeds if number in self.options]
        return _has(story.title, [word for words in own for word in words])


def _folded(own: Options) -> frozenset[str]:
    return frozenset(label.casefold() for label in own.labels)


def _has(title: str, words: Sequence[str]) -> bool:
    pattern: re.Pattern[str] | None = words_pattern(words)
    return pattern is not None and pattern.search(title) is not None


def _can_tell(tellers: Sequence[frozenset[str]]) -> bool:
    """Whether so many of a big story's tellers have a label that a side would show."""
    labelled = sum(bool(labels) for labels in tellers)
    return len(tellers) >= c.BIG and labelled >= c.ONE_SIDE * len(tellers)


def _wanted(story: Told, settings: Settings, ask: Asked) -> bool:
    """Whether a story is of a topic that has a share, in a language of the reader's, and without a muted word: what
    the reader wants nothing of isn't missed."""
    languages = {language.casefold()[:2] for language in settings.languages}
    written = story.lang.casefold()[:2]
    return (
        (ask.names == (PLAIN,) or any(ask.under.get(topic) for topic in story.topics))
        and (not written or not languages or written in languages)
        and not _has(story.title, settings.muted)
    )


def _others(
    history: History,
    settings: Settings,
    ask: Asked,
    held: Sequence[Day],
    view: _View,
    label: str,
) -> str:
    """Up to three stories, largest first, that no source with `label` told but only such as share another; "" for
    none."""
    zone = ZoneInfo(settings.timezone)
    by_label: dict[str, list[tuple[int, Day, str]]] = {}
    for one in history.told:
        day = one.first.astimezone(zone).date()
        if not held[0] <= day <= held[-1] or not _wanted(one, settings, ask) or view.mutes(one):
            continue
        tellers = view.tellers(one)
        if len(tellers) < 2:
            continue
        shared = frozenset.intersection(*tellers)
        if not any(label in labels for labels in tellers):
            for other in sorted(shared & view.sides):
                by_label.setdefault(other, []).append((-len(tellers), day, one.title))
    if not by_label:
        return ""
    other = min(by_label, key=lambda one: (-len(by_label[one]), one))
    told = [
        f"“{first_words(title, _TITLE_WORDS)}” ({count(-number, 'source')}, {short_day(day)})"
        for number, day, title in sorted(by_label[other])[:_NAMED]
    ]
    return f"Only sources you labelled “{view.names[other]}” told {joined(told)}."
