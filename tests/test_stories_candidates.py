"""New items are compared only with those that share their clues, and join the same stories as if compared with the whole
window."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pytest
import stored
from stored import NOW

from newsfeed import stories
from newsfeed.model import Item, StoredItem, Story
from newsfeed.pipeline.morning import understand
from newsfeed.store import Store
from newsfeed.stories.terms import table

SINCE = NOW - timedelta(hours=96)
FEEDS = 16


def words(seed: int) -> list[str]:
    dice = random.Random(seed)
    sounds = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "ai", "or", "en")]
    return sorted({"".join(dice.choices(sounds, k=dice.randint(2, 4))) for _ in range(9000)})


def world(seed: int, many: int) -> list[tuple[str, Item]]:
    """Items of several feeds, half of them about events that other feeds tell too."""
    dice = random.Random(seed)
    known = words(seed)
    dice.shuffle(known)
    plain = [word for word, texts in sorted(table().items()) if 1000 < texts < 8000]
    events: list[list[str]] = []
    made = []
    for n in range(many):
        if events and dice.random() < 0.5:
            own = dice.choice(events[-40:])
        else:
            own = dice.sample(known, 12)
            events.append(own)
        title = [*dice.sample(own, 4), *dice.choices(plain, k=3)]
        text = [*dice.sample(own, 8), *dice.choices(plain, k=20)]
        dice.shuffle(text)
        feed = f"f{n % FEEDS}"
        shown = stored.item(
            str(n),
            " ".join(title).capitalize(),
            f"{' '.join(text)}. Words of {feed}.",
            link=f"https://{feed}.example/{n}",
            published=NOW - timedelta(hours=30 * (many - n) / many),
        )
        made.append((feed, shown))
    return made


def arrive(store: Store, made: Iterable[tuple[str, Item]]) -> list[StoredItem]:
    for feed, some in groupby(sorted(made, key=itemgetter(0)), key=itemgetter(0)):
        stored.keep(store, *(one for _, one in some), name=feed)
    return store.ungrouped()


def grouped(store: Store) -> understand.Around:
    near = understand.around(store, store.ungrouped(), SINCE)
    store.save_stories(stories.join(near.new, near.window, near.stories, {}), near.clues, near.first)
    return near


def together(told: Sequence[Story]) -> set[frozenset[int]]:
    return {frozenset(s.items) for s in told}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_candidates_give_the_same_stories_as_the_whole_window(tmp_path: Path, seed: int) -> None:
    made = world(seed, 460)
    with stored.opened(tmp_path) as store:
        arrive(store, made[:400])
        grouped(store)
        standing = store.stories(SINCE)
        new = arrive(store, made[400:])
        whole = together(stories.join(new, store.window(SINCE, body="text"), standing, {}))
        near = grouped(store)
        kept = store.stories(SINCE)
    told = {i.id for i in new}
    changed = {s for s in whole if not s.isdisjoint(told)}
    assert any(len(s) > 2 for s in changed)
    assert changed == {s for s in together(kept) if not s.isdisjoint(told)}
    assert len(near.window) < 300, "most of the window was not even read"


@pytest.mark.parametrize(
    "old",
    [
        {"link": "https://a.example/one", "page": "https://a.example/one"},
        {"link": "http://www.a.example/one", "page": "http://www.a.example/one"},
        {"kind": "post", "html": '<p>See <a href="https://a.example/one">https://a.example/one</a></p>'},
    ],
)
def test_what_shares_a_page_is_found_whatever_it_says(tmp_path: Path, old: dict[str, str]) -> None:
    with stored.opened(tmp_path) as store:
        arrive(store, world(4, 60))
        stored.keep(store, stored.item("old", "Something else entirely", **old), name="other")
        grouped(store)
        page = "https://a.example/one"
        [number] = stored.keep(store, stored.item("new", "Quarry reopens", link=page, page=page), name="a")
        assert len(grouped(store).window) < 60
        [story] = store.stories_of([number])
    assert len(story.items) == 2


def test_of_a_store_without_clues_the_whole_window_is_read_once(tmp_path: Path) -> None:
    with stored.opened(tmp_path) as store:
        loose = arrive(store, world(5, 60))
        store.save_stories(
            [Story(id=0, representative=i.id, items=(i.id,), first=NOW, last=NOW) for i in loose]
        )
        arrive(store, world(6, 63)[60:])
        assert len(grouped(store).window) == 60
        stored.keep(store, stored.item("late", "Quarry of Velmora reopens"), name="late")
        assert len(grouped(store).window) < 10


def test_clues_of_items_that_left_the_window_are_forgotten(tmp_path: Path) -> None:
    with stored.opened(tmp_path) as store:
        old = arrive(store, world(7, 40))
        grouped(store)
        clues = {c for some in stories.clues(old).values() for c in some}
        stored.keep(
            store, stored.item("late", "Quarry of Velmora reopens"), name="late", now=NOW + timedelta(days=5)
        )
        near = understand.around(store, store.ungrouped(), NOW + timedelta(days=1))
        assert not near.window
        store.save_stories(stories.join(near.new, near.window, near.stories, {}), near.clues, near.first)
        assert not store.having(clues, 0)


def test_clues_are_the_rarest_terms_and_what_pages_are_compared_by() -> None:
    texts = {1: "The president of Velmora said that prices rise", 2: "Presidents say prices of Velmora rose"}
    made = [
        StoredItem(
            id=n,
            ref="",
            feed=n,
            item=Item(identity=str(n), title=t, link=f"https://a.example/{n}"),
            first_seen=NOW,
        )
        for n, t in texts.items()
    ]
    clues = stories.clues(made)
    near = stories.candidates({1: clues[1]}, {c: [2] for c in clues[2]})
    assert near == {1: frozenset({2})}
    assert stories.candidates({1: clues[1]}, {}) == {1: frozenset()}
