"""The HTML mail in a browser, at phone and desktop width: no sideways scrolling, nothing loaded, everything visible.

Set NEWSFEED_SCREENS to a folder to keep the pictures.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import editions
import pytest
from browsers import chromium, window

from newsfeed.render import Templates

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as launched:
        yield launched


@pytest.mark.parametrize("width", [320, 700])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("styles", [True, False], ids=["whole", "head dropped"])
def test_a_mail_fits_its_screen(browser: Any, width: int, scheme: str, styles: bool) -> None:
    for name in ("full_day", "hostile", "quiet_day"):
        html = Templates().message(getattr(editions, name)(), "https://me.example/news").html
        if not styles:  # like mail programs that keep only inline styles
            html = html[: html.index("<style>")] + html[html.index("</style>") + len("</style>") :]
        context = window(
            browser, viewport={"width": width, "height": 1200}, color_scheme=scheme, java_script_enabled=True
        )
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.set_content(html)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert asked == []
        table = page.evaluate("document.querySelector('table').getBoundingClientRect().toJSON()")
        assert table["width"] == min(width, 600)
        assert table["x"] == (width - table["width"]) / 2
        small = page.evaluate(
            "[...document.querySelectorAll('h1,h2,h3,p,blockquote')]"
            ".filter(e => parseFloat(getComputedStyle(e).fontSize) < 14).length"
        )
        assert small == 0, "no text below 14 pixels"
        if folder := os.environ.get("NEWSFEED_SCREENS"):
            page.screenshot(path=f"{folder}/mail-{name}-{width}-{scheme}.png", full_page=True)
        context.close()


def test_ink_and_paper_are_far_enough_apart() -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1, in both schemes; formula of relative luminance as given there."""

    def luminance(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(one: str, other: str) -> float:
        light, dark = sorted((luminance(one), luminance(other)), reverse=True)
        return (light + 0.05) / (dark + 0.05)

    html = Templates().message(editions.full_day()).html
    for paper, inks in {
        "#fcfbf8": ("#1d1b18", "#625d54", "#97301c"),
        "#f4f1ea": ("#1d1b18", "#625d54", "#97301c"),
        "#151618": ("#e8e4dc", "#a9a499", "#ee9478"),
        "#1e2023": ("#e8e4dc", "#a9a499", "#ee9478"),
    }.items():
        for ink in inks:
            assert ink in html
            assert contrast(paper, ink) >= 4.5, (paper, ink)
