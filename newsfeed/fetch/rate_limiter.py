"""The rate limiter: how many requests a host gets at once, and how far apart.

A host is a name; another port of the same name is another host, since it is another server. Most hosts get several
requests at once. For a few, requests are always spaced, and for a host that answers 429 or 503, until it answers
normally again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable

# Seconds between two requests, by domain (its subdomains are the same host).
SPACED = {
    "reddit.com": 65.0,  # about one request a minute for an address of the net, since June 2026
    "youtube.com": 1.0,
}
AFTER_REFUSAL = 1.0  # to any host that said 429, until the end of the run
# Seconds for which a domain refuses clients that asked too often, if it doesn't say itself.
SHUT_OUT = {"reddit.com": 3_660}
QUIET = 0.1  # seconds without a word, after which a host's place is lent to another: many answers take less
UNHEARD = 1.0  # the same while nobody has spoken yet: three ways there and back, over a bad mobile network
USUAL = 0.9  # of what was usual, when one more host has spoken
SILENT = 1_000  # requests that wait without a place: about what a browser holds open
# Domains whose feeds vanish for days and come back: a 404 from them means nothing.
COME_AND_GO = {"youtube.com"}


def host_key(scheme: str, host: str, port: int | None) -> str:
    """The name under which a host's turns are counted."""
    name = host.rstrip(".").lower()
    for domain in SPACED:
        if name == domain or name.endswith("." + domain):
            return domain
    usual = port is None or port == (443 if scheme == "https" else 80)
    return name if usual else f"{name}:{port}"


def descriptors(wanted: int) -> int:
    """How many files and sockets may be open at once, of the so many that are wanted. Systems begin with few (macOS with
    256) and let a program raise that by itself."""
    try:
        import resource
    except ImportError:  # a system without this limit
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    if soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    return min(soft, wanted)


class Host:
    """One host's slots and its next free moments."""

    __slots__ = ("calm_after", "closed_until", "gap", "next_at", "slots")

    def __init__(self, at_once: int, gap: float) -> None:
        self.slots = asyncio.Semaphore(at_once)
        self.gap = gap
        self.next_at = 0.0  # by the spacing
        self.closed_until = 0.0  # by the host's own word
        self.calm_after = 0.0  # requests begun before this moment don't show whether the host is well


class Places:
    """So many at once. Who holds a place may lend it while there is nothing to do, and takes it back without waiting:
    until as many others have ended, nobody new gets one."""

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Wait for a place; who waits longest comes first."""
        if self._free > 0:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give()
            raise

    def give(self) -> None:
        """The place is free again, or lent."""
        self._free += 1
        while self._free > 0 and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                self._free -= 1
                turn.set_result(None)

    def take_back(self) -> None:
        """What was lent."""
        self._free -= 1

    async def __aenter__(self) -> None:
        await self.take()

    async def __aexit__(self, *_: object) -> None:
        self.give()


class RateLimiter:
    """Admits requests in the order in which they ask.

    A host that is silent costs a connection and nothing else, so its place is lent to others, and so is the lane of
    whoever asks for it. While nobody has spoken at all, the network may be slow rather than the hosts: then only as
    many places are lent as there are, and more after a second.

    Args:
        at_once: requests to all hosts.
        per_host: requests to one host.
        patience: seconds that a request waits for a host's spacing; beyond that it is put off.
        clock: seconds, never going back.

    Attributes:
        lanes: twice as many as places; who asks for many holds one for each, until its answer is dealt with.
    """

    def __init__(
        self,
        at_once: int,
        per_host: int,
        patience: float,
        clock: Callable[[], float],
    ) -> None:
        self._all = Places(at_once)
        self.lanes = Places(2 * at_once)
        self._at_once = at_once
        self._per_host = per_host
        self._patience = patience
        self._clock = clock
        self._most_silent = (
            descriptors(SILENT + 3 * at_once) - 3 * at_once
        )  # as many as the system lets be open
        self._silent = 0
        self._usual: float | None = None  # seconds until a host's first word
        self._hosts: dict[str, Host] = {}

    async def enter(self, key: str) -> float:
        """Wait for a turn. 0 when it is given: `leave` must follow. Else the seconds for which to stay away."""
        host = self._host(key)
        if host.slots.locked():
            await self._with_lane_lent(host.slots.acquire())
        else:
            await host.slots.acquire()
        try:
            now = self._clock()
            start = max(host.next_at, host.closed_until)
            wait = start - now
            if wait > self._patience:
                host.slots.release()
                return wait
            if host.gap:
                host.next_at = max(start, now) + host.gap
            if wait > 0:
                await self._with_lane_lent(asyncio.sleep(wait))
            await self._all.take()
        except asyncio.CancelledError:
            host.slots.release()
            raise
        return 0.0

    async def _with_lane_lent(self, waiting: Awaitable[object]) -> None:
        self.lanes.give()
        try:
            await waiting
        finally:
            self.lanes.take_back()

    def resume(self, key: str, ago: float) -> None:
        """Register a request to the host by an earlier run, so many seconds ago, for its spacing."""
        if gap := SPACED.get(key, 0.0):
            host = self._host(key)
            host.next_at = max(host.next_at, self._clock() + gap - max(0.0, ago))

    def step_aside(self, silent: float) -> float:
        """Lend the place of a request whose host has been silent for so many seconds to another. Gives 0 when it is
        lent, else the seconds after which to ask again."""
        enough = self._usual or 0.0 if self._usual is not None or self._silent < self._at_once else UNHEARD
        if silent < enough or self._silent >= self._most_silent:
            return max(enough - silent, QUIET)
        self._silent += 1
        self._all.give()
        self.lanes.give()
        return 0.0

    def spoke(self, seconds: float, *, aside: bool) -> None:
        """A host has said its first word after so many seconds; `aside`: the request had lent its place."""
        self._usual = seconds if self._usual is None else USUAL * self._usual + (1 - USUAL) * seconds
        if aside:
            self.come_back()

    def come_back(self) -> None:
        """A request takes back the place that it had lent."""
        self._silent -= 1
        self._all.take_back()
        self.lanes.take_back()

    def leave(self, key: str) -> None:
        """The request is over, and holds its place."""
        self._all.give()
        self._hosts[key].slots.release()

    def refused(self, key: str) -> None:
        """The host answered 429 or 503: space its requests until it answers normally."""
        host = self._host(key)
        now = self._clock()
        host.gap = max(host.gap, AFTER_REFUSAL)
        host.next_at = max(host.next_at, now + host.gap)
        host.calm_after = now

    def answered(self, key: str, begun: float) -> None:
        """The host answered normally to a request begun at that moment."""
        host = self._hosts[key]
        if begun > host.calm_after and host.gap:
            host.gap = SPACED.get(key, 0.0)
            if not host.gap:
                host.next_at = 0.0

    def exhausted(self, key: str, seconds: float) -> None:
        """The host said that it accepts no more requests for so long."""
        host = self._host(key)
        host.closed_until = max(host.closed_until, self._clock() + seconds)

    def _host(self, key: str) -> Host:
        host = self._hosts.get(key)
        if host is None:
            host = self._hosts[key] = Host(self._per_host, SPACED.get(key, 0.0))
        return host
