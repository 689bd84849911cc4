"""A morning on which (nearly) nothing can be read gives no edition: real feeds on loopback, a real home, everything down."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import homes
import pytest
from homes import Entry, TestHome
from serving import Play, Server, fixed, hang_up, redirect, reset
from words import says

from newsfeed.cli.command import Context
from newsfeed.feeds import health
from newsfeed.feeds.health import FeedOutcome, FeedResult
from newsfeed.fetch import rate_limiter
from newsfeed.model import Cause, Failure, FeedReport
from newsfeed.schedule.running import Runner
from newsfeed.store import Store

pytestmark = pytest.mark.live
FIRST = datetime(2026, 3, 18, 5, 30, tzinfo=UTC)  # 06:30 in Berlin
NEXT = FIRST + timedelta(days=1)
PATHS = [f"/{n}" for n in range(10)]
PORTAL = b"<!doctype html><html><head><title>Welcome aboard</title></head><body><h1>Sign in</h1><form></form></body></html>"
HEADLINES = {
    "first": """Chip maker unveils processor that halves the power of data centres
Central bank raises interest rates by a quarter point
Senate passes privacy bill after long debate
Vaccine trial ends early with strong results
Museum returns bronze statues to their country
Railway unions call off strike after pay deal
Glacier survey finds ice loss has doubled
Retailer opens checkout-free supermarkets in twenty towns
Browser update fixes flaw that let attackers read passwords
Pension funds move billions into wind farms""",
    "second": """Battery start-up shows cell that charges within five minutes
Court blocks merger of the two largest airlines
Mayor proposes congestion charge for delivery vans
Telescope spots water vapour on a distant planet
Software giant buys maker of design tools
Bond yields fall as inflation slows more than expected
Farmers test robots that weed without chemicals
Minister resigns over contract for border systems
Advertisers leave social network after boycott
Researchers teach parrots to call each other by video""",
}


def entries(n: int, day: str) -> list[Entry]:
    title = HEADLINES[day].splitlines()[n]
    return [
        Entry(
            title,
            text=f"{title}, its makers said on stage. What follows from that is told below.",
            hours=3 - (24 if day == "second" else 0),
            link=f"https://outlet.example/{day}/{n}",
        )
    ]


def well(server: Server, day: str = "first", paths: list[str] = PATHS) -> None:
    for path in paths:
        n = int(path[1:])
        server.feed(path, homes.rss(f"Paper {n}", entries(n, day)))


def down(server: Server, play: Play, paths: list[str] = PATHS) -> None:
    for path in paths:
        server.play(path, play)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> TestHome:
    made = homes.make(tmp_path / "home", monkeypatch, [server.port])
    # Ten feeds of one host that refuses would take ten seconds, each time.
    monkeypatch.setattr(rate_limiter, "AFTER_REFUSAL", 0.01)
    made.list(homes.opml(*[("News", f"Paper {path[1:]}", server.url(path)) for path in PATHS]))
    (made.folder / "newsfeed.toml").write_text(
        'timezone = "Europe/Berlin"\n[mail]\nto = "me@example.org"\nby = "eml"\npath = "out"\n'
    )
    made.at(FIRST)
    return made


@contextmanager
def opened(home: TestHome) -> Iterator[Store]:
    with Context(home.folder).home().open_store() as store:
        yield store


def editions(home: TestHome) -> list[date]:
    with opened(home) as store:
        return store.editions()


def mails(home: TestHome) -> list[str]:
    return sorted(path.stem for path in (home.folder / "out").glob("*.eml"))


def notice(home: TestHome) -> str:
    found = re.search(r'<p class="notice" role="status">(.*?)</p>', home.page())
    return found.group(1) if found else ""


BAD_MORNINGS: dict[str, tuple[Play, str]] = {
    "hung up": (hang_up, "refused or broken off"),
    "reset": (reset, "refused or broken off"),
    "proxy 502": (fixed(502), "answered with an error (502)"),
    "proxy 503": (fixed(503, body=b"<h1>No route</h1>"), "the servers ask to wait (503)"),
    "portal": (fixed(200, [("Content-Type", "text/html")], PORTAL), "login page of the network"),
    "portal elsewhere": (redirect("http://10.0.0.1/login"), "local network"),
    "login": (fixed(511), "answered with an error (511)"),
}


def test_the_last_page_stays_and_says_why(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """One failed attempt after another on one morning, each for a different cause."""
    well(server)
    assert home.run("digest", "--no-open") == 0
    before, archived = home.page(), (home.folder / "site/archive/2026/03/18.html").read_bytes()
    assert notice(home) == ""
    for n, (kind, (play, words)) in enumerate(BAD_MORNINGS.items()):
        moment = NEXT + timedelta(minutes=30 * n)
        home.at(moment)
        down(server, play)
        capsys.readouterr()
        assert home.run("digest", "--no-open") == 2, kind
        told = capsys.readouterr().err
        assert "none of your 10 sources could be read" in told, kind
        assert words in told, kind
        assert told.count("could be read") == 1, "one cause for many is said once"
        assert "none of your 10 sources could be read" in notice(home), kind
        assert words in notice(home), kind
        assert f"{moment + timedelta(hours=1):%H:%M}" in notice(home), kind
        assert "Welcome aboard" not in home.page() + told, kind
        page = re.sub(r'<p class="notice".*?</p>\n', "", home.page())
        assert page == before, f"{kind}: below the notice stands the page as it was"
        assert (home.folder / "site/archive/2026/03/18.html").read_bytes() == archived, kind
        assert editions(home) == [date(2026, 3, 18)], kind
        assert home.digest()["date"] == "2026-03-18", kind
    # The network is back: today's page, which does not mention the failure.
    home.at(NEXT + timedelta(hours=5))
    well(server, "second")
    assert home.run("digest", "--no-open") == 0
    assert notice(home) == ""
    assert home.digest()["date"] == "2026-03-19"
    assert home.digest()["revised"] == ""


def test_refused_everywhere(home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    with Server() as gone:
        port = gone.port
    home.monkeypatch.setenv("NEWSFEED_FETCH__ALLOW_PRIVATE", f"127.0.0.1:{server.port},127.0.0.1:{port}")
    home.list(homes.opml(*[("News", f"Paper {n}", f"http://127.0.0.1:{port}/{n}") for n in range(4)]))
    assert home.run("digest", "--no-open") == 2
    told = capsys.readouterr().err
    assert says(told, "none of your 4 sources", "refused or broken off")
    assert not (home.folder / "site").exists(), "with no earlier page there is no page"
    assert editions(home) == []
    assert home.run("digest", "--no-refresh", "--no-open") == 2
    assert "nothing was fetched yet" in capsys.readouterr().err
    assert not (home.folder / "site").exists()


def test_one_of_ten_is_nearly_nothing_and_a_quiet_morning_is_an_edition(
    home: TestHome, server: Server
) -> None:
    well(server)
    home.run("digest", "--no-open")
    home.at(NEXT)
    down(server, hang_up, PATHS[1:])
    assert home.run("digest", "--no-open") == 2
    assert "only 1 of your 10 sources could be read" in notice(home)
    home.at(NEXT + timedelta(minutes=30))
    well(server)  # nothing new, but every feed answers
    assert home.run("digest", "--no-open") == 0
    assert home.digest()["date"] == "2026-03-19"
    assert notice(home) == ""


def test_half_a_morning_is_completed_by_the_next_digest(home: TestHome, server: Server) -> None:
    well(server)
    home.run("digest", "--no-open")
    home.at(NEXT)
    well(server, "second", PATHS[:4])
    down(server, hang_up, PATHS[4:])
    assert home.run("digest", "--no-open") == 1
    assert "Only 4 of your 10 sources could be read" in home.digest()["note"]
    first = home.digest()
    assert first["revised"] == ""
    # No other feed answers: it stays as it is.
    home.at(NEXT + timedelta(minutes=20))
    home.run("digest", "--no-open")
    assert (home.digest()["revised"], home.digest()["picks"]) == ("", first["picks"])
    home.at(NEXT + timedelta(minutes=100))
    well(server, "second")
    assert home.run("digest", "--no-open") == 0
    assert home.digest()["revised"] == "completed at 08:10"
    assert "completed at 08:10" in home.page()
    assert "could be read" not in home.digest()["note"]
    assert {p["source"] for p in home.digest()["picks"]} - {p["source"] for p in first["picks"]}
    # Once complete, it is not chosen again.
    home.at(NEXT + timedelta(minutes=130))
    assert home.run("digest", "--no-open") == 0
    assert home.digest()["revised"] == "completed at 08:10"


def look(runner: Runner, home: TestHome, moment: datetime) -> None:
    home.at(moment)
    runner._not_before, runner._completed = 0.0, -1e6
    assert runner.look()


def runner_of(home: TestHome, said: Callable[[str], None]) -> Runner:
    return Runner(lambda: Context(home.folder).home(), said)


def test_run_waits_for_the_network_as_long_as_it_takes(home: TestHome, server: Server) -> None:
    said: list[str] = []
    runner = runner_of(home, said.append)
    well(server)
    look(runner, home, FIRST)
    assert mails(home) == ["digest-2026-03-18"]
    down(server, fixed(503))
    for minutes in (0, 5, 25, 60):
        look(runner, home, NEXT + timedelta(minutes=minutes))
    assert editions(home) == [date(2026, 3, 18)]
    assert mails(home) == ["digest-2026-03-18"]
    assert sum("no page yet" in line for line in said) == 1, "said once while it lasts"
    assert "none of your 10 sources could be read" in notice(home)
    well(server, "second")
    look(runner, home, NEXT + timedelta(minutes=90))
    assert editions(home) == [date(2026, 3, 18), date(2026, 3, 19)]
    assert mails(home) == ["digest-2026-03-18", "digest-2026-03-19"]
    assert notice(home) == ""


def test_run_completes_a_half_morning_and_sends_no_second_mail(home: TestHome, server: Server) -> None:
    said: list[str] = []
    runner = runner_of(home, said.append)
    well(server)
    look(runner, home, FIRST)
    well(server, "second", PATHS[:3])
    down(server, fixed(502), PATHS[3:])
    look(runner, home, NEXT)
    assert mails(home) == ["digest-2026-03-18", "digest-2026-03-19"]
    sent = (home.folder / "out" / "digest-2026-03-19.eml").read_bytes()
    asked = len(server.asked("/0"))
    look(runner, home, NEXT + timedelta(minutes=20))
    assert len(server.asked("/0")) == asked, "only those that are missing are asked again"
    assert home.digest()["revised"] == ""
    well(server, "second")
    look(runner, home, NEXT + timedelta(minutes=100))
    assert home.digest()["revised"] == "completed at 08:10"
    look(runner, home, NEXT + timedelta(minutes=130))
    assert mails(home) == ["digest-2026-03-18", "digest-2026-03-19"]
    assert (home.folder / "out" / "digest-2026-03-19.eml").read_bytes() == sent
    with opened(home) as store:
        assert len(store.mails()) == 2


def test_a_half_page_made_ahead_is_completed_before_its_mail_goes(home: TestHome, server: Server) -> None:
    runner = runner_of(home, lambda _: None)
    down(server, hang_up, PATHS[3:])
    well(server, paths=PATHS[:3])
    look(runner, home, FIRST - timedelta(minutes=10))
    assert mails(home) == []
    well(server)
    look(runner, home, FIRST)
    assert home.digest()["revised"] == "completed at 06:30"
    assert mails(home) == ["digest-2026-03-18"]


NOW = FIRST
LOST = Failure(cause=Cause.CONNECT, text="refused")


def result(n: int, failure: Failure | None = None, outcome: FeedOutcome | None = None) -> FeedResult:
    ended = outcome or (FeedOutcome.FAILED if failure else FeedOutcome.UNCHANGED)
    return FeedResult(feed=n, name=f"f{n}", url="", outcome=ended, failure=failure)


def report(n: int, *, days: float = 0.0, ago: float = 0.1) -> FeedReport:
    since = NOW - timedelta(days=days) if days else None
    return FeedReport(feed=n, title="", url="", failing_since=since, last_good=NOW - timedelta(hours=ago))


@pytest.mark.parametrize(
    ("read", "failed", "dead", "waiting", "is_outage"),
    [
        (0, 1, 0, 0, True),  # the only source
        (0, 12, 0, 0, True),
        (1, 9, 0, 0, True),
        (2, 9, 0, 0, False),
        (4, 40, 0, 0, True),
        (1, 0, 30, 0, False),  # a feed that has been dead for weeks says nothing about this morning
        (0, 0, 5, 0, True),
        (10, 0, 0, 0, False),
        (0, 3, 0, 7, False),  # asked successfully a moment ago
        (0, 0, 0, 0, False),
    ],
)
def test_what_is_nearly_nothing(read: int, failed: int, dead: int, waiting: int, is_outage: bool) -> None:
    results = [result(n) for n in range(read)]
    results += [result(100 + n, LOST) for n in range(failed)]
    results += [result(200 + n, LOST) for n in range(dead)]
    results += [result(300 + n, outcome=FeedOutcome.WAITING) for n in range(waiting)]
    states = [report(r.feed, days=9 if 200 <= r.feed < 300 else 0) for r in results]
    assert (health.outage(results, states, NOW) is not None) == is_outage


def test_several_causes_are_named_by_their_number() -> None:
    causes = [Cause.CONNECT] * 5 + [Cause.TIMEOUT] * 4 + [Cause.NOT_A_FEED] * 3
    failures = [Failure(cause=cause, text="x") for cause in causes]
    clause, _ = health.shared_cause(failures)
    assert says(clause, "refused", "(5)", "in time (4)", "no feed", "(3)")


def test_names_that_failed_before_the_network_was_known_to_be_missing_have_its_cause() -> None:
    causes = [Cause.NAME] * 28 + [Cause.NO_NETWORK] * 24
    assert health.shared_cause([Failure(cause=cause, text="x") for cause in causes])[0] == (
        "there is no network connection"
    )
    causes = [Cause.NAME] * 3 + [Cause.TIMEOUT] * 3
    clause, _ = health.shared_cause([Failure(cause=cause, text="x") for cause in causes])
    assert says(clause, "name", "(3)", "in time (3)"), "with a network, a name that fails is one"
