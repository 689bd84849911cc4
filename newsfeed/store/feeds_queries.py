"""The list, the state of each feed, and storing what one answer brought. One call is one transaction of `Store`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Date, bindparam, delete, func, insert, or_, select, update

from newsfeed.errors import NotFoundError
from newsfeed.model import Counts, FeedFacts, FeedState, FeedUpdate, Item, KnownItem, Subscription
from newsfeed.store import items_queries, records, search_queries
from newsfeed.store.dialect import Transaction
from newsfeed.store.records import Applied, SyncReport
from newsfeed.store.schema import body, feed, former, item, tagging, tally
from newsfeed.text.options import options

KNOWN = 1000  # newest items of a feed that are given out for recognising; a document holds at most 500
RECENT = timedelta(days=14)  # younger items are never deleted
REF = 7  # characters of a short name: 35 bits

# ------------------------------------------------------------------------- the list


def sync(db: Transaction, subscriptions: Iterable[Subscription], now: datetime) -> SyncReport:
    """Bring the stored list in line with `subscriptions`. Removed feeds keep their history."""
    wanted = {s.url: (place, s) for place, s in reversed(list(enumerate(subscriptions)))}
    have = {
        row.url: row
        for row in db.execute(
            select(feed.c.id, feed.c.url, feed.c.outline, feed.c.place, feed.c.listed, feed.c.moved_to)
        )
    }
    _follow(db, wanted, have)
    added, removed, changed, kept = [], [], [], 0
    new: list[dict[str, Any]] = []
    for url, (place, subscription) in sorted(wanted.items(), key=lambda entry: entry[1][0]):
        row = have.get(url)
        values: dict[str, Any] = {
            "outline": records.outline(subscription),
            "place": place,
            "listed": True,
            "until": None,
        }
        if row is None:
            new.append({"url": url, "since": now, **values})
            added.append(url)
            continue
        if not row.listed:
            # Back in the list: asked at once, and what it published meanwhile is treated as on a first request.
            values |= {"next_due": None, "first_good": None, "failures": 0, "failing_since": None}
            added.append(url)
        elif _differs(records.subscription_of(row.outline), subscription):
            changed.append(url)
        else:
            kept += 1
            if row.place == place and row.outline == values["outline"]:
                continue
        db.execute(update(feed).where(feed.c.id == row.id).values(values))
    if new:
        db.execute(insert(feed), new)
    for url, row in have.items():
        if row.listed and url not in wanted:
            db.execute(update(feed).where(feed.c.id == row.id).values(listed=False, until=now))
            removed.append(url)
    return SyncReport(added=tuple(added), removed=tuple(removed), changed=tuple(changed), kept=kept)


def _differs(old: Subscription, new: Subscription) -> bool:
    """Whether an outline differs; its position in the file doesn't matter."""
    return msgspec.structs.replace(old, line=0) != msgspec.structs.replace(new, line=0)


def _follow(db: Transaction, wanted: Mapping[str, Any], have: dict[str, Any]) -> None:
    """Let an address that replaces the one it moved from continue with its history."""
    leaving = [row for url, row in have.items() if row.listed and url not in wanted]
    for url in wanted.keys() - have.keys():
        old = next((r for r in leaving if r.moved_to == url or _same_place(r.url, url)), None)
        if old is None:
            continue
        leaving.remove(old)
        db.execute(update(feed).where(feed.c.id == old.id).values(url=url, moved_to="", next_due=None))
        del have[old.url]
        have[url] = old


def _same_place(one: str, other: str) -> bool:
    """Whether two addresses differ in scheme, a "www." or a last slash only."""

    def core(url: str) -> str:
        return url.partition("://")[2].removeprefix("www.").rstrip("/")

    return core(one) == core(other)


# ------------------------------------------------------------------------- states


def states(db: Transaction, *, listed: bool = True) -> list[FeedState]:
    """The feeds of the list in its order; with `listed` False, those that were taken out."""
    query = select(*records.FEED_COLUMNS).where(feed.c.listed == listed).order_by(feed.c.place, feed.c.id)
    return [records.feed_state(row) for row in db.execute(query).all()]


def may_be_labelled(db: Transaction) -> bool:
    """Whether any outline has an attribute "label", as it is written in JSON. Few lists have any, and to read all feeds
    takes as long as the rest of what is asked for then."""
    return (
        db.execute(select(feed.c.id).where(feed.c.outline.contains('"label":')).limit(1)).first() is not None
    )


def facts(state: FeedState, **more: Any) -> FeedFacts:
    """The facts about a feed for an edition: those of the list, and `more`."""
    return FeedFacts(
        feed=state.feed,
        title=state.name,
        url=state.subscription.url,
        html_url=state.subscription.html_url or state.html_url,
        folders=state.subscription.folders,
        options=options(state.subscription.options),
        shows=tuple(state.cursor.get("shows", "").splitlines()),
        **more,
    )


def in_social_folder(state: FeedState) -> bool:
    """Whether a feed is in a folder "Social", that is, people's posts."""
    return any(folder.casefold() == "social" for folder in state.subscription.folders)


def state(db: Transaction, number: int) -> FeedState:
    """The state of one feed, in the list or not.

    Raises:
        NotFoundError: there is no such feed.
    """
    row = db.execute(select(*records.FEED_COLUMNS).where(feed.c.id == number)).first()
    if row is None:
        raise NotFoundError(
            f"feed {number}", "there is no such feed", "`newsfeed feeds list` shows them all."
        )
    return records.feed_state(row)


def states_of(db: Transaction, numbers: Iterable[int], *, listed: bool = False) -> list[FeedState]:
    """The states of these feeds, in the list or not; those in it where `listed`."""
    query = select(*records.FEED_COLUMNS).order_by(feed.c.id)
    if listed:
        query = query.where(feed.c.listed)
    return [records.feed_state(row) for row in db.rows_in(query, feed.c.id, numbers)]


def due(db: Transaction, now: datetime) -> list[FeedState]:
    """The feeds of the list whose time has come, longest waiting first."""
    query = (
        select(*records.FEED_COLUMNS)
        .where(
            feed.c.listed,
            feed.c.gone.is_(False),
            or_(feed.c.next_due.is_(None), feed.c.next_due <= now),
            or_(feed.c.not_before.is_(None), feed.c.not_before <= now),
        )
        # Those never asked come first; not every database knows NULLS FIRST.
        .order_by(feed.c.next_due.is_not(None), feed.c.next_due, feed.c.place)
    )
    return [records.feed_state(row) for row in db.execute(query).all()]


# ------------------------------------------------------------------------- how much each brought


def daily_counts(db: Transaction, since: date) -> dict[int, dict[date, int]]:
    """By feed: how many items it brought on each day (UTC) from `since` on; never deleted."""
    found: dict[int, dict[date, int]] = {}
    query = (
        select(tally.c.feed, tally.c.day, tally.c.brought).where(tally.c.day >= since).order_by(tally.c.day)
    )
    for number, day, count in db.execute(query):
        found.setdefault(number, {})[day] = count
    return found


def spoken(db: Transaction) -> dict[int, str]:
    """By feed: the language of most of its items, for feeds with any whose language is known."""
    query = select(item.c.feed, item.c.lang).where(item.c.lang != "").group_by(item.c.feed, item.c.lang)
    # The most frequent one comes last and stays.
    return dict(map(tuple, db.execute(query.order_by(func.count(), item.c.lang.desc())).all()))


def published_days(db: Transaction) -> dict[int, list[tuple[date, int]]]:
    """By feed: the days (UTC) of which it has items, oldest first, with their number."""
    day = func.date(item.c.published, type_=Date)
    query = (
        select(item.c.feed, day, func.count())
        .where(item.c.published.is_not(None))
        .group_by(item.c.feed, day)
        .order_by(item.c.feed, day)
    )
    found: dict[int, list[tuple[date, int]]] = {}
    for number, moment, count in db.execute(query):
        found.setdefault(number, []).append((moment, count))
    return found


# ------------------------------------------------------------------------- what is known
#
# A refresh runs these statements for every feed, so they are built once.

_KNOWN = (
    select(item.c.identity, item.c.hash, item.c.page, item.c.title, item.c.published, item.c.lead)
    .where(item.c.feed == bindparam("number"))
    .order_by(item.c.id.desc())
    .limit(KNOWN)
)


def known(db: Transaction, number: int) -> list[KnownItem]:
    """The newest items of a feed, newest first, as much of them as recognising needs."""
    return [
        KnownItem(identity=r[0], hash=r[1], page=r[2], title=r[3], published=r[4], lead=r[5])
        for r in db.execute(_KNOWN, {"number": number}).all()
    ]


# ------------------------------------------------------------------------- one answer

_FEED = select(feed.c.id, feed.c.url).where(feed.c.id == bindparam("number"))
_FEED_AT = select(feed.c.id, feed.c.url).where(feed.c.url == bindparam("url"))
_KEEP_STATE = (
    update(feed)
    .where(feed.c.id == bindparam("number"))
    .values({name: bindparam(name) for name in (*records.FEED.names, "extra")})
)
_STORED = select(item.c.identity, item.c.id, item.c.hash).where(
    item.c.feed == bindparam("number"), item.c.identity.in_(bindparam("identities", expanding=True))
)
_TAKEN = select(item.c.ref).where(item.c.ref.in_(bindparam("refs", expanding=True)))
_FORGOTTEN = select(former.c.identity).where(
    former.c.feed == bindparam("number"), former.c.identity.in_(bindparam("identities", expanding=True))
)
_ITEM_NAMES = ("id", "feed", "ref", "first_seen", "before", *records.ITEM.names, "extra")
_EDIT_ITEM = (
    update(item)
    .where(item.c.id == bindparam("number"))
    .values({name: bindparam(name) for name in (*records.ITEM.names, "extra", "edited")})
)


def apply_unchanged(db: Transaction, states: Sequence[FeedState]) -> None:
    """Keep the states of feeds that had nothing new, all at once."""
    if states:
        db.execute(
            _KEEP_STATE, [{"number": s.feed, **records.FEED.values(records.storable_text(s))} for s in states]
        )


def apply(db: Transaction, change: FeedUpdate, now: datetime) -> Applied:
    """Keep the state, the new and the changed items of one feed.

    A second call with the same update changes nothing: feed and identity determine an item.

    Raises:
        NotFoundError: the feed is unknown.
    """
    if change.state.feed:
        found = db.execute(_FEED, {"number": change.state.feed}).first()
    else:
        found = db.execute(_FEED_AT, {"url": change.state.subscription.url}).first()
    if found is None:
        raise NotFoundError(change.state.name, "this feed is not in the store", "Refresh again.")
    number, url = found
    db.execute(_KEEP_STATE, {"number": number, **records.FEED.values(records.storable_text(change.state))})
    _recount(db, number, change.counts)
    changed = [*map(records.storable, change.changed)]
    offered = {i.identity: i for i in (*map(records.storable, change.new), *changed)}
    if not offered:
        return Applied()
    stored = {
        r[0]: (r[1], r[2]) for r in db.execute(_STORED, {"number": number, "identities": list(offered)})
    }
    edited = {i.identity for i in changed}
    fresh = _unforgotten(db, number, [i for identity, i in offered.items() if identity not in stored], now)
    new = _insert(db, number, url, fresh, frozenset(change.before), now)
    again = [
        (stored[identity][0], i)
        for identity, i in offered.items()
        if identity in stored and (identity in edited or i.hash != stored[identity][1])
    ]
    return Applied(new=new, changed=_replace(db, again, now))


def _recount(db: Transaction, number: int, counts: Sequence[Counts]) -> None:
    """Update the counts of stored items: points, comments, and who boosted them."""
    found = {c.identity: c for c in counts}
    if not found:
        return
    query = select(*records.ITEM_COLUMNS, item.c.edited).where(
        item.c.feed == number, item.c.identity.in_(list(found))
    )
    edits = []
    for row in db.execute(query).all():
        was = records.stored_item(row)
        now = found[was.item.identity]
        fares = records.storable(
            msgspec.structs.replace(
                was.item,
                score=was.item.score if now.score is None else now.score,
                comments=was.item.comments if now.comments is None else now.comments,
                via=tuple(dict.fromkeys((*was.item.via, *now.via))),
            )
        )
        if fares != was.item:
            edits.append({"number": was.id, "edited": row[-1], **records.ITEM.values(fares)})
    if edits:
        db.execute(_EDIT_ITEM, edits)


def _unforgotten(db: Transaction, number: int, fresh: list[Item], now: datetime) -> list[Item]:
    """The items without those that were stored once and deleted for their age."""
    old = [i.identity for i in fresh if i.published is None or i.published < now - RECENT]
    if not old:
        return fresh
    gone = {r[0] for r in db.execute(_FORGOTTEN, {"number": number, "identities": old})}
    return [i for i in fresh if i.identity not in gone]


def _insert(
    db: Transaction,
    number: int,
    url: str,
    items: Sequence[Item],
    before: frozenset[str],
    now: datetime,
) -> tuple[int, ...]:
    if not items:
        return ()
    refs = _refs(db, url, [i.identity for i in items])
    numbered = list(zip(db.new_numbers(item, len(items)), items, strict=True))
    db.insert_rows(
        item,
        _ITEM_NAMES,
        [
            (key, number, refs[i.identity], now, i.identity in before, *records.ITEM.row(i))
            for key, i in numbered
        ],
    )
    _add_bodies(db, numbered)
    db.add_to_search([(key, search_queries.entry(i)) for key, i in numbered])
    if count := sum(i.identity not in before for i in items):
        db.add_up(tally, "brought", {"feed": number, "day": now.astimezone(UTC).date(), "brought": count})
    return tuple(key for key, _ in numbered)


def _add_bodies(db: Transaction, items: Iterable[tuple[int, Item]]) -> None:
    bodies = [(key, i.text, i.html) for key, i in items if i.text or i.html]
    db.insert_rows(body, ("item", "text", "html"), bodies)


def _replace(db: Transaction, items: Sequence[tuple[int, Item]], now: datetime) -> tuple[int, ...]:
    """Replace stored items (by number) by their edited versions; returns the numbers that really changed."""
    if not items:
        return ()
    query = select(*records.ITEM_COLUMNS, body.c.text, body.c.html, item.c.edited).outerjoin_from(item, body)
    was, edits = {}, {}
    for row in db.execute(query.where(item.c.id.in_([key for key, _ in items]))).all():
        was[row[0]] = records.stored_item(row, row[-3] or "", row[-2] or "").item
        edits[row[0]] = row[-1]
    items = [(key, i) for key, i in items if i != was[key]]
    if not items:
        return ()
    db.execute(
        _EDIT_ITEM,
        [
            {
                "number": key,
                "edited": now if i.hash != was[key].hash else edits[key],
                **records.ITEM.values(i),
            }
            for key, i in items
        ],
    )
    numbers = [key for key, _ in items]
    db.execute(delete(body).where(body.c.item.in_(numbers)))
    _add_bodies(db, items)
    reworded = [(key, i) for key, i in items if search_queries.entry(i) != search_queries.entry(was[key])]
    db.drop_from_search([(key, search_queries.entry(was[key])) for key, _ in reworded])
    db.add_to_search([(key, search_queries.entry(i)) for key, i in reworded])
    if reworded:
        # Other words may mean other topics, so it is tagged again.
        db.execute(delete(tagging).where(tagging.c.item.in_([key for key, _ in reworded])))
    return tuple(numbers)


def enrich(db: Transaction, number: int, *, lead: str, words: int) -> None:
    """Give an item the lead and the length that its article has; what its feed says of it stays otherwise."""
    was = items_queries.item_of(db, number).item
    db.execute(item.update().where(item.c.id == number).values(lead=lead, words=words))
    now = items_queries.item_of(db, number).item
    if search_queries.entry(was) != search_queries.entry(now):
        db.drop_from_search([(number, search_queries.entry(was))])
        db.add_to_search([(number, search_queries.entry(now))])


# ------------------------------------------------------------------------- short names

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"  # base 32, RFC 4648, in lower case


def ref_of(url: str, identity: str, length: int = REF) -> str:
    """The short name of an item: the beginning of a hash of its feed's address and its identity.

    Lower-case letters and the digits 2 to 7. Never digits alone: those are a pick's number.
    """
    whole = int.from_bytes(hashlib.sha256(f"{url}\n{identity}".encode()).digest(), "big")
    while True:
        ref = "".join([_LETTERS[whole >> 256 - 5 * n & 31] for n in range(1, length + 1)])
        if not ref.isdigit():
            return ref
        length += 1


def _refs(db: Transaction, url: str, identities: Sequence[str]) -> dict[str, str]:
    """Unused short names; on a collision the later item gets a longer one."""
    found: dict[str, str] = {}
    used: set[str] = set()
    waiting = list(identities)
    length = REF
    while waiting:
        wanted = {identity: ref_of(url, identity, length) for identity in waiting}
        taken = {r[0] for r in db.execute(_TAKEN, {"refs": list(wanted.values())})} | used
        waiting = []
        for identity, ref in wanted.items():
            if ref in taken:
                waiting.append(identity)
            else:
                found[identity] = ref
                used.add(ref)
                taken.add(ref)
        length += 1
    return found
