"""Who asks: by the cookie of a session, or by the word of a reverse proxy from one of its own addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse

from newsfeed.errors import NewsfeedError
from newsfeed.team.reader_app import TeamWeb
from newsfeed.team.readers import Reader, key_of
from newsfeed.team.sessions import ReaderSession
from newsfeed.web.access import SAFE, Shield, cookie

if TYPE_CHECKING:
    from starlette.types import ASGIApp

PROXY = "proxy"
OPEN = ("/sign-in", "/invited/", "/welcome", "/passkey/", "/sign-out")
PLAIN = frozenset({"/app.css", "/app.js", "/passkeys.js"})  # the same for everybody


class TeamGuard(Shield):
    """Lets readers in, leads others to the sign-in. Views find the session in the request's state."""

    def __init__(self, app: ASGIApp, team: TeamWeb) -> None:
        super().__init__(app, team.site.hosts, team.site.parts[0])
        self._team = team

    async def admitted(self, request: Request) -> ASGIApp | None:
        """The answer to who is not signed in; None for who is, and for the pages of the sign-in."""
        if request.url.path in PLAIN:
            return None
        try:
            session = await run_in_threadpool(session_of, self._team, request)
            known = (
                session is not None or await run_in_threadpool(said_by_proxy, self._team, request) is not None
            )
        except NewsfeedError as error:
            return PlainTextResponse(f"{error.cause} {error.repair}", 503)
        request.scope["state"]["session"] = session
        path = request.url.path
        if session is not None or path.startswith(OPEN):
            return None
        if request.method not in SAFE or "x-live" in request.headers:
            return PlainTextResponse("You are signed out. Load the page again and sign in.", 401)
        asked = path + (f"?{request.url.query}" if request.url.query else "")
        to = f"?to={quote(asked, safe='')}" if asked != "/" else ""
        return RedirectResponse(f"/sign-in/proxy{to}" if known else f"/sign-in{to}", 303)


def proxy_name(team: TeamWeb, request: Request) -> str:
    """Whom the proxy says somebody is; "" where it says nothing, or who says it is not the proxy."""
    setting = team.site.proxy
    if setting is None or request.client is None or not team.site.from_proxy(request.client.host):
        return ""
    said = request.headers.getlist(setting.header)
    return said[0].strip()[:320] if len(said) == 1 else ""


def said_by_proxy(team: TeamWeb, request: Request) -> Reader | None:
    """The reader whom the proxy names."""
    name = proxy_name(team, request)
    found = team.readers.by_credential(PROXY, key_of(name)) if name else None
    return found[0] if found else None


def session_of(team: TeamWeb, request: Request) -> ReaderSession | None:
    """The session of a request. One that the proxy began lasts as long as the proxy says so."""
    token = cookie(request, team.cookies.session)
    session = team.sessions.find(token) if token else None
    if session is not None and session.by == PROXY:
        named = said_by_proxy(team, request)
        if named is None or named.id != session.reader.id:
            team.sessions.end(token)
            return None
    return session
