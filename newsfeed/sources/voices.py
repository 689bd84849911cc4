"""Whose post or profile an address is, on the networks whose people can be followed as sources."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from urllib.parse import unquote

from newsfeed.model import Record
from newsfeed.sources.registry import is_taken
from newsfeed.sources.source import parts_of

_HREF = re.compile(r"""<a\s[^>]{0,600}?href=["'](https?://[^"']{4,600})["']""", re.IGNORECASE)
_FEDIVERSE = re.compile(
    r"/(?:web/)?(?:@|users/)([A-Za-z0-9_][\w.-]{0,60}?)(?:@([\w-]+(?:\.[\w-]+)+))?(?:\.rss)?(?:/(?:statuses/)?(\d{5,25}))?/?"
)
_BLUESKY = re.compile(r"/profile/((?:did:[a-z]+:[\w.:%-]+)|(?:[\w-]+\.)+[\w-]+)(?:/(?:rss|post/(\w+)))?/?")
_BARE = re.compile(r"@?([\w.-]+)@((?:[\w-]+\.)+[\w-]+)")


class Voice(Record, frozen=True, kw_only=True):
    """A person on a network: `key` is the same for all their addresses."""

    key: str  # "@ada@social.example", "bsky:bo.example"
    profile: str
    post: bool = False  # the address was that of a post


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
    """The people whose posts a text links to, each with that address. A mere mention of a name is none."""
    for href in _HREF.findall(markup[:60_000]):
        address = html.unescape(href)
        found = voice(address)
        if found is not None and found.post:
            yield found, address
