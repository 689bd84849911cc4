"""None of the reader's secrets appears anywhere in what a server made us show or in what we print."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from faults import BASIC, ECHOES, KEY, echo
from homes import Entry, TestHome, make, rss
from hypothesis import given
from hypothesis import strategies as st
from serving import Server

from newsfeed.fetch.failures import keys_of, redact, repeats, secrets_of


@pytest.fixture
def home(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestHome:
    return make(tmp_path / "home", monkeypatch, [server.port])


def listed(home: TestHome, *urls: str, named: bool = False) -> None:
    text = 'text="Harbour"' if named else 'text=""'
    lines = "".join(f'<outline type="rss" {text} xmlUrl="{u.replace("&", "&amp;")}"/>' for u in urls)
    home.list(f'<opml version="2.0"><body>{lines}</body></opml>')


def holds(home: TestHome) -> list[str]:
    """The files of the home that contain the key, except the list itself and newsfeed's own files."""
    found = []
    for path in home.folder.rglob("*"):
        own = path.name.startswith("feeds.opml") or ".newsfeed" in path.parts
        if (
            path.is_file()
            and not own
            and any(w.encode() in path.read_bytes() for w in (KEY, KEY.lower(), BASIC))
        ):
            found.append(path.name)
    return found


FORMS = ("{}/{}?key={key}", "{user}/{}", "{}/{}/a9b8c7d6e5{key}")


@pytest.mark.parametrize("kind", ECHOES)
def test_what_a_server_repeats_reaches_no_output(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    base = server.url("")
    urls = [form.format(base, kind, key=KEY, user=base.replace("://", f"://ada:{KEY}@")) for form in FORMS]
    for path in (f"/{kind}", f"/{kind}/a9b8c7d6e5{KEY}"):
        server.play(path, echo(kind))
    server.feed("/good.xml", rss("Good", [Entry("A good story")]))
    listed(home, *urls, server.url("/good.xml"))
    for words in (
        ("refresh",),
        ("refresh", "--force", "--json"),
        ("digest", "--no-open"),
        ("feeds", "check"),
        ("feeds", "check", "--json"),
        ("feeds", "list", "--json"),
        ("feeds", "list"),
        ("feeds", "repair"),
        *(("feeds", "add", url) for url in urls),
        (),
    ):
        home.run(*words)
    said = "".join(capsys.readouterr())
    for word in (KEY, KEY.lower(), BASIC):
        assert word not in said
    assert holds(home) == []


def test_a_feed_named_by_its_own_address_is_called_by_its_host(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    url = server.feed("/f.xml", rss(f"Feed of /f.xml?key={KEY}", [Entry("A good story")])) + f"?key={KEY}"
    listed(home, url)
    home.run("digest", "--no-open")
    home.run("feeds", "check")
    assert holds(home) == []
    home.list('<opml version="2.0"><body></body></opml>')
    assert home.run("feeds", "add", url) == 0
    said = "".join(capsys.readouterr())
    assert KEY not in said
    assert f"key={KEY}" in (home.folder / "feeds.opml").read_text(), "the list itself is the reader's"


@pytest.mark.parametrize(
    "words",
    [
        ("feeds", "add", "http://127.0.0.1:1/x?key=" + KEY),
        ("feeds", "add", f"http://ada:{KEY}@127.0.0.1:1/x"),
        ("feeds", "add", f"nowhere.invalid/x?key={KEY}"),
        ("feeds", "remove", f"https://nowhere.invalid/?key={KEY}"),
        ("feeds", "move", f"https://nowhere.invalid/?key={KEY}", "News"),
        ("refresh", "--feed", f"https://nowhere.invalid/?key={KEY}"),
    ],
)
def test_commands_that_fail_print_no_address_whole(
    home: TestHome, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    listed(home, "https://other.invalid/", named=True)
    assert home.run(*words) == 2
    said = "".join(capsys.readouterr())
    assert KEY not in said
    assert "127.0.0.1" in said or "invalid" in said, "the place is still named"


def test_a_choice_between_feeds_names_them_without_their_keys(
    home: TestHome, capsys: pytest.CaptureFixture[str]
) -> None:
    listed(home, f"https://one.invalid/?key={KEY}", f"https://two.invalid/?key={KEY}", named=True)
    assert home.run("feeds", "remove", "Harbour") == 2
    said = "".join(capsys.readouterr())
    assert "one.invalid" in said
    assert KEY not in said


@pytest.mark.parametrize(
    "entry", [f"https://ada:{KEY}@nas.home/x", f"nas.home/{KEY}", KEY, f"nas.home:{KEY}", f"{KEY}:70000"]
)
def test_a_wrong_exception_is_named_by_its_place(
    home: TestHome, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], entry: str
) -> None:
    listed(home, "https://other.invalid/")
    monkeypatch.setenv("NEWSFEED_FETCH__ALLOW_PRIVATE", f"127.0.0.1:8808,{entry}")
    assert home.run("refresh") == 2
    said = "".join(capsys.readouterr())
    assert KEY not in said
    assert "entry 2" in said


@pytest.mark.parametrize("before", [None, 0o644, 0o600])
def test_an_exported_list_is_for_its_owner_only(home: TestHome, tmp_path: Path, before: int | None) -> None:
    listed(home, f"https://one.invalid/?key={KEY}", named=True)
    target = tmp_path / "out.opml"
    if before is not None:
        target.write_text("old")
        target.chmod(before)
    old = os.umask(0o022)
    try:
        assert home.run("feeds", "export", str(target)) == 0
    finally:
        os.umask(old)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert KEY in target.read_text()


def test_what_a_feeds_items_repeat_reaches_no_output(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """A feed that repeats its reader's key; links of its items may contain it, as only the reader opens them."""
    told = [
        Entry(
            f"Your key is {KEY}", f"Renew your key {KEY} before it ends, or nothing more is sent to you here."
        ),
        Entry(
            "Harbour opens its gate",
            f"Ships may enter again from Monday. Sent for the key {KEY.upper()} alone.",
        ),
        Entry(f"Signed in as {BASIC}", "The bridge over the river opens on Friday after two years of works."),
    ]
    server.feed("/key", rss("Harbour", told[:2]))
    server.feed("/user", rss("Harbour", told[2:]))
    user = server.url("/user").replace("://", f"://ada:{KEY}@")
    listed(home, f"{server.url('/key')}?key={KEY}", user, named=True)
    for words in (("refresh",), ("digest", "--no-open"), ("items",), ("why", "1"), ("--json",), ()):
        home.run(*words)
    said = "".join(capsys.readouterr())
    assert "Harbour opens its gate" in said
    assert [word for word in (KEY, KEY.lower(), KEY.upper(), BASIC) if word in said + home.page()] == []
    assert holds(home) == []


def test_what_is_searched_for_is_no_key() -> None:
    assert (
        keys_of("https://news.example/rss/search?q=climate+change&hl=en&category=technology") == frozenset()
    )
    address = f"https://ada:{KEY}@a.example/x?api_key=k{KEY}&q=ships"
    assert keys_of(address, "Bearer t0ken-of-mine") == {KEY, BASIC, f"k{KEY}", "t0ken-of-mine"}


@pytest.mark.parametrize(
    ("url", "said", "repeated"),
    [
        (f"https://h.example/?key={KEY}", f"No {KEY} here", True),
        (f"https://h.example/?key={KEY}", f"no {KEY.lower()}", True),
        ("https://h.example/?key=a%2Fb-c9%3D", "There is no a/b-c9= here", True),
        ("https://h.example/?key=a%2Fb-c9%3D", "There is no a%2Fb-c9%3D here", True),
        (f"https://ada:{KEY}@h.example/", f"Basic {BASIC}", True),
        ("https://h.example/feed?limit=5000", "5000 readers", False),
        ("https://h.example/news/harbour", "Harbour news", False),
        ("https://h.example/?p=1", "1 item", False),
    ],
)
def test_what_is_secret_of_an_address(url: str, said: str, repeated: bool) -> None:
    assert repeats(said, secrets_of(url)) is repeated


def test_where_a_feed_moved_to_is_shown_without_what_was_secret_before() -> None:
    own = "https://h.example/feed?key=wintermoon"
    assert "wintermoon" not in redact("https://h.example/feed/wintermoon", own)
    assert "wintermoon" not in redact("https://wintermoon.h.example/feed", own)
    assert redact("https://h.example/new/feed", own) == "https://h.example/new/feed"


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_address_breaks_the_search_for_secrets(url: str, said: str) -> None:
    repeats(said, secrets_of(url))
    redact(said, url)
