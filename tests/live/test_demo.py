"""The demo: what a newcomer sees first, and the page shown in the README."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import homes
import pytest

from newsfeed.cli.app import run
from newsfeed.demo import samples
from newsfeed.pipeline.morning import understand

pytestmark = pytest.mark.live


def test_the_sample_sources_cover_the_topics_and_the_cases() -> None:
    found = samples.sources()
    folders = {s.folder for s in found}
    assert folders >= {
        "Technology",
        "Marketing",
        "Finance",
        "Sales",
        "Leadership",
        "Science",
        "Policy",
        "Social",
    }
    assert len(found) >= 16
    assert sum(len(s.items) for s in found) >= 250
    assert sum(s.folder == "Social" for s in found) >= 2
    assert sum(s.kind == "fails" for s in found) == 1
    lengths = sorted(len(s.items) for s in found)
    assert lengths[1] <= 4  # quiet ones
    assert lengths[-1] >= 50  # and busy ones
    # A question on a site is its own discussion, not another item's.
    (front,) = (s for s in found if s.kind == "hn")
    page = samples.document(front, datetime(2026, 3, 18, 6, 30, tzinfo=UTC))[0].decode()
    pairs = re.findall(
        r"<link>([^<]+)</link>.*?<comments>([^<]+)</comments>", page.partition("<item>")[2], re.DOTALL
    )
    asked = [(link, comments) for link, comments in pairs if "item?id=" in link]
    assert [link for link, _ in asked] == [comments for _, comments in asked] != []


def test_the_demo_builds_a_page_that_one_would_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("NEWSFEED_FETCH__ALLOW_PRIVATE", "NEWSFEED_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NEWSFEED_CLOCK", "2026-03-18T06:30:00+00:00")
    assert run(["demo", "--no-open"]) == 0  # the failing feed is part of the demo
    site = tmp_path / "newsfeed-demo" / "site"
    digest = json.loads((site / "digest.json").read_bytes())
    assert digest["minutes"] <= digest["budget_minutes"]
    assert len(digest["picks"]) >= 12
    wanted = {"technology", "marketing", "finance", "sales", "leadership", "science", "policy"}
    assert {name for name, row in digest["topics"].items() if row["picks"] or row["lines"]} >= wanted
    assert sum(len(p["others"]) >= 2 for p in digest["picks"]) >= 4  # told by several
    assert [f["title"] for f in digest["feeds"] if not f["ok"]] == ["Harbour Gazette"]
    assert digest["ledger"].get("adverts and housekeeping", 0) >= 3
    assert any(p["section"] == "people" for p in digest["picks"])
    titles = " ".join(p["title"] for p in digest["picks"])
    for advert in ("Deal:", "Sponsored", "Gift guide", "Webinar", "Coupon"):
        assert advert not in titles
    assert sum(digest["ledger"].values()) >= 200
    # Again: rebuilt, not added to the first one. It learns from the same items, which takes half of the time, the same.
    monkeypatch.setattr(understand, "train_if_due", lambda *_, **__: "")
    homes.read_here(monkeypatch)
    assert run(["demo", "--no-open"]) == 0
    again = json.loads((site / "digest.json").read_bytes())
    assert sum(again["ledger"].values()) == sum(digest["ledger"].values())
