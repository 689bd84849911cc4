"""Records that only the store uses; and conversion between records and rows: fields with a column
of their own go there, all others into `extra` as JSON.

Taggings of items that many readers share are packed as numbers: their deciding words are computed when somebody asks for
them, and topics are numbers whose names the shared store knows. Packed text begins with a character that no JSON begins with.
"""

from __future__ import annotations

import hashlib
import struct
from base64 import b32encode, b64decode, b64encode
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from sqlalchemy import Table

from newsfeed.model import (
    KINDS,
    FeedFacts,
    FeedState,
    Item,
    NewsValue,
    Record,
    Shown,
    StoredItem,
    Subscription,
    TopicScore,
)
from newsfeed.store import schema
from newsfeed.text.outline_options import options


class SyncReport(Record, frozen=True, kw_only=True):
    """What became of the list: the addresses that came, went, changed their outline, and how many stayed."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    kept: int = 0


class Applied(Record, frozen=True, kw_only=True):
    """What one feed's answer brought: numbers of the items that are new, and of those that changed."""

    new: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()


class Headline(NamedTuple):
    """What a list shows of an item."""

    item: int
    feed: int
    title: str
    lead: str
    link: str
    when: datetime


class Holdings(Record, frozen=True, kw_only=True):
    """Counts of what the database holds."""

    feeds: int = 0  # in the list
    items: int = 0
    bodies: int = 0
    untagged: int = 0
    stories: int = 0
    editions: int = 0
    bytes: int = 0  # of the database file


class MailState(StrEnum):
    """The state of one day's mail to one recipient."""

    CLAIMED = "claimed"  # being sent, or the sender died
    SENT = "sent"
    UNCERTAIN = "uncertain"  # perhaps accepted: never sent again unasked
    FAILED = "failed"  # certainly not accepted: may be claimed again


class Mail(Record, frozen=True, kw_only=True):
    """A row of the outbox. `recipient` is a hash, never an address."""

    date: date
    recipient: str
    state: MailState
    claimed: datetime
    settled: datetime | None = None
    note: str = ""


R = TypeVar("R", bound=Record)


# ------------------------------------------------------------------------- rows


class Shape(Generic[R]):
    """How records of one type are stored in a table.

    Args:
        record: the kind.
        table: where they lie; a field has the column of its name, if there is one.
        apart: fields that are kept elsewhere.
    """

    def __init__(self, record: type[R], table: Table, apart: Collection[str] = ()) -> None:
        self.record = record
        fields = [f for f in msgspec.structs.fields(record) if f.name not in apart]
        self.names = tuple(f.name for f in fields if f.name in table.c)
        self.columns = tuple(table.c[n] for n in self.names)
        rest = [f for f in fields if f.name not in table.c]
        self._rest = tuple(f.name for f in rest)
        self._extra = msgspec.defstruct(
            f"{record.__name__}Extra",
            [(f.name, f.type, _default(f)) for f in rest],
            rename={f.name: f.encode_name for f in rest},
            omit_defaults=True,
        )
        self._decoder = msgspec.json.Decoder(self._extra)
        self._encoder = msgspec.json.Encoder()

    def values(self, record: R) -> dict[str, Any]:
        """The row of a record, `extra` included."""
        row: dict[str, Any] = {n: getattr(record, n) for n in self.names}
        row["extra"] = self.rest(record)
        return row

    def row(self, record: R) -> tuple[Any, ...]:
        """The same without names: the values of `names`, then `extra`."""
        return (*[getattr(record, n) for n in self.names], self.rest(record))

    def rest(self, record: R) -> str:
        """The fields without a column, as JSON; "" when all have their defaults."""
        rest = self._extra(*[getattr(record, n) for n in self._rest])
        data = self._encoder.encode(rest)
        return "" if data == b"{}" else data.decode()

    def record_of(self, values: Mapping[str, Any], extra: str, **apart: Any) -> R:
        """The record of a row's values (by column name) and its `extra`."""
        if extra:
            rest = self._decoder.decode(extra)
            return self.record(**values, **{n: getattr(rest, n) for n in self._rest}, **apart)
        return self.record(**values, **apart)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.field(default_factory=field.default_factory)
    if field.default is msgspec.NODEFAULT:
        raise TypeError(f"{field.name} needs a column of its own: it has no default")
    return field.default


FEED = Shape(FeedState, schema.feed, apart=("subscription", "feed"))
ITEM = Shape(Item, schema.item, apart=("text", "html"))
SHOWN = Shape(Shown, schema.shown)

FEED_COLUMNS = (schema.feed.c.id, schema.feed.c.outline, schema.feed.c.extra, *FEED.columns)
_STORED = (
    schema.item.c.id,
    schema.item.c.ref,
    schema.item.c.feed,
    schema.item.c.first_seen,
    schema.item.c.before,
    schema.item.c.extra,
)
ITEM_COLUMNS = (*_STORED, *ITEM.columns)
SHOWN_COLUMNS = (schema.shown.c.extra, *SHOWN.columns)

_SUBSCRIPTION = msgspec.json.Decoder(Subscription)


def outline(subscription: Subscription) -> str:
    """A subscription as it is stored."""
    return msgspec.json.encode(subscription).decode()


def subscription_of(text: str) -> Subscription:
    """The stored subscription."""
    return _SUBSCRIPTION.decode(text)


def feed_state(row: Sequence[Any]) -> FeedState:
    """The state in a row of `FEED_COLUMNS`."""
    return FEED.record_of(
        dict(zip(FEED.names, row[3:], strict=True)),
        row[2],
        subscription=_SUBSCRIPTION.decode(row[1]),
        feed=row[0],
    )


def stored_item(row: Sequence[Any], text: str = "", html: str = "") -> StoredItem:
    """The item in a row that begins with `ITEM_COLUMNS`."""
    start = len(_STORED)
    values = dict(zip(ITEM.names, row[start : start + len(ITEM.names)], strict=True))
    return StoredItem(
        id=row[0],
        ref=row[1],
        feed=row[2],
        first_seen=row[3],
        before=row[4],
        item=ITEM.record_of(values, row[5], text=text, html=html),
    )


def shown_of(row: Sequence[Any]) -> Shown:
    """The record in a row of `SHOWN_COLUMNS`."""
    return SHOWN.record_of(dict(zip(SHOWN.names, row[1:], strict=True)), row[0])


# ------------------------------------------------------------------------- feeds and items


def facts(state: FeedState, **more: Any) -> FeedFacts:
    """The facts about a feed for an edition: those of the list, and `more`."""
    return FeedFacts(
        feed=state.feed,
        title=state.name,
        url=state.subscription.url,
        html_url=state.subscription.html_url or state.html_url,
        folders=state.subscription.folders,
        options=options(state.subscription.options),
        shows=tuple(state.cursor.get("shows", "").splitlines()),
        **more,
    )


def in_social_folder(state: FeedState) -> bool:
    """Whether a feed is in a folder "Social", that is, people's posts."""
    return any(folder.casefold() == "social" for folder in state.subscription.folders)


REF = 7  # characters of a short name: 35 bits


def ref_of(url: str, identity: str, length: int = REF) -> str:
    """The short name of an item: the beginning of a hash of its feed's address and its identity, in base 32.

    Lower-case letters and the digits 2 to 7. Never digits alone: those are a pick's number.
    """
    digest = hashlib.sha256(f"{url}\n{identity}".encode()).digest()
    while True:
        some = -(-length // 8) * 5  # bytes that make so many letters, or a few more
        ref = b32encode(digest[:some]).decode().lower()[:length]
        if not ref.isdigit():
            return ref
        length += 1


# ------------------------------------------------------------------------- what a database can't hold

_LARGEST = 2**31 - 1  # of PostgreSQL's type integer
_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)  # of Python's datetime, with a day for any zone


def storable(item: Item) -> Item:
    """The item as a database can hold it: no lone surrogates or NULs, no number beyond 31 bits, no day before the first.

    Earlier steps take care of that; this is the last guard, so that one odd item can't stop a run.
    """
    changes: dict[str, Any] = {}
    for field in ("words", "score", "comments"):
        number = getattr(item, field)
        if number is not None and not -_LARGEST <= number <= _LARGEST:
            changes[field] = max(-_LARGEST, min(_LARGEST, number))
    for field in ("published", "updated"):
        moment = getattr(item, field)
        if moment is not None and (moment.tzinfo is None or moment < _EARLIEST or moment.year >= 9999):
            changes[field] = None
    return storable_text(msgspec.structs.replace(item, **changes) if changes else item)


def storable_text(record: R) -> R:
    """The record without lone surrogates and NULs."""
    try:
        if b"\\u0000" not in msgspec.json.encode(record):
            return record
    except (UnicodeEncodeError, ValueError):
        pass
    return msgspec.convert(_clean(msgspec.to_builtins(record)), type(record))


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list | tuple):
        return [_clean(v) for v in value]
    if isinstance(value, dict):
        return {_clean(k): _clean(v) for k, v in value.items()}
    return value


SIGN = "#"
_SCORE = struct.Struct("<HH")  # a topic's number, its probability in ten thousandths
_NEWS = struct.Struct("<HBH")  # the value in thousandths, the kind's place, how sure that is in thousandths


def pack_scores(scores: Sequence[TopicScore], numbers: Mapping[str, int]) -> str:
    """Pack the probabilities of topics, most probable first."""
    return _text(b"".join(_SCORE.pack(numbers[s.topic], round(10_000 * s.p)) for s in scores))


def unpack_scores(text: str, names: Mapping[int, str]) -> tuple[TopicScore, ...]:
    """The same back."""
    return tuple(
        [TopicScore(topic=names[n], p=p / 10_000) for n, p in _SCORE.iter_unpack(b64decode(text[1:]))]
    )


def pack_news(news: NewsValue | None) -> str:
    """A news value without a reader's thumbs; "" for none."""
    if news is None:
        return ""
    value = max(news.value - news.thumbs, 0.0)
    return _text(_NEWS.pack(round(1000 * value), KINDS.index(news.kind), round(1000 * news.sure)))


def unpack_news(text: str) -> NewsValue:
    """The same back."""
    value, kind, sure = _NEWS.unpack(b64decode(text[1:]))
    return NewsValue(value=value / 1000, kind=KINDS[kind], sure=sure / 1000)


def _text(data: bytes) -> str:
    return SIGN + b64encode(data).decode()
