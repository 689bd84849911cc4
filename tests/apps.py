"""The local app as it really runs: uvicorn on loopback over a home that a real refresh filled."""

from __future__ import annotations

import html
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from homes import Entry, TestHome, make, opml, rss
from serving import Server

from newsfeed.cli.command import Context
from newsfeed.web import listening

# Every view of the app, with and without something to show; {ref} is a story of the page, {key} a feed of the list.
VIEWS = (
    "/", "/kept", "/kept?q=nichts", "/search", "/search?q=bank", "/search?q=nirgends", "/search?q=bank&since=gestern",
    "/search?topic=nichts", "/sources", "/sources?look=1", "/sources?q=bank", "/sources/one?feed={key}", "/sources/add",
    "/sources/add?url=x.example", "/breadth", "/breadth?minutes=2", "/breadth?minutes=3&share-sales=100&share-finance=90",
    "/rules", "/rules?kind=word&what=bank", "/settings", "/teach", "/rebuild", "/refresh", "/why/{ref}", "/topic/{ref}",
    "/mute/{ref}", "/note/{ref}", "/share/{ref}", "/nirgends",
)  # fmt: skip
# For plain http: to read the certificates that https needs takes longer than most of what is asked.
PLAIN: dict[str, Any] = {"trust_env": False, "verify": False}
# A connection for each request: on a busy machine the server may close a kept one just as it is used again.
ONE_EACH = httpx.Limits(max_keepalive_connections=0)
STORIES = {
    "bank": [
        Entry("Central bank holds interest rates at three per cent", "The bank left its key rate alone. Bond yields fell after the decision of the board.", 2),
        Entry("Lender cuts mortgage rates for first buyers", "Mortgage rates fall below four per cent. The lender expects more loans in spring.", 5),
        Entry("Insurer posts record quarterly profit", "Premiums rose by a tenth. The insurer raises its dividend for investors.", 8),
    ],
    "chips": [
        Entry("Chipmaker opens new processor plant", "The plant makes processors for servers. It cost nine billion and employs three thousand people.", 3),
        Entry("Browser update mends flaw in software", "The software update closes a hole. Users should install the new browser version today.", 6),
        Entry("Golf robot learns to putt", "Engineers taught a robot golf. It sinks nine putts of ten on a real green.", 7),
    ],
    "sales": [
        Entry("Sales teams shorten the first call", "Sellers who ask before they pitch close more deals. Sales managers changed the script.", 4),
    ],
}  # fmt: skip


@dataclass
class App:
    """A running app, and its reader's browser, which has the key."""

    home: TestHome
    link: str
    client: httpx.Client
    said: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        return self.link.partition("/?k=")[0]

    @property
    def host(self) -> str:
        return self.base.removeprefix("http://")

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask as a browser does: a page that says it is still being worked out is asked for again."""
        while "refresh" in (answer := self.client.get(self.base + path, headers=_named(headers))).headers:
            after, _, to = answer.headers["refresh"].partition("; url=")
            path = to or path
            time.sleep(float(after) / 10)
        return answer

    def token(self) -> str:
        found = re.search(r'name="token" value="([^"]+)"', self.get("/settings").text)
        assert found
        return found[1]

    def post(
        self, path: str, fields: dict[str, str], *, token: str | None = None, **headers: str
    ) -> httpx.Response:
        """A form as the browser sends it from one of our pages."""
        sent = {"token": self.token() if token is None else token, **fields}
        own = {"origin": self.base, "sec-fetch-site": "same-origin", **_named(headers)}
        return self.client.post(self.base + path, data=sent, headers=own)

    def at(self, view: str) -> str:
        """The path of one of `VIEWS` in this home."""
        if "{" not in view:
            return view
        first = re.search(r'xmlUrl="([^"]+)"', (self.home.folder / "feeds.opml").read_text(encoding="utf-8"))
        assert first
        return view.format(ref=self.home.digest()["picks"][0]["id"], key=key(html.unescape(first[1])))

    def ref(self, title: str) -> str:
        """The short id of a story on the page."""
        for article in re.findall(r"<article.*?</article>", self.get("/").text, re.DOTALL):
            if title in article:
                found = re.search(r'data-ref="([^"]+)"', article)
                assert found
                return found[1]
        raise AssertionError(f"{title} is not on the page")


def key(url: str) -> str:
    """The name by which the app speaks of a feed."""
    from newsfeed.pipeline.subscriptions.edit import key_of

    return key_of(url)


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def words(response: httpx.Response) -> str:
    """What a reader sees of an answer."""
    body = re.sub(r"<(style|script|title)\b.*?</\1>", " ", response.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


FOREIGN = re.compile(
    r"<(\w+)[^>]*\slang=\"en\"[^>]*>.*?</\1>|<bdi>.*?</bdi>|<p class=\"p-summary\".*?</p>|<option[^>]*>.*?</option>|<nav class=\"short\".*?</nav>",
    re.DOTALL,
)


def labels(html: str) -> str:
    """Our own words in a view, seen or read aloud; without the feeds' texts, quoted or not, and what is marked as English."""
    body = re.sub(r"<(style|script)\b.*?</\1>", " ", html, flags=re.DOTALL)
    aloud = re.findall(r'(?:aria-label|placeholder|title)="([^"]*)"', body)
    while (less := FOREIGN.sub(" ", body)) != body:
        body = less
    return re.sub("„[^“]*“", " ", " ".join([re.sub(r"<[^>]+>", " ", body), *aloud]))


def fill(folder: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> TestHome:
    """A home with three feeds, asked once, and today's page."""
    home = make(folder, monkeypatch, [server.port])
    for name, entries in STORIES.items():
        server.feed(f"/{name}.xml", rss(name.capitalize(), entries, base=f"https://{name}.example"))
    home.list(
        opml(
            ("Finance", "Bank", server.url("/bank.xml")),
            ("Technology", "Chips", server.url("/chips.xml")),
            ("Sales", "Sales weekly", server.url("/sales.xml")),
        )
    )
    assert home.run("digest", "--no-open") == 0
    return home


def copied(master: TestHome, folder: Path, monkeypatch: pytest.MonkeyPatch) -> TestHome:
    """A copy of another home."""
    shutil.copytree(master.folder, folder)
    return TestHome(folder, monkeypatch)


@contextmanager
def serving_home(home: TestHome, *, port: int = 0) -> Iterator[App]:
    """The app of a home, until the block ends."""
    stop, up = threading.Event(), threading.Event()
    links: list[str] = []
    trouble: list[BaseException] = []

    def run() -> None:
        try:
            listening.serve(
                lambda: Context(home.folder).home(),
                port=port,
                ready=lambda link: (links.append(link), up.set()),  # type: ignore[func-returns-value]
                stop=stop,
            )
        except Exception as error:  # noqa: BLE001 - handed to the test
            trouble.append(error)
            up.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert up.wait(300)
    if trouble:
        raise trouble[0]
    with httpx.Client(follow_redirects=True, timeout=300, **PLAIN, limits=ONE_EACH) as client:
        app = App(home, links[0], client)
        assert client.get(app.link).status_code == 200
        try:
            yield app
        finally:
            stop.set()
            thread.join(120)
