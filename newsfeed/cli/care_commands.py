"""Commands of care: the status page, init, doctor, backup and restore."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from newsfeed.cli import show
from newsfeed.cli.command import Context, Json, now, opened


def status(context: Context, *, as_json: bool = False) -> int:
    """Bare `newsfeed`: one screen and the one sensible next command."""
    import msgspec

    from newsfeed.errors import NotFoundError
    from newsfeed.pipeline.care.doctor import standing

    try:
        home = context.home()
    except NotFoundError:
        if as_json:
            show.print_json({"home": None, "folder": str(context.folder), "advice": "newsfeed init"})
            return 0
        show.say("newsfeed has no home here yet.", style="bold")
        show.say(f"It would be {context.folder}")
        show.say()
        show.say("Next: newsfeed init     (or, to look first: newsfeed demo)")
        return 0
    with home.open_store() as store:
        found = standing(home, store)
    if as_json:
        show.print_json({"home": str(home.folder), **msgspec.structs.asdict(found)})
        return 0
    show.say(f"Home       {home.folder}", style="bold")
    show.say(
        f"Feeds      {found.feeds} in feeds.opml"
        + (
            f", {len(found.failing)} failing"
            if found.failing
            else ", all well"
            if found.feeds and found.asked
            else ", not asked yet"
            if found.feeds
            else ""
        )
    )
    if found.unreadable:
        show.say(f"           feeds.opml can't be read, the last good list is in force: {found.unreadable}")
    for line in found.failing[:3]:
        show.say(f"           {line}")
    page = f"{found.page} ({show.age(found.built, now())})" if found.page else "none yet"
    show.say(f"Page       {page}")
    if found.heading:
        show.say(f"           {found.heading}")
    show.say(f"Next run   {found.next_run}")
    show.say()
    show.say(f"Next: {found.advice}")
    return 0


def ensure_settings(context: Context) -> None:
    """On the first run, find the time zone, write newsfeed.toml and say so."""
    from newsfeed import config

    if (context.folder / config.FILE).exists() or not (context.folder / "feeds.opml").exists():
        return
    _create(context.folder)


def ensure_home(context: Context) -> None:
    """If there is no home yet, make one; if its settings are missing, write them."""
    if (context.folder / "feeds.opml").exists() or (context.folder / ".newsfeed" / "newsfeed.db").exists():
        ensure_settings(context)
    elif "feeds.opml" in _create(context.folder):
        # The four questions are asked in the browser.
        show.say(f"Made a home in {context.folder}.")


def _create(folder: Path) -> list[str]:
    from newsfeed import config
    from newsfeed.errors import SettingsError
    from newsfeed.pipeline.care.begin import create

    zone = config.detect_timezone()
    if zone == "UTC" and sys.stdin.isatty() and sys.stderr.isatty():
        zone = typer.prompt(
            "This machine says its time zone is UTC. Yours? (such as Europe/Berlin)",
            default="UTC",
            err=True,
            value_proc=_zone,
        )
    try:
        written = create(folder, starter=config.starter(), settings_text=config.template(zone))
    except OSError as error:
        raise SettingsError(
            str(folder),
            f"can't be made a home ({error.strerror})",
            "Choose another: newsfeed --home DIR init",
        ) from error
    if "newsfeed.toml" in written:
        again = " Change it there if it is not yours." if zone == "UTC" else ""
        show.warn(f"Your time zone is {zone} (written to newsfeed.toml).{again}")
    return written


def _zone(name: str) -> str:
    """A time zone as typed; asks again while it is unknown."""
    from newsfeed import config
    from newsfeed.errors import SettingsError

    try:
        return config.parse(f"timezone = {json.dumps(name.strip())}", {}, home=Path()).timezone
    except SettingsError as error:
        raise typer.BadParameter(f"{error.cause}. {error.repair}") from error


def init(context: typer.Context) -> None:
    """Make a home: a starter list of feeds and a settings file. Nothing that exists is touched."""

    given: Context = context.obj
    written = _create(given.folder)
    if not written:
        show.say(f"{given.folder} is a home already; nothing was changed.")
    for name in written:
        show.say(f"wrote {given.folder / name}")
    if "feeds.opml" in written:
        _ask(given)
    show.say("Next: newsfeed digest, or newsfeed serve to see it in the browser")


def _ask(given: Context) -> None:
    """Ask the four questions of the first run. Without a terminal nothing is asked, and a line says so."""
    from newsfeed import config
    from newsfeed.errors import SettingsError
    from newsfeed.pipeline.care import begin

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        show.say(
            "Nobody could be asked, so it begins with sources from the US on all topics, 5 minutes at 06:30."
        )
        return
    home = given.home()
    names = [name for name, topic in home.settings.topics.items() if not topic.parent]
    while True:
        core = typer.prompt(
            f"1 of 4  What do you live from? ({', '.join(names)})", default=home.settings.edition.core
        )
        others = typer.prompt("2 of 4  Which other subjects? (commas between; all)", default="all")
        region = typer.prompt(f"        Sources from? ({', '.join(config.STARTERS)})", default="us")
        minutes = typer.prompt("3 of 4  How many minutes?", default=5.0, type=float)
        hour = typer.prompt("        Ready at?", default="06:30")
        mail = typer.prompt("4 of 4  As page, mail or both?", default="page")
        topics = () if others.strip() == "all" else tuple(t.strip().casefold() for t in others.split(","))
        answers = begin.FirstAnswers(
            core=core.strip().casefold(), topics=topics, minutes=minutes, hour=hour, region=region.strip()
        )
        try:
            begin.begin(home, answers)
        except SettingsError as error:
            show.complain(error)
            continue
        if mail.strip() != "page":
            show.say("For the mail: newsfeed mail setup")
        return


def doctor(context: typer.Context, as_json: Json = False) -> None:
    """Look at everything that could go wrong and say what to do about it."""
    from newsfeed.pipeline.care.doctor import diagnose
    from newsfeed.schedule import starting

    given: Context = context.obj
    unit = starting.written(given.folder)
    findings = diagnose(given.folder, lambda: given.settings, now, scheduled=unit.path if unit else "")
    if as_json:
        show.print_json(findings)
    else:
        for finding in findings:
            show.out.print(
                {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "bad": "[red]✗[/]"}[finding.state], end=" "
            )
            stop = "" if finding.text.endswith((".", "?", "!")) else "."
            show.say(
                f"{finding.name}: {finding.text}" + (f"{stop} {finding.repair}" if finding.repair else "")
            )
    raise typer.Exit(1 if any(f.state == "bad" for f in findings) else 0)


def backup(context: typer.Context) -> None:
    """Copy the database now; newsfeed run does it weekly, and the last four copies are kept."""
    from newsfeed.pipeline.care.doctor import backup as run

    with opened(context, "backup") as (home, store):
        show.say(f"wrote {run(home, store)}")


def restore(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="The copy. Default: the newest of the weekly ones."),
    ] = None,
) -> None:
    """Replace the database with a copy of it; the former one stays beside it."""
    from newsfeed.pipeline.care.doctor import restore as run

    home = context.obj.home()
    with home.run_lock(), home.lock("restore"):
        copy, former = run(home, file)
    show.say(f"restored: {copy}")
    if former is not None:
        show.say(f"What stood there before: {former}")
