"""What a first refresh starts before it loads anything else."""

from __future__ import annotations

from pathlib import Path

from newsfeed import config
from newsfeed.reading import spawning


def start_parsers(folder: Path, workers: int = 0) -> None:
    """Where nothing of a list was ever fetched, start the processes that read: they load while this one does.

    Raises:
        SettingsError: newsfeed.toml or the environment is not acceptable.
    """
    if (folder / "feeds.opml").exists() and not (folder / ".newsfeed" / "newsfeed.db").exists():
        spawning.start_ahead(workers or config.load(folder).fetch.workers or spawning.cores())
