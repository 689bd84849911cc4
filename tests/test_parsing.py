"""The worker pool: real processes, real documents, real deaths."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import pytest
from faults import said

from newsfeed.model import Cause, Failure, Parsed, Request, Response, Subscription
from newsfeed.reading import parsers as parsers_room
from newsfeed.reading import spawning
from newsfeed.reading.parsers import Parsers

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
URL = "https://feeds.example/feed.xml"
SUBSCRIPTION = Subscription(url=URL)


def answer(body: str) -> Response:
    return Response(request=Request(url=URL), url=URL, body=body.encode())


def feed(items: str) -> str:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Garden</title>{items}</channel></rss>'


GOOD = feed("<item><title>Apples</title><link>https://garden.example/a</link></item>")
# For each new tag, feedparser looks through all earlier ones: a minute or more of work.
SLOW = feed(
    "<item><title>x</title>" + "".join(f"<category>c{n}</category>" for n in range(60_000)) + "</item>"
)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def gone(pid: int, seconds: float = 10.0) -> bool:
    for _ in range(int(seconds * 20)):
        if not alive(pid):
            return True
        await asyncio.sleep(0.05)
    return False


def pids(parsers: Parsers) -> list[int]:
    return [worker.pid for worker in parsers.workers]


def test_documents_are_read_in_parallel_by_workers_that_stay() -> None:
    async def run() -> None:
        async with Parsers(2, 20) as parsers:
            assert pids(parsers) == []  # none before there is work
            found = await asyncio.gather(
                *(parsers.parse(answer(GOOD), SUBSCRIPTION, {}, NOW) for _ in range(12))
            )
            assert all(isinstance(f, Parsed) and f.items[0].title == "Apples" for f in found)
            first = set(pids(parsers))
            assert len(first) == 2  # twelve at once keep both workers busy
            again = await parsers.parse(answer(GOOD), SUBSCRIPTION, {}, NOW)
            assert isinstance(again, Parsed)
            assert set(pids(parsers)) == first
        for pid in first:
            assert await gone(pid)

    asyncio.run(run())


def test_workers_started_ahead_are_taken_and_those_that_nobody_takes_end() -> None:
    spawning.start_ahead(3)
    ahead = [process.pid for process in spawning._ahead]

    async def run() -> list[int]:
        async with Parsers(2, 20) as parsers:
            await parsers.begin(2)
            found = await parsers.parse(answer(GOOD), SUBSCRIPTION, {}, NOW)
            assert isinstance(found, Parsed)
            return sorted(pids(parsers))

    assert asyncio.run(run()) == sorted(ahead[:2])
    assert not any(alive(pid) for pid in ahead)


def test_known_items_and_failures_come_through_the_pipe() -> None:
    async def run() -> None:
        async with Parsers(1, 20) as parsers:
            first = await parsers.parse(answer(GOOD), SUBSCRIPTION, {}, NOW)
            assert isinstance(first, Parsed)
            known = {item.identity: item.hash for item in first.items}
            again = await parsers.parse(answer(GOOD), SUBSCRIPTION, known, NOW)
            assert isinstance(again, Parsed)
            assert (again.items, again.known) == ((), ("https://garden.example/a",))
            page = await parsers.parse(answer("<html><title>Hello</title></html>"), SUBSCRIPTION, {}, NOW)
            assert isinstance(page, Failure)
            assert page.cause == Cause.NOT_A_FEED

    asyncio.run(run())


def test_a_document_that_hangs_is_killed_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    # A second of CPU time may take minutes on a busy computer; the limit for that is in another test.
    monkeypatch.setattr(parsers_room, "PATIENCE", 300)

    async def run() -> None:
        async with Parsers(2, 1.0) as parsers:
            await parsers.parse(answer(GOOD), SUBSCRIPTION, {}, NOW)
            slow, *good = await asyncio.gather(
                parsers.parse(answer(SLOW), SUBSCRIPTION, {}, NOW),
                *(parsers.parse(answer(GOOD), SUBSCRIPTION, {}, NOW) for _ in range(6)),
            )
            assert isinstance(slow, Failure)
            assert slow.cause == Cause.TOO_SLOW
            assert "1 second" in said(slow)
            assert slow.repair
            assert all(isinstance(f, Parsed) for f in good)

    asyncio.run(run())


def test_time_that_others_use_is_no_documents_fault() -> None:
    """A worker that gets no CPU time, as on a busy computer, goes on when it does; or is given up in the end."""

    async def run() -> None:
        async with Parsers(1, 1.0) as parsers:
            await parsers.parse(answer(GOOD), SUBSCRIPTION, {}, NOW)
            (pid,) = pids(parsers)
            os.kill(pid, signal.SIGSTOP)
            task = asyncio.create_task(parsers.parse(answer(GOOD), SUBSCRIPTION, {}, NOW))
            await asyncio.sleep(2.0)
            os.kill(pid, signal.SIGCONT)
            assert isinstance(await task, Parsed)
        async with Parsers(1, 0.2) as parsers:
            await parsers.parse(answer(GOOD), SUBSCRIPTION, {}, NOW)
            os.kill(pids(parsers)[0], signal.SIGSTOP)
            lost = await parsers.parse(answer(GOOD), SUBSCRIPTION, {}, NOW)
            assert isinstance(lost, Failure)
            assert "too busy" in lost.text
            assert "asked again" in lost.repair

    asyncio.run(run())


def test_a_worker_that_dies_costs_its_document_only() -> None:
    async def run() -> None:
        async with Parsers(1, 20) as parsers:
            await parsers.parse(answer(GOOD), SUBSCRIPTION, {}, NOW)
            (pid,) = pids(parsers)
            task = asyncio.create_task(parsers.parse(answer(SLOW), SUBSCRIPTION, {}, NOW))
            await asyncio.sleep(0.3)
            os.kill(pid, signal.SIGKILL)
            lost = await task
            assert isinstance(lost, Failure)
            assert lost.cause == Cause.BROKEN_FEED
            assert isinstance(await parsers.parse(answer(GOOD), SUBSCRIPTION, {}, NOW), Parsed)
            # Killed while idle: nobody notices.
            os.kill(pids(parsers)[0], signal.SIGKILL)
            await asyncio.sleep(0.3)
            assert isinstance(await parsers.parse(answer(GOOD), SUBSCRIPTION, {}, NOW), Parsed)

    asyncio.run(run())


def test_cancelling_kills_the_worker() -> None:
    async def run() -> None:
        async with Parsers(1, 60) as parsers:
            await parsers.parse(answer(GOOD), SUBSCRIPTION, {}, NOW)
            (pid,) = pids(parsers)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await parsers.parse(answer(SLOW), SUBSCRIPTION, {}, NOW)
            assert await gone(pid)
            assert isinstance(await parsers.parse(answer(GOOD), SUBSCRIPTION, {}, NOW), Parsed)

    asyncio.run(run())


@pytest.mark.parametrize("ended", [0, 1, 2], ids=["the one read", "the next", "the last"])
def test_what_waits_beside_a_document_that_is_given_up_is_read_all_the_same(ended: int) -> None:
    async def run() -> None:
        async with Parsers(1, 60) as parsers:
            documents = [SLOW if ended == 0 else GOOD, GOOD, GOOD]
            tasks = [
                asyncio.create_task(parsers.parse(answer(body), SUBSCRIPTION, {}, NOW)) for body in documents
            ]
            while not parsers.workers:
                await asyncio.sleep(0.01)
            tasks[ended].cancel()
            found = await asyncio.gather(*tasks, return_exceptions=True)
            assert isinstance(found.pop(ended), asyncio.CancelledError)
            assert [type(one) for one in found] == [Parsed, Parsed]

    asyncio.run(run())


def test_long_documents_and_long_answers_do_not_wait_for_each_other() -> None:
    text = "Some words of a garden. " * 8_000
    long = feed(
        "".join(f"<item><title>Apples {n}</title><description>{text}</description></item>" for n in range(12))
    )

    async def run() -> None:
        async with Parsers(1, 60) as parsers:
            found = await asyncio.gather(
                *(parsers.parse(answer(long), SUBSCRIPTION, {}, NOW) for _ in range(4))
            )
            assert [len(one.items) for one in found if isinstance(one, Parsed)] == [12] * 4

    asyncio.run(run())


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_workers_end_when_their_parent_dies(how: signal.Signals, tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent(
            """
            import asyncio
            from test_parsing import GOOD, NOW, SUBSCRIPTION, answer, pids
            from newsfeed.reading.parsers import Parsers

            async def run():
                async with Parsers(1, 20) as parsers:
                    await parsers.parse(answer(GOOD), SUBSCRIPTION, {}, NOW)
                    print(*pids(parsers), flush=True)
                    await asyncio.sleep(60)

            asyncio.run(run())
            """
        )
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.send_signal(how)
        parent.wait(10)
    assert asyncio.run(gone(worker))


def test_a_worker_has_no_secrets_in_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSFEED_SECRET", "hush")

    async def run() -> None:
        async with Parsers(1, 20) as parsers:
            await parsers.parse(answer(GOOD), SUBSCRIPTION, {}, NOW)
            (pid,) = pids(parsers)
            environment = Path(f"/proc/{pid}/environ")
            if not environment.exists():
                pytest.skip("no /proc on this platform")
            assert b"hush" not in environment.read_bytes()

    asyncio.run(run())
