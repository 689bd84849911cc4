"""Understand: tag what is new by topic and group it into stories, at the end of a refresh."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from newsfeed import text
from newsfeed.pipeline import tagging, training
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.reports import Progress
from newsfeed.store import Store

TAGGED_BY = "topics tagged by"  # note in the store: the settings and values that the tags were made with
HAPPENED = frozenset({"event", "research"})  # kinds of items that say what happened
WINDOW = timedelta(hours=96)  # how far back a new item may join a story


@dataclass(frozen=True)
class Understood:
    """Counts of what was done."""

    tagged: int = 0
    stories: int = 0


def understand(home: Home, store: Store, *, choosing: bool = False, progress: Progress) -> Understood:
    """Learn what is to be learned, tag items that may be shown, and put ungrouped ones into stories.

    `choosing`: a page is about to be chosen, so what a choice asks of the sources' habits is tagged too.
    """
    models = tagging.Models(home, store, progress)
    why = training.train_if_due(home, store, choosing=choosing)
    if why:
        progress.step(f"Learned your topics anew: {why}")
    tagged = tagging.tag(home, store, models)
    _tag_anew(home, store, models, why)
    if choosing:
        tagging.tag(home, store, models, shown=False)
    return Understood(tagged=tagged, stories=group(home, store, progress=progress))


def learn(home: Home, store: Store, *, progress: Progress) -> None:
    """Train when it is due, and tag anew when the weights or the reader's topics changed."""
    why = training.train_if_due(home, store)
    if why:
        progress.step(f"Learned your topics anew: {why}")
    _tag_anew(home, store, tagging.Models(home, store, progress), why)


def habits(home: Home, store: Store) -> None:
    """Tag what a choice asks of the sources' habits, where a refresh alone left that."""
    tagging.tag(home, store, tagging.Models(home, store, Progress()), shown=False)


def _tag_anew(home: Home, store: Store, models: tagging.Models, why: str) -> None:
    asked = tagging.judged_by(home, store)
    if why or store.get_meta(TAGGED_BY) != asked:
        tagging.retag(home, store, models)
        store.set_meta(TAGGED_BY, asked)


def group(home: Home, store: Store, *, progress: Progress) -> int:
    """Put every item that has no story into one; returns how many stories are new or changed."""
    new = store.ungrouped()
    if not new:
        return 0
    from newsfeed import stories  # with numpy, when there is something to join

    progress.step("Joining what tells of the same event")
    since = home.clock() - WINDOW
    states = store.states()
    names = {s.feed: s.name for s in states}
    paid = frozenset(s.feed for s in states if text.is_yes(s.subscription.options.get("paywall", "")))
    window = [i for i in store.window(since, body="text") if not i.before]
    # A post's links stand in its HTML only: networks shorten what they print of an address.
    posts = [i.id for i in (*window, *new) if i.item.kind == "post"]
    whole = {i.id: i for i in store.items(posts, body="all")}
    new, window = ([whole.get(i.id, i) for i in some] for some in (new, window))
    events = store.items_of_kinds(HAPPENED, since)
    changed = stories.join(new, window, store.stories(since), names, paid, events)
    store.save_stories(changed)
    return len(changed)
