"""How well items are grouped into stories, and how fast.

    python bench/stories.py [GOLD.jsonl …] [--affairs]     scores through the pipe, of stories or of affairs
    python bench/stories.py --left-out                     constants chosen without each set, and its scores with them
    python bench/stories.py --hourly                       the same items as they come, hour by hour
    python bench/stories.py --speed [--items 10000] [--new 300]         a generated window, from scratch and grown

GOLD lines are {"id", "title", "text", "published", "outlet", "story", "set"}; each set is grouped by itself, and
what was known of stories is hidden from the pipe. Without arguments, the shared development sets beside this
checkout are read; the shared tool scores. `affairs.json` has, by set, the stories of its affairs.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from newsfeed import stories
from newsfeed.model import FeedUpdate, Item, StoredItem, Story, Subscription
from newsfeed.pipeline.answers import pipes
from newsfeed.pipeline.morning import understand
from newsfeed.store import Store

SHARED = Path(__file__).resolve().parents[2] / "shared"
AFFAIRS = {"uci-2014"}  # sets whose gold labels are affairs
START = datetime(2026, 11, 20, tzinfo=UTC)


Rows = list[dict[str, Any]]
Scores = dict[str, float]


def sets(paths: Iterable[Path]) -> dict[str, Rows]:
    """The labelled items of the files, by set."""
    found: dict[str, Rows] = defaultdict(list)
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            found[row.get("set", "all")].append(row)
    return found


def scorer(path: Path) -> Callable[[Mapping[str, str], Mapping[str, str]], Scores]:
    """`bcubed` of the shared tool."""
    spec = importlib.util.spec_from_file_location("score_stories", path)
    assert spec
    assert spec.loader
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    bcubed: Callable[[Mapping[str, str], Mapping[str, str]], Scores] = tool.bcubed
    return bcubed


def scored(rows: Rows, bcubed: Callable[..., Scores], affairs: Mapping[str, str] | None = None) -> Scores:
    """How well the stories of one set are found; with `affairs` (by story), how well those are found."""
    lines = [json.dumps({k: v for k, v in row.items() if k not in {"story", "set"}}).encode() for row in rows]
    level = "cluster" if affairs is None else "affair"
    found = {row["id"]: str(row[level]) for row in map(json.loads, pipes.group_lines(lines).lines)}
    return bcubed({r["id"]: (affairs or {}).get(r["story"], r["story"]) for r in rows}, found)


def affairs(name: str) -> dict[str, str]:
    """The affair of each story of a set that is in one; in some sets the gold labels are affairs already."""
    told = json.loads((Path(__file__).parent / "affairs.json").read_text(encoding="utf-8"))
    return {story: inside[0] for inside in told.get(name, ()) for story in inside}


def line(name: str, score: Scores) -> str:
    return (
        f"{name:16} P {score['bcubed_p']:.3f} R {score['bcubed_r']:.3f} F1 {score['bcubed_f1']:.3f}  "
        f"pair F1 {score['pair_f1']:.3f}  false pairs {score['false_pairs']:5}  strangers {score['strangers']:2}"
    )


@contextmanager
def changed(**constants: float) -> Iterator[None]:
    """Other constants of the room, each with its module ("linkage.THRESHOLD"), within the block."""
    before = {name: getattr(*_place(name)) for name in constants}
    try:
        for name, value in constants.items():
            setattr(*_place(name), value)
        yield
    finally:
        for name, value in before.items():
            setattr(*_place(name), value)


def _place(name: str) -> tuple[Any, str]:
    module, _, constant = name.partition(".")
    return importlib.import_module(f"newsfeed.stories.{module}"), constant


GRID = {
    "linkage.THRESHOLD": (0.28, 0.32, 0.36),
    "linkage.THIN": (2.0, 4.0),
    "similarity.COHESION": (0.05, 0.07, 0.08),
}


PRECISE = 0.9  # least mean precision: a wrong join hides news, and in a mixed morning most items are stories of their own


def value(found: Sequence[Scores]) -> tuple[bool, float]:
    """The quality of constants by their scores on some sets: the mean F1, if precision is high enough."""
    precise = sum(score["bcubed_p"] for score in found) >= PRECISE * len(found)
    return precise, sum(score["bcubed_f1"] for score in found) / len(found)


def left_out(gold: Mapping[str, Rows], bcubed: Callable[..., Scores]) -> None:
    """For each set of stories, the constants that are best on the others, and its scores with them. The set of bare headlines on
    broad subjects says nothing about events and is left out.
    """
    names = [name for name in gold if name not in AFFAIRS]
    table: dict[tuple[float, ...], dict[str, Scores]] = {}
    for values in itertools.product(*GRID.values()):
        with changed(**dict(zip(GRID, values, strict=True))):
            table[values] = {name: scored(gold[name], bcubed) for name in names}
    for name in [*names, ""]:
        rest = [n for n in names if n != name]
        best = max(table, key=lambda values: value([table[values][n] for n in rest]))
        chosen = ", ".join(f"{key.split('.')[1]} {value}" for key, value in zip(GRID, best, strict=True))
        if name:
            print(f"{line(name, table[best][name])}  with {chosen}")
        else:
            print(f"from all of them: {chosen}")


def hourly(rows: Rows, bcubed: Callable[..., Scores], affairs: Mapping[str, str]) -> tuple[Scores, Scores]:
    """How well stories and affairs are found if items arrive hour by hour and are compared only with those that share
    their clues."""
    told = {str(row["id"]): row["story"] for row in rows}
    outlets = dict(enumerate(sorted({row["outlet"] for row in rows} - {""}), start=1))
    number = {name: n for n, name in outlets.items()}
    items = []
    for n, row in enumerate(sorted(rows, key=lambda r: (r["published"], r["title"], r["id"])), start=1):
        at = datetime.fromisoformat(row["published"])
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        item = Item(identity=str(row["id"]), title=row["title"], text=row["text"], published=at)
        items.append(StoredItem(id=n, ref="", feed=number.get(row["outlet"], -n), item=item, first_seen=at))
    standing: dict[int, Story] = {}
    seen: list[StoredItem] = []
    having: dict[int, list[int]] = defaultdict(list)
    for _, arrived in itertools.groupby(items, key=lambda i: i.first_seen.replace(minute=0, second=0)):
        new = list(arrived)
        clues = stories.clues(new)
        near = stories.candidates(
            clues, {c: having[c] for some in clues.values() for c in some if c in having}
        )
        alike = set().union(*near.values())
        affairs_near = {s.affair or s.id for s in standing.values() if not alike.isdisjoint(s.items)}
        near_told = [s for s in standing.values() if (s.affair or s.id) in affairs_near]
        inside = {i for s in near_told for i in s.items}
        for feed in {i.feed for i in new if near[i.id]}:
            inside.update([i.id for i in seen if i.feed == feed][-understand.OF_A_FEED :])
        window = [i for i in seen if i.id in inside]
        seen += new
        for number, some in clues.items():
            for clue in some:
                having[clue].append(number)
        for story in stories.join(new, window, near_told, outlets):
            inside = set(story.items)
            standing = {n: s for n, s in standing.items() if inside.isdisjoint(s.items)}
            standing[story.id] = story
    name = {i.id: i.item.identity for i in items}
    story_of = {name[i]: str(s.id) for s in standing.values() for i in s.items}
    affair_of = {name[i]: str(s.affair or s.id) for s in standing.values() for i in s.items}
    return bcubed(told, story_of), bcubed({k: affairs.get(v, v) for k, v in told.items()}, affair_of)


def world(many: int, seed: int) -> list[StoredItem]:
    """A generated window of four days: words are as common as in a real one, a third of the items are about shared events."""
    dice = random.Random(seed)
    sounds = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "ai", "or", "en")]
    words = list(dict.fromkeys("".join(dice.choices(sounds, k=dice.randint(2, 4))) for _ in range(40_000)))
    common = list(itertools.accumulate(1 / (n + 20) for n in range(len(words))))
    events: list[tuple[list[str], datetime]] = []
    items = []
    for number in range(1, many + 1):
        at = START + timedelta(minutes=number * 96 * 60 / many)
        if events and dice.random() < 0.33:
            own, _ = dice.choice(events[-60:])
        else:
            own = dice.sample(words[200:], 12)
            events.append((own, at))
        title = dice.sample(own, 4) + dice.choices(words, cum_weights=common, k=4)
        text = dice.sample(own, 7) + dice.choices(words, cum_weights=common, k=dice.randint(8, 60))
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
    """CPU seconds for a window of items and for the new ones in it: in memory, and from a store and back."""
    made = world(many + new, seed)
    outlets = {feed: f"Outlet {feed}" for feed in range(1, 301)}

    def timed(label: str, joined: Callable[[], list[Story]]) -> list[Story]:
        begin = time.process_time()
        found = joined()
        print(f"{label}: {time.process_time() - begin:.2f} s CPU, {len(found)} stories new or changed")
        return found

    found = timed(f"{many} items from scratch", lambda: stories.join(made[:many], [], [], outlets))
    timed(f"{new} new, all others read", lambda: stories.join(made[many:], made, found, outlets))
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "newsfeed.db", now=START)
        feeds = [
            Subscription(url=f"https://outlet{n}.example/feed", title=outlets[n + 1]) for n in range(300)
        ]
        store.sync(feeds, START)
        for label, some in ((f"{many} from a store", made[:many]), (f"{new} new from a store", made[many:])):
            for state in store.states():
                own = tuple(i.item for i in some if i.feed == state.feed)
                store.apply(FeedUpdate(state=state, new=own), START)
            timed(f"{label}, kept", lambda: grouped(store, outlets))
        store.close()


def grouped(store: Store, outlets: Mapping[int, str]) -> list[Story]:
    """Group a store's new items into stories."""
    near = understand.around(store, store.ungrouped(), START)
    found = stories.join(near.new, near.window, near.stories, outlets)
    store.save_stories(found, near.clues, near.first)
    return found


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    shared = [SHARED / "stories" / "dev.jsonl", SHARED / "stories" / "dev2.jsonl"]
    parser.add_argument("gold", nargs="*", type=Path, default=shared)
    parser.add_argument("--scorer", type=Path, default=SHARED / "tools" / "score_stories.py")
    for what in ("affairs", "left-out", "hourly", "speed"):
        parser.add_argument(f"--{what}", action="store_true")
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--new", type=int, default=300)
    given = parser.parse_args(words)
    if given.speed:
        speed(given.items, given.new)
        return
    for needed in (*given.gold, given.scorer):
        if not needed.is_file():
            parser.error(f"{needed} is not there; name the labelled items, and the scorer with --scorer")
    gold, bcubed = sets(given.gold), scorer(given.scorer)
    if given.left_out:
        left_out(gold, bcubed)
    elif given.hourly:
        for name, rows in gold.items():
            for what, score in zip(("stories", "affairs"), hourly(rows, bcubed, affairs(name)), strict=True):
                print(f"{what} {line(name, score)}")
    else:
        for name, rows in gold.items():
            begin = time.process_time()
            score = scored(rows, bcubed, affairs(name) if given.affairs else None)
            print(f"{line(name, score)}  {time.process_time() - begin:.1f} s CPU")


if __name__ == "__main__":
    main()
