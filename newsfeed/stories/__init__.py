"""Stories: items of different outlets about one event, found by what they link to and what they say.

`join` is incremental: existing stories only grow or merge, and keep their number, which is the number of the first item
they were made from. From an empty start it gives the same result for the same items.

A window may be large, and most of it has nothing to do with the new items: `clues` gives the keys under which an item
is found, and `candidates` selects from the items found by them those that `join` must see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from newsfeed.model import StoredItem, Story
from newsfeed.stories.clues import Shared, nearest


def clues(items: Sequence[StoredItem]) -> dict[int, frozenset[int]]:
    """The clues of each item, by its number: its rarest terms, pages and recordings, as numbers."""
    from newsfeed.stories.clues import clues_of

    return clues_of(items)


def candidates(
    new: Mapping[int, frozenset[int]], having: Mapping[int, Sequence[int]]
) -> dict[int, frozenset[int]]:
    """For each new item (with its clues) the numbers of the items, new ones too, that it may tell one event with;
    `having` names for each clue the items that have it and are not new."""
    from newsfeed.stories.clues import sharing

    return sharing(new, having)


def join(
    new: Sequence[StoredItem],
    window: Sequence[StoredItem],
    stories: Sequence[Story],
    outlets: Mapping[int, str],
    paywalled: frozenset[int] = frozenset(),
    values: Callable[[], Mapping[int, float]] | None = None,
) -> list[Story]:
    """Put every new item into a story.

    Args:
        new: items without a story.
        window: stored items of the last days, `new` among them or not, or those of them that matter: candidates,
            the other items of their affairs, and enough of the feeds of `new` to tell what stands in all they say.
        stories: the stories of those items.
        outlets: the name of each feed, so that an outlet's own name says nothing about an event.
        paywalled: feeds whose articles are for subscribers; near-equals of others tell a story before them.
        values: asked last, gives the news value (0..3) of items by their number; of equally central ones the more
            newsworthy represents.

    Returns:
        The stories that are new or have changed, by their number; their items are in theirs only from now on. A
        story with the number 0 needs a new one.
    """
    from newsfeed.stories.linkage import join_items

    return join_items(new, window, stories, outlets, paywalled, values)
