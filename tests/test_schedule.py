"""When work is due: simulated machines over 400 days in six zones, with sleep, clock changes and journeys."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsfeed.model import WEEKDAYS
from newsfeed.pipeline.days import Act, due, moment, opening

ZONES = [
    "Europe/Berlin",  # clocks change at 02:00
    "America/New_York",
    "Australia/Lord_Howe",  # by half an hour
    "Africa/Cairo",  # at midnight
    "Asia/Kathmandu",  # +05:45, never
    "America/Sao_Paulo",  # once changed at midnight, now never
]
START = datetime(2026, 2, 20, 12, 0, tzinfo=UTC)  # 400 days contain three clock changes
MINUTE = timedelta(minutes=1)
AHEAD = timedelta(minutes=20)
ALL = frozenset(WEEKDAYS)
WORKDAYS = frozenset(WEEKDAYS[:5])


@dataclass
class Machine:
    """A machine with a persistent database, a clock that may be wrong, and a mail server that counts."""

    zone: str
    hour: str = "06:30"
    days: frozenset[str] = ALL
    done: set[date] = field(default_factory=set)
    prepared: set[date] = field(default_factory=set)
    editions: Counter[date] = field(default_factory=Counter)
    mails: Counter[date] = field(default_factory=Counter)
    late: dict[date, timedelta] = field(default_factory=dict)

    def look(self, now: datetime, *, dies: str = "") -> None:
        """One check of `newsfeed run`; with `dies` it is killed at that point."""
        found = due(now, self.zone, self.hour, self.days, self.done, self.prepared, AHEAD)
        if found.next is not None:
            assert found.next > now
        if found.act == Act.PREPARE:
            self._make(found.day)
        elif found.act == Act.DELIVER:
            if found.day not in self.prepared:
                self._make(found.day)
            self.late[found.day] = now - moment(found.day, self.hour, ZoneInfo(self.zone))
            if dies == "before done":
                return
            self.done.add(found.day)
            self.mails[found.day] = 1  # at most one, thanks to the outbox, however often it is tried

    def _make(self, day: date) -> None:
        if not self.editions[day]:  # a stored edition is drawn again, not chosen again
            self.editions[day] += 1
        self.prepared.add(day)

    def wanted(self, first: datetime, last: datetime) -> set[date]:
        """The local dates whose hour lies between two moments."""
        here = ZoneInfo(self.zone)
        found, day = set(), first.astimezone(here).date()
        while day <= last.astimezone(here).date():
            if WEEKDAYS[day.weekday()] in self.days and first <= moment(day, self.hour, here) <= last:
                found.add(day)
            day += timedelta(days=1)
        return found


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "hour", ["06:30", "02:30", *(pytest.param(hour, marks=pytest.mark.slow) for hour in ("00:00", "23:30"))]
)
def test_four_hundred_days_give_one_edition_a_day(zone: str, hour: str) -> None:
    machine = Machine(zone, hour)
    now, end = START, START + timedelta(days=400)
    while now <= end:
        machine.look(now)
        now += 30 * MINUTE
    wanted = machine.wanted(START, end)
    assert wanted <= machine.done
    assert len(machine.done - wanted) <= 1  # the first day may be caught up on
    assert set(machine.editions.values()) == set(machine.mails.values()) == {1}
    assert len(wanted) in {400, 401}
    in_time = [late for day, late in machine.late.items() if day in wanted]
    assert max(in_time) < 30 * MINUTE


@pytest.mark.parametrize("zone", ZONES)
def test_weekends_off(zone: str) -> None:
    machine = Machine(zone, days=WORKDAYS)
    now = START
    while now <= START + timedelta(days=400):
        machine.look(now)
        now += 60 * MINUTE
    assert {d.weekday() for d in machine.done} == {0, 1, 2, 3, 4}
    assert len(machine.done) in range(284, 288)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("seed", range(2))
def test_asleep_off_killed_and_set_wrong(zone: str, seed: int) -> None:
    """A rough life: sleeps of minutes to days, kills, clocks set forward and back, two processes at once."""
    rng = random.Random(f"{zone} {seed}")
    machine = Machine(zone, rng.choice(["06:30", "02:30", "00:05", "22:15"]))
    real, wrong = START, timedelta(0)
    awake: dict[date, list[datetime]] = {}
    while real <= START + timedelta(days=400):
        now = real + wrong
        for _ in range(rng.choice([1, 1, 1, 2])):  # sometimes two of them
            machine.look(now, dies=rng.choice(["", "", "before done"]))
        awake.setdefault(now.astimezone(ZoneInfo(zone)).date(), []).append(now)
        event = rng.random()
        if event < 0.006:
            real += timedelta(hours=rng.choice([1, 9, 30, 80]))  # asleep or off
        elif event < 0.008:
            wrong += timedelta(minutes=rng.choice([-90, -25, 25, 90, 26 * 60, -26 * 60]))
        elif event < 0.009:
            wrong = timedelta(0)
        real += rng.choice([10, 20, 45]) * MINUTE
    assert set(machine.editions.values()) == {1}
    assert set(machine.mails.values()) == {1}
    here = ZoneInfo(zone)
    for day, looks in awake.items():
        # A machine that was awake for an hour after a day's hour has its edition.
        after = [m for m in looks if m >= moment(day, machine.hour, here)]
        if len(after) >= 10:
            assert day in machine.done, day


def test_a_morning_asleep_is_made_up_once_on_waking() -> None:
    machine = Machine("Europe/Berlin")
    for hour in (5, 11, 12, 23):  # 06:30 local is 05:30 UTC
        machine.look(datetime(2026, 3, 4, hour, 0, tzinfo=UTC))
    assert machine.done == {date(2026, 3, 4)}
    assert machine.late[date(2026, 3, 4)] == timedelta(hours=5, minutes=30)


def test_days_off_are_covered_by_the_next_edition_and_told() -> None:
    done = {date(2026, 3, 2)}
    found = due(datetime(2026, 3, 6, 4, 0, tzinfo=UTC), "Europe/Berlin", "06:30", ALL, done)
    assert found.act == Act.WAIT
    assert found.missed == (date(2026, 3, 3), date(2026, 3, 4), date(2026, 3, 5))
    working = due(
        datetime(2026, 3, 9, 4, 0, tzinfo=UTC), "Europe/Berlin", "06:30", WORKDAYS, {date(2026, 3, 6)}
    )
    assert working.missed == ()
    assert due(START, "UTC", "06:30", ALL, set()).missed == ()


def test_a_clock_five_years_ahead_and_back() -> None:
    machine = Machine("Europe/Berlin")
    now = datetime(2026, 3, 4, 7, 0, tzinfo=UTC)
    machine.look(now)
    machine.look(now + timedelta(days=5 * 365))
    machine.look(now + timedelta(hours=1))
    machine.look(now + timedelta(days=1))
    assert {date(2026, 3, 4), date(2026, 3, 5)} <= machine.done
    assert set(machine.mails.values()) == {1}
    found = due(now + timedelta(days=2, hours=9), "Europe/Berlin", "06:30", ALL, machine.done)
    assert found.missed == ()


def test_a_journey_across_the_date_line_gives_one_edition_a_date() -> None:
    machine = Machine("Asia/Tokyo")
    now, end = START, START + timedelta(days=60)
    rng = random.Random(7)
    while now < end:
        machine.look(now)
        now += 10 * MINUTE
        if rng.random() < 0.01:
            machine.zone = rng.choice(
                ["Asia/Tokyo", "America/Los_Angeles", "Pacific/Auckland", "Pacific/Honolulu"]
            )
    assert set(machine.editions.values()) == {1}
    assert set(machine.mails.values()) == {1}
    assert len(machine.done) >= 57


def test_an_hour_that_is_skipped_comes_a_little_later_and_one_that_comes_twice_counts_once() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert moment(date(2026, 3, 29), "02:30", berlin) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30
    assert moment(date(2026, 10, 25), "02:30", berlin) == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )  # the first
    machine = Machine("Europe/Berlin", "02:30")
    now = datetime(2026, 10, 24, 23, 0, tzinfo=UTC)
    for _ in range(60):
        machine.look(now)
        now += 5 * MINUTE
    assert machine.mails[date(2026, 10, 25)] == 1


def test_the_page_is_prepared_ahead_but_never_on_the_day_before() -> None:
    zone = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 3, 4, 5, 10, tzinfo=UTC)
    args = ("Europe/Berlin", "06:30", ALL)
    assert due(now - MINUTE, *args, set(), set(), AHEAD).act == Act.WAIT
    ready = due(now, *args, set(), set(), AHEAD)
    assert ready.act == Act.PREPARE
    waiting = due(now, *args, set(), {date(2026, 3, 4)}, AHEAD)
    assert waiting.act == Act.WAIT
    assert waiting.next == moment(date(2026, 3, 4), "06:30", zone)
    assert opening(date(2026, 3, 4), "00:10", zone, AHEAD) == moment(date(2026, 3, 4), "00:00", zone)


def test_without_days_there_is_no_next() -> None:
    found = due(START, "UTC", "06:30", frozenset(), set())
    assert (found.act, found.next) == (Act.WAIT, None)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(946_684_800, 2_208_988_800),  # seconds: 2000 to 2040
    st.sampled_from([*ZONES, "Pacific/Apia", "Pacific/Kiritimati", "America/St_Johns", "UTC"]),
    st.integers(0, 1439),
    st.integers(0, 240),
)
def test_the_next_moment_is_when_something_begins(seconds: int, zone: str, minute: int, ahead: int) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    hour = f"{minute // 60:02}:{minute % 60:02}"
    gap = timedelta(minutes=ahead)
    found = due(now, zone, hour, ALL, set(), set(), gap)
    assert found.next is not None
    assert found.next > now
    assert found.next - now <= timedelta(hours=50)  # a date may not exist at all
    before = due(found.next - timedelta(seconds=1), zone, hour, ALL, {found.day}, set(), gap)
    at = due(
        found.next, zone, hour, ALL, {found.day} - {found.next.astimezone(ZoneInfo(zone)).date()}, set(), gap
    )
    assert before.day <= at.day
    assert at.act != Act.WAIT
