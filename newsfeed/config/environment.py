"""What the machine and its environment say: folders, time zone, clock, display; and secrets, read when needed, never kept or shown."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newsfeed.errors import SettingsError
from newsfeed.model import SecretSetting, Settings


def home_folder(given: Path | None = None) -> Path:
    """The home folder: as given, else NEWSFEED_HOME, else the current folder if it holds feeds.opml, else the platform's data folder."""
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
    """The machine's time zone by its IANA name, or "UTC" if it can't be found."""
    import tzlocal

    try:
        name = tzlocal.get_localzone_name()
        ZoneInfo(name or "")
    except (ZoneInfoNotFoundError, ValueError, OSError, LookupError):
        return "UTC"
    return "UTC" if name in {None, "Etc/UTC", "Etc/GMT", "GMT"} else str(name)


def user_folders() -> tuple[Path, Path]:
    """The folders of this user's systemd units and launchd agents."""
    base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "systemd" / "user", Path.home() / "Library" / "LaunchAgents"


def frozen_clock() -> datetime | None:
    """The moment that NEWSFEED_CLOCK names, for tests and for looking at other days; None if it is unset.

    Raises:
        SettingsError: it is not a moment with a time zone.
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
    """Whether this session has a display to open a page on."""
    return bool(sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


MAIL_VARIABLE = "NEWSFEED_SECRET_MAIL"  # the mail password, where [mail.password] names no other place
KEYRING_SERVICE = "newsfeed"


def mail_password(settings: Settings) -> str:
    """The password of the mail account, "" if none is set; read when it is needed and not kept.

    Raises:
        SettingsError: the file that holds it can't be read or others can read it, or there is no keyring.
    """
    place = settings.mail.password
    if place == SecretSetting():
        return os.environ.get(MAIL_VARIABLE, "").strip()
    return secret(settings, place, "[mail.password]")


def has_mail_variable() -> bool:
    """Whether the environment holds the mail password."""
    return bool(os.environ.get(MAIL_VARIABLE))


def secrets(settings: Settings) -> dict[str, str]:
    """The secret of each host that has one; read now and kept only in memory.

    Raises:
        SettingsError: for a variable that isn't set or a file that others can read. Never shows a value.
    """
    found = {}
    for host, place in settings.secrets.items():
        if value := secret(settings, place, f'[secrets."{host}"]'):
            found[host] = value
    return found


def secret(settings: Settings, place: SecretSetting, subject: str) -> str:
    """The secret stored at `place`, "" for a variable that isn't set. `subject` names the setting in errors.

    Raises:
        SettingsError: as `secrets`.
    """
    if place.env:
        if not place.env.startswith("NEWSFEED_SECRET_"):
            raise SettingsError(
                subject,
                f"{place.env} is not a name for a secret",
                "Its name must begin with NEWSFEED_SECRET_.",
            )
        return os.environ.get(place.env, "").strip()
    if place.file:
        path = (Path(settings.home) / Path(place.file).expanduser()).absolute()
        try:
            if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise SettingsError(subject, f"others can read {path.name}", f"Run: chmod 600 {path}")
            return path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(
                subject,
                f"{path.name} can't be read ({error.strerror})",
                "Write the secret there, one line.",
            ) from error
    if place.keyring:
        return _from_keyring(place.keyring, subject)
    return ""


def _keyring() -> Any:
    """The package that knows the system's keyring; None where it is not installed."""
    try:
        import keyring.errors
    except ImportError:
        return None
    return keyring


def _from_keyring(user: str, subject: str) -> str:
    keyring = _keyring()
    if keyring is None:
        raise SettingsError(
            subject,
            "the package keyring is not installed",
            "Install newsfeed with it, in its clone (pip install '.[keyring]'), or run `newsfeed mail setup` again to use a file.",
        )
    try:
        return str(keyring.get_password(KEYRING_SERVICE, user) or "")
    except keyring.errors.KeyringError as error:
        raise SettingsError(
            subject,
            f"the keyring can't be read ({type(error).__name__})",
            "Unlock it, or run `newsfeed mail setup` again to use a file.",
        ) from error


def keep_in_keyring(user: str, value: str) -> bool:
    """Store a secret in the system's keyring; False if there is no keyring that works."""
    keyring = _keyring()
    if keyring is None:
        return False
    try:
        keyring.set_password(KEYRING_SERVICE, user, value)
        return bool(keyring.get_password(KEYRING_SERVICE, user) == value)
    except keyring.errors.KeyringError:
        return False


def forget_in_keyring(user: str) -> None:
    """Remove a secret from the keyring, if it is there."""
    keyring = _keyring()
    if keyring is None:
        return
    with contextlib.suppress(keyring.errors.KeyringError):
        keyring.delete_password(KEYRING_SERVICE, user)
