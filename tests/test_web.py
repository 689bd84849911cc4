"""The local app: who may use it, and the morning page with its reader's actions."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import msgspec
import pytest
from apps import PLAIN, App, copied, serving_home, words
from homes import NOON, TestHome
from serving import Server

from newsfeed.cli.command import Context
from newsfeed.errors import BusyError, SettingsError
from newsfeed.model import Line
from newsfeed.render.alternates import ALTERNATES
from newsfeed.store.lock import Lock
from newsfeed.web import listening, routes, views_items, views_settings, views_work
from newsfeed.web.access import keys

# ------------------------------------------------------------------------- who may ask


def test_the_link_sets_a_cookie_that_no_other_site_can_use_and_drops_the_key(still: App) -> None:
    answer = httpx.get(still.link, **PLAIN)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    key = still.link.partition("?k=")[2]
    assert key not in cookie
    page = still.get("/").text
    assert key not in page
    assert key not in still.get("/sources").text


@pytest.mark.parametrize(
    "path", ["/", "/kept", "/sources", "/app.js", "/refresh/events", "/ledger.html", "/nothing"]
)
def test_without_the_cookie_nothing_is_told(still: App, path: str) -> None:
    with httpx.Client(**PLAIN) as stranger:
        for headers in (
            {},
            {"sec-fetch-site": "none"},
            {"sec-fetch-site": "same-origin"},
            {"cookie": f"newsfeed-{still.host.rpartition(':')[2]}=x"},
        ):
            answer = stranger.get(still.base + path, headers=headers)
            assert answer.status_code == 403
            assert "newsfeed serve" in answer.text
            assert "Central bank" not in answer.text


def test_led_here_by_another_site_a_tiny_page_asks_again_by_itself(still: App) -> None:
    for site in ("cross-site", "same-site"):
        answer = httpx.get(
            still.base + "/sources/add?url=https://a.example",
            headers={"sec-fetch-site": site},
            **PLAIN,
        )
        assert answer.status_code == 200
        assert "location.replace" in answer.text
        assert '<a href="">Open</a>' in answer.text
        assert "a.example" not in answer.text
        assert len(answer.content) < 1_000
        nonce = re.search(r'<script nonce="([^"]+)"', answer.text)
        assert nonce
        assert f"'nonce-{nonce[1]}'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1",
        "localhost:1",
        "127.0.0.1:80",
        "evil.example:{port}",
        "127.0.0.1.evil.example:{port}",
    ],
)
def test_another_name_is_refused_whatever_it_holds(still: App, host: str) -> None:
    given = host.format(port=still.host.rpartition(":")[2])
    assert still.get("/", host=given).status_code == 421
    assert still.post("/mark", {"do": "like"}, host=given).status_code == 421


def test_localhost_is_a_name_of_ours(still: App) -> None:
    assert still.get("/", host=f"localhost:{still.host.rpartition(':')[2]}").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "", "sec_fetch_site": "same-origin"},
    ],
)
def test_a_form_from_elsewhere_changes_nothing(still: App, headers: dict[str, str]) -> None:
    ref = still.ref("Central bank")
    assert still.post("/mark", {"item": ref, "do": "keep"}, **headers).status_code == 403
    assert "Central bank" not in still.get("/kept").text


@pytest.mark.parametrize("token", ["", "x", "0" * 43])
def test_a_form_without_our_token_changes_nothing(still: App, token: str) -> None:
    ref = still.ref("Central bank")
    assert still.post("/mark", {"item": ref, "do": "keep"}, token=token).status_code == 403
    assert still.post("/open", {"item": ref}, token=token).status_code == 403
    assert "Central bank" not in still.get("/kept").text


def test_every_other_form_of_the_edition_is_linked_to_and_handed_out(still: App) -> None:
    page = still.get("/").text
    for other in ALTERNATES:
        assert f'href="/{other.path}"' in page
        assert still.get(f"/{other.path}").headers["content-type"].startswith(other.media_type)


@pytest.mark.parametrize("path", routes.HOME_POST)
def test_every_form_is_closed_to_others(still: App, path: str) -> None:
    home, token = still.home.folder, still.token()
    ref = still.ref("Central bank")
    fields = {
        "item": ref,
        "do": "keep",
        "to": "sales",
        "kind": "word",
        "what": "x",
        "on": "yes",
        "minutes": "2",
    }
    before = [(home / name).read_bytes() for name in ("feeds.opml", "newsfeed.toml")]
    assert still.post(path, fields, token="").status_code == 403
    assert still.post(path, fields, origin="http://evil.example").status_code == 403
    assert still.post(path, fields, host=f"evil.example:{still.host.rpartition(':')[2]}").status_code == 421
    with httpx.Client(**PLAIN) as stranger:
        sent = stranger.post(still.base + path, data={"token": token, **fields})
        assert sent.status_code == 403
        assert "Central bank" not in sent.text
    assert [(home / name).read_bytes() for name in ("feeds.opml", "newsfeed.toml")] == before
    assert "Central bank" not in still.get("/kept").text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_other_methods_are_refused(still: App, method: str) -> None:
    assert still.client.request(method, still.base + "/").status_code == 403


@pytest.mark.parametrize(
    "path", ["/mark", "/correct", "/open", "/sources/change", "/sources/undo", "/settings/x", "/export"]
)
def test_a_get_changes_nothing(still: App, path: str) -> None:
    assert still.get(
        f"{path}?do=keep&item={still.ref('Central bank')}&token={still.token()}"
    ).status_code in {
        404,
        405,
    }


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "//evil.example/%2e%2e",
        "/\\evil.example",
        "/archive/../newsfeed.toml",
        "/archive/%2e%2e/%2e%2e/newsfeed.toml",
        "/archive/2026/03/..%2f18.html",
    ],
)
def test_no_path_leads_out(still: App, path: str) -> None:
    import urllib.request  # as written, not normalised by a client

    assert urllib.request
    answer = still.client.build_request("GET", still.base)
    answer.url = httpx.URL(still.base).copy_with(raw_path=path.encode())
    got = still.client.send(answer, follow_redirects=False)
    assert got.status_code in {404, 303}
    assert "evil" not in got.headers.get("location", "")
    assert "timezone" not in got.text


def test_every_answer_forbids_what_a_page_does_not_need(still: App) -> None:
    for path in ("/", "/kept", "/nothing", "/app.js", "/mark"):
        headers = still.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-inline" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
    assert (
        still.get("/").headers["content-security-policy"] != still.get("/").headers["content-security-policy"]
    )


def test_the_secret_is_its_owners_outlives_a_restart_and_can_be_revoked(app: App) -> None:
    inner = app.home.folder / ".newsfeed"
    assert (inner / "web.secret").stat().st_mode & 0o777 == 0o600
    before = keys(inner)
    assert keys(inner) == before
    assert before.secret not in repr(before)
    after = keys(inner, new=True)
    assert {before.start, before.cookie, before.token}.isdisjoint({after.start, after.cookie, after.token})
    (inner / "web.secret").chmod(0o644)
    with pytest.raises(SettingsError, match="others"):
        keys(inner)


def test_a_second_app_of_a_home_says_where_the_first_is(still: App) -> None:
    with pytest.raises(BusyError, match=re.escape(still.base)), serving_home(still.home):
        pass


def test_a_taken_port_is_one_sentence(
    still: App, master: tuple[TestHome, Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = copied(master[0], tmp_path / "other", monkeypatch)
    with (
        pytest.raises(SettingsError, match="--port"),
        serving_home(other, port=int(still.host.rpartition(":")[2])),
    ):
        pass


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "example.org", "224.0.0.1", ""])
def test_only_one_address_is_listened_on(address: str) -> None:
    with pytest.raises(SettingsError):
        listening.checked_address(address)


def test_a_digest_loads_nothing_of_the_app(master: tuple[TestHome, Server]) -> None:
    code = (
        "import sys\n"
        "from newsfeed.cli.app import run\n"
        f"run(['--home', {str(master[0].folder)!r}, 'digest', '--no-open', '--no-refresh'])\n"
        "print([m for m in ('starlette', 'uvicorn', 'segno', 'tomlkit', 'anyio.to_thread', 'python_multipart', 'newsfeed.web') if m in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.stderr.strip().splitlines()[-1].endswith("[]"), done.stderr


# ------------------------------------------------------------------------- the morning


def test_the_page_is_the_same_edition_with_the_same_minutes(still: App) -> None:
    titles = re.findall(r'class="u-url p-name"[^>]*>(?:<bdi>)?(.*?)<', still.home.page())
    assert titles
    live = still.get("/").text
    assert re.findall(r'class="u-url p-name"[^>]*>(?:<bdi>)?(.*?)<', live) == titles
    promise = re.search(r'<p class="promise">.*?</p>', still.home.page())
    assert promise
    assert promise[0] in live
    assert "newsfeed why" in still.home.page()
    assert "newsfeed why" not in words(still.get("/")), "there is a button for it"
    assert len(live.encode()) < 60_000


def test_the_script_is_small_and_of_our_own(app: App) -> None:
    script = app.get("/app.js")
    assert len(script.content) <= 6 * 1024
    settings = app.home.folder / "newsfeed.toml"
    settings.write_text('languages = ["de", "en"]\n' + settings.read_text())
    german = app.get("/app.js")
    assert german.content != script.content
    assert len(german.content) <= 6 * 1024
    for path in ("/", "/sources", "/settings", "/app.css", "/app.js"):
        text = re.sub(r"<a\b[^>]*>", "", app.get(path).text)
        assert not re.findall(r"""(?:src|href|url\()\s*=?\s*["']?(?:https?:)?//""", text), path


def test_keep_like_and_dislike_work_without_script_and_are_taken_back(app: App) -> None:
    ref = app.ref("Central bank")
    kept = app.post("/mark", {"item": ref, "do": "keep"})
    assert kept.status_code == 200
    assert "Kept: Central bank" in words(kept)
    assert "Kept: Central bank" not in words(app.get("/")), "it is said once"
    assert app.home.run("kept") == 0
    app.post("/mark", {"item": ref, "do": "dislike"})
    assert "Your thumb less of it" in words(app.get(f"/why/{ref}"))
    bar = app.post("/mark", {"item": ref, "do": "like"}, x_live="1")
    assert bar.text.lstrip().startswith('<div class="bar"')
    assert 'value="unlike" aria-pressed="true"' in bar.text
    assert "Your thumb more like this" in words(app.get(f"/why/{ref}"))
    app.post("/mark", {"item": ref, "do": "unkeep"})
    assert "Central bank" not in app.get("/kept").text


@pytest.mark.parametrize("do", ["", "explode", "unkeep"])
def test_what_can_not_be_done_is_said(app: App, do: str) -> None:
    answer = app.post("/mark", {"item": app.ref("Central bank"), "do": do})
    assert answer.status_code == 404
    assert "That did not work" in words(answer)


def test_only_words_are_shown_as_words() -> None:
    terms = ("§policy", "antitrust", "#m", "$ #m", "$*", "$", "play store", "tax*", "tax", "c++", "中国")
    assert views_items._readable(terms) == ("antitrust", "play store", "tax", "中国")


def test_a_corrected_topic_shows_its_words_and_can_be_undone(app: App) -> None:
    ref = app.ref("Central bank")
    topic = words(app.get(f"/topic/{ref}"))
    assert "Finance" in topic
    assert "bank" in topic
    panel = app.post("/correct", {"item": ref, "to": "sales -finance"}, x_live="1")
    assert "Sales" in words(panel)
    before = re.findall(r"<article", app.get("/").text)
    assert re.findall(r"<article", app.get("/").text) == before, "it stays until the page is rebuilt"
    undone = app.post("/correct", {"item": ref, "to": "undo"}, x_live="1")
    assert "Not Finance" in words(undone)


def as_a_line(app: App) -> tuple[str, str]:
    """Turn the last story of the page into a line; gives its short id and its headline."""
    with Context(app.home.folder).home().open_store() as store:
        edition = store.latest_edition()
        assert edition
        *sections, last = edition.sections
        *others, pick = last.picks
        line = Line(
            title=pick.title, link=pick.link, source=pick.source, topic=pick.topic, item=pick.item,
            ref=pick.ref, story=pick.story, feed=pick.feed, lang=pick.lang, note="5 sources",
        )  # fmt: skip
        shortened = msgspec.structs.replace(last, picks=tuple(others))
        store.record(msgspec.structs.replace(edition, sections=(*sections, shortened), lines=(line,)), ())
    return pick.ref, pick.title


def test_a_story_in_one_line_can_be_answered_as_one_in_full(app: App) -> None:
    ref, title = as_a_line(app)
    also = re.search(r'<section id="also".*?</section>', app.get("/").text, re.DOTALL)
    assert also
    assert title in also[0]
    for label in ("Keep", "More", "Less", "Topic", "Mute", "Why"):
        assert f">{label}<" in also[0]
    assert app.post("/open", {"item": ref}).status_code == 204
    answer = app.post("/mark", {"item": ref, "do": "keep"})
    assert answer.url.path == "/"
    assert title in app.get("/kept").text
    again = app.client.post(
        app.base + "/mark", data={"token": app.token(), "item": ref, "do": "dislike"}, follow_redirects=False
    )
    assert again.headers["location"] == f"/#l-{ref}"
    assert 'value="unlike" aria-pressed="true"' in app.get("/").text


def test_an_opening_is_counted_by_a_beacon(app: App) -> None:
    assert app.post("/open", {"item": app.ref("Central bank")}).status_code == 204


def test_the_days_questions_take_an_answer(app: App) -> None:
    page = app.get("/teach").text
    item, asked = (
        re.findall(r'name="item" value="([^"]+)"', page)[0],
        re.findall(r'name="asked" value="([^"]+)"', page)[0],
    )
    assert app.post("/correct", {"item": item, "asked": asked, "to": "sales"}).status_code == 200


def test_a_rebuild_is_shown_before_it_is_done(app: App) -> None:
    assert "would be the same" in words(app.get("/rebuild"))
    before = app.get("/").text
    app.post("/rules", {"kind": "word", "what": "mortgage", "on": "yes"})
    assert "Goes out Lender cuts mortgage rates" in words(app.get("/rebuild"))
    assert app.get("/").text.count("<article") == before.count("<article"), "the page stands meanwhile"
    app.post("/refresh", {"kind": "rebuild"})
    stream(app)
    assert "mortgage" not in words(app.get("/"))


def test_what_takes_long_is_said_and_asked_for_again(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views_settings, "PATIENCE", 0)
    begun = app.client.get(app.base + "/rebuild")
    assert "A moment" in words(begun)
    assert begun.headers["refresh"] == "1"
    monkeypatch.setattr(views_settings, "PATIENCE", 60)
    assert "would be the same" in words(app.client.get(app.base + "/rebuild"))


def test_why_of_what_was_not_on_the_page_is_weighed_again_while_that_is_said(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = app.home.folder / "newsfeed.toml"
    settings.write_text('muted = ["golf"]\n' + settings.read_text())
    assert app.home.run("digest", "--rebuild", "--no-open", "--no-refresh") == 0
    page = app.get("/").text
    refs = re.findall(r"/why/(\w+)", app.get("/search?since=2000-01-01").text)
    left = next(ref for ref in refs if ref not in page)
    monkeypatch.setattr(views_items, "PATIENCE", 0)
    begun = app.client.get(f"{app.base}/why/{left}")
    assert "A moment" in words(begun)
    # Once: in a refresh, which writes all the time, it would never be ready.
    assert begun.headers["refresh"] == f"1; url=/why/{left}?waited=1"
    assert "Muted by you" in words(app.get(f"/why/{left}"))


# ------------------------------------------------------------------------- refresh


def stream(app: App, after: str = "") -> list[tuple[str, dict[str, object]]]:
    """All events up to the end, each with its id."""
    found, number = [], ""
    headers = {"last-event-id": after} if after else {}
    with app.client.stream("GET", app.base + "/refresh/events", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("id: "):
                number = line[4:]
            elif line.startswith("data: ") and line != "data: {}":
                found.append((number, json.loads(line[6:])))
            elif line == "event: end":
                return found
    raise AssertionError("the stream broke off")


def test_a_silent_refresh_beats_so_that_the_connection_stays(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views_work, "HEARTBEAT", 0.0)
    with (
        Lock(app.home.folder / ".newsfeed" / "lock", "refresh"),
        app.client.stream("GET", app.base + "/refresh/events") as answer,
    ):
        assert ": still at work" in answer.iter_lines()


def test_what_breaks_is_said_without_its_text(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("/home/ada/secret")

    monkeypatch.setattr(views_items.keep, "kept", broken)
    answer = app.get("/kept")
    assert answer.status_code == 500
    assert "Something broke here" in words(answer)
    assert "ada" not in answer.text


def test_a_refresh_is_told_feed_by_feed_and_goes_on_where_it_was(app: App) -> None:
    app.home.at(NOON.replace(hour=8))
    begun = app.post("/refresh", {"kind": "refresh"})
    assert "Refresh" in begun.text
    heard = stream(app)
    # The stream may still begin with the end of the previous refresh: its file stays until the new one begins.
    told = [event for event in heard if event[0].split("-")[0] == heard[-1][0].split("-")[0]]
    assert told[0][1]["total"] == 3
    assert {t["done"] for _, t in told if t["done"]} == {"Bank", "Chips", "Sales weekly"}
    rest = stream(app, after=told[1][0])
    assert [n for n, _ in rest] == [n for n, _ in told[2:]]
    done = words(app.get("/refresh"))
    assert "3 of 3 feeds answered" in done


def test_a_refresh_of_another_process_is_shown_and_not_doubled(app: App) -> None:
    with Lock(app.home.folder / ".newsfeed" / "lock", "refresh"):
        page = app.post("/refresh", {"kind": "refresh"})
        assert "Another newsfeed is at work: refresh" in words(page)
        assert '<meta http-equiv="refresh" content="2">' in page.text
    assert "Another newsfeed" not in words(app.get("/refresh"))


def test_fifty_readers_and_corrections_during_a_refresh_lose_nothing(app: App) -> None:
    app.home.at(NOON.replace(hour=9))
    ref, token = app.ref("Central bank"), app.token()
    cookies = dict(app.client.cookies)
    bad: list[int] = []

    def read(n: int) -> None:
        with httpx.Client(cookies=cookies, timeout=300, **PLAIN) as tab:
            codes = [tab.get(app.base + p).status_code for p in ("/", "/kept", "/search?q=bank", "/refresh")]
            if n % 10 == 0:
                data = {"token": token, "item": ref, "to": "sales -finance"}
                codes.append(
                    tab.post(
                        app.base + "/correct", data=data, headers={"origin": app.base, "x-live": "1"}
                    ).status_code
                )
            bad.extend(c for c in codes if c != 200)

    app.post("/refresh", {"kind": "refresh"})
    tabs = [threading.Thread(target=read, args=(n,)) for n in range(50)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join(600)
    assert not bad
    stream(app)
    assert "Sales" in words(app.get(f"/topic/{ref}"))
    assert "Take the correction back" in words(app.get(f"/topic/{ref}"))


def test_without_a_page_one_is_offered_and_built_before_the_readers_eyes(
    master: tuple[TestHome, Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = TestHome(tmp_path / "fresh", monkeypatch)
    home.folder.mkdir()
    for name in ("feeds.opml", "newsfeed.toml"):
        (home.folder / name).write_bytes((master[0].folder / name).read_bytes())
    with serving_home(home) as app:
        assert "Build the first page" in words(app.get("/"))
        app.post("/refresh", {"kind": "build"})
        assert len(stream(app)) > 3
        assert "Central bank" in words(app.get("/"))
