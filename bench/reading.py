"""What reading costs in one process on one core: our fast lane, feedparser alone, and everything that we do with a document.

    python bench/reading.py [FOLDER] [--feeds 100]

Without a folder the feeds are generated. Prints CPU milliseconds a document, each against feedparser with its sanitiser
and link resolver (as other readers run it) and without, and how many well-formed documents take the fast lane.
"""

from __future__ import annotations

import argparse
import time
import urllib.request
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import feedparser
from corpus import Corpus

from newsfeed import reading
from newsfeed.model import Failure, Request, Response, Subscription
from newsfeed.reading import wellformed, xml_documents, xml_feeds

NOW = datetime.now(UTC)


def generated(feeds: int) -> list[bytes]:
    with Corpus(feeds, now=NOW) as corpus:
        return [urllib.request.urlopen(url).read() for url in corpus.urls]


def saved(folder: Path) -> list[bytes]:
    kinds = {".xml", ".rss", ".atom", ".rdf"}
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix in kinds]


def cost(work: Callable[[bytes], object], bodies: Sequence[bytes]) -> float:
    """CPU milliseconds per document, the better of two rounds."""
    rounds = []
    for _ in range(2):
        begun = time.process_time()
        for body in bodies:
            work(body)
        rounds.append(time.process_time() - begun)
    return 1000 * min(rounds) / max(1, len(bodies))


def whole(body: bytes) -> object:
    url = "https://saved.example/feed.xml"
    response = Response(request=Request(url=url, source="syndication"), url=url, body=body)
    return reading.read(response, Subscription(url=url), {}, NOW)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--feeds", type=int, default=100)
    options = parser.parse_args()
    bodies = saved(options.folder) if options.folder else generated(options.feeds)
    read = [(b, xml_documents.read(b)) for b in bodies]
    well = [(b, xml_feeds.prepared(r.text)) for b, r in read if not isinstance(r, Failure) and not r.problems]
    taken = [(b, t) for b, t in well if wellformed.read(t) is not None]
    print(
        f"{len(bodies)} documents, {len(well)} of them well-formed feeds; {len(taken)} take the fast lane "
        f"({len(taken) / max(1, len(well)):.0%})"
    )
    same = [body for body, _ in taken]
    texts = dict(taken)
    rows = {
        "feedparser": cost(feedparser.parse, same),
        "feedparser, bare": cost(
            lambda b: feedparser.parse(b, sanitize_html=False, resolve_relative_uris=False), same
        ),
        "fast lane": cost(lambda b: wellformed.read(texts[b]), same),
        "ours, all of it": cost(whole, same),
    }
    print(f"\n{'':<18}{'ms a document':>15}{'× feedparser':>15}")
    for name, ms in rows.items():
        print(f"{name:<18}{ms:>15.2f}{ms / rows['feedparser']:>15.2f}")


if __name__ == "__main__":
    main()
