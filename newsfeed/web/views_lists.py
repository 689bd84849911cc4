"""Search, and what is kept."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from newsfeed.errors import NewsfeedError
from newsfeed.pipeline import keeping, searching, sharing
from newsfeed.pipeline.feeds import export_list as listed
from newsfeed.web.desk import Desk, is_live

MOST = 60  # of a list on one page


def search(desk: Desk, request: Request) -> Response:
    """Items by words, topic, source and date."""
    home, asked = desk.home(), {k: v.strip() for k, v in request.query_params.items()}
    given = {k: asked.get(k, "") for k in ("topic", "source", "since", "until")}
    words = asked.get("q", "")
    hits, trouble = [], ""
    if words or any(given.values()):
        try:
            hits = searching.search(home, desk.store, words, limit=MOST, **given)
        except NewsfeedError as error:
            trouble = f"{error.subject} {error.cause}. {error.repair}".strip()
    kept = {k.ref for k in desk.store.kept()}
    n = len(hits)
    return desk.view(
        request,
        "hits.html" if is_live(request) else "search.html",
        hits=hits,
        words=words,
        given=given,
        trouble=trouble,
        kept=kept,
        asked=bool(words or any(given.values())),
        topics=[(n, t.label or n) for n, t in home.settings.topics.items()],
        sources=desk.sources(),
        most=MOST,
        said=f"{n} found" if is_live(request) else "",
    )


def kept(desk: Desk, request: Request) -> Response:
    """What is kept, with notes, to be found, shared and taken along."""
    words = request.query_params.get("q", "").strip()
    found = keeping.kept(desk.store, words)
    return desk.view(
        request,
        "kept_list.html" if is_live(request) else "kept.html",
        kept=found[:MOST],
        count=len(found),
        words=words,
        links=len(sharing.links(desk.store)),
    )


def share(desk: Desk, request: Request) -> Response:
    """One kept item, ready to be said by its reader."""
    home, ref = desk.home(), request.path_params["ref"]
    one = keeping.keep(home, desk.store, ref) if _is_kept(desk, ref) else None
    if one is None:
        return desk.done(request, "Keep it first, then share it.", "/kept")
    return desk.view(
        request, "share.html", ref=one.ref, title=one.title, one=one, shared=sharing.share(home.settings, one)
    )


def _is_kept(desk: Desk, ref: str) -> bool:
    return any(k.ref == ref for k in desk.store.kept())


def passed(desk: Desk, request: Request, fields: dict[str, str]) -> Response:
    """Note that a story was passed on: a beacon beside the mail that opens."""
    home = desk.home()
    found = desk.store.find(fields.get("item", ""))
    if len(found) == 1:
        sharing.pass_on(home, desk.store, fields.get("person", ""), found[0].id)
    return Response(status_code=204)


def export(desk: Desk, request: Request, fields: dict[str, str]) -> Response:
    """All that is the reader's own, in one file."""
    data = keeping.everything(desk.home(), desk.store)
    headers = {"Content-Disposition": 'attachment; filename="newsfeed.zip"'}
    return Response(data, media_type="application/zip", headers=headers)


def export_list(desk: Desk, request: Request, fields: dict[str, str]) -> Response:
    """The list for other readers."""
    headers = {"Content-Disposition": 'attachment; filename="feeds.opml"'}
    return Response(listed(desk.home()), media_type="text/x-opml", headers=headers)
