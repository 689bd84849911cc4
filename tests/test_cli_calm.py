"""Small things that keep a command line calm: each cause said once, hints that can be run, changes that can be undone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import homes
import pytest
from homes import NOON, Entry, TestHome
from serving import Server, fixed, hang_up
from words import says

from newsfeed.cli import show
from newsfeed.cli.app import run
from newsfeed.cli.care_commands import _zone
from newsfeed.errors import NewsfeedError

NEWS = [
    Entry("Chip maker unveils processor that halves the power of data centres", hours=3),
    Entry("Central bank raises interest rates by a quarter point", hours=5),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> TestHome:
    made = homes.make(tmp_path / "home", monkeypatch, [server.port])
    url = server.feed("/a", homes.rss("The Morning", NEWS))
    made.list(homes.opml(("News", "The Morning", url)))
    return made


def test_a_mute_counts_at_once(home: TestHome) -> None:
    home.run("digest", "--no-open")
    assert len(home.digest()["picks"]) == 2
    muted = (home.folder / "feeds.opml").read_text().replace("xmlUrl=", 'newsfeed-mute="chip" xmlUrl=')
    home.list(muted)
    assert home.run("digest", "--rebuild", "--no-refresh", "--no-open") == 0
    assert [p["title"] for p in home.digest()["picks"]] == [NEWS[1].title]
    assert home.digest()["ledger"]["muted"] == 1


def test_one_cause_for_many_is_said_once(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    outlines = [("News", "The Morning", server.url("/a"))]
    outlines += [("News", f"Down {n}", server.play(f"/down{n}", hang_up)) for n in range(4)]
    outlines.append(("News", "Gone", server.play("/gone", fixed(404))))
    home.list(homes.opml(*outlines))
    home.run("refresh")
    told = capsys.readouterr().err
    assert says(told, "4 feeds could not be read", "refused or broken off")
    assert "(Down 0, Down 1, Down 2 and 1 more)" in told
    assert told.count("could not be read") == 1
    assert "Gone: " in told


def test_no_output_holds_a_phrase_without_its_values(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    causes = {"/gone": fixed(404), "/down": hang_up, "/odd": fixed(299, [("Content-Encoding", "br")], b"x")}
    home.list(homes.opml(*(("News", path, server.play(path, play)) for path, play in causes.items())))
    odd = tmp_path / "odd.xml"
    odd.write_bytes(b"<!DOCTYPE r [" + b'<!ENTITY e "x">' * 9_000 + b"]><rss/>")
    for words in (
        *(
            ("refresh",),
            ("refresh", "--json"),
            ("feeds", "check"),
            ("feeds", "check", "--json"),
            ("feeds", "list"),
        ),
        *(
            ("feeds", "list", "--json"),
            ("feeds", "add", server.url("/gone")),
            ("doctor",),
            ("read", str(odd)),
            (),
        ),
    ):
        home.run(*words)
        told = "".join(capsys.readouterr())
        assert told
        assert not re.search(r"\{[a-z_]+\}", told), words


def test_the_masthead_after_a_refresh_tells_the_new_numbers_and_the_time(
    home: TestHome, server: Server
) -> None:
    home.run("digest", "--no-open")
    assert home.digest()["promise"].startswith("2 stories from 1 source")
    home.at(NOON + timedelta(minutes=100))
    late = Entry("Browser update fixes flaw that let attackers read passwords", hours=-1)
    server.feed("/a", homes.rss("The Morning", [*NEWS, late]))
    home.run("refresh")
    assert home.digest()["promise"].startswith("3 stories from 1 source")
    assert home.digest()["revised"] == "refreshed at 09:10"
    assert "refreshed at 09:10" in home.page()
    before = home.page()
    home.at(NOON + timedelta(minutes=130))
    home.run("refresh")
    assert home.page() == before, "a refresh that brought nothing changes nothing"


def test_a_refresh_that_no_feed_answered_does_not_say_what_an_earlier_one_found(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    home.run("digest", "--no-open")
    for minutes, answers in ((60, True), (90, False)):
        home.at(NOON + timedelta(minutes=minutes))
        if not answers:
            server.feed("/a", b"<html>Down for maintenance</html>", content_type="text/html")
        capsys.readouterr()
        home.run("refresh", "--force")
        told = "".join(capsys.readouterr())
        assert ("is worth your minutes" in told) == answers, told


def test_a_feed_that_is_listed_twice_is_told_and_no_failure(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    home.list(homes.opml(("News", "One", server.url("/a")), ("More", "Two", server.url("/a"))))
    assert home.run("refresh") == 0
    assert "listed twice" in capsys.readouterr().err
    assert home.run("feeds", "check") == 0


def test_remove_asks_on_a_loose_match_and_can_be_taken_back(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"{server.url('/b')}?token=s3cr3tt0ken"
    home.list(homes.opml(("News", "The Morning", server.url("/a")), ("News", "The Evening", url)))
    listed = (home.folder / "feeds.opml").read_bytes()
    assert home.run("feeds", "remove", "even") == 1
    told = capsys.readouterr().out
    assert "line 9: The Evening" in told
    assert "s3cr3tt0ken" not in told
    assert (home.folder / "feeds.opml").read_bytes() == listed
    assert home.run("feeds", "remove", "even", "--yes") == 0
    assert b"Evening" not in (home.folder / "feeds.opml").read_bytes()
    assert home.run("feeds", "undo") == 0
    assert (home.folder / "feeds.opml").read_bytes() == listed
    assert home.run("feeds", "undo") == 0
    assert b"Evening" not in (home.folder / "feeds.opml").read_bytes(), "once more: done again"
    assert home.run("feeds", "remove", "The Morning") == 0, "a whole name needs no question"
    assert "s3cr3tt0ken" not in capsys.readouterr().out


def test_a_deleted_list_comes_back(home: TestHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert home.run("feeds", "undo") == 2
    home.run("refresh")
    path = home.folder / "feeds.opml"
    listed = path.read_bytes()
    path.unlink()
    capsys.readouterr()
    for command in (["feeds", "export"], ["feeds", "add", "https://x.example/"], ["refresh"]):
        home.run(*command)
        told = "".join(capsys.readouterr())
        assert "init" not in told.replace("init_", "")
        assert "newsfeed feeds export --last" in told
    assert home.run("feeds", "export", "--last", str(path)) == 0
    assert path.read_bytes() == listed


def test_a_time_zone_that_nobody_knows_is_asked_again() -> None:
    import typer

    assert _zone(" Europe/Berlin ") == "Europe/Berlin"
    for wrong in ("Berlin", "Europe/Nowhere", 'x"y', ""):
        with pytest.raises(typer.BadParameter):
            _zone(wrong)


def test_in_a_clone_every_hint_is_printed_so_that_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    program = tmp_path / ".venv" / "bin" / "newsfeed"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(program)])
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    show.program.cache_clear()
    try:
        assert show.runnable("Next: newsfeed digest") == "Next: .venv/bin/newsfeed digest"
        assert show.runnable("See `newsfeed feeds check`.") == "See `.venv/bin/newsfeed feeds check`."
        for command in ("serve", "keep ITEM", "search WORDS", "schedule on", "--home DIR init"):
            assert show.runnable(f"Run newsfeed {command}.") == f"Run .venv/bin/newsfeed {command}."
        for other in ("newsfeed runs for you", "morning-newsfeed refresh", "a/newsfeed run", "newsfeed.toml"):
            assert show.runnable(other) == other
        show.say_broken_list("Get it back: `newsfeed feeds export --last feeds.opml`.")
        assert "`.venv/bin/newsfeed feeds export --last feeds.opml`" in capsys.readouterr().err
        monkeypatch.setenv("PATH", str(program.parent))
        show.program.cache_clear()
        assert show.runnable("Next: newsfeed digest") == "Next: newsfeed digest"
    finally:
        show.program.cache_clear()


def test_errors_are_runnable_too(capsys: pytest.CaptureFixture[str]) -> None:
    show.complain(NewsfeedError("x", "is wrong", "Run newsfeed doctor."))
    assert "Run newsfeed doctor." in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["digest"], ["refresh"], ["feeds", "check"], ["topics", "status"], ["schedule", "on"], []]
)
def test_help_names_no_type_for_a_flag(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*words, "--help"]) == 0
    told = capsys.readouterr().out
    assert "--help" in told
    assert "bool" not in told.casefold()


def test_completion_knows_feeds_topics_and_stories(home: TestHome) -> None:
    home.run("digest", "--no-open")

    def offered(*words: str) -> str:
        line = ["newsfeed", "--home", str(home.folder), *words]
        done = subprocess.run(
            [sys.executable, "-c", "from newsfeed.cli.app import run; run()"],
            env={
                **os.environ,
                "_NEWSFEED_COMPLETE": "complete_bash",
                "COMP_WORDS": " ".join(line),
                "COMP_CWORD": str(len(line) - 1),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        return done.stdout

    assert offered("feeds", "remove", "The").split("\n")[0] == "The Morning"
    assert "finance" in offered("topics", "correct", "1", "fin").split()
    assert {"1", "2"} <= set(offered("why", "").split())
    (home.folder / "feeds.opml").write_text("broken")
    assert "Traceback" not in offered("feeds", "remove", "The")


@pytest.mark.parametrize(
    "damage", [b"no database at all, but words " * 900, b"SQLite format 3\x00" + b"\xff" * 40_000]
)
def test_a_damaged_database_is_noticed_and_a_copy_put_back(
    home: TestHome, damage: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    home.run("digest", "--no-open")
    page = home.page()
    home.run("refresh")
    assert home.run("restore") == 0, "the weekly copy was made by the first refresh after a page"
    assert home.run("backup") == 0
    database = home.folder / ".newsfeed" / "newsfeed.db"
    for leftover in database.parent.glob("newsfeed.db-*"):
        leftover.unlink()
    database.write_bytes(damage)
    capsys.readouterr()
    assert home.run("refresh") == 2
    assert "newsfeed restore" in capsys.readouterr().err
    bad = home.folder / "bad.db"
    bad.write_bytes(damage)
    assert home.run("restore", str(bad)) == 2
    assert database.read_bytes() == damage, "a copy that is damaged itself is not taken"
    assert home.run("restore") == 0
    assert "newsfeed.db.former" in capsys.readouterr().out
    assert home.run("digest", "--no-refresh", "--no-open") == 0
    assert home.page() == page
