"""One request's way through its redirects: where it is, and what it may carry on."""

from __future__ import annotations

import asyncio

import httpx
import msgspec

from newsfeed.fetch.redaction import repeats
from newsfeed.fetch.target import Target
from newsfeed.model import Failure, NotModified, Request, Response

COOKIES = 4_096  # characters that are sent at the most

Outcome = Response | NotModified | Failure


class Hop(msgspec.Struct, frozen=True):
    """What one request on the way brought: an outcome, or the next target."""

    outcome: Outcome | None = None
    target: Target | None = None
    status: int = 0


class Way(msgspec.Struct):
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
