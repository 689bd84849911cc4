"""Training: seeds, the reader's own items, folders and corrections to weights.

1. Lexicon and the shipped model judge every document (pseudo-labels).
2. Each feed's folder moves the labels of its documents.
3. Documents are split by feed; a model learned on one part judges the other, so that no feed confirms its own folder;
   then step 2 again with that judgement.
4. The model is fitted on seeds, documents and corrections, and packed with what was learned of each feed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from newsfeed.model import TopicSetting

from . import fitting, linear
from .batches import BatchReader, Stems
from .documents import ENOUGH, OTHER, TOPICS, Document, FeedPrior, Label
from .fitting import Design
from .lexicon import columns, compiled, topics_or_default
from .linear import Scales
from .tagger import Tagger, header, load
from .topic_files import implied, topic_of_folders
from .vocabulary import UNKNOWN, folder, languages
from .weights import pack

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Where the numbers are from: [topics] `python bench/ablate.py topics`, "Topics" in bench/RESULTS.md; [guard] what keeps
# a fit from nonsense or from too much time; [reader] how far the reader's own word goes, which only tests hold.
SEED_WEIGHT = 1.0  # the measure of the others
CORRECTION_WEIGHT = 8.0  # [reader] a correction is felt against the seeds that say otherwise of like words
EXAMPLE_WEIGHT = 3.0  # [reader] an example title, for a topic of their own
UNLABELLED_WEIGHT = 0.7  # [topics] a document without a folder
JUDGING_PASSES = 4  # [guard] over the documents, for a fit that only judges the others: enough to rank them
PARTS = 2  # [guard] into which documents are dealt to judge each other
CAREFUL = 0.5  # [topics] log-odds by which labels of our own making are held back: sure ones rather than many
# [topics] And to what the line says, for the threshold of p = .5: F1 is best a little below even odds. The shipped weights,
# which know no stream, are given less.
READY = 0.6
READY_OF_SEEDS = 0.3  # [topics]
# [topics] Share of the model in the judgement, the lexicon having the rest: when it has learned from the reader's own
# items, and when it knows our seeds alone.
SHARE_OF_OWN = 0.65
SHARE_OF_SEEDS = 0.5  # [topics]
LEAST_SEEN = 40  # [guard] items of a topic of the reader's own, before the model has a say in it
MOST_DOCUMENTS = 50_000  # [guard] newest of the reader's own that are read
PSEUDO_ITEMS = 4.0  # [topics] a feed's mix is shrunk as by so many items of the overall mix


def seeds() -> list[Label]:
    """The seed examples that ship with the package."""
    found = []
    for code, topic in product(languages(), (*TOPICS, OTHER)):
        file = folder(code).joinpath("seeds", f"{topic}.jsonl")
        if not file.is_file():
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines()):
            if line.strip():
                row = msgspec.json.decode(line)
                document = Document(
                    id=f"{code}{topic} {number}", title=row["title"], text=row.get("text", ""), lang=code
                )
                found.append(Label(document=document, topics=tuple(row["topics"])))
    return found


class _Material(NamedTuple):
    """All training data, in this order: seeds, examples, documents, corrections."""

    documents: list[Document]
    known: NDArray[np.bool_]  # labelled by hand: seeds, examples, corrections
    targets: NDArray[np.float64]
    weights: NDArray[np.float64]
    folder: NDArray[np.int64]
    feed: NDArray[np.int64]


def train(
    documents: Sequence[Document],
    folders: Mapping[str, Sequence[str]],
    corrections: Sequence[Label],
    topics: Mapping[str, TopicSetting],
) -> bytes:
    """Weights for `load`.

    `documents` are the reader's own items, newest first (beyond 50,000 they are not read); `folders` the folders
    of feeds by `Document.feed`, for documents that don't carry them; `corrections` the full topics of single
    documents, by the reader's word; `topics` all the reader's topics. Same input, same bytes, in whatever order documents of
    one day come.
    """
    topics = topics_or_default(topics)
    return pack_tagger(trained(documents, folders, corrections, topics))


def pack_tagger(tagger: Tagger) -> bytes:
    """A tagger's weights as bytes."""
    return pack(header(tagger), linear.arrays(tagger.model))


def trained(
    documents: Sequence[Document],
    folders: Mapping[str, Sequence[str]],
    corrections: Sequence[Label],
    topics: Mapping[str, TopicSetting],
    *,
    cold: Tagger | None = None,
) -> Tagger:
    """As `train`, but gives the tagger itself."""
    import numpy as np

    topics = topics_or_default(topics)
    cold = cold or load(None, topics)
    # Sorted, because the order in which feeds happened to answer must not affect the weights.
    read = sorted(documents[:MOST_DOCUMENTS], key=lambda d: (d.feed, d.link, d.title, d.text))
    material = _gather(read, folders, corrections, topics, cold.order)
    # Read once: the first numbers are the stems that the shipped model knows, new ones follow.
    familiar = len(cold.model.stems)
    stems = Stems(cold.model.stems, opened=True)
    reading = BatchReader(cold.lexicon, stems).read(material.documents)
    design = Design(reading, tuple(stems), cold.order)

    # Lexicon and shipped model judge each document by its words alone.
    plain = [document_without_feed(document) for document in material.documents]
    by_cold = reading._replace(stem=np.where(reading.stem < familiar, reading.stem, UNKNOWN))
    parts = cold.parts(cold.evidence_of(by_cold), plain)
    lexical = _by_lexicon(parts, cold.scales)
    z: NDArray[np.float64] = sum(parts.values(), start=np.zeros(()))
    targets = material.targets.copy()
    part = _parts(material)
    learned = np.zeros_like(z)
    known = material.known
    # Corrections are not a random sample: calibrating on them would lower every probability.
    seeded = known & (material.weights == SEED_WEIGHT) & reading.english
    share = SHARE_OF_OWN if int((~known).sum()) >= ENOUGH else SHARE_OF_SEEDS
    _believe(material, z, targets)
    for number in range(PARTS):
        inside = part == number
        fitted = design.fit(targets, material.weights, ~inside, passes=JUDGING_PASSES)
        learned[inside] = design.predict(fitted, inside)
    line = fitting.fit(
        learned[seeded, :-1], lexical[seeded, :-1], targets[seeded, :-1], material.weights[seeded], share
    )
    z = line(learned, lexical)
    _believe(material, z, targets)
    model = _without_strangers(design.model(design.fit(targets, material.weights)), targets)
    ready = READY if share == SHARE_OF_OWN else READY_OF_SEEDS
    line = line._replace(intercept=line.intercept + ready)
    priors = _priors(material, targets, cold.order)
    seen = [label.document.id for label in corrections]
    return Tagger(cold.lexicon, model, line.scales(), topics, priors, seen)


def _without_strangers(model: linear.Linear, targets: NDArray[np.float64]) -> linear.Linear:
    """The model without topics of the reader's own that it has seen too seldom: these are left to the lexicon.

    From a handful of examples among thousands of other items it learns little but that the topic is rare, and would
    talk down the very words that the reader gave.
    """
    import numpy as np

    seen = (targets > 0.5).sum(axis=0)
    strange = np.array([t not in TOPICS and t != OTHER for t in model.topics]) & (seen < LEAST_SEEN)
    if not strange.any():
        return model
    heard = np.where(strange, 0, 1).astype(np.float32)
    return model._replace(weights=model.weights * heard, bias=model.bias * heard)


def _believe(material: _Material, z: NDArray[np.float64], targets: NDArray[np.float64]) -> None:
    """Label the documents that nobody has labelled, from a judgement and from folders; the labels go into `targets`."""
    loose = ~material.known
    targets[loose] = fitting.believe(z[loose] - CAREFUL, material.folder[loose])


def _by_lexicon(parts: Mapping[str, NDArray[np.float64]], scales: Scales) -> NDArray[np.float64]:
    """The judgement of the lexicon alone."""
    whole = Scales()
    share = scales.lexicon / whole.lexicon
    found: NDArray[np.float64] = (parts["lexicon"] + parts["rivals"]) / share + whole.base
    return found


def document_without_feed(document: Document) -> Document:
    """A document judged by its words alone."""
    return msgspec.structs.replace(document, feed="", folders=())


def _gather(
    documents: Sequence[Document],
    folders: Mapping[str, Sequence[str]],
    corrections: Sequence[Label],
    topics: Mapping[str, TopicSetting],
    order: tuple[str, ...],
) -> _Material:
    import numpy as np

    place = {topic: number for number, topic in enumerate(order)}
    labels: list[tuple[Label, float]] = [(label, SEED_WEIGHT) for label in seeds()]
    for topic, setting in topics.items():
        for number, title in enumerate(setting.examples):
            example = Document(id=f"example {topic} {number}", title=title)
            labels.append((Label(document=example, topics=(topic,)), EXAMPLE_WEIGHT))
    labels += [(label, CORRECTION_WEIGHT) for label in corrections]
    corrected = {label.document.id for label in corrections}
    loose = [document for document in documents if document.id not in corrected]
    every = [label.document for label, _ in labels] + loose

    count = len(every)
    targets = np.full((count, len(order)), 0.5)
    weights = np.full(count, UNLABELLED_WEIGHT)
    own = [place[topic] for topic in order if topic not in TOPICS and topic != OTHER]
    for row, (label, weight) in enumerate(labels):
        weights[row] = weight
        targets[row] = 0.0
        if label.document.id not in corrected and own:
            targets[row, own] = 0.5  # our seeds have none of the reader's own topics
        for topic in label.topics:
            if topic in place:
                targets[row, place[topic]] = 1.0
        if not label.topics:
            targets[row, place[OTHER]] = 1.0
        for topic, (parent, _) in implied().items():
            if topic in label.topics and parent not in label.topics and label.document.id not in corrected:
                targets[row, place[parent]] = 0.5
    folder = np.full(count, -1, np.int64)
    numbers: dict[str, int] = {"": 0}
    feed = np.zeros(count, np.int64)
    named: dict[tuple[str, ...], str] = {}
    for row, (label, weight) in enumerate(labels):
        if weight == CORRECTION_WEIGHT:
            feed[row] = numbers.setdefault(label.document.feed, len(numbers))
    for row, document in enumerate(loose, start=len(labels)):
        feed[row] = numbers.setdefault(document.feed, len(numbers))
        path = document.folders or tuple(folders.get(document.feed, ()))
        if path:
            if path not in named:
                named[path] = topic_of_folders(path, topics)
            topic = named[path]
            folder[row] = place.get(topic, -1)
            weights[row] = 1.0 if topic else UNLABELLED_WEIGHT
    known = np.arange(count) < len(labels)
    return _Material(every, known, targets, weights, folder, feed)


def _parts(material: _Material) -> NDArray[np.int64]:
    """Documents dealt into parts, the same way each time; those of a named feed stay together.

    The feeds of each folder are dealt out in turn: with all of them in one part, nobody there could judge them.
    """
    import numpy as np

    deal = np.random.default_rng(0)
    found: NDArray[np.int64] = deal.permutation(len(material.documents)) % PARTS
    feeds, first, place = np.unique(material.feed, return_index=True, return_inverse=True)
    turn = np.empty(feeds.size, np.int64)
    turn[np.lexsort((deal.random(feeds.size), material.folder[first]))] = np.arange(feeds.size)
    together = material.feed > 0
    found[together] = turn[place[together]] % PARTS
    return found


def _priors(
    material: _Material,
    targets: NDArray[np.float64],
    order: tuple[str, ...],
) -> dict[str, FeedPrior]:
    """What was learned of each feed: its folder, and its mix of topics."""
    import numpy as np

    found: dict[str, FeedPrior] = {}
    loose = ~material.known
    if not loose.any():
        return found
    usual = targets[loose].mean(axis=0)
    many = int(material.feed.max()) + 1
    # Corrected items count in their feed's mix as others do, except that their topics are known.
    told = loose | ((material.feed > 0) & (material.weights == CORRECTION_WEIGHT))
    items = np.bincount(material.feed[told], minlength=many)
    total = np.stack(
        [np.bincount(material.feed[told], weights=column, minlength=many) for column in targets[told].T],
        axis=1,
    )
    mix = (total + PSEUDO_ITEMS * usual) / (items[:, None] + PSEUDO_ITEMS)
    said = 0.5 * (np.log(mix) - np.log(usual))  # the root of the ratio, as the edition takes it
    first: dict[int, int] = {}
    for row in np.flatnonzero(loose).tolist():
        first.setdefault(int(material.feed[row]), row)
    for number, row in first.items():
        name = material.documents[row].feed
        if name:
            column = int(material.folder[row])
            found[name] = FeedPrior(
                mix={topic: round(float(said[number, place]), 3) for place, topic in enumerate(order)},
                folder=order[column] if column >= 0 else "",
                items=int(items[number]),
            )
    return found


def cold_start() -> Tagger:
    """The model that ships with the package: trained on lexicon and seeds alone."""
    lexicon = compiled(topics_or_default({}))
    bare = Tagger(lexicon, linear.empty(columns({})), Scales(), topics_or_default({}), {})
    return trained([], {}, [], topics_or_default({}), cold=bare)
