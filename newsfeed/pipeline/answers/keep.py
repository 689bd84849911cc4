"""Keep: what the reader puts aside with a note of their own, found again, handed out whole, and made ready to be shared.

Nothing is ever sent from here, and what is private (mailboxes, feeds behind a secret) is never shared."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit

import msgspec

from newsfeed import deliver, sources, text
from newsfeed.errors import NotFoundError
from newsfeed.fetch import redact
from newsfeed.model import (
    COMPOSERS,
    Edition,
    FeedState,
    Kept,
    Passed,
    Pick,
    Record,
    Request,
    Settings,
    StoredItem,
    picks,
)
from newsfeed.pipeline.answers.why import resolve
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.subscriptions.add import export_list
from newsfeed.render import Templates
from newsfeed.store import Store
from newsfeed.text.spoken import say
from newsfeed.topics import THRESHOLD

NOTE = 2_000  # characters
TITLE = 3  # letters: CEO, CFO, HR
_ESCAPED = str.maketrans({c: "\\" + c for c in "\\`*_[]<>#"})


def keep(home: Home, store: Store, name: str, note: str | None = None) -> Kept:
    """Keep the item that `name` means (see `why.resolve`); kept before, it takes the note if one is given.

    Raises:
        NotFoundError: no item, or more than one, answers to that name.
    """
    there = _kept_as(store, name)
    if there is None:
        there = _described(home, store, resolve(home, store, name)[0])
        there = next(iter(store.kept(ids=[there.item])), there)
    if note is not None:
        there = msgspec.structs.replace(there, note=text.clean_line(note, NOTE))
    store.keep(there)
    return there


def let_go(home: Home, store: Store, name: str) -> Kept:
    """Keep an item no longer.

    Raises:
        NotFoundError: it isn't kept.
    """
    there = _kept_as(store, name)
    if there is None:
        number = resolve(home, store, name)[0].id
        there = next(iter(store.kept(ids=[number])), None)
    if there is None:
        raise NotFoundError(name, "is not kept", "See newsfeed kept.")
    store.let_go(there.item)
    return there


def kept(store: Store, words: str = "") -> list[Kept]:
    """What is kept, newest first; with `words`, what has them all in title, source, lead or note."""
    wanted = words.casefold().split()
    return [
        one
        for one in store.kept()
        if all(word in f"{one.title} {one.source} {one.lead} {one.note}".casefold() for word in wanted)
    ]


def _kept_as(store: Store, name: str) -> Kept | None:
    """A kept item by its short id or link: the item itself may be forgotten by now."""
    name = name.strip().removeprefix("#")
    return next((k for k in store.kept() if name and name in {k.ref, k.link}), None)


def _described(home: Home, store: Store, item: StoredItem) -> Kept:
    state = store.state(item.feed)
    opening = item.item.lead
    if not opening:  # what was old at the first look at its feed
        (whole,) = store.items([item.id], body="text")
        opening = text.lead(whole.item.text, item.item.title, lang=item.item.lang)
    return Kept(
        item=item.id,
        ref=item.ref,
        kept=home.clock(),
        title=item.item.title or text.clean_line(opening, 120) or item.item.link,
        link="" if item.item.kind == "mail" else item.item.link or item.item.discussion,
        source=state.name,
        lead=opening,
        private=item.item.kind == "mail" or is_private(state),
        lang=item.item.lang,
    )


def is_private(state: FeedState) -> bool:
    """Whether what a feed tells is for its reader alone: a mailbox, or a feed that is asked with a secret."""
    url = state.subscription.url
    if url.startswith("imap") or redact(url) != url:
        return True
    asked = sources.find(state.subscription).request(state)
    return isinstance(asked, Request) and bool(asked.credential)


# ------------------------------------------------------------------------- handed out


def as_markdown(found: list[Kept], heading: str) -> str:
    """A list of links with notes, for any editor."""
    lines = [f"# {heading}", ""]
    for one in found:
        title = one.title.translate(_ESCAPED)
        head = f"[{title}](<{one.link}>)" if one.link else title
        lines.append(f"- {head}, {one.source.translate(_ESCAPED)}, {one.kept:%Y-%m-%d}")
        if one.note:
            lines.append(f"  {one.note.translate(_ESCAPED)}")
    return "\n".join([*lines, ""])


def as_json(found: object) -> bytes:
    """The same, or anything else, for programs."""
    return msgspec.json.format(msgspec.json.encode(found), indent=2)


def everything(home: Home, store: Store) -> bytes:
    """A zip of all that is the reader's own: what is kept (JSON, Markdown), corrections, thumbs and the list (OPML)."""
    found = store.kept()
    day = home.clock() - timedelta(days=home.settings.keep.items)
    items = {i.id: i for i in store.window(day)}
    corrections = [
        {"title": items[c.item].item.title, "link": items[c.item].item.link, "topics": c.topics}
        for c in store.corrections()
        if c.item in items
    ]
    likes = [
        {"title": items[n].item.title, "link": items[n].item.link, "thumb": value}
        for n, value in store.likes(items).items()
    ]
    files = {
        "kept.json": as_json(found),
        "kept.md": as_markdown(found, "Kept").encode(),
        "corrections.json": as_json(corrections),
        "thumbs.json": as_json(likes),
        "feeds.opml": export_list(home),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, home.clock().timetuple()[:6]), data)
    return packed.getvalue()


WEEK = timedelta(days=7)  # what `--week` says
LINKS = 60  # in the feeds


class ShareWay(Record, frozen=True, kw_only=True):
    """A link that opens a composer or a mail, and how long its text may be (0: no limit is known)."""

    name: str
    href: str
    longest: int = 0


class Sharing(Record, frozen=True, kw_only=True):
    """A kept item, ready to be said."""

    text: str
    mail: str
    ways: tuple[ShareWay, ...] = ()


def share(settings: Settings, one: Kept) -> Sharing:
    """A kept item as text, as a mail, and for the networks that the reader named.

    Raises:
        NotFoundError: it is private.
    """
    if one.private or not one.link:
        raise NotFoundError(one.title, "is for you alone", "It came by a mailbox or a feed behind a secret.")
    text = "\n".join(part for part in (one.note, one.title, f"{one.source}: {one.link}") if part)
    short = "\n".join(part for part in (one.note or one.title, one.link) if part)
    ways = []
    for given in settings.share.networks:
        network, _, host = given.partition("=")
        name, pattern, longest = COMPOSERS[network]
        href = pattern.format(text=quote(short, safe=""), url=quote(one.link, safe=""), host=host)
        ways.append(ShareWay(name=name, href=href, longest=longest))
    return Sharing(text=text, mail=mail_link(one, ""), ways=tuple(ways))


def mail_link(one: Kept | Pick, to: str, note: str = "") -> str:
    """A `mailto:` address with headline, note and link."""
    note = one.note if isinstance(one, Kept) else note
    body = "\r\n\r\n".join(part for part in (note, one.title, f"{one.source}: {one.link}") if part)
    return f"mailto:{quote(to, safe='@')}?subject={quote(one.title)}&body={quote(body)}"


# ------------------------------------------------------------------------- my links


def my_links(store: Store, since: datetime | None = None) -> list[Kept]:
    """What is kept with a note of one's own and may be shown, newest first."""
    return [k for k in store.kept(since) if k.note and not k.private and k.link]


def links_of_week(home: Home, store: Store, form: str) -> str:
    """The last seven days' links as Markdown ("md"), HTML ("html") or plain text ("text")."""
    found = my_links(store, home.clock() - WEEK)
    if form == "md":
        return as_markdown(found, say("Links of the week"))
    if form == "html":
        return Templates(home.templates).fill("app/links.html", links=found)
    return "\n\n".join("\n".join((k.note, k.title, f"{k.source}: {k.link}")) for k in found) + "\n"


def write_links(home: Home, store: Store) -> None:
    """Write links.xml and links.json beside the page, where the reader wished for them.

    Raises:
        DeliveryError: the disk doesn't take them.
    """
    if not home.settings.share.links:
        return
    found = my_links(store)[:LINKS]
    base = home.settings.publish.site_url.rstrip("/")
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": home.settings.share.title,
        **({"feed_url": f"{base}/links.json"} if base else {}),
        "items": [
            {
                "id": f"urn:newsfeed:kept:{k.ref}",
                "url": k.link,
                "title": k.title,
                "content_text": k.note,
                "date_published": k.kept.isoformat(),
            }
            for k in found
        ],
    }
    drawn = Templates(home.templates).fill(
        "app/links.xml", links=found, title=home.settings.share.title, base=base
    )
    deliver.write(home.site / "links.json", as_json(feed))
    deliver.write(home.site / "links.xml", drawn.encode())


# ------------------------------------------------------------------------- pass it on


class Person(Record, frozen=True, kw_only=True):
    """Somebody whom a story may be for."""

    key: str
    label: str
    href: str


def called(key: str, label: str) -> str:
    """What a person is called on the page: `cfo` is written as such titles are."""
    return label or (
        key.upper() if len(key) <= TITLE else key.replace("_", " ").replace("-", " ").capitalize()
    )


def for_whom(home: Home, store: Store, edition: Edition) -> dict[str, tuple[Person, ...]]:
    """By short id of a pick: whom it may be for, by the topics and words that the reader wrote beside them."""
    # A feed that left the list is as private as it was.
    private = {s.feed for s in (*store.states(), *store.states(listed=False)) if is_private(s)}
    kept = {k.item: k for k in store.kept(ids=[p.item for p in picks(edition)])}
    found = {}
    for pick in picks(edition):
        if pick.feed in private or not pick.link or urlsplit(pick.link).scheme not in {"http", "https"}:
            continue
        note = kept[pick.item].note if pick.item in kept else ""
        people = tuple(
            Person(key=key, label=called(key, p.label), href=mail_link(pick, p.mail, note))
            for key, p in home.settings.people.items()
            if fits(pick, p.topics, p.words)
        )
        if people:
            found[pick.ref] = people
    return found


def fits(pick: Pick, topics: Sequence[str], words: Sequence[str]) -> bool:
    """Whether a pick is of these topics or holds one of these words."""
    if pick.topic in topics or any(s.topic in topics and s.p >= THRESHOLD for s in pick.topics):
        return True
    said = f"{pick.title}\n{pick.lead}"
    return any(re.search(rf"(?<!\w){re.escape(w)}(?!\w)", said, re.IGNORECASE) for w in words if w.strip())


def pass_on(home: Home, store: Store, person: str, item: int) -> str:
    """Note that an item was passed on; returns the person's label.

    Raises:
        NotFoundError: no such person.
    """
    if person not in home.settings.people:
        raise NotFoundError(person, "is nobody of [people]", "")
    store.pass_on(Passed(person=person, item=item, at=home.clock()))
    return called(person, home.settings.people[person].label)


def account(home: Home, store: Store, edition: Edition | None) -> str:
    """Whom the reader brought something, whom not, and what of this morning would be for them; "" without people."""
    people = home.settings.people
    if not people:
        return ""
    now = home.clock()
    passed = store.passed(now - timedelta(days=90))
    waiting = for_whom(home, store, edition) if edition is not None else {}
    said = []
    for key, person in people.items():
        mine = [p.at for p in passed if p.person == key]
        month = sum(at > now - timedelta(days=30) for at in mine)
        label = called(key, person.label)
        if month:
            said.append(f"{label} {month}")
            continue
        weeks = (now - mine[-1]).days // 7 if mine else 0
        for_them = {ref for ref, whom in waiting.items() if any(one.key == key for one in whom)}
        pick = next((p.n for p in (picks(edition) if edition else ()) if p.ref in for_them), None)
        fit = say("; this morning’s {n} may be for them", n=pick) if pick else ""
        said.append(
            say("{name} nothing for {n} weeks{fit}", name=label, n=weeks, fit=fit)
            if mine
            else say("{name} nothing so far{fit}", name=label, fit=fit)
        )
    return say("Passed on in 30 days: {people}.", people=", ".join(said))
