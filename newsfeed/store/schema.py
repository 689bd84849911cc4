"""The current tables, in portable SQLAlchemy Core.

What the source published (`item`, `body`) is separate from what we derived (`tagging`, `item_topic`, `member`) and from
what the reader did (`mark`, `correction`), because each has its own lifetime. Fields of a record that no query uses are
stored together as JSON in `extra`, so that a new field of `model` needs no migration.

The tables have one version number. A new database gets the current tables; an older one goes through the migrations
that it lacks. To change a table, add a function at the end of `MIGRATIONS`; a test compares both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator


class Utc(TypeDecorator[datetime]):
    """A moment: aware in Python, UTC without a zone in the database, so that it sorts as text."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)


class Key(Text):
    """A text that is a key or a part of one. A database whose keys need a length compiles this type in its own way."""


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


# ------------------------------------------------------------------------- what the sources say

feed = Table(
    "feed",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Key, nullable=False, unique=True),
    Column("outline", Text, nullable=False),  # its Subscription, as JSON
    Column("place", Integer, nullable=False),  # in the list
    Column("listed", Boolean, nullable=False),  # whether it is in the list now
    Column("since", Utc, nullable=False),  # when it was first in the list
    Column("until", Utc),  # when it was taken out
    _text("title"),
    _text("html_url"),
    _text("language"),
    _text("etag"),
    _text("last_modified"),
    _text("body_hash"),
    Column("next_due", Utc),
    Column("not_before", Utc),
    Column("last_tried", Utc),
    Column("last_good", Utc),
    Column("last_changed", Utc),
    Column("first_good", Utc),
    Column("failing_since", Utc),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("items_a_day", Float, nullable=False, server_default="0"),
    _text("moved_to"),
    Column("gone", Boolean, nullable=False, server_default="0"),
    _text("extra"),
    sqlite_autoincrement=True,
)

item = Table(
    "item",
    metadata,
    # Numbers are never reused, because earlier editions refer to items that are long deleted.
    Column("id", Integer, primary_key=True),
    Column("feed", Integer, ForeignKey("feed.id"), nullable=False),
    Column("ref", String(32), nullable=False, unique=True),
    Column("identity", Key, nullable=False),
    Column("first_seen", Utc, nullable=False),
    Column("edited", Utc),  # when we last saw it changed
    Column("before", Boolean, nullable=False, server_default="0"),
    _text("link"),
    _text("discussion"),
    _text("title"),
    _text("author"),
    Column("published", Utc),
    Column("updated", Utc),
    _text("lang"),
    _text("lead"),
    Column("words", Integer, nullable=False, server_default="0"),
    _text("kind"),
    Column("score", Integer),
    _text("hash"),
    _text("extra"),
    _text("page"),
    UniqueConstraint("feed", "identity"),
    # Few: each costs at every item of every feed. An item is never published after it was seen, so that one index
    # serves both times; looking for a link reads all items, a tenth of a second for a year of them.
    Index(None, "first_seen"),
    # Rhythm and newest post of every feed are read from this index alone.
    Index(None, "feed", "first_seen", "published", "before"),
    sqlite_autoincrement=True,
)

body = Table(
    "body",
    metadata,
    Column("item", Integer, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True),
    _text("text"),
    _text("html"),
)

# Identities of deleted items, so that a feed that still lists them doesn't bring them as new.
former = Table(
    "former",
    metadata,
    Column("feed", Integer, ForeignKey("feed.id"), primary_key=True),
    Column("identity", Key, primary_key=True),
    Column("forgotten", Utc, nullable=False),
)

# How many items each feed brought on each day (UTC), never deleted.
tally = Table(
    "tally",
    metadata,
    Column("feed", Integer, ForeignKey("feed.id"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("brought", Integer, nullable=False),
)

# ------------------------------------------------------------------------- what we made of it

tagging = Table(
    "tagging",
    metadata,
    Column("item", Integer, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True),
    Column("model", Text, nullable=False),
    _text("not_news"),
    Column("scores", Text, nullable=False),
    Column("value", Float),  # news value, for sums over a feed; NULL before it was judged
    _text("news"),  # the whole judgement
)

# The topics an item *has* (p >= .5), for counting.
item_topic = Table(
    "item_topic",
    metadata,
    Column("item", Integer, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True),
    Column("topic", Key, primary_key=True),
    Column("p", Float, nullable=False),
)

story = Table(
    "story",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("head", Integer, nullable=False),
    Column("first", Utc, nullable=False),
    Column("last", Utc, nullable=False),
    Column("affair", Integer, nullable=False, server_default="0"),
    Index(None, "last"),
    Index(None, "affair"),
    sqlite_autoincrement=True,
)

member = Table(
    "member",
    metadata,
    Column("item", Integer, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True),
    Column("story", Integer, ForeignKey("story.id", ondelete="CASCADE"), nullable=False),
    Column("place", Integer, nullable=False),
    Index(None, "story"),
)

# Clues, by which recent items are found that may be about the same event as a new one: numbers of terms and pages. No
# foreign key, which would need its own index: old rows are deleted when new ones are added.
clue = Table(
    "clue",
    metadata,
    Column("clue", BigInteger, primary_key=True, autoincrement=False),
    Column("item", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# ------------------------------------------------------------------------- what the reader did

correction = Table(
    "correction",
    metadata,
    Column("item", Integer, ForeignKey("item.id"), primary_key=True),
    Column("topics", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("made", Utc, nullable=False),
)

mark = Table(
    "mark",
    metadata,
    # No foreign key: what the reader liked counts even after the item is deleted.
    Column("item", Integer, primary_key=True, autoincrement=False),
    Column("liked", Integer, nullable=False, server_default="0"),
    Column("liked_at", Utc),
    Column("opened_at", Utc),
)

kept = Table(
    "kept",
    metadata,
    # No foreign key: what the reader keeps outlives the item, so everything that is shown of it is stored here.
    Column("item", Integer, primary_key=True, autoincrement=False),
    Column("ref", Text, nullable=False),
    Column("kept", Utc, nullable=False),
    *(_text(name) for name in ("title", "link", "source", "lead", "note", "lang")),
    Column("private", Boolean, nullable=False, server_default="0"),
)

passed = Table(
    "passed",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person", Text, nullable=False),
    Column("item", Integer, nullable=False),
    Column("at", Utc, nullable=False),
)

# ------------------------------------------------------------------------- what was printed and sent

edition = Table(
    "edition",
    metadata,
    Column("date", Date, primary_key=True),
    Column("zone", Text, nullable=False),
    Column("built", Utc, nullable=False),
    Column("minutes", Float, nullable=False),
    _text("revised"),
    Column("data", LargeBinary, nullable=False),  # the Edition: JSON, deflated
    Column("summary", Text, nullable=False),  # what later editions ask of it
)

shown = Table(
    "shown",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("date", Date, ForeignKey("edition.date", ondelete="CASCADE"), nullable=False),
    Column("story", Integer, nullable=False),
    Column("item", Integer, nullable=False),
    Column("feed", Integer, nullable=False),
    Column("section", Text, nullable=False),
    Column("outlets", Integer, nullable=False),
    Column("minutes", Float, nullable=False),
    _text("extra"),
    Index(None, "date"),
    Index(None, "item"),
    Index(None, "feed", "date"),
)

day = Table(
    "day",
    metadata,
    Column("date", Date, primary_key=True),
    Column("zone", Key, primary_key=True),
    Column("done", Utc, nullable=False),
)

mail = Table(
    "mail",
    metadata,
    Column("date", Date, primary_key=True),
    Column("recipient", Key, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("claimed", Utc, nullable=False),
    Column("settled", Utc),
    _text("note"),
)

# ------------------------------------------------------------------------- small facts

meta = Table(
    "meta",
    metadata,
    Column("key", Key, primary_key=True),
    Column("value", Text, nullable=False),
)

last_list = Table(
    "last_list",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1
    Column("data", LargeBinary, nullable=False),
)

# ------------------------------------------------------------------------- from earlier tables to these

FIRST = 7  # the oldest version that can be opened


def _drop_alembic(connection: Connection) -> None:
    """Drop the table of Alembic, which once held the version; now the database's own version number does."""
    connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")


def _allow_texts_put_off(connection: Connection) -> None:
    """A text may be stored as it came (see `text.bodies`): a newsfeed that doesn't know must not open the database, for it
    would show it."""


#: Each leads from the version before to the next, the first of them from `FIRST`.
MIGRATIONS: Sequence[Callable[[Connection], None]] = (_drop_alembic, _allow_texts_put_off)
VERSION = FIRST + len(MIGRATIONS)


def migrate(connection: Connection, version: int) -> None:
    """Bring tables of an older version up to date, in the current transaction."""
    for step in MIGRATIONS[version - FIRST :]:
        step(connection)
