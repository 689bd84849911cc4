"""Why a topic can be quiet, in words, and the one step that would change it."""

from __future__ import annotations

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


MORE_MINUTES = "Raise the minutes."


# A source more is the answer to what the sources there are don't bring. What the reader wished, or what passes by itself, has none.
_STEPS = {
    NO_SOURCE: "Add a source for {}.",
    NOT_READ: "Fix the sources of {}: see newsfeed feeds check.",
    FAILING: "Fix the sources of {}: see newsfeed feeds check.",
    SOME_FAIL: "Fix the sources of {}: see newsfeed feeds check.",
    NOTHING_NEW: "Add a source for {} that writes more often.",
    TOO_OLD: "Add a source for {} that writes more often.",
    NOT_GOOD: "Add a better source for {}.",
    ADVERTS: "Add a better source for {}.",
    TOLD_ELSEWHERE: "Add a source that is all about {}.",
    OTHER_LANGUAGES: "Add their languages to newsfeed.toml, or a source for {} in one of yours.",
    ALL_SHOWN: "Add a second source for {}.",
    AT_CAP: "Raise the cap of its source, or add a second one for {}.",
    FULL: "Raise max_items.",
    NO_ROOM: MORE_MINUTES,
}


NOT_SUPPLY = frozenset(
    {NOT_READ, FAILING, SOME_FAIL, OTHER_LANGUAGES, MUTED, BEFORE, AT_CAP, FULL, NO_ROOM, LONG_READ}
)


"""Causes that one more source of the same kind doesn't help."""


def step(why: str, label: str) -> str:
    """What helps a topic that is quiet for this cause; "" for a cause that nobody knows."""
    return _STEPS.get(why, "").format(label)
