"""Untrusted bytes -> one well-formed document, or a description of what came instead of a feed.

Everything that must happen before a parser may see a document happens here: what is no feed is recognised, the
prolog is dropped (no DTD, no entities of its own), controls are removed, unbounded fields are capped, and what is not
well-formed is repaired, in `xml_repair`. Every piece of the result has been parsed.
"""

from __future__ import annotations

import html
import html.entities
import re
from collections.abc import Mapping
from xml.parsers import expat

from newsfeed.model import Cause, Failure, Problem, Record
from newsfeed.reading.xml_repair import CDATA, ENTRY_END, repaired, with_ends
from newsfeed.sources.source import BODY_LIMIT
from newsfeed.text import clean_line
from newsfeed.text.encodings import decode, without_impossible

PROLOG_LIMIT = 64_000  # characters before the root
FIELD_LIMIT = 1_000  # characters of an author, a name, an address: feedparser's time grows with their square

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CONTROLS = bytes({*range(0x20)} - {*b"\t\n\r"})
_ROOT = re.compile(r"<(?:(?!!|\?)[\w.-]+:)?(rss|feed|rdf|channel)(?=[\s>/])", re.IGNORECASE)
_ANY_ROOT = re.compile(r"<([a-zA-Z][\w:.-]*)")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|title|meta|script|h1|div|p)\b", re.IGNORECASE)
_ENTITY_NAMES = re.compile(r"<!ENTITY\s+%?\s*([\w.-]{1,60})")
# A name for a few plain words, which can't grow: some feeds name their site so. All other entities yield nothing.
_PLAIN_ENTITY = re.compile(r"""<!ENTITY\s+([\w.-]{1,60})\s+(?:"([^"&<>%]{0,60})"|'([^'&<>%]{0,60})')\s*>""")
_PRINTED = re.compile(r"<pre\b[^<>]{0,300}>\s*(?=&lt;(?:\?xml|rss|feed|rdf:RDF)\b)", re.IGNORECASE)
_PAGE_HEAD = 5_000  # characters of a page before a feed that it shows
_EXPANSIONS = 1_000  # of such names in one document
_REFERENCE = re.compile(r"&(#?[\w.-]{1,60};)?")
_FIVE = frozenset({"amp", "lt", "gt", "quot", "apos"})
_UNBOUNDED = re.compile(
    r"(<(?:[\w-]{1,20}:)?(?:author|creator|contributor|publisher|managingeditor|webmaster|name|email|owner|rights|guid|id)"
    rf"(?:\s[^<>]{{0,300}})?>\s*(?:<!\[CDATA\[)?[^<>\]]{{{FIELD_LIMIT}}})[^<>\]]+",
    re.IGNORECASE,
)


class XmlDocument(Record, frozen=True, kw_only=True):
    """A document that a parser may see: no declaration, no DTD, no controls. `root` is the name of its root."""

    text: str
    root: str
    problems: tuple[Problem, ...] = ()


def read(body: bytes, content_type: str = "", status: int = 200) -> XmlDocument | Failure:
    """The document for the parser, or why there is none."""
    problems: list[Problem] = []
    if len(body) > BODY_LIMIT:
        body = body[:BODY_LIMIT]
        problems.append(Problem(text="The document is larger than 10 MB: the rest of it was not read."))
    if not body.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        return Failure(
            cause=Cause.NOT_A_FEED,
            text="The server sent an empty document.",
            repair="Nothing to do if it passes; otherwise look for the feed's new address.",
            status=status,
        )
    text, encoding = decode(body, content_type)
    if encoding.startswith("windows-1252 in"):
        problems.append(Problem(text="Some bytes fit no declared encoding: they were read as Windows-1252."))
    if _may_be_illegal(text) and _ILLEGAL.search(text):
        text = _ILLEGAL.sub(lambda m: "\ufffd" if m.group() >= "\ud800" else "", text)
    start = _root(text)
    if start is None:
        text, page = _printed(text), text
        start = _root(text)
        if start is None:
            return not_a_feed(page, status)
    match, prolog = start
    if len(re.sub(r"\s+", " ", prolog)) > PROLOG_LIMIT:
        return Failure(
            cause=Cause.BROKEN_FEED,
            text="The document has more than 64 KB of definitions before it begins.",
            repair="No feed needs them: tell its owner, or remove it.",
            status=status,
        )
    root = match.group(0)[1:]
    text = text[match.start() :]
    prefix = root.rpartition(":")[0]
    if prefix and root.lower().endswith("channel"):  # RSS 1.1, which feedparser knows without a prefix only
        text = re.sub(rf"<(/?){re.escape(prefix)}:", r"<\1", text)
        root = root.removeprefix(f"{prefix}:")
    text, cut = _whole(text, root)
    if cut:
        problems.append(cut)
    own = dict.fromkeys(frozenset(_ENTITY_NAMES.findall(prolog)) - _FIVE, "")
    if text.count("&") <= _EXPANSIONS:
        own |= {name: one or other for name, one, other in _PLAIN_ENTITY.findall(prolog) if name in own}
    text, broken = _repair(text, own)
    if broken:
        problems.append(broken)
    # To look for a long piece of text is much faster than for one of these elements.
    if any(len(piece) > FIELD_LIMIT for piece in text.split("<")):
        text = _UNBOUNDED.sub(r"\1", text)
    return XmlDocument(text=text, root=root, problems=tuple(problems))


def _may_be_illegal(text: str) -> bool:
    """Whether to look for the characters that XML forbids: bytes are searched several times as fast as characters."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return True
    return len(data.translate(None, _CONTROLS)) != len(data) or "\ufffe" in text or "\uffff" in text


def _root(text: str) -> tuple[re.Match[str], str] | None:
    """The start tag of the feed and the text before it; None if there is none."""
    at = 0
    for _ in range(200):
        match = _ROOT.search(text, at)
        if not match:
            return None
        before = text[: match.start()]
        opened = before.rfind("<!--")
        if opened >= 0 and before.find("-->", opened) < 0:
            end = text.find("-->", match.end())
            if end < 0:
                return None
            at = end + 3
            continue
        first = _ANY_ROOT.search(_COMMENT.sub("", before))
        # `<channel>` or `<feed>` deep inside a page or a list isn't its root.
        if first and (
            _HTML.match(first.group()) or first.group(1).lower() in {"opml", "urlset", "sitemapindex", "svg"}
        ):
            inside = re.search(r"<\?xml\s", before)
            if not inside or _HTML.search(before, inside.end()):
                return None
        return match, before
    return None


def _printed(text: str) -> str:
    """The feed that a page shows as text, as browsers do, and what saves their pages; "" if it shows none."""
    found = _PRINTED.search(text[:_PAGE_HEAD])
    if not found:
        return ""
    end = text.find("</pre>", found.end())
    return html.unescape(text[found.end() : end if end >= 0 else len(text)])


def _whole(text: str, root: str) -> tuple[str, Problem | None]:
    """A document that was cut off, without its last, partial item. Junk behind the end goes too."""
    end = re.compile(rf"</{re.escape(root)}\s*>", re.IGNORECASE)
    closed = _last(end, text, text.rfind(f"</{root}"))
    if closed:
        return text[: closed.end()], None
    items = _last(ENTRY_END, text, 0)
    line = text.count("\n") + 1
    problem = Problem(text="The document is cut off: its last item was left for the next time.", line=line)
    if items is None:
        return text, problem
    text = text[: items.end()]
    channel = re.match(rf"<{re.escape(root)}", text) and re.search(r"<((?:[\w-]+:)?channel)[\s>]", text)
    if channel and f"</{channel.group(1)}" not in text and channel.group(1).lower() != root.lower():
        text += f"</{channel.group(1)}>"
    return f"{text}</{root}>", problem


def _last(pattern: re.Pattern[str], text: str, start: int) -> re.Match[str] | None:
    return max(pattern.finditer(text, max(0, start)), key=lambda m: m.start(), default=None)


def _repair(text: str, own: Mapping[str, str]) -> tuple[str, Problem | None]:
    """The document with invalid characters and references repaired, and what was wrong with it."""
    text = with_ends(text)
    error = _error(text)
    if error is None:
        return text, None
    line, what = error
    problem = Problem(text=f"The document is not well-formed ({what}); it was read all the same.", line=line)
    text = without_impossible(text)
    parts = CDATA.split(text)
    parts[::2] = [_REFERENCE.sub(lambda m: _reference(m, own), part) for part in parts[::2]]
    whole = "".join(parts)
    return (whole if _error(whole) is None else repaired(whole) or whole), problem


def _reference(match: re.Match[str], own: Mapping[str, str]) -> str:
    name = (match.group(1) or "").rstrip(";")
    if not name:
        return "&amp;"
    if name in _FIVE or re.fullmatch(r"#(?:\d{1,7}|[xX][0-9a-fA-F]{1,6})", name):
        return match.group().replace("&#X", "&#x")  # XML allows only the lower-case letter
    if name in own:
        return own[name]
    char = html.entities.html5.get(f"{name};")
    if char:
        return "".join(f"&#{ord(c)};" for c in char)
    return f"&amp;{match.group(1)}"


def _error(text: str) -> tuple[int, str] | None:
    """Where and why a document isn't well-formed XML; None if it is. Nothing is expanded or fetched."""
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        return error.lineno, expat.ErrorString(error.code)
    return None


def not_a_feed(text: str, status: int = 200) -> Failure:
    """The failure for a document that is not a feed: what it is instead, and what to do. Ours alone: a page that repeats
    its own address, or what was sent with it, would put a secret of the reader's into them."""
    head = text[:200_000]
    lower = head.lower()
    first = _ANY_ROOT.search(_COMMENT.sub("", head[:20_000]))
    root = first.group(1).lower() if first else ""
    if root == "opml":
        return _failure(
            "This is a subscription list (OPML), not a feed.",
            "Import it: newsfeed feeds import FILE.",
            status,
        )
    if root in {"urlset", "sitemapindex"}:
        return _failure("This is a site map, not a feed.", "Use the address of the site's feed.", status)
    if re.search(
        r"just a moment|cf-chl|challenge-platform|captcha|are you (?:a )?(?:human|robot)|ddos protection|"
        r"checking your browser|not a (?:ro)?bot\b|anubis|security checkpoint|attention required|access denied|enable javascript and cookies|unusual traffic|bot verification",
        lower,
    ):
        return _failure(
            "The server asks for a proof that a person is there (a challenge page), which a reader can't give.",
            "Ask the site to let feed readers in, or look for another feed of it.",
            status,
            owner=True,
        )
    if re.search(
        r"""<input[^>]{0,200}type\s*=\s*["']?password|sign ?in to continue|log ?in to continue|please log ?in""",
        lower,
    ):
        return Failure(
            cause=Cause.LOGIN,
            text="The server sent a login page instead of the feed.",
            repair="Use the private feed address that the site shows when you are logged in.",
            needs_owner=True,
            status=status,
        )
    if _HTML.search(head):
        title = re.search(r"<title[^>]{0,200}>([^<]{1,200})", head, re.IGNORECASE)
        name = clean_line(title.group(1), 80) if title else ""
        if re.match(
            r"(?:error )?[45]\d\d\b|error\b|.{0,30}\b(?:not found|bad gateway|unavailable|maintenance|wartung)\b",
            name,
            re.IGNORECASE,
        ):
            said = "The server sent an error page instead of the feed."
            return _failure(
                said, "Nothing to do if it passes; otherwise look for the feed's new address.", status
            )
        said = "This is a web page, not a feed."
        found = re.search(
            r"""<link[^>]{0,300}type\s*=\s*["']application/(?:rss|atom|feed)\+(?:xml|json)""",
            head,
            re.IGNORECASE,
        )
        repair = (
            "The page names a feed of its own: add the page's address again with newsfeed feeds add."
            if found
            else ("Look for the feed's address on the site: newsfeed feeds add finds most of them.")
        )
        return _failure(said, repair, status, owner=True)
    if root:
        return _failure(
            "This is XML, but no feed.",
            "Look for the feed's address on the site.",
            status,
        )
    return _failure(
        "This is neither RSS nor Atom nor JSON Feed.", "Look for the feed's address on the site.", status
    )


def _failure(text: str, repair: str, status: int, *, owner: bool = False) -> Failure:
    return Failure(cause=Cause.NOT_A_FEED, text=text, repair=repair, needs_owner=owner, status=status)
