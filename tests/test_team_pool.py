"""What a pool keeps of each item: packed numbers, turned into words for a reader who asks; stories by language."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import homes
import msgspec
import pytest
from homes import Entry, rss
from serving import Server, fixed
from teams import TestTeam
from test_articles import BODY

from newsfeed.errors import BusyError
from newsfeed.model import KINDS, Edition, FeedState, FeedUpdate, Item, NewsValue, Tagging, TopicScore
from newsfeed.store import records
from newsfeed.team import shared_store
from newsfeed.team.fetching import Fetching
from newsfeed.team.shared_store import SharedStore

NAMES = {1: "finance", 2: "my own topic", 3: "science", 700: "Wärme"}
MORNING = homes.NOON  # after everybody's hour


def some_scores(seed: int) -> tuple[TopicScore, ...]:
    rng = random.Random(seed)
    return tuple(
        TopicScore(topic=name, p=round(rng.random(), 4)) for name in rng.sample([*NAMES.values()], seed % 5)
    )


@pytest.mark.parametrize("seed", range(6))
def test_packed_scores_come_back_as_they_were(seed: int) -> None:
    scores = some_scores(seed)
    text = records.pack_scores(scores, {name: number for number, name in NAMES.items()})
    assert records.unpack_scores(text, NAMES) == scores
    assert len(text) <= 1 + 4 * (4 * len(scores) + 2) / 3


@pytest.mark.parametrize(
    "news",
    [
        NewsValue(value=0.0),
        NewsValue(value=2.855, kind="event", sure=0.779),
        NewsValue(value=3.0, kind=KINDS[-1], sure=1.0),
        NewsValue(value=1.234, kind="howto", sure=0.001),
    ],
)
def test_a_packed_news_value_comes_back_as_it_was(news: NewsValue) -> None:
    assert records.unpack_news(records.pack_news(news)) == news


def test_what_a_readers_thumbs_did_is_not_the_pools() -> None:
    moved = NewsValue(value=2.5, kind="event", sure=0.5, thumbs=0.75)
    assert records.unpack_news(records.pack_news(moved)).value == 1.75


def test_a_topic_keeps_its_number_whatever_comes_after(team: TestTeam, server: Server) -> None:
    work(team, server, {"/a.xml": [NEWS[0], NEWS[1]]})
    numbers = [row[0] for row in team.rows("select item from shared.tagging order by item")]
    with SharedStore.connect(team.place) as store:
        store.save_taggings([Tagging(item=numbers[0], scores=(TopicScore(topic="cars", p=0.9),))], "m")
    with SharedStore.connect(team.place) as other:
        new = TopicScore(topic="a new one", p=0.25)
        other.save_taggings([Tagging(item=numbers[1], scores=(new, TopicScore(topic="cars", p=0.5)))], "m")
        found = other.taggings(numbers)
    assert [s.topic for s in found[numbers[0]].scores] == ["cars"]
    assert [(s.topic, s.p) for s in found[numbers[1]].scores] == [("a new one", 0.25), ("cars", 0.5)]


# ------------------------------------------------------------------------- a team's items

NEWS = (
    Entry(
        "Bank of England raises interest rates to 4 percent", "Investors expected the vote on inflation.", 3
    ),
    Entry("Parliament passes the privacy bill after a long debate", "The minister praised the new law.", 4),
    Entry("Researchers measure the galaxy with a new telescope", "The journal published the evidence.", 5),
)
GERMAN = (
    Entry(
        "Die Bundesregierung beschließt ein neues Gesetz zur Rente",
        "Der Minister sprach im Bundestag von einem großen Schritt für die jungen Menschen im Land.",
        3,
    ),
    Entry(
        "Forscher entdecken eine neue Art von Fischen in der Tiefsee",
        "Das Tier lebt in einer Tiefe von mehr als achttausend Metern, schreiben die Wissenschaftler.",
        4,
    ),
)


def work(team: TestTeam, server: Server, feeds: dict[str, Sequence[Entry]], *, asked: bool = True) -> None:
    """A reader who follows these feeds, all asked once."""
    team.allow(server.place)
    urls = [
        f"News {server.feed(path, rss(path, list(entries), base=f'https://{path[1]}.example'))}"
        for path, entries in feeds.items()
    ]
    team.add("ada", *urls)
    team.at(MORNING)
    if asked:
        team.work("fetch")


def test_the_pool_holds_numbers_and_the_page_says_which_words_decided(team: TestTeam, server: Server) -> None:
    work(team, server, {"/a.xml": NEWS})
    kept = team.rows("select scores, news from shared.tagging")
    assert len(kept) == len(NEWS)
    assert all(text.startswith(records.SIGN) and len(text) < 60 for row in kept for text in row)
    built = team.desk().one(team.readers.named("ada").id)
    assert isinstance(built, Edition)
    picks = [pick for section in built.sections for pick in section.picks]
    assert picks
    for pick in picks:
        assert any(score.terms and score.parts for score in pick.topics if score.p >= 0.5), pick.title
        assert pick.account.terms


def test_each_language_is_grouped_by_a_job_of_its_own(team: TestTeam, server: Server) -> None:
    work(team, server, {"/a.xml": NEWS, "/b.xml": NEWS[:1], "/d.xml": GERMAN})
    team.rows("delete from shared.member")
    team.rows("delete from shared.story")
    desk = team.desk()
    fetching = Fetching(team.place, desk.machine, team.clock, "test")
    assert fetching.tag().languages == ["de", "en"]
    fetching.group("de")
    assert team.count("shared.member") == len(GERMAN)
    assert fetching.tag().languages == ["en"]
    fetching.group("en")
    assert fetching.tag().languages == []
    assert team.count("shared.member") == len(NEWS) + 1 + len(GERMAN)
    both = team.rows("select count(*) from shared.member group by story having count(*) > 1")
    assert both == [(2,)]


def test_who_tags_and_groups_reads_the_feeds_of_these_items_alone(
    team: TestTeam, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(team, server, {"/a.xml": NEWS, "/b.xml": NEWS[:1]})
    for table in ("tagging", "item_topic", "member", "story"):
        team.rows(f"delete from shared.{table}")
    read: list[int] = []
    some = SharedStore.states_of

    def states_of(store: SharedStore, numbers: Iterable[int], *, listed: bool = False) -> list[FeedState]:
        read.extend(wanted := [*numbers])
        return some(store, wanted, listed=listed)

    def all_of_them(*_: object, **__: object) -> list[FeedState]:
        raise AssertionError("all feeds were read")

    team.rows(
        "insert into shared.feed (url, outline, place, listed, since) values ('x', '{}', 0, true, now())"
    )
    monkeypatch.setattr(SharedStore, "states", all_of_them)
    monkeypatch.setattr(SharedStore, "values", all_of_them)
    monkeypatch.setattr(SharedStore, "states_of", states_of)
    fetching = Fetching(team.place, team.desk().machine, team.clock, "test")
    fetching.tag()
    fetching.group("en")
    assert team.count("shared.tagging") == team.count("shared.member") == len(NEWS) + 1
    assert set(read) == {row[0] for row in team.rows("select distinct feed from shared.item")}


@pytest.mark.parametrize("what", ["tag", "group en"])
def test_one_worker_at_a_time_tags_and_groups(team: TestTeam, server: Server, what: str) -> None:
    work(team, server, {"/a.xml": NEWS})
    table = "shared.tagging" if what == "tag" else "shared.member"
    team.rows(f"delete from {table}")
    fetching = Fetching(team.place, team.desk().machine, team.clock, "test")
    with ThreadPoolExecutor(1) as threads:
        with SharedStore.connect(team.place) as other, other.alone(what):
            doing = threads.submit(fetching.tag) if what == "tag" else threads.submit(fetching.group, "en")
            time.sleep(1.0)
            assert team.count(table) == 0
        try:
            doing.result()
        except BusyError:  # it waited too long, so the next round does it
            return
    assert team.count(table) == len(NEWS)


def test_what_comes_in_portions_is_joined_as_what_comes_at_once(
    team: TestTeam, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(team, server, {f"/{name}.xml": NEWS for name in "abc"})
    whole = stories_of(team)
    assert sorted(map(len, whole)) == [3, 3, 3]
    team.rows("delete from shared.member")
    team.rows("delete from shared.story")
    team.rows("delete from shared.clue")
    monkeypatch.setattr(shared_store, "PORTION", 2)
    Fetching(team.place, team.desk().machine, team.clock, "test").group("en")
    assert stories_of(team) == whole


def stories_of(team: TestTeam) -> list[list[int]]:
    rows = team.rows("select array_agg(item order by item) from shared.member group by story order by 1")
    return [row[0] for row in rows]


def test_what_is_told_in_two_languages_of_one_page_is_one_story(team: TestTeam, server: Server) -> None:
    page = "https://paper.example/study"
    english = Entry(NEWS[2].title, NEWS[2].text, 5, link=page)
    german = Entry(GERMAN[1].title, GERMAN[1].text, 3, link=page)
    work(team, server, {"/a.xml": [english, *NEWS[:2]], "/d.xml": [german, GERMAN[0]]})
    told = team.rows("select count(*) from shared.member group by story having count(*) > 1")
    assert told == [(2,)]


def test_who_is_passed_on_is_suggested_once_a_week(team: TestTeam) -> None:
    settings = 'timezone = "Europe/Berlin"\n[edition]\nbreadth_day = "wednesday"\n'
    ada = team.add("ada", "People https://social.example/@grace.rss", settings=settings)
    bob = team.add("bob", "World https://paper.example/feed", settings=settings)
    passed_on = "https://other.example/@lise"
    with SharedStore.connect(team.place) as shared:
        grace, paper = sorted(shared.states(), key=lambda s: "paper" in s.subscription.url)
        posts = tuple(
            Item(
                identity=f"{n}",
                link=f"https://social.example/@grace/11002233445{n}",
                title=f"Read what Lise measured, part {n}",
                text=f"Read what Lise measured, part {n}",
                html=f'<p>Read what <a href="{passed_on}/11223344556{n}">Lise</a> measured, part {n}</p>',
                kind="post",
                lang="en",
                published=MORNING - timedelta(hours=3 + n),
                hash=str(n),
            )
            for n in range(3)
        )
        for state, items in ((grace, posts), (paper, ())):
            asked = {
                "last_tried": MORNING,
                "last_good": MORNING,
                "first_good": MORNING,
                "last_changed": MORNING,
            }
            shared.apply(FeedUpdate(state=msgspec.structs.replace(state, **asked), new=items), MORNING)
    team.at(MORNING)
    built, other = team.desk().one(ada.id), team.desk().one(bob.id)
    assert built is not None
    assert other is not None
    assert [one.profile for one in built.suggested] == [passed_on]
    assert other.suggested == ()
    # Judgements made for that reader are nobody else's.
    assert team.count("shared.tagging") == 0


def test_the_articles_of_thin_items_are_read_by_a_fetch_worker(team: TestTeam, server: Server) -> None:
    thin = [
        Entry(
            "Central bank lifts interest rates to 5 percent as inflation stays", "Rates are up.", 3,
            link=server.url("/story"),
        ),
        Entry("Parliament passes the privacy bill, courts will rule", "It passed.", 4, link=server.url("/closed/2")),
        Entry("Minister resigns over the bank merger vote", "He is gone.", 5, link="https://elsewhere.example/3"),
    ]  # fmt: skip
    dull = [
        Entry(f"Weekend photos, part {n}", "See them.", n, link=server.url(f"/dull/{n}"))
        for n in range(3, 12)
    ]
    for path in ("/story", "/closed/2", "/secret", *(f"/dull/{n}" for n in range(3, 12))):
        server.play(path, fixed(200, [("Content-Type", "text/html")], BODY.encode()))
    server.reply("/robots.txt", 200, [("Content-Type", "text/plain")], b"User-agent: *\nDisallow: /closed\n")
    private = Entry(
        "Central bank and parliament settle the interest rates law", "Sealed.", 3, link=server.url("/secret")
    )
    token = "9f8e7d6c5b4a39281706f5e4d3c2b1a0"
    sealed = server.feed(f"/{token}/p.xml", rss("Sealed", [private], base="https://p.example"))
    team.add("bob", f"News {sealed}?token={token}")
    work(team, server, {"/a.xml": thin, "/b.xml": dull})
    leads = dict(team.rows("select title, lead from shared.item"))
    assert leads[thin[0].title].startswith("The harbour reopened on Monday"), leads
    assert "harbour" not in leads[thin[1].title]
    assert len(server.asked("/story")) == 1
    for path in ("/closed/2", "/secret"):
        assert not server.asked(path), path
    assert len([n for n in range(3, 12) if server.asked(f"/dull/{n}")]) <= 3, "only what is worth it"
    built = team.desk().one(team.readers.named("ada").id)
    assert built is not None
    assert any(p.lead.startswith("The harbour reopened") for s in built.sections for p in s.picks)
    # Articles that were read are not read again.
    team.at(MORNING + timedelta(hours=2))
    team.work("fetch")
    assert len(server.asked("/story")) == 1
