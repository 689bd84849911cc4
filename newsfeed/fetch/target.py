"""An address to ask, taken apart once: where it leads, what it needs, what it may not carry on."""

from __future__ import annotations

import base64
import re
from urllib.parse import unquote_to_bytes, urljoin

import httpx

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
