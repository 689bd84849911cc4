"""What commands share: the classes of the command tree, the home with its settings, the clock, common options and
their tab completion."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from newsfeed.errors import NewsfeedError, NotFoundError, SettingsError

if TYPE_CHECKING:
    from newsfeed.model import Day, Settings
    from newsfeed.pipeline.home import Home, Store


Function = TypeVar("Function", bound=Callable[..., Any])
WHOLE = 1_000  # characters of a command's first sentence, more than any has


class _Flags:
    """Hides the type of every flag in the help, since a flag takes no value."""

    def get_params(self, ctx: Any) -> Any:
        params = super().get_params(ctx)  # type: ignore[misc]
        for param in params:
            if getattr(param, "is_flag", False):
                param.metavar = ""
        return params


class Command(_Flags, TyperCommand):
    """One command."""


class Group(_Flags, TyperGroup):
    """A command with subcommands; its help shows them by panel."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        panels: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            if not command.hidden:
                panel = getattr(command, "rich_help_panel", None) or "Commands"
                panels.setdefault(panel, []).append((name, command.get_short_help_str(WHOLE)))
        for panel, rows in panels.items():
            with formatter.section(panel):
                formatter.write_dl(rows)


class App(typer.Typer):
    """A group of our commands."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(cls=Group, **settings)

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Function], Function]:
        """Like typer's, but with our `Command` class."""
        return super().command(name, **{"cls": Command, **settings})


def finite(value: float | None) -> float | None:
    """A callback that refuses "nan", which typer's bounds let through.

    Raises:
        typer.BadParameter: the value is nan.
    """
    if value is not None and math.isnan(value):
        raise typer.BadParameter("it is no number")
    return value


def now() -> datetime:
    """The current time in UTC; NEWSFEED_CLOCK overrides it for tests and for looking at other days."""
    from newsfeed import config

    return config.frozen_clock() or datetime.now(UTC)


class Context:
    """The global options of one call."""

    def __init__(self, home: Path | None) -> None:
        self._given = home

    @cached_property
    def folder(self) -> Path:
        from newsfeed import config

        return config.home_folder(self._given)

    @cached_property
    def settings(self) -> Settings:
        from newsfeed import config

        return config.load(self.folder)

    def home(self, *, minutes: float | None = None) -> Home:
        """The home; it must hold a list, or have held one.

        Raises:
            NotFoundError: the folder is no home.
            SettingsError: newsfeed.toml or the environment is not acceptable.
        """
        from newsfeed.pipeline.home import Home, with_minutes

        if (
            not (self.folder / "feeds.opml").exists()
            and not (self.folder / ".newsfeed" / "newsfeed.db").exists()
        ):
            raise NotFoundError(
                str(self.folder / "feeds.opml"),
                "there is no such list",
                "Run `newsfeed init` to start with a list of ours, or put your own OPML file there.",
            )
        return Home(self.folder, with_minutes(self.settings, minutes), now)

    def fresh_home(self) -> Home:
        """The home with its settings read again."""
        return Context(self.folder).home()

    def secrets(self) -> dict[str, str]:
        """The secrets of the hosts, read now."""
        from newsfeed import config

        return config.secrets(self.settings)


@contextmanager
def opened(context: typer.Context, work: str = "") -> Iterator[tuple[Home, Store]]:
    """The home and its database; holding the home's lock where `work` is named."""
    given: Context = context.obj
    home = given.home()
    with home.lock(work) if work else nullcontext(), home.open_store() as store:
        yield home, store


Offers = list[tuple[str, str]]


def _context(context: typer.Context) -> Context:
    given = context.find_root().params.get("home")
    return Context(Path(given) if given else None)


# Tab completion must never raise.


def offer_feeds(context: typer.Context, incomplete: str) -> Offers:
    """Names of the list's feeds that begin with what was typed."""
    from newsfeed.pipeline.subscriptions.edit import listed

    try:
        found = listed(_context(context).home())
    except NewsfeedError:
        return []
    typed = incomplete.casefold()
    return [(s.title, "/".join(s.folders)) for s in found if s.title and s.title.casefold().startswith(typed)]


def offer_topics(context: typer.Context, incomplete: str) -> Offers:
    """The reader's topics."""
    try:
        known = _context(context).settings.topics
    except NewsfeedError:
        return []
    return [(name, "") for name in known if name.startswith(incomplete)]


def offer_items(context: typer.Context, incomplete: str) -> Offers:
    """The numbers of the newest page, each with its headline."""
    try:
        with _context(context).home().open_store() as store:
            latest = store.latest_edition()
    except NewsfeedError:
        return []
    picks = [p for section in latest.sections for p in section.picks] if latest else []
    return [(str(p.n), p.title) for p in picks if str(p.n).startswith(incomplete)]


Json = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
NoOpen = Annotated[bool, typer.Option("--no-open", help="Don't open it in the browser.")]
FeedName = Annotated[
    str, typer.Argument(help="The feed's address, or part of its name.", autocompletion=offer_feeds)
]
ITEM = typer.Argument(
    metavar="ITEM",
    help="The story: its number on the page, DATE#4, its short id, its link, or words of its title.",
    autocompletion=offer_items,
)
Item = Annotated[str, ITEM]
ItemWords = Annotated[list[str], ITEM]  # so that words of a title need no quotes


def day(text: str) -> Day | None:
    """A date as typed; None for "".

    Raises:
        SettingsError: the text is not a date.
    """
    from newsfeed.model import Day

    try:
        return Day.fromisoformat(text) if text else None
    except ValueError:
        raise SettingsError("--date", f"{text!r} is no date", "Write it as 2026-11-22.") from None
