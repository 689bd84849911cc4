"""Plain feeds: RSS, Atom and JSON Feed at the address of the outline. `reading` knows the formats."""

from __future__ import annotations

import msgspec

from newsfeed.model import FeedState, Request, Subscription
from newsfeed.sources.source import FEED, Source, as_feed, parts_of

_ACCEPT_JSON = "application/feed+json, application/json;q=0.9, application/atom+xml;q=0.8, application/rss+xml;q=0.8, */*;q=0.1"


class Syndication(Source):
    """Everything that no other kind claims: what is no feed says so when it answers."""

    kind = FEED

    def claims(self, subscription: Subscription) -> bool:
        return True

    def request(self, state: FeedState) -> Request:
        asked = as_feed(state)
        return msgspec.structs.replace(asked, accept=_ACCEPT_JSON) if _is_json(state.subscription) else asked


def _is_json(subscription: Subscription) -> bool:
    """Whether the outline says so, or the end of its address."""
    if subscription.kind.lower() in {"json", "jsonfeed"}:
        return True
    return parts_of(subscription.url).path.lower().endswith((".json", ".jsonfeed"))


source = Syndication()
