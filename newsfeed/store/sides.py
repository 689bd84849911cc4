"""Who told which story, for a reader who labels sources: what the account of breadth finds one-sided news by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import func, select

from newsfeed.model import FeedFacts, Told
from newsfeed.store import feeds
from newsfeed.store import items as reading
from newsfeed.store.dialect import Transaction
from newsfeed.store.schema import item, item_topic, member, story, tagging

LABEL = "label"  # the outline's attribute
_ZONES = timedelta(days=1)  # a local day may begin and end so far from UTC's


class Sides(NamedTuple):
    """Stories of several feeds, and the sources; nothing of either where no source of the list has a label."""

    told: tuple[Told, ...] = ()
    sources: tuple[FeedFacts, ...] = ()


def read(db: Transaction, first: date, until: date) -> Sides:
    """The stories with news from `first` on, by what had come before the local day `until` was over.

    Posts tell no story by themselves, and what was published before the reader subscribed has no part in any.
    """
    listed = feeds.states(db)
    if not any(state.subscription.options.get(LABEL, "").strip() for state in listed):
        return Sides()
    told = tuple(_stories(db, first, until))
    tellers = {number for one in told for number in one.feeds}
    former = [state for state in feeds.states(db, listed=False) if state.feed in tellers]
    return Sides(told, tuple(feeds.facts(s, social=feeds.in_social_folder(s)) for s in (*listed, *former)))


def _stories(db: Transaction, first: date, until: date) -> Iterable[Told]:
    begun = datetime.combine(first, time.min, UTC) - _ZONES
    end = datetime.combine(until, time.min, UTC) + 2 * _ZONES
    # Nearly all stories have one item, and needn't be read.
    several = (
        select(member.c.story)
        .join(story, story.c.id == member.c.story)
        .where(story.c.last >= begun)
        .group_by(member.c.story)
        .having(func.count() > 1)
    )
    query = (
        select(story.c.affair, member.c.story, item.c.feed)
        .join(item, item.c.id == member.c.item)
        .join(story, story.c.id == member.c.story)
        .where(
            member.c.story.in_(several),
            item.c.kind != "post",
            item.c.before.is_(False),
            item.c.first_seen < end,
        )
        .distinct()
        .order_by(member.c.story, item.c.feed)
    )
    # An affair counts once: as the one of its stories that most feeds told.
    inside: dict[int, dict[int, list[int]]] = {}
    for affair, number, feed in db.execute(query).all():
        inside.setdefault(affair or number, {}).setdefault(number, []).append(feed)
    tellers: dict[int, list[int]] = {}
    for of_one in inside.values():
        number = max(of_one, key=lambda n: (len(of_one[n]), -n))
        tellers[number] = sorted({feed for some in of_one.values() for feed in some})
    wanted = [number for number in sorted(tellers) if len(tellers[number]) > 1]
    for some in reading.chunks(wanted):
        topics: dict[int, list[str]] = {}
        having = (
            select(member.c.story, item_topic.c.topic)
            .join(item_topic, item_topic.c.item == member.c.item)
            .where(member.c.story.in_(some))
            .distinct()
            .order_by(member.c.story, item_topic.c.topic)
        )
        for number, topic in db.execute(having).all():
            topics.setdefault(number, []).append(topic)
        heads = (
            select(story.c.id, item.c.title, item.c.lang, story.c.first)
            .join(item, item.c.id == story.c.head)
            .outerjoin(tagging, tagging.c.item == item.c.id)
            .where(story.c.id.in_(some), func.coalesce(tagging.c.not_news, "") == "")
            .order_by(story.c.id)
        )
        for number, title, lang, moment in db.execute(heads).all():
            yield Told(
                story=number,
                title=title,
                first=moment,
                feeds=tuple(tellers[number]),
                topics=tuple(topics.get(number, ())),
                lang=lang,
            )
