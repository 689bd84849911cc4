"""The first minutes, the notice that the page is ready, and where the app may listen."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from apps import PLAIN, fill, serving_home, words
from homes import TestHome, make
from serving import Server

from newsfeed import config, opml
from newsfeed.cli.command import Context
from newsfeed.errors import SettingsError
from newsfeed.pipeline import signs
from newsfeed.pipeline.care import begin
from newsfeed.pipeline.morning import draw
from newsfeed.pipeline.signs import AppPlace


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestHome:
    home = make(tmp_path / "home", monkeypatch, [1])
    (home.folder / "feeds.opml").write_bytes(config.starter())
    return home


@pytest.mark.parametrize(
    ("region", "topics", "there", "not_there"),
    [
        ("us", ("finance",), "cfodive", "marketingdive"),
        ("europe", ("policy", "science"), "politico.eu", "marketingweek"),
        ("german", ("finance",), "faz.net", "onlinemarketing"),
    ],
)
def test_the_answers_make_list_and_settings(
    fresh: TestHome, region: str, topics: tuple[str, ...], there: str, not_there: str
) -> None:
    home = Context(fresh.folder).home()
    given = begin.FirstAnswers(core="technology", topics=topics, minutes=7.0, hour="07:15", region=region)
    begin.begin(home, given)
    text = (fresh.folder / "feeds.opml").read_text(encoding="utf-8")
    assert there in text
    assert not_there not in text
    found = opml.parse(text.encode())
    assert not found.problems
    assert len(found.subscriptions) >= 4
    after = Context(fresh.folder).home().settings
    assert (after.edition.minutes, after.schedule.hour) == (7.0, "07:15")
    assert after.topics["sales"].share == 0
    assert after.topics[topics[0]].share is None
    assert fresh.run("feeds", "undo") == 0
    assert (fresh.folder / "feeds.opml").read_bytes() == config.starter()


@pytest.mark.parametrize("wrong", [{"core": "golf"}, {"minutes": 0.0}, {"hour": "noon"}, {"region": "moon"}])
def test_a_wrong_answer_writes_nothing(fresh: TestHome, wrong: dict[str, object]) -> None:
    home = Context(fresh.folder).home()
    before = [(fresh.folder / n).read_bytes() for n in ("feeds.opml", "newsfeed.toml")]
    with pytest.raises(SettingsError):
        begin.begin(home, begin.FirstAnswers(**({"core": "technology"} | wrong)))  # type: ignore[arg-type]
    assert [(fresh.folder / n).read_bytes() for n in ("feeds.opml", "newsfeed.toml")] == before


@pytest.mark.parametrize("region", list(config.STARTERS))
def test_every_starter_is_sound_and_has_feeds_of_every_topic(region: str) -> None:
    found = opml.parse(config.starter(region))
    assert not found.problems
    folders = {s.folders[0].casefold() for s in found.subscriptions}
    assert {"technology", "finance", "policy", "science", "marketing", "sales", "leadership"} <= folders
    urls = [s.url for s in found.subscriptions]
    assert len(urls) == len(set(urls))
    assert all(u.startswith("https://") for u in urls)


def test_the_browser_asks_four_questions_of_an_untouched_home_only(fresh: TestHome) -> None:
    with serving_home(fresh) as app:
        assert "Four questions" in words(app.get("/"))
        assert "Refresh now" not in words(app.get("/")), "nobody chose these sources yet"
        answer = app.post(
            "/begin", {"core": "technology", "minutes": "many", "hour": "06:30", "region": "us"}
        )
        assert answer.status_code == 400
        (fresh.folder / "feeds.opml").write_text("<opml version='2.0'><body></body></opml>")
        assert "Build the first page" in words(app.get("/"))
        assert "Four questions" not in words(app.get("/"))


def test_without_a_terminal_nothing_is_asked_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert TestHome(tmp_path / "new", monkeypatch).run("init") == 0
    assert "Nobody could be asked" in capsys.readouterr().out


# ------------------------------------------------------------------------- ready


@pytest.fixture
def morning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> TestHome:
    return fill(tmp_path / "home", monkeypatch, server)


def told(home: TestHome, server: Server, path: str) -> list[tuple[str, bytes]]:
    given = Context(home.folder).home()
    with given.open_store() as store:
        troubles = [draw.notify(given, store) for _ in range(3)]
    return [*((t, b"") for t in troubles if t), *((s.method, s.body) for s in server.seen if s.path == path)]


def test_the_notice_goes_once_a_morning_though_its_host_is_private(morning: TestHome, server: Server) -> None:
    server.reply("/hook/secret", status=200)
    morning.monkeypatch.delenv("NEWSFEED_FETCH__ALLOW_PRIVATE")
    with (morning.folder / "newsfeed.toml").open("a") as file:
        file.write(f'[notify]\nurl = "{server.url("/hook/secret")}"\n')
    found = told(morning, server, "/hook/secret")
    assert len(found) == 1
    assert found[0][0] == "POST"
    data = json.loads(found[0][1])
    assert "Wednesday 18 March" in data["title"]
    assert data["minutes"] > 0


def test_a_redirect_of_the_notice_is_not_followed(morning: TestHome, server: Server) -> None:
    server.reply("/hook", status=302, headers=[("Location", "/elsewhere")])
    with (morning.folder / "newsfeed.toml").open("a") as file:
        file.write(f'[notify]\nurl = "{server.url("/hook")}"\n')
    found = told(morning, server, "/hook")
    assert "302" in found[0][0]
    assert not any(s.path == "/elsewhere" for s in server.seen)


def test_a_notice_that_can_not_be_sent_shows_no_secret(morning: TestHome, server: Server) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (morning.folder / "newsfeed.toml").open("a") as file:
        file.write(f'[notify]\nurl = "http://127.0.0.1:{port}/T0KEN"\n')
    found = told(morning, server, "/T0KEN")
    assert found
    assert all("T0KEN" not in text for text, _ in found)


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("https://ntfy.sh/mine", b"A day: 3 stories"),
        ("https://hooks.slack.com/services/x", b'{"text":"A day: 3 stories'),
        ("https://discord.com/api/webhooks/x", b'{"content":"A day: 3 stories'),
        ("https://prod-1.westeurope.logic.azure.com/workflows/x", b"AdaptiveCard"),
        ("https://any.example/hook", b'"minutes":4.5'),
    ],
)
def test_each_listener_gets_what_it_takes(url: str, part: bytes) -> None:
    assert part in draw.notice(url, "A day", "3 stories", 4.5, "https://me.example/")[1]


# ------------------------------------------------------------------------- where it listens


def test_doctor_says_when_the_network_can_come_in(
    morning: TestHome, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Context(morning.folder).home()
    with home.serve_lock():
        signs.note_place(home, AppPlace(address="192.168.1.20", port=8765))
        morning.run("doctor")
        assert "open to the network at http://192.168.1.20:8765/" in capsys.readouterr().out
        signs.note_place(home, AppPlace(address="127.0.0.1", port=8765))
        morning.run("doctor")
        assert "for this machine alone" in capsys.readouterr().out
    morning.run("doctor")
    assert "App" not in capsys.readouterr().out


def test_who_opens_it_to_the_network_is_warned_and_given_a_picture_for_a_phone(morning: TestHome) -> None:
    command = [sys.executable, "-m", "newsfeed", "--home", str(morning.folder), "serve"]
    # Another address of this machine stands for one of a home network.
    command += ["--listen", "127.0.0.2", "--port", "0", "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as serving:
        try:
            assert serving.stdout
            said = list(iter(serving.stdout.readline, "Ctrl-C ends it.\n"))
            link = said[0].strip()
            assert link.startswith("http://127.0.0.2:")
            assert "?k=" in link
            assert "plain http" in said[1]
            assert "safer" in said[2]
            assert sum("█" in line or "▀" in line or "▄" in line for line in said) > 10
            place = link.partition("/?k=")[0]
            assert httpx.get(place, **PLAIN, timeout=300).text.count("Central bank") == 0
            reached = httpx.get(link, follow_redirects=True, **PLAIN, timeout=300)
            assert "Central bank" in reached.text
            with pytest.raises(httpx.ConnectError):
                httpx.get(place.replace("127.0.0.2", "127.0.0.1"), **PLAIN)
        finally:
            serving.terminate()


def test_a_link_is_a_picture_for_a_phone() -> None:
    from newsfeed.web.access import qr

    assert len(qr("http://192.168.1.20:8765/?k=abc").splitlines()) > 10


def test_run_has_the_app_beside_it_and_keeps_the_key_to_itself(morning: TestHome) -> None:
    from newsfeed.cli import service_commands

    said: list[str] = []
    up = threading.Event()

    def say(line: str) -> None:
        said.append(line)
        up.set()

    morning.monkeypatch.setattr(service_commands, "PORT", 0)
    with service_commands.beside(Context(morning.folder), say):
        assert up.wait(300)
        place = signs.app_place(Context(morning.folder).home())
        assert place is not None
    assert "?k=" not in "".join(said)
    assert signs.app_place(Context(morning.folder).home()) is None
