"""The page of an article, read for picks whose feed has only a sentence: trafilatura finds its text.

No subscription is of this kind: `pipeline.morning.articles` asks for it by name. robots.txt is read by Protego, as crawlers
read it (RFC 9309).
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from urllib.parse import urlsplit

from newsfeed import text
from newsfeed.model import Cause, Failure, FeedState, Item, Parsed, Request, Response, Subscription
from newsfeed.sources.source import Answer, Source

KIND = "article"

ACCEPT = "text/html, application/xhtml+xml;q=0.9"
AGENT = "newsfeed"
LONGEST = 2_000_000  # bytes of a page that are looked at
LEAST_WORDS = 40  # words; less is a notice, not an article


class Article(Source):
    """The page of an article."""

    kind = KIND

    def claims(self, subscription: Subscription) -> bool:
        """No subscription is an article."""
        return False

    def request(self, state: FeedState) -> Request:
        """A request for a page. The target of a redirect is another page, which must be checked before it is requested."""
        return Request(url=state.subscription.url, source=KIND, accept=ACCEPT, follow=False)

    def parse(self, response: Response, subscription: Subscription, now: datetime) -> Answer | None:
        """The article of a page as one item: its text, its lead and its words. A page without one is a failure."""
        import trafilatura

        if "html" not in response.content_type and response.content_type:
            return Failure(cause=Cause.UNSUPPORTED, text="It is no web page.", url=response.url)
        found = trafilatura.extract(
            response.body[:LONGEST],
            url=response.url,
            include_comments=False,
            include_tables=False,
            favor_precision=True,
            deduplicate=False,
            with_metadata=False,
        )
        body = "\n".join(
            text.clean_line(line, limit=5_000) for line in (found or "").splitlines() if line.strip()
        )
        words = text.count_words(body)
        if words < LEAST_WORDS:
            return Failure(
                cause=Cause.NOT_A_FEED, text="No article was found on that page.", url=response.url
            )
        item = Item(
            identity=hashlib.sha256(response.url.encode()).hexdigest()[:24],
            link=response.url,
            page=text.canonical_url(response.url),
            title=subscription.title,
            lang=text.detect_language(body),
            lead=text.lead(body, subscription.title),
            text=body,
            words=words,
        )
        return Parsed(items=(item,))


def allowed(robots: bytes, url: str) -> bool:
    """Whether a robots.txt allows us to read an address."""
    from protego import Protego

    return bool(Protego.parse(robots.decode("utf-8", "replace")).can_fetch(url, AGENT))


def robots_url(url: str) -> str:
    """The address of the robots.txt for a page."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/robots.txt"


def same_site(one: str, other: str) -> bool:
    """Whether two addresses belong to one site, by the public suffix list: news.example.co.uk is of example.co.uk."""
    from tld import get_fld

    hosts = {urlsplit(url).hostname or "" for url in (one, other)}
    if len(hosts) == 1:
        return "" not in hosts
    sites = {get_fld(url, fail_silently=True) for url in (one, other)}
    return len(sites) == 1 and None not in sites


source = Article()
