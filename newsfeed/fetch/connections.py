"""Kept-alive connections: httpx's transport over httpcore, with one limit over all hosts.

httpcore's own pool looks at every connection for every request, which at a hundred hosts costs more than the request.
Here each origin has its own short list, and the one limit is kept by closing what has been idle longest.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable

import httpcore
import httpx

from newsfeed.fetch.names import Names
from newsfeed.fetch.wire import Network

IDLE_SECONDS = 15.0
PRIVATE = "newsfeed.private"  # request extension: the owner named this host and port

# Scheme, host, port and whether the exception for the owner's own addresses was in force when it was opened. A
# connection opened under the exception is never handed to a request that has none.
Key = tuple[bytes, bytes, int, bool]

BROKEN = (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError)


class Connections(httpx.AsyncBaseTransport):
    """Sends requests over checked connections.

    Args:
        names: resolves the hosts.
        limit: open connections from which on idle ones are closed. What the caller has under way is its own affair.
        tls: makes the TLS settings when first needed (it costs 20 ms).
    """

    def __init__(self, names: Names, limit: int, tls: Callable[[], ssl.SSLContext]) -> None:
        self._networks = {private: Network(names, private=private) for private in (False, True)}
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
            stream=Answer(self, key, connection, response),
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
    """Whether bytes were read from the wire that belong to no answer. httpcore does not tell, its parser does."""
    parser = connection._connection._h11_state  # type: ignore[union-attr]
    return bool(parser.trailing_data[0])


class Answer(httpx.AsyncByteStream):
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
