"""What the reader's thumbs teach news value: effective at once, bounded, completely undone, and never a floor."""

from __future__ import annotations

import io
import random
import re
from pathlib import Path

import homes
import pools
import pytest
from homes import Entry, TestHome
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from serving import Server

from newsfeed.edition import build
from newsfeed.edition import constants as c
from newsfeed.edition.score import records, score
from newsfeed.model import Edition, NewsValue
from newsfeed.topics import Document, load
from newsfeed.topics.tagger import Tagger
from newsfeed.topics.value import MOST_MOVED, MOST_UNTOUCHED, Thumb

TITLES = (
    "Parliament passes data protection bill",
    "Ten tips for a tidy inbox",
    "Chip maker recalls faulty processors",
    "My weekend with a sourdough starter",
    "Court blocks merger of two rail operators",
    "Save 20% on our summer workshop",
    "Survey finds remote teams meet less often",
    "How do you label your cables?",
    "Football club signs young striker",
    "Port strike delays container ships for a third day",
)


def documents(feed: str, many: int = 40, seed: int = 1) -> list[Document]:
    draw = random.Random(f"{feed} {seed}")
    return [
        Document(
            id=f"{feed} {n}",
            title=f"{draw.choice(TITLES)} and {draw.choice(TITLES).lower()}",
            feed=feed,
            lang="en",
        )
        for n in range(many)
    ]


@pytest.fixture(scope="module")
def shared_tagger() -> Tagger:
    return load(None, {})


@pytest.fixture
def tagger(shared_tagger: Tagger) -> Tagger:
    shared_tagger.heed(())
    return shared_tagger


def judge(tagger: Tagger, some: list[Document]) -> list[NewsValue]:
    return [tagging.news for tagging in tagger.tag(some) if tagging.news]


@pytest.mark.slow
@given(st.integers(0, 2**16), st.sampled_from([1, 3, 30, 120]), st.sampled_from(["up", "down", "mixed"]))
def test_no_item_moves_by_more_than_it_may(shared_tagger: Tagger, seed: int, many: int, way: str) -> None:
    draw = random.Random(seed)
    asked = [d for feed in ("a", "b", "c") for d in documents(feed, seed=seed)]
    touched = documents("a", many, seed + 1) + documents("b", many, seed + 1)
    shared_tagger.heed(())
    before = judge(shared_tagger, asked)
    shared_tagger.heed([Thumb(d, way == "up" or (way == "mixed" and draw.random() < 0.5)) for d in touched])
    for document, was, now in zip(asked, before, judge(shared_tagger, asked), strict=True):
        assert abs(now.value - was.value) <= (MOST_MOVED if document.feed in "ab" else MOST_UNTOUCHED) + 0.001
        assert now.thumbs == pytest.approx(now.value - was.value, abs=0.0015)
        assert (now.kind, now.terms) == (was.kind, was.terms)


@pytest.mark.parametrize(
    ("title", "sibling", "up"),
    [
        ("My weekend with a sourdough starter", "A walk along the river in autumn", True),
        (
            "How account executives revive a stalled pipeline",
            "Cold calls and closing quota for sales reps",
            True,
        ),
        (
            "Parliament passes sanctions bill after night of talks",
            "Senators debate the treaty and vote",
            False,
        ),
        ("Central bank holds interest rates as inflation eases", "Bond yields fell and stocks rose", False),
    ],
)
def test_a_thumb_is_felt_by_its_item_and_what_is_like_it(
    tagger: Tagger, title: str, sibling: str, up: bool
) -> None:
    thumbed = Document(id="it", title=title, feed="a", lang="en")
    near = Document(id="near", title=f"{title}, once more", feed="b", lang="en")
    same_source = Document(id="same", title=sibling, feed="a", lang="en")
    far = Document(id="far", title=sibling, feed="c", lang="en")
    of_another_topic = Document(
        id="other",
        title="Telescope finds water vapour around a distant exoplanet",
        text="Astronomers describe the spectrum in a study.",
        feed="a",
        lang="en",
    )
    asked = [thumbed, near, same_source, far, of_another_topic]
    before = judge(tagger, asked)
    tagger.heed([Thumb(thumbed, up)])
    after = judge(tagger, asked)
    way = 1 if up else -1
    moved = [way * (now.value - was.value) for was, now in zip(before, after, strict=True)]
    assert moved[0] >= 0.15
    assert moved[0] >= moved[1] > 0.02
    assert moved[2] > 0.01
    assert abs(moved[3]) < 0.03
    assert moved[4] == 0


def test_taken_back_nothing_is_left(tagger: Tagger) -> None:
    asked = documents("a") + documents("b")
    before = judge(tagger, asked)
    tagger.heed([Thumb(d, n % 3 == 0) for n, d in enumerate(asked[:30])])
    assert judge(tagger, asked) != before
    tagger.heed([])
    assert judge(tagger, asked) == before


def test_the_order_of_thumbs_changes_nothing(tagger: Tagger) -> None:
    thumbs = [Thumb(d, n % 2 == 0) for n, d in enumerate(documents("a") + documents("b"))]
    asked = documents("a", seed=2)
    tagger.heed(thumbs)
    first = judge(tagger, asked)
    tagger.heed(thumbs[::-1])
    assert judge(tagger, asked) == first


def test_a_readers_taste_is_learned(tagger: Tagger) -> None:
    """A reader who likes how-tos and dislikes politics gets more of the former and less of the latter from the same
    sources."""
    howto = [f"How to {verb} your {thing}" for verb in ("clean", "mend", "sharpen", "paint") for thing in ("knife", "bicycle", "desk", "roof")]  # fmt: skip
    politics = [f"Senate {verb} {thing}" for verb in ("debates", "delays", "rejects", "revises") for thing in ("budget", "treaty", "reform", "amendment")]  # fmt: skip
    every = [Document(id=t, title=t, feed="mix", lang="en") for t in (*howto, *politics)]
    wanted = {title: title in howto for title in (*howto, *politics)}
    taught, asked = every[::2], every[1::2]
    before = judge(tagger, asked)
    tagger.heed([Thumb(d, wanted[d.title]) for d in taught])
    for document, was, now in zip(asked, before, judge(tagger, asked), strict=True):
        assert (now.value > was.value) is wanted[document.title] or now.value == was.value == 0


# ------------------------------------------------------------------------- on the page


@given(
    news=st.floats(0, 3),
    thumbs=st.floats(-MOST_MOVED, MOST_MOVED),
    interest=st.floats(0, 1),
    age=st.floats(0, 96),
    outlets=st.integers(1, 9),
    penalty=st.sampled_from([1.0, 0.6, 0.35]),
)
def test_what_is_good_stays_good_against_any_thumbs(
    news: float, thumbs: float, interest: float, age: float, outlets: int, penalty: float
) -> None:
    facts = {"age_hours": age, "half_life": 60.0, "outlets": outlets, "penalty": penalty}
    moved = min(3.0, max(0.0, news + thumbs))
    plain = score(news=news, **facts)  # type: ignore[arg-type]
    steered = score(news=moved, thumbs=moved - news, interest=interest, **facts)  # type: ignore[arg-type]
    if plain.value >= c.GOOD + 1e-9:
        assert steered.value >= c.GOOD
    assert not steered.held or steered.value == c.GOOD


@pytest.mark.parametrize("topic", ["sales", "science", "policy"])
@pytest.mark.parametrize("value", [1.6, 2.0, 2.6])
def test_two_hundred_thumbs_down_on_a_topic_leave_its_floor(topic: str, value: float) -> None:
    def page(thumbs: int) -> Edition:
        found = []
        for n in range(60):
            of_topic = n % 6 == 0
            shift = -0.7 if of_topic and thumbs else 0.0
            one = pools.candidate(
                n + 1, 1 + n % 12, topic=topic if of_topic else "technology", value=value + shift
            )
            news = NewsValue(value=value + shift, kind="event", sure=0.9, thumbs=shift)
            tagged = replace(one.tagging, news=news)
            found.append(replace(one, tagging=tagged, liked=-1 if shift else 0))
        feeds = [
            pools.feed(n, dislikes={topic: thumbs // 12} if thumbs else {}, likes={topic: (0, 20)})
            for n in range(1, 13)
        ]
        return build(pools.pool(found, feeds), pools.settings(), date=pools.TODAY, now=pools.NOW)

    before, after = page(0), page(204)

    def told(edition: Edition) -> int:
        return sum(pick.topic == topic for section in edition.sections for pick in section.picks)

    assert told(before) >= 1
    assert told(after) >= 1
    assert {t.name: t.share for t in after.topics} == {t.name: t.share for t in before.topics}


def test_a_sources_record_is_drawn_to_that_of_all() -> None:
    feeds = [
        pools.feed(1, value=2.0, judged=80),
        pools.feed(2, value=0.5, judged=80),
        pools.feed(3, value=3.0, judged=1),
        pools.feed(4),
    ]
    found = records(feeds)
    assert found[1] > 0 > found[2]
    assert 0 < found[3] < found[1]
    assert found[4] == 0
    assert max(map(abs, found.values())) < 0.3 * c.RECORD * 3
    assert records([pools.feed(1), pools.feed(2)]) == {}


# ------------------------------------------------------------------------- by commands


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> TestHome:
    made = homes.make(tmp_path / "home", monkeypatch, [server.port])
    entries = [
        Entry(
            "Regulator fines bank for hiding losses", "The bank will appeal the ruling, it said on Monday.", 2
        ),
        Entry("Ten tips for a tidy inbox", "Sort by sender, then archive what you never open again.", 3),
        Entry(
            "Parliament votes on the budget", "Ministers expect a narrow majority tonight, after talks.", 4
        ),
    ]
    made.list(homes.opml(("News", "Paper", server.feed("/paper", homes.rss("Paper", entries)))))
    return made


def said(home: TestHome, capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    capsys.readouterr()
    assert home.run(*words) == code
    return " ".join(capsys.readouterr().out.split())


def test_why_names_the_thumbs_and_undo_takes_them_back(
    home: TestHome, capsys: pytest.CaptureFixture[str]
) -> None:
    home.run("digest", "--no-open")
    assert "your thumbs" not in said(home, capsys, "why", "tidy inbox")
    assert re.search(r"News value (\S+) → (\S+)\.", said(home, capsys, "like", "tidy inbox"))
    home.run("digest", "--no-open", "--rebuild", "--no-refresh")
    assert "your thumbs +0.70" in said(home, capsys, "why", "tidy inbox")
    assert "your thumbs" not in said(home, capsys, "why", "votes on the budget")  # of another topic
    home.run("like", "--undo", "tidy inbox")
    home.run("digest", "--no-open", "--rebuild", "--no-refresh")
    assert "your thumbs" not in said(home, capsys, "why", "tidy inbox")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_worth_it_is_asked_beside_topics_and_measured(
    home: TestHome, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home.run("refresh")
    assert "Worth it? Answer with: newsfeed like" in said(home, capsys, "topics", "ask")
    monkeypatch.setattr("sys.stdin", _Terminal("y\ny\ns\nperhaps\nn\nq\n"))
    asked = said(home, capsys, "topics", "ask")
    assert asked.count("take it back: newsfeed") == 2
    assert "Answer y, n, s or q." in asked
    status = said(home, capsys, "topics", "status")
    assert "Worth a place" in status
    assert "fewer than 20 random answers" in status
    ref = re.findall(r"take it back: newsfeed (?:dis)?like (\S+) --undo", asked)[0]
    home.run("like", "--undo", ref)
    monkeypatch.setattr("sys.stdin", _Terminal("q\n"))
    assert "3 of 3" not in said(home, capsys, "topics", "ask")


def test_a_sources_record_is_what_it_published_not_how_it_was_taken(home: TestHome) -> None:
    from newsfeed.cli.command import Context

    def record() -> tuple[float, int]:
        current = Context(home.folder).home()
        with current.open_store() as store:
            (feed,) = store.pool(homes.NOON.date(), homes.NOON).feeds
            return feed.value, feed.judged

    home.run("refresh")
    before = record()
    assert before[1] == 3
    assert 0 < before[0] < 3
    home.run("dislike", "Regulator fines")
    assert record() == pytest.approx(before, abs=0.002)
