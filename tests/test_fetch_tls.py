"""Encrypted connections: certificates are verified against the name, and nothing falls back."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from faults import said
from serving import Server, redirect

from newsfeed.fetch import Fetcher
from newsfeed.fetch.client import Outcome
from newsfeed.model import Cause, Failure, FetchSetting, Request, Response

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
RSS = b'<?xml version="1.0"?><rss version="2.0"></rss>'


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def context(authority: trustme.CA, *names: str, until: datetime | None = None) -> ssl.SSLContext:
    certificate = authority.issue_cert(*(names or ("localhost",)), not_after=until)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(made)
    return made


@pytest.fixture
def trusting(authority: trustme.CA) -> Callable[[], ssl.SSLContext]:
    def make() -> ssl.SSLContext:
        made = ssl.create_default_context()
        authority.configure_trust(made)
        return made

    return make


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[Server]:
    with Server(tls=context(authority)) as server:
        server.feed("/feed", RSS)
        yield server


def get(
    server: Server,
    request: Request | str,
    tls: Callable[[], ssl.SSLContext] | None = None,
    *,
    times: int = 1,
    secrets: dict[str, str] | None = None,
    also: tuple[str, ...] = (),
) -> Outcome:
    asked = Request(url=request) if isinstance(request, str) else request
    settings = FetchSetting(allow_private=(server.place, *also), timeout=10.0)

    async def go() -> Outcome:
        async with Fetcher(settings, now=lambda: NOW, tls=tls, secrets=secrets or {}) as fetcher:
            for _ in range(times - 1):
                await fetcher.get(asked)
            return await fetcher.get(asked)

    return asyncio.run(go())


def failed(outcome: Outcome, cause: Cause) -> Failure:
    assert isinstance(outcome, Failure), outcome
    assert outcome.cause == cause, outcome
    return outcome


def test_a_verified_server_is_read_over_one_kept_connection(
    server: Server, trusting: Callable[[], ssl.SSLContext]
) -> None:
    outcome = get(server, server.url("/feed"), trusting, times=3)
    assert isinstance(outcome, Response)
    assert outcome.body == RSS
    assert server.connections == 1


def test_a_token_travels_encrypted(server: Server, trusting: Callable[[], ssl.SSLContext]) -> None:
    request = Request(url=server.url("/feed"), credential="localhost")
    assert isinstance(get(server, request, trusting, secrets={"localhost": "abc"}), Response)
    assert server.seen[0].headers["authorization"] == "Bearer abc"


def test_an_unknown_authority_is_not_trusted(server: Server) -> None:
    failure = failed(get(server, server.url("/feed")), Cause.TLS)
    assert "localhost" in said(failure)
    assert server.seen == []


def test_a_certificate_for_another_name(
    authority: trustme.CA, trusting: Callable[[], ssl.SSLContext]
) -> None:
    with Server(tls=context(authority, "other.test")) as server:
        failure = failed(get(server, server.url("/feed"), trusting), Cause.TLS)
    assert "another name" in said(failure)


def test_an_expired_certificate(authority: trustme.CA, trusting: Callable[[], ssl.SSLContext]) -> None:
    past = datetime.now(UTC) - timedelta(days=1)
    with Server(tls=context(authority, until=past)) as server:
        failure = failed(get(server, server.url("/feed"), trusting), Cause.TLS)
    assert "expired" in said(failure)
    assert "clock" in said(failure)


def test_encrypted_to_a_plain_server_and_plain_to_an_encrypted_one(server: Server) -> None:
    failed(get(server, server.url("/feed").replace("https:", "http:")), Cause.CONNECT)
    with Server(greeting=b"220 mail.test ESMTP\r\n") as plain:
        url = f"https://{plain.place}/feed"
        failed(get(plain, url), Cause.TLS)


def test_no_redirect_leads_from_encrypted_to_plain(
    server: Server, trusting: Callable[[], ssl.SSLContext]
) -> None:
    with Server() as plain:
        plain.feed("/feed", RSS)
        server.play("/down", redirect(plain.url("/feed"), 301))
        failure = failed(get(server, server.url("/down"), trusting, also=(plain.place,)), Cause.REDIRECT)
        assert "https" in said(failure)
        assert plain.seen == [], "nothing was sent in clear"


@pytest.mark.parametrize("status", [301, 302, 308])
def test_a_redirect_to_http_is_followed_by_https_where_that_is_spoken(
    server: Server, authority: trustme.CA, trusting: Callable[[], ssl.SSLContext], status: int
) -> None:
    with Server(tls=context(authority)) as other:
        other.feed("/feed", RSS)
        server.play("/down", redirect(other.url("/feed").replace("https:", "http:"), status))
        found = get(server, server.url("/down"), trusting, also=(other.place,))
        assert isinstance(found, Response), found
        assert found.url.startswith("https:")
        server.play("/none", redirect(other.url("/none").replace("https:", "http:"), status))
        assert failed(get(server, server.url("/none"), trusting, also=(other.place,)), Cause.REDIRECT)
        server.play("/self", redirect(server.url("/self").replace("https:", "http:"), status))
        what = said(failed(get(server, server.url("/self"), trusting), Cause.REDIRECT))
        assert "unsafe http" in what


def test_a_handshake_that_never_ends(trusting: Callable[[], ssl.SSLContext]) -> None:
    with Server() as silent:  # waits for the end of a request, which a TLS hello never has
        settings = FetchSetting(allow_private=(silent.place,), timeout=0.3)

        async def go() -> Outcome:
            async with Fetcher(settings, now=lambda: NOW, tls=trusting) as fetcher:
                return await fetcher.get(Request(url=f"https://{silent.place}/feed"))

        assert asyncio.run(go()).__class__ is Failure


def test_the_usual_authorities_are_loaded_only_when_needed() -> None:
    made: list[int] = []

    def tls() -> ssl.SSLContext:
        made.append(1)
        return ssl.create_default_context()

    with Server() as plain:
        plain.feed("/feed", RSS)
        assert isinstance(get(plain, plain.url("/feed"), tls), Response)
    assert made == []
