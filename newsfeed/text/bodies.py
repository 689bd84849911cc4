"""The text of an entry, as its source wrote it, into safe HTML and plain text: at once, or later, when somebody reads it.

Where a feed has nothing new, a first refresh puts its texts off: they are stored as they came (`model.PUT_OFF` in the place
of the plain text), and every way out of the store cleans them (`read`).
"""

from __future__ import annotations

import hashlib
import re

import msgspec
from msgspec.structs import replace

from newsfeed.model import Item
from newsfeed.text.encodings import joined_halves
from newsfeed.text.markup import HTML_LIMIT, clean_html, text_of
from newsfeed.text.prose import count_words
from newsfeed.text.titles import unmangle, without_torn_reference

_WRITTEN = msgspec.json.Decoder(tuple[str, str, str])
_COUNTS = re.compile(
    r"\d[\d.,]*\s*(?:points?|comments?|views?|likes?|replies|shares?|upvotes?|boosts?)\b", re.IGNORECASE
)


def as_meant(text: str) -> str:
    """A text, or markup, without the damage that software did to its characters."""
    return unmangle(without_torn_reference(joined_halves(text)))


def cleaned(body: str, summary: str, base: str) -> tuple[str, str]:
    """Safe HTML of a body, or of the summary where there is none, with links absolute against `base`; and its text."""
    html = clean_html(as_meant(body), base)
    if not html and summary:
        html = clean_html(as_meant(summary), base)
    return html, text_of(html)[:HTML_LIMIT]


def put_off(body: str, summary: str, base: str) -> str:
    """What stands in the place of an item's HTML, for `read`.

    Raises:
        UnicodeEncodeError: there is half a character in it, which can't be stored.
    """
    return msgspec.json.encode((body, summary, base)).decode()


def read(item: Item) -> Item:
    """An item whose text was put off, as it would have been if it had been read at once."""
    html, text = cleaned(*_WRITTEN.decode(item.html))
    return replace(
        item, html=html, text=text, words=count_words(text), hash=hash_of(item.title, text, item.page)
    )


def digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def hash_of(title: str, text: str, page: str) -> str:
    """A hash of what a reader would notice: the words of title and text, without counts, and the link's target."""
    return digest(_COUNTS.sub("", f"{title}\n{text}").casefold(), page)
