"""The complete arithmetic behind one item, shown or not, as a table that a person can follow."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from newsfeed.edition import constants as c
from newsfeed.edition import words
from newsfeed.model import Account, Edition, Line, Pick, Pool, Record, Settings, ledger
from newsfeed.text import first_words
from newsfeed.text.spoken import count, decimal, general, percent, say, speaking

if TYPE_CHECKING:
    from newsfeed.edition.preparing import Weighed

_PASSES: Mapping[str, str] = {
    "must": "its source is one that you marked must-read",
    "floor": "one story for each topic",
    "told widely": "three of your sources or more tell it",
    "off path": "what you were shown least of in two weeks",
    "fill": "the best use of the minutes that were left, or nearly the best and broader",
    "over cap": "nothing else was new, so its source had more than its share",
    "people": "the best posts",
    "long read": "the best long piece that you have not seen",
    "big line": "a big story that had no room as a pick",
    "place line": "the best of a topic that got no pick",
    "spare line": "it waited above the line, and minutes were left",
}


class WhyRow(Record, frozen=True, kw_only=True):
    """One row: what is measured, how much, and what that means."""

    name: str
    value: str
    note: str = ""


def why(
    edition: Edition,
    item: int,
    *,
    pool: Pool | None = None,
    settings: Settings | None = None,
    weighed: Weighed | None = None,
    labels: Mapping[str, str] | None = None,
) -> tuple[WhyRow, ...]:
    """Why an item is in an edition, or why not. Empty when the edition never saw it.

    Args:
        pool, settings: what the edition was built from, if it is still at hand: then what was not shown gets its
            whole arithmetic too, not only its cause. weighed: the same pool as it was weighed before.
        labels: of the reader's topics, besides those that the edition names.
    """
    with speaking(edition.lang):
        named = {**(labels or {}), **{topic.name: topic.label for topic in edition.topics}}
        return _why(edition, item, pool, settings, weighed, named)


def _why(
    edition: Edition,
    item: int,
    pool: Pool | None,
    settings: Settings | None,
    weighed: Weighed | None,
    labels: Mapping[str, str],
) -> tuple[WhyRow, ...]:
    told = _told(edition, item)
    if told is not None:
        return tuple(_shown(told, labels))
    entry = next((one for one in edition.ledger if one.item == item), None)
    if entry is None:
        return ()
    rows = [
        WhyRow(
            name=say("On the page"), value=say("no"), note=say(ledger.CAUSES.get(entry.cause, entry.cause))
        )
    ]
    if entry.detail:
        rows.append(WhyRow(name=say("Because"), value=entry.detail))
    if pool is not None and settings is not None:
        from newsfeed.edition.preparing import Prepared, with_topic  # with numpy

        prepared = Prepared(pool, settings, date=edition.date, now=edition.built, weighed=weighed)
        contender = next(
            (t for t in prepared.filtered.contenders if item in {one.item.id for one in t.tellers}), None
        )
        if contender is not None:
            account = with_topic(prepared, words.account(contender, ""), contender.topic)
            if contender.id != item:
                rows.append(
                    WhyRow(
                        name=say("Its story"), value=prepared.printer.title(contender.representative.item, "")
                    )
                )
            rows += _score(account)
            rows += _topics(account, labels)
    return tuple(rows)


def is_told(edition: Edition, item: int) -> bool:
    """Whether an item is in an edition as a pick, a line or the long read."""
    return _told(edition, item) is not None


def _told(edition: Edition, item: int) -> Pick | Line | None:
    picks = [pick for section in edition.sections for pick in section.picks]
    picks += [
        *(edition.since.picks if edition.since else ()),
        *((edition.long_read,) if edition.long_read else ()),
    ]
    told: list[Pick | Line] = [*picks, *edition.lines]
    for one in told:
        if one.item == item:
            return one
    return None


def _shown(told: Pick | Line, labels: Mapping[str, str]) -> Iterator[WhyRow]:
    account = told.account
    by = account.by
    where = say("one line")
    if isinstance(told, Pick):
        where = say("the long read") if told.section == c.LONG else say("story {n}", n=told.n)
    yield WhyRow(name=say("On the page"), value=where, note=say(_PASSES.get(by, by)))
    if isinstance(told, Pick):
        printed = (
            say("printed beside it: it is news in itself")
            if told.reason_shown
            else say("kept, not printed: it is no news in itself")
        )
        yield WhyRow(name=say("Reason"), value=told.reason, note=printed)
    yield WhyRow(
        name=say("Minutes"),
        value=decimal(told.minutes, 2),
        note=_price(told, account),
    )
    yield from _score(account)
    if by == "long read" and (fresh := account.score.freshness) > 0:
        ageless = account.score.value / fresh
        yield WhyRow(
            name=say("As a long read"),
            value=decimal(ageless * math.sqrt(fresh), 3),
            note=say(
                "its score but for freshness, {ageless}, × √{fresh}: a long piece ages slowly. It takes {least} but for freshness; the core topic goes first, then the largest",
                ageless=decimal(ageless, 3),
                fresh=decimal(fresh, 3),
                least=general(c.LONG_GOOD),
            ),
        )
    yield from _topics(account, labels)
    yield from _gain(account, labels)
    if account.gain and (second := account.gain.runner_up):
        gained = say(
            "“{title}” would have gained {gain} in {minutes} min",
            title=first_words(second.title, c.WHY_WORDS),
            gain=decimal(second.gain, 3),
            minutes=decimal(second.minutes, 2),
        )
        yield WhyRow(
            name=say("Runner-up"),
            value=second.ref,
            note=say(
                "{gained}; {stories} stood for the same place",
                gained=gained,
                stories=count(account.gain.rivals, "story", "stories"),
            ),
        )


def _price(told: Pick | Line, account: Account) -> str:
    """How the minutes of a story are made up, and with how many it was chosen if its lead was changed later."""
    if not isinstance(told, Pick):
        return say("its words at 238 a minute")
    if told.section == c.LONG:
        return say("to read or hear the whole, outside of the page's minutes")
    said = say("its words at 238 a minute and .05 to find it")
    chosen = account.gain.minutes if account.gain else 0.0
    if chosen and f"{chosen:.2f}" != f"{told.minutes:.2f}":
        least = (
            say(", the least that is reckoned")
            if chosen == c.LEAST_MINUTES
            else say(" with the lead and the notes it might get")
        )
        said += say(
            "; when it was chosen it was reckoned at {minutes}{least}",
            minutes=decimal(chosen, 2),
            least=least,
        )
    return said


def _gain(account: Account, labels: Mapping[str, str]) -> Iterator[WhyRow]:
    """What a pick adds to the page: a row for the sum and one for each part, with all numbers it is computed from."""
    gain, score = account.gain, account.score.value
    if gain is None:
        return
    parts = " + ".join(decimal(part, 3) for part in (gain.topic, gain.score, gain.voice))
    least = say(" (the least that is reckoned)") if gain.minutes == c.LEAST_MINUTES else ""
    price = say(", for {minutes} min{least}", minutes=decimal(gain.minutes, 2), least=least)
    yield WhyRow(
        name=say("Gain"),
        value=decimal(gain.total, 3),
        note=say(
            "what it adds to the page: {parts}{price}", parts=parts, price=price if gain.minutes else ""
        ),
    )
    sums = [
        f"{labels.get(topic, topic)} {decimal(weight, 3)} × ln(1 + {decimal(account.topics.get(topic, 0.0), 3)} × {decimal(score, 3)} / "
        f"({general(gain.kappa)} × {decimal(weight, 3)} + {decimal(gain.told.get(topic, 0.0), 3)}))"
        for topic, weight in gain.weights.items()
    ]
    yield WhyRow(
        name=say("· for topics"),
        value=decimal(gain.topic, 3),
        note=" + ".join(sums)
        + (say("; the more the page told of a topic before (the last number), the less") if sums else ""),
    )
    yield WhyRow(
        name=say("· for score"),
        value=decimal(gain.score, 3),
        note=say("{factor} × its score", factor=general(c.BETA)),
    )
    yield WhyRow(
        name=say("· for voices"),
        value=decimal(gain.voice, 3),
        note=say(
            "{factor} × its score: the longer its source was silent on your pages, the more; less once it stands on this one",
            factor=decimal(gain.voice / score if score else 0.0, 3),
        ),
    )


def _score(account: Account) -> Iterator[WhyRow]:
    own = account.score
    weight, penalty = own.weight, own.penalty
    four = " + ".join(decimal(part, 3) for part in (own.news, own.outlets, own.interest, own.engagement))
    product = f"{decimal(own.freshness, 3)} × ({four})"
    if weight != 1:
        product += say(" × your weight {weight}", weight=general(weight))
    if penalty != 1:
        product += f" × {decimal(penalty, 3)}"
    if own.held:
        product += say(", {good} at least, as thumbs take no topic’s place away", good=decimal(c.GOOD, 2))
    sure = say(
        "from {line} on it may be a story of the page, from {good} on its topic is sure of a place",
        line=decimal(c.LINE, 2),
        good=decimal(c.GOOD, 2),
    )
    yield WhyRow(name=say("Score"), value=decimal(own.value, 3), note=f"{product}; {sure}")
    yield WhyRow(
        name=say("Freshness"),
        value=decimal(own.freshness, 3),
        note=say(
            "its newest item is {hours} hours old; it halves every {half} hours",
            hours=decimal(own.age, 1),
            half=decimal(own.half_life, 0),
        ),
    )
    terms = f": {account.terms}" if account.terms else ""
    kind = say("; kind {kind}", kind=say(account.kind)) if account.kind else ""
    yield WhyRow(
        name=say("News value"),
        value=decimal(own.news, 3),
        note=say(
            "{weight} × {grade} of 3{words}{kind}",
            weight=general(c.NEWS_WEIGHT),
            grade=decimal(account.grade, 2),
            words=terms,
            kind=kind,
        )
        + _moved(account),
    )
    yield WhyRow(
        name=say("Told by"),
        value=decimal(own.outlets, 3),
        note=say(
            "{outlets} of yours; {each} for two and again for each doubling, at most {most}",
            outlets=count(account.outlets, "outlet"),
            each=decimal(c.OUTLETS_WEIGHT / 3, 2),
            most=decimal(c.OUTLETS_WEIGHT, 2),
        ),
    )
    yield WhyRow(
        name=say("Interest"),
        value=decimal(own.interest, 3),
        note=say(
            "at most {most} more or less; {why}",
            most=decimal(c.INTEREST_WEIGHT, 2),
            why=account.liking,
        ),
    )
    yield WhyRow(
        name=say("Engagement"),
        value=decimal(own.engagement, 3),
        note=say(
            "at most {most} more or less; its points among those of its source’s own last items, nothing where none are known",
            most=decimal(c.ENGAGEMENT_WEIGHT, 2),
        ),
    )
    if penalty < 1:
        yield WhyRow(
            name=say("How it is told"),
            value=decimal(own.penalty, 3),
            note=say("it has {flaws}", flaws=account.flaws),
        )


def _moved(account: Account) -> str:
    """What changed an item's grade besides its words, if that is visible in the figures."""
    told = (
        (say("your thumbs"), account.score.thumbs),
        (say("its source’s record"), account.record),
    )
    signs = ((name, "+" if grade > 0 else "−", abs(grade)) for name, grade in told)
    return "".join(f"; {name} {sign}{decimal(size, 2)}" for name, sign, size in signs if size >= 0.005)


def _topics(account: Account, labels: Mapping[str, str]) -> Iterator[WhyRow]:
    parts = sorted(account.topics.items(), key=lambda one: (-one[1], one[0]))
    for topic, part in parts[:3]:
        yield WhyRow(
            name=say("Topic {topic}", topic=labels.get(topic, topic)),
            value=decimal(part, 2),
            note=say("mean over the story’s items, drawn to what its source usually tells"),
        )
    if account.topic:
        yield WhyRow(
            name=say("Stands for"),
            value=labels.get(account.topic, account.topic),
            note=say("you asked {share} of the minutes for it", share=percent(account.share))
            + (
                say(
                    "; it had less on earlier mornings and weighs {n} times as much for that",
                    n=decimal(1 + c.ETA * account.debt, 1),
                )
                if account.debt >= 0.05
                else ""
            ),
        )
