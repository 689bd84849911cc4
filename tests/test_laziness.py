"""Postponing work changes nothing about the choice: lazy and eager give the same edition."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from stored import NOW, TODAY, item, keep, of_feed, opened

from newsfeed import config, edition
from newsfeed.model import Correction, Edition, Pool
from newsfeed.pipeline.answers import pipes, why
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning import understand
from newsfeed.pipeline.reports import Progress
from newsfeed.store import Store
from newsfeed.store.pool_queries import HABIT

TITLES = (
    "Central bank raises interest rates as inflation stays high",
    "New processor doubles the speed of open source databases",
    "Telescope finds water on a planet beyond the solar system",
    "Parliament passes a law on privacy after a long debate",
    "Security flaw in web servers is being exploited by attackers",
)
FEEDS = ("Alder", "Brisk", "Corvin")
OLD, NEW = HABIT + 15, 5  # items of each feed from before the subscription, and since


def home_in(folder: Path) -> Home:
    return Home(folder, config.load(folder), lambda: NOW)


def filled(folder: Path) -> Store:
    store = opened(folder)
    for place, name in enumerate(FEEDS):
        items = [
            item(
                f"{name}-{n}",
                f"{TITLES[(n * (place + 1)) % len(TITLES)]}, says {name} in part {n}",
                text=f"{TITLES[(n + place) % len(TITLES)]}. It happened in the week of {name}, for the time {n}.",
                published=NOW - (timedelta(days=9 + n) if n < OLD else timedelta(hours=n - OLD + 1)),
                lang="en",
            )
            for n in range(OLD + NEW)
        ]
        keep(store, *items, name=name, before=[i.identity for i in items[:OLD]])
    return store


def tag_everything(home: Home, store: Store) -> None:
    every = [i.id for s in store.states() for i in of_feed(store, s.feed)]
    understand.tag_asked(home, store, store.items(every, body="text"))


def chosen(home: Home, store: Store) -> tuple[Pool, Edition]:
    understand.habits(home, store)
    pool = store.pool(TODAY, NOW)
    return pool, edition.build(pool, home.settings, date=TODAY, now=NOW)


def test_lazy_and_eager_choose_the_same(tmp_path: Path) -> None:
    made = []
    for name in ("lazy", "eager"):
        home = home_in(tmp_path / name)
        with filled(tmp_path / name) as store:
            if name == "eager":
                tag_everything(home, store)
            understand.understand(home, store, choosing=True, progress=Progress())
            made.append(chosen(home, store))
            assert store.counts().untagged == (0 if name == "eager" else len(FEEDS) * (OLD - HABIT))
    (pool, printed), (eager_pool, eager_printed) = made
    assert pool.feeds == eager_pool.feeds
    assert any(feed.topic_mix for feed in pool.feeds)
    assert pool.candidates == eager_pool.candidates
    assert msgspec.json.encode(printed) == msgspec.json.encode(eager_printed)


def test_a_refresh_alone_tags_what_may_be_shown_and_a_choice_the_rest(tmp_path: Path) -> None:
    home = home_in(tmp_path)
    with filled(tmp_path) as store:
        done = understand.understand(home, store, progress=Progress())
        assert done.tagged == len(FEEDS) * NEW
        assert not any(tagging_ for tagging_ in store.taggings([1, 2, 3]))
        understand.habits(home, store)
        assert store.counts().untagged == len(FEEDS) * (OLD - HABIT)


@pytest.mark.parametrize("how", ["why", "items"])
def test_what_is_asked_for_has_its_topics(tmp_path: Path, how: str) -> None:
    home = home_in(tmp_path)
    with filled(tmp_path) as store:
        understand.understand(home, store, progress=Progress())
        old = store.items([1])[0]
        assert not store.taggings([1])
        if how == "why":
            found = why.explain(home, store, old.ref)
            assert found.topics
        else:
            lines = list(pipes.stored_lines(home, store, words=old.item.title, feed="", days=30, limit=5))
            assert b'"topics":[{' in lines[0]
        assert store.taggings([1])


@pytest.mark.parametrize("how", ["beside", "failed"])
def test_a_process_beside_tags_as_this_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    known = []
    for name in ("here", how):
        home = home_in(tmp_path / name)
        with filled(tmp_path / name) as store:
            store.correct(Correction(item=1, topics=("finance",), previous=(), made=NOW))
            store.like(2, 1, NOW)
            if name != "here":
                monkeypatch.setattr(understand, "LEAST_BESIDE", 1)
                monkeypatch.setattr("os.cpu_count", lambda: 2)
            if name == "beside":
                monkeypatch.setattr(understand, "load_model", None)  # so that this process can't tag
            if name == "failed":
                monkeypatch.setattr("sys.executable", "false")
            done = understand.understand(home, store, progress=Progress())
            items = [item.id for item in store.window(NOW - timedelta(days=30))]
            known.append((done, store.taggings(items), store.stories(NOW - timedelta(days=30))))
    assert known[0] == known[1]
    assert known[0][0].tagged == len(FEEDS) * NEW
