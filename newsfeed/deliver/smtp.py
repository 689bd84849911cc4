"""Handing a mail to an SMTP server: over TLS with a verified certificate, and with an exact idea of what went wrong.

Between the last byte of the message and the server's answer lies the one moment in which nobody can know whether the
mail is on its way. What goes wrong before it is surely not sent; what goes wrong in it is uncertain.
"""

from __future__ import annotations

import base64
import re
import smtplib
import ssl

from newsfeed.deliver.dispatch import Dispatch, Outcome
from newsfeed.model import Record

_OWN_NAME = "[127.0.0.1]"  # the name we greet with: the machine's own is nobody's business
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_NEW_SERVER = "Run newsfeed mail setup to name another."


class Server(Record, frozen=True, kw_only=True):
    """A mail server and how it is spoken to."""

    host: str
    port: int = 0  # 0: what is usual for `security`
    security: str = "starttls"  # starttls, tls, none
    user: str = ""
    timeout: float = 30.0  # seconds for each answer

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port or _PORTS[self.security]}"


class _Said(Exception):  # noqa: N818 - the server's no, on its way to `send`
    def __init__(self, step: str, code: int, answer: bytes | str) -> None:
        super().__init__(step, code)
        self.step, self.code = step, code
        self.answer = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer


def send(data: bytes, sender: str, recipient: str, server: Server, password: str) -> Dispatch:
    """Hand a mail over; never raises for what a server or the way to it does."""
    try:
        smtp = _connected(server)
    except (OSError, UnicodeError, smtplib.SMTPException, _Said) as error:
        return _explain(error, server)
    try:
        _log_in(smtp, server, password)
        handed = _hand_over(smtp, data, sender, recipient)
    except (OSError, smtplib.SMTPException, _Said) as error:
        smtp.close()
        return _explain(error, server)
    try:
        smtp.quit()
    except (OSError, smtplib.SMTPException):
        smtp.close()  # how the farewell went changes nothing
    return handed


def _connected(server: Server) -> smtplib.SMTP:
    """A connection that has been greeted and, unless the server is on this machine, encrypted."""
    port = server.port or _PORTS[server.security]
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


def _log_in(smtp: smtplib.SMTP, server: Server, password: str) -> None:
    if not password:
        return
    if (server.user + password).isascii():
        smtp.login(server.user, password, initial_response_ok=False)
    else:
        _log_in_beyond_ascii(smtp, server.user, password)


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
            outcome=Outcome.UNCERTAIN,
            text="The mail server took the whole mail but did not say whether it has it.",
            repair="Look into your mailbox; newsfeed mail --again sends it once more.",
        )
    if code // 100 != 2:
        raise _Said("the message", code, answer)
    return Dispatch(outcome=Outcome.SENT, text="The mail server has taken it.")


def _must(step: str, reply: tuple[int, bytes], good: int = 0) -> None:
    code, answer = reply
    if code != good if good else code // 100 != 2:
        raise _Said(step, code, answer)


def _explain(error: Exception, server: Server) -> Dispatch:
    """What went wrong before the mail was taken, in words. A server's own sentence is quoted without addresses."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Dispatch(
            outcome=Outcome.REFUSED,
            text=f"The certificate of {server.place} can't be trusted: {error.verify_message}.",
            repair="Nothing was sent. Check the server's name in newsfeed.toml; if it is right, ask its operator.",
        )
    if isinstance(error, UnicodeError):
        return Dispatch(
            outcome=Outcome.REFUSED, text=f"{server.host} is no name of a server.", repair=_NEW_SERVER
        )
    if isinstance(error, ssl.SSLError):
        return Dispatch(
            outcome=Outcome.REFUSED,
            text=f"{server.place} doesn't speak TLS as it was asked to.",
            repair='Try security = "tls" with port 465, or "starttls" with port 587, under [mail].',
        )
    if isinstance(error, smtplib.SMTPAuthenticationError):
        if error.smtp_code // 100 == 4:
            return _not_now(server, error.smtp_code, error.smtp_error)
        return Dispatch(
            outcome=Outcome.REFUSED,
            text=f"{server.host} refused the user name or the password ({error.smtp_code}).",
            repair="Many providers want an app password here: newsfeed mail setup says for which, and where to get it.",
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Dispatch(
            outcome=Outcome.REFUSED,
            text=f"{server.host} takes no password here.",
            repair="Take the user and the password out of [mail], or name the port for sending: 587 or 465.",
        )
    if isinstance(error, smtplib.SMTPResponseException):
        error = _Said("the greeting", error.smtp_code, error.smtp_error)
    if isinstance(error, _Said):
        if error.step == "STARTTLS":
            return Dispatch(
                outcome=Outcome.REFUSED,
                text=f"{server.place} offers no encryption, so nothing was sent.",
                repair='Use port 587, or security = "tls" with port 465, under [mail].',
            )
        if error.code // 100 == 4 or error.code < 0:
            return _not_now(server, error.code, error.answer)
        return Dispatch(
            outcome=Outcome.REFUSED,
            text=f"{server.host} refused {_STEPS.get(error.step, error.step)}: {_quoted(error.code, error.answer)}",
            repair="Check sender and recipient under [mail] in newsfeed.toml, or use another server.",
        )
    if isinstance(error, TimeoutError):
        text = f"{server.place} did not answer within {server.timeout:.0f} seconds."
    elif isinstance(error, ConnectionRefusedError):
        text = f"Nobody answers at {server.place}."
    elif isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError):
        text = f"{server.place} broke off before it had the mail."
    else:
        text = (
            f"{server.place} can't be reached ({getattr(error, 'strerror', None) or type(error).__name__})."
        )
    return Dispatch(outcome=Outcome.LATER, text=text, repair="It is tried again by itself.")


_STEPS = {"MAIL": "the sender", "RCPT": "the recipient", "DATA": "the message", "EHLO": "to talk to us"}


def _not_now(server: Server, code: int, answer: bytes | str) -> Dispatch:
    return Dispatch(
        outcome=Outcome.LATER,
        text=f"{server.host} asks to come back later: {_quoted(code, answer)}",
        repair="It is tried again by itself.",
    )


def _quoted(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    plain = "".join(c if c.isprintable() else " " for c in text)
    plain = re.sub(r"\S+@\S+", "…", plain)
    return f"{code} {' '.join(plain.split())[:160]}".strip()
