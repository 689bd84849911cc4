"""From a host's name to its addresses, and the question whether there is a network at all."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Sequence

from newsfeed.fetch.addresses import literal

Lookup = Callable[[str, int], Sequence[str]]

KEPT_SECONDS = 60.0
AT_ONCE = 16
OFFLINE_NAMES = 3  # so many names without any answer, and none found: the network is at fault, not the names


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
        """Whether the machine has no way out (asked after a connection found none)."""
        return not self._route()

    async def aclose(self) -> None:
        """Forget lookups still under way."""
        for task in list(self._running.values()):
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _resolve(self, host: str, port: int, timeout: float) -> tuple[str, ...]:
        found: tuple[str, ...] = ()
        sure = True
        try:
            async with self._threads:
                if not self._found and len(self._missed) >= AT_ONCE:
                    raise UnknownNameError(
                        host, sure=False
                    )  # a dead network need not be asked for every name
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

    async def _judge(self, error: UnknownNameError) -> None:
        """Raise OfflineError where the failure of one name is the failure of all."""
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
            task.exception()  # seen, even where everyone who asked has given up by now

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
            except RuntimeError:  # the loop has closed meanwhile: nobody waits any more
                return

        threading.Thread(target=work, name=f"lookup {host}", daemon=True).start()
        return await done
