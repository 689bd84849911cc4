"""Why a topic can be quiet, in words, and the one step that mends it."""

from __future__ import annotations

NO_SOURCE = "no source"
FAILING = "its sources fail"
NOTHING_NEW = "nothing new"
NOT_GOOD = "nothing good enough"
TOLD_ELSEWHERE = "only inside other stories"
OTHER_LANGUAGES = "in languages you don’t list"
ALL_SHOWN = "all shown before"
NO_ROOM = "no room"

MORE_MINUTES = "Raise the minutes."

# A source more is the answer to what the sources there are don't bring.
_STEPS = {
    NO_SOURCE: "Add a source for {}.",
    FAILING: "Mend the sources of {}: see newsfeed feeds check.",
    NOTHING_NEW: "Add a source for {} that writes more often.",
    NOT_GOOD: "Add a better source for {}.",
    TOLD_ELSEWHERE: "Add a source that is all about {}.",
    OTHER_LANGUAGES: "Add their languages to newsfeed.toml, or a source for {} in one of yours.",
    ALL_SHOWN: "Add a second source for {}.",
    NO_ROOM: MORE_MINUTES,
}


def step(why: str, label: str) -> str:
    """What mends a topic that is quiet for this cause; "" for a cause that nobody knows."""
    return _STEPS.get(why, "").format(label)
