"""Tag items that come as lines of JSON, without a home: their topics go out as lines of JSON.

Items are {"id", "title", "text"} with optional "feed", "folder", "link", "lang", "tags" (others are ignored).
Labelled lines are items with "feed" and "folder" (a noisy label for the feed), or with "topics" (a correction:
the item's full topics). What is wrong with a line is said with its number; the rest goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from newsfeed.model import Tagging, TopicSetting
from newsfeed.text.item_lines import ItemLine, LineError, Piped, names, read_lines

from .corrections import corrected
from .documents import ENOUGH, SHOWN_FROM, Document, Label
from .lexicon import topics_or_default
from .tagger import load

MOST_BACKGROUND = 6_000  # items of a call that are learned from; more would take minutes and move little

Line = str | bytes


def _document(line: ItemLine) -> Document:
    return Document(
        id=line.id,
        title=line.title or "",
        text=line.text or "",
        feed=line.feed or "",
        link=line.link or "",
        lang=line.lang or "",
        folders=names(line.folder),
        tags=names(line.tags),
    )


def _labelled(line: ItemLine) -> Document | Label:
    """A line with "topics" is a correction, any other an item."""
    if line.topics is None:
        return _document(line)
    if not (isinstance(line.topics, list) and all(isinstance(topic, str) for topic in line.topics)):
        raise LineError('"topics" is not a list of names')
    return Label(document=_document(line), topics=tuple(line.topics))


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
    asked, problems = read_lines(items, _document)
    known = topics_or_default(topics or {})
    labels: list[Label] = []
    labelled: list[Document] = []
    for lines, source in ((folders, "folders"), (corrections, "corrections")):
        found, wrong = read_lines(lines, _labelled, source)
        labels += [one for one in found if isinstance(one, Label)]
        labelled += [one for one in found if isinstance(one, Document)]
        problems += wrong
    # An item that also stands among the labelled lines tells its feed and folder there.
    told = {document.id: document for document in labelled}
    documents = [_with_feed(document, told.get(document.id)) for document in asked]
    ids = set(told) | {label.document.id for label in labels}
    background = [document for document in documents if document.id not in ids]
    if labelled or labels or len(background) >= ENOUGH:
        from .train import trained

        material = [*labelled, *_spread(background, MOST_BACKGROUND)]
        tagger = trained(material, {}, labels, known)
    else:
        tagger = load(None, known)
    taggings = corrected(tagger, labels).tag(documents)
    return Piped(
        [_line(one.id, tagging, threshold) for one, tagging in zip(documents, taggings, strict=True)],
        problems,
    )


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
