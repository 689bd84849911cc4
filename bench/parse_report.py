"""Reads a folder of saved feeds as newsfeed does and prints the result, compared with feedparser alone.

    python bench/parse_report.py FOLDER [--items N] [--only WORD] [--pool] [--reader PYTHON]

Tables: documents and items by kind of folder; items without title, link, time, lead; languages; problems and
failures; what feedparser alone, and the library `reader`, make of the same documents, each difference with its
cause. `--items` prints the first N items of every document as a page would show them: to be read by a person.
`--reader` names the Python of an environment in which `reader` is installed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from newsfeed.model import Failure, Item, Parsed, Request, Response, Subscription
from newsfeed.reading import read
from newsfeed.reading.parsers import Parsers
from newsfeed.sources import find

ENDINGS = {".xml", ".json", ".rss", ".atom", ".rdf", ".html"}


def documents(folder: Path, only: str) -> Iterator[Path]:
    return (p for p in sorted(folder.rglob("*")) if p.suffix in ENDINGS and only in str(p))


def response(path: Path) -> tuple[Response, Subscription]:
    url = f"https://saved.example/{path.parent.name}/{path.name}"
    subscription = Subscription(url=url)
    request = Request(url=url, source=find(subscription).kind)
    return Response(request=request, url=url, body=path.read_bytes()), subscription


@dataclass(frozen=True)
class Reading:
    """What one of the readers made of a document: its items, how many of them lack which field, and why it read none."""

    items: int
    lacks: Mapping[str, int]
    refused: str = ""


LACKS = ("no title", "no link", "no time")


def alone(path: Path) -> tuple[list[dict[str, object]], Reading, float]:
    """What feedparser alone finds, and how long it takes."""
    import feedparser

    started = time.process_time()
    found = feedparser.parse(path.read_bytes())
    seconds = time.process_time() - started
    entries: list[dict[str, object]] = list(found.entries)
    lacks = {
        "no title": sum(not entry.get("title") for entry in entries),
        "no link": sum(not entry.get("link") for entry in entries),
        "no time": sum(
            not (entry.get("published_parsed") or entry.get("updated_parsed")) for entry in entries
        ),
    }
    return entries, Reading(len(entries), lacks), seconds


def by_reader(python: str, paths: Sequence[Path]) -> dict[Path, Reading]:
    """What the library `reader` keeps of each document."""
    done = subprocess.run(
        [python, str(Path(__file__).with_name("peer_reader.py"))],
        input="".join(f"{path}\n" for path in paths),
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {
        path: Reading(row["items"], {name: row[name] for name in LACKS}, row["refused"])
        for path, row in zip(paths, rows, strict=True)
    }


def of_ours(items: Sequence[Item]) -> Reading:
    return Reading(
        len(items),
        {
            "no title": sum(not item.title for item in items),
            "no link": sum(not (item.link or item.discussion) for item in items),
            "no time": sum(item.published is None and item.updated is None for item in items),
        },
    )


def causes(
    peer: str, other: Reading, own: Reading, entries: Sequence[dict[str, object]], parsed: Parsed
) -> str:
    """Why two readings of one document differ, in words; "" if they don't."""
    said: list[str] = []
    problems = [p.text.rstrip(".") for p in parsed.problems]
    if other.refused:
        line, _, rest = other.refused.partition(":")
        place = f"line {line}: " if line.isdigit() and rest else ""
        what = rest.partition(":")[2].strip() if place else other.refused
        said.append(f"{peer} refuses it ({place}{what}); " + ("; ".join(problems) or "we read it"))
    elif other.items == 0 < own.items and not entries:
        said.append(f"{peer} doesn't know JSON Feed" if parsed.items else "")
    elif other.items > own.items:
        said.append("; ".join(problems) or "an entry without anything to read or to open is none")
    elif other.items < own.items:
        same = len(entries) - len({str(entry.get("id") or entry.get("link")) for entry in entries})
        said.append(f"{same} entries share their id: {peer} keeps one" if same else "not explained")
    reasons = {
        "no title": "we make titles from the text",
        "no link": "we take a permalink guid, an enclosure or the feed's page for the link",
        "no time": "we read dates in more spellings",
    }
    if not other.refused and other.items:
        for name, reason in reasons.items():
            # Entries that we leave out have no content at all.
            more = max(0, other.lacks[name] - max(0, other.items - own.items))
            fewer = own.lacks[name]
            if more > fewer:
                said.append(
                    f"{more} {name[:2]}t {name[3:]} there, {fewer} here: {reason}".replace("not ", "without ")
                )
            elif more < fewer:
                said.append(
                    f"{fewer} without {name[3:]} here, {more} there: "
                    + ("a date that can't be is none" if name == "no time" else "not explained")
                )
    return ". ".join(part for part in said if part)


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
    parser.add_argument("--reader", default="", metavar="PYTHON", help="compare with the library reader")
    options = parser.parse_args()
    now = datetime.now(UTC)
    paths = list(documents(options.folder, options.only))

    kinds: dict[str, Counter[str]] = {}
    languages: Counter[str] = Counter()
    item_kinds: Counter[str] = Counter()
    remarks: list[str] = []
    differences: list[str] = []
    ours = theirs = 0.0
    peers = by_reader(options.reader, paths) if options.reader else {}
    for path in paths:
        row = kinds.setdefault(path.parent.name, Counter())
        answer, subscription = response(path)
        started = time.process_time()
        found = read(answer, subscription, {}, now)
        ours += time.process_time() - started
        row["documents"] += 1
        entries, plain, seconds = alone(path)
        theirs += seconds
        row["feedparser"] += len(entries)
        if peer := peers.get(path):
            row["reader"] += peer.items
            row["refused"] += bool(peer.refused)
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
        own = of_ours(found.items)
        for name, other in (("feedparser", plain), ("reader", peer)):
            if other and (why := causes(name, other, own, entries, found)):
                differences.append(
                    f"{path.parent.name}/{path.name}: {name} {other.items}, newsfeed {own.items}: {why}"
                )
        again = read(answer, subscription, {i.identity: i.hash for i in found.items}, now)
        if not isinstance(again, Parsed) or again.items:
            differences.append(f"{path.parent.name}/{path.name}: read again, it has new items")
        if options.items:
            show(path, found, options.items)

    columns = (
        "documents",
        "failed",
        "items",
        "feedparser",
        *(("reader", "refused") if options.reader else ()),
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
