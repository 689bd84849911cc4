"""Composing a mail and sending it: by an SMTP server, a sendmail program, into a maildir or a folder of .eml files.

It has exactly the intended headers: Python before 3.11.10 and 3.12.5 can be tricked into writing another header out of
an encoded word (CVE-2024-6923), so the mail is parsed again and compared before it is sent.

Between the last byte of the message and an SMTP server's answer nobody can know whether the
mail was accepted. A failure before that moment means that it was not sent; a failure in it leaves that uncertain.
"""

from __future__ import annotations

import base64
import hashlib
import re
import smtplib
import ssl
import subprocess
from collections.abc import Sequence
from datetime import datetime
from email import policy
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from enum import StrEnum
from pathlib import Path

from newsfeed.deliver.files import write
from newsfeed.errors import DeliveryError
from newsfeed.model import Day, MailSetting, Record

LONGEST_LINE = 998  # bytes, RFC 5322
_LONGEST_PLAIN = 65  # characters of a subject that fit on one line behind its name
_SUBJECT = "subject"  # a placeholder for the real one while the rest is written
_PART_HEADERS = {"content-type", "content-transfer-encoding", "mime-version"}


class Envelope(Record, frozen=True, kw_only=True):
    """Sender and recipient of a mail, and the morning that it belongs to."""

    sender: str
    recipient: str
    date: Day
    sender_name: str = "newsfeed"
    purpose: str = "digest"  # "test" for a trial message
    thread: bool = False

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2].lower()

    @property
    def message_id(self) -> str:
        """The same for every attempt to send this morning's mail to this recipient, so that a retry is not a second mail."""
        return f"<{self.purpose}-{self.date.isoformat()}.{recipient_hash(self.recipient)}@{self.domain}>"


def recipient_hash(address: str) -> str:
    """A recipient as stored: 16 hex digits that don't reveal the address."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()[:16]


def compose(
    envelope: Envelope,
    *,
    subject: str,
    text: str,
    html: str,
    when: datetime,
    lang: str = "en",
    page_url: str = "",
) -> bytes:
    """The mail, plain text first and HTML last, with CRLF line ends; the same input gives the same bytes.

    Args:
        subject: one line; text from feeds is fine.
        when: aware, in the zone that the Date header should show.

    Raises:
        DeliveryError: what was written doesn't read back as what was meant.
    """
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = Address(envelope.sender_name, addr_spec=envelope.sender)
    mail["To"] = Address(addr_spec=envelope.recipient)
    mail["Subject"] = _SUBJECT
    mail["Date"] = when
    mail["Message-ID"] = envelope.message_id
    if envelope.thread:
        mail["References"] = f"<digest.{recipient_hash(envelope.recipient)}@{envelope.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Id"] = f"Daily digest <digest.{envelope.domain}>"
    mail["List-Unsubscribe"] = f"<mailto:{envelope.sender}?subject=unsubscribe>"
    if page_url:
        mail["Archived-At"] = f"<{page_url}>"
    meant = [*mail.keys(), "Content-Type", "Content-Language", "MIME-Version"]
    mail.set_content(text, charset="utf-8", cte="quoted-printable")
    mail.add_alternative(html, subtype="html", charset="utf-8", cte="quoted-printable")
    mail["Content-Language"] = (
        lang  # set now, because headers that begin with Content- would have gone into the first part
    )
    # A boundary of our own keeps the bytes the same from one time to the next.
    mail.set_boundary("=_" + hashlib.sha256((text + html).encode()).hexdigest()[:32])
    data = mail.as_bytes().replace(f"Subject: {_SUBJECT}\r\n".encode(), _subject(subject), 1)
    check(data, meant, envelope)
    return data


def _subject(text: str) -> bytes:
    """The subject header. EmailMessage sometimes loses a space where it breaks words that are not ASCII."""
    text = " ".join(text.split())
    plain = text.isascii() and text.isprintable() and "=?" not in text and len(text) <= _LONGEST_PLAIN
    value = text if plain else Header(text, "utf-8", header_name="Subject").encode(linesep="\r\n")
    return f"Subject: {value}\r\n".encode("ascii")


def check(data: bytes, meant: Sequence[str], envelope: Envelope) -> None:
    """Parse a mail again and compare it with what was intended.

    Raises:
        DeliveryError: a header is missing or extra, sender or recipient differ, or a part isn't ours.
    """
    mail = BytesParser(policy=policy.default).parsebytes(data)
    wrong = ""
    if sorted(name.lower() for name in mail) != sorted(name.lower() for name in meant):
        wrong = "its headers are not those that were meant"
    elif _addresses(mail, "To") != [envelope.recipient] or _addresses(mail, "From") != [envelope.sender]:
        wrong = "it would go from or to somebody else"
    elif [part.get_content_type() for part in mail.walk()] != [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]:
        wrong = "its parts are not those that were meant"
    elif any({name.lower() for name in part} - _PART_HEADERS for part in mail.iter_parts()):
        wrong = "one of its parts has headers that were not meant"
    elif any(len(line) > LONGEST_LINE for line in data.split(b"\r\n")) or data.replace(b"\r\n", b"").count(
        b"\n"
    ):
        wrong = "its lines are not as mail wants them"
    if wrong:
        raise DeliveryError(
            "mail",
            f"{wrong}, so it was not sent",
            "A headline may have tried something. The page is untouched; please report this.",
        )


def _addresses(mail: EmailMessage, name: str) -> list[str]:
    header = mail[name]
    return [a.addr_spec for a in header.addresses] if header is not None else []


# ------------------------------------------------------------------------- handing over


class MailOutcome(StrEnum):
    """How sending a mail ended."""

    SENT = "sent"
    LATER = "later"  # not accepted; another attempt may succeed
    REFUSED = "refused"  # not accepted, and it won't be until the reader does something
    UNCERTAIN = "uncertain"  # sent completely, but no answer came


class Dispatch(Record, frozen=True, kw_only=True):
    """How sending ended, in one sentence, and what to do. Neither text holds an address or a password."""

    outcome: MailOutcome
    text: str
    repair: str = ""


def _sent(text: str) -> Dispatch:
    return Dispatch(outcome=MailOutcome.SENT, text=text)


def _later(text: str, repair: str = "It is tried again by itself.") -> Dispatch:
    return Dispatch(outcome=MailOutcome.LATER, text=text, repair=repair)


def _refused(text: str, repair: str) -> Dispatch:
    return Dispatch(outcome=MailOutcome.REFUSED, text=text, repair=repair)


def _uncertain(text: str) -> Dispatch:
    repair = "Look into your mailbox; newsfeed mail --again sends it once more."
    return Dispatch(outcome=MailOutcome.UNCERTAIN, text=text, repair=repair)


_OWN_NAME = "[127.0.0.1]"  # the name in our greeting: the machine's own name is private
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_NEW_SERVER = "Run newsfeed mail setup to name another."


def _port(server: MailSetting) -> int:
    return server.port or _PORTS[server.security]


def _place(server: MailSetting) -> str:
    return f"{server.host}:{_port(server)}"


class _Said(Exception):  # noqa: N818 - the server's refusal, raised to `by_smtp`
    def __init__(self, step: str, code: int, answer: bytes | str) -> None:
        super().__init__(step, code)
        self.step, self.code = step, code
        self.answer = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer


def hand_over(data: bytes, envelope: Envelope, setting: MailSetting, home: Path, password: str) -> Dispatch:
    """Send a mail by the means that the settings name; never raises. Relative paths start from `home`."""
    sender, recipient = envelope.sender, envelope.recipient
    folder = (home / Path(setting.path).expanduser()).absolute()
    name = envelope.message_id.strip("<>").partition("@")[0]
    match setting.by:
        case "smtp":
            return by_smtp(data, sender, recipient, setting, password)
        case "sendmail":
            return by_sendmail(data, sender, recipient, program=setting.path, timeout=setting.timeout)
        case "maildir":
            return to_maildir(data, folder, name)
        case "eml":
            return to_folder(data, folder, name.partition(".")[0])


def by_smtp(data: bytes, sender: str, recipient: str, server: MailSetting, password: str) -> Dispatch:
    """Send a mail by SMTP; never raises, whatever the server or the network does."""
    try:
        smtp = _connected(server)
    except (OSError, UnicodeError, smtplib.SMTPException, _Said) as error:
        return _explain(error, server)
    try:
        _log_in(smtp, server.user or sender, password)
        handed = _hand_over(smtp, data, sender, recipient)
    except (OSError, smtplib.SMTPException, _Said) as error:
        smtp.close()
        return _explain(error, server)
    try:
        smtp.quit()
    except (OSError, smtplib.SMTPException):
        smtp.close()  # a failed QUIT changes nothing
    return handed


def _connected(server: MailSetting) -> smtplib.SMTP:
    """A connection after the greeting, encrypted unless the server is on this machine."""
    port = _port(server)
    context = ssl.create_default_context()
    if server.security == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, port, local_hostname=_OWN_NAME, timeout=server.timeout, context=context
        )
    else:
        smtp = smtplib.SMTP(server.host, port, local_hostname=_OWN_NAME, timeout=server.timeout)
    try:
        _must("EHLO", smtp.ehlo())
        if server.security == "starttls":
            if not smtp.has_extn("starttls"):
                raise _Said("STARTTLS", 502, "not offered")
            _must("STARTTLS", smtp.starttls(context=context))
            _must("EHLO", smtp.ehlo())
    except BaseException:
        smtp.close()
        raise
    return smtp


def _log_in(smtp: smtplib.SMTP, user: str, password: str) -> None:
    if not password:
        return
    if (user + password).isascii():
        smtp.login(user, password, initial_response_ok=False)
    else:
        _log_in_beyond_ascii(smtp, user, password)


def _log_in_beyond_ascii(smtp: smtplib.SMTP, user: str, password: str) -> None:
    """Log in with letters that smtplib refuses to send; as RFC 4616 has it, they go as UTF-8."""
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    if "PLAIN" in offered:
        mechanism, answers = "PLAIN", [f"\0{user}\0{password}"]
    elif "LOGIN" in offered:
        mechanism, answers = "LOGIN", [user, password]
    else:
        raise smtplib.SMTPNotSupportedError("no way to log in with such a password")
    code, said = smtp.docmd("AUTH", mechanism)
    for answer in answers:
        if code != 334:
            break
        code, said = smtp.docmd(base64.b64encode(answer.encode()).decode("ascii"))
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, said)


def _hand_over(smtp: smtplib.SMTP, data: bytes, sender: str, recipient: str) -> Dispatch:
    size = [f"SIZE={len(data)}"] if smtp.has_extn("size") else []
    _must("MAIL", smtp.mail(sender, size))
    _must("RCPT", smtp.rcpt(recipient))
    _must("DATA", smtp.docmd("DATA"), good=354)
    # RFC 5321, 4.5.2: a line that begins with a dot gets another one.
    smtp.send(re.sub(rb"(?m)^\.", b"..", data.rstrip(b"\r\n") + b"\r\n"))
    try:
        smtp.send(b".\r\n")
        code, answer = smtp.getreply()
    except (OSError, smtplib.SMTPException):
        code, answer = 0, b""
    if code // 100 not in {2, 4, 5}:  # no answer, or an unclear one
        return _uncertain("The mail server took the whole mail but did not say whether it has it.")
    if code // 100 != 2:
        raise _Said("the message", code, answer)
    return _sent("The mail server has taken it.")


def _must(step: str, reply: tuple[int, bytes], good: int = 0) -> None:
    code, answer = reply
    if code != good if good else code // 100 != 2:
        raise _Said(step, code, answer)


def _explain(error: Exception, server: MailSetting) -> Dispatch:
    """Why the mail was not accepted, in words. The server's own sentence is quoted without addresses."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _refused(
            f"The certificate of {_place(server)} can't be trusted: {error.verify_message}.",
            "Nothing was sent. Check the server's name in newsfeed.toml; if it is right, ask its operator.",
        )
    if isinstance(error, UnicodeError):
        return _refused(f"{server.host} is no name of a server.", _NEW_SERVER)
    if isinstance(error, ssl.SSLError):
        return _refused(
            f"{_place(server)} doesn't speak TLS as it was asked to.",
            'Try security = "tls" with port 465, or "starttls" with port 587, under [mail].',
        )
    if isinstance(error, smtplib.SMTPAuthenticationError):
        if error.smtp_code // 100 == 4:
            return _not_now(server, error.smtp_code, error.smtp_error)
        return _refused(
            f"{server.host} refused the user name or the password ({error.smtp_code}).",
            "Many providers want an app password here: newsfeed mail setup says for which, and where to get it.",
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return _refused(
            f"{server.host} takes no password here.",
            "Take the user and the password out of [mail], or name the port for sending: 587 or 465.",
        )
    if isinstance(error, smtplib.SMTPResponseException):
        error = _Said("the greeting", error.smtp_code, error.smtp_error)
    if isinstance(error, _Said):
        if error.step == "STARTTLS":
            return _refused(
                f"{_place(server)} offers no encryption, so nothing was sent.",
                'Use port 587, or security = "tls" with port 465, under [mail].',
            )
        if error.code // 100 == 4 or error.code < 0:
            return _not_now(server, error.code, error.answer)
        return _refused(
            f"{server.host} refused {_STEPS.get(error.step, error.step)}: {_quoted(error.code, error.answer)}",
            "Check sender and recipient under [mail] in newsfeed.toml, or use another server.",
        )
    if isinstance(error, TimeoutError):
        text = f"{_place(server)} did not answer within {server.timeout:.0f} seconds."
    elif isinstance(error, ConnectionRefusedError):
        text = f"Nobody answers at {_place(server)}."
    elif isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError):
        text = f"{_place(server)} broke off before it had the mail."
    else:
        text = (
            f"{_place(server)} can't be reached ({getattr(error, 'strerror', None) or type(error).__name__})."
        )
    return _later(text)


_STEPS = {"MAIL": "the sender", "RCPT": "the recipient", "DATA": "the message", "EHLO": "to talk to us"}


def _not_now(server: MailSetting, code: int, answer: bytes | str) -> Dispatch:
    return _later(f"{server.host} asks to come back later: {_quoted(code, answer)}")


def _quoted(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    plain = "".join(c if c.isprintable() else " " for c in text)
    plain = re.sub(r"\S+@\S+", "…", plain)
    return f"{code} {' '.join(plain.split())[:160]}".strip()


SENDMAIL = "/usr/sbin/sendmail"
_TEMPORARY = 75  # EX_TEMPFAIL of sysexits.h


def by_sendmail(data: bytes, sender: str, recipient: str, *, program: str = "", timeout: float) -> Dispatch:
    """Give a mail to a sendmail program on its standard input, without a shell and without text of feeds in its arguments."""
    program = program or SENDMAIL
    try:
        done = subprocess.run(  # noqa: S603 - the owner's program; the addresses are checked settings
            [program, "-i", "-f", sender, "--", recipient],
            input=data.replace(b"\r\n", b"\n"),
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _uncertain(f"{program} took the mail but did not end within {timeout:.0f} seconds.")
    except OSError as error:
        return _refused(
            f"{program} can't be run ({error.strerror}).",
            "Name your sendmail program as path under [mail] in newsfeed.toml.",
        )
    if done.returncode == 0:
        return _sent(f"{program} has taken it.")
    said = f"{program} refused it (exit code {done.returncode})."
    return _later(said) if done.returncode == _TEMPORARY else _refused(said, "Its log says why.")


def to_maildir(data: bytes, folder: Path, name: str) -> Dispatch:
    """Put a mail into a maildir: written in `tmp`, then moved to `new`, under one name for every try."""
    try:
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        there = (folder / "new" / name).exists() or any((folder / "cur").glob(f"{name}*"))
        if not there:
            write(folder / "tmp" / name, data)
            (folder / "tmp" / name).replace(folder / "new" / name)
    except DeliveryError as error:
        return _later(f"{folder}: {error.cause}.", error.repair)
    except OSError as error:
        return _later(
            f"{folder} can't be written ({error.strerror}).",
            "Fix its permissions, or name another folder as path under [mail].",
        )
    return _sent(f"It lies in {folder}.")


def to_folder(data: bytes, folder: Path, name: str) -> Dispatch:
    """Put a mail into a folder as NAME.eml."""
    try:
        write(folder / f"{name}.eml", data)
    except DeliveryError as error:
        return _later(f"{error.subject}: {error.cause}.", error.repair)
    return _sent(f"It lies in {folder}.")
