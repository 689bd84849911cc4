"""The one process that listens: on this machine only, unless its owner names another address."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from newsfeed.errors import BusyError, SettingsError
from newsfeed.pipeline import locating
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.locating import LOCAL, Place, running
from newsfeed.web.guard import keys

if TYPE_CHECKING:
    import uvicorn


def checked_address(address: str) -> str:
    """The address to listen on.

    Raises:
        SettingsError: it is none of one network card.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        found = None
    if found is None or found.is_unspecified or found.is_multicast:
        raise SettingsError(
            "--listen",
            f"{address!r} is no address of this machine",
            "Name the one of your home network, such as 192.168.1.20.",
        )
    return str(found)


def bound(place: Place) -> socket.socket:
    """A socket that listens there.

    Raises:
        SettingsError: the port is taken, or the address isn't one of this machine.
    """
    family = socket.AF_INET6 if ":" in place.address else socket.AF_INET
    # The protocol by name: only then are answers sent at once, not held back for 40 ms.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((place.address, place.port))
    except OSError as error:
        found.close()
        raise SettingsError(
            f"{place.address}:{place.port}",
            f"can't be listened on ({error.strerror})",
            "Another program has that port, perhaps: newsfeed serve --port 8766",
        ) from error
    return found


def names(place: Place) -> frozenset[str]:
    """The names under which the app may be asked."""
    own = {LOCAL, "localhost", place.url.removeprefix("http://").rpartition(":")[0]}
    return frozenset(f"{name}:{place.port}" for name in own)


def link(home: Home, place: Place) -> str:
    """The link that lets a browser in."""
    return f"{place.url}?k={keys(home.inner).start}"


@contextmanager
def lock(home: Home) -> Iterator[None]:
    """One app a home.

    Raises:
        BusyError: another one runs; the sentence says where.
    """
    try:
        held = home.serve_lock()
        held.acquire()
    except BusyError:
        place = running(home)
        where = f"at {place.url}" if place else "in another process"
        raise BusyError(
            "", f"the app of this home runs already, {where}", "Use that one, or end it."
        ) from None
    try:
        yield
    finally:
        locating.note(home, None)
        held.release()


def serve(
    load: Callable[[], Home],
    *,
    address: str = LOCAL,
    port: int,
    ready: Callable[[str], None],
    stop: threading.Event | None = None,
) -> None:
    """Listen until stopped; `ready` is told the link once a browser can come.

    Raises:
        BusyError: the app of this home runs already.
        SettingsError: the port is taken, or the address isn't ours.
    """
    import uvicorn

    from newsfeed.web.desk import Desk
    from newsfeed.web.routes import app

    home = load()
    with lock(home):
        given = keys(home.inner)
        place = Place(address=address, port=port)
        listening = bound(place)
        place = msgspec.structs.replace(place, port=listening.getsockname()[1])
        locating.note(home, place)
        desk = Desk(load, given)
        try:
            server = uvicorn.Server(
                uvicorn.Config(
                    app(desk, names(place)),
                    log_config=None,
                    access_log=False,  # addresses hold the key, search words and notes
                    server_header=False,
                    date_header=False,
                    lifespan="off",
                    timeout_graceful_shutdown=2,
                    ws="none",
                    limit_concurrency=500,
                    proxy_headers=False,
                )
            )
            asyncio.run(_serve(server, listening, lambda: ready(link(home, place)), stop))
        finally:
            desk.close()


async def _serve(
    server: uvicorn.Server, listening: socket.socket, ready: Callable[[], None], stop: threading.Event | None
) -> None:
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not task.done():
        await asyncio.sleep(0.02)
    if server.started:
        ready()
    while stop is not None and not task.done():
        if stop.is_set():
            server.should_exit = True
        await asyncio.sleep(0.1)
    await task
