"""Commands about topics: how good the tags are, the day's questions, corrections, training."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from newsfeed.cli import show
from newsfeed.cli.command import App, Item, Json, offer_topics, opened

if TYPE_CHECKING:
    from newsfeed.pipeline.answers.teach import Corrected, ItemQuestion, Thumbed

YES, NO = ("y", "yes"), ("n", "no")
LEAVE = {"s": "skipped", "skip": "skipped", "q": "quit", "quit": "quit"}
REBUILD = "Today's page keeps its choice; to choose anew by this: newsfeed digest --rebuild --no-refresh"

topics_app = App(
    name="topics",
    help="See how good the topics are, and teach them: status, ask, correct, undo, train.",
    no_args_is_help=True,
)


@topics_app.command()
def status(context: typer.Context, as_json: Json = False) -> None:
    """Examples, corrections, measured precision and recall by topic, and what your corrections changed."""
    from rich.text import Text

    from newsfeed.pipeline.answers.teach import status as run

    with opened(context) as (home, store):
        found = run(home, store)
    if as_json:
        show.print_json(found)
        return
    table = show.table("Topic", ">Examples", ">Items", ">Corrections", "Precision", "Recall")
    for row in (*found.topics, found.worth):
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
    if found.worth_biased:
        show.say("Worth a place: fewer than 20 random answers, so a first guess.")
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
    """Three questions a day: two where the tags are unsure, one at random, each with "worth it?". Takes your answers."""
    from newsfeed.pipeline.answers.teach import correct as run
    from newsfeed.pipeline.answers.teach import questions, thumb

    with opened(context) as (home, store):
        found = questions(home, store, home.today.toordinal())
        if not found:
            show.say("Nothing to ask: run newsfeed refresh first.")
            raise typer.Exit(2)
        answered = False
        for number, question in enumerate(found, 1):
            show.say()
            show.say(f"{number} of {len(found)}  {question.title}", style="bold")
            show.say(f"{question.source}. {question.lead}".strip())
            said = ", ".join(question.said) or "none"
            if not sys.stdin.isatty():
                show.say(f"Tagged: {said}")
                show.say(f"Answer with: newsfeed topics correct {question.ref} TOPIC -TOPIC")
                if question.value is not None:
                    show.say(f"Worth it? Answer with: newsfeed like {question.ref}, or dislike")
                continue
            show.say(f"Tagged: {said}")
            answer = _ask_topics(
                question,
                list(home.settings.topics),
                partial(run, home, store, question.ref, asked=question.asked),
            )
            answered |= answer == "answered"
            if answer != "quit" and question.value is not None:
                answer = _ask_worth(question, partial(thumb, home, store, question.ref, asked=question.asked))
                answered |= answer == "answered"
            if answer == "quit":
                break
        if answered:
            show.say(REBUILD)


def _ask_topics(
    question: ItemQuestion, topics: Sequence[str], run: Callable[[Sequence[str]], Corrected]
) -> str:
    """Ask for the topics of an item until the answer makes sense: "answered", "skipped" or "quit"."""

    names = ", ".join(topics)
    while True:
        answer = typer.prompt(
            f"Right? y = yes, n = none of these, s = skip, q = quit, or topics ({names}, none)",
            default="y",
            show_default=False,
        )
        word = answer.strip().casefold()
        if word in LEAVE:
            return LEAVE[word]
        if word in NO and not question.said:
            show.say("It has no topic now: name those that are right.")
            continue
        words = [] if word in YES else answer.replace(",", " ").split()
        words = ["none"] if word in NO else words
        if bad := [w for w in words if w.lstrip("+-") not in {*topics, "none"}]:
            show.say(f"{bad[0]} is no topic.")
            continue
        # An answer names all topics of the item, or, with + or - before a name, what to change.
        signed = any(w[0] in "+-" for w in words)
        changes = words if signed or not words else ["none", *[w for w in words if w != "none"]]
        print_corrected(run(changes))
        return "answered"


def _ask_worth(question: ItemQuestion, run: Callable[[int], Thumbed]) -> str:
    """Ask whether an item is worth the reader's minutes: "answered", "skipped" or "quit"."""

    show.say(f"News value: {question.value:.1f} of 3, kind {question.kind}")
    while True:
        word = typer.prompt("Worth it? y = yes, n = no, s = skip, q = quit", default="s", show_default=False)
        word = word.strip().casefold()
        if word in LEAVE:
            return LEAVE[word]
        if word in {*YES, *NO}:
            done = run(1 if word in YES else -1)
            moved = (
                f"{done.before:.1f} → {done.after:.1f}" if None not in (done.before, done.after) else "kept"
            )
            back = "like" if word in YES else "dislike"
            show.say(f"News value {moved}; take it back: newsfeed {back} {done.ref} --undo")
            return "answered"
        show.say("Answer y, n, s or q.")


@topics_app.command()
def correct(
    context: typer.Context,
    item: Item,
    changes: Annotated[
        list[str],
        typer.Argument(
            metavar="TOPIC|-TOPIC|none",
            help="sales adds a topic, -finance removes one.",
            autocompletion=offer_topics,
        ),
    ],
) -> None:
    """Correct the topics of one item; it and similar ones change at once."""
    from newsfeed.pipeline.answers.teach import correct as run

    with opened(context, "topics correct") as (home, store):
        print_corrected(run(home, store, item, changes))
    show.say(REBUILD)


@topics_app.command()
def undo(
    context: typer.Context,
    item: Annotated[str, typer.Argument(metavar="[ITEM]", help="Default: the last correction.")] = "",
) -> None:
    """Take a correction back."""
    from newsfeed.pipeline.answers.teach import undo as run

    with opened(context, "topics undo") as (home, store):
        print_corrected(run(home, store, item), "back")
    show.say(REBUILD)


@topics_app.command()
def train(context: typer.Context) -> None:
    """Learn from your items, folders and corrections now; otherwise that happens by itself when due."""
    from newsfeed.pipeline.morning import understand
    from newsfeed.pipeline.reports import Progress

    with opened(context, "topics train") as (home, store):
        understand.train_if_due(home, store, force=True)
        again = understand.retag(home, store, understand.Models(home, store, Progress()))
        show.say(f"Trained; {show.plural(again, 'item')} tagged anew.")


def print_corrected(done: Corrected, way: str = "") -> None:
    """Print what one correction changed, or what undoing it (`way` "back") changed back."""

    others = f"; {show.plural(done.moved, 'other item')} moved {way or 'with it'}" if done.moved else ""
    before, after = (", ".join(topics) or "none" for topics in (done.before, done.after))
    change = f"{after}, confirmed" if before == after and not way else f"{before} → {after}"
    show.say(f"{done.title}: {change}{others}")
