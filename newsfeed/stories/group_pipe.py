"""Group items that come as lines of JSON, without a home: their stories go out as lines of JSON.

Items are {"id", "title", "text"} with optional "feed", "outlet", "published", "link", "lang", "folder" and more,
which is ignored. Out comes {"id", "cluster", "affair"} for every good line, in order; items of one cluster tell one
story, and the stories of one affair are of one occasion. Both are named by the id of their first item in time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from newsfeed.model import Item, Problem, StoredItem
from newsfeed.text import canonical_url, link_url

from .linkage import join_items

Line = str | bytes
UNDATED = datetime(2000, 1, 1, tzinfo=UTC)  # for all that say no time: they may be of any


class Grouped(NamedTuple):
    """What came out: a line an item, in order, and what was wrong."""

    lines: list[str]
    problems: list[Problem]


class _LineError(ValueError):
    """A line that is JSON, but no item."""


def group_lines(lines: Iterable[Line]) -> Grouped:
    """Group items into stories. A bad line is reported with its number, and the rest goes on.

    The result doesn't depend on the order of the lines. Items without a time are grouped among themselves.
    """
    names: list[int | str] = []
    items: list[Item] = []
    feeds: list[str] = []
    problems: list[Problem] = []
    for line_number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=dict[str, Any])
            name, item, feed = _item(row)
        except (_LineError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            problems.append(Problem(text=f"line {line_number}: {_words(error)}", line=line_number))
            continue
        names.append(name)
        items.append(item)
        feeds.append(feed)
    outlets = dict(enumerate(sorted(set(feeds) - {""}), start=1))
    number = {feed: n for n, feed in outlets.items()}
    order = sorted(
        range(len(items)), key=lambda n: (items[n].published or UNDATED, _key(items[n]), str(names[n]))
    )
    stored = [
        StoredItem(
            id=place,
            ref="",
            feed=number.get(feeds[n], -place),  # without an outlet: that of no other
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
    return Grouped(out, problems)


def _key(item: Item) -> tuple[str, str, str]:
    return item.title, item.text, item.link


def _item(row: Mapping[str, Any]) -> tuple[int | str, Item, str]:
    name = row.get("id")
    if isinstance(name, bool) or not isinstance(name, int | str) or name == "":
        raise _LineError('"id" is missing or neither text nor a number')
    said = {}
    for key in ("title", "text", "feed", "outlet", "link", "lang", "published"):
        value = row.get(key)
        if value is not None and not isinstance(value, str):
            raise _LineError(f'"{key}" is not text')
        said[key] = (value or "").strip()
    if not said["title"] and not said["text"]:
        raise _LineError("neither title nor text")
    item = Item(
        identity=str(name),
        title=said["title"],
        text=said["text"],
        link=link_url(said["link"]),
        page=canonical_url(said["link"]),
        lang=said["lang"],
        published=_time(said["published"]),
    )
    return name, item, said["outlet"] or said["feed"]


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _LineError('"published" is not a time like 2026-11-22T06:30:00Z') from None


def _words(error: Exception) -> str:
    if isinstance(error, _LineError):
        return str(error)
    return "not a JSON object" if isinstance(error, msgspec.ValidationError) else "not JSON"
