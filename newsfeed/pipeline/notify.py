"""Ready: one notice a morning that the page is there, to an address that the reader named. At most once.

Its address is a secret: whoever has it can write there. It stands in no error, log or page.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import msgspec

from newsfeed.errors import NewsfeedError
from newsfeed.model import Edition
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.locating import running
from newsfeed.store import Store

NOTICED = "noticed"  # the day whose notice went out, or was about to
JSON = "application/json"


def notify(home: Home, store: Store) -> str:
    """Tell that the newest page is ready, unless that was done; returns a sentence on what went wrong, "" else."""
    url, edition = home.settings.notify.url, store.latest_edition()
    if not url or edition is None or store.get_meta(NOTICED) == edition.date.isoformat():
        return ""
    # Noted before it is sent: who dies in between has sent it once or not at all.
    before = store.get_meta(NOTICED)
    store.set_meta(NOTICED, edition.date.isoformat())
    try:
        status = asyncio.run(_send(home, url, edition))
    except NewsfeedError as error:
        store.set_meta(NOTICED, before)
        return f"No notice was sent: {error.cause}."
    if status >= 300:
        return f"The notice was not taken ({status}): look at [notify] url."
    return ""


async def _send(home: Home, url: str, edition: Edition) -> int:
    place = running(home)
    link = home.settings.publish.site_url or (place.url if place else "")
    headers, body = message(url, edition.heading, edition.promise, edition.minutes, link)
    from newsfeed.fetch import Fetcher  # with httpx

    async with Fetcher(home.settings.fetch, now=home.clock) as fetcher:
        return await fetcher.post(url, headers, body)


def message(
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
