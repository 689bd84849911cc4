"""Untrusted bytes -> one well-formed document, or a description of what came instead of a feed.

Everything that must happen before a parser may see a document happens here: what is no feed is recognised, the
prolog is dropped (no DTD, no entities of its own), controls are removed, unbounded fields are capped, and what is not
well-formed is repaired entry by entry, so that an error costs only its own place. What is
well-formed stays unchanged; in an entry that isn't, each field is taken by itself, from its start tag to its end tag,
and a field that isn't well-formed holds unescaped HTML, so it is escaped now. Every piece of the result has been parsed.
"""

from __future__ import annotations

import html
import html.entities
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from xml.parsers import expat

from newsfeed.model import Cause, Failure, Problem, Record
from newsfeed.sources.source import BODY_LIMIT
from newsfeed.text import clean_line
from newsfeed.text.encodings import decode, without_impossible

PROLOG_LIMIT = 64_000  # characters before the root
FIELD_LIMIT = 1_000  # characters of an author, a name, an address: feedparser's time grows with their square

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
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
    if _ILLEGAL.search(text):
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
    return XmlDocument(text=_UNBOUNDED.sub(r"\1", text), root=root, problems=tuple(problems))


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
        r"checking your browser|access denied|enable javascript and cookies|unusual traffic|bot verification",
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


CDATA = re.compile(r"(<!\[CDATA\[.*?(?:\]\]>|\Z))", re.DOTALL)
ENTRY_END = re.compile(r"</(?:[\w-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_NAME = r"[A-Za-z_][\w.-]*(?::[\w.-]+)?"
_TOKEN = re.compile(
    rf"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|<(?P<end>/?)(?P<name>{_NAME})"
    r"(?P<rest>(?:\s(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*)?/?|\s[^<>]*)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(rf"({_NAME})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))")
# Fields of an entry, by which one whose end tag is missing ends; those of other vocabularies have a prefix.
_FIELDS = frozenset({
    "title", "link", "guid", "description", "pubdate", "category", "author", "comments", "enclosure", "source",
    "id", "updated", "published", "summary", "content", "contributor", "rights",
})  # fmt: skip
_ESCAPED_TAG = re.compile(r"&lt;/?[a-zA-Z]")
_TAG = re.compile(r"</?[a-zA-Z]")
_PREFIXES = re.compile(r"[<\s]/?([A-Za-z_][\w.-]*):[\w.-]+(?=[\s=/>])")


class _Tag(NamedTuple):
    start: int
    end: int
    name: str  # "" for a comment or a CDATA section
    closing: bool
    empty: bool
    attributes: str


def repaired(text: str) -> str:
    """The document (its references are in order) with tags that match; "" if it has no entries to go by."""
    tags = [tag for tag in _tags(text) if tag.name]
    root = tags[0] if tags else None
    starts = [t for t in tags if not t.closing and _local(t.name) in {"item", "entry"}]
    starts = [t for t in starts if t.name == starts[0].name]
    if root is None or not starts:
        return ""
    pieces, closing = [], f"</{root.name}>"
    head = [t for t in tags if root.end <= t.start < starts[0].start and _local(t.name) == "channel"]
    at = root.end
    if head and not any(t.closing for t in head):
        pieces.append(_start(head[0]))
        closing = f"</{head[0].name}>{closing}"
        at = head[0].end
    atom = _local(root.name) == "feed"
    pieces.append(_fields(text[at : starts[0].start], atom))
    ends = [t for t in tags if t.closing and t.name == starts[0].name]
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        limit = following.start if following else len(text)
        place = bisect_left(ends, start.end, key=lambda t: t.start)
        end = ends[place] if place < len(ends) and ends[place].start < limit else None
        whole = text[start.start : end.end if end else limit]
        if start.empty or not end or not _sound(whole):
            whole = f"{_start(start)}{_fields(text[start.end : end.start if end else limit], atom)}</{start.name}>"
        pieces.append(whole)
        if end:
            pieces.append(_fields(text[end.end : limit], atom))
    body = "".join(pieces)
    return f"{_start_of_root(root, body)}{body}{closing}"


def _tags(text: str) -> Iterator[_Tag]:
    for match in _TOKEN.finditer(text):
        rest = match.group("rest") or ""
        name = match.group("name") or ""
        yield _Tag(*match.span(), name, bool(match.group("end")), rest.endswith("/"), rest.rstrip("/"))


def with_ends(text: str) -> str:
    """The document with an end added to each CDATA section that runs into the next entry."""
    if text.count("<![CDATA[") <= text.count("]]>"):
        return text
    pieces, done, end = [], 0, 0
    at = text.find("<![CDATA[")
    while at >= 0:
        end = text.find("]]>", at) if 0 <= end < at else end
        following = text.find("<![CDATA[", at + 9)
        if end < 0 or 0 <= following < end:
            limit = following if following >= 0 else len(text)
            field = re.search(rf"<({_NAME})[^<>]*>\s*$", text[max(0, at - 500) : at])
            cut = text.find(f"</{field[1]}", at, limit) if field else -1
            if cut >= 0 and ENTRY_END.search(text, cut, limit):
                pieces += [text[done:cut], "]]>"]
                done = cut
            elif end >= 0:
                following = text.find("<![CDATA[", end)
        at = following
    return "".join([*pieces, text[done:]])


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()


def _start(tag: _Tag, **changes: str) -> str:
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(tag.attributes):
        found.setdefault(match[1], match[2] or match[3] or match[4] or "")
    found |= changes
    written = "".join(
        f' {name}="{value.replace("<", "&lt;").replace(chr(34), "&quot;")}"' for name, value in found.items()
    )
    return f"<{tag.name}{written}>"


def _start_of_root(root: _Tag, body: str) -> str:
    """The root's start tag, with a name space for each prefix that nobody declared."""
    declared = set(re.findall(r"xmlns:([\w.-]+)", root.attributes)) | {"xml", "xmlns"}
    used = dict.fromkeys(_PREFIXES.findall(" ".join(CDATA.split(body)[::2])))
    missing = {f"xmlns:{prefix}": f"urn:undeclared:{prefix}" for prefix in used if prefix not in declared}
    return _start(root, **missing)


def _fields(text: str, atom: bool) -> str:
    """The fields in a text, each well-formed; anything between them is dropped."""
    if _sound(f"<x>{text}</x>"):
        return text
    tags = list(_tags(text))
    ends: dict[str, list[int]] = {}
    starts: dict[str, list[int]] = {}
    bounds = []
    for n, tag in enumerate(tags):
        if tag.name:
            (ends if tag.closing else starts).setdefault(tag.name.lower(), []).append(n)
            if not tag.closing and (":" in tag.name or tag.name.lower() in _FIELDS):
                bounds.append(n)
    pieces, n = [], 0
    while n < len(tags):
        tag = tags[n]
        if not tag.name or tag.closing:
            n += 1
            continue
        if tag.empty:
            pieces.append(f"{_start(tag)}</{tag.name}>")
            n += 1
            continue
        until = _after(n, ends.get(tag.name.lower(), []))
        again = _after(n, starts[tag.name.lower()])
        if until is None or (again is not None and again < until):
            until = _after(n, bounds)
        pieces.append(
            _field(tag, text[tag.end : tags[until].start if until is not None else len(text)], atom)
        )
        n = len(tags) if until is None else until
    return "".join(pieces)


def _after(n: int, places: list[int]) -> int | None:
    """The first of ascending places that lies behind `n`."""
    at = bisect_left(places, n + 1)
    return places[at] if at < len(places) else None


def _field(tag: _Tag, content: str, atom: bool) -> str:
    start, end = _start(tag), f"</{tag.name}>"
    if _sound(f"{start}{content}{end}"):
        return f"{start}{content}{end}"
    if atom and _TAG.search(content):
        start = _start(tag, type="html")
    # If software escaped most of it, its references were meant to be decoded once.
    once = bool(_ESCAPED_TAG.search(content))
    parts = CDATA.split(content)
    parts[::2] = [
        _bare(part) if once else html.escape(part.replace("]]>", ""), quote=False) for part in parts[::2]
    ]
    parts[1::2] = [html.escape(part[9:].removesuffix("]]>"), quote=False) for part in parts[1::2]]
    return f"{start}{''.join(parts)}{end}"


def _bare(text: str) -> str:
    return text.replace("]]>", "").replace("<", "&lt;").replace(">", "&gt;")


def _sound(text: str) -> bool:
    """Whether a piece of a document is well-formed by itself, whatever its prefixes stand for."""
    try:
        expat.ParserCreate("utf-8").Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError:
        return False
    return True
