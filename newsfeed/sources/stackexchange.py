"""Stack Exchange: the feeds behind the pages of its sites, whose pages themselves shut programs out."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from newsfeed.model import FeedState, Request, Subscription
from newsfeed.sources import posts
from newsfeed.sources.registry import hosts_of, lies_at
from newsfeed.sources.source import Source, as_feed, host_and_path

KIND = "stackexchange"

_TAGGED = re.compile(r"/questions/tagged/([^/]{1,200})/?")
_QUESTION = re.compile(r"/questions/(\d+)(?:/.*)?")
_USER = re.compile(r"/users/(\d+)(?:/.*)?")


class StackExchange(Source):
    """Stack Exchange."""

    kind = KIND

    def claims(self, subscription: Subscription) -> bool:
        """Sites, tags, questions and people; feeds stay what they are."""
        return bool(_feed(subscription))

    def request(self, state: FeedState) -> Request:
        """The feed of that page, read as any other."""
        return as_feed(state, _feed(state.subscription))


def _feed(subscription: Subscription) -> str:
    host, path = host_and_path(subscription.url)
    if not lies_at(host, *hosts_of(KIND)):
        return ""
    server = posts.service(subscription, f"https://{host}")
    path = unquote(path)
    if found := _TAGGED.fullmatch(path):
        tags = re.sub(r"\s+or\s+", " or ", found[1].replace("+", " "))
        return f"{server}/feeds/tag?tagnames={quote(tags)}&sort=newest"
    if found := _QUESTION.fullmatch(path):
        return f"{server}/feeds/question/{found[1]}"
    if found := _USER.fullmatch(path):
        return f"{server}/feeds/user/{found[1]}"
    return f"{server}/feeds" if path.rstrip("/") in {"", "/questions"} else ""


source = StackExchange()
