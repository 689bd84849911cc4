"""What every command starts from: the home, its settings and the clock, read once at the door."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from newsfeed import config
from newsfeed.errors import NotFoundError

if TYPE_CHECKING:
    from newsfeed.model import Settings
    from newsfeed.pipeline.home import Home


def now() -> datetime:
    """The wall clock in UTC; NEWSFEED_CLOCK sets it for tests and for looking at other days."""
    return config.frozen_clock() or datetime.now(UTC)


class Context:
    """The global options of one call."""

    def __init__(self, home: Path | None) -> None:
        self._given = home

    @cached_property
    def folder(self) -> Path:
        return config.home_folder(self._given)

    @cached_property
    def settings(self) -> Settings:
        return config.load(self.folder)

    def home(self, *, minutes: float | None = None) -> Home:
        """The home, which must hold a list or have had one.

        Raises:
            NotFoundError: nothing of ours lies there.
            SettingsError: newsfeed.toml or the environment is not acceptable.
        """
        from newsfeed.pipeline.home import Home, with_minutes

        if (
            not (self.folder / "feeds.opml").exists()
            and not (self.folder / ".newsfeed" / "newsfeed.db").exists()
        ):
            raise NotFoundError(
                str(self.folder / "feeds.opml"),
                "there is no such list",
                "Run `newsfeed init` to start with a list of ours, or put your own OPML file there.",
            )
        return Home(self.folder, with_minutes(self.settings, minutes), now)

    def secrets(self) -> dict[str, str]:
        """The secrets of hosts, read now."""
        return config.secrets(self.settings)
