"""Group items given as lines of JSON, without a home; prints lines of JSON with their stories.

Items are {"id", "title", "text"} with optional "feed", "outlet", "published", "link", "lang", "folder" and more,
which is ignored. Out comes {"id", "cluster", "affair"} for every good line, in order; items of one cluster tell one
story, and the stories of one affair are of one occasion. Both are named by the id of their first item in time.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from newsfeed.model import Item, StoredItem
from newsfeed.text import canonical_url, link_url
from newsfeed.text.item_lines import ItemLine, LineError, Piped, read_lines

from .linkage import join_items

Line = str | bytes
UNDATED = datetime(2000, 1, 1, tzinfo=UTC)  # for items without a time, which may be of any


def group_lines(lines: Iterable[Line]) -> Piped:
    """Group items into stories. A bad line is reported with its number, and the rest goes on.

    The result doesn't depend on the order of the lines. Items without a time are grouped among themselves.
    """
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
