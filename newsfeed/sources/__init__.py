"""The kinds of sources: how a subscription is asked, and how its answer becomes items.

A kind is one module of this package with the four names of `Source`, listed in `KINDS`; the first that claims a
subscription gets it. Four more names are had by kinds that need them:

- `again(state, failure) -> FeedState | None`: with which state to ask once more, another way, after a failure
- `explain(state, failure) -> Failure`: a failure in words that fit the network, with what its owner can do
- `join(states) -> Mapping[int, Request]`: one request for several feeds of a host that allows few
- `portable(state) -> str`: an address that other readers can fetch as a feed; "" where there is none

Modules are loaded when they are first asked, for some bring slow libraries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache, lru_cache
from importlib import import_module
from typing import Protocol, cast

import msgspec

from newsfeed.model import Failure, FeedState, Parsed, Request, Response, Subscription


class Source(Protocol):
    """One kind of feed."""

    @property
    def kind(self) -> str:
        """The name of the kind, as in `Request.source`."""

    def claims(self, subscription: Subscription) -> bool:
        """Whether this kind reads that subscription."""

    def request(self, state: FeedState) -> Request | Failure:
        """What to ask of the network for a feed, or why nothing can be asked."""

    def parse(
        self, response: Response, subscription: Subscription, known: Mapping[str, str], now: datetime
    ) -> Parsed | Failure:
        """Read an answer. `known` maps identities to hashes: unchanged items are only named in `Parsed.known`."""


# In the order in which they are asked. The last one claims everything.
KINDS: tuple[str, ...] = (
    "mailbox",
    "x",
    "unsupported",
    "bluesky",
    "reddit",
    "hackernews",
    "youtube",
    "github",
    "stackexchange",
    "telegram",
    "hosted",
    "lemmy",
    "mastodon",
    "jsonfeed",
    "syndication",
)


@cache
def by_kind(kind: str) -> Source:
    """The source of that kind; the one that reads feeds for names unknown."""
    name = kind if kind in KINDS or kind == "article" else KINDS[-1]
    return cast(Source, import_module(f"newsfeed.sources.{name}"))


def find(subscription: Subscription) -> Source:
    """The source that reads a subscription: told by its address, its type and its options alone."""
    return _find(subscription.url, subscription.kind, tuple(sorted(subscription.options.items())))


@lru_cache(maxsize=20_000)  # asked several times a feed and refresh
def _find(url: str, kind: str, options: tuple[tuple[str, str], ...]) -> Source:
    subscription = Subscription(url=url, kind=kind, options=dict(options))
    return next(source for source in map(by_kind, KINDS) if source.claims(subscription))


def again(state: FeedState, failure: Failure) -> FeedState | None:
    """The state with which to ask once more after a failure, another way; None where there is none."""
    source = find(state.subscription)
    other = cast("Callable[[FeedState, Failure], FeedState | None] | None", getattr(source, "again", None))
    return other(state, failure) if other else None


def explain(state: FeedState, failure: Failure) -> Failure:
    """A failure in the words of its network, with what the owner can do."""
    source = find(state.subscription)
    words = cast("Callable[[FeedState, Failure], Failure] | None", getattr(source, "explain", None))
    return words(state, failure) if words else failure


def join(states: Iterable[FeedState]) -> Mapping[int, Request]:
    """By feed, requests that serve several feeds at once, for hosts that allow few; most feeds have none."""
    kinds: dict[str, list[FeedState]] = {}
    for state in states:
        source = find(state.subscription)
        if hasattr(source, "join"):
            kinds.setdefault(source.kind, []).append(state)
    found: dict[int, Request] = {}
    for kind, feeds in kinds.items():
        joined = cast("Callable[[list[FeedState]], Mapping[int, Request]]", getattr(by_kind(kind), "join"))  # noqa: B009
        found.update(joined(feeds))
    return found


def rewritten(subscription: Subscription) -> str:
    """The address that is asked in place of the one in the list; "" where it is the same or nothing is asked."""
    request = find(subscription).request(FeedState(subscription=subscription))
    if isinstance(request, Failure) or request.url == subscription.url:
        return ""
    return request.url


def portable(state: FeedState) -> Subscription:
    """A subscription as a list should hold it: with an address that other readers can fetch too, where there is one,
    and what is needed to know its kind again."""
    wanted = state.subscription
    source = find(wanted)
    tell = cast("Callable[[FeedState], str] | None", getattr(source, "portable", None))
    request = source.request(state)
    if tell:
        url = tell(state)
    elif isinstance(request, Request) and request.source in {"syndication", "jsonfeed"}:
        url = request.url
    else:
        url = ""
    if not url:
        page = wanted.url
        return msgspec.structs.replace(wanted, url=page, html_url=page, kind=source.kind)
    found = msgspec.structs.replace(wanted, url=url, kind="rss")
    if find(found).kind != source.kind and tell:
        found = msgspec.structs.replace(found, options={**wanted.options, "source": source.kind})
    return found


def load() -> None:
    """Load what the commonest kind needs, so that no document waits for it."""
    from newsfeed.sources import syndication

    syndication.load()
