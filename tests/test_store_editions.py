"""Editions, the history of earlier days, the pool that an edition is chosen from, days done and mails."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from stored import (
    DAY,
    HOUR,
    NOW,
    TODAY,
    edition,
    feeds,
    item,
    keep,
    of_feed,
    opened,
    shown,
    subscription,
    update,
)

from newsfeed.edition import why
from newsfeed.errors import StoreError
from newsfeed.model import (
    History,
    LedgerEntry,
    Line,
    Options,
    Pick,
    Section,
    Story,
    Tagging,
    Told,
    TopicAccount,
    TopicScore,
    TopicSummary,
)
from newsfeed.model.accounts import flat
from newsfeed.store import MailState, Store, schema
from newsfeed.store.editions_queries import decoded

YESTERDAY = TODAY - DAY

pytestmark = pytest.mark.usefixtures("either")  # SQLite and PostgreSQL


def pick(number: int, source: str, minutes: float) -> Pick:
    return Pick(
        n=number,
        item=number,
        ref=f"r{number}",
        story=number,
        section="top",
        title="Grüße",
        link="https://a.example/",
        source=source,
        feed=1,
        minutes=minutes,
    )


def line(number: int, source: str) -> Line:
    return Line(
        title="L", link="", source=source, topic="science", item=number, ref="r", story=number, minutes=0.1
    )


def test_an_edition_comes_back_as_it_was(tmp_path: Path) -> None:
    whole = edition(
        sections=(Section(key="top", heading="Top", picks=(pick(1, "A", 0.5),)),),
        lines=(line(2, "B"),),
        topics=(TopicAccount(name="science", label="Science", share=0.2, minutes=0.5),),
        counts={"shown": 2},
        ledger=(LedgerEntry(item=1, ref="r", title="L", link="", source="A", cause="shown"),),
        previous=YESTERDAY,
    )
    with opened(tmp_path) as store:
        assert store.latest_edition() is store.edition(TODAY) is None
        store.record(whole, [shown(1)])
        store.record(edition(YESTERDAY), [])
        assert store.edition(TODAY) == store.latest_edition() == whole
        assert store.edition(TODAY, whole=False) == msgspec.structs.replace(whole, ledger=())
        assert store.editions() == [YESTERDAY, TODAY]
        with store._writing() as db:
            db.execute(schema.edition.update().values(data=b"\0"))
    with opened(tmp_path) as store, pytest.raises(StoreError, match="can't be read"):
        store.edition(TODAY)


def test_a_date_recorded_again_replaces_what_it_showed(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.record(edition(), [shown(1), shown(2)])
        store.record(edition(revised="revised 09:10"), [shown(3)])
        assert [s.item for s in store.history(TODAY + DAY).shown] == [3]
        assert store.editions() == [TODAY]


def test_the_history_is_that_of_the_days_before(tmp_path: Path) -> None:
    def account(day: int, debt: float) -> TopicAccount:
        return TopicAccount(
            name="science", label="Science", share=0.2, minutes=0.5 + day, picks=2, lines=1, good=7, debt=debt
        )

    with opened(tmp_path) as store:
        assert store.history(TODAY) == History()
        for ago in (200, 3, 1, 0):
            day = TODAY - timedelta(days=ago)
            store.record(
                edition(
                    day,
                    topics=(account(ago, ago / 10),),
                    sections=(Section(key="top", heading="", picks=(pick(1, "A", 0.5), pick(2, "B", 0.25))),),
                    since=Section(key="since", heading="", picks=(pick(3, "A", 0.25),)),
                    lines=(line(4, "C"),),
                    long_read=pick(5, "Long", 22.0),
                    big_told=3,
                    big_all=4,
                ),
                [shown(ago + 1, day, topics={"science": 0.9}, items=(1, 2), sentence="It said.")],
            )
        history = store.history(TODAY)
    assert list(history.days) == [TODAY - 3 * DAY, YESTERDAY]
    assert {day: one.topics["science"].minutes for day, one in history.days.items()} == {
        TODAY - 3 * DAY: 3.5,
        YESTERDAY: 1.5,
    }
    yesterday = history.days[YESTERDAY]
    assert yesterday.topics == {"science": TopicSummary(minutes=1.5, told=3, good=7, debt=0.1)}
    assert yesterday.big == (3, 4)
    assert yesterday.voices == {"A": 0.75, "B": 0.25, "C": 0.1}, "the long read stands outside the minutes"
    assert [s.date for s in history.shown] == list(history.days)
    assert history.shown[-1] == shown(
        2, YESTERDAY, topics={"science": 0.9}, items=(1, 2), sentence="It said."
    )


def test_a_story_shown_is_named_as_it_is_today(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        one, two = keep(store, item("1"), item("2"))
        a, b = store.save_stories(
            [Story(id=0, representative=n, items=(n,), first=NOW, last=NOW) for n in (one, two)]
        )
        store.record(edition(YESTERDAY), [shown(b, YESTERDAY, item=two), shown(77, YESTERDAY, item=777)])
        store.save_stories([Story(id=a, representative=one, items=(one, two), first=NOW, last=NOW)])
        assert [s.story for s in store.history(TODAY).shown] == [a, 77]


# ------------------------------------------------------------------------- the pool


def candidates(store: Store) -> dict[str, int]:
    return {c.item.item.identity: c.story for c in store.pool(TODAY, NOW).candidates}


def test_the_first_pool_holds_what_came_since_the_reader_subscribed(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        new, _, undated = keep(
            store,
            item("new", text="t" * 3000, html="<p>"),
            item("before"),
            item("undated", published=None),
            before=["before"],
        )
        store.save_taggings([Tagging(item=new, scores=(TopicScore(topic="science", p=0.9),))], "m")
        (number,) = store.save_stories([Story(id=0, representative=new, items=(new,), first=NOW, last=NOW)])
        store.like(new, -1, NOW)
        pool = store.pool(TODAY, NOW)
    assert pool.since is None
    first, second = pool.candidates
    assert pool.before == {1: 1}
    assert (first.item.id, first.story, first.liked) == (new, number, -1)
    assert (len(first.item.item.text), first.item.item.html) == (2000, "")
    assert first.tagging.scores[0].p == 0.9
    # Not yet tagged or grouped: it still takes part, as a story of its own.
    assert (second.item.id, second.story, second.tagging) == (undated, -undated, Tagging(item=undated))
    assert pool.stories[-1] == Story(
        id=-undated, representative=undated, items=(undated,), first=NOW, last=NOW
    )
    assert pool.history == History()


def test_a_later_pool_holds_what_is_new_and_what_was_never_shown(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        keep(
            store,
            item("shown", published=NOW - 2 * DAY),
            item("left", published=NOW - 2 * DAY),
            now=NOW - 2 * DAY,
        )
        keep(
            store, item("stale", published=NOW - 9 * DAY), item("no date", published=None), now=NOW - 2 * DAY
        )
        keep(store, item("before", published=NOW - DAY), name="b", before=["before"], now=NOW - 2 * DAY)
        keep(store, item("late", published=NOW - 20 * DAY), item("fresh"), now=NOW - HOUR)
        store.record(edition(YESTERDAY), [shown(1, YESTERDAY, item=1)])
        assert set(candidates(store)) == {"left", "no date", "late", "fresh"}
        assert store.pool(TODAY, NOW).since == edition(YESTERDAY).built
        # What today's own edition showed takes part again when today's edition is chosen anew.
        store.record(edition(TODAY), [shown(2, item=2), shown(7, item=7)])
        assert set(candidates(store)) == {"left", "no date", "late", "fresh"}
        since = store.pool(TODAY, NOW, since=NOW - 30 * DAY)
        assert len(since.candidates) == 6
        assert since.before == {2: 1}
        assert since.since == NOW - 30 * DAY


def test_a_story_in_the_pool_has_all_its_items(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        old, new = keep(store, item("old", published=NOW - 9 * DAY), now=NOW - 9 * DAY) + keep(
            store, item("new")
        )
        store.record(edition(YESTERDAY), [])
        store.save_stories([Story(id=0, representative=old, items=(old, new), first=NOW - 9 * DAY, last=NOW)])
        pool = store.pool(TODAY, NOW)
        assert [c.item.id for c in pool.candidates] == [new]
        assert [s.items for s in pool.stories] == [(old, new)]


def test_a_pool_of_the_past_holds_nothing_that_came_later(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        keep(store, item("then"), now=NOW - DAY)
        keep(store, item("later"), now=NOW)
        assert [c.item.item.identity for c in store.pool(YESTERDAY, NOW - DAY).candidates] == ["then"]


def test_what_a_wrong_clock_saw_is_neither_lost_nor_new_for_years(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        keep(store, item("before", published=NOW - 30 * DAY), now=NOW - 30 * DAY)
        keep(store, item("today"), now=NOW + 900 * DAY)
        store.record(edition(YESTERDAY), [])
    with opened(tmp_path, NOW) as store:
        assert set(candidates(store)) == {"today"}
        store.record(edition(TODAY, built=NOW + HOUR), [shown(2)])
        assert store.pool(TODAY + DAY, NOW + DAY).candidates == ()


def test_the_facts_of_feeds(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.sync(
            [
                subscription("busy", options={"weight": "2"}, html_url="https://busy.example/"),
                subscription("slow"),
                subscription("empty", folders=("Web", "Social")),
                subscription("gone"),
            ],
            NOW - 60 * DAY,
        )
        busy, slow, empty, gone = store.states()
        store.apply(
            update(busy, [item(f"b{n}", published=NOW - n * HOUR, score=n % 7) for n in range(1, 57)]),
            NOW - 10 * HOUR,
        )
        store.apply(update(slow, [item("s1", published=NOW - 50 * DAY)], before=["s1"]), NOW - 30 * DAY)
        store.apply(update(slow, [item("s2", published=NOW - HOUR)]), NOW)
        store.apply(update(gone, [item("g", kind="post")]), NOW)
        numbers = [i.id for i in of_feed(store, busy.feed)]
        store.save_taggings(
            [
                Tagging(
                    item=n,
                    scores=(
                        TopicScore(topic="science", p=0.9),
                        TopicScore(topic="sales", p=0.5 if n % 4 == 0 else 0.49),
                    ),
                )
                for n in numbers
            ],
            "m",
        )
        store.like(numbers[0], 1, NOW)
        store.opened(numbers[1], NOW)
        store.opened(numbers[2], NOW)
        store.like(numbers[2], -1, NOW)
        topics = {"science": 0.9, "sales": 0.2}
        store.record(
            edition(YESTERDAY),
            [shown(n, YESTERDAY, item=n, feed=busy.feed, topics=topics) for n in numbers[:4]],
        )
        store.sync([s.subscription for s in (busy, slow, empty)], NOW)
        facts = {f.title: f for f in store.pool(TODAY, NOW).feeds}
    assert list(facts) == ["busy", "slow", "empty", "gone"]
    b, s, e, g = facts.values()
    assert (b.feed, b.url, b.options) == (busy.feed, "https://busy.example/feed", Options(weight=2.0))
    assert b.items_a_day == pytest.approx(56 / (56 / 24))
    assert b.last_shown == YESTERDAY
    assert b.topic_mix == {"sales": 0.25, "science": 1.0}
    assert b.likes == {"science": (2, 4)}
    assert b.engagement == tuple(sorted(n % 7 for n in range(1, 57)))
    assert b.previous_post is None, "all of it was first seen in this span"
    assert s.items_a_day == pytest.approx(1 / 28)
    assert s.previous_post == NOW - 50 * DAY
    assert s.last_shown is None
    assert (e.items_a_day, e.social, b.social) == (0.0, True, False)
    assert g.social, "what left the list still has its item among the candidates"


# ------------------------------------------------------------------------- days and mails


def test_a_day_is_done_once(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        assert not store.done(TODAY)
        assert store.mark_done(TODAY, "Europe/Berlin", NOW)
        assert not store.mark_done(TODAY, "Europe/Berlin", NOW)
        assert store.done(TODAY)
        assert store.done(TODAY, "Europe/Berlin")
        assert not store.done(TODAY, "America/New_York")
        assert not store.done(YESTERDAY)


def test_a_mail_is_claimed_once_until_it_surely_failed(tmp_path: Path) -> None:
    with opened(tmp_path) as store, opened(tmp_path) as other:
        assert store.claim_mail(TODAY, "hash", NOW)
        assert not other.claim_mail(TODAY, "hash", NOW)
        assert other.claim_mail(TODAY, "another", NOW)
        store.mark_mail(TODAY, "hash", MailState.FAILED, NOW, "refused")
        assert other.claim_mail(TODAY, "hash", NOW)
        other.mark_mail(TODAY, "hash", MailState.SENT, NOW)
        assert not store.claim_mail(TODAY, "hash", NOW + DAY)
        assert store.doubt_claims(NOW) == 1
        assert [(m.recipient, m.state) for m in store.mails()] == [("another", "uncertain"), ("hash", "sent")]
        assert not store.claim_mail(TODAY, "another", NOW), "perhaps it was sent: never again unasked"
        assert [m.recipient for m in store.mails(MailState.UNCERTAIN)] == ["another"]
        with pytest.raises(ValueError, match="perhaps"):
            store.mark_mail(TODAY, "hash", "perhaps", NOW)  # type: ignore[arg-type]


def test_small_facts_are_kept(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.set_meta("model", "abc")
        store.set_meta("model", "def")
        assert store.get_meta("model") == "def"
        store.set_meta("model", None)
        store.set_meta("model", None)
        assert store.get_meta("model") is None


def test_two_stores_see_each_others_work(tmp_path: Path) -> None:
    with opened(tmp_path) as store, opened(tmp_path) as other:
        feeds(store, "a", "b")
        keep(other, item("1"), name="b")
        assert store.counts().items == 1
        assert [s.name for s in other.states()] == ["a", "b"]


def test_a_thumb_counts_in_the_topic_that_its_story_was_told_under(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.sync([subscription("a")], NOW - 60 * DAY)
        (state,) = store.states()
        store.apply(update(state, [item(f"i{n}", published=NOW - 2 * DAY) for n in range(4)]), NOW - 2 * DAY)
        numbers = [i.id for i in of_feed(store, state.feed)]
        # By its scores it belongs to technology, but the reader saw it under marketing.
        mixed = {"technology": 0.6, "marketing": 0.4}
        told = [
            shown(n, YESTERDAY, item=n, feed=state.feed, topic="marketing", topics=mixed) for n in numbers[:3]
        ]
        earlier = shown(numbers[3], YESTERDAY - DAY, item=numbers[3], feed=state.feed, topics=mixed)
        store.record(edition(YESTERDAY), told)
        store.record(edition(YESTERDAY - DAY), [earlier])
        store.like(numbers[0], 1, NOW)
        store.like(numbers[1], -1, NOW)
        store.like(numbers[3], -1, NOW)
        (facts,) = store.pool(TODAY, NOW).feeds
        assert facts.likes == {"marketing": (1, 3), "technology": (0, 1)}
        assert facts.dislikes == {"marketing": 1, "technology": 1}
        store.like(numbers[1], 0, NOW)
        (facts,) = store.pool(TODAY, NOW).feeds
        assert facts.dislikes == {"technology": 1}


def signs(store: Store) -> dict[str, dict[str, tuple[int, int]]]:
    """By day and topic: the picks that the reader reacted to, and all picks."""
    found = {
        day.isoformat(): {name: topic.signs for name, topic in one.topics.items() if topic.signs != (0, 0)}
        for day, one in store.history(TODAY).days.items()
    }
    return {day: topics for day, topics in found.items() if topics}


def test_signs_are_counted_by_page_and_topic_where_the_reader_gave_any(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        numbers = keep(store, *(item(f"i{n}") for n in range(6)))
        mixed = {"science": 0.6, "sales": 0.5, "policy": 0.2}
        older, disliked, silent = (YESTERDAY - n * DAY for n in (2, 1, 0))
        store.record(
            edition(older),
            [
                shown(1, older, item=numbers[0], topic="sales", topics=mixed),
                shown(2, older, item=numbers[1], topics=mixed),
                shown(3, older, item=numbers[2], topic="sales"),
            ],
        )
        store.record(edition(disliked), [shown(4, disliked, item=numbers[3], topic="sales")])
        store.record(edition(silent), [shown(5, silent, item=numbers[4], topic="sales")])
        assert signs(store) == {}
        store.like(numbers[0], 1, NOW)
        store.opened(numbers[1], NOW)
        store.opened(numbers[3], NOW)
        store.like(numbers[3], -1, NOW)
        store.like(numbers[5], 1, NOW)  # it was on no page
        assert signs(store) == {
            older.isoformat(): {"sales": (2, 3), "science": (1, 1)},
            disliked.isoformat(): {"sales": (0, 1)},
        }
        store.like(numbers[3], 0, NOW)
        assert signs(store)[disliked.isoformat()] == {"sales": (1, 1)}


def test_who_told_what_is_read_only_for_a_reader_who_labels_sources(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        a, b, c = feeds(store, "a", "b", "c")
        (one,) = keep(store, item("one", title="Flood", lang="en"), name="a")
        (two,) = keep(store, item("two"), name="b")
        (again,) = keep(store, item("again"), name="a")
        (post,) = keep(store, item("post", kind="post"), name="c")
        (lone,) = keep(store, item("lone"), name="c")
        (early,) = keep(store, item("early"), name="c", before=["early"])
        (late,) = keep(store, item("late"), name="c", now=NOW + 3 * DAY)
        (advert,) = keep(store, item("advert"), name="a")
        (copy,) = keep(store, item("copy"), name="b")
        store.save_taggings(
            [
                Tagging(item=two, scores=(TopicScore(topic="science", p=0.9),)),
                Tagging(item=advert, not_news="an advert"),
            ],
            "m",
        )
        flood, *_ = store.save_stories(
            [
                Story(
                    id=0,
                    representative=one,
                    items=(one, two, again, post, early, late),
                    first=NOW - HOUR,
                    last=NOW,
                ),
                Story(id=0, representative=lone, items=(lone,), first=NOW, last=NOW),
                Story(id=0, representative=advert, items=(advert, copy), first=NOW, last=NOW),
            ]
        )
        store.record(edition(YESTERDAY), [])
        assert store.history(TODAY).told == store.history(TODAY).sources == ()
        labelled = subscription("a", options={"label": "UK"}, folders=("Social",))
        store.sync([labelled, subscription("c")], NOW)
        history = store.history(TODAY)
        assert history.told == (
            Told(
                story=flood,
                title="Flood",
                first=NOW - HOUR,
                feeds=(a.feed, b.feed),
                topics=("science",),
                lang="en",
            ),
        )
        assert [(s.feed, s.social, s.options) for s in history.sources] == [
            (a.feed, True, Options(labels=("UK",))),
            (c.feed, False, Options()),
            (b.feed, False, Options()),  # it left the list, and told the story of the flood
        ]
        assert store.history(TODAY + 3 * DAY).told[0].feeds == (a.feed, b.feed, c.feed)
        assert store.pool(TODAY, NOW).history.told == history.told


def test_an_edition_of_the_older_form_opens_and_says_why() -> None:
    kept = (Path(__file__).parent / "data" / "editions" / "account_as_table.json").read_bytes()
    opened_again = decoded(kept)
    raw = msgspec.json.decode(kept)
    tables = {pick["item"]: pick["account"] for section in raw["sections"] for pick in section["picks"]}
    tables |= {line["item"]: line["account"] for line in raw["lines"]}
    tables[raw["long_read"]["item"]] = raw["long_read"]["account"]
    picks = [pick for section in opened_again.sections for pick in section.picks]
    assert opened_again.long_read
    shown = [*picks, *opened_again.lines, opened_again.long_read]
    assert {one.item: flat(one.account) for one in shown} == tables
    assert {one.account.by for one in shown} >= {"floor", "fill", "long read"}
    for one in shown:
        rows = {row.name: row for row in why(opened_again, one.item)}
        assert float(rows["Score"].value) == pytest.approx(one.account.score.value, abs=0.001)
    assert any("would have gained" in row.note for one in picks for row in why(opened_again, one.item))
    assert decoded(msgspec.json.encode(opened_again)) == opened_again
    with pytest.raises(msgspec.DecodeError):
        decoded(kept.replace(b'"sections"', b'"sektions"').replace(b'"heading"', b'"title"'))
