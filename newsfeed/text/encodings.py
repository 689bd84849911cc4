"""Bytes -> text: the encoding that a document is really in, whatever it and its server declare.

Only encodings on a fixed list are used, since Python has codecs that are not encodings ("unicode_escape", "zip").
"""

from __future__ import annotations

import codecs
import re
import string

# Codecs by the names used in documents. Supersets replace subsets, as in browsers.
ENCODINGS = {
    name: codec
    for codec, names in {
        "utf-8": "utf-8 utf8 unicode-1-1-utf-8 us-ascii ascii ansi_x3.4-1968",
        "utf-16-le": "utf-16 utf-16le ucs-2 unicode csunicode iso-10646-ucs-2",
        "utf-16-be": "utf-16be unicodefffe",
        "utf-32-le": "utf-32 utf-32le ucs-4",
        "utf-32-be": "utf-32be",
        "cp1252": "iso-8859-1 iso8859-1 iso_8859-1 latin1 latin-1 l1 windows-1252 cp1252 x-cp1252 ansi",
        "iso8859-2": "iso-8859-2 iso8859-2 latin2",
        "iso8859-15": "iso-8859-15 iso8859-15 latin9",
        "cp1254": "iso-8859-9 iso8859-9 latin5 windows-1254 cp1254",
        "cp874": "iso-8859-11 tis-620 windows-874",
        "cp1251": "windows-1251 cp1251 x-cp1251",
        "cp866": "cp866 ibm866",
        "koi8-r": "koi8-r koi8_r koi8",
        "koi8-u": "koi8-u koi8_u",
        "mac-roman": "macintosh mac x-mac-roman",
        "gb18030": "gb2312 gbk gb_2312-80 gb18030 cp936 x-gbk euc-cn chinese",
        "big5hkscs": "big5 big5-hkscs x-x-big5 cn-big5",
        "cp932": "shift_jis shift-jis sjis x-sjis windows-31j ms_kanji cp932",
        "euc-jp": "euc-jp x-euc-jp eucjp",
        "iso2022-jp": "iso-2022-jp",
        "cp949": "euc-kr ks_c_5601-1987 ksc5601 windows-949 cp949 korean",
        "cp037": "cp037 ibm037 ebcdic-cp-us",
        "cp500": "cp500 ibm500",
        "cp437": "cp437",
        "cp850": "cp850",
        **{f"iso8859-{n}": f"iso-8859-{n} iso8859-{n}" for n in (3, 4, 5, 6, 7, 8, 10, 13, 14, 16)},
        **{f"cp{n}": f"windows-{n} cp{n}" for n in (1250, 1253, 1255, 1256, 1257, 1258)},
    }.items()
    for name in names.split()
}
# Encodings of East Asia, in which a few letters may be valid UTF-8 by chance.
MULTIBYTE = frozenset({"gb18030", "big5hkscs", "cp932", "euc-jp", "cp949"})
# Encodings that contain ASCII and round-trip every byte.
ASCII_BASED = frozenset(ENCODINGS.values()) - {"iso2022-jp", "cp037", "cp500"}
MARKS = (
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)
# Which of the first four bytes are zero, and of what encoding (RFC 4627, section 3).
_ZEROS = {"0001": "utf-32-be", "1000": "utf-32-le", "0101": "utf-16-be", "1010": "utf-16-le"}
_EBCDIC = b"\x4c\x6f\xa7\x94"  # "<?xm"
DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']\s*([\w.:()-]{1,40})\s*["']""", re.IGNORECASE)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
_META = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)


# What may stand before JSON: marks of byte order, comments, what keeps it from running as a script, a call around it.
BEFORE_JSON = re.compile(
    r"(?:[\ufeff\s]|/\*.*?\*/|//[^\n]*\n|\)\]\}'[^\n]*\n|[\w.$]{1,60}\()*(?=[{\[])", re.DOTALL
)
_HEAD = 1_000  # bytes in which JSON begins
_SAMPLE = 20_000  # bytes by which an encoding is told
_FOREIGN = 0.4  # part of the letters beyond ASCII: Czech has .14, Russian, Greek, Thai and Chinese beside some markup .65 and more
_BEYOND_ASCII = bytes(range(128, 256))  # each byte that is none of ASCII
_BROKEN = 0.1  # of these, what is no UTF-8: where it is another encoding, most of them
_CYRILLIC = ("cp1251", "koi8_r")
_KANA = re.compile("[ぁ-ヿ]")
_JAPANESE = 0.1  # part of a text that is kana
_ONE_BYTE = (*_CYRILLIC, "cp1253", "cp1255", "cp1256", "cp874")
_TWO_BYTES = ("big5", "cp949", "gb18030", "euc_jp", "cp932")


def looks_like_json(body: bytes) -> bool:
    """Whether a document is probably JSON, by its first character."""
    return BEFORE_JSON.match(decode(body[:_HEAD])[0]) is not None


def wide(body: bytes) -> str:
    """The encoding of several bytes a letter that the first bytes show without a byte order mark, "" for none."""
    return _ZEROS.get("".join("01"[byte > 0] for byte in body[:4]), "")


def decode(body: bytes, content_type: str = "") -> tuple[str, str]:
    """The text of a document and the name of the encoding that was followed.

    In order: a byte order mark, which of the first bytes are zero, UTF-8 if all of it is valid, what the document
    declares, what the server declares, what the bytes look like if most letters are none of ASCII, UTF-8 with its
    invalid bytes read as Windows-1252. A declaration that contradicts valid UTF-8 is an old default that nobody looked
    at; the reverse is as common, and so is Windows-1252 where nobody said anything else.
    """
    for mark, name in MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), name
    if of_several := wide(body):
        return body.decode(of_several, "replace"), of_several
    if body[:400].lstrip(b" \t\r\n").startswith(_EBCDIC):
        return body.decode("cp037", "replace"), "cp037"
    declared = DECLARED.search(body[:2_000]) or _META.search(body[:4_000])
    served = _CHARSET.search(content_type)
    names = [declared.group(1).decode("ascii") if declared else "", served.group(1) if served else ""]
    codecs_ = [ENCODINGS[n.lower()] for n in names if n.lower() in ENCODINGS]
    if "iso2022-jp" in codecs_ and b"\x1b$" in body:
        return body.decode("iso2022-jp", "replace"), "iso2022-jp"
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        # Cut off in the middle of a character: still UTF-8.
        if error.start >= len(body) - 4 and error.reason == "unexpected end of data":
            return body.decode("utf-8", "ignore"), "utf-8"
    for codec in codecs_:
        if codec.startswith(("utf", "cp037", "cp500", "iso2022")):
            continue
        if codec == "cp1252":
            if other := _by_its_bytes(body):
                return body.decode(other, "replace"), other
            return _windows(body), codec
        try:
            return body.decode(codec), codec
        except UnicodeDecodeError:
            text = body.decode(codec, "replace")
            if text.count("\ufffd") * 50 < len(text):
                return text, codec
    if other := _by_its_bytes(body):
        return body.decode(other, "replace"), other
    return body.decode("utf-8", "newsfeed-windows"), "windows-1252 in utf-8"


def _by_its_bytes(body: bytes) -> str:
    """The encoding of a text in other letters than Latin ones, "" where these are too few to tell or it is none known."""
    said = b" ".join(re.sub(rb"<[^>]*>", b" ", body).split())
    if len(said) > _SAMPLE:
        said = said[:_SAMPLE].rpartition(b" ")[0]
    beyond = len(said) - len(said.translate(None, _BEYOND_ASCII))
    letters = beyond + len(said) - len(said.translate(None, string.ascii_letters.encode()))
    if not beyond or beyond < _FOREIGN * letters:
        return ""
    if said.decode("utf-8", "replace").count("\ufffd") < _BROKEN * beyond:
        return ""  # UTF-8 with some damage
    import charset_normalizer

    # Text of two bytes a letter is seldom valid by chance, and kana only where it is Japanese; any bytes are Thai.
    found = charset_normalizer.from_bytes(said, cp_isolation=list(_TWO_BYTES))
    best = next(
        (one for one in found if len(_KANA.findall(str(one))) > _JAPANESE * len(str(one))), found.best()
    )
    best = best or charset_normalizer.from_bytes(said, cp_isolation=list(_ONE_BYTE)).best()
    if best is None:
        return ""
    if best.encoding not in _CYRILLIC:
        return str(best.encoding)
    # In the wrong one of these all letters are letters too, but small ones are capitals.
    return max(_CYRILLIC, key=lambda name: sum(map(str.islower, said.decode(name, "replace"))))


def _windows(body: bytes) -> str:
    try:
        return body.decode("cp1252")
    except UnicodeDecodeError:
        return body.decode("cp1252", "newsfeed-windows")


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: invalid bytes are read as Windows-1252, or else as Latin-1."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in wrong), error.end


codecs.register_error("newsfeed-windows", _as_windows)


_HALVES = re.compile(
    r"&#(?:(5[5-7]\d{3})|[xX]([dD][89abAB][0-9a-fA-F]{2}));&#(?:(5[5-7]\d{3})|[xX]([dD][c-fC-F][0-9a-fA-F]{2}));"
)
_NUMBERED = re.compile(r"&#(?:(\d{1,10})|[xX]([0-9a-fA-F]{1,8}));")


def without_impossible(text: str) -> str:
    """Markup without numeric references to characters that XML 1.0 forbids (section 2.2), which parsers refuse."""
    return _NUMBERED.sub(_legal, joined_halves(text))


def joined_halves(text: str) -> str:
    """Markup with one reference where two stand for the halves of a character, as UTF-16 writes it."""
    return _HALVES.sub(_joined, text) if "&#" in text else text


def _joined(match: re.Match[str]) -> str:
    high, low = (int(match[n]) if match[n] else int(match[n + 1], 16) for n in (1, 3))
    if not (0xD800 <= high < 0xDC00 <= low < 0xE000):
        return match.group()
    return f"&#{0x10000 + ((high - 0xD800) << 10) + low - 0xDC00};"


def _legal(match: re.Match[str]) -> str:
    code = int(match[1]) if match[1] else int(match[2], 16)
    if code in {9, 10, 13} or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000:
        return match.group()
    return "\ufffd" if code >= 0xD800 else ""
