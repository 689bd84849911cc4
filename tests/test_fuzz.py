"""Whatever others write, the readers answer in bounded time, with what they read or with a failure of ours.

NEWSFEED_FUZZ sets the seconds of processor time for all targets together (`make fuzz`: an hour), NEWSFEED_FUZZ_SEED the random seed (the same each time in CI; a new one for each `make fuzz`, which prints it).
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import itertools
import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsfeed import opml, reading, sources, text
from newsfeed.errors import ListError
from newsfeed.fetch import redact
from newsfeed.model import Failure, FeedState, Parsed, Request, Response, Subscription
from newsfeed.reading import json_feeds
from newsfeed.sources import webpages
from newsfeed.text import times

pytestmark = pytest.mark.slow
SECONDS = float(os.environ.get("NEWSFEED_FUZZ", "60"))
SEED = int(os.environ.get("NEWSFEED_FUZZ_SEED", "20261128"))
LONGEST = 5.0  # seconds of CPU time that one small input may take
NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
DATA = Path(__file__).parent / "data"

ADDRESSES = {
    "bluesky": "https://bsky.app/profile/ada.example",
    "github": "https://github.com/ada/engine/releases",
    "hackernews": "https://news.ycombinator.com/",
    "jsonfeed": "https://feeds.example/feed.json",
    "lemmy": "https://lemmy.world/c/python",
    "mastodon": "https://social.example/@ada",
    "reddit": "https://www.reddit.com/r/python",
    "stackexchange": "https://stackoverflow.com/questions/tagged/python",
    "syndication": "https://feeds.example/feed.xml",
    "telegram": "https://t.me/s/ada",
    "x": "https://x.com/ada",
    "youtube": "https://www.youtube.com/feeds/videos.xml?channel_id=UC0123456789abcdefghijkl",
}

pieces = st.sampled_from(
    [
        *("<", ">", "</", "/>", "<!--", "-->", "<![CDATA[", "]]>", "&", "&amp;", "&#0;", "&#xD800;", "&lt;", '"', "'"),
        *("<p>", "</p>", "<br>", "<table>", "<td>", "<script>", "<iframe/>", "<pre>", "<a href=x>", "<img src=y>"),
        *("\0", "\x1b", "\u00ad", "\u200b", "\u202e", "\ud800", "\ufeff", "\U0001f469\u200d", "نص", "新年", "ß"),
        *("Mr. ", "e.g. ", "… ", "“", "” ", ". ", "! ", "—", "www.", "http://", "https://[", "//", "@", "#/", "?q="),
        *("1", "99999999999999999999", "-1", "2026", "24:61", "31.02.", "AM", "CET", "+9999", "T", "Z", "février"),
    ]
)  # fmt: skip
words = st.lists(
    st.one_of(pieces, st.text(max_size=8), st.sampled_from(["word ", "Word ", " a ", "\n"])), max_size=40
).map("".join)
# The same thing repeated many times, which reveals work that grows faster than its input.
long = st.tuples(st.lists(pieces, min_size=1, max_size=4).map("".join), st.integers(1, 3_000)).map(
    lambda both: both[0] * both[1]
)
soup = st.one_of(words, long)


def cut(whole: bytes) -> st.SearchStrategy[bytes]:
    """A document changed, cut or doubled in a few places."""
    change = st.tuples(
        st.integers(0, len(whole)),
        st.integers(0, 40),
        st.one_of(pieces.map(lambda p: p.encode("utf-8", "replace")), st.binary(max_size=6)),
    )

    def changed(changes: list[tuple[int, int, bytes]]) -> bytes:
        data = whole
        for at, gone, put in changes:
            data = data[:at] + put + data[at + gone :]
        return data

    return st.lists(change, max_size=6).map(changed)


@cache
def keys(kind: str) -> list[str]:
    """The names that a source looks for, taken from its own code."""
    found = {"items", "data", "id", "url", "title", "version"}
    for code in (
        inspect.getsource(inspect.getmodule(type(sources.by_kind(kind)))),
        inspect.getsource(json_feeds),
    ):  # type: ignore[arg-type]
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 30:
                found.add(node.value)
    return sorted(found)


def answers(kind: str) -> st.SearchStrategy[bytes]:
    """Changed saved documents; JSON with the right names and wrong values; anything."""
    names = st.sampled_from(keys(kind))
    leaf = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        words,
        names,
        st.sampled_from([10**30, "", [], {}]),
    )
    tree = st.recursive(
        leaf, lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(names, inner, max_size=8)), max_leaves=40
    )  # fmt: skip
    tag = st.tuples(
        st.sampled_from(["div", "a", "time", "span", "i"]),
        st.sampled_from(["class", "href", "data-post"]),
        names,
    )
    page = st.lists(st.one_of(tag.map(lambda t: f'<{t[0]} {t[1]}="{t[2]}">'), words), max_size=30).map("".join)  # fmt: skip
    wild: list[st.SearchStrategy[bytes]] = [
        page.map(lambda t: t.encode("utf-8", "replace")),
        tree.map(lambda found: json.dumps(found).encode()),
        soup.map(lambda t: t.encode("utf-8", "replace")),
    ]
    saved = [p.read_bytes() for p in sorted((DATA / "sources").iterdir())]
    return st.one_of(*wild, st.sampled_from(saved).flatmap(cut))


def an_answer(kind: str, body: bytes) -> None:
    subscription = Subscription(url=ADDRESSES[kind])
    asked = sources.by_kind(kind).request(FeedState(subscription=subscription))
    request = asked if isinstance(asked, Request) else Request(url=subscription.url)
    answer = Response(request=request, url=request.url, body=body)
    found = reading.read(answer, subscription, {}, NOW)
    assert isinstance(found, Parsed | Failure)
    if isinstance(found, Failure):
        assert found.text.endswith((".", "?", "!"))
        return
    for item in found.items:
        (item.title + item.text + item.html + item.author + item.lead).encode()
        assert item.identity
        assert item.link == "" or item.link.startswith(("http://", "https://"))
        assert "<script" not in item.html.lower()
        assert item.published is None or item.published.tzinfo is not None


def a_list(data: bytes) -> None:
    with contextlib.suppress(ListError):
        found = opml.parse(data)
        opml.parse(opml.write(found))
        opml.add(data, Subscription(url="https://new.example/feed", title="New"))


def a_text(written: str) -> None:
    safe = text.clean_html(written, "https://a.example/")
    assert "<script" not in safe.lower()
    plain = text.plain_text(safe)
    for lang in ("", "de", "ja"):
        told = text.lead(plain, text.headline(written), lang=lang)
        assert text.count_words(told) <= max(text.count_words(plain), 1)
    text.prose_text(safe)
    text.clean_line(written).encode()


def an_address(written: str) -> None:
    for base in ("", "https://a.example/b/"):
        for found in (
            text.safe_url(written, base),
            text.link_url(written, base),
            text.canonical_url(written, base),
        ):
            assert found == "" or found.startswith(("http://", "https://"))  # fmt: skip
            found.encode()
    redact(written)
    sources.find(Subscription(url=written)).request(FeedState(subscription=Subscription(url=written)))


def a_date(written: str) -> None:
    for language in ("", "en", "de", "fr"):
        found = times.from_text(written, language)
        assert found is None or found.tzinfo is not None
        assert times.sane(found, NOW) is None or found is not None
    times.duration(written)
    text.latest_day(written)


def a_page(data: bytes) -> None:
    for found in webpages.candidates(data, "https://a.example/", data[:200].decode("latin-1")):
        assert found.startswith(("http://", "https://"))
    webpages.forwards(data, "https://a.example/")


encoded = soup.map(lambda t: t.encode("utf-8", "replace"))
dates = st.one_of(
    soup,
    st.lists(
        st.sampled_from(
            ["Mon", "3", "03", "Mar", "März", "2026", "26", "/", "-", ".", ",", " ", ":", "12", "59", "PM", "GMT", "-0800", "T", "Z", "30.5"]
        ),
        max_size=14,
    ).map("".join),
)  # fmt: skip
lists = st.sampled_from([p.read_bytes() for p in sorted((DATA / "opml").iterdir())]).flatmap(cut)
TARGETS: dict[str, tuple[Callable[[Any], None], Any]] = {
    "lists": (a_list, st.one_of(encoded, lists)),
    "texts": (a_text, soup),
    "addresses": (an_address, soup),
    "dates": (a_date, dates),
    "pages": (a_page, encoded),
    **{
        kind: (
            lambda body, kind=kind: an_answer(kind, body),
            st.deferred(
                lambda kind=kind: answers(kind)
            ),  # made by the tests that use it, not wherever they are collected
        )
        for kind in ADDRESSES
    },
}


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_comes_is_read_or_refused_in_time(name: str) -> None:
    target, inputs = TARGETS[name]

    @settings(max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(inputs)
    def one(given: Any) -> None:
        began = time.process_time()
        target(given)
        assert time.process_time() - began < LONGEST

    end = time.process_time() + SECONDS / len(TARGETS)
    for seed in itertools.count(SEED):
        hypothesis.seed(seed)(one)()
        if time.process_time() > end:
            break
