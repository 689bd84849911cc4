"""Where each item went, once the choice is made: the cause and its arithmetic in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from newsfeed.edition import constants as c
from newsfeed.edition.choose import Choice
from newsfeed.edition.contenders import Contender
from newsfeed.edition.layout import post_lacks
from newsfeed.edition.preparing import Prepared
from newsfeed.edition.words import apart
from newsfeed.model import Candidate, Edition, FeedFacts, LedgerEntry, ledger
from newsfeed.model.ledger import CAUSES
from newsfeed.text.spoken import percent, say


class Verdict(NamedTuple):
    """Where an item went: the cause, its arithmetic in words, and whether only the number of stories was against it."""

    cause: str
    detail: str = ""
    full: bool = False


def entry(candidate: Candidate, feeds: Mapping[int, FeedFacts], verdict: Verdict) -> LedgerEntry:
    """The ledger's line for one item."""
    stored = candidate.item
    feed = feeds.get(stored.feed)
    return LedgerEntry(
        item=stored.id,
        ref=stored.ref,
        title=stored.item.title or stored.item.link,
        link=stored.item.link,
        source=feed.title if feed else "",
        cause=verdict.cause,
        detail=verdict.detail,
        full=verdict.full,
    )


def counts(entries: Iterable[LedgerEntry]) -> dict[str, int]:
    """How many items each cause has, in the order of `CAUSES`, without those that have none."""
    counts = dict.fromkeys(CAUSES, 0)
    for one in entries:
        counts[one.cause] += 1
    return {cause: number for cause, number in counts.items() if number}


def verdicts(prepared: Prepared, choice: Choice, posts: Sequence[Contender]) -> dict[int, Verdict]:
    """A verdict for every item of the pool."""
    found = {item: Verdict(*why) for item, why in prepared.filtered.causes.items()}
    picked = {int(choice.morning.ids[chosen.row]): chosen for chosen in choice.picks}
    rows = [*(chosen.row for chosen in choice.picks), *choice.places, *choice.big, *choice.spare]
    lines = {int(choice.morning.ids[row]) for row in (*choice.places, *choice.big, *choice.spare)}
    told = {int(choice.morning.stories[row]): int(choice.morning.ids[row]) for row in rows}
    shown_posts = {contender.id for contender in posts}
    for contender in prepared.filtered.contenders:
        if contender.id in picked or contender.id in shown_posts:
            found[contender.id] = Verdict(ledger.SHOWN)
        elif contender.id in lines:
            found[contender.id] = Verdict(ledger.LINE)
        elif not contender.post and (
            duplicate := told.get(int(choice.morning.stories[prepared.row_of[contender.id]]))
        ):
            headline = prepared.printer.title(prepared.by_id[duplicate].representative.item, "")
            found[contender.id] = Verdict(
                ledger.SAME, say("says the same as “{headline}”", headline=headline)
            )
        else:
            found[contender.id] = left_out(prepared, choice, contender)
        if len(contender.tellers) > 1:
            head = prepared.printer.title(contender.representative.item, "")
            source = prepared.printer.source(contender.representative.item.feed)
            for other in contender.tellers:
                if other.item.id != contender.id:
                    # Under one title only the source tells which of the two is meant.
                    alike = prepared.printer.title(other.item, "").casefold() == head.casefold()
                    of = say(" of {source}", source=source) if alike and source else ""
                    found[other.item.id] = Verdict(
                        ledger.SAME,
                        say("same story as “{headline}”{of}", headline=head, of=of),
                    )
    return found


def left_out(prepared: Prepared, choice: Choice, contender: Contender) -> Verdict:
    """Why a story is neither pick nor line."""
    score = contender.score.value
    if contender.post:
        best = say(
            "a post; People is for the best {n}, one a source, in {share} of the minutes",
            n=prepared.settings.edition.people,
            share=percent(c.PEOPLE),
        )
        return Verdict(ledger.BELOW, post_lacks(prepared, contender) or best)
    if not contender.topic and not contender.options.must_read:
        return Verdict(ledger.BELOW, say("it fits none of your topics"))
    if score < c.LINE:
        own, line = apart(score, c.LINE)
        return Verdict(ledger.BELOW, say("worth {own}, the line is {line}", own=own, line=line))
    if contender.bare:
        return Verdict(ledger.ROOM, say("only a headline, and the lines went to others"))
    row = prepared.row_of[contender.id]
    source = int(choice.morning.sources[row])
    options = contender.options
    taken = int(choice.picks_of[source])
    if options.most >= 0 and taken >= options.most:
        return Verdict(
            ledger.CAPPED,
            say("its source has the {n} that you allow it", n=options.most)
            if options.most
            else say("you allow its source none"),
        )
    if len(choice.picks) >= choice.most:
        return Verdict(ledger.ROOM, say("the page has its {n} stories", n=prepared.most_items), full=True)
    needed = float(choice.morning.minutes[row])
    # The shares are taken of the minutes that picks and lines had.
    if taken and float(choice.minutes_of[source]) + needed > options.cap * (choice.spent + choice.left):
        return Verdict(ledger.CAPPED, say("its source is at its {share}", share=percent(options.cap)))
    wanted, left = apart(needed, min(choice.left, needed), 1)
    return Verdict(ledger.ROOM, say("needs {wanted} min, {left} were left", wanted=wanted, left=left))


def is_full(edition: Edition) -> bool:
    """Whether stories were left out because the page had its number of them, whatever the minutes."""
    return any(entry.full for entry in edition.ledger)
