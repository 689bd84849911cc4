"""Answers whose head or length violates HTTP, read as browsers do if nothing is ambiguous."""

from __future__ import annotations

import asyncio
import gzip
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import Exchange, Server

from newsfeed.fetch import Fetcher
from newsfeed.fetch.client import Outcome
from newsfeed.fetch.http_repair import Chunks, repaired_head, split_head
from newsfeed.model import Cause, Failure, FetchSetting, Request, Response

FEED = b'<?xml version="1.0"?><rss version="2.0"><channel><title>Weir</title></channel></rss>'
PACKED = gzip.compress(FEED)
LENGTH = b"Content-Length: %d" % len(FEED)


def answer(
    *lines: bytes, first: bytes = b"HTTP/1.1 200 OK", end: bytes = b"\r\n", body: bytes = FEED
) -> bytes:
    return end.join([first, *lines, b"", b""]) + body


def ask(raw: bytes, *, times: int = 1, close: bool = True) -> tuple[list[Outcome], int]:
    """The outcome of an answer, and how many connections it took."""
    with Server() as server:

        async def play(exchange: Exchange) -> None:
            await exchange.send(raw)
            if close:
                exchange.close()

        url = server.play("/feed", play)

        async def go() -> list[Outcome]:
            settings = FetchSetting(allow_private=(server.place,), timeout=10.0)
            async with Fetcher(settings, now=lambda: datetime(2026, 11, 24, tzinfo=UTC)) as fetcher:
                return [await fetcher.get(Request(url=url)) for _ in range(times)]

        return asyncio.run(go()), server.connections


@pytest.mark.parametrize(
    "raw",
    [
        answer(LENGTH, end=b"\n"),
        answer(b"Content-Type : text/xml", LENGTH),
        answer(b"Content-Length : %d" % len(FEED)),
        answer(b"PHP Warning  headers sent", LENGTH),
        answer(b"<b>Warning</b>: in line 3", LENGTH),
        answer(b": nothing", LENGTH),
        answer(b"X-A: one", b"  two", LENGTH),
        answer(b"  two", LENGTH),
        answer(b"X A: b", LENGTH),
        answer("Größe: 3".encode(), LENGTH),
        answer(b"X[A]: b", LENGTH),
        answer(LENGTH, LENGTH),
        answer(b"Content-Length: many"),
        answer(b"Content-Length:"),
        answer(b"Content-Length: -1"),
        answer(b"Transfer-Encoding: identity", LENGTH),
        answer(LENGTH, first=b"HTTP/1.1 200"),
        answer(LENGTH, first=b"HTTP/1.1 200OK"),
        answer(LENGTH, first=b"http/1.1 200 ok"),
        answer(LENGTH, first=b"HTTP/2 200"),
        answer(first=b"ICY 200 OK"),
        b"\r\n\r\n" + answer(LENGTH),
        b"\xef\xbb\xbf" + answer(LENGTH),
        b"HTTP/1.1 103 Early Hints\r\nLink : </a.css>\r\n\r\n" + answer(b"X : y", LENGTH),
    ],
)
def test_a_head_is_read_as_browsers_read_it(raw: bytes) -> None:
    [outcome], _ = ask(raw)
    assert isinstance(outcome, Response), outcome
    assert outcome.body == FEED


@pytest.mark.parametrize(
    "raw",
    [
        answer(b"Content-Length: %d" % (len(FEED) + 50)),
        answer(b"Transfer-Encoding: chunked", body=b"%x\r\n%s\r\n" % (len(FEED), FEED)),
        answer(b"Content-Encoding: gzip", b"Content-Length: %d" % (len(PACKED) + 500), body=PACKED),
        answer(b"Content-Encoding: gzip", b"Content-Length: 900", body=PACKED[:-8]),
    ],
)
def test_a_feed_that_has_ended_is_whole_whatever_its_length_says(raw: bytes) -> None:
    [outcome], _ = ask(raw)
    assert isinstance(outcome, Response), outcome
    assert outcome.body == FEED


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        (answer(LENGTH, b"Content-Length: 5"), Cause.HTTP),
        (answer(b"X: a\0b", LENGTH), Cause.HTTP),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", Cause.HTTP),
        (answer(b"Content-Length: 900", body=FEED[:-6]), Cause.CONNECT),
        (answer(b"Content-Encoding: gzip", b"Content-Length: 900", body=PACKED[:-30]), Cause.CONNECT),
        (b"HTTP/1.1 200 OK\r\nContent-Ty", Cause.CONNECT),
        (b"", Cause.CONNECT),
    ],
)
def test_what_may_be_mistaken_is_refused(raw: bytes, cause: Cause) -> None:
    [outcome], _ = ask(raw)
    assert isinstance(outcome, Failure), outcome
    assert outcome.cause == cause


def chunks(end: bytes, *, size: int = 40, extension: bytes = b"", last: bytes = b"") -> bytes:
    parts = [FEED[at : at + size] for at in range(0, len(FEED), size)]
    lines = b"".join(b"%x" % len(part) + extension + end + part + end for part in parts)
    return answer(b"Transfer-Encoding: chunked", body=lines + b"0" + end + last + end)


@pytest.mark.parametrize(
    "raw",
    [
        chunks(b"\r\n"),
        chunks(b"\n"),
        chunks(b"\n", size=1),
        chunks(b"\n", size=4_000),
        chunks(b"\n", extension=b";name=value"),
        chunks(b"\n", extension=b"  "),
        chunks(b"\n", last=b"X-Sum: 4\n"),
    ],
)
def test_chunks_are_read_whatever_ends_their_lines(raw: bytes) -> None:
    outcomes, connections = ask(raw, times=2, close=False)
    assert [outcome.body for outcome in outcomes if isinstance(outcome, Response)] == [FEED, FEED]
    assert connections == 1


@pytest.mark.parametrize(
    "body", [FEED, b"zz\n" + FEED, b"\n" + FEED, b"5\nabcdefg\n0\n\n", b"-5\nabcde\n0\n\n"]
)
def test_what_is_no_chunk_is_refused(body: bytes) -> None:
    [outcome], _ = ask(answer(b"Transfer-Encoding: chunked", body=body))
    assert isinstance(outcome, Failure), outcome


@given(st.binary(max_size=300), st.integers(1, 9))
def test_chunks_come_out_the_same_in_any_pieces(data: bytes, step: int) -> None:
    for body in (data, b"%x\n" % len(data) + data + b"\n0\n\nrest", b"3\r\nabc\r\n" + data):
        whole, pieces = Chunks().feed(body), Chunks()
        assert b"".join(pieces.feed(body[at : at + step]) for at in range(0, len(body), step)) == whole
        assert Chunks().feed(whole) == whole


def test_a_connection_is_not_used_again_after_a_head_that_was_repaired() -> None:
    assert ask(answer(LENGTH), times=2, close=False)[1] == 1
    outcomes, connections = ask(answer(b"X : y", b"Connection: keep-alive", LENGTH), times=2, close=False)
    assert all(isinstance(outcome, Response) for outcome in outcomes)
    assert connections == 2


def test_an_early_hint_in_one_piece_with_the_answer_is_not_waited_for() -> None:
    hint = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    outcomes, connections = ask(hint + answer(LENGTH), times=2, close=False)
    assert all(isinstance(outcome, Response) for outcome in outcomes)
    assert connections == 1


@given(st.binary(max_size=300))
def test_any_bytes_make_a_head_or_none(data: bytes) -> None:
    for raw in (data, b"HTTP/1.1 200 OK\r\n" + data + b"\r\n\r\nrest"):
        if parts := split_head(raw):
            head = repaired_head(parts[0])
            assert repaired_head(head) == head
            assert b"\0" in head or head == parts[0] or head.endswith(b"\r\n\r\n")
