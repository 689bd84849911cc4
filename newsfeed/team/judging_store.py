"""A reader's store for who judges items for this reader alone: the pool's own taggings are everybody's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Self

import msgspec

from newsfeed.model import Tagging, TopicScore
from newsfeed.team.connections import Place
from newsfeed.team.stores import ReaderStore


class JudgingStore(ReaderStore):
    """What is tagged here is for this reader and this answer or edition only."""

    @classmethod
    def connect(cls, place: Place, role: str, reader: int | None = None) -> Self:
        store = super().connect(place, role, reader)
        store.forget()
        return store

    @contextmanager
    def of(self, reader: int) -> Iterator[Self]:
        """As a reader store's; nothing that was judged for one reader is left for another."""
        self.forget()
        with super().of(reader):
            yield self
        self.forget()

    def forget(self) -> None:
        """Let go what was judged for an answer."""
        self._judged: dict[int, Tagging] = {}

    def save_taggings(self, taggings: Sequence[Tagging], model: str) -> None:
        self._judged |= {t.item: t for t in taggings}

    def tagged(self, numbers: Iterable[int]) -> set[int]:
        wanted = set(numbers)
        return super().tagged(wanted) | (self._judged.keys() & wanted)

    def explained(self, numbers: Iterable[int]) -> set[int]:
        # The pool keeps numbers alone: what decided is worked out for this reader.
        return self._judged.keys() & set(numbers)

    def taggings(self, numbers: Iterable[int], *, why: bool = True) -> dict[int, Tagging]:
        wanted = set(numbers)
        found = super().taggings(wanted, why=why) | {n: t for n, t in self._judged.items() if n in wanted}
        if len(wanted) > 50:
            return found
        said = {c.item: c.topics for c in self.corrections() if c.item in found}
        return found | {item: _as_said(found[item], topics) for item, topics in said.items()}


def _as_said(tagging: Tagging, topics: Sequence[str]) -> Tagging:
    """A tagging by the reader's own word on it."""
    known = {s.topic: s for s in tagging.scores}
    scores = [
        *(msgspec.structs.replace(known.get(t, TopicScore(topic=t, p=1.0)), p=1.0) for t in topics),
        *(msgspec.structs.replace(s, p=min(s.p, 0.49)) for s in tagging.scores if s.topic not in topics),
    ]
    return msgspec.structs.replace(tagging, scores=tuple(scores))
