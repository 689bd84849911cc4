"""A real browser for tests, and what axe finds wrong with one of its pages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

# The headless shell draws no window: its pages take a third of the processor's time.
SHELL, WHOLE = Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium")
CHROMIUM = SHELL if SHELL.exists() else WHOLE
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
PATIENCE = 60_000  # milliseconds
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# One place per rule is enough for what is in order; otherwise thousands would be sent over.
OPTIONS = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}


@contextmanager
def chromium(*more: str) -> Iterator[Any]:
    """Chromium with these additional flags. Without a browser the test is skipped; in CI it fails. It occupies its
    thread's event loop, so whatever commands make must be made before."""
    if not CHROMIUM.exists():
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail("CI must have a browser")
        pytest.skip(f"no browser at {CHROMIUM}: apt-get install {SHELL.name}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=[*FLAGS, *more], timeout=PATIENCE
        )
        yield launched
        launched.close()


def window(browser: Any, **options: Any) -> Any:
    """A browser context that waits for a busy machine."""
    made = browser.new_context(**options)
    made.set_default_timeout(PATIENCE)
    return made


def violations(page: Any) -> list[tuple[str, str, list[str]]]:
    """What is not accessible: the rule, how grave, and the first elements."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options=OPTIONS).response
    assert found["passes"], "nothing was looked at"
    return [(v["id"], v["impact"], [n["html"][:120] for n in v["nodes"][:3]]) for v in found["violations"]]
