"""Moving in and out: a single home becomes a reader of the team, and a reader's part a home again."""

from __future__ import annotations

from pathlib import Path

from newsfeed import config, opml
from newsfeed.errors import NotFoundError
from newsfeed.pipeline.reports import Clock
from newsfeed.store.records import SyncReport
from newsfeed.team.connections import EDITION, Place
from newsfeed.team.readers import Reader, Readers
from newsfeed.team.stores import ReaderStore


def take_in(
    place: Place, folder: Path, name: str, clock: Clock, *, mail: str = ""
) -> tuple[Reader, SyncReport]:
    """Make a single home a reader: its list, its settings, its history.

    Raises:
        NotFoundError: there is no home in that folder.
        SettingsError: the name is taken, or the settings can't be read.
    """
    path = folder / "feeds.opml"
    if not path.exists():
        raise NotFoundError(str(path), "there is no such list", "Name the folder of a home.")
    settings = folder / config.FILE
    text = settings.read_text(encoding="utf-8") if settings.exists() else ""
    listed = opml.parse(path.read_bytes()).subscriptions
    readers = Readers(place, clock)
    reader = readers.add(name, mail=mail, settings=text)
    with ReaderStore.connect(place, EDITION, reader.id) as store:
        report = store.sync(listed, clock())
    return reader, report
