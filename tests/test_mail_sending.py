"""Mails against real servers: accepted, refused, deferred, dropped, offered bad certificates; and only once a morning."""

from __future__ import annotations

import contextlib
import re
import ssl
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import editions
import msgspec
import pytest
import trustme
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mailserver import MailServer
from stored import opened

from newsfeed.deliver import sending
from newsfeed.deliver.sending import Envelope, MailOutcome, check, compose, recipient_hash
from newsfeed.errors import DeliveryError, NotFoundError, SettingsError
from newsfeed.model import MailSetting, PublishSetting, Section, Settings
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning import mail
from newsfeed.render import mail_message
from newsfeed.store import Store
from newsfeed.store.records import MailState

DAY = editions.DAY
WHEN = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
ME = "me@example.org"
PASSWORD = "correct horse"
# The test server warns about a password asked for before STARTTLS; with TLS from the start, that is what we want.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
ENVELOPE = Envelope(sender=ME, recipient="you@example.net", date=DAY)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


def context(authority: trustme.CA, name: str = "localhost", **more: Any) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **more).configure_cert(made)
    return made


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """A certificate authority that this process trusts."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


class At:
    """A clock that a test sets."""

    def __init__(self, now: datetime = WHEN) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def a_home(folder: Path, port: int = 0, clock: At | None = None, **more: Any) -> Home:
    setting = MailSetting(
        **({"to": ME, "host": "localhost", "port": port, "security": "none", "timeout": 5.0} | more)
    )
    return Home(folder, Settings(home=str(folder), timezone="Europe/Vienna", mail=setting), clock or At())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path, WHEN) as made:
        made.record(editions.full_day(), ())
        yield made


def none() -> str:
    return ""


def parsed(data: bytes) -> Any:
    return BytesParser(policy=policy.default).parsebytes(data)


# ------------------------------------------------------------------------- the message


def test_the_headers_are_exactly_those_that_are_meant(tmp_path: Path) -> None:
    home = a_home(tmp_path, sender_name="Müller’s news")
    home = Home(
        home.folder,
        msgspec.structs.replace(home.settings, publish=PublishSetting(site_url="https://me.example/n")),
        home.clock,
    )
    written = mail.write(home, editions.full_day(), when=WHEN)
    message = parsed(written.data)
    assert sorted(message.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Content-Language", "Auto-Submitted", "List-Id",
         "List-Unsubscribe", "Archived-At", "MIME-Version", "Content-Type"]
    )  # fmt: skip
    assert message["From"] == f"Müller’s news <{ME}>"
    assert message["To"] == ME
    assert message["Date"] == "Sun, 22 Nov 2026 07:30:00 +0100"
    assert message["Message-ID"] == f"<digest-2026-11-22.{recipient_hash(ME)}@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "Daily digest <digest.example.org>"
    assert message["List-Unsubscribe"].startswith("<mailto:")
    assert message["Archived-At"] == "<https://me.example/n/archive/2026/11/22.html>"
    assert message["Content-Language"] == "en"
    assert message["Subject"] == "Harbour cities switch…; Appeal court lets… · Sun 22 Nov"
    assert message.get_content_type() == "multipart/alternative"
    kinds = [(p.get_content_type(), p.get_content_charset()) for p in message.iter_parts()]
    assert kinds == [("text/plain", "utf-8"), ("text/html", "utf-8")]
    text, html = [part.get_content() for part in message.iter_parts()]
    assert text.replace("\r\n", "\n") == written.message.text
    assert html.replace("\r\n", "\n").rstrip() == written.message.html.rstrip()
    assert max(len(line) for line in written.data.split(b"\r\n")) <= 998
    assert written.data.isascii()


def test_the_same_morning_makes_the_same_bytes_and_every_try_the_same_name(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    first = mail.write(home, editions.full_day(), when=WHEN)
    assert first.data == mail.write(home, editions.full_day(), when=WHEN).data
    later = mail.write(home, editions.full_day(), when=WHEN + timedelta(hours=1))
    assert parsed(first.data)["Message-ID"] == parsed(later.data)["Message-ID"]


def test_one_conversation_for_all_mornings_if_wished(tmp_path: Path) -> None:
    message = parsed(mail.write(a_home(tmp_path, thread=True), editions.full_day(), when=WHEN).data)
    assert message["References"] == f"<digest.{recipient_hash(ME)}@example.org>"


EVIL = [
    "=?utf-8?q?Hi=0D=0ABcc:_v@example.test?=",
    "Hi\r\nBcc: v@example.test\r\n\r\nbody",
    "Hi\nBcc: v@example.test",
    "Hi\x85Bcc: v@example.test\u2028X: y\u2029Z: z",
    "a =?utf-8?b?SGkNCkJjYzogdkBleGFtcGxlLnRlc3Q=?= =?utf-8?q?=0ABcc:x?=",
    "\x00\x1b[31m \u202e",
    "=?utf-8?q?=0D=0A=0D=0A<b>body</b>?=" * 3,
]


@pytest.mark.parametrize("title", EVIL)
def test_no_headline_writes_a_header(tmp_path: Path, title: str) -> None:
    picks = tuple(editions.pick(n, "top", title, title, title) for n in (1, 2, 3))
    edition = msgspec.structs.replace(
        editions.one_item(), sections=(Section(key="top", heading=title, picks=picks),), heading=title
    )
    message = parsed(mail.write(a_home(tmp_path), edition, when=WHEN).data)
    assert "Bcc" not in message
    assert len(message.keys()) == 11
    assert [str(a.addr_spec) for a in message["To"].addresses] == [ME]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
@example("00000¡¡¡¡¡¡¡ࠀ𐀀𐀀𐀀𐀀𐀀 ¡")  # EmailMessage would lose the space where it breaks this line
@example("Čtyři příběhy dnes ráno; žádné jiné už nezbývají tu")
def test_no_text_at_all_writes_a_header(title: str) -> None:
    edition = msgspec.structs.replace(
        editions.one_item(),
        sections=(Section(key="top", heading="Top", picks=(editions.pick(1, "top", title, "S"),)),),
    )
    subject = mail_message.subject(edition)
    message = parsed(compose(ENVELOPE, subject=subject, text=title, html=title, when=WHEN))
    assert len(message.keys()) == 11
    assert message["Subject"] == subject


def test_what_reads_back_as_more_than_was_meant_is_not_sent() -> None:
    """The weakness of older Pythons (CVE-2024-6923) is caught whether or not this Python has it."""
    with contextlib.suppress(DeliveryError):
        data = compose(ENVELOPE, subject=EVIL[0], text="t", html="<p>t</p>", when=WHEN)
        assert "Bcc" not in parsed(data)
    good = compose(ENVELOPE, subject="Fine", text="t", html="<p>t</p>", when=WHEN)
    names = list(parsed(good).keys())
    for bad in (
        good.replace(b"Subject: Fine\r\n", b"Subject: Fine\r\nBcc: v@example.test\r\n"),
        good.replace(b"To: you@example.net", b"To: you@example.net, v@example.test"),
        good.replace(b"From: newsfeed <me@", b"From: newsfeed <other@"),
        good.replace(b"Auto-Submitted: auto-generated\r\n", b""),
        good.replace(b"text/html", b"text/calendar"),
        good.replace(b"Subject: Fine", b"Subject: " + b"F" * 1200),
    ):
        assert bad != good
        with pytest.raises(DeliveryError, match="not sent"):
            check(bad, names, ENVELOPE)


# ------------------------------------------------------------------------- the server


def sent(server: MailServer, *, security: str = "none", password: str = "", data: bytes = b"") -> Any:
    data = data or compose(ENVELOPE, subject="Fine", text=".dot\r\n..dots\r\n", html="<p>t</p>", when=WHEN)
    where = MailSetting(host="localhost", port=server.port, security=security, user=ME, timeout=30)
    return sending.by_smtp(data, ME, "you@example.net", where, password), data


def test_a_mail_arrives_byte_for_byte() -> None:
    with MailServer() as server:
        done, data = sent(server)
    assert done.outcome == MailOutcome.SENT
    assert server.taken == [data]
    assert server.senders == [(ME, "you@example.net")]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_over_tls_with_a_password(trusted: trustme.CA, security: str) -> None:
    with MailServer(tls=context(trusted), implicit=security == "tls", login=(ME, PASSWORD)) as server:
        done, _ = sent(server, security=security, password=PASSWORD)
        assert done.outcome == MailOutcome.SENT, done
        done, _ = sent(server, security=security, password="wrong")
        assert done.outcome == MailOutcome.REFUSED
        assert "password" in done.text
        assert "app password" in done.repair
        assert "wrong" not in done.text + done.repair
    assert len(server.taken) == 1


def test_a_password_may_hold_any_letter(trusted: trustme.CA) -> None:
    password = "Grüße aus Köln"
    with MailServer(tls=context(trusted), login=(ME, password)) as server:
        done, _ = sent(server, security="starttls", password=password)
        assert done.outcome == MailOutcome.SENT, done
        done, _ = sent(server, security="starttls", password="Grüße")
        assert done.outcome == MailOutcome.REFUSED
        assert "password" in done.text
    assert len(server.taken) == 1


@pytest.mark.parametrize("host", ["smtp..example", ".", "x" * 64 + ".invalid"])
def test_what_is_no_name_of_a_server_is_said_without_asking_for_it(host: str) -> None:
    done = sending.by_smtp(b"x\r\n", ME, ME, MailSetting(host=host, port=25, timeout=2), "")
    assert done.outcome == MailOutcome.REFUSED
    assert "no name of a server" in done.text
    assert "mail setup" in done.repair


@pytest.mark.parametrize(
    ("certificate", "words"),
    [
        ("stranger", "issuer"),
        ("other name", "ostname mismatch|not valid for"),
        ("expired", "expired"),
    ],
)
def test_bad_certificates_stop_the_mail_before_the_password(
    trusted: trustme.CA, certificate: str, words: str
) -> None:
    bad = {
        "stranger": lambda: context(trustme.CA()),
        "other name": lambda: context(trusted, "other.example"),
        "expired": lambda: context(trusted, not_after=datetime(2020, 1, 1, tzinfo=UTC)),
    }[certificate]()
    with MailServer(tls=bad, login=(ME, PASSWORD)) as server:
        done, _ = sent(server, security="starttls", password=PASSWORD)
    assert done.outcome == MailOutcome.REFUSED
    assert "can't be trusted" in done.text
    assert re.search(words, done.text)
    assert server.taken == []


def test_a_server_without_encryption_gets_nothing() -> None:
    with MailServer() as server:
        done, _ = sent(server, security="starttls", password=PASSWORD)
        assert done.outcome == MailOutcome.REFUSED
        assert "no encryption" in done.text
        done, _ = sent(server, security="tls", password=PASSWORD)
        assert done.outcome == MailOutcome.REFUSED
    assert server.taken == []


@pytest.mark.parametrize(
    ("how", "outcome", "words"),
    [
        ("refuse", MailOutcome.REFUSED, "the recipient: 550"),
        ("reject", MailOutcome.REFUSED, "the message: 554"),
        ("busy", MailOutcome.LATER, "come back later"),
        ("greylist", MailOutcome.LATER, "come back later"),
        ("drop", MailOutcome.UNCERTAIN, "did not say whether it has it"),
        ("mumble", MailOutcome.UNCERTAIN, "did not say whether it has it"),
        ("hang up", MailOutcome.LATER, "broke off"),
    ],
)
def test_each_way_to_fail_is_told_apart(how: str, outcome: MailOutcome, words: str) -> None:
    with MailServer(how) as server:
        done, _ = sent(server)
    assert done.outcome == outcome
    assert words in done.text
    assert "you@example.net" not in done.text


def test_nobody_there() -> None:
    with MailServer() as server:
        port = server.port
    done = sending.by_smtp(
        b"x\r\n", ME, ME, MailSetting(host="localhost", port=port, security="none", timeout=2), ""
    )
    assert done.outcome == MailOutcome.LATER
    assert "Nobody answers" in done.text


# ------------------------------------------------------------------------- once a morning


def test_a_morning_is_sent_once(tmp_path: Path, store: Store) -> None:
    with MailServer() as server:
        home = a_home(tmp_path, server.port)
        assert mail.owed(home, store, DAY)
        assert mail.send(home, store, DAY, password=none).state == "sent"
        assert not mail.owed(home, store, DAY)
        for _ in range(3):
            assert mail.send(home, store, DAY, password=none, by_hand=True).state == "already sent"
        assert len(server.taken) == 1
        assert mail.send(home, store, DAY, password=none, again=True).state == "sent"
        assert len(server.taken) == 2
    assert [m.recipient for m in store.mails()] == [recipient_hash(ME)]


def test_greylisting_is_waited_for(tmp_path: Path, store: Store) -> None:
    clock = At()
    with MailServer("greylist") as server:
        home = a_home(tmp_path, server.port, clock)
        first = mail.send(home, store, DAY, password=none)
        assert first.state == "later"
        assert first.next_try == WHEN + timedelta(minutes=5)
        assert not mail.owed(home, store, DAY)
        clock.now += timedelta(minutes=6)
        assert mail.owed(home, store, DAY)
        assert mail.send(home, store, DAY, password=none).state == "sent"
        assert mail.trouble_of(store) is None
    assert len(server.taken) == 1


def test_pauses_grow_and_a_refusal_waits_for_its_owner(tmp_path: Path, store: Store) -> None:
    clock = At()
    pauses = []
    with MailServer("busy") as server:
        home = a_home(tmp_path, server.port, clock)
        for _ in range(7):
            report = mail.send(home, store, DAY, password=none)
            assert report.next_try is not None
            pauses.append((report.next_try - clock.now) // timedelta(minutes=1))
            clock.now = report.next_try
        assert pauses == [5, 10, 20, 40, 60, 60, 60]
        server.how = "refuse"
        assert mail.send(home, store, DAY, password=none).next_try is None
        clock.now += timedelta(hours=9)
        assert not mail.owed(home, store, DAY)
        # Changed settings are tried at once.
        other = a_home(tmp_path, server.port, clock, sender="other@example.org")
        assert mail.owed(other, store, DAY)


def test_a_clock_set_back_does_not_silence_the_mail(tmp_path: Path, store: Store) -> None:
    clock = At(WHEN + timedelta(days=2_000))
    with MailServer("busy") as server:
        home = a_home(tmp_path, server.port, clock)
        mail.send(home, store, DAY, password=none)
        clock.now = WHEN
        assert mail.owed(home, store, DAY)


def test_a_server_that_dies_after_the_message_gets_no_second_one(tmp_path: Path, store: Store) -> None:
    """The one gap in "at most once": it is reported, and nothing is sent again unasked."""
    with MailServer("drop") as server:
        home = a_home(tmp_path, server.port)
        assert mail.send(home, store, DAY, password=none).state == "uncertain"
        server.how = "accept"
        assert not mail.owed(home, store, DAY)
        again = mail.send(home, store, DAY, password=none)
        assert again.state == "uncertain"
        assert "--again" in again.repair
        assert len(server.taken) == 1
        assert mail.send(home, store, DAY, password=none, again=True).state == "sent"


def test_a_claim_whose_owner_died_is_shown_and_not_repeated(tmp_path: Path, store: Store) -> None:
    with MailServer() as server:
        home = a_home(tmp_path, server.port)
        assert store.claim_mail(DAY, recipient_hash(ME), WHEN)  # and then the process was killed
        assert mail.owed(home, store, DAY), "so that it is noted"
        assert mail.send(home, store, DAY, password=none).state == "uncertain"
        assert not mail.owed(home, store, DAY)
        assert store.mails(MailState.UNCERTAIN)
        assert server.taken == []


def test_an_empty_day_sends_nothing_unless_wished_and_a_failed_one_never(
    tmp_path: Path, store: Store
) -> None:
    with MailServer() as server:
        home = a_home(tmp_path, server.port)
        store.record(editions.empty_list(), ())
        assert not mail.owed(home, store, DAY)
        assert mail.send(home, store, DAY, password=none).state == "empty"
        assert mail.owed(a_home(tmp_path, server.port, empty_days=True), store, DAY)
        store.record(editions.all_failing(), ())
        assert not mail.owed(home, store, DAY)
        assert not mail.owed(a_home(tmp_path, server.port, empty_days=True), store, DAY)
        assert "nothing could be read" in mail.send(home, store, DAY, password=none).text
        assert server.taken == []
        assert mail.send(home, store, DAY, password=none, by_hand=True).state == "sent"
    (data,) = server.taken
    assert "No source could be read" in parsed(data)["Subject"]


def test_nothing_is_claimed_that_can_not_be_sent(tmp_path: Path, store: Store) -> None:
    def locked() -> str:
        raise SettingsError("[mail.password]", "is locked")

    with pytest.raises(SettingsError):
        mail.send(a_home(tmp_path), store, DAY, password=locked)
    assert store.mails() == []
    with pytest.raises(NotFoundError):
        mail.send(a_home(tmp_path), store, DAY + timedelta(days=1), password=none)
    with pytest.raises(SettingsError, match="mail setup"):
        mail.send(a_home(tmp_path, to=""), store, DAY, password=none)


# ------------------------------------------------------------------------- without a server


def test_a_maildir_gets_one_file(tmp_path: Path, store: Store) -> None:
    home = a_home(tmp_path, by="maildir", path="Maildir")
    assert mail.send(home, store, DAY, password=none).state == "sent"
    assert mail.send(home, store, DAY, password=none, again=True).state == "sent"
    (file,) = (tmp_path / "Maildir" / "new").iterdir()
    assert parsed(file.read_bytes())["To"] == ME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not list((tmp_path / "Maildir" / "tmp").iterdir())


def test_a_folder_of_eml_files(tmp_path: Path, store: Store) -> None:
    assert mail.send(a_home(tmp_path, by="eml", path="out"), store, DAY, password=none).state == "sent"
    assert parsed((tmp_path / "out" / "digest-2026-11-22.eml").read_bytes())["To"] == ME


@pytest.mark.parametrize(("code", "state"), [(0, "sent"), (75, "later"), (67, "refused")])
def test_a_sendmail_program(tmp_path: Path, store: Store, code: int, state: str) -> None:
    program = tmp_path / "sendmail"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/words\ncat > {tmp_path}/mail\nexit {code}\n')
    program.chmod(0o700)
    home = a_home(tmp_path, by="sendmail", path=str(program))
    assert mail.send(home, store, DAY, password=none).state == state
    assert (tmp_path / "words").read_text() == f"-i -f {ME} -- {ME}\n"
    assert b"\r" not in (tmp_path / "mail").read_bytes()


def test_no_sendmail_program(tmp_path: Path, store: Store) -> None:
    report = mail.send(a_home(tmp_path, by="sendmail", path=str(tmp_path / "no")), store, DAY, password=none)
    assert report.state == "refused"
    assert "can't be run" in report.text


# ------------------------------------------------------------------------- providers, tests


def test_large_providers_are_known() -> None:
    gmail = mail.provider_of("someone@gmail.com")
    assert gmail is not None
    assert gmail.host == "smtp.gmail.com"
    assert "app password" in gmail.advice
    outlook = mail.provider_of("someone@Hotmail.com")
    assert outlook is not None
    assert outlook.refuses
    assert mail.provider_of("me@my-own.example") is None
    for address in ("a@gmx.de", "a@icloud.com", "a@proton.me"):
        found = mail.provider_of(address)
        assert found is not None
        assert found.security in {"tls", "starttls"} or found.host == "127.0.0.1"


def test_a_trial_mail_has_nothing_to_do_with_the_morning(tmp_path: Path, store: Store) -> None:
    with MailServer() as server:
        home = a_home(tmp_path, server.port)
        assert mail.attempt(home, password=none).outcome == MailOutcome.SENT
        assert mail.attempt(home, store.edition(DAY), password=none).outcome == MailOutcome.SENT
        assert mail.owed(home, store, DAY)
        assert mail.send(home, store, DAY, password=none).state == "sent"
    short, trial, true = (parsed(data) for data in server.taken)
    assert short["Subject"].startswith("Mail works")
    assert trial["Subject"] == f"Trial: {true['Subject']}"
    assert short["Message-ID"].startswith("<test-")
    assert trial["Message-ID"].startswith("<test-")
    assert true["Message-ID"].startswith("<digest-")
    assert trial.get_body(("html",)).get_content() == true.get_body(("html",)).get_content()


def test_the_empty_edition_is_one() -> None:
    assert mail.is_empty(editions.no_list())
    assert not mail.is_empty(editions.one_item())
