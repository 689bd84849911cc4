"""News value and kind: how much an item is worth knowing, and what kind of text it is.

A linear TF-IDF model of the same features as the topics', function words included: one column is the expected
grade (ridge regression), the others the log-odds of the kinds (softmax). Beside the words stand classes of actors and
acts (a court, a company, a ban, a recall): each is told once where it is met, in title and text apart, at a small value,
so that regression trusts it only as far as many examples agree. `build` makes the model from invented, graded items.

What the reader's thumbs add is a bounded shift, learned on their own machine."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from newsfeed.model import KINDS, NO_NEWS, NewsValue, Term

from . import linear
from .batches import Reading
from .documents import THRESHOLD, Document
from .linear import Scored
from .vocabulary import UNKNOWN, bare, folder, languages, stem_of
from .weights import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from .batches import Reading

ACT_SCALE = 0.07  # the value of a class that is met; from .06 to .08 sets of seeds left out are told best


# Of what English says of a text of another language by a glossary. From .25 to .75 German seeds left out are told best:
# rank correlation .753 without it, .796 with it.
GLOSSED = 0.5
IN_ENGLISH = "its words in English"  # what that is called among the words that decided


class ActClasses(NamedTuple):
    """The classes by name, and the class of each stem."""

    names: tuple[str, ...]
    of: dict[str, int]


class FoundActs(NamedTuple):
    """Classes met in a batch, sorted by document: `column` counts those of titles first, then those of texts."""

    document: NDArray[np.int64]
    column: NDArray[np.int64]


@cache
def act_classes() -> ActClasses:
    """The classes that ship with the package; those of other languages have English names."""
    names: tuple[str, ...] = ()
    found: dict[str, int] = {}
    for code in languages():
        written = folder(code).joinpath("acts.toml")
        table: dict[str, str] = (
            tomllib.loads(written.read_text(encoding="utf-8")) if written.is_file() else {}
        )
        names = names or tuple(table)
        for name, words in table.items():
            for word in words.split():
                found.setdefault(stem_of(word, code), names.index(name))
    return ActClasses(names, found)


@cache
def act_columns() -> tuple[str, ...]:
    """The meaning of each column."""
    names = act_classes().names
    return (*(f"{name} (title)" for name in names), *(f"{name} (text)" for name in names))


def with_act_stems(stems: Sequence[str]) -> tuple[str, ...]:
    """The stems of a model, followed by those that only the classes have."""
    known = set(stems)
    return (*stems, *(stem for stem in act_classes().of if stem not in known))


def act_table(stems: Sequence[str]) -> NDArray[np.int64]:
    """The class of each stem by its number; -1 for none. The last entry is for unknown stems."""
    import numpy as np

    of = act_classes().of
    return np.array([*(of.get(stem, -1) for stem in stems), -1], np.int64)


def find_acts(reading: Reading, classes: NDArray[np.int64]) -> FoundActs:
    """The classes that occur in a batch."""
    import numpy as np

    many = len(act_classes().names)
    numbers = reading.whole_stem
    place = classes[np.where((numbers < 0) | (numbers >= classes.size), classes.size - 1, numbers)]
    met = place >= 0
    column = place[met] + np.where(reading.in_title[met], 0, many)
    document, column = np.divmod(np.unique(reading.document[met] * (2 * many) + column), 2 * many)
    return FoundActs(document, column)


COLUMNS = ("value", *KINDS)
HIGHEST = 3.0  # grade: must know
MOST_TERMS = 4  # deciding words that are stored
LEAST_POINTS = 0.05  # words that move the value by less are not counted as deciding


class Calibration(NamedTuple):
    """The line from the model's estimate, which keeps to the middle, to the expected grade."""

    slope: float = 1.0
    offset: float = 0.0


class ValueModel(NamedTuple):
    """Weights, and the calibration of their estimate to a grade."""

    linear: linear.Linear
    calibration: Calibration
    acts: NDArray[np.float32]  # weights of who did what, by column, for English texts and for others
    stems: tuple[str, ...]  # of the words, and of what only `acts` knows
    classes: NDArray[np.int64]  # of these stems

    @property
    def points(self) -> NDArray[np.float64]:
        """What each feature moves the value by, in grades at value 1: words and pairs, then `acts`."""
        import numpy as np

        weights = np.r_[self.linear.weights[:, 0], self.acts[:, :, 0].ravel()].astype(np.float64)
        found: NDArray[np.float64] = self.calibration.slope * weights
        return found

    def name(self, feature: int) -> str:
        """A feature as words."""
        act = feature - self.linear.keys.size
        columns = act_columns()
        return columns[act % len(columns)] if act >= 0 else bare(self.linear.name(feature))

    def score(self, reading: Reading) -> Scored:
        """What the weights say of a batch, and the features behind it."""
        import numpy as np

        # Stems that only the classes know are strangers to the words' weights.
        known = np.where(reading.whole_stem >= len(self.linear.stems), UNKNOWN, reading.whole_stem)
        words = linear.score(self.linear, reading._replace(stem=known))
        found = find_acts(reading, self.classes)
        foreign = (~reading.english).astype(np.int64)[found.document]
        said = np.zeros_like(words.score)
        np.add.at(said, found.document, ACT_SCALE * self.acts[foreign, found.column])
        document = np.r_[words.document, found.document]
        order = np.argsort(document, kind="stable")
        feature = self.linear.keys.size + foreign * self.acts.shape[1] + found.column
        said[:, 0] += self.by_english(reading)
        return Scored(
            words.score + said,
            document[order],
            np.r_[words.feature, feature][order],
            np.r_[words.value, np.full(feature.size, ACT_SCALE)][order],
        )

    def by_english(self, reading: Reading) -> NDArray[np.float64]:
        """The estimate of the English model for texts in other languages, translated by a glossary."""
        import numpy as np

        found = np.zeros(reading.documents)
        told = reading.glossed
        if told is None:
            return found
        known = np.where(told.stem >= len(self.linear.stems), UNKNOWN, told.stem)
        alike = reading._replace(document=told.document, in_title=told.in_title, whole_stem=told.stem)
        words = linear.score(self.linear, alike._replace(stem=known))
        found += words.score[:, 0] - self.linear.bias[(~reading.english).astype(np.int64), 0]
        acts = find_acts(alike, self.classes)
        np.add.at(found, acts.document, ACT_SCALE * self.acts[0, acts.column, 0])
        found[~np.isin(np.arange(reading.documents), told.document)] = 0.0
        return GLOSSED * found

    def grades(self, scored: Scored) -> NDArray[np.float64]:
        """The expected grade of each document."""
        import numpy as np

        slope, offset = self.calibration
        found: NDArray[np.float64] = np.clip(offset + slope * scored.score[:, 0], 0.0, HIGHEST)
        return found

    def judge(
        self,
        reading: Reading,
        shift: Callable[[Scored], NDArray[np.float64]] | None = None,
        *,
        why: bool = True,
    ) -> list[NewsValue]:
        """Value and kind of each document of a batch, with the words that decided if `why`; `shift` says what the
        reader's thumbs add, in grades."""
        import numpy as np

        scored = self.score(reading)
        judged = self.grades(scored)
        grade = judged
        if shift is not None:
            grade = np.clip(judged + shift(scored), 0.0, HIGHEST)
        odds = np.exp(scored.score[:, 1:] - scored.score[:, 1:].max(axis=1, keepdims=True))
        odds /= odds.sum(axis=1, keepdims=True)
        kind = kinds_of(odds)
        terms = self._terms(scored, reading) if why else [()] * reading.documents
        return [
            NewsValue(
                value=round(float(grade[n]), 3),
                thumbs=round(float(grade[n] - judged[n]), 3),
                kind=KINDS[kind[n]],
                sure=round(float(odds[n, kind[n]]), 3),
                terms=terms[n],
            )
            for n in range(reading.documents)
        ]

    def _terms(self, scored: Scored, reading: Reading) -> list[tuple[Term, ...]]:
        """The words that moved each value most, for or against, in grades."""
        import numpy as np

        points = scored.value * self.points[scored.feature]
        heavy = np.flatnonzero(np.abs(points) >= LEAST_POINTS)
        order = heavy[np.lexsort((scored.feature[heavy], -np.abs(points[heavy]), scored.document[heavy]))]
        found: list[list[Term]] = [[] for _ in range(reading.documents)]
        for document, feature, point in zip(
            scored.document[order].tolist(),
            scored.feature[order].tolist(),
            points[order].round(3).tolist(),
            strict=True,
        ):
            if len(found[document]) < MOST_TERMS:
                found[document].append(Term(term=self.name(feature), weight=point))
        if reading.glossed is not None:
            by_english = self.calibration.slope * self.by_english(reading)
            for document in np.flatnonzero(np.abs(by_english) >= LEAST_POINTS).tolist():
                term = Term(term=IN_ENGLISH, weight=round(float(by_english[document]), 3))
                several = sorted((*found[document], term), key=lambda one: -abs(one.weight))
                found[document] = several[:MOST_TERMS]
        return [tuple(terms) for terms in found]


def kinds_of(odds: NDArray[np.float64]) -> NDArray[np.int64]:
    """The kind of each document (rows), from the probabilities of the kinds (columns). There are many kinds that tell
    no news. Each may be less probable than one kind of news though all together are more probable: the group is
    decided first. "Kinds by their group" in bench/RESULTS.md."""
    import numpy as np

    none = np.array([kind in NO_NEWS for kind in KINDS])
    told = odds[:, none].sum(axis=1) <= 0.5 * odds.sum(axis=1)
    found: NDArray[np.int64] = np.where(told[:, None] != none, odds, -1.0).argmax(axis=1)
    return found


def complete(words: linear.Linear, calibration: Calibration, said: NDArray[np.float32]) -> ValueModel:
    """A model of these weights, of words and of who did what."""
    stems = with_act_stems(words.stems)
    return ValueModel(words, calibration, said, stems, act_table(stems))


def empty_acts() -> NDArray[np.float32]:
    """Weights of who did what that are all zero."""
    import numpy as np

    return np.zeros((2, len(act_columns()), len(COLUMNS)), np.float32)


def pack_value(model: ValueModel) -> bytes:
    """The model as bytes, its weights at half precision."""
    import numpy as np

    arrays = linear.arrays(model.linear)
    arrays["acts"] = model.acts
    arrays |= {name: arrays[name].astype(np.float16) for name in ("idf", "weights", "acts")}
    return pack({"columns": list(COLUMNS), "calibration": list(model.calibration)}, arrays)


def unpack_value(data: bytes) -> ValueModel:
    """The model from its bytes.

    Raises:
        WeightsError: the bytes are no weights of ours.
    """
    import numpy as np

    head, arrays = unpack(data)
    words = linear.from_arrays(head["columns"], arrays)
    return complete(words, Calibration(*head["calibration"]), arrays["acts"].astype(np.float32))


def silent() -> ValueModel:
    """An empty model: every item has the grade of filler."""
    return complete(linear.empty(COLUMNS), Calibration(1.0, 1.0), empty_acts())


def shipped_bytes() -> bytes | None:
    """The weights that ship with the package; None before `make model` has made them."""
    file = files(__package__).joinpath("data", "value.weights")
    return file.read_bytes() if file.is_file() else None


@cache
def shipped() -> ValueModel:
    """The model that ships with the package."""
    data = shipped_bytes()
    return silent() if data is None else unpack_value(data)


@cache
def shipped_name() -> str:
    """A name for the shipped weights; when it changes, items must be judged again."""
    return hashlib.sha256(shipped_bytes() or b"").hexdigest()[:16]


# ------------------------------------------------------------------ what thumbs add

MOST_MOVED = 0.7  # grades that thumbs move any item
MOST_UNTOUCHED = 0.2  # and an item of a source that has no thumb
UP, DOWN = 2.5, 0.5  # the grade that a thumb means
LEAST_SAID = 0.2  # a thumb says so much even of what was judged as it wishes
THUMB_RIDGE = 1.0  # the similarity of an item with itself: one thumb moves its like by half of what it says
# "What else tells it" in bench/RESULTS.md: similarity of two items of one feed that share no word.
SAME_SOURCE = 0.3
MOST_THUMBS = 500  # the newest are learned from


class Thumb(NamedTuple):
    """The reader's thumb on a document: up, or down."""

    document: Document
    up: bool


class Personal:
    """The shift that a reader's thumbs make, as weights of words and sources in each topic.

    Kernel ridge regression on the residuals: how far each judgement was from the reader's thumb. Two items are alike as
    their words are (the cosine of the value model's features) and, a little, by their source. Solved once for the few
    hundred thumbs there are, it is one more weight a word and a source, so that judging costs nothing more.
    """

    def __init__(
        self,
        sources: dict[str, NDArray[np.float64]],
        features: NDArray[np.float64],
        own: dict[int | str, float],
    ) -> None:
        self._sources = sources
        self._features = features
        self._own = own

    def shift(
        self, scored: Scored, documents: Sequence[Document], profiles: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """What thumbs add to the value of each document of a batch, in grades; `profiles` as `profile` makes them."""
        import numpy as np

        said = np.zeros(len(documents))
        for topic in np.flatnonzero(profiles.any(axis=0) & self._features.any(axis=0)):
            weights = scored.value * self._features[scored.feature, topic]
            told = np.bincount(scored.document, weights=weights, minlength=len(documents))
            said += profiles[:, topic] * told
        most = np.full(len(documents), MOST_UNTOUCHED)
        for row, document in enumerate(documents):
            source = self._sources.get(document.feed)
            if source is not None:
                said[row] += profiles[row] @ source
                most[row] = MOST_MOVED
        found: NDArray[np.float64] = np.clip(said, -most, most)
        for row, document in enumerate(documents):
            if document.id in self._own:
                found[row] = self._own[document.id]  # the reader's own word on it
        return found


def profile(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """The topics that documents have, as rows of length one; the last column is of those that have none."""
    import numpy as np

    has = (p >= THRESHOLD).astype(np.float64)
    whole = np.column_stack([has, ~has.any(axis=1)])
    found: NDArray[np.float64] = whole / np.sqrt(whole.sum(axis=1, keepdims=True))
    return found


def learn_thumbs(
    thumbs: Sequence[Thumb],
    scored: Scored,
    judged: NDArray[np.float64],
    profiles: NDArray[np.float64],
    features: int,
) -> Personal:
    """Learn from thumbs what the model doesn't know.

    Args:
        scored: their documents' words by the model of news value, which has so many `features`.
        judged: the grades that it gives them.
        profiles: their topics.
    """
    import numpy as np

    documents = [thumb.document for thumb in thumbs]
    wanted = np.array([UP if thumb.up else DOWN for thumb in thumbs])
    least = np.array([LEAST_SAID if thumb.up else -LEAST_SAID for thumb in thumbs])
    residual = np.where(least > 0, np.maximum(wanted - judged, least), np.minimum(wanted - judged, least))
    words, place = np.unique(scored.feature, return_inverse=True)
    rows = np.zeros((len(thumbs), words.size))
    rows[scored.document, place] = scored.value
    feeds = np.array([document.feed for document in documents])
    same = (feeds[:, None] == feeds[None, :]) & (feeds != "")[:, None]
    alike = (rows @ rows.T + SAME_SOURCE * same) * (profiles @ profiles.T)
    pull = np.linalg.solve(alike + THUMB_RIDGE * np.eye(len(thumbs)), residual)
    told = profiles * pull[:, None]
    said = np.zeros((features, profiles.shape[1]))
    said[words] = rows.T @ told
    sources = {
        feed: SAME_SOURCE * told[feeds == feed].sum(axis=0) for feed in sorted(set(feeds.tolist())) if feed
    }
    own = {
        document.id: float(np.clip(way, -MOST_MOVED, MOST_MOVED))
        for document, way in zip(documents, residual, strict=True)
    }
    return Personal(sources, said, own)


def thumbs_name(thumbs: Sequence[tuple[int, int]]) -> str:
    """A name for a set of thumbs; when it changes, items must be judged again."""
    return hashlib.sha256(repr(sorted(thumbs[:MOST_THUMBS])).encode()).hexdigest()[:16] if thumbs else ""
