"""How long the store takes: storing feeds, reading their known items, searching, building a pool.

    python bench/store.py [--feeds 1000] [--items 30] [--folder DIR]

Prints CPU and wall seconds; asserts nothing. Texts are made from a fixed seed, ~1,100 characters an item.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec

from newsfeed.model import (
    Edition,
    FeedUpdate,
    Item,
    Shown,
    Story,
    Subscription,
    Tagging,
    Term,
    TopicScore,
)
from newsfeed.store import Store

NOW = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
TOPICS = ("technology", "marketing", "finance", "sales", "leadership", "science", "policy")


@contextmanager
def timed(label: str) -> Iterator[None]:
    cpu, wall = time.process_time(), time.perf_counter()
    yield
    print(f"{label:<44} CPU {time.process_time() - cpu:7.3f} s   wall {time.perf_counter() - wall:7.3f} s")


def world(feeds: int, items: int) -> Iterator[tuple[str, tuple[Item, ...]]]:
    """Feeds with items whose word frequencies follow Zipf's law, as in any language."""
    rng = random.Random(20261122)
    letters = "etaoinshrdlcumwfgypbvk"
    vocabulary = ["".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(30_000)]
    stream = rng.choices(vocabulary, [1 / (n + 1) for n in range(len(vocabulary))], k=400_000)

    def words(n: int) -> str:
        start = rng.randrange(len(stream) - n)
        return " ".join(stream[start : start + n])

    for f in range(feeds):
        url = f"https://site{f}.example/feed.xml"
        made = []
        for i in range(items):
            body = words(190)
            made.append(
                Item(
                    identity=f"https://site{f}.example/{i}",
                    link=f"https://site{f}.example/{i}",
                    title=words(9).capitalize(),
                    author="A. Writer",
                    published=NOW - timedelta(hours=i * 5 + rng.random()),
                    lang="en",
                    lead=body[:160],
                    text=body,
                    html=f"<p>{body}</p>",
                    words=190,
                    tags=("one", "two"),
                    hash=f"{f:08x}{i:08x}",
                    score=rng.randrange(500) if f % 5 == 0 else None,
                )
            )
        yield url, tuple(made)


def tagging(number: int, rng: random.Random) -> Tagging:
    scores = tuple(
        TopicScore(
            topic=t,
            p=round(rng.random(), 3),
            terms=tuple(Term(term=f"term{k}", weight=0.5) for k in range(6)),
            parts={"lexicon": 0.4, "model": 1.2, "source": 0.1},
        )
        for t in rng.sample(TOPICS, 3)
    )
    return Tagging(item=number, scores=scores)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--feeds", type=int, default=1000)
    arguments.add_argument("--items", type=int, default=30)
    arguments.add_argument("--folder", type=Path, default=None)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        measure(Path(folder) / "newsfeed.db", chosen.feeds, chosen.items)


def measure(path: Path, feeds: int, items: int) -> None:
    rng = random.Random(1)
    made = list(world(feeds, items))
    with timed("open, new"):
        store = Store.open(path, now=NOW)
    with timed(f"sync {feeds:,} feeds"):
        store.sync([Subscription(url=url, title=f"Site {n}") for n, (url, _) in enumerate(made)], NOW)
    states = store.states()
    updates = [
        FeedUpdate(
            state=msgspec.structs.replace(
                s,
                etag='"x"',
                first_good=NOW,
                last_good=NOW,
                last_tried=NOW,
                next_due=NOW + timedelta(hours=1),
            ),
            new=new,
        )
        for s, (_, new) in zip(states, made, strict=True)
    ]
    with timed(f"apply {feeds:,} x {items} items"):
        for update in updates:
            store.apply(update, NOW)
    with timed("apply, nothing new"):
        for update in updates:
            store.apply(msgspec.structs.replace(update, new=()), NOW)
    with timed("known, feed by feed"):
        for state in states:
            store.known(state.feed)
    with timed("tag, in lots of 1,000"):
        while some := store.untagged(1000):
            store.save_taggings([tagging(i.id, rng) for i in some], "m1")
    with timed("group"):
        loose = store.ungrouped()
        store.save_stories(
            [Story(id=0, representative=i.id, items=(i.id,), first=NOW, last=NOW) for i in loose]
        )
    for day in range(90, 0, -1):
        when = date(2026, 11, 22) - timedelta(days=day)
        shown = tuple(
            Shown(
                story=rng.randrange(1, 9999),
                date=when,
                item=rng.randrange(1, feeds * items),
                feed=rng.randrange(1, feeds),
                section="technology",
                outlets=2,
                minutes=0.3,
                topics={"technology": 0.9},
                items=(1, 2, 3),
                sentence="What it said then",
            )
            for _ in range(18)
        )
        built = NOW - timedelta(days=day)
        store.record(
            Edition(date=when, zone="UTC", built=built, heading="", promise="", minutes=5, budget_minutes=5),
            shown,
        )
    with timed("pool, since yesterday"):
        pool = store.pool(date(2026, 11, 22), NOW + timedelta(hours=1))
    print(f"  {len(pool.candidates):,} candidates, {len(pool.stories):,} stories, {len(pool.feeds):,} feeds")
    store.close()
    with timed("open, again"):
        store = Store.open(path, now=NOW + timedelta(minutes=1))
    # As on an ordinary day: nearly all items are old, 2,000 are new.
    with store._writing() as connection:
        from newsfeed.store.schema import item

        old = {"first_seen": NOW - timedelta(days=40), "published": NOW - timedelta(days=40)}
        connection.execute(item.update().where(item.c.id > 2000).values(old))
    with timed("pool, 2,000 candidates"):
        pool = store.pool(date(2026, 11, 22), NOW + timedelta(hours=1))
    print(f"  {len(pool.candidates):,} candidates")
    with timed("search, one rare word, one common"):
        title = pool.candidates[0].item.item.title
        found = store.search(title.split()[-1]), store.search(title)
    print(f"  {len(found[0])}, {len(found[1])} found")
    with timed("window of 10 days, 2,000 items"):
        print(f"  {len(store.window(NOW - timedelta(days=10))):,} items")
    with timed("backup"):
        store.backup(NOW)
    with timed("quick check"):
        store.quick_check(NOW)
    with timed("prune bodies of 28,000"):
        store.prune(NOW, items=400, bodies=30)
    print(f"  {path.stat().st_size / 1e6:.0f} MB")
    store.close()


if __name__ == "__main__":
    main()
