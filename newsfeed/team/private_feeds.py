"""Feeds that are one reader's alone: with a token in the address, a secret of their host, or a mailbox.

Nobody else is told of one, and nothing of it is grouped or counted for others. Its address and its secrets lie sealed
in the database; where others name a feed by its address, it has a name that tells nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from newsfeed import sources
from newsfeed.fetch import secrets_of
from newsfeed.model import FeedState, FeedUpdate, Record, Request, Subscription
from newsfeed.team.keys import Seal

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
    """Whether a feed is its reader's alone."""
    url = subscription.url.strip()
    return (
        url.lower().startswith("imaps://")
        or bool(secrets_of(url))
        or bool(secrets_for(subscription, secrets))
    )


def name_of(seal: Seal, reader: int, url: str) -> str:
    """What a private feed is called where others have their address: the same each time, for this reader only."""
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
