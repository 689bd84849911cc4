"""Feeds judged by their own rhythm, described in words, and the repairs that follow."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stored import DAY, NOW, TODAY, edition, item, opened, shown, subscription, update
from words import says

from newsfeed.cli.app import run
from newsfeed.edition import frame
from newsfeed.errors import ListError
from newsfeed.feeds import health, rhythm
from newsfeed.feeds.health import HealthState
from newsfeed.model import ASKED_AGAIN, Cause, Failure, FeedReport, FeedState, Settings
from newsfeed.pipeline import examine
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.subscriptions import check, edit
from newsfeed.store import Store
from newsfeed.text import spoken


@pytest.mark.parametrize(
    ("every", "silent", "expected"),
    [
        (1, 2, 0),
        (1, 3, 3),
        (7, 14, 0),  # a weekly that skips one week is on holiday
        (7, 21, 21),  # three weeks count as silence
        (30, 45, 0),
        (30, 80, 80),
        (120, 250, 0),
    ],
)
def test_silence_is_judged_by_the_feeds_own_rhythm(every: int, silent: int, expected: int) -> None:
    moments = [NOW - timedelta(days=silent + n * every) for n in range(8)]
    judged = rhythm.silence(moments, NOW)
    assert judged.days == expected
    assert judged.usual == every


def test_a_daily_that_rests_at_weekends_is_not_silent_on_monday_morning() -> None:
    monday = NOW + DAY  # 23 November 2026
    weekdays = [
        monday - timedelta(days=n) for n in range(3, 30) if (monday - timedelta(days=n)).weekday() < 5
    ]
    assert rhythm.silence(weekdays, monday).days == 0
    assert rhythm.silence(weekdays, monday + 2 * DAY).days == 5


def test_many_items_of_one_day_and_dates_to_come_are_no_rhythm() -> None:
    assert rhythm.silence([NOW - 40 * DAY] * 50, NOW) == rhythm.Silence()
    assert rhythm.silence([NOW + n * DAY for n in range(9)], NOW) == rhythm.Silence()


@given(st.lists(st.integers(0, 4000), max_size=60), st.integers(0, 4000))
def test_nobody_is_silent_who_wrote_today_or_yesterday(past: list[int], more: int) -> None:
    moments = [NOW - timedelta(hours=h) for h in past]
    assert rhythm.silence([*moments, NOW - DAY], NOW).days == 0
    found = rhythm.silence([m - timedelta(hours=more) for m in moments], NOW)
    assert found.days == 0 or found.days > max(2.0, 2.5 * found.usual)


@pytest.mark.parametrize(
    ("days", "words"),
    [(1, "daily"), (3, "every 3 days"), (7, "weekly"), (14, "every 2 weeks"), (30, "every 4 weeks")],
)
def test_rhythms_in_words(days: float, words: str) -> None:
    assert rhythm.every(days) == words


def a_home(tmp_path: Path, listed: str = "") -> Home:
    if listed:
        (tmp_path / "feeds.opml").write_text(listed, encoding="utf-8")
    return Home(tmp_path, Settings(home=str(tmp_path)), lambda: NOW)


def known(store: Store, name: str, *, days: list[int] | None = None, **more: Any) -> FeedState:
    """One feed of the list with items from so many days ago, and other fields of its state."""
    store.sync([*(s.subscription for s in store.states()), subscription(name)], NOW - 100 * DAY)
    state = next(s for s in store.states() if s.name == name)
    items = [item(f"{name}{n}", published=NOW - n * DAY) for n in days or []]
    fields: dict[str, Any] = {"first_good": NOW - 100 * DAY, "last_good": NOW, "last_tried": NOW}
    store.apply(update(state, items, **(fields | more)), NOW - 50 * DAY)
    return next(s for s in store.states() if s.name == name)


FAILED = Failure(cause=Cause.HTTP, text="Its server answers with an error (500).", repair="Nothing: wait.")
TARGET = "https://new.example/feed"


def test_each_feed_is_told_with_its_worst(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        known(store, "well", days=[0, 1, 2, 3, 4, 5])
        known(store, "weekly", days=[21, 28, 35, 42, 49])
        known(store, "broken", failure=FAILED, failures=3, failing_since=NOW - 3 * DAY)
        known(store, "closed", failure=FAILED, gone=True)
        moved_days = tuple(TODAY - timedelta(days=n) for n in (4, 2, 0))
        known(store, "mover", moved_to=TARGET, moved_seen=moved_days)
        known(store, "early", moved_to=TARGET, moved_seen=moved_days[-1:])
        known(store, "chatter", days=[0] * 1 + list(range(60)))
        store.sync([*(s.subscription for s in store.states()), subscription("new")], NOW)
        for n in range(12):
            day = TODAY - timedelta(days=n)
            store.record(edition(day), [shown(1, day, feed=store.states()[0].feed)])
        found = {h.report.title: h for h in examine.examine(a_home(tmp_path), store)}
    states = {name: h.state for name, h in found.items()}
    assert found["closed"].report.next_try is None, "what is gone is not asked again by itself"
    assert states == {
        "well": HealthState.WELL,
        "weekly": HealthState.SILENT,
        "broken": HealthState.FAILING,
        "closed": HealthState.GONE,
        "mover": HealthState.MOVED,
        "early": HealthState.WELL,  # one day is no move
        "chatter": HealthState.LOW_SIGNAL,
        "new": HealthState.UNASKED,
    }
    assert found["weekly"].sentence == "Silent for 21 days; it used to write weekly."
    assert found["broken"].sentence == f"{FAILED.text} {FAILED.repair}"
    assert "new.example" in found["mover"].sentence
    assert found["well"].shown == 12
    order = [h.report.title for h in health.worst_first(tuple(found.values()))]
    assert order == ["closed", "broken", "mover", "weekly", "chatter", "new"]


def test_every_trouble_has_its_repair_and_waiting_is_one_for_two_days_only(tmp_path: Path) -> None:
    silent = Failure(cause=Cause.TIMEOUT, text="It did not answer.")
    overloaded = Failure(cause=Cause.THROTTLED, text="It is overloaded (503).", repair=ASKED_AGAIN)
    with opened(tmp_path) as store:
        known(store, "today", failure=silent, failures=1, failing_since=NOW - DAY)
        known(store, "lately", failure=overloaded, failures=9, failing_since=NOW - 5 * DAY)
        known(store, "other", failure=FAILED, failures=9, failing_since=NOW - 5 * DAY)
        repairs = {r.title: spoken.told(r.values, r.repair) for r in examine.reports(a_home(tmp_path), store)}
    assert repairs["today"] == ASKED_AGAIN
    assert "has failed for 5 days" in repairs["lately"]
    assert "newsfeed feeds remove" in repairs["lately"]
    assert repairs["other"] == FAILED.repair


def test_a_check_shows_all_that_is_known_of_each_feed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines that no terminal cuts, so that they can be searched."""
    monkeypatch.setenv("NEWSFEED_CLOCK", NOW.isoformat())
    failure = msgspec.structs.replace(
        FAILED, repair="One of those long sentences " * 5 + "that no column holds."
    )
    listed = "".join(f'<outline text="{n}" xmlUrl="https://{n}.example/feed"/>' for n in ("well", "broken"))
    (tmp_path / ".newsfeed").mkdir()
    since = NOW - 3 * DAY
    with opened(tmp_path / ".newsfeed") as store:
        known(store, "well", days=[0, 1, 2, 3, 4, 5])
        known(store, "broken", failure=failure, failures=3, failing_since=since, last_good=since)
        store.record(edition(TODAY), [shown(1, TODAY, feed=store.states()[0].feed)])
    a_home(tmp_path, f'<opml version="2.0"><body>{listed}</body></opml>')
    assert run(["--home", str(tmp_path), "feeds", "check"]) == 1
    told = capsys.readouterr().out
    assert f"failing since {since.day} {since:%b} · last good 3 days ago · next try " in told
    assert f"{failure.text} {failure.repair}" in told
    for column in ("Feed", "State", "A week", "Shown", "Liked", "Last good", "Next try"):
        assert column in told
    assert "1 of 6" in told


def test_a_feed_that_was_slowed_by_its_own_silence_is_still_silent(tmp_path: Path) -> None:
    """A silent feed is asked ever more rarely; what counts as silent must not change with that."""
    with opened(tmp_path) as store:
        known(store, "weekly", days=[30, 37, 44, 51], items_a_day=0.05, last_changed=NOW - 30 * DAY)
        (report,) = examine.reports(a_home(tmp_path), store)
    assert report.silent_days == 30
    assert report.ok


def test_a_missing_network_is_no_fault_of_the_feeds(tmp_path: Path) -> None:
    lost = Failure(
        cause=Cause.NAME, text="Its host is unknown.", repair="Take it out: newsfeed feeds remove."
    )
    with opened(tmp_path) as store:
        for name in ("a", "b", "c"):
            known(store, name, failure=lost, failures=1)
        told = examine.reports(a_home(tmp_path), store)
        assert {(r.cause, r.repair) for r in told} == {
            ("The network was missing.", "Connect, then: newsfeed refresh.")
        }
        assert not any(r.ok or r.needs_owner for r in told)
        # One feed reached in the same run shows that there was a network, so the others failed by themselves.
        known(store, "d")
        told = examine.reports(a_home(tmp_path), store)
        assert [r.repair for r in told] == [lost.repair] * 3 + [""]
    with opened(tmp_path / "few") as store:
        known(store, "a", failure=lost, failures=1)
        (report,) = examine.reports(a_home(tmp_path), store)
        assert report.repair == lost.repair  # one wrong host name does not mean a missing network


def failing(name: str, days: float, **more: Any) -> FeedReport:
    return FeedReport(
        feed=1, title=name, url="", ok=False, cause="It is down.", failing_since=NOW - days * DAY, **more
    )


def test_the_page_names_feeds_after_two_failed_days_or_at_once_where_their_owner_must_act() -> None:
    assert frame.feeds([failing("a", 1.9)], NOW) == ()
    well = FeedReport(feed=1, title="a", url="")
    assert [s.text for s in frame.feeds([well], NOW)] == ["All feeds are well."]
    assert frame.feeds([], NOW) == ()
    (span,) = frame.feeds([failing("a", 3, repair="Give its new address.")], NOW)
    assert says(span.text, "One feed could not be read", "a (It is down. Give its new address).")
    for report in (failing("a", 2.1), failing("a", 0, must_read=True), failing("a", 0, needs_owner=True)):
        (span, *_) = frame.feeds([report], NOW)
        assert "a (It is down)" in span.text
    text = "".join(s.text for s in frame.feeds([failing(f"feed {n}", 3) for n in range(7)], NOW))
    assert "+4 more" in text
    assert "feed 3" not in text


LIST = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>mine</title></head><body>
  <!-- keep me -->
  <outline text="Tech">
    <outline type="rss" text="mover" xmlUrl="https://mover.example/feed" x:own="1" xmlns:x="urn:x"/>
    <outline type="rss" text="closed" xmlUrl="https://closed.example/feed"/>
    <outline type="rss" text="well" xmlUrl="https://well.example/feed"/>
  </outline>
</body></opml>
"""


def repairable(store: Store) -> None:
    moved_days = tuple(TODAY - timedelta(days=n) for n in (3, 1, 0))
    known(store, "mover", moved_to="https://new.example/feed?key=s3cr3tt0ken", moved_seen=moved_days)
    known(store, "closed", gone=True)
    known(store, "well")


def test_a_repair_is_shown_as_a_diff_and_changes_only_what_it_must(tmp_path: Path) -> None:
    home = a_home(tmp_path, LIST)
    with opened(tmp_path) as store:
        repairable(store)
        proposed = check.propose_repair(home, store)
    assert [(c.feed, c.does) for c in proposed.changes] == [("mover", "moved"), ("closed", "gone")]
    assert home.read_list() == LIST.encode(), "nothing is changed before the yes"
    assert "-    <outline" in proposed.edit.diff
    assert "s3cr3tt0ken" not in proposed.edit.diff
    edit.write(home, proposed.edit)
    now = home.read_list().decode()
    assert "https://new.example/feed?key=s3cr3tt0ken" in now
    assert "closed.example" not in now
    assert "<!-- keep me -->" in now
    assert 'x:own="1"' in now
    assert home.list_path.with_suffix(".opml.bak").read_bytes() == LIST.encode()


def test_a_list_edited_in_the_meantime_is_not_overwritten(tmp_path: Path) -> None:
    home = a_home(tmp_path, LIST)
    with opened(tmp_path) as store:
        repairable(store)
        proposed = check.propose_repair(home, store)
    edited = LIST.replace("mine", "edited")
    (tmp_path / "feeds.opml").write_text(edited, encoding="utf-8")
    with pytest.raises(ListError, match="changed meanwhile"):
        edit.write(home, proposed.edit)
    assert home.read_list().decode() == edited


def test_a_feed_that_moved_to_one_of_the_list_leaves_one(tmp_path: Path) -> None:
    home = a_home(tmp_path, LIST.replace("https://well.example/feed", TARGET))
    with opened(tmp_path) as store:
        known(store, "mover", moved_to=TARGET, moved_seen=tuple(TODAY - timedelta(days=n) for n in (3, 1, 0)))
        proposed = check.propose_repair(home, store)
    assert proposed.edit.new.count(TARGET.encode()) == 1
    assert b"mover.example" not in proposed.edit.new


def test_nothing_to_repair(tmp_path: Path) -> None:
    home = a_home(tmp_path, LIST)
    with opened(tmp_path) as store:
        known(store, "well")
        proposed = check.propose_repair(home, store)
    assert proposed.changes == ()
    assert proposed.edit.new == LIST.encode()
    assert proposed.edit.diff == ""
