"""What the views of the team's web app are handed: the team as this process knows it, one request of a reader's, and who
asks: by the cookie of a session, or by the word of a reverse proxy from one of its own addresses."""

from __future__ import annotations

import queue
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, unquote

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from newsfeed.errors import NewsfeedError, NotFoundError, StoreError
from newsfeed.model import Settings, Subscription
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.reports import Clock
from newsfeed.pipeline.subscriptions import edit
from newsfeed.render import Templates
from newsfeed.team.connections import Place
from newsfeed.team.oidc import SignInProvider
from newsfeed.team.reader_home import ReaderHome, WebStore, reader_home
from newsfeed.team.readers import Reader, Readers, key_of
from newsfeed.team.sessions import Attempts, ReaderSession, Sessions, form_token
from newsfeed.team.site import SiteSetting, client_secret
from newsfeed.text import spoken
from newsfeed.text.spoken import say
from newsfeed.web.access import SAFE, Shield, cookie
from newsfeed.web.local_app import PageApp, ViewApp, is_live, script

if TYPE_CHECKING:
    from starlette.types import ASGIApp

T = TypeVar("T")
OFFERS = "web offers"  # note in the store: feeds that were found and are not added yet
REMEMBERED = 200  # answers that are kept for a reader's next look
DOOR = 86_400  # seconds that a browser keeps the cookie of the door


class Cookies:
    """Names and ways of our cookies. With TLS no other name of the domain can set them."""

    def __init__(self, site: SiteSetting) -> None:
        self.secure = site.secure
        mark = "__Host-" if site.secure else ""
        end = "" if site.secure else f"-{site.parts[2].rpartition(':')[2]}"  # cookies know no ports
        self.session = f"{mark}newsfeed{end}"
        self.door = f"{mark}newsfeed-door{end}"
        self.invited = f"{mark}newsfeed-invited{end}"
        self.said = f"{mark}newsfeed-said{end}"

    def put(self, answer: Response, name: str, value: str, *, seconds: int) -> None:
        """Set one of them."""
        answer.set_cookie(
            name, value, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="lax"
        )

    def drop(self, answer: Response, name: str) -> None:
        """Take one back."""
        answer.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")


class TeamWeb:
    """All that one process of the web app holds: nothing that another one would have to know."""

    def __init__(self, place: Place, site: SiteSetting, machine: Settings, clock: Clock) -> None:
        self.place = place
        self.site = site
        self.machine = machine
        self.clock = clock
        self.readers = Readers(place, clock)
        self.sessions = Sessions(place, clock, site.session)
        self.attempts = Attempts(place, clock)
        self.cookies = Cookies(site)
        self.provider = (
            SignInProvider(site.oidc, client_secret(place), f"{site.site}/sign-in/back")
            if site.oidc
            else None
        )
        self.templates = Templates(Home(place.folder, machine, clock).templates)
        self.known: OrderedDict[tuple[int, str], tuple[object, Any]] = OrderedDict()
        self._stores: queue.LifoQueue[WebStore] = queue.LifoQueue()

    @contextmanager
    def store_of(self, reader: int) -> Iterator[WebStore]:
        """A connection to the database as a reader's; one that broke is not used again.

        Raises:
            StoreError: the database can't be reached.
        """
        try:
            store = self._stores.get_nowait()
        except queue.Empty:
            store = WebStore.of_web(self.place)
        try:
            with store.of(reader):
                yield store
        except StoreError:
            store.close()
            self.close()  # the others are of the same database
            raise
        except BaseException:
            self._give_back(store)
            raise
        self._give_back(store)

    def _give_back(self, store: WebStore) -> None:
        store.forget()
        self._stores.put(store)

    def close(self) -> None:
        """Let the database go."""
        with suppress(queue.Empty):
            while True:
                self._stores.get_nowait().close()


class TeamApp(PageApp):
    """The part that pages before and behind the sign-in share."""

    local = False
    reader: Reader | None = None

    def __init__(self, team: TeamWeb, token: str, browser: str, asked: str) -> None:
        super().__init__()
        self.team = team
        self.token = token
        self.browser = browser  # the cookie of the door: sign-ins under way belong to it
        self.asked = asked  # the language that the browser asks for
        self.scheme = team.site.parts[0]

    def templates(self) -> Templates:
        return self.team.templates

    def language(self) -> str:
        return self.asked

    @property
    def version(self) -> str:
        # The language is in it: scripts are asked for without a sign-in.
        return f"{super().version}-{spoken.language()}"

    def say_next(self, answer: Response, said: str) -> None:
        if said:
            self.team.cookies.put(answer, self.team.cookies.said, quote(said[:300]), seconds=60)

    def take_said(self, request: Request) -> str:
        return unquote(cookie(request, self.team.cookies.said))[:300]

    def more(self) -> dict[str, Any]:
        """What every page of these knows."""
        return {"site": self.team.site, "reader": self.reader, "extra": script_version(self.team)}

    def view(self, request: Request, name: str, *, status: int = 200, **context: Any) -> Response:
        answer = super().view(request, name, status=status, **{**self.more(), **context})
        if cookie(request, self.team.cookies.said) and not is_live(request):
            self.team.cookies.drop(answer, self.team.cookies.said)
        return answer


class DoorApp(TeamApp):
    """For somebody who is not signed in: forms carry what belongs to the cookie of the door."""

    def __init__(self, team: TeamWeb, browser: str, asked: str) -> None:
        super().__init__(team, form_token(browser), browser, asked)


class ReaderApp(TeamApp, ViewApp):
    """For one request of a reader."""

    store: WebStore
    reader: Reader

    def __init__(
        self, team: TeamWeb, session: ReaderSession, browser: str, asked: str, store: WebStore
    ) -> None:
        super().__init__(team, session.form, browser, asked)
        self.session = session
        self.reader = session.reader
        self.store = store

    def language(self) -> str:
        return ViewApp.language(self)

    def home(self) -> ReaderHome:
        """The reader's home.

        Raises:
            SettingsError: their settings can't be read.
        """
        team = self.team
        return reader_home(
            team.place, self.reader, team.machine, self.store, team.readers, team.clock, team.site.feeds
        )

    def remembered(self, name: str, key: object, make: Callable[[], T]) -> T:
        known, at = self.team.known, (self.reader.id, name)
        there = known.get(at)
        if there is None or there[0] != key:
            there = known[at] = (key, make())
            while len(known) > REMEMBERED:
                known.popitem(last=False)
        found: T = there[1]
        return found

    def _offers(self) -> dict[str, Subscription]:
        text = self.store.get_meta(OFFERS)
        return msgspec.json.decode(text, type=dict[str, Subscription]) if text else {}

    def offer(self, subscription: Subscription) -> str:
        key = edit.key_of(subscription.url)
        kept = {key: subscription, **dict(list(self._offers().items())[:19])}
        self.store.set_meta(OFFERS, msgspec.json.encode(kept).decode())
        return key

    def offered(self, key: str) -> Subscription | None:
        return self._offers().get(key)

    def admin(self) -> None:
        """Pass only an admin; to others there is no such page.

        Raises:
            NotFoundError: the reader is none.
        """
        if not self.reader.admin:
            raise NotFoundError("", "There is no such page.")


def script_version(team: TeamWeb) -> str:
    """A name for what the script of the sign-in says, with the language of its words."""
    import hashlib

    said = hashlib.sha256(script(team.templates, "team/passkeys.js").encode()).hexdigest()[:12]
    return f"{said}-{spoken.language()}"


def asked_language(request: Request) -> str:
    """The language in which we answer a browser whose reader isn't known: the first that it names and we speak."""
    given: list[tuple[float, str]] = []
    for part in request.headers.get("accept-language", "")[:500].split(","):
        code, _, weight = part.partition(";q=")
        with suppress(ValueError):
            given.append((-float(weight or 1), code.strip().casefold()[:2]))
    known = (
        code
        for weight, code in sorted(given, key=lambda one: one[0])
        if code in spoken.languages() and weight
    )
    return next(known, spoken.ENGLISH)


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
            with spoken.speaking(asked_language(request)):
                return PlainTextResponse(f"{say(error.cause)} {say(error.repair)}", 503)
        request.scope["state"]["session"] = session
        path = request.url.path
        if session is not None or path.startswith(OPEN):
            return None
        if request.method not in SAFE or "x-live" in request.headers:
            with spoken.speaking(asked_language(request)):
                return PlainTextResponse(say("You are signed out. Load the page again and sign in."), 401)
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
