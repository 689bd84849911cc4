"""GitHub: the Atom feeds behind the pages of repositories and people."""

from __future__ import annotations

import re

from newsfeed.model import FeedState, Request, Subscription
from newsfeed.sources import posts
from newsfeed.sources.registry import hosts_of
from newsfeed.sources.source import Source, as_feed, host_and_path

KIND = "github"

WWW = "https://github.com"
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})"
_REPOSITORY = re.compile(
    rf"/({_NAME})/([\w.-]{{1,100}}?)(?:\.git)?(?:/(releases|tags|commits|discussions|wiki)(?:/([\w./-]{{1,200}}?))?)?/?"
)
_PERSON = re.compile(rf"/({_NAME})/?")
_PAGES = frozenset({
    "about", "account", "apps", "blog", "codespaces", "collections", "contact", "customer-stories", "dashboard",
    "enterprise", "events", "explore", "features", "issues", "join", "login", "marketplace", "new",
    "notifications", "orgs", "organizations", "pricing", "pulls", "search", "security", "settings", "signup",
    "site", "sponsors", "stars", "team", "topics", "trending",
})  # fmt: skip


class GitHub(Source):
    """GitHub."""

    kind = KIND

    def claims(self, subscription: Subscription) -> bool:
        """Pages of repositories (releases where they name nothing else) and of people; feeds stay what they are."""
        return bool(_path(subscription))

    def request(self, state: FeedState) -> Request:
        """The feed of that page, read as any other."""
        url = f"{posts.service(state.subscription, WWW)}{_path(state.subscription)}"
        return as_feed(state, url)


def _path(subscription: Subscription) -> str:
    host, path = host_and_path(subscription.url)
    if host not in hosts_of(KIND) or path.endswith(".atom"):
        return ""
    if found := _REPOSITORY.fullmatch(path):
        owner, repository, page, rest = found.groups()
        if owner.lower() in _PAGES or repository.endswith(".atom"):
            return ""
        branch = f"/{rest}" if page == "commits" and rest else ""
        return f"/{owner}/{repository}/{page or 'releases'}{branch}.atom"
    found = _PERSON.fullmatch(path)
    return f"/{found[1]}.atom" if found and found[1].lower() not in _PAGES else ""


source = GitHub()
