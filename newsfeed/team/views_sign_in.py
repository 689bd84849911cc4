"""The sign-in: by the company's provider, its proxy, or a passkey; and how an invitation becomes one of these."""

from __future__ import annotations

import re
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from newsfeed.errors import NewsfeedError, NotFoundError, SettingsError
from newsfeed.team import passkeys
from newsfeed.team.oidc import Identity, SignInError
from newsfeed.team.reader_app import PROXY, ReaderApp, TeamApp, proxy_name, said_by_proxy
from newsfeed.team.readers import NAME, Reader, key_of
from newsfeed.team.sessions import TooManyError
from newsfeed.text.spoken import say
from newsfeed.web.access import cookie, same

OIDC = "oidc"
INVITED_FOR = 3600  # seconds that an opened invitation waits in its browser
INSIDE = re.compile(r"/(?![/\\])[\w./%~@:,+=?&#;!*'()-]{0,1000}", re.ASCII)
UNKNOWN = SignInError(
    "", "Nobody here is known by this.", "Open the link of your invitation first; your admin makes one."
)


def inside(to: str) -> str:
    """Where to go after the sign-in: always a page of ours."""
    return to if INSIDE.fullmatch(to) and not to.startswith(("/sign-", "/welcome", "/invited")) else "/"


def sign_in(app: TeamApp, request: Request) -> Response:
    """The page with the ways to sign in."""
    to = inside(request.query_params.get("to", "/"))
    if isinstance(app, ReaderApp):
        return RedirectResponse(to, 303)
    return app.view(request, "team/sign_in.html", to=to, named=proxy_name(app.team, request))


def signed_in(app: TeamApp, request: Request, reader: Reader, by: str, to: str = "/") -> Response:
    """Begin a session of the browser's own and lead on."""
    answer = RedirectResponse(inside(to), 303)
    begin(app, request, answer, reader, by)
    return answer


def begin(app: TeamApp, request: Request, answer: Response, reader: Reader, by: str) -> None:
    """Begin a session; any session that the browser had before is invalid."""
    team, names = app.team, app.team.cookies
    session = team.sessions.begin(reader, by, former=cookie(request, names.session))
    names.put(answer, names.session, session.token, seconds=int(team.site.session.lifetime.total_seconds()))
    for name in (names.door, names.invited):
        names.drop(answer, name)


def sign_out(app: TeamApp, request: Request, fields: dict[str, str]) -> Response:
    """End this browser's session."""
    names = app.team.cookies
    if token := cookie(request, names.session):
        app.team.sessions.end(token)
    answer = app.done(request, "You are signed out.", "/sign-in")
    names.drop(answer, names.session)
    return answer


# ------------------------------------------------------------------------- invitations


def invited(app: TeamApp, request: Request) -> Response:
    """The link of an invitation: kept in this browser, gone from its address; it is not used up by being opened."""
    token = request.path_params["token"]
    _invited(app, token)
    answer = RedirectResponse("/welcome", 303)
    app.team.cookies.put(answer, app.team.cookies.invited, token, seconds=INVITED_FOR)
    return answer


def _invited(app: TeamApp, token: str) -> Reader:
    """Whom an invitation is for.

    Raises:
        SignInError: it is no good one.
    """
    guest = app.team.readers.invited(token) if token else None
    if guest is None:
        raise SignInError("", "This invitation was used, or is too old.", "Ask your admin for another one.")
    return guest


def _guest(app: TeamApp, request: Request) -> Reader:
    """Whom the invitation that this browser opened is for."""
    return _invited(app, cookie(request, app.team.cookies.invited))


def _own(app: TeamApp, request: Request) -> Reader:
    """Who is signed in, or invited."""
    return app.reader if isinstance(app, ReaderApp) else _guest(app, request)


def _accept(app: TeamApp, request: Request, guest: Reader) -> None:
    """Use the invitation up.

    Raises:
        SignInError: it was used meanwhile.
    """
    accepted = app.team.readers.accepted(cookie(request, app.team.cookies.invited))
    if accepted is None or accepted.id != guest.id:
        raise SignInError("", "This invitation was used meanwhile.", "Ask your admin for another one.")


def welcome(app: TeamApp, request: Request) -> Response:
    """The ways in which an invited reader can sign in from now on."""
    guest = _guest(app, request)
    return app.view(request, "team/welcome.html", guest=guest, named=proxy_name(app.team, request))


def stay(app: TeamApp, request: Request, fields: dict[str, str]) -> Response:
    """Let an invited reader in, in this browser only; they can set up another way to sign in."""
    guest = _guest(app, request)
    _accept(app, request, guest)
    return signed_in(app, request, guest, "invitation", "/you")


def bind_proxy(app: TeamApp, request: Request, fields: dict[str, str]) -> Response:
    """Let an invited reader be known by what the proxy calls them."""
    guest, name = _guest(app, request), proxy_name(app.team, request)
    if not name:
        raise SignInError("", "The proxy does not say who you are.")
    _free(app, PROXY, key_of(name), guest)
    _accept(app, request, guest)
    app.team.readers.add_credential(guest, PROXY, key_of(name))
    return signed_in(app, request, guest, PROXY)


def _free(app: TeamApp, kind: str, key: str, reader: Reader) -> None:
    """Raise where another reader is known by this.

    Raises:
        SettingsError: one is.
    """
    found = app.team.readers.by_credential(kind, key)
    if found and found[0].id != reader.id:
        raise SettingsError("", "Another reader is known by this.", "Sign in as that one.")


def by_proxy(app: TeamApp, request: Request) -> Response:
    """Begin the session of whom the proxy names."""
    to = inside(request.query_params.get("to", "/"))
    if isinstance(app, ReaderApp):
        return RedirectResponse(to, 303)
    setting, name = app.team.site.proxy, proxy_name(app.team, request)
    if setting is None or not name:
        raise SignInError("", "No proxy of your company says who you are.", "Sign in another way.")
    reader = said_by_proxy(app.team, request)
    if reader is None and setting.newcomers:
        reader = newcomer(app, name, name if "@" in name else "")
        app.team.readers.add_credential(reader, PROXY, key_of(name))
    if reader is None:
        raise UNKNOWN
    app.team.readers.used_credential(PROXY, key_of(name))
    return signed_in(app, request, reader, PROXY, to)


def newcomer(app: TeamApp, name: str, mail: str) -> Reader:
    """A new reader, of whom the company's sign-in says that they belong to it."""
    short = re.sub(r"[^\w.@+-]+", ".", name or mail.partition("@")[0]).strip(".")[:50]
    short = short if NAME.fullmatch(short) else "reader"
    for end in ("", *(f"-{n}" for n in range(2, 100))):
        try:
            return app.team.readers.add(short + end, mail=mail)
        except SettingsError:
            continue
    return app.team.readers.add(f"reader-{secrets.token_hex(6)}", mail=mail)


# ------------------------------------------------------------------------- the company's provider


def to_provider(app: TeamApp, request: Request) -> Response:
    """Lead to the provider; what is bound by its answer is settled here, by a link of our own pages."""
    if app.team.provider is None:
        raise NotFoundError("", "There is no such page.")
    asked = request.query_params
    data: dict[str, Any] = {"to": inside(asked.get("to", "/")), "purpose": "", "reader": 0}
    if "bind" in asked:
        if not same(asked["bind"], app.token):
            raise SettingsError("", "This page is too old to change anything.", "Load it again.")
        purpose = "add" if isinstance(app, ReaderApp) else "welcome"
        data |= {"purpose": purpose, "reader": _own(app, request).id}
    nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    state = app.team.attempts.begin(
        OIDC, app.browser, _address(request), {**data, "nonce": nonce, "verifier": verifier}
    )
    return RedirectResponse(app.team.provider.start(state, nonce, verifier), 303)


def from_provider(app: TeamApp, request: Request) -> Response:
    """Back from the provider."""
    if app.team.provider is None:
        raise NotFoundError("", "There is no such page.")
    answer = dict(request.query_params)
    asked = app.team.attempts.take(OIDC, app.browser, answer.get("state", ""))
    if asked is None:
        raise SignInError("", "This sign-in is too old, or began in another browser.", "Sign in once more.")
    found = app.team.provider.finish(answer, asked["nonce"], asked["verifier"])
    key = key_of(found.issuer, found.subject)
    if asked["purpose"] == "add":
        if not isinstance(app, ReaderApp) or app.reader.id != asked["reader"]:
            raise SignInError("", "You are signed out.", "Sign in once more.")
        app.team.readers.add_credential(app.reader, OIDC, key, _about(found))
        return app.done(request, "From now on you are known by it.", "/you")
    known = app.team.readers.by_credential(OIDC, key)
    if asked["purpose"] == "welcome":
        guest = _guest(app, request)
        if guest.id != asked["reader"]:
            raise SignInError("", "Another invitation was opened meanwhile.", "Open yours again.")
        _free(app, OIDC, key, guest)
        _accept(app, request, guest)
        app.team.readers.add_credential(guest, OIDC, key, _about(found))
        return signed_in(app, request, guest, OIDC)
    setting = app.team.site.oidc
    if known is None and setting is not None and setting.newcomers:
        reader = newcomer(app, found.name, found.mail)
        app.team.readers.add_credential(reader, OIDC, key, _about(found))
        return signed_in(app, request, reader, OIDC, asked["to"])
    if known is None:
        raise UNKNOWN
    app.team.readers.used_credential(OIDC, key)
    return signed_in(app, request, known[0], OIDC, asked["to"])


def _about(found: Identity) -> dict[str, str]:
    return {"label": found.mail or found.name}


# ------------------------------------------------------------------------- passkeys, asked for by our script


def _address(request: Request) -> str:
    """Where a request comes from: a proxy, where one stands before us."""
    return request.client.host if request.client else ""


def _json(work: Any) -> Response:
    """The result of a step, or what is wrong, as JSON."""
    try:
        found = work()
    except NewsfeedError as error:
        status = 429 if isinstance(error, TooManyError) else 400
        return JSONResponse({"trouble": f"{say(error.cause)} {say(error.repair)}".strip()}, status)
    return found if isinstance(found, Response) else JSONResponse(found)


def _on(app: TeamApp) -> None:
    if not app.team.site.passkeys:
        raise SignInError("", "Passkeys are not used here.")


def ask_passkey(app: TeamApp, request: Request, fields: dict[str, str]) -> Response:
    """What the browser is to sign, or to make for who is signed in or invited."""

    def asked() -> dict[str, Any]:
        _on(app)
        site = app.team.site
        if fields.get("do") == "make":
            reader = _own(app, request)
            challenge = app.team.attempts.begin("make", app.browser, _address(request), {"reader": reader.id})
            known = app.team.readers.credentials(reader)
            return {"challenge": challenge, "options": passkeys.asked_to_make(site, reader, known, challenge)}
        challenge = app.team.attempts.begin("sign", app.browser, _address(request), {})
        return {"challenge": challenge, "options": passkeys.asked_to_sign(site, challenge)}

    return _json(asked)


def made_passkey(app: TeamApp, request: Request, fields: dict[str, str]) -> Response:
    """A passkey was made: its reader is known by it from now on."""

    def kept() -> Response | dict[str, str]:
        _on(app)
        challenge = fields.get("challenge", "")
        asked = app.team.attempts.take("make", app.browser, challenge)
        own, reader = isinstance(app, ReaderApp), _own(app, request)
        if asked is None or asked["reader"] != reader.id:
            raise SignInError("", "That took too long.", "Make it again.")
        new = passkeys.made(app.team.site, fields.get("answer", ""), challenge)
        _free(app, passkeys.KIND, new.key, reader)
        if not own:
            _accept(app, request, reader)
        data = {"public_key": new.public_key, "count": new.count}
        app.team.readers.add_credential(reader, passkeys.KIND, new.key, data)
        if own:
            return {"to": "/you"}
        answer = JSONResponse({"to": "/"})
        begin(app, request, answer, reader, passkeys.KIND)
        return answer

    return _json(kept)


def signed_passkey(app: TeamApp, request: Request, fields: dict[str, str]) -> Response:
    """A passkey signed our challenge: its reader is signed in."""

    def checked() -> Response:
        _on(app)
        challenge, given = fields.get("challenge", ""), fields.get("answer", "")
        if app.team.attempts.take("sign", app.browser, challenge) is None:
            raise SignInError("", "That took too long.", "Try again.")
        found = app.team.readers.by_credential(passkeys.KIND, passkeys.named(given))
        if found is None:
            raise UNKNOWN
        reader, kept = found
        count = passkeys.signed(app.team.site, given, challenge, reader, kept)
        app.team.readers.used_credential(passkeys.KIND, kept.key, {**kept.data, "count": count})
        answer = JSONResponse({"to": inside(fields.get("to", "/"))})
        begin(app, request, answer, reader, passkeys.KIND)
        return answer

    return _json(checked)


# ------------------------------------------------------------------------- by what a reader is known


def you(app: ReaderApp, request: Request) -> Response:
    """By what the reader is known, and where they are signed in."""
    known = [
        {"kind": c.kind, "key": c.key, "label": c.data.get("label", ""), "made": c.made, "used": c.used}
        for c in app.team.readers.credentials(app.reader)
    ]
    return app.view(
        request,
        "team/you.html",
        known=known,
        sessions=app.team.sessions.count(app.reader),
        by=app.session.by,
        idle=app.team.site.session.idle_days,
    )


def drop_credential(app: ReaderApp, request: Request, fields: dict[str, str]) -> Response:
    """Remove a credential of the reader, but never the last one."""
    known = app.team.readers.credentials(app.reader)
    gone = [c for c in known if c.kind == fields.get("kind") and c.key == fields.get("key")]
    if not gone:
        raise NotFoundError("", "You are not known by that.")
    if len(known) == 1:
        raise SettingsError("", "It is the only way back in.", "Add another way first.")
    app.team.readers.drop_credential(app.reader, gone[0].kind, gone[0].key)
    return app.done(request, "You are not known by it any more.", "/you")


def sign_out_everywhere(app: ReaderApp, request: Request, fields: dict[str, str]) -> Response:
    """End every session of the reader."""
    app.team.sessions.end_all(app.reader)
    return sign_out(app, request, fields)
