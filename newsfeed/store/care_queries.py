"""Maintenance: checks, copies, deleting old items, and repairs after a wrong clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, insert, literal, select, update

from newsfeed.errors import StoreError
from newsfeed.store import items_queries, meta_table, put_off_queries, search_queries
from newsfeed.store.dialect import Transaction, chunks
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

CHECK_EVERY = timedelta(hours=24)  # reading a large database takes seconds, too long for every run
COPY_EVERY = timedelta(days=7)  # as the README promises
FARTHEST_DUE = timedelta(days=31)  # no rule makes a feed wait longer
FARTHEST_NOT_BEFORE = timedelta(hours=48)  # Retry-After is capped at 24 hours
STEP = timedelta(days=60)  # a gap between two deletions that may be due to a wrong clock
FORGOTTEN = timedelta(days=1100)  # identities are kept for three years longer than their items
PATIENCE = timedelta(days=7)  # how long such a clock must last before it is used for deleting

CHECKED = "checked"
COPIED = "copied"
WORDS = "words"  # the rules that the search index was made by
_PRUNED = "pruned"
_PRUNE_AFTER = "prune after"

# ------------------------------------------------------------------------- checks


def is_due(db: Transaction, now: datetime) -> bool:
    """Whether the database must be checked: daily, and if the search index or the clock is wrong."""
    return (
        not _was_lately(db, CHECKED, now, CHECK_EVERY)
        or meta_table.get(db, WORDS) != search_queries.VERSION
        or _clock_was_ahead(db, now)
    )


def copy_is_due(db: Transaction, now: datetime) -> bool:
    """Whether the last copy is a week old. There is none before the reader has a page or said anything: what was only
    fetched can be fetched again."""
    own = select(edition.c.date), select(correction.c.item)
    return not _was_lately(db, COPIED, now, COPY_EVERY) and any(
        db.execute(query.limit(1)).first() for query in own
    )


def _was_lately(db: Transaction, key: str, now: datetime, every: timedelta) -> bool:
    # Times in the future don't count.
    last = meta_table.moment(db, key)
    return last is not None and last <= now < last + every


def check(db: Transaction, place: str, now: datetime) -> None:
    """Check the whole database.

    Raises:
        StoreError: it is damaged.
    """
    if found := db.faults():
        raise StoreError(
            place,
            f"it is damaged ({found[0]})",
            "Put its newest copy in its place: newsfeed restore.",
        )
    meta_table.put(db, CHECKED, now.isoformat())


def tidy(db: Transaction) -> None:
    """Optimise the database after a large refresh; without it everything works, only more slowly."""
    db.tidy()


def repair_search(db: Transaction) -> None:
    """Rebuild the search index if its words were made by older rules."""
    if meta_table.get(db, WORDS) != search_queries.VERSION:
        search_queries.rebuild_search(db)
        meta_table.put(db, WORDS, search_queries.VERSION)


def _clock_was_ahead(db: Transaction, now: datetime) -> bool:
    """Whether something has a time more than a day in the future."""
    ahead = now + CHECK_EVERY
    seen = db.execute(select(func.max(item.c.first_seen))).scalar()
    tried = db.execute(select(func.max(feed.c.last_tried))).scalar()
    return any(moment is not None and moment > ahead for moment in (seen, tried))


def repair_clock(db: Transaction, now: datetime) -> None:
    """Repair what a clock far ahead left behind: no feed waits for years, no item is lost or new for years.

    Items seen "in the future" are moved to now, unless all are: then it is rather today's clock that is wrong.
    """
    db.execute(update(feed).where(feed.c.not_before > now + FARTHEST_NOT_BEFORE).values(not_before=None))
    db.execute(update(feed).where(feed.c.next_due > now + FARTHEST_DUE).values(next_due=None))
    tried = feed.c.last_tried > now + CHECK_EVERY
    db.execute(update(feed).where(tried).values(last_tried=None, next_due=None))
    oldest = db.execute(select(func.min(item.c.first_seen))).scalar()
    if oldest is not None and oldest <= now:
        ahead = item.c.first_seen > now + CHECK_EVERY
        db.execute(update(item).where(ahead).values(first_seen=now))


def counts(db: Transaction) -> Holdings:
    """Counts of what the database holds."""

    def many(query: Select[int]) -> int:
        return int(db.execute(query).scalar_one())

    return Holdings(
        feeds=many(select(func.count()).select_from(feed).where(feed.c.listed)),
        items=many(select(func.count()).select_from(item)),
        bodies=many(select(func.count()).select_from(body)),
        untagged=many(
            select(func.count()).select_from(item.outerjoin(tagging)).where(tagging.c.item.is_(None))
        ),
        stories=many(select(func.count()).select_from(story)),
        editions=many(select(func.count()).select_from(edition)),
        bytes=db.size(),
    )


# ------------------------------------------------------------------------- forgetting


def prune(db: Transaction, now: datetime, *, items: int = 400, bodies: int = 120) -> tuple[int, int]:
    """Delete items first seen more than `items` days ago and texts more than `bodies` days ago.

    Corrected items are kept, because the topics are learned from them. Editions are never deleted.

    Returns:
        How many items and how many texts were deleted.
    """
    if not _clock_is_trusted(db, now):
        return 0, 0
    gone = _forget_items(db, now - timedelta(days=items), now)
    texts = _forget_bodies(db, now - timedelta(days=bodies))
    put_off_queries.note_end(db)
    return gone, texts


def _clock_is_trusted(db: Transaction, now: datetime) -> bool:
    """Whether the clock may be used for deleting: after a jump far ahead, only if it has stayed there for a week."""
    last, waits = meta_table.moment(db, _PRUNED), meta_table.moment(db, _PRUNE_AFTER)
    if last is not None and now - last > STEP:
        if waits is None or waits > now + PATIENCE:
            meta_table.put(db, _PRUNE_AFTER, (now + PATIENCE).isoformat())
            return False
        if now < waits:
            return False
    meta_table.put(db, _PRUNED, now.isoformat())
    meta_table.put(db, _PRUNE_AFTER, None)
    return True


def _forget_items(db: Transaction, until: datetime, now: datetime) -> int:
    db.execute(delete(former).where(former.c.forgotten < now - FORGOTTEN))
    kept = select(correction.c.item).where(correction.c.item == item.c.id).exists()
    old = [r[0] for r in db.execute(select(item.c.id).where(item.c.first_seen < until, ~kept))]
    for some in chunks(old):
        _unsearch(db, some, body_goes=False)
        names = select(item.c.feed, item.c.identity, literal(now, Utc)).where(item.c.id.in_(some))
        db.execute(insert(former).from_select(["feed", "identity", "forgotten"], names))
        told = {r[0] for r in db.execute(select(member.c.story).where(member.c.item.in_(some)))}
        db.execute(delete(item).where(item.c.id.in_(some)))
        items_queries.drop_empty(db, told)
    return len(old)


def _forget_bodies(db: Transaction, until: datetime) -> int:
    kept = select(correction.c.item).where(correction.c.item == item.c.id).exists()
    query = select(item.c.id).join(body).where(item.c.first_seen < until, ~kept)
    old = [r[0] for r in db.execute(query)]
    for some in chunks(old):
        _unsearch(db, some, body_goes=True)
        db.execute(delete(body).where(body.c.item.in_(some)))
    return len(old)


def _unsearch(db: Transaction, numbers: list[int], *, body_goes: bool) -> None:
    """Remove items from the search index, or reduce them to what remains of them."""
    whole = items_queries.items(db, numbers, "stored")
    db.drop_from_search([(i.id, search_queries.entry(i.item)) for i in whole])
    if body_goes:
        left = items_queries.items(db, numbers, "none")
        db.add_to_search([(i.id, search_queries.entry(i.item)) for i in left])
