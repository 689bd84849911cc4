"""Commands that explain: the arithmetic behind one item, the account of weeks, what-if, and the reader's thumbs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated

import typer

from newsfeed.cli import show
from newsfeed.cli.command import Context, ItemWords, Json, finite, opened
from newsfeed.errors import NotFoundError, SettingsError
from newsfeed.model.settings import MINUTES, STORIES

if TYPE_CHECKING:
    from newsfeed.pipeline.answers.what_if import Simulated


_FIGURE = 16  # characters of a value among the figures


def why(
    context: typer.Context,
    item: ItemWords,
    as_json: Json = False,
) -> None:
    """Say why a story is on the page, or why it is not, with every number."""
    from newsfeed.pipeline.answers.why import explain
    from newsfeed.text.spoken import decimal, say, signed, speaking, topic_labels

    with opened(context) as (home, store):
        found = explain(home, store, " ".join(item))
        topics = home.settings.topics
    if as_json:
        show.print_json(found)
        return
    show.say(found.title, style="bold")
    show.say(f"{found.source} · {found.link}")
    show.say(found.verdict)
    if found.rows:
        rows = [
            (row.name, row.value, row.note)
            if len(row.value) <= _FIGURE
            # Texts beside the figures are only for reading.
            else (row.name, "", f"{row.value} ({row.note})" if row.note else row.value)
            for row in found.rows
        ]
        show.print_rows(("", ">", ""), rows)
    with speaking(found.lang):
        if found.topics:
            show.say(
                say("Its words for (+) and against (-) each topic; those in brackets add up to its log-odds:")
            )
        labels = topic_labels(topics)
        for topic in found.topics:
            terms = ", ".join(f"{t.term} {signed(t.weight, 1)}" for t in topic.terms[:6])
            parts = ", ".join(f"{say(name)} {signed(value, 1)}" for name, value in topic.parts.items())
            p = decimal(topic.p, 2)
            show.say(
                f"{labels.get(topic.topic, topic.topic):<12} {p}  {terms}{'  (' + parts + ')' if parts else ''}"
            )


def breadth(
    context: typer.Context,
    days: Annotated[int, typer.Option(min=7, max=365, help="How far back.")] = 30,
    no: Annotated[
        int,
        typer.Option(
            "--no", min=0, metavar="NUMBER", help="Never propose the remedy with this number again."
        ),
    ] = 0,
    as_json: Json = False,
) -> None:
    """The account of breadth: what you were informed of, what was silent, and what would fix it."""
    from rich.text import Text

    from newsfeed.pipeline.morning.draw import account

    with opened(context) as (home, store):
        found = account(home, store, days=days)
    proposed = list(dict.fromkeys(r for r in (*found.remedies, *(row.remedy for row in found.rows)) if r))
    if no:
        if no > len(proposed):
            raise NotFoundError(f"remedy {no}", "there is none of that number", "See newsfeed breadth.")
        with home.lock("breadth"), home.open_store() as store:
            store.decline(proposed[no - 1])
        show.say(f"Never proposed again: {proposed[no - 1]}")
        return
    if as_json:
        show.print_json(found)
        return
    if found.headline:
        show.say(found.headline, style="bold")
    if found.rows:
        table = show.table("Topic", ">Asked", ">Got", ">Longest silence")
        for row in found.rows:
            silence = show.plural(row.silence, "day")
            table.add_row(Text(row.label), f"{row.asked:.0%}", f"{row.got:.0%}", silence)
        show.print_table(table)
    for finding, remedy in zip_longest(found.findings, found.remedies, fillvalue=""):
        show.say(_with_number(finding, remedy, proposed))
    for row in found.rows:
        if row.thin and not row.finding:  # its finding already says so
            show.say(_with_number(row.thin, row.remedy, proposed))
    if proposed:
        show.say("Nothing of that is ever done by itself. A no for good: newsfeed breadth --no NUMBER.")


def _with_number(finding: str, remedy: str, proposed: list[str]) -> str:
    """A finding with its remedy, and the number by which the reader can decline it."""
    return f"{finding} ({proposed.index(remedy) + 1}) {remedy}".strip() if remedy else finding


def simulate(
    context: typer.Context,
    days: Annotated[int, typer.Option(min=1, max=365, help="How many past mornings.")] = 14,
    minutes: Annotated[
        float | None,
        typer.Option(min=MINUTES.ge, max=MINUTES.le, callback=finite, help="A different number of minutes."),
    ] = None,
    max_items: Annotated[
        int | None,
        typer.Option(min=STORIES.ge, max=STORIES.le, help="A different limit on the number of stories."),
    ] = None,
    share: Annotated[
        list[str] | None,
        typer.Option(metavar="TOPIC=SHARE", help="A different share for a topic; may be repeated."),
    ] = None,
    as_json: Json = False,
) -> None:
    """What if: past mornings chosen again with other minutes or shares, compared with what was. Changes nothing.

    Each morning is chosen from what was at hand then, after the editions that were really printed before it.
    """
    from rich.text import Text

    from newsfeed.pipeline.answers.what_if import changed
    from newsfeed.pipeline.answers.what_if import simulate as run

    given: Context = context.obj
    home = given.home()
    settings = changed(
        home.settings,
        max_items=max_items,
        shares=dict(_share(text) for text in share or ()),
    )
    with home.open_store() as store:
        found = run(home, store, settings, days=days, minutes=minutes)
    if as_json:
        show.print_json(found)
        return
    table = show.table("Morning", ">Stories", ">Minutes", "In (+) and out (-)")
    for one in found.mornings:
        moved = [
            *(f"+ {title}" for title in one.came[:_TITLES]),
            *([f"+ {len(one.came) - _TITLES} more"] if len(one.came) > _TITLES else []),
            *(f"- {title}" for title in one.went[:_TITLES]),
            *([f"- {len(one.went) - _TITLES} more"] if len(one.went) > _TITLES else []),
        ]
        table.add_row(
            str(one.date),
            _pair(*one.stories),
            _pair(*(f"{value:.1f}" for value in one.minutes)),
            Text("\n".join(moved), no_wrap=True, overflow="ellipsis"),
        )
    show.print_table(table)
    show.say()
    topics = show.table("Topic", ">Minutes in all", ">Would be")
    for name in {**found.was, **found.would}:
        topics.add_row(
            Text(found.labels.get(name, name)),
            f"{found.was.get(name, 0):.1f}",
            f"{found.would.get(name, 0):.1f}",
        )
    show.out.print(topics)
    show.say()
    for sentence in _what_if(found, days):
        show.say(sentence)


_TITLES = 2  # examples of each kind, per morning


def _pair(was: object, would: object) -> str:
    return f"{was} → {would}" if was != would else f"{was}"


def _what_if(found: Simulated, days: int) -> Iterator[str]:
    """The result of a simulation in sentences."""
    number = len(found.mornings)
    if number < days:
        yield f"There {'is 1 morning' if number == 1 else f'are {number} mornings'} so far."
    yield "A topic's minutes are those of its stories; posts by people and what frames a page belong to none."
    if found.scaled:
        yield found.scaled
    was, would = found.topics
    yield f"Informed in {would:.1f} topics instead of {was:.1f}."
    untold = [sum(m.untold[side] for m in found.mornings) for side in (0, 1)]
    if any(untold):
        yield f"Big stories without a place: {untold[1]} instead of {untold[0]}."
    if full := sum(m.full[1] for m in found.mornings):
        yield (
            f"On {full} of {number} mornings the page would be full (max_items = {found.max_items}) before its minutes "
            "were used: more minutes alone bring nothing there, a larger max_items does."
        )
    if learned := sum(m.learned for m in found.mornings):
        yield (
            f"On {learned} of {number} mornings your own settings, too, would choose otherwise today, for newsfeed has "
            "learned since: what comes in (+) and goes out (-) is only what your change does."
        )


def _share(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        share = float(value)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise SettingsError("--share", f"{text!r} is no share", "Write it as finance=0.2.")
    return name.strip(), share


Undo = Annotated[bool, typer.Option("--undo", help="Take back your thumb on that item.")]


def like(context: typer.Context, item: ItemWords, undo: Undo = False) -> None:
    """Thumb up: more like this within its topic. Shares stay as they are."""
    _thumb(context, " ".join(item), 0 if undo else 1)


def dislike(context: typer.Context, item: ItemWords, undo: Undo = False) -> None:
    """Thumb down: less like this within its topic. Shares stay as they are."""
    _thumb(context, " ".join(item), 0 if undo else -1)


def _thumb(context: typer.Context, name: str, value: int) -> None:
    from newsfeed.pipeline.answers.teach import thumb

    with opened(context, "like") as (home, store):
        done = thumb(home, store, name, value)
    said = {1: "Liked", -1: "Disliked", 0: "Taken back"}[value]
    counts = {1: "counts for more", -1: "counts for less", 0: "counts as before"}[value]
    moved = (
        f"News value {done.before:.1f} → {done.after:.1f}. " if None not in (done.before, done.after) else ""
    )
    show.say(f"{said}: {done.title} ({done.ref})")
    if done.topic:
        show.say(
            f"{moved}What {done.source} tells under {done.topic} {counts}, from the next page on. Shares stay."
        )
    else:
        show.say(f"{moved}What is like it {counts}, from the next page on. Shares stay.")
