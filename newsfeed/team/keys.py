"""The key that secrets of feeds are sealed with. It lies outside the database: who has a copy of that reads none."""

from __future__ import annotations

import os
from functools import cached_property

from newsfeed.errors import SettingsError
from newsfeed.team.connections import Place

VARIABLE = "NEWSFEED_TEAM_KEY"
FILE = "team.key"


def make(place: Place) -> None:
    """Make a key where there is none."""
    from cryptography.fernet import Fernet

    path = place.inner / FILE
    if VARIABLE in os.environ or path.exists():
        return
    place.inner.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(Fernet.generate_key() + b"\n")


class Seal:
    """Seals and opens secrets."""

    def __init__(self, place: Place) -> None:
        self._place = place

    @cached_property
    def _key(self) -> bytes:
        if named := os.environ.get(VARIABLE):
            return named.encode()
        path = self._place.inner / FILE
        try:
            if path.stat().st_mode & 0o077:
                raise SettingsError(str(path), "others can read the key", f"Run: chmod 600 {path}")
            return path.read_bytes().strip()
        except OSError as error:
            raise SettingsError(
                str(path),
                f"the key of the feeds' secrets can't be read ({error.strerror})",
                f"Put its copy there, or set {VARIABLE}.",
            ) from error

    def close(self, secret: str) -> bytes:
        """A secret, sealed.

        Raises:
            SettingsError: there is no key.
        """
        from cryptography.fernet import Fernet

        return Fernet(self._key).encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """A sealed secret.

        Raises:
            SettingsError: there is no key, or another than it was sealed with.
        """
        from cryptography.fernet import Fernet, InvalidToken

        try:
            return Fernet(self._key).decrypt(bytes(sealed)).decode()
        except (InvalidToken, ValueError) as error:
            raise SettingsError(
                FILE, "is not the key that the feeds' secrets were sealed with", "Put the right key back."
            ) from error

    def mark(self, text: str) -> str:
        """A name for a text that only who has the key can make: the same for the same text."""
        import hashlib
        import hmac

        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
