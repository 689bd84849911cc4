"""Titles: one safe line without markup and additions; numbers of parts of a series; whether one names a subject."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from newsfeed.lazy import expression
from newsfeed.text import dates
from newsfeed.text.dates import WEEKDAYS
from newsfeed.text.prose import UNSPACED, word_set

MORNING = 32_768  # titles that are checked again when the same morning is chosen again

TITLE_LIMIT = 300  # characters of any single line that is stored
HEADLINE_LIMIT = 110  # characters that the page shows of a title: two lines of it

# What no reader sees: C0 and C1 controls, surrogates, noncharacters, marks of direction, and what only says where a
# word may break. ZWJ and ZWNJ stay between letters: scripts need them.
_INVISIBLE = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f"
)
_CONTROLS = expression(f"[{_INVISIBLE}\x0b\x0c\x85\u2028\u2029]")
# A joiner between spaces joins nothing.
_UNSEEN = expression(f"(?<!\\S)[{_INVISIBLE}\u200c\u200d]+(?!\\S)|[{_INVISIBLE}\x0b\x0c\x85]")
_MAYBE_UNSEEN = expression(f"[{_INVISIBLE}\u200c\u200d\x0b\x0c\x85]")  # quicker to look for
_UNSEEN_OF_ASCII = bytes({*range(0x20), 0x7F} - {*b"\t\n\r"})  # quicker still
_SPACES = expression(r"\s+")
_TWICE = expression(r"&(?:amp|quot|apos|nbsp|hellip|[lr][sd]quo|[mn]dash|#\d{1,6}|#x[0-9a-fA-F]{1,5});")
_SCRIPTS = expression(r"<(script|style)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_COMMENT = expression(r"<!--.*?-->", re.DOTALL)

# Elements that format text, that break lines, and that are empty; all others of HTML format nothing.
_FORMATS = word_set(
    "a abbr acronym b big cite code em font i kbd mark q s small span strike strong sub sup time tt u"
)
_BEFORE_WORDS = frozenset(["", *" (“„«\"'"])
_PARTS = word_set("blockquote br center dd div dt h1 h2 h3 h4 h5 h6 hr li p td th tr wbr")
_VOID = word_set("br hr wbr")
_ELEMENT = expression(
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
_MANGLED = expression(
    f"(?:[{_LEAD4}]{_ANY}{{3}}|[{_LEAD3}]{_ANY}{{2}}|[{_LEAD2}]{_ANY})+",
)


def without_invisible(text: str) -> str:
    """Text of any length without invisible characters, so that words are found by search as they look."""
    if text.isascii() and len(text.encode().translate(None, _UNSEEN_OF_ASCII)) == len(text):
        return text
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


# The beginning of a reference at the end of a text that was cut: "&hell", "&#82".
_TORN_REFERENCE = expression(
    r"\s*&(?:#(?:\d{0,2}|82\d|x(?:20?[0-9a-f]?)?)|hell?i?p?|[lr][sd]qu?o?|[mn]das?h?|nbs|quo|apo|[aou]um|eacut?|szli)"
    r"(?P<end>\s*(?:</\w+>\s*)*)$"
)
_CDATA = expression(r"\s*<!\[CDATA\[(.*?)(?:\]\]>)?\s*", re.DOTALL)


def without_torn_reference(text: str) -> str:
    """A text, or markup, with an ellipsis where it was cut within a character's reference."""
    return _TORN_REFERENCE.sub(r"…\g<end>", text) if "&" in text[-40:] else text


def strip_inline(text: str) -> str:
    """A title without the HTML that some feeds put into it. What isn't HTML ("Vec<T>") stays as typed, and so does an element's
    name used as a word: one that is never closed and formats nothing ("the <video> tag")."""
    if "<" not in text:
        return text
    if cdata := _CDATA.fullmatch(text):  # escaped, or within another one
        text = cdata[1]
    text = _COMMENT.sub("", _SCRIPTS.sub("", text))
    found = [(bool(m["end"]), m["name"].lower()) for m in _ELEMENT.finditer(text)]
    closed = {name for end, name in found if end} & {name for end, name in found if not end}

    def stripped(match: re.Match[str]) -> str:
        name, rest = match["name"].lower(), match["rest"] or ""
        # A tag with spaces around it is a word; "<b>Bold" was cut off.
        alone = not match["next"] and text[max(0, match.start() - 1) : match.start()] in _BEFORE_WORDS
        formats = name in _FORMATS and (bool(match["end"]) or not alone)
        # A line-breaking tag between words is a word too: "how to write <p> tags".
        within = alone and text[: match.start()].strip() and text[match.end() :].strip()
        parts = name in _PARTS and (bool(match["end"]) or name in _VOID or not within)
        if not (formats or parts or name in closed or "=" in rest):
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
    if text.isprintable() and "\u034f" not in text:  # all that is no control or space, but for this one mark
        text = " ".join(text.split())
    else:
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


_EMOJI = expression(
    "[\U0001f000-\U0001faff\U0001fb00-\U0001fbff\u2600-\u27bf\u2b00-\u2bff\u231a\u231b\u23e9-\u23fa"
    "\u25aa-\u25fe\ufe0f\u20e3\U000e0020-\U000e007f]+(?:\u200d[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f]+)*"
)
_KEPT_SIGNS = frozenset("☆★✓✔✗✘♀♂")
_SUFFIX = expression(r"\s+[|·•»–—-]\s+((?:(?!\s[|·•»–—-]\s)[^|]){2,60})$|\s*[|]\s*([^|]{2,60})$")
_PREFIX = expression(r"^([^|:·•»–—]{2,40})\s*[|:»]\s+(?=\S)")


_SHORT_CAPS = word_set(
    "AI API AWS BBC CDC CEO CFO CIA CIO CMO COO CPI CPU CTO DNA DOJ ECB EPA EU FAA FBI FCC FDA FED FTC G20 G7 GDP GOP "
    "GPS GPU HR IBM ICE IMF IOS IP IPO IRS ISS IT ITV JD LA LLM MIT MP NASA NATO NBA NFL NHS NPR NSA NYC NYT OECD OPEC "
    "PC PDF PM PR QR R&D RBI SAP SEC SEO SUV TSMC TV UAE UK UN US USA USB VC VIP VPN VR WHO WSJ WTO XI YC"
)
_INITIALS = expression(r"(?:[A-Z]\.)+[A-Z]?")
_SMALL = expression(r"[^\W\d_]")


_LIVE = expression(
    r"^live\s*[:|]\s+|\s*(?:[:|–—]|\s-)\s*(?:live(?:[- ]?(?:blog|updates?|ticker))?|latest updates)$",
    re.IGNORECASE,
)


# "That ’s why": the text before an apostrophe is part of the word.
_TORN = expression(r"(?<=\w) (?=[’'](?:s|re|t|ll|ve|d|m)\b)")


def headline(title: str, source: str = "", shows: Collection[str] = ()) -> str:
    """The source's title, cleaned up: without the site's name at the end, the number of an episode of its `shows`, emoji
    and all capitals; ≤ 110 characters.

    No word is changed: only capitals that cover a whole title are taken back to those of a sentence.
    """
    return _headline(title, source, tuple(shows))


@lru_cache(maxsize=MORNING)
def _headline(title: str, source: str, shows: tuple[str, ...]) -> str:
    text = clean_line(title, limit=2 * TITLE_LIMIT)
    text = _EMOJI.sub(lambda m: m.group() if m.group() in _KEPT_SIGNS else " ", text)
    text = _TORN.sub("", _SPACES.sub(" ", text).strip())
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
    cased = [c for c in text if c.isalpha() and c.upper() != c.lower()]
    words = [w for w in text.split() if len(_SMALL.findall(w)) > 1]
    return len(cased) >= _SHOUTED and len(words) >= 3 and sum(map(str.isupper, cased)) > 0.9 * len(cased)


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


# What numbers the parts of a series: a version, a date, or a number marked as one.
_VERSION = r"\b(?:version|release|build|v)\b\.?\s*#?\s*\d[\d.]*|\bv?\d+(?:\.\d+)+\b"
_PART = r"\b(?:episode|ep|show|issue|volume|vol|edition|week)\b\.?\s*#?\s*\d[\d.]*|#\d+"
_HALF = r"\b(?:part|pt|hour|segment|teil|partie|parte)\b\.?\s*\d{1,2}\b|\(?\b\d\s?/\s?\d\b\)?"
_SERIAL = expression(rf"{dates.WRITTEN}|{_PART}|{_HALF}|{_VERSION}", re.IGNORECASE)
_REPEATED = expression(rf"{dates.WRITTEN}|{_PART}", re.IGNORECASE)
_NUMBERED = expression(_VERSION, re.IGNORECASE)
_WORD = expression(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_FIGURE = expression(r"\d")  # each of these has one
_UNSPACED = expression(f"[{UNSPACED}]")
_WORDLESS = expression(r"[\W_]+")
# Words that name no subject: function words, and words that only say that something is published regularly.
_EMPTY = frozenset(
    _WORD.findall(
        " ".join(WEEKDAYS).lower()
        + """
        a about after again all also am an and any are as at be been but by can can't could couldn't did didn't
        do does doesn't don't down ever every for from get gets go going got had has hasn't have haven't having
        he her here hers him his how i i'm i've if in into is isn't it it's its just let let's like me more most
        my never no not nothing now of off oh ok okay on once one only or our out over same shall she should
        shouldn't so some something such than that that's the their them then there these they they're thing
        things this those thus to too two up us very was wasn't we we're well were weren't what what's when
        where which who why will with won't would wouldn't yes yet you you're your always already away back
        because even still though until while without

        ahead afternoon brief briefing bulletin column commentary daily day diary digest dispatch edition ep
        episode evening fortnight headlines hour hourly insights interview issue journal links live
        miscellany monthly month morning new news newsletter night note notes number part podcast post
        posts programme quick recap report reports roundup series show special stories talk
        thoughts today today's tomorrow tonight update updates various vol volume
        week week's weekend weekly year yesterday
        """
    )
)


class Numbered(NamedTuple):
    """The parts of a title: the show that it names, the number of the episode, which half it is, and the rest."""

    show: str
    number: str
    half: str
    left: str


_NUMBER = r"(?P<number>\d{1,8}(?:[-./]\d{1,4}){0,2})"
_BEFORE = expression(
    rf"(?P<show>[^\d:|]{{0,40}}?)\s*[#(\[]*{_NUMBER}[)\]]?,?\s*(?P<half>{_HALF})?\s*[:|–—-]+\s*(?P<left>\S.{{3,}})$"
    rf"|(?P<code>[A-Z]{{2,6}})(?P<digits>\d{{2,5}})\s+(?P<rest>\S.{{3,}})$",
    re.IGNORECASE,
)
_AFTER = expression(
    rf"(?P<left>\S.{{3,}}?)(?:\s*[|(\[,–—]+|\s+-+)\s*(?P<show>[^\d:|]{{0,40}}?)\s*#?{_NUMBER}(?P<half>)[)\]]?$"
)
_REPEATS = 3  # titles of a document that a show counts, and at least half of them


def numbered(title: str) -> Numbered | None:
    """A title that begins or ends with a running number taken apart; None for any other, and for one of which hardly
    a word would be left. That the number counts a show is told by its company alone: `show_names`."""
    match = _FIGURE.search(title) and (_BEFORE.match(title) or _AFTER.match(title))
    if match is None:
        return None
    found = match.groupdict()
    show, number, left = (
        (found["code"], found["digits"], found["rest"])
        if found.get("code")
        else (found["show"], found["number"], found["left"])
    )
    show = _WORDLESS.sub(" ", show).strip().casefold()
    if (not show and not number.isdigit()) or len(left.split()) <= min(2, len(show.split())):
        return None
    return Numbered(show, number, (found["half"] or "").casefold(), left.strip())


def show_names(titles: Sequence[str]) -> tuple[str, ...]:
    """The show names beside the episode numbers in a document's titles: "mgt" of "MGT 41- On trust", "" of "#376: A bank run"."""
    counted: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for title in titles:
        if found := numbered(title.strip()):
            counted[found.show].add((found.number, found.left))
    return tuple(
        sorted(
            show
            for show, ones in counted.items()
            if len(ones) >= max(_REPEATS, len(titles) / 2)
            and min(len(set(column)) for column in zip(*ones, strict=True)) >= 0.6 * len(ones)
        )
    )


def of_show(title: str, shows: Iterable[str]) -> Numbered | None:
    """The parts of a title whose number counts episodes of one of these shows."""
    found = numbered(title)
    return found if found is not None and found.show in shows else None


_YEAR = expression(
    r"[(\[](?:(?:from|aus|published)\s+)?((?:19|20)\d\d)[)\]]\s*(?:[(\[][\w ]{2,12}[)\]])?$", re.IGNORECASE
)
_STILL_NEW = 1  # years


def of_earlier_year(title: str, year: int) -> int | None:
    """The year in brackets at the end of a title, as link lists mark what is old, if it is of two years ago or more."""
    match = _YEAR.search(title.strip())
    return int(match.group(1)) if match and int(match.group(1)) < year - _STILL_NEW else None


_SAME = 0.7  # of the words of weight of both
_SAME_LEAST = 4  # words: two headlines may share three by chance
STEM = 6  # first letters in which forms of a word agree, in any language


def _unnumbered(title: str, numbers: re.Pattern[str] = _REPEATED) -> str:
    return numbers.sub(" ", title) if _FIGURE.search(title) else title


@lru_cache(maxsize=MORNING)
def weighty(title: str) -> frozenset[str]:
    """The significant words of a title, as stems, for comparing."""
    words = {_plain(word) for word in _WORD.findall(_unnumbered(title))} - _EMPTY
    return frozenset(word[:STEM] for word in words if len(word) > 2)


def say_the_same(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two titles of one source report one event: most of their significant words are the same."""
    both = len(one & other)
    return both >= _SAME_LEAST and both >= _SAME * len(one | other)


@lru_cache(maxsize=MORNING)
def series_name(title: str) -> str:
    """A title without the number of its part in a series, folded for comparison; "" if nothing else is left."""
    return " ".join(_unnumbered(title, _SERIAL).casefold().split()).strip(" .,:;|#()[]–—-")


@lru_cache(maxsize=MORNING)
def names_a_subject(title: str, source: str = "") -> bool:
    """Whether a title by itself says what it is about.

    "They didn’t." doesn't, nor does a title of nothing but its source's name, a date and words like "daily update".
    A version is a subject: who follows releases knows of what. So is any word of another script.
    """
    left = _unnumbered(title)
    if _FIGURE.search(left) and _NUMBERED.search(left):
        return True
    if not (own := _WORD.findall(left)):
        return bool(_FIGURE.search(left))
    name = {_plain(word) for word in _WORD.findall(source)}
    return any(word not in _EMPTY and word not in name for word in map(_plain, own))


def _plain(word: str) -> str:
    return word.casefold().replace("’", "'")


IN_COMMON = 0.3  # of the words that the shorter text has: an edit keeps more of them, another text less


def alike(one: str, other: str) -> bool:
    """Whether two texts may be versions of one: the significant words of the shorter one are mostly in the other."""
    mine, its = _content_words(one) - _EMPTY, _content_words(other) - _EMPTY
    return len(mine & its) >= IN_COMMON * min(len(mine), len(its))


def _content_words(text: str) -> set[str]:
    """Words long enough to be significant, and pairs of letters in scripts without spaces."""
    found: set[str] = set()
    for word in _WORD.findall(text.casefold()):
        if _UNSPACED.match(word):
            found.update(word[n : n + 2] for n in range(len(word) - 1))
        elif len(word) > 3:
            found.add(word)
    return found
