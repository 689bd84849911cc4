"""The whole arithmetic behind one item, as a table that a person can follow: for what was shown and what wasn't."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from newsfeed.edition import constants as c
from newsfeed.edition.layout import topic_account
from newsfeed.edition.preparing import Prepared
from newsfeed.edition.words import score_account
from newsfeed.model import Edition, Line, Pick, Pool, Record, Settings, ledger
from newsfeed.text import first_words
from newsfeed.text.spoken import count, decimal, general, percent, say, speaking

_PARTS = ("news", "outlets", "interest", "engagement")


_TITLE_WORDS = 10


_PASSES: Mapping[str, str] = {
    "must": "its source is one that you marked must-read",
    "floor": "one story for each topic",
    "told widely": "three of your sources or more tell it",
    "off path": "what you were shown least of in two weeks",
    "fill": "the best use of the minutes that were left",
    "over cap": "nothing else was new, so its source had more than its share",
    "people": "the best posts",
    "long read": "the best long piece that you have not seen",
    "big line": "a big story that had no room as a pick",
    "place line": "the best of a topic that got no pick",
    "spare line": "it waited above the line, and minutes were left",
}


class WhyRow(Record, frozen=True, kw_only=True):
    """One row: what, how much, and what that means."""

    name: str
    value: str
    note: str = ""


def why(
    edition: Edition, item: int, *, pool: Pool | None = None, settings: Settings | None = None
) -> tuple[WhyRow, ...]:
    """Why an item is in an edition, or why not. Empty when the edition never saw it.

    Args:
        pool, settings: what the edition was built from, if it is still at hand: then what was not shown gets its
            whole arithmetic too, not only its cause.
    """
    with speaking(edition.lang):
        return _why(edition, item, pool, settings)


def _why(edition: Edition, item: int, pool: Pool | None, settings: Settings | None) -> tuple[WhyRow, ...]:
    told = _told(edition, item)
    if told is not None:
        return tuple(_shown(told))
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
        prepared = Prepared(pool, settings, date=edition.date, now=edition.built)
        contender = next(
            (t for t in prepared.filtered.contenders if item in {one.item.id for one in t.tellers}), None
        )
        if contender is not None:
            account = {**score_account(contender), **topic_account(prepared, contender.topic)}
            if contender.id != item:
                rows.append(
                    WhyRow(
                        name=say("Its story"), value=prepared.printer.title(contender.representative.item, "")
                    )
                )
            rows += _score(account)
            rows += _topics(account)
    return tuple(rows)


def is_told(edition: Edition, item: int) -> bool:
    """Whether an item stands in an edition as a pick, a line or the long read."""
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


def _shown(told: Pick | Line) -> Iterator[WhyRow]:
    account = told.account
    by = str(account.get("pass", ""))
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
    if by == "long read" and (fresh := _number(account, "freshness")) > 0:
        ageless = _number(account, "worth") / fresh
        yield WhyRow(
            name=say("As a long read"),
            value=decimal(ageless * math.sqrt(fresh), 3),
            note=say(
                "its worth but for freshness, {ageless}, × √{fresh}: a long piece ages slowly. It takes {least} but for freshness; the core topic goes first, then the largest",
                ageless=decimal(ageless, 3),
                fresh=decimal(fresh, 3),
                least=general(c.LONG_GOOD),
            ),
        )
    yield from _topics(account)
    yield from _gain(account)
    if "runner-up" in account:
        title = first_words(str(account.get("title of runner-up", "")), _TITLE_WORDS)
        gained = say("would have gained {gain}", gain=_figure(account, "gain of runner-up"))
        if title:  # an edition of an older version kept no more than the gain
            gained = say(
                "“{title}” would have gained {gain} in {minutes} min",
                title=title,
                gain=_figure(account, "gain of runner-up"),
                minutes=decimal(_number(account, "minutes of runner-up"), 2),
            )
        yield WhyRow(
            name=say("Runner-up"),
            value=str(account["runner-up"]),
            note=say(
                "{gained}; {stories} stood for the same place",
                gained=gained,
                stories=count(int(_number(account, "rivals")), "story", "stories"),
            ),
        )


def _price(told: Pick | Line, account: Mapping[str, float | str]) -> str:
    """What the minutes of a story are made of, and at how many it was chosen, where its lead grew or shrank later."""
    if not isinstance(told, Pick):
        return say("its words at 238 a minute")
    if told.section == c.LONG:
        return say("to read or hear the whole, outside of the page's minutes")
    said = say("its words at 238 a minute and .05 to find it")
    chosen = _number(account, "minutes")
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


def _gain(account: Mapping[str, float | str]) -> Iterator[WhyRow]:
    """What a pick adds to the page: one row for the sum, one for each part with all that it is reckoned from."""
    if "gain" not in account:
        return
    score, minutes = _number(account, "worth"), _number(account, "minutes")
    parts = " + ".join(_figure(account, f"gain of {part}") for part in ("topic", "worth", "voice"))
    least = say(" (the least that is reckoned)") if minutes == c.LEAST_MINUTES else ""
    price = say(", for {minutes} min{least}", minutes=decimal(minutes, 2), least=least) if minutes else ""
    yield WhyRow(
        name=say("Gain"),
        value=_figure(account, "gain"),
        note=say("what it adds to the page: {parts}{price}", parts=parts, price=price),
    )
    kappa = _number(account, "kappa")
    sums = []
    for key in account:
        if kappa and key.startswith("weight of "):
            topic = key.removeprefix("weight of ")
            weight, told = _number(account, key), _number(account, f"told of {topic}")
            part = _number(account, f"topic {topic}")
            sums.append(
                f"{topic} {decimal(weight, 3)} × ln(1 + {decimal(part, 3)} × {decimal(score, 3)} / "
                f"({general(kappa)} × {decimal(weight, 3)} + {decimal(told, 3)}))"
            )
    yield WhyRow(
        name=say("· for topics"),
        value=_figure(account, "gain of topic"),
        note=" + ".join(sums)
        + (say("; the more the page told of a topic before (the last number), the less") if sums else ""),
    )
    yield WhyRow(
        name=say("· for worth"),
        value=_figure(account, "gain of worth"),
        note=say("{factor} × its worth", factor=general(c.BETA)),
    )
    yield WhyRow(
        name=say("· for voices"),
        value=_figure(account, "gain of voice"),
        note=say(
            "{factor} × its worth: the longer its source was silent on your pages, the more; less once it stands on this one",
            factor=decimal(_number(account, "gain of voice") / score if score else 0.0, 3),
        ),
    )


def _score(account: Mapping[str, float | str]) -> Iterator[WhyRow]:
    if "worth" not in account:
        return
    weight, penalty = _number(account, "weight"), _number(account, "telling")
    four = " + ".join(_figure(account, f"part of {part}") for part in _PARTS)
    product = f"{_figure(account, 'freshness')} × ({four})"
    if weight != 1:
        product += say(" × your weight {weight}", weight=general(weight))
    if penalty != 1:
        product += f" × {decimal(penalty, 3)}"
    if account.get("held"):
        product += say(", {good} at least, as thumbs take no topic’s place away", good=decimal(c.GOOD, 2))
    sure = say(
        "from {line} on it may be a story of the page, from {good} on its topic is sure of a place",
        line=decimal(c.LINE, 2),
        good=decimal(c.GOOD, 2),
    )
    yield WhyRow(name=say("Worth"), value=_figure(account, "worth"), note=f"{product}; {sure}")
    yield WhyRow(
        name=say("Freshness"),
        value=_figure(account, "freshness"),
        note=say(
            "its newest telling is {hours} hours old; it halves every {half} hours",
            hours=decimal(_number(account, "hours"), 1),
            half=decimal(_number(account, "half-life"), 0),
        )
        if "hours" in account
        else say(
            "of its newest telling; it halves in {events} hours, analysis, research and opinion in {ideas}",
            events=decimal(c.HALF_LIFE_OF_EVENTS, 0),
            ideas=decimal(c.HALF_LIFE_OF_IDEAS, 0),
        ),
    )
    if "grade" in account:
        words = f": {account['deciding words']}" if account.get("deciding words") else ""
        kind = say("; kind {kind}", kind=say(str(account["kind"]))) if account.get("kind") else ""
        yield WhyRow(
            name=say("News value"),
            value=_figure(account, "part of news"),
            note=say(
                "{weight} × {grade} of 3{words}{kind}",
                weight=general(c.NEWS_WEIGHT),
                grade=decimal(_number(account, "grade"), 2),
                words=words,
                kind=kind,
            )
            + _moved(account),
        )
    outlets = int(_number(account, "outlets"))
    yield WhyRow(
        name=say("Told by"),
        value=_figure(account, "part of outlets"),
        note=say(
            "{outlets} of yours; {each} for two and again for each doubling, at most {most}",
            outlets=count(outlets, "outlet"),
            each=decimal(c.OUTLETS_WEIGHT / 3, 2),
            most=decimal(c.OUTLETS_WEIGHT, 2),
        ),
    )
    yield WhyRow(
        name=say("Interest"),
        value=_figure(account, "part of interest"),
        note=say(
            "at most {most} more or less; {why}",
            most=decimal(c.INTEREST_WEIGHT, 2),
            why=account.get("liking") or say("from your thumbs inside its topic"),
        ),
    )
    yield WhyRow(
        name=say("Engagement"),
        value=_figure(account, "part of engagement"),
        note=say(
            "at most {most} more or less; its points among those of its source’s own last items, nothing where none are known",
            most=decimal(c.ENGAGEMENT_WEIGHT, 2),
        ),
    )
    if penalty < 1:
        yield WhyRow(
            name=say("Telling"),
            value=_figure(account, "telling"),
            note=say("it has {flaws}", flaws=account.get("flaws") or say("no usable lead")),
        )


def _moved(account: Mapping[str, float | str]) -> str:
    """What beside an item's words made its grade, where it is seen in the figures."""
    parts = ("thumbs", say("your thumbs")), ("record", say("its source’s record"))
    told = ((name, _number(account, key)) for key, name in parts)
    signs = ((name, "+" if grade > 0 else "−", abs(grade)) for name, grade in told)
    return "".join(f"; {name} {sign}{decimal(size, 2)}" for name, sign, size in signs if size >= 0.005)


def _topics(account: Mapping[str, float | str]) -> Iterator[WhyRow]:
    parts = sorted(
        ((key.removeprefix("topic "), _number(account, key)) for key in account if key.startswith("topic ")),
        key=lambda one: (-one[1], one[0]),
    )
    for topic, part in parts[:3]:
        yield WhyRow(
            name=say("Topic {topic}", topic=topic),
            value=decimal(part, 2),
            note=say("mean over the story’s tellings, drawn to what its source usually tells"),
        )
    if "share" in account:
        debt = _number(account, "debt")
        yield WhyRow(
            name=say("Stands for"),
            value=str(account.get("topic", "")),
            note=say("you asked {share} of the minutes for it", share=percent(_number(account, "share")))
            + (
                say(
                    "; it had less on earlier mornings and weighs {n} times as much for that",
                    n=decimal(1 + c.ETA * debt, 1),
                )
                if debt >= 0.05
                else ""
            ),
        )


def _number(account: Mapping[str, float | str], key: str) -> float:
    value = account.get(key, 0.0)
    return float(value) if isinstance(value, float | int) else 0.0


def _figure(account: Mapping[str, float | str], key: str) -> str:
    return decimal(_number(account, key), 3)
