"""Taggings as packed numbers, as stored for items that many readers share. The deciding words are computed when somebody
asks for them.

Topics are packed as numbers, whose names the shared store knows. Packed text begins with a character that no JSON begins with.
"""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence

from newsfeed.model import KINDS, NewsValue, TopicScore

SIGN = "#"
_SCORE = struct.Struct("<HH")  # a topic's number, its probability in ten thousandths
_NEWS = struct.Struct("<HBH")  # the value in thousandths, the kind's place, how sure that is in thousandths


def pack_scores(scores: Sequence[TopicScore], numbers: Mapping[str, int]) -> str:
    """Pack the probabilities of topics, most probable first."""
    return _text(b"".join(_SCORE.pack(numbers[s.topic], round(10_000 * s.p)) for s in scores))


def unpack_scores(text: str, names: Mapping[int, str]) -> tuple[TopicScore, ...]:
    """The same back."""
    return tuple(
        [TopicScore(topic=names[n], p=p / 10_000) for n, p in _SCORE.iter_unpack(b64decode(text[1:]))]
    )


def pack_news(news: NewsValue | None) -> str:
    """A news value without a reader's thumbs; "" for none."""
    if news is None:
        return ""
    value = max(news.value - news.thumbs, 0.0)
    return _text(_NEWS.pack(round(1000 * value), KINDS.index(news.kind), round(1000 * news.sure)))


def unpack_news(text: str) -> NewsValue:
    """The same back."""
    value, kind, sure = _NEWS.unpack(b64decode(text[1:]))
    return NewsValue(value=value / 1000, kind=KINDS[kind], sure=sure / 1000)


def _text(data: bytes) -> str:
    return SIGN + b64encode(data).decode()
