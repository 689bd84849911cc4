"""Recognising what is not news: deals, adverts, quizzes, notices, live tickers.

The patterns lie in `not_news.toml` of each language; the English one says how they are written. Regular expressions over every title
would be the slowest part of tagging, so each pattern first tells which letters any match of it must contain, and
is tried only on the documents of a batch that contain them.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import accumulate
from typing import Any, NamedTuple

from newsfeed.errors import SettingsError

from .documents import Document
from .vocabulary import folder, languages

FIRST_LINES = 500  # characters of a text that are searched
FIELDS = ("title", "text", "category", "link")
SHORTEST = 3  # letters that are worth looking for


class Expression:
    """A regular expression that is compiled when it is first tried: most never are."""

    __slots__ = ("_compiled", "written")

    def __init__(self, written: str) -> None:
        self.written = written
        self._compiled: re.Pattern[str] | None = None

    def search(self, text: str) -> re.Match[str] | None:
        if self._compiled is None:
            self._compiled = re.compile(self.written)
        return self._compiled.search(text)


class Pattern(NamedTuple):
    """One kind of non-news: all `fields` must match; `unless` (title and text) and `about` (title) must not."""

    kind: str
    fields: tuple[tuple[str, Expression], ...]
    unless: Expression | None
    about: Expression | None  # titles of stories about such things; of no weight against link or category
    gate: str  # the field whose letters are looked for first
    letters: tuple[str, ...]  # one of them stands in every match; empty: unknown
    lang: str = ""  # whose texts it is tried on; empty: on all


def parse(text: str, lang: str = "") -> list[Pattern]:
    """Patterns from TOML, for the texts of one language or all. Raises SettingsError for anything else."""
    found = []
    repair = "Each [[pattern]] has a kind, and title, text, category or link as a regular expression."
    try:
        table = tomllib.loads(text)
        words = table.get("words", {})
        about = Expression(_lower(table["about"])) if "about" in table else None
        for number, written in enumerate(table.get("pattern", ()), start=1):
            row = {key: _spelled(value, words) for key, value in written.items()}
            unknown = set(row) - {"kind", "unless", *FIELDS}
            if unknown or not row.get("kind") or not set(row) & set(FIELDS):
                raise SettingsError(
                    "not_news.toml", f"pattern {number} is not complete or has {unknown}", repair
                )
            fields = tuple((field, Expression(_lower(row[field]))) for field in FIELDS if field in row)
            unless = Expression(_lower(row["unless"])) if "unless" in row else None
            gates = [(field, letters(row[field])) for field in FIELDS if field in row]
            gate, needed = max(gates, key=lambda pair: (bool(pair[1]), pair[0] == "title"))
            by_title = {"title"} == set(row) & set(FIELDS)
            found.append(
                Pattern(row["kind"], fields, unless, about if by_title else None, gate, needed, lang)
            )
    except KeyError as error:
        raise SettingsError(
            "not_news.toml", f"<{error.args[0]}> stands for no list of [words]", repair
        ) from None
    except (tomllib.TOMLDecodeError, re.error, TypeError) as error:
        raise SettingsError("not_news.toml", str(error), repair) from None
    return found


def _spelled(pattern: str, words: Mapping[str, str]) -> str:
    """A pattern with the lists of [words] in the places of their names."""
    return re.sub(r"<([a-z]+)>", lambda m: words[m[1]], pattern)


def _lower(pattern: str) -> str:
    # Texts are put in lower case before; ignoring case as well would double the time.
    return re.sub(r"(\\.)|([A-Z])", lambda m: m[1] or m[2].lower(), pattern)


# --------------------------------------------------------------------------- letters every match contains


def letters(pattern: str) -> tuple[str, ...]:
    """Strings of which every match contains at least one; empty if none can be found.

    Reads the parsed expression of the standard library; where that is not to be had, all documents are tried.
    """
    parser: Any = getattr(re, "_parser", None)
    if parser is None:
        re.compile(_lower(pattern))
        return ()
    found = _required(parser.parse(_lower(pattern)))
    return tuple(sorted(found)) if found else ()


def _required(sequence: Iterable[Any]) -> frozenset[str] | None:
    best: frozenset[str] | None = None
    run = ""
    for operation, argument in [*sequence, ("END", None)]:
        name = str(operation)
        if name == "LITERAL":
            run += chr(argument)
            continue
        if len(run) >= SHORTEST:
            best = _better(best, frozenset([run]))
        run = ""
        inner: frozenset[str] | None = None
        if name == "SUBPATTERN":
            inner = _required(argument[3])
        elif name == "BRANCH":
            branches = [_required(branch) for branch in argument[1]]
            if all(branch is not None for branch in branches):
                inner = frozenset[str]().union(*(branch for branch in branches if branch))
        elif name in {"MAX_REPEAT", "MIN_REPEAT"} and argument[0] > 0:
            inner = _required(argument[2])
        if inner:
            best = _better(best, inner)
    return best


def _better(one: frozenset[str] | None, two: frozenset[str]) -> frozenset[str]:
    """The more specific of two: longer at its shortest, then fewer."""
    if one is None:
        return two
    return max(one, two, key=lambda s: (min(*map(len, s), 6), -len(s), sorted(s)))


# --------------------------------------------------------------------------- the recogniser


class NotNews:
    """The recogniser, compiled once."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self.patterns = tuple(patterns)

    @staticmethod
    @cache
    def shipped() -> NotNews:
        """With the patterns that ship with the package."""
        found: list[Pattern] = []
        for code in languages():
            file = folder(code).joinpath("not_news.toml")
            if file.is_file():
                found += parse(file.read_text(encoding="utf-8"), code)
        return NotNews(found)

    def rows(self) -> list[Any]:
        """The patterns as they can be kept."""
        return [
            (
                one.kind,
                [(field, expression.written) for field, expression in one.fields],
                one.unless and one.unless.written,
                one.about and one.about.written,
                one.gate,
                one.letters,
                one.lang,
            )
            for one in self.patterns
        ]

    @classmethod
    def of_rows(cls, rows: Iterable[Any]) -> NotNews:
        """The same back."""
        return cls(
            [
                Pattern(
                    kind,
                    tuple((field, Expression(written)) for field, written in fields),
                    unless and Expression(unless),
                    about and Expression(about),
                    gate,
                    tuple(needed),
                    lang,
                )
                for kind, fields, unless, about, gate, needed, lang in rows
            ]
        )

    def kinds(self, documents: Sequence[Document]) -> list[str]:
        """The kind of each document that is no news ("deal", "sponsored", "quiz", …), "" for news."""
        texts = {
            "title": [_plain(document.title) for document in documents],
            "text": [_plain(document.text[:FIRST_LINES]) for document in documents],
            "category": ["\n".join(document.tags).lower() for document in documents],
            "link": [document.link.lower() for document in documents],
        }
        looked = {field: _Haystack(found) for field, found in texts.items()}
        kinds = [""] * len(documents)
        spoken = [document.lang[:2].lower() for document in documents]
        for pattern in self.patterns:
            if pattern.lang and pattern.lang not in spoken:
                continue
            for number in looked[pattern.gate].holding(pattern.letters):
                if kinds[number] or (pattern.lang and pattern.lang != spoken[number]):
                    continue
                if _matches(pattern, texts, number):
                    kinds[number] = pattern.kind
        return kinds


def not_news(document: Document) -> str:
    """The kind of a document that is no news, "" for news."""
    return NotNews.shipped().kinds([document])[0]


def _plain(text: str) -> str:
    return text.lower().replace("’", "'").replace("‘", "'")


def _matches(pattern: Pattern, texts: dict[str, list[str]], number: int) -> bool:
    for field, expression in pattern.fields:
        if not any(
            map(
                expression.search,
                texts[field][number].split("\n") if field == "category" else [texts[field][number]],
            )
        ):
            return False
    if pattern.about is not None and pattern.about.search(texts["title"][number]):
        return False
    if pattern.unless is None:
        return True
    return not pattern.unless.search(f"{texts['title'][number]}\n{texts['text'][number]}")


class _Haystack:
    """The texts of a batch as one, to look for letters in all of them at once."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._count = len(texts)
        self._any = any(texts)
        self._blob = "\0".join(texts)
        self._ends = list(accumulate(len(text) + 1 for text in texts))
        self._held: dict[str, frozenset[int]] = {}

    def holding(self, strings: Sequence[str]) -> Iterable[int]:
        """The texts that hold any of the strings, in order; all of them where there are none to look for."""
        if not self._any:
            return ()
        if not strings:
            return range(self._count)
        return sorted(frozenset[int]().union(*map(self._holding, strings)))

    def _holding(self, string: str) -> frozenset[int]:
        found = self._held.get(string)
        if found is None:
            numbers = set()
            at = self._blob.find(string)
            while at >= 0:
                number = bisect_right(self._ends, at)
                numbers.add(number)
                at = self._blob.find(string, self._ends[number] if number < self._count else len(self._blob))
            found = self._held[string] = frozenset(numbers)
        return found
