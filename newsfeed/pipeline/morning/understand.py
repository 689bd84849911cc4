"""Understand new items at the end of a refresh: tag them by topic and group them into stories; tag again after changes;
train when due.

Training runs in a child process; if it fails, the current weights stay.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

import msgspec

from newsfeed import __version__, deliver, topics
from newsfeed.errors import SettingsError
from newsfeed.model import FeedState, StoredItem, Story, Tagging
from newsfeed.pipeline import meta
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning.beside import Beside
from newsfeed.pipeline.reports import Progress
from newsfeed.store import Store
from newsfeed.text.outline_options import options
from newsfeed.text.spoken import say
from newsfeed.topics import retrain, tag_job, value
from newsfeed.topics.corrections import corrected
from newsfeed.topics.documents import Label
from newsfeed.topics.tagger import Tagger
from newsfeed.topics.topic_files import topic_of_folders
from newsfeed.topics.value import Thumb
from newsfeed.topics.weights import WeightsError

WINDOW = timedelta(hours=96)  # how far back a new item may join a story
PORTION = 5  # of the window; more new items than one in so many are compared with all of it
OF_A_FEED = 10  # of its items tell what stands in all of them
# New items that a process of its own tags: it takes as long to load as some hundreds of them, and holds all at once
LEAST_BESIDE, MOST_BESIDE = 500, 5_000


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
    models = Models(home, store, progress)
    why = train_if_due(home, store, waiting=True) if choosing else ""
    if why:
        progress.step(say("Learned your topics anew: {why}", why=say(why)))

    @cache
    def judged() -> int:
        tagged = beside.taggings() if beside else []
        store.save_taggings(tagged, models.name())
        more = tag(store, models, store.untagged)
        _tag_anew(home, store, models, why)
        return len(tagged) + more

    with _tagged_beside(home, store, progress) as beside:
        if beside is None:
            judged()
        stories = group(home, store, judged=judged, progress=progress)
        return Understood(tagged=judged(), stories=stories)


def _tagged_beside(home: Home, store: Store, progress: Progress) -> Beside | nullcontext[None]:
    """A process that tags what is new, where there is so much that it is worth one."""
    new = store.untagged(MOST_BESIDE + 1)
    if not LEAST_BESIDE <= len(new) <= MOST_BESIDE or (os.cpu_count() or 1) == 1:
        return nullcontext()
    progress.step("Sorting by topic")
    states = _feeds_of(store, new)
    documents = [document(item, states.get(item.feed)) for item in new]
    return Beside(tag_job.job(documents, _weights(home), home.settings.topics, labels(store), thumbs(store)))


def learn(home: Home, store: Store, progress: Progress) -> None:
    """Learn what items alone teach, once a page is out; what can still stand on the next is tagged by it."""
    if why := train_if_due(home, store):
        progress.step(say("Learned your topics anew: {why}", why=say(why)))
        _tag_anew(home, store, Models(home, store, progress), why)


def habits(home: Home, store: Store) -> None:
    """Tag what a choice needs to know about the habits of the sources that have something for today's edition, which a
    refresh alone leaves untagged: of very many sources the newest items first, so many a run that a page hardly waits."""
    if batch := store.unheard(home.today, home.clock(), BATCH):
        _save(store, load_model(home, store), batch)


def _tag_anew(home: Home, store: Store, models: Models, why: str) -> None:
    asked = judged_by(home, store)
    if why or meta.read(store, meta.TAGGED_BY) != asked:
        retag(home, store, models)
        meta.keep(store, meta.TAGGED_BY, asked)


def group(
    home: Home, store: Store, *, judged: Callable[[], object] = lambda: None, progress: Progress
) -> int:
    """Put every item without a story into one; returns how many stories are new or changed.

    `judged` is called before news values are asked for, which is done last.
    """
    new = store.ungrouped()
    if not new:
        return 0
    from newsfeed import stories  # imports numpy, so only if there is something to join

    progress.step("Joining what tells of the same event")
    near = around(store, new, home.clock() - WINDOW)
    # Of feeds and values only those of these items are read: a team has very many others.
    items = (*near.new, *near.window)
    states = _feeds_of(store, items).values()
    names = {s.feed: s.name for s in states}
    paid = frozenset(s.feed for s in states if options(s.subscription.options).paywall)

    def values() -> Mapping[int, float]:
        judged()
        return store.values_of([one.id for one in items])

    changed = stories.join(near.new, near.window, near.stories, names, paid, values)
    store.save_stories(changed, near.clues, near.first)
    return len(changed)


def _feeds_of(store: Store, items: Iterable[StoredItem]) -> dict[int, FeedState]:
    """The feeds of the list that brought these items."""
    return {s.feed: s for s in store.states_of(sorted({i.feed for i in items}), listed=True)}


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
        window = store.items(sorted(inside - clues.keys()), body="text")
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


# ------------------------------------------------------------------------- the model and its tags

BATCH = 2_000  # items per batch: bounds memory, and the work that a crash may repeat
RETAGGED = timedelta(days=8)  # items young enough to appear on a page are tagged again
LEARNED = timedelta(days=60)  # items that training reads
MOST_LEARNED = 50_000  # items; `topics.train` reads no more
TRAINING_SECONDS = 300.0  # seconds that a training may take


@dataclass(frozen=True)
class Model:
    """A tagger, and the name stored with its tags; items are tagged again when the name changes."""

    tagger: Tagger
    name: str


class Models:
    """The current model: its name is known at once, the model is loaded once per run, if there is something to tag."""

    def __init__(self, home: Home, store: Store, progress: Progress) -> None:
        self._home, self._store, self._progress = home, store, progress
        self._model: Model | None = None

    def name(self) -> str:
        """The name of the model that `get` returns, without loading it."""
        return self._model.name if self._model else _name(self._home, self._store, _weights(self._home))

    def get(self) -> Model:
        """The model."""
        if self._model is None:
            self._progress.step("Sorting by topic")
            self._model = load_model(self._home, self._store)
        return self._model


def _weights(home: Home) -> bytes | None:
    try:
        return home.model_path.read_bytes()
    except FileNotFoundError:
        return None


def _name(home: Home, store: Store, weights: bytes | None) -> str:
    return _hash((weights or __version__.encode()) + judged_by(home, store).encode())


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def load_model(home: Home, store: Store) -> Model:
    """The tagger of this home with the reader's corrections: its own weights if there are any and they are intact, else
    the shipped ones."""
    weights = _weights(home)
    try:
        tagger = topics.load(weights, home.settings.topics)
    except WeightsError:
        # Derived data: if the file is damaged, the shipped weights are used until the next training.
        home.model_path.unlink(missing_ok=True)
        weights = None
        tagger = topics.load(None, home.settings.topics)
    corrected(tagger, labels(store))
    tagger.heed(thumbs(store))
    return Model(tagger, _name(home, store, weights))


def topics_name(home: Home) -> str:
    """A name for the current topics of the settings; when it changes, items must be tagged again."""
    return _hash(msgspec.json.encode(home.settings.topics, order="sorted"))


def judged_by(home: Home, store: Store) -> str:
    """A name for everything besides the trained weights that judges items: the reader's topics, the shipped news value
    and the reader's thumbs."""
    given = value.thumbs_name(store.thumbs(value.MOST_THUMBS))
    return f"{topics_name(home)} {value.shipped_name()} {given}".rstrip()


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
        link=item.item.page or item.item.link,
        social=item.item.kind == "post",
    )


def labels(store: Store) -> list[Label]:
    """The corrections in force as labels of their documents; those of forgotten items are left out."""
    corrections = {c.item: c for c in store.corrections()}
    if not corrections:
        return []
    items = {i.id: i for i in store.items(corrections, body="text")}
    states = _feeds_of(store, items.values())
    return [
        Label(document=document(items[n], states.get(items[n].feed)), topics=c.topics)
        for n, c in sorted(corrections.items())
        if n in items
    ]


def thumbs(store: Store) -> list[Thumb]:
    """The reader's newest thumbs on items that are still kept, newest first."""
    given = store.thumbs(value.MOST_THUMBS)
    if not given:
        return []
    items = {i.id: i for i in store.items([n for n, _ in given], body="text")}
    states = _feeds_of(store, items.values())
    return [
        Thumb(document(items[n], states.get(items[n].feed)), liked > 0) for n, liked in given if n in items
    ]


def tag(store: Store, models: Models, untagged: Callable[[int], Sequence[StoredItem]]) -> int:
    """Tag all items that `untagged` gives, so many at a time; returns how many."""
    total = 0
    while batch := untagged(BATCH):
        _save(store, models.get(), batch)
        total += len(batch)
    return total


def tag_asked(home: Home, store: Store, asked: Sequence[StoredItem]) -> None:
    """Tag these items now, on request, if they have no tags or tags without terms."""
    has = store.explained({one.id for one in asked})
    if lacking := list({one.id: one for one in asked if one.id not in has}.values()):
        _save(store, load_model(home, store), lacking)


def asked_for(home: Home, store: Store, item: StoredItem) -> Tagging | None:
    """The topics of one item; it is tagged now if it wasn't."""
    tag_asked(home, store, [item])
    return store.taggings([item.id]).get(item.id)


def retag_source(home: Home, store: Store, item: StoredItem) -> None:
    """Tag an item, and those of its source that can still stand on a page, anew."""
    model = load_model(home, store)
    state = next((s for s in store.states() if s.feed == item.feed), None)
    near = [one.item for one in store.headlines(home.clock() - RETAGGED, feed=item.feed)]
    items = store.items({item.id, *near}, body="text")
    store.save_taggings(model.tagger.tag([document(i, state) for i in items]), model.name)


def retag(home: Home, store: Store, models: Models) -> int:
    """Tag again, with the current weights, what can still appear on a page; returns how many items."""
    since = home.clock() - RETAGGED
    return tag(store, models, lambda many: store.tagged_otherwise(models.name(), since, many))


def _save(store: Store, model: Model, items: Sequence[StoredItem]) -> None:
    states = _feeds_of(store, items)
    documents = [document(item, states.get(item.feed)) for item in items]
    store.save_taggings(model.tagger.tag(documents), model.name)


def train_if_due(home: Home, store: Store, *, force: bool = False, waiting: bool = False) -> str:
    """Train in a child process if it is due; returns why, or "".

    `waiting`: a page waits for it; the first one leaves for later what items alone teach.

    If the child fails, the current weights stay.

    Raises:
        SettingsError: forced, and the child failed; its text says how.
    """
    states = {s.feed: s for s in store.states()}
    now = home.clock()
    inputs = _inputs(home, states.values())
    corrections = labels(store)
    many = store.count_window(now - LEARNED)
    trained = last_training(store) if home.model_path.exists() else None
    why = retrain.due(
        trained,
        now=now,
        items=many,
        corrections=len(corrections),
        inputs=inputs,
        told=trained is not None or _tell_topics(home, states.values()),
        waiting=waiting,
    )
    if not force and (
        not why or (meta.read(store, meta.TRAINING_FAILED) or "").startswith(now.date().isoformat())
    ):
        return ""
    documents = [
        document(i, states.get(i.feed)) for i in store.window(now - LEARNED, body="text")[-MOST_LEARNED:]
    ]
    folders = {str(s.feed): s.subscription.folders + s.subscription.categories for s in states.values()}
    job = retrain.job(documents, folders, corrections, home.settings.topics)
    command = [sys.executable, "-m", "newsfeed.topics.retrain"]
    try:
        done = subprocess.run(command, input=job, capture_output=True, timeout=TRAINING_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        return _failed(store, now, f"training could not run ({type(error).__name__})", force)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        return _failed(store, now, said[-1] if said else "training failed", force)
    deliver.write(home.model_path, done.stdout)
    note = retrain.Trained(at=now, items=many, corrections=len(corrections), inputs=inputs)
    meta.keep(store, meta.TRAINED, note)
    meta.keep(store, meta.TRAINING_FAILED, None)
    return why or "asked for"


def _failed(store: Store, now: datetime, cause: str, force: bool) -> str:
    meta.keep(store, meta.TRAINING_FAILED, f"{now.date().isoformat()} {cause}")
    if force:
        raise SettingsError("training", cause, "The weights in force stay as they were.")
    return ""


def training_trouble(store: Store) -> str:
    """When and why the last training failed; "" if it didn't."""
    day, _, cause = (meta.read(store, meta.TRAINING_FAILED) or "").partition(" ")
    return f"the training of {day} failed: {cause or 'no cause is known'}" if day else ""


def _inputs(home: Home, states: Iterable[FeedState]) -> str:
    """A hash of what training depends on besides items: folders and the settings of topics."""
    folders = sorted((s.feed, s.subscription.folders, s.subscription.categories) for s in states)
    return _hash(msgspec.json.encode([folders, home.settings.topics], order="sorted"))


def _tell_topics(home: Home, states: Iterable[FeedState]) -> bool:
    """Whether the reader's folders name topics, or the settings hold examples or topics of their own."""
    known = home.settings.topics
    if any(setting.examples or name not in topics.TOPICS for name, setting in known.items()):
        return True
    folders = {s.subscription.folders + s.subscription.categories for s in states}
    return any(topic_of_folders(path, known) for path in folders if path)


def last_training(store: Store) -> retrain.Trained | None:
    """What the current weights were trained on; None for the shipped ones."""
    return meta.read(store, meta.TRAINED)
