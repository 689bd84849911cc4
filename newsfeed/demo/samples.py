"""Sample sources, read from `sources/*.txt`, and the loopback server that serves them like live feeds.

A source is a head of `key: value` lines, a line of three dashes, and one line an item:
`hours|title|text|extra…`: hours before now; the extra fields are a link, a duration in seconds, points and comments,
as the kind needs them."""

from __future__ import annotations

import hashlib
import html
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources

from newsfeed.model import Record


class Sample(Record, frozen=True, kw_only=True):
    """One item of a sample source."""

    hours: float
    title: str
    text: str = ""
    extra: tuple[str, ...] = ()


class SampleSource(Record, frozen=True, kw_only=True):
    """One sample source. `kind` is "rss", "atom", "json", "podcast", "hn", "mastodon", "bluesky" or "fails"."""

    name: str
    title: str
    folder: str
    kind: str
    site: str
    items: tuple[Sample, ...] = ()


def sources() -> list[SampleSource]:
    """Every sample source, in the order of their file names."""
    folder = resources.files("newsfeed.demo") / "sources"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".txt")), key=lambda f: f.name)
    return [sample_source(f.name.removesuffix(".txt"), f.read_text(encoding="utf-8")) for f in files]


def sample_source(name: str, text: str) -> SampleSource:
    """A source from its file's text."""
    head, _, body = text.partition("---\n")
    facts = dict(line.split(": ", 1) for line in head.strip().splitlines())
    items = []
    for line in body.strip().splitlines():
        hours, title, *rest = line.split("|")
        items.append(
            Sample(hours=float(hours), title=title, text=rest[0] if rest else "", extra=tuple(rest[1:]))
        )
    return SampleSource(name=name, items=tuple(items), **facts)


def slug(title: str) -> str:
    """The last part of a link to an item of that title."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def link(source: SampleSource, n: int, item: Sample) -> str:
    """Where an item may be read."""
    if source.kind == "hn":
        return item.text
    if source.kind == "mastodon":
        return f"{source.site}/{90_000 + n}"
    if source.kind == "bluesky":
        return f"{source.site}/post/3k{n:05}"
    return f"{source.site}/{slug(item.title)}"


def document(source: SampleSource, now: datetime) -> tuple[bytes, str]:
    """The source as a feed document of this moment, and its media type."""
    match source.kind:
        case "atom":
            return _atom(source, now), "application/atom+xml"
        case "json":
            return _json(source, now), "application/feed+json"
        case _:
            return _rss(source, now), "application/rss+xml"


def _when(item: Sample, now: datetime) -> datetime:
    return (now - timedelta(hours=item.hours)).replace(second=0, microsecond=0)


def _rss(source: SampleSource, now: datetime) -> bytes:
    items = []
    for n, item in enumerate(source.items):
        address = link(source, n, item)
        fields = [
            f"<link>{html.escape(address)}</link>",
            f"<pubDate>{format_datetime(_when(item, now))}</pubDate>",
        ]
        match source.kind:
            case "hn":
                points, comments = item.extra
                discussion = f"https://news.ycombinator.com/item?id={900_000 + n}"
                told = f"<p>Article URL: <a href='{address}'>{address}</a></p><p>Points: {points}</p><p># Comments: {comments}</p>"
                fields += [f"<title>{html.escape(item.title)}</title>", f"<comments>{discussion}</comments>"]
                fields += [
                    f"<guid isPermaLink='false'>{discussion}</guid>",
                    f"<description>{html.escape(told)}</description>",
                ]
            case "mastodon":
                shared = "".join(f" <a href='{other}'>{other}</a>" for other in item.extra)
                fields += [
                    f"<guid>{address}</guid>",
                    f"<description>{html.escape(f'<p>{item.text}{shared}</p>')}</description>",
                ]
            case "bluesky":
                said = " ".join([item.text, *item.extra])
                fields += [
                    f"<guid isPermaLink='false'>at://did:plc:sample/app.bsky.feed.post/3k{n:05}</guid>"
                ]
                fields += [f"<description>{html.escape(said)}</description>"]
            case "podcast":
                audio = f"{source.site}/audio/{slug(item.title)}.mp3"
                fields += [f"<title>{html.escape(item.title)}</title>", f"<guid>{address}</guid>"]
                fields += [f"<description>{html.escape(item.text)}</description>"]
                fields += [f'<enclosure url="{audio}" type="audio/mpeg" length="24000000"/>']
                fields += [f"<itunes:duration>{item.extra[0]}</itunes:duration>"]
            case _:
                fields += [f"<title>{html.escape(item.title)}</title>", f"<guid>{address}</guid>"]
                fields += [f"<description>{html.escape(item.text)}</description>"]
        items.append(f"<item>{''.join(fields)}</item>")
    spaces = 'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" {spaces}><channel><title>{html.escape(source.title)}</title>'
        f"<link>{source.site}</link><description>Sample</description><language>en</language>{''.join(items)}</channel></rss>\n"
    ).encode()


def _atom(source: SampleSource, now: datetime) -> bytes:
    entries = []
    for n, item in enumerate(source.items):
        address = link(source, n, item)
        entries.append(
            f"<entry><title>{html.escape(item.title)}</title><id>{address}</id><link href='{address}'/>"
            f"<updated>{_when(item, now).isoformat()}</updated><content type='html'>{html.escape(html.escape(item.text))}</content></entry>"
        )
    newest = max((_when(item, now) for item in source.items), default=now)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>{html.escape(source.title)}</title>'
        f"<id>{source.site}/</id><link href='{source.site}'/><updated>{newest.isoformat()}</updated>{''.join(entries)}</feed>\n"
    ).encode()


def _json(source: SampleSource, now: datetime) -> bytes:
    items: list[Mapping[str, str]] = [
        {
            "id": link(source, n, item),
            "url": link(source, n, item),
            "title": item.title,
            "content_text": item.text,
            "date_published": _when(item, now).isoformat(),
        }
        for n, item in enumerate(source.items)
    ]
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": source.title,
            "home_page_url": source.site,
            "language": "en",
            "items": items,
        }
    ).encode()


def opml(found: list[SampleSource], base: str) -> bytes:
    """The subscription list of the sample sources, served at `base`."""
    folders: dict[str, list[SampleSource]] = {}
    for source in found:
        folders.setdefault(source.folder, []).append(source)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        "  <head><title>Sample sources of newsfeed demo</title></head>",
        "  <body>",
    ]
    for folder in sorted(folders, key=lambda f: (f in {"News", "Social"}, f)):
        lines.append(f'    <outline text="{folder}">')
        lines += [
            f'      <outline type="rss" text="{html.escape(s.title)}" xmlUrl="{base}/{s.name}" htmlUrl="{s.site}"/>'
            for s in folders[folder]
        ]
        lines.append("    </outline>")
    return "\n".join([*lines, "  </body>", "</opml>", ""]).encode()


MARK = ".newsfeed-demo"  # a folder with this file in it was made by the demo and may be made anew
SETTINGS = 'timezone = "{zone}"\nlanguages = ["en"]\n\n[edition]\nminutes = 5\n'


@dataclass(frozen=True)
class Served:
    """A running server: its `host:port`, and the list of what it serves."""

    address: str
    opml: bytes


@contextmanager
def serve(now: datetime) -> Iterator[Served]:
    """Serve the sample sources as of `now` on a free port of 127.0.0.1 for as long as the block runs."""
    found = sources()
    documents = {f"/{s.name}": document(s, now) for s in found if s.kind != "fails"}
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(documents))
    server.daemon_threads = True
    address = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Served(address, opml(found, f"http://{address}"))
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _handler(documents: Mapping[str, tuple[bytes, str]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body, kind = documents.get(self.path, (b"", ""))
            if not kind:
                self._answer(503, b"closed for stocktaking", "text/plain")
                return
            tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            if self.headers.get("If-None-Match") == tag:
                self._answer(304, b"", kind, tag)
            else:
                self._answer(200, body, kind, tag)

        def _answer(self, status: int, body: bytes, kind: str, tag: str = "") -> None:
            self.send_response(status)
            if tag:
                self.send_header("ETag", tag)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name that http.server gives)
            """Keep quiet: the terminal is the reader's."""

    return Handler
