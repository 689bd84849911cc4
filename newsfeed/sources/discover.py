"""From a web page to the addresses of its feeds: those that it names, and those where feeds usually lie."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit, urlunsplit

from newsfeed.text import safe_url

MAX_BODY = 1_000_000  # bytes of a page that are looked at; what names a feed stands near its beginning
MAX_CANDIDATES = 20

_FEED_TYPES = {
    "application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml",
    "application/x-rss+xml", "application/rss", "application/atom", "text/rss", "text/rss+xml", "text/atom+xml",
}  # fmt: skip
# Types that a feed may have and much else as well: believed where the address speaks for it.
_VAGUE_TYPES = {"application/json", "application/xml", "text/xml", ""}
_FEED_ADDRESS = re.compile(
    r"(?:^|[/._?&=-])(?:feeds?|rss2?|atom|rdf)(?:$|[/._?&=-])|\.(?:rss|atom|rdf)$", re.IGNORECASE
)
# What sites announce in the same way as their feeds, or link to beside them.
_NO_FEED = re.compile(
    r"/wp-json\b|oembed|xmlrpc|opensearch|\.opml\b|feedly\.com|inoreader\.com", re.IGNORECASE
)
_COMMENTS = re.compile(r"comment|komment|coment|reactie|replies|评论|評論|комментари", re.IGNORECASE)
_PATHS = (
    "feed", "rss.xml", "atom.xml", "index.xml", "feed.xml", "rss", "feeds/posts/default", "feed.atom", "feed.json",
)  # fmt: skip


def candidates(body: bytes, url: str) -> tuple[str, ...]:
    """The feeds that a page names, best first: those it announces, then its links that look like one.

    Feeds of comments come last. `body` is the answer's bytes, `url` where it came from, after redirects. A page
    that names no feed gives none.
    """
    announced: list[str] = []
    linked: list[str] = []
    comments: list[str] = []
    for tag, attributes, base in _links(body[:MAX_BODY], url):
        target = safe_url(attributes.get("href", ""), base).partition("#")[0]
        if not target or _NO_FEED.search(target):
            continue
        if not (
            _is_announced(attributes, target) if tag == "link" else _is_link_to_feed(attributes, target, url)
        ):
            continue
        if _COMMENTS.search(f"{urlsplit(target).path} {attributes.get('title', '')}"):
            comments.append(target)
        else:
            (announced if tag == "link" else linked).append(target)
    return tuple(dict.fromkeys([*announced, *linked[:5], *comments]))[:MAX_CANDIDATES]


def guesses(url: str) -> tuple[str, ...]:
    """Addresses where the feed of a site often lies though nobody says so, in the order to try them.

    First below the page itself (a blog within a site), then below the site's root.
    """
    parts = urlsplit(safe_url(url))
    if not parts.netloc:
        return ()
    path = parts.path if parts.path.endswith("/") else f"{parts.path}/"
    if re.search(r"\.(?:html?|php|aspx?)/$", path):
        path = path[: path.rstrip("/").rfind("/") + 1]
    below = [path] if path == "/" else [path, "/"]
    names = (
        sorted(_PATHS, key=lambda name: name != "feeds/posts/default")
        if _is_blogger(parts.netloc)
        else _PATHS
    )
    return tuple(
        urlunsplit((parts.scheme, parts.netloc, start + name, "", "")) for start in below for name in names
    )


def _is_blogger(host: str) -> bool:
    return ".blogspot." in host


def _links(body: bytes, url: str) -> Iterator[tuple[str, Mapping[str, str], str]]:
    """Each `<link>` and `<a>` of a page with its attributes and the address that its own are relative to."""
    from lxml import etree

    parser = etree.HTMLParser(recover=True, no_network=True, remove_comments=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.LxmlError, ValueError):
        return
    if root is None:
        return
    base = next((safe_url(e.get("href", ""), url) for e in root.iter("base") if e.get("href")), "") or url
    for element in root.iter("link", "a"):
        yield str(element.tag), {str(k).lower(): str(v) for k, v in element.attrib.items()}, base


def _is_announced(attributes: Mapping[str, str], target: str) -> bool:
    relations = attributes.get("rel", "").lower().split()
    if "feed" in relations:
        return True
    if "alternate" not in relations or "stylesheet" in relations:
        return False
    kind = attributes.get("type", "").partition(";")[0].strip().lower()
    return kind in _FEED_TYPES or (kind in _VAGUE_TYPES and _speaks_of_feed(target))


def _is_link_to_feed(attributes: Mapping[str, str], target: str, page: str) -> bool:
    kind = attributes.get("type", "").partition(";")[0].strip().lower()
    return kind in _FEED_TYPES or (_speaks_of_feed(target) and _site(target) == _site(page))


def _speaks_of_feed(target: str) -> bool:
    parts = urlsplit(target)
    return bool(
        _FEED_ADDRESS.search(parts.path) or _FEED_ADDRESS.search(f"?{parts.query}" if parts.query else "")
    )


def _site(url: str) -> str:
    """The last two labels of a host: near enough to tell a site's own links from those to elsewhere."""
    return ".".join((urlsplit(url).hostname or "").split(".")[-2:])
