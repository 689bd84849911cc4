"""The topic that a folder's name means: "Wirtschaft", "Money & Markets" and "03 Finance" mean finance."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from newsfeed.model import WORLD, TopicSetting

from .documents import OTHER
from .shipped_lexicon import folder_names


class _Silent(NamedTuple):
    """Words of folder names that name no subject."""

    news: frozenset[str]
    nothing: frozenset[str]


@cache
def _silent() -> _Silent:
    written = files(__package__).joinpath("data", "folders.toml").read_text(encoding="utf-8")
    return _Silent(**{name: frozenset(words.split()) for name, words in tomllib.loads(written).items()})


@cache
def _table() -> dict[tuple[str, ...], str]:
    """The topic that each name means, by the name's words."""
    return {tuple(name.split()): topic for topic, names in folder_names().items() for name in names}


def plain(name: str) -> tuple[str, ...]:
    """A name's words in lower case, without accents, numbering, signs and emoji."""
    decomposed = unicodedata.normalize(
        "NFKD", name.replace("ß", "ss").replace("ø", "o").replace("ł", "l").casefold()
    )
    kept = "".join(c if c.isalnum() else "" if unicodedata.combining(c) else " " for c in decomposed)
    return tuple(word for word in kept.split() if not word.isdigit())


def topic_of_folder(name: str, topics: Mapping[str, TopicSetting] | None = None) -> str:
    """The topic that a name means, `other` for what no topic wants, "" where it says nothing.

    The reader's own names, labels and topics go first. Of several topics in one name ("Tech & Marketing") the
    first counts; a word of a longer name counts only beside words that say nothing ("Sales news", not "Garage
    sales"). Separators within a name ("Work/Finance") make it a path whose last part that says something
    counts.
    """
    for part in _parts(name):
        found = _of_part(part, topics or {})
        if found:
            return found
    return ""


def _parts(name: str) -> list[tuple[str, ...]]:
    """The words of a name's parts, the innermost part first."""
    return [plain(part) for part in reversed(name.replace("\\", "/").split("/"))]


def _of_part(words: tuple[str, ...], topics: Mapping[str, TopicSetting]) -> str:
    table = _table()
    if topics:
        own = {}
        for topic, setting in topics.items():
            for known in (topic, setting.label):
                if known and plain(known):
                    own[plain(known)] = topic
        if words in own:
            return own[words]
        table = {key: topic for key, topic in table.items() if topic in topics or topic == OTHER} | own
    if words in table:
        return table[words]
    # "AI / Machine Learning", "Tech News", "Startups & Venture Capital": names side by side.
    silent = _silent()
    found, unknown, place = [], 0, 0
    while place < len(words):
        for size in range(min(4, len(words) - place), 0, -1):
            topic = table.get(words[place : place + size], "")
            if topic:
                found.append(topic)
                place += size
                break
        else:
            unknown += words[place] not in silent.nothing | silent.news
            place += 1
    return found[0] if found and unknown < len(found) else ""


def topic_of_folders(folders: Sequence[str], topics: Mapping[str, TopicSetting] | None = None) -> str:
    """The topic of a folder path: the innermost name that says something; for nothing but "News" the world."""
    for name in reversed(folders):
        found = topic_of_folder(name, topics)
        if found:
            return found
    known = not topics or WORLD in topics
    return WORLD if known and any(_is_news(part) for name in folders for part in _parts(name)) else ""


def _is_news(words: tuple[str, ...]) -> bool:
    """Whether a name says "news" and nothing else."""
    silent = _silent()
    return not silent.news.isdisjoint(words) and (silent.news | silent.nothing).issuperset(words)
