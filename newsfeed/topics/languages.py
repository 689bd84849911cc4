"""Languages beside English. Each is a folder of data: `data/languages/<code>/`.

- `language.toml`: its little words, and the endings that its words take
- `lexicon/<topic>.toml`, `seeds/<topic>.jsonl`: as the English ones; entries may begin with a star ("*bank")
- `not_news.toml`: patterns of what is no news, tried on texts of the language

Words of other languages than English carry its code wherever they are counted ("de:bank"), so that "die" or "war"
never means in one what it means in another.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

from .words import STOP, singular, stem

ENGLISH = ""  # its words carry no code
UNNAMED = "?"  # the code of a text in a language that nobody could tell

LEAST_STEM, LEAST_BASE = 4, 3  # letters that an ending must leave, of a stem and of a word in the lexicon
MOST_ENDINGS = 2  # a word ends in: "Minister-s" is of one stem with "Minist-er"


class Language(NamedTuple):
    """What must be known of a language to count its words."""

    code: str
    little: frozenset[str]
    endings: tuple[str, ...]  # longest first

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
    """Where the data of a language lies; that of English for its empty code."""
    data = files(__package__).joinpath("data")
    return data.joinpath("languages", code) if code else data


@cache
def languages() -> dict[str, Language]:
    """The languages that ship with the package, English aside, by code."""
    found = {}
    for place in sorted(files(__package__).joinpath("data", "languages").iterdir(), key=lambda p: p.name):
        written = place.joinpath("language.toml")
        if written.is_file():
            table = tomllib.loads(written.read_text(encoding="utf-8"))
            endings = sorted(table["endings"].split(), key=lambda ending: (-len(ending), ending))
            found[place.name] = Language(place.name, frozenset(table["little"].split()), tuple(endings))
    return found


def coded(word: str, code: str) -> str:
    """A word as it is counted in a language."""
    return f"{code}:{word}" if code else word


def bare(name: str) -> str:
    """A counted name as it is read: "de:bank de:krise" -> "bank krise"."""
    return " ".join(word.rpartition(":")[2] for word in name.split(" "))


def stem_of(word: str, code: str) -> str:
    """The form in which the model of topics counts a word of a language, "" where it doesn't."""
    language = languages().get(code)
    little = language.little if language else () if code else STOP
    return "" if word in little else whole_stem_of(word, code)


def whole_stem_of(word: str, code: str) -> str:
    """The form in which a word of a language is counted, function words too."""
    if not code:
        return stem(word)
    language = languages().get(code)
    return coded(language.stem(word) if language else singular(word), code)
