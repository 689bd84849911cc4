"""Score, story topics, the reader's shares and options: small figures, each computed from its formula."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as untimed
from hypothesis import strategies as st
from pools import NOW, TODAY, TOPICS, candidate, feed, pool, settings

from newsfeed.breadth.asked import asked, scaled
from newsfeed.edition import build
from newsfeed.edition.filtering import near_duplicates
from newsfeed.edition.score import (
    freshness,
    half_life,
    interest,
    overall_mix,
    percentile,
    records,
    score,
    source_mix,
    story_topics,
)
from newsfeed.model import Enclosure, Options, TopicSetting, ledger
from newsfeed.text.outline_options import options

NAMES = ("technology", "sales", "policy")


def test_what_is_learned_of_one_source_moves_no_other_by_a_hair() -> None:
    before = [feed(n, value=1.2 + n / 10, judged=300) for n in range(9)]
    after = [
        msgspec.structs.replace(one, value=one.value + 0.0001) if one.feed == 3 else one for one in before
    ]
    was, now = records(before), records(after)
    assert {number for number in was if was[number] != now[number]} == {3}


def test_an_event_ages_faster_than_research_or_analysis() -> None:
    assert half_life("event") == half_life("howto") == half_life("") < half_life("research")
    assert half_life("analysis") == half_life("opinion") == half_life("research")
    assert freshness(half_life("event"), half_life("event")) == pytest.approx(0.5)
    assert freshness(-3, 18.0) == 1.0


@untimed(deadline=None)
@given(
    st.floats(-10, 1000),
    st.floats(0, 3),
    st.integers(0, 50),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0.25, 4),
)
def test_worth_lies_within_0_and_1(
    age: float, news: float, outlets: int, liking: float, engaged: float, weight: float
) -> None:
    found = score(
        news=news,
        age_hours=age,
        half_life=60.0,
        outlets=outlets,
        interest=liking,
        engagement=engaged,
        weight=weight,
    )
    assert 0 <= found.value <= 1


def test_worth_by_hand() -> None:
    found = score(news=2.0, age_hours=60, half_life=60, outlets=4, interest=1.0, engagement=0.0)
    assert found.value == pytest.approx(0.5 * (0.75 * 2 / 3 + 0.45 * 2 / 3 + 0.10 - 0.05))


def test_what_matters_goes_before_what_is_newer_or_rarer() -> None:
    """A single event of the evening before beats minor items of a source that hardly ever writes."""
    bank = score(news=2.6, age_hours=10, half_life=60, outlets=1)
    lizard = score(news=1.0, age_hours=0.1, half_life=60, outlets=1)
    diary = score(news=0.8, age_hours=0.0, half_life=120, outlets=1)
    assert bank.value > 2 * lizard.value > 2 * diary.value


def test_percentile_needs_five_known_scores() -> None:
    assert percentile(7, (1, 2, 3, 4)) == 0.5
    assert percentile(None, (1, 2, 3, 4, 5)) == 0.5
    assert percentile(9, (1, 2, 3, 4, 5)) == 1.0
    assert percentile(3, (1, 2, 3, 4, 5)) == 0.5


def test_interest_moves_inside_a_topic_only() -> None:
    assert interest((0, 0), (0, 0)) == pytest.approx(0.5)
    # A topic that is often opened makes none of its sources more interesting than the others.
    assert interest((8, 10), (80, 100)) == pytest.approx(0.5, abs=0.05)
    assert interest((10, 10), (20, 100)) > 0.7
    assert interest((0, 30), (50, 100)) < 0.3
    assert interest((0, 30), (50, 100), liked=1) == 1.0
    assert interest((9, 9), (9, 9), liked=-1) == 0.0


def test_before_any_thumb_in_a_topic_no_source_falls_for_having_been_shown() -> None:
    assert interest((0, 60), (0, 300)) == 0.5
    # One thumb is no judgement on all the others.
    assert 0.35 < interest((0, 6), (1, 60)) < 0.5 < interest((1, 1), (1, 60))


def test_a_thumb_down_takes_back_what_a_thumb_up_gives() -> None:
    assert interest((0, 1), (0, 40), dislikes=1, topic_dislikes=1) < 0.35
    assert interest((0, 9), (0, 40), topic_dislikes=1) > interest(
        (0, 9), (0, 40), dislikes=1, topic_dislikes=1
    )
    both = interest((1, 2), (1, 40), dislikes=1, topic_dislikes=1)
    assert both == pytest.approx(0.5, abs=0.06)
    assert interest((0, 3), (0, 40), dislikes=3, topic_dislikes=3) > 0.0


def test_a_sources_habit_decides_between_probable_topics_but_makes_none_up() -> None:
    tech_source = {"technology": 0.96, "sales": 0.02, "policy": 0.02}
    wavering = story_topics([({"technology": 0.55, "sales": 0.6}, tech_source)], NAMES)
    assert wavering.stands[0] == "technology"
    sure = story_topics([({"technology": 0.2, "sales": 0.95}, tech_source)], NAMES)
    assert sure.stands == ("sales",)
    none = story_topics([({"technology": 0.3}, tech_source)], NAMES)
    assert none.stands == ()
    assert story_topics([], NAMES).stands == ()


def test_the_mean_over_tellings_outvotes_one_mistake() -> None:
    even = dict.fromkeys(NAMES, 1 / 3)
    told = [({"policy": 0.9}, even), ({"policy": 0.8}, even), ({"sales": 0.9}, even)]
    assert story_topics(told, NAMES).stands == ("policy",)


def test_a_bridge_stands_for_two_topics() -> None:
    even = dict.fromkeys(NAMES, 1 / 3)
    assert set(story_topics([({"policy": 0.8, "sales": 0.7}, even)], NAMES).stands) == {"policy", "sales"}
    # The tagger's second choice of topic joins nothing.
    assert story_topics([({"policy": 0.8, "sales": 0.55}, even)], NAMES).stands == ("policy",)


def test_source_mix_is_drawn_to_the_overall_mix() -> None:
    under = {name: name for name in NAMES}
    feeds = [
        feed(1, topic_mix={"technology": 1.0}, items_a_day=10.0),
        feed(2, topic_mix={"sales": 1.0}, items_a_day=0.02),
    ]
    overall = overall_mix(feeds, NAMES, under)
    assert sum(overall.values()) == pytest.approx(1)
    assert min(overall.values()) > 0.02
    busy, quiet = (source_mix(one, NAMES, under, overall) for one in feeds)
    assert busy["technology"] > 0.99
    assert 0.2 < quiet["sales"] < 0.6
    assert source_mix(None, NAMES, under, overall) == pytest.approx(overall)


# --------------------------------------------------------------------------- shares and options


def test_shares_default_to_the_core_and_equal_parts() -> None:
    found = asked(settings())
    assert found.names == ("technology", "finance", "sales", "science", "policy")
    assert found.shares == pytest.approx(
        {"technology": 0.4, "finance": 0.15, "sales": 0.15, "science": 0.15, "policy": 0.15}
    )
    assert found.under["ai"] == "technology"


def test_a_finer_topic_that_is_the_core_stands_for_itself() -> None:
    topics = {"technology": TopicSetting(), "ai": TopicSetting(parent="technology"), "sales": TopicSetting()}
    found = asked(settings(core="ai", topics=topics))
    assert found.names[0] == found.core == "ai"
    assert found.shares == pytest.approx({"ai": 0.4, "technology": 0.3, "sales": 0.3})
    assert found.under["ai"] == "ai"


def test_shares_as_given_muted_and_scaled() -> None:
    some = {**TOPICS, "finance": TopicSetting(label="Finance", share=0.3), "sales": TopicSetting(share=0.0)}
    found = asked(settings(topics=some))
    assert found.shares == pytest.approx({"technology": 0.4, "finance": 0.3, "science": 0.15, "policy": 0.15})
    assert found.under["sales"] == ""
    too_much = {name: TopicSetting(share=0.9) for name in ("technology", "sales")}
    assert asked(settings(topics=too_much)).shares == pytest.approx({"technology": 0.5, "sales": 0.5})


@pytest.mark.parametrize(
    ("shares", "core_share", "said"),
    [
        ({}, 0.4, ""),
        ({"finance": 0.3}, 0.4, ""),
        ({"technology": 0.0, "finance": 0.5}, 0.4, ""),
        (
            {"finance": 0.9},
            0.4,
            "130 %, with 40 % for the core topic: so Technology has 29 % instead of 40 % and Finance has 66 % instead of 90 %.",
        ),
        ({"finance": 0.6}, 0.4, "which leaves less than 2 % for each other topic: so Technology has 38 %"),
        (
            dict.fromkeys(TOPICS, 0.1),
            0.4,
            "add up to 60 %, with 10 % for the core topic: so Technology has 17 % instead of 10 %",
        ),
    ],
)
def test_shares_that_are_scaled_are_told(shares: dict[str, float], core_share: float, said: str) -> None:
    topics = {n: msgspec.structs.replace(t, share=shares.get(n, t.share)) for n, t in TOPICS.items()}
    found = scaled(settings(topics=topics, core_share=core_share))
    assert said in found
    assert bool(said) == bool(found)
    muted_parent = {**TOPICS, "technology": TopicSetting(share=0.0)}
    assert asked(settings(topics=muted_parent)).under["ai"] == ""
    assert asked(settings(topics={})).names == ("news",)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, Options()),
        ({"must-read": "yes"}, Options(must_read=True)),
        ({"must-read": "no"}, Options()),
        ({"mute": "TRUE"}, Options(muted=True)),
        ({"mute": "cricket, royal family"}, Options(muted_words=("cricket", "royal family"))),
        ({"mute": "golf; chess"}, Options(muted_words=("golf", "chess"))),
        ({"must-read": "ja"}, Options()),
        ({"weight": "1.5"}, Options(weight=1.5)),
        ({"weight": "99"}, Options(weight=4.0)),
        ({"weight": "heavy"}, Options()),
        ({"weight": "nan"}, Options()),
        ({"cap": "2"}, Options(most=2)),
        ({"cap": "35%"}, Options(cap=0.35)),
        ({"cap": "a lot"}, Options()),
        ({"paywall": "yes"}, Options(paywall=True)),
        ({"label": "UK,  centre  left,"}, Options(labels=("UK", "centre left"))),
    ],
)
def test_options_of_an_outline(given: dict[str, str], expected: Options) -> None:
    assert options(given) == expected


def test_words_muted_for_one_feed_only() -> None:
    items = [
        candidate(1, 1, title="Cricket returns to the harbour"),
        candidate(2, 2, title="Cricket returns to the lab"),
    ]
    made = build(pool(items, [feed(1, options={"mute": "cricket"})]), settings(), date=TODAY, now=NOW)
    assert {entry.item: entry.cause for entry in made.ledger} == {1: ledger.MUTED, 2: ledger.SHOWN}


# --------------------------------------------------------------------------- near-duplicates

TEXT = "Harbour opens its gates to larger ships after two years of work on the northern basin"


def test_twins_say_the_same_in_the_same_words() -> None:
    assert near_duplicates(
        {
            1: TEXT,
            2: TEXT + " today",
            3: "The bank leaves rates alone and sees room for a cut in the spring of next year",
        }
    ) == [(1, 2)]
    assert near_duplicates({1: "Weekly links", 2: "Weekly links"}) == []
    assert (
        near_duplicates({1: f"Release 1.2 of the harbour: {TEXT}", 2: f"Release 1.3 of the harbour: {TEXT}"})
        == []
    )


def test_near_duplicates_that_grouping_missed_are_told_once() -> None:
    items = [candidate(n, n, title=TEXT, lead=TEXT + ".") for n in (1, 2, 3)]
    made = build(pool([*items, candidate(4, 4)]), settings(), date=TODAY, now=NOW)
    causes = {entry.item: entry.cause for entry in made.ledger}
    assert sorted(causes[n] for n in (1, 2, 3)) == [ledger.SAME, ledger.SAME, ledger.SHOWN]
    assert causes[4] == ledger.SHOWN


def test_a_story_is_as_fresh_as_its_newest_telling() -> None:
    items = [candidate(1, 1, story=7, hours=22), candidate(2, 2, story=7, hours=2), candidate(3, 1, hours=22)]
    made = build(pool(items), settings(), date=TODAY, now=NOW)
    shares = {pick.item: pick.account.score.freshness for s in made.sections for pick in s.picks}
    assert shares[2] == pytest.approx(2 ** (-2 / 48), abs=0.001)
    assert shares[3] == pytest.approx(2 ** (-22 / 48), abs=0.001)


# --------------------------------------------------------------------------- the long read


@pytest.mark.parametrize(
    "changed",
    [
        {"words": 790},
        {"lead": ""},
        {"lead": "Nine words are no lead for half an hour."},
        {"title": "Harbour talks, part two: the transcript"},
        {"title": "Evening programme: 05-30-2012 Technology"},
        {"link": "https://paper90.example/docs/harbours/gates"},
        {"link": "https://answers.example/questions/4711/how-do-gates-open"},
        {"title": "The entire story of the harbour under its new owner"},
        {"title": "Everything we know about the gates"},
        {"link": "https://paper90.example/2022/harbour-board-news-updates"},
        {
            "lead": "Harbour gates, the jobs report, new ferries, gas, tolls, tunnels, bridges, trucks and a word on cranes."
        },
        {"p": 0.6},
        {"kind": "question"},
        {"kind": "episode", "words": 3000},
        {"kind": "video", "words": 3000, "enclosures": (Enclosure(url="https://v.example/1", seconds=840),)},
    ],
)
def test_nothing_is_better_than_filler_for_the_long_read(changed: dict[str, Any]) -> None:
    few = [candidate(n, n) for n in range(1, 30)]
    settled = {"words": 2380, "hours": 30} | changed
    made = build(pool([*few, candidate(90, 90, **settled)]), settings(3.0), date=TODAY, now=NOW)
    assert made.long_read is None


def test_a_talk_of_a_quarter_of_an_hour_is_a_long_read_where_it_is_worth_it() -> None:
    few = [candidate(n, n, value=2.8) for n in range(1, 30)]
    talk = candidate(
        90, 90, hours=30, kind="video", enclosures=(Enclosure(url="https://v.example/1", seconds=900),)
    )
    made = build(pool([*few, talk]), settings(3.0), date=TODAY, now=NOW)
    assert made.long_read is not None
    assert made.long_read.note == "15 min, when you have them"
    dull = [candidate(90, 90, words=2380, hours=20, value=1.2)]
    assert build(pool([*few, *dull]), settings(2.0), date=TODAY, now=NOW).long_read is None


def test_of_two_sure_topics_the_surer_one_is_named_whatever_its_source_usually_tells() -> None:
    habit = {"technology": 0.8, "marketing": 0.2}
    names = ("technology", "marketing")
    assert story_topics([({"technology": 0.97, "marketing": 0.999}, habit)], names).stands == (
        "marketing",
        "technology",
    )
    assert story_topics([({"technology": 0.70, "marketing": 0.75}, habit)], names).stands == (
        "technology",
        "marketing",
    )
