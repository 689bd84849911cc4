"""Clues by which items about one event are found: shared pages and recordings, and rare terms.

A clue is a number. With the clues of all items stored, those that share some with new items can be looked up, and `join`
needs to see only those."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import log
from typing import NamedTuple
from urllib.parse import urlsplit
from zlib import crc32

from newsfeed.model import StoredItem
from newsfeed.stories.terms import TEXT_SIGNS, TEXT_WORDS, TEXTS, WORD, Vocabulary, common, table, word_terms
from newsfeed.text import canonical_url

ADDRESS = re.compile(r"https?://[^\s<>\"'“”)\]]+")
# One page answers under both schemes, with and without www.
STARTS = ("https://www.", "https://", "http://www.", "http://")
RECORDING = re.compile(r"\.(?:mp3|m4a|m4b|aac|ogg|oga|opus|flac|wav|mp4|m4v|webm|mov)$", re.IGNORECASE)
# Titles that one feed may give a recording: the original and a rerun; with more it is a placeholder
RERUN = 2
IN_A_POST = 2  # a post with more links is a list, and about none of them


def same_page(items: Sequence[StoredItem]) -> list[list[int]]:
    """Groups of items that share a page, by their places; each has two or more."""
    sharing_it: dict[str, list[int]] = defaultdict(list)
    for n, item in enumerate(items):
        found = pages(item)
        for link in {_place(page) for page in found} if len(found) > 1 else map(_place, found):
            sharing_it[link].append(n)
    heard: dict[str, list[int]] = defaultdict(list)
    for n, item in enumerate(items):
        for recording in recordings(item) if item.item.enclosures else ():
            heard[recording].append(n)
    told = sorted((link, found) for link, found in sharing_it.items() if len(found) > 1)
    played = sorted((file, found) for file, found in heard.items() if len(found) > 1)
    return [
        *(found for link, found in told if _is_page(link) and not _is_a_hub(link, found, items)),
        *(found for _, found in played if not _is_a_stand_in(found, items)),
    ]


def meeting_places(item: StoredItem) -> set[str]:
    """The keys that items of one page have in common: its pages as they are compared, and its recordings."""
    return {place for place in map(_place, pages(item)) if _is_page(place)} | recordings(item)


def recordings(item: StoredItem) -> set[str]:
    """The recordings of an item whose address names a file; a query after it only counts listeners."""
    files = (_place(e.url.partition("?")[0].partition("#")[0]) for e in item.item.enclosures)
    return {file for file in files if RECORDING.search(file)}


def _is_a_stand_in(found: Sequence[int], items: Sequence[StoredItem]) -> bool:
    """Whether different entries of one feed have this recording: a jingle, a placeholder, or a script that plays what its
    query names ("podcast.mp3?id=7")."""
    titles: dict[int, set[str]] = defaultdict(set)
    files: dict[int, set[str]] = defaultdict(set)
    for n in found:
        titles[items[n].feed].add((items[n].item.title or items[n].item.text).casefold())
        files[items[n].feed].update(e.url for e in items[n].item.enclosures)
    return any(len(t) > RERUN or (len(t) > 1 and len(files[feed]) > 1) for feed, t in titles.items())


def pages(item: StoredItem) -> set[str]:
    """The pages that an item is, discusses or, as a post, points to."""
    own = {_own(item), item.item.discussion}
    if item.item.kind == "post":
        named = {
            canonical_url(a.rstrip(".,;:!?…")) for a in ADDRESS.findall(item.item.html or item.item.text)
        }
        named.discard("")
        host = urlsplit(item.item.link or item.item.discussion).netloc
        # A post's links within its own network lead to people and hashtags, not to its subject.
        named = {a for a in named if urlsplit(a).netloc != host and _is_page(a)}
        if len(named) <= IN_A_POST:
            own |= named
    return own - {""}


def _own(item: StoredItem) -> str:
    """The page of an item itself, in the form in which links are compared."""
    return item.item.page or item.item.link


def _place(link: str) -> str:
    """A link in the form in which pages are compared."""
    for start in STARTS:
        if link.startswith(start):
            return f"https://{link[len(start) :]}"
    return link


def _is_page(link: str) -> bool:
    """Whether a link leads to a single thing to read, not to a front page."""
    parts = urlsplit(link)
    return bool(parts.path.strip("/") or parts.query)


def _is_a_hub(link: str, found: Sequence[int], items: Sequence[StoredItem]) -> bool:
    """Whether different entries of one feed share this page, as in a change log or a blog's page of a day."""
    titles: dict[int, set[str]] = defaultdict(set)
    for n in found:
        # An item with its own discussion is a submission of this link, of which there may be several.
        own, discussion = _place(_own(items[n])), _place(items[n].item.discussion)
        if own == link and discussion in {"", link}:
            titles[items[n].feed].add((items[n].item.title or items[n].item.text).casefold())
    return any(len(t) > 1 for t in titles.values())


class Shared(NamedTuple):
    """What an item shares with the item nearest to it: whether a page or recording, and words, rarest first."""

    other: StoredItem
    page: bool
    words: tuple[str, ...]


def nearest(item: StoredItem, others: Sequence[StoredItem]) -> Shared | None:
    """The item nearest to another; None if there is no other."""
    found = [_between(item, other) for other in others if other.id != item.id]
    return max(found, key=lambda one: (one.page, len(one.words), -one.other.id), default=None)


def _between(item: StoredItem, other: StoredItem) -> Shared:
    known = table()
    mine, theirs = _terms(item), _terms(other)
    terms = sorted((term for term in mine if term in theirs), key=lambda term: known.get(term, 0))
    return Shared(other, bool(same_page([item, other])), tuple(mine[term] for term in terms))


def _terms(item: StoredItem) -> dict[str, str]:
    """The terms of the compared part of an item, each with the word as first written."""
    text = (item.item.text or item.item.lead)[:TEXT_SIGNS]
    found: dict[str, str] = {}
    for word in (*WORD.findall(item.item.title), *WORD.findall(text)[:TEXT_WORDS]):
        for term in word_terms(word):
            found.setdefault(term, word.removesuffix("’s").removesuffix("'s"))
    return found


RAREST = 16  # terms of an item that are kept
SHARED = 2  # an item with so many in common is compared
ENOUGH = 0.08  # of the weight of the new item's terms
AT_ONCE = 250_000  # pairs of a new item and another that are looked at together: some 10 MB


def clues_of(items: Sequence[StoredItem]) -> dict[int, frozenset[int]]:
    """The clues of each item, by its number; those of pages are odd."""
    import numpy as np

    vocabulary = Vocabulary()
    texts = [f"{i.item.title} {(i.item.text or i.item.lead)[:TEXT_SIGNS]}" for i in items]
    read = vocabulary.read(texts, TEXT_WORDS)
    number = np.array([2 * crc32(term.encode()) for term in vocabulary.numbers], dtype=np.int64)
    order = np.lexsort((number[read.term], common(vocabulary.numbers)[read.term], read.text))
    text, clue = read.text[order], number[read.term[order]]
    new = (np.diff(text, prepend=-1) != 0) | (np.diff(clue, prepend=-1) != 0)
    text, clue = text[new], clue[new]
    first = np.searchsorted(text, np.arange(len(items) + 1)).tolist()
    told: list[int] = clue.tolist()
    return {
        item.id: frozenset(told[begin : min(begin + RAREST, end)])
        | {2 * crc32(place.encode()) + 1 for place in meeting_places(item)}
        for item, begin, end in zip(items, first, first[1:], strict=False)
    }


def sharing(
    new: Mapping[int, frozenset[int]], having: Mapping[int, Sequence[int]]
) -> dict[int, frozenset[int]]:
    """For each new item the others, new ones too, that it may tell one event with, of those that have (`having`) each
    clue: they share a page, or more than one term, and enough of what its terms weigh."""
    import numpy as np

    of: dict[int, list[int]] = {clue: list(others) for clue, others in having.items()}
    for number, some in new.items():
        for clue in some:
            of.setdefault(clue, []).append(number)
    weight = {clue: log(TEXTS / len(others)) ** 2 for clue, others in of.items() if not clue % 2}
    place = {clue: n for n, clue in enumerate(clue for clue in weight if len(of[clue]) > 1)}
    weights = np.array([weight[clue] for clue in place])
    many = np.array([len(of[clue]) for clue in place], dtype=np.int64)
    begin = np.cumsum(many) - many
    others, of_term = np.unique(
        np.array([one for clue in place for one in of[clue]], dtype=np.int64), return_inverse=True
    )
    found: dict[int, frozenset[int]] = {}
    asked = list(new.items())
    step = max(1, AT_ONCE // max(1, len(others)))
    for part in (asked[start : start + step] for start in range(0, len(asked), step)):
        shared = [[place[clue] for clue in some if clue in place] for _, some in part]
        least = [ENOUGH * sum(weight[clue] for clue in some if not clue % 2) for _, some in part]
        term = np.array([one for some in shared for one in some], dtype=np.int64)
        size = many[term]
        end = np.cumsum(size)
        who = of_term[np.arange(size.sum()) + np.repeat(begin[term] - end + size, size)]
        # A row of a table for each new item, with a column for each other.
        own = np.repeat(np.repeat(np.arange(len(part)), [len(some) for some in shared]), size)
        cell, cells = own * len(others) + who, len(part) * len(others)
        enough = np.bincount(cell, np.repeat(weights[term], size), cells) >= np.repeat(least, len(others))
        several = np.bincount(cell, minlength=cells) >= SHARED
        row, column = np.divmod(np.flatnonzero(enough & several), max(1, len(others)))
        alike = others[column].tolist()
        ends = np.searchsorted(row, np.arange(len(part) + 1)).tolist()
        for (number, some), first, last in zip(part, ends, ends[1:], strict=False):
            pages = (of[clue] for clue in some if clue % 2)
            found[number] = frozenset(alike[first:last]).union(*pages) - {number}
    return found
