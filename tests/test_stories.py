"""Items of several outlets about one event become one story; nothing else is joined."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsfeed import stories
from newsfeed.model import Enclosure, Item, StoredItem, Story
from newsfeed.stories.linkage import best, clean_title
from newsfeed.stories.recurring_title import round_ups
from newsfeed.stories.similarity import Terms
from newsfeed.stories.terms import WORD, Vocabulary, word_terms

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
OUTLETS = {
    1: "The Harbour Post",
    2: "Daily Meridian",
    3: "Tech Lantern",
    4: "Kurier am Fluss",
    5: "Ferry Wire",
}

Told = tuple[str, str]

# Four invented events, each told by several outlets in their own words.
EVENTS: dict[str, list[Told]] = {
    "bridge": [
        ("Velmora bridge collapses after barge strikes pillar", "A barge hit a pillar of the Velmora bridge at dawn. The deck fell into the Ostra river; two truck drivers were rescued, police said."),
        ("Two rescued as barge brings down bridge in Velmora", "Drivers were pulled from the Ostra after the Velmora bridge gave way. Investigators are questioning the barge's captain about the pillar."),
        ("Barge captain questioned over Velmora bridge collapse", "Police in Velmora questioned the captain whose barge hit the pillar of the bridge over the Ostra. Both rescued drivers are stable."),
    ],
    "chip": [
        ("Quillon unveils Heron chip for phones that run language models", "Chip maker Quillon presented Heron, a phone processor with memory for language models. It ships in spring, chief executive Mara Lindqvist said."),
        ("Quillon's Heron processor puts language models on phones", "The Heron chip from Quillon runs models of seven billion parameters on a phone, says Lindqvist. First handsets come in spring."),
        ("With Heron, Quillon takes AI from the cloud to the phone", "Mara Lindqvist showed the Heron processor in Tampere: language models run locally, without a cloud. Quillon will ship it in spring."),
    ],
    "bank": [
        ("Central bank of Ardania raises interest rate to 4.75%", "Ardania's central bank lifted its key rate by half a point to 4.75 percent, citing wages. Governor Pell Osterman expects inflation of five percent."),
        ("Ardania lifts key rate by half a point as wages climb", "Governor Osterman said wages in Ardania were rising too fast and raised the central bank's rate to 4.75 percent."),
        ("Osterman surprises markets: Ardania's rate rises to 4.75%", "The central bank of Ardania raised its key rate half a point. Bond markets had expected less from governor Pell Osterman."),
    ],
    "whale": [
        ("Blue whales return to Sund of Marren after sixty years", "Biologists counted eleven blue whales in the Sund of Marren, where none had been seen since 1966. Krill has recovered, said Ines Halloran."),
        ("Eleven blue whales counted in the Sund of Marren", "Krill drew the whales back, says biologist Ines Halloran: the first count since 1966 found eleven animals in the Marren sound."),
    ],
}  # fmt: skip
ALONE: list[Told] = [
    ("Bakers of Lidenau strike for a shorter night", "The night shift in Lidenau's bakeries stays empty this week. Their union asks for six hours instead of eight."),
    ("A compiler that explains its own errors", "Wren 2 points at the first wrong assumption rather than the last line. Its author says messages are the interface."),
    ("Why our sales calls got shorter and better", "We cut the demonstration and asked three questions. Deals closed nine days earlier, and nobody missed the slides."),
    ("Museum finds lost sketchbook behind a radiator", "A plumber in Tressel found drawings by Oda Brandvik, thought burned in the flood."),
]  # fmt: skip


def item(number: int, title: str, text: str = "", feed: int = 0, hours: float = 0, **more: Any) -> StoredItem:
    kind: dict[str, Any] = {
        "identity": str(number),
        "link": f"https://outlet{feed or number}.example/{number}",
        "published": NOW + timedelta(hours=hours),
    }
    return StoredItem(
        id=number,
        ref=f"i{number}",
        feed=feed or number,
        item=Item(**(kind | {"title": title, "text": text, "lead": text} | more)),
        first_seen=NOW + timedelta(hours=hours),
    )


def changed_item(one: StoredItem, changes: dict[str, Any]) -> StoredItem:
    return msgspec.structs.replace(one, item=msgspec.structs.replace(one.item, **changes))


def day() -> tuple[list[StoredItem], dict[int, str]]:
    """A day of all events and single items, with the event of every item."""
    told = [(name, t) for name, tellings in EVENTS.items() for t in tellings]
    told += [(title, (title, text)) for title, text in ALONE]
    random.Random(7).shuffle(told)
    items = [item(n, *t, feed=n % 5 + 1, hours=n * 0.7) for n, (_, t) in enumerate(told, start=1)]
    return items, {n: name for n, (name, _) in enumerate(told, start=1)}


def parts(found: Iterable[Story]) -> set[frozenset[int]]:
    return {frozenset(s.items) for s in found}


def gold(names: dict[int, str]) -> set[frozenset[int]]:
    return {frozenset(n for n, other in names.items() if other == name) for name in names.values()}


def join(items: Sequence[StoredItem], **more: Any) -> list[Story]:
    return stories.join(items, [], [], OUTLETS, **more)


def together(*items: StoredItem) -> bool:
    return len(join(items)) == 1


# ------------------------------------------------------------------------------ joining


def test_events_told_in_different_words_become_stories() -> None:
    items, names = day()
    assert parts(join(items)) == gold(names)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Glacier ice melts faster than feared", "Glacier, a tiny cold-storage tool"),
        ("Harbour dredging starts in spring", "Harbour: a small registry for containers"),
        ("Elin Tordal opens tram line", "Elin Tordal under fire for dinner bill"),
        ("Nimbus raises prices of its tablets", "Nimbus: a weather station to build yourself"),
    ],
)
def test_a_plain_word_or_a_name_joins_no_two_bare_headlines(one: str, other: str) -> None:
    assert not together(item(1, one), item(2, other))


def test_one_name_in_two_matters_joins_no_two_summaries() -> None:
    tram = item(1, "Elin Tordal opens tram line to the harbour", "The first tram rolled at noon; 40,000 people a day are to ride it in Grenvik.")  # fmt: skip
    bill = item(2, "Elin Tordal under fire for dinner bill", "An audit found 14 meals without receipts. The opposition wants the mayor to pay them back.")  # fmt: skip
    fans = item(3, "Grenvik's new tram carries its first riders", "At noon the first tram to the harbour of Grenvik rolled; 40,000 people a day are to ride it.")  # fmt: skip
    assert parts(join([tram, bill, fans])) == {frozenset({1, 3}), frozenset({2})}


def hub_day() -> list[StoredItem]:
    """Three stories of one budget, each told by ten outlets, and an item about all three."""
    told = (
        ("Fuel duty frozen for a third year", "Drivers keep paying 53 pence a litre: the chancellor freezes fuel duty in the budget once more."),
        ("Pension age to rise to 69", "Whoever was born after 1979 will work until 69, says the budget; unions speak of a breach of trust."),
        ("Levy on second homes doubled", "Owners of a second home pay twice the levy from April; seaside councils welcome the budget's plan."),
    )  # fmt: skip
    items = []
    for n in range(30):
        title, text = told[n // 10]
        words = title.split()
        items.append(item(n + 1, " ".join(words[n % 3 :] + words[: n % 3]), text, hours=n / 10))
    glance = "Fuel duty is frozen, the pension age rises to 69 and the levy on second homes doubles: the budget at a glance."
    return [*items, item(31, "Budget at a glance", glance, hours=3)]


def test_a_hub_carries_no_stories_together() -> None:
    found = parts(join(hub_day()))
    assert {frozenset(range(1, 11)), frozenset(range(11, 21)), frozenset(range(21, 31))} <= {
        f - {31} for f in found
    }


def test_stories_of_one_occasion_are_one_affair() -> None:
    summit = [
        ("Catch of cod to fall by a third", "At the summit in Lisk the coast ministers of nine islands cut the quota for trawlers; fishermen protest against smaller nets and shorter seasons."),
        ("Fishermen protest as quota for cod shrinks", "Trawlers may catch a third less cod: smaller nets and shorter seasons were agreed at the summit of coast ministers of nine islands in Lisk."),
        ("Eighty million for new lighthouses", "At the summit in Lisk the coast ministers of nine islands paid for lamps, masts and keepers; sailors had asked for light on the northern reefs."),
        ("Light for the northern reefs", "Lamps, masts and keepers cost eighty million, agreed at the summit of coast ministers of nine islands in Lisk; sailors welcome the lighthouses."),
    ]  # fmt: skip
    items = [item(n, *t, feed=n, hours=n) for n, t in enumerate(summit, start=1)]
    others = day()[0]
    others = [item(20 + n, i.item.title, i.item.text, feed=i.feed, hours=3) for n, i in enumerate(others)]
    found = {s.id: s for s in join([*items, *others])}
    assert {frozenset({1, 2}), frozenset({3, 4})} <= parts(found.values())
    assert found[3].affair == 1
    assert not any(s.affair for s in found.values() if s.id != 3)
    # An affair goes on: later stories join it, and existing ones stay in theirs.
    late = item(90, "Nine islands end their summit in Lisk", "The coast ministers agreed on a smaller quota for cod and on eighty million for lighthouses; trawlers and sailors wait for what follows.", feed=5, hours=9)  # fmt: skip
    changed = stories.join([late], [*items, *others, late], list(found.values()), OUTLETS)
    assert {s.affair or s.id for s in changed} == {1}


def test_stories_of_one_outlet_can_be_of_one_affair() -> None:
    flood = [
        ("Dam above Lisk gives way after a week of rain", "The Orvel dam broke at night and water reached the roofs of Lisk. The army brings people away in boats."),
        ("Grain dearer as Orvel dam floods the fields of Lisk", "Wheat rose by nine percent: the broken Orvel dam drowned the fields around Lisk after a week of rain."),
        ("Neighbours send boats and tents to Lisk", "Three countries help after the Orvel dam broke: boats, tents and water pumps are on the way to flooded Lisk."),
        ("Engineers had warned of cracks in the Orvel dam", "A report of last spring named cracks in the dam above Lisk, which broke this week in the rain and flooded the town."),
    ]  # fmt: skip
    items = [item(n, *t, feed=1, hours=n) for n, t in enumerate(flood, start=1)]
    others = [item(20 + n, i.item.title, i.item.text, feed=1, hours=3) for n, i in enumerate(day()[0])]
    found = join([*items, *others])
    affairs = {n: s.affair or s.id for s in found for n in s.items}
    assert len({affairs[n] for n in range(1, 5)}) == 1
    assert len([s for s in found if (s.affair or s.id) == affairs[1]]) > 1  # more than one story
    assert not {affairs[n] for n in affairs if n > 20} & {affairs[1]}


def test_bare_headlines_join_when_they_share_enough() -> None:
    titles = [t for t, _ in EVENTS["bridge"]] + [t for t, _ in EVENTS["chip"]]
    found = parts(join([item(n, t) for n, t in enumerate(titles, start=1)]))
    assert any({1, 3} <= f for f in found)
    assert any({4, 5} <= f for f in found)
    assert all(f <= {1, 2, 3} or f <= {4, 5, 6} for f in found)


def test_one_shared_word_joins_no_headlines() -> None:
    assert not together(
        item(1, "Velmora opens a second opera house"), item(2, "Rents fall in Velmora suburbs")
    )


def test_the_order_of_coming_does_not_change_the_result() -> None:
    items, _ = day()
    expected = parts(join(items))
    for seed in range(5):
        shuffled = list(items)
        random.Random(seed).shuffle(shuffled)
        assert parts(join(shuffled)) == expected
        assert join(shuffled) == join(items)


def test_growing_item_by_item_comes_to_the_same_stories() -> None:
    items, names = day()
    standing: dict[int, Story] = {}
    window: list[StoredItem] = []
    for one in items:
        window.append(one)
        for story in stories.join([one], window, list(standing.values()), OUTLETS):
            for number in [n for n, s in standing.items() if set(s.items) & set(story.items)]:
                del standing[number]
            standing[story.id] = story
    assert parts(standing.values()) == gold(names)


def test_a_story_keeps_its_number_and_its_items_from_before_the_window() -> None:
    tellings = EVENTS["chip"]
    first = [item(n, *t, hours=n) for n, t in enumerate(tellings[:2], start=10)]
    (story,) = join(first)
    old = Story(
        id=4, representative=4, items=(4, *story.items), first=NOW - timedelta(days=5), last=story.last
    )
    late = item(30, *tellings[2], hours=20)
    (grown,) = stories.join([late], [*first, late], [old], OUTLETS)
    assert (grown.id, grown.items, grown.first) == (4, (4, 10, 11, 30), old.first)
    assert grown.last == late.item.published


def test_nothing_new_changes_nothing() -> None:
    items, _ = day()
    assert stories.join([], items, join(items), OUTLETS) == []


def test_only_what_changed_is_returned() -> None:
    items, names = day()
    found = join(items)
    late = item(90, "Velmora bridge: barge captain held", "Police hold the captain whose barge struck the pillar of the Velmora bridge over the Ostra.", hours=12)  # fmt: skip
    (changed,) = stories.join([late], items, found, OUTLETS)
    assert set(changed.items) == {n for n, name in names.items() if name == "bridge"} | {90}


def test_events_far_apart_in_time_stay_apart() -> None:
    one, other = EVENTS["bank"][:2]
    assert together(item(1, *one), item(2, *other, hours=20))
    assert not together(item(1, *one), item(2, *other, hours=24 * 30))


# ------------------------------------------------------------------------------ pages and copies


def test_items_of_one_page_join_whatever_they_say() -> None:
    page = "https://lantern.example/heron"
    article = item(1, *EVENTS["chip"][0], link=page)
    news = item(2, "This changes everything (again)", link=page, discussion="https://news.example/item?id=7")
    post = item(3, "", f"Read this before you buy: {page}?utm_source=social", kind="post", link="https://social.example/@ann/7")  # fmt: skip
    linked = item(4, "", "Read this", kind="post", html=f'<p>Read <a href="{page}">this</a></p>', link="https://social.example/@bo/8")  # fmt: skip
    assert together(article, news, post, linked)


def test_two_discussions_of_one_page_join() -> None:
    thread = "https://forum.example/t/99"
    assert together(item(1, "Ask", discussion=thread), item(2, "Re: ask", discussion=thread))


def test_a_post_with_many_links_and_links_to_a_front_page_join_nothing() -> None:
    post = item(1, "", "My reads: https://a.example/1 https://b.example/2 https://c.example/3", kind="post")
    assert not together(post, item(2, *ALONE[0], link="https://a.example/1"))
    assert not together(
        item(1, *ALONE[0], link="https://a.example/"), item(2, *ALONE[1], link="https://a.example/")
    )


def test_entries_of_one_change_log_page_stay_apart() -> None:
    page = "https://tool.example/changes"
    assert not together(
        item(1, "Faster indexing of folders", "Large folders open at once.", feed=3, link=page),
        item(2, "Dark icons in the tray", "The tray follows the desktop's colours.", feed=3, link=page),
    )


def test_short_posts_of_one_days_page_stay_apart() -> None:
    page = "https://diary.example/2026/11/22"
    assert not together(
        item(1, "", "Good morning, gardeners!", feed=3, link=page, kind="post"),
        item(2, "", "The new kiln arrived and does not fit.", feed=3, link=page, kind="post"),
    )


def test_a_page_submitted_twice_is_one_story() -> None:
    page = "https://lantern.example/heron"
    assert together(
        item(1, "Heron runs models on phones", link=page, feed=3, discussion="https://news.example/1"),
        item(2, "Quillon's new chip", link=page, feed=3, discussion="https://news.example/2"),
    )


def test_one_text_under_two_addresses_is_one_story() -> None:
    title, text = EVENTS["whale"][0]
    assert together(item(1, title, text, feed=5), item(2, title, text, feed=2, hours=3))
    assert together(
        item(1, title, text, feed=5), item(2, "Giants of the sea are back", text, feed=2, hours=3)
    )


def test_an_episode_that_comes_again_is_one_story() -> None:
    told = "Lena Vos visits the night shift in Tressel, where the ovens stay cold, and asks who will bake at three."
    first = item(1, "Ep. 120: Bakers of the night", told, feed=1, kind="episode")
    again = item(2, "Ep. 412: Bakers of the night (from the archive)", told, feed=1, hours=20, kind="episode")
    assert together(first, again)
    other = item(3, "Ep. 413: Bakers of the night", told, feed=1, hours=21, kind="episode")
    assert not together(first, other)


def test_one_recording_under_two_numbers_is_one_story_and_a_jingle_under_three_titles_none() -> None:
    def heard(number: int, title: str, url: str) -> StoredItem:
        file = (Enclosure(url=url, type="audio/mpeg"),)
        return item(number, title, feed=number % 2 + 1, kind="episode", enclosures=file)

    show, bundle = heard(1, "Bakers of the night", "https://cdn.example/a/7.mp3?show=1"), heard(2, "Full show", "http://cdn.example/a/7.mp3?feed=2")  # fmt: skip
    assert together(show, bundle)
    assert not together(heard(1, "One", "https://cdn.example/play?id=7"), heard(2, "Two", "https://cdn.example/play?id=8"))  # fmt: skip
    jingle = "https://cdn.example/soon.mp3"
    assert len(join([heard(n, t, jingle) for n, t in ((1, "Tea"), (3, "Ports"), (5, "Lighthouses"))])) == 3


@pytest.mark.parametrize(
    "files",
    [
        ("https://radio.example/podcast.mp3?e_id=7156-A3&ref=feed", "https://radio.example/podcast.mp3?e_id=3EE8-B0&ref=feed"),
        ("https://radio.example/play.m4a?show=bees", "https://radio.example/play.m4a?show=tides"),
        ("https://radio.example/a.ogg?2026-11-22", "https://radio.example/a.ogg?2026-11-21"),
    ],
)  # fmt: skip
def test_a_script_that_plays_all_shows_of_a_feed_makes_them_no_story(files: tuple[str, str]) -> None:
    bees, tides = (
        item(n, title, feed=1, kind="episode", enclosures=(Enclosure(url=url, type="audio/mpeg"),))
        for n, title, url in zip((1, 2), ("Bees that count", "Tides of a small moon"), files, strict=True)
    )
    assert not together(bees, tides)


def test_a_text_that_a_feed_puts_under_every_title_says_nothing() -> None:
    about = "Each week Lena Vos and Tom Ekdal talk about compilers, gardens and the letters that you sent us. Support us."
    titles = ("The history of tea", "How ports work at night", "A lighthouse for sale")
    assert len(join([item(n, t, about, feed=1, kind="episode") for n, t in enumerate(titles, start=1)])) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Morning edition, hour one", "Morning edition, hour two"),
        ("The long river, part one", "The long river, part 2"),
        ("Announcing v201605 of the Kettle interface", "Announcing v201603 of the Kettle interface"),
    ],
)
def test_parts_of_a_series_stay_apart_however_they_are_counted(one: str, other: str) -> None:
    told = "The Velmora bridge over the Ostra, whales in Marren, a phone chip by Quillon and the weather."
    assert not together(item(1, one, told, feed=1), item(2, other, told, feed=1, hours=1))
    assert not together(item(1, one, told, feed=1), item(2, other, told, feed=2, hours=1))


# ------------------------------------------------------------------------------ traps


@pytest.mark.parametrize("feeds", [(1, 1), (1, 2)])
def test_one_title_with_different_contents_stays_apart(feeds: tuple[int, int]) -> None:
    a, b = feeds
    items = [
        item(1, "Weekly links", "A history of the paper clip, and how to prune pear trees in winter.", feed=a),
        item(2, "Weekly links", "Tape drives are cheap again; maps of the moon; a chess set of ice.", feed=b, hours=30),
    ]  # fmt: skip
    assert not together(*items)


def test_episodes_and_versions_stay_apart() -> None:
    about = "Lena Vos and Tom Ekdal talk about compilers, gardens and the letters that you sent us."
    assert not together(item(1, "Episode 12", about, feed=1), item(2, "Episode 13", about, feed=1, hours=2))
    assert not together(
        item(1, "Slow Code, Episode 12", about, feed=1), item(2, "Slow Code, Episode 13", about, feed=2)
    )
    assert not together(
        item(1, "Slow Code Season 2, Episodes 1-3", about, feed=1),
        item(2, "Slow Code Season 2, Episodes 4-6", about, feed=1),
    )
    assert not together(
        item(1, "Slow Code Season 2 Part Three", about, feed=1),
        item(2, "Slow Code Season 3 Part 3", about, feed=1),
    )
    assert not together(
        item(1, "Noon talk: April 23, 2026", about, feed=1),
        item(2, "Noon talk: April 24, 2026", about, feed=1, hours=24),
    )
    assert not together(
        item(1, "Teapot 3.1 released", "Teapot 3.1 brings faster builds and mends the lid of the kettle.", feed=1),
        item(2, "Teapot 3.2 released", "Teapot 3.2 brings faster builds and mends the spout of the kettle.", feed=2),
    )  # fmt: skip


def test_two_events_of_one_beat_on_one_day_stay_apart() -> None:
    items = [
        item(1, "Fire destroys timber mill in Norvik", "Firefighters fought the blaze at Hagen's timber mill in Norvik all night. Nobody was hurt."),
        item(2, "Fire destroys school kitchen in Palmeta", "Firefighters put out a blaze in the kitchen of a Palmeta school. A cook was treated for smoke."),
        item(3, "Timber mill in Norvik burns down", "Hagen's mill in Norvik burned all night; the cause of the blaze is not known."),
    ]  # fmt: skip
    assert parts(join(items)) == {frozenset({1, 3}), frozenset({2})}


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Robot hand learns to juggle, Ferries sail without crews, Faces found in old maps", "A robot hand learned to juggle three balls in an afternoon."),
        ("The Lantern: Robot hand learns to juggle; Ferries sail without crews; Faces found in old maps", "A robot hand learned to juggle three balls."),
        ("Robot hand learns to juggle. And, ferries sail without crews", "A robot hand learned to juggle three balls in an afternoon."),
        ("Rates held… Plus: robot hand learns to juggle", "A robot hand learned to juggle three balls in an afternoon."),
        ("FirstLook: robot hand learns to juggle", "Also in today’s newsletter, ferries without crews. A robot hand learned to juggle three balls."),
    ],
)  # fmt: skip
def test_a_title_of_several_headlines_and_a_letter_stand_alone(title: str, text: str) -> None:
    told = item(
        1, "Robot hand learns to juggle", "A robot hand learned to juggle three balls in an afternoon."
    )
    assert not together(told, item(2, title, text))
    assert together(told, item(3, "Robot hand, taught in an afternoon, learns to juggle three balls"))


@pytest.mark.parametrize(
    "title",
    [
        "Two dead, five hurt, dozens missing after bridge of Velmora falls",
        "Velmora, Ardania, and Tressel sign ferry treaty",
        "Nimbus Slate 4: specs, features, price, release date",
    ],
)
def test_a_title_with_commas_is_no_list_of_headlines(title: str) -> None:
    assert not round_ups([item(1, title)])


def test_feeds_of_one_name_are_one_outlet() -> None:
    deals = [
        item(1, "Top Kettlewell promo codes and coupons", "Get 20% off kettles and toasters with these promo codes and coupons for this month.", feed=1),
        item(2, "Bellwin promo codes: 15% off", "Take 15% off peas and soups with these promo codes and coupons for this month.", feed=2),
    ]  # fmt: skip
    apart = stories.join(deals, [], [], {1: "Harbour Post", 2: "harbour post"})
    assert all(len(s.items) == 1 for s in apart)


def test_a_round_up_stands_alone() -> None:
    tellings = [item(n, *t) for n, t in enumerate(EVENTS["bridge"], start=1)]
    brief = item(9, "Morning news brief: Velmora bridge collapses", "The Velmora bridge collapses into the Ostra after a barge hit its pillar; Osterman raises the rate.")  # fmt: skip
    assert parts(join([*tellings, brief])) == {frozenset({1, 2, 3}), frozenset({9})}


def test_a_list_of_the_best_is_no_telling_of_what_happened_to_one_of_them() -> None:
    best_of = item(91, "The 31 Best Films on Lumero (formerly Lumero Max)", "A few of the films that you should be watching on Lumero Max now.", feed=1)  # fmt: skip
    renamed = item(92, "Lumero to be renamed Lumero Max", "Two years after it dropped Max from its name, the streaming service Lumero is Lumero Max again.", feed=2)  # fmt: skip
    assert {frozenset({91}), frozenset({92})} <= parts(join([best_of, renamed, *day()[0]]))


def test_an_outlets_own_name_and_slogans_say_nothing() -> None:
    close = " Tech Lantern lights your way through gadgets, chargers, cables and gizmos. Subscribe to Lantern Plus."
    items = [item(n, t, x + close, feed=3, hours=n) for n, (t, x) in enumerate(ALONE * 1, start=1)]
    items += [item(n, f"Tech Lantern: {t}", x + close, feed=3, hours=n) for n, (t, x) in enumerate([e[0] for e in EVENTS.values()], start=5)]  # fmt: skip
    items.append(item(9, "Readers' letters", "Ink, gloves, soup." + close, feed=3))
    assert all(len(s.items) == 1 for s in join(items))


def test_the_day_of_a_programme_joins_no_two_programmes() -> None:
    shows = [
        item(81, "Harbour hour - Wed 6 Jun, 2012", "Ropes and how they are made.", feed=1),
        item(82, "Garden hour - Wed 6 Jun, 2012", "Roses in a dry spring.", feed=1),
    ]
    assert {frozenset({81}), frozenset({82})} <= parts(join([*shows, *day()[0]]))


def test_what_a_feed_puts_under_everything_joins_nothing() -> None:
    offer = "Call us for a free survey of your boat: 555-0171 or write to survey@boats.example, any day."
    titles = ["Boat owners: paint", "Boat owners: hiring a crew", "Boat owners: winter berths"]
    offered = [item(70 + n, title, offer, feed=1) for n, title in enumerate(titles)]
    assert {frozenset({one.id}) for one in offered} <= parts(join([*offered, *day()[0]]))
    # An article that comes again under another title is the same article.
    again = [
        item(
            80,
            "Storm reaches the northern coast",
            "Ferries stay in port while waves of nine metres are measured.",
            feed=1,
        ),
        item(
            81,
            "Update: storm reaches the northern coast",
            "Ferries stay in port while waves of nine metres are measured.",
            feed=1,
        ),
    ]
    assert together(*again)


def test_a_plain_word_that_is_seldom_in_a_window_is_no_name() -> None:
    one = item(
        81,
        "How one team tests its model",
        "Bakers in Quillby weigh each loaf, then ask neighbours to guess which oven it came from, blindfolded.",
        feed=1,
    )
    other = item(
        82,
        "A team that tests no model",
        "Lanternists in Oddvik trust their noses: oil that smells of fish goes back to the harbour at once.",
        feed=2,
    )
    assert {frozenset({81}), frozenset({82})} <= parts(join([one, other, *day()[0]]))


def test_other_scripts_and_languages_join() -> None:
    assert together(
        item(1, "Hochwasserschutz in Grünau: Stadtrat stimmt für Deichneubau", "Der Stadtrat von Grünau hat den Neubau des Deichs an der Lohe beschlossen."),
        item(2, "Grünau baut neuen Deich an der Lohe", "Mit großer Mehrheit stimmte der Stadtrat für den Hochwasserschutz; der Deich kostet 40 Millionen."),
    )  # fmt: skip
    assert together(
        item(1, "東山市で新しい図書館が開館", "東山市の中央図書館が二十日に開館し、市民が列を作った。"),
        item(2, "新図書館、東山市で開館 市民が列", "東山市に中央図書館が開館した。初日は千人が訪れた。"),
    )
    assert not together(
        item(1, "東山市で新しい図書館が開館", "東山市の中央図書館が二十日に開館した。"),
        item(2, "半導体工場の建設計画を発表", "電機大手は来年春に着工すると述べた。"),
    )


# ------------------------------------------------------------------------------ the head


LEAD = "The deck fell into the river at dawn, and two drivers were pulled out alive, police said."


def test_the_original_comes_before_its_copies() -> None:
    a, b = item(2, "Bridge falls", LEAD, hours=0), item(1, "Bridge falls", LEAD, hours=5)
    assert best([a, b], frozenset()) is a


def test_an_article_comes_before_a_post_and_a_real_lead_before_none() -> None:
    post = item(1, "", LEAD, kind="post", hours=-3)
    bare, full = item(2, "Bridge falls", hours=-1), item(3, "Bridge is down", LEAD, hours=4)
    assert best([post, bare, full], frozenset()) is full


def test_a_side_telling_is_no_head_however_early_and_well_told() -> None:
    told = [*EVENTS["bridge"], ("Barge brings down Velmora bridge, two saved from the Ostra", "The bridge over the Ostra at Velmora gave way when a barge hit its pillar. Two drivers were rescued by police.")]  # fmt: skip
    aside = (
        "For one baker the Velmora bridge was the way to work",
        "Hanne Oltmann drove flour across the river every night. Now she counts her sacks and the hours of detour.",
    )
    items = [item(1, *aside, feed=1)]
    items += [item(n, *t, feed=n, hours=n / 10) for n, t in enumerate(told, start=2)]
    link = {"link": "https://live.example/velmora"}
    items.append(item(9, "Velmora bridge: all we know", "", feed=5, hours=1, kind="post", **link))
    held = [changed_item(i, link) if i.id in {1, 2} else i for i in items]
    (story,) = stories.join(held, [], [], OUTLETS)
    assert set(story.items) == {1, 2, 3, 4, 5, 9}
    assert story.representative not in {1, 9}


def test_the_most_central_item_represents_its_story_and_ties_are_broken_by_time() -> None:
    told = [item(n, "Bridge falls into river", LEAD, feed=n, hours=n) for n in range(1, 6)]
    assert best(told, frozenset(), {1: 0.2, 2: 0.24, 3: 0.4, 4: 0.31, 5: 0.22}) is told[2]
    assert best(told, frozenset(), {1: 0.2, 2: 0.24, 3: 0.301, 4: 0.302, 5: 0.22}) is told[2]
    assert best(told, frozenset(), dict.fromkeys(range(1, 6), 0.3)) is told[0]


def test_of_equally_central_items_the_more_newsworthy_represents() -> None:
    told = [item(n, "Bridge falls into river", LEAD, feed=n, hours=n / 10) for n in range(1, 4)]
    assert best(told, frozenset(), values={1: 0.6, 2: 2.4, 3: 1.2}) is told[1]
    assert best(told, frozenset(), {1: 0.1, 2: 0.1, 3: 0.3}, {1: 1.2, 2: 2.0, 3: 1.2}) is told[2]


def test_what_most_outlets_say_represents_an_event_that_one_tells_in_its_own_words() -> None:
    own, agency = EVENTS["bridge"][0], EVENTS["bridge"][1]
    items = [item(1, *own, feed=1), *(item(n, *agency, feed=n, hours=1 + n / 10) for n in range(2, 6))]
    (story,) = stories.join(items, [], [], OUTLETS)
    assert story.representative == 2, "the first of them"


def test_the_newest_state_that_others_share_represents_a_running_event() -> None:
    before = ["Court weighs plea of Velmora barge owner", "Velmora barge owner may admit guilt, lawyers say"]
    since = [
        "Velmora barge owner pleads guilty over bridge",
        "Barge owner pleads guilty in Velmora bridge case",
    ]
    lead = "The owner of the barge that brought down the bridge at Velmora {} before the court on Monday."
    items = [
        item(n, t, lead.format("is expected"), feed=n, hours=n / 10) for n, t in enumerate(before * 2, 1)
    ]
    items += [
        item(n, t, lead.format("admitted all charges"), feed=n, hours=12 + n / 10)
        for n, t in enumerate([*since, since[0].lower()], 5)
    ]
    link = {"page": "https://court.example/velmora"}
    (story,) = stories.join([changed_item(i, link) for i in items], [], [], OUTLETS)
    assert story.representative in {5, 6, 7}
    # A single odd item at the end does not count as a state.
    odd = item(9, "Velmora barge owner once sailed with the mayor", LEAD, feed=9, hours=12.9)
    (story,) = stories.join([changed_item(i, link) for i in (*items, odd)], [], [], OUTLETS)
    assert story.representative in {5, 6, 7}


@pytest.mark.parametrize(
    "beside",
    [
        "Watch: bridge falls into river",
        "In pictures: bridge falls into river",
        "Bridge falls into river: what we know",
        "Bridge falls into river – live updates",
        "Reactions to the fall of the bridge",
    ],
)
def test_what_stands_beside_an_event_does_not_stand_for_it(beside: str) -> None:
    told = [item(1, beside, LEAD, feed=1), item(2, "Bridge falls into river", LEAD, feed=2, hours=1)]
    assert best(told, frozenset()) is told[1]


def test_open_comes_before_paywalled_and_a_clean_title_before_a_shouted_one() -> None:
    closed = item(1, "Bridge falls", LEAD, feed=1)
    loud = item(2, "BRIDGE FALLS INTO RIVER!!", LEAD, feed=2)
    free = item(3, "Bridge falls into river", LEAD, feed=3, hours=1)
    assert best([closed, loud, free], frozenset({1})) is free
    found = stories.join([closed, free], [], [], OUTLETS, frozenset({1}))
    assert {s.representative for s in found if len(s.items) == 2} <= {3}


@pytest.mark.parametrize(
    "title",
    [
        "",
        "…",
        "BRIDGE FALLS TODAY",
        "Bridge falls into …",
        "[Video] Bridge falls",
        "x" * 200,
        "Velmora bridge latest: barge crew held",
        "Bridge falls: live updates",
    ],
)
def test_titles_that_are_not_clean(title: str) -> None:
    assert not clean_title(title)
    assert clean_title("Bridge falls: NASA helps")


# ------------------------------------------------------------------------------ words, properties


def test_terms_of_words() -> None:
    assert word_terms("Banks") == word_terms("bank") == word_terms("bank's")
    assert word_terms("the") == word_terms("und") == word_terms("dans") == ()
    assert word_terms("l'Europe") == word_terms("Europe")
    assert word_terms("図書館") == ("図書", "書館")
    assert word_terms("4.75") == ("4.75",)


@given(
    st.lists(
        st.text(alphabet="aBéſ図書9.,:'’-–_/ \n\t\0\x85\xa0", max_size=40),
        max_size=8,
    ),
    st.integers(-1, 6),
)
def test_texts_read_at_once_say_what_each_says(texts: list[str], most: int) -> None:
    vocabulary = Vocabulary()
    read = vocabulary.read(texts, most)
    found: list[list[int]] = [[] for _ in texts]
    for text, term in zip(read.text.tolist(), read.term.tolist(), strict=True):
        found[text].append(term)
    word_of = {number: term for term, number in vocabulary.numbers.items()}
    assert [[word_of[t] for t in terms] for terms in found] == [
        [
            term
            for written in (text.split() if most < 0 else text.split()[:most])
            for word in WORD.findall(written)
            for term in word_terms(word)
        ]
        for text in texts
    ]


SAID = "ardania bank Rate Barge bridge pillar heron Chip phone weekly links 12 13 the 図書館 é"
said = st.lists(st.sampled_from(SAID.split(" ")), max_size=9).map(" ".join)
items_given = st.lists(
    st.builds(
        lambda title, text, feed, hours, link, kind: (title, text, feed, hours, link, kind),
        said,
        said,
        st.integers(1, 3),
        st.integers(-100, 100),
        st.sampled_from(["", "https://a.example/", "https://a.example/1", "https://b.example/2"]),
        st.sampled_from(["article", "post"]),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(items_given, st.randoms(use_true_random=False), st.integers(0, 12))
def test_every_item_is_in_one_story_in_whatever_order_and_portions(
    given_items: list[tuple[str, str, int, int, str, str]], dice: random.Random, cut: int
) -> None:
    items = [
        item(n, title, text, feed=feed, hours=hours, link=link, kind=kind)
        for n, (title, text, feed, hours, link, kind) in enumerate(given_items, start=1)
    ]
    whole = join(items)
    assert sorted(i for s in whole for i in s.items) == [i.id for i in items]
    for story in whole:
        assert story.representative in story.items
        assert story.id == min(story.items)
        assert story.first <= story.last
    shuffled = list(items)
    dice.shuffle(shuffled)
    assert join(shuffled) == whole

    kept: dict[int, Story] = {}
    for portion in (items[:cut], items[cut:]):
        for story in stories.join(portion, items[:cut], list(kept.values()), OUTLETS):
            kept = {n: s for n, s in kept.items() if not set(s.items) & set(story.items)}
            kept[story.id] = story
    assert sorted(i for s in kept.values() for i in s.items) == [i.id for i in items]


def test_grouping_loads_no_learning_library() -> None:
    code = (
        "import sys; from newsfeed.pipeline.answers import pipes\n"
        'pipes.group_lines([b\'{"id": 1, "title": "Bridge falls in Velmora"}\'])\n'
        "print([m for m in ('sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_one_template_with_other_names_tells_two_events() -> None:
    text = "{} reported quarterly profit of ${} billion on Thursday, above forecasts, as cloud sales jumped."
    acme = item(1, "Acme profit beats forecasts as cloud sales jump", text.format("Acme", "2.1"), feed=1)
    globex = item(
        2, "Globex profit beats forecasts as cloud sales jump", text.format("Globex", "1.4"), feed=2
    )
    assert not together(acme, globex)
    quake = (
        "A magnitude {} earthquake struck near {} on Friday, no tsunami warning was issued, officials said."
    )
    japan = item(
        3, "Magnitude 6.1 earthquake strikes off northern Japan", quake.format("6.1", "Hokkaido"), feed=1
    )
    chile = item(
        4, "Magnitude 5.8 earthquake strikes central Chile", quake.format("5.8", "Valparaiso"), feed=2
    )
    assert not together(japan, chile)
    same = "Acme reported quarterly profit of $2.1 billion on Thursday, above forecasts, on cloud sales."
    assert together(acme, item(5, "Acme earnings top forecasts on cloud sales", same, feed=3))


def test_a_title_that_is_only_a_number_says_nothing_in_any_feed() -> None:
    bakery = item(1, "Episode 12", "We talk with Maria Lopez about growing a bakery to forty shops.", feed=1)
    trams = item(2, "Episode 12", "A history of the tram network and why cities tore theirs out.", feed=2)
    assert not together(bakery, trams)


def test_a_page_is_one_under_both_schemes_with_and_without_www() -> None:
    told = item(
        1, "How the kernel got its gates", "A long report.", feed=1, link="https://paper.example/gates"
    )
    shared = item(2, "wow this one", "wow", feed=2, link="http://www.paper.example/gates")
    assert together(told, shared)


def test_two_events_in_one_form_of_words_stay_apart_though_they_share_who_acts() -> None:
    ranchers = item(1, "Supreme Court sides with ranchers in water rights case", "The Supreme Court on Thursday ruled 6-3 for ranchers who said the federal government had taken their water without compensation.", feed=1)  # fmt: skip
    library = item(2, "Supreme Court sides with publishers in digital lending case", "The Supreme Court on Thursday ruled 7-2 for publishers who said a library's scans of books infringed their copyright.", feed=2)  # fmt: skip
    again = item(3, "Justices back ranchers over water taken by government", "In a 6-3 decision the Supreme Court said ranchers must be paid for water that the government diverted.", feed=3, hours=2)  # fmt: skip
    assert parts(join([ranchers, library, again])) == {frozenset({1, 3}), frozenset({2})}


def test_a_wire_under_other_titles_and_with_cuts_is_one_story() -> None:
    told = "Heavy rain will raise the Cassel river to its highest level since 1998 by Thursday night, the weather service said, and told 4,000 people in Merrow to prepare to leave."
    flood = item(1, "Flood watch issued for Cassel valley", told, feed=1)
    ready = item(2, "Thousands told to get ready to go as river rises", told, feed=2, hours=1)
    cut = item(3, "Evacuation looms for whole town", told[:126], feed=3, hours=2)
    assert together(flood, ready, cut)


def test_two_affairs_of_one_person_stay_apart() -> None:
    law = item(91, "President Ruiz signs law on clean water", "President Elena Ruiz gave towns $3 billion on Tuesday to replace lead pipes.", feed=1)  # fmt: skip
    pardon = item(92, "President Ruiz pardons former general", "President Elena Ruiz pardoned a soldier who had sold arms, to anger in Congress.", feed=2)  # fmt: skip
    signed = item(93, "Towns to replace lead pipes under Ruiz's water law", "The law that Elena Ruiz signed gives them $3 billion.", feed=3)  # fmt: skip
    found = parts(join([law, pardon, signed, *day()[0]]))
    assert {frozenset({91, 93}), frozenset({92})} <= found
    assert {frozenset({91}), frozenset({92})} <= parts(join([law, pardon, *day()[0]]))


def test_what_makes_two_tellings_one_story_can_be_named() -> None:
    tellings = [item(n, *told, feed=n) for n, told in enumerate(EVENTS["bridge"], start=1)]
    found = stories.nearest(tellings[0], tellings)
    assert found is not None
    assert found.other in tellings[1:]
    assert not found.page
    assert {"Velmora", "bridge"} <= set(found.words)
    # The rarest first: any bridge may fall.
    assert found.words.index("Velmora") < found.words.index("bridge")
    link = {"link": "https://press.example/velmora"}
    post = item(9, "Look at this", "", feed=9, kind="post", **link)
    page = changed_item(tellings[1], link)
    assert stories.nearest(post, [tellings[0], page]) == stories.Shared(page, True, ())
    assert stories.nearest(post, [post]) is None


# Two people whom everybody writes about, each in a different matter.
BUSY = (
    ("Venn and Keck open a school for pilots", "Forty cadets begin in autumn on a closed airfield in the north."),
    ("What Venn and Keck earn", "Tax papers show salaries, gifts of shares and a farm with sheep."),
    ("Venn booed as Keck laughs at the opera", "The tenor sang on; the crowd had waited in the rain for tickets."),
    ("A portrait of Venn by Keck's sister sells", "The painting fetched twelve thousand crowns at an auction of young artists."),
    ("Doctors ask Venn and Keck for vaccines", "Measles is back in three valleys, and clinics have run out of doses."),
)  # fmt: skip
BESIDE_THEM = (
    ("Venn cuts the levy on milk", "Dairies had asked for it since spring."),
    ("Venn names a judge", "The court has had an empty seat for a year."),
    ("Venn at the grave of a poet", "Schoolchildren read verses by the sea."),
    ("Keck's rockets stay on the ground", "Valves leaked in the cold."),
    ("Keck moves his office south", "Two hundred clerks follow by summer."),
    ("Keck loses a lawsuit about a fence", "Neighbours had complained of the height."),
)


@pytest.mark.parametrize("some", [BUSY[:3], BUSY[1:4], BUSY[2:], BUSY])
def test_two_names_that_are_everywhere_join_nothing(some: Sequence[tuple[str, str]]) -> None:
    told = [item(n, *one, feed=n) for n, one in enumerate((*some, *BESIDE_THEM), start=101)]
    assert all(len(part) == 1 for part in parts(join([*told, *day()[0]])) if min(part) > 100)


def alike(terms: Terms, asked: set[int]) -> dict[tuple[int, int], float]:
    """How alike each two items are."""
    found = terms.vectors().alike(asked, 0.01)
    return dict(
        zip(zip(found.some.tolist(), found.other.tolist(), strict=True), found.value.tolist(), strict=True)
    )


def test_names_of_many_matters_make_two_items_less_alike_than_they_read_and_words_of_one_event_do_not() -> (
    None
):
    fishing = (
        ("Treaty on fishing signed", "Boats of both coasts may cast nets forty miles out."),
        ("Boats of both coasts get a treaty on fishing", "Nets may be cast forty miles out."),
        ("Nets forty miles out: coasts end their quarrel", "The treaty on fishing lets boats cast them."),
    )
    told = [item(n, *one, feed=n) for n, one in enumerate((*fishing, *BUSY, *BESIDE_THEM), start=1)]
    everything = set(range(len(told)))
    terms = Terms(told, {})
    before = alike(terms, everything)
    terms.weigh(everything)
    after = alike(terms, everything)
    for pair in combinations(range(3, 8), 2):
        assert after.get(pair, 0.0) < 0.95 * before[pair]
    for pair in combinations(range(3), 2):
        assert after[pair] >= before[pair] - 0.02


def test_two_names_that_are_met_in_one_matter_only_join_its_tellings() -> None:
    tellings = [
        item(101, "Orla Venn and Tam Keck sign a treaty on fishing", "Boats of both coasts may cast nets up to forty miles out.", feed=1),
        item(102, "Treaty on fishing: Orla Venn and Tam Keck agree", "Nets of both coasts may be cast forty miles out.", feed=2),
        item(103, "Orla Venn, Tam Keck end a quarrel on fishing", "The treaty lets boats of both coasts cast nets forty miles out.", feed=3),
    ]  # fmt: skip
    assert frozenset({101, 102, 103}) in parts(join([*tellings, *day()[0]]))
