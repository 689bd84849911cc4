"""Output to a terminal: the console, errors, tables, and how times are worded."""

from __future__ import annotations

import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from functools import cache, cached_property
from io import StringIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import typer

from newsfeed.errors import NewsfeedError

if TYPE_CHECKING:
    from rich.console import Console

    from newsfeed.model import Problem


HINTED = {"--home"}  # what may follow `newsfeed` in a hint that can be run; all commands are added
_HINT = re.compile(r"(?<![\w/.-])newsfeed(?= (--home|[a-z]+)\b)")
_WHOLE = 10_000  # columns: wider than any line of a table


class Terminal:
    """stdout or stderr. rich, which is slow to load, is used on a terminal and for anything longer than a line; in a pipe or
    a file, lines are written as they are."""

    def __init__(self, *, stderr: bool = False) -> None:
        self._stderr = stderr

    @cached_property
    def console(self) -> Console:
        """The console of rich."""
        from rich.console import Console

        return Console(highlight=False, soft_wrap=True, stderr=self._stderr)

    @property
    def file(self) -> IO[str]:
        return self.console.file

    @property
    def is_terminal(self) -> bool:
        stream = sys.stderr if self._stderr else sys.stdout
        # Decided as rich does, which also reads the environment.
        asked = any(name in os.environ for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"))
        return self.console.is_terminal if asked or stream.isatty() else False

    def print(self, what: object, **how: Any) -> None:
        self.console.print(what, **how)

    def line(self, text: str, style: str = "") -> None:
        """Write one line; nothing in it is read as markup."""
        if self.is_terminal:
            from rich.text import Text

            self.print(Text(text, style=style))
        else:
            (sys.stderr if self._stderr else sys.stdout).write(f"{text.translate(_CONTROLS)}\n")


_CONTROLS = dict.fromkeys((7, 8, 11, 12, 13))  # what rich removes from every text
out, err = Terminal(), Terminal(stderr=True)


def say(text: str = "", style: str = "") -> None:
    """Print one line that may hold text from outside, without interpreting markup."""
    out.line(runnable(text), style)


def warn(text: str) -> None:
    """Print one line to stderr, without interpreting markup."""
    err.line(runnable(text))


@cache
def program() -> str:
    """The command to call newsfeed by: its name where that is on the PATH, else the path this process was started with."""
    called = Path(sys.argv[0])
    if called.name != "newsfeed" or shutil.which("newsfeed"):
        return "newsfeed"
    return (
        os.path.relpath(called)
        if called.is_relative_to(Path.cwd()) or not called.is_absolute()
        else str(called)
    )


def runnable(text: str) -> str:
    """The sentence with its hints rewritten so that they can be run as they are, even in a clone where `newsfeed` is not
    on the PATH."""
    if program() == "newsfeed":
        return text
    return _HINT.sub(lambda found: program() if found[1] in HINTED else found[0], text)


def complain(error: NewsfeedError) -> None:
    """Print an error and its repair to stderr."""
    head = f"{error.subject}: {error.cause}" if error.subject else error.cause
    if err.is_terminal:
        from rich.text import Text

        err.print(Text.assemble(("newsfeed: ", "bold red"), head))
    else:
        err.line(f"newsfeed: {head}")
    if error.repair:
        warn(error.repair)


def write(file: str, data: bytes) -> None:
    """Write a file, or to stdout for "-".

    Raises:
        DeliveryError: it can't be written.
    """
    from newsfeed.pipeline.home import put

    if file == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    else:
        put(Path(file), data)
        say(f"wrote {file}")


def say_broken_list(why: str) -> None:
    """Say on stderr that feeds.opml is not the list in use, and why."""
    warn(f"feeds.opml can't be read, the last good list is in force: {why}")


def agreed(question: str, *, yes: bool = False, no: str = "Nothing was changed.", unasked: str = "") -> None:
    """Ask the reader. If the answer is no, or there is nobody to ask, say so and exit with 1."""
    asked = yes or sys.stdin.isatty()
    if not yes and not (asked and typer.confirm(question)):
        say(no if asked else f"{no} {unasked}".strip())
        raise typer.Exit(1)


def open_in_browser(address: str) -> None:
    """Open a page in the browser if there is a display."""
    from newsfeed import config

    if config.has_display():
        import webbrowser

        webbrowser.open(address)


def is_wrong(problems: Sequence[Problem]) -> bool:
    """Whether a list has problems other than a feed listed twice, which does no harm."""
    return any(not problem.harmless for problem in problems)


def print_json(value: Any) -> None:
    """Print one JSON document on stdout, with each phrase and its values joined into a sentence."""
    import msgspec

    told = _told(msgspec.json.decode(msgspec.json.encode(value)))
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n")


def _told(value: Any) -> Any:
    from newsfeed.text import spoken

    if isinstance(value, list):
        return [_told(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    told = {name: _told(inner) for name, inner in value.items()}
    if isinstance(values := value.get("values"), dict) and values:
        for name in ("cause", "text", "repair"):
            if isinstance(phrase := value.get(name), str) and "{" in phrase:
                told[name] = spoken.say(phrase, **values)
    return told


def table(*columns: str) -> Any:
    """An unobtrusive table: no lines except one under its header."""
    from rich import box
    from rich.table import Table

    named = any(column.lstrip(">") for column in columns)
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, show_header=named, header_style="dim")
    for column in columns:
        right = column.startswith(">")
        made.add_column(column.lstrip(">"), justify="right" if right else "left", overflow="fold")
    return made


def print_table(made: Any) -> None:
    """Print a table, cut to the terminal's width; in a pipe or a file it is complete."""
    if out.is_terminal:
        out.print(made)
    else:
        from rich.console import Console

        drawn = StringIO()
        Console(file=drawn, width=_WHOLE, highlight=False, soft_wrap=True).print(made)
        out.file.write("".join(f"{line.rstrip()}\n" for line in drawn.getvalue().splitlines()))


def _is_narrow(cell: str) -> bool:
    """Whether every character of a text is one column wide."""
    if cell.isascii():
        return cell.isprintable()
    return cell.isprintable() and not any(
        unicodedata.combining(c) or unicodedata.east_asian_width(c) in "WF" or unicodedata.category(c) == "Cf"
        for c in cell
    )


def print_rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table of plain texts; the header of a right-aligned column begins with ">". Into a pipe or a file it is
    written without rich, which would take .14 s for a thousand rows."""
    if out.is_terminal or not all(_is_narrow(cell) for row in rows for cell in row):
        from rich.text import Text

        made = table(*head)
        for row in rows:
            made.add_row(*map(Text, row))
        print_table(made)
        return
    names = [name.lstrip(">") for name in head]
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    sides = [">" if name.startswith(">") else "<" for name in head]
    lines = [
        "   ".join(
            f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True)
        ).rstrip()
        for row in (names, *rows)
    ]
    if any(names):
        lines.insert(1, "─" * (sum(widths) + 3 * (len(widths) - 1)))
    else:
        del lines[0]
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def age(then: datetime | None, now: datetime) -> str:
    """How long ago a moment was, in the largest whole unit."""
    if then is None:
        return "never"
    seconds = (now - then).total_seconds()
    if seconds < 0:
        return "just now"
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            n = int(seconds // size)
            return f"{plural(n, unit)} ago"
    return "just now"


def short_age(then: datetime | None, now: datetime) -> str:
    """How long ago a moment was, for a narrow column: "2 min", "5 h", "12 days"."""
    words = age(then, now).removesuffix(" ago").split()
    units = {"minute": "min", "minutes": "min", "hour": "h", "hours": "h"}
    return " ".join(units.get(word, word) for word in words)


def clock_time(moment: datetime | None, zone: str, now: datetime) -> str:
    """A moment in the reader's zone: "07:10" today, else with its day."""
    if moment is None:
        return "-"
    local, today = moment.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    return f"{local:%a %H:%M}" if abs((local.date() - today).days) < 7 else f"{local.day} {local:%b %H:%M}"


def plural(n: int, word: str, many: str = "") -> str:
    """ "1 feed", "2 feeds"."""
    return f"{n} {word if n == 1 else many or word + 's'}"
