"""Drawing an edition into the site, mirroring the site into another folder, and the notice, once each morning, that the
page is ready."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from newsfeed import breadth, config, deliver, edition
from newsfeed.edition import frame
from newsfeed.errors import DeliveryError, NewsfeedError, NotFoundError, UnansweredError
from newsfeed.model import Breadth, Day, Edition, Record, Settings, Span, picks, told
from newsfeed.pipeline import meta
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.reports import DigestReport, RefreshReport
from newsfeed.pipeline.signs import app_place
from newsfeed.store import Store
from newsfeed.text.spoken import speaking

if TYPE_CHECKING:
    from newsfeed.render import Templates

UNUSED_MINUTES, UNUSED_PART = 1.0, 0.25  # minutes left over from which a full page is reported
RECENT = 30  # editions in the outgoing feeds and the archive's list


def replay(home: Home, store: Store, date: Day) -> DigestReport:
    """An earlier edition: its archive file stays as it was drawn, and is drawn again only if it is missing.

    Raises:
        NotFoundError: no edition of that date is stored.
    """
    stored = store.edition(date)
    if stored is None:
        days = store.editions()
        beside = [*[day for day in days if day < date][-1:], *[day for day in days if day > date][:1]]
        near = (
            f"There are editions from {days[0]} to {days[-1]}; the nearest: {' and '.join(map(str, beside))}."
            if len(days) > 1
            else f"There is the edition of {days[0]}."
            if days
            else "There are none yet: run `newsfeed digest`."
        )
        raise NotFoundError(f"edition of {date}", "none is stored", near)
    from newsfeed.render import Templates  # which a command without a page does without
    from newsfeed.render.pages import archive_path

    templates = Templates(home.templates)
    path = home.site / archive_path(date)
    site_url = home.settings.publish.site_url
    page = templates.site(stored, None, recent=(), site_url=site_url)[archive_path(date)]
    if not path.exists():
        deliver.write(path, page)
    if path.read_bytes() != page:
        note = "drawn with other templates than today's; remove the file to draw it with them"
    else:
        note = "drawn with newer templates" if stored.templates != templates.hash else ""
    done = report(home, stored, built_now=False, pulled=None)
    return msgspec.structs.replace(done, page=str(path), note=note)


class Drawn(Record, frozen=True, kw_only=True):
    """The result of mirroring the site: where the mirror is, or a sentence on what went wrong."""

    published: str = ""
    trouble: str = ""


def draw(home: Home, store: Store, current: Edition, templates: Templates) -> Drawn:
    """Draw an edition with all files of the site, write them, index last, and mirror the site.

    The page stands even where the mirror can't be written.
    """
    days = store.editions()
    past = [d for d in days[-RECENT:] if d != current.date]
    recent: Sequence[Edition] = [e for d in past if (e := store.edition(d, whole=False)) is not None]
    with speaking(current.lang):
        breadth_of = account(home, store, until=current.date)
    older = [d for d in days[:-RECENT] if d != current.date]
    site_url = home.settings.publish.site_url
    deliver.write_site(
        home.site, templates.site(current, breadth_of, recent=[*recent, *older], site_url=site_url)
    )
    try:
        return Drawn(published=mirror(home))
    except DeliveryError as error:
        return Drawn(trouble=f"The page was not published. {' '.join(str(error).split())}")


def commands(stored: Edition) -> frozenset[tuple[Span, ...]]:
    """The lines of an edition's foot that name commands, for where each story has a button for it."""
    with speaking(stored.lang):
        return frozenset(frame.answer(n) for n in range(1, len(picks(stored)) + 1))


def account(home: Home, store: Store, *, days: int = 30, until: Day | None = None) -> Breadth:
    """The account of breadth over the days that end with `until` (default: the newest edition's date)."""
    last = until or next(iter(store.editions()[-1:]), home.today)
    history = store.history(last + timedelta(days=1), days=max(days, 90))
    return breadth.breadth(history, home.settings, days=days, until=last)


def report(
    home: Home,
    current: Edition,
    *,
    built_now: bool,
    pulled: RefreshReport | None,
    drawn: Drawn | None = None,
    limit: str = "",
) -> DigestReport:
    """The edition in numbers, for the caller to print; `limit` is what becomes of an old number of stories."""
    kept = "" if built_now else _kept(home, current)
    hints = (breadth.scaled(home.settings), limit, _full(home.settings, current), kept)
    kept = "" if built_now else _kept(home, current)
    hints = (breadth.scaled(home.settings), limit, _full(home.settings, current), kept)
    return DigestReport(
        page=str(home.site / "index.html"),
        date=current.date.isoformat(),
        heading=current.heading,
        promise=current.promise,
        built=built_now,
        picks=sum(len(s.picks) for s in current.sections),
        lines=len(current.lines),
        minutes=current.minutes,
        note=drawn.trouble if drawn else "",
        published=f"Published to {drawn.published}. Whoever reads that folder reads your page."
        if drawn and drawn.published
        else "",
        counts=current.counts,
        refresh=pulled,
        edition_note=current.since_note or current.note,
        hints=tuple(hint for hint in hints if hint),
    )


def starters_limit(home: Home, store: Store) -> str:
    """A note, shown once, that the `max_items` of earlier starter settings is ignored now; else ""."""
    if meta.read(store, meta.TOLD_OF_LIMIT) or not config.has_starters_limit(home.folder):
        return ""
    meta.keep(store, meta.TOLD_OF_LIMIT, "yes")
    return (
        "max_items = 16 in newsfeed.toml came from the starter settings and no longer limits the page: "
        "its minutes do. Remove the line, or write another number."
    )


def _kept(home: Home, current: Edition) -> str:
    """A note that today's page keeps the minutes it was built for, if others are asked for now."""
    asked = home.settings.edition.minutes
    if current.date != home.today or asked == current.budget_minutes:
        return ""
    return (
        f"Today's page stands as it was built, for {current.budget_minutes:g} minutes: add --rebuild to choose anew for "
        f"{asked:g}."
    )


def _full(settings: Settings, current: Edition) -> str:
    """A note that more minutes bring nothing because the page has its number of stories; else ""."""
    unused = current.budget_minutes - current.minutes
    if unused < max(UNUSED_MINUTES, UNUSED_PART * current.budget_minutes) or not edition.is_full(current):
        return ""
    return (
        f"The page has its {settings.edition.max_items} stories (max_items) after {current.minutes:.1f} of your "
        f"{current.budget_minutes:g} minutes: a larger max_items would use the rest."
    )


def on_page(current: Edition) -> dict[int, int]:
    """How many picks and lines each feed has on an edition's page."""
    return Counter(one.feed for one in told(current))


# ------------------------------------------------------------------------- publish

WORLD = 0o644  # whoever may enter the folder may read it, which is its purpose
JSON = "application/json"


def mirror(home: Home) -> str:
    """Put every page that differs into the published folder, index last; gives the folder, "" where there is none.

    Nothing is ever deleted there.

    Raises:
        DeliveryError: the folder can't be written; the site itself is untouched.
    """
    folder = config.publish_folder(home.settings)
    if folder is None:
        return ""
    from newsfeed.render.alternates import MEDIA_TYPES

    files = {
        path.relative_to(home.site).as_posix(): _read(path)
        for path in sorted(home.site.rglob("*"))
        if path.suffix in MEDIA_TYPES and path.is_file() and not path.name.startswith(".")
    }
    deliver.write_site(folder, files, mode=WORLD)
    return str(folder)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DeliveryError(
            str(path), f"can't be read ({error.strerror})", "Fix its permissions, then run the command again."
        ) from error


def owes_notice(home: Home, store: Store) -> bool:
    """Whether the notice of today's page is wanted and still to be sent."""
    if not home.settings.notify.url or meta.read(store, meta.NOTICED) == home.today:
        return False
    return home.today in store.editions()[-1:]


def notify(home: Home, store: Store) -> str:
    """Send the notice that the newest page is ready, unless that was done; returns a sentence on what went wrong, else "".

    A notice that was certainly not received is sent again later; one that may have been received is not.
    """
    url, edition = home.settings.notify.url, store.latest_edition()
    if not url or edition is None or meta.read(store, meta.NOTICED) == edition.date:
        return ""
    # Noted before it is sent: a crash in between means that it was sent once or not at all.
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
    """Headers and body in the form that the service at that address expects: ntfy, Slack, Discord, a Teams workflow, any other."""
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
