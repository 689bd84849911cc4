"""Items: keep, search and share them; and for pipes, one JSON line each."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsfeed.cli import show
from newsfeed.cli.command import Context, Item, Json, Yes, now, opened

if TYPE_CHECKING:
    from newsfeed.model import Problem


_SEEN = 12  # examples of what a rule would leave out


def keep(
    context: typer.Context,
    item: Item,
    note: Annotated[str | None, typer.Option("--note", "-n", help="A note of your own.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Stop keeping it.")] = False,
) -> None:
    """Keep an item, with a note if you like."""
    from newsfeed.pipeline.answers import keep as keeping
    from newsfeed.pipeline.answers.keep import write_links

    with opened(context) as (home, store):
        if undo:
            show.say(f"No longer kept: {keeping.let_go(home, store, item).title}")
        else:
            one = keeping.keep(home, store, item, note)
            show.say(f"Kept: {one.title} ({one.ref})")
        write_links(home, store)


def kept(
    context: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORDS]", help="Only items with these words.")
    ] = None,
    as_json: Json = False,
) -> None:
    """What you keep, newest first."""
    from newsfeed.pipeline.answers.keep import kept as run

    with opened(context) as (_, store):
        found = run(store, " ".join(words or ()))
    if as_json:
        show.print_json(found)
        return
    if not found:
        show.say("Nothing is kept yet: newsfeed keep ITEM" if not words else "Nothing of it has these words.")
    for one in found:
        show.say(f"{one.kept:%Y-%m-%d}  {one.title} ({one.source}, {one.ref})", style="bold")
        for line in (one.note, one.link):
            if line:
                show.say(f"            {line}")


def search(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="[WORDS]", help="All of these.")] = None,
    topic: Annotated[str, typer.Option(help="Only items on this topic.")] = "",
    source: Annotated[
        str, typer.Option(help="Only from sources whose name contains this, or at this address.")
    ] = "",
    since: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="From this day on.")] = "",
    until: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="Up to this day.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most this many.")] = 20,
    as_json: Json = False,
) -> None:
    """Search all items, whether on a page or not: first those with the words in their title, then the newest."""
    from rich.text import Text

    from newsfeed.pipeline.answers.search import known_by_title
    from newsfeed.pipeline.answers.search import search as run

    with opened(context) as (home, store):
        found = run(
            home,
            store,
            " ".join(words or ()),
            topic=topic,
            source=source,
            since=since,
            until=until,
            limit=limit,
        )
        unread = known_by_title(store)
    if unread:
        show.warn(unread)
    if as_json:
        show.print_json(found)
    elif not found:
        show.say("Nothing was found.")
    for hit in found if not as_json else ():
        title = Text.assemble(*((p.text, "bold" if p.hit else "") for p in hit.title))
        show.out.print(Text.assemble(f"{hit.when:%Y-%m-%d}  ", title, f" ({hit.source}, {hit.ref})"))
        if hit.around:
            show.out.print(
                Text.assemble("            ", *((p.text, "bold" if p.hit else "dim") for p in hit.around))
            )
    raise typer.Exit(0 if found else 2)


def share(
    context: typer.Context,
    item: Annotated[str, typer.Argument(metavar="[ITEM]", help="A kept item.")] = "",
    week: Annotated[
        bool, typer.Option("--week", help="The links with a note of the last seven days.")
    ] = False,
    md: Annotated[bool, typer.Option("--md", help="As Markdown.")] = False,
    as_html: Annotated[bool, typer.Option("--html", help="As HTML.")] = False,
) -> None:
    """Print a kept item, or the week's links with your notes, as text to pass on. Nothing is sent."""
    from newsfeed.errors import SettingsError
    from newsfeed.pipeline.answers import keep as keeping

    home = context.obj.home()
    if bool(item) == week:
        raise SettingsError(
            "share", "wants one kept item, or --week", "For example: newsfeed share --week --md"
        )
    with home.open_store() as store:
        if week:
            sys.stdout.write(
                keeping.links_of_week(home, store, "md" if md else "html" if as_html else "text")
            )
            return
        one = keeping.keep(home, store, item)
    found = keeping.share(home.settings, one)
    show.say(found.text)
    for way in found.ways:
        show.say(f"{way.name}: {way.href}")


def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="[FILE]", help="The zip to write.")] = Path("newsfeed.zip"),
) -> None:
    """Export everything of yours in one zip: kept links and notes (JSON, Markdown), thumbs, corrections, your list (OPML)."""
    from newsfeed.pipeline.answers.keep import everything
    from newsfeed.pipeline.home import put

    with opened(context) as (home, store):
        put(file, everything(home, store))
    show.say(f"wrote {file}")


def mute(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(metavar="WORD", help="A word or name to mute; with an option, a source or a topic."),
    ],
    source: Annotated[
        bool, typer.Option("--source", help="Mute a source: its address, or part of its name.")
    ] = False,
    topic: Annotated[bool, typer.Option("--topic", help="Mute a topic.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Remove the rule.")] = False,
    yes: Yes = False,
) -> None:
    """Mute a word, a source or a topic; first shows what that would have left out of your last week."""
    from newsfeed.pipeline.answers import mute as muting
    from newsfeed.pipeline.subscriptions.edit import key_of, named

    home = context.obj.home()
    kind = "source" if source else "topic" if topic else "word"
    what = key_of(named(home, what)[0].url) if source else what
    with home.open_store() as store:
        if undo:
            show.say(muting.mute(home, kind, what, on=False) or "It was not muted.")
            return
        found = muting.preview(home, store, kind, what)
        show.say(
            f"{found.label} would have kept out {show.plural(len(found.items), 'item')} of the last week, "
            f"{found.shown} of them on a page.",
            style="bold",
        )
        for one in found.items[:_SEEN]:
            show.say(f"  {'*' if one.shown else ' '} {one.title} ({one.source})")
        if len(found.items) > _SEEN:
            show.say(f"    and {len(found.items) - _SEEN} more")
        show.say(found.diff)
        show.agreed("Mute it?", yes=yes, unasked="With --yes it is.")
        muting.mute(home, kind, what, on=True)
    show.say("In force from the next page on; back with --undo.")


def read(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="A saved answer; - reads it from stdin.")],
    url: Annotated[
        str, typer.Option(help="The address it came from: decides how it is read, and fixes relative links.")
    ] = "",
) -> None:
    """Read one saved answer as its source would; one JSON line per item. Needs no home."""
    from newsfeed.model import Failure
    from newsfeed.pipeline.answers.pipes import item_line, read_answer
    from newsfeed.text.spoken import told

    body = sys.stdin.buffer.read() if file == "-" else _read(Path(file), "Name a file, or - for stdin.")
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
        list[str] | None,
        typer.Argument(metavar="[WORDS]", help="Only items that contain all of these words."),
    ] = None,
    feed: Annotated[str, typer.Option(help="Only feeds whose name or address contains this.")] = "",
    days: Annotated[float, typer.Option(min=0, help="First seen within this many days.")] = 1.0,
    limit: Annotated[int, typer.Option(min=1)] = 1000,
) -> None:
    """Print the stored items, newest first, one JSON line each."""
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
        return _read(path, "Name a file of JSON lines.").splitlines() if path else []

    _print_piped(
        *tag_lines(
            sys.stdin.buffer.read().splitlines(), lines(folders), lines(corrections), threshold=threshold
        )
    )


def group() -> None:
    """Lines of items in, lines of clusters out. Needs no home."""
    from newsfeed.pipeline.answers.pipes import group_lines

    _print_piped(*group_lines(sys.stdin.buffer.read().splitlines()))


def _read(path: Path, repair: str) -> bytes:
    from newsfeed.errors import SettingsError

    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(str(path), f"can't be read ({error.strerror})", repair) from error


def _print_piped(lines: Sequence[str], problems: Sequence[Problem]) -> None:
    """Print the good lines on stdout and what is wrong with the others on stderr; exit 1 if any is wrong, 2 if all are."""
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()
    for problem in problems:
        show.err.print(f"{problem.text} {problem.repair}".rstrip(), markup=False)
    if problems:
        raise typer.Exit(1 if lines else 2)
