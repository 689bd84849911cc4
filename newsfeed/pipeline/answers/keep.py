"""Keep: what the reader puts aside with a note of their own, found again and handed out whole."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import msgspec

from newsfeed import sources, text
from newsfeed.errors import NotFoundError
from newsfeed.fetch import redact
from newsfeed.model import FeedState, Kept, Request, StoredItem
from newsfeed.pipeline.answers.why import resolve
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.subscriptions.add import export_list
from newsfeed.store import Store

NOTE = 2_000  # characters
_ESCAPED = str.maketrans({c: "\\" + c for c in "\\`*_[]<>#"})


def keep(home: Home, store: Store, name: str, note: str | None = None) -> Kept:
    """Keep the item that `name` means (see `why.resolve`); kept before, it takes the note if one is given.

    Raises:
        NotFoundError: no item, or more than one, answers to that name.
    """
    there = _kept_as(store, name)
    if there is None:
        there = _described(home, store, resolve(home, store, name)[0])
        there = next(iter(store.kept(ids=[there.item])), there)
    if note is not None:
        there = msgspec.structs.replace(there, note=text.clean_line(note, NOTE))
    store.keep(there)
    return there


def let_go(home: Home, store: Store, name: str) -> Kept:
    """Keep an item no longer.

    Raises:
        NotFoundError: it isn't kept.
    """
    there = _kept_as(store, name)
    if there is None:
        number = resolve(home, store, name)[0].id
        there = next(iter(store.kept(ids=[number])), None)
    if there is None:
        raise NotFoundError(name, "is not kept", "See newsfeed kept.")
    store.let_go(there.item)
    return there


def kept(store: Store, words: str = "") -> list[Kept]:
    """What is kept, newest first; with `words`, what has them all in title, source, lead or note."""
    wanted = words.casefold().split()
    return [
        one
        for one in store.kept()
        if all(word in f"{one.title} {one.source} {one.lead} {one.note}".casefold() for word in wanted)
    ]


def _kept_as(store: Store, name: str) -> Kept | None:
    """A kept item by its short id or link: the item itself may be forgotten by now."""
    name = name.strip().removeprefix("#")
    return next((k for k in store.kept() if name and name in {k.ref, k.link}), None)


def _described(home: Home, store: Store, item: StoredItem) -> Kept:
    state = store.state(item.feed)
    opening = item.item.lead
    if not opening:  # what was old at the first look at its feed
        (whole,) = store.items([item.id], body="text")
        opening = text.lead(whole.item.text, item.item.title, lang=item.item.lang)
    return Kept(
        item=item.id,
        ref=item.ref,
        kept=home.clock(),
        title=item.item.title or text.clean_line(opening, 120) or item.item.link,
        link="" if item.item.kind == "mail" else item.item.link or item.item.discussion,
        source=state.name,
        lead=opening,
        private=item.item.kind == "mail" or is_private(state),
        lang=item.item.lang,
    )


def is_private(state: FeedState) -> bool:
    """Whether what a feed tells is for its reader alone: a mailbox, or a feed that is asked with a secret."""
    url = state.subscription.url
    if url.startswith("imap") or redact(url) != url:
        return True
    asked = sources.find(state.subscription).request(state)
    return isinstance(asked, Request) and bool(asked.credential)


# ------------------------------------------------------------------------- handed out


def as_markdown(found: list[Kept], heading: str) -> str:
    """A list of links with notes, for any editor."""
    lines = [f"# {heading}", ""]
    for one in found:
        title = one.title.translate(_ESCAPED)
        head = f"[{title}](<{one.link}>)" if one.link else title
        lines.append(f"- {head}, {one.source.translate(_ESCAPED)}, {one.kept:%Y-%m-%d}")
        if one.note:
            lines.append(f"  {one.note.translate(_ESCAPED)}")
    return "\n".join([*lines, ""])


def as_json(found: list[Kept]) -> bytes:
    """The same for programs."""
    return msgspec.json.format(msgspec.json.encode(found), indent=2)


def everything(home: Home, store: Store) -> bytes:
    """A zip of all that is the reader's own: what is kept (JSON, Markdown), corrections, thumbs and the list (OPML)."""
    found = store.kept()
    day = home.clock() - timedelta(days=home.settings.keep.items)
    items = {i.id: i for i in store.window(day)}
    corrections = [
        {"title": items[c.item].item.title, "link": items[c.item].item.link, "topics": c.topics}
        for c in store.corrections()
        if c.item in items
    ]
    likes = [
        {"title": items[n].item.title, "link": items[n].item.link, "thumb": value}
        for n, value in store.likes(items).items()
    ]
    files = {
        "kept.json": as_json(found),
        "kept.md": as_markdown(found, "Kept").encode(),
        "corrections.json": msgspec.json.format(msgspec.json.encode(corrections), indent=2),
        "thumbs.json": msgspec.json.format(msgspec.json.encode(likes), indent=2),
        "feeds.opml": export_list(home),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, home.clock().timetuple()[:6]), data)
    return packed.getvalue()
