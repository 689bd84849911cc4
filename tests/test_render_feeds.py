"""digest.json, the JSON Feed and the Atom feed: meant for programs, and valid."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import editions
import feedparser
import msgspec
import pytest

from newsfeed.model import Account, Score
from newsfeed.render import Templates

SITE = "https://me.example/news"
ATOM = "{http://www.w3.org/2005/Atom}"
TEMPLATES = Templates()


def files(*, url: str = "", name: str = "full_day") -> dict[str, bytes]:
    edition = getattr(editions, name)()
    before = msgspec.structs.replace(
        editions.quiet_day(),
        date=edition.date - timedelta(days=1),
        built=edition.built - timedelta(days=1),
        heading="Saturday 21 November",
    )
    return TEMPLATES.site(edition, None, [before, edition, edition.date - timedelta(days=2)], url)


def test_digest_json_has_the_promised_keys() -> None:
    edition = editions.full_day()
    document = json.loads(files()["digest.json"])
    assert document["date"] == "2026-11-22"
    assert document["minutes"] == edition.minutes
    assert document["budget_minutes"] == 5.0
    assert [p["n"] for p in document["picks"]] == list(range(1, 17))
    wanted = {
        "n",
        "item",
        "title",
        "link",
        "source",
        "published",
        "topics",
        "minutes",
        "reason",
        "lead",
        "others",
    }
    for pick in document["picks"]:
        assert wanted | {"section"} <= pick.keys()
        assert all(set(topic) == {"topic", "p"} for topic in pick["topics"])
        assert pick["reason"]
    assert document["picks"][0]["others"] == ["The Meridian", "Kaikki Uutiset", "Freight Letter", "+3"]
    assert document["picks"][0]["published"] == "2026-11-22T04:23:00Z"
    assert all({"title", "link", "source", "topic"} <= line.keys() for line in document["lines"])
    assert document["ledger"] == edition.counts
    assert sum(document["ledger"].values()) == 312
    assert all({"share", "minutes", "why_thin"} <= t.keys() for t in document["topics"].values())
    assert set(document["topics"]) == set(editions.LABELS)
    assert all({"title", "url", "ok", "cause", "items_new"} <= f.keys() for f in document["feeds"])
    assert [f["ok"] for f in document["feeds"]] == [True, False]
    assert document["long_read"]["title"] == "The lighthouse keepers of the payroll"
    assert document["since"] == []


def test_digest_json_survives_numbers_that_json_lacks() -> None:
    edition = editions.one_item()
    pick = msgspec.structs.replace(
        edition.sections[0].picks[0],
        account=Account(score=Score(value=float("nan"), freshness=float("inf")), liking="x"),
    )
    section = msgspec.structs.replace(edition.sections[0], picks=(pick,))
    changed = msgspec.structs.replace(edition, sections=(section,))
    document = json.loads(TEMPLATES.site(changed)["digest.json"])
    account = document["picks"][0]["account"]
    assert (account["worth"], account["freshness"], account["liking"]) == (None, None, "x")


@pytest.mark.parametrize("url", ["", SITE, SITE + "/"])
@pytest.mark.parametrize("name", ["full_day", "refreshed_day", "hostile", "no_list"])
def test_atom_is_well_formed_and_every_reader_reads_it(url: str, name: str) -> None:
    data = files(url=url, name=name)["digest.xml"]
    parsed = feedparser.parse(data)
    assert parsed.bozo is False
    assert parsed.version == "atom10"
    assert len(parsed.entries) == 2
    root = ET.fromstring(data)
    ids = [e.text for e in root.iter(ATOM + "id")]
    assert len(set(ids)) == 3
    assert all(str(i).startswith("tag:me.example," if url else "tag:newsfeed.localhost,") for i in ids)
    for element in (root, *root.iter(ATOM + "entry")):
        for required in ("title", "updated", "id"):
            assert element.findtext(ATOM + required)
    links = [link.get("href") for link in root.iter(ATOM + "link")]
    if url:
        assert all(str(link).startswith(SITE + "/") for link in links)
        assert f"{SITE}/archive/2026/11/22.html" in links
    else:
        assert links == []


@pytest.mark.parametrize("url", ["", SITE])
def test_atom_content_holds_the_stories_and_no_relative_link(url: str) -> None:
    root = ET.fromstring(files(url=url)["digest.xml"])
    content = root.findtext(f"{ATOM}entry/{ATOM}content")
    assert content
    for section in editions.sections():
        for pick in section.picks:
            assert (pick.title or pick.lead).replace("&", "&amp;") in content
    targets = [part.split('"')[0] for part in content.split('href="')[1:]]
    assert targets
    assert all(target.startswith("https://") for target in targets)
    assert (f"{SITE}/ledger.html" in targets) is bool(url)


def test_ids_stay_the_same_when_the_same_edition_is_drawn_again() -> None:
    def ids(data: bytes) -> list[str | None]:
        return [e.text for e in ET.fromstring(data).iter(ATOM + "id")]

    assert ids(files()["digest.xml"]) == ids(files(name="refreshed_day")["digest.xml"])


@pytest.mark.parametrize("url", ["", SITE])
@pytest.mark.parametrize("name", ["full_day", "refreshed_day", "hostile", "all_failing"])
def test_json_feed_is_valid(url: str, name: str) -> None:
    feed: dict[str, Any] = json.loads(files(url=url, name=name)["feed.json"])
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"]
    assert ("feed_url" in feed) is bool(url)
    ids = [item["id"] for item in feed["items"]]
    assert len(ids) == len(set(ids))
    for item in feed["items"]:
        assert isinstance(item["id"], str)
        assert item["content_text"]
        assert item["date_published"].endswith("Z")
        assert item.get("external_url", "https://").startswith(("https://", "http://"))
        assert ("url" in item) is bool(url)
        assert item["_newsfeed"]["edition"] in ("2026-11-21", "2026-11-22")
    if name == "full_day":
        assert len(feed["items"]) == 16 + 1 + 2
        assert feed["items"][0]["tags"] == ["Technology"]
        assert feed["items"][5]["language"] == "de"


def test_feeds_carry_a_fortnight() -> None:
    edition = editions.quiet_day()
    recent = [msgspec.structs.replace(edition, date=edition.date - timedelta(days=n)) for n in range(30)]
    drawn = TEMPLATES.site(edition, None, recent)
    assert len(ET.fromstring(drawn["digest.xml"]).findall(ATOM + "entry")) == 14
    assert drawn["archive/index.html"].count(b"<li><a") == 30 + 4
