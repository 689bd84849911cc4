"""`newsfeed run`: a process that looks at the clock, does what is due, and can be stopped at any moment.

APScheduler calls `look` every half minute, in one thread, so that looks never overlap. What is due is decided anew
each time from the clock, the settings and the database; no state that matters is kept in memory.

APScheduler plans by the wall clock: if that is set back by a day, it waits for a day. The main thread therefore
compares the wall clock with the monotonic one and asks for a look when they diverge, by which waking up from sleep is
noticed too.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from logging.handlers import RotatingFileHandler
from types import FrameType

from newsfeed.errors import BusyError, NewsfeedError
from newsfeed.feeds.health import FeedResult
from newsfeed.model import Day
from newsfeed.pipeline import days, signs
from newsfeed.pipeline.days import Act, Due, due
from newsfeed.pipeline.home import Home, Store
from newsfeed.pipeline.morning import draw, mail, routine
from newsfeed.pipeline.reports import Progress
from newsfeed.pipeline.signs import Beat

LOOK_EVERY = 30.0  # seconds
BEAT_EVERY = 20.0  # seconds; far more often than `signs.STALE`
PULL_EVERY = 900.0  # feeds that are due are asked together
PAUSE = 60.0  # retry after something that should pass by itself soon
LONG_PAUSE = 300.0  # retry after an error
STEP = 15.0  # seconds by which wall and monotonic clock may diverge unnoticed
GRACE = 8.0  # seconds that a stop waits for the current work
LOG_BYTES, LOGS_KEPT = 1_000_000, 3

log = logging.getLogger("newsfeed.run")


class Stopping(Exception):  # noqa: N818 - not an error: the reader asked for it
    """Raised to end the current work at the next point where nothing is half done."""


class _Watched(Progress):
    """Progress of a look: reports each feed once it is stored, and ends the look when the process must stop."""

    def __init__(self, stop: threading.Event, tell: Callable[[str], None]) -> None:
        self._stop = stop
        self._tell = tell

    def asking(self, name: str) -> None:
        self._check()

    def done(self, result: FeedResult) -> None:
        # What is reported here is already in the database.
        if result.new:
            self._tell(f"{result.name}: {result.new} new.")
        self._check()

    def step(self, text: str) -> None:
        self._check()

    def _check(self) -> None:
        if self._stop.is_set():
            raise Stopping


class Runner:
    """Does what is due, one look after another.

    Args:
        load: gives the home with the settings as they are now; raises NewsfeedError where they can't be read.
        say: takes one line for the terminal or the journal.
    """

    def __init__(self, load: Callable[[], Home], say: Callable[[str], None]) -> None:
        self._load = load
        self._say = say
        self._home = load()
        self._started = self._home.clock()
        self._stop = threading.Event()
        self._busy = threading.Lock()
        self._doing = ""
        self._due: Due | None = None
        self._not_before = 0.0  # monotonic time of the retry after a problem
        self._pulled = -PULL_EVERY  # monotonic
        # Monotonic: when the sources missing from today's page were asked again
        self._completed = -PULL_EVERY
        self._noticed: datetime | None = None  # when an overdue notice was last tried
        self._postponed = 0  # how often this morning has failed so far
        self._list_seen: tuple[int, int] | None = None
        self._complaint = ""
        self._told_missed: tuple[Day, ...] = ()
        self._told_of_list: tuple[str, ...] = ()
        self._once = True  # one look alone, until `run` says otherwise

    # --------------------------------------------------------------------- one look

    def look(self) -> bool:
        """Do what is due now; False if something went wrong that the reader should know."""
        if self._stop.is_set():
            return True
        with self._busy:
            home = self._current()
            try:
                with home.open_store() as store:
                    return self._look(home, store)
            except Stopping:
                self.tell("Stopped in the middle; what was read so far is kept.")
                return True
            except BusyError as error:
                # A manual refresh is running: what is due will still be due at the next look.
                self._wait(LOOK_EVERY / 2)
                log.info("%s", routine.one_line(error))
                return True
            except NewsfeedError as error:
                self._complain(routine.one_line(error))
                self._wait(LONG_PAUSE)
                return False
            finally:
                self._doing = ""
                if not self._stop.is_set():
                    self._beat()

    def _look(self, home: Home, store: Store) -> bool:
        found = self.decide(home, store)
        self._due = found
        self._tell_missed(found)
        if time.monotonic() < self._not_before:
            return True
        progress = _Watched(self._stop, self.tell)
        if found.act == Act.DELIVER:
            self._begin(f"the edition of {found.day}")
            with home.lock("run: the morning"):
                # Decided again under the lock, because another process may have done it meanwhile.
                if store.done(found.day):
                    return True
                self._pulled = time.monotonic()
                return self._report(routine.deliver(home, store, progress=progress))
        if found.act == Act.PREPARE:
            self._begin(f"preparing the edition of {found.day}")
            with home.lock("run: preparing the morning"):
                self._pulled = time.monotonic()
                return self._report(routine.prepare(home, store, progress=progress))
        if store.done(found.day) and mail.owed(home, store, found.day):
            self._begin(f"the mail of {found.day}")
            with home.lock("run: the mail"):
                return self._report(routine.owed_mail(home, store))
        if store.done(found.day) and self._may_notify(home) and draw.owes_notice(home, store):
            self._noticed = home.clock()
            with home.lock("run: the notice"):
                trouble = draw.notify(home, store)
            if trouble:
                self._complain(trouble)
            return not trouble
        if time.monotonic() - self._completed >= PULL_EVERY and routine.is_incomplete(home, store):
            self._begin(f"completing the edition of {found.day}")
            with home.lock("run: completing the morning"):
                self._completed = time.monotonic()
                return self._report(routine.complete(home, store, progress=progress))
        self._pull(home, store, progress)
        return True

    def _may_notify(self, home: Home) -> bool:
        return self._noticed is None or home.clock() - self._noticed >= timedelta(seconds=PULL_EVERY)

    def decide(self, home: Home, store: Store) -> Due:
        """Decide what is due by this home's clock and settings."""
        schedule = home.settings.schedule
        return due(
            home.clock(),
            home.settings.timezone,
            schedule.hour,
            schedule.days,
            days.days_done(store, home.today),
            routine.prepared(store),
            timedelta(minutes=schedule.ahead),
        )

    def _report(self, done: routine.MorningReport) -> bool:
        if done.postponed:
            self._complain(" ".join(routine.told(done)))
            self._wait(min(PAUSE * 2**self._postponed, PULL_EVERY))
            self._postponed += 1
        else:
            for line in routine.told(done):
                self.tell(line)
            self._postponed, self._complaint = 0, ""
        return not done.trouble and (done.mail is None or done.mail.good)

    def _pull(self, home: Home, store: Store, progress: Progress) -> None:
        """Ask the feeds whose time has come; at once when the list was edited."""
        seen = _stamp(home)
        known = self._list_seen
        edited = routine.list_edited(home, store) if known is None else seen != known
        if not edited and (time.monotonic() - self._pulled < PULL_EVERY or not store.due(home.clock())):
            self._list_seen = seen
            return
        self._begin("asking feeds")
        with home.lock("run: asking feeds"):
            pulled = routine.pull(home, store, progress=progress)
        self._pulled, self._list_seen = time.monotonic(), seen
        lines = tuple(routine.listed(pulled))
        edits = pulled.list.added or pulled.list.removed or pulled.list.changed
        for n, line in enumerate(lines):
            # A lasting problem is reported once; every edit is reported, even if it reads like the one before.
            if line not in self._told_of_list or (edits and n == 0):
                self.tell(line)
        self._told_of_list = lines
        log.info("%d of %d feeds answered", pulled.answered, len(pulled.results))

    def _current(self) -> Home:
        """The home with its current settings; with the last good ones while they can't be read."""
        try:
            self._home = self._load()
        except NewsfeedError as error:
            self._complain(f"The last good settings are in force. {routine.one_line(error)}")
        return self._home

    def _begin(self, doing: str) -> None:
        """Write into the sign of life what is being done now."""
        self._doing = doing
        self._beat()

    def _wait(self, seconds: float) -> None:
        self._not_before = time.monotonic() + seconds

    def _tell_missed(self, found: Due) -> None:
        if found.missed and found.missed != self._told_missed:
            days = ", ".join(str(day) for day in found.missed)
            self.tell(
                f"Missed, as newsfeed was not running or nothing could be read: {days}. The next edition covers them."
            )
        self._told_missed = found.missed

    def _complain(self, text: str) -> None:
        """Report a problem once for as long as it lasts."""
        if text != self._complaint:
            self.tell(text)
        self._complaint = text

    def tell(self, line: str) -> None:
        """Write one line to the terminal and the log."""
        self._say(line)
        log.info("%s", line)

    # --------------------------------------------------------------------- the process

    def run(self) -> int:
        """Look until a signal ends it; returns the exit code.

        Raises:
            BusyError: another `newsfeed run` is at work in this home.
        """
        with self._home.run_lock():
            handler = _logging_to(self._home)
            before = {s: signal.signal(s, self._on_signal) for s in (signal.SIGTERM, signal.SIGINT)}
            try:
                return self._run()
            finally:
                for number, old in before.items():
                    signal.signal(number, old)
                signs.stop_beat(self._home)
                log.removeHandler(handler)
                handler.close()

    def _run(self) -> int:
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler

        # A look that could not start in time is not skipped: it catches up after a night of sleep.
        scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
            timezone=UTC,
        )
        job = scheduler.add_job(
            self._look_safely, "interval", seconds=LOOK_EVERY, next_run_time=datetime.now(UTC)
        )
        self._once = False
        scheduler.start()
        home = self._home
        self.tell(
            f"newsfeed runs for {home.folder}, at {home.settings.schedule.hour} {home.settings.timezone}."
        )
        self._watch(lambda: job.modify(next_run_time=datetime.now(UTC)))
        scheduler.shutdown(wait=False)
        return self._end()

    def _watch(self, wake: Callable[[], object]) -> None:
        """Write signs of life until stopped; wake the scheduler when the wall clock jumps."""
        wall, steady = time.time(), time.monotonic()
        while True:
            self._beat()
            if self._stop.wait(BEAT_EVERY):
                return
            gap = (time.time() - wall) - (time.monotonic() - steady)
            wall, steady = time.time(), time.monotonic()
            if abs(gap) > STEP:
                log.info("The clock moved by %+.0f seconds: asleep, or set anew.", gap)
                self._not_before, self._completed = 0.0, -PULL_EVERY
                wake()

    def _beat(self) -> None:
        found = self._due
        now = self._home.clock()
        last = signs.read_beat(self._home) if self._once else None
        if last is not None and not last.once and last.alive(now):
            return  # a process that stays writes its own sign of life
        beat = Beat(
            pid=os.getpid(),
            at=now,
            once=self._once,
            started=self._started,
            next=found.next if found else None,
            doing=self._doing,
            missed=found.missed if found else (),
        )
        try:
            signs.write_beat(self._home, beat)
        except NewsfeedError as error:
            log.warning("%s", routine.one_line(error))

    def _look_safely(self) -> None:
        """Run a look; its errors are reported and do not end the process."""
        try:
            self.look()
        except Exception as error:
            log.exception("a look failed")
            self._say(f"A fault of newsfeed: {type(error).__name__}. Its log says more; it goes on.")
            self._wait(LONG_PAUSE)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _end(self) -> int:
        """Let the current work finish or stop; end the process after a while in any case.

        That is as safe as a power cut, which everything here is made for: what is kept is kept in transactions, files
        are replaced whole, and a mail under way is marked as uncertain by the next run.
        """
        if self._busy.acquire(timeout=GRACE):
            self._busy.release()
            self.tell("newsfeed ends.")
            return 0
        self.tell(
            f"newsfeed ends in the middle of {self._doing or 'its work'}; the next run takes it up again."
        )
        signs.stop_beat(self._home)
        logging.shutdown()
        os._exit(0)


def _stamp(home: Home) -> tuple[int, int]:
    """A value that changes when the list is edited."""
    try:
        found = home.list_path.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


def _logging_to(home: Home) -> logging.Handler:
    """The log of `newsfeed run` in the home: at most three files of a megabyte, readable by their owner only."""
    path = home.inner / "run.log"
    path.touch(mode=0o600)
    handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOGS_KEPT, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    return handler
