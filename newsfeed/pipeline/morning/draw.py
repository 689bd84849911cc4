"""Draw an edition into the site, draw an earlier one again, and say in numbers what it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from newsfeed import breadth, config, deliver, edition
from newsfeed.errors import DeliveryError, NotFoundError
from newsfeed.model import (
    Breadth,
    Day,
    Edition,
    Pick,
    Record,
    Settings,
)
from newsfeed.pipeline import meta
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning import publish
from newsfeed.pipeline.reports import DigestReport, RefreshReport
from newsfeed.render import Templates
from newsfeed.store import Store

UNUSED_MINUTES, UNUSED_PART = 1.0, 0.25  # minutes left over from which a full page is worth a word
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


def archive_path(date: Day) -> str:
    """Where the page of that date lies in the site."""
    return f"archive/{date:%Y/%m/%d}.html"


class Drawn(Record, frozen=True, kw_only=True):
    """What became of the mirror of the site: where it lies, or a sentence on what went wrong with it."""

    published: str = ""
    trouble: str = ""


def draw(home: Home, store: Store, current: Edition, templates: Templates) -> Drawn:
    """Draw an edition with everything around it and put it into the site, index last; then mirror the site.

    The page stands even where the mirror can't be written.
    """
    days = store.editions()
    recent: Sequence[Edition] = [e for d in days[-RECENT:] if (e := store.edition(d)) is not None]
    told = account(home, store, until=current.date)
    older = [d for d in days[:-RECENT] if d != current.date]
    site_url = home.settings.publish.site_url
    deliver.write_site(home.site, templates.site(current, told, recent=[*recent, *older], site_url=site_url))
    try:
        mirrored = publish.mirror(home)
    except DeliveryError as error:
        return Drawn(trouble=f"The page was not published. {' '.join(str(error).split())}")
    return Drawn(published=mirrored.folder if mirrored else "")


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
        published=publish.published_to(drawn.published) if drawn and drawn.published else "",
        counts=current.counts,
        refresh=pulled,
        edition_note=current.since_note or current.note,
        hints=tuple(
            hint
            for hint in (
                breadth.scaled(home.settings),
                limit,
                _full(home.settings, current),
                "" if built_now else _kept(home, current),
            )
            if hint
        ),
    )


def starters_limit(home: Home, store: Store) -> str:
    """Said once: that the number of stories of earlier starter settings doesn't bind any more; "" else."""
    if meta.read(store, meta.TOLD_OF_LIMIT) or not config.has_starters_limit(home.folder):
        return ""
    meta.keep(store, meta.TOLD_OF_LIMIT, "yes")
    return (
        "max_items = 16 in newsfeed.toml came from the starter settings and no longer limits the page: "
        "its minutes do. Remove the line, or write another number."
    )


def _kept(home: Home, current: Edition) -> str:
    """That today's page stands with the minutes that it was built for, where others are asked for now."""
    asked = home.settings.edition.minutes
    if current.date != home.today or asked == current.budget_minutes:
        return ""
    return (
        f"Today's page stands as it was built, for {current.budget_minutes:g} minutes: add --rebuild to choose anew for "
        f"{asked:g}."
    )


def _full(settings: Settings, current: Edition) -> str:
    """Whether more minutes bring nothing, because the page has its number of stories; "" where they are used."""
    unused = current.budget_minutes - current.minutes
    if unused < max(UNUSED_MINUTES, UNUSED_PART * current.budget_minutes) or not edition.is_full(current):
        return ""
    return (
        f"The page has its {settings.edition.max_items} stories (max_items) after {current.minutes:.1f} of your "
        f"{current.budget_minutes:g} minutes: a larger max_items would use the rest."
    )


def on_page(current: Edition) -> dict[int, int]:
    """How many picks and lines each feed has on an edition's page."""
    counts: dict[int, int] = {}
    for pick in (
        *(p for s in current.sections for p in s.picks),
        *(current.since.picks if current.since else ()),
    ):
        counts[pick.feed] = counts.get(pick.feed, 0) + 1
    for line in current.lines:
        counts[line.feed] = counts.get(line.feed, 0) + 1
    return counts


def picks(stored: Edition) -> list[Pick]:
    """Every numbered story of an edition's page."""
    every = [p for s in stored.sections for p in s.picks]
    if stored.since:
        every += stored.since.picks
    if stored.long_read:
        every.append(stored.long_read)
    return every
