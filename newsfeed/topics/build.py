"""`python -m newsfeed.topics.build`: make the weights that ship with the package, from lexicon and seeds.

Writes `data/model.weights` beside this file and says what it holds. Same lexicon, seeds and libraries: same
bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from .train import cold_start, pack_tagger, seeds

TARGET = Path(__file__).parent / "data" / "model.weights"


def weights() -> bytes:
    """The weights to ship."""
    return pack_tagger(cold_start())


def main() -> int:
    """Build and write."""
    made = weights()
    temporary = TARGET.with_suffix(".new")
    temporary.write_bytes(made)
    temporary.replace(TARGET)
    print(f"{TARGET.name}: {len(made):,} bytes from {len(seeds()):,} seeds", file=sys.stderr)  # noqa: T201
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
