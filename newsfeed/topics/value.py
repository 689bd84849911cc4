"""News value and kind: what an item is worth to know, and what sort of text it is.

A linear TF-IDF model of the same features as the topics', function words included: one column is the expected
grade (ridge regression), the others the log-odds of the kinds (softmax). It ships with the package, made by
`topics.build` from invented, graded items (`data/value/*.jsonl`).
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from newsfeed.model import KINDS, NewsValue, Term

from . import acts, linear
from .features import UNKNOWN
from .languages import bare
from .linear import Scored
from .reading import Reading
from .weights import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

COLUMNS = ("value", *KINDS)
HIGHEST = 3.0
MOST_TERMS = 4
LEAST_POINTS = 0.05  # a word that moves the value by less decides nothing


class Calibration(NamedTuple):
    """The line from the model's estimate, which keeps to the middle, to the expected grade."""

    slope: float = 1.0
    offset: float = 0.0


class ValueModel(NamedTuple):
    """Weights, and how their estimate is read as a grade."""

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
        columns = acts.columns()
        return columns[act % len(columns)] if act >= 0 else bare(self.linear.name(feature))

    def score(self, reading: Reading) -> Scored:
        """What the weights say of a batch, and the features behind it."""
        import numpy as np

        # Stems that only the classes know are strangers to the words' weights.
        known = np.where(reading.whole_stem >= len(self.linear.stems), UNKNOWN, reading.whole_stem)
        words = linear.score(self.linear, reading._replace(stem=known))
        found = acts.find(reading, self.classes)
        foreign = (~reading.english).astype(np.int64)[found.document]
        said = np.zeros_like(words.score)
        np.add.at(said, found.document, acts.SCALE * self.acts[foreign, found.column])
        document = np.r_[words.document, found.document]
        order = np.argsort(document, kind="stable")
        feature = self.linear.keys.size + foreign * self.acts.shape[1] + found.column
        return Scored(
            words.score + said,
            document[order],
            np.r_[words.feature, feature][order],
            np.r_[words.value, np.full(feature.size, acts.SCALE)][order],
        )

    def grades(self, scored: Scored) -> NDArray[np.float64]:
        """The expected grade of each document."""
        import numpy as np

        slope, offset = self.calibration
        found: NDArray[np.float64] = np.clip(offset + slope * scored.score[:, 0], 0.0, HIGHEST)
        return found

    def judge(
        self, reading: Reading, shift: Callable[[Scored], NDArray[np.float64]] | None = None
    ) -> list[NewsValue]:
        """Value and kind of each document of a batch; `shift` says what the reader's thumbs add, in grades."""
        import numpy as np

        scored = self.score(reading)
        judged = self.grades(scored)
        grade = judged
        if shift is not None:
            grade = np.clip(judged + shift(scored), 0.0, HIGHEST)
        odds = np.exp(scored.score[:, 1:] - scored.score[:, 1:].max(axis=1, keepdims=True))
        odds /= odds.sum(axis=1, keepdims=True)
        kind = odds.argmax(axis=1)
        terms = self._terms(scored, reading.documents)
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

    def _terms(self, scored: Scored, documents: int) -> list[tuple[Term, ...]]:
        """The words that moved each value most, for or against, in grades."""
        import numpy as np

        points = scored.value * self.points[scored.feature]
        heavy = np.flatnonzero(np.abs(points) >= LEAST_POINTS)
        order = heavy[np.lexsort((scored.feature[heavy], -np.abs(points[heavy]), scored.document[heavy]))]
        found: list[list[Term]] = [[] for _ in range(documents)]
        for document, feature, point in zip(
            scored.document[order].tolist(),
            scored.feature[order].tolist(),
            points[order].round(3).tolist(),
            strict=True,
        ):
            if len(found[document]) < MOST_TERMS:
                found[document].append(Term(term=self.name(feature), weight=point))
        return [tuple(terms) for terms in found]


def complete(words: linear.Linear, calibration: Calibration, said: NDArray[np.float32]) -> ValueModel:
    """A model of these weights, of words and of who did what."""
    stems = acts.extended(words.stems)
    return ValueModel(words, calibration, said, stems, acts.table(stems))


def empty_acts() -> NDArray[np.float32]:
    """Weights of who did what that say nothing."""
    import numpy as np

    return np.zeros((2, len(acts.columns()), len(COLUMNS)), np.float32)


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
    """A model that knows nothing: every item is worth filler."""
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
    """A name for the shipped weights; another one means that items are to be judged anew."""
    return hashlib.sha256(shipped_bytes() or b"").hexdigest()[:16]
