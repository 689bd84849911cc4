"""What words of other languages are called in English, so that what was learned of English words serves them too.

A glossary is a file of the language, `english.txt`: a line an English word, a colon, and what it is called there. A word
that is not in it is read by its parts, as compounds are made: the longest known end ("leitzins|senkung"), and what
stands before it, with or without the letter that joins them."""

from __future__ import annotations

from functools import cache

from .vocabulary import folder, languages, stem

MOST = 4  # English words that one word is read as
OF_A_WORD, OF_A_PART = 3, 2  # meanings of a word, and of each part of a compound
LEAST_COMPOUND, LEAST_TAIL, LEAST_HEAD, LEAST_ALONE = 8, 4, 3, 5  # letters
_JOINTS = ("", "s", "es", "n", "en", "er", "e")


@cache
def glossary(code: str) -> dict[str, tuple[str, ...]]:
    """English stems by the stem of a language's word; empty for a language without a glossary."""
    file = folder(code).joinpath("english.txt")
    found: dict[str, tuple[str, ...]] = {}
    if not code or code not in languages() or not file.is_file():
        return found
    for line in file.read_text(encoding="utf-8").splitlines():
        english, colon, words = line.partition(": ")
        if not colon or line.startswith("#"):
            continue
        for word in words.split():
            own = languages()[code].stem(word)
            found[own] = tuple(dict.fromkeys((*found.get(own, ()), stem(english))))
    return found


def meanings(word: str, code: str) -> tuple[str, ...]:
    """The English stems that a word of a language is read as; numbers stay numbers."""
    if word[0].isdigit():
        return (stem(word),)
    known = glossary(code)
    shorten = languages()[code].stem
    if whole := known.get(shorten(word)):
        return whole[:OF_A_WORD]
    if len(word) < LEAST_COMPOUND:
        return ()
    for at in range(LEAST_TAIL, len(word) - LEAST_HEAD):
        if tail := known.get(shorten(word[at:])):
            head = _head(word[:at], known, code)
            if head or len(word) - at >= LEAST_ALONE:
                return (*head[:OF_A_PART], *tail[:OF_A_PART])
    for end in range(len(word) - LEAST_HEAD, LEAST_TAIL, -1):
        if start := known.get(shorten(word[:end])):
            return start[:OF_A_PART]
    return ()


def _head(word: str, known: dict[str, tuple[str, ...]], code: str) -> tuple[str, ...]:
    """What the first part of a compound means, whatever joins it to the rest."""
    shorten = languages()[code].stem
    for joint in _JOINTS:
        bare = word.removesuffix(joint)
        if word.endswith(joint) and len(bare) >= LEAST_HEAD and (found := known.get(shorten(bare))):
            return found
    return ()
