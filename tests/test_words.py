"""One word for one thing: the words that the glossary in CONTRIBUTING replaced don't come back."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(
    [
        *(ROOT / "newsfeed").rglob("*.py"),
        *(path for path in (ROOT / "templates").rglob("*.*") if path.is_file()),
        *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
    ]
)

# Our former word -> the field's word.
RETIRED = {
    r"tellings?": "item, candidate, contender or representative",
    r"sift(?:s|ed|ing)?": "filter",
    r"brakes?": "penalty",
    r"standing titles?": "recurring title",
    r"twins?": "near-duplicate",
    r"tall(?:y|ies)": "count, daily count",
    r"wires?": "transport",
    r"likeness(?:es)?": "similarity",
    r"mend(?:s|ed|ing)?": "fix, repair",
    r"coats?": "identity",
    r"doorm[ae]n": "the rooms that may import it",
}
# Only as names in code: elsewhere the words are needed, such as a letter of the alphabet or a worker's memory.
RETIRED_NAMES = {
    r"(?:^|_)worth(?:$|_)": "score, value",
    r"(?:^|_)twins?(?:$|_)": "near-duplicate",
    r"(?:^|_)tall(?:y|ies)(?:$|_)": "count, daily count",
    r"(?:^|_)likeness(?:$|_)": "similarity",
    r"(?:^|_)tellings?(?:$|_)": "item, candidate, contender or representative",
    r"^memory$": "cursor of a source",
    r"^(?:Letter|write_letter)$": "message",
}
ANY_WORD = re.compile(rf"\b(?:{'|'.join(f'({word})' for word in RETIRED)})\b", re.IGNORECASE)
ANY_NAME = re.compile("|".join(f"({name})" for name in RETIRED_NAMES))
# Where one of them means something else, or names something that stays: a table, a column, a question to the reader.
ALLOWED = {
    "newsfeed/cli/topics_commands.py": {
        "worth"
    },  # "Worth it?" is what the reader is asked, and a key of --json
    "newsfeed/model/accounts.py": {"telling"},  # a key of accounts that were stored in the older form
    "newsfeed/pipeline/answers/teach.py": {"worth"},
    "newsfeed/store/feeds_queries.py": {"tally"},
    "newsfeed/store/schema.py": {"tally"},  # a table of homes that exist
    "newsfeed/team/moving.py": {"tally"},
    "newsfeed/team/tables.py": {"tally"},
    "newsfeed/text/boilerplate.py": {"wire"},  # of an agency's name
}


def instead(retired: dict[str, str], found: re.Match[str]) -> str:
    """What to say instead of what was found."""
    return list(retired.values())[(found.lastindex or 1) - 1]


def words_of(name: str) -> str:
    """A name in small letters, its words parted by underscores."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def names(tree: ast.AST) -> set[str]:
    """Every name that code defines or uses."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.alias(name=name):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.keyword(arg=str(name)):
                found.add(name)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_retired_word_is_used(path: Path) -> None:
    allowed = ALLOWED.get(str(path.relative_to(ROOT)), set())
    text = path.read_text(encoding="utf-8")
    wrong = [
        f"{path.name}:{text.count(chr(10), 0, found.start()) + 1}: {found[0]!r}, say {instead(RETIRED, found)}"
        for found in ANY_WORD.finditer(text)
        if found[0].lower() not in allowed
    ]
    if path.suffix == ".py":
        wrong += [
            f"{path.name}: {name}, say {instead(RETIRED_NAMES, found)}"
            for name in sorted(names(ast.parse(text)))
            if (found := ANY_NAME.search(words_of(name)))
            and not name.isupper()
            and not set(words_of(name).split("_")) & allowed
        ]
    assert wrong == []


def test_an_exception_is_still_needed() -> None:
    for place, words in ALLOWED.items():
        text = (ROOT / place).read_text(encoding="utf-8").lower()
        assert [word for word in words if word not in text] == [], place


def test_a_retired_word_is_found() -> None:
    found = ANY_WORD.search("The Twins of a story")
    assert found
    assert instead(RETIRED, found) == "near-duplicate"
    named = [ANY_NAME.search(words_of(name)) for name in ("worthy", "worthOf", "memory")]
    assert [one and instead(RETIRED_NAMES, one) for one in named] == [
        None,
        "score, value",
        "cursor of a source",
    ]
