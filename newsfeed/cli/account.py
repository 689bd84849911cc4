"""The account over weeks, what-if, and the reader's thumbs."""

from __future__ import annotations

from typing import Annotated

import typer

from newsfeed.cli.context import Context
from newsfeed.errors import SettingsError

PANEL = "Why"


def register(app: typer.Typer) -> None:
    """Put this module's commands into the tree."""
    app.command("breadth", rich_help_panel=PANEL)(breadth)
    app.command("simulate", rich_help_panel=PANEL)(simulate)
    app.command("like", rich_help_panel=PANEL)(like)
    app.command("dislike", rich_help_panel=PANEL)(dislike)


def breadth(
    context: typer.Context,
    days: Annotated[int, typer.Option(min=7, max=365, help="How far back.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """The account of breadth: what you were informed of, what was silent, and what would mend it."""
    from rich.text import Text

    from newsfeed.cli import show
    from newsfeed.pipeline.digest import account

    given: Context = context.obj
    home = given.home()
    with home.open_store() as store:
        found = account(home, store, days=days)
    if as_json:
        show.print_json(found)
        return
    show.say(found.headline, style="bold")
    if found.rows:
        table = show.table("Topic", ">Asked", ">Got", ">Longest silence", "")
        for row in found.rows:
            silence = show.plural(row.silence, "day") if row.silence else ""
            table.add_row(Text(row.label), f"{row.asked:.0%}", f"{row.got:.0%}", silence, Text(row.finding))
        show.out.print(table)
    for line in (*found.findings, *found.remedies):
        show.say(line)


def simulate(
    context: typer.Context,
    days: Annotated[int, typer.Option(min=1, max=365, help="How many past mornings.")] = 14,
    minutes: Annotated[float | None, typer.Option(min=1, max=120, help="Another budget.")] = None,
    share: Annotated[
        list[str] | None, typer.Option(metavar="TOPIC=SHARE", help="Another share; may be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """What if: past mornings chosen again with other minutes or shares, beside what was. Changes nothing."""
    from rich.text import Text

    from newsfeed.cli import show
    from newsfeed.pipeline.simulate import changed
    from newsfeed.pipeline.simulate import simulate as run

    given: Context = context.obj
    home = given.home()
    settings = changed(home.settings, minutes=minutes, shares=dict(_share(text) for text in share or ()))
    with home.open_store() as store:
        found = run(home, store, settings, days=days)
    if as_json:
        show.print_json(found)
        return
    table = show.table("Morning", ">Stories", ">Would be", ">Minutes", ">Would be", "In", "Out")
    for one in found.mornings:
        table.add_row(
            str(one.date),
            str(one.stories[0]),
            str(one.stories[1]),
            f"{one.minutes[0]:.1f}",
            f"{one.minutes[1]:.1f}",
            Text(
                "; ".join(title[:40] for title in one.came[:2])
                + (f" +{len(one.came) - 2}" if len(one.came) > 2 else "")
            ),
            Text(
                "; ".join(title[:40] for title in one.went[:2])
                + (f" +{len(one.went) - 2}" if len(one.went) > 2 else "")
            ),
        )
    show.out.print(table)
    topics = show.table("Topic", ">Minutes", ">Would be")
    for name in {**found.was, **found.would}:
        topics.add_row(
            Text(found.labels.get(name, name)),
            f"{found.was.get(name, 0):.1f}",
            f"{found.would.get(name, 0):.1f}",
        )
    show.out.print(topics)


def _share(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        share = float(value)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise SettingsError("--share", f"{text!r} is no share", "Write it as finance=0.2.")
    return name.strip(), share


Item = Annotated[
    list[str],
    typer.Argument(
        metavar="ITEM", help="Its number on the page, DATE#4, its short id, its link or words of its title."
    ),
]


def like(context: typer.Context, item: Item) -> None:
    """Thumb up: more like this, inside its topic. Shares never move by it."""
    _thumb(context.obj, " ".join(item), 1)


def dislike(context: typer.Context, item: Item) -> None:
    """Thumb down: less like this, inside its topic."""
    _thumb(context.obj, " ".join(item), -1)


def _thumb(given: Context, name: str, value: int) -> None:
    from newsfeed.cli import show
    from newsfeed.pipeline.explain import resolve

    home = given.home()
    with home.lock("like"), home.open_store() as store:
        found, _ = resolve(home, store, name)
        store.like(found.id, value, home.clock())
    show.say(f"{'Liked' if value > 0 else 'Disliked'}: {found.item.title}")
