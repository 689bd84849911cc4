"""Across mornings: which stories may return, what came since, what is remembered, and the account over weeks."""

from __future__ import annotations

import math
import random
import re
from datetime import timedelta

import msgspec
import pytest
from pools import NOW, TODAY, TOPICS, candidate, feed, pool, random_pool, remembered, settings
from words import says

from newsfeed import text
from newsfeed.breadth import breadth
from newsfeed.breadth.measures import beta_below
from newsfeed.edition import WhyRow, build, remember, since, visible_text, why
from newsfeed.edition.earlier import days_since_topic
from newsfeed.edition.printed import pick_minutes
from newsfeed.model import (
    Breadth,
    Day,
    Edition,
    EditionSummary,
    History,
    Pick,
    Pool,
    Shown,
    TopicSetting,
    TopicSummary,
    Untold,
    ledger,
    summary,
)
from newsfeed.text import reading_minutes

YESTERDAY = TODAY - timedelta(days=1)


def picks(of: Edition) -> list[Pick]:
    return [pick for section in of.sections for pick in section.picks]


def shown(
    story: int, *, days_ago: int = 1, items: tuple[int, ...] = (), outlets: int = 1, sentence: str = ""
) -> Shown:
    return Shown(
        story=story,
        date=TODAY - timedelta(days=days_ago),
        item=items[0] if items else 9000 + story,
        feed=1,
        section="top",
        outlets=outlets,
        minutes=0.3,
        topics={"technology": 0.9},
        items=items,
        sentence=sentence,
    )


def after(*past: Shown) -> History:
    return remembered(shown=past, days=tuple(sorted({one.date for one in past})))


# --------------------------------------------------------------------------- stories that come back


def test_a_story_shown_before_is_not_shown_again() -> None:
    items = [candidate(1, 1, story=7), candidate(2, 2, story=7), candidate(3, 3)]
    made = build(pool(items, history=after(shown(7, items=(1,)))), settings(), date=TODAY, now=NOW)
    assert [pick.item for pick in picks(made)] == [3]
    assert {e.item: e.cause for e in made.ledger} == {1: ledger.HAD, 2: ledger.HAD, 3: ledger.SHOWN}
    assert "2 you had" in visible_text(made)


def test_a_story_is_known_by_its_items_when_its_number_has_changed() -> None:
    made = build(
        pool([candidate(1, 1, story=70)], history=after(shown(7, items=(1,)))),
        settings(),
        date=TODAY,
        now=NOW,
    )
    assert picks(made) == []


def test_it_returns_when_its_outlets_doubled_and_are_six() -> None:
    items = [candidate(n, n, story=7) for n in range(1, 7)]
    past = shown(7, items=(1, 2, 3), outlets=3, sentence="Harbour number 1 opens its gates to larger ships")
    made = build(pool(items, history=after(past)), settings(), date=TODAY, now=NOW)
    (pick,) = picks(made)
    assert pick.note.startswith("day 2, new")
    five = build(pool(items[:5], history=after(past)), settings(), date=TODAY, now=NOW)
    assert picks(five) == []


def test_it_returns_with_what_is_new_and_its_earlier_days() -> None:
    court = "Court halts the levy on data centres in Rhineland"
    news = "Judges found that the charge singled out one industry. Eleven operators had priced it into contracts."
    items = [
        candidate(1, 1, story=7, title="Rhineland plans a levy", lead="The parliament will vote in spring.")
    ]
    items += [candidate(n, n, story=7, title=court, lead=news, hours=1) for n in (2, 3)]
    past = (
        shown(7, days_ago=2, items=(1,), sentence="Rhineland plans a levy"),
        shown(7, days_ago=1, items=(1,), sentence="Rhineland’s levy passes its first vote"),
    )
    made = build(pool(items, history=after(*past)), settings(), date=TODAY, now=NOW)
    (pick,) = picks(made)
    assert pick.title == court
    assert pick.note == "day 3, new: Judges found that the charge singled out one industry"
    assert pick.lead.startswith("Eleven operators")  # the note already says the first sentence
    assert pick.earlier == (
        "Fri 20 Nov: Rhineland plans a levy",
        "Sat 21 Nov: Rhineland’s levy passes its first vote",
    )
    assert pick.reason == "told by 3 of your sources"
    assert pick.note in visible_text(made)


def test_one_outlet_more_in_the_same_words_is_nothing_new() -> None:
    items = [candidate(n, n, story=7, title="Rhineland plans a levy on data centres") for n in (1, 2, 3)]
    past = shown(7, items=(1,), sentence="Rhineland plans a levy on data centres")
    assert picks(build(pool(items, history=after(past)), settings(), date=TODAY, now=NOW)) == []


LEVY = "Rhineland plans a levy on data centres"
LEVIED = "The parliament of Rhineland will vote in spring on a charge of nine cents for each hour of a rack in use."

COURT = "Court in Brunnau overturns charge for server halls"


def returned(past: Shown, *told: tuple[str, str]) -> Pick | None:
    """The pick of story 7 on the morning after `past`, with one outlet after another telling it again."""
    items = [
        candidate(n, n, story=7, title=title, lead=lead, hours=1) for n, (title, lead) in enumerate(told, 2)
    ]
    return next(iter(picks(build(pool(items, history=after(past)), settings(), date=TODAY, now=NOW))), None)


def test_what_the_page_has_said_is_not_told_as_new() -> None:
    # The item that was shown is no longer a candidate: the reader knows it from the page.
    past = msgspec.structs.replace(shown(7, items=(1,), sentence=LEVY), lead=LEVIED)
    ruling = "Judges found that it singled out one industry."
    pick = returned(past, (COURT, f"{LEVIED} It is off. {ruling}"), (COURT, f"{LEVIED} {ruling}"))
    assert pick is not None
    assert pick.note == "day 2, new: Judges found that it singled out one industry"
    assert LEVIED not in pick.lead
    assert "It is off." not in pick.lead  # it depends on a sentence that is gone


def test_the_same_in_other_words_is_nothing_new() -> None:
    past = msgspec.structs.replace(shown(7, items=(1,), sentence=LEVY), lead=LEVIED)
    one = ("Server halls face hourly fee under western proposal", "Lawmakers could decide before summer.")
    two = (
        "Government wants operators to pay for every cabinet",
        "Politicians debate a surcharge for computing.",
    )
    assert returned(past, one, two) is None
    ruled = "Court halts plan"
    both = [(f"{ruled}: {title}", f"{lead} Brunnau judges overturned it.") for title, lead in (one, two)]
    assert returned(past, *both) is not None


def test_a_development_names_the_same_people_and_places_again() -> None:
    past = shown(7, items=(1,), sentence="Cloud provider Aurelia loses data of 300 hospitals in Stenholm")
    told = "The board of Aurelia suspended its chief on Friday for ignoring two warnings."
    followed = ("Aurelia cloud chief suspended over lost hospital data in Stenholm", told)
    pick = returned(past, followed, followed)
    assert pick is not None
    assert pick.note == f"day 2, new: {told[:-1]}"
    assert returned(past, followed) is None  # one outlet's word only


def test_what_is_new_is_a_whole_sentence_that_several_tell() -> None:
    past = msgspec.structs.replace(shown(7, items=(1,), sentence=LEVY), lead=LEVIED)
    ruling = (
        "The labour court in Brunnau ruled late on Saturday that operators must be heard by a council of towns, "
        "villages and unions before any charge is raised."
    )
    colour = "Gardeners, brewers, tailors, printers and plumbers watched the solemn spectacle from balconies nearby."
    pick = returned(
        past, (COURT, f"{colour} {ruling} He smiled."), (COURT, ruling), (COURT, "Brunnau court ruled.")
    )
    assert pick is not None
    assert pick.note == f"day 2, new: {ruling[:-1]}"
    assert ruling not in pick.lead


def test_a_cut_sentence_is_none_and_mere_spread_says_so() -> None:
    lead = f"{LEVIED} Observers expected nothing else from a cabinet that"
    told = [(LEVY, f"{lead} …")] * 6
    pick = returned(
        msgspec.structs.replace(shown(7, items=(1,), outlets=2, sentence=LEVY), lead=LEVIED), *told
    )
    assert pick is not None
    assert pick.note == "day 2, new: 6 outlets tell it now, 2 before"


def test_building_twice_from_the_same_past_gives_the_same_edition() -> None:
    history = after(shown(7, items=(1,)))
    first = build(random_pool(5, 80, history=history), settings(), date=TODAY, now=NOW)
    again = build(random_pool(5, 80, history=history), settings(), date=TODAY, now=NOW)
    assert msgspec.json.encode(first) == msgspec.json.encode(again)


def test_after_an_absence_one_edition_of_the_same_minutes_counts_what_went_stale() -> None:
    items = [
        *(candidate(n, n) for n in range(1, 4)),
        *(candidate(n, 9, hours=24 * 5.9) for n in range(10, 16)),
    ]
    past = shown(7, days_ago=4)
    source = pool(items, [feed(9, items_a_day=20.0)], history=after(past), since=NOW - timedelta(days=6))
    made = build(source, settings(), date=TODAY, now=NOW)
    assert says(made.note, "Wednesday", "6 items")
    assert made.minutes <= 5


def test_older_items_are_entered_in_the_ledger_of_their_own_day_only() -> None:
    began = NOW - timedelta(hours=24)
    old = [
        candidate(1, 1, hours=150),  # stale by now
        candidate(2, 2, hours=30, title="An older story that may still stand", topic="sales"),
        candidate(3, 3, hours=30, not_news="deal"),
    ]
    slow = [feed(2, items_a_day=0.1)]
    made = build(pool([*old, candidate(4, 4)], slow, since=began), settings(), date=TODAY, now=NOW)
    assert {e.item for e in made.ledger} == {2, 4}


# --------------------------------------------------------------------------- since


def test_what_came_since_stands_in_one_block_and_the_page_keeps_its_place() -> None:
    morning = [candidate(n, n) for n in range(1, 7)]
    made = build(pool(morning), settings(), date=TODAY, now=NOW)
    later = NOW + timedelta(hours=5)
    fresh = [
        candidate(
            n, n, hours=-4, first_seen=NOW + timedelta(hours=4.5), title=f"Bridge {n} reopens after two years"
        )
        for n in range(20, 29)
    ]
    same = candidate(40, 40, story=1, hours=-4, first_seen=NOW + timedelta(hours=4))
    source = pool([*morning, *fresh, same])
    updated = since(made, source, settings(), now=later)
    assert updated.sections == made.sections
    assert updated.since is not None
    assert updated.since.heading == "Since 07:30"
    assert len(updated.since.picks) == 4  # of nine: a fifth would exceed the minute
    counted = reading_minutes(updated.since.heading) + sum(map(pick_minutes, updated.since.picks))
    assert counted <= 1.0 + 1e-9
    assert [p.n for p in updated.since.picks] == list(range(7, 7 + len(updated.since.picks)))
    assert updated.minutes == made.minutes  # the block carries its own
    assert len(updated.ledger) == len({e.item for e in updated.ledger}) == len(source.candidates)
    assert next(e for e in updated.ledger if e.item == 40).cause == ledger.SAME
    assert updated.later == len(updated.ledger) - len(made.ledger) == 10  # what the foot doesn't count
    # Another refresh keeps what the block already shows.
    again = since(updated, source, settings(), now=later + timedelta(hours=1))
    assert again.later == updated.later
    assert again.since is not None
    assert again.since.picks[: len(updated.since.picks)] == updated.since.picks
    assert sum(again.counts.values()) == len(again.ledger)


def test_when_nothing_beats_the_line_the_block_says_so() -> None:
    morning = [candidate(n, n) for n in range(1, 4)]
    made = build(pool(morning), settings(), date=TODAY, now=NOW)
    later = NOW + timedelta(hours=3)
    dull = candidate(20, 20, hours=-1, first_seen=NOW + timedelta(hours=2), value=0.4)
    updated = since(made, pool([*morning, dull]), settings(), now=later)
    assert updated.since is None
    assert updated.since_note == "Nothing since 07:30 is worth your minutes."
    assert next(e for e in updated.ledger if e.item == 20).cause == ledger.BELOW
    assert since(updated, pool(morning), settings(), now=later).since is None


# --------------------------------------------------------------------------- remembering


def test_everything_told_is_remembered_with_its_story() -> None:
    items = [candidate(n, n, story=1, topic="", title="Flood closes the northern line") for n in range(1, 6)]
    items += [
        candidate(n, n, words=2000 if n == 30 else 300, hours=20 if n == 30 else 2) for n in range(10, 31)
    ]
    source = pool(items)
    made = build(source, settings(2.0), date=TODAY, now=NOW)
    kept = {one.story: one for one in remember(made, source)}
    told = [*picks(made), *made.lines, *([made.long_read] if made.long_read else [])]
    assert set(kept) == {one.story for one in told}
    assert made.lines
    flood = kept[1]
    assert flood.section == "top"
    assert flood.items == (1, 2, 3, 4, 5)
    assert flood.outlets == 5
    assert flood.sentence == "Flood closes the northern line"
    assert all(one.date == TODAY for one in kept.values())
    for pick in picks(made):
        assert pick.lead
        assert kept[pick.story].lead == pick.lead
    told_before = msgspec.structs.replace(
        picks(made)[0], note="day 3, new: The judges agreed", news="The judges agreed"
    )
    again = msgspec.structs.replace(
        made, sections=(msgspec.structs.replace(made.sections[0], picks=(told_before,)),)
    )
    assert remember(again, source)[0].lead == f"{told_before.lead} The judges agreed"
    if made.long_read:
        assert kept[made.long_read.story].section == "long"
        assert kept[made.long_read.story].minutes == 0.0


def test_debt_grows_for_a_topic_that_had_nothing_and_stays_when_nothing_was_told() -> None:
    history = remembered(days=(TODAY - timedelta(days=1),), debts={"sales": 1.0})
    made = build(pool([candidate(1, 1)], history=history), settings(), date=TODAY, now=NOW)
    owed = {topic.name: topic.debt for topic in made.topics}
    assert owed["sales"] == pytest.approx(1.75)
    assert owed["technology"] == 0.0
    empty = build(pool([], [feed(1)], history=history), settings(), date=TODAY, now=NOW)
    assert {topic.name: topic.debt for topic in empty.topics}["sales"] == 1.0


@pytest.mark.parametrize(("pages", "days"), [((5,), 1), ((5, 4), 5), ((1,), 1), ((3, 2, 1), 3)])
def test_no_topic_was_silent_for_want_of_a_page(pages: tuple[int, ...], days: int) -> None:
    dates = tuple(TODAY - timedelta(days=n) for n in pages)
    history = remembered(days=dates, picks={dates[0]: {"sales": 1}})
    assert days_since_topic(history, "sales", TODAY) == days


# --------------------------------------------------------------------------- why


def test_why_tells_the_arithmetic_of_what_was_shown_and_of_what_was_not() -> None:
    source = random_pool(11, 160)
    reader = settings(2.0)
    made = build(source, reader, date=TODAY, now=NOW)
    first = picks(made)[0]
    table = {row.name: row for row in why(made, first.item)}
    assert table["On the page"].value == "story 1"
    assert table["Reason"].value == first.reason
    assert float(table["Score"].value) == pytest.approx(first.account.score.value, abs=0.001)
    labels = {topic.name: topic.label for topic in made.topics}
    chosen = next(pick for pick in picks(made) if pick.account.topic)
    stands = next(row for row in why(made, chosen.item) if row.name == "Stands for")
    assert stands.value == labels[chosen.account.topic] != chosen.account.topic, "a name, not a key"
    for cause in {entry.cause for entry in made.ledger} - {ledger.SHOWN, ledger.LINE, ledger.LONG}:
        entry = next(one for one in made.ledger if one.cause == cause)
        rows = why(made, entry.item, pool=source, settings=reader)
        assert rows[0].value == "no"
        assert rows[1].value == entry.detail
        if cause in {ledger.ROOM, ledger.BELOW}:
            assert {row.name for row in rows} >= {"Score", "Freshness"}
    assert why(made, 99_999) == ()


@pytest.mark.parametrize("seed", [3, 11, 12])
def test_the_figures_of_why_add_up_by_hand(seed: int) -> None:
    source = random_pool(seed, 160)
    reader = settings(4.0)
    made = build(source, reader, date=TODAY, now=NOW)
    for pick in picks(made):
        table = {row.name: row for row in why(made, pick.item)}

        def figure(name: str, table: dict[str, WhyRow] = table) -> float:
            return float(table[name].value)

        parts = [figure(name) for name in ("News value", "Told by", "Interest", "Engagement")]
        contender = figure("Telling") if "Telling" in table else 1.0
        assert figure("Score") == pytest.approx(
            min(1.0, figure("Freshness") * sum(parts) * contender), abs=0.003
        )
        product = table["Score"].note.partition(";")[0].replace("×", "*")
        assert figure("Score") == pytest.approx(min(1.0, evaluated(product)), abs=0.003)
        if "Gain" not in table:
            continue
        gains = [figure(f"· for {name}") for name in ("topics", "score", "voices")]
        assert figure("Gain") == pytest.approx(sum(gains), abs=0.002)
        said = table["· for topics"].note.partition(";")[0]
        terms = [re.sub(r"^\D+ ", "", term).replace("×", "*") for term in re.split(r" \+ (?=[A-Z])", said)]
        assert gains[0] == pytest.approx(sum(evaluated(term) for term in terms if term), abs=0.003)
        assert gains[1] == pytest.approx(
            evaluated(table["· for score"].note.partition("×")[0]) * figure("Score"), abs=0.002
        )
        assert gains[2] == pytest.approx(
            evaluated(table["· for voices"].note.partition("×")[0]) * figure("Score"), abs=0.002
        )


def evaluated(sum_in_words: str) -> float:
    """A sum as the table prints it, recomputed as a reader with a calculator would."""
    assert re.fullmatch(r"(?:ln|[\d. ()+*/])+", sum_in_words), sum_in_words
    return float(eval(sum_in_words, {"__builtins__": {}}, {"ln": math.log}))


def test_the_words_for_no_room_name_both_sides() -> None:
    items = [candidate(n, n, lead="The gates were widened in spring. " * 5) for n in range(1, 60)]
    made = build(pool(items), settings(2.0, max_items=40, lines=0.0), date=TODAY, now=NOW)
    details = {entry.detail for entry in made.ledger if entry.cause == ledger.ROOM}
    assert details
    assert all(detail.startswith("needs ") and detail.endswith("were left") for detail in details)


# --------------------------------------------------------------------------- the account of breadth


def weeks(days: int, **minutes: float) -> History:
    held = tuple(TODAY - timedelta(days=n) for n in range(days - 1, -1, -1))
    return remembered(
        days=held,
        minutes={day: dict(minutes) for day in held},
        picks={day: {topic: int(value > 0) for topic, value in minutes.items()} for day in held},
        good={day: dict.fromkeys(minutes, 2) for day in held},
        big=dict.fromkeys(held, (3, 4)),
        voices={day: {"Paper 1": 1.0, "Paper 2": 1.0} for day in held},
    )


def of_topics(history: History, day: Day, field: str) -> dict[str, int]:
    return {name: getattr(topic, field) for name, topic in history.days[day].topics.items()}


EVEN = {"technology": 2.0, "finance": 0.75, "sales": 0.75, "science": 0.75, "policy": 0.75}


def test_nothing_is_said_before_seven_editions() -> None:
    account = breadth(weeks(6, **EVEN), settings(), until=TODAY)
    assert account.headline == ""
    assert account.rows == ()
    (said,) = account.findings
    assert says(said, "after 7 editions", "6 editions")


def test_the_account_of_what_was_asked_for() -> None:
    account = breadth(weeks(30, **EVEN), settings(), until=TODAY)
    assert account.headline.startswith("Informed in 4.")
    assert account.headline.endswith("of 5 topics")
    assert account.numbers["balance"] == pytest.approx(100, abs=1)
    assert account.numbers["voices"] == pytest.approx(2)
    assert (account.numbers["big told"], account.numbers["big stories"]) == (90, 120)
    assert [row.label for row in account.rows] == ["Technology", "Finance", "Sales", "Science", "Policy"]
    assert all(row.silence == 0 for row in account.rows)
    assert len(account.days) == len(account.rows[0].picks) == 30
    assert account.findings[0] == "30 of 120 stories that 4 or more sources told had no room."
    assert "Your minutes matched what you asked for to 100 of 100." in account.findings
    assert "Paper 1 took 50 % of your minutes." in account.findings
    assert account.findings[-1].startswith("The last week was like the others")


def test_days_without_an_edition_are_silent_for_every_topic() -> None:
    past = weeks(14, **EVEN)
    away = {TODAY - timedelta(days=n) for n in (3, 4, 5)}
    rest = remembered(past, days=tuple(day for day in past.days if day not in away))
    assert {row.silence for row in breadth(rest, settings(), until=TODAY).rows} == {3}
    # Before the first edition and after the last one nobody could be told anything.
    assert {row.silence for row in breadth(past, settings(), until=TODAY + timedelta(days=4)).rows} == {0}


@pytest.mark.parametrize(
    ("lines", "remedy"), [(0.08, "Give more of the minutes to lines."), (0.15, "Raise the minutes.")]
)
def test_one_step_mends_big_stories_without_a_place_and_a_loud_source(lines: float, remedy: str) -> None:
    account = breadth(weeks(30, **EVEN), settings(lines=lines), until=TODAY)
    told = dict(zip(account.findings, account.remedies, strict=False))
    assert told["30 of 120 stories that 4 or more sources told had no room."] == remedy
    assert told["Paper 1 took 50 % of your minutes."] == "Lower its cap in feeds.opml."


def test_big_stories_are_accounted_for_where_there_were_none() -> None:
    said = "No story was told by 4 or more sources."
    assert said in breadth(remembered(weeks(30, **EVEN), big={}), settings(), until=TODAY).findings
    assert said not in breadth(weeks(30, **EVEN), settings(), until=TODAY).findings


def test_sources_that_write_seldom_are_counted_once_each() -> None:
    past = weeks(30, **EVEN)
    days = list(past.days)
    heard = tuple(msgspec.structs.replace(shown(n, days_ago=n), feed=n) for n in (1, 2, 9))
    history = remembered(past, shown=heard, seldom={days[0]: (1, 3), days[7]: (1, 2), days[-1]: (2, 4)})
    account = breadth(history, settings(), until=TODAY)
    assert "Of 4 sources that write seldom you heard 2." in account.findings
    assert not any("seldom" in said for said in breadth(past, settings(), until=TODAY).findings)


def test_blind_spots_come_with_their_remedies() -> None:
    thin = weeks(30, **(EVEN | {"sales": 0.0, "policy": 0.1}))
    good = {day: {**of_topics(thin, day, "good"), "sales": 0} for day in thin.days}
    account = breadth(remembered(thin, good=good), settings(), until=TODAY)
    rows = {row.topic: row for row in account.rows}
    assert rows["sales"].silence == 30
    assert rows["sales"].remedy == "Add a source for Sales."
    assert rows["policy"].remedy == "Raise the share of Policy."
    assert "60 good stories" in rows["policy"].finding
    assert rows["finance"].finding == ""
    # After the reader says no, the finding stays, but nothing is proposed for it any more.
    past = remembered(thin, good=good, declined=("Add a source for Sales.",))
    after_no = breadth(past, settings(), until=TODAY)
    assert {row.topic: row for row in after_no.rows}["sales"].finding == rows["sales"].finding
    assert "Add a source for Sales." in account.remedies
    assert {*after_no.remedies} - {""} == {*account.remedies} - {"", "Add a source for Sales."}
    assert not any(row.remedy == "Add a source for Sales." for row in after_no.rows)


def test_more_of_the_same_share_is_no_remedy_where_all_good_stories_were_told() -> None:
    past = weeks(30, **(EVEN | {"policy": 0.1}))
    told = tuple(
        msgspec.structs.replace(shown(n, days_ago=n % 30), topics={"policy": 0.5, "sales": 0.3}, feed=n)
        for n in range(60)
    )
    lines = tuple(msgspec.structs.replace(one, section="line") for one in told)
    for history, remedy in (
        (told, "Add a source for Policy."),
        (lines, "Raise the minutes."),
    ):
        account = breadth(remembered(past, shown=history), settings(), until=TODAY)
        policy = next(row for row in account.rows if row.topic == "policy")
        assert policy.remedy == remedy
        assert "60 good stories" in policy.finding
        assert account.findings.index(policy.finding) == account.remedies.index(remedy)


def test_one_step_mends_a_topic_that_was_left_out() -> None:
    """A topic that had no room needs more minutes, even if it got a line; one that had room while others had more needs
    a share."""
    past = weeks(30, **(EVEN | {"policy": 0.1}))
    keys = list(past.days)
    gone = remembered(
        past,
        picks={key: {**of_topics(past, key, "told"), "policy": int(n >= 16)} for n, key in enumerate(keys)},
        thin={key: {"policy": "no room"} for key in keys[:16]},
    )

    def told(section: str, *, days: int) -> History:
        stories = [
            msgspec.structs.replace(shown(n, days_ago=n), topic="policy", section=section)
            for n in range(days)
        ]
        return remembered(past, shown=tuple(stories))

    for history, remedy in (
        (gone, "Raise the minutes."),
        (
            remembered(gone, thin={key: {"policy": "nothing new"} for key in keys[:16]}),
            "Raise the share of Policy.",
        ),
        (told("line", days=16), "Raise the minutes."),
        (told("line", days=14), "Raise the share of Policy."),
        (told("policy", days=16), "Raise the share of Policy."),
    ):
        rows = {row.topic: row for row in breadth(history, settings(), until=TODAY).rows}
        assert rows["policy"].remedy == remedy


def test_a_blind_spot_and_what_makes_it_thin_are_one_sentence() -> None:
    past = weeks(9, **(EVEN | {"policy": 0.1}))
    keys = list(past.days)

    def finding(topic: str, why: tuple[str, ...], good: int, **more: object) -> str:
        history = remembered(
            past,
            picks={
                key: {**of_topics(past, key, "told"), topic: int(n >= len(why))} for n, key in enumerate(keys)
            },
            good={
                key: {**of_topics(past, key, "good"), topic: good * (n == 8)} for n, key in enumerate(keys)
            },
            thin={key: {topic: cause} for key, cause in zip(keys, why, strict=False) if cause},
            **more,
        )
        account = breadth(history, settings(), until=TODAY)
        row = next(row for row in account.rows if row.topic == topic)
        assert row.thin
        assert account.findings.count(row.finding) == 1
        return row.finding

    absent = ("Sales was absent", "9 of 9")
    assert says(finding("sales", ("nothing new",) * 9, 0), *absent, "nothing new (9)")
    assert says(finding("sales", ("",) * 9, 0), *absent, "hardly cover")
    thin = ("Sales had no story good enough", "in 9 editions")
    few = ("nothing worth your minutes",) * 4
    assert says(finding("sales", few, 0), *thin, "4 of 9 editions", "nothing worth your minutes (4)")
    assert says(finding("sales", ("",) * 4, 0), *thin, "hardly cover", "4 of 9 editions")
    short = finding("policy", ("no room",) * 3, 50)
    assert says(
        short, "Policy got 2 %", "asked for 15 %", "50 good stories", "3 of 9 editions", "no room (3)"
    )


@pytest.mark.parametrize(
    ("why", "days", "remedy"),
    [
        ("nothing new", 5, "Add a source for Policy that writes more often."),
        ("nothing new", 4, "Raise the share of Policy."),
        ("no room", 5, "Raise the share of Policy."),
    ],
)
def test_no_larger_share_is_proposed_where_most_mornings_had_nothing_to_give_it_to(
    why: str, days: int, remedy: str
) -> None:
    past = weeks(9, **(EVEN | {"policy": 0.1}))
    keys = list(past.days)
    history = remembered(
        past,
        picks={key: {**of_topics(past, key, "told"), "policy": int(n >= days)} for n, key in enumerate(keys)},
        good={key: {**of_topics(past, key, "good"), "policy": 5 * (n >= days)} for n, key in enumerate(keys)},
        thin={key: {"policy": why} for key in keys[:days]},
    )
    rows = {row.topic: row for row in breadth(history, settings(), until=TODAY).rows}
    assert rows["policy"].remedy == remedy


def test_a_thin_topic_says_why_and_what_would_mend_it() -> None:
    past = weeks(9, **EVEN)
    keys = list(past.days)
    absent = {
        "sales": ("nothing new", "nothing worth your minutes", "nothing new"),
        "science": ("its sources fail",) * 9,
        "policy": ("nothing new",) * 2,
    }
    history = remembered(
        past,
        picks={key: {t: int(n >= len(absent.get(t, ()))) for t in EVEN} for n, key in enumerate(keys)},
        good={key: {**of_topics(past, key, "good"), "science": 0} for key in keys},
        thin={
            key: {topic: why[n] for topic, why in absent.items() if n < len(why)}
            for n, key in enumerate(keys)
        },
    )
    rows = {row.topic: row for row in breadth(history, settings(), until=TODAY).rows}
    assert says(rows["sales"].thin, "3 of 9", "nothing new (2)", "nothing worth your minutes (1)")
    assert rows["sales"].remedy == "Add a source for Sales that writes more often."
    assert says(rows["science"].thin, "9 of 9", "sources fail (9)")
    assert rows["science"].remedy == "Fix the sources of Science: see newsfeed feeds check."
    assert rows["policy"].thin == rows["policy"].remedy == ""  # seldom enough


def test_one_source_for_all_of_a_topic_is_a_blind_spot() -> None:
    past = tuple(
        Shown(
            story=n,
            date=TODAY - timedelta(days=n),
            item=n,
            feed=1 if n < 8 else 2,
            section="policy",
            outlets=1,
            minutes=0.3,
            topics={"policy": 0.9},
        )
        for n in range(10)
    )
    account = breadth(remembered(weeks(30, **EVEN), shown=past), settings(), until=TODAY)
    policy = next(row for row in account.rows if row.topic == "policy")
    assert policy.finding == "80 % of your Policy news came from one source."


@pytest.mark.parametrize(
    ("x", "a", "b", "expected"),
    [
        (0.5, 1, 1, 0.5),
        (0.5, 1, 3, 0.875),
        (0.25, 1, 3, 1 - 0.75**3),
        (0.3, 2, 2, 3 * 0.3**2 - 2 * 0.3**3),
        (0.5, 40, 40, 0.5),
        (0.2, 3, 1, 0.2**3),
        (0.1, 1, 2000, 1.0),  # without running out of numbers
        (0.9, 2000, 1, 0.0),
        (0.0, 1, 3, 0.0),
        (1.0, 1, 3, 1.0),
    ],
)
def test_the_chance_that_a_rate_is_below_another(x: float, a: int, b: int, expected: float) -> None:
    assert beta_below(x, a, b) == pytest.approx(expected, abs=1e-9)


def test_a_topic_that_is_hardly_read_is_told_and_its_share_is_left_alone() -> None:
    past = weeks(30, **EVEN)
    keys = list(past.days)

    def account(liked: int, policy: int = 0, *, days: int = 20, declined: tuple[str, ...] = ()) -> Breadth:
        each = {"technology": (liked, 4), "sales": (1, 2), "policy": (policy, 2)}
        signs = dict.fromkeys(keys[:days], each)
        return breadth(remembered(past, signs=signs, declined=declined), settings(), until=TODAY)

    made = account(1)
    said = "You liked or opened none of 40 stories under Policy, and 25 % of all."
    proposal = "Policy keeps its share; lower it if you want less of it."
    assert made.findings[-1] == said
    assert made.remedies[made.findings.index(said)] == proposal
    assert not any("Sales" in finding for finding in made.findings)
    assert made.rows == breadth(past, settings(), until=TODAY).rows
    plain = breadth(past, settings(), until=TODAY)
    assert made.findings[:-1] == plain.findings
    assert made.remedies[: len(plain.remedies)] == plain.remedies
    # Nothing is said after a no, if all topics are read alike, or with too few signs.
    for other in (account(1, declined=(proposal,)), account(1, 1), account(1, days=9), account(0, days=19)):
        assert (other.findings, other.remedies) == (plain.findings, plain.remedies)
    # For a topic that got hardly half of what was asked for, less is not proposed.
    little = remembered(
        weeks(30, **(EVEN | {"policy": 0.2})),
        signs={key: {"sales": (1, 2), "policy": (0, 2)} for key in keys},
    )
    assert not any("liked or opened" in one for one in breadth(little, settings(), until=TODAY).findings)
    # Twenty signs are enough if the topic had enough stories.
    assert account(1, days=10).findings[-1].startswith("You liked or opened none of 20 stories under Policy")


def test_days_without_an_edition_are_no_data() -> None:
    whole = weeks(30, **EVEN)
    gaps = tuple(day for day in whole.days if day.day % 3)
    account = breadth(remembered(whole, days=gaps), settings(), until=TODAY)
    assert account.rows[0].picks.count(None) == 30 - len(gaps)


def test_the_weekly_account_stands_in_the_edition_on_its_day_within_the_minutes() -> None:
    history = weeks(30, **EVEN)
    past = remembered(history, days=tuple(d for d in history.days if d < TODAY))
    source = random_pool(2, 120, history=past)
    on_sunday = build(source, settings(3.0, breadth_day="sunday"), date=TODAY, now=NOW)
    assert on_sunday.breadth is not None
    assert on_sunday.breadth.headline in visible_text(on_sunday)
    assert len(on_sunday.breadth.remedies) <= 1
    assert on_sunday.breadth.days[-1] == TODAY
    assert text.reading_minutes(visible_text(on_sunday)) + 0.05 * len(picks(on_sunday)) <= 3.0
    assert build(source, settings(3.0), date=TODAY, now=NOW).breadth is None
    assert build(random_pool(2, 60), settings(breadth_day="sunday"), date=TODAY, now=NOW).breadth is None


def test_a_page_whose_account_grows_with_its_leads_keeps_its_minutes() -> None:
    """Longer leads change today's shares, and with them the account's first finding; here it becomes a longer one, for
    which the leads left no room."""
    r = random.Random(484)
    days = {
        TODAY - timedelta(days=n): EditionSummary(
            topics={
                topic: TopicSummary(
                    minutes=round(0.9 * r.random(), 2), told=r.randrange(4), good=r.randrange(5)
                )
                for topic in EVEN
            },
            voices={"Paper 1": 2 * r.random(), "Paper 2": r.random()},
        )
        for n in range(1, 8)
    }
    source = random_pool(484, 20, history=History(days=days))
    for hundredths in range(255, 275):
        made = build(source, settings(hundredths / 100, breadth_day="sunday"), date=TODAY, now=NOW)
        assert made.breadth is not None
        assert reading_minutes(visible_text(made)) <= made.minutes <= made.budget_minutes


def test_the_account_in_the_edition_is_the_one_of_the_breadth_page() -> None:
    """What is drawn from the store later says the same about that day: topics, voices and big stories."""
    days = [TODAY - timedelta(days=n) for n in range(8, 0, -1)]
    past = remembered(weeks(9, **EVEN), days=tuple(days), shown=())
    big = [candidate(n, n, story=7, title="Flood closes the northern line") for n in range(1, 6)]
    rest = [candidate(n, n, topic=t) for n, t in enumerate(list(EVEN) * 4, 10)]
    # One that seldom writes is heard, one wrote only in another language, one wrote nothing.
    quiet = [feed(n, items_a_day=0.1) for n in (10, 40, 41)]
    other = candidate(40, 40, lang="fr")
    source = pool([*big, *rest, other], quiet, history=past)
    made = build(source, settings(3.0, breadth_day="sunday", lines=0.0), date=TODAY, now=NOW)
    assert made.seldom == (10,)
    assert made.breadth is not None
    assert made.breadth.numbers["quiet sources heard"] == made.breadth.numbers["quiet sources"] == 1
    spent = sum(pick.minutes for pick in picks(made)) + sum(line.minutes for line in made.lines)
    assert sum(topic.minutes for topic in made.topics) == pytest.approx(spent)  # longer leads count
    after_it = msgspec.structs.replace(
        past, days={**past.days, TODAY: summary(made)}, shown=remember(made, source)
    )
    whole = breadth(after_it, settings(3.0), until=TODAY)
    assert whole.numbers == pytest.approx(made.breadth.numbers)
    assert whole.rows == made.breadth.rows
    assert whole.findings[:1] == made.breadth.findings


def test_muting_a_topic_takes_it_out_of_the_account() -> None:
    topics = {**TOPICS, "sales": TopicSetting(label="Sales", share=0.0)}
    account = breadth(weeks(30, **EVEN), settings(topics=topics), until=TODAY)
    assert account.headline.endswith("of 4 topics")


def test_an_empty_pool_remembers_nothing() -> None:
    made = build(Pool(), settings(), date=TODAY, now=NOW)
    assert remember(made, Pool()) == ()


def test_big_stories_without_a_place_are_named_in_the_account_of_weeks() -> None:
    days = tuple(TODAY - timedelta(days=n) for n in range(9, -1, -1))
    keys = list(days)
    history = remembered(
        days=days,
        minutes={key: {"technology": 2.0, "policy": 2.0} for key in keys},
        picks={key: {"technology": 4, "policy": 4} for key in keys},
        good={key: {"technology": 9, "policy": 9} for key in keys},
        big={keys[2]: (1, 3), keys[5]: (2, 3)},
        untold={
            keys[2]: (
                Untold(title="Ports close for a week", outlets=7),
                Untold(title="Rail strike", outlets=4),
            ),
            keys[5]: (Untold(title="Grain prices double after the drought", outlets=5),),
        },
    )
    account = breadth(history, settings(), until=TODAY)
    untold = ("3 of 6 stories", "no room", "“Ports close for a week”", "7 sources")
    assert any(says(said, *untold) for said in account.findings)
    told = [said for said in account.findings if said.startswith("Not told either: ")]
    assert [said.split("“")[1].split("”")[0] for said in told] == [
        "Grain prices double after the drought",
        "Rail strike",
    ]


def test_what_had_no_place_is_kept_by_name_with_its_edition() -> None:
    items = [
        candidate(
            100 * story + n, n, story=story, title=f"Event {story} shakes the harbour of town {story * 37}"
        )
        for story in range(1, 31)
        for n in range(1, 5)
    ]
    made = build(pool(items), settings(1.0), date=TODAY, now=NOW)
    assert made.big_all == 30
    assert len(made.untold) == min(5, made.big_all - made.big_told)
    assert all(one.outlets == 4 and one.title for one in made.untold)
    assert summary(made).untold == made.untold
