"""Reads a folder of saved feeds as newsfeed does and prints what came of it, beside feedparser alone.

    python bench/parse_report.py FOLDER [--items N] [--only WORD] [--pool] [--reader]

Tables: documents and items by kind of folder; items without title, link, time, lead; languages; problems and
failures; documents where feedparser alone finds another number of items. `--items` prints the first N items of every
document as a page would show them: to be read by a person. `--reader` also asks the library `reader`, if installed.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from newsfeed.model import Failure, Item, Parsed, Request, Response, Subscription
from newsfeed.parsing import Parsers
from newsfeed.sources import find

ENDINGS = {".xml", ".json", ".rss", ".atom", ".rdf", ".html"}


def documents(folder: Path, only: str) -> Iterator[Path]:
    return (p for p in sorted(folder.rglob("*")) if p.suffix in ENDINGS and only in str(p))


def response(path: Path) -> tuple[Response, Subscription]:
    url = f"https://saved.example/{path.parent.name}/{path.name}"
    subscription = Subscription(url=url)
    request = Request(url=url, source=find(subscription).kind)
    return Response(request=request, url=url, body=path.read_bytes()), subscription


def alone(path: Path) -> tuple[list[dict[str, object]], float]:
    """What feedparser alone finds, and its seconds."""
    import feedparser

    started = time.process_time()
    found = feedparser.parse(path.read_bytes())
    return list(found.entries), time.process_time() - started


def by_reader(path: Path) -> int | None:
    """How many entries `reader` keeps of a document; None if it refuses it."""
    from reader import make_reader  # type: ignore[import-not-found]
    from reader.exceptions import ReaderError  # type: ignore[import-not-found]

    with make_reader(":memory:", feed_root=str(path.parent.resolve())) as reader:
        reader.add_feed(path.name)
        try:
            reader.update_feed(path.name)
        except ReaderError:
            return None
        return sum(1 for _ in reader.get_entries())


def show(path: Path, parsed: Parsed, count: int) -> None:
    print(
        f"\n=== {path.parent.name}/{path.name}: {parsed.title} · {parsed.language} · {len(parsed.items)} items"
    )
    for item in parsed.items[:count]:
        when = item.published.strftime("%Y-%m-%d %H:%M") if item.published else "no time"
        counts = f" score {item.score}" if item.score is not None else ""
        print(f"  [{item.kind} {item.lang or '?'}] {item.title}")
        print(f"      {when} · {item.author} · {item.words} w{counts} · {item.link[:100]}")
        if item.discussion:
            print(f"      {item.discussion_label}: {item.discussion[:100]}")
        for enclosure in item.enclosures[:1]:
            print(f"      file: {enclosure.type} {enclosure.seconds} s {enclosure.bytes} bytes")
        print(f"      > {item.lead[:420]}")


async def pool(paths: list[Path], now: datetime) -> None:
    started, cpu = time.perf_counter(), time.process_time()
    async with Parsers() as parsers:
        found = await asyncio.gather(*(parsers.parse(*response(p), {}, now) for p in paths))
    items = sum(len(f.items) for f in found if isinstance(f, Parsed))
    print(
        f"\nworkers: {len(paths)} documents, {items} items in {time.perf_counter() - started:.2f} s, "
        f"{time.process_time() - cpu:.2f} s CPU in the parent"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--items", type=int, default=0, help="print the first N items of every document")
    parser.add_argument("--only", default="", help="documents whose path holds this")
    parser.add_argument("--pool", action="store_true", help="read them again through the worker pool")
    parser.add_argument("--reader", action="store_true", help="compare with the library reader")
    options = parser.parse_args()
    now = datetime.now(UTC)
    paths = list(documents(options.folder, options.only))

    kinds: dict[str, Counter[str]] = {}
    languages: Counter[str] = Counter()
    item_kinds: Counter[str] = Counter()
    remarks: list[str] = []
    differences: list[str] = []
    ours = theirs = 0.0
    for path in paths:
        row = kinds.setdefault(path.parent.name, Counter())
        answer, subscription = response(path)
        started = time.process_time()
        found = find(subscription).parse(answer, subscription, {}, now)
        ours += time.process_time() - started
        row["documents"] += 1
        entries, seconds = alone(path)
        theirs += seconds
        row["feedparser"] += len(entries)
        read = by_reader(path) if options.reader else None
        if isinstance(found, Failure):
            row["failed"] += 1
            remarks.append(f"{path.parent.name}/{path.name}: {found.cause}: {found.text} {found.repair}")
            continue
        count(row, found.items)
        languages.update(item.lang or "?" for item in found.items)
        item_kinds.update(item.kind for item in found.items)
        remarks += [
            f"{path.parent.name}/{path.name}: {p.text}" + (f" (line {p.line})" if p.line else "")
            for p in found.problems
        ]
        if len(entries) != len(found.items):
            differences.append(
                f"{path.parent.name}/{path.name}: feedparser {len(entries)}, newsfeed {len(found.items)}"
            )
        if options.reader and read != len(found.items):
            differences.append(f"{path.parent.name}/{path.name}: reader {read}, newsfeed {len(found.items)}")
        again = find(subscription).parse(answer, subscription, {i.identity: i.hash for i in found.items}, now)
        if not isinstance(again, Parsed) or again.items:
            differences.append(f"{path.parent.name}/{path.name}: read again, it has new items")
        if options.items:
            show(path, found, options.items)

    columns = (
        "documents",
        "failed",
        "items",
        "feedparser",
        "no title",
        "no link",
        "no time",
        "no lead",
        "short lead",
        "no language",
    )
    print(f"\n{'kind':<16}" + "".join(f"{c:>12}" for c in columns))
    for name, row in sorted(kinds.items()):
        print(f"{name:<16}" + "".join(f"{row[c]:>12}" for c in columns))
    total = sum(kinds.values(), Counter())
    print(f"{'all':<16}" + "".join(f"{total[c]:>12}" for c in columns))
    print("\nlanguages: " + ", ".join(f"{code} {n}" for code, n in languages.most_common()))
    print("kinds: " + ", ".join(f"{name} {n}" for name, n in item_kinds.most_common()))
    print(f"CPU: newsfeed {ours:.2f} s (parsed, cleaned, leads, languages), feedparser alone {theirs:.2f} s")
    for title, lines in (("problems and failures", remarks), ("differences", differences)):
        print(f"\n{title}:")
        print("\n".join(f"  {line}" for line in lines) or "  none")
    if options.pool:
        asyncio.run(pool(paths, now))


def count(row: Counter[str], items: tuple[Item, ...]) -> None:
    row["items"] += len(items)
    for item in items:
        row["no title"] += not item.title
        row["no link"] += not item.link
        row["no time"] += item.published is None
        row["no lead"] += not item.lead
        row["short lead"] += 0 < len(item.lead) < 40
        row["no language"] += not item.lang


if __name__ == "__main__":
    main()
