"""Tag new items by topic and group them into stories, at the end of a refresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from newsfeed.model import StoredItem, Story
from newsfeed.pipeline import meta
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning import tag
from newsfeed.pipeline.reports import Progress
from newsfeed.store import Store
from newsfeed.text.options import options
from newsfeed.text.spoken import say

WINDOW = timedelta(hours=96)  # how far back a new item may join a story
PORTION = 5  # of the window; more new items than one in so many are compared with all of it
OF_A_FEED = 10  # of its items tell what stands in all of them


@dataclass(frozen=True)
class Understood:
    """Counts of what was done."""

    tagged: int = 0
    stories: int = 0


def understand(home: Home, store: Store, *, choosing: bool = False, progress: Progress) -> Understood:
    """Tag items that may be shown, and put ungrouped ones into stories.

    `choosing`: a page is about to be chosen, so what the reader taught is learned first. A refresh alone doesn't learn: it
    would take longer than all the rest.
    """
    models = tag.Models(home, store, progress)
    why = tag.train_if_due(home, store, waiting=True) if choosing else ""
    if why:
        progress.step(say("Learned your topics anew: {why}", why=say(why)))
    tagged = tag.tag(store, models, store.untagged)
    _tag_anew(home, store, models, why)
    return Understood(tagged=tagged, stories=group(home, store, progress=progress))


def learn(home: Home, store: Store, progress: Progress) -> None:
    """Learn what items alone teach, once a page is out; what can still stand on the next is tagged by it."""
    if why := tag.train_if_due(home, store):
        progress.step(say("Learned your topics anew: {why}", why=say(why)))
        _tag_anew(home, store, tag.Models(home, store, progress), why)


def habits(home: Home, store: Store) -> None:
    """Tag what a choice needs to know about the sources' habits, which a refresh alone leaves untagged."""
    tag.tag_habits(home, store, tag.Models(home, store, Progress()))


def _tag_anew(home: Home, store: Store, models: tag.Models, why: str) -> None:
    asked = tag.judged_by(home, store)
    if why or meta.read(store, meta.TAGGED_BY) != asked:
        tag.retag(home, store, models)
        meta.keep(store, meta.TAGGED_BY, asked)


def group(home: Home, store: Store, *, progress: Progress) -> int:
    """Put every item without a story into one; returns how many stories are new or changed."""
    new = store.ungrouped()
    if not new:
        return 0
    from newsfeed import stories  # imports numpy, so only if there is something to join

    progress.step("Joining what tells of the same event")
    since = home.clock() - WINDOW
    states = store.states()
    names = {s.feed: s.name for s in states}
    paid = frozenset(s.feed for s in states if options(s.subscription.options).paywall)
    values = store.values(since)
    near = around(store, new, since)
    changed = stories.join(near.new, near.window, near.stories, names, paid, values)
    store.save_stories(changed, near.clues, near.first)
    return len(changed)


class Around(NamedTuple):
    """New items, and the stored ones that they may join."""

    new: list[StoredItem]
    window: list[StoredItem]
    stories: list[Story]
    clues: Mapping[int, frozenset[int]]  # that are stored
    first: int  # number of an item of the window


def around(store: Store, new: Sequence[StoredItem], since: datetime) -> Around:
    """What new items may join of all that came from `since` on: what shares their clues, with its whole affairs, and
    enough of their feeds to tell what these put under everything. A large portion is compared with all there is, and
    so is the first one whose clues are kept."""
    from newsfeed import stories

    first = store.first_since(since)
    new = _with_links(store, new)
    clues = stories.clues(new)
    few = len(new) * PORTION < max(clues) - first
    having = store.having({clue for some in clues.values() for clue in some} if few else (), first)
    if having is not None and few:
        near = stories.candidates(clues, having)
        told = store.stories_of(set().union(*near.values()))
        told = store.stories_of_affairs({story.affair or story.id for story in told})
        inside = {number for story in told for number in story.items if number >= first}
        inside.update(store.newest({i.feed for i in new if near[i.id]}, OF_A_FEED, first))
        window = store.items(sorted(inside), body="text")
    else:
        told = store.stories(since)
        window = store.window(since, body="text")
    window = _with_links(store, [i for i in window if not i.before and i.id not in clues])
    if having is None:
        clues |= stories.clues(window)
    return Around(new, window, told, clues, first)


def _with_links(store: Store, items: Sequence[StoredItem]) -> list[StoredItem]:
    """These items, posts with their HTML: only that has the whole links, since networks shorten them in the text."""
    whole = {i.id: i for i in store.items([i.id for i in items if i.item.kind == "post"], body="all")}
    return [whole.get(i.id, i) for i in items]
