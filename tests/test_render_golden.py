"""Whole files of the site compared with ones that a person has read; `pytest --golden` rewrites those.

The styles and their hash are left out, so that a change of the look changes no golden file.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import editions
import pytest

from newsfeed.render import Templates

GOLDEN = Path(__file__).parent / "golden"
MORNINGS = (
    "no_list",
    "empty_list",
    "first_day",
    "quiet_day",
    "all_failing",
    "one_item",
    "crowd",
    "full_day",
    "refreshed_day",
)
CASES = [(name, "index.html") for name in MORNINGS]
CASES += [
    ("quiet_day", file)
    for file in (
        "archive/2026/11/22.html",
        "archive/index.html",
        "ledger.html",
        "digest.json",
        "digest.xml",
        "feed.json",
    )
]
CASES += [("full_day", "breadth.html"), ("first_day", "breadth.html"), ("full_day", "digest.json")]


@pytest.mark.parametrize(("name", "file"), CASES)
def test_file_is_as_it_was_read(name: str, file: str, rewrite_golden: bool) -> None:
    edition = getattr(editions, name)()
    account = editions.account() if name == "full_day" else None
    recent = [edition.date - timedelta(days=n) for n in (1, 2)]
    text = Templates().site(edition, account, recent)[file].decode()
    text = re.sub(r"<style>.*?</style>", "<style>…</style>", text, flags=re.DOTALL)
    text = re.sub(r"'sha256-[^']+'", "'sha256-…'", text)
    path = GOLDEN / name / file
    if rewrite_golden:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), "no golden file: read the page, then write it with `pytest --golden`"
    assert text == path.read_text(encoding="utf-8")
