"""Topics: how good the tags are, the day's questions, corrections, training."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from newsfeed.cli import completing
from newsfeed.cli.context import Context
from newsfeed.cli.tree import App

if TYPE_CHECKING:
    from newsfeed.pipeline.teach import Corrected

PANEL = "Topics"
REBUILD = "Today's page keeps its choice; to choose anew by this: newsfeed digest --rebuild --no-refresh"

topics_app = App(
    help="How good the tags are; teach them: status, ask, correct, undo, train.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Put this module's commands into the tree."""
    app.add_typer(topics_app, name="topics", rich_help_panel=PANEL)


@topics_app.command()
def status(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False
) -> None:
    """Examples, corrections, measured precision and recall by topic, and what your corrections changed."""
    from rich.text import Text

    from newsfeed.cli import show
    from newsfeed.pipeline.teach import status as run

    given: Context = context.obj
    home = given.home()
    with home.open_store() as store:
        found = run(home, store)
    if as_json:
        show.print_json(found)
        return
    table = show.table("Topic", ">Examples", ">Items", ">Corrections", "Precision", "Recall")
    for row in found.topics:
        table.add_row(
            Text(row.label),
            str(row.examples),
            str(row.items),
            str(row.corrections),
            _interval(row.precision),
            _interval(row.recall),
        )
    show.print_table(table)
    show.say(
        f"{show.plural(found.items, 'item')} of the last 60 days, {found.untagged:.0%} without a topic; tagged by {found.trained}."
    )
    show.say(found.sentence + (f" Against your earlier answers: {found.trend}." if found.trend else ""))
    if not found.answers:
        show.say("Precision and recall are unknown until you answer: newsfeed topics ask")
    elif found.biased:
        show.say(
            "Measured on fewer than 20 random questions, so likely too low: newsfeed topics ask, a minute a day."
        )


def _interval(found: tuple[float, float, float, int]) -> str:
    share, low, high, of = found
    return f"{share:.0%} ({low:.0%}–{high:.0%}, {of})" if of else "–"


@topics_app.command()
def ask(context: typer.Context) -> None:
    """Three questions a day: two where the tags are unsure, one at random. Takes your answers."""
    from newsfeed.cli import show
    from newsfeed.pipeline.digest import today
    from newsfeed.pipeline.teach import correct as run
    from newsfeed.pipeline.teach import questions

    given: Context = context.obj
    home = given.home()
    with home.open_store() as store:
        found = questions(home, store, today(home).toordinal())
        if not found:
            show.say("Nothing to ask: run newsfeed refresh first.")
            raise typer.Exit(2)
        names = ", ".join(home.settings.topics)
        asked_any = False
        for number, question in enumerate(found, 1):
            show.say()
            show.say(f"{number} of {len(found)}  {question.title}", style="bold")
            show.say(f"{question.source}. {question.lead}".strip())
            said = ", ".join(question.said) or "none"
            show.say(f"Tagged: {said}")
            if not sys.stdin.isatty():
                show.say(f"Answer with: newsfeed topics correct {question.ref} TOPIC -TOPIC")
                continue
            asked_any = True
            while True:
                answer = typer.prompt(
                    f"Right? y = yes, n = none of these, s = skip, q = quit, or topics ({names}, none)",
                    default="y",
                    show_default=False,
                )
                given_word = answer.strip().casefold()
                if given_word in ("s", "q", "skip", "quit"):
                    break
                if given_word in ("n", "no") and not question.said:
                    show.say("It has no topic now: name those that are right.")
                    continue
                words = [] if given_word in ("y", "yes") else answer.replace(",", " ").split()
                words = ["none"] if given_word in ("n", "no") else words
                if bad := [w for w in words if w.lstrip("+-") not in {*home.settings.topics, "none"}]:
                    show.say(f"{bad[0]} is no topic.")
                    continue
                # An answer names all topics of the item, or (with a sign before one) what is to change.
                signed = any(w[0] in "+-" for w in words)
                changes = words if signed or not words else ["none", *[w for w in words if w != "none"]]
                print_corrected(run(home, store, question.ref, changes, asked=question.asked))
                break
            if sys.stdin.isatty() and given_word in ("q", "quit"):
                asked_any = number > 1
                break
        if asked_any:
            show.say(REBUILD)


@topics_app.command()
def correct(
    context: typer.Context,
    item: Annotated[
        str,
        typer.Argument(
            metavar="ITEM",
            help="Its number on the page, DATE#4, its short id or its link.",
            autocompletion=completing.items,
        ),
    ],
    changes: Annotated[
        list[str],
        typer.Argument(
            metavar="TOPIC|-TOPIC|none",
            help="sales adds a topic, -finance takes one away.",
            autocompletion=completing.topics,
        ),
    ],
) -> None:
    """Correct the topics of one item: felt at once by it and those like it."""
    from newsfeed.cli import show
    from newsfeed.pipeline.teach import correct as run

    given: Context = context.obj
    home = given.home()
    with home.lock("topics correct"), home.open_store() as store:
        print_corrected(run(home, store, item, changes))
    show.say(REBUILD)


@topics_app.command()
def undo(
    context: typer.Context,
    item: Annotated[str, typer.Argument(metavar="[ITEM]", help="Default: the last correction.")] = "",
) -> None:
    """Take a correction back."""
    from newsfeed.cli import show
    from newsfeed.pipeline.teach import undo as run

    given: Context = context.obj
    home = given.home()
    with home.lock("topics undo"), home.open_store() as store:
        print_corrected(run(home, store, item), "back")
    show.say(REBUILD)


@topics_app.command()
def train(context: typer.Context) -> None:
    """Learn from your items, folders and corrections now; else it happens by itself when due."""
    from newsfeed.cli import show
    from newsfeed.pipeline import tagging, training

    given: Context = context.obj
    home = given.home()
    with home.lock("topics train"), home.open_store() as store:
        training.train_if_due(home, store, force=True)
        show.say(f"Trained; {show.plural(tagging.retag(home, store), 'item')} tagged anew.")


def print_corrected(done: Corrected, way: str = "") -> None:
    """What one correction did, or (`way` "back") undid."""
    from newsfeed.cli import show

    others = f"; {show.plural(done.moved, 'other item')} moved {way or 'with it'}" if done.moved else ""
    before, after = (", ".join(topics) or "none" for topics in (done.before, done.after))
    change = f"{after}, confirmed" if before == after and not way else f"{before} → {after}"
    show.say(f"{done.title}: {change}{others}")
