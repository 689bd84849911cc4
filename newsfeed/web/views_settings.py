"""Breadth with its sliders, rules with their preview, and settings."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from newsfeed.errors import NewsfeedError, SettingsError
from newsfeed.model import Settings
from newsfeed.pipeline.answers import keep, mute, what_if
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning.draw import account
from newsfeed.pipeline.subscriptions import edit
from newsfeed.text.spoken import say, topic_labels
from newsfeed.web.local_app import PATIENCE, ViewApp, is_live

MINUTES = (2.0, 20.0)  # of the slider; it reaches as far as the setting does where that is beyond

# ------------------------------------------------------------------------- breadth


def breadth(app: ViewApp, request: Request) -> Response:
    """The account of weeks, and what this morning would be with other minutes and shares."""
    home = app.home()
    edition = app.store.latest_edition()
    asked = dict(request.query_params)
    minutes, shares = _asked(home.settings, asked)
    tried, trouble = None, ""
    if (minutes is not None or shares) and edition is not None:
        try:
            settings = what_if.changed(home.settings, shares=shares)
            tried = what_if.beside(what_if.basis(home, app.store, edition), settings, minutes)
        except NewsfeedError as error:
            trouble = f"{say(error.cause)}. {say(error.repair)}"
    now = {t.name: t.share for t in edition.topics} if edition else {}
    labels = topic_labels(home.settings.topics)
    context: dict[str, Any] = {
        "edition": edition,
        "tried": tried,
        "trouble": trouble,
        "labels": labels,
        "minutes": minutes or home.settings.edition.minutes,
        "bounds": _bounds(home.settings),
        "shares": [(n, labels.get(n, n), shares.get(n, share)) for n, share in now.items() if n in labels],
        "core": home.settings.edition.core,
        "core_share": home.settings.edition.core_share,
        "changed": minutes is not None or bool(shares),
    }
    if is_live(request):
        return app.view(request, "whatif.html", said=trouble, **context)
    answer = app.view(
        request,
        "breadth.html",
        breadth=account(home, app.store),
        passed=keep.account(home, app.store, edition),
        **context,
    )
    # The sliders stand on it. Only now: it keeps the database for itself, and this page would wait.
    if edition is not None:
        app.prepare("basis", partial(_basis, app))
    return answer


def _basis(app: ViewApp) -> None:
    """Compute what this morning's sliders need."""
    if (edition := app.store.latest_edition()) is not None:
        what_if.basis(app.home(), app.store, edition)


def _bounds(settings: Settings) -> tuple[float, float]:
    return min(MINUTES[0], settings.edition.minutes), max(MINUTES[1], settings.edition.minutes)


def _asked(settings: Settings, fields: dict[str, str]) -> tuple[float | None, dict[str, float]]:
    """Minutes and shares that differ from those in force, as the sliders say."""
    minutes = _number(fields.get("minutes", ""), *_bounds(settings))
    if minutes == settings.edition.minutes:
        minutes = None
    shares = {}
    for name in settings.topics:
        given = _number(fields.get(f"share-{name}", ""), 0, 100)
        was = _number(fields.get(f"was-{name}", ""), 0, 100)
        if given is not None and given != was and name != settings.edition.core:
            shares[name] = given / 100
    return minutes, shares


def _number(text: str, least: float, most: float) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if least <= number <= most else None


def save_breadth(app: ViewApp, request: Request, fields: dict[str, str]) -> Response:
    """Write minutes and shares as the sliders stand."""
    home = app.home()
    minutes, shares = _asked(home.settings, fields)
    what_if.changed(home.settings, shares=shares)
    changes: dict[tuple[str, ...], edit.Value] = {
        ("topics", name, "share"): round(share, 4) for name, share in shares.items()
    }
    if minutes is not None:
        changes["edition", "minutes"] = int(minutes) if minutes == int(minutes) else minutes
    if not changes:
        return app.done(request, say("Nothing was changed."), "/breadth")
    edit.write_settings(home, changes)
    return app.done(
        request, say("Saved. It counts from the next page on; a rebuild shows it now."), "/breadth"
    )


def rebuild(app: ViewApp, request: Request) -> Response:
    """What a rebuild would change, before it does."""
    if not app.prepare("rebuild", lambda: what_if.try_rebuild(app.home(), app.store), wait=PATIENCE):
        return app.wait(request, "rebuild.html", found=None)
    return app.view(request, "rebuild.html", found=what_if.try_rebuild(app.home(), app.store))


# ------------------------------------------------------------------------- rules


def show_rules(app: ViewApp, request: Request) -> Response:
    """The rules in force; with one in the address, what it would have kept out of the last week."""
    home = app.home()
    kind, what = request.query_params.get("kind", ""), request.query_params.get("what", "").strip()
    if kind == "source" and what and not edit.is_key(what):
        what = edit.key_of(edit.named(home, what)[0].url)
    preview = mute.preview(home, app.store, kind, what) if kind and what else None
    return app.view(
        request,
        "rules.html",
        rules=mute.muted(home, app.store),
        preview=preview,
        sources=app.sources(),
        topics=[
            (n, label)
            for n, label in topic_labels(home.settings.topics).items()
            if home.settings.topics[n].share != 0
        ],
    )


def put_rule(app: ViewApp, request: Request, fields: dict[str, str]) -> Response:
    """Put a rule in force or remove it."""
    home = app.home()
    kind, what, on = fields.get("kind", ""), fields.get("what", ""), fields.get("on") == "yes"
    mute.mute(home, kind, what, on=on)
    said = say("In force from the next page on." if on else "Taken away; it counts from the next page on.")
    return app.done(request, said, "/rules")


# ------------------------------------------------------------------------- settings

# What the browser may change, each with how it is read.
FIELDS: dict[str, tuple[tuple[str, ...], str]] = {
    "timezone": (("timezone",), "text"),
    "languages": (("languages",), "list"),
    "minutes": (("edition", "minutes"), "number"),
    "core": (("edition", "core"), "text"),
    "core_share": (("edition", "core_share"), "part"),
    "breadth": (("edition", "breadth"), "text"),
    "voices": (("edition", "voices"), "text"),
    "long_read": (("edition", "long_read"), "yes"),
    "off_path": (("edition", "off_path"), "yes"),
    "hour": (("schedule", "hour"), "text"),
    "networks": (("share", "networks"), "list"),
    "links": (("share", "links"), "yes"),
}


def settings(app: ViewApp, request: Request) -> Response:
    """What may be set here."""
    home = app.home()
    return app.view(
        request,
        "settings.html",
        s=home.settings,
        topics=topic_labels(home.settings.topics).items(),
    )


def save_settings(app: ViewApp, request: Request, fields: dict[str, str]) -> Response:
    """Write changed settings into newsfeed.toml; its comments stay."""
    home = app.home()
    changes = _changes(home, fields)
    if not changes:
        return app.done(request, say("Nothing was changed."), "/settings")
    edit.write_settings(home, changes)
    return app.done(request, say("Saved. It counts from the next page on."), "/settings")


def _changes(home: Home, fields: dict[str, str]) -> dict[tuple[str, ...], edit.Value]:
    found: dict[tuple[str, ...], edit.Value] = {}
    for name, (path, kind) in FIELDS.items():
        if name not in fields and kind != "yes":
            continue
        value = _read(name, kind, fields.get(name, "").strip())
        was = home.settings
        for key in path:
            was = getattr(was, key)
        if value != (list(was) if isinstance(was, tuple) else was):
            found[path] = value
    return found


def _read(name: str, kind: str, given: str) -> edit.Value:
    if kind == "yes":
        return given == "yes"
    if kind == "list":
        return [part.strip() for part in given.split(",") if part.strip()]
    if kind == "text":
        return given
    try:
        number = float(given.replace(",", "."))
    except ValueError:
        raise SettingsError(name, say("{given} is no number", given=repr(given)), "") from None
    if kind == "part":
        number = round(number / 100, 4)
    return int(number) if number == int(number) else number
