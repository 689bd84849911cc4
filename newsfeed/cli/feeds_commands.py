"""Commands about sources: the list of feeds, the health of each, and suggested people to follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsfeed.cli import show
from newsfeed.cli.command import App, Context, FeedName, Json, Yes, now, opened

if TYPE_CHECKING:
    from newsfeed.feeds.health import FeedHealth


feeds_app = App(
    name="feeds",
    help="The list of feeds: show, add, remove, move, check, repair, import, export.",
    no_args_is_help=True,
)


@feeds_app.command("list")
def list_feeds(context: typer.Context, as_json: Json = False) -> None:
    """Every feed by folder, with its rhythm and when it last had something."""
    from rich.text import Text

    from newsfeed.pipeline.subscriptions.check import listing

    with opened(context) as (home, store):
        rows, broken = listing(home, store)
    if broken:
        show.say_broken_list(broken)
    if as_json:
        show.print_json(rows)
        raise typer.Exit(1 if broken else 0)
    table = show.table("Folder", "Feed", ">A week", "Last new", "State")
    for row in rows:
        state = Text("failing", style="red") if row.cause else Text("")
        table.add_row(
            Text(row.folder),
            Text(row.name),
            f"{row.items_a_week:.0f}" if row.items_a_week else "",
            show.age(row.last_new, now()),
            state,
        )
    show.print_table(table)
    show.say(f"{show.plural(len(rows), 'feed')} in {'the last good list' if broken else home.list_path}")
    raise typer.Exit(1 if broken else 0)


@feeds_app.command()
def add(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="The address of a feed, a website or a profile.")],
    folder: Annotated[
        str, typer.Option("--folder", "-f", help="The folder to put it in; nested ones are separated by /.")
    ] = "",
    title: Annotated[
        str, typer.Option("--title", "-t", help="Your name for it. Default: its own title.")
    ] = "",
) -> None:
    """Find the feed behind an address and add it to feeds.opml."""
    from newsfeed.pipeline.subscriptions.add import add as run
    from newsfeed.pipeline.subscriptions.add import unlisted_words

    given: Context = context.obj
    home = given.home()
    with home.lock("feeds add"):
        done = run(home, address, folder=folder, title=title, secrets=given.secrets())
    kind = f", read as {done.kind}" if done.kind else ""
    show.say(
        f"added: {done.title} ({done.url}{kind}){' in ' + done.folder if done.folder else ''}, {show.plural(done.items, 'item')} to read"
    )
    if done.unlisted:
        show.say(unlisted_words(done.unlisted))
    show.say("Next: newsfeed refresh")


@feeds_app.command()
def remove(
    context: typer.Context,
    feed: FeedName,
    yes: Yes = False,
) -> None:
    """Take a feed out of feeds.opml; its history stays, and it goes on if you add it again."""
    from newsfeed.pipeline.subscriptions import edit as editing

    home = context.obj.home()
    with home.lock("feeds remove"):
        found, exact = editing.named(home, feed)
        line = f"line {found.line}: {editing.told(found)}"
        if not exact:
            show.say(line)
        show.agreed(
            "Remove it?",
            yes=exact or yes,
            no="It stays.",
            unasked="That is not its whole name, and nobody could be asked: add --yes to remove it.",
        )
        editing.write(home, editing.change(home, editing.removed(found.url)))
    show.say(f"removed: {line}")
    show.say("To take that back: newsfeed feeds undo")


@feeds_app.command()
def undo(context: typer.Context) -> None:
    """Undo the last change that a command made in feeds.opml; a second undo makes the change again."""
    from newsfeed.pipeline.subscriptions.edit import undo as run

    home = context.obj.home()
    with home.lock("feeds undo"):
        came, went = run(home)
    for sign, names in (("+", came), ("−", went)):
        for name in names:
            show.say(f"{sign} {name}")
    show.say("feeds.opml is as it was before the last command changed it.")


@feeds_app.command()
def move(
    context: typer.Context,
    feed: FeedName,
    folder: Annotated[str, typer.Argument(help="The folder; nested ones are separated by /.")],
) -> None:
    """Move a feed into another folder of feeds.opml."""
    from newsfeed.pipeline.subscriptions.edit import moved

    name, _ = _edit(context.obj, "move", feed, lambda url: moved(url, folder))
    show.say(f"moved: {name} to {folder}")


@feeds_app.command()
def rename(
    context: typer.Context,
    feed: FeedName,
    name: Annotated[str, typer.Argument(help="Its new name.")],
) -> None:
    """Give a feed another name in feeds.opml."""
    from newsfeed.pipeline.subscriptions.edit import renamed

    _, diff = _edit(context.obj, "rename", feed, lambda url: renamed(url, name))
    show.say(diff or "Nothing was changed.")


@feeds_app.command(name="set")
def set_option(
    context: typer.Context,
    feed: FeedName,
    option: Annotated[
        str, typer.Argument(help="mute, must-read, weight, cap …, without the prefix newsfeed-.")
    ],
    value: Annotated[str, typer.Argument(help="Its value; an empty one removes the option.")] = "",
) -> None:
    """Set an option that only newsfeed reads on a feed, such as must-read yes; without a value, remove it."""
    from newsfeed.pipeline.subscriptions.edit import with_option

    _, diff = _edit(context.obj, "set", feed, lambda url: with_option(url, option, value or None))
    show.say(diff or "Nothing was changed.")


def _edit(
    given: Context, label: str, feed: str, edit: Callable[[str], Callable[[bytes], bytes]]
) -> tuple[str, str]:
    """Edit the entry of one feed in the list; returns the feed's name and what was changed."""
    from newsfeed.pipeline.subscriptions import edit as editing

    home = given.home()
    with home.lock(f"feeds {label}"):
        found, _ = editing.named(home, feed)
        made = editing.change(home, edit(found.url))
        editing.write(home, made)
    return editing.name_of(found), made.diff


def _since(state: str, failing_since: datetime | None) -> str:
    """ "failing since 12 Nov"; the date is left out on the first day."""
    return f"{state} since {failing_since.day} {failing_since:%b}" if failing_since else state


@feeds_app.command()
def check(
    context: typer.Context,
    ask: Annotated[bool, typer.Option("--ask", help="Ask the failing feeds again now.")] = False,
    every: Annotated[
        bool,
        typer.Option("--all/--brief", help="Also list healthy feeds, with figures for the last 90 days."),
    ] = True,
    as_json: Json = False,
) -> None:
    """What is wrong with the list and with each feed, and how to fix it."""
    from rich.padding import Padding
    from rich.text import Text

    from newsfeed.cli.bar import Bar
    from newsfeed.feeds.health import HealthState
    from newsfeed.pipeline.subscriptions.check import check as run

    given: Context = context.obj
    home = given.home()
    with Bar() as bar, home.lock("feeds check"), home.open_store() as store:
        found = run(home, store, ask=ask, secrets=given.secrets(), progress=bar)

    def next_try(row: FeedHealth) -> str:
        if row.state == HealthState.GONE:
            return "never"
        return show.clock_time(row.report.next_try, home.settings.timezone, now())

    wrong = bool(show.is_wrong(found.problems) or found.failing or found.unreadable)
    if as_json:
        show.print_json(found)
        raise typer.Exit(1 if wrong else 0)
    if found.unreadable:
        show.say_broken_list(found.unreadable)
    for problem in found.problems:
        show.say(f"line {problem.line}: {problem.text} {problem.repair}".rstrip())
    for row in found.said:
        facts = [
            _since(row.state, row.report.failing_since),
            f"last good {show.age(row.report.last_good, now())}",
        ]
        if not row.report.ok:
            facts.append(f"next try {next_try(row)}")
        style = "yellow" if row.report.ok else "red"
        show.out.print(Text.assemble((row.report.title, "bold"), "  ", (" · ".join(facts), style)))
        if show.out.is_terminal:
            show.out.print(Padding(Text(row.sentence), (0, 0, 0, 2)), soft_wrap=False)
        else:
            show.say(f"  {row.sentence}")
    if found.said and every:
        show.say()
    if every:
        table = show.table("Feed", "State", ">A week", ">Shown", ">Liked", "Last good", "Next try")
        for row in found.feeds:
            table.add_row(
                Text(row.report.title),
                Text(row.state),
                f"{row.items_a_week:.0f}" if row.items_a_week >= 1 else f"{row.items_a_week:.1f}",
                f"{row.shown} of {row.brought}" if row.brought else "",
                str(row.liked or ""),
                show.short_age(row.report.last_good, now()),
                next_try(row),
            )
        show.print_table(table)
    for line in found.notes:
        show.say(line)
    show.say(f"{show.plural(found.well, 'feed')} of {found.total} well.")
    raise typer.Exit(1 if wrong else 0)


@feeds_app.command()
def repair(
    context: typer.Context,
    yes: Yes = False,
) -> None:
    """Show as a diff how to repair feeds.opml for feeds that moved or are gone; change it if you say yes."""
    from newsfeed.pipeline.subscriptions.check import propose_repair
    from newsfeed.pipeline.subscriptions.edit import write

    with opened(context, "feeds repair") as (home, store):
        proposed = propose_repair(home, store)
    for line in proposed.left:
        show.err.print(line, markup=False)
    if not proposed.changes:
        show.say("No feed has moved or is gone: feeds.opml stays as it is.")
        raise typer.Exit(1 if proposed.left else 0)
    for change in proposed.changes:
        show.say(change.sentence)
    show.say()
    for line in proposed.edit.diff.splitlines():
        added = line.startswith("+") and not line.startswith("+++")
        removed = line.startswith("-") and not line.startswith("---")
        show.say(line, style="green" if added else "red" if removed else "dim")
    show.say()
    show.agreed("Change feeds.opml so?", yes=yes, unasked="To do it: newsfeed feeds repair --yes")
    with home.lock("feeds repair"):
        write(home, proposed.edit)
    show.say("feeds.opml is repaired; the old list is feeds.opml.bak.")


@feeds_app.command("import")
def import_list(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="An OPML file exported from another feed reader.")],
) -> None:
    """Merge another reader's list into feeds.opml, folders kept."""
    from newsfeed.pipeline.subscriptions.add import import_list as run

    home = context.obj.home()
    with home.lock("feeds import"):
        done = run(home, file)
    for problem in done.problems:
        show.err.print(f"line {problem.line}: {problem.text}", markup=False)
    show.say(f"{show.plural(len(done.added), 'feed')} added, {len(done.present)} were there already.")
    raise typer.Exit(1 if show.is_wrong(done.problems) else 0)


@feeds_app.command("export")
def export_list(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE|-")] = "-",
    last: Annotated[
        bool, typer.Option("--last", help="The last list that could be read, even if feeds.opml is gone.")
    ] = False,
) -> None:
    """Write a clean OPML 2.0 file that other readers accept."""
    from newsfeed.pipeline.subscriptions.add import export_list as run

    show.write(file, run(context.obj.home(), last=last))


def people(
    context: typer.Context,
    no: Annotated[
        str,
        typer.Option("--no", metavar="NAME", help="Never suggest this person again: their name or profile."),
    ] = "",
    as_json: Json = False,
) -> None:
    """Up to three voices you don't follow, whom those you follow passed on most in 30 days."""
    from newsfeed.pipeline.morning.suggest import decline, suggestions

    home = context.obj.home()
    if no:
        with home.lock("people"), home.open_store() as store:
            gone = decline(home, store, no)
        show.say(f"{gone.name} is never suggested again.")
        return
    with home.open_store() as store:
        found = suggestions(home, store)
    if as_json:
        show.print_json(found)
        return
    if not found:
        show.say("Nobody yet: those you follow passed on, quoted or linked no one more than once in 30 days.")
        return
    for one in found:
        more = len(one.by) - 3
        by = ", ".join(one.by[:3]) + (f" and {more} more" if more > 0 else "")
        show.say(f"{one.name} ({one.profile})")
        show.say(f"  passed on {show.plural(one.times, 'time')} by {by}")
        if one.topics:
            show.say(f"  on {', '.join(one.topics)}")
        for post in one.posts:
            show.say(f"  {f'“{post.title}” ' if post.title else ''}{post.link}")
        show.say("  to follow, put into feeds.opml:")
        typer.echo(f"  {one.outline}")  # never wrapped, because it will be copied
    show.say('Not one of them? `newsfeed people --no "NAME"`, and it is never suggested again.')
