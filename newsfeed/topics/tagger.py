"""The tagger: documents in, topics with probabilities, deciding terms and their parts out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from newsfeed.model import Tagging, TopicScore, TopicSetting

from . import linear
from .batches import BatchReader, Reading, Stems, in_order, lengths, word_share
from .documents import OTHER, SHOWN_FROM, TOPICS, Document, FeedPrior
from .lexicon import Lexicon, topics_or_default
from .linear import Evidence, Explainer, Scales, by_length, logit, sigmoid, strongest_rivals
from .topic_files import compiled, implied, recogniser, topic_of_folders
from .value import MOST_THUMBS, Personal, Thumb, ValueModel, learn_thumbs, profile, shipped, silent
from .weights import unpack

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH = 1024  # documents; arrays of so many keep within a few megabytes
EXPLAINED_FROM = 0.2  # probability from which on a topic's deciding terms are told
FOLDER_WEIGHT = 0.96  # log-odds that a folder gives its topic
UNHEARD_FOLDER = 2.5  # times as much more for a text whose language neither lexicon nor model knows
MOST_DOUBT = 3.0  # log-odds that the model can take from a topic of the reader's own whose words were found


class Local(Protocol):
    """Changes to single judgements after the model: see `corrections`."""

    def shift(
        self, reading: Reading, documents: Sequence[Document], z: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The amount to add to the log-odds of documents (rows) and topics (columns)."""
        ...


class Tagger:
    """Tags documents. `topics` are the reader's, in order; `order` all columns, the last one `other`."""

    def __init__(
        self,
        lexicon: Lexicon,
        model: linear.Linear,
        scales: Scales,
        topics: Mapping[str, TopicSetting],
        priors: Mapping[str, FeedPrior],
        learned: Iterable[int | str] = (),
        value: ValueModel | None = None,
    ) -> None:
        import numpy as np

        assert lexicon.topics == model.topics
        assert lexicon.topics[-1] == OTHER
        self.order = lexicon.topics
        self.topics = dict(topics)
        self.scales = scales
        self.model = model
        self.lexicon = lexicon
        self.priors = priors
        self.learned = frozenset(learned)  # documents whose corrections the training has seen
        self.value = value or silent()
        self._reader = BatchReader(lexicon, Stems(model.stems), Stems(self.value.stems))
        self._not_news = recogniser()
        self._folders: dict[tuple[str, ...], str] = {}
        self._explainer = Explainer(lexicon, model)
        # Topics that the model was not trained for are the lexicon's alone.
        self._own = np.array([topic not in TOPICS and topic != OTHER for topic in self.order])
        self._untrained = ~np.any(model.weights, axis=0)
        self.local: Local | None = None  # what the reader's corrections say of items like theirs
        self.personal: Personal | None = None  # what their thumbs add to news values

    # ------------------------------------------------------------------ what speaks

    @property
    def reader(self) -> BatchReader:
        """The reader of documents for this tagger."""
        return self._reader

    def heed(self, thumbs: Sequence[Thumb]) -> None:
        """Apply the reader's thumbs, newest first, to news values from now on."""
        # In one order, so that the same thumbs make the same sums.
        kept = sorted(thumbs[:MOST_THUMBS], key=lambda thumb: str(thumb.document.id))
        self.personal = None
        if kept:
            documents = [thumb.document for thumb in kept]
            with self._reader.turn:
                reading = self._reader.read(documents)
                p, _ = self._judged(reading, self.evidence_of(reading), documents)
                scored = self.value.score(reading)
            many = self.value.points.size
            self.personal = learn_thumbs(kept, scored, self.value.grades(scored), profile(p), many)

    def _judged(
        self, reading: Reading, evidence: Evidence, documents: Sequence[Document]
    ) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
        """Probabilities by document and topic, corrections included, and their log-odds by origin."""
        parts = self.parts(evidence, documents)
        p, implied = self.probabilities(parts)
        parts["implied"] = implied
        if self.local is not None:
            parts["corrections"] = self.local.shift(reading, documents, logit(p))
            p = sigmoid(logit(p) + parts["corrections"])
        return p, parts

    def evidence(self, documents: Sequence[Document]) -> Evidence:
        """The evidence of lexicon and model for a batch, unweighted."""
        with self._reader.turn:
            return self.evidence_of(self._reader.read(documents))

    def evidence_of(self, reading: Reading) -> Evidence:
        """The same of a batch that was read with this tagger's words."""
        import numpy as np

        matches = self.lexicon.match(reading.unit, reading.document, reading.in_title)
        many = len(self.order)
        raw = (
            np.bincount(
                matches.document * many + matches.topic,
                weights=matches.weight,
                minlength=reading.documents * many,
            )
            .reshape(reading.documents, many)
            .astype(np.float64)
        )
        scored = linear.score(self.model, reading)
        return Evidence(
            raw,
            scored.score,
            reading.known,
            reading.english,
            lengths(reading),
            word_share(reading),
            matches,
            scored,
        )

    def parts(self, evidence: Evidence, documents: Sequence[Document]) -> dict[str, NDArray[np.float64]]:
        """The log-odds of a batch by origin; their sum is the log-odds of each topic before implications."""
        import numpy as np

        scales = self.scales
        judged = evidence.judged[:, None]
        score = by_length(evidence.lexicon, evidence.length, scales)
        topics_only = np.r_[np.ones(len(self.order) - 1), 0.0]  # `other` does not speak against itself
        against = scales.rivals * strongest_rivals(score, self.order)
        against += scales.other * np.maximum(score[:, -1:], 0.0) * topics_only
        lexicon = np.where(judged, scales.lexicon * score, 0.0)
        rivals = np.where(judged, -against, 0.0)
        # Where the model has nothing to say, the lexicon has its share as well.
        alone = Scales()
        whole = np.where(self._untrained, 1.0 + scales.model * alone.lexicon / scales.lexicon, 1.0)
        lexicon, rivals = lexicon * whole, rivals * whole
        # A foreign text is judged by the model as far as the model knows its words.
        heard = np.where(evidence.english, 1.0, np.minimum(2.0 * evidence.known, 1.0))[:, None]
        model = np.where(self._untrained, 0.0, heard * scales.model * evidence.model)
        # The reader's own words count most: the trained model may weaken but not overrule them.
        model = np.where(self._own & (lexicon > 0), np.maximum(model, -MOST_DOUBT), model)
        start = scales.base + self._untrained * scales.model * alone.base
        # Words that the model doesn't know are no evidence against a topic either: a text without known words starts
        # as low as one that the lexicon judges alone.
        base = start + (1.0 - heard) * min(0.0, alone.base - scales.base)
        source, folder = self._feeds(documents)
        # If the words can't be judged, the reader's folder counts for the missing parts too.
        folder = folder * (1.0 + UNHEARD_FOLDER * (1.0 - heard))
        return {
            "base": base,
            "lexicon": lexicon,
            "rivals": rivals,
            "model": model,
            "source": source,
            "folder": folder,
        }

    def _feeds(self, documents: Sequence[Document]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        import numpy as np

        place = {topic: number for number, topic in enumerate(self.order)}
        source = np.zeros((len(documents), len(self.order)))
        folder = np.zeros_like(source)
        rows: dict[tuple[str, tuple[str, ...]], list[int]] = {}
        for number, document in enumerate(documents):
            if document.feed or document.folders:
                rows.setdefault((document.feed, document.folders), []).append(number)
        for (feed, folders), numbers in rows.items():
            prior = self.priors.get(feed)
            if prior is not None:
                source[numbers] = in_order(prior.mix, self.order)
            named = self._folder(folders) or (prior.folder if prior else "")
            if named in place:
                folder[numbers, place[named]] = FOLDER_WEIGHT
        return source, folder

    def _folder(self, folders: tuple[str, ...]) -> str:
        found = self._folders.get(folders)
        if found is None:
            found = self._folders[folders] = topic_of_folders(folders, self.topics)
        return found

    def log_odds(self, documents: Sequence[Document]) -> NDArray[np.float64]:
        """The log-odds of every topic (`order`) for documents, corrections aside."""
        p, _ = self.probabilities(self.parts(self.evidence(documents), documents))
        found: NDArray[np.float64] = logit(p)
        return found

    def probabilities(self, parts: Mapping[str, NDArray[np.float64]]) -> tuple[Any, Any]:
        """Probabilities by document and topic, and the log-odds that implied topics gained (ai: technology)."""
        import numpy as np

        total = sum(parts.values(), start=np.zeros(()))
        p = sigmoid(total)
        joined = p.copy()
        place = {topic: number for number, topic in enumerate(self.order)}
        for topic, (parent, share) in implied().items():
            if topic in place and parent in place:
                joined[:, place[parent]] = 1 - (1 - joined[:, place[parent]]) * (
                    1 - share * p[:, place[topic]]
                )
        return joined, logit(joined) - logit(p)

    # ------------------------------------------------------------------ tagging

    def tag(
        self, documents: Sequence[Document], *, why: bool = True, whether_news: bool = True
    ) -> list[Tagging]:
        """Topics of each document (p of .05 or more, most probable first), its value and whether it is news at all.

        `Tagging.item` is the document's id, 0 where that is no number. Without `why` they have nothing of what decided,
        without `whether_news` nothing of that: half the work each.
        """
        found: list[Tagging] = []
        for batch in _batches(documents):
            with self._reader.turn:  # a tagger of the shipped weights is shared by all of a process's threads
                found += self._tag(batch, why, whether_news)
        return found

    def _tag(self, documents: Sequence[Document], why: bool, whether_news: bool) -> list[Tagging]:
        import numpy as np

        reading = self._reader.read(documents)
        evidence = self.evidence_of(reading)
        p, parts = self._judged(reading, evidence, documents)
        shown = (p >= SHOWN_FROM) & np.array([topic in self.topics for topic in self.order])
        shown[:, -1] = False
        explained = shown & (p >= EXPLAINED_FROM)
        terms = self._explainer.terms(evidence, self.scales, explained) if why else {}
        rows, columns = np.nonzero(shown)
        names = [name for name, part in parts.items() if why and np.any(part)]
        values = (
            np.stack([parts[name][rows, columns] for name in names], axis=1).round(3).tolist()
            if names
            else [()] * rows.size
        )
        chances = p[rows, columns].round(4).tolist()
        by_document: list[list[TopicScore]] = [[] for _ in documents]
        many = len(self.order)
        for place, (row, column) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
            by_document[row].append(
                TopicScore(
                    topic=self.order[column],
                    p=chances[place],
                    terms=terms.get(row * many + column, ()),
                    parts={name: value for name, value in zip(names, values[place], strict=True) if value},
                )
            )
        kinds = self._not_news.kinds(documents) if whether_news else [""] * len(documents)
        mine = self.personal
        shift = None if mine is None else lambda scored: mine.shift(scored, documents, profile(p))
        news = self.value.judge(reading, shift, why=why)
        return [
            Tagging(
                item=document.id if isinstance(document.id, int) else 0,
                scores=tuple(sorted(scores, key=_most_probable)),
                not_news=kind,
                news=value,
            )
            for document, scores, kind, value in zip(documents, by_document, kinds, news, strict=True)
        ]


def _most_probable(score: TopicScore) -> tuple[float, str]:
    return -score.p, score.topic


def _batches(documents: Sequence[Document]) -> Iterator[Sequence[Document]]:
    for start in range(0, len(documents), BATCH):
        yield documents[start : start + BATCH]


def cold_weights() -> bytes | None:
    """The weights that ship with the package; None before `make model` has made them."""
    file = files(__package__).joinpath("data", "model.weights")
    return file.read_bytes() if file.is_file() else None


def load(weights: bytes | None, topics: Mapping[str, TopicSetting]) -> Tagger:
    """A tagger from trained weights, or (None) from those that ship with the package.

    `topics` are all the reader's topics by name; empty means the default ones. Topics that the weights don't
    know yet work from their words and examples. Raises WeightsError for bytes that are no weights of ours.
    """
    topics = topics_or_default(topics)
    if weights is None:
        # What one reader's corrections and thumbs change is set on the tagger itself, so that a copy is as good. Nothing
        # here asks for shares: who set only those has the shipped lexicon, which is half a second of CPU sooner there.
        found = copy(_cold(msgspec.json.encode({name: _shareless(one) for name, one in topics.items()})))
        found.topics = dict(topics)
        return found
    return _loaded(weights, topics)


def _shareless(topic: TopicSetting) -> TopicSetting:
    return msgspec.structs.replace(topic, share=None)


@lru_cache(maxsize=8)
def _cold(topics: bytes) -> Tagger:
    return _loaded(None, msgspec.json.decode(topics, type=dict[str, TopicSetting]))


def _loaded(weights: bytes | None, topics: Mapping[str, TopicSetting]) -> Tagger:
    data = weights if weights is not None else cold_weights()
    if data is None:
        lexicon = compiled(topics)
        return Tagger(lexicon, linear.empty(lexicon.topics), Scales(), topics, {}, value=shipped())
    head, arrays = unpack(data)
    lexicon = compiled(topics)
    model = _widen(linear.from_arrays(head["topics"], arrays), lexicon.topics)
    scales = msgspec.convert(head["scales"], Scales)
    priors = msgspec.convert(head.get("priors", {}), dict[str, FeedPrior])
    learned = msgspec.convert(head.get("learned", []), list[int | str])
    return Tagger(lexicon, model, scales, topics, priors, learned, shipped())


def _widen(model: linear.Linear, topics: tuple[str, ...]) -> linear.Linear:
    """The model with the columns wanted; topics that it was not trained for say nothing."""
    import numpy as np

    if model.topics == topics:
        return model
    weights = np.zeros((model.weights.shape[0], len(topics)), np.float32)
    bias = np.zeros((2, len(topics)), np.float32)
    for number, topic in enumerate(topics):
        if topic in model.topics:
            weights[:, number] = model.weights[:, model.topics.index(topic)]
            bias[:, number] = model.bias[:, model.topics.index(topic)]
    return model._replace(topics=topics, weights=weights, bias=bias)


def header(tagger: Tagger) -> dict[str, Any]:
    """The part of a tagger that is stored in the header of its weights."""
    return {
        "topics": list(tagger.order),
        "scales": msgspec.to_builtins(tagger.scales),
        "priors": msgspec.to_builtins(tagger.priors),
        "learned": sorted(tagger.learned, key=str),
    }
