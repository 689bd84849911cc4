"""Before its first page a home takes the languages of its feeds, unless its reader has named some."""

from __future__ import annotations

import tomllib
from pathlib import Path

import homes
import pytest
from homes import Entry, TestHome
from serving import Server

GERMAN = [
    Entry("Notenbank senkt den Leitzins auf zwei Prozent", "Die Inflation ist gefallen, sagt die Notenbank.", 2),
    Entry("Bundestag beschließt den Haushalt nach langem Streit", "Die Regierung bekommt ihre Mehrheit knapp.", 3),
    Entry("Chiphersteller baut ein Werk für neue Speicher", "Das Unternehmen investiert drei Milliarden Euro.", 4),
]  # fmt: skip
ENGLISH = [
    Entry("Central bank cuts its key rate to two percent", "Inflation has fallen, the central bank says.", 2),
    Entry("Parliament passes the budget after a long fight", "The government has a narrow majority.", 3),
    Entry("Chip maker builds a plant for new memory", "The company invests three billion euros.", 4),
]


@pytest.fixture
def home(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestHome:
    return homes.make(tmp_path / "home", monkeypatch, [server.port])


def listed(home: TestHome, server: Server, *, german: int, english: int) -> None:
    feeds = [("Kurier", GERMAN)] * german + [("Gazette", ENGLISH)] * english
    home.list(
        homes.opml(
            *(
                ("News", f"{name} {n}", server.feed(f"/{n}.xml", homes.rss(f"{name} {n}", items, base=f"https://{name}{n}.example")))
                for n, (name, items) in enumerate(feeds)
            )
        )
    )  # fmt: skip


def languages(home: TestHome) -> list[str] | None:
    return tomllib.loads((home.folder / "newsfeed.toml").read_text()).get("languages")


@pytest.mark.parametrize(
    ("german", "english", "found"),
    [(3, 0, ["de"]), (2, 1, ["de", "en"]), (1, 3, ["en", "de"]), (1, 4, None), (0, 2, None)],
)
def test_the_languages_of_a_quarter_of_the_feeds_are_those_of_the_page(
    home: TestHome, server: Server, capsys: pytest.CaptureFixture[str], german: int, english: int, found: list[str] | None
) -> None:  # fmt: skip
    listed(home, server, german=german, english=english)
    assert home.run("digest", "--no-open") == 0
    assert languages(home) == found
    assert ("written to newsfeed.toml" in capsys.readouterr().out) == (found is not None)
    titles = {one["title"] for one in (*home.digest()["picks"], *home.digest()["lines"])}
    assert (GERMAN[0].title in titles) == (found is not None)
    assert ("lang=de" in home.page() or 'lang="de"' in home.page().partition("<head>")[0]) == (
        found is not None and found[0] == "de"
    )


def test_languages_that_the_reader_named_stay(home: TestHome, server: Server) -> None:
    settings = home.folder / "newsfeed.toml"
    settings.write_text('languages = ["en"]\n' + settings.read_text())
    listed(home, server, german=2, english=1)
    assert home.run("digest", "--no-open") == 0
    assert languages(home) == ["en"]
    assert GERMAN[0].title not in home.page()


def test_later_feeds_change_no_languages(home: TestHome, server: Server) -> None:
    listed(home, server, german=0, english=1)
    assert home.run("digest", "--no-open") == 0
    listed(home, server, german=3, english=0)
    assert home.run("digest", "--no-open", "--rebuild") == 0
    assert languages(home) is None
