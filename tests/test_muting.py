"""The preview of a rule: everything that it would have left out of a week, found among many items without reading each."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from homes import opml
from stored import DAY, HOUR, NOW, feeds, item, opened, update

from newsfeed import config
from newsfeed.model import Edition, Shown, Tagging, TopicScore
from newsfeed.pipeline.answers import mute
from newsfeed.pipeline.home import Home
from newsfeed.store import Store
from newsfeed.text import words_pattern

TITLES = [
    "ÜBER den Wolken", "über allem", "Übermut", "STRASSE gesperrt", "Straße frei", "Kelvin sign \u212a stands", "k alone",
    "A title of an old \u017fcript", "the script", "İstanbul votes", "istanbul sleeps", "C++ turns forty", "C+ again", "100% sure",
    "100 percent", "a_b is a name", "axb is none", "日本の朝", "日本 today", "Rate of inflation", "rate  of inflation", "Inflation, rates",
    "“Quoted” word", "Back\\slash", "AT&T buys", "",
]  # fmt: skip
WORDS = [
    "über", "ÜBER", "strasse", "straße", "k", "K", "script", "SCRIPT", "istanbul", "İstanbul", "c++", "100%", "%", "_", "a_b", "日本",
    "rate of inflation", "inflation", "i", "quoted", "back\\slash", "at&t", "lead",
]  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    names = ("a", "b")
    (tmp_path / "feeds.opml").write_text(opml(*(("F", n, f"https://{n}.example/feed") for n in names)))
    return Home(tmp_path, config.load(tmp_path), lambda: NOW)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return opened(tmp_path)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_finds_what_its_rule_will(home: Home, store: Store, word: str) -> None:
    (a,) = feeds(store, "a")
    told = [item(str(n), title, lead=f"Lead of {n}.") for n, title in enumerate(TITLES)]
    store.apply(update(a, [*told, item("x", "Nothing", lead=f"The lead has “{word}”.")]), NOW - HOUR)
    pattern = words_pattern([word])
    assert pattern
    wanted = [i for i in store.window(NOW - 7 * DAY) if pattern.search(f"{i.item.title}\n{i.item.lead}")]
    found = mute.preview(home, store, "word", word)
    assert (found.count, len(found.items)) == (len(wanted), min(len(wanted), mute.LISTED))
    assert found.count
    assert {one.title for one in found.items} <= {i.item.title or i.item.lead for i in wanted}


def test_a_source_counts_its_own_week_and_what_came_while_subscribed(home: Home, store: Store) -> None:
    a, b = feeds(store, "a", "b")
    new, old = [item(str(n)) for n in range(40)], [item("earlier", "Earlier")]
    store.apply(update(a, new, before=old), NOW - HOUR)
    store.apply(update(b, [item("other")]), NOW - HOUR)
    store.apply(update(a, [item("aged")]), NOW - timedelta(days=9))
    found = mute.preview(home, store, "source", mute.edit.key_of("https://a.example/feed"))
    assert (found.count, len(found.items), found.shown) == (40, mute.LISTED, 0)
    assert {one.source for one in found.items} == {"a"}


def test_a_topic_is_that_of_what_has_none_that_is_likelier(home: Home, store: Store) -> None:
    (a,) = feeds(store, "a")
    numbers = store.apply(update(a, [item(str(n)) for n in range(5)]), NOW - HOUR).new
    said = [
        {"finance": 0.9},
        {"finance": 0.6, "sales": 0.8},
        {"finance": 0.4},
        {"sales": 0.9},
        {"finance": 0.7, "sales": 0.6},
    ]
    store.save_taggings(
        [Tagging(item=n, scores=tuple(TopicScore(topic=t, p=p) for t, p in of.items())) for n, of in zip(numbers, said, strict=True)],
        "model",
    )  # fmt: skip
    assert [one.title for one in mute.preview(home, store, "topic", "finance").items] == [
        "Title 0",
        "Title 4",
    ]


def test_what_stood_on_a_page_goes_first(home: Home, store: Store) -> None:
    (a,) = feeds(store, "a")
    told = [item(str(n), published=NOW - n * HOUR) for n in range(1, 40)]
    numbers = store.apply(update(a, told), NOW - HOUR).new
    last = numbers[-1]
    page = Edition(
        date=NOW.date() - DAY,
        zone="UTC",
        built=NOW - DAY,
        heading="",
        promise="",
        minutes=1.0,
        budget_minutes=5.0,
    )
    shown = Shown(story=1, date=page.date, item=last, feed=a.feed, section="s", outlets=1, minutes=1.0)
    store.record(page, (shown,))
    found = mute.preview(home, store, "word", "title")
    assert (found.count, found.shown) == (39, 1)
    assert [one.title for one in found.items[:3]] == ["Title 39", "Title 1", "Title 2"]
    assert [one.shown for one in found.items[:2]] == [True, False]
