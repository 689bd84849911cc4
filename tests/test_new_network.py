"""A network is one file and its line in the registry: an unknown one is read like all others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsfeed import reading, sources
from newsfeed.model import Failure, FeedState, Parsed, Request, Response, Subscription
from newsfeed.sources import source as base
from newsfeed.sources.source import voice

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
PIGEON = '''
"""Pigeon: perches by their interface."""

from newsfeed.sources import posts
from newsfeed.sources.source import Draft, Source, host_and_path, hosts_of, validated
from newsfeed.model import Request
from newsfeed.text import times

KIND = "pigeon"


class Pigeon(Source):
    kind = KIND

    def claims(self, subscription):
        return host_and_path(subscription.url)[0] in hosts_of(KIND)

    def request(self, state):
        _, path = host_and_path(state.subscription.url)
        url = f"https://api.pigeon.example/v1{path}"
        return validated(Request(url=url, feed=state.feed, source=KIND, accept="application/json"), state)

    def parse(self, response, subscription, now):
        found = posts.read_json(response)
        coos = [
            Draft(
                guid=posts.text(coo, "id"),
                link=f"https://pigeon.example/coo/{posts.text(coo, 'id')}",
                body=posts.paragraphs(posts.text(coo, "said")),
                published=times.from_text(posts.text(coo, "at")),
                kind="post",
            )
            for coo in posts.rows(found, "coos")
        ]
        return posts.settle(coos, subscription, title="A perch", html_url=subscription.url)


source = Pigeon()
'''


@pytest.fixture
def pigeon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "pigeon.py").write_text(PIGEON, encoding="utf-8")
    monkeypatch.setattr(sources, "__path__", [*sources.__path__, str(tmp_path)])
    line = base.Network("pigeon", ("pigeon.example",))
    for module in (base, sources):
        monkeypatch.setattr(module, "NETWORKS", (line, *base.NETWORKS))
    forget()
    yield
    forget()


def forget() -> None:
    """The current registry counts, not the one at the time when an address was first looked up."""
    sources.by_kind.cache_clear()
    sources._find.cache_clear()


@pytest.mark.usefixtures("pigeon")
def test_a_network_is_one_file_and_one_line() -> None:
    subscription = Subscription(url="https://pigeon.example/perch/7")
    source = sources.find(subscription)
    assert source.kind == "pigeon"
    asked = source.request(FeedState(subscription=subscription, feed=3, etag="e"))
    assert isinstance(asked, Request)
    assert (asked.url, asked.etag) == ("https://api.pigeon.example/v1/perch/7", "e")
    body = b'{"coos": [{"id": "1", "said": "The bridge is open again.", "at": "2026-11-24T05:00:00Z"}]}'
    found = reading.read(Response(request=asked, url=asked.url, body=body), subscription, {}, NOW)
    assert isinstance(found, Parsed)
    assert found.title == "A perch"
    (item,) = found.items
    assert (item.title, item.kind, item.identity) == ("The bridge is open again.", "post", "1")
    again = reading.read(
        Response(request=asked, url=asked.url, body=body), subscription, {"1": item.hash}, NOW
    )
    assert isinstance(again, Parsed)
    assert (again.items, again.known) == ((), ("1",))


@pytest.mark.usefixtures("pigeon")
def test_what_it_leaves_out_is_as_for_a_plain_feed() -> None:
    state = FeedState(subscription=Subscription(url="https://pigeon.example/perch/7"))
    source, failure = sources.find(state.subscription), Failure(cause="http error", text="Down.")  # type: ignore[arg-type]
    assert source.again(state, failure) is None
    assert source.explain(state, failure) == failure
    assert sources.join([state]) == {}
    assert sources.portable(state).kind == "pigeon"  # no other feed reader can read it


@pytest.mark.usefixtures("pigeon")
@pytest.mark.parametrize("path", ["@ada", "c/harbour", "users/ada"])
def test_its_hosts_are_no_other_network(path: str) -> None:
    assert sources.find(Subscription(url=f"https://pigeon.example/{path}")).kind == "pigeon"
    assert voice(f"https://pigeon.example/{path}") is None
