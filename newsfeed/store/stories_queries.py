"""Which items tell the same event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, delete, func, select

from newsfeed.model import StoredItem, Story
from newsfeed.store import items_queries
from newsfeed.store.dialect import Transaction
from newsfeed.store.schema import clue, item, member, story

EVERYWHERE = 400  # items; a clue that more of them have finds none


def ungrouped(db: Transaction) -> list[StoredItem]:
    """Items without a story, oldest number first, with the beginning of their text.

    What was published before the reader subscribed has no part in the day's stories and is left out.
    """
    has = select(member.c.item).where(member.c.item == item.c.id).exists()
    query = select(item.c.id).where(item.c.before.is_(False), ~has)
    return items_queries.items(db, sorted(r[0] for r in db.execute(query).all()), "text")


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
    return items_queries.items(db, [r[0] for r in db.execute(query).all()])


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
    db.upsert(clue, [{"clue": one, "item": number} for one, number in rows])


def save_stories(
    db: Transaction, changed: Sequence[Story], clues: Mapping[int, Set[int]] | None = None, first: int = 0
) -> list[int]:
    """Keep stories; an item belongs to the last one that names it, and a story without items is gone.

    A story with the number 0 gets the next free one. Numbers of gone stories are never given again. `clues` are kept of
    items that have none; those of items before number `first` are forgotten.

    Returns:
        The numbers, in the order of `changed`.
    """
    _keep_clues(db, clues or {}, first)
    named_items = [n for s in changed for n in s.items]
    there = db.numbers_in(select(item.c.id), item.c.id, named_items)
    touched = db.numbers_in(
        select(member.c.story), member.c.item, named_items
    )  # may have lost their last item
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
    """Take away those of these stories that have no item any more."""
    empty = ~select(member.c.item).where(member.c.story == story.c.id).exists()
    db.delete_in(delete(story).where(empty), story.c.id, numbers)
