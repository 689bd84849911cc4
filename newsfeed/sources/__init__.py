"""The networks: how to request a subscription, and how its answer becomes drafts of items.

A network is one module with a `Source` (see `source`), and its line in `NETWORKS` there; the first that claims a
subscription gets it. Modules are loaded on first use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib import import_module

import msgspec

from newsfeed.model import Failure, FeedState, Request, Subscription
from newsfeed.sources.source import FEED, NETWORKS, Source


@cache
def by_kind(kind: str) -> Source:
    """The source of a kind; that of plain feeds for unknown names."""
    places = {network.kind: network.place or f"{network.kind}.source" for network in NETWORKS}
    module, _, name = {**places, "article": "webpages.article"}.get(kind, places[FEED]).partition(".")
    found: Source = getattr(import_module(f"{__name__}.{module}"), name)
    return found


def find(subscription: Subscription) -> Source:
    """The source that reads a subscription."""
    return _find(subscription.url, subscription.kind, tuple(sorted(subscription.options.items())))


@lru_cache(maxsize=20_000)  # called several times per feed and refresh
def _find(url: str, kind: str, options: tuple[tuple[str, str], ...]) -> Source:
    subscription = Subscription(url=url, kind=kind, options=dict(options))
    return next(s for network in NETWORKS if (s := by_kind(network.kind)).claims(subscription))


def join(states: Iterable[FeedState]) -> Mapping[int, Request]:
    """By feed, the requests that serve several feeds at once, for hosts that allow few requests; most feeds have none."""
    kinds: dict[str, list[FeedState]] = {}
    for state in states:
        kinds.setdefault(find(state.subscription).kind, []).append(state)
    found: dict[int, Request] = {}
    for kind, feeds in kinds.items():
        found.update(by_kind(kind).join(feeds))
    return found


def rewritten(subscription: Subscription) -> str:
    """The address that is requested instead of the one in the list; "" if it is the same or nothing is requested."""
    request = find(subscription).request(FeedState(subscription=subscription))
    if isinstance(request, Failure) or request.url == subscription.url:
        return ""
    return request.url


def portable(state: FeedState) -> Subscription:
    """A subscription for an exported list: with an address that other feed readers can fetch, if there is one, and what is
    needed to recognise its kind."""
    wanted, source = state.subscription, find(state.subscription)
    url, asked = source.portable(state), source.request(state)
    if not url:
        return msgspec.structs.replace(wanted, html_url=wanted.url, kind=source.kind)
    found = msgspec.structs.replace(wanted, url=url, kind="rss")
    plain = isinstance(asked, Request) and asked.source == FEED
    if find(found).kind != source.kind and not plain:
        found = msgspec.structs.replace(found, options={**wanted.options, "source": source.kind})
    return found
