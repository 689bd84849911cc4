"""Views of refresh and build: started by one button, shown feed by feed, whichever process is running it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from newsfeed.errors import SettingsError
from newsfeed.feeds.health import FeedOutcome
from newsfeed.model import Record
from newsfeed.pipeline import signs as signals
from newsfeed.pipeline.care import begin as beginning
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.reports import DigestReport, RefreshReport
from newsfeed.text.spoken import count, say, told
from newsfeed.web.local_app import LocalApp

EVERY = 0.3  # seconds between two looks
HEARTBEAT = 15.0  # seconds; proxies drop a connection that is silent for 30 to 60
KINDS = frozenset({"refresh", "build", "rebuild"})


class WorkState(Record, frozen=True, kw_only=True):
    """The progress of a refresh, or its result."""

    running: bool
    who: str = ""  # another process that is working
    total: int = 0
    done: int = 0
    new: tuple[tuple[str, int], ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    unchanged: int = 0
    waiting: str = ""  # of feeds that were not asked
    step: str = ""
    trouble: str = ""
    note: str = ""
    sentence: str = ""


def begin(app: LocalApp, request: Request, fields: dict[str, str]) -> Response:
    """Start a refresh, the first build or a rebuild; if one is running already, show that."""
    kind = fields.get("kind", "refresh")
    app.work.begin(app.home(), kind if kind in KINDS else "refresh")
    return app.done(request, "", "/refresh")


def first(app: LocalApp, request: Request, fields: dict[str, str]) -> Response:
    """Take the answers to the four questions of the first run; then build the first page."""
    home = app.home()
    try:
        minutes = float(fields.get("minutes", "").replace(",", "."))
    except ValueError:
        raise SettingsError("", "That is no number of minutes.", "Write one such as 5.") from None
    answers = beginning.FirstAnswers(
        core=fields.get("core", ""),
        topics=tuple(name for name in home.settings.topics if fields.get(f"topic-{name}") == "yes"),
        minutes=minutes,
        hour=fields.get("hour", ""),
        region=fields.get("region", ""),
    )
    beginning.begin(home, answers)
    app.work.begin(app.home(), "build")
    mail = (
        say("For the mail, answer a few more questions: run newsfeed mail setup.")
        if fields.get("mail")
        else ""
    )
    return app.done(request, mail, "/refresh")


def progress(app: LocalApp, request: Request) -> Response:
    """The progress: without script the page reloads itself, with script it gets events."""
    return app.view(request, "refresh.html", state=state(app))


def state(app: LocalApp) -> WorkState:
    """The state of the current work, or of the last one."""
    home, work = app.home(), app.work
    holder = None if work.running else signals.worker(home)
    signs = signals.progress_signs(home)
    ended = [s for s in signs if s.done]
    running = work.running or holder is not None
    return WorkState(
        running=running,
        who=say("{name} (process {n})", name=holder.label, n=holder.pid) if holder else "",
        total=next((s.total for s in signs if s.total is not None), 0),
        done=len(ended),
        new=tuple((s.done, s.new) for s in ended if s.outcome == FeedOutcome.NEW),
        failed=tuple((s.done, _trouble(s)) for s in ended if s.outcome == FeedOutcome.FAILED),
        unchanged=sum(s.outcome == FeedOutcome.UNCHANGED for s in ended),
        waiting="" if running else _waiting(home, work.report),
        step=say(next((s.step for s in reversed(signs) if s.step), "")),
        trouble=work.trouble,
        note=_note(work.report),
        sentence="" if running else _sentence(ended),
    )


def _trouble(sign: signals.Sign) -> str:
    """What is wrong with a feed and what to do about it."""
    failed = sign.failure
    return told(failed.values, failed.text, failed.repair) if failed else ""


def _note(report: RefreshReport | DigestReport | None) -> str:
    if isinstance(report, RefreshReport):
        return (
            say("No network: not one feed's name could be found.") if report.no_network else report.page_note
        )
    return " ".join((report.edition_note, *report.hints)).strip() if report else ""


def _waiting(home: Home, report: RefreshReport | DigestReport | None) -> str:
    """How many feeds were not asked again so soon, and from when on they may be."""
    asked = report.refresh if isinstance(report, DigestReport) else report
    until = [r.wait_until for r in asked.results if r.wait_until] if asked is not None else []
    if not until:
        return ""
    hour = home.local(min(until))
    return say(
        "{feeds} not asked again so soon; from {hour} on.",
        feeds=count(len(until), "feed"),
        hour=f"{hour:%H:%M}",
    )


def _sentence(ended: list[signals.Sign]) -> str:
    if not ended:
        return ""
    new = sum(s.new for s in ended)
    answered = sum(s.outcome in {FeedOutcome.NEW, FeedOutcome.UNCHANGED} for s in ended)
    return say(
        "{n} of {feeds} answered, {items} new.",
        n=answered,
        feeds=count(len(ended), "feed"),
        items=count(new, "item"),
    )


def events(app: LocalApp, request: Request) -> Response:
    """Server-sent events, one for each step; after a lost connection the browser resumes where it was."""
    return StreamingResponse(_stream(app, request), media_type="text/event-stream")


async def _stream(app: LocalApp, request: Request) -> AsyncIterator[str]:
    run, _, number = request.headers.get("last-event-id", "").partition("-")
    sent = int(number) if number.isdigit() else 0
    loop = asyncio.get_running_loop()
    beat = loop.time()
    yield "retry: 1000\n\n"
    while not await request.is_disconnected():
        working = app.work.running or signals.worker(app.home()) is not None
        signs = signals.progress_signs(app.home())
        this = str(signs[0].run) if signs else ""
        if this != run:
            run, sent = this, 0
        for sign in signs[sent:]:
            sent += 1
            with app.speaking():
                news = {
                    "total": sign.total,
                    "done": sign.done,
                    "outcome": sign.outcome or "",
                    "new": sign.new,
                    "trouble": _trouble(sign),
                    "step": say(sign.step),
                }
            yield f"id: {run}-{sent}\ndata: {json.dumps(news)}\n\n"
        if not working:
            yield "event: end\ndata: {}\n\n"
            return
        if loop.time() - beat >= HEARTBEAT:
            beat = loop.time()
            yield ": still at work\n\n"
        await asyncio.sleep(EVERY)
