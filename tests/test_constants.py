"""Every constant says where its number comes from: a standard, a measurement, or what it guards against."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "newsfeed"
FILES = sorted(PACKAGE.rglob("*.py"))


def numbers(tree: ast.Module) -> list[ast.stmt]:
    """The constants of a module that consist of numbers only."""
    found = []
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pass
            case _:
                continue
        parts = [part.value for part in ast.walk(value) if isinstance(part, ast.Constant)]
        plain = parts and all(isinstance(part, int | float) and not isinstance(part, bool) for part in parts)
        if name.lstrip("_").isupper() and plain and not isinstance(value, ast.Subscript | ast.DictComp):
            found.append(node)
    return found


def unexplained(text: str) -> list[str]:
    """The constants without a comment on their lines or just above."""
    lines = text.splitlines()
    wrong = []
    for node in numbers(ast.parse(text)):
        above = lines[node.lineno - 2] if node.lineno > 1 else ""
        own = lines[node.lineno - 1 : node.end_lineno]
        if not above.startswith("#") and not any("#" in line for line in own):
            wrong.append(f"{node.lineno}: {own[0]}")
    return wrong


def test_a_number_says_why_it_is_what_it_is() -> None:
    found = {path.relative_to(PACKAGE).as_posix(): unexplained(path.read_text("utf-8")) for path in FILES}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_a_bare_number_is_found() -> None:
    assert unexplained("LIMIT = 5\n_WAIT = timedelta(hours=2)\nNAME = 'x'\nSAID = 3  # RFC 1\n") == [
        "1: LIMIT = 5",
        "2: _WAIT = timedelta(hours=2)",
    ]
