"""The team's web app in a real browser: passkeys by Chromium's virtual authenticator, every view accessible."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import homes
import pytest
from apps import STORIES
from browsers import chromium, violations, window
from homes import rss
from oidc_provider import OidcProvider
from postgres import Cluster
from serving import Server
from team_sites import Site, serving_team
from teams import TestTeam, make

pytestmark = pytest.mark.live

VIEWS = (
    "/",
    "/kept",
    "/search?q=bank",
    "/sources",
    "/lists",
    "/breadth",
    "/rules",
    "/settings",
    "/you",
    "/admin",
)


@pytest.fixture(scope="module")
def site(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A team with a reader who has a page."""
    with pytest.MonkeyPatch.context() as monkeypatch, Server() as server:
        team = make(postgres, tmp_path_factory.mktemp("team") / "team", monkeypatch)
        team.allow(server.place)
        server.feed("/bank.xml", rss("Bank", STORIES["bank"], base="https://bank.example"))
        team.add("ada", f"Finance {server.url('/bank.xml')}")
        team.readers.change(team.readers.named("ada"), admin=True)
        team.at(homes.NOON)
        team.work("fetch")
        with serving_team(team) as running:
            yield running
        team.close()


@pytest.fixture(scope="module")
def browser(site: Site) -> Iterator[Any]:
    with chromium() as launched:
        yield launched


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """Opens a page in a browser of its own."""
    contexts = []

    def opened(*, script: bool = True, width: int = 1280) -> Any:
        context = window(browser, java_script_enabled=script, viewport={"width": width, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on(
            "console",
            lambda m: (
                page.errors.append(m.text) if m.type == "error" and "Failed to load" not in m.text else None
            ),
        )
        return page

    yield opened
    for context in contexts:
        context.close()


def device(page: Any, *, verified: bool = True) -> tuple[Any, str]:
    """An authenticator of this browser that stores passkeys."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    made = session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": verified,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return session, made["authenticatorId"]


def invited(team: TestTeam, name: str) -> str:
    return team.readers.invite(team.readers.named(name))


def test_an_invitation_becomes_a_passkey_and_the_passkey_signs_in(site: Site, tab: Any) -> None:
    team = site.team
    page = tab()
    session, holder = device(page)
    page.goto(f"{site.base}/invited/{invited(team, 'ada')}")
    assert page.url == f"{site.base}/welcome"
    page.get_by_role("button", name="Make a passkey").click()
    page.wait_for_url(f"{site.base}/")
    page.goto(f"{site.base}/you")
    page.get_by_text("A passkey").first.wait_for()
    kept = session.send("WebAuthn.getCredentials", {"authenticatorId": holder})["credentials"]
    assert len(kept) == 1
    assert kept[0]["isResidentCredential"]
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_text("You are signed out").wait_for()
    page.goto(f"{site.base}/kept?q=bank")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{site.base}/kept?q=bank")
    assert team.rows("select data->>'count' from reader.credential where kind = 'passkey'")[0][0] >= "1"
    # A device that already has a passkey is not asked to make a second one.
    page.goto(f"{site.base}/you")
    page.get_by_role("button", name="Make a passkey").click()
    page.get_by_text("has one already").wait_for()
    assert not page.errors


def test_a_passkey_of_a_reader_who_is_gone_or_unknown_lets_nobody_in(site: Site, tab: Any) -> None:
    team = site.team
    page = tab()
    device(page)
    team.readers.add("eve")
    page.goto(f"{site.base}/invited/{invited(team, 'eve')}")
    page.get_by_role("button", name="Make a passkey").click()
    page.wait_for_url(f"{site.base}/")
    team.readers.remove(team.readers.named("eve"))
    page.goto(f"{site.base}/settings")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("Nobody here is known by this").wait_for()
    assert page.url.startswith(f"{site.base}/sign-in")


def test_a_device_that_does_not_ask_who_holds_it_lets_nobody_in(site: Site, tab: Any) -> None:
    team = site.team
    page = tab()
    device(page, verified=False)
    team.readers.add("carl")
    page.goto(f"{site.base}/invited/{invited(team, 'carl')}")
    page.get_by_role("button", name="Make a passkey").click()
    page.get_by_text("No passkey was given").wait_for(timeout=90_000)
    carl = team.readers.named("carl")
    assert not team.readers.credentials(carl)


def test_a_signature_is_good_once_and_for_its_own_challenge(site: Site, tab: Any) -> None:
    """A signature for one challenge is worthless for another, or a second time."""
    team = site.team
    page = tab()
    device(page)
    team.readers.add("dora")
    page.goto(f"{site.base}/invited/{invited(team, 'dora')}")
    page.get_by_role("button", name="Make a passkey").click()
    page.wait_for_url(f"{site.base}/")
    page.get_by_role("button", name="Sign out", exact=True).click()
    sent: list[str] = []
    page.on("request", lambda r: sent.append(r.post_data) if r.url.endswith("/passkey/signed") else None)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{site.base}/")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_text("You are signed out").wait_for()
    again = """async ([body, fresh]) => {
        const fields = new URLSearchParams(body);
        fields.set("token", document.querySelector("[name=token]").value);
        if (fresh) {
            const asked = await fetch("/passkey/ask", { method: "POST", body: new URLSearchParams({ token: fields.get("token"), do: "sign" }) });
            fields.set("challenge", (await asked.json()).challenge);
        }
        const answer = await fetch("/passkey/signed", { method: "POST", body: fields });
        return [answer.status, (await answer.json()).trouble];
    }"""
    status, said = page.evaluate(again, [sent[0], False])
    assert (status, "too long" in said) == (400, True)
    status, said = page.evaluate(again, [sent[0], True])
    assert (status, "believed" in said) == (400, True)
    page.goto(f"{site.base}/kept")
    assert page.url.startswith(f"{site.base}/sign-in")


@pytest.mark.parametrize("script", [True, False])
def test_the_way_to_a_provider_of_another_site_and_back(
    postgres: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tab: Any, script: bool
) -> None:
    """Our pages' policy lets the browser go to the provider, and our cookies are sent when it comes back."""
    team = make(postgres, tmp_path / "team", monkeypatch)
    team.readers.add("ada")
    with OidcProvider(host="127.0.0.1") as provider:
        text = f'[oidc]\nissuer = "{provider.issuer}"\nclient_id = "newsfeed"\nname = "Acme"\n'
        with serving_team(team, text) as site:
            provider.register("newsfeed", "", f"{site.base}/sign-in/back")
            page = tab(script=script)
            page.goto(f"{site.base}/invited/{invited(team, 'ada')}")
            page.get_by_role("link", name="Sign in with Acme").click()
            page.get_by_role("heading", name="There is no page yet").wait_for()
            page.get_by_role("button", name="Sign out").click()
            page.goto(f"{site.base}/kept?q=a")
            page.get_by_role("link", name="Sign in with Acme").click()
            page.get_by_role("heading", name="Kept").wait_for()
            assert page.url == f"{site.base}/kept?q=a"
            assert not page.errors
    team.close()


@pytest.mark.parametrize("script", [True, False])
def test_a_morning_works_with_script_and_without(site: Site, tab: Any, script: bool) -> None:
    page = tab(script=script)
    page.goto(f"{site.base}/invited/{invited(site.team, 'ada')}")
    page.get_by_role("button", name="Only in this browser").click()
    page.goto(site.base)
    if (first := page.get_by_role("button", name="Make my first page now")).count():
        first.click()
    page.locator("article", has_text="Central bank").get_by_role("button", name="Keep").click()
    page.get_by_role("status").filter(has_text="Kept").wait_for()
    page.locator("article", has_text="Central bank").get_by_role("button", name="Keep").click()
    page.get_by_role("status").filter(has_text="No longer kept").wait_for()
    page.goto(f"{site.base}/settings")
    page.get_by_label("Minutes, a hard limit").fill("8" if script else "9")
    page.get_by_role("button", name="Save").first.click()
    page.get_by_role("status").filter(has_text="Saved").wait_for()
    page.goto(f"{site.base}/lists")
    page.get_by_role("button", name="Show my list").click()
    page.get_by_role("button", name="Show it no longer").click()
    page.get_by_role("status").filter(has_text="Nobody sees").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    assert not page.errors


@pytest.mark.parametrize("width", [320, 1280])
def test_every_view_is_accessible_and_fits(site: Site, tab: Any, width: int) -> None:
    page = tab(width=width)
    token = invited(site.team, "ada")
    page.goto(f"{site.base}/sign-in")
    wrong = {}
    page.goto(f"{site.base}/invited/{token}")
    for view in ("/sign-in", "/welcome", *VIEWS):
        if view == VIEWS[0]:
            page.goto(f"{site.base}/welcome")
            page.get_by_role("button", name="Only in this browser").click()
        page.goto(site.base + view)
        if found := violations(page):
            wrong[view] = found
        assert page.evaluate("document.documentElement.scrollWidth") <= width, view
    assert not wrong
