"""Checks, copies, forgetting by age, and a clock that was wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Select, delete, func, insert, literal, select, update

from newsfeed.errors import StoreError
from newsfeed.store import items as reading
from newsfeed.store import notes, sqlite, stories, words
from newsfeed.store.records import Holdings
from newsfeed.store.schema import (
    Utc,
    body,
    correction,
    edition,
    feed,
    former,
    item,
    member,
    story,
    tagging,
)

CHECK_EVERY = timedelta(hours=24)
COPY_EVERY = timedelta(days=7)
COPIES = 4
FARTHEST_DUE = timedelta(days=31)  # no policy puts a feed off for longer
FARTHEST_NOT_BEFORE = timedelta(hours=48)  # Retry-After is held to 24 hours
STEP = timedelta(days=60)  # a gap between two prunings that may as well be a clock gone wrong
FORGOTTEN = timedelta(days=1100)  # identities are known for three years longer than their items
PATIENCE = timedelta(days=7)  # how long such a clock must last before we forget by it

# ------------------------------------------------------------------------- checks


def check(connection: Connection, path: Path, now: datetime, *, force: bool = False) -> bool:
    """Look over the whole file once a day; gives whether it did.

    Raises:
        StoreError: it is damaged.
    """
    last = notes.moment(connection, "checked")
    if not force and last is not None and last <= now < last + CHECK_EVERY:
        return False
    if found := sqlite.faults(connection):
        raise StoreError(
            str(path),
            f"it is damaged ({found[0]})",
            "Put its newest copy in its place: newsfeed restore.",
        )
    notes.put_moment(connection, "checked", now)
    return True


def mend_search(connection: Connection) -> bool:
    """Make the search index anew where its words were made by other rules; gives whether it did."""
    if notes.get(connection, "words") == words.VERSION:
        return False
    reading.make_search_anew(connection)
    notes.put(connection, "words", words.VERSION)
    return True


def clock_was_ahead(connection: Connection, now: datetime) -> bool:
    """Whether something was written more than a day from now."""
    ahead = now + CHECK_EVERY
    seen = connection.execute(select(func.max(item.c.first_seen))).scalar()
    tried = connection.execute(select(func.max(feed.c.last_tried))).scalar()
    return any(moment is not None and moment > ahead for moment in (seen, tried))


def mend_clock(connection: Connection, now: datetime) -> None:
    """Take back what a clock that was far ahead left behind: no feed waits years, no item is lost or new for years.

    Items seen "in the future" are moved to now, unless all are: then it is rather today's clock that is wrong.
    """
    connection.execute(
        update(feed).where(feed.c.not_before > now + FARTHEST_NOT_BEFORE).values(not_before=None)
    )
    connection.execute(update(feed).where(feed.c.next_due > now + FARTHEST_DUE).values(next_due=None))
    tried = feed.c.last_tried > now + CHECK_EVERY
    connection.execute(update(feed).where(tried).values(last_tried=None, next_due=None))
    oldest = connection.execute(select(func.min(item.c.first_seen))).scalar()
    if oldest is not None and oldest <= now:
        ahead = item.c.first_seen > now + CHECK_EVERY
        connection.execute(update(item).where(ahead).values(first_seen=now))


def counts(connection: Connection) -> Holdings:
    """How much there is."""

    def many(query: Select[int]) -> int:
        return int(connection.execute(query).scalar_one())

    return Holdings(
        feeds=many(select(func.count()).select_from(feed).where(feed.c.listed)),
        items=many(select(func.count()).select_from(item)),
        bodies=many(select(func.count()).select_from(body)),
        untagged=many(
            select(func.count()).select_from(item.outerjoin(tagging)).where(tagging.c.item.is_(None))
        ),
        stories=many(select(func.count()).select_from(story)),
        editions=many(select(func.count()).select_from(edition)),
        bytes=sqlite.size(connection),
    )


# ------------------------------------------------------------------------- copies


def backup(path: Path, now: datetime, *, last: datetime | None) -> Path | None:
    """A copy of the database in `backups` beside it, when the last one is a week old; the oldest of five goes."""
    if last is not None and last <= now < last + COPY_EVERY:
        return None
    folder = path.parent / "backups"
    target = folder / f"{path.stem}-{now:%Y-%m-%d}.db"
    sqlite.copy(path, target)
    for old in sorted(folder.glob(f"{path.stem}-*.db"))[:-COPIES]:
        old.unlink()
    return target


# ------------------------------------------------------------------------- forgetting


def prune(connection: Connection, now: datetime, *, items: int, bodies: int) -> tuple[int, int]:
    """Forget items first seen more than `items` days ago and texts more than `bodies` days ago.

    What the reader corrected is kept: the topics are learnt from it. Editions stay as they are, for ever.

    Returns:
        How many items and how many texts went.
    """
    if not _clock_is_trusted(connection, now):
        return 0, 0
    gone = _forget_items(connection, now - timedelta(days=items), now)
    return gone, _forget_bodies(connection, now - timedelta(days=bodies))


def _clock_is_trusted(connection: Connection, now: datetime) -> bool:
    """A clock that jumped far ahead must stay there for a week before anything is forgotten by it."""
    last, waits = notes.moment(connection, "pruned"), notes.moment(connection, "prune after")
    if last is None or now - last <= STEP:
        notes.put_moment(connection, "pruned", now)
        notes.put(connection, "prune after", None)
        return True
    if waits is None or waits > now + PATIENCE:
        notes.put_moment(connection, "prune after", now + PATIENCE)
        return False
    if now < waits:
        return False
    notes.put_moment(connection, "pruned", now)
    notes.put(connection, "prune after", None)
    return True


def _forget_items(connection: Connection, until: datetime, now: datetime) -> int:
    connection.execute(delete(former).where(former.c.forgotten < now - FORGOTTEN))
    kept = select(correction.c.item).where(correction.c.item == item.c.id).exists()
    old = [r[0] for r in connection.execute(select(item.c.id).where(item.c.first_seen < until, ~kept))]
    for some in reading.chunks(old):
        _unsearch(connection, some, body_goes=False)
        names = select(item.c.feed, item.c.identity, literal(now, Utc)).where(item.c.id.in_(some))
        connection.execute(insert(former).from_select(["feed", "identity", "forgotten"], names))
        told = {r[0] for r in connection.execute(select(member.c.story).where(member.c.item.in_(some)))}
        connection.execute(delete(item).where(item.c.id.in_(some)))
        stories.drop_empty(connection, told)
    return len(old)


def _forget_bodies(connection: Connection, until: datetime) -> int:
    kept = select(correction.c.item).where(correction.c.item == item.c.id).exists()
    query = select(item.c.id).join(body).where(item.c.first_seen < until, ~kept)
    old = [r[0] for r in connection.execute(query)]
    for some in reading.chunks(old):
        _unsearch(connection, some, body_goes=True)
        connection.execute(delete(body).where(body.c.item.in_(some)))
    return len(old)


def _unsearch(connection: Connection, numbers: list[int], *, body_goes: bool) -> None:
    """Take items out of the search index, or leave them there with what stays of them."""
    whole = reading.items(connection, numbers, "all")
    sqlite.drop_from_search(connection, [(i.id, words.entry(i.item)) for i in whole])
    if body_goes:
        left = reading.items(connection, numbers, "none")
        sqlite.add_to_search(connection, [(i.id, words.entry(i.item)) for i in left])
