"""Share: a kept item, the week's links and a story for somebody, ready to be said in the reader's own words.

Nothing is ever sent from here, and what is private (mailboxes, feeds behind a secret) is never shared.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit

import msgspec

from newsfeed import deliver
from newsfeed.errors import NotFoundError
from newsfeed.model import Edition, Kept, Passed, Pick, Record, Settings
from newsfeed.pipeline.answers.keep import as_markdown, is_private
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning.draw import picks
from newsfeed.render import Templates
from newsfeed.store import Store
from newsfeed.text.spoken import say
from newsfeed.topics import THRESHOLD

WEEK = timedelta(days=7)  # what `--week` says
LINKS = 60  # in the feeds
# Composers of networks: the text is filled in, the reader sends it. `text` holds the link unless `url` stands apart.
COMPOSERS = {
    "bluesky": ("Bluesky", "https://bsky.app/intent/compose?text={text}", 300),
    "linkedin": ("LinkedIn", "https://www.linkedin.com/sharing/share-offsite/?url={url}", 0),
    "mastodon": ("Mastodon", "https://{host}/share?text={text}", 500),
    "threads": ("Threads", "https://www.threads.net/intent/post?text={text}", 500),
    "x": ("X", "https://x.com/intent/post?text={text}", 280),
}


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
    deliver.write(home.site / "links.json", msgspec.json.format(msgspec.json.encode(feed), indent=2))
    deliver.write(home.site / "links.xml", drawn.encode())


# ------------------------------------------------------------------------- pass it on


class Person(Record, frozen=True, kw_only=True):
    """Somebody whom a story may be for."""

    key: str
    label: str
    href: str


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
            Person(key=key, label=p.label or key, href=mail_link(pick, p.mail, note))
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
    return home.settings.people[person].label or person


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
        label = person.label or key
        if month:
            said.append(f"{label} {month}")
            continue
        weeks = (now - mine[-1]).days // 7 if mine else 0
        pick = next(
            (
                p.n
                for p in (picks(edition) if edition else ())
                if any(w.key == key for w in waiting.get(p.ref, ()))
            ),
            None,
        )
        fit = say("; this morning’s {n} may be for them", n=pick) if pick else ""
        said.append(
            say("{name} nothing for {n} weeks{fit}", name=label, n=weeks, fit=fit)
            if mine
            else say("{name} nothing so far{fit}", name=label, fit=fit)
        )
    return say("Passed on in 30 days: {people}.", people=", ".join(said))
