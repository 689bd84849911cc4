"""The local app: search, kept, sources, rules, breadth and settings."""

from __future__ import annotations

import html
import io
import json
import re
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from apps import STORIES, App, key, words
from homes import Entry, TestHome, make, opml, rss
from serving import Server

from newsfeed.cli.command import Context
from newsfeed.model import Breadth, Item, Parsed, Subscription, picks
from newsfeed.pipeline.answers import keep, what_if


def listed(app: App) -> str:
    return (app.home.folder / "feeds.opml").read_text(encoding="utf-8")


def settings(app: App) -> str:
    return (app.home.folder / "newsfeed.toml").read_text(encoding="utf-8")


# ------------------------------------------------------------------------- search


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [
        ("q=bank", "Central bank holds", "Golf robot"),
        ("q=Rates+mortg", "Lender cuts mortgage", "Central bank holds"),
        ("q=golf&topic=technology", "Golf robot", "Central bank"),
        ("topic=TECHNOLOGY", "Golf robot", "Central bank"),
        ("topic=Technology%20", "Golf robot", "Central bank"),
        ("source=Sales+weekly", "Sales teams", "Central bank"),
        ("q=bank&since=2026-03-18&until=2026-03-18", "Central bank holds", "Golf"),
    ],
)
def test_search_finds_by_words_topic_source_and_day(
    still: App, query: str, there: str, not_there: str
) -> None:
    found = words(still.get(f"/search?{query}"))
    assert there in found
    assert not_there not in found


@pytest.mark.parametrize(
    "query", ["q=zebra", "q=bank&until=2020-01-01", "q=bank&source=http%3A%2F%2Fno.example"]
)
def test_a_search_without_hits_says_so(still: App, query: str) -> None:
    answer = still.get(f"/search?{query}")
    assert answer.status_code == 200
    assert "<li>" not in answer.text.partition('id="hits"')[2]


@pytest.mark.parametrize(
    "query", ['"><script>alert(1)</script>', "NEAR(a b)", "a OR b*", "'; DROP TABLE item; --", "\x00\u202e"]
)
def test_what_is_typed_is_text_only(still: App, query: str) -> None:
    answer = still.client.get(still.base + "/search", params={"q": query})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


def test_hits_are_marked_and_ranked_by_title(still: App) -> None:
    found = still.get("/search?q=rate", x_live="1").text
    assert "<mark>" in found
    assert found.lstrip().startswith('<div id="hits"')
    assert found.index("Lender cuts") < found.index("left alone") if "left alone" in found else True


def test_the_command_finds_the_same(still: App, capsys: pytest.CaptureFixture[str]) -> None:
    assert still.home.run("search", "bank", "--json") == 0
    assert any(
        "Central bank" in "".join(p["text"] for p in h["title"]) for h in json.loads(capsys.readouterr().out)
    )
    assert still.home.run("search", "zebra") == 2


# ------------------------------------------------------------------------- kept


def test_a_kept_story_has_a_note_is_found_shared_and_exported(app: App) -> None:
    ref = app.ref("Central bank")
    app.post("/mark", {"item": ref, "do": "keep"})
    app.post("/mark", {"item": ref, "do": "note", "note": "For the <board> on Monday"})
    page = app.get("/kept?q=board+monday")
    assert "Central bank" in words(page)
    assert "<board>" not in page.text
    assert "Central bank" not in words(app.get("/kept?q=zebra"))
    shared = app.get(f"/share/{ref}").text
    assert "mailto:?subject=Central%20bank" in shared
    assert "For the &lt;board&gt; on Monday" in shared
    packed = zipfile.ZipFile(io.BytesIO(app.post("/export", {}).content))
    assert {"kept.json", "kept.md", "feeds.opml"} <= set(packed.namelist())
    assert json.loads(packed.read("kept.json"))[0]["note"] == "For the <board> on Monday"
    assert b"chips.xml" in packed.read("feeds.opml")


@pytest.mark.parametrize(
    ("form", "link"),
    [("--md", "[Central bank"), ("--html", '<a href="https://bank.example'), ("", "https://bank.example")],
)
def test_the_weeks_links_are_printed_with_their_notes(
    app: App, capsys: pytest.CaptureFixture[str], form: str, link: str
) -> None:
    app.post("/mark", {"item": app.ref("Central bank"), "do": "note", "note": "For the <board>"})
    app.post("/mark", {"item": app.ref("Lender cuts"), "do": "keep"})
    capsys.readouterr()
    assert app.home.run("share", "--week", *filter(None, [form])) == 0
    printed = capsys.readouterr().out
    assert link in printed
    assert ("<board>" in printed) == (not form), "written for where it goes"
    assert "Lender" not in printed, "what has no note is nobody's link"


def test_what_is_kept_outlives_the_item(app: App) -> None:

    ref = app.ref("Central bank")
    app.post("/mark", {"item": ref, "do": "keep"})
    home = Context(app.home.folder).home()
    with home.open_store() as store:
        from datetime import timedelta

        store.prune(home.clock() + timedelta(days=4000), items=1, bodies=1)
    assert "Central bank" in words(app.get("/kept"))
    app.post("/mark", {"item": ref, "do": "note", "note": "still mine", "from": "kept"})
    assert "still mine" in app.get("/kept").text


# ------------------------------------------------------------------------- sources


def test_a_site_is_looked_at_then_added_and_taken_back(app: App, master: tuple[TestHome, Server]) -> None:
    server = master[1]
    server.feed(
        "/found.xml",
        rss(
            "Harbour",
            [
                Entry(
                    "Port opens a second crane for freight and trade",
                    "The harbour doubles what it lifts. Shippers expect shorter queues.",
                    1,
                )
            ],
        ),
    )
    page = f'<html><head><title>H</title><link rel="alternate" type="application/rss+xml" href="{server.url("/found.xml")}"></head><body>x</body></html>'
    server.reply("/home", body=page.encode(), headers=[("Content-Type", "text/html")])
    before = listed(app)
    looked = app.post("/sources/add", {"url": server.url("/home"), "folder": "Policy"})
    assert "Port opens a second crane" in words(looked)
    assert "An estimate for 1 page" in words(looked)
    assert "found.xml" in words(looked).partition("What is written")[2]
    assert listed(app) == before, "a look changes nothing"
    page_of_today = words(looked).partition("On your last pages")[2].partition("What is written")[0]
    assert "Port opens a second crane" in page_of_today
    app.post(
        "/sources/change",
        {
            "do": "add",
            "feed": key(server.url("/found.xml")),
            "confirm": "yes",
        },
    )
    assert "Harbour" in listed(app)
    app.post("/sources/undo", {})
    assert listed(app) == before


def test_a_feed_in_an_unlisted_language_is_not_said_to_have_been_outweighed(
    app: App, master: tuple[TestHome, Server]
) -> None:
    _, server = master
    entries = [
        Entry(f"Der Hafen bekommt den {n}. neuen Kran", "Die Stadt verdoppelt, was der Hafen heben kann.", n)
        for n in range(2, 6)
    ]
    server.feed("/kurier.xml", rss("Hafenkurier", entries))
    shown = words(app.post("/sources/add", {"url": server.url("/kurier.xml")}))
    assert "“de”" in shown
    assert "weighed more" not in shown


def test_a_few_rivals_place_a_new_feed_as_the_whole_morning_does(
    still: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(what_if, "RIVALS", 2)
    monkeypatch.setattr(what_if, "USUAL", 2)
    home = Context(still.home.folder).home()
    wanted = Subscription(url="https://new.example/feed", title="New", folders=("Finance",))
    with home.open_store() as store:
        built = store.latest_edition()
        assert built
        items = tuple(
            Item(
                identity=title,
                link=f"https://new.example/{n}",
                title=title,
                lead=f"{title}, the board said on Tuesday, and named its reasons at length.",
                published=built.built - timedelta(hours=n + 1),
                lang="en",
                hash=title,
            )
            for n, title in enumerate(
                ("Central bank raises its key rate to four per cent", "Ten tips for tea")
            )
        )
        few = what_if.would_have(home, store, wanted, Parsed(items=items))
        monkeypatch.setattr(what_if, "_rivals", lambda store, was: None)
        assert few == what_if.would_have(home, store, wanted, Parsed(items=items))
        assert items[0].title in [title for _, title in few[0]]


@pytest.mark.parametrize(
    ("do", "value", "there"),
    [
        ("move", "World/Money", '<outline text="Money">'),
        ("rename", "The <Bank> & co", "The &lt;Bank> &amp; co"),
        ("must-read", "yes", 'newsfeed-must-read="yes"'),
        ("weight", "1.5", 'newsfeed-weight="1.5"'),
        ("cap", "30%", 'newsfeed-cap="30%"'),
    ],
)
def test_a_change_is_shown_then_written_then_undone(
    app: App, master: tuple[TestHome, Server], do: str, value: str, there: str
) -> None:
    before, url = listed(app), key(master[1].url("/bank.xml"))
    shown = app.post("/sources/change", {"do": do, "feed": url, "value": value})
    assert "A change of your list" in words(shown)
    assert listed(app) == before
    app.post("/sources/change", {"do": do, "feed": url, "value": value, "confirm": "yes"})
    assert there.replace("&lt;Bank>", "") in listed(app).replace("&lt;Bank&gt;", "").replace("&lt;Bank>", "")
    assert "Undo" in words(app.get("/sources"))
    app.post("/sources/undo", {})
    assert listed(app) == before


@pytest.mark.parametrize(
    ("do", "value"), [("weight", "heavy"), ("cap", "lots"), ("rename", " "), ("explode", "x")]
)
def test_a_change_that_can_not_be_is_refused(
    still: App, master: tuple[TestHome, Server], do: str, value: str
) -> None:
    before = listed(still)
    answer = still.post(
        "/sources/change",
        {"do": do, "feed": key(master[1].url("/bank.xml")), "value": value, "confirm": "yes"},
    )
    assert answer.status_code in {400, 404}
    assert listed(still) == before


def test_a_removed_feed_comes_back_and_the_command_undoes_it_too(
    app: App, master: tuple[TestHome, Server]
) -> None:
    before = listed(app)
    app.post("/sources/change", {"do": "remove", "feed": key(master[1].url("/chips.xml")), "confirm": "yes"})
    assert "chips.xml" not in listed(app)
    assert app.home.run("feeds", "undo") == 0
    assert listed(app) == before


def test_another_readers_list_is_shown_then_merged(app: App) -> None:
    foreign = opml(("Elsewhere", "Other", "https://other.example/feed")).encode()
    token = app.token()
    headers = {"origin": app.base, "sec-fetch-site": "same-origin"}
    shown = app.client.post(
        app.base + "/sources/change",
        data={"token": token, "do": "import"},
        files={"file": ("a.opml", foreign)},
        headers=headers,
    )
    assert "other.example" in words(shown)
    assert "other.example" not in listed(app)
    app.post("/sources/change", {"do": "import", "file": foreign.decode("latin-1"), "confirm": "yes"})
    assert "other.example" in listed(app)
    assert app.post("/sources/export", {}).text.count("xmlUrl") == 4


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "http://169.254.169.254/", "https://nothing.invalid/", "javascript:alert(1)"],
)
def test_an_address_that_can_not_be_asked_is_said(still: App, address: str) -> None:
    before = listed(still)
    answer = still.post("/sources/add", {"url": address})
    assert answer.status_code in {400, 404}
    assert 'role="alert"' in answer.text
    kept = html.escape(address) if address.startswith("http") else ""
    assert f'name="url" value="{kept}"' in answer.text, "to be mended where it stands"
    assert "<script>" not in answer.text
    assert listed(still) == before


def test_a_secret_in_an_address_reaches_no_page(app: App, master: tuple[TestHome, Server]) -> None:
    secret = "Zq9x7Kt2Lm4Vb8Nw1Rc5"
    url = f"https://who:{secret}@letters.example/{secret}/feed?auth={secret}"
    text = opml(("Finance", "", url), ("Sales", "Chips", master[1].url("/chips.xml")))
    (app.home.folder / "feeds.opml").write_text(text)
    name = key(url)
    pages = [
        "/sources",
        f"/sources/one?feed={name}",
        "/search",
        "/rules",
        "/",
        f"/rules?kind=source&what={name}",
        "/refresh",
    ]
    said = [app.get(path) for path in pages]
    for do, value in (("move", "World"), ("rename", "Letters"), ("must-read", "yes"), ("remove", "")):
        said.append(app.post("/sources/change", {"do": do, "feed": name, "value": value}))
    assert all(answer.status_code == 200 for answer in said)
    assert all(secret not in answer.text for answer in said)
    assert all("letters.example" in answer.text for answer in said[-4:])


# ------------------------------------------------------------------------- rules and settings


@pytest.mark.parametrize(
    ("kind", "what", "hit"),
    [
        ("word", "golf", "Golf robot"),
        ("source", "/sales.xml", "Sales teams"),
        ("topic", "finance", "Central bank"),
    ],
)
def test_a_rule_shows_what_it_would_have_kept_out(
    app: App, master: tuple[TestHome, Server], kind: str, what: str, hit: str
) -> None:
    what = key(master[1].url(what)) if kind == "source" else what
    before = listed(app), settings(app)
    looked = words(app.client.get(app.base + "/rules", params={"kind": kind, "what": what}))
    assert hit in looked
    assert (listed(app), settings(app)) == before
    app.post("/rules", {"kind": kind, "what": what, "on": "yes"})
    assert (listed(app), settings(app)) != before
    assert "Take the rule away" in words(
        app.client.get(app.base + "/rules", params={"kind": kind, "what": what})
    )
    app.post("/rules", {"kind": kind, "what": what, "on": "no"})
    assert "Nothing is muted" in words(app.get("/rules"))


@pytest.mark.parametrize(
    ("mute", "said"),
    [
        (" Yes ", "Letters"),
        ("TRUE", "Letters"),
        ("always", "Letters"),
        ("no", "Nothing is muted"),
        ("off", "Nothing is muted"),
        ("crane, golf", "Letters, items with: crane, golf"),
    ],
)
def test_a_muted_source_in_the_list_is_a_rule_that_can_be_taken_away(app: App, mute: str, said: str) -> None:
    secret = "Zq9x7Kt2Lm4Vb8Nw1Rc5"
    text = opml(("Finance", "Letters", f"https://letters.example/feed?auth={secret}"))
    (app.home.folder / "feeds.opml").write_text(text.replace("xmlUrl=", f'newsfeed-mute="{mute}" xmlUrl='))
    shown = app.get("/rules")
    assert said in words(shown).partition("Muted now")[2]
    assert secret not in shown.text
    for what in re.findall(r'name="what" value="([^"]*)"><span>', shown.text):
        app.post("/rules", {"kind": "source", "what": what, "on": "no"})
    assert "Nothing is muted" in words(app.get("/rules"))


@pytest.mark.parametrize("title", ["Feed {}", "https://who:{}@host.example/", "{}"])
def test_a_feed_that_is_named_by_a_secret_is_not_added_under_it(
    app: App, master: tuple[TestHome, Server], title: str
) -> None:
    secret, server = "Zq9x7Kt2Lm4Vb8Nw1Rc5", master[1]
    server.feed(f"/{secret}/feed.xml", rss(title.format(secret), [Entry("A port opens", hours=1)]))
    shown = app.post("/sources/add", {"url": server.url(f"/{secret}/feed.xml?auth={secret}")})
    assert "A port opens" in words(shown)
    assert secret not in shown.text


def test_sliders_change_nothing_until_they_are_saved(app: App) -> None:
    (app.home.folder / "newsfeed.toml").write_text(
        'timezone = "Europe/Berlin"  # mine\n\n[edition]\nminutes = 5   # no more\n'
    )
    before = settings(app)
    tried = app.get("/breadth?minutes=2&share-sales=40&was-sales=10", x_live="1")
    assert "minutes instead of" in words(tried)
    assert settings(app) == before
    app.post("/breadth", {"minutes": "2", "share-sales": "40"})
    after = settings(app)
    assert "minutes = 2   # no more" in after
    assert "# mine" in after
    assert "share = 0.4" in after
    refused = app.post("/breadth", {"share-sales": "60", "share-finance": "60"})
    assert refused.status_code == 400
    assert settings(app) == after


@pytest.mark.parametrize("minutes", ["1.5", "5", "45"])
def test_the_slider_reaches_as_far_as_the_setting_does(app: App, minutes: str) -> None:
    (app.home.folder / "newsfeed.toml").write_text(f"[edition]\nminutes = {minutes}\n")
    before = settings(app)
    found = re.search(
        r'name="minutes" min="([\d.]+)" max="([\d.]+)" step="0.5" value="([\d.]+)"', app.get("/breadth").text
    )
    assert found
    least, most, value = map(float, found.groups())
    assert least <= value <= most
    assert value == float(minutes)
    app.post("/breadth", {"minutes": minutes})
    assert settings(app) == before


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"minutes": "7.5"}, "minutes = 7.5"),
        ({"hour": "05:45"}, 'hour = "05:45"'),
        ({"languages": "en, de"}, 'languages = ["en", "de"]'),
        ({"networks": "bluesky, mastodon=fosstodon.org"}, "mastodon=fosstodon.org"),
    ],
)
def test_settings_are_written_with_comments_kept(app: App, fields: dict[str, str], line: str) -> None:
    (app.home.folder / "newsfeed.toml").write_text(
        '# my own words\ntimezone = "Europe/Berlin"\n[fetch]\nmanual_floor = 0 # now\n'
    )
    app.post("/settings", {"long_read": "yes", "off_path": "yes", **fields})
    assert line in settings(app)
    assert settings(app).startswith("# my own words\n")
    assert "manual_floor = 0 # now" in settings(app)


@pytest.mark.parametrize(
    "fields",
    [
        {"minutes": "many"},
        {"minutes": "-1"},
        {"hour": "25:99"},
        {"timezone": "Mars/North"},
        {"core": "golf"},
        {"networks": "myspace"},
    ],
)
def test_a_setting_that_can_not_be_is_refused_with_a_reason(still: App, fields: dict[str, str]) -> None:
    before = settings(still)
    answer = still.post("/settings", {"long_read": "yes", "off_path": "yes", **fields})
    assert answer.status_code == 400
    assert settings(still) == before


@pytest.mark.parametrize(
    "path",
    [
        ("fetch", "allow_private"),
        ("secrets", "a.example"),
        ("publish", "folder"),
        ("mail", "host"),
        ("home",),
    ],
)
def test_the_browser_never_writes_what_opens_doors(still: App, path: tuple[str, ...]) -> None:
    from newsfeed.errors import SettingsError
    from newsfeed.pipeline.subscriptions import edit

    with pytest.raises(SettingsError, match="by hand"):
        edit.settings_change(Context(still.home.folder).home(), {path: "x"})


def test_what_came_by_a_secret_is_never_shared() -> None:
    from newsfeed.model import FeedState, Subscription
    from newsfeed.pipeline.answers.keep import is_private

    for url in (
        "imaps://imap.example.org/INBOX?from=a@b.example",
        "https://user:pass@a.example/feed",
        "https://mastodon.social/home",
    ):
        kind = "mastodon" if "mastodon" in url else ""
        assert is_private(FeedState(subscription=Subscription(url=url, html_url=url, kind=kind))), url
    assert not is_private(FeedState(subscription=Subscription(url="https://a.example/feed")))


def test_people_are_offered_fitting_stories_and_the_account_tells_whom(app: App) -> None:
    with (app.home.folder / "newsfeed.toml").open("a") as file:
        file.write(
            '\n[people.cfo]\nlabel = "CFO"\ntopics = ["finance"]\nmail = "cfo@x.example"\n[people.ann]\nwords = ["golf"]\n'
        )
    page = app.get("/").text
    assert 'href="mailto:cfo@x.example?subject=Central%20bank' in page
    assert "CFO nothing so far; this morning’s" in words(app.get("/breadth"))
    app.post("/passed", {"item": app.ref("Central bank"), "person": "cfo"})
    assert "CFO 1" in words(app.get("/breadth"))


def test_nobody_is_offered_what_came_by_a_secret_even_when_it_left_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server() as server:
        home = make(tmp_path / "home", monkeypatch, [server.port])
        told_by = {"open": STORIES["bank"][0], "closed": STORIES["bank"][2]}
        for name, entry in told_by.items():
            server.feed(f"/{name}.xml", rss(name, [entry], base=f"https://{name}.example"))
        closed = server.url("/closed.xml").replace("//", "//me:Zq9x7Kt2Lm4V@")
        every = [("Finance", "Open", server.url("/open.xml")), ("Finance", "Closed", closed)]
        home.list(opml(*every))
        with (home.folder / "newsfeed.toml").open("a") as file:
            file.write('\n[people.cfo]\ntopics = ["finance"]\nmail = "cfo@x.example"\n')
        assert home.run("digest", "--no-open") == 0
        for listed in (every, every[:1]):
            home.list(opml(*listed))
            home.run("refresh")
            whole = Context(home.folder).home()
            with whole.open_store() as store:
                edition = store.latest_edition()
                assert edition
                offered = keep.for_whom(whole, store, edition)
                told = {p.ref: p.title for p in picks(edition)}
                assert told_by["closed"].title in told.values(), "it stands on the page"
                assert [told[ref] for ref in offered] == [told_by["open"].title]


def test_the_weekly_page_tells_whom_one_brought_something(app: App) -> None:
    with (app.home.folder / "newsfeed.toml").open("a") as file:
        file.write('\n[people.cfo]\nlabel = "CFO"\ntopics = ["finance"]\nmail = "cfo@x.example"\n')
    with Context(app.home.folder).home().open_store() as store:
        edition = store.latest_edition()
        assert edition
        weekly = msgspec.structs.replace(edition, breadth=Breadth())
        assert ("CFO nothing so far" in words(app.get("/"))) == bool(edition.breadth)
        store.record(weekly, ())
    assert "CFO nothing so far; this morning’s" in words(app.get("/"))


# ------------------------------------------------------------------------- my links, read aloud, schedule


def test_kept_links_become_a_feed_of_ones_own_where_the_reader_wished_for_it(app: App) -> None:
    ref = app.ref("Central bank holds")
    app.post("/mark", {"item": ref, "do": "note", "note": "For <the> board & me"})
    assert not (app.home.folder / "site" / "links.xml").exists()
    (app.home.folder / "newsfeed.toml").write_text(f"{settings(app)}[share]\nlinks = true\n")
    app.post("/mark", {"item": ref, "do": "keep"})
    data = json.loads(app.get("/links.json").content)
    assert [(i["title"], i["content_text"]) for i in data["items"]] == [
        ("Central bank holds interest rates at three per cent", "For <the> board & me")
    ]
    drawn = app.get("/links.xml")
    assert drawn.headers["content-type"].startswith("application/atom+xml")
    assert "For &lt;the&gt; board &amp; me" in drawn.text
    app.post("/mark", {"item": ref, "do": "unkeep"})
    assert json.loads(app.get("/links.json").content)["items"] == []


def test_reading_aloud_is_hidden_until_a_voice_of_this_machine_is_found(still: App) -> None:
    block = re.search(r'<p class="listen" id="listen" hidden>.*?</p>', still.get("/").text)
    assert block
    script = re.search(r'src="(/app\.js[^"]*)"', still.get("/").text)
    assert script
    assert "v.localService" in still.get(script[1]).text


@pytest.mark.parametrize("kind", ["systemd", "launchd", "cron"])
@pytest.mark.parametrize(("word", "has"), [("--serve", True), ("--no-serve", False), ("", False)])
def test_schedule_offers_the_app_beside_it(
    still: App, kind: str, word: str, has: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    still.home.run("schedule", "on", "--by", kind, *filter(None, [word]))  # shown; nobody is here to confirm
    said = capsys.readouterr().out
    assert "run" in said
    assert ("serve" in said) == has


def test_cron_starts_the_app_without_mailing_its_key(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    app.home.run("schedule", "on", "--by", "cron", "--serve")
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("*/10 * * * * ")]
    morning, serve = (line.removeprefix("*/10 * * * * ") for line in lines)
    assert morning.endswith("run --once --quiet")
    done = subprocess.run(["/bin/sh", "-c", serve], capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), (
        "it runs already, which is said to nobody"
    )
