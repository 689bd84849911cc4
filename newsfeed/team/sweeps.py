"""Sweeps: which feeds are due, and which worker asks them. The feed table is the schedule.

A bucket holds all feeds of a registrable domain, and is swept by one worker at a time, so that the rate limiter of
that worker is the only one for its hosts. A sweep claims feeds for the time of a lease; the lease of a worker that
died simply expires. Leases use the database's clock, due times ours.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from newsfeed import sources
from newsfeed.model import FeedState, Record, Subscription
from newsfeed.sources import webpages
from newsfeed.team.tables import BUCKETS
from newsfeed.text.outline_options import of_the_feed

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]

CLAIMED = 500  # feeds of one sweep at the most
LEASE = timedelta(minutes=10)  # longer than a sweep takes; after it another worker takes over
LONGEST = 300.0  # seconds of one sweep
RECENT = timedelta(minutes=2)  # requests of earlier sweeps that may matter to a host's spacing
LATE = timedelta(minutes=15)  # behind which rare feeds stretch …
STRETCHED = timedelta(hours=12)  # … at most so much
ALARMING = timedelta(hours=1)  # lateness from which another worker is needed
ABSENT = timedelta(days=30)  # absence after which a reader's feeds are no longer asked

# Where the sweeps are late, feeds that bring less than an item a day wait as long again.
RARE = "items_a_day < 1"
_DUE = f"""
  listed and not gone
  and (next_due is null or next_due <= %(now)s - case when {RARE} then %(late)s else interval '0' end) and (not_before is null or not_before <= %(now)s)
  and wanted > %(wanted)s and (leased_until is null or leased_until <= now())
"""


def bucket(subscription: Subscription) -> int:
    """The bucket of a feed, by the registrable domain that is asked for it."""
    url = sources.rewritten(subscription) or subscription.url
    return zlib.crc32(webpages.site(url).encode()) % BUCKETS


def on_its_site(url: str, state: FeedState | None) -> bool:
    """Whether an address lies on the site that is asked for a feed, and so in its bucket."""
    return state is not None and webpages.site(url) == webpages.site(
        sources.rewritten(state.subscription) or state.subscription.url
    )


def shared_part(subscription: Subscription) -> Subscription:
    """A subscription without its reader's personal options, as the shared store has it."""
    return Subscription(
        url=subscription.url, kind=subscription.kind, options=of_the_feed(subscription.options)
    )


def key_of(subscription: Subscription) -> str:
    """The key of a shared feed: its address, and the options that change what is read there."""
    options = shared_part(subscription).options
    return (
        f"{subscription.url} {msgspec.json.encode(options, order='sorted').decode()}"
        if options
        else subscription.url
    )


def _moments(now: datetime, late: timedelta = timedelta(0)) -> dict[str, datetime | timedelta]:
    return {"now": now, "wanted": now - ABSENT, "late": late}


def lateness(connection: Connection, now: datetime) -> timedelta:
    """How long the busy feeds that wait have been due, where that is so long that rare ones should stretch; else 0."""
    query = f"select min(next_due) from shared.feed where {_DUE} and not {RARE}"
    row = connection.execute(query, _moments(now)).fetchone()
    oldest: datetime | None = row[0] if row else None
    behind = now.replace(tzinfo=None) - oldest if oldest else timedelta(0)
    return min(behind, STRETCHED) if behind > LATE else timedelta(0)


def due_buckets(connection: Connection, now: datetime, late: timedelta = timedelta(0)) -> list[int]:
    """The buckets in which feeds are due, longest waiting first; rare feeds only when they have waited `late` more."""
    query = f"select bucket from shared.feed where {_DUE} group by bucket order by min(next_due) nulls first, bucket"
    return [row[0] for row in connection.execute(query, _moments(now, late))]


def claim(
    connection: Connection, number: int, worker: str, now: datetime, lease: timedelta = LEASE
) -> list[int]:
    """Lease the due feeds of a bucket, longest waiting first, at most `CLAIMED`."""
    query = f"""
      with due as (
        select id from shared.feed where bucket = %(bucket)s and {_DUE}
        order by next_due nulls first limit {CLAIMED} for update skip locked
      )
      update shared.feed f set leased_by = %(worker)s, leased_until = now() + %(lease)s
      from due where f.id = due.id returning f.id
    """
    values = _moments(now) | {"bucket": number, "worker": worker, "lease": lease}
    return sorted(row[0] for row in connection.execute(query, values))


def release(connection: Connection, worker: str, feeds: Sequence[int]) -> None:
    """Release what is left of a lease."""
    connection.execute(
        "update shared.feed set leased_by = '', leased_until = null where id = any(%s) and leased_by = %s",
        (list(feeds), worker),
    )


def just_asked(connection: Connection, number: int, now: datetime) -> list[int]:
    """The feeds of a bucket that were asked so lately that it matters to the spacing of their hosts."""
    query = "select id from shared.feed where bucket = %s and last_tried > %s limit 2000"
    return [row[0] for row in connection.execute(query, (number, now - RECENT))]


class Backlog(Record, frozen=True, kw_only=True):
    """How far behind the sweeps are."""

    feeds: int = 0  # that somebody follows
    due: int = 0
    leased: int = 0
    resting: int = 0  # of readers who were not here for a month
    late: timedelta = timedelta(0)  # how long the longest waiting one has been due
    buckets: int = 0  # with due feeds
    workers: int = 0  # that gave a sign of life within a minute

    @property
    def alarming(self) -> bool:
        """Whether more workers are wanted, or the first."""
        return bool(self.due) and (not self.workers or self.late > ALARMING)


def backlog(connection: Connection, now: datetime) -> Backlog:
    """How far behind the sweeps are: there is no queue of feeds, so lateness is all the backlog there is."""
    query = f"""
      select count(*) filter (where listed), count(*) filter (where {_DUE}),
        count(*) filter (where leased_until > now()), count(*) filter (where listed and wanted <= %(wanted)s),
        min(next_due) filter (where {_DUE}), count(distinct bucket) filter (where {_DUE})
      from shared.feed
    """
    row = connection.execute(query, _moments(now)).fetchone()
    assert row is not None
    oldest: datetime | None = row[4]
    late = max(now.replace(tzinfo=None) - oldest, timedelta(0)) if oldest else timedelta(0)
    alive = "select count(*) from procrastinate.procrastinate_workers where last_heartbeat > now() - interval '1 minute'"
    workers = connection.execute(alive).fetchone()
    return Backlog(
        feeds=row[0],
        due=row[1],
        leased=row[2],
        resting=row[3],
        late=late,
        buckets=row[5],
        workers=workers[0] if workers else 0,
    )


def outline(subscription: Subscription) -> str:
    """A subscription as it is kept."""
    return msgspec.json.encode(subscription).decode()
