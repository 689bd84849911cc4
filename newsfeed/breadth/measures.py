"""The figures behind the account of breadth, stories told mostly by sources with one label, and why a topic can be quiet
with the one step that would change it, as phrases."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from newsfeed.breadth import asked as c
from newsfeed.breadth.asked import PLAIN, Asked, outlet
from newsfeed.model import Day, EditionSummary, FeedFacts, History, Options, Settings, Told
from newsfeed.text import first_words, words_pattern
from newsfeed.text.spoken import count, joined, say, short_day


def shares_of(history: History, ask: Asked, days: Iterable[Day]) -> dict[str, float]:
    """X_t: each topic's share of the minutes of these days; all 0 if nothing was shown."""
    minutes = dict.fromkeys(ask.names, 0.0)
    for day in days:
        for topic, of_day in sorted(history.days[day].topics.items()):
            home = ask.under.get(topic, "")
            if home in minutes:
                minutes[home] += of_day.minutes
    total = sum(minutes.values())
    return {name: minutes[name] / total if total > 0 else 0.0 for name in ask.names}


def effective(shares: Mapping[str, float]) -> float:
    """N1, the number of topics with equal shares that would be as diverse; 0 if nothing was shown."""
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
    """All measures, and the name of the source with the most minutes."""
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

    That is the probability of a or more successes in a + b - 1 trials with probability x each.
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


def one_side(
    history: History, settings: Settings, ask: Asked, held: Sequence[Day]
) -> list[tuple[str, Remedy]]:
    """Stories told from one side, with the remedy; and stories that only another side told, without one."""
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
    label = max(view.names, key=lambda one: sided[one])  # if several labels fit, the one written first
    number = sided[label]
    if number * 2 <= len(judged):
        return []
    name = view.names[label]
    whole = number == len(judged)
    if len(judged) == len(big):
        part = (
            "All {n} of your big stories were told mostly by sources you labelled “{label}”."
            if whole
            else "{n} of your {all} big stories were told mostly by sources you labelled “{label}”."
        )
    else:
        # For the others it is unknown: too few of their outlets have a label.
        part = (
            "All {n} big stories whose sources you labelled were told mostly by “{label}”."
            if whole
            else "{n} of {all} big stories whose sources you labelled were told mostly by “{label}”."
        )
    said = say(part, n=number, all=len(judged), label=name)
    found = [(said, Remedy("Add a source that isn’t “{label}” for the big stories.", label=name))]
    others = _others(history, settings, ask, held, view, label)
    return [*found, (others, NOTHING)] if others else found


class _View:
    """The sources as outlets with labels. Labels are compared without case; `names` has each as first written."""

    def __init__(self, sources: Iterable[FeedFacts]) -> None:
        self.feeds = {feed.feed: feed for feed in sources}
        self.options: Mapping[int, Options] = {number: feed.options for number, feed in self.feeds.items()}
        self.names: dict[str, str] = {}
        labelled = []
        for own in self.options.values():
            for label in own.labels:
                self.names.setdefault(label.casefold(), label)
            if own.labels:
                labelled.append(_folded(own))
        # A label that every labelled source has, has no other side.
        self.sides = set(self.names) - frozenset.intersection(*labelled) if labelled else set()

    def tellers(self, story: Told) -> tuple[frozenset[str], ...]:
        """The labels of each outlet that told a story; feeds of one site are one outlet."""
        outlets: dict[str, frozenset[str]] = {}
        for number in story.feeds:
            feed = self.feeds.get(number)
            if feed is not None and not feed.social and not self.options[number].muted:
                key = outlet(feed, number)
                outlets[key] = outlets.get(key, frozenset()) | _folded(self.options[number])
        return tuple(outlets.values())

    def mostly(self, tellers: Sequence[frozenset[str]]) -> list[str]:
        """The labels shared by so many of a story's outlets that it is told from that side."""
        shared = Counter(label for labels in tellers for label in labels)
        return [
            label
            for label, number in shared.items()
            if label in self.sides and number >= c.ONE_SIDE * len(tellers)
        ]

    def mutes(self, story: Told) -> bool:
        """Whether its headline has a word that the reader muted for one of its sources."""
        own = [self.options[number].muted_words for number in story.feeds if number in self.options]
        return _has(story.title, [word for words in own for word in words])


def _folded(own: Options) -> frozenset[str]:
    return frozenset(label.casefold() for label in own.labels)


def _has(title: str, words: Sequence[str]) -> bool:
    pattern: re.Pattern[str] | None = words_pattern(words)
    return pattern is not None and pattern.search(title) is not None


def _can_tell(tellers: Sequence[frozenset[str]]) -> bool:
    """Whether enough of a big story's outlets have a label to tell a side."""
    labelled = sum(bool(labels) for labels in tellers)
    return len(tellers) >= c.BIG and labelled >= c.ONE_SIDE * len(tellers)


def _wanted(story: Told, settings: Settings, ask: Asked) -> bool:
    """Whether a story has a topic with a share, is in one of the reader's languages and has no muted word: nobody misses
    what they don't want."""
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
        f"“{first_words(title, c.TITLE_WORDS)}” ({count(-number, 'source')}, {short_day(day)})"
        for number, day, title in sorted(by_label[other])[: c.NAMED]
    ]
    return say(
        "Only sources you labelled “{label}” told {stories}.", label=view.names[other], stories=joined(told)
    )


@dataclass(frozen=True)
class Remedy:
    """A step that the account of weeks proposes: a phrase and what it is about."""

    phrase: str = ""
    label: str = ""  # of its topic, or the reader's label for a kind of source
    written: str = ""  # the topic's label in the settings, if the page shows it in another language

    @property
    def key(self) -> str:
        """The key under which it is stored when the reader declines it; the same in every language."""
        return self.phrase.format(label=self.written or self.label)

    @property
    def said(self) -> str:
        """The step as a sentence in the current language."""
        return say(self.phrase, label=self.label)


NOTHING = Remedy()


def about(phrase: str, ask: Asked, name: str) -> Remedy:
    """A step about a topic."""
    return Remedy(phrase, ask.label(name), ask.written.get(name, ""))


NO_SOURCE = "no source"
NOT_READ = "its sources were never read"
FAILING = "its sources fail"
SOME_FAIL = "nothing new, and some of its sources fail"
NOTHING_NEW = "nothing new"
NOT_GOOD = "nothing worth your minutes"
TOLD_ELSEWHERE = "only inside other stories"
LONG_READ = "only the long read"
OTHER_LANGUAGES = "in languages you don’t list"
ALL_SHOWN = "all shown before"
MUTED = "muted by you"
TOO_OLD = "only what is too old"
ADVERTS = "only adverts and the like"
BEFORE = "only from before you subscribed"
AT_CAP = "its source had its share"
FULL = "the page was full"
NO_ROOM = "no room"
MORE_MINUTES = Remedy("Raise the minutes.")
MORE_LINES = Remedy("Give more of the minutes to lines.")
LOWER_CAP = Remedy("Lower its cap in feeds.opml.")


# Where the sources don't bring enough, one more source helps. What the reader chose, or what passes by itself, needs no step.
_STEPS = {
    NO_SOURCE: "Add a source for {label}.",
    NOT_READ: "Fix the sources of {label}: see newsfeed feeds check.",
    FAILING: "Fix the sources of {label}: see newsfeed feeds check.",
    SOME_FAIL: "Fix the sources of {label}: see newsfeed feeds check.",
    NOTHING_NEW: "Add a source for {label} that writes more often.",
    TOO_OLD: "Add a source for {label} that writes more often.",
    NOT_GOOD: "Add a better source for {label}.",
    ADVERTS: "Add a better source for {label}.",
    TOLD_ELSEWHERE: "Add a source that is all about {label}.",
    OTHER_LANGUAGES: "Add their languages to newsfeed.toml, or a source for {label} in one of yours.",
    ALL_SHOWN: "Add a second source for {label}.",
    AT_CAP: "Raise the cap of its source, or add a second one for {label}.",
    FULL: "Raise max_items.",
    NO_ROOM: MORE_MINUTES.phrase,
}


# Reasons that one more source of the same kind doesn't change.
NOT_SUPPLY = frozenset(
    {NOT_READ, FAILING, SOME_FAIL, OTHER_LANGUAGES, MUTED, BEFORE, AT_CAP, FULL, NO_ROOM, LONG_READ}
)


def step(why: str, ask: Asked, name: str) -> Remedy:
    """The step that helps a topic that is quiet for this reason; an empty one for an unknown reason."""
    return about(_STEPS.get(why, ""), ask, name)
