"""GitHub: the Atom feeds behind the pages of repositories and people."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from newsfeed.model import FeedState, Request, Subscription
from newsfeed.sources import posts, syndication
from newsfeed.sources.syndication import parse

__all__ = ["claims", "kind", "parse", "request"]

kind = "github"

WWW = "https://github.com"
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})"
_REPOSITORY = re.compile(
    rf"/({_NAME})/([\w.-]{{1,100}}?)(?:\.git)?(?:/(releases|tags|commits|discussions|wiki)(?:/([\w./-]{{1,200}}?))?)?/?"
)
_PERSON = re.compile(rf"/({_NAME})/?")
_PAGES = frozenset(
    [
        "about",
        "account",
        "apps",
        "blog",
        "codespaces",
        "collections",
        "contact",
        "customer-stories",
        "dashboard",
        "enterprise",
        "events",
        "explore",
        "features",
        "issues",
        "join",
        "login",
        "marketplace",
        "new",
        "notifications",
        "orgs",
        "organizations",
        "pricing",
        "pulls",
        "search",
        "security",
        "settings",
        "signup",
        "site",
        "sponsors",
        "stars",
        "team",
        "topics",
        "trending",
    ]
)


def claims(subscription: Subscription) -> bool:
    """Pages of repositories (releases where they name nothing else) and of people; feeds stay what they are."""
    return bool(_path(subscription))


def _path(subscription: Subscription) -> str:
    try:
        parts = urlsplit(subscription.url.strip())
    except ValueError:
        return ""
    if (parts.hostname or "").removeprefix("www.") != "github.com" or parts.path.endswith(".atom"):
        return ""
    if found := _REPOSITORY.fullmatch(parts.path):
        owner, repository, page, rest = found.groups()
        if owner.lower() in _PAGES or repository.endswith(".atom"):
            return ""
        branch = f"/{rest}" if page == "commits" and rest else ""
        return f"/{owner}/{repository}/{page or 'releases'}{branch}.atom"
    found = _PERSON.fullmatch(parts.path)
    return f"/{found[1]}.atom" if found and found[1].lower() not in _PAGES else ""


def request(state: FeedState) -> Request:
    """The feed of that page, read as any other."""
    url = f"{posts.service(state.subscription, WWW)}{_path(state.subscription)}"
    return msgspec.structs.replace(syndication.request(state), url=url)
