"""One safe line of plain text: headlines, authors, names of feeds."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

from newsfeed.text.titles import MORNING, of_show

TITLE_LIMIT = 300
HEADLINE_LIMIT = 110

# What no reader sees: C0 and C1 controls, surrogates, noncharacters, marks of direction, and what only says where a
# word may break. ZWJ and ZWNJ stay between letters: scripts need them.
_INVISIBLE = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f"
)
_CONTROLS = re.compile(f"[{_INVISIBLE}\x0b\x0c\x85\u2028\u2029]")
# A joiner between spaces joins nothing.
_UNSEEN = re.compile(f"(?<!\\S)[{_INVISIBLE}\u200c\u200d]+(?!\\S)|[{_INVISIBLE}\x0b\x0c\x85]")
_MAYBE_UNSEEN = re.compile(f"[{_INVISIBLE}\u200c\u200d\x0b\x0c\x85]")  # quicker to look for
_SPACES = re.compile(r"\s+")
_TWICE = re.compile(r"&(?:amp|quot|apos|nbsp|hellip|[lr][sd]quo|[mn]dash|#\d{1,6}|#x[0-9a-fA-F]{1,5});")
_SCRIPTS = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Elements that format, those that part lines, and those that stand alone; all of HTML's other ones format nothing.
_FORMATS = _words(
    "a abbr acronym b big cite code em font i kbd mark q s small span strike strong sub sup time tt u"
)
_BEFORE_WORDS = frozenset(["", *" (“„«\"'"])
_PARTS = _words("blockquote br center dd div dt h1 h2 h3 h4 h5 h6 hr li p td th tr wbr")
_ELEMENT = re.compile(
    r"<(?P<end>/?)(?P<name>a|abbr|acronym|area|article|aside|audio|b|base|big|blink|blockquote|body|br|button|canvas|center|"
    r"cite|code|col|data|dd|del|details|dialog|div|dl|dt|em|embed|fieldset|figcaption|figure|font|footer|form|frame|h[1-6]|"
    r"head|header|hr|html|i|iframe|img|input|ins|kbd|label|legend|li|link|main|map|mark|marquee|meta|nav|noscript|object|ol|"
    r"option|p|picture|pre|q|s|samp|script|section|select|small|source|span|strike|strong|style|sub|summary|sup|svg|table|"
    r"tbody|td|template|textarea|tfoot|th|thead|time|title|tr|track|tt|u|ul|var|video|wbr)(?P<rest>\s[^<>]*|/)?>(?P<next>\w?)",
    re.IGNORECASE,
)

# UTF-8 that was read as Windows-1252 once too often: lead byte as a letter, continuation bytes as signs.
_CP1252 = {bytes([b]).decode("cp1252", "ignore") or chr(b): b for b in range(0x80, 0x100)}
_CONTINUATION = "".join(c for c, b in _CP1252.items() if b < 0xC0)
_LEAD2 = "".join(c for c, b in _CP1252.items() if 0xC2 <= b < 0xE0)
_LEAD3 = "".join(c for c, b in _CP1252.items() if 0xE0 <= b < 0xF0)
_LEAD4 = "".join(c for c, b in _CP1252.items() if 0xF0 <= b < 0xF5)
_ANY = f"[{re.escape(_CONTINUATION)}\x80-\x9f]"
_MANGLED = re.compile(
    f"(?:[{_LEAD4}]{_ANY}{{3}}|[{_LEAD3}]{_ANY}{{2}}|[{_LEAD2}]{_ANY})+",
)


def without_invisible(text: str) -> str:
    """Text of any length without what no reader sees, so that a word is the same to search as to the eye."""
    return _UNSEEN.sub("", text) if _MAYBE_UNSEEN.search(text) else text


def unmangle(text: str) -> str:
    """Text without double encoding ("donâ€™t" becomes "don’t"), where it is sure.

    Sure means that every non-ASCII letter of the text belongs to such a sequence: a text that also holds honest
    accents was read rightly, and its odd signs are meant.
    """
    if text.isascii() or not _MANGLED.search(text):
        return text
    rest = _MANGLED.sub("", text)
    if any(c.isalpha() and not c.isascii() for c in rest):
        return text
    return _MANGLED.sub(_decoded, text)


def _decoded(match: re.Match[str]) -> str:
    try:
        return bytes(_CP1252.get(c, ord(c) & 0xFF) for c in match.group()).decode("utf-8")
    except UnicodeDecodeError:
        return match.group()


def strip_inline(text: str) -> str:
    """A title without the HTML that some feeds put into it. What is no HTML ("Vec<T>") stays as typed, and so does the
    name of an element that is a word there: one that is never closed and formats nothing ("the <video> tag")."""
    if "<" not in text:
        return text
    text = _COMMENT.sub("", _SCRIPTS.sub("", text))
    found = [(bool(m["end"]), m["name"].lower()) for m in _ELEMENT.finditer(text)]
    closed = {name for end, name in found if end} & {name for end, name in found if not end}

    def stripped(match: re.Match[str]) -> str:
        name, rest = match["name"].lower(), match["rest"] or ""
        # One that stands like a word, with space around it, is one; "<b>Bold" was cut off.
        alone = not match["next"] and text[max(0, match.start() - 1) : match.start()] in _BEFORE_WORDS
        formats = name in _FORMATS and (bool(match["end"]) or not alone)
        if not (formats or name in _PARTS or name in closed or "=" in rest):
            return match.group()
        return (" " if name in _PARTS and name != "wbr" else "") + match["next"]

    return _ELEMENT.sub(stripped, text)


def clean_line(text: str, limit: int = TITLE_LIMIT) -> str:
    """One safe line: entities read once, no controls, bidi or zero-width marks, single spaces, at most `limit`
    characters (cut at a word, with an ellipsis)."""
    text = text[: limit * 8 + 2_000]
    if "&" in text:
        text = html.unescape(text)
        if "&" in text:  # escaped twice: only signs that can't be meant as such
            text = _TWICE.sub(lambda m: html.unescape(m.group()), text)
    text = _SPACES.sub(" ", _CONTROLS.sub(_gap, text)).strip()
    return cut_line(text, limit)


def _gap(match: re.Match[str]) -> str:
    return " " if match.group() in "\x0b\x0c\x85\u2028\u2029" else "\ufffd" if _lone(match.group()) else ""


def _lone(char: str) -> bool:
    return "\ud800" <= char <= "\udfff"


def cut_line(text: str, limit: int) -> str:
    """At most `limit` characters: cut at a word and never inside a grapheme, with an ellipsis."""
    if len(text) <= limit:
        return text
    end = limit - 1
    cut = text.rfind(" ", int(end * 0.6), end + 1)
    if cut < 0:
        cut = end
        # Not before a combining mark, a joiner or a variation selector: they belong to what stands before them.
        while cut > 1 and (
            unicodedata.combining(text[cut]) or text[cut] in "\u200d\ufe0f" or text[cut - 1] == "\u200d"
        ):
            cut -= 1
    return text[:cut].rstrip(" ,;:–—-·|/(\"“‘'") + "…"


_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\U0001fb00-\U0001fbff\u2600-\u27bf\u2b00-\u2bff\u231a\u231b\u23e9-\u23fa"
    "\u25aa-\u25fe\ufe0f\u20e3\U000e0020-\U000e007f]+(?:\u200d[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f]+)*"
)
_KEPT_SIGNS = frozenset("☆★✓✔✗✘♀♂")
_SUFFIX = re.compile(r"\s+[|·•»–—-]\s+((?:(?!\s[|·•»–—-]\s)[^|]){2,60})$|\s*[|]\s*([^|]{2,60})$")
_PREFIX = re.compile(r"^([^|:·•»–—]{2,40})\s*[|:»]\s+(?=\S)")


_SHORT_CAPS = _words(
    "AI API AWS BBC CDC CEO CFO CIA CIO CMO COO CPI CPU CTO DNA DOJ ECB EPA EU FAA FBI FCC FDA FED FTC G20 G7 GDP GOP "
    "GPS GPU HR IBM ICE IMF IOS IP IPO IRS ISS IT ITV JD LA LLM MIT MP NASA NATO NBA NFL NHS NPR NSA NYC NYT OECD OPEC "
    "PC PDF PM PR QR R&D RBI SAP SEC SEO SUV TSMC TV UAE UK UN US USA USB VC VIP VPN VR WHO WSJ WTO XI YC"
)
_INITIALS = re.compile(r"(?:[A-Z]\.)+[A-Z]?")
_SMALL = re.compile(r"[^\W\d_]")


_LIVE = re.compile(
    r"^live\s*[:|]\s+|\s*(?:[:|–—]|\s-)\s*(?:live(?:[- ]?(?:blog|updates?|ticker))?|latest updates)$",
    re.IGNORECASE,
)


def headline(title: str, source: str = "", shows: Collection[str] = ()) -> str:
    """The source's own title, tidied: its site's name off the end, no running number of its `shows`, no emoji, no
    shouting, ≤ 110 characters.

    No word is changed: only capitals that cover a whole title are taken back to those of a sentence.
    """
    return _headline(title, source, tuple(shows))


@lru_cache(maxsize=MORNING)
def _headline(title: str, source: str, shows: tuple[str, ...]) -> str:
    text = clean_line(title, limit=2 * TITLE_LIMIT)
    text = _EMOJI.sub(lambda m: m.group() if m.group() in _KEPT_SIGNS else " ", text)
    text = _SPACES.sub(" ", text).strip()
    if source:
        text = _without_name(text, clean_line(source))
    if shows and (found := of_show(text, shows)):
        text = found.left
    text = _LIVE.sub("", text) or text
    if _shouts(text):
        text = _calm(text)
    text = text.strip(" |·•")
    return cut_line(text, HEADLINE_LIMIT) if text else clean_line(title, HEADLINE_LIMIT)


_SHOUTED = 12  # letters


def _key(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).casefold()
    return re.sub(r"^the", "", re.sub(r"[^\w]|_", "", folded))


def _without_name(text: str, source: str) -> str:
    name = _key(source)
    if not name:
        return text
    if match := _SUFFIX.search(text):
        part = _key(match.group(1) or match.group(2))
        same = bool(part) and (part == name or (len(part) >= 4 and (part in name or name in part)))
        if same and text[: match.start()].strip():
            return text[: match.start()]
    match = _PREFIX.match(text)
    if match and _key(match.group(1)) == name:
        text = text[match.end() :]
    return text


def _shouts(text: str) -> bool:
    if sum(map(str.isupper, text)) <= 0.9 * _SHOUTED:
        return False
    letters = [c for c in text if c.isalpha() and c.upper() != c.lower()]
    words = [w for w in text.split() if len(_SMALL.findall(w)) > 1]
    return (
        len(letters) >= _SHOUTED and len(words) >= 3 and sum(map(str.isupper, letters)) > 0.9 * len(letters)
    )


def _calm(text: str) -> str:
    out = []
    for i, word in enumerate(text.split(" ")):
        bare = word.strip(".,:;!?'’\"“”()[]")
        possessive = re.sub(r"['’]S$", "", bare)
        if possessive in _SHORT_CAPS or any(c.isdigit() for c in bare) or _INITIALS.fullmatch(bare):
            out.append(word.replace("'S", "'s").replace("’S", "’s"))
        elif i == 0 or (out[-1].endswith((".", "!", "?", ":")) and not _INITIALS.fullmatch(out[-1])):
            out.append(word.capitalize() if bare == word else _first_upper(word.lower()))
        else:
            out.append(word.lower())
    return " ".join(out)


def _first_upper(word: str) -> str:
    match = _SMALL.search(word)
    return word if not match else word[: match.start()] + match.group().upper() + word[match.end() :]
