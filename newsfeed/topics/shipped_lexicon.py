"""The lexicon as it ships: compiled.

To read its files and to make their tree takes a third of a second, which every start that has something to tag would
pay. `make model` does it once for the default topics; where a file or the reader's topics say something else, the tree
is made as ever.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

from newsfeed.model import DEFAULT_TOPICS, TopicSetting

from . import lexicon, linear
from .documents import OTHER, TOPICS
from .lexicon import Lexicon
from .vocabulary import folder, languages

NAME = "lexicon.compiled"


def compiled(topics: Mapping[str, TopicSetting]) -> Lexicon:
    """The lexicon with the reader's words."""
    return _shipped(msgspec.json.encode(topics)) or lexicon.compiled(topics)


def packed() -> bytes:
    """The lexicon of the default topics as it is to ship."""
    head, arrays = lexicon.compiled(DEFAULT_TOPICS).packed()
    small = {
        name: found.astype("int32") if found.dtype == "int64" and found.max(initial=0) < 2**31 else found
        for name, found in arrays.items()
    }
    return linear.pack({**head, "of": _of(msgspec.json.encode(DEFAULT_TOPICS))}, small)


@cache
def _shipped(settings: bytes) -> Lexicon | None:
    file = files(__package__).joinpath("data", NAME)
    if not file.is_file():
        return None
    head, arrays = linear.unpack(file.read_bytes())
    if head["of"] != _of(settings):
        return None
    whole = {
        name: found.astype("int64") if found.dtype == "int32" else found for name, found in arrays.items()
    }
    return Lexicon.of_packed(head, whole)


def _of(settings: bytes) -> str:
    """A name for what a lexicon is made of: topics, and the bytes of its files."""
    found = hashlib.sha256(settings)
    for code in languages():
        for topic in (*TOPICS, OTHER):
            file = folder(code).joinpath("lexicon", f"{topic}.toml")
            found.update(b"\0" + (file.read_bytes() if file.is_file() else b""))
        found.update(folder(code).joinpath("language.toml").read_bytes())
    return found.hexdigest()
