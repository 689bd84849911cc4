"""The tagger's input: documents, labels, and what is known about a feed."""

from __future__ import annotations

from collections.abc import Mapping

from newsfeed.model import DEFAULT_TOPICS, Record

#: The topics for everyone, in the order in which they are shown.
TOPICS = tuple(DEFAULT_TOPICS)

#: The class of everything no topic wants: sport, crime, celebrities, weather, food, travel. Never reported.
OTHER = "other"

#: An item has a topic from this probability on.
THRESHOLD = 0.5

#: Scores below this probability are not kept.
SHOWN_FROM = 0.05

#: From so many items of the reader's own on, a model that learned from them tells more than the shipped one.
ENOUGH = 150


class Document(Record, frozen=True, kw_only=True):
    """One item as the tagger reads it. Every text is plain.

    `feed` names the feed (any stable string); `folders` are the folders and categories of its subscription,
    outermost first; `tags` are the item's own categories.
    """

    id: int | str
    title: str = ""
    text: str = ""
    lang: str = ""
    feed: str = ""
    folders: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    link: str = ""
    social: bool = False


class Label(Record, frozen=True, kw_only=True):
    """The known topics of a document: all of them, or an empty tuple if it has none."""

    document: Document
    topics: tuple[str, ...]


class FeedPrior(Record, frozen=True, kw_only=True):
    """What training learned of one feed.

    `mix` is the log-odds that an item of it has a topic, relative to the whole, shrunk by pseudo-items;
    `folder` the topic that its folder names.
    """

    mix: Mapping[str, float] = {}
    folder: str = ""
    items: int = 0
