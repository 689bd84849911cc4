"""People: voices worth following."""

from __future__ import annotations

from typing import Annotated

import typer

PANEL = "Sources"


def register(app: typer.Typer) -> None:
    """Put this module's command into the tree."""
    app.command(rich_help_panel=PANEL)(people)


def people(
    context: typer.Context,
    no: Annotated[
        str, typer.Option("--no", metavar="NAME", help="Never suggest this voice again: its name or profile.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Up to three voices you don't follow, whom those you follow passed on most in 30 days."""
    from newsfeed.cli import show
    from newsfeed.pipeline.people import decline, suggestions

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
        typer.echo(f"  {one.outline}")  # never wrapped: it is to be pasted
    show.say('Not one of them? `newsfeed people --no "NAME"`, and it is never suggested again.')
