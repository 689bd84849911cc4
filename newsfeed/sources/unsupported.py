"""Networks without public access: says what is possible instead, without requesting anything."""

from __future__ import annotations

import re
from datetime import datetime

from newsfeed.model import Cause, Failure, FeedState, Response, Subscription
from newsfeed.sources.source import Answer, Source, host_and_path

KIND = "unsupported"

_SAID = {
    "linkedin.com": (
        "LinkedIn lets no program read people's or companies' posts.",
        "Add the company's own blog or newsroom, or read LinkedIn as a newsletter by mail: add imaps://your.mail.server/INBOX?from=its-sender.",
    ),
    "threads.net": (
        "Threads lets no program read other people's posts.",
        "Many accounts there can be followed from Mastodon as @name@threads.net: follow them, then add your Mastodon home or list.",
    ),
    "facebook.com": (
        "Facebook lets no program read pages or groups.",
        "Look for the page's own website and add that, or read it as a newsletter by mail: add imaps://your.mail.server/INBOX?from=its-sender.",
    ),
    "instagram.com": (
        "Instagram lets no program read other people's posts.",
        "Look for the account's own website, or for the same account on Bluesky or Mastodon.",
    ),
    "tiktok.com": (
        "TikTok lets no program read other people's videos.",
        "Look for the same account on YouTube and add its channel.",
    ),
}
_SAME = {"threads.com": "threads.net", "fb.com": "facebook.com", "lnkd.in": "linkedin.com"}


class Unsupported(Source):
    """Networks without public access."""

    kind = KIND

    def claims(self, subscription: Subscription) -> bool:
        """Addresses of these networks, unless they are feeds that are public."""
        return bool(_network(subscription.url))

    def request(self, state: FeedState) -> Failure:
        """Nothing is requested: the failure says what is possible instead."""
        text, repair = _SAID[_network(state.subscription.url)]
        return Failure(cause=Cause.UNSUPPORTED, text=text, repair=repair, needs_owner=True)

    def parse(self, response: Response, subscription: Subscription, now: datetime) -> Answer | None:
        """The same failure, should an answer ever come."""
        return self.request(FeedState(subscription=subscription))


def _network(url: str) -> str:
    host, path = host_and_path(url)
    host = ".".join(host.split(".")[-2:])
    host = _SAME.get(host, host)
    feed = re.search(r"/(?:feed|rss)(?:/|\.|$)|\.(?:xml|rss|atom)$", path)
    return host if host in _SAID and not (feed and host == "facebook.com") and path.strip("/") else ""


source = Unsupported()
