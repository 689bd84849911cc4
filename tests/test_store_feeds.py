"""The list, the state of feeds, and storing what an answer brought."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stored import (
    DAY,
    HOUR,
    NOW,
    TODAY,
    feeds,
    item,
    keep,
    of_feed,
    opened,
    search_is_sound,
    subscription,
    titles,
    update,
)

from newsfeed.errors import NotFoundError
from newsfeed.model import Counts, FeedState, FeedUpdate, Item, Subscription
from newsfeed.store import Store, SyncReport, feeds_queries, records

pytestmark = pytest.mark.usefixtures("either")  # SQLite and PostgreSQL


def test_the_list_is_kept_in_its_order_with_its_outlines(tmp_path: Path) -> None:
    wanted = [
        subscription("b", folders=("Tech", "Deep"), options={"must-read": "yes"}, line=7),
        subscription("a", categories=("x",), kind="rss"),
    ]
    with opened(tmp_path) as store:
        report = store.sync(wanted, NOW)
        assert report == SyncReport(added=("https://b.example/feed", "https://a.example/feed"))
        assert [s.subscription for s in store.states()] == wanted
        assert all(s.feed > 0 and s.next_due is None for s in store.states())
        assert store.sync(wanted, NOW) == SyncReport(kept=2)
        moved = [msgspec.structs.replace(wanted[1], line=99), msgspec.structs.replace(wanted[0], title="B!")]
        assert store.sync(moved, NOW) == SyncReport(changed=("https://b.example/feed",), kept=1)
        assert [s.name for s in store.states()] == ["a", "B!"]


@pytest.mark.parametrize(
    ("changed", "asked"),
    [
        ({"options": {"boosts": "yes"}}, True),
        ({"kind": "mastodon"}, True),
        ({"options": {"must-read": "yes"}}, False),
        ({"title": "B"}, False),
    ],
)
def test_a_feed_that_is_to_be_read_otherwise_is_asked_at_once_for_the_whole_document(
    tmp_path: Path, changed: dict[str, Any], asked: bool
) -> None:
    with opened(tmp_path) as store:
        (state,) = feeds(store)
        store.apply(update(state, etag='"e"', body_hash="h", next_due=NOW + DAY), NOW)
        store.sync([subscription("a", **changed)], NOW)
        (now,) = store.states()
        assert bool(store.due(NOW)) == asked
        assert (now.etag, now.body_hash) == (("", "") if asked else ('"e"', "h"))


def test_an_address_that_stands_twice_is_one_feed(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        assert len(store.sync([subscription(title="first"), subscription(title="second")], NOW).added) == 1
        assert [s.name for s in store.states()] == ["first"]


def test_a_feed_taken_out_keeps_its_history_and_comes_back_without_a_flood(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        (state,) = feeds(store)
        store.apply(update(state, [item("1")], etag='"e"', first_good=NOW, next_due=NOW + DAY), NOW)
        assert store.sync([], NOW + DAY).removed == ("https://a.example/feed",)
        assert store.states() == store.due(NOW + DAY) == []
        assert titles(of_feed(store, state.feed)) == ["Title 1"]
        assert [s.feed for s in store.states(listed=False)] == [state.feed]
        assert store.sync([subscription("a")], NOW + 60 * DAY).added == ("https://a.example/feed",)
        (back,) = store.states()
        assert back.feed == state.feed
        assert back.etag == '"e"'
        assert back.first_good is None, "what it wrote meanwhile counts as at a first reading"
        assert [k.identity for k in store.known(back.feed)] == ["1"]
        assert store.due(NOW + 60 * DAY) == [back]


@pytest.mark.parametrize(
    ("moved_to", "new"),
    [
        ("https://new.example/all.xml", "https://new.example/all.xml"),
        ("", "http://www.a.example/feed/"),
    ],
)
def test_the_address_that_a_feed_moved_to_goes_on_as_the_same_feed(
    tmp_path: Path, moved_to: str, new: str
) -> None:
    with opened(tmp_path) as store:
        (state,) = feeds(store)
        store.apply(update(state, [item("1")], moved_to=moved_to, first_good=NOW), NOW)
        report = store.sync([subscription("a"), subscription("b")], NOW)
        report = store.sync([msgspec.structs.replace(subscription("a"), url=new), subscription("b")], NOW)
        assert report == SyncReport(changed=(new,), kept=1)
        assert store.states()[0].feed == state.feed
        assert store.states()[0].first_good == NOW
        assert len(store.known(state.feed)) == 1


def test_counts_of_known_items_are_kept_without_making_them_edits(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        (state,) = feeds(store)
        one = msgspec.structs.replace(item("1"), score=3, comments=1, via=("Ada",))
        store.apply(update(state, [one, item("2")]), NOW)
        counts = (Counts(identity="1", score=90, via=("Bo", "Ada")), Counts(identity="gone", score=1))
        change = msgspec.structs.replace(update(state), counts=counts)
        for _ in range(2):
            applied = store.apply(change, NOW + HOUR)
            assert not applied.changed
        (kept,) = [s for s in of_feed(store, state.feed) if s.item.identity == "1"]
        assert (kept.item.score, kept.item.comments, kept.item.via) == (90, 1, ("Ada", "Bo"))


def filled(kind: Any) -> Any:
    """A value of a field's type that is not its default, so that fields added later are tested too."""
    samples: dict[Any, Any] = {
        str: "Grüße, 世界 🙂",
        int: 7,
        float: 2.5,
        bool: True,
        bytes: b"x",
        datetime: NOW - timedelta(microseconds=1),
        date: TODAY,
    }
    if kind in samples:
        return samples[kind]
    origin, inside = get_origin(kind), get_args(kind)
    if origin in {UnionType, Union}:
        return filled(next(k for k in inside if k is not type(None)))
    if origin is tuple:
        return tuple(filled(k) for k in inside if k is not ...)
    if origin is not None:  # a mapping
        return {filled(inside[0]): filled(inside[1])}
    if issubclass(kind, Enum):
        return list(kind)[1]
    return kind(**{f.name: filled(f.type) for f in msgspec.structs.fields(kind)})


def test_every_field_of_a_state_comes_back(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        (state,) = feeds(store)
        whole = msgspec.structs.replace(filled(FeedState), feed=state.feed, subscription=state.subscription)
        store.apply(update(whole), NOW)
        assert store.state(state.feed) == whole
        for field in msgspec.structs.fields(FeedState):
            if field.name not in {"subscription", "feed"}:
                assert getattr(whole, field.name) != getattr(state, field.name), field.name
        other = msgspec.structs.replace(filled(Subscription), url=state.subscription.url)
        store.sync([other], NOW)
        assert store.state(state.feed).subscription == other
        with pytest.raises(NotFoundError):
            store.state(99)
        with pytest.raises(NotFoundError):
            store.apply(update(FeedState(subscription=subscription("nobody"))), NOW)


def test_the_due_ones_are_those_whose_time_has_come(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        late, soon, waits, gone, _fresh = feeds(store, "late", "soon", "waits", "gone", "fresh")
        store.apply(update(late, next_due=NOW - HOUR), NOW)
        store.apply(update(soon, next_due=NOW + HOUR), NOW)
        store.apply(update(waits, next_due=NOW - HOUR, not_before=NOW + HOUR), NOW)
        store.apply(update(gone, next_due=NOW - HOUR, gone=True), NOW)
        assert [s.name for s in store.due(NOW)] == ["fresh", "late"]
        assert [s.name for s in store.due(NOW + 2 * HOUR)] == ["fresh", "late", "waits", "soon"]


def test_every_field_of_an_item_comes_back(tmp_path: Path) -> None:
    whole: Item = filled(Item)
    with opened(tmp_path) as store:
        (number,) = keep(store, whole, before=[whole.identity])
        stored = store.item(number)
        assert stored.item == whole
        assert stored.before
        assert stored.first_seen == NOW
        assert store.items([number, 99, number]) == [stored]
        assert store.items([number], "none")[0].item == msgspec.structs.replace(whole, text="", html="")
        assert store.items([number], "text")[0].item == msgspec.structs.replace(whole, html="")
        (known,) = store.known(stored.feed)
        assert (known.identity, known.hash, known.page, known.title, known.published) == (
            whole.identity,
            whole.hash,
            whole.page,
            whole.title,
            whole.published,
        )
        with pytest.raises(NotFoundError):
            store.item(99)


def test_an_edit_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        (number,) = keep(store, item("1", "Hamsters", "They run in wheels."))
        before = store.item(number)
        (state,) = store.states()
        edit = item("1", "Gerbils", "They dig tunnels.", score=5)
        assert store.apply(update(state, changed=[edit]), NOW + HOUR).changed == (number,)
        after = store.item(number)
        assert after.item == edit
        assert (after.ref, after.first_seen) == (before.ref, before.first_seen)
        assert store.search("hamsters") == []
        assert titles(store.search("gerbils tunnels")) == ["Gerbils"]
        # Only the points changed: nothing to tag again, nothing new to find.
        store.save_taggings([], "m")
        assert store.apply(update(state, changed=[msgspec.structs.replace(edit, score=9)]), NOW).changed == (
            number,
        )
        assert store.item(number).item.score == 9


def test_the_same_identity_in_two_feeds_is_two_items(tmp_path: Path) -> None:
    """A feed that repeats another feed's identities can't touch that feed's items."""
    with opened(tmp_path) as store:
        (mine,) = keep(store, item("1", "Mine"), name="victim")
        (theirs,) = keep(store, item("1", "Stolen"), name="thief")
        thief = next(s for s in store.states() if s.name == "thief")
        store.apply(update(thief, changed=[item("1", "Stolen again")]), NOW)
        assert mine != theirs
        assert titles(store.items([mine, theirs])) == ["Mine", "Stolen again"]
        assert store.item(mine).ref != store.item(theirs).ref


def test_short_names_are_unique_and_grow_on_collision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert records.ref_of("https://a.example/feed", "1") == records.ref_of("https://a.example/feed", "1")
    assert len(records.ref_of("u", "1")) == 7
    assert not any(records.ref_of("u", str(n), 1).isdigit() for n in range(200))
    monkeypatch.setattr(records, "REF", 1)
    with opened(tmp_path) as store:
        first = keep(store, *(item(str(n)) for n in range(40)))
        later = keep(store, *(item(str(n)) for n in range(40)), name="b")
        refs = [i.ref for i in store.items([*first, *later])]
        assert len(set(refs)) == 80
        assert all(store.find(i.ref)[0].id == i.id for i in store.items(later))


def test_what_a_database_cannot_hold_is_fixed_not_raised(tmp_path: Path) -> None:
    odd = [
        item("1", "half a letter \ud83d here", "and \udc00 here", author="\ud800"),
        item("2", score=10**30, words=-(10**30), comments=10**25),
        item("3", published=datetime(1, 1, 1, tzinfo=UTC), updated=datetime(9999, 12, 31, tzinfo=UTC)),
        item("4", published=datetime(2026, 1, 1)),  # noqa: DTZ001
        item("5", "a\x00b", "nul\x00l"),
    ]
    with opened(tmp_path) as store:
        numbers = keep(store, *odd)
        assert len(numbers) == 5
        assert store.item(numbers[0]).item.title == "half a letter ? here"
        assert store.item(numbers[2]).item.published is None
        assert len(store.window(NOW - DAY)) == 5
        assert keep(store, *odd) == []
        assert store.item(numbers[4]).item.title == "a b"
        assert (store.item(numbers[1]).item.score or 0) > 10**9
        state = msgspec.structs.replace(store.states()[0], title="a\ud83d feed\0", language="\0")
        store.apply_unchanged([state])
        assert store.states()[0].title == "a? feed "


def test_what_is_known_is_bounded_and_newest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as store:
        numbers = keep(store, *(item(str(n)) for n in range(1100)))
        known = store.known(1)
        assert len(known) == feeds_queries.KNOWN
        assert known[0].identity == "1099"
        # Items beyond that number come again as new, but are still the same items.
        assert keep(store, item("0")) == []
        assert store.counts().items == len(numbers)


def test_what_came_is_counted_by_day(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        keep(store, item("1"), item("2"), item("old"), before=["old"])
        keep(store, item("3"))
        keep(store, item("4"), now=NOW + DAY)
        assert store.daily_counts(TODAY) == {1: {TODAY: 3, TODAY + DAY: 1}}
        assert store.daily_counts(TODAY + DAY) == {1: {TODAY + DAY: 1}}


def test_the_last_good_list_is_kept(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        assert store.last_list() is None
        store.save_list(b"<opml/>")
        store.save_list(b"\xff\x00<opml>")
        assert store.last_list() == b"\xff\x00<opml>"


def test_a_clock_that_was_years_ahead_leaves_no_trace(tmp_path: Path) -> None:
    ahead = NOW + 5 * 365 * DAY
    with opened(tmp_path) as store:
        (state,) = feeds(store)
        keep(store, item("1"), now=NOW - DAY)
        wrong = update(
            state,
            [item("2", published=None)],
            next_due=ahead + HOUR,
            not_before=ahead + HOUR,
            last_tried=ahead,
        )
        store.apply(wrong, ahead)
        assert store.due(NOW) == []
    with opened(tmp_path, NOW + DAY) as store:
        assert [s.name for s in store.due(NOW + DAY)] == ["a"]
        assert store.states()[0].not_before is None
        seen = [i.first_seen for i in store.window(NOW - 2 * DAY)]
        assert seen == [NOW - DAY, NOW + DAY]


def test_a_clock_that_is_years_behind_moves_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        keep(store, item("1"))
    with opened(tmp_path, NOW - 5 * 365 * DAY) as store:
        assert of_feed(store, 1)[0].first_seen == NOW


# ------------------------------------------------------------------------- twice is once

_IDENTITIES = st.sampled_from(["1", "2", "3", "ü", "4"])
_WORDS = st.sampled_from(["", "tea", "coffee tea", "東京都", "Straße"])


@st.composite
def _updates(draw: st.DrawFn) -> dict[str, Any]:
    def some(most: int) -> list[Item]:
        chosen = draw(st.lists(_IDENTITIES, unique=True, max_size=most))
        return [
            item(i, draw(_WORDS), draw(_WORDS), score=draw(st.none() | st.integers(0, 9))) for i in chosen
        ]

    new = some(4)
    return {
        "new": new,
        "changed": some(2),
        "before": draw(st.sets(_IDENTITIES)),
        "etag": draw(st.sampled_from(["", "a", "b"])),
        "failures": draw(st.integers(0, 3)),
    }


def _state(store: Store) -> list[object]:
    """The whole content of a store, and what each of a few words finds."""
    found = {
        w: [i.id for i in store.search(w)] for w in ("tea", "coffee", "東京", "京都", "strasse", "title")
    }
    with store._reading() as db:
        rows = [
            db.connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1, 2").all()
            for table in ("feed", "item", "body", "tally", "tagging")
        ]
    assert search_is_sound(store)
    return [rows, found]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_updates(), min_size=1, max_size=4))
def test_applying_twice_is_applying_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[dict[str, Any]]
) -> None:
    with opened(tmp_path_factory.mktemp("twice")) as store:
        (state,) = feeds(store)
        for n, step in enumerate(steps):
            made = update(state, **step)
            store.apply(made, NOW + n * HOUR)
            once = _state(store)
            again = store.apply(made, NOW + n * HOUR + timedelta(seconds=9))
            assert again.new == ()
            assert _state(store) == once


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(st.lists(_updates(), min_size=3, max_size=3), min_size=1, max_size=3))
def test_updates_kept_together_leave_what_they_leave_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[list[dict[str, Any]]]
) -> None:
    left = []
    for together in (True, False):
        with opened(tmp_path_factory.mktemp("together")) as store:
            states = feeds(store, "a", "b", "c")
            for n, steps in enumerate(rounds):
                made = [update(state, **step) for state, step in zip(states, steps, strict=True)]
                now = NOW + n * HOUR
                brought = store.apply_all(made, now) if together else [store.apply(one, now) for one in made]
                left.append((n, brought))
            left.append(_state(store))
    half = len(left) // 2
    assert left[:half] == left[half:]


def test_what_a_source_keeps_for_itself_is_read_from_homes_of_before(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        (state,) = feeds(store, "a")
        store.apply(FeedUpdate(state=msgspec.structs.replace(state, cursor={"seen": "7"})), NOW)
        assert store.state(state.feed).cursor == {"seen": "7"}
        assert '"memory":{"seen":"7"}' in records.FEED.rest(store.state(state.feed))
