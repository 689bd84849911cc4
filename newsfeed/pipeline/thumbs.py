"""Thumbs: what the reader likes and dislikes, which moves worth inside a topic and nothing else."""

from __future__ import annotations

from datetime import timedelta

from newsfeed.errors import NotFoundError
from newsfeed.model import Record
from newsfeed.pipeline.digest import today
from newsfeed.pipeline.explain import resolve
from newsfeed.pipeline.home import Home
from newsfeed.store import Store


class Thumbed(Record, frozen=True, kw_only=True):
    """What a thumb did."""

    ref: str  # its number on the page may be another's after a rebuild
    title: str
    source: str
    topic: (
        str  # the label of the topic in which its source counts otherwise from now on; "": it was on no page
    )


def thumb(home: Home, store: Store, name: str, value: int) -> Thumbed:
    """Keep a thumb on an item: 1 up, -1 down, 0 takes it back.

    Raises:
        NotFoundError: no item, or more than one, answers to that name; or there is no thumb to take back.
    """
    item, _ = resolve(home, store, name)
    if value == 0 and not store.likes([item.id]):
        raise NotFoundError(name, "has no thumb to take back", "")
    store.like(item.id, value, home.clock())
    names = {s.feed: s.name for s in store.states()}
    shown = [s for s in store.history(today(home) + timedelta(days=1)).shown if s.item == item.id]
    topic = ""
    if shown:
        # Pages of earlier versions don't say under what a story was told.
        topic = shown[-1].topic or max(shown[-1].topics, key=shown[-1].topics.__getitem__, default="")
    setting = home.settings.topics.get(topic)
    label = (setting.label if setting else "") or topic.capitalize()
    return Thumbed(ref=item.ref, title=item.item.title, source=names.get(item.feed, ""), topic=label)
