"""The list, the state of each feed, and storing what one answer brought. One call is one transaction of `Store`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Date, Select, bindparam, delete, exists, func, insert, or_, select, update

from newsfeed.errors import NotFoundError
from newsfeed.model import PUT_OFF, Counts, FeedState, FeedUpdate, Item, KnownItem, Subscription
from newsfeed.store import items_queries, put_off_queries, records, search_queries
from newsfeed.store.dialect import Transaction
from newsfeed.store.records import Applied, SyncReport
from newsfeed.store.schema import body, feed, former, item, tagging, tally
from newsfeed.text.outline_options import of_the_feed

KNOWN = 1000  # newest items of a feed that are given out for recognising; a document holds at most 500
RECENT = timedelta(days=14)  # younger items are never deleted

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
        elif _differs(old := records.subscription_of(row.outline), subscription):
            changed.append(url)
            if (old.kind, of_the_feed(old.options)) != (subscription.kind, of_the_feed(subscription.options)):
                # Asked at once, and for the whole document: "unchanged" would leave it as it was read before.
                values |= {"next_due": None, "etag": "", "last_modified": "", "body_hash": ""}
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

_FEED = select(
    feed.c.id,
    feed.c.url,
    exists().where(item.c.feed == feed.c.id),
    exists().where(former.c.feed == feed.c.id),
)
_FEEDS = _FEED.where(feed.c.id.in_(bindparam("numbers", expanding=True)))
_FEED_AT = _FEED.where(feed.c.url == bindparam("url"))
_KEEP_STATE = (
    update(feed)
    .where(feed.c.id == bindparam("number"))
    .values({name: bindparam(name) for name in (*records.FEED.names, "extra")})
)
_STORED = select(item.c.feed, item.c.identity, item.c.id, item.c.hash).where(
    item.c.feed.in_(bindparam("numbers", expanding=True)),
    item.c.identity.in_(bindparam("identities", expanding=True)),
)
_TAKEN = select(item.c.ref).where(item.c.ref.in_(bindparam("refs", expanding=True)))
_FORGOTTEN = select(former.c.feed, former.c.identity).where(
    former.c.feed.in_(bindparam("numbers", expanding=True)),
    former.c.identity.in_(bindparam("identities", expanding=True)),
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
    """`apply_all` of one update."""
    return apply_all(db, [change], now)[0]


class _Offer(NamedTuple):
    """An item of an update, and the feed that offers it."""

    feed: int
    url: str
    item: Item
    before: bool
    edited: bool


def apply_all(db: Transaction, changes: Sequence[FeedUpdate], now: datetime) -> list[Applied]:
    """Keep the states, the new and the changed items of several feeds, with a few statements for all of them.

    A second call with the same updates changes nothing: feed and identity determine an item.

    Raises:
        NotFoundError: a feed is unknown.
    """
    found = {row[0]: row for row in db.execute(_FEEDS, {"numbers": [c.state.feed for c in changes]})}
    feeds = [found.get(c.state.feed) or _feed_at(db, c.state) for c in changes]
    apply_unchanged(
        db, [msgspec.structs.replace(c.state, feed=row[0]) for c, row in zip(changes, feeds, strict=True)]
    )
    offered: dict[tuple[int, str], _Offer] = {}
    for change, (number, url, *_) in zip(changes, feeds, strict=True):
        _recount(db, number, change.counts)
        before = frozenset(change.before)
        for edited, items in ((False, change.new), (True, change.changed)):
            for one in map(records.storable, items):
                offered[number, one.identity] = _Offer(number, url, one, one.identity in before, edited)
    stored = _matches(db, _STORED, offered, {row[0] for row in feeds if row[2]})
    old = [
        key
        for key, o in offered.items()
        if key not in stored and (o.item.published is None or o.item.published < now - RECENT)
    ]
    forgotten = _matches(db, _FORGOTTEN, old, {row[0] for row in feeds if row[3]})
    fresh = [o for key, o in offered.items() if key not in stored and key not in forgotten]
    again = {
        stored[key][0]: o
        for key, o in offered.items()
        if key in stored and o.item.text != PUT_OFF and (o.edited or o.item.hash != stored[key][1])
    }
    new = list(zip(_insert(db, fresh, now), fresh, strict=True))
    replaced = _replace(db, [(number, o.item) for number, o in again.items()], now)
    return [
        Applied(
            new=tuple(key for key, o in new if o.feed == row[0]),
            changed=tuple(key for key in replaced if again[key].feed == row[0]),
        )
        for row in feeds
    ]


def _feed_at(db: Transaction, state: FeedState) -> Any:
    """The feed at the address of a state whose number is unknown."""
    row = None if state.feed else db.execute(_FEED_AT, {"url": state.subscription.url}).first()
    if row is None:
        raise NotFoundError(state.name, "this feed is not in the store", "Refresh again.")
    return row


def _matches(
    db: Transaction, query: Select[Any], wanted: Iterable[tuple[int, str]], feeds: Set[int]
) -> dict[tuple[int, str], tuple[Any, ...]]:
    """What a query for feed, identity and more finds of these items, for feeds that have any."""
    keys = [key for key in wanted if key[0] in feeds]
    if not keys:
        return {}
    rows = db.execute(query, {"numbers": list({k[0] for k in keys}), "identities": [k[1] for k in keys]})
    return {(number, identity): tuple(more) for number, identity, *more in rows}


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


def _insert(db: Transaction, offers: Sequence[_Offer], now: datetime) -> Sequence[int]:
    """Store new items; returns their numbers."""
    if not offers:
        return ()
    refs = _refs(db, [(o.url, o.item.identity) for o in offers])
    numbers = db.new_numbers(item, len(offers))
    db.insert_rows(
        item,
        _ITEM_NAMES,
        [
            (number, o.feed, ref, now, o.before, *records.ITEM.row(o.item))
            for number, ref, o in zip(numbers, refs, offers, strict=True)
        ],
    )
    numbered = [(number, o.item) for number, o in zip(numbers, offers, strict=True)]
    _add_bodies(db, numbered)
    if any(o.item.text == PUT_OFF for o in offers):
        put_off_queries.note(db)
    db.add_to_search([(number, search_queries.entry(one)) for number, one in numbered])
    day = now.astimezone(UTC).date()
    for number, brought in Counter(o.feed for o in offers if not o.before).items():
        db.add_up(tally, "brought", {"feed": number, "day": day, "brought": brought})
    return numbers


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
    late = [key for key, _ in items if was[key].text == PUT_OFF]
    hashes = {key: i.hash for key, i in was.items()}
    hashes |= {i.id: i.item.hash for i in items_queries.items(db, late)}
    db.execute(
        _EDIT_ITEM,
        [
            {
                "number": key,
                "edited": now if i.hash != hashes[key] else edits[key],
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
    for was in items_queries.items(db, [number], "stored"):  # none, if it was deleted or is not the reader's
        db.execute(item.update().where(item.c.id == number).values(lead=lead, words=words))
        [now] = items_queries.items(db, [number], "stored")
        if search_queries.entry(was.item) != search_queries.entry(now.item):
            db.drop_from_search([(number, search_queries.entry(was.item))])
            db.add_to_search([(number, search_queries.entry(now.item))])


# ------------------------------------------------------------------------- short names


def _refs(db: Transaction, items: Sequence[tuple[str, str]]) -> list[str]:
    """Unused short names of items, each given by its feed's address and its identity; on a collision the later item
    gets a longer one."""
    found = [records.ref_of(*one, records.REF) for one in items]
    used = {row[0] for row in db.execute(_TAKEN, {"refs": found})}
    for n, one in enumerate(items):
        length = records.REF
        while found[n] in used:
            length += 1
            found[n] = records.ref_of(*one, length)
            used.update(row[0] for row in db.execute(_TAKEN, {"refs": [found[n]]}))
        used.add(found[n])
    return found
