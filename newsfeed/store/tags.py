"""Topics of items, the reader's corrections of them, and the reader's marks (thumbs, opened)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import delete, insert, select

from newsfeed.errors import NotFoundError
from newsfeed.model import Correction, NewsValue, StoredItem, Tagging, TopicScore
from newsfeed.store import items as reading
from newsfeed.store.dialect import Transaction
from newsfeed.store.schema import correction, item, item_topic, mark, tagging

HAS = 0.5  # from this probability on an item has a topic

_SCORES = msgspec.json.Decoder(tuple[TopicScore, ...])
_NEWS = msgspec.json.Decoder(NewsValue)
_TOPICS = msgspec.json.Decoder(tuple[str, ...])
_ENCODER = msgspec.json.Encoder()

# ------------------------------------------------------------------------- taggings


def untagged(db: Transaction, limit: int, *, shown: bool = True) -> list[StoredItem]:
    """Items without topics, newest first, with the beginning of their text: those that a page may show, or else
    those from before the reader subscribed, which wait until somebody asks for them or there is time."""
    # Their numbers first, over a small index: nearly all items have topics, and they needn't be read.
    has = select(tagging.c.item).where(tagging.c.item == item.c.id).exists()
    query = select(item.c.id).where(item.c.before.is_(not shown), ~has)
    query = query.order_by(item.c.first_seen.desc(), item.c.id.desc()).limit(limit)
    return reading.items(db, [r[0] for r in db.execute(query).all()], "text")


def save(db: Transaction, taggings: Sequence[Tagging], model: str) -> None:
    """Keep taggings in place of earlier ones of the same items; those of forgotten items are left out."""
    there = set()
    for some in reading.chunks(t.item for t in taggings):
        there |= {r[0] for r in db.execute(select(item.c.id).where(item.c.id.in_(some)))}
    kept = {t.item: t for t in taggings if t.item in there}
    if not kept:
        return
    db.upsert(
        tagging,
        [
            {
                "item": t.item,
                "model": model,
                "not_news": t.not_news,
                "scores": _ENCODER.encode(t.scores).decode(),
                # Without the reader's thumbs: a source's record is what it published, not how it was taken.
                "value": t.news.value - t.news.thumbs if t.news else None,
                "news": _ENCODER.encode(t.news).decode() if t.news else "",
            }
            for t in kept.values()
        ],
    )
    for some in reading.chunks(kept):
        db.execute(delete(item_topic).where(item_topic.c.item.in_(some)))
    topics = [
        {"item": t.item, "topic": topic, "p": p}
        for t in kept.values()
        for topic, p in {s.topic: s.p for s in t.scores if s.p >= HAS}.items()
    ]
    if topics:
        db.execute(insert(item_topic), topics)


def taggings(db: Transaction, numbers: Iterable[int]) -> dict[int, Tagging]:
    """The taggings of these items, by item; an item without one is missing."""
    found = {}
    for some in reading.chunks(numbers):
        query = select(tagging.c.item, *KEPT).where(tagging.c.item.in_(some))
        for row in db.execute(query).all():
            found[row[0]] = tagging_of(row[0], *row[1:])
    return found


def values(db: Transaction, since: datetime) -> dict[int, float]:
    """The news value of judged items first seen from `since` on."""
    query = (
        select(tagging.c.item, tagging.c.value)
        .join(item, item.c.id == tagging.c.item)
        .where(item.c.first_seen >= since, tagging.c.value.is_not(None))
    )
    return dict(db.execute(query).all())


#: The columns that `tagging_of` reads, in its order.
KEPT = (tagging.c.not_news, tagging.c.scores, tagging.c.news)


def tagging_of(number: int, not_news: str, scores: str, news: str) -> Tagging:
    """A tagging as it was kept."""
    return Tagging(
        item=number,
        not_news=not_news,
        scores=_SCORES.decode(scores),
        news=_NEWS.decode(news) if news else None,
    )


def tagged_otherwise(db: Transaction, model: str, since: datetime, limit: int) -> list[StoredItem]:
    """Items first seen from `since` on whose topics another model gave, newest first: to be tagged anew."""
    query = (
        reading.selected("text")
        .join(tagging, tagging.c.item == item.c.id)
        .where(tagging.c.model != model, item.c.first_seen >= since)
        .order_by(item.c.id.desc())
        .limit(limit)
    )
    return [reading.read(row, "text") for row in db.execute(query).all()]


# ------------------------------------------------------------------------- corrections


def correct(db: Transaction, word: Correction) -> None:
    """Keep the reader's word on an item; it takes the place of an earlier one.

    Raises:
        NotFoundError: there is no such item.
    """
    reading.one(db, word.item)
    db.upsert(
        correction,
        [
            {
                "item": word.item,
                "topics": _ENCODER.encode(word.topics).decode(),
                "previous": _ENCODER.encode(word.previous).decode(),
                "made": word.made,
            }
        ],
    )


def corrections(db: Transaction) -> list[Correction]:
    """All of the reader's corrections, oldest first."""
    query = select(correction).order_by(correction.c.made, correction.c.item)
    return [
        Correction(
            item=r.item, topics=_TOPICS.decode(r.topics), previous=_TOPICS.decode(r.previous), made=r.made
        )
        for r in db.execute(query).all()
    ]


def undo_correction(db: Transaction, number: int | None = None) -> Correction | None:
    """Take back the correction of one item, or without a number the last one; gives what was taken back."""
    made = [c for c in corrections(db) if number is None or c.item == number]
    if not made:
        return None
    db.execute(delete(correction).where(correction.c.item == made[-1].item))
    return made[-1]


# ------------------------------------------------------------------------- marks


def like(db: Transaction, number: int, value: int, now: datetime) -> None:
    """Keep the reader's thumb: 1 up, -1 down, 0 taken back.

    Raises:
        NotFoundError: there is no such item.
        ValueError: another value.
    """
    if value not in {-1, 0, 1}:
        raise ValueError(f"a thumb is -1, 0 or 1, not {value}")
    _exists(db, number)
    db.upsert(mark, [{"item": number, "liked": value, "liked_at": now}], ["liked", "liked_at"])


def opened(db: Transaction, number: int, now: datetime) -> None:
    """Keep that the reader opened an item; the first time counts.

    Raises:
        NotFoundError: there is no such item.
    """
    _exists(db, number)
    before = db.execute(select(mark.c.opened_at).where(mark.c.item == number)).scalar()
    if before is None:
        db.upsert(mark, [{"item": number, "opened_at": now}], ["opened_at"])


def likes(db: Transaction, numbers: Iterable[int]) -> dict[int, int]:
    """The reader's thumbs on these items, where there is one."""
    found: dict[int, int] = {}
    for some in reading.chunks(numbers):
        query = select(mark.c.item, mark.c.liked).where(mark.c.item.in_(some), mark.c.liked != 0)
        found |= {r[0]: r[1] for r in db.execute(query)}
    return found


def thumbs(db: Transaction, limit: int) -> list[tuple[int, int]]:
    """The reader's newest thumbs (item, 1 or -1), newest first; of items that are forgotten too."""
    query = select(mark.c.item, mark.c.liked).where(mark.c.liked != 0)
    rows = db.execute(query.order_by(mark.c.liked_at.desc(), mark.c.item).limit(limit))
    return [(r[0], r[1]) for r in rows]


def _exists(db: Transaction, number: int) -> None:
    if db.execute(select(item.c.id).where(item.c.id == number)).first() is None:
        raise NotFoundError(f"item {number}", "there is no such item, or it is too old to be kept")
