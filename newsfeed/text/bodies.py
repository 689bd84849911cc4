"""The text of an entry, as its source wrote it, into safe HTML and plain text: at once, or later, when somebody reads it.

Where a feed has nothing new, a first refresh puts its texts off: they are stored as they came (`model.PUT_OFF` in the place
of the plain text), and every way out of the store cleans them (`read`).
"""

from __future__ import annotations

import hashlib
import re

import msgspec

from newsfeed.text.encodings import joined_halves
from newsfeed.text.markup import HTML_LIMIT, clean_html, text_of
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
    """What is stored in the place of HTML, for `read`.

    Raises:
        UnicodeEncodeError: there is half a character in it, which can't be stored.
    """
    return msgspec.json.encode((body, summary, base)).decode()


def read(written: str) -> tuple[str, str]:
    """HTML and text of what `put_off` wrote."""
    return cleaned(*_WRITTEN.decode(written))


def digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def hash_of(title: str, text: str, page: str) -> str:
    """A hash of what a reader would notice: the words of title and text, without counts, and the link's target."""
    return digest(_COUNTS.sub("", f"{title}\n{text}").casefold(), page)
