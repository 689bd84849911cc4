"""Making editions: whose hour has come, each reader's edition, and its mail.

Exactly one edition and at most one mail per reader and local date, whatever crashes: the worker for a reader holds a
lock that ends with its connection; an edition is stored only if there is none of its date; the right to send a mail is
claimed before it is sent.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from newsfeed import edition
from newsfeed.errors import BusyError, DeliveryError, NetworkError, NewsfeedError, NotFoundError
from newsfeed.model import Candidate, Day, Edition, Pool, Settings, StoredItem
from newsfeed.pipeline.examine import reports
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning import mail, suggest, understand
from newsfeed.pipeline.reports import Clock
from newsfeed.render import Templates
from newsfeed.team.connections import EDITION, Place, in_words
from newsfeed.team.readers import Reader, next_hour
from newsfeed.team.stores import JudgingStore

if TYPE_CHECKING:
    from procrastinate import App

    from newsfeed.topics import Document
    from newsfeed.topics.tagger import Tagger

log = logging.getLogger("newsfeed.team")

AGAIN = timedelta(minutes=10)  # after which a morning that no job has served is claimed again …
GIVEN_UP = timedelta(hours=6)  # … but not for so long
MOST_READ = 30_000  # items whose words are kept for the next reader, in a process: some 30 MB
MOST_BENT = 200  # candidates that are judged again for one reader: a quarter of the cost of an edition (bench/RESULTS.md)


def home_of(place: Place, reader: Reader, machine: Settings, own: Settings, clock: Clock) -> Home:
    """A reader's home: their settings, except network, mail server and retention, which are the admin's."""
    settings = msgspec.structs.replace(
        own,
        fetch=machine.fetch,
        keep=machine.keep,
        publish=machine.publish,
        secrets={},
        notify=type(own.notify)(),
        mail=msgspec.structs.replace(
            machine.mail,
            to=reader.mail if machine.mail.to or machine.mail.sender else "",
            sender=machine.mail.sender or machine.mail.to,
            empty_days=own.mail.empty_days,
            thread=own.mail.thread,
        ),
    )
    return Home(place.folder, settings, clock)


class Desk:
    """Makes editions as the role of the edition workers.

    Args:
        machine: the settings of the team's folder.
        password: of the mail server, read when it is needed.
    """

    def __init__(self, place: Place, machine: Settings, clock: Clock, *, password: mail.Password) -> None:
        self.place = place
        self.machine = machine
        self.clock = clock
        self.stopping = threading.Event()  # once it is set, no other reader is begun
        self._password = password
        self._store: JudgingStore | None = None
        self._drawn_by = ""

    @property
    def store(self) -> JudgingStore:
        """The one connection of this desk, opened when first asked for."""
        if self._store is None:
            self._store = JudgingStore.connect(self.place, EDITION)
        return self._store

    def close(self) -> None:
        """Let the database go; where something may still be at it, that is done by the end of the process."""
        if self._store is not None and not self.stopping.is_set():
            self._store.close()
            self._store = None

    # --------------------------------------------------------------------- whose hour has come

    async def claim_due(self, app: App, limit: int, together: int) -> int:
        """Create jobs for readers whose hour has come and set their next hour, in one transaction; returns how many."""
        import psycopg

        now = self.clock()
        with in_words():
            async with await psycopg.AsyncConnection.connect(self.place.conninfo(EDITION)) as c:
                due = await c.execute(
                    "select reader, zone, hour, days from shared.morning"
                    " where at <= %s or (owed and claimed between %s and %s)"
                    " order by at, reader limit %s for update skip locked",
                    (now, now - GIVEN_UP, now - AGAIN, limit),
                )
                rows = await due.fetchall()
                for reader, zone, hour, days in rows:
                    await c.execute(
                        "update shared.morning set at = %s, owed = true, claimed = %s where reader = %s",
                        (next_hour(zone, hour, days, now), now, reader),
                    )
                readers = [row[0] for row in rows]
                for at in range(0, len(readers), together):
                    job = app.configure_task("editions", connection=c)
                    await job.defer_async(readers=readers[at : at + together])
        return len(readers)

    # --------------------------------------------------------------------- editions

    def serve(self, readers: Sequence[int]) -> None:
        """The edition of today and its mail for each of these readers, unless that was done.

        Raises:
            NewsfeedError: one could not be served; the others were.
            BusyError: this worker was asked to stop before it came to all of them.
        """
        failed: list[NewsfeedError] = []
        self._drawn_by = ""
        for reader in readers:
            if self.stopping.is_set():
                raise BusyError("editions", "This worker was asked to stop", "Another one makes them.")
            try:
                self.one(reader)
            except NotFoundError:
                continue  # removed meanwhile
            except NewsfeedError as error:
                log.warning("reader %d: %s", reader, error)
                failed.append(error)
        if failed:
            raise failed[0]

    def _templates(self, home: Home) -> str:
        """The hash of the admin's templates, read once for the readers of a job."""
        self._drawn_by = self._drawn_by or Templates(home.templates).hash
        return self._drawn_by

    def one(self, number: int) -> Edition | None:
        """One reader's edition of today, made if there is none, and its mail; None where another worker is at it, or there are no feeds.

        Raises:
            NotFoundError: there is no such reader.
            NetworkError: not one of their feeds could be read so far.
            DeliveryError: the mail server wants to be asked again later.
        """
        with self.store.working_for(number) as reader:
            if reader is None:
                return None
            own = config_of(self.place, reader)
            home = home_of(self.place, reader, self.machine, own, self.clock)
            if not self.store.states():
                self.store.served()
                return None  # a reader without feeds has no edition
            built = make(home, self.store, home.today, self._templates(home))
            if mail.owed(home, self.store, built.date):
                told = mail.send(home, self.store, built.date, password=self._password)
                if told.state == "later":
                    raise DeliveryError(f"the mail of {reader.name}", told.text, told.repair)
                if told.state == "sent":  # readers who get mail count as present without opening a page
                    self.store.was_here(self.clock())
            self.store.served()
            return built


def config_of(place: Place, reader: Reader) -> Settings:
    """A reader's own settings."""
    from newsfeed import config

    return config.parse(reader.settings, {}, home=place.folder)


def make(home: Home, store: JudgingStore, day: Day, templates: str = "") -> Edition:
    """The edition of a day: the stored one, else a new one; `templates`: the hash of the templates, if it is known.

    Raises:
        NetworkError: nothing of it could be read so far.
    """
    stored = store.edition(day)
    if stored is not None:
        return stored
    with store.viewing():
        tagger = understand.load_model(home, store).tagger
        tagger.reader.most_kept = MOST_READ
        voices = tuple(suggest.suggestions(home, store)) if edition.is_weekly(home.settings, day) else ()
        pool = msgspec.structs.replace(pool_for(home, store, day, tagger), suggested=voices)
        if all(report.unread or not report.ok for report in pool.reports):
            # An edition of what happens to be stored would replace the real one.
            raise NetworkError("no edition", "not one of its feeds could be read", "It is made when one is.")
        built = edition.build(pool, home.settings, date=day, now=home.clock())
        built = explained(store, tagger, built)
    built = msgspec.structs.replace(built, templates=templates or Templates(home.templates).hash)
    if store.record_once(built, edition.remember(built, pool)):
        return built
    kept = store.edition(day)
    assert kept is not None
    return kept


def pool_for(home: Home, store: JudgingStore, day: Day, tagger: Tagger) -> Pool:
    """Everything that a reader's edition may be chosen from: shared facts about their feeds, adjusted to this reader."""
    pool = bent(store, store.pool(day, home.clock()), tagger)
    return msgspec.structs.replace(pool, reports=reports(home, store, pool))


def bent(store: JudgingStore, pool: Pool, tagger: Tagger) -> Pool:
    """The pool with likely candidates judged for this reader, by their topics, folders, corrections and thumbs: first new
    items, then the best that were never shown. All others keep the shared judgement."""
    since = pool.since

    def order(one: Candidate) -> tuple[bool, float]:
        new = since is None or one.item.first_seen > since
        return not new, -(one.tagging.news.value if one.tagging.news else 0.0)

    fresh = [c.item for c in sorted(pool.candidates, key=order)][:MOST_BENT]
    judged = {t.item: t for t in tagger.tag(_documents(store, fresh), why=False, whether_news=False)}
    return msgspec.structs.replace(
        pool,
        candidates=tuple(
            # Whether it is news at all is the same for everybody.
            msgspec.structs.replace(c, tagging=msgspec.structs.replace(mine, not_news=c.tagging.not_news))
            if (mine := judged.get(c.item.id))
            else c
            for c in pool.candidates
        ),
    )


def explained(store: JudgingStore, tagger: Tagger, built: Edition) -> Edition:
    """The edition with the deciding words of its stories, since the shared store has only numbers."""
    told = store.items(edition.told_in_words(built), body="text")
    tagged = tagger.tag(_documents(store, told), whether_news=False)
    return edition.explained(built, {t.item: t for t in tagged})


def _documents(store: JudgingStore, items: Sequence[StoredItem]) -> list[Document]:
    states = {s.feed: s for s in store.states()}
    return [understand.document(one, states.get(one.feed)) for one in items]


def page(home: Home, store: JudgingStore, day: Day | None = None) -> bytes:
    """A reader's page of a day (default: the newest), drawn now.

    Raises:
        NotFoundError: there is no edition of that day.
    """
    stored = store.latest_edition() if day is None else store.edition(day)
    if stored is None:
        raise NotFoundError("the page", "there is no edition yet", "It comes at the reader's hour.")
    templates = Templates(home.templates)
    site = templates.site(stored, None, recent=(), site_url=home.settings.publish.site_url)
    return site["index.html"]
