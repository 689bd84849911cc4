"""What the machine says of itself: folders, time zone, clock, display."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newsfeed.errors import SettingsError


def home_folder(given: Path | None = None) -> Path:
    """The folder that everything lies in: as given, else NEWSFEED_HOME, else here if here is a list, else the platform's."""
    if given is not None:
        return given.expanduser().absolute()
    if named := os.environ.get("NEWSFEED_HOME"):
        return Path(named).expanduser().absolute()
    here = Path.cwd()
    if (here / "feeds.opml").is_file():
        return here
    import platformdirs

    return Path(platformdirs.user_data_dir("newsfeed", appauthor=False))


def detect_timezone() -> str:
    """The machine's time zone by its IANA name, "UTC" where none can be found."""
    import tzlocal

    try:
        name = tzlocal.get_localzone_name()
        ZoneInfo(name or "")
    except (ZoneInfoNotFoundError, ValueError, OSError, LookupError):
        return "UTC"
    return "UTC" if name in {None, "Etc/UTC", "Etc/GMT", "GMT"} else str(name)


def user_folders() -> tuple[Path, Path]:
    """Where this user's systemd units and launchd agents lie."""
    base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "systemd" / "user", Path.home() / "Library" / "LaunchAgents"


def frozen_clock() -> datetime | None:
    """The moment that NEWSFEED_CLOCK names, for tests and for looking at other days; None where it is unset.

    Raises:
        SettingsError: it names no moment with a zone.
    """
    text = os.environ.get("NEWSFEED_CLOCK")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise SettingsError(
            "NEWSFEED_CLOCK", f"{text!r} is no moment", 'Write one such as "2026-03-18T06:30:00+00:00".'
        )
    return moment.astimezone(UTC)


def has_display() -> bool:
    """Whether a page can be opened in front of a person here."""

    return bool(sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
