"""How well topics are tagged, and how fast. Prints figures, asserts nothing.

    python bench/topics.py [--quick] [--seed N]

Needs the shared folder beside the checkout (`../shared`); its labelled items are measured on, never trained on by
what ships. Folders are simulated: every site and section is a feed, filed under the topic of its section; a share of
feeds gets another topic's folder. Scoring folds hold out whole sites; the held-out items are in the call without
labels, as in `newsfeed tag`. Corrections come from the other folds: half where the tagger was unsure, half random.
Corrections of a reader's own stream are measured apart: two folds are dealt into a half that is corrected and one that
is scored, both of the same sites.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean, stdev
from types import ModuleType
from typing import Any

from threadpoolctl import threadpool_limits

from newsfeed.model import WORLD
from newsfeed.topics import TOPICS, Document, Label, load
from newsfeed.topics.accuracy import unsureness
from newsfeed.topics.corrections import corrected
from newsfeed.topics.train import pack_tagger, trained

SHARED = Path(__file__).parents[2] / "shared"
CORE = TOPICS[:7]
FOLDS = 5

Row = dict[str, Any]
Predicted = dict[str, dict[str, float]]


def scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_topics", SHARED / "tools" / "score_topics.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fold(row: Row) -> int:
    return int(hashlib.md5(row["site"].encode(), usedforsecurity=False).hexdigest(), 16) % FOLDS


def section(row: Row) -> str:
    """The name of the folder of an item's feed: its first core topic, "other", or nothing."""
    core = [topic for topic in CORE if topic in row["topics"]]
    return core[0] if core else "" if row["topics"] or row["also_ok"] else "other"


def filed(rows: Sequence[Row], noise: float, seed: int) -> list[tuple[str, str]]:
    """Feed and folder of every item; a share of feeds is in a wrong folder."""
    draw = random.Random(seed)
    folders: dict[str, str] = {}
    found = []
    for row in rows:
        right = section(row)
        feed = f"{row['source']} {row['site']} {right}"
        if feed not in folders:
            wrong = draw.random() < noise
            folders[feed] = draw.choice([t for t in CORE if t != right]) if wrong and right else right
        found.append((feed, folders[feed]))
    return found


def document(row: Row, feed: str = "", folder: str = "") -> Document:
    return Document(
        id=row["id"],
        title=row["title"],
        text=row["text"],
        feed=feed,
        folders=(folder,) if folder else (),
    )


def predict(rows: Sequence[Row], noise: float | None, corrections: int, seed: int) -> tuple[Predicted, float]:
    """Predictions for every item, each made without its site's labels; and the CPU seconds of one training."""
    places = filed(rows, noise, seed) if noise is not None else [("", "")] * len(rows)
    found: Predicted = {}
    spent = 0.0
    for number in range(FOLDS):
        held = [row for row in rows if fold(row) == number]
        rest = [(row, place) for row, place in zip(rows, places, strict=True) if fold(row) != number]
        told = [document(row, *place) for row, place in rest]
        labels = choose([row for row, _ in rest], told, corrections, seed)
        start = time.process_time()
        tagger = trained([*told, *map(document, held)], {}, labels, {})
        spent += time.process_time() - start
        for row, tagging in zip(held, corrected(tagger, labels).tag([*map(document, held)]), strict=True):
            found[row["id"]] = {score.topic: score.p for score in tagging.scores}
    return found, spent / FOLDS


def choose(rows: Sequence[Row], told: Sequence[Document], many: int, seed: int) -> list[Label]:
    if not many:
        return []
    draw = random.Random(seed + 1)
    doubt = [unsureness(tagging) for tagging in load(None, {}).tag(told)]
    unsure = sorted(range(len(rows)), key=lambda n: -doubt[n])[: 4 * many]
    taken = draw.sample(unsure, many // 2)
    taken += draw.sample([n for n in range(len(rows)) if n not in set(taken)], many - many // 2)
    return [Label(document=told[n], topics=tuple(rows[n]["topics"])) for n in taken]


def stream(rows: Sequence[Row], corrections: int, seed: int, score: Callable[..., dict[str, Any]]) -> float:
    """Core macro-F1 on one half of a stream whose other half is corrected; folders are known for other sites."""
    places = filed(rows, 0.1, seed)
    own = [n for n, row in enumerate(rows) if fold(row) < 2]
    random.Random(seed).shuffle(own)
    half = len(own) // 2

    def plain(numbers: Sequence[int]) -> list[Document]:
        return [document(rows[n], f"{rows[n]['source']} {rows[n]['site']}") for n in numbers]

    corrected_half, scored = plain(own[:half]), plain(own[half:])
    others = [document(row, *place) for row, place in zip(rows, places, strict=True) if fold(row) >= 2]
    labels = choose([rows[n] for n in own[:half]], corrected_half, corrections, seed)
    tagger = corrected(trained([*others, *corrected_half, *scored], {}, labels, {}), labels)
    found = {
        rows[n]["id"]: {s.topic: s.p for s in tagging.scores}
        for n, tagging in zip(own[half:], tagger.tag(scored), strict=True)
    }
    return float(score([rows[n] for n in own[half:]], found)["macro_f1_core"])


def streams(rows: Sequence[Row], score: Callable[..., dict[str, Any]], draws: int = 10) -> None:
    """What corrections of a reader's own stream gain, in several random draws."""
    base = [stream(rows, 0, seed, score) for seed in range(draws)]
    print(f"own stream, no corrections   core {mean(base):.3f}")
    for many in (50, 200):
        gains = [stream(rows, many, seed, score) - base[seed] for seed in range(draws)]
        print(
            f"own stream, {many} corrections  core {mean(gains):+.4f} (standard error "
            f"{stdev(gains) / draws**0.5:.4f}, {draws} draws)",
            flush=True,
        )


def show(name: str, score: Callable[..., dict[str, Any]], rows: Sequence[Row], found: Predicted) -> None:
    every = score(rows, found)
    hand = score([row for row in rows if row["slice"] == "hand"], found)
    topics = every["per_topic"]
    worst = min(CORE, key=lambda topic: topics[topic]["f1"])
    print(
        f"{name:28s} core {every['macro_f1_core']:.3f}  hand {hand['macro_f1_core']:.3f}  "
        f"worst {topics[worst]['f1']:.3f} ({worst})  P@80% {every['precision_at_coverage']['80']:.3f}  "
        f"off-topic tagged {every['off_topic_tagged']:.3f}  two-topic recall {every['multi_recall']:.2f}  "
        f"ten topics {every['macro_f1_all']:.3f}",
        flush=True,
    )


def reliability(rows: Sequence[Row], found: Predicted) -> None:
    """Of the tags given with some probability, how many are right."""
    bins: list[list[float]] = [[0, 0.0, 0.0] for _ in range(10)]
    for row in rows:
        for topic in TOPICS:
            if topic == WORLD or topic in row["also_ok"]:  # no item has the label general news
                continue
            p = found[row["id"]].get(topic, 0.02)
            place = bins[min(int(p * 10), 9)]
            place[0] += 1
            place[1] += p
            place[2] += topic in row["topics"]
    total = sum(place[0] for place in bins)
    print("\n  said  | is so | pairs of item and topic")
    error = 0.0
    for count, said, true in bins:
        if count:
            print(f"  {said / count:.3f} | {true / count:.3f} | {count:.0f}")
            error += abs(said - true) / total
    print(f"  expected calibration error {error:.3f}\n")


def speed(rows: Sequence[Row]) -> None:
    documents = [document(row, row["site"]) for row in rows]
    start = time.process_time()
    tagger = load(None, {})
    print(f"load {time.process_time() - start:.2f} s CPU")
    tagger.tag(documents[:64])
    rates = []
    for _ in range(3):
        start = time.process_time()
        tagger.tag(documents)
        rates.append(len(documents) / (time.process_time() - start))
    print(
        f"tag with terms, parts and not-news: {max(rates):,.0f} items a CPU-second (worst {min(rates):,.0f})"
    )
    print(f"scikit-learn, transform + predict alone: {plain_rate(documents):,.0f} items a CPU-second")
    for size in (6_000, 50_000):
        many = [
            document({**row, "id": f"{number} {row['id']}"}, row["site"], section(row))
            for number in range(size // len(rows) + 1)
            for row in rows
        ][:size]
        start, wall = time.process_time(), time.perf_counter()
        weights = pack_tagger(trained(many, {}, [], {}))
        print(
            f"retrain at {size:,} items: {time.process_time() - start:.1f} s CPU, "
            f"{time.perf_counter() - wall:.1f} s, weights {len(weights) / 1e6:.1f} MB"
        )
    sizes = Counter(d.feed for d in documents[:3000])
    usual = next(d for d in documents if 8 <= sizes[d.feed] <= 40)
    label = Label(document=usual, topics=("sales",))
    layer = corrected(tagger, [Label(document=d, topics=("policy",)) for d in documents[100:300]]).local
    tagger.tag(documents[:3000])
    start = time.process_time()
    layer.add(label)  # type: ignore[union-attr]
    near = layer.may_move(label, documents[:3000])  # type: ignore[union-attr]
    tagger.tag(near)
    print(
        f"one correction beside 200, felt by {len(near)} of 3,000 items: {1e3 * (time.process_time() - start):.0f} ms"
    )


def plain_rate(documents: Sequence[Document]) -> float:
    """Items per CPU second of TF-IDF over words and pairs with ten linear models, and nothing else."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [f"{d.title} {d.title} {d.text}" for d in documents]
    vectors = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, stop_words="english")
    vectors.fit(texts)
    weights = np.zeros((len(vectors.vocabulary_), len(TOPICS)))
    start = time.process_time()
    _ = vectors.transform(texts) @ weights
    return len(texts) / (time.process_time() - start)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument(
        "--quick", action="store_true", help="leave out corrections and other noise levels"
    )
    arguments.add_argument("--seed", type=int, default=0)
    chosen = arguments.parse_args()
    data = SHARED / "topics" / "dev.jsonl"
    if not data.is_file():
        raise SystemExit(f"{data} is absent: this bench measures on the shared labelled items.")
    rows = [json.loads(line) for line in data.read_text(encoding="utf-8").splitlines()]
    score = scorer().score
    tagger = load(None, {})
    shipped = {
        row["id"]: {s.topic: s.p for s in tagging.scores}
        for row, tagging in zip(rows, tagger.tag([document(row) for row in rows]), strict=True)
    }
    show("shipped weights alone", score, rows, shipped)
    found, _ = predict(rows, None, 0, chosen.seed)
    show("cold start, own background", score, rows, found)
    reliability(rows, found)
    settings = [(0.1, 0)] if chosen.quick else [(0.0, 0), (0.1, 0), (0.3, 0), (0.1, 50), (0.1, 200)]
    for noise, corrections in settings:
        found, spent = predict(rows, noise, corrections, chosen.seed)
        name = f"folders, {noise:.0%} misfiled" + (f" + {corrections}" if corrections else "")
        show(name, score, rows, found)
    reliability(rows, found)
    if not chosen.quick:
        streams(rows, score)
    print(f"training for these folds: {spent:.1f} s CPU each")
    import sklearn.linear_model  # noqa: F401  (its libraries must be loaded before they can be told)

    with threadpool_limits(1):  # like the product's training process
        speed(rows)


if __name__ == "__main__":
    main()
