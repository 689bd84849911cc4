"""Large hosts of blogs, newsletters, code and questions: the feed behind the page that people know; and networks without
public access, of which it is said what is possible instead.

Medium, Substack, dev.to, Tumblr, GitHub and Stack Exchange have the feed at a fixed address; for podcasts, Apple's
directory is asked once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote, unquote

import msgspec

from newsfeed.model import Cause, Failure, FeedState, Parsed, Request, Response, Subscription
from newsfeed.sources import posts
from newsfeed.sources.source import Answer, Source, as_feed, host_and_path, hosts_of, lies_at
from newsfeed.text import safe_url

KIND = "hosted"

APPLE = "https://itunes.apple.com"
_PODCAST = re.compile(r"/(?:[a-z]{2}/)?podcast/(?:[^/]+/)?id(\d{5,15})/?")
_NAME = r"[\w-]{1,80}"
_PAGES = {
    "medium.com": frozenset(
        ["m", "me", "about", "search", "plans", "membership", "creators", "new-story", "jobs-at-medium"]
    ),
    "dev.to": frozenset(
        [
            "about",
            "settings",
            "top",
            "latest",
            "search",
            "tags",
            "code-of-conduct",
            "enter",
            "faq",
            "podcasts",
            "videos",
        ]
    ),
}
GITHUB = "https://github.com"
_GITHUB_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})"
_REPOSITORY = re.compile(
    rf"/({_GITHUB_NAME})/([\w.-]{{1,100}}?)(?:\.git)?(?:/(releases|tags|commits|discussions|wiki)(?:/([\w./-]{{1,200}}?))?)?/?"
)
_PERSON = re.compile(rf"/({_GITHUB_NAME})/?")
_GITHUB_PAGES = frozenset({
    "about", "account", "apps", "blog", "codespaces", "collections", "contact", "customer-stories", "dashboard",
    "enterprise", "events", "explore", "features", "issues", "join", "login", "marketplace", "new",
    "notifications", "orgs", "organizations", "pricing", "pulls", "search", "security", "settings", "signup",
    "site", "sponsors", "stars", "team", "topics", "trending",
})  # fmt: skip
_TAGGED = re.compile(r"/questions/tagged/([^/]{1,200})/?")
_QUESTION = re.compile(r"/questions/(\d+)(?:/.*)?")
_USER = re.compile(r"/users/(\d+)(?:/.*)?")


class Hosted(Source):
    """Blogs, newsletters and podcasts at the large hosts."""

    kind = KIND

    def claims(self, subscription: Subscription) -> bool:
        """Pages of people, publications and shows at these hosts; feeds stay what they are."""
        return bool(_feed(subscription.url) or _show(subscription.url))

    def request(self, state: FeedState) -> Request:
        """The feed of the page; or, for a show whose feed is unknown, a request to Apple's directory."""
        show = _show(state.subscription.url)
        if show and not state.cursor.get("feed"):
            server = posts.service(state.subscription, APPLE)
            return Request(
                url=f"{server}/lookup?id={show}&entity=podcast",
                feed=state.feed,
                source=KIND,
                accept="application/json",
            )
        url = state.cursor.get("feed", "") or _feed(state.subscription.url)
        return msgspec.structs.replace(as_feed(state, url), from_feed=bool(show))

    def again(self, state: FeedState, failure: Failure) -> FeedState | None:
        """Look up a show's feed again if it is gone from its last address."""
        gone = failure.cause in {Cause.NOT_FOUND, Cause.GONE, Cause.NAME, Cause.NOT_A_FEED}
        if not gone or not state.cursor.get("feed"):
            return None
        cursor = {name: value for name, value in state.cursor.items() if name != "feed"}
        return msgspec.structs.replace(state, cursor=cursor)

    def parse(self, response: Response, subscription: Subscription, now: datetime) -> Answer | None:
        """The address of a show's feed."""
        found = posts.read_json(response)
        if isinstance(found, Failure):
            return found
        feed = next(
            (u for r in posts.rows(found, "results") if (u := safe_url(posts.text(r, "feedUrl")))), ""
        )
        if not feed:
            return posts.failed(
                "Apple names no feed for this show.",
                "Look for an RSS link on the show's own site and add that address.",
                cause=Cause.NOT_FOUND,
            )
        following = msgspec.structs.replace(
            as_feed(FeedState(subscription=subscription), feed),
            feed=response.request.feed,
            page=response.request.page + 1,
            from_feed=True,
        )
        return Parsed(cursor={"feed": feed}, next=following, step=True)


def _show(url: str) -> str:
    host, path = host_and_path(url)
    found = _PODCAST.fullmatch(path) if host in {"podcasts.apple.com", "itunes.apple.com"} else None
    return found[1] if found else ""


def _feed(url: str) -> str:
    """The feed's address; "" if the page is none of these."""
    host, path = host_and_path(url)
    sub, _, domain = host.partition(".")
    first, _, second = path.strip("/").partition("/")
    if host == "medium.com":
        if first == "tag" and re.fullmatch(_NAME, second):
            return f"https://medium.com/feed/tag/{second}"
        if (
            re.fullmatch(rf"@[\w.-]{{1,80}}|{_NAME}", first)
            and not second
            and first not in _PAGES[host] | {"feed", "tag"}
        ):
            return f"https://medium.com/feed/{first}"
    elif domain == "medium.com" and path in {"", "/"}:
        return f"https://{host}/feed"
    elif domain == "substack.com":
        if sub == "open" and first == "pub" and re.fullmatch(_NAME, second.partition("/")[0]):
            return f"https://{second.partition('/')[0]}.substack.com/feed"
        if sub != "open" and path.rstrip("/") in {"", "/archive", "/about"}:
            return f"https://{host}/feed"
    elif host == "dev.to":
        if first == "t" and re.fullmatch(_NAME, second):
            return f"https://dev.to/feed/tag/{second}"
        if re.fullmatch(_NAME, first) and not second and first not in _PAGES[host] | {"feed", "t", "rss"}:
            return f"https://dev.to/feed/{first}"
    elif host == "tumblr.com":
        name = first.removeprefix("@") if first != "blog" else second
        if re.fullmatch(_NAME, name) and name not in {"explore", "tagged", "search", "dashboard", "login"}:
            return f"https://{name}.tumblr.com/rss"
    elif domain == "tumblr.com" and path in {"", "/"}:
        return f"https://{host}/rss"
    return ""


def _github(subscription: Subscription) -> str:
    """The releases of a repository, unless its page is about something else; or the feed of a person."""
    server = posts.service(subscription, GITHUB)
    host, path = host_and_path(subscription.url)
    if host not in hosts_of("github") or path.endswith(".atom"):
        return ""
    if found := _REPOSITORY.fullmatch(path):
        owner, repository, page, rest = found.groups()
        if owner.lower() in _GITHUB_PAGES or repository.endswith(".atom"):
            return ""
        branch = f"/{rest}" if page == "commits" and rest else ""
        return f"{server}/{owner}/{repository}/{page or 'releases'}{branch}.atom"
    found = _PERSON.fullmatch(path)
    return f"{server}/{found[1]}.atom" if found and found[1].lower() not in _GITHUB_PAGES else ""


def _stack_exchange(subscription: Subscription) -> str:
    host, path = host_and_path(subscription.url)
    if not lies_at(host, *hosts_of("stackexchange")):
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


class Page(Source):
    """A site whose pages have feeds at known addresses, which are read like any other."""

    def __init__(self, kind: str, feed: Callable[[Subscription], str]) -> None:
        self.kind = kind
        self._feed = feed

    def claims(self, subscription: Subscription) -> bool:
        """Pages with a feed behind them; feeds stay what they are."""
        return bool(self._feed(subscription))

    def request(self, state: FeedState) -> Request:
        """The feed of that page."""
        return as_feed(state, self._feed(state.subscription))


source = Hosted()
github, stackexchange = Page("github", _github), Page("stackexchange", _stack_exchange)

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
_SAME_NETWORK = {"threads.com": "threads.net", "fb.com": "facebook.com", "lnkd.in": "linkedin.com"}


class Unsupported(Source):
    """Networks without public access."""

    kind = "unsupported"

    def claims(self, subscription: Subscription) -> bool:
        """Addresses of these networks, unless they are feeds that are public."""
        return bool(_closed(subscription.url))

    def request(self, state: FeedState) -> Failure:
        """Nothing is requested: the failure says what is possible instead."""
        text, repair = _SAID[_closed(state.subscription.url)]
        return Failure(cause=Cause.UNSUPPORTED, text=text, repair=repair, needs_owner=True)

    def parse(self, response: Response, subscription: Subscription, now: datetime) -> Answer | None:
        """The same failure, should an answer ever come."""
        return self.request(FeedState(subscription=subscription))


def _closed(url: str) -> str:
    host, path = host_and_path(url)
    host = ".".join(host.split(".")[-2:])
    host = _SAME_NETWORK.get(host, host)
    feed = re.search(r"/(?:feed|rss)(?:/|\.|$)|\.(?:xml|rss|atom)$", path)
    return host if host in _SAID and not (feed and host == "facebook.com") and path.strip("/") else ""


unsupported = Unsupported()
