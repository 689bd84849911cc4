"""Links: the one to open, as it was given, and the canonical address of its page, by which links are compared."""

from __future__ import annotations

import base64
import contextlib
import re
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit

from newsfeed.lazy import expression

LIMIT = 2_048  # characters of an address: sitemaps.org allows no longer one

# What browsers remove before parsing an address (WHATWG URL: tab and newline anywhere, C0 and space at the ends).
# http:/host, https:host, http//host and http://https://host as they are meant.
_SCHEME = expression(r"(?:https?:?[\\/]+)*(https?)(?::[\\/]*|[\\/]{2,})", re.IGNORECASE)
_REMOVED = expression(r"[\t\n\r]")
_EDGES = "".join(map(chr, range(0x21)))
_UNSAFE = expression(r"[\x00-\x20\x7f-\x9f<>\"`{}|\\^\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_HOST = expression(r"^(?:\[[0-9a-f:.]+\]|[^\s/?#@:\[\]%<>\"\\^`{|}]+)$")
# An address that needs no changes, as nearly all: a fast check before parsing by the rules.
_PLAIN = expression(
    r"(https?)://(?!https?/)([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::([1-9]\d{0,3}|[1-5]\d{4}))?(/[\w%/:@!$&'()*+,;=.~-]*)?"
    r"(?:\?([\w%/:@!$&'()*+,;=.~?-]*))?(?:#([\w%/:@!$&'()*+,;=.~?-]*))?",
    re.ASCII,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TRACKING = _words(
    "fbclid gclid dclid gbraid wbraid msclkid yclid twclid igshid igsh mc_cid mc_eid mkt_tok _hsenc _hsmi "
    "vero_id vero_conv oly_anon_id oly_enc_id wickedid cmpid cmp ncid sr_share sref guccounter "
    "__twitter_impression ocid cvid smid smtyp xtor at_medium at_campaign at_custom1 at_custom2 "
    "at_custom3 at_custom4 wt.mc_id wt_mc wt.mc s_cid spm ref ref_src ref_url si share_id icid rss_source "
    "fromrss from_rss ftag mbid ito ns_campaign ns_mchannel ns_source ns_linkname ns_fee utm"
)
# Parameters that are trackers on every site.
_SURE = _words(
    "fbclid gclid dclid gbraid wbraid msclkid yclid twclid igshid mc_cid mc_eid mkt_tok _hsenc _hsmi "
    "at_medium at_campaign at_custom1 at_custom2 at_custom3 at_custom4"
)
_SURE_VALUE = expression(r"source=rss-+\w")  # who follows which tag, on hosts of blogs
_SURE_START = ("utm_", "pk_", "mtm_", "piwik_", "hsa_")
_TRACKING_START = ("utm_", "pk_", "mtm_", "piwik_", "hsa_", "itm_", "stm_", "trk_", "guce_")
# Parameters that matter on some sites: dropped only if the value says where the click came from.
_SOURCE_NAMES = frozenset({"source", "from", "src", "cid", "referrer", "via", "mod"})
_SOURCE_VALUE = expression(
    r"^(?:rss|feed|atom|twitter|facebook|newsletter|email|hn$|hackernews|news\.ycombinator|reddit|"
    r"mastodon|bluesky|linkedin|homepage|syndication|djem)",
    re.IGNORECASE,
)
_AMP_PATH = expression(r"/amp/?$")
_REDDIT = expression(r"(?:(?:old|new|np|m|i|amp|ud|[a-z]{2})\.)?reddit\.com")
_MOBILE = expression(r"([a-z]{2,3})\.m\.(wikipedia|wikimedia|wiktionary)\.org")
_AMP_HOST = expression(r"amp\.((?:[^.]+\.)+[^.]+)")
_ARXIV_PDF = expression(r"^/pdf/(.+?)(?:\.pdf)?$")
# Pages that only redirect: hosts, path, and the parameters that may hold the target.
_WRAPPERS = (
    (r"(?:www\.|news\.)?google(?:\.com?)?\.[a-z]{2,3}", r"/(?:news/)?url", ("url", "q")),
    (r"(?:www\.|cn\.)?bing\.com", r"/(?:news/apiclick\.aspx|(?:news|alerts)/\w+)", ("url",)),
    (r"(?:www\.)?duckduckgo\.com", r"/l/?", ("uddg",)),
    (r"(?:l|lm|www)\.facebook\.com|l\.instagram\.com", r"/(?:l\.php)?", ("u",)),
    (r"(?:www\.)?youtube\.com", r"/redirect", ("q",)),
    (r"out\.reddit\.com|exit\.sc", r"/.*", ("url",)),
    (r"t\.umblr\.com", r"/redirect", ("z",)),
    (r"[a-z0-9.]+\.safelinks\.protection\.outlook\.com", r"/.*", ("url",)),
    (r"(?:www\.|m\.)?vk\.com", r"/away\.php", ("to",)),
    (r"(?:www\.)?linkedin\.com", r"/(?:redir/redirect|safety/go)", ("url",)),
    (
        r"steamcommunity\.com|slack-redir\.net|disq\.us|gate\.sc|medium\.com",
        r"/(?:linkfilter/?|link|url|r/?)?",
        ("url", "u"),
    ),
    (r"link\.zhihu\.com", r"/", ("target",)),
    (r"go\.redirectingat\.com|go\.skimresources\.com", r"/.*", ("url",)),
    (r"weibo\.cn", r"/sinaurl", ("u",)),
)
_GOOGLE_AMP = expression(r"^/(?:amp|[cv])/(s/)?((?:[\w-]+\.)+[a-z]{2,}(?:/.*)?)$")
# Pages that only redirect to what stands behind a sign in their path, or is the whole of their query.
_BEHIND = expression(
    r"(?:us\.rd|news)\.yahoo\.com|feeds\.feedblitz\.com|urldefense\.com|anonym\.to|anon\.to|href\.li|dereferer\.me"
)
_WHOLE = expression(r"(?:^|/\*|/~|/__)(https?:/{1,2}.+)$", re.DOTALL)
_YAHOO = expression(r"^/.*/RU=([^/]+)/")
_BING_CLICK = expression(r"(?:^|&)u=a1([\w-]+)")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class _Address(NamedTuple):
    """The parts of an address. An IPv6 host has no brackets here; the port is "" if it is the default."""

    scheme: str
    host: str
    port: str
    path: str
    query: str
    fragment: str

    def __str__(self) -> str:
        scheme, host, port, path, query, fragment = self
        if ":" in host:
            host = f"[{host}]"
        if port:
            host += f":{port}"
        if query:
            path += f"?{query}"
        return f"{scheme}://{host}{path}#{fragment}" if fragment else f"{scheme}://{host}{path}"


def is_plain(url: str) -> bool:
    """Whether an address is plainly one of the web, written as a browser would write it."""
    return len(url) < LIMIT and _PLAIN.fullmatch(url) is not None


def safe_url(url: str, base: str = "") -> str:
    """The address as a browser would read it, absolute, http or https, without userinfo; "" if it is none.

    Fragment and query stay as they are: this is the address to show or to fetch, not the one to compare.
    """
    parts = _split(url, base)
    return "" if parts is None else str(parts)


def link_url(url: str, base: str = "") -> str:
    """The address to open an entry: as given, without parts that never change the page.

    A redirecting page is replaced by its target; from the query only parameters are removed that are trackers on every
    site. Host, path, last slash and fragment stay: what is cut off of them may be another page, or none.
    """
    parts = _unwrapped(url, base)
    if parts is None:
        return ""
    if parts.query:
        query = _without(parts.query, _SURE, _SURE_START)
        parts = parts._replace(query="&".join(p for p in query.split("&") if not _SURE_VALUE.match(p)))
    return str(parts)


@lru_cache(maxsize=2_048)
def canonical_url(url: str, base: str = "") -> str:
    """The canonical address of a page, whoever links to it; for comparing only; "" if it isn't http or https.

    Lower-case host, no userinfo, default port, fragment, trailing slash or tracking parameters; AMP hosts, and second
    hosts of well-known sites, become their main one. The scheme is kept, for not every site speaks https.
    """
    parts = _unwrapped(url, base)
    if parts is None:
        return ""
    host, path, query = _main_address(parts.host, parts.path, parts.query)
    if query:
        query = _without_tracking(query)
    path = _AMP_PATH.sub("/", path)
    if len(path) > 1:
        path = path.rstrip("/") or "/"
    result = str(_Address(parts.scheme, host, parts.port, path, query, _meaningful_fragment(parts.fragment)))
    return result if len(result) <= LIMIT else ""


_ESCAPED_AND = expression(r"&(?:amp|#0*38|#x0*26);", re.IGNORECASE)
_ESCAPED_WHOLE = expression(r"https?%3A%2F%2F", re.IGNORECASE)
_QUOTED = expression(r"<!\[CDATA\[(.*)\]\]>|<(.*)>|\"(.*)\"")  # an address with what software put around it


@lru_cache(maxsize=1_024)
def _split(url: str, base: str) -> _Address | None:
    if "&" in url:
        url = _ESCAPED_AND.sub("&", url)  # escaped once too often
    if len(url) < LIMIT and (plain := _PLAIN.fullmatch(url)):
        scheme, host, port, path, query, fragment = plain.groups("")
        return _Address(
            scheme, host, "" if port == _DEFAULT_PORTS[scheme] else port, path or "/", query, fragment
        )
    return _by_rules(url, base)


def _by_rules(url: str, base: str) -> _Address | None:
    """An address as a browser would understand it; None if it is invalid."""
    url = _REMOVED.sub("", url.strip(_EDGES))
    if not url or len(url) > LIMIT * 2:
        return None
    if quoted := _QUOTED.fullmatch(url):
        url = (quoted[1] or quoted[2] or quoted[3] or "").strip(_EDGES)
    if _ESCAPED_WHOLE.match(url):
        url = unquote(url)
    try:
        if base and _begins_with_host(url, base):
            url = f"{urlsplit(base).scheme or 'https'}://{url}"
        elif base and not _SCHEME.match(url) and not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", url):
            url = urljoin(base, url)
        url = _SCHEME.sub(r"\1://", url, count=1)
        address = re.split(r"[?#]", url, maxsplit=1)[0]
        url = address.replace("\\", "/") + url[len(address) :]
        parts = urlsplit(url)
        scheme, host, number = parts.scheme.lower(), parts.hostname or "", parts.port
    except ValueError:
        return None
    if scheme not in _DEFAULT_PORTS or not host:
        return None
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    host = host.lower().rstrip(".")
    if not _HOST.match(f"[{host}]" if ":" in host else host):
        return None
    port = "" if number is None or str(number) == _DEFAULT_PORTS[scheme] else str(number)
    path = _escaped(parts.path) or "/"
    made = _Address(scheme, host, port, path, _escaped(parts.query), _escaped(parts.fragment))
    return made if len(str(made)) <= LIMIT else None


_OF_NO_NET = _words(
    "local localhost lan home internal intranet corp private localdomain arpa"
)  # RFC 6761, 6762, 8375 and custom


def is_private(url: str) -> bool:
    """Whether an address leads, or may lead, into the reader's own network: a page that shows a picture from there would
    make their browser ask for it. Numbers in unusual spellings, which browsers understand, count as such."""
    parts = _split(url, "")
    host = parts.host if parts else ""
    with contextlib.suppress(ValueError):
        address = ip_address(host)
        return not (getattr(address, "ipv4_mapped", None) or address).is_global
    last = host.rpartition(".")[2]
    return last == host or last in _OF_NO_NET or last[:1].isdigit()


_HOST_FIRST = expression(r"((?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*)(?::\d{1,5})?(?:[/?#]|$)", re.IGNORECASE)


def _begins_with_host(url: str, base: str) -> bool:
    """Whether a link without a scheme begins with a host: one with www., the base's own, or one above or below it."""
    match = _HOST_FIRST.match(url)
    if not match:
        return False
    host, own = match[1].lower(), (urlsplit(base).hostname or "").removeprefix("www.")
    return host.startswith("www.") or (
        bool(own)
        and (host == own or host.endswith(f".{own}") or (host.count(".") > 0 and own.endswith(f".{host}")))
    )


def _unwrapped(url: str, base: str) -> _Address | None:
    """The address, or its target if the page only redirects."""
    parts = _split(url, base)
    for _ in range(3):
        target = _split(_target(parts), "") if parts is not None else None
        if target is None:
            break
        parts = target
    return parts


def _target(parts: _Address) -> str:
    host = parts.host
    if (host == "www.google.com" or host.endswith(".cdn.ampproject.org")) and (
        match := _GOOGLE_AMP.match(parts.path)
    ):
        return f"http{'s' if match[1] else ''}://{match[2]}" + (f"?{parts.query}" if parts.query else "")
    if host == "www.bing.com" and parts.path == "/ck/a" and (match := _BING_CLICK.search(parts.query)):
        return _from_base64(match[1])
    if _BEHIND.fullmatch(host) and (match := _WHOLE.search(parts.path) or _WHOLE.search(parts.query)):
        asked = f"?{parts.query}" if parts.query and match.string == parts.path else ""
        return f"{match[1]}{asked}".partition("__;")[0]
    if "http" not in parts.query and "/RU=" not in parts.path:
        return ""
    if host == "r.search.yahoo.com" and (match := _YAHOO.match(parts.path)):
        return unquote(match[1])
    for hosts, path, names in _WRAPPERS:
        if re.fullmatch(hosts, host) and re.fullmatch(path, parts.path):
            query = dict(parse_qsl(parts.query, max_num_fields=100) if parts.query.count("&") < 100 else ())
            return next((query[name] for name in names if query.get(name, "").startswith("http")), "")
    return ""


def _from_base64(text: str) -> str:
    with contextlib.suppress(ValueError):
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    return ""


def _escaped(text: str) -> str:
    """An address with invalid characters percent-escaped; existing escapes stay."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    if not text.isascii():
        text = quote(text, safe="%/:?#[]@!$&'()*+,;=-._~<>\"`{}|\\^ ")
    return _UNSAFE.sub(lambda m: quote(m.group(), safe=""), text)


def _without(query: str, names: frozenset[str], starts: tuple[str, ...]) -> str:
    """A query without parameters of these names; untouched if it has none of them."""
    pairs = query.split("&")
    lower = [unquote(pair.partition("=")[0]).lower() for pair in pairs]
    kept = [
        p for p, name in zip(pairs, lower, strict=True) if name not in names and not name.startswith(starts)
    ]
    return "&".join(kept)


def _without_tracking(query: str) -> str:
    kept = []
    for pair in _without(query, _TRACKING, _TRACKING_START).split("&"):
        name, _, value = pair.partition("=")
        lower = unquote(name).lower()
        if not pair:
            continue
        if lower in _SOURCE_NAMES and _SOURCE_VALUE.match(unquote(value)):
            continue
        kept.append(pair)
    return "&".join(kept)


def _main_address(host: str, path: str, query: str) -> tuple[str, str, str]:
    """The main address of a page on well-known alternative hosts."""
    if host in {"youtu.be", "www.youtu.be"} and len(path) > 1:
        return "www.youtube.com", "/watch", urlencode({"v": path.strip("/").split("/")[0]})
    if host in {"youtube.com", "m.youtube.com", "www.youtube.com", "www.youtube-nocookie.com"}:
        short = re.match(r"^/(?:shorts|embed|live)/([\w-]{6,})", path)
        if short:
            return "www.youtube.com", "/watch", urlencode({"v": short.group(1)})
        if path == "/watch":
            video = dict(parse_qsl(query)).get("v", "")
            if video:
                query = urlencode({"v": video})
        return "www.youtube.com", path, query
    if host.endswith("reddit.com") and _REDDIT.fullmatch(host):
        return "www.reddit.com", path, query
    if host in {"mobile.twitter.com", "m.twitter.com", "www.twitter.com", "twitter.com", "www.x.com"}:
        return "x.com", path, query
    if host in {"arxiv.org", "www.arxiv.org", "export.arxiv.org"}:
        pdf = _ARXIV_PDF.match(path)
        return "arxiv.org", f"/abs/{pdf.group(1)}" if pdf else path, query
    if ".m." in host and (mobile := _MOBILE.fullmatch(host)):
        return f"{mobile.group(1)}.{mobile.group(2)}.org", path, query
    if host.startswith("amp.") and (amp := _AMP_HOST.fullmatch(host)) and len(amp.group(1)) > 5:
        return amp.group(1), path, query
    return host, path, query


def _meaningful_fragment(fragment: str) -> str:
    """The fragment, if it selects the page (`#/`, `#!`) and not only a place in it."""
    return fragment if fragment.startswith(("!", "/")) else ""
