"""The process that listens, on this machine only unless its owner names another address; and how a view answers."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from newsfeed.errors import BusyError, NewsfeedError, NotFoundError, SettingsError
from newsfeed.pipeline import signs
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.signs import LOCAL, AppPlace, app_place
from newsfeed.text.spoken import say
from newsfeed.web import views_work
from newsfeed.web.access import Guard, keys
from newsfeed.web.local_app import STYLES, LocalApp
from newsfeed.web.routes import HOME_GET, HOME_POST, Fields


def checked_address(address: str) -> str:
    """The address to listen on.

    Raises:
        SettingsError: it is not the address of a network interface.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        found = None
    if found is None or found.is_unspecified or found.is_multicast:
        raise SettingsError(
            "--listen",
            say("{address} is no address of this machine", address=repr(address)),
            "Name the one of your home network, such as 192.168.1.20.",
        )
    return str(found)


def bound(place: AppPlace) -> socket.socket:
    """A socket that listens at an address.

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
            say("can't be listened on ({strerror})", strerror=error.strerror),
            "Another program has that port, perhaps: newsfeed serve --port 8766",
        ) from error
    return found


def names(place: AppPlace) -> frozenset[str]:
    """The host names under which the app may be requested."""
    own = {LOCAL, "localhost", place.url.removeprefix("http://").rpartition(":")[0]}
    return frozenset(f"{name}:{place.port}" for name in own)


def link(home: Home, place: AppPlace) -> str:
    """The link that gives a browser access."""
    return f"{place.url}?k={keys(home.inner).start}"


@contextmanager
def lock(home: Home) -> Iterator[None]:
    """One app a home.

    Raises:
        BusyError: another one runs; the sentence says where.
    """
    held = ExitStack()
    try:
        held.enter_context(home.serve_lock())
    except BusyError:
        place = app_place(home)
        where = f"at {place.url}" if place else "in another process"
        raise BusyError(
            "", say("the app of this home runs already, {where}", where=where), "Use that one, or end it."
        ) from None
    with held:
        try:
            yield
        finally:
            signs.note_place(home, None)


def serve(
    load: Callable[[], Home],
    *,
    address: str = LOCAL,
    port: int,
    ready: Callable[[str], None],
    stop: threading.Event | None = None,
) -> None:
    """Listen until stopped; `ready` gets the link once a browser can connect.

    Raises:
        BusyError: the app of this home runs already.
        SettingsError: the port is taken, or the address isn't ours.
    """
    home = load()
    with lock(home):
        given = keys(home.inner)
        place = AppPlace(address=address, port=port)
        listening = bound(place)
        place = msgspec.structs.replace(place, port=listening.getsockname()[1])
        signs.note_place(home, place)
        app = LocalApp(load, given)
        try:
            asyncio.run(
                run_server(routed(app, names(place)), listening, lambda: ready(link(home, place)), stop)
            )
        finally:
            app.close()


async def run_server(
    app: ASGIApp, listening: socket.socket, ready: Callable[[], None], stop: threading.Event | None = None
) -> None:
    """Answer requests to a socket until stopped; `ready` is called once a browser can connect."""
    import uvicorn

    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,  # addresses hold keys, search words and notes
            server_header=False,
            date_header=False,
            lifespan="off",
            timeout_graceful_shutdown=2,
            ws="none",
            limit_concurrency=500,
            proxy_headers=False,  # the client is the connected one, whatever headers say
        )
    )
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


def routed(app: LocalApp, hosts: frozenset[str]) -> ASGIApp:
    """The whole app with its access control."""

    def get(path: str, view: Callable[[LocalApp, Request], Response]) -> Route:
        async def answer(request: Request) -> Response:
            with app.speaking():
                return await _answered(app, request, partial(view, app, request))

        return Route(path, answer, methods=["GET"])

    def post(path: str, view: Callable[[LocalApp, Request, Fields], Response]) -> Route:
        async def answer(request: Request) -> Response:
            with app.speaking():
                try:
                    fields = await app.form(request)
                except NewsfeedError as error:
                    return app.trouble(request, error, 403)
                answer = await _answered(app, request, partial(view, app, request, fields))
                app.ahead.again()
                return answer

        return Route(path, answer, methods=["POST"])

    async def events(request: Request) -> Response:
        return views_work.events(app, request)

    async def lost(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        broken = NewsfeedError("", "Something broke here.", "Run `newsfeed doctor` to see what.")
        what = NotFoundError("", "There is no such page.") if status == 404 else broken
        with app.speaking():
            return app.trouble(request, what, status)

    routes = [
        get("/app.css", _style),
        get("/app.js", _script),
        *(get(path, view) for path, view in HOME_GET.items()),
        *(post(path, view) for path, view in HOME_POST.items()),
        Route("/refresh/events", events, methods=["GET"]),
    ]
    inner = Starlette(routes=routes, exception_handlers={404: lost, 405: lost, 500: lost})
    return Guard(inner, hosts, app.keys)


async def _answered(app: LocalApp, request: Request, view: Callable[[], Response]) -> Response:
    """A view's answer, computed in a thread, because it uses the database."""
    try:
        return await run_in_threadpool(view)
    except NotFoundError as error:
        return app.trouble(request, error, 404)
    except NewsfeedError as error:
        return app.trouble(request, error)


def lasting(text: str, kind: str) -> Response:
    """Styles or a script, whose address holds the hash of what it says."""
    return Response(text, media_type=kind, headers={"Cache-Control": "private, max-age=31536000, immutable"})


def _style(app: LocalApp, request: Request) -> Response:
    return lasting(app.templates().style(STYLES), "text/css")


def _script(app: LocalApp, request: Request) -> Response:
    return lasting(app.script(), "text/javascript")
