"""The table of networks: the one place that names them all, with the hosts that are theirs.

A new network is a module of this package, of the name that stands here, and its line.
"""

from __future__ import annotations

from typing import NamedTuple


class Network(NamedTuple):
    """A kind of source: the name of its module, and the hosts that no other network may claim."""

    kind: str
    hosts: tuple[str, ...] = ()


# In the order in which they are asked whether a subscription is theirs. The last one takes everything.
NETWORKS = (
    Network("mailbox"),
    Network("x", ("x.com", "twitter.com")),
    Network("unsupported", ("linkedin.com", "lnkd.in", "threads.net", "threads.com", "facebook.com", "fb.com", "instagram.com", "tiktok.com")),
    Network("bluesky", ("bsky.app", "main.bsky.dev")),
    Network("reddit", ("reddit.com",)),
    Network("hackernews", ("news.ycombinator.com", "hn.algolia.com")),
    Network("youtube", ("youtube.com",)),
    Network("github", ("github.com",)),
    Network("stackexchange", ("stackexchange.com", "stackoverflow.com", "superuser.com", "serverfault.com", "askubuntu.com", "stackapps.com", "mathoverflow.net")),
    Network("telegram", ("t.me", "telegram.me", "telegram.dog")),
    Network("hosted", ("medium.com", "substack.com", "dev.to", "tumblr.com", "podcasts.apple.com", "itunes.apple.com")),
    Network("lemmy"),
    Network("mastodon"),
    Network("syndication"),
)  # fmt: skip
# Sites that no module reads in a way of its own, but whose addresses look like those of Mastodon or Lemmy.
_LOOKALIKES = (
    "boosty.to", "discourse.org", "flipboard.com", "hackernoon.com", "note.com", "npmjs.com", "odysee.com",
    "rumble.com", "soundcloud.com", "steemit.com", "vimeo.com",
)  # fmt: skip


def hosts_of(kind: str) -> tuple[str, ...]:
    """The hosts of a network."""
    return next((network.hosts for network in NETWORKS if network.kind == kind), ())


def lies_at(host: str, *names: str) -> bool:
    """Whether a host is one of these, or below one."""
    return any(host == name or host.endswith("." + name) for name in names)


def is_taken(host: str) -> bool:
    """Whether a host is known to belong to one network, so that those of many servers can't be meant."""
    return lies_at(host, *_LOOKALIKES, *(name for network in NETWORKS for name in network.hosts))
