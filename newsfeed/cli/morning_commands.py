"""Commands of every morning: digest, refresh, and demo, which builds a page from samples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsfeed.cli import care_commands, show
from newsfeed.cli.command import Context, NoOpen, day, finite, now, offer_feeds
from newsfeed.model.settings import MINUTES, WORKERS

if TYPE_CHECKING:
    from newsfeed.feeds.health import FeedResult, ListChange
    from newsfeed.pipeline.reports import DigestReport, RefreshReport

NAMED = 3  # feeds named for one kind of failure
LISTED = 12  # feeds named in one list before "and n more"


def digest(
    context: typer.Context,
    date: Annotated[
        str, typer.Option(metavar="YYYY-MM-DD", help="Draw a stored edition again; no feed is asked.")
    ] = "",
    minutes: Annotated[
        float | None,
        typer.Option(
            min=MINUTES.ge, max=MINUTES.le, callback=finite, help="A different number of minutes, this once."
        ),
    ] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Choose today's stories again.")] = False,
    no_refresh: Annotated[
        bool, typer.Option("--no-refresh", help="Use what is stored; ask no feed.")
    ] = False,
    no_open: NoOpen = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Pull the feeds and build today's page: what is new since the last one, within your minutes."""
    given: Context = context.obj
    wanted = day(date)
    if not no_refresh and not wanted:
        from newsfeed.pipeline.morning.head_start import start_parsers

        start_parsers(given.folder)

    from newsfeed.cli.bar import Bar
    from newsfeed.pipeline.morning.digest import digest as run

    care_commands.ensure_settings(given)
    home = given.home(minutes=minutes)
    with Bar() as bar, home.lock("digest"), home.open_store() as store:
        done = run(
            home,
            store,
            date=wanted,
            rebuild=rebuild,
            refresh=not no_refresh,
            secrets=given.secrets(),
            progress=bar,
        )
    if as_json:
        show.print_json(done)
    else:
        print_digest(done)
    if not no_open and not as_json:
        show.open_in_browser(Path(done.page).as_uri())
    raise typer.Exit(exit_code(done.refresh, page=True))


def refresh(
    context: typer.Context,
    feed: Annotated[
        list[str] | None,
        typer.Option(
            "--feed",
            metavar="NAME",
            help="Only feeds whose name or address contains this; may be repeated.",
            autocompletion=offer_feeds,
        ),
    ] = None,
    due: Annotated[bool, typer.Option("--due", help="Only feeds whose time has come.")] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Also feeds that were asked a moment ago, and in full; never before a Retry-After is over.",
        ),
    ] = False,
    fetch_only: Annotated[
        bool, typer.Option("--fetch-only", help="Only fetch and store; tag and group later.")
    ] = False,
    workers: Annotated[
        int,
        typer.Option(
            min=WORKERS.ge, max=WORKERS.le, help="Number of parsing processes; 0 means one per core."
        ),
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Ask every feed now and say what came; today's page takes in what can't wait."""
    given: Context = context.obj

    from newsfeed.pipeline.morning.head_start import start_parsers

    start_parsers(given.folder, workers)

    from newsfeed.cli.bar import Bar
    from newsfeed.pipeline.morning.refresh import refresh as run
    from newsfeed.pipeline.reports import RefreshOptions

    care_commands.ensure_settings(given)
    home = given.home()
    with Bar() as bar, home.lock("refresh"), home.open_store() as store:
        done = run(
            home,
            store,
            RefreshOptions(
                only=tuple(feed or ()),
                due=due,
                force=force,
                fetch_only=fetch_only,
                workers=workers,
                secrets=given.secrets(),
            ),
            progress=bar,
        )
    if as_json:
        show.print_json(done)
    else:
        print_refresh(done, home.settings.timezone)
    raise typer.Exit(exit_code(done, page=bool(done.page)))


def demo(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="Where to build it. Default: newsfeed-demo in this folder."),
    ] = None,
    no_open: NoOpen = False,
) -> None:
    """Build a page from sample sources on this machine; needs no internet."""
    from newsfeed import config
    from newsfeed.cli.bar import Bar
    from newsfeed.pipeline.care.begin import run_demo

    with Bar() as bar:
        settings = config.parse(f'timezone = "{config.detect_timezone()}"', {}, home=Path("newsfeed-demo"))
        built = folder or Path("newsfeed-demo")
        done = run_demo(built.absolute(), now, settings, progress=bar)
    show.say(f"Its home is a folder of its own: newsfeed --home {built} COMMAND looks into it.")
    print_digest(done)
    if not no_open:
        show.open_in_browser(Path(done.page).as_uri())


def exit_code(report: RefreshReport | None, *, page: bool) -> int:
    """0: all went well; 1: done, with failures named; 2: nothing done."""
    from newsfeed.feeds.health import FeedOutcome

    if report is None:
        return 0
    failed = report.count(FeedOutcome.FAILED)
    if failed and not report.answered:
        return 1 if page else 2
    return 1 if failed or show.is_wrong(report.list.problems) or report.list.unreadable else 0


def print_digest(done: DigestReport) -> None:
    """Print what happened in a few lines, with the page's path last."""

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
    from newsfeed.feeds.health import FeedOutcome

    if pulled.no_network:
        return "No network: not one feed's name could be found. Connect, then run this again."
    # A feed that was asked too recently counts by its last answer.
    waiting = sum(r.outcome == FeedOutcome.WAITING and r.failure is None for r in pulled.results)
    parts = [f"{pulled.answered + waiting} of {show.plural(len(pulled.results), 'feed')}"]
    if done is not None:
        parts += [show.plural(done.picks + done.lines, "story", "stories"), f"{done.minutes:.0f} min"]
    else:
        parts += [show.plural(sum(r.new for r in pulled.results), "new item"), f"{pulled.seconds:.1f} s"]
    if failed := sum(r.failure is not None for r in pulled.results):
        parts.append(f"{show.plural(failed, 'feed')} refused (see `newsfeed feeds check`)")
    return ", ".join(parts)


def print_refresh(done: RefreshReport, zone: str) -> None:
    """Print what is new in each feed, then what failed and why, then the total."""
    from newsfeed.feeds.health import FeedOutcome
    from newsfeed.model import Cause

    _print_list_change(done.list, done.results)
    fresh = [r for r in done.results if r.outcome == FeedOutcome.NEW]
    fresh.sort(key=lambda r: (-r.new, r.name.casefold()))
    if fresh:
        rows = [(r.name, str(r.new), f"{r.seconds:.1f}") for r in fresh]
        show.print_rows(("Feed", ">New", ">Seconds"), rows)
    if unchanged := done.count(FeedOutcome.UNCHANGED):
        show.say(f"{show.plural(unchanged, 'feed')} had nothing new.")
    waiting = [r for r in done.results if r.outcome == FeedOutcome.WAITING]
    if waiting:
        soonest = min(r.wait_until for r in waiting if r.wait_until)
        # A host that asked us to wait is not asked again, even by a manual refresh.
        willing = any(r.failure is None or r.failure.cause != Cause.THROTTLED for r in waiting)
        show.say(
            f"{show.plural(len(waiting), 'feed')} not asked again so soon; from {show.clock_time(soonest, zone, now())} on"
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


def _print_list_change(change: ListChange, results: Sequence[FeedResult] = ()) -> None:
    from newsfeed.feeds.health import named_changes, plan_words

    if change.unreadable:
        show.say_broken_list(change.unreadable)
    for problem in change.problems:
        where = f"feeds.opml, line {problem.line}: " if problem.line else "feeds.opml: "
        show.warn(f"{where}{problem.text}{' ' + problem.repair if problem.repair else ''}")
    if plan := plan_words(change, results):
        # For a completely new list, names would be useless.
        show.say(f"feeds.opml: {plan}{named_changes(change) if len(change.added) < LISTED else ''}")


def _print_failures(done: RefreshReport) -> None:
    from newsfeed.feeds.health import by_cause
    from newsfeed.text.spoken import told

    if done.no_network:
        return
    together, alone = by_cause(done.results)
    for sentence, ones in together:
        more = f" and {len(ones) - NAMED} more" if len(ones) > NAMED else ""
        show.warn(f"{sentence} ({', '.join(one.name for one in ones[:NAMED])}{more})")
    for result in alone[:LISTED]:
        assert result.failure is not None
        show.warn(f"{result.name}: {told(result.failure.values, result.failure.text, result.failure.repair)}")
    if len(alone) > LISTED:
        show.warn(f"… and {len(alone) - LISTED} more: newsfeed feeds check")
