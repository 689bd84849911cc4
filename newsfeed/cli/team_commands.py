"""Commands about a team: many readers over one PostgreSQL, who they are, and the web app where they read."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from newsfeed.cli import show
from newsfeed.cli.command import App, Context, Json, Yes, now

team_app = App(
    name="team", help="For a whole company: many readers over one PostgreSQL.", no_args_is_help=True
)

Where = Annotated[
    str,
    typer.Option(
        "--database",
        metavar="URL",
        help="postgresql://…, as a user that may create roles and schemas.",
        envvar="NEWSFEED_TEAM_DATABASE",
    ),
]


@team_app.command()
def init(context: typer.Context, database: Where) -> None:
    """Make the team's roles, schemas and tables, or bring them up to date."""
    from newsfeed.team.founding import found

    for sentence in found(context.obj.folder, database, now()):
        show.say(sentence)
    show.say("Next: newsfeed team import HOME, or newsfeed team invite NAME; then newsfeed team worker.")


@team_app.command()
def readers(context: typer.Context, as_json: Json = False) -> None:
    """List the readers."""
    from newsfeed.team.connections import find
    from newsfeed.team.readers import Readers

    found = Readers(find(context.obj.folder), now).all()
    if as_json:
        show.print_json(found)
        return
    if not found:
        show.say("Nobody yet: newsfeed team invite NAME.")
    for one in found:
        rights = ", admin" if one.admin else ""
        show.say(f"{one.name}{rights}  {one.mail}  last here {one.seen:%Y-%m-%d}")


@team_app.command()
def worker(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help="fetch, edition, or all.")] = "all",
    once: Annotated[bool, typer.Option("--once", help="Exit when nothing is due any more.")] = False,
    sweeps: Annotated[
        int, typer.Option("--sweeps", help="How many buckets of feeds to work on at a time.")
    ] = 4,
    cron: Annotated[str, typer.Option("--cron", hidden=True)] = "",
    heartbeat: Annotated[float, typer.Option("--heartbeat", hidden=True)] = 10.0,
    lease: Annotated[float, typer.Option("--lease", hidden=True)] = 600.0,
) -> None:
    """Ask feeds and make editions as they become due, until it is stopped; run as many as are needed."""
    import asyncio
    import logging

    from newsfeed import config
    from newsfeed.team import workers
    from newsfeed.team.connections import find
    from newsfeed.team.desk import Desk
    from newsfeed.team.fetching import Fetching
    from newsfeed.team.founding import check, wait_for

    if kind not in {*workers.KINDS, "all"}:
        raise typer.BadParameter("fetch, edition or all", param_hint="KIND")
    context_of: Context = context.obj
    place, machine = find(context_of.folder), context_of.settings
    check(place) if once else wait_for(place, show.say)
    kinds = workers.KINDS if kind == "all" else (kind,)
    desk = Desk(place, machine, now, password=lambda: config.mail_password(machine))
    logging.basicConfig(level=logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.addFilter(workers.InSentences())
    try:
        asyncio.run(
            workers.run(
                fetching=Fetching(place, machine, now, workers.name(), timedelta(seconds=lease))
                if "fetch" in kinds
                else None,
                desk=desk if "edition" in kinds else None,
                # A worker that is only finishing its last job gives no more signs of life; it isn't considered dead.
                pace=workers.Pace(
                    cron=cron or workers.EVERY_MINUTE,
                    heartbeat=timedelta(minutes=20) if once else timedelta(seconds=heartbeat),
                ),
                sweeps=sweeps,
                once=once,
                told=show.say,
            )
        )
    finally:
        desk.close()


@team_app.command()
def status(context: typer.Context, as_json: Json = False) -> None:
    """Show how late the feeds are, and which workers run; exit code 1 when it is time for another worker."""
    from newsfeed.team.connections import FETCH, connect, find
    from newsfeed.team.sweeps import backlog

    with connect(find(context.obj.folder), FETCH) as c:
        found = backlog(c, now())
    if as_json:
        show.print_json(found)
        return
    show.say(
        f"{show.plural(found.feeds, 'feed')}, {found.due} due in {show.plural(found.buckets, 'bucket')}, "
        f"{found.leased} being asked, {found.resting} resting; the longest waiting is {_hours(found.late)} late. "
        f"{show.plural(found.workers, 'worker')} at work."
    )
    if found.alarming:
        show.say("Start another worker: newsfeed team worker.")
        raise typer.Exit(1)


def _hours(late: timedelta) -> str:
    minutes = round(late.total_seconds() / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"


@team_app.command("import")
def take_in(
    context: typer.Context,
    home: Annotated[Path, typer.Argument(help="The folder of a single home.")],
    name: Annotated[str, typer.Option("--name", help="The reader's short name; default: the folder's.")] = "",
    mail: Annotated[str, typer.Option("--mail", help="The address that the pages are mailed to.")] = "",
) -> None:
    """Make a single home a reader, with its list, settings and history."""
    from newsfeed.team.connections import find
    from newsfeed.team.moving import take_in as move

    reader, report = move(find(context.obj.folder), home, name or home.resolve().name, now, mail=mail)
    show.say(f"{reader.name} follows {show.plural(len(report.added), 'feed')}.")


@team_app.command("export")
def give_out(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The reader's name or mail address.")],
    to: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that doesn't exist yet.")],
) -> None:
    """Export a reader as a single home, with all history."""
    from newsfeed.team.connections import find
    from newsfeed.team.moving import give_out as move
    from newsfeed.team.readers import Readers

    place = find(context.obj.folder)
    reader = Readers(place, now).named(name)
    count = move(place, reader, to, now)
    show.say(f"{to} is a home with {show.plural(count, 'edition')}: newsfeed --home {to} digest.")


@team_app.command()
def remove(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The reader's name or mail address.")],
    yes: Yes = False,
) -> None:
    """Delete all rows of a reader."""
    from newsfeed.team.connections import find
    from newsfeed.team.readers import Readers

    readers = Readers(find(context.obj.folder), now)
    reader = readers.named(name)
    if not yes and not typer.confirm(f"Delete {reader.name} with all their pages?"):
        return
    readers.remove(reader)
    show.say(f"{reader.name} is gone.")


@team_app.command()
def invite(
    context: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="A reader's name or mail address.")],
    name: Annotated[
        str, typer.Option("--name", help="Their short name; default: the part before the @.")
    ] = "",
    admin: Annotated[
        bool, typer.Option("--admin", help="Let them invite others and see the admin page.")
    ] = False,
) -> None:
    """Print a link with which one person can sign in once and set up their sign-in; creates the reader if needed."""
    from newsfeed.errors import NotFoundError
    from newsfeed.team.connections import find
    from newsfeed.team.readers import Readers
    from newsfeed.team.site import at_port, load_site

    place = find(context.obj.folder)
    site = at_port(load_site(place))
    readers = Readers(place, now)
    mail = address if "@" in address else ""
    try:
        reader = readers.named(address)
    except NotFoundError:
        # Nobody could make the first reader an admin.
        admin = admin or not readers.all()
        reader = readers.add(name or address.partition("@")[0], mail=mail)
    if admin and not reader.admin:
        readers.change(reader, admin=True)
    show.say(f"For {reader.name}{', an admin' if admin else ''}; it lets one person in, once, within a week:")
    show.say(f"{site.site}/invited/{readers.invite(reader)}")


@team_app.command()
def web(
    context: typer.Context,
    listen: Annotated[
        str, typer.Option("--listen", help="The address of this machine to listen on.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="The port.")] = 8770,
) -> None:
    """The readers' pages, until it is stopped; run as many as are needed, each on a port or machine of its own."""
    from newsfeed.team.connections import find
    from newsfeed.team.founding import wait_for
    from newsfeed.team.site import load_site
    from newsfeed.team.team_web import serve_team
    from newsfeed.web.listening import checked_address

    place = find(context.obj.folder)
    team_site = load_site(place)
    wait_for(place, show.say)
    serve_team(
        place,
        team_site,
        context.obj.settings,
        now,
        address=checked_address(listen),
        port=port,
        ready=lambda site, at: show.say(
            f"Readers come to {site}; this process listens at {at}. Ctrl-C ends it."
        ),
    )


@team_app.command()
def trial(
    context: typer.Context,
    port: Annotated[int, typer.Option("--port", help="The port of the web page.")] = 8770,
) -> None:
    """A whole team on this machine, to try it: PostgreSQL in a folder of its own, a worker, the web page, two readers."""
    from newsfeed.team.trial import try_team

    try_team(context.obj.folder, now, port=port, told=show.say)
