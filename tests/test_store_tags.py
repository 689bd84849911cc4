"""Topics, corrections, marks and stories."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select
from stored import DAY, HOUR, NOW, item, keep, opened, titles, update

from newsfeed.errors import NotFoundError
from newsfeed.model import Correction, NewsValue, Story, Tagging, Term, TopicScore
from newsfeed.pipeline.answers import why
from newsfeed.store.schema import mark

pytestmark = pytest.mark.usefixtures("either")  # SQLite and PostgreSQL


def tagging(number: int, *topics: str, p: float = 0.8, **more: str) -> Tagging:
    terms = (Term(term="rain", weight=1.25),)
    return Tagging(
        item=number,
        scores=tuple(TopicScore(topic=t, p=p, terms=terms, parts={"model": 1.0}) for t in topics),
        **more,
    )


def test_taggings_come_back_whole_and_replace_earlier_ones(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        one, two, three = keep(store, item("1"), item("2"), item("3"))
        assert [i.id for i in store.untagged()] == [three, two, one]
        assert [i.id for i in store.untagged(1)] == [three]
        first = [tagging(one, "science", "policy"), tagging(two, not_news="deal")]
        store.save_taggings([*first, tagging(999, "science")], "m1")
        assert store.taggings([one, two, three, 999]) == {one: first[0], two: first[1]}
        assert [i.id for i in store.untagged()] == [three]
        again = tagging(one, "sales", p=0.4)
        store.save_taggings([again], "m2")
        assert store.taggings([one]) == {one: again}
        assert [i.id for i in store.tagged_otherwise("m2", NOW)] == [two]
        assert store.tagged_otherwise("m2", NOW + HOUR) == []


def test_the_news_values_of_judged_items_are_read(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        one, two, three = keep(store, item("1"), item("2"), item("3"))
        judged = [
            Tagging(item=one, scores=(), news=NewsValue(value=2.0, kind="event", sure=0.8)),
            Tagging(item=two, scores=(), news=NewsValue(value=1.0, kind="opinion", sure=0.6)),
            tagging(three, "science"),
        ]
        store.save_taggings(judged, "m1")
        assert store.values(NOW - DAY) == {one: 2.0, two: 1.0}
        assert store.values(NOW + DAY) == {}
        assert store.values_of([two, 99]) == {two: 1.0}


def test_an_item_with_other_words_is_tagged_anew(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        (number,) = keep(store, item("1", "Rain", score=1))
        (state,) = store.states()
        store.save_taggings([tagging(number, "science")], "m1")
        store.apply(update(state, changed=[item("1", "Rain", score=2)]), NOW)
        assert store.untagged() == []
        store.apply(update(state, changed=[item("1", "Snow", score=2)]), NOW)
        assert titles(store.untagged()) == ["Snow"]


def test_the_readers_word_stands_until_it_is_taken_back(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        one, two = keep(store, item("1"), item("2"))
        first = Correction(item=one, topics=("sales",), previous=("finance",), made=NOW)
        second = Correction(item=two, topics=(), previous=("sales", "policy"), made=NOW + HOUR)
        store.correct(second)
        store.correct(first)
        assert store.corrections() == [first, second]
        better = Correction(item=one, topics=("science",), previous=("sales",), made=NOW + 2 * HOUR)
        store.correct(better)
        assert store.corrections() == [second, better]
        assert store.undo_correction() == better
        assert store.undo_correction(two) == second
        assert store.undo_correction() is store.undo_correction(99) is None
        with pytest.raises(NotFoundError):
            store.correct(Correction(item=99, topics=(), made=NOW))


def test_thumbs_and_openings_are_kept_apart(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        one, two, three = keep(store, item("1"), item("2"), item("3"))
        store.like(one, 1, NOW)
        store.opened(one, NOW)
        store.like(two, -1, NOW)
        store.like(three, 1, NOW)
        store.like(three, 0, NOW)
        assert store.likes([one, two, three]) == {one: 1, two: -1}
        store.opened(one, NOW + HOUR)
        with store._reading() as db:
            marks = db.execute(
                select(mark.c.item, mark.c.liked, mark.c.opened_at).order_by(mark.c.item)
            ).all()
        assert marks == [(one, 1, NOW), (two, -1, None), (three, 0, None)]
        with pytest.raises(ValueError, match="-1, 0 or 1"):
            store.like(one, 5, NOW)
        for act in (lambda: store.like(99, 1, NOW), lambda: store.opened(99, NOW)):
            with pytest.raises(NotFoundError):
                act()


def story(number: int, *items: int, head: int = 0, last: datetime = NOW) -> Story:
    return Story(id=number, representative=head or items[0], items=items, first=NOW - DAY, last=last)


def test_stories_are_kept_with_their_items_in_order(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        keep(store, *(item(str(n)) for n in range(1, 7)), before=["6"])
        assert [i.id for i in store.ungrouped()] == [1, 2, 3, 4, 5], "what came before has no part in it"
        numbers = store.save_stories([story(0, 3, 1, head=1), story(0, 2), story(44, 4, last=NOW - 5 * DAY)])
        assert len(set(numbers)) == 3
        assert numbers[2] == 44
        a, b = (story(numbers[0], 3, 1, head=1), story(numbers[1], 2))
        assert sorted(store.stories(NOW - DAY), key=lambda s: s.id) == [a, b]
        assert store.stories_of([1, 4, 5]) == sorted(
            [a, story(44, 4, last=NOW - 5 * DAY)], key=lambda s: s.id
        )
        assert [i.id for i in store.members(a.id)] == [3, 1]
        assert [i.id for i in store.ungrouped()] == [5]


def test_stories_that_grow_or_merge_leave_no_empty_ones(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        keep(store, *(item(str(n)) for n in range(1, 5)))
        a, b = store.save_stories([story(0, 1), story(0, 2)])
        store.save_stories([story(a, 1, 2, 3)])
        assert store.stories(NOW - DAY) == [story(a, 1, 2, 3)]
        assert store.stories_of([2]) == [story(a, 1, 2, 3)]
        store.save_stories([story(a, 1), story(9, 2, 3, 777)])
        assert store.stories(NOW - DAY) == [story(a, 1), story(9, 2, 3)]
        (c,) = store.save_stories([story(0, 4)])
        assert c not in {a, b, 9}, "a number once given is not given again"
        assert store.save_stories([]) == []


def test_stories_of_one_affair_are_found_by_it(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        keep(store, *(item(str(n)) for n in range(1, 5)))
        first, second = story(7, 1), msgspec.structs.replace(story(8, 2, 3), affair=7)
        store.save_stories([first, second, story(9, 4)])
        assert store.stories_of_affairs([7]) == [first, second]
        assert store.stories_of_affairs([9, 1000]) == [story(9, 4)]
        store.save_stories([story(8, 2, 3)])
        assert store.stories_of_affairs([7]) == [first]


def test_a_story_whose_head_is_forgotten_has_another(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        keep(store, item("1"), item("2"))
        store.save_stories(
            [Story(id=5, representative=77, items=(2, 1), first=datetime(2026, 1, 1, tzinfo=UTC), last=NOW)]
        )
        assert store.stories(NOW)[0].representative == 2


def test_why_names_the_affair_of_a_story(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        keep(store, item("1", "Fuel duty frozen"), item("2", "Pension age raised"), item("3", "Ferry bought"))
        store.save_stories([story(1, 1), msgspec.structs.replace(story(2, 2), affair=1), story(3, 3)])
        (row,) = why.occasion(store, store.item(2))
        assert (row.name, row.value) == ("Of one affair with", "“Fuel duty frozen”")
        assert "2 stories of one occasion" in row.note
        assert list(why.occasion(store, store.item(3))) == []
