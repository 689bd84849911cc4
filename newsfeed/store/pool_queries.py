"""Everything that the choice of an edition may use, read in a few large queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from msgspec.structs import replace
from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)

from newsfeed.model import Candidate, FeedFacts, FeedState, History, Pool, StoredItem, Story, Tagging
from newsfeed.store import editions_queries, feeds_queries, items_queries, reader_queries, records
from newsfeed.store.dialect import Transaction
from newsfeed.store.schema import item, item_topic, shown, tagging

# how long an item that was never shown stays a candidate: long enough for a weekly source
CARRIED = timedelta(days=8)
RHYTHM = timedelta(days=28)  # whole weeks, so that weekends weigh as they should
MIX = timedelta(days=90)  # enough items of most sources, and still how they are now
# newest items from before the subscription by which a source is judged; by twice as many no pick of seven mornings is
# another
HABIT = 20
SCORES = 400  # of a feed's newest items, to weigh a score within its own source
# allowance for the clock; items seen later are not in a past morning's pool
AHEAD = timedelta(hours=1)


def pool(
    db: Transaction,
    local: date,
    now: datetime,
    since: datetime | None = None,
    only: Collection[int] | None = None,
    sources: Sequence[FeedFacts] = (),
    known: Habits | None = None,
) -> Pool:
    """Everything for the edition of the local day `local`.

    Candidates are the items first seen after `since` (default: when the last edition of an earlier date was built),
    and those of the last 8 days that no earlier edition showed; `only` these of them, where that is said. What came before
    the reader subscribed is counted. `sources` are the facts of another morning near this one, of which only the days
    on which a source was shown last are read anew; `known` are the habits of the sources, where they were just asked for.
    """
    begun = since if since is not None else editions_queries.built_before(db, local)
    found = _candidates(db, local, now, begun, only)
    numbers = [i.id for i, _ in found]
    told = items_queries.stories_of(db, numbers)
    story_of = {n: s.id for s in told for n in s.items}
    lonely = [i for i, _ in found if i.id not in story_of]
    thumbs = reader_queries.likes(db, numbers)
    by_feed: dict[int, list[StoredItem]] = {}
    for i, _ in found:
        by_feed.setdefault(i.feed, []).append(i)
    return Pool(
        candidates=tuple(
            # An item that was not grouped yet is its own story, with a number that no stored story has.
            Candidate(item=i, tagging=t, story=story_of.get(i.id, -i.id), liked=thumbs.get(i.id, 0))
            for i, t in found
        ),
        stories=(
            *told,
            *(
                Story(id=-i.id, representative=i.id, items=(i.id,), first=_time(i), last=_time(i))
                for i in lonely
            ),
        ),
        feeds=_with_last_shown(db, local, sources)
        if sources
        else tuple(_facts(db, local, now, begun, by_feed, known or habits(db, now))),
        history=_with_affairs(db, editions_queries.history(db, local)),
        since=begun,
        before=_before(db, now, begun),
    )


class Habits(NamedTuple):
    """What tells the sources' habits: the newest items from before the subscription, and all that came since."""

    judgements: Mapping[
        int, tuple[int, int, float]
    ]  # by feed: how many are tagged, how many valued, and their mean
    mixes: Mapping[int, dict[str, float]]  # by feed: the share of them that has each topic
    unheard: Sequence[int]  # without topics, of sources with candidates; the newest of each source first


def _newest_before(now: datetime) -> Subquery:
    """The items from before the subscription, with their places among those of their feed, from the newest on."""
    newest = (func.coalesce(item.c.published, item.c.first_seen).desc(), item.c.id.desc())
    place = func.row_number().over(partition_by=item.c.feed, order_by=newest).label("place")
    return select(item.c.id, item.c.feed, place).where(item.c.before.is_(True), *_known(now)).subquery()


def _known(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return item.c.first_seen >= now - MIX, item.c.first_seen <= now + AHEAD


def _before(db: Transaction, now: datetime, since: datetime | None) -> dict[int, int]:
    """By feed: how many items came since the last edition that are from before the subscription."""
    query = select(item.c.feed, func.count()).where(item.c.before.is_(True), item.c.first_seen <= now + AHEAD)
    if since is not None:
        query = query.where(item.c.first_seen > since)
    return dict(map(tuple, db.execute(query.group_by(item.c.feed)).all()))


def after_signs(db: Transaction, before: Pool, local: date, now: datetime) -> Pool:
    """The pool as it is after the reader's signs and corrections, and what was learned of them: these change tags, thumbs
    and the account of the sources, and no item, story or rhythm. What is as it was is the same object."""
    numbers = [one.item.id for one in before.candidates]
    query = select(tagging.c.item, *items_queries.KEPT)
    if numbers:
        query = query.where(tagging.c.item.between(numbers[0], numbers[-1]))
    tagged = {row[0]: row[1:] for row in db.execute(query).all()}
    thumbs = reader_queries.likes(db)
    candidates = []
    for one in before.candidates:
        number, told = one.item.id, tagged.get(one.item.id)
        now_tagged = (
            items_queries.tagging_of(number, *told, topics=db.topics) if told else Tagging(item=number)
        )
        if now_tagged != one.tagging or thumbs.get(number, 0) != one.liked:
            one = replace(one, tagging=now_tagged, liked=thumbs.get(number, 0))  # noqa: PLW2901
        candidates.append(one)
    known = habits(db, now)
    made_of = editions_queries.thumbs(db, local)
    feeds = []
    for feed in before.feeds:
        _, judged, value = known.judgements.get(feed.feed, (0, 0, 0.0))
        own = made_of.get(feed.feed, {})
        feeds.append(
            replace(
                feed,
                topic_mix=known.mixes.get(feed.feed, {}),
                value=value,
                judged=judged,
                likes={t: (n.good, n.shown) for t, n in own.items()},
                dislikes={t: n.bad for t, n in own.items() if n.bad},
            )
        )
    return replace(
        before,
        candidates=tuple(candidates),
        feeds=tuple(feeds),
        history=_with_affairs(db, editions_queries.history(db, local)),
    )


def _with_affairs(db: Transaction, history: History) -> History:
    """What was shown, with the current affair of each story."""
    known = items_queries.affairs(db, {one.story for one in history.shown})
    shown = (replace(one, affair=known.get(one.story, 0)) for one in history.shown)
    return replace(history, shown=tuple(shown))


def _time(one: StoredItem) -> datetime:
    return one.item.published or one.first_seen


def _candidates(
    db: Transaction, local: date, now: datetime, since: datetime | None, only: Collection[int] | None
) -> list[tuple[StoredItem, Tagging]]:
    posted = func.coalesce(item.c.published, item.c.first_seen)
    recent = and_(item.c.first_seen >= now - CARRIED, posted >= now - CARRIED)
    never_shown = ~select(shown.c.id).where(shown.c.item == item.c.id, shown.c.date < local).exists()
    fresh = true() if since is None else item.c.first_seen > since
    query = (
        items_queries.selected("text")
        .add_columns(*items_queries.KEPT)
        .outerjoin(tagging, tagging.c.item == item.c.id)
        .where(
            item.c.first_seen <= now + AHEAD,
            item.c.before.is_(False),
            # Said apart from the rest, so that an index finds these few among all items.
            true() if since is None else item.c.first_seen >= min(since, now - CARRIED),
            or_(fresh, and_(recent, never_shown)),
            true() if only is None else item.c.id.in_(only),
        )
        .order_by(item.c.id)
    )
    return [
        (
            items_queries.read(row, "text"),
            Tagging(item=row[0])
            if row[-1] is None
            else items_queries.tagging_of(row[0], *row[-len(items_queries.KEPT) :], topics=db.topics),
        )
        for row in db.execute(query).all()
    ]


# ------------------------------------------------------------------------- feeds


def _facts(
    db: Transaction,
    local: date,
    now: datetime,
    since: datetime | None,
    candidates: Mapping[int, Sequence[StoredItem]],
    known: Habits,
) -> Iterable[FeedFacts]:
    # A feed that left the list may still have items among the candidates.
    former = [s for s in feeds_queries.states(db, listed=False) if s.feed in candidates]
    rhythm = _rhythm(db, now, since)
    scored = [n for n, some in candidates.items() if any(i.item.score is not None for i in some)]
    scores = _scores(db, scored, now)
    last = editions_queries.last_shown(db, local)
    made_of = editions_queries.thumbs(db, local)
    for state in (*feeds_queries.states(db), *former):
        per_day, previous = rhythm.get(state.feed, (0.0, None))
        _, judged, value = known.judgements.get(state.feed, (0, 0, 0.0))
        yield records.facts(
            state,
            speaks=state.feed in candidates,
            social=_is_social(state, candidates.get(state.feed, ())),
            items_a_day=per_day,
            last_shown=last.get(state.feed),
            previous_post=previous,
            topic_mix=known.mixes.get(state.feed, {}),
            value=value,
            judged=judged,
            likes={t: (n.good, n.shown) for t, n in made_of.get(state.feed, {}).items()},
            dislikes={t: n.bad for t, n in made_of.get(state.feed, {}).items() if n.bad},
            engagement=scores.get(state.feed, ()),
        )


def _with_last_shown(db: Transaction, local: date, sources: Sequence[FeedFacts]) -> tuple[FeedFacts, ...]:
    last = editions_queries.last_shown(db, local)
    return tuple(replace(one, last_shown=last.get(one.feed)) for one in sources)


def _is_social(state: FeedState, brought: Sequence[StoredItem]) -> bool:
    """Whether a feed is people's posts: it is in a folder "Social", or half of its items are posts."""
    posts = sum(i.item.kind == "post" for i in brought)
    return records.in_social_folder(state) or posts * 2 > len(brought)


def _rhythm(
    db: Transaction, now: datetime, since: datetime | None
) -> Mapping[int, tuple[float, datetime | None]]:
    """By feed: items a day over 28 days (or as long as we know it), and its newest post before the span."""
    posted = func.coalesce(item.c.published, item.c.first_seen)
    start = now - RHYTHM
    was_there = item.c.before if since is None else or_(item.c.first_seen <= since, item.c.before)
    query = select(
        item.c.feed,
        func.count(case((and_(posted > start, posted <= now), 1))),
        func.min(posted),
        func.max(case((was_there, posted))),
    )
    query = query.where(item.c.first_seen <= now + AHEAD).group_by(item.c.feed)
    found = {}
    for number, count, oldest, previous in db.execute(query).all():
        days = min(RHYTHM, max(timedelta(days=1), now - oldest)) / timedelta(days=1)
        found[number] = (count / days, previous)
    return found


def habits(db: Transaction, now: datetime, local: date | None = None) -> Habits:
    """The habits of all sources; for the edition of the day `local` also what is not tagged yet of those that tell them."""
    newest = _newest_before(now)
    # Items of 90 days by which their source is judged: what came since the subscription, and twenty from before.
    typical = union_all(
        select(item.c.id, item.c.feed, literal(0).label("place")).where(
            *_known(now), item.c.before.is_(False)
        ),
        select(newest.c.id, newest.c.feed, newest.c.place).where(newest.c.place <= HABIT),
    ).cte("typical")
    value = tagging.c.value
    judged = (
        select(
            typical.c.feed, literal(""), func.count(), func.count(value), func.coalesce(func.avg(value), 0.0)
        )
        .join(tagging, tagging.c.item == typical.c.id)
        .group_by(typical.c.feed)
    )
    told = (
        select(typical.c.feed, item_topic.c.topic, func.count(), literal(0), literal(0.0))
        .join(item_topic, item_topic.c.item == typical.c.id)
        .group_by(typical.c.feed, item_topic.c.topic)
    )
    asked: list[Select[Any]] = [judged, told]
    if local is not None:
        begun = editions_queries.built_before(db, local)
        speaks = select(item.c.feed).where(item.c.before.is_(False))
        if begun is not None:
            speaks = speaks.where(item.c.first_seen >= min(begun, now - CARRIED))
        lacking = select(typical.c.feed, literal(_LACKING), typical.c.place, typical.c.id, literal(0.0))
        asked.append(
            lacking.outerjoin(tagging, tagging.c.item == typical.c.id).where(
                typical.c.place > 0, tagging.c.item.is_(None), typical.c.feed.in_(speaks)
            )
        )
    judgements: dict[int, tuple[int, int, float]] = {}
    mixes: dict[int, dict[str, float]] = {}
    unheard: list[tuple[int, int]] = []
    # What has no topic comes first.
    for number, topic, count, graded, mean in sorted(map(tuple, db.execute(union_all(*asked)).all())):
        if topic == _LACKING:
            unheard.append((count, graded))
        elif topic:
            mixes.setdefault(number, {})[topic] = count / max(1, judgements.get(number, (0, 0, 0.0))[0])
        else:
            judgements[number] = count, graded, round(mean, 6)
    return Habits(judgements, mixes, [number for _, number in sorted(unheard)])


_LACKING = " "  # stands for a topic, where there is no tagging


# The order is that of an index, so that only the newest items of the feed are looked at.
_NEWEST_SCORES = (
    select(item.c.score)
    .where(
        item.c.feed == bindparam("number"),
        item.c.score.is_not(None),
        item.c.first_seen <= bindparam("until"),
    )
    .order_by(item.c.first_seen.desc())
    .limit(SCORES)
)


def _scores(db: Transaction, wanted: Iterable[int], now: datetime) -> Mapping[int, tuple[int, ...]]:
    """By feed: the scores of its newest items, sorted."""
    until = now + AHEAD
    return {
        number: tuple(
            sorted(r[0] for r in db.execute(_NEWEST_SCORES, {"number": number, "until": until}).all())
        )
        for number in wanted
    }
