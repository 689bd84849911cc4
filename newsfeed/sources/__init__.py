"""The kinds of sources: how a subscription is asked, and how its answer becomes items.

A kind is one module of this package with these four names, listed in `KINDS`; the first that claims a subscription
gets it. Modules are loaded when they are first asked, for some bring slow libraries.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from newsfeed.model import Failure, FeedState, Parsed, Request, Response, Subscription


class Source(Protocol):
    """One kind of feed."""

    @property
    def kind(self) -> str:
        """The name of the kind, as in `Request.source`."""

    def claims(self, subscription: Subscription) -> bool:
        """Whether this kind reads that subscription."""

    def request(self, state: FeedState) -> Request:
        """What to ask of the network for a feed."""

    def parse(
        self, response: Response, subscription: Subscription, known: Mapping[str, str], now: datetime
    ) -> Parsed | Failure:
        """Read an answer. `known` maps identities to hashes: unchanged items are only named in `Parsed.known`."""


# In the order in which they are asked. The last one claims everything.
KINDS: tuple[str, ...] = ("jsonfeed", "syndication")


@cache
def by_kind(kind: str) -> Source:
    """The source of that kind; the one that reads feeds for names unknown."""
    name = kind if kind in KINDS else KINDS[-1]
    return cast(Source, import_module(f"newsfeed.sources.{name}"))


def find(subscription: Subscription) -> Source:
    """The source that reads a subscription."""
    return next(source for source in map(by_kind, KINDS) if source.claims(subscription))


def load() -> None:
    """Load what the commonest kind needs, so that no document waits for it."""
    from newsfeed.sources import syndication

    syndication.load()
