"""The names under which feedparser knows the elements of a feed, whatever prefixes a document gives them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any


class OddError(Exception):
    """Something that only feedparser, the slow lane, handles."""


XML = "http://www.w3.org/xml/1998/namespace"  # in lower case, as all names of namespaces are compared
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
ATOM = "http://www.w3.org/2005/atom"
RSS10 = "http://purl.org/rss/1.0/"
# Namespaces by the prefix under which their elements are known, whatever prefix a document gives them.
PREFIXES = {
    "": "",
    ATOM: "",
    RSS10: "",
    "http://backend.userland.com/rss2": "",
    RDF: "rdf",
    XML: "xml",
} | {
    f"http://{place}": prefix
    for prefix, places in {
        "content": "purl.org/rss/1.0/modules/content/",
        "dc": "purl.org/dc/elements/1.1/",
        "dcterms": "purl.org/dc/terms/",
        "feedburner": "rssnamespace.org/feedburner/ext/1.0",
        "itunes": "www.itunes.com/dtds/podcast-1.0.dtd",
        "media": "search.yahoo.com/mrss search.yahoo.com/mrss/",
        "slash": "purl.org/rss/1.0/modules/slash/",
        "sy": "purl.org/rss/1.0/modules/syndication/",
        "thr": "purl.org/rss/1.0/modules/threading/",
        "wfw": "wellformedweb.org/commentapi/",
    }.items()
    for place in places.split()
}
# Elements with the same meaning.
SAME = {
    name: meaning
    for meaning, names in {
        "author": "dc_creator dc_author itunes_author managingeditor",
        "category": "keywords dc_subject",
        "created": "dcterms_created",
        "description": "dc_description",
        "guid": "id",
        "language": "dc_language",
        "published": "pubdate issued dcterms_issued",
        "subtitle": "tagline itunes_subtitle",
        "summary": "itunes_summary",
        "title": "dc_title",
        "updated": "modified lastbuilddate dc_date dcterms_modified",
    }.items()
    for name in names.split()
}


def key_of(element: Any) -> str:
    """The name under which feedparser knows an element."""
    return _named(element.tag, element.prefix)


@lru_cache(maxsize=2_000)
def _named(tag: str, given: str | None) -> str:
    space, _, name = tag.rpartition("}")
    space = space.lstrip("{").lower()
    prefix = PREFIXES.get(space)
    if prefix is None:
        if not given or "backend.userland.com/rss" in space or "xhtml" in space:
            raise OddError
        prefix = given.lower()
    if prefix == "media" != given and name in {"title", "description"}:
        raise OddError
    return f"{prefix}_{name.lower()}" if prefix else name.lower()
