"""Make the table of word frequencies in news texts: `newsfeed/stories/data/words.txt.gz`.

    python -m pip install --target DIR wordfreq msgpack
    python bench/words.py DIR/wordfreq/data

The counts are those of wordfreq (see the NOTICE beside the table). A word with the share p of all words occurs in 1 -
exp(-35 p) of the compared texts, which have 35 words. Words with the same
term are combined. English words have their English frequency; other words that of the language where they are most
frequent. Same data: same bytes.
"""

from __future__ import annotations

import gzip
import importlib
import math
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from newsfeed.stories.terms import MILLION, TABLE, WORD, word_terms

LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv")
WORDS_OF_A_TEXT = 35
LEAST = {"en": 2e-6}  # shares of all words; below this, the window alone says how rare a word is
LEAST_OF_OTHERS = 5e-6
TARGET = Path(__file__).resolve().parents[1] / "newsfeed" / "stories" / "data" / TABLE


def shares(path: Path) -> dict[str, float]:
    """Each term's share of a language's words; the file lists words by hundredths of a power of ten."""
    sys.path.insert(0, str(path.parents[2]))
    unpack = importlib.import_module("msgpack").unpackb
    _header, *lists = unpack(gzip.decompress(path.read_bytes()), raw=False)
    found: dict[str, float] = defaultdict(float)
    for hundredths, words in enumerate(lists):
        for word in words:
            for term in {t for part in WORD.findall(word) for t in word_terms(part)}:
                found[term] += 10 ** (-hundredths / 100)
    return found


def main() -> None:
    counts: dict[str, int] = {}
    for language in reversed(LANGUAGES):
        least = LEAST.get(language, LEAST_OF_OTHERS)
        for term, share in shares(Path(sys.argv[1]) / f"large_{language}.msgpack.gz").items():
            if share >= least:
                texts = round(MILLION * (1 - math.exp(-WORDS_OF_A_TEXT * share)))
                counts[term] = texts if language == "en" else max(texts, counts.get(term, 0))
    by_count: dict[int, list[str]] = defaultdict(list)
    for term, texts in counts.items():
        by_count[int(float(f"{texts:.2g}"))].append(term)  # two digits are enough
    lines = [f"{texts} {' '.join(sorted(by_count[texts]))}" for texts in sorted(by_count, reverse=True)]
    TARGET.write_bytes(gzip.compress("\n".join([*lines, ""]).encode(), mtime=0))
    print(f"{TABLE}: {len(counts):,} terms, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
