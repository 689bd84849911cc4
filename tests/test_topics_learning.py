"""Learning from folders and corrections: at once and by training, and never to the detriment of what was right."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from newsfeed.model import Tagging, TopicSetting
from newsfeed.topics import Document, Label, corrections, load
from newsfeed.topics.corrections import Corrections, corrected
from newsfeed.topics.retrain import Trained, due, job
from newsfeed.topics.train import seeds, train, trained

# Sentences about a field that the shipped model does not know, and about two that it does.
PARTS = {
    "beekeeping": (
        ("hive", "queen cells", "brood frames", "varroa mites", "nectar flow", "swarm", "wax foundation", "smoker"),
        ("inspected", "split", "treated", "overwintered", "requeened", "fed", "moved", "counted"),
    ),
    "finance": (
        ("bond yields", "bank shares", "the central bank", "mortgage lenders", "hedge funds", "inflation", "the dollar", "dividends"),
        ("rose", "fell", "surprised investors", "slipped", "rallied", "beat forecasts", "steadied", "tumbled"),
    ),
    "policy": (
        ("parliament", "the minister", "senators", "the supreme court", "diplomats", "voters", "the treaty", "sanctions"),
        ("debated the bill", "met the opposition", "split over reform", "passed the law", "ruled", "voted", "collapsed", "took effect"),
    ),
}  # fmt: skip


def items(topic: str, feed: str, many: int, folder: str = "") -> list[Document]:
    subjects, verbs = PARTS[topic]
    return [
        Document(
            id=f"{feed} {n}",
            title=f"{subjects[n % 8]} {verbs[n * 3 % 8]}".capitalize(),
            text=f"Yesterday {subjects[(n + 3) % 8]} {verbs[(n + 1) % 8]}, and {subjects[(n * 5 + 1) % 8]} too.",
            feed=feed,
            folders=(folder,) if folder else (),
        )
        for n in range(many)
    ]


def p(tagging: Tagging, topic: str) -> float:
    return next((score.p for score in tagging.scores if score.topic == topic), 0.0)


@pytest.fixture(scope="module")
def reader() -> list[Document]:
    feeds = [(topic, f"{topic} {n}") for topic in ("finance", "policy") for n in range(4)]
    found = [d for topic, feed in feeds for d in items(topic, feed, 20, topic)]
    return [*found, *items("policy", "misfiled", 20, "Finance")]


def test_a_misfiled_feed_is_not_believed_against_its_words(reader: list[Document]) -> None:
    tagger = trained(reader, {}, [], {})
    for tagging in tagger.tag(items("policy", "misfiled", 8, "Finance")):
        assert p(tagging, "policy") >= 0.5
        assert p(tagging, "finance") < 0.5


@pytest.mark.slow
def test_folders_may_come_apart_from_documents(reader: list[Document]) -> None:
    from msgspec.structs import replace

    bare = [replace(d, folders=()) for d in reader]
    folders = {d.feed: d.folders for d in reader}
    assert train(bare, folders, [], {}) == train(bare, folders, [], {})
    assert trained(bare, folders, [], {}).priors["finance 1"].folder == "finance"


@pytest.mark.slow
def test_a_new_topic_is_learned_from_its_folder(reader: list[Document]) -> None:
    topics = {
        "beekeeping": TopicSetting(words=("hive",), examples=("Varroa mites in spring",)),
        "finance": TopicSetting(),
        "policy": TopicSetting(),
    }
    documents = [*reader, *(d for n in range(4) for d in items("beekeeping", f"bees {n}", 20, "Beekeeping"))]
    weights = train(documents, {}, [], topics)
    unseen = Document(
        id=1, title="Requeened before the nectar flow", text="The swarm overwintered on brood frames."
    )
    before, after = load(None, topics).tag([unseen])[0], load(weights, topics).tag([unseen])[0]
    assert p(before, "beekeeping") < 0.5 < p(after, "beekeeping")
    for tagging in load(weights, topics).tag(items("finance", "new", 8)):
        assert p(tagging, "beekeeping") < 0.5


@pytest.mark.slow
def test_same_input_same_bytes(reader: list[Document]) -> None:
    labels = [Label(document=reader[0], topics=("sales",))]
    weights = train(reader, {}, labels, {})
    assert train(reader, {}, labels, {}) == weights
    # Feeds answer in any order.
    assert train(reader[::-1], {}, labels, {}) == weights


@pytest.mark.slow
def test_a_correction_survives_training(reader: list[Document]) -> None:
    wrong = reader[5]
    weights = train(reader, {}, [Label(document=wrong, topics=("sales",))], {})
    tagger = load(weights, {})
    corrected(tagger, [Label(document=wrong, topics=("sales",))])
    tagging = tagger.tag([wrong])[0]
    assert p(tagging, "sales") > 0.9
    assert p(tagging, "finance") < 0.1


@pytest.mark.slow
def test_nothing_to_learn_from_still_gives_a_model() -> None:
    tagger = load(train([], {}, [], {}), {})
    assert p(tagger.tag([Document(id=1, title="Central bank cuts interest rates")])[0], "finance") > 0.5


@pytest.mark.slow
def test_german_feeds_learn_from_their_folder() -> None:
    def german(feed: str, folder: str, words: str) -> list[Document]:
        parts = words.split()
        return [
            Document(
                id=f"{feed}{n}",
                title=f"{parts[n % 6].capitalize()} und {parts[(n + 2) % 6]} für das Land",
                text=f"Das ist nicht der {parts[(n + 3) % 6]}, den die {parts[(n + 1) % 6]} mit dem Amt auch will.",
                lang="de",
                feed=feed,
                folders=(folder,),
            )
            for n in range(15)
        ]

    money = [
        d
        for n in range(3)
        for d in german(f"w{n}", "Wirtschaft", "sparkasse zinsen aktien börse kredit anleger")
    ]
    state = [
        d
        for n in range(3)
        for d in german(f"p{n}", "Politik", "bundestag kanzler koalition wahl partei minister")
    ]
    tagger = trained([*money, *state], {}, [], {})
    new = Document(
        id=1,
        title="Anleger und Börse",
        text="Das ist nicht der Kredit, den die Sparkasse mit Zinsen will.",
        lang="de",
    )
    tagging = tagger.tag([new])[0]
    assert p(tagging, "finance") > p(tagging, "policy")


# --------------------------------------------------------------------------- corrections, at once


NEWS = Document(
    id=1,
    feed="a",
    title="Vendara closes record quarter with new regional teams",
    text="Vendara's chief Mira Kolt said territories were redrawn around the biggest accounts, with quotas to match.",
)
COPY = Document(
    id=2,
    feed="b",
    title="Vendara closes a record quarter with its new regional teams",
    text="Territories were redrawn around the biggest accounts, Vendara chief Mira Kolt said; quotas match.",
)
SAME_FEED = Document(id=3, feed="a", title="Harbour crane sold at auction", text="The buyer was not named.")
STRANGER = Document(
    id=4, feed="c", title="Parliament debates fishing quota", text="Ministers will vote on the bill."
)


def test_a_correction_shows_at_once_and_moves_what_is_like_it() -> None:
    every = [NEWS, COPY, SAME_FEED, STRANGER]
    before = load(None, {}).tag(every)
    tagger = corrected(load(None, {}), [Label(document=NEWS, topics=("design",))])
    after = tagger.tag(every)
    assert p(after[0], "design") > 0.95
    assert all(p(after[0], s.topic) < 0.05 for s in after[0].scores if s.topic != "design")
    assert p(after[1], "design") > 0.5 > p(before[1], "design")
    assert p(after[2], "design") < 0.5
    moved = corrected(load(None, {}), [Label(document=NEWS, topics=("finance",))]).tag([SAME_FEED])[0]
    assert p(before[2], "finance") < p(moved, "finance")
    assert after[3] == before[3]
    assert abs(after[1].scores[0].parts["corrections"]) > 1


def test_corrections_of_one_feed_add_up() -> None:
    labels = [
        Label(document=Document(id=100 + n, feed="a", title=f"Note {word}"), topics=("design",))
        for n, word in enumerate("otter plum quartz reed sable thyme umber vetch".split())  # noqa: SIM905
    ]
    found = [
        p(corrected(load(None, {}), labels[:many]).tag([SAME_FEED])[0], "design") for many in (0, 1, 3, 8)
    ]
    assert found == sorted(found)
    assert found[-1] > found[0] + 0.1


def test_a_correction_can_be_added_and_taken_back() -> None:
    tagger = load(None, {})
    before = tagger.tag([NEWS, COPY])
    layer = Corrections(tagger)
    tagger.local = layer
    assert tagger.tag([NEWS, COPY]) == before
    layer.add(Label(document=NEWS, topics=("policy",)))
    assert p(tagger.tag([NEWS])[0], "policy") > 0.95
    layer.add(Label(document=NEWS, topics=()))
    assert not [s for s in tagger.tag([NEWS])[0].scores if s.p >= 0.5]
    assert len(layer.labels) == 1
    assert layer.undo(1)
    assert not layer.undo(1)
    assert tagger.tag([NEWS, COPY]) == before


def test_what_a_correction_may_move() -> None:
    label = Label(document=NEWS, topics=("design",))
    layer = Corrections(load(None, {}), [label])
    assert layer.may_move(label, [NEWS, COPY, SAME_FEED, STRANGER]) == [NEWS, COPY, SAME_FEED]


# --------------------------------------------------------------------------- the child and the policy


@pytest.mark.slow
def test_training_in_a_child_gives_the_same_weights(reader: list[Document]) -> None:
    labels = [Label(document=reader[0], topics=("sales",))]
    command = [sys.executable, "-m", "newsfeed.topics.retrain"]
    done = subprocess.run(command, input=job(reader, {}, labels, {}), capture_output=True, check=True)
    assert done.stdout == train(reader, {}, labels, {})


def test_a_job_that_is_none_fails_with_its_cause_and_no_weights() -> None:
    command = [sys.executable, "-m", "newsfeed.topics.retrain"]
    done = subprocess.run(command, input=b"no job", capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stdout == b""
    assert b"training failed" in done.stderr


NOW = datetime(2026, 5, 4, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last", "items_now", "corrections", "inputs", "is_due"),
    [
        (None, 0, 0, "", False),
        (None, 40, 0, "", False),
        (None, 400, 0, "", True),
        (None, 10, 1, "", True),
        (timedelta(hours=2), 1000, 3, "a", False),
        (timedelta(hours=2), 1000, 3, "b", True),
        (timedelta(hours=2), 1000, 13, "a", True),
        (timedelta(hours=30), 1000, 4, "a", True),
        (timedelta(hours=30), 1100, 3, "a", False),
        (timedelta(hours=30), 1400, 3, "a", True),
        (timedelta(days=8), 1001, 3, "a", True),
        (timedelta(days=8), 1000, 3, "a", False),
    ],
)
def test_when_training_is_due(
    last: timedelta | None, items_now: int, corrections: int, inputs: str, is_due: bool
) -> None:
    trained_then = Trained(at=NOW - last, items=1000, corrections=3, inputs="a") if last is not None else None
    said = due(trained_then, now=NOW, items=items_now, corrections=corrections, inputs=inputs)
    assert bool(said) is is_due


@pytest.mark.parametrize(
    ("last", "items", "corrections", "inputs", "told", "is_due"),
    [
        (None, 400, 0, "", False, False),
        (None, 400, 0, "", True, True),
        (None, 10, 1, "", False, True),
        (timedelta(days=8), 1001, 3, "a", False, True),
    ],
)
def test_a_first_page_waits_for_what_the_reader_said_alone(
    last: timedelta | None, items: int, corrections: int, inputs: str, told: bool, is_due: bool
) -> None:
    then = Trained(at=NOW - last, items=1000, corrections=3, inputs="a") if last is not None else None
    given = {"now": NOW, "items": items, "corrections": corrections, "inputs": inputs, "told": told}
    assert bool(due(then, **given, waiting=True)) is is_due
    assert due(then, **given)


def test_what_training_has_seen_moves_its_feed_by_the_mix_alone() -> None:
    label = Label(document=NEWS, topics=("design",))
    fresh = corrected(load(None, {}), [label])
    again = corrected(load(train([NEWS, COPY, SAME_FEED, STRANGER], {}, [label], {}), {}), [label])
    assert again.learned == {NEWS.id}
    assert p(again.tag([NEWS])[0], "design") > 0.95
    assert p(again.tag([COPY])[0], "design") > 0.5
    moved = {s.topic: s.parts.get("corrections", 0.0) for s in again.tag([SAME_FEED])[0].scores}
    assert not any(moved.values())
    assert any(s.parts.get("corrections") for s in fresh.tag([SAME_FEED])[0].scores)
    assert again.priors["a"].mix["design"] > 0 > again.priors["c"].mix["design"]


@pytest.mark.slow
def test_training_does_not_overrule_the_words_that_the_reader_gave() -> None:
    topics = {name: TopicSetting() for name in ("technology", "finance", "policy")}
    words = ("freight", "container ship", "last mile")
    topics["logistics"] = TopicSetting(words=words, examples=("Port congestion eases as carriers add ships",))
    others = [msgspec.structs.replace(seed.document, id=f"item {n}") for n, seed in enumerate(seeds())]
    asked = [Document(id=n, title=f"Work starts on western {word} corridor") for n, word in enumerate(words)]
    for told in (others, [*others, *(Document(id=f"f{n}", title=f"Freight note {n}") for n in range(60))]):
        tagger = load(train(told, {}, [], topics), topics)
        assert all(p(tagging, "logistics") > 0.5 for tagging in tagger.tag(asked))
        assert sum(p(tagging, "logistics") > 0.5 for tagging in tagger.tag(others)) < 20


def test_a_confirmation_never_makes_the_tagger_less_sure() -> None:
    """A judgement surer than a correction stays as sure: for the corrected item and for similar ones."""
    tagger = load(None, {})
    sure = Document(
        id=1,
        title="Central bank raises interest rates as inflation climbs",
        text="Bond yields and bank shares rose after the central bank lifted its key interest rate.",
    )
    like = msgspec.structs.replace(
        sure, id=2, title="Central bank lifts interest rates while inflation climbs"
    )
    before = tagger.log_odds([sure, like])
    place = tagger.order.index("finance")
    assert before[0, place] > 3.5, "the test needs an item of which the tagger is very sure"
    after = corrected(tagger, [Label(document=sure, topics=("finance",))])
    told = after.tag([sure, like])
    plain = load(None, {}).tag([sure, like])
    for one, two in zip(plain, told, strict=True):
        assert p(two, "finance") >= p(one, "finance") - 1e-6


def test_the_corrections_of_many_readers_weigh_a_word_once(monkeypatch: pytest.MonkeyPatch) -> None:
    weighed: list[str] = []
    real = corrections.is_little
    monkeypatch.setattr(
        corrections, "is_little", lambda word, code: (weighed.append(word), real(word, code))[1]
    )
    told = Document(
        id=1, title="Quokka herds reach the harbour", text="They came in the night, a ranger said."
    )
    again = Document(
        id=2, title="Quokka herds leave the harbour", text="They left in the night, a ranger said."
    )
    found = []
    for _ in range(2):  # two readers, whose taggers are copies of one
        tagger = corrected(load(None, {}), [Label(document=told, topics=("science",))])
        weighed.clear()
        found.append(tagger.tag([again]))
    assert weighed == []
    assert found[0] == found[1]
