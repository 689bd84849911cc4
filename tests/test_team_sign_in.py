"""Who gets in and who doesn't: invitations, sessions, a real OpenID provider, a reverse proxy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from apps import PLAIN
from oidc_provider import OidcProvider
from team_sites import Browser, Site, serving_team, words
from teams import TestTeam

from newsfeed.team.readers import key_of
from newsfeed.team.sessions import OF_ONE_ADDRESS, Attempts, Sessions
from newsfeed.team.site import SessionSetting
from newsfeed.team.team_web import OPEN_POST, READERS_GET, READERS_POST

PROXY = '[proxy]\nheader = "X-Forwarded-User"\nnetworks = ["{}"]\n'


@pytest.fixture
def site(team: TestTeam) -> Iterator[Site]:
    with serving_team(team) as running:
        yield running


@contextmanager
def with_provider(
    team: TestTeam, more: str = "", secret: str = "hush-hush-9"
) -> Iterator[tuple[Site, OidcProvider]]:
    """A team's web app whose readers sign in at a provider."""
    with OidcProvider() as provider:
        team.set("NEWSFEED_TEAM_OIDC_SECRET", secret)
        text = f'[oidc]\nissuer = "{provider.issuer}"\nclient_id = "newsfeed"\nname = "Acme"\n{more}'
        with serving_team(team, text) as site:
            provider.register("newsfeed", secret, f"{site.base}/sign-in/back")
            yield site, provider


def known_as(site: Site, provider: OidcProvider, name: str, subject: str) -> None:
    """A reader whom the provider knows."""
    reader = site.team.add(name)
    site.team.readers.add_credential(reader, "oidc", key_of(provider.issuer, subject))


# ------------------------------------------------------------------------- without a sign-in


def test_a_stranger_is_led_to_the_sign_in_and_back(site: Site) -> None:
    for path in ("/", "/kept?q=x", "/settings", "/admin", "/archive/2026/03/19.html", "/nothing"):
        with site.browser() as stranger:
            answer = stranger.get(path, follow=False)
            assert answer.status_code == 303
            to = urlsplit(answer.headers["location"])
            assert to.path == "/sign-in"
            assert parse_qs(to.query).get("to", ["/"])[0] == path


def test_no_address_of_a_reader_answers_a_stranger_or_a_form_without_its_token(site: Site) -> None:
    ada = site.team.add("ada")
    with site.browser() as stranger, site.signed_in(ada) as reader:
        for path in READERS_GET:
            asked = re.sub(r"\{.*?\}", "x", path)
            assert stranger.get(asked, follow=False).status_code == 303, path
            assert stranger.get(asked, follow=False, x_live="1").status_code == 401, path
        for path in READERS_POST:
            assert stranger.post(path, {"do": "keep"}, token="x").status_code == 401, path
            assert reader.post(path, {"do": "keep", "confirm": "yes"}, token="x").status_code == 403, path
        for path in OPEN_POST:
            assert stranger.post(path, {"do": "make"}, token="x").status_code == 403, path
        for path in {**READERS_GET, **READERS_POST}:
            if path.startswith("/admin"):
                answer = (
                    reader.post(path, {"do": "invite", "name": "eve"})
                    if path in READERS_POST
                    else reader.get(path)
                )
                assert answer.status_code == 404, path
    assert site.team.count("reader.reader") == 1


def test_an_invented_session_is_none(site: Site) -> None:
    site.team.add("ada")
    for session in ("", "x", "0" * 43, "../../etc", "' or 1=1 --"):
        with site.browser() as stranger:
            stranger.client.cookies.set(f"newsfeed-{site.port}", session)
            assert stranger.get("/", follow=False).status_code == 303, session


# ------------------------------------------------------------------------- invitations


def test_an_invitation_lets_one_person_in_once(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    team = site.team
    assert team.run("invite", "ada@example.org") == 0
    link = re.search(r"/invited/(\S+)", capsys.readouterr().out)
    assert link
    assert team.readers.named("ada").admin  # the first reader is an admin, or nobody could make others one
    assert link[1] not in str(team.rows("select * from reader.invitation"))
    with site.browser() as first, site.browser() as second:
        assert "Welcome, ada" in words(first.get(f"/invited/{link[1]}"))
        assert "Welcome, ada" in words(second.get(f"/invited/{link[1]}"))  # opened is not used
        token = second.token("/welcome")
        assert "You are known by" in words(first.post("/welcome/stay", token=first.token("/welcome")))
        late = second.post("/welcome/stay", token=token)
        assert late.status_code == 403
        assert "used" in words(late)
        assert second.get("/", follow=False).status_code == 303
    assert team.run("invite", "bob@example.org") == 0
    assert not team.readers.named("bob").admin


@pytest.mark.parametrize("late", [timedelta(days=7), timedelta(days=8), timedelta(days=400)])
def test_an_old_invitation_is_none(site: Site, late: timedelta) -> None:
    team = site.team
    token = team.readers.invite(team.add("ada"))
    team.at(team.moment + late)
    with site.browser() as guest:
        assert guest.get(f"/invited/{token}").status_code == 403
        guest.client.cookies.set(f"newsfeed-invited-{site.port}", token)
        assert guest.get("/welcome").status_code == 403
    assert team.count("reader.session") == 0


def test_an_invented_invitation_is_none(site: Site) -> None:
    for token in ("x", "A" * 43, "%00", "a/b"):
        with site.browser() as guest:
            assert guest.get(f"/invited/{token}").status_code in {403, 404}, token


# ------------------------------------------------------------------------- sessions


def test_a_session_is_the_servers_own_and_only_its_hash_is_kept(site: Site) -> None:
    team = site.team
    ada = team.add("ada")
    with site.browser() as browser:
        browser.client.cookies.set(
            f"newsfeed-{site.port}", "chosen-by-somebody-else", domain="localhost.local"
        )
        browser.accept(team.readers.invite(ada))
        token = browser.session
        assert token
        assert token != "chosen-by-somebody-else"
        kept = str(team.rows("select * from reader.session"))
        assert token not in kept
    with site.browser() as other:
        other.client.cookies.set(f"newsfeed-{site.port}", "chosen-by-somebody-else")
        assert other.get("/", follow=False).status_code == 303


def test_a_session_known_before_the_sign_in_is_worth_nothing_after_it(site: Site) -> None:
    """An attacker who planted their own session in a browser does not share what is signed in there later."""
    team = site.team
    with site.signed_in(team.add("mallory")) as planted, site.browser() as victim:
        name, before = f"newsfeed-{site.port}", planted.session
        victim.client.cookies.set(name, before, domain="localhost.local", path="/")
        victim.get(f"/invited/{team.readers.invite(team.add('ada'))}")
        answer = victim.post("/welcome/stay", token=victim.token("/welcome"), follow=False)
        assert answer.headers["location"] == "/you"
        assert victim.session != before
        assert planted.get("/", follow=False).status_code == 303


def test_a_cookie_says_who_may_send_it(team: TestTeam) -> None:
    with serving_team(team) as site, site.browser() as guest:
        guest.get(f"/invited/{team.readers.invite(team.add('ada'))}")
        answer = guest.post("/welcome/stay", token=guest.token("/welcome"), follow=False)
        cookies = [c for c in answer.headers.get_list("set-cookie") if "Max-Age=0" not in c]
        assert cookies
        assert all("HttpOnly" in c and "SameSite=lax" in c and "Path=/" in c for c in cookies)
    with serving_team(team, 'site = "https://news.example.org"\n') as site, site.browser() as guest:
        to = {"host": "news.example.org"}
        base = f"http://{site.at}"
        answer = httpx.get(f"{base}/invited/{team.readers.invite(team.add('bob'))}", headers=to, **PLAIN)
        cookies = answer.headers.get_list("set-cookie")
        assert all(c.startswith("__Host-newsfeed") and "Secure" in c and "HttpOnly" in c for c in cookies)
        assert "max-age" in answer.headers["strict-transport-security"]


def test_a_session_ends_when_it_rests_or_is_old(site: Site) -> None:
    team = site.team
    with site.signed_in(team.add("ada")) as ada:
        for _ in range(4):
            team.at(team.moment + timedelta(days=6))
            assert ada.get("/", follow=False).status_code == 200
        team.at(team.moment + timedelta(days=6, minutes=1))  # older than thirty days, though never idle
        assert ada.get("/", follow=False).status_code == 303
    with site.signed_in(team.readers.named("ada")) as ada:
        team.at(team.moment + timedelta(days=7, minutes=1))
        assert ada.get("/", follow=False).status_code == 303


def test_a_shorter_life_counts_for_sessions_that_are_there(team: TestTeam) -> None:
    ada = team.add("ada")
    longer, shorter = (SessionSetting(idle_days=30, days=days) for days in (30, 1))
    token = Sessions(team.place, team.clock, longer).begin(ada, "passkey").token
    team.at(team.moment + timedelta(days=2))
    assert Sessions(team.place, team.clock, shorter).find(token) is None
    assert Sessions(team.place, team.clock, longer).find(token) is not None


def test_sign_out_here_and_everywhere(site: Site) -> None:
    ada = site.team.add("ada")
    with site.signed_in(ada) as one, site.signed_in(ada) as two, site.signed_in(ada) as three:
        assert "In 3 browsers" in words(one.get("/you"))
        kept = one.session
        assert "signed out" in words(one.post("/sign-out"))
        one.client.cookies.set(f"newsfeed-{site.port}", kept)
        assert one.get("/", follow=False).status_code == 303
        assert two.get("/", follow=False).status_code == 200
        two.post("/you/everywhere")
        assert three.get("/", follow=False).status_code == 303


# ------------------------------------------------------------------------- requests of other sites


def test_another_site_changes_nothing(site: Site) -> None:
    from_elsewhere = (
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"host": "evil.example"}, 421),
    )
    with site.signed_in(site.team.add("ada")) as ada:
        for headers, status in from_elsewhere:
            assert ada.post("/settings", {"minutes": "9"}, **headers).status_code == status, headers
            assert "minutes = 9" not in site.team.readers.named("ada").settings, headers


def test_a_form_needs_the_token_of_its_own_session(site: Site) -> None:
    with site.signed_in(site.team.add("ada")) as ada, site.signed_in(site.team.add("bob")) as bob:
        for sent in ("", "x", "0" * 43, bob.token()):
            for path in (
                "/settings",
                "/settings/mail",
                "/lists/show",
                "/sources/change",
                "/you/everywhere",
                "/sign-out",
            ):
                assert ada.post(path, {"minutes": "9", "on": "yes"}, token=sent).status_code == 403, path
        assert ada.get("/", follow=False).status_code == 200
        assert not site.team.readers.named("ada").shows_lists


def test_every_page_says_what_may_run_on_it(site: Site) -> None:
    with site.signed_in(site.team.add("ada")) as ada:
        for path in ("/", "/settings", "/you", "/sign-in"):
            answer = ada.get(path)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy, path
            assert "frame-ancestors 'none'" in policy, path
            assert answer.headers["cache-control"] == "no-store", path
            assert answer.headers["x-content-type-options"] == "nosniff", path
            assert ada.session not in answer.text, path


def test_behind_tls_forms_come_from_the_site_alone(team: TestTeam) -> None:
    ada = team.add("ada")
    with serving_team(team, 'site = "https://news.example.org"\n') as site:
        own = Sessions(team.place, team.clock, SessionSetting()).begin(ada, "passkey")
        for origin, status in (
            ("https://news.example.org", 303),
            ("http://news.example.org", 403),
            (f"http://{site.at}", 403),
            ("https://news.example.org.evil.example", 403),
        ):
            answer = httpx.post(
                f"http://{site.at}/settings",
                data={"token": own.form, "minutes": "6"},
                headers={
                    "host": "news.example.org",
                    "origin": origin,
                    "cookie": f"__Host-newsfeed={own.token}",
                },
                **PLAIN,
            )
            assert answer.status_code == status, origin


OUTSIDE = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "/%09/evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "evil.example",
    "/sign-out",
    "http:evil.example",
    "///evil.example",
]


def test_the_way_on_after_the_sign_in_stays_inside(team: TestTeam) -> None:
    with with_provider(team) as (site, provider):
        known_as(site, provider, "ada", "ada-1")
        for to in OUTSIDE:
            with site.browser() as ada:
                location = through(ada, site, to=to).headers["location"]
                assert urlsplit(location).netloc == "", to
                assert re.fullmatch(r"/(?!/)[^\\]*", location), to
                assert urlsplit(str(ada.get(location).url)).netloc == urlsplit(site.base).netloc, to


# ------------------------------------------------------------------------- a provider


def start(browser: Browser, path: str = "/sign-in/oidc") -> str:
    """The address to which the provider redirects, with its code."""
    answer = browser.get(path, follow=False)
    assert answer.status_code == 303, answer.text
    back = browser.client.get(answer.headers["location"], follow_redirects=False)
    assert back.status_code == 302, back.text
    return back.headers["location"]


def through(browser: Browser, site: Site, to: str = "/") -> httpx.Response:
    """A whole sign-in at the provider."""
    from urllib.parse import quote

    return browser.get(start(browser, f"/sign-in/oidc?to={quote(to, safe='')}"), follow=False)


def test_a_reader_signs_in_at_the_provider_and_lands_where_they_wanted(team: TestTeam) -> None:
    with with_provider(team) as (site, provider), site.browser() as ada:
        known_as(site, provider, "ada", "ada-1")
        page = ada.get("/kept?q=x")
        assert "Sign in with Acme" in page.text
        found = re.search(r'href="(/sign-in/oidc[^"]*)"', page.text)
        assert found
        answer = ada.get(start(ada, found[1].replace("&amp;", "&")), follow=False)
        assert answer.headers["location"] == "/kept?q=x"
        assert ada.get("/kept?q=x").status_code == 200
        sent = provider.tokens[0]
        assert sent["id_token"] not in ada.get("/you").text
        assert "hush-hush-9" not in page.text + ada.get("/you").text + ada.get("/settings").text


def test_sign_ins_that_nobody_finishes_are_bounded_for_each_address(team: TestTeam) -> None:
    with with_provider(team) as (site, provider):
        known_as(site, provider, "ada", "ada-1")
        attempts = Attempts(team.place, team.clock)
        for n in range(OF_ONE_ADDRESS):
            attempts.begin("oidc", f"browser {n}", "127.0.0.1", {})
        with site.browser() as ada:
            refused = ada.get("/sign-in/oidc?to=%2F", follow=False)
            assert refused.status_code == 429
            assert "Try again in ten minutes" in refused.text
            # Another address has a count of its own, and old attempts no longer count.
            assert attempts.begin("oidc", "browser", "192.0.2.7", {})
            team.at(team.moment + timedelta(minutes=11))
            assert through(ada, site).status_code == 303
        assert team.count("reader.attempt") == 0


def test_an_invitation_binds_the_identity_of_the_provider(team: TestTeam) -> None:
    with with_provider(team) as (site, provider):
        with site.browser() as guest:
            guest.get(f"/invited/{team.readers.invite(team.add('ada'))}")
            link = re.search(r'href="(/sign-in/oidc\?bind=[^"]+)"', guest.get("/welcome").text)
            assert link
            assert guest.get(start(guest, link[1]), follow=False).headers["location"] == "/"
            assert guest.get("/", follow=False).status_code == 200
        assert team.rows("select kind, key from reader.credential") == [
            ("oidc", key_of(provider.issuer, "ada-1"))
        ]
        with site.browser() as again:
            assert through(again, site).headers["location"] == "/"
        with site.browser() as other:
            provider.user = {"sub": "eve-2", "email": "ada@example.org", "email_verified": True}
            answer = through(other, site)
            assert answer.status_code == 403
            assert "Nobody here is known by this" in words(answer)


def test_an_opened_invitation_alone_binds_nobody_who_signs_in_otherwise(team: TestTeam) -> None:
    """Mallory's invitation, opened in Ada's browser by a link, must not make Ada's identity hers."""
    with with_provider(team) as (site, provider), site.browser() as ada:
        known_as(site, provider, "ada", "ada-1")
        ada.get(f"/invited/{team.readers.invite(team.add('mallory'))}")
        assert through(ada, site).headers["location"] == "/"
        assert "ada" in words(ada.get("/you"))
        assert team.count("reader.credential") == 1
    for bind in ("", "x", "0" * 43):
        with with_provider(team) as (site, _), site.browser() as ada:
            ada.get(f"/invited/{team.readers.invite(team.readers.named('mallory'))}")
            assert ada.get(f"/sign-in/oidc?bind={bind}", follow=False).status_code == 400


def test_newcomers_come_in_only_where_the_admin_lets_them(team: TestTeam) -> None:
    with with_provider(team, "newcomers = true\n") as (site, provider):
        provider.user |= {"preferred_username": "Ada Lovelace"}
        with site.browser() as one:
            assert through(one, site).headers["location"] == "/"
        provider.user = {"sub": "other", "preferred_username": "Ada Lovelace"}
        with site.browser() as two:
            assert through(two, site).headers["location"] == "/"
        assert [r.name for r in team.readers.all()] == ["Ada.Lovelace", "Ada.Lovelace-2"]
        assert not any(r.admin for r in team.readers.all())


def test_a_state_is_good_once_in_its_own_browser_and_for_ten_minutes(team: TestTeam) -> None:
    with with_provider(team) as (site, provider):
        known_as(site, provider, "ada", "ada-1")
        with site.browser() as ada, site.browser() as mallory:
            back = start(ada)
            stolen = mallory.get(back)
            assert stolen.status_code == 403  # another browser, and that uses it up
            assert ada.get(back, follow=False).status_code == 403
            back = start(ada)
            assert ada.get(back, follow=False).status_code == 303
            ada.client.cookies.clear()
            assert ada.get(back, follow=False).status_code == 403
            back = start(ada)
            team.at(team.moment + timedelta(minutes=10))
            assert ada.get(back, follow=False).status_code == 403
            for state in ("", "x", "0" * 43):
                assert ada.get(f"/sign-in/back?code=abc&state={state}").status_code == 403
            assert ada.get("/sign-in/back?code=abc").status_code == 403


Bend = Callable[[dict[str, Any]], dict[str, Any]]
BENT: dict[str, Bend] = {
    "another nonce": lambda c: c | {"nonce": "other"},
    "no nonce": lambda c: {k: v for k, v in c.items() if k != "nonce"},
    "another issuer": lambda c: c | {"iss": "https://evil.example"},
    "for another client": lambda c: c | {"aud": "other"},
    "for another client, by us": lambda c: c | {"aud": "other", "azp": "newsfeed"},
    "for several, not by us": lambda c: c | {"aud": ["newsfeed", "other"], "azp": "other"},
    "over": lambda c: c | {"exp": 1_700_000_000},
    "nobody": lambda c: {k: v for k, v in c.items() if k != "sub"},
    "no text as subject": lambda c: c | {"sub": 7},
    "without an end": lambda c: {k: v for k, v in c.items() if k != "exp"},
}


def test_an_id_token_that_is_not_right_lets_nobody_in(team: TestTeam) -> None:
    with with_provider(team) as (site, provider):
        known_as(site, provider, "ada", "ada-1")
        for how, bend in BENT.items():
            provider.bend = bend
            with site.browser() as ada:
                answer = through(ada, site)
                assert answer.status_code == 403, how
                assert "believed" in words(answer), how
                assert team.count("reader.session") == 0, how


def test_an_id_token_of_another_key_lets_nobody_in_and_a_turned_key_does(team: TestTeam) -> None:
    from joserfc import jwk

    with with_provider(team) as (site, provider), site.browser() as ada:
        known_as(site, provider, "ada", "ada-1")
        provider.bend, provider.signing = (lambda c: c), jwk.RSAKey.generate_key(2048)
        assert through(ada, site).status_code == 403
        provider.bend = provider.signing = None
        assert through(ada, site).status_code == 303
        provider.turn_keys()
        with site.browser() as again:
            assert through(again, site).status_code == 303


@pytest.mark.parametrize("why", ["refused", "another issuer answered", "wrong secret", "not there"])
def test_a_provider_that_fails_is_told_and_lets_nobody_in(team: TestTeam, why: str) -> None:
    with with_provider(team) as (site, provider), site.browser() as ada:
        known_as(site, provider, "ada", "ada-1")
        if why == "not there":
            provider.said = {"issuer": "https://other.example"}
            answer = ada.get("/sign-in/oidc")
            assert answer.status_code == 400
            return
        back = start(ada)
        if why == "refused":
            back = re.sub(r"code=[^&]+", "error=access_denied", back)
        elif why == "another issuer answered":
            back += "&iss=https%3A%2F%2Fevil.example"
        else:
            provider.clients["newsfeed"].secret = "changed"
        answer = ada.get(back)
        assert answer.status_code == 403
        assert "hush-hush-9" not in answer.text
        assert team.count("reader.session") == 0


# ------------------------------------------------------------------------- a reverse proxy


def test_the_word_of_a_proxy_counts_from_its_own_network(team: TestTeam) -> None:
    ada = team.add("ada")
    team.readers.add_credential(ada, "proxy", key_of("ada@corp"))
    with serving_team(team, PROXY.format("127.0.0.0/8")) as site:
        with site.browser(x_forwarded_user="ada@corp") as browser:
            answer = browser.get("/kept?q=a")
            assert answer.status_code == 200
            assert str(answer.url).endswith("/kept?q=a")
            # The session lasts only while the proxy names this reader.
            token = browser.session
        for headers in ({}, {"x_forwarded_user": "eve@corp"}):
            with site.browser(**headers) as other:
                other.client.cookies.set(f"newsfeed-{site.port}", token)
                assert other.get("/", follow=False).status_code == 303
                assert urlsplit(str(other.get("/").url)).path == "/sign-in"


def test_the_header_from_a_network_not_named_is_nobodys_word(team: TestTeam) -> None:
    team.readers.add_credential(team.add("ada"), "proxy", key_of("ada@corp"))
    inside = ({}, {"x_forwarded_for": "10.9.8.7"}, {"forwarded": "for=10.9.8.7"}, {"x_real_ip": "10.9.8.7"})
    with serving_team(team, PROXY.format("10.9.8.0/24")) as site:
        for headers in inside:
            with site.browser(x_forwarded_user="ada@corp", **headers) as spoofing:
                assert urlsplit(str(spoofing.get("/").url)).path == "/sign-in", headers
                assert "ada" not in words(spoofing.get("/sign-in")), headers
                assert spoofing.get("/sign-in/proxy").status_code == 403, headers
    assert team.count("reader.session") == 0


def test_two_headers_are_no_word_and_a_guest_binds_the_proxys(team: TestTeam) -> None:
    ada = team.add("ada")
    with serving_team(team, PROXY.format("127.0.0.0/8")) as site:
        with site.browser(x_forwarded_user="ada@corp") as guest:
            assert guest.get("/sign-in/proxy").status_code == 403
            guest.get(f"/invited/{team.readers.invite(ada)}")
            assert "I am ada@corp" in words(guest.get("/welcome"))
            assert guest.post("/welcome/proxy", token=guest.token("/welcome")).status_code == 200
            assert guest.get("/", follow=False).status_code == 200
        twice = [("x-forwarded-user", "ada@corp"), ("x-forwarded-user", "eve@corp"), ("host", site.base[7:])]
        answer = httpx.get(f"{site.base}/", headers=twice, **PLAIN)
        assert answer.headers["location"] == "/sign-in"


# ------------------------------------------------------------------------- how it is set


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('site = "http://news.example.org"', "https"),
        ('site = "ftp://x"', "no address"),
        ("passkeys = false", "nobody can sign in"),
        ('[proxy]\nheader = "X"\nnetworks = ["0.0.0.0/0"]', "everybody"),
        ('[proxy]\nheader = "X"\nnetworks = []', "no network"),
        ('[proxy]\nheader = "X"\nnetworks = ["10.0.0.1/8"]', "host bits"),
        ("colour = 1", "colour"),
        ("[session]\nidle_days = 0", "idle_days"),
        ('[oidc]\nissuer = "x"', "client_id"),
    ],
)
def test_settings_that_do_not_go_are_refused_in_a_sentence(team: TestTeam, text: str, said: str) -> None:
    from newsfeed.errors import SettingsError

    with pytest.raises(SettingsError, match=said), serving_team(team, text):
        pass


def test_a_sign_in_that_is_removed_is_none_and_the_last_one_stays(team: TestTeam) -> None:
    with with_provider(team) as (site, provider), site.browser() as ada:
        known_as(site, provider, "ada", "ada-1")
        through(ada, site)
        own = {"kind": "oidc", "key": key_of(provider.issuer, "ada-1")}
        assert "only way back" in words(ada.post("/you/drop", own))
        provider.user = {"sub": "ada-2"}
        link = re.search(r'href="(/you/oidc\?bind=[^"]+)"', ada.get("/you").text)
        assert link
        ada.get(start(ada, link[1]))
        assert "not known by it any more" in words(ada.post("/you/drop", own))
        with site.browser() as again:
            assert through(again, site).status_code == 303
            provider.user = {"sub": "ada-1"}
        with site.browser() as gone:
            assert through(gone, site).status_code == 403


def test_the_form_of_the_tables_is_renewed_and_how_one_signs_in_stays(team: TestTeam) -> None:
    with with_provider(team) as (site, _):
        assert team.run("init", "--database", team.url) == 0
        with site.browser() as guest:
            assert "Acme" in guest.get("/sign-in").text
    assert 'name = "Acme"' in (team.folder / "team.toml").read_text()
