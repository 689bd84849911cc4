"""JSON with the right names and values of a wrong type costs at most its item."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_fuzz import ADDRESSES, an_answer, keys

SAVED = Path(__file__).parent / "data" / "wrong"
WRONG: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**40,
    "",
    "x",
    [],
    {},
    [[]],
    [{}],
    [None],
    {"": []},
    [["x"], {"x": 1}],
)
FAST = (None, 10**40, "x", [{}], {"": []})  # of each sort one


@pytest.mark.parametrize("kind", ADDRESSES)
@pytest.mark.parametrize(
    "wrong", [one if one in FAST else pytest.param(one, marks=pytest.mark.slow) for one in WRONG], ids=repr
)
def test_a_value_of_a_wrong_sort_raises_nothing(kind: str, wrong: Any) -> None:
    inner = dict.fromkeys(keys(kind), wrong)
    outer = dict.fromkeys(keys(kind), inner)
    listed = {name: [inner, wrong] for name in keys(kind)}
    for whole in (wrong, inner, outer, listed, [inner, wrong], [outer, listed]):
        an_answer(kind, json.dumps(whole).encode())


@pytest.mark.parametrize("path", sorted(SAVED.iterdir()), ids=lambda path: path.name)
def test_what_fuzzing_found_raises_nothing(path: Path) -> None:
    an_answer(path.name.partition("-")[0], path.read_bytes())
