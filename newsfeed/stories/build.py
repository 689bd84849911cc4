"""`python -m newsfeed.stories.build SEEDS.jsonl …`: make the table of how common words are that ships with the package.

Same seeds: same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from newsfeed.stories.background import TABLE, count, pack, seeds

TARGET = Path(__file__).parent / "data" / TABLE


def main(words: list[str] | None = None) -> int:
    """Build and write."""
    made = count(seeds(map(Path, words if words is not None else sys.argv[1:])))
    TARGET.write_text(pack(made), encoding="utf-8")
    print(f"{TABLE}: {len(made.counts):,} terms of {made.texts:,} texts", file=sys.stderr)  # noqa: T201
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
