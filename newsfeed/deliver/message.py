"""A mail as bytes: exactly the headers that we mean, checked by reading them back.

Python before 3.11.10 and 3.12.5 could be led to write a header of its own making out of an encoded word
(CVE-2024-6923), so whatever is written here is parsed again and compared before it may go anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email import policy
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser

from newsfeed.errors import DeliveryError
from newsfeed.model import Day, Record

LONGEST_LINE = 998  # bytes, RFC 5322
_LONGEST_PLAIN = 65  # characters of a subject that fit on one line behind its name
_SUBJECT = "subject"  # stands for the true one while the rest is written
_PART_HEADERS = {"content-type", "content-transfer-encoding", "mime-version"}


class Envelope(Record, frozen=True, kw_only=True):
    """Who a mail is from and for, and which morning it is."""

    sender: str
    recipient: str
    date: Day
    sender_name: str = "newsfeed"
    purpose: str = "digest"  # "test" for a try
    thread: bool = False

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2].lower()

    @property
    def message_id(self) -> str:
        """The same for every try to send this morning to this recipient, so that no retry makes a second mail."""
        return f"<{self.purpose}-{self.date.isoformat()}.{recipient_hash(self.recipient)}@{self.domain}>"


def recipient_hash(address: str) -> str:
    """A recipient as it is kept: 16 hex digits that don't tell the address."""
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
    mail["Content-Language"] = lang  # now: what begins with Content- would have gone into the first part
    # A boundary of our own keeps the bytes the same from one time to the next.
    mail.set_boundary("=_" + hashlib.sha256((text + html).encode()).hexdigest()[:32])
    data = mail.as_bytes().replace(f"Subject: {_SUBJECT}\r\n".encode(), _subject(subject), 1)
    check(data, meant, envelope)
    return data


def _subject(text: str) -> bytes:
    """The subject's header. EmailMessage loses a space now and then where it breaks words that are not ASCII."""
    text = " ".join(text.split())
    plain = text.isascii() and text.isprintable() and "=?" not in text and len(text) <= _LONGEST_PLAIN
    value = text if plain else Header(text, "utf-8", header_name="Subject").encode(linesep="\r\n")
    return f"Subject: {value}\r\n".encode("ascii")


def check(data: bytes, meant: Sequence[str], envelope: Envelope) -> None:
    """Read a mail back and compare it with what was meant.

    Raises:
        DeliveryError: a header too many or too few, another sender or recipient, or parts that we didn't write.
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
