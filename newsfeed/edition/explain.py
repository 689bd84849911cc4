"""The whole arithmetic behind one item, as a table that a person can follow: for what was shown and what wasn't."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from newsfeed.edition import constants as c
from newsfeed.edition import ledger
from newsfeed.edition.desk import Desk
from newsfeed.edition.page import LONG, topic_account, worth_account
from newsfeed.edition.wording import amount, count, percent
from newsfeed.model import Edition, Line, Pick, Pool, Record, Settings

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
    "spare line": "several told it or it is only a headline, and minutes were left",
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
                rows.append(
                    WhyRow(name="Its story", value=desk.printer.title(telling.candidate.item.item, ""))
                )
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
        printed = "stands on the page: it is news in itself" if told.reason_shown else "kept, not on the page"
        yield WhyRow(name="Reason", value=told.reason, note=printed)
    yield WhyRow(
        name="Minutes",
        value=f"{told.minutes:.2f}",
        note="to read or hear the whole, outside of the page's minutes"
        if isinstance(told, Pick) and told.section == LONG
        else "its words at 238 a minute" + (" and .05 to find it" if isinstance(told, Pick) else ""),
    )
    yield from _worth(account)
    yield from _topics(account)
    if "gain" in account:
        yield WhyRow(
            name="Gain",
            value=_figure(account, "gain"),
            note=f"topics {_figure(account, 'gain of topic')}, worth {_figure(account, 'gain of worth')}, voices {_figure(account, 'gain of voice')}",
        )
    if "runner-up" in account:
        yield WhyRow(
            name="Runner-up",
            value=str(account["runner-up"]),
            note=f"its gain was {_figure(account, 'gain of runner-up')}; {count(int(_number(account, 'rivals')), 'story', 'stories')} stood for the same place",
        )


def _worth(account: Mapping[str, float | str]) -> Iterator[WhyRow]:
    if "worth" not in account:
        return
    weight = _number(account, "weight")
    yield WhyRow(
        name="Worth",
        value=_figure(account, "worth"),
        note=f"freshness × the four parts{f' × your weight {weight:g}' if weight != 1 else ''}; the line is {c.LINE:.2f}, a place is sure from {c.GOOD:.2f}",
    )
    if _number(account, "telling") < 1:
        yield WhyRow(
            name="Telling",
            value=_figure(account, "telling"),
            note=f"it has {account.get('flaws') or 'no usable lead'}",
        )
    yield WhyRow(
        name="Freshness",
        value=_figure(account, "freshness"),
        note="of its newest telling; halves in half of its source’s usual gap, 18 to 96 hours",
    )
    outlets = int(_number(account, "outlets"))
    yield WhyRow(
        name="Told by",
        value=_figure(account, "part of outlets"),
        note=f"{count(outlets, 'outlet')} of yours; eight give {c.OUTLETS_WEIGHT:.2f}",
    )
    yield WhyRow(
        name="Interest",
        value=_figure(account, "part of interest"),
        note=f"of {c.INTEREST_WEIGHT:.2f}; from your thumbs and opens inside its topic",
    )
    yield WhyRow(
        name="Engagement",
        value=_figure(account, "part of engagement"),
        note=f"of {c.ENGAGEMENT_WEIGHT:.2f}; against its source’s own last items",
    )
    yield WhyRow(
        name="Rarity",
        value=_figure(account, "part of rarity"),
        note=f"of {c.RARITY_WEIGHT:.2f}; who writes seldom is heard",
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
            + (f"; it is owed {amount(debt)}" if debt >= 0.05 else ""),
        )


def _number(account: Mapping[str, float | str], key: str) -> float:
    value = account.get(key, 0.0)
    return float(value) if isinstance(value, float | int) else 0.0


def _figure(account: Mapping[str, float | str], key: str) -> str:
    return f"{_number(account, key):.3f}"
