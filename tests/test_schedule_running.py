"""`newsfeed run` with real homes and feeds: the morning is made ahead of its hour, once, whatever happens."""

from __future__ import annotations

import os
import socket
import stat
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import homes
import pytest
from homes import Entry, TestHome
from serving import Server, fixed, hang_up
from words import says

from newsfeed.cli.command import Context
from newsfeed.model import WEEKDAYS
from newsfeed.pipeline import signs
from newsfeed.pipeline.morning import routine
from newsfeed.schedule import starting
from newsfeed.schedule.running import Runner

pytestmark = pytest.mark.live
NIGHT = datetime(2026, 3, 18, 4, 0, tzinfo=UTC)  # 05:00 in Berlin
AHEAD = datetime(2026, 3, 18, 5, 15, tzinfo=UTC)
HOUR = datetime(2026, 3, 18, 5, 30, tzinfo=UTC)  # 06:30
DAY = date(2026, 3, 18)
NEWS = [
    Entry("Chip maker unveils processor that halves the power of data centres", hours=3),
    Entry("Central bank raises interest rates by a quarter point", hours=5),
    Entry("Senate passes privacy bill after long debate", hours=6),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> TestHome:
    made = homes.make(tmp_path / "home", monkeypatch, [server.port])
    made.list(homes.opml(("News", "The Morning", server.feed("/a", homes.rss("The Morning", NEWS)))))
    settings(made)
    made.at(NIGHT)
    return made


def settings(home: TestHome, more: str = "") -> None:
    (home.folder / "newsfeed.toml").write_text(
        f'timezone = "Europe/Berlin"\n{more}\n[mail]\nto = "me@example.org"\nby = "eml"\npath = "out"\n'
    )


class Said(list[str]):
    """The runner's messages."""

    def __str__(self) -> str:
        return "\n".join(self)


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def runner(home: TestHome, said: Said) -> Runner:
    return Runner(lambda: Context(home.folder).home(), said.append)


def mails(home: TestHome) -> list[Path]:
    return sorted((home.folder / "out").glob("*.eml"))


def look(runner: Runner, home: TestHome, moment: datetime) -> bool:
    home.at(moment)
    runner._not_before = 0.0
    return runner.look()


def test_a_morning(runner: Runner, home: TestHome, server: Server, said: Said) -> None:
    assert look(runner, home, NIGHT)
    assert len(server.asked("/a")) == 1, "a new list is asked at once"
    assert not (home.folder / "site").exists()
    assert look(runner, home, AHEAD)
    assert len(server.asked("/a")) == 2
    assert "Senate passes privacy bill" in home.page(), "the page is there before the hour"
    assert mails(home) == []
    assert look(runner, home, HOUR)
    assert [m.name for m in mails(home)] == ["digest-2026-03-18.eml"]
    assert len(server.asked("/a")) == 2
    before = home.page()
    for minutes in (1, 30, 300, 900):
        assert look(runner, home, HOUR + timedelta(minutes=minutes))
    assert home.page() == before, "the day's edition stays as it is"
    assert len(mails(home)) == 1
    assert "page made" in str(said)
    assert "Mail of 2026-03-18: sent" in str(said)


def test_a_day_asleep_is_made_up_once(runner: Runner, home: TestHome) -> None:
    assert look(runner, home, HOUR + timedelta(hours=9))
    assert len(mails(home)) == 1
    assert home.digest()["date"] == "2026-03-18"


def test_days_off_are_named_when_it_runs_again(runner: Runner, home: TestHome, said: Said) -> None:
    look(runner, home, HOUR)
    look(runner, home, HOUR + timedelta(days=3))
    assert "nothing could be read: 2026-03-19, 2026-03-20." in str(said)
    assert home.digest()["date"] == "2026-03-21"
    assert [m.stem for m in mails(home)] == ["digest-2026-03-18"], "no mail of an empty day"


def test_a_page_made_by_hand_is_not_made_again(runner: Runner, home: TestHome, server: Server) -> None:
    home.at(NIGHT)
    assert home.run("digest", "--no-open") == 0
    titles = [p["title"] for p in home.digest()["picks"]]
    look(runner, home, HOUR)
    assert [p["title"] for p in home.digest()["picks"]] == titles
    assert len(mails(home)) == 1


def test_a_manual_refresh_while_it_works_is_told_who_works(
    runner: Runner, home: TestHome, capsys: pytest.CaptureFixture[str]
) -> None:
    current = Context(home.folder).home()
    with current.lock("refresh"):
        assert look(runner, home, HOUR), "the look waits its turn"
    assert mails(home) == []
    assert look(runner, home, HOUR)
    assert len(mails(home)) == 1
    with current.run_lock():
        assert home.run("run") == 2
        assert f"run (process {os.getpid()}" in capsys.readouterr().err
        assert home.run("refresh", "--force") == 0, "a refresh by hand is free"


def test_a_list_edited_by_hand_is_picked_up_with_a_plan(
    runner: Runner, home: TestHome, server: Server, said: Said
) -> None:
    look(runner, home, HOUR)
    server.play("/down", fixed(500))
    other = server.feed("/b", homes.rss("Other", [Entry("Another thing happened in the city today")]))
    home.list(
        homes.opml(
            ("News", "The Morning", server.url("/a")),
            ("News", "Other", other),
            ("More", "Other again", other),
            ("News", "Down", server.url("/down")),
        )
    )
    assert look(runner, home, HOUR + timedelta(minutes=3))
    assert "feeds.opml: +2, one duplicate, one unreachable" in said
    home.list(homes.opml(("Moved", "The Morning", server.url("/a"))))
    assert look(runner, home, HOUR + timedelta(minutes=6))
    assert "feeds.opml: −2 ~1" in said
    (home.folder / "feeds.opml").write_bytes(b"<opml><body>\x00")
    assert look(runner, home, HOUR + timedelta(minutes=9))
    assert "the last good list is in force" in str(said)


def test_a_feed_that_comes_back_goes_on_and_the_log_of_the_list_keeps_it(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    home.at(HOUR)
    other = server.feed("/b", homes.rss("Other", [Entry("Another thing happened in the city today")]))
    both = (("News", "The Morning", server.url("/a")), ("News", "Other", other))
    for outlines in (both, both[:1], both):
        home.list(homes.opml(*outlines))
        capsys.readouterr()
        home.run("refresh", "--force")
    told = capsys.readouterr().out
    assert "feeds.opml: +1 (back: Other)" in told
    assert "back: Other, 0 new items" in told
    log = home.folder / ".newsfeed" / "list.log"
    assert [line.partition("Z ")[2] for line in log.read_text().splitlines()] == [
        "+2 (new: The Morning, Other)",
        "−1 (gone: Other)",
        "+1 (back: Other)",
    ]
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_what_stays_wrong_with_the_list_is_told_once_and_every_edit_is_told(
    runner: Runner, home: TestHome, server: Server, said: Said
) -> None:
    look(runner, home, HOUR)
    first = ("News", "The Morning", server.url("/a"))
    outlines = [first, ("More", "Again", server.url("/a"))]
    for n in (1, 2, 3):
        path = f"/more{n}"
        outlines.append(("News", f"More {n}", server.feed(path, homes.rss(f"More {n}", []))))
        home.list(homes.opml(*outlines))
        assert look(runner, home, HOUR + timedelta(minutes=3 * n))
    assert said.count("feeds.opml: +1 ~1, one duplicate") == 1  # the other folder became a hint
    assert said.count("feeds.opml: +1, one duplicate") == 2
    assert sum("listed twice" in line for line in said) == 1
    for n in (1, 2):
        (home.folder / "feeds.opml").write_bytes(b"garbage" * n)
        assert look(runner, home, HOUR + timedelta(minutes=10 + n))
    broken = [line for line in said if "the last good list is in force" in line]
    assert len(broken) == 2
    assert all("\n" not in line for line in broken)
    assert "line 1, column 1: garbage" in broken[0]


def test_the_sign_of_life_says_at_once_what_is_under_way(
    runner: Runner, home: TestHome, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    current = Context(home.folder).home()
    monkeypatch.setattr(
        "newsfeed.pipeline.morning.routine.deliver",
        lambda *_, **__: seen.append(signs.read_beat(current)) or routine.MorningReport(date=HOUR.date()),
    )
    look(runner, home, HOUR)
    assert seen[0]
    assert seen[0].doing.startswith("the edition of ")


def test_settings_are_read_anew_and_bad_ones_do_not_stop_it(
    runner: Runner, home: TestHome, said: Said
) -> None:
    settings(home, '[schedule]\nhour = "09:00"')
    look(runner, home, HOUR)
    assert mails(home) == []
    (home.folder / "newsfeed.toml").write_text("timezone = 7")
    look(runner, home, HOUR)
    assert "last good settings" in str(said)
    look(runner, home, datetime(2026, 3, 18, 8, 0, tzinfo=UTC))
    assert len(mails(home)) == 1


def test_a_mail_that_fails_leaves_page_and_day_and_is_tried_again(
    runner: Runner, home: TestHome, said: Said
) -> None:
    (home.folder / "out").write_text("in the way")
    assert not look(runner, home, HOUR)
    assert "later" in str(said)
    assert home.page()
    assert look(runner, home, HOUR + timedelta(minutes=1))
    (home.folder / "out").unlink()
    assert look(runner, home, HOUR + timedelta(minutes=6))
    assert len(mails(home)) == 1


@pytest.mark.parametrize("trouble", [503, 404, 302, None], ids=str)
def test_a_notice_that_did_not_come_is_tried_again_and_comes_once(
    runner: Runner, home: TestHome, said: Said, server: Server, trouble: int | None
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/hook"
    hook = server.reply("/hook", status=trouble or 200)
    settings(home, f'[notify]\nurl = "{hook if trouble else nobody}"')
    assert not look(runner, home, HOUR)
    assert "tried again" in str(said)
    assert not look(runner, home, HOUR + timedelta(minutes=1))
    asked = len(server.asked("/hook"))
    assert look(runner, home, HOUR + timedelta(minutes=2)), "not at every look"
    assert len(server.asked("/hook")) == asked
    server.reply("/hook", status=200)
    settings(home, f'[notify]\nurl = "{hook}"')
    for minutes in (17, 18, 40, 90):
        assert look(runner, home, HOUR + timedelta(minutes=minutes))
    assert len(server.asked("/hook")) == asked + 1


def test_a_notice_that_may_have_come_is_not_sent_twice(
    runner: Runner, home: TestHome, said: Said, server: Server
) -> None:
    server.play("/hook", hang_up)
    settings(home, f'[notify]\nurl = "{server.url("/hook")}"')
    assert not look(runner, home, HOUR)
    assert "may not have come" in str(said)
    for minutes in (1, 20, 60):
        assert look(runner, home, HOUR + timedelta(minutes=minutes))
    assert len(server.asked("/hook")) == 1


def test_a_page_that_can_not_be_published_stands_and_is_mailed(
    runner: Runner, home: TestHome, said: Said
) -> None:
    settings(home, '[publish]\nfolder = "pub"')
    (home.folder / "pub").write_text("in the way")
    assert not look(runner, home, HOUR)
    assert "not published" in str(said)
    assert home.page()
    assert len(mails(home)) == 1


def test_published_pages(runner: Runner, home: TestHome) -> None:
    settings(home, '[publish]\nfolder = "pub"\nsite_url = "https://me.example/news/"')
    look(runner, home, HOUR)
    site = {p.relative_to(home.folder / "site"): p.read_bytes() for p in (home.folder / "site").rglob("*.*")}
    mirror = {p.relative_to(home.folder / "pub"): p.read_bytes() for p in (home.folder / "pub").rglob("*.*")}
    assert site == mirror
    assert stat.S_IMODE((home.folder / "pub" / "index.html").stat().st_mode) & 0o077 in {0o044, 0o040, 0}
    assert b"https://me.example/news/archive/2026/03/18.html" in (home.folder / "pub/digest.xml").read_bytes()
    assert b"https://me.example/news/archive/2026/03/18.html" in mails(home)[0].read_bytes().replace(
        b"=\r\n", b""
    )


def test_the_sign_of_life(home: TestHome, capsys: pytest.CaptureFixture[str]) -> None:
    current = Context(home.folder).home()
    beat = signs.Beat(pid=1, at=NIGHT, started=NIGHT)
    signs.write_beat(current, beat)
    assert signs.read_beat(current) == beat
    assert beat.alive(NIGHT + timedelta(minutes=4))
    assert not beat.alive(NIGHT + timedelta(minutes=6))
    assert not beat.alive(NIGHT - timedelta(days=1))
    home.at(NIGHT + timedelta(hours=3))
    home.run("schedule", "status")
    assert "last sign of life was 3 hours ago" in capsys.readouterr().out
    home.run("doctor")
    assert "last sign of life" in capsys.readouterr().out
    signs.stop_beat(current)
    assert signs.read_beat(current) is None


def test_one_look_leaves_its_sign_of_life_and_a_day_by_hand_is_told(
    home: TestHome, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home.at(HOUR + timedelta(minutes=5))
    home.run("schedule", "status")
    assert "Today      due now: newsfeed run makes it at once" in capsys.readouterr().out
    monkeypatch.setenv("NEWSFEED_SCHEDULE__DAYS", WEEKDAYS[HOUR.weekday() - 1])
    home.run("schedule", "status")
    assert "Today      a day without an edition" in capsys.readouterr().out
    monkeypatch.delenv("NEWSFEED_SCHEDULE__DAYS")
    home.at(NIGHT)
    home.run("digest", "--no-open")
    capsys.readouterr()
    home.run("schedule", "status")
    assert "made by hand, to be handed out at its hour" in capsys.readouterr().out
    home.at(HOUR + timedelta(minutes=5))
    home.run("schedule", "status")
    assert "Today      made by hand: newsfeed run hands it out at once" in capsys.readouterr().out
    home.at(NIGHT)
    assert home.run("run", "--once", "--quiet") == 0
    current = Context(home.folder).home()
    beat = signs.read_beat(current)
    assert beat is not None
    assert beat.once
    home.at(NIGHT + timedelta(minutes=30))
    home.run("schedule", "status")
    assert "look by look (run --once), last 30 minutes ago" in capsys.readouterr().out
    home.at(NIGHT + timedelta(hours=3))
    home.run("doctor")
    assert "nobody has called newsfeed run --once since" in capsys.readouterr().out
    staying = signs.Beat(pid=1, at=NIGHT + timedelta(hours=3), started=NIGHT)
    signs.write_beat(current, staying)
    home.run("run", "--once", "--quiet")
    assert signs.read_beat(current) == staying, "a process that stays speaks for itself"


# ------------------------------------------------------------------------- how it is started


@pytest.fixture
def config_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "bin").mkdir()
    for name in ("systemctl", "launchctl"):
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\necho "{name} $@" >> {tmp_path}/calls\n')
        program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return tmp_path


@pytest.mark.parametrize(("kind", "program"), [("systemd", "systemctl"), ("launchd", "launchctl")])
def test_on_and_off(
    config_folder: Path, home: TestHome, kind: str, program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert home.run("schedule", "on", "--by", kind) == 1
    assert "Nothing was written" in capsys.readouterr().out, "without a yes nothing is written"
    assert home.run("schedule", "on", "--by", kind, "--yes") == 0
    shown = capsys.readouterr().out
    plan = starting.plan(home.folder, kind)
    assert plan.text.splitlines()[3] in shown
    assert Path(plan.path).read_text() == plan.text
    assert str(home.folder) in plan.text
    assert program in (config_folder / "calls").read_text()
    assert home.run("schedule", "off", "--by", kind) == 0
    assert not Path(plan.path).exists()
    assert home.run("schedule", "off", "--by", kind) == 0


def test_what_can_not_be_started_is_not_called_on(
    config_folder: Path, home: TestHome, capsys: pytest.CaptureFixture[str]
) -> None:
    (config_folder / "bin" / "systemctl").write_text("#!/bin/sh\necho no bus >&2\nexit 1\n")
    assert home.run("schedule", "on", "--by", "systemd", "--yes") == 1
    told = capsys.readouterr()
    assert "no bus" in told.err
    assert "is written, but newsfeed was not started" in told.out
    assert "On: the page" not in told.out
    home.run("schedule", "off")
    told = capsys.readouterr()
    assert "is removed" in told.out, "what was written is found, whatever this machine starts programs with"


def test_a_schedule_that_nobody_starts_is_noticed(
    config_folder: Path, home: TestHome, runner: Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    look(runner, home, HOUR)
    signs.stop_beat(Context(home.folder).home())
    home.at(HOUR + timedelta(days=3))
    assert home.run("doctor") == 0
    told = capsys.readouterr().out
    assert says(told, "! Schedule", "not running any more", "Missed: 2026-")
    home.run("schedule", "on", "--by", "launchd", "--yes")
    capsys.readouterr()
    assert home.run("schedule", "status") == 1
    assert "Schedule   on (" in capsys.readouterr().out
    assert home.run("doctor") == 1
    told = capsys.readouterr().out
    assert ".plist), but newsfeed run is not running. Missed: 2026-" in told
    assert "newsfeed schedule on starts it again" in told


def test_a_unit_keeps_odd_paths_whole() -> None:
    unit = starting.plan(Path('/home/me/100% "mine" $HOME'), "systemd").text
    assert r'"/home/me/100%% \"mine\" $$HOME"' in unit
    line = starting.plan(Path("/home/me/100% mine"), "cron").text
    assert r"'/home/me/100\% mine'" in line
    assert line.startswith("*/10 * * * * ")
    assert line.endswith("run --once --quiet")
    both = starting.plan(Path("/home/me/100% mine"), "cron", app=True).text.splitlines()
    assert both[0] == line
    assert r"'/home/me/100\% mine' serve --no-open" in both[1]


def test_two_homes_have_two_units() -> None:
    assert starting.plan(Path("/a"), "systemd").path != starting.plan(Path("/b"), "systemd").path


def test_uninstall_says_where_the_data_lies_and_purges_only_on_yes(
    config_folder: Path,
    home: TestHome,
    runner: Runner,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    look(runner, home, HOUR)
    home.run("schedule", "on", "--by", "systemd", "--yes")
    monkeypatch.setenv("NEWSFEED_PUBLISH__FOLDER", str(config_folder / "synced"))
    capsys.readouterr()
    assert home.run("uninstall") == 0
    told = capsys.readouterr().out
    assert f"The published copy stays: {config_folder / 'synced'}" in told
    assert starting.plan(home.folder, "cron").text in told
    assert "removed:" in told
    assert str(home.folder / "site") in told
    assert (home.folder / "site").exists()
    assert home.run("uninstall", "--purge") == 1, "nobody said yes"
    assert home.run("uninstall", "--purge", "--yes") == 0
    assert sorted(p.name for p in home.folder.iterdir()) == ["feeds.opml", "out"]


def test_mail_off_and_on_again(
    home: TestHome, runner: Runner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    look(runner, home, HOUR)
    assert home.run("mail", "--dry-run") == 0
    assert "Subject: " in capsys.readouterr().out
    target = home.folder / "one.eml"
    assert home.run("mail", "--eml", str(target)) == 0
    assert target.read_bytes().startswith(b"From: ")
    assert home.run("mail", "--date", "2020-01-01", "--eml", str(target)) == 2
    assert home.run("mail") == 0
    assert "was sent before" in capsys.readouterr().out
    assert home.run("mail", "off") == 0
    assert "[mail]" not in (home.folder / "newsfeed.toml").read_text()
    assert "Europe/Berlin" in (home.folder / "newsfeed.toml").read_text()
    assert home.run("mail") == 2
    assert home.run("mail", "setup", "--to", "me@example.org", "--by", "eml", "--path", "mails") == 0
    assert len(list((home.folder / "mails").iterdir())) == 1
    assert home.run("mail", "setup", "--to", "me@outlook.com") == 1
    assert "no longer lets programs send" in capsys.readouterr().out
