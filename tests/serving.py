"""A real web server on loopback for tests: well-behaved by default, able to misbehave in every way seen so far.

    with Server() as server:
        server.feed("/news.xml", body)                      # with validators; answers 304 when they are sent back
        server.reply("/old", status=410)                    # one fixed answer
        server.play("/drip", drip(b"<rss/>", pause=0.1))    # anything: an async function of the exchange
        fetch(server.url("/news.xml"))
        assert server.asked("/news.xml")[0].headers["accept-encoding"] == "gzip"

It runs in a thread of its own, on a port that the system chooses; `server.place` is what the settings' allow_private
wants. With `tls` (a server-side `ssl.SSLContext`) it speaks https under the name `localhost`.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import ssl
import threading
import time
import zlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Self

Headers = Iterable[tuple[str, str]]
HEAD_LIMIT = 262_144


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str  # with its query
    headers: Mapping[str, str]  # lower-case names
    connection: int  # 1 for the first connection of the server, and so on
    at: float  # monotonic seconds
    body: bytes = b""


@dataclass
class Exchange:
    """One request and the means to answer it, well or badly."""

    seen: Seen
    server: Server
    writer: asyncio.StreamWriter
    done: bool = False  # the connection must not be used again

    async def send(self, data: bytes) -> None:
        """Write raw bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, status: int = 200, headers: Headers = (), reason: str = "Whatever") -> None:
        """Write a status line, headers and the empty line after them."""
        lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers), "", ""]
        await self.send("\r\n".join(lines).encode("utf-8"))

    async def reply(
        self, status: int = 200, headers: Headers = (), body: bytes = b"", *, content_type: str = "text/xml"
    ) -> None:
        """Write a whole, correct answer."""
        if status == 304:
            await self.head(status, headers)
            return
        own = [("Content-Length", str(len(body)))]
        if body and not any(name.lower() == "content-type" for name, _ in headers):
            own.append(("Content-Type", content_type))
        await self.head(status, [*headers, *own])
        await self.send(body)

    async def hang(self) -> None:
        """Say nothing more, until the other side or the test ends."""
        self.done = True
        await asyncio.sleep(3600)

    def close(self) -> None:
        """End the connection after what was written."""
        self.done = True

    def reset(self) -> None:
        """Break off the connection at once; what was written may be lost."""
        self.done = True
        self.writer.transport.abort()


Play = Callable[[Exchange], Awaitable[None]]


@dataclass
class Server:
    """The server; use it as a context manager. Paths without a play get 404."""

    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None
    greeting: bytes = b""  # sent to everyone who connects, before any request, as mail servers do
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0  # opened so far
    open: int = 0  # now
    most_open: int = 0
    most_at_once: int = 0  # requests being answered at the same time

    def __post_init__(self) -> None:
        self._plays: dict[str, Play] = {}
        self._busy = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._port = 0
        self._thread = threading.Thread(target=self._run, name="serving", daemon=True)

    # ------------------------------------------------------------------ what a test says

    @property
    def port(self) -> int:
        return self._port

    @property
    def place(self) -> str:
        """`host:port`, as `allow_private` names it."""
        host = "localhost" if self.tls else f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self._port}"

    def url(self, path: str) -> str:
        return f"{'https' if self.tls else 'http'}://{self.place}{path}"

    def play(self, path: str, play: Play) -> str:
        """Answer a path (without its query) by `play`. Returns its address."""
        self._plays[path] = play
        return self.url(path)

    def reply(self, path: str, status: int = 200, headers: Headers = (), body: bytes = b"") -> str:
        """Always answer a path in the same way. Returns its address."""
        return self.play(path, fixed(status, headers, body))

    def feed(
        self, path: str, body: bytes, *, content_type: str = "application/rss+xml", headers: Headers = ()
    ) -> str:
        """Serve a document as a good server does: validators, 304, gzip where it is accepted."""
        return self.play(path, document(body, content_type, headers))

    def asked(self, path: str) -> list[Seen]:
        """The requests for a path, in order."""
        return [seen for seen in self.seen if seen.path.partition("?")[0] == path]

    # ------------------------------------------------------------------ how it runs

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(100)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._stopping = asyncio.Event()
        server = await asyncio.start_server(self._connected, self.host, 0, limit=HEAD_LIMIT, backlog=1024)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopping.wait()
        server.close()
        for _ in range(
            3
        ):  # a connection accepted a moment ago gets its task only in the next rounds of the loop
            await asyncio.sleep(0)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await server.wait_closed()
        for _ in range(3):  # an aborted connection is closed in the next rounds of the loop
            await asyncio.sleep(0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        number = self.connections
        try:
            if (
                self.tls is not None
            ):  # here, so that a client that never finishes the handshake is ended with the others
                await writer.start_tls(self.tls)
            if self.greeting:
                writer.write(self.greeting)
            while await self._one(reader, writer, number):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self.open -= 1
            writer.close()
            try:
                async with asyncio.timeout(1):  # for the other side's goodbye
                    await writer.wait_closed()
            except (OSError, TimeoutError, asyncio.CancelledError):
                writer.transport.abort()
            self._tasks.discard(task)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> bool:
        """Read and answer one request; False when the connection is over."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        pairs = (line.partition(":") for line in head[1:] if line)
        named = {n.strip().lower(): v.strip() for n, _, v in pairs}
        length = named.get("content-length", "0")
        body = await reader.readexactly(int(length)) if length.isdigit() else b""
        seen = Seen(method, path, named, number, time.monotonic(), body)
        self.seen.append(seen)
        exchange = Exchange(seen, self, writer)
        self._busy += 1
        self.most_at_once = max(self.most_at_once, self._busy)
        try:
            await self._plays.get(path.partition("?")[0], fixed(404))(exchange)
        finally:
            self._busy -= 1
        return not exchange.done


# ---------------------------------------------------------------------- good behaviour


def fixed(status: int = 200, headers: Headers = (), body: bytes = b"") -> Play:
    """The same answer every time."""
    headers = tuple(headers)

    async def play(exchange: Exchange) -> None:
        await exchange.reply(status, headers, body)

    return play


def document(body: bytes, content_type: str = "application/rss+xml", headers: Headers = ()) -> Play:
    """A document with validators that are honoured."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    packed = gzip.compress(body, 6, mtime=0)
    common = [("ETag", etag), ("Last-Modified", "Sun, 22 Nov 2026 05:00:00 GMT"), *headers]

    async def play(exchange: Exchange) -> None:
        asked = exchange.seen.headers
        if asked.get("if-none-match") == etag:
            await exchange.reply(304, common)
        elif "gzip" in asked.get("accept-encoding", ""):
            typed = [("Content-Type", content_type), ("Content-Encoding", "gzip")]
            await exchange.reply(200, [*common, *typed], packed)
        else:
            await exchange.reply(200, [*common, ("Content-Type", content_type)], body)

    return play


def in_turn(*plays: Play) -> Play:
    """One play after the other, request by request; the last one stays."""
    left = list(plays)

    async def play(exchange: Exchange) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(exchange)

    return play


def slow(seconds: float, then: Play) -> Play:
    """Answer after a pause."""

    async def play(exchange: Exchange) -> None:
        await asyncio.sleep(seconds)
        await then(exchange)

    return play


def redirect(location: str, status: int = 302, headers: Headers = ()) -> Play:
    """Redirect."""
    return fixed(status, [("Location", location), *headers])


# ---------------------------------------------------------------------- misbehaviour


async def silent(exchange: Exchange) -> None:
    """Take the request and never answer."""
    await exchange.hang()


async def hang_up(exchange: Exchange) -> None:
    """Close without an answer."""
    exchange.close()


async def reset(exchange: Exchange) -> None:
    """Break off without an answer."""
    exchange.reset()


def raw(data: bytes, *, keep: bool = False) -> Play:
    """Send exactly these bytes, then close (or `keep` the connection open and send nothing more)."""

    async def play(exchange: Exchange) -> None:
        await exchange.send(data)
        if keep:
            await exchange.hang()
        exchange.close()

    return play


def head_only(status: int = 200, headers: Headers = ()) -> Play:
    """Send the head, promise a body, then hang."""
    headers = tuple(headers)

    async def play(exchange: Exchange) -> None:
        await exchange.head(status, [*headers, ("Content-Length", "1000")])
        await exchange.hang()

    return play


def drip(piece: bytes = b"<", pause: float = 0.05, *, head: bool = True) -> Play:
    """A piece every `pause` seconds, for ever; in the body, or in the `head` that never ends."""

    async def play(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\n")
        if head:
            await exchange.send(b"Content-Type: text/xml\r\n\r\n")
        while True:
            await exchange.send(piece if head else b"X-Drip: " + piece + b"\r\n")
            await asyncio.sleep(pause)

    return play


def endless(piece: bytes = b"x" * 65_536, headers: Headers = ()) -> Play:
    """An endless body, as fast as it is read."""
    headers = tuple(headers)

    async def play(exchange: Exchange) -> None:
        await exchange.head(200, headers)
        while True:
            await exchange.send(piece)

    return play


def cut(body: bytes, at: int, headers: Headers = (), *, hard: bool = False) -> Play:
    """Promise the whole body and stop after `at` bytes; with `hard`, by a reset."""
    headers = tuple(headers)

    async def play(exchange: Exchange) -> None:
        await exchange.head(200, [*headers, ("Content-Length", str(len(body)))])
        await exchange.send(body[:at])
        if hard:
            exchange.reset()
        exchange.close()

    return play


def chunked(chunks: Iterable[bytes], *, end: bytes = b"0\r\n\r\n", headers: Headers = ()) -> Play:
    """A chunked body; any other `end` breaks it."""
    chunks = tuple(chunks)
    headers = tuple(headers)

    async def play(exchange: Exchange) -> None:
        await exchange.head(200, [*headers, ("Transfer-Encoding", "chunked")])
        for chunk in chunks:
            await exchange.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        await exchange.send(end)
        if end != b"0\r\n\r\n":
            exchange.close()

    return play


@cache
def packed_zeros(megabytes: int, coding: str) -> bytes:
    packer = zlib.compressobj(9, wbits=31 if coding == "gzip" else 15)
    megabyte = bytes(1_000_000)  # piece by piece, because some tests measure memory
    return b"".join([*(packer.compress(megabyte) for _ in range(megabytes)), packer.flush()])


def bomb(megabytes: int, layers: int = 1, label: str | None = None, coding: str = "gzip") -> Play:
    """A small compressed answer that expands to so many megabytes, in `layers`, labelled truthfully or as `label`."""
    label = ", ".join([coding] * layers) if label is None else label

    async def play(exchange: Exchange) -> None:
        # A fifth of a second, not spent where tests are only collected, nor while others wait for their answers.
        data = await asyncio.to_thread(packed_zeros, megabytes, coding)
        for _ in range(layers - 1):
            data = gzip.compress(data, 9)
        await exchange.reply(200, [("Content-Encoding", label)] if label else [], data)

    return play


def closing(then: Play, *, warned: bool = False) -> Play:
    """Answer well, then close a connection that was to be kept open, with or without announcing it in the header."""

    async def play(exchange: Exchange) -> None:
        if warned:
            await exchange.reply(200, [("Connection", "close")], b"<rss/>")
        else:
            await then(exchange)
        exchange.close()

    return play
