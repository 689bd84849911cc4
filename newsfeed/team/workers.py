"""Worker processes, which take jobs from the team's own database.

Each minute one worker looks which buckets have due feeds and which readers' hour has come, and defers a job for each
bucket and for every twenty readers. A job that is lost with its worker is taken up by another; nothing is done
twice, because the tables decide what to do.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from newsfeed.errors import NewsfeedError
from newsfeed.model import Record
from newsfeed.team.connections import EDITION, FETCH

if TYPE_CHECKING:
    from procrastinate import App, JobContext

    from newsfeed.team.desk import Desk
    from newsfeed.team.fetching import Fetching

T = TypeVar("T")
log = logging.getLogger("newsfeed.team")

KINDS = ("fetch", "edition")
FETCH_QUEUES = ("sweep", "understand")
EDITION_QUEUES = ("edition",)
PAUSE = 2.0  # seconds after which a lost database is looked for again
EVERY_MINUTE = "* * * * *"
SWEEPS = 4  # buckets that one worker sweeps at a time
TOGETHER = 20  # readers of one job
DUE_AT_ONCE = 200  # readers that one look makes jobs of
# What still fails then needs a person; the next sweep asks again in any case. Where the next look tries again, its failure
# and its new try count as one attempt each.
TRIES = 5
FAILED_KEPT = 7 * 24  # hours that a job which failed for good is there for the admin to look at
CONNECTIONS = (
    8  # for jobs at the most: each sweep needs one when it begins, ends or defers, the rest of the worker two
)
ANSWER = 15.0  # seconds that a job waits for one of them, after which the database counts as gone
HEARTBEAT = timedelta(seconds=10)  # the usual one of procrastinate
GRACE = 4.0  # seconds that jobs have to end of themselves once the worker is asked to stop
END = 9.0  # seconds after which it ends whatever it is at, as by a kill


class Pace(Record, frozen=True, kw_only=True):
    """The intervals of a worker; other values are for tests."""

    cron: str = EVERY_MINUTE
    heartbeat: timedelta = HEARTBEAT

    @property
    def dead_after(self) -> float:
        """Seconds without a sign of life after which a worker's jobs are others': on a machine at its limit one that works
        with twelve lanes was silent for more than 30."""
        return 6 * self.heartbeat.total_seconds()


def name() -> str:
    """The name of this process in leases."""
    return f"{socket.gethostname()}:{os.getpid()}"


class InSentences(logging.Filter):
    """Logs an error that says its cause and its repair as these; a traceback is for what nobody expected."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, NewsfeedError):
            record.msg, record.args = f"{record.getMessage()}: {error}", ()
            record.exc_info = record.exc_text = None
        return True


async def _apart(call: Callable[..., T], *values: Any, **more: Any) -> T:
    """What a call gives, made in a thread that nobody has to wait for: one that was begun can't be broken off."""
    loop = asyncio.get_running_loop()
    made: asyncio.Future[T] = loop.create_future()

    def tell(put: Callable[[Any], None], what: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone
            loop.call_soon_threadsafe(lambda: None if made.done() else put(what))

    def work() -> None:
        try:
            found = call(*values, **more)
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            tell(made.set_exception, error)
        else:
            tell(made.set_result, found)

    threading.Thread(target=work, daemon=True).start()
    return await made


def _app(conninfo: str) -> App:
    import procrastinate

    return procrastinate.App(
        # A database that is gone is noticed within seconds, and looked for again: see `_serve`.
        connector=procrastinate.PsycopgConnector(
            conninfo=conninfo, min_size=1, max_size=CONNECTIONS, timeout=ANSWER
        )
    )


def fetch_app(work: Fetching, pace: Pace) -> App:
    """The jobs of a worker that asks feeds. It has no right on anything of a reader."""
    import procrastinate
    from procrastinate import builtin_tasks

    app = _app(work.place.conninfo(FETCH))
    # What is broken off goes back at once; what fails is tried again by the next look (`_rescue`).
    broken_off: list[Any] = [asyncio.CancelledError]
    back = procrastinate.RetryStrategy(retry_exceptions=broken_off)

    @app.task(name="sweep", queue="sweep", retry=back)
    async def sweep(bucket: int) -> None:
        if await work.sweep(bucket):
            await _defer(app, "understand", lock="understand")

    @app.task(name="understand", queue="understand", retry=back)
    async def understand() -> None:
        found = await _apart(work.tag)
        for language in found.languages:
            await _defer(app, "group", lock=f"group {language}", language=language)
        for bucket, items in found.thin.items():
            # In the bucket's own turn: nobody else asks its hosts meanwhile.
            turn = app.configure_task("articles", lock=f"bucket {bucket}")
            await turn.defer_async(bucket=bucket, items=[*items])
        await _apart(work.tag, shown=False)

    @app.task(name="articles", queue="sweep")
    async def read_articles(bucket: int, items: list[int]) -> None:
        await work.read_articles(bucket, items)

    @app.task(name="group", queue="understand", retry=back)
    async def group(language: str) -> None:
        await _apart(work.group, language)

    @app.periodic(cron=pace.cron)
    @app.task(name="look for due feeds", queue="sweep", queueing_lock="look for due feeds", priority=10)
    async def look(timestamp: int) -> None:
        await _rescue(app, pace, FETCH_QUEUES)
        await defer_sweeps(app, work)

    @app.periodic(cron="17 3 * * *")
    @app.task(name="care", queue="understand", queueing_lock="care", lock="understand")
    async def care(timestamp: int) -> None:
        await _apart(work.care)

    @app.periodic(cron="47 3 * * *")
    @app.task(name="forget jobs", queue="understand", queueing_lock="forget jobs", pass_context=True)
    async def forget_jobs(context: JobContext, timestamp: int) -> None:
        """Those of all queues that failed for good long ago; what succeeds is deleted at once."""
        await builtin_tasks.remove_old_jobs(
            context, max_hours=FAILED_KEPT, remove_failed=True, remove_cancelled=True, remove_aborted=True
        )

    return app


async def defer_sweeps(app: App, work: Fetching) -> int:
    """A job for each bucket with due feeds, unless it has one that waits; gives how many were new.

    In one transaction, a hundredth of what one for each costs; where another look is at it too, one by one after all.
    """
    from procrastinate.exceptions import AlreadyEnqueued

    jobs = await app.job_manager.list_jobs_async(queue="sweep", status="todo")
    waiting = {job.queueing_lock for job in jobs}
    due = {f"bucket {bucket}": bucket for bucket in await _apart(work.due_buckets)}
    new = {lock: bucket for lock, bucket in due.items() if lock not in waiting}
    made = [
        app.configure_task("sweep", lock=lock, queueing_lock=lock).make_new_job(bucket=bucket)
        for lock, bucket in new.items()
    ]
    try:
        return len(await app.job_manager.batch_defer_jobs_async(made)) if made else 0
    except AlreadyEnqueued:
        return sum([await _defer(app, "sweep", lock=lock, bucket=bucket) for lock, bucket in new.items()])


def edition_app(desk: Desk, pace: Pace) -> App:
    """The jobs of a worker that makes editions and sends them."""
    import procrastinate

    app = _app(desk.place.conninfo(EDITION))

    @app.task(
        name="editions",
        queue="edition",
        retry=procrastinate.RetryStrategy(max_attempts=TRIES, wait=10, linear_wait=10),
    )
    async def editions(readers: list[int]) -> None:
        await _apart(desk.serve, readers)

    @app.periodic(cron=pace.cron)
    @app.task(name="look for due readers", queue="edition", queueing_lock="look for due readers", priority=10)
    async def look(timestamp: int) -> None:
        await _rescue(app, pace, EDITION_QUEUES)
        await defer_editions(app, desk)

    @app.periodic(cron=pace.cron)
    @app.task(name="read lists", queue="edition", queueing_lock="read lists", lock="read lists")
    async def read_lists(timestamp: int) -> None:
        await _apart(_read_lists, desk)

    return app


def _read_lists(desk: Desk) -> None:
    """Read the admin's lists again at their addresses, those that were not read for an hour."""
    from newsfeed.team.team_lists import AdminLists

    AdminLists(desk.place, desk.machine, desk.clock, EDITION).read_again()


async def defer_editions(app: App, desk: Desk) -> int:
    """Jobs for the readers whose hour has come; gives for how many. Their next hour is set in the same transaction."""
    total = 0
    while readers := await desk.claim_due(app, DUE_AT_ONCE, TOGETHER):
        total += readers
    return total


async def _defer(app: App, task: str, *, lock: str, **values: Any) -> bool:
    """One job, unless one with this lock waits already."""
    from procrastinate.exceptions import AlreadyEnqueued

    try:
        await app.configure_task(task, lock=lock, queueing_lock=lock).defer_async(**values)
    except AlreadyEnqueued:
        return False
    return True


async def _rescue(app: App, pace: Pace, queues: Sequence[str]) -> None:
    """Make the jobs of dead workers, and what failed, available to all.

    A job with a queueing lock can't retry itself: where the same one waits already, it would stay "doing", with its lock,
    for as long as its worker lives.
    """
    from procrastinate.exceptions import ConnectorException

    jobs = app.job_manager
    for queue in queues:
        stalled = await jobs.get_stalled_jobs(queue=queue, seconds_since_heartbeat=pace.dead_after)
        failed = await jobs.list_jobs_async(queue=queue, status="failed")
        again = [job for job in failed if job.queueing_lock and job.attempts < 2 * TRIES]
        for job in [*stalled, *again]:
            # Where the same job waits already, or another worker was quicker, there is nothing to take up.
            try:
                await jobs.retry_job(job)
            except ConnectorException:
                with contextlib.suppress(ConnectorException):
                    from procrastinate.jobs import Status

                    await jobs.finish_job(job=job, status=Status.ABORTED, delete_job=True)


def _options(pace: Pace, *, concurrency: int, wait: bool) -> dict[str, Any]:
    return {
        "name": name(),
        "concurrency": concurrency,
        "wait": wait,
        "delete_jobs": "successful",
        "install_signal_handlers": False,
        "update_heartbeat_interval": pace.heartbeat.total_seconds(),
        "stalled_worker_timeout": pace.dead_after,
        "fetch_job_polling_interval": 1.0,
        "shutdown_graceful_timeout": GRACE if wait else None,
    }


async def run(
    *,
    fetching: Fetching | None,
    desk: Desk | None,
    pace: Pace,
    sweeps: int = SWEEPS,
    once: bool = False,
    told: Callable[[str], None] = lambda _: None,
) -> None:
    """Work until told to stop, through restarts of the database; `once`: until nothing is due any more."""
    async with contextlib.AsyncExitStack() as stack:
        if fetching is not None:
            await stack.enter_async_context(fetching)
        if once:
            await _catch_up_with_all(fetching, desk, pace, sweeps, told)
            return
        works: list[Callable[[], Coroutine[Any, Any, None]]] = []
        if fetching is not None:
            works.append(partial(_serve, partial(fetch_app, fetching, pace), FETCH_QUEUES, pace, sweeps))
        if desk is not None:
            works.append(partial(_serve, partial(edition_app, desk, pace), EDITION_QUEUES, pace, 1))
        await _until_stopped([work() for work in works], [work.stopping for work in (fetching, desk) if work])


async def _serve(make: Callable[[], App], queues: Sequence[str], pace: Pace, concurrency: int) -> None:
    """Run one worker, and start it again whenever the database was gone."""
    from procrastinate.exceptions import ConnectorException

    mine = asyncio.current_task()
    assert mine is not None
    while True:
        try:
            async with make().open_async() as app:
                options = _options(pace, concurrency=concurrency, wait=True)
                await app.run_worker_async(queues=list(queues), **options)
        except (ConnectorException, NewsfeedError) as error:
            log.warning("the database is gone: %s", str(error).strip() or type(error).__name__)
        if mine.cancelling():
            return  # we were asked to stop, and it finished what it had in hand
        await asyncio.sleep(PAUSE)  # a worker that has lost its database ends, sometimes without an error


async def _catch_up_with_all(
    fetching: Fetching | None, desk: Desk | None, pace: Pace, sweeps: int, told: Callable[[str], None]
) -> None:
    if fetching is not None:
        async with fetch_app(fetching, pace).open_async() as app:
            told(f"{await defer_sweeps(app, fetching)} buckets with due feeds")
            await _catch_up(app, FETCH_QUEUES, pace, sweeps)
    if desk is not None:
        await _apart(_read_lists, desk)
        async with edition_app(desk, pace).open_async() as app:
            told(f"{await defer_editions(app, desk)} readers whose hour has come")
            await _catch_up(app, EDITION_QUEUES, pace, 1)


async def _catch_up(app: App, queues: Sequence[str], pace: Pace, concurrency: int) -> None:
    """Work until none of these queues has a job that may be done now: jobs make jobs."""
    while True:
        await app.run_worker_async(queues=list(queues), **_options(pace, concurrency=concurrency, wait=False))
        waiting = [
            job
            for queue in queues
            for job in await app.job_manager.list_jobs_async(queue=queue, status="todo")
            if job.scheduled_at is None
        ]
        if not waiting:
            return
        await asyncio.sleep(0.5)  # they wait for what another worker has in hand


async def _until_stopped(workers: Sequence[Any], events: Sequence[threading.Event]) -> None:
    """Run workers until one ends or the process is asked to stop; then let them finish what they do, for a while.

    They are told by the events. What is not finished in time goes back among the jobs to be done; what can't be
    broken off ends with the process, and another worker takes it up, as after a kill.
    """
    tasks = [asyncio.create_task(worker) for worker in workers]
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for event in events:
            event.set()
        for task in tasks:
            if not task.cancelling():  # asked once more, it would drop what it is finishing
                task.cancel()

    def asked() -> None:
        stop()
        end = threading.Timer(END, os._exit, (1,))
        end.daemon = True
        end.start()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked)
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        stop()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
