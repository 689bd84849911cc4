"""The fast lane: common well-formed RSS, RDF and Atom, read by lxml with the same result as feedparser's.

feedparser remains the reference. This lane knows a closed set of elements and what feedparser does with each; for a
document with anything else of consequence it returns None, and feedparser reads it. `tests/test_fast_lane.py` reads
every saved document both ways and compares all fields.
"""

from __future__ import annotations

import contextlib
import re
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import urljoin

from lxml import etree

from newsfeed.reading.elements import ATOM, PREFIXES, RDF, RSS10, SAME, OddError, key_of

Fields = dict[str, Any]


_LANG, _BASE = (f"{{http://www.w3.org/XML/1998/namespace}}{name}" for name in ("lang", "base"))
_DEEPEST = 12  # elements within each other
_PLAIN = frozenset(["published", "updated", "created", "language"])
# The content of these affects nothing that we use.
_ASIDE = re.compile(
    r"(?:georss|gml|geo|psc|cc|creativecommons|admin|podcast|rdf)_\w+|(?:dc_)?contributor|cloud|generator|webmaster|"
    r"dc_publisher|itunes_(?:image|category|block|explicit)|icon|logo|skiphours|skipdays|items|rights|copyright|dc_rights|"
    r"media_(?:rating|credit|license|restriction|player|community|hash|text|copyright)"
)
# Elements without a prefix for which feedparser has no rule: kept unchanged.
_KEPT = re.compile(r"comments|ttl|docs|rating|rank|guidislink")
_BESIDE = re.compile(r"media_alttitle|media_altdescription|media_statistics|media_starrating")
_IMAGE = re.compile(r"title|url|link|width|height|description")
_SOURCE = re.compile(r"title|id|updated|link|rights|subtitle|author|icon|logo|generator|category")
_TYPES = {"text": "text/plain", "plain": "text/plain", "html": "text/html"}
_KNOWN_TYPES = frozenset({"text/plain", "text/html", "text/literal"})
_HTML = frozenset({"application/xhtml+xml", "text/html"})
_SLASHES = re.compile(r"^([A-Za-z][A-Za-z0-9+-.]*://)(/*)(.*?)")
# Without one of these in lower case no attribute is inherited. Two, since each is looked for by its letters.
_SCOPING = ("lang", "base")
_GIVEN = re.compile(r"\s*=")
_C1 = re.compile("[\x80-\x9f]")
_ABSOLUTE = re.compile(r"https?://[^\s]+$")
_MAIL = re.compile(
    r"(([a-zA-Z0-9\_\-\.\+]+)@((\[[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.)|(([a-zA-Z0-9\-]+\.)+))([a-zA-Z]{2,4}|[0-9]{1,3})(\]?))"
    r"(\?subject=\S+)?"
)
_WINDOWS = {
    code: bytes([code]).decode("cp1252")
    for code in range(0x80, 0xA0)
    if code not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}
}


def read(text: str) -> Fields | None:
    """The same as feedparser's result for a document (`feed`, `entries`, `version`); None if only feedparser can read it."""
    if "www.w3.org/1999/xlink" in text:
        return None
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True, load_dtd=False
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
        if parser.error_log:
            return None
        lowered = text.lower()
        return _FastReading(
            root, any(map(_GIVEN.match, chain.from_iterable(lowered.split(name)[1:] for name in _SCOPING)))
        ).found
    except (etree.XMLSyntaxError, OddError):
        return None


class Scope(NamedTuple):
    """What an element inherits."""

    language: str | None = None
    base: str = ""
    depth: int = 0


class _FastReading:
    """One document on its way."""

    def __init__(self, root: Any, scoped: bool) -> None:
        self._scoped = scoped
        self.feed: Fields = {}
        self.entries: list[Fields] = []
        self._has_content = False  # lasts until the end of an entry
        self._title_depth = -1
        self._depths: dict[str, int] = {}  # of the current entry
        self._entry: Fields | None = None
        space, key = root.tag.rpartition("}")[0].lstrip("{").lower(), key_of(root)
        spaces = {str(uri).lower() for uri in root.nsmap.values()}
        scope = self._within(root, Scope())
        if scope.language and key != "rdf_rdf":
            self.feed["language"] = scope.language.replace("_", "-")
        if key == "rss" and not space:
            self.version = "rss"
            channels = [child for child in root if key_of(child) == "channel"]
            if len(root) != 1 or len(channels) != 1:
                raise OddError
            self._channel(channels[0], scope)
        elif key == "feed" and space == ATOM and RSS10 not in spaces:
            self.version = "atom10"
            self._children(root, scope)
        elif key == "rdf_rdf" and RSS10 in spaces and ATOM not in spaces:
            self.version = "rss10"
            if not len(root) or key_of(root[0]) != "channel":
                raise OddError
            self._channel(root[0], scope)
            for child in root[1:]:
                if key_of(child) == "item":
                    self._item(child, self._within(child, scope))
                elif key_of(child) not in {"image", "textinput"}:
                    raise OddError
        else:
            raise OddError
        self.found: Fields = {"feed": self.feed, "entries": self.entries, "version": self.version}

    # ------------------------------------------------------------------ structure

    def _channel(self, element: Any, scope: Scope) -> None:
        if {"lastmod", "href"} & {name.lower() for name in element.attrib}:
            raise OddError
        self._children(element, self._within(element, scope))

    def _within(self, element: Any, outer: Scope) -> Scope:
        return _within(element, outer) if self._scoped and element.attrib else outer

    def _children(self, element: Any, outer: Scope) -> None:
        scope = Scope(outer.language, outer.base, outer.depth + 1)
        if scope.depth > _DEEPEST:
            raise OddError
        for child in element:
            key = key_of(child)
            inner = _within(child, scope) if self._scoped and child.attrib else scope
            if self._entry is None and key in {"item", "entry"}:
                self._item(child, inner)
            else:
                self._element(child, key, inner)

    def _item(self, element: Any, scope: Scope) -> None:
        if {"lastmod", "href"} & {name.lower() for name in element.attrib}:
            raise OddError
        self._entry = {}
        self._depths, self._title_depth = {}, -1
        if about := element.get(f"{{{RDF}}}about"):
            self._entry["id"] = about
        self.entries.append(self._entry)
        self._children(element, scope)
        self._entry, self._has_content = None, False

    @property
    def _context(self) -> Fields:
        return self.feed if self._entry is None else self._entry

    # ------------------------------------------------------------------ elements

    def _element(self, element: Any, key: str, scope: Scope) -> None:
        key = SAME.get(key, key)
        if _is_aside(key):
            return
        if key == "author":
            self._author(element, scope)
        elif key == "itunes_owner":
            self._people(element, "publisher_detail")
        elif key in {"media_group", "media_content"}:
            if key == "media_content":
                self._context.setdefault("media_content", []).append(_attributes(element))
            self._children(element, scope)
        elif key == "image" and self._entry is None:
            if any(not _IMAGE.fullmatch(key_of(child)) for child in element):
                raise OddError
            self._title_depth = -1
        elif key == "source" and self._entry is not None:
            if any(not _SOURCE.fullmatch(key_of(child)) for child in element):
                raise OddError
            self._title_depth = -1 if not len(element) else scope.depth + 1
        elif len(element) and "_" not in key:
            raise OddError  # markup where text should be
        elif handler := _HANDLERS.get(key):
            if len(element):
                raise OddError
            handler(self, element, scope)
        elif key in _PLAIN:
            self._store(key, _settled(_text(element)), scope)
        elif "_" in key or _KEPT.fullmatch(key):
            self._unknown(element, key, scope)
        else:
            raise OddError

    def _unknown(self, element: Any, key: str, scope: Scope) -> None:
        """An element that there is no rule for: its text is kept, or its attributes where it has any."""
        if key.startswith(("media_", "content_")) and not _BESIDE.fullmatch(key):
            raise OddError
        if element.attrib:
            self._context[key] = _attributes(element)
        else:
            text = _text(element)
            if key in {"comments", "docs", "wfw_comment", "wfw_commentrss"} and text:
                text = _joined(text, scope.base)
            self._store(key, _settled(text), scope)
        self._children(element, scope)

    def _store(self, key: str, value: str, scope: Scope, detail: Fields | None = None) -> None:
        context = self._context
        if key == "description":
            key = "summary" if self._entry is not None else "subtitle"
        if self._entry is None or scope.depth <= self._depths.get(key, scope.depth):
            self._depths[key] = scope.depth
            context[key] = value
        if detail is not None:
            context[f"{key}_detail"] = {**detail, "value": value}

    def _content(self, element: Any, name: str, default: str, scope: Scope) -> tuple[str, Fields]:
        attributes = _attributes(element)
        sort = attributes.get("type", default)
        sort = _TYPES.get(sort, sort)
        if sort not in _KNOWN_TYPES or "mode" in attributes:
            raise OddError
        language = scope.language and scope.language.replace("_", "-")
        params = {"type": sort, "language": language, "base": scope.base}
        value = _settled(_text(element))
        if (
            sort == "text/plain"
            and name != "title"
            and self.version != "atom10"
            and "<" in value
            and not re.search(r"</\w+>|<br", value)
        ):
            raise OddError  # feedparser guesses whether that is HTML
        if name not in {"content", "title"}:
            self._store(name, value, scope, params)
        return value, params

    def _on_title(self, element: Any, scope: Scope) -> None:
        if self._entry is None and "title" in self.feed:
            raise OddError
        value, params = self._content(element, "title", "text/plain", scope)
        if not -1 < self._title_depth <= scope.depth:
            self._store("title", value, scope, params)
        if value:
            self._title_depth = scope.depth

    def _on_description(self, element: Any, scope: Scope, default: str = "text/html") -> None:
        if "summary" in self._context and not self._has_content:
            self._on_content(element, scope)
        else:
            self._content(element, "description" if default == "text/html" else "summary", default, scope)

    def _on_summary(self, element: Any, scope: Scope) -> None:
        self._on_description(element, scope, "text/plain")

    def _on_subtitle(self, element: Any, scope: Scope) -> None:
        self._content(element, "subtitle", "text/plain", scope)

    def _on_content(self, element: Any, scope: Scope, default: str = "text/plain") -> None:
        self._has_content = True
        value, params = self._content(element, "content", default, scope)
        if self._entry is not None:
            self._entry.setdefault("content", []).append({**params, "value": value})
        if params["type"] != "text/literal":
            self._context.setdefault("summary", value)

    def _on_content_encoded(self, element: Any, scope: Scope) -> None:
        self._on_content(element, scope, "text/html")

    def _on_link(self, element: Any, scope: Scope) -> None:
        found = _with_href(_attributes(element))
        found.setdefault("rel", "alternate")
        found.setdefault("type", "application/atom+xml" if found["rel"] == "self" else "text/html")
        context = self._context
        context.setdefault("links", []).append(found)
        if "href" in found:
            found["href"] = _joined(found["href"], scope.base)
            if found["rel"] == "alternate" and _TYPES.get(found["type"], found["type"]) in _HTML:
                context["link"] = found["href"]
            return
        text = _text(element)
        text = _settled(_joined(text, scope.base) if text else "")
        if self._entry is not None:
            text = text.replace("&amp;", "&")
        text = re.sub("&([A-Za-z0-9_]+);", r"&\g<1>", text)
        context["link"] = text
        if text or self._entry is None:
            found["href"] = text

    def _on_guid(self, element: Any, scope: Scope) -> None:
        link = _attributes(element).get("ispermalink", "true") == "true"
        text = _text(element)
        text = _settled(_joined(text, scope.base) if link and text else text)
        self._store("id", text, scope)
        if link:
            self._context.setdefault("link", text)

    def _on_enclosure(self, element: Any, scope: Scope) -> None:
        self._context.setdefault("links", []).append({**_with_href(_attributes(element)), "rel": "enclosure"})

    def _on_media_thumbnail(self, element: Any, scope: Scope) -> None:
        self._context.setdefault("media_thumbnail", []).append(_attributes(element))

    def _on_category(self, element: Any, scope: Scope, scheme: str | None = None) -> None:
        given = _attributes(element)
        scheme = given.get("scheme", scheme or given.get("domain"))
        self._tag(given.get("term"), scheme, given.get("label"))
        if value := _settled(_text(element)):
            tags = self._context["tags"]
            if tags and not tags[-1]["term"]:
                tags[-1]["term"] = value
            else:
                self._tag(value, None, None)

    def _on_media_category(self, element: Any, scope: Scope) -> None:
        self._on_category(element, scope, "http://search.yahoo.com/mrss/category_schema")

    def _on_itunes_keywords(self, element: Any, scope: Scope, scheme: str | None = "itunes") -> None:
        if element.attrib:
            raise OddError
        for term in _settled(_text(element)).split(","):
            if term.strip():
                self._tag(term.strip(), scheme, None)

    def _on_media_keywords(self, element: Any, scope: Scope) -> None:
        self._on_itunes_keywords(element, scope, None)

    def _tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        tags = self._context.setdefault("tags", [])
        tag = {"term": term, "scheme": scheme, "label": label}
        if (term or scheme or label) and tag not in tags:
            tags.append(tag)

    def _author(self, element: Any, scope: Scope) -> None:
        self._context.setdefault("authors", []).append({})
        self._people(element, "author_detail")
        self._store("author", _settled(_text(element)), scope)
        self._sync()

    def _people(self, element: Any, detail: str) -> None:
        """The parts of a person. feedparser takes those of an owner for the last author's as well, and a later author's
        for those of the first, whose record it hands on."""
        for child in element:
            part = key_of(child).removeprefix("itunes_")
            if len(child) or part not in {"name", "email", "uri", "url", "homepage"}:
                raise OddError
            kind = part if part in {"name", "email"} else "href"
            if kind != "href" or detail == "author_detail":
                self._context.setdefault(detail, {})[kind] = _text(child)
                self._sync()
                self._context.setdefault("authors", [{}])[-1][kind] = _text(child)

    def _sync(self) -> None:
        """Name and address of the last author, each from the other where only one is told."""
        context = self._context
        person = context.get("authors", [{}])[-1]
        name, email = person.get("name"), person.get("email")
        if person:
            context["author"] = (
                f"{name} ({email})" if name and email else name or email or context.get("author")
            )
            return
        author = context.get("author") or ""
        if author:
            context.setdefault("author_detail", person)
        if match := _MAIL.search(author):
            person["email"] = match.group(0)
            author = author.replace(match.group(0), "").replace("()", "").replace("<>", "")
            author = author.replace("&lt;&gt;", "").strip().removeprefix("(").removesuffix(")").strip()
        if author:
            person["name"] = author


_HANDLERS = {
    name.removeprefix("_on_"): handler
    for name, handler in vars(_FastReading).items()
    if name.startswith("_on_")
}


@lru_cache(maxsize=2_000)
def _is_aside(key: str) -> bool:
    return _ASIDE.fullmatch(key) is not None


def _within(element: Any, outer: Scope) -> Scope:
    """The scope within an element that has attributes."""
    language = element.get(_LANG, element.get("lang"))
    base = element.get(_BASE, element.get("base")) or ""
    if base:
        if not outer.base and element.getparent() is not None:
            raise OddError  # feedparser forgets to take it back
        base = _joined(base, outer.base)
        if not _ABSOLUTE.match(base):
            raise OddError
    return Scope(outer.language if language is None else language or None, base or outer.base, outer.depth)


def _attributes(element: Any) -> Fields:
    """Attributes by their names in lower case."""
    found = {}
    for name, value in element.items():
        short = _short(name)
        found[short] = value.lower() if short in {"rel", "type"} else value
    return found


@lru_cache(maxsize=2_000)
def _short(name: str) -> str:
    """The name of an attribute with the prefix that we know it by."""
    space, _, short = name.lower().rpartition("}")
    prefix = PREFIXES.get(space.lstrip("{"))
    return f"{prefix}:{short}" if prefix else short


def _with_href(attributes: Fields) -> Fields:
    href = attributes.get("url", attributes.get("uri", attributes.get("href")))
    if href:
        attributes = {name: value for name, value in attributes.items() if name not in {"url", "uri"}}
        attributes["href"] = href
    return attributes


def _text(element: Any) -> str:
    """The text directly in an element."""
    if not len(element):
        return (element.text or "").strip()
    return "".join([element.text or "", *(child.tail or "" for child in element)]).strip()


def _settled(text: str) -> str:
    """A text with the most frequent encoding errors repaired, as feedparser does."""
    if text.isascii():
        return text
    with contextlib.suppress(UnicodeEncodeError, UnicodeDecodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(_WINDOWS) if _C1.search(text) else text


def _joined(uri: str, base: str) -> str:
    try:
        uri = _SLASHES.sub(r"\1\3", uri) if ":///" in uri else uri
        return urljoin(base, uri) if base else uri
    except ValueError:
        return ""
