"""The command tree. Slow modules are imported inside the commands, so that `--help` answers at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated

import typer

from newsfeed import __version__
from newsfeed.cli import (
    care_commands,
    feeds_commands,
    items_commands,
    mail_commands,
    morning_commands,
    service_commands,
    show,
    team_commands,
    topics_commands,
    why_commands,
)
from newsfeed.cli.command import App, Context
from newsfeed.errors import NewsfeedError

STOPPED = "Stopped. Whatever was finished is kept, nothing is half done; the same command goes on from there."
COMPLETION = "_NEWSFEED_COMPLETE"  # set by a shell that asks for completions
INTERRUPTED = 130  # exit code after Ctrl-C


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"newsfeed {__version__}")
        raise typer.Exit


def _root(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(
            "--home",
            metavar="DIR",
            help="The home folder. Default: NEWSFEED_HOME, or this folder if it holds feeds.opml, or your data folder.",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print where things stand as JSON (without a command).")
    ] = False,
) -> None:
    """Bare `newsfeed` prints where things stand and the one sensible next command."""
    context.obj = Context(home)
    if context.invoked_subcommand is None:
        raise typer.Exit(care_commands.status(context.obj, as_json=as_json))
    if as_json:
        raise typer.BadParameter("write it after the command", param_hint="--json")


# All commands by their panel in the help, in that order. Each is named after its function or its group.
COMMANDS: Mapping[str, Sequence[Callable[..., None] | App]] = {
    "Every morning": (
        morning_commands.digest,
        morning_commands.refresh,
        service_commands.run,
        service_commands.schedule_app,
        service_commands.serve,
        mail_commands.mail_app,
    ),
    "Sources": (feeds_commands.feeds_app, feeds_commands.people),
    "Keep and share": (
        items_commands.keep,
        items_commands.kept,
        items_commands.search,
        items_commands.share,
        items_commands.export,
        items_commands.mute,
    ),
    "Topics": (topics_commands.topics_app,),
    "Why": (
        why_commands.why,
        why_commands.breadth,
        why_commands.simulate,
        why_commands.like,
        why_commands.dislike,
    ),
    "Care": (
        care_commands.init,
        care_commands.doctor,
        care_commands.backup,
        care_commands.restore,
        morning_commands.demo,
        service_commands.uninstall,
    ),
    "Team": (team_commands.team_app,),
    "For pipes": (items_commands.read, items_commands.items, items_commands.tag, items_commands.group),
}


def _called(command: Callable[..., None] | App) -> str:
    return str(command.info.name if isinstance(command, App) else command.__name__)


show.HINTED |= {_called(command) for commands in COMMANDS.values() for command in commands}


def tree(only: str | None = None) -> App:
    """The command tree: all of it, or just the command `only` ("" for none)."""
    app = App(
        name="newsfeed",
        help="feeds.opml in, one finishable morning page out: every topic in its place and every choice explained.",
        no_args_is_help=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # loading rich would take as long as everything else
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_root)
    for panel, commands in COMMANDS.items():
        for command in commands:
            if only not in (None, _called(command)):
                continue
            if isinstance(command, App):
                app.add_typer(command, name=command.info.name, rich_help_panel=panel)
            else:
                app.command(command.__name__, rich_help_panel=panel)(command)
    return app


@cache
def _runnable(only: str | None) -> Callable[..., object]:
    """The tree as typer runs it. Building all of it takes as long as running a small command."""
    return typer.main.get_command(tree(only))


def _wanted(words: Sequence[str]) -> str | None:
    """The command that is called, "" for none; None if all must be known, as for help, completion and misspelt commands."""
    rest = iter(words)
    for word in rest:
        if word == "--home":
            next(rest, None)
        elif not word.startswith("-"):
            return word if word in show.HINTED else None
        elif word not in {"--json", "--version"} and not word.startswith("--home="):
            return None
    return None if COMPLETION in os.environ else ""


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 fine, 1 done with failures named, 2 nothing done."""
    words = list(sys.argv[1:] if argv is None else argv)
    if "correct" in words and not {"-h", "--help", "--"} & set(words):
        # "-finance" removes a topic; it is not a bundle of short options.
        place = words.index("correct") + 1
        words.insert(place, "--")
    before = sys.stdout
    try:
        _runnable(_wanted(words))(args=words, prog_name="newsfeed")
    except NewsfeedError as error:
        show.complain(error)
        return 2
    except SystemExit as end:
        if end.code == INTERRUPTED:
            sys.stderr.write(f"\n{STOPPED}\n")
        if sys.stdout is not before:
            # Typer replaces stdout when the reader of our output has closed it, which is no error.
            return 0
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    return 0
