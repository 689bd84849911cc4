"""Private feeds: with a token in the address, a secret of their host, or a mailbox.

They are never shown to others, and their items are never grouped or counted for others. Address and secrets are stored
encrypted; where other feeds are identified by their address, a private one has an opaque name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property

import msgspec

from newsfeed import sources
from newsfeed.errors import SettingsError
from newsfeed.fetch import secrets_of
from newsfeed.model import FeedState, FeedUpdate, Record, Request, Subscription
from newsfeed.team.connections import Place

KEY_VARIABLE = "NEWSFEED_TEAM_KEY"
KEY_FILE = "team.key"


def make_key(place: Place) -> None:
    """Create the key if there is none."""
    from cryptography.fernet import Fernet

    path = place.inner / KEY_FILE
    if KEY_VARIABLE in os.environ or path.exists():
        return
    place.inner.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(Fernet.generate_key() + b"\n")


class Seal:
    """Encrypts and decrypts secrets."""

    def __init__(self, place: Place) -> None:
        self._place = place

    @cached_property
    def _key(self) -> bytes:
        if named := os.environ.get(KEY_VARIABLE):
            return named.encode()
        path = self._place.inner / KEY_FILE
        try:
            if path.stat().st_mode & 0o077:
                raise SettingsError(str(path), "others can read the key", f"Run: chmod 600 {path}")
            return path.read_bytes().strip()
        except OSError as error:
            raise SettingsError(
                str(path),
                f"the key of the feeds' secrets can't be read ({error.strerror})",
                f"Put its copy there, or set {KEY_VARIABLE}.",
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
                KEY_FILE, "is not the key that the feeds' secrets were sealed with", "Put the right key back."
            ) from error

    def mark(self, text: str) -> str:
        """A keyed hash of a text."""
        import hashlib
        import hmac

        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


PREFIX = "private:"


class Sealed(Record, frozen=True, kw_only=True):
    """What a seal holds."""

    url: str
    secrets: Mapping[str, str] = {}  # by host


def secrets_for(subscription: Subscription, secrets: Mapping[str, str]) -> Mapping[str, str]:
    """Those of a reader's secrets that go with the requests of a feed."""
    request = sources.find(subscription).request(FeedState(subscription=subscription))
    name = request.credential.lower() if isinstance(request, Request) else ""
    return {host: value for host, value in secrets.items() if name and host.lower() == name}


def is_private(subscription: Subscription, secrets: Mapping[str, str]) -> bool:
    """Whether a feed is private."""
    url = subscription.url.strip()
    return (
        url.lower().startswith("imaps://")
        or bool(secrets_of(url))
        or bool(secrets_for(subscription, secrets))
    )


def name_of(seal: Seal, reader: int, url: str) -> str:
    """The name of a private feed in place of an address: always the same, for this reader only."""
    return PREFIX + seal.mark(f"{reader} {url}")[:32]


def close(seal: Seal, subscription: Subscription, secrets: Mapping[str, str]) -> bytes:
    """The address of a feed and the secrets that go with it, sealed."""
    held = Sealed(url=subscription.url, secrets=secrets_for(subscription, secrets))
    return seal.close(msgspec.json.encode(held).decode())


def opened(seal: Seal, data: bytes) -> Sealed:
    """What is sealed."""
    return msgspec.json.decode(seal.open(data), type=Sealed)


def with_address(state: FeedState, url: str) -> FeedState:
    """The state of a feed with its true address."""
    return msgspec.structs.replace(state, subscription=msgspec.structs.replace(state.subscription, url=url))


def storable(state: FeedState) -> FeedState:
    """The state of a private feed without other addresses of it, which may hold its token too."""
    failure = state.failure
    if failure is not None:
        failure = msgspec.structs.replace(failure, permanent_url="", leads_to="")
    return msgspec.structs.replace(state, moved_to="", moved_seen=(), failure=failure)


def storable_update(update: FeedUpdate) -> FeedUpdate:
    """An update of a private feed with only what may be stored of it."""
    return msgspec.structs.replace(update, state=storable(update.state))
