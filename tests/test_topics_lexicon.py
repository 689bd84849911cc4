"""Words, phrases and traps: what the lexicon finds, and how texts are split into words."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsfeed.errors import SettingsError
from newsfeed.model import DEFAULT_TOPICS, TopicSetting
from newsfeed.text.prose import singular
from newsfeed.topics import Document, lexicon, topic_files
from newsfeed.topics.batches import BatchReader, Stems, mark, sections
from newsfeed.topics.lexicon import Lexicon, parse
from newsfeed.topics.not_news import NotNews
from newsfeed.topics.topic_files import topic_of_folder, topic_of_folders
from newsfeed.topics.vocabulary import stem, surface, words


def found(terms: dict[str, dict[str, float]], title: str, text: str = "") -> dict[tuple[str, str], float]:
    """Topic and entry -> weight found in one document."""
    lexicon = Lexicon(terms, list(terms))
    reading = BatchReader(lexicon, Stems()).read([Document(id=1, title=title, text=text)])
    matches = lexicon.match(reading.unit, reading.document, reading.in_title)
    return {
        (lexicon.topics[topic], lexicon.names[term]): round(weight, 3)
        for topic, term, weight in zip(
            matches.topic.tolist(), matches.term.tolist(), matches.weight.tolist(), strict=True
        )
    }


FINANCE = {"interest": 0.5, "interest rate": 2.0, "interest rate cut": 3.0, "bank*": 1.0, "banknote": 2.5}


def test_the_longest_match_counts() -> None:
    assert found({"f": FINANCE}, "", "interest") == {("f", "interest"): 0.5}
    assert found({"f": FINANCE}, "", "an interest rate") == {("f", "interest rate"): 2.0}
    assert found({"f": FINANCE}, "", "Interest-rate cut!") == {("f", "interest rate cut"): 3.0}


def test_a_shorter_match_elsewhere_counts_too() -> None:
    assert set(found({"f": FINANCE}, "", "interest rate and interest")) == {
        ("f", "interest rate"),
        ("f", "interest"),
    }


def test_the_most_specific_entry_of_a_word_counts() -> None:
    assert found({"f": FINANCE}, "", "banking") == {("f", "bank*"): 1.0}
    assert found({"f": FINANCE}, "", "banknote") == {("f", "banknote"): 2.5}


def test_topics_do_not_know_of_each_other() -> None:
    both = found({"f": FINANCE, "p": {"interest": 1.0, "banknote": 1.0}}, "", "interest rate banknote")
    assert both[("p", "interest")] == 1.0
    assert both[("p", "banknote")] == 1.0
    assert both[("f", "interest rate")] == 2.0


def test_a_trap_takes_the_place_of_its_words_and_speaks_against() -> None:
    tech = {"t": {"apple": 2.0, "apple pie": -3.0}}
    assert sum(found(tech, "", "an apple pie").values()) == -1.0
    assert sum(found(tech, "", "an apple pie for apple").values()) == 1.0
    assert sum(found(tech, "", "apple").values()) == 2.0


def test_plurals_find_their_singular() -> None:
    terms = {"f": {"company": 1.0, "bank": 1.0, "stock exchange": 2.0, "tax": 1.0}}
    assert ("f", "company") in found(terms, "", "companies")
    assert ("f", "bank") in found(terms, "", "the banks'")
    assert ("f", "stock exchange") in found(terms, "", "stock exchanges")
    assert ("f", "tax") in found(terms, "", "taxes")


def test_prefixes_work_inside_phrases() -> None:
    terms = {"p": {"bank* regulat*": 2.0, "central bank": 1.0}, "f": {"regulators": 0.5, "banks": 0.4}}
    seen = found(terms, "", "banking regulation; bank regulators; central banks")
    assert ("p", "bank* regulat*") in seen
    assert ("p", "central bank") in seen
    assert found(terms, "", "bank regulators")[("p", "bank* regulat*")] == 2.0


def test_no_phrase_runs_from_title_into_text() -> None:
    assert found({"f": {"stock market": 2.0}}, "stock", "market") == {}


def test_a_title_counts_double_and_repetition_ever_less() -> None:
    term = {"f": {"bank": 1.0}}
    assert found(term, "bank", "")[("f", "bank")] == pytest.approx(2**0.5, abs=1e-3)
    assert found(term, "", "bank bank bank bank")[("f", "bank")] == 2.0


@given(st.lists(st.sampled_from(["a", "b", "c", "d", "aa", "ab"]), max_size=12), st.integers(0, 2**12))
def test_matching_in_step_finds_what_reading_word_by_word_finds(tokens: list[str], choice: int) -> None:
    entries = ["a", "b", "a b", "b c", "a b c", "c d a", "d", "a*", "a b c d", "ab", "b* c"]
    terms = {entry: 1.0 + n for n, entry in enumerate(entries) if choice >> n & 1}
    got = found({"t": terms}, "", " ".join(tokens))
    want: dict[str, int] = {}
    taken = [False] * len(tokens)
    for length in range(4, 0, -1):
        spans = []
        for at in range(len(tokens) - length + 1):
            if taken[at] and taken[at + length - 1]:
                continue
            fits = [e for e in terms if _fits(e.split(), tokens[at : at + length])]
            if fits:
                # Exact words take precedence over stars, the first word's first.
                best = min(fits, key=lambda e: [(w.endswith("*"), -len(w)) for w in e.split()])
                spans.append((at, best))
        for at, best in spans:
            want[best] = want.get(best, 0) + 1
            for place in range(at, at + length):
                taken[place] = True
    assert got == {("t", entry): round(terms[entry] * times**0.5, 3) for entry, times in want.items()}


def _fits(entry: list[str], tokens: list[str]) -> bool:
    return len(entry) == len(tokens) and all(
        t.startswith(e[:-1]) if e.endswith("*") else t == e for e, t in zip(entry, tokens, strict=True)
    )


@pytest.mark.parametrize("text", ["[terms", "[terms]\nx = 'much'", "[terms]\nx = [1]", "terms = 3"])
def test_a_broken_lexicon_says_so(text: str) -> None:
    with pytest.raises(SettingsError):
        parse(text, "finance")


# --------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The U.S. and AT&T", ["the", "u.s", "and", "at&t"]),
        ("C++, C# and node.js", ["c++", "c#", "and", "node.js"]),
        ("open-source S&P 500 $2.5bn", ["open", "source", "s&p", "500", "$", "2.5bn"]),
        ("Müller’s café", ["müller’s", "café"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_forms_of_words() -> None:
    assert surface("müller’s") == "müller"
    assert [
        singular(w) for w in ("companies", "taxes", "banks", "news", "bus", "gas", "physics", "boss")
    ] == [
        "company",
        "tax",
        "bank",
        "new",
        "bus",
        "gas",
        "physics",
        "boss",
    ]
    assert [stem(w) for w in ("2.5bn", "2024", "500", "banks")] == ["#bn", "#year", "#", "bank"]


def test_sections_of_a_link() -> None:
    assert sections("https://x.org/world/asia-news/2026/05/some-long-headline") == ["world", "asia-news"]
    assert sections("https://x.org/") == []
    assert sections("") == []
    assert sections("not a link") == []


# --------------------------------------------------------------------------- folders


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("Technology", "technology"),
        ("  tech ", "technology"),
        ("03 Finance", "finance"),
        ("💰 Money & Markets", "finance"),
        ("Wirtschaft", "finance"),
        ("Wirtschaft & Finanzen", "finance"),
        ("Économie", "finance"),
        ("Führung", "leadership"),
        ("Vertrieb", "sales"),
        ("Ciencia", "science"),
        ("Politics", "policy"),
        ("POLITIK", "world"),
        ("Política", "world"),
        ("World", "world"),
        ("International news", "world"),
        ("Tech/Africa", "world"),
        ("AI / Machine Learning", "ai"),
        ("Work/Security", "security"),
        ("Tech News", "technology"),
        ("UX/UI", "design"),
        ("Marknadsföring", "marketing"),
        ("Sport", "other"),
        ("Garage sales", ""),
        ("My cat", ""),
        ("Must read", ""),
        ("", ""),
        ("///", ""),
    ],
)
def test_what_a_folder_means(name: str, topic: str) -> None:
    assert topic_of_folder(name) == topic


def test_the_readers_names_go_first() -> None:
    topics = {"finance": TopicSetting(label="Kröten"), "logistics": TopicSetting(), "sales": TopicSetting()}
    assert topic_of_folder("kröten", topics) == "finance"
    assert topic_of_folder("Logistics", topics) == "logistics"
    assert topic_of_folder("Technology", topics) == ""  # dropped


def test_the_innermost_folder_that_says_something_counts() -> None:
    assert topic_of_folders(("Technology", "Security", "Daily")) == "security"
    assert topic_of_folders(("My feeds", "Misc")) == ""


@pytest.mark.parametrize(
    ("folders", "topic"),
    [
        (("News",), "world"),
        (("📰 Headlines",), "world"),
        (("Zeitungen",), "world"),
        (("Nachrichten", "Daily"), "world"),
        (("Daily News",), "world"),
        (("Les journaux",), ""),  # a word whose meaning is unknown
        (("News", "Marketing"), "marketing"),
        (("Marketing", "News"), "marketing"),
        (("Garage News",), ""),
        (("Sport", "News"), "other"),
        (("Daily", "Blogs"), ""),
    ],
)
def test_a_folder_that_says_only_news_means_the_world(folders: tuple[str, ...], topic: str) -> None:
    assert topic_of_folders(folders) == topic


def test_news_means_nothing_without_the_topic_world_and_is_no_section_of_a_publisher() -> None:
    assert topic_of_folders(("News",), {"finance": TopicSetting()}) == ""
    assert (
        topic_of_folders(("News",), {"news": TopicSetting(words=("x",)), "world": TopicSetting()}) == "news"
    )
    assert mark("News") == mark("Nachrichten") == ""
    assert mark("World")


def test_the_lexicon_that_ships_is_the_one_of_its_files() -> None:
    made, shipped = lexicon.compiled(DEFAULT_TOPICS), topic_files.compiled(DEFAULT_TOPICS)
    assert shipped is not made, "run: make model"
    for name, value in vars(made).items():
        assert np.array_equal(value, getattr(shipped, name)), f"{name}; run: make model"
    assert topic_files.implied() == lexicon.implied(), "run: make model"
    assert {
        topic: tuple(names) for topic, names in topic_files.folder_names().items()
    } == lexicon.folder_names()
    patterns = msgspec.json.encode(NotNews.shipped().rows())
    assert msgspec.json.encode(topic_files.recogniser().rows()) == patterns, "run: make model"


@pytest.mark.parametrize("word", ["quokka", "drone swarm", "tariff"])
def test_a_lexicon_with_words_of_the_reader_is_made_anew(word: str) -> None:
    topics = {**DEFAULT_TOPICS, "mine": TopicSetting(words=(word,))}
    assert "mine" in topic_files.compiled(topics).topics
    assert word in topic_files.compiled(topics).names


def test_documents_whose_words_are_kept_are_read_once_and_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    lexicon = topic_files.compiled(DEFAULT_TOPICS)
    told = [
        Document(
            id=1, title="Bank raises interest rate", text="The bank said that it will do so in the spring."
        ),
        Document(id=2, title="", text=""),
        Document(id=3, title="Bank erhöht den Zins", text="Das teilte die Bank am Morgen mit.", lang="de"),
    ]
    changed = msgspec.structs.replace(told[0], text="The bank said that it will not.")
    keeping, plain = BatchReader(lexicon, Stems(), Stems()), BatchReader(lexicon, Stems(), Stems())
    keeping.most_kept = 2
    met: list[int] = []
    meet = keeping._meet
    monkeypatch.setattr(keeping, "_meet", lambda some: (met.extend(d.id for d in some), meet(some))[1])
    for documents in (told[:2], [told[1], told[0], told[1]], [changed, told[2]], told, []):
        mine, its = keeping.read(documents), plain.read(documents)
        for one, other in zip(mine, its, strict=True):
            if one is None or not hasattr(one, "document"):
                assert np.array_equal(one, other)  # numbers of words are given out in the order of reading
            else:
                assert all(map(np.array_equal, one, other))
    assert met == [1, 2, 1, 3, 1, 2]
