"""Which addresses become links, and which characters are never printed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsfeed.render import safe


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://a.example/b?c=d&e=f#g", "https://a.example/b?c=d&e=f#g"),
        ("http://a.example:8080/", "http://a.example:8080/"),
        ("HTTPS://a.example/", "https://a.example/"),
        ("https://bücher.example/größe", "https://bücher.example/größe"),
        ("https://name:word@a.example/x", "https://a.example/x"),
        ("https://a.example/it's?q=\"<b>", "https://a.example/it's?q=\"<b>"),  # escaped by the engine
        ("javascript:alert(1)", ""),
        ("JAVASCRIPT://a.example/%0aalert(1)", ""),
        ("java\nscript:alert(1)", ""),
        ("\x01javascript:alert(1)", ""),
        (" https://a.example/", ""),
        ("https://a.example/\u202egpj.exe", ""),
        ("https:\\\\a.example", ""),
        ("data:text/html,x", ""),
        ("vbscript:x", ""),
        ("file:///etc/passwd", ""),
        ("//a.example/", ""),
        ("https:a.example", ""),
        ("https://", ""),
        ("https://[::1", ""),
        ("https://a.example:99999/", ""),
        ("ledger.html", ""),
        ("", ""),
    ],
)
def test_only_web_addresses_are_links(address: str, kept: str) -> None:
    assert safe.web(address) == kept


@pytest.mark.parametrize(
    ("address", "root", "kept"),
    [
        ("ledger.html", "", "ledger.html"),
        ("ledger.html#muted", "../../../", "../../../ledger.html#muted"),
        ("archive/2026/11/21.html", "../../../", "../../../archive/2026/11/21.html"),
        ("ledger.html", "https://me.example/news/", "https://me.example/news/ledger.html"),
        ("ledger.html", None, ""),
        ("#s4", "../", "#s4"),
        ("#s4", None, ""),
        ("#", "", ""),
        ('#s4" onclick="x', "", ""),
        ("../../etc/passwd.html", "", ""),
        ("/etc/x.html", "", ""),
        ("javascript:x.html", "", ""),
        ("https://a.example/", None, "https://a.example/"),
    ],
)
def test_places_of_the_site(address: str, root: str | None, kept: str) -> None:
    assert safe.place(address, root) == kept


@given(st.text())
def test_visible_text_can_be_written_and_turns_nothing_round(text: str) -> None:
    seen = safe.visible(text)
    seen.encode()
    assert safe.visible(seen) == seen
    assert not set(seen) & set(
        "\x00\x1b\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff\ufffe\uffff"
    )


def test_visible_keeps_what_spells_words() -> None:
    for text in ("می‌خواهم", "क्‍ष", "👩‍👩‍👧‍👦", "a\tb\nc", "naïve “quotes” – 漢字", "שלום"):
        assert safe.visible(text) == text


@given(st.text())
def test_slug_is_an_id_and_tells_texts_apart(text: str) -> None:
    made = safe.slug(text)
    assert all(c.isascii() and (c.isalnum() or c in "-_") for c in made)
    if "-" not in text and " " not in text and text.isascii() and text.isalnum():
        assert made == text


@pytest.mark.parametrize(
    ("code", "kept"),
    [("en", "en"), ("pt-BR", "pt-BR"), ("", ""), ('en" x="', ""), ("e", ""), ("zh-Hans-CN", "zh-Hans-CN")],
)
def test_language_codes(code: str, kept: str) -> None:
    assert safe.language(code) == kept


def test_instants_are_utc_to_the_second() -> None:
    moment = datetime(2026, 11, 22, 7, 10, 5, 999, tzinfo=timezone(timedelta(hours=1)))
    assert safe.instant(moment) == "2026-11-22T06:10:05Z"
    assert safe.instant(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00Z"


def test_host_is_as_people_say_it() -> None:
    assert safe.host("https://www.a.example/x") == "a.example"
    assert safe.host("javascript:x") == ""
