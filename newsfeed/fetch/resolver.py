"""Resolving host names, and which addresses may be connected to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from newsfeed.errors import SettingsError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are the IPv4 address that is reached
COMPATIBLE = IPv6Network("::/96")  # RFC 4291, deprecated: the same

# Not of the public net, whatever the running Python's tables say of them (they changed with CVE-2024-4032).
DENIED: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "64:ff9b:1::/48",  # RFC 8215: NAT64 of the local network
        "100::/64",
        "2001::/23",  # protocol assignments; Teredo is unwrapped before
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)


def literal(host: str) -> Address | None:
    """The address that `host` spells in its usual form, or None when it is a name (or an unusual spelling)."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def unwrap(address: Address) -> Address:
    """The IPv4 address embedded in an IPv6 address that leads there, else `address`."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in NAT64 or address in COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def public(address: Address) -> bool:
    """Whether `address` belongs to the public net, after unwrapping."""
    real = unwrap(address)
    if not real.is_global or real.is_multicast:
        return False
    return not any(real.version == net.version and real in net for net in DENIED)


class Exceptions:
    """The owner's own addresses: `host:port`, `address:port` or `network:port`, as written in the settings.

    A named host is matched by its name, an address or network only by an address literal: a stranger's name that
    resolves to an excepted address gains nothing.

    Raises:
        SettingsError: an entry has no port, or can't be read.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        self._names: set[tuple[str, int]] = set()
        self._networks: list[tuple[Network, int]] = []
        for number, entry in enumerate(entries, 1):
            host, _, port = entry.strip().rpartition(":")
            if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
                raise SettingsError(
                    f"[fetch] allow_private, entry {number}",
                    "this is no host with a port",
                    'Write it as "127.0.0.1:8808", "nas.local:8080" or "192.168.1.0/24:8080".',
                )
            host = host.strip("[]").rstrip(".").lower()
            try:
                self._networks.append((ip_network(host, strict=False), int(port)))
            except ValueError:
                self._names.add((host, int(port)))

    def holds(self, host: str, port: int) -> bool:
        """Whether the reader named this host and port."""
        if not self._names and not self._networks:
            return False
        host = host.strip("[]").rstrip(".").lower()
        if (host, port) in self._names:
            return True
        address = literal(host)
        return address is not None and any(
            allowed == port and address.version == net.version and address in net
            for net, allowed in self._networks
        )


Lookup = Callable[[str, int], Sequence[str]]

KEPT_SECONDS = 60.0  # a usual lifetime of short-lived names; a refresh asks each name once
AT_ONCE = 16  # names; more threads wait for the same name server
TURN = 0.1  # seconds, after which a lookup gives its turn to another: a server that knows a name takes less
HANGING = 500  # lookups that have given their turn away; each still holds a thread
OFFLINE_NAMES = 3  # after so many names without any answer the network is at fault, not the names


class UnknownNameError(Exception):
    """No server has that name (`sure`), or the name servers do not say just now."""

    def __init__(self, host: str, *, sure: bool) -> None:
        super().__init__(host)
        self.host = host
        self.sure = sure


class OfflineError(Exception):
    """There is no network to ask."""


def look_up(host: str, port: int) -> list[str]:
    """All addresses of a host as the system resolves it, in its order of preference.

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def routed() -> bool:
    """Whether the machine has a way out. Connecting a datagram socket sends nothing; it only asks for a route."""
    for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((address, 9))
                return True
        except OSError:
            continue
    return False


class Resolver:
    """Resolves names off the event loop, each once a minute at most, and tells a dead network from a dead name.

    Lookups run in daemon threads of their own, since a hanging name server must not hold up the end of the program.
    """

    def __init__(self, lookup: Lookup = look_up, route: Callable[[], bool] = routed) -> None:
        self._lookup = lookup
        self._route = route
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._running: dict[str, asyncio.Task[tuple[str, ...]]] = {}
        self._threads = asyncio.Semaphore(AT_ONCE)
        self._hanging = 0
        self._found = False
        self._missed: set[str] = set()

    async def addresses(self, host: str, port: int, timeout: float) -> tuple[str, ...]:
        """The addresses of `host`, at least one; a literal is its own.

        Raises:
            UnknownNameError: it has none, or none was told within `timeout` seconds.
            OfflineError: no name at all can be resolved.
        """
        if (own := literal(host)) is not None:
            return (str(own),)
        kept = self._known.get(host)
        if kept is not None and kept[0] > time.monotonic():
            return kept[1]
        task = self._running.get(host)
        if task is None:
            task = asyncio.create_task(self._resolve(host, port, timeout))
            self._running[host] = task
            task.add_done_callback(lambda done: self._ended(host, done))
        try:
            return await asyncio.shield(task)
        except UnknownNameError as error:
            await self._judge(error)
            raise

    def offline(self) -> bool:
        """Whether the machine is offline (asked after a connection failed)."""
        return not self._route()

    async def aclose(self) -> None:
        """Abandon pending lookups."""
        for task in list(self._running.values()):
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _resolve(self, host: str, port: int, timeout: float) -> tuple[str, ...]:
        found: tuple[str, ...] = ()
        sure = True
        try:
            async with self._turn():
                if not self._found and len(self._missed) >= AT_ONCE:
                    raise UnknownNameError(
                        host, sure=False
                    )  # a dead network needn't be probed for every name
                async with asyncio.timeout(timeout):
                    found = tuple(await self._in_thread(host, port))
        except UnicodeError:  # a label that DNS can't hold
            sure = True
        except socket.gaierror as error:
            sure = error.errno in {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
        except OSError:  # a time-out is one, too
            sure = False
        if not found:
            if not sure:
                self._missed.add(host)
            raise UnknownNameError(host, sure=sure)
        self._found = True
        self._known[host] = (time.monotonic() + KEPT_SECONDS, found)
        return found

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """One of the turns at the name server. A lookup that hangs gives it away, so that it holds up no other."""
        await self._threads.acquire()
        hangs = False

        def give_away() -> None:
            nonlocal hangs
            if self._hanging < HANGING:
                hangs = True
                self._hanging += 1
                self._threads.release()

        timer = asyncio.get_running_loop().call_later(TURN, give_away)
        try:
            yield
        finally:
            timer.cancel()
            if hangs:
                self._hanging -= 1
            else:
                self._threads.release()

    async def _judge(self, error: UnknownNameError) -> None:
        """Raise OfflineError if the failure of one name means that none can be resolved."""
        if not self._found and not self._route():
            raise OfflineError from error
        if error.sure:
            return  # some name server answered
        while not self._found:
            if len(self._missed) >= OFFLINE_NAMES:
                raise OfflineError from error
            others = [task for host, task in self._running.items() if host != error.host]
            if not others:
                return
            await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED)

    def _ended(self, host: str, task: asyncio.Task[tuple[str, ...]]) -> None:
        self._running.pop(host, None)
        if not task.cancelled():
            task.exception()  # retrieved, even if everyone who asked has given up

    async def _in_thread(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Sequence[str]] = loop.create_future()

        def settle(result: Sequence[str], error: Exception | None) -> None:
            if done.done():
                return
            if error is None:
                done.set_result(result)
            else:
                done.set_exception(error)

        def work() -> None:
            result: Sequence[str] = ()
            failed: Exception | None = None
            try:
                result = self._lookup(host, port)
            except (OSError, UnicodeError) as error:
                failed = error
            try:
                loop.call_soon_threadsafe(settle, result, failed)
            except RuntimeError:  # the loop was closed meanwhile: nobody waits any more
                return

        threading.Thread(target=work, name=f"lookup {host}", daemon=True).start()
        return await done
