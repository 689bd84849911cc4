"""What was printed and sent: editions, kept whole and for ever; the days that are done; the outbox of mails."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from sqlalchemy import delete, func, insert, select, update

from newsfeed.errors import StoreError
from newsfeed.model import Edition, EditionSummary, Shown, accounts, summary
from newsfeed.store import rows
from newsfeed.store.dialect import Transaction
from newsfeed.store.records import Mail, MailState
from newsfeed.store.schema import day, edition, mail, shown

_EDITION = msgspec.json.Decoder(Edition)
SUMMARY = msgspec.json.Decoder(EditionSummary)
_ENCODER = msgspec.json.Encoder()


def record(db: Transaction, printed: Edition, stories: Sequence[Shown]) -> None:
    """Keep an edition and what it showed, in place of an earlier one of the same date."""
    db.execute(delete(shown).where(shown.c.date == printed.date))
    db.upsert(
        edition,
        [
            {
                "date": printed.date,
                "zone": printed.zone,
                "built": printed.built,
                "minutes": printed.minutes,
                "revised": printed.revised,
                "data": zlib.compress(_ENCODER.encode(printed), 6),
                "summary": _ENCODER.encode(summary(printed)).decode(),
            }
        ],
    )
    if stories:
        db.execute(insert(shown), [{**rows.SHOWN.values(s), "date": printed.date} for s in stories])


def edition_of(db: Transaction, local: date) -> Edition | None:
    """The edition of a local day as it was printed, or None.

    Raises:
        StoreError: what is kept of it is damaged.
    """
    data = db.execute(select(edition.c.data).where(edition.c.date == local)).scalar()
    if data is None:
        return None
    try:
        return decoded(zlib.decompress(data))
    except (zlib.error, msgspec.DecodeError) as error:
        raise StoreError(
            f"edition of {local}", "what is kept of it can't be read", "Build it again: `--rebuild`."
        ) from error


def decoded(data: bytes) -> Edition:
    """An edition as it was kept; one whose accounts are tables of the older form is read as if they were records.

    Raises:
        msgspec.DecodeError: it is damaged.
    """
    try:
        return _EDITION.decode(data)
    except msgspec.ValidationError:
        return msgspec.convert(accounts.as_records(msgspec.json.decode(data)), Edition)


def editions(db: Transaction) -> list[date]:
    """The days with an edition, oldest first."""
    return [r[0] for r in db.execute(select(edition.c.date).order_by(edition.c.date))]


def latest_edition(db: Transaction) -> Edition | None:
    """The edition with the newest date."""
    newest = db.execute(select(func.max(edition.c.date))).scalar()
    return None if newest is None else edition_of(db, newest)


def built_before(db: Transaction, local: date) -> datetime | None:
    """When the last edition of an earlier date was built."""
    query = select(edition.c.built).where(edition.c.date < local).order_by(edition.c.date.desc()).limit(1)
    moment: datetime | None = db.execute(query).scalar()
    return moment


# ------------------------------------------------------------------------- days


def done(db: Transaction, local: date, zone: str = "") -> bool:
    """Whether the edition of this local day is done: in any zone, or with `zone` in that one."""
    query = select(day.c.date).where(day.c.date == local)
    return db.execute(query.where(day.c.zone == zone) if zone else query).first() is not None


def mark_done(db: Transaction, local: date, zone: str, now: datetime) -> bool:
    """Note that it is; False when that was noted before."""
    if done(db, local, zone):
        return False
    db.execute(insert(day).values(date=local, zone=zone, done=now))
    return True


# ------------------------------------------------------------------------- outbox


def claim_mail(db: Transaction, local: date, recipient: str, now: datetime) -> bool:
    """Take the one right to send the mail of this day to this recipient (a hash).

    True when nobody had it, or the last attempt surely failed. False when it was sent, may have been, or is under way.
    """
    before = db.execute(
        select(mail.c.state).where(mail.c.date == local, mail.c.recipient == recipient)
    ).scalar()
    if before not in {None, MailState.FAILED}:
        return False
    db.upsert(
        mail,
        [
            {
                "date": local,
                "recipient": recipient,
                "state": str(MailState.CLAIMED),
                "claimed": now,
                "settled": None,
                "note": "",
            }
        ],
    )
    return True


def mark_mail(
    db: Transaction, local: date, recipient: str, state: MailState, now: datetime, note: str = ""
) -> None:
    """Note what became of a claimed mail."""
    db.execute(
        update(mail)
        .where(mail.c.date == local, mail.c.recipient == recipient)
        .values(state=str(MailState(state)), settled=now, note=note)
    )


def mails(db: Transaction, state: MailState | None = None) -> list[Mail]:
    """Rows of the outbox, oldest first."""
    query = select(mail).order_by(mail.c.date, mail.c.recipient)
    if state is not None:
        query = query.where(mail.c.state == str(state))
    return [
        Mail(
            date=r.date,
            recipient=r.recipient,
            state=MailState(r.state),
            claimed=r.claimed,
            settled=r.settled,
            note=r.note,
        )
        for r in db.execute(query)
    ]


def doubt_claims(db: Transaction, now: datetime) -> int:
    """Mark every claim that is still open as uncertain; gives how many there were.

    For who holds the home's lock and sends nothing himself: whoever claimed has died between claim and record.
    """
    query = update(mail).where(mail.c.state == str(MailState.CLAIMED))
    return db.execute(query.values(state=str(MailState.UNCERTAIN), settled=now)).rowcount
