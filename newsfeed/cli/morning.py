"""Every morning: digest and refresh."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsfeed.cli import completing
from newsfeed.cli.context import Context, now
from newsfeed.errors import SettingsError
from newsfeed.model import Cause, Day

if TYPE_CHECKING:
    from newsfeed.model import Problem
    from newsfeed.pipeline.reports import DigestReport, FeedResult, ListChange, RefreshReport

PANEL = "Every morning"
NAMED = 3  # feeds of one failure that are named
LISTED = 12  # feeds named in one list before "and n more"


def register(app: typer.Typer) -> None:
    """Put this module's commands into the tree."""
    app.command("digest", rich_help_panel=PANEL)(digest)
    app.command("refresh", rich_help_panel=PANEL)(refresh)


def digest(
    context: typer.Context,
    date: Annotated[
        str, typer.Option(metavar="YYYY-MM-DD", help="Draw a stored edition again; no feed is asked.")
    ] = "",
    minutes: Annotated[float | None, typer.Option(min=1, max=120, help="Another budget, this once.")] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Choose today's stories anew.")] = False,
    no_refresh: Annotated[
        bool, typer.Option("--no-refresh", help="Take what is stored; ask no feed.")
    ] = False,
    no_open: Annotated[bool, typer.Option("--no-open", help="Don't open the page.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Pull the feeds and build today's page: what is new since the last one, within your minutes."""
    from newsfeed.cli import care, show
    from newsfeed.pipeline.digest import digest as run

    given: Context = context.obj
    day = _date(date)
    care.ensure_settings(given)
    home = given.home(minutes=minutes)
    bar = show.Bar()
    try:
        with home.lock("digest"), home.open_store() as store:
            done = run(
                home,
                store,
                date=day,
                rebuild=rebuild,
                refresh=not no_refresh,
                secrets=given.secrets(),
                progress=bar,
            )
    finally:
        bar.stop()
    if as_json:
        show.print_json(done)
    else:
        print_digest(done, home.settings.timezone)
    if not no_open and not as_json:
        open_page(Path(done.page))
    raise typer.Exit(exit_code(done.refresh, page=True))


def refresh(
    context: typer.Context,
    feed: Annotated[
        list[str] | None,
        typer.Option(
            "--feed",
            metavar="NAME",
            help="Only feeds whose name or address holds this; may be repeated.",
            autocompletion=completing.feeds,
        ),
    ] = None,
    due: Annotated[bool, typer.Option("--due", help="Only feeds whose time has come.")] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Also within the manual floor, and whole answers. Never past a Retry-After."
        ),
    ] = False,
    fetch_only: Annotated[
        bool, typer.Option("--fetch-only", help="Fetch and store; sort and group later.")
    ] = False,
    workers: Annotated[int, typer.Option(min=0, max=64, help="Reading processes; 0: one a core.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Ask every feed now and say what came; today's page takes in what can't wait."""
    from newsfeed.cli import care, show
    from newsfeed.pipeline.refresh_page import refresh_and_update as run

    given: Context = context.obj
    care.ensure_settings(given)
    home = given.home()
    bar = show.Bar()
    try:
        with home.lock("refresh"), home.open_store() as store:
            done = run(
                home,
                store,
                only=tuple(feed or ()),
                due=due,
                force=force,
                fetch_only=fetch_only,
                workers=workers,
                secrets=given.secrets(),
                progress=bar,
            )
    finally:
        bar.stop()
    if as_json:
        show.print_json(done)
    else:
        print_refresh(done, home.settings.timezone)
    raise typer.Exit(exit_code(done, page=bool(done.page)))


def _date(text: str) -> Day | None:
    if not text:
        return None
    try:
        return Day.fromisoformat(text)
    except ValueError:
        raise SettingsError("--date", f"{text!r} is no date", "Write it as 2026-11-22.") from None


def exit_code(report: RefreshReport | None, *, page: bool) -> int:
    """0 fine; 1 done, with failures named; 2 nothing done."""
    from newsfeed.pipeline.reports import Outcome

    if report is None:
        return 0
    failed = report.count(Outcome.FAILED)
    if failed and not report.answered:
        return 1 if page else 2
    return 1 if failed or is_wrong(report.list.problems) or report.list.unreadable else 0


def is_wrong(problems: Sequence[Problem]) -> bool:
    """Whether the list has more amiss than that a feed stands in it twice, which harms nothing."""
    return any(not problem.harmless for problem in problems)


def print_digest(done: DigestReport, zone: str) -> None:
    """What happened, in a few lines; the page's path last."""
    from newsfeed.cli import show

    if done.refresh is not None:
        _print_list_change(done.refresh.list, done.refresh.results)
        _print_failures(done.refresh)
    else:
        _print_list_change(done.list)
    show.say()
    show.say(f"{done.heading} · {done.promise}", style="bold")
    if done.refresh is not None:
        show.say(summary(done.refresh, done))
    if done.edition_note:
        show.say(done.edition_note)
    if done.note:
        show.say(done.note)
    for hint in done.hints:
        show.say(hint)
    if done.published:
        show.say(done.published)
    show.say(done.page)


def summary(pulled: RefreshReport, done: DigestReport | None = None) -> str:
    """ "37 of 45 feeds, 14 stories, 5 min, 3 feeds refused (see `newsfeed feeds check`)"."""
    from newsfeed.cli.show import plural
    from newsfeed.pipeline.reports import Outcome

    if pulled.no_network:
        return "No network: not one feed's name could be found. Connect, then run this again."
    # A feed that was not asked again so soon counts as it answered the last time.
    waiting = sum(r.outcome == Outcome.WAITING and r.failure is None for r in pulled.results)
    parts = [f"{pulled.answered + waiting} of {plural(len(pulled.results), 'feed')}"]
    if done is not None:
        parts += [plural(done.picks + done.lines, "story", "stories"), f"{done.minutes:.0f} min"]
    else:
        parts += [plural(sum(r.new for r in pulled.results), "new item"), f"{pulled.seconds:.1f} s"]
    if failed := sum(r.failure is not None for r in pulled.results):
        parts.append(f"{plural(failed, 'feed')} refused (see `newsfeed feeds check`)")
    return ", ".join(parts)


def print_refresh(done: RefreshReport, zone: str) -> None:
    """Per feed what is new, then what failed and why, then the sum."""
    from newsfeed.cli import show
    from newsfeed.pipeline.reports import Outcome

    _print_list_change(done.list, done.results)
    table = show.table("Feed", ">New", ">Seconds")
    fresh = [r for r in done.results if r.outcome == Outcome.NEW]
    for result in sorted(fresh, key=lambda r: (-r.new, r.name.casefold())):
        table.add_row(_text(result.name), str(result.new), f"{result.seconds:.1f}")
    if fresh:
        show.print_table(table)
    if unchanged := done.count(Outcome.UNCHANGED):
        show.say(f"{show.plural(unchanged, 'feed')} had nothing new.")
    waiting = [r for r in done.results if r.outcome == Outcome.WAITING]
    if waiting:
        soonest = min(r.wait_until for r in waiting if r.wait_until)
        # Who was asked to wait waits, whatever the reader says.
        willing = any(r.failure is None or r.failure.cause != Cause.THROTTLED for r in waiting)
        show.say(
            f"{show.plural(len(waiting), 'feed')} not asked again so soon; from {_clock(soonest, zone)} on"
            f"{', or now with --force' if willing else ''}."
        )
    _print_failures(done)
    show.say(summary(done), style="bold")
    added = [r for r in done.results if r.added and r.failure is None]
    if len(added) > LISTED:
        show.say(f"added: {len(added)} feeds, {show.plural(sum(r.new for r in added), 'item')}")
    else:
        for result in added:
            page = f", {result.on_page} on today's page" if done.page else ""
            came = (
                f"back: {result.name}, {show.plural(result.new, 'new item')}"
                if result.back
                else (f"added: {result.name}, {show.plural(result.new, 'item')}")
            )
            show.say(f"{came}{page}")
    if done.page_note:
        show.say(done.page_note)
    if done.page:
        show.say(done.page)


def _clock(moment: datetime, zone: str) -> str:
    from newsfeed.cli.show import clock_time

    return clock_time(moment, zone, now())


def _text(text: str) -> object:
    from rich.text import Text

    return Text(text)


def _print_list_change(change: ListChange, results: Sequence[FeedResult] = ()) -> None:
    from newsfeed.cli import show
    from newsfeed.pipeline.plans import names, plan_words

    if change.unreadable:
        show.say_broken_list(change.unreadable)
    for problem in change.problems:
        where = f"feeds.opml, line {problem.line}: " if problem.line else "feeds.opml: "
        show.warn(f"{where}{problem.text}{' ' + problem.repair if problem.repair else ''}")
    if plan := plan_words(change, results):
        # Of a whole new list the names say nothing.
        show.say(f"feeds.opml: {plan}{names(change) if len(change.added) < LISTED else ''}")


def _print_failures(done: RefreshReport) -> None:
    from newsfeed.cli import show
    from newsfeed.pipeline.outage import by_cause

    if done.no_network:
        return
    together, alone = by_cause(done.results)
    for sentence, ones in together:
        more = f" and {len(ones) - NAMED} more" if len(ones) > NAMED else ""
        show.warn(f"{sentence} ({', '.join(one.name for one in ones[:NAMED])}{more})")
    for result in alone[:LISTED]:
        assert result.failure is not None
        show.warn(f"{result.name}: {result.failure.text} {result.failure.repair}".rstrip())
    if len(alone) > LISTED:
        show.warn(f"… and {len(alone) - LISTED} more: newsfeed feeds check")


def open_page(path: Path) -> None:
    """Open the page where there is a display; elsewhere its path is enough."""
    from newsfeed import config

    if config.has_display():
        import webbrowser

        webbrowser.open(path.as_uri())
