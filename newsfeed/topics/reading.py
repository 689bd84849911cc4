"""Documents as arrays: what lexicon and model each see of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from .features import GAP, SKIPPED, UNKNOWN
from .folders import topic_of_folder
from .lexicon import Lexicon
from .records import Document
from .words import BREAK, MARK, STOP, TEXT_CHARS, Vocabulary, language_mark, prose, read, stem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Distinct words kept between batches; beyond that the reader starts afresh.
MOST_WORDS = 400_000


class Reading(NamedTuple):
    """A batch of documents: one entry a word or gap, in order."""

    documents: int
    document: NDArray[np.int64]
    number: NDArray[np.int64]  # the reader's own number of the word
    in_title: NDArray[np.bool_]
    unit: NDArray[np.int64]  # for the lexicon
    stem: NDArray[np.int64]  # for the model of topics: function words are skipped
    whole_stem: NDArray[np.int64]  # for the model of news value: function words are told ("how to", "why I")
    foreign: NDArray[np.bool_]  # by document: not English


class Stems(dict[str, int]):
    """Numbers for stems. Open ones take new stems as they come; closed ones answer UNKNOWN."""

    def __init__(self, known: Sequence[str] = (), *, opened: bool = False) -> None:
        super().__init__((name, number) for number, name in enumerate(known))
        self._opened = opened

    def __missing__(self, name: str) -> int:
        if not self._opened:
            return UNKNOWN
        number = len(self)
        self[name] = number
        return number


class Reader:
    """Reads documents for one lexicon and one set of stems, and remembers the words it has met."""

    def __init__(self, lexicon: Lexicon, stems: Stems, whole_stems: Stems | None = None) -> None:
        self.lexicon = lexicon
        self.stems = stems
        self.whole_stems = Stems() if whole_stems is None else whole_stems
        self._vocabulary = Vocabulary()
        self._unit: list[int] = [-1]
        self._stem: list[int] = [GAP]
        self._whole: list[int] = [GAP]
        self._mark: list[int] = [0]
        self._arrays: tuple[NDArray[np.int64], ...] | None = None
        self.generation = 0  # rises when the numbers of words begin anew

    def words_from(self, number: int) -> list[str]:
        """The words met, from a number on, in order of their numbers."""
        return list(self._vocabulary)[number:]

    def number_of(self, word: str) -> int | None:
        """The number of a word that was met."""
        return self._vocabulary.get(word)

    def read(self, documents: Sequence[Document]) -> Reading:
        """Read a batch. The language is the document's own, else told by its function words."""
        import numpy as np

        if len(self._vocabulary) > MOST_WORDS:
            self._vocabulary.reset()
            del self._unit[1:], self._stem[1:], self._whole[1:], self._mark[1:]
            self._arrays = None
            self.generation += 1
        numbers, place, in_title = read(map(_text, documents), self._vocabulary)
        self._learn()
        assert self._arrays is not None
        unit, stem_, whole, mark_ = (array[numbers] for array in self._arrays)
        document = place.astype(np.int64)
        english = np.bincount(document, weights=mark_ > 0, minlength=len(documents))
        foreign = np.bincount(document, weights=np.maximum(-mark_, 0), minlength=len(documents))
        by_words = (foreign >= 3) & (foreign > 1.5 * english)
        language = np.array(
            [(1 if d.lang[:2].lower() == "en" else -1) if d.lang else 0 for d in documents], np.int8
        )
        # Feeds often declare English for whatever they carry, hardly ever German for English.
        return Reading(
            len(documents),
            document,
            numbers.astype(np.int64),
            in_title,
            unit,
            stem_,
            whole,
            by_words | ((language < 0) & (english < 3 + foreign)),
        )

    def _learn(self) -> None:
        """Work out, once a distinct word, what it is to lexicon and model."""
        import numpy as np

        known = len(self._unit)
        if len(self._vocabulary) > known or self._arrays is None:
            for word in list(self._vocabulary)[known:]:
                self._unit.append(self.lexicon.unit(word))
                root = stem(word)
                self._stem.append(SKIPPED if word in STOP else self.stems[root])
                self._whole.append(SKIPPED if word.startswith(MARK) else self.whole_stems[root])
                self._mark.append(language_mark(word))
            self._arrays = tuple(
                np.array(part, np.int64) for part in (self._unit, self._stem, self._whole, self._mark)
            )


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


def tally(values: Mapping[str, float], order: Sequence[str]) -> NDArray[np.float64]:
    """A mapping by topic as an array in the given order."""
    import numpy as np

    return np.array([values.get(name, 0.0) for name in order])


__all__ = ["BREAK", "Reader", "Reading", "Stems", "lengths", "sections", "tally", "word_share"]
