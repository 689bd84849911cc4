"""Why: the whole arithmetic behind one item, shown or not."""

from __future__ import annotations

from typing import Annotated

import typer

from newsfeed.cli import completing
from newsfeed.cli.context import Context

PANEL = "Why"
_FIGURE = 16  # characters of a value that stands among the figures


def register(app: typer.Typer) -> None:
    """Put this module's commands into the tree."""
    app.command("why", rich_help_panel=PANEL)(why)


def why(
    context: typer.Context,
    item: Annotated[
        list[str],
        typer.Argument(
            metavar="ITEM",
            help="Its number on today's page, DATE#4, its short id, its link, or words of its title.",
            autocompletion=completing.items,
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Say why a story is on the page, or why it is not, with every number."""
    from rich.text import Text

    from newsfeed.cli import show
    from newsfeed.pipeline.explain import explain

    given: Context = context.obj
    home = given.home()
    with home.open_store() as store:
        found = explain(home, store, " ".join(item))
    if as_json:
        show.print_json(found)
        return
    show.say(found.title, style="bold")
    show.say(f"{found.source} · {found.link}")
    show.say(found.verdict)
    if found.rows:
        table = show.table("", ">", "")
        for row in found.rows:
            if len(row.value) <= _FIGURE:
                table.add_row(Text(row.name), Text(row.value), Text(row.note, style="dim"))
            else:  # words are for reading, beside the figures
                said = Text(row.value)
                table.add_row(Text(row.name), "", said.append(f" ({row.note})", "dim") if row.note else said)
        show.print_table(table)
    if found.topics:
        show.say("Its words for (+) and against (-) each topic; those in brackets add up to its log-odds:")
    for topic in found.topics:
        terms = ", ".join(f"{t.term} {t.weight:+.1f}" for t in topic.terms[:6])
        parts = ", ".join(f"{name} {value:+.1f}" for name, value in topic.parts.items())
        show.say(f"{topic.topic:<12} {topic.p:.2f}  {terms}{'  (' + parts + ')' if parts else ''}")
