"""Understand: tag what is new by topic and group it into stories, at the end of a refresh."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from newsfeed import __version__, stories, topics
from newsfeed.model import FeedState, StoredItem
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.reports import Progress
from newsfeed.store import Store
from newsfeed.topics.tagger import Tagger
from newsfeed.topics.weights import WeightsError

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


@dataclass(frozen=True)
class Model:
    """A tagger, and the name under which its tags are kept: they are made anew when the name changes."""

    tagger: Tagger
    name: str


def load_model(home: Home) -> Model:
    """The tagger of this home: its own weights if it has any that are whole, else the shipped ones."""
    weights: bytes | None = None
    with contextlib.suppress(FileNotFoundError):
        weights = home.model_path.read_bytes()
    try:
        tagger = topics.load(weights, home.settings.topics)
    except WeightsError:
        # Derived data: whatever spoiled the file, the shipped weights tag until the next training.
        home.model_path.unlink(missing_ok=True)
        weights = None
        tagger = topics.load(None, home.settings.topics)
    reader = msgspec.json.encode(home.settings.topics, order="sorted")
    name = hashlib.sha256((weights or __version__.encode()) + reader).hexdigest()[:16]
    return Model(tagger, name)


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
    model: Model | None = None
    states = {s.feed: s for s in store.states()}
    while batch := store.untagged(BATCH):
        if model is None:
            progress.step("Sorting by topic")
            model = load_model(home)
        documents = [document(item, states.get(item.feed)) for item in batch]
        store.save_taggings(model.tagger.tag(documents), model.name)
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
    changed = stories.join(new, store.window(since, body="text"), store.stories(since), names)
    store.save_stories(changed)
    return len(changed)
