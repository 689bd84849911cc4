"""Training of the shipped news value: graded, invented items to weights."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from newsfeed.model import KINDS

from . import acts
from .fitting import Design
from .lexicon import Lexicon
from .reading import Reader, Stems
from .records import OTHER, Document
from .value import COLUMNS, Calibration, ValueModel, complete, empty_acts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LANGUAGES = ("en", "de")


class Graded(NamedTuple):
    """An invented item with its grade (0..3) and kind; `set` names how it was written."""

    document: Document
    grade: float
    kind: str
    set: str


def seeds() -> list[Graded]:
    """The graded items that ship with the package."""
    found = []
    for lang in LANGUAGES:
        file = files(__package__).joinpath("data", "value", f"{lang}.jsonl")
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines()):
            row = msgspec.json.decode(line)
            document = Document(
                id=f"{lang} {number}", title=row["title"], text=row.get("text", ""), lang=lang
            )
            found.append(Graded(document, float(row["grade"]), row["kind"], f"{lang} {row.get('set', '')}"))
    return found


def train_value(items: list[Graded]) -> ValueModel:
    """The model of these items, calibrated on each set of them by a model of the other sets."""
    import numpy as np
    from scipy.sparse import csr_matrix

    stems = Stems(opened=True)
    reading = Reader(Lexicon({OTHER: {}}, (OTHER,)), Stems(), stems).read([item.document for item in items])
    design = Design(reading._replace(stem=reading.whole_stem), tuple(stems), COLUMNS)
    grades = np.array([item.grade for item in items])
    found = acts.find(reading, acts.table(tuple(stems)))
    shape = (len(items), len(acts.columns()))
    told = csr_matrix((np.full(found.column.size, acts.SCALE), (found.document, found.column)), shape=shape)
    value, middle, shared = design.fit_value(grades, told)
    kinds, bias = design.fit_kinds([item.kind for item in items], KINDS)
    weights = np.column_stack([value, kinds]).astype(np.float32)
    model = design.model((weights, np.column_stack([middle, bias]).astype(np.float32)))
    said = empty_acts()
    said[:, :, 0] = shared
    sets = np.array([item.set for item in items])
    return complete(model, _calibration(design, grades, told, sets), said)


def _calibration(
    design: Design, grades: NDArray[np.float64], told: Any, sets: NDArray[np.str_]
) -> Calibration:
    """The line from estimate to grade, where each set of English items is estimated by a model that never saw it."""
    import numpy as np

    english = design.foreign == 0
    estimates = np.zeros_like(grades)
    for name in sorted(set(sets[english].tolist())):
        left_out = english & (sets == name)
        if left_out[english].all():
            return Calibration()
        weights, bias, shared = design.fit_value(grades, told, ~left_out)
        estimates[left_out] = design.matrix[left_out] @ weights + told[left_out] @ shared[0] + bias[0]
    if not english.any():
        return Calibration()
    slope, offset = np.polyfit(estimates[english], grades[english], 1)
    return Calibration(round(float(slope), 4), round(float(offset), 4))
