"""Answers that break the rules of HTTP, repaired on their way to its parser: their heads, and the lines between chunks.

They are read as browsers do. What is ambiguous, such as two lengths, stays for the parser to refuse.
"""

from __future__ import annotations

import re

# What h11 takes as it is; anything else is repaired first.
_FINE = re.compile(
    rb"HTTP/1\.[01] \d{3}(?: [^\r\n\0]*)?\r\n(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*\r\n)*\r\n"
)
_DOUBTFUL = re.compile(
    rb"\ncontent-length:(?![ \t]*\d+(?:[ \t]*,[ \t]*\d+)*[ \t]*\r)|\ntransfer-encoding:[ \t]*identity",
    re.IGNORECASE,
)
_STATUS = re.compile(
    rb"(?:HTTP/(?P<version>\d(?:\.\d)?)|ICY)[ \t]*(?P<status>[1-9]\d\d)(?!\d)", re.IGNORECASE
)
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NUMBERS = re.compile(rb"\d+(?:\s*,\s*\d+)*")
_HEAD_END = re.compile(rb"\n\r?\n")


def split_head(data: bytes | bytearray) -> tuple[bytes, bytes] | None:
    """The head that some bytes begin with, and what follows it; None where it has not ended yet."""
    start = len(data) - len(data.lstrip(b"\xef\xbb\xbf\r\n"))  # what a script printed before
    end = _HEAD_END.search(data, start)
    return (bytes(data[start : end.end()]), bytes(data[end.end() :])) if end else None


def repaired_head(head: bytes) -> bytes:
    """The head of an answer as HTTP wants it, read as browsers do: a line that is no header is passed over, and so are
    a length that is no number, and white space where there should be none. After a repaired head, the connection is not
    used again.
    """
    if _FINE.fullmatch(head) and not _DOUBTFUL.search(head):
        return head
    first, *lines = (line.rstrip(b"\r") for line in head.rstrip(b"\r\n").split(b"\n"))
    status = _STATUS.match(first)
    if not status or b"\0" in head:
        return head
    kept = [b"HTTP/1.%d %s" % (status["version"] not in {None, b"1.0"}, status["status"])]
    follows = False  # a line that is folded belongs to a header that is kept
    for line in lines:
        if line[:1] in {b" ", b"\t"}:
            if follows:
                kept[-1] += b" " + line.strip()
            continue
        name, colon, value = (part.strip() for part in line.partition(b":"))
        lower = name.lower()
        follows = bool(
            colon
            and _NAME.fullmatch(name)
            and (lower != b"content-length" or _NUMBERS.fullmatch(value))
            and (lower != b"transfer-encoding" or value.lower() != b"identity")
            and lower != b"connection"
        )
        if follows:
            kept.append(name + b": " + value)
    if not status["status"].startswith(b"1"):
        kept.append(b"Connection: close")
    return b"\r\n".join([*kept, b"", b""])


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
