"""Items by number, age and feed; their topics and news values; and their stories."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

import msgspec
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Select, String, and_, case, cast, delete, func, insert, or_, select

from newsfeed.errors import NotFoundError
from newsfeed.model import PUT_OFF, NewsValue, Record, StoredItem, Story, Tagging, TopicScore
from newsfeed.store import records, schema
from newsfeed.store.dialect import Transaction, chunks
from newsfeed.store.schema import clue, item, item_topic, member, story, tagging

# Of an item: nothing, the beginning of its text, text and HTML whole, or both as they are stored, maybe put off
Body = Literal["none", "text", "all", "stored"]
SHORT = 2000  # characters of text in the light version


def selected(how: Body = "none") -> Select[Any]:
    """A query for items with the requested part of their bodies; `read` reads its rows."""
    if how == "none":
        return select(*records.ITEM_COLUMNS)
    text, html = schema.body.c.text, schema.body.c.html
    wanted: tuple[ColumnElement[Any], ...] = (text, html)
    if how == "text":
        wanted = (func.substr(text, 1, SHORT), case((text == PUT_OFF, html), else_=""))
    return select(*records.ITEM_COLUMNS, *wanted).outerjoin_from(item, schema.body)


_WIDTH = len(records.ITEM_COLUMNS)


def read(row: Sequence[Any], how: Body = "none") -> StoredItem:
    """The item in a row of `selected`. A text that was put off is cleaned now."""
    if how == "none":
        return records.stored_item(row)
    text, html = row[_WIDTH] or "", row[_WIDTH + 1] or ""
    if text != PUT_OFF or how == "stored":
        return records.stored_item(row, text, html)
    from newsfeed.text import bodies  # loads the sanitiser, which few runs need

    found = records.stored_item(row, text, html)
    item = records.storable(bodies.read(found.item))
    return replace(found, item=replace(item, text=item.text[:SHORT], html="") if how == "text" else item)


def items(db: Transaction, ids: Iterable[int], body: Body = "all") -> list[StoredItem]:
    """The items with these numbers, in this order, without deleted ones.

    `body`: "all" brings text and HTML, "text" the first 2,000 characters of text, "none" neither; "stored" is for the
    store itself.
    """
    wanted = list(dict.fromkeys(ids))
    found = {row[0]: read(row, body) for row in db.rows_in(selected(body), item.c.id, wanted)}
    return [found[n] for n in wanted if n in found]


def item_of(db: Transaction, number: int) -> StoredItem:
    """The item with this number, whole.

    Raises:
        NotFoundError: there is none, or it was deleted.
    """
    found = items(db, [number])
    if not found:
        raise NotFoundError(f"item {number}", "there is no such item, or it is too old to be kept")
    return found[0]


def window(db: Transaction, since: datetime, body: Body = "none") -> list[StoredItem]:
    """Items that came from `since` on, or were published since. Oldest number first.

    What was published before the reader subscribed counts by its date only.
    """
    query = selected(body).where(_within(since)).order_by(item.c.id)
    return [read(row, body) for row in db.execute(query).all()]


def feeds_of_window(db: Transaction, since: datetime) -> dict[int, tuple[int, str]]:
    """The items of `window` by number, each with its feed and language alone."""
    query = select(item.c.id, item.c.feed, item.c.lang).where(_within(since)).order_by(item.c.id)
    return {number: (feed, lang) for number, feed, lang in db.execute(query).all()}


def headlines(
    db: Transaction, since: datetime, *, feed: int | None = None, topic: str = "", holds: str = ""
) -> list[records.Headline]:
    """The items of `window`, but for what came before the reader subscribed: those of a feed, those with a topic and
    none that is likelier, those with these letters (of ASCII, in any case) in title or lead."""
    when = func.coalesce(item.c.published, item.c.first_seen)
    link = func.coalesce(func.nullif(item.c.link, ""), item.c.discussion)
    query = select(item.c.id, item.c.feed, item.c.title, item.c.lead, link, when)
    query = query.where(item.c.first_seen >= since, item.c.before.is_(False))
    if feed is not None:
        query = query.where(item.c.feed == feed)
    if topic:
        likelier = item_topic.alias()
        query = query.join(
            item_topic, and_(item_topic.c.item == item.c.id, item_topic.c.topic == topic)
        ).where(
            ~select(likelier.c.item)
            .where(likelier.c.item == item.c.id, likelier.c.p > item_topic.c.p)
            .exists()
        )
    if holds:
        columns = (item.c.title, item.c.lead)
        query = query.where(or_(*(column.icontains(holds, autoescape=True) for column in columns)))
    return [records.Headline(*row) for row in db.execute(query).all()]


def count_window(db: Transaction, since: datetime) -> int:
    """How many items `window` would give."""
    return db.execute(select(func.count()).select_from(item).where(_within(since))).scalar_one()


def _within(since: datetime) -> ColumnElement[bool]:
    # No item is published after it was seen, so one index finds both.
    return and_(item.c.first_seen >= since, or_(item.c.before.is_(False), item.c.published >= since))


def newest(db: Transaction, feeds: Iterable[int], limit: int, first: int) -> list[int]:
    """The numbers of the newest items of each of these feeds, at the most `limit` of each, from number `first` on; of
    these, what came since the reader subscribed."""
    place = func.row_number().over(partition_by=item.c.feed, order_by=item.c.id.desc()).label("place")
    found: list[int] = []
    for some in chunks(feeds):
        of = select(item.c.id, item.c.before, place).where(item.c.feed.in_(some), item.c.id >= first)
        newest = of.subquery()
        query = select(newest.c.id).where(newest.c.place <= limit, newest.c.before.is_(False))
        found += db.execute(query).scalars()
    return found


# ------------------------------------------------------------------------- topics and news value

HAS = 0.5  # from this probability on an item has a topic


class _Bare(Record, frozen=True):
    """The probability of a topic, without the terms."""

    topic: str
    p: float


_BARE = msgspec.json.Decoder(tuple[_Bare, ...])
_SCORES = msgspec.json.Decoder(tuple[TopicScore, ...])
_NEWS = msgspec.json.Decoder(NewsValue)
_ENCODER = msgspec.json.Encoder()


def untagged(db: Transaction, limit: int = 1000) -> list[StoredItem]:
    """Items without topics that a page may show, newest first, with the beginning of their text. Those from before the
    reader subscribed wait until somebody asks for them, or for what their source is like."""
    # First their numbers, from a small index: nearly all items have topics and needn't be read.
    has = select(tagging.c.item).where(tagging.c.item == item.c.id).exists()
    query = select(item.c.id).where(item.c.before.is_(False), ~has)
    query = query.order_by(item.c.first_seen.desc(), item.c.id.desc()).limit(limit)
    return items(db, [r[0] for r in db.execute(query).all()], "text")


def in_words(tagging: Tagging) -> tuple[str, str]:
    """Topics and news value with all that decided, as JSON."""
    news = _ENCODER.encode(tagging.news).decode() if tagging.news else ""
    return _ENCODER.encode(tagging.scores).decode(), news


def save_taggings(db: Transaction, taggings: Sequence[Tagging], model: str) -> None:
    """Store taggings, replacing earlier ones of the same items; those of deleted items are skipped."""
    save_written(db, taggings, model, in_words)


def save_written(
    db: Transaction,
    taggings: Sequence[Tagging],
    model: str,
    written: Callable[[Tagging], tuple[str, str]],
) -> None:
    """The same; `written` gives what stands in the columns `scores` and `news`."""
    there = db.numbers_in(select(item.c.id), item.c.id, (t.item for t in taggings))
    kept = {t.item: t for t in taggings if t.item in there}
    if not kept:
        return
    rows = []
    for t in kept.values():
        scores, news = written(t)
        # Without the reader's thumbs: a source's record is about what it published, not whether it was liked.
        value = t.news.value - t.news.thumbs if t.news else None
        rows.append(
            {
                "item": t.item,
                "model": model,
                "not_news": t.not_news,
                "scores": scores,
                "value": value,
                "news": news,
            }
        )
    db.upsert(tagging, rows)
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
        return {row[0]: tagging_of(*row, topics=db.topics) for row in rows}
    query = select(tagging.c.item, tagging.c.not_news, tagging.c.scores)
    return {
        number: Tagging(item=number, not_news=not_news, scores=_bare(scores, db.topics))
        for number, not_news, scores in db.rows_in(query, tagging.c.item, numbers)
    }


def _bare(scores: str, topics: Mapping[int, str]) -> tuple[TopicScore, ...]:
    if scores.startswith(records.SIGN):
        return records.unpack_scores(scores, topics)
    return tuple(TopicScore(topic=one.topic, p=one.p) for one in _BARE.decode(scores))


def tagged(db: Transaction, numbers: Iterable[int]) -> set[int]:
    """Those of these items that have a tagging."""
    return db.numbers_in(select(tagging.c.item), tagging.c.item, numbers)


def values_of(db: Transaction, numbers: Iterable[int]) -> dict[int, float]:
    """The news value of those of these items that are judged."""
    query = select(tagging.c.item, tagging.c.value).where(tagging.c.value.is_not(None))
    return dict(map(tuple, db.rows_in(query, tagging.c.item, numbers)))


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


DECODED = 32_768  # taggings of a morning, which are read again when the reader has changed a few of them


@lru_cache(maxsize=DECODED)
def _scores(text: str) -> tuple[TopicScore, ...]:
    return _SCORES.decode(text)


@lru_cache(maxsize=DECODED)
def _news(text: str) -> NewsValue:
    return _NEWS.decode(text)


def tagging_of(number: int, not_news: str, scores: str, news: str, *, topics: Mapping[int, str]) -> Tagging:
    """A tagging as it was kept; `topics` names the topics of packed ones."""
    if scores.startswith(records.SIGN):
        return Tagging(
            item=number,
            not_news=not_news,
            scores=records.unpack_scores(scores, topics),
            news=records.unpack_news(news) if news else None,
        )
    return Tagging(
        item=number,
        not_news=not_news,
        scores=_scores(scores),
        news=_news(news) if news else None,
    )


def tagged_otherwise(db: Transaction, model: str, since: datetime, limit: int = 1000) -> list[StoredItem]:
    """Items first seen from `since` on that another model tagged, newest first, to be tagged again."""
    query = (
        selected("text")
        .join(tagging, tagging.c.item == item.c.id)
        .where(tagging.c.model != model, item.c.first_seen >= since)
        .order_by(item.c.id.desc())
        .limit(limit)
    )
    return [read(row, "text") for row in db.execute(query).all()]


# ------------------------------------------------------------------------- stories

EVERYWHERE = 400  # a clue shared by more items is ignored


def ungrouped(db: Transaction) -> list[StoredItem]:
    """Items without a story, oldest number first, with the beginning of their text.

    What was published before the reader subscribed has no part in the day's stories and is left out.
    """
    has = select(member.c.item).where(member.c.item == item.c.id).exists()
    query = select(item.c.id).where(item.c.before.is_(False), ~has)
    return items(db, sorted(r[0] for r in db.execute(query).all()), "text")


def stories(db: Transaction, since: datetime) -> list[Story]:
    """Stories whose newest item is of `since` or later, with all their items."""
    return _read(db.execute(_WHOLE.where(story.c.last >= since)).all())


def stories_of(db: Transaction, numbers: Iterable[int]) -> list[Story]:
    """The stories that these items belong to, each once, with all their items."""
    wanted = db.numbers_in(select(member.c.story), member.c.item, numbers)
    return _read(db.rows_in(_WHOLE, story.c.id, sorted(wanted)))


def stories_of_affairs(db: Transaction, numbers: Iterable[int]) -> list[Story]:
    """The stories of these affairs, oldest number first."""
    wanted = db.numbers_in(select(story.c.id), story.c.affair, numbers)
    return _read(db.rows_in(_WHOLE, story.c.id, sorted(wanted)))


def affairs(db: Transaction, numbers: Iterable[int]) -> dict[int, int]:
    """The affair of each of these stories that is still there."""
    rows = db.rows_in(select(story.c.id, story.c.affair), story.c.id, numbers)
    return {number: affair or number for number, affair in rows}


def members(db: Transaction, story: int) -> list[StoredItem]:
    """The items of a story in its order, whole."""
    query = select(member.c.item).where(member.c.story == story).order_by(member.c.place)
    return items(db, [r[0] for r in db.execute(query).all()])


# Stories with their items, in order.
_WHOLE = (
    select(story.c.id, story.c.head, story.c.first, story.c.last, story.c.affair, member.c.item)
    .join(member, member.c.story == story.c.id)
    .order_by(story.c.id, member.c.place)
)


def _read(rows: Iterable[Any]) -> list[Story]:
    facts: dict[int, tuple[int, datetime, datetime, int]] = {}
    items: dict[int, list[int]] = {}
    for number, head, first, last, affair, one in rows:
        facts[number] = (head, first, last, affair)
        items.setdefault(number, []).append(one)
    return [
        Story(
            id=n,
            representative=head if head in items[n] else items[n][0],
            items=tuple(items[n]),
            first=first,
            last=last,
            affair=0 if affair == n else affair,
        )
        for n, (head, first, last, affair) in facts.items()
    ]


def first_since(db: Transaction, moment: datetime) -> int:
    """The number of the first item that came at `moment` or later; 0 where there is none."""
    return db.execute(select(func.min(item.c.id)).where(item.c.first_seen >= moment)).scalar() or 0


def having(db: Transaction, clues: Iterable[int], first: int) -> dict[int, list[int]] | None:
    """The items from number `first` on that have each of these clues, but for clues that too many have; None where no
    clue of any item is kept."""
    if db.execute(select(clue.c.item).limit(1)).first() is None:
        return None
    query = (
        select(clue.c.clue, func.aggregate_strings(cast(clue.c.item, String), " "))
        .where(clue.c.item >= first)
        .group_by(clue.c.clue)
        .having(func.count() <= EVERYWHERE)
    )
    rows = db.rows_in(query, clue.c.clue, sorted(clues))
    return {one: list(map(int, items.split(" "))) for one, items in rows}


def _keep_clues(db: Transaction, clues: Mapping[int, Set[int]], first: int) -> None:
    db.execute(delete(clue).where(clue.c.item < first))
    rows = sorted((one, number) for number, some in clues.items() for one in some)
    db.insert_rows(clue, ("clue", "item"), rows, new=False)


def save_stories(
    db: Transaction, changed: Sequence[Story], clues: Mapping[int, Set[int]] | None = None, first: int = 0
) -> list[int]:
    """Store stories; an item belongs to the last one that names it, and a story without items is deleted.

    A story with the number 0 gets the next free one. Numbers of gone stories are never given again. `clues` are kept of
    items that have none; those of items before number `first` are forgotten.

    Returns:
        The numbers, in the order of `changed`.
    """
    _keep_clues(db, clues or {}, first)
    named_items = [n for s in changed for n in s.items]
    there = db.numbers_in(select(item.c.id), item.c.id, named_items)
    # May have lost their last item
    touched = db.numbers_in(select(member.c.story), member.c.item, named_items)
    free = iter(db.new_numbers(story, sum(not s.id for s in changed)))
    numbers = [s.id or next(free) for s in changed]
    if not changed:
        return numbers
    named = list(zip(numbers, changed, strict=True))
    db.upsert(
        story,
        [
            {"id": n, "head": s.representative, "first": s.first, "last": s.last, "affair": s.affair or n}
            for n, s in named
        ],
    )
    db.delete_in(delete(member), member.c.story, (s.id for s in changed if s.id))
    places = {
        one: {"item": one, "story": n, "place": place}
        for n, s in named
        for place, one in enumerate(s.items)
        if one in there
    }
    db.upsert(member, list(places.values()))
    drop_empty(db, touched.union(numbers))
    return numbers


def drop_empty(db: Transaction, numbers: Iterable[int]) -> None:
    """Delete those of these stories that have no items left."""
    empty = ~select(member.c.item).where(member.c.story == story.c.id).exists()
    db.delete_in(delete(story).where(empty), story.c.id, numbers)
