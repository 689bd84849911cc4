"""Everything a server may do wrong: each fault alone, then all at once beside a healthy feed."""

from __future__ import annotations

import asyncio
import gzip
import random
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
import pytest
import serving
from serving import Play, Server

from newsfeed.fetch import Fetcher
from newsfeed.fetch.client import Outcome
from newsfeed.model import Cause, Failure, FetchSetting, NotModified, Request, Response

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
RSS = b'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title></channel></rss>'
PACKED = gzip.compress(RSS, mtime=0)
CAP = 200_000
SHORT = 0.3  # a feed's whole time, where it is to run out
LONG = 5.0  # and where it is not, however busy the machine

OK = b"HTTP/1.1 200 OK\r\n"


class Fault(NamedTuple):
    """A way to misbehave and what must come of it: a cause, or None where the feed is read all the same."""

    play: Play
    cause: Cause | None


def header(name: str, value: bytes) -> bytes:
    return OK + name.encode() + b": " + value + b"\r\nContent-Length: %d\r\n\r\n" % len(RSS) + RSS


FAULTS: dict[str, Fault] = {
    # silence
    "never answers": Fault(serving.silent, Cause.TIMEOUT),
    "hangs after the status line": Fault(serving.raw(OK, keep=True), Cause.TIMEOUT),
    "hangs after the head": Fault(serving.head_only(), Cause.TIMEOUT),
    "hangs in the body": Fault(
        serving.raw(OK + b"Content-Length: 900\r\n\r\n<rss>", keep=True), Cause.TIMEOUT
    ),
    "drips its body for ever": Fault(serving.drip(), Cause.TIMEOUT),
    "drips its headers for ever": Fault(serving.drip(head=False), Cause.TIMEOUT),
    "sends 100 Continue for ever": Fault(
        serving.drip(b"x\r\n\r\nHTTP/1.1 100 Continue", 0.01, head=False), Cause.TIMEOUT
    ),
    "thinks too long": Fault(serving.slow(5.0, serving.fixed(200, [], RSS)), Cause.TIMEOUT),
    # too much
    "endless body": Fault(serving.endless(), Cause.TOO_LARGE),
    "endless chunks": Fault(
        serving.endless(b"1000\r\n" + b"x" * 4096 + b"\r\n", [("Transfer-Encoding", "chunked")]),
        Cause.TOO_LARGE,
    ),
    "endless crumbs": Fault(
        serving.endless(b"1\r\nx\r\n" * 9000, [("Transfer-Encoding", "chunked")]), Cause.ENCODING
    ),
    "endless packed body": Fault(
        serving.endless(b"\0" * 65536, [("Content-Encoding", "gzip")]), Cause.TOO_LARGE
    ),
    "says it is huge": Fault(
        serving.raw(OK + b"Content-Length: 99999999999\r\n\r\n<rss>", keep=True), Cause.TOO_LARGE
    ),
    "a megabyte of headers": Fault(serving.raw(OK + b"X-A: " + b"y" * 1_000_000 + b"\r\n\r\n"), Cause.HTTP),
    "70 KB of headers": Fault(
        serving.raw(OK + b"X-A: " + b"y" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n"), Cause.TOO_LARGE
    ),
    "5,000 headers": Fault(serving.raw(OK + b"X-A: 1234567890\r\n" * 5000 + b"\r\n" + RSS), Cause.TOO_LARGE),
    "hundreds of cookies": Fault(
        serving.fixed(200, [("Set-Cookie", f"c{n}={'v' * 60}") for n in range(400)], RSS), None
    ),
    # packing
    "bomb": Fault(serving.bomb(20), Cause.TOO_LARGE),
    "bomb in two layers": Fault(serving.bomb(20, 2), Cause.ENCODING),
    "bomb in two layers called one": Fault(
        serving.bomb(20, 2, "gzip"), None
    ),  # 20 KB of gzip are what is read
    "bomb in two layers, headers apart": Fault(
        serving.fixed(
            200,
            [("Content-Encoding", "gzip"), ("Content-Encoding", "gzip")],
            gzip.compress(PACKED, mtime=0),
        ),
        Cause.ENCODING,
    ),
    "brotli without being asked": Fault(
        serving.fixed(200, [("Content-Encoding", "br")], b"\x1b\x00"), Cause.ENCODING
    ),
    "deflate without being asked": Fault(
        serving.fixed(200, [("Content-Encoding", "deflate")], zlib.compress(RSS)), None
    ),
    "deflate broken inside": Fault(
        serving.fixed(200, [("Content-Encoding", "deflate")], zlib.compress(RSS)[:-4] + b"\0" * 4),
        Cause.ENCODING,
    ),
    "deflate cut short": Fault(
        serving.fixed(200, [("Content-Encoding", "deflate")], zlib.compress(RSS)[:-9]), Cause.CONNECT
    ),
    "bomb of deflate": Fault(
        serving.fixed(200, [("Content-Encoding", "deflate")], zlib.compress(b"\0" * 20_000_000)),
        Cause.TOO_LARGE,
    ),
    "zstd without being asked": Fault(
        serving.fixed(200, [("Content-Encoding", "zstd")], b"x"), Cause.ENCODING
    ),
    "a coding of nonsense": Fault(
        serving.fixed(200, [("Content-Encoding", "\u00fcber" * 99)], RSS), Cause.ENCODING
    ),
    "says gzip, sends plain": Fault(serving.fixed(200, [("Content-Encoding", "gzip")], RSS), None),
    "says nothing, sends gzip": Fault(serving.fixed(200, [], PACKED), None),
    "says utf-8 as its coding": Fault(serving.fixed(200, [("Content-Encoding", "utf-8")], RSS), None),
    "gzip cut short": Fault(serving.fixed(200, [("Content-Encoding", "gzip")], PACKED[:-12]), Cause.CONNECT),
    "gzip broken inside": Fault(
        serving.fixed(200, [("Content-Encoding", "gzip")], PACKED[:10] + b"\xff" * 60),
        Cause.ENCODING,
    ),
    "gzip with a wrong sum": Fault(
        serving.fixed(200, [("Content-Encoding", "gzip")], PACKED[:-8] + b"\0" * 8),
        Cause.ENCODING,
    ),
    # lengths and chunks
    "cut in the body": Fault(serving.cut(RSS, 20), Cause.CONNECT),
    "reset in the body": Fault(serving.cut(RSS, 20, hard=True), Cause.CONNECT),
    "reset before the answer": Fault(serving.reset, Cause.CONNECT),
    "closes without an answer": Fault(serving.hang_up, Cause.CONNECT),
    "closes within the head": Fault(serving.raw(OK + b"Content-Ty"), Cause.CONNECT),
    "length too short": Fault(serving.raw(OK + b"Content-Length: 30\r\n\r\n" + RSS), None),
    "two lengths": Fault(
        serving.raw(OK + b"Content-Length: 30\r\nContent-Length: 40\r\n\r\n" + RSS), Cause.HTTP
    ),
    "negative length": Fault(serving.raw(OK + b"Content-Length: -1\r\n\r\n" + RSS), Cause.HTTP),
    "length of nonsense": Fault(serving.raw(OK + b"Content-Length: many\r\n\r\n" + RSS), Cause.HTTP),
    "length beyond all numbers": Fault(
        serving.raw(OK + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n" + RSS), Cause.HTTP
    ),
    "no length at all": Fault(serving.raw(OK + b"\r\n" + RSS), None),
    "chunk of nonsense": Fault(
        serving.raw(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n<rss/>\r\n"), Cause.HTTP
    ),
    "chunk of minus one": Fault(
        serving.raw(OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n<rss/>\r\n"), Cause.HTTP
    ),
    "chunk too large": Fault(
        serving.raw(OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\n<rss/>\r\n", keep=True),
        Cause.TIMEOUT,
    ),
    "chunks without an end": Fault(serving.chunked([RSS], end=b""), Cause.CONNECT),
    "chunks and a length": Fault(serving.chunked([RSS], headers=[("Content-Length", "5")]), None),
    "unknown transfer coding": Fault(serving.raw(OK + b"Transfer-Encoding: gzip\r\n\r\n" + RSS), Cause.HTTP),
    # not HTTP
    "speaks ssh": Fault(serving.raw(b"SSH-2.0-OpenSSH_9.6\r\n"), Cause.CONNECT),
    "speaks HTTP/0.9": Fault(serving.raw(RSS), Cause.CONNECT),
    "speaks HTTP/1.0": Fault(serving.raw(b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n" + RSS), None),
    "speaks HTTP/9.9": Fault(serving.raw(b"HTTP/9.9 200 OK\r\n\r\n" + RSS), None),
    "status of nonsense": Fault(serving.raw(b"HTTP/1.1 abc OK\r\n\r\n"), Cause.HTTP),
    "status 1000": Fault(serving.raw(b"HTTP/1.1 1000 OK\r\n\r\n"), Cause.HTTP),
    "switches protocols": Fault(serving.raw(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), Cause.CONNECT),
    "random bytes": Fault(serving.raw(bytes(range(256)) * 20), Cause.HTTP),
    "header without a colon": Fault(serving.raw(OK + b"nonsense\r\n\r\n" + RSS), Cause.HTTP),
    "header with NUL": Fault(serving.raw(header("X-A", b"a\0b")), Cause.HTTP),
    "header not ASCII": Fault(serving.raw(header("X-A", b"\xff\xfe")), None),
    # validators and times
    "etag not ASCII": Fault(serving.raw(header("ETag", '"é"'.encode())), None),
    "etag of raw bytes": Fault(serving.raw(header("ETag", b'"\xff\xfe"')), None),
    "etag of 60 KB": Fault(serving.raw(header("ETag", b"x" * 60_000)), None),
    "last-modified of nonsense": Fault(serving.raw(header("Last-Modified", b"yesterday")), None),
    "not modified, unasked": Fault(serving.fixed(304), Cause.HTTP),
    "not modified, with a body": Fault(
        serving.raw(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n<rss>"), Cause.HTTP
    ),
    "nothing": Fault(serving.fixed(200), Cause.NOT_A_FEED),
    "no content": Fault(serving.fixed(204), Cause.NOT_A_FEED),
    "retry in a thousand years": Fault(serving.fixed(429, [("Retry-After", "31536000000")]), Cause.THROTTLED),
    "retry at nonsense": Fault(serving.fixed(503, [("Retry-After", "\u221e")]), Cause.THROTTLED),
    # redirects
    "redirects to itself": Fault(serving.redirect(""), Cause.REDIRECT),
    "redirects in a circle": Fault(serving.redirect("?"), Cause.REDIRECT),
    "redirects for ever": Fault(
        lambda exchange: serving.redirect(f"{exchange.seen.path}?")(exchange), Cause.REDIRECT
    ),
    "redirects to a file": Fault(serving.redirect("file:///etc/passwd"), Cause.REDIRECT),
    "redirects into the machine": Fault(serving.redirect("http://127.0.0.1:80/"), Cause.REFUSED_ADDRESS),
    "redirects to the cloud's data": Fault(
        serving.redirect("http://169.254.169.254/latest/"), Cause.REFUSED_ADDRESS
    ),
    "redirects to a strange port": Fault(serving.redirect("http://example.test:25/"), Cause.REFUSED_ADDRESS),
    "redirects to raw bytes": Fault(
        serving.raw(b"HTTP/1.1 302 Found\r\nLocation: /\xff\xfe\r\nContent-Length: 0\r\n\r\n"),
        Cause.NOT_FOUND,
    ),
    "redirects twice at once": Fault(
        serving.fixed(302, [("Location", "http://a.test/"), ("Location", "http://b.test/")]), Cause.REDIRECT
    ),
}


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
    """A hundred feeds of one machine, most of them evil: the good ones come at once, and the run ends in time."""
    took: list[float] = []

    async def go() -> list[Outcome]:
        async with Fetcher(setting(server, 3.0), now=lambda: NOW) as fetcher:
            begun = time.monotonic()

            async def good() -> Outcome:
                outcome = await fetcher.get(Request(url=server.url("/good")))
                took.append(time.monotonic() - begun)
                return outcome

            names = [n for n, f in enumerate(FAULTS.values()) if f.cause != Cause.THROTTLED]
            bad = [fetcher.get(Request(url=server.url(f"/{n}"))) for n in names]
            first, *_, last = await asyncio.gather(good(), *bad, good())
            took.append(time.monotonic() - begun)
            return [first, last]

    assert all(isinstance(outcome, Response) for outcome in asyncio.run(go()))
    assert max(took[:2]) < 2.5  # while the silent ones take their three seconds
    assert took[2] < 10.0


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
    """Three hundred answers with a few bytes changed, cut or doubled: each is some outcome, none an exception."""
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
