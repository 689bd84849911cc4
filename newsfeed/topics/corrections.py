"""The immediate effect of a correction, before any training.

The corrected item has its topics permanently. Similar items move with it: near-duplicates fully,
items that share its names in part, and items of its feed that were judged like it a little, the more corrections of
that feed agree. They are moved by the correction's *residual*: how far the judgement was from the reader's word. Once
training has learned the correction, the residual is small, and so is the shift.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from .batches import BatchReader, Reading
from .documents import OTHER, Document, Label
from .lexicon import TITLE_WEIGHT
from .linear import logit, sigmoid
from .tagger import Tagger
from .vocabulary import ENGLISH, is_little, prose, stem, surface, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SURE = 0.97  # probability that a corrected item's topics get
NEAR, SAME = 0.25, 0.6  # cosines between which a correction begins to speak and speaks fully
FEED_ITEMS = 5.0  # so many corrections of one feed move an item judged as they were by half of what they say
MOST = 12.0  # log-odds that corrections can move another item
NAME_WEIGHT = 1.5  # a name counts more than another word
DECIDING = 16  # words of a correction that are looked for in other documents
SHARED = 2  # of them, at least
USUAL_SHARE = 0.6  # of its length that a document spends on the words of a correction: see `may_move`
COMMON = 3.0  # words below this inverse document frequency make nothing alike

_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][\w’']+")


class Corrections:
    """The reader's corrections as a layer over a tagger. Later labels of one document replace earlier ones."""

    def __init__(self, tagger: Tagger, labels: Sequence[Label] = ()) -> None:
        self._tagger = tagger
        self._idf_of = _idf(tagger)
        self._labels: dict[int | str, Label] = {}
        self._judged: dict[int | str, NDArray[np.float64]] = {}
        self._residual: dict[int | str, NDArray[np.float64]] = {}
        self._vectors: dict[int | str, dict[str, float]] = {}
        self._index: _Index | None = None
        for label in labels:
            self._labels[label.document.id] = label
        self._learn(list(self._labels.values()))

    @property
    def labels(self) -> tuple[Label, ...]:
        """All corrections in force."""
        return tuple(self._labels.values())

    def add(self, label: Label) -> None:
        """Add a correction; it takes effect with the next tagging."""
        self._labels[label.document.id] = label
        self._learn([label])

    def undo(self, document: int | str) -> bool:
        """Remove a correction; False if there was none."""
        if document not in self._labels:
            return False
        del self._labels[document], self._judged[document], self._residual[document], self._vectors[document]
        self._index = None
        return True

    def _learn(self, labels: Sequence[Label]) -> None:
        import numpy as np

        if not labels:
            return
        self._index = None
        judged = self._tagger.log_odds([label.document for label in labels])
        for label, z in zip(labels, judged, strict=True):
            wanted = self._wanted(label)
            self._judged[label.document.id] = z
            # A correction never lowers the confidence of a tagger that is already surer: confirming must not push a score down.
            self._residual[label.document.id] = np.where(
                wanted > 0, np.maximum(wanted - z, 0.0), np.minimum(wanted - z, 0.0)
            )
            self._vectors[label.document.id] = self._vector(label.document)

    def _wanted(self, label: Label) -> NDArray[np.float64]:
        import numpy as np

        has = np.array([topic in label.topics for topic in self._tagger.order])
        if not label.topics:
            has |= np.array([topic == OTHER for topic in self._tagger.order])
        wanted: NDArray[np.float64] = logit(np.where(has, SURE, 1 - SURE))
        return wanted

    def _vector(self, document: Document) -> dict[str, float]:
        """A document's deciding words with weights, of length one over all its words."""
        names = {
            surface(name.lower())
            for name in _NAME.findall(f"{prose(document.title)}\n{prose(document.text)}")
        }
        count: dict[str, float] = {}
        for text, weight in ((prose(document.title), TITLE_WEIGHT), (prose(document.text), 1.0)):
            for word in words(text):
                if not is_little(word, ENGLISH):
                    count[word] = count.get(word, 0.0) + weight
        value = {
            word: times**0.5 * self._idf_of(word) * (NAME_WEIGHT if surface(word) in names else 1.0)
            for word, times in count.items()
        }
        norm = sum(x * x for x in value.values()) ** 0.5 or 1.0
        return {word: x / norm for word, x in value.items() if self._idf_of(word) >= COMMON}

    # ------------------------------------------------------------------ felt by the tagger

    def shift(
        self, reading: Reading, documents: Sequence[Document], z: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """What corrections add to the log-odds of a batch."""
        import numpy as np

        found = np.zeros_like(z)
        if not self._labels:
            return found
        index = self._index = self._index or _Index(self)
        reader = self._tagger.reader
        alike = index.alike(reading, self._idf_of.by_number(reader), reader.number_of)
        near = np.clip((alike - NEAR) / (SAME - NEAR), 0.0, 1.0)
        found += (near @ index.residual) / np.maximum(near.sum(axis=1, keepdims=True), 1.0)
        left = 1.0 - np.minimum(near.sum(axis=1), 1.0)
        for row, document in enumerate(documents):
            numbers = index.by_feed.get(document.feed)
            if numbers is not None:
                # A general feed is misjudged in one subject, not in all, so only items that were judged alike move.
                like = np.minimum(index.judged[numbers], _profile(z[row])).sum(axis=1)
                found[row] += left[row] * (like @ index.residual[numbers]) / (like.sum() + FEED_ITEMS)
        found = np.clip(found, -MOST, MOST)
        for row, document in enumerate(documents):
            label = self._labels.get(document.id)
            if label is not None:
                wanted = self._wanted(label)
                found[row] = np.where(
                    wanted > 0, np.maximum(wanted - z[row], 0.0), np.minimum(wanted - z[row], 0.0)
                )
        return found

    def deciding(self, document: Document) -> list[tuple[str, float]]:
        """The words that make others similar to a document, by weight; a similar document has at least two of them."""
        return sorted(self._vector(document).items(), key=lambda pair: -pair[1])[:DECIDING]

    def may_move(self, label: Label, documents: Sequence[Document]) -> list[Document]:
        """The documents that a correction can move noticeably: cheap to ask, so that only they are tagged anew.

        By Cauchy and Schwarz the cosine is at most the length of the correction's vector on the words that both
        have; a document spends at most some USUAL_SHARE of its own length on them, unless it is a copy.
        """
        squares = [(word, value * value) for word, value in self.deciding(label.document)]
        # Words in order: a document that can no longer reach the minimum with the words to come needn't be looked at.
        left = [sum(square for _, square in squares[n:]) for n in range(len(squares))]
        least = (NEAR / USUAL_SHARE) ** 2
        feed, own = label.document.feed, label.document.id
        found = []
        for document in documents:
            if document.id == own or (feed and document.feed == feed):
                found.append(document)
                continue
            text = f"{document.title} {prose(document.text)}".lower()
            shared, sum_of = 0, 0.0
            for (word, square), more in zip(squares, left, strict=True):
                if sum_of + more < least:
                    break
                if word in text:
                    shared, sum_of = shared + 1, sum_of + square
                    if shared >= SHARED and sum_of >= least:
                        found.append(document)
                        break
        return found


def _profile(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """A judgement as shares that add up to one; the last is the share of no topic."""
    import numpy as np

    p = sigmoid(z)
    whole = np.append(p, max(0.0, 1.0 - float(p.sum())))
    found: NDArray[np.float64] = whole / whole.sum()
    return found


class _Index:
    """Corrections as arrays: for each deciding word who has it, and what each correction says."""

    def __init__(self, corrections: Corrections) -> None:
        import numpy as np

        ids = list(corrections._labels)
        self.residual = np.stack([corrections._residual[i] for i in ids])
        postings: dict[str, list[tuple[int, float]]] = {}
        for number, i in enumerate(ids):
            for word, value in corrections._vectors[i].items():
                postings.setdefault(word, []).append((number, value))
        self._count = len(ids)
        self._word = {word: number for number, word in enumerate(postings)}
        flat = [pair for pairs in postings.values() for pair in pairs]
        self._who = np.array([pair[0] for pair in flat], np.int64)
        self._value = np.array([pair[1] for pair in flat], np.float64)
        self._sizes = np.array([len(pairs) for pairs in postings.values()], np.int64)
        self._starts = np.cumsum(self._sizes) - self._sizes
        feeds: dict[str, list[int]] = {}
        for number, i in enumerate(ids):
            feed = corrections._labels[i].document.feed
            # What training has seen already acts through the model and the feed's mix, and must not count twice.
            if feed and i not in corrections._tagger.learned:
                feeds.setdefault(feed, []).append(number)
        self.by_feed = {feed: np.array(numbers) for feed, numbers in feeds.items()}
        self.judged = np.stack([_profile(corrections._judged[i]) for i in ids])

    def alike(
        self, reading: Reading, idf: NDArray[np.float64], number_of: Callable[[str], int | None]
    ) -> NDArray[np.float64]:
        """Cosines of documents (rows) and corrections (columns)."""
        import numpy as np

        place_of = np.full(idf.size, -1, np.int64)
        for word, at in self._word.items():
            met = number_of(word)
            if met is not None:
                place_of[met] = at
        # One row a document and word, title counted double; stop words weigh nothing.
        weighing = idf[reading.number] > 0
        number, document = reading.number[weighing], reading.document[weighing]
        times = np.where(reading.in_title[weighing], TITLE_WEIGHT, 1.0)
        many = idf.size
        key, place = np.unique(document * many + number, return_inverse=True)
        count = np.bincount(place, weights=times, minlength=key.size)
        document, number = np.divmod(key, many)
        value = np.sqrt(count) * idf[number]
        norm = np.sqrt(np.bincount(document, weights=value * value, minlength=reading.documents))
        known = place_of[number] >= 0
        document, value, word = document[known], value[known], place_of[number[known]]
        sizes = self._sizes[word]
        total = int(sizes.sum())
        step = np.arange(total) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        at = np.repeat(self._starts[word], sizes) + step
        product = np.repeat(value, sizes) * self._value[at]
        pair = np.repeat(document, sizes) * self._count + self._who[at]
        found = np.bincount(pair, weights=product, minlength=reading.documents * self._count)
        shape = (reading.documents, self._count)
        alike: NDArray[np.float64] = found.reshape(shape) / np.maximum(norm, 1e-9)[:, None]
        return alike


class _Idf:
    """Inverse document frequency of single words, from the model's background; rare where unknown."""

    def __init__(self, known: dict[str, float], rare: float) -> None:
        import numpy as np

        self._known = known
        self._rare = rare
        self._generation = -1
        self._by_number = np.zeros(0)

    def __call__(self, word: str) -> float:
        return self._known.get(stem(word), self._rare)

    def by_number(self, reader: BatchReader) -> NDArray[np.float64]:
        """That of every word that the reader of documents has met so far, by its number there; 0 for function words."""
        import numpy as np

        if self._generation != reader.generation:
            self._generation, self._by_number = reader.generation, np.zeros(0)
        met = reader.words_from(self._by_number.size)
        fresh = [0.0 if not word or is_little(word, ENGLISH) else self(word) for word in met]
        self._by_number = np.concatenate([self._by_number, np.array(fresh, np.float64)])
        return self._by_number


# One for all copies of a tagger: a team's worker serves many readers who have corrections, and has met very many words.
_KEPT: WeakKeyDictionary[BatchReader, _Idf] = WeakKeyDictionary()


def _idf(tagger: Tagger) -> _Idf:
    found = _KEPT.get(tagger.reader)
    if found is None:
        model = tagger.model
        single = model.keys < max(len(model.stems), 1)
        known = {
            model.stems[key]: idf
            for key, idf in zip(model.keys[single].tolist(), model.idf[single].tolist(), strict=True)
        }
        found = _KEPT[tagger.reader] = _Idf(known, max(known.values(), default=8.0))
    return found


def corrected(tagger: Tagger, labels: Sequence[Label]) -> Tagger:
    """The tagger with the reader's corrections in force; the same object, for chaining."""
    tagger.local = Corrections(tagger, labels) if labels else None
    return tagger
