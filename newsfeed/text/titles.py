"""What a title counts and what it says: parts of a series, and headlines that name no subject."""

from __future__ import annotations

import re

from newsfeed.text import dates

# What counts the parts of a series: a version, a date, or a number that says it is one.
_VERSION = r"\b(?:version|release|build|v)\b\.?\s*#?\s*\d[\d.]*|\bv?\d+(?:\.\d+)+\b"
_PART = r"\b(?:episode|ep|show|issue|volume|vol|edition|week)\b\.?\s*#?\s*\d[\d.]*|#\d+"
_SERIAL = re.compile(rf"{dates.WRITTEN}|{_PART}|{_VERSION}", re.IGNORECASE)
_REPEATED = re.compile(rf"{dates.WRITTEN}|{_PART}", re.IGNORECASE)
_NUMBERED = re.compile(_VERSION, re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# Words that name no subject: those of every sentence, and those that only say that something is published again.
_EMPTY = frozenset(
    _WORD.findall(
        """
        a about after again all also am an and any are as at be been but by can can't could couldn't did didn't
        do does doesn't don't down ever every for from get gets go going got had has hasn't have haven't having
        he her here hers him his how i i'm i've if in into is isn't it it's its just let let's like me more most
        my never no not nothing now of off oh ok okay on once one only or our out over same shall she should
        shouldn't so some something such than that that's the their them then there these they they're thing
        things this those thus to too two up us very was wasn't we we're well were weren't what what's when
        where which who why will with won't would wouldn't yes yet you you're your always already away back
        because even still though until while without

        ahead afternoon brief briefing bulletin column commentary daily day diary digest dispatch edition ep
        episode evening fortnight friday headlines hour hourly insights interview issue journal links live
        miscellany monday monthly month morning new news newsletter night note notes number part podcast post
        posts programme quick recap report reports roundup saturday series show special stories sunday talk
        thoughts thursday today today's tomorrow tonight tuesday update updates various vol volume wednesday
        week week's weekend weekly year yesterday
        """
    )
)


def series_name(title: str) -> str:
    """A title without what counts the parts of a series, folded for comparison; "" where nothing else is left."""
    return " ".join(_SERIAL.sub(" ", title).casefold().split()).strip(" .,:;|#()[]–—-")


def names_a_subject(title: str, source: str = "") -> bool:
    """Whether a title tells by itself what it is about.

    "They didn’t." doesn't, nor does a title of nothing but its source's name, a date and words like "daily update".
    A version is a subject: who follows releases knows of what. So is any word of another script.
    """
    left = _REPEATED.sub(" ", title)
    if _NUMBERED.search(left):
        return True
    own = {_plain(word) for word in _WORD.findall(left)}
    if not own:
        return bool(re.search(r"\d", left))
    return bool(own - _EMPTY - {_plain(word) for word in _WORD.findall(source)})


def _plain(word: str) -> str:
    return word.casefold().replace("’", "'")


IN_COMMON = 0.3  # of the words that the shorter text has: an edit keeps more of them, another text less


def alike(one: str, other: str) -> bool:
    """Whether two texts may be states of one: what tells something in the shorter one stands in the other as well."""
    mine, its = _telling(one), _telling(other)
    return len(mine & its) >= IN_COMMON * min(len(mine), len(its))


def _telling(text: str) -> set[str]:
    """Words that are long enough to say something, and pairs of letters where no space parts words."""
    found: set[str] = set()
    for word in _WORD.findall(text.casefold()):
        if word[0] >= "\u2e80":
            found.update(word[n : n + 2] for n in range(len(word) - 1))
        elif len(word) > 3:
            found.add(word)
    return found
