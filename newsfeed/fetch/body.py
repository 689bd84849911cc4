"""An answer's body, decoded within bounds.

httpx sets no limit on what a small compressed answer may grow to, so the raw bytes are read and decoded here, a
piece at a time, and reading stops at the cap.
"""

from __future__ import annotations

import hashlib
import re
import zlib

STEP = 65_536  # the most that one call of the decoder may give
MEMBERS = 1_000  # gzip files in one body; honest servers send one
PIECES = 4_096  # after so many pieces their mean size is judged
TINY = 64  # bytes; a body cut into smaller pieces only costs time

GZIP = {"gzip", "x-gzip"}
PLAIN = re.compile(rb"\s*(?:\xef\xbb\xbf)?[<{\[]\s*[!?\w\"{}\]]")
FEED = re.compile(rb"<(?:[\w.-]{1,20}:)?(?:rss|feed|rdf)[\s>]", re.IGNORECASE)
OPENING = 4_096  # bytes in which a feed shows that it is one
# Not codings at all, but seen in the wild where a server means "none".
NONE = {"", "identity", "none", "utf-8", "utf8", "binary", "8bit", "7bit"}


class BodyError(Exception):
    """The body can't be used; the message is one sentence for the owner."""


class TooLargeError(BodyError):
    """The body is larger than its cap, raw or decoded."""


class CutError(BodyError):
    """The body ended before it was complete."""


def coding(header: str) -> str:
    """What a Content-Encoding header says: "gzip", "deflate", or "" for nothing. Deflate is not asked for, but costs
    nothing to read.

    Raises:
        BodyError: more than one coding, or another one.
    """
    named = [part for part in (p.strip().lower() for p in header.split(",")) if part not in NONE]
    if not named:
        return ""
    if len(named) == 1 and named[0] in GZIP:
        return "gzip"
    if named == ["deflate"]:
        return "deflate"
    raise BodyError("The server packed its answer in a way that was not asked for.")


class Body:
    """Collects the raw pieces of one body and decodes them on the way.

    Whether it is packed is read from its first bytes: a label alone is often wrong.

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
            BodyError: the piece can't be decoded, or the body comes in dust.
        """
        self._raw += len(piece)
        self._pieces += 1
        if self._raw > self._limit and self._decoder is not None:
            raise TooLargeError(too_large(self._limit))
        if self._pieces > PIECES and self._raw < self._pieces * TINY:
            raise BodyError("The server sends its answer in crumbs.")
        if self._head:
            piece, self._head = self._head + piece, b""
        if not self._started:
            if len(piece) < 2:
                self._head = piece
                return
            self._start(piece)
        if self._decoder is None:
            self._keep(piece)
        else:
            self._decode(piece)

    def finish(self) -> bytes:
        """The whole decoded body.

        Raises:
            CutError: the compressed data ended early.
        """
        if not self._started and self._head:
            self._keep(self._head)
        if self.full:
            return b"".join(self._parts)
        if self._decoder is not None and not self._decoder.eof and self._members <= 1:
            raise CutError("The answer broke off before it was complete.")
        return b"".join(self._parts)

    def _start(self, piece: bytes) -> None:
        # The first two bytes tell the truth where the header does not: some servers label plain text as gzip, others
        # send packed files without a word.
        self._started = True
        if piece[:2] == b"\x1f\x8b":
            self._next_member()
        elif self._said == "deflate" and not PLAIN.match(piece):
            # With the head of zlib, as the word means, or without, as some servers understand it.
            wrapped = piece[0] & 15 == 8 and int.from_bytes(piece[:2], "big") % 31 == 0
            self._decoder = zlib.decompressobj(15 if wrapped else -15)

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
        over = self._size - self._limit
        if over > 0:
            if not FEED.search(self._opening):
                raise TooLargeError(too_large(self._limit))
            part = part[: len(part) - over + 1]
            self.full = True
        if part:
            self._parts.append(part)


def body_hash(body: bytes) -> str:
    """The fingerprint by which an unchanged body is known again."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def too_large(limit: int) -> str:
    """The sentence for a body over its cap."""
    return f"The answer is larger than {limit / 1_000_000:.3g} MB."
