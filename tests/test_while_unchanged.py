"""Cached results between requests: equal to new ones, and computed anew as soon as anybody has written."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pools
import pytest
from stored import NOW, feeds, item, opened, update

from newsfeed import edition
from newsfeed.edition.preparing import Prepared
from newsfeed.model import (
    Correction,
    History,
    Kept,
    NewsValue,
    Passed,
    Pool,
    Settings,
    Story,
    Tagging,
    Term,
    TopicScore,
)
from newsfeed.store import Store
from newsfeed.text.spoken import speaking


def counted(store: Store, key: object = 1) -> Callable[[], int]:
    """Asks for the number of items, and says how often they were really counted."""
    looks: list[int] = []

    def look() -> int:
        looks.append(store.counts().items)
        return looks[-1]

    def ask() -> int:
        store.while_unchanged("items", key, look)
        return len(looks)

    return ask


def test_nothing_is_looked_up_again_while_nobody_writes(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        ask = counted(store)
        assert [ask() for _ in range(4)] == [1, 1, 1, 1]
        assert store.while_unchanged("items", "another key", lambda: -1) == -1
        assert ask() == 2  # only the newest key is kept


@pytest.mark.parametrize("by", ["itself", "another connection"])
@pytest.mark.parametrize("what", ["an item", "a thumb", "a correction of settings", "an open"])
def test_a_write_is_seen_at_once(tmp_path: Path, by: str, what: str) -> None:
    with opened(tmp_path) as store, opened(tmp_path) as other:
        (state,) = feeds(store, "a")
        store.apply(update(state, [item("1")]), NOW)
        ask, writer = counted(store), store if by == "itself" else other
        assert (ask(), ask()) == (1, 1)
        if what == "an item":
            writer.apply(update(state, [item("2")]), NOW)
        elif what == "a thumb":
            writer.like(1, 1, NOW)
        elif what == "an open":
            writer.opened(1, NOW)
        else:
            writer.set_meta("x", "y")
        assert (ask(), ask()) == (2, 2)


def put_aside(store: Store, what: str) -> None:
    one = Kept(item=1, ref="x", kept=NOW, title="T", source="S")
    if what == "kept":
        store.keep(one)
    elif what == "a note":
        store.keep(one)
        store.keep(msgspec.structs.replace(one, note="For the board"))
    elif what == "let go":
        store.keep(one)
        store.let_go(1)
    else:
        store.pass_on(Passed(person="cfo", item=1, at=NOW))


@pytest.mark.parametrize("what", ["kept", "a note", "let go", "passed on"])
def test_what_is_put_aside_changes_no_morning(tmp_path: Path, what: str) -> None:
    with opened(tmp_path) as store, opened(tmp_path) as other:
        (state,) = feeds(store, "a")
        store.apply(update(state, [item("1")]), NOW)
        ask = counted(store)
        assert ask() == 1
        put_aside(store, what)
        assert ask() == 1
        store.like(1, 1, NOW)
        assert ask() == 2, "what is not put aside still counts"
        put_aside(store, what)
        other.like(1, -1, NOW)
        assert (ask(), ask()) == (3, 3), "and so does what somebody else wrote"


def test_what_is_put_aside_while_somebody_looks_does_not_make_them_look_again(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        looks: list[int] = []

        def look() -> int:
            looks.append(1)
            put_aside(store, "kept")
            return 1

        for _ in range(2):
            store.while_unchanged("x", 0, look)
        assert len(looks) == 1


def test_what_is_written_while_looking_is_seen_the_next_time(tmp_path: Path) -> None:
    with opened(tmp_path) as store:

        def look() -> str:
            found = str(store.get_meta("x"))
            store.set_meta("x", f"{found}+")
            return found

        first = store.while_unchanged("x", 0, look)
        assert store.while_unchanged("x", 0, look) == f"{first}+"


def test_who_looks_for_long_holds_up_who_asks_for_the_same_alone(tmp_path: Path) -> None:
    begun, go = threading.Event(), threading.Event()
    looks: list[int] = []

    def slowly() -> int:
        looks.append(1)
        begun.set()
        assert go.wait(300)
        return 1

    with opened(tmp_path) as store, ThreadPoolExecutor() as pool:
        first = pool.submit(store.while_unchanged, "slow", 0, slowly)
        assert begun.wait(300)
        second = pool.submit(store.while_unchanged, "slow", 0, slowly)
        assert store.while_unchanged("quick", 0, lambda: 2) == 2
        go.set()
        assert (first.result(30), second.result(30), len(looks)) == (1, 1, 1)


def test_what_fails_is_not_kept(tmp_path: Path) -> None:
    def fail() -> int:
        raise ValueError

    with opened(tmp_path) as store:
        assert store.while_unchanged("x", 0, lambda: 5) == 5
        with pytest.raises(ValueError):
            store.while_unchanged("x", 1, fail)
        assert store.while_unchanged("x", 1, lambda: 7) == 7


def tried(base: Settings) -> list[Settings]:
    """The same reader with other minutes and shares; last come the settings that change a pool's weights."""
    topics = dict(base.topics)
    name = next(reversed(topics))
    more = {**topics, name: msgspec.structs.replace(topics[name], share=0.4)}
    none = {**topics, name: msgspec.structs.replace(topics[name], share=0.0)}
    minutes = [
        msgspec.structs.replace(base, edition=msgspec.structs.replace(base.edition, minutes=m))
        for m in (2.0, 5.0, 12.0)
    ]
    return [
        *minutes,
        msgspec.structs.replace(base, topics=more),
        msgspec.structs.replace(base, topics=none),
        msgspec.structs.replace(base, muted=("market",)),
        msgspec.structs.replace(base, languages=("de", "en")),
        msgspec.structs.replace(base, timezone="Asia/Tokyo"),
    ]


def seeds(number: int, *, fast: int) -> list[Any]:
    """Numbers of invented pools; the first few are tried by the fast tests too."""
    return [n if n < fast else pytest.param(n, marks=pytest.mark.slow) for n in range(number)]


@pytest.mark.parametrize("seed", seeds(6, fast=2))
def test_a_pool_weighed_before_gives_the_same_editions(seed: int) -> None:
    pool, base = pools.random_pool(seed, 120), pools.settings()
    weighed = edition.weigh(pool, base, date=pools.TODAY, now=pools.NOW)
    for one in tried(base):
        anew = edition.build(pool, one, date=pools.TODAY, now=pools.NOW)
        assert edition.build(pool, one, date=pools.TODAY, now=pools.NOW, weighed=weighed) == anew
        for entry in anew.ledger[::9]:
            why = edition.why(anew, entry.item, pool=pool, settings=one)
            assert edition.why(anew, entry.item, pool=pool, settings=one, weighed=weighed) == why


def moved(pool: Pool, how: str) -> Pool:
    """The pool after the reader or a refresh has done something."""
    every, replace = list(pool.candidates), msgspec.structs.replace
    one = every[7]
    if how == "a thumb":
        every[7] = replace(one, liked=1)
        feeds = [
            replace(feed, likes={**feed.likes, "finance": (3, 4)}, dislikes={"science": 2})
            if feed.feed == one.item.feed
            else feed
            for feed in pool.feeds
        ]
        return replace(pool, candidates=tuple(every), feeds=tuple(feeds))
    if how == "a correction":
        scores = (TopicScore(topic="sales", p=0.97), TopicScore(topic="finance", p=0.02))
        every[7] = replace(one, tagging=replace(one.tagging, scores=scores))
    elif how == "news value":
        news = NewsValue(value=2.9, kind="event", thumbs=0.4)
        every[7] = replace(one, tagging=replace(one.tagging, news=news))
    elif how == "a record":
        feeds = [replace(feed, value=2.5, judged=40) if n == 2 else feed for n, feed in enumerate(pool.feeds)]
        return replace(pool, feeds=tuple(feeds))
    elif how == "a habit":
        feeds = [
            replace(feed, topic_mix={"sales": 1.0}) if n == 2 else feed for n, feed in enumerate(pool.feeds)
        ]
        return replace(pool, feeds=tuple(feeds))
    elif how == "a joined story":
        every[7] = replace(one, story=every[20].story)
    elif how == "another representative":
        heads = (replace(s, representative=s.items[-1]) if len(s.items) > 2 else s for s in pool.stories)
        return replace(pool, stories=tuple(heads))
    elif how == "an item less":
        del every[7]
    elif how == "another past":
        return replace(pool, history=History())
    return replace(pool, candidates=tuple(every))


@pytest.mark.parametrize("seed", seeds(3, fast=1))
@pytest.mark.parametrize(
    "how",
    ["nothing", "a thumb", "a correction", "news value", "a record", "a habit", "a joined story", "another representative",
     "an item less", "another past"],
)  # fmt: skip
def test_what_is_taken_over_from_before_a_change_gives_the_same_editions(seed: int, how: str) -> None:
    base, at = pools.settings(), {"date": pools.TODAY, "now": pools.NOW}
    pool = pools.random_pool(seed, 120)
    before = edition.weigh(pool, base, **at)
    edition.build(pool, base, weighed=before, **at)
    changed = moved(pool, how)
    weighed = edition.weigh(changed, base, before=before, **at)
    over = [key for key, one in weighed.filtered.scored.items() if before.filtered.scored.get(key) is one]
    assert over or how in {"another past", "a habit", "a record", "an item less"}
    for one in tried(base):
        assert edition.build(changed, one, weighed=weighed, **at) == edition.build(changed, one, **at)


def test_what_was_weighed_serves_its_own_pool_moment_and_language_only() -> None:
    pool, base = pools.random_pool(1, 40), pools.settings()
    with speaking("en"):
        weighed = edition.weigh(pool, base, date=pools.TODAY, now=pools.NOW)
        other = pools.random_pool(2, 40)
        later = pools.NOW + timedelta(hours=1)
        for other_pool, now, reuses in (
            (pool, pools.NOW, True),
            (other, pools.NOW, False),
            (pool, later, False),
        ):
            made = Prepared(other_pool, base, date=pools.TODAY, now=now, weighed=weighed)
            assert (made.weighed is weighed) == reuses
    with speaking("de"):
        assert Prepared(pool, base, date=pools.TODAY, now=pools.NOW, weighed=weighed).weighed is not weighed


@pytest.mark.parametrize("by", ["itself", "another connection"])
@pytest.mark.parametrize(
    "what",
    ["nothing", "a thumb", "an open", "tags", "a correction", "a note", "an item", "a story", "an edition"],
)
def test_a_pool_read_again_is_the_one_that_is_there_now(tmp_path: Path, what: str, by: str) -> None:
    with opened(tmp_path) as store, opened(tmp_path) as other:
        one, two = feeds(store, "a", "b")
        store.apply(update(one, [item("1", lang="en"), item("2")]), NOW)
        store.apply(update(two, [item("3")]), NOW - timedelta(days=2))
        tags = [Tagging(item=n, scores=(TopicScore(topic="finance", p=0.8),)) for n in (1, 2)]
        store.save_taggings(tags, "m")
        before, writer = store.pool(NOW.date(), NOW, again=True), store if by == "itself" else other
        assert before == store.pool(NOW.date(), NOW)
        if what == "a thumb":
            writer.like(1, -1, NOW)
        elif what == "an open":
            writer.opened(3, NOW)
        elif what == "tags":
            news = NewsValue(value=2.5, kind="event")
            writer.save_taggings(
                [Tagging(item=3, scores=(TopicScore(topic="sales", p=0.9),), news=news)], "m"
            )
        elif what == "a correction":
            writer.correct(Correction(item=2, topics=("sales",), made=NOW))
        elif what == "a note":
            writer.keep(Kept(item=1, ref="x", kept=NOW, title="T", source="S"))
        elif what == "an item":
            writer.apply(update(two, [item("4")]), NOW)
        elif what == "a story":
            writer.save_stories([Story(id=0, representative=1, items=(1, 3), first=NOW, last=NOW)])
        elif what == "an edition":
            made = edition.build(before, pools.settings(), date=NOW.date() - timedelta(days=1), now=NOW)
            writer.record(made, edition.remember(made, before))
        after = store.pool(NOW.date(), NOW, again=True)
        assert after == store.pool(NOW.date(), NOW)
        assert (after == before) == (what in {"nothing", "an open", "a correction", "a note"})
        if by == "itself" and what in {"a thumb", "an open", "tags", "a correction", "a note"}:
            same = [old is new for old, new in zip(before.candidates, after.candidates, strict=True)]
            assert same.count(False) == (what in {"a thumb", "tags"}), "the rest was not read again"


def test_what_is_read_in_part_is_the_same_as_of_the_whole(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        one, two = feeds(store, "a", "b")
        store.apply(update(one, [item("1", lang="en"), item("2", lang="de")]), NOW)
        store.apply(update(two, [item("3")]), NOW - timedelta(days=20))
        since = NOW - timedelta(days=1)
        window = store.window(since)
        assert store.feeds_of_window(since) == {i.id: (i.feed, i.item.lang) for i in window}
        score = TopicScore(topic="finance", p=0.8, terms=(Term(term="bank", weight=1.0),), parts={"model": 1})
        news = NewsValue(value=2.0, kind="event")
        store.save_taggings(
            [
                Tagging(item=1, scores=(score, TopicScore(topic="sales", p=0.1)), news=news),
                Tagging(item=2, not_news="advert"),
            ],
            "m",
        )
        whole, bare = store.taggings([1, 2, 3]), store.taggings([1, 2, 3], why=False)
        assert store.tagged([1, 2, 3]) == set(whole) == {1, 2}
        assert {n: [(s.topic, s.p) for s in t.scores] for n, t in bare.items()} == {
            n: [(s.topic, s.p) for s in t.scores] for n, t in whole.items()
        }
        assert {n: t.not_news for n, t in bare.items()} == {n: t.not_news for n, t in whole.items()}
        assert not any(s.terms or s.parts for t in bare.values() for s in t.scores)
