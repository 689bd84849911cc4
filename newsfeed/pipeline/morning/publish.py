"""Publish: the site mirrored into another folder, and one notice a morning that the page is there."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from newsfeed import config, deliver
from newsfeed.errors import DeliveryError, NewsfeedError, UnansweredError
from newsfeed.model import Edition, Record
from newsfeed.pipeline import meta
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.signs import app_place
from newsfeed.store import Store

WORLD = 0o644  # whoever may enter the folder may read: that is what it is for
KINDS = frozenset({".html", ".xml", ".json"})
JSON = "application/json"


class Mirrored(Record, frozen=True, kw_only=True):
    """What a mirroring did."""

    folder: str
    changed: int


def mirror(home: Home) -> Mirrored | None:
    """Put every page that differs into the published folder, index last; None where there is none.

    Nothing is ever taken away there.

    Raises:
        DeliveryError: the folder can't be written; the site itself is untouched.
    """
    folder = config.publish_folder(home.settings)
    if folder is None:
        return None
    files = {
        path.relative_to(home.site).as_posix(): _read(path)
        for path in sorted(home.site.rglob("*"))
        if path.suffix in KINDS and path.is_file() and not path.name.startswith(".")
    }
    return Mirrored(folder=str(folder), changed=len(deliver.write_site(folder, files, mode=WORLD)))


def published_to(folder: str) -> str:
    """Where the pages went, and what its owner must know of it."""
    return f"Published to {folder}. Whoever reads that folder reads your page."


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DeliveryError(
            str(path), f"can't be read ({error.strerror})", "Fix its permissions, then run the command again."
        ) from error


def owes_notice(home: Home, store: Store) -> bool:
    """Whether nobody was told of today's page yet who wants to be."""
    if not home.settings.notify.url or meta.read(store, meta.NOTICED) == home.today:
        return False
    return home.today in store.editions()[-1:]


def notify(home: Home, store: Store) -> str:
    """Tell that the newest page is ready, unless that was done; returns a sentence on what went wrong, "" else.

    What surely did not come, or was not taken, is owed still; what may have come is not sent twice.
    """
    url, edition = home.settings.notify.url, store.latest_edition()
    if not url or edition is None or meta.read(store, meta.NOTICED) == edition.date:
        return ""
    # Noted before it is sent: who dies in between has sent it once or not at all.
    before = meta.read(store, meta.NOTICED)
    meta.keep(store, meta.NOTICED, edition.date)
    try:
        status = asyncio.run(_send(home, url, edition))
    except UnansweredError as error:
        return f"The notice may not have come: {error.cause}."
    except NewsfeedError as error:
        meta.keep(store, meta.NOTICED, before)
        return f"No notice was sent: {error.cause}. It is tried again."
    if status >= 300:
        meta.keep(store, meta.NOTICED, before)
        return f"The notice was not taken ({status}): look at [notify] url. It is tried again."
    return ""


async def _send(home: Home, url: str, edition: Edition) -> int:
    place = app_place(home)
    link = home.settings.publish.site_url or (place.url if place else "")
    headers, body = notice(url, edition.heading, edition.promise, edition.minutes, link)
    from newsfeed.fetch import Fetcher  # with httpx

    async with Fetcher(home.settings.fetch, now=home.clock) as fetcher:
        return await fetcher.post(url, headers, body)


def notice(
    url: str, heading: str, promise: str, minutes: float, link: str
) -> tuple[list[tuple[str, str]], bytes]:
    """Headers and body as whoever listens at that address takes them: ntfy, Slack, Discord, a Teams workflow, any other."""
    host = urlsplit(url).hostname or ""
    said = f"{heading}: {promise}"
    if host.split(".")[0] == "ntfy":
        return [
            ("Content-Type", "text/plain; charset=utf-8"),
            *([("Click", link)] if link else []),
        ], said.encode()
    whole = f"{said}\n{link}" if link else said
    data: dict[str, Any]
    if host in {"discord.com", "discordapp.com"}:
        data = {"content": whole}
    elif host == "hooks.slack.com":
        data = {"text": whole}
    elif host.endswith((".logic.azure.com", ".api.powerplatform.com")):
        block = {"type": "TextBlock", "text": whole, "wrap": True}
        card = {"type": "AdaptiveCard", "version": "1.2", "body": [block]}
        kind = "application/vnd.microsoft.card.adaptive"
        data = {"type": "message", "attachments": [{"contentType": kind, "content": card}]}
    else:
        data = {"title": heading, "text": whole, "minutes": minutes, "url": link}
    return [("Content-Type", JSON)], msgspec.json.encode(data)
