"""What was judged of items, by us and by the reader: the part of `Store` that speaks of topics, corrections, marks and what is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from newsfeed.model import Correction, Kept, Passed, StoredItem, Tagging
from newsfeed.store import kept, tags
from newsfeed.store.database import Database


class Judged(Database):
    """Topics, corrections, thumbs and what was opened: every method is one transaction."""

    def untagged(self, limit: int = 1000, *, shown: bool = True) -> list[StoredItem]:
        """Items without topics, newest first, with the first 2,000 characters of their text.

        `shown`: those that a page may show; else what was published before the reader subscribed.
        """
        with self._reading() as c:
            return tags.untagged(c, limit, shown=shown)

    def tagged_otherwise(self, model: str, since: datetime, limit: int = 1000) -> list[StoredItem]:
        """Items first seen from `since` on whose topics another model gave, as from `untagged`."""
        with self._reading() as c:
            return tags.tagged_otherwise(c, model, since, limit)

    def save_taggings(self, taggings: Sequence[Tagging], model: str) -> None:
        """Keep the topics that `model` (its hash or name) gave, in place of earlier ones of the same items."""
        with self._writing() as c:
            tags.save(c, taggings, model)

    def taggings(self, ids: Iterable[int]) -> dict[int, Tagging]:
        """The topics of these items, by item; an untagged one is missing."""
        with self._reading() as c:
            return tags.taggings(c, ids)

    def values(self, since: datetime) -> dict[int, float]:
        """The news value (0..3) of items first seen from `since` on that were judged, by their number."""
        with self._reading() as c:
            return tags.values(c, since)

    def correct(self, correction: Correction) -> None:
        """Keep the reader's word on an item's topics; it takes the place of an earlier one.

        Raises:
            NotFoundError: there is no such item.
        """
        with self._writing() as c:
            tags.correct(c, correction)

    def corrections(self) -> list[Correction]:
        """All of the reader's corrections, oldest first."""
        with self._reading() as c:
            return tags.corrections(c)

    def undo_correction(self, item: int | None = None) -> Correction | None:
        """Take back the correction of one item, or the last one; gives what was taken back."""
        with self._writing() as c:
            return tags.undo_correction(c, item)

    def like(self, item: int, value: int, now: datetime) -> None:
        """Keep the reader's thumb: 1 up, -1 down, 0 taken back.

        Raises:
            NotFoundError: there is no such item.
        """
        with self._writing() as c:
            tags.like(c, item, value, now)

    def opened(self, item: int, now: datetime) -> None:
        """Keep that the reader opened an item; the first time counts.

        Raises:
            NotFoundError: there is no such item.
        """
        with self._writing() as c:
            tags.opened(c, item, now)

    def likes(self, ids: Iterable[int]) -> dict[int, int]:
        """The reader's thumbs on these items, where there is one."""
        with self._reading() as c:
            return tags.likes(c, ids)

    def keep(self, one: Kept) -> None:
        """Keep an item with a note; kept before, it takes the new note."""
        with self._writing() as c:
            kept.keep(c, one)

    def let_go(self, item: int) -> None:
        """Keep an item no longer; harmless where it isn't kept."""
        with self._writing() as c:
            kept.let_go(c, item)

    def kept(self, since: datetime | None = None, ids: Iterable[int] | None = None) -> list[Kept]:
        """What the reader keeps, newest first: all, since a moment, or of these items."""
        with self._reading() as c:
            return kept.all_kept(c, since, ids)

    def pass_on(self, one: Passed) -> None:
        """Note that an item was passed on to somebody."""
        with self._writing() as c:
            kept.pass_on(c, one)

    def passed(self, since: datetime) -> list[Passed]:
        """What was passed on from `since` on, oldest first."""
        with self._reading() as c:
            return kept.all_passed(c, since)

    def thumbs(self, limit: int) -> list[tuple[int, int]]:
        """The reader's newest thumbs (item, 1 or -1), newest first."""
        with self._reading() as c:
            return tags.thumbs(c, limit)
