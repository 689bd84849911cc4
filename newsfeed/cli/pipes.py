"""For pipes: one JSON line an item."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from newsfeed.cli.context import Context, now

PANEL = "For pipes"


def register(app: typer.Typer) -> None:
    """Put this module's commands into the tree."""
    app.command("read", rich_help_panel=PANEL)(read)
    app.command("items", rich_help_panel=PANEL)(items)


def read(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="A saved answer; - reads it from stdin.")],
    url: Annotated[
        str, typer.Option(help="The address it came from: decides how it is read, and mends relative links.")
    ] = "",
) -> None:
    """Read one saved answer as its source would; one JSON line an item. Needs no home."""
    from newsfeed.cli import show
    from newsfeed.errors import SettingsError
    from newsfeed.model import Failure
    from newsfeed.pipeline.pipes import item_line, read_answer

    try:
        body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise SettingsError(
            file, f"can't be read ({error.strerror})", "Name a file, or - for stdin."
        ) from error
    found = read_answer(body, url, now())
    if isinstance(found, Failure):
        show.err.print(f"newsfeed: {found.text} {found.repair}".rstrip(), markup=False)
        raise typer.Exit(1)
    facts = " · ".join(
        part
        for part in (found.title, found.html_url, found.language, show.plural(len(found.items), "item"))
        if part
    )
    show.err.print(facts, markup=False)
    for problem in found.problems:
        show.err.print(f"line {problem.line}: {problem.text}" if problem.line else problem.text, markup=False)
    for item in found.items:
        sys.stdout.buffer.write(item_line(item) + b"\n")
    sys.stdout.flush()


def items(
    context: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORDS]", help="Only items that hold all of these.")
    ] = None,
    feed: Annotated[str, typer.Option(help="Only feeds whose name or address holds this.")] = "",
    days: Annotated[float, typer.Option(min=0, help="First seen within so many days.")] = 1.0,
    limit: Annotated[int, typer.Option(min=1)] = 1000,
) -> None:
    """The stored items, newest first; one JSON line each."""
    from newsfeed.pipeline.pipes import stored_lines

    given: Context = context.obj
    home = given.home()
    with home.open_store() as store:
        for line in stored_lines(home, store, words=" ".join(words or ()), feed=feed, days=days, limit=limit):
            sys.stdout.buffer.write(line + b"\n")
    sys.stdout.flush()
