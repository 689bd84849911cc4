"""Near-duplicates that the grouping into stories has missed: the last look before a page is printed."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping

_WORD = re.compile(r"\w{3,}")
_FIGURE = re.compile(r"\w*\d\w*")
ALIKE = 0.88  # cosine of word counts
_LEAST = 8  # different words below which two texts may be alike by chance ("Weekly links", "Episode 12")


def twins(texts: Mapping[int, str]) -> list[tuple[int, int]]:
    """Pairs of keys (smaller first) whose texts say the same in nearly the same words and in the same figures: two
    releases or two episodes told by one template are different news."""
    counted = {key: Counter(word.casefold() for word in _WORD.findall(texts[key])) for key in sorted(texts)}
    length = {key: math.sqrt(sum(n * n for n in words.values())) for key, words in counted.items()}
    figures = {key: set(_FIGURE.findall(texts[key])) for key in counted}
    keys = [key for key, words in counted.items() if len(words) >= _LEAST]
    pairs = []
    for place, one in enumerate(keys):
        for other in keys[place + 1 :]:
            if figures[one] != figures[other]:
                continue
            shared = sum(
                n * counted[other][word] for word, n in counted[one].items() if word in counted[other]
            )
            if shared >= ALIKE * length[one] * length[other]:
                pairs.append((one, other))
    return pairs
