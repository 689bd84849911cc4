"""Documents that are no XML, repaired entry by entry, so that an error costs only its own place.

What is well-formed stays unchanged; in an entry that isn't, each field is taken by itself, from its start tag to its end
tag, and a field that isn't well-formed holds unescaped HTML, so it is escaped now.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple
from xml.parsers import expat

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


_ALMOST_CDATA = re.compile(r"<!\s{0,3}\[\s{0,3}cdata\s{0,3}\[", re.IGNORECASE)


def with_ends(text: str) -> str:
    """The document with an end added to each CDATA section that runs into the next entry, and without the beginning of
    each comment that does."""
    text = _ALMOST_CDATA.sub("<![CDATA[", text)
    if text.count("<![CDATA[") > text.count("]]>"):
        text = _with_ends_of_cdata(text)
    return _without_endless_comments(text) if text.count("<!--") > text.count("-->") else text


def _without_endless_comments(text: str) -> str:
    pieces, done, end = [], 0, 0
    at = text.find("<!--")
    while at >= 0:
        end = text.find("-->", at) if 0 <= end < at else end
        following = text.find("<!--", at + 4)
        limit = following if following >= 0 else len(text)
        if end < 0 or (end > limit and ENTRY_END.search(text, at, limit)):
            pieces.append(text[done:at])
            done = at + 4
        elif 0 <= following < end:
            following = text.find("<!--", end)
        at = following
    return "".join([*pieces, text[done:]])


def _with_ends_of_cdata(text: str) -> str:
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
                if text[cut - 2 : cut] == "]>":  # one of the brackets is missing
                    pieces += [text[done : cut - 2], "]]>"]
                else:
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
