"""Failures, in words for the reader, with addresses that show no secret.

Its sentences are phrases with {names}, translated where they are shown.
"""

from __future__ import annotations

import errno
import re
import ssl
from base64 import b64encode
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from newsfeed.model import ASKED_AGAIN, UNAUTHORIZED, UNENCRYPTED, Cause, Failure, Request

SHOWN = 120  # characters of a redacted address
PATH_PART = re.compile(r"[^/]+")
RUN = re.compile(r"[A-Za-z0-9]+")
WORD = re.compile(r"\d{0,4}[A-Z]?[a-z]{3,20}\d{0,4}")  # "20minutos", "Windows11": digits at one end of a word
HIDDEN = "…"
PART = 8  # so many letters and digits of a secret are too much to show
SHORTEST = 4  # the fewest letters and digits of a secret that is searched for in a server's text
# Parameters of feeds that are never personal, with the values they may have besides whole numbers …
PUBLIC = frozenset({"points", "comments", "count", "limit", "t", "sort"})
CHOICES = frozenset({
    "hour", "day", "week", "month", "year", "all", "new", "hot", "top", "New", "Hot", "Active", "TopDay",
    "TopWeek",
})  # fmt: skip
# … and those that name something public.
NAMES = frozenset({"channel_id", "playlist_id"})
# … and those that name a key.
KEY_NAME = re.compile(r"key|token|auth|secret|pass|pwd|sig|hash|session|credential|private", re.IGNORECASE)


def redact(url: str, own: str = "") -> str:
    """`url` as it may be shown: without user and password, query values, and path parts that look like a token.

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
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else HIDDEN for c in shown)
    return shown if len(shown) <= SHOWN else shown[: SHOWN - 1] + HIDDEN


def secrets_of(url: str, *tokens: str) -> frozenset[str]:
    """The secrets of a request, in the forms in which a server may repeat them: user, password, the
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


def keys_of(url: str, *tokens: str) -> frozenset[str]:
    """What of a request opens something, as it was sent: a password, a token, what looks like a key. Other than in
    `secrets_of` nothing that may be a word of the news, such as what is searched for."""
    try:
        parts = urlsplit(url)
        found = [unquote(parts.password)] if parts.password else []
        found += [b64encode(f"{unquote(parts.username or '')}:{word}".encode()).decode() for word in found]
    except ValueError:
        return frozenset()
    for pair in parts.query.split("&"):
        name, _, value = pair.partition("=")
        if _query(pair) == HIDDEN and (KEY_NAME.search(name) or secret(value)):
            found.append(unquote_plus(value))
    found += [unquote(part) for part in parts.path.split("/") if secret(part)]
    found += [word for token in tokens for word in token.split()]
    return frozenset(word for word in found if len(_bare(word)) >= PART)


def without_keys(text: str, keys: frozenset[str]) -> str:
    """A stranger's words without the keys that were sent to them; "" where one still shows through."""
    for key in keys:
        for spelled in (key, quote(key, safe=""), b64encode(key.encode()).decode("ascii")):
            text = text.replace(spelled, HIDDEN)
    said = _bare(unquote(text))
    return "" if any(_bare(key) in said for key in keys) else text


def repeats(text: str, secrets: frozenset[str]) -> bool:
    """Whether a server's text contains a secret of the request that it answers, or a good part of one, however it is
    encoded."""
    said = _bare(unquote(text)) if secrets else ""
    return any(word[at : at + PART] in said for word in secrets for at in range(max(1, len(word) - PART + 1)))


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _query(query: str) -> str:
    """The query with only values that select something public: points, sort order, a channel."""
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
    Hiding a harmless part is better than showing a key.
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


BROWSER = "Open the address in a browser; if it works there, look for the site's feed anew with `newsfeed feeds add`."
GONE = (
    "Look for the feed's new address on the site; `newsfeed feeds repair` takes the old one out of the list."
)
MOVED_OR_CLOSED = "Look for the feed's new address on the site, or take it out with `newsfeed feeds remove`."
ALLOW = 'If this is a server of your own, add "{place}" to allow_private under [fetch] in newsfeed.toml.'

NO_WAY = {errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH}
_STRANGER = "The certificate of {host} is signed by an authority that is not known, so nothing it says can be trusted."
CERTIFICATE = {  # OpenSSL's X509_V_ERR_* numbers
    9: "The certificate of {host} is not valid yet, so nothing it says can be trusted.",
    10: "The certificate of {host} has expired, so nothing it says can be trusted.",
    18: "The certificate of {host} is signed by nobody but itself, so nothing it says can be trusted.",
    19: _STRANGER,
    20: _STRANGER,
    21: _STRANGER,
    23: "The certificate of {host} has been revoked, so nothing it says can be trusted.",
    62: "The certificate of {host} is made for another name, so nothing it says can be trusted.",
    64: "The certificate of {host} is made for another address, so nothing it says can be trusted.",
}
UNVERIFIED = "The certificate of {host} could not be verified, so nothing it says can be trusted."


def failure(
    request: Request,
    cause: Cause,
    text: str,
    repair: str = "",
    *,
    status: int = 0,
    retry_at: datetime | None = None,
    needs_owner: bool = False,
    **values: object,
) -> Failure:
    """A failure of this request, with its address redacted. `values` and the status fill the {names} of its phrases."""
    if status:
        values["status"] = status
    return Failure(
        cause=cause,
        text=text,
        repair=repair,
        values={name: str(value) for name, value in values.items()},
        url=redact(request.url),
        status=status,
        retry_at=retry_at,
        needs_owner=needs_owner,
    )


class _Sentence(NamedTuple):
    """A failure with fixed sentences but for the host and a few values; call it with those."""

    cause: Cause
    text: str
    repair: str = ""
    needs_owner: bool = False
    status: int = 0

    def __call__(
        self,
        request: Request,
        host: str = "",
        *,
        status: int = 0,
        retry_at: datetime | None = None,
        **values: Any,
    ) -> Failure:
        """This failure, of a request."""
        cause, text, repair, owner, usual = self
        if host:
            values["host"] = host
        return failure(
            request,
            cause,
            text,
            repair,
            status=status or usual,
            retry_at=retry_at,
            needs_owner=owner,
            **values,
        )


bad_address = _Sentence(
    Cause.ADDRESS,
    "This is no address of a feed on the web.",
    "Correct its xmlUrl in feeds.opml; it should begin with https:// or http://.",
    needs_owner=True,
)
name_not_found = _Sentence(Cause.NAME, "There is no server by the name {host}.", MOVED_OR_CLOSED)
name_unanswered = _Sentence(Cause.NAME, "The name {host} could not be looked up just now.")
no_network = _Sentence(
    Cause.NO_NETWORK,
    "There is no network connection.",
    "Check the connection, then run `newsfeed refresh` again.",
)
broken_off = _Sentence(Cause.CONNECT, "{host} broke the connection off before its answer was complete.")
not_http = _Sentence(Cause.HTTP, "{host} answered, but not in proper HTTP.", BROWSER)
big_headers = _Sentence(Cause.TOO_LARGE, "The header of the answer from {host} is too large.")
too_large = _Sentence(
    Cause.TOO_LARGE,
    "The answer is larger than {size} MB.",
    "If the feed is worth it, raise max_bytes under [fetch] in newsfeed.toml.",
)
empty = _Sentence(Cause.NOT_A_FEED, "{host} sent an empty answer.", ASKED_AGAIN)
unsafe_redirect = _Sentence(
    Cause.REDIRECT,
    "The feed redirects from https to unsafe http, and is not to be had by https there.",
    BROWSER,
)
redirects = _Sentence(Cause.REDIRECT, "It redirects.", BROWSER)
many_redirects = _Sentence(Cause.REDIRECT, "The feed's address redirects more than {times} times.", BROWSER)
circle = _Sentence(Cause.REDIRECT, "The feed's address redirects in a circle.", BROWSER)
redirect_nowhere = _Sentence(
    Cause.REDIRECT, "{host} redirects, but does not say where to ({status}).", BROWSER
)
bad_redirect = _Sentence(Cause.REDIRECT, "The feed redirects to something that is no web address.", BROWSER)
no_secret = _Sentence(
    Cause.LOGIN,
    UNAUTHORIZED,
    'Add [secrets."{host}"] to newsfeed.toml, naming the variable or file that holds it.',
    needs_owner=True,
)
bad_secret = _Sentence(
    Cause.LOGIN,
    "The token for {host} holds characters that no token can hold.",
    "Copy it anew, without line breaks or quotation marks.",
    needs_owner=True,
)
secret_in_clear = _Sentence(
    Cause.LOGIN, UNENCRYPTED, "Change the address in feeds.opml to https://.", needs_owner=True
)
unused_not_modified = _Sentence(
    Cause.HTTP, "{host} says “nothing new”, though it was not asked that.", status=304
)
# Not requested this time, because of the host's rate limit.
put_off = _Sentence(Cause.THROTTLED, "{host} allows only a few requests; this feed's turn comes later.")
away = _Sentence(
    Cause.HTTP, "{host} does not find this feed just now (404); its feeds come and go.", status=404
)


def refused_port(request: Request, host: str, port: int) -> Failure:
    return failure(
        request,
        Cause.REFUSED_ADDRESS,
        "Port {port} of {host} is not one that feeds are read from.",
        ALLOW,
        needs_owner=True,
        host=host,
        port=port,
        place=f"{_bracketed(host)}:{port}",
    )


def refused_address(request: Request, host: str, port: int, address: str, hops: int) -> Failure:
    """The failure of a host that resolves to an address outside the public net. `hops` redirects came before it."""
    shown = host if host == address else f"{host} ({address})"
    if hops:
        return failure(
            request,
            Cause.REFUSED_ADDRESS,
            "The feed redirects to {host}, which is this machine or its local network; feeds may not reach there.",
            "If you trust it, put that address itself into feeds.opml and name it under allow_private.",
            host=shown,
        )
    return failure(
        request,
        Cause.REFUSED_ADDRESS,
        "{host} is this machine or its local network, which feeds may reach only if you say so.",
        ALLOW,
        needs_owner=True,
        host=shown,
        place=f"{_bracketed(host)}:{port}",
    )


def timed_out(request: Request, host: str, seconds: float, doing: str) -> Failure:
    """`doing` names what took too long: "connect", "answer" or "finish"."""
    said = {
        "connect": "{host} could not be reached within {seconds} seconds.",
        "answer": "{host} fell silent for {seconds} seconds.",
        "finish": "{host} did not finish its answer within {seconds} seconds.",
    }
    return failure(request, Cause.TIMEOUT, said[doing], host=host, seconds=f"{seconds:.3g}")


def not_connected(request: Request, host: str, error: OSError) -> Failure:
    said = {
        errno.ECONNREFUSED: "{host} refuses connections.",
        errno.ECONNRESET: "{host} broke the connection off.",
        errno.ECONNABORTED: "{host} broke the connection off.",
        errno.EPIPE: "{host} broke the connection off.",
        errno.EHOSTUNREACH: "There is no way through the net to {host}.",
        errno.ENETUNREACH: "There is no way through the net to {host}.",
        errno.EMFILE: "This machine has no more room for open connections.",
    }
    repair = "Lower `connections` under [fetch] in newsfeed.toml." if error.errno == errno.EMFILE else ""
    text = said.get(error.errno or 0, "No connection to {host} could be made.")
    return failure(request, Cause.CONNECT, text, repair, host=host)


def bad_certificate(request: Request, host: str, error: ssl.SSLError) -> Failure:
    if isinstance(error, ssl.SSLCertVerificationError):
        return failure(
            request,
            Cause.TLS,
            CERTIFICATE.get(error.verify_code, UNVERIFIED),
            "The site must repair this; if other sites fail too, check this machine's clock.",
            host=host,
        )
    return failure(request, Cause.TLS, "No safe connection to {host} could be agreed on.", host=host)


_BY_STATUS = {
    **dict.fromkeys(
        (401, 402, 407),
        _Sentence(
            Cause.LOGIN,
            "{host} wants a login for this feed ({status}).",
            "Put the private address that the site gives its subscribers into feeds.opml, or remove the feed.",
            needs_owner=True,
        ),
    ),
    403: _Sentence(Cause.LOGIN, "{host} does not let this reader in (403).", BROWSER),
    404: _Sentence(Cause.NOT_FOUND, "{host} has no feed at this address (404).", MOVED_OR_CLOSED),
    410: _Sentence(Cause.GONE, "{host} says that this feed is gone for good (410).", GONE, needs_owner=True),
    429: _Sentence(Cause.THROTTLED, "{host} asks us to come less often (429).", ASKED_AGAIN),
    451: _Sentence(Cause.HTTP, "{host} may not show this feed for legal reasons (451).", MOVED_OR_CLOSED),
    503: _Sentence(Cause.THROTTLED, "{host} is overloaded or closed for the moment (503).", ASKED_AGAIN),
}
_TROUBLE = _Sentence(Cause.HTTP, "{host} has trouble of its own ({status}).", ASKED_AGAIN)
_REFUSES = _Sentence(Cause.HTTP, "{host} refuses the request ({status}).", BROWSER)
_NO_FEED = _Sentence(Cause.HTTP, "{host} gave an answer that is no feed ({status}).", BROWSER)
_TURNED_AWAY = _Sentence(Cause.THROTTLED, "{host} turns us away for now ({status}).")


def refused(request: Request, host: str, status: int, retry_at: datetime | None) -> Failure:
    """The failure that a status code means. `retry_at` is what the server asked for, if it did."""
    usual = _TROUBLE if status >= 500 else _REFUSES if status >= 400 else _NO_FEED
    said = _BY_STATUS.get(status, usual)
    if status in {401, 403} and retry_at is not None:
        said = _TURNED_AWAY
    return said(request, host, status=status, retry_at=retry_at)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
