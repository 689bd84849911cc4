"""The local app: the page, live in the browser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from newsfeed.cli.context import Context

if TYPE_CHECKING:
    from newsfeed.pipeline.home import Home

PANEL = "Every morning"
PORT = 8765


def register(app: typer.Typer) -> None:
    """Put this module's commands into the tree."""
    app.command("serve", rich_help_panel=PANEL)(serve)


def fresh_home(given: Context) -> Home:
    """The home with the settings as they are at this moment."""
    return Context(given.folder).home()


def serve(
    context: typer.Context,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Where to listen; 0 takes any free port.")
    ] = PORT,
    no_open: Annotated[bool, typer.Option("--no-open", help="Don't open the browser.")] = False,
    listen: Annotated[
        str,
        typer.Option(
            "--listen",
            metavar="ADDR",
            help="Listen at an address of your home network too, behind the same key.",
        ),
    ] = "",
    new_token: Annotated[
        bool, typer.Option("--new-token", help="Make a new key first: every browser needs the new link.")
    ] = False,
) -> None:
    """Your page live in the browser: read, keep, teach, refresh, search, and look after your sources."""
    from newsfeed.cli import care, show
    from newsfeed.pipeline import locating
    from newsfeed.web import guard, listening

    given: Context = context.obj
    care.ensure_home(given)
    home = given.home()
    if new_token:
        guard.keys(home.inner, new=True)
        show.say("There is a new key; links and browsers that had the old one are locked out.")
        if locating.running(home) is not None:
            show.say("The app that runs now still takes the old one: end it and start it again.")
    elif (place := locating.running(home)) is not None:
        # It runs already, in another terminal or beside the schedule: that is where the reader wants to go.
        found = listening.link(home, place)
        show.say(f"The app of this home runs already: {found}")
        if not no_open:
            _open(found)
        return
    address = listening.checked_address(listen) if listen else locating.LOCAL

    def ready(link: str) -> None:
        show.say(link)
        if listen:
            _say_of_network(given, link)
        if not no_open:
            _open(link)
        show.say("Ctrl-C ends it.")

    listening.serve(lambda: fresh_home(given), address=address, port=port, ready=ready)


@contextmanager
def beside(given: Context, say: Callable[[str], None]) -> Iterator[None]:
    """The app in a thread of its own, as long as something else runs; trouble with it stops nothing else."""
    from newsfeed.errors import NewsfeedError
    from newsfeed.pipeline import locating
    from newsfeed.web import listening

    stop = threading.Event()

    def ready(link: str) -> None:
        # A journal is kept: the key stays out of it.
        say(f"The app is at {link.partition('?k=')[0]}; newsfeed serve opens it.")

    def run() -> None:
        try:
            listening.serve(
                lambda: fresh_home(given), address=locating.LOCAL, port=PORT, ready=ready, stop=stop
            )
        except NewsfeedError as error:
            say(" ".join(str(error).split()))

    thread = threading.Thread(target=run, name="serve", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)


def _open(link: str) -> None:
    from newsfeed import config

    if config.has_display():
        import webbrowser

        webbrowser.open(link)


def _say_of_network(given: Context, link: str) -> None:
    """What an owner must know who lets others on the network come, and the way in for a phone."""
    from newsfeed import config
    from newsfeed.cli import show
    from newsfeed.web import guard

    folder = config.publish_folder(given.settings)
    show.say("Whoever shares this network can read along: the page goes over it as plain http.", style="bold")
    if folder is not None:
        show.say(f"To read only, the published folder is safer: {folder}")
    else:
        show.say(
            'To read only, a synced folder is safer: [publish] folder = "~/Sync/newsfeed" in newsfeed.toml.'
        )
    show.say(guard.qr(link))
