"""A reader's home within the team: list and settings are in the database, everything else in the admin's folder."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from newsfeed import opml
from newsfeed.errors import ListError
from newsfeed.model import Subscription, SubscriptionList
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.reports import Clock
from newsfeed.team.connections import WEB, Place
from newsfeed.team.desk import config_of, home_of
from newsfeed.team.readers import Reader, Readers
from newsfeed.team.stores import JudgingStore

if TYPE_CHECKING:
    from newsfeed.model import Settings

EARLIER = "list before"  # note in the store: the list before its last change


class WebStore(JudgingStore):
    """A reader's store as the web app asks it."""

    @classmethod
    def of_web(cls, place: Place) -> WebStore:
        """Open it as the role of the web app.

        Raises:
            StoreError: it can't be reached.
        """
        return cls.connect(place, WEB)

    def rows(self, query: str, *values: Any) -> list[Any]:
        """What a query of the web app's own tables gives for this reader."""
        with self._reading() as db:
            return list(db.connection.exec_driver_sql(query, values).all())

    def do(self, statement: str, *values: Any) -> None:
        """Change the web app's own tables as this reader."""
        with self._writing() as db:
            db.connection.exec_driver_sql(statement, values)


@dataclass(frozen=True)
class ReaderHome(Home):
    """A home for the verbs, of one reader."""

    store: JudgingStore
    reader: Reader
    readers: Readers
    most: int  # feeds of the list

    def read_list(self) -> bytes:
        """The reader's list as they left it, or what they follow written as a list."""
        follows = [_plain(s.subscription) for s in self.store.states()]
        last = self.store.last_list()
        if last is not None and [_plain(s) for s in opml.parse(last).subscriptions] == follows:
            return last
        return opml.write(SubscriptionList(subscriptions=tuple(follows), title="newsfeed"))

    def replace_list(self, old: bytes, new: bytes) -> None:
        """Replace the reader's list.

        Raises:
            ListError: it has more feeds than the admin lets a reader have.
        """
        listed = opml.parse(new).subscriptions
        if len(listed) > self.most:
            raise ListError(
                "", f"That are {len(listed)} feeds; here a list may have {self.most}", "Take some out first."
            )
        self.store.sync(listed, self.clock())
        self.store.save_list(new)
        self.store.set_meta(EARLIER, base64.b64encode(old).decode())

    def earlier_list(self) -> bytes | None:
        """The list before its last change."""
        kept = self.store.get_meta(EARLIER)
        return base64.b64decode(kept) if kept else None

    def read_settings(self) -> bytes:
        """The reader's settings."""
        return self.reader.settings.encode()

    def replace_settings(self, new: bytes) -> None:
        """Keep other settings; their next morning follows."""
        self.readers.change(self.reader, settings=new.decode())


def _plain(subscription: Subscription) -> Subscription:
    """A subscription wherever it stands in its file."""
    return msgspec.structs.replace(subscription, line=0)


def reader_home(
    place: Place,
    reader: Reader,
    machine: Settings,
    store: JudgingStore,
    readers: Readers,
    clock: Clock,
    most: int,
) -> ReaderHome:
    """The home of a reader; their own links are not published.

    Raises:
        SettingsError: their settings can't be read.
    """
    plain = home_of(place, reader, machine, config_of(place, reader), clock)
    share: Any = msgspec.structs.replace(plain.settings.share, links=False)
    return ReaderHome(
        folder=plain.folder,
        settings=msgspec.structs.replace(plain.settings, share=share),
        clock=clock,
        store=store,
        reader=reader,
        readers=readers,
        most=most,
    )
