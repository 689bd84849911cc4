"""What the topics' files say, compiled as it ships; and the topic that a folder's name means: "Wirtschaft", "Money & Markets"
and "03 Finance" mean finance.

Reading the files, building the lexicon's tree and finding the letters that the patterns of no news need takes a second on
a small computer, which every start that has something to tag would pay. `make model` does it once; if a file or the
reader's topics differ from what was compiled, it is done anew."""

from __future__ import annotations

import hashlib
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from newsfeed.model import DEFAULT_TOPICS, WORLD, TopicSetting

from . import lexicon, not_news, weights
from .documents import OTHER, TOPICS
from .lexicon import Lexicon
from .vocabulary import folder, languages

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAME = "lexicon.compiled"


def compiled(topics: Mapping[str, TopicSetting]) -> Lexicon:
    """The lexicon with the reader's words."""
    kept = _kept()
    if kept is None or kept.head["settings"] != _hash(msgspec.json.encode(topics)):
        return lexicon.compiled(topics)
    return _shipped()


@cache
def implied() -> Mapping[str, tuple[str, float]]:
    """As `lexicon.implied`."""
    kept = _kept()
    if kept is None:
        return lexicon.implied()
    return {topic: (parent, share) for topic, (parent, share) in kept.head["implied"].items()}


@cache
def folder_names() -> Mapping[str, tuple[str, ...]]:
    """As `lexicon.folder_names`."""
    kept = _kept()
    return lexicon.folder_names() if kept is None else kept.head["folders"]


@cache
def recogniser() -> not_news.NotNews:
    """What tells no news, with the patterns that ship with the package."""
    kept = _kept()
    return not_news.NotNews.shipped() if kept is None else not_news.NotNews.of_rows(kept.head["not_news"])


def packed() -> bytes:
    """What the files say, with the lexicon of the default topics, as it is to ship."""
    head, arrays = lexicon.compiled(DEFAULT_TOPICS).packed()
    small = {
        name: found.astype("int32") if found.dtype == "int64" and found.max(initial=0) < 2**31 else found
        for name, found in arrays.items()
    }
    more = {
        "of": _of_files(),
        "settings": _hash(msgspec.json.encode(DEFAULT_TOPICS)),
        "implied": lexicon.implied(),
        "folders": lexicon.folder_names(),
        "not_news": not_news.NotNews.shipped().rows(),
    }
    return weights.pack({**head, **more}, small)


class _Kept(NamedTuple):
    head: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


@cache
def _kept() -> _Kept | None:
    file = files(__package__).joinpath("data", NAME)
    if not file.is_file():
        return None
    head, arrays = weights.unpack(file.read_bytes())
    return _Kept(head, arrays) if head["of"] == _of_files() else None


@cache
def _shipped() -> Lexicon:
    kept = _kept()
    assert kept is not None
    whole = {
        name: found.astype("int64") if found.dtype == "int32" else found
        for name, found in kept.arrays.items()
    }
    return Lexicon.of_packed(kept.head, whole)


def _of_files() -> str:
    """A name for what all this is made of: the bytes of the files."""
    data = b""
    for code in languages():
        names = [f"lexicon/{topic}.toml" for topic in (*TOPICS, OTHER)]
        for file in (folder(code).joinpath(name) for name in (*names, "language.toml", "not_news.toml")):
            data += b"\0" + (file.read_bytes() if file.is_file() else b"")
    return _hash(data)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


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
    """The topic that a name means, `other` for a subject of no topic, "" where it says nothing.

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
