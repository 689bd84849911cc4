"""The whole arithmetic behind one item, as a table that a person can follow: for what was shown and what wasn't."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from newsfeed.edition import constants as c
from newsfeed.edition import ledger
from newsfeed.edition.desk import Desk
from newsfeed.edition.page import LONG, topic_account, worth_account
from newsfeed.edition.telling import first_words
from newsfeed.edition.wording import count, percent
from newsfeed.model import Edition, Line, Pick, Pool, Record, Settings

_PARTS = ("news", "outlets", "interest", "engagement")
_TITLE_WORDS = 10
_PASSES: Mapping[str, str] = {
    "must": "its source is one that you marked must-read",
    "floor": "one story for each topic",
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
    told = _told(edition, item)
    if told is not None:
        return tuple(_shown(told))
    entry = next((one for one in edition.ledger if one.item == item), None)
    if entry is None:
        return ()
    rows = [WhyRow(name="On the page", value="no", note=ledger.CAUSES.get(entry.cause, entry.cause))]
    if entry.detail:
        rows.append(WhyRow(name="Because", value=entry.detail))
    if pool is not None and settings is not None:
        desk = Desk(pool, settings, date=edition.date, now=edition.built)
        telling = next((t for t in desk.sifted.tellings if item in {one.item.id for one in t.tellers}), None)
        if telling is not None:
            account = {**worth_account(telling), **topic_account(desk, telling.topic)}
            if telling.id != item:
                rows.append(WhyRow(name="Its story", value=desk.printer.title(telling.candidate.item, "")))
            rows += _worth(account)
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
    where = "one line"
    if isinstance(told, Pick):
        where = "the long read" if told.section == LONG else f"story {told.n}"
    yield WhyRow(name="On the page", value=where, note=_PASSES.get(by, by))
    if isinstance(told, Pick):
        printed = (
            "printed beside it: it is news in itself"
            if told.reason_shown
            else "kept, not printed: it is no news in itself"
        )
        yield WhyRow(name="Reason", value=told.reason, note=printed)
    yield WhyRow(
        name="Minutes",
        value=f"{told.minutes:.2f}",
        note=_price(told, account),
    )
    yield from _worth(account)
    if by == "long read" and (fresh := _number(account, "freshness")) > 0:
        ageless = _number(account, "worth") / fresh
        yield WhyRow(
            name="As a long read",
            value=f"{ageless * math.sqrt(fresh):.3f}",
            note=f"its worth but for freshness, {ageless:.3f}, × √{fresh:.3f}: a long piece ages slowly. It takes {c.LONG_GOOD:g} but for freshness; "
            "the core topic goes first, then the largest",
        )
    yield from _topics(account)
    yield from _gain(account)
    if "runner-up" in account:
        title = first_words(str(account.get("title of runner-up", "")), _TITLE_WORDS)
        gained = f"would have gained {_figure(account, 'gain of runner-up')}"
        if title:  # an edition of an older version kept no more than the gain
            gained = f"“{title}” {gained} in {_number(account, 'minutes of runner-up'):.2f} min"
        yield WhyRow(
            name="Runner-up",
            value=str(account["runner-up"]),
            note=f"{gained}; {count(int(_number(account, 'rivals')), 'story', 'stories')} stood for the same place",
        )


def _price(told: Pick | Line, account: Mapping[str, float | str]) -> str:
    """What the minutes of a story are made of, and at how many it was chosen, where its lead grew or shrank later."""
    if not isinstance(told, Pick):
        return "its words at 238 a minute"
    if told.section == LONG:
        return "to read or hear the whole, outside of the page's minutes"
    said = "its words at 238 a minute and .05 to find it"
    chosen = _number(account, "minutes")
    if chosen and f"{chosen:.2f}" != f"{told.minutes:.2f}":
        least = (
            ", the least that is reckoned"
            if chosen == c.LEAST_MINUTES
            else " with the lead and the notes it might get"
        )
        said += f"; when it was chosen it was reckoned at {chosen:.2f}{least}"
    return said


def _gain(account: Mapping[str, float | str]) -> Iterator[WhyRow]:
    """What a pick adds to the page: one row for the sum, one for each part with all that it is reckoned from."""
    if "gain" not in account:
        return
    worth, minutes = _number(account, "worth"), _number(account, "minutes")
    parts = " + ".join(_figure(account, f"gain of {part}") for part in ("topic", "worth", "voice"))
    least = " (the least that is reckoned)" if minutes == c.LEAST_MINUTES else ""
    price = f", for {minutes:.2f} min{least}" if minutes else ""
    yield WhyRow(
        name="Gain", value=_figure(account, "gain"), note=f"what it adds to the page: {parts}{price}"
    )
    kappa = _number(account, "kappa")
    sums = []
    for key in account:
        if kappa and key.startswith("weight of "):
            topic = key.removeprefix("weight of ")
            weight, told = _number(account, key), _number(account, f"told of {topic}")
            part = _number(account, f"topic {topic}")
            sums.append(
                f"{topic} {weight:.3f} × ln(1 + {part:.3f} × {worth:.3f} / ({kappa:g} × {weight:.3f} + {told:.3f}))"
            )
    yield WhyRow(
        name="· for topics",
        value=_figure(account, "gain of topic"),
        note=" + ".join(sums)
        + ("; the more the page told of a topic before (the last number), the less" if sums else ""),
    )
    yield WhyRow(name="· for worth", value=_figure(account, "gain of worth"), note=f"{c.BETA:g} × its worth")
    yield WhyRow(
        name="· for voices",
        value=_figure(account, "gain of voice"),
        note=f"{_number(account, 'gain of voice') / worth if worth else 0.0:.3f} × its worth: the longer its source was silent on your pages, "
        "the more; less once it stands on this one",
    )


def _worth(account: Mapping[str, float | str]) -> Iterator[WhyRow]:
    if "worth" not in account:
        return
    weight, telling = _number(account, "weight"), _number(account, "telling")
    four = " + ".join(_figure(account, f"part of {part}") for part in _PARTS)
    product = f"{_figure(account, 'freshness')} × ({four})"
    if weight != 1:
        product += f" × your weight {weight:g}"
    if telling != 1:
        product += f" × {telling:.3f}"
    sure = f"from {c.LINE:.2f} on it may be a story of the page, from {c.GOOD:.2f} on its topic is sure of a place"
    yield WhyRow(name="Worth", value=_figure(account, "worth"), note=f"{product}; {sure}")
    hours = f"{c.HALF_LIFE_OF_EVENTS:.0f} hours, analysis, research and opinion in {c.HALF_LIFE_OF_IDEAS:.0f}"
    yield WhyRow(
        name="Freshness",
        value=_figure(account, "freshness"),
        note=f"its newest telling is {_number(account, 'hours'):.1f} hours old; it halves every {_number(account, 'half-life'):.0f} hours"
        if "hours" in account
        else f"of its newest telling; it halves in {hours}",
    )
    if "grade" in account:
        words = f": {account['deciding words']}" if account.get("deciding words") else ""
        kind = f"; kind {account['kind']}" if account.get("kind") else ""
        yield WhyRow(
            name="News value",
            value=_figure(account, "part of news"),
            note=f"{c.NEWS_WEIGHT:g} × {_number(account, 'grade'):.2f} of 3{words}{kind}",
        )
    outlets = int(_number(account, "outlets"))
    yield WhyRow(
        name="Told by",
        value=_figure(account, "part of outlets"),
        note=f"{count(outlets, 'outlet')} of yours; {c.OUTLETS_WEIGHT / 3:.2f} for two and again for each doubling, at most {c.OUTLETS_WEIGHT:.2f}",
    )
    yield WhyRow(
        name="Interest",
        value=_figure(account, "part of interest"),
        note=f"at most {c.INTEREST_WEIGHT:.2f} more or less; {account.get('liking') or 'from your thumbs inside its topic'}",
    )
    yield WhyRow(
        name="Engagement",
        value=_figure(account, "part of engagement"),
        note=f"at most {c.ENGAGEMENT_WEIGHT:.2f} more or less; its points among those of its source’s own last items, nothing where none are known",
    )
    if telling < 1:
        yield WhyRow(
            name="Telling",
            value=_figure(account, "telling"),
            note=f"it has {account.get('flaws') or 'no usable lead'}",
        )


def _topics(account: Mapping[str, float | str]) -> Iterator[WhyRow]:
    parts = sorted(
        ((key.removeprefix("topic "), _number(account, key)) for key in account if key.startswith("topic ")),
        key=lambda one: (-one[1], one[0]),
    )
    for topic, part in parts[:3]:
        yield WhyRow(
            name=f"Topic {topic}",
            value=f"{part:.2f}",
            note="mean over the story’s tellings, drawn to what its source usually tells",
        )
    if "share" in account:
        debt = _number(account, "debt")
        yield WhyRow(
            name="Stands for",
            value=str(account.get("topic", "")),
            note=f"you asked {percent(_number(account, 'share'))} of the minutes for it"
            + (
                f"; it had less on earlier mornings and weighs {1 + c.ETA * debt:.1f} times as much for that"
                if debt >= 0.05
                else ""
            ),
        )


def _number(account: Mapping[str, float | str], key: str) -> float:
    value = account.get(key, 0.0)
    return float(value) if isinstance(value, float | int) else 0.0


def _figure(account: Mapping[str, float | str], key: str) -> str:
    return f"{_number(account, key):.3f}"
