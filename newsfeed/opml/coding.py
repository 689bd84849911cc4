"""Bytes to text and back without losing a byte that nobody touched, and what the text between quotes stands for.

Subscription lists come in every encoding that ever was, some with a declaration that isn't true. Reading decides
once which codec the bytes are really in; writing goes back through the same codec. Only the codecs named here are
used: a document can't choose one of Python's own. Of entities, the five of XML and the names of HTML are known; what
a document declares itself is never expanded.
"""

from __future__ import annotations

import re
from html.entities import html5
from typing import NamedTuple

from newsfeed.lazy import expression
from newsfeed.text.encodings import ASCII_BASED, DECLARED, ENCODINGS, MARKS, MULTIBYTE, wide


class Coded(NamedTuple):
    """A document's text and how to write it back. Where it isn't in its declared encoding, `note` and `repair` say so."""

    text: str
    codec: str
    mark: bytes = b""
    note: str = ""
    repair: str = "Save the file as UTF-8."


def decode(data: bytes) -> Coded:
    """Read `data` in the encoding that it is really in. Never fails: bytes that fit nowhere become surrogates."""
    for mark, codec in MARKS:
        if data.startswith(mark):
            return _read(data[len(mark) :], codec, mark)
    if codec := wide(data):
        return _read(data, codec)
    found = DECLARED.match(data[:2_000].lstrip())
    declared = found[1].decode("ascii").lower() if found else ""
    codec = ENCODINGS.get(declared, "")
    if codec not in ASCII_BASED:
        codec = ""
    elif codec.startswith("utf"):
        codec = "utf-8"  # readable as ASCII, hence not of two or four bytes a letter
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _not_utf8(data, declared, codec)
    if codec in {"", "utf-8"}:
        return Coded(text, "utf-8")
    # Text in another encoding is hardly ever valid UTF-8 by chance; in those of East Asia a few letters may be.
    letters = sum(not c.isascii() for c in text)
    if letters == 0 or (codec in MULTIBYTE and letters < 8):
        return _read(data, codec)
    note = f"It says that it is in {declared}, but it is in UTF-8."
    return Coded(text, "utf-8", note=note, repair='Write encoding="UTF-8" in its first line.')


def encode(coded: Coded, text: str) -> bytes:
    """`text` as the bytes of the document that `coded` was read from."""
    return coded.mark + text.encode(coded.codec, _errors(coded.codec))


def fitting(text: str, codec: str) -> str:
    """`text` with character references for what `codec` can't write, or would read back as another letter."""
    if text.isascii() or codec.startswith("utf"):
        return text
    return "".join(c if c.isascii() or _kept(c, codec) else f"&#{ord(c)};" for c in text)


def _kept(letter: str, codec: str) -> bool:
    try:
        return letter.encode(codec, "surrogateescape").decode(codec, "surrogateescape") == letter
    except UnicodeError:
        return False


def _errors(codec: str) -> str:
    # Surrogates carry single bytes; wider units can't be carried that way.
    return "replace" if codec.startswith(("utf-16", "utf-32")) else "surrogateescape"


def _read(data: bytes, codec: str, mark: bytes = b"") -> Coded:
    return Coded(data.decode(codec, _errors(codec)), codec, mark)


def _not_utf8(data: bytes, declared: str, codec: str) -> Coded:
    if codec and codec != "utf-8":
        return _read(data, codec)
    text = data.decode("utf-8", "surrogateescape")
    broken = sum("\udc80" <= c <= "\udcff" for c in text)
    whole = sum(not c.isascii() for c in text) - broken
    if whole >= broken:  # UTF-8 with a few foreign bytes in it
        return Coded(text, "utf-8", note="Some letters of it are damaged: they are not UTF-8.")
    said = (
        f"It says that it is in {declared}, but it is not." if declared else "It doesn't name its encoding."
    )
    return _read(data, "cp1252")._replace(note=said + " It was read as windows-1252.")


_REFERENCE = expression(r"&(?:(?:#(\d{1,7})|#[xX]([0-9A-Fa-f]{1,6})|([A-Za-z][A-Za-z0-9]{0,40}));)?")
_XML_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_SPACE = expression(r"\r\n|[\t\r\n]")
ILLEGAL = expression(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def resolve(raw: str) -> tuple[str, dict[str, int]]:
    """The value that `raw` stands for in XML, and what is wrong in it (each kind with its first place)."""
    damages: dict[str, int] = {}

    def replaced(found: re.Match[str]) -> str:
        decimal, hexadecimal, name = found.groups()
        if name:
            if name in _XML_ENTITIES:
                return _XML_ENTITIES[name]
            known = html5.get(name + ";")
            damages.setdefault("name of HTML" if known else "unknown entity", found.start())
            return known or found[0]
        if decimal or hexadecimal:
            number = int(decimal) if decimal else int(hexadecimal, 16)
            if number < 0x110000 and not ILLEGAL.match(chr(number)):
                return chr(number)
            damages.setdefault("character that XML forbids", found.start())
            return ""
        damages.setdefault("bare &", found.start())
        return "&"

    forbidden = ILLEGAL.search(raw)
    if forbidden:
        damages["character that XML forbids"] = forbidden.start()
        # A lone surrogate stands for a byte that is no letter; that something was there should be seen.
        raw = ILLEGAL.sub(lambda m: "\ufffd" if m[0] >= "\ud800" and m[0] < "\ue000" else "", raw)
    if _SPACE.search(raw):
        raw = _SPACE.sub(" ", raw)
    return (_REFERENCE.sub(replaced, raw) if "&" in raw else raw), damages
