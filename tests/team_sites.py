"""A team's web app as it really runs, and its readers' browsers."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from apps import ONE_EACH, PLAIN
from teams import TestTeam

from newsfeed import config
from newsfeed.team.readers import Reader
from newsfeed.team.site import load_site
from newsfeed.team.team_web import serve_team

COOKIE = "newsfeed"


@dataclass
class Site:
    """A running web app of a team."""

    team: TestTeam
    base: str  # as browsers write it
    at: str  # where the process listens

    @property
    def port(self) -> str:
        return self.at.rpartition(":")[2]

    @contextmanager
    def browser(self, **headers: str) -> Iterator[Browser]:
        with httpx.Client(
            follow_redirects=True, timeout=300, **PLAIN, limits=ONE_EACH, headers=_named(headers)
        ) as client:
            yield Browser(self, client)

    @contextmanager
    def signed_in(self, reader: Reader) -> Iterator[Browser]:
        """A browser whose reader has signed in by an invitation."""
        with self.browser() as browser:
            browser.accept(self.team.readers.invite(reader))
            yield browser


@dataclass
class Browser:
    """Somebody at the app."""

    site: Site
    client: httpx.Client

    def get(self, path: str, *, follow: bool = True, **headers: str) -> httpx.Response:
        return self.client.get(self.url(path), headers=_named(headers), follow_redirects=follow)

    def url(self, path: str) -> str:
        return path if path.startswith("http") else self.site.base + path

    def token(self, path: str = "/settings") -> str:
        found = re.search(r'name="token" value="([^"]+)"', self.get(path).text)
        assert found, path
        return found[1]

    def post(
        self,
        path: str,
        fields: dict[str, str] | None = None,
        *,
        token: str | None = None,
        follow: bool = True,
        **headers: str,
    ) -> httpx.Response:
        """A form as a browser sends it from one of our pages."""
        sent = {"token": self.token() if token is None else token, **(fields or {})}
        own = {"origin": self.site.base, "sec-fetch-site": "same-origin", **_named(headers)}
        return self.client.post(self.url(path), data=sent, headers=own, follow_redirects=follow)

    def accept(self, token: str) -> httpx.Response:
        """Use an invitation in this browser."""
        assert self.get(f"/invited/{token}").status_code == 200
        answer = self.post("/welcome/stay", token=self.token("/welcome"))
        assert answer.status_code == 200, answer.text
        return answer

    @property
    def session(self) -> str:
        """The cookie of the session."""
        return next(
            (c.value or "" for c in self.client.cookies.jar if c.name == f"newsfeed-{self.site.port}"), ""
        )


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def words(response: httpx.Response) -> str:
    """What a reader sees of an answer."""
    import html

    body = re.sub(r"<(style|script|title)\b.*?</\1>", " ", response.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def configure(team: TestTeam, text: str) -> None:
    """Write team.toml anew but keep its database."""
    path = team.folder / "team.toml"
    database = path.read_text(encoding="utf-8").splitlines()[0]
    path.write_text(f"{database}\n{text}", encoding="utf-8")


@contextmanager
def serving_team(team: TestTeam, text: str = "") -> Iterator[Site]:
    """The web app of a team, until the block ends; `text` is added to team.toml after the database."""
    configure(team, text)
    stop, up = threading.Event(), threading.Event()
    told: list[tuple[str, str]] = []
    trouble: list[BaseException] = []

    def run() -> None:
        try:
            serve_team(
                team.place,
                load_site(team.place),
                config.load(team.folder),
                team.clock,
                address="127.0.0.1",
                port=0,
                ready=lambda site, at: (told.append((site, at)), up.set()),  # type: ignore[func-returns-value]
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
    site, at = told[0]
    try:
        yield Site(team, site, at)
    finally:
        stop.set()
        thread.join(120)
