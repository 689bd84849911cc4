"""Splitting texts into words for the lexicon and the model, in each language.

A language is a folder of data, `data/languages/<code>/`; only the plurals of English and the words of its sponsors are in code:

- `language.toml`: its function words, the endings of its words, and the letters that may join the parts of its compounds
- `lexicon/<topic>.toml`, `seeds/<topic>.jsonl`: entries may begin with a star in languages other than English ("*bank").
  Names of folders that mean a topic stand in English's files, of all languages together: readers of one language have
  folders in another
- `not_news.toml`: patterns of what is not news; `acts.toml`, `value.jsonl`: who did what, and graded items
- `english.txt`, its glossary, one line an English word (`bank: bank, kreditinstitut`), so that what was learned of English
  words serves its words too. A word that is not in it is read by its parts, as compounds are made: the longest known end
  ("leitzins|senkung"), and what stands before it, with or without the letter that joins them

Words of languages other than English are counted with the language's code ("de:bank"), so that "die" or "war" never
means the same in two languages. Texts are read once: lower case, one regular expression, one look-up per word.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from newsfeed.lazy import expression
from newsfeed.text.prose import singular

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Only the beginning of a text is read. News says at the start what it is about, and cost stays bounded.
TEXT_CHARS = 800
TITLE_CHARS = 300  # as many as are kept of a title

# Words keep inner points, apostrophes and ampersands ("u.s", "s&p", "node.js"); "c++" and "c#" stay whole;
# hyphens part words, so that "open-source" is "open source". Currency signs are words.
_WORD = expression(r"§?[^\W_]+(?:[.'’&][^\W_]+)*(?:\+\+|#(?!\w))?|[$€£]")
_DIGITS = expression(r"\d[\d.,]*")
_YEAR = expression(r"(?:19|20)\d\d")

# What an address spells ("utm_campaign", "podcasts.example") is no word of the text.
_ADDRESS = expression(r"(?:https?://|www\.)\S+")

# A sponsor's sentence, and the calls to buy that follow it, are about the sponsor.
_SPONSOR = expression(
    r"(?:this|today['’]s|our|the) [\w ]{0,30}?(?:is|was|are)? ?(?:sponsored|supported|presented|brought to you) by\b[^.!?\n]*[.!?]?"
    r"(?:\s*(?:download|sign up|get|try|use (?:the |my |our )?code|visit|go to|head to|learn more|start|open|join|save)\b[^.!?\n]*[.!?]?){0,2}",
    re.IGNORECASE,
)

#: Begins a word that is no word of the text: a topic named by a category or by a section of the link.
MARK = "§"

#: What a word can be instead of a stem's number.
UNKNOWN = -1
GAP = -2  # between texts
SKIPPED = -3  # a function word

#: What stands between title and text, and between texts. No phrase runs across it.
BREAK = 0


def words(text: str) -> list[str]:
    """The words of a text, in lower case."""
    return _WORD.findall(text.lower())


def prose(text: str) -> str:
    """The part of a text that is used, its beginning, without addresses and sponsors' messages."""
    text = text[: 2 * TEXT_CHARS]
    if "://" in text or "www." in text:
        text = _ADDRESS.sub(" ", text)
    if "ponsored" in text or "upported by" in text or "resented by" in text or "rought to you" in text:
        text = _SPONSOR.sub(" ", text)
    return text[:TEXT_CHARS]


def surface(word: str) -> str:
    """A word in the form the lexicon knows: straight apostrophe, no possessive."""
    if "’" in word:
        word = word.replace("’", "'")
    return word.removesuffix("'s")


def stem(word: str) -> str:
    """A word in the form the model counts: singular, numbers by their shape ("2.5bn" -> "#bn")."""
    word = surface(word)
    if word[0].isdigit():
        if _YEAR.fullmatch(word):
            return "#year"
        return _DIGITS.sub("#", word)
    return singular(word)


class StemNumbers(dict[str, int]):
    """Numbers for words, given out as they come; the number indexes whatever is kept per word.

    `StemNumbers()[word]` of an unknown word takes the next number. It grows with the distinct words seen, not
    with the texts; `reset` (called by its owner between batches) bounds it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.reset()

    def reset(self) -> None:
        """Forget all words; number 0 is the break."""
        self.clear()
        self[""] = BREAK

    def __missing__(self, word: str) -> int:
        number = len(self)
        self[word] = number
        return number


def read(
    texts: Iterable[tuple[str, str]], vocabulary: StemNumbers
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
    """Titles and texts (the part of them that is to be read) as one long array of word numbers.

    Returns word numbers, the document index of each, and whether it stands in the title; each title and each
    text is closed by a break.
    """
    import numpy as np

    find = _WORD.findall
    lists: list[Sequence[str]] = []
    lengths: list[int] = []
    stop = ("",)
    for title, text in texts:
        head = find(title[:TITLE_CHARS].lower())
        body = find(text.lower())
        lists += (head, stop, body, stop)
        lengths += (len(head) + 1, len(body) + 1)
    numbers = np.fromiter(
        map(vocabulary.__getitem__, chain.from_iterable(lists)), dtype=np.int32, count=sum(lengths)
    )
    sizes = np.array(lengths, dtype=np.int64)
    halves = np.repeat(np.arange(len(lengths), dtype=np.int32), sizes)
    return numbers, halves >> 1, (halves & 1) == 0


ENGLISH = ""  # its words carry no code
UNNAMED = "?"  # the code of a text in a language that nobody could tell

LEAST_STEM, LEAST_BASE = 4, 3  # letters that an ending must leave, of a stem and of a word in the lexicon
MOST_ENDINGS = 2  # a word ends in: "Minister-s" is of one stem with "Minist-er"


class Language(NamedTuple):
    """The rules of a language for counting its words."""

    code: str
    little: frozenset[str]
    endings: tuple[str, ...]  # longest first
    joints: tuple[str, ...] = ("",)  # what may stand between the parts of a compound

    def stem(self, word: str) -> str:
        """A word in the form the model counts: without its ending."""
        if word[0].isdigit():
            return stem(word)
        for _ in range(MOST_ENDINGS):
            word = next((word[: -len(e)] for e in self.endings if self._ends(word, e, LEAST_STEM)), word)
        return word

    def bases(self, word: str) -> tuple[str, ...]:
        """What a word may be a form of."""
        return tuple(word[: -len(e)] for e in self.endings if self._ends(word, e, LEAST_BASE))

    @staticmethod
    def _ends(word: str, ending: str, least: int) -> bool:
        return len(word) - len(ending) >= least and word.endswith(ending)


def folder(code: str) -> Traversable:
    """The folder with the data of a language."""
    return files(__package__).joinpath("data", "languages", code or "en")


@cache
def languages() -> dict[str, Language]:
    """The languages that ship with the package, English first, by the code that their words carry."""
    places = files(__package__).joinpath("data", "languages").iterdir()
    codes = sorted(place.name for place in places if place.joinpath("language.toml").is_file())
    return {code: _language(code) for code in (ENGLISH, *(code for code in codes if code != "en"))}


def _language(code: str) -> Language:
    table = tomllib.loads(folder(code).joinpath("language.toml").read_text(encoding="utf-8"))
    endings = sorted(table["endings"].split(), key=lambda ending: (-len(ending), ending))
    return Language(
        code, frozenset(table["little"].split()), tuple(endings), ("", *table.get("joints", "").split())
    )


def coded(word: str, code: str) -> str:
    """A word in the form counted in a language."""
    return f"{code}:{word}" if code else word


def bare(name: str) -> str:
    """A counted name in readable form: "de:bank de:krise" -> "bank krise"."""
    return " ".join(word.rpartition(":")[2] for word in name.split(" "))


def is_little(word: str, code: str) -> bool:
    """Whether a word is a function word of a language, which is in every text and says nothing about topics."""
    language = languages().get(code)
    return language is not None and word in language.little


def stem_of(word: str, code: str) -> str:
    """The form in which a word of a language is counted."""
    if not code:
        return stem(word)
    language = languages().get(code)
    return coded(language.stem(word) if language else singular(word), code)


# ------------------------------------------------------------------ what words are called in English

MOST_MEANINGS = 4  # English words that one word is read as
OF_A_WORD, OF_A_PART = 3, 2  # meanings of a word, and of each part of a compound
LEAST_COMPOUND, LEAST_TAIL, LEAST_HEAD, LEAST_ALONE = 8, 4, 3, 5  # letters


@cache
def glossary(code: str) -> dict[str, tuple[str, ...]]:
    """English stems by the stem of a language's word; empty for a language without a glossary."""
    file = folder(code).joinpath("english.txt")
    found: dict[str, tuple[str, ...]] = {}
    if not code or code not in languages() or not file.is_file():
        return found
    for line in file.read_text(encoding="utf-8").splitlines():
        english, colon, words = line.partition(": ")
        if not colon or line.startswith("#"):
            continue
        for word in words.split():
            own = languages()[code].stem(word)
            found[own] = tuple(dict.fromkeys((*found.get(own, ()), stem(english))))
    return found


def meanings(word: str, code: str) -> tuple[str, ...]:
    """The English stems for a word of a language; numbers stay numbers."""
    if word[0].isdigit():
        return (stem(word),)
    known = glossary(code)
    shorten = languages()[code].stem
    if whole := known.get(shorten(word)):
        return whole[:OF_A_WORD]
    if len(word) < LEAST_COMPOUND:
        return ()
    for at in range(LEAST_TAIL, len(word) - LEAST_HEAD):
        if tail := known.get(shorten(word[at:])):
            head = _head(word[:at], known, code)
            if head or len(word) - at >= LEAST_ALONE:
                return (*head[:OF_A_PART], *tail[:OF_A_PART])
    for end in range(len(word) - LEAST_HEAD, LEAST_TAIL, -1):
        if start := known.get(shorten(word[:end])):
            return start[:OF_A_PART]
    return ()


def _head(word: str, known: dict[str, tuple[str, ...]], code: str) -> tuple[str, ...]:
    """The meaning of the first part of a compound, without the linking letters."""
    shorten = languages()[code].stem
    for joint in languages()[code].joints:
        bare = word.removesuffix(joint)
        if word.endswith(joint) and len(bare) >= LEAST_HEAD and (found := known.get(shorten(bare))):
            return found
    return ()
