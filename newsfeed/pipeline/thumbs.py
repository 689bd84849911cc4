"""Thumbs: what the reader likes and dislikes, which moves news value and the worth inside a topic, never a share."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from newsfeed.errors import NotFoundError
from newsfeed.model import NewsValue, Record, StoredItem
from newsfeed.pipeline import tagging
from newsfeed.pipeline.digest import today
from newsfeed.pipeline.explain import resolve
from newsfeed.pipeline.home import Home
from newsfeed.store import Store
from newsfeed.topics import accuracy

# Note in the store by item: its value before the reader's word on it, and why it was asked.
SAID = "value said"
WORTH = "worth a place"
LEAST_WORTH = 1.5  # grade from which an item is said to be worth a place: half between filler and that


class Thumbed(Record, frozen=True, kw_only=True):
    """What a thumb did."""

    ref: str  # its number on the page may be another's after a rebuild
    title: str
    source: str
    topic: (
        str  # the label of the topic in which its source counts otherwise from now on; "": it was on no page
    )
    before: float | None  # its news value; None: it had none
    after: float | None


def thumb(home: Home, store: Store, name: str, value: int, *, asked: str = "") -> Thumbed:
    """Keep a thumb on an item: 1 up, -1 down, 0 takes it back. `asked` says why it was asked for, if it was.

    The item and those of its source are judged anew at once, all others with the next digest.

    Raises:
        NotFoundError: no item, or more than one, answers to that name; or there is no thumb to take back.
    """
    item, _ = resolve(home, store, name)
    if value == 0 and not store.likes([item.id]):
        raise NotFoundError(name, "has no thumb to take back", "")
    before = _news(store, item)
    if value and before is not None:
        _note(store, item.id, before.value - before.thumbs, asked)
    store.like(item.id, value, home.clock())
    tagging.retag_source(home, store, item)
    after = _news(store, item)
    names = {s.feed: s.name for s in store.states()}
    shown = [s for s in store.history(today(home) + timedelta(days=1)).shown if s.item == item.id]
    topic = ""
    if shown:
        # Pages of earlier versions don't say under what a story was told.
        topic = shown[-1].topic or max(shown[-1].topics, key=shown[-1].topics.__getitem__, default="")
    setting = home.settings.topics.get(topic)
    label = (setting.label if setting else "") or topic.capitalize()
    return Thumbed(
        ref=item.ref,
        title=item.item.title,
        source=names.get(item.feed, ""),
        topic=label,
        before=before.value if before else None,
        after=after.value if after else None,
    )


def measured(store: Store) -> accuracy.Accuracy:
    """How often the news value, thumbs on the item itself aside, said what the reader's thumb then said."""
    said = _said(store)
    thumbs = store.likes(said)
    judged = [
        accuracy.Judged(
            item=item,
            said=(WORTH,) if said[item][0] >= LEAST_WORTH else (),
            true=(WORTH,) if thumbs[item] > 0 else (),
            asked=said[item][1],
        )
        for item in sorted(thumbs)
    ]
    return accuracy.measure(judged, (WORTH,))


def _news(store: Store, item: StoredItem) -> NewsValue | None:
    tagged = store.taggings([item.id]).get(item.id)
    return tagged.news if tagged else None


def _said(store: Store) -> dict[int, tuple[float, str]]:
    return msgspec.json.decode(store.get_meta(SAID) or "{}", type=dict[int, tuple[float, str]])


def _note(store: Store, item: int, value: float, asked: str) -> None:
    notes = {**_said(store), item: (round(value, 3), asked)}
    store.set_meta(SAID, msgspec.json.encode(notes).decode())
