"""Setting up mail by the command line: providers, passwords, settings, a trial message."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import homes
import pytest
from homes import TestHome
from mailserver import MailServer

from newsfeed import config
from newsfeed.errors import SettingsError

PASSWORD = "correct horse battery"
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestHome:
    made = homes.make(tmp_path / "home", monkeypatch, [9])
    made.list(homes.opml())
    monkeypatch.setattr(config, "keep_in_keyring", lambda user, value: False)
    return made


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_a_server_of_ones_own(
    home: TestHome, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (home.folder / "newsfeed.toml").read_text()
    with MailServer() as server:
        typed(monkeypatch, "")
        words = ("mail", "setup", "--to", "me@example.org", "--host", f"127.0.0.1:{server.port}")
        assert home.run(*words) == 0
        assert len(server.taken) == 1
    text = (home.folder / "newsfeed.toml").read_text()
    assert text.startswith(before.rstrip())
    settings = config.load(home.folder)
    assert (settings.mail.to, settings.mail.host, settings.mail.security) == (
        "me@example.org",
        "127.0.0.1",
        "none",
    )
    assert "trial message" in capsys.readouterr().out


def test_the_password_is_kept_for_its_owner_only_and_printed_nowhere(
    home: TestHome, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, f"{PASSWORD}\n")
    assert home.run("mail", "setup", "--to", "me@gmail.com", "--no-test") == 0
    told = capsys.readouterr()
    assert "app password" in told.out
    assert PASSWORD not in told.out + told.err + (home.folder / "newsfeed.toml").read_text()
    kept = home.folder / ".newsfeed" / "mail-password"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    settings = config.load(home.folder)
    assert config.mail_password(settings) == PASSWORD
    assert (settings.mail.host, settings.mail.port) == ("smtp.gmail.com", 587)
    kept.chmod(0o644)
    assert home.run("mail", "--test") == 2
    assert "others can read" in capsys.readouterr().err
    kept.chmod(0o600)
    assert home.run("mail", "off") == 0
    assert not kept.exists()
    assert config.load(home.folder).mail.to == ""


def test_the_keyring_is_used_where_there_is_one(home: TestHome, monkeypatch: pytest.MonkeyPatch) -> None:
    ring: dict[str, str] = {}
    monkeypatch.setattr(config, "keep_in_keyring", lambda user, value: ring.update({user: value}) is None)
    monkeypatch.setattr(config, "forget_in_keyring", ring.pop)
    typed(monkeypatch, f"{PASSWORD}\n")
    assert home.run("mail", "setup", "--to", "me@fastmail.com", "--no-test") == 0
    assert ring == {"me@fastmail.com": PASSWORD}
    assert config.load(home.folder).mail.password.keyring == "me@fastmail.com"
    assert home.run("mail", "off") == 0
    assert ring == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--to", "nobody"), "no mail address"),
        (("--to", "me@example.org\nBcc: x@y.example"), "no mail address"),
        (("--to", "me@my.example"), "--host"),
        (("--to", "me@my.example", "--host", "mail.my.example:smtp"), "no port"),
        (("--to", "me@my.example", "--by", "pigeon"), "no choice"),
        (("--to", "me@my.example", "--by", "maildir"), "mail.path"),
        ((), "--to"),
    ],
)
def test_what_can_not_be_is_said_and_nothing_is_written(
    home: TestHome,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    said: str,
) -> None:
    before = (home.folder / "newsfeed.toml").read_bytes()
    typed(monkeypatch, "secret\n")
    assert home.run("mail", "setup", *words) == 2
    assert said in capsys.readouterr().err
    assert (home.folder / "newsfeed.toml").read_bytes() == before
    assert not (home.folder / ".newsfeed" / "mail-password").exists()


def test_a_table_of_the_settings_is_replaced_and_all_else_stays() -> None:
    text = 'timezone = "UTC"\n# mine\n\n[mail]\nto = "a@b.example"\n\n[mail.password]\nfile = "x"\n\n[edition]\nminutes = 7\n'
    new = config.edited(text, {("mail",): {"to": "c@d.example"}})
    assert new == 'timezone = "UTC"\n# mine\n\n[edition]\nminutes = 7\n\n[mail]\nto = "c@d.example"\n'
    assert (
        config.edited(new, {("mail",): None}).rstrip() == 'timezone = "UTC"\n# mine\n\n[edition]\nminutes = 7'
    )
    assert config.edited("", {("mail",): {"x": 1}}) == "[mail]\nx = 1\n"
    assert config.edited("# mine", {("mail",): {"to": "x", "password": {"file": "p"}}}) == (
        '# mine\n[mail]\nto = "x"\n\n[mail.password]\nfile = "p"\n'
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[schedule]\nhour = "6:30"', "no time of day"),
        ('[schedule]\ndays = ["mon"]', "no choice"),
        ('[mail]\nto = "a@b.example"\nhost = "mail.b.example"\nsecurity = "none"', "this machine only"),
        ('[mail]\nto = "a@b.example"', "is missing"),
        ('[publish]\nsite_url = "javascript:alert(1)"', "no web address"),
        ('[publish]\nfolder = "site"', "the home itself"),
        ('[publish]\nfolder = ".."', "the home itself"),
        ('[publish]\nfolder = "site/copy"', "in what newsfeed keeps there"),
        ('[publish]\nfolder = ".newsfeed/copy"', "in what newsfeed keeps there"),
    ],
)
def test_settings_that_can_not_be(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        config.parse(text, {}, home=tmp_path / "home")
