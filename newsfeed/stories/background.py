"""How common words are in news at large, so that a small window doesn't take a plain word for a rare one.

In a window of a few hundred items "mortgage" or "drones" may stand twice, as seldom as the name of a company that a
story is about. The window's words are therefore counted together with those of a fixed body of short news texts: the
seeds that the topics are trained with, in English, but for general news: there the very words of an event (a quake, a
general, a siege) would pass for common, and names alone would join two stories. A word that none has is as rare as the
window says.

`newsfeed.stories.build` makes the table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import msgspec

from newsfeed.stories.words import WORD, word_terms

TABLE = "background.txt"


class Background(NamedTuple):
    """So many texts, and how many of them have each term."""

    texts: int
    counts: Mapping[str, int]


class _Seed(msgspec.Struct):
    title: str = ""
    text: str = ""


def count(texts: Iterable[str]) -> Background:
    """Count the terms of texts."""
    counts: Counter[str] = Counter()
    many = 0
    for text in texts:
        many += 1
        counts.update({term for word in WORD.findall(text) for term in word_terms(word)})
    return Background(many, counts)


def pack(background: Background) -> str:
    """The table as text: the number of texts, then a line for each count with its terms."""
    by_count: dict[int, list[str]] = {}
    for term, times in background.counts.items():
        by_count.setdefault(times, []).append(term)
    lines = [f"{times} {' '.join(sorted(by_count[times]))}" for times in sorted(by_count, reverse=True)]
    return "\n".join([str(background.texts), *lines, ""])


def unpack(table: str) -> Background:
    """The reverse of `pack`."""
    first, *lines = table.splitlines()
    counts: dict[str, int] = {}
    for line in lines:
        times, *terms = line.split(" ")
        counts.update(dict.fromkeys(terms, int(times)))
    return Background(int(first), counts)


@cache
def shipped() -> Background:
    """The table that comes with the package."""
    return unpack(files(__package__).joinpath("data", TABLE).read_text(encoding="utf-8"))


def seeds(paths: Iterable[Path]) -> list[str]:
    """The texts of files of seeds."""
    decode = msgspec.json.Decoder(_Seed).decode
    rows = [decode(line) for path in sorted(paths) for line in path.read_bytes().splitlines() if line.strip()]
    return [f"{row.title} {row.text}" for row in rows]
