"""Editions, stored whole and for ever; the days that are done; the outbox of mails; and the history that the next edition
is built on."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

import msgspec
from sqlalchemy import delete, func, insert, select, update

from newsfeed.errors import StoreError
from newsfeed.model import (
    Edition,
    EditionSummary,
    FeedFacts,
    History,
    Record,
    Shown,
    Told,
    TopicSummary,
    accounts,
    summary,
)
from newsfeed.store import feeds_queries, reader_queries, records
from newsfeed.store.dialect import Transaction
from newsfeed.store.records import Mail, MailState
from newsfeed.store.schema import (
    day,
    edition,
    item,
    item_topic,
    mail,
    mark,
    member,
    shown,
    story,
    tagging,
)
from newsfeed.text.outline_options import options


class _Printed(Edition, frozen=True, kw_only=True):
    """An edition as its page prints it: what became of every item and every feed isn't read."""

    feeds: msgspec.Raw = msgspec.Raw()  # type: ignore[assignment]
    ledger: msgspec.Raw = msgspec.Raw()  # type: ignore[assignment]


_EDITION = msgspec.json.Decoder(Edition)
_PRINTED = msgspec.json.Decoder(_Printed)
SUMMARY = msgspec.json.Decoder(EditionSummary)
_ENCODER = msgspec.json.Encoder()


def record(db: Transaction, printed: Edition, stories: Sequence[Shown]) -> None:
    """Store an edition and what it showed, replacing an earlier one of the same date."""
    db.execute(delete(shown).where(shown.c.date == printed.date))
    row = {name: getattr(printed, name) for name in ("date", "zone", "built", "minutes", "revised")}
    data = zlib.compress(_ENCODER.encode(printed), 6)
    db.upsert(edition, [{**row, "data": data, "summary": _ENCODER.encode(summary(printed)).decode()}])
    if stories:
        db.execute(insert(shown), [{**records.SHOWN.values(s), "date": printed.date} for s in stories])


def edition_of(db: Transaction, local: date, *, whole: bool = True) -> Edition | None:
    """The edition of a local day as it was printed, or None. Not `whole`, it has neither ledger nor feeds, which are most
    of the work.

    Raises:
        StoreError: the stored edition is damaged.
    """
    data = db.execute(select(edition.c.data).where(edition.c.date == local)).scalar()
    if data is None:
        return None
    try:
        return decoded(zlib.decompress(data), whole=whole)
    except (zlib.error, msgspec.DecodeError) as error:
        raise StoreError(
            f"edition of {local}", "what is kept of it can't be read", "Build it again: `--rebuild`."
        ) from error


def decoded(data: bytes, *, whole: bool = True) -> Edition:
    """A stored edition, see `edition_of`; accounts in the older, flat form are turned into records.

    Raises:
        msgspec.DecodeError: it is damaged.
    """
    try:
        if not whole:
            return Edition(**{**msgspec.structs.asdict(_PRINTED.decode(data)), "feeds": (), "ledger": ()})
        return _EDITION.decode(data)
    except msgspec.ValidationError:
        return msgspec.convert(accounts.as_records(msgspec.json.decode(data)), Edition)


def editions(db: Transaction) -> list[date]:
    """The days with an edition, oldest first."""
    return [r[0] for r in db.execute(select(edition.c.date).order_by(edition.c.date))]


def latest_edition(db: Transaction) -> Edition | None:
    """The edition with the newest date."""
    newest = db.execute(select(func.max(edition.c.date))).scalar()
    return None if newest is None else edition_of(db, newest)


def built_before(db: Transaction, local: date) -> datetime | None:
    """When the last edition of an earlier date was built."""
    query = select(edition.c.built).where(edition.c.date < local).order_by(edition.c.date.desc()).limit(1)
    moment: datetime | None = db.execute(query).scalar()
    return moment


# ------------------------------------------------------------------------- days


def done(db: Transaction, local: date, zone: str = "") -> bool:
    """Whether the edition of this local day is done: in any zone, or with `zone` in that one."""
    query = select(day.c.date).where(day.c.date == local)
    return db.execute(query.where(day.c.zone == zone) if zone else query).first() is not None


def days_done(db: Transaction, first: date) -> set[date]:
    """The local days from `first` on whose edition is done, in any zone."""
    return set(db.execute(select(day.c.date).where(day.c.date >= first)).scalars())


def mark_done(db: Transaction, local: date, zone: str, now: datetime) -> bool:
    """Store that it is; False if that was stored before."""
    if done(db, local, zone):
        return False
    db.execute(insert(day).values(date=local, zone=zone, done=now))
    return True


# ------------------------------------------------------------------------- outbox


def claim_mail(db: Transaction, local: date, recipient: str, now: datetime) -> bool:
    """Claim the sole right to send the mail of this day to this recipient (a hash).

    True when nobody had it, or the last attempt surely failed. False when it was sent, may have been, or is under way.
    """
    before = db.execute(
        select(mail.c.state).where(mail.c.date == local, mail.c.recipient == recipient)
    ).scalar()
    if before not in {None, MailState.FAILED}:
        return False
    claim = {"state": str(MailState.CLAIMED), "claimed": now, "settled": None, "note": ""}
    db.upsert(mail, [{"date": local, "recipient": recipient, **claim}])
    return True


def mark_mail(
    db: Transaction, local: date, recipient: str, state: MailState, now: datetime, note: str = ""
) -> None:
    """Store the result of a claimed mail."""
    db.execute(
        update(mail)
        .where(mail.c.date == local, mail.c.recipient == recipient)
        .values(state=str(MailState(state)), settled=now, note=note)
    )


def mails(db: Transaction, state: MailState | None = None) -> list[Mail]:
    """Rows of the outbox, oldest first."""
    query = select(mail).order_by(mail.c.date, mail.c.recipient)
    if state is not None:
        query = query.where(mail.c.state == str(state))
    return [Mail(**{**row._mapping, "state": MailState(row.state)}) for row in db.execute(query)]


def doubt_claims(db: Transaction, now: datetime) -> int:
    """Mark every claim that is still open as uncertain; gives how many there were.

    For a holder of the home's lock that isn't sending: whoever claimed has died between claim and result.
    """
    query = update(mail).where(mail.c.state == str(MailState.CLAIMED))
    return db.execute(query.values(state=str(MailState.UNCERTAIN), settled=now)).rowcount


# ------------------------------------------------------------------------- the account of earlier days


def history(db: Transaction, local: date, days: int = 90) -> History:
    """What the editions of the `days` days before `local` did; `local` itself has no part in it.

    Stories may have been joined since they were shown: each is named as the story its item belongs to today.
    """
    first = local - timedelta(days=days)
    accounts = {
        r[0]: SUMMARY.decode(r[1])
        for r in db.execute(
            select(edition.c.date, edition.c.summary)
            .where(edition.c.date >= first, edition.c.date < local)
            .order_by(edition.c.date)
        )
    }
    query = (
        select(*records.SHOWN_COLUMNS, member.c.story.label("today"))
        .outerjoin(member, member.c.item == shown.c.item)
        .where(shown.c.date >= first, shown.c.date < local)
        .order_by(shown.c.date, shown.c.id)
    )
    seen = []
    for row in db.execute(query).all():
        one = records.shown_of(row[:-1])
        seen.append(one if row[-1] in {None, one.story} else msgspec.structs.replace(one, story=row[-1]))
    told, labelled = _labelled(db, first, local)
    signs = _signs(db, seen)
    return History(
        days={day: _with_signs(one, signs.get(day, {})) for day, one in accounts.items()},
        shown=tuple(seen),
        told=told,
        sources=labelled,
        declined=reader_queries.declined(db),
    )


def _with_signs(one: EditionSummary, signs: Mapping[str, tuple[int, int]]) -> EditionSummary:
    """A summary with the reader's signs on its stories, by topic."""
    if not signs:
        return one
    topics = {name: one.topics.get(name, TopicSummary()) for name in (*one.topics, *signs)}
    read = {
        name: msgspec.structs.replace(topic, signs=signs[name]) if name in signs else topic
        for name, topic in topics.items()
    }
    return msgspec.structs.replace(one, topics=read)


def _signs(db: Transaction, seen: Sequence[Shown]) -> dict[date, dict[str, tuple[int, int]]]:
    """By date and topic: how many of its stories the reader liked or opened, and how many there were.

    Only pages on which the reader gave a sign, be it a thumb down: the silence of one that nobody read says nothing.
    """
    good, given = set[int](), set[int]()
    marks = select(mark.c.item, mark.c.liked, mark.c.opened_at)
    for number, thumb, opened in db.execute(marks).all():
        if thumb or opened is not None:
            given.add(number)
        if _is_good(thumb, opened):
            good.add(number)
    read_on = {one.date for one in seen if one.item in given}
    found: dict[date, dict[str, tuple[int, int]]] = {}
    for one in seen:
        if one.date in read_on:
            of_day = found.setdefault(one.date, {})
            for topic in _told_under(one):
                liked, all_of_it = of_day.get(topic, (0, 0))
                of_day[topic] = (liked + (one.item in good), all_of_it + 1)
    return found


def _is_good(thumb: int | None, opened: datetime | None) -> bool:
    """Liked, or opened and not disliked."""
    return bool(thumb and thumb > 0) or (opened is not None and not thumb)


class _Topics(Record, frozen=True, kw_only=True):
    """The part of a shown story that `thumbs` needs."""

    topic: str = ""
    topics: Mapping[str, float] = {}


_TOPICS = msgspec.json.Decoder(_Topics)


def _told_under(one: Shown | _Topics) -> list[str]:
    """The topic that a story was told under; where that isn't kept, those that it has with p .5 or more."""
    return [one.topic] if one.topic else [topic for topic, p in one.topics.items() if p >= 0.5]


class Thumbs(NamedTuple):
    """The reader's signs on one feed's stories in one topic."""

    good: int = 0  # liked, or opened and not disliked
    bad: int = 0
    shown: int = 0


def thumbs(db: Transaction, local: date, days: int = 180) -> dict[int, dict[str, Thumbs]]:
    """By feed and topic: how many of the stories shown before `local` the reader liked or opened, how many they
    disliked, and how many there were.

    A story counts in the topic that it was told under, as the reader saw it; where that isn't kept, in those that it
    has with p .5 or more. A thumb down takes an opened one out of the first number.
    """
    query = (
        select(shown.c.feed, shown.c.extra, mark.c.liked, mark.c.opened_at)
        .outerjoin_from(shown, mark, mark.c.item == shown.c.item)
        .where(shown.c.date >= local - timedelta(days=days), shown.c.date < local)
    )
    found: dict[int, dict[str, Thumbs]] = {}
    for number, extra, thumb, opened in db.execute(query).all():
        bad = bool(thumb and thumb < 0)
        good = _is_good(thumb, opened)
        for topic in _told_under(_TOPICS.decode(extra or "{}")):
            of_feed = found.setdefault(number, {})
            so_far = of_feed.get(topic, Thumbs())
            of_feed[topic] = Thumbs(so_far.good + good, so_far.bad + bad, so_far.shown + 1)
    return found


def last_shown(db: Transaction, local: date) -> dict[int, date]:
    """By feed: the last day before `local` on which it stood in an edition."""
    query = select(shown.c.feed, func.max(shown.c.date)).where(shown.c.date < local).group_by(shown.c.feed)
    return {r[0]: r[1] for r in db.execute(query)}


# ------------------------------------------------------------------------- who told what

_ZONES = timedelta(days=1)  # a local day may begin and end so far from UTC's


def _labelled(db: Transaction, first: date, until: date) -> tuple[tuple[Told, ...], tuple[FeedFacts, ...]]:
    """Stories of several feeds with news from `first` on, by what had come before the local day `until` was over, and
    the feeds; nothing of either where no feed of the list has a label.

    Posts make no story by themselves, and what was published before the reader subscribed has no part in any.
    """
    if not feeds_queries.may_be_labelled(db):
        return (), ()
    listed = feeds_queries.states(db)
    if not any(options(state.subscription.options).labels for state in listed):
        return (), ()
    told = tuple(_stories(db, first, until))
    numbers = {number for one in told for number in one.feeds}
    former = [state for state in feeds_queries.states(db, listed=False) if state.feed in numbers]
    every = (*listed, *former)
    return told, tuple(records.facts(s, social=records.in_social_folder(s)) for s in every)


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
    # An affair counts once, by the story that most feeds told.
    inside: dict[int, dict[int, list[int]]] = {}
    for affair, number, feed in db.execute(query).all():
        inside.setdefault(affair or number, {}).setdefault(number, []).append(feed)
    feeds_of: dict[int, tuple[int, ...]] = {}
    for stories in inside.values():
        feeds = tuple(sorted({feed for some in stories.values() for feed in some}))
        if len(feeds) > 1:
            feeds_of[max(stories, key=lambda n: (len(stories[n]), -n))] = feeds
    having = select(member.c.story, item_topic.c.topic).join(item_topic, item_topic.c.item == member.c.item)
    topics: dict[int, set[str]] = {}
    for number, topic in db.rows_in(having.distinct(), member.c.story, feeds_of):
        topics.setdefault(number, set()).add(topic)
    representatives = (
        select(story.c.id, item.c.title, item.c.lang, story.c.first)
        .join(item, item.c.id == story.c.head)
        .outerjoin(tagging, tagging.c.item == item.c.id)
        .where(func.coalesce(tagging.c.not_news, "") == "")
        .order_by(story.c.id)
    )
    for number, title, lang, moment in db.rows_in(representatives, story.c.id, sorted(feeds_of)):
        yield Told(
            story=number,
            title=title,
            first=moment,
            feeds=feeds_of[number],
            topics=tuple(sorted(topics.get(number, ()))),
            lang=lang,
        )
