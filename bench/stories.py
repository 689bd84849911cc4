"""How well items are grouped into stories, and how fast.

    python bench/stories.py [GOLD.jsonl] [--scorer score_stories.py]    scores through the pipe
    python bench/stories.py --speed [--items 10000] [--new 300]         a generated window, from scratch and grown
    python bench/stories.py --plateau                                   scores around the shipped setting

GOLD lines are {"id", "title", "text", "published", "outlet", "story", "set"}; each set is grouped by itself, and
what was known of stories is hidden from the pipe. Without arguments, the shared development set beside this
checkout is read, and scored by the shared tool.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from newsfeed import stories
from newsfeed.model import Item, StoredItem
from newsfeed.stories import joining, pipe

SHARED = Path(__file__).resolve().parents[2] / "shared"
START = datetime(2026, 11, 20, tzinfo=UTC)


def grouped(gold: Path, to: Path) -> float:
    """Group each set of the gold file by itself into `to`; returns CPU seconds."""
    sets: dict[str, list[bytes]] = defaultdict(list)
    for line in gold.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        row.pop("story", None)
        sets[row.pop("set", "")].append(json.dumps(row).encode())
    begin = time.process_time()
    lines = []
    for name, rows in sorted(sets.items()):
        done = pipe.group_lines(rows)
        for problem in done.problems:
            print(f"{name}: {problem.text}", file=sys.stderr)
        lines += done.lines
    spent = time.process_time() - begin
    to.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return spent


def scores(gold: Path, scorer: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "stories.jsonl"
        spent = grouped(gold, out)
        subprocess.run([sys.executable, str(scorer), str(gold), str(out)], check=True)
    print(f"{spent:.1f} s CPU, reading and writing of lines included", flush=True)


def plateau(gold: Path, scorer: Path) -> None:
    """Scores around the setting: a good one stands in the middle of a plain, not on a peak."""
    bar, thin = joining.BAR, joining.THIN
    for height in (0.9, 1.0, 1.1):
        for slope in (0.8, 1.0, 1.2):
            joining.BAR, joining.THIN = bar * height, thin * slope
            print(f"bar {joining.BAR:.3f}, thin {joining.THIN:.1f}", flush=True)
            scores(gold, scorer)


def world(many: int, seed: int) -> list[StoredItem]:
    """A generated window of four days: words as common as in a real one, a third of the items of shared events."""
    dice = random.Random(seed)
    sounds = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "ai", "or", "en")]
    words = list(dict.fromkeys("".join(dice.choices(sounds, k=dice.randint(2, 4))) for _ in range(40_000)))
    common = [1 / (n + 20) for n in range(len(words))]
    events: list[tuple[list[str], datetime]] = []
    items = []
    for number in range(1, many + 1):
        at = START + timedelta(minutes=number * 96 * 60 / many)
        if events and dice.random() < 0.33:
            own, _ = dice.choice(events[-60:])
        else:
            own = dice.sample(words[200:], 12)
            events.append((own, at))
        title = dice.sample(own, 4) + dice.choices(words, common, k=4)
        text = dice.sample(own, 7) + dice.choices(words, common, k=dice.randint(8, 60))
        dice.shuffle(text)
        item = Item(
            identity=str(number),
            title=" ".join(title).capitalize(),
            text=" ".join(text),
            link=f"https://outlet{number % 300}.example/{number}",
            published=at,
        )
        items.append(StoredItem(id=number, ref="", feed=number % 300 + 1, item=item, first_seen=at))
    return items


def speed(many: int, new: int, seed: int = 1) -> None:
    items = world(many + new, seed)
    outlets = {feed: f"Outlet {feed}" for feed in range(1, 301)}
    begin = time.process_time()
    found = stories.join(items[:many], items[:many], [], outlets)
    print(f"{many} items from scratch: {time.process_time() - begin:.2f} s CPU, {len(found)} stories")
    begin = time.process_time()
    changed = stories.join(items[many:], items, found, outlets)
    spent = time.process_time() - begin
    print(f"{new} new into a window of {many}: {spent:.2f} s CPU, {len(changed)} stories new or changed")


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("gold", nargs="?", type=Path, default=SHARED / "stories" / "dev.jsonl")
    parser.add_argument("--scorer", type=Path, default=SHARED / "tools" / "score_stories.py")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--plateau", action="store_true")
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--new", type=int, default=300)
    given = parser.parse_args(words)
    if given.speed:
        speed(given.items, given.new)
        return
    for needed in (given.gold, given.scorer):
        if not needed.is_file():
            parser.error(f"{needed} is not there; name the labelled items, and the scorer with --scorer")
    (plateau if given.plateau else scores)(given.gold, given.scorer)


if __name__ == "__main__":
    main()
