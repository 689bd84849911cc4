"""Headers: what we say of ourselves, and what of an answer's is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from newsfeed import __version__

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"
)
VALIDATOR_BYTES = 1_024

# What later rooms may want to know of an answer; everything else is forgotten here.
KEPT = {
    "age",
    "cache-control",
    "content-language",
    "date",
    "expires",
    "link",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "x-rate-limit-remaining",
    "x-rate-limit-reset",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
}
READ = KEPT | {
    "content-encoding",
    "content-length",
    "content-type",
    "etag",
    "last-modified",
    "location",
}
LISTS = {"cache-control", "content-encoding", "link"}
KEPT_CHARACTERS = 4_096  # of one header's value


def storable(value: str) -> bool:
    """Whether a validator can be kept and sent again: printable ASCII, at most 1 KB."""
    return len(value) <= VALIDATOR_BYTES and value.isascii() and value.isprintable()


def user_agent(contact: str) -> str:
    """An honest name: what we are, and where our owner can be found if the owner wishes."""
    said = "".join(c for c in contact if c.isascii() and c.isprintable() and c not in "()").strip()[:120]
    return f"newsfeed/{__version__} (personal feed reader{'; ' + said if said else ''})"


def read(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers we look at, lower-case. Of repeated ones, lists are joined, else the first counts.

    Two different targets of a redirect are none.
    """
    headers: dict[str, str] = {}
    for name, value in raw:
        key = name.lower().decode("latin-1")
        if key not in READ:
            continue
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            text = value.decode("latin-1")
        if key not in headers:
            headers[key] = text
        elif key in LISTS:
            headers[key] = f"{headers[key]}, {text}"
        elif key == "location" and headers[key] != text:
            headers[key] = ""
    return headers


def kept(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that go on to later rooms."""
    return {k: v for k, v in headers.items() if k in KEPT and len(v) <= KEPT_CHARACTERS}


def validator(headers: Mapping[str, str], name: str) -> str:
    """An answer's validator of that name, "" where it has none that can be kept."""
    value = headers.get(name, "")
    return value if storable(value) else ""
