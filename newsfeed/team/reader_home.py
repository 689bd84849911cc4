"""A reader's home within the team: list and settings lie in the database, all else is the admin's folder."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from newsfeed import opml
from newsfeed.errors import ListError
from newsfeed.model import Subscription, SubscriptionList, Tagging, TopicScore
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.reports import Clock
from newsfeed.team.connections import WEB, Place
from newsfeed.team.desk import config_of, home_of
from newsfeed.team.readers import Reader, Readers
from newsfeed.team.stores import ReaderStore

if TYPE_CHECKING:
    from newsfeed.model import Settings

EARLIER = "list before"  # note in the store: the list before its last change


class WebStore(ReaderStore):
    """A reader's store as the web app asks it: what is tagged here is judged for this reader and this answer only."""

    @classmethod
    def of_web(cls, place: Place) -> WebStore:
        """Open it as the role of the web app.

        Raises:
            StoreError: it can't be reached.
        """
        store = cls.connect(place, WEB)
        store.forget()
        return store

    def rows(self, query: str, *values: Any) -> list[Any]:
        """What a query of the web app's own tables gives for this reader."""
        with self._reading() as db:
            return list(db.connection.exec_driver_sql(query, values).all())

    def do(self, statement: str, *values: Any) -> None:
        """Change the web app's own tables as this reader."""
        with self._writing() as db:
            db.connection.exec_driver_sql(statement, values)

    def forget(self) -> None:
        """Let go what was judged for an answer."""
        self._judged: dict[int, Tagging] = {}

    def save_taggings(self, taggings: Sequence[Tagging], model: str) -> None:
        self._judged |= {t.item: t for t in taggings}

    def tagged(self, numbers: Iterable[int]) -> set[int]:
        wanted = set(numbers)
        return super().tagged(wanted) | (self._judged.keys() & wanted)

    def explained(self, numbers: Iterable[int]) -> set[int]:
        # The pool keeps numbers alone: what decided is worked out for this reader.
        return self._judged.keys() & set(numbers)

    def taggings(self, numbers: Iterable[int], *, why: bool = True) -> dict[int, Tagging]:
        wanted = set(numbers)
        found = super().taggings(wanted, why=why) | {n: t for n, t in self._judged.items() if n in wanted}
        if len(wanted) > 50:
            return found
        said = {c.item: c.topics for c in self.corrections() if c.item in found}
        return found | {item: _as_said(found[item], topics) for item, topics in said.items()}


def _as_said(tagging: Tagging, topics: Sequence[str]) -> Tagging:
    """A tagging by the reader's own word on it."""
    known = {s.topic: s for s in tagging.scores}
    scores = [
        *(msgspec.structs.replace(known.get(t, TopicScore(topic=t, p=1.0)), p=1.0) for t in topics),
        *(msgspec.structs.replace(s, p=min(s.p, 0.49)) for s in tagging.scores if s.topic not in topics),
    ]
    return msgspec.structs.replace(tagging, scores=tuple(scores))


@dataclass(frozen=True)
class ReaderHome(Home):
    """What the verbs of a home ask and change, for one reader."""

    store: ReaderStore
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
        """Follow what a list says from now on.

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
    store: ReaderStore,
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
