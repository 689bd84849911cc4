"""Items that one source repeats, items that are old by their own words, and pages that are kept up to date."""

from __future__ import annotations

import pytest
from pools import NOW, TODAY, candidate, feed, pool, settings

from newsfeed.edition import build
from newsfeed.model import Candidate, ledger


def causes(*candidates: Candidate, **more: object) -> dict[int, str]:
    made = build(pool(candidates, [feed(1, **more), feed(2)]), settings(), date=TODAY, now=NOW)
    return {entry.item: entry.cause for entry in made.ledger}


def test_two_halves_of_one_show_are_one() -> None:
    one = candidate(1, title="IsleCast 072203 Part 1: Who owns the tide", hours=3)
    two = candidate(2, title="IsleCast 072203 Part 2: Gulls at war again", hours=2)
    other = candidate(3, title="IsleCast 071603 Part 2: Ferries and fares", hours=1)
    told = causes(one, two, other, shows=("islecast",))
    assert (told[1], told[2] == ledger.SAME, told[3] == ledger.SAME) == (ledger.SAME, False, False)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (
            "Storm tears the roof off the harbour school",
            "Storm tears roof off harbour school, two hurt",
            True,
        ),
        (
            "Court blocks ferry fares for island children",
            "Top court blocks ferry fares for island children",
            True,
        ),
        ("Storm tears the roof off the harbour school", "Harbour school opens its new roof garden", False),
        (
            "Shares of Isle Bank fall 3 percent on Monday",
            "Shares of Isle Bank fall 7 percent on Monday",
            False,
        ),
    ],
)
def test_two_reports_of_one_event_by_one_source_are_one(first: str, second: str, same: bool) -> None:
    told = causes(candidate(1, title=first, hours=5), candidate(2, title=second, hours=1))
    assert (told[1] == ledger.SAME) is same
    assert told[2] != ledger.SAME
    by_two = causes(candidate(1, title=first, hours=5), candidate(2, 2, title=second, hours=1))
    assert ledger.SAME not in by_two.values()


@pytest.mark.parametrize(
    ("title", "old"),
    [
        ("Why ferries float (2010)", True),
        ("Why ferries float (2011) [pdf]", True),
        ("Why ferries float (2099)", False),
        ("The ferries of 2010", False),
    ],
)
def test_a_year_behind_a_title_makes_it_old(title: str, old: bool) -> None:
    assert (causes(candidate(1, title=title))[1] == ledger.OLD) is old


def test_an_address_is_no_headline() -> None:
    assert causes(candidate(1, title="isle.example/2026/11", lead=""))[1] == ledger.BELOW


def test_a_live_page_is_told_where_nobody_else_tells_of_it() -> None:
    alone = causes(candidate(1, title="Storm reaches the isle: live updates", not_news="live"))
    assert alone[1] != ledger.ADVERT
    told = causes(
        candidate(1, title="Storm reaches the isle: live updates", not_news="live", story=7),
        candidate(2, 2, title="Storm reaches the isle at dawn", story=7),
    )
    assert told[1] == ledger.ADVERT
    assert told[2] != ledger.ADVERT
