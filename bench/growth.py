"""What more feeds and a fuller store cost, measured with the real command in separate processes.

    python bench/growth.py                        # an unchanged refresh of 100, 1,000 and 10,000 feeds
    python bench/growth.py --page                 # a page from a store of 31,000 items, 2,000 of them new

Growth: three items a feed; of three refreshes in which every answer is 304 the least is printed, with its ratio to the
line before. Page: 1,000 feeds of 28 items; one more item a feed, and pages until all that tells the sources' habits is
tagged, as it is after two weeks; two more items a feed, fetched alone; then, the next morning, a page that tags and groups
them first, and that page chosen anew from what is tagged and grouped. Wall and CPU seconds of the whole process.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from corpus import Corpus
from refresh import Cost, count, home, run

LEAST = 3  # runs; the best counts
PAGE = ("digest", "--no-open", "--no-refresh")


def growth(sizes: list[int]) -> None:
    print(f"{'feeds':>8}{'wall s':>8}{'CPU s':>8}{'MB':>6}  times the line before (wall, CPU)")
    before: Cost | None = None
    for feeds in sizes:
        with tempfile.TemporaryDirectory() as folder, Corpus(feeds, now=datetime.now(UTC), items=3) as corpus:
            command, env = home(Path(folder), corpus)
            run([*command, "refresh", "--fetch-only"], env)
            costs = [run([*command, "refresh"], env) for _ in range(LEAST + 1)][1:]
        least = min(costs, key=lambda cost: cost.wall)
        told = f"{least.wall / before.wall:.1f}, {least.cpu / before.cpu:.1f}" if before else ""
        print(f"{feeds:>8}{least.wall:>8.2f}{least.cpu:>8.2f}{least.memory:>6.0f}  {told}", flush=True)
        before = least


def page(feeds: int) -> None:
    # Three days after the newest item, all count as from before the subscription.
    now = datetime.now(UTC) - timedelta(days=4)
    first = (datetime.now(UTC) - timedelta(days=1)).replace(hour=6)  # so that no step passes midnight
    with tempfile.TemporaryDirectory() as folder, Corpus(feeds, now=now, items=28, lifelike=True) as corpus:
        command, env = home(Path(folder), corpus)
        database = Path(folder) / ".newsfeed" / "newsfeed.db"

        def at(hours: int, *what: str) -> Cost:
            clock = (first + timedelta(hours=hours)).isoformat()
            return run([*command, *what], {**env, "NEWSFEED_CLOCK": clock})

        at(0, "digest", "--no-open")
        corpus.change(1.0)
        at(1, "refresh", "--fetch-only")
        tagged = -1
        while tagged < (tagged := count(database, "tagging")):
            at(2, *PAGE, "--rebuild")
        for _ in range(2):
            corpus.change(1.0)
        before = count(database, "item")
        at(19, "refresh", "--fetch-only")
        items = count(database, "item")
        print(f"{items} items, {items - before} of them new; load {os.getloadavg()[0]:.1f}")
        print(f"{'':<34}{'wall s':>8}{'CPU s':>8}{'MB':>6}")
        for what, more in (
            ("tag, group and choose", []),
            *[("choose from what is tagged", ["--rebuild"])] * LEAST,
        ):
            cost = at(20, *PAGE, *more)
            print(f"{what:<34}{cost.wall:>8.2f}{cost.cpu:>8.2f}{cost.memory:>6.0f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--feeds", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument("--page", action="store_true", help="measure the page, not growth")
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 16_384), hard), hard))
    if options.page:
        page(1_000)
    else:
        growth(options.feeds)


if __name__ == "__main__":
    sys.exit(main())
