"""Reading answers in worker processes, which serve many feeds and are killed when a document exceeds its deadline.

A parser that hangs holds the interpreter and can't be interrupted from a thread; a process can be killed. Workers
are fresh interpreters (never forks) without our sockets or secrets, with limits on memory where the platform has them.
Messages are msgpack records behind a length, over pipes: no untrusted data is unpickled. A worker has the next
documents queued while it reads one; documents behind one that is given up go to the next worker.
The deadline counts processor time, so that a busy computer makes no document slow, and is enforced by the worker's own
timer, even without the parent. A worker also ends when its pipe closes.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import BinaryIO, Self

import msgspec

from newsfeed import reading
from newsfeed.errors import NewsfeedError
from newsfeed.model import ASKED_AGAIN, Cause, Failure, Parsed, Record, Response, Subscription
from newsfeed.reading import spawning

MEMORY = 512 * 1_024 * 1_024  # bytes of address space of a worker; libraries take up to half of it
PATIENCE = 12  # times the deadline that a worker may take by the clock, on a busy machine
AHEAD = 3  # documents queued at a worker, so that it needn't wait while its parent writes to the database
DOCUMENTS = 2_000  # documents that a worker reads before it is replaced
_START = 60.0  # seconds that an interpreter may take to load, on a machine that is busy or swaps
_GRACE = 2.0  # seconds that a worker may take to go when asked
# Objects between two garbage collections; documents make many objects and hardly any cycles
_GARBAGE = 20_000
_LENGTH = struct.Struct(">I")


class _Job(Record, frozen=True, kw_only=True):
    response: Response
    subscription: Subscription
    known: Mapping[str, str]
    now: datetime
    deadline: float
    put_off: bool


class _Answer(Record, frozen=True, kw_only=True):
    parsed: Parsed | None = None
    failure: Failure | None = None
    spent: bool = False  # the worker ran out of memory and wants to be replaced


_too_slow = "The document took more than {seconds} seconds to read, so its reading was stopped."
_too_busy = "This computer was too busy to read the document."
_crashed = "The document made its reader crash."
_too_big = "The document needs more memory than a feed may take."
_repair = "Tell the feed's owner, or remove it; other feeds are not touched by this."


class Parsers:
    """A pool of workers. `async with Parsers(workers, deadline_seconds) as parsers: await parsers.parse(…)`.

    `workers` 0 means one a core. Workers start when they are first needed and only as many as have work. `put_off`: see
    `reading.read`.
    """

    def __init__(self, workers: int = 0, deadline_seconds: float = 10.0, *, put_off: bool = False) -> None:
        self._put_off = put_off
        self._slots = [_Slot() for _ in range(workers or spawning.cores())]
        self._room = asyncio.Semaphore(AHEAD * len(self._slots))
        self._deadline = deadline_seconds
        self._all: set[_Worker] = set()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        # A caller still waiting for a place must not start a worker that nobody would end
        self._closed = True
        spawning.end_ahead()
        await asyncio.shield(asyncio.gather(*(worker.stop() for worker in self._all)))
        self._all.clear()

    async def parse(
        self, response: Response, subscription: Subscription, known: Mapping[str, str], now: datetime
    ) -> Parsed | Failure:
        """Read one answer. A document that is too slow, too big or crashes its worker is a `Failure`; the pool
        goes on with a new worker. Cancelling kills the worker too: its half-read document is nobody's, and what
        waited behind it goes to the next one.

        Raises:
            RuntimeError: the pool is closed.
        """
        job = _Job(
            response=response,
            subscription=subscription,
            known=known,
            now=now,
            deadline=self._deadline,
            put_off=self._put_off,
        )
        message = msgspec.msgpack.encode(job)
        answer: _Answer | Failure | None = None
        async with self._room:
            slot = min(self._slots, key=lambda slot: (slot.waiting, slot.worker is None))
            slot.waiting += 1
            try:
                while answer is None:
                    worker = await self._worker(slot)
                    answer = await worker.ask(message, self._deadline)
            finally:
                slot.waiting -= 1
        found = answer if isinstance(answer, Failure) else answer.parsed or answer.failure
        assert found is not None
        return found

    @property
    def workers(self) -> tuple[_Worker, ...]:
        """The workers that are running now."""
        return tuple(worker for worker in self._all if worker.alive)

    async def _worker(self, slot: _Slot) -> _Worker:
        async with slot.starting:
            if slot.worker is not None and slot.worker.alive:
                return slot.worker
            self._refuse_if_closed()
            if slot.worker is not None:
                self._all.discard(slot.worker)
            slot.worker = worker = await _Worker.start()
            self._all.add(worker)
            if self._closed:  # while it started
                await asyncio.shield(worker.kill())
            self._refuse_if_closed()
            return worker

    async def begin(self, documents: int) -> None:
        """Start the workers that so many documents will need, so that they load in the meantime."""
        for slot in self._slots[:documents]:
            await self._worker(slot)

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise RuntimeError("the pool of parsers is closed")


class _Slot:
    """A place for a worker, which is started when there is something to read, and again when it is lost."""

    def __init__(self) -> None:
        self.worker: _Worker | None = None
        self.waiting = 0  # documents
        self.starting = asyncio.Lock()


class _Worker:
    """The parent's end of one worker process. Documents are answered in the order in which they were sent."""

    def __init__(
        self, process: subprocess.Popen[bytes], to: asyncio.StreamWriter, from_: asyncio.StreamReader
    ) -> None:
        self._process, self._to, self._from = process, to, from_
        self._turn = asyncio.Lock()
        self._loaded = False
        self._lost = False
        self._documents = 0

    @classmethod
    async def start(cls) -> _Worker:
        """Start a worker, which loads its libraries."""
        process = spawning.take()
        assert process.stdin is not None
        assert process.stdout is not None
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=1 << 20)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), process.stdout)
        pipe, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, process.stdin)
        return cls(process, asyncio.StreamWriter(pipe, protocol, None, loop), reader)

    async def _load(self) -> None:
        try:
            async with asyncio.timeout(_START):
                await self._from.readexactly(1)
        except (TimeoutError, asyncio.IncompleteReadError) as error:
            if self._lost:
                return
            raise NewsfeedError(
                "reading feeds",
                "a worker process could not start",
                "Look whether memory or processes are short, or reinstall newsfeed.",
            ) from error
        self._loaded = True

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        return not self._lost and self._process.poll() is None

    async def ask(self, message: bytes, deadline: float) -> _Answer | Failure | None:
        """The answer for one document; None if the worker was lost before this document's turn."""
        self._documents += 1
        self._to.write(_LENGTH.pack(len(message)))
        self._to.write(message)  # never waited for: the worker may read it only when its last answer is taken
        try:
            async with self._turn:
                if not self._loaded and not self._lost:
                    await self._load()
                return None if self._lost else await self._answered(deadline)
        except BaseException:  # its answer would be taken for the next one's
            await asyncio.shield(self.kill())
            raise

    async def _answered(self, deadline: float) -> _Answer | Failure | None:
        try:
            async with asyncio.timeout(deadline * PATIENCE):
                size = _LENGTH.unpack(await self._from.readexactly(_LENGTH.size))[0]
                answer = msgspec.msgpack.decode(await self._from.readexactly(size), type=_Answer)
        except TimeoutError:
            await self.kill()
            return Failure(cause=Cause.TOO_SLOW, text=_too_busy, repair=ASKED_AGAIN)
        except (asyncio.IncompleteReadError, ConnectionError, msgspec.MsgspecError):
            if self._lost:  # by another document, whose asking was ended
                return None
            code = await self._ended()
            await self.kill()
            if code == -signal.SIGPROF:
                return Failure(
                    cause=Cause.TOO_SLOW, text=_too_slow, repair=_repair, values={"seconds": f"{deadline:g}"}
                )
            return Failure(cause=Cause.BROKEN_FEED, text=_crashed, repair=_repair)
        if answer.spent or self._documents >= DOCUMENTS:
            await self.kill()
        return answer

    async def stop(self) -> None:
        """Ask it to end by closing its pipe; kill it if it doesn't."""
        if self.alive:
            self._to.close()
            try:
                async with asyncio.timeout(_GRACE):
                    await self._ended()
            except TimeoutError:
                pass
        await self.kill()

    async def kill(self) -> None:
        self._lost = True
        self._process.kill()  # does nothing once it has ended
        self._to.close()
        await self._ended()

    async def _ended(self) -> int:
        return await asyncio.to_thread(self._process.wait)


# --------------------------------------------------------------------------- in the worker


def work() -> None:
    """The worker: answers documents from its standard input until that closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is handled by the parent
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that a library prints may get between the answers
    _limit_memory()
    reading.load()  # before the first deadline runs
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    sink.write(b"\n")
    sink.flush()
    decoder = msgspec.msgpack.Decoder(_Job)
    while (message := _receive(source)) is not None:
        job = decoder.decode(message)
        del message
        signal.setitimer(signal.ITIMER_PROF, job.deadline)
        answer = _answer(job)
        signal.setitimer(signal.ITIMER_PROF, 0)
        data = msgspec.msgpack.encode(answer)
        sink.write(_LENGTH.pack(len(data)))
        sink.write(data)
        sink.flush()


def _receive(source: BinaryIO) -> bytes | None:
    head = source.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    size = _LENGTH.unpack(head)[0]
    message = source.read(size)
    return message if len(message) == size else None


def _answer(job: _Job) -> _Answer:
    try:
        found = reading.read(job.response, job.subscription, job.known, job.now, put_off=job.put_off)
    except MemoryError:
        return _Answer(failure=Failure(cause=Cause.BROKEN_FEED, text=_too_big, repair=_repair), spent=True)
    except Exception as error:  # noqa: BLE001 - whatever a document provokes is that feed's failure
        name = type(error).__name__
        return _Answer(
            failure=Failure(
                cause=Cause.BROKEN_FEED,
                text="The document can't be read ({name}).",
                repair=_repair,
                values={"name": name},
            )
        )
    return _Answer(parsed=found) if isinstance(found, Parsed) else _Answer(failure=found)


def _limit_memory() -> None:
    try:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        return  # a platform without these limits: the deadline still holds
