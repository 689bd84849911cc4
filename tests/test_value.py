"""News value and kind: an item's grade, the reasons, and that invented items are ordered as an editor would."""

from __future__ import annotations

from statistics import mean

import pytest

from newsfeed.model import KINDS, NewsValue
from newsfeed.topics import Document, build, load, value
from newsfeed.topics.tagger import BATCH, Tagger
from newsfeed.topics.value import HIGHEST, LEAST_POINTS, MOST_TERMS
from newsfeed.topics.weights import WeightsError

# Three hard sets, each about one subject: an event, a general text, and an offer.
HARD = (
    (
        "Central bank cuts key rate by half a point as growth stalls",
        "How do central banks set their key rate?",
        "Open a savings account this month and get our best rate",
    ),
    (
        "Ransomware attack shuts down hospitals in three countries",
        "How to protect your laptop against ransomware: ten tips",
        "Our new backup suite now protects you against ransomware, save 20% today",
    ),
    (
        "Regulator fines chip maker 2 billion euros for price fixing",
        "Five things I learned about chips as an intern",
        "Join our webinar on chips and win a voucher",
    ),
    (
        "Airline group files for bankruptcy and grounds its fleet",
        "Tips for cheap airline tickets this summer",
        "Use our code for 15% off all airline bookings",
    ),
    (
        "Parliament passes law that bans targeted ads for minors",
        "What I think about targeted ads",
        "Sponsored: reach more customers with targeted ads",
    ),
)

# Invented items by the grade that an editor would give them: clear cases, at least three per grade.
STRIKES = (
    "Black Friday deals: the best headphones under $50",
    "Win two tickets to our annual conference",
    "Comments of the week",
    "Lottery numbers for Saturday",
)
FILLER = (
    "How to season a cast iron pan in four steps",
    "Why I left the city for a small farm",
    "What is your favourite keyboard shortcut?",
)
WORTH = (
    "Study of 40,000 patients finds new drug halves risk of stroke",
    "Court rules that carmaker must recall 300,000 vehicles over faulty brakes",
    "Government announces new tariffs on imported steel, and trade partners threaten to retaliate",
    "Bank to cut 8,000 jobs after merger",
)

KIND = {
    "howto": ("How to sharpen a kitchen knife", "10 tips for writing better emails", "A step-by-step guide to repotting orchids"),
    "event": ("Minister resigns after audit finds missing millions", "Court blocks merger of two rail operators", "Earthquake kills dozens in coastal region"),
    "question": ("How do you keep track of your team's passwords?", "What is the best way to learn statistics?", "Does anyone know why my build fails on Windows?"),
    "research": ("Study finds link between sleep and memory in older adults", "Researchers measure methane leaks from space, a new paper shows", "Survey of 2,000 managers finds meetings take up a third of the week"),
}  # fmt: skip


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return load(None, {})


def judge(tagger: Tagger, *titles: str, text: str = "", lang: str = "en") -> list[NewsValue]:
    documents = [Document(id=n, title=title, text=text, lang=lang) for n, title in enumerate(titles, 1)]
    found = [tagging.news for tagging in tagger.tag(documents)]
    assert all(found)
    return [news for news in found if news]


@pytest.mark.slow
def test_same_seeds_same_bytes() -> None:
    some = build.value_seeds()[::12]
    assert value.pack_value(build.train_value(some)) == value.pack_value(build.train_value(some))


@pytest.mark.slow
def test_the_shipped_weights_are_those_of_the_seeds() -> None:
    shipped, made = value.shipped_bytes(), build.value_weights()
    assert shipped is not None, "run: make model"
    # Other versions of the libraries may round differently; the model is the same.
    old, new = value.unpack_value(shipped), value.unpack_value(made)
    assert old.linear.stems == new.linear.stems, "seeds changed; run: make model"
    assert old.linear.keys.tolist() == new.linear.keys.tolist()
    assert old.calibration == pytest.approx(new.calibration, abs=0.02)
    reader = load(None, {}).reader
    reading = reader.read([Document(id=n, title=title) for n, title in enumerate((*STRIKES, *WORTH))])
    for before, after in zip(old.judge(reading), new.judge(reading), strict=True):
        assert before.value == pytest.approx(after.value, abs=0.05), "run: make model"


def test_bytes_that_are_no_weights_are_refused() -> None:
    shipped = value.shipped_bytes()
    assert shipped is not None
    for spoiled in (b"", b"weights", shipped[:-7], shipped[:200] + b"\0" + shipped[201:]):
        with pytest.raises(WeightsError):
            value.unpack_value(spoiled)


def test_packed_and_unpacked_a_model_judges_the_same(tagger: Tagger) -> None:
    again = value.unpack_value(value.pack_value(tagger.value))
    reading = tagger.reader.read([Document(id=n, title=title) for n, title in enumerate(WORTH)])
    assert again.judge(reading) == tagger.value.judge(reading)


@pytest.mark.parametrize("titles", HARD)
def test_hard_sets_are_in_an_editors_order(tagger: Tagger, titles: tuple[str, str, str]) -> None:
    event, explainer, offer = (news.value for news in judge(tagger, *titles))
    assert event > explainer + 0.3
    assert event > offer + 0.8


def test_values_are_grades(tagger: Tagger) -> None:
    strikes, filler, worth = (
        [news.value for news in judge(tagger, *titles)] for titles in (STRIKES, FILLER, WORTH)
    )
    assert max(strikes) < min(worth)
    assert mean(strikes) < 0.6
    assert 0.4 < mean(filler) < 1.4
    assert mean(worth) > 1.7
    for some in (strikes, filler, worth):
        assert all(0 <= one <= HIGHEST for one in some)


@pytest.mark.parametrize("kind", KIND)
def test_kinds(tagger: Tagger, kind: str) -> None:
    found = judge(tagger, *KIND[kind])
    assert sum(news.kind == kind for news in found) >= 2
    for news in found:
        assert news.kind in KINDS
        assert news.sure >= 1 / len(KINDS)
        assert news.sure <= 1


def test_what_is_most_probably_no_news_is_of_such_a_kind() -> None:
    """However its probability is spread over the kinds that are not news."""
    import numpy as np

    odds = np.full((3, len(KINDS)), 0.01)
    for row, said in enumerate(
        (
            {"event": 0.3, "promo": 0.25, "release": 0.28},
            {"event": 0.3, "promo": 0.31, "analysis": 0.25},
            {"event": 0.51, "promo": 0.38},
        )
    ):
        for kind, p in said.items():
            odds[row, KINDS.index(kind)] = p
    assert [KINDS[kind] for kind in value.kinds_of(odds)] == ["release", "event", "event"]


def test_deciding_words_add_up(tagger: Tagger) -> None:
    """The weights of all words of an item add up to its value, and the terms shown are the heaviest."""
    import numpy as np

    model = tagger.value
    for title in (*WORTH, *STRIKES):
        reading = tagger.reader.read([Document(id=1, title=title, lang="en")])
        scored = model.score(reading)
        points = scored.value * model.points[scored.feature]
        start = model.calibration.offset + model.calibration.slope * float(model.linear.bias[0, 0])
        (news,) = model.judge(reading)
        assert news.value == pytest.approx(np.clip(start + points.sum(), 0, HIGHEST), abs=0.01)
        heaviest = sorted(np.abs(points[np.abs(points) >= LEAST_POINTS]), reverse=True)[:MOST_TERMS]
        assert [abs(term.weight) for term in news.terms] == pytest.approx(heaviest, abs=0.001)
        assert news.terms
        assert all(term.term.strip() for term in news.terms)


@pytest.mark.parametrize("title", ["", " ", "…", "🎉🎉🎉", "12 34", "https://example.org/a/b"])
def test_where_there_are_no_words_nothing_is_sure(tagger: Tagger, title: str) -> None:
    (news,) = judge(tagger, title)
    assert news.value < 2
    assert len(news.terms) <= MOST_TERMS


def test_a_very_long_item_is_judged_by_its_beginning(tagger: Tagger) -> None:
    body = "The ministry confirmed the figures on Tuesday and named two firms. " * 200
    (whole,) = judge(tagger, WORTH[1], text=body)
    (longer,) = judge(tagger, WORTH[1], text=body + "Win a voucher in our giveaway! " * 50_000)
    assert longer == whole


@pytest.mark.parametrize(
    ("title", "lang"),
    [
        ("Le gouvernement annonce une réforme des retraites", "fr"),
        ("政府は新しい税制を発表した", "ja"),
        ("Правительство объявило о новых санкциях", "ru"),
        ("Hallitus esittelee uuden budjetin tiistaina", "fi"),
    ],
)
def test_a_language_that_the_model_does_not_know_is_neither_news_nor_strike(
    tagger: Tagger, title: str, lang: str
) -> None:
    (news,) = judge(tagger, title, lang=lang)
    assert 0.5 <= news.value <= 2


def test_german_items_are_in_order(tagger: Tagger) -> None:
    event, howto, offer = judge(
        tagger,
        "Bundestag beschließt Gesetz gegen Preisabsprachen, Konzerne drohen mit Klage",
        "So reinigen Sie Ihre Kaffeemaschine: fünf Tipps",
        "Anzeige: Jetzt Gutschein sichern und 20 Prozent sparen",
        lang="de",
    )
    assert event.value > howto.value + 0.5
    assert event.value > offer.value + 0.5


@pytest.mark.parametrize(
    ("title", "lang", "names"),
    [
        ("Court fines airline", "en", {"a court", "the law", "a company"}),
        ("Regulators ban tariffs", "en", {"a regulator", "a ban"}),
        (
            "Regierung beschließt Sanktionen gegen Russland",
            "de",
            {"a government", "a decision", "a ban", "a country"},
        ),
        ("A quiet walk in the hills", "en", set()),
    ],
)
def test_who_did_what_is_found_in_both_languages(
    tagger: Tagger, title: str, lang: str, names: set[str]
) -> None:
    documents = [
        Document(id=1, title=title, lang=lang),
        Document(id=2, title="", text=f"{title} {title}", lang=lang),
    ]
    found = value.find_acts(tagger.reader.read(documents), tagger.value.classes)
    told = {
        (n, value.act_columns()[c])
        for n, c in zip(found.document.tolist(), found.column.tolist(), strict=True)
    }
    assert told == {(0, f"{name} (title)") for name in names} | {(1, f"{name} (text)") for name in names}
    assert len(told) == found.document.size  # each once, however often it occurs


def test_each_word_of_the_classes_stands_in_one() -> None:
    import tomllib
    from importlib.resources import files

    places = files("newsfeed.topics").joinpath("data", "languages")
    tables = {
        code: tomllib.loads(places.joinpath(code, "acts.toml").read_text("utf-8")) for code in ("en", "de")
    }
    for lang, table in tables.items():
        words = [word for told in table.values() for word in told.split()]
        assert len(words) == len(set(words)), lang
        assert set(table) <= set(tables["en"])
        assert all(word == word.lower() for word in words)


def test_an_item_is_judged_the_same_alone_and_in_a_batch(tagger: Tagger) -> None:
    titles = [title for some in HARD for title in some]
    many = [titles[n % len(titles)] for n in range(BATCH + 40)]
    together = judge(tagger, *many)
    for n in (0, 7, BATCH - 1, BATCH, BATCH + 39):
        assert together[n] == judge(tagger, many[n])[0]
