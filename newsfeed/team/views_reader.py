"""A reader's own pages: today's, earlier ones drawn from stored editions, settings and list."""

from __future__ import annotations

import re

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from newsfeed import opml
from newsfeed.errors import BusyError, NotFoundError, SettingsError
from newsfeed.model import Day
from newsfeed.team import desk, team_lists, views_lists
from newsfeed.team.reader_app import ReaderApp
from newsfeed.text.spoken import say, topic_labels
from newsfeed.web import views_items, views_sources

OF_DAY = re.compile(r"/archive/(\d{4})/(\d\d)/(\d\d)\.html")
HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?")
LONGEST_SECRET = 4_000  # characters: more than any token, less than servers accept as a header
MAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,250}")


def today(app: ReaderApp, request: Request) -> Response:
    """The newest edition; without one, when it comes."""
    home = app.home()
    edition = app.store.latest_edition()
    app.store.do("select reader.was_here(%s)", home.clock())
    changed = team_lists.changed_lists(app.store)
    if edition is None:
        states = app.store.states()
        return app.view(
            request,
            "team/none.html",
            feeds=len(states),
            asked=sum(s.last_tried is not None for s in states),
            hour=home.settings.schedule.hour,
            zone=home.settings.timezone,
            changed=changed,
        )
    answer = views_items.morning(app, request, home, edition, template="team/today.html", changed=changed)
    # Lists at addresses are looked at again as long as somebody reads.
    answer.background = BackgroundTask(views_lists.admin_lists(app).read_again)
    return answer


def make(app: ReaderApp, request: Request, fields: dict[str, str]) -> Response:
    """Make today's edition now, where there is none of today.

    Raises:
        BusyError: a worker is at it.
        NotFoundError: there is nothing to make it of yet.
    """
    home = app.home()
    with app.store.working_for(app.reader.id) as reader:
        if reader is None:
            raise BusyError("", "Your page is being made just now.", "Load it in a moment.")
        if not any(s.last_good for s in app.store.states()):
            raise NotFoundError(
                "", "Your feeds were not asked yet.", "A worker asks them within a minute or two."
            )
        desk.make(home, app.store, home.today)
    return app.done(request, "", "/")


def drawn(app: ReaderApp, request: Request) -> Response:
    """An earlier edition, the index of all of them, or the newest one's ledger."""
    path = request.url.path
    home, store = app.home(), app.store
    if found := OF_DAY.fullmatch(path):
        try:
            edition = store.edition(Day(*map(int, found.groups())))
        except ValueError:
            edition = None
    else:
        edition = store.latest_edition()
    if edition is None:
        raise NotFoundError("", "There is no such page.")
    days = store.editions() if path.endswith("index.html") else ()
    page = (
        app.templates()
        .site(edition, None, recent=days, site_url=home.settings.publish.site_url)
        .get(path[1:])
    )
    if page is None:
        raise NotFoundError("", "There is no such page.")
    return Response(
        page, media_type="text/html", headers={"Content-Security-Policy": views_items.SITE_POLICY}
    )


def moved_page(app: ReaderApp, request: Request) -> Response:
    """The address in the app for a link of a drawn page."""
    return RedirectResponse("/breadth" if request.url.path == "/breadth.html" else "/", 303)


# ------------------------------------------------------------------------- settings


def settings(app: ReaderApp, request: Request) -> Response:
    """What a reader may set."""
    home = app.home()
    return app.view(
        request,
        "team/settings.html",
        s=home.settings,
        topics=topic_labels(home.settings.topics).items(),
        mails=bool(app.team.machine.mail.to or app.team.machine.mail.sender),
        secrets=app.store.secret_hosts(),
    )


def save_mail(app: ReaderApp, request: Request, fields: dict[str, str]) -> Response:
    """Where the mornings are mailed to, or that they are not."""
    mail = fields.get("mail", "").strip()
    if mail and not MAIL.fullmatch(mail):
        raise SettingsError("", "That is no mail address.", "Write one like ada@example.org, or nothing.")
    app.team.readers.change(app.reader, mail=mail)
    said = say("Your mornings are mailed to {mail}.", mail=mail) if mail else "Your mornings are not mailed."
    return app.done(request, said, "/settings")


def save_secret(app: ReaderApp, request: Request, fields: dict[str, str]) -> Response:
    """Store or delete the reader's secret for a host; it is never shown again."""
    host, value = fields.get("host", "").strip().lower(), fields.get("secret", "").strip()
    if not HOST.fullmatch(host):
        raise SettingsError("", "That is no host.", "Write it like feeds.example.org.")
    if fields.get("do") == "forget":
        app.store.keep_secret(host, None)
        said = say("The secret for {host} is forgotten.", host=host)
    elif not value or len(value) > LONGEST_SECRET or not value.isprintable():
        raise SettingsError("", "That is no secret.", "Paste the token, or the whole Authorization header.")
    else:
        app.store.keep_secret(host, value)
        said = say("Kept, sealed, for your feeds of {host}; they are yours alone from now on.", host=host)
    home = app.home()
    app.store.sync(opml.parse(home.read_list()).subscriptions, home.clock())
    team_lists.show(home)
    return app.done(request, said, "/settings")


# ------------------------------------------------------------------------- the list


def change_list(app: ReaderApp, request: Request, fields: dict[str, str]) -> Response:
    """A change of the reader's list; who may see it sees it as it is now."""
    answer = views_sources.change(app, request, fields)
    if fields.get("confirm") == "yes":
        team_lists.show(app.home())
    return answer


def undo_list(app: ReaderApp, request: Request, fields: dict[str, str]) -> Response:
    """Take the last change of the list back."""
    answer = views_sources.undo(app, request, fields)
    team_lists.show(app.home())
    return answer
