"""The reason why a topic is quiet comes from the ledger's entries of its items or from what is known about its sources;
from nothing else."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, strategies
from hypothesis import settings as examples
from pools import NOW, TODAY, candidate, feed, pool, random_pool, remembered, settings

from newsfeed.breadth import measures
from newsfeed.breadth.asked import asked
from newsfeed.edition import build
from newsfeed.edition import constants as c
from newsfeed.edition.preparing import Prepared
from newsfeed.model import Candidate, Edition, FeedReport, Pool, Settings, ledger

# Reason -> causes; at least one item of the topic must have one of them in the ledger.
NEEDS = {
    measures.NO_ROOM: {ledger.ROOM},
    measures.FULL: {ledger.ROOM},
    measures.AT_CAP: {ledger.CAPPED},
    measures.NOT_GOOD: {ledger.BELOW},
    measures.LONG_READ: {ledger.LONG},
    measures.TOLD_ELSEWHERE: {ledger.SHOWN, ledger.LINE, ledger.SAME},
    measures.ALL_SHOWN: {ledger.HAD},
    measures.OTHER_LANGUAGES: {ledger.LANGUAGE},
    measures.MUTED: {ledger.MUTED},
    measures.TOO_OLD: {ledger.OLD},
    measures.ADVERTS: {ledger.ADVERT},
}
NONE_CAME = {
    measures.NO_SOURCE,
    measures.NOT_READ,
    measures.FAILING,
    measures.SOME_FAIL,
    measures.NOTHING_NEW,
}


def edition(of: Pool, reader: Settings | None = None) -> Edition:
    return build(of, reader or settings(), date=TODAY, now=NOW)


def why(made: Edition, topic: str) -> str:
    return next(t.why_thin for t in made.topics if t.name == topic)


def causes(prepared: Prepared, made: Edition, topic: str) -> set[str]:
    entries = {entry.item: entry.cause for entry in made.ledger}
    return {
        entries[one.item.id]
        for one in prepared.pool.candidates
        if one.item.id in entries
        and any(s.p >= c.STANDS and prepared.ask.under.get(s.topic) == topic for s in one.tagging.scores)
    }


@examples(max_examples=80, deadline=None)
@given(
    strategies.integers(0, 400),
    strategies.sampled_from([0, 1, 4, 12, 40, 120]),
    strategies.sampled_from([1.0, 3.0, 5.0]),
    strategies.sampled_from([1, 4, 16]),
)
def test_every_reason_stands_in_the_ledger(seed: int, items: int, minutes: float, most: int) -> None:
    source, reader = random_pool(seed, items), settings(minutes, max_items=most)
    made = edition(source, reader)
    prepared = Prepared(source, reader, date=TODAY, now=NOW)
    for topic in made.topics:
        if not topic.why_thin:
            continue
        own = causes(prepared, made, topic.name)
        if topic.why_thin == measures.OTHER_LANGUAGES:
            # The topic of an item may be unknown: then its source's topic counts.
            assert ledger.LANGUAGE in made.counts
        elif topic.why_thin in NONE_CAME:
            assert not own, (topic.name, topic.why_thin, own)
        else:
            assert own & NEEDS[topic.why_thin], (topic.name, topic.why_thin, own)
            assert ledger.ROOM not in own or topic.why_thin in (measures.NO_ROOM, measures.FULL)


def carried(one: Candidate, days: float) -> Candidate:
    """The same item, first seen so many days ago, so already in an earlier ledger."""
    item = msgspec.structs.replace(one.item, first_seen=NOW - timedelta(days=days))
    return msgspec.structs.replace(one, item=item)


def test_a_morning_without_items_blames_no_language() -> None:
    past = remembered(days=(TODAY - timedelta(days=1),))
    foreign = [carried(candidate(n, n, lang="de"), 3) for n in (1, 2)]
    since = NOW - timedelta(days=1)
    made = edition(msgspec.structs.replace(pool(foreign, history=past), since=since))
    assert made.ledger == ()
    assert {t.why_thin for t in made.topics} <= {measures.NOTHING_NEW, measures.NO_SOURCE}


def test_each_reason() -> None:
    tech = [candidate(n, n) for n in (1, 2, 3)]
    found = {
        "muted": candidate(10, 10, topic="sales", title="Royal wedding helps a seller of hats"),
        "foreign": candidate(10, 10, topic="sales", lang="fr"),
        "old": candidate(10, 10, topic="sales", hours=24 * 30),
    }
    said = {}
    for name, one in found.items():
        reader = msgspec.structs.replace(settings(), muted=("royal wedding",))
        said[name] = why(edition(pool([*tech, one]), reader), "sales")
    assert said == {"muted": measures.MUTED, "foreign": measures.OTHER_LANGUAGES, "old": measures.TOO_OLD}
    sources = [feed(n, topic_mix={"technology": 1.0}) for n in (1, 2, 3)] + [
        feed(10, topic_mix={"sales": 1.0})
    ]
    old = msgspec.structs.replace(pool(tech, sources), before={10: 7})
    assert why(edition(old), "sales") == measures.BEFORE


def report(n: int, *, ok: bool = True, unread: bool = False) -> FeedReport:
    return FeedReport(feed=n, title=f"Paper {n}", url="", ok=ok, unread=unread)


@pytest.mark.parametrize(
    ("states", "reason"),
    [
        ({2: (True, False), 3: (True, False)}, measures.NOTHING_NEW),
        ({2: (False, False), 3: (False, False)}, measures.FAILING),
        ({2: (False, False), 3: (True, False)}, measures.SOME_FAIL),
        ({2: (False, True), 3: (False, True)}, measures.NOT_READ),
        ({2: (False, True), 3: (False, False)}, measures.FAILING),
        ({2: (True, True), 3: (True, True)}, measures.NOT_READ),
    ],
)
def test_what_is_known_of_its_sources(states: dict[int, tuple[bool, bool]], reason: str) -> None:
    feeds = [feed(1, topic_mix={"technology": 1.0}), feed(2, folders=("Sales",)), feed(3, folders=("sales",))]
    reports = (report(1), *(report(n, ok=ok, unread=unread) for n, (ok, unread) in states.items()))
    assert why(edition(pool([candidate(1, 1)], feeds, reports=reports)), "sales") == reason


def test_topics_that_were_never_read_are_not_nothing_new() -> None:
    """A first morning on which most sources failed, in a list without folders: their topics are unknown."""
    reports = (report(1), *(report(n, ok=False, unread=True) for n in range(2, 9)))
    made = edition(pool([candidate(1, 1)], [feed(n) for n in range(1, 9)], reports=reports))
    assert {t.why_thin for t in made.topics if t.name != "technology"} == {measures.NOT_READ}


ASKED = asked(settings())


def test_every_reason_has_its_step_or_none_on_purpose() -> None:
    without = {measures.MUTED, measures.BEFORE, measures.LONG_READ}
    for reason in NEEDS.keys() | NONE_CAME:
        assert bool(measures.step(reason, ASKED, "sales").said) == (reason not in without)
    assert measures.step(measures.FULL, ASKED, "sales").said == "Raise max_items."
