"""Fast code stays faster than what it replaced: ratios of CPU time within one run, never seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from homes import Entry, rss
from stored import NOW, feeds, opened
from test_laziness import filled, home_in

from newsfeed.model import FeedUpdate
from newsfeed.pipeline.morning import understand
from newsfeed.pipeline.reports import Progress
from newsfeed.reading import wellformed, xml_feeds


def cost(work: Callable[[], object], rounds: int = 3) -> float:
    """CPU seconds of the best of a few rounds, because other work on the machine can only make a round slower."""
    found = []
    for _ in range(rounds):
        begun = time.process_time()
        work()
        found.append(time.process_time() - begun)
    return min(found)


def test_the_fast_lane_costs_half_of_feedparser_at_most() -> None:
    text = rss("Outlet", [Entry(f"Title {n}", "<p>Some words.</p> " * 40) for n in range(300)]).decode()
    text = text[text.index("<rss") :]
    wellformed.read(text)
    xml_feeds._feedparser(text)
    assert cost(lambda: wellformed.read(text)) < 0.5 * cost(lambda: xml_feeds._feedparser(text))


def test_unchanged_feeds_are_kept_together_for_half_of_one_by_one_at_most(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        states = feeds(store, *(f"f{n}" for n in range(300)))
        together = cost(lambda: store.apply_unchanged(states))
        single = cost(lambda: [store.apply(FeedUpdate(state=s), NOW + timedelta(hours=1)) for s in states])
    assert together < 0.5 * single


def test_a_refresh_tags_a_fifth_at_most_of_what_a_choice_does(tmp_path: Path) -> None:
    home = home_in(tmp_path)
    with filled(tmp_path) as store:
        tagged = understand.understand(home, store, progress=Progress()).tagged
        understand.habits(home, store)
        assert 0 < tagged <= 0.2 * store.counts().items
        assert store.counts().untagged > 0  # a choice does not need all of them either
