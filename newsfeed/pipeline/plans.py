"""What a refresh found changed in the list, in words: for the terminal, and for a log that outlives it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from newsfeed import deliver
from newsfeed.errors import DeliveryError
from newsfeed.fetch import redact
from newsfeed.model import Record
from newsfeed.pipeline.home import Home, current_list
from newsfeed.pipeline.reports import FeedResult, ListChange
from newsfeed.store import Store

LOG = "list.log"
_KEPT = 1_000  # lines of the log
_NAMED = 4
_NUMBERS = {1: "one", 2: "two", 3: "three"}


class Taken(Record, frozen=True, kw_only=True):
    """The list as it was taken over."""

    change: ListChange
    added: frozenset[str]  # addresses
    former: frozenset[str]  # addresses that were there before


def take(home: Home, store: Store, now: datetime) -> Taken:
    """Read the list and let the store follow it; says what changed since the last time.

    Raises:
        NotFoundError, ListError: there is no usable list, and never was one.
    """
    listed = current_list(home, store)
    former = frozenset(s.subscription.url for s in store.former_states())
    synced = store.sync(listed.list.subscriptions, now)
    named: dict[str, str] = {}
    if synced.added or synced.removed or synced.changed:
        named = {s.subscription.url: s.name for s in (*store.states(), *store.former_states())}
    change = ListChange(
        added=tuple(named.get(url, redact(url)) for url in synced.added),
        back=tuple(named.get(url, redact(url)) for url in synced.added if url in former),
        removed=tuple(named.get(url, redact(url)) for url in synced.removed),
        changed=tuple(named.get(url, redact(url)) for url in synced.changed),
        problems=listed.list.problems,
        unreadable=listed.unreadable,
    )
    return Taken(change=change, added=frozenset(synced.added), former=former)


def plan_words(change: ListChange, results: Sequence[FeedResult] = ()) -> str:
    """What changed in the list, in short: "+2 −1 ~1, one duplicate, one unreachable"; "" where nothing did."""
    counts = (("+", change.added), ("−", change.removed), ("~", change.changed))
    plan = " ".join(f"{sign}{len(these)}" for sign, these in counts if these)
    doubles = sum(p.harmless for p in change.problems)
    rest = len(change.problems) - doubles
    unreachable = sum(r.added and r.failure is not None for r in results) if change.added else 0
    parts = [plan] if plan else []
    for number, one, many in (
        (doubles, "duplicate", "duplicates"),
        (rest, "problem", "problems"),
        (unreachable, "unreachable", "unreachable"),
    ):
        if number:
            parts.append(f"{_NUMBERS.get(number, str(number))} {one if number == 1 else many}")
    return ", ".join(parts)


def names(change: ListChange) -> str:
    """Which feeds a change is about: " (new: A, B; back: C; gone: D; changed: E)"; "" where nothing changed."""
    new = tuple(name for name in change.added if name not in change.back)
    said = []
    for word, these in (
        ("new", new),
        ("back", change.back),
        ("gone", change.removed),
        ("changed", change.changed),
    ):
        if these:
            more = f" and {len(these) - _NAMED} more" if len(these) > _NAMED else ""
            said.append(f"{word}: {', '.join(these[:_NAMED])}{more}")
    return f" ({'; '.join(said)})" if said else ""


def log(home: Home, change: ListChange, results: Sequence[FeedResult], now: datetime) -> None:
    """Note a change of the list in the home's log of it; a disk that doesn't take it stops nothing."""
    if not (change.added or change.removed or change.changed):
        return
    line = f"{now:%Y-%m-%d %H:%M:%S}Z {plan_words(change, results)}{names(change)}"
    path = home.inner / LOG
    try:
        before = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
        deliver.write(path, "\n".join([*before[1 - _KEPT :], line, ""]).encode(), mode=0o600)
    except (OSError, DeliveryError):
        return
