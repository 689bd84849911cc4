"""Search over all items by words, topic, source and date; hits are marked."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from newsfeed import text
from newsfeed.errors import NotFoundError, SettingsError, StoreError
from newsfeed.model import Day, Record
from newsfeed.pipeline.catch_up import catch_up
from newsfeed.pipeline.home import Home, topic_named
from newsfeed.pipeline.subscriptions.edit import key_of
from newsfeed.store import Store
from newsfeed.text.spoken import say

AROUND = 180  # letters of the text that are shown


class Part(Record, frozen=True, kw_only=True):
    """A piece of a text; `hit` if it is one of the words searched for."""

    text: str
    hit: bool = False


class Hit(Record, frozen=True, kw_only=True):
    """One item that was found."""

    ref: str
    title: tuple[Part, ...]
    around: tuple[Part, ...]
    source: str
    link: str
    when: datetime
    lang: str = ""


def search(
    home: Home,
    store: Store,
    words: str,
    *,
    topic: str = "",
    source: str = "",
    since: str = "",
    until: str = "",
    limit: int = 50,
    patience: float = 2.0,
) -> list[Hit]:
    """Items that have all the words, those with them in the title first, then the newest; without words, the newest.

    Args:
        patience: seconds in which texts that were put off may be read first (see `known_by_title`).
        topic: its name or label. source: the address of a feed, or part of its name.
        since, until: days, as 2026-11-22.

    Raises:
        NotFoundError: no such topic or source. SettingsError: that is no date.
    """
    feeds = _feeds(store, source) if source else None
    named = topic_named(home.settings, topic)
    if topic and not named:
        raise NotFoundError(
            topic, "is no topic", say("Topics: {names}.", names=", ".join(home.settings.topics))
        )
    if words:
        with suppress(StoreError):  # another newsfeed is writing: what it is searched in can wait
            catch_up(store, patience)
    end = _moment(until)
    found = store.search(
        words,
        limit,
        feeds=feeds,
        topic=named,
        since=_moment(since),
        until=end + timedelta(days=1) if end else None,
    )
    names = {s.feed: s.name for s in store.states_of({i.feed for i in found})}
    pattern = _pattern(words)
    return [
        Hit(
            ref=i.ref,
            title=marked(i.item.title or text.clean_line(i.item.lead, 120), pattern),
            around=marked(around(i.item.text or i.item.lead, pattern), pattern),
            source=names.get(i.feed, ""),
            link=i.item.link or i.item.discussion,
            when=i.item.published or i.first_seen,
            lang=i.item.lang,
        )
        for i in found
    ]


def known_by_title(store: Store) -> str:
    """How many items are found by their titles only so far, in words; "" if none."""
    n = store.count_put_off()
    return say("{n} older items are found by their titles only, until they are read.", n=n) if n else ""


def _feeds(store: Store, source: str) -> list[int]:
    """The feeds of an address or its key, else those with these letters in their names, in the list or not."""
    states = store.while_unchanged(
        "feeds, listed or not", None, lambda: store.states() + store.states(listed=False)
    )
    exact = [s.feed for s in states if source in (s.subscription.url, key_of(s.subscription.url))]
    found = exact or [s.feed for s in states if source.casefold() in s.name.casefold()]
    if not found:
        raise NotFoundError(source, "is no source", "See newsfeed feeds list.")
    return found


def _moment(day: str) -> datetime | None:
    if not day:
        return None
    try:
        found = Day.fromisoformat(day)
    except ValueError:
        raise SettingsError("", say("{day} is no date", day=repr(day)), "Write it as 2026-11-22.") from None
    return datetime(found.year, found.month, found.day, tzinfo=UTC)


class _Plain(dict[int, str]):
    """Each letter without case and accents: one for one, so that places in the text stay what they are."""

    def __missing__(self, letter: int) -> str:
        first = unicodedata.normalize("NFD", chr(letter))[0]
        self[letter] = plain = (first.casefold() or first)[0]
        return plain


_PLAIN = _Plain()


def _plain(letters: str) -> str:
    """A text without case and accents, of the same length."""
    return letters.lower() if letters.isascii() else letters.translate(_PLAIN)


def _pattern(words: str) -> re.Pattern[str] | None:
    wanted = sorted({re.escape(w) for w in re.findall(r"\w+", _plain(words))}, key=len, reverse=True)
    return re.compile(r"(?<!\w)(?:" + "|".join(wanted) + r")\w*") if wanted else None


def marked(said: str, pattern: re.Pattern[str] | None) -> tuple[Part, ...]:
    """A text in pieces, each hit a piece of its own."""
    if pattern is None:
        return (Part(text=said),) if said else ()
    parts, at = [], 0
    for match in pattern.finditer(_plain(said)):
        if match.start() > at:
            parts.append(Part(text=said[at : match.start()]))
        parts.append(Part(text=said[match.start() : match.end()], hit=True))
        at = match.end()
    if at < len(said):
        parts.append(Part(text=said[at:]))
    return tuple(parts)


def around(said: str, pattern: re.Pattern[str] | None) -> str:
    """The part of a text around its first hit, else its beginning."""
    said = " ".join(said.split())
    match = pattern.search(_plain(said)) if pattern else None
    begin = max(0, (match.start() if match else 0) - AROUND // 3)
    if begin:
        begin = said.find(" ", begin) + 1
    piece = said[begin : begin + AROUND]
    if begin + AROUND < len(said):
        piece = piece.rpartition(" ")[0] + " …"
    return ("… " if begin else "") + piece
