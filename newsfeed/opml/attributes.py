"""What the attributes of an outline say: the address it subscribes to, and the options of ours, `newsfeed-…`.

A mistake in an option is told, never punished: the option is handed on as it is written, and who reads it decides."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from newsfeed.lazy import expression
from newsfeed.opml.scan import Attribute, Outline
from newsfeed.text import safe_url
from newsfeed.text.links import LIMIT as LONGEST_URL
from newsfeed.text.links import is_plain
from newsfeed.text.spoken import say

# Sources that are no web address, in the spellings that people use for them.
_BARE = expression(
    r"(?:@[\w.-]+@[\w.-]+|#\w+@[\w.-]+|/?(?:r|u|user)/[\w-]+|(?:at|acct|imaps?)://\S+|acct:\S+|did:[a-z]+:\S+)",
)
_SCHEME = expression(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HOST_FIRST = expression(
    r"(?:[\w-]+\.)+[^\W\d_][\w-]+(?::\d+)?(?:[/?#].*)?|localhost(?::\d+)?(?:/.*)?", re.DOTALL
)
_HOST = expression(r"[^\s%<>\"'\\^`{|}]+")
# Other readers write these before an address to have it opened by themselves.
_WRAPPED = {"feed", "itpc", "pcast", "podcast", "webcal"}
_FORBIDDEN = expression(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffd]")
_OPTION = expression(r"(?:newsfeed[-:]|br:)(?=.)", re.IGNORECASE)


class Refusal(NamedTuple):
    """Why an address can't be subscribed to, and what to do about it."""

    cause: str
    repair: str


def named(outline: Outline, *names: str) -> Attribute | None:
    """The first non-empty attribute with one of `names`, in their order; upper and lower case are one."""
    for name in names:
        for attribute in outline.attributes:
            if attribute.name.lower() == name and attribute.value.strip():
                return attribute
    return None


def address(outline: Outline) -> Attribute | None:
    """The attribute that holds what an outline subscribes to; None for a folder.

    Other readers go by `xmlUrl` alone. Where it is missing, `url` is meant, and last `htmlUrl`: a page or profile
    without a feed of its own. An outline with others in it is a folder unless it has a feed or names its own type.
    """
    found = named(outline, "xmlurl", "feedurl") or (None if is_pointer(outline) else named(outline, "url"))
    if found or is_pointer(outline):
        return found
    page = named(outline, "htmlurl")
    return page if page and (not outline.children or named(outline, "type")) else None


def is_pointer(outline: Outline) -> bool:
    """Whether an outline points to another list, which OPML would have us fetch and we don't."""
    kind = named(outline, "type")
    return (
        kind is not None
        and kind.value.strip().lower() in {"link", "include"}
        and named(outline, "xmlurl", "feedurl") is None
        and named(outline, "url") is not None
    )


def option(name: str) -> str:
    """The option that an attribute called `name` sets, without its prefix; "" for other attributes."""
    found = _OPTION.match(name)
    return name[found.end() :].lower() if found else ""


def accept(raw: str) -> str | Refusal:
    """`raw` as the address to subscribe to, or why not.

    Web addresses and the spellings of `@user@host`, `r/name`, `at://…` and the like stay as they are; a missing
    scheme is added and another reader's own scheme is taken off.
    """
    text = raw.strip()
    if is_plain(text) and "&amp;" not in text:
        return text  # as nearly all
    if _FORBIDDEN.search(text):
        return Refusal("has invisible signs in its address", "Type the address anew")
    if len(text) > LONGEST_URL:
        return Refusal(
            say("has an address of more than {n} letters", n=f"{LONGEST_URL:,}"),
            "Give it the address of a feed",
        )
    text = text.replace(" ", "%20").replace("&amp;", "&")  # escaped once too often
    if _BARE.fullmatch(text):
        return text
    scheme = _SCHEME.match(text)
    if scheme and scheme[1].lower() in _WRAPPED:
        inner = text[scheme.end() :]
        text = inner if _SCHEME.match(inner) and "://" in inner else "http://" + inner.lstrip("/")
    elif text.startswith("//"):
        text = "https:" + text
    elif _HOST_FIRST.fullmatch(text):
        text = "https://" + text
    scheme = _SCHEME.match(text)
    if not scheme:
        return Refusal("has no web address", "Give it an address that begins with https://")
    if scheme[1].lower() not in {"http", "https"}:
        return Refusal(say("has an address that begins with “{scheme}:”, which is never read", scheme=scheme[1][:20].lower()),
                       "Give it an address that begins with https://")  # fmt: skip
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        usable = bool(_HOST.fullmatch(host)) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    return text if usable else Refusal("has an address without a proper host", "Type the address anew")


def page(raw: str) -> str:
    """`raw` if it is a web address, else ""."""
    accepted = accept(raw)
    return (
        accepted if isinstance(accepted, str) and accepted.lower().startswith(("http://", "https://")) else ""
    )


def key(url: str) -> str:
    """What two spellings of one address have in common; compare nothing else.

    Scheme, user and last slash choose no feed; everything else of host, path and query may.
    """
    accepted = accept(url)
    usable = accepted if isinstance(accepted, str) else url.strip()
    address = safe_url(usable).partition("#")[0]
    path, mark, query = address.partition("://")[2].partition("?")
    return f"{path.rstrip('/')}{mark}{query}" if address else usable
