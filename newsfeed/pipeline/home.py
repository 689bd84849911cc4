"""A home: the folder that holds the reader's list, settings, pages and database; and the list in use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from newsfeed import config, deliver, opml
from newsfeed.errors import DeliveryError, ListError, NewsfeedError, NotFoundError
from newsfeed.feeds.health import FeedResult, ListChange, named_changes, plan_words
from newsfeed.fetch import redact
from newsfeed.model import Day, Problem, Record, Settings, SubscriptionList
from newsfeed.pipeline.reports import Clock
from newsfeed.store import Store as Store  # noqa: PLC0414 - for callers that annotate what `open_store` returns
from newsfeed.store.lock import Lock

LIST_LOG = "list.log"
LOG_LINES = 1_000  # lines of the log


@dataclass(frozen=True)
class Home:
    """Paths and settings of one reader, with the clock of this run."""

    folder: Path
    settings: Settings
    clock: Clock

    @property
    def today(self) -> Day:
        """The reader's local date."""
        return self.local(self.clock()).date()

    def local(self, moment: datetime) -> datetime:
        """A moment in the reader's zone."""
        return moment.astimezone(ZoneInfo(self.settings.timezone))

    @property
    def list_path(self) -> Path:
        return self.folder / "feeds.opml"

    @property
    def site(self) -> Path:
        return self.folder / "site"

    @property
    def inner(self) -> Path:
        """The folder of newsfeed's own files, `.newsfeed`; created when first needed, for its owner only."""
        path = self.folder / ".newsfeed"
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    @property
    def database(self) -> Path:
        return self.inner / "newsfeed.db"

    @property
    def model_path(self) -> Path:
        return self.inner / "topics.model"

    @property
    def templates(self) -> Path | None:
        """The reader's own templates, if there are any: a `templates` folder of the home that isn't the project's."""
        path = self.folder / "my-templates"
        return path if path.is_dir() else None

    @property
    def elsewhere(self) -> str:
        """The address of the database, if the settings name another than the home's own."""
        return self.settings.database or self.settings.keep.database

    def open_store(self) -> Store:
        """Open the database, creating or migrating it.

        Raises:
            StoreError: it can't be used.
        """
        return Store.open(self.elsewhere or self.database, now=self.clock())

    def lock(self, label: str) -> Lock:
        """The home's lock for work; `label` tells others what its holder does."""
        return Lock(self.inner / "lock", label, database=self.elsewhere)

    def run_lock(self) -> Lock:
        """The lock of `newsfeed run`, one process per home. Other commands can still take the home's lock."""
        return Lock(self.inner / "run.lock", "run")

    def serve_lock(self) -> Lock:
        """The lock of `newsfeed serve`, one app per home."""
        return Lock(self.inner / "serve.lock", "serve")

    def read_list(self) -> bytes:
        """The bytes of feeds.opml.

        Raises:
            NotFoundError: there is none.
            ListError: it can't be read from the disk.
        """
        try:
            return self.list_path.read_bytes()
        except FileNotFoundError:
            if (self.folder / ".newsfeed" / "newsfeed.db").exists():
                repair = f"Get the last good one back: `newsfeed feeds export --last {self.list_path}`."
            else:
                repair = "Run `newsfeed init` to get a starter list, or put your own OPML file there."
            raise NotFoundError(str(self.list_path), "there is no such list", repair) from None
        except OSError as error:
            raise ListError(
                str(self.list_path), f"can't be read ({error.strerror})", "Fix its permissions."
            ) from error

    def replace_list(self, old: bytes, new: bytes) -> None:
        """Replace the list; the old one stays beside it as feeds.opml.bak (see `earlier_list`).

        Raises:
            DeliveryError: it can't be written.
        """
        deliver.write(self.list_path.with_suffix(".opml.bak"), old)
        deliver.write(self.list_path, new)

    def earlier_list(self) -> bytes | None:
        """The list before the last change by a command; None if there was none."""
        try:
            return self.list_path.with_suffix(".opml.bak").read_bytes()
        except OSError:
            return None

    def read_settings(self) -> bytes:
        """The bytes of newsfeed.toml; empty if there is none."""
        path = self.folder / config.FILE
        return path.read_bytes() if path.exists() else b""

    def replace_settings(self, new: bytes) -> None:
        """Replace newsfeed.toml.

        Raises:
            DeliveryError: the settings can't be written.
        """
        put(self.folder / config.FILE, new)


@dataclass(frozen=True)
class CurrentList:
    """The list in use: feeds.opml, or the last good one if that can't be read."""

    list: SubscriptionList
    unreadable: str = ""


def current_list(home: Home, store: Store) -> CurrentList:
    """Read feeds.opml; fall back on the last good list when it can't be read at all.

    Raises:
        NotFoundError: there is no list, and never was one.
        ListError: it can't be read, and there is no last good one.
    """
    last = store.last_list()
    try:
        data = home.read_list()
        found = opml.parse(data)
    except NewsfeedError as error:
        if last is None:
            raise
        return CurrentList(opml.parse(last), unreadable=str(error))
    if last is not None and not found.complete:
        # Perhaps cut off while it was saved: what is missing after the cut must not count as removed.
        return CurrentList(
            opml.in_force(opml.parse(last), found), unreadable=f"it ends in the middle, {opml.cut_off(data)}"
        )
    if last is not None and not found.subscriptions and found.problems:
        # Every outline is unusable: that is a broken file, not the wish to read nothing.
        return CurrentList(opml.parse(last), unreadable=_problems(found.problems))
    if data != last:
        store.save_list(data)
    return CurrentList(found)


def _problems(problems: tuple[Problem, ...]) -> str:
    return "; ".join(f"line {p.line}: {p.text}" if p.line else p.text for p in problems[:3])


def put(path: Path, data: bytes) -> None:
    """Replace a file whole or not at all, readable by its owner only. Anything but a regular file is written to directly.

    Raises:
        DeliveryError: it can't be written.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(data)
    else:
        deliver.write(path, data, mode=0o600)


def with_minutes(settings: Settings, minutes: float | None) -> Settings:
    """The settings with another budget of minutes."""
    if minutes is None:
        return settings
    return msgspec.structs.replace(
        settings, edition=msgspec.structs.replace(settings.edition, minutes=minutes)
    )


def topic_named(settings: Settings, words: str) -> str:
    """The reader's topic with this name, as in the settings or as on the page; "" if there is none."""
    said = words.strip().casefold()
    return next(
        (n for n, t in settings.topics.items() if said and said in {n.casefold(), t.label.casefold()}), ""
    )


class TakenList(Record, frozen=True, kw_only=True):
    """The list after the store has followed it."""

    change: ListChange
    added: frozenset[str]  # addresses
    former: frozenset[str]  # addresses that once were in the list


def take_list(home: Home, store: Store, now: datetime) -> TakenList:
    """Read the list and let the store follow it; says what changed since the last time.

    Raises:
        NotFoundError, ListError: there is no usable list, and never was one.
    """
    listed = current_list(home, store)
    former = frozenset(s.subscription.url for s in store.states(listed=False))
    synced = store.sync(listed.list.subscriptions, now)
    named: dict[str, str] = {}
    if synced.added or synced.removed or synced.changed:
        named = {s.subscription.url: s.name for s in (*store.states(), *store.states(listed=False))}
    change = ListChange(
        added=tuple(named.get(url, redact(url)) for url in synced.added),
        back=tuple(named.get(url, redact(url)) for url in synced.added if url in former),
        removed=tuple(named.get(url, redact(url)) for url in synced.removed),
        changed=tuple(named.get(url, redact(url)) for url in synced.changed),
        problems=listed.list.problems,
        unreadable=listed.unreadable,
    )
    return TakenList(change=change, added=frozenset(synced.added), former=former)


def log_change(home: Home, change: ListChange, results: Sequence[FeedResult], now: datetime) -> None:
    """Write a change of the list into its log; a full disk is ignored."""
    if not (change.added or change.removed or change.changed):
        return
    line = f"{now:%Y-%m-%d %H:%M:%S}Z {plan_words(change, results)}{named_changes(change)}"
    path = home.inner / LIST_LOG
    try:
        before = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
        deliver.write(path, "\n".join([*before[1 - LOG_LINES :], line, ""]).encode(), mode=0o600)
    except (OSError, DeliveryError):
        return
