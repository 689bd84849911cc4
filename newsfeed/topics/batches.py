"""A batch of documents as arrays, for the lexicon and the models."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from newsfeed.text.prose import settle_language

from .documents import Document
from .lexicon import Lexicon
from .topic_files import topic_of_folder
from .vocabulary import (
    BREAK,
    ENGLISH,
    GAP,
    MARK,
    MOST_MEANINGS,
    SKIPPED,
    TEXT_CHARS,
    UNKNOWN,
    UNNAMED,
    StemNumbers,
    glossary,
    is_little,
    meanings,
    prose,
    read,
    stem_of,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Distinct words kept between batches; beyond that the reader starts afresh.
MOST_WORDS = 400_000

#: A text with so many little words of English, and such a share of them among its words, is English: so are 85 of 100
#: labelled items of `bench/topics.py` and no German or French seed. The detector judges the others, as it is slow.
LITTLE_WORDS, LITTLE_SHARE = 4, 0.25
SAMPLE = 200  # characters that tell a language; of 600 they take 6 tenths of the time and say the same of these items
LATIN = "\u024f"  # the last letter of the Latin script


class Glossed(NamedTuple):
    """The documents of languages with a glossary as English stems, in order; for the model of news value."""

    document: NDArray[np.int64]
    in_title: NDArray[np.bool_]
    stem: NDArray[np.int64]  # `UNKNOWN` for a word that the glossary has not


class Reading(NamedTuple):
    """A batch of documents: one entry a word or gap, in order."""

    documents: int
    document: NDArray[np.int64]
    number: NDArray[np.int64]  # the reader's own number of the word
    in_title: NDArray[np.bool_]
    unit: NDArray[np.int64]  # for the lexicon
    stem: NDArray[np.int64]  # for the model of topics: function words are skipped
    whole_stem: NDArray[np.int64]  # for the model of news value: function words are told ("how to", "why I")
    known: NDArray[np.bool_]  # by document: in a language of the lexicon
    english: NDArray[np.bool_]
    glossed: Glossed | None = None  # None where no document is of a language with a glossary


class Words(NamedTuple):
    """The words of one document as it was read."""

    number: NDArray[np.int32]
    in_title: NDArray[np.bool_]
    language: str


class Stems(dict[str, int]):
    """Numbers for stems. While open, new stems get new numbers; once closed, they are UNKNOWN."""

    def __init__(self, known: Sequence[str] = (), *, opened: bool = False) -> None:
        super().__init__((name, number) for number, name in enumerate(known))
        self._opened = opened

    def __missing__(self, name: str) -> int:
        if not self._opened:
            return UNKNOWN
        number = len(self)
        self[name] = number
        return number


class _Senses:
    """The stems of words in one language, by the word's number, computed on first occurrence."""

    def __init__(self) -> None:
        import numpy as np

        self.unit = np.zeros(0, np.int64)
        self.stem = np.zeros(0, np.int64)
        self.whole = np.zeros(0, np.int64)
        self.english = np.zeros((0, MOST_MEANINGS), np.int64)  # stems of the glossary; the rest is skipped
        self._met = np.zeros(0, np.bool_)

    def unmet(self, numbers: NDArray[np.int64], size: int) -> NDArray[np.int64]:
        """The numbers that are not computed yet; `size` is the number of words."""
        import numpy as np

        if size > self._met.size:
            more = max(size, 2 * self._met.size) - self._met.size
            self.unit = np.r_[self.unit, np.full(more, -1)]
            self.stem = np.r_[self.stem, np.full(more, GAP)]
            self.whole = np.r_[self.whole, np.full(more, GAP)]
            self.english = np.r_[self.english, np.full((more, MOST_MEANINGS), GAP)]
            self._met = np.r_[self._met, np.zeros(more, np.bool_)]
            self._met[BREAK] = True
        found = np.unique(numbers[~self._met[numbers]])
        self._met[found] = True
        return found


class BatchReader:
    """Reads documents for one lexicon and one set of stems, and caches the words that have occurred."""

    def __init__(self, lexicon: Lexicon, stems: Stems, whole_stems: Stems | None = None) -> None:
        self.lexicon = lexicon
        self.stems = stems
        self.whole_stems = Stems() if whole_stems is None else whole_stems
        self._vocabulary = StemNumbers()
        self._words: list[str] = [""]
        self._forget()
        self.generation = 0  # raised when the numbering of words begins again
        self.most_kept = 0  # documents whose words are kept; who judges one item for many readers sets it
        self.turn = threading.RLock()  # one thread at a time reads, and uses what it read

    def _forget(self) -> None:
        import numpy as np

        self._vocabulary.reset()
        self._kept: dict[
            tuple[int | str, int], Words
        ] = {}  # by document and its text, the last that was read last
        del self._words[1:]
        self._little = np.zeros(1, np.bool_)
        self._strange = np.zeros(1, np.bool_)
        self._senses: dict[str, _Senses] = {}

    def words_from(self, number: int) -> list[str]:
        """The words met, from a number on, in order of their numbers."""
        return self._words[number:]

    def number_of(self, word: str) -> int | None:
        """The number of a word that was met."""
        return self._vocabulary.get(word)

    def read(self, documents: Sequence[Document]) -> Reading:
        """Read a batch. The language is the document's own, else recognised by its function words."""
        with self.turn:
            return self._read(documents)

    def _read(self, documents: Sequence[Document]) -> Reading:
        import numpy as np

        if len(self._vocabulary) > MOST_WORDS:
            self._forget()
            self.generation += 1
        numbers, document, in_title, codes = (
            self._known_or_met(documents) if self.most_kept else self._meet(documents)
        )
        unit, stem_, whole = (np.full(numbers.size, empty) for empty in (-1, GAP, GAP))
        glossed = np.zeros(numbers.size, np.bool_)
        english_stems = np.zeros((0, MOST_MEANINGS), np.int64)
        for code in dict.fromkeys(codes):
            rows = np.array([one == code for one in codes], np.bool_)[document]
            senses = self._understand(code, numbers[rows])
            unit[rows], stem_[rows] = senses.unit[numbers[rows]], senses.stem[numbers[rows]]
            whole[rows] = senses.whole[numbers[rows]]
            if glossary(code):
                glossed |= rows
                if not english_stems.size:
                    english_stems = np.full((numbers.size, MOST_MEANINGS), GAP)
                english_stems[rows] = senses.english[numbers[rows]]
        known = np.array([code == ENGLISH or code in self.lexicon.languages for code in codes], np.bool_)
        english = np.array([code == ENGLISH for code in codes], np.bool_)
        told = None
        if english_stems.size:
            told = Glossed(
                np.repeat(document[glossed], MOST_MEANINGS),
                np.repeat(in_title[glossed], MOST_MEANINGS),
                english_stems[glossed].ravel(),
            )
        return Reading(len(documents), document, numbers, in_title, unit, stem_, whole, known, english, told)

    def _meet(
        self, documents: Sequence[Document]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], list[str]]:
        """The words of documents with the place of each, whether it is in a title, and the documents' languages."""
        import numpy as np

        found, place, in_title = read(map(_text, documents), self._vocabulary)
        self._learn()
        numbers, document = found.astype(np.int64), place.astype(np.int64)
        return numbers, document, in_title, self._codes(documents, numbers, document)

    def _known_or_met(
        self, documents: Sequence[Document]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], list[str]]:
        """The same, looking only at documents whose words are not kept from an earlier time."""
        import numpy as np

        keys = [
            (one.id, hash((one.title, one.text, one.lang, tuple(one.tags), one.link))) for one in documents
        ]
        new = {key: one for key, one in zip(keys, documents, strict=True) if key not in self._kept}
        found = {key: self._kept.pop(key) for key in dict.fromkeys(keys) if key not in new}
        if new:
            numbers, document, in_title, codes = self._meet([*new.values()])
            ends = np.bincount(document, minlength=len(new)).cumsum().tolist()
            for key, begin, end, code in zip(new, [0, *ends], ends, codes, strict=False):
                found[key] = Words(numbers[begin:end].astype(np.int32), in_title[begin:end].copy(), code)
        self._kept |= found
        for key in [*islice(self._kept, max(0, len(self._kept) - self.most_kept))]:
            del self._kept[key]
        told = [found[key] for key in keys]
        return (
            np.concatenate([np.zeros(0, np.int32), *(one.number for one in told)]).astype(np.int64),
            np.repeat(np.arange(len(told)), [one.number.size for one in told]),
            np.concatenate([np.zeros(0, np.bool_), *(one.in_title for one in told)]),
            [one.language for one in told],
        )

    def _codes(
        self, documents: Sequence[Document], numbers: NDArray[np.int64], document: NDArray[np.int64]
    ) -> list[str]:
        """The language of each document: its code, "" for English, `UNNAMED` for one that nobody can tell.

        Little words tell most English texts at once; of the others the detector judges those that don't say what they
        are in, or say it against their words.
        """
        import numpy as np

        many = len(documents)
        little, strange = (
            np.bincount(document, marks[numbers], many) for marks in (self._little, self._strange)
        )
        real = np.bincount(document[numbers != BREAK], minlength=many)
        english = (little >= LITTLE_WORDS) & (little >= LITTLE_SHARE * real)
        found = []
        for number, one in enumerate(documents):
            said = one.lang[:2].lower()
            if english[number] != (said in {"", "en"}):
                said = settle_language(f"{one.title}\n{one.text[:SAMPLE]}"[:SAMPLE], said)
            if said in {"", "en"} and strange[number] > 0.5 * real[number]:
                said = UNNAMED
            found.append(ENGLISH if said == "en" else said)
        return found

    def _learn(self) -> None:
        """Keep of each new word whether it is a little word of English, and whether it is in another script."""
        import numpy as np

        fresh = list(islice(self._vocabulary, len(self._words), None))
        if fresh:
            self._words += fresh
            self._little = np.r_[self._little, [is_little(word, ENGLISH) for word in fresh]]
            self._strange = np.r_[self._strange, [word[0] > LATIN and word[0].isalpha() for word in fresh]]

    def _understand(self, code: str, numbers: NDArray[np.int64]) -> _Senses:
        """Compute, once per word and language, its units of the lexicon and its stem."""
        senses = self._senses.setdefault(code, _Senses())
        for number in senses.unmet(numbers, len(self._words)).tolist():
            word = self._words[number]
            senses.unit[number] = self.lexicon.unit(word, code)
            senses.stem[number] = SKIPPED if is_little(word, code) else self.stems[stem_of(word, code)]
            is_mark = word.startswith(MARK)
            senses.whole[number] = SKIPPED if is_mark else self.whole_stems[stem_of(word, code)]
            if glossary(code):
                found = (
                    [] if is_mark else [self.whole_stems[one] for one in meanings(word, code)] or [UNKNOWN]
                )
                senses.english[number] = (found + [SKIPPED] * MOST_MEANINGS)[:MOST_MEANINGS]
        return senses


def _text(document: Document) -> tuple[str, str]:
    """Title, and text with what else speaks of the item: its categories and the sections of its link.

    Names that mean a topic become that topic's mark; other categories are read as words, other sections not at
    all, for most are furniture ("content", "index", "story").
    """
    title, text = prose(document.title), prose(document.text)
    if not document.tags and not document.link:
        return title, text
    marks = dict.fromkeys(mark(name) for name in (*document.tags, *sections(document.link)))
    extra = [name for name in document.tags if not mark(name)]
    known = [name for name in marks if name]
    if not known and not extra:
        return title, text
    return title, f"{text[: TEXT_CHARS - 100]}\n{' '.join(known)}\n{', '.join(extra)}"[:TEXT_CHARS]


@lru_cache(maxsize=20_000)
def mark(name: str) -> str:
    """The mark of the topic that a category's or section's name means, as a word of its own; "" for none."""
    topic = topic_of_folder(name)
    return f"{MARK}{topic}" if topic else ""


def sections(link: str) -> list[str]:
    """The sections in a link's path: "https://x.org/world/asia-news/2026/05/some-long-headline" ->
    ["world", "asia-news"]. The last part, which repeats the headline, is none."""
    _, _, rest = link.partition("://")
    parts = rest.split("?", 1)[0].split("/")[1:-1]
    return [part for part in parts[:4] if 2 < len(part) <= 20 and part.replace("-", "").isalpha()]


def word_share(reading: Reading) -> NDArray[np.float64]:
    """By document, the share of its words (function words aside) that the model knows."""
    import numpy as np

    real = (reading.stem != SKIPPED) & (reading.stem != GAP)
    total = np.bincount(reading.document[real], minlength=reading.documents)
    known = np.bincount(reading.document[real & (reading.stem >= 0)], minlength=reading.documents)
    return known / np.maximum(total, 1)


def lengths(reading: Reading) -> NDArray[np.float64]:
    """Words of each document, function words included."""
    import numpy as np

    real = reading.document[reading.stem != GAP]
    return np.bincount(real, minlength=reading.documents).astype(np.float64)


def in_order(values: Mapping[str, float], order: Sequence[str]) -> NDArray[np.float64]:
    """A mapping by topic as an array in the given order."""
    import numpy as np

    return np.array([values.get(name, 0.0) for name in order])


__all__ = ["BREAK", "BatchReader", "Reading", "Stems", "in_order", "lengths", "sections", "word_share"]
