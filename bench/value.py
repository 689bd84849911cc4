"""How well news value and kind are judged, and how fast. Prints figures, asserts nothing.

    python bench/value.py [--labels FOLDER] [--feeds FOLDER] [--no-baseline]

Needs the shared folder beside the checkout (`../shared/worth`, `../shared/feeds`); its graded items are measured on,
never trained on. The baseline is the plain model of that folder's README: TF-IDF of words 1-2 and characters 2-5,
ridge regression, trained on the same shipped seeds. A page is the best sixteen items of a morning with at most four of
a feed: what value alone would choose, without topics, minutes or stories.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import html
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from newsfeed.model import KINDS, Failure, Item, NewsValue, Request, Response, Subscription
from newsfeed.reading.parsers import Parsers
from newsfeed.sources import find
from newsfeed.topics import Document, load
from newsfeed.topics.build import value_seeds

SHARED = Path(__file__).resolve().parents[2] / "shared"
PICKS, OF_A_FEED = 16, 4
GOOD, MUST_KNOW, STRIKE = 1.75, 2.5, 0.5  # in some sets, grades are means of several readers

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Graded:
    """An item with the grade that a careful reader gave it."""

    document: Document
    grade: float
    kind: str
    feed: str


@dataclass(frozen=True)
class Set:
    """Graded items, and mornings as names of their feeds."""

    items: Sequence[Graded]
    mornings: Mapping[str, frozenset[str]]

    @property
    def grades(self) -> Scores:
        return np.array([one.grade for one in self.items])

    @property
    def german(self) -> NDArray[np.bool_]:
        return np.array([one.document.lang == "de" for one in self.items])


def graded(labels: Path, feeds: Path) -> Set:
    """The graded items with their texts, as newsfeed reads them from the saved feeds; with titles only if a feed was not
    saved."""
    rows = _table(labels / "grades.tsv")
    read = asyncio.run(_read(feeds, sorted({row["feed"] for row in rows})))
    found = []
    for number, row in enumerate(rows):
        own = read[row["feed"]]
        item = next((i for i in own if _link(i.link) == _link(row["link"]) != ""), None) or next(
            (i for i in own if _plain(i.title) == _plain(row["title"]) != ""), None
        )
        document = Document(
            id=number,
            title=item.title if item else row["title"],
            text=item.text if item else "",
            lang=item.lang if item else "",
        )
        found.append(Graded(document, float(row["grade"]), row["kind"], row["feed"]))
    plan = {row["name"]: frozenset(row["feeds"].split(",")) for row in _table(labels / "mornings.tsv")}
    return Set(found, plan)


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


async def _read(folder: Path, names: Sequence[str]) -> dict[str, Sequence[Item]]:
    found: dict[str, Sequence[Item]] = {}
    async with Parsers(2) as parsers:
        for name in names:
            subscription = Subscription(url=f"https://saved.example/{name}")
            request = Request(url=subscription.url, source=find(subscription).kind)
            answer = Response(request=request, url=subscription.url, body=(folder / name).read_bytes())
            parsed = await parsers.parse(answer, subscription, {}, datetime.now(UTC))
            found[name] = () if isinstance(parsed, Failure) else parsed.items
    return found


def _link(link: str) -> str:
    """A link for comparing; "" for a bare host, which many items of a feed may share."""
    plain = re.sub(r"^https?://(www\.)?|[?#].*$|/+$", "", html.unescape(link).strip().lower())
    return plain if "/" in plain else ""


def _plain(title: str) -> str:
    return re.sub(r"\W+", " ", html.unescape(title).lower()).strip()[:80]


# ------------------------------------------------------------------------- who judges


def judged(documents: Sequence[Document]) -> list[NewsValue]:
    return [tagging.news or NewsValue(value=1.0) for tagging in load(None, {}).tag(documents)]


def plain_model(documents: Sequence[Document]) -> Scores:
    """The predictions of the plain model of the shared README, trained on the shipped seeds."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import Ridge

    examples = value_seeds()
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=1)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)
    texts = [_beginning(one.document) for one in examples]
    asked = [_beginning(one) for one in documents]
    known = hstack([words.fit_transform(texts), characters.fit_transform(texts)]).tocsr()
    unknown = hstack([words.transform(asked), characters.transform(asked)]).tocsr()
    solver = Ridge(alpha=5, solver="lsqr").fit(known, [one.grade for one in examples])
    found: Scores = solver.predict(unknown)
    return found


def _beginning(document: Document) -> str:
    return f"{document.title} . {' '.join(document.text.split()[:45])}"


# ------------------------------------------------------------------------- how well


def rank_correlation(scores: Scores, grades: Scores) -> float:
    """Spearman's rank correlation; ties have their mean rank."""
    from scipy.stats import spearmanr

    return float(spearmanr(scores, grades)[0]) if grades.size > 2 else float("nan")


def page(of: Set, scores: Scores, feeds: frozenset[str]) -> list[int]:
    """The best items of a morning, at most four of a feed."""
    own = [n for n, one in enumerate(of.items) if one.feed in feeds]
    taken: Counter[str] = Counter()
    found: list[int] = []
    for number in sorted(own, key=lambda n: (-scores[n], n)):
        feed = of.items[number].feed
        if taken[feed] < OF_A_FEED:
            taken[feed] += 1
            found.append(number)
        if len(found) == PICKS:
            break
    return found


def pages(of: Set, scores: Scores) -> dict[str, float]:
    """Means over all mornings."""
    grades = of.grades
    found: dict[str, list[float]] = defaultdict(list)
    for feeds in of.mornings.values():
        own = grades[page(of, scores, feeds)]
        must = sum(one.grade > MUST_KNOW for one in of.items if one.feed in feeds)
        found["grade"].append(own.mean())
        found["first three"].append(own[:3].mean())
        found["good"].append((own >= GOOD).mean())
        found["strikes"].append((own < STRIKE).sum())
        if must:
            found["told"].append((own > MUST_KNOW).sum() / must)
    return {name: float(np.mean(values)) for name, values in found.items()}


def show(name: str, of: Set, scores: Scores) -> None:
    german, grades = of.german, of.grades
    correlations = f"en {rank_correlation(scores[~german], grades[~german]):.3f}"
    if german.any():
        correlations += f"  de {rank_correlation(scores[german], grades[german]):.3f}"
    figures = "  ".join(f"{key} {value:.2f}" for key, value in pages(of, scores).items())
    print(f"{name:34s} {correlations}  pages: {figures}", flush=True)


def own_record(scores: Scores, feeds: Sequence[str], pseudo: float, share: float) -> Scores:
    """Values shifted by what else their feed published: its mean over the other items, shrunk by pseudo-items."""
    middle, found = float(scores.mean()), scores.copy()
    by_feed: dict[str, list[int]] = defaultdict(list)
    for number, feed in enumerate(feeds):
        by_feed[feed].append(number)
    for numbers in by_feed.values():
        total = float(scores[numbers].sum())
        for n in numbers:
            others = (total - scores[n] + pseudo * middle) / (len(numbers) - 1 + pseudo)
            found[n] += share * (others - middle)
    return found


def kinds(of: Set, found: Sequence[NewsValue]) -> None:
    """Precision and recall of each kind."""
    pairs = Counter((one.kind, said.kind) for one, said in zip(of.items, found, strict=True))
    right = sum(count for (true, said), count in pairs.items() if true == said)
    print(f"\nkinds: {right / len(found):.3f} right of {len(found)}")
    print("  kind           items  precision  recall")
    for kind in KINDS:
        true = sum(count for (is_so, _), count in pairs.items() if is_so == kind)
        said = sum(count for (_, was_said), count in pairs.items() if was_said == kind)
        both = pairs[kind, kind]
        if true or said:
            print(f"  {kind:14s} {true:5d}  {both / max(1, said):9.2f}  {both / max(1, true):6.2f}")


def calibration(of: Set, scores: Scores) -> None:
    """The mean grade of items by the value that they were given."""
    print("\n  value       | items | said | mean grade | graded 0 1 2 3")
    grades = of.grades
    error = 0.0
    for low in np.arange(0.0, 3.0, 0.25):
        place = (scores >= low) & (scores < low + 0.25 + (low == 2.75))
        if place.any():
            tally = " ".join(f"{int((np.round(grades[place]) == g).sum()):3d}" for g in range(4))
            said, true = scores[place].mean(), grades[place].mean()
            error += place.sum() * abs(said - true) / len(grades)
            print(f"  {low:.2f}..{low + 0.25:.2f}  | {place.sum():5d} | {said:.2f} | {true:10.2f} | {tally}")
    print(f"  expected calibration error {error:.3f} grades")


def speed(documents: Sequence[Document]) -> None:
    """The value's own share of the time of tagging, for texts that are read for topics anyway."""
    tagger = load(None, {})
    many = list(_copies(documents, 4_000))
    tagger.tag(many[:64])
    reading = tagger.reader.read(many[:1_000])
    spent = _fastest(lambda: tagger.value.judge(reading))
    print(f"\nvalue and kind beside the topics: {1_000 / spent:,.0f} items a CPU-second")
    print(
        f"topics, value and kind from text: {len(many) / _fastest(lambda: tagger.tag(many)):,.0f} items a CPU-second"
    )


def _fastest(run: object) -> float:
    assert callable(run)
    spent = []
    for _ in range(3):
        start = time.process_time()
        run()
        spent.append(time.process_time() - start)
    return min(spent)


def _copies(documents: Sequence[Document], size: int) -> Iterator[Document]:
    for number in range(size):
        yield documents[number % len(documents)]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--labels", type=Path, default=SHARED / "worth")
    arguments.add_argument("--feeds", type=Path, default=SHARED / "feeds")
    arguments.add_argument("--no-baseline", action="store_true", help="leave out the plain model")
    chosen = arguments.parse_args()
    if not (chosen.labels / "grades.tsv").is_file():
        raise SystemExit(
            f"{chosen.labels} has no grades.tsv: this bench measures on the shared graded items."
        )
    of = graded(chosen.labels, chosen.feeds)
    documents = [one.document for one in of.items]
    print(f"{len(documents)} graded items, {int(of.german.sum())} of them German")
    found = judged(documents)
    scores = np.array([one.value for one in found])
    if not chosen.no_baseline:
        show("plain model on the same seeds", of, plain_model(documents))
    show("news value", of, scores)
    feeds = [one.feed for one in of.items]
    for share in (0.15, 0.3, 0.45):
        show(f"  + {share:g} x its source's mean", of, own_record(scores, feeds, 8.0, share))
    show("the grades themselves", of, of.grades)
    kinds(of, found)
    calibration(of, scores)
    import sklearn.linear_model  # noqa: F401  (its libraries must be loaded before they can be told)

    with threadpool_limits(1):
        speed(documents)


if __name__ == "__main__":
    main()
