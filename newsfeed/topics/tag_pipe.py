"""Tag items that come as lines of JSON, without a home: their topics go out as lines of JSON.

Items are {"id", "title", "text"} with optional "feed", "folder", "link", "lang", "tags" (others are ignored).
Labelled lines are items with "feed" and "folder" (a noisy label for the feed), or with "topics" (a correction:
the item's full topics). What is wrong with a line is said with its number; the rest goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from newsfeed.model import Problem, Tagging, TopicSetting

from .corrections import corrected
from .documents import SHOWN_FROM, Document, Label
from .lexicon import topics_or_default
from .tagger import load

#: From so many items on, the items of a call also serve as background to learn from.
ADAPT_FROM = 150
MOST_BACKGROUND = 6000

Line = str | bytes


class Piped(NamedTuple):
    """What came out: a line an item, in order, and what was wrong."""

    lines: list[str]
    problems: list[Problem]


class TaggedLines(NamedTuple):
    """Lines as records."""

    documents: list[Document]
    ids: list[Any]  # as written, for the answer
    labels: list[Label]
    problems: list[Problem]


def read(lines: Iterable[Line], source: str = "", *, labelled: bool = True) -> TaggedLines:
    """Items and labelled lines. Where lines may be `labelled`, one with "topics" is a correction, any other an item.

    `source` stands before what is said of a line ("folders.jsonl").
    """
    found = TaggedLines([], [], [], [])
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=dict[str, Any])
            document = _document(row)
            topics = row.get("topics") if labelled else None
            if topics is not None:
                if not (isinstance(topics, list) and all(isinstance(topic, str) for topic in topics)):
                    raise _ItemLineError('"topics" is not a list of names')
                found.labels.append(Label(document=document, topics=tuple(topics)))
        except (_ItemLineError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            where = f"{source}, line {number}" if source else f"line {number}"
            found.problems.append(Problem(text=f"{where}: {_words(error)}", line=number))
            continue
        if topics is None:
            found.documents.append(document)
            found.ids.append(row["id"])
    return found


class _ItemLineError(ValueError):
    """A line that is JSON, but no item."""


def _words(error: Exception) -> str:
    if isinstance(error, _ItemLineError):
        return str(error)
    if isinstance(error, msgspec.ValidationError):
        return "not a JSON object"
    return "not JSON"


def _document(row: Mapping[str, Any]) -> Document:
    number = row.get("id")
    if isinstance(number, bool) or not isinstance(number, int | str) or number == "":
        raise _ItemLineError('"id" is missing or neither text nor a number')
    texts = {}
    for name in ("title", "text", "feed", "link", "lang"):
        value = row.get(name)
        if value is not None and not isinstance(value, str):
            raise _ItemLineError(f'"{name}" is not text')
        texts[name] = value or ""
    if not texts["title"] and not texts["text"]:
        raise _ItemLineError("neither title nor text")
    folder = row.get("folder") or []
    folders = (folder,) if isinstance(folder, str) else tuple(folder) if isinstance(folder, list) else None
    tags = row.get("tags") or []
    if folders is None or not all(isinstance(name, str) for name in (*folders, *tags)):
        raise _ItemLineError('"folder" or "tags" is not text')
    return Document(
        id=number,
        title=texts["title"],
        text=texts["text"],
        feed=texts["feed"],
        link=texts["link"],
        lang=texts["lang"],
        folders=folders,
        tags=tuple(tags),
    )


def tag(
    items: Iterable[Line],
    folders: Iterable[Line] = (),
    corrections: Iterable[Line] = (),
    *,
    threshold: float = SHOWN_FROM,
    topics: Mapping[str, TopicSetting] | None = None,
) -> Piped:
    """Tag items; the result has {"id", "topics": [{"topic", "p", "terms"}], "not_news"} a line, in order.

    Both label files may hold folder lines and corrections. With labels, or from 150 items on, the model is
    trained anew in this process, the items themselves serving as background; else the shipped one judges.
    Topics below `threshold` are left out.
    """
    # What is to be tagged may carry topics of its own, somebody's answer: it must not be learned from.
    asked = read(items, labelled=False)
    first, second = read(folders, "folders"), read(corrections, "corrections")
    known = topics_or_default(topics or {})
    labels = first.labels + second.labels + asked.labels
    labelled = first.documents + second.documents
    # An item that also stands among the labelled lines tells its feed and folder there.
    told = {document.id: document for document in labelled}
    documents = [_with_feed(document, told.get(document.id)) for document in asked.documents]
    ids = set(told) | {label.document.id for label in labels}
    background = [document for document in documents if document.id not in ids]
    if labelled or labels or len(background) >= ADAPT_FROM:
        from .train import trained

        material = [*labelled, *_spread(background, MOST_BACKGROUND)]
        tagger = trained(material, {}, labels, known)
    else:
        tagger = load(None, known)
    taggings = corrected(tagger, labels).tag(documents)
    lines = [_line(number, tagging, threshold) for number, tagging in zip(asked.ids, taggings, strict=True)]
    return Piped(lines, [*asked.problems, *first.problems, *second.problems])


def _with_feed(document: Document, other: Document | None) -> Document:
    if other is None:
        return document
    return msgspec.structs.replace(
        document, feed=document.feed or other.feed, folders=document.folders or other.folders
    )


def _spread(documents: Sequence[Document], most: int) -> Sequence[Document]:
    """At most so many, evenly from all."""
    if len(documents) <= most:
        return documents
    return [documents[place * len(documents) // most] for place in range(most)]


def _line(number: Any, tagging: Tagging, threshold: float) -> str:
    return msgspec.json.encode(
        {
            "id": number,
            "topics": [
                {
                    "topic": score.topic,
                    "p": score.p,
                    "terms": [[term.term, term.weight] for term in score.terms],
                }
                for score in tagging.scores
                if score.p >= threshold
            ],
            "not_news": bool(tagging.not_news),
        }
    ).decode()
