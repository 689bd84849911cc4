"""The site: its files, and the data that each template gets, including the chart of breadth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from statistics import median

from newsfeed.model import Breadth, BreadthRow, Edition, LedgerEntry, Record
from newsfeed.model.edition import ACCOUNT_DAYS
from newsfeed.model.ledger import CAUSES, LINE, LONG, SHOWN
from newsfeed.render.exports import as_json, digest, feed, stories
from newsfeed.render.safe import Drawing
from newsfeed.text.spoken import count, general, heading, say
from newsfeed.text.spoken import month as month_name


class Way(Record, frozen=True, kw_only=True):
    """A link to another page of the site."""

    text: str
    path: str
    rel: str = ""


class OfOneCause(Record, frozen=True, kw_only=True):
    """All entries of the ledger with one cause."""

    key: str
    heading: str
    entries: tuple[LedgerEntry, ...]


class SourceCount(Record, frozen=True, kw_only=True):
    """How many items of a source the ledger holds, and how many of them are on the page."""

    source: str
    fetched: int
    shown: int


class Issue(Record, frozen=True, kw_only=True):
    """One row of the archive's index."""

    date: date
    path: str
    text: str
    promise: str = ""


def archive_path(day: date) -> str:
    """The permanent file of an edition: archive/2026/11/22.html."""
    return f"archive/{day:%Y/%m/%d}.html"


def site(
    templates: Drawing,
    edition: Edition,
    breadth: Breadth | None,
    recent: Sequence[Edition | date],
    site_url: str,
) -> dict[str, bytes]:
    """Every file of the site by its relative name; see `Templates.site`."""
    editions = _editions(edition, recent)
    base = site_url.rstrip("/") + "/" if site_url else ""
    return {
        archive_path(edition.date): morning(templates, edition, root="../../../"),
        "archive/index.html": _archive(templates, edition, recent),
        "ledger.html": _ledger(templates, edition),
        "breadth.html": _breadth(templates, edition, breadth),
        "digest.json": as_json(digest(edition)),
        "digest.xml": feed(templates, editions, base),
        "feed.json": as_json(stories(editions, base)),
        "index.html": morning(templates, edition, root=""),
    }


def morning(templates: Drawing, edition: Edition, *, root: str, notice: str = "") -> bytes:
    """The morning page; `root` leads from its place to the site's folder, `notice` stands at the top."""
    said = {span.href for row in edition.foot for span in row}
    ways = []
    previous = None
    if edition.previous is not None:
        previous = Way(text=heading(edition.previous), path=archive_path(edition.previous), rel="prev")
        ways.append(previous)
    ways += [
        Way(text=say("All editions"), path="archive/index.html"),
        Way(text=say("Breadth"), path="breadth.html"),
    ]
    if root:
        ways.append(Way(text=say("Newest edition"), path="index.html"))
    return templates.page(
        "page.html",
        root=root,
        lang=edition.lang,
        edition=edition,
        notice=notice,
        previous=previous,
        ways=[way for way in ways if way.path not in said],
    )


def _editions(edition: Edition, recent: Sequence[Edition | date]) -> list[Edition]:
    """The editions in the outgoing feeds, newest first, each date once; `edition` replaces the one of its date."""
    by_date = {e.date: e for e in recent if isinstance(e, Edition)} | {edition.date: edition}
    return [by_date[day] for day in sorted(by_date, reverse=True)]


def _archive(templates: Drawing, edition: Edition, recent: Sequence[Edition | date]) -> bytes:
    """The index of all editions, newest first, by month."""
    promises: dict[date, str] = {}
    for known in (*recent, edition):
        if isinstance(known, Edition):
            promises[known.date] = known.promise
        else:
            promises.setdefault(known, "")
    issues = [
        Issue(date=day, path=archive_path(day), text=heading(day), promise=promises[day])
        for day in sorted(promises, reverse=True)
    ]
    months = [
        (f"{month_name(month)} {year}", list(group))
        for (year, month), group in groupby(issues, key=lambda issue: (issue.date.year, issue.date.month))
    ]
    return templates.page("archive.html", root="../", lang=edition.lang, months=months, mornings=len(issues))


def _ledger(templates: Drawing, edition: Edition) -> bytes:
    """Where every fetched item went, by cause; and how many came from each source."""
    by_cause: dict[str, list[LedgerEntry]] = {}
    for entry in edition.ledger:
        by_cause.setdefault(entry.cause, []).append(entry)
    order = [key for key in CAUSES if key in by_cause] + sorted(by_cause.keys() - CAUSES.keys())
    causes = [
        OfOneCause(
            key=key, heading=say(CAUSES.get(key, key[:1].upper() + key[1:])), entries=tuple(by_cause[key])
        )
        for key in order
    ]
    fetched = Counter(entry.source for entry in edition.ledger) + Counter(edition.before)
    shown = Counter(entry.source for entry in edition.ledger if entry.cause in (SHOWN, LINE, LONG))
    sources = [
        SourceCount(source=source, fetched=fetched[source], shown=shown[source])
        for source in sorted(fetched, key=lambda s: (-fetched[s], s.casefold(), s))
    ]
    return templates.page(
        "ledger.html",
        root="",
        lang=edition.lang,
        edition=edition,
        causes=causes,
        sources=sources,
        total=len(edition.ledger) + sum(edition.before.values()),
    )


def _breadth(templates: Drawing, edition: Edition, breadth: Breadth | None) -> bytes:
    """The account of breadth, or the day from which there will be one."""
    return templates.page(
        "breadth.html",
        root="",
        lang=edition.lang,
        edition=edition,
        breadth=breadth if breadth and breadth.headline else None,
        mornings=int(breadth.numbers.get("editions", 0)) if breadth else 0,
        first=ACCOUNT_DAYS,
    )


CELL = 10  # units a day and a row
_SIDES = (0, 3, 5, 7, 9)  # by number of stories; 4 and more are the largest


class Row(Record, frozen=True, kw_only=True):
    """One topic as drawn: SVG paths, the figure beside them, and the row in words."""

    label: str
    squares: str
    gaps: str  # a dash for each day without an edition, which is not a zero
    today: str
    words: str


class Chart(Record, frozen=True, kw_only=True):
    """All rows of a chart, their width in units and the outline of the last day's column."""

    rows: tuple[Row, ...]
    width: int
    outline: str


def drawing(breadth: Breadth) -> Chart:
    """The rows of `breadth` as SVG paths in a box of `width` by 10 units each."""
    days = max((len(row.picks) for row in breadth.rows), default=0)
    return Chart(
        rows=tuple(_row(row, days) for row in breadth.rows),
        width=max(days, 1) * CELL,
        outline=f"M{(days - 1) * CELL + 0.4:g} .4h9.2v9.2h-9.2z" if days else "",
    )


def usual(picks: tuple[int | None, ...]) -> float | None:
    """The median over the earlier days with an edition; None if there were none."""
    before = [n for n in picks[:-1] if n is not None]
    return median(before) if before else None


def _row(row: BreadthRow, days: int) -> Row:
    squares, gaps = [], []
    for column, number in enumerate(row.picks, start=days - len(row.picks)):
        if number is None:
            gaps.append(f"M{column * CELL + 3} 5h4v.6h-4z")
        elif number > 0:
            side = _SIDES[min(number, len(_SIDES) - 1)]
            corner = (CELL - side) / 2
            squares.append(f"M{column * CELL + corner:g} {corner:g}h{side}v{side}h-{side}z")
    today = row.picks[-1] if row.picks else None
    normal = usual(row.picks)
    return Row(
        label=row.label,
        squares="".join(squares),
        gaps="".join(gaps),
        today=_figure(today, normal),
        words=_words(row, today, normal),
    )


def _figure(today: int | None, normal: float | None) -> str:
    """The figure at the row's end: "4 ▲ usual 2"."""
    if today is None:
        return say("no edition")
    if normal is None:
        return f"{today}"
    mark = "▲ " if today > normal else "▼ " if today < normal else ""
    return f"{today} {mark}{say('usual {n}', n=general(normal))}"


def _words(row: BreadthRow, today: int | None, normal: float | None) -> str:
    told = sum(n for n in row.picks if n)
    words = [
        say(
            "{label}: {stories} in {days}",
            label=row.label,
            stories=count(told, "story", "stories"),
            days=count(len(row.picks), "day"),
        )
    ]
    if today is not None:
        words.append(say(", {n} on the last day", n=today))
    if normal is not None:
        words.append(say(", usually {n}", n=general(normal)))
    if row.silence > 1:
        words.append(say("; longest silence {days}", days=count(row.silence, "day")))
    return "".join(words)
