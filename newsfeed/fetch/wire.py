"""Connections whose address has been checked: the network below httpcore, on plain asyncio.

`Network.connect_tcp` is the one place of the whole program where a connection to the web begins. It resolves the
name, checks every answer and connects to a checked literal, so that no second lookup can lead elsewhere; TLS still
verifies the name.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

import httpcore

from newsfeed.fetch.guard import public
from newsfeed.fetch.names import Names

HIGH_WATER = 262_144  # bytes kept unread before the sender has to wait
TRIES = 4  # addresses of one name
TRY_SECONDS = 1.0  # for each but the last, so that a dead IPv6 path costs little


class RefusedAddressError(Exception):
    """A name leads to an address that may not be asked."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(host, address)
        self.host = host
        self.address = address


class Wire(asyncio.Protocol):
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
        """Whether something (be it the end) can be read at once: on an idle connection a reason not to use it."""
        return bool(self._buffer) or self._ended

    async def read(self, most: int, timeout: float | None) -> bytes:
        """Up to `most` bytes, b"" at the end.

        Raises:
            TimeoutError: nothing came for `timeout` seconds.
            OSError: the connection broke.
        """
        if self._buffer:
            # What is already here is handed out without waiting, so a sender of crumbs could keep the loop to itself.
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
    """A wire as httpcore wants it; errors in httpcore's words, with the system's own as their cause."""

    def __init__(self, wire: Wire, transport: asyncio.Transport) -> None:
        self._wire = wire
        self._transport = transport

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            return await self._wire.read(max_bytes, timeout)
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
        if self._wire.readable:
            # What came before the handshake was not encrypted, and must not be taken for a part of the answer.
            self._transport.abort()
            raise ssl.SSLError("the server spoke before the handshake")
        try:
            transport = await loop.start_tls(
                self._transport,
                self._wire,
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
            ):  # asyncio's word for a handshake that takes too long
                raise httpcore.ConnectTimeout from error
            if isinstance(error, OSError):
                raise httpcore.ConnectError(str(error)) from error
            raise
        assert transport is not None
        self._wire.transport = transport
        return Stream(self._wire, transport)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return self._wire.readable or self._transport.is_closing()
        if info == "ssl_object":
            return self._transport.get_extra_info("ssl_object")
        if info == "server_addr":
            return self._transport.get_extra_info("peername")
        return None


class Network(httpcore.AsyncNetworkBackend):
    """Opens connections for httpcore, to checked addresses only.

    Args:
        names: resolves.
        private: whether addresses outside the public net are allowed, because the owner named this host and port.
    """

    def __init__(self, names: Names, *, private: bool) -> None:
        self._names = names
        self._private = private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        patience = 5.0 if timeout is None else timeout
        addresses = await self._names.addresses(host, port, patience)
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
                    transport, wire = await loop.create_connection(Wire, address, port)
                return Stream(wire, transport)
            except OSError as error:
                last = error
        if isinstance(last, TimeoutError):
            raise httpcore.ConnectTimeout from last
        raise httpcore.ConnectError(str(last)) from last

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise RefusedAddressError(path, path)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _mixed(addresses: Iterable[str]) -> list[str]:
    """The addresses in their order of preference, but with the families taking turns (RFC 8305, section 4)."""
    families: tuple[list[str], list[str]] = ([], [])
    order = list(addresses)
    for address in order:
        families[(":" in address) != (":" in order[0])].append(address)
    first, second = families
    mixed = []
    for n in range(max(len(first), len(second))):
        mixed += first[n : n + 1] + second[n : n + 1]
    return mixed
