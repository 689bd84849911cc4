"""Two blind spots in the account of breadth: news from one side only, and topics that are shown but hardly read."""

from __future__ import annotations

import html
import itertools
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import homes
import msgspec
import pytest
import stored
from homes import NOON, Entry, TestHome
from pools import TODAY, feed, remembered, settings
from serving import Server
from words import says

from newsfeed.breadth import breadth
from newsfeed.model import Breadth, Shown, Told
from newsfeed.store import Store

DAYS = tuple(TODAY - timedelta(days=n) for n in range(8, -1, -1))

# --------------------------------------------------------------------------- one side


UK_OR_NOT = ("UK", "uk , Press", "UK", "UK", "Germany", "Germany", "Germany", "", "", "")
UK, GERMANY, NONE = (1, 2, 3, 4), (5, 6, 7), (8, 9, 10)
MOSTLY_UK = (*UK, 5)


def account(
    told: Sequence[Sequence[int]], labels: Sequence[str] = UK_OR_NOT, also: Sequence[Told] = (), **more: Any
) -> Breadth:
    """The account of nine editions that showed one big story for each entry of `told`, by the sources that told it."""
    feeds = [feed(n, options={"label": label} if label else {}) for n, label in enumerate(labels, 1)]
    stories = [
        Told(story=n, title=f"Event {n}", first=moment(0), feeds=tuple(by)) for n, by in enumerate(told, 1)
    ]
    shown = [
        Shown(
            story=n, date=DAYS[n % 9], item=n, feed=by[0], section="top", outlets=max(4, len(by)), minutes=0.3
        )
        for n, by in enumerate(told, 1)
    ]
    history = remembered(days=DAYS, shown=tuple(shown), told=(*stories, *also), sources=tuple(feeds))
    return breadth(history, settings(**more), until=TODAY)


def moment(days_ago: int) -> datetime:
    day = TODAY - timedelta(days=days_ago)
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def of_sides(made: Breadth) -> list[str]:
    return [one for one in (*made.findings, *made.remedies) if "label" in one or "isn’t" in one]


def test_big_stories_that_one_side_told_are_counted_and_mended_in_one_step() -> None:
    made = account([MOSTLY_UK] * 7 + [(1, 2, 5, 6)] * 2)
    said = "7 of your 9 big stories were told mostly by sources you labelled “UK”."
    remedy = "Add a source that isn’t “UK” for the big stories."
    assert of_sides(made) == [said, remedy]
    assert made.remedies[made.findings.index(said)] == remedy


def test_stories_of_which_nobody_can_tell_the_side_are_not_counted() -> None:
    made = account([MOSTLY_UK] * 5 + [(1, 2, *NONE)] * 3)
    assert says(of_sides(made)[0], "All 5 ", "labelled", "“UK”")


@pytest.mark.parametrize(
    ("told", "labels"),
    [
        ([MOSTLY_UK] * 9, [""] * 10),  # no labels
        ([MOSTLY_UK] * 9, ["UK", "uk", "UK", "UK", "UK", ""]),  # only one
        (
            [MOSTLY_UK] * 9,
            ["UK, press", "press", "press, UK", "press", "press"],
        ),  # no label has the most; together they have all
        ([MOSTLY_UK] * 4, UK_OR_NOT),  # too few stories
        ([(1, 2, *NONE)] * 9, UK_OR_NOT),  # too few labelled tellers
        ([MOSTLY_UK] * 4 + [(1, 2, 5, 6)] * 5, UK_OR_NOT),  # not most of them
        ([(1, 2, 5, 6)] * 9, UK_OR_NOT),  # both sides
        ([(1, 2, 3, 4, 5, 6)] * 9, UK_OR_NOT),  # 67 %
    ],
)
def test_nothing_is_said_of_sides_where_there_is_none(
    told: Sequence[Sequence[int]], labels: Sequence[str]
) -> None:
    assert of_sides(account(told, labels)) == []


def test_feeds_of_one_site_are_one_teller_and_muted_or_social_ones_are_none() -> None:
    labels = list(UK_OR_NOT)
    history = remembered(
        days=DAYS,
        shown=tuple(
            Shown(story=n, date=TODAY, item=n, feed=1, section="line", outlets=5, minutes=0.1)
            for n in range(1, 7)
        ),
        told=tuple(
            Told(story=n, title="Event", first=moment(0), feeds=(1, 2, 3, 4, 5, 6, 7)) for n in range(1, 7)
        ),
    )

    def said(**of_german: Any) -> bool:
        feeds = [
            feed(n, options={"label": label}, **({} if n in UK else of_german))
            for n, label in enumerate(labels[:7], 1)
        ]
        sided = msgspec.structs.replace(history, sources=tuple(feeds))
        return bool(of_sides(breadth(sided, settings(), until=TODAY)))

    assert not said()
    assert said(html_url="https://www.zeitung.example/")
    assert said(social=True)


def test_what_only_the_other_side_told_is_named() -> None:
    numbers = itertools.count(100)

    def told(
        title: str, feeds: Sequence[int], *, ago: int = 0, topic: str = "finance", lang: str = ""
    ) -> Told:
        return Told(
            story=next(numbers),
            title=title,
            first=moment(ago),
            feeds=tuple(feeds),
            topics=(topic,),
            lang=lang,
        )

    also = (
        told("Works council wins in court", (6, 7), ago=2),
        told("Coalition agrees on a budget", GERMANY),
        told("Rail strike ends", (5, 6), ago=1),
        told("A fourth", (5, 7), ago=3),
        told("Told by one", (5,)),
        told("Told in Britain too", (1, 5, 6, 7)),
        told("Told by who knows whom", (5, 6, 8)),
        told("Told by one who is both", (5, 6, 11)),
        told("Before the first of these editions", GERMANY, ago=20),
        told("Of a topic without a share", GERMANY, topic="sport"),
        told("A raffle", GERMANY),
        told("Auf Deutsch", GERMANY, lang="de"),
    )
    made = account([MOSTLY_UK] * 7, (*UK_OR_NOT, "Germany, UK"), also, muted=("raffle",))
    said = made.findings[made.findings.index(of_sides(made)[0]) + 1]
    budget = ("“Coalition agrees on a budget”", "3 sources", "Sun 22 Nov")
    council = ("“Works council wins in court”", "2 sources", "Fri 20 Nov")
    assert says(said, "Only", "“Germany”", *budget, "“A fourth”", "2 sources", "Thu 19 Nov", *council)
    assert said.count("“") == 4, "no other story"


# --------------------------------------------------------------------------- both, on whole mornings

# One event a day that all UK sources tell, and one that only the German ones tell.
BIG = (
    ("Central bank of Norway cuts interest rates", "Inflation in Oslo slowed for a third month. Bonds rose."),
    (
        "Shares of shipping lines fall after weak earnings",
        "Freight prices sank in Rotterdam. Investors sold.",
    ),
    ("Pension funds buy government bonds", "Yields are the highest in a decade. Insurers follow the funds."),
    (
        "Insurer Hallmark lifts its dividend",
        "Claims for storms were below plan. Its shares gained in Zurich.",
    ),
    (
        "Traders bet on a weaker franc",
        "The budget of Bern widens the deficit. Currency markets expect a cut.",
    ),
    ("Copper miner Quillota raises capital", "The stock offer is worth a billion dollars. Lenders agreed."),
    (
        "Savings banks merge in Portugal",
        "Regulators in Lisbon approved the merger. Depositors keep accounts.",
    ),
)
OTHER = (
    ("Astronomers find a planet near Fomalhaut", "The telescope saw the star grow dim. Physicists weigh it."),
    ("Geneticists read the genome of a whale", "It died before the ice age. Biologists found its bones."),
    ("Physicists weigh the neutrino", "A detector under the mountain counted for years. The mass is small."),
    (
        "Fossil of an early mammal nursed its young",
        "Paleontologists dug it from Mongolian clay. Teeth show it.",
    ),
    ("Chemists grow crystals that store sunlight", "The molecules need no metal. The laboratory made grams."),
    (
        "Neuroscientists map the brain of a wasp",
        "Neurons of the insect were traced by microscope. It took years.",
    ),
    ("Botanists revive a seed from permafrost", "The plant flowered in a laboratory. Its cells had frozen."),
)


def outlets() -> dict[str, str]:
    """The sources' names and labels."""
    return {**{f"uk{n}": "UK, press" for n in range(5)}, **{f"de{n}": "Germany" for n in range(3)}}


def listed(server: Server) -> str:
    """Their list, each with its label."""
    feeds = "".join(
        f'<outline type="rss" text="{name}" xmlUrl="{server.url("/" + name)}" newsfeed-label="{label}"/>\n'
        for name, label in outlets().items()
    )
    return f'<opml version="2.0"><body>\n{feeds}</body></opml>'


def morning(server: Server, day: int) -> None:
    """What the sources publish on a day. One German source tells the big event too."""
    big, other = (Entry(*told[day], hours=3.0 - 24 * day) for told in (BIG, OTHER))
    for name in outlets():
        entries = [big] if name.startswith("uk") or name == "de0" else []
        entries += [other] if name.startswith("de") else []
        server.feed(f"/{name}", homes.rss(name, entries, base=f"https://{name}.example"))


def mornings(server: Server, home: TestHome) -> None:
    """A week of editions, each made by the command line."""
    home.list(listed(server))
    for day in range(7):
        home.at(NOON + timedelta(days=day))
        morning(server, day)
        assert home.run("digest", "--no-open") == 0


def earlier_pages(store: Store) -> None:
    """Pages of the week before, with three stories of Finance, all opened, and two of Science, none opened; they are
    made of items that are on no page yet."""
    shown = {one.item for one in store.history(NOON.date() + timedelta(days=9)).shown}
    spare: dict[str, list[int]] = {"finance": [], "science": []}
    for state in store.states():
        for one in stored.of_feed(store, state.feed):
            if one.id not in shown:
                big = one.item.title in dict(BIG)
                spare["finance" if big else "science"].append(one.id)
    for ago in range(7, 0, -1):
        day = NOON.date() - timedelta(days=ago)
        told = [("finance", spare["finance"].pop()) for _ in range(3)]
        for _, number in told:
            store.opened(number, NOON)
        told += [("science", spare["science"].pop()) for _ in range(2)]
        store.record(stored.edition(day), [stored.shown(n, day, topic=topic, item=n) for topic, n in told])


def test_blind_spots_by_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server() as server:
        home = homes.make(tmp_path / "home", monkeypatch, [server.port])
        mornings(server, home)
    with Store.open(home.folder / ".newsfeed" / "newsfeed.db", now=NOON) as store:
        earlier_pages(store)

    def told() -> dict[str, str]:
        """Every finding with its remedy."""
        capsys.readouterr()
        assert home.run("breadth", "--json") == 0
        found = json.loads(capsys.readouterr().out)
        return dict(itertools.zip_longest(found["findings"], found["remedies"], fillvalue=""))

    one_side = "All 7 of your big stories were told mostly by sources you labelled “UK”."
    hardly = "You liked or opened none of 14 stories under Science, and 60 % of all."
    before = told()
    assert before[one_side] == "Add a source that isn’t “UK” for the big stories."
    assert before[hardly] == "Science keeps its share; lower it if you want less of it."
    others = next(said for said in before if said.startswith("Only sources you labelled “Germany” told “"))
    assert (before[others], others.count("3 sources")) == ("", 3)
    assert [said for said in before if "Sales" in said] == [
        "Sales was absent from 14 of 14 editions: no source (7)."
    ]

    # After declining the first, what was found is still told; after declining the second, nothing of it is.
    for finding, stays in ((one_side, True), (hardly, False)):
        assert home.run("breadth") == 0
        said = " ".join(capsys.readouterr().out.split())
        assert said.count(finding) == 1
        assert said.count("Sales was absent") == 1  # not twice, as a blind spot and as a thin topic
        number = re.search(re.escape(finding) + r" \((\d+)\)", said)
        assert number is not None
        assert home.run("breadth", "--no", number[1]) == 0
        assert (finding in told()) is stays
        assert before[finding] not in told().values()

    # The page and the weekly part of the edition say the same of the same days.
    monkeypatch.setenv("NEWSFEED_EDITION__BREADTH_DAY", "wednesday")
    home.at(NOON + timedelta(days=7))
    assert home.run("digest", "--no-open", "--no-refresh") == 0
    page = html.unescape((home.folder / "site" / "breadth.html").read_text(encoding="utf-8"))
    assert one_side in page
    assert others in page
    assert page.count("Sales was absent") == 1
    assert hardly not in page
    assert next(iter(told())) in html.unescape(home.page())
