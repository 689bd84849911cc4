"""Stories: items of different outlets about one event, found by what they link to and what they say.

`join` is incremental: stories that stand already only grow (or merge), and keep their number, which is the number
of the first item they were made from. From an empty start it gives the same result for the same items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from newsfeed.model import StoredItem, Story
from newsfeed.stories.near_duplicate import Shared, nearest

__all__ = ["Shared", "join", "nearest"]


def join(
    new: Sequence[StoredItem],
    window: Sequence[StoredItem],
    stories: Sequence[Story],
    outlets: Mapping[int, str],
    paywalled: frozenset[int] = frozenset(),
    events: frozenset[int] = frozenset(),
) -> list[Story]:
    """Put every new item into a story.

    Args:
        new: items without a story.
        window: stored items of the last days, `new` among them or not; the background for what is common.
        stories: the stories of those days.
        outlets: the name of each feed, so that an outlet's own name says nothing about an event.
        paywalled: feeds whose articles are for subscribers; near-equals of others tell a story before them.
        events: items that report an event, by their words; they stand for a story before what stands beside it.

    Returns:
        The stories that are new or have changed, by their number; their items are in theirs only from now on. A
        story with the number 0 needs a new one.
    """
    from newsfeed.stories.linkage import join_items

    return join_items(new, window, stories, outlets, paywalled, events)
