"""The table of networks with their hosts; and the person whose profile or post an address is."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

from newsfeed.lazy import expression
from newsfeed.model import Record
from newsfeed.sources.source import parts_of


class Network(NamedTuple):
    """A kind of source: the hosts that no other network may claim, and its module, if that doesn't have its name."""

    kind: str
    hosts: tuple[str, ...] = ()
    place: str = ""


# In the order in which they may claim a subscription. The last one claims everything.
NETWORKS = (
    Network("mailbox"),
    Network("x", ("x.com", "twitter.com")),
    Network("unsupported", ("linkedin.com", "lnkd.in", "threads.net", "threads.com", "facebook.com", "fb.com", "instagram.com", "tiktok.com"), "hosted.unsupported"),
    Network("bluesky", ("bsky.app", "main.bsky.dev")),
    Network("reddit", ("reddit.com",)),
    Network("hackernews", ("news.ycombinator.com", "hn.algolia.com")),
    Network("youtube", ("youtube.com",)),
    Network("github", ("github.com",), "hosted.github"),
    Network("stackexchange", ("stackexchange.com", "stackoverflow.com", "superuser.com", "serverfault.com", "askubuntu.com", "stackapps.com", "mathoverflow.net"), "hosted.stackexchange"),
    Network("telegram", ("t.me", "telegram.me", "telegram.dog")),
    Network("hosted", ("medium.com", "substack.com", "dev.to", "tumblr.com", "podcasts.apple.com", "itunes.apple.com")),
    Network("lemmy"),
    Network("mastodon"),
    Network("syndication", place="source.plain"),
)  # fmt: skip
# Sites without a module whose addresses look like those of Mastodon or Lemmy.
_LOOKALIKES = (
    "boosty.to", "discourse.org", "flipboard.com", "hackernoon.com", "note.com", "npmjs.com", "odysee.com",
    "rumble.com", "soundcloud.com", "steemit.com", "vimeo.com",
)  # fmt: skip


# Content there is a post of Reddit itself, not something that it links to.
REDDIT_OWN = ("reddit.com", "redd.it", "redditmedia.com", "imgur.com", "gfycat.com")


def hosts_of(kind: str) -> tuple[str, ...]:
    """The hosts of a network."""
    return next((network.hosts for network in NETWORKS if network.kind == kind), ())


def lies_at(host: str, *names: str) -> bool:
    """Whether a host is one of these or a subdomain of one."""
    for name in names:
        if host.endswith(name) and (len(host) == len(name) or host[-len(name) - 1] == "."):
            return True
    return False


def is_taken(host: str) -> bool:
    """Whether a host belongs to one network, and so isn't a server of a network with many servers."""
    return lies_at(host, *_LOOKALIKES, *(name for network in NETWORKS for name in network.hosts))


_HREF = expression(r"""<a\s[^>]{0,600}?href=["'](https?://[^"']{4,600})["']""", re.IGNORECASE)
_FEDIVERSE = expression(
    r"/(?:web/)?(?:@|users/)([A-Za-z0-9_][\w.-]{0,60}?)(?:@([\w-]+(?:\.[\w-]+)+))?(?:\.rss)?(?:/(?:statuses/)?(\d{5,25}))?/?"
)
_BLUESKY = expression(r"/profile/((?:did:[a-z]+:[\w.:%-]+)|(?:[\w-]+\.)+[\w-]+)(?:/(?:rss|post/(\w+)))?/?")
_BARE = expression(r"@?([\w.-]+)@((?:[\w-]+\.)+[\w-]+)")


class Voice(Record, frozen=True, kw_only=True):
    """A person on a network: `key` is the same for all their addresses."""

    key: str  # "@ada@social.example", "bsky:bo.example"
    profile: str
    post: bool = False  # whether the address was that of a post


def voice(address: str) -> Voice | None:
    """Whose profile or post an address is; None for everything else."""
    address = address.strip()
    if bare := _BARE.fullmatch(address.removeprefix("acct:")):
        name, host = bare[1], bare[2].lower()
        return Voice(key=f"@{name.lower()}@{host}", profile=f"https://{host}/@{name}")
    if address.startswith(("did:", "at://did:")):
        did = address.removeprefix("at://").split("/")[0]
        return Voice(key=f"bsky:{did}", profile=f"https://bsky.app/profile/{did}")
    parts = parts_of(address)
    host = (parts.hostname or "").lower().removeprefix("www.")
    path = unquote(parts.path)
    if host == "bsky.app":
        found = _BLUESKY.fullmatch(path)
        if not found:
            return None
        actor = found[1].lower() if not found[1].startswith("did:") else found[1]
        return Voice(key=f"bsky:{actor}", profile=f"https://bsky.app/profile/{actor}", post=bool(found[2]))
    if not host or is_taken(host):
        return None
    found = _FEDIVERSE.fullmatch(path)
    if not found:
        return None
    home = (found[2] or host).lower()
    return Voice(
        key=f"@{found[1].lower()}@{home}", profile=f"https://{home}/@{found[1]}", post=bool(found[3])
    )


def linked(markup: str) -> Iterator[tuple[Voice, str]]:
    """The people whose posts a text links to, each with that address. Mentions of a name don't count."""
    for href in _HREF.findall(markup[:60_000]):
        address = html.unescape(href)
        found = voice(address)
        if found is not None and found.post:
            yield found, address
