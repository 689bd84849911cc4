"""Tagging: an item's topics, their reasons, and that nothing else changes them."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from newsfeed.model import Tagging, TopicSetting
from newsfeed.topics import Document, lexicon, load
from newsfeed.topics.tagger import BATCH, Tagger, cold_weights
from newsfeed.topics.vocabulary import languages
from newsfeed.topics.weights import MAGIC, WeightsError, pack, unpack

SHARED = Path(__file__).parents[2] / "shared"
TOPICS = {
    "world": (
        "Hundreds missing after ferry sinks in the strait",
        "Rescuers searched through the night; the death toll may rise, the coast guard said.",
    ),
    "policy": (
        "Parliament passes sanctions bill after night of talks",
        "The opposition calls it a gift to lobbyists.",
    ),
    "finance": (
        "Central bank holds interest rates as inflation eases",
        "Bond yields fell and the stock market rose.",
    ),
    "science": (
        "Telescope finds water vapour around a distant exoplanet",
        "Astronomers describe the spectrum in a study.",
    ),
    "marketing": (
        "Why your email newsletter loses subscribers",
        "Segment the audience before the next campaign.",
    ),
    "sales": ("How account executives revive a stalled pipeline", "Cold calls, discovery and closing quota."),
    "leadership": (
        "Giving feedback to a manager who does not listen",
        "One-on-ones and psychological safety at work.",
    ),
    "technology": (
        "Postgres 18 beta speeds up index scans",
        "The open-source database also gets a new API for developers.",
    ),
    "security": (
        "Ransomware gang exploits zero-day in VPN appliance",
        "Patch now: attackers steal credentials.",
    ),
    "ai": (
        "New open-weights language model beats larger rivals",
        "The LLM was trained on synthetic data with RL.",
    ),
    "design": (
        "A typeface for small screens",
        "Typography, contrast and UX research with designers in Figma.",
    ),
}
OFF_TOPIC = (
    ("Striker's hat-trick sends United into the cup final", "The midfielder was injured before half-time."),
    (
        "Singer and actor announce their engagement on the red carpet",
        "The couple met on the set of a romantic comedy.",
    ),
    ("Ten-minute lentil soup for cold evenings", "Fry the onions, add garlic and a bay leaf."),
    ("Heavy rain and thunderstorms expected at the weekend", "Forecasters warn of showers along the coast."),
    ("Man arrested after stabbing near railway station", "Police said the victim was in hospital."),
)


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return load(None, {})


def one(tagger: Tagger, title: str, text: str = "", **more: object) -> Tagging:
    return tagger.tag([Document(id=1, title=title, text=text, **more)])[0]  # type: ignore[arg-type]


def has(tagging: Tagging) -> set[str]:
    return {score.topic for score in tagging.scores if score.p >= 0.5}


@pytest.mark.parametrize("topic", TOPICS)
def test_a_plain_story_has_its_topic(tagger: Tagger, topic: str) -> None:
    assert topic in has(one(tagger, *TOPICS[topic]))


@pytest.mark.parametrize(("title", "text"), OFF_TOPIC)
def test_sport_crime_celebrities_and_weather_have_none(tagger: Tagger, title: str, text: str) -> None:
    assert has(one(tagger, title, text)) == set()


@pytest.mark.parametrize(
    ("title", "topic"),
    [
        ("Grandmother's apple pie recipe", "technology"),
        ("Python snake found in garden shed", "technology"),
        ("Trains run a holiday timetable on bank holiday Monday", "finance"),
        ("A growing interest in medieval music", "finance"),
        ("Sales of homes pick up in the valley", "sales"),
        ("Power bank on a long hike: two days of light", "finance"),
        ("Blood bank asks for donors", "finance"),
        ("Code blue: warming shelters open tonight", "science"),
        ("Dress code for the gala: emerald and velvet", "technology"),
        ("Gaming culture's oddest poster", "leadership"),
        ("Waste management lorry stuck in lane", "leadership"),
        ("Hidden talents at the village show", "leadership"),
    ],
)
def test_traps_of_the_field(tagger: Tagger, title: str, topic: str) -> None:
    assert topic not in has(one(tagger, title))


def test_ai_and_security_are_mostly_technology_too(tagger: Tagger) -> None:
    assert {"ai", "technology"} <= has(one(tagger, *TOPICS["ai"]))
    assert {"security", "technology"} <= has(one(tagger, *TOPICS["security"]))


@pytest.mark.parametrize(
    ("title", "text"),
    [
        (
            "Rebels seize border town as peace talks falter",
            "Thousands of refugees fled; the UN asked for a ceasefire.",
        ),
        ("Earthquake kills at least 80 in mountain province", "Survivors spent the night in the open."),
        (
            "Nurses and teachers walk out in nationwide strike",
            "Union leaders expect a million people in the streets.",
        ),
        (
            "Ebola outbreak spreads to the capital",
            "Health workers trace contacts; aid agencies warn of a shortage.",
        ),
        ("Ex-president found guilty of war crimes", "Survivors of the massacre wept in court."),
    ],
)
def test_general_news_is_of_the_world(tagger: Tagger, title: str, text: str) -> None:
    assert "world" in has(one(tagger, title, text))


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("The console war enters its next round", "Both makers cut prices before the holidays."),
        ("Leader election in a cluster without a quorum", "How Raft votes when nodes crash."),
        ("World number one wins in straight sets", "She meets a qualifier in the final."),
        ("A flood of AI startups at the trade fair", "Investors rush from stand to stand."),
        ("Planning a database migration without downtime", "Dual writes, then a switch."),
        ("Free trial conversions: what our numbers say", "Shorter trials convert better."),
    ],
)
def test_what_only_sounds_like_it_is_not(tagger: Tagger, title: str, text: str) -> None:
    assert "world" not in has(one(tagger, title, text))


def test_world_stands_beside_policy(tagger: Tagger) -> None:
    found = has(
        one(tagger, "Parliament votes on peace deal with rebels", "The president warned of a return to war.")
    )
    assert {"world", "policy"} <= found
    assert "policy" in has(one(tagger, *TOPICS["policy"]))


def test_an_item_may_have_two_topics(tagger: Tagger) -> None:
    found = one(
        tagger,
        "Senate passes climate research bill",
        "Scientists welcome the law; physicists and biologists had lobbied lawmakers for the study of the oceans.",
    )
    assert {"science", "policy"} <= has(found)


def test_scores_come_most_probable_first_and_only_worth_keeping(tagger: Tagger) -> None:
    for title, text in TOPICS.values():
        chances = [score.p for score in one(tagger, title, text).scores]
        assert chances == sorted(chances, reverse=True)
        assert all(0.05 <= p <= 1 for p in chances)
        assert "other" not in {score.topic for score in one(tagger, title, text).scores}


def test_parts_add_up_to_the_probability(tagger: Tagger) -> None:
    from math import exp

    for title, text in (*TOPICS.values(), *OFF_TOPIC):
        found = one(tagger, title, text, feed="x", folders=("Finance",))
        for score in found.scores:
            total = sum(score.parts.values())
            assert score.p == pytest.approx(1 / (1 + exp(-total)), abs=0.002), (title, score)


def test_deciding_terms_are_words_of_the_item_heaviest_first(tagger: Tagger) -> None:
    best = one(tagger, *TOPICS["finance"]).scores[0]
    assert best.topic == "finance"
    weights = [abs(term.weight) for term in best.terms]
    assert weights == sorted(weights, reverse=True)
    assert any("interest rate" in term.term for term in best.terms)
    assert len({term.term for term in best.terms}) == len(best.terms)


def test_company_in_the_batch_changes_nothing(tagger: Tagger) -> None:
    documents = [
        Document(id=number, title=title, text=text)
        for number, (title, text) in enumerate([*TOPICS.values(), *OFF_TOPIC] * (2 * BATCH // 15 + 1))
    ]
    together = tagger.tag(documents)
    assert [t.item for t in together] == [d.id for d in documents]
    for number in (0, 7, BATCH - 1, BATCH, len(documents) - 1):
        assert tagger.tag([documents[number]])[0] == together[number]


def test_nothing_to_read_is_fine(tagger: Tagger) -> None:
    assert tagger.tag([]) == []
    for title in ("", "   ", "\0\0", "!!!", "漢字の見出し", "🎉🎉", "a" * 5000):
        assert has(one(tagger, title)) == set()


GERMAN = (
    "Die Zentralbank hebt den Zins an",
    "Der Dollar und der Euro sind nach der Inflation und mit der Bank nicht im Plus, sagt ein Analyst zum Fund.",
)


GERMAN_STEMS = {languages()["de"].stem(word) for word in re.findall(r"\w+", " ".join(GERMAN).lower())}


def test_the_english_lexicon_does_not_judge_german(tagger: Tagger) -> None:
    written = lexicon.shipped("de")
    for lang in ("de", ""):
        for score in one(tagger, *GERMAN, lang=lang).scores:
            entries = {term.term for term in score.terms if term.term not in GERMAN_STEMS}
            assert entries <= written[score.topic].keys()
    assert one(tagger, *TOPICS["finance"], lang="en").scores[0].parts["lexicon"] > 0


def test_folders_speak_for_german_items(tagger: Tagger) -> None:
    alone = {s.topic: s.p for s in one(tagger, "Der Dollar steigt", "", lang="de").scores}
    filed = {
        s.topic: s.p for s in one(tagger, "Der Dollar steigt", "", lang="de", folders=("Wirtschaft",)).scores
    }
    assert filed["finance"] > alone.get("finance", 0.0)


@pytest.mark.parametrize(
    "noise",
    [
        "Listen at https://podcasts.example/campaign?utm_source=email&utm_campaign=brand-advertising",
        "This episode is sponsored by Quay Bank. Open an account at www.quaybank.example/shares today.",
        "Today's issue is brought to you by Lumen Ads! Sign up for their marketing webinar on brand campaigns.",
    ],
)
def test_addresses_and_sponsors_are_no_words_of_the_text(tagger: Tagger, noise: str) -> None:
    plain = Document(id=1, title="Our heron came back", text="It stood on one leg by the pond all morning.")
    noisy = Document(id=1, title=plain.title, text=f"{plain.text} {noise}")
    assert [s.topic for s in tagger.tag([noisy])[0].scores if s.p >= 0.5] == []
    sponsors = Document(
        id=2, title="Sponsored by nobody: how brands choose agencies for their campaigns", text=""
    )
    assert tagger.tag([sponsors])[0].scores[0].topic == "marketing"


def test_sections_of_the_link_are_read(tagger: Tagger) -> None:
    title = "Smith delighted after the big night"
    plain = {
        s.topic: s.p for s in one(tagger, title, link="https://paper.example/2026/smith-delighted").scores
    }
    politics = one(tagger, title, link="https://paper.example/politics/elections/smith-delighted")
    assert {s.topic: s.p for s in politics.scores}["policy"] > plain.get("policy", 0.0)


# --------------------------------------------------------------------------- the reader's own topics


def test_a_new_topic_works_from_its_words_and_examples_at_once() -> None:
    topics = {
        "logistics": TopicSetting(
            words=("freight", "supply chain", "warehouse*"),
            examples=("Container ports reopen after strike", "Container lines raise charter rates"),
        ),
        "finance": TopicSetting(),
    }
    tagger = load(None, topics)
    assert "logistics" in has(one(tagger, "Freight forwarders face empty warehouses"))
    examples = {s.topic: s.p for s in one(tagger, "Container ports and container lines at odds").scores}
    assert examples["logistics"] > 0.3
    assert "logistics" not in has(one(tagger, *TOPICS["policy"]))


def test_a_dropped_topic_is_not_reported() -> None:
    tagger = load(None, {"finance": TopicSetting(), "policy": TopicSetting()})
    for title, text in TOPICS.values():
        assert {s.topic for s in one(tagger, title, text).scores} <= {"finance", "policy"}


def test_words_of_the_reader_strengthen_a_default_topic() -> None:
    title = "Quokka census begins on Rottnest"
    before = {s.topic: s.p for s in one(load(None, {}), title).scores}
    after = load(None, {"science": TopicSetting(words=("quokka",))})
    assert {s.topic: s.p for s in one(after, title).scores}["science"] > before.get("science", 0.0)


# --------------------------------------------------------------------------- weights


def test_damaged_foreign_or_older_weights_are_refused() -> None:
    import numpy as np

    good = pack({"topics": ["a"]}, {"keys": np.arange(5)})
    header, arrays = unpack(good)
    assert header["topics"] == ["a"]
    assert arrays["keys"].tolist() == [0, 1, 2, 3, 4]
    bad = [
        b"",
        b"PK\x03\x04 no weights",
        good[:-1],
        good[:-1] + b"x",
        good.replace(b'"a"', b'"b"'),
        good.replace(b'"format":1', b'"format":9'),
        MAGIC + b"{",
    ]
    for data in bad:
        with pytest.raises(WeightsError):
            unpack(data)
        with pytest.raises(WeightsError):
            load(data, {})


def test_pickled_objects_are_never_loaded() -> None:
    import io
    import zipfile

    import numpy as np

    from newsfeed.topics import weights

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        array = io.BytesIO()
        np.save(array, np.array([{"a": 1}], dtype=object), allow_pickle=True)
        archive.writestr("keys.npy", array.getvalue())
    body = buffer.getvalue()
    header = b'{"format":1,"sha256":"' + weights._digest({}, body).encode() + b'"}\n'
    with pytest.raises(WeightsError):
        unpack(MAGIC + header + body)


@pytest.mark.slow
def test_the_shipped_weights_are_made_from_lexicon_and_seeds() -> None:
    from newsfeed.topics import build, tagger

    shipped, made = tagger.cold_weights(), build.weights()
    assert shipped is not None, "run: make model"
    assert len(made) < 20_000_000
    assert build.weights() == made
    old, new = unpack(shipped), unpack(made)
    assert old[0]["topics"] == new[0]["topics"]
    # Other versions of the libraries may round differently; the model is the same.
    for name in ("base", "lexicon", "model", "rivals", "other"):
        assert old[0]["scales"][name] == pytest.approx(new[0]["scales"][name], abs=0.02), "run: make model"
    for name in ("keys", "stems"):
        assert old[1][name].tolist() == new[1][name].tolist(), "seeds changed; run: make model"
    assert abs(old[1]["weights"].astype(float) - new[1]["weights"].astype(float)).max() < 0.5, (
        "run: make model"
    )


def test_tagging_loads_no_scikit_learn() -> None:
    code = (
        "import sys\n"
        "from newsfeed.topics import Document, load\n"
        "assert 'numpy' not in sys.modules\n"
        "load(None, {}).tag([Document(id=1, title='Central bank cuts rates')])\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'sklearn', 'scipy'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("lang", "title", "text"),
    [
        (
            "zh",
            "森林经营的品质证明",
            "森林是地球的肺脏。森林生产氧气，储存二氧化碳，为无数物种提供生存空间。",
        ),
        ("el", "Η κυβέρνηση ανακοίνωσε νέα μέτρα", "Ο υπουργός είπε ότι τα μέτρα ισχύουν από αύριο."),
        (
            "sv",
            "Riksdagen beslutar om en reform av pensionerna",
            "Ledamöterna röstade ja på fredagen med stor majoritet, men partiet på vänsterkanten sade nej.",
        ),
        # Words that mean something else in English: the model must ignore them.
        ("nl", "De war in het hart van de star", "Die man was in die bank met een brand en een chip."),
    ],
)
def test_a_language_that_nobody_taught_is_judged_by_its_folder_alone(
    lang: str, title: str, text: str
) -> None:
    tagger = load(None, {})
    plain = Document(id=1, title=title, text=text, lang=lang)
    filed = Document(id=2, title=title, text=text, lang=lang, folders=("Recht",))
    without, with_folder = tagger.tag([plain, filed])
    assert [s.topic for s in without.scores if s.p >= 0.5] == []
    assert [s.topic for s in with_folder.scores if s.p >= 0.5] == ["policy"]


@pytest.mark.skipif(
    not (SHARED / "topics" / "dev.jsonl").is_file(), reason="needs ../shared with its labelled items"
)
def test_what_is_called_general_news_mostly_is(tagger: Tagger) -> None:
    """On 200 items that were recognised and then judged by a reader; their texts are not part of the project."""
    rows = (Path(__file__).parent / "data" / "world_labels.tsv").read_text(encoding="utf-8").splitlines()
    truth = {name: mark == "1" for name, mark in (row.split("\t") for row in rows)}
    assert len(truth) == 200
    files = [
        SHARED / "topics" / "dev.jsonl",
        SHARED / "stories" / "dev.jsonl",
        SHARED / "stories" / "dev2.jsonl",
    ]
    found = {
        row["id"]: Document(id=row["id"], title=row["title"], text=row["text"])
        for file in files
        for row in map(json.loads, file.read_text(encoding="utf-8").splitlines())
        if row["id"] in truth
    }
    for line in (SHARED / "worth" / "grades.tsv").read_text(encoding="utf-8").splitlines():
        name, *_, title = line.split("\t")
        if name in truth:
            found[name] = Document(id=name, title=title)
    assert set(found) == set(truth)
    said = [
        name for name, one in zip(found, tagger.tag([*found.values()]), strict=True) if "world" in has(one)
    ]
    right = sum(truth[name] for name in said)
    assert right / len(said) >= 0.8
    assert right / sum(truth.values()) >= 0.8


def test_threads_that_tag_at_once_find_what_one_would() -> None:
    def documents(seed: int) -> list[Document]:
        chance = random.Random(seed)
        names = ["".join(chance.choice("abcdefgh") for _ in range(4)) for _ in range(1500)]
        return [
            Document(id=n, title=title, text=f"{text} {' '.join(names[n * 20 : n * 20 + 150])}")
            for n, (title, text) in enumerate(TOPICS.values(), 1)
        ]

    many = [documents(seed) for seed in range(24)]
    one_by_one = load(None, {})
    wanted = [one_by_one.tag(some) for some in many]
    shared, before = load(cold_weights(), {}), sys.getswitchinterval()  # one that has seen no word yet
    found: dict[int, list[Tagging]] = {}

    def tag(number: int) -> None:
        found[number] = shared.tag(many[number])

    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=tag, args=(number,)) for number in range(len(many))]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    finally:
        sys.setswitchinterval(before)
    assert [found.get(number) for number in range(len(many))] == wanted
