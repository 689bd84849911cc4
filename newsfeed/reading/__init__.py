"""The bytes of an answer -> items, for all kinds of sources.

- `xml_documents`: untrusted bytes -> one well-formed document; `xml_repair` repairs what is none
- `xml_feeds`, `json_feeds`: a document -> drafts; `wellformed` and `elements` are the fast lane, `platforms`
  handles peculiarities of well-known hosts
- `finish`: drafts -> items; `openings` their titles, languages and leads
- `parsers`: all of it in worker processes

Modules are loaded when the first answer is read, because the parent of the workers needs none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from newsfeed.model import Failure, Parsed, Response, Subscription
from newsfeed.sources.source import Drafts


def read(
    response: Response,
    subscription: Subscription,
    known: Mapping[str, str],
    now: datetime,
    *,
    put_off: bool = False,
) -> Parsed | Failure:
    """Read an answer. `known` maps identities to hashes: unchanged items are only named in `Parsed.known`. `put_off`: texts
    that no page can need are left as they came (see `text.bodies`)."""
    from newsfeed import sources
    from newsfeed.reading.finish import finish

    source = sources.by_kind(response.request.source)
    found = source.parse(response, subscription, now)
    if found is None:
        found = read_feed(response, subscription)
        if isinstance(found, Drafts):
            found = source.refine(found, response, subscription)
    return finish(found, known, now, put_off=put_off) if isinstance(found, Drafts) else found


def read_feed(response: Response, subscription: Subscription) -> Drafts | Failure:
    """The entries of a plain feed: RSS, Atom or JSON Feed, recognised by its content."""
    from newsfeed.reading import json_feeds, xml_feeds
    from newsfeed.text.encodings import looks_like_json

    read = json_feeds.read if looks_like_json(response.body) else xml_feeds.read
    return read(response, subscription)


def load() -> None:
    """Load what most documents need; feedparser, which takes a tenth of a second, is loaded when one needs it."""
    from newsfeed.reading import finish, wellformed, xml_feeds

    wellformed.read("<rss/>")
