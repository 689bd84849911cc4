"""Items given by programs as lines of JSON: each line read as a record, or an explanation of what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Annotated, NamedTuple, TypeVar

import msgspec

from newsfeed.model import Problem, Record

T = TypeVar("T")
Name = Annotated[str, msgspec.Meta(min_length=1)] | int
_FIELD = re.compile(r"`\$\.(\w+)")
_WRONG = {
    "id": '"id" is missing or neither text nor a number',
    "folder": '"folder" or "tags" is not text',
    "tags": '"folder" or "tags" is not text',
}


class ItemLine(Record, frozen=True):
    """An item as a program wrote it; other fields are ignored."""

    id: Name
    title: str | None = None
    text: str | None = None
    feed: str | None = None
    outlet: str | None = None
    link: str | None = None
    lang: str | None = None
    published: str | None = None
    folder: str | list[str] | None = None
    tags: str | list[str] | None = None
    topics: object = None


_LINE = msgspec.json.Decoder(ItemLine)


class LineError(ValueError):
    """What is wrong with a line, for its author."""


class Piped(NamedTuple):
    """The output of a pipe: one line per item, in order, and what was wrong with lines of the input."""

    lines: list[str]
    problems: list[Problem]


def read_lines(
    lines: Iterable[str | bytes], make: Callable[[ItemLine], T], source: str = ""
) -> tuple[list[T], list[Problem]]:
    """The result of `make` for every good line; a bad one is reported with its number, and the rest goes on.

    Args:
        make: may raise `LineError`.
        source: precedes the report about a line ("folders").
    """
    made: list[T] = []
    problems: list[Problem] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            item = _LINE.decode(line)
            if not (item.title and item.title.strip()) and not (item.text and item.text.strip()):
                raise LineError("neither title nor text")
            made.append(make(item))
        except (LineError, msgspec.MsgspecError, UnicodeError) as error:
            where = f"{source}, line {number}" if source else f"line {number}"
            problems.append(Problem(text=f"{where}: {_words(error)}", line=number))
    return made, problems


def names(value: str | list[str] | None) -> tuple[str, ...]:
    """One name or several, in either form that programs write."""
    return () if not value else (value,) if isinstance(value, str) else tuple(value)


def _words(error: Exception) -> str:
    if isinstance(error, LineError):
        return str(error)
    if not isinstance(error, msgspec.ValidationError):
        return "not JSON"
    field = _FIELD.search(str(error))
    if field is None:
        return _WRONG["id"] if "field `id`" in str(error) else "not a JSON object"
    return _WRONG.get(field[1], f'"{field[1]}" is not text')
