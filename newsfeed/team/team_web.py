"""The team's web app: the routes of its views, and the process that listens. Any number of processes may run."""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from anyio import to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from newsfeed.errors import NewsfeedError, NotFoundError, StoreError
from newsfeed.model import Settings
from newsfeed.pipeline.reports import Clock
from newsfeed.pipeline.signs import AppPlace as Listening
from newsfeed.team import views_lists, views_reader, views_sign_in
from newsfeed.team.connections import Place
from newsfeed.team.oidc import SignInError
from newsfeed.team.reader_app import DOOR, DoorApp, ReaderApp, TeamApp, TeamGuard, TeamWeb, asked_language
from newsfeed.team.sessions import TooManyError
from newsfeed.team.site import SiteSetting, at_port
from newsfeed.text import spoken
from newsfeed.web.access import cookie
from newsfeed.web.listening import bound, lasting, run_server
from newsfeed.web.local_app import STYLES, script
from newsfeed.web.routes import GET, POST

if TYPE_CHECKING:
    from newsfeed.team.sessions import ReaderSession

# Views of a reader, by address; most of those of a single home serve here too.
READERS_GET: Mapping[str, Callable[..., Response]] = {
    **GET,
    "/": views_reader.today,
    "/archive/{name:path}": views_reader.drawn,
    "/ledger.html": views_reader.drawn,
    "/index.html": views_reader.moved_page,
    "/breadth.html": views_reader.moved_page,
    "/settings": views_reader.settings,
    "/lists": views_lists.lists,
    "/you": views_sign_in.you,
    "/you/oidc": views_sign_in.to_provider,
    "/admin": views_lists.admin,
}
READERS_POST: Mapping[str, Callable[..., Response]] = {
    **POST,
    "/make": views_reader.make,
    "/sources/change": views_reader.change_list,
    "/sources/undo": views_reader.undo_list,
    "/settings/mail": views_reader.save_mail,
    "/settings/secret": views_reader.save_secret,
    "/lists": views_lists.follow_list,
    "/lists/show": views_lists.show_list,
    "/you/drop": views_sign_in.drop_credential,
    "/you/everywhere": views_sign_in.sign_out_everywhere,
    "/admin/readers": views_lists.change_readers,
    "/admin/lists": views_lists.change_lists,
}
OPEN_GET = {
    "/sign-in": views_sign_in.sign_in,
    "/sign-in/oidc": views_sign_in.to_provider,
    "/sign-in/back": views_sign_in.from_provider,
    "/sign-in/proxy": views_sign_in.by_proxy,
    "/invited/{token}": views_sign_in.invited,
    "/welcome": views_sign_in.welcome,
}
OPEN_POST = {
    "/welcome/stay": views_sign_in.stay,
    "/welcome/proxy": views_sign_in.bind_proxy,
    "/passkey/ask": views_sign_in.ask_passkey,
    "/passkey/made": views_sign_in.made_passkey,
    "/passkey/signed": views_sign_in.signed_passkey,
    "/sign-out": views_sign_in.sign_out,
}
Work = Callable[[TeamApp], Response]
AT_ONCE = 16  # answers that one process computes at a time


# RFC 9110, section 15
STATUS = {NotFoundError: 404, StoreError: 503, SignInError: 403, TooManyError: 429}


def _status(error: NewsfeedError) -> int:
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 400)


class TeamAnswers:
    """Computes answers in threads, each with only what the requesting reader may see."""

    def __init__(self, team: TeamWeb) -> None:
        self._team = team

    def get(self, path: str, view: Callable[..., Response]) -> Route:
        async def answer(request: Request) -> Response:
            return await self._answered(request, lambda app: view(app, request))

        return Route(path, answer, methods=["GET"])

    def post(self, path: str, view: Callable[..., Response]) -> Route:
        async def answer(request: Request) -> Response:
            try:
                fields = await self._app(request).form(request)
            except NewsfeedError as error:
                return self._trouble(request, error, 403)
            return await self._answered(request, lambda app: view(app, request, fields))

        return Route(path, answer, methods=["POST"])

    def _app(self, request: Request) -> TeamApp:
        """What asks no database: the door's, or a reader's without their store."""
        session: ReaderSession | None = request.scope["state"].get("session")
        browser = self._browser(request)
        if session is None:
            return DoorApp(self._team, browser, asked_language(request))
        app = TeamApp(self._team, session.form, browser, asked_language(request))
        app.reader = session.reader
        return app

    def _browser(self, request: Request) -> str:
        """The cookie of the door; a new one where there is none, which is set with the answer."""
        state = request.scope["state"]
        if "browser" not in state:
            state["browser"] = cookie(request, self._team.cookies.door)
            if not state["browser"]:
                state["browser"] = state["fresh"] = secrets.token_urlsafe(32)
        found: str = state["browser"]
        return found

    async def _answered(self, request: Request, work: Work) -> Response:
        answer = await run_in_threadpool(self._worked_out, request, work)
        fresh, names = request.scope["state"].get("fresh"), self._team.cookies
        if fresh and not any(
            name == b"set-cookie" and value.startswith(names.door.encode())
            for name, value in answer.raw_headers
        ):
            names.put(answer, names.door, fresh, seconds=DOOR)
        return answer

    def _worked_out(self, request: Request, work: Work) -> Response:
        session: ReaderSession | None = request.scope["state"].get("session")
        try:
            if session is None:
                door = self._app(request)
                with door.speaking():
                    return self._told(door, request, work)
            with self._team.store_of(session.reader.id) as store:
                app = ReaderApp(self._team, session, self._browser(request), asked_language(request), store)
                with app.speaking():
                    return self._told(app, request, work)
        except NewsfeedError as error:
            return self._trouble(request, error, _status(error))

    def _trouble(self, request: Request, error: NewsfeedError, status: int) -> Response:
        app = self._app(request)
        with app.speaking():
            return app.trouble(request, error, status)

    def _told(self, app: TeamApp, request: Request, work: Work) -> Response:
        """The answer, or what is wrong, in the reader's language; what is wrong with the database ends its connection."""
        try:
            return work(app)
        except StoreError:
            raise
        except NewsfeedError as error:
            return app.trouble(request, error, _status(error))

    async def lost(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status in {404, 405}:
            return self._trouble(request, NotFoundError("", "There is no such page."), 404)
        return self._trouble(request, NewsfeedError("", "Something broke here."), 500)


def routed_team(team: TeamWeb) -> ASGIApp:
    """The whole app behind its guard."""
    answers = TeamAnswers(team)
    routes = [
        *(answers.get(path, view) for path, view in {**READERS_GET, **OPEN_GET}.items()),
        *(answers.post(path, view) for path, view in {**READERS_POST, **OPEN_POST}.items()),
        *(Route(path, partial(_file, team, name)) for path, name in FILES.items()),
    ]
    inner = Starlette(
        routes=routes, exception_handlers={404: answers.lost, 405: answers.lost, 500: answers.lost}
    )
    return TeamGuard(inner, team)


FILES = {"/app.css": "", "/app.js": "app/app.js", "/passkeys.js": "team/passkeys.js"}


async def _file(team: TeamWeb, name: str, request: Request) -> Response:
    """Styles and scripts, whose addresses contain the hash of their content."""
    if not name:
        text, kind = str(team.templates.style(STYLES)), "text/css"
    else:
        with spoken.speaking(request.query_params.get("v", "").rpartition("-")[2]):
            text, kind = script(team.templates, name), "text/javascript"
    return lasting(text, kind)


def serve_team(
    place: Place,
    site: SiteSetting,
    machine: Settings,
    clock: Clock,
    *,
    address: str,
    port: int,
    ready: Callable[[str, str], None],
    stop: threading.Event | None = None,
) -> None:
    """Listen until stopped; `ready` is told the site and where this process listens, once a browser can come.

    Raises:
        SettingsError: the port is taken, or the address isn't ours.
        StoreError: the database can't be reached.
    """
    listening = bound(Listening(address=address, port=port))
    port = listening.getsockname()[1]
    team = TeamWeb(place, at_port(site, port), machine, clock)
    try:
        team.readers.all()  # a database that can't be reached is told now, not by the first page
        asyncio.run(_listen(team, listening, lambda: ready(team.site.site, f"{address}:{port}"), stop))
    finally:
        team.close()


async def _listen(
    team: TeamWeb, listening: socket.socket, ready: Callable[[], None], stop: threading.Event | None
) -> None:
    # Each answer under way may hold two connections to the database, which all processes share.
    to_thread.current_default_thread_limiter().total_tokens = AT_ONCE
    await run_server(routed_team(team), listening, ready, stop)
