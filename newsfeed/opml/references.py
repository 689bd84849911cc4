"""What the text between quotes stands for: entities and character references, and what XML forbids there.

Known are the five entities of XML and the names of HTML; what a document declares itself is never expanded.
"""

from __future__ import annotations

import re
from html.entities import html5

_REFERENCE = re.compile(r"&(?:(?:#(\d{1,7})|#[xX]([0-9A-Fa-f]{1,6})|([A-Za-z][A-Za-z0-9]{0,40}));)?")
_XML_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_SPACE = re.compile(r"\r\n|[\t\r\n]")
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


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
            if number < 0x110000 and not _ILLEGAL.match(chr(number)):
                return chr(number)
            damages.setdefault("character that XML forbids", found.start())
            return ""
        damages.setdefault("bare &", found.start())
        return "&"

    forbidden = _ILLEGAL.search(raw)
    if forbidden:
        damages["character that XML forbids"] = forbidden.start()
        # A lone surrogate stands for a byte that is no letter; that something was there should be seen.
        raw = _ILLEGAL.sub(lambda m: "\ufffd" if m[0] >= "\ud800" and m[0] < "\ue000" else "", raw)
    if _SPACE.search(raw):
        raw = _SPACE.sub(" ", raw)
    return (_REFERENCE.sub(replaced, raw) if "&" in raw else raw), damages
