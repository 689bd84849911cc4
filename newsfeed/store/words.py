"""Which words an item is found by.

Words are folded (case, width, ß) and, in scripts that are written without spaces, cut into overlapping pairs, so that
東京都 is found by 東京 as well as by 京都. Accents are folded by the index itself.
"""

from __future__ import annotations

import re
import unicodedata

from newsfeed.model import Item

VERSION = "1"  # raised when `entry` would give other words; the index is then made anew
LONGEST = 4000  # characters of an item that are entered

# Han with its extensions, kana, Hangul, Thai, Lao, Burmese, Khmer.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(f"[{_UNSPACED}]+")


def folded(text: str) -> str:
    """Text without the differences that a searcher doesn't mean."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text).casefold()


def _pairs(run: re.Match[str]) -> str:
    letters = run.group()
    # The last letter stands alone, too: so each letter begins some word and can be found by itself.
    return " " + " ".join([*(letters[i : i + 2] for i in range(len(letters) - 1)), letters[-1]]) + " "


def plain(item: Item) -> str:
    """What of an item is searched: title, author, tags, and the beginning of its text (else its lead)."""
    return "\n".join((item.title, item.author, *item.tags, item.text or item.lead))[:LONGEST]


def entry(item: Item) -> str:
    """The words of an item as the index takes them."""
    text = folded(plain(item))
    return text if text.isascii() else _RUN.sub(_pairs, text)


def split(text: str) -> list[str]:
    """The words of a short text, folded. Letters, marks and digits make words, as in the index; runs stay whole."""
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in folded(text))
    return _RUN.sub(lambda run: f" {run.group()} ", kept).split()


def terms(words: str) -> list[tuple[str, bool]]:
    """What the index is asked for items that have every one of these words: each word, and whether it may be only the
    beginning of one."""
    found: list[tuple[str, bool]] = []
    for word in split(words):
        if _RUN.match(word) and len(word) > 1:
            found += [(word[i : i + 2], False) for i in range(len(word) - 1)]
        else:
            found.append((word, True))
    return found[:24]


def holds(words: str, text: str) -> bool:
    """Whether a text has all these words itself: the pairs of 東京 and 京都 alone don't make 東京都."""
    plain = _bare(text)
    return all(_bare(word) in plain for word in split(words))


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", folded(text).casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))
