"""The loopback server of the sample sources: validators, 304, and one source that fails."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from newsfeed.demo import samples

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
    found = samples.sources()
    documents = {f"/{s.name}": samples.document(s, now) for s in found if s.kind != "fails"}
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(documents))
    server.daemon_threads = True
    address = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Served(address, samples.opml(found, f"http://{address}"))
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
