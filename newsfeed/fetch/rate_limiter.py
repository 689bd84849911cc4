"""Whose turn it is: how many requests at once, and how far apart, a host gets.

A host is a name; another port of the same name is another host, since it is another server. Most hosts take several
requests at once. A few are known to want spacing, and a host that answers 429 or 503 gets it until it answers well
again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

# Seconds between two requests, by domain (its subdomains are the same host).
SPACED = {
    "reddit.com": 65.0,  # about one request a minute for an address of the net, since June 2026
    "youtube.com": 1.0,
}
AFTER_REFUSAL = 1.0  # to any host that said 429, until the end of the run
# Seconds for which a domain shuts out who asked too often, where it does not say so itself.
SHUT_OUT = {"reddit.com": 3_660}
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


class Host:
    """One host's slots and its next free moments."""

    __slots__ = ("calm_after", "closed_until", "gap", "next_at", "slots")

    def __init__(self, at_once: int, gap: float) -> None:
        self.slots = asyncio.Semaphore(at_once)
        self.gap = gap
        self.next_at = 0.0  # by the spacing
        self.closed_until = 0.0  # by the host's own word
        self.calm_after = 0.0  # requests begun before this moment say nothing of the host's mood


class RateLimiter:
    """Gives turns in the order asked.

    Args:
        at_once: requests to all hosts; as many again may wait for hosts that are silent.
        per_host: requests to one host.
        patience: seconds that a request waits for a host's spacing; beyond that it is put off.
        clock: seconds, never going back.
    """

    def __init__(self, at_once: int, per_host: int, patience: float, clock: Callable[[], float]) -> None:
        self._all = asyncio.Semaphore(at_once)
        self._silent = at_once  # places for requests that stepped aside
        self._per_host = per_host
        self._patience = patience
        self._clock = clock
        self._hosts: dict[str, Host] = {}

    async def enter(self, key: str) -> float:
        """Wait for a turn. 0 when it is given: `leave` must follow. Else the seconds for which to stay away."""
        host = self._host(key)
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
                await asyncio.sleep(wait)
            await self._all.acquire()
        except asyncio.CancelledError:
            host.slots.release()
            raise
        return 0.0

    def resume(self, key: str, ago: float) -> None:
        """A request to the host was made that many seconds ago by an earlier run: its spacing still holds."""
        if gap := SPACED.get(key, 0.0):
            host = self._host(key)
            host.next_at = max(host.next_at, self._clock() + gap - max(0.0, ago))

    def step_aside(self) -> bool:
        """Lend the place of a request whose host is silent to another; False where too many are silent already."""
        if not self._silent:
            return False
        self._silent -= 1
        self._all.release()
        return True

    def leave(self, key: str, *, aside: bool = False) -> None:
        """The request is over; `aside`: it had lent its place."""
        if aside:
            self._silent += 1
        else:
            self._all.release()
        self._hosts[key].slots.release()

    def refused(self, key: str) -> None:
        """The host said 429 or 503: space its requests until it is well again."""
        host = self._host(key)
        now = self._clock()
        host.gap = max(host.gap, AFTER_REFUSAL)
        host.next_at = max(host.next_at, now + host.gap)
        host.calm_after = now

    def answered(self, key: str, begun: float) -> None:
        """The host answered well to a request begun at that moment."""
        host = self._hosts[key]
        if begun > host.calm_after and host.gap:
            host.gap = SPACED.get(key, 0.0)
            if not host.gap:
                host.next_at = 0.0

    def exhausted(self, key: str, seconds: float) -> None:
        """The host has said that nothing more is to be had from it for so long."""
        host = self._host(key)
        host.closed_until = max(host.closed_until, self._clock() + seconds)

    def _host(self, key: str) -> Host:
        host = self._hosts.get(key)
        if host is None:
            host = self._hosts[key] = Host(self._per_host, SPACED.get(key, 0.0))
        return host
