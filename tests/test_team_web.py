"""A reader's pages in the team's web app."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import homes
import httpx
import pytest
from apps import PLAIN, STORIES, key, labels
from homes import rss
from serving import Server
from team_sites import Browser, Site, serving_team, words
from teams import TestTeam
from test_page_languages import english_in


@pytest.fixture
def site(team: TestTeam, server: Server) -> Iterator[Site]:
    team.allow(server.place)
    with serving_team(team) as running:
        yield running


VIEWS = ("/", "/kept", "/search?q=bank", "/sources", "/sources/add", "/lists", "/breadth", "/rules")
VIEWS += ("/settings", "/you", "/teach")


def test_every_view_opens_for_a_reader_without_anything(site: Site) -> None:
    with site.signed_in(site.team.add("ada")) as ada:
        for view in VIEWS:
            answer = ada.get(view)
            assert answer.status_code == 200, (view, words(answer))
            assert "Sign out" in answer.text
        assert ada.get("/nothing").status_code == 404
        assert ada.get("/admin").status_code == 404


# ------------------------------------------------------------------------- a morning


def fed(server: Server) -> list[str]:
    """Serve feeds with stories; gives them as a reader's list."""
    for name, entries in STORIES.items():
        server.feed(f"/{name}.xml", rss(name.capitalize(), entries, base=f"https://{name}.example"))
    return [f"Finance {server.url('/bank.xml')}", f"Technology {server.url('/chips.xml')}"]


@pytest.fixture
def ada(site: Site, server: Server) -> Iterator[Browser]:
    """A reader whose feeds were asked and whose page was made."""
    team = site.team
    reader = team.add("ada", *fed(server))
    team.at(homes.NOON)
    team.work("fetch")
    with site.signed_in(reader) as browser:
        assert "Make my first page now" in browser.get("/").text
        assert "Central bank holds" in browser.post("/make").text
        yield browser


def ref(browser: Browser, title: str) -> str:
    """The short id of a story on the page."""
    for article in re.findall(r"<article.*?</article>", browser.get("/").text, re.DOTALL):
        if title in article:
            found = re.search(r'data-ref="([^"]+)"', article)
            assert found
            return found[1]
    raise AssertionError(f"{title} is not on the page")


def test_a_reader_keeps_likes_corrects_and_asks_why(ada: Browser) -> None:
    bank = ref(ada, "Central bank holds")
    assert "Kept: Central bank" in words(ada.post("/mark", {"item": bank, "do": "keep"}))
    assert "Your note is kept" in words(
        ada.post("/mark", {"item": bank, "do": "note", "note": "For the board"})
    )
    assert "For the board" in ada.get("/kept?q=board").text
    assert "counts for less" in words(ada.post("/mark", {"item": bank, "do": "dislike"}))
    assert "Now under Sales" in words(ada.post("/correct", {"item": bank, "to": "sales -finance"}))
    topic = words(ada.get(f"/topic/{bank}"))
    assert "Sales" in topic
    assert "Take the correction back" in topic
    assert "Finance" in words(ada.post("/correct", {"item": bank, "to": "undo"}))
    assert "By the edition of" in words(ada.get(f"/why/{bank}"))
    assert ada.get(f"/share/{bank}").status_code == 200
    assert ada.get(f"/mute/{bank}").status_code == 200
    export = ada.post("/export")
    assert export.content[:2] == b"PK"
    # One reader's actions on an item change nothing that others share.
    assert ada.site.team.count("shared.correction") == 0
    assert ada.site.team.count("shared.mark") == 0


def test_search_archive_ledger_breadth_and_questions(ada: Browser) -> None:
    assert "Chipmaker" in words(ada.get("/search?q=processor"))
    day = homes.NOON.date()
    page = ada.get(f"/archive/{day:%Y/%m/%d}.html")
    assert "Central bank holds" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert f"{day:%Y/%m/%d}.html" in ada.get("/archive/index.html").text
    assert "Golf robot" in ada.get("/ledger.html").text
    assert ada.get("/archive/2020/01/01.html").status_code == 404
    assert ada.get("/archive/2020/99/99.html").status_code == 404
    assert ada.get("/breadth?minutes=2").status_code == 200
    assert ada.get("/teach").status_code == 200
    assert "Mute" in words(ada.get("/rules?kind=word&what=bank"))
    assert "In force from" in words(ada.post("/rules", {"kind": "word", "what": "golf", "on": "yes"}))
    assert "golf" in ada.site.team.readers.named("ada").settings


def test_settings_are_the_readers_own_and_move_their_hour(ada: Browser) -> None:
    team = ada.site.team
    before = team.rows("select at from shared.morning")[0][0]
    said = ada.post("/settings", {"minutes": "7", "hour": "05:15", "timezone": "Asia/Tokyo"})
    assert "Saved" in words(said)
    kept = team.readers.named("ada").settings
    assert "minutes = 7" in kept
    assert 'hour = "05:15"' in kept
    assert team.rows("select at from shared.morning")[0][0] != before
    assert "mailed to ada@example.org" in words(ada.post("/settings/mail", {"mail": "ada@example.org"}))
    assert team.readers.named("ada").mail == "ada@example.org"
    assert ada.post("/settings/mail", {"mail": "ada@a.example, b@b.example"}).status_code == 400
    assert "not mailed" in words(ada.post("/settings/mail", {"mail": ""}))
    assert ada.post("/settings", {"timezone": "Nowhere/Atall"}).status_code == 400


def test_a_list_is_changed_shown_first_and_taken_back(ada: Browser, server: Server) -> None:
    team = ada.site.team
    server.feed("/sales.xml", rss("Sales weekly", STORIES["sales"], base="https://sales.example"))
    look = ada.post("/sources/add", {"url": server.url("/sales.xml"), "folder": "Sales"})
    offer = re.search(r'name="feed" value="([^"]+)"', look.text)
    assert offer, words(look)
    assert "is added" in words(ada.post("/sources/change", {"do": "add", "feed": offer[1], "confirm": "yes"}))
    assert team.count("reader.subscription", "listed") == 3
    own = key(server.url("/bank.xml"))
    shown = ada.post("/sources/change", {"do": "move", "feed": own, "value": "Money/Banks"})
    assert "Money" in words(shown)
    assert "Money" not in ada.get("/sources").text
    ada.post("/sources/change", {"do": "move", "feed": own, "value": "Money/Banks", "confirm": "yes"})
    assert "Money/Banks" in ada.get("/sources").text
    assert "is removed" in words(ada.post("/sources/change", {"do": "remove", "feed": own, "confirm": "yes"}))
    assert team.count("reader.subscription", "listed") == 2
    assert "taken back" in words(ada.post("/sources/undo"))
    assert team.count("reader.subscription", "listed") == 3
    opml = ada.post("/sources/export")
    assert b"Sales weekly" in opml.content
    assert b"<opml" in opml.content


def test_a_list_of_another_reader_is_merged_from_a_file(site: Site, ada: Browser) -> None:
    file = homes.opml(("World", "Harbour", "https://harbour.example/feed")).encode()
    sent = {"token": ada.token(), "do": "import"}
    headers = {"origin": site.base}
    shown = ada.client.post(
        ada.url("/sources/change"), data=sent, files={"file": ("l.opml", file)}, headers=headers
    )
    assert "Harbour" in words(shown)
    ada.post("/sources/change", {"do": "import", "file": file.decode(), "confirm": "yes"})
    assert "Harbour" in ada.get("/sources").text


def test_a_secret_is_kept_sealed_and_its_feeds_are_ones_own(ada: Browser, server: Server) -> None:
    team, host = ada.site.team, "127.0.0.1"
    said = ada.post("/settings/secret", {"host": host, "secret": "Bearer open-sesame"})
    assert "Kept, sealed" in words(said)
    assert host in words(ada.get("/settings"))
    for view in ("/settings", "/sources", "/you", "/kept"):
        assert "open-sesame" not in ada.get(view).text
    assert b"open-sesame" not in ada.post("/export").content
    assert "open-sesame" not in str(team.rows("select * from reader.secret"))
    assert "forgotten" in words(ada.post("/settings/secret", {"host": host, "do": "forget"}))
    assert team.count("reader.secret") == 0
    for host, secret in (("", "x"), ("a b", "x"), ("a.example", ""), ("a.example", "x\ny"), ("/", "x")):
        assert ada.post("/settings/secret", {"host": host, "secret": secret}).status_code == 400


# ------------------------------------------------------------------------- lists of the team


def test_a_team_list_is_followed_and_each_change_is_a_plan(site: Site, server: Server) -> None:
    team = site.team
    first = homes.opml(
        ("Data", "One", "https://one.example/feed"), ("Data", "Two", "https://two.example/feed")
    )
    server.reply("/team.opml", body=first.encode(), headers=[("Content-Type", "text/x-opml")])
    boss = team.readers.add("boss", admin=True)
    with site.signed_in(boss) as admin, site.signed_in(team.add("ada")) as ada:
        added = admin.post(
            "/admin/lists", {"do": "add", "name": "Data team", "address": server.url("/team.opml")}
        )
        assert "can be followed" in words(added)
        assert "Data team" in ada.get("/lists").text
        number = str(team.rows("select id from reader.team_list")[0][0])
        shown = ada.post("/lists", {"do": "take", "list": number})
        assert "One" in shown.text
        assert team.count("reader.subscription") == 0
        confirm = dict(re.findall(r'name="(do|list|as|confirm)" value="([^"]*)"', shown.text))
        assert "2 came" in words(ada.post("/lists", confirm))
        assert team.count("reader.subscription", "listed") == 2
        # The list at the address changes: the reader's own list stays, and a proposal is made.
        second = homes.opml(
            ("Data", "Two", "https://two.example/feed"), ("Data", "Three", "https://three.example/f")
        )
        server.reply("/team.opml", body=second.encode(), headers=[("Content-Type", "text/x-opml")])
        team.at(team.moment + timedelta(minutes=59))
        team.work("edition")
        assert "has something new" not in ada.get("/").text
        # A worker reads it again within the hour, even if nobody looks.
        team.at(team.moment + timedelta(minutes=1))
        team.work("edition")
        assert team.count("reader.subscription", "listed") == 2
        assert "has something new" in ada.get("/").text
        plan = words(ada.get("/lists"))
        assert "New in it: Three" in plan
        assert "No longer in it: One" in plan
        shown = ada.post("/lists", {"do": "take", "list": number})
        ada.post("/lists", dict(re.findall(r'name="(do|list|as|confirm)" value="([^"]*)"', shown.text)))
        assert [
            r[0]
            for r in team.rows(
                "select f.url from reader.subscription s join shared.feed f on f.id = s.feed where s.listed order by 1"
            )
        ] == [
            "https://three.example/f",
            "https://two.example/feed",
        ]
        assert "has something new" not in ada.get("/").text
        assert ada.post("/lists", {"do": "leave", "list": number}).status_code == 200
        assert team.count("reader.following") == 0
        admin.post("/admin/lists", {"do": "remove", "list": number})
        assert "There is no list yet" in ada.get("/lists").text


def test_the_lists_i_show_are_opt_in_and_without_what_is_private(site: Site) -> None:
    team = site.team
    ada = team.add(
        "ada", "World https://open.example/feed", "Own https://paid.example/feed?token=s3cretvalue"
    )
    with site.signed_in(ada) as hers, site.signed_in(team.add("bob")) as his:
        assert "There is no list yet" in his.get("/lists").text
        assert "Others may follow" in words(hers.post("/lists/show", {"on": "yes"}))
        assert "ada" in words(his.get("/lists"))
        number = str(team.rows("select id from reader.team_list")[0][0])
        shown = his.post("/lists", {"do": "take", "list": number})
        assert "open.example" in shown.text
        assert "paid.example" not in shown.text
        assert "s3cretvalue" not in shown.text
        hers.post("/lists/show", {"on": "no"})
        assert "There is no list yet" in his.get("/lists").text
        assert his.post("/lists", {"do": "take", "list": number}).status_code == 404


# ------------------------------------------------------------------------- the admin


def test_an_admin_invites_removes_and_sees_how_late_it_is(site: Site, server: Server) -> None:
    team = site.team
    boss = team.readers.add("boss", admin=True)
    bob = team.add("bob", *fed(server))
    with site.signed_in(boss) as admin, site.signed_in(bob) as his, site.browser() as new:
        assert "2 due" in words(admin.get("/admin"))
        link = re.search(
            r"http://\S+/invited/(\S+?)<",
            admin.post("/admin/readers", {"do": "invite", "name": "eve@example.org"}).text,
        )
        assert link
        assert "eve" in words(new.accept(link[1]))
        for path in ("/admin/readers", "/admin/lists"):
            assert his.post(path, {"do": "invite", "name": "mallory"}).status_code == 404
        assert "no longer" not in words(admin.post("/admin/readers", {"do": "out", "reader": "bob"}))
        assert "Sign in" in his.get("/").text
        assert "can’t be undone" in words(admin.post("/admin/readers", {"do": "remove", "reader": "bob"}))
        assert team.count("reader.reader") == 3
        admin.post("/admin/readers", {"do": "remove", "reader": "bob", "confirm": "yes"})
        assert team.count("reader.reader") == 2
        assert team.count("reader.subscription") == 0
        assert (
            admin.post("/admin/readers", {"do": "remove", "reader": "boss", "confirm": "yes"}).status_code
            == 400
        )


# ------------------------------------------------------------------------- another reader's


def test_what_is_another_readers_is_not_there(ada: Browser, server: Server) -> None:
    """At the addresses of one reader's things, another reader finds nothing."""
    site, team = ada.site, ada.site.team
    bank = ref(ada, "Central bank holds")
    ada.post("/mark", {"item": bank, "do": "note", "note": "Mine alone"})
    bob = team.add("bob", f"Sales {server.url('/sales.xml')}")
    day = homes.NOON.date()
    with site.signed_in(bob) as his:
        assert "Central bank" not in his.get("/").text
        for path in (
            f"/archive/{day:%Y/%m/%d}.html",
            "/ledger.html",
            f"/why/{bank}",
            f"/topic/{bank}",
            f"/note/{bank}",
            f"/mute/{bank}",
        ):
            assert his.get(path).status_code == 404, path
        for do in ("keep", "unkeep", "note", "like", "dislike", "unlike"):
            assert his.post("/mark", {"item": bank, "do": do}).status_code == 404, do
        for path in ("/correct", "/open"):
            assert his.post(path, {"item": bank, "to": "sales"}).status_code == 404, path
        own = key(server.url("/bank.xml"))
        assert his.get(f"/sources/one?feed={own}").status_code == 404
        for do in ("move", "remove", "rename", "mute", "cap"):
            assert (
                his.post(
                    "/sources/change", {"do": do, "feed": own, "value": "X", "confirm": "yes"}
                ).status_code
                == 404
            )
        assert "Central bank" not in his.get("/search?q=bank").text
        assert "Central bank" not in his.get(f"/share/{bank}").text
        assert "Mine alone" not in his.get("/kept").text
        assert b"Mine alone" not in his.post("/export").content
    assert "Mine alone" in ada.get("/kept").text


def test_any_process_answers_any_reader(ada: Browser) -> None:
    """A second process of the web app knows the session that the first one began."""
    with serving_team(ada.site.team) as second:
        answer = httpx.get(second.base + "/", cookies={f"newsfeed-{second.port}": ada.session}, **PLAIN)
        assert "Central bank holds" in answer.text


def test_a_connection_that_broke_costs_one_answer_at_the_most(ada: Browser) -> None:
    team = ada.site.team
    for role in ("newsfeed_web", "newsfeed_door"):
        team.rows(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = %s and datname = current_database()",
            role,
        )
        first = ada.get("/kept")
        assert first.status_code in {200, 503}
        assert "Traceback" not in first.text
        assert ada.get("/kept").status_code == 200


def test_a_list_has_no_more_feeds_than_the_admin_allows(team: TestTeam) -> None:
    many = homes.opml(*(("World", f"Feed {n}", f"https://f{n}.example/feed") for n in range(4)))
    with serving_team(team, "feeds = 3\n") as site, site.signed_in(team.add("ada")) as ada:
        answer = ada.post("/sources/change", {"do": "import", "file": many, "confirm": "yes"})
        assert answer.status_code == 400
        assert "may have 3" in words(answer)
        assert team.count("reader.subscription") == 0


def test_a_reader_of_german_sees_german_pages(ada: Browser) -> None:
    ada.post("/settings", {"languages": "de, en"})
    ada.post("/lists/show", {"on": "yes"})
    views = ("lists", "you", "settings", "sources", "breadth", "search", "kept", "rules", "admin")
    pages = {view: ada.get(f"/{view}").text for view in views}
    assert "Diese Seite gibt es nicht" in pages["admin"]  # for admins alone
    for view, html in pages.items():
        assert '<html lang="de">' in html, view
        said = re.sub(r"(newsfeed|Authorization|OPML)[^.<]*", " ", labels(html))
        assert (view, english_in(said)) == (view, []), labels(html)


def test_who_is_not_signed_in_yet_is_spoken_to_in_the_browsers_language(site: Site) -> None:
    invitation = site.team.readers.invite(site.team.add("ada"))
    for path in ("/sign-in", "/welcome", "/invited/none", "/sign-in/proxy", "/sign-in/back", "/passkey"):
        with site.browser() as nobody:
            nobody.client.headers["accept-language"] = "fr-FR, de-AT;q=0.9, en;q=0.8"
            if path == "/welcome":
                nobody.get(f"/invited/{invitation}")
            html = nobody.get(path).text
            assert '<html lang="de">' in html, path
            assert english_in(labels(html).replace("newsfeed", "")) == [], labels(html)
            script = re.search(r'"(/passkeys.js[^"]+)"', html)
            if script:
                assert "Dieser Browser kennt keine Passkeys." in nobody.get(script[1]).text
            nobody.client.headers["accept-language"] = "fr, de;q=0"
            assert '<html lang="en">' in nobody.get("/sign-in").text


def test_the_admin_pages_speak_german(site: Site, server: Server) -> None:
    ada = site.team.readers.add("ada", admin=True, settings='languages = ["de", "en"]')
    bob = site.team.add("bob", *fed(server))
    with site.signed_in(ada) as admin:
        admin.post(
            "/admin/lists",
            {"do": "add", "name": "Presse", "file": homes.opml(("World", "Eins", "https://a.example/"))},
        )
        pages = [admin.get("/admin").text]
        pages.append(admin.post("/admin/readers", {"do": "invite", "name": "carl"}).text)
        pages.append(admin.post("/admin/readers", {"do": "admin", "reader": bob.name}).text)
        pages.append(admin.post("/admin/readers", {"do": "remove", "reader": bob.name}).text)
        pages.append(
            admin.post("/admin/readers", {"do": "remove", "reader": bob.name, "confirm": "yes"}).text
        )
        pages.append(admin.post("/admin/readers", {"do": "remove", "reader": ada.name}).text)
    for html in pages:
        assert '<html lang="de">' in html
        assert english_in(re.sub(r"(newsfeed|OPML)[^.<]*", " ", labels(html))) == [], labels(html)
    assert "bob ist gelöscht" in pages[4]


def test_the_page_of_a_reader_of_german_is_made_in_german(site: Site, server: Server) -> None:
    team = site.team
    reader = team.add("ada", *fed(server), settings='languages = ["de", "en"]')
    team.at(homes.NOON)
    team.work("fetch")
    with site.signed_in(reader) as browser:
        for html in (browser.get("/").text, browser.post("/make").text, browser.get("/").text):
            assert '<html lang="de">' in html
            assert english_in(re.sub(r"(newsfeed|Authorization|OPML)[^.<]*", " ", labels(html))) == [], (
                labels(html)
            )
        assert "Central bank holds" in html
