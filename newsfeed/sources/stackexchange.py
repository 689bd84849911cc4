"""Stack Exchange: the feeds behind the pages of its sites, whose pages themselves shut programs out."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

import msgspec

from newsfeed.model import FeedState, Request, Subscription
from newsfeed.sources import posts, syndication
from newsfeed.sources.syndication import parse

__all__ = ["claims", "kind", "parse", "request"]

kind = "stackexchange"

_SITES = (
    "stackoverflow.com",
    "superuser.com",
    "serverfault.com",
    "askubuntu.com",
    "stackapps.com",
    "mathoverflow.net",
)
_TAGGED = re.compile(r"/questions/tagged/([^/]{1,200})/?")
_QUESTION = re.compile(r"/questions/(\d+)(?:/.*)?")
_USER = re.compile(r"/users/(\d+)(?:/.*)?")


def claims(subscription: Subscription) -> bool:
    """Sites, tags, questions and people; feeds stay what they are."""
    return bool(_feed(subscription))


def _feed(subscription: Subscription) -> str:
    try:
        parts = urlsplit(subscription.url.strip())
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return ""
    if not (host in _SITES or host.endswith((".stackexchange.com", ".stackoverflow.com"))):
        return ""
    server = posts.service(subscription, f"https://{host}")
    path = unquote(parts.path)
    if found := _TAGGED.fullmatch(path):
        tags = re.sub(r"\s+or\s+", " or ", found[1].replace("+", " "))
        return f"{server}/feeds/tag?tagnames={quote(tags)}&sort=newest"
    if found := _QUESTION.fullmatch(path):
        return f"{server}/feeds/question/{found[1]}"
    if found := _USER.fullmatch(path):
        return f"{server}/feeds/user/{found[1]}"
    return f"{server}/feeds" if path.rstrip("/") in {"", "/questions"} else ""


def request(state: FeedState) -> Request:
    """The feed of that page, read as any other."""
    return msgspec.structs.replace(syndication.request(state), url=_feed(state.subscription))
