"""The edition by mail: composed, sent at most once a morning to each recipient, and retried after failures.

Exactly once, as far as possible: a row of the outbox is claimed before anything is sent, and settled when the server
has answered. A crash in between leaves a claim, which the next holder of the lock marks as uncertain: such a mail may
have been sent, so the reader is told, and it is not sent again unasked. The only such gap is between the last byte
given to the server and storing its answer.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from email import policy
from email.parser import BytesHeaderParser

import msgspec

from newsfeed.deliver import sending
from newsfeed.deliver.sending import Dispatch, Envelope, MailOutcome, compose, recipient_hash
from newsfeed.errors import NotFoundError, SettingsError
from newsfeed.model import Day, Edition, Record, Settings
from newsfeed.pipeline import meta
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.meta import MailTrouble
from newsfeed.render import Templates
from newsfeed.render.mail_message import Message
from newsfeed.store import Store
from newsfeed.store.records import MailState

Password = Callable[[], str]
FIRST_RETRY = timedelta(minutes=5)  # as long as greylisting servers usually ask for; doubled each time
LONGEST_RETRY = timedelta(hours=1)  # so that a server that is back by noon still gets the morning's mail


class Written(Record, frozen=True, kw_only=True):
    """A mail that is ready to go: its bytes and what they were made of."""

    data: bytes
    message: Message
    envelope: Envelope

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Its headers, as a mail program reads them."""
        parsed = BytesHeaderParser(policy=policy.default).parsebytes(self.data)
        return [(name, str(value)) for name, value in parsed.items()]


class MailReport(Record, frozen=True, kw_only=True):
    """The result of sending one morning's mail."""

    date: Day
    state: str  # sent, already sent, empty, later, refused, uncertain
    text: str
    repair: str = ""
    next_try: datetime | None = None

    @property
    def good(self) -> bool:
        """Whether nothing went wrong."""
        return self.state in {"sent", "already sent", "empty"}


def write(
    home: Home, edition: Edition, *, when: datetime, purpose: str = "digest", mark: str = ""
) -> Written:
    """The mail of an edition, as it would go out now; `mark` stands before its subject.

    Raises:
        DeliveryError: parsed again, it differs from what was intended.
        SettingsError: a template is broken.
    """
    setting = home.settings.mail
    recipient = setting.to or "you@example.invalid"
    envelope = Envelope(
        sender=setting.sender or recipient,
        sender_name=setting.sender_name,
        recipient=recipient,
        date=edition.date,
        purpose=purpose,
        thread=setting.thread,
    )
    message = Templates(home.templates).message(edition, home.settings.publish.site_url)
    data = compose(
        envelope,
        subject=mark + message.subject,
        text=message.text,
        html=message.html,
        when=home.local(when).replace(microsecond=0),
        lang=message.lang,
        page_url=message.page_url,
    )
    return Written(data=data, message=message, envelope=envelope)


def of_day(home: Home, store: Store, date: Day) -> Written:
    """The mail of the stored edition of a day, with the date on which the edition was built.

    Raises:
        NotFoundError: that day has no edition.
    """
    edition = edition_of(store, date)
    return write(home, edition, when=edition.built)


def edition_of(store: Store, date: Day) -> Edition:
    """The stored edition of a day.

    Raises:
        NotFoundError: that day has none.
    """
    edition = store.edition(date)
    if edition is None:
        raise NotFoundError(f"edition of {date}", "none is stored", "Run newsfeed digest first.")
    return edition


def is_empty(edition: Edition) -> bool:
    """Whether there is no story to send."""
    return not (any(s.picks for s in edition.sections) or edition.lines or edition.long_read)


def is_failed(edition: Edition) -> bool:
    """Whether there is no story because nothing could be read."""
    return is_empty(edition) and bool(edition.feeds) and not any(report.ok for report in edition.feeds)


def _goes_out(edition: Edition, settings: Settings) -> bool:
    """Whether an edition is sent automatically; never if nothing could be read that morning."""
    return not is_empty(edition) or (settings.mail.empty_days and not is_failed(edition))


def wanted(settings: Settings) -> bool:
    """Whether the settings ask for a mail."""
    return bool(settings.mail.to)


def owed(home: Home, store: Store, date: Day) -> bool:
    """Whether the mail of a day should be sent now automatically."""
    if not wanted(home.settings):
        return False
    row = _row(store, date, home.settings)
    if row not in {None, MailState.FAILED}:
        return row == MailState.CLAIMED  # the process that claimed it has died: store and show that
    edition = store.edition(date)
    if edition is None or not _goes_out(edition, home.settings):
        return False
    trouble = trouble_of(store)
    if trouble is None or trouble.date != date or trouble.settings != _print(home.settings):
        return True
    # A retry time far in the future was written under a wrong clock.
    now = home.clock()
    return trouble.next_try is not None and not now < trouble.next_try <= now + 2 * LONGEST_RETRY


def _row(store: Store, date: Day, settings: Settings) -> MailState | None:
    recipient = recipient_hash(settings.mail.to)
    return next((m.state for m in store.mails() if m.date == date and m.recipient == recipient), None)


def send(
    home: Home, store: Store, date: Day, *, password: Password, by_hand: bool = False, again: bool = False
) -> MailReport:
    """Send the mail of a day, unless that was done. The caller holds the home's lock.

    Args:
        password: read only when it is needed.
        by_hand: also a mail of an empty day, and at once whatever failed before.
        again: even if it was sent, or may have been.

    Raises:
        NotFoundError: that day has no edition.
        SettingsError: there is no mail in newsfeed.toml, or the password can't be read.
        DeliveryError: the mail can't be written down safely.
    """
    if not wanted(home.settings):
        raise SettingsError("[mail]", "there is no address to send to", "Run newsfeed mail setup.")
    edition = edition_of(store, date)
    if not (by_hand or _goes_out(edition, home.settings)):
        why = "nothing could be read" if is_failed(edition) else "the day brought nothing"
        return MailReport(date=date, state="empty", text=f"No mail: {why}.")
    recipient = recipient_hash(home.settings.mail.to)
    store.doubt_claims(home.clock())
    if again and _row(store, date, home.settings) in {MailState.SENT, MailState.UNCERTAIN}:
        store.mark_mail(date, recipient, MailState.FAILED, home.clock(), "sent again by hand")
    # Everything that can fail earlier is done before the claim, so that only a mail that can be sent is claimed.
    written = write(home, edition, when=home.clock())
    secret = password() if home.settings.mail.by == "smtp" else ""
    if not store.claim_mail(date, recipient, home.clock()):
        return _standing(store, date, home.settings)
    done = hand_over(home, written, secret)
    store.mark_mail(date, recipient, _STATES[done.outcome], home.clock(), done.text)
    return _settle(home, store, date, done)


_STATES = {
    MailOutcome.SENT: MailState.SENT,
    MailOutcome.UNCERTAIN: MailState.UNCERTAIN,
    MailOutcome.LATER: MailState.FAILED,
    MailOutcome.REFUSED: MailState.FAILED,
}


def _standing(store: Store, date: Day, settings: Settings) -> MailReport:
    if _row(store, date, settings) == MailState.SENT:
        return MailReport(date=date, state="already sent", text=f"The mail of {date} was sent before.")
    return MailReport(
        date=date,
        state="uncertain",
        text=f"The mail of {date} may have gone out: newsfeed ended between handing it over and noting that.",
        repair="Look into your mailbox; newsfeed mail --again sends it once more.",
    )


def _settle(home: Home, store: Store, date: Day, done: Dispatch) -> MailReport:
    """Store what failed and when to retry, or clear it after success."""
    if done.outcome in {MailOutcome.SENT, MailOutcome.UNCERTAIN}:
        meta.keep(store, meta.MAIL_TROUBLE, None)
        return MailReport(date=date, state=str(done.outcome), text=done.text, repair=done.repair)
    before = trouble_of(store)
    tries = 1 + (before.tries if before and before.date == date else 0)
    pause = min(FIRST_RETRY * 2 ** min(tries - 1, 10), LONGEST_RETRY)
    trouble = MailTrouble(
        date=date,
        tries=tries,
        settings=_print(home.settings),
        text=done.text,
        repair=done.repair,
        next_try=home.clock() + pause if done.outcome == MailOutcome.LATER else None,
    )
    meta.keep(store, meta.MAIL_TROUBLE, trouble)
    return MailReport(
        date=date, state=str(done.outcome), text=done.text, repair=done.repair, next_try=trouble.next_try
    )


def trouble_of(store: Store) -> MailTrouble | None:
    """What failed last time; cleared once a mail is sent."""
    return meta.read(store, meta.MAIL_TROUBLE)


def _print(settings: Settings) -> str:
    """A fingerprint of the mail settings, which hold no secret."""
    return recipient_hash(msgspec.json.encode(settings.mail).decode())


def hand_over(home: Home, written: Written, password: str) -> Dispatch:
    """Send a mail by the means that the settings name. Nothing is stored: see `send`."""
    return sending.hand_over(written.data, written.envelope, home.settings.mail, home.folder, password)


def attempt(home: Home, edition: Edition | None = None, *, password: Password) -> Dispatch:
    """Send a trial message, which doesn't count as a morning's mail: `edition` as it would look, else a line that mail works."""
    now = home.clock()
    # Each trial has its own Message-ID, or it would be dropped as a duplicate of the last.
    written = write(
        home,
        edition or _greeting(home, now),
        when=now,
        purpose=f"test-{now:%H%M%S%f}",
        mark="Trial: " if edition else "",
    )
    return hand_over(home, written, password() if home.settings.mail.by == "smtp" else "")


def _greeting(home: Home, now: datetime) -> Edition:
    return Edition(
        date=home.today,
        zone=home.settings.timezone,
        built=now,
        heading="Mail works",
        promise="This is a test of newsfeed.",
        minutes=0,
        budget_minutes=0,
        note="Mail works: your morning page comes here at its hour.",
    )


# ------------------------------------------------------------------------- providers

# What each requires before a program may send, from their public help pages, late 2026. For others, host and port are asked.

_WANTS_ITS_OWN = "{name} wants an app password here, not your usual one: make one at {where}."
_REFUSED = (
    "{name} no longer lets programs send with a password. Use another account as the sender, a sendmail program on "
    "this machine (--by sendmail), or a published folder instead of mail."
)


class MailProvider(Record, frozen=True, kw_only=True):
    """How one mail provider accepts mail from programs."""

    name: str
    host: str
    port: int = 587
    security: str = "starttls"
    advice: str = ""  # what its customers must do first
    refuses: bool = False  # passwords, altogether


def _app(name: str, host: str, where: str, port: int = 587, security: str = "starttls") -> MailProvider:
    advice = _WANTS_ITS_OWN.format(name=name, where=where)
    return MailProvider(name=name, host=host, port=port, security=security, advice=advice)


def _tls(name: str, host: str) -> MailProvider:
    return MailProvider(name=name, host=host, port=465, security="tls")


def _allowed(name: str, host: str, where: str) -> MailProvider:
    advice = f"{name} sends for programs once you allow it: Settings, {where}. With two-factor login it wants an app password."
    return MailProvider(name=name, host=host, advice=advice)


_BY_DOMAIN: dict[str, MailProvider] = {
    domain: provider
    for domains, provider in {
        "gmail.com googlemail.com": _app("Gmail", "smtp.gmail.com", "https://myaccount.google.com/apppasswords"),
        "outlook.com outlook.de hotmail.com hotmail.co.uk hotmail.de live.com msn.com": MailProvider(
            name="Outlook.com", host="smtp-mail.outlook.com", refuses=True, advice=_REFUSED.format(name="Outlook.com")
        ),
        "yahoo.com yahoo.co.uk yahoo.de yahoo.fr ymail.com": _app("Yahoo", "smtp.mail.yahoo.com", "https://login.yahoo.com/account/security", 465, "tls"),
        "aol.com": _app("AOL", "smtp.aol.com", "https://login.aol.com/account/security", 465, "tls"),
        "icloud.com me.com mac.com": _app("iCloud", "smtp.mail.me.com", "https://account.apple.com, under Sign-In and Security"),
        "fastmail.com fastmail.fm": _app("Fastmail", "smtp.fastmail.com", "Settings, Privacy & Security, Connected apps", 465, "tls"),
        "gmx.net gmx.de gmx.at gmx.ch": _allowed("GMX", "mail.gmx.net", "POP3 & IMAP"),
        "gmx.com": _allowed("GMX", "mail.gmx.com", "POP3 & IMAP"),
        "web.de": _allowed("WEB.DE", "smtp.web.de", "POP3/IMAP"),
        "proton.me protonmail.com pm.me": MailProvider(
            name="Proton", host="127.0.0.1", port=1025, security="none",
            advice="Proton needs its Bridge program running on this machine; the password is the one that Bridge shows.",
        ),
        "zoho.com zohomail.com": _app("Zoho", "smtp.zoho.com", "https://accounts.zoho.com, Security", 465, "tls"),
        "mailbox.org": _tls("mailbox.org", "smtp.mailbox.org"),
        "posteo.de posteo.net": _tls("Posteo", "posteo.de"),
        "t-online.de magenta.de": _app("Telekom", "securesmtp.t-online.de", "your account's e-mail settings", 465, "tls"),
        "yandex.com yandex.ru ya.ru": _app("Yandex", "smtp.yandex.com", "https://id.yandex.com/security/app-passwords", 465, "tls"),
        "migadu.com": _tls("Migadu", "smtp.migadu.com"),
        "runbox.com": _tls("Runbox", "mail.runbox.com"),
    }.items()
    for domain in domains.split()
}  # fmt: skip


def provider_of(address: str) -> MailProvider | None:
    """The provider of a mail address, None if its domain is unknown."""
    return _BY_DOMAIN.get(address.rpartition("@")[2].strip().lower())
