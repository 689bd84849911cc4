"""The mail servers of large providers, and what each of them wants before a program may send. Pure.

As their public help pages say, late 2026. Whoever is not here names host and port.
"""

from __future__ import annotations

from newsfeed.model import Record

_WANTS_ITS_OWN = "{name} wants an app password here, not your usual one: make one at {where}."
_REFUSED = (
    "{name} no longer lets programs send with a password. Use another account as the sender, a sendmail program on "
    "this machine (--by sendmail), or a published folder instead of mail."
)


class MailProvider(Record, frozen=True, kw_only=True):
    """How one provider takes mail from programs."""

    name: str
    host: str
    port: int = 587
    security: str = "starttls"
    advice: str = ""  # what its customers must know first
    refuses: bool = False  # passwords, altogether


def _app(name: str, host: str, where: str, port: int = 587, security: str = "starttls") -> MailProvider:
    return MailProvider(
        name=name,
        host=host,
        port=port,
        security=security,
        advice=_WANTS_ITS_OWN.format(name=name, where=where),
    )


_GMAIL = _app("Gmail", "smtp.gmail.com", "https://myaccount.google.com/apppasswords")
_MICROSOFT = MailProvider(
    name="Outlook.com",
    host="smtp-mail.outlook.com",
    refuses=True,
    advice=_REFUSED.format(name="Outlook.com"),
)
_YAHOO = _app(
    "Yahoo", "smtp.mail.yahoo.com", "https://login.yahoo.com/account/security", port=465, security="tls"
)
_AOL = _app("AOL", "smtp.aol.com", "https://login.aol.com/account/security", port=465, security="tls")
_ICLOUD = _app("iCloud", "smtp.mail.me.com", "https://account.apple.com, under Sign-In and Security")
_FASTMAIL = _app(
    "Fastmail",
    "smtp.fastmail.com",
    "Settings, Privacy & Security, Connected apps",
    port=465,
    security="tls",
)
_GMX = MailProvider(
    name="GMX",
    host="mail.gmx.net",
    advice="GMX sends for programs once you allow it: Settings, POP3 & IMAP. With two-factor login it wants an app password.",
)
_GMX_COM = MailProvider(name="GMX", host="mail.gmx.com", advice=_GMX.advice)
_WEB_DE = MailProvider(
    name="WEB.DE",
    host="smtp.web.de",
    advice="WEB.DE sends for programs once you allow it: Settings, POP3/IMAP. With two-factor login it wants an app password.",
)
_PROTON = MailProvider(
    name="Proton",
    host="127.0.0.1",
    port=1025,
    security="none",
    advice="Proton needs its Bridge program running on this machine; the password is the one that Bridge shows.",
)
_ZOHO = _app("Zoho", "smtp.zoho.com", "https://accounts.zoho.com, Security", port=465, security="tls")
_MAILBOX = MailProvider(name="mailbox.org", host="smtp.mailbox.org", port=465, security="tls")
_POSTEO = MailProvider(name="Posteo", host="posteo.de", port=465, security="tls")
_TELEKOM = _app(
    "Telekom", "securesmtp.t-online.de", "your account's e-mail settings", port=465, security="tls"
)
_YANDEX = _app("Yandex", "smtp.yandex.com", "https://id.yandex.com/security/app-passwords", port=465, security="tls")  # fmt: skip
_MIGADU = MailProvider(name="Migadu", host="smtp.migadu.com", port=465, security="tls")
_RUNBOX = MailProvider(name="Runbox", host="mail.runbox.com", port=465, security="tls")

_BY_DOMAIN: dict[str, MailProvider] = {
    **dict.fromkeys(("gmail.com", "googlemail.com"), _GMAIL),
    **dict.fromkeys(
        ("outlook.com", "outlook.de", "hotmail.com", "hotmail.co.uk", "hotmail.de", "live.com", "msn.com"),
        _MICROSOFT,
    ),
    **dict.fromkeys(("yahoo.com", "yahoo.co.uk", "yahoo.de", "yahoo.fr", "ymail.com"), _YAHOO),
    "aol.com": _AOL,
    **dict.fromkeys(("icloud.com", "me.com", "mac.com"), _ICLOUD),
    **dict.fromkeys(("fastmail.com", "fastmail.fm"), _FASTMAIL),
    **dict.fromkeys(("gmx.net", "gmx.de", "gmx.at", "gmx.ch"), _GMX),
    "gmx.com": _GMX_COM,
    "web.de": _WEB_DE,
    **dict.fromkeys(("proton.me", "protonmail.com", "pm.me"), _PROTON),
    **dict.fromkeys(("zoho.com", "zohomail.com"), _ZOHO),
    "mailbox.org": _MAILBOX,
    **dict.fromkeys(("posteo.de", "posteo.net"), _POSTEO),
    **dict.fromkeys(("t-online.de", "magenta.de"), _TELEKOM),
    **dict.fromkeys(("yandex.com", "yandex.ru", "ya.ru"), _YANDEX),
    "migadu.com": _MIGADU,
    "runbox.com": _RUNBOX,
}


def of(address: str) -> MailProvider | None:
    """The provider behind a mail address, None where its domain isn't known."""
    return _BY_DOMAIN.get(address.rpartition("@")[2].strip().lower())
