"""Whether a morning failed: when (nearly) nothing could be read, not the feeds are at fault but the way to them. Pure.

A refused connection, a proxy without a way out, a login page that answers for every address: each looks like forty
broken feeds. What is said of it is said once, in words of our own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from newsfeed.edition.foot import is_incomplete
from newsfeed.edition.wording import joined
from newsfeed.model import Cause, Edition, Failure, FeedReport, Record
from newsfeed.pipeline.reports import FeedResult, Outcome

NEARLY = 0.1  # of the sources read, up to which that is nothing
MOSTLY = 0.8  # of the failures with one cause, from which it is the cause of them all
LONG = timedelta(days=2)  # a source that has failed for so long says nothing of this morning
LATELY = timedelta(hours=1)  # a source that was read so lately needn't be asked again to count as read
FEW = 3  # failures of one cause that are told together

_CONNECTION = "Check the connection."
_PORTAL = "If this network has a login page, open any page in a browser and sign in."
_GATEWAY = "A proxy or gateway between this machine and the web may be at fault."
_NO_FEED = ("what answered was no feed, as with a login page of the network", _PORTAL)

# Why many sources failed at once, as the end of a sentence, and what to do about it.
_WORDS: Mapping[Cause, tuple[str, str]] = MappingProxyType(
    {
        Cause.NO_NETWORK: ("there is no network connection", _CONNECTION),
        Cause.NAME: ("no name could be looked up", _CONNECTION),
        Cause.CONNECT: ("connections are refused or broken off", _CONNECTION),
        Cause.TIMEOUT: ("no server answered in time", _CONNECTION),
        Cause.TLS: (
            "no certificate could be trusted",
            "Check this machine’s date and time, and whether a proxy reads along.",
        ),
        Cause.REFUSED_ADDRESS: ("the addresses lead into the local network", _PORTAL),
        Cause.REDIRECT: ("the servers only lead elsewhere", _PORTAL),
        Cause.HTTP: ("the servers answered with an error", _GATEWAY),
        Cause.NOT_FOUND: ("the servers say that there is no such page", _GATEWAY),
        Cause.GONE: ("the servers say that the page is gone", _GATEWAY),
        Cause.LOGIN: ("the servers ask for a login", _GATEWAY),
        Cause.THROTTLED: ("the servers ask to wait", _GATEWAY),
        Cause.NOT_A_FEED: _NO_FEED,
        Cause.BROKEN_FEED: _NO_FEED,
        Cause.ENCODING: _NO_FEED,
        Cause.TOO_SLOW: ("reading them took too long", "This machine may be very busy: try again later."),
        Cause.TOO_LARGE: ("the answers are too large", "Look at each: `newsfeed feeds check`."),
        Cause.UNSUPPORTED: (
            "newsfeed can’t read what stands there",
            "Look at each: `newsfeed feeds check`.",
        ),
        Cause.ADDRESS: ("their addresses are none", "Mend each xmlUrl in feeds.opml."),
    }
)


class Outage(Record, frozen=True, kw_only=True):
    """A morning on which (nearly) nothing could be read."""

    said: str  # "none of your 45 sources could be read: connections are refused or broken off"
    repair: str


def judge(results: Sequence[FeedResult], states: Collection[FeedReport], now: datetime) -> Outage | None:
    """What a refresh of the whole list says of the way to the sources; None where enough of them answered.

    A feed that was not asked again so soon counts as it answered then. One that has failed for days counts only
    where nothing else was asked.
    """
    failing_since = {s.feed: s.failing_since for s in states}
    failed = {r.feed: r.failure for r in results if r.failure is not None}
    read = [r for r in results if r.failure is None and _was_read(r, states, now)]
    recent = {feed: why for feed, why in failed.items() if not _long(failing_since.get(feed), now)}
    if not failed or len(read) > NEARLY * (len(read) + len(recent)):
        return None
    clause, repair = shared([*(recent or failed).values()])
    number = len(read) + len(failed)
    if read:
        said = f"only {len(read)} of your {number:,} sources could be read"
    elif number == 1:
        said = "your only source could not be read"
    else:
        said = f"none of your {number:,} sources could be read"
    return Outage(said=f"{said}: {clause}", repair=repair)


def _was_read(result: FeedResult, states: Collection[FeedReport], now: datetime) -> bool:
    if result.outcome != Outcome.WAITING:
        return True
    last = next((s.last_good for s in states if s.feed == result.feed), None)
    return last is not None and now - last <= LATELY


def _long(since: datetime | None, now: datetime) -> bool:
    return since is not None and now - since >= LONG


def shared(failures: Sequence[Failure]) -> tuple[str, str]:
    """Why many failed, as the end of a sentence, and what to do: one cause, or the commonest of several by number."""
    kinds = Counter(_WORDS[f.cause] for f in failures)
    (words, repair), most = kinds.most_common(1)[0]
    if most < MOSTLY * len(failures):
        named = [f"{clause} ({number})" for (clause, _), number in kinds.most_common(3)]
        return joined(named), repair
    statuses = {f.status for f in failures if _WORDS[f.cause][0] == words}
    status = statuses.pop() if len(statuses) == 1 else 0
    return (f"{words} ({status})" if status >= 400 else words), repair


def by_cause(results: Sequence[FeedResult]) -> tuple[list[tuple[str, list[FeedResult]]], list[FeedResult]]:
    """The failures of a refresh: those of one cause together with a sentence on it, and the others."""
    groups: dict[tuple[str, int], list[FeedResult]] = {}
    for result in results:
        if result.failure is not None:
            groups.setdefault((_WORDS[result.failure.cause][0], result.failure.status), []).append(result)
    together, alone = [], []
    for ones in groups.values():
        if len(ones) < FEW:
            alone += ones
            continue
        failures = [one.failure for one in ones if one.failure is not None]
        clause, repair = shared(failures)
        repairs = {f.repair for f in failures}
        if len(repairs) == 1:
            repair = repairs.pop()
        elif 2 * len(ones) <= len(results):
            repair = "What to do about each: `newsfeed feeds check`."
        together.append((f"{len(ones)} feeds could not be read: {clause}. {repair}".rstrip(), ones))
    return together, alone


def incomplete(edition: Edition) -> bool:
    """Whether more than half of the sources failed when an edition was built."""
    return is_incomplete(edition.feeds, edition.built)


def better(edition: Edition, now: Collection[FeedReport]) -> bool:
    """Whether an edition that more than half of the sources are missing from could be built of more of them now."""
    return incomplete(edition) and sum(r.ok for r in now) > sum(r.ok for r in edition.feeds)
