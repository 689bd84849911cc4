"""For pipes: one JSON line an item."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsfeed.cli import show
from newsfeed.cli.command import Context, now

if TYPE_CHECKING:
    from newsfeed.model import Problem


def read(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="A saved answer; - reads it from stdin.")],
    url: Annotated[
        str, typer.Option(help="The address it came from: decides how it is read, and fixes relative links.")
    ] = "",
) -> None:
    """Read one saved answer as its source would; one JSON line an item. Needs no home."""
    from newsfeed.errors import SettingsError
    from newsfeed.model import Failure
    from newsfeed.pipeline.answers.pipes import item_line, read_answer
    from newsfeed.text.spoken import told

    try:
        body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise SettingsError(
            file, f"can't be read ({error.strerror})", "Name a file, or - for stdin."
        ) from error
    found = read_answer(body, url, now())
    if isinstance(found, Failure):
        show.err.print(f"newsfeed: {told(found.values, found.text, found.repair)}", markup=False)
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
    from newsfeed.pipeline.answers.pipes import stored_lines

    given: Context = context.obj
    home = given.home()
    printed = 0
    with home.open_store() as store:
        for line in stored_lines(home, store, words=" ".join(words or ()), feed=feed, days=days, limit=limit):
            sys.stdout.buffer.write(line + b"\n")
            printed += 1
    sys.stdout.flush()
    if printed == limit:
        show.err.print(f"Stopped at {limit:,} items; --limit N prints more.", markup=False)


def tag(
    folders: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help='Lines of items with "feed" and "folder", a noisy topic label.'),
    ] = None,
    corrections: Annotated[
        Path | None, typer.Option(metavar="FILE", help='Lines of items with "topics", all of them.')
    ] = None,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="Leave out topics below this probability.")
    ] = 0.05,
) -> None:
    """Lines of items in, lines of topics out. Needs no home."""
    from newsfeed.pipeline.answers.pipes import tag_lines

    def lines(path: Path | None) -> list[bytes]:
        return _lines(path) if path else []

    _print_piped(
        *tag_lines(sys.stdin.buffer.read().splitlines(), lines(folders), lines(corrections), threshold)
    )


def group() -> None:
    """Lines of items in, lines of clusters out. Needs no home."""
    from newsfeed.pipeline.answers.pipes import group_lines

    _print_piped(*group_lines(sys.stdin.buffer.read().splitlines()))


def _lines(path: Path) -> list[bytes]:
    from newsfeed.errors import SettingsError

    try:
        return path.read_bytes().splitlines()
    except OSError as error:
        raise SettingsError(
            str(path), f"can't be read ({error.strerror})", "Name a file of JSON lines."
        ) from error


def _print_piped(lines: Sequence[str], problems: Sequence[Problem]) -> None:
    """The good lines on stdout, what is wrong with the others on stderr; exit 1 if there are any, 2 if all are."""

    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()
    for problem in problems:
        show.err.print(f"{problem.text} {problem.repair}".rstrip(), markup=False)
    if problems:
        raise typer.Exit(1 if lines else 2)
