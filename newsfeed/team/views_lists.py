"""Lists of the team that a reader may follow, and whether theirs may be followed."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from newsfeed.errors import NotFoundError
from newsfeed.pipeline.subscriptions import edit as editing
from newsfeed.team import team_lists
from newsfeed.team.reader_app import ReaderApp
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


def change(app: ReaderApp, request: Request, fields: dict[str, str]) -> Response:
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


def show(app: ReaderApp, request: Request, fields: dict[str, str]) -> Response:
    """Let others follow the reader's list, or no longer."""
    on = fields.get("on") == "yes"
    app.reader = app.team.readers.change(app.reader, shows_lists=on)
    team_lists.show(app.home())
    said = "Others may follow your list; private feeds are not in it." if on else "Nobody sees your list."
    return app.done(request, said, "/lists")
