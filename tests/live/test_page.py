"""The pages in a real browser: accessible, without requests, readable at every width and on paper, immune to injected
code."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import editions
import pytest
from browsers import chromium, violations, window
from words import page_words, words

from newsfeed.render import Templates

pytestmark = pytest.mark.live

FILES = ("index.html", "archive/2026/11/22.html", "ledger.html", "breadth.html", "archive/index.html")
MORNINGS = ("refreshed_day", "heavy_day", "quiet_day", "all_failing", "hostile", "crowd", "full_day")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sites")
    templates = Templates()
    for name in MORNINGS:
        edition = getattr(editions, name)()
        recent = [edition.date - timedelta(days=n) for n in (1, 2)]
        for file, data in templates.site(edition, editions.account(), recent).items():
            path = folder / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return folder


@pytest.fixture
def open_page(browser: Any, sites: Path) -> Iterator[Any]:
    contexts = []

    def opened(address: str | Path, *, width: int = 1280, height: int = 900, **options: Any) -> Any:
        context = window(browser, viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.requests = []
        page.errors = []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda message: page.errors.append(message.text))
        path = sites / address if isinstance(address, str) else address
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize(
    ("name", "file", "width", "scheme"),
    [
        ("refreshed_day", "index.html", 320, "light"),
        ("refreshed_day", "index.html", 1280, "dark"),
        *(("quiet_day", file, 320, "light") for file in FILES[1:]),
        *(("quiet_day", file, 1280, "dark") for file in FILES[2:]),
        ("all_failing", "index.html", 320, "dark"),
    ],
)
def test_axe_finds_nothing_serious(open_page: Any, name: str, file: str, width: int, scheme: str) -> None:
    page = open_page(f"{name}/{file}", width=width, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    grave = ("serious", "critical", "moderate")
    assert [one for one in violations(page) if one[1] in grave] == []


@pytest.mark.parametrize("name", MORNINGS)
def test_no_sideways_scroll_at_320(open_page: Any, name: str) -> None:
    for file in FILES if name in ("quiet_day", "hostile") else FILES[:1]:
        page = open_page(f"{name}/{file}", width=320)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 320, f"{file}: {wide}"


def test_no_name_of_a_topic_or_day_is_broken_at_320(open_page: Any) -> None:
    page = open_page("full_day/breadth.html", width=320)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    lines = page.evaluate(
        """[...document.querySelectorAll('tbody th')].map(e => {
          const range = document.createRange();
          range.selectNodeContents(e);
          return [e.textContent, new Set([...range.getClientRects()].map(r => r.top)).size];
        })"""
    )
    assert len(lines) > 30
    assert [text for text, rows in lines if rows > 1] == []


@pytest.mark.parametrize("name", ["quiet_day", "hostile"])
def test_opening_makes_no_request_and_no_error(open_page: Any, name: str) -> None:
    for file in FILES:
        page = open_page(f"{name}/{file}")
        page.wait_for_timeout(50)
        assert page.requests == [page.url]
        assert page.errors == []
        assert page.evaluate("performance.getEntriesByType('resource').length") == 0


@pytest.fixture
def trap() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback that must never get a request, and the paths that were requested."""
    asked: list[str] = []

    class Trap(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Trap)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_injected_code_and_styles_do_nothing(
    open_page: Any, sites: Path, tmp_path: Path, trap: tuple[str, list[str]]
) -> None:
    evil, asked = trap
    html = (sites / "full_day" / "index.html").read_text(encoding="utf-8")
    attack = (
        "<script>document.title = 'owned'</script>"
        f"<script src='{evil}/x.js'></script>"
        f"<img src='{evil}/x.png' onerror=\"document.title = 'owned'\">"
        "<svg onload=\"document.title = 'owned'\"></svg>"
        f"<iframe src='{evil}/frame'></iframe>"
        f"<base href='{evil}/'>"
        f"<style>body {{ display: none }} @import '{evil}/x.css';</style>"
        f"<link rel=stylesheet href='{evil}/y.css'>"
        "<p id=probe style='position: fixed; inset: 0'>x</p>"
        f"<form action='{evil}/form'><button id=send>send</button></form>"
    )
    victim = tmp_path / "victim.html"
    victim.write_text(html.replace('<main id="stories"', f'{attack}<main id="stories"'), encoding="utf-8")
    page = open_page(victim)
    page.wait_for_timeout(100)
    assert page.title().startswith("Sunday 22 November")
    assert page.evaluate("getComputedStyle(document.body).display") == "block"
    assert page.evaluate("getComputedStyle(document.getElementById('probe')).position") == "static"
    assert page.evaluate("document.baseURI") == victim.as_uri()
    page.evaluate("document.getElementById('send').click()")
    page.wait_for_timeout(100)
    assert page.url == victim.as_uri()
    assert asked == []
    assert sum("Content Security Policy" in error for error in page.errors) >= 8


@pytest.mark.parametrize("name", ["full_day", "refreshed_day", "heavy_day", "crowd", "quiet_day"])
def test_paper_takes_at_most_three_pages(open_page: Any, name: str) -> None:
    from pypdf import PdfReader

    page = open_page(f"{name}/index.html")
    reader = PdfReader(BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))
    assert len(reader.pages) <= 3
    text = " ".join(p.extract_text() for p in reader.pages)
    assert "That’s all for today." in re.sub(r"\s+", " ", text)
    assert "To the stories" not in text
    assert "All editions" not in text
    if name != "quiet_day":
        assert "dockdata.example" in text  # hosts are shown after the headlines of Top
        assert "smallmachines.example" not in text  # and nowhere else


SPACING = """
* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
p { margin-bottom: 2em !important; }
"""


@pytest.mark.parametrize("width", [320, 1280])
def test_text_may_be_spaced_out_without_loss(open_page: Any, width: int) -> None:
    for file in (FILES[0], *FILES[2:]):
        page = open_page(
            f"{'refreshed_day' if file == 'index.html' else 'quiet_day'}/{file}", width=width, bypass_csp=True
        )
        page.add_style_tag(content=SPACING)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        clipped = page.evaluate(
            """[...document.querySelectorAll('body *')].filter(e => {
              const s = getComputedStyle(e);
              return /hidden|clip/.test(s.overflowX + s.overflowY)
                && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1);
            }).map(e => e.outerHTML.slice(0, 100))"""
        )
        assert clipped == []


def test_text_may_be_twice_as_large_without_loss(open_page: Any) -> None:
    page = open_page("refreshed_day/index.html", width=640, bypass_csp=True)
    page.add_style_tag(content="html { font-size: 200% }")
    assert page.evaluate("document.documentElement.scrollWidth") <= 640


@pytest.mark.parametrize("name", ["full_day", "refreshed_day", "quiet_day", "all_failing"])
@pytest.mark.parametrize("width", [320, 1280])
def test_browser_shows_the_words_that_are_counted(open_page: Any, sites: Path, name: str, width: int) -> None:
    page = open_page(f"{name}/index.html", width=width)
    page.evaluate(
        "document.querySelectorAll('.skip, .ways, .since-note, #since, #long-read').forEach(e => e.remove())"
    )
    seen = words(page.evaluate("document.body.innerText"))
    assert seen == page_words((sites / name / "index.html").read_bytes())


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_first_headline_is_seen_without_scrolling(open_page: Any, width: int) -> None:
    height = {320: 640, 768: 1024, 1280: 720}[width]
    page = open_page("full_day/index.html", width=width, height=height)
    box = page.locator("article h3").first.bounding_box()
    assert box["y"] + box["height"] <= height


def test_keyboard_goes_in_reading_order_with_a_visible_focus(open_page: Any) -> None:
    page = open_page("full_day/index.html")
    page.keyboard.press("Tab")
    skip = page.evaluate(
        "({text: document.activeElement.innerText, left: document.activeElement.getBoundingClientRect().left})"
    )
    assert skip["text"] == "To the stories"
    assert skip["left"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "stories"
    page.keyboard.press("Tab")
    focus = page.evaluate(
        """(() => { const e = document.activeElement, s = getComputedStyle(e);
        return {text: e.innerText, width: s.outlineWidth, style: s.outlineStyle}; })()"""
    )
    assert focus["text"].startswith("Harbour cities")
    assert focus["width"] == "3px"
    assert focus["style"] == "solid"
    order = page.evaluate("[...document.querySelectorAll('main a')].map(e => e.tabIndex)")
    assert set(order) == {0}


def test_links_can_be_hit_with_a_thumb(open_page: Any) -> None:
    """24 by 24 pixels for all links except those within a headline or a sentence."""
    page = open_page("refreshed_day/index.html", width=320, has_touch=True)
    small = page.evaluate(
        """[...document.querySelectorAll('.by a, .short a, .also a, .ways a, footer a, h3 a')].map(
          e => [e.innerText, e.getBoundingClientRect()]).filter(
          ([, r]) => r.width < 24 || r.height < 24).map(([text, r]) => `${text}: ${r.width}x${r.height}`)"""
    )
    assert small == []


def test_read_stories_look_read(open_page: Any) -> None:
    page = open_page("full_day/index.html")
    style = page.evaluate("document.querySelector('style').textContent")
    assert "h3 a:visited" in style
    colours = page.evaluate(
        "['--ink', '--read'].map(n => getComputedStyle(document.documentElement).getPropertyValue(n))"
    )
    assert colours[0] != colours[1]


def test_page_holds_without_its_own_colours(open_page: Any) -> None:
    page = open_page("refreshed_day/index.html", forced_colors="active", color_scheme="dark")
    ink, paper = page.evaluate(
        """[getComputedStyle(document.querySelector('.breadth svg')).fill,
            getComputedStyle(document.body).backgroundColor]"""
    )
    assert ink != paper
    edge = page.evaluate("getComputedStyle(document.querySelector('.long article')).borderTopStyle")
    assert edge == "solid"


def test_dark_is_dark_and_contrast_can_be_raised(open_page: Any) -> None:
    def colour(page: Any, selector: str, part: str) -> list[int]:
        found = page.evaluate(f"getComputedStyle(document.querySelector('{selector}')).{part}")
        return [int(n) for n in re.findall(r"\d+", found)[:3]]

    dark = open_page("full_day/index.html", color_scheme="dark")
    assert max(colour(dark, "body", "backgroundColor")) < 60
    assert min(colour(dark, "body", "color")) > 200
    more = open_page("full_day/index.html", contrast="more")
    assert colour(more, ".by", "color") == colour(more, "body", "color")
