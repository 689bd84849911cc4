"""One word for one thing: the words that the glossary in CONTRIBUTING replaced stay away."""

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

# A word that was ours -> the field's word for it.
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
# Names in code alone: their words are needed elsewhere, such as a letter of the alphabet or a worker's memory.
RETIRED_NAMES = {
    r"(?:^|_)worth(?:$|_)": "score, value",
    r"(?:^|_)twins?(?:$|_)": "near-duplicate",
    r"(?:^|_)tall(?:y|ies)(?:$|_)": "count, daily count",
    r"(?:^|_)likeness(?:$|_)": "similarity",
    r"(?:^|_)tellings?(?:$|_)": "item, candidate, contender or representative",
    r"^memory$": "cursor of a source",
    r"^(?:Letter|write_letter)$": "message",
}
# Where one of them means something else, or names what stays as it is: a table, a column, what a reader is asked.
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
    wrong = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        for pattern, instead in RETIRED.items():
            wrong += [
                f"{path.name}:{number}: {found!r}, say {instead}"
                for found in re.findall(rf"\b{pattern}\b", line, re.IGNORECASE)
                if found.lower() not in allowed
            ]
    if path.suffix == ".py":
        for name in sorted(names(ast.parse(path.read_text(encoding="utf-8")))):
            for pattern, instead in RETIRED_NAMES.items():
                if (
                    re.search(pattern, words_of(name))
                    and not name.isupper()
                    and not set(words_of(name).split("_")) & allowed
                ):
                    wrong.append(f"{path.name}: {name}, say {instead}")
    assert wrong == []


def test_an_exception_is_still_needed() -> None:
    for place, words in ALLOWED.items():
        text = (ROOT / place).read_text(encoding="utf-8").lower()
        assert [word for word in words if word not in text] == [], place
