"""Lists that a team follows: the admin's, which may be at a web address, and those that readers publish.

Nobody's list changes by itself: a change of a followed list becomes a plan, applied when the reader confirms it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from newsfeed import opml, text
from newsfeed.errors import ListError, NotFoundError
from newsfeed.fetch import Fetcher
from newsfeed.model import FeedState, Record, Request, Response, Settings, Subscription, SubscriptionList
from newsfeed.pipeline.answers.keep import is_private
from newsfeed.pipeline.reports import Clock
from newsfeed.pipeline.subscriptions.edit import Edit, difference, told
from newsfeed.team.connections import DOOR, Place, connect
from newsfeed.team.reader_home import ReaderHome, WebStore
from newsfeed.text.outline_options import of_the_feed

STALE = timedelta(hours=1)  # after which the list of an address is read again
LARGEST = 5_000_000  # bytes
NAME = 80  # letters


class TeamList(Record, frozen=True, kw_only=True):
    """A list that readers may follow, as one reader sees it."""

    id: int
    name: str
    owner: int | None = None  # the reader whose it is; None: the admin's
    address: str = ""
    opml: bytes = b""
    read: datetime | None = None
    trouble: str = ""
    follows: bool = False
    seen: bytes = b""  # as it was when the reader last took it in

    @property
    def feeds(self) -> tuple[Subscription, ...]:
        return feeds_of(self.opml)

    @property
    def changed(self) -> bool:
        """Whether there is something that the reader has not taken in."""
        return self.follows and self.seen != self.opml


class ListPlan(Record, frozen=True, kw_only=True):
    """What taking a list in would do to the reader's."""

    edit: Edit
    come: tuple[str, ...]
    go: tuple[str, ...]


def feeds_of(data: bytes) -> tuple[Subscription, ...]:
    """The feeds of a list; none of one that was never read."""
    return opml.parse(data).subscriptions if data else ()


# ------------------------------------------------------------------------- as a reader

_SEEN = (
    "select l.id, l.name, l.owner, l.address, l.opml, l.read, l.trouble, f.reader is not null, coalesce(f.seen, '')"
    " from reader.team_list l left join reader.following f on f.list = l.id"
)


def team_lists(store: WebStore) -> list[TeamList]:
    """All lists that a reader may follow: not their own."""
    rows = store.rows(
        f"{_SEEN} where l.owner is distinct from reader.me() order by l.owner nulls first, l.name"
    )
    return [_list(row) for row in rows]


def one_list(store: WebStore, number: int) -> TeamList:
    """One of them.

    Raises:
        NotFoundError: there is none of that number, or it is the reader's own.
    """
    rows = store.rows(f"{_SEEN} where l.id = %s and l.owner is distinct from reader.me()", number)
    if not rows:
        raise NotFoundError("", "There is no such list.")
    return _list(rows[0])


def changed_lists(store: WebStore) -> int:
    """How many followed lists hold something new."""
    return int(
        store.rows(
            "select count(*) from reader.following f join reader.team_list l on l.id = f.list where f.seen <> l.opml"
        )[0][0]
    )


def _list(row: Sequence[object]) -> TeamList:
    return msgspec.convert(dict(zip(TeamList.__struct_fields__, row, strict=True)), TeamList)


def plan_of(home: ReaderHome, followed: TeamList) -> ListPlan:
    """What a list, as it is now, would change in the reader's: what it gained comes, what it lost goes.

    What the reader added or moved themself stays.

    Raises:
        ListError: the reader's own list can't be edited.
    """
    old = home.read_list()
    mine = {opml.key(s.url) for s in opml.parse(old).subscriptions}
    now = {opml.key(s.url): s for s in followed.feeds}
    before = {opml.key(s.url): s for s in feeds_of(followed.seen)}
    come = [s for key, s in now.items() if key not in before and key not in mine]
    go = [s for key, s in before.items() if key not in now and key in mine]
    new = old
    for subscription in come:
        new = opml.add(new, subscription)
    held = {opml.key(s.url): s.url for s in opml.parse(new).subscriptions}
    for subscription in go:
        new = opml.remove(new, held[opml.key(subscription.url)])
    return ListPlan(
        edit=Edit(old=old, new=new, diff=difference(old, new)),
        come=tuple(told(s) for s in come),
        go=tuple(told(s) for s in go),
    )


def mark(followed: TeamList) -> str:
    """A name for what a list says now: what was shown is what is taken in."""
    return hashlib.sha256(followed.opml).hexdigest()[:16]


def follow(store: WebStore, followed: TeamList) -> None:
    """Follow a list; nothing of it is taken in yet."""
    store.do("insert into reader.following (list) values (%s) on conflict do nothing", followed.id)


def unfollow(store: WebStore, followed: TeamList) -> None:
    """Follow it no longer; what came by it stays."""
    store.do("delete from reader.following where list = %s", followed.id)


def took(store: WebStore, followed: TeamList) -> None:
    """Store that the current state of a list was applied, or that the reader declined it."""
    store.do("update reader.following set seen = %s where list = %s", followed.opml, followed.id)


def show(home: ReaderHome) -> None:
    """Publish the reader's current list if they chose to; else withdraw it."""
    store, reader = home.store, home.reader
    assert isinstance(store, WebStore)
    if not reader.shows_lists:
        store.do("delete from reader.team_list where owner = reader.me()")
        return
    store.do(
        "insert into reader.team_list (owner, name, opml, read) values (reader.me(), %s, %s, %s)"
        " on conflict (owner) do update set name = excluded.name, opml = excluded.opml, read = excluded.read",
        reader.name,
        shown(store.states()),
        home.clock(),
    )


def shown(states: Sequence[FeedState]) -> bytes:
    """A list as others may see it: without private feeds, and without what its reader set for themself."""
    return opml.write(
        SubscriptionList(
            title="newsfeed",
            subscriptions=tuple(
                Subscription(
                    url=s.subscription.url,
                    title=s.subscription.title,
                    folders=s.subscription.folders,
                    html_url=s.subscription.html_url,
                    kind=s.subscription.kind,
                    options=of_the_feed(s.subscription.options),
                )
                for s in states
                if not is_private(s)
            ),
        )
    )


# ------------------------------------------------------------------------- as the admin


class AdminLists:
    """The lists of the admin; readers' own are not seen here. An edition worker may only read them again."""

    def __init__(self, place: Place, machine: Settings, clock: Clock, role: str = DOOR) -> None:
        self._place = place
        self._machine = machine
        self._clock = clock
        self._role = role

    def all(self) -> list[TeamList]:
        """All of them."""
        with connect(self._place, self._role) as c:
            rows = c.execute(
                "select id, name, owner, address, opml, read, trouble, false, ''::bytea from reader.team_list"
                " where owner is null order by name"
            ).fetchall()
        return [_list(row) for row in rows]

    def add(self, name: str, *, address: str = "", data: bytes = b"") -> str:
        """A new list, from a file or read at an address; gives its name.

        Raises:
            ListError: it is no list, or can't be read.
        """
        found = self._fetched(address) if address else checked(data)
        name = text.clean_line(name, NAME) or opml.parse(found).title or "List"
        with connect(self._place, self._role) as c:
            c.execute(
                "insert into reader.team_list (name, address, opml, read) values (%s, %s, %s, %s)",
                (name, address, found, self._clock()),
            )
        return name

    def put(self, number: int, data: bytes) -> None:
        """Give a list another text.

        Raises:
            ListError: it is no list.
        """
        self._write(number, checked(data), "")

    def remove(self, number: int) -> None:
        """Take a list away; what came by it stays with who took it in."""
        with connect(self._place, self._role) as c:
            c.execute("delete from reader.team_list where owner is null and id = %s", (number,))

    def read_again(self, number: int | None = None) -> None:
        """Read lists at their addresses: one, or those that were not read for an hour."""
        for one in self.all():
            stale = one.read is None or self._clock() - one.read >= STALE
            if not one.address or (number is None and not stale) or number not in {None, one.id}:
                continue
            try:
                self._write(one.id, self._fetched(one.address), "")
            except ListError as error:
                self._write(one.id, one.opml, f"{error.cause}. {error.repair}".strip())

    def _write(self, number: int, data: bytes, trouble: str) -> None:
        with connect(self._place, self._role) as c:
            c.execute(
                "update reader.team_list set opml = %s, trouble = %s, read = %s where owner is null and id = %s",
                (data, trouble, self._clock(), number),
            )

    def _fetched(self, address: str) -> bytes:
        async def ask() -> bytes:
            async with Fetcher(self._machine.fetch, now=self._clock) as fetcher:
                answer = await fetcher.get(Request(url=address, accept="text/x-opml, text/xml"))
            if isinstance(answer, Response):
                return checked(answer.body)
            cause = getattr(answer, "text", "it gave nothing")
            raise ListError("", f"That list can't be read: {cause}", getattr(answer, "repair", ""))

        return asyncio.run(ask())


def checked(data: bytes) -> bytes:
    """A list that can be followed, without what is wrong in it.

    Raises:
        ListError: there is no feed in it.
    """
    if len(data) > LARGEST:
        raise ListError("", "That list is too large.", "")
    found = opml.parse(data, "that list")
    if not found.subscriptions or not found.complete:
        raise ListError("", "That is no whole list with feeds in it.", "Use an OPML file.")
    return opml.write(found)
