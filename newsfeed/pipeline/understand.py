"""Understand: tag what is new by topic and group it into stories, at the end of a refresh."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from newsfeed import stories, topics
from newsfeed.topics.tagger import Tagger
from newsfeed.model import FeedState, StoredItem
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.reports import Progress
from newsfeed.store import Store

BATCH = 2_000  # items a turn: bounds memory, and what a crash may make us do again
WINDOW = timedelta(hours=96)  # how far back a new item may join a story


@dataclass(frozen=True)
class Understood:
    """Counts of what was done."""

    tagged: int = 0
    stories: int = 0


def understand(home: Home, store: Store, *, progress: Progress) -> Understood:
    """Tag untagged items and put ungrouped ones into stories."""
    tagged = tag(home, store, progress=progress)
    return Understood(tagged=tagged, stories=group(home, store, progress=progress))


def load_tagger(home: Home) -> Tagger:
    """The tagger of this home: its own weights if it has any that are whole, else the shipped ones."""
    try:
        weights: bytes | None = home.model_path.read_bytes()
    except FileNotFoundError:
        weights = None
    return topics.load(weights, home.settings.topics)


def document(item: StoredItem, state: FeedState | None) -> topics.Document:
    """A stored item as the tagger reads it."""
    folders = state.subscription.folders + state.subscription.categories if state else ()
    return topics.Document(
        id=item.id,
        title=item.item.title,
        text=item.item.text or item.item.lead,
        lang=item.item.lang,
        feed=str(item.feed),
        folders=folders,
        tags=item.item.tags,
        link=item.item.link,
        social=item.item.kind == "post",
    )


def tag(home: Home, store: Store, *, progress: Progress) -> int:
    """Tag every item that has no tags yet; returns how many."""
    total = 0
    tagger: Tagger | None = None
    states = {s.feed: s for s in store.states()}
    while batch := store.untagged(BATCH):
        if tagger is None:
            progress.step("Sorting by topic")
            tagger = load_tagger(home)
        documents = [document(item, states.get(item.feed)) for item in batch]
        store.save_taggings(tagger.tag(documents), tagger.version)
        total += len(batch)
    return total


def group(home: Home, store: Store, *, progress: Progress) -> int:
    """Put every item that has no story into one; returns how many stories are new or changed."""
    new = store.ungrouped()
    if not new:
        return 0
    progress.step("Joining what tells of the same event")
    since = home.clock() - WINDOW
    names = {s.feed: s.name for s in store.states()}
    changed = stories.join(new, store.window(since), store.stories(since), names)
    store.save_stories(changed)
    return len(changed)
