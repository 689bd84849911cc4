"""Addresses without their secrets, for sentences, logs and pages."""

from __future__ import annotations

import re
from base64 import b64encode
from itertools import pairwise
from urllib.parse import unquote, unquote_plus, urlsplit

SHOWN = 120  # characters of a redacted address
PATH_PART = re.compile(r"[^/]+")
RUN = re.compile(r"[A-Za-z0-9]+")
WORD = re.compile(
    r"\d{0,4}[A-Z]?[a-z]{3,20}\d{0,4}"
)  # "20minutos", "Windows11": digits at one end of one word
HIDDEN = "…"
PART = 8  # letters and digits of a secret that are too much to show
SHORTEST = 4  # letters and digits of what is looked for in a stranger's words
# Parameters of feeds that are the same for everybody, with the values they may have besides whole numbers …
PUBLIC = frozenset({"points", "comments", "count", "limit", "t", "sort"})
CHOICES = frozenset({
    "hour", "day", "week", "month", "year", "all", "new", "hot", "top", "New", "Hot", "Active", "TopDay",
    "TopWeek",
})  # fmt: skip
# … and those that name something public.
NAMES = frozenset({"channel_id", "playlist_id"})


def redact(url: str, own: str = "") -> str:
    """`url` as it may be shown: no user and password, no query values, no path parts that look like a token.

    With `own`, the address to which a server answered by this one, nothing of what is secret there either. What can't be read as an address becomes "…" altogether.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return HIDDEN
    if not parts.scheme or not host:
        return HIDDEN
    sent = secrets_of(own) if own else frozenset()
    if repeats(host, sent):
        return HIDDEN
    if ":" in host:
        host = f"[{host}]"
    path = PATH_PART.sub(
        lambda part: HIDDEN if secret(part[0]) or repeats(part[0], sent) else part[0], parts.path
    )
    query = f"?{_query(parts.query)}" if parts.query else ""
    shown = f"{parts.scheme}://{host}{port}{path}{query}"
    shown = "".join(c if c.isprintable() else HIDDEN for c in shown)
    return shown if len(shown) <= SHOWN else shown[: SHOWN - 1] + HIDDEN


def secrets_of(url: str, *tokens: str) -> frozenset[str]:
    """What of a request nobody else may read, in the forms in which a server may repeat it: user, password, the
    values of the query, parts of the path that look like a token; and the tokens sent with it."""
    try:
        parts = urlsplit(url)
        found = [unquote(word) for word in (parts.username, parts.password) if word]
    except ValueError:
        return frozenset()
    if found:
        found.append(b64encode(":".join(found).encode()).decode("ascii"))
    for pair in parts.query.split("&"):
        name, _, value = pair.partition("=")
        if _query(pair) == HIDDEN:
            found.append(unquote_plus(value or name))
    found += [unquote(part) for part in parts.path.split("/") if secret(part)]
    found += [word for token in tokens for word in token.split()]
    return frozenset(bare for word in found if len(bare := _bare(word)) >= SHORTEST)


def repeats(text: str, secrets: frozenset[str]) -> bool:
    """Whether a stranger's words hold a secret of the request that they answer, or a good part of one, however it is
    written there."""
    said = _bare(unquote(text)) if secrets else ""
    return any(word[at : at + PART] in said for word in secrets for at in range(max(1, len(word) - PART + 1)))


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _query(query: str) -> str:
    """The query with only those values left that choose what is public: points, sort order, a channel."""
    shown = []
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        plain = value in CHOICES or value.isdigit() if name in PUBLIC else name in NAMES and value.isalnum()
        if not plain:
            return HIDDEN
        shown.append(pair)
    return "&".join(shown)


def secret(part: str) -> bool:
    """Whether a path part looks like a token rather than like words.

    Tokens mix letters and digits in one long run, run on without a break, or are long and of no word's shape.
    Better one harmless part hidden than one key shown.
    """
    if "=" in part or ("%" in part and len(part) > 24):
        return True
    for run in RUN.findall(part):
        digits = sum(c.isdigit() for c in run)
        if len(run) >= 8 and digits >= 2 and digits < len(run) and not WORD.fullmatch(run):
            return True
        if len(run) >= 10 and digits == len(run) and not part.startswith(run):
            return True
        if len(run) >= 12 and (run.isupper() or _switches(run) >= 5):
            return True
        if len(run) >= 25:
            return True
    return False


def _switches(run: str) -> int:
    """How often a run changes between upper and lower case; CamelCase words do it seldom for their length."""
    return sum(a.isupper() != b.isupper() for a, b in pairwise(run)) - run[:1].isupper()
