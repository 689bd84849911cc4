"""An edition keeps its promises (minutes, places, numbers, reasons, ledger) on any morning, odd ones included."""

from __future__ import annotations

import math
import random
import re
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, strategies
from hypothesis import settings as examples
from pools import NOW, TODAY, TOPICS, candidate, feed, pool, random_pool, remembered, settings
from words import says

from newsfeed import text
from newsfeed.edition import build, building, frame, since, visible_text
from newsfeed.edition import constants as c
from newsfeed.edition.arithmetic import why
from newsfeed.edition.choose import Choice
from newsfeed.edition.preparing import Prepared
from newsfeed.edition.words import apart, no_news
from newsfeed.model import (
    Edition,
    Enclosure,
    FeedReport,
    Line,
    Pick,
    Pool,
    Settings,
    Shown,
    TopicScore,
    TopicSetting,
    ledger,
)
from newsfeed.model.accounts import flat
from newsfeed.model.ledger import CAUSES
from newsfeed.text import first_words
from newsfeed.topics.not_news import NotNews


def edition(of: Pool, reader: Settings | None = None) -> Edition:
    return build(of, reader or settings(), date=TODAY, now=NOW)


def picks(of: Edition) -> list[Pick]:
    return [pick for section in of.sections for pick in section.picks]


def told(of: Edition) -> list[Pick | Line]:
    return [*picks(of), *of.lines]


def printed(of: Edition) -> float:
    return text.reading_minutes(visible_text(of)) + 0.05 * len(picks(of))


def cause(of: Edition, item: int) -> tuple[str, str]:
    entry = next(one for one in of.ledger if one.item == item)
    return entry.cause, entry.detail


MORNINGS = strategies.tuples(
    strategies.integers(0, 40),
    strategies.sampled_from([0, 1, 3, 12, 60, 160]),
    strategies.sampled_from([1.0, 3.0, 5.0, 10.0]),
)


@examples(max_examples=60, deadline=None)
@given(MORNINGS)
def test_the_promises_of_any_morning(given: tuple[int, int, float]) -> None:
    seed, items, minutes = given
    source, reader = random_pool(seed, items), settings(minutes)
    made = edition(source, reader)
    # The minutes hold for every visible word.
    assert printed(made) <= minutes + 1e-9
    assert made.minutes == pytest.approx(printed(made))
    assert len(picks(made)) <= max(1, math.ceil(minutes * c.PICKS_A_MINUTE))
    # No story twice, numbers in the page's order.
    stories = [one.story for one in told(made)]
    assert len(stories) == len(set(stories))
    assert [pick.n for pick in picks(made)] == list(range(1, len(picks(made)) + 1))
    # Every item is in the ledger once; what is on the page says so.
    assert [entry.item for entry in made.ledger] == sorted(one.item.id for one in source.candidates)
    assert sum(made.counts.values()) == len(source.candidates)
    assert set(made.counts) <= set(CAUSES)
    on_page = {pick.item for pick in picks(made)}
    assert {entry.item for entry in made.ledger if entry.cause == ledger.SHOWN} == on_page
    long = {made.long_read.item} if made.long_read else set()
    assert {entry.item for entry in made.ledger if entry.cause == ledger.LONG} == long
    # What the foot says about the rest agrees with what is on the page.
    foot = " ".join(span.text for span in made.foot[1])
    left_out = sum(int(n.replace(",", "")) for n in re.findall(r"[:,] ([\d,]+) ", foot))
    assert left_out + len(on_page) + len(made.lines) + len(long) == len(source.candidates)
    assert {entry.item for entry in made.ledger if entry.cause == ledger.LINE} == {
        line.item for line in made.lines
    }
    # Every pick has its reason and its numbers; the topics above the stories lead to places that exist.
    for pick in picks(made):
        assert pick.reason
        assert pick.account.by
        assert pick.title
        assert len(pick.lead.split()) <= 101
    places = {f"#s{pick.n}" for pick in picks(made)} | {f"#l-{line.ref}" for line in made.lines}
    assert {short.href for short in made.short} <= places
    assert not re.search(r"\bNone\b|\bnan\b|\[…\]|  ", visible_text(made))
    assert len(made.foot) <= 5
    assert made.foot[0][0].text == "That’s all for today."


@pytest.mark.parametrize("tries", [1, c.FIT_TRIES])
@pytest.mark.parametrize("minutes", [5.0, 8.0])
@pytest.mark.parametrize(("seed", "items"), [(1, 120), (2, 160), (3, 120), (4, 160), (5, 90)])
def test_minutes_are_used_as_long_as_something_above_the_line_waits(
    monkeypatch: pytest.MonkeyPatch, seed: int, items: int, minutes: float, tries: int
) -> None:
    """Whatever was chosen first, and however rarely it is chosen again."""
    monkeypatch.setattr(c, "FIT_TRIES", tries)
    source, reader = random_pool(seed, items), settings(minutes)
    made = edition(source, reader)
    there = {one.story for one in told(made)} | ({made.long_read.story} if made.long_read else set())
    prepared = Prepared(source, reader, date=TODAY, now=NOW)
    waiting = [t for t in prepared.articles if t.score.value >= c.LINE and t.story not in there]
    assert not waiting or made.minutes >= 0.95 * minutes


def test_lines_that_take_more_minutes_than_was_reckoned_stay_out(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def too_many(prepared: Prepared, choice: Choice, minutes: float) -> tuple[int, ...]:
        asked.append(minutes)
        return lines_for(prepared, choice, 30 * minutes)

    lines_for = building._lines_for
    monkeypatch.setattr(c, "FIT_TRIES", 1)
    monkeypatch.setattr(building, "_lines_for", too_many)
    made = edition(random_pool(2, 160), settings(5.0))
    assert asked
    assert printed(made) <= 5.0


@examples(max_examples=40, deadline=None)
@given(strategies.integers(0, 200), strategies.sampled_from([3.0, 5.0, 10.0]))
def test_a_place_for_every_topic_from_three_minutes_up(seed: int, minutes: float) -> None:
    source, reader = random_pool(seed, 120), settings(minutes)
    prepared = Prepared(source, reader, date=TODAY, now=NOW)
    made = edition(source, reader)
    present = {topic for one in told(made) for topic in (*prepared.by_id[one.item].topics.stands, one.topic)}
    assert set(prepared.good_topics()) <= present
    topics = {label for short in made.short for label in short.label.split(" and ")}
    assert {prepared.ask.label(topic) for topic in prepared.good_topics()} <= topics


@examples(max_examples=25, deadline=None)
@given(strategies.integers(0, 100), strategies.randoms(use_true_random=False))
def test_same_input_same_bytes_in_any_order(seed: int, shuffle: random.Random) -> None:
    source = random_pool(seed, 60)
    mixed = list(source.candidates)
    shuffle.shuffle(mixed)
    feeds = list(source.feeds)
    shuffle.shuffle(feeds)
    other = msgspec.structs.replace(
        source, candidates=tuple(mixed), feeds=tuple(feeds), stories=source.stories[::-1]
    )
    encode = msgspec.json.encode
    assert encode(edition(source)) == encode(edition(other))


@examples(max_examples=25, deadline=None)
@given(strategies.integers(0, 100))
def test_every_reason_can_be_recomputed(seed: int) -> None:
    made = edition(random_pool(seed, 90))
    for pick in picks(made):
        numbers = flat(pick.account)
        parts = sum(
            float(numbers[f"part of {name}"]) for name in ("news", "outlets", "interest", "engagement")
        )
        score = min(
            1.0, float(numbers["freshness"]) * parts * float(numbers["weight"]) * float(numbers["telling"])
        )
        assert float(numbers["worth"]) == pytest.approx(score)
        if match := re.fullmatch(r"told by (\d+) of your sources", pick.reason):
            assert int(match.group(1)) == numbers["outlets"] >= 3
            assert pick.reason_shown
        if "of yours carry it" in pick.reason or pick.reason.startswith(
            ("next best", "first choice", "the only")
        ):
            assert not pick.reason_shown
        assert "in 0 days" not in pick.reason


# --------------------------------------------------------------------------- odd mornings


def test_no_feeds_at_all() -> None:
    made = edition(Pool())
    assert made.note == "Your list has no feeds yet: add some to feeds.opml."
    assert made.promise == "No sources yet"
    assert made.sections == ()


def test_no_items_on_a_first_day() -> None:
    made = edition(pool([], [feed(1), feed(2)]))
    assert made.promise == "Nothing new from 2 sources"
    assert made.note == ""
    assert "Nothing new was there to read." in visible_text(made)


def test_one_item() -> None:
    made = edition(pool([candidate(1)]))
    assert made.promise == "1 story from 1 source · 1 min"
    assert [section.heading for section in made.sections] == ["Top"]
    assert made.short[0].text == "Harbour number 1 opens its gates to larger ships"


def test_a_quiet_day_says_so_and_stops() -> None:
    past = remembered(days=(TODAY - timedelta(days=1),))
    made = edition(pool([candidate(n, n) for n in range(1, 5)], history=past))
    assert made.note == "Quiet day: 4 stories."
    assert made.previous == TODAY - timedelta(days=1)


def test_a_full_page_that_takes_few_minutes_is_no_quiet_day() -> None:
    past = remembered(days=(TODAY - timedelta(days=1),))
    made = edition(pool([candidate(n, n) for n in range(1, 60)], history=past), settings(30.0, max_items=16))
    assert len(picks(made)) == 16
    assert made.note == ""


@pytest.mark.parametrize("cause", ["no network", "The port is shut."])
def test_when_all_feeds_fail_that_is_said_first(cause: str) -> None:
    reports = [
        FeedReport(feed=n, title=f"Paper {n}", url="https://p.example/", ok=False, cause=cause)
        for n in (1, 2)
    ]
    made = edition(pool([], [feed(1), feed(2)], reports=tuple(reports)))
    said = f"None of your 2 sources could be read today: {cause.rstrip('.')}."
    assert made.note.startswith(said)


def test_feeds_that_need_their_owner_at_once_or_after_two_days() -> None:
    def failing(number: int, **more: object) -> FeedReport:
        return FeedReport(feed=number, title=f"Paper {number}", url="", ok=False, cause="not found", **more)  # type: ignore[arg-type]

    reports = (
        failing(1, failing_since=NOW - timedelta(hours=5)),
        failing(2, failing_since=NOW - timedelta(days=3)),
        failing(3, needs_owner=True),
        failing(4, must_read=True),
        failing(5, needs_owner=True),
        FeedReport(feed=6, title="Paper 6", url=""),
    )
    made = edition(pool([candidate(1, 6)], reports=reports))
    said = "".join(span.text for span in made.foot[-1])
    assert says(said, "4 feeds could not be read", "Paper 4 (not found)", "Paper 3", "Paper 5", "+1 more")


def test_two_thousand_items() -> None:
    made = edition(random_pool(3, 2000))
    assert printed(made) <= 5
    assert len(made.ledger) == 2000


def test_no_topics_in_the_settings_is_one_topic() -> None:
    made = edition(pool([candidate(n, n) for n in range(1, 9)]), settings(topics={}))
    assert {section.heading for section in made.sections} == {"Top", "News"}


def test_minutes_too_few_for_anything_still_end() -> None:
    made = edition(random_pool(1, 60), settings(0.4))
    assert printed(made) <= 0.45
    assert made.foot[0][0].text == "That’s all for today."


def test_cjk_counts_by_characters() -> None:
    items = [
        candidate(
            n, n, title="新しい港が大型船に門を開き始めた" * 3, lead="門は春に広げられた。" * 20, lang="ja"
        )
        for n in range(1, 30)
    ]
    made = edition(pool(items), settings(3.0, languages=("ja",)))
    assert printed(made) <= 3
    assert 0 < len(picks(made)) < 16


def test_hostile_names_stay_one_short_line() -> None:
    made = edition(pool([candidate(1)], [feed(1, title="Pa\u202eper\r\nBcc: x " * 40)]))
    source = picks(made)[0].source
    assert len(source) <= 41
    assert "\u202e" not in source
    assert "\n" not in source


# --------------------------------------------------------------------------- what the reader decides


def test_causes_of_what_can_not_be_shown() -> None:
    items = [
        candidate(1),
        candidate(2, lang="de"),
        candidate(3, not_news="deal"),
        candidate(4, hours=24 * 9),
        candidate(6, title="The Royal Wedding in pictures"),
        candidate(7, 2),
        candidate(8, topic="sales"),
        candidate(9, topic="", value=0.4),
        candidate(10, title="", lead=""),
    ]
    topics = {**TOPICS, "sales": TopicSetting(label="Sales", share=0.0)}
    made = edition(
        pool(items, [feed(1), feed(2, options={"mute": "yes"})]),
        settings(muted=("royal wedding",), topics=topics),
    )
    assert {entry.item: entry.cause for entry in made.ledger} == {
        1: ledger.SHOWN,
        2: ledger.LANGUAGE,
        3: ledger.ADVERT,
        4: ledger.OLD,
        6: ledger.MUTED,
        7: ledger.MUTED,
        8: ledger.MUTED,
        9: ledger.BELOW,
        10: ledger.BELOW,
    }
    assert cause(made, 6) == (ledger.MUTED, "you muted “Royal Wedding”")
    assert cause(made, 3) == (ledger.ADVERT, "an offer")
    assert "Sales" not in visible_text(made)


def test_what_came_before_the_subscription_is_counted() -> None:
    old = msgspec.structs.replace(pool([candidate(1), candidate(2, 2)]), before={1: 30, 2: 12})
    made = edition(old)
    assert made.counts[ledger.BEFORE] == 42
    assert made.before == {"Paper 1": 30, "Paper 2": 12}
    assert "44 read for you" in visible_text(made)
    assert "42 from before you subscribed" in visible_text(made)


def test_a_must_read_source_comes_whatever_it_says() -> None:
    items = [
        candidate(1, 1, not_news="sponsored", topic="", hours=40),
        *(candidate(n, n) for n in range(2, 30)),
    ]
    made = edition(pool(items, [feed(1, options={"must-read": "yes"})]))
    pick = next(one for one in picks(made) if one.feed == 1)
    assert (pick.reason, pick.reason_shown) == ("you marked it must-read", True)


def test_a_cap_in_picks_is_kept_and_named() -> None:
    items = [candidate(n, 1) for n in range(1, 9)]
    made = edition(pool(items, [feed(1, options={"cap": "2"})]), settings(lines=0.0))
    assert len(picks(made)) == 2
    left_out = [entry for entry in made.ledger if entry.cause == ledger.CAPPED]
    assert {entry.detail for entry in left_out} == {"its source has the 2 that you allow it"}


def test_weight_lifts_a_source_and_thumbs_only_within_reason() -> None:
    plain = edition(pool([candidate(1, 1), candidate(2, 2)]))
    assert {pick.account.score.weight for pick in picks(plain)} <= {1.0}
    made = edition(
        pool(
            [candidate(1, 1), candidate(2, 2, liked=1)],
            [feed(1, options={"weight": "3"})],
        )
    )
    score = {pick.item: pick.account.score.value for pick in picks(made)}
    assert score[1] > score[2]
    assert next(pick for pick in picks(made) if pick.item == 2).account.score.interest == c.INTEREST_WEIGHT


def test_a_sub_topic_is_told_under_its_parent_until_it_has_a_share() -> None:
    items = [candidate(1, 1, topic="ai"), *(candidate(n, n) for n in range(2, 9))]
    made = edition(pool(items))
    assert "AI" not in {section.heading for section in made.sections}
    own = {**TOPICS, "ai": TopicSetting(label="AI", parent="technology", share=0.3)}
    made = edition(pool(items), settings(topics=own))
    assert "AI" in [short.label for short in made.short]


def test_core_comes_first_then_the_readers_order() -> None:
    names = ("policy", "technology", "finance", "science", "sales")
    items = [candidate(10 * k + n, 10 * k + n, topic=name) for k, name in enumerate(names) for n in (1, 2, 3)]
    made = edition(pool(items), settings(core="science"))
    headings = [section.key for section in made.sections if section.key != "top"]
    assert headings == [
        name for name in ("science", "technology", "finance", "sales", "policy") if name in headings
    ]
    assert [short.label for short in made.short] == ["Science", "Technology", "Finance", "Sales", "Policy"]


# --------------------------------------------------------------------------- the quiet line and its reasons


def test_other_tellers_by_name_then_by_number_and_discussions_apart() -> None:
    items = [candidate(n, n, story=1) for n in range(1, 7)]
    items.append(
        candidate(
            7,
            7,
            story=1,
            discussion="https://news.example/item?id=7",
            discussion_label="Hacker News",
            comments=412,
        )
    )
    made = edition(pool(items, [feed(7, social=True, title="Hacker News")]))
    pick = picks(made)[0]
    assert [span.text for span in pick.others] == ["Paper 2", "Paper 3", "Paper 4", "+2"]
    assert [(span.text, span.href) for span in pick.discussions] == [
        ("Hacker News 412", "https://news.example/item?id=7")
    ]
    assert (pick.reason, pick.reason_shown) == ("told by 6 of your sources", True)
    assert cause(made, 3)[0] == ledger.SAME
    # If its own feed alone tells the story, that feed has already been named.
    alone = edition(pool(items[-1:], [feed(7, social=True, title="Hacker News")]))
    assert [span.text for span in picks(alone)[0].discussions] == ["discussion 412"]


def test_feeds_of_one_site_are_one_outlet() -> None:
    feeds = [feed(n, html_url="https://www.paper.example/section") for n in (1, 2, 3, 4)]
    made = edition(pool([candidate(n, n, story=1) for n in (1, 2, 3, 4)], feeds))
    assert picks(made)[0].account.outlets == 1
    assert picks(made)[0].others == ()


def test_the_head_is_told_and_an_open_telling_goes_before_a_closed_one() -> None:
    items = [candidate(n, n, story=1) for n in (1, 2, 3)]
    closed = [feed(1, options={"paywall": "yes"}), feed(2), feed(3)]
    headless = pool(items, closed, stories=())
    assert picks(edition(headless))[0].feed == 2
    assert picks(edition(pool(items, closed)))[0].feed == 1


def test_first_story_of_a_topic_in_days_only_when_history_is_as_long() -> None:
    day = TODAY - timedelta(days=4)
    history = remembered(
        days=(day, TODAY - timedelta(days=1)),
        picks={day: {"sales": 1}, TODAY - timedelta(days=1): {"finance": 1}},
    )
    items = [
        candidate(1, 1, topic="sales"),
        candidate(2, 2, topic="science"),
        candidate(3, 3, topic="finance"),
    ]
    made = edition(pool(items, history=history))
    reasons = {pick.topic: pick.reason for pick in picks(made)}
    assert reasons["sales"] == "first Sales story in 4 days"
    assert reasons["science"] == "first Science story in 4 days"  # history is four days long
    assert reasons["finance"] == "the only Finance story today"
    first_day = edition(pool(items))
    assert all("in" not in pick.reason.split() for pick in picks(first_day))


def test_a_quiet_source_speaks() -> None:
    quiet = feed(1, items_a_day=0.1, previous_post=NOW - timedelta(days=12))
    items = [candidate(1, 1), *(candidate(n, n) for n in range(2, 6))]

    def said(*days_ago: int) -> tuple[str, bool]:
        days = tuple(TODAY - timedelta(days=n) for n in days_ago)
        told = {day: {"technology": 1} for day in days}
        history = remembered(days=days, picks=told)
        pick = next(one for one in picks(edition(pool(items, [quiet], history=history))) if one.feed == 1)
        return pick.reason, pick.reason_shown

    assert said(20, 1) == ("a quiet source speaks, its first post in 11 days", True)
    # The reader's own history must be at least as long as the sentence claims.
    assert not said(5, 1)[1]
    assert not said()[1]


def test_a_headline_without_a_lead_is_worth_less() -> None:
    made = edition(pool([candidate(1, 1, lead=""), candidate(2, 2)]))
    score = {pick.item: pick.account.score.value for pick in picks(made)}
    assert score[1] == pytest.approx(0.55 * float(score[2]))  # half of the items have a lead
    # If the sources give no leads at all, there is nothing better; if all others have one, it hardly ever gets a place.
    bare = edition(pool([candidate(n, n, lead="") for n in (1, 2)]))
    assert picks(bare)[0].account.score.penalty == 0.75
    among = edition(pool([candidate(1, 1, lead=""), *(candidate(n, n, hours=20) for n in range(2, 40))]))
    shown = {pick.item for pick in picks(among)}
    assert len(shown) == 17
    assert shown < set(range(2, 40))


def test_where_leads_are_common_a_bare_headline_is_told_in_a_line_of_the_minutes_that_are_left() -> None:
    headline = candidate(1, 1, lead="", hours=1)
    made = edition(pool([headline, *(candidate(n, n) for n in range(2, 10))]))
    assert [line.item for line in made.lines] == [1]
    assert {pick.item for pick in picks(made)} == set(range(2, 10))
    assert cause(made, 1) == (ledger.LINE, "")
    assert made.minutes <= made.budget_minutes
    assert why(made, 1)[0].note == "it waited above the line, and minutes were left"
    # A reader who wants no lines gets none, and the ledger says why; a must-read source has its place in any case.
    silent = edition(pool([headline, *(candidate(n, n) for n in range(2, 10))]), settings(lines=0.0))
    assert silent.lines == ()
    assert cause(silent, 1) == (ledger.ROOM, "only a headline, and the lines went to others")
    marked = edition(
        pool(
            [headline, *(candidate(n, n) for n in range(2, 10))],
            [feed(1, options={"must-read": "yes"})],
        )
    )
    assert {pick.item for pick in picks(marked)} == set(range(1, 10))


def test_of_a_series_of_one_source_the_newest_stands() -> None:
    titles = {1: "Emulator version 10.1.0 released", 2: "Emulator version 9.2.3 released"}
    titles |= {3: "Emulator version 10.0.0 released", 4: "Emulator version 10.0.0 released"}
    releases = [candidate(n, 1 if n < 4 else 2, title=title) for n, title in titles.items()]
    made = edition(pool([*releases, *(candidate(n, n) for n in range(5, 9))]))
    # An item of another source is news in its own right.
    assert {1, 4} <= {pick.item for pick in picks(made)}
    said = (ledger.SAME, "“Emulator version 10.1.0 released” is newer and of one series with it")
    assert cause(made, 2) == cause(made, 3) == said
    # The later one is the newer one, whatever its number; figures that number nothing make no series.
    two = [
        candidate(1, 1, hours=1, title="Release 4.1.9 is out"),
        candidate(2, 1, title="Release 5.0.0 is out"),
    ]
    two += [candidate(n, 3, title=f"{n} ships wait at the gates") for n in (3, 4)]
    assert {pick.item for pick in picks(edition(pool(two)))} == {1, 3, 4}


def test_a_dated_show_and_a_title_used_again_are_series_too() -> None:
    titles = {
        1: "Noon report, 26 November",
        2: "Noon report - Wed 25 Nov, 2026",
        3: "Noon report",
        4: "Noon report",
    }
    shows = [candidate(n, 1 if n < 4 else 2, hours=n, title=title) for n, title in titles.items()]
    made = edition(pool([*shows, *(candidate(n, n) for n in range(5, 9))]))
    said = (ledger.SAME, "“Noon report, 26 November” is newer and of one series with it")
    assert cause(made, 2) == cause(made, 3) == said
    assert {1, 4} <= {pick.item for pick in picks(made)}


def test_a_headline_that_names_no_subject_is_worth_half_and_says_so() -> None:
    items = [candidate(1, 1, title="They didn’t."), *(candidate(n, n) for n in range(2, 6))]
    made = edition(pool(items))
    told = {pick.item: pick.account for pick in picks(made)}
    assert told[1].score.value == pytest.approx(0.5 * told[2].score.value)
    assert (told[1].flaws, told[2].flaws) == ("a headline that names no subject", "")
    row = next(row for row in why(made, 1) if row.name == "How it is told")
    assert (row.value, row.note) == ("0.500", "it has a headline that names no subject")
    # If another source tells the same story with an informative headline, that item represents it.
    two = edition(pool([candidate(1, 1, story=1, title="They didn’t."), candidate(2, 2, story=1)]))
    assert [pick.item for pick in picks(two)] == [2]


def test_a_headline_alone_must_be_surely_of_its_topic() -> None:
    bare = {n: candidate(n, n, lead="", p=p) for n, p in ((1, 0.79), (2, 0.81))}
    made = edition(pool([*bare.values(), *(candidate(n, n) for n in range(3, 10))]))
    assert {line.item: line.topic for line in made.lines} == {1: "", 2: "technology"}
    # Two feeds of one outlet count as one.
    twice = [candidate(n, n, story=1, lead="", p=0.79) for n in (1, 2)]
    paper = [feed(n, html_url="https://paper.example/") for n in (1, 2)]
    made = edition(pool([*twice, *(candidate(n, n) for n in range(3, 13))], paper))
    assert [line.topic for line in made.lines] == [""]


def test_what_waits_is_told_in_lines_where_the_number_of_picks_binds() -> None:
    few = settings(minutes=3.0, max_items=3)
    waiting = [candidate(n, n, hours=1, value=2.0) for n in range(4, 9)]
    trifle = candidate(9, 9, value=0.4)
    best = [candidate(n, n, hours=1) for n in range(1, 4)]
    made = edition(pool([*best, *waiting, trifle]), few)
    assert {pick.item for pick in picks(made)} == {1, 2, 3}
    assert {line.item for line in made.lines} == {4, 5, 6, 7, 8}
    assert cause(made, 9)[0] == ledger.BELOW


def test_a_story_of_three_sources_is_never_dropped_for_want_of_a_topic() -> None:
    told_by_three = [
        candidate(n, n, story=1, topic="", value=1.6, title="Ferry service stops") for n in (1, 2, 3)
    ]
    made = edition(pool([*told_by_three, *(candidate(n, n, value=1.2) for n in range(4, 30))]))
    assert any(pick.story == 1 for pick in picks(made))


def test_the_page_leads_with_what_matters_and_never_with_a_tip_or_a_talk() -> None:
    weighty = [candidate(n, n, value=2.2, hours=20, topic="policy") for n in (1, 2, 3)]
    tips = [candidate(n, n, value=2.6, text_kind="howto", hours=1) for n in (4, 5)]
    talk = candidate(6, 6, value=2.7, kind="episode", hours=1)
    made = edition(pool([*weighty, *tips, talk, *(candidate(n, n, value=1.4) for n in range(10, 20))]))
    sections = {section.key: [pick.item for pick in section.picks] for section in made.sections}
    assert set(sections["top"]) == {1, 2, 3}
    assert sections["listen"] == [6]


def test_what_tells_no_news_must_be_good_while_enough_else_waits() -> None:
    advert = candidate(90, 90, value=1.3, text_kind="promo", hours=1, topic="sales")
    news = [candidate(n, n, value=1.3, hours=1) for n in range(1, 30)]
    full = edition(pool([advert, *news]))
    assert 90 not in {pick.item for pick in picks(full)}
    assert 90 in {line.item for line in full.lines} or "tells no news" in cause(full, 90)[1]
    # An event of that topic with the same value gets the place; so does the advert if nothing else is waiting.
    event = candidate(90, 90, value=1.3, hours=1, topic="sales")
    assert 90 in {pick.item for pick in picks(edition(pool([event, *news])))}
    assert 90 in {pick.item for pick in picks(edition(pool([advert, *news[:3]])))}


def test_at_five_minutes_two_stories_at_the_most_are_to_be_heard() -> None:
    shows = [candidate(n, n, kind="episode", value=2.6) for n in range(1, 6)]
    made = edition(pool([*shows, *(candidate(n, n, value=1.5) for n in range(10, 20))]))
    assert sum(pick.kind == "episode" for pick in picks(made)) == 2


def test_of_two_items_under_one_title_the_ledger_names_the_source_that_is_shown() -> None:
    two = [candidate(n, n, story=1, hours=4 - n, title="Ferry service stops") for n in (1, 2)]
    other = candidate(3, 3, story=1, hours=1, title="No ferries until the storm has passed")
    made = edition(pool([*two, other], [feed(n, title=f"Paper {n}") for n in (1, 2, 3)]))
    assert cause(made, 2) == (ledger.SAME, "same story as “Ferry service stops” of Paper 1")
    assert cause(made, 3) == (ledger.SAME, "same story as “Ferry service stops”")


def test_a_bridge_is_told_once_and_counted_for_both() -> None:
    both = (TopicScore(topic="finance", p=0.8), TopicScore(topic="policy", p=0.8))
    made = edition(pool([candidate(1, 1, scores=both), *(candidate(n, n) for n in range(2, 6))]))
    accounts = {topic.name: topic for topic in made.topics}
    assert accounts["finance"].picks == accounts["policy"].picks == 1
    assert "Finance and Policy" in {short.label for short in made.short}


def test_a_big_story_that_fits_no_topic_leads_the_page() -> None:
    items = [candidate(n, n, story=1, topic="", title="Flood closes the northern line") for n in range(1, 6)]
    items += [candidate(n, n) for n in range(10, 20)]
    made = edition(pool(items))
    assert picks(made)[0].title == "Flood closes the northern line"
    assert (made.big_told, made.big_all) == (1, 1)


def test_the_largest_story_left_out_is_named() -> None:
    flood = {"story": 1, "topic": "", "title": "Flood closes the northern line", "lead": ""}
    items = [candidate(n, n, hours=20, **flood) for n in range(1, 6)]
    items += [candidate(n, n) for n in range(10, 30)]
    made = edition(pool(items), settings(lines=0.0))
    assert says(visible_text(made), "Left out", "5 sources", "Flood closes the northern line")
    assert (made.big_told, made.big_all) == (0, 1)


def test_quiet_topics_say_why() -> None:
    feeds = [feed(1, topic_mix={"technology": 1.0}), feed(2, topic_mix={"sales": 1.0})]
    items = [candidate(1, 1), candidate(2, 2, topic="sales", hours=150)]
    reports = (
        FeedReport(feed=1, title="Paper 1", url=""),
        FeedReport(feed=2, title="Paper 2", url="", ok=False, cause="timeout"),
    )
    made = edition(pool(items, feeds, reports=reports))
    thin = {topic.name: topic.why_thin for topic in made.topics}
    assert thin["technology"] == ""
    assert thin["sales"] == "only what is too old", "the ledger says so of its one item"
    assert thin["policy"] == "no source"
    assert "Quiet today: " in visible_text(made)
    foreign = edition(pool([candidate(n, n, lang="de") for n in (1, 2)]))
    said = {topic.name: topic.why_thin for topic in foreign.topics}
    assert said["technology"] == "in languages you don’t list"
    assert "in languages you don’t list" not in {why for name, why in said.items() if name != "technology"}
    # One item of the story has the topic; the story as a whole does not.
    told = [candidate(n, n, story=1, topic="finance", p=0.99) for n in (1, 2, 3)]
    told += [candidate(4, 4, story=1, topic="policy", p=0.9)]
    inside = {topic.name: topic.why_thin for topic in edition(pool(told)).topics}
    assert inside["policy"] == "only inside other stories"


def test_when_is_said_in_the_readers_zone() -> None:
    items = [
        candidate(n, n, hours=hours, text_kind="analysis")
        for n, hours in enumerate((1.0, 20.0, 24.0 * 6 + 8), start=1)
    ]
    slow = [feed(n, items_a_day=0.05) for n in (1, 2, 3)]
    made = edition(pool(items, [*slow[:2], feed(3, items_a_day=0.05, options={"must-read": "yes"})]))
    assert {pick.item: pick.when for pick in picks(made)} == {1: "06:30", 2: "Sat 11:30", 3: "15 Nov"}


# --------------------------------------------------------------------------- people, long read, depth


def test_people_are_the_best_posts_and_say_what_they_are_about() -> None:
    story = candidate(1, 1)
    posts = [
        candidate(
            n,
            n,
            kind="post",
            author="Ada Bergström",
            discussion_label="Mastodon",
            title="",
            lead="We priced the levy into forty contracts. Unpricing it takes one clause, if you wrote the clause.",
            link=story.item.item.link if n == 50 else f"https://social.example/{n}",
        )
        for n in range(50, 56)
    ]
    feeds = [feed(n, social=True, items_a_day=0.5) for n in range(50, 56)]
    made = edition(pool([story, *(candidate(n, n) for n in range(2, 12)), *posts], feeds))
    people = next(section for section in made.sections if section.key == "people")
    assert len(people.picks) == 2  # of six: they get a tenth of the minutes
    first = people.picks[0]
    assert first.title.startswith("“We priced the levy")
    assert first.source == "Ada Bergström on Mastodon"
    assert first.lead == ""
    about = {pick.item: pick.note for pick in people.picks}
    number = next(pick.n for pick in picks(made) if pick.item == 1)
    assert about[50] == f"about story {number}"


def test_short_or_dull_posts_are_no_people() -> None:
    posts = [candidate(1, 1, kind="post", lead="Good morning all"), candidate(2, 2, kind="post", value=1.2)]
    made = edition(pool([*posts, candidate(3, 3)], [feed(1, social=True), feed(2, social=True)]))
    assert "people" not in {section.key for section in made.sections}
    posts.append(candidate(4, 4, kind="post", value=1.6))
    made = edition(pool([*posts, candidate(3, 3)], [feed(n, social=True) for n in (1, 2, 4)]))
    said = {entry.item: entry.detail for entry in made.ledger}
    assert said[1] == "a post of fewer than 12 words"
    assert re.fullmatch(r"a post worth 0\.\d\d, it takes 0\.45 where few passed it on", said[4])


def test_every_kind_of_no_news_has_words_of_its_own() -> None:
    for kind in {pattern.kind for pattern in NotNews.shipped().patterns}:
        assert no_news(kind) != kind


def test_one_advert_is_no_adverts() -> None:
    assert frame.read_for_you({ledger.ADVERT: 1})[1].text == ": 1 advert or the like."
    assert (
        frame.read_for_you({ledger.ADVERT: 2, ledger.SAME: 1})[1].text
        == ": 1 told the same, 2 adverts or the like."
    )


def test_the_long_read_is_not_left_out() -> None:
    things = (
        "a dam",
        "a railway",
        "an orchard",
        "a lighthouse",
        "a vaccine",
        "a tunnel",
        "a harbour",
        "a telescope",
    )
    items = [
        candidate(
            10 * n + k,
            10 * n + k,
            story=n,
            title=f"Engineers of {n} countries agree to build {thing} that outlasts its makers",
            lead=f"The plan for {thing} took eleven years, and every town on the way had its say about it.",
            words=2000,
            hours=20,
        )
        for n, thing in enumerate(things, 1)
        for k in range(5)
    ]
    made = edition(pool(items), settings(1.0, lines=0.0))
    assert made.long_read is not None
    assert made.long_read.title not in visible_text(made)
    assert "Left out, though 5 sources told it: " in visible_text(made)
    assert made.big_all == 8
    assert made.big_told == len(picks(made)) + len(made.lines) + 1
    assert made.long_read.title not in {one.title for one in made.untold}
    assert made.minutes <= 1.0


def test_the_long_read_is_substantial_core_first_and_outside_the_minutes() -> None:
    items = [candidate(n, n, words=300) for n in range(1, 40)]
    items += [candidate(90, 90, words=3000, topic="sales", hours=30), candidate(91, 91, words=2380, hours=30)]
    made = edition(pool(items), settings(3.0))
    assert made.long_read is not None
    assert made.long_read.item == 91
    assert made.long_read.note == "10 min, when you have them"
    assert made.long_read.title not in visible_text(made)
    assert cause(made, 91) == (ledger.LONG, "")
    told = {row.name: row for row in why(made, 91)}
    ageless = float(told["Score"].value) / float(told["Freshness"].value)
    expected = ageless * float(told["Freshness"].value) ** 0.5
    assert float(told["As a long read"].value) == pytest.approx(expected, abs=0.003)
    yesterday = Shown(
        story=1, date=TODAY - timedelta(days=1), item=9999, feed=91, section="long", outlets=1, minutes=0
    )
    again = edition(
        pool(items, history=remembered(shown=(yesterday,), days=(yesterday.date,))), settings(3.0)
    )
    assert again.long_read is None or again.long_read.feed != 91
    assert edition(pool(items), settings(3.0, long_read=False)).long_read is None


def test_a_long_talk_is_not_called_a_read() -> None:
    items = [candidate(n, n, words=300) for n in range(1, 40)]
    read = edition(pool([*items, candidate(91, 91, words=2380, hours=30)]), settings(3.0))
    assert read.labels.long_read == "Long read"
    for kind, heading in (("episode", "Long listen"), ("video", "Long video")):
        sound = Enclosure(url="https://talk.example/1", seconds=2400)
        talk = candidate(91, 91, hours=30, kind=kind, enclosures=(sound,))
        heard = edition(pool([*items, talk]), settings(3.0))
        assert heard.long_read is not None
        assert (heard.long_read.kind, heard.labels.long_read) == (kind, heading)


def test_top_and_the_core_topics_first_pick_go_deeper_where_minutes_are_left() -> None:
    lead = " ".join(f"Sentence {n} of the story says ten more words of it." for n in range(12))
    made = edition(pool([candidate(n, n, lead=lead) for n in range(1, 9)]))
    lengths = [len(pick.lead.split()) for pick in picks(made)]
    assert max(lengths) > 60
    assert sum(length > 60 for length in lengths) == 1
    assert all(len(pick.lead.split()) <= 35 for pick in picks(made) if pick.section != "top")


def test_off_your_path() -> None:
    days = tuple(TODAY - timedelta(days=n) for n in range(10, 0, -1))
    minutes = {
        day: {"technology": 2.0, "finance": 1.0, "sales": 1.0, "science": 0.0, "policy": 1.0} for day in days
    }
    history = remembered(days=days, minutes=minutes, picks={d: dict.fromkeys(TOPICS, 1) for d in days})
    items = [
        candidate(n, n, topic=name)
        for n, name in enumerate(("technology", "finance", "science", "science"), start=1)
    ]
    made = edition(pool(items, history=history))
    off = [pick for pick in picks(made) if pick.note == "off your path"]
    assert [pick.topic for pick in off] == ["science"]
    crowded = items + [candidate(n, n, topic="science", hours=1 + n / 10) for n in range(10, 20)]
    made = edition(pool(crowded, history=history), settings(breadth="depth"))
    assert sum(pick.note == "off your path" for pick in picks(made)) <= 1
    without = edition(pool(crowded, history=history), settings(off_path=False))
    assert all(pick.note != "off your path" for pick in picks(without))


def test_what_a_refresh_adds_off_your_path_says_so_too() -> None:
    days = tuple(TODAY - timedelta(days=n) for n in range(10, 0, -1))
    minutes = {day: {"technology": 2.0, "finance": 1.0, "sales": 1.0, "policy": 1.0} for day in days}
    history = remembered(days=days, minutes=minutes, picks={d: dict.fromkeys(TOPICS, 1) for d in days})
    items = [candidate(1, 1), candidate(2, 2, topic="finance")]
    made = edition(pool(items, history=history))
    late = candidate(9, 9, topic="science", hours=-1, first_seen=NOW + timedelta(hours=1))
    whole = pool([*items, late], history=history)
    updated = since(made, whole, settings(), now=NOW + timedelta(hours=2))
    assert updated.since is not None
    assert [(pick.topic, pick.note) for pick in updated.since.picks] == [("science", "off your path")]


@pytest.mark.parametrize(
    ("title", "cut"),
    [
        ("Nine words or fewer stay exactly as they are", "Nine words or fewer stay exactly as they are"),
        (
            "A million to lose their benefit as Labour slashes £5bn",
            "A million to lose their benefit as Labour slashes…",
        ),
        (
            "Harbour opens its gates to ships – larger ones, at last",
            "Harbour opens its gates to ships – larger ones, at…",
        ),
        (
            "One, two, three, four, five, six, seven, eight, nine, ten",
            "One, two, three, four, five, six, seven, eight, nine…",
        ),
    ],
)
def test_headlines_are_cut_at_a_word(title: str, cut: str) -> None:
    assert first_words(title, 9) == cut


def test_scripts_without_spaces_are_cut_by_characters() -> None:
    assert 5 < len(first_words("新しい港が大型船に門を開き始めた" * 3, 9)) < 30


@pytest.mark.parametrize("minutes", [3.0, 5.0, 10.0])
def test_ten_topics_with_long_headlines_all_have_their_place(minutes: float) -> None:
    names = [f"subject{n}" for n in range(10)]
    topics = {name: TopicSetting(label=f"Subject number {n}") for n, name in enumerate(names)}
    long = "Ministers of eleven northern countries agree after nine nights of talks to share the costs of dredging {}"
    items = [
        candidate(
            10 * k + n,
            10 * k + n,
            topic=name,
            title=long.format(10 * k + n),
            lead=("A long story of the sea. " * 9),
        )
        for k, name in enumerate(names)
        for n in range(1, 6)
    ]
    made = edition(pool(items), settings(minutes, topics=topics, core="subject0"))
    assert printed(made) <= minutes
    assert len(made.short) == 10
    assert {one.topic for one in told(made)} == set(names)


def test_quiet_topics_are_named_by_their_cause() -> None:
    made = edition(pool([candidate(1, 1, topic="policy"), candidate(2, 2, topic="sales", value=0.7)]))
    said = "".join(span.text for row in made.foot for span in row)
    quiet = ("Technology, Finance and Science (nothing new)", "Sales (nothing worth your minutes)")
    assert says(said, "Quiet today", *quiet)


def scores(**p: float) -> tuple[TopicScore, ...]:
    """Several topics of one item."""
    return tuple(TopicScore(topic=topic, p=value) for topic, value in p.items())


def test_a_story_about_a_dropped_topic_is_not_told_for_what_it_touches_besides() -> None:
    topics = {**TOPICS, "finance": TopicSetting(label="Finance", share=0.0)}
    items = [
        candidate(1, 1, scores=scores(finance=0.97, policy=0.6)),
        candidate(2, 2, scores=scores(finance=0.7, policy=0.9)),
        candidate(3, 3, scores=scores(policy=0.9)),
    ]
    made = edition(pool(items), settings(topics=topics))
    assert {pick.item for pick in picks(made)} == {2, 3}
    assert cause(made, 1)[0] == ledger.MUTED


def test_a_parent_without_a_share_drops_no_story_of_a_child_that_has_one() -> None:
    topics = {
        **TOPICS,
        "technology": TopicSetting(label="Technology", share=0.0),
        "ai": TopicSetting(label="AI", parent="technology", share=0.3),
    }
    made = edition(pool([candidate(1, 1, scores=scores(technology=0.99, ai=0.8))]), settings(topics=topics))
    assert [pick.topic for pick in picks(made)] == ["ai"]


def test_numbers_that_are_compared_are_told_apart() -> None:
    assert apart(0.05, 0.08) == ("0.05", "0.08")
    assert apart(0.0795, 0.08) == ("0.0795", "0.0800")
    assert apart(0.31, 0.28, 1) == ("0.31", "0.28")
    assert apart(0.3, 0.3, 1) == ("0.3", "0.3")
    # Minor items, some just below the line.
    items = [candidate(n, 1, value=0.6 + n / 500) for n in range(1, 120)]
    made = edition(pool(items, [feed(1, items_a_day=40.0)]), settings(2.0))
    below = [entry.detail for entry in made.ledger if entry.cause == ledger.BELOW]
    assert below
    assert not any(len(set(re.findall(r"\d\.\d+", detail))) < 2 for detail in below)
    assert any(
        detail.startswith("worth 0.19") and len(detail) > len("worth 0.19, the line is 0.20")
        for detail in below
    )


def test_the_quiet_line_names_no_more_tellers_than_its_line_holds() -> None:
    """Long names of other sources give way: at least one is named, the rest become a number."""
    long = [feed(n, title=f"The Very Long Evening Courier of Harbour {n}") for n in range(1, 6)]
    items = [candidate(n, n, story=1) for n in range(1, 6)]
    pick = picks(edition(pool(items, long)))[0]
    assert [span.text for span in pick.others][-1] == "+3"
    short = [feed(n, title=f"P{n}") for n in range(1, 6)]
    pick = picks(edition(pool(items, short)))[0]
    assert len(pick.others) == 4
    assert pick.others[-1].text == "+1"


def test_a_long_read_that_leaves_a_longer_name_in_the_foot_never_exceeds_the_minutes() -> None:
    """The long read was the largest story left out. The next largest, whose name is longer, replaces it in the foot if
    the leads, which grow until the page is full, leave the minutes for it."""
    longer = "Harbour board of the northern river towns votes to widen every gate"
    miles = (
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    )
    lead = " ".join(f"Mile {mile} of the road is dry again." for mile in miles)
    items = [candidate(n, n, lead=lead) for n in range(1, 9)]
    items += [candidate(100 + n, 100 + n, story=100, title="Flood", words=3000) for n in range(6)]
    items += [candidate(200 + n, 200 + n, story=200, title=longer) for n in range(5)]
    never = [feed(n, options={"cap": "0"}) for n in (*range(100, 106), *range(200, 205))]
    named = set()
    for words in range(0, 48, 3):
        minutes = 1.6 + words / 238
        made = edition(pool(items, never), settings(minutes, lines=0.0))
        assert printed(made) <= minutes + 1e-9
        assert made.long_read is not None
        named.add("Harbour board" in visible_text(made))
    assert named == {True, False}


BIG_STORIES = {
    1: ("science", 2.9, 7, "Vaccine trial halves malaria in four districts", "clinic ward nurse dose fever"),
    2: ("sales", 2.9, 7, "Two truck makers merge their dealer networks", "yard lorry dealer axle depot"),
    3: (
        "technology",
        2.9,
        7,
        "Grid operator switches its control rooms to open code",
        "switch relay cable desk audit",
    ),
    4: ("science", 2.0, 5, "Eels", "brook weir trout mud spring"),
    5: (
        "sales",
        1.9,
        4,
        "A long quarrel over who may sell the last quay of the old town harbour",
        "quay heir broker lease tide",
    ),
}


def test_the_foot_after_the_long_read_keeps_the_minutes() -> None:
    """The largest story left out becomes the long read; the one that the foot names instead has a far longer name."""

    def lead(words: list[str]) -> str:
        told = ((words[n % 5], words[(n + 2) % 5], words[(n + n // 5 + 1) % 5]) for n in range(9))
        return " ".join(f"The {one} of the {two} met the {three} again." for one, two, three in told)

    source = pool(
        [
            candidate(
                10 * story + n,
                10 * story + n,
                story=story,
                topic=topic,
                value=value,
                p=0.95,
                title=title,
                lead=lead(words.split()),
                words=2_000 if title == "Eels" else 300,
            )
            for story, (topic, value, tellers, title, words) in BIG_STORIES.items()
            for n in range(tellers)
        ]
    )
    named = set()
    for hundredths in range(110, 160, 4):
        minutes = hundredths / 100
        made = edition(source, settings(minutes, max_items=3, lines=0.0))
        assert made.minutes <= minutes
        if made.long_read is not None:
            foot = " ".join(span.text for row in made.foot for span in row)
            named.add("A long quarrel" in foot)
    assert named == {True, False}, "where the name has room it is told, elsewhere it gives way"
