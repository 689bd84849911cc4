"""An address to ask, and one request's route through its redirects: where it is, and what it may carry on."""

from __future__ import annotations

import asyncio
import base64
import re
from urllib.parse import unquote_to_bytes, urljoin

import httpx
import msgspec

from newsfeed.fetch.redaction import repeats
from newsfeed.model import Failure, NotModified, Request, Response

LONGEST = 8_192  # characters of an address; longer ones are attacks or mistakes
HOST = re.compile(rb"[A-Za-z0-9._~-]{1,253}|[0-9A-Fa-f:.]{2,45}(%[A-Za-z0-9._~-]{1,32})?")
PORTS = {"http": 80, "https": 443}


class AddressError(ValueError):
    """No address that could be asked."""


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
        """Host and port: what an exception for an owner's own server names."""
        return (self.host, self.port)

    def join(self, location: str) -> Target:
        """The target of a redirect from here."""
        try:
            return Target(urljoin(str(self.url), location))
        except ValueError as error:
            raise AddressError("unreadable") from error

    def secure(self) -> Target:
        """The same by https; a port that was written stays."""
        return Target(str(self.url.copy_with(scheme="https")))


COOKIES = 4_096  # characters that are sent at the most

Outcome = Response | NotModified | Failure


class Hop(msgspec.Struct, frozen=True):
    """What one request on the way brought: an outcome, or the next target."""

    outcome: Outcome | None = None
    target: Target | None = None
    status: int = 0


class Route(msgspec.Struct):
    """One feed's way through its redirects. What a redirect sets as a cookie goes along it and is forgotten after it."""

    request: Request
    target: Target
    first: Target
    private: bool  # whether the exceptions for the owner's own addresses still hold
    hops: int = 0
    permanent: bool = True
    secured: bool = False  # a redirect to http was taken for one to https
    spent: float = 0.0
    authorization: str = ""  # what a login gave, for the first hop alone
    secrets: frozenset[str] = frozenset()  # what was sent, and no stranger's words may repeat
    cookies: httpx.Cookies = msgspec.field(default_factory=httpx.Cookies)
    quiet: asyncio.TimerHandle | None = None  # until the host's first word
    aside: bool = False  # the host is silent, and its place lent to another

    @property
    def host(self) -> str:
        """The host to name to the owner; none that a redirect made of what was sent to it."""
        repeated = self.hops and repeats(self.target.host, self.secrets)
        return "another host" if repeated else self.target.host

    @property
    def cookie(self) -> str:
        """The Cookie header for the next request, "" without."""
        if not self.cookies:
            return ""
        asked = httpx.Request("GET", self.target.url)
        self.cookies.set_cookie_header(asked)
        value = asked.headers.get("Cookie", "")
        return value if len(value) <= COOKIES and value.isascii() and value.isprintable() else ""

    @property
    def place(self) -> tuple[str, str]:
        """Where it is and what it carries: twice the same is a circle."""
        return str(self.target.url), self.cookie
