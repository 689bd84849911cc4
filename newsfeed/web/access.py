"""Access control: who may make requests, and the headers of every answer.

The only secret is a file in the home, readable by its owner. From it the key of the link that `serve` opens, the
cookie that this link sets, and the token in every form are derived; none of the three reveals another.
"""

from __future__ import annotations

import hmac
import re
import secrets
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from newsfeed.errors import SettingsError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEY_FILE = "web.secret"
YEAR = 34_560_000  # seconds; browsers keep no cookie longer
SAFE = frozenset({"GET", "HEAD"})
# Nothing but what this answer itself names may run or load, and nothing may frame it or be told where it came from.
POLICY = (
    "default-src 'none'; script-src 'nonce-{0}'; style-src 'nonce-{0}'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types newsfeed"
)
HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    # With "no-referrer" browsers send "Origin: null" for our own forms; other sites learn nothing by this one either.
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Frame-Options", "DENY"),
)
WAY_IN = (
    "<p>It belongs to the newsfeed that runs here, and this browser has no key to it.</p>"
    "<p>Where it runs, <code>newsfeed serve</code> opens the page, or prints the link that does.</p>"
)
# As quiet as the page; what its style sheet says is given only to who has a key.
SMALL_STYLE = (
    ":root{color-scheme:light dark;background:#fcfbf8;color:#1d1b18}main{max-width:34rem;margin:12vh auto 0;padding:0 1.25rem;"
    "font:1rem/1.6 system-ui,sans-serif}h1{font:700 1.75rem/1.2 Georgia,serif;border-bottom:1px solid;padding-bottom:.75rem}"
    "a{color:inherit}code{font-size:.9375em;white-space:nowrap}"
    "@media (prefers-color-scheme:dark){:root{background:#151618;color:#e8e4dc}}"
)


@dataclass(frozen=True)
class Keys:
    """What is derived from the home's secret."""

    secret: str = field(repr=False)

    def _derive(self, what: str) -> str:
        return hmac.new(self.secret.encode(), what.encode(), "sha256").hexdigest()[:43]

    @property
    def start(self) -> str:
        """The key of the link that `serve` opens."""
        return self._derive("start")

    @property
    def cookie(self) -> str:
        """The value of the cookie."""
        return self._derive("cookie")

    @property
    def token(self) -> str:
        """The token in each form."""
        return self._derive("form")


def keys(inner: Path, *, new: bool = False) -> Keys:
    """The keys of a home; created if there are none, or with `new`, which invalidates the old ones.

    Raises:
        SettingsError: the file can't be used, or others can read it.
    """
    path = inner / KEY_FILE
    try:
        if new:
            path.unlink(missing_ok=True)
        if not path.exists():
            partial = path.with_suffix(".part")
            partial.unlink(missing_ok=True)
            partial.touch(mode=0o600, exist_ok=False)
            partial.write_text(secrets.token_urlsafe(32), encoding="ascii")
            partial.replace(path)
        if path.stat().st_mode & 0o077:
            raise SettingsError(
                str(path), "others on this machine can read it", "Run: newsfeed serve --new-token"
            )
        value = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            str(path), f"can't be used ({type(error).__name__})", "Remove it; it is made anew."
        ) from error
    if len(value) < 40:
        raise SettingsError(str(path), "holds no key", "Run: newsfeed serve --new-token")
    return Keys(value)


def same(given: str, expected: str) -> bool:
    """Whether two secrets are equal, compared in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())


def qr(link: str) -> str:
    """A link as a QR code for a terminal, to be scanned by a phone."""
    import io

    import segno

    drawn = io.StringIO()
    segno.make(link, error="l").terminal(out=drawn, compact=True)
    return drawn.getvalue()


class Shield(ABC):
    """Refuses what a reader's browser would never send, adds our headers to every answer, and asks `admitted` about the rest.

    `hosts` are the names under which we may be asked, with the port: any other was led here by a name server.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str], scheme: str = "http") -> None:
        self._app = app
        self._hosts = hosts
        self._scheme = scheme

    @abstractmethod
    async def admitted(self, request: Request) -> ASGIApp | None:
        """The answer to a request that is refused; None for an admitted one."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        from starlette import requests

        nonce = secrets.token_urlsafe(16)
        own = [*HEADERS, ("Content-Security-Policy", POLICY.format(nonce)), ("Cache-Control", "no-store")]
        if self._scheme == "https":
            own.append(("Strict-Transport-Security", f"max-age={YEAR}"))

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                there = {name.lower() for name, _ in headers}
                headers.extend(
                    (name.encode(), value.encode())
                    for name, value in own
                    if name.lower().encode() not in there
                )
            await send(message)

        if scope["type"] != "http":
            return
        scope.setdefault("state", {})["nonce"] = nonce
        request = requests.Request(scope)
        answer = self._wrong(request) or await self.admitted(request)
        await (answer or self._app)(scope, receive, sending)

    def _wrong(self, request: Request) -> ASGIApp | None:
        """The answer to a request that no reader's browser sends; None for others."""
        from starlette.responses import PlainTextResponse

        headers, path = request.headers, request.url.path
        host = headers.get("host", "").lower()
        if host not in self._hosts or len(headers.getlist("host")) != 1:
            return PlainTextResponse("Not the address of this app.", 421)
        if request.method not in {*SAFE, "POST"}:
            return PlainTextResponse("Not allowed.", 403)
        if path.startswith("//") or not re.fullmatch(r"/[\w./%~@:,+=-]*", path):
            return PlainTextResponse("There is no such page.", 404)
        # If a browser sends the origin of a form, that must be ours.
        here = f"{self._scheme}://{host}"
        if request.method == "POST" and (
            headers.get("origin", here) != here
            or headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}
        ):
            return PlainTextResponse("Sent from another site, so nothing was done.", 403)
        return None


def small_page(nonce: str, body: str, status: int = 200) -> Response:
    """A page for who has no key (yet): it knows nothing of the home, not even its reader's language."""
    from starlette.responses import HTMLResponse

    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>newsfeed</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f'<style nonce="{nonce}">{SMALL_STYLE}</style></head><body><main>{body}</main></body></html>',
        status,
    )


def reload_page(nonce: str) -> Response:
    """An answer to who is led here from another site, whose browser keeps the cookie back: asked by ourselves it sends it."""
    again = f'<script nonce="{nonce}">location.replace(location.href.split("#")[0])</script>'
    return small_page(nonce, f'<h1>newsfeed</h1><p><a href="">Open</a></p>{again}')


def locked_page(nonce: str) -> Response:
    """The answer to who has no key: the way to one."""
    return small_page(nonce, f"<h1>This page is locked</h1>{WAY_IN}", 403)


class Guard(Shield):
    """Lets through to `app` what comes from the reader's own browser; see `listening` for what that means in words."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str], given: Keys) -> None:
        super().__init__(app, hosts)
        self._keys = given
        self.cookie_name = f"newsfeed-{min(hosts).rpartition(':')[2]}"  # cookies are shared by all ports

    async def admitted(self, request: Request) -> ASGIApp | None:
        """The answer to a request without a key; None for one with it."""
        from starlette.responses import RedirectResponse

        headers, nonce = request.headers, request.scope["state"]["nonce"]
        if request.method in SAFE and request.url.path == "/" and "k" in request.query_params:
            if not same(request.query_params["k"], self._keys.start):
                return locked_page(nonce)
            answer = RedirectResponse("/", 303)
            answer.set_cookie(
                self.cookie_name, self._keys.cookie, max_age=YEAR, httponly=True, samesite="strict", path="/"
            )
            return answer
        if same(cookie(request, self.cookie_name), self._keys.cookie):
            return None
        if request.method in SAFE and headers.get("sec-fetch-site", "none") in {"cross-site", "same-site"}:
            return reload_page(nonce)
        return locked_page(nonce)


def cookie(request: Request, name: str) -> str:
    """Our cookie, among those of other programs on this machine's address; "" if there is none."""
    pairs = (part.strip().partition("=") for part in request.headers.get("cookie", "").split(";"))
    return next((value for given, _, value in pairs if given == name), "")
