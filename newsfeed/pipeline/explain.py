"""Why: what stands behind one item, shown or not."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

from newsfeed import edition
from newsfeed.errors import NotFoundError
from newsfeed.model import Day, Edition, Pick, Record, StoredItem, TopicScore
from newsfeed.pipeline import digest
from newsfeed.pipeline.home import Home
from newsfeed.store import Store


class Explanation(Record, frozen=True, kw_only=True):
    """Everything behind one item."""

    ref: str
    title: str
    source: str
    link: str
    verdict: str
    rows: tuple[edition.WhyRow, ...] = ()
    topics: tuple[TopicScore, ...] = ()


def explain(home: Home, store: Store, name: str) -> Explanation:
    """Explain the item that `name` means (see `resolve`), by the edition that judged it last.

    Raises:
        NotFoundError: no item, or more than one, answers to that name.
    """
    item, date = resolve(home, store, name)
    taggings = store.taggings([item.id])
    names = {s.feed: s.name for s in store.states()}
    rows: tuple[edition.WhyRow, ...] = ()
    verdict = "No edition has been built yet."
    for day in [date] if date else _judges(home, store, item):
        stored = store.edition(day)
        if stored is None:
            continue
        # What the choice was made from is at hand for today's edition only; older ones keep causes and numbers.
        pool = digest.pool_for(home, store, day) if day == digest.today(home) else None
        rows = edition.why(stored, item.id, pool=pool, settings=home.settings if pool else None)
        if rows:
            verdict = f"By the edition of {day}:"
            break
        verdict = (
            "It came before you subscribed, so no edition had it to choose from."
            if item.before
            else "No edition had it to choose from: it came after the last one was built."
        )
    return Explanation(
        ref=item.ref,
        title=item.item.title,
        source=names.get(item.feed, ""),
        link=item.item.link,
        verdict=verdict,
        rows=rows,
        topics=taggings[item.id].scores if item.id in taggings else (),
    )


def _judges(home: Home, store: Store, item: StoredItem) -> list[Day]:
    """The days whose editions may have judged an item, newest first: what one had settled no later one enters again."""
    came = item.first_seen.astimezone(ZoneInfo(home.settings.timezone)).date()
    return [day for day in reversed(store.editions()) if day >= came - timedelta(days=1)]


def resolve(home: Home, store: Store, name: str) -> tuple[StoredItem, Day | None]:
    """The item that a person means: its number on today's page, `DATE#4`, its short id, its link, or words of its title.

    Returns the item, and the date where the name holds one.

    Raises:
        NotFoundError: none, or more than one (then `matches` lists them).
    """
    name = name.strip()
    if numbered := re.fullmatch(r"(?:(\d{4}-\d{2}-\d{2})#|#)?(\d{1,3})", name):
        try:
            date = Day.fromisoformat(numbered[1]) if numbered[1] else None
        except ValueError:
            raise NotFoundError(name, "there is no such date", "Write it as 2026-03-18#4.") from None
        stored = store.edition(date) if date else store.edition(digest.today(home)) or store.latest_edition()
        if stored is None:
            raise NotFoundError(name, "there is no such edition", "Run newsfeed digest first.")
        pick = next((p for p in picks(stored) if p.n == int(numbered[2])), None)
        if pick is None:
            raise NotFoundError(
                name,
                f"the page of {stored.date} has no such number",
                f"They go from 1 to {len(picks(stored))}.",
            )
        return store.item(pick.item), stored.date
    found = store.find(name)
    if len(found) == 1:
        return found[0], None
    if not found:
        raise NotFoundError(
            name,
            "fits no stored item",
            "Name its number on the page, its short id, its link or words of its title.",
        )
    names = {s.feed: s.name for s in store.states()}
    lines = [f"{i.ref}  {i.item.title} ({names.get(i.feed, '')})" for i in found]
    raise NotFoundError(name, f"fits {len(found)} items", "\n".join(lines[:12]), matches=lines)


def picks(stored: Edition) -> list[Pick]:
    """Every numbered story of an edition's page."""
    every = [p for s in stored.sections for p in s.picks]
    if stored.since:
        every += stored.since.picks
    if stored.long_read:
        every.append(stored.long_read)
    return every
