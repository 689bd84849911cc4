"""An answer's body, decoded within bounds.

httpx sets no limit on what a small compressed answer may grow to, so the raw bytes are read and decoded here, a
piece at a time, and reading stops at the cap.
"""

from __future__ import annotations

import hashlib
import zlib

STEP = 65_536  # the most that one call of the decoder may give
MEMBERS = 1_000  # gzip files in one body; honest servers send one
PIECES = 4_096  # after so many pieces their mean size is judged
TINY = 64  # bytes; a body cut into smaller pieces only costs time

GZIP = {"gzip", "x-gzip"}
# Not codings at all, but seen in the wild where a server means "none".
NONE = {"", "identity", "none", "utf-8", "utf8", "binary", "8bit", "7bit"}


class BodyError(Exception):
    """The body can't be used; the message is one sentence for the owner."""


class TooLargeError(BodyError):
    """The body is larger than its cap, raw or decoded."""


class CutError(BodyError):
    """The body ended before it was complete."""


def check_coding(header: str) -> None:
    """Accept a Content-Encoding header that says gzip, or nothing.

    Raises:
        BodyError: more than one coding, or one that was not asked for.
    """
    named = [part for part in (p.strip().lower() for p in header.split(",")) if part not in NONE]
    if not named or (len(named) == 1 and named[0] in GZIP):
        return
    raise BodyError("The server packed its answer in a way that was not asked for.")


class Body:
    """Collects the raw pieces of one body and decodes them on the way.

    Whether it is packed is read from its first bytes: a label alone is often wrong.

    Args:
        limit: the most bytes, of the raw and of the decoded body each.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._decoder: zlib._Decompress | None = None
        self._started = False
        self._head = b""
        self._parts: list[bytes] = []
        self._size = 0
        self._raw = 0
        self._pieces = 0
        self._members = 0

    def add(self, piece: bytes) -> None:
        """Take the next raw piece.

        Raises:
            TooLargeError: the cap is reached.
            BodyError: the piece can't be decoded, or the body comes in dust.
        """
        self._raw += len(piece)
        self._pieces += 1
        if self._raw > self._limit:
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
        if self._decoder is not None and not self._decoder.eof and self._members <= 1:
            raise CutError("The answer broke off before it was complete.")
        return b"".join(self._parts)

    def _start(self, piece: bytes) -> None:
        # The first two bytes tell the truth where the header does not: some servers label plain text as gzip, others
        # send packed files without a word.
        self._started = True
        if piece[:2] == b"\x1f\x8b":
            self._next_member()

    def _next_member(self) -> None:
        self._members += 1
        if self._members > MEMBERS:
            raise BodyError("The server's packed answer is made of too many parts.")
        self._decoder = zlib.decompressobj(31)

    def _decode(self, piece: bytes) -> None:
        while piece:
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
        if self._size > self._limit:
            raise TooLargeError(too_large(self._limit))
        if part:
            self._parts.append(part)


def body_hash(body: bytes) -> str:
    """The fingerprint by which an unchanged body is known again."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def too_large(limit: int) -> str:
    """The sentence for a body over its cap."""
    return f"The answer is larger than {limit / 1_000_000:.3g} MB."
