"""SECURITY.md: every promise is there once, and every test exists that it or one of the tables in tests/ names."""

from __future__ import annotations

import importlib
import re
from math import prod
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROWS = re.findall(
    r"^\| (P\d+) \| (.+) \| (.+) \|$",
    (TESTS.parent / "SECURITY.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)
TABLES = {
    name: re.findall(r"^\| (.+) \| (`.+`) \|$", (TESTS / name).read_text(encoding="utf-8"), re.MULTILINE)
    for name in ("TEAM.md", "WILD.md")
}
NAMED = [*((name, tests) for name, _, tests in ROWS), *(row for rows in TABLES.values() for row in rows)]


def test_every_promise_is_there_once() -> None:
    assert [name for name, _, _ in ROWS] == [f"P{n}" for n in range(1, 24)]


@pytest.mark.parametrize(("name", "named"), NAMED)
def test_every_test_that_a_promise_names_exists(name: str, named: str) -> None:
    found = re.findall(r"`([\w/]+\.py)::(\w+)`", named)
    assert len(found) == named.count("::") > 0
    for file, test in found:
        source = (TESTS / file).read_text(encoding="utf-8")
        assert re.search(rf"^(async )?def {test}\(", source, re.MULTILINE), f"{name} names {file}::{test}"


@pytest.mark.parametrize(("name", "named"), TABLES["WILD.md"])
def test_every_kind_has_three_inputs_of_our_own(name: str, named: str) -> None:
    """A parametrized test counts once for each combination of its parameters."""
    inputs = 0
    for file, test in re.findall(r"`([\w/]+)\.py::(\w+)`", named):
        marks = getattr(getattr(importlib.import_module(file.replace("/", ".")), test), "pytestmark", [])
        inputs += prod(len(list(mark.args[1])) for mark in marks if mark.name == "parametrize")
    assert inputs >= 3, name
