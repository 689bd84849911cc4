"""Items that are never one event however similar they look: episodes of a series, recurring titles of a feed."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from newsfeed.model import StoredItem
from newsfeed.stories.terms import WORD
from newsfeed.text import latest_day
from newsfeed.text.dates import WEEKDAYS

COUNTED = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
SERIES = re.compile(
    rf"\b(?:episode|chapter|volume|season|round|part|hour)\s+({'|'.join(COUNTED)})\b|"
    r"\b(?:episodes?|ep|issue|parts?|vol|volume|chapter|season|edition|round|week|number|no|nr|folge|ausgabe|teil|"
    r"épisode|numéro|partie|episodio|número|capítulo|puntata|numero|aflevering|deel|hour|version|beta|build|v)\.?\s*#?\s*(\d+(?:\s?[-–&]\s?\d+)?)|#(\d+)\b",
    re.IGNORECASE,
)
# Marks an episode that is repeated under a new number.
AGAIN = re.compile(
    r"\b(?:re-?run|re-?broadcast|re-?air|repeat|re-?release|encore|replay|from\s+the\s+(?:archives?|vault)|best\s+of|"
    r"wiederholung|rediffusion|rediffusé|repetición|replica)\b",
    re.IGNORECASE,
)
VERSION = re.compile(
    r"\b([^\W\d][\w+-]*)\s+v?(\d+(?:\.\d+)+)(?!\S*%)(?!\s*(?:percent|per|m|bn|million|billion)\b)"
)
MEASURES = frozenset(
    {
        "magnitude",
        "rise",
        "rises",
        "rose",
        "fall",
        "falls",
        "fell",
        "up",
        "down",
        "hits",
        "at",
        "to",
        "of",
        "by",
    }
)
ROUND_UP = re.compile(
    rf"\b(?:(?:morning|evening|daily|weekly|news|weekend|midday|{'|'.join(WEEKDAYS)})\s+(?:news\s+)?"
    r"(?:brief(?:ing)?|digest|round-?up|wrap|links|summary|headlines|bulletin|report\s+card)|"
    r"news\s+in\s+brief|in\s+brief|round-?up|top\s+(?:stories|headlines)|what\s+we(?:['’]re|\s+are)\s+reading|"
    r"(?:link|links)\s+(?:of|for)\s+the\s+(?:day|week)|open\s+thread|(?:the\s+)?(?:day|week)\s+(?:ahead|in\s+review)|"
    r"this\s+(?:day|week)\s+in|presseschau|nachrichten\s+(?:am|um)|kurzmeldungen|revue\s+de\s+presse|"
    r"rassegna\s+stampa|resumen\s+de\s+(?:prensa|noticias)|\d+\s+best)\b|"
    r"\b\d{1,2}[/.]\d{1,2}[/.](?:20)?\d\d\s*$|\b20\d\d-\d\d-\d\d\s*$|"
    # A second thing to tell: "Rates held. Plus: what the heatwave means for crops".
    r"[.;!?…]\s+(?:and|plus|also)\s*[,:]\s",
    re.IGNORECASE,
)
# Three headlines in a row: "Robot hand solves a cube, Tanks roll without drivers, Faces found in crowds".
HEADLINE = r"\b[A-Z\d][^\s,;]*(?:\s+[^\s,;]+){2,}"
LISTED = re.compile(rf"(?:^|[:;,]\s+){HEADLINE}[,;]\s+{HEADLINE}[,;]\s+{HEADLINE}")
# A newsletter begins by saying what else is in it.
NEWSLETTER = re.compile(
    r"\b(?:also|plus|and)?\s*in\s+(?:today|this\s+week|this\s+morning|tonight)['’]s\s+(?:newsletter|edition|briefing|issue|letter)\b",
    re.IGNORECASE,
)
# Every round-up's title contains one of these (in lower case): see `Titles`.
HINTS = (
    *("brief", "digest", "round", "wrap", "links", "link of", "link for", "summary", "headlines", "bulletin"),
    *("report card", "stories", "reading", "thread", "ahead", "review", "this ", "presse", "nachrichten"),
    *(
        "kurzmeldungen",
        "stampa",
        "resumen",
        " best",
        "0",
        "1",
        "2",
        "and,",
        "plus:",
        "plus,",
        "also:",
        "also,",
    ),
)
LONG = 400  # signs of a title that are looked at for lists; more would cost their square
SAID = 120  # signs at the beginning of a text
DIGIT = re.compile(r"\d")
RECURRING = 7  # words; a longer title that is repeated is not a recurring title
TITLES = 3  # titles over one text of one feed; so many are not corrections, the text is a recurring one
MANY = 400  # items under one key; comparing more of them in pairs would take too long


def round_ups(items: Sequence[StoredItem]) -> set[int]:
    """Places of items that tell of many things by their title (a briefing, a programme of a date, the 31 best of
    something): in no story."""
    titles = Titles(items)
    found = {n for n in titles.having(HINTS) if ROUND_UP.search(items[n].item.title)}
    found |= {n for n in titles.having((",", ";")) if LISTED.search(items[n].item.title[:LONG])}
    return found | {n for n, i in enumerate(items) if NEWSLETTER.search((i.item.text or i.item.lead)[:SAID])}


class Titles:
    """The titles of items in small letters, to be searched all at once: many times as fast as a pattern for each,
    which is then tried on what is found."""

    def __init__(self, items: Sequence[StoredItem]) -> None:
        titles = [item.item.title.lower() for item in items]
        self._starts = list(accumulate((len(t) + 1 for t in titles), initial=0))
        self._all = "\n".join(titles)

    def having(self, hints: Iterable[str]) -> list[int]:
        """Places of items whose title contains one of these parts of words."""
        found: set[int] = set()
        for hint in hints:
            at = self._all.find(hint)
            while at >= 0:
                place = bisect_right(self._starts, at) - 1
                found.add(place)
                at = self._all.find(hint, self._starts[place + 1])
        return sorted(found)


def recurring_titles(items: Sequence[StoredItem]) -> set[int]:
    """Places of items whose title comes again and again with other contents ("Weekly links", "Morning briefing").

    Such a title is known by one feed using it twice for different texts or pages; it then says nothing in
    other feeds either.
    """
    by_title: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for n, item in enumerate(items):
        words = item.item.title.lower().split()
        if len(words) <= RECURRING:
            by_title[tuple(w for w in words if not any(c.isdigit() for c in w))].append(n)
    # A title that is only a number ("Episode 12", "Podcast #12") identifies nothing in any feed.
    found = {
        n
        for n, item in enumerate(items)
        if DIGIT.search(item.item.title)
        and SERIES.search(item.item.title)
        and len(WORD.findall(SERIES.sub(" ", item.item.title))) <= 1
    }
    for same in by_title.values():
        contents: dict[int, set[tuple[str, str]]] = defaultdict(set)
        for n in same:
            contents[items[n].feed].add(
                (items[n].item.page or items[n].item.link or items[n].item.identity, items[n].item.text)
            )
        if any(
            len({link for link, _ in told}) > 1 and len({text for _, text in told}) > 1
            for told in contents.values()
        ):
            found.update(same)
    return found


def kept_apart(items: Sequence[StoredItem]) -> Mapping[int, set[int]]:
    """For each place, the places that it may never share a story with, unless they share a page.

    Kept apart are titles that name different numbers of one series ("Episode 12", "Episode 13") in otherwise
    the same words, or different days of one feed's programme, and different versions of one thing ("Teapot 3.1", "Teapot 3.2").
    """
    by_key: dict[tuple[str, ...], list[tuple[int, str]]] = defaultdict(list)
    titles = Titles(items)
    counted = set(titles.having(("episode", "chapter", "volume", "season", "round", "part", "hour")))
    for n, item in enumerate(items):
        title = item.item.title
        if not DIGIT.search(title) and n not in counted:
            continue
        if numbers := SERIES.findall(title):
            rest = tuple(w.lower() for w in WORD.findall(SERIES.sub(" ", title)))
            told = " ".join(_number("".join(found)) for found in numbers)
            by_key["series", f"{len(numbers)}", *rest].append((n, told))
            by_key["series of", f"{len(numbers)}", str(item.feed)].append((n, told))
        if day := latest_day(title):
            by_key["dated", str(item.feed)].append((n, day.isoformat()))
        versions = {v[1].lower(): v[2] for v in VERSION.finditer(title) if v[1].lower() not in MEASURES}
        for name, version in versions.items():
            by_key["version", name].append((n, version))
    found: dict[int, set[int]] = defaultdict(set)
    for same in by_key.values():
        for a, one in same[:MANY]:
            for b, other in same[:MANY]:
                if one != other and not _again(items[a], items[b]):
                    found[a].add(b)
    return found


def _number(written: str) -> str:
    """A number of a series in figures: "07" and "seven" are 7."""
    number = written.lower().lstrip("0")
    return str(COUNTED.index(number) + 1) if number in COUNTED else number


def _again(one: StoredItem, other: StoredItem) -> bool:
    """Whether one of two entries repeats the other: it says so, and their texts agree."""
    return (
        bool(one.item.text)
        and one.item.text == other.item.text
        and (AGAIN.search(one.item.title) is None) != (AGAIN.search(other.item.title) is None)
    )


def recurring_texts(items: Sequence[StoredItem]) -> set[int]:
    """Places of items whose text doesn't describe them: a feed has it under three or more titles ("Subscribe to …")."""
    told: dict[tuple[int, str], list[int]] = defaultdict(list)
    for n, item in enumerate(items):
        if item.feed and item.item.text:
            told[item.feed, item.item.text].append(n)
    many = [same for same in told.values() if len(same) >= TITLES]
    return {n for same in many if len({items[n].item.title.casefold() for n in same}) >= TITLES for n in same}
