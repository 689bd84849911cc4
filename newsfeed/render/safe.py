"""What may reach a page: only web addresses as links, only text without invisible control characters.

Texts and addresses of an edition come from feeds. Escaping is the template engine's; this module decides what a
link may point to, from a page and from a mail, which characters are never printed, and where plain lines break.
"""

from __future__ import annotations

import ipaddress
import re
import textwrap
import unicodedata
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

from newsfeed.lazy import expression
from newsfeed.render.alternates import MEDIA_TYPES

COLUMNS = 72  # of a line of plain text
# Never printed: control characters except tab and newline; bidirectional overrides, embeddings and isolates, with
# which a headline could reorder the text around it; invisible fillers; characters that HTML and XML forbid. The joiners
# U+200C and U+200D stay: Persian, Indic scripts and emoji are spelled with them.
_UNPRINTED = expression(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
    "|[" + "".join(chr(plane << 16 | last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF)) + "]"
)
_SITE_FILE = expression(
    r"(?:[a-z0-9][a-z0-9_-]*/)*[a-z0-9][a-z0-9_-]*(?:"
    + "|".join(map(re.escape, MEDIA_TYPES))
    + r")(?:#[A-Za-z][\w.-]*)?"
)
# An address of which nothing is left out, as most are.
_PLAIN = expression(
    r"https?://[a-z0-9][a-z0-9.-]*(?:/[\w/.,:;=&%+~@!$'()*-]*)?(?:\?[\w/.,:;=&%+~@!$'()*-]+)?", re.ASCII
)
_PLACE = expression(r"#[A-Za-z][\w.-]*")
_LANGUAGE = expression(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


class Drawing(Protocol):
    """The interface of `Templates` for the modules that fill templates."""

    def page(self, name: str, *, root: str, lang: str, **context: Any) -> bytes:
        """A page of the site."""

    def fill(self, name: str, **context: Any) -> str:
        """A template with its context, as text."""


def visible(text: str) -> str:
    """`text` without the characters that are never printed."""
    return text if text.isprintable() else _UNPRINTED.sub("", text)


def web(address: str) -> str:
    """`address` if it is an http or https address with a host, else "".

    Browsers skip tabs, line ends and leading controls within an address before they read its scheme, so an address
    with any control or space in it is refused, not repaired. A user name or password before the host is dropped.
    """
    if _PLAIN.fullmatch(address):
        return address
    if not address or re.search(r"[\x00-\x20\x7f-\xa0\\]", address) or visible(address) != address:
        return ""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host:
        return ""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def host(address: str) -> str:
    """The host of a web address as people say it, without "www.", "" if it is none."""
    return (urlsplit(web(address)).hostname or "").removeprefix("www.")


def place(address: str, root: str | None = "") -> str:
    """Where a link in an edition's own sentences may lead: the web, a place on the page, or a file of the site.

    `root` leads from the page to the site's folder ("", "../../../" or the site's address); None means that there
    is no way to it, as in a feed of a site without an address: then only web addresses are kept. Anything else
    gives "".
    """
    if to := web(address):
        return to
    if root is None:
        return ""
    if _SITE_FILE.fullmatch(address):
        return root + address
    return address if _PLACE.fullmatch(address) else ""


def slug(text: str) -> str:
    """`text` as (part of) an id: ASCII letters, digits and hyphens; other characters by their number."""
    return "".join(
        c if c.isascii() and (c.isalnum() or c in "-_") else "-" if c == " " else f"u{ord(c):x}" for c in text
    )


def language(code: str) -> str:
    """A language code that is valid in `lang`, else ""."""
    return code if _LANGUAGE.fullmatch(code) else ""


def instant(moment: datetime) -> str:
    """A moment in UTC to the second, as HTML, Atom and JSON Feed write it: 2026-11-22T06:10:00Z."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def public(address: str) -> str:
    """The address of a site, ending in a slash, if links in a mail may lead there; else ""."""
    address = web(address)
    return address.rstrip("/") + "/" if address and reachable(address) else ""


def reachable(address: str) -> bool:
    """Whether a web address can work from another machine, that is, isn't a loopback address."""
    host = (urlsplit(address).hostname or "").rstrip(".").lower()
    if host == "localhost" or host.endswith((".localhost", ".invalid")):
        return False
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return not re.fullmatch(
            r"(0x[0-9a-f]*|\d+)(\.(0x[0-9a-f]*|\d+))*", host
        )  # unusual spellings of IP addresses
    return not (number.is_loopback or number.is_unspecified or number.is_link_local)


def mailed(address: str, page_url: str, site_url: str) -> str:
    """Where a link of an edition leads in a mail: to the web, or to the site if that has an address; else ""."""
    if to := web(address):
        return to if reachable(to) else ""
    if not site_url:
        return ""
    to = place(address, site_url)
    return page_url + to if to.startswith("#") else to


def columns(text: str) -> int:
    """How many columns a text takes in a terminal: wide characters take two, marks on letters none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def wrapped(text: str, first: str = "", other: str = "") -> str:
    """`text` in lines of at most 72 columns, the first indented by `first`, the others by `other`.

    An address is never broken. Scripts without spaces break anywhere.
    """
    text = " ".join(str(text).split())
    if columns(text) == len(text):
        lines = textwrap.wrap(
            text,
            COLUMNS,
            initial_indent=first,
            subsequent_indent=other,
            break_long_words=False,
            break_on_hyphens=False,
        )
        return "\n".join(lines) or first.rstrip()
    return _wrapped_wide(text, first, other)


def _wrapped_wide(text: str, first: str, other: str) -> str:
    lines, line = [], first
    for word in text.split(" "):
        gap = "" if line in (first, other) else " "
        if columns(line + gap + word) <= COLUMNS:
            line += gap + word
            continue
        wide = any(unicodedata.east_asian_width(c) in "WF" for c in word)
        if not wide:
            if line not in (first, other):
                lines.append(line)
                line = other
            line += word
            continue
        line += gap
        for c in word:
            if columns(line + c) > COLUMNS and not unicodedata.combining(c):
                lines.append(line.rstrip())
                line = other
            line += c
    return "\n".join([*lines, line])


def part(share: float) -> str:
    """A part of one as a percentage: "12 %"."""
    return f"{round(share * 100)}\u00a0%"
