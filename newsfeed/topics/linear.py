"""The linear model: one weight a feature and topic. Scored with numpy alone; `train` makes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .features import count, strangers, values
from .reading import Reading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Linear(NamedTuple):
    """`weights[k, t]` is what feature `keys[k]` says for topic t, in log-odds at value 1."""

    topics: tuple[str, ...]
    stems: tuple[str, ...]
    keys: NDArray[np.int64]  # sorted; of single stems and pairs (`features.pair_key`)
    idf: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]  # of English texts, and of those in other languages

    def name(self, feature: int) -> str:
        """A feature as words."""
        first, second = divmod(int(self.keys[feature]), max(len(self.stems), 1))
        return f"{self.stems[first - 1]} {self.stems[second]}" if first else self.stems[second]


class Scored(NamedTuple):
    """Log-odds of every document and topic, and the features behind them, sorted by document."""

    score: NDArray[np.float64]
    document: NDArray[np.int64]
    feature: NDArray[np.int64]
    value: NDArray[np.float64]


def empty(topics: Sequence[str]) -> Linear:
    """A model that knows nothing and says nothing."""
    import numpy as np

    many = len(topics)
    return Linear(
        tuple(topics),
        (),
        np.zeros(0, np.int64),
        np.zeros(0, np.float32),
        np.zeros((0, many), np.float32),
        np.zeros((2, many), np.float32),
    )


def score(model: Linear, reading: Reading) -> Scored:
    """What the model says of a batch."""
    import numpy as np

    found = count(reading.stem, reading.document, reading.in_title, len(model.stems), model.keys)
    unknown = strangers(reading.stem, reading.document, reading.documents)
    value = values(found, model.idf, reading.documents, unknown)
    many = len(model.topics)
    total = np.zeros((reading.documents, many))
    if value.size:
        said = value[:, None].astype(np.float32) * model.weights[found.key]
        starts = np.flatnonzero(np.diff(found.document, prepend=-1))
        total[found.document[starts]] = np.add.reduceat(said, starts, axis=0)
    return Scored(total + model.bias[(~reading.english).astype(np.int64)], found.document, found.key, value)


def arrays(model: Linear) -> dict[str, NDArray[Any]]:
    """The model as plain arrays for `weights.pack`."""
    import numpy as np

    return {
        "stems": np.frombuffer("\n".join(model.stems).encode(), np.uint8),
        "keys": model.keys,
        "idf": model.idf,
        "weights": model.weights,
        "bias": model.bias,
    }


def from_arrays(topics: Sequence[str], found: dict[str, NDArray[Any]]) -> Linear:
    """The model from the arrays of `weights.unpack`."""
    import numpy as np

    text = found["stems"].tobytes().decode()
    return Linear(
        tuple(topics),
        tuple(text.split("\n")) if text else (),
        found["keys"].astype(np.int64),
        found["idf"].astype(np.float32),
        found["weights"].astype(np.float32),
        np.vstack([found["bias"]] * (2 // np.atleast_2d(found["bias"]).shape[0])).astype(np.float32),
    )
