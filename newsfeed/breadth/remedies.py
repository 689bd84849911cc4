"""Why a topic can be quiet, and the one step that would change it, as phrases."""

from __future__ import annotations

from dataclasses import dataclass

from newsfeed.breadth.asked import Asked
from newsfeed.text.spoken import say


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
