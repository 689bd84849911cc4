"""Tagging in a pipe, measured accuracy, questions, and what is not news."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newsfeed.model import Tagging, TopicScore
from newsfeed.pipeline.answers.pipes import tag_lines
from newsfeed.topics import Document
from newsfeed.topics.accuracy import (
    RANDOM,
    USEFUL,
    Judged,
    changed,
    changed_sentence,
    measure,
    questions,
    trend,
    wilson,
)
from newsfeed.topics.not_news import NotNews, letters, not_news

ITEMS = [
    {"id": "a", "title": "Central bank raises interest rates", "text": "Bond yields rose.", "feed": "x"},
    {"id": 7, "title": "Parliament votes on sanctions", "text": "", "feed": "y", "more": 1},
    {"id": "c", "title": "Win a weekend for two: enter our prize draw", "text": ""},
]


def lines(rows: list[dict[str, object]]) -> list[str]:
    return [json.dumps(row) for row in rows]


def test_a_line_out_for_every_item_in_order() -> None:
    found = tag_lines(lines(ITEMS))  # type: ignore[arg-type]
    out = [json.loads(line) for line in found.lines]
    assert [row["id"] for row in out] == ["a", 7, "c"]
    assert all(set(row) == {"id", "topics", "not_news"} for row in out)
    first = out[0]["topics"][0]
    assert first["topic"] == "finance"
    assert first["p"] > 0.5
    assert all(isinstance(term, str) and isinstance(weight, float) for term, weight in first["terms"])
    assert [row["not_news"] for row in out] == [False, False, True]
    assert not found.problems


def test_a_threshold_leaves_out_what_is_below() -> None:
    out = [json.loads(line) for line in tag_lines(lines(ITEMS), threshold=0.9).lines]  # type: ignore[arg-type]
    assert all(topic["p"] >= 0.9 for row in out for topic in row["topics"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nonsense", "not JSON"),
        ("[1]", "not a JSON object"),
        ('{"title": "x"}', '"id"'),
        ('{"id": true, "title": "x"}', '"id"'),
        ('{"id": 1}', "neither title nor text"),
        ('{"id": 1, "title": 3}', '"title" is not text'),
        ('{"id": 1, "title": "x", "folder": 3}', '"folder"'),
        (b'{"id": 1, "title": "\xff"}', "not JSON"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_goes_on(line: str | bytes, said: str) -> None:
    good = lines(ITEMS)  # type: ignore[arg-type]
    found = tag_lines([good[0], line, "", good[1]])
    assert len(found.lines) == 2
    assert [(problem.line, said in problem.text) for problem in found.problems] == [(2, True)]
    of_file = tag_lines(good, folders=[line])
    assert of_file.problems[0].text.startswith("folders, line 1")


def test_topics_of_items_are_not_believed_but_checked_in_files() -> None:
    row = {**ITEMS[0], "topics": ["sales"]}
    out = json.loads(tag_lines(lines([row])).lines[0])  # type: ignore[list-item]
    assert out["topics"][0]["topic"] == "finance"
    bad = tag_lines([], corrections=['{"id": 1, "title": "x", "topics": "finance"}'])
    assert "is not a list" in bad.problems[0].text


def test_a_correction_in_a_file_is_in_force() -> None:
    correction = {**ITEMS[0], "topics": ["sales"]}
    copy = {"id": "copy", "title": "Central bank raises its interest rates", "text": "Bond yields rose."}
    out = [json.loads(line) for line in tag_lines(lines([*ITEMS, copy]), [], lines([correction])).lines]  # type: ignore[list-item]
    for row in (out[0], out[3]):
        assert [t["topic"] for t in row["topics"] if t["p"] >= 0.5] == ["sales"]


def test_folders_speak_for_their_feed() -> None:
    title = "What we saw at the fair in Lyon this year"
    labels = [
        {
            "id": f"l{n}",
            "title": f"{word} at the fair",
            "text": "",
            "feed": f"f{n % 3}",
            "folder": "Marketing",
        }
        for n, word in enumerate("Stands Crowds Talks Posters Samples Banners".split())  # noqa: SIM905
    ]
    item = {"id": 1, "title": title, "text": "", "feed": "f1"}
    plain, told = tag_lines(lines([item])), tag_lines(lines([item]), lines(labels))  # type: ignore[list-item]

    def marketing(line: str) -> float:
        return next((t["p"] for t in json.loads(line)["topics"] if t["topic"] == "marketing"), 0.0)

    assert marketing(told.lines[0]) > marketing(plain.lines[0])


def test_enough_items_are_their_own_background() -> None:
    many = [
        {"id": n, "title": f"Report {n} on bank shares and inflation", "text": "Yields rose."}
        for n in range(200)
    ]
    out = [json.loads(line) for line in tag_lines(lines(many)).lines]  # type: ignore[arg-type]
    assert [row["id"] for row in out] == list(range(200))
    assert all(row["topics"][0]["topic"] == "finance" for row in out)


# --------------------------------------------------------------------------- accuracy


def test_wilson() -> None:
    # Newcombe 1998, table I, method 3.
    assert wilson(81, 263)[1:3] == pytest.approx((0.2553, 0.3662), abs=5e-4)
    assert wilson(15, 148)[1:3] == pytest.approx((0.0624, 0.1605), abs=5e-4)
    assert wilson(0, 20)[1:3] == pytest.approx((0.0, 0.1611), abs=5e-4)
    assert wilson(29, 29)[1:3] == pytest.approx((0.8830, 1.0), abs=5e-4)
    assert wilson(0, 0) == (0.0, 0.0, 1.0, 0)


def test_accuracy_rests_on_random_answers_once_there_are_enough() -> None:
    right = [Judged(item=n, said=("finance",), true=("finance",), asked=RANDOM) for n in range(18)]
    wrong = [Judged(item=50 + n, said=("finance",), true=("sales",), asked="") for n in range(9)]
    few = measure([*right, *wrong], ["finance", "sales"])
    assert few.biased
    assert few.answers == 27
    assert few.topics[0].precision.share == pytest.approx(18 / 27)
    more = [*right, *(Judged(item=90 + n, said=(), true=("sales",), asked=RANDOM) for n in range(2)), *wrong]
    found = measure(more, ["finance", "sales"])
    assert not found.biased
    assert found.topics[0].precision.share == 1.0
    assert found.topics[0].precision.low > 0.8
    assert found.topics[1].recall == wilson(0, 2)
    assert found.topics[1].corrections == 11
    assert found.untagged.share == 0.1


def test_a_change_within_the_interval_is_none() -> None:
    assert trend(wilson(15, 20), wilson(17, 20)) == "no measurable change yet"
    assert trend(wilson(0, 0), wilson(17, 20)) == "no measurable change yet"
    assert trend(wilson(100, 200), wilson(160, 200)) == "better by 30 points"
    assert trend(wilson(160, 200), wilson(100, 200)) == "worse by 30 points"


def tagging(item: int, **p: float) -> Tagging:
    return Tagging(item=item, scores=tuple(TopicScore(topic=t, p=x) for t, x in p.items()))


def test_what_corrections_changed() -> None:
    before = [tagging(1, finance=0.9), tagging(2, sales=0.4), tagging(3, policy=0.8)]
    after = [tagging(1, sales=0.9), tagging(2, sales=0.45), tagging(3, policy=0.8, sales=0.6)]
    assert changed(before, after) == (1, 3)
    assert changed_sentence(3, 11) == "Your 3 corrections changed 11 items."
    assert changed_sentence(1, 1) == "Your correction changed 1 item."


def test_three_questions_a_day() -> None:
    pool = [tagging(n, finance=0.5 + n / 100, sales=0.1) for n in range(20)]
    pool += [tagging(20 + n, policy=0.45) for n in range(5)]
    feed = {t.item: f"feed {t.item % 4}" for t in pool}
    asked = questions(pool, feed.__getitem__, {0}, seed=5)
    assert [q.asked for q in asked] == [USEFUL, USEFUL, RANDOM]
    assert len({q.item for q in asked}) == 3
    assert 0 not in {q.item for q in asked}
    first, second = asked[0].item, asked[1].item
    assert (first < 20) != (second < 20)  # one a topic
    assert feed[first] != feed[second]  # one a feed
    assert asked == questions(list(reversed(pool)), feed.__getitem__, {0}, seed=5)
    assert questions([], feed.__getitem__, (), seed=1) == []


def test_random_questions_are_random() -> None:
    pool = [tagging(n, finance=0.99) for n in range(50)]
    drawn = {questions(pool, str, (), seed=day)[-1].item for day in range(200)}
    assert len(drawn) > 40


# --------------------------------------------------------------------------- not news


def test_letters_looked_for_stand_in_every_match() -> None:
    assert letters(r"\b(coupons?|vouchers?) codes?\b") in {("coupon", "voucher"), (" code",), (" cod",)}
    assert letters(r"\d+") == ()
    assert letters(r"(deal)?s?") == ()


def test_looking_for_letters_first_changes_no_verdict() -> None:
    path = Path(__file__).parent / "data" / "not_news.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    documents = [
        Document(id=n, title=row["title"], text=row["text"], link=row.get("link", ""))
        for n, row in enumerate(rows)
    ]
    recogniser = NotNews.shipped()
    slow = NotNews([pattern._replace(letters=()) for pattern in recogniser.patterns])
    kinds = recogniser.kinds(documents)
    assert kinds == slow.kinds(documents)
    said = [(bool(kind), bool(row["kind"])) for kind, row in zip(kinds, rows, strict=True)]
    assert said.count((True, True)) >= 0.97 * sum(kind for kind, _ in said)
    assert said.count((True, True)) >= 0.85 * sum(kind for _, kind in said)


def test_categories_and_links_count() -> None:
    assert not_news(Document(id=1, title="A quiet headline", tags=("Sponsored",)))
    assert not_news(Document(id=1, title="A quiet headline")) == ""
