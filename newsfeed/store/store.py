"""`Store`: the one door to what is kept, a verb a method."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import date, datetime
from pathlib import Path

from newsfeed.model import (
    Edition,
    FeedState,
    FeedUpdate,
    History,
    KnownItem,
    Pool,
    Shown,
    StoredItem,
    Story,
    Subscription,
)
from newsfeed.store import (
    care,
    editions,
    feeds,
    items,
    notes,
    pool,
    stories,
)
from newsfeed.store.items import Body
from newsfeed.store.judged import Judged
from newsfeed.store.records import Applied, Holdings, Mail, MailState, SyncReport


class Store(Judged):
    """The memory of one home: every method is one transaction of its `Database`, and may be called from any thread."""

    # --------------------------------------------------------------------- the list and its feeds

    def sync(self, subscriptions: Iterable[Subscription], now: datetime) -> SyncReport:
        """Make the list what `subscriptions` says.

        A feed that is taken out keeps its history; back again, it goes on with it, and only its last days count as
        new. One whose address is replaced by the one it moved to goes on as the same feed.
        """
        with self._writing() as c:
            return feeds.sync(c, subscriptions, now)

    def states(self) -> list[FeedState]:
        """The feeds of the list, in its order."""
        with self._reading() as c:
            return feeds.states(c)

    def former_states(self) -> list[FeedState]:
        """Feeds that were taken out of the list and whose history is kept."""
        with self._reading() as c:
            return feeds.states(c, listed=False)

    def due(self, now: datetime) -> list[FeedState]:
        """The feeds of the list that are to be asked by now, longest waiting first."""
        with self._reading() as c:
            return feeds.due(c, now)

    def state(self, feed: int) -> FeedState:
        """One feed, in the list or not.

        Raises:
            NotFoundError: there is no such feed.
        """
        with self._reading() as c:
            return feeds.state(c, feed)

    def known(self, feed: int) -> list[KnownItem]:
        """A feed's newest items (at most 1,000), newest first, as much of them as recognising needs."""
        with self._reading() as c:
            return feeds.known(c, feed)

    def apply(self, update: FeedUpdate, now: datetime) -> Applied:
        """Keep what one answer of one feed changes: its state with validators and next due time, and its items.

        Called twice with the same update, the second time changes nothing.

        Raises:
            NotFoundError: the feed is unknown.
        """
        with self._writing() as c:
            return feeds.apply(c, update, now)

    def published_days(self) -> dict[int, list[tuple[date, int]]]:
        """By feed: the days (UTC) of which it has items, oldest first, with their number."""
        with self._reading() as c:
            return feeds.published_days(c)

    def apply_unchanged(self, states: Sequence[FeedState]) -> None:
        """Keep the states of feeds that had nothing new, all at once."""
        with self._writing() as c:
            feeds.keep_states(c, states)

    def tallies(self, since: date) -> dict[int, dict[date, int]]:
        """By feed: how many items it brought on each day (UTC) from `since` on; kept for ever."""
        with self._reading() as c:
            return feeds.tallies(c, since)

    def save_list(self, data: bytes) -> None:
        """Keep the bytes of a list that could be read, for the day when it can't."""
        with self._writing() as c:
            notes.save_list(c, data)

    def last_list(self) -> bytes | None:
        """The last list that could be read; None before there was one."""
        with self._reading() as c:
            return notes.read_list(c)

    # --------------------------------------------------------------------- items

    def items(self, ids: Iterable[int], body: Body = "all") -> list[StoredItem]:
        """The items with these numbers, in their order; what is forgotten is left out.

        `body`: "all" brings text and HTML, "text" the first 2,000 characters of text, "none" neither.
        """
        with self._reading() as c:
            return items.items(c, ids, body)

    def item(self, number: int) -> StoredItem:
        """One item, whole.

        Raises:
            NotFoundError: there is none, or it is forgotten.
        """
        with self._reading() as c:
            return items.one(c, number)

    def find(self, name: str, limit: int = 20) -> list[StoredItem]:
        """What a person may mean: by short name, link or discussion link, else by words of the title or text.

        The first way that finds something decides. None is empty; several mean that the name isn't clear.
        """
        with self._reading() as c:
            return items.find(c, name, limit)

    def search(
        self,
        wanted: str,
        limit: int = 50,
        *,
        feeds: Sequence[int] | None = None,
        topic: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[StoredItem]:
        """Items that have all these words or words that begin so: in the title first, then the newest.

        The others narrow it down; with one of them and without words, the newest that fit.
        """
        with self._reading() as c:
            return items.search(c, wanted, limit, items.Narrowed(feeds, topic, since, until))

    def window(self, since: datetime, until: datetime | None = None, body: Body = "none") -> list[StoredItem]:
        """Items that came from `since` on, or were published since; before `until`. Oldest number first.

        What was published before the reader subscribed counts by its date only.
        """
        with self._reading() as c:
            return items.window(c, since, until, body)

    def of_feed(self, feed: int, limit: int = 50, body: Body = "none") -> list[StoredItem]:
        """A feed's newest items, newest first."""
        with self._reading() as c:
            return items.of_feed(c, feed, limit, body)

    def count_window(self, since: datetime) -> int:
        """How many items `window` would give."""
        with self._reading() as c:
            return items.count_window(c, since)

    def enrich(self, number: int, *, lead: str, words: int) -> None:
        """Give an item the lead and the length that its article has; what its feed says of it stays otherwise."""
        with self._writing() as c:
            items.enrich(c, number, lead, words)

    def counts(self) -> Holdings:
        """How much there is."""
        with self._reading() as c:
            return care.counts(c)

    # --------------------------------------------------------------------- stories

    def ungrouped(self) -> list[StoredItem]:
        """Items without a story, with the beginning of their text; not those from before the reader subscribed."""
        with self._reading() as c:
            return stories.ungrouped(c)

    def stories(self, since: datetime) -> list[Story]:
        """Stories whose newest item is of `since` or later, with all their items."""
        with self._reading() as c:
            return stories.since(c, since)

    def stories_of(self, ids: Iterable[int]) -> list[Story]:
        """The stories that these items belong to, each once, with all their items."""
        with self._reading() as c:
            return stories.of_items(c, ids)

    def stories_of_affairs(self, numbers: Iterable[int]) -> list[Story]:
        """All stories of these affairs, oldest first."""
        with self._reading() as c:
            return stories.of_affairs(c, numbers)

    def members(self, story: int) -> list[StoredItem]:
        """The items of a story in its order, whole."""
        with self._reading() as c:
            return stories.members(c, story)

    def first_since(self, moment: datetime) -> int:
        """The number of the first item that came at `moment` or later; 0 where there is none."""
        with self._reading() as c:
            return stories.first_of(c, moment)

    def having(self, clues: Iterable[int], first: int) -> dict[int, list[int]] | None:
        """For each of these clues the items with it, from number `first` on; None where no clues are kept at all."""
        with self._reading() as c:
            return stories.having(c, clues, first)

    def newest(self, feeds: Iterable[int], limit: int, first: int) -> list[int]:
        """The newest items of each of these feeds, `limit` at the most, from number `first` on."""
        with self._reading() as c:
            return items.newest(c, feeds, limit, first)

    def save_stories(
        self, changed: Sequence[Story], clues: Mapping[int, Set[int]] | None = None, first: int = 0
    ) -> list[int]:
        """Keep stories; an item belongs to the last one that names it, and one left without items is gone.

        The number 0 asks for a new one. Gives the numbers, in order. `clues` are kept of items that have none; those
        of items before number `first` are forgotten.
        """
        with self._writing() as c:
            stories.keep_clues(c, clues or {}, first)
            return stories.save(c, changed)

    # --------------------------------------------------------------------- editions

    def record(self, edition: Edition, shown: Sequence[Shown]) -> None:
        """Keep an edition and what it showed, in place of an earlier one of that date."""
        with self._writing() as c:
            editions.record(c, edition, shown)

    def edition(self, date: date) -> Edition | None:
        """The edition of a local day, as it was printed."""
        with self._reading() as c:
            return editions.read(c, date)

    def editions(self) -> list[date]:
        """The days with an edition, oldest first."""
        with self._reading() as c:
            return editions.dates(c)

    def latest_edition(self) -> Edition | None:
        """The edition with the newest date."""
        with self._reading() as c:
            return editions.latest(c)

    def previous_edition(self, before: date) -> Edition | None:
        """The last edition of an earlier date."""
        with self._reading() as c:
            return editions.before(c, before)

    def history(self, before: date, days: int = 90) -> History:
        """What the editions of the `days` days before a date did; that date itself has no part in it."""
        with self._reading() as c:
            return editions.history(c, before, days)

    def pool(self, date: date, now: datetime, *, since: datetime | None = None) -> Pool:
        """All that the choice of the edition of `date` may look at.

        Candidates are items first seen after `since` (default: when the last edition of an earlier date was built)
        and those of the last 8 days that no earlier edition showed. `reports` are left to who knows the policies.
        """
        with self._reading() as c:
            return pool.read(c, date, now, since)

    # --------------------------------------------------------------------- days, mails, notes

    def done(self, date: date, zone: str = "") -> bool:
        """Whether the edition of a local day is done: in any zone, or with `zone` in that one."""
        with self._reading() as c:
            return notes.done(c, date, zone)

    def mark_done(self, date: date, zone: str, now: datetime) -> bool:
        """Note that it is; False when that was noted before."""
        with self._writing() as c:
            return notes.mark_done(c, date, zone, now)

    def claim_mail(self, date: date, recipient_hash: str, now: datetime) -> bool:
        """Take the one right to send the mail of a day to a recipient.

        False when it was sent, may have been sent, or somebody else is about to; true again after a sure failure.
        """
        with self._writing() as c:
            return notes.claim_mail(c, date, recipient_hash, now)

    def mark_mail(
        self, date: date, recipient_hash: str, state: MailState, now: datetime, note: str = ""
    ) -> None:
        """Note what became of a claimed mail."""
        with self._writing() as c:
            notes.mark_mail(c, date, recipient_hash, state, now, note)

    def mails(self, state: MailState | None = None) -> list[Mail]:
        """Rows of the outbox, oldest first."""
        with self._reading() as c:
            return notes.mails(c, state)

    def doubt_claims(self, now: datetime) -> int:
        """Mark every open claim as uncertain: for the holder of the home's lock, before it sends anything itself."""
        with self._writing() as c:
            return notes.doubt_claims(c, now)

    def get_meta(self, key: str) -> str | None:
        """A small fact by its key."""
        with self._reading() as c:
            return notes.get(c, key)

    def metas(self, prefix: str) -> dict[str, str]:
        """The small facts whose keys begin so, by what follows in them."""
        with self._reading() as c:
            return notes.beginning(c, prefix)

    def set_meta(self, key: str, value: str | None) -> None:
        """Keep a small fact; None takes it away."""
        with self._writing() as c:
            notes.put(c, key, value)

    def declined(self) -> tuple[str, ...]:
        """What was proposed and the reader said no to."""
        with self._reading() as c:
            return notes.declined(c)

    def decline(self, proposal: str) -> None:
        """Keep the reader's no to a proposal, for ever."""
        with self._writing() as c:
            notes.decline(c, proposal)

    # --------------------------------------------------------------------- care

    def quick_check(self, now: datetime, *, force: bool = True) -> bool:
        """Look over the whole file; without `force` only when that was not done for a day.

        Raises:
            StoreError: it is damaged.
        """
        with self._writing() as c:
            return care.check(c, self._dialect.place, now, force=force)

    def backup(self, now: datetime, *, force: bool = False) -> Path | None:
        """Copy the database into `backups` beside it when a week has passed since the last time; keeps four.

        Gives the copy, or None when it was not yet time.
        """
        with self._turn, self._dialect.in_words():
            with self._reading() as c:
                last = notes.moment(c, "copied")
            if not force and last is not None and last <= now < last + care.COPY_EVERY:
                return None
            made = self._dialect.backup(now)
            with self._writing() as c:
                notes.put_moment(c, "copied", now)
            return made

    def tidy(self) -> None:
        """Put in order what a refresh left: the pieces of the search index, the planner's notes.

        For after a refresh that brought much; without it all works, only more slowly.
        """
        with self._writing() as c:
            c.tidy()

    def prune(self, now: datetime, *, items: int = 400, bodies: int = 120) -> tuple[int, int]:
        """Forget items after `items` days and their texts after `bodies` days; editions and counts stay for ever.

        Gives how many of each went.
        """
        with self._writing() as c:
            return care.prune(c, now, items=items, bodies=bodies)
