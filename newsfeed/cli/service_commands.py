"""Commands for running without the reader: run, schedule, serve, and uninstall, which removes them."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsfeed.cli import care_commands, show
from newsfeed.cli.command import App, Context, NoOpen, Yes, now

if TYPE_CHECKING:
    from newsfeed.schedule.starting import Plan


schedule_app = App(
    name="schedule", help="Make the page every morning by itself: on, off, status.", no_args_is_help=True
)


def run(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, then exit; for cron.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing unless something is wrong.")] = False,
    with_app: Annotated[
        bool, typer.Option("--serve", help="Also run the local app, like newsfeed serve.")
    ] = False,
) -> None:
    """Run until stopped: ask feeds when due, and have the page (and the mail) ready at your hour."""
    from newsfeed.schedule.running import Runner

    given: Context = context.obj
    care_commands.ensure_settings(given)

    kept: list[str] = []

    def say(line: str) -> None:
        kept.append(line)
        if not quiet:
            print(line, flush=True)  # noqa: T201 - a line for the journal, whole and at once

    runner = Runner(given.fresh_home, say)
    if not once:
        from contextlib import nullcontext

        with beside(given, say) if with_app else nullcontext():
            raise typer.Exit(runner.run())
    good = runner.look()
    if quiet and not good:
        for line in kept:
            show.err.print(line, markup=False)
    raise typer.Exit(0 if good else 1)


def _plan(given: Context, kind: str, *, app: bool = False) -> Plan:
    from newsfeed.errors import SettingsError
    from newsfeed.schedule import starting

    if kind not in {"", starting.SYSTEMD, starting.LAUNCHD, starting.CRON}:
        raise SettingsError("--by", f"{kind!r} is no choice", "Allowed: systemd, launchd, cron.")
    return starting.plan(given.folder, kind, app=app)


ByOption = Annotated[
    str, typer.Option("--by", help="systemd, launchd or cron. Default: what this machine has.")
]


@schedule_app.command()
def on(
    context: typer.Context,
    by: ByOption = "",
    yes: Yes = False,
    app: Annotated[
        bool | None, typer.Option("--serve/--no-serve", help="Have the local app running too. Default: asks.")
    ] = None,
) -> None:
    """Start newsfeed with your session; shows what it would write, and asks."""
    from newsfeed.schedule import starting

    given: Context = context.obj
    home = given.home()
    if app is None:
        question = "Have the app in your browser running beside it (newsfeed serve)?"
        app = not yes and sys.stdin.isatty() and typer.confirm(question)
    found = _plan(given, by, app=app)
    if found.kind == starting.CRON:
        show.say(f"{'' if by else 'There is no systemd here. '}Add this with `crontab -e`:")
        show.say()
        show.say(found.text)
        return
    show.say(f"This goes into {found.path}:", style="bold")
    show.say()
    show.say(found.text)
    for command in found.on:
        show.say(f"then: {' '.join(command)}")
    show.agreed("Write it and start newsfeed?", yes=yes, no="Nothing was written.")
    if trouble := starting.switch_on(found):
        for line in trouble:
            show.err.print(line, markup=False)
        show.say(f"{found.path} is written, but newsfeed was not started: fix that, then run this again.")
        show.say(
            "Or use cron: newsfeed schedule off, then newsfeed schedule on --by cron; or leave newsfeed run open."
        )
        raise typer.Exit(1)
    setting = home.settings.schedule
    show.say(f"On: the page is there at {setting.hour} ({home.settings.timezone}).")
    if found.kind == starting.SYSTEMD:
        show.say("To have it also while you are logged out: loginctl enable-linger")


@schedule_app.command()
def off(context: typer.Context, by: ByOption = "") -> None:
    """Stop newsfeed and remove what `schedule on` wrote."""
    from newsfeed.schedule import starting

    given: Context = context.obj
    found = _plan(given, by, app=True)
    if not by:
        found = starting.written(given.folder) or found
    if found.kind == starting.CRON:
        show.say("If you added lines to your crontab, remove them with `crontab -e`:")
        show.say(found.text)
        return
    if not starting.is_on(found):
        show.say("It is off already.")
        return
    for line in starting.switch_off(found):
        show.err.print(line, markup=False)
    show.say(f"Off: {found.path} is removed.")


@schedule_app.command()
def status(context: typer.Context) -> None:
    """Show whether it is on and alive, when it runs next, and what was missed."""
    from newsfeed.pipeline import signs
    from newsfeed.pipeline.days import Act, wanted
    from newsfeed.schedule import starting
    from newsfeed.schedule.running import Runner

    given: Context = context.obj
    home = given.home()
    found = starting.written(given.folder) or _plan(given, "")
    beat = signs.read_beat(home)
    with home.open_store() as store:
        due = Runner(lambda: home, show.say).decide(home, store)
        done = store.done(home.today)
        by_hand = not done and store.edition(home.today) is not None
        mails = store.mails()[-1:]
    written = "on" if starting.is_on(found) else "off" if found.path else "cron or by hand"
    show.say(f"Schedule   {written}" + (f" ({found.path})" if written == "on" else ""))
    if beat is None:
        show.say("Running    no")
    elif beat.once:
        show.say(f"Running    look by look (run --once), last {show.age(beat.at, now())}")
    elif beat.alive(now()):
        show.say(f"Running    process {beat.pid}, {beat.doing or 'waiting'}")
    else:
        show.say(f"Running    no: its last sign of life was {show.age(beat.at, now())}")
    is_due = due.act == Act.DELIVER and due.day == home.today
    today_is = (
        "done"
        if done
        else "made by hand: newsfeed run hands it out at once"
        if by_hand and is_due
        else "due now: newsfeed run makes it at once"
        if is_due
        else "made by hand, to be handed out at its hour"
        if by_hand
        else "not yet"
        if wanted(home.today, home.settings.schedule.days)
        else "a day without an edition, by [schedule] days"
    )
    show.say(f"Today      {today_is}")
    for row in mails:
        show.say(f"Mail       of {row.date}: {row.state}")
    show.say(f"Next       {show.clock_time(due.next, home.settings.timezone, now())}")
    if due.missed:
        show.say(f"Missed     {', '.join(map(str, due.missed))}")
    alive = beat is not None and beat.alive(now())
    raise typer.Exit(1 if written == "on" and not alive else 0)


def uninstall(
    context: typer.Context,
    purge: Annotated[bool, typer.Option("--purge", help="Also remove pages, database and settings.")] = False,
    yes: Yes = False,
) -> None:
    """Remove the schedule and say where your data is; with --purge remove that too, after asking."""
    from newsfeed import config
    from newsfeed.schedule import starting

    given: Context = context.obj
    for kind in (starting.SYSTEMD, starting.LAUNCHD):
        found = _plan(given, kind)
        if starting.is_on(found):
            for line in starting.switch_off(found):
                show.err.print(line, markup=False)
            show.say(f"removed: {found.path}")
    _say_what_is_elsewhere(given)
    folder = given.folder
    ours = (folder / "site", folder / ".newsfeed", folder / config.FILE, folder / "feeds.opml.bak")
    data = [p for p in ours if p.exists()]
    if not data:
        show.say(f"There is no data of newsfeed in {folder}.")
    for path in data:
        show.say(f"data: {path}")
    if purge and data:
        show.agreed(
            "Remove all of this for good? feeds.opml stays.",
            yes=yes,
            no="It stays.",
            unasked="Nobody could be asked: newsfeed uninstall --purge --yes removes it.",
        )
        _purge(given, data)
    elif data:
        show.say("It stays; newsfeed uninstall --purge removes it.")
    show.say(f"Your list stays: {folder / 'feeds.opml'}")
    show.say("The program itself: uv tool uninstall morning-newsfeed, or delete its folder.")


def _say_what_is_elsewhere(given: Context) -> None:
    """Name what we can't remove ourselves: a line of the crontab, and the mirrored pages."""
    from newsfeed import config
    from newsfeed.errors import NewsfeedError
    from newsfeed.schedule import starting

    show.say(
        "If you added lines for newsfeed to your crontab, remove them with `crontab -e`; they are like these:"
    )
    show.say(_plan(given, starting.CRON, app=True).text)
    try:
        folder = config.publish_folder(given.settings)
    except NewsfeedError:
        return  # with unreadable settings we don't know the folder
    if folder is not None:
        show.say(f"The published copy stays: {folder}")


def _purge(given: Context, data: list[Path]) -> None:
    from newsfeed import config
    from newsfeed.errors import NewsfeedError, SettingsError
    from newsfeed.pipeline.home import Home

    try:
        settings = given.settings
    except NewsfeedError:
        settings = None  # with unreadable settings we know of no keyring and no mirror
    if settings is not None:
        if settings.mail.password.keyring:
            config.forget_in_keyring(settings.mail.password.keyring)
        with (
            Home(given.folder, settings, now).run_lock(),
            Home(given.folder, settings, now).lock("uninstall"),
        ):
            pass  # nothing is running in this home
    for path in data:
        try:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        except OSError as error:
            raise SettingsError(
                str(path), f"can't be removed ({error.strerror})", "Remove it by hand."
            ) from error
        show.say(f"removed: {path}")


PORT = 8765  # needs no privileges; named in the README


def serve(
    context: typer.Context,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Where to listen; 0 takes any free port.")
    ] = PORT,
    no_open: NoOpen = False,
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
    from newsfeed.pipeline import signs
    from newsfeed.web import access, listening

    given: Context = context.obj
    care_commands.ensure_home(given)
    home = given.home()
    if new_token:
        access.keys(home.inner, new=True)
        show.say("There is a new key; links and browsers that had the old one are locked out.")
        if signs.app_place(home) is not None:
            show.say("The app that runs now still takes the old one: end it and start it again.")
    elif (place := signs.app_place(home)) is not None:
        # It is already running, in another terminal or with the schedule: open that one.
        found = listening.link(home, place)
        show.say(f"The app of this home runs already: {found}")
        if not no_open:
            show.open_in_browser(found)
        return
    address = listening.checked_address(listen) if listen else signs.LOCAL

    def ready(link: str) -> None:
        show.say(link)
        if listen:
            _say_of_network(given, link)
        if not no_open:
            show.open_in_browser(link)
        show.say("Ctrl-C ends it.")

    listening.serve(given.fresh_home, address=address, port=port, ready=ready)


@contextmanager
def beside(given: Context, say: Callable[[str], None]) -> Iterator[None]:
    """Run the app in its own thread as long as something else runs; if it fails, the rest goes on."""
    from newsfeed.errors import NewsfeedError
    from newsfeed.pipeline import signs
    from newsfeed.web import listening

    stop = threading.Event()

    def ready(link: str) -> None:
        # A journal is stored, so the key must stay out of it.
        say(f"The app is at {link.partition('?k=')[0]}; newsfeed serve opens it.")

    def run() -> None:
        try:
            listening.serve(given.fresh_home, address=signs.LOCAL, port=PORT, ready=ready, stop=stop)
        except NewsfeedError as error:
            say(" ".join(str(error).split()))

    thread = threading.Thread(target=run, name="serve", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)


def _say_of_network(given: Context, link: str) -> None:
    """Print what to know before opening the app to the network, and how a phone gets in."""
    from newsfeed import config
    from newsfeed.web import access

    folder = config.publish_folder(given.settings)
    show.say("Whoever shares this network can read along: the page goes over it as plain http.", style="bold")
    if folder is not None:
        show.say(f"To read only, the published folder is safer: {folder}")
    else:
        show.say(
            'To read only, a synced folder is safer: [publish] folder = "~/Sync/newsfeed" in newsfeed.toml.'
        )
    show.say(access.qr(link))
