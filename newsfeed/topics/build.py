"""`python -m newsfeed.topics.build`: make the weights that ship with the package, from lexicon and seeds.

Writes `data/model.weights` (topics) and `data/value.weights` (news value) beside this file and says what they hold. Same lexicon, seeds and libraries: same
bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from .train import cold_start, pack_tagger, seeds
from .value import pack_value
from .value_training import seeds as value_seeds
from .value_training import train_value

FOLDER = Path(__file__).parent / "data"


def weights() -> bytes:
    """The topics' weights to ship."""
    return pack_tagger(cold_start())


def value_weights() -> bytes:
    """The news value's weights to ship."""
    return pack_value(train_value(value_seeds()))


def main() -> int:
    """Build and write."""
    _write("model.weights", weights(), len(seeds()))
    _write("value.weights", value_weights(), len(value_seeds()))
    return 0


def _write(name: str, made: bytes, examples: int) -> None:
    target = FOLDER / name
    temporary = target.with_suffix(".new")
    temporary.write_bytes(made)
    temporary.replace(target)
    print(f"{name}: {len(made):,} bytes from {examples:,} seeds", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    raise SystemExit(main())
