"""What besides its words could show an item's news value: the reader's thumbs, who else told it, who is followed.

    python bench/value_evidence.py [--draws N]

Thumbs are simulated on the shared graded items: a reader who thumbs up what is graded 2 or 3 and down what is 0 or 1,
on half of the items (or of the sources); measured on the other half. Corroboration and followed sources are learned
on one of the shared dated story sets and measured on the other, two days apart, with mostly the same outlets: how well
value then tells what several outlets tell from what stands alone (area under the curve). Nothing here is trained on by
what ships.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from value import SHARED, Graded, graded, rank_correlation

from newsfeed.topics import Document, load
from newsfeed.topics.tagger import Tagger
from newsfeed.topics.value import Thumb

Scores = NDArray[np.float64]
MOST = 0.3  # the largest shift, in grades, by evidence that is not from the reader


def values(tagger: Tagger, documents: Sequence[Document]) -> Scores:
    return np.array([tagging.news.value if tagging.news else 1.0 for tagging in tagger.tag(documents)])


# ------------------------------------------------------------------------- thumbs


def thumbs(tagger: Tagger, items: Sequence[Graded], draws: int) -> None:
    """The gain in rank correlation by this many thumbs, on items of the same sources and of others."""
    english = [one for one in items if one.document.lang != "de"]
    feeds = sorted({one.feed for one in english})
    for where in ("same sources", "other sources"):
        for many in (20, 100, 250):
            gains = []
            for seed in range(draws):
                draw = np.random.default_rng(seed)
                if where == "same sources":
                    order = draw.permutation(len(english))
                    taught, asked = order[: len(order) // 2], order[len(order) // 2 :]
                else:
                    half = set(draw.permutation(feeds)[: len(feeds) // 2].tolist())
                    taught = np.array([n for n, one in enumerate(english) if one.feed in half])
                    asked = np.array([n for n, one in enumerate(english) if one.feed not in half])
                    draw.shuffle(taught)
                given = [Thumb(fed(english[n]), english[n].grade >= 2) for n in taught.tolist()[:many]]
                scored, grades = [english[n] for n in asked], np.array([english[n].grade for n in asked])
                tagger.heed(())
                before = rank_correlation(values(tagger, [fed(one) for one in scored]), grades)
                tagger.heed(given)
                gains.append(rank_correlation(values(tagger, [fed(one) for one in scored]), grades) - before)
            print(
                f"{many:4d} thumbs, {where:13s} {mean(gains):+.4f} (standard error {stdev(gains) / draws**0.5:.4f})"
            )
    tagger.heed(())


def fed(one: Graded) -> Document:
    from msgspec.structs import replace

    return replace(one.document, feed=one.feed)


# ------------------------------------------------------------------------- a dated stream


@dataclass(frozen=True)
class Stream:
    """A dated set: each item with how many outlets told its story, and whether others told it after."""

    documents: Sequence[Document]
    outlets: NDArray[np.int64]
    followed: NDArray[np.bool_]


def streams() -> dict[str, Stream]:
    rows = [
        json.loads(line)
        for name in ("dev", "dev2")
        for line in (SHARED / "stories" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    found = {}
    for name in ("rss-2026", "rss-2026-08-16"):
        own = [row for row in rows if row["set"] == name]
        told: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for row in own:
            told[row["story"]].append((row["published"], row["outlet"]))
        found[name] = Stream(
            [
                Document(id=n, title=row["title"], text=row["text"] or "", lang="en", feed=row["outlet"])
                for n, row in enumerate(own)
            ],
            np.array([len({outlet for _, outlet in told[row["story"]]}) for row in own]),
            np.array(
                [
                    any(when > row["published"] and who != row["outlet"] for when, who in told[row["story"]])
                    for row in own
                ]
            ),
        )
    return found


def taught(tagger: Tagger, stream: Stream) -> Callable[[Sequence[Document]], Scores]:
    """A shift learned from corroboration: items that several outlets told are examples of news, single items weakly of
    the opposite."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import Ridge

    def words(documents: Sequence[Document]) -> csr_matrix:
        scored = tagger.value.score(tagger.reader.read(documents))
        shape = (len(documents), tagger.value.points.size)
        return csr_matrix((scored.value, (scored.document, scored.feature)), shape=shape)

    target = np.where(stream.outlets >= 2, np.minimum(1.0, np.log2(stream.outlets) / 2), -0.25)
    solver = Ridge(alpha=2.0).fit(words(stream.documents), target - target.mean())
    return lambda documents: np.clip(0.6 * solver.predict(words(documents)), -MOST, MOST)


def record(stream: Stream) -> Callable[[Sequence[Document]], Scores]:
    """The contribution of a source's record of being followed: its share of items that others told later, shrunk."""
    whole = float(stream.followed.mean())
    by_feed: dict[str, list[bool]] = defaultdict(list)
    for document, followed in zip(stream.documents, stream.followed.tolist(), strict=True):
        by_feed[document.feed].append(followed)
    own = {feed: (sum(some) + 8 * whole) / (len(some) + 8) - whole for feed, some in by_feed.items()}
    return lambda documents: np.array([own.get(document.feed, 0.0) for document in documents])


def evidence(tagger: Tagger, items: Sequence[Graded]) -> None:
    english = [one for one in items if one.document.lang != "de"]
    grades = np.array([one.grade for one in english])
    documents = [one.document for one in english]
    base = values(tagger, documents)
    found = streams()
    for first, second in (tuple(found), tuple(found)[::-1]):
        asked = found[second]
        plain = values(tagger, asked.documents)
        shifts = {"value alone": np.zeros_like(plain)}
        teach = taught(tagger, found[first])
        shifts["and corroboration"] = teach(asked.documents)
        shifts["and followed sources"] = record(found[first])(asked.documents)
        for name, shift in shifts.items():
            told = " ".join(
                f"{least}+ outlets {roc_auc_score(asked.outlets >= least, plain + shift):.3f} "
                for least in (2, 3)
            )
            of_graded = teach(documents) if name == "and corroboration" else 0.0
            print(
                f"{first} -> {second}: {name:21s} {told} graded items {rank_correlation(base + of_graded, grades):.3f}"
            )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--draws", type=int, default=12)
    chosen = arguments.parse_args()
    if not (SHARED / "worth" / "grades.tsv").is_file():
        raise SystemExit(f"{SHARED} is absent: this bench measures on the shared graded items.")
    tagger = load(None, {})
    items = graded(SHARED / "worth", SHARED / "feeds").items
    thumbs(tagger, items, chosen.draws)
    evidence(tagger, items)


if __name__ == "__main__":
    main()
