"""What requests cost: N requests by the fetch room to a local server, in CPU time of this process.

    python bench/fetch.py [--feeds 1000] [--hosts 100] [--runs 3] [--latency 0]

The server runs in a process of its own; hosts are ports (each port is another host to the fetch room). Printed for
each phase: wall seconds, CPU seconds of the asking process, milliseconds of CPU a request, peak memory. `floor` is
plain httpx doing the same with one shared client, a semaphore and no checks: a yardstick, not a target.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import resource
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

SIZE = 40_000


def serve(pipe: Connection, hosts: int, latency: float) -> None:
    """A minimal keep-alive server: 304 to requests with a validator, otherwise 40 KB."""
    body = (b"<item><title>All quiet</title></item>" * (SIZE // 36))[:SIZE]
    fresh = (
        b'HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: "1"\r\nContent-Length: %d\r\n\r\n'
        % len(body)
    ) + body
    same = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nCache-Control: max-age=600\r\nDate: Sun, 22 Nov 2026 05:00:00 GMT\r\n\r\n'

    class Peer(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport
            self.held = b""

        def data_received(self, data: bytes) -> None:
            self.held += data
            while (end := self.held.find(b"\r\n\r\n")) >= 0:
                head, self.held = self.held[:end], self.held[end + 4 :]
                answer = same if b"if-none-match" in head.lower() else fresh
                if latency:
                    asyncio.get_running_loop().call_later(latency, self.transport.write, answer)
                else:
                    self.transport.write(answer)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        servers = [await loop.create_server(Peer, "127.0.0.1", 0, backlog=1024) for _ in range(hosts)]
        pipe.send([s.sockets[0].getsockname()[1] for s in servers])
        await asyncio.Event().wait()

    asyncio.run(run())


async def ours(urls: list[str], etag: str) -> int:
    """By the fetch room."""
    from newsfeed.fetch import Fetcher
    from newsfeed.model import Failure, FetchSetting, Request

    settings = FetchSetting(allow_private=tuple(u.split("/")[2] for u in urls))
    async with Fetcher(settings, now=lambda: datetime.now(UTC)) as fetcher:
        outcomes = await asyncio.gather(*(fetcher.get(Request(url=u, etag=etag)) for u in urls))
    return sum(isinstance(outcome, Failure) for outcome in outcomes)


async def floor(urls: list[str], etag: str) -> int:
    """Plain httpx."""
    import httpx

    turns = asyncio.Semaphore(100)
    headers = {"If-None-Match": etag} if etag else {}
    failed = 0
    async with httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=100)) as client:

        async def one(url: str) -> None:
            nonlocal failed
            async with turns:
                answer = await client.get(url, headers=headers)
            failed += answer.status_code not in {200, 304}

        await asyncio.gather(*(one(u) for u in urls))
    return failed


def measure(
    ask: Callable[[list[str], str], Awaitable[int]], urls: list[str], etag: str, pipe: Connection
) -> None:
    """One run in a process of its own; its figures go into the pipe."""

    async def run() -> tuple[float, float, int]:
        await ask(urls[:1], etag)  # imports are not measured
        wall, cpu = time.perf_counter(), time.process_time()
        failed = await ask(urls, etag)
        return time.perf_counter() - wall, time.process_time() - cpu, failed

    figures: Any = asyncio.run(run())
    pipe.send((*figures, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=serve, args=(there, options.hosts, options.latency), daemon=True)
    server.start()
    ports = here.recv()
    urls = [f"http://127.0.0.1:{ports[n % len(ports)]}/{n}" for n in range(options.feeds)]
    print(
        f"{Path(__file__).name}: {options.feeds} feeds on {options.hosts} hosts, {options.latency:g} s latency"
    )
    print(f"{'what':<12}{'answer':>7}{'wall s':>9}{'CPU s':>9}{'ms each':>9}{'peak MB':>9}{'failed':>8}")
    for etag, answer in (('"1"', "304"), ("", "200")):
        for name, ask in (("fetch room", ours), ("httpx floor", floor)):
            runs = []
            for _ in range(options.runs):
                process = context.Process(target=measure, args=(ask, urls, etag, there))
                process.start()
                runs.append(here.recv())
                process.join()
            wall, cpu, failed, memory = sorted(runs, key=lambda r: r[1])[len(runs) // 2]
            each = 1000 * cpu / options.feeds
            print(f"{name:<12}{answer:>7}{wall:>9.2f}{cpu:>9.2f}{each:>9.2f}{memory:>9.0f}{failed:>8}")
    server.terminate()
    server.join()


if __name__ == "__main__":
    main()
