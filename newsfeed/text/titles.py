"""What a title counts and what it says: parts of a series, numbers of a show, and headlines that name no subject."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from newsfeed.text import dates
from newsfeed.text.months import WEEKDAYS
from newsfeed.text.scripts import UNSPACED

MORNING = 32_768  # titles that are asked about again when the same morning is chosen anew

# What counts the parts of a series: a version, a date, or a number that says it is one.
_VERSION = r"\b(?:version|release|build|v)\b\.?\s*#?\s*\d[\d.]*|\bv?\d+(?:\.\d+)+\b"
_PART = r"\b(?:episode|ep|show|issue|volume|vol|edition|week)\b\.?\s*#?\s*\d[\d.]*|#\d+"
_HALF = r"\b(?:part|pt|hour|segment|teil|partie|parte)\b\.?\s*\d{1,2}\b|\(?\b\d\s?/\s?\d\b\)?"
_SERIAL = re.compile(rf"{dates.WRITTEN}|{_PART}|{_HALF}|{_VERSION}", re.IGNORECASE)
_REPEATED = re.compile(rf"{dates.WRITTEN}|{_PART}", re.IGNORECASE)
_NUMBERED = re.compile(_VERSION, re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_WORDLESS = re.compile(r"[\W_]+")
# Words that name no subject: those of every sentence, and those that only say that something is published again.
_EMPTY = frozenset(
    _WORD.findall(
        " ".join(WEEKDAYS).lower()
        + """
        a about after again all also am an and any are as at be been but by can can't could couldn't did didn't
        do does doesn't don't down ever every for from get gets go going got had has hasn't have haven't having
        he her here hers him his how i i'm i've if in into is isn't it it's its just let let's like me more most
        my never no not nothing now of off oh ok okay on once one only or our out over same shall she should
        shouldn't so some something such than that that's the their them then there these they they're thing
        things this those thus to too two up us very was wasn't we we're well were weren't what what's when
        where which who why will with won't would wouldn't yes yet you you're your always already away back
        because even still though until while without

        ahead afternoon brief briefing bulletin column commentary daily day diary digest dispatch edition ep
        episode evening fortnight headlines hour hourly insights interview issue journal links live
        miscellany monthly month morning new news newsletter night note notes number part podcast post
        posts programme quick recap report reports roundup series show special stories talk
        thoughts today today's tomorrow tonight update updates various vol volume
        week week's weekend weekly year yesterday
        """
    )
)


class Numbered(NamedTuple):
    """A title taken apart: the show that it names, its running number, the half that it is, and what is left."""

    show: str
    number: str
    half: str
    left: str


_NUMBER = r"(?P<number>\d{1,8}(?:[-./]\d{1,4}){0,2})"
_BEFORE = re.compile(
    rf"(?P<show>[^\d:|]{{0,40}}?)\s*[#(\[]*{_NUMBER}[)\]]?,?\s*(?P<half>{_HALF})?\s*[:|–—-]+\s*(?P<left>\S.{{3,}})$"
    rf"|(?P<code>[A-Z]{{2,6}})(?P<digits>\d{{2,5}})\s+(?P<rest>\S.{{3,}})$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    rf"(?P<left>\S.{{3,}}?)(?:\s*[|(\[,–—]+|\s+-+)\s*(?P<show>[^\d:|]{{0,40}}?)\s*#?{_NUMBER}(?P<half>)[)\]]?$"
)
_REPEATS = 3  # titles of a document that a show counts, and at least half of them


def numbered(title: str) -> Numbered | None:
    """A title that begins or ends with a running number taken apart; None for any other, and for one of which hardly
    a word would be left. That the number counts a show is told by its company alone: `show_names`."""
    match = _BEFORE.match(title) or _AFTER.match(title)
    if match is None:
        return None
    found = match.groupdict()
    show, number, left = (
        (found["code"], found["digits"], found["rest"])
        if found.get("code")
        else (found["show"], found["number"], found["left"])
    )
    show = _WORDLESS.sub(" ", show).strip().casefold()
    if (not show and not number.isdigit()) or len(left.split()) <= min(2, len(show.split())):
        return None
    return Numbered(show, number, (found["half"] or "").casefold(), left.strip())


def show_names(titles: Sequence[str]) -> tuple[str, ...]:
    """What a document's titles have beside a running number: "mgt" of "MGT 41- On trust", "" of "#376: A bank run"."""
    counted: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for title in titles:
        if found := numbered(title.strip()):
            counted[found.show].add((found.number, found.left))
    return tuple(
        sorted(
            show
            for show, ones in counted.items()
            if len(ones) >= max(_REPEATS, len(titles) / 2)
            and min(len(set(column)) for column in zip(*ones, strict=True)) >= 0.6 * len(ones)
        )
    )


def of_show(title: str, shows: Iterable[str]) -> Numbered | None:
    """A title taken apart if the number in it counts one of these shows."""
    found = numbered(title)
    return found if found is not None and found.show in shows else None


_YEAR = re.compile(
    r"[(\[](?:(?:from|aus|published)\s+)?((?:19|20)\d\d)[)\]]\s*(?:[(\[][\w ]{2,12}[)\]])?$", re.IGNORECASE
)
_STILL_NEW = 1  # years


def of_earlier_year(title: str, year: int) -> int | None:
    """The year in brackets at the end of a title, as link lists mark what is old, if it is of two years ago or more."""
    match = _YEAR.search(title.strip())
    return int(match.group(1)) if match and int(match.group(1)) < year - _STILL_NEW else None


_SAME = 0.7  # of the words of weight of both
_SAME_LEAST = 4
_STEM = 6


@lru_cache(maxsize=MORNING)
def weighty(title: str) -> frozenset[str]:
    """A title's words of weight by their stems: what is compared."""
    words = {_plain(word) for word in _WORD.findall(_REPEATED.sub(" ", title))} - _EMPTY
    return frozenset(word[:_STEM] for word in words if len(word) > 2)


def say_the_same(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two titles of one source tell of one event: most of their words of weight are the same."""
    both = len(one & other)
    return both >= _SAME_LEAST and both >= _SAME * len(one | other)


def series_name(title: str) -> str:
    """A title without what counts the parts of a series, folded for comparison; "" where nothing else is left."""
    return " ".join(_SERIAL.sub(" ", title).casefold().split()).strip(" .,:;|#()[]–—-")


@lru_cache(maxsize=MORNING)
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
    mine, its = _content_words(one), _content_words(other)
    return len(mine & its) >= IN_COMMON * min(len(mine), len(its))


def _content_words(text: str) -> set[str]:
    """Words that are long enough to say something, and pairs of letters where no space parts words."""
    found: set[str] = set()
    for word in _WORD.findall(text.casefold()):
        if _UNSPACED.match(word):
            found.update(word[n : n + 2] for n in range(len(word) - 1))
        elif len(word) > 3:
            found.add(word)
    return found
