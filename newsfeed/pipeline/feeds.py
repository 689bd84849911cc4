"""The list as its owner edits it: add, remove, move, check, import, export."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from newsfeed import opml, sources
from newsfeed.errors import ListError, NotFoundError
from newsfeed.fetch import Fetcher, redact, repeats, secrets_of
from newsfeed.model import (
    Cause,
    FeedReport,
    FeedState,
    Parsed,
    Problem,
    Record,
    Request,
    Response,
    Subscription,
)
from newsfeed.pipeline import editing, finding, health
from newsfeed.pipeline import refresh as refreshing
from newsfeed.pipeline.asking import Asker
from newsfeed.pipeline.health import FeedHealth, State
from newsfeed.pipeline.home import Home, current_list
from newsfeed.pipeline.reports import Outcome, Progress
from newsfeed.reading.parsers import Parsers
from newsfeed.sources import FEED, discover
from newsfeed.store import Store


class Row(Record, frozen=True, kw_only=True):
    """One feed in a listing."""

    folder: str
    name: str
    url: str  # redacted
    items_a_week: float
    last_new: datetime | None
    cause: str


class Added(Record, frozen=True, kw_only=True):
    """A feed that was found and added."""

    url: str  # redacted
    title: str
    folder: str
    items: int
    kind: str = ""  # "mastodon", "reddit", …; "" for plain feeds


class Checked(Record, frozen=True, kw_only=True):
    """What is wrong with the list and its feeds."""

    problems: tuple[Problem, ...]
    unreadable: str = ""  # why the last good list is in force
    failing: tuple[FeedReport, ...]
    well: int
    total: int
    notes: tuple[str, ...] = ()
    said: tuple[FeedHealth, ...] = ()  # those of which there is something to say, worst first
    feeds: tuple[FeedHealth, ...] = ()  # every feed


class Imported(Record, frozen=True, kw_only=True):
    """What an import brought."""

    added: tuple[str, ...]
    present: tuple[str, ...]
    problems: tuple[Problem, ...]


def listing(home: Home, store: Store) -> tuple[list[Row], str]:
    """Every feed of the list in its order, and why the last good list is in force ("" where it isn't)."""
    listed = current_list(home, store)
    states = {s.subscription.url: s for s in store.states()}
    rows = []
    for subscription in listed.list.subscriptions:
        state = states.get(subscription.url) or FeedState(subscription=subscription)
        rows.append(
            Row(
                folder="/".join(subscription.folders),
                name=state.name,
                url=redact(subscription.url),
                items_a_week=state.items_a_day * 7,
                last_new=_last_new(store, state, home.clock()),
                cause=state.failure.text if state.failure else "",
            )
        )
    return rows, listed.unreadable


def _last_new(store: Store, state: FeedState, now: datetime) -> datetime | None:
    """When its newest item appeared; for a feed without dates, when something new was last found in it."""
    dated = [k.published for k in store.known(state.feed) if k.published is not None and k.published <= now]
    return max(dated) if dated else state.last_changed


_MARKS = (
    "@",
    "#",
    "r/",
    "u/",
    "/r/",
    "/u/",
    "user/",
    "at:",
    "did:",
    "acct:",
    "http://",
    "https://",
    "imaps:",
)


def spelt(address: str) -> str:
    """An address as people write it, with the scheme that it lacks."""
    address = discover.plain(address)
    return address if address.startswith(_MARKS) else f"https://{address}"


def add(home: Home, address: str, *, folder: str, title: str, secrets: dict[str, str]) -> Added:
    """Find the feed behind an address and put it into feeds.opml.

    Raises:
        NotFoundError: no feed is there; its text says what was tried.
        ListError: feeds.opml can't be edited as it stands.
    """
    address = spelt(address)
    data = home.read_list()
    listed = opml.parse(data).subscriptions
    wanted, parsed = asyncio.run(find(home, address, secrets))
    url = wanted.url
    same = {opml.key(url), opml.key(address)}
    if present := next((s for s in listed if opml.key(s.url) in same), None):
        raise NotFoundError(
            present.title or shown(url),
            f"is in the list already, on line {present.line}",
            "Nothing was changed.",
        )
    folders = tuple(part.strip() for part in folder.split("/") if part.strip())
    subscription = msgspec.structs.replace(
        wanted,
        title=title or _own_title(parsed.title, address, secrets),
        folders=folders,
        html_url=wanted.html_url or parsed.html_url,
        kind=wanted.kind or "rss",
    )
    editing.replace(home, data, opml.add(data, subscription))
    kind = sources.find(subscription).kind
    return Added(
        url=redact(url),
        title=subscription.title or redact(url),
        folder="/".join(folders),
        items=len(parsed.items),
        kind="" if kind == FEED else kind,
    )


async def find(home: Home, address: str, secrets: dict[str, str]) -> tuple[Subscription, Parsed]:
    """The subscription to the feed behind `address`, as the list should hold it, with what the feed holds.

    Raises:
        NotFoundError: there is none; its text says why.
    """
    settings = home.settings.fetch
    subscription = Subscription(url=address)
    async with (
        Fetcher(settings, now=home.clock, secrets=secrets) as fetcher,
        Parsers(1, settings.parse_seconds) as parsers,
    ):
        asked = await Asker(fetcher, parsers).ask(FeedState(subscription=subscription), dict, home.clock())
        answer, failure = asked.answer, asked.failure
        if isinstance(asked.parsed, Parsed):
            learned = {**asked.state.memory, **asked.parsed.memory}
            return sources.portable(msgspec.structs.replace(asked.state, memory=learned)), asked.parsed
        if isinstance(answer, Response):
            page = answer if answer.url == address else await _page(fetcher, answer, address)
            if finding.is_page(page) and (
                found := await finding.behind(fetcher, parsers, page, home.clock())
            ):
                return found.subscription, found.parsed
    if failure is None or (failure.cause == Cause.NOT_A_FEED and not failure.repair):
        raise NotFoundError(
            shown(address),
            "no feed was found there or in the usual places",
            "Look for an RSS link on the site and add that address.",
        )
    if failure.cause in health.UNREACHED:
        raise NotFoundError(
            shown(address),
            failure.text,
            "Check its spelling, and that this machine is connected; nothing was added.",
        )
    # What is said of a feed in the list ("take it out") is no advice for one that isn't in it yet.
    repair = "" if "feeds remove" in failure.repair or "xmlUrl" in failure.repair else failure.repair
    raise NotFoundError(
        shown(address), failure.text, repair or "Look at the address in a browser; nothing was added."
    )


async def _page(fetcher: Fetcher, answer: Response, address: str) -> Response:
    """The page itself, where a source had rewritten the address before asking."""
    plain = await fetcher.get(Request(url=address, accept="text/html"))
    return plain if isinstance(plain, Response) else answer


def _own_title(title: str, address: str, secrets: dict[str, str]) -> str:
    """A feed's own title, unless it repeats what was sent to its server."""
    return "" if repeats(title, secrets_of(address, *secrets.values())) else title


def shown(address: str) -> str:
    """What was typed as it may be printed again: an address without its secrets, a handle as it is."""
    return redact(address) if "/" in address or ":" in address else address


def _one(subscriptions: Sequence[Subscription], words: str) -> Subscription:
    return _match(subscriptions, words)[0]


def _match(subscriptions: Sequence[Subscription], words: str) -> tuple[Subscription, bool]:
    """The one feed that is meant, and whether by its whole name or address."""
    exact = [s for s in subscriptions if words in {s.url, s.title, s.html_url}]
    found = exact or [s for s in subscriptions if words.casefold() in s.title.casefold() or words in s.url]
    if len(found) == 1:
        return found[0], bool(exact)
    if not found:
        raise NotFoundError(shown(words), "is no feed of the list", "See newsfeed feeds list.")
    names = [told(s) for s in found]
    raise NotFoundError(
        shown(words), f"may be any of {len(found)} feeds", "\n".join(names[:10]), matches=names
    )


def told(subscription: Subscription) -> str:
    """A feed for its owner to recognize, without a secret of its address."""
    return f"{subscription.title or 'no name'} ({redact(subscription.url)})"


def listed(home: Home) -> tuple[Subscription, ...]:
    """The feeds of the list as it stands.

    Raises:
        NotFoundError, ListError: there is none that can be read.
    """
    return opml.parse(home.read_list()).subscriptions


def named(home: Home, words: str) -> tuple[Subscription, bool]:
    """The feed of the list that is called so, and whether that is its whole name or address.

    Raises:
        NotFoundError: none, or more than one, is called so.
    """
    return _match(listed(home), words)


def remove(home: Home, subscription: Subscription) -> None:
    """Take one feed out of the list."""
    data = home.read_list()
    editing.replace(home, data, opml.remove(data, subscription.url))


def undo(home: Home) -> tuple[list[str], list[str]]:
    """Put back the list as it was before the last change by a command, which stays beside it; gives the names of the
    feeds that came, and of those that went.

    Raises:
        NotFoundError: no command has changed it.
    """
    backup = home.list_path.with_suffix(".opml.bak")
    try:
        before = backup.read_bytes()
    except OSError:
        raise NotFoundError(
            str(home.list_path), "was not changed by a command yet", "There is nothing to take back."
        ) from None
    now = home.read_list() if home.list_path.exists() else b""
    editing.replace(home, now, before)
    new, old = ({s.url: told(s) for s in opml.parse(d).subscriptions} if d else {} for d in (before, now))
    return [n for url, n in new.items() if url not in old], [n for url, n in old.items() if url not in new]


def move(home: Home, words: str, folder: str) -> str:
    """Move one feed into a folder, made where it is missing; returns the feed's name.

    Raises:
        NotFoundError: none, or more than one, is called so.
    """
    data = home.read_list()
    subscription = _one(opml.parse(data).subscriptions, words)
    folders = tuple(part.strip() for part in folder.split("/") if part.strip())
    editing.replace(home, data, opml.move(data, subscription.url, folders))
    return subscription.title or redact(subscription.url)


def check(home: Home, store: Store, *, ask: bool, secrets: dict[str, str], progress: Progress) -> Checked:
    """What is wrong with the list and with each feed; with `ask`, the failing ones are asked again first."""
    listed = current_list(home, store)
    notes: list[str] = []
    if ask:
        failing = [s.subscription.url for s in store.states() if s.failure]
        if failing:
            pulled = refreshing.refresh(
                home, store, only=failing, force=True, secrets=secrets, progress=progress
            )
            notes.append(
                f"Asked {len(pulled.results)} again: {pulled.answered} answered, {pulled.count(Outcome.WAITING)} must wait."
            )
    every = health.examine(home, store)
    if never := sum(h.state == State.UNASKED for h in every):
        notes.append(f"{never} not asked yet: newsfeed refresh")
    said = [h for h in health.worst_first(every) if h.state != State.UNASKED]
    if any(h.state in {State.MOVED, State.GONE} for h in said):
        notes.append("newsfeed feeds repair shows what it would change in feeds.opml, and asks.")
    notes += rewrites(listed.list.subscriptions)
    failing_reports = tuple(h.report for h in said if not h.report.ok)
    return Checked(
        problems=listed.list.problems,
        unreadable=listed.unreadable,
        failing=failing_reports,
        well=len(every) - len(failing_reports),
        total=len(every),
        notes=tuple(notes),
        said=tuple(said),
        feeds=every,
    )


def rewrites(subscriptions: Sequence[Subscription]) -> list[str]:
    """For each address that is read in another way than its words say: what is asked in its place."""
    found = []
    for subscription in subscriptions:
        kind = sources.find(subscription).kind
        if asked := sources.rewritten(subscription):
            name = subscription.title or redact(subscription.url)
            found.append(f"{name} is read as {kind}, from {redact(asked)}")
    return found


def import_list(home: Home, file: Path) -> Imported:
    """Merge another reader's list into feeds.opml.

    Raises:
        ListError: the file can't be read as OPML.
    """
    try:
        foreign = opml.parse(file.read_bytes(), str(file))
    except OSError as error:
        raise ListError(str(file), f"can't be read ({error.strerror})", "Name an OPML file.") from error
    data = home.read_list()
    merged, found = opml.merge(data, foreign)
    editing.replace(home, data, merged)
    return Imported(
        added=tuple(s.title or redact(s.url) for s in found.added),
        present=tuple(s.title or redact(s.url) for s in found.present),
        problems=foreign.problems
        + (() if foreign.complete else (Problem(text=f"{file} ends in the middle."),)),
    )


def export_list(home: Home, *, last: bool = False) -> bytes:
    """A clean OPML 2.0 list for other readers; with `last`, the last good list byte for byte.

    Raises:
        NotFoundError: there is no list, or there was no good one yet.
    """
    if not last:
        return opml.write(opml.parse(home.read_list()))
    with home.open_store() as store:
        kept = store.last_list()
    if kept is None:
        raise NotFoundError("the last good list", "none was read yet", "Run newsfeed refresh first.")
    return kept
