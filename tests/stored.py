"""Small makers of records for the tests of the store."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from postgres import Cluster
from sqlalchemy import text

from newsfeed.model import Edition, FeedState, FeedUpdate, Item, Shown, StoredItem, Subscription
from newsfeed.store import Store
from newsfeed.store.items_queries import Body

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def place(folder: Path) -> Path | str:
    """Where the database of a test's folder is; in PostgreSQL for tests that use the fixture `either`."""
    return folder / "newsfeed.db"


_schemas = itertools.count(1)


def in_postgres(cluster: Cluster) -> Callable[[Path], str]:
    """The same in PostgreSQL: one schema per folder, in one database of the test process."""
    import psycopg

    url, known = cluster.shared_database(), dict[Path, str]()

    def schema_of(folder: Path) -> str:
        if folder not in known:
            known[folder] = name = f"home{next(_schemas)}"
            with psycopg.connect(url) as raw:
                raw.execute(f"CREATE SCHEMA {name}")
        return f"{url}&options=-csearch_path%3D{known[folder]}"

    return schema_of


def opened(folder: Path, now: datetime = NOW) -> Store:
    return Store.open(place(folder), now=now)


def subscription(name: str = "a", **more: Any) -> Subscription:
    return Subscription(**({"url": f"https://{name}.example/feed", "title": name} | more))


def item(identity: str = "1", title: str = "", text: str = "", **more: Any) -> Item:
    title = title or f"Title {identity}"
    fields: dict[str, Any] = {
        "identity": identity,
        "link": f"https://site.example/{identity}",
        "title": title,
        "text": text,
        "published": NOW - HOUR,
        "hash": f"{identity} {title} {text}",
    }
    return Item(**(fields | more))


def update(state: FeedState, new: Iterable[Item] = (), **more: Any) -> FeedUpdate:
    changed = more.pop("changed", ())
    before = more.pop("before", ())
    return FeedUpdate(
        state=msgspec.structs.replace(state, **more),
        new=tuple(new),
        changed=tuple(changed),
        before=tuple(before),
    )


def feeds(store: Store, *names: str, now: datetime = NOW) -> list[FeedState]:
    """Make these feeds the list."""
    store.sync([subscription(n) for n in names or ("a",)], now)
    return store.states()


def keep(
    store: Store, *items: Item, name: str = "a", now: datetime = NOW, before: Iterable[str] = ()
) -> list[int]:
    """Keep items of one feed, which is added to the list if it is missing."""
    states = {s.name: s for s in store.states()}
    if name not in states:
        store.sync([*(s.subscription for s in states.values()), subscription(name)], now)
        states = {s.name: s for s in store.states()}
    return list(store.apply(update(states[name], items, before=before), now).new)


def of_feed(store: Store, feed: int, body: Body = "none") -> list[StoredItem]:
    """The items of one feed, newest first."""
    with store._reading() as db:
        ids = list(db.execute(text("SELECT id FROM item WHERE feed = :feed"), {"feed": feed}).scalars())
    return sorted(store.items(ids, body), key=lambda i: -i.id)


def search_is_sound(store: Store) -> bool:
    """Whether the search index agrees with the items."""
    with store._reading() as db:
        if db.connection.dialect.name == "sqlite":
            db.connection.exec_driver_sql("INSERT INTO search (search) VALUES ('integrity-check')")
            return True
        entered = set(db.execute(text("SELECT item FROM search")).scalars())
        return entered == set(db.execute(text("SELECT id FROM item")).scalars())


def titles(items: Iterable[StoredItem]) -> list[str]:
    return [i.item.title for i in items]


def edition(day: date = TODAY, **more: Any) -> Edition:
    fields: dict[str, Any] = {
        "date": day,
        "zone": "UTC",
        "built": datetime(day.year, day.month, day.day, 6, 30, tzinfo=UTC),
        "heading": "A day",
        "promise": "",
        "minutes": 4.5,
        "budget_minutes": 5.0,
    }
    return Edition(**(fields | more))


def shown(number: int, day: date = TODAY, **more: Any) -> Shown:
    fields: dict[str, Any] = {
        "story": number,
        "date": day,
        "item": number,
        "feed": 1,
        "section": "top",
        "outlets": 1,
        "minutes": 0.4,
    }
    return Shown(**(fields | more))
