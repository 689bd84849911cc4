"""Lines of items in, lines of stories out."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from newsfeed.pipeline.answers.pipes import group_lines

SHARED = Path(__file__).parents[1] / ".." / "shared"
BRIDGE = "A barge hit a pillar of the Velmora bridge; the deck fell into the Ostra river."
ROWS: list[dict[str, Any]] = [
    {"id": "a", "title": "Velmora bridge collapses after barge strikes pillar", "text": BRIDGE, "published": "2026-11-22T06:00:00Z", "outlet": "Post"},
    {"id": 7, "title": "Barge brings down Velmora bridge", "text": BRIDGE + " Two are safe.", "published": "2026-11-22T07:30:00+01:00", "feed": "Wire"},
    {"id": "c", "title": "Bakers of Lidenau strike", "text": "Ovens stay cold in Lidenau.", "lang": "en", "folder": ["News"], "link": "https://x.example/1"},
]  # fmt: skip


def lines(rows: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(row).encode() for row in rows]


def partition(out: list[str]) -> set[frozenset[Any]]:
    found: dict[Any, set[Any]] = {}
    for row in map(json.loads, out):
        found.setdefault(row["cluster"], set()).add(row["id"])
    return {frozenset(ids) for ids in found.values()}


def test_items_come_out_in_order_with_their_cluster() -> None:
    done = group_lines(lines(ROWS))
    assert done.problems == []
    assert [json.loads(line) for line in done.lines] == [
        {"id": "a", "cluster": "a", "affair": "a"},
        {"id": 7, "cluster": "a", "affair": "a"},
        {"id": "c", "cluster": "c", "affair": "c"},
    ]


def test_the_order_of_lines_does_not_matter() -> None:
    rows = [dict(row, id=f"{row['id']}{n}") for n in range(4) for row in ROWS]
    expected = partition(group_lines(lines(rows)).lines)
    for seed in range(4):
        random.Random(seed).shuffle(rows)
        assert partition(group_lines(lines(rows)).lines) == expected


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"title": "x"}', '"id" is missing'),
        (b'{"id": true, "title": "x"}', '"id" is missing'),
        (b'{"id": 1}', "neither title nor text"),
        (b'{"id": 1, "title": ["x"]}', '"title" is not text'),
        (b'{"id": 1, "title": "x", "published": "soon"}', '"published" is not a time'),
        (b'{"id": 1, "title": "x", "published": "0001-01-01T00:00:00+14:00"}', '"published" is not a time'),
    ],
)
def test_a_bad_line_is_named_and_the_rest_goes_on(line: bytes, said: str) -> None:
    done = group_lines([*lines(ROWS[:1]), b"", line, *lines(ROWS[1:])])
    assert len(done.lines) == 3
    (problem,) = done.problems
    assert problem.line == 3
    assert problem.text.startswith("line 3: ")
    assert said in problem.text


def test_nothing_in_nothing_out_and_text_lines_do_too() -> None:
    assert group_lines([]) == ([], [])
    assert group_lines(["", "\n"]) == ([], [])
    assert len(group_lines([json.dumps(ROWS[0])]).lines) == 1


def test_items_without_an_outlet_are_not_of_one_outlet() -> None:
    told = ROWS[:2]
    bare = [{k: v for k, v in row.items() if k not in {"outlet", "feed"}} for row in told]
    weekly = [
        {"id": n, "title": "Weekly links", "text": t} for n, t in enumerate(("Tape drives.", "Pear trees."))
    ]
    assert len(partition(group_lines(lines(bare)).lines)) == 1
    page = [dict(row, link="https://press.example/velmora") for row in bare]
    assert len(partition(group_lines(lines([*page, *weekly])).lines)) == 3


@pytest.mark.parametrize(("file", "day"), [("dev", "rss-2026"), ("dev2", "rss-2026-08-16")])
def test_days_of_real_feeds_are_grouped_as_well_as_promised(file: str, day: str) -> None:
    gold = SHARED / "stories" / f"{file}.jsonl"
    if not gold.is_file():
        pytest.skip("the shared folder with labelled stories isn't beside this checkout")
    rows = [json.loads(line) for line in gold.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["set"] == day]
    names = {row["id"]: row["story"] for row in rows}
    out = group_lines(lines([{k: v for k, v in row.items() if k not in {"story", "set"}} for row in rows]))
    found = {row["id"]: row["cluster"] for row in map(json.loads, out.lines)}
    precision, recall = 0.0, 0.0
    for one, story in names.items():
        mine = {i for i in names if found[i] == found[one]}
        true = {i for i in names if names[i] == story}
        precision += len(mine & true) / len(mine) / len(names)
        recall += len(mine & true) / len(true) / len(names)
    assert precision >= 0.90
    assert 2 * precision * recall / (precision + recall) >= 0.915
    for cluster in set(found.values()):
        told = Counter(names[i] for i in names if found[i] == cluster)
        assert told.total() - max(told.values()) <= 5, "no false story"
