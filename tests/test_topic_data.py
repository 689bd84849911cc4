"""The data of topics: lexicon, seed examples, and patterns of what is not news."""

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

from newsfeed.topics import TOPICS, Document
from newsfeed.topics.not_news import not_news

PACKAGE = Path(__file__).parents[1] / "newsfeed"
DATA = PACKAGE / "topics" / "data" / "languages" / "en"
KINDS = {
    "deal",
    "sponsored",
    "guide",
    "watch",
    "puzzle",
    "horoscope",
    "quiz",
    "rerun",
    "crude",
    "job",
    "event",
    "notice",
    "thread",
    "live",
    "giveaway",
    "promotion",
}
FIELDS = ("title", "text", "category", "link")


def terms(topic: str) -> dict[str, float]:
    table = tomllib.loads((DATA / "lexicon" / f"{topic}.toml").read_text(encoding="utf-8"))
    assert set(table) <= {"terms", "folders", "parent"}
    return dict(table["terms"])


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def seeds() -> list[tuple[str, dict[str, Any]]]:
    return [(path.stem, seed) for path in sorted((DATA / "seeds").glob("*.jsonl")) for seed in lines(path)]


# ------------------------------------------------------------------------------------------------ lexicon


def test_every_topic_has_a_lexicon_and_no_file_is_left_over() -> None:
    assert {path.stem for path in (DATA / "lexicon").iterdir()} == {*TOPICS, "other"}


@pytest.mark.parametrize("topic", [*TOPICS, "other"])
def test_lexicon_is_broad_and_well_formed(topic: str) -> None:
    found = terms(topic)
    assert sum(weight > 0 for weight in found.values()) >= (400 if topic == "other" else 200)
    assert sum(weight < 0 for weight in found.values()) >= 20
    wrong = [
        term
        for term, weight in found.items()
        if not -5 <= weight <= 5
        or weight == 0
        or term != " ".join(term.lower().split())
        or not 1 <= len(term.split()) <= 4
        or "*" in term[:-1]
        or len(term.rstrip("*")) < 1
    ]
    assert not wrong


@pytest.mark.parametrize("topic", [*TOPICS, "other"])
def test_no_term_stands_twice_in_a_lexicon(topic: str) -> None:
    # TOML refuses equal keys; to us, hyphens and blanks are equal too.
    spoken = Counter(re.sub(r"[-\s]+", " ", term) for term in terms(topic))
    assert not [term for term, count in spoken.items() if count > 1]


# ------------------------------------------------------------------------------------------------ seeds


def test_seeds_are_well_formed() -> None:
    for name, seed in seeds():
        assert set(seed) == {"title", "text", "topics"}, seed
        assert seed["title"].strip() == seed["title"] != ""
        assert seed["text"].strip() == seed["text"]
        assert set(seed["topics"]) <= set(TOPICS)
        assert len(set(seed["topics"])) == len(seed["topics"]) <= 3
        assert (not seed["topics"]) if name == "other" else (name in seed["topics"]), seed


def test_there_are_seeds_enough() -> None:
    counts = Counter(topic for _, seed in seeds() for topic in seed["topics"])
    assert {topic: counts[topic] for topic in TOPICS if counts[topic] < 160} == {}
    assert sum(not seed["topics"] for _, seed in seeds()) >= 320
    tagged = [seed for _, seed in seeds() if seed["topics"]]
    assert sum(len(seed["topics"]) > 1 for seed in tagged) >= 0.2 * len(tagged)


def test_no_seed_stands_twice() -> None:
    titles = Counter(seed["title"].lower() for _, seed in seeds())
    texts = Counter(seed["text"].lower() for _, seed in seeds() if seed["text"])
    assert not [text for text, count in (titles + texts).items() if count > 1]


def test_seeds_are_no_templates() -> None:
    """Every seed has words of its own, and no three opening words are overused."""
    openings = Counter(" ".join(seed["title"].lower().split()[:3]) for _, seed in seeds())
    assert max(openings.values()) <= 6
    written = [
        word for _, seed in seeds() for word in re.findall(r"\w+", f"{seed['title']} {seed['text']}".lower())
    ]
    assert len(set(written)) >= 4 * len(seeds())


# ------------------------------------------------------------------------------------------------ not news


def patterns() -> list[dict[str, Any]]:
    table = tomllib.loads((DATA / "not_news.toml").read_text(encoding="utf-8"))
    assert set(table) == {"about", "pattern", "words"}
    words = table["words"]
    return [
        {key: re.sub("<([a-z]+)>", lambda m: words[m[1]], value) for key, value in pattern.items()}
        for pattern in table["pattern"]
    ]


def compiled() -> list[dict[str, Any]]:
    return [
        {key: value if key == "kind" else re.compile(value, re.IGNORECASE) for key, value in pattern.items()}
        for pattern in patterns()
    ]


def kind(case: dict[str, str]) -> str:
    """The recogniser's answer for a case."""
    return not_news(
        Document(
            id=1,
            title=case["title"],
            text=case.get("text", ""),
            link=case.get("link", ""),
            tags=tuple(filter(None, [case.get("category", "")])),
        )
    )


def test_patterns_are_well_formed() -> None:
    for pattern in patterns():
        assert set(pattern) <= {"kind", "unless", *FIELDS}, pattern
        assert set(pattern) & set(FIELDS), pattern
    assert {pattern["kind"] for pattern in patterns()} == KINDS
    assert compiled()


def test_no_pattern_matches_nothing() -> None:
    assert kind({"title": "", "text": "", "link": "", "category": ""}) == ""


@pytest.mark.parametrize("text", ["a " * 2000, "best " * 1000, "$5 " * 1000, "win the " * 500, "x" * 5000])
def test_patterns_stay_quick_on_hostile_text(text: str) -> None:
    """A pattern with unbounded backtracking would hang here, not merely be slow."""
    assert kind({"title": text[:300], "text": text, "link": "/" + text, "category": text}) in {
        "",
        *KINDS,
    }


def test_what_is_no_news_is_recognised_and_its_look_alikes_are_not() -> None:
    cases = lines(Path(__file__).parent / "data" / "not_news.jsonl")
    assert len(cases) == 300
    assert sum(not case["kind"] for case in cases) == 150
    assert {case["kind"] for case in cases} == {"", *KINDS} - {"promotion", "rerun", "crude"}
    told = [(case["kind"], kind(case), case["title"]) for case in cases]
    right = sum(bool(meant) and bool(said) for meant, said, _ in told)
    wrong = [title for meant, said, title in told if said and not meant]
    missed = [title for meant, said, title in told if meant and not said]
    assert right / (right + len(wrong)) >= 0.97, wrong
    assert right / (right + len(missed)) >= 0.85, missed


def test_titles_alone_tell_housekeeping_from_stories_about_it() -> None:
    cases = lines(Path(__file__).parent / "data" / "not_news_titles.jsonl")
    told = [(case["no_news"], bool(kind(case)), case["title"]) for case in cases]
    assert len(told) >= 130
    assert [title for meant, said, title in told if meant != said] == []


def test_seeds_of_topics_are_news() -> None:
    """Seeds are news and opinions, so the patterns must match almost none of them."""
    tagged = [seed for _, seed in seeds() if seed["topics"]]
    wrong = [seed["title"] for seed in tagged if kind({**seed, "link": ""})]
    assert len(wrong) <= 0.005 * len(tagged), wrong


# ------------------------------------------------------------------------------------------------ a new topic

NEW_TOPIC = """
import json, sys
from newsfeed.config import loading, toml_file
from newsfeed.topics import Document, load
from newsfeed.topics.topic_files import topic_of_folders
from newsfeed.topics.train import train
from pathlib import Path

titles = ["Rose growers fight black spot", "How to prune an apple tree in winter", "Central bank holds rates"]
documents = [Document(id=n, title=title) for n, title in enumerate(titles)]
tagged = [load(weights, {}).tag(documents) for weights in (None, train([], {}, [], {}))]
print(json.dumps({
    "settings": list(loading.parse("", {}, home=Path(".")).topics),
    "template": toml_file.template("UTC"),
    "folder": topic_of_folders(("Hobbies", "Gartenbau")),
    "told": [[[s.topic for s in t.scores if s.p >= 0.5] for t in tags] for tags in tagged],
}))
"""


@pytest.mark.slow
def test_a_topic_for_everyone_is_one_line_of_the_table_and_its_data(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "newsfeed", ignore=shutil.ignore_patterns("__pycache__"))
    table = tmp_path / "newsfeed" / "model" / "settings.py"
    line = '    "ai": TopicSetting('
    written = table.read_text(encoding="utf-8")
    assert written.count(line) == 1
    table.write_text(written.replace(line, f'    "gardens": TopicSetting(label="Gardens"),\n{line}'), "utf-8")
    data = tmp_path / "newsfeed" / "topics" / "data" / "languages" / "en"
    (data / "lexicon" / "gardens.toml").write_text(
        'folders = "gardening, gartenbau"\n[terms]\n"prune" = 3.0\n"rose" = 2.0\n"grower*" = 2.0\n', "utf-8"
    )
    (data / "seeds" / "gardens.jsonl").write_text(
        "".join(
            json.dumps({"title": f"Prune your {plant} before spring", "text": "", "topics": ["gardens"]})
            + "\n"
            for plant in ("roses", "apple trees", "hedges", "vines")
        ),
        "utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-c", NEW_TOPIC], cwd=tmp_path, capture_output=True, check=True, timeout=600
    )
    found = json.loads(done.stdout)
    assert "gardens" in found["settings"]
    assert "policy, gardens, and world" in found["template"]
    assert found["folder"] == "gardens"
    for told in found["told"]:  # by the shipped weights, which never saw it, and by newly trained ones
        assert told[0] == ["gardens"]
        assert told[1] == ["gardens"]
        assert told[2] == ["finance"]
