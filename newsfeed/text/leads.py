"""The lead: whole sentences, extracted from the text, to print under a headline. Never invented, rather empty than bad."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from newsfeed.lazy import expression
from newsfeed.text.boilerplate import (
    BYLINE_START,
    CAME_FIRST,
    CAME_FIRST_AFTER,
    CREDITED,
    CUT_OFF,
    DATELINE,
    HASHTAG,
    LEAD_IN,
    STAMP,
    TAIL,
    TELLTALE,
    TELLTALE_LIMIT,
    TELLTALE_WORDS,
    URL,
    notices,
)
from newsfeed.text.prose import (
    CJK,
    COMMON_STARTS,
    count_words,
    cut_sentences,
    each_sentence,
    join_sentences,
    sentences,
)
from newsfeed.text.titles import MORNING, STEM

LEAD_WORDS = 120  # words that are stored; a page shows fewer, or more if there is room
CODE = "```"  # marks a line that replaces code
_USUAL = 30  # words; where there is room for so many,
_FIRST = 50  # a first sentence of so many stands whole, as agencies write
# A shorter sentence says nothing.
_LEAST_WORDS, _LEAST_LETTERS, _LEAST_CJK = 5, 25, 10
_NOTICE_LIMIT = 600  # characters; a longer paragraph is a story, however it begins
_PARAGRAPH = 3_000  # characters of a paragraph; no lead is longer
_TAIL = 400  # characters in which a publisher's last words stand
_CREDIT = 90  # in which a caption names who took its picture
_END = 30  # characters in which a cut shows
_PARAGRAPHS = 40  # paragraphs examined; if the story hasn't begun by then, there is none

_TELLING = 8  # letters of a headline that isn't repeated by chance
_BEFORE_TITLE, _AFTER_TITLE = 4, 10  # words beside it in a sentence that says where an entry came first
_SENTENCE_END = expression(r"[.!?…。！？][\"”’»)]*\s*")

_CJK_CHAR = expression(f"[{CJK}]")
_ENDS = frozenset(".!?‽؟。！？।…:")
_CLOSING = "\"'”’»)]」』】〉》）"
_ENTRY = expression(r"[•◦▪●*–—-]\s|\d{1,2}[.)]\s\S{1,40}(?:\s\S+){0,6}$")  # of a list
# "… the criteria.Apart from …"
_GLUED = expression(r"(?<![\w.])([^\W\d_]{2,}|(?:19|20)\d\d)([.!?])(?=([A-ZА-ЯІЇЄ][a-zа-яіїє]*)\s)")
_MAYBE_GLUED = expression("[.!?][A-ZА-ЯІЇЄ]")  # in every match of `_GLUED`, and much faster to search for
# Words that don't end a sentence.
_HANGING = expression(
    r"(?:^|\s)(?:and|or|but|the|a|an|und|oder|aber|der|ein|eine|et|ou|mais|le|les|une?|y|pero|el|los|las|il|gli|os|as)$"
)
_BETWEEN_NAMES = frozenset(
    [
        "and",
        "et",
        "al",
        "und",
        "y",
        "e",
        "&",
        "van",
        "von",
        "de",
        "der",
        "den",
        "di",
        "da",
        "del",
        "la",
        "le",
        "du",
        "bin",
        "ibn",
        "al",
        "el",
        "dr",
        "prof",
    ]
)
_SMALL = 3  # letters; shorter words are not significant
_LATER = 4  # sentences of a lead that may stand for its first
_LEAST_CLAUSE = 8  # words
# Words that refer to the sentence before, in the most frequent languages of feeds.
_LEANS = expression(
    r"""["'“‘«„(]?(?:he|she|it|they|him|her|his|its|their|this|that|these|those|such|there|then|here|and|but|or|so|yet"""
    r"|nor|also|however|instead|meanwhile|moreover|still|both|neither|another|others?|some|one|for (?:example|instance)"
    r"|in (?:addition|turn|contrast|other words)|as a result|at the same time|on the other hand|after that|the latter"
    r"|er|sie|es|sein|seine|ihre?|dies|diese[rsmn]?|und|aber|doch|auch|dabei|damit|dort|so|dazu|zudem|denn"
    r"|il|elle|ils|elles|cela|ce|cette|ces|son|sa|ses|leurs?|et|mais|aussi|ainsi|pourtant"
    r"|él|ella|ellos|esto|esta|este|estos|su|sus|y|pero|también|además|ele|ela|eles|isso|essa?|seus?|suas?|mas|também"
    r"|lui|lei|loro|questo|questa|suo|sua|anche|inoltre|hij|zij|het|dit|deze|maar|ook)\b",
    re.IGNORECASE,
)
_PUNCTUATION = expression(r"[^\w\s]|_")
_ASCII_PUNCTUATION = {code: " " for code in range(128) if _PUNCTUATION.match(chr(code))}


def lead(text: str, title: str = "", *, lang: str = "", max_words: int = LEAD_WORDS) -> str:
    """The first whole sentences of a text that tell its story, at most `max_words` words of them.

    A standfirst without a full stop is a lead by itself: nothing follows from it.

    `text` is plain, a paragraph a line (as `prose_text` gives it). Left out: the title said again, bylines,
    datelines, credits, share bars, calls to subscribe, listen or read on, link lists, time stamps, sponsors,
    and a last sentence that the source cut off. "" if what is left is less than five words.
    """
    kept: list[str] = []
    left = max_words
    named = _key(title)
    said = {"", named}  # sentences not to be repeated
    lines = text.split("\n", _PARAGRAPHS)[:_PARAGRAPHS]
    for number, line in enumerate(lines, 1):
        if line.startswith(CODE):
            break  # text after code is a comment on it
        if not kept and _is_credited(line) and any(map(_is_story, lines[number:])):
            continue
        paragraph = _tidy(line, first=not kept)
        if not paragraph:
            continue
        if named:
            paragraph = _without_origin(paragraph, title)
        if not kept and named:
            paragraph = _without_title(paragraph, title, named)
        paragraph, cut_off = _without_cut(paragraph)
        parts = sentences(paragraph, lang)
        if parts and cut_off and not _is_terminated(parts[-1]):
            parts.pop()
        good, broken = _quality(parts, said, named, left, begun=bool(kept))
        for sentence in good:
            words = max(1, count_words(sentence))
            if words > left:
                return _finished(kept)
            kept.append(sentence)
            left -= words
        whole = bool(good) and _is_terminated(good[-1])
        if kept and (broken or cut_off or not whole or left < _LEAST_WORDS):
            break  # a heading, a list, a notice, a standfirst or a fragment ends the opening
    return _finished(kept)


@lru_cache(maxsize=MORNING)
def lead_within(lead: str, max_words: int, *, lang: str = "") -> str:
    """As much of a lead as fits into `max_words`, in whole sentences; "" if none fits.

    A first sentence of up to 50 words stands where there is room for a usual one. If the first sentence is longer than that, what stands before its semicolon tells the story as well; else the
    next sentence that is understood without it does.
    """
    kept = cut_sentences(each_sentence(lead, lang), max_words)
    if kept:
        return join_sentences(kept)
    parts = sentences(lead, lang)
    if max_words >= _USUAL:
        kept = cut_sentences(parts[:1], _FIRST)
    if kept or not parts or max_words <= 0:
        return join_sentences(kept)
    clause, semicolon, _ = parts[0].partition("; ")
    if semicolon and _LEAST_CLAUSE <= count_words(clause) <= max_words and _is_balanced(clause):
        return f"{clause}."
    for later, sentence in enumerate(parts[1:_LATER], 1):
        if count_words(sentence) <= max_words and stands_alone(sentence):
            return join_sentences(cut_sentences(parts[later:], max_words))
    return ""


def stands_alone(sentence: str) -> bool:
    """Whether a sentence is complete and can be understood without the one before."""
    return _opens(sentence) and not _LEANS.match(sentence) and not _cut_off(sentence)


def _is_balanced(clause: str) -> bool:
    """Whether a quotation or bracket that begins in a clause ends in it."""
    return (
        clause.count('"') % 2 == 0
        and clause.count("“") == clause.count("”")
        and clause.count("(") == clause.count(")")
    )


def _without_cut(paragraph: str) -> tuple[str, bool]:
    """A paragraph without its cut-off mark, and whether it had one."""
    match = _cut_off(paragraph)
    return (paragraph[: match.start()].rstrip(), True) if match else (paragraph, False)


def _cut_off(text: str) -> re.Match[str] | None:
    """The position at which a text was cut off by its source, if it was."""
    end = text[-_END:]
    if not any(sign in end for sign in ("…", "..", "[", "(")):
        return None
    return CUT_OFF.search(text, max(0, len(text) - _END))


def _key(text: str) -> str:
    if text.isascii():
        return " ".join(text.lower().translate(_ASCII_PUNCTUATION).split())
    return " ".join(_PUNCTUATION.sub(" ", unicodedata.normalize("NFKC", text).casefold()).split())


def _tidy(line: str, *, first: bool) -> str:
    """A paragraph without what its publisher put around it; "" if it is nothing but that."""
    text = " ".join(line[:_PARAGRAPH].split()) + (" …" if len(line) > _PARAGRAPH else "")
    if not text or _ENTRY.match(text):
        return ""
    if _MAYBE_GLUED.search(text):
        text = _GLUED.sub(_parted, text)
    stamps = STAMP.findall(text) if ":" in text else []
    if stamps and (len(stamps) > 2 or STAMP.match(text)):
        return ""
    links = URL.findall(text) if "/" in text or "www." in text else []
    if links:
        if len(links) > 2 or len(URL.sub("", text)) < 40:
            return ""
        text = re.sub(r"\s*[:(–—-]?\s*(?:https?://|www\.)\S+$", "", text)
    if ("#" in text or "@" in text) and len(HASHTAG.findall(text)) > max(2, len(text.split()) // 4):
        return ""
    if first:
        for pattern in (LEAD_IN, BYLINE_START, DATELINE):
            text = pattern.sub("", text, count=1)
    for _ in range(3):
        tail = TAIL.search(text.replace("İ", "i").lower(), max(0, len(text) - _TAIL))
        if not tail:
            break
        text = text[: tail.start()].rstrip()
    return "" if _is_notice(text) else text


def _is_terminated(text: str) -> bool:
    """Whether a text ends with a full stop, be it within quotation marks or brackets."""
    return text.rstrip(_CLOSING)[-1:] in _ENDS


def _parted(match: re.Match[str]) -> str:
    """Two sentences with the missing space inserted; not "Node.Js" or "Booking.Com"."""
    before, mark, after = match.groups()
    whole = before.islower() or (before.isdigit() and len(after) > 3)
    return f"{before}{mark} " if whole or after.lower() in COMMON_STARTS else match.group()


@lru_cache(
    maxsize=256
)  # cached, because a paragraph of one sentence is checked twice, and feeds repeat sentences
def _is_notice(text: str) -> bool:
    if len(text) > _NOTICE_LIMIT:
        return False
    lower = text.lower()
    small, as_it_stands = notices()
    if small.fullmatch(lower) or as_it_stands.fullmatch(text):
        return True
    if len(text) > TELLTALE_LIMIT:
        return False
    return any(word in lower for word in TELLTALE_WORDS) and TELLTALE.search(text) is not None


def _without_title(paragraph: str, title: str, named: str) -> str:
    if _key(paragraph) == named:
        return ""
    if title and paragraph[: len(title)].casefold() == title.casefold():
        rest = paragraph[len(title) :]
        stripped = rest.lstrip(" :.–—-|·!?")
        if len(rest) > len(stripped) and not stripped[:1].islower():
            return stripped
    return paragraph


def _is_credited(line: str) -> bool:
    return len(line) <= _NOTICE_LIMIT and CREDITED.search(line, max(0, len(line) - _CREDIT)) is not None


def _is_story(line: str) -> bool:
    return _is_terminated(line) and count_words(line) >= _LEAST_CLAUSE and not _is_notice(line)


def _without_origin(paragraph: str, title: str) -> str:
    """A paragraph without an ending that says, around the whole headline, where the entry first appeared."""
    at = paragraph.rfind(title) if len(title) >= _TELLING else -1
    if at < 0:
        return paragraph
    before, after = paragraph[:at], paragraph[at + len(title) :]
    begin = max((m.end() for m in _SENTENCE_END.finditer(before)), default=0)
    if len(before[begin:].split()) > _BEFORE_TITLE or len(after.split()) > _AFTER_TITLE:
        return paragraph
    came_first = CAME_FIRST_AFTER.match(after) or CAME_FIRST.search(after)
    return paragraph[:begin].rstrip() if came_first else paragraph


def _quality(
    parts: list[str], said: set[str], title_key: str, left: int, *, begun: bool
) -> tuple[list[str], bool]:
    """The sentences of a paragraph that may be shown, up to the one that is too long for what is `left` of words, and
    whether it breaks off before its end.

    `said` holds the keys of what is told already; it grows. `begun` tells whether the lead has its first sentence.
    """
    good: list[str] = []
    for part in parts:
        sentence = part.strip(" •–—|·;,，、；-")
        key = _key(sentence)
        if key in said:
            continue
        begun = begun or bool(good)
        if not begun and _says_again(key, title_key):
            continue
        if _is_notice(sentence) or _names_only(sentence):
            if begun:
                return good, True
            continue
        if sentence.endswith((":", "：")) or _cut_off(sentence):
            return good, True  # it announces a list that isn't shown, or was cut off
        if not _is_terminated(sentence) and not _stands_alone(sentence, alone=len(parts) == 1 and not begun):
            return good, True
        if not begun and not _opens(sentence):
            continue
        said.add(key)
        good.append(sentence)
        left -= max(1, count_words(sentence))
        if left < 0:
            break
    return good, False


def _names_only(sentence: str) -> bool:
    """Whether a sentence is a list of persons: capitalised names between commas, without a verb."""
    listed = sentence.count(",") + sentence.count(";")
    if listed < 2:
        return False
    words = [word.strip(".,;:()*†‡0123456789") for word in sentence.split()]
    names = [word for word in words if word and word.lower() not in _BETWEEN_NAMES]
    return len(names) <= 5 * (listed + 2) and all(word[0].isupper() for word in names)


def _says_again(key: str, title_key: str) -> bool:
    """Whether a sentence has no significant word that isn't in the headline."""
    words = {word[:STEM] for word in key.split() if len(word) > _SMALL}
    return len(words) >= 2 and words <= {word[:STEM] for word in title_key.split()}


def _stands_alone(sentence: str, *, alone: bool) -> bool:
    """Whether text without a full stop may be a lead: a teaser as long as a sentence may, a heading may not."""
    if _HANGING.search(sentence):
        return False
    if (cjk := _cjk(sentence)) * 4 > len(sentence):
        return alone and cjk >= 15
    return alone and count_words(sentence) >= 8


def _opens(sentence: str) -> bool:
    if cjk := _cjk(sentence):
        return cjk >= 6
    return _has_letters(sentence, 12) and count_words(sentence) >= 3 and not sentence[0].islower()


def _finished(kept: list[str]) -> str:
    text = join_sentences(kept)
    if _cjk(text) >= _LEAST_CJK:
        return text
    return text if count_words(text) >= _LEAST_WORDS and _has_letters(text, _LEAST_LETTERS) else ""


def _cjk(text: str) -> int:
    return 0 if text.isascii() else len(_CJK_CHAR.findall(text))


def _has_letters(text: str, least: int) -> bool:
    """Whether a text has so many letters; checks its beginning first."""
    return sum(map(str.isalpha, text[: 2 * least])) >= least or sum(map(str.isalpha, text)) >= least
