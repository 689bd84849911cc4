"""What is fast stays faster than the way it replaced: ratios of CPU time within one run, never seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from homes import Entry, rss
from stored import NOW, feeds, opened
from test_laziness import filled, home_in, tag_everything

from newsfeed.model import FeedUpdate
from newsfeed.pipeline import understand
from newsfeed.pipeline.reports import Progress
from newsfeed.sources import syndication, wellformed


def cost(work: Callable[[], object], rounds: int = 3) -> float:
    """CPU seconds of the best of a few rounds: other work on the machine only ever adds to one."""
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
    syndication._feedparser(text)
    assert cost(lambda: wellformed.read(text)) < 0.5 * cost(lambda: syndication._feedparser(text))


def test_unchanged_feeds_are_kept_together_for_half_of_one_by_one_at_most(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        states = feeds(store, *(f"f{n}" for n in range(300)))
        together = cost(lambda: store.apply_unchanged(states))
        single = cost(lambda: [store.apply(FeedUpdate(state=s), NOW + timedelta(hours=1)) for s in states])
    assert together < 0.5 * single


def test_what_can_wait_is_not_tagged_in_a_refresh(tmp_path: Path) -> None:
    eager_home, home = home_in(tmp_path / "eager"), home_in(tmp_path / "lazy")
    with filled(tmp_path / "eager") as eager, filled(tmp_path / "lazy") as lazy:
        everything = cost(lambda: tag_everything(eager_home, eager), rounds=1)
        refreshed = cost(lambda: understand.understand(home, lazy, progress=Progress()), rounds=1)
        assert lazy.counts().untagged > 0.8 * lazy.counts().items
    # The first of both also compiles the lexicon; the second must not cost more than a part of that.
    assert refreshed < everything
