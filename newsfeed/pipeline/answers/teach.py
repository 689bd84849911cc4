"""Teach: the reader's corrections and thumbs, how good the tags are, and the day's questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from newsfeed.errors import NotFoundError, SettingsError
from newsfeed.model import Correction, NewsValue, Record, StoredItem
from newsfeed.pipeline import meta
from newsfeed.pipeline.answers.why import resolve
from newsfeed.pipeline.home import Home, topic_named
from newsfeed.pipeline.morning import understand
from newsfeed.store import Store
from newsfeed.text.spoken import say
from newsfeed.topics import accuracy, build
from newsfeed.topics.corrections import SHARED, Corrections
from newsfeed.topics.documents import THRESHOLD, Label

HAS = THRESHOLD  # from this probability on an item has a topic
WORTH = "worth a place"
LEAST_WORTH = 1.5  # grade from which an item is said to be worth a place: half between filler and that


class Corrected(Record, frozen=True, kw_only=True):
    """What one correction changed."""

    title: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    moved: int  # other items whose topics changed with it


class TopicStatus(Record, frozen=True, kw_only=True):
    """One topic in numbers."""

    topic: str
    label: str
    examples: int
    items: int
    corrections: int
    precision: accuracy.Interval
    recall: accuracy.Interval


class Status(Record, frozen=True, kw_only=True):
    """How good the tags are, and what they are based on."""

    topics: tuple[TopicStatus, ...]
    answers: int
    biased: bool
    items: int
    untagged: float
    corrections: int
    sentence: str  # what the corrections changed
    trend: str
    trained: str
    worth: TopicStatus  # the part of what was judged worth a place that you found so; and the reverse
    worth_biased: bool


class ItemQuestion(Record, frozen=True, kw_only=True):
    """One item to judge."""

    ref: str
    item: int
    title: str
    lead: str
    source: str
    said: tuple[str, ...]
    asked: str
    value: float | None = None  # its news value; None: it has none yet, or the reader's thumb lies on it
    kind: str = ""


def correct(home: Home, store: Store, name: str, changes: Sequence[str], *, asked: str = "") -> Corrected:
    """Correct an item's topics: `sales` adds one, `-finance` takes one away, `none` takes all.

    It acts at once on the item and on those like it; the model learns it at the next training.

    Raises:
        NotFoundError: no such item. SettingsError: no such topic.
    """
    item, _ = resolve(home, store, name)
    understand.tag_asked(home, store, [item])
    tagged = _topics(store, item)
    topics = set(tagged)
    for change in changes:
        words = change.lstrip("+-")
        topic = topic_named(home.settings, words)
        if not topic and words.casefold() == "none":
            topics.clear()
        elif not topic:
            raise SettingsError(
                change, "is no topic", say("Topics: {names}, none.", names=", ".join(home.settings.topics))
            )
        elif change.startswith("-"):
            topics.discard(topic)
        else:
            topics.add(topic)
    answered = tuple(t for t in home.settings.topics if t in topics)
    earlier = next((c for c in store.corrections() if c.item == item.id), None)
    before = tagged if earlier is None else earlier.topics
    # Accuracy is measured on what the tagger said before any answer.
    previous = tagged if earlier is None else earlier.previous
    with store.together():
        if earlier is not None:  # it can be restored
            _note(
                store,
                meta.EARLIER,
                item.id,
                " ".join([*_earlier(store, item.id), ",".join(before) or "none"]),
            )
        store.correct(Correction(item=item.id, topics=answered, made=home.clock(), previous=previous))
        _note(
            store,
            meta.ANSWERS,
            item.id,
            asked or (meta.read(store, meta.ANSWERS) or {}).get(str(item.id), ""),
        )
        moved = retag_like(home, store, item)
        _note(store, meta.MOVED, item.id, moved)
    return Corrected(title=item.item.title, before=before, after=answered, moved=moved)


def undo(home: Home, store: Store, name: str = "") -> Corrected:
    """Take back a correction: the last one, or the last of a named item; the one before it is in force again.

    Raises:
        NotFoundError: there is none.
    """
    number = resolve(home, store, name)[0].id if name else None
    with store.together():
        taken = store.undo_correction(number)
        if taken is None:
            raise NotFoundError(name or "corrections", "there is none to take back", "")
        item = store.item(taken.item)
        if earlier := _earlier(store, item.id):
            topics = () if earlier[-1] == "none" else tuple(earlier[-1].split(","))
            store.correct(msgspec.structs.replace(taken, topics=topics, made=home.clock()))
            _note(store, meta.EARLIER, item.id, " ".join(earlier[:-1]))
        moved = retag_like(home, store, item)
    return Corrected(title=item.item.title, before=taken.topics, after=_topics(store, item), moved=moved)


def _topics(store: Store, item: StoredItem) -> tuple[str, ...]:
    said = store.taggings([item.id]).get(item.id)
    return tuple(sorted(accuracy.has(said))) if said else ()


def retag_like(home: Home, store: Store, item: StoredItem) -> int:
    """Tag an item again, and those that its correction may move; returns how many others changed."""
    states = {s.feed: s for s in store.states()}
    model = understand.load_model(home, store)
    # Which items a correction moves doesn't depend on the others in force, so undoing it moves the same items back.
    reach, own = Corrections(model.tagger), understand.document(item, states.get(item.feed))
    since = home.clock() - understand.RETAGGED
    near = store.sharing([word for word, _ in reach.deciding(own)], SHARED, store.first_since(since))
    near |= {one.item for one in store.headlines(since, feed=item.feed)}
    others = store.items(sorted(near - {item.id}), body="text")
    documents = [own, *(understand.document(i, states.get(i.feed)) for i in others)]
    touched = reach.may_move(Label(document=own, topics=()), documents)
    before = store.taggings([int(d.id) for d in touched])
    # An item without tags is tagged when it is asked for.
    after = model.tagger.tag([d for d in touched if d.id in before or d.id == item.id])
    store.save_taggings(after, model.name)
    changed = accuracy.changed(list(before.values()), after)
    return sum(number != item.id for number in changed)


def status(home: Home, store: Store) -> Status:
    """Examples, corrections, measured precision and recall by topic, and what the last corrections changed."""
    from newsfeed.topics.train import seeds

    window = store.window(home.clock() - understand.LEARNED)
    taggings = store.taggings([i.id for i in window])
    judged = _judged(store)
    measured = accuracy.measure(judged, home.settings.topics)
    by_topic = {t.topic: t for t in measured.topics}
    counts = Counter(topic for one in taggings.values() for topic in accuracy.has(one))
    examples = Counter(topic for seed in seeds() for topic in seed.topics)
    corrections = store.corrections()
    notes = meta.read(store, meta.MOVED) or {}
    moved = sum(int(notes.get(str(c.item), 0)) for c in corrections)
    confirmed = sum(set(j.said) == set(j.true) for j in judged)
    worth = measured_worth(store)
    trained = understand.last_training(store) if home.model_path.exists() else None
    untagged = sum(not accuracy.has(t) for t in taggings.values()) / len(taggings) if taggings else 0.0
    rows = tuple(
        TopicStatus(
            topic=name,
            label=topic.label or name,
            examples=examples[name] + len(topic.examples),
            items=counts[name],
            corrections=by_topic[name].corrections if name in by_topic else 0,
            precision=by_topic[name].precision,
            recall=by_topic[name].recall,
        )
        for name, topic in home.settings.topics.items()
    )
    return Status(
        topics=rows,
        answers=measured.answers,
        biased=measured.biased,
        items=len(window),
        untagged=untagged,
        corrections=len(corrections),
        sentence=accuracy.changed_sentence(len(corrections) - confirmed, moved, confirmed)
        if corrections
        else "No corrections yet.",
        trend=_trend(judged) if corrections else "",
        trained=f"weights trained on {trained.items} items, {trained.at:%d %b}"
        if trained
        else "the shipped weights",
        worth=TopicStatus(
            topic="worth",
            label="Worth a place",
            examples=len(build.value_seeds()),
            items=sum(t.news is not None and t.news.value >= LEAST_WORTH for t in taggings.values()),
            corrections=worth.topics[0].corrections,
            precision=worth.topics[0].precision,
            recall=worth.topics[0].recall,
        ),
        worth_biased=worth.biased,
    )


def questions(home: Home, store: Store, day: int) -> list[ItemQuestion]:
    """The day's three questions: two useful, one at random. `day` is the same number all day."""
    languages = {*home.settings.languages, ""}
    near = store.feeds_of_window(home.clock() - understand.RETAGGED)
    window = {n: str(feed) for n, (feed, lang) in near.items() if lang in languages}
    taggings = store.taggings(window, why=False)
    answered = {c.item for c in store.corrections()}
    names = {s.feed: s.name for s in store.states()}
    asked_topics = Counter(topic for one in _judged(store) for topic in {*one.said, *one.true})
    found = accuracy.questions(
        list(taggings.values()), window.__getitem__, answered, seed=day, asked_topics=asked_topics
    )
    items = {i.id: i for i in store.items([q.item for q in found], body="none")}
    thumbed = store.likes({q.item for q in found})
    known = store.taggings({q.item for q in found})
    news = {n: t.news for n, t in known.items() if n not in thumbed}
    return [
        ItemQuestion(
            ref=items[q.item].ref,
            item=q.item,
            title=items[q.item].item.title,
            lead=items[q.item].item.lead,
            source=names.get(items[q.item].feed, ""),
            said=tuple(sorted(accuracy.has(taggings[q.item]))),
            asked=q.asked,
            value=judged.value if judged else None,
            kind=judged.kind if judged else "",
        )
        for q, judged in ((q, news.get(q.item)) for q in found)
    ]


def _note(store: Store, fact: meta.Fact[dict[str, str]], item: int, value: object) -> None:
    notes = meta.read(store, fact) or {}
    meta.keep(store, fact, {**notes, str(item): str(value)})


def _earlier(store: Store, item: int) -> list[str]:
    """The reader's earlier corrections of an item, oldest first."""
    return (meta.read(store, meta.EARLIER) or {}).get(str(item), "").split()


def _judged(store: Store) -> list[accuracy.Judged]:
    asked = meta.read(store, meta.ANSWERS) or {}
    return [
        accuracy.Judged(item=c.item, said=c.previous, true=c.topics, asked=asked.get(str(c.item), ""))
        for c in store.corrections()
    ]


def _trend(judged: Sequence[accuracy.Judged]) -> str:
    """The share of right tags in the last ten answers, compared with those before."""
    if len(judged) < 2:
        return "no measurable change yet"
    half = len(judged) // 2
    right = [j.said == j.true or set(j.said) == set(j.true) for j in judged]
    return accuracy.trend(
        accuracy.wilson(sum(right[:half]), half), accuracy.wilson(sum(right[half:]), len(right) - half)
    )


class Thumbed(Record, frozen=True, kw_only=True):
    """What a thumb changed."""

    ref: str  # after a rebuild, its number on the page may belong to another
    title: str
    source: str
    topic: str  # label of the topic in which its source counts otherwise from now on; "": it was on no page
    before: float | None  # its news value; None: it had none
    after: float | None


def thumb(home: Home, store: Store, name: str, value: int, *, asked: str = "") -> Thumbed:
    """Store a thumb on an item: 1 up, -1 down, 0 takes it back. `asked` says why it was asked for, if it was.

    The item and those of its source are judged anew at once, all others with the next digest.

    Raises:
        NotFoundError: no item, or more than one, answers to that name; or there is no thumb to take back.
    """
    item, _ = resolve(home, store, name)
    if value == 0 and not store.likes([item.id]):
        raise NotFoundError(name, "has no thumb to take back", "")
    before = _news(store, item)
    with store.together():
        if value and before is not None:
            _note_said(store, item.id, before.value - before.thumbs, asked)
        store.like(item.id, value, home.clock())
        understand.retag_source(home, store, item)
    after = _news(store, item)
    shown = [s for s in store.history(home.today + timedelta(days=1)).shown if s.item == item.id]
    topic = ""
    if shown:
        # Pages of earlier versions don't store the topic of a story.
        topic = shown[-1].topic or max(shown[-1].topics, key=shown[-1].topics.__getitem__, default="")
    setting = home.settings.topics.get(topic)
    label = (setting.label if setting else "") or topic.capitalize()
    return Thumbed(
        ref=item.ref,
        title=item.item.title,
        source=store.state(item.feed).name,
        topic=label,
        before=before.value if before else None,
        after=after.value if after else None,
    )


def measured_worth(store: Store) -> accuracy.Accuracy:
    """How often the news value, without thumbs on the item itself, agreed with the reader's thumb."""
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
    return meta.read(store, meta.SAID) or {}


def _note_said(store: Store, item: int, value: float, asked: str) -> None:
    meta.keep(store, meta.SAID, {**_said(store), item: (round(value, 3), asked)})
