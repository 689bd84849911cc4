"""The fetch worker: asks the due feeds of a bucket like a home, tags and groups new items, deletes old ones. It works on the
shared store only, without rights on any reader's data."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Self

from newsfeed.model import FeedState, Record, Settings
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning import articles, pull, understand
from newsfeed.pipeline.reports import Clock, Progress, RefreshOptions
from newsfeed.reading.parsers import Parsers
from newsfeed.team import sweeps
from newsfeed.team.connections import Place
from newsfeed.team.shared_store import SharedStore

if TYPE_CHECKING:
    from newsfeed.fetch import Fetcher


class Tagged(Record, frozen=True, kw_only=True):
    """What is to be done with what was tagged."""

    languages: list[str]  # of what no story has yet
    # By bucket: items worth a look at their articles, for their feeds say little
    thin: Mapping[int, Sequence[int]] = {}


class Fetching:
    """The work of one process; use it as an async context manager. One fetcher and one pool of reading processes serve
    all of its sweeps, whose hosts are never the same.

    Args:
        machine: the settings of the team's folder.
        name: of this process, for its leases.
        lease: how long what it claims is its own.
    """

    def __init__(
        self, place: Place, machine: Settings, clock: Clock, name: str, lease: timedelta = sweeps.LEASE
    ) -> None:
        self.place = place
        self.home = Home(place.folder, machine, clock)
        self.stopping = threading.Event()  # once it is set, nothing else is tagged or grouped
        self._name = name
        self._lease = lease
        self._numbers = itertools.count(1)
        self._open = AsyncExitStack()
        self.store: SharedStore
        self._aside: SharedStore  # used in threads, so that no request waits for the database
        self._fetcher: Fetcher
        self._parsers: Parsers

    async def __aenter__(self) -> Self:
        from newsfeed.fetch import Fetcher

        fetch = self.home.settings.fetch
        self.store = self._open.enter_context(SharedStore.connect(self.place))
        self._aside = self.store.writer = self._open.enter_context(SharedStore.connect(self.place))
        self._fetcher = await self._open.enter_async_context(Fetcher(fetch, now=self.home.clock))
        self._parsers = await self._open.enter_async_context(Parsers(fetch.workers, fetch.parse_seconds))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    def due_buckets(self) -> list[int]:
        """The buckets in which feeds are due."""
        with self._aside.driver() as c:
            now = self.home.clock()
            return sweeps.due_buckets(c, now, sweeps.lateness(c, now))

    async def sweep(self, bucket: int) -> int:
        """Ask the due feeds of a bucket; gives how many items are new (at least one where that isn't known)."""
        now = self.home.clock()
        lease = f"{self._name}/{next(self._numbers)}"
        claim = asyncio.ensure_future(asyncio.to_thread(self._claim, bucket, lease, now))
        try:
            claimed, near = await asyncio.shield(claim)
        except asyncio.CancelledError:
            claimed, _ = await claim
            await asyncio.to_thread(self._release, lease, claimed)
            raise
        if not claimed:
            return 0
        try:
            async with asyncio.timeout(sweeps.LONGEST):
                return await self._ask(claimed, near)
        except TimeoutError:
            return 1
        finally:
            self.store.released(claimed)
            await asyncio.to_thread(self._release, lease, claimed)

    def _claim(self, bucket: int, lease: str, now: datetime) -> tuple[list[int], list[int]]:
        with self._aside.driver() as c:
            claimed = sweeps.claim(c, bucket, lease, now, self._lease)
            return claimed, sweeps.just_asked(c, bucket, now) if claimed else []

    def _release(self, lease: str, claimed: Sequence[int]) -> None:
        with self._aside.driver() as c:
            sweeps.release(c, lease, claimed)

    async def _ask(self, claimed: Sequence[int], near: Sequence[int]) -> int:
        from newsfeed.fetch import Fetcher

        public, private = self.store.leased(claimed)
        home, store, lately = self.home, self.store, [*near]

        async def ask(states: Sequence[FeedState], fetcher: Fetcher, secrets: Mapping[str, str]) -> int:
            known, options = store.states_of(lately), RefreshOptions(secrets=secrets)
            asked = await pull.ask_all(
                home, store, options, states, known, fetcher, self._parsers, Progress(), aside=True
            )
            lately.extend(state.feed for state in states)
            return sum(result.new for result in asked)

        new = await ask(public, self._fetcher, {})
        # A private feed is asked by a fetcher that knows its secrets and no other's, after the others of its host.
        for state, sealed in private:
            async with Fetcher(home.settings.fetch, now=home.clock, secrets=dict(sealed.secrets)) as own:
                new += await ask([state], own, sealed.secrets)
        return new

    async def read_articles(self, bucket: int, items: Sequence[int]) -> int:
        """Read the articles of these items of a bucket's feeds and keep their leads; gives how many are better now.

        Only on the feed's own site, whose hosts are asked by nobody else meanwhile.
        """
        with self.store.driver() as c:
            near = sweeps.just_asked(c, bucket, self.home.clock())
        stored = self.store.items(items)
        states = {s.feed: s for s in self.store.states_of(sorted({i.feed for i in stored}))}
        pull.resume(self._fetcher, self.store.states_of(near), self.home.clock())
        try:
            async with asyncio.timeout(sweeps.LONGEST):
                found = await articles.read(
                    self.home, self._fetcher, self._parsers, stored, states, sweeps.on_its_site
                )
        except TimeoutError:
            return 0
        better = [(item, read) for item, read in found if len(read.lead) > len(item.item.lead)]
        for item, read in better:
            await asyncio.to_thread(self._aside.enrich, item.id, lead=read.lead, words=read.words)
        return len(better)

    # These run in threads of their own, and so with a connection of their own: the sweeps' never waits for them.

    def _another_store(self) -> SharedStore:
        store = SharedStore.connect(self.place)
        store.stopping = self.stopping
        return store

    def tag(self, *, shown: bool = True) -> Tagged:
        """Tag what is new by the shipped model, one worker at a time; gives what is to be done with it.

        Without `shown`: what was old when its feed was first read.
        """
        with self._another_store() as store, store.alone("tag"):
            models = understand.Models(self.home, store, Progress())
            understand.tag(store, models, partial(store.untagged, shown=shown))
            reads = shown and self.home.settings.edition.read_articles != "off"
            return Tagged(languages=store.languages(), thin=store.thin_ones() if reads else {})

    def group(self, language: str) -> None:
        """Put what is new in a language into stories; one worker at a time for each language."""
        with (
            self._another_store() as store,
            store.alone(f"group {language}"),
            store.of_language(language),
        ):
            tried: set[int] = set()
            while not (left := {one.id for one in store.ungrouped()}) <= tried:
                tried |= left  # a portion at a time; items that join no story are not tried again
                understand.group(self.home, store, progress=Progress())
            # What two languages tell of one page may have been grouped by two workers at once, neither of which saw
            # the other's: one after the other they look once more.
            with store.alone("languages"):
                if store.part_from_other_languages():
                    understand.group(self.home, store, progress=Progress())

    def care(self) -> None:
        """Delete what is old and optimise the database."""
        keep = self.home.settings.keep
        with self._another_store() as store:
            store.prune(self.home.clock(), items=keep.items, bodies=keep.bodies)
            store.tidy()
