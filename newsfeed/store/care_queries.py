"""Checks, copies, forgetting by age, and a clock that was wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, insert, literal, select, update

from newsfeed.errors import StoreError
from newsfeed.store import items_queries, meta_table, search_queries
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

CHECK_EVERY = timedelta(hours=24)
COPY_EVERY = timedelta(days=7)
FARTHEST_DUE = timedelta(days=31)  # no policy puts a feed off for longer
FARTHEST_NOT_BEFORE = timedelta(hours=48)  # Retry-After is held to 24 hours
STEP = timedelta(days=60)  # a gap between two prunings that may as well be a clock gone wrong
FORGOTTEN = timedelta(days=1100)  # identities are known for three years longer than their items
PATIENCE = timedelta(days=7)  # how long such a clock must last before we forget by it

CHECKED = "checked"
COPIED = "copied"
WORDS = "words"  # by which rules the search index was made
_PRUNED = "pruned"
_PRUNE_AFTER = "prune after"

# ------------------------------------------------------------------------- checks


def is_due(db: Transaction, now: datetime) -> bool:
    """Whether the database is to be looked over: daily, and when the search index or the clock is off."""
    return (
        not _was_lately(db, CHECKED, now, CHECK_EVERY)
        or meta_table.get(db, WORDS) != search_queries.VERSION
        or _clock_was_ahead(db, now)
    )


def copy_is_due(db: Transaction, now: datetime) -> bool:
    """Whether the last copy is a week old."""
    return not _was_lately(db, COPIED, now, COPY_EVERY)


def _was_lately(db: Transaction, key: str, now: datetime, every: timedelta) -> bool:
    # What is noted of the future doesn't count.
    last = meta_table.moment(db, key)
    return last is not None and last <= now < last + every


def check(db: Transaction, place: str, now: datetime, *, force: bool = False) -> bool:
    """Look over the whole database once a day; gives whether it did.

    Raises:
        StoreError: it is damaged.
    """
    if not force and _was_lately(db, CHECKED, now, CHECK_EVERY):
        return False
    if found := db.faults():
        raise StoreError(
            place,
            f"it is damaged ({found[0]})",
            "Put its newest copy in its place: newsfeed restore.",
        )
    meta_table.put(db, CHECKED, now.isoformat())
    return True


def tidy(db: Transaction) -> None:
    """Put in order what a refresh that brought much left; without it all works, only more slowly."""
    db.tidy()


def repair_search(db: Transaction) -> None:
    """Make the search index anew where its words were made by other rules."""
    if meta_table.get(db, WORDS) != search_queries.VERSION:
        search_queries.rebuild_search(db)
        meta_table.put(db, WORDS, search_queries.VERSION)


def _clock_was_ahead(db: Transaction, now: datetime) -> bool:
    """Whether something was written more than a day from now."""
    ahead = now + CHECK_EVERY
    seen = db.execute(select(func.max(item.c.first_seen))).scalar()
    tried = db.execute(select(func.max(feed.c.last_tried))).scalar()
    return any(moment is not None and moment > ahead for moment in (seen, tried))


def repair_clock(db: Transaction, now: datetime) -> None:
    """Take back what a clock that was far ahead left behind: no feed waits years, no item is lost or new for years.

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
    """How much there is."""

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
    """Forget items first seen more than `items` days ago and texts more than `bodies` days ago.

    What the reader corrected is kept: the topics are learnt from it. Editions stay as they are, for ever.

    Returns:
        How many items and how many texts went.
    """
    if not _clock_is_trusted(db, now):
        return 0, 0
    gone = _forget_items(db, now - timedelta(days=items), now)
    return gone, _forget_bodies(db, now - timedelta(days=bodies))


def _clock_is_trusted(db: Transaction, now: datetime) -> bool:
    """A clock that jumped far ahead must stay there for a week before anything is forgotten by it."""
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
    """Take items out of the search index, or leave them there with what stays of them."""
    whole = items_queries.items(db, numbers, "all")
    db.drop_from_search([(i.id, search_queries.entry(i.item)) for i in whole])
    if body_goes:
        left = items_queries.items(db, numbers, "none")
        db.add_to_search([(i.id, search_queries.entry(i.item)) for i in left])
