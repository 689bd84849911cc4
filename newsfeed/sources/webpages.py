"""Ordinary web pages: the feeds that they name, the usual addresses of feeds, and the text of an article.

Articles are read for picks whose feed has only a sentence: trafilatura finds the text. No subscription is of that kind;
`pipeline.morning.articles` asks for it by name. robots.txt is read by Protego, as crawlers read it (RFC 9309)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from newsfeed import text
from newsfeed.lazy import expression
from newsfeed.model import Cause, Failure, FeedState, Item, Parsed, Request, Response, Subscription
from newsfeed.sources.source import Answer, Source
from newsfeed.text import safe_url

MAX_BODY = 1_000_000  # bytes of a page that are looked at; what names a feed stands near its beginning
MAX_CANDIDATES = 20  # feeds of one site that are offered
WORDS = 200  # characters of what a link shows
AT_ONCE = 5  # seconds after which a page that forwards does so because it has moved

_FEED_TYPES = {
    "application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml",
    "application/x-rss+xml", "application/rss", "application/atom", "text/rss", "text/rss+xml", "text/atom+xml",
}  # fmt: skip
# Media types that feeds share with much else: believed only if the address looks like a feed's.
_VAGUE_TYPES = {"application/json", "application/xml", "text/xml", ""}
_FEED_ADDRESS = expression(
    r"(?:^|[/._?&=-])(?:feeds?|rss2?|atom|rdf)(?:$|[/._?&=-])|\.(?:rss|atom|rdf)$", re.IGNORECASE
)
# Addresses that sites announce like their feeds, or link to beside them, but that are not feeds.
_NO_FEED = expression(
    r"/wp-json\b|oembed|xmlrpc|opensearch|\.opml\b|feedly\.com|inoreader\.com", re.IGNORECASE
)
_COMMENTS = expression(
    r"[ck]omm?ent|reactie|replies|yorum|hozzászólás|bình luận|комм?ентар|σχόλι|תגובות|تعليق|コメント|댓글|评论|評論",
    re.IGNORECASE,
)
_SEARCHES = expression(r"/search(?:/|$)|[?&](?:s|q|search)=", re.IGNORECASE)
_FEED_HOST = expression(r"(?:feeds?\d?|rss)\.", re.IGNORECASE)  # feeds.feedburner.com, rss.site.example
_SECTIONS = {"blog", "weblog", "news", "journal", "articles", "posts", "magazine", "notes"}
# Link schemes that some feed readers register: feed://host/path, feed:https://host/path.
_WRITTEN = expression(r"^(?:feed|rss|itpc|pcast|podcast):(?://)?(https?:(?=//))?", re.IGNORECASE)
# What a button of another reader subscribes to: feedly.com/i/subscription/feed/https://host/path, newsblur.com/?url=…
_FOR_READERS = expression(
    r"https?://(?:[\w-]+\.)*(?:feedly\.com/i/subscription|inoreader\.com|newsblur\.com|theoldreader\.com|netvibes\.com|bazqux\.com|"
    r"subtome\.com|feedbin\.com|add\.my\.yahoo\.com)/.*?(https?(?::|%3a)(?:/|%2f){2}.+)",
    re.IGNORECASE,
)
_FORWARDS = expression(
    r"\s*(\d{0,4}(?:\.\d{0,3})?)\s*[;,]\s*(?:url\s*=\s*)?(\S[^\n\r]{0,2000})", re.IGNORECASE
)
_LINK_VALUE = expression(
    r"<([^<>]{1,2000})>((?:\s*;\s*[^\s;,=\"]{1,40}(?:\s*=\s*(?:\"[^\"]{0,500}\"|[^\s;,\"]{0,500}))?)*)"
)
_LINK_PARAMETER = expression(r";\s*([^\s;,=\"]{1,40})\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]*))")
_SAYS_RSS = expression(r"(?<![a-z])(?:rss|atom)(?:[ _-]?(?:feed|icon|2))?(?![a-z])", re.IGNORECASE)
_SAYS_FEED = expression(r"(?<![a-z])(?:web|news)?feeds?(?![a-z])", re.IGNORECASE)
_SHOWN = ("alt", "title", "src", "class", "href")
_PATHS = (
    "feed", "rss.xml", "atom.xml", "index.xml", "feed.xml", "rss", "feeds/posts/default", "feed.atom", "feed.json",
)  # fmt: skip


def candidates(body: bytes, url: str, link_header: str = "") -> tuple[str, ...]:
    """The feeds that a page names, best first: those it announces, then links that look like feeds or say so.

    Feeds of comments and of searches come last, and so does a feed below the very page where there are others: it holds the answers
    to one article. `body` is the answer's bytes, `url` where it came from, after redirects, `link_header` what its
    Link header says. A page that names no feed gives none.
    """
    announced = list(_in_header(link_header, url))
    linked: list[str] = []
    told: list[str] = []
    comments: list[str] = []
    for tag, attributes, said, base in _links(body[:MAX_BODY], url):
        written = safe_url(plain(attributes.get("href", "")), base).partition("#")[0]
        target = _subscribed_to(written)
        if not target or _NO_FEED.search(target):
            continue
        if tag == "link":
            found = announced if _is_announced(attributes, target) else None
        elif target != written or _is_link_to_feed(attributes, target, url):
            found = linked
        else:
            found = told if _says_feed(attributes, said, target, url) else None
        if found is not None:
            answers = _COMMENTS.search(f"{urlsplit(target).path} {attributes.get('title', '')} {said}")
            (comments if answers or _SEARCHES.search(target) else found).append(target)
    first = [*announced, *linked[:5], *told[:5]]
    below = [target for target in first if _is_below(target, url)]
    return tuple(dict.fromkeys([*(t for t in first if t not in below), *below, *comments]))[:MAX_CANDIDATES]


def _subscribed_to(target: str) -> str:
    """The feed that a link to another reader would have it subscribe to; other addresses as they are."""
    found = _FOR_READERS.match(target)
    if not found:
        return target
    return safe_url(unquote(found[1]) if "%" in found[1][:12] else found[1])


def forwards(body: bytes, url: str, refresh_header: str = "") -> str:
    """The address to which a page forwards its visitors at once (`<meta http-equiv="refresh">`, or the header of that name);
    "" where it doesn't."""
    if told := _FORWARDS.match(refresh_header):
        return _forwarded(told, url, url)
    root = _page(body[:MAX_BODY])
    for element in root.iter("meta") if root is not None else ():
        named = {str(k).lower(): str(v) for k, v in element.attrib.items()}
        told = _FORWARDS.match(named.get("content", ""))
        hidden = any(above.tag == "noscript" for above in element.iterancestors())
        if named.get("http-equiv", "").strip().lower() == "refresh" and told and not hidden:
            return _forwarded(told, url, _base(root, url))
    return ""


def _forwarded(told: re.Match[str], url: str, base: str) -> str:
    quote = told[2][:1]
    place = told[2][1:].partition(quote)[0] if quote in {"'", '"'} else told[2]
    target = safe_url(place.strip(), base).partition("#")[0]
    # A page that only reloads itself, perhaps with another query, is testing its visitors.
    again = urlsplit(target)[:3] == urlsplit(url)[:3]
    return target if float(told[1] or 0) <= AT_ONCE and not again else ""


def plain(address: str) -> str:
    """`feed://host/x` and `feed:https://host/x` as addresses of the web; all others as they are."""
    return _WRITTEN.sub(lambda match: match[1] or "https://", address.strip())


def guesses(url: str) -> tuple[str, ...]:
    """Usual addresses of feeds that a page doesn't name, in the order to try them.

    First below the page itself (a blog within a site), then below the site's root.
    """
    parts = urlsplit(safe_url(url))
    if not parts.netloc:
        return ()
    path = parts.path if parts.path.endswith("/") else f"{parts.path}/"
    if re.search(r"\.(?:html?|php|aspx?)/$", path):
        path = path[: path.rstrip("/").rfind("/") + 1]
    below = [path] if path == "/" else [path, "/"]
    blogger = ".blogspot." in parts.netloc
    names = sorted(_PATHS, key=lambda name: name != "feeds/posts/default") if blogger else _PATHS
    return tuple(
        urlunsplit((parts.scheme, parts.netloc, start + name, "", "")) for start in below for name in names
    )


def _page(body: bytes) -> Any:
    """The root element of a page; None if it is not HTML."""
    from lxml import etree

    # For a page without a charset the library assumes Latin-1.
    encoding = "utf-8" if "\ufffd" not in body[:-4].decode("utf-8", "replace") else None
    parser = etree.HTMLParser(
        encoding=encoding, recover=True, no_network=True, remove_comments=True, huge_tree=False
    )
    try:
        return etree.fromstring(body, parser)
    except (etree.LxmlError, ValueError):
        return None


def _base(root: Any, url: str) -> str:
    return next((safe_url(e.get("href", ""), url) for e in root.iter("base") if e.get("href")), "") or url


def _links(body: bytes, url: str) -> Iterator[tuple[str, Mapping[str, str], str, str]]:
    """Each `<link>` and `<a>` of a page: its attributes, the words it shows, what its address is relative to."""
    root = _page(body)
    if root is None:
        return
    base = _base(root, url)
    for element in root.iter("link", "a"):
        if any(above.tag == "template" for above in element.iterancestors()):
            continue  # what a script may put into the page
        tag = str(element.tag)
        attributes = {str(k).lower(): str(v) for k, v in element.attrib.items()}
        said = ""
        if tag == "a":
            pictures = [
                e.get(name, "") for e in element.iter("img", "svg", "use", "i", "span") for name in _SHOWN
            ]
            own = [attributes.get(name, "") for name in ("title", "aria-label", "class", "rel")]
            said = " ".join([*islice(element.itertext(), 8), *own, *pictures[:20]])[:WORDS]
        yield tag, attributes, said, base


def _in_header(value: str, url: str) -> Iterator[str]:
    """The feeds that a Link header announces (RFC 8288)."""
    for match in _LINK_VALUE.finditer(value):
        named = {n.lower(): (quoted or plain) for n, quoted, plain in _LINK_PARAMETER.findall(match[2])}
        target = safe_url(match[1].strip(), url).partition("#")[0]
        if target and not _NO_FEED.search(target) and _is_announced(named, target):
            yield target


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
    return kind in _FEED_TYPES or (_speaks_of_feed(target) and site(target) == site(page))


def _says_feed(attributes: Mapping[str, str], said: str, target: str, page: str) -> bool:
    """Whether a link's words, title or picture say RSS or Atom, or its host does; or "feed", where it stays on the site."""
    if target == page or attributes.get("rel", "").lower() == "stylesheet":
        return False
    if _FEED_HOST.match(urlsplit(target).netloc) and urlsplit(target).path.strip("/"):
        return True
    return bool(_SAYS_RSS.search(said)) or (bool(_SAYS_FEED.search(said)) and site(target) == site(page))


def _is_below(target: str, page: str) -> bool:
    """Whether a feed's address is below the page that names it, unless that is the front page of a site or section."""
    here, there = urlsplit(page), urlsplit(target)
    path = here.path.rstrip("/")
    if not path or path.rpartition("/")[2].lower() in _SECTIONS or here.netloc != there.netloc:
        return False
    return there.path.startswith(path + "/")


def _speaks_of_feed(target: str) -> bool:
    parts = urlsplit(target)
    return bool(
        _FEED_ADDRESS.search(parts.path) or _FEED_ADDRESS.search(f"?{parts.query}" if parts.query else "")
    )


def site(url: str) -> str:
    """The registrable domain of an address, by the public suffix list: where it belongs. For a bare number, or a name
    of the local net without a dot, its host and port."""
    from tld import get_fld

    parts = urlsplit(url)
    labels = (parts.hostname or "").rstrip(".").split(".")
    if len(labels) < 2 or not re.search(r"[a-z]", labels[-1]) or ":" in labels[0]:
        return parts.netloc.lower()
    return str(get_fld(url, fail_silently=True, search_private=True) or ".".join(labels[-2:]))


ARTICLE = "article"

ACCEPT = "text/html, application/xhtml+xml;q=0.9"
AGENT = "newsfeed"
LONGEST = 2_000_000  # bytes of a page that are looked at
LEAST_WORDS = 40  # words; less is a notice, not an article


class Article(Source):
    """The page of an article."""

    kind = ARTICLE

    def claims(self, subscription: Subscription) -> bool:
        """No subscription is an article."""
        return False

    def request(self, state: FeedState) -> Request:
        """A request for a page. The target of a redirect is another page, which must be checked before it is requested."""
        return Request(url=state.subscription.url, source=ARTICLE, accept=ACCEPT, follow=False)

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


article = Article()
