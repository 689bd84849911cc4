"""Check the list and its feeds, and offer the repairs of feeds.opml that follow from how they answered."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import datetime

from newsfeed import opml, sources
from newsfeed.errors import NewsfeedError
from newsfeed.feeds import changes as changing
from newsfeed.feeds import health
from newsfeed.feeds.health import FeedHealth, FeedOutcome, HealthState
from newsfeed.fetch import redact
from newsfeed.model import (
    FeedReport,
    FeedState,
    Problem,
    Record,
    Subscription,
)
from newsfeed.pipeline import examine, meta
from newsfeed.pipeline.home import Home, current_list
from newsfeed.pipeline.morning import pull
from newsfeed.pipeline.reports import Progress, RefreshOptions
from newsfeed.pipeline.subscriptions.edit import Edit, name_of
from newsfeed.store import Store
from newsfeed.text.spoken import say


class ListedFeed(Record, frozen=True, kw_only=True):
    """One feed in a listing."""

    folder: str
    name: str
    url: str  # redacted
    items_a_week: float
    last_new: datetime | None
    cause: str


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


def listing(home: Home, store: Store) -> tuple[list[ListedFeed], str]:
    """Every feed of the list in its order, and why the last good list is in force ("" where it isn't)."""
    listed = current_list(home, store)
    states = {s.subscription.url: s for s in store.states()}
    rows = []
    for subscription in listed.list.subscriptions:
        state = states.get(subscription.url) or FeedState(subscription=subscription)
        rows.append(
            ListedFeed(
                folder="/".join(subscription.folders),
                name=state.name,
                url=redact(subscription.url),
                items_a_week=state.items_a_day * 7,
                last_new=_last_new(store, state, home.clock()),
                cause=say(state.failure.text, **state.failure.values) if state.failure else "",
            )
        )
    return rows, listed.unreadable


def _last_new(store: Store, state: FeedState, now: datetime) -> datetime | None:
    """When its newest item appeared; for a feed without dates, when something new was last found in it."""
    dated = [k.published for k in store.known(state.feed) if k.published is not None and k.published <= now]
    return max(dated) if dated else state.last_changed


def check(home: Home, store: Store, *, ask: bool, secrets: dict[str, str], progress: Progress) -> Checked:
    """What is wrong with the list and with each feed; with `ask`, the failing ones are asked again first."""
    listed = current_list(home, store)
    notes: list[str] = []
    if ask:
        failing = tuple(s.subscription.url for s in store.states() if s.failure)
        if failing:
            pulled = pull.pull(
                home, store, RefreshOptions(only=failing, force=True, secrets=secrets), progress
            )
            notes.append(
                f"Asked {len(pulled.results)} again: {pulled.answered} answered, {pulled.count(FeedOutcome.WAITING)} must wait."
            )
    every = examine.examine(home, store)
    if never := sum(h.state == HealthState.UNASKED for h in every):
        notes.append(f"{never} not asked yet: newsfeed refresh")
    said = [h for h in health.worst_first(every) if h.state != HealthState.UNASKED]
    if any(h.state in {HealthState.MOVED, HealthState.GONE} for h in said):
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
            name = name_of(subscription)
            found.append(f"{name} is read as {kind}, from {redact(asked)}")
    return found


class RepairStep(Record, frozen=True, kw_only=True):
    """One thing that a repair does to the list. Addresses are redacted."""

    feed: str
    does: str  # "moved", "gone", "named"
    sentence: str


class Repair(Record, frozen=True, kw_only=True):
    """A repair of the list: what it does, the edit to be shown and written, and what could not be done."""

    changes: tuple[RepairStep, ...]
    edit: Edit
    left: tuple[str, ...] = ()  # what could not be done, and why


def propose_repair(home: Home, store: Store) -> Repair:
    """What feeds.opml should say, as far as the feeds themselves have told.

    A feed that has moved for good (seen on three days) gets its new address; one that is gone for good (410) is taken
    out, its history stays. What a page in a feed's place names is offered too, and said to be no more than that.

    Raises:
        NotFoundError, ListError: there is no list that could be edited.
    """
    old = new = home.read_list()
    changes: list[RepairStep] = []
    left: list[str] = []
    hidden: dict[str, str] = {}
    for state in store.states():
        url, target = state.subscription.url, changing.offered_move(state)
        named = "" if target else (meta.read(store, meta.PROPOSAL, url) or "")
        target = target or named
        if not state.gone and not target:
            continue
        try:
            if state.gone:
                new = opml.remove(new, url)
                change = RepairStep(
                    feed=state.name,
                    does="gone",
                    sentence=f"{state.name} is gone for good: taken out of the list.",
                )
            else:
                listed = {opml.key(s.url) for s in opml.parse(new).subscriptions}
                if opml.key(target) in listed - {opml.key(url)}:
                    new = opml.remove(new, url)
                    said = "has moved to an address that you have already: its double is taken out."
                else:
                    new = opml.set_url(new, url, target)
                    said = f"has moved to {redact(target, url)}: its address is changed."
                if named:
                    said = (
                        f"answers with a web page that names {redact(target, url)}: its address is changed to that. "
                        "Look at it first, it may be another feed."
                    )
                change = RepairStep(
                    feed=state.name, does="named" if named else "moved", sentence=f"{state.name} {said}"
                )
        except NewsfeedError as error:
            left.append(f"{state.name}: {error.cause} {error.repair}".strip())
            continue
        hidden |= {url: redact(url), target: redact(target, url)} if target else {url: redact(url)}
        changes.append(change)
    made = Edit(old=old, new=new, diff=_repair_diff(old, new, hidden))
    return Repair(changes=tuple(changes), edit=made, left=tuple(left))


def _repair_diff(old: bytes, new: bytes, hidden: dict[str, str]) -> str:
    """The changed lines with two around them; tokens in the addresses that change are not shown."""

    def shown(data: bytes) -> list[str]:
        text = data.decode("utf-8", "replace")
        for url, said in hidden.items():
            text = text.replace(url, said).replace(url.replace("&", "&amp;"), said)
        return text.splitlines()

    lines = difflib.unified_diff(
        shown(old), shown(new), "feeds.opml", "feeds.opml, repaired", n=2, lineterm=""
    )
    return "\n".join(lines)
