"""Topics of texts in languages other than English: each language is a folder of data."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from newsfeed.topics import OTHER, TOPICS, Document, load
from newsfeed.topics.batches import BatchReader, Stems
from newsfeed.topics.lexicon import Lexicon
from newsfeed.topics.not_news import not_news
from newsfeed.topics.value import IN_ENGLISH
from newsfeed.topics.vocabulary import ENGLISH, glossary, languages, meanings

DATA = Path(__file__).parents[1] / "newsfeed" / "topics" / "data" / "languages"
NAMES = {*TOPICS, OTHER}


def terms(path: Path) -> dict[str, float]:
    return dict(tomllib.loads(path.read_text(encoding="utf-8"))["terms"])


def seeds(code: str) -> list[tuple[str, dict[str, Any]]]:
    return [
        (path.stem, json.loads(line))
        for path in sorted((DATA / code / "seeds").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def told(document: Document) -> set[str]:
    (tags,) = load(None, {}).tag([document])
    return {score.topic for score in tags.scores if score.p >= 0.5}


# ------------------------------------------------------------------------------------------------ data


@pytest.mark.parametrize(
    "path",
    sorted(set(DATA.glob("*/lexicon/*.toml")) - set(DATA.glob("en/**/*"))),
    ids=lambda p: f"{p.parts[-3]} {p.stem}",
)
def test_lexicons_are_well_formed(path: Path) -> None:
    assert path.stem in NAMES
    found = terms(path)
    wrong = [
        term
        for term, weight in found.items()
        if not -5 <= weight <= 5
        or weight == 0
        or term != " ".join(term.lower().split())
        or "*" in term.strip("*")
        or len(term.split()) > 4
        or len(term.strip("*")) < 2
    ]
    assert not wrong
    spoken = Counter(re.sub(r"[-\s]+", " ", term) for term in found)
    assert not [term for term, count in spoken.items() if count > 1]


@pytest.mark.parametrize("code", sorted(set(languages()) - {ENGLISH}))
def test_seeds_are_well_formed_and_none_stands_twice(code: str) -> None:
    for name, seed in seeds(code):
        assert set(seed) == {"title", "text", "topics"}, seed
        assert seed["title"].strip() == seed["title"] != ""
        assert set(seed["topics"]) <= NAMES - {OTHER}
        assert (not seed["topics"]) if name == OTHER else (name in seed["topics"]), seed
    titles = Counter(seed["title"].lower() for _, seed in seeds(code))
    assert not [title for title, count in titles.items() if count > 1]


def test_german_is_written_for_all_topics() -> None:
    assert {path.stem for path in (DATA / "de" / "lexicon").iterdir()} == NAMES
    counts = Counter(topic for _, seed in seeds("de") for topic in seed["topics"] or [OTHER])
    assert {topic: counts[topic] for topic in NAMES if counts[topic] < 38} == {}


# ------------------------------------------------------------------------------------------------ words


def test_compounds_are_found_by_their_head_and_by_their_beginning() -> None:
    german = {
        "finance": {"*bank": 3.0, "*banken": 3.0, "datenbank*": -2.0},
        "technology": {"datenbank*": 3.0},
    }
    lexicon = Lexicon({}, ("finance", "technology"), {"de": german})
    reader = BatchReader(lexicon, Stems())

    def found(title: str, lang: str = "de") -> dict[str, float]:
        reading = reader.read([Document(id=1, title=title, lang=lang)])
        matches = lexicon.match(reading.unit, reading.document, reading.in_title)
        topics = [lexicon.topics[number] for number in matches.topic.tolist()]
        return dict(zip(topics, matches.weight.tolist(), strict=True))

    assert found("Landesbank")["finance"] > 0
    assert found("Zentralbanken")["finance"] > 0
    assert found("Großbank der Schweiz")["finance"] > 0
    assert found("Datenbankfehler").keys() == {"finance", "technology"}
    assert found("Datenbankfehler")["finance"] < 0
    assert found("Bankett") == {}
    assert found("Landesbank", lang="en") == {}, "a word of another language is another word"


@pytest.mark.parametrize(
    ("one", "other"), [("Minister", "Ministers"), ("Haushalt", "Haushalte"), ("Forschung", "Forschungen")]
)
def test_forms_of_a_word_are_one_stem(one: str, other: str) -> None:
    stem = languages()["de"].stem
    assert stem(one.lower()) == stem(other.lower())


# ------------------------------------------------------------------------------------------------ judgement


@pytest.mark.parametrize(
    ("title", "text", "topic"),
    [
        ("Notenbank hebt Leitzins an", "Die Teuerung bleibt hoch, sagte der Präsident der Bank.", "finance"),
        ("Landtag verabschiedet neues Polizeigesetz", "Die Opposition will dagegen klagen.", "policy"),
        ("Forscher entdecken Wasser auf fernem Planeten", "Das Teleskop fand den Dampf.", "science"),
        ("Ransomware legt Stadtverwaltung lahm", "Die Angreifer verlangen Geld.", "security"),
        ("Sprachmodell schreibt Arztbriefe", "Die Klinik setzt auf künstliche Intelligenz.", "ai"),
        ("Neues Betriebssystem für Smartphones", "Die Software ist quelloffen.", "technology"),
        ("Werbeagentur gewinnt Kampagne", "Die Marke will junge Zielgruppen erreichen.", "marketing"),
        ("Außendienst verkauft wieder mehr", "Der Vertrieb gewinnt neue Kunden.", "sales"),
        (
            "Aufsichtsrat beruft neue Vorstandschefin",
            "Die Führungskräfte begrüßen den Wechsel.",
            "leadership",
        ),
    ],
)
def test_german_items_are_judged_by_their_own_words(title: str, text: str, topic: str) -> None:
    assert topic in told(Document(id=1, title=title, text=text, lang="de"))


@pytest.mark.parametrize(
    "title",
    [
        "Stürmer schießt drei Tore gegen Freiburg",
        "Rezept: Apfelkuchen mit Streuseln",
        "Zwei Leichtverletzte bei Unfall",
    ],
)
def test_german_items_of_no_topic_have_none(title: str) -> None:
    assert told(Document(id=1, title=title, lang="de")) == set()


def test_a_german_text_that_says_nothing_of_its_language_is_known_by_its_little_words() -> None:
    text = "Die Bundesbank hat den Leitzins nicht gesenkt, und das wird auch so bleiben, sagte der Präsident."
    assert "finance" in told(Document(id=1, title="Zinsen bleiben", text=text))


def test_french_comes_by_the_same_door() -> None:
    document = Document(
        id=1, title="La Banque centrale relève ses taux", text="L'inflation reste élevée.", lang="fr"
    )
    assert "finance" in told(document)


def test_why_names_german_words_as_they_are_read() -> None:
    document = Document(id=1, title="Bundesbank warnt vor höheren Zinsen", lang="de")
    (tags,) = load(None, {}).tag([document])
    words = [term.term for score in tags.scores for term in score.terms]
    assert words
    assert not [word for word in words if ":" in word]


# ------------------------------------------------------------------------------------------------ no news


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Saugroboter bei Händler um 40 Prozent günstiger", "deal"),
        ("Anzeige: Der neue Kombi im Alltag", "sponsored"),
        ("Tageshoroskop für Mittwoch", "horoscope"),
        ("Vertriebsleiter (m/w/d) gesucht", "job"),
        ("In eigener Sache: neue Öffnungszeiten", "notice"),
        ("Verlosung: zehn Karten fürs Theater", "giveaway"),
        ("Quiz: Welche Flüsse kennen Sie?", "quiz"),
    ],
)
def test_what_is_no_news_in_german(title: str, kind: str) -> None:
    assert not_news(Document(id=1, title=title, lang="de")) == kind


@pytest.mark.parametrize(
    "title",
    [
        "Kartellamt prüft Rabattaktion der Supermärkte: Umsatz und Gewinn im Blick",
        "Gericht verbietet Werbung mit Testsieger",
        "Hersteller von Kopfhörern senkt Prognose",
        "Koalition einigt sich auf Angebot an die Gewerkschaft",
        "Mega-Deal: Softwarehaus kauft Rivalen für neun Milliarden Euro",
    ],
)
def test_news_about_such_things_in_german(title: str) -> None:
    assert not_news(Document(id=1, title=title, lang="de")) == ""


def test_german_patterns_are_not_tried_on_other_texts() -> None:
    assert not_news(Document(id=1, title="Quiz: How well do you know rivers?", lang="de")) == "quiz"
    assert not_news(Document(id=1, title="Tageshoroskop", lang="nl")) == ""


@pytest.mark.parametrize(
    ("lang", "title", "english"),
    [
        ("", "Bundesrat stimmt Steuerreform zu, Gemeinden fordern Ausgleich", False),
        ("en", "Le gouvernement présente son budget et promet moins de dépenses publiques", False),
        ("", "Kopalnia zamyka szyb po wypadku, górnicy protestują przed ministerstwem", False),
        ("", "日本銀行が利上げ", False),
        ("en", "Хронология", False),
        ("de", "The council will vote on the new tram line after a long debate in the town", True),
        ("", "Ferry aground off Velmora", True),
        ("en-GB", "Tariffs: steel", True),
    ],
)
def test_a_text_is_read_in_the_language_that_it_is_in(lang: str, title: str, english: bool) -> None:
    reading = load(None, {}).reader.read([Document(id=1, title=title, lang=lang)])
    assert reading.english.tolist() == [english]


NEW_LANGUAGE = """
import json
from newsfeed.topics import Document, load
from newsfeed.topics.topic_files import topic_of_folder
from newsfeed.topics.not_news import not_news

rates = "La banca centrale alza i tassi per la seconda volta in un anno"
documents = [Document(id=1, title=rates), Document(id=2, title="La squadra vince ancora in casa", lang="it")]
print(json.dumps([
    [[s.topic for s in tags.scores if s.p >= 0.5] for tags in load(None, {}).tag(documents)],
    topic_of_folder("Piazza Affari"),
    not_news(Document(id=3, title="Sconto del 50% solo oggi", lang="it")),
]))
"""


def test_another_language_is_a_folder_of_data(tmp_path: Path) -> None:
    package = Path(__file__).parents[1] / "newsfeed"
    shutil.copytree(package, tmp_path / "newsfeed", ignore=shutil.ignore_patterns("__pycache__"))
    data = tmp_path / "newsfeed" / "topics" / "data" / "languages" / "it"
    (data / "lexicon").mkdir(parents=True)
    (data / "language.toml").write_text('little = "la i per un in del"\nendings = "a e i o"\n', "utf-8")
    (data / "lexicon" / "finance.toml").write_text(
        'folders = "piazza affari"\n[terms]\n"banca centrale" = 3.0\n"tasso" = 2.0\n', "utf-8"
    )
    (data / "not_news.toml").write_text('[[pattern]]\nkind = "deal"\ntitle = "\\\\bsconto\\\\b"\n', "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", NEW_LANGUAGE], cwd=tmp_path, capture_output=True, check=True, timeout=600
    )
    assert json.loads(done.stdout) == [[["finance"], []], "finance", "deal"]


# ------------------------------------------------------------------------------- what words are called in English


@pytest.mark.parametrize(
    ("word", "english"),
    [
        ("leitzins", ("rate",)),
        ("leitzinssenkung", ("rate", "cut")),
        ("zentralbanken", ("central",)),
        ("bahnstreik", ("railway", "train", "strike")),
        ("bundesregierung", ("government",)),
        ("2,5", ("#",)),
        ("xylophon", ()),
    ],
)
def test_a_german_word_is_read_in_english_whole_or_by_its_parts(word: str, english: tuple[str, ...]) -> None:
    assert meanings(word, "de") == english


def test_a_glossary_gives_each_english_word_once_with_words_of_the_language() -> None:
    lines = (DATA / "de" / "english.txt").read_text(encoding="utf-8").splitlines()[1:]
    english = [line.partition(": ")[0] for line in lines]
    assert english == sorted(set(english))
    assert all(
        words.split() == list(dict.fromkeys(words.split())) != []
        for _, _, words in (e.partition(": ") for e in lines)
    )
    assert glossary("") == glossary("fr") == glossary("?") == {}


def test_words_that_no_german_seed_has_are_worth_what_they_are_in_english() -> None:
    """The German seeds know none of these words: only English tells the recall from the tips."""
    tagger = load(None, {})
    pairs = [
        ("Autobauer-Rückrufaktion: Aufsichtsbehörde ordnet Verkaufsverbot an", "Gartentipps: Lieblingsrezepte zum Frühstückskaffee"),
        ("Parlamentswahlen: Oppositionspartei siegt", "Geschenkideen zum Kindergeburtstag"),
        ("Übernahmeangebot: Stahlhersteller kauft Reedereikonzern", "Podcastfolge: Lieblingsbücher und Kaffeekultur"),
    ]  # fmt: skip
    for important, idle in pairs:
        more, less = tagger.tag([Document(id=n, title=t, lang="de") for n, t in enumerate((important, idle))])
        assert more.news
        assert less.news
        assert more.news.value > less.news.value + 0.5
        assert IN_ENGLISH in {term.term for term in more.news.terms}
