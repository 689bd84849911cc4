"""Handing a mail over: to an SMTP server, a sendmail program, a maildir or a folder of .eml files.

Between the last byte of the message and an SMTP server's answer lies the one moment in which nobody can know whether
the mail is on its way. What goes wrong before it is surely not sent; what goes wrong in it is uncertain."""

from __future__ import annotations

import base64
import re
import smtplib
import ssl
import subprocess
from enum import StrEnum
from pathlib import Path

from newsfeed.deliver.files import write
from newsfeed.deliver.message import Envelope
from newsfeed.errors import DeliveryError
from newsfeed.model import MailSetting, Record


class MailOutcome(StrEnum):
    """How handing over a mail ended."""

    SENT = "sent"
    LATER = "later"  # surely not taken; another time it may be
    REFUSED = "refused"  # surely not taken, and it won't be before its owner does something
    UNCERTAIN = "uncertain"  # handed over whole, but the answer never came


class Dispatch(Record, frozen=True, kw_only=True):
    """How it ended, in one sentence, and what to do. Neither holds an address or a password."""

    outcome: MailOutcome
    text: str
    repair: str = ""


_OWN_NAME = "[127.0.0.1]"  # the name we greet with: the machine's own is nobody's business
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_NEW_SERVER = "Run newsfeed mail setup to name another."


def _port(server: MailSetting) -> int:
    return server.port or _PORTS[server.security]


def _place(server: MailSetting) -> str:
    return f"{server.host}:{_port(server)}"


class _Said(Exception):  # noqa: N818 - the server's no, on its way to `by_smtp`
    def __init__(self, step: str, code: int, answer: bytes | str) -> None:
        super().__init__(step, code)
        self.step, self.code = step, code
        self.answer = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer


def hand_over(data: bytes, envelope: Envelope, setting: MailSetting, home: Path, password: str) -> Dispatch:
    """Give a mail to whatever the settings name; never raises. Relative paths lie in `home`."""
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
    """Hand a mail over; never raises for what a server or the way to it does."""
    try:
        smtp = _connected(server)
    except (OSError, UnicodeError, smtplib.SMTPException, _Said) as error:
        return _explain(error, server)
    try:
        _log_in(
            smtp,
            server.user or sender,
            password,
        )
        handed = _hand_over(smtp, data, sender, recipient)
    except (OSError, smtplib.SMTPException, _Said) as error:
        smtp.close()
        return _explain(error, server)
    try:
        smtp.quit()
    except (OSError, smtplib.SMTPException):
        smtp.close()  # how the farewell went changes nothing
    return handed


def _connected(server: MailSetting) -> smtplib.SMTP:
    """A connection that has been greeted and, unless the server is on this machine, encrypted."""
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
    if code // 100 not in {2, 4, 5}:  # no answer, or one that says neither yes nor no
        return Dispatch(
            outcome=MailOutcome.UNCERTAIN,
            text="The mail server took the whole mail but did not say whether it has it.",
            repair="Look into your mailbox; newsfeed mail --again sends it once more.",
        )
    if code // 100 != 2:
        raise _Said("the message", code, answer)
    return Dispatch(outcome=MailOutcome.SENT, text="The mail server has taken it.")


def _must(step: str, reply: tuple[int, bytes], good: int = 0) -> None:
    code, answer = reply
    if code != good if good else code // 100 != 2:
        raise _Said(step, code, answer)


def _explain(error: Exception, server: MailSetting) -> Dispatch:
    """What went wrong before the mail was taken, in words. A server's own sentence is quoted without addresses."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Dispatch(
            outcome=MailOutcome.REFUSED,
            text=f"The certificate of {_place(server)} can't be trusted: {error.verify_message}.",
            repair="Nothing was sent. Check the server's name in newsfeed.toml; if it is right, ask its operator.",
        )
    if isinstance(error, UnicodeError):
        return Dispatch(
            outcome=MailOutcome.REFUSED, text=f"{server.host} is no name of a server.", repair=_NEW_SERVER
        )
    if isinstance(error, ssl.SSLError):
        return Dispatch(
            outcome=MailOutcome.REFUSED,
            text=f"{_place(server)} doesn't speak TLS as it was asked to.",
            repair='Try security = "tls" with port 465, or "starttls" with port 587, under [mail].',
        )
    if isinstance(error, smtplib.SMTPAuthenticationError):
        if error.smtp_code // 100 == 4:
            return _not_now(server, error.smtp_code, error.smtp_error)
        return Dispatch(
            outcome=MailOutcome.REFUSED,
            text=f"{server.host} refused the user name or the password ({error.smtp_code}).",
            repair="Many providers want an app password here: newsfeed mail setup says for which, and where to get it.",
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Dispatch(
            outcome=MailOutcome.REFUSED,
            text=f"{server.host} takes no password here.",
            repair="Take the user and the password out of [mail], or name the port for sending: 587 or 465.",
        )
    if isinstance(error, smtplib.SMTPResponseException):
        error = _Said("the greeting", error.smtp_code, error.smtp_error)
    if isinstance(error, _Said):
        if error.step == "STARTTLS":
            return Dispatch(
                outcome=MailOutcome.REFUSED,
                text=f"{_place(server)} offers no encryption, so nothing was sent.",
                repair='Use port 587, or security = "tls" with port 465, under [mail].',
            )
        if error.code // 100 == 4 or error.code < 0:
            return _not_now(server, error.code, error.answer)
        return Dispatch(
            outcome=MailOutcome.REFUSED,
            text=f"{server.host} refused {_STEPS.get(error.step, error.step)}: {_quoted(error.code, error.answer)}",
            repair="Check sender and recipient under [mail] in newsfeed.toml, or use another server.",
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
    return Dispatch(outcome=MailOutcome.LATER, text=text, repair="It is tried again by itself.")


_STEPS = {"MAIL": "the sender", "RCPT": "the recipient", "DATA": "the message", "EHLO": "to talk to us"}


def _not_now(server: MailSetting, code: int, answer: bytes | str) -> Dispatch:
    return Dispatch(
        outcome=MailOutcome.LATER,
        text=f"{server.host} asks to come back later: {_quoted(code, answer)}",
        repair="It is tried again by itself.",
    )


def _quoted(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    plain = "".join(c if c.isprintable() else " " for c in text)
    plain = re.sub(r"\S+@\S+", "…", plain)
    return f"{code} {' '.join(plain.split())[:160]}".strip()


SENDMAIL = "/usr/sbin/sendmail"
_TEMPORARY = 75  # EX_TEMPFAIL of sysexits.h


def by_sendmail(data: bytes, sender: str, recipient: str, *, program: str = "", timeout: float) -> Dispatch:
    """Give a mail to a sendmail program on its standard input; no shell, and no text of a feed among its arguments."""
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
        return Dispatch(
            outcome=MailOutcome.UNCERTAIN,
            text=f"{program} took the mail but did not end within {timeout:.0f} seconds.",
            repair="Look into your mailbox; newsfeed mail --again sends it once more.",
        )
    except OSError as error:
        return Dispatch(
            outcome=MailOutcome.REFUSED,
            text=f"{program} can't be run ({error.strerror}).",
            repair="Name your sendmail program as path under [mail] in newsfeed.toml.",
        )
    if done.returncode == 0:
        return Dispatch(outcome=MailOutcome.SENT, text=f"{program} has taken it.")
    outcome = MailOutcome.LATER if done.returncode == _TEMPORARY else MailOutcome.REFUSED
    return Dispatch(
        outcome=outcome,
        text=f"{program} refused it (exit code {done.returncode}).",
        repair="It is tried again by itself." if outcome == MailOutcome.LATER else "Its log says why.",
    )


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
        return Dispatch(outcome=MailOutcome.LATER, text=f"{folder}: {error.cause}.", repair=error.repair)
    except OSError as error:
        return _unwritable(folder, error)
    return Dispatch(outcome=MailOutcome.SENT, text=f"It lies in {folder}.")


def to_folder(data: bytes, folder: Path, name: str) -> Dispatch:
    """Put a mail into a folder as NAME.eml."""
    try:
        write(folder / f"{name}.eml", data)
    except DeliveryError as error:
        return Dispatch(
            outcome=MailOutcome.LATER, text=f"{error.subject}: {error.cause}.", repair=error.repair
        )
    return Dispatch(outcome=MailOutcome.SENT, text=f"It lies in {folder}.")


def _unwritable(folder: Path, error: OSError) -> Dispatch:
    return Dispatch(
        outcome=MailOutcome.LATER,
        text=f"{folder} can't be written ({error.strerror}).",
        repair="Fix its permissions, or name another folder as path under [mail].",
    )
