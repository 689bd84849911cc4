"""An entry on its way to an item: as its source tells it, and with clean texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from newsfeed.model import Enclosure


@dataclass(slots=True)
class Draft:
    """An entry before it is an item. `bodies` are its texts, HTML or plain (`False`), the shortest form first."""

    guid: str = ""
    link: str = ""
    base: str = ""
    discussion: str = ""
    discussion_label: str = ""
    title: str = ""
    summary: str = ""
    body: str = ""
    author: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    language: str = ""
    kind: str = ""
    tags: list[str] = field(default_factory=list)
    enclosures: list[Enclosure] = field(default_factory=list)
    score: int | None = None
    comments: int | None = None
    via: tuple[str, ...] = ()
    warning: str = ""  # a content warning: what it covers is not shown
    picture: str = ""  # what a picture shows, where that is all there is


@dataclass(slots=True)
class Entry:
    """A draft whose texts are clean, on its way to an item."""

    draft: Draft
    identity: str
    link: str  # to open
    page: str  # to compare
    discussion: str
    title: str
    made: bool  # the title was made from the text
    summary: str
    body: str
    text: str
    hash: str
    position: int = 0  # in the document
    language: str = ""
    cut: set[str] = field(default_factory=set)  # "summary", "body": ends in the middle of a sentence
