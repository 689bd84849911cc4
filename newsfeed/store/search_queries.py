"""Full-text search: the words that an item is found by, and finding items.

Words are folded (case, width, ß) and, in scripts that are written without spaces, cut into overlapping pairs, so that
東京都 is found by 東京 as well as by 京都. Accents are folded by the index itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import ColumnElement, func, or_, select

from newsfeed.lazy import expression
from newsfeed.model import PUT_OFF, Item, StoredItem
from newsfeed.store import items_queries
from newsfeed.store.dialect import Term, Transaction, chunks
from newsfeed.store.schema import item, item_topic
from newsfeed.text import canonical_url
from newsfeed.text.prose import HANGUL, UNSPACED

VERSION = "1"  # to be raised when `entry` changes; the index is then rebuilt
LONGEST = 4000  # characters of an item that are entered
LOOKED_AT = 400  # newest hits of a search that are weighed
_EVERY = 1_000_000  # hits, where all of them are counted

# Han with its extensions, kana, Hangul, Thai, Lao, Burmese, Khmer.
_RUN = expression(f"[{UNSPACED}{HANGUL}]+")


def folded(text: str) -> str:
    """Text without differences that don't matter in a search."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text).casefold()


def _pairs(run: re.Match[str]) -> str:
    letters = run.group()
    # The last letter stands alone, too: so each letter begins some word and can be found by itself.
    return " " + " ".join([*(letters[i : i + 2] for i in range(len(letters) - 1)), letters[-1]]) + " "


def plain(item: Item) -> str:
    """The searched text of an item: title, author, tags, and the beginning of its text (else its lead); nothing of a text
    that is put off."""
    text = "" if item.text == PUT_OFF else item.text or item.lead
    return "\n".join((item.title, item.author, *item.tags, text))[:LONGEST]


def entry(item: Item) -> str:
    """The words of an item as the index takes them."""
    text = folded(plain(item))
    return text if text.isascii() else _RUN.sub(_pairs, text)


def split(text: str) -> list[str]:
    """The words of a short text, folded. Letters, marks and digits make words, as in the index; runs stay whole."""
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in folded(text))
    return _RUN.sub(lambda run: f" {run.group()} ", kept).split()


def terms(words: str) -> list[Term]:
    """The terms of a search for items with all of these words: each word, and whether it may be only the beginning of
    one."""
    found: list[Term] = []
    for word in split(words):
        if _RUN.match(word) and len(word) > 1:
            found += [(word[i : i + 2], False) for i in range(len(word) - 1)]
        else:
            found.append((word, True))
    return found[:24]


def holds(words: str, text: str) -> bool:
    """Whether a text has all these words itself: the pairs of 東京 and 京都 alone don't make 東京都."""
    plain = _bare(text)
    return all(word in plain for word in _wanted(words))


@lru_cache(maxsize=8)  # asked for each hit of a search
def _wanted(words: str) -> tuple[str, ...]:
    return tuple(_bare(word) for word in split(words))


def _bare(text: str) -> str:
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFD", folded(text).casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


# ------------------------------------------------------------------------- finding


def find(db: Transaction, name: str, limit: int = 20) -> list[StoredItem]:
    """What a person may mean by `name`: a short name, a link, an address of a feed's item, or words of a title.

    The first kind that fits decides. Empty when nothing does; more than one when the name is not clear.
    """
    name = name.strip()
    if not name:
        return []
    found = _by_ref(db, name) or _by_link(db, name)
    if found or "://" in name:
        return found
    hits = search(db, name, limit)
    titled = [i for i in hits if holds(name, i.item.title)]
    exact = [i for i in titled if folded(i.item.title).casefold() == folded(name).casefold()]
    return exact or titled


def _by_ref(db: Transaction, name: str) -> list[StoredItem]:
    return _whole(db, item.c.ref == name.removeprefix("#").lower())


def _by_link(db: Transaction, name: str) -> list[StoredItem]:
    if "://" not in name:
        return []
    base = name.partition("#")[0]
    spellings = {name, base, base.rstrip("/"), base.rstrip("/") + "/"}
    found = _whole(db, or_(item.c.link.in_(spellings), item.c.page == (canonical_url(name) or name)))
    return found or _whole(db, item.c.discussion.in_(spellings))


def _whole(db: Transaction, condition: ColumnElement[bool]) -> list[StoredItem]:
    query = items_queries.selected("all").where(condition).order_by(item.c.id.desc())
    return [items_queries.read(row, "all") for row in db.execute(query).all()]


def search(
    db: Transaction,
    wanted: str,
    limit: int = 50,
    *,
    feeds: Sequence[int] | None = None,
    topic: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[StoredItem]:
    """Items that have all these words or words that begin so: in the title first, then the newest.

    The others narrow it down; with one of them and without words, the newest that fit.
    """
    asked = terms(wanted)
    narrow = _conditions(feeds, topic, since, until, few=bool(asked))
    if limit <= 0 or not (asked or narrow):
        return []
    if not asked:
        newest = select(item.c.id).where(*narrow).order_by(item.c.id.desc()).limit(limit)
        return items_queries.items(db, db.execute(newest).scalars(), "text")
    hits, most = db.hits(asked), max(LOOKED_AT, limit)
    if not narrow or hits is None:
        numbers = db.search(asked, most)
    else:
        # The database looks for what fits among the hits: a usual word has tens of thousands.
        query = select(item.c.id).where(item.c.id.in_(hits), *narrow)
        numbers = db.found(query.order_by(item.c.id.desc()).limit(most))
    if any(c >= "\u3000" for c in wanted):
        # The index has only pairs of letters; whether they are adjacent is checked in the text.
        whole = items_queries.items(db, numbers, "text")
        numbers = [i.id for i in whole if holds(wanted, plain(i.item))]
    when = func.coalesce(item.c.published, item.c.first_seen)
    rows = db.rows_in(select(item.c.id, item.c.title, when), item.c.id, numbers)
    ranked = sorted(rows, key=lambda row: (holds(wanted, row[1]), row[2], row[0]), reverse=True)
    return items_queries.items(db, [number for number, *_ in ranked[:limit]], "text")


def sharing(db: Transaction, words: Sequence[str], least: int, first: int) -> set[int]:
    """The items from number `first` on that have at least so many of these words, or words that begin so."""
    held = Counter(
        number for word in words if terms(word) for number in db.search(terms(word), _EVERY, first)
    )
    return {number for number, many in held.items() if many >= least}


def _conditions(
    feeds: Sequence[int] | None, topic: str, since: datetime | None, until: datetime | None, *, few: bool
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    moment = func.coalesce(item.c.published, item.c.first_seen)
    if feeds is not None:
        found.append(item.c.feed.in_(feeds))
    if topic:
        has = select(item_topic.c.item).where(item_topic.c.topic == topic)
        # A few items are looked up one by one; to find the newest of all, the topic's are listed first.
        found.append(has.where(item_topic.c.item == item.c.id).exists() if few else item.c.id.in_(has))
    if since is not None:
        found += [item.c.first_seen >= since, moment >= since]  # an index finds the first
    if until is not None:
        found.append(moment < until)
    return found


def rebuild_search(db: Transaction) -> None:
    """Fill the search index from the items themselves."""
    db.create_search()
    numbers = [r[0] for r in db.execute(select(item.c.id).order_by(item.c.id))]
    for some in chunks(numbers):
        whole = items_queries.items(db, some, "stored")
        db.add_to_search([(i.id, entry(i.item)) for i in whole])
