"""Which address is which view."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from newsfeed.errors import NewsfeedError, NotFoundError
from newsfeed.web import views_lists, views_settings, views_sources, views_today, views_work
from newsfeed.web.desk import STYLES, Desk
from newsfeed.web.guard import Guard

Shown = Callable[[Desk, Request], Response]
Sent = Callable[[Desk, Request, dict[str, str]], Response]


def app(desk: Desk, hosts: frozenset[str]) -> ASGIApp:
    """The whole app behind its guard."""

    def get(path: str, view: Shown) -> Route:
        async def answer(request: Request) -> Response:
            return await _answered(desk, request, partial(view, desk, request))

        return Route(path, answer, methods=["GET"])

    def post(path: str, view: Sent) -> Route:
        async def answer(request: Request) -> Response:
            try:
                fields = await desk.form(request)
            except NewsfeedError as error:
                return desk.trouble(request, error, 403)
            return await _answered(desk, request, partial(view, desk, request, fields))

        return Route(path, answer, methods=["POST"])

    async def events(request: Request) -> Response:
        return views_work.events(desk, request)

    async def lost(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        what = NotFoundError("", "There is no such page.") if status == 404 else _fault()
        return desk.trouble(request, what, status)

    routes = [
        get("/app.css", _style),
        get("/app.js", _script),
        get("/", views_today.today),
        post("/mark", views_today.mark),
        post("/open", views_today.opened),
        post("/correct", views_today.correct),
        get("/why/{ref}", views_today.why),
        get("/topic/{ref}", views_today.topic),
        get("/mute/{ref}", views_today.mute),
        get("/note/{ref}", views_today.note),
        get("/teach", views_today.questions),
        get("/archive/{name:path}", views_today.site_file),
        *(
            get(f"/{name}", views_today.site_file)
            for name in ("ledger.html", "digest.xml", "feed.json", "links.xml", "links.json")
        ),
        post("/begin", views_work.first),
        post("/refresh", views_work.begin),
        get("/refresh", views_work.progress),
        get("/rebuild", views_settings.rebuild),
        get("/search", views_lists.search),
        get("/kept", views_lists.kept),
        get("/share/{ref}", views_lists.share),
        post("/passed", views_lists.passed),
        post("/export", views_lists.export),
        post("/sources/export", views_lists.export_list),
        get("/sources", views_sources.sources),
        get("/sources/one", views_sources.one),
        get("/sources/add", views_sources.add),
        post("/sources/add", views_sources.look),
        post("/sources/change", views_sources.change),
        post("/sources/undo", views_sources.undo),
        get("/breadth", views_settings.breadth),
        post("/breadth", views_settings.save_breadth),
        get("/rules", views_settings.show_rules),
        post("/rules", views_settings.put_rule),
        get("/settings", views_settings.settings),
        post("/settings", views_settings.save_settings),
        Route("/refresh/events", events, methods=["GET"]),
    ]
    inner = Starlette(routes=routes, exception_handlers={404: lost, 405: lost, 500: lost})
    return Guard(inner, hosts, desk.keys)


async def _answered(desk: Desk, request: Request, view: Callable[[], Response]) -> Response:
    """A view's answer, worked out in a thread: the database is asked there."""
    try:
        return await run_in_threadpool(view)
    except NotFoundError as error:
        return desk.trouble(request, error, 404)
    except NewsfeedError as error:
        return desk.trouble(request, error)


def _fault() -> NewsfeedError:
    return NewsfeedError("", "Something broke here.", "Run `newsfeed doctor` to see what.")


def _kept(text: str, kind: str) -> Response:
    # Its address holds the hash of what it says.
    return Response(text, media_type=kind, headers={"Cache-Control": "private, max-age=31536000, immutable"})


def _style(desk: Desk, request: Request) -> Response:
    return _kept(desk.templates().style(STYLES), "text/css")


def _script(desk: Desk, request: Request) -> Response:
    lines = (line.strip() for line in desk.templates().source("app/app.js").splitlines())
    return _kept("\n".join(line for line in lines if line and not line.startswith("//")), "text/javascript")
