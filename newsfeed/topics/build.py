"""Make the weights that ship with the package: `python -m newsfeed.topics.build`.

The lexicon is compiled into `data/lexicon.compiled`; from it and the seeds come `data/model.weights` (topics), from
graded, invented items `data/value.weights` (news value). Same data and libraries: same bytes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from newsfeed.model import KINDS

from . import topic_files
from .batches import BatchReader, Stems
from .documents import OTHER, Document
from .fitting import Design
from .lexicon import Lexicon
from .train import cold_start, pack_tagger, seeds
from .value import (
    ACT_SCALE,
    COLUMNS,
    Calibration,
    ValueModel,
    act_columns,
    act_table,
    complete,
    empty_acts,
    find_acts,
    pack_value,
)
from .vocabulary import folder, languages

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Graded(NamedTuple):
    """An invented item with its grade (0..3) and kind; `set` names how it was written."""

    document: Document
    grade: float
    kind: str
    set: str


def value_seeds() -> list[Graded]:
    """The graded items that ship with the package."""
    found = []
    for code in languages():
        file = folder(code).joinpath("value.jsonl")
        lang = code or "en"
        for number, line in enumerate(file.read_text("utf-8").splitlines() if file.is_file() else ()):
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
    reading = BatchReader(Lexicon({OTHER: {}}, (OTHER,)), Stems(), stems).read(
        [item.document for item in items]
    )
    design = Design(reading._replace(stem=reading.whole_stem), tuple(stems), COLUMNS)
    grades = np.array([item.grade for item in items])
    found = find_acts(reading, act_table(tuple(stems)))
    shape = (len(items), len(act_columns()))
    told = csr_matrix((np.full(found.column.size, ACT_SCALE), (found.document, found.column)), shape=shape)
    kinds, bias = design.fit_kinds([item.kind for item in items], KINDS)

    def fitted(left: NDArray[np.float64], calibration: Calibration) -> ValueModel:
        value, middle, shared = design.fit_value(left, told)
        weights = np.column_stack([value, kinds]).astype(np.float32)
        model = design.model((weights, np.column_stack([middle, bias]).astype(np.float32)))
        said = empty_acts()
        said[:, :, 0] = shared
        return complete(model, calibration, said)

    # What English says of the others by a glossary is known before they are fitted: they learn the rest.
    english = fitted(grades, Calibration())
    again = BatchReader(Lexicon({OTHER: {}}, (OTHER,)), Stems(), Stems(english.stems))
    by_english = english.by_english(again.read([item.document for item in items]))
    sets = np.array([item.set for item in items])
    return fitted(grades - by_english, _calibration(design, grades, told, sets))


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


FOLDER = Path(__file__).parent / "data"


def weights() -> bytes:
    """The topics' weights to ship."""
    return pack_tagger(cold_start())


def value_weights() -> bytes:
    """The news value's weights to ship."""
    return pack_value(train_value(value_seeds()))


def main() -> int:
    """Build and write."""
    _write(topic_files.NAME, topic_files.packed(), 0)
    _write("model.weights", weights(), len(seeds()))
    _write("value.weights", value_weights(), len(value_seeds()))
    return 0


def _write(name: str, made: bytes, examples: int) -> None:
    target = FOLDER / name
    temporary = target.with_suffix(".new")
    temporary.write_bytes(made)
    temporary.replace(target)
    print(f"{name}: {len(made):,} bytes" + (f" from {examples:,} seeds" if examples else ""), file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    raise SystemExit(main())
