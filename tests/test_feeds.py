"""What an outcome changes: times, moves, new and old items. Clock and jitter are given; nothing is requested."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsfeed.feeds import changes, rhythm
from newsfeed.feeds import changes as changing
from newsfeed.model import (
    Cause,
    Failure,
    FeedState,
    FeedUpdate,
    Item,
    KnownItem,
    NotModified,
    Parsed,
    Request,
    Response,
    Subscription,
)

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
URL = "https://example.org/feed"
ASK = Request(url=URL)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def at(now: datetime, jitter: float, zone: str = "UTC") -> rhythm.Moment:
    return rhythm.Moment(now=now, zone=ZoneInfo(zone), jitter=jitter)


def state(**fields: Any) -> FeedState:
    return FeedState(subscription=Subscription(url=URL), feed=1, **fields)


def regular(**fields: Any) -> FeedState:
    """A feed read yesterday, one item a day."""
    usual: dict[str, Any] = {
        "first_good": NOW - 30 * DAY,
        "last_good": NOW - DAY,
        "last_tried": NOW - DAY,
        "last_changed": NOW - DAY,
        "items_a_day": 1.0,
        "etag": '"old"',
        "last_modified": "then",
        "body_hash": "old",
    }
    return state(**(usual | fields))


def response(**fields: Any) -> Response:
    return Response(request=ASK, url=URL, body=b"x", **({"etag": '"new"', "body_hash": "new"} | fields))


def item(n: int, *, age: timedelta | None = HOUR, **fields: Any) -> Item:
    usual: dict[str, Any] = {
        "identity": f"id{n}",
        "link": f"https://example.org/{n}",
        "title": f"Title {n}",
        "published": None if age is None else NOW - age,
        "hash": f"h{n}",
    }
    fields = usual | fields
    return Item(page=fields["link"], **fields)


def known(*items: Item) -> list[KnownItem]:
    return [
        KnownItem(
            identity=i.identity, hash=i.hash, page=i.page, title=i.title, published=i.published, lead=i.lead
        )
        for i in items
    ]


def read(
    before: FeedState,
    items: Sequence[Item],
    stored: Sequence[Item] = (),
    *,
    now: datetime = NOW,
    jitter: float = 0.5,
    answer: Response | None = None,
    **parsed: Any,
) -> FeedUpdate:
    """Read a document; items stored with the same hash come as identities, as the parser hands them."""
    hashes = {i.identity: i.hash for i in stored}
    same = tuple(i.identity for i in items if hashes.get(i.identity) == i.hash)
    rest = tuple(i for i in items if i.identity not in same)
    return changing.decide(
        before,
        answer or response(),
        Parsed(items=rest, known=same, **parsed),
        known(*stored),
        at(now, jitter),
    )


def names(items: Sequence[Item]) -> list[str]:
    return [i.identity for i in items]


# ---------------------------------------------------------------------- outcomes


def test_a_first_good_answer() -> None:
    done = read(
        state(),
        [item(1), item(2, age=2 * HOUR)],
        title="News",
        html_url="https://example.org/",
        language="en",
    )
    assert names(done.new) == ["id1", "id2"]
    assert done.before == ()
    after = done.state
    assert (after.first_good, after.last_good, after.last_tried, after.last_changed) == (NOW, NOW, NOW, NOW)
    assert (after.etag, after.body_hash, after.title, after.language) == ('"new"', "new", "News", "en")
    assert after.next_due is not None
    assert done.failure is None


def test_nothing_new_is_a_success() -> None:
    ill = regular(failures=3, failing_since=NOW - DAY, failure=Failure(cause=Cause.HTTP, text="x"), gone=True)
    done = changing.decide(
        ill, NotModified(request=ASK, etag='"old"', last_modified="then"), None, (), at(NOW, 0.5)
    )
    after = done.state
    assert (after.failures, after.failing_since, after.failure, after.gone) == (0, None, None, False)
    assert (after.last_good, after.last_changed, after.etag, after.body_hash) == (
        NOW,
        NOW - DAY,
        '"old"',
        "old",
    )
    assert (done.new, done.changed, done.failure) == ((), (), None)


def test_a_failure_keeps_validators_and_counts() -> None:
    failure = Failure(cause=Cause.TIMEOUT, text="Too slow.")
    after = regular()
    for n in range(1, 9):
        done = changing.decide(after, failure, None, (), at(NOW + n * DAY, 1.0))
        after = done.state
        assert done.failure == after.failure == failure
        assert after.failures == n
        assert after.failing_since == NOW + DAY
        assert after.next_due == NOW + n * DAY + min(HOUR * 2 ** (n - 1), rhythm.LONGEST)
    assert (after.etag, after.last_modified, after.body_hash) == ('"old"', "then", "old")
    assert after.last_good == NOW - DAY


def test_what_could_not_be_read_leaves_no_validators() -> None:
    failure = Failure(cause=Cause.NOT_A_FEED, text="A page.")
    done = changing.decide(regular(), response(), failure, (), at(NOW, 0.5))
    assert (done.state.etag, done.state.body_hash, done.state.failures) == ('"old"', "old", 1)
    assert done.failure == failure


def test_what_broke_off_is_asked_for_whole_again() -> None:
    done = read(regular(), [item(1)], complete=False)
    assert names(done.new) == ["id1"]
    assert (done.state.etag, done.state.last_modified, done.state.body_hash) == ("", "", "")
    assert done.state.last_good == NOW


def test_gone_stops_and_a_good_answer_revives() -> None:
    done = changing.decide(regular(), Failure(cause=Cause.GONE, text="Gone."), None, (), at(NOW, 0.5))
    assert done.state.gone
    assert not read(done.state, [item(1)]).state.gone


@pytest.mark.parametrize("days", [0, 1, 400])
def test_a_gone_feed_is_asked_by_name_alone(days: int) -> None:
    gone, well = state(gone=True), msgspec.structs.replace(state(), feed=2)
    now = NOW + timedelta(days=days)
    for due, force in ((True, False), (False, False), (True, True), (False, True)):
        asked, waiting = rhythm.select([gone, well], now, floor=0, due=due, force=force, named=False)
        assert [one.feed for one in asked] == [2]
        assert waiting == []
    asked, _ = rhythm.select([gone, well], now, floor=0, due=False, force=True, named=True)
    assert [one.feed for one in asked] == [1, 2]


def test_no_network_is_nobodys_fault() -> None:
    done = changing.decide(
        regular(), Failure(cause=Cause.NO_NETWORK, text="No network."), None, (), at(NOW, 0.5)
    )
    assert done.failure is not None
    assert (done.state.failures, done.state.failure, done.state.last_tried) == (0, None, NOW - DAY)
    assert done.state.next_due == NOW + timedelta(minutes=10)


def test_throttled_waits_as_asked_even_by_hand() -> None:
    failure = Failure(cause=Cause.THROTTLED, text="Slower.", status=429, retry_at=NOW + 5 * HOUR)
    after = changing.decide(regular(), failure, None, (), at(NOW, 0.5)).state
    assert after.not_before == NOW + 5 * HOUR
    assert after.next_due == NOW + 5 * HOUR
    assert after.failures == 1
    assert read(after, [item(1)]).state.not_before is None


@pytest.mark.parametrize("failures", [0, 1, 4])
def test_throttled_without_a_time_waits_by_our_own_measure_even_by_hand(failures: int) -> None:
    failure = Failure(cause=Cause.THROTTLED, text="Slower.", status=429)
    after = changing.decide(regular(failures=failures), failure, None, (), at(NOW, 1.0)).state
    assert after.not_before == after.next_due == NOW + HOUR * 2**failures


def test_validators_that_only_bring_nothing_new_are_dropped_after_a_week() -> None:
    after = read(regular(), [item(1)]).state
    for day in range(1, 30):
        now = NOW + day * DAY
        asked = changing.with_fresh_validators(after, now)
        assert bool(asked.etag) is (day % 8 != 0), day
        same = NotModified(request=ASK, etag='"new"', last_modified="then")
        after = changing.decide(asked, same, None, (), at(now, 0.5)).state
        assert after.etag == '"new"', "it came whole and was the same: its validators count again"


def test_a_feed_without_validators_remembers_no_whole_answer() -> None:
    after = read(state(), [item(1)]).state
    bare = msgspec.structs.replace(after, etag="", last_modified="", cursor={})
    assert changing.with_fresh_validators(bare, NOW + 99 * DAY) == bare


def test_throttled_again_and_again_backs_off_by_itself() -> None:
    failure = Failure(cause=Cause.THROTTLED, text="Slower.", status=429, retry_at=NOW + timedelta(minutes=1))
    after = changing.decide(regular(failures=4), failure, None, (), at(NOW, 1.0)).state
    assert after.not_before == NOW + timedelta(minutes=1)
    assert after.next_due == NOW + 16 * HOUR


def test_put_off_by_the_hosts_pace_is_no_failure() -> None:
    until = NOW + timedelta(minutes=4)
    done = changing.decide(
        regular(), Failure(cause=Cause.THROTTLED, text="Later.", retry_at=until), None, (), at(NOW, 0.5)
    )
    assert (done.state.failures, done.state.failing_since, done.state.last_tried) == (0, None, NOW - DAY)
    assert done.state.next_due == done.state.not_before == until


def test_a_response_needs_a_reading() -> None:
    with pytest.raises(ValueError, match="reading"):
        changing.decide(state(), response(), None, (), at(NOW, 0.5))


# ---------------------------------------------------------------------- when to ask again


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(500, 0.25), (48, 0.25), (24, 0.5), (4, 3), (1, 12), (1 / 7, 22), (0.001, 22), (0, 6)],
)
def test_busy_feeds_are_asked_more_often(rate: float, expected: float) -> None:
    assert rhythm.interval(rate) == HOUR * expected


def test_the_rhythm_is_that_of_the_newest_items_and_silence_counts() -> None:
    hourly = [NOW - n * HOUR for n in range(1, 21)]
    assert rhythm.items_a_day(hourly, NOW) == pytest.approx(24)
    assert rhythm.items_a_day([d - 9 * DAY for d in hourly], NOW) == pytest.approx(20 / (9 + 20 / 24))
    assert rhythm.items_a_day([*hourly[:4], NOW - 900 * DAY], NOW) == pytest.approx(24)
    weekly = [NOW - n * 7 * DAY for n in range(1, 9)]
    assert rhythm.items_a_day(weekly, NOW) == pytest.approx(1 / 7)
    assert rhythm.items_a_day([], NOW) is None
    assert rhythm.items_a_day([NOW + DAY], NOW) is None
    assert rhythm.items_a_day([NOW - HOUR] * 30, NOW) is None


def test_a_feed_without_dates_is_counted() -> None:
    after = read(regular(items_a_day=0.0), [item(n, age=None) for n in range(4)]).state
    assert after.items_a_day == pytest.approx(4)
    later = read(after, [item(9, age=None)], [item(n, age=None) for n in range(4)], now=NOW + DAY).state
    assert later.items_a_day == pytest.approx(
        4 * 0.7 + 1 * 0.3
    )  # moves towards the new day's rate without jumping to it


def test_silence_slows_a_feed_down() -> None:
    quiet = regular(items_a_day=10.0, last_changed=NOW - 10 * DAY)
    after = changing.decide(quiet, NotModified(request=ASK), None, (), at(NOW, 0.5)).state
    assert after.items_a_day == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("headers", "minutes"),
    [
        ({"cache-control": "max-age=7200"}, 120),
        ({"cache-control": "public, MAX-AGE=7200, must-revalidate"}, 120),
        ({"cache-control": 'max-age="7200"', "age": "3600"}, 60),
        ({"cache-control": "s-maxage=7200"}, 0),
        ({"cache-control": "no-cache, max-age=7200"}, 0),
        ({"cache-control": "max-age=-1"}, 0),
        ({"cache-control": "max-age=0", "expires": "Sun, 22 Nov 2026 09:30:00 GMT"}, 0),
        ({"expires": "Sun, 22 Nov 2026 09:30:00 GMT", "date": "Sun, 22 Nov 2026 08:30:00 GMT"}, 60),
        ({"expires": "Sun, 22 Nov 2026 09:30:00 GMT"}, 180),
        ({"expires": "0"}, 0),
        ({"expires": "-1"}, 0),
        ({"expires": "Sun, 22 Nov 2020 09:30:00 GMT"}, 0),
        ({}, 0),
    ],
)
def test_freshness_as_servers_say_it(headers: dict[str, str], minutes: int) -> None:
    assert rhythm.freshness(headers, NOW) == timedelta(minutes=minutes)


def test_what_the_server_asks_for_is_kept() -> None:
    busy = [item(n, age=n * timedelta(minutes=10)) for n in range(1, 20)]
    due = read(regular(), busy, jitter=0.0).state.next_due
    assert due == NOW + timedelta(minutes=15)
    due = read(
        regular(), busy, jitter=0.0, answer=response(headers={"cache-control": "max-age=7200"})
    ).state.next_due
    assert due == NOW + 2 * HOUR
    after = read(regular(), busy, jitter=0.0, ttl_minutes=180).state
    assert after.next_due == NOW + 3 * HOUR
    # The feed's own wish is remembered for answers without a document.
    later = changing.decide(after, NotModified(request=ASK), None, (), at(NOW + 3 * HOUR, 0.0)).state
    assert later.next_due == NOW + 6 * HOUR
    absurd = read(
        regular(), busy, ttl_minutes=10**9, answer=response(headers={"cache-control": "max-age=999999999999"})
    )
    assert absurd.state.next_due == NOW + rhythm.LONGEST


def test_excluded_hours_are_kept_free() -> None:
    due = read(regular(), [item(n, age=n * HOUR) for n in range(1, 20)], skip_hours=(6, 7, 8)).state.next_due
    assert due is not None
    assert due.hour == 9
    every = read(
        regular(), [item(n, age=n * HOUR) for n in range(1, 20)], skip_hours=tuple(range(24))
    ).state.next_due
    assert every is not None
    assert every - NOW < HOUR


@given(
    rate=st.floats(0, 1e6),
    jitter=st.floats(0, 1, exclude_max=True),
    ttl=st.integers(-5, 10**7),
    hours=st.lists(st.integers(-3, 30), max_size=30),
    age=st.text(max_size=20),
    control=st.text(max_size=40),
)
def test_every_feed_is_asked_at_least_once_a_day_and_never_in_a_rush(
    rate: float, jitter: float, ttl: int, hours: list[int], age: str, control: str
) -> None:
    headers = {"cache-control": f"max-age={control}", "age": age, "expires": control}
    feed = state(items_a_day=rate, ttl_minutes=ttl, skip_hours=tuple(hours))
    due = rhythm.next_due(feed, at(NOW, jitter), headers)
    assert timedelta(minutes=15) <= due - NOW
    if not hours:
        assert due - NOW <= rhythm.LONGEST


@given(failures=st.integers(0, 10**6), jitter=st.floats(0, 1, exclude_max=True))
def test_back_off_grows_to_a_day(failures: int, jitter: float) -> None:
    def retry(failures: int, jitter: float) -> datetime:
        return rhythm.retry(state(failures=failures), at(NOW, jitter))

    wait = retry(failures, jitter) - NOW
    assert timedelta(minutes=45) <= wait <= DAY
    assert retry(failures + 1, 0.0) - NOW >= wait * 0.7 or wait >= rhythm.LONGEST * 0.7


# ---------------------------------------------------------------------- clocks


def test_a_clock_that_was_years_ahead_silences_nobody() -> None:
    future = NOW + 5 * 365 * DAY
    wrong = regular(
        next_due=future, not_before=future, last_good=future, last_tried=future, failing_since=future
    )
    now = rhythm.settled(wrong, NOW)
    assert (now.next_due, now.not_before) == (None, None)
    assert (now.last_good, now.last_tried, now.failing_since) == (NOW, NOW, NOW)
    after = read(wrong, [item(1)]).state
    assert after.next_due is not None
    assert after.next_due <= NOW + DAY


def test_times_within_two_days_are_believed() -> None:
    soon = regular(next_due=NOW + 20 * HOUR, not_before=NOW + 47 * HOUR)
    assert rhythm.settled(soon, NOW) == soon


@given(st.floats(-3000, 3000))
def test_no_jump_of_the_clock_breaks_a_decision(days: float) -> None:
    now = NOW + timedelta(days=days)
    for done in (
        read(regular(), [item(1), item(2, age=None)], now=now),
        changing.decide(regular(), NotModified(request=ASK), None, (), at(now, 0.5)),
        changing.decide(regular(), Failure(cause=Cause.HTTP, text="x"), None, (), at(now, 0.5)),
    ):
        assert done.state.next_due is not None
        assert timedelta(0) < done.state.next_due - now <= DAY


# ---------------------------------------------------------------------- moves


def test_a_move_is_offered_after_three_days() -> None:
    target = "https://new.example.org/feed"
    after = regular()
    for n in range(3):
        assert changing.offered_move(after) == ""
        for _ in range(3):  # several reads of one day count once
            after = read(after, [], answer=response(permanent_url=target), now=NOW + n * DAY).state
    assert changing.offered_move(after) == target
    assert after.moved_seen == tuple(date(2026, 11, 22 + n) for n in range(3))
    for n in range(3, 40):
        after = changing.decide(
            after, NotModified(request=ASK, permanent_url=target), None, (), at(NOW + n * DAY, 0.5)
        ).state
    assert len(after.moved_seen) == 8
    assert after.moved_seen[0] == date(2026, 11, 22)


def test_the_days_of_a_move_are_the_readers() -> None:
    moved = NotModified(request=ASK, permanent_url="https://new.example.org/feed")
    late = NOW.replace(hour=20)
    days = {
        zone: changing.decide(regular(), moved, None, (), at(late, 0.5, zone)).state.moved_seen
        for zone in ("Asia/Tokyo", "America/New_York")
    }
    assert days == {"Asia/Tokyo": (date(2026, 11, 23),), "America/New_York": (date(2026, 11, 22),)}


def test_another_target_or_none_begins_anew() -> None:
    target = "https://new.example.org/feed"
    moved = regular(moved_to=target, moved_seen=tuple(date(2026, 11, n) for n in (19, 20, 21)))
    assert changing.offered_move(moved) == target
    other = read(moved, [], answer=response(permanent_url="https://other.test/")).state
    assert (other.moved_to, other.moved_seen) == ("https://other.test/", (date(2026, 11, 22),))
    assert read(moved, []).state.moved_to == ""
    # A failure says nothing about the move.
    ill = changing.decide(moved, Failure(cause=Cause.HTTP, text="x"), None, (), at(NOW, 0.5)).state
    assert changing.offered_move(ill) == target


def test_unreadable_targets_are_never_offered() -> None:
    after = regular()
    for n in range(5):
        answer = response(permanent_url="https://parked.test/")
        after = changing.decide(
            after, answer, Failure(cause=Cause.NOT_A_FEED, text="x"), (), at(NOW + n * DAY, 0.5)
        ).state
    assert changing.offered_move(after) == ""


# ---------------------------------------------------------------------- before you subscribed


def test_what_was_there_before_counts_as_before() -> None:
    items = [
        item(1, age=HOUR),
        item(2, age=71 * HOUR),
        item(3, age=73 * HOUR),
        item(4, age=None),
        item(5, age=None),
        item(6, age=400 * DAY),
        item(7, age=None),
        item(8, age=None),
        item(9, age=None, updated=NOW - HOUR),
    ]
    done = read(state(), items)
    assert len(done.new) == 9
    assert done.before == ("id3", "id6", "id8")


def test_what_says_itself_that_it_is_old_is_no_news_for_want_of_a_date() -> None:
    first = [
        item(1, age=None, lead="We recorded this on 26 May 2014 in a harbour."),
        item(2, age=None, title="Noon report 04.06.2012"),
        item(3, age=None, link="https://example.org/2013/02/ropes"),
        item(4, age=None, lead="Nobody knows when this was said."),
        item(5, age=None, title=f"Noon report {NOW:%d.%m.%Y}"),
    ]
    assert read(state(), first).before == ("id1", "id2", "id3")
    # Later on a new item may well speak of the past; only dates in its title and address count.
    stored = [item(n, age=n * DAY) for n in range(11, 14)]
    assert read(regular(), [*first, *stored], stored).before == ("id2", "id3")


def test_a_slow_feed_has_a_week() -> None:
    monthly = [item(n, age=5 * DAY + n * 30 * DAY) for n in range(6)]
    assert read(state(), monthly).before == tuple(f"id{n}" for n in range(1, 6))


def test_old_items_that_turn_up_later_are_no_news() -> None:
    stored = [item(n, age=n * DAY) for n in range(1, 4)]
    late = [item(10, age=HOUR), item(11, age=5 * DAY), item(12, age=40 * DAY), item(13, age=None)]
    done = read(regular(), [*stored, *late], stored)
    assert names(done.new) == ["id10", "id11", "id12", "id13"]
    assert done.before == ("id12",)


def test_a_feed_that_slept_brings_all_it_wrote_meanwhile() -> None:
    stored = [item(1, age=60 * DAY)]
    slept = regular(last_good=NOW - 50 * DAY)
    done = read(slept, [item(2, age=49 * DAY), item(3, age=20 * DAY), *stored], stored)
    assert done.before == ()


def test_after_a_relaunch_the_past_is_not_told_again() -> None:
    stored = [item(n, age=None) for n in range(20)]
    fresh = [item(n, age=None, title=f"Other {n}") for n in range(100, 120)]
    done = read(regular(), fresh, stored)
    assert len(done.new) == 20
    assert len(done.before) == 17


# ---------------------------------------------------------------------- identity


def churned(one: Item, **changes: Any) -> Item:
    page = changes.get("link", one.page)
    return msgspec.structs.replace(one, identity=f"new-{one.identity}", page=page, **changes)


STORED = [item(n, age=n * HOUR) for n in range(1, 11)]


@pytest.mark.parametrize(
    "coat",
    [
        churned,
        lambda i: churned(i, link=i.link + "?session=42"),
        lambda i: churned(i, link=i.link.replace("example.org", "www.example.org")),
        lambda i: churned(i, link=i.link.replace("example.org", "new-home.test")),
        lambda i: churned(i, published=None),
        lambda i: churned(i, published=NOW),
        lambda i: churned(i, title=i.title.upper() + " "),
        lambda i: churned(i, link=""),
        lambda i: churned(i, title="Another title"),
    ],
    ids=["guid", "parameter", "www", "domain", "undated", "redated", "case", "linkless", "retitled"],
)
def test_old_items_in_another_coat_stay_known(coat: Any) -> None:
    done = read(regular(), [coat(i) for i in STORED], STORED)
    assert (done.new, done.changed) == ((), ())


def test_an_edit_under_a_new_identity_is_kept_under_the_old_one() -> None:
    edited = churned(STORED[0], hash="edited", lead="New words.")
    done = read(regular(), [edited, *STORED[1:]], STORED)
    assert done.new == ()
    assert names(done.changed) == ["id1"]
    assert done.changed[0].lead == "New words."


def test_an_edit_under_its_own_identity() -> None:
    edited = msgspec.structs.replace(STORED[0], hash="edited", title="Mended")
    done = read(regular(), [edited, *STORED[1:]], STORED)
    assert (names(done.new), names(done.changed)) == ([], ["id1"])
    assert done.state.last_changed == NOW


def test_new_items_that_only_resemble_old_ones_are_new() -> None:
    stored = [item(1, age=DAY, link="https://example.org/daily", title="Monday"), *STORED[1:]]
    fresh = [
        item(21, link="https://example.org/daily", title="Tuesday"),  # one link for all
        item(22, title=STORED[5].title),  # a title used again
        item(23, published=STORED[6].published),  # the same minute
        item(
            24, age=2 * HOUR, link=f"{STORED[7].link}?p=9", title=STORED[7].title
        ),  # "Open thread", another day
    ]
    done = read(regular(), [*fresh, *stored[1:]], stored)
    assert names(done.new) == ["id21", "id22", "id23", "id24"]


LEADS = (
    "Oil fell, copper rose, and the parliament voted on water rights.",
    "A new chip plant opens and the bank keeps its rate.",
    "Heavy snow closed three mountain passes during the night.",
)


def issue(day: int, **fields: Any) -> Item:
    """One day's issue of a briefing that keeps its identity and its link."""
    kept = {"identity": "brief", "link": "https://example.org/today", "title": f"Briefing, day {day}"}
    return item(day, age=(3 - day) * DAY, lead=LEADS[day], **(kept | fields))


def test_the_next_issue_of_a_briefing_that_keeps_its_guid_is_new_each_day() -> None:
    one, two, three = (issue(n) for n in range(3))
    done = read(regular(), [two], [one])
    assert (len(done.new), done.changed) == (1, ())
    assert read(regular(), [two], [one, *done.new]).new == ()
    assert read(regular(), [two], [one, *done.new]).changed == ()
    after = read(regular(), [three], [one, *done.new])
    assert len(after.new) == 1
    assert len({one.identity, *names(done.new), *names(after.new)}) == 3
    assert read(regular(), [three], [one, *done.new, *after.new]).new == ()


@pytest.mark.parametrize(
    "greeting",
    [
        "This morning, what is on and why, with more about it than yesterday: ",
        "In this edition of the daily newsletter: ",
    ],
)
def test_words_that_every_issue_says_make_no_issue_an_edit(greeting: str) -> None:
    one, two = (msgspec.structs.replace(issue(n), lead=greeting + LEADS[n]) for n in range(2))
    assert len(read(regular(), [two], [one]).new) == 1


def test_an_issue_that_is_edited_on_its_day_is_an_edit_of_that_issue() -> None:
    one, two = issue(0), issue(1)
    held = [one, *read(regular(), [two], [one]).new]
    edited = msgspec.structs.replace(two, hash="edited", lead=LEADS[1] + " It says why.")
    done = read(regular(), [edited], held)
    assert done.new == ()
    assert names(done.changed) == [held[1].identity]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (LEADS[0], "Copper rose while oil fell; the parliament has voted on rights to water, officials say."),
        (LEADS[1], LEADS[1] + " Its workers, who had waited for months, were told on Friday."),
        ("北部の鉄道が嵐のため運休した。", "嵐で運休した北部の鉄道が運転を再開した。"),
    ],
)
def test_an_edit_that_changes_the_date_keeps_most_of_its_words_and_is_no_issue(
    before: str, after: str
) -> None:
    one = item(1, age=2 * DAY, lead=before)
    edited = msgspec.structs.replace(
        one, lead=after, hash="edited", published=NOW - HOUR, title="Another title"
    )
    done = read(regular(), [edited, STORED[1]], [one, STORED[1]])
    assert (names(done.new), names(done.changed)) == ([], ["id1"])


def test_the_next_issue_under_another_guid_is_new_though_title_and_link_stay() -> None:
    one, two = issue(0, title="Briefing"), issue(1, title="Briefing", identity="other")
    assert names(read(regular(), [two], [one]).new) == ["other"]


def essays(host: str, **fields: Any) -> list[Item]:
    words = ("A walk", "On bread", "Of ships", "The bank", "Old maps")
    return [
        item(n, age=(60 + n) * DAY, title=f"{w} in winter", link=f"https://{host}/{n}", lead=w, **fields)
        for n, w in enumerate(words)
    ]


@pytest.mark.parametrize("published", [NOW - HOUR, None])
def test_a_site_that_moved_and_dated_everything_anew_tells_nothing_again(published: datetime | None) -> None:
    stored = essays("old.example")
    moved = [churned(i, link=f"https://new.example/{i.identity}/x", published=published) for i in stored]
    assert read(regular(), moved, stored).new == ()
    fresh = item(9, title="A new essay", link="https://new.example/9")
    assert names(read(regular(), [fresh, *moved], stored).new) == ["id9"]


def test_dates_that_lose_their_hour_are_the_same_dates() -> None:
    stored = essays("old.example")
    midnight = [
        churned(
            i,
            link=f"https://new.example/{n}",
            published=i.published and i.published.replace(hour=0, minute=0),
        )
        for n, i in enumerate(stored[:2])
    ]
    assert read(regular(), midnight, stored).new == ()
    thread = item(1, title="Open thread", published=NOW.replace(hour=0, minute=0) - DAY)
    tomorrow = churned(thread, link="https://example.org/2", published=NOW.replace(hour=0, minute=0))
    assert names(read(regular(), [tomorrow], [thread]).new) == ["new-id1"]


def test_an_item_still_in_the_document_is_not_another_one() -> None:
    other = churned(STORED[0], link="https://example.org/other")
    done = read(regular(), [other, *STORED], STORED)
    assert names(done.new) == ["new-id1"]


def test_twins_of_one_document_are_told_once() -> None:
    one = item(1)
    done = read(state(), [one, churned(one), one, item(2)])
    assert names(done.new) == ["id1", "id2"]
    again = read(done.state, [one, churned(one), item(2)], done.new)
    assert again.new == ()


def test_a_doubtful_match_is_none() -> None:
    twins = [
        item(1, link="https://example.org/x", title="Same"),
        item(2, link="https://example.org/x", title="Same"),
    ]
    done = read(regular(), [item(3, link="https://example.org/x", title="Same", age=5 * HOUR)], twins)
    assert names(done.new) == ["id3"]


items = st.lists(
    st.builds(
        Item,
        identity=st.sampled_from([f"i{n}" for n in range(8)]),
        page=st.sampled_from(["", "https://e.test/1", "https://e.test/2", "https://www.e.test/1?x=1"]),
        title=st.sampled_from(["", "A", "B", "a"]),
        published=st.sampled_from([None, NOW, NOW - DAY, NOW - 30 * DAY, NOW + DAY]),
        hash=st.sampled_from(["1", "2"]),
    ),
    max_size=8,
)


def documents(first: list[Item], second: list[Item]) -> list[FeedUpdate]:
    """The result of reading one document and then another one twice."""
    held: dict[str, Item] = {}
    done = []
    after = state()
    for document in (first, second, second):
        unique = list({i.identity: i for i in document}.values())
        done.append(read(after, unique, list(held.values())))
        new, changed = names(done[-1].new), names(done[-1].changed)
        assert not set(new) & set(held)
        assert set(changed) <= set(held)
        assert len(new) == len(set(new))
        assert len(changed) == len(set(changed))
        assert set(done[-1].before) <= set(new)
        after = done[-1].state
        held |= {i.identity: i for i in (*done[-1].new, *done[-1].changed)}
    return done


@given(first=items, second=items)
def test_no_identity_is_both_new_and_known(first: list[Item], second: list[Item]) -> None:
    documents(first, second)


@given(first=items, second=items)
def test_reading_the_same_again_brings_nothing(first: list[Item], second: list[Item]) -> None:
    """Whatever was stored before, in a document whose items can be told apart."""
    told: set[object] = set()
    distinct = []
    for one in second:
        marks = changes._marks(one.page, one.title, one.published)
        if not told & set(marks):
            told |= set(marks)
            distinct.append(one)
    assert documents(first, distinct)[-1].new == ()


# --------------------------------------------------------------------------- language

GERMAN = ("Rat öffnet den alten Garten am Montag", "Mehr Züge zwischen Hafen und Bahnhof geplant")


@pytest.mark.parametrize(
    ("stored", "declared", "lang"),
    [(GERMAN, "", "de"), ((), "de", "de"), ((), "", ""), (("A", "B"), "", ""), (GERMAN, "en-GB", "en")],
)
def test_what_is_too_short_to_tell_is_in_the_language_of_its_feed(
    stored: tuple[str, ...], declared: str, lang: str
) -> None:
    old = [item(n, title=title) for n, title in enumerate(stored, start=1)]
    done = read(regular(), (item(9, title="Apfelkuchen"),), old, language=declared)
    assert [one.lang for one in done.new] == [lang]


def test_what_told_its_language_keeps_it() -> None:
    old = [item(n, title=title) for n, title in enumerate(GERMAN, start=1)]
    done = read(regular(), (item(9, title="Apple pie", lang="en"),), old)
    assert [one.lang for one in done.new] == ["en"]
