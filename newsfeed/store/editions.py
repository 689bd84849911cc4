"""What was printed, kept whole and for ever, and the account of earlier days that the next edition is built on."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import msgspec
from sqlalchemy import delete, func, insert, select

from newsfeed.errors import StoreError
from newsfeed.model import Edition, History, Line, Pick, Record, Shown, Untold
from newsfeed.store import notes, rows, sides
from newsfeed.store.dialect import Transaction
from newsfeed.store.schema import edition, mark, member, shown


class TopicSummary(Record, frozen=True, kw_only=True):
    """A topic's part in one edition."""

    minutes: float = 0.0
    told: int = 0  # picks and lines
    good: int = 0
    debt: float = 0.0
    why: str = ""  # it has neither pick nor line


class Summary(Record, frozen=True, kw_only=True):
    """What later editions ask of one, so that they needn't read it whole."""

    topics: Mapping[str, TopicSummary] = {}
    big: tuple[int, int] = (0, 0)  # told, all
    untold: tuple[Untold, ...] = ()
    voices: Mapping[str, float] = {}  # feed title -> minutes
    seldom: tuple[int, ...] = ()


_EDITION = msgspec.json.Decoder(Edition)
_SUMMARY = msgspec.json.Decoder(Summary)
_ENCODER = msgspec.json.Encoder()


def told(printed: Edition) -> Iterator[Pick | Line]:
    """Every pick and line within the minutes; the long read stands outside them."""
    for section in (*printed.sections, *((printed.since,) if printed.since else ())):
        yield from section.picks
    yield from printed.lines


def summary(printed: Edition) -> Summary:
    """What later editions will ask of this one."""
    voices: dict[str, float] = {}
    for one in told(printed):
        voices[one.source] = voices.get(one.source, 0.0) + one.minutes
    return Summary(
        topics={
            t.name: TopicSummary(
                minutes=t.minutes, told=t.picks + t.lines, good=t.good, debt=t.debt, why=t.why_thin
            )
            for t in printed.topics
        },
        big=(printed.big_told, printed.big_all),
        untold=printed.untold,
        voices=voices,
        seldom=printed.seldom,
    )


def record(db: Transaction, printed: Edition, stories: Sequence[Shown]) -> None:
    """Keep an edition and what it showed, in place of an earlier one of the same date."""
    db.execute(delete(shown).where(shown.c.date == printed.date))
    db.upsert(
        edition,
        [
            {
                "date": printed.date,
                "zone": printed.zone,
                "built": printed.built,
                "minutes": printed.minutes,
                "revised": printed.revised,
                "data": zlib.compress(_ENCODER.encode(printed), 6),
                "summary": _ENCODER.encode(summary(printed)).decode(),
            }
        ],
    )
    if stories:
        db.execute(insert(shown), [{**rows.SHOWN.values(s), "date": printed.date} for s in stories])


def read(db: Transaction, local: date) -> Edition | None:
    """The edition of a local day as it was printed, or None.

    Raises:
        StoreError: what is kept of it is damaged.
    """
    data = db.execute(select(edition.c.data).where(edition.c.date == local)).scalar()
    if data is None:
        return None
    try:
        return _EDITION.decode(zlib.decompress(data))
    except (zlib.error, msgspec.DecodeError) as error:
        raise StoreError(
            f"edition of {local}", "what is kept of it can't be read", "Build it again: `--rebuild`."
        ) from error


def dates(db: Transaction) -> list[date]:
    """The days with an edition, oldest first."""
    return [r[0] for r in db.execute(select(edition.c.date).order_by(edition.c.date))]


def latest(db: Transaction) -> Edition | None:
    """The edition with the newest date."""
    newest = db.execute(select(func.max(edition.c.date))).scalar()
    return None if newest is None else read(db, newest)


def before(db: Transaction, local: date) -> Edition | None:
    """The last edition of an earlier date."""
    earlier = db.execute(select(func.max(edition.c.date)).where(edition.c.date < local)).scalar()
    return None if earlier is None else read(db, earlier)


def built_before(db: Transaction, local: date) -> datetime | None:
    """When the last edition of an earlier date was built."""
    query = select(edition.c.built).where(edition.c.date < local).order_by(edition.c.date.desc()).limit(1)
    moment: datetime | None = db.execute(query).scalar()
    return moment


def history(db: Transaction, local: date, days: int = 90) -> History:
    """What the editions of the `days` days before `local` did; `local` itself has no part in it.

    Stories may have been joined since they were shown: each is named as the story its item belongs to today.
    """
    first = local - timedelta(days=days)
    accounts = {
        r[0]: _SUMMARY.decode(r[1])
        for r in db.execute(
            select(edition.c.date, edition.c.summary)
            .where(edition.c.date >= first, edition.c.date < local)
            .order_by(edition.c.date)
        )
    }
    query = (
        select(*rows.SHOWN_COLUMNS, member.c.story.label("today"))
        .outerjoin(member, member.c.item == shown.c.item)
        .where(shown.c.date >= first, shown.c.date < local)
        .order_by(shown.c.date, shown.c.id)
    )
    seen = []
    for row in db.execute(query).all():
        one = rows.shown_of(row[:-1])
        seen.append(one if row[-1] in {None, one.story} else msgspec.structs.replace(one, story=row[-1]))
    sided = sides.read(db, first, local)
    return History(
        shown=tuple(seen),
        days=tuple(accounts),
        debts={name: t.debt for name, t in list(accounts.values())[-1].topics.items()} if accounts else {},
        minutes={d.isoformat(): {n: t.minutes for n, t in a.topics.items()} for d, a in accounts.items()},
        picks={d.isoformat(): {n: t.told for n, t in a.topics.items()} for d, a in accounts.items()},
        big={d.isoformat(): a.big for d, a in accounts.items()},
        untold={d.isoformat(): a.untold for d, a in accounts.items()},
        good={d.isoformat(): {n: t.good for n, t in a.topics.items()} for d, a in accounts.items()},
        thin={d.isoformat(): {n: t.why for n, t in a.topics.items() if t.why} for d, a in accounts.items()},
        voices={d.isoformat(): a.voices for d, a in accounts.items()},
        seldom={d.isoformat(): a.seldom for d, a in accounts.items() if a.seldom},
        signs=_signs(db, seen),
        told=sided.told,
        sources=sided.sources,
        declined=notes.declined(db),
    )


def _signs(db: Transaction, seen: Sequence[Shown]) -> dict[str, dict[str, tuple[int, int]]]:
    """By ISO date and topic: how many of its stories the reader liked or opened, and how many there were.

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
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for one in seen:
        if one.date in read_on:
            of_day = found.setdefault(one.date.isoformat(), {})
            for topic in _told_under(one):
                liked, all_of_it = of_day.get(topic, (0, 0))
                of_day[topic] = (liked + (one.item in good), all_of_it + 1)
    return found


def _is_good(thumb: int | None, opened: datetime | None) -> bool:
    """Liked, or opened and not disliked."""
    return bool(thumb and thumb > 0) or (opened is not None and not thumb)


class _Topics(Record, frozen=True, kw_only=True):
    """What `thumbs` needs of a shown story."""

    topic: str = ""
    topics: Mapping[str, float] = {}


_TOPICS = msgspec.json.Decoder(_Topics)


def _told_under(one: Shown | _Topics) -> list[str]:
    """The topic that a story was told under; where that isn't kept, those that it has with p .5 or more."""
    return [one.topic] if one.topic else [topic for topic, p in one.topics.items() if p >= 0.5]


class Thumbs(NamedTuple):
    """What the reader made of one feed's stories in one topic."""

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
