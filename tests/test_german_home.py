"""All that a reader whose first language is German is shown, over two weeks of a home with that fail in every way:
page, ledger, account of weeks, mail, `why` and every view of the app hold no English words but names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import homes
import pytest
from apps import VIEWS, App, serving_home
from homes import Entry, TestHome
from serving import Server, fixed, hang_up, redirect

from newsfeed.text import spoken

DAYS = 9
# "do", "feed" and "feeds" are German too ("Do, 19. Nov", "der Feed").
LITTLE = frozenset(
    re.findall(
        r"\w+",
        """the and of from with your you today story stories source sources also read more nothing that were for is it its this
        there not by be been have has had are them they their when where which who could should would if as but one two other
        what how then than can cannot does did only again first day days edition each every ledger breadth editions none never
        nobody something worth put take look write give add""",
    )
)
# Not ours: what is written in code, commands and names of settings, and what stands in the themselves.
CODE = re.compile(
    r"`[^`]*`|newsfeed(?: --?\w+| (?:why|dislike|like|feeds?|refresh|digest|mail|doctor|schedule|run|kept|search|serve|breadth|off|add|"
    r"repair|remove|check|list|import|setup|oder|export|undo))+|newsfeed-[\w-]+(?:=\S+)?|\[[\w.\"]+\]|\b[\w-]+\.(?:opml|toml|xml|json|example|org|com|social)\b\S*|https?://\S+|"
    r"imaps?://\S+|allow_private|max_\w+|read:\w+|[\w-]+:[\w-]+-(?:password|secret)|user:password|\bJSON Feed\b|Bearer|\benv\b|\bfile\b"
)
WHO = [
    "Notenbank",
    "Bundestag",
    "Chiphersteller",
    "Gericht",
    "Forscher",
    "Softwarefirma",
    "Handelskette",
    "Gewerkschaft",
    "Autobauer",
    "Versicherer",
    "Hochschule",
]
DOES = [
    "senkt",
    "beschließt",
    "baut",
    "verbietet",
    "findet",
    "schließt",
    "eröffnet",
    "fordert",
    "verkauft",
    "prüft",
    "gründet",
    "kürzt",
    "lobt",
]
WHAT = [
    "Leitzins",
    "Rechenzentren",
    "Zulassung",
    "Reederei",
    "Wirkstoff",
    "Sicherheitslücke",
    "Filialen",
    "Hafenstreik",
    "Lastwagen",
    "Stromvertrag",
    "Institut",
    "Jahresgewinn",
    "Brücke",
    "Steuer",
    "Satellit",
    "Impfstoff",
    "Anleihe",
    "Stahlwerk",
    "Datenleck",
    "Mobilfunknetz",
    "Getreide",
    "Flughafen",
    "Wasserstoff",
]


def headline(number: int) -> str:
    return f"{WHO[number % 11]} {DOES[number % 13]} {WHAT[number % 23]} in {WHAT[(number * 7 + 3) % 23]}stadt"


def english(text: str) -> list[str]:
    """Little English words of a text that are neither code nor command."""
    found = set(re.findall(r"[a-zäöüß’']+", CODE.sub(" ", text).lower())) & LITTLE
    return sorted(found)


def seen(html: str) -> str:
    """What of a page is seen or read aloud, without what its say."""
    body = re.sub(
        r"<(style|script|textarea)\b.*?</\1>|<!--.*?-->|<head>.*?</head>", " ", html, flags=re.DOTALL
    )
    aloud = re.findall(r'(?:aria-label|placeholder|title|alt)="([^"]*)"', body)
    body = re.sub(r"<(bdi|code|pre|option|textarea)\b[^>]*>.*?</\1>", " ", body, flags=re.DOTALL)
    return " ".join([re.sub(r"<[^>]+>", " ", body), *aloud])


BROKEN = (
    ("Weg", "/weg", 404), ("Ade", "/ade", 410), ("Gestört", "/gestoert", 500), ("Voll", "/voll", 503), ("Oft", "/oft", 429),
    ("Zu", "/zu", 401), ("Verboten", "/verboten", 403), ("Recht", "/recht", 451), ("Sonderbar", "/sonderbar", 418),
)  # fmt: skip
ODD = (
    ("Seite", b"<!doctype html><html><head><title>Willkommen</title></head><body>Hallo</body></html>"),
    ("Anmeldung", b'<!doctype html><html><body><form><input type="password"></form></body></html>'),
    ("Leer", b""),
    ("Karte", b'<?xml version="1.0"?><urlset><url><loc>https://a.example/</loc></url></urlset>'),
    ("Liste", b'<opml version="2.0"><body><outline text="a" xmlUrl="https://a.example/f"/></body></opml>'),
    ("Jason", b'{"version": "https://jsonfeed.org/version/1.1"}'),
    ("Kaputt", b'{"version": '),
    ("Irgendwas", b"Guten Morgen."),
)  # fmt: skip
NETWORKS = (
    "https://www.linkedin.com/company/eins", "https://www.threads.net/@eins", "https://www.facebook.com/eins",
    "https://www.instagram.com/eins", "https://www.tiktok.com/@eins", "https://x.com/eins",
    "imaps://mail.example.org/INBOX?from=a@b.example", "ftp://alt.example/feed", "http://127.0.0.1:9/privat",
)  # fmt: skip


def listed(server: Server) -> str:
    """Papers that are well, and every way to fail."""
    well = [
        ("Wirtschaft" if n % 2 else "Nachrichten", f"Blatt {n}", server.url(f"/blatt{n}")) for n in range(6)
    ]
    ill = [("Gestörte", name, server.url(path)) for name, path, _ in BROKEN]
    ill += [("Gestörte", name, server.url(f"/{name.lower()}")) for name, _ in ODD]
    ill += [("Gestörte", "Kreis", server.url("/kreis")), ("Gestörte", "Abbruch", server.url("/abbruch"))]
    ill += [("Netze", f"Netz {n}", address) for n, address in enumerate(NETWORKS)]
    text = homes.opml(*well, *ill)
    home_of_others = (
        '<outline text="Meins" type="mastodon" htmlUrl="https://mastodon.example/home" xmlUrl=""/>'
    )
    odd = f'<outline type="rss" text="Doppelt" xmlUrl="{server.url("/blatt1")}" newsfeed-weight="viel" newsfeed_mute="ja"/>'
    muted = f'<outline type="rss" text="Stumm" xmlUrl="{server.url("/stumm")}" newsfeed-mute="yes"/>'
    return text.replace("</body>", f"{home_of_others}{odd}{muted}</body>")


def publish(server: Server, day: int) -> None:
    for n in range(6):
        titles = [headline(1 + 2 * n + k + 12 * day) for k in range(2)]
        entries = [
            Entry(title, f"{title}, das teilte die Stelle am Morgen mit. Die Folgen sind noch nicht abzusehen.", 2 + k - 24 * day)
            for k, title in enumerate(titles)
        ]  # fmt: skip
        server.feed(f"/blatt{n}", homes.rss(f"Blatt {n}", entries, base=f"https://blatt{n}.example"))
    server.feed("/stumm", homes.rss("Stumm", [Entry(f"Golf am Tag {day}", "Ein Loch mehr.", 3 - 24 * day)]))


@pytest.fixture(scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestHome]:
    with pytest.MonkeyPatch.context() as patch, Server() as server:
        folder = tmp_path_factory.mktemp("deutsch") / "home"
        home = homes.make(folder, patch, [server.port])
        last = (homes.NOON + timedelta(days=DAYS - 1)).strftime("%A").lower()
        (folder / "newsfeed.toml").write_text(
            'timezone = "Europe/Berlin"\nlanguages = ["de", "en"]\nmuted = ["golf"]\n'
            f'[edition]\nbreadth_day = "{last}"\n[topics.sales]\nshare = 0.6\n'
            '[mail]\nto = "ich@example.org"\nby = "eml"\npath = "aus"\n'
            '[people.cfo]\nlabel = "Frau Weber"\ntopics = ["finance"]\nmail = "cfo@example.org"\n'
        )
        home.list(listed(server))
        for _, path, status in BROKEN:
            server.reply(path, status)
        for name, body in ODD:
            server.reply(f"/{name.lower()}", 200, [], body)
        server.play("/kreis", redirect("/kreis"))
        server.play("/abbruch", hang_up)
        for day in range(DAYS):
            home.at(homes.NOON + timedelta(days=day))
            publish(server, day)
            assert home.run("digest", "--no-open") in {0, 1}
        yield home
        # A morning on which nothing can be read comes last: it changes the page.


@pytest.fixture(scope="module")
def app(german: TestHome) -> Iterator[App]:
    with serving_home(german) as served:
        yield served


def test_every_page_is_german(german: TestHome) -> None:
    pages = [*german.folder.joinpath("site").rglob("*.html")]
    assert len(pages) >= DAYS + 3
    for page in pages:
        html = page.read_text(encoding="utf-8")
        assert '<html lang="de">' in html
        assert english(seen(html)) == [], (page.name, sentences(html))


def sentences(html: str) -> list[str]:
    """Those of a page's texts that hold English words, for the message of a test that fails."""
    found = [
        text.strip()
        for text in re.findall(r">([^<]+)<|(?:aria-label|placeholder|title)=\"([^\"]*)\"", html)
        for text in text
    ]
    return [text for text in found if english(text)][:12]


def test_the_account_of_weeks_and_the_failing_feeds_are_on_them(german: TestHome) -> None:
    site = german.folder / "site"
    assert "Informiert über" in (site / "breadth.html").read_text(encoding="utf-8")
    assert "Informiert über" in (
        site / f"archive/{homes.NOON + timedelta(days=DAYS - 1):%Y/%m/%d}.html"
    ).read_text(encoding="utf-8")
    assert "Quellen waren nicht zu lesen: " in german.page()


def test_a_mail_is_german(german: TestHome) -> None:
    assert german.run("mail", "--eml", str(german.folder / "brief.eml")) == 0
    message = message_from_bytes((german.folder / "brief.eml").read_bytes(), policy=policy.default)
    assert english(str(message["subject"])) == []
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        text = part.get_content()
        assert english(seen(text) if kind == "html" else text) == [], sentences(f">{text}<")


def test_why_is_german(german: TestHome, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [str(n + 1) for n in range(len(german.digest()["picks"]))]
    ledger = (german.folder / "site" / "ledger.html").read_text(encoding="utf-8")
    asked += re.findall(r'href="(https://blatt\d[^"]*)"', ledger)[:8]
    assert len(asked) >= 5
    for name in asked:
        capsys.readouterr()
        assert german.run("why", name) == 0
        told = capsys.readouterr().out
        assert english(told) == [], told


def test_every_view_is_german(app: App) -> None:
    for path in VIEWS:  # one test: each worker that has one of these makes a home of nine mornings
        html = app.get(app.at(path)).text
        assert '<html lang="de">' in html, path
        assert english(seen(html)) == [], (path, sentences(html))


def test_every_way_to_fail_is_told_in_german(app: App) -> None:
    html = app.get("/sources").text
    told = re.findall(r'<p class="by">(?!<)(.*?)</p>', html)
    assert len(set(told)) >= 24, told
    assert [one for one in told if english(re.sub(r"<[^>]+>", " ", one))] == []


REFUSED: tuple[tuple[str, dict[str, str]], ...] = (
    ("/settings", {"timezone": "Mond/Krater"}),
    ("/settings", {"hour": "halb sieben"}),
    ("/settings", {"languages": "deutsch"}),
    ("/settings", {"minutes": "999"}),
    ("/mark", {"item": "nichts", "do": "keep"}),
    ("/mark", {"item": "nichts", "do": "tanzen"}),
    ("/sources/change", {"feed": "nichts", "do": "remove"}),
    ("/sources/undo", {}),
)


def test_what_is_refused_is_refused_in_german(app: App) -> None:
    for path, fields in REFUSED:
        html = app.post(path, fields).text
        assert english(seen(html)) == [], (path, fields, sentences(html))


def test_a_morning_without_answers_is_told_in_german(
    german: TestHome, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = homes.make(german.folder.parent / "still", monkeypatch, [1])
    home.folder.joinpath("newsfeed.toml").write_text('timezone = "Europe/Berlin"\nlanguages = ["de"]\n')
    with Server() as server:
        monkeypatch.setenv("NEWSFEED_FETCH__ALLOW_PRIVATE", f"127.0.0.1:{server.port}")
        paths = [f"/{n}" for n in range(4)]
        for n, path in enumerate(paths):
            server.feed(
                path,
                homes.rss(
                    f"Blatt {n}",
                    [Entry(headline(n), "Das teilte die Stelle mit.")],
                    base=f"https://b{n}.example",
                ),
            )
        home.list(
            homes.opml(*[("Nachrichten", f"Blatt {n}", server.url(path)) for n, path in enumerate(paths)])
        )
        assert home.run("digest", "--no-open") == 0
        for day, play in (
            (1, fixed(500)),
            (2, hang_up),
            (3, fixed(200, (), b"<html><title>Hotel</title></html>")),
        ):
            home.at(homes.NOON + timedelta(days=day))
            for path in paths:
                server.play(path, play)
            assert home.run("digest", "--no-open") == 2
            assert "Noch keine Seite von heute" in home.page()
            assert english(seen(home.page())) == [], sentences(home.page())


def test_the_detector_sees_english_where_it_stands() -> None:
    for text in (
        "3 stories from 2 sources",
        "It has moved to a.example.",
        "Nothing new was there",
        "Add a source for Technik.",
    ):
        assert english(text), text
    with spoken.speaking("de"):
        assert (
            english(
                spoken.say(
                    "It has moved to {address}. Take over its new address: newsfeed feeds repair.",
                    address="a.example",
                )
            )
            == []
        )


@pytest.mark.parametrize(
    ("option", "lang"), [("", "en"), (' newsfeed-language="de"', "de"), (' newsfeed-language="fr"', "fr")]
)
def test_the_outline_says_in_which_language_its_items_are_whatever_the_feed_says(
    option: str,
    lang: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Server() as server:
        home = homes.make(tmp_path / "home", monkeypatch, [server.port])
        feed = homes.rss("Blatt", [Entry("ABC 27", "")])
        server.feed("/blatt", feed.replace(b"<channel>", b"<channel><language>en</language>", 1))
        text = homes.opml(("Nachrichten", "Blatt", server.url("/blatt")))
        home.list(text.replace('type="rss"', f'type="rss"{option}', 1))
        assert home.run("refresh") == 0
        capsys.readouterr()
        assert home.run("items") == 0
        assert f'"lang":"{lang}"' in capsys.readouterr().out.replace('": "', '":"')


@pytest.mark.parametrize("first", ["fr", "es"])
def test_a_first_language_without_words_of_ours_has_an_english_page_of_its_items(
    first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, lead = {
        "fr": (
            "La banque centrale abaisse son taux directeur",
            "L’institution a réduit mardi son principal taux d’un quart de point pour soutenir la croissance.",
        ),
        "es": (
            "El banco central baja los tipos de interés",
            "La entidad redujo el martes su tipo principal en un cuarto de punto para apoyar el crecimiento.",
        ),
    }[first]
    with Server() as server:
        home = homes.make(tmp_path / "home", monkeypatch, [server.port])
        (home.folder / "newsfeed.toml").write_text(f'timezone = "Europe/Paris"\nlanguages = ["{first}"]\n')
        server.feed("/a", homes.rss("A", [Entry(said, lead)]))
        home.list(homes.opml(("Finance", "A", server.url("/a"))))
        assert home.run("digest", "--no-open") == 0
    assert '<html lang="en">' in home.page()
    assert said in home.page()
    assert f'lang="{first}"' in home.page()
