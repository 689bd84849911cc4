"""Where a key stands in the text of a newsfeed.toml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

FILE = "newsfeed.toml"


def line_of(text: str, keys: list[str]) -> int:
    """The 1-based line on which the key stands (or the nearest table above it); 0 if nowhere."""
    best = 0
    depth = 0
    for number, full in _keys_by_line(text):
        common = 0
        for a, b in zip(full, keys, strict=False):
            if a != b:
                break
            common += 1
        if common > depth:
            best, depth = number, common
    return best


def _keys_by_line(text: str) -> Iterator[tuple[int, list[str]]]:
    table: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line):
            table = split_key(header.group(1))
            yield number, table
        elif pair := re.match(
            r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""", line
        ):
            yield number, table + split_key(pair.group(1))


def split_key(key: str) -> list[str]:
    return [
        bare or double or single
        for bare, double, single in re.findall(r"""([\w-]+)|"([^"]*)"|'([^']*)'""", key)
    ]


def with_table(text: str, name: str, lines: Sequence[str]) -> str:
    """The text of a newsfeed.toml with table `name`, and those below it, replaced by `lines`; all else as it was."""
    kept = []
    inside = False
    for line in text.splitlines(keepends=True):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line):
            inside = split_key(header.group(1))[:1] == [name]
        if not inside:
            kept.append(line)
    body = "".join(kept).rstrip("\n")
    block = "\n".join([f"[{name}]", *lines]) if lines else ""
    return "\n\n".join(part for part in (body, block) if part) + "\n"
