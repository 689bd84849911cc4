"""An answer's headers and body: request headers, which answer headers are kept, and decoding the body within limits."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from newsfeed import __version__
from newsfeed.text.times import of_header

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"
)
VALIDATOR_BYTES = 1_024  # of an ETag or a date; longer ones are no validators

# Headers that are passed on; all others are dropped.
KEPT = {
    "age",
    "cache-control",
    "content-language",
    "date",
    "expires",
    "link",
    "ratelimit-remaining",
    "ratelimit-reset",
    "refresh",
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
    """Whether a validator can be stored and sent again: printable ASCII, at most 1 KB."""
    return len(value) <= VALIDATOR_BYTES and value.isascii() and value.isprintable()


def user_agent(contact: str) -> str:
    """An honest User-Agent: what we are, and the contact that the reader chose to give."""
    said = "".join(c for c in contact if c.isascii() and c.isprintable() and c not in "()").strip()[:120]
    return f"newsfeed/{__version__} (personal feed reader{'; ' + said if said else ''})"


def read(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers that we use, with lower-case names. Repeated lists are joined; of others the first counts.

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
    """The headers that are passed on."""
    return {k: v for k, v in headers.items() if k in KEPT and len(v) <= KEPT_CHARACTERS}


def validator(headers: Mapping[str, str], name: str) -> str:
    """An answer's validator of that name, "" where it has none that can be kept."""
    value = headers.get(name, "")
    return value if storable(value) else ""


# Bounds on waiting times, so that a server's mistake neither has it asked at once nor silences it for weeks.
SHORTEST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=24)

RESET = ("x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset")
REMAINING = ("x-ratelimit-remaining", "x-rate-limit-remaining", "ratelimit-remaining")


def clamp(moment: datetime, now: datetime) -> datetime:
    """`moment`, but at least one minute and at most 24 hours from `now`."""
    return min(max(moment, now + SHORTEST_WAIT), now + LONGEST_WAIT)


def retry_after(value: str, now: datetime) -> datetime | None:
    """The moment that a Retry-After header names (seconds or HTTP date), clamped; None if it names none."""
    value = value.strip()
    seconds = _number(value)
    if seconds is not None:
        return None if seconds < 0 else _after(seconds, now)
    moment = of_header(value)
    return None if moment is None else clamp(moment, now)


def reset(value: str, now: datetime) -> datetime | None:
    """The moment that a rate-limit reset header names, clamped; None if it names none.

    Networks disagree on its form, so its shape decides: an ISO 8601 time (Mastodon), an HTTP date, unix seconds or
    milliseconds (X), or the seconds left (Reddit).
    """
    value = value.strip()
    number = _number(value)
    if number is None:
        moment = of_header(value)
        return None if moment is None else clamp(moment, now)
    if number < 0:
        return None
    if number > 1e11:
        number /= 1000
    if number > 1e9:
        return _after(number - now.timestamp(), now)
    return _after(number, now)


def wait_until(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Until when a refusing answer asks us to wait, by Retry-After, else by its rate-limit reset."""
    moment = retry_after(headers["retry-after"], now) if "retry-after" in headers else None
    if moment is None:
        moment = next((reset(headers[name], now) for name in RESET if name in headers), None)
    return moment


def exhausted(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """The reset time, if the headers say that no requests remain."""
    for name in REMAINING:
        left = _number(headers.get(name, ""))
        if left is not None and left < 1:
            return next((reset(headers[key], now) for key in RESET if key in headers), None)
    return None


def _number(value: str) -> float | None:
    if not value.isascii() or not 0 < len(value) <= 32:
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if abs(number) < 1e18 else (1e18 if number > 0 else -1.0)  # also takes inf and nan


def _after(seconds: float, now: datetime) -> datetime:
    return clamp(now + timedelta(seconds=min(max(seconds, 0.0), LONGEST_WAIT.total_seconds())), now)


STEP = 65_536  # the most that one call of the decoder may give
MEMBERS = 1_000  # gzip files in one body; honest servers send one
PIECES = 4_096  # after so many pieces their mean size is judged
ZLIB = re.compile(rb"x[\x01\x5e\x9c\xda]")  # RFC 1950, with the window that everybody uses
UNKNOWN = 64  # bytes that tell whether a body is what its unknown coding says, or plain
TINY = 64  # bytes; a body cut into smaller pieces only costs time

GZIP = {"gzip", "x-gzip"}
PLAIN = re.compile(rb"\s*(?:\xef\xbb\xbf)?[<{\[]\s*[!?\w\"{}\]]")
FEED = re.compile(rb"<(?:[\w.-]{1,20}:)?(?:rss|feed|rdf)[\s>]", re.IGNORECASE)
OPENING = 4_096  # bytes in which a feed shows that it is one
# Not codings, but sent by servers that mean "none".
NONE = {"", "identity", "none", "utf-8", "utf8", "binary", "8bit", "7bit"}
_FEED_END = re.compile(rb"</(?:\w+:)?(?:rss|feed|rdf)\s*>\s*$", re.IGNORECASE)
_TAIL = 100  # bytes that hold the last end tag


class BodyError(Exception):
    """The body can't be used; the message is one sentence for the reader."""


class TooLargeError(BodyError):
    """The body is larger than its cap, raw or decoded."""


class CutError(BodyError):
    """The body ended before it was complete."""


def coding(header: str) -> str:
    """What a Content-Encoding header says: "gzip", "deflate", "unknown", or "" for nothing. Deflate is not asked for,
    but costs nothing to read."""
    named = {part for part in (p.strip().lower() for p in header.split(",")) if part not in NONE}
    # A coding named twice, by two layers of a server, means one; a body compressed twice is refused by its bytes.
    if not named or named <= GZIP:
        return "gzip" if named else ""
    return "deflate" if named == {"deflate"} else "unknown"


class Body:
    """Collects the raw pieces of one body and decodes them on the way.

    Compression is recognised by the first bytes, because the header is often wrong.

    Of a feed that is larger than its cap the beginning is kept, for the newest entries stand first. It is one byte more
    than the cap, by which whoever reads it sees that it is cut.

    Args:
        limit: the most bytes, of the raw and of the decoded body each.
        said: the coding that the header names.

    Attributes:
        full: whether the cap is reached and the rest need not be read.
    """

    def __init__(self, limit: int, said: str = "") -> None:
        self.full = False
        self._limit = limit
        self._said = said
        self._decoder: zlib._Decompress | None = None
        self._started = False
        self._head = b""
        self._opening = b""
        self._parts: list[bytes] = []
        self._size = 0
        self._raw = 0
        self._pieces = 0
        self._members = 0

    def add(self, piece: bytes) -> None:
        """Take the next raw piece.

        Raises:
            TooLargeError: the cap is reached, and it is no feed.
            BodyError: the piece can't be decoded, or the pieces are tiny.
        """
        self._raw += len(piece)
        self._pieces += 1
        if self._raw > self._limit and self._decoder is not None:
            raise TooLargeError
        if self._pieces > PIECES and self._raw < self._pieces * TINY:
            raise BodyError("The server sends its answer in crumbs.")
        if self._head:
            piece, self._head = self._head + piece, b""
        if not self._started:
            if len(piece) < (UNKNOWN if self._said == "unknown" else 2):
                self._head = piece
                return
            self._start(piece)
        if self._decoder is None:
            self._keep(piece)
        else:
            self._decode(piece)

    @property
    def whole(self) -> bool:
        """Whether all is there though the connection said otherwise: what is packed tells its own end, and so does a
        feed."""
        if self._decoder is not None and self._decoder.eof:
            return True
        return not self._head and _FEED_END.search(b"".join(self._parts[-_TAIL:])[-_TAIL:]) is not None

    def finish(self) -> bytes:
        """The whole decoded body.

        Raises:
            CutError: the compressed data ended early.
        """
        if not self._started and self._head:
            piece, self._head = self._head, b""
            if self._said == "unknown":
                self._start(piece)
            self._keep(piece) if self._decoder is None else self._decode(piece)
        if self.full:
            return b"".join(self._parts)
        if self._decoder is not None and not self.whole and self._members <= 1:
            raise CutError("The answer broke off before it was complete.")
        return b"".join(self._parts)

    def _start(self, piece: bytes) -> None:
        # The first two bytes decide, not the header: some servers label plain text as gzip, others send compressed files
        # without a label.
        self._started = True
        if piece[:2] == b"\x1f\x8b":
            self._next_member()
        elif PLAIN.match(piece):
            return
        elif ZLIB.match(piece) and (piece[1] > 0x7F or self._said in {"gzip", "deflate"}):
            self._decoder = zlib.decompressobj(15)  # deflate with a head, as the word means
        elif self._said == "deflate":
            self._decoder = zlib.decompressobj(-15)  # without one, as some servers understand the word
        elif self._said == "unknown":
            raise BodyError("The server packed its answer in a way that was not asked for.")

    def _next_member(self) -> None:
        self._members += 1
        if self._members > MEMBERS:
            raise BodyError("The server's packed answer is made of too many parts.")
        self._decoder = zlib.decompressobj(31)

    def _decode(self, piece: bytes) -> None:
        while piece and not self.full:
            assert self._decoder is not None
            if self._decoder.eof:
                if piece == b"\x1f":
                    self._head = piece  # perhaps the first half of the next file's mark
                    return
                if piece[:2] != b"\x1f\x8b":
                    return  # padding after the end
                self._next_member()
            try:
                self._keep(self._decoder.decompress(piece, STEP))
            except zlib.error as error:
                if self._members > 1:
                    return
                raise BodyError("The server's packed answer can't be unpacked.") from error
            piece = self._decoder.unused_data if self._decoder.eof else self._decoder.unconsumed_tail

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if len(self._opening) < OPENING:
            self._opening += part[:OPENING]
            if self._decoder is not None and self._opening.startswith(b"\x1f\x8b"):
                raise BodyError("The server packed its answer twice.")
        over = self._size - self._limit
        if over > 0:
            if not FEED.search(self._opening):
                raise TooLargeError
            part = part[: len(part) - over + 1]
            self.full = True
        if part:
            self._parts.append(part)


def body_hash(body: bytes) -> str:
    """The hash by which an unchanged body is recognised."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()
