"""What the topics' files say as it ships: compiled.

To read them, to make the lexicon's tree and to find what letters the patterns of no news need takes a second of a small
computer, which every start that has something to tag would pay. `make model` does it once; where a file says something
else, or the reader's topics do, it is made as ever.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from newsfeed.model import DEFAULT_TOPICS, TopicSetting

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
