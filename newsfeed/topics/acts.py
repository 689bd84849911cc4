"""Who did what: classes of actors and acts (a court, a company, a ban, a recall) as features of news value.

Each class is told once where it is met, in the title and in the text apart, and at a small value beside the words, so
that regression trusts it only as far as many examples agree.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from .languages import ENGLISH, whole_stem_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .reading import Reading

SCALE = 0.07  # the value of a class that is met; from .06 to .08 sets of seeds left out are told best


class Shipped(NamedTuple):
    """The classes by name, and the class of each stem."""

    names: tuple[str, ...]
    of: dict[str, int]


class Found(NamedTuple):
    """Classes met in a batch, sorted by document: `column` counts those of titles first, then those of texts."""

    document: NDArray[np.int64]
    column: NDArray[np.int64]


@cache
def shipped() -> Shipped:
    """The classes that ship with the package."""
    written = files(__package__).joinpath("data", "acts.toml").read_text(encoding="utf-8")
    tables: dict[str, dict[str, str]] = tomllib.loads(written)
    names = tuple(tables["en"])
    found: dict[str, int] = {}
    for lang, table in tables.items():
        code = ENGLISH if lang == "en" else lang
        for name, words in table.items():
            for word in words.split():
                found.setdefault(whole_stem_of(word, code), names.index(name))
    return Shipped(names, found)


def columns() -> tuple[str, ...]:
    """What each column tells."""
    names = shipped().names
    return (*(f"{name} (title)" for name in names), *(f"{name} (text)" for name in names))


def extended(stems: Sequence[str]) -> tuple[str, ...]:
    """Stems of a model, and behind them those that only the classes know."""
    known = set(stems)
    return (*stems, *(stem for stem in shipped().of if stem not in known))


def table(stems: Sequence[str]) -> NDArray[np.int64]:
    """The class of each stem by its number; -1 for none. The last entry stands for what is no stem."""
    import numpy as np

    of = shipped().of
    return np.array([*(of.get(stem, -1) for stem in stems), -1], np.int64)


def find(reading: Reading, classes: NDArray[np.int64]) -> Found:
    """The classes that a batch tells of."""
    import numpy as np

    many = len(shipped().names)
    numbers = reading.whole_stem
    place = classes[np.where((numbers < 0) | (numbers >= classes.size), classes.size - 1, numbers)]
    met = place >= 0
    column = place[met] + np.where(reading.in_title[met], 0, many)
    document, column = np.divmod(np.unique(reading.document[met] * (2 * many) + column), 2 * many)
    return Found(document, column)
