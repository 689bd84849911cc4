"""The state of a home, checks of what could go wrong, and copies of the database: making and restoring them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from newsfeed import breadth, deliver
from newsfeed.errors import NewsfeedError, NotFoundError, SettingsError, StoreError
from newsfeed.model import FeedReport, Record, Settings
from newsfeed.pipeline import signs
from newsfeed.pipeline.days import days_done, missed
from newsfeed.pipeline.examine import reports
from newsfeed.pipeline.home import Home, current_list
from newsfeed.pipeline.reports import Clock
from newsfeed.pipeline.signs import Beat
from newsfeed.store import Store
from newsfeed.store.records import MailState
from newsfeed.text.spoken import say

ROOM = 100_000_000  # bytes that should be free before a run
RECENT_MAILS = 3  # days for which an uncertain mail is reported


class Standing(Record, frozen=True, kw_only=True):
    """The facts of the status screen."""

    feeds: int
    failing: tuple[str, ...]
    asked: bool  # whether any feed was ever asked
    unreadable: str = ""  # why the last good list is used
    page: str
    built: datetime | None
    heading: str
    next_run: str
    advice: str


def standing(home: Home, store: Store) -> Standing:
    """The state of a home, with the one sensible next command."""
    listed = current_list(home, store)
    health = reports(home, store)
    failing = tuple(f"{r.title}: {say(r.cause, **r.values)}" for r in health if not r.ok)
    latest = store.latest_edition()
    page = home.site / "index.html"
    fresh = latest is not None and latest.date == home.today and page.exists()
    if not listed.list.subscriptions:
        advice = "newsfeed feeds add ADDRESS"
    elif not fresh:
        advice = "newsfeed digest"
    elif failing and _needs_owner(health, home.clock()):
        advice = "newsfeed feeds check"
    else:
        advice = "newsfeed refresh"
    return Standing(
        feeds=len(listed.list.subscriptions),
        failing=failing,
        unreadable=listed.unreadable,
        asked=any(s.last_tried is not None for s in store.states()),
        page=str(page) if latest is not None and page.exists() else "",
        built=latest.built if latest else None,
        heading=f"{latest.heading} · {latest.promise}" if latest else "",
        next_run=_next_run(home, signs.read_beat(home)) + _missed(home, store),
        advice=advice,
    )


def _needs_owner(health: Sequence[FeedReport], now: datetime) -> bool:
    from newsfeed.edition.frame import needs_owner  # with all that prints a page, only where something fails

    return any(needs_owner(report, now) for report in health)


class Finding(Record, frozen=True, kw_only=True):
    """The result of one check. `state` is "ok", "warning" or "bad"."""

    name: str
    state: str
    text: str
    repair: str = ""


def diagnose(
    folder: Path, load: Callable[[], Settings], clock: Clock, *, scheduled: str = ""
) -> list[Finding]:
    """Check settings, list, database, disk, pages, schedule and mail; a failing check doesn't stop the others.

    Args:
        scheduled: the file by which the system starts `newsfeed run`, "" where there is none.

    Raises:
        NotFoundError: there is no home in `folder`.
    """
    found = []
    try:
        settings = load()
    except SettingsError as error:
        found.append(_error("Settings", error))
        settings = Settings(home=str(folder))
    if scaled := breadth.scaled(settings):
        repair = (
            "Change a share or core_share: with something left for every other topic they should add up to 1."
        )
        found.append(_warning("Settings", scaled, repair))
    home = Home(folder, settings, clock)
    if not home.list_path.exists() and not (folder / ".newsfeed" / "newsfeed.db").exists():
        home.read_list()
    found += [_disk(home), _pages(home), _zone(home), *_app(home)]
    try:
        with home.open_store() as store:
            found += _stored(home, store, scheduled)
    except NewsfeedError as error:
        found.append(_error("Database" if isinstance(error, StoreError) else "List", error))
    return sorted(found, key=lambda finding: _ORDER.index(finding.name))


_ORDER = (
    "Settings", "List", "Database", "Disk", "Pages", "Time zone", "Feeds", "Page", "Topics", "Schedule", "Mail", "App",
)  # fmt: skip


def _app(home: Home) -> list[Finding]:
    """Whether the local app is running, at which address, and who can reach it."""
    place = signs.app_place(home)
    if place is None:
        return []
    if place.shared:
        repair = "Whoever shares that network can read along; end it, or start it without --listen."
        return [_warning("App", f"open to the network at {place.url}", repair)]
    return [_ok("App", f"at {place.url}, for this machine alone")]


def _ok(name: str, text: str) -> Finding:
    return Finding(name=name, state="ok", text=text)


def _warning(name: str, text: str, repair: str) -> Finding:
    return Finding(name=name, state="warning", text=text, repair=repair)


def _bad(name: str, text: str, repair: str) -> Finding:
    return Finding(name=name, state="bad", text=text, repair=repair)


def _error(name: str, error: NewsfeedError) -> Finding:
    text = f"{error.subject}: {error.cause}" if error.subject else error.cause
    return _bad(name, text, error.repair)


def _stored(home: Home, store: Store, scheduled: str) -> list[Finding]:
    """Checks that need an open database."""
    found = []
    listed = current_list(home, store)
    if listed.unreadable:
        found.append(_bad("List", listed.unreadable, "The last good list is in force."))
    elif listed.list.problems:
        first = listed.list.problems[0]
        more = f" and {len(listed.list.problems) - 1} more" if len(listed.list.problems) > 1 else ""
        found.append(_warning("List", f"line {first.line}: {first.text}{more}", "See newsfeed feeds check."))
    else:
        found.append(_ok("List", f"{len(listed.list.subscriptions)} feeds"))
    try:
        store.quick_check(home.clock())
    except StoreError as error:
        found.append(_error("Database", error))
    else:
        counts = store.counts()
        found.append(_ok("Database", f"{counts.items} items, {counts.bytes / 1e6:.1f} MB"))
    failing = [r for r in reports(home, store) if not r.ok]
    if failing:
        found.append(_warning("Feeds", f"{len(failing)} failing", "See newsfeed feeds check."))
    elif unasked := max(len(listed.list.subscriptions) - len(store.states()), 0) + sum(
        state.first_good is None and state.failure is None for state in store.states()
    ):
        text = f"{unasked} of {len(listed.list.subscriptions)} not asked yet"
        found.append(_warning("Feeds", text, "Run newsfeed refresh."))
    else:
        found.append(_ok("Feeds", "all well"))
    latest = store.latest_edition()
    if latest is None:
        found.append(_warning("Page", "none yet", "Run newsfeed digest."))
    else:
        days = (home.today - latest.date).days
        ahead = f"of {latest.date}, which is still to come: look at this machine's clock"
        old = f"of {latest.date}, {days} days old" if days > 1 else "yesterday's"
        text = ahead if days < 0 else "today's" if days == 0 else old
        found.append(_warning("Page", text, "Run newsfeed digest.") if days else _ok("Page", text))
    return [*found, _topics(store), _schedule(home, store, scheduled), *_mail(home, store)]


def _topics(store: Store) -> Finding:
    """Whether training works."""
    from newsfeed.pipeline.morning import understand

    if trouble := understand.training_trouble(store):
        return _warning(
            "Topics", trouble, "The weights before it are in force; newsfeed topics train tries again now."
        )
    trained = understand.last_training(store)
    return _ok("Topics", f"trained on {trained.at:%Y-%m-%d}" if trained else "the shipped weights")


def _disk(home: Home) -> Finding:
    free = shutil.disk_usage(home.folder).free
    text = f"{free / 1e9:.1f} GB free"
    return _bad("Disk", text, "Make room.") if free < ROOM else _ok("Disk", text)


def _pages(home: Home) -> Finding:
    """Whether the pages can be written: the folder exists and is writable."""
    site = home.site
    if site.exists() and not site.is_dir():
        return _bad("Pages", f"{site} is no folder", "Move that file away; it stands in the way.")
    place = site if site.exists() else home.folder
    if not os.access(place, os.W_OK | os.X_OK):
        return _bad("Pages", f"{place} can't be written", "Fix its owner or permissions.")
    return _ok("Pages", str(site))


def _zone(home: Home) -> Finding:
    if home.settings.timezone == "UTC":
        return _warning("Time zone", "UTC", "Is it yours? Else write timezone into newsfeed.toml.")
    return _ok("Time zone", home.settings.timezone)


def _next_run(home: Home, beat: Beat | None) -> str:
    """When the page is made next, in words."""
    if beat is None:
        return "by hand: newsfeed digest (or every morning by itself: newsfeed schedule on)"
    if not beat.alive(home.clock()):
        return f"none: newsfeed run has been silent since {_moment(home, beat.at)}"
    return _moment(home, beat.next) if beat.next else "soon, by newsfeed run"


def _missed(home: Home, store: Store) -> str:
    """The mornings that were missed, as a sentence to append; "" if `newsfeed run` never made one."""
    now = home.today
    gone = missed(now, home.settings.schedule.days, days_done(store, now))
    return f" Missed: {', '.join(map(str, gone))}." if gone else ""


def _moment(home: Home, moment: datetime) -> str:
    return f"{home.local(moment):%Y-%m-%d %H:%M}"


def _schedule(home: Home, store: Store, scheduled: str) -> Finding:
    """Whether `newsfeed run` is alive, and what was missed."""
    beat = signs.read_beat(home)
    now = home.today
    gone = missed(now, home.settings.schedule.days, days_done(store, now))
    told = _missed(home, store).strip()
    if beat is not None and beat.once and not beat.alive(home.clock()):
        return _warning(
            "Schedule",
            f"nobody has called newsfeed run --once since {_moment(home, beat.at)}. {told}".strip(),
            "Look at your crontab (newsfeed schedule on --by cron shows its line).",
        )
    if beat is not None and not beat.alive(home.clock()):
        return _bad(
            "Schedule",
            f"newsfeed run is dead: its last sign of life was at {_moment(home, beat.at)}. {told}".strip(),
            "See newsfeed schedule status, and .newsfeed/run.log.",
        )
    if beat is None and scheduled:
        return _bad(
            "Schedule",
            f"it is on ({scheduled}), but newsfeed run is not running. {told}".strip(),
            "newsfeed schedule on starts it again.",
        )
    if beat is None and gone and store.done(max(day for day in days_done(store, now) if day < now)):
        return _warning(
            "Schedule",
            f"newsfeed run is not running any more. {told}",
            "Start it again (newsfeed schedule on); the next page covers them.",
        )
    if beat is None:
        return _ok("Schedule", f"not running; the page is made by hand or by cron. {told}".strip())
    text = f"running, next {_next_run(home, beat)}. {told}".strip()
    return _warning("Schedule", text, "The next edition covers them.") if gone else _ok("Schedule", text)


def _mail(home: Home, store: Store) -> list[Finding]:
    """Problems with mail that are worth reporting; none if mail is off."""
    from newsfeed.pipeline.morning import mail

    if not mail.wanted(home.settings):
        return []
    unsure = [m for m in store.mails(MailState.UNCERTAIN) if (home.today - m.date).days < RECENT_MAILS]
    if unsure:
        return [
            _warning(
                "Mail",
                f"that of {unsure[-1].date} may or may not have gone out",
                "Look into your mailbox; newsfeed mail --again sends today's once more.",
            )
        ]
    if trouble := mail.trouble_of(store):
        return [_bad("Mail", trouble.text, trouble.repair)]
    return [_ok("Mail", f"by {home.settings.mail.by}")]


def backup(home: Home, store: Store) -> Path:
    """Make a complete copy of the database now.

    Raises:
        SettingsError: the database is a server's, which has its own programs for copies.
        StoreError: it can't be written.
    """
    made = store.backup(home.clock(), force=True)
    if made is None:
        raise SettingsError("database", "newsfeed makes no copies of it", f"Copy it by {store.copied_by}.")
    return made


def restore(home: Home, file: Path | None = None) -> tuple[Path, Path | None]:
    """Restore a copy (default: the newest). The former database is kept beside it.

    Returns the copy, and the path of the former database.

    Raises:
        NotFoundError: there is no copy.
        SettingsError: the database lies elsewhere, by the setting `database`.
        StoreError: the copy itself can't be used; nothing was changed.
    """
    if home.elsewhere:
        raise SettingsError("database", "names a database of your own", "Put a copy in its place by hand.")
    copies = sorted((home.inner / "backups").glob(f"{home.database.stem}-*.db"))
    chosen = file or (copies[-1] if copies else None)
    if chosen is None or not chosen.is_file():
        raise NotFoundError(
            str(chosen or home.inner / "backups"),
            "there is no copy",
            "Copies are made weekly by newsfeed run, and by newsfeed backup.",
        )
    trial = home.inner / "restored.db"
    try:
        shutil.copyfile(chosen, trial)
        trial.chmod(0o600)
        with Store.open(trial, now=home.clock()) as store:
            store.quick_check(home.clock())
        data = trial.read_bytes()
    finally:
        for suffix in ("", "-wal", "-shm"):
            trial.with_name(trial.name + suffix).unlink(missing_ok=True)
    former = None
    if home.database.exists():
        former = home.database.with_suffix(".db.former")
        home.database.replace(former)
    for suffix in ("-wal", "-shm"):
        path = home.database.with_name(home.database.name + suffix)
        if path.exists():
            path.replace(home.database.with_name(home.database.name + ".former" + suffix))
    deliver.write(home.database, data, mode=0o600)
    return chosen, former
