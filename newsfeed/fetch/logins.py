"""An address, its redirects, and the login that exchanges a credential for a token."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

import httpx
import msgspec

from newsfeed.fetch import failures
from newsfeed.fetch.failures import repeats
from newsfeed.fetch.transport import PRIVATE, Connections
from newsfeed.model import Cause, Failure, NotModified, Request, Response

LONGEST = 8_192  # characters of an address; longer ones are attacks or mistakes
HOST = re.compile(rb"[A-Za-z0-9._~-]{1,253}|[0-9A-Fa-f:.]{2,45}(%[A-Za-z0-9._~-]{1,32})?")
PORTS = {"http": 80, "https": 443}


class AddressError(ValueError):
    """The address can't be requested."""


class Target:
    """One hop's address.

    Attributes:
        url: without user, password and fragment.
        origin: scheme, host and port; what belongs to one origin is never sent to another.
        basic: the Authorization header made of the address's own user and password, "" without.
    """

    __slots__ = ("basic", "host", "origin", "port", "scheme", "url")

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise AddressError("too long")
        try:
            url = httpx.URL(text.strip())
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise AddressError("unreadable") from error
        if url.scheme not in PORTS or not HOST.fullmatch(url.raw_host) or not 0 < (url.port or 1) < 65_536:
            raise AddressError("not of the web")
        self.basic = ""
        if url.userinfo:
            user = base64.b64encode(unquote_to_bytes(url.userinfo)).decode("ascii")
            self.basic = f"Basic {user}"
            url = url.copy_with(userinfo=b"")
        if url.fragment:
            url = url.copy_with(fragment=None)
        self.url = url
        self.scheme = url.scheme
        self.host = url.raw_host.decode("ascii")
        self.port = url.port or PORTS[url.scheme]
        self.origin = (self.scheme, self.host, self.port)

    @property
    def place(self) -> tuple[str, int]:
        """Host and port, as in an exception for the reader's own server."""
        return (self.host, self.port)

    def join(self, location: str) -> Target:
        """The target of a redirect from here."""
        try:
            return Target(urljoin(str(self.url), location))
        except ValueError as error:
            raise AddressError("unreadable") from error

    def secure(self) -> Target:
        """The same by https; an explicit port stays."""
        return Target(str(self.url.copy_with(scheme="https")))


COOKIES = 4_096  # characters that are sent at the most

Outcome = Response | NotModified | Failure


class Hop(msgspec.Struct, frozen=True):
    """The result of one request of a route: an outcome, or the next target."""

    outcome: Outcome | None = None
    target: Target | None = None
    status: int = 0


class Route(msgspec.Struct):
    """One feed's route through its redirects. Cookies set by a redirect are sent along the route and dropped afterwards."""

    request: Request
    target: Target
    first: Target
    private: bool  # whether the exceptions for the owner's own addresses still hold
    hops: int = 0
    permanent: bool = True
    secured: bool = False  # a redirect to http was followed as https
    spent: float = 0.0
    authorization: str = ""  # the login's token, for the first hop only
    secrets: frozenset[str] = frozenset()  # secrets that were sent, which no message may repeat
    cookies: httpx.Cookies = msgspec.field(default_factory=httpx.Cookies)
    quiet: asyncio.TimerHandle | None = None  # until the host's first word
    aside: bool = False  # the host is silent, and its place is lent to another request

    @property
    def host(self) -> str:
        """The host to show to the reader; not one that a redirect made from what was sent."""
        repeated = self.hops and repeats(self.target.host, self.secrets)
        return "another host" if repeated else self.target.host

    @property
    def moved_to(self) -> str:
        """Where the feed lies now, if every redirect so far was a permanent one."""
        return str(self.target.url) if self.hops and self.permanent else ""

    @property
    def cookie(self) -> str:
        """The Cookie header for the next request, "" for none."""
        if not self.cookies:
            return ""
        asked = httpx.Request("GET", self.target.url)
        self.cookies.set_cookie_header(asked)
        value = asked.headers.get("Cookie", "")
        return value if len(value) <= COOKIES and value.isascii() and value.isprintable() else ""

    @property
    def place(self) -> tuple[str, str]:
        """The current target and cookies: the same twice is a loop."""
        return str(self.target.url), self.cookie


ANSWER = 100_000  # bytes of a login's answer


class Access(msgspec.Struct, frozen=True):
    """The result of a login: the header's value, and the server to request from instead ("" for the same)."""

    authorization: str
    server: str = ""


class Logins:
    """Logs in once for each host and kind.

    Args:
        connections: carry the logins.
        headers: that every request has.
        timeouts: in seconds, as httpx names them.
    """

    def __init__(
        self, connections: Connections, headers: list[tuple[str, str]], timeouts: Mapping[str, float]
    ) -> None:
        self._connections = connections
        self._headers = headers
        self._timeouts = timeouts
        self._sessions: dict[tuple[str, str], asyncio.Task[Access | Failure]] = {}

    async def aclose(self) -> None:
        """Give up logins still under way."""
        for task in self._sessions.values():
            task.cancel()
        await asyncio.gather(*self._sessions.values(), return_exceptions=True)

    async def session(
        self, request: Request, target: Target, secret: str, *, private: bool
    ) -> Access | Failure:
        """The session for a request's login and credential; a login that failed isn't tried twice in a run.

        Args:
            target: the address that the credential was written for.
            private: whether the exception for the owner's own servers holds for it.
        """
        key = (request.login, request.credential)
        task = self._sessions.get(key)
        if task is None:
            ways = {"atproto": self._atproto, "reddit": self._reddit}
            way = ways.get(request.login)
            if way is None:
                return failures.bad_address(request)
            task = self._sessions[key] = asyncio.create_task(way(request, target, secret, private))
        return await asyncio.shield(task)

    async def _atproto(
        self, request: Request, target: Target, secret: str, private: bool
    ) -> Access | Failure:
        """createSession of the AT Protocol: a short token, and the server that holds the account."""
        user, _, password = secret.partition(":")
        body = json.dumps({"identifier": user, "password": password}).encode()
        asked = target.join("/xrpc/com.atproto.server.createSession")
        status, answer = await self.post(asked, [("Content-Type", "application/json")], body, private)
        found = _read(answer)
        token = found.get("accessJwt")
        if status != 200 or not isinstance(token, str) or not _sendable(token):
            return _refused(request, target, status, "handle:app-password")
        return Access(f"Bearer {token}", _home(found) if target.scheme == "https" else "")

    async def _reddit(self, request: Request, target: Target, secret: str, private: bool) -> Access | Failure:
        """The client's own token (OAuth 2, client credentials), good for reading."""
        host = "www.reddit.com" if target.host == "oauth.reddit.com" else ""
        try:
            asked = (
                Target(f"https://{host}/api/v1/access_token") if host else target.join("/api/v1/access_token")
            )
        except AddressError:
            return failures.bad_address(request)
        basic = base64.b64encode(secret.encode()).decode("ascii")
        headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", f"Basic {basic}")]
        status, answer = await self.post(asked, headers, b"grant_type=client_credentials", private)
        token = _read(answer).get("access_token")
        if status != 200 or not isinstance(token, str) or not _sendable(token):
            return _refused(request, target, status, "client-id:client-secret")
        return Access(f"Bearer {token}")

    async def post(
        self, target: Target, headers: list[tuple[str, str]], body: bytes, private: bool
    ) -> tuple[int, bytes]:
        """Send one POST; gives status and answer. No redirect is followed: a login goes where it was meant to."""
        sent = httpx.Request(
            "POST",
            target.url,
            headers=[
                ("Host", target.url.netloc.decode("ascii")),
                *((n, v) for n, v in self._headers if n != "Accept-Encoding"),
                ("Accept", "application/json"),
                ("Content-Length", str(len(body))),
                *headers,
            ],
            content=body,
            extensions={"timeout": self._timeouts, PRIVATE: private},
        )
        answer = await self._connections.handle_async_request(sent)
        try:
            data = b""
            async for piece in answer.stream:  # type: ignore[union-attr]
                data += piece
                if len(data) > ANSWER:
                    break
            return answer.status_code, data
        finally:
            await answer.aclose()


def _read(answer: bytes) -> dict[str, Any]:
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _sendable(token: str) -> bool:
    return token.isascii() and token.isprintable() and " " not in token and len(token) < 8_000


def _home(found: dict[str, Any]) -> str:
    """The account's own server, as its document names it; "" where it names none that may be asked."""
    document = found.get("didDoc")
    services = document.get("service") if isinstance(document, dict) else None
    for service in services if isinstance(services, list) else []:
        if isinstance(service, dict) and service.get("type") == "AtprotoPersonalDataServer":
            place = service.get("serviceEndpoint")
            if isinstance(place, str) and urlsplit(place).scheme == "https":
                return place.rstrip("/")
    return ""


def _refused(request: Request, target: Target, status: int, form: str) -> Failure:
    if status == 429:
        return failures.refused(request, target.host, 429, None)
    if status >= 500:
        return failures.refused(request, target.host, status, None)
    return failures.failure(
        request,
        Cause.LOGIN,
        "{host} does not accept your login ({status}).",
        'The value behind [secrets."{place}"] should read {form}.',
        status=status,
        needs_owner=True,
        host=target.host,
        place=request.credential,
        form=form,
    )
