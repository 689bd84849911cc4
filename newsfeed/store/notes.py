"""Small facts: key and value, the last good list, days that are done, and the outbox of mails."""

from __future__ import annotations

from datetime import date, datetime

import msgspec
from sqlalchemy import delete, insert, select, update

from newsfeed.store.dialect import Transaction
from newsfeed.store.records import Mail, MailState
from newsfeed.store.schema import day, last_list, mail, meta

# ------------------------------------------------------------------------- key and value


def get(db: Transaction, key: str) -> str | None:
    """The value of a key, or None."""
    value: str | None = db.execute(select(meta.c.value).where(meta.c.key == key)).scalar()
    return value


def beginning(db: Transaction, prefix: str) -> dict[str, str]:
    """The values of all keys that begin so, by what follows in them."""
    # A range, so that the primary key finds them; the last character of Unicode stands for the end.
    query = select(meta.c.key, meta.c.value).where(meta.c.key >= prefix, meta.c.key < f"{prefix}\U0010ffff")
    return {key.removeprefix(prefix): value for key, value in db.execute(query)}


def put(db: Transaction, key: str, value: str | None) -> None:
    """Set a value; None takes the key away."""
    if value is None:
        db.execute(delete(meta).where(meta.c.key == key))
    else:
        db.upsert(meta, [{"key": key, "value": value}])


def declined(db: Transaction) -> tuple[str, ...]:
    """What was proposed and the reader said no to, oldest first."""
    return msgspec.json.decode(get(db, "declined") or "[]", type=tuple[str, ...])


def decline(db: Transaction, proposal: str) -> None:
    """Keep a no."""
    said = dict.fromkeys((*declined(db), proposal))
    put(db, "declined", msgspec.json.encode(list(said)).decode())


def moment(db: Transaction, key: str) -> datetime | None:
    """A moment that `put_moment` kept, or None."""
    value = get(db, key)
    return datetime.fromisoformat(value) if value else None


def put_moment(db: Transaction, key: str, value: datetime) -> None:
    """Keep a moment under a key."""
    put(db, key, value.isoformat())


# ------------------------------------------------------------------------- the last good list


def save_list(db: Transaction, data: bytes) -> None:
    """Keep the bytes of a list that could be read."""
    if read_list(db) != data:
        db.upsert(last_list, [{"id": 1, "data": data}])


def read_list(db: Transaction) -> bytes | None:
    """The last list that could be read, or None before there was one."""
    data: bytes | None = db.execute(select(last_list.c.data)).scalar()
    return data


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
