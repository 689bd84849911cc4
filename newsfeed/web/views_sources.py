"""Sources: the list with the health of each feed; every change is shown before it is written, and can be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from newsfeed import config
from newsfeed.errors import NewsfeedError, NotFoundError
from newsfeed.feeds.health import FeedHealth, HealthState
from newsfeed.feeds.rhythm import every
from newsfeed.model import Record, Subscription
from newsfeed.pipeline.answers import what_if
from newsfeed.pipeline.examine import examine
from newsfeed.pipeline.home import CurrentList, current_list
from newsfeed.pipeline.subscriptions import edit as editing
from newsfeed.pipeline.subscriptions.check import propose_repair
from newsfeed.text import is_yes, spoken
from newsfeed.text.spoken import say
from newsfeed.web.local_app import ViewApp, sentence

SENTENCES = {
    "must-read": "must-read",
    "mute": "muted",
    "weight": "weight",
    "cap": "at most",
    "paywall": "paywall",
}


class SourceRow(Record, frozen=True, kw_only=True):
    """One feed in the view."""

    key: str
    name: str
    folder: str
    state: HealthState
    sentence: str
    rhythm: str
    shown: int
    brought: int
    own: tuple[str, ...]  # its own settings


class FolderPart(Record, frozen=True, kw_only=True):
    """A folder of the list, or the part of it that is shown."""

    name: str
    rows: tuple[SourceRow, ...]
    total: int
    ill: int


WEEKS, ITEMS = 4, 6  # of one feed are shown
ALL = 120  # feeds that are shown at once; a longer list is shown folder by folder, page by page
ILL = {HealthState.GONE, HealthState.FAILING, HealthState.MOVED}


def sources(app: ViewApp, request: Request) -> Response:
    """All feeds by folder; for a long list, the folders, feeds with problems, and one folder or search at a time."""
    asked = request.query_params
    rows, listed = source_rows(app)
    folder, words = asked.get("folder"), asked.get("q", "").strip()
    look, large = bool(asked.get("look")), len(rows) > ALL
    narrowed = folder is not None or bool(words) or look
    found = [
        r
        for r in rows
        if (not look or r.state in ILL)
        and folder in {None, r.folder}
        and words.casefold() in f"{r.name} {r.folder}".casefold()
    ]
    ill = [r for r in rows if r.state in ILL]
    first = int(given) if (given := asked.get("from", "")).isdecimal() and len(given) < 9 else 0
    shown = ill[:ALL] if large and not narrowed else found[first : first + ALL]
    return app.view(
        request,
        "sources.html",
        folders=_parts(shown),
        others=_parts(rows) if large and not narrowed else (),
        narrowed=narrowed,
        words=words,
        asked={name: value for name, value in asked.items() if name in {"folder", "q", "look"}},
        look=look,
        first=first,
        found=len(found),
        most=ALL,
        total=len(rows),
        ill=len(ill),
        problems=listed.list.problems[:ALL],
        unreadable=listed.unreadable,
        can_undo=app.home().earlier_list() is not None,
        origin=f"{app.scheme}://{request.headers['host']}",
    )


def _parts(rows: Sequence[SourceRow]) -> list[FolderPart]:
    found = ((name, tuple(group)) for name, group in groupby(rows, key=lambda r: r.folder))
    return [
        FolderPart(name=name, rows=some, total=len(some), ill=sum(r.state in ILL for r in some))
        for name, some in found
    ]


def source_rows(app: ViewApp) -> tuple[list[SourceRow], CurrentList]:
    """The feeds of the list, those of a folder together."""
    home = app.home()
    listed = current_list(home, app.store)
    states = app.store.states()
    known = {s.subscription.url: s.feed for s in states}
    # Health changes with a refresh, with a new page, and slowly with time.
    key = (
        spoken.language(),
        tuple((s.last_tried, s.failures, s.gone, s.moved_to) for s in states),
        app.store.editions()[-1:],
        f"{home.clock():%F %H}",
    )
    health = {h.report.feed: h for h in app.remembered("health", key, lambda: examine(home, app.store))}
    rows = [
        _row(
            editing.key_of(s.url),
            s.title or redacted(s),
            "/".join(s.folders),
            dict(s.options),
            health.get(known.get(s.url, 0)),
        )
        for s in listed.list.subscriptions
    ]
    order = {r.folder: n for n, r in reversed(list(enumerate(rows)))}
    rows.sort(key=lambda r: order[r.folder])
    return rows, listed


def _row(key: str, name: str, folder: str, options: dict[str, str], health: FeedHealth | None) -> SourceRow:
    own = tuple(
        f"{say(SENTENCES.get(key, key))}{'' if is_yes(value) else f': {value}'}"
        for key, value in options.items()
    )
    if health is None:
        return SourceRow(
            key=key, name=name, folder=folder, state=HealthState.UNASKED, sentence=say("Not asked yet."), rhythm="",
            shown=0, brought=0, own=own,
        )  # fmt: skip
    return SourceRow(
        key=key,
        name=name,
        folder=folder,
        state=health.state,
        sentence=health.sentence,
        rhythm=every(health.usual_days) if health.usual_days else "",
        shown=health.shown,
        brought=health.brought,
        own=own,
    )


def redacted(subscription: Subscription) -> str:
    """A feed's address without secrets."""
    return editing.shown(subscription.url)


def one(app: ViewApp, request: Request) -> Response:
    """One feed, with everything that can be done with it."""
    home = app.home()
    found = editing.by_key(home, request.query_params.get("feed", ""))
    rows, listed = source_rows(app)
    key = editing.key_of(found.url)
    number = next((s.feed for s in app.store.states() if s.subscription.url == found.url), 0)
    since = home.clock() - timedelta(days=WEEKS * 7)
    items = sorted(app.store.headlines(since, feed=number), key=lambda one: one.when, reverse=True)
    return app.view(
        request,
        "source.html",
        s=found,
        key=key,
        row=next((r for r in rows if r.key == key), None),
        items=items[:ITEMS],
        brought=len(items),
        weeks=WEEKS,
        address=redacted(found),
        title=found.title or redacted(found),
        folder="/".join(found.folders),
        folders=sorted(
            {"/".join(s.folders) for s in listed.list.subscriptions if s.folders}, key=str.casefold
        ),
    )


def add(app: ViewApp, request: Request) -> Response:
    """The form for an address, filled in by a bookmarklet."""
    url = request.query_params.get("url", "")[:2_000].removeprefix("web+feed:")
    return _form(app, request, f"https:{url}" if url.startswith("//") else url)


def _form(app: ViewApp, request: Request, url: str, folder: str = "", **more: Any) -> Response:
    """The form for an address; with what is wrong with the one that was looked at."""
    listed = current_list(app.home(), app.store).list.subscriptions
    folders = sorted({"/".join(s.folders) for s in listed if s.folders}, key=str.casefold)
    return app.view(request, "add.html", url=url, folders=folders, tried=None, folder=folder, **more)


def look(app: ViewApp, request: Request, fields: dict[str, str]) -> Response:
    """Find the feed behind an address: its last items, and what it would have added to last week's pages."""
    home, url, folder = app.home(), fields.get("url", "")[:2_000], fields.get("folder", "")
    secrets = config.secrets(home.settings)
    try:
        tried = what_if.try_feed(home, app.store, url, folder=folder, title="", secrets=secrets)
    except NewsfeedError as error:
        again = url if editing.shown(url) == url else ""  # an address may hold a secret
        status = 404 if isinstance(error, NotFoundError) else 400
        return _form(app, request, again, folder, cause=sentence(error), repair=error.repair, status=status)
    offer = app.offer(tried.wanted)
    return app.view(request, "add.html", url="", folders=(), tried=tried, folder="", offer=offer)


def change(app: ViewApp, request: Request, fields: dict[str, str]) -> Response:
    """A change of the list: shown first, written when it is confirmed."""
    home = app.home()
    if fields.get("do") == "repair":
        proposed = propose_repair(home, app.store)
        made, said = proposed.edit, "\n".join((*(one.sentence for one in proposed.changes), *proposed.left))
    else:
        edit, said = _edit(app, fields)
        made = (
            editing.change(home, edit)
            if edit
            else editing.merged(home, fields["file"].encode("latin-1")).edit
        )
    if fields.get("confirm") != "yes":
        hidden = {k: v for k, v in fields.items() if k in {"do", "feed", "value", "file"}}
        return app.view(
            request, "diff.html", diff=made.diff, said_of=said, hidden=hidden, to="/sources/change"
        )
    editing.write(home, made)
    return app.done(request, f"{said} {say('The next refresh takes it in.')}", "/sources")


def _edit(app: ViewApp, fields: dict[str, str]) -> tuple[Callable[[bytes], bytes] | None, str]:
    """The edit that a form asks for, and what it does in words."""
    do, key, value = fields.get("do", ""), fields.get("feed", ""), fields.get("value", "").strip()
    if do == "import" and fields.get("file"):
        return None, say("The list is merged into yours.")
    if do == "add":
        wanted = app.offered(key)
        if wanted is None:
            raise NotFoundError("", "That look is too long ago.", "Look at the address again.")
        return editing.added(wanted), say("{name} is added.", name=wanted.title or redacted(wanted))
    found = editing.by_key(app.home(), key)
    url, name = found.url, found.title or redacted(found)
    if do == "move":
        return editing.moved(url, value), say(
            "{name} moves to {folder}.", name=name, folder=value or say("the top")
        )
    if do == "rename":
        return editing.renamed(url, value), say("{name} is called {value}.", name=name, value=value)
    if do == "remove":
        return editing.removed(url), say("{name} is removed; what it brought so far is kept.", name=name)
    if do in {"must-read", "mute", "paywall"}:
        on = value == "yes"
        return editing.with_option(
            url, do, "yes" if on else None
        ), f"{name}: {do} {say('on' if on else 'off')}."
    if do in {"weight", "cap"}:
        return editing.with_option(url, do, value or None), f"{name}: {do} {value or say('as usual')}."
    raise NotFoundError(do, "is nothing that can be done here", "")


def undo(app: ViewApp, request: Request, fields: dict[str, str]) -> Response:
    """Take the last change of the list back."""
    editing.undo(app.home())
    return app.done(request, say("The last change of your list is taken back."), "/sources")
