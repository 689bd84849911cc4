"""The people of a team: invitations, and the web app where they read."""

from __future__ import annotations

from typing import Annotated

import typer

from newsfeed.cli.command import now


def invite(
    context: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="A reader's name or mail address.")],
    name: Annotated[
        str, typer.Option("--name", help="Their short name; default: what stands before the @.")
    ] = "",
    admin: Annotated[
        bool, typer.Option("--admin", help="They may invite others and see the admin's page.")
    ] = False,
) -> None:
    """Print a link that lets one person in, once, and binds their sign-in; the reader is made where there is none."""
    from newsfeed.cli import show
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
        # The first one has nobody who could make them an admin.
        admin = admin or not readers.all()
        reader = readers.add(name or address.partition("@")[0], mail=mail)
    if admin and not reader.admin:
        readers.change(reader, admin=True)
    show.say(f"For {reader.name}{', an admin' if admin else ''}; it lets one person in, once, within a week:")
    show.say(f"{site.site}/invited/{readers.invite(reader)}")


def web(
    context: typer.Context,
    listen: Annotated[
        str, typer.Option("--listen", help="The address of this machine to listen on.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="The port.")] = 8770,
) -> None:
    """The readers' pages, until it is stopped; run as many as are needed, each on a port or machine of its own."""
    from newsfeed.cli import show
    from newsfeed.team.connections import find
    from newsfeed.team.site import load_site
    from newsfeed.team.team_web import serve_team
    from newsfeed.web.listening import checked_address

    place = find(context.obj.folder)
    serve_team(
        place,
        load_site(place),
        context.obj.settings,
        now,
        address=checked_address(listen),
        port=port,
        ready=lambda site, at: show.say(
            f"Readers come to {site}; this process listens at {at}. Ctrl-C ends it."
        ),
    )


def trial(
    context: typer.Context,
    port: Annotated[int, typer.Option("--port", help="The port of the web page.")] = 8770,
) -> None:
    """A whole team on this machine, to try it: PostgreSQL in a folder of its own, a worker, the web page, two readers."""
    from newsfeed.cli import show
    from newsfeed.team.trial import try_team

    try_team(context.obj.folder, now, port=port, told=show.say)
