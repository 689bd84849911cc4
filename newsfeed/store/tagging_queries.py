"""What we judged of items: their topics and their news value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import delete, insert, select

from newsfeed.model import NewsValue, Record, StoredItem, Tagging, TopicScore
from newsfeed.store import items_queries
from newsfeed.store.dialect import Transaction
from newsfeed.store.schema import item, item_topic, tagging

HAS = 0.5  # from this probability on an item has a topic


class _Bare(Record, frozen=True):
    """How sure we are of a topic, without what decided."""

    topic: str
    p: float


_BARE = msgspec.json.Decoder(tuple[_Bare, ...])
_SCORES = msgspec.json.Decoder(tuple[TopicScore, ...])
_NEWS = msgspec.json.Decoder(NewsValue)
_ENCODER = msgspec.json.Encoder()


def untagged(db: Transaction, limit: int = 1000, *, shown: bool = True) -> list[StoredItem]:
    """Items without topics, newest first, with the beginning of their text: those that a page may show, or else
    those from before the reader subscribed, which wait until somebody asks for them or there is time."""
    # Their numbers first, over a small index: nearly all items have topics, and they needn't be read.
    has = select(tagging.c.item).where(tagging.c.item == item.c.id).exists()
    query = select(item.c.id).where(item.c.before.is_(not shown), ~has)
    query = query.order_by(item.c.first_seen.desc(), item.c.id.desc()).limit(limit)
    return items_queries.items(db, [r[0] for r in db.execute(query).all()], "text")


def save_taggings(db: Transaction, taggings: Sequence[Tagging], model: str) -> None:
    """Keep taggings in place of earlier ones of the same items; those of forgotten items are left out."""
    there = db.numbers_in(select(item.c.id), item.c.id, (t.item for t in taggings))
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
    db.delete_in(delete(item_topic), item_topic.c.item, kept)
    topics = [
        {"item": t.item, "topic": topic, "p": p}
        for t in kept.values()
        for topic, p in {s.topic: s.p for s in t.scores if s.p >= HAS}.items()
    ]
    if topics:
        db.execute(insert(item_topic), topics)


def taggings(db: Transaction, numbers: Iterable[int], *, why: bool = True) -> dict[int, Tagging]:
    """The taggings of these items, by item; an item without one is missing.

    Without `why` they have neither the terms nor the parts that decided, nor the news value: a tenth of the work.
    """
    if why:
        rows = db.rows_in(select(tagging.c.item, *KEPT), tagging.c.item, numbers)
        return {row[0]: tagging_of(*row) for row in rows}
    query = select(tagging.c.item, tagging.c.not_news, tagging.c.scores)
    return {
        number: Tagging(
            item=number,
            not_news=not_news,
            scores=tuple(TopicScore(topic=one.topic, p=one.p) for one in _BARE.decode(scores)),
        )
        for number, not_news, scores in db.rows_in(query, tagging.c.item, numbers)
    }


def tagged(db: Transaction, numbers: Iterable[int]) -> set[int]:
    """Those of these items that have a tagging."""
    return db.numbers_in(select(tagging.c.item), tagging.c.item, numbers)


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


def tagged_otherwise(db: Transaction, model: str, since: datetime, limit: int = 1000) -> list[StoredItem]:
    """Items first seen from `since` on whose topics another model gave, newest first: to be tagged anew."""
    query = (
        items_queries.selected("text")
        .join(tagging, tagging.c.item == item.c.id)
        .where(tagging.c.model != model, item.c.first_seen >= since)
        .order_by(item.c.id.desc())
        .limit(limit)
    )
    return [items_queries.read(row, "text") for row in db.execute(query).all()]
