"""Items for programs, as lines of JSON: stored items and saved answers written so; items read so, tagged or grouped.

What is read has {"id", "title", "text"} and whatever else `ItemLine` knows; other fields are ignored. What is wrong with a
line is said with its number, and the rest goes on.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec

from newsfeed import sources
from newsfeed.model import (
    Failure,
    FeedState,
    Item,
    Parsed,
    Problem,
    Record,
    Request,
    Response,
    StoredItem,
    Subscription,
    Tagging,
    TopicSetting,
)
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning import understand
from newsfeed.reading.parsers import Parsers
from newsfeed.store import Store
from newsfeed.text import canonical_url, link_url
from newsfeed.topics import THRESHOLD
from newsfeed.topics.documents import ENOUGH, SHOWN_FROM, Document, Label

MOST_BACKGROUND = 6_000  # items of a call that are learned from; more would take minutes and move little

Line = str | bytes
UNDATED = datetime(2000, 1, 1, tzinfo=UTC)  # for items without a time, which may be of any

T = TypeVar("T")
Name = Annotated[str, msgspec.Meta(min_length=1)] | int
_FIELD = re.compile(r"`\$\.(\w+)")
_WRONG = {
    "id": '"id" is missing or neither text nor a number',
    "folder": '"folder" or "tags" is not text',
    "tags": '"folder" or "tags" is not text',
}


class ItemLine(Record, frozen=True):
    """An item as a program wrote it; other fields are ignored."""

    id: Name
    title: str | None = None
    text: str | None = None
    feed: str | None = None
    outlet: str | None = None
    link: str | None = None
    lang: str | None = None
    published: str | None = None
    folder: str | list[str] | None = None
    tags: str | list[str] | None = None
    topics: object = None


_LINE = msgspec.json.Decoder(ItemLine)


class LineError(ValueError):
    """What is wrong with a line, for its author."""


class Piped(NamedTuple):
    """The output of a pipe: one line per item, in order, and what was wrong with lines of the input."""

    lines: list[str]
    problems: list[Problem]


def read_lines(
    lines: Iterable[str | bytes], make: Callable[[ItemLine], T], source: str = ""
) -> tuple[list[T], list[Problem]]:
    """The result of `make` for every good line; a bad one is reported with its number, and the rest goes on.

    Args:
        make: may raise `LineError`.
        source: precedes the report about a line ("folders").
    """
    made: list[T] = []
    problems: list[Problem] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            item = _LINE.decode(line)
            if not (item.title and item.title.strip()) and not (item.text and item.text.strip()):
                raise LineError("neither title nor text")
            made.append(make(item))
        except (LineError, msgspec.MsgspecError, UnicodeError) as error:
            where = f"{source}, line {number}" if source else f"line {number}"
            problems.append(Problem(text=f"{where}: {_words(error)}", line=number))
    return made, problems


def names(value: str | list[str] | None) -> tuple[str, ...]:
    """One name or several, in either form that programs write."""
    return () if not value else (value,) if isinstance(value, str) else tuple(value)


def _words(error: Exception) -> str:
    if isinstance(error, LineError):
        return str(error)
    if not isinstance(error, msgspec.ValidationError):
        return "not JSON"
    field = _FIELD.search(str(error))
    if field is None:
        return _WRONG["id"] if "field `id`" in str(error) else "not a JSON object"
    return _WRONG.get(field[1], f'"{field[1]}" is not text')


# ------------------------------------------------------------------------- items as they are stored


def read_answer(body: bytes, url: str, now: datetime) -> Parsed | Failure:
    """Read one saved answer as the source that its URL belongs to, within the limits of a feed's reading."""
    subscription = Subscription(url=url or "https://feed.invalid/")
    response = Response(
        request=Request(url=subscription.url, source=sources.find(subscription).kind),
        url=subscription.url,
        body=body,
        body_hash=hashlib.sha256(body).hexdigest(),
    )

    async def read() -> Parsed | Failure:
        async with Parsers(1) as parsers:
            return await parsers.parse(response, subscription, {}, now)

    return asyncio.run(read())


def item_line(item: Item) -> bytes:
    """An item as one line of JSON, with keys that programs may rely on."""
    return msgspec.json.encode(_fields(item))


def _fields(item: Item) -> dict[str, object]:
    return {
        "id": item.identity,
        "link": item.link,
        "discussion": item.discussion,
        "title": item.title,
        "author": item.author,
        "published": item.published,
        "updated": item.updated,
        "lang": item.lang,
        "lead": item.lead,
        "text": item.text,
        "html": item.html,
        "words": item.words,
        "enclosures": [
            {"url": e.url, "type": e.type, "bytes": e.bytes, "seconds": e.seconds} for e in item.enclosures
        ],
        "tags": list(item.tags),
        "kind": item.kind,
        "score": item.score,
        "comments": item.comments,
    }


def stored_lines(
    home: Home, store: Store, *, words: str, feed: str, days: float, limit: int
) -> Iterator[bytes]:
    """Stored items, newest first, each with its short id, feed, topics and story."""
    since = home.clock() - timedelta(days=days)
    found = store.search(words, limit=limit) if words else store.window(since, body="all")
    names = {s.feed: s for s in store.states()}
    chosen = [i for i in found if i.first_seen >= since and _matches(names.get(i.feed), feed)]
    chosen.sort(key=lambda i: (i.item.published or i.first_seen, i.id), reverse=True)
    understand.tag_asked(home, store, chosen[:limit])
    taggings = store.taggings([i.id for i in chosen[:limit]])
    for stored in chosen[:limit]:
        said = taggings.get(stored.id)
        yield msgspec.json.encode(
            {
                "ref": stored.ref,
                "feed": names[stored.feed].name if stored.feed in names else "",
                "first_seen": stored.first_seen,
                "topics": [{"topic": s.topic, "p": round(s.p, 3)} for s in said.scores if s.p >= THRESHOLD]
                if said
                else [],
                "not_news": said.not_news if said else "",
                **_fields(stored.item),
            }
        )


def _matches(state: FeedState | None, feed: str) -> bool:
    return not feed or (
        state is not None and (feed.casefold() in state.name.casefold() or feed in state.subscription.url)
    )


# ------------------------------------------------------------------------- tagging


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


def tag_lines(
    items: Iterable[Line],
    folders: Iterable[Line] = (),
    corrections: Iterable[Line] = (),
    *,
    threshold: float = SHOWN_FROM,
    topics: Mapping[str, TopicSetting] | None = None,
) -> Piped:
    """`newsfeed tag`: tag items, without a home; the result has {"id", "topics": [{"topic", "p", "terms"}], "not_news"} a line, in order.

    Items with "feed" and "folder" are noisy labels for the feed, those with "topics" (the item's full topics) are
    corrections; both label files may hold both. With labels, or from 150 items on, the model is
    trained anew in this process, the items themselves serving as background; else the shipped one judges.
    Topics below `threshold` are left out.
    """
    from newsfeed.topics.corrections import corrected
    from newsfeed.topics.lexicon import topics_or_default
    from newsfeed.topics.tagger import load

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
        from newsfeed.topics.train import trained

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


# ------------------------------------------------------------------------- grouping


def group_lines(lines: Iterable[Line]) -> Piped:
    """`newsfeed group`: group items into stories, without a home.

    The result has {"id", "cluster", "affair"} for every good line, in order: items of one cluster tell one story, and the
    stories of one affair are of one occasion. Both are named by the id of their first item in time. It doesn't depend on the order of the lines. Items without a time are grouped among themselves.
    """
    from newsfeed.stories.linkage import join_items

    told, problems = read_lines(lines, _told)
    names = [name for name, _, _ in told]
    items = [item for _, item, _ in told]
    feeds = [feed for _, _, feed in told]
    outlets = dict(enumerate(sorted(set(feeds) - {""}), start=1))
    number = {feed: n for n, feed in outlets.items()}
    order = sorted(
        range(len(items)), key=lambda n: (items[n].published or UNDATED, _key(items[n]), str(names[n]))
    )
    stored = [
        StoredItem(
            id=place,
            ref="",
            feed=number.get(feeds[n], -place),  # without an outlet, it has one of its own
            item=items[n],
            first_seen=items[n].published or UNDATED,
        )
        for place, n in enumerate(order, start=1)
    ]
    found = join_items(stored, [], [], outlets)
    cluster = {place: names[order[min(story.items) - 1]] for story in found for place in story.items}
    affair = {place: names[order[(story.affair or story.id) - 1]] for story in found for place in story.items}
    place_of = {n: place for place, n in enumerate(order, start=1)}
    out = [
        msgspec.json.encode(
            {"id": name, "cluster": cluster[place_of[n]], "affair": affair[place_of[n]]}
        ).decode()
        for n, name in enumerate(names)
    ]
    return Piped(out, problems)


def _key(item: Item) -> tuple[str, str, str]:
    return item.title, item.text, item.link


def _told(line: ItemLine) -> tuple[int | str, Item, str]:
    """The name, the item, and its outlet."""
    link = (line.link or "").strip()
    item = Item(
        identity=str(line.id),
        title=(line.title or "").strip(),
        text=(line.text or "").strip(),
        link=link_url(link),
        page=canonical_url(link),
        lang=(line.lang or "").strip(),
        published=_time((line.published or "").strip()),
    )
    return line.id, item, (line.outlet or "").strip() or (line.feed or "").strip()


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise LineError('"published" is not a time like 2026-11-22T06:30:00Z') from None
