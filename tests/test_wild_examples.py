"""The small examples of faults that others found (the folder `hostile/found` beside the checkout), each now harmless."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from homes import Entry, TestHome, make, rss
from serving import Server, document

from newsfeed.cli.app import run
from tests.test_sources import parsed

FOUND = Path(__file__).parents[2] / "shared" / "hostile" / "found"
COMMAND = Path(sys.executable).with_name("newsfeed")
KEY = "K9vb7xQ2"


class Scene(NamedTuple):
    """An example and where it may be run."""

    example: Path
    home: TestHome
    server: Server
    capsys: pytest.CaptureFixture[str]

    def items(self) -> list[dict[str, str]]:
        """The output of `newsfeed read` for the example."""
        self.capsys.readouterr()
        run(["read", str(self.example), "--url", "https://n.example.test/feed"])
        return [
            json.loads(line) for line in self.capsys.readouterr().out.splitlines() if line.startswith("{")
        ]

    def script(self) -> str:
        """The example's verdict, run as it asks to be."""
        done = subprocess.run(
            [sys.executable, str(self.example), str(COMMAND)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.stdout + done.stderr

    def listed(self, *urls: str) -> None:
        lines = "".join(f'<outline type="rss" text="Harbour {n}" xmlUrl="{u}"/>' for n, u in enumerate(urls))
        self.home.list(f'<opml version="2.0"><body>{lines}</body></opml>')

    def page(self, path: str, text: str) -> str:
        return self.server.play(path, document(text.encode(), "text/html"))

    def told(self, *words: str) -> str:
        self.capsys.readouterr()
        self.home.run(*words)
        return "".join(self.capsys.readouterr())


def own_words(scene: Scene) -> None:
    found = [(i["title"], i["text"]) for i in scene.items()]
    assert [title for title, _ in found] == ["Alpha", "Beta", "Gamma"]
    assert "own words" not in found[0][1]
    assert [text for _, text in found[1:]] == ["Beta's own words.", "Gamma's own words."]


def ends_with_its_cause(scene: Scene) -> None:
    told = scene.script()
    assert told.startswith("2\n"), told
    assert "the disk is full" in told


def no_unasked_answer(scene: Scene) -> None:
    assert scene.script().strip() == "fine"


def discovery(scene: Scene) -> None:
    """The feed is not replaced, the private address not requested, and a challenge costs one request."""
    text = scene.example.read_text(encoding="utf-8")
    parked = re.search(r"`(<html>.*?)…`", text)
    link = re.search(r"names `(<link [^`]*>)`", text)
    challenge = re.search(r"challenge page \(\"(.*?)\"\)", text)
    assert parked and link and challenge  # noqa: PT018
    scene.listed(scene.server.feed("/news", rss("Harbour", [Entry("Harbour writes")])))
    scene.home.run("refresh")
    offers = scene.server.feed("/offers.rss", rss("Offers", [Entry("Buy this")]))
    scene.page("/news", parked[1])
    assert "in this feed's place" in scene.told("refresh", "--force")
    assert "Harbour writes" in scene.told("items", "--days", "9999")
    assert not scene.server.asked("/offers.rss")
    with Server() as private:
        wake = re.sub(r'href="[^"]*"', f'href="{private.url("/api/wake?all")}"', link[1])
        scene.listed(scene.page("/public", wake), offers)
        scene.home.run("refresh", "--force")
        assert not private.seen
    scene.listed(scene.server.feed("/known", rss("Known", [Entry("Known writes")])))
    scene.home.run("refresh", "--force")
    scene.page("/known", f"<title>{challenge[1]}</title>")
    before = len(scene.server.seen)
    scene.home.run("refresh", "--force")
    assert len(scene.server.seen) == before + 1


def secrets(scene: Scene) -> None:
    """The marker is in no page, no output and no file that others may read."""
    title = re.search(r"`(<title>.*?</title>)`", scene.example.read_text(encoding="utf-8"))
    assert title
    path = f"/private.xml?key={KEY}"
    scene.page("/private.xml", title[1].replace("key=K", f"key={KEY}"))
    scene.listed(scene.server.url(path), scene.server.feed("/good.xml", rss("Good", [Entry("A good story")])))
    out = scene.home.folder / "out.opml"
    for words in (
        ("digest", "--no-open"),
        ("refresh", "--force", "--json"),
        ("feeds", "list", "--json"),
        ("feeds", "check", "--json"),
        ("feeds", "export", str(out)),
        ("feeds", "add", scene.server.url(path)),
        (),
    ):
        assert KEY not in scene.told(*words), words
    assert out.stat().st_mode & 0o077 == 0
    for file in (scene.home.folder / "site").rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes(), file


def typed_tags_stay(scene: Scene) -> None:
    (only,) = parsed(scene.example.read_bytes()).items
    assert only.title == "Why <i>emphasis</i> beats CAPITALS"
    assert only.text == "Use <em>word</em> in place of <script>shout()</script> tags."


def behind_the_frame(scene: Scene) -> None:
    first, second = scene.items()
    assert first["title"] == "It’s here"
    assert "The second paragraph holds what matters most." in first["text"]
    assert second["title"] == "新年"


def rss_with_a_prefix(scene: Scene) -> None:
    assert [i["title"] for i in scene.items()] == ["One story of the day"]


TURNED: dict[str, Callable[[Scene], None]] = {
    "01-void-tags-in-description.xml": own_words,
    "02-one-error-hangs-the-run.py": ends_with_its_cause,
    "03-second-answer.py": no_unasked_answer,
    "04-05-06-discovery.md": discovery,
    "07-secrets.md": secrets,
    "08-atom-text-literal.xml": typed_tags_stay,
    "10-iframe-and-references.xml": behind_the_frame,
    "12-rss11-prefixed-root.xml": rss_with_a_prefix,
}

beside = pytest.mark.skipif(
    not FOUND.is_dir(), reason="the folder of found examples is not beside the checkout"
)


@beside
def test_every_example_is_turned_round() -> None:
    assert {path.name for path in FOUND.iterdir()} == set(TURNED)


@beside
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name.endswith(".py") else []) for name in TURNED]
)
def test_an_example_is_turned_round(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: Server,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = make(tmp_path / "home", monkeypatch, [server.port])
    if name.endswith(".py"):
        monkeypatch.delenv("NEWSFEED_CLOCK")
        if not COMMAND.exists():
            pytest.skip("newsfeed is not installed beside this Python")
    TURNED[name](Scene(FOUND / name, home, server, capsys))
