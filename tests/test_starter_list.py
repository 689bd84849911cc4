"""The starter list keeps its rules: enough feeds in each folder, secure addresses, marks, and an instructive comment."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from newsfeed import opml

DATA = (Path(__file__).parents[1] / "feeds.opml").read_bytes()
TEXT = DATA.decode("utf-8")
STARTER = opml.parse(DATA)
TOPICS = ["Technology", "Marketing", "Finance", "Sales", "Leadership", "Science", "Policy", "World"]
# Sources that publish more than about thirty items a day: one general source per topic may.
GENERAL = {
    "www.theguardian.com/business",
    "www.politico.eu",
    "techcrunch.com",
    "www.bbc.co.uk/news/world",
}


def test_it_is_read_without_a_problem_by_us_and_by_any_parser() -> None:
    assert STARTER.problems == ()
    assert STARTER.complete
    assert len(ET.fromstring(DATA).findall(".//outline[@xmlUrl]")) == len(STARTER.subscriptions)


def test_it_holds_some_fifty_sources_at_least_five_a_topic() -> None:
    assert 45 <= len(STARTER.subscriptions) <= 55
    folders = Counter(s.folders for s in STARTER.subscriptions)
    assert [name for (name,) in folders] == [*TOPICS, "Social"]
    assert min(folders.values()) >= 5


def test_every_source_is_named_once_by_a_secure_address_with_its_page() -> None:
    assert len({opml.key(s.url) for s in STARTER.subscriptions}) == len(STARTER.subscriptions)
    assert len({s.title for s in STARTER.subscriptions}) == len(STARTER.subscriptions)
    for s in STARTER.subscriptions:
        assert s.title
        assert s.url.startswith("https://"), s.title
        assert s.html_url.startswith("https://"), s.title
        assert s.kind == "rss", s.title


def test_subscription_sites_are_marked_and_at_most_two_a_topic() -> None:
    marked = [s for s in STARTER.subscriptions if "paywall" in s.options]
    assert {s.options["paywall"] for s in marked} == {"yes"}
    assert max(Counter(s.folders for s in marked).values()) <= 2
    hosts = {urlsplit(s.url).hostname for s in marked}
    for host in (
        "www.economist.com",
        "stratechery.com",
        "digiday.com",
        "www.lennysnewsletter.com",
        "www.nature.com",
    ):
        assert host in hosts


def test_at_most_one_general_source_a_topic() -> None:
    general = Counter(s.folders for s in STARTER.subscriptions if any(name in s.html_url for name in GENERAL))
    assert set(general.values()) == {1}


def test_social_sources_need_no_login() -> None:
    social = [s.url for s in STARTER.subscriptions if s.folders == ("Social",)]
    kinds = Counter(
        "Mastodon"
        if re.search(r"/@\w+\.rss$", url)
        else ".".join((urlsplit(url).hostname or "").split(".")[-2:])
        for url in social
    )
    assert kinds == {"hnrss.org": 1, "reddit.com": 1, "Mastodon": 2, "bsky.app": 1, "youtube.com": 1}


def test_one_outline_a_line_in_neat_indentation() -> None:
    for line in TEXT.splitlines():
        assert line.count("<outline") <= 1
        if "xmlUrl=" in line and "<outline" in line:
            assert re.fullmatch(
                r'      <outline text="[^"]+" type="rss" xmlUrl="[^"]+" htmlUrl="[^"]+"( newsfeed-\w+="\w+")*/>',
                line,
            )


def test_the_first_comment_shows_in_four_lines_how_to_add_move_and_remove() -> None:
    comment = TEXT[TEXT.index("<!--") : TEXT.index("-->") + 3]
    assert TEXT.splitlines()[1].startswith("<!--")
    lines = comment.splitlines()
    assert len(lines) == 4
    assert max(map(len, lines)) <= 140
    for word in ("Add:", "Move:", "Remove:", "website", "profile"):
        assert word in comment
    assert set(re.findall(r"newsfeed (feeds \w+|refresh)", comment)) == {
        "feeds add",
        "feeds move",
        "feeds remove",
        "refresh",
    }
    # The example in the comment works.
    assert any(s.title == "Carbon Brief" for s in STARTER.subscriptions)


def test_it_can_be_edited_as_the_comment_says() -> None:
    moved = opml.move(DATA, "https://www.carbonbrief.org/feed/", ("Policy",))
    found = next(s for s in opml.parse(moved).subscriptions if s.title == "Carbon Brief")
    assert found.folders == ("Policy",)
    copied = TEXT.replace(
        '    <outline text="Marketing">\n',
        '    <outline text="Marketing">\n      <outline text="Mine" type="rss" xmlUrl="https://any.site/"/>\n',
    )
    assert opml.parse(copied.encode()).problems == ()
