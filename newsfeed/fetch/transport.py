"""Connections to checked addresses only: the network below httpx, on plain asyncio.

`CheckedNetwork.connect_tcp` is the only place in the program that opens a connection to the web. It resolves the
name, checks every answer and connects to a checked literal, so that no second lookup can lead elsewhere; TLS still
verifies the name. `Connections` keeps connections alive, with one limit over all hosts: httpcore's own pool looks at
every connection for every request, which at a hundred hosts costs more than the request.
"""

from __future__ import annotations

import asyncio
import importlib.util
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from ipaddress import ip_address
from typing import Any

import httpcore
import httpx

from newsfeed.fetch.http_repair import Chunks, chunks_after, repaired_head, split_head
from newsfeed.fetch.resolver import OfflineError, Resolver, UnknownNameError, public

# httpcore looks for sniffio at every lock of its own; where it is not installed, each look searches the whole path.
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]

HIGH_WATER = 262_144  # bytes kept unread before the sender has to wait
LONGEST_HEAD = 131_072  # bytes; twice what is taken, so that a longer one is called that
TRIES = 4  # addresses of one name
TRY_SECONDS = 1.0  # for each but the last, so that a dead IPv6 path costs little


class RefusedAddressError(Exception):
    """A name resolves to an address that must not be connected to."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(host, address)
        self.host = host
        self.address = address


class Incoming(asyncio.Protocol):
    """One TCP connection as a buffer to read from. Cheaper than the general streams: a refresh makes thousands."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._error: Exception | None = None
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > HIGH_WATER and not self._paused and self.transport is not None:
            self._paused = True
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._error = exc
        self._wake()

    @property
    def readable(self) -> bool:
        """Whether data or the end can be read at once, in which case an idle connection must not be used."""
        return bool(self._buffer) or self._ended

    async def read(self, most: int, timeout: float | None) -> bytes:
        """Up to `most` bytes, b"" at the end.

        Raises:
            TimeoutError: nothing came for `timeout` seconds.
            OSError: the connection broke.
        """
        if self._buffer:
            # Data that has arrived is returned without waiting, so a sender of tiny pieces could block the loop.
            await asyncio.sleep(0)
        elif not self._ended:
            await self._wait(timeout)
        if not self._buffer:
            if self._error is not None:
                raise self._error
            return b""
        piece = bytes(self._buffer[:most])
        del self._buffer[:most]
        if self._paused and len(self._buffer) < HIGH_WATER // 2 and self.transport is not None:
            self._paused = False
            self.transport.resume_reading()
        return piece

    async def _wait(self, timeout: float | None) -> None:
        loop = asyncio.get_running_loop()
        waiter = self._waiter = loop.create_future()
        handle = None if timeout is None else loop.call_later(timeout, _expire, waiter)
        try:
            await waiter
        finally:
            self._waiter = None
            if handle is not None:
                handle.cancel()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _expire(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())


class Stream(httpcore.AsyncNetworkStream):
    """One connection with httpcore's interface and exceptions, which have the system's as their cause."""

    def __init__(self, incoming: Incoming, transport: asyncio.Transport) -> None:
        self._incoming = incoming
        self._transport = transport

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            return await self._incoming.read(max_bytes, timeout)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # Requests have no body and fit the kernel's buffer, so there is nothing to wait for.
        if self._transport.is_closing():
            raise httpcore.WriteError("closed")
        self._transport.write(buffer)

    async def aclose(self) -> None:
        self._transport.abort()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        if self._incoming.readable:
            # Data from before the handshake was not encrypted and must not become part of the answer.
            self._transport.abort()
            raise ssl.SSLError("the server spoke before the handshake")
        try:
            transport = await loop.start_tls(
                self._transport,
                self._incoming,
                ssl_context,
                server_hostname=server_hostname,
                ssl_handshake_timeout=timeout,
            )
        except BaseException as error:
            self._transport.abort()
            if isinstance(error, ssl.SSLError):
                raise
            if isinstance(
                error, ConnectionAbortedError
            ):  # so asyncio reports a handshake that takes too long
                raise httpcore.ConnectTimeout from error
            if isinstance(error, OSError):
                raise httpcore.ConnectError(str(error)) from error
            raise
        assert transport is not None
        self._incoming.transport = transport
        return type(self)(self._incoming, transport)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return self._incoming.readable or self._transport.is_closing()
        if info == "ssl_object":
            return self._transport.get_extra_info("ssl_object")
        return None


class HttpStream(Stream):
    """A connection that speaks HTTP: head and chunks of an answer are repaired, as browsers do, before httpcore reads them."""

    def __init__(self, incoming: Incoming, transport: asyncio.Transport) -> None:
        super().__init__(incoming, transport)
        self._head: bytearray | None = None  # of the answer, until it is there whole
        self._chunks: Chunks | None = None  # of its body

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while self._head is not None:
            if parts := split_head(self._head):
                head, rest = repaired_head(parts[0]), parts[1]
                interim = head[9:10] == b"1"  # another head follows
                self._head = bytearray(rest) if interim else None
                if interim:
                    return head
                self._chunks = chunks_after(head)
                return head + (self._chunks.feed(rest) if self._chunks else rest)
            piece = await super().read(max_bytes, timeout)
            self._head += piece
            if not piece or len(self._head) > LONGEST_HEAD:
                data, self._head = bytes(self._head), None
                return data
        while True:
            piece = await super().read(max_bytes, timeout)
            read = self._chunks.feed(piece) if self._chunks else piece
            if read or not piece:  # nothing at all would say that the connection has ended
                return read

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await super().write(buffer, timeout)
        self._head, self._chunks = bytearray(), None


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Opens connections for httpcore, to checked addresses only.

    Args:
        resolver: resolves.
        private: whether addresses outside the public net are allowed, because the owner named this host and port.
        stream: the kind of stream to give.
    """

    def __init__(self, resolver: Resolver, *, private: bool, stream: type[Stream] = Stream) -> None:
        self._resolver = resolver
        self._private = private
        self._stream = stream

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        patience = 5.0 if timeout is None else timeout
        addresses = await self._resolver.addresses(host, port, patience)
        if not self._private:
            for address in addresses:
                if not public(ip_address(address)):
                    raise RefusedAddressError(host, address)
        return await self._connect(_mixed(addresses)[:TRIES], port, patience)

    async def _connect(self, addresses: list[str], port: int, timeout: float) -> Stream:
        loop = asyncio.get_running_loop()
        last: OSError = OSError("no address")
        for n, address in enumerate(addresses, 1):
            try:
                async with asyncio.timeout(timeout if n == len(addresses) else min(TRY_SECONDS, timeout)):
                    transport, incoming = await loop.create_connection(Incoming, address, port)
                return self._stream(incoming, transport)
            except OSError as error:
                last = error
        if isinstance(last, TimeoutError):
            raise httpcore.ConnectTimeout from last
        raise httpcore.ConnectError(str(last)) from last


def _mixed(addresses: Iterable[str]) -> list[str]:
    """The addresses in order of preference, but alternating between the families (RFC 8305, section 4)."""
    families: tuple[list[str], list[str]] = ([], [])
    order = list(addresses)
    for address in order:
        families[(":" in address) != (":" in order[0])].append(address)
    first, second = families
    mixed = []
    for n in range(max(len(first), len(second))):
        mixed += first[n : n + 1] + second[n : n + 1]
    return mixed


IDLE_SECONDS = 15.0  # that an idle connection is kept: between what Apache (5) and nginx (75) keep theirs
PRIVATE = "newsfeed.private"  # request extension: the reader named this host and port

# Scheme, host, port and whether the exception for the owner's own addresses was in force when it was opened. A
# connection opened under the exception is never handed to a request that has none.
Key = tuple[bytes, bytes, int, bool]

# Of a request that failed so, nothing was sent; of one that failed otherwise, perhaps all.
UNSENT = (
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.LocalProtocolError,
    RefusedAddressError,
    UnknownNameError,
    OfflineError,
)
UNANSWERED = (TimeoutError, OSError, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)
BROKEN = (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError)


class Connections(httpx.AsyncBaseTransport):
    """Sends requests over checked connections.

    Args:
        resolver: resolves the hosts.
        limit: open connections from which on idle ones are closed. What the caller has under way is its own affair.
        tls: makes the TLS settings when first needed (it costs 20 ms).
    """

    def __init__(self, resolver: Resolver, limit: int, tls: Callable[[], ssl.SSLContext]) -> None:
        self._networks = {
            private: CheckedNetwork(resolver, private=private, stream=HttpStream) for private in (False, True)
        }
        self._limit = limit
        self._tls = tls
        self._context: ssl.SSLContext | None = None
        self._idle: dict[Key, list[httpcore.AsyncHTTPConnection]] = {}  # by last use, oldest first
        self._open = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        scheme = url.raw_scheme
        port = url.port or (443 if scheme == b"https" else 80)
        key = (scheme, url.raw_host, port, bool(request.extensions.get(PRIVATE)))
        sent = httpcore.Request(
            request.method,
            httpcore.URL(scheme=scheme, host=key[1], port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.content or None,
            extensions=request.extensions,
        )
        while True:
            kept = await self._reuse(key)
            connection = kept or await self._new(key)
            try:
                response = await connection.handle_async_request(sent)
                break
            except BROKEN:
                await self._drop(connection)
                if kept is None:
                    raise
                # The server closed a kept connection just as we used it. Asking again is safe: every request is a GET.
            except BaseException:
                await self._drop(connection)
                raise
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=BodyStream(self, key, connection, response),
            extensions=response.extensions,
        )

    async def give_back(self, key: Key, connection: httpcore.AsyncHTTPConnection) -> None:
        """Keep a connection that is ready for another request; drop any other. One on which the server has sent more
        than its answer would give the rest as the answer to the next request, perhaps of another feed."""
        if connection.is_idle() and not _unread(connection):
            kept = self._idle.pop(key, [])
            kept.append(connection)
            self._idle[key] = kept
        else:
            await self._drop(connection)

    async def aclose(self) -> None:
        idle, self._idle = self._idle, {}
        for kept in idle.values():
            for connection in kept:
                await self._drop(connection)

    async def _reuse(self, key: Key) -> httpcore.AsyncHTTPConnection | None:
        kept = self._idle.get(key)
        while kept:
            connection = kept.pop()
            if not kept:
                self._idle.pop(key, None)
            for _ in range(2):  # what has arrived meanwhile is seen only after the loop has looked
                await asyncio.sleep(0)
            if connection.is_idle() and not connection.has_expired():
                return connection
            await self._drop(connection)
        return None

    async def _new(self, key: Key) -> httpcore.AsyncHTTPConnection:
        while self._open >= self._limit and self._idle:
            oldest = next(iter(self._idle))
            kept = self._idle[oldest]
            connection = kept.pop(0)
            if not kept:
                del self._idle[oldest]
            await self._drop(connection)
        scheme, host, port, private = key
        if scheme == b"https" and self._context is None:
            self._context = self._tls()
        self._open += 1
        return httpcore.AsyncHTTPConnection(
            origin=httpcore.Origin(scheme, host, port),
            ssl_context=self._context,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=self._networks[private],
        )

    async def _drop(self, connection: httpcore.AsyncHTTPConnection) -> None:
        self._open -= 1
        await connection.aclose()


def _unread(connection: httpcore.AsyncHTTPConnection) -> bool:
    """Whether bytes were read that belong to no answer. Only httpcore's parser knows."""
    parser = connection._connection._h11_state  # type: ignore[union-attr]
    return bool(parser.trailing_data[0])


class BodyStream(httpx.AsyncByteStream):
    """A body on its way; closing it frees its connection."""

    def __init__(
        self,
        connections: Connections,
        key: Key,
        connection: httpcore.AsyncHTTPConnection,
        response: httpcore.Response,
    ) -> None:
        self._connections = connections
        self._key = key
        self._connection = connection
        self._response = response
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._response.aiter_stream():
            yield piece

    async def aclose(self) -> None:
        if not self._closed:
            self._closed = True
            try:
                await self._response.aclose()
            finally:
                await self._connections.give_back(self._key, self._connection)
