"""The local app in a real browser: each user story end to end, with and without script, accessible, and closed to others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from apps import VIEWS, App, serving_home
from browsers import chromium, violations, window
from homes import NOON, Entry, TestHome, make, opml, rss
from serving import Server

from newsfeed import config
from newsfeed.store.lock import Lock

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def browser(master: tuple[TestHome, Server]) -> Iterator[Any]:
    # After the home is made, because a browser occupies this thread's event loop.
    with chromium("--host-resolver-rules=MAP other.test 127.0.0.1, MAP evil.test 127.0.0.1") as launched:
        yield launched


@pytest.fixture
def tab(browser: Any, app: App) -> Iterator[Any]:
    """Opens a page of the app as its reader does, with the key."""
    contexts = []

    def opened(
        path: str = "/",
        *,
        width: int = 1280,
        script: bool = True,
        key: bool = True,
        at_first: str = "",
        **more: Any,
    ) -> Any:
        context = window(
            browser, viewport={"width": width, "height": 900}, java_script_enabled=script, **more
        )
        contexts.append(context)
        if at_first:
            context.add_init_script(at_first)
        page = context.new_page()
        page.errors = []
        page.asked = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on(
            "console",
            lambda m: page.errors.append(m.text) if "Failed to load resource" not in m.text else None,
        )
        page.on("request", lambda request: page.asked.append(request.url))
        if key:
            page.goto(app.link)
        page.goto(app.base + path)
        return page

    yield opened
    for context in contexts:
        context.close()


def story(page: Any, title: str) -> Any:
    return page.locator("article", has_text=title)


@pytest.mark.parametrize(
    ("width", "scheme"),
    [(320, "dark"), (1280, "light"), pytest.param(1440, "dark", marks=pytest.mark.slow)],
)
def test_every_view_is_accessible_and_fits(app: App, tab: Any, width: int, scheme: str) -> None:
    app.post("/mark", {"item": app.ref("Central bank"), "do": "keep"})
    page = tab("/", width=width, color_scheme=scheme)
    for path in VIEWS:
        app.get(app.at(path))  # computed now, because a page that waits for it would reload by itself
        page.goto(app.base + app.at(path))
        if path == "/":
            story(page, "Central bank").get_by_role("link", name="Topic").click()
            page.locator(".panel.open").wait_for()
        assert (path, violations(page)) == (path, [])
        for wide in (width, 768 if width < 768 else 1440, width):
            page.set_viewport_size({"width": wide, "height": 900})
            fits = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert fits, f"{path} scrolls sideways at {wide}"
        assert len(page.content().encode()) < 60_000
    assert not page.errors
    assert all(url.startswith(app.base) for url in page.asked), "nothing is asked elsewhere"


@pytest.mark.parametrize("width", [320, 1280])
def test_the_four_questions_are_accessible_and_fit(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    home = make(tmp_path / "new", monkeypatch, [1])
    (home.folder / "feeds.opml").write_bytes(config.starter())
    with serving_home(home) as app:
        context = window(browser, viewport={"width": width, "height": 900})
        page = context.new_page()
        page.goto(app.link)
        page.get_by_label("What do you live from?").wait_for()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.screenshot(path=tmp_path / "first.png")
        context.close()


@pytest.mark.parametrize("script", [True, False])
def test_dislike_keep_and_correct_the_morning(app: App, tab: Any, script: bool) -> None:
    page = tab(script=script)
    bank = story(page, "Central bank")
    place = bank.get_attribute("id")
    bank.get_by_role("button", name="Less").click()
    page.get_by_role("status").filter(has_text="counts for less").wait_for()
    bank = story(page, "Central bank")
    assert bank.get_by_role("button", name="Less").get_attribute("aria-pressed") == "true"
    bank.get_by_role("button", name="Keep").click()
    page.get_by_role("status").filter(has_text="Kept").wait_for()
    story(page, "Central bank").get_by_role("link", name="Topic").click()
    page.get_by_text("for it says").first.wait_for()
    assert page.url.endswith("/") or not script or page.url.endswith(f"#{place}")
    page.get_by_role("button", name="Finance → Sales").click()
    page.get_by_role("status").filter(has_text="Now under Sales").wait_for()
    page.goto(app.base + "/kept")
    assert page.get_by_role("link", name="Central bank holds").is_visible()
    page.get_by_label("Your note on").fill("For the board")
    page.get_by_role("button", name="Save note").click()
    page.get_by_role("status").filter(has_text="note is kept").wait_for()
    page.goto(app.base + "/kept?q=board")
    assert page.get_by_role("link", name="Central bank holds").is_visible()
    assert not page.errors


@pytest.mark.parametrize("script", [True, False])
def test_a_thumb_is_told_by_why_and_a_correction_moves_with_the_rebuild(
    app: App, tab: Any, script: bool
) -> None:
    def why() -> str:
        story(page, "Central bank").get_by_role("link", name="Why").click()
        page.get_by_text("On the page").first.wait_for()
        said: str = page.locator(".panel.open" if script else "main").inner_text()
        page.goto(app.base + "/")
        return said

    page = tab(script=script)
    before = why()
    story(page, "Central bank").get_by_role("button", name="Less").click()
    page.get_by_role("status").filter(has_text="counts for less").wait_for()
    assert "Your thumb" not in before
    assert "Your thumb" in why()
    section = page.locator("section", has=page.locator("article", has_text="Mortgage rates fall")).last
    was = section.locator("h2").inner_text()
    story(page, "Mortgage rates fall").get_by_role("link", name="Topic").click()
    page.get_by_role("button", name=f"{was} → Science").click()
    page.get_by_role("status").filter(has_text="Now under Science").wait_for()
    page.goto(app.base + "/")
    assert section.locator("h2").inner_text() == was, "it stays where it is"
    page.get_by_role("link", name="What a rebuild would change").click()
    page.get_by_role("button", name="Rebuild today").click(timeout=60_000)
    page.get_by_role("link", name="To today’s page").click(timeout=60_000)
    assert section.locator("h2").inner_text() != was
    assert not page.errors


def test_what_is_printed_is_the_page_alone(tab: Any) -> None:
    page = tab()
    page.emulate_media(media="print")
    for ours in (".app-bar", "#said", ".bar", ".after"):
        assert not page.locator(ours).first.is_visible(), ours
    assert page.locator("article h3").first.is_visible()
    assert page.get_by_text("That’s all").is_visible()


def test_a_text_is_copied_by_one_button(tab: Any) -> None:
    page = tab()
    story(page, "Central bank").get_by_role("button", name="Keep").click()
    story(page, "Central bank").get_by_role("link", name="Share").click()
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("status").filter(has_text="Copied").wait_for()
    assert "Central bank" in page.evaluate("getSelection().toString() || document.activeElement.value")
    assert not page.errors


@pytest.mark.parametrize("script", [True, False])
def test_a_refresh_is_seen_and_ends_with_what_is_new(
    app: App, master: tuple[TestHome, Server], tab: Any, script: bool
) -> None:
    server = master[1]
    fresh = Entry("Regulator approves the merger of two savings banks", "Both banks keep their names.", -0.5)
    server.feed(
        "/bank.xml",
        rss("Bank", [fresh, Entry("Older loan report of the bank", hours=5)], base="https://bank.example"),
    )
    app.home.at(NOON + timedelta(hours=1 + script))
    page = tab(script=script)
    page.get_by_role("button", name="Refresh now").click()
    page.get_by_text("3 of 3 feeds answered").wait_for(timeout=60_000)
    page.get_by_role("link", name="To today’s page").click()
    page.get_by_role("heading", level=1).wait_for()
    assert not page.errors


def test_why_unfolds_in_place_and_gives_the_focus_back(app: App, tab: Any) -> None:
    page = tab()
    link = story(page, "Central bank").get_by_role("link", name="Why")
    link.click()
    panel = page.locator(".panel.open")
    panel.wait_for()
    assert page.evaluate("document.activeElement.className").startswith("panel")
    panel.get_by_role("button", name="Close").click()
    assert page.evaluate("document.activeElement.textContent") == "Why"
    assert not page.errors


def test_keys_are_off_until_they_are_switched_on(app: App, tab: Any) -> None:
    page = tab()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement === document.body")
    page.get_by_label("Keys:").check()
    page.locator("body").click(position={"x": 2, "y": 2})
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.closest('article') !== null")
    page.keyboard.press("l")
    page.get_by_role("status").filter(has_text="counts for more").wait_for()
    page.reload()
    assert page.get_by_label("Keys:").is_checked()
    assert not page.errors


def test_each_key_does_what_its_line_says(app: App, tab: Any) -> None:
    page = tab()
    page.route("https://bank.example/**", lambda route: route.fulfill(body="the article"))
    page.get_by_label("Keys:").check()
    page.locator("body").click(position={"x": 2, "y": 2})
    here = "document.activeElement.closest('article, .also li').querySelector('.bar').dataset.ref"
    page.keyboard.press("j")
    first = page.evaluate(here)
    page.keyboard.press("j")
    second = page.evaluate(here)
    page.keyboard.press("k")
    assert page.evaluate(here) == first != second
    for key, said in (("s", "Kept:"), ("l", "counts for more"), ("d", "counts for less")):
        page.keyboard.press(key)
        page.get_by_role("status").filter(has_text=said).wait_for()
    page.keyboard.press("w")
    page.locator(".panel.open").get_by_text("On the page").wait_for()
    page.keyboard.press("?")
    assert page.evaluate("document.activeElement.id") == "keys"
    bank = story(page, "Central bank").get_by_role("link", name="Central bank")
    bank.focus()
    page.keyboard.press("o")
    page.get_by_text("the article").wait_for()
    assert not page.errors


def test_without_script_why_search_share_and_sliders_are_pages(app: App, tab: Any) -> None:
    page = tab(script=False)
    story(page, "Central bank").get_by_role("link", name="Why").click()
    page.get_by_role("heading", name="Why").wait_for()
    assert page.get_by_text("News value").is_visible()
    page.get_by_role("link", name="Back to the page").click()
    story(page, "Central bank").get_by_role("button", name="Keep").click()
    story(page, "Central bank").get_by_role("link", name="Share").click()
    assert "Central bank holds" in page.get_by_label("The text, to be copied").input_value()
    assert page.get_by_role("link", name="By mail").get_attribute("href").startswith("mailto:")
    page.get_by_role("link", name="Search").click()
    page.get_by_label("Words").fill("mortgage")
    page.get_by_role("main").get_by_role("button", name="Search").click()
    assert page.locator("mark", has_text="mortgage").first.is_visible()
    page.get_by_role("link", name="Breadth").click()
    # A slider can be moved without script too: by keys.
    page.get_by_label("Minutes").focus()
    page.keyboard.press("Home")
    page.get_by_role("button", name="Preview this morning").click()
    page.get_by_text("minutes instead of").wait_for()
    page.get_by_role("button", name="Save this").click()
    page.get_by_role("status").filter(has_text="Saved").wait_for()
    assert "minutes = 2" in (app.home.folder / "newsfeed.toml").read_text()


@pytest.mark.parametrize("script", [True, False])
def test_a_refresh_of_another_process_is_told_until_it_ends(app: App, tab: Any, script: bool) -> None:
    page = tab(script=script)
    with Lock(app.home.folder / ".newsfeed" / "lock", "refresh"):
        page.get_by_role("button", name="Refresh now").click()
        page.get_by_text("Another newsfeed is at work: refresh").wait_for()
    # It moves on by itself: told by events, or by reloading.
    page.get_by_role("link", name="To today’s page").wait_for()
    assert not page.errors


def test_the_bookmark_follows_the_site_that_it_is_clicked_on(
    app: App, master: tuple[TestHome, Server], tab: Any
) -> None:
    server = master[1]
    url = server.feed("/followed.xml", rss("Followed", [Entry("Ferry line gets a night boat", hours=1)]))
    html = f'<html><head><link rel="alternate" type="application/rss+xml" href="{url}"></head><body>A blog</body></html>'
    server.reply("/blog", body=html.encode(), headers=[("Content-Type", "text/html")])
    page = tab("/sources")
    bookmark = page.get_by_role("link", name="follow this site").get_attribute("href")
    assert bookmark.startswith("javascript:")
    page.goto(server.url("/blog"))
    # As a browser runs a bookmarklet: in the open page.
    page.evaluate(
        "code => { const a = document.createElement('a'); a.href = code; document.body.append(a); a.click(); }",
        bookmark,
    )
    page.get_by_role("heading", name="Add a source").wait_for()
    assert page.get_by_label("Its address").input_value() == server.url("/blog")
    page.get_by_role("button", name="Find its feed").click()
    page.get_by_text("Ferry line gets a night boat").first.wait_for()
    page.get_by_role("heading", name="On your last pages").wait_for()
    assert page.get_by_role("button", name="Add it").is_visible()
    assert not page.errors


def test_an_app_that_has_ended_is_said_and_nothing_is_lost(app: App, tab: Any) -> None:
    page = tab()
    page.context.set_offline(True)
    story(page, "Central bank").get_by_role("button", name="Keep").click()
    page.get_by_role("status").filter(has_text="does not answer").wait_for()
    page.context.set_offline(False)
    story(page, "Central bank").get_by_role("button", name="Keep").click()
    page.get_by_role("status").filter(has_text="Kept").wait_for()


def test_sliders_show_the_morning_as_it_would_be_and_save_it(app: App, tab: Any) -> None:
    page = tab("/breadth")
    before = (app.home.folder / "newsfeed.toml").read_text()
    page.get_by_label("Minutes").fill("2")
    page.get_by_text("minutes instead of").wait_for()
    assert (app.home.folder / "newsfeed.toml").read_text() == before
    page.get_by_role("button", name="Save this").click()
    page.get_by_role("status").filter(has_text="Saved").wait_for()
    assert "minutes = 2" in (app.home.folder / "newsfeed.toml").read_text()
    assert not page.errors


@pytest.mark.parametrize("script", [True, False])
def test_a_source_is_added_by_its_home_page_and_taken_back(
    app: App, master: tuple[TestHome, Server], tab: Any, script: bool
) -> None:
    server = master[1]
    server.feed("/found.xml", rss("Harbour", [Entry("Port opens a second crane", hours=1)]))
    html = f'<html><head><link rel="alternate" type="application/rss+xml" href="{server.url("/found.xml")}"></head><body>x</body></html>'
    server.reply("/home", body=html.encode(), headers=[("Content-Type", "text/html")])
    before = (app.home.folder / "feeds.opml").read_bytes()
    page = tab("/sources", script=script)
    page.get_by_label("Add a feed").fill(server.url("/home"))
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("button", name="Find its feed").click()
    page.get_by_text("Port opens a second crane").first.wait_for(timeout=60_000)
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("status").filter(has_text="is added").wait_for()
    assert b"Harbour" in (app.home.folder / "feeds.opml").read_bytes()
    page.get_by_role("button", name="Undo the last change").click()
    page.get_by_role("status").filter(has_text="taken back").wait_for()
    assert (app.home.folder / "feeds.opml").read_bytes() == before
    assert not page.errors


@pytest.mark.parametrize("script", [True, False])
def test_a_source_that_is_gone_is_told_repaired_after_a_look_and_brought_back(
    app: App, master: tuple[TestHome, Server], tab: Any, script: bool
) -> None:
    server, listed = master[1], app.home.folder / "feeds.opml"
    lively = server.feed("/lively.xml", rss("Lively", [Entry("Quay gets a tram line", hours=1)]))
    listed.write_text(opml(("News", "Lively", lively), ("News", "Lost", server.url("/lost.xml"))))
    server.reply("/lost.xml", status=410)
    before = listed.read_bytes()
    app.home.at(NOON + timedelta(hours=3))
    page = tab(script=script)
    page.get_by_role("button", name="Refresh now").click()
    page.get_by_role("link", name="To today’s page").wait_for(timeout=60_000)
    page.goto(app.base + "/sources")
    page.get_by_role("link", name="1 to look at").click()
    page.get_by_role("link", name="Lost").wait_for()
    assert not page.get_by_role("link", name="Lively").is_visible()
    page.get_by_role("button", name="Repair what has moved").click()
    page.get_by_text("is gone for good").wait_for()
    assert listed.read_bytes() == before
    page.get_by_role("button", name="Write it").click()
    page.get_by_role("status").filter(has_text="taken out").wait_for()
    assert b"lost.xml" not in listed.read_bytes()
    page.get_by_role("button", name="Undo the last change").click()
    page.get_by_role("status").filter(has_text="taken back").wait_for()
    assert listed.read_bytes() == before
    assert not page.errors


# The voices of a browser: headless Chromium has none, so each test brings its own.
VOICES = """
const voices = %s, synthesis = new EventTarget();
window.spoken = [];
Object.assign(synthesis, {
  speaking: false, getVoices: () => voices,
  speak(words) { this.speaking = true; window.spoken.push(words); },
  cancel() { this.speaking = false; window.spoken.push("cancelled"); },
});
Object.defineProperty(window, "speechSynthesis", { value: synthesis });
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
"""
LOCAL, REMOTE = (
    '{name: "here", lang: "en-GB", localService: true}',
    '{name: "cloud", lang: "en-US", localService: false}',
)


@pytest.mark.parametrize(
    ("voices", "is_there"),
    [("[]", False), (f"[{REMOTE}]", False), (f"[{LOCAL}]", True), (f"[{REMOTE}, {LOCAL}]", True)],
)
def test_only_a_voice_of_this_machine_may_read(tab: Any, voices: str, is_there: bool) -> None:
    page = tab(at_first=VOICES % voices)
    assert page.locator("#listen").is_visible() == is_there
    assert not page.errors


def test_a_voice_that_is_found_later_is_offered(tab: Any) -> None:
    page = tab(at_first=VOICES % "[]")
    assert not page.locator("#listen").is_visible()
    page.evaluate(
        f"speechSynthesis.getVoices().push({LOCAL}); speechSynthesis.dispatchEvent(new Event('voiceschanged'))"
    )
    assert page.locator("#listen").is_visible()


def test_the_page_is_read_pick_by_pick_by_the_local_voice_and_stops(tab: Any) -> None:
    page = tab(at_first=VOICES % f"[{REMOTE}, {LOCAL}]")
    titles = page.locator("article h3").all_inner_texts()
    assert len(titles) > 2
    page.get_by_role("button", name="Read aloud").click()
    for _ in titles[1:]:
        page.evaluate("spoken.at(-1).onend()")
    said = page.evaluate("spoken.map((one) => [one.text, one.voice.name])")
    assert [voice for _, voice in said] == ["here"] * len(titles)
    for title, (text, _) in zip(titles, said, strict=True):
        assert text.startswith(title.strip())
    page.get_by_role("button", name="Stop").click()
    assert page.evaluate("spoken.at(-1)") == "cancelled"
    page.get_by_role("button", name="Read aloud").wait_for()
    assert not page.errors


def test_links_to_feeds_may_be_handed_over(app: App, tab: Any, server: Server) -> None:
    spy = """
    const real = navigator.registerProtocolHandler.bind(navigator);
    navigator.registerProtocolHandler = (...given) => { window.handed = given; return real(...given); };
    """
    page = tab("/sources", at_first=spy)
    page.get_by_role("button", name="Open them here").click()
    scheme, address = page.evaluate("window.handed")
    assert scheme == "web+feed"
    assert not page.errors, "the browser takes it"
    # As when a link on another site leads there, with which the browser sends no cookie.
    led = address.replace("%s", quote("web+feed:https://a.example/feed?x=1&y=2", safe=""))
    server.reply("/blog", body=f'<a href="{led}">feed</a>'.encode(), headers=[("Content-Type", "text/html")])
    page.goto(f"http://other.test:{server.port}/blog")
    page.get_by_role("link", name="feed").click()
    page.get_by_role("heading", name="Add a source").wait_for()
    assert page.get_by_label("Its address").input_value() == "https://a.example/feed?x=1&y=2"


def test_without_script_nothing_is_offered_that_needs_it(tab: Any) -> None:
    page = tab("/sources", script=False)
    assert not page.get_by_role("button", name="Open them here").is_visible()
    page = tab(script=False)
    assert not page.locator("#listen").is_visible()
    assert not page.get_by_label("Keys:").is_visible()
    story(page, "Central bank").get_by_role("button", name="Keep").click()
    story(page, "Central bank").get_by_role("link", name="Share").click()
    assert not page.get_by_role("button", name="Copy").is_visible()


# ------------------------------------------------------------------------- closed to others


@pytest.mark.parametrize("script", [True, False])
def test_a_link_on_another_site_leads_in_though_the_cookie_is_kept_back(
    app: App, tab: Any, server: Server, script: bool
) -> None:
    server.reply(
        "/mail",
        body=f'<a href="{app.base}/sources/add?url=https://a.example/">go</a>'.encode(),
        headers=[("Content-Type", "text/html")],
    )
    page = tab(script=script)
    page.goto(f"http://other.test:{server.port}/mail")
    page.get_by_role("link", name="go").click()
    if not script:
        page.get_by_role("link", name="Open").click()
    page.get_by_role("heading", name="Add a source").wait_for()
    assert page.get_by_label("Its address").input_value() == "https://a.example/"
    assert not page.errors


def test_a_stranger_is_led_nowhere(app: App, tab: Any, server: Server) -> None:
    server.reply(
        "/mail", body=f'<a href="{app.base}/kept">go</a>'.encode(), headers=[("Content-Type", "text/html")]
    )
    page = tab(key=False)
    assert "has no key" in page.content()
    page.goto(f"http://other.test:{server.port}/mail")
    page.get_by_role("link", name="go").click()
    page.get_by_text("has no key").wait_for()


@pytest.mark.parametrize("way", ["form", "fetch", "frame", "rebinding"])
def test_another_site_changes_and_reads_nothing(app: App, tab: Any, server: Server, way: str) -> None:
    ref, token = app.ref("Central bank"), app.token()
    fields = (
        f'<input name="token" value="{token}"><input name="item" value="{ref}"><input name="do" value="keep">'
    )
    bodies = {
        "form": f'<form id="f" method="post" action="{app.base}/mark">{fields}</form><script>f.submit()</script>',
        "fetch": f"<script>fetch('{app.base}/mark',{{method:'POST',credentials:'include',mode:'no-cors',body:new URLSearchParams({{token:'{token}',item:'{ref}',do:'keep'}})}}).finally(()=>document.title='done')</script>",
        "frame": f'<iframe src="{app.base}/"></iframe><script>setTimeout(()=>document.title="done",500)</script>',
        "rebinding": "<script>document.title='done'</script>",
    }
    server.reply("/evil", body=bodies[way].encode(), headers=[("Content-Type", "text/html")])
    page = tab()
    page.goto(f"http://evil.test:{server.port}/evil")
    if way == "form":
        page.get_by_text("another site").wait_for()
    else:
        page.wait_for_function("document.title === 'done'")
    if way == "frame":
        assert all(
            "Central bank" not in frame.content() for frame in page.frames[1:] if frame.url.startswith("http")
        )
    if way == "rebinding":
        page.goto(f"http://evil.test:{app.host.rpartition(':')[2]}/")
        assert "Not the address" in page.content()
    assert "Central bank" not in app.get("/kept").text
