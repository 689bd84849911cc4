"""Everything that a server may do wrong: each fault alone, then all at once beside a healthy feed."""

from __future__ import annotations

import asyncio
import random
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest
import serving
from faults import FAULTS, PACKED, RSS
from serving import Server

from newsfeed.fetch import Fetcher
from newsfeed.fetch.client import Outcome
from newsfeed.model import Cause, Failure, FetchSetting, NotModified, Request, Response

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
CAP = 200_000
SHORT = 0.3  # a feed's time limit, for faults that must reach it
LONG = 30.0  # and for those that must not, however busy the machine


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        for n, fault in enumerate(FAULTS.values()):
            server.play(f"/{n}", fault.play)
        server.feed("/good", RSS)
        yield server


def setting(server: Server, seconds: float = LONG) -> FetchSetting:
    return FetchSetting(
        allow_private=(server.place,),
        timeout=seconds,
        max_bytes=CAP,
        patience=60.0,
        per_host=100,
        connections=100,
    )


def ask(settings: FetchSetting, *urls: str) -> list[Outcome]:
    async def go() -> list[Outcome]:
        async with Fetcher(settings, now=lambda: NOW) as fetcher:
            return await asyncio.gather(*(fetcher.get(Request(url=url)) for url in urls))

    return asyncio.run(go())


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_has_its_outcome(server: Server, name: str) -> None:
    expected = FAULTS[name].cause
    seconds = SHORT if expected == Cause.TIMEOUT else LONG
    [outcome] = ask(setting(server, seconds), server.url(f"/{list(FAULTS).index(name)}"))
    if expected is None:
        assert isinstance(outcome, Response), outcome
        assert len(outcome.body) <= CAP
        assert outcome.etag.isascii()
        assert len(outcome.etag) <= 1024
        return
    assert isinstance(outcome, Failure), outcome
    assert outcome.cause == expected, outcome
    assert outcome.text.endswith(".")
    assert msgspec.json.decode(msgspec.json.encode(outcome), type=Failure) == outcome


def test_all_faults_at_once_do_not_hold_up_a_healthy_feed(server: Server) -> None:
    """A hundred feeds on one machine, most of them hostile: the good ones are read while the silent ones are waited for."""

    async def go() -> None:
        async with Fetcher(setting(server, 5.0), now=lambda: NOW) as fetcher:

            def asked(path: str) -> asyncio.Task[Outcome]:
                return asyncio.create_task(fetcher.get(Request(url=server.url(path))))

            first = asked("/good")
            bad = {
                name: asked(f"/{n}")
                for n, (name, f) in enumerate(FAULTS.items())
                if f.cause != Cause.THROTTLED
            }
            last = asked("/good")
            assert isinstance(await first, Response)
            assert isinstance(await last, Response)
            assert not bad["never answers"].done()
            await asyncio.gather(*bad.values())

    asyncio.run(go())


@pytest.mark.parametrize(
    "name",
    [
        "bomb",
        "bomb in two layers",
        "endless body",
        "endless packed body",
        "endless crumbs",
        "a megabyte of headers",
    ],
)
def test_memory_stays_below_four_times_the_cap(server: Server, name: str) -> None:
    path = f"/{list(FAULTS).index(name)}"
    ask(setting(server), server.url("/good"))  # imports and caches
    cap = 1_000_000
    settings = msgspec.structs.replace(setting(server), max_bytes=cap)
    tracemalloc.start()
    try:
        ask(settings, server.url(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * cap


def test_a_server_that_speaks_first() -> None:
    with Server(greeting=b"220 mail.test ESMTP\r\n\r\n") as other:
        [outcome] = ask(setting(other), other.url("/"))
        assert isinstance(outcome, Failure)
        assert outcome.cause == Cause.HTTP


def test_no_answer_of_any_bytes_raises(server: Server) -> None:
    """Three hundred answers with a few bytes changed, cut or doubled: each gives an outcome, none an exception."""
    chance = random.Random(22)
    whole = (
        b'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nETag: "a"\r\nContent-Encoding: gzip\r\n'
        b"Cache-Control: max-age=60\r\nRetry-After: 10\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"20\r\n" + PACKED[:32] + b"\r\n40\r\n" + PACKED[32:].ljust(64, b"\0") + b"\r\n0\r\n\r\n"
    )
    moved = b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:80/feed?x=1#y\r\nContent-Length: 0\r\n\r\n"
    urls = []
    for n in range(300):
        data = bytearray(chance.choice((whole, whole, moved)))
        for _ in range(chance.randrange(1, 5)):
            at = chance.randrange(len(data))
            match chance.randrange(4):
                case 0:
                    data[at] = chance.randrange(256)
                case 1:
                    del data[at : at + chance.randrange(1, 9)]
                case 2:
                    data[at:at] = data[at : at + chance.randrange(1, 40)]
                case _:
                    data[at:at] = bytes([chance.choice(b"\r\n\0:;, \xff")])
        urls.append(server.play(f"/random/{n}", serving.raw(bytes(data))))
    outcomes = ask(setting(server, 2.0), *urls)
    assert len(outcomes) == 300
    kinds = {type(outcome) for outcome in outcomes}
    assert kinds == {Response, Failure}


def test_a_fault_heals(server: Server) -> None:
    url = server.play("/ill", serving.in_turn(serving.hang_up, serving.document(RSS)))
    first, second = ask(setting(server), url)[0], ask(setting(server), url)[0]
    assert isinstance(first, Failure)
    assert isinstance(second, Response)
    [third] = ask(setting(server), url)
    assert isinstance(third, Response)


def test_a_non_ascii_etag_does_not_spoil_the_next_request(server: Server) -> None:
    path = f"/{list(FAULTS).index('etag not ASCII')}"
    [first] = ask(setting(server), server.url(path))
    assert isinstance(first, Response)

    async def again() -> Outcome:
        async with Fetcher(setting(server), now=lambda: NOW) as fetcher:
            return await fetcher.get(
                Request(
                    url=first.url,
                    etag=first.etag,
                    last_modified=first.last_modified,
                    body_hash=first.body_hash,
                )
            )

    assert isinstance(asyncio.run(again()), NotModified)
