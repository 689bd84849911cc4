"""Whole mornings by the command line, against a real server: pages, exit codes and messages."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import homes
import pytest
from homes import NOON, Entry, TestHome
from serving import Server, fixed
from words import says

pytestmark = pytest.mark.live

NEWS = [
    Entry("Chip maker unveils processor that halves the power of data centres", "The semiconductor firm says its new processor needs half the energy of servers sold last year. Cloud providers begin tests in May."),
    Entry("Central bank raises interest rates by a quarter point", "The central bank lifted its key rate to fight inflation. Bond yields rose and shares of lenders gained on the news.", hours=5),
    Entry("Senate passes privacy bill after long debate", "Lawmakers approved a privacy law that limits data brokers. The regulation takes effect next year unless courts block it.", hours=4),
    Entry("Physicists measure neutrino mass with new precision", "Researchers at an underground laboratory report the most precise measurement yet. The study appears in a physics journal.", hours=8),
    Entry("Five rules for a one-on-one that people look forward to", "Managers who let employees set the agenda hear of problems sooner. A leadership coach explains how teams build trust.", hours=9),
    Entry("Brand campaigns move back to search as social ads lose reach", "Marketers shift advertising budgets to search engine marketing. Agencies report better conversion from content.", hours=10),
    Entry("Sales teams cut their pipeline reviews to ten minutes", "Sales reps win more deals when quota talks are short. A survey of B2B sellers shows how prospects decide.", hours=11),
]  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> TestHome:
    return homes.make(tmp_path / "home", monkeypatch, [server.port])


def feed(server: Server, path: str, title: str, entries: list[Entry]) -> str:
    return server.feed(
        path, homes.rss(title, entries, base=f"https://{title.lower().replace(' ', '-')}.example")
    )


def test_without_a_list_the_error_says_what_to_do(home: TestHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert home.run("digest", "--no-open") == 2
    assert "newsfeed init" in capsys.readouterr().err


def test_an_empty_list_gives_a_page_that_says_how_to_go_on(home: TestHome) -> None:
    home.list(homes.opml())
    assert home.run("digest", "--no-open") == 0
    assert "feeds add" in home.page() or "feeds.opml" in home.page()


def test_a_first_morning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    home = homes.make(tmp_path / "home", monkeypatch, [server.port], workers=True)
    home.list(homes.opml(("News", "The Morning", feed(server, "/a", "The Morning", NEWS))))
    assert home.run("digest", "--no-open") == 0
    said = capsys.readouterr().out
    assert "1 of 1 feed, " in said
    assert said.rstrip().endswith("index.html")
    page = home.page()
    assert "Wednesday 18 March" in page
    assert "Senate passes privacy bill" in page
    assert "in 2 days" not in page  # no history, no comparisons
    digest = home.digest()
    assert digest["minutes"] <= digest["budget_minutes"] == 5
    assert {t for t, row in digest["topics"].items() if row["picks"]} >= {
        "technology",
        "finance",
        "policy",
        "science",
    }
    assert sum(digest["ledger"].values()) == len(NEWS)


def test_the_same_day_again_draws_the_same_bytes_and_nothing_new_is_said(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    home.list(homes.opml(("News", "The Morning", feed(server, "/a", "The Morning", NEWS))))
    home.run("digest", "--no-open")
    first = {p: p.read_bytes() for p in (home.folder / "site").rglob("*") if p.is_file()}
    assert home.run("digest", "--no-open", "--no-refresh") == 0
    assert {p: p.read_bytes() for p in first} == first
    home.at(NOON + timedelta(hours=2))
    assert home.run("refresh") == 0
    assert "Nothing since 07:30" in capsys.readouterr().out


def test_a_refresh_puts_what_cannot_wait_into_its_own_block(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    url = feed(server, "/a", "The Morning", NEWS)
    home.list(homes.opml(("News", "The Morning", url)))
    home.run("digest", "--no-open")
    before = [p["title"] for p in home.digest()["picks"]]
    late = Entry("Regulators fine cloud provider over outage that froze payments", "The regulator says the cloud firm broke the law on resilience. Banks lost a day of card payments.", hours=-1)  # fmt: skip
    feed(server, "/a", "The Morning", [late, *NEWS])
    home.at(NOON + timedelta(hours=2))
    assert home.run("refresh") == 0
    assert "1 new item" in capsys.readouterr().out
    assert "Since 07:30" in home.page()
    assert [p["title"] for p in home.digest()["picks"]][: len(before)] == before


def test_the_next_day_shows_nothing_twice_and_a_quiet_day_says_so(home: TestHome, server: Server) -> None:
    url = feed(server, "/a", "The Morning", NEWS)
    home.list(homes.opml(("News", "The Morning", url)))
    home.run("digest", "--no-open")
    shown = {p["title"] for p in home.digest()["picks"]}
    fresh = Entry("Start-up sells robots by subscription to small farms", "The robotics company raised venture funding for its software. Farmers pay by the hectare.", hours=-20)  # fmt: skip
    feed(server, "/a", "The Morning", [fresh, *NEWS])
    home.at(NOON + timedelta(days=1))
    assert home.run("digest", "--no-open") == 0
    digest = home.digest()
    assert digest["date"] == "2026-03-19"
    assert not shown & {p["title"] for p in digest["picks"]}
    assert "Quiet day" in home.page()


def test_one_bad_feed_harms_nothing_and_is_named_with_its_repair(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.play("/gone", fixed(410))
    server.play(
        "/html",
        fixed(200, [("Content-Type", "text/html")], b"<!doctype html><title>Hello</title><p>no feed</p>"),
    )
    home.list(
        homes.opml(
            ("News", "The Morning", feed(server, "/a", "The Morning", NEWS)),
            ("News", "Gone", server.url("/gone")),
            ("News", "A Page", server.url("/html")),
        )
    )
    assert home.run("digest", "--no-open") == 1
    told = capsys.readouterr()
    assert "Gone: " in told.err
    assert "A Page: " in told.err
    assert "2 feeds refused (see `newsfeed feeds check`)" in told.out
    assert home.digest()["picks"]
    assert home.run("feeds", "check") == 1
    assert "A Page" in capsys.readouterr().out


def test_when_every_feed_fails_on_the_first_day_there_is_no_page(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.play("/x", fixed(500))
    home.list(homes.opml(("News", "Down", server.url("/x"))))
    assert home.run("digest", "--no-open") == 2
    assert "your only source could not be read" in capsys.readouterr().err
    assert not (home.folder / "site").exists()


def test_a_refresh_that_gets_nothing_at_all_exits_with_2(home: TestHome, server: Server) -> None:
    server.play("/x", fixed(500))
    home.list(homes.opml(("News", "Down", server.url("/x"))))
    assert home.run("refresh") == 2


def test_a_refresh_that_no_feed_answers_does_not_say_that_nothing_came(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    home.list(homes.opml(("News", "Paper", feed(server, "/paper", "Paper", NEWS))))
    assert home.run("digest", "--no-open") == 0
    page = home.page()
    server.play("/paper", fixed(503))
    home.at(NOON + timedelta(hours=2))
    capsys.readouterr()
    home.run("refresh")
    assert "Nothing since" not in capsys.readouterr().out
    assert home.page() == page
    feed(server, "/paper", "Paper", NEWS)
    home.at(NOON + timedelta(hours=8))
    home.run("refresh")
    assert "Nothing since" in capsys.readouterr().out


def test_one_item(home: TestHome, server: Server) -> None:
    home.list(homes.opml(("News", "One", feed(server, "/a", "One", NEWS[:1]))))
    assert home.run("digest", "--no-open") == 0
    assert len(home.digest()["picks"]) == 1


@pytest.mark.slow
def test_two_thousand_items(home: TestHome, server: Server) -> None:
    words = ["market", "bank", "software", "law", "study", "brand", "team", "quota", "chip", "climate"]
    many = [Entry(f"{words[n % 10].capitalize()} story {n} about {words[n // 10 % 10]} and number {n * 7919}", f"Report {n} on {words[n % 10]} and {words[n % 7]}, told in one sentence that is long enough to read.", hours=1 + n / 200) for n in range(400)]  # fmt: skip
    outlines = [
        (
            "News",
            f"Feed {k}",
            feed(server, f"/{k}", f"Feed {k}", [Entry(f"{e.title} by {k}", e.text, e.hours) for e in many]),
        )
        for k in range(5)
    ]
    home.list(homes.opml(*outlines))
    assert home.run("digest", "--no-open") == 0
    digest = home.digest()
    assert 0 < len(digest["picks"]) <= 17
    assert digest["minutes"] <= 5
    assert sum(digest["ledger"].values()) == 2_000


def test_a_feed_added_by_hand_is_found_at_the_next_refresh(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    first = ("News", "The Morning", feed(server, "/a", "The Morning", NEWS))
    home.list(homes.opml(first))
    home.run("digest", "--no-open")
    other = feed(
        server,
        "/b",
        "Other",
        [
            Entry(
                "Antitrust court blocks merger of two software giants",
                "Judges blocked the software merger. The regulator had warned of higher prices.",
                hours=0.5,
            )
        ],
    )
    home.list(homes.opml(first, ("News", "Other", other)))
    home.at(NOON + timedelta(hours=1))
    capsys.readouterr()
    assert home.run("refresh") == 0
    told = capsys.readouterr().out
    assert "feeds.opml: +1 (new: Other)" in told
    assert "added: Other, 1 item, 1 on today's page" in told
    third = ("News", "Third", feed(server, "/c", "Third", NEWS[:1]))
    home.list(homes.opml(("News", "Other", other), third))
    home.at(NOON + timedelta(hours=2))
    assert home.run("refresh") == 0
    assert "feeds.opml: +1 −1 (new: Third; gone: The Morning)" in capsys.readouterr().out
    home.list(homes.opml(first, ("News", "Other", other), third))
    home.at(NOON + timedelta(hours=3))
    assert home.run("refresh") == 0
    assert "back: The Morning, 0 new items" in capsys.readouterr().out


def test_a_broken_list_leaves_the_last_good_one_in_force(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    home.list(homes.opml(("News", "The Morning", feed(server, "/a", "The Morning", NEWS))))
    home.run("digest", "--no-open")
    (home.folder / "feeds.opml").write_bytes(b"\x00\x01 this is no list")
    home.at(NOON + timedelta(hours=1))
    capsys.readouterr()
    assert home.run("refresh") == 1
    told = capsys.readouterr()
    assert "last good list" in told.err
    assert "1 of 1 feed" in told.out


def test_rebuilding_chooses_anew_and_says_so(home: TestHome, server: Server) -> None:
    home.list(homes.opml(("News", "The Morning", feed(server, "/a", "The Morning", NEWS))))
    home.run("digest", "--no-open")
    before = [p["title"] for p in home.digest()["picks"]]
    home.at(NOON + timedelta(hours=1, minutes=40))
    assert home.run("digest", "--no-open", "--no-refresh", "--rebuild") == 0
    assert "revised 09:10" in home.page()
    assert [p["title"] for p in home.digest()["picks"]] == before  # its own picks are not part of the history


def test_an_earlier_edition_is_kept_as_it_was_and_a_missing_one_is_an_error(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    home.list(homes.opml(("News", "The Morning", feed(server, "/a", "The Morning", NEWS))))
    home.run("digest", "--no-open")
    archived = home.folder / "site" / "archive" / "2026" / "03" / "18.html"
    kept = archived.read_bytes()
    home.at(NOON + timedelta(days=1))
    home.run("digest", "--no-open", "--no-refresh")
    archived.unlink()
    assert home.run("digest", "--no-open", "--date", "2026-03-18") == 0
    assert archived.read_bytes() == kept
    assert home.run("digest", "--no-open", "--date", "2026-01-01") == 2
    assert "none is stored" in capsys.readouterr().err


def test_todays_edition_by_its_date_is_drawn_as_it_is_stored(home: TestHome, server: Server) -> None:
    home.list(homes.opml(("News", "The Morning", feed(server, "/a", "The Morning", NEWS[:3]))))
    home.run("digest", "--no-open")
    page, asked = home.page(), len(server.asked("/a"))
    feed(server, "/a", "The Morning", NEWS)
    home.at(NOON + timedelta(hours=5))
    assert home.run("digest", "--no-open", "--date", "2026-03-18") == 0
    assert home.page() == page
    assert len(server.asked("/a")) == asked
    assert home.run("digest", "--no-open", "--date", "2026-03-18", "--rebuild") == 0
    assert len(server.asked("/a")) == asked + 1
    assert "revised" in home.page()


def test_what_is_said_of_an_earlier_page_s_templates_is_true(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    home.list(homes.opml(("News", "The Morning", feed(server, "/a", "The Morning", NEWS))))
    home.run("digest", "--no-open")
    archived = home.folder / "site" / "archive" / "2026" / "03" / "18.html"
    first = archived.read_bytes()

    def again() -> str:
        capsys.readouterr()
        assert home.run("digest", "--no-open", "--date", "2026-03-18") == 0
        return capsys.readouterr().out

    home.at(NOON + timedelta(days=1))
    assert "templates" not in again()
    own = home.folder / "my-templates" / "page.html"
    own.parent.mkdir()
    shipped = Path(__file__).parents[2] / "templates" / "page.html"
    own.write_text(shipped.read_text().replace('class="p-name"', 'class="p-name mine"'))
    assert "drawn with other templates than today's" in again()
    assert archived.read_bytes() == first
    archived.unlink()
    for _ in range(2):
        assert "drawn with newer templates" in again()
    assert b"p-name mine" in archived.read_bytes()
    own.unlink()
    assert "drawn with other templates than today's" in again()
    assert b"p-name mine" in archived.read_bytes()


def test_why_answers_for_shown_and_unshown(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    home.list(homes.opml(("News", "The Morning", feed(server, "/a", "The Morning", NEWS))))
    home.run("digest", "--no-open", "--minutes", "1")
    capsys.readouterr()
    assert home.run("why", "1") == 0
    told = capsys.readouterr().out
    assert "Score" in told
    assert "Reason" in told
    shown = {p["title"] for p in home.digest()["picks"]}
    left = next(e.title for e in NEWS if e.title not in shown)
    assert home.run("why", *left.split()[:5]) == 0
    assert "On the page" in capsys.readouterr().out
    assert home.run("why", "99") == 2
    assert home.run("why", "no", "such", "words", "anywhere") == 2


def test_two_at_once_the_second_says_who_is_at_work(home: TestHome, server: Server) -> None:
    from newsfeed.store.lock import Lock

    home.list(homes.opml(("News", "The Morning", feed(server, "/a", "The Morning", NEWS))))
    (home.folder / ".newsfeed").mkdir(mode=0o700)
    with Lock(home.folder / ".newsfeed" / "lock", "refresh"):
        done = subprocess.run(
            [sys.executable, "-m", "newsfeed", "--home", str(home.folder), "refresh"],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "refresh" in done.stderr


def test_the_manual_floor_and_force(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    home.list(homes.opml(("News", "The Morning", feed(server, "/a", "The Morning", NEWS))))
    home.run("refresh")
    home.at(NOON + timedelta(seconds=20))
    capsys.readouterr()
    assert home.run("refresh") == 0
    assert "not asked again so soon" in capsys.readouterr().out
    assert len(server.asked("/a")) == 1
    home.run("refresh", "--force")
    assert len(server.asked("/a")) == 2


def test_no_secret_of_an_address_is_printed(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.play("/private", fixed(403))
    home.list(homes.opml(("News", "Mine", server.url("/private") + "?token=hushhush")))
    home.run("digest", "--no-open")
    told = capsys.readouterr()
    site = "".join(p.read_text(encoding="utf-8") for p in (home.folder / "site").rglob("*") if p.is_file())
    assert "hushhush" not in told.out + told.err + site


def test_bare_newsfeed_prints_one_screen(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    home.list(homes.opml(("News", "The Morning", feed(server, "/a", "The Morning", NEWS))))
    assert home.run() == 0
    assert "Next: newsfeed digest" in capsys.readouterr().out
    home.run("digest", "--no-open")
    capsys.readouterr()
    assert home.run() == 0
    told = capsys.readouterr().out
    assert re.search(r"Page +.*index\.html \(just now\)", told)
    assert len(told.splitlines()) < 20
    # Failures that repair themselves are named but give the reader no work; those that only the reader can repair do.
    for status, following in ((503, "refresh"), (410, "feeds check")):
        broken = server.reply(f"/{status}", status=status)
        home.list(homes.opml(("News", "The Morning", server.url("/a")), ("News", "Broken", broken)))
        home.run("refresh", "--force")
        capsys.readouterr()
        assert home.run() == 0
        told = capsys.readouterr().out
        assert "Broken: " in told
        assert f"Next: newsfeed {following}" in told


def test_a_plain_website_in_the_list_is_read_by_its_feed(home: TestHome, server: Server) -> None:
    feed(server, "/hidden/feed.xml", "The Morning", NEWS)
    page = b'<!doctype html><html><head><link rel="alternate" type="application/rss+xml" href="/hidden/feed.xml"></head></html>'
    server.play("/", fixed(200, [("Content-Type", "text/html")], page))
    home.list(homes.opml(("News", "A Site", server.url("/"))))
    assert home.run("digest", "--no-open") == 0
    assert home.digest()["picks"]
    home.at(NOON + timedelta(hours=1))
    assert home.run("refresh") == 0
    assert len(server.asked("/")) == 1  # its feed is known from before


def test_feeds_are_added_moved_and_removed_in_place(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    home.list(homes.opml(("News", "The Morning", feed(server, "/a", "The Morning", NEWS))))
    before = (home.folder / "feeds.opml").read_text()
    feed(server, "/blog/feed", "A Blog", NEWS[:2])
    server.play(
        "/blog",
        fixed(
            200,
            [("Content-Type", "text/html")],
            b"<!doctype html><link rel=alternate type='application/rss+xml' href='/blog/feed'>",
        ),
    )
    assert home.run("feeds", "add", server.url("/blog"), "--folder", "Science") == 0
    assert "added: A Blog" in capsys.readouterr().out
    assert home.run("feeds", "add", server.url("/blog")) == 2
    assert "is in the list already" in capsys.readouterr().err
    assert home.run("feeds", "move", "A Blog", "News") == 0
    assert home.run("feeds", "remove", "A Blog") == 0
    after = (home.folder / "feeds.opml").read_text()
    assert all(line in after for line in before.splitlines())
    assert home.run("feeds", "remove", "no such feed") == 2
    assert home.run("feeds", "export", "-") == 0


def test_a_list_that_ends_in_the_middle_removes_nothing(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    text = homes.opml(
        ("News", "The Morning", feed(server, "/a", "The Morning", NEWS)),
        ("News", "Other", feed(server, "/b", "Other", NEWS[:1])),
    )
    home.list(text)
    home.run("refresh")
    home.list(text[: text.index("Other")])
    home.at(NOON + timedelta(hours=1))
    capsys.readouterr()
    assert home.run("refresh") == 1
    told = capsys.readouterr()
    assert "2 of 2 feeds" in told.out
    assert says(told.err, "last good list", "ends in the middle", "line 9, column 3")
    assert '<outline type="rss" text="' in told.err
    assert home.run("feeds", "list") == 1
    told = capsys.readouterr()
    assert "2 feeds in the last good list" in told.out
    assert "it ends in the middle" in told.err
    assert home.run("feeds", "check") == 1
    assert says(capsys.readouterr().err, "last good list", "ends in the middle", "line 9")


def test_a_published_page_says_who_can_read_it(
    home: TestHome,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home.list(homes.opml(("News", "The Morning", feed(server, "/a", "The Morning", NEWS))))
    home.run("digest", "--no-open")
    assert "reads your page" not in capsys.readouterr().out
    monkeypatch.setenv("NEWSFEED_PUBLISH__FOLDER", str(tmp_path / "synced"))
    assert home.run("digest", "--no-open", "--rebuild") == 0
    told = capsys.readouterr().out
    assert f"Published to {tmp_path / 'synced'}. Whoever reads that folder reads your page." in told
    assert (tmp_path / "synced" / "index.html").read_text() == home.page()


def test_a_feed_that_fails_is_told_with_its_day_and_its_next_try(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    good = feed(server, "/a", "The Morning", NEWS)
    home.list(homes.opml(("News", "The Morning", good), ("News", "Other", server.reply("/b", status=500))))
    home.run("refresh")
    home.at(NOON + timedelta(days=2))
    home.run("refresh")
    capsys.readouterr()
    assert home.run("feeds", "check") == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "failing since 18 Mar" in told
    assert home.run("feeds", "check", "--json") == 1
    (failing,) = json.loads(capsys.readouterr().out)["failing"]
    assert failing["cause"].endswith("trouble of its own (500).")
    assert failing["repair"].startswith("It has failed for 2 days and is asked again by itself")
    assert re.search(r"next try (\w+ )?\d\d:\d\d", told)
    well = told[told.index("Next try") :]
    assert re.search(r"The Morning well [\d.]+ .*just now \d\d:\d\d", well)
