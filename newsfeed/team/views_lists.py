"""Lists of the team that a reader may follow, and the admin's page: the readers, the lists, and how late the feeds are. For
anyone but an admin that page doesn't exist."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from newsfeed.errors import NotFoundError, SettingsError
from newsfeed.pipeline.subscriptions import edit as editing
from newsfeed.team import sweeps, team_lists
from newsfeed.team.connections import WEB, connect
from newsfeed.team.reader_app import ReaderApp
from newsfeed.team.readers import Reader
from newsfeed.team.team_lists import AdminLists, TeamList
from newsfeed.text.spoken import say


def admin_lists(app: ReaderApp) -> AdminLists:
    """The admin's lists."""
    return AdminLists(app.team.place, app.team.machine, app.team.clock)


def lists(app: ReaderApp, request: Request) -> Response:
    """All lists, what changed in those that are followed."""
    found = team_lists.team_lists(app.store)
    home = app.home()
    return app.view(
        request,
        "team/lists.html",
        lists=found,
        plans={one.id: team_lists.plan_of(home, one) for one in found if one.changed},
        shows=app.reader.shows_lists,
    )


def _one(app: ReaderApp, fields: dict[str, str]) -> TeamList:
    number = fields.get("list", "")
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise NotFoundError("", "There is no such list.")
    return team_lists.one_list(app.store, int(number))


def follow_list(app: ReaderApp, request: Request, fields: dict[str, str]) -> Response:
    """Follow a list, take in what it changed, or follow it no longer."""
    one, do = _one(app, fields), fields.get("do", "")
    if do == "leave":
        team_lists.unfollow(app.store, one)
        return app.done(
            request, say("You follow {name} no longer; its feeds stay in your list.", name=one.name), "/lists"
        )
    if do == "skip" and one.follows:
        team_lists.took(app.store, one)
        return app.done(request, "Your list stays as it is.", "/lists")
    if do != "take":
        raise NotFoundError(do, "is nothing that can be done here", "")
    home = app.home()
    plan = team_lists.plan_of(home, one)
    if fields.get("confirm") != "yes":
        said = say(
            "What {name} changes: {come} come, {go} go."
            if one.follows
            else "What {name} brings: {come} come, {go} go.",
            name=one.name,
            come=len(plan.come),
            go=len(plan.go),
        )
        hidden = {"do": "take", "list": str(one.id), "as": team_lists.mark(one)}
        return app.view(request, "diff.html", diff=plan.edit.diff, said_of=said, hidden=hidden, to="/lists")
    if fields.get("as") != team_lists.mark(one):
        raise NotFoundError("", "The list was changed meanwhile.", "Look at it again.")
    editing.write(home, plan.edit)
    team_lists.follow(app.store, one)
    team_lists.took(app.store, one)
    team_lists.show(home)
    return app.done(
        request,
        say(
            "You follow {name}: {come} came, {go} went.", name=one.name, come=len(plan.come), go=len(plan.go)
        ),
        "/lists",
    )


def show_list(app: ReaderApp, request: Request, fields: dict[str, str]) -> Response:
    """Let others follow the reader's list, or no longer."""
    on = fields.get("on") == "yes"
    app.reader = app.team.readers.change(app.reader, shows_lists=on)
    team_lists.show(app.home())
    said = "Others may follow your list; private feeds are not in it." if on else "Nobody sees your list."
    return app.done(request, said, "/lists")


def admin(app: ReaderApp, request: Request) -> Response:
    """All of it on one page."""
    app.admin()
    return _admin(app, request)


def _admin(app: ReaderApp, request: Request, **more: Any) -> Response:
    with connect(app.team.place, WEB) as c:
        late = sweeps.backlog(c, app.team.clock())
    return app.view(
        request,
        "team/admin.html",
        readers=app.team.readers.all(),
        lists=admin_lists(app).all(),
        late=late,
        **{"link": "", "invited": "", **more},
    )


def _named(app: ReaderApp, fields: dict[str, str]) -> Reader:
    return app.team.readers.named(fields.get("reader", ""))


def change_readers(app: ReaderApp, request: Request, fields: dict[str, str]) -> Response:
    """Invite, make an admin, or remove a reader."""
    app.admin()
    do, readers = fields.get("do", ""), app.team.readers
    if do == "invite":
        reader = invite(app, fields.get("name", "").strip())
        link = f"{app.team.site.site}/invited/{readers.invite(reader)}"
        return _admin(app, request, link=link, invited=reader.name)
    reader = _named(app, fields)
    if reader.id == app.reader.id:
        raise SettingsError("", "That is you.", "Let another admin do it.")
    if do in {"admin", "reader"}:
        readers.change(reader, admin=do == "admin")
        return app.done(
            request,
            say("{name} is an admin now." if do == "admin" else "{name} is no admin now.", name=reader.name),
            "/admin",
        )
    if do == "out":
        app.team.sessions.end_all(reader)
        return app.done(request, say("{name} is signed out everywhere.", name=reader.name), "/admin")
    if do != "remove":
        raise NotFoundError(do, "is nothing that can be done here", "")
    if fields.get("confirm") != "yes":
        return app.view(request, "team/remove.html", gone=reader)
    readers.remove(reader)
    return app.done(request, say("{name} is gone, with all that was theirs.", name=reader.name), "/admin")


def invite(app: ReaderApp, name: str) -> Reader:
    """The reader of a name or mail address, made where there is none.

    Raises:
        SettingsError: it can't be a name.
    """
    try:
        return app.team.readers.named(name)
    except NotFoundError:
        return app.team.readers.add(
            name.partition("@")[0] if "@" in name else name, mail=name if "@" in name else ""
        )


def change_lists(app: ReaderApp, request: Request, fields: dict[str, str]) -> Response:
    """Add a list that can be followed, read one again, or take one away."""
    app.admin()
    do, lists = fields.get("do", ""), admin_lists(app)
    if do == "add":
        data = fields.get("file", "").encode("latin-1")
        name = lists.add(fields.get("name", ""), address=fields.get("address", "").strip(), data=data)
        return app.done(request, say("{name} can be followed.", name=name), "/admin")
    number = fields.get("list", "")
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise NotFoundError("", "There is no such list.")
    if do == "read":
        lists.read_again(int(number))
        return app.done(request, "It was read again.", "/admin")
    if do == "put":
        lists.put(int(number), fields.get("file", "").encode("latin-1"))
        return app.done(request, "Its followers see what changed as a plan.", "/admin")
    if do != "remove":
        raise NotFoundError(do, "is nothing that can be done here", "")
    lists.remove(int(number))
    return app.done(request, "It is no list of the team any more.", "/admin")
