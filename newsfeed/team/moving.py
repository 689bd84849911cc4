"""Import and export: a single home becomes a reader with all its history, and a reader becomes a home again.

Each database has its own numbers of items, feeds and stories. On import they are mapped to the team's; what the team
never had (such as a deleted item that was once shown) gets an unused number.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from math import inf
from pathlib import Path
from typing import Any

import msgspec

from newsfeed import config, opml
from newsfeed.errors import NotFoundError, StoreError
from newsfeed.model import Edition, SubscriptionList
from newsfeed.pipeline import meta
from newsfeed.pipeline.care.begin import create
from newsfeed.pipeline.catch_up import catch_up
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.reports import Clock
from newsfeed.store import Store, editions_queries, items_queries, schema
from newsfeed.store.dialect import Transaction
from newsfeed.store.records import SyncReport
from newsfeed.store.search_queries import entry
from newsfeed.team import private_feeds
from newsfeed.team.connections import EDITION, Place
from newsfeed.team.readers import Reader, Readers
from newsfeed.team.shared_store import SharedStore
from newsfeed.team.stores import ReaderStore
from newsfeed.team.tables import OWN

Row = dict[str, Any]

# Facts about a home itself, its weights or its network are not imported.
PERSONAL = {"declined", *(fact.name for fact in (meta.PREPARED, meta.NOTICED, meta.TOLD_OF_LIMIT))}
BY_ITEM = {fact.name for fact in (meta.MOVED, meta.ANSWERS, meta.EARLIER, meta.SAID)}
SHARED = ("feed", "item", "body", "former", "tally", "tagging", "item_topic", "story", "member")


def take_in(
    place: Place, folder: Path, name: str, clock: Clock, *, mail: str = ""
) -> tuple[Reader, SyncReport]:
    """Make a single home a reader: its list, its settings, its history.

    Raises:
        NotFoundError: there is no home in that folder.
        SettingsError: the name is taken, or the settings can't be read.
        StoreError: the home's or the team's database can't be used; nothing of the reader is left.
    """
    path = folder / "feeds.opml"
    if not path.exists():
        raise NotFoundError(str(path), "there is no such list", "Name the folder of a home.")
    settings = folder / config.FILE
    text = settings.read_text(encoding="utf-8") if settings.exists() else ""
    home = Home(folder, config.load(folder), clock)
    readers = Readers(place, clock)
    reader = readers.add(name, mail=mail, settings=text)
    try:
        with (
            home.open_store() as old,
            SharedStore.connect(place) as pool,
            ReaderStore.connect(place, EDITION, reader.id) as new,
        ):
            old.sync(opml.parse(path.read_bytes()).subscriptions, clock())
            report = _Arrival(old, pool, new, clock).move()
    except BaseException:
        readers.remove(reader)
        raise
    return reader, report


def _rows(db: Transaction, table: Any) -> list[Row]:
    """All rows of a table."""
    return [dict(row._mapping) for row in db.execute(table.select()).all()]


def _insert(db: Transaction, table: Any, rows: Sequence[Row]) -> None:
    if rows:
        names = list(rows[0])
        db.insert_rows(table, names, [[row[n] for n in names] for row in rows])


class _Numbers(dict[int, int]):
    """A home's numbers and the team's; an unknown one gets an unused number."""

    def __init__(self, fresh: Callable[[], int]) -> None:
        super().__init__()
        self._fresh = fresh

    def __missing__(self, old: int) -> int:
        # Stories that were never kept go by the negative number of their item.
        self[old] = self._fresh()
        return self[old]


class _Arrival:
    """The import of one home."""

    def __init__(self, old: Store, pool: SharedStore, new: ReaderStore, clock: Clock) -> None:
        self._old, self._pool, self._new, self._clock = old, pool, new, clock
        catch_up(old, inf)  # rows are copied as they are stored
        with old._reading() as db:
            self._rows = {table.name: _rows(db, table) for table in schema.metadata.sorted_tables}

    def move(self) -> SyncReport:
        report = self._follow()
        self._private = self._pool._private()
        with self._pool._writing() as db:
            self._items = _Numbers(lambda: db.new_numbers(schema.item, 1)[0])
            self._stories = _Numbers(lambda: db.new_numbers(schema.story, 1)[0])
            brought = self._bring_items(db)
            self._bring_stories(db, brought)
            own = {table: [self._own(table, row) for row in self._rows[table]] for table in OWN}
        with self._new._writing() as db:
            for table in schema.metadata.sorted_tables:
                if table.name in OWN:
                    numbered = table.name == "last_list"
                    rows = [{n: v for n, v in r.items() if n != "id" or numbered} for r in own[table.name]]
                    _insert(db, table, [row for row in rows if row])
        return report

    def _follow(self) -> SyncReport:
        """The list with what was ever in it, each feed since when it was."""
        states = [*self._old.states(), *self._old.states(listed=False)]
        report = self._new.sync([s.subscription for s in states], self._clock())
        urls = {s.subscription.url: s.feed for s in self._new.states()}
        self._feeds = {s.feed: urls[s.subscription.url] for s in states}
        with self._new._writing() as db:
            for row in self._rows["feed"]:
                db.connection.exec_driver_sql(
                    "update reader.subscription set since = %s, until = %s, listed = %s where feed = %s",
                    (row["since"], row["until"], row["listed"], self._feeds[row["id"]]),
                )
        # A feed that the pool never asked goes on where the home was with it.
        keep = [
            msgspec.structs.replace(s, feed=self._feeds[s.feed])
            for s in states
            if not private_feeds.is_private(s.subscription, {})
        ]
        fresh = {s.feed for s in self._pool.states_of([s.feed for s in keep]) if s.last_tried is None}
        self._fresh = fresh
        self._pool.apply_unchanged([s for s in keep if s.feed in fresh])
        return report

    # --------------------------------------------------------------------- what all may share

    def _bring_items(self, db: Transaction) -> set[int]:
        """Items, their texts and what they are found by; those that the pool has are taken from there. Gives the new."""
        brought: set[int] = set()
        by_feed: dict[int, list[Row]] = {}
        for row in self._rows["item"]:
            by_feed.setdefault(row["feed"], []).append(row)
        fresh: list[Row] = []
        for feed, rows in by_feed.items():
            found = db.connection.exec_driver_sql(
                "select identity, id from shared.item where feed = %s and identity = any(%s)",
                (self._feeds[feed], [row["identity"] for row in rows]),
            )
            there = {row[0]: row[1] for row in found}
            for row in rows:
                known = there.get(row["identity"])
                if known is None:
                    brought.add(row["id"])
                    fresh.append(row | {"feed": self._feeds[feed]})
                else:
                    self._items[row["id"]] = known
        numbers = db.new_numbers(schema.item, len(fresh))
        self._items |= {row["id"]: number for row, number in zip(fresh, numbers, strict=True)}
        taken = {
            row[0]
            for row in db.connection.exec_driver_sql(
                "select ref from shared.item where ref = any(%s)", ([row["ref"] for row in fresh],)
            )
        }
        _insert(
            db,
            schema.item,
            [
                row
                | {
                    "id": self._items[row["id"]],
                    "ref": f"{row['ref']}{row['id']}" if row["ref"] in taken else row["ref"],
                }
                for row in fresh
            ],
        )
        bodies = [r | {"item": self._items[r["item"]]} for r in self._rows["body"] if r["item"] in brought]
        _insert(db, schema.body, bodies)
        whole = self._old.items(sorted(brought))
        db.add_to_search([(self._items[one.id], entry(one.item)) for one in whole])
        for table in (schema.former, schema.tally):
            rows = [row | {"feed": self._feeds[row["feed"]]} for row in self._rows[table.name]]
            db.upsert(table, [row for row in rows if row["feed"] in self._fresh])
        return brought

    def _bring_stories(self, db: Transaction, brought: set[int]) -> None:
        """Stories of the home: those with an item that the pool has in one are that one, the others come as they are."""
        private = self._private
        feed_of = {row["id"]: self._feeds[row["feed"]] for row in self._rows["item"]}
        members: dict[int, list[Row]] = {}
        for row in self._rows["member"]:
            if feed_of[row["item"]] not in private:
                members.setdefault(row["story"], []).append(row)
        found = db.connection.exec_driver_sql(
            "select item, story from shared.member where item = any(%s)",
            ([self._items[r["item"]] for rows in members.values() for r in rows],),
        )
        known = {row[0]: row[1] for row in found}
        new_stories, new_members = [], []
        for row in self._rows["story"]:
            mine = members.get(row["id"], [])
            there = [known[n] for r in mine if (n := self._items[r["item"]]) in known]
            if there:
                self._stories[row["id"]] = there[0]
            elif mine:
                number = self._stories[row["id"]]
                new_stories.append(row | {"id": number, "head": self._items[row["head"]]})
                new_members += [
                    r | {"item": self._items[r["item"]], "story": number}
                    for r in mine
                    if r["item"] in brought
                ]
        for story in new_stories:
            story["affair"] = self._stories.get(story["affair"], 0)
        _insert(db, schema.story, new_stories)
        _insert(db, schema.member, new_members)

    # --------------------------------------------------------------------- what is the reader's

    def _story(self, old: int) -> int:
        return -self._items[-old] if old < 0 else self._stories[old]

    def _own(self, table: str, row: Row) -> Row:
        """A row of the reader's with the pool's numbers; empty where it is not the reader's."""
        if table == "meta":
            return self._fact(row)
        if table == "edition":
            printed = editions_queries.decoded(zlib.decompress(row["data"]))
            moved = msgspec.convert(self._renumbered(msgspec.to_builtins(printed)), Edition)
            summary = self._renumbered(msgspec.json.decode(row["summary"]))
            packed = zlib.compress(msgspec.json.encode(moved), 6)
            return row | {"data": packed, "summary": msgspec.json.encode(summary).decode()}
        changes: Row = {}
        if "item" in row:
            changes["item"] = self._items[row["item"]]
        if table == "shown":
            extra = self._renumbered(msgspec.json.decode(row["extra"] or "{}"))
            changes |= {
                "story": self._story(row["story"]),
                "feed": self._feeds.get(row["feed"], 0),
                "extra": msgspec.json.encode(extra).decode(),
            }
        return row | changes

    def _fact(self, row: Row) -> Row:
        if row["key"] in BY_ITEM:
            by_item = msgspec.json.decode(row["value"], type=dict[str, msgspec.Raw])
            moved = {
                str(self._items[int(name)]) if name.isdigit() else name: value
                for name, value in by_item.items()
            }
            return {"key": row["key"], "value": msgspec.json.encode(moved).decode()}
        return row if row["key"] in PERSONAL else {}

    def _renumbered(self, value: Any) -> Any:
        """A document with the pool's numbers in the places of the home's, by the names of its fields."""
        if isinstance(value, list | tuple):
            return [self._renumbered(one) for one in value]
        if not isinstance(value, Mapping):
            return value
        found = {name: self._renumbered(one) for name, one in value.items()}
        for name, number in (
            ("item", self._items.__getitem__),
            ("story", self._story),
            ("affair", self._story),
        ):
            if isinstance(found.get(name), int) and found[name]:
                found[name] = number(found[name])
        if isinstance(found.get("items"), list):
            found["items"] = [self._items[n] for n in found["items"]]
        if isinstance(found.get("feed"), int):
            found["feed"] = self._feeds.get(found["feed"], 0)
        if isinstance(found.get("seldom"), list):
            found["seldom"] = [self._feeds.get(n, 0) for n in found["seldom"]]
        return found


# ------------------------------------------------------------------------- out


def give_out(place: Place, reader: Reader, folder: Path, clock: Clock) -> int:
    """Write a reader's data as a single home that can be used from then on; returns the number of editions.

    Raises:
        StoreError: something lies in that folder already, or it can't be written.
    """
    if folder.exists() and any(folder.iterdir()):
        raise StoreError(str(folder), "it is not empty", "Name a folder that isn't there yet.")
    with ReaderStore.connect(place, EDITION, reader.id) as store:
        listed = store.states()
        data = opml.write(SubscriptionList(subscriptions=tuple(s.subscription for s in listed)))
        create(folder, starter=data, settings_text=reader.settings)
        home = Home(folder, config.load(folder), clock)
        addresses = {s.feed: s.subscription for s in (*listed, *store.states(listed=False))}
        dates = store.editions()
        printed = {day: store.edition(day) for day in dates}
        with store._reading() as db:
            rows = {
                table.name: _rows(db, table)
                for table in schema.metadata.sorted_tables
                if table.name in SHARED or table.name in OWN
            }
        taggings = store.taggings(row["item"] for row in rows["tagging"])
    for row in rows["feed"]:
        row["url"] = addresses[row["id"]].url
        row["outline"] = msgspec.json.encode(addresses[row["id"]]).decode()
    for row in rows["tagging"]:
        row["scores"], row["news"] = items_queries.in_words(taggings[row["item"]])
    for row in rows["edition"]:
        row["data"] = zlib.compress(msgspec.json.encode(printed[row["date"]]), 6)
    told = {row["story"] for row in rows["member"]}
    rows["story"] = [row for row in rows["story"] if row["id"] in told]
    with home.open_store() as new, new._writing() as db:
        for table in schema.metadata.sorted_tables:
            if table.name == "meta":
                for row in rows["meta"]:
                    db.upsert(table, [row])
            elif table.name in rows:
                _insert(db, table, rows[table.name])
        items = items_queries.items(db, [row["id"] for row in rows["item"]])
        db.add_to_search([(one.id, entry(one.item)) for one in items])
    return len(dates)
