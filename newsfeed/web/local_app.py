"""What all views share: the current home, its open database, the templates, the refresh or build in progress, and what is
computed in advance."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from typing import Any, TypeVar
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from newsfeed import config
from newsfeed.errors import BusyError, NewsfeedError, SettingsError
from newsfeed.model import Subscription
from newsfeed.pipeline import signs
from newsfeed.pipeline.home import Home, Store
from newsfeed.pipeline.morning.digest import digest
from newsfeed.pipeline.morning.refresh import refresh
from newsfeed.pipeline.reports import DigestReport, RefreshOptions, RefreshReport
from newsfeed.pipeline.subscriptions.edit import key_of
from newsfeed.render import Templates
from newsfeed.text import spoken
from newsfeed.text.spoken import say
from newsfeed.web.access import Keys, same

KEPT_READY = 180.0  # seconds after somebody asked
CALM = 1.5  # seconds without a change before computing again, because changes come in series


class Ahead:
    """One thread that computes what the reader will soon ask for; the store caches the results."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._wanted: dict[str, tuple[Callable[[], object], float]] = {}  # and until when it is kept ready
        self._next: dict[str, Callable[[], object]] = {}
        self._thread: threading.Thread | None = None
        self._not_before = 0.0
        self._closed = False

    def want(self, name: str, find: Callable[[], object], *, once: bool = False) -> None:
        """Compute this now and, unless `once`, again after every change for a while."""
        with self._turn:
            if not once:
                self._wanted[name] = (find, time.monotonic() + KEPT_READY)
            self._not_before = 0.0
            self._begin({name: find})

    def again(self) -> None:
        """After a change: compute again what was wanted lately."""
        with self._turn:
            now = time.monotonic()
            self._not_before = now + CALM
            self._wanted = {name: one for name, one in self._wanted.items() if one[1] > now}
            self._begin({name: find for name, (find, _) in self._wanted.items()})

    def wait(self, seconds: float) -> bool:
        """Wait until everything is computed, at most so long; returns whether it is."""
        with self._turn:
            return self._turn.wait_for(lambda: self._thread is None, seconds)

    def close(self, seconds: float) -> None:
        """Start nothing more, and let the current work end."""
        with self._turn:
            self._closed = True
            self._next.clear()
            self._turn.notify_all()
        self.wait(seconds)

    def _begin(self, found: dict[str, Callable[[], object]]) -> None:
        if self._closed or not found:
            return
        self._next = found | self._next  # what is asked for now goes before what waits
        self._turn.notify_all()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="ahead", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._turn:
                while self._next and (left := self._not_before - time.monotonic()) > 0:
                    self._turn.wait(left)
                if not self._next:
                    self._thread = None
                    self._turn.notify_all()
                    return
                find = self._next.pop(next(iter(self._next)))
            # Errors are reported when the result is asked for.
            with suppress(Exception):
                find()


T = TypeVar("T")
LARGEST = 5_500_000  # bytes of a form: a list to be imported
CHOSEN_FROM = 200  # sources at the most
# Seconds that a page waits for what is computed in the background; then it says so and reloads
PATIENCE = 0.08
STYLES = "page.css site.css app/app.css"


class Work:
    """The refresh or build last started here; another process may run one too."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._turn = threading.Lock()
        self.report: RefreshReport | DigestReport | None = None
        self.trouble = ""

    def begin(self, home: Home, kind: str) -> bool:
        """Start a refresh or, with `kind` "build" or "rebuild", a digest; False when one is under way already."""
        with self._turn:
            if self.running or signs.worker(home) is not None:
                return False
            self.report, self.trouble = None, ""
            self._thread = threading.Thread(
                target=copy_context().run, args=(self._run, home, kind), name=kind, daemon=True
            )
            self._thread.start()
            return True

    @property
    def running(self) -> bool:
        """Whether it is still running."""
        return self._thread is not None and self._thread.is_alive()

    def wait(self, seconds: float) -> None:
        """Wait until it has ended, at most so long."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self, home: Home, kind: str) -> None:
        try:
            secrets = config.secrets(home.settings)
            with home.lock(f"serve, {kind}"), home.open_store() as store:
                if kind == "refresh":
                    self.report = refresh(home, store, RefreshOptions(secrets=secrets))
                else:
                    self.report = digest(
                        home, store, rebuild=kind == "rebuild", refresh=kind != "rebuild", secrets=secrets
                    )
        except BusyError:
            pass  # another process was faster: its progress is shown
        except NewsfeedError as error:
            self.trouble = " ".join(str(error).split())
        except Exception as error:  # noqa: BLE001 - a thread's fault must reach the reader, not vanish with it
            self.trouble = say(
                "It broke off ({name}). Run `newsfeed refresh` to see more.", name=type(error).__name__
            )


class PageApp(ABC):
    """Drawing pages and reading forms, with or without a home."""

    token: str  # what each form carries
    scheme = "http"
    local = True  # one home on this machine, with work of its own

    def __init__(self) -> None:
        self._versions: dict[str, str] = {}

    @abstractmethod
    def templates(self) -> Templates:
        """The templates, read once."""

    @abstractmethod
    def say_next(self, answer: Response, said: str) -> None:
        """Keep a sentence for the page after a redirect."""

    @abstractmethod
    def take_said(self, request: Request) -> str:
        """The sentence kept for this page, shown once."""

    @property
    def version(self) -> str:
        """A hash of script and styles, so that browsers may cache them."""
        code = spoken.language()
        if code not in self._versions:
            said = self.templates().style(STYLES) + self.script()
            self._versions[code] = hashlib.sha256(said.encode()).hexdigest()[:12]
        return self._versions[code]

    def script(self) -> str:
        """The script without comments, its phrases in the current language."""
        return script(self.templates(), "app/app.js")

    def language(self) -> str:
        """The code of the reader's language."""
        return spoken.ENGLISH

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Set the current language to the reader's."""
        with spoken.speaking(self.language()):
            yield

    # ------------------------------------------------------------------ forms

    async def form(self, request: Request) -> dict[str, str]:
        """The fields of a form that came from one of our pages.

        Raises:
            SettingsError: it is too large, or its token is not ours.
        """
        if int(request.headers.get("content-length") or 0) > LARGEST:
            raise SettingsError("", "That is too large.", "")
        fields: dict[str, str] = {}
        async with request.form(max_files=1, max_fields=200, max_part_size=LARGEST) as given:
            for name, value in given.multi_items():
                if isinstance(value, UploadFile):
                    fields[name] = (await value.read(LARGEST)).decode("latin-1")  # bytes, one a letter
                else:
                    fields[name] = value
        if not same(fields.pop("token", ""), self.token):
            raise SettingsError("", "This page is too old to change anything.", "Load it again.")
        return fields

    # ------------------------------------------------------------------ answers

    def view(self, request: Request, name: str, *, status: int = 200, **context: Any) -> Response:
        """A whole page, or the part of it that the script asked for."""
        live = is_live(request)
        said = context.pop("said", "")
        if not live:
            said = said or self.take_said(request)
        lang = context.pop("lang", "") or spoken.language()
        with spoken.speaking(lang):
            text = self.templates().fill(
                name if "/" in name else f"app/{name}",
                frame="app/frame.html",
                root="/",
                lang=lang,
                notice="",
                nonce=request.scope["state"]["nonce"],
                version=self.version,
                token=self.token,
                path=request.url.path,
                said=said,
                live=live,
                local=self.local,
                **context,
            )
        headers = {"X-Said": quote(said)} if live and said else {}
        return HTMLResponse(text, status, headers)

    def wait(self, request: Request, name: str, to: str = "", **context: Any) -> Response:
        """A page that says that it is being worked out, and loads itself again, or a page of ours."""
        answer = self.view(request, name, **context)
        answer.headers["Refresh"] = f"1; url={to}" if to else "1"
        return answer

    def done(self, request: Request, said: str, to: str) -> Response:
        """The redirect after a form without script, to a page of ours that shows `said` once."""
        answer = RedirectResponse(to, 303)
        self.say_next(answer, say(said))
        return answer

    def trouble(self, request: Request, error: NewsfeedError, status: int = 400) -> Response:
        """A page that says what is wrong and what to do, in our own words."""
        with suppress(NewsfeedError):
            # What is said in one sentence is the heading, but our script reads the alert alone.
            whole = sentence(error).endswith(".") and not error.repair
            bare = whole and not is_live(request)
            return self.view(
                request, "trouble.html", status=status, cause=sentence(error), repair=error.repair, bare=bare
            )
        return Response(f"{sentence(error)} {error.repair}", status, media_type="text/plain")


class ViewApp(PageApp):
    """What every view gets: the current home, its database, and the drawing of answers."""

    store: Store

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, tuple[object, Any]] = {}
        self._templates: Templates | None = None

    @abstractmethod
    def home(self) -> Home:
        """The home, with its settings as they are now.

        Raises:
            NewsfeedError: they can't be read, or there is no home any more.
        """

    @abstractmethod
    def offer(self, subscription: Subscription) -> str:
        """Keep a feed that was found until the reader confirms it; returns the key for that."""

    @abstractmethod
    def offered(self, key: str) -> Subscription | None:
        """The feed that was kept under this key, if that is not too long ago."""

    def prepare(self, name: str, find: Callable[[], object], wait: float = 0) -> bool:
        """Compute in the background what the reader will soon ask for; returns whether it was ready within `wait` seconds.
        Without waiting it is computed again after a change. A shared app computes nothing in advance."""
        return True

    def sources(self) -> list[tuple[str, str]]:
        """The feeds of the list by name, with keys instead of addresses, which may hold secrets. Empty if the list is too long
        to choose from: then a name must be typed."""

        def find() -> list[tuple[str, str]]:
            found = ((key_of(s.subscription.url), s.name) for s in self.store.states())
            return sorted(found, key=lambda pair: pair[1].casefold())[: CHOSEN_FROM + 1]

        named = self.store.while_unchanged("sources", None, find)
        return named if len(named) <= CHOSEN_FROM else []

    def language(self) -> str:
        """The reader's language, English where their settings can't be read."""
        with suppress(NewsfeedError):
            return spoken.first_spoken(self.home().settings.languages)
        return spoken.ENGLISH

    def templates(self) -> Templates:
        if self._templates is None:
            self._templates = Templates(self.home().templates)
        return self._templates

    def remembered(self, name: str, key: object, make: Callable[[], T]) -> T:
        """The result of `make`, computed again only when `key` changes."""
        known = self._known.get(name)
        if known is None or known[0] != key:
            known = self._known[name] = (key, make())
        found: T = known[1]
        return found


class LocalApp(ViewApp):
    """The app of one home. `load` reads it with its current settings."""

    def __init__(self, load: Callable[[], Home], given: Keys) -> None:
        super().__init__()
        self._load = load
        self.keys = given
        self.token = given.token
        self.store = load().open_store()
        self.work = Work()
        self.ahead = Ahead()
        self._said = ""
        self._offers: dict[str, Subscription] = {}

    def home(self) -> Home:
        return self._load()

    def offer(self, subscription: Subscription) -> str:
        key = key_of(subscription.url)
        self._offers = {key: subscription, **dict(list(self._offers.items())[:19])}
        return key

    def offered(self, key: str) -> Subscription | None:
        return self._offers.get(key)

    def say_next(self, answer: Response, said: str) -> None:
        self._said = said

    def take_said(self, request: Request) -> str:
        said, self._said = self._said, ""
        return said

    def prepare(self, name: str, find: Callable[[], object], wait: float = 0) -> bool:
        def spoken_find() -> None:
            with self.speaking():
                find()

        self.ahead.want(name, spoken_find, once=wait > 0)
        return self.ahead.wait(wait)

    def close(self) -> None:
        """Close the database, after the current work had time to end."""
        self.work.wait(20)
        self.ahead.close(20)
        self.store.close()


def script(templates: Templates, name: str) -> str:
    """A script without comments, its phrases in the current language."""
    lines = (line.strip() for line in templates.source(name).splitlines())
    return "\n".join(_translated(line) for line in lines if line and not line.startswith("//"))


def _translated(line: str) -> str:
    """A line of the script; the list of its phrases is translated into the current language."""
    head, found, listed = line.partition("const phrases = ")
    if head or not found:
        return line
    return f"{found}{json.dumps([say(word) for word in json.loads(listed.rstrip(';'))], ensure_ascii=False)};"


def sentence(error: NewsfeedError) -> str:
    """What is wrong, in a sentence."""
    return f"{say(error.subject)}: {say(error.cause)}" if error.subject else say(error.cause)


def is_live(request: Request) -> bool:
    """Whether our script makes the request, which needs only a part of a page."""
    return "x-live" in request.headers
