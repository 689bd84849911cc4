"""The lines between the chunks of a body, as HTTP wants them."""

from __future__ import annotations

import re

_CHUNKED = re.compile(rb"\ntransfer-encoding:[^\r\n]*chunked", re.IGNORECASE)
LONGEST_LINE = 4_096  # bytes; what is longer is no line of a chunk


class Chunks:
    """A chunked body (RFC 9112, section 7.1) on its way to a parser that asks for CR and LF at the end of each line, while some
    servers send LF alone, which browsers take. What is no chunk passes as it is, for the parser to refuse."""

    def __init__(self) -> None:
        self._line = b""  # as far as it has come
        self._left = 0  # bytes of the chunk that are still to come
        self._reads = self._size

    def feed(self, data: bytes) -> bytes:
        """The next bytes, perhaps none while a line has not ended."""
        out = []
        while data:
            if self._left:
                piece, data = data[: self._left], data[self._left :]
                self._left -= len(piece)
                out.append(piece)
                continue
            if self._reads == self._nothing:
                out.append(data)
                break
            line, end, data = data.partition(b"\n")
            self._line += line
            if not end and len(self._line) <= LONGEST_LINE:
                break
            line, self._line = self._line.removesuffix(b"\r"), b""
            out.append(line + b"\r\n" if end else line)
            self._reads(line)
        return b"".join(out)

    def _size(self, line: bytes) -> None:
        digits = line.partition(b";")[0].strip()
        if not 0 < len(digits) <= 16 or not all(c in b"0123456789abcdefABCDEF" for c in digits):
            self._reads = self._nothing
            return
        self._left = int(digits, 16)
        self._reads = self._end if self._left else self._trailer

    def _end(self, line: bytes) -> None:
        self._reads = self._nothing if line else self._size

    def _trailer(self, line: bytes) -> None:
        if not line:
            self._reads = self._nothing

    def _nothing(self, line: bytes) -> None:
        """What follows is no part of the body."""


def chunks_after(head: bytes) -> Chunks | None:
    """What reads the body that follows the head of an answer; None where it has no chunks."""
    return Chunks() if _CHUNKED.search(head) else None
